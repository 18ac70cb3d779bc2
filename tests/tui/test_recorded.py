"""What a program said to a tracer is what ``list``, ``view``, ``stats`` and the screen say of it, whatever sink took it."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tracetui.cli
from tests.tui.helpers import lines, make_app, opened
from tracetui import JsonlSink, MemorySink, SqliteSink, Tracer
from tracetui.core.recording.spans import Span

KINDS = (
    "agent",
    "llm",
    "tool",
    "retriever",
    "embedding",
    "reranker",
    "guardrail",
    "evaluator",
    "chain",
    "step",
    "span",
)
WORDS = ("plan", "søk", "検索", 'say "hi"', "a\\b", "two\nlines", "<b>[bold]x[/]</b>", "🔎 find", "tab\there", "x" * 70)
VALUES = (
    0,
    -1,
    2**63 - 1,
    2**70,
    0.5,
    1e300,
    True,
    None,
    "",
    "ü",
    "a\x1b[31mb",
    [1, [2, {"k": "v"}]],
    {"a": {"b": [None]}},
)


@dataclass
class Said:
    """A span as the program told it."""

    name: str
    kind: str
    depth: int
    status: str = "ok"
    values: dict[str, object] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    cost: float | None = None
    model: str | None = None
    events: list[str] = field(default_factory=list)


class Program:
    """Does this and that at random, and notes down what it said."""

    def __init__(self, seed: int, tracer: Tracer) -> None:
        self.rng = random.Random(seed)
        self.tracer = tracer
        self.said: list[Said] = []

    def run(self, spans: int) -> None:
        """One run; a failure of its own ends it."""
        self._left = spans
        with self.tracer.run("run of a program"):
            while self._left:
                self._span(0)

    def _span(self, depth: int) -> None:
        self._left -= 1
        rng = self.rng
        said = Said(f"{rng.choice(WORDS)} {len(self.said)}", rng.choice(KINDS), depth)
        said.values = {f"key {n}": rng.choice(VALUES) for n in range(rng.randrange(4))}
        self.said.append(said)
        span = self.tracer.span(said.name, said.kind, attributes=said.values).start()
        while self._left and depth < 6 and rng.random() < 0.6:
            self._span(depth + 1)
        for _ in range(rng.randrange(3)):
            said.events.append(rng.choice(("log", "decision", "retry", "tick")))
            _happen(span, said.events[-1])
        self._end(span, said)

    def _end(self, span: Span, said: Said) -> None:
        rng = self.rng
        if said.kind == "llm" and rng.random() < 0.7:
            said.tokens = {"input": rng.randrange(9_000), "output": rng.randrange(900)}
            said.cost, said.model = rng.choice((None, 0.25, 0.0)), rng.choice(("m-1", "m-2"))
            span.model(said.model).usage(input_tokens=said.tokens["input"], output_tokens=said.tokens["output"])
            span.usage(cost_usd=said.cost)
        said.status = rng.choice(("ok", "ok", "ok", "error", "skipped"))
        match said.status:
            case "ok":
                span.finish()
            case "error":
                span.fail(ValueError(said.name))
            case _:
                span.skip()


def _happen(span: Span, what: str) -> None:
    calls: dict[str, Callable[[], None]] = {
        "log": lambda: span.log("a line", level="warning", n=1),
        "decision": lambda: span.decision("router", "a", alternatives=["a", "b"], reason="why", confidence=0.5),
        "retry": lambda: span.retry(1, "busy"),
        "tick": lambda: span.event("tick", "one"),
    }
    calls[what]()


Made = tuple[Path, Program]


def files(tracer_of: Callable[..., Tracer], folder: Path) -> Tracer:
    return tracer_of(folder=folder)


def one_file(tracer_of: Callable[..., Tracer], folder: Path) -> Tracer:
    return tracer_of(sinks=[JsonlSink(path=folder / "all.jsonl")])


def held_back(tracer_of: Callable[..., Tracer], folder: Path) -> Tracer:
    return tracer_of(sinks=[JsonlSink(folder, buffered=True)])


def database(tracer_of: Callable[..., Tracer], folder: Path) -> Tracer:
    return tracer_of(sinks=[SqliteSink(folder / "runs.db")])


def saved(tracer_of: Callable[..., Tracer], folder: Path) -> Tracer:
    return tracer_of(sinks=[MemorySink()])


SINKS = (files, one_file, held_back, database, saved)


@pytest.fixture(params=SINKS, ids=lambda sink: sink.__name__)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Made]:
    """Runs a program with a seed and recording by each sink in turn."""

    def make(seed: int) -> Made:
        folder = tmp_path / str(seed)
        folder.mkdir()
        tracer = request.param(lambda **to: Tracer(link_children=False, verbosity="debug", **to), folder)
        program = Program(seed, tracer)
        program.run(24)
        if request.param is saved:
            assert tracer.save(folder / "saved.jsonl") is not None
        tracer.close()
        assert (tracer.stats.faults, tracer.stats.lost) == (0, 0), tracer.stats.first_fault
        return folder, program

    return make


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    capsys.readouterr()
    assert tracetui.cli.main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def as_read(value: object) -> object:
    """A value as docs/recording-format.md says that it is written: numbers beyond 64 bits are texts."""
    return str(value) if isinstance(value, int) and value > 2**64 else value


def test_view_says_of_each_span_what_was_said(made, rounds, capsys):
    for seed in range(rounds(3, 200)):
        folder, program = made(seed)
        spans = answer(capsys, "view", "latest", "--in", folder, "--full", "--events")["spans"]
        assert len(spans) == len(program.said)
        for span, said in zip(spans, program.said, strict=True):
            told = [span[key] for key in ("name", "kind", "depth", "status", "model", "cost_usd")]
            assert told == [said.name, said.kind, said.depth, said.status, said.model, said.cost]
            assert {key: count for key, count in span["tokens"].items() if count is not None} == said.tokens
            assert span["attributes"] == {key: as_read(value) for key, value in said.values.items()}
            happened = Counter(event["class"] for event in [*span["events"], *span["logs"]])
            assert sum(happened.values()) == len(said.events)
            assert (span["error"] is not None) == (said.status == "error")


def test_list_and_stats_sum_up_what_was_said(made, rounds, capsys):
    for seed in range(rounds(3, 200)):
        folder, program = made(seed)
        (listed,) = answer(capsys, "list", folder)["runs"]
        (run,) = answer(capsys, "stats", folder)["runs"]
        said = program.said
        assert {key: run[key] for key in listed} == listed
        assert (run["name"], run["status"], run["spans"]) == ("run of a program", "ok", len(said))
        assert run["spans_by_kind"] == dict(sorted(Counter(each.kind for each in said).items()))
        assert run["errors"] == sum(each.status == "error" for each in said)
        assert run["skipped"] == sum(each.status == "skipped" for each in said)
        assert run["retries"] == sum(each.events.count("retry") for each in said)
        for key in ("input", "output"):
            counts = [each.tokens[key] for each in said if each.tokens]
            assert run["tokens"][key] == (sum(counts) if counts else None)
        costs = [each.cost for each in said if each.cost is not None]
        assert run["cost_usd"] == (sum(costs) if costs else None)
        assert run["models"] == sorted({each.model for each in said if each.model})


async def test_the_screen_shows_each_span_in_order(made):
    folder, program = made(1)
    async with opened(make_app([folder]), (160, 60)) as pilot:
        shown = lines(pilot)
        first = next(at for at, line in enumerate(shown) if "│   name " in line) + 1
        rows = [line.split("│")[1] for line in shown[first : first + len(program.said)]]
    for row, said in zip(rows, program.said, strict=True):
        assert f"{said.kind} {_shown(said.name)[:10]}" in row
        assert ("✗" in row) == (said.status == "error")
        assert ("○" in row) == (said.status == "skipped")


def _shown(name: str) -> str:
    return name.replace("\n", "␤").replace("\t", " ")

"""The examples, run as a reader runs them: they end as they say, and what they recorded says what they are there to show.

Recorded by a stepped clock they give the very bytes of the samples, whenever and wherever that is done.
"""

import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.live.following import read_cold
from tracetui.resources import samples_dir

ROOT = Path(__file__).parent.parent
README = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
PATIENCE_S = 60.0
"""Longest wait for an example, which takes some seconds; the machine may be busy."""


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_samples", ROOT / "scripts" / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
EXAMPLES = {example.sample: example for example in SCRIPT.EXAMPLES}
ALL = [
    pytest.param(name, marks=[pytest.mark.interop] if example.needs else [], id=name)
    for name, example in EXAMPLES.items()
]

Facts = dict[str, Any]

# What `tracetui stats --json` says of the runs of each example.
SAID: dict[str, dict[str, Facts]] = {
    "plain_loop": {
        "trip_planner": {
            "status": "ok",
            "spans_by_kind": {"agent": 1, "chain": 4, "llm": 4, "tool": 4, "guardrail": 1},
            "failed": ["search_trains"],
            "retries": 1,
            "tokens": {"input": 2520, "output": 94},
        }
    },
    "fan_out": {
        "news_digest": {
            "status": "ok",
            "spans": 20,
            "open_spans": 0,
            "failed": ["read 3", "parse"],
            "causes": ["parse"],
            "models": ["digest-large-1", "digest-small-1", "embed-1"],
        }
    },
    "child_process": {
        "book_report": {"status": "ok", "spans": 10, "open_spans": 0, "failed": [], "tokens": {"input": 11_400}},
        "spell_check": {"status": "ok", "spans": 2, "failed": []},
    },
    "with_opentelemetry": {
        "invoke_agent helpdesk": {
            "status": "ok",
            "spans_by_kind": {"agent": 1, "llm": 2, "tool": 2, "retriever": 1, "span": 1},
            "failed": ["execute_tool refund"],
            "models": ["helpdesk-small-1-2026-09"],
            "tokens": {"input": 753, "output": 49},
        }
    },
    "crash": {
        "invoice_audit": {
            "status": "error",
            "open_spans": 0,
            "failed": ["auditor", "audit INV-7005", "convert_currency"],
            "causes": ["convert_currency"],
            "cost_usd": 0.0829,
        }
    },
    "crash_kill": {
        "invoice_audit_killed": {
            "status": "unfinished",
            "status_reason": "writer gone, 4 open spans",
            "open_spans": 4,
            "failed": [],
            "end": None,
        }
    },
}


class Ran:
    """An example that was started, in a folder of its own."""

    def __init__(self, example: Any, home: Path) -> None:
        self.folder = home / "traces"
        self._errors = home / "errors"
        command = [sys.executable, str(ROOT / "examples" / f"{example.name}.py"), *example.option.split()]
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=errors)

    def end(self) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(PATIENCE_S)

    @property
    def said(self) -> list[str]:
        """Its standard error."""
        return self._errors.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ran]]:
    """All examples that can be run here, at the same time, since they mostly wait."""
    found = {
        name: Ran(example, tmp_path_factory.mktemp(name))
        for name, example in EXAMPLES.items()
        if example.can_be_recorded
    }
    yield found
    for example in found.values():
        example.process.kill()
        example.end()


@pytest.fixture
def ran(request: pytest.FixtureRequest, started: dict[str, Ran]) -> Ran:
    """An example, after it has ended."""
    if request.param not in started:
        pytest.skip(f"{EXAMPLES[request.param].needs} is not installed")
    found = started[request.param]
    found.end()
    return found


def runs(ran: Ran) -> dict[str, Facts]:
    """What is said of each run, by name."""
    return {run["name"]: run for run in read_cold(ran.folder, now_ns=time.time_ns())}


def spans(ran: Ran, name: str) -> list[Facts]:
    """The spans of a run, as `view --json` says."""
    command = [sys.executable, "-m", "tracetui", "view", name, "--in", str(ran.folder), "--json"]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE_S)
    found: list[Facts] = json.loads(answer.stdout)["spans"]
    return found


def parents(found: list[Facts]) -> dict[str, str]:
    """Name of the parent of each span, by its name."""
    names = {span["id"]: span["name"] for span in found}
    return {span["name"]: names[span["parent"]] for span in found if span["parent"]}


def part(value: Any, of: Any) -> Any:
    """What `value` says of the keys that `of` has."""
    return {key: part(value[key], of[key]) for key in of} if isinstance(of, dict) else value


@pytest.mark.parametrize("ran", ALL, indirect=True)
def test_an_example_ends_as_it_says(ran: Ran, request: pytest.FixtureRequest) -> None:
    example = EXAMPLES[request.node.callspec.id]
    assert ran.end() == example.status
    last = ran.said[-1] if ran.said else ""
    assert last.startswith(example.last_words.removeprefix(f"{example.name}."))
    assert bool(last) == bool(example.last_words)


@pytest.mark.parametrize("ran", ALL, indirect=True)
def test_what_an_example_recorded_reads_back_as_what_it_did(ran: Ran, request: pytest.FixtureRequest) -> None:
    wanted = SAID[request.node.callspec.id]
    said = runs(ran)
    assert said.keys() == wanted.keys()
    assert part(said, wanted) == wanted


@pytest.mark.parametrize("ran", ALL, indirect=True)
def test_nothing_of_an_example_is_lost_or_repaired(ran: Ran) -> None:
    assert [(run["name"], run["repairs"], run["notes"]) for run in runs(ran).values() if run["repairs"]] == []


@pytest.mark.parametrize("ran", ["plain_loop"], indirect=True)
def test_the_call_that_failed_is_followed_by_one_that_went_well(ran: Ran) -> None:
    found = [span["status"] for span in spans(ran, "trip_planner") if span["name"] == "search_trains"]
    assert found == ["error", "ok"]


@pytest.mark.parametrize("ran", ["fan_out"], indirect=True)
def test_tasks_beside_one_another_are_inside_of_the_step_that_started_them(ran: Ran) -> None:
    above = parents(spans(ran, "news_digest"))
    assert {above[f"read {number}"] for number in (1, 2, 3, 4)} == {"read_feeds"}
    assert {above["ask digest-small-1"], above["ask digest-large-1"]} == {"choose_angle"}


@pytest.mark.parametrize("ran", ["fan_out"], indirect=True)
def test_a_call_that_was_cancelled_has_not_failed_and_says_so(ran: Ran) -> None:
    lines = next(ran.folder.iterdir()).read_text(encoding="utf-8").splitlines()
    (end,) = [line for line in lines if '"span_end"' in line and "ask digest-large-1" in line]
    assert '"status":"unset"' in end
    assert '"cancelled":true' in end


@pytest.mark.parametrize("ran", ["child_process"], indirect=True)
def test_a_program_that_was_started_inside_of_a_span_is_linked_to_it(ran: Ran) -> None:
    said = runs(ran)
    report, check = said["book_report"], said["spell_check"]
    (tool,) = [span["id"] for span in spans(ran, "book_report") if span["kind"] == "tool"]
    assert check["links"] == [{"kind": "parent", "run": report["id"], "span": tool, "here": True}]
    assert report["links"] == [{"kind": "child", "run": check["id"], "span": tool, "here": True}]


@pytest.mark.parametrize("ran", ["child_process"], indirect=True)
def test_forked_workers_record_into_files_of_their_own_and_into_the_same_run(ran: Ran) -> None:
    assert len(runs(ran)["book_report"]["paths"]) == 3
    above = parents(spans(ran, "book_report"))
    assert {above[f"chapter {number}"] for number in (1, 2, 3)} == {"read_chapters"}


@pytest.mark.parametrize("ran", ["crash"], indirect=True)
def test_the_cause_of_the_crash_has_the_tracebacks_of_both_exceptions(ran: Ran) -> None:
    *_, failed = [span["error"] for span in spans(ran, "invoice_audit") if span["name"] == "convert_currency"]
    assert failed["message"] == "no rate for XAU on 2026-10-31"
    order = [
        "in rate_of",
        "KeyError: 'XAU'",
        "direct cause",
        "raise UnknownCurrency",
        "UnknownCurrency: no rate for XAU",
    ]
    assert [failed["traceback"].index(words) for words in order] == sorted(
        failed["traceback"].index(words) for words in order
    )


@pytest.mark.parametrize("ran", ["crash_kill"], indirect=True)
def test_the_killed_one_leaves_the_stack_that_was_open(ran: Ran) -> None:
    still_open = [span for span in spans(ran, "invoice_audit_killed") if span["status"] == "open"]
    assert [span["name"] for span in still_open] == ["auditor", "audit INV-7005", "convert_currency", "look_up_rate"]
    assert [span["parent"] for span in still_open[1:]] == [span["id"] for span in still_open[:-1]]


def test_without_opentelemetry_its_example_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys, runpy; sys.modules['opentelemetry'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-c", program, str(ROOT / "examples" / "with_opentelemetry.py")]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == ["This example needs OpenTelemetry's SDK: pip install opentelemetry-sdk"]
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- samples


@pytest.mark.parametrize("name", ALL)
def test_recorded_again_an_example_gives_the_very_bytes_of_its_sample(name: str) -> None:
    example = EXAMPLES[name]
    if not example.can_be_recorded:
        pytest.skip(f"{example.needs} is not installed")
    recorded = dict(SCRIPT.recorded(example))
    kept = {
        str(path.relative_to(SCRIPT.FOLDER)): path.read_bytes()
        for path in (SCRIPT.FOLDER / name).rglob("*")
        if path.is_file()
    } or {f"{name}.jsonl": (SCRIPT.FOLDER / f"{name}.jsonl").read_bytes()}
    assert recorded.keys() == kept.keys()
    for path, content in recorded.items():
        assert content.splitlines() == kept[path].splitlines()


def test_told_again_the_other_samples_are_the_same_bytes() -> None:
    for path, content in SCRIPT.told():
        assert content.splitlines() == (SCRIPT.FOLDER / path).read_bytes().splitlines()


def test_every_sample_of_our_own_format_is_told_or_recorded() -> None:
    made = {name for name, _ in SCRIPT.told()} | set(EXAMPLES)
    assert {path.name for path in (samples_dir() / "tracetui").iterdir()} == {
        name if name.endswith(".jsonl") or name == "child_process" else f"{name}.jsonl" for name in made
    }


# ---------------------------------------------------------------- what is said of the examples


def test_the_page_of_the_examples_names_each_program_with_its_sample() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| [")]
    assert [re.findall(r"\[`([^`]+)`\]", row)[0] for row in rows] == [
        " ".join(filter(None, (f"{example.name}.py", example.option))) for example in SCRIPT.EXAMPLES
    ]
    for row, example in zip(rows, SCRIPT.EXAMPLES, strict=True):
        (link,) = re.findall(r"\]\((\.\./sample_traces/[^)]+)\)", row)
        assert (ROOT / "examples" / link).resolve().exists()
        assert Path(link).stem == example.sample
        command = re.findall(r"`python ([^`]+)`", row)[0].split()
        assert (ROOT / command[0]).is_file()


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_says_how_to_run_it_and_what_to_look_at(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    said = text.split('"""')[1]
    assert f"python examples/{path.name} " in said
    assert "\nShows: " in said
    assert "\nLook at: " in said
    assert len(text.splitlines()) < 180

"""That no planted secret reaches a sink or a report, wherever in a recording it stands."""

import io
import json
import sqlite3
from contextlib import closing

import pytest

from tests.core.planted import PLANTED
from tracetui import ConsoleSink, JsonlSink, MemorySink, SqliteSink, Tracer


def told(tracer: Tracer, value: object) -> None:
    """A run that holds a value in every place that there is."""
    text = value if isinstance(value, str) else "a text"
    with (
        tracer.run(text, meta={"value": value}),
        tracer.agent(text, input=value, value=value) as agent,
    ):
        agent.log(text, values=value)
        agent.event(text, text, value=value)
        agent.decision("router", chosen=value, alternatives=[value], reason=text)
        agent.observed("request", value)
        agent.token(text)
        agent.retry(1, text)
        with tracer.retrieval("find", query=value) as found:
            found.chunks([{"text": text}, value])
        with tracer.llm("plan", model=text, messages=[{"role": "user", "content": text}]) as call:
            call.set(value=value).update()
            call.finish(value, input_tokens=812, output_tokens=64)
        with tracer.tool("search", arguments=value) as tool:
            tool.result(value)
        tracer.step("broken").start().fail(RuntimeError(text))
        tracer.log_event({"event": "told", "message": text, "value": value})
        agent.set(last=value)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every sink and report holds of all secrets, by where."""
    folder = tmp_path_factory.mktemp("secrets")
    console, memory = io.StringIO(), MemorySink()
    sinks = [JsonlSink(folder / "files"), SqliteSink(folder / "runs.db"), ConsoleSink(console, level="debug"), memory]
    tracer = Tracer(sinks=sinks, verbosity="debug", link_children=False)
    reports: list[str] = []
    for number, (_, value, _) in enumerate(PLANTED):
        told(tracer, value)
        saved = tracer.save(folder / "saved" / f"{number}.jsonl")
        assert saved is not None
        reports.append(saved.read_text())
    last = tracer.save_markdown(folder / "last.md")
    tracer.close()
    assert last is not None
    assert (tracer.stats.faults, tracer.stats.lost) == (0, 0), tracer.stats.first_fault
    assert tracer.stats.redacted > len(PLANTED) * 10
    with closing(sqlite3.connect(folder / "runs.db")) as database:
        rows = database.execute("select record from records").fetchall()
    assert len(rows) == len(memory.records)
    return {
        "files": "\n".join(path.read_text() for path in (folder / "files").iterdir()),
        "database": "\n".join(row[0] for row in rows),
        "database file": (folder / "runs.db").read_bytes().decode("latin-1"),
        "console": console.getvalue(),
        "memory": "\n".join(record.line.decode() for record in memory.records),
        "saved": "\n".join(reports),
        "markdown": last.read_text(),
    }


@pytest.mark.parametrize("where", ["files", "database", "database file", "console", "memory", "saved", "markdown"])
def test_no_planted_secret_is_anywhere(everything: dict[str, str], where: str) -> None:
    text = everything[where]
    assert len(text) > 1_000
    assert [name for name, _, gone in PLANTED if gone in text or json.dumps(gone)[1:-1] in text] == []


def test_token_counts_stay(everything: dict[str, str]) -> None:
    assert everything["memory"].count('"usage":{"input":812,"output":64}') == len(PLANTED)


def test_markdown_of_each_planted_secret_is_clean() -> None:
    for name, value, gone in PLANTED[::8]:
        tracer = Tracer(sinks=[MemorySink()], link_children=False)
        told(tracer, value)
        summary = json.dumps(tracer.summary())
        assert gone not in summary, name
        assert tracer.stats.faults == 0, tracer.stats.first_fault

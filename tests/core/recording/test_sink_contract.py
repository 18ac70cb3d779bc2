"""What every sink keeps to (``records.Sink``): a new sink is one more line in ``SINKS``."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from tracetui import ConsoleSink, JsonlSink, MemorySink, SqliteSink, Tracer
from tracetui.core.recording.records import Record, RunInfo, Sink
from tracetui.core.testing import CountingIds, TickingClock

Make = Callable[[Path], Sink]
SINKS: dict[str, Make] = {
    "jsonl": lambda folder: JsonlSink(folder / "files"),
    "jsonl, one file": lambda folder: JsonlSink(path=folder / "one.jsonl"),
    "jsonl, buffered": lambda folder: JsonlSink(folder / "files", buffered=True),
    "jsonl, synchronised": lambda folder: JsonlSink(folder / "files", fsync="every"),
    "sqlite": lambda folder: SqliteSink(folder / "runs.db"),
    "console": lambda folder: ConsoleSink(io.StringIO()),
    "memory": lambda folder: MemorySink(),
}
READABLE = [name for name in SINKS if name != "console"]
RUN, OTHER = RunInfo("a" * 32, "one", 7), RunInfo("b" * 32, "other", 7)


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    made = SINKS[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture(params=READABLE)
def readable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    made = SINKS[request.param](tmp_path)
    yield made
    made.close()


def records(run: RunInfo, count: int = 5, begin: int = 0) -> list[Record]:
    """A header and events; the run is named in each, as shared files need it."""

    def line(seq: int) -> bytes:
        if seq == 0:
            return orjson.dumps(
                {"tracetui": 1, "type": "header", "seq": 0, "run": run.id, "name": run.name, "pid": run.pid}
            )
        return orjson.dumps({"type": "event", "seq": seq, "run": run.id, "pid": run.pid, "time": seq, "class": "log"})

    return [Record(run, "event" if seq else "header", seq, line(seq)) for seq in range(begin, begin + count)]


def kept(sink: Sink, run: RunInfo) -> list[bytes]:
    return list(sink.lines(run))  # type: ignore[attr-defined]


def test_a_sink_takes_records_and_is_closed_twice(sink: Sink) -> None:
    for record in records(RUN):
        sink.emit(record)
    sink.close()
    sink.close()


def test_a_sink_that_was_closed_goes_on(readable: Sink) -> None:
    first, second = records(RUN, 3), records(RUN, 3, begin=3)
    for record in first:
        readable.emit(record)
    readable.close()
    for record in second:
        readable.emit(record)
    assert kept(readable, RUN) == [record.line for record in first + second]


def test_lines_are_had_again_as_they_were_given_run_by_run(readable: Sink) -> None:
    mine, others = records(RUN), records(OTHER)
    for pair in zip(mine, others, strict=True):
        for record in pair:
            readable.emit(record)
    assert kept(readable, RUN) == [record.line for record in mine]
    assert kept(readable, OTHER) == [record.line for record in others]


def test_a_sink_changes_no_record(sink: Sink) -> None:
    made = records(RUN)
    before = [(record.type, record.seq, record.line) for record in made]
    for record in made:
        sink.emit(record)
    assert [(record.type, record.seq, record.line) for record in made] == before


def test_a_forked_child_writes_nothing_that_its_parent_holds_back(readable: Sink) -> None:
    for record in records(RUN, 3):
        readable.emit(record)
    child = os.fork()
    if child == 0:
        readable.after_fork()
        readable.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    for record in records(RUN, 3, begin=3):
        readable.emit(record)
    assert len(kept(readable, RUN)) == 6


@pytest.mark.parametrize("name", SINKS)
def test_making_a_sink_writes_nothing(name: str, tmp_path: Path) -> None:
    SINKS[name](tmp_path).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", READABLE)
def test_a_tracer_writes_the_same_through_every_sink(name: str, tmp_path: Path) -> None:
    def told(sink: Sink) -> list[dict[str, object]]:
        tracer = Tracer(
            sinks=[sink], ids=CountingIds(), clock=TickingClock(tick=1), mono=TickingClock(0, 1), link_children=False
        )
        with tracer.run("nightly"), tracer.step("scan", symbol="BTC") as step:
            step.log(signal=0.87)
        found = [orjson.loads(line) for line in sink.lines(RunInfo(f"{1:032x}", "", os.getpid()))]  # type: ignore[attr-defined]
        tracer.close()
        assert tracer.stats.faults == 0, tracer.stats.first_fault
        # Files that are shared name run and process in each record.
        return [{key: value for key, value in each.items() if key not in ("run", "pid")} for each in found]

    assert told(SINKS[name](tmp_path)) == told(MemorySink())

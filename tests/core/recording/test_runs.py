"""The beginning of a run: the header stands first and once, whoever interrupts it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from tracetui import JsonlSink, MemorySink, Tracer


class Meta:
    """Does something when it is written into the header, once."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act: Callable[[], None] | None = act

    def __str__(self) -> str:
        act, self._act = self._act, None
        if act is not None:
            act()
        return "meta"


class Interrupted(MemorySink):
    """Is interrupted while it takes its first record, before or after it took it."""

    def __init__(self) -> None:
        super().__init__()
        self._interrupts = True

    def emit(self, record: Any) -> None:
        """Take it at the second attempt."""
        if self._interrupts:
            self._interrupts = False
            raise KeyboardInterrupt
        super().emit(record)


@pytest.fixture(params=["a file", "several sinks"])
def tracer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tracer]:
    sinks: list[Any] = [JsonlSink(tmp_path / "traces"), *([MemorySink()] if request.param == "several sinks" else ())]
    tracer = Tracer("agent", sinks=sinks)
    yield tracer
    tracer.close()
    assert tracer.stats.faults == 0, tracer.stats.first_fault
    assert tracer.stats.lost == 0


def written(tracer: Tracer) -> list[tuple[int, str]]:
    """Number and name of what stands in the file."""
    (path,) = tracer.paths
    records = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [(record["seq"], record.get("name", record["type"])) for record in records]


def test_what_is_recorded_while_the_header_is_written_stands_after_it(tracer: Tracer) -> None:
    with tracer.run(meta={"x": Meta(lambda: tracer.event("inside"))}):
        tracer.event("after")
    assert written(tracer) == [(0, "agent"), (1, "inside"), (2, "after"), (3, "run_end")]


def test_a_header_whose_writing_is_interrupted_is_written_before_the_next_record(
    tracer: Tracer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tracer.run()
    with monkeypatch.context() as patched:
        patched.setattr("tracetui.core.processes.Processes.identity", _raise_once(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            run.start()
    tracer.event("after")
    run.finish()
    assert written(tracer) == [(0, "agent"), (1, "after"), (2, "run_end")]


def test_a_header_that_some_sinks_took_when_it_was_interrupted_is_given_to_the_others_only(tmp_path: Path) -> None:
    before, interrupted, after = MemorySink(), Interrupted(), MemorySink()
    tracer = Tracer("agent", sinks=[JsonlSink(tmp_path), before, interrupted, after])
    run = tracer.run()
    with suppress(KeyboardInterrupt):
        run.start()
    run.finish()
    assert written(tracer) == [(0, "agent"), (1, "run_end")]
    for sink in (before, interrupted, after):
        assert [record["seq"] for record in sink.values] == [0, 1]


def test_a_file_that_took_the_header_when_it_was_interrupted_does_not_take_it_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer("agent", sinks=[JsonlSink(tmp_path / "traces", fsync="every", clock=lambda: 0)])
    run = tracer.run()
    monkeypatch.setattr("os.fsync", _raise_once(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run.start()
    run.finish()
    assert written(tracer) == [(0, "agent"), (1, "run_end")]


def _raise_once(error: BaseException) -> Callable[..., None]:
    errors = [error]

    def call(*_: object) -> None:
        if errors:
            raise errors.pop()

    return call

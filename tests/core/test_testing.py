"""The fakes that we ship."""

from __future__ import annotations

import pytest

from tracetui.core.model import Kind, Status, Usage
from tracetui.core.operations import Begin, End, Event
from tracetui.core.store import Store
from tracetui.core.testing import EPOCH, SECOND, CountingIds, TickingClock, build_run


def test_a_clock_moves_only_when_told_to() -> None:
    clock = TickingClock(tick=5)
    assert (clock(), clock()) == (EPOCH, EPOCH + 5)
    assert clock.advance(1.5) == EPOCH + 10 + 3 * SECOND // 2


def test_ids_come_in_order() -> None:
    ids = CountingIds()
    assert (ids.span_id(), ids.span_id(), ids.run_id()) == (f"{1:016x}", f"{2:016x}", f"{1:032x}")


def test_a_described_run_is_read_as_a_producer_would_have_written_it() -> None:
    batch = build_run("agent a 0..\n  llm b 1..2 tokens=3+4 cost=0.5 model=m\n  ! retry 3")
    kinds = [type(operation).__name__ for operation in batch.operations if type(operation).__name__ != "Record"]
    assert kinds == ["RunFact", "Begin", "Begin", "End", "Event"]
    end = next(operation for operation in batch.operations if isinstance(operation, End))
    assert (end.time, end.status, end.usage) == (EPOCH + 2 * SECOND, Status.ok, Usage(3, 4, cost_usd=0.5))


def test_spans_may_be_told_by_their_ends_only() -> None:
    batch = build_run("agent a 0..9\n  tool b 1..2", starts=False)
    assert not any(isinstance(operation, Begin) for operation in batch.operations)
    assert [operation.name for operation in batch.operations if isinstance(operation, End)] == ["b", "a"]


def test_an_event_without_indentation_is_of_the_run() -> None:
    event = next(op for op in build_run("agent a\n! log 3").operations if isinstance(op, Event))
    assert (event.span, event.time) == (None, EPOCH + 3 * SECOND)


def test_a_store_takes_a_described_run() -> None:
    store = Store()
    store.apply(build_run("agent a 0..9\n  tool b 1..2 error"))
    run = store.runs[0]
    assert (run.span_count, run.error_count, run.kind_counts[Kind.tool]) == (2, 1, 1)


def test_what_is_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="not a kind"):
        build_run("nonsense a")

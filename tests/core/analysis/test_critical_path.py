"""The spans a run's length hangs on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.analysis.critical_path import critical_path
from tracetui.core.batch import Batch
from tracetui.core.model import Clock
from tracetui.core.operations import Operation, Record, RunFact, Whole
from tracetui.core.store import Store
from tracetui.core.testing import build_run


def on_path(text: str, fact: RunFact | None = None) -> list[str]:
    store = Store()
    store.apply(build_run(text, fact=fact))
    return [store.strings[store.spans.name[row]] for row in critical_path(store, 0).rows.tolist()]


def test_the_path_goes_back_along_what_ended_last() -> None:
    text = """
        agent a 0..10
          tool first 0..3
          tool beside 1..4
          tool second 4..9
            llm inner 5..8
          tool short 4..6
        """
    assert on_path(text) == ["a", "beside", "second", "inner"]


def test_an_open_span_lasts_until_the_newest_record() -> None:
    assert on_path("agent a 0..\n  tool b 0..2\n  tool c 2..\n    llm d 3..5") == ["a", "b", "c", "d"]


def test_what_a_child_began_and_what_outlasts_it_is_on_the_path() -> None:
    text = """
        agent a 0..10
          llm ask 0..3
            tool long 3..6
            tool beside 3..5
          llm answer 6..10
        """
    assert on_path(text) == ["a", "ask", "long", "answer"]


def test_spans_without_times_are_on_no_path() -> None:
    assert on_path("agent a 0..5\n  tool b\n  tool c 1..2") == ["a", "c"]


def test_a_run_without_times_has_no_path() -> None:
    assert on_path("agent a\n  tool b") == []
    assert on_path("agent a 0..5", RunFact("run", clock=Clock.order_only)) == []


def test_a_run_too_large_for_the_budget_says_so() -> None:
    store = Store()
    store.apply(build_run("agent a 0..9\n" + "".join(f"  tool t {number}..{number + 1}\n" for number in range(9))))
    path = critical_path(store, 0, budget=5)
    assert (len(path.rows), path.complete) == (5, False)
    assert critical_path(store, 0).complete


def test_a_row_can_be_asked_for() -> None:
    store = Store()
    store.apply(build_run("tool a 0..5\ntool b 0..4"))
    path = critical_path(store, 0)
    assert (0 in path, 1 in path, 99 in path) == (True, False, False)
    assert path.mask(store.rows_of_run(0)).tolist() == [True, False]


SPANS = st.lists(st.tuples(st.integers(-1, 7), st.integers(0, 9), st.integers(0, 5)), max_size=9)


@given(SPANS)
def test_the_path_is_that_of_a_recursive_walk(spans: list[tuple[int, int, int]]) -> None:
    store = Store()
    operations: list[Operation] = [Record("run", "spans", 0, 1)]
    for number, (parent, start, length) in enumerate(spans):
        above = None if parent < 0 or parent >= number else f"k{parent}"
        operations.append(Whole("run", f"k{number}", above, "n", start=start, end=start + length))
    store.apply(Batch(0, "test", operations=operations))

    columns = store.spans

    def below(row: int) -> list[int]:
        return [child for child in range(len(columns)) if columns.parent[child] == row]

    def reach(row: int) -> int:
        return max([columns.end[row], *map(reach, below(row))])

    def walk(row: int, moment: int) -> set[int]:
        found: set[int] = set()
        left = sorted(below(row), key=lambda child: (reach(child), columns.start[child], child))
        while left:
            child = left.pop()
            if reach(child) <= moment:
                found |= {child} | walk(child, reach(child))
                moment = columns.start[child]
        return found

    if store.runs:
        assert set(critical_path(store, 0).rows.tolist()) == walk(-1, store.runs[0].last_time)


@pytest.mark.parametrize("deep", [100_000])
def test_a_chain_of_100_000_spans_is_walked(deep: int) -> None:
    store = Store()
    operations: list[Operation] = [Record("run", "spans", 0, 1)]
    for number in range(deep):
        parent = f"{number:016x}" if number else None
        operations.append(Whole("run", f"{number + 1:016x}", parent, "n", start=number, end=2 * deep - number))
    store.apply(Batch(0, "test", operations=operations))
    assert len(critical_path(store, 0).rows) == deep

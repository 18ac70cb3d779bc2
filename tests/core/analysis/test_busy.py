"""When something ran inside a span, against the same counted second by second."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.analysis.busy import Busy, busy_inside
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.testing import EPOCH, SECOND, build_run

stretches = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=8)


def busy_of(found: list[tuple[int, int]]) -> Busy:
    low = np.asarray([start for start, _ in found], np.int64)
    return Busy(low, low + np.asarray([length for _, length in found], np.int64))


@given(stretches, st.integers(0, 40), st.integers(0, 40))
def test_what_is_covered_of_a_time_is_what_one_counts(found: list[tuple[int, int]], start: int, end: int) -> None:
    counted = {at for low, length in found for at in range(low, low + length)}
    covered = np.diff(busy_of(found).until(np.asarray([start, max(start, end)], np.int64)))
    assert covered.tolist() == [len(counted.intersection(range(start, end)))]


@given(stretches, st.integers(0, 20), st.integers(1, 20))
def test_gaps_and_what_is_covered_add_up(found: list[tuple[int, int]], start: int, length: int) -> None:
    busy, end = busy_of(found), start + length
    covered = int(np.diff(busy.until(np.asarray([start, end], np.int64)))[0])
    assert covered + sum(high - low for low, high in busy.gaps(start, end)) == length


def test_the_share_of_a_part_is_of_what_of_the_span_lies_in_it() -> None:
    busy = busy_of([(0, 10), (20, 15)])
    assert busy.shares(0, 40, 4, 5, 33).tolist() == [1.0, 0.0, 1.0, 1.0]


def test_shares_of_a_time_of_centuries_are_no_more_than_one() -> None:
    century = 100 * 365 * 86_400 * SECOND
    assert set(busy_of([(0, 2 * century)]).shares(0, 2 * century, 200, 0, 2 * century).tolist()) == {1.0}


def test_gaps_too_short_to_matter_are_not_told() -> None:
    assert busy_of([(0, 499), (500, 400)]).gaps(0, 1000) == [(900, 1000)]


def test_plain_spans_are_part_of_the_work_that_they_lie_in() -> None:
    store = Store()
    store.apply(build_run("llm a 0..10\n  span request 1..9\n  tool b 2..4"))
    tree = RunTree(store, 0)
    all_of_it, work = (busy_inside(store, tree, 0, without_plain=without) for without in (False, True))
    assert [(int(busy.low[0]) - EPOCH) // SECOND for busy in (all_of_it, work)] == [1, 2]


def test_children_are_the_next_level_only() -> None:
    store = Store()
    store.apply(build_run("agent a 0..10\n  step b 1..9\n    tool c 2..4\n  tool d 9..10"))
    assert RunTree(store, 0).children(0).tolist() == [1, 3]

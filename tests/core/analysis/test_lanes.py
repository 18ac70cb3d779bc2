"""Work packed into lanes, against the same done span by span."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.analysis.lanes import Lanes, LaneSpans, lane_spans, lanes
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.testing import build_run

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=12)


def packed(found: list[tuple[int, int]]) -> Lanes:
    start = np.asarray([at for at, _ in found], np.int64)
    end = start + np.asarray([length for _, length in found], np.int64)
    count = len(found)
    every = np.ones(count, np.bool_)
    return lanes(LaneSpans(np.arange(count, dtype=np.int32), start, end, every, ~every, np.ones(count, np.int32)))


def names_of(text: str) -> list[list[str]]:
    store = Store()
    store.apply(build_run(text))
    made = lanes(lane_spans(store, RunTree(store, 0)))
    rows = [made.rows[slice(*made.bounds(lane))].tolist() for lane in range(len(made))]
    return [[store.strings[store.spans.name[row]] for row in lane] for lane in rows]


@given(spans)
def test_every_span_is_in_one_lane_and_no_two_at_once(found: list[tuple[int, int]]) -> None:
    made = packed(found)
    assert sorted(made.rows.tolist()) == list(range(len(found)))
    for lane in range(len(made)):
        first, last = made.bounds(lane)
        assert bool(np.all(made.start[first + 1 : last] >= made.end[first : last - 1]))


@given(spans)
def test_there_are_as_many_lanes_as_ran_at_once(found: list[tuple[int, int]]) -> None:
    ran = [sum(at <= moment < at + max(1, length) for at, length in found) for moment in range(42)]
    assert len(packed(found)) == max(ran, default=0)


@given(spans)
def test_a_span_is_found_again(found: list[tuple[int, int]]) -> None:
    made = packed(found)
    assert all(int(made.rows[made.place(row)]) == row for row in range(len(found)))
    assert made.place(len(found)) == -1


@given(spans, st.lists(st.integers(0, 45), min_size=2, max_size=5))
def test_what_a_lane_covers_is_what_one_counts(found: list[tuple[int, int]], edges: list[int]) -> None:
    made, edges = packed(found), sorted(edges)
    for lane in range(len(made)):
        mine = [found[row] for row in made.rows[slice(*made.bounds(lane))].tolist()]
        counted = [
            sum(at <= moment < at + length for at, length in mine for moment in range(low, high))
            for low, high in pairwise(edges)
        ]
        assert made.covered(lane, np.asarray(edges, np.int64)).tolist() == counted


def test_what_follows_one_another_stays_in_one_lane() -> None:
    assert names_of("step s 0..10\n  tool a 0..4\n  tool b 1..3\n  tool c 4..6\n  tool d 5..9") == [
        ["a", "c"],
        ["b", "d"],
    ]


def test_each_agent_has_lanes_of_its_own_in_order_of_time() -> None:
    text = "agent x 0..20\n  agent late 8..20\n    tool c 8..9\n  agent early 1..5\n    tool a 1..3\n    tool b 3..5"
    assert names_of(text) == [["a", "b"], ["c"]]


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12))
def test_lanes_are_those_of_the_nearest_agent_above(found: list[tuple[int, bool]]) -> None:
    depth = [0]
    for level, _ in found[1:]:
        depth.append(min(level, depth[-1] + 1))
    count, is_agent = len(depth), [agent for _, agent in found]
    parent = [max((up for up in range(at) if depth[up] < depth[at]), default=-1) for at in range(count)]
    size = [next((end for end in range(at + 1, count) if depth[end] <= depth[at]), count) - at for at in range(count)]
    above = []
    for at in range(count):
        up = parent[at]
        while up >= 0 and not is_agent[up]:
            up = parent[up]
        above.append(up)
    every, start = np.ones(count, np.bool_), np.arange(count, dtype=np.int64)
    rows, sizes = np.arange(count, dtype=np.int32), np.asarray(size, np.int32)
    made = lanes(LaneSpans(rows, start, start + 2, every, np.asarray(is_agent), sizes))
    told = {row: int(made.agent[made.lane(made.place(row))]) for row in range(count)}
    assert told == dict(enumerate(above))


def test_agents_in_agents_take_no_longer_than_others() -> None:
    count = 100_000
    every, start = np.ones(count, np.bool_), np.arange(count, dtype=np.int64)
    deep = LaneSpans(
        np.arange(count, dtype=np.int32), start, start + 1, every, every, np.arange(count, 0, -1, np.int32)
    )
    assert lanes(deep).agent.tolist() == list(range(-1, count - 1))


def test_an_open_span_is_the_last_of_its_lane() -> None:
    assert names_of("agent x 0..\n  tool a 0..\n  tool b 1..2\n  tool c 3..4") == [["a"], ["b", "c"]]


def test_spans_without_times_and_skipped_ones_have_no_place() -> None:
    assert names_of("agent x 0..9\n  tool a\n  tool b skipped\n  tool c 1..2") == [["c"]]

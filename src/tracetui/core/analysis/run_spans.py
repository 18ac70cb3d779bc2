"""The spans of one run as arrays that all parts of an analysis share: who is in whom, when, and what each of them is.

Nodes are numbered from 0 in the order of span rows. Parents that circle are cut, as the tree shows them. A span has
a place in time if it was recorded (a parent that was only named has none), and its start and end are known and in
order; an open span ends at the newest record of its run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tracetui.core.analysis.slow import CONTAINERS
from tracetui.core.model import NO_TIME, Clock, Flag, Kind, Status
from tracetui.core.store.preorder import local_parents
from tracetui.core.store.reach import reach_of
from tracetui.core.store.shape import Bools, Ints, Longs, Shape, shape

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

_CONTAINERS: Final = [int(kind) for kind in CONTAINERS]


class RunSpans:
    """One run, laid out once for everything that is asked of it.

    Args:
        store: What has been read.
        run: Which of its runs.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self.store = store
        self.run = run
        spans = store.spans
        self.rows: Ints = store.rows_of_run(run.row)
        """Span rows, ascending: node number to row."""
        self.kind: Any = spans.np("kind")[self.rows]
        self.status: Any = spans.np("status")[self.rows]
        self.name: Any = spans.np("name")[self.rows]
        self.told: Bools = (spans.np("flags")[self.rows] & Flag.announced) > 0
        """Recorded, and not only named as a parent."""
        parent = local_parents(store, self.rows)
        self.shape: Shape = shape(parent)
        if self.shape.cut:
            parent[self.shape.cut] = -1
        self.parent: Ints = parent
        self.has_times = run.clock is not Clock.order_only and run.last_time != NO_TIME
        start: Longs = spans.np("start")[self.rows]
        end: Longs = spans.np("end")[self.rows]
        if self.has_times:
            end = np.where((end == NO_TIME) & (self.status == Status.open), np.maximum(run.last_time, start), end)
            self.placed: Bools = self.told & (start != NO_TIME) & (end >= start)
        else:
            self.placed = np.zeros(len(self.rows), np.bool_)
        """Has a place in time."""
        self.start = np.where(self.placed, start, NO_TIME)
        self.end = np.where(self.placed, end, NO_TIME)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def begin(self) -> int:
        """When the run began, ns; NO_TIME without times."""
        begin = self.run.start if self.has_times else None
        return NO_TIME if begin is None else begin

    @cached_property
    def wall(self) -> int | None:
        """The wall clock of the run, ns: the duration that ``stats`` prints; None without times."""
        return self.run.duration()[0] if self.has_times else None

    @cached_property
    def took(self) -> Longs:
        """Duration of each finished span, ns; -1 where it has none (open, no times, a clock that went backwards)."""
        return np.where(self.placed & (self.status != Status.open), self.end - self.start, -1)

    @cached_property
    def holder(self) -> Bools:
        """An agent, chain, step or plain span with recorded children: its time is mostly theirs."""
        has = np.zeros(len(self) + 1, np.bool_)
        has[self.parent[self.told]] = True  # -1, no parent, marks the spare place at the end
        return has[:-1] & np.isin(self.kind, _CONTAINERS)

    @cached_property
    def over(self) -> Ints:
        """Of each node the nearest one above it that has a place in time; -1 if there is none."""
        return self.nearest(self.placed)

    @cached_property
    def agent(self) -> Ints:
        """Of each node the agent it works for, itself included: an agent above it, else the run (-1)."""
        is_agent = self.told & (self.kind == Kind.agent)
        above = self.nearest(is_agent)
        return np.where(is_agent, np.arange(len(self), dtype=np.int32), above)

    def nearest(self, wanted: Bools) -> Ints:
        """Of each node the nearest one above it that is wanted; -1 if there is none."""
        return nearest(self.parent, wanted)

    def node(self, row: int) -> int:
        """The node of a span row, -1 if it is not of the run."""
        at = int(self.rows.searchsorted(row))
        return at if at < len(self.rows) and int(self.rows[at]) == row else -1

    def path(self, node: int) -> list[int]:
        """Nodes from the outermost down to one of them."""
        found: list[int] = []
        while node >= 0:
            found.append(node)
            node = int(self.parent[node])
        return found[::-1]

    def name_of(self, node: int) -> str:
        """Name of a node, untrusted."""
        return self.store.strings[int(self.name[node])]


def nearest(parent: Ints, wanted: Bools) -> Ints:
    """Of each node the nearest one above it that is wanted; -1 if there is none. Halves the way at each step.

    ``parent`` is -1 for roots; a way that goes round in a circle leads nowhere.
    """
    count = len(parent)
    jump = np.append(np.where(wanted, np.arange(count, dtype=np.int32), parent), np.int32(-1))
    for _ in range(count.bit_length() + 1):
        further = jump[jump]
        if np.array_equal(further, jump):
            break
        jump = further
    found: Ints = jump[parent]
    return np.where(np.append(wanted, False)[found], found, np.int32(-1))


def grouped(numbers: Any) -> Iterator[tuple[int, Ints]]:
    """Each number with the places where it stands, ascending; in order of the numbers."""
    if not len(numbers):
        return
    by = np.argsort(numbers, kind="stable")
    ordered = numbers[by]
    edges = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    for part in np.split(by, edges):
        yield int(numbers[part[0]]), part.astype(np.int32)


def distinct(numbers: Any) -> Any:
    """The different numbers in order; a sort is much faster than numpy's way where most of them differ."""
    ordered = np.sort(numbers)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered


def covered(start: Longs, end: Longs) -> int:
    """Time that at least one of some intervals covers, ns."""
    if not len(start):
        return 0
    by = np.argsort(start, kind="stable")
    start, reach = start[by], np.maximum.accumulate(end[by])
    return int((reach - np.maximum(start, np.concatenate((start[:1], reach[:-1])))).clip(0).sum())


def covered_by(group: Ints, start: Longs, end: Longs, count: int) -> Longs:
    """Of each of ``count`` groups of intervals the time that at least one of them covers, ns."""
    by = np.lexsort((start, group))
    group, start, reach = group[by], start[by], _reach(group[by], end[by])
    before = np.concatenate((start[:1], reach[:-1]))
    first = np.concatenate(([True], group[1:] != group[:-1]))[: len(group)]
    found = np.zeros(count, np.int64)
    np.add.at(found, group, (reach - np.where(first, start, np.maximum(start, before))).clip(0))
    return found


def own_pieces(spans: RunSpans, chosen: Bools | None = None, until: Longs | None = None) -> tuple[Ints, Longs, Longs]:
    """The stretches of each placed span in which none of its children is active, as nodes, starts and ends.

    A child below a parent without a place in time belongs to the nearest span above it that has one. What of a child lies
    outside of its parent takes nothing from it. With ``chosen`` only those spans are looked at, and with ``until`` children
    take what lies before those moments instead of their ends.
    """
    wanted = spans.placed if chosen is None else spans.placed & chosen
    nodes = np.flatnonzero(wanted).astype(np.int32)
    over = (spans.over if chosen is None else spans.nearest(wanted))[nodes]
    child, over = nodes[over >= 0], over[over >= 0]
    low = np.maximum(spans.start[child], spans.start[over])
    high = np.minimum((spans.end if until is None else until)[child], spans.end[over])
    some = high > low
    over, low, high = over[some], low[some], high[some]
    by = np.lexsort((low, over))
    over, low, high = over[by], low[by], high[by]
    holders, first = np.unique(over, return_index=True)
    reach = _reach(over, high)
    last = np.append(first[1:], len(over))[: len(first)] - 1
    inner = np.ones(len(over), np.bool_)
    inner[first] = False
    inside = np.flatnonzero(inner)
    leaves = np.setdiff1d(nodes, holders, assume_unique=True).astype(np.int32)
    node = np.concatenate((leaves, holders, over[inside], holders)).astype(np.int32)
    begin = np.concatenate((spans.start[leaves], spans.start[holders], reach[inside - 1], reach[last]))
    stop = np.concatenate((spans.end[leaves], low[first], low[inside], spans.end[holders]))
    some = stop > begin
    return node[some], begin[some], stop[some]


def own_times(spans: RunSpans) -> Longs:
    """Own time of each node, ns: its duration without the union of its children's intervals; 0 where it has no times.

    A child lasts until all that it began has ended.
    """
    node, begin, stop = own_pieces(spans, until=reach_of(spans.over, spans.end))
    own = np.zeros(len(spans), np.int64)
    np.add.at(own, node, stop - begin)
    return own


def _reach(group: Ints, end: Longs) -> Longs:
    """The latest end so far within each group; groups stand together."""
    if not len(end):
        return end
    # By rank and not by time, so that group and time fit into one number.
    order = np.argsort(end, kind="stable")
    rank = np.empty(len(end), np.int64)
    rank[order] = np.arange(len(end))
    number = np.cumsum(np.concatenate(([0], group[1:] != group[:-1])))
    latest = np.maximum.accumulate(number * len(end) + rank) - number * len(end)
    reached: Longs = end[order][latest]
    return reached

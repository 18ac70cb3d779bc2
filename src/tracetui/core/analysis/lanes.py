"""The work of a run packed into parallel lanes: in each one span after another, never two at once.

Lanes are those of an agent (of the run where there is none), as few as the most spans that ran at once. A span takes the
lane that was free for the shortest time, so that what follows one another stays in one lane. Spans that hold others
(agents, chains, steps) are no work of their own and have no place. Arrays throughout: a million spans take about a second,
in any thread, since all that is needed is copied first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.analysis.busy import holders
from tracetui.core.model import NO_TIME, Clock, Kind, Status
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.store import Store
    from tracetui.core.store.run_tree import RunTree

NO_END: Final = 1 << 62
"""End of a span that is still open: nothing follows it in its lane."""


@dataclass(frozen=True, slots=True)
class LaneSpans:
    """What the lanes of a run rest on, taken out of the store. In tree order."""

    rows: Ints
    start: Longs
    end: Longs
    works: Bools
    """To be packed: with times, asked for by chips and filter, no holder of others."""
    is_agent: Bools
    size: Ints


@dataclass(frozen=True, slots=True)
class Lanes:
    """Spans by lane, in each lane in order of time."""

    rows: Ints
    """Span rows."""
    start: Longs
    """ns since the epoch."""
    end: Longs
    """ns since the epoch; `NO_END` while open."""
    first: Ints
    """Where each lane begins in `rows`, and at the end how many spans there are."""
    agent: Ints
    """Of each lane the row of its agent; -1 without one."""
    by_row: Ints
    """Places in `rows` in ascending order of what stands there."""
    worked: Longs
    """Time of all spans before each place, and at the end of all of them, ns; an open one counts nothing."""

    def __len__(self) -> int:
        return len(self.agent)

    def place(self, row: int) -> int:
        """Where a span stands in `rows`; -1: nowhere."""
        at = int(np.searchsorted(self.rows, row, sorter=self.by_row))
        return int(self.by_row[at]) if at < len(self.rows) and int(self.rows[self.by_row[at]]) == row else -1

    def lane(self, place: int) -> int:
        """The lane of a place."""
        return int(self.first.searchsorted(place, "right")) - 1

    def covered(self, lane: int, edges: Longs) -> Longs:
        """How much of each part between `edges`, ns since the epoch, the finished spans of a lane cover."""
        first, last = self.bounds(lane)
        at = first + self.start[first:last].searchsorted(edges, "right")
        inside = np.maximum(0, self.end[at - 1] - edges)
        is_open = self.end[at - 1] == NO_END
        before: Longs = np.where(at > first, self.worked[at] - np.where(is_open, 0, inside), self.worked[first])
        return np.diff(before)

    def bounds(self, lane: int) -> tuple[int, int]:
        """Places of a lane, from and to."""
        return int(self.first[lane]), int(self.first[lane + 1])


def lane_spans(store: Store, tree: RunTree) -> LaneSpans:
    """What is to be packed, copied: the store may go on meanwhile."""
    rows, spans = tree.rows().astype(np.int32), store.spans
    start, end = spans.np("start")[rows], spans.np("end")[rows]
    works = ~holders(store, tree.preorder()) & (start != NO_TIME) & (spans.np("status")[rows] != Status.skipped)
    if store.runs[tree.run].clock is Clock.order_only:
        works[:] = False
    asked, _ = tree.asked_for()
    if asked is not None:
        chosen = np.zeros(len(rows), np.bool_)
        chosen[asked] = True
        works &= chosen
    end = np.where(end == NO_TIME, np.where(spans.np("status")[rows] == Status.open, NO_END, start), end)
    is_agent = spans.np("kind")[rows] == Kind.agent
    return LaneSpans(rows, start, np.maximum(start, end), works, is_agent, tree.sizes().copy())


def lanes(spans: LaneSpans) -> Lanes:
    """Pack them."""
    agent = _agents(spans)[spans.works]
    rows, start, end = spans.rows[spans.works], spans.start[spans.works], spans.end[spans.works]
    if not len(rows):
        none = np.empty(0, np.int32)
        times = np.empty(0, np.int64)
        return Lanes(none, times, times, np.zeros(1, np.int32), none, none, np.zeros(1, np.int64))
    group = _in_order_of_time(agent, start)
    lane = _lane_heads(group, start, np.maximum(end, start + 1))
    by = np.lexsort((start, lane, start[lane], group))
    ordered = lane[by]
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    first = np.append(begins, len(by)).astype(np.int32)
    found = rows[by]
    of = agent[by][begins]
    owner = np.where(of >= 0, spans.rows[np.maximum(of, 0)], -1).astype(np.int32)
    start, end = start[by], end[by]
    worked = np.concatenate(([0], np.cumsum(np.where(end == NO_END, 0, end - start))))
    return Lanes(found, start, end, first, owner, np.argsort(found, kind="stable").astype(np.int32), worked)


def _agents(spans: LaneSpans) -> Ints:
    """Of each position the nearest agent above it that holds others; -1 without one. Itself is not meant."""
    agents, count = np.flatnonzero(spans.is_agent & (spans.size > 1)), len(spans.rows)
    nearest, begins = [-1], [0]  # who is the nearest from where on
    around = [(-1, count + 1)]  # the agents that are open there, and where each ends
    ends = (agents + spans.size[agents]).tolist()
    for agent, end in zip([*agents.tolist(), count], [*ends, count], strict=True):
        while around[-1][1] <= agent:
            begins.append(around.pop()[1])
            nearest.append(around[-1][0])
        nearest.append(agent)
        begins.append(min(agent + 1, count))
        around.append((agent, end))
    return np.repeat(np.asarray(nearest, np.int32), np.diff([*begins, count]))


def _in_order_of_time(agent: Ints, start: Longs) -> Ints:
    """A number for each agent, ascending by when the first of its work began."""
    names, number = np.unique(agent, return_inverse=True)
    began = np.full(len(names), NO_END, np.int64)
    np.minimum.at(began, number, start)
    rank = np.empty(len(names), np.int32)
    rank[np.lexsort((names, began))] = np.arange(len(names), dtype=np.int32)
    return rank[number]


def _lane_heads(group: Ints, start: Longs, end: Longs) -> Ints:
    """Of each span the first one of its lane.

    Lanes that are free lie on a stack: a span that ends puts its lane there, one that begins takes the topmost. Who takes
    the lane of whom is then found as brackets are matched: at each height of the stack ends and starts alternate.
    """
    count = len(start)
    time = np.concatenate((end, start))
    is_start = np.repeat(np.asarray([0, 1], np.int8), count)
    owner = np.concatenate((group, group))
    order = np.lexsort((is_start, time, owner))
    starts = is_start[order] == 1
    height = np.cumsum(np.where(starts, -1, 1))
    height[starts] += 1  # before it took a lane
    span = order % count
    by = np.lexsort((height, owner[order]))
    here, before = by[1:], by[:-1]
    takes = (
        starts[here] & ~starts[before] & (height[here] == height[before]) & (owner[order][here] == owner[order][before])
    )
    head = np.arange(count, dtype=np.int32)
    head[span[here[takes]]] = span[before[takes]]
    while True:
        further = head[head]
        if np.array_equal(further, head):
            return head
        head = further

"""Which spans a run's length hangs on: walking back from the end, always into the child that ended last.

In each span on the path, going back from its end: the child that ended last before this moment is on the path too,
and the walk goes on from that child's start. What ran beside it made the run no longer. A child has ended when all that
lies below it has: a model call's tools begin after it. No recursion, no child looked at twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.model import NO_TIME, Clock, Status
from tracetui.core.store.preorder import Rows, local_parents
from tracetui.core.store.reach import reach_of
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.store import Store

BUDGET: Final = 200_000
"""Spans on the path after which the walk stops: it should not be felt."""


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The spans on the critical path of a run."""

    rows: Ints
    """Ascending."""
    complete: bool
    """False: the run is so large that the walk stopped on its way; what it found is on the path all the same."""

    def __contains__(self, row: int) -> bool:
        index = bisect_left(
            self.rows, row
        )  # asked for each row that is drawn: numpy would let other threads in between
        return index < len(self.rows) and int(self.rows[index]) == row

    def mask(self, rows: Rows) -> Bools:
        """Which of ``rows`` are on it."""
        return np.isin(rows, self.rows)


def critical_path(store: Store, run: int, budget: int = BUDGET) -> CriticalPath:
    """The critical path of a run. Empty without times; an open span ends at the newest record of its run."""
    this = store.runs[run]
    rows: Ints = store.rows_of_run(run)
    if this.clock is Clock.order_only or this.last_time == NO_TIME or not len(rows):
        return CriticalPath(np.empty(0, np.int32), True)
    start, end = _times(store, rows, this.last_time)
    parent = local_parents(store, rows)
    walk = _Walk(parent, start, np.where(start == NO_TIME, NO_TIME, reach_of(parent, end)))
    found = walk.back(this.last_time, budget)
    return CriticalPath(np.sort(rows[np.asarray(found, np.int32)]).astype(np.int32), walk.complete)


def _times(store: Store, rows: Ints, newest: int) -> tuple[Longs, Longs]:
    """Start and end of each span; -1 for both where it has no place in time."""
    spans = store.spans
    start: Longs = spans.np("start")[rows]
    end: Longs = spans.np("end")[rows]
    end = np.where((end == NO_TIME) & (spans.np("status")[rows] == Status.open), newest, end)
    placed = (start != NO_TIME) & (end >= start)
    return np.where(placed, start, NO_TIME), np.where(placed, end, NO_TIME)


def _window(numbers: Longs) -> memoryview[int]:
    """A window whose single elements are read several times faster than those of the array."""
    return memoryview(numbers)  # type: ignore[arg-type]  # typed as a buffer from numpy 2.3 on


class _Walk:
    """Children by parent in order of their ends, and the way back along them."""

    def __init__(self, parent: Ints, start: Longs, end: Longs) -> None:
        by = np.lexsort((start, end, parent))
        count = np.bincount(parent + 1, minlength=len(parent) + 1)
        stop = np.cumsum(count)
        self._stop = _window(stop)
        self._begin = _window(stop - count)
        self._children = _window(by)
        self._starts = _window(start[by])
        self._ends = _window(end[by])
        self.complete = True

    def back(self, moment: int, budget: int) -> list[int]:
        """Spans on the path, as indices; roots are the children of -1."""
        found: list[int] = []
        left = [(-1, moment)]
        while left:
            span, moment = left.pop()
            begin = self._begin[span + 1]
            at = bisect_right(self._ends, moment, begin, self._stop[span + 1]) - 1
            while at >= begin and self._ends[at] >= 0:
                if len(found) >= budget:
                    self.complete = False
                    return found
                found.append(self._children[at])
                left.append((found[-1], self._ends[at]))
                at = bisect_right(self._ends, self._starts[at], begin, at) - 1
        return found

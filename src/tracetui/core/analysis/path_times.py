"""The critical path of a run as a list: which spans it led through, and how much of the time each of them held it.

The spans are those of ``critical_path``. Of each counts the time in which no other span of the path in it was
active. Where that way is shorter than the longest span without children (spans outside of their parents' time, or
beside each other without a common parent), the way from the run to that span is the path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracetui.core.analysis.critical_path import critical_path
from tracetui.core.analysis.run_spans import RunSpans, covered, own_pieces
from tracetui.core.store.reach import reach_of
from tracetui.core.store.shape import Bools, Ints, Longs


@dataclass(frozen=True, slots=True)
class PathStep:
    """A span on the path."""

    row: int
    ns: int
    """Time on the path that is its own."""


@dataclass(frozen=True, slots=True)
class PathTimes:
    """The path and its length."""

    rows: Ints
    """In order of their starts; spans that hold nothing of it by themselves are left out."""
    ns: Longs
    """Of each of ``rows`` the time on the path that is its own."""
    spans: int
    """Spans on it, those left out included."""
    length_ns: int
    work_ns: int
    """Of that in spans at work, and not in those that hold them."""
    complete: bool
    """False: the run is so large that the way back from its end was not gone to its start."""

    def longest(self, limit: int) -> list[PathStep]:
        """The steps that took the most time, in order of their starts."""
        chosen = np.sort(np.lexsort((self.rows, -self.ns))[:limit])
        return [PathStep(row, ns) for row, ns in zip(self.rows[chosen].tolist(), self.ns[chosen].tolist(), strict=True)]


def path_times(spans: RunSpans) -> PathTimes | None:
    """The critical path of a run; None without times."""
    wall, begin = spans.wall, spans.begin
    if wall is None or begin < 0 or not spans.placed.any():
        return None
    found = critical_path(spans.store, spans.run.row)
    stop = begin + wall
    made = _measured(spans, np.isin(spans.rows, found.rows), begin, stop, complete=found.complete)
    node, longest = _longest_leaf(spans, begin, stop)
    if made.length_ns >= longest:
        return made
    chosen = np.zeros(len(spans), np.bool_)
    chosen[spans.path(node)] = True
    return _measured(spans, chosen, begin, stop, complete=True)


def _longest_leaf(spans: RunSpans, begin: int, stop: int) -> tuple[int, int]:
    """The finished span without children that is longest within the run's own time, and its length there."""
    leaf = np.ones(len(spans) + 1, np.bool_)
    leaf[spans.parent] = False  # -1, no parent, marks the spare place at the end
    inside = np.clip(spans.end, begin, stop) - np.clip(spans.start, begin, stop)
    inside = np.where(leaf[:-1] & (spans.took >= 0), inside, -1)
    node = int(np.argmax(inside))
    return node, int(inside[node])


def _measured(spans: RunSpans, chosen: Bools, begin: int, stop: int, *, complete: bool) -> PathTimes:
    node, low, high = own_pieces(spans, chosen, reach_of(spans.parent, spans.end))
    ns = np.zeros(len(spans), np.int64)
    np.add.at(ns, node, (np.clip(high, begin, stop) - np.clip(low, begin, stop)).clip(0))
    nodes = np.flatnonzero(ns > 0)
    nodes = nodes[np.lexsort((nodes, spans.start[nodes]))]
    every = np.flatnonzero(chosen & spans.placed)
    length = covered(np.clip(spans.start[every], begin, stop), np.clip(spans.end[every], begin, stop))
    at_work = ~spans.holder[node]
    work = covered(np.clip(low[at_work], begin, stop), np.clip(high[at_work], begin, stop))
    return PathTimes(spans.rows[nodes], ns[nodes], len(every), length, work, complete)

"""When something ran inside a span: the stretches of its children as one, what lies between, how much they cover.

Made once for a span, by one sort; after that each question is a search in arrays, however many children there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.analysis.slow import CONTAINERS
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.store import Store
    from tracetui.core.store.preorder import Preorder
    from tracetui.core.store.run_tree import RunTree

LEAST_SHARE: Final = 100
"""A gap is told if it takes at least one part in so many of its span: between any two spans lie microseconds."""


class Busy:
    """Disjoint stretches in order, from any stretches.

    Args:
        low: Where each begins, ns.
        high: Where it ends; one that has no length counts as a nanosecond.
    """

    def __init__(self, low: Longs, high: Longs) -> None:
        by = np.argsort(low, kind="stable")
        low, high = low[by], np.maximum(high, low + 1)[by]
        reach = np.maximum.accumulate(high) if len(high) else high
        first = np.concatenate(([True], low[1:] > reach[:-1])) if len(low) else np.empty(0, np.bool_)
        self.low: Longs = low[first]
        last = np.append(np.flatnonzero(first)[1:] - 1, len(low) - 1) if len(low) else np.empty(0, np.int64)
        self.high: Longs = reach[last]
        self._ends: Longs = np.append(self.high, 0)
        self._before: Longs = np.concatenate(([0], np.cumsum(self.high - self.low)))

    def until(self, moments: Longs) -> Longs:
        """Of each moment: how much of the time before it is covered."""
        at = np.searchsorted(self.low, moments, side="right")
        over = np.where(at > 0, self._ends[at - 1] - moments, 0) if len(self.low) else np.zeros_like(at)
        covered: Longs = self._before[at] - np.maximum(over, 0)
        return covered

    def shares(self, begin: int, length: int, parts: int, start: int, end: int) -> np.ndarray:
        """Of each of `parts` equal parts of a time: which share of what lies between `start` and `end` is covered.

        0.0 to 1.0; 0.0 too where nothing lies between them.
        """
        number = np.arange(parts + 1, dtype=np.int64)
        # Whole parts first: a century in ns times a hundred is beyond 64 bits.
        edges = begin + length // parts * number + length % parts * number // parts
        low, high = np.clip(edges[:-1], start, end), np.clip(edges[1:], start, end)
        covered = self.until(np.concatenate((low, high)))
        shares: np.ndarray = (covered[parts:] - covered[:parts]) / np.maximum(high - low, 1)
        return shares

    def gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """The gaps from `start` to `end` that are long enough to be told, in order: before, between and after."""
        low = np.concatenate(([start], np.clip(self.high, start, end)))
        high = np.concatenate((np.clip(self.low, start, end), [end]))
        told = high - low >= max(1, (end - start) // LEAST_SHARE)
        return list(zip(low[told].tolist(), high[told].tolist(), strict=True))


def busy_inside(store: Store, tree: RunTree, position: int, *, without_plain: bool = False) -> Busy:
    """When children of the span at a position ran, with what they began; one that is open runs until the newest record.

    Args:
        store: What has been read.
        tree: The run.
        position: Of the span in the tree.
        without_plain: Plain spans are parts of the work that they lie in and do not count.
    """
    spans = store.spans
    children = tree.children(position)
    rows: Ints = tree.rows()[children]
    start = spans.np("start")[rows]
    placed = start != NO_TIME
    if without_plain:
        placed &= spans.np("kind")[rows] != Kind.span
    return Busy(start[placed], _until(store, tree, position, children)[placed])


def _until(store: Store, tree: RunTree, position: int, children: Ints) -> Longs:
    """When the last of each child and of what lies below it ended: a model call's tools begin after it."""
    if not len(children):
        return np.empty(0, np.int64)
    spans, first = store.spans, position + 1
    rows: Ints = tree.rows()[first : position + tree.size(position)]
    start, end = spans.np("start")[rows], spans.np("end")[rows]
    is_open = (end == NO_TIME) & (start != NO_TIME)
    until = np.where(is_open, np.maximum(store.runs[tree.run].last_time, start), end)
    latest: Longs = np.maximum.reduceat(until, children - first)
    return latest


def holders(store: Store, tree: Preorder) -> Bools:
    """Of each position of a tree: whether it is an agent, chain, step or plain span with others below it."""
    is_container = np.zeros(max(Kind) + 1, np.bool_)
    is_container[list(CONTAINERS)] = True
    found: Bools = is_container[store.spans.np("kind")[tree.order]] & (tree.size > 1)
    return found

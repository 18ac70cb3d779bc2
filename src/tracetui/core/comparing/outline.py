"""Which rows of a comparison stand on the screen: what differs is seen, what is equal is folded to a line that counts it.

Made by walking what is visible only, so that a million equal spans cost nothing; a walk over a million rows that all differ
takes about a second, and whoever asks for it does so in a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from tracetui.core.comparing.alignment import NONE, Note
from tracetui.core.comparing.comparison import Comparison, Mark
from tracetui.core.model import NO_TIME
from tracetui.core.store.shape import Bools, Longs

Showing = Literal["folded", "differences"]
"""Equal rows: folded to a count where several stand together, or left out."""

STOP_NS: Final = 100_000_000
"""A row that differs in nothing but its time, and by less than this and less than ``STOP_SHARE``, is no stop."""
STOP_SHARE: Final = 0.10
"""Of the longer run."""

FOLDED_FROM: Final = 3
"""So many equal siblings in a row are one line."""


Line = tuple[int, int]
"""A row of the comparison and 0; or the first of several equal siblings, and how many the line stands for."""


@dataclass(slots=True)
class Folds:
    """What the user folded and opened, besides what is so at first."""

    turned: set[int] = field(default_factory=set)
    """Rows that are folded, or open, against what they are at first."""
    opened_runs: set[int] = field(default_factory=set)
    """First rows of equal siblings that are shown one by one."""
    all_open: bool = False


class Outline:
    """The lines of one comparison. Build it where a second does not matter; asking it costs nothing."""

    def __init__(self, comparison: Comparison) -> None:
        rows = comparison.alignment
        self._count = len(comparison)
        self._depth = memoryview(np.ascontiguousarray(rows.depth.astype(np.int32)))  # type: ignore[arg-type]  # as a buffer
        self._size = memoryview(np.ascontiguousarray(rows.size.astype(np.int32)))  # type: ignore[arg-type]
        self._leads = bytearray(comparison.leads.tobytes())
        self._opens = bytearray(self._opened_at_first(comparison).tobytes())
        self.stops: Longs = self._stops(comparison)
        """Rows that are a difference to stop at, in order: a subtree of one side is one, a group of calls as well."""
        more = _longer(comparison)
        self.slower: Longs = np.flatnonzero(((comparison.marks & Mark.time) > 0) & (more > 0))
        """Rows that took longer themselves on the second side."""
        self.longest_ns = int(np.abs(more).max(initial=0))
        """The largest difference of a time: what bars are drawn against."""
        self.label_of = _labels(comparison)
        self._broke_below = self._below(comparison, (comparison.marks & Mark.status) > 0).tobytes()

    @staticmethod
    def _one_sided(comparison: Comparison) -> Bools:
        rows = comparison.alignment
        found: Bools = ((rows.a == NONE) | (rows.b == NONE)) & ((rows.notes & Note.group) == 0)
        return found

    def _opened_at_first(self, comparison: Comparison) -> Bools:
        """Rows below which something differs that the row itself does not say."""
        rows = comparison.alignment
        one_sided = self._one_sided(comparison)
        told = comparison.differs & ~one_sided
        group = (rows.notes & Note.group) > 0
        # What only one side has is told by the topmost row of it, calls that are more by their group.
        hidden = told | (one_sided & ~self._within(comparison, one_sided | group))
        found: Bools = self._below(comparison, hidden) & ~one_sided
        return found

    @staticmethod
    def _below(comparison: Comparison, what: Bools) -> Bools:
        """Rows that have one of these below them."""
        sums = np.zeros(len(what) + 1, np.int64)
        np.cumsum(what, out=sums[1:])
        here = np.arange(len(what))
        found: Bools = sums[here + comparison.alignment.size] > sums[here + 1]
        return found

    @staticmethod
    def _within(comparison: Comparison, tops: Bools) -> Bools:
        """Rows below one of these."""
        rows = comparison.alignment
        at = np.flatnonzero(tops)
        steps = np.zeros(len(comparison) + 1, np.int64)
        np.add.at(steps, at + 1, 1)
        np.add.at(steps, at + rows.size[at], -1)
        found: Bools = np.cumsum(steps)[:-1] > 0
        return found

    def _stops(self, comparison: Comparison) -> Longs:
        rows = comparison.alignment
        one_sided, group = self._one_sided(comparison), (rows.notes & Note.group) > 0
        tops = one_sided & ~self._within(comparison, one_sided | group)
        return np.flatnonzero((comparison.differs & ~one_sided & ~_slightly(comparison)) | tops | group)

    def note(self, row: int, comparison: Comparison) -> None:
        """A row differs in what no column tells: in what it was given."""
        self._leads[row] = 1
        for above in comparison.tree.ancestors(row):
            self._leads[above] = self._opens[above] = 1
        if row not in self.stops:
            self.stops = np.sort(np.append(self.stops, row))

    # ------------------------------------------------------------ asking

    def has_below(self, row: int) -> bool:
        """Whether a row can be folded."""
        return self._size[row] > 1

    def is_open(self, row: int, folds: Folds) -> bool:
        """Whether what is below a row is shown."""
        if not self.has_below(row):
            return False
        return (folds.all_open or bool(self._opens[row])) != (row in folds.turned)

    def leads(self, row: int) -> bool:
        """Whether a row is a difference or has one below it."""
        return bool(self._leads[row])

    def is_origin(self, row: int) -> bool:
        """Whether no row below this one went another way: where a difference of status comes from."""
        return not self._broke_below[row]

    def lines(self, folds: Folds, showing: Showing) -> list[Line]:
        """The lines from top to bottom."""
        return list(self._walk(folds, showing))

    def _walk(self, folds: Folds, showing: Showing) -> Iterator[Line]:
        size, leads, count = self._size, self._leads, self._count
        index = inside_equal = 0  # up to where rows stand below an equal one that was opened
        shown_runs: dict[int, int] = {}  # depth to where equal siblings that are shown one by one end
        while index < count:
            if not leads[index]:
                if showing == "differences":
                    index += size[index]
                    continue
                depth = self._depth[index]
                if not folds.all_open and index >= inside_equal and index >= shown_runs.get(depth, 0):
                    equal, end = self._equal_siblings(index)
                    if equal >= FOLDED_FROM and index not in folds.opened_runs:
                        yield index, equal
                        index = end
                        continue
                    shown_runs[depth] = end
            yield index, 0
            if self.is_open(index, folds):
                if not leads[index]:
                    inside_equal = max(inside_equal, index + size[index])
                index += 1
            else:
                index += size[index]

    def _equal_siblings(self, first: int) -> tuple[int, int]:
        """How many equal siblings stand together from here on, and where they end."""
        depth, size, leads, count = self._depth, self._size, self._leads, self._count
        at, level, found = first, depth[first], 0
        while at < count and depth[at] == level and not leads[at]:
            found += 1
            at += size[at]
        return found, at

    def reveal(self, row: int, comparison: Comparison, folds: Folds) -> None:
        """Open what hides a row."""
        for above in comparison.tree.ancestors(row):
            if not self.is_open(above, folds):
                folds.turned ^= {above}
        at = row
        while at >= 0 and not self._leads[at]:
            folds.opened_runs.add(self._first_equal(at, comparison))
            at = comparison.parent(at)

    def _first_equal(self, row: int, comparison: Comparison) -> int:
        """The first of the equal siblings among which an equal row stands."""
        parent = comparison.parent(row)
        at = parent + 1
        first = at
        while at <= row:
            if self._leads[at]:
                first = at + self._size[at]
            at += self._size[at]
        return first if first <= row else row


def _longer(comparison: Comparison) -> Longs:
    """How much longer each row took on the second side, ns; 0 where that is not known, and for groups."""
    rows = comparison.alignment
    found = np.zeros(len(comparison), np.int64)
    for side, at, sign in ((comparison.one, rows.a, -1), (comparison.other, rows.b, 1)):
        there = np.flatnonzero(at != NONE)
        start, end = side.start[at[there]], side.end[at[there]]
        known = (start != NO_TIME) & (end != NO_TIME)
        found[there] += sign * np.where(known, np.maximum(end - start, 0), 0)
    return found


def _slightly(comparison: Comparison) -> Bools:
    """Pairs that differ in nothing but their time, and by so little that nobody looks for it."""
    lengths = (side.run.duration()[0] or 0 for side in (comparison.one, comparison.other))
    least = min(STOP_NS, int(STOP_SHARE * max(lengths)))
    in_place = (comparison.alignment.notes & Note.reordered) == 0
    found: Bools = (comparison.marks == Mark.time) & in_place & (np.abs(_longer(comparison)) < least)
    return found


def _labels(comparison: Comparison) -> Longs:
    """What the span of each row is called, as the number of its kind and name; -1 for groups."""
    rows = comparison.alignment
    found = np.full(len(comparison), -1, np.int64)
    for side, at in ((comparison.one, rows.a), (comparison.other, rows.b)):
        there = at != NONE
        found[there] = side.label[at[there]]
    return found

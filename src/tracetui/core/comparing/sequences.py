"""Two sequences of labels aligned in order: the longest common subsequence where that is affordable, else by count.

Exact up to ``EXACT`` pairs of elements at a time and ``Budget.pairs`` in all: rows of the table are kept as bits of large
integers, which is a thousand times faster than a table of numbers. Beyond that the first ``x`` of one side stands for the
first ``x`` of the other, the second for the second, as long as they come in order; the budget remembers that it was so.
The answer does not depend on which sequence is called the first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EXACT: Final = 400_000_000
"""Pairs of elements that are compared exactly at a time: 50 MB of bits, some 0.1 s."""


@dataclass(slots=True)
class Budget:
    """What one comparison may spend on exact alignments."""

    pairs: int = 4_000_000_000
    """Pairs of elements that may still be compared: a second or two."""
    approximate: bool = False
    """Something was aligned by count."""

    def take(self, pairs: int) -> bool:
        """Whether so many may be compared exactly; they are spent then."""
        if pairs > min(EXACT, self.pairs):
            self.approximate = True
            return False
        self.pairs -= pairs
        return True


def aligned(one: Sequence[int], other: Sequence[int], budget: Budget) -> tuple[list[int], list[int]]:
    """Places in both sequences of what is aligned, both ascending; labels at aligned places are equal."""
    head = _common(one, other)
    tail = 0
    most = min(len(one), len(other)) - head
    if most:
        tail = _common(one[len(one) - most :][::-1], other[len(other) - most :][::-1])
    left, right = one[head : len(one) - tail], other[head : len(other) - tail]
    first, second = list(range(head)), list(range(head))
    if left and right:
        mine, theirs = _middle(list(left), list(right), budget)
        first += [place + head for place in mine]
        second += [place + head for place in theirs]
    first += range(len(one) - tail, len(one))
    second += range(len(other) - tail, len(other))
    return first, second


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common beginning."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    for place, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return place
    return length


def _middle(one: list[int], other: list[int], budget: Budget) -> tuple[list[int], list[int]]:
    if (len(one), one) > (len(other), other):  # so that the order of the sides never decides
        second, first = _middle(other, one, budget)
        return first, second
    shared = set(one) & set(other)
    left = [place for place, label in enumerate(one) if label in shared]
    right = [place for place, label in enumerate(other) if label in shared]
    if not shared:
        return [], []
    labels, others = [one[place] for place in left], [other[place] for place in right]
    pairs = _exact(labels, others) if budget.take(len(labels) * len(others)) else _by_count(labels, others)
    return [left[place] for place, _ in pairs], [right[place] for _, place in pairs]


def _exact(one: list[int], other: list[int]) -> list[tuple[int, int]]:
    """The longest common subsequence, by rows of bits (Hyyrö): a 0 in row i, column j says that j made it longer."""
    where: dict[int, int] = {}
    for place, label in enumerate(other):
        where[label] = where.get(label, 0) | 1 << place
    full = (1 << len(other)) - 1
    row, rows = full, []
    for label in one:
        met = row & where.get(label, 0)
        row = ((row + met) | (row - met)) & full
        rows.append(row)
    found = []
    at, place = len(one) - 1, len(other) - 1
    while at >= 0 and place >= 0:
        if rows[at] >> place & 1:
            place -= 1
        elif at and not rows[at - 1] >> place & 1:
            at -= 1
        else:
            found.append((at, place))
            at, place = at - 1, place - 1
    return found[::-1]


def _by_count(one: list[int], other: list[int]) -> list[tuple[int, int]]:
    """The n-th of a label with the n-th of it, and of these pairs the most that stand in the same order."""
    places: dict[tuple[int, int], int] = {}
    seen: dict[int, int] = {}
    for place, label in enumerate(other):
        number = seen[label] = seen.get(label, 0) + 1
        places[label, number] = place
    seen.clear()
    pairs = []
    for place, label in enumerate(one):
        number = seen[label] = seen.get(label, 0) + 1
        if (label, number) in places:
            pairs.append((place, places[label, number]))
    return _rising(pairs)


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of ``pairs`` whose second members rise too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(ends, place)
        before.append(last[at - 1] if at else -1)
        if at == len(ends):
            ends.append(place)
            last.append(number)
        else:
            ends[at], last[at] = place, number
    found = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]

"""Parents worked out from times, as spans arrive: the innermost span whose interval contains another is its parent.

For producers that write a span when it ends and name no parent. Inner spans arrive first then, and an outer one takes in those
that have none closer. Spans in threads that overlap look like nesting; whoever shows it says that it is inferred.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import chain, repeat

_BLOCK = 512
"""Entries of a block before it is halved: small enough to shift, large enough that a run of 100,000 has only 200 blocks."""

_Entry = tuple[int, int, int]
"""Start, minus the end, number: sorted, an outer span comes right before its inner ones."""


class _Siblings:
    """Spans of one parent by start. None contains another, so their ends are sorted too."""

    __slots__ = ("ends", "numbers", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.numbers: list[int] = []

    def add(self, number: int, start: int, end: int) -> None:
        at = bisect_right(self.starts, start)
        self.starts.insert(at, start)
        self.ends.insert(at, end)
        self.numbers.insert(at, number)

    def remove(self, number: int, start: int) -> None:
        at = self.numbers.index(number, bisect_left(self.starts, start))
        del self.starts[at], self.ends[at], self.numbers[at]

    def take(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Take out and return those that lie within: number, start, end."""
        first, last = bisect_left(self.starts, start), bisect_right(self.ends, end)
        if first >= last:
            return []
        part = slice(first, last)
        taken = list(zip(self.numbers[part], self.starts[part], self.ends[part], strict=True))
        del self.starts[part], self.ends[part], self.numbers[part]
        return taken


class Containment:
    """The forest of intervals seen so far. Spans are the caller's numbers; one addition costs about a bisection.

    Spans that come in the order of their ends, as they do where a span is written when it ends, cost less: no span before them
    can contain them, and what they contain are the last of the outermost ones. They are sorted in by their starts only when one
    comes that is not in this order.
    """

    def __init__(self) -> None:
        self._siblings: dict[int, _Siblings] = {-1: _Siblings()}
        self._parent: dict[int, int] = {}
        """The parent of each span that has one."""
        self._blocks: list[list[_Entry]] = []
        self._latest_ends: list[int] = []
        self._unsorted: list[_Entry] = []
        self._last_end = -1
        """The latest end so far, and the earliest start of a span that ends there: a later span contains none of these."""
        self._last_start = -1

    def add(self, number: int, start: int, end: int) -> tuple[int | None, list[int]]:
        """Place a span: its parent, or None, and the spans that it takes over as their parent."""
        if (end > self._last_end or (end == self._last_end and start < self._last_start)) and (
            number not in self._siblings
        ):
            moved: list[tuple[int, int]] = []
            self.add_all(number, [start], [end], moved)
            return None, [child for child, _ in moved]
        self._sort()
        parent = self._innermost(start, end)
        siblings = self._siblings.get(parent) or self._siblings.setdefault(parent, _Siblings())
        taken = siblings.take(start, end)
        if taken:
            own = self._siblings.setdefault(number, _Siblings())
            for child, child_start, child_end in taken:
                own.add(child, child_start, child_end)
                self._parent[child] = number
        siblings.add(number, start, end)
        if parent >= 0:
            self._parent[number] = parent
        self._insert((start, -end, number))
        self._remember_last(start, end)
        return (None if parent < 0 else parent), [child for child, _, _ in taken]

    def add_all(self, first: int, starts: Sequence[int], ends: Sequence[int], moved: list[tuple[int, int]]) -> None:
        """Place many spans that were never placed before, numbered from ``first``, one after the other.

        ``moved`` takes every span that gets a parent by it, with this parent, in order: the last one counts.
        """
        outermost = self._siblings[-1]
        outer_starts, outer_ends, outer_numbers = outermost.starts, outermost.ends, outermost.numbers
        last_end, last_start = self._last_end, self._last_start
        put = self._unsorted.append
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), first):
            if end < last_end or (end == last_end and start >= last_start):
                self._last_end, self._last_start = last_end, last_start
                parent, children = self.add(number, start, end)
                last_end, last_start = self._last_end, self._last_start
                put = self._unsorted.append
                if parent is not None:
                    moved.append((number, parent))
                moved += [(child, number) for child in children]
                continue
            last_end, last_start = end, start
            if outer_starts and outer_starts[-1] >= start:
                at = bisect_left(outer_starts, start)
                own = self._siblings[number] = _Siblings()
                own.starts, own.ends, own.numbers = outer_starts[at:], outer_ends[at:], outer_numbers[at:]
                del outer_starts[at:], outer_ends[at:], outer_numbers[at:]
                children = own.numbers
                self._parent.update(zip(children, repeat(number)))
                moved += zip(children, repeat(number))
            outer_starts.append(start)
            outer_ends.append(end)
            outer_numbers.append(number)
            put((start, -end, number))
        self._last_end, self._last_start = last_end, last_start

    def remove(self, number: int, start: int, end: int) -> None:
        """Take a span out whose interval changes; the spans that it contains stay with it."""
        self._sort()
        entry = (start, -end, number)
        at = max(0, bisect_right(self._blocks, entry, key=lambda block: block[0]) - 1)
        block = self._blocks[at]
        del block[bisect_left(block, entry)]
        if block:
            self._latest_ends[at] = -min(block, key=lambda one: one[1])[1]
        else:
            del self._blocks[at], self._latest_ends[at]
        self._siblings[self._parent.pop(number, -1)].remove(number, start)

    def _remember_last(self, start: int, end: int) -> None:
        if end > self._last_end or (end == self._last_end and start < self._last_start):
            self._last_end, self._last_start = end, start

    def _sort(self) -> None:
        """Sort in what came in the order of its ends."""
        unsorted, self._unsorted = self._unsorted, []
        # Sorting everything again costs less than shifting, unless most is sorted already.
        if len(unsorted) < max(_BLOCK, len(self._blocks) * _BLOCK // 16):
            for entry in unsorted:
                self._insert(entry)
            return
        entries = sorted(chain(unsorted, *self._blocks))
        half = _BLOCK // 2
        self._blocks = [entries[at : at + half] for at in range(0, len(entries), half)]
        self._latest_ends = [-min(block, key=lambda one: one[1])[1] for block in self._blocks]

    def _insert(self, entry: _Entry) -> None:
        end = -entry[1]
        if not self._blocks:
            self._blocks.append([entry])
            self._latest_ends.append(end)
            return
        at = max(0, bisect_right(self._blocks, entry, key=lambda block: block[0]) - 1)
        block = self._blocks[at]
        insort(block, entry)
        self._latest_ends[at] = max(self._latest_ends[at], end)
        if len(block) > _BLOCK:
            half = [block[: _BLOCK // 2], block[_BLOCK // 2 :]]
            self._blocks[at : at + 1] = half
            self._latest_ends[at : at + 1] = [-min(part, key=lambda one: one[1])[1] for part in half]

    def _innermost(self, start: int, end: int) -> int:
        """The number of the containing span that starts last, and among those ends first; -1 for none."""
        entry: _Entry = (start, -end, -1)
        last = bisect_right(self._blocks, entry, key=lambda block: block[0]) - 1
        for at in range(last, -1, -1):
            if self._latest_ends[at] < end:
                continue
            block = self._blocks[at]
            before = bisect_left(block, entry) if at == last else len(block)
            for start_, minus_end, number in reversed(block[:before]):
                if -minus_end >= end and (start_, -minus_end) != (start, end):
                    return number
        return -1

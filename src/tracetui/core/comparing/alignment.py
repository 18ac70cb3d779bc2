"""Two trees as one: which span of one side stands for which of the other, by name path.

Children of aligned parents are aligned by label and in order. What is left over on both sides under one parent is paired by
label too, out of order. Equal subtrees are found by a hash and taken as one stretch, so that a million spans that went the
same way cost no loop. Calls of one name that stand together and are more on one side than on the other make a group.
Nothing recurses.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntFlag
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from tracetui.core.comparing.sequences import Budget, aligned
from tracetui.core.comparing.sides import Side
from tracetui.core.model import Flag
from tracetui.core.store.shape import Ints

_ASKED_EVERY: Final = 1_024
NONE: Final = -1
"""In place of a position: this side has no such span."""


class Note(IntFlag):
    """What is to be said of a row beside its figures."""

    none = 0
    group = 1
    """Stands for the rows below it: calls of one name that stand together."""
    reordered = 2
    """Under the same parent, but in another place among the others."""
    renamed = 4
    """Aligned although the names differ: the only root, or a row that groups others."""
    repeated = 8
    """Only on one side, while the other has calls of that name under the same parent."""
    moved = 16
    """Only on one side here; the same subtree stands elsewhere on the other."""
    parallel = 32
    """With ``reordered``: runs at the same time as its neighbours, so that their order says nothing."""


@dataclass(slots=True)
class Alignment:
    """Rows in preorder, as columns. Each span of either side is in exactly one of them."""

    a: Ints
    """Position on the first side, ``NONE`` where it has no such span (or the row is a group)."""
    b: Ints
    depth: Ints
    size: Ints
    """Rows in the subtree, itself included."""
    notes: npt.NDArray[np.uint8]
    approximate: bool
    """Somewhere there was too much to align exactly."""

    def __len__(self) -> int:
        return len(self.a)


@dataclass(slots=True)
class _Item:
    """What stands under a pair: a child of either side or of both, or several of them as a group."""

    a: int
    b: int
    note: Note = Note.none
    many: int = 1
    """So many spans from here on are whole subtrees that follow one another: equal on both sides, or all of one side."""
    members: list[_Item] | None = None


def _column() -> array[int]:
    return array("i")


@dataclass(slots=True)
class _Rows:
    """Columns that are being made, piece by piece."""

    a: array[int] = field(default_factory=_column)
    b: array[int] = field(default_factory=_column)
    depth: array[int] = field(default_factory=_column)
    size: array[int] = field(default_factory=_column)
    notes: list[tuple[int, Note]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.a)

    def single(self, a: int, b: int, depth: int, size: int = 1) -> None:
        """One row; where its subtree follows, its size has to be put in."""
        self.a.append(a)
        self.b.append(b)
        self.depth.append(depth)
        self.size.append(size)

    def stretch(self, one: Side | None, at: int, other: Side | None, there: int, length: int, depth: int) -> None:
        """Subtrees as they are, of one side or of both."""
        if length == 1:
            self.single(at, there, depth)
            return
        side, place = (one, at) if one is not None else (other, there)
        if side is None:
            return
        for column, begin in ((self.a, at), (self.b, there)):
            places = (
                np.full(length, NONE, np.int32) if begin == NONE else np.arange(begin, begin + length, dtype=np.int32)
            )
            column.frombytes(places.tobytes())
        own = side.tree.depth[place : place + length].astype(np.int32)
        self.depth.frombytes((own - (own[0] - np.int32(depth))).tobytes())
        self.size.frombytes(side.tree.size[place : place + length].astype(np.int32).tobytes())


def align(one: Side, other: Side, budget: Budget | None = None, go_on: Callable[[], None] = lambda: None) -> Alignment:
    """The two trees as one.

    Args:
        one: The first side.
        other: The second.
        budget: What exact alignments may cost.
        go_on: Called now and then; what it raises ends the work.
    """
    budget = Budget() if budget is None else budget
    rows = _Rows()
    steps = 0
    stack: list[tuple[_Item | None, int]] = [(item, 0) for item in reversed(_items(one, other, NONE, NONE, budget))]
    while stack:
        steps += 1
        if not steps % _ASKED_EVERY:
            go_on()
        item, number = stack.pop()
        if item is None:
            rows.size[number] = len(rows) - number  # all of its subtree is there
            continue
        if item.note:
            rows.notes += [(len(rows) + place, item.note) for place in _tops(one, other, item)]
        below = _emitted(rows, one, other, item, number, budget)
        if below is not None:
            stack.append((None, len(rows) - 1))
            stack += [(each, number + 1) for each in reversed(below)]
    return _alignment(rows, budget)


def _emitted(rows: _Rows, one: Side, other: Side, item: _Item, depth: int, budget: Budget) -> list[_Item] | None:
    """Write the rows of an item; where those below it are still to come, they are returned."""
    if item.members:
        rows.single(NONE, NONE, depth)
        return item.members
    if item.b == NONE:
        rows.stretch(one, item.a, None, NONE, max(item.many, one.size(item.a)), depth)
    elif item.a == NONE:
        rows.stretch(None, NONE, other, item.b, max(item.many, other.size(item.b)), depth)
    elif item.many > 1:
        rows.stretch(one, item.a, other, item.b, item.many, depth)
    elif _equal(one, item.a, item.a + one.size(item.a), other, item.b, item.b + other.size(item.b)):
        rows.stretch(one, item.a, other, item.b, one.size(item.a), depth)
    else:
        rows.single(item.a, item.b, depth)
        return _items(one, other, item.a, item.b, budget)
    return None


def _tops(one: Side, other: Side, item: _Item) -> Iterator[int]:
    """How far behind the first row of an item each of its topmost rows stands."""
    yield 0
    if item.many > 1:
        side, begin = (other, item.b) if item.a == NONE else (one, item.a)
        at = begin + side.size(begin)
        while at < begin + item.many:
            yield at - begin
            at += side.size(at)


def _alignment(rows: _Rows, budget: Budget) -> Alignment:
    a, b, depth, size = (np.array(column, np.int32) for column in (rows.a, rows.b, rows.depth, rows.size))
    notes = np.zeros(len(a), np.uint8)
    for row, note in rows.notes:
        notes[row] |= int(note)
    return Alignment(a, b, depth, size, notes, budget.approximate)


def _equal(one: Side, begin: int, end: int, other: Side, start: int, stop: int) -> bool:
    """Whether two stretches of the trees have the same labels and shapes."""
    if end - begin != stop - start or one.shape_of(begin, end) != other.shape_of(start, stop):
        return False
    if end - begin == 1:
        return one.labels[begin] == other.labels[start]
    return np.array_equal(one.label[begin:end], other.label[start:stop]) and np.array_equal(
        one.tree.size[begin:end], other.tree.size[start:stop]
    )


def _items(one: Side, other: Side, above: int, over: int, budget: Budget) -> list[_Item]:
    """The children of an aligned pair, merged."""
    left, right = one.children(above), other.children(over)
    mine, theirs = [one.labels[place] for place in left], [other.labels[place] for place in right]
    first, second = aligned(mine, theirs, budget)
    if len(first) == len(left) == len(right):
        return _stretches(one, other, [_Item(a, b) for a, b in zip(left, right, strict=True)])
    merged = _Merging(one, other, left, right, mine, theirs, first, second).items(is_top=above == NONE)
    return [each for group in _grouped(one, other, merged) for each in group]


@dataclass(slots=True)
class _Merging:
    """The children of an aligned pair, some of which are aligned."""

    one: Side
    other: Side
    left: list[int]
    right: list[int]
    mine: list[int]
    """Labels."""
    theirs: list[int]
    first: list[int]
    """Indices of what is aligned."""
    second: list[int]

    def items(self, *, is_top: bool) -> list[_Item]:
        """All children in one order: of a gap first what only the first side has."""
        twin = self._leftovers(is_top=is_top)
        gone = set(twin.values())
        labels, others = set(self.mine), set(self.theirs)
        items: list[_Item] = []
        at = place = 0
        for a, b in zip([*self.first, len(self.left)], [*self.second, len(self.right)], strict=True):
            for only in range(at, a):
                if only not in gone:
                    note = Note.repeated if self.mine[only] in others else Note.none
                    items.append(_Item(self.left[only], NONE, note))
            for only in range(place, b):
                position = self.right[only]
                if only in twin:
                    items.append(_twins(self.one, self.other, self.left[twin[only]], position))
                else:
                    note = Note.repeated if self.theirs[only] in labels else Note.none
                    items.append(_Item(NONE, position, note))
            if a < len(self.left):
                items.append(_Item(self.left[a], self.right[b]))
            at, place = a + 1, b + 1
        return items

    def _leftovers(self, *, is_top: bool) -> dict[int, int]:
        """Index of a child of the second side to that of the first, of those that could not be aligned in order."""
        met, found = set(self.first), set(self.second)
        rest = [index for index in range(len(self.left)) if index not in met]
        free = [index for index in range(len(self.right)) if index not in found]
        if not rest or not free:
            return {}
        waiting: dict[int, deque[int]] = {}
        for index in rest:
            waiting.setdefault(self.mine[index], deque()).append(index)
        twin: dict[int, int] = {}
        for index in free:
            if waiting.get(self.theirs[index]):
                twin[index] = waiting[self.theirs[index]].popleft()
        gone = set(twin.values())
        rest = [index for index in rest if index not in gone]
        free = [index for index in free if index not in twin]
        if is_top and len(rest) == len(free) == 1:
            if self.one.kind[self.left[rest[0]]] == self.other.kind[self.right[free[0]]]:
                twin[free[0]] = rest[0]
            return twin
        return twin | self._invented(rest, free)

    def _invented(self, rest: list[int], free: list[int]) -> dict[int, int]:
        """Rows that only group others are called after what is in them: the first with the first."""
        mine = [index for index in rest if self.one.flags[self.left[index]] & Flag.invented]
        if not mine:
            return {}
        theirs = [index for index in free if self.other.flags[self.right[index]] & Flag.invented]
        return dict(zip(theirs, mine, strict=False))


def _twins(one: Side, other: Side, a: int, b: int) -> _Item:
    if one.labels[a] != other.labels[b]:
        return _Item(a, b, Note.renamed)
    parallel = _is_parallel(one, a) or _is_parallel(other, b)
    return _Item(a, b, Note.reordered | (Note.parallel if parallel else Note.none))


def _is_parallel(side: Side, position: int) -> bool:
    """Whether a span runs at the same time as the sibling before or after it."""
    siblings = side.children(int(side.parent[position]))
    at = bisect_left(siblings, position)
    for neighbour in siblings[max(0, at - 1) : at + 2]:
        if neighbour != position and min(side.end[position], side.end[neighbour]) > max(
            side.start[position], side.start[neighbour]
        ):
            return True
    return False


def _grouped(one: Side, other: Side, items: list[_Item]) -> list[list[_Item]]:
    """Items, with those of one name that stand together and are more on one side as a group."""

    def label(item: _Item) -> int:
        return one.labels[item.a] if item.a != NONE else other.labels[item.b]

    result: list[list[_Item]] = []
    plain: list[_Item] = []
    for _, each in groupby(items, label):
        members = list(each)
        count = sum(item.a != NONE for item in members)
        calls = sum(item.b != NONE for item in members)
        if max(count, calls) < 2 or count == calls:
            plain += members
            continue
        result += [
            _stretches(one, other, plain),
            [_Item(NONE, NONE, Note.group, members=_stretches(one, other, members))],
        ]
        plain = []
    return [*result, _stretches(one, other, plain)]


def _stretches(one: Side, other: Side, items: list[_Item]) -> list[_Item]:
    """Items, of which those that follow one another are one: equal on both sides, or all of one side."""
    result: list[_Item] = []
    begin = 0
    while begin < len(items):
        first = items[begin]
        if first.members is None and NONE in (first.a, first.b):
            end, many = _one_sided(one if first.b == NONE else other, items, begin)
            result.append(_Item(first.a, first.b, first.note, many) if end - begin > 1 else first)
        else:
            end, many = _equal_pairs(one, other, items, begin)
            result += [_Item(first.a, first.b, many=many)] if many else items[begin:end]
        begin = end
    return result


def _one_sided(side: Side, items: list[_Item], begin: int) -> tuple[int, int]:
    """Where items that only one side has cease to follow one another, and how many spans they are."""
    first = items[begin]
    place = first.a if first.b == NONE else first.b
    at, end = place + side.size(place), begin + 1
    while end < len(items):
        item = items[end]
        if item.members is not None or item.note != first.note or (item.b if first.a == NONE else item.a) != at:
            break
        if (item.a == NONE) != (first.a == NONE) or (item.b == NONE) != (first.b == NONE):
            break
        at += side.size(at)
        end += 1
    return end, at - place


def _equal_pairs(one: Side, other: Side, items: list[_Item], begin: int) -> tuple[int, int]:
    """Where pairs cease to follow one another, and how many spans they are; 0: their subtrees are not all equal."""
    first, end = items[begin], begin + 1
    if first.a == NONE or first.b == NONE or first.note:
        return end, 0
    a, b = first.a + one.size(first.a), first.b + other.size(first.b)
    while end < len(items) and (items[end].a, items[end].b) == (a, b) and not items[end].note:
        a, b = a + one.size(a), b + other.size(b)
        end += 1
    if end - begin > 1 and _equal(one, first.a, a, other, first.b, b):
        return end, a - first.a
    return end, 0

"""Two trees as one: which span of one side stands for which of the other, by name path.

Children of aligned parents are aligned by label and in order. What is left over on both sides under one parent is paired by
label too, out of order. Equal subtrees are found by a hash and taken as one stretch, so that a million spans that went the
same way cost no loop. Calls of one name that stand together and are more on one side than on the other make a group.
Nothing recurses.
"""

from __future__ import annotations

from collections import deque
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
    """So many children from here on, the same on both sides, all of their subtrees equal."""
    members: list[_Item] = field(default_factory=list)


@dataclass(slots=True)
class _Rows:
    """Columns that are being made, piece by piece."""

    a: list[Ints] = field(default_factory=list)
    b: list[Ints] = field(default_factory=list)
    depth: list[Ints] = field(default_factory=list)
    size: list[Ints] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    count: int = 0

    def stretch(self, one: Side | None, at: int, other: Side | None, there: int, length: int, depth: int) -> None:
        """Subtrees as they are, of one side or of both."""
        side, place = (one, at) if one is not None else (other, there)
        if side is None:
            return
        nothing = np.full(length, NONE, np.int32)
        self.a.append(np.arange(at, at + length, dtype=np.int32) if one is not None else nothing)
        self.b.append(np.arange(there, there + length, dtype=np.int32) if other is not None else nothing)
        own = side.tree.depth[place : place + length].astype(np.int32)
        self.depth.append(own - (own[0] - np.int32(depth)))
        self.size.append(side.tree.size[place : place + length].astype(np.int32))
        self.count += length

    def single(self, a: int, b: int, depth: int) -> Ints:
        """One row whose subtree follows; its size has to be put in."""
        for column, value in ((self.a, a), (self.b, b), (self.depth, depth), (self.size, 1)):
            column.append(np.full(1, value, np.int32))
        self.count += 1
        return self.size[-1]


def align(one: Side, other: Side, budget: Budget | None = None) -> Alignment:
    """The two trees as one."""
    budget = Budget() if budget is None else budget
    rows = _Rows()
    stack: list[tuple[_Item, int] | tuple[Ints, int]] = [
        (item, 0) for item in reversed(_items(one, other, NONE, NONE, budget))
    ]
    while stack:
        item, depth = stack.pop()
        if not isinstance(item, _Item):
            item[0] = rows.count - depth  # all of its subtree is there
            continue
        if item.note:
            rows.notes.append((rows.count, item.note))
        below = _emitted(rows, one, other, item, depth, budget)
        if below is not None:
            size, items = below
            stack.append((size, rows.count - 1))
            stack += [(each, depth + 1) for each in reversed(items)]
    return _alignment(rows, budget)


def _emitted(
    rows: _Rows, one: Side, other: Side, item: _Item, depth: int, budget: Budget
) -> tuple[Ints, list[_Item]] | None:
    """Write the rows of an item; where those below it are still to come, its size and them."""
    if item.members:
        return rows.single(NONE, NONE, depth), item.members
    if item.b == NONE:
        rows.stretch(one, item.a, None, NONE, one.size(item.a), depth)
    elif item.a == NONE:
        rows.stretch(None, NONE, other, item.b, other.size(item.b), depth)
    elif item.many > 1:
        rows.stretch(one, item.a, other, item.b, item.many, depth)
    elif _equal(one, item.a, item.a + one.size(item.a), other, item.b, item.b + other.size(item.b)):
        rows.stretch(one, item.a, other, item.b, one.size(item.a), depth)
    else:
        return rows.single(item.a, item.b, depth), _items(one, other, item.a, item.b, budget)
    return None


def _alignment(rows: _Rows, budget: Budget) -> Alignment:
    a, b, depth, size = (
        np.concatenate(column) if column else np.empty(0, np.int32)
        for column in (rows.a, rows.b, rows.depth, rows.size)
    )
    notes = np.zeros(len(a), np.uint8)
    for row, note in rows.notes:
        notes[row] |= int(note)
    return Alignment(a, b, depth, size, notes, budget.approximate)


def _equal(one: Side, begin: int, end: int, other: Side, start: int, stop: int) -> bool:
    """Whether two stretches of the trees have the same labels and shapes."""
    if end - begin != stop - start or one.shape_of(begin, end) != other.shape_of(start, stop):
        return False
    return np.array_equal(one.label[begin:end], other.label[start:stop]) and np.array_equal(
        one.tree.size[begin:end], other.tree.size[start:stop]
    )


def _items(one: Side, other: Side, above: int, over: int, budget: Budget) -> list[_Item]:
    """The children of an aligned pair, merged."""
    left, right = one.children(above), other.children(over)
    first, second = aligned(one.label[left], other.label[right], budget)
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    if len(pairs) == len(left) == len(right):
        return _stretches(one, other, [_Item(int(left[a]), int(right[b])) for a, b in pairs])
    merged = _merged(one, other, left, right, pairs, is_top=above == NONE)
    return [each for group in _grouped(one, other, merged) for each in group]


def _merged(
    one: Side, other: Side, left: Ints, right: Ints, pairs: list[tuple[int, int]], *, is_top: bool
) -> list[_Item]:
    """All children in one order: of a gap first what only the first side has."""
    twin = _leftovers(one, other, left, right, pairs, is_top=is_top)
    gone = set(twin.values())
    labels, theirs = set(one.label[left].tolist()), set(other.label[right].tolist())
    items: list[_Item] = []
    at = place = 0
    for a, b in [*pairs, (len(left), len(right))]:
        for only in range(at, a):
            if only not in gone:
                repeated = Note.repeated if int(one.label[left[only]]) in theirs else Note.none
                items.append(_Item(int(left[only]), NONE, repeated))
        for only in range(place, b):
            position = int(right[only])
            if only in twin:
                items.append(_twins(one, other, int(left[twin[only]]), position))
            else:
                repeated = Note.repeated if int(other.label[position]) in labels else Note.none
                items.append(_Item(NONE, position, repeated))
        if a < len(left):
            items.append(_Item(int(left[a]), int(right[b])))
        at, place = a + 1, b + 1
    return items


def _twins(one: Side, other: Side, a: int, b: int) -> _Item:
    if one.label[a] != other.label[b]:
        return _Item(a, b, Note.renamed)
    parallel = _is_parallel(one, a) or _is_parallel(other, b)
    return _Item(a, b, Note.reordered | (Note.parallel if parallel else Note.none))


def _is_parallel(side: Side, position: int) -> bool:
    """Whether a span runs at the same time as the sibling before or after it."""
    siblings = side.children(int(side.parent[position]))
    at = int(siblings.searchsorted(np.int32(position)))
    for neighbour in siblings[max(0, at - 1) : at + 2].tolist():
        if neighbour != position and min(side.end[position], side.end[neighbour]) > max(
            side.start[position], side.start[neighbour]
        ):
            return True
    return False


def _leftovers(
    one: Side, other: Side, left: Ints, right: Ints, pairs: list[tuple[int, int]], *, is_top: bool
) -> dict[int, int]:
    """Index of a child of the second side to that of the first, of those that could not be aligned in order."""
    met, found = {a for a, _ in pairs}, {b for _, b in pairs}
    waiting: dict[int, deque[int]] = {}
    for index, label in enumerate(one.label[left].tolist()):
        if index not in met:
            waiting.setdefault(label, deque()).append(index)
    twin: dict[int, int] = {}
    for index, label in enumerate(other.label[right].tolist()):
        if index not in found and waiting.get(label):
            twin[index] = waiting[label].popleft()
    gone = set(twin.values())
    rest = [index for index in range(len(left)) if index not in met and index not in gone]
    free = [index for index in range(len(right)) if index not in found and index not in twin]
    if is_top and len(rest) == len(free) == 1 and one.kind[left[rest[0]]] == other.kind[right[free[0]]]:
        return twin | {free[0]: rest[0]}
    return twin | _invented(one, other, left[rest], right[free], rest, free)


def _invented(one: Side, other: Side, left: Ints, right: Ints, rest: list[int], free: list[int]) -> dict[int, int]:
    """Rows that only group others are called after what is in them: the first with the first."""
    mine = [index for index, position in zip(rest, left.tolist(), strict=True) if one.flags[position] & Flag.invented]
    their = [
        index for index, position in zip(free, right.tolist(), strict=True) if other.flags[position] & Flag.invented
    ]
    return dict(zip(their, mine, strict=False))


def _grouped(one: Side, other: Side, items: list[_Item]) -> list[list[_Item]]:
    """Items, with those of one name that stand together and are more on one side as a group."""

    def label(item: _Item) -> int:
        return int(one.label[item.a] if item.a != NONE else other.label[item.b])

    result: list[list[_Item]] = []
    plain: list[_Item] = []
    for _, each in groupby(items, label):
        members = list(each)
        count = sum(item.a != NONE for item in members)
        calls = sum(item.b != NONE for item in members)
        if max(count, calls) < 2 or count == calls:
            plain += members
            continue
        result += [_stretches(one, other, plain), [_Item(NONE, NONE, Note.group, members=members)]]
        plain = []
    return [*result, _stretches(one, other, plain)]


def _stretches(one: Side, other: Side, items: list[_Item]) -> list[_Item]:
    """Items, with equal subtrees that follow one another on both sides as one."""
    result: list[_Item] = []
    begin = 0
    while begin < len(items):
        end = begin + 1
        if items[begin].a != NONE and items[begin].b != NONE and not items[begin].note:
            a, b = (items[begin].a + one.size(items[begin].a), items[begin].b + other.size(items[begin].b))
            while end < len(items) and (items[end].a, items[end].b) == (a, b) and not items[end].note:
                a, b = a + one.size(a), b + other.size(b)
                end += 1
            first = items[begin]
            if end - begin > 1 and _equal(one, first.a, a, other, first.b, b):
                result.append(_Item(first.a, first.b, many=a - first.a))
                begin = end
                continue
        result += items[begin:end]
        begin = end
    return result

"""The spans of one run as a tree in preorder: parallel arrays and the way back from span row to position.

Made from the store's ``parent`` column, whatever it says: children before parents, parents that were only named, dropped
parents, circles. New spans of a live run are spliced in; whatever else changes the shape means building anew. 14 bytes a span.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, Flag
from tracetui.core.store.row_blocks import RowBlocks
from tracetui.core.store.shape import Bools, Ints, Longs, prefix, runs_of, shape

if TYPE_CHECKING:
    from tracetui.core.store.store import Store

Depths = npt.NDArray[np.uint16 | np.int32]
Rows = npt.NDArray[np.integer]
_Number = TypeVar("_Number", bound=np.generic)

_NO_KEY = np.iinfo(np.int64).max
"""Sorts after every time: spans without any stand last among siblings in order of time."""
_FEW = 64
"""So few rows are found faster one by one."""
_BLOCKS = 1024
"""So few blocks are put between others one by one: a copy of what lies between costs less than a mask over all."""
_DEEP = np.iinfo(np.uint16).max


@dataclass(slots=True)
class Preorder:
    """A forest in preorder. Positions count from 0; the subtree of position ``p`` is ``p`` to ``p + size[p]``, exclusive."""

    order: Ints
    """Span row at each position."""
    depth: Depths
    """0 for roots. uint16, or int32 where the tree is deeper than that."""
    size: Ints
    """Spans in the subtree, itself included."""
    by_row: Ints
    """Positions in ascending order of span rows."""
    cut: frozenset[int]
    """Span rows whose recorded parents go round in a circle: shown as roots."""
    _blocks: RowBlocks | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_run(cls, store: Store, run: int) -> Preorder:
        """The tree of a run, from nothing."""
        rows = store.rows_of_run(run)
        parent = local_parents(store, rows)
        keys = _time_keys(store, rows, parent) if store.runs[run].order_by_time else None
        made = shape(parent, keys)
        cut = frozenset(rows[made.cut].tolist())
        return cls(rows[made.order], _depths(made.depth), made.size, made.position, cut, RowBlocks.of(rows))

    def __len__(self) -> int:
        return len(self.order)

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self.order.nbytes + self.depth.nbytes + self.size.nbytes + self.by_row.nbytes + self.blocks.nbytes

    @property
    def blocks(self) -> RowBlocks:
        """The span rows, ascending: which of them a row is."""
        if self._blocks is None:
            self._blocks = RowBlocks.of(self.order[self.by_row])
        return self._blocks

    def position(self, row: int) -> int:
        """Where a span row stands, -1 if it is not in the tree."""
        index = self.blocks.index(row)
        return int(self.by_row[index]) if index >= 0 else -1

    def positions(self, rows: Rows) -> Ints:
        """Where each of ``rows`` stands, -1 for those that are not in the tree."""
        if len(rows) <= _FEW:
            return np.asarray([self.position(row) for row in rows.tolist()], np.int32)
        index = self.blocks.indices(rows)
        if not len(self):
            return index
        found = self.by_row[index]
        found[index < 0] = -1
        return found

    def of_kinds(self, store: Store, kinds: Collection[int]) -> Bools:
        """Which positions hold a span of these kinds."""
        order, column, found = self.order, store.spans.np("kind"), np.zeros(len(self), np.bool_)
        if len(order) and order[-1] - order[0] == len(order) - 1 and bool(np.all(order[1:] > order[:-1])):
            column = column[
                order[0] : order[-1] + 1
            ]  # written in tree order, as one agent alone does: nothing to gather
        else:
            column = column[order]
        for kind in kinds:
            found |= column == kind
        return found

    def parent(self, position: int) -> int:
        """Position of the parent, -1 for a root: the nearest earlier span that is less deep."""
        level = int(self.depth[position])
        stop, width = (position if level else 0), 64
        while stop > 0:
            begin = max(0, stop - width)
            above = np.flatnonzero(self.depth[begin:stop] < level)
            if len(above):
                return begin + int(above[-1])
            stop, width = begin, width * 4
        return -1

    def ancestors(self, position: int) -> list[int]:
        """Positions of the ancestors from the root down, itself left out."""
        if self.depth[position] <= _FEW:
            climbed = [self.parent(position)]
            while climbed[-1] >= 0:
                climbed.append(self.parent(climbed[-1]))
            return climbed[-2::-1]
        before = np.arange(position, dtype=np.int32)
        found: list[int] = before[before + self.size[:position] > position].tolist()
        return found

    def parents(self, store: Store) -> Ints:
        """Position of each position's parent, -1 for roots; for work over the whole tree."""
        local = local_parents(store, self.order[self.by_row])
        found = np.full(len(self), -1, np.int32)
        inside = local >= 0
        found[self.by_row[inside]] = self.by_row[local[inside]]
        if self.cut:
            found[[self.position(row) for row in self.cut]] = -1
        return found

    def held(self, marks: npt.NDArray[np.integer | np.bool_]) -> Bools:
        """For each position: whether anything is marked in its subtree, itself included."""
        found = marks.astype(np.bool_)
        # Most spans of a large tree are leaves, which hold what they are.
        inner = np.flatnonzero(self.size > 1)
        sums = prefix(found)
        found[inner] = sums[inner + self.size[inner]] > sums[inner]
        return found

    def in_time_order(self, store: Store) -> bool:
        """Whether siblings still stand in order of their start times."""
        rows = self.order[self.by_row]
        keys = np.empty(len(self), np.int64)
        keys[self.by_row] = _time_keys(store, rows, local_parents(store, rows))
        here = np.arange(len(self), dtype=np.int32)
        after = here + self.size
        inside = after < len(self)
        here, after = here[inside], after[inside]
        siblings = self.depth[here] == self.depth[after]
        here, after = here[siblings], after[siblings]
        early = keys[here] < keys[after]
        tied = (keys[here] == keys[after]) & (self.order[here] < self.order[after])
        return bool(np.all(early | tied))

    def grow(self, store: Store, rows: Rows) -> Splice | None:
        """Put new span ``rows`` after the children that their parents have. None, and unchanged: it has to be built anew."""
        if not len(rows):
            return None
        if len(self) and rows[0] <= self.blocks.last:
            return None
        local, anchor = self._anchors(store, rows)
        made = shape(local)
        splice, fresh = self._splice(made.depth, made.size, anchor[made.order])
        grown = self._grown(splice)  # climbs by the old depths, so before they change
        self.depth = _deepened(splice, self.depth, made.depth[fresh] + splice.depth)
        self.size = splice.into(grown, made.size[fresh])
        self.order = splice.into(self.order, np.asarray(rows, np.int32)[made.order[fresh]])
        shifted = splice.moved(self.by_row)
        added = np.empty(len(rows), np.int32)
        added[made.order[fresh]] = splice.places()
        self._blocks = self.blocks.grown(rows)
        self.by_row = np.concatenate((shifted, added))
        self.cut |= frozenset(np.asarray(rows)[made.cut].tolist())
        return splice

    def _anchors(self, store: Store, rows: Rows) -> tuple[Ints, Ints]:
        """Of each new span: its parent among the new ones (-1: none), else its parent's position (-1: a root)."""
        parent = live_parents(store, rows)
        local = RowBlocks.of(rows).indices(parent)
        anchor = self.positions(parent)
        anchor[local >= 0] = -1
        return local, anchor

    def _splice(self, depth: Ints, size: Ints, anchor: Ints) -> tuple[Splice, Rows]:
        """Where each tree of the new forest goes, and the order in which its spans do."""
        heads = np.flatnonzero(depth == 0)
        under = anchor[heads]
        rooted = under < 0
        point = np.where(rooted, len(self), under + self.size[under] if len(self) else 0)
        deep = np.where(rooted, -1, self.depth[under].astype(np.int32) if len(self) else -1)
        # Where several subtrees end at one place, the deepest ends first.
        by = np.lexsort((heads, -deep, point))
        length = size[heads][by]
        splice = Splice(len(self), point[by], length, under[by], np.repeat(deep[by] + 1, length))
        return splice, runs_of(heads[by], length)

    def _grown(self, splice: Splice) -> Ints:
        """Sizes with what came into each subtree."""
        if len(splice.under) <= _FEW:
            size = self.size.copy()
            for under, length in zip(splice.under.tolist(), splice.length.tolist(), strict=True):
                if under >= 0:
                    size[[*self.ancestors(under), under]] += length
            return size
        added = np.zeros(len(self), np.int32)
        inside = splice.under >= 0
        np.add.at(added, splice.under[inside], splice.length[inside])
        sums = prefix(added)
        ends = np.arange(len(self), dtype=np.int32) + self.size
        grown: Ints = self.size + sums[ends] - sums[:-1]
        return grown


@dataclass(slots=True)
class Splice:
    """Where blocks of new positions went. Blocks are in order; equal points in this order."""

    before: int
    """Positions there were."""
    point: Rows
    """Old position before which each block stands."""
    length: Rows
    under: Ints
    """Old position of each block's parent, -1 for roots."""
    depth: Ints
    """What to add to the depth of each new span."""

    def into(self, old: npt.NDArray[_Number], new: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """A column over the old positions with the new spans' values in their places."""
        if len(self.point) > _BLOCKS:
            at = self.places()
            column = np.empty(len(old) + len(new), old.dtype)
            was = np.ones(len(column), np.bool_)
            was[at] = False
            column[at], column[was] = new, old
            return column
        parts, done, put = [], 0, 0
        for point, length in zip(self.point.tolist(), self.length.tolist(), strict=True):
            parts += [old[done:point], new[put : put + length]]
            done, put = point, put + length
        return np.concatenate((*parts, old[done:])).astype(old.dtype, copy=False)

    def moved(self, positions: Ints) -> Ints:
        """Where old positions are now."""
        if len(self.point) <= _FEW // 16:
            now = positions.copy()
            for point, length in zip(self.point.tolist(), self.length.tolist(), strict=True):
                now += np.int32(length) * (positions >= point)
            return now
        shift = np.zeros(self.before + 1, np.int32)
        np.add.at(shift, self.point, self.length)
        return positions + np.cumsum(shift, dtype=np.int32)[positions]

    def places(self) -> Ints:
        """The new spans' positions, ascending."""
        at = np.repeat(np.asarray(self.point, np.int64), self.length) + np.arange(int(self.length.sum()))
        return at.astype(np.int32)


def local_parents(store: Store, rows: Rows) -> Ints:
    """Of each of ``rows`` (ascending, all of a run): which of them is its parent, -1 for roots."""
    return RowBlocks.of(rows).indices(live_parents(store, rows))


def live_parents(store: Store, rows: Rows) -> Ints:
    """Row of the parent of each of ``rows``, -1 for roots; a dropped parent gives way to its own."""
    spans = store.spans
    parent: Ints = spans.np("parent")[rows]
    dropped = (parent >= 0) & ((spans.np("flags")[parent] & Flag.dropped) > 0)
    known: dict[int, int] = {}
    for index in np.flatnonzero(dropped).tolist():
        parent[index] = _undropped(store, int(parent[index]), known)
    return parent


def _undropped(store: Store, row: int, known: dict[int, int]) -> int:
    """The nearest ancestor of a dropped row that is not dropped, -1 if there is none (or they go round in a circle)."""
    flags, parents, path = store.spans.flags, store.spans.parent, []
    while row >= 0 and flags[row] & Flag.dropped and row not in known:
        known[row] = -1
        path.append(row)
        row = parents[row]
    found = known.get(row, row)
    for passed in path:
        known[passed] = found
    return found


def _time_keys(store: Store, rows: Rows, parent: Ints) -> Longs:
    """What siblings are sorted by where time orders them: the start, or the first child's for one that was only named."""
    start: Longs = store.spans.np("start")[rows]
    keys = np.where(start == NO_TIME, _NO_KEY, start)
    timed = (parent >= 0) & (start != NO_TIME)
    first = np.full(len(rows), _NO_KEY, np.int64)
    np.minimum.at(first, parent[timed], start[timed])
    return np.where(start == NO_TIME, first, keys)


def _deepened(splice: Splice, old: Depths, new: Ints) -> Depths:
    if int(new.max()) > _DEEP or old.dtype == np.int32:
        return splice.into(old.astype(np.int32), new)
    return splice.into(old, new.astype(np.uint16))


def _depths(depth: Ints) -> Depths:
    return depth if len(depth) and int(depth.max()) > _DEEP else depth.astype(np.uint16)

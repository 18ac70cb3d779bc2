"""From parents to preorder: the order, depth and subtree size of every node of a forest, whatever the parents say.

Levels with many nodes are done by numpy, narrow ones by a plain loop, so that neither a wide tree nor a chain of 100,000 is
slow; there is no recursion. Circles, which only damaged or hostile recordings have, are cut at their first node.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NARROW = 64
"""Levels with fewer nodes than this are faster in a plain loop than in a dozen numpy calls."""


@dataclass(slots=True)
class Shape:
    """A forest in preorder, as node numbers."""

    order: Ints
    """Node at each position."""
    depth: Ints
    """Of each position; 0 for roots."""
    size: Ints
    """Nodes in the subtree at each position, itself included."""
    position: Ints
    """Of each node."""
    cut: list[int]
    """Nodes made roots because their parents go round in a circle."""


def shape(parent: Ints, key: Longs | None = None) -> Shape:
    """The forest that ``parent`` describes.

    Args:
        parent: of each node, by number; -1 for roots.
        key: siblings are in ascending order of it, then of their number; None: of their number.
    """
    cut = np.flatnonzero(parent == np.arange(len(parent), dtype=np.int32)).tolist()
    if cut:
        parent = _roots(parent, cut)
    levels = _Levels(parent, key)
    if levels.reached < len(parent):
        circles = _circles(parent, levels.missed())
        parent = _roots(parent, circles)
        levels = _Levels(parent, key)
        cut += circles
    size = levels.sizes()
    place = levels.places(size)
    return levels.shape(size, place, sorted(cut))


def prefix(counts: npt.NDArray[np.integer | np.bool_]) -> Ints:
    """Sums of everything before each element, and the whole at the end."""
    sums = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=sums[1:])
    return sums


def runs_of(start: npt.NDArray[np.integer], length: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """The numbers of several ranges, one range after another."""
    length = length.astype(np.int64)
    return np.repeat(start - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))


def _windows(*arrays: Ints) -> list[memoryview[int]]:
    """Windows whose single elements read and write faster than those of the arrays."""
    return [memoryview(array) for array in arrays]  # type: ignore[arg-type]  # memoryview(array) reads as int


def _roots(parent: Ints, nodes: list[int]) -> Ints:
    parent = parent.copy()
    parent[nodes] = -1
    return parent


def _circles(parent: Ints, missed: list[int]) -> list[int]:
    """The first node of each circle among nodes that no root leads to."""
    walk_of: dict[int, int] = {}
    up = dict(zip(missed, parent[missed].tolist(), strict=True))
    found = []
    for walk, node in enumerate(missed):
        while node not in walk_of:
            walk_of[node] = walk
            node = up[node]
        if walk_of[node] == walk:
            first, at = node, up[node]
            while at != node:
                first, at = min(first, at), up[at]
            found.append(first)
    return found


class _Levels:
    """All nodes level by level; within a level the children of one parent stand together, parents in the order of theirs."""

    def __init__(self, parent: Ints, key: Longs | None) -> None:
        total = len(parent)
        by_parent = np.argsort(parent, kind="stable") if key is None else np.lexsort((key, parent))
        self._children = by_parent.astype(np.int32)
        self._count = np.bincount(parent + 1, minlength=total + 1).astype(np.int32)
        """Of children by node + 1; the roots are the children of node -1."""
        self._first = prefix(self._count)
        self.nodes = np.empty(total, np.int32)
        self.bounds = self._fill()
        self.reached = self.bounds[-1]
        if self.reached == total:
            self._link()

    def _fill(self) -> list[int]:
        """Put the nodes in; returns where each level begins, and the end."""
        nodes, first, count, children = _windows(self.nodes, self._first, self._count, self._children)
        begin, end = 0, int(self._count[0])
        nodes[:end] = children[:end]
        bounds = [0]
        while end > begin:
            bounds.append(end)
            if end - begin >= NARROW:
                new = self._wide(begin, end)
            else:
                new = end
                for node in nodes[begin:end].tolist():
                    if amount := count[node + 1]:
                        at = first[node + 1]
                        nodes[new : new + amount] = children[at : at + amount]
                        new += amount
            begin, end = end, new
        return bounds

    def _wide(self, begin: int, end: int) -> int:
        above = self.nodes[begin:end] + 1
        found = self._children[runs_of(self._first[above], self._count[above])]
        self.nodes[end : end + len(found)] = found
        return end + len(found)

    def _link(self) -> None:
        """From here on nodes are told by their place in ``nodes``."""
        self._count = self._count[self.nodes + 1]
        roots = self.bounds[1] if len(self.bounds) > 1 else 0
        self._first = prefix(self._count) + np.int32(roots)

    def missed(self) -> list[int]:
        """Nodes that no root leads to, ascending."""
        seen = np.zeros(len(self.nodes), np.bool_)
        seen[self.nodes[: self.reached]] = True
        return np.flatnonzero(~seen).tolist()

    def sizes(self) -> Ints:
        """Subtree sizes, from the deepest level up."""
        size = np.ones(len(self.nodes), np.int32)
        sizes, first, count = _windows(size, self._first, self._count)
        for begin, end in reversed(list(pairwise(self.bounds))):
            if self._is_wide(begin, end):
                below, stop = int(self._first[begin]), int(self._first[end])
                sums = prefix(size[below:stop])
                edges = self._first[begin : end + 1] - below
                size[begin:end] += sums[edges[1:]] - sums[edges[:-1]]
            else:
                for node in range(begin, end):
                    at = first[node]
                    sizes[node] = 1 + sum(sizes[at : at + count[node]])
        return size

    def places(self, size: Ints) -> Ints:
        """Positions in preorder, from the roots down."""
        place = np.empty(len(size), np.int32)
        if not len(size):
            return place
        place[: self.bounds[1]] = prefix(size[: self.bounds[1]])[:-1]
        places, sizes, first, count = _windows(place, size, self._first, self._count)
        for begin, end in pairwise(self.bounds):
            if self._is_wide(begin, end):
                below, stop = int(self._first[begin]), int(self._first[end])
                before = prefix(size[below:stop])
                base = place[begin:end] + 1 - before[self._first[begin:end] - below]
                place[below:stop] = np.repeat(base, self._count[begin:end]) + before[:-1]
            else:
                for node in range(begin, end):
                    at, free = first[node], places[node] + 1
                    for child in range(at, at + count[node]):
                        places[child] = free
                        free += sizes[child]
        return place

    def _is_wide(self, begin: int, end: int) -> bool:
        return bool(end - begin >= NARROW or self._first[end] - self._first[begin] >= NARROW)

    def shape(self, size: Ints, place: Ints, cut: list[int]) -> Shape:
        """Everything by position instead of by level."""
        total = len(place)
        order, depth, sizes, position = (np.empty(total, np.int32) for _ in range(4))
        order[place] = self.nodes
        sizes[place] = size
        depth[place] = np.repeat(np.arange(len(self.bounds) - 1, dtype=np.int32), np.diff(self.bounds))
        position[self.nodes] = place
        return Shape(order, depth, sizes, position, cut)

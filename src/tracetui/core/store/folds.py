"""What folds hide: pure functions of a preorder and one byte a span (1 open, 0 folded)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tracetui.core.store.preorder import Preorder
from tracetui.core.store.shape import Bools

Folds = npt.NDArray[np.uint8]

SMALL: Final = 300
"""A run of at most so many spans opens with all of them shown."""
FIRST_ROWS: Final = 150
"""A larger one opens level by level, to as many rows as a few screens."""
FEW_ROOTS: Final = 10
"""So few roots alone say little: their children are shown as well, however many there are."""
_FEW_OPEN: Final = 16
"""So few open spans are gone through one by one: the path to a span, or the top of a run."""


def first_folds(tree: Preorder) -> Folds:
    """Small runs open whole, large ones to the level that fills a few screens."""
    if len(tree) <= SMALL:
        return np.ones(len(tree), np.uint8)
    per_level = np.cumsum(np.bincount(tree.depth))
    level = int(np.searchsorted(per_level, FIRST_ROWS, "right")) - 1
    if level == 0 and per_level[0] <= FEW_ROOTS:
        level = 1
    return (tree.depth < level).astype(np.uint8)


def unfolded(tree: Preorder, folds: Folds, begin: int, end: int) -> Bools | None:
    """Which positions of a range of whole subtrees no fold within the range hides; None: all of them."""
    opened = np.flatnonzero(folds[begin:end].view(np.bool_))
    if len(opened) <= _FEW_OPEN and end > begin:
        return _below(tree, opened, begin, end)
    size = tree.size[begin:end]
    folded = np.flatnonzero((folds[begin:end] == 0) & (size > 1))
    if not len(folded):
        return None
    covers = np.zeros(end - begin + 1, np.int32)
    covers[folded + 1] = 1
    np.subtract.at(covers, folded + size[folded], np.int32(1))
    np.cumsum(covers, out=covers)
    seen: Bools = covers[:-1] == 0
    return seen


def _below(tree: Preorder, opened: npt.NDArray[np.intp], begin: int, end: int) -> Bools:
    """What is seen of a range where only these, counted from its beginning, are open: its roots, and their children."""
    depth, size = tree.depth[begin:end], tree.size[begin:end]
    seen: Bools = depth == depth[0]
    for at in opened.tolist():
        if seen[at]:
            first, last = at + 1, at + int(size[at])
            seen[first:last] |= depth[first:last] == int(depth[at]) + 1
    return seen

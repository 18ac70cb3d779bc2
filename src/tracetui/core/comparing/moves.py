"""What stands on one side only, and elsewhere on the other: the same subtree, and the same arguments if they are recorded.

A leaf of the same name is not enough, it has to have the same arguments. Only so many arguments are read (``MOST``), the
largest subtrees first; where that was not enough is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tracetui.core.comparing.alignment import NONE, Alignment, Note
from tracetui.core.comparing.inputs import Inputs
from tracetui.core.comparing.sides import Side
from tracetui.core.store.shape import Ints

MOST: Final = 2_000
"""Spans of either side whose arguments are read."""


@dataclass(slots=True)
class Moves:
    """Which rows of one side stand for which of the other."""

    twin: Ints
    """By row: the row of the other side, ``NONE`` without."""
    stopped: bool = False
    """There were more spans than arguments were read of."""


def moved(one: Side, other: Side, rows: Alignment) -> Moves:
    """Find them, and mark their rows ``Note.moved``."""
    moves = Moves(np.full(len(rows), NONE, np.int32))
    group = (rows.notes & Note.group) > 0
    only_a, only_b = np.flatnonzero((rows.b == NONE) & ~group), np.flatnonzero((rows.a == NONE) & ~group)
    mine, theirs = one.label[rows.a[only_a]], other.label[rows.b[only_b]]
    gone = _candidates(one, rows.a, only_a[np.isin(mine, theirs)])
    new = _candidates(other, rows.b, only_b[np.isin(theirs, mine)])
    shared = sorted(gone.keys() & new.keys(), key=lambda key: (-key[1], key))
    inputs = Inputs(one), Inputs(other)
    left = [MOST, MOST]
    for key in shared:
        lists = [[(row, position) for row, position in found[key] if moves.twin[row] == NONE] for found in (gone, new)]
        by_input: list[dict[bytes, list[int]]] = [{}, {}]
        for number, found in enumerate(lists):
            if len(found) > left[number]:
                moves.stopped = True
            for row, position in found[: left[number]]:
                left[number] -= 1
                digest = inputs[number].digest(position)
                if digest is None and key[1] > 1:
                    digest = b""  # nothing is recorded of its arguments: its shape says enough
                if digest is not None:
                    by_input[number].setdefault(digest, []).append(row)
        for digest in by_input[0].keys() & by_input[1].keys():
            for row, twin in zip(by_input[0][digest], by_input[1][digest], strict=False):
                _pair(moves.twin, rows, row, twin, key[1])
    rows.notes[moves.twin != NONE] |= int(Note.moved)
    return moves


def _candidates(
    side: Side, positions: Ints, alone: npt.NDArray[np.int64]
) -> dict[tuple[int, int, int], list[tuple[int, int]]]:
    """Rows and positions of the spans that only this side has, by what they have to share with their twin."""
    found: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    for row in alone.tolist():
        position = int(positions[row])
        size = side.size(position)
        key = (side.labels[position], size, side.shape_of(position, position + size))
        found.setdefault(key, []).append((row, position))
    return found


def _pair(twin: Ints, rows: Alignment, mine: int, theirs: int, size: int) -> None:
    """Two equal subtrees, row by row. A part of one may have been taken by a larger one before."""
    here, there = np.arange(mine, mine + size), np.arange(theirs, theirs + size)
    if (
        rows.size[mine] != size
        or rows.size[theirs] != size
        or (twin[here] != NONE).any()
        or (twin[there] != NONE).any()
    ):
        return
    twin[here], twin[there] = there, here

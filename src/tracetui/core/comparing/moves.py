"""What stands on one side only, and elsewhere on the other: the same subtree, and the same arguments if they are recorded.

A leaf of the same name is not enough, it has to have the same arguments. Only so many arguments are read (``MOST``), the
largest subtrees first; where that was not enough is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from tracetui.core.comparing.alignment import NONE, Alignment, Note
from tracetui.core.comparing.inputs import Inputs
from tracetui.core.comparing.sides import Side
from tracetui.core.store.shape import Ints, Longs

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
    mine, theirs = one.shapes_of(rows.a[only_a]), other.shapes_of(rows.b[only_b])
    gone = _candidates(one, rows.a, only_a[np.isin(mine, theirs)])
    new = _candidates(other, rows.b, only_b[np.isin(theirs, mine)])
    shared = sorted(gone.keys() & new.keys(), key=lambda key: (-key[1], key))
    inputs = Inputs(one), Inputs(other)
    left = [MOST, MOST]
    for key in shared:
        by_input: list[dict[bytes, list[int]]] = [{}, {}]
        for number, (found, positions) in enumerate(((gone[key], rows.a), (new[key], rows.b))):
            untaken = found[moves.twin[found] == NONE]
            if len(untaken) > left[number]:
                moves.stopped = True
            for row in untaken[: left[number]].tolist():
                left[number] -= 1
                digest = inputs[number].digest(int(positions[row]))
                if digest is None and key[1] > 1:
                    digest = b""  # nothing is recorded of its arguments: its shape says enough
                if digest is not None:
                    by_input[number].setdefault(digest, []).append(row)
        for digest in by_input[0].keys() & by_input[1].keys():
            for row, twin in zip(by_input[0][digest], by_input[1][digest], strict=False):
                _pair(moves.twin, rows, row, twin, key[1])
    rows.notes[moves.twin != NONE] |= int(Note.moved)
    return moves


def _candidates(side: Side, positions: Ints, alone: Longs) -> dict[tuple[int, int, int], Longs]:
    """Rows that only this side has, ascending, by what they have to share with their twin."""
    at = positions[alone]
    columns = side.label[at], side.tree.size[at].astype(np.int64), side.shapes_of(at)
    order = np.lexsort(columns[::-1])
    changes = np.zeros(len(order), np.bool_)
    changes[:1] = True
    for column in columns:
        changes[1:] |= np.diff(column[order]) != 0
    begins = np.flatnonzero(changes)
    found: dict[tuple[int, int, int], Longs] = {}
    for begin, end in pairwise([*begins.tolist(), len(order)]):
        label, size, shape = (int(column[order[begin]]) for column in columns)
        found[label, size, shape] = alone[order[begin:end]]
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

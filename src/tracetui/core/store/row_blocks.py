"""Which of a run's rows a row is: ascending rows kept as stretches without a hole.

The rows of a run that was read alone are one stretch; beside other files they come in one stretch a batch. So a few hundred
numbers stand for a million rows, and what is looked up among them stays in the processor's cache.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import numpy.typing as npt

from tracetui.core.store.shape import Ints

_Rows = npt.NDArray[np.integer]


class RowBlocks:
    """Ascending rows. Make them with `of`; they do not change."""

    __slots__ = ("_before", "_first", "last")

    def __init__(self, first: Ints, before: Ints) -> None:
        self._first = first
        """The first row of each stretch."""
        self._before = before
        """How many rows stand before each stretch, and in the end how many there are."""
        self.last = int(first[-1] + before[-1] - before[-2] - 1) if len(first) else -1
        """The last row, -1 where there is none."""

    @classmethod
    def of(cls, rows: _Rows) -> RowBlocks:
        """The stretches of ascending rows."""
        count = len(rows)
        if not count:
            return cls(np.empty(0, np.int32), np.zeros(1, np.int32))
        if int(rows[-1]) - int(rows[0]) == count - 1:
            begin = np.zeros(1, np.int64)
        else:
            begin = np.concatenate(([0], np.flatnonzero(rows[1:] - rows[:-1] != 1) + 1))
        return cls(rows[begin].astype(np.int32), np.append(begin, count).astype(np.int32))

    def __len__(self) -> int:
        return int(self._before[-1])

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self._first.nbytes + self._before.nbytes

    def grown(self, rows: _Rows) -> RowBlocks:
        """With rows that come after all of these."""
        more = RowBlocks.of(rows)
        joins = bool(len(self) and len(more)) and int(more._first[0]) == self.last + 1
        first = np.concatenate((self._first, more._first[1:] if joins else more._first))
        before = np.concatenate((self._before[:-1], (more._before + self._before[-1])[1 if joins else 0 :]))
        return RowBlocks(first, before.astype(np.int32))

    def index(self, row: int) -> int:
        """Which of them a row is, -1 if it is none."""
        # Not numpy's search: that lets other threads in, for each single row anew.
        block = bisect_right(memoryview(self._first), row) - 1  # type: ignore[arg-type]  # memoryview(array) reads as int
        if block < 0:
            return -1
        index = int(self._before[block]) + row - int(self._first[block])
        return index if index < self._before[block + 1] else -1

    def indices(self, rows: _Rows) -> Ints:
        """Which of them each of these is, -1 where it is none."""
        if len(self._first) <= 1:
            index = rows.astype(np.int32) - np.int32(self._first[0] if len(self) else 0)
            index[(index < 0) | (index >= len(self))] = -1
            return index
        block = np.searchsorted(self._first, rows, "right") - 1
        outside = block < 0
        block[outside] = 0
        index = (rows - self._first[block] + self._before[block]).astype(np.int32)
        index[outside | (index >= self._before[block + 1])] = -1
        return index

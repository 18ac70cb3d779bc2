"""Rows of a text that is made part by part: those of parts that nobody has looked at are counted by estimate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from itertools import accumulate
from typing import Final, Generic, TypeVar

_Row = TypeVar("_Row")

_KEPT: Final = 64
"""Parts whose rows are kept."""


class PartRows(ABC, Generic[_Row]):
    """Rows of a width, part after part. What is above and below a part moves as soon as it is made and measured."""

    def __init__(self) -> None:
        self._width = 0
        self._counts: list[int] = []
        self._sums: list[int] = []
        self._measured: set[int] = set()
        self._rows: dict[int, list[_Row]] = {}

    @abstractmethod
    def _counted(self) -> list[int]:
        """Rows of each part at the width that is asked for now, by estimate or, with ``_rows_of``, exactly."""

    @abstractmethod
    def _made(self, part: int) -> list[_Row]:
        """The rows of a part."""

    def count(self, width: int) -> int:
        """How many rows there are; an estimate as long as part of a long text was not looked at."""
        self._layout(width)
        return self._sums[-1] if self._sums else 0

    def _row_at(self, index: int, width: int) -> _Row | None:
        """Row ``index``; None where the estimate was too high."""
        self._layout(width)
        while self._sums and 0 <= index < self._sums[-1]:
            part = bisect_right(self._sums, index)
            before = self._before(part)
            known = part in self._measured
            rows = self._rows_of(part)
            if known or index - before < len(rows):
                return rows[index - before]
        return None

    def _before(self, part: int) -> int:
        """Rows above a part."""
        return self._sums[part - 1] if part else 0

    def _layout(self, width: int) -> None:
        if width == self._width:
            return
        self._width = width
        self._rows.clear()
        self._measured.clear()
        self._sums = []
        self._counts = self._counted()
        self._sums = list(accumulate(self._counts))

    def _rows_of(self, part: int) -> list[_Row]:
        """The rows of a part, made if they are not kept; the first time they are counted exactly from then on."""
        rows = self._rows.pop(part, None)
        if rows is None:
            rows = self._made(part)
            while len(self._rows) >= _KEPT:
                self._rows.pop(next(iter(self._rows)))
        self._rows[part] = rows
        if part not in self._measured:
            self._measured.add(part)
            if part < len(self._sums) and self._counts[part] != len(rows):
                self._counts[part] = len(rows)
                self._sums = list(accumulate(self._counts))
        return rows

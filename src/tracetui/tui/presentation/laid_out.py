"""A text of Markdown, code or a diff in rows of a width, of which only those that are looked at are ever worked out."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Final, Literal

from tracetui.core.symbols import UNICODE, Symbols
from tracetui.tui.presentation.markdown import Row, Stretch, code_stretches, draw, stretches

Sort = Literal["markdown", "code", "diff"]

MOST_CHARACTERS: Final = 1_000_000
"""A longer text is shown as it was written."""

SURE_ROWS: Final = 80
_KEPT: Final = 64


class LaidOut:
    """Rows of pieces, made stretch by stretch; those of stretches that nobody has looked at are counted by estimate.

    Args:
        text: Untrusted, of `MOST_CHARACTERS` at most.
        sort: What it is.
        language: Of code, as a fence or a file names it.
        symbols: For bars, bullets and rules.
        sure: Rows at the beginning that are counted and not estimated.
    """

    def __init__(
        self, text: str, sort: Sort, language: str = "", symbols: Symbols = UNICODE, sure: int = SURE_ROWS
    ) -> None:
        self.text = text
        self._sure = sure
        self._symbols = symbols
        if sort == "markdown":
            self._parts = stretches(text)
        else:
            self._parts = list(code_stretches(text, 0, len(text), "diff" if sort == "diff" else language))
        self._bare = sort != "markdown"
        self._width = 0
        self._counts: list[int] = []
        self._sums: list[int] = []
        self._rows: dict[int, list[Row]] = {}
        self._measured: set[int] = set()

    def count(self, width: int) -> int:
        """How many rows there are; an estimate as long as part of a long text was not looked at."""
        self._layout(width)
        return self._sums[-1] if self._sums else 0

    def row(self, index: int, width: int) -> Row:
        """Row `index`; empty where the estimate was too high."""
        self._layout(width)
        while self._sums and 0 <= index < self._sums[-1]:
            part = bisect_right(self._sums, index)
            before = self._sums[part - 1] if part else 0
            known = part in self._measured
            rows = self._drawn(part)
            if known or index - before < len(rows):
                return rows[index - before]
        return []

    def _layout(self, width: int) -> None:
        if width == self._width:
            return
        self._width = width
        self._rows.clear()
        self._measured.clear()
        self._counts = [self._estimate(part) for part in self._parts]
        rows = 0
        for number in range(len(self._parts)):
            if rows >= self._sure:
                break
            self._counts[number] = len(self._drawn(number, sums=False))
            rows += self._counts[number]
        self._sums = list(accumulate(self._counts))

    def _estimate(self, part: Stretch) -> int:
        lines = self.text.count("\n", part.start, part.stop)
        return max(1, lines, (part.stop - part.start) // max(8, self._width)) + 1

    def _drawn(self, number: int, sums: bool = True) -> list[Row]:
        rows = self._rows.pop(number, None)
        if rows is None:
            part = self._parts[number]
            rows = draw(self.text, part, self._width, self._symbols)
            if self._bare:
                rows = self._without_frame(rows, part)
            elif number and not (part.sort == "code" and part.line > 1):
                rows = [[], *rows]
            while len(self._rows) >= _KEPT:
                self._rows.pop(next(iter(self._rows)))
        self._rows[number] = rows
        if number not in self._measured:
            self._measured.add(number)
            if sums and self._counts[number] != len(rows):
                self._counts[number] = len(rows)
                self._sums = list(accumulate(self._counts))
        return rows

    @staticmethod
    def _without_frame(rows: list[Row], part: Stretch) -> list[Row]:
        """A whole text of code stands where its own bar is drawn, and says elsewhere what it is."""
        has_head = bool(part.language) and part.line == 1
        return [row[1:] for row in (rows[1:] if has_head else rows)]

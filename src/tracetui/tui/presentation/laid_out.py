"""A text of Markdown, code or a diff in rows of a width, of which only those that are looked at are ever worked out."""

from __future__ import annotations

from typing import Final, Literal

from tracetui.core.symbols import UNICODE, Symbols
from tracetui.tui.presentation.markdown import Row, Stretch, code_stretches, draw, stretches
from tracetui.tui.presentation.part_rows import PartRows

Sort = Literal["markdown", "code", "diff"]

MOST_CHARACTERS: Final = 1_000_000
"""A longer text is shown as it was written."""

SURE_ROWS: Final = 80


class LaidOut(PartRows[Row]):
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
        super().__init__()
        self.text = text
        self._sure = sure
        self._symbols = symbols
        if sort == "markdown":
            self._parts = stretches(text)
        else:
            self._parts = list(code_stretches(text, 0, len(text), "diff" if sort == "diff" else language))
        self._bare = sort != "markdown"

    def row(self, index: int, width: int) -> Row:
        """Row `index`; empty where the estimate was too high."""
        return self._row_at(index, width) or []

    def _counted(self) -> list[int]:
        counts = [self._estimate(part) for part in self._parts]
        rows = 0
        for number in range(len(self._parts)):
            if rows >= self._sure:
                break
            counts[number] = len(self._rows_of(number))
            rows += counts[number]
        return counts

    def _estimate(self, part: Stretch) -> int:
        lines = self.text.count("\n", part.start, part.stop)
        return max(1, lines, (part.stop - part.start) // max(8, self._width)) + 1

    def _made(self, part: int) -> list[Row]:
        stretch = self._parts[part]
        rows = draw(self.text, stretch, self._width, self._symbols)
        if self._bare:
            return self._without_frame(rows, stretch)
        return [[], *rows] if part and not (stretch.sort == "code" and stretch.line > 1) else rows

    @staticmethod
    def _without_frame(rows: list[Row], part: Stretch) -> list[Row]:
        """A whole text of code stands where its own bar is drawn, and says elsewhere what it is."""
        has_head = bool(part.language) and part.line == 1
        return [row[1:] for row in (rows[1:] if has_head else rows)]

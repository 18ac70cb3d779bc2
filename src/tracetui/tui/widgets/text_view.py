"""A text of any size: line numbers, wrapped or panned, hits marked; only what is visible is worked out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from tracetui.core.text import plain_ascii
from tracetui.tui.presentation.long_lines import TextRow, TextRows
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView, Scroll

_PAN: Final = 20
"""Characters that left and right move a text that is not wrapped."""
_NUMBERS_FROM: Final = 30
"""Cells from which on there is room for line numbers."""


class TextView(LineView):
    """Scrolls through a text; there is no cursor in it."""

    has_cursor = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "pan(-1)", "to the left (not wrapped)", id="viewer.left", show=False),
        Binding("right,l", "pan(1)", "to the right (not wrapped)", id="viewer.right", show=False),
    ]

    def __init__(self, session: Session, text: str, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self.rows = TextRows(text)
        self.current = -1
        """Number of the hit that one is at; -1: none."""
        self._version = self.rows.version

    @classmethod
    def of_rows(cls, session: Session, rows: TextRows) -> TextView:
        """A view of rows that a thread made."""
        view = cls(session, "")
        view.rows = rows
        return view

    # ------------------------------------------------------------ rows

    def row_count(self) -> int:
        """Rows of the text at this width."""
        self._arrange()
        return self.rows.count()

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A row behind its line number, hits marked."""
        self._arrange()
        row = self.rows.row(index)
        if row is None:
            return []
        pieces: list[Piece] = []
        if gutter := self._gutter():
            pieces.append((f"{row.line or '':>{gutter - 2}}  ", "muted"))
        return [*pieces, *self._marked(row)]

    def _marked(self, row: TextRow) -> list[Piece]:
        if self.session.symbols.is_ascii:
            return [(plain_ascii(row.text), "")]
        pieces: list[Piece] = []
        at = 0
        for start, end, number in row.hits:
            if start < at:
                continue
            pieces += [
                (row.text[at:start], ""),
                (row.text[start:end], "hit" if number == self.current else "hit underline"),
            ]
            at = end
        return [*pieces, (row.text[at:], "")]

    def _gutter(self) -> int:
        """Cells of the line numbers and the blanks behind them."""
        return len(str(self.rows.line_count)) + 3 if self.size.width >= _NUMBERS_FROM else 0

    def _arrange(self) -> None:
        width = max(1, self.size.width - self._gutter() - 1)
        rows = self.rows
        if width != rows.width and self.size.width:
            offset = rows.offset_of(self._top)
            rows.arrange(width, is_wrapped=rows.is_wrapped)
            self._top = rows.row_of(offset)
        if rows.version != self._version:
            self._version = rows.version
            self._strips.clear()
            self._epoch += 1

    # ------------------------------------------------------------ moving

    def scroll_rows(self, top: int) -> None:
        """Show the rows from `top` on, as far as there are any."""
        self._arrange()
        self._show_from(self.rows.step(self._top, top - self._top, self.page_height))

    def move_by(self, rows: int, scroll: Scroll = "auto") -> None:  # noqa: ARG002 - there is no cursor
        """Move the view."""
        self.scroll_rows(self._top + rows)

    def action_first(self) -> None:
        """To the beginning."""
        self._show_from(0)

    def action_last(self) -> None:
        """To the end."""
        self._arrange()
        self._show_from(self.rows.last_top(self.page_height))

    def show_offset(self, offset: int) -> None:
        """Bring a place of the text into view, where it is not; in a long line that is not wrapped also sideways."""
        self._arrange()
        row = self.rows.row_of(offset)
        height = self.page_height
        if not self._top <= row < self._top + height:
            self._show_from(self.rows.step(row, -(height // 3), height))
        if not self.rows.is_wrapped:
            column = offset - self.rows.offset_of(row)
            pan = self.rows.pan
            if not pan <= column < pan + self.rows.width - 1:
                self.rows.pan = max(0, column - self.rows.width // 2)
        self._again()

    def show_line(self, line: int) -> int:
        """Put a line at the top; which one it is: there may be fewer."""
        self._arrange()
        row = self.rows.row_of_line(line)
        shown = self.rows.line_of(row)
        self._show_from(self.rows.step(row, 0, self.page_height))
        return shown

    def toggle_wrap(self) -> bool:
        """Wrap long lines, or do not; the place stays. Whether they are wrapped now."""
        rows = self.rows
        offset = rows.offset_of(self._top)
        rows.pan = 0
        rows.arrange(rows.width, is_wrapped=not rows.is_wrapped)
        self._top = rows.row_of(offset)
        self._show_from(rows.step(self._top, 0, self.page_height))
        self._again()
        return rows.is_wrapped

    def action_pan(self, by: int) -> None:
        """Sideways, where lines are not wrapped."""
        if not self.rows.is_wrapped:
            self.rows.pan = max(0, self.rows.pan + by * _PAN)
            self._again()

    def _show_from(self, top: int) -> None:
        self._arrange()
        if top != self._top:
            self._top = top
            self.refresh()
            self.post_message(self.Moved(self, top, by_user=True))

    def _again(self) -> None:
        """Hits, or what is left out at the left, are others."""
        self._strips.clear()
        self._epoch += 1
        self.refresh()
        self.post_message(self.Moved(self, self._top, by_user=True))

    def mark(self, current: int) -> None:
        """Hits are others, or one is at another one."""
        self.current = current
        self._again()

    def shows_any(self, offsets: Sequence[int]) -> bool:
        """Whether one of these places of the text, which are in order, is on the screen."""
        self._arrange()
        first = self.rows.offset_of(self._top)
        last = self.rows.offset_of(self._top + self.page_height) + self.rows.width
        at = bisect_left(offsets, first)
        return at < len(offsets) and offsets[at] <= last

    def position(self) -> str:
        """`line 17 of 41,203  62%`: how much stands above the end of what is shown."""
        self._arrange()
        rows, last = self.rows, min(self._top + self.page_height, self.rows.count())
        seen = rows.offset_of(last) if last < rows.count() else len(rows.text)
        share = 100 * seen // max(1, len(rows.text))
        return f"line {rows.line_of(self._top):,} of {rows.line_count:,}  {share}%"

"""What differs at the selected row of a comparison: in words, and the texts with their changed lines."""

from __future__ import annotations

from textual import events

from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView


class CompareDetail(LineView):
    """Lines that scroll; made by who knows what they say."""

    has_cursor = False

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="compare-detail")
        self._rows: list[list[Piece]] = []
        self._about: object = None

    def put(self, rows: list[list[Piece]], about: object) -> None:
        """Show these lines; from the top, unless they are about the same as before."""
        if about != self._about:
            self._top = 0
        self._about = about
        if rows != self._rows:
            self._rows = rows
            self.refresh_all()

    def row_count(self) -> int:
        """How many lines there are."""
        return len(self._rows)

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002 - no cursor
        """One of them; the first, which is a rule, shows whether the keys go here."""
        row = [(" ", ""), *self._rows[index]] if self._rows[index] else []
        if index or not self.has_focus:
            return row
        styles = {"muted": "accent bold", "rule": "accent"}
        return [(piece, styles.get(style, style)) for piece, style in row]

    def on_focus(self, event: events.Focus) -> None:  # noqa: ARG002 - the base takes the event as well
        """The rule at the top looks different."""
        self.call_next(self.refresh_rows, (0,))

    def on_blur(self, event: events.Blur) -> None:  # noqa: ARG002 - the base takes the event as well
        """The rule at the top looks different."""
        self.call_next(self.refresh_rows, (0,))

    @property
    def more_words(self) -> str:
        """How much there is below; empty where all is seen."""
        below = self.row_count() - self.visible_rows.stop
        return f"{below:,} more below" if below > 0 else ""

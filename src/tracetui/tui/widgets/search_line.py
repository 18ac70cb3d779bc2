"""The line in which a search is typed: `/ timeout█   3 of 41`. It takes the place of the footer while it is open."""

from __future__ import annotations

from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_editor import LineEditor


class SearchLine(LineEditor):
    """Enter keeps what was found, esc forgets the search."""

    class Changed(LineEditor.Changed):
        """Another text is to be searched for."""

    class Submitted(LineEditor.Submitted):
        """Enter: keep what was found."""

    class Cancelled(LineEditor.Cancelled):
        """Esc: forget the search."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, " / ", id="search")

    def hints(self) -> list[Piece]:
        """The keys that go on from hit to hit."""
        return [("  n N", "muted")]

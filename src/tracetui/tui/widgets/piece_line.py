"""A widget of one line, made of pieces; it repaints only when what it says differs from what is shown."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from tracetui.tui.presentation import strip
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session


class PieceLine(Widget):
    """Header, rules, chips and footer. Subclasses say what `pieces` there are; `look_again` repaints if they differ."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    PieceLine {
        height: 1;
        width: 1fr;
        background: $background;
        color: $foreground;
    }
    """

    def __init__(self, session: Session, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.session = session
        self._shown: tuple[int, list[Piece]] | None = None

    def pieces(self, width: int) -> list[Piece]:
        """The whole line in at most `width` cells."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Repaint if the line says something else now."""
        width = self.size.width
        if width and self._shown != (width, self.pieces(width)):
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line; blank below it."""
        width = self.size.width
        if y:
            return Strip.blank(width, self.session.styles["text"])
        pieces = self.pieces(width)
        self._shown = (width, pieces)
        return strip(pieces, width, self.session.styles)

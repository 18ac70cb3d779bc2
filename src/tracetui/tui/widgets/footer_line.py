"""The last line: the keys of the focused pane, the most useful first; at the right where one is."""

from __future__ import annotations

from collections.abc import Sequence

from tracetui.tui.presentation.header import footer_line
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine


class FooterLine(PieceLine):
    """Keys and words, as many as fit."""

    def __init__(self, session: Session, *, id: str = "footer") -> None:
        super().__init__(session, id=id)
        self.keys: Sequence[tuple[str, str]] = ()
        self.right: list[Piece] = []
        self.always = ("?", "help")

    def show(self, keys: Sequence[tuple[str, str]], right: str = "") -> None:
        """Set what the footer says; texts of our own."""
        self.keys = keys
        self.right = [(right, "muted")] if right else []
        self.look_again()

    def pieces(self, width: int) -> list[Piece]:
        """The footer at this width."""
        return footer_line(self.keys, self.right, width, self.session.symbols, self.always)

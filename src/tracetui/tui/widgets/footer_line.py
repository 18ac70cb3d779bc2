"""The last line: the keys of the focused pane, the most useful first; at the right where one is."""

from __future__ import annotations

from collections.abc import Sequence

from tracetui.tui.keymaps import written
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
        self.always: Sequence[tuple[str, str]] = (("?", "help"),)
        """The keys that are named last in any case."""

    def show(self, keys: Sequence[tuple[str, str]], right: str = "") -> None:
        """Set what the footer says; texts of our own."""
        self.keys = keys
        self.right = [(right, "muted")] if right else []
        self.look_again()

    def pieces(self, width: int) -> list[Piece]:
        """The footer at this width, with the keys in force."""
        keys = [(shown, words) for key, words in self.keys if (shown := self._in_force(key))]
        always = [(self._in_force(key) or ":", words) for key, words in self.always]
        return footer_line(keys, self.right, width, self.session.symbols, always)

    def _in_force(self, key: str) -> str:
        if not self.session.keymap:
            return key
        focused = self.screen.focused
        nodes = [*([] if focused is None else [type(focused)]), type(self.screen), type(self.app)]
        return written(key, nodes, self.session.keymap)

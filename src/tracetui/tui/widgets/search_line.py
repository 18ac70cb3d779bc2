"""The line in which a search is typed: `/ timeout█   3 of 41`. It takes the place of the footer while it is open."""

from __future__ import annotations

from textual import events
from textual.message import Message

from tracetui.core.text import cell_width, safe
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine

_MOST_CHARACTERS = 500


class SearchLine(PieceLine, can_focus=True):
    """A line editor of few keys: letters, backspace, left, right, home, end, ctrl+u, ctrl+w; enter and esc end it."""

    class Changed(Message):
        """Another text is to be searched for."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter: keep what was found."""

    class Cancelled(Message):
        """Esc: forget the search."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="search")
        self.text = ""
        self.caret = 0
        self.answer = ""
        """What stands at the right: `3 of 41`."""

    def begin(self, text: str = "") -> None:
        """Start with `text`, the caret behind it."""
        self.text, self.caret, self.answer = text, len(text), ""
        self.look_again()

    def say(self, answer: str) -> None:
        """Show what was found; text of our own."""
        self.answer = answer
        self.look_again()

    def pieces(self, width: int) -> list[Piece]:
        """The line at this width; the caret is a cell in reverse."""
        symbols = self.session.symbols
        before, after = safe(self.text[: self.caret]), safe(self.text[self.caret :])
        room = max(8, width - 8 - len(self.answer) - 14)
        while cell_width(before) > room:
            before = before[1:]
        left: list[Piece] = [(" / ", "strong bold"), (before, ""), (after[:1] or " ", "selected"), (after[1:], "")]
        right: list[Piece] = [(self.answer, ""), ("  n N", "muted"), (" ", "")] if self.answer else []
        return cut_pieces(spread(left, right, width, symbols), width, symbols)

    def on_key(self, event: events.Key) -> None:
        """Edit; what is no key of the editor goes on to nobody."""
        event.stop()
        event.prevent_default()
        match event.key:
            case "enter":
                self.post_message(self.Submitted())
            case "escape":
                self.post_message(self.Cancelled())
            case "left":
                self._put_caret(self.caret - 1)
            case "right":
                self._put_caret(self.caret + 1)
            case "home" | "ctrl+a":
                self._put_caret(0)
            case "end" | "ctrl+e":
                self._put_caret(len(self.text))
            case "backspace" | "ctrl+h":
                self._replace(max(0, self.caret - 1), self.caret)
            case "delete":
                self._replace(self.caret, self.caret + 1)
            case "ctrl+u":
                self._replace(0, self.caret)
            case "ctrl+w":
                self._replace(len(self.text[: self.caret].rstrip().rpartition(" ")[0]), self.caret)
            case _ if event.is_printable and event.character:
                self._replace(self.caret, self.caret, event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line of what was pasted."""
        event.stop()
        self._replace(self.caret, self.caret, (event.text.splitlines() or [""])[0])

    def _put_caret(self, caret: int) -> None:
        self.caret = max(0, min(caret, len(self.text)))
        self.look_again()

    def _replace(self, start: int, stop: int, by: str = "") -> None:
        before = self.text
        self.text = (before[:start] + by + before[stop:])[:_MOST_CHARACTERS]
        self.caret = min(start + len(by), len(self.text))
        self.look_again()
        if self.text != before:
            self.post_message(self.Changed(self.text))

"""A line that is typed into, with a label and with what was typed before: a command, a line number, a path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.message import Message

from tracetui.core.text import cell_width, cut, safe
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine

_MOST_CHARACTERS = 2_000
TOO_LONG: Final = f"no more than {_MOST_CHARACTERS:,} characters"
_MOVES = {
    "left": (True, -1), "right": (True, 1), "home": (False, 0), "ctrl+a": (False, 0),
    "end": (False, _MOST_CHARACTERS), "ctrl+e": (False, _MOST_CHARACTERS),
}  # fmt: skip
"""Keys that move the caret: from where it is or from the beginning, by so many characters."""


class PromptLine(PieceLine, can_focus=True):
    """A line editor of few keys: letters, backspace, left, right, home, end, ctrl+u, ctrl+w; up and down go through history."""

    class Changed(Message):
        """Something else is typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cancelled(Message):
        """Esc."""

    def __init__(self, session: Session, label: str = "", *, id: str = "prompt") -> None:
        super().__init__(session, id=id)
        self.label = label
        self.text = ""
        self.caret = 0
        self.note = ""
        """What stands muted at the right: what is typed here, how many were found."""
        self._offered = ""
        self.history: list[str] = []
        """What was typed before, newest last."""
        self._at = 0
        self._draft = ""

    def begin(self, label: str, text: str = "", note: str = "", history: Sequence[str] = ()) -> None:
        """Ask for something; the caret stands behind what is there."""
        self.label, self.note = label, note
        self.history, self._at = list(history), len(history)
        self.text, self.caret = text, len(text)
        self._offered = text
        self.look_again()

    def say(self, note: str) -> None:
        """Set what stands at the right; text of ours, or safe."""
        self.note = note
        self.look_again()

    def pieces(self, width: int) -> list[Piece]:
        """The line at this width; the caret is a cell in reverse."""
        symbols = self.session.symbols
        before, after = safe(self.text[: self.caret]), safe(self.text[self.caret :])
        left: list[Piece] = [(f" {self.label} ", "strong bold")]
        note = cut(self.note, max(0, width // 2), symbols=symbols)
        room = max(8, width - cell_width(self.label) - 6 - cell_width(note))
        if self.text == self._offered and not after:  # as it was offered, a path shows both its ends
            before = cut(before, room, "path", symbols)
        while cell_width(before) > room:
            before = before[max(1, len(before) - room) :]
        left += [(before, ""), (after[:1] or " ", "selected"), (after[1:], "")]
        right: list[Piece] = [(note, "muted"), (" ", "")] if note else []
        return cut_pieces(spread(left, right, width, symbols), width, symbols)

    def on_key(self, event: events.Key) -> None:
        """Edit; what is no key of the editor goes on to nobody."""
        event.stop()
        event.prevent_default()
        match event.key:
            case "enter":
                self.post_message(self.Submitted(self.text))
            case "escape":
                self.post_message(self.Cancelled())
            case "up" | "ctrl+p":
                self._recall(-1)
            case "down" | "ctrl+n":
                self._recall(1)
            case key if key in _MOVES:
                from_caret, by = _MOVES[key]
                self._put_caret((self.caret if from_caret else 0) + by)
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
        line = (event.text.splitlines() or [""])[0]
        self._replace(self.caret, self.caret, "".join(char for char in line if char.isprintable()))

    def _recall(self, by: int) -> None:
        at = max(0, min(self._at + by, len(self.history)))
        if at == self._at:
            return
        if self._at == len(self.history):
            self._draft = self.text
        self._at = at
        self.text = self.history[at] if at < len(self.history) else self._draft
        self.caret = len(self.text)
        self.look_again()
        self.post_message(self.Changed(self.text))

    def _put_caret(self, caret: int) -> None:
        self.caret = max(0, min(caret, len(self.text)))
        self.look_again()

    def _replace(self, start: int, stop: int, by: str = "") -> None:
        before = self.text
        if start + len(by) + len(before[stop:]) > _MOST_CHARACTERS:
            self.say(TOO_LONG)  # part of a command is another command
            return
        self.text = before[:start] + by + before[stop:]
        self.caret = min(start + len(by), len(self.text))
        self.look_again()
        if self.text != before:
            self.post_message(self.Changed(self.text))

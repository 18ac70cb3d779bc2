"""A line that is typed into in the place of the footer: few keys, one caret, an answer at the right end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import events
from textual.message import Message

from tracetui.core.text import cell_width, safe
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread, width_of
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine

_MOST_CHARACTERS: Final = 2_000
TOO_LONG: Final = f"no more than {_MOST_CHARACTERS:,} characters"
_LEAST_ROOM: Final = 8


class LineEditor(PieceLine, can_focus=True):
    """Letters, backspace, delete, left, right, home, end, ctrl+u, ctrl+w, paste; enter and esc end it."""

    class Changed(Message):
        """Another text stands in the line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter."""

    class Cancelled(Message):
        """Esc."""

    def __init__(self, session: Session, lead: str, *, id: str) -> None:
        super().__init__(session, id=id)
        self.text = ""
        self.caret = 0
        self.lead = lead
        """What stands before the text."""
        self.is_selected = False
        """The whole text is selected: what is typed next takes its place."""
        self.answer = ""
        """What stands at the right: `3 of 41`. Text of our own, or safe."""

    def begin(self, text: str = "", *, is_selected: bool = False) -> None:
        """Start with `text`, the caret behind it; selected, it gives way to the first letter that is typed."""
        self.text, self.caret, self.answer = text, len(text), ""
        self.is_selected = is_selected and bool(text)
        self.look_again()

    def say(self, answer: str) -> None:
        """Show what was found; text of our own, or safe."""
        self.answer = answer
        self.look_again()

    def put(self, text: str, caret: int | None = None) -> None:
        """Have another text, as if it had been typed."""
        before, self.text, self.is_selected = self.text, text[:_MOST_CHARACTERS], False
        self.caret = len(self.text) if caret is None else max(0, min(caret, len(self.text)))
        self.look_again()
        if self.text != before:
            self.post_message(self.Changed(self.text))

    # ------------------------------------------------------------ how it looks

    def wrong(self) -> tuple[int, int]:
        """The stretch of the text that is wrong (from, to); (0, 0): none."""
        return 0, 0

    def hints(self) -> list[Piece]:
        """What stands behind the answer."""
        return []

    def pieces(self, width: int) -> list[Piece]:
        """The line at this width; the caret is a cell in reverse, and stays in view."""
        symbols = self.session.symbols
        right: list[Piece] = [(self.answer, ""), *self.hints(), (" ", "")] if self.answer else []
        room = max(_LEAST_ROOM, width - cell_width(self.lead) - width_of(right) - 5)
        begin = 0
        while begin < self.caret and cell_width(safe(self.text[begin : self.caret])) > room:
            begin += 1
        left: list[Piece] = [(self.lead, "strong bold")]
        if self.is_selected:
            left.append((safe(self.text[begin:]), "selected"))
            return cut_pieces(spread(left, right, width, symbols), width, symbols)
        low, high = self.wrong()
        for start, end, style in (
            (begin, min(low, self.caret), ""),
            (max(begin, min(low, self.caret)), min(high, self.caret), "status-error reverse"),
            (max(begin, min(high, self.caret)), self.caret, ""),
            (self.caret, self.caret + 1, "selected"),
            (self.caret + 1, max(low, self.caret + 1), ""),
            (max(low, self.caret + 1), max(high, self.caret + 1), "status-error reverse"),
            (max(high, self.caret + 1), len(self.text) + 1, ""),
        ):
            if end > start:
                left.append((safe(self.text[start:end]) or (" " if style == "selected" else ""), style))
        return cut_pieces(spread([piece for piece in left if piece[0]], right, width, symbols), width, symbols)

    # ------------------------------------------------------------ keys

    def on_key(self, event: events.Key) -> None:
        """Edit; what is no key of the editor goes on to nobody."""
        event.stop()
        event.prevent_default()
        keys: dict[str, Callable[[], object]] = {
            "enter": lambda: self.post_message(self.Submitted()),
            "escape": lambda: self.post_message(self.Cancelled()),
            "left": lambda: self._put_caret(self.caret - 1),
            "right": lambda: self._put_caret(self.caret + 1),
            "home": lambda: self._put_caret(0),
            "ctrl+a": lambda: self._put_caret(0),
            "end": lambda: self._put_caret(len(self.text)),
            "ctrl+e": lambda: self._put_caret(len(self.text)),
            "backspace": lambda: self._replace(max(0, self.caret - 1), self.caret),
            "ctrl+h": lambda: self._replace(max(0, self.caret - 1), self.caret),
            "delete": lambda: self._replace(self.caret, self.caret + 1),
            "ctrl+u": lambda: self._replace(0, self.caret),
            "ctrl+w": lambda: self._replace(len(self.text[: self.caret].rstrip().rpartition(" ")[0]), self.caret),
        }
        if event.key in keys:
            keys[event.key]()
        elif event.is_printable and event.character:
            self._insert(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line of what was pasted."""
        event.stop()
        line = (event.text.splitlines() or [""])[0]
        self._insert("".join(char for char in line if char.isprintable()))

    def _insert(self, text: str) -> None:
        """Put a text at the caret, or in the place of what is selected."""
        self._replace(0 if self.is_selected else self.caret, len(self.text) if self.is_selected else self.caret, text)

    def _put_caret(self, caret: int) -> None:
        self.caret, self.is_selected = max(0, min(caret, len(self.text))), False
        self.look_again()

    def _replace(self, start: int, stop: int, by: str = "") -> None:
        text = self.text[:start] + by + self.text[stop:]
        if len(text) > _MOST_CHARACTERS:
            self.say(TOO_LONG)  # part of a filter is another filter
        else:
            self.put(text, start + len(by))

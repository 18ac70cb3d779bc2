"""The line in which a filter is typed, and the list above it of what can stand there next or of what is wrong.

✗ unknown field 'durr'; did you mean dur?
filter kind:tool durr>2s█                                          38 of 1,204 spans
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tracetui.core import text
from tracetui.core.errors import FilterError
from tracetui.core.filter.completion import Candidate, Completion
from tracetui.tui.presentation import strip
from tracetui.tui.presentation.pieces import Piece, cut_pieces
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_editor import LineEditor

MOST_ROWS: Final = 6
"""Candidates shown at once."""
_LEAD: Final = " filter "
_NAMING: Final = " save as "
_LONGEST: Final = 200
_MOST_WORDS: Final = 36


class CandidateList(Widget):
    """What can be typed next, over the rows above the line; the chosen one in reverse; below it what is wrong."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    CandidateList {
        layer: above;
        dock: bottom;
        display: none;
        margin: 0 0 1 0;
        width: 1fr;
        height: 1;
        background: $background;
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(id="candidates")
        self.session = session
        self.rows: list[list[Piece]] = []

    def show(self, rows: list[list[Piece]]) -> None:
        """Show these rows; none: nothing."""
        if rows == self.rows:
            return
        self.rows = rows
        self.styles.height = max(1, len(rows))
        self.display = bool(rows)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row."""
        width = self.size.width
        pieces = self.rows[y] if y < len(self.rows) else []
        return strip(cut_pieces(pieces, width, self.session.symbols), width, self.session.styles)


class FilterLine(LineEditor):
    """Tab takes what is offered, down and up choose; up goes back through what was typed before."""

    class Changed(LineEditor.Changed):
        """Another filter is typed."""

    class Submitted(LineEditor.Submitted):
        """Enter: keep the filter."""

    class Cancelled(LineEditor.Cancelled):
        """Esc: as it was before."""

    class Named(Message):
        """The filter is to be saved under a name."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class ListWanted(Message):
        """The filters that were saved and typed are to be listed."""

    def __init__(self, session: Session, candidates: CandidateList) -> None:
        super().__init__(session, _LEAD, id="filter")
        self.completes: Callable[[str, int], Completion] = lambda _text, caret: Completion(caret, caret, ())
        """What can stand at the caret."""
        self.history: Sequence[str] = ()
        """What was typed before, the newest first."""
        self.error: FilterError | None = None
        self.note = ""
        """What is to be said of the filter besides; safe."""
        self._list = candidates
        self._completion = Completion(0, 0, ())
        self._chosen = -1
        self._past = -1
        self._held: str | None = None
        """The filter that is being named."""

    # ------------------------------------------------------------ what stands in it

    @property
    def is_naming(self) -> bool:
        """A name is typed and no filter."""
        return self._held is not None

    def begin(self, text: str = "", *, is_selected: bool = False) -> None:
        """Start with a filter."""
        self.error, self._chosen, self._past, self._held, self.lead, self.note = None, -1, -1, None, _LEAD, ""
        super().begin(text, is_selected=is_selected)
        self._complete()

    def end(self) -> None:
        """Closed: offer nothing."""
        self._list.show([])

    def complain(self, error: FilterError | None) -> None:
        """Show where it is wrong, and what; None: it is not."""
        self.error = error
        self.look_again()
        self._show()

    def remark(self, note: str) -> None:
        """Say something of the filter above the line; safe."""
        self.note = note
        self._show()

    def look_at_values(self) -> None:
        """More values are known to be offered."""
        if self.display and not self.is_naming:
            self._complete()

    def wrong(self) -> tuple[int, int]:
        """The stretch that is wrong, unless something is just missing at the end."""
        error = self.error
        if error is None or self.is_naming or self._is_typing(error):
            return 0, 0
        return error.position, min(error.position + error.length, len(self.text))

    def _is_typing(self, error: FilterError) -> bool:
        """Whether what is wrong may become right by what is typed next."""
        end = len(self.text.rstrip())
        if error.position >= end:
            return True
        offered = bool(self._completion.candidates) and self._completion.end == self.caret == end
        return offered and self._completion.start <= error.position and error.position + error.length >= end

    # ------------------------------------------------------------ keys

    def on_key(self, event: events.Key) -> None:
        """What is of filters; the rest is of any line."""
        if self.is_naming:
            self._type_name(event)
        elif self._act(event.key):
            event.stop()
            event.prevent_default()
        else:
            super().on_key(event)
            if event.key not in ("enter", "escape"):
                self._past = -1
                self._complete()

    def _act(self, key: str) -> bool:
        """Do what a key does with what is offered and with what was typed before; False: it is a key of any line."""
        count = len(self._completion.candidates)
        if self._chosen >= 0 and key in ("enter", "escape", "up", "ctrl+p"):
            self._leave_choice(key)
        elif key == "tab" and count and self._is_quiet:
            self._choose(0)
        elif key == "tab" and count:
            self._take(max(0, self._chosen))
        elif key in ("down", "ctrl+n"):
            if self._past >= 0:
                self._go_back(self._past - 1)
            elif count:
                self._choose(min(self._chosen + 1, count - 1))
        elif key in ("up", "ctrl+p"):
            self._go_back(self._past + 1)
        elif key == "ctrl+s":
            self._begin_naming()
        elif key == "ctrl+r":
            self.post_message(self.ListWanted())
        else:
            return key in ("tab", "shift+tab")
        return True

    def _leave_choice(self, key: str) -> None:
        """A candidate was chosen with the arrows: take it, choose the one above, or none."""
        if key == "enter":
            self._take(self._chosen)
        else:
            self._choose(-1 if key == "escape" else self._chosen - 1)

    def _begin_naming(self) -> None:
        if self.text.strip() and self.error is None:
            self._held, self.lead = self.text, _NAMING
            super().begin()
            self._list.show([])

    def _type_name(self, event: events.Key) -> None:
        """A name is typed for the filter."""
        if event.key not in ("enter", "escape"):
            super().on_key(event)
            return
        event.stop()
        event.prevent_default()
        name, held = self.text.strip(), self._held or ""
        self._held, self.lead = None, _LEAD
        super().begin(held)
        if event.key == "enter" and name:
            self.post_message(self.Named(name))
        self._complete()

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line of what was pasted."""
        super().on_paste(event)
        if not self.is_naming:
            self._complete()

    def _put_caret(self, caret: int) -> None:
        super()._put_caret(caret)
        if not self.is_naming:
            self._complete()

    def put(self, text: str, caret: int | None = None) -> None:
        """Have another text; a name is nobody's business until it is whole."""
        if self.is_naming:
            self.text = text[:_LONGEST]
            self.caret = len(self.text) if caret is None else max(0, min(caret, len(self.text)))
            self.look_again()
        else:
            super().put(text, caret)

    def _take(self, number: int) -> None:
        """Put a candidate into its place, with a blank behind a whole term."""
        completion = self._completion
        chosen = completion.candidates[number]
        rest = self.text[completion.end :]
        blank = " " if chosen.ends and not rest.startswith((" ", ")")) else ""
        caret = completion.start + len(chosen.text) + len(blank)
        self.put(self.text[: completion.start] + chosen.text + blank + rest, caret)
        self._past = -1
        self._complete()

    def _choose(self, number: int) -> None:
        self._chosen = number
        self._show()

    def _go_back(self, past: int) -> None:
        """To a filter that was typed before; -1: an empty line again."""
        if past >= len(self.history):
            return
        self.put(self.history[past] if past >= 0 else "")
        self._complete()
        self._past = max(-1, past)
        self._show()

    # ------------------------------------------------------------ the list above it

    @property
    def _is_quiet(self) -> bool:
        """Nothing is offered behind a whole term until it is asked for: the rows below the list are what was asked for."""
        before = self.text[: self.caret]
        return bool(before.strip()) and before[-1:].isspace() and self._chosen < 0

    def _complete(self) -> None:
        self._completion = self.completes(self.text, self.caret)
        self._chosen = -1
        self._show()

    def _show(self) -> None:
        if not self.display or self.is_naming:
            return
        rows = [] if self._past >= 0 else self._rows()
        error = self.error
        if error is not None and not self._is_typing(error):
            words = text.safe(str(error))
            rows.append([(" ", ""), (self.session.symbols["error"], "status-error"), (f" {words}", "status-error")])
        elif self.note:
            rows.append([(f"   {self.note}", "muted")])
        self._list.show(rows)

    def _rows(self) -> list[list[Piece]]:
        candidates = () if self._is_quiet else self._completion.candidates
        first = max(0, min(self._chosen - MOST_ROWS + 2, len(candidates) - MOST_ROWS))
        shown = candidates[first : first + MOST_ROWS]
        words = [self._clean(candidate.text) for candidate in shown]
        width = min(_MOST_WORDS, max(map(text.cell_width, words), default=0))
        rows = []
        for number, (candidate, word) in enumerate(zip(shown, words, strict=True), first):
            rows.append(self._row(number, candidate, word, width))
        if rows and (hidden := len(candidates) - first - len(shown)) > 0:
            rows[-1] = [*rows[-1], (f"  {self.session.symbols['more']} {hidden} more", "muted")]
        return rows

    def _row(self, number: int, candidate: Candidate, word: str, width: int) -> list[Piece]:
        """A candidate: it begins where it would stand, its meaning in muted."""
        symbols = self.session.symbols
        style = "selected" if number == self._chosen else "strong bold" if number == 0 and self._chosen < 0 else ""
        shown = text.cut(word, width, symbols=symbols)
        key = "tab " if number == max(0, self._chosen) else ""
        blank = " " * (width - text.cell_width(shown))
        return [(f" {key:>6} ", "muted"), (shown, style), (f"{blank}  {candidate.about}", "muted")]

    def _clean(self, outside: str) -> str:
        clean = text.safe(outside[:_LONGEST])
        return text.plain_ascii(clean) if self.session.symbols.is_ascii else clean

"""A list to choose from, over the whole middle: themes, bookmarks, formats of an export. Typing narrows it down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from tracetui.core import text
from tracetui.core.symbols import Symbols
from tracetui.tui.presentation.marks import HIT
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread, width_of
from tracetui.tui.screens.narrowing import NarrowedScreen, NarrowedView
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.tui.presentation.header import HeaderFacts

_LONGEST: Final = 400
"""Characters of a text that are looked at: names may be as long as a file."""
_MARK_CELLS: Final = 2
_BESIDE_FACT: Final = 4
_BESIDE: Final = 2
"""Blanks between a name and what was found in it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One row. Its texts may be untrusted.

    Attributes:
        key: What the screen ends with if this is chosen.
        words: What it is called; the letters typed are looked for in it and in `fact`.
        fact: One muted fact at the right end.
        mark: One cell before the words: a symbol that says what is special about it.
        excerpt: The end of `words` in three, where the middle one is what must be seen: what was found, and what is around.
    """

    key: str
    words: str
    fact: str = ""
    mark: str = ""
    excerpt: tuple[str, str, str] | None = None


class ChoiceView(NarrowedView, inherit_bindings=False):
    """The choices that fit what is typed, as rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "up", show=False),
        Binding("down,ctrl+n", "down", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]

    def __init__(self, session: Session, choices: Sequence[Choice], note: str) -> None:
        super().__init__(session, id="choices")
        self.choices = choices
        self.found: list[Choice] = list(choices)
        self.wanted: Callable[[str], Sequence[Choice]] | None = None
        """What is looked through for what is typed; None: always `choices`."""
        self._note = note

    @property
    def chosen(self) -> Choice | None:
        """The choice under the cursor; None where there is none."""
        return self.found[self.cursor] if self.cursor < len(self.found) else None

    def narrow(self) -> None:
        """Find the choices that fit. Capitals count if one is typed."""
        if self.wanted is not None:
            self.choices = self.wanted(self.typed)
        self.found = [choice for choice in self.choices if _fits(choice, self.typed)]

    def nothing_words(self) -> str:
        """Whether there is no choice, or none that fits."""
        return "" if self.found else "nothing fits" if self.choices else "nothing is here"

    def add(self, choices: Sequence[Choice], note: str) -> None:
        """More choices came, and another line above the list; the cursor stays where it is."""
        self._note = note
        self.choices = [*self.choices, *choices] if choices else self.choices
        self.found += [choice for choice in choices if _fits(choice, self.typed)]
        self.refresh_all()

    def row_count(self) -> int:
        """The choices that fit."""
        return len(self.found)

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """What is typed, and what is to be known of it all."""
        rows = super().pinned_rows(width)
        if self._note:
            rows.insert(0, cut_pieces([(f" {text.safe(self._note[:_LONGEST])}", "muted")], width, self.session.symbols))
        return rows

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A choice: mark, words, fact."""
        choice, symbols = self.found[index], self.session.symbols
        gutter = symbols["gutter_focused"] if selected else " "
        left: list[Piece] = [(gutter, "accent"), (f"{text.fit(self._clean(choice.mark), 1)} ", "")]
        room = max(12, width - width_of(left) - 1)
        fact = self._clean(choice.fact)
        style = "selected" if selected else ""
        if choice.excerpt is None:
            if fact:  # it tells apart what is called the same
                room = max(12, room - min(text.cell_width(fact), width // 2) - _BESIDE_FACT)
            left.append((text.cut(self._clean(choice.words), room, symbols=symbols) or "(no name)", style))
        else:
            head = choice.words[: len(choice.words) - sum(map(len, choice.excerpt))]
            before, found, after = map(self._clean, choice.excerpt)
            left += around_hit(self._clean(head), (before, found, after), room, style, symbols)
        right: list[Piece] = [
            (text.cut(fact, max(0, width - width_of(left) - _BESIDE_FACT), symbols=symbols), "muted"),
            (" ", ""),
        ]
        return spread(left, right, width, symbols)

    def _clean(self, outside: str) -> str:
        clean = text.safe(outside[:_LONGEST])
        return text.plain_ascii(clean) if self.session.symbols.is_ascii else clean


class ChoiceScreen(NarrowedScreen[str | None]):
    """Choose one of a list; ends with its key, or with None after esc.

    Args:
        session: What is shared.
        title: What is chosen, for the rule: `Themes`.
        choices: The rows, in order.
        facts: What the header says; as of the main screen.
        note: One line above the list.
        on_highlight: Called with the key under the cursor whenever another one is (a preview); None when the list is
            left by esc, so that what was shown can be undone.
        on_delete: Called with a key when `ctrl+d` or `delete` is pressed on it, which takes it out of the list.
        at: The key on which the cursor begins.
        enter: What enter does, for the footer.
    """

    def __init__(
        self,
        session: Session,
        title: str,
        choices: Sequence[Choice],
        facts: HeaderFacts,
        *,
        note: str = "",
        on_highlight: Callable[[str | None], None] | None = None,
        on_delete: Callable[[str], None] | None = None,
        at: str = "",
        enter: str = "choose",
    ) -> None:
        self.view = ChoiceView(session, list(choices), note)
        super().__init__(self.view, title, facts, id="choice-pane")
        self.footer.always = (("esc", "back"),)
        self._on_highlight = on_highlight
        self._on_delete = on_delete
        self._at = at
        self._enter = enter

    def on_mount(self) -> None:
        """Stand where the caller wants it."""
        super().on_mount()
        keys = [("type", "to narrow down"), ("enter", self._enter)]
        if self._on_delete is not None:
            keys.append(("del", "take out"))
        self.footer.show(keys)
        at = next((number for number, choice in enumerate(self.view.found) if choice.key == self._at), 0)
        self.view.move_to(at, "none")
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """There is room now: show where one is, which a key may have changed already."""
        self.view.move_to(self.view.cursor)
        self._say()

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """Another choice is under the cursor."""
        event.stop()
        self._say()
        if self._on_highlight is not None and (chosen := self.view.chosen) is not None:
            self._on_highlight(chosen.key)

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        """A double click chooses."""
        event.stop()
        self.choose()

    def _say(self) -> None:
        count = len(self.view.found)
        self.pane.say(f"{min(self.view.cursor + 1, count):,} of {count:,}" if count else "")

    def choose(self) -> None:
        """End with the choice under the cursor."""
        if (chosen := self.view.chosen) is not None:
            self.dismiss(chosen.key)

    def leave(self) -> None:
        """Undo what was shown, and go back."""
        if self._on_highlight is not None:
            self._on_highlight(None)
        super().leave()

    def take_key(self, key: str) -> bool:
        """Take a choice out of the list."""
        if key not in ("delete", "ctrl+d") or self._on_delete is None:
            return False
        self._take_out(self._on_delete)
        return True

    def _take_out(self, on_delete: Callable[[str], None]) -> None:
        chosen, view = self.view.chosen, self.view
        if chosen is None:
            return
        on_delete(chosen.key)
        at = view.cursor
        view.choices = [choice for choice in view.choices if choice is not chosen]
        view.found = [choice for choice in view.found if choice is not chosen]
        view.refresh_all()
        view.move_to(at)
        self._say()


def around_hit(head: str, parts: tuple[str, str, str], room: int, style: str, symbols: Symbols) -> list[Piece]:
    """A name and what was found in it in so many cells: the middle part is always seen, what is around it gives way."""
    before, found, after = parts
    head = text.cut(head.rstrip(), max(room - sum(map(text.cell_width, parts)), room // 2) - _BESIDE, symbols=symbols)
    head += " " * _BESIDE if head else ""
    left = room - text.cell_width(head)
    found = text.cut(found, left, symbols=symbols)
    left -= text.cell_width(found)
    behind = min(text.cell_width(after), max(left // 2, left - text.cell_width(before)))
    before = text.cut(before, left - behind, "start", symbols)
    after = text.cut(after, left - text.cell_width(before), symbols=symbols)
    return [(head, style), (before, style), (found, HIT), (after, style)]


def _fits(choice: Choice, typed: str) -> bool:
    """Whether every word that is typed stands in what is said of a choice."""
    said = f"{choice.words[:_LONGEST]} {choice.fact[:_LONGEST]}"
    if typed == typed.lower():
        said = said.lower()
    return all(word in said for word in typed.split())

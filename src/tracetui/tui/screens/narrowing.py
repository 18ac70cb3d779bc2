"""A page over the whole middle that typing narrows down: what the lists to choose from and the page of keys have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen

from tracetui.core import text
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.pieces import Piece, cut_pieces
from tracetui.tui.session import Session
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.pane import Pane

_MOST_CHARACTERS: Final = 60
Result = TypeVar("Result")


class NarrowedView(LineView, inherit_bindings=False):
    """Rows that fit what is typed, which stands above them."""

    asks = "type to narrow down"
    """What stands before what is typed."""

    class Typed(Message):
        """Something else is typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(session, id=id)
        self.typed = ""

    def narrow(self) -> None:
        """Something else is typed: find what fits."""
        raise NotImplementedError

    def nothing_words(self) -> str:
        """What is said where no row fits; empty while some do."""
        raise NotImplementedError

    def put(self, typed: str) -> None:
        """Something else is typed: show what fits, from the top."""
        self.typed = typed
        self.narrow()
        self.post_message(self.Typed(typed))
        self.refresh_all()
        self.scroll_rows(0)
        self.move_to(0, "top")
        self.post_message(self.Moved(self, 0, by_user=True))  # another row, though its number may be the same

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """What is typed."""
        line: list[Piece] = [(f" {self.asks}: ", "muted"), (text.safe(self.typed), ""), (" ", "selected")]
        if words := self.nothing_words():
            line.append((f"  {words}", "muted"))
        return [cut_pieces(line, width, self.session.symbols), []]


class NarrowedScreen(Screen[Result]):
    """Such a page between header and footer; ends with what was chosen, or with None after esc.

    Args:
        view: The page.
        title: What it is, for the rule.
        facts: What the header says.
        id: Of the pane.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    def __init__(self, view: NarrowedView, title: str, facts: HeaderFacts, *, id: str) -> None:
        super().__init__()
        self.header = HeaderLine(view.session, facts)
        self.pane = Pane(view.session, title, view, id=id)
        self.footer = FooterLine(view.session)
        self._view = view
        self._says: tuple[str, Sequence[tuple[str, str]]] | None = None
        """What header and footer say of it while nothing is typed."""

    def compose(self) -> ComposeResult:
        """The page between header and footer."""
        yield self.header
        yield self.pane
        yield self.footer

    def on_mount(self) -> None:
        """Give the page the keys."""
        self.header.remark = "esc back"
        self.pane.show_focus(True)
        self.set_focus(self._view, scroll_visible=False)

    def on_narrowed_view_typed(self, event: NarrowedView.Typed) -> None:
        """Esc takes back what is typed first."""
        event.stop()
        header, footer = self.header, self.footer
        if self._says is None:
            self._says = header.remark, footer.always
        header.remark, footer.always = self._says
        if event.text:
            header.remark = "esc clears"
            footer.always = [(key, "clears" if key == "esc" else words) for key, words in footer.always]
        header.look_again()
        footer.look_again()

    def choose(self) -> None:
        """Enter: end with what is chosen, if anything is."""
        raise NotImplementedError

    def leave(self) -> None:
        """Esc, with nothing typed."""
        self.dismiss(None)

    def take_key(self, key: str) -> bool:  # noqa: ARG002 - for subclasses
        """Take another key than those below; False: it is not for this page."""
        return False

    def on_key(self, event: events.Key) -> None:
        """Letters narrow down, enter chooses, esc clears and then goes back."""
        view = self._view
        if event.key == "escape":
            view.put("") if view.typed else self.leave()
        elif event.key == "enter":
            self.choose()
        elif event.key in ("backspace", "ctrl+h"):
            view.put(view.typed[:-1])
        elif event.key == "ctrl+u":
            view.put("")
        elif self.take_key(event.key):
            pass
        elif event.is_printable and event.character:
            view.put((view.typed + event.character)[:_MOST_CHARACTERS])
        else:
            return
        event.stop()
        event.prevent_default()

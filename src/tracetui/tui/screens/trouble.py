"""What could not be read: records with file, line and reason; paths that the system refuses; files that no format reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tracetui.core import text
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATH_CELLS = 0.45


class TroubleList(LineView):
    """One line for each thing that could not be read; texts are untrusted and made safe when they are drawn."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="trouble")
        self.refused: Sequence[tuple[str, str]] = ()
        self.unrecognised: Sequence[tuple[str, str]] = ()
        self._bad: list[int] = session.store.unreadable()

    def tell(self, refused: Sequence[tuple[str, str]], unrecognised: Sequence[tuple[str, str]]) -> None:
        """Paths with reasons, as the reader knows them."""
        self.refused, self.unrecognised = refused, unrecognised
        self._bad = self.session.store.unreadable()
        self.refresh_all()

    def row_count(self) -> int:
        """One row each."""
        return len(self._bad) + len(self.refused) + len(self.unrecognised)

    def pinned_rows(self, width: int) -> list[list[Piece]]:  # noqa: ARG002
        """What this is a list of, or that there is nothing to list."""
        if self.row_count():
            return []
        return [[], [("  Everything that is there can be read.", "")]]

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """Where, and why."""
        symbol, style, path, place, reason = self._entry(index)
        symbols = self.session.symbols
        cells = max(12, int(width * _PATH_CELLS)) - len(place)
        shown = text.cut(text.safe(path), cells, "folders", symbols)
        gutter = symbols["gutter_focused" if focused else "gutter"] if selected else " "
        name_style = ("selected" if focused else "beside") if selected else ""
        rest = width - 4 - text.cell_width(shown) - len(place)
        return [
            (gutter, "accent" if focused else "muted"),
            (f"{symbols[symbol]} ", style),
            (shown, name_style),
            (place, "strong bold"),
            (" ", ""),
            (text.cut(f" {text.safe(reason)}", max(1, rest), symbols=symbols), "muted"),
        ]

    def _entry(self, index: int) -> tuple[str, str, str, str, str]:
        if index < len(self._bad):
            bad, row = self.session.store.bad, self._bad[index]
            feed = self.session.feed
            path = feed.path_of(bad.source[row]) if feed is not None else ""
            line = f":{bad.line[row]}" if bad.line[row] else f" at {bad.offset[row]:,}"
            return "error", "status-error", path, line, self.session.store.strings[bad.reason[row]]
        index -= len(self._bad)
        if index < len(self.refused):
            path, reason = self.refused[index]
            return "error", "status-error", path, "", f"cannot be read: {reason}"
        path, reason = self.unrecognised[index - len(self.refused)]
        return "unknown", "muted", path, "", f"not recognised: {reason}"


class TroubleScreen(Screen[None]):
    """The list over the whole screen; esc goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,R,q", "app.pop_screen", "back", id="trouble.back", show=False),
    ]

    def __init__(self, session: Session, facts: HeaderFacts) -> None:
        super().__init__()
        self.session = session
        self.header = HeaderLine(session, facts)
        self.list = TroubleList(session)
        self.pane = Pane(session, "Unreadable and unrecognised", self.list, id="trouble-pane")
        self.footer = FooterLine(session)
        self.footer.always = ("esc", "back")

    def compose(self) -> ComposeResult:
        """The list and its footer."""
        yield self.header
        yield self.pane
        yield self.footer

    async def on_mount(self) -> None:
        """Ask the reader, and fill the list."""
        self.pane.show_focus(True)
        self.list.focus()
        feed = self.session.feed
        if feed is not None:
            refused = await feed.ask(lambda reader: reader.unreadable_paths)
            unrecognised = await feed.ask(lambda reader: reader.unrecognised)
            self.list.tell(refused, unrecognised)
        bad = len(self.session.store.unreadable())
        said = [f"{bad:,} unreadable"] if bad else []
        if self.list.unrecognised:
            said.append(f"{len(self.list.unrecognised):,} not recognised")
        self.pane.say("  ".join(said))

"""A pane: one rule that carries its title, and a widget below. Lines, not boxes: between panes stands one `│`."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tracetui.tui.messages import PositionChanged
from tracetui.tui.presentation import strip
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine

_LEAST_RULE = 3


def rule(title: str, right: Sequence[Piece], width: int, focused: bool, session: Session) -> list[Piece]:
    """The line above a pane: `━ Spans ━━━ row 17 of 34 ━` in the focused one, thin and muted in the others."""
    glyph = session.symbols["rule_focused" if focused else "rule"]
    line, word = ("accent", "accent bold") if focused else ("rule", "muted")
    head: list[Piece] = [(glyph, line), (f" {title} ", word)]
    tail: list[Piece] = [(" ", ""), *right, (" ", ""), (glyph, line)] if right else []
    between = width - width_of(head) - width_of(tail)
    if between < _LEAST_RULE:
        tail, between = [], width - width_of(head)
    return cut_pieces([*head, (glyph * max(0, between), line), *tail], width, session.symbols)


class PaneRule(PieceLine):
    """The rule of a pane."""

    def __init__(self, session: Session, title: str) -> None:
        super().__init__(session)
        self.title = title
        self.right: list[Piece] = []
        self.focused = False

    def pieces(self, width: int) -> list[Piece]:
        """The rule at this width."""
        return rule(self.title, self.right, width, self.focused, self.session)


class Pane(Vertical):
    """A titled widget. `say` sets what stands at the right end of its rule."""

    class Said(Message):
        """What the pane holds says where one is in it; text of ours, or safe."""

        def __init__(self, pane: Pane, text: str) -> None:
            super().__init__()
            self.pane = pane
            self.text = text

    DEFAULT_CSS = """
    Pane {
        width: 1fr;
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
    }
    """

    def __init__(self, session: Session, title: str, *content: Widget, id: str) -> None:
        super().__init__(id=id)
        self.line = PaneRule(session, title)
        self.content = content

    def compose(self) -> ComposeResult:
        """The rule and what the pane holds."""
        yield self.line
        yield from self.content

    def on_position_changed(self, event: PositionChanged) -> None:
        """Pass it on with the name of the pane."""
        event.stop()
        self.post_message(self.Said(self, event.text))

    def say(self, right: Sequence[Piece] | str) -> None:
        """Set what stands at the right end of the rule; text of ours, or safe."""
        pieces: list[Piece] = [(right, "muted")] if isinstance(right, str) else list(right)
        self.line.right = [piece for piece in pieces if piece[0]]
        self.line.look_again()

    @property
    def room(self) -> int:
        """Cells there are for what stands at the right end of the rule."""
        return self.size.width - width_of([("━  ", ""), (self.line.title, ""), ("  ━", "")]) - _LEAST_RULE

    def entitle(self, title: str) -> None:
        """Call the pane something else."""
        self.line.title = title
        self.line.look_again()

    def show_focus(self, focused: bool) -> None:
        """Draw the rule as that of the focused pane, or of another."""
        self.line.focused = focused
        self.line.look_again()


class Divider(Widget):
    """The one column between two panes."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    Divider {
        width: 1;
        height: 1fr;
        background: $background;
    }
    """

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session

    def render_line(self, y: int) -> Strip:
        """A cell of the divider; the first one joins the rules of both panes."""
        symbols = self.session.symbols
        glyph = symbols["divider"] if y else symbols["junction"]
        return strip([(glyph, "rule")], self.size.width, self.session.styles)


class ThinRule(PieceLine):
    """A rule over the whole width without a title: above the chips where there are rows to spare."""

    def pieces(self, width: int) -> list[Piece]:
        """The rule."""
        return [(self.session.symbols["rule"] * width, "rule")]

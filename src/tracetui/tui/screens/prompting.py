"""One line that is typed at the bottom of whatever is shown: ends with what was typed, or with nothing after esc."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.screen import ModalScreen

from tracetui.tui.session import Session
from tracetui.tui.widgets.prompt_line import PromptLine


class PromptScreen(ModalScreen[str | None]):
    """Asks for a line; the screen below stays visible.

    Args:
        session: What is shared.
        label: What stands before it, of ours: `| `.
        text: What stands in it already.
        note: What is to be known, at the right.
        history: What was typed here before, newest last.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    DEFAULT_CSS = """
    PromptScreen {
        background: transparent;
        layout: vertical;
        align: left bottom;
    }
    """

    def __init__(
        self, session: Session, label: str, *, text: str = "", note: str = "", history: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.line = PromptLine(session)
        self.line.begin(label, text, note, history)

    def compose(self) -> ComposeResult:
        """The line."""
        yield self.line

    def on_mount(self) -> None:
        """Be typed into."""
        self.set_focus(self.line, scroll_visible=False)

    def on_prompt_line_submitted(self, event: PromptLine.Submitted) -> None:
        """Enter."""
        event.stop()
        self.dismiss(event.text)

    def on_prompt_line_cancelled(self, event: PromptLine.Cancelled) -> None:
        """Esc."""
        event.stop()
        self.dismiss(None)

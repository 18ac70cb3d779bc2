"""What is selected in the tree, and when the detail shows it: at once, or, while following, when the selection rests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen

FOLLOW_REST_S: Final = 0.4
"""How long a row must be the newest before the detail shows it, s."""


class Selection:
    """The selected span or event of the open run."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.rows: tuple[int | None, int | None] = (None, None)
        """Rows of the span and of the event in the store."""
        self.is_touched = False
        """The user moved in the open run since it was opened."""
        self._waiting: Timer | None = None
        self._shown_at = float("-inf")

    def reset(self) -> None:
        """Another run is opened: nothing is selected, and what comes is shown at once."""
        self._wait_no_more()
        self.rows, self.is_touched, self._shown_at = (None, None), False, float("-inf")

    def select(self, span: int | None, event: int | None, by_user: bool) -> None:
        """Another row is selected; the detail follows."""
        self.rows = (span, event)
        self.is_touched |= by_user
        self._wait_no_more()
        screen = self.screen
        every = screen.session.link.detail_every_s
        shown_ago = time.monotonic() - self._shown_at
        # A run that never rests would leave the detail behind for ever.
        is_late = shown_ago > 2 * every
        if screen.viewing.following and not by_user and screen.detail.shown is not None and not is_late:
            self._waiting = screen.set_timer(max(FOLLOW_REST_S, every - shown_ago), self.show)
        else:
            self.show()

    def show(self) -> None:
        """Show it in the detail."""
        self._shown_at = time.monotonic()
        span, event = self.rows
        detail, opened = self.screen.detail, self.screen.opened
        if self.screen.about_run and opened is not None:
            detail.show_run(opened)
        elif event is not None:
            detail.show_event(event)
        elif span is not None:
            detail.show_span(span)
        elif opened is not None:
            detail.show_run(opened)
        else:
            detail.show_nothing()

    def flush(self) -> None:
        """What waits to be shown in the detail is shown now."""
        if self._waiting is not None:
            self._wait_no_more()
            self.show()

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

"""The clock of a screen: once a second, while a run is running, what shows an age is drawn again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen

TICKS_FOR_S: Final = 61.0
"""How long clocks tick after the last change; past that only a change of status repaints."""


class Clock:
    """Ticks once a second while a run is running, and paints for a minute after the last change."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._changed_at = time.monotonic()
        self._timer: Timer | None = None

    def start(self) -> None:
        """The screen is there."""
        self._timer = self.screen.set_interval(1.0, self.tick, pause=True)

    def note_change(self) -> None:
        """Something was read: digits are worth drawing again."""
        self._changed_at = time.monotonic()

    def set(self) -> None:
        """Go or rest: clocks tick only while a run is running."""
        if self._timer is not None:
            if self.screen.states.moving:
                self._timer.resume()
            else:
                self._timer.pause()

    def tick(self) -> None:
        """A second went by: ages that show other digits are drawn again."""
        screen = self.screen
        changed = screen.states.tick()
        if not changed and time.monotonic() - self._changed_at > TICKS_FOR_S:
            return
        screen.runs.tick()
        screen.viewing.tick()
        screen.strip.tick()
        screen.detail.tick()
        if changed:
            self.set()
            screen.say_header()

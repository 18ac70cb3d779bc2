"""The clock of a screen: once a second, while a run is running, what shows an age is drawn again.

On a slow link it ticks less often; where nothing may move by itself only a run that stands otherwise now is shown.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen

TICKS_FOR_S: Final = 61.0
"""How long clocks tick after the last change; past that only a change of status repaints."""
SELDOM_S: Final = 5.0
"""How often it is looked whether a run stands otherwise, where ages do not tick, s."""


class Clock:
    """Ticks while a run is running, as often as `session.link` says, and paints for a minute after the last change."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._changed_at = time.monotonic()
        self._timer: Timer | None = None
        self._moves = True

    def start(self) -> None:
        """The screen is there."""
        every = self.screen.session.link.tick_every_s
        self._moves = not math.isinf(every)
        self._timer = self.screen.set_interval(every if self._moves else SELDOM_S, self.tick, pause=True)

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
        """Time went by: ages that show other digits are drawn again."""
        screen = self.screen
        changed = screen.states.tick()
        if not changed and (not self._moves or time.monotonic() - self._changed_at > TICKS_FOR_S):
            return
        screen.runs.tick()
        screen.viewing.tick()
        screen.strip.tick()
        screen.detail.tick()
        if changed:
            self.set()
            screen.say_header()

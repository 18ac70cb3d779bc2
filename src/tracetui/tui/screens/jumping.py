"""Jumps from run to run and from a report to a span, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.tui.arrangement import PaneName

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen

MOST_PLACES: Final = 100
"""Places that can be gone back to."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one was: rows of the store, and what had the focus."""

    run: int
    span: int | None
    pane: PaneName
    about_run: bool


class Jumping:
    """Goes to runs and spans of a screen, remembers where one came from, and goes there again."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._back: list[Place] = []
        self._forward: list[Place] = []

    def jump(self, run: int, span: int | None) -> None:
        """To a run, and to a span of it if one is named."""
        if not self.screen.session.store.runs[run].live:
            self.screen.header.say("that run is gone from its file", "warning")
            return
        self._remember(self._back)
        self._forward.clear()
        self.screen.header.say("{ goes back")
        self._go(Place(run, span, "spans", about_run=False))

    def go_back(self, by: int) -> None:
        """Back (-1) to where one jumped from, forward (1) again."""
        taken, given = (self._back, self._forward) if by < 0 else (self._forward, self._back)
        runs = self.screen.session.store.runs
        while taken and not runs[taken[-1].run].live:
            taken.pop()
        if not taken:
            self.screen.header.say("nowhere to go back to" if by < 0 else "nowhere to go forward to")
            return
        place = taken.pop()
        self._remember(given)
        self._go(place)

    def _remember(self, places: list[Place]) -> None:
        screen = self.screen
        if screen.opened is not None:
            places.append(Place(screen.opened, screen.selection.rows[0], screen.active, screen.about_run))
            del places[:-MOST_PLACES]

    def _go(self, place: Place) -> None:
        screen = self.screen
        screen.take_over()
        if place.run != screen.opened:
            screen.open_run(place.run)
        if place.span is not None and not screen.viewing.select_span(place.span, by_user=not place.about_run):
            screen.header.say("that span is not shown: 0 shows all classes", "warning")
        screen.show_about(place.about_run)
        screen.activate(place.pane)

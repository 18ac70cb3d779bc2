"""Jumps of all kinds, and the way back: to causes, warnings, hits, lines of a report, bookmarks, rows, other runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.tui.arrangement import PaneName

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen

Here = tuple[str, int] | None
"""What is selected: `span` or `event`, and its row in the store."""

MOST_PLACES: Final = 100
"""Places that can be gone back to."""
_SHOWN: Final = 40
"""Cells of a filter that was lifted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one was: rows of the store, and what had the focus."""

    run: int
    span: int | None
    event: int | None
    pane: PaneName
    about_run: bool


class Jumping:
    """Goes to runs and spans of a screen, remembers where one came from, and goes there again.

    Jumps of one kind one after another (`e e e`) are one way: back leads to where it began.
    """

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._back: list[Place] = []
        self._forward: list[Place] = []
        self._kind = ""
        """The kind of the last jump, while nothing else was selected since; empty: the next one is remembered."""
        self._reached: Here = None
        """Where it led."""
        self._lifted = ""
        """What the jump had to lift, or that it led nowhere, in words."""

    # ------------------------------------------------------------ remembering

    def jumped(self, kind: str, before: Here, reached: Here) -> None:
        """A jump of some kind has led, or will lead, from one thing to another: it can be gone back to the first."""
        if kind != self._kind or self._reached != before:
            self._remember(self._back, before)
            self._forward.clear()
        self._kind, self._reached = kind, reached

    def _remember(self, places: list[Place], selected: Here) -> None:
        screen = self.screen
        if screen.opened is None:
            return
        span = selected[1] if selected is not None and selected[0] == "span" else None
        event = selected[1] if selected is not None and selected[0] == "event" else None
        place = Place(screen.opened, span, event, screen.active, screen.about_run)
        if not places or places[-1] != place:
            places.append(place)
            del places[:-MOST_PLACES]

    def _here(self) -> Here:
        span, event = self.screen.selection.rows
        return ("event", event) if event is not None else ("span", span) if span is not None else None

    # ------------------------------------------------------------ going

    def jump(self, run: int, span: int | None, event: int | None = None) -> None:
        """To a run, and to a span or an event of it if one is named."""
        if not self._is_there(run):
            self.screen.header.say("that run is gone from its file", "warning")
            return
        self._remember(self._back, self._here())
        self._forward.clear()
        self._kind = self._lifted = ""
        self._go(Place(run, span, event, "spans", about_run=False))
        self.screen.opening.when_open(self._say_way_back)

    def _say_way_back(self) -> None:
        if not self.screen.filtering.is_holding:  # else what is lifted is said first
            self.screen.header.say("; ".join(part for part in (self._lifted, "{ goes back") if part))

    def to_run(self, run: int) -> None:
        """Another run of the list is about to be opened; several one after another are one way."""
        if run != self.screen.opening.wanted:
            here = self._here()
            goes_on = self._kind == "run" and not self.screen.selection.is_touched
            self._reached = here if goes_on else ("", -1)
            self.jumped("run", here, None)

    def to_row(self, number: int) -> None:
        """To a row of the focused pane, counted from 1."""
        view = self.screen.views[self.screen.active]
        if not view.row_count():
            self.screen.header.say("there is no row here")
            return
        if self.screen.active == "spans":
            self.jumped("row", self._here(), ("", -1))
        if number > view.row_count():
            self.screen.header.say(f"the last row is {view.row_count():,}", "warning")
        view.move_to(max(0, number - 1), "center", by_user=True)

    def go_back(self, by: int) -> None:
        """Back (-1) to where one jumped from, forward (1) again."""
        taken, given = (self._back, self._forward) if by < 0 else (self._forward, self._back)
        while taken and not self._is_there(taken[-1].run):
            taken.pop()
        if not taken:
            self.screen.header.say("nowhere to go back to" if by < 0 else "nowhere to go forward to")
            return
        place = taken.pop()
        self._remember(given, self._here())
        self._kind = ""
        self._go(place)

    def _is_there(self, run: int) -> bool:
        return self.screen.session.store.runs[run].live

    def _go(self, place: Place) -> None:
        screen = self.screen
        screen.take_over()
        if place.run != screen.opening.wanted:
            screen.open_run(place.run)
        screen.opening.when_open(lambda: self._arrive(place))

    def _arrive(self, place: Place) -> None:
        screen = self.screen
        if place.span is not None or place.event is not None:
            self._show(place)
            screen.filtering.hold(place)
        screen.show_about(place.about_run)
        screen.activate(place.pane)

    def _show(self, place: Place) -> None:
        """Select what a place names; chips and a filter that hide it are lifted."""
        screen, by_user = self.screen, not place.about_run
        lifted = ""
        if not (is_shown := screen.viewing.select(place.span, place.event, by_user)) and (
            chips := screen.chips.words()
        ):
            screen.action_chip(0)
            lifted = f"chips lifted: {chips}"
            is_shown = screen.viewing.select(place.span, place.event, by_user)
        if not is_shown and (wanted := screen.filtering.text):
            screen.filtering.clear("spans")
            shown = text.cut(text.safe(wanted), _SHOWN, symbols=screen.session.symbols)
            lifted = "; ".join(part for part in (lifted, f"filter lifted: {shown}") if part)
            is_shown = screen.viewing.select(place.span, place.event, by_user)
        self._lifted = lifted if is_shown else "that span is not there any more"
        if self._lifted:
            screen.header.say(self._lifted, "plain" if is_shown else "warning")

    def show_held(self, place: Place) -> None:
        """The filter has an answer for the run that was jumped to: what was jumped to stays selected."""
        if self.screen.opened == place.run:
            self._show(place)

"""What `d` does on the main screen: which two runs are compared, and the way back to where one was in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.comparing import KEPT_UP_TO, Compared, Pair, ordered, others_of, pair_of

if TYPE_CHECKING:
    from tracetui.tui.screens.compare import CompareScreen
    from tracetui.tui.screens.main import MainScreen


class Comparing:
    """Chooses the runs and shows them side by side; keeps the last comparison for when one comes back to it."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._last: CompareScreen | None = None

    def begin(self) -> None:
        """Compare the marked runs, or the open one with the one before it of its name; else ask."""
        screen = self.screen
        runs = screen.session.store.runs
        found = pair_of(runs, screen.opened, screen.runs.marked)
        if isinstance(found, Pair):
            self.show(found)
        elif found:
            screen.header.say(found, "warning")
        elif screen.opened is not None and others_of(runs, screen.opened):
            self._ask(screen.opened)
        else:
            screen.header.say("there is no other run to compare with")

    def _ask(self, opened: int) -> None:
        from tracetui.tui.screens.compare import choose_other

        screen = self.screen

        def take(row: int) -> None:
            self.show(ordered(screen.session.store.runs, row, opened, "the run you chose"))

        choose_other(screen.tracetui, screen.session, screen.facts, opened, take)

    def show(self, pair: Pair) -> None:
        """Compare two runs."""
        from tracetui.tui.screens.compare import CompareScreen

        screen = self.screen
        kept = self._kept(pair)
        at = self._last.list.selected if kept is not None and self._last is not None else None
        self._last = CompareScreen(screen.session, screen.facts, pair, kept, at, screen.rest_s)
        screen.app.push_screen(self._last, screen.go_to)

    def _kept(self, pair: Pair) -> Compared | None:
        """What was found of these runs before, if nothing was read since and it does not take much memory."""
        last = self._last
        kept = None if last is None else last.compared
        if last is None or kept is None or (last.pair.a, last.pair.b) != (pair.a, pair.b):
            return None
        is_now = kept.epoch == self.screen.session.store.epoch
        return kept if is_now and len(kept.comparison) <= KEPT_UP_TO else None

"""From the main screen to the summary and back: what it is about, and where one was in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.screens.summary import Memory, Scope, SummaryScreen

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen


class Summarising:
    """Opens the summary of a screen: of the open run, from the runs pane of the runs that are marked or shown."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._memory = Memory()

    def show(self) -> None:
        """Show the summary; what is chosen in it is gone to."""
        screen = self.screen
        rows, words, is_part = self._runs()
        if screen.opened is None and not rows:
            screen.header.say("nothing is read yet" if screen.session.is_reading else "there is no run to sum up")
            return
        scope = Scope(screen.opened, rows, words, screen.active == "runs" and bool(rows), is_part, self._runs)
        screen.app.push_screen(SummaryScreen(screen.session, screen.facts, scope, self._memory), screen.go_to)

    def _runs(self) -> tuple[list[int], str, bool]:
        """The runs that are marked, else those that are shown; what to call them; whether there are others."""
        runs = self.screen.runs
        marked = [row for row in runs.marked if self.screen.session.store.runs[row].live]
        if marked:
            return sorted(marked), f"{len(marked):,} marked run{'' if len(marked) == 1 else 's'}", True
        shown = runs.shown_runs
        if len(shown) < len(self.screen.states):
            return shown, f"{len(shown):,} of {len(self.screen.states):,} runs shown in the list", True
        return shown, f"{len(shown):,} runs", False

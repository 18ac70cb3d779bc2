"""From the main screen to the summary and back: what it is about, and where one was in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.screens.summary import ALL_RUNS, FOUND_RUNS, Memory, Scope, SummaryScreen

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen


class Summarising:
    """Opens the summary of a screen: of the open run, from the runs pane of the runs that are marked or shown."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._memory = Memory()

    def show(self, section: str = "") -> None:
        """Show the summary; what is chosen in it is gone to. `section`: that one of the summary of the runs."""
        screen = self.screen
        rows, words, others = self._runs()
        if screen.opened is None and not rows:
            screen.header.say("nothing is read yet" if screen.session.is_reading else "there is no run to sum up")
            return
        whole = (bool(section) or screen.active == "runs") and bool(rows)
        scope = Scope(screen.opened, rows, words, whole, others, self._runs)
        screen.app.push_screen(SummaryScreen(screen.session, screen.facts, scope, self._memory, section), screen.go_to)

    @property
    def others(self) -> str:
        """What the runs are called that it sums up: `all runs`, `marked runs`."""
        return self._runs()[2]

    def _runs(self) -> tuple[list[int], str, str]:
        """The runs that are marked, else those that are shown; what to call them, with their number and without."""
        runs = self.screen.runs
        marked = [row for row in runs.marked if self.screen.session.store.runs[row].live]
        if marked:
            one = "" if len(marked) == 1 else "s"
            return sorted(marked), f"{len(marked):,} marked run{one}", f"marked run{one}"
        shown = runs.shown_runs
        if len(shown) < len(self.screen.states):
            return shown, f"{len(shown):,} of {len(self.screen.states):,} runs shown in the list", FOUND_RUNS
        return shown, f"{len(shown):,} run{'' if len(shown) == 1 else 's'}", ALL_RUNS

"""From the main screen to the summary and back: what it is about, and where one was in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.screens.summary import FOUND_RUNS, Group, Memory, Scope, SummaryScreen

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
        groups = self._groups()
        if screen.opened is None and not groups[0].rows:
            screen.header.say("nothing is read yet" if screen.session.is_reading else "there is no run to sum up")
            return
        whole = (bool(section) or screen.active == "runs") and bool(groups[0].rows)
        scope = Scope(screen.opened, groups, whole, self._groups)
        screen.app.push_screen(SummaryScreen(screen.session, screen.facts, scope, self._memory, section), screen.go_to)

    @property
    def others(self) -> str:
        """What the runs are called that it sums up: `all runs`, `marked runs`."""
        return self._groups()[0].called

    def _groups(self) -> list[Group]:
        """The runs that are marked, or those that are shown if the list leaves some out; then all."""
        runs, store = self.screen.runs, self.screen.session.store
        live = [run.row for run in store.runs if run.live]
        marked, shown = runs.live_marks, runs.shown_runs
        groups: list[Group] = []
        if marked:
            one = "" if len(marked) == 1 else "s"
            groups.append(Group(marked, f"{len(marked):,} marked run{one}", f"marked run{one}"))
        elif 0 < len(shown) < len(live):
            groups.append(Group(shown, f"{len(shown):,} of {len(live):,} runs shown in the list", FOUND_RUNS))
        every = shown if len(shown) == len(live) else live
        return [*groups, Group(every, f"{len(live):,} run{'' if len(live) == 1 else 's'}")]

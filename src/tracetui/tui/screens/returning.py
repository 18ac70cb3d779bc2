"""A folder is shown again as it was left: its run, what was selected, the view, chips, filter and order of the runs.

A failure that is newer than that goes first, and a run that is going on is followed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from tracetui.core.model import RunStatus
from tracetui.tui.last_views import LastView, LastViews
from tracetui.tui.locating import Spot, find_in, find_run, spot_of
from tracetui.tui.screens.viewing import view_name

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.widgets.flat_view import Identity

AS_LEFT = "as you left it"


class Returning:
    """What a screen remembers of the last time."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.kept = LastViews(screen.session.state)
        self.last: LastView | None = None
        self.is_known = True
        """What was kept is read, or there is nothing to read."""
        self._wanted: Spot | None = None
        self._waits = False
        """The run that was left is open, and what was selected in it is not read yet."""

    def start(self, paths: list[str]) -> None:
        """Read what was kept of these paths, beside everything else."""
        if self.screen.session.state.folder is not None and paths:
            self.is_known = False
            self.screen.run_worker(self._begin(paths), group="returning")

    async def _begin(self, paths: list[str]) -> None:
        absolute = [str(Path(path).absolute()) for path in paths]
        self.last = await asyncio.to_thread(self.kept.begin, absolute)
        self.is_known = True
        if self.last is not None and not self.screen.selection.is_touched:
            self._order_runs(self.last)
        self.screen.first_run.choose()

    def _order_runs(self, last: LastView) -> None:
        runs = self.screen.runs
        runs.sorting, runs.reversed = last.sorting, last.is_reversed  # type: ignore[assignment]  # one of them
        runs.grouping = last.grouping  # type: ignore[assignment]  # one of them
        runs.rebuild()

    # ------------------------------------------------------------ which run

    def choose(self, row: int, rank: int) -> tuple[int, int, bool]:
        """The run to open in the place of `row`, its rank (lower goes first), and whether it is the one that was left."""
        screen, last = self.screen, self.last
        left = find_run(screen.session, last.run) if last is not None and last.run is not None else None
        if left is None or last is None or left not in screen.states:
            return row, rank, False
        run = screen.session.store.runs[row]
        if row != left and rank == 0 and run.mtime_ns > last.left_at_ns:
            return row, rank, False  # it failed since
        live = [each for each in screen.states.moving if screen.states[each] is RunStatus.running]
        if live:
            newest = max(live, key=lambda each: (screen.session.store.runs[each].start or 0, each))
            return newest, 0, newest == left
        return left, -1, True

    # ------------------------------------------------------------ what is in it

    def restore(self, was_left: bool) -> None:
        """The run that is opened first is open; if it is the one that was left, show it as it was."""
        screen, last = self.screen, self.last
        self.last = None  # once
        if last is None or not was_left:
            return
        if screen.tree_view.waterfall != last.waterfall:
            screen.tree_view.waterfall = last.waterfall
            screen.tree_view.refresh_all()
        for number in last.chips:
            screen.chips.toggle(number)
        if last.chips:
            screen.tree_view.set_chips(*screen.chips.selected())
        if last.filter and not screen.filtering.text:
            self._filter(last.filter)
        screen.viewing.show(view_name(last.view))
        screen.viewing.choose()
        self._wanted = last.selected
        self._waits = last.selected is not None and not screen.viewing.following
        self.note_change()
        screen.say_all()
        self.note_change()

    def _filter(self, wanted: str) -> None:
        from tracetui.core.errors import FilterError

        try:
            self.screen.filtering.start_with(wanted)
        except FilterError:
            return  # of another version
        self.screen.filtering.run_opened(was_left=True)

    def note_change(self) -> None:
        """The open run was read further: what was selected in it may be there now."""
        screen = self.screen
        if not self._waits or self._wanted is None or screen.opened is None:
            return
        if screen.selection.is_touched:
            self._waits = False
            return
        run = screen.session.store.runs[screen.opened]
        found = find_in(screen.session, run.row, self._wanted)
        if found is not None:
            span = found[1] if found[0] == "span" else None
            event = found[1] if found[0] == "event" else None
            screen.viewing.select(span, event, by_user=False)
            screen.tree_view.note(screen.tree_view.selected)
        if found is not None or run.complete:
            self._waits = False

    # ------------------------------------------------------------ the end

    def leave(self) -> LastView | None:
        """How the folder is left now; None: nothing is open."""
        screen, session = self.screen, self.screen.session
        if screen.opened is None or not session.store.runs[screen.opened].live or not self.is_known:
            return None
        span, event = screen.selection.rows
        identity: Identity | None = ("span", span) if span is not None else None
        if event is not None:
            identity = ("event", event)
        run = spot_of(session, screen.opened, None)
        return LastView(
            session.now_ns(),
            run,
            spot_of(session, screen.opened, identity) if run is not None and identity is not None else None,
            screen.viewing.name,
            tuple(sorted(screen.chips.active)),
            screen.filtering.text,
            screen.runs.sorting,
            screen.runs.reversed,
            screen.runs.grouping,
            screen.tree_view.waterfall,
        )

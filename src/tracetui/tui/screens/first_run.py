"""Which run is open while the user has not chosen one: the newest failure, else the newest live run, else the newest.

Runs come in the order in which their files happen to be read, and of a folder that grows no two screens read the same at the
same moment. So what is open is looked at again until the user says where to be: while the folder is read by any choice of
theirs, and after that by any key, so that no run goes away under the eyes of somebody who is at work in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.presentation.runs import started
from tracetui.tui.screens.returning import AS_LEFT

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen

_NONE = 3
"""The rank of no run."""


class FirstRun:
    """Chooses the open run of a screen, until the user does."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.is_ours = True
        """The run to open is still ours to choose."""
        self.is_all_told = screen.session.feed is None
        """What was there at the start is read, and told."""
        self._is_settled = False
        """What is to be opened of all that was there at the start is open."""
        self._best = (_NONE, 0, 0)
        """How telling the most telling run was that was seen."""

    def end(self) -> None:
        """The user chose."""
        self.is_ours = False

    def begin_again(self) -> None:
        """The run that was open is gone: another one takes its place."""
        self.is_ours, self._is_settled = True, False
        self.choose()

    def choose(self) -> None:
        """Open the best run there is by now.

        A folder that was open before is shown as it was left, unless something happened since.
        """
        if not self.is_ours:
            return
        if self._is_settled:
            self._choose_better()
            return
        screen = self.screen
        row, rank = screen.states.first_to_open()
        if row is None:
            return
        self._best = self._telling(row, rank)
        row, rank, was_left = screen.returning.choose(row, rank)
        done = self.is_all_told and screen.returning.is_known
        # While files are still being read only a more telling run takes the place of the open one: a newer one of the same
        # kind comes many times a second in a large folder.
        if row != screen.opening.wanted and (done or rank < self._open_rank):
            screen.open_run(row)
        has_failed = screen.states.rank(screen.states[row]) == 0
        screen.header.remark = AS_LEFT if done and was_left else "newest failure opened" if done and has_failed else ""
        if done:
            self._is_settled = True
            screen.opening.when_open(lambda: screen.returning.restore(was_left))

    @property
    def _open_rank(self) -> int:
        screen, wanted = self.screen, self.screen.opening.wanted
        return _NONE if wanted is None else screen.states.rank(screen.states[wanted])

    def _choose_better(self) -> None:
        """Another run failed, or began, since what was there at the start was read."""
        screen = self.screen
        if screen.tracetui.is_touched:
            self.end()
            return
        row, rank = screen.states.first_to_open()
        wanted = screen.opening.wanted
        if row is None or wanted not in screen.states:
            return
        best = self._telling(row, rank)
        if best >= self._best:
            return
        self._best = best
        # Beside a live run another one that began later is no better; a failure that began later is.
        if row != wanted and (rank < self._open_rank or rank == 0):
            screen.jumping.to_run(row)
            screen.open_run(row)
            screen.header.remark = "newest failure opened" if rank == 0 else "newest live run opened"

    def _telling(self, row: int, rank: int) -> tuple[int, int, int]:
        """The smaller the more telling: rank, then the newest."""
        return rank, -started(self.screen.session.store.runs[row]), -row

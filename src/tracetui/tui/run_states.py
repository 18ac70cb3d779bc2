"""How all runs stand, kept up to date: for the counts of the header, for what is opened first, for whether clocks tick.

Worked out for a run when it changes, and again with time for those whose status time alone can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tracetui.core.model import RunStatus
from tracetui.tui.presentation.runs import started

if TYPE_CHECKING:
    from tracetui.tui.session import Session

_MOVING = frozenset((RunStatus.running, RunStatus.stalled))


class RunStates:
    """The status of each run by its row."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._statuses: dict[int, RunStatus] = {}
        self.counts: Counter[RunStatus] = Counter()
        """Runs by status."""
        self.moving: set[int] = set()
        """Runs that run or are stalled."""
        self._ranked: tuple[set[int], set[int], set[int]] = (set(), self.moving, set())
        """Runs by their rank."""
        self._newest: list[tuple[int, int] | None] = [None, None, None]
        """When the newest run of each rank began, and its row; None: to be looked for."""
        self.told: Callable[[int, RunStatus | None, RunStatus], None] = lambda _row, _before, _status: None
        """Told of a run whose status is another one: its row, the status before (None: it is new), the status now."""

    def __len__(self) -> int:
        return len(self._statuses)

    def __contains__(self, row: object) -> bool:
        return row in self._statuses

    def __getitem__(self, row: int) -> RunStatus:
        return self._statuses[row]

    def update(self, rows: Iterable[int]) -> set[int]:
        """Look at these runs again; the ones whose status is another now."""
        return {row for row in list(rows) if self._look(row)}

    def tick(self) -> set[int]:
        """Look again at those that time alone may change; the ones whose status is another now."""
        return self.update(self.moving)

    def _look(self, row: int) -> bool:
        run = self._session.store.runs[row]
        before = self._statuses.pop(row, None)
        if before is not None:
            self.counts[before] -= 1
        if not run.live:
            self._rank(row, before, None)
            return before is not None
        status = self._session.status(run).status
        self._statuses[row] = status
        self.counts[status] += 1
        self._rank(row, before, status)
        if status is not before:
            self.told(row, before, status)
        return status is not before

    def _rank(self, row: int, before: RunStatus | None, status: RunStatus | None) -> None:
        """Keep the runs by rank: ten thousand of them are not gone through whenever one has grown."""
        age = (started(self._session.store.runs[row]), row)
        now = None if status is None else self.rank(status)
        if before is not None:
            was = self.rank(before)
            newest = self._newest[was]
            if newest is not None and newest[1] == row and (was != now or age < newest):
                self._newest[was] = None
            if was != now:
                self._ranked[was].discard(row)
        if now is None:
            return
        rows = self._ranked[now]
        rows.add(row)
        newest = self._newest[now]
        if len(rows) == 1 or (newest is not None and age > newest):
            self._newest[now] = age

    def first_to_open(self) -> tuple[int | None, int]:
        """The run to open first, and its rank: the newest failure (0), else the newest live run (1), else the newest (2)."""
        runs = self._session.store.runs
        for rank, rows in enumerate(self._ranked):
            if rows:
                newest = self._newest[rank] or max((started(runs[row]), row) for row in rows)
                self._newest[rank] = newest
                return newest[1], rank
        return None, 3

    @staticmethod
    def rank(status: RunStatus) -> int:
        """How much a run of this status is what one opens the screen for: 0 most."""
        return 0 if status is RunStatus.error else 1 if status in _MOVING else 2

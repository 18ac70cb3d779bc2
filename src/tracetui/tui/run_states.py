"""How all runs stand, kept up to date: for the counts of the header, for what is opened first, for whether clocks tick.

Worked out for a run when it changes, and again with time for those whose status time alone can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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

    def __len__(self) -> int:
        return len(self._statuses)

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
        self.moving.discard(row)
        if not run.live:
            return before is not None
        status = self._session.status(run).status
        self._statuses[row] = status
        self.counts[status] += 1
        if status in _MOVING:
            self.moving.add(row)
        return status is not before

    def first_to_open(self) -> tuple[int | None, str]:
        """The run to open first, and what to say of it: the newest failure, else the newest live run, else the newest."""
        runs = self._session.store.runs
        best: dict[int, tuple[int, int]] = {}
        for row, status in self._statuses.items():
            rank = 0 if status is RunStatus.error else 1 if status in _MOVING else 2
            age = (started(runs[row]), row)
            if rank not in best or age > best[rank]:
                best[rank] = age
        for rank, remark in ((0, "newest failure opened"), (1, ""), (2, "")):
            if rank in best:
                return best[rank][1], remark
        return None, ""

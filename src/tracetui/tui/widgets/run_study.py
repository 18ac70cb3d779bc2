"""What the rows of the span tree rest on beyond their own span: causes of failure, slow spans, the critical path, what is new.

Worked out when first asked for and kept until the store changes. In a large run the slow spans and the critical path take
a fifth of a second and more, so rows do without them until `look_aside` has found them in a thread, and again when the run
has grown. So does measuring how long the spans of each name took where much else was read: a small run beside it is studied
by what was measured before, and again once that is done.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from tracetui.core.model import RunStatus, Status
from tracetui.tui.session import Session

if TYPE_CHECKING:
    from tracetui.core.analysis.critical_path import CriticalPath
    from tracetui.core.store import Run
    from tracetui.core.store.run_tree import RunTree

LIVE: Final = (RunStatus.running, RunStatus.stalled)
"""Statuses of a run that may still be written."""
MANY_SPANS: Final = 20_000
"""Up to so many spans a run is studied at every change."""
_STALE_SHARE: Final = 16
"""A larger one is studied again when it has grown by one part in so many."""
_OPEN: Final = int(Status.open)

_SLOW_IN_USE: Final = threading.Lock()
"""Held while times by name are brought up to date: all runs share them."""


_Studied = tuple[frozenset[int], "CriticalPath", int, bool]
"""Slow spans, critical path, how many spans the store had, and whether that is rough."""


class RunStudy:
    """One open run. `forget` is to be called whenever the store changed.

    Args:
        session: Store and clock.
        tree: The run as a tree.
        run: The run.
    """

    def __init__(self, session: Session, tree: RunTree, run: Run) -> None:
        self.session = session
        self.tree = tree
        self.run = run
        self._slow_rows: frozenset[int] = frozenset()
        self._slow_reasons: dict[int, str] = {}
        self._critical: CriticalPath | None = None
        self._critical_until = 0
        """Rows from here on came after the critical path was found."""
        self._causes: list[int] | None = None
        self._cause_set: frozenset[int] = frozenset()
        self._is_done = self._is_rough = False
        """Rough: names were compared by what was measured before much else was read."""
        self._done_spans = 0
        self._done_live = False
        self._looking: asyncio.Task[None] | None = None

    @property
    def status(self) -> RunStatus:
        """How the run stands."""
        return self.session.status(self.run).status

    @property
    def is_waiting(self) -> bool:
        """Rows do without what is slow and critical until `look_aside` has ended; those of a small run never do.

        While much is being read nobody waits: it would have to be found out again and again, and keys with it.
        """
        return self.is_large and self._looking is None and not self.session.is_reading

    @property
    def is_large(self) -> bool:
        """What is slow and critical is not known, or roughly, and takes long to be found out: `look_aside`."""
        if self._is_done:
            return self._is_rough
        return self.tree.count > MANY_SPANS or self.session.slow.takes_long

    def forget(self) -> bool:
        """The store changed. True: what is slow and what is critical has to be found out again."""
        self._causes = None
        spans = self.tree.count
        grown = spans - self._done_spans
        if spans <= MANY_SPANS or grown * _STALE_SHARE >= spans or (self.status in LIVE) != self._done_live:
            self._is_done = False
        return not self._is_done

    def causes(self) -> list[int]:
        """Positions of the causes of failure, in tree order."""
        if self._causes is None:
            import numpy as np

            from tracetui.core.analysis.failures import failures_of

            rows = failures_of(self.session.store, self.run.row).causes
            self._cause_set = frozenset(rows.tolist())
            at = self.tree.positions(rows)
            self._causes = np.sort(at[at >= 0]).tolist()
        return self._causes

    def is_cause(self, row: int) -> bool:
        """Whether a span is a cause of failure."""
        self.causes()
        return row in self._cause_set

    def first_cause(self) -> int | None:
        """Span row of what broke first; None where nothing failed for good."""
        if not self.run.error_count:
            return None
        from tracetui.core.analysis.failures import first_cause

        return first_cause(self.session.store, self.run.row)

    def slow_positions(self) -> list[int]:
        """Positions of the slow spans, in tree order."""
        self.look()
        import numpy as np

        at = self.tree.positions(np.fromiter(self._slow_rows, np.int32))
        found: list[int] = np.sort(at[at >= 0]).tolist()
        return found

    def look(self) -> None:
        """Find out what is slow and what the run's length hangs on; another time, while a thread does that for a run."""
        if not self._is_done and _SLOW_IN_USE.acquire(blocking=False):
            try:
                self._take(*self._find(at_once=True))
            finally:
                _SLOW_IN_USE.release()

    async def look_aside(self) -> None:
        """The same in a thread, for a large run, or beside other large ones."""
        if self._looking is None and (self._is_rough or not self._is_done):
            self._looking = asyncio.create_task(self._look_aside())
        if self._looking is not None:
            await asyncio.shield(self._looking)

    async def _look_aside(self) -> None:
        try:
            self._take(*await asyncio.to_thread(self._find_aside))
        finally:
            self._looking = None

    def _find_aside(self) -> _Studied:
        feed = self.session.feed
        with _SLOW_IN_USE, nullcontext() if feed is None else feed.stillness.looking():
            return self._find()

    def _find(self, at_once: bool = False) -> _Studied:
        from tracetui.core.analysis.critical_path import critical_path

        store, slow = self.session.store, self.session.slow
        is_rough = at_once and slow.takes_long
        if not is_rough:
            slow.refresh()
        rows = frozenset(slow.rows(self.run.row).tolist())
        return rows, critical_path(store, self.run.row), len(store.spans), is_rough

    def _take(self, slow: frozenset[int], critical: CriticalPath, until: int, is_rough: bool) -> None:
        self._slow_rows, self._critical, self._critical_until = slow, critical, until
        self._slow_reasons.clear()
        self._is_rough = is_rough
        self._is_done, self._done_spans, self._done_live = True, self.tree.count, self.status in LIVE

    def _look_if_small(self) -> None:
        if not self._is_done and self.tree.count <= MANY_SPANS:
            self.look()

    def slow_reason(self, row: int) -> str:
        """Why a span is slow, in words; empty if it is not."""
        self._look_if_small()
        if row not in self._slow_rows:
            return ""
        reason = self._slow_reasons.get(row)
        if reason is None and _SLOW_IN_USE.locked():
            return ""  # said once the thread has ended
        if reason is None:
            said = self.session.slow.reason(row) or ""
            reason = self._slow_reasons[row] = said.replace("×", self.session.symbols.times)
        return reason

    def is_critical(self, row: int) -> bool:
        """Whether the run's length hangs on a span; all of them while that is not known."""
        self._look_if_small()
        return self._critical is None or row >= self._critical_until or row in self._critical

    def newest(self) -> int | None:
        """Span row of the newest open span, else of the span that came last; None without spans."""
        import numpy as np

        rows = self.tree.rows()
        if not len(rows):
            return None
        spans = self.session.store.spans
        is_open = rows[spans.np("status")[rows] == _OPEN]
        if not len(is_open):
            return int(rows.max())
        starts = spans.np("start")[is_open]
        return int(is_open[np.lexsort((is_open, starts))[-1]])

    def newest_below_roots(self) -> int | None:
        """As `newest`, but where no more than a root is open, the span that came last: the root is open to the end."""
        newest = self.newest()
        if newest is None or self.tree.ancestors(self.tree.position(newest)):
            return newest
        return int(self.tree.rows().max())

    def open_stack(self) -> list[int]:
        """Rows of the newest open span and of its open ancestors, from the root down."""
        newest = self.newest()
        status = self.session.store.spans.status
        if newest is None or status[newest] != _OPEN:
            return []
        above = [self.tree.row(at) for at in self.tree.ancestors(self.tree.position(newest))]
        return [*(row for row in above if status[row] == _OPEN), newest]

    def failed_or_open(self) -> list[int]:
        """Rows of the causes of failure; where there are none, of what is open."""
        if causes := self.causes():
            return [self.tree.row(at) for at in causes]
        return self.open_stack() if self.run.open_count else []

    def slow_rows(self) -> list[int]:
        """Rows of the slow spans, in tree order."""
        return [self.tree.row(at) for at in self.slow_positions()]

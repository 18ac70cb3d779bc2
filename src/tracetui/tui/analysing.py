"""The work behind the summary screen: a copy of the store, and analyses of it, all in a thread."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.analysis.folder import FolderAnalysis
    from tracetui.core.analysis.run_analysis import RunAnalysis
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Run, Store
    from tracetui.core.summary import Summaries
    from tracetui.tui.presentation.folder_summary import FolderSummary
    from tracetui.tui.presentation.summary_page import Page
    from tracetui.tui.session import Session

_PARTLY_S: Final = 2.0
"""After what time the first part of an analysis of many runs is shown."""
_FROZEN_EVERY: Final = 500
_TELL_S: Final = 0.5
"""How often it is told how far an analysis of many runs is."""


class Stopped(Exception):
    """Nobody wants the answer any more."""


def _copied(session: Session) -> Store:
    """In a thread: a copy of the store. What is read meanwhile is folded in when it is made."""
    from tracetui.core.store.frozen import frozen

    with session.looking():
        return frozen(session.store)


@dataclass(slots=True)
class Work:
    """Analyses of one copy of the store. Made and used in threads; `stop` may be called from any."""

    session: Session
    store: Store
    now_ns: int
    told: Callable[[str], None] = lambda _words: None
    """Hears how far it is, in the thread that works."""
    stopped: bool = False
    known: Costs | None = None
    """What was known of costs when it began."""
    pending: bool = False
    """Prices were still being looked up then."""
    _summaries: Summaries | None = None

    @classmethod
    async def begun(cls, session: Session, *, pending: bool = False) -> Work:
        """Work over what has been read by now; `pending`: prices are still being looked up."""
        store = await asyncio.to_thread(_copied, session)
        known = None if session.costs is None else session.costs.over(store)
        return cls(session, store, session.now_ns(), known=known, pending=pending)

    def stop(self) -> None:
        """Nobody waits for it."""
        self.stopped = True

    def _go_on(self) -> None:
        if self.stopped:
            raise Stopped

    @property
    def costs(self) -> Costs:
        """What is known of costs; what is recorded where no prices are known yet."""
        if self.known is None:
            from tracetui.core.pricing import Costs
            from tracetui.core.pricing.table import look

            self.known = Costs(self.store, table=look(self.store))
        return self.known

    @property
    def summaries(self) -> Summaries:
        """Facts of all runs."""
        if self._summaries is None:
            from tracetui.core.summary import Summaries

            self._summaries = Summaries(self.store, {}, None, self.now_ns, self.session.rules, costs=self.costs)
        return self._summaries

    def _analysed(self, run: Run) -> RunAnalysis:
        from tracetui.core.analysis.run_analysis import analyse_run
        from tracetui.core.run_bodies import RunBodies

        return analyse_run(
            self.store,
            run,
            RunBodies.beside(self.session.bodies, self.store, run),
            self.costs,
            status=self.summaries.status(run),
            now_ns=self.now_ns,
            bottleneck_ns=self.session.settings.bottleneck,
            go_on=self._go_on,
        )

    def run_page(self, row: int) -> Page:
        """The summary of one run. Raises Stopped."""
        from tracetui.core.run_bodies import RunBodies
        from tracetui.tui.presentation.run_summary import RunSummary

        run = self.store.runs[row]
        about = self._analysed(run)
        self._go_on()
        bodies = RunBodies.beside(self.session.bodies, self.store, run)
        id_ = self.summaries.ids.get(row, run.id)
        session = self.session
        spent = self.costs.of_run(run)
        return RunSummary(about, bodies, id_, spent, session.symbols, session.tz, pending=self.pending).page()

    def folder(self, rows: Sequence[int]) -> FolderSummary:
        """What is known of some runs without looking at their spans."""
        from tracetui.core.analysis.folder_runs import RunBrief, by_run_name
        from tracetui.tui.presentation.folder_summary import FolderSummary
        from tracetui.tui.presentation.runs import run_tokens

        runs = [self.store.runs[row] for row in rows if self.store.runs[row].live]
        briefs, causes = [], {}
        for run in runs:
            self._go_on()
            if found := len(self.summaries.causes(run)):
                causes[run.row] = found
            status = self.summaries.status(run)[0]
            briefs.append(RunBrief(run, status, self.costs.of_run(run), *run_tokens(run)))
        return FolderSummary(
            briefs,
            by_run_name(briefs),
            self.summaries.ids,
            sum(causes.values()),
            self.session.symbols,
            self.session.tz,
            causes,
            self.pending,
        )

    def analyses(self, folder: FolderSummary, partly: Callable[[FolderAnalysis], None]) -> FolderAnalysis | None:
        """All runs of a folder, each looked at and put together; None if there is none. Raises Stopped.

        Those that went wrong come first, and what is known by then is told to ``partly``, ever more seldom.
        """
        from tracetui.core.analysis.folder import analyse_folder

        costs = {each.run.row: each.cost for each in folder.runs}
        ordered = sorted(folder.runs, key=lambda each: each.status in ("ok", "running"))
        found: list[RunAnalysis] = []
        told_at, wait = time.monotonic(), _PARTLY_S
        next_part = told_at + wait
        for done, each in enumerate(ordered, 1):
            self._go_on()
            found.append(self._analysed(each.run))
            now = time.monotonic()
            if now - told_at >= _TELL_S:
                told_at = now
                self.told(f"analysing {done:,} of {len(ordered):,} runs")
            if now >= next_part and done < len(ordered):
                partly(analyse_folder(self.store, found, costs))
                wait *= 3
                next_part = time.monotonic() + wait
            if not done % _FROZEN_EVERY:
                gc.freeze()  # else all of them are gone through for cycles again and again, and no key is heard meanwhile
        return analyse_folder(self.store, found, costs) if found else None

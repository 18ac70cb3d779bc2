"""What a filter leaves of the open run, or of the list of runs: worked out in a thread over a snapshot of the store.

Columns answer in some milliseconds; what bodies on disk have to decide comes row by row, is told a few times a second, and ends
when nobody wants it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tracetui.core.filter import Node
    from tracetui.core.filter.columns import Rows
    from tracetui.core.filter.select import Selector, Setting
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Run
    from tracetui.core.store.snapshot import Snapshot
    from tracetui.core.summary import Summaries
    from tracetui.tui.session import Session

    Bools = npt.NDArray[np.bool_]

TELL_EVERY_S: Final = 0.25
"""The least time between two tellings of what bodies have decided, s."""


class Stopped(Exception):
    """Nobody wants the answer any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a filter leaves of a run, as far as that is known."""

    run: int
    spans: Bools
    """By span row."""
    events: Bools
    """By event row."""
    count: int
    """Spans that are left."""
    event_count: int
    """Events that are left, of a filter that names a class of them; else 0."""
    names_events: bool
    asked: int = 0
    """Spans and events whose bodies were asked."""
    to_ask: int = 0

    @property
    def is_whole(self) -> bool:
        """Nothing more is to be asked."""
        return self.asked >= self.to_ask


@dataclass(frozen=True, slots=True)
class Question:
    """A filter and what it is asked of. Made on the loop's thread, answered in another one.

    Args:
        node: The filter.
        snapshot: The store as it is.
        session: Sources, clock, zone, rules and prices.
        stop: Set when nobody wants the answer any more.
    """

    node: Node
    snapshot: Snapshot
    session: Session
    stop: Event

    def spans_and_events(self, run: int, tell: Callable[[Found], None]) -> Found:
        """What is left of a run; ``tell`` gets what is known so far. Raises Stopped, FilterTooSlow."""
        import numpy as np

        selector = self._selector()
        spans, events = (np.zeros(len(table), np.bool_) for table in (self.snapshot.spans, self.snapshot.events))
        told_at = time.monotonic()
        asked_before = 0

        def found(asked: int, to_ask: int) -> Found:
            event_count = int(np.count_nonzero(events)) if selector.names_events else 0
            count = int(np.count_nonzero(spans))
            return Found(run, spans.copy(), events.copy(), count, event_count, selector.names_events, asked, to_ask)

        of_run = self.snapshot.events_of_run(run)
        tables = ((spans, selector.span_table(run), None), (events, selector.event_table(run, of_run), of_run))
        total = 0
        for mask, table, rows in tables:
            asked = to_ask = 0
            known: Any = None
            for known, asked, to_ask in selector.streamed(table):
                if self.stop.is_set():
                    raise Stopped
                now = time.monotonic()
                if asked and now - told_at >= TELL_EVERY_S:
                    _put(mask, known, table.spans_at if rows is None else rows.take)
                    tell(found(asked_before + asked, asked_before + to_ask + 1))
                    told_at = now
            _put(mask, known, table.spans_at if rows is None else rows.take)
            asked_before += asked
            total += to_ask
        return found(total, total)

    def runs(self) -> frozenset[int]:
        """Rows of the runs that are left. Raises Stopped, FilterTooSlow."""
        selector = self._selector()

        def asking(_count: int) -> None:
            if self.stop.is_set():
                raise Stopped

        selector.asking = asking
        live = [run for run in self.snapshot.runs if run.live]
        return frozenset(run.row for run in selector.runs(live))

    def _selector(self) -> Selector:
        from tracetui.core.filter.select import Selector

        return Selector(self.node, self.snapshot, setting_of(self.session, self.snapshot))


def setting_of(session: Session, snapshot: Snapshot) -> Setting:
    """What filters are answered with, for a snapshot of the session's store. In any thread."""
    from tracetui.core.filter.select import Setting
    from tracetui.core.summary import Summaries

    bodies = bodies_of(session, snapshot)

    class Facts(Summaries):
        """With the prices that the screen knows."""

        @property
        def costs(self) -> Costs:
            return _costs(session, snapshot)

    sources = {} if session.feed is None else session.feed.reader.sources
    now = session.now_ns()
    summaries: Summaries = Facts(snapshot, sources, bodies, now, session.rules)

    def of_run(_run: Run) -> Any:
        return bodies

    return Setting(summaries, of_run, now, session.tz)


def bodies_of(session: Session, snapshot: Snapshot) -> Any:
    """Bodies of their own for a thread: those of the session belong to the loop's."""
    from tracetui.core.bodies import Bodies
    from tracetui.core.formats import FORMATS

    sources = {} if session.feed is None else session.feed.reader.sources
    return Bodies(snapshot, sources, FORMATS, remembered=1_000_000)


def _costs(session: Session, snapshot: Snapshot) -> Costs:
    """The session's, whose table rests on nothing that changes; before it is there, what is recorded."""
    if session.costs is not None:
        return session.costs
    from tracetui.core.pricing import Costs
    from tracetui.core.pricing.table import look

    return Costs(snapshot, table=look(snapshot))


def _put(mask: Bools, known: Bools, rows_at: Callable[[Rows], Rows]) -> None:
    import numpy as np

    mask[rows_at(np.flatnonzero(known))] = True

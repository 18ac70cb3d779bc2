"""The open run as a flat list: starts of spans, events, and ends of spans, in the order in which they came.

Order is that of the records, and by time only for runs whose sources have no order in common; time places the ends, which
are not kept as records of their own. An end has a row where something came between it and its start: right after it, it
would say again what the start's row says.

``copied`` takes what is needed out of the store (or a snapshot of it, in a thread), ``ordered`` works on those copies alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, Clock, EventClass, Flag
from tracetui.core.store.columns import taken
from tracetui.core.store.shape import Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.store.run_tree import RunTree
    from tracetui.core.store.store import Store

_LAST = np.iinfo(np.int64).max
_TOLD = int(Flag.announced | Flag.invented)


class What(IntEnum):
    """What a row of the list is."""

    start = 0
    event = 1
    end = 2


@dataclass(frozen=True, slots=True)
class TimeOrder:
    """The rows of the list, as two arrays of one length."""

    what: npt.NDArray[np.uint8]
    row: Ints
    """Span row, or event row."""

    def __len__(self) -> int:
        return len(self.row)

    def index_of(self, what: What, row: int) -> int:
        """Where something stands, -1 if it does not."""
        found = np.flatnonzero((self.row == row) & (self.what == what))
        return int(found[0]) if len(found) else -1

    @classmethod
    def none(cls) -> TimeOrder:
        """No rows."""
        return cls(np.empty(0, np.uint8), np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class Copied:
    """What the order of a run rests on, taken out of the store."""

    spans: Ints
    start: Longs
    end: Longs
    first_record: Longs
    parent: Longs
    """Span rows."""
    events: Ints
    time: Longs
    record: Longs
    owner: Longs
    """Span rows."""
    by_time: bool
    has_times: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What chips and filter ask for of a run; it costs nothing to make."""

    run: int
    spans: Ints | None
    """Span rows; None: all."""
    classes: frozenset[EventClass] | None
    """None: no chip is on."""
    events: npt.NDArray[np.bool_] | None
    """By event row, which ones a filter leaves; None: those of the spans."""
    any_class: bool
    """A filter names events: single tokens of a stream too."""

    @classmethod
    def of(cls, tree: RunTree) -> Asked:
        """What is asked for now."""
        positions, classes = tree.asked_for()
        return cls(tree.run, None if positions is None else tree.rows()[positions], classes, *tree.asked_events())


def copied(store: Store, asked: Asked) -> Copied:
    """Spans and events that chips and filter ask for; without either all, but for single tokens of a stream.

    In a thread the store is to be a `Snapshot`.
    """
    run = store.runs[asked.run]
    rows = store.rows_of_run(run.row) if asked.spans is None else np.sort(asked.spans)
    rows = rows[(_taken(store.spans.np("flags"), rows) & _TOLD) > 0].astype(np.int32)
    events = _events(store, asked, rows)
    return Copied(
        rows,
        _taken(store.spans.np("start"), rows),
        _taken(store.spans.np("end"), rows),
        _taken(store.spans.np("first_record"), rows),
        _taken(store.spans.np("parent"), rows),
        events,
        _taken(store.events.np("time"), events),
        _taken(store.events.np("record"), events),
        _taken(store.events.np("span"), events),
        run.order_by_time,
        run.clock is not Clock.order_only,
    )


def _events(store: Store, asked: Asked, rows: Ints) -> Ints:
    events = store.events_of_run(asked.run).astype(np.int32)
    cls = store.events.np("cls")[events]
    wanted = np.ones(len(events), np.bool_)
    if asked.classes is not None:
        wanted &= np.isin(cls, [int(each) for each in asked.classes])
    elif not asked.any_class:
        wanted &= cls != EventClass.token
    if asked.events is not None:
        known = events < len(asked.events)
        wanted &= known & asked.events[np.where(known, events, 0)] if len(asked.events) else known
    elif asked.spans is not None and asked.classes is None:
        wanted &= np.isin(store.events.np("span")[events], rows)
    return events[wanted]


def _taken(column: npt.NDArray[np.integer], rows: Ints) -> Longs:
    return taken(column, rows).astype(np.int64, copy=False)


def ordered(run: Copied) -> TimeOrder:
    """The list of a run. Takes some tenths of a second for a million spans."""
    spans, events = len(run.spans), len(run.events)
    time = np.concatenate((run.start, run.time))
    record = np.concatenate((run.first_record, run.record))
    key = np.where(time == NO_TIME, _LAST, time) if run.by_time else record
    # A span's start goes before the events that its record tells.
    by = np.lexsort((np.arange(spans + events), record, key)) if run.by_time else np.argsort(key, kind="stable")
    what = np.concatenate((np.full(spans, What.start, np.uint8), np.full(events, What.event, np.uint8)))[by]
    row = np.concatenate((run.spans, run.events))[by]
    if not run.has_times:
        return TimeOrder(what, row)
    at = np.empty(len(by), np.int64)
    at[by] = np.arange(len(by))
    return _with_ends(run, TimeOrder(what, row), np.maximum.accumulate(time[by]), at)


def _with_ends(run: Copied, order: TimeOrder, reached: Longs, at: Longs) -> TimeOrder:
    """Put the ends between the other rows.

    `reached` is the newest time up to each row; `at` where each start and then each event stands.
    """
    held = _last_held(run, at)
    ended = np.flatnonzero((run.end != NO_TIME) & (run.start != NO_TIME) & (run.end > run.start))
    end, own = run.end[ended], at[ended]
    # What a span holds comes before its end, even where it is of the same moment; what follows it comes after.
    before = np.maximum(reached.searchsorted(end, "left"), np.maximum(own, held[ended]) + 1)
    some = before > own + 1
    ended, end, own, before = ended[some], end[some], own[some], before[some]
    # Of those that end at one moment the one that began last ends first.
    by = np.lexsort((-own, end, before))
    row = np.insert(order.row, before[by], run.spans[ended[by]])
    what = np.insert(order.what, before[by], np.uint8(What.end))
    return TimeOrder(what, row.astype(np.int32))


def _last_held(run: Copied, at: Longs) -> Longs:
    """Where the last child or event of each span stands that came before its end; -1 if there is none."""
    found = np.full(len(run.spans), -1, np.int64)
    if not len(found):
        return found
    owner = np.concatenate((run.parent, run.owner))
    time = np.concatenate((run.start, run.time))
    of = np.minimum(run.spans.searchsorted(owner), len(found) - 1)
    inside = (run.spans[of] == owner) & (time <= run.end[of])
    np.maximum.at(found, of[inside], at[inside])
    return found

"""The newest records of all runs, and those that come: what ``tracetui tail`` prints, one line a record.

A record is placed by its own time: that of its event, of the start or the end of its span; one without a time stands with
the record before it. Within a run the order is that of the recording.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import NO_TIME, EventClass, Kind, Status
from tracetui.core.store import Run, Store
from tracetui.core.summary import iso_time
from tracetui.core.symbols import Symbols
from tracetui.core.text import clock_time, cut, duration, fit, safe

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.filter.select import Selector

_GAP: Final = "  "
_TIME, _RUN, _SPAN, _TYPE = 12, 16, 20, 18
_LOOK_BACK: Final = 32
"""Records looked at before those that are shown, for the time of one that has none."""


@dataclass(slots=True, frozen=True)
class Recent:
    """One record, with what is worth telling of it. Texts are untrusted."""

    record: int
    run: int
    time: int
    """ns since the epoch; NO_TIME if it cannot be placed."""
    span: int
    """Row of its span; -1 for none."""
    type: str
    cls: str
    """Class of the event; empty for a record that is none."""
    text: str


class Records:
    """Finds and describes records of one store.

    Args:
        store: What has been read.
        bodies: For texts.
        where: Only the records that it selects.
    """

    def __init__(self, store: Store, bodies: Bodies, where: Selector | None = None) -> None:
        self._store = store
        self._bodies = bodies
        self._where = where

    def last(self, number: int, runs: Sequence[Run]) -> list[Recent]:
        """The ``number`` newest records of some runs, the newest last."""
        segments = self._segments_of_runs()
        newest: list[tuple[int, int]] = []
        for run in sorted(runs, key=lambda run: run.last_time, reverse=True):
            if number <= 0 or (len(newest) == number and run.last_time < newest[0][0]):
                break
            if self._where is None:
                rows = self._tail_of_run(segments.get(run.row, []), number + _LOOK_BACK)
                entries = self._times(run, rows)[-number:]
            else:
                rows = self._tail_of_run(segments.get(run.row, []), len(self._store.records))
                entries = self._times_of(run, rows, self._selected(run, rows, number))
            for entry in entries:
                if len(newest) < number:
                    heapq.heappush(newest, entry)
                elif entry > newest[0]:
                    heapq.heapreplace(newest, entry)
        return [self.describe(record, time) for time, record in sorted(newest)]

    def between(self, first: int, last: int) -> Iterator[Recent]:
        """Records of a range of rows, in arrival order, those of dead segments left out."""
        chosen = None if self._where is None else self._chosen(first, last)
        for record in range(first, last):
            segment = self._store.segment_of(record)
            if not self._store.segments.dead[segment] and (chosen is None or record in chosen):
                run = self._store.runs[self._store.segments.run[segment]]
                yield self.describe(record, self._time(record, self._event_of(run, record)))

    def _chosen(self, first: int, last: int) -> set[int]:
        """Which records of a range of rows the filter selects."""
        by_run: dict[int, list[int]] = {}
        for record in range(first, last):
            run = self._store.segments.run[self._store.segment_of(record)]
            by_run.setdefault(run, []).append(record)
        return {
            record for run, rows in by_run.items() for record in self._selected(self._store.runs[run], rows, len(rows))
        }

    def _selected(self, run: Run, rows: list[int], number: int) -> list[int]:
        """The last so many of some records of a run (ascending) that the filter selects."""
        if self._where is None or not rows:
            return rows[-number:]
        import numpy as np

        table = self._where.record_table(run.row, np.asarray(rows, np.int64))
        return [rows[index] for index in self._where.newest(table, number)]

    def _times_of(self, run: Run, rows: list[int], wanted: list[int]) -> list[tuple[int, int]]:
        """(time, record) of some of a run's records; one without a time stands with those before it."""
        found: list[tuple[int, int]] = []
        for record in wanted:
            end = bisect_right(rows, record)
            time = self._times(run, rows[max(0, end - 1 - _LOOK_BACK) : end])[-1][0]
            found.append((max(time, found[-1][0]) if found else time, record))
        return found

    def describe(self, record: int, time: int) -> Recent:
        """What a record says."""
        store = self._store
        run = store.runs[store.segments.run[store.segment_of(record)]]
        event = self._event_of(run, record)
        span = store.records.span[record]
        cls = "" if event is None else EventClass(store.events.cls[event]).name
        text = self._span_text(record, span) if event is None else self._bodies.event_text(event)
        return Recent(record, run.row, time, span, store.record_type(record), cls, text)

    def _segments_of_runs(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number in range(len(self._store.segments)):
            if not self._store.segments.dead[number]:
                found.setdefault(self._store.segments.run[number], []).append(number)
        return found

    def _tail_of_run(self, segments: list[int], number: int) -> list[int]:
        """The last rows of a run's records, ascending."""
        firsts = self._store.segments.first_record
        rows: list[int] = []
        for segment in reversed(segments):
            stop = firsts[segment + 1] if segment + 1 < len(firsts) else len(self._store.records)
            rows += range(stop - 1, max(firsts[segment], stop - (number - len(rows))) - 1, -1)
            if len(rows) >= number:
                break
        return rows[::-1]

    def _times(self, run: Run, records: list[int]) -> list[tuple[int, int]]:
        """(time, record), the times never going back."""
        events = self._events_among(run, records)
        time = NO_TIME
        found = []
        for record in records:
            time = max(time, self._time(record, events.get(record)))
            found.append((run.last_time if time == NO_TIME else time, record))
        return found

    def _time(self, record: int, event: int | None) -> int:
        if event is not None:
            return self._store.events.time[event]
        span = self._store.records.span[record]
        if span < 0:
            return NO_TIME
        start, end = self._store.spans.start[span], self._store.spans.end[span]
        return start if end == NO_TIME or self._is_begin(record, span) else end

    def _is_begin(self, record: int, span: int) -> bool:
        """Whether a record says that its span starts, and another one (to come) that it ends."""
        if record != self._store.spans.first_record[span]:
            return False
        if self._store.spans.status[span] == Status.open:
            return True
        return len(self._bodies.records_of(span)) > 1

    def _event_of(self, run: Run, record: int) -> int | None:
        return self._events_among(run, [record]).get(record)

    def _events_among(self, run: Run, records: list[int]) -> dict[int, int]:
        """Record row to event row, for records that are events."""
        if run.first_event < 0 or not records:
            return {}
        import numpy as np

        low, high = run.first_event, run.last_event + 1
        column = self._store.events.np("record", low, high)
        among = np.flatnonzero((column >= records[0]) & (column <= records[-1]))
        return {int(column[at]): low + at for at in among.tolist()}

    def _span_text(self, record: int, span: int) -> str:
        if span < 0:
            return ""
        spans = self._store.spans
        if self._is_begin(record, span):
            return self._bodies.subject(span)
        status = Status(spans.status[span])
        start, end = spans.start[span], spans.end[span]
        took = duration(max(0, end - start)) if start != NO_TIME and end != NO_TIME else ""
        words = [status.name if status is not Status.unset else "", took]
        if status is Status.error:
            words.append(self._error(span))
        return " ".join(word for word in words if word)

    def _error(self, span: int) -> str:
        try:
            error = self._bodies.span_detail(span).error
        except ChangedOnDisk:
            return ""
        return error.message or error.type if error is not None else ""

    # -- as text and as JSON -------------------------------------------------------------------------------------------

    def line(self, recent: Recent, tz: tzinfo, symbols: Symbols, width: int | None) -> str:
        """``time run span type text``; cut at ``width`` columns if there is a width."""
        store = self._store
        span = store.strings[store.spans.name[recent.span]] if recent.span >= 0 else ""
        cells = (
            (clock_time(None if recent.time == NO_TIME else recent.time, tz, symbols), _TIME),
            (safe(store.runs[recent.run].name), _RUN),
            (safe(span), _SPAN),
            (safe(recent.type), _TYPE),
        )
        text = _GAP.join(fit(cell, wide, symbols=symbols) for cell, wide in cells)
        text = f"{text}{_GAP}{safe(recent.text)}".rstrip()
        return text if width is None else cut(text, width, symbols=symbols)

    def facts(self, recent: Recent, ids: dict[int, str]) -> dict[str, Any]:
        """A record as a JSON object."""
        store, span = self._store, recent.span
        return {
            "time": iso_time(recent.time),
            "run": ids.get(recent.run, store.runs[recent.run].id),
            "run_name": store.runs[recent.run].name,
            "span": store.strings[store.spans.name[span]] if span >= 0 else None,
            "kind": Kind(store.spans.kind[span]).name if span >= 0 else None,
            "type": recent.type,
            "class": recent.cls or None,
            "text": recent.text,
        }

"""Takes back what a source said before it was truncated or replaced, and counts the runs that it spoke of anew.

Rows stay where they are: records die with their segment, spans that nothing else speaks of become tombstones, and a span that
is told again takes its old row up again. The view is then what a cold read of the files would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.store.columns import Events, Records
from tracetui.core.store.retold import parts_told, take_back
from tracetui.core.store.usage import FIGURES

if TYPE_CHECKING:
    from tracetui.core.store.change import Change
    from tracetui.core.store.runs import Run
    from tracetui.core.store.store import Store

_ANNOUNCED = int(Flag.announced)
_ALL_PARTS = 7


def forget_source(store: Store, source: int, change: Change, *, restarted: bool = False) -> None:
    """Everything that this source said so far is gone; ``restarted``: from its file, and not only to be told better."""
    segments = store.segments
    ends = [*segments.first_record[1:], len(store.records)] if len(segments) else []
    affected = set(store._source_runs.get(source, ()))
    for number in range(len(segments)):
        if segments.source[number] == source and not segments.dead[number]:
            segments.dead[number] = 1
            if restarted:
                store.runs[segments.run[number]].taken_back += ends[number] - segments.first_record[number]
            _kill_records(store, segments.first_record[number], ends[number])
    bad = store.bad
    for row in range(len(bad)):
        if bad.source[row] == source and not bad.dead[row]:
            bad.dead[row] = 1
    store._complete_sources.discard(source)
    for row in take_back(store.retold, source):
        store.spans.flags[row] &= ~Flag.retold
    for row in affected:
        run = store.runs[row]
        if source in run.sources:
            run.sources.remove(source)
            run.restarts += restarted
        run.repairs = {said: count for said, count in run.repairs.items() if said[0] != source}
        run.costs.pop(source, None)
        _take_back(store, run)
        change.runs.add(row)
        change.reset.add(row)
    store._source_runs[source] = set()
    for key in store._told_aside.pop(source, ()):
        store._asides[key] = {said: count for said, count in store._asides[key].items() if said[0] != source}
        row = store._run_rows.get(key, -1)
        if row >= 0:
            run = store.runs[row]
            run.repairs = {said: count for said, count in run.repairs.items() if said[0] != source}
            change.runs.add(row)


def _kill_records(store: Store, start: int, stop: int) -> None:
    """Records die: no span owns them, their events are over."""
    import numpy as np

    if start == stop:
        return
    store.records.np("span", start, stop)[:] = -2
    if len(store.events):
        records = store.events.np("record")
        dead = np.flatnonzero((records >= start) & (records < stop))
        store.events.np("cls")[dead] = Events.DEAD


def _take_back(store: Store, run: Run) -> None:
    """Drop the spans that no record speaks of any more, and count the run anew."""
    import numpy as np

    rows = store.rows_of_run(run.row)
    if len(rows):
        low, high = run.first_record, run.last_record + 1
        spoken = np.zeros(len(store.spans), bool)
        alive = store.records.np("span", max(0, low), high)
        spoken[alive[alive >= 0]] = True
        for row in rows[~spoken[rows]].tolist():
            store.drop_row(run, row)
            store.retelling.pop(row, None)
        left = rows[spoken[rows]].tolist()
        store.retelling.update(dict.fromkeys(left, _ALL_PARTS))
        told = parts_told(store.retold)
        for row in told.keys() & set(left):
            store.retelling[row] &= ~told[row]  # others tell it still: to hear it once more is to hear it twice
    if not run.sources:
        run.live = False
        _reset_facts(run)
    recount(store, run)


def _reset_facts(run: Run) -> None:
    """No source is left that said them."""
    run.recorded_status = run.status_reason = run.recorded_start = run.recorded_end = run.recorded_duration_ns = None
    run.id, run.name = run.key, ""
    run.process = None
    run.records_end = run.order_by_time = run.is_cut_off = False
    run.clock = Clock.utc
    run.meta, run.notes, run.links, run.ranks, run.repairs = {}, [], [], {}, {}


def recount(store: Store, run: Run) -> None:
    """All figures of a run from the columns: what keeping them as it grows must come to."""
    import numpy as np

    spans = store.spans
    rows = every_row = store.rows_of_run(run.row)
    rows = rows[(spans.np("flags")[rows] & _ANNOUNCED) > 0] if len(rows) else rows
    run.span_count = len(rows)
    statuses = np.bincount(spans.np("status")[rows], minlength=len(Status)) if len(rows) else [0] * len(Status)
    run.open_count, run.error_count = int(statuses[Status.open]), int(statuses[Status.error])
    run.skipped_count = int(statuses[Status.skipped])
    kinds = np.bincount(spans.np("kind")[rows], minlength=len(Kind)) if len(rows) else [0] * len(Kind)
    run.kind_counts = [int(number) for number in kinds]
    events = store.events_of_run(run.row)
    classes = (
        np.bincount(store.events.np("cls")[events], minlength=len(EventClass)) if len(events) else [0] * len(EventClass)
    )
    run.class_counts = [int(number) for number in classes]
    _recount_records(store, run)
    run.bad_count = sum(1 for row in range(len(store.bad)) if store.bad.run[row] == run.row and not store.bad.dead[row])
    _recount_usage(store, run, every_row.tolist())
    run.first_time = run.last_time = run.first_start = NO_TIME
    for column, chosen in (("start", rows), ("end", rows)):
        times = spans.np(column)[chosen] if len(chosen) else np.empty(0, np.int64)
        times = times[times >= 0]
        if len(times):
            run.seen(int(times.min()))
            run.seen(int(times.max()))
            if column == "start":
                run.first_start = int(times.min())
    times = store.events.np("time")[events] if len(events) else np.empty(0, np.int64)
    times = times[times >= 0]
    if len(times):
        run.seen(int(times.min()))
        run.seen(int(times.max()))
    for time in (run.recorded_start, run.recorded_end):
        if time is not None:
            run.seen(time)


def _recount_records(store: Store, run: Run) -> None:
    segments, types = store.segments, store.records.type
    run.type_counts, run.record_count = {}, 0
    for number in range(len(segments)):
        if segments.run[number] != run.row or segments.dead[number]:
            continue
        stop = segments.first_record[number + 1] if number + 1 < len(segments) else len(store.records)
        for type_id in types[segments.first_record[number] : stop]:
            if not type_id & Records.UNCOUNTED:
                run.type_counts[type_id] = run.type_counts.get(type_id, 0) + 1
                run.record_count += 1


def _recount_usage(store: Store, run: Run, rows: list[int]) -> None:
    run.usage, run.known, run.models = Usage(cost_usd=run.cost_of_no_call), {}, {}
    for row in rows:
        usage = store.usage_of(row)
        model = store.model_of(row)
        if model:
            run.models[model] = run.models.get(model, 0) + 1
        for name in FIGURES if usage is not None else ():
            value = getattr(usage, name)
            if value is not None:
                run.known[name] = run.known.get(name, 0) + 1
                setattr(run.usage, name, (getattr(run.usage, name) or 0) + value)

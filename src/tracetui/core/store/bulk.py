"""Folds ``Columns``, the fast lane's many records at once, with as little Python per record as possible.

What is unusual (a span told twice, an end without its start, a parent not seen yet) goes through the same functions as a
single operation, so both lanes end in the same store.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tracetui.core.model import NO_TIME, EventClass, Kind, Status
from tracetui.core.operations import Begin, Columns, End
from tracetui.core.store import store as single

if TYPE_CHECKING:
    from tracetui.core.store.runs import Run
    from tracetui.core.store.store import Store

_ANNOUNCED = single._ANNOUNCED
_OPEN = int(Status.open)
_ERROR = int(Status.error)
_SKIPPED = int(Status.skipped)


def fold_columns(store: Store, op: Columns) -> None:
    """Fold many records of one run."""
    run = store._run_of(op.run)
    first = _records(store, run, op)
    spans = [-1] * len(op.types)
    if op.begin_key:
        _begins(store, run, op, first, spans)
    if op.end_key:
        _ends(store, run, op, first, spans)
    if op.event_key:
        _events(store, run, op, first, spans)
    records = store.records.span
    for position, row in enumerate(spans):
        records[first + position] = row
    for position, operation in op.rest:
        store._record_row = first + position
        store._record_free = records[first + position] < 0
        store._folds[type(operation)](operation)
    store._record_row = len(records) - 1
    store._record_free = False


def _records(store: Store, run: Run, op: Columns) -> int:
    """Append the records; returns the row of the first."""
    records = store.records
    first = len(records.span)
    if not op.types:
        return first
    if store._segment_run != run.row or op.a[0] < store._segment_base or op.a[-1] - store._segment_base >= 0xFFFF_FFFF:
        store._segment(run.row, op.a[0])
    base = store._segment_base
    records.offset.extend([offset - base for offset in op.a])
    records.length.extend(op.b)
    records.span.extend([-1] * len(op.types))
    ids = store.strings.intern_all(op.types)
    records.type.extend(ids)
    counts = run.type_counts
    for number, count in Counter(ids).items():
        counts[number] = counts.get(number, 0) + count
    run.record_count += len(ids)
    if run.first_record < 0:
        run.first_record = first
    run.last_record = first + len(ids) - 1
    return first


def _begins(store: Store, run: Run, op: Columns, first: int, own: list[int]) -> None:
    spans = store.spans
    salt = single.run_salt(run.row)
    mixed = [key ^ salt for key in op.begin_key]
    rows = store.index.get_all(mixed)
    if max(rows) >= 0 or len(set(mixed)) < len(mixed):
        _begin_singly(store, op, first, own)
        return
    start = len(spans.flags)
    count = len(mixed)
    spans.start.extend(op.begin_time)
    spans.end.extend([NO_TIME] * count)
    spans.key.extend(mixed)
    spans.parent.extend([-1] * count)
    spans.run.extend([run.row] * count)
    spans.name.extend(store.strings.intern_all(op.begin_name))
    spans.first_record.extend([first + position for position in op.begin_record])
    spans.kind.extend(op.begin_kind)
    spans.status.extend([_OPEN] * count)
    spans.flags.extend([_ANNOUNCED] * count)
    store.index.add_all(mixed, start)
    if run.first_row < 0:
        run.first_row = start
    run.last_row = start + count - 1
    run.span_count += count
    run.open_count += count
    for kind, number in Counter(op.begin_kind).items():
        run.kind_counts[kind] += number
    row = start
    for position in op.begin_record:
        own[position] = row
        row += 1
    _times(run, op.begin_time)
    earliest = min((time for time in op.begin_time if time >= 0), default=NO_TIME)
    if earliest >= 0 and (run.first_start < 0 or earliest < run.first_start):
        run.first_start = earliest
    _parents(store, run, op, first, start)


def _parents(store: Store, run: Run, op: Columns, first: int, start: int) -> None:
    """Resolve the parents of new spans; one that is not there yet gets a row that waits for it."""
    salt = single.run_salt(run.row)
    spans = store.spans
    found = store.index.get_all([key ^ salt for key in op.begin_parent])
    run_of = spans.run
    this = run.row
    for i, key in enumerate(op.begin_parent):
        if not key:
            continue
        parent = found[i]
        if parent < 0 or run_of[parent] != this:
            store._record_row = first + op.begin_record[i]
            parent = store._row(run, key)
        if parent != start + i:
            spans.parent[start + i] = parent


def _begin_singly(store: Store, op: Columns, first: int, own: list[int]) -> None:
    for i, position in enumerate(op.begin_record):
        store._record_row = first + position
        store._record_free = False
        key, parent = op.begin_key[i], op.begin_parent[i]
        store._fold_begin(
            Begin(
                op.run,
                _text(key),
                _text(parent) if parent else None,
                op.begin_name[i],
                Kind(op.begin_kind[i]),
                op.begin_time[i],
            )
        )
        own[position] = store._row(store._run_of(op.run), key)


def _ends(store: Store, run: Run, op: Columns, first: int, own: list[int]) -> None:
    spans, ranks = store.spans, store._ranks
    salt = single.run_salt(run.row)
    rows = store.index.get_all([key ^ salt for key in op.end_key])
    status_of, end_of, flags, kind_of, run_of, start_of = (
        spans.status,
        spans.end,
        spans.flags,
        spans.kind,
        spans.run,
        spans.start,
    )
    name_of, parent_of, parents = spans.name, spans.parent, op.end_parent
    this, generic = run.row, Kind.span
    closed = 0
    for i, row in enumerate(rows):
        position = op.end_record[i]
        if (
            row < 0
            or run_of[row] != this
            or not flags[row] & _ANNOUNCED
            or status_of[row] != _OPEN
            or kind_of[row] == generic
            or start_of[row] < 0
            or not name_of[row]
            or (parents[i] and parent_of[row] < 0)
            or (ranks and row in ranks)
        ):
            own[position] = _end_singly(store, op, i, first)
            continue
        own[position] = row
        closed += 1
        status = op.end_status[i]
        status_of[row] = status
        end_of[row] = op.end_time[i]
        if status == _ERROR:
            run.error_count += 1
            run.failed.append(row)
        elif status == _SKIPPED:
            run.skipped_count += 1
        elif status == _OPEN:
            run.open_count += 1
    run.open_count -= closed
    _times(run, op.end_time)
    store._change.touched.update(rows)
    store._change.touched.discard(-1)


def _end_singly(store: Store, op: Columns, i: int, first: int) -> int:
    store._record_row = first + op.end_record[i]
    store._record_free = False
    parent = op.end_parent[i]
    store._fold_end(
        End(
            op.run,
            _text(op.end_key[i]),
            op.end_time[i],
            Status(op.end_status[i]),
            _text(parent) if parent else None,
            op.end_name[i],
            Kind(op.end_kind[i]),
            op.end_start[i],
        )
    )
    return store._row(store._run_of(op.run), op.end_key[i])


def _events(store: Store, run: Run, op: Columns, first: int, own: list[int]) -> None:
    salt = single.run_salt(run.row)
    rows = store.index.get_all([key ^ salt for key in op.event_key])
    run_of, flags = store.spans.run, store.spans.flags
    for i, row in enumerate(rows):
        key = op.event_key[i]
        if not key:
            rows[i] = -1
            continue
        if row < 0 or run_of[row] != run.row or flags[row] & single._DROPPED:
            store._record_row = first + op.event_record[i]
            rows[i] = row = store._row(run, key)
        own[op.event_record[i]] = row
    events = store.events
    number = len(events.cls)
    events.record.extend([first + position for position in op.event_record])
    events.span.extend(rows)
    events.time.extend(op.event_time)
    events.cls.extend(op.event_class)
    events.run.extend([run.row] * len(rows))
    for cls, count in Counter(op.event_class).items():
        run.class_counts[EventClass(cls)] += count
    if run.first_event < 0:
        run.first_event = number
    run.last_event = number + len(rows) - 1
    _times(run, op.event_time)


def _times(run: Run, times: list[int]) -> None:
    run.seen(max(times))
    run.seen(min(times))


def _text(key: int) -> str:
    """A key number as the sixteen digits that ``span_key`` turns back into it."""
    return f"{key:016x}"

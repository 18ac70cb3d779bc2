"""Folds ``Columns``, the fast lane's many records at once, with as little Python per record as possible.

What is unusual (a span told twice, an end without its start, a parent not seen yet) goes through the same functions as a
single operation, so both lanes end in the same store.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from operator import eq
from typing import TYPE_CHECKING

from tracetui.core.model import NO_TIME, EventClass, Kind, Status, Usage
from tracetui.core.operations import Begin, Columns, End, Whole
from tracetui.core.store.columns import Records, extend, repeat
from tracetui.core.store.usage import FIGURES
from tracetui.core.store.writing import rows as single

if TYPE_CHECKING:
    from tracetui.core.store.runs import Run
    from tracetui.core.store.store import Store

_ANNOUNCED = single._ANNOUNCED
_HAS_USAGE = single._HAS_USAGE
_SPAN = int(Kind.span)
_FEW = 24
"""Values below which the set-up of numpy or of a ``Counter`` costs more than looking at them one by one."""
_OPEN = int(Status.open)
_ERROR = int(Status.error)
_SKIPPED = int(Status.skipped)


def fold_columns(store: Store, op: Columns) -> None:
    """Fold many records of one run."""
    run = store._run_of(op.run)
    first = _records(store, run, op)
    own = [-1] * len(op.types)
    for position, operation in op.ahead:
        store._record_row, store._record_free = first + position, False
        store._folds[type(operation)](operation)
    if op.whole_key:
        _wholes(store, run, op, first, own)
    if op.begin_key:
        _begins(store, run, op, first, own)
    if op.end_key:
        _ends(store, run, op, first, own)
    if op.event_key:
        _events(store, run, op, first, own)
    if op.more_key:
        _more(store, run, op, first, own)
    rows_at = _models(store, run, op, own) if op.models else ([], [])
    if op.usage_record:
        _usage(store, run, op, own, *rows_at)
    records = store.records.span
    records[first:] = array("i", own)
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
    ids = store.strings.intern_all(op.types)
    extend(records.offset, [offset - base for offset in op.a])
    extend(records.length, op.b)
    repeat(records.span, -1, len(ids))
    extend(records.type, ids)
    for position in op.copies:
        records.type[first + position] |= Records.UNCOUNTED
    counted = ids
    if op.copies:
        copies = set(op.copies)
        counted = [number for position, number in enumerate(ids) if position not in copies]
    counts = run.type_counts
    for number, count in _counted(counted):
        counts[number] = counts.get(number, 0) + count
    run.record_count += len(counted)
    if run.first_record < 0:
        run.first_record = first
    run.last_record = first + len(ids) - 1
    return first


def _wholes(store: Store, run: Run, op: Columns, first: int, own: list[int]) -> None:
    salt = single.run_salt(run.row)
    mixed = [key ^ salt for key in op.whole_key]
    rows = store.index.get_all(mixed)
    if max(rows) < 0 and len(set(mixed)) == len(mixed):
        start = len(store.spans.flags)
        _new_wholes(store, run, op, first, mixed)
        for row, position in enumerate(op.whole_record, start):
            own[position] = row
        _times(run, op.whole_start)
        _times(run, op.whole_end)
        earliest = min(op.whole_start)
        if run.first_start < 0 or earliest < run.first_start:
            run.first_start = earliest
        _parents(store, run, op.whole_parent, op.whole_record, first, start)
        return
    plain = _same_wholes(store, run, op, first, rows) if min(rows) >= 0 and len(set(rows)) == len(rows) else None
    told = set(op.usage_record)
    flags, touched = store.spans.flags, store._change.touched
    for i, position in enumerate(op.whole_record):
        if plain is not None and plain[i]:
            row = rows[i]
            flags[row] |= op.whole_flags[i]
            touched.add(row)
        else:
            row = _whole_singly(store, op, i, first)
        own[position] = row
        if flags[row] & _HAS_USAGE and position not in told:
            store._set_usage(run, row, Usage())


def _new_wholes(store: Store, run: Run, op: Columns, first: int, mixed: list[int]) -> None:
    """Append spans that were never named before, without their parents."""
    spans = store.spans
    start = len(spans.flags)
    count = len(mixed)
    extend(spans.start, op.whole_start)
    extend(spans.end, op.whole_end)
    extend(spans.key, mixed)
    repeat(spans.parent, -1, count)
    repeat(spans.run, run.row, count)
    extend(spans.name, store.strings.intern_all(op.whole_name))
    extend(spans.first_record, [first + position for position in op.whole_record])
    spans.kind.frombytes(bytes(op.whole_kind))
    spans.status.frombytes(bytes(op.whole_status))
    extend(spans.flags, [_ANNOUNCED | flags for flags in op.whole_flags])
    store.index.add_all(mixed, start)
    if run.first_row < 0:
        run.first_row = start
    run.last_row = start + count - 1
    run.span_count += count
    for kind in set(op.whole_kind):
        run.kind_counts[kind] += op.whole_kind.count(kind)
    statuses = op.whole_status
    run.open_count += statuses.count(_OPEN)
    run.skipped_count += statuses.count(_SKIPPED)
    if _ERROR in statuses:
        run.error_count += statuses.count(_ERROR)
        run.failed.fromlist([row for row, status in enumerate(op.whole_status, start) if status == _ERROR])


def _same_wholes(store: Store, run: Run, op: Columns, first: int, rows: list[int]) -> list[bool]:
    """Which spans are told once more by a copy that says what is known; no row twice."""
    import numpy as np

    spans = store.spans
    at = np.array(rows)
    types = store.records.np("type")[np.array(op.whole_record) + first]
    plain = ((types & Records.UNCOUNTED) > 0) & (spans.np("run")[at] == run.row)
    plain &= (spans.np("flags")[at] & (_ANNOUNCED | single._DROPPED)) == _ANNOUNCED
    plain &= spans.np("start")[at] == np.array(op.whole_start, np.int64)
    plain &= spans.np("end")[at] == np.array(op.whole_end, np.int64)
    plain &= spans.np("status")[at] == np.array(op.whole_status, np.uint8)
    plain &= spans.np("kind")[at] == np.array(op.whole_kind, np.uint8)
    plain &= spans.np("name")[at] == np.array(store.strings.intern_all(op.whole_name), np.uint32)
    salt = single.run_salt(run.row)
    parents = np.array([key and key ^ salt for key in op.whole_parent], np.uint64)
    held = spans.np("parent")[at]
    plain &= (parents == 0) | ((held >= 0) & (spans.np("key")[held] == parents))
    flags: list[bool] = plain.tolist()
    return flags


def _whole_singly(store: Store, op: Columns, i: int, first: int) -> int:
    store._record_row = first + op.whole_record[i]
    store._record_free = False
    key, parent = op.whole_key[i], op.whole_parent[i]
    store._fold_whole(
        Whole(
            op.run,
            _text(key),
            _text(parent) if parent else None,
            op.whole_name[i],
            Kind(op.whole_kind[i]),
            op.whole_start[i],
            op.whole_end[i],
            Status(op.whole_status[i]),
            flags=op.whole_flags[i],
        )
    )
    return store._row(store._run_of(op.run), key)


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
    extend(spans.start, op.begin_time)
    repeat(spans.end, NO_TIME, count)
    extend(spans.key, mixed)
    repeat(spans.parent, -1, count)
    repeat(spans.run, run.row, count)
    extend(spans.name, store.strings.intern_all(op.begin_name))
    extend(spans.first_record, [first + position for position in op.begin_record])
    spans.kind.frombytes(bytes(op.begin_kind))
    repeat(spans.status, _OPEN, count)
    if op.begin_flags:
        extend(spans.flags, [_ANNOUNCED | flags for flags in op.begin_flags])
    else:
        repeat(spans.flags, _ANNOUNCED, count)
    store.index.add_all(mixed, start)
    if run.first_row < 0:
        run.first_row = start
    run.last_row = start + count - 1
    run.span_count += count
    run.open_count += count
    for kind, number in _counted(op.begin_kind):
        run.kind_counts[kind] += number
    for row, position in enumerate(op.begin_record, start):
        own[position] = row
    _times(run, op.begin_time)
    earliest = min(op.begin_time)
    if run.first_start < 0 or earliest < run.first_start:
        run.first_start = earliest
    _parents(store, run, op.begin_parent, op.begin_record, first, start)


def _parents(store: Store, run: Run, parents: list[int], positions: list[int], first: int, start: int) -> None:
    """Resolve the parents of new spans; one that is not there yet gets a row that waits for it."""
    if not any(parents):
        return
    salt = single.run_salt(run.row)
    spans = store.spans
    found = store.index.get_all([key ^ salt for key in parents])
    run_of = spans.run
    this = run.row
    if (
        min(found) >= 0
        and 0 not in parents
        and set(map(run_of.__getitem__, found)) == {this}
        and not any(map(eq, found, range(start, start + len(found))))
    ):
        spans.parent[start:] = array("i", found)
        return
    for i, key in enumerate(parents):
        if not key:
            continue
        parent = found[i]
        if parent < 0 or run_of[parent] != this:
            store._record_row = first + positions[i]
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
                op.begin_flags[i] if op.begin_flags else 0,
            )
        )
        own[position] = store._row(store._run_of(op.run), key)


def _ends(store: Store, run: Run, op: Columns, first: int, own: list[int]) -> None:
    salt = single.run_salt(run.row)
    rows = store.index.get_all([key ^ salt for key in op.end_key])
    fold = _plain_ends if len(rows) >= _FEW and max(rows) >= 0 and len(set(rows)) == len(rows) else _few_plain_ends
    plain = fold(store, run, op, rows)
    for i, row in enumerate(rows):
        own[op.end_record[i]] = row if plain[i] else _end_singly(store, op, i, first)
    _times(run, op.end_time)
    new = store._change.spans[0]
    store._change.touched.update([row for row in rows if 0 <= row < new])


def _few_plain_ends(store: Store, run: Run, op: Columns, rows: list[int]) -> list[bool]:
    """What ``_plain_ends`` does, without numpy, whose set-up costs more than it saves for a few."""
    spans, ranks = store.spans, store._ranks
    flags: list[bool] = []
    for i, row in enumerate(rows):
        plain = (
            row >= 0
            and spans.run[row] == run.row
            and spans.flags[row] & _ANNOUNCED > 0
            and spans.status[row] == _OPEN
            and spans.start[row] >= 0
            and spans.name[row] > 0
            and (spans.kind[row] != _SPAN or op.end_kind[i] == _SPAN)
            and (spans.parent[row] >= 0 or op.end_parent[i] is None)
            and row not in ranks
        )
        flags.append(plain)
        if plain:
            status = op.end_status[i]
            spans.status[row] = status
            spans.end[row] = op.end_time[i]
            if op.end_flags:
                spans.flags[row] |= op.end_flags[i]
            run.open_count -= 1
            store._count_status(run, row, status, 1)
    return flags


def _plain_ends(store: Store, run: Run, op: Columns, rows: list[int]) -> list[bool]:
    """Fold the ends that add nothing but time and status to what their start said; which ones these are. No row twice."""
    import numpy as np

    spans = store.spans
    at, statuses = np.array(rows), np.array(op.end_status, np.uint8)
    plain = (at >= 0) & (spans.np("run")[at] == run.row)
    plain &= (spans.np("flags")[at] & _ANNOUNCED) > 0
    plain &= (spans.np("status")[at] == _OPEN) & (spans.np("start")[at] >= 0) & (spans.np("name")[at] > 0)
    plain &= (spans.np("kind")[at] != _SPAN) | (np.array(op.end_kind, np.uint8) == _SPAN)
    plain &= (spans.np("parent")[at] >= 0) | np.array([parent is None for parent in op.end_parent])
    if store._ranks:
        plain &= np.array([row not in store._ranks for row in rows])
    chosen, statuses = at[plain], statuses[plain]
    spans.np("status")[chosen] = statuses
    spans.np("end")[chosen] = np.array(op.end_time, np.int64)[plain]
    if op.end_flags:
        spans.np("flags")[chosen] |= np.array(op.end_flags, spans.np("flags").dtype)[plain]
    counts = np.bincount(statuses, minlength=len(Status)).tolist()
    run.open_count += counts[_OPEN] - len(chosen)
    run.error_count += counts[_ERROR]
    run.skipped_count += counts[_SKIPPED]
    run.failed.fromlist(chosen[statuses == _ERROR].tolist())
    flags: list[bool] = plain.tolist()
    return flags


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
            parent,
            op.end_name[i],
            Kind(op.end_kind[i]),
            op.end_start[i],
            flags=op.end_flags[i] if op.end_flags else 0,
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
    extend(events.record, [first + position for position in op.event_record])
    extend(events.span, rows)
    extend(events.time, op.event_time)
    events.cls.frombytes(bytes(op.event_class))
    repeat(events.run, run.row, len(rows))
    for cls, count in _counted(op.event_class):
        run.class_counts[EventClass(cls)] += count
    if run.first_event < 0:
        run.first_event = number
    run.last_event = number + len(rows) - 1
    _times(run, op.event_time)


def _more(store: Store, run: Run, op: Columns, first: int, own: list[int]) -> None:
    """Records that tell more of spans; one whose start comes later gets a row that waits for it."""
    salt = single.run_salt(run.row)
    mixed = [key ^ salt for key in op.more_key]
    rows = store.index.get_all(mixed)
    if rows.count(-1) >= _FEW:
        _wait_for(store, run, op, first, mixed)
        rows = store.index.get_all(mixed)
    spans, ranks, new = store.spans, store._ranks, store._change.spans[0]
    run_of, flags, kinds = spans.run, spans.flags, spans.kind
    touched = store._change.touched
    for position, key, row, kind in zip(op.more_record, op.more_key, rows, op.more_kind, strict=True):
        if row < 0 or run_of[row] != run.row or flags[row] & single._DROPPED:
            store._record_row = first + position
            row = store._row(run, key)
        own[position] = row
        if kinds[row] != kind and (row not in ranks or store._may(row, "kind", 0)):
            if flags[row] & _ANNOUNCED:
                store._set_kind(run, row, kind)
            else:
                kinds[row] = kind
        if row < new:
            touched.add(row)


def _wait_for(store: Store, run: Run, op: Columns, first: int, mixed: list[int]) -> None:
    """Rows for spans that were never named before and wait for their own records, at once."""
    waiting: dict[int, int] = {}
    for i, row in enumerate(store.index.get_all(mixed)):
        if row < 0:
            waiting.setdefault(mixed[i], i)
    spans = store.spans
    start, count = len(spans.flags), len(waiting)
    repeat(spans.start, NO_TIME, count)
    repeat(spans.end, NO_TIME, count)
    extend(spans.key, list(waiting))
    repeat(spans.parent, -1, count)
    repeat(spans.run, run.row, count)
    repeat(spans.name, 0, count)
    extend(spans.first_record, [first + op.more_record[i] for i in waiting.values()])
    spans.kind.frombytes(bytes([op.more_kind[i] for i in waiting.values()]))
    repeat(spans.status, 0, count)
    repeat(spans.flags, 0, count)
    store.index.add_all(list(waiting), start)
    if run.first_row < 0:
        run.first_row = start
    run.last_row = start + count - 1


def _models(store: Store, run: Run, op: Columns, own: list[int]) -> tuple[list[int], list[int]]:
    """Fold the models; which spans have one, and their rows of usage."""
    rows = [own[position] for position, _ in op.models]
    ids = store.strings.intern_all([model for _, model in op.models])
    at = store.usage.ensure_all(rows)
    column, flags = store.usage.model, store.spans.flags
    ranked = not store._ranks.keys().isdisjoint(rows)
    if not ranked and not any(map(column.__getitem__, at)) and len(set(at)) == len(at):
        for here, number in zip(at, ids, strict=True):
            column[here] = number
        _flag(store, rows)
        for number, count in _counted(ids):
            model = store.strings[number]
            run.models[model] = run.models.get(model, 0) + count
        return rows, at
    replaced = []
    replacing = []
    for row, here, number in zip(rows, at, ids, strict=True):
        old = column[here]
        if old == number or (ranked and not store._may(row, "model", 0)):
            continue
        column[here] = number
        flags[row] |= _HAS_USAGE
        replaced.append(old)
        replacing.append(number)
    models, strings = run.models, store.strings
    for number, count in _counted(replacing):
        model = strings[number]
        models[model] = models.get(model, 0) + count
    for number, count in _counted(replaced):
        if number:
            model = strings[number]
            models[model] -= count
            if not models[model]:
                del models[model]
    return rows, at


def _usage(store: Store, run: Run, op: Columns, own: list[int], known_rows: list[int], known_at: list[int]) -> None:
    """Fold the figures; of some spans the rows of usage are known."""
    rows = [own[position] for position in op.usage_record]
    known = None
    ranked = not store._ranks.keys().isdisjoint(rows)
    if not ranked:
        known = store.usage.put_first(known_at if rows == known_rows else store.usage.ensure_all(rows), op.usage)
    if known is None:
        for row, figures in zip(rows, zip(*op.usage, strict=True), strict=True):
            if not ranked or store._may(row, "usage", 0):
                store._set_usage(run, row, Usage(*figures))
        return
    _flag(store, rows)
    for name, values in zip(FIGURES, known, strict=True):
        if values:
            run.known[name] = run.known.get(name, 0) + len(values)
            setattr(run.usage, name, sum(values, getattr(run.usage, name) or 0))


def _flag(store: Store, rows: list[int]) -> None:
    """The usage table holds rows for these spans."""
    flags = store.spans.flags
    if len(rows) < _FEW:
        for row in rows:
            flags[row] |= _HAS_USAGE
    else:
        store.spans.np("flags")[rows] |= _HAS_USAGE


def _counted(values: list[int]) -> Iterable[tuple[int, int]]:
    """How often each value occurs, or the values one by one where they are too few for a ``Counter`` to pay."""
    return Counter(values).items() if len(values) > _FEW else [(value, 1) for value in values]


def _times(run: Run, times: list[int]) -> None:
    run.seen(max(times))
    earliest = min(times)
    run.seen(earliest if earliest >= 0 else min((time for time in times if time >= 0), default=NO_TIME))


def _text(key: int) -> str:
    """A key number as the sixteen digits that ``span_key`` turns back into it."""
    return f"{key:016x}"

"""Spans and events: what their starts, ends, whole tellings and later knowledge mean for rows, in whatever order they come."""

from __future__ import annotations

from tracetui.core.model import NO_TIME, Flag, Kind, Status
from tracetui.core.operations import Begin, Drop, End, Event, Patch, Whole, span_key
from tracetui.core.store.columns import Records
from tracetui.core.store.runs import Run
from tracetui.core.store.writing.rows import RowWriter, run_salt
from tracetui.core.store.writing.runs import MAX_TIME

_ANNOUNCED = int(Flag.announced)
_DROPPED = int(Flag.dropped)
_NO_START, _IN_PIECES = int(Flag.no_start), int(Flag.in_pieces)
_OPEN = int(Status.open)


class SpanWriter(RowWriter):
    """Operations on spans, one method each."""

    def _fold_begin(self, op: Begin) -> None:
        run = self._run_of(op.run)
        row = self._row(run, span_key(op.key))
        spans = self.spans
        self._own_record(row)
        known = spans.flags[row] & _ANNOUNCED
        if not known:
            self._announce(run, row, op.kind, _OPEN)
        elif spans.flags[row] & _NO_START:
            spans.flags[row] &= ~_NO_START  # it was only late
        elif not (spans.flags[row] | op.flags) & _IN_PIECES:
            self._told_again(row, 1)
        ranked = row in self._ranks
        if op.name and (not spans.name[row] or not known) and not (ranked and not self._may(row, "name", 0)):
            spans.name[row] = self.strings.intern(op.name)
        if spans.start[row] < 0:
            self._set_start(run, row, op.time)
        if spans.parent[row] < 0:
            self._set_parent(run, row, op.parent)
        if op.flags:
            spans.flags[row] |= op.flags
        if known and row < self._change.spans[0]:
            self._change.touched.add(row)

    def _fold_end(self, op: End) -> None:
        run = self._run_of(op.run)
        row = self._row(run, span_key(op.key))
        spans = self.spans
        self._own_record(row)
        if not spans.flags[row] & _ANNOUNCED:
            self._announce(run, row, Kind.span if op.kind is None else op.kind, op.status)
            spans.flags[row] |= _NO_START
        else:
            # Without a time of its end it may only have been said how it went, in another file.
            if spans.status[row] != _OPEN and spans.end[row] >= 0 and not spans.flags[row] & _IN_PIECES:
                self._told_again(row, 2)
            if row not in self._ranks or self._may(row, "status", 0):
                self._set_status(run, row, op.status)
            if (
                op.kind is not None
                and spans.kind[row] == Kind.span
                and (row not in self._ranks or self._may(row, "kind", 0))
            ):
                self._set_kind(run, row, op.kind)
        if op.name and not spans.name[row]:
            spans.name[row] = self.strings.intern(op.name)
        if spans.start[row] < 0:
            self._set_start(run, row, op.start)
        if row not in self._ranks or self._may(row, "end", 0):
            self._set_end(run, row, op.time)
        if spans.parent[row] < 0:
            self._set_parent(run, row, op.parent)
        if op.flags:
            spans.flags[row] |= op.flags
        if op.usage is not None and (row not in self._ranks or self._may(row, "usage", 0)):
            self._set_usage(run, row, op.usage)
        if op.model and (row not in self._ranks or self._may(row, "model", 0)):
            self._set_model(run, row, op.model)
        self._change.touched.add(row)

    def _fold_whole(self, op: Whole) -> None:
        run = self._run_of(op.run)
        key = span_key(op.key)
        mixed = key ^ run_salt(run.row)
        if self.index.get(mixed) < 0:
            self._fold_new_whole(run, mixed, op)
        else:
            self._fold_known_whole(run, self._row(run, key), op)

    def _fold_known_whole(self, run: Run, row: int, op: Whole) -> None:
        """A whole span that was named before: as a parent, by its start, or whole as well."""
        spans = self.spans
        self._own_record(row)
        ranked = row in self._ranks
        if not spans.flags[row] & _ANNOUNCED:
            self._announce(run, row, op.kind, op.status)
        else:
            if self._record_row >= 0 and not self.records.type[self._record_row] & Records.UNCOUNTED:
                self._told_again(row, 4)
            if not ranked or self._may(row, "status", 0):
                self._set_status(run, row, op.status)
            if not ranked or self._may(row, "kind", 0):
                self._set_kind(run, row, op.kind)
            self._change.touched.add(row)
        if op.name and (not ranked or self._may(row, "name", 0)):
            spans.name[row] = self.strings.intern(op.name)
        if not ranked or self._may(row, "start", 0):
            self._set_start(run, row, op.start)
        if not ranked or self._may(row, "end", 0):
            self._set_end(run, row, op.end)
        if op.parent is not None and (not ranked or self._may(row, "parent", 0)):
            self._set_parent(run, row, op.parent)
        if op.flags:
            spans.flags[row] |= op.flags
        if op.usage is not None and (not ranked or self._may(row, "usage", 0)):
            self._set_usage(run, row, op.usage)
        if op.model and (not ranked or self._may(row, "model", 0)):
            self._set_model(run, row, op.model)
        self._set_provider(row, op.provider)

    def _fold_new_whole(self, run: Run, mixed: int, op: Whole) -> None:
        """A whole span that nobody named before: its row is written once instead of made empty and filled."""
        start = op.start if 0 <= op.start <= MAX_TIME else NO_TIME
        end = op.end if 0 <= op.end <= MAX_TIME else NO_TIME
        spans = self.spans
        row = len(spans.flags)
        spans.start.append(start)
        spans.end.append(end)
        spans.key.append(mixed)
        spans.parent.append(-1)
        spans.run.append(run.row)
        spans.name.append(self.strings.intern(op.name) if op.name else 0)
        spans.first_record.append(max(0, self._record_row))
        spans.kind.append(op.kind)
        spans.status.append(op.status)
        spans.flags.append(_ANNOUNCED | op.flags)
        self.index.add(mixed, row)
        self._own_record(row)
        if run.first_row < 0:
            run.first_row = row
        run.last_row = row
        run.span_count += 1
        run.kind_counts[op.kind] += 1
        self._count_status(run, row, op.status, 1)
        run.seen(start)
        run.seen(end)
        if start >= 0 and (run.first_start < 0 or start < run.first_start):
            run.first_start = start
        self._set_parent(run, row, op.parent)
        if op.usage is not None:
            self._set_usage(run, row, op.usage)
        if op.model:
            self._set_model(run, row, op.model)
        if op.provider:
            self._set_provider(row, op.provider)

    def _fold_patch(self, op: Patch) -> None:
        run = self._run_of(op.run)
        row = self._row(run, span_key(op.key))
        spans, rank = self.spans, op.rank
        self._own_record(row)
        known = bool(spans.flags[row] & _ANNOUNCED)
        if op.parent is not None and self._may(row, "parent", rank):
            self._set_parent(run, row, op.parent)
        if op.name is not None and self._may(row, "name", rank):
            spans.name[row] = self.strings.intern(op.name)
        if op.kind is not None and self._may(row, "kind", rank):
            if known:
                self._set_kind(run, row, op.kind)
            else:
                spans.kind[row] = op.kind
        self._patch_outcome(run, row, op, known=known)
        if op.usage is not None and self._may(row, "usage", rank):
            self._set_usage(run, row, op.usage)
        if op.model is not None and self._may(row, "model", rank):
            self._set_model(run, row, op.model)
        if op.flags:
            spans.flags[row] |= op.flags
        self._change.touched.add(row)

    def _patch_outcome(self, run: Run, row: int, op: Patch, *, known: bool) -> None:
        """The part of a patch that is about when a span was and how it went."""
        spans, rank = self.spans, op.rank
        if op.status is not None and self._may(row, "status", rank):
            if known:
                self._set_status(run, row, op.status)
            else:
                spans.status[row] = op.status
        if op.start is not None and self._may(row, "start", rank):
            self._set_start(run, row, op.start)
        if op.end is not None and self._may(row, "end", rank):
            if op.end == NO_TIME:
                spans.end[row] = NO_TIME
            self._set_end(run, row, op.end)

    def _fold_drop(self, op: Drop) -> None:
        run = self._run_of(op.run)
        row = self._row(run, span_key(op.key), make=False)
        if row >= 0 and not self.spans.flags[row] & _DROPPED:
            self.drop_row(run, row)
            self._change.reset.add(run.row)

    def _fold_event(self, op: Event) -> None:
        run = self._run_of(op.run)
        row = -1 if op.span is None else self._row(run, span_key(op.span))
        if row >= 0:
            self._own_record(row)
        time = op.time if 0 <= op.time <= MAX_TIME else NO_TIME
        events = self.events
        number = len(events.cls)
        events.record.append(max(0, self._record_row))
        events.span.append(row)
        events.time.append(time)
        events.cls.append(op.cls)
        events.run.append(run.row)
        run.class_counts[op.cls] += 1
        if run.first_event < 0:
            run.first_event = number
        run.last_event = number
        run.seen(time)

"""The only state of the data: folds operations into columns and says what changed.

Operations may come late, twice, or children before parents; a span named before it was read gets a row that waits for it.
No threads, no callbacks, no view state. One writer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tracetui.core.batch import Batch, Growth
from tracetui.core.model import NO_TIME, Flag, Kind, Status, Usage
from tracetui.core.operations import (
    NO_DURATION,
    Bad,
    Begin,
    Columns,
    Drop,
    End,
    Event,
    Link,
    Patch,
    Record,
    RunFact,
    Whole,
    span_key,
)
from tracetui.core.store.columns import BadRecords, Events, Records, Segments, Spans, view
from tracetui.core.store.key_index import KeyIndex
from tracetui.core.store.retold import Retold, tell_again
from tracetui.core.store.runs import Run
from tracetui.core.store.strings import Strings
from tracetui.core.store.usage import FIGURES, UsageTable

if TYPE_CHECKING:
    import numpy

    from tracetui.core.store.kept import Kept

_KEY_MASK = 0xFFFF_FFFF_FFFF_FFFF
_RUN_SPREAD = 0x9E37_79B9_7F4A_7C15
_MAX_TIME = (1 << 63) - 1
_ANNOUNCED = int(Flag.announced)
_DROPPED = int(Flag.dropped)
_HAS_USAGE = int(Flag.has_usage)
_RETOLD, _NO_START, _IN_PIECES = int(Flag.retold), int(Flag.no_start), int(Flag.in_pieces)
_OPEN, _ERROR, _SKIPPED = int(Status.open), int(Status.error), int(Status.skipped)


def run_salt(run: int) -> int:
    """What the keys of a run's spans are mixed with, so that equal span ids of two runs stay two spans."""
    return ((run + 1) * _RUN_SPREAD) & _KEY_MASK


@dataclass(slots=True)
class Change:
    """What one ``apply`` did, as row numbers. ``spans`` and ``events`` are ranges of new rows."""

    epoch: int = 0
    runs: set[int] = field(default_factory=set)
    new_runs: list[int] = field(default_factory=list)
    spans: tuple[int, int] = (0, 0)
    events: tuple[int, int] = (0, 0)
    touched: set[int] = field(default_factory=set)
    """Rows of older spans whose columns changed."""
    reset: set[int] = field(default_factory=set)
    """Runs whose shape changed: a parent replaced, spans dropped or taken up again."""

    def merge(self, later: Change) -> None:
        """Add a later change, so that a screen can look once for both."""
        self.epoch = later.epoch
        self.runs |= later.runs
        self.new_runs += later.new_runs
        self.spans = (self.spans[0], later.spans[1])
        self.events = (self.events[0], later.events[1])
        self.touched |= later.touched
        self.reset |= later.reset


@dataclass(slots=True)
class Place:
    """Where a record's bytes are; ``near`` is an offset at or before it that begins line ``near_line``."""

    source: int
    generation: int
    offset: int
    length: int
    near: int
    near_line: int


class Store:
    """Runs, spans, records and events of everything that has been read."""

    def __init__(self) -> None:
        self.epoch = 0
        self.runs: list[Run] = []
        self.spans = Spans()
        self.records = Records()
        self.events = Events()
        self.segments = Segments()
        self.usage = UsageTable()
        self.bad = BadRecords()
        self.strings = Strings()
        self.index = KeyIndex(self.spans.key)
        self.generations: dict[int, int] = {}
        """The newest generation seen of each source."""
        self._run_rows: dict[tuple[str, str], int] = {}
        self._source_runs: dict[int, set[int]] = {}
        self._complete_sources: set[int] = set()
        self._gone_sources: set[int] = set()
        self._source_states: dict[int, tuple[bool, bool, Growth | None]] = {}
        """What each source's runs were told of it last."""
        self._mtimes: dict[int, int] = {}
        self._ranks: dict[int, dict[str, int]] = {}
        self._asides: dict[tuple[str, str], dict[tuple[int, str, str], int]] = {}
        self._told_aside: dict[int, set[tuple[str, str]]] = {}
        """Runs that sources which are set aside said something of."""
        self.retelling: dict[int, int] = {}
        """Spans that outlived the records of a file which is read again, with what of them it may tell once more."""
        self.retold: Retold = {}
        self._change = Change()
        self.kept: Kept | None = None
        """Figures that were worked out once; None as soon as something is added."""
        self._melt: Callable[[], None] | None = None
        # Where the record being folded is: set by _enter and _record.
        self._batch = Batch(-1, "")
        self._segment_run = -1
        self._segment_base = 0
        self._record_row = -1
        self._record_free = False
        self._run: Run | None = None
        self._run_key = ""
        self._folds: dict[type, Callable[[Any], None]] = {
            Record: self._fold_record,
            Begin: self._fold_begin,
            End: self._fold_end,
            Whole: self._fold_whole,
            Event: self._fold_event,
            Patch: self._fold_patch,
            Drop: self._fold_drop,
            Bad: self._fold_bad,
            RunFact: self._fold_fact,
            Link: self._fold_link,
            Columns: self._fold_columns,
        }

    @property
    def is_frozen(self) -> bool:
        """Whether it is as it was mapped: nothing was folded in since."""
        return self._melt is not None

    def freeze(self, melt: Callable[[], None]) -> None:
        """Its columns are mapped from a file and cannot grow; ``melt`` is called before the first batch is folded in."""
        self._melt = melt

    # -- writing -------------------------------------------------------------------------------------------------------

    def apply(self, batch: Batch) -> Change:
        """Fold one batch in. Returns what changed."""
        if self._melt is not None:
            melt, self._melt = self._melt, None
            melt()
        self.kept = None
        change = self._change = Change(
            spans=(len(self.spans), len(self.spans)), events=(len(self.events), len(self.events))
        )
        self._batch = batch
        self._segment_run = -1
        self._record_row = -1
        self._run, self._run_key = None, ""
        if batch.forget:
            from tracetui.core.store.forget import forget_source

            forget_source(self, batch.source, change, restarted=batch.restarted)
        self.generations[batch.source] = batch.generation
        if batch.glance:
            self._glance(batch)
        else:
            folds = self._folds
            for operation in batch.operations:
                folds[type(operation)](operation)
        self._settle(batch)
        self.epoch += 1
        change.epoch = self.epoch
        for row in change.runs | change.reset:
            self.runs[row].epoch = self.epoch
        change.spans = (change.spans[0], len(self.spans))
        change.events = (change.events[0], len(self.events))
        if change.touched:
            first_new = change.spans[0]
            change.touched = {row for row in change.touched if row < first_new}
        return change

    def _glance(self, batch: Batch) -> None:
        """Provisional facts from a file's head and tail: whatever is read later replaces them."""
        for operation in batch.operations:
            if isinstance(operation, RunFact):
                run = self._run_of(operation.run)
                operation.rank, operation.repair, operation.cost_usd = -1, None, None
                self._fold_fact(operation)
                run.glanced = True
            elif isinstance(operation, Link):
                self._fold_link(operation)

    def _settle(self, batch: Batch) -> None:
        """What a batch says of its source, told to the source's runs."""
        runs = self._source_runs.setdefault(batch.source, set())
        if batch.gone:
            self._gone_sources.add(batch.source)
        else:
            self._gone_sources.discard(batch.source)
        if batch.complete:
            self._complete_sources.add(batch.source)
        elif not batch.glance and batch.operations:
            self._complete_sources.discard(batch.source)
        growth = batch.growth
        state = (batch.source in self._complete_sources, batch.gone, growth)
        if state == self._source_states.get(batch.source) and not batch.forget:
            runs = runs & self._change.runs  # the others were told: a file may hold many runs and come in many batches
        self._source_states[batch.source] = state
        for row in runs:
            run = self.runs[row]
            complete = all(source in self._complete_sources for source in run.sources)
            if complete != run.complete:
                run.complete = complete
                self._change.runs.add(row)
            if complete:
                run.glanced = False
            gone = not self._gone_sources.isdisjoint(run.sources)
            if gone != run.gone:  # a file that was replaced is gone for a moment
                run.gone = gone
                self._change.runs.add(row)
            if growth is not None:
                run.mtime_ns = max(run.mtime_ns, growth.mtime_ns)
                if run.is_cut_off != growth.ended:
                    run.is_cut_off = growth.ended
                    self._change.runs.add(row)
                if growth.grew_at_ns is not None and (run.grew_at_ns is None or growth.grew_at_ns > run.grew_at_ns):
                    run.grew_at_ns = growth.grew_at_ns
                    self._change.runs.add(row)

    def _run_of(self, key: str) -> Run:
        """The run with a producer's key, made when it is first named; also tells it of the current source."""
        if self._run is not None and key == self._run_key:
            return self._run
        batch = self._batch
        row = self._run_rows.get((batch.format, key), -1)
        if row < 0:
            row = len(self.runs)
            self._run_rows[batch.format, key] = row
            self.runs.append(Run(row, key, batch.format, id=key))
            self._change.new_runs.append(row)
        run = self.runs[row]
        if batch.source not in run.sources:
            run.sources.append(batch.source)
            self._source_runs.setdefault(batch.source, set()).add(row)
            run.complete = False
        run.live = True
        if self._asides:
            run.repairs.update(self._asides.get((batch.format, key), {}))
        self._change.runs.add(row)
        self._run, self._run_key = run, key
        return run

    def _segment(self, run: int, offset: int) -> None:
        """Begin a stretch of records of one run at a place."""
        batch = self._batch
        near = batch.base if offset >= batch.base else offset
        segments = self.segments
        segments.source.append(batch.source)
        segments.generation.append(batch.generation)
        segments.base.append(near)
        segments.line.append(max(0, batch.first_line))
        segments.first_record.append(len(self.records))
        segments.run.append(run)
        segments.dead.append(0)
        self._segment_run, self._segment_base = run, near

    def _fold_record(self, op: Record) -> None:
        run = self._run_of(op.run)
        relative = op.a - self._segment_base
        if self._segment_run != run.row or not 0 <= relative < 0xFFFF_FFFF:
            self._segment(run.row, op.a)
            relative = op.a - self._segment_base
            if relative >= 0xFFFF_FFFF:  # a block larger than 4 GiB in one batch
                self.segments.base[-1] = self._segment_base = op.a
                self.segments.line[-1] = 0
                relative = 0
        records = self.records
        row = self._record_row = len(records.span)
        self._record_free = True
        type_id = self.strings.intern(op.type)
        records.offset.append(relative)
        records.length.append(min(op.b, 0xFFFF_FFFF))
        records.span.append(-1)
        if op.counted:
            records.type.append(type_id)
            run.type_counts[type_id] = run.type_counts.get(type_id, 0) + 1
            run.record_count += 1
        else:
            records.type.append(type_id | Records.UNCOUNTED)
        if run.first_record < 0:
            run.first_record = row
        run.last_record = row

    def _row(self, run: Run, key: int, *, make: bool = True) -> int:
        """The row of a span key within a run; made (waiting for its own record) if it was never named."""
        mixed = key ^ run_salt(run.row)
        row = self.index.get(mixed)
        if row >= 0 and self.spans.run[row] != run.row:
            # Two runs' keys meet in 64 bits only if somebody worked for it: keep them apart by another mixing.
            mixed = span_key(f"{run.row}:{key:x}")
            row = self.index.get(mixed)
        if row >= 0:
            if self.spans.flags[row] & _DROPPED and make:
                self._revive(run, row)
            return row
        return self._new_row(run, mixed) if make else -1

    def _new_row(self, run: Run, mixed: int) -> int:
        spans = self.spans
        row = len(spans.flags)
        spans.start.append(NO_TIME)
        spans.end.append(NO_TIME)
        spans.key.append(mixed)
        spans.parent.append(-1)
        spans.run.append(run.row)
        spans.name.append(0)
        spans.first_record.append(max(0, self._record_row))
        spans.kind.append(Kind.span)
        spans.status.append(0)
        spans.flags.append(0)
        self.index.add(mixed, row)
        if run.first_row < 0:
            run.first_row = row
        run.last_row = row
        return row

    def _revive(self, run: Run, row: int) -> None:
        """A dropped span is told again: start from nothing, in its old row."""
        spans = self.spans
        spans.start[row] = spans.end[row] = NO_TIME
        spans.parent[row] = -1
        spans.name[row] = 0
        spans.kind[row], spans.status[row], spans.flags[row] = Kind.span, 0, 0
        spans.first_record[row] = max(0, self._record_row)
        self._ranks.pop(row, None)
        self._change.reset.add(run.row)

    def _own_record(self, row: int) -> None:
        """The current record speaks of this span (the first one that it names)."""
        if self._record_free:
            self.records.span[self._record_row] = row
            self._record_free = False

    def _announce(self, run: Run, row: int, kind: int, status: int) -> None:
        """A span's own record came for the first time: it counts from now on."""
        spans = self.spans
        spans.flags[row] |= _ANNOUNCED
        spans.first_record[row] = max(0, self._record_row)
        ranks = self._ranks.get(row)
        if ranks:  # a patch knew better before the span's own record came
            kind = spans.kind[row] if ranks.get("kind", 0) > 0 else kind
            status = spans.status[row] if ranks.get("status", 0) > 0 else status
        spans.kind[row], spans.status[row] = kind, status
        run.span_count += 1
        run.kind_counts[kind] += 1
        self._count_status(run, row, status, 1)
        if row < self._change.spans[0]:
            self._change.touched.add(row)

    def _count_status(self, run: Run, row: int, status: int, by: int) -> None:
        if status == _OPEN:
            run.open_count += by
        elif status == _ERROR:
            run.error_count += by
            if by > 0:
                run.failed.append(row)
        elif status == _SKIPPED:
            run.skipped_count += by

    def _set_status(self, run: Run, row: int, status: int) -> None:
        old = self.spans.status[row]
        if old != status:
            self._count_status(run, row, old, -1)
            self._count_status(run, row, status, 1)
            self.spans.status[row] = status

    def _set_kind(self, run: Run, row: int, kind: int) -> None:
        old = self.spans.kind[row]
        if old != kind:
            run.kind_counts[old] -= 1
            run.kind_counts[kind] += 1
            self.spans.kind[row] = kind

    def _set_start(self, run: Run, row: int, time: int) -> None:
        if 0 <= time <= _MAX_TIME:
            self.spans.start[row] = time
            run.seen(time)
            if run.first_start < 0 or time < run.first_start:
                run.first_start = time

    def _set_end(self, run: Run, row: int, time: int) -> None:
        if 0 <= time <= _MAX_TIME:
            self.spans.end[row] = time
            run.seen(time)

    def _set_parent(self, run: Run, row: int, parent: str | None) -> None:
        if parent is None:
            return
        parent_row = self._row(run, span_key(parent))
        if parent_row != row and self.spans.parent[row] != parent_row:
            if row < self._change.spans[0] or self.spans.parent[row] >= 0:
                self._change.reset.add(run.row)
            self.spans.parent[row] = parent_row

    def _may(self, row: int, name: str, rank: int) -> bool:
        """Whether knowledge of a rank may replace what the field holds; remembers the rank."""
        ranks = self._ranks.get(row)
        if ranks is None:
            if rank > 0:
                self._ranks[row] = {name: rank}
            return True
        if ranks.get(name, 0) > rank:
            return False
        ranks[name] = rank
        return True

    def _told_again(self, row: int, part: int) -> None:
        """A start (1), an end (2) or all (4) of a span was read before: a duplicate, unless its file is read again."""
        waiting = self.retelling.get(row, 0)
        if waiting & part:
            self.retelling[row] = waiting & ~part
            return
        flags = self.spans.flags[row]
        first = self.segments.source[self.segment_of(self.spans.first_record[row])]
        tell_again(self.retold, row, part, first, self._batch.source, was_retold=bool(flags & _RETOLD))
        self.spans.flags[row] = flags | _RETOLD

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
            if spans.status[row] != _OPEN and not spans.flags[row] & _IN_PIECES:
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
        start = op.start if 0 <= op.start <= _MAX_TIME else NO_TIME
        end = op.end if 0 <= op.end <= _MAX_TIME else NO_TIME
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

    def drop_row(self, run: Run, row: int) -> None:
        """Make a span's row a tombstone: nothing counts it any more."""
        spans = self.spans
        if spans.flags[row] & _ANNOUNCED:
            run.span_count -= 1
            run.kind_counts[spans.kind[row]] -= 1
            self._count_status(run, row, spans.status[row], -1)
        if spans.flags[row] & _HAS_USAGE:
            self._set_usage(run, row, Usage())
            self._set_model(run, row, "")
            self.usage.provider[self.usage.ensure(row)] = 0
        spans.flags[row] = _DROPPED

    def _set_usage(self, run: Run, row: int, usage: Usage) -> None:
        table = self.usage
        at = table.ensure(row)
        if table.told[at]:
            self._count_usage(run, table.get(at), -1)
        table.put(at, usage)
        self.spans.flags[row] |= _HAS_USAGE
        self._count_usage(run, usage, 1)

    def _count_usage(self, run: Run, usage: Usage, by: int) -> None:
        """Add a span's figures to its run's sums, or take them out; a sum of nothing is unknown."""
        known, sums = run.known, run.usage
        for name in FIGURES:
            value = getattr(usage, name)
            if value is not None:
                count = known[name] = known.get(name, 0) + by
                nothing = run.cost_of_no_call if name == "cost_usd" else None
                setattr(sums, name, (getattr(sums, name) or 0) + by * value if count else nothing)

    def _set_model(self, run: Run, row: int, model: str) -> None:
        table = self.usage
        at = table.ensure(row)
        old = self.strings[table.model[at]]
        if old == model:
            return
        if old:
            run.models[old] -= 1
            if not run.models[old]:
                del run.models[old]
        if model:
            run.models[model] = run.models.get(model, 0) + 1
        table.model[at] = self.strings.intern(model)
        self.spans.flags[row] |= _HAS_USAGE

    def _set_provider(self, row: int, provider: str) -> None:
        if provider:
            self.usage.provider[self.usage.ensure(row)] = self.strings.intern(provider)
            self.spans.flags[row] |= _HAS_USAGE

    def _fold_event(self, op: Event) -> None:
        run = self._run_of(op.run)
        row = -1 if op.span is None else self._row(run, span_key(op.span))
        if row >= 0:
            self._own_record(row)
        time = op.time if 0 <= op.time <= _MAX_TIME else NO_TIME
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

    def _fold_bad(self, op: Bad) -> None:
        batch = self._batch
        run = self._run_of(op.run) if op.run is not None else None
        bad = self.bad
        bad.run.append(-1 if run is None else run.row)
        bad.source.append(batch.source)
        bad.generation.append(batch.generation)
        bad.line.append(max(0, op.line))
        bad.offset.append(op.a)
        bad.length.append(max(0, op.b))
        bad.reason.append(self.strings.intern(op.reason))
        bad.dead.append(0)
        if run is not None:
            run.bad_count += 1

    def _fold_aside(self, op: RunFact) -> None:
        """From a file that is set aside: kept as long as the file says so, since the run may come later or be read again."""
        repair = op.repair
        if repair is None:
            return
        key = (self._batch.format, op.run)
        said = (self._batch.source, repair.what, repair.detail)
        self._asides.setdefault(key, {})[said] = repair.count
        self._told_aside.setdefault(self._batch.source, set()).add(key)
        row = self._run_rows.get(key, -1)
        if row >= 0 and self.runs[row].live:
            self.runs[row].repairs[said] = repair.count
            self._change.runs.add(row)

    def _fold_fact(self, op: RunFact) -> None:
        if op.aside:
            self._fold_aside(op)
            return
        run, rank = self._run_of(op.run), op.rank
        ranks = run.ranks

        def put(name: str, value: object) -> None:
            if value is not None and rank >= ranks.get(name, rank):
                ranks[name] = rank
                setattr(run, name, value)

        put("name", op.name)
        put("id", op.id)
        put("recorded_status", op.status)
        put("status_reason", op.status_reason)
        put("records_end", op.records_end)
        put("recorded_start", _time(op.start))
        put("recorded_end", _time(op.end))
        put("recorded_duration_ns", op.duration_ns)
        if run.recorded_duration_ns == NO_DURATION:
            run.recorded_duration_ns = None
        put("clock", op.clock)
        put("process", op.process)
        put("meta", op.meta)
        if op.order_by_time is not None and op.order_by_time != run.order_by_time:
            run.order_by_time = op.order_by_time
            self._change.reset.add(run.row)
        if op.note is not None and op.note not in run.notes:
            run.notes.append(op.note)
        if op.repair is not None:
            said = (self._batch.source, op.repair.what, op.repair.detail)
            if op.repair.count == 0 and run.repairs.get(said, 0):
                del run.repairs[said]  # taken back: what was missing came late
            else:
                run.repairs[said] = op.repair.count
        if op.cost_usd is not None:
            source = self._batch.source
            run.usage.cost_usd = (run.usage.cost_usd or 0) + op.cost_usd - run.costs.get(source, 0)
            run.costs[source] = op.cost_usd
        for time in (op.time, op.start, op.end):
            if time is not None and 0 <= time <= _MAX_TIME:
                run.seen(time)

    def _fold_link(self, op: Link) -> None:
        run = self._run_of(op.run)
        if op not in run.links:
            run.links.append(op)

    def _fold_columns(self, op: Columns) -> None:
        from tracetui.core.store.bulk import fold_columns

        fold_columns(self, op)

    # -- reading -------------------------------------------------------------------------------------------------------

    def usage_of(self, row: int) -> Usage | None:
        """Tokens and cost recorded on a span; None if there are none at all."""
        if not self.spans.flags[row] & _HAS_USAGE:
            return None
        usage = self.usage.get(self.usage.find(row))
        return None if usage == Usage() else usage

    def model_of(self, row: int) -> str:
        """The model of a span's call; empty if unknown."""
        if not self.spans.flags[row] & _HAS_USAGE:
            return ""
        return self.strings[self.usage.model[self.usage.find(row)]]

    def rows_of_run(self, run: int) -> numpy.ndarray:
        """Rows of a run's spans in arrival order, those that only wait for their record included, dropped ones not."""
        import numpy as np

        this = self.runs[run]
        if this.first_row < 0:
            return np.empty(0, np.int32)
        low, high = this.first_row, this.last_row + 1
        mine = (self.spans.np("run", low, high) == run) & ((self.spans.np("flags", low, high) & _DROPPED) == 0)
        if mine.all():  # one large file alone: a tenth of the time that finding each takes
            return np.arange(low, high, dtype=np.int32)
        return (np.flatnonzero(mine) + low).astype(np.int32)

    def events_of_run(self, run: int) -> numpy.ndarray:
        """Rows of a run's events in arrival order."""
        import numpy as np

        this = self.runs[run]
        if this.first_event < 0:
            return np.empty(0, np.int32)
        low, high = this.first_event, this.last_event + 1
        mine = (self.events.np("run", low, high) == run) & (self.events.np("cls", low, high) != Events.DEAD)
        return (np.flatnonzero(mine) + low).astype(np.int32)

    def events_of(self, row: int) -> list[int]:
        """Rows of one span's events in arrival order."""
        import numpy as np

        run = self.runs[self.spans.run[row]]
        if run.first_event < 0:
            return []
        low, high = run.first_event, run.last_event + 1
        mine = (self.events.np("span", low, high) == row) & (self.events.np("cls", low, high) != Events.DEAD)
        rows: list[int] = (np.flatnonzero(mine) + low).tolist()
        return rows

    def records_of(self, row: int) -> list[int]:
        """Rows of the records that speak of a span (its events included), in arrival order."""
        import numpy as np

        run = self.runs[self.spans.run[row]]
        if run.first_record < 0:
            return []
        low, high = min(run.first_record, self.spans.first_record[row]), run.last_record + 1
        rows: list[int] = (np.flatnonzero(self.records.np("span", low, high) == row) + low).tolist()
        return rows

    def failed_rows(self, run: int) -> list[int]:
        """Rows of a run's failed spans, in order of time (row where times are unknown)."""
        if not self.runs[run].failed:
            return []
        import numpy as np

        rows = np.sort(view(self.runs[run].failed))
        # Sorting and comparing neighbours takes a fraction of the time of numpy's `unique`.
        rows = rows[np.concatenate(([True], rows[1:] != rows[:-1]))]
        failed = self.spans.np("status")[rows] == _ERROR
        failed &= (self.spans.np("flags")[rows] & (_ANNOUNCED | _DROPPED)) == _ANNOUNCED
        rows = rows[failed]
        in_order: list[int] = rows[np.lexsort((rows, self.spans.np("start")[rows]))].tolist()
        return in_order

    def record_type(self, record: int) -> str:
        """The producer's own name of a record."""
        return self.strings[self.records.type[record] & ~Records.UNCOUNTED]

    def segment_of(self, record: int) -> int:
        """The segment that holds a record."""
        from bisect import bisect_right

        return bisect_right(self.segments.first_record, record) - 1

    def locate(self, record: int) -> Place:
        """Where a record's bytes are."""
        segment, segments = self.segment_of(record), self.segments
        base = segments.base[segment]
        return Place(
            segments.source[segment],
            segments.generation[segment],
            base + self.records.offset[record],
            self.records.length[record],
            base,
            segments.line[segment],
        )

    def ordinal(self, record: int) -> int:
        """Which of the records of its own bytes a record is, from 0 (a line may hold several)."""
        segments, offsets = self.segments, self.records.offset
        segment = last = self.segment_of(record)
        place = segments.base[segment] + offsets[record]
        first = record
        while segment >= 0 and segments.source[segment] == segments.source[last]:
            if segments.generation[segment] != segments.generation[last]:
                break
            begin, relative = segments.first_record[segment], place - segments.base[segment]
            while first > begin and offsets[first - 1] == relative:
                first -= 1
            if first > begin:
                break
            segment -= 1
        return record - first

    def unreadable(self) -> list[int]:
        """Rows of ``bad`` that still count."""
        return [row for row, dead in enumerate(self.bad.dead) if not dead]

    def live_runs(self) -> list[Run]:
        """The runs that are there now."""
        return [run for run in self.runs if run.live]


def _time(value: int | None) -> int | None:
    """A recorded time that the columns can hold, else None."""
    return value if value is not None and 0 <= value <= _MAX_TIME else None

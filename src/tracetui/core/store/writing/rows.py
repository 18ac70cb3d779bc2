"""Rows of spans: found by their key or made, announced once, their fields and what counts them kept in step."""

from __future__ import annotations

from tracetui.core.model import NO_TIME, Flag, Kind, Status, Usage
from tracetui.core.operations import span_key
from tracetui.core.store.retold import Retold, tell_again
from tracetui.core.store.runs import Run
from tracetui.core.store.usage import FIGURES
from tracetui.core.store.writing.records import RecordWriter
from tracetui.core.store.writing.runs import MAX_TIME

_KEY_MASK = 0xFFFF_FFFF_FFFF_FFFF
_RUN_SPREAD = 0x9E37_79B9_7F4A_7C15
_ANNOUNCED = int(Flag.announced)
_DROPPED = int(Flag.dropped)
_HAS_USAGE = int(Flag.has_usage)
_RETOLD = int(Flag.retold)
_OPEN, _ERROR, _SKIPPED = int(Status.open), int(Status.error), int(Status.skipped)


def run_salt(run: int) -> int:
    """What the keys of a run's spans are mixed with, so that equal span ids of two runs stay two spans."""
    return ((run + 1) * _RUN_SPREAD) & _KEY_MASK


class RowWriter(RecordWriter):
    """Rows of spans, field by field. Every field has one place where it is set, which keeps its run's figures as well."""

    def __init__(self) -> None:
        super().__init__()
        self._ranks: dict[int, dict[str, int]] = {}
        self.retelling: dict[int, int] = {}
        """Spans that outlived the records of a file which is read again, with what of them it may tell once more."""
        self.retold: Retold = {}

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
        if 0 <= time <= MAX_TIME:
            self.spans.start[row] = time
            run.seen(time)
            if run.first_start < 0 or time < run.first_start:
                run.first_start = time

    def _set_end(self, run: Run, row: int, time: int) -> None:
        if 0 <= time <= MAX_TIME:
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

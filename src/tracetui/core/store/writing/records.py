"""Records: where their bytes are, in stretches of one run each, and bytes that cannot be read."""

from __future__ import annotations

from tracetui.core.operations import Bad, Record
from tracetui.core.store.columns import Records
from tracetui.core.store.writing.runs import RunWriter


class RecordWriter(RunWriter):
    """Records and what is unreadable. The newest record is the one that the operations behind it speak of."""

    def __init__(self) -> None:
        super().__init__()
        self._segment_run = -1
        self._segment_base = 0
        self._record_row = -1
        self._record_free = False

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

    def _own_record(self, row: int) -> None:
        """The current record speaks of this span (the first one that it names)."""
        if self._record_free:
            self.records.span[self._record_row] = row
            self._record_free = False

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

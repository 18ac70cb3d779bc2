"""What the store holds and what can be asked of it. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracetui.core.model import Flag, Status, Usage
from tracetui.core.store.columns import BadRecords, Events, Records, Segments, Spans, view
from tracetui.core.store.key_index import KeyIndex
from tracetui.core.store.runs import Run
from tracetui.core.store.strings import Strings
from tracetui.core.store.usage import UsageTable

if TYPE_CHECKING:
    import numpy

    from tracetui.core.store.kept import Kept

_ANNOUNCED = int(Flag.announced)
_DROPPED = int(Flag.dropped)
_HAS_USAGE = int(Flag.has_usage)
_ERROR = int(Status.error)


@dataclass(slots=True)
class Place:
    """Where a record's bytes are; ``near`` is an offset at or before it that begins line ``near_line``."""

    source: int
    generation: int
    offset: int
    length: int
    near: int
    near_line: int


class Lookups:
    """Runs, spans, records and events of everything that has been read, in columns."""

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
        self.kept: Kept | None = None
        """Figures that were worked out once; None as soon as something is added."""

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

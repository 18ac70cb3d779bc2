"""Where the records of the sources lie: a snapshot of the store, as pieces of bytes that belong to a record each.

The snapshot is taken by whoever may write to the store; what is made from it may be used in any thread, since row numbers never
change. It takes 8 bytes a record while a search lasts. Everything else is worked out where something was seen: segments whose
bytes do not touch those of others are looked at one by one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import numpy
    import numpy.typing as npt

    from tracetui.core.store import Store

    Numbers = npt.NDArray[numpy.int64]

_LEAST_GAP: Final = 3
"""Bytes between two records that are more than a line end."""
_TABLES: Final = 256
"""Tables of records that are kept for when the next place is in one of them."""
_SEGMENT: Final = ("source", "generation", "base", "line", "first_record", "run", "dead")


@dataclass(slots=True, frozen=True)
class Piece:
    """Bytes of a source that belong to the same records.

    Args:
        start, end: offsets in the source.
        rows: of the records, in arrival order; of unreadable bytes -1 minus their row; none: bytes between records.
    """

    start: int
    end: int
    rows: tuple[int, ...]


class _Table:
    """Records whose bytes touch each other, or that are told of together: where each begins and ends."""

    def __init__(self, rows: Numbers, starts: Numbers, ends: Numbers) -> None:
        import numpy as np

        if (np.diff(starts) < 0).any():
            order = np.lexsort((-ends, starts))
            rows, starts, ends = rows[order], starts[order], ends[order]
        self._rows, self._all_starts, self._all_ends = rows, starts, ends
        is_first = np.ones(len(starts), bool)
        is_first[1:] = starts[1:] >= np.maximum.accumulate(ends)[:-1]
        self._first = np.flatnonzero(is_first)
        self._counts = np.diff(np.append(self._first, len(starts)))
        self._starts = starts[self._first]
        self._ends = np.maximum.reduceat(ends, self._first) if len(ends) else ends

    def piece_at(self, offset: int, low: int, high: int) -> Piece:
        """The piece that a byte between ``low`` and ``high``, which bound this table, belongs to."""
        group = int(self._starts.searchsorted(offset, "right")) - 1
        if group < 0 or offset >= self._ends[group]:
            start = int(self._ends[group]) if group >= 0 else low
            end = int(self._starts[group + 1]) if group + 1 < len(self._starts) else high
            return Piece(start, end, ())
        first, count = int(self._first[group]), int(self._counts[group])
        if count == 1:
            return Piece(int(self._starts[group]), int(self._ends[group]), (int(self._rows[first]),))
        return self._innermost(offset, first, count)

    def _innermost(self, offset: int, first: int, count: int) -> Piece:
        """Of records that share bytes, the shortest around a byte, without the bytes of those that lie in it."""
        import numpy as np

        starts, ends = self._all_starts[first : first + count], self._all_ends[first : first + count]
        around = np.flatnonzero((starts <= offset) & (offset < ends))
        inner = int(around[np.argmin((ends - starts)[around])])
        start, end = int(starts[inner]), int(ends[inner])
        is_same = (starts == start) & (ends == end)
        within = np.flatnonzero((starts >= start) & (ends <= end) & ~is_same)
        before, after = ends[within][ends[within] <= offset], starts[within][starts[within] > offset]
        return Piece(
            int(before.max()) if len(before) else start,
            int(after.min()) if len(after) else end,
            tuple(sorted(self._rows[first : first + count][is_same].tolist())),
        )


class Places:
    """Where the records of some runs lie, in all of their sources.

    Args:
        store: What has been read.
        databases: Ids of sources whose records are rows: their offsets are not of bytes.
        runs: Rows of runs; None: any.
        first_record: Leave out the records before this row: they were searched already. Unreadable bytes and what lies between
            records is left out, too, where this is not 0.
    """

    def __init__(
        self, store: Store, databases: Collection[int], runs: Collection[int] | None = None, first_record: int = 0
    ) -> None:
        import numpy as np

        self.databases = databases
        self.first_record = first_record
        segments, records, bad = store.segments, store.records, store.bad
        self.segments = {name: np.array(segments.np(name)).astype(np.int64) for name in _SEGMENT}
        self.offset, self.length = np.array(records.np("offset")), np.array(records.np("length"))
        alive = np.flatnonzero((bad.np("dead") == 0) & (bad.np("length") > 0))
        alive = alive[: 0 if first_record else None]
        self.bad = {
            name: np.array(bad.np(name)[alive]).astype(np.int64)
            for name in ("source", "generation", "offset", "length", "run")
        }
        self.bad["row"] = -1 - alive
        self._bound(runs)
        self._made: dict[int, SourcePlaces] = {}
        self._lock = Lock()

    def _bound(self, runs: Collection[int] | None) -> None:
        """Where each segment begins and ends, and which sources are searched."""
        import numpy as np

        segments, bad = self.segments, self.bad
        first = segments["first_record"]
        self.counts = np.diff(np.append(first, len(self.offset)))
        filled = np.flatnonzero(self.counts > 0)  # an empty stretch has nothing to be reduced
        self.starts, self.ends = segments["base"].copy(), segments["base"].copy()
        if len(filled):
            self.starts[filled] += np.minimum.reduceat(self.offset, first[filled])
            is_small = int(self.offset.max()) + int(self.length.max()) < 1 << 32  # then in half the time
            lasts = np.add(self.offset, self.length, dtype=np.uint32 if is_small else np.int64)
            self.ends[filled] += np.maximum.reduceat(lasts, first[filled])
        is_new = (segments["dead"] == 0) & (self.counts > 0) & (first + self.counts > self.first_record)
        source = np.concatenate((segments["source"][is_new], bad["source"]))
        run = np.concatenate((segments["run"][is_new], bad["run"]))
        wanted = source if runs is None else source[np.isin(run, np.array(sorted(runs), np.int64))]
        self.sources: list[int] = np.unique(wanted).tolist()
        """Ids of the sources that hold something of the runs."""
        furthest: dict[int, int] = {}
        for number, end in zip(segments["source"].tolist(), self.ends.tolist(), strict=True):
            furthest[number] = max(end, furthest.get(number, 0))
        self.total_bytes = sum(furthest.get(number, 0) for number in self.sources)
        """How much there is to be searched, about."""

    def of(self, source: int) -> SourcePlaces:
        """The places of a source. May be asked from any thread."""
        with self._lock:
            if source not in self._made:
                self._made[source] = SourcePlaces(self, source)
            return self._made[source]


class SourcePlaces:
    """Pieces of one source, in order of their place."""

    def __init__(self, places: Places, source: int) -> None:
        import numpy as np

        self.source = source
        self._places = places
        segments, bad = places.segments, places.bad
        mine = np.flatnonzero((segments["source"] == source) & (segments["dead"] == 0) & (places.counts > 0))
        bads = np.flatnonzero(bad["source"] == source)
        generations = np.concatenate((segments["generation"][mine], bad["generation"][bads]))
        self.generation = int(generations.max(initial=0))
        """Of the source whose records these are."""
        mine = mine[segments["generation"][mine] == self.generation]
        bads = bads[bad["generation"][bads] == self.generation]
        # Segments by their number, unreadable bytes by -1 minus theirs.
        members = np.concatenate((mine, -1 - bads))
        starts = np.concatenate((places.starts[mine], bad["offset"][bads]))
        ends = np.concatenate((places.ends[mine], bad["offset"][bads] + bad["length"][bads]))
        order = np.argsort(starts, kind="stable")
        self._members, starts, ends = members[order], starts[order], ends[order]
        is_first = np.ones(len(starts), bool)
        is_first[1:] = starts[1:] >= np.maximum.accumulate(ends)[:-1]
        self._first = np.flatnonzero(is_first)
        self._starts = starts[self._first]
        self._ends = np.maximum.reduceat(ends, self._first)
        self._tables: dict[int, _Table] = {}
        self.end = int(self._ends[-1])
        """Where its last record ends, or the source itself if it is known to be read."""

    @cached_property
    def start(self) -> int:
        """Where what is to be searched begins."""
        places = self._places
        if not places.first_record:
            return 0
        mine = self._members[self._members >= 0]
        last = places.segments["first_record"][mine] + places.counts[mine]
        return int(places.starts[mine[last > places.first_record]].min(initial=self.end))

    @cached_property
    def _lines(self) -> tuple[list[int], list[int]]:
        """Offsets at which lines are known to begin, ascending, and their numbers."""
        import numpy as np

        segments = self._places.segments
        mine = self._members[self._members >= 0]
        mine = mine[segments["line"][mine] > 0]
        mine = mine[np.argsort(segments["base"][mine], kind="stable")]
        return cast("list[int]", segments["base"][mine].tolist()), cast("list[int]", segments["line"][mine].tolist())

    def line_near(self, offset: int) -> tuple[int, int]:
        """An offset at or before this one that begins a line, and that line's number."""
        bases, lines = self._lines
        at = bisect_right(bases, offset) - 1
        return (bases[at], lines[at]) if at >= 0 else (0, 1)

    def pieces(self) -> Iterator[Piece]:
        """All pieces, without what is only a line end."""
        at = self.start
        while at < self.end:
            piece = self.piece_at(at)
            if self.is_something(piece):
                yield piece
            at = piece.end

    def is_something(self, piece: Piece) -> bool:
        """Whether a piece is more than a line end."""
        return bool(piece.rows) or (not self._places.first_record and piece.end - piece.start >= _LEAST_GAP)

    def piece_at(self, offset: int) -> Piece:
        """The piece that a byte belongs to."""
        cluster = int(self._starts.searchsorted(offset, "right")) - 1
        if cluster < 0 or offset >= self._ends[cluster]:
            start = int(self._ends[cluster]) if cluster >= 0 else 0
            end = int(self._starts[cluster + 1]) if cluster + 1 < len(self._starts) else self.end
            return Piece(start, max(end, offset + 1), ())
        table = self._tables.get(cluster)
        if table is None:
            if len(self._tables) >= _TABLES:
                self._tables = {}
            table = self._tables[cluster] = self._table(cluster)
        return table.piece_at(offset, int(self._starts[cluster]), int(self._ends[cluster]))

    def _table(self, cluster: int) -> _Table:
        import numpy as np

        places = self._places
        last = int(self._first[cluster + 1]) if cluster + 1 < len(self._first) else len(self._members)
        members = self._members[int(self._first[cluster]) : last].tolist()
        segments = [number for number in members if number >= 0]
        bads = np.array([-1 - number for number in members if number < 0], np.int64)
        first, base = places.segments["first_record"], places.segments["base"]
        ranges = [np.arange(first[number], first[number] + places.counts[number]) for number in segments]
        rows = np.concatenate((*ranges, np.empty(0, np.int64)))
        starts = np.concatenate(
            (*(base[number] + places.offset[at] for number, at in zip(segments, ranges, strict=True)), rows[:0])
        )
        length = places.length[rows].astype(np.int64)
        kept = (length > 0) & (rows >= places.first_record)
        rows = np.concatenate((rows[kept], places.bad["row"][bads]))
        starts = np.concatenate((starts[kept], places.bad["offset"][bads]))
        length = np.concatenate((length[kept], places.bad["length"][bads]))
        return _Table(rows, starts, starts + (1 if self.source in places.databases else length))

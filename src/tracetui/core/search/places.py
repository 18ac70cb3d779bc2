"""Where the records of the sources lie: a snapshot of the store, as pieces of bytes that belong to a record each.

The snapshot is taken by whoever may write to the store; what is made from it may be used in any thread, since row numbers never
change. It takes about 32 bytes a record while a search lasts.
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


@dataclass(slots=True, frozen=True)
class Piece:
    """Bytes of a source that belong to the same records.

    Args:
        start, end: offsets in the source.
        rows: of the records, in arrival order; of unreadable bytes -1 minus their row; none: bytes between records.
        is_whole: the piece is all of its records, and not what other records leave of them.
    """

    start: int
    end: int
    rows: tuple[int, ...]
    is_whole: bool = True


class SourcePlaces:
    """Pieces of one source, in order of their place."""

    def __init__(self, rows: Numbers, starts: Numbers, ends: Numbers, *, has_gaps: bool) -> None:
        import numpy as np

        self._has_gaps = has_gaps
        if (np.diff(starts) < 0).any():
            order = np.lexsort((-ends, starts))
            rows, starts, ends = rows[order], starts[order], ends[order]
        self._rows, self._all_starts, self._all_ends = rows, starts, ends
        is_first = np.ones(len(starts), bool)
        is_first[1:] = starts[1:] >= np.maximum.accumulate(ends)[:-1]
        self._first = np.flatnonzero(is_first)
        self._counts = np.diff(np.append(self._first, len(starts)))
        self._starts = starts[self._first]
        self._ends = np.maximum.reduceat(ends, self._first)
        self.bases: list[int] = []
        """Offsets at which lines are known to begin, ascending."""
        self.lines: list[int] = []
        """Their numbers; 0: not known."""

    def pieces(self) -> Iterator[Piece]:
        """All pieces, without what is only a line end."""
        at = 0
        while at < self._ends[-1]:
            piece = self.piece_at(at)
            if self.is_something(piece):
                yield piece
            at = piece.end

    def is_something(self, piece: Piece) -> bool:
        """Whether a piece is more than a line end."""
        return bool(piece.rows) or (self._has_gaps and piece.end - piece.start >= _LEAST_GAP)

    def line_near(self, offset: int) -> tuple[int, int]:
        """An offset at or before this one that begins a line, and that line's number."""
        at = bisect_right(self.bases, offset) - 1
        return (self.bases[at], self.lines[at]) if at >= 0 else (0, 1)

    def piece_at(self, offset: int) -> Piece:
        """The piece that a byte belongs to."""
        group = int(self._starts.searchsorted(offset, "right")) - 1
        if group < 0 or offset >= self._ends[group]:
            start = int(self._ends[group]) if group >= 0 else 0
            end = int(self._starts[group + 1]) if group + 1 < len(self._starts) else start
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
            is_whole=not len(within),
        )


class Places:
    """Where the records of some runs lie, in all of their sources. Copies what it needs of the store at once, works later.

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

        self._databases = databases
        self._first_record = first_record
        segments, records = store.segments, store.records
        self._segments = {
            name: np.array(segments.np(name)).astype(np.int64)
            for name in ("source", "generation", "base", "line", "first_record", "run", "dead")
        }
        # Bytes as they are: half a millisecond for a million records.
        self._offset, self._length = np.array(records.np("offset")), np.array(records.np("length"))
        bad = store.bad
        alive = (
            np.flatnonzero((bad.np("dead") == 0) & (bad.np("length") > 0))
            if not first_record
            else np.empty(0, np.int64)
        )
        self._bad = {
            name: np.array(bad.np(name)[alive]).astype(np.int64) for name in ("source", "generation", "offset")
        }
        self._bad["length"], self._bad["row"] = bad.np("length")[alive].astype(np.int64), -1 - alive
        self._bad["run"] = bad.np("run")[alive].astype(np.int64)
        self._made: dict[int, SourcePlaces] | None = None
        self._lock = Lock()
        self.ends = self._ends_of(runs)
        """Where the last record of each source ends, by its id, for the sources that hold something of the runs."""

    def _ends_of(self, runs: Collection[int] | None) -> dict[int, int]:
        import numpy as np

        segment = self._segments
        first = segment["first_record"]
        counts = np.diff(np.append(first, len(self._offset)))
        there = np.flatnonzero((segment["dead"] == 0) & (counts > 0))
        if not len(there) and not len(self._bad["row"]):
            return {}
        ends = np.empty(0, np.int64)
        if len(there):
            last = np.add(self._offset, self._length, dtype=np.int64)
            # An empty stretch at the end has nothing to be reduced.
            filled = np.flatnonzero(counts > 0)
            ends = np.zeros(len(first), np.int64)
            ends[filled] = np.maximum.reduceat(last, first[filled])
            ends = (ends + segment["base"])[there]
        source = np.concatenate((segment["source"][there], self._bad["source"]))
        end = np.concatenate((ends, self._bad["offset"] + self._bad["length"]))
        run = np.concatenate((segment["run"][there], self._bad["run"]))
        last_row = (first + counts - 1)[there]
        is_new = np.concatenate((last_row >= self._first_record, np.ones(len(self._bad["row"]), bool)))
        mine = is_new if runs is None else is_new & np.isin(run, np.array(sorted(runs), np.int64))
        numbers, place = np.unique(source, return_inverse=True)
        furthest = np.zeros(len(numbers), np.int64)
        np.maximum.at(furthest, place, end)
        wanted = set(np.unique(source[mine]).tolist())
        return {
            number: end for number, end in zip(numbers.tolist(), furthest.tolist(), strict=True) if number in wanted
        }

    def generation(self, source: int) -> int:
        """The generation of a source whose records these are."""
        import numpy as np

        segment, bad = self._segments, self._bad
        mine = (segment["source"] == source) & (segment["dead"] == 0)
        return int(np.append(segment["generation"][mine], bad["generation"][bad["source"] == source]).max(initial=0))

    def of(self, source: int) -> SourcePlaces:
        """The pieces of a source; the first call works them out for all. May be asked from any thread."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made[source]

    def _make(self) -> dict[int, SourcePlaces]:
        import numpy as np

        segments, bad = self._segments, self._bad
        counts = np.diff(np.append(segments["first_record"], len(self._offset)))
        segment = np.repeat(np.arange(len(counts)), counts)
        is_there = (segments["dead"][segment] == 0) & (self._length > 0)
        is_there[: self._first_record] = False
        rows = np.flatnonzero(is_there)
        segment = segment[rows]
        source = np.concatenate((segments["source"][segment], bad["source"]))
        start = np.concatenate((segments["base"][segment] + self._offset[rows], bad["offset"]))
        length = np.concatenate((self._length[rows].astype(np.int64), bad["length"]))
        generation = np.concatenate((segments["generation"][segment], bad["generation"]))
        rows = np.concatenate((rows, bad["row"]))
        order = np.argsort(source, kind="stable")
        ordered = source[order]
        found = {}
        for number in self.ends:
            mine = order[ordered.searchsorted(number) : ordered.searchsorted(number, "right")]
            mine = mine[generation[mine] == generation[mine].max()]
            ends = start[mine] + (1 if number in self._databases else length[mine])
            found[number] = SourcePlaces(rows[mine], start[mine], ends, has_gaps=not self._first_record)
        self._add_lines(found)
        return found

    def _add_lines(self, places: dict[int, SourcePlaces]) -> None:
        """Where lines are known to begin in each source."""
        import numpy as np

        segments = self._segments
        order = np.lexsort((segments["base"], segments["source"]))
        order = order[(segments["dead"][order] == 0) & (segments["line"][order] > 0)]
        sources = segments["source"][order]
        for number, place in places.items():
            mine = order[np.searchsorted(sources, number) : np.searchsorted(sources, number, "right")]
            place.bases = cast("list[int]", segments["base"][mine].tolist())
            place.lines = cast("list[int]", segments["line"][mine].tolist())


class Place:
    """One source of a search."""

    def __init__(self, places: Places, source: int) -> None:
        self._places = places
        self.source = source
        self.end = places.ends[source]
        """Where its last record ends."""
        self.generation = places.generation(source)

    @cached_property
    def pieces(self) -> SourcePlaces:
        """Its pieces; worked out when they are needed, which is where something was seen."""
        return self._places.of(self.source)

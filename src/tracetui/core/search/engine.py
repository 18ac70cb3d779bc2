"""The search itself: names from the store, bodies from the sources, hits as they are found.

A ``Search`` is made where the store may be written to and takes a snapshot of it; ``hits`` may then be run in another thread.
Sources are searched one after another, those of the newest run first, each from its first byte to its last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import Flag
from tracetui.core.regexes import Cancelled, Child, TooSlow
from tracetui.core.run_names import newest_first
from tracetui.core.search.fields import Text
from tracetui.core.search.hits import Hit, Part, excerpt
from tracetui.core.search.needle import LONGEST, Needle, SlowPattern
from tracetui.core.search.opening import end_of, is_plain, opened, read
from tracetui.core.search.owners import Owners
from tracetui.core.search.places import Piece, Places, SourcePlaces
from tracetui.core.search.scanning import STRIPE, found_in_stripes
from tracetui.core.search.units import READ_AT_ONCE, Unit, texts_in, units_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from tracetui.core.formats._base import Format
    from tracetui.core.search.within import Within
    from tracetui.core.sources._base import Source
    from tracetui.core.sources.sqlite import SqliteSource
    from tracetui.core.store import Run, Store

CONTEXT: Final = 40
"""Characters of the text at either side of a match."""

_COUNTED: Final = int(Flag.announced)
_DROPPED: Final = int(Flag.dropped)
_FOLDED: Final = bytes(byte | 0x20 for byte in range(256))
_BATCH_TEXTS: Final = 512
_BATCH_CHARACTERS: Final = 262_144
_FEW_TIMES: Final = 10
_ROWS_AT_ONCE: Final = 1_000
_WHY_SLOW: Final = "repeats within repeats, as in (a+)+, do that"
_LOOK_EVERY: Final = 1_024
_AT_ONCE: Final = 262_144
"""Bytes of a record that are looked through at once."""
_LONGEST_RAW: Final = 12 * LONGEST
"""Bytes that a text may take where all of it is escaped."""
"""Texts between two looks at whether the search was cancelled."""


@dataclass(slots=True, frozen=True)
class Unsearched:
    """What could not be searched, and why. The path is untrusted."""

    path: str
    reason: str


@dataclass(slots=True, frozen=True)
class _End:
    """Stands behind the texts of a stripe: what was found so far is to be told."""


_END: Final = _End()
_Looked = tuple[Unit, Text]


class Search:
    """Looks for one needle in the runs of a store.

    Args:
        store: What has been read. Only the making of a search needs the thread that writes to it.
        sources: The reader's sources by id.
        formats: All formats, by which runs were decoded.
        needle: What is looked for.
        runs: Rows of the runs that are searched; None: all that are there.
        names, bodies: Whether names, and bodies, are searched.
        keys: Whether the names of values in records are searched as well.
        context: Characters of the text at either side of a match.
        lines: Whether hits say the line of their file, which has to be looked up in it.
        first_record: Only records from this row on: those that came since an earlier search.
        within: Only what lies in these spans, records and runs.
        is_cancelled: Asked many times a second; true ends the search.
    """

    def __init__(
        self,
        store: Store,
        sources: Mapping[int, Source],
        formats: Iterable[Format],
        needle: Needle,
        *,
        runs: Collection[int] | None = None,
        names: bool = True,
        bodies: bool = True,
        keys: bool = False,
        context: int = CONTEXT,
        lines: bool = True,
        first_record: int = 0,
        within: Within | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._sources = dict(sources)
        self._owners = Owners(store, formats)
        self.needle = needle
        self._wanted = None if runs is None else frozenset(runs)
        self._within = within
        self._keys = keys
        self._has_names = names
        self._context = context
        self._tells_lines = lines
        self._is_cancelled = is_cancelled
        self._runs = [run for run in newest_first(store.live_runs()) if runs is None or run.row in self._wanted_rows]
        databases = {id for id, source in self._sources.items() if getattr(source, "is_rows", False)}
        self._places = Places(store, databases, self._wanted, first_record) if bodies else None
        self._columns = {name: _copied(store, name) for name in ("run", "name", "flags")} if names else {}
        self._lines: dict[int, tuple[int, int]] = {}
        complete = {source for run in self._runs if run.complete for source in run.sources}
        self._read_to_end = frozenset() if first_record else frozenset(complete)
        self.unsearched: list[Unsearched] = []
        """What could not be searched so far."""
        self.searched_bytes = 0
        """How far the search has come."""
        self._left = frozenset() if self._places is None else frozenset(self._places.sources)
        self.total_bytes = 0 if self._places is None else self._places.total_bytes
        self.was_cancelled = False

    @property
    def searched_sources(self) -> frozenset[int]:
        """Ids of the sources whose bodies are searched: those that hold records of the runs."""
        return self._left

    @property
    def _wanted_rows(self) -> frozenset[int]:
        return self._wanted or frozenset()

    def hits(self) -> Iterator[Hit]:
        """What is found, as it is found. Raises SlowPattern for a regular expression that does not come to an end."""
        matcher = Child(self._is_cancelled) if self.needle.is_regex else None
        try:
            for source, runs in self._in_order():
                yield from self._hits_in_names(runs, matcher)
                if source in self._left and self._places is not None:
                    yield from self._hits_in_source(self._places.of(source), matcher)
        except Cancelled:
            self.was_cancelled = True
        finally:
            if matcher is not None:
                matcher.close()

    def _in_order(self) -> Iterator[tuple[int, list[int]]]:
        """Sources with the runs whose names are told before they are searched."""
        told: set[int] = set()
        for run in self._runs:
            names: list[int] = [run.row]
            for source in run.sources:
                if source not in told:
                    told.add(source)
                    yield source, names
                    names = []
            if names:
                yield -1, names
        for source in self._left:
            if source not in told:
                yield source, []

    # -- names ---------------------------------------------------------------------------------------------------------

    def _names_in(self, run: int) -> tuple[npt.NDArray, npt.NDArray]:  # type: ignore[type-arg]
        """Rows of a run's spans, and their names' numbers."""
        import numpy as np

        this = self._store.runs[run]
        if this.first_row < 0:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        low, high = this.first_row, min(this.last_row + 1, len(self._columns["run"]))
        flags = self._columns["flags"][low:high]
        mine = (self._columns["run"][low:high] == run) & (flags & (_COUNTED | _DROPPED) == _COUNTED)
        if self._within is not None:
            chosen = self._within.spans[low:high]
            mine[: len(chosen)] &= chosen
            mine[len(chosen) :] = False
        rows = np.flatnonzero(mine) + low
        return rows, self._columns["name"][rows]

    def _hits_in_names(self, runs: list[int], matcher: Child | None) -> Iterator[Hit]:
        if not self._has_names:
            return
        import numpy as np

        for run in runs:
            self._look()
            this = self._store.runs[run]
            of_run = (("name", this.name), ("id", this.id)) if self._within is None or run in self._within.runs else ()
            found = self._places_in_names([text for _, text in of_run], matcher)
            for (what, text), place in zip(of_run, found, strict=True):
                if place is not None:
                    yield self._name_hit(run, -1, self._record_of(this), what, text, place)
            rows, names = self._names_in(run)
            numbers = _different(names)
            texts = [self._store.strings[number] for number in numbers]
            places = dict(zip(numbers, self._places_in_names(texts, matcher), strict=True))
            hit = [number for number, place in places.items() if place is not None]
            for row in rows[np.isin(names, hit)].tolist():
                number = self._store.spans.name[row]
                place = places.get(number)
                if place is not None:
                    record = self._store.spans.first_record[row]
                    yield self._name_hit(run, row, record, "name", self._store.strings[number], place)

    def _record_of(self, run: Run) -> int:
        """The record that stands for a run: the first one in the first of its files by name, whichever was read first."""
        import numpy as np

        if len(run.sources) < 2:
            return run.first_record
        # Copies: the store may grow meanwhile, in another thread.
        segments = self._store.segments
        runs, dead = np.array(segments.run[:]), np.array(segments.dead[:])
        mine = np.flatnonzero((runs[: len(dead)] == run.row) & (dead[: len(runs)] == 0)).tolist()
        shown = {source: self._sources[source].path for source in run.sources if source in self._sources}
        first = min(
            mine, default=-1, key=lambda number: (shown.get(segments.source[number], "~"), segments.base[number])
        )
        return run.first_record if first < 0 else segments.first_record[first]

    def _places_in_names(self, texts: list[str], matcher: Child | None) -> list[tuple[int, int] | None]:
        if matcher is None:
            return [self.needle.find(text) for text in texts]
        found: list[tuple[int, int] | None] = []
        waiting = iter(texts)
        try:
            while batch := list(islice(waiting, _BATCH_TEXTS)):
                found += matcher.places(self.needle.wanted, self.needle.flags, batch)
        except TooSlow:
            raise SlowPattern(f"the pattern takes too long on the name of a span; {_WHY_SLOW}") from None
        return found

    def _name_hit(self, run: int, span: int, record: int, what: str, text: str, place: tuple[int, int]) -> Hit:
        if record < 0:
            return Hit(run, span, -1, Part.name, what, "", -1, 0, 0, *excerpt(text, *place, self._context))
        at = self._store.locate(record)
        line = 0
        source = self._sources.get(at.source)
        if source is not None and source.generation == at.generation:
            line = source.line_of(at.offset, at.near, at.near_line)
        type_ = self._store.record_type(record)
        return Hit(
            run, span, record, Part.name, what, type_, at.source, at.offset, line, *excerpt(text, *place, self._context)
        )

    # -- bodies --------------------------------------------------------------------------------------------------------

    def _hits_in_source(self, place: SourcePlaces, matcher: Child | None) -> Iterator[Hit]:
        source = self._sources.get(place.source)
        before = self.searched_bytes
        if source is None or source.generation != place.generation:
            self._leave_out(place, "changed on disk since it was read")
        else:
            try:
                if getattr(source, "is_rows", False):
                    looked = self._looked_at_rows(cast("SqliteSource", source), place)
                else:
                    if place.source in self._read_to_end:  # a document goes on behind its last record
                        place.end = max(place.end, end_of(source))
                    looked = self._looked_at(source, place)
                yield from self._hits_among(looked, place, source, matcher)
            except ChangedOnDisk as error:
                self._leave_out(place, str(error))
        self.searched_bytes = before + place.end

    def _leave_out(self, place: SourcePlaces, reason: str) -> None:
        source = self._sources.get(place.source)
        self.unsearched.append(Unsearched("" if source is None else source.path, reason))

    def _looked_at(self, source: Source, place: SourcePlaces) -> Iterator[_Looked | _End]:
        """The texts of every unit of a source that may hold the needle."""
        at_hand = opened(source, place.end)
        try:
            for piece, seen in self._pieces(source, place):
                if piece is None:
                    yield _END
                    continue
                for unit in self._units(piece, seen, place, lambda start, end: read(at_hand, start, end)):
                    is_window = piece.end - piece.start > READ_AT_ONCE
                    for text in texts_in(unit, keys=self._keys, holds=self.needle.holds, is_window=is_window):
                        yield unit, text
        finally:
            at_hand.close()

    def _units(
        self, piece: Piece, seen: int, place: SourcePlaces, read_: Callable[[int, int], bytes]
    ) -> Iterator[Unit]:
        if self._is_unwanted(piece, place):
            return
        for unit in units_of(piece, seen, read_):
            if self._may_hold(unit.data):
                yield unit

    def _may_hold(self, data: bytes) -> bool:
        """Whether a record has more than escapes of letters that are not looked for."""
        needle = self.needle
        if needle.escapes is None or not data:
            return True
        for at in range(0, len(data), _AT_ONCE):
            part = data[at : at + _AT_ONCE + LONGEST] if len(data) > _AT_ONCE else data
            looked_at = part.translate(_FOLDED) if needle.folds else part
            if needle.hints[0] in looked_at or needle.escapes.search(part) is not None:
                return True
        return False

    def _is_unwanted(self, piece: Piece, place: SourcePlaces) -> bool:
        """Whether a piece is of runs that are not searched, or of none of the records that are."""
        if self._within is not None and not any(map(self._is_within, piece.rows)):
            return True
        if self._wanted is None:
            return False
        return not any(self._run_of(row, place) in self._wanted for row in piece.rows or (None,))

    def _pieces(self, source: Source, place: SourcePlaces) -> Iterator[tuple[Piece | None, int]]:
        """Pieces that may hold the needle, in order, with where; None behind each stripe."""
        if not self.needle.hints:
            for number, piece in enumerate(place.pieces()):
                self._look()
                self.searched_bytes += piece.end - piece.start
                yield piece, piece.start
                if number % _LOOK_EVERY == _LOOK_EVERY - 1:
                    yield None, 0
            yield None, 0
            return
        done, begun = -1, self.searched_bytes
        stripes = found_in_stripes(
            lambda: opened(source, place.end),
            self.needle.hints,
            place.start,
            place.end,
            lambda offset: place.piece_at(offset).end,
            folds=self.needle.folds,
            in_threads=is_plain(source),
        )
        for number, stripe in enumerate(stripes, 1):
            self._look()
            self.searched_bytes = begun + min(number * STRIPE, place.end)
            for offset in stripe:
                if offset >= done:
                    piece = place.piece_at(offset)
                    done = piece.end
                    if place.is_something(piece):
                        yield piece, offset
            yield None, 0

    def _looked_at_rows(self, source: SqliteSource, place: SourcePlaces) -> Iterator[_Looked | _End]:
        """The same of a database: all of its rows, which take longer to fetch than to look at."""
        for a, record in source.all_rows(_ROWS_AT_ONCE):
            self._look()
            piece = place.piece_at(a)
            if piece.rows and not self._is_unwanted(piece, place):
                unit = Unit(piece.rows, a, record=record)
                for text in texts_in(unit, keys=self._keys, holds=self.needle.holds):
                    yield unit, text
        yield _END

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def _hits_among(
        self, looked: Iterator[_Looked | _End], place: SourcePlaces, source: Source, matcher: Child | None
    ) -> Iterator[Hit]:
        if matcher is not None:
            yield from self._matched(looked, place, source, matcher)
            return
        for number, item in enumerate(looked):
            if number % _LOOK_EVERY == 0:
                self._look()
            if isinstance(item, _End):
                continue
            unit, text = item
            if text.raw is not None:
                if not unit.hit and (hit := self._raw_hit(unit, text, text.raw, place, source)) is not None:
                    unit.hit.add(text)
                    yield hit
            elif (found := self.needle.find(text.text)) is not None and not _is_in_hit(unit, text):
                unit.hit.add(text)
                if (hit := self._hit(unit, text, found, place, source)) is not None:
                    yield hit

    def _matched(
        self, looked: Iterator[_Looked | _End], place: SourcePlaces, source: Source, matcher: Child
    ) -> Iterator[Hit]:
        """The same for a regular expression, many texts at a time."""
        batch: list[_Looked] = []
        size = 0
        for item in looked:
            if isinstance(item, _End):
                yield from self._hits_of_batch(batch, place, source, matcher)
                batch, size = [], 0
                continue
            batch.append(item)
            size += len(item[1].text) + len(item[1].raw or b"")
            if len(batch) >= _BATCH_TEXTS or size >= _BATCH_CHARACTERS:
                yield from self._hits_of_batch(batch, place, source, matcher)
                batch, size = [], 0
        yield from self._hits_of_batch(batch, place, source, matcher)

    def _hits_of_batch(
        self, batch: list[_Looked], place: SourcePlaces, source: Source, matcher: Child
    ) -> Iterator[Hit]:
        if not batch:
            return
        texts = [text.text if text.raw is None else text.raw.decode("utf-8", "replace") for _, text in batch]
        try:
            places = matcher.places(self.needle.wanted, self.needle.flags, texts)
        except TooSlow as error:
            unit = batch[error.number][0]
            line = self._line_of(unit.offset, place, source)
            where = f"{source.path!a}, line {line}" if line else f"{source.path!a}"
            raise SlowPattern(f"the pattern takes too long on a record of {where}; {_WHY_SLOW}") from None
        for (unit, text), written, found in zip(batch, texts, places, strict=True):
            if found is None or _is_in_hit(unit, text) or (text.raw is not None and unit.hit):
                continue
            unit.hit.add(text)
            seen = Text(text.field, written, text.is_key, raw=text.raw)
            if (hit := self._hit(unit, seen, found, place, source)) is not None:
                yield hit

    # -- hits ----------------------------------------------------------------------------------------------------------

    def _found_in(self, raw: bytes) -> tuple[int, int] | None:
        """Where a text stands in bytes; long ones part by part, so that other threads go on."""
        pattern = self.needle.raw
        if pattern is None:
            return None
        for at in range(0, len(raw), _AT_ONCE):
            end = min(len(raw), at + _AT_ONCE + _LONGEST_RAW)
            if (found := pattern.search(raw, at, end)) is not None:
                return found.span()
        return None

    def _raw_hit(self, unit: Unit, text: Text, raw: bytes, place: SourcePlaces, source: Source) -> Hit | None:
        """A hit in bytes that are no JSON."""
        found = self._found_in(raw)
        if found is None:
            return None
        start, end = found
        before = raw[max(0, start - 4 * self._context) : start].decode("utf-8", "replace")
        match = raw[start:end].decode("utf-8", "replace")
        after = raw[end : end + 4 * self._context].decode("utf-8", "replace")
        written = Text(text.field, before + match + after, raw=raw)
        return self._hit(unit, written, (len(before), len(before) + len(match)), place, source)

    def _hit(self, unit: Unit, text: Text, found: tuple[int, int], place: SourcePlaces, source: Source) -> Hit | None:
        """A hit, unless it is a name that was told already."""
        row = self._owners.owner(unit, text)
        if not self._is_within(row):
            return None
        run = self._run_of(row, place)
        if self._wanted is not None and run not in self._wanted:
            return None
        span = self._store.records.span[row] if row is not None and row >= 0 else -1
        if text.raw is None and self._is_told_name(text, run, span):
            return None
        part, type_ = self._part_and_type(row, text)
        line = self._line_of(unit.offset, place, source)
        return Hit(
            run,
            span,
            -1 if row is None or row < 0 else row,
            part,
            text.field,
            type_,
            place.source,
            unit.offset,
            line,
            *excerpt(text.text, *found, self._context),
        )

    def _is_within(self, row: int | None) -> bool:
        """Whether a hit may lie in a record, or in unreadable bytes (a row below 0)."""
        if self._within is None:
            return True
        if row is None or row >= 0:
            return row is not None and self._within.has_record(row)
        return self._store.bad.run[-1 - row] in self._within.runs

    def _part_and_type(self, row: int | None, text: Text) -> tuple[Part, str]:
        if row is not None and row < 0:
            return Part.unreadable, self._store.strings[self._store.bad.reason[-1 - row]]
        type_ = "" if row is None else self._store.record_type(row)
        if text.raw is not None:
            return Part.text, type_
        return (Part.key if text.is_key else Part.body), type_

    def _is_told_name(self, text: Text, run: int, span: int) -> bool:
        """Whether a value is the name by which its span or run is told of, with the names."""
        if not self._has_names or text.is_key:
            return False
        if span >= 0 and text.text == self._store.strings[self._store.spans.name[span]]:
            return True
        return run >= 0 and text.text in (self._store.runs[run].name, self._store.runs[run].id)

    def _run_of(self, row: int | None, place: SourcePlaces) -> int:
        """The run of a row; of bytes between records that of the source, if it is of one run."""
        if row is not None and row >= 0:
            return self._store.segments.run[self._store.segment_of(row)]
        if row is not None and (run := self._store.bad.run[-1 - row]) >= 0:
            return run
        runs = [run.row for run in self._store.runs if place.source in run.sources and run.live]
        return runs[0] if len(runs) == 1 else -1

    def _line_of(self, offset: int, place: SourcePlaces, source: Source) -> int:
        if not self._tells_lines:
            return 0
        near, line = place.line_near(offset)
        known, known_line = self._lines.get(place.source, (-1, 0))
        if near <= known <= offset:
            near, line = known, known_line
        found = source.line_of(offset, near, line) if line else 0
        if found:
            self._lines[place.source] = (offset, found)
        return found


def _copied(store: Store, column: str) -> npt.NDArray:  # type: ignore[type-arg]
    """A column of the spans that stays as it is."""
    import numpy as np

    return np.array(store.spans.np(column))


def _different(numbers: npt.NDArray) -> list[int]:  # type: ignore[type-arg]
    """The numbers that there are, each once; without sorting where there are many of few."""
    import numpy as np

    if not len(numbers) or int(numbers.max()) > _FEW_TIMES * len(numbers):
        return cast("list[int]", np.unique(numbers).tolist())
    return np.flatnonzero(np.bincount(numbers)).tolist()


def _is_in_hit(unit: Unit, text: Text) -> bool:
    """Whether a text lies in another one that is a hit already."""
    outer = text.around
    while outer is not None:
        if outer in unit.hit:
            return True
        outer = outer.around
    return False

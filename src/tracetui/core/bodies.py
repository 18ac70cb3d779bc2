"""Bodies when someone looks: bytes fetched by locator, read by their format, remembered up to a number of bytes.

The store knows where records are, sources read bytes, formats read meaning; this is the one place that puts the three
together, for screen, commands and exports. It never guesses: bytes that are gone from their file are ``ChangedOnDisk``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from tracetui.core.errors import ChangedOnDisk, TooLarge
from tracetui.core.formats._base import RecordBody
from tracetui.core.model import EventDetail, SpanDetail

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tracetui.core.formats._base import Format
    from tracetui.core.sources._base import Source
    from tracetui.core.store import Place, Store

REMEMBERED_BYTES: Final = 32_000_000
"""Raw bytes whose readings are kept; what they become in memory is some five times that."""

PARSED_HERE: Final = 1_000_000
"""A body of more bytes than this is parsed in a thread, in pieces: whoever draws must not wait for it (30 ms)."""

PARSED_AT_ONCE: Final = 8_000_000
"""A span of more bytes than this is read as a whole only when it is asked for; nothing with more values is unfolded."""

SHARED_BYTES: Final = 16_000_000
"""Bytes of a record of which is kept what was made of them, for the other records in them."""
_SHARED: Final = 3
"""So many such: a call and its result stand in different lines, which may both hold many."""

SUBJECT_BYTES: Final = 262_144
"""A span of more bytes than this has no subject in the tree: a row must not wait for a disk."""

NOT_JSON: Final = object()
"""The answer of ``json_of`` and ``json_in_text`` where there is none."""

_SMALL = 512
_NEAR: Final = 32_768
"""Bytes between two records that are rather read than skipped."""
_STRETCH: Final = 2_000_000
_Detail = TypeVar("_Detail")


@dataclass(slots=True, frozen=True)
class RawRecord:
    """A record as it stands in its source. ``path`` and ``data`` are untrusted."""

    path: str
    """Absolute, surrogateescape."""
    line: int
    """From 1; 0 where the source has no lines."""
    offset: int
    """Bytes from the beginning, or what the source means by it (a row id)."""
    length: int
    type: str
    """The producer's own name of the record."""
    data: bytes


@dataclass(slots=True, frozen=True)
class Reading:
    """Where a span's own records are and what reads them: made with the store, read in any thread."""

    row: int
    size: int
    """Bytes that are read."""
    format: Format
    parts: tuple[tuple[Source | None, int, int, int, str, int], ...]
    """Of each record: source (None: it is gone), generation, offset, length, type, ordinal."""

    def read(self) -> SpanDetail:
        """What the records say. Raises ChangedOnDisk where one of them is gone from its file."""
        bodies = []
        for source, generation, offset, length, type_, ordinal in self.parts:
            if source is None or source.generation != generation:
                raise ChangedOnDisk("changed on disk: this body is gone")
            bodies.append(RecordBody(type_, source.fetch(offset, length), ordinal))
        return self.format.span_detail(bodies)


class Bodies:
    """Fetches and reads bodies of the spans, events and records of one store.

    Args:
        store: Where records are.
        sources: The reader's sources by id; looked up at each fetch, so a growing dict is fine.
        formats: All formats, by which runs were decoded.
        remembered: Raw bytes whose readings are kept.
    """

    def __init__(
        self,
        store: Store,
        sources: Mapping[int, Source],
        formats: Iterable[Format],
        *,
        remembered: int = REMEMBERED_BYTES,
    ) -> None:
        self._store = store
        self._sources = sources
        self._formats = {format.name: format for format in formats}
        self._spans: _Kept[SpanDetail] = _Kept(remembered)
        self._events: _Kept[EventDetail] = _Kept(remembered // 8)
        self._latest: list[RecordBody] = []

    @property
    def sources(self) -> Mapping[int, Source]:
        """Where the bodies are, by the store's ids."""
        return self._sources

    def forget(self) -> None:
        """Read everything again from disk when it is looked at next."""
        self._spans.clear()
        self._events.clear()
        self._latest = []

    def size_of(self, span_row: int) -> int:
        """Bytes of the records that ``span_detail`` reads; costs no IO."""
        return self._bytes_of(self.records_of(span_row))

    def _bytes_of(self, records: list[int]) -> int:
        length = self._store.records.length
        return sum(length[record] for record in records)

    def records_of(self, span_row: int) -> list[int]:
        """Rows of a span's own records, its events left out, in arrival order."""
        events = {self._store.events.record[event] for event in self._store.events_of(span_row)}
        records = self._store.records_of(span_row)
        if not records and len(self._store.records):
            records = [self._store.spans.first_record[span_row]]
        return [record for record in records if record not in events] or records[:1]

    def span_detail(self, span_row: int) -> SpanDetail:
        """What the records of a span say. Raises ChangedOnDisk where one of them is gone from its file."""
        kept = self._spans.get(span_row, self._store.epoch)
        if kept is not None:
            return kept
        return self._read(span_row, self.records_of(span_row))

    def _read(self, span_row: int, records: list[int]) -> SpanDetail:
        known = self._spans.revalidate(span_row, self._store.epoch, records)
        if known is not None:
            return known
        bodies = [self._body(record) for record in records]
        detail = self._format_of(self._store.spans.run[span_row]).span_detail(bodies)
        size = sum(len(body.raw) for body in bodies)
        self._spans.put(span_row, self._store.epoch, records, detail, size)
        return detail

    def readings(self, span_rows: Sequence[int]) -> list[Reading]:
        """What reads each of these spans of one run later, in any thread; costs one pass over the run's columns, no IO."""
        if not span_rows:
            return []
        import numpy as np

        store = self._store
        run = store.runs[store.spans.run[span_rows[0]]]
        wanted = np.asarray(span_rows, np.int64)
        owners: dict[int, list[int]] = {row: [] for row in span_rows}
        if run.first_record >= 0:
            low, high = (
                min(run.first_record, *(store.spans.first_record[row] for row in span_rows)),
                run.last_record + 1,
            )
            spans = store.records.np("span", low, high)
            mine = np.flatnonzero(np.isin(spans, wanted))
            events = self._event_records(wanted)
            for record, owner in zip((mine + low).tolist(), spans[mine].tolist(), strict=True):
                if record not in events:
                    owners[owner].append(record)
        return [self._reading(row, owners[row] or self.records_of(row)) for row in span_rows]

    def _event_records(self, span_rows: npt.NDArray[np.int64]) -> set[int]:
        import numpy as np

        store = self._store
        run = store.runs[store.spans.run[int(span_rows[0])]]
        if run.first_event < 0:
            return set()
        low, high = run.first_event, run.last_event + 1
        mine = np.flatnonzero(np.isin(store.events.np("span", low, high), span_rows)) + low
        return set(store.events.np("record")[mine].tolist())

    def reading(self, span_row: int) -> Reading:
        """What reads one span later, in any thread; costs no IO."""
        return self._reading(span_row, self.records_of(span_row))

    def _reading(self, row: int, records: list[int]) -> Reading:
        store, parts = self._store, []
        for record in records:
            place = store.locate(record)
            source = self._sources.get(place.source)
            type_, ordinal = store.record_type(record), store.ordinal(record)
            parts.append((source, place.generation, place.offset, place.length, type_, ordinal))
        return Reading(row, sum(part[3] for part in parts), self._format_of(store.spans.run[row]), tuple(parts))

    def event_detail(self, event_row: int) -> EventDetail:
        """What one event says. Raises ChangedOnDisk where its record is gone from its file."""
        record = self._store.events.record[event_row]
        kept = self._events.revalidate(event_row, self._store.epoch, [record])
        if kept is not None:
            return kept
        body = self._body(record)
        detail = self._format_of(self._store.events.run[event_row]).event_detail(body)
        self._events.put(event_row, self._store.epoch, [record], detail, len(body.raw))
        return detail

    def event_detail_apart(self, event_row: int) -> EventDetail:
        """The same, not remembered: for a thread in which nothing is folded in meanwhile. Raises ChangedOnDisk."""
        body = self._body(self._store.events.record[event_row])
        return self._format_of(self._store.events.run[event_row]).event_detail(body)

    def event_text(self, event_row: int) -> str:
        """The line of an event; empty where it is gone or too long to be read for a row. Never raises."""
        length = self._store.records.length[self._store.events.record[event_row]]
        if length > SUBJECT_BYTES:
            return ""
        try:
            return self.event_detail(event_row).text
        except ChangedOnDisk:
            return ""

    def subject(self, span_row: int) -> str:
        """What a span was about, in a few words; empty if unknown, gone or too long to be read for a row. Never raises."""
        if (kept := self._spans.get(span_row, self._store.epoch)) is not None:
            return kept.subject
        records = self.records_of(span_row)
        if self._bytes_of(records) > SUBJECT_BYTES:
            return ""
        try:
            return self._read(span_row, records).subject
        except ChangedOnDisk:
            return ""

    def place(self, record_row: int) -> tuple[str, int]:
        """File and line of a record (line 0: not known), without reading the record. Raises ChangedOnDisk."""
        place = self._store.locate(record_row)
        source = self._source(place)
        return source.path, source.line_of(place.offset, place.near, place.near_line)

    def path_of(self, source: int) -> str:
        """Path of a source (absolute, surrogateescape, untrusted); empty if it is not known."""
        known = self._sources.get(source)
        return "" if known is None else known.path

    def raw(self, record_row: int) -> RawRecord:
        """A record as it stands in its source, with file and line. Raises ChangedOnDisk where it is gone."""
        place = self._store.locate(record_row)
        source = self._source(place)
        return RawRecord(
            path=source.path,
            line=source.line_of(place.offset, place.near, place.near_line),
            offset=place.offset,
            length=place.length,
            type=self._store.record_type(record_row),
            data=source.fetch(place.offset, place.length),
        )

    def raw_data(self, record_row: int) -> bytes:
        """The bytes of a record, without where it stands. Raises ChangedOnDisk where it is gone."""
        place = self._store.locate(record_row)
        return self._source(place).fetch(place.offset, place.length)

    def raw_head(self, record_row: int, most: int) -> str:
        """The beginning of a record as text, at most so many bytes of it. Raises ChangedOnDisk where it is gone."""
        place = self._store.locate(record_row)
        data = self._source(place).fetch(place.offset, min(place.length, most))
        return data.decode("utf-8", "backslashreplace")

    def raw_bad(self, bad_row: int, most: int | None = None) -> RawRecord:
        """Unreadable bytes as they stand in their source; the type is the reason. Raises ChangedOnDisk.

        Args:
            bad_row: Which.
            most: Bytes that are read at most.
        """
        bad = self._store.bad
        source = self._sources.get(bad.source[bad_row])
        if source is None or source.generation != bad.generation[bad_row]:
            raise ChangedOnDisk("changed on disk: this body is gone")
        offset, length = bad.offset[bad_row], bad.length[bad_row]
        reason = self._store.strings[bad.reason[bad_row]]
        data = source.fetch(offset, length if most is None else min(length, most))
        return RawRecord(source.path, bad.line[bad_row], offset, length, reason, data)

    def raws(self, records: Sequence[int]) -> Iterator[bytes | None]:
        """The bytes of many records, None where they are gone; fast where they stand in the order of their file.

        Of a file whole stretches are read at once, since a system call for each record takes longer than parsing it.
        """
        from tracetui.core.sources.file import FileSource

        places = _Places(self._store, records)
        at, count = 0, len(places)
        while at < count:
            try:
                source = self._source_of(places.source[at], places.generation[at])
            except ChangedOnDisk:
                yield None
                at += 1
                continue
            end = places.stretch(at) if isinstance(source, FileSource) else at + 1
            yield from self._stretch(source, places, at, end)
            at = end

    def _stretch(self, source: Source, places: _Places, at: int, end: int) -> Iterator[bytes | None]:
        offset, length = places.offset, places.length
        first = offset[at]
        if end > at + 1:
            try:
                data = source.fetch(first, offset[end - 1] + length[end - 1] - first)
            except ChangedOnDisk:  # a part of it is there perhaps
                pass
            else:
                for each in range(at, end):
                    yield data[offset[each] - first : offset[each] - first + length[each]]
                return
        for each in range(at, end):
            try:
                yield source.fetch(offset[each], length[each])
            except ChangedOnDisk:
                yield None

    def detail_of_records(self, span_row: int, records: Sequence[int], raws: Sequence[bytes]) -> SpanDetail:
        """What some of a span's records say by themselves, from bytes that ``raws`` has fetched; it is not remembered."""
        store = self._store
        bodies = [self._body_of(record, raw) for record, raw in zip(records, raws, strict=True)]
        return self._format_of(store.spans.run[span_row]).span_detail(bodies)

    def _body(self, record: int) -> RecordBody:
        place = self._store.locate(record)
        return self._body_of(record, self._source(place).fetch(place.offset, place.length))

    def _body_of(self, record: int, data: bytes) -> RecordBody:
        """A line may hold thousands of records: what was made of it for one is there for the next."""
        known = next((each for each in self._latest if each.raw == data), None)
        if known is None:
            known = RecordBody("", data, shared={})
            if len(data) <= SHARED_BYTES:
                self._latest = [known, *self._latest[: _SHARED - 1]]
        return RecordBody(self._store.record_type(record), data, self._store.ordinal(record), known.shared)

    def _source(self, place: Place) -> Source:
        return self._source_of(place.source, place.generation)

    def _source_of(self, number: int, generation: int) -> Source:
        source = self._sources.get(number)
        if source is None or source.generation != generation:
            raise ChangedOnDisk("changed on disk: this body is gone")
        return source

    def _format_of(self, run: int) -> Format:
        return self._formats[self._store.runs[run].format]


class _Places:
    """Where many records are, looked up at once."""

    def __init__(self, store: Store, records: Sequence[int]) -> None:
        import numpy as np

        rows = np.asarray(records, np.int64)
        segments = store.segments
        at = np.searchsorted(segments.np("first_record"), rows, "right") - 1
        self.source: list[int] = segments.np("source")[at].tolist()
        self.generation: list[int] = segments.np("generation")[at].tolist()
        self.offset: list[int] = (segments.np("base")[at] + store.records.np("offset")[rows]).tolist()
        self.length: list[int] = store.records.np("length")[rows].tolist()

    def __len__(self) -> int:
        return len(self.source)

    def stretch(self, at: int) -> int:
        """Up to which record they are read in one go: near each other, in order, and not too much."""
        source, generation, first = self.source[at], self.generation[at], self.offset[at]
        reached, end = first + self.length[at], at + 1
        while (
            end < len(self.source)
            and self.source[end] == source
            and self.generation[end] == generation
            and first <= self.offset[end] <= reached + _NEAR
            and self.offset[end] + self.length[end] - first <= _STRETCH
            and self.offset[end] + self.length[end] >= reached
        ):
            reached = self.offset[end] + self.length[end]
            end += 1
        return end


class _Kept(Generic[_Detail]):
    """Readings by row; the least recently used go first once they were read from more than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._entries: dict[int, tuple[int, list[int], _Detail, int]] = {}

    def clear(self) -> None:
        self._entries.clear()
        self._held = 0

    def get(self, row: int, epoch: int) -> _Detail | None:
        """The reading of ``row`` if the store has not changed since."""
        entry = self._entries.get(row)
        if entry is None or entry[0] != epoch:
            return None
        self._entries[row] = self._entries.pop(row)
        return entry[2]

    def revalidate(self, row: int, epoch: int, records: list[int]) -> _Detail | None:
        """The reading of ``row`` if it was made from the same records; good for ``epoch`` from now on."""
        entry = self._entries.pop(row, None)
        if entry is None:
            return None
        if entry[1] != records:
            self._held -= entry[3]
            return None
        self._entries[row] = (epoch, *entry[1:])
        return entry[2]

    def put(self, row: int, epoch: int, records: list[int], detail: _Detail, size: int) -> None:
        """Remember a reading of ``size`` bytes, unless it alone would push out most of the others."""
        size += _SMALL
        if size > self._limit // 2:
            return
        self._entries[row] = (epoch, records, detail, size)
        self._held += size
        while self._held > self._limit:
            self._held -= self._entries.pop(next(iter(self._entries)))[3]


def json_of(data: bytes) -> object:
    """The value of a body, or ``NOT_JSON`` (not JSON, not UTF-8, nested too deep for a parser)."""
    from tracetui.core.formats._ladder import NotJson, parse

    try:
        return parse(data)
    except NotJson:
        return NOT_JSON


def json_in_text(text: str) -> object:
    """The object or array that a text holds, or ``NOT_JSON``: a lone number or word is just text."""
    head = text[:64].lstrip()
    if not head.startswith(("{", "[")) or not text[-64:].rstrip().endswith(("}", "]")):
        return NOT_JSON
    value = json_of(text.encode("utf-8", "surrogatepass"))
    return value if isinstance(value, (dict, list)) and value else NOT_JSON


def json_in_bytes(data: bytes | bytearray) -> object:
    """The same of bytes, in pieces: for a thread. Raises TooLarge where it holds more than can be unfolded."""
    if data[:64].lstrip()[:1] not in (b"{", b"[") or data[-64:].rstrip()[-1:] not in (b"}", b"]"):
        return NOT_JSON
    with letting_others_run():
        value = json_of(data)  # type: ignore[arg-type]  # what is asked of bytes, a bytearray can do
    return value if isinstance(value, (dict, list)) and value else NOT_JSON


@contextmanager
def letting_others_run() -> Iterator[None]:
    """For a thread: bodies that are read meanwhile are parsed in pieces. Raises TooLarge where they hold too many values."""
    from tracetui.core.formats._ladder import TooDense, in_pieces

    try:
        with in_pieces(PARSED_AT_ONCE):
            yield
    except TooDense:
        raise TooLarge("too many values to be unfolded") from None

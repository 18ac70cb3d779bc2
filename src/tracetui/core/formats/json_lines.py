"""Any JSON lines: a flat run of events, for logs and for producers that nobody has taught tracetui yet.

The last resort. One event a line; time, level, type and text by the conventions of structured logs (structlog, logging,
pino, Elastic).

Runs: a file, under its name.

Spans: none.

Events: each line, under ``event_type``, ``type``, ``event``, ``kind`` or ``action``, else its level.

Status: no end is recorded, so it is unknown.

Times: ISO texts or numbers since the epoch (s, ms, µs or ns by size) under the usual names; without a zone the viewer's is
assumed. A file without times is shown in its order.

Tokens and cost: none: what a number means is not guessed.

Not recorded: how lines belong together.

Quirks: one object alone is taken only if it looks like a log record or its file's name says lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from operator import itemgetter
from typing import Final

import orjson

from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._ladder import NotJson, has_long_number, parse
from tracetui.core.formats._lines import LINE_LIMIT, LineDecoder
from tracetui.core.formats._many_times import zoned_times
from tracetui.core.formats._scan import head_of
from tracetui.core.formats._values import amount_of, iso_moment, mapping_of, moment_ns, pairs_line, time_of
from tracetui.core.model import NO_TIME, Clock, EventClass, EventDetail, SpanDetail
from tracetui.core.operations import Columns, Event, Operation, Record, RunFact

_TIME_KEYS: Final = ("timestamp", "@timestamp", "time", "ts", "asctime", "datetime", "created_at", "created")
_LEVEL_KEYS: Final = ("level", "levelname", "log.level", "severity", "severity_text", "loglevel", "lvl")
_TYPE_KEYS: Final = ("event_type", "type", "event", "kind", "action")
_TEXT_KEYS: Final = ("message", "msg", "event", "text", "content", "body", "error", "exception")
_LINE_SUFFIXES: Final = (".jsonl", ".ndjson", ".jsonlines", ".log")
_LONGEST_WORD: Final = 64
_WORD: Final = re.compile(r"[\w.:/-]{1,64}")
"""A type: what has spaces is a sentence (structlog's ``event``)."""
_ERROR_LEVELS: Final = frozenset(
    {"error", "err", "critical", "fatal", "exception", "emerg", "emergency", "alert", "panic"}
)
_NUMBER_LEVELS: Final = ((50, "error"), (40, "warning"), (30, "info"), (20, "debug"), (0, "trace"))
"""pino's and bunyan's numbers, which are those that programs write into JSON."""
SMALLEST_BLOCK: Final = 64
"""Lines below which a block is not worth the fast lane's set-up."""
_UNITS: Final = ((1e17, 1), (1e14, 1_000), (1e11, 1_000_000), (1e8, 1_000_000_000))
"""Unix times by size: ns, µs, ms, s. The bounds lie between 1973 in one unit and 5138 in the next."""


class JsonLinesFormat:
    """Any JSON lines, as one flat run of events a file.

    Producer: anything: structlog, logging with JSON, pino, Elastic's schema
    Files: any
    Live: yes
    Status: no
    Figures: none

    Args:
        zone: where naive times are read; None: this machine's zone.
    """

    name = "json-lines"
    title = "JSON lines"
    document = False

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def match(self, candidate: Candidate) -> Match | None:
        """Claims a file whose first line is a JSON object; one object alone must look like a log record or be named as one."""
        head = head_of(candidate.head)
        if not head.body.startswith(b"{"):
            return None
        if head.starts_with_object:
            alone = head.whole and head.line_count == 1
            if alone and not _is_log(candidate.name, head.first or {}):
                return None
            return Match(self, "JSON objects, one a line, of no format with spans", certain=not alone)
        if not head.whole and not head.first_line_complete and not candidate.name.lower().endswith(".json"):
            return Match(self, "a long line that begins with {", certain=False)
        return None

    def assembler(self, bundle: str) -> Assembler:
        """One file is one run."""
        return _Assembler(self._zone)

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """Nothing: such a run has no spans."""
        return SpanDetail()

    def event_detail(self, record: RecordBody) -> EventDetail:
        """The line's text, and all its values."""
        try:
            values = mapping_of(parse(record.raw))
        except NotJson:
            values = {}
        return EventDetail(_text(values), values)


class _Assembler:
    """One file."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone

    def decoder(self, candidate: Candidate) -> Decoder:
        return _Decoder(candidate.path, candidate.name, self._zone)

    def side(self, candidate: Candidate) -> list[Operation]:
        return []

    def forget(self, candidate: Candidate) -> None:
        """Decoders share nothing."""


class _Decoder(LineDecoder):
    """One event a line."""

    def __init__(self, path: str, name: str, zone: tzinfo | None) -> None:
        super().__init__()
        self._run, self._name, self._zone = path, name, zone
        self._clock: Clock | None = None

    @property
    def bad_run(self) -> str | None:
        """The file's only run, once a line of it was read."""
        return None if self._clock is None else self._run

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Lines after the first that all have times take a fast lane: no objects but the parsed line itself."""
        first: list[Operation] = []
        if self._clock is None:
            end = block.find(b"\n") + 1
            first = super().lines(block[:end], a)
            block, a = block[end:], a + end
        columns = self._columns(block, a)
        return first + (super().lines(block, a) if columns is None else [columns])

    def _columns(self, block: bytes, a: int) -> Columns | None:
        """Events of a block of whole lines; None: something in it is unusual."""
        if self._clock in (None, Clock.order_only) or b"\r" in block or len(block) > LINE_LIMIT:
            return None
        lines = BytesIO(block).readlines()  # three times as fast as split
        if len(lines) < SMALLEST_BLOCK or has_long_number(block):
            return None
        try:
            records = list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            return None
        told = _told(records)
        times = None if told is None else _times(records, told[2], self._zone)
        if told is None or times is None or min(times) < 0:
            return None
        types, classes, _ = told
        lengths = list(map(len, lines))
        count = len(lines)
        self._line += count
        offsets = list(accumulate(lengths[:-1], initial=a))
        found = Columns(self._run, types, offsets, [length - 1 for length in lengths])
        found.event_record, found.event_key = list(range(count)), [0] * count
        found.event_class, found.event_time = classes, times
        return found

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """One event."""
        level = _level(record)
        kind = _type(record) or level or "line"
        time, clock = _time(record, self._zone)
        yield Record(self._run, kind, a, b)
        if self._clock is None:
            self._clock = clock
            yield RunFact(self._run, name=self._name, id=self._name, records_end=False, clock=clock)
        elif clock is not self._clock and self._clock is Clock.order_only:
            self._clock = clock
            yield RunFact(self._run, clock=clock)
        yield Event(self._run, None, _class(record, kind, level), time)


class _Shape:
    """Records with the same keys: where type, level and time stand, and what values there have meant so far."""

    __slots__ = ("known", "said", "time")

    def __init__(self, keys: tuple[str, ...]) -> None:
        telling = [key for key in (*_TYPE_KEYS, *_LEVEL_KEYS, "role") if key in keys]
        self.time = next((key for key in _TIME_KEYS if key in keys), "")
        # A level within "log" is looked for each time.
        self.said = itemgetter(*telling) if telling and "log" not in keys else None
        self.known: dict[object, tuple[str, EventClass]] = {}

    def told(self, record: dict[str, object]) -> tuple[str, EventClass]:
        """Type and class of a record."""
        level = _level(record)
        kind = _type(record) or level or "line"
        told = kind, _class(record, kind, level)
        if self.said is not None:
            said = self.said(record)
            if all(map(_is_plain, said if isinstance(said, tuple) else (said,))):
                self.known[said] = told
        return told


def _is_plain(value: object) -> bool:
    """Whether all values that equal this one mean the same: True equals 1 and is no level. Long texts are not kept."""
    if type(value) is str:
        return len(value) <= _LONGEST_WORD
    return value is None or (type(value) is int and value > 1)


def _told(records: list[object]) -> tuple[list[str], list[int], set[str]] | None:
    """Types and classes of records, and the keys of their times; None: one is no object or has no time."""
    types: list[str] = []
    classes: list[int] = []
    shapes: dict[tuple[str, ...], _Shape] = {}
    for record in records:
        if type(record) is not dict:
            return None
        keys = tuple(record)
        shape = shapes.get(keys)
        if shape is None:
            shape = shapes[keys] = _Shape(keys)
        said = None if shape.said is None else shape.said(record)
        try:
            told = shape.known.get(said)
        except TypeError:  # a list or an object where a word is usual
            told = None
        kind, cls = told or shape.told(record)
        types.append(kind)
        classes.append(cls)
    times = {shape.time for shape in shapes.values()}
    return None if "" in times else (types, classes, times)


def _times(records: list[dict[str, object]], keys: set[str], zone: tzinfo | None) -> list[int]:
    """Times of records, ``NO_TIME`` where there is none; at once where all have the same key and layout."""
    if len(keys) == 1:
        (key,) = keys
        texts = [text for record in records if type(text := record[key]) is str]
        found = zoned_times(texts) if len(texts) == len(records) else None
        if found is not None:
            return found
    return [_time(record, zone)[0] for record in records]


def _is_log(name: str, record: dict[str, object]) -> bool:
    """Whether one object alone is the first line of a log, and not a document of some other kind."""
    lowered = name.lower()
    if lowered.endswith(_LINE_SUFFIXES):
        return True
    said = any(key in record for key in (*_LEVEL_KEYS, *_TYPE_KEYS, *_TEXT_KEYS))
    return not lowered.endswith(".json") and said and any(key in record for key in _TIME_KEYS)


def _type(record: dict[str, object]) -> str:
    for key in _TYPE_KEYS:
        value = record.get(key)
        if isinstance(value, str) and len(value) <= _LONGEST_WORD and _is_word(value):
            return value
    return ""


@lru_cache(maxsize=4_096)
def _is_word(text: str) -> bool:
    return _WORD.fullmatch(text) is not None


def _level(record: dict[str, object]) -> str:
    for key in _LEVEL_KEYS:
        value = record.get(key)
        if isinstance(value, str) and value:
            return value.lower() if len(value) <= _LONGEST_WORD and _is_word(value) else ""
        number = amount_of(value)
        if number is not None and number >= 0:
            return next(word for least, word in _NUMBER_LEVELS if number >= least)
    nested = record.get("log")
    return _level(nested) if isinstance(nested, dict) and "log" not in nested else ""


def _class(record: dict[str, object], kind: str, level: str) -> EventClass:
    told = _class_of_words(kind, level)
    if told is not None:
        return told
    if isinstance(record.get("role"), str):
        return EventClass.message
    return EventClass.log if level or "message" in record or "msg" in record else EventClass.event


@lru_cache(maxsize=4_096)
def _class_of_words(kind: str, level: str) -> EventClass | None:
    word = kind.lower()
    if level in _ERROR_LEVELS or word in _ERROR_LEVELS:
        return EventClass.error
    if "retry" in word:
        return EventClass.retry
    return EventClass.decision if "decision" in word else None


def _time(record: dict[str, object], zone: tzinfo | None) -> tuple[int, Clock]:
    for key in _TIME_KEYS:
        value = record.get(key)
        if isinstance(value, str):
            moment = iso_moment(value)
            if moment is not None:
                naive = moment.tzinfo is None
                time = moment_ns(moment, zone)
                if time != NO_TIME:
                    return time, Clock.assumed if naive else Clock.utc
        else:
            time = _unix_ns(value)
            if time != NO_TIME:
                return time, Clock.utc
    return NO_TIME, Clock.order_only


def _unix_ns(value: object) -> int:
    """Seconds, ms, µs or ns since the epoch, told apart by their size."""
    number = amount_of(value)
    if number is None:
        return NO_TIME
    for least, unit in _UNITS:
        if number >= least:
            if isinstance(value, int):
                return time_of(value * unit)
            whole = int(number)
            return time_of(whole * unit + round((number - whole) * unit))
    return NO_TIME


def _text(values: dict[str, object]) -> str:
    for key in _TEXT_KEYS:
        value = values.get(key)
        if isinstance(value, str) and value:
            return value
    shown = {key: value for key, value in values.items() if key not in _TIME_KEYS and key not in _LEVEL_KEYS}
    return pairs_line(dict(list(shown.items())[:8]))

"""The fast lane of native recordings: a block of whole lines becomes ``Columns`` without a dictionary per line.

Only the header keys of each record are decoded (msgspec skips the payload). Whatever is unusual anywhere in a block (a second
header, ids that are no OpenTelemetry ids, times out of range, a line that is no JSON) sends the whole block through the slow
lane, so the fast one stays simple; both end in the same store, by test.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from io import BytesIO
from itertools import accumulate
from typing import Annotated, Final, Literal

import msgspec

from tracetui.core.formats._utf8 import check_lines
from tracetui.core.model import EventClass, Kind, Status, kind_of
from tracetui.core.operations import Columns, Operation

SMALLEST_BLOCK = 4
"""Lines below which a block is not worth the lane's set-up."""

_NO_PARENT: Final = "0" * 16
_ZERO_KEY: Final = b"\0" * 8
_KINDS = {word: int(kind_of(word)) for word in Kind.__members__}
_CLASSES = {cls.name: int(cls) for cls in EventClass}
STATUSES = {"ok": Status.ok, "error": Status.error, "skipped": Status.skipped}
_STATUS_NUMBERS = {word: int(status) for word, status in STATUSES.items()}

# What is out of range or no OpenTelemetry id fails to decode, which costs less than looking at each value afterwards.
_Id = Annotated[str, msgspec.Meta(min_length=16, max_length=16)]
_Time = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
# A record with the key ``tracetui`` is a header, one with ``run`` stands in a shared file, one with ``inferred`` or
# ``invented`` is from an export and has flags: nothing decodes to this.
_Never = Literal["\0"]


class _Tokens(msgspec.Struct, gc=False):
    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class _Begin(msgspec.Struct, gc=False, tag_field="type", tag="span_start"):
    time: _Time
    span: _Id
    parent: _Id | None = None
    name: str = ""
    kind: str = "span"
    model: str = ""
    inferred: _Never = "\0"
    invented: _Never = "\0"
    tracetui: _Never = "\0"
    run: _Never = "\0"


class _End(msgspec.Struct, gc=False, tag_field="type", tag="span_end"):
    time: _Time
    span: _Id
    parent: _Id | None = None
    name: str = ""
    kind: str = "span"
    start: _Time = 0
    status: str = "unset"
    model: str = ""
    usage: _Tokens | None = None
    cost_usd: float | None = None
    inferred: _Never = "\0"
    tracetui: _Never = "\0"
    run: _Never = "\0"


class _Event(msgspec.Struct, gc=False, tag_field="type", tag="event", rename={"cls": "class"}):
    time: _Time
    span: _Id | None = None
    cls: str = "event"
    name: str = ""
    tracetui: _Never = "\0"
    run: _Never = "\0"


class _Other(msgspec.Struct, gc=False):
    type: str
    tracetui: _Never = "\0"
    run: _Never = "\0"


_Record = _Begin | _End | _Event | _Other

_decode: Callable[[bytes], _Record] = msgspec.json.Decoder(_Begin | _End | _Event).decode
_decode_other = msgspec.json.Decoder(_Other).decode
_WORDS: Final[dict[type, str]] = {_Begin: "span_start", _End: "span_end", _Event: "event", _Other: ""}
_NOT_OTHER: Final = frozenset(["span_start", "span_end", "event", "header"])
_NO_TOKENS: Final = _Tokens()


def columns(block: bytes, at: int, run: str, rest_of: Callable[[bytes, int], list[Operation]]) -> Columns | None:
    """Columns of a block of whole lines that begins at offset ``at``, or None: take the slow lane.

    ``rest_of`` gives the slow lane's operations (without the ``Record``) of a line that fits no column.
    """
    if b"\r" in block:
        return None
    lines = BytesIO(block).readlines()  # three times as fast as split
    if len(lines) < SMALLEST_BLOCK:
        return None
    try:
        check_lines(lines)
        records = _records(lines)
        return _columns(records, lines, at, run, rest_of)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _records(lines: list[bytes]) -> list[_Record]:
    """What the lines say; raises for what only the slow lane understands."""
    try:
        return list(map(_decode, lines))
    except msgspec.ValidationError:
        return list(map(_decode_carefully, lines))


def _decode_carefully(line: bytes) -> _Record:
    try:
        return _decode(line)
    except msgspec.ValidationError:
        other = _decode_other(line)
        if other.type in _NOT_OTHER:
            raise
        return other


def _columns(
    records: list[_Record], lines: list[bytes], at: int, run: str, rest_of: Callable[[bytes, int], list[Operation]]
) -> Columns:
    """Raises ValueError for ids that are no OpenTelemetry ids."""
    classes = list(map(type, records))
    lengths = list(map(len, lines))
    offsets = list(accumulate(lengths, initial=at))
    offsets.pop()
    found = Columns(run, list(map(_WORDS.__getitem__, classes)), offsets, [length - 1 for length in lengths])
    begins: list[int] = []
    ends: list[int] = []
    events: list[int] = []
    others: list[int] = []
    put: dict[type, Callable[[int], None]] = {
        _Begin: begins.append,
        _End: ends.append,
        _Event: events.append,
        _Other: others.append,
    }
    for i, cls in enumerate(classes):
        put[cls](i)
    _fill_begins(found, begins, [records[i] for i in begins])  # type: ignore[misc]  # told apart by their class
    _fill_ends(found, ends, [records[i] for i in ends])  # type: ignore[misc]
    _fill_events(found, events, [records[i] for i in events])  # type: ignore[misc]
    for i in others:
        found.types[i] = records[i].type  # type: ignore[union-attr]
        found.rest += [(i, operation) for operation in rest_of(lines[i][:-1], offsets[i])]
    return found


def _keys(ids: list[str]) -> list[int]:
    """Numbers of ids of sixteen digits each; 0 for the id of zeros. Raises ValueError, and TypeError for None."""
    raw = bytes.fromhex("".join(ids))
    if len(raw) != 8 * len(ids):  # fromhex passes over blanks
        raise ValueError
    keys = array("Q", raw)
    if sys.byteorder == "little":
        keys.byteswap()
    return keys.tolist()


def _span_keys(ids: list[str]) -> list[int]:
    keys = _keys(ids)
    if 0 in keys:
        raise ValueError
    return keys


def _keys_or_0(ids: list[str | None]) -> list[int]:
    """The same where some ids may be missing: 0."""
    if None in ids:
        return _keys([span or _NO_PARENT for span in ids])
    return _keys(ids)  # type: ignore[arg-type]  # there is no None


def _kinds(words: list[str]) -> list[int]:
    try:
        return list(map(_KINDS.__getitem__, words))
    except KeyError:
        return [int(kind_of(word)) for word in words]


def _fill_begins(found: Columns, positions: list[int], records: list[_Begin]) -> None:
    if not records:
        return
    found.begin_record = positions
    found.begin_key = _span_keys([record.span for record in records])
    found.begin_parent = _keys_or_0([record.parent for record in records])
    found.begin_time = [record.time for record in records]
    found.begin_name = [record.name for record in records]
    found.begin_kind = _kinds([record.kind for record in records])
    found.models = [
        (position, record.model) for position, record in zip(positions, records, strict=True) if record.model
    ]


def _fill_ends(found: Columns, positions: list[int], records: list[_End]) -> None:
    if not records:
        return
    parents = [record.parent for record in records]
    if _NO_PARENT in parents:
        parents = [None if parent == _NO_PARENT else parent for parent in parents]
    found.end_record = positions
    found.end_key = _span_keys([record.span for record in records])
    found.end_parent = parents
    found.end_time = [record.time for record in records]
    found.end_start = [record.start for record in records]
    found.end_name = [record.name for record in records]
    found.end_kind = _kinds([record.kind for record in records])
    statuses = [record.status for record in records]
    try:
        found.end_status = list(map(_STATUS_NUMBERS.__getitem__, statuses))
    except KeyError:
        found.end_status = [_STATUS_NUMBERS.get(status, 0) for status in statuses]
    _fill_usage(found, positions, records)


def _fill_usage(found: Columns, positions: list[int], records: list[_End]) -> None:
    told = [i for i, record in enumerate(records) if record.usage is not None or record.cost_usd is not None]
    found.usage_record = [positions[i] for i in told]
    tokens = [records[i].usage or _NO_TOKENS for i in told]
    found.usage = (
        [of.input for of in tokens],
        [of.output for of in tokens],
        [of.total for of in tokens],
        [of.cached for of in tokens],
        [of.cache_write for of in tokens],
        [of.reasoning for of in tokens],
        [records[i].cost_usd for i in told],
    )
    models = [(position, record.model) for position, record in zip(positions, records, strict=True) if record.model]
    if models:
        found.models = sorted(found.models + models, key=lambda pair: pair[0])


def _fill_events(found: Columns, positions: list[int], records: list[_Event]) -> None:
    if not records:
        return
    spans = [record.span for record in records]
    found.event_record = positions
    found.event_key = keys = _keys_or_0(spans)
    if keys.count(0) != spans.count(None):  # an id of zeros is an id here, and no parent above
        raise ValueError
    found.event_time = [record.time for record in records]
    classes = [record.cls for record in records]
    try:
        found.event_class = list(map(_CLASSES.__getitem__, classes))
    except KeyError:
        found.event_class = [_CLASSES.get(cls, EventClass.event) for cls in classes]
    types = found.types
    for position, record in zip(positions, records, strict=True):
        if record.name:
            types[position] = record.name

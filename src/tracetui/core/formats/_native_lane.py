"""The fast lane of native recordings: a block of whole lines becomes ``Columns`` without a dictionary per line.

Only the header keys of each record are decoded (msgspec skips the payload). Whatever is unusual anywhere in a block (a second
header, ids that are no OpenTelemetry ids, times out of range, a line that is no JSON) sends the whole block through the slow
lane, so the fast one stays simple; both end in the same store, by test.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from struct import unpack

import msgspec

from tracetui.core.model import EventClass, Kind, Status, Usage, kind_of
from tracetui.core.operations import Columns, Operation, Patch

SMALLEST_BLOCK = 8
"""Lines below which a block is not worth the lane's set-up."""

_MAX_TIME = (1 << 63) - 1
_NO_PARENT = "0" * 16
_KINDS = {word: int(kind_of(word)) for word in Kind.__members__}
_CLASSES = {cls.name: int(cls) for cls in EventClass}
STATUSES = {"ok": Status.ok, "error": Status.error, "skipped": Status.skipped}
_STATUS_NUMBERS = {word: int(status) for word, status in STATUSES.items()}
_BEGIN, _END, _EVENT, _HEADER = "span_start", "span_end", "event", "header"


class _Tokens(msgspec.Struct, gc=False):
    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class _Line(msgspec.Struct, gc=False, rename={"cls": "class"}):
    type: str
    time: int
    span: str | None = None
    parent: str | None = None
    name: str = ""
    kind: str = "span"
    start: int = 0
    status: str = "unset"
    cls: str = "event"
    model: str = ""
    usage: _Tokens | None = None
    cost_usd: float | None = None


_decode = msgspec.json.Decoder(_Line).decode


def columns(block: bytes, at: int, run: str, rest_of: Callable[[bytes, int], list[Operation]]) -> Columns | None:
    """Columns of a block of whole lines that begins at offset ``at``, or None: take the slow lane.

    ``rest_of`` gives the slow lane's operations (without the ``Record``) of a line that fits no column.
    """
    if b"\r" in block:
        return None
    lines = block.split(b"\n")
    lines.pop()
    if len(lines) < SMALLEST_BLOCK:
        return None
    try:
        if not block.isascii():
            block.decode()  # msgspec does not look at the bytes of what it skips
        records = list(map(_decode, lines))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    types = [record.type for record in records]
    if _HEADER in types:
        return None
    lengths = list(map(len, lines))
    offsets = list(accumulate(lengths, lambda total, length: total + length + 1, initial=at))
    offsets.pop()
    found = Columns(run, types, offsets, lengths)
    begins = [i for i, word in enumerate(types) if word == _BEGIN]
    ends = [i for i, word in enumerate(types) if word == _END]
    events = [i for i, word in enumerate(types) if word == _EVENT]
    others: list[int] = []
    if len(begins) + len(ends) + len(events) < len(types):
        others = [i for i, word in enumerate(types) if word not in (_BEGIN, _END, _EVENT)]
    if not (
        _fill_begins(found, begins, [records[i] for i in begins])
        and _fill_ends(found, ends, [records[i] for i in ends])
        and _fill_events(found, events, [records[i] for i in events])
    ):
        return None
    for i in others:
        found.rest += [(i, operation) for operation in rest_of(lines[i], offsets[i])]
    if others:
        found.rest.sort(key=lambda pair: pair[0])
    return found


def _keys(spans: list[str | None]) -> list[int] | None:
    """Numbers of span ids of sixteen hexadecimal digits; None unless all are."""
    if not spans:
        return []
    try:
        joined = "".join(spans)  # type: ignore[arg-type]  # a None among them raises
        if set(map(len, spans)) != {16} or not joined.isalnum():  # type: ignore[arg-type]
            return None
        keys = list(unpack(f">{len(spans)}Q", bytes.fromhex(joined)))
    except (TypeError, ValueError):
        return None
    return None if 0 in keys else keys


def _parents(records: list[_Line]) -> list[int] | None:
    parents = [record.parent for record in records]
    known = _keys([parent for parent in parents if parent is not None and parent != _NO_PARENT])
    if known is None:
        return None
    numbers = iter(known)
    return [0 if parent is None or parent == _NO_PARENT else next(numbers) for parent in parents]


def _in_range(times: list[int]) -> bool:
    return not times or (min(times) >= 0 and max(times) <= _MAX_TIME)


def _kinds(records: list[_Line]) -> list[int]:
    try:
        return [_KINDS[record.kind] for record in records]
    except KeyError:
        return [int(kind_of(record.kind)) for record in records]


def _fill_begins(found: Columns, positions: list[int], records: list[_Line]) -> bool:
    keys, parents = _keys([record.span for record in records]), _parents(records)
    times = [record.time for record in records]
    if keys is None or parents is None or not _in_range(times):
        return False
    found.begin_record, found.begin_key, found.begin_parent, found.begin_time = positions, keys, parents, times
    found.begin_name = [record.name for record in records]
    found.begin_kind = _kinds(records)
    found.rest += [
        (position, Patch(found.run, record.span or "", 0, model=record.model))
        for position, record in zip(positions, records, strict=True)
        if record.model
    ]
    return True


def _fill_ends(found: Columns, positions: list[int], records: list[_Line]) -> bool:
    keys, parents = _keys([record.span for record in records]), _parents(records)
    times, starts = [record.time for record in records], [record.start for record in records]
    if keys is None or parents is None or not _in_range(times) or not _in_range(starts):
        return False
    found.end_record, found.end_key, found.end_parent, found.end_time = positions, keys, parents, times
    found.end_start = starts
    found.end_name = [record.name for record in records]
    found.end_kind = _kinds(records)
    numbers = _STATUS_NUMBERS
    found.end_status = [numbers.get(record.status, 0) for record in records]
    found.rest += [
        (position, Patch(found.run, record.span or "", 0, usage=_usage(record), model=record.model or None))
        for position, record in zip(positions, records, strict=True)
        if record.usage is not None or record.cost_usd is not None or record.model
    ]
    return True


def _usage(record: _Line) -> Usage | None:
    if record.usage is None:
        return None if record.cost_usd is None else Usage(cost_usd=record.cost_usd)
    tokens = record.usage
    return Usage(
        tokens.input,
        tokens.output,
        tokens.total,
        tokens.cached,
        tokens.cache_write,
        tokens.reasoning,
        record.cost_usd,
    )


def _fill_events(found: Columns, positions: list[int], records: list[_Line]) -> bool:
    named = [record.span for record in records if record.span is not None]
    keys = _keys(list(named))
    times = [record.time for record in records]
    if keys is None or not _in_range(times):
        return False
    numbers = iter(keys)
    found.event_record, found.event_time = positions, times
    found.event_key = [0 if record.span is None else next(numbers) for record in records]
    other = int(EventClass.event)
    found.event_class = [_CLASSES.get(record.cls, other) for record in records]
    for position, record in zip(positions, records, strict=True):
        if record.name:
            found.types[position] = record.name
    return True

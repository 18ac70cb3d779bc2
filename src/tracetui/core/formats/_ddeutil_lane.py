"""The fast lane of ``metadata.txt``: large blocks of plain records are decoded without a dictionary a line.

What a block says of one run is told as ``Columns``. Whatever is unusual anywhere in a block sends all of it the long way,
which ends in the same store, by test. Small blocks (a run that is followed, and most runs) always go the long way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Final

import msgspec

from tracetui.core.formats._ddeutil_records import FIRST_WITH_ENDS, Entry, parted, version_of
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.operations import Begin, Columns, End, Event, Operation, Patch, Record, RunFact, span_key

SMALLEST_BLOCK: Final = 128
"""Lines below which a block is not worth the lane's set-up."""


class Line(msgspec.Struct, gc=False):
    """A record, as far as it is looked at before somebody asks for it."""

    error_flag: bool
    level: str
    datetime: str
    process: int
    thread: int
    message: str
    run_id: str
    parent_run_id: str | None = None
    module: str | msgspec.UnsetType | None = msgspec.UNSET
    package_version: str | None = None


_SPAN: Final = int(Kind.span)
_decode: Final = msgspec.json.Decoder(Line).decode


def lines_of(block: bytes) -> tuple[list[int], list[Line]] | None:
    """Lengths and records of a block of whole lines; None if the block is not for the lane."""
    if b"\r" in block:
        return None
    lines = BytesIO(block).readlines()
    if len(lines) < SMALLEST_BLOCK:
        return None
    try:
        b"".join([line for line in lines if not line.isascii()]).decode()  # what is skipped is not looked at
        return list(map(len, lines)), list(map(_decode, lines))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)
def _has_ends(version: str) -> bool:
    return version_of(version) >= FIRST_WITH_ENDS


def entry_of_line(line: Line) -> Entry | None:
    """The entry of a record; None: take the long way."""
    own, level = line.run_id, line.level
    if not own or not level:
        return None
    module: str | None
    if line.module is msgspec.UNSET:
        if not line.package_version:
            return None
        module, has_ends = None, _has_ends(line.package_version)
    else:
        module, has_ends = line.module, True
    name, message = parted(line.message, module)
    return Entry(
        level,
        line.parent_run_id or own,
        own,
        line.datetime,
        (line.process, line.thread),
        name,
        message,
        is_error=line.error_flag,
        has_ends=has_ends,
    )


_Begin = tuple[int, int, int, str, int, int, int]
_End = tuple[int, int, int, int]


class _Keys(dict[str, int]):
    """Numbers of span keys; most are asked for several times in a block."""

    def __missing__(self, key: str) -> int:
        number = self[key] = span_key(key)
        return number


def columns_of(run: str, operations: Sequence[Operation]) -> list[Operation]:
    """Operations of one run as columns where they fit; each ``Record`` comes before what it says."""
    found = Columns(run, [], [], [])
    begins: list[_Begin] = []
    ends: list[_End] = []
    events: list[_End] = []
    types, offsets, lengths, rest = found.types, found.a, found.b, found.rest
    patched: set[str] = set()
    keys = _Keys()
    at = -1
    for op in operations:
        match op:
            case Record() if op.counted and op.run == run:
                at += 1
                types.append(op.type)
                offsets.append(op.a)
                lengths.append(op.b)
            case Event() if op.time >= 0:
                events.append((at, keys[op.span] if op.span else 0, op.cls, op.time))
            case Begin() if op.time >= 0:
                parent = keys[op.parent] if op.parent else 0
                begins.append((at, keys[op.key], parent, op.name, op.kind, op.time, op.flags))
            case End() if op.time >= 0 and op.key not in patched:
                ends.append((at, keys[op.key], op.time, op.status))
                if op.flags:
                    rest.append((at, Patch(run, op.key, 0, flags=op.flags)))
            case Patch():
                patched.add(op.key)
                rest.append((at, op))
            case End() | RunFact():
                rest.append((at, op))
            case _:
                # What is told out of turn would find other rows.
                return list(operations)
    _fill(found, begins, ends, events)
    return [found]


def _fill(found: Columns, begins: list[_Begin], ends: list[_End], events: list[_End]) -> None:
    if begins:
        (
            found.begin_record,
            found.begin_key,
            found.begin_parent,
            found.begin_name,
            found.begin_kind,
            found.begin_time,
            found.begin_flags,
        ) = map(list, zip(*begins, strict=True))
    if ends:
        found.end_record, found.end_key, found.end_time, found.end_status = map(list, zip(*ends, strict=True))
        found.end_parent, found.end_name = [None] * len(ends), [""] * len(ends)
        found.end_kind, found.end_start = [_SPAN] * len(ends), [NO_TIME] * len(ends)
    if events:
        columns = map(list, zip(*events, strict=True))
        found.event_record, found.event_key, found.event_class, found.event_time = columns

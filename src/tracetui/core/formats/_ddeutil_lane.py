"""The fast lane of ``metadata.txt``: large blocks of plain records are decoded without a dictionary a line.

What a block says of one run is told as ``Columns``. Whatever is unusual anywhere in a block sends all of it the long way,
which ends in the same store, by test. Small blocks (a run that is followed, and most runs) always go the long way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec

from tracetui.core.formats._ddeutil_records import FIRST_WITH_ENDS, Entry, parted, version_of
from tracetui.core.formats._utf8 import check_block
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.operations import Begin, Columns, End, Event, Operation, Patch, Record, RunFact, span_key

if TYPE_CHECKING:
    from tracetui.core.formats._ddeutil_run import DdeutilRun

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
        check_block(block)
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


def entries_of(lines: Sequence[Line]) -> list[Entry] | None:
    """The entries of records; None: take the long way."""
    entries = [entry for entry in map(entry_of_line, lines) if entry is not None]
    return entries if len(entries) == len(lines) else None


_Begin = tuple[int, int, int, str, int, int, int]
_End = tuple[int, int, int, int, int]
_Event = tuple[int, int, int, int]


class _Keys(dict[str, int]):
    """Numbers of span keys; most are asked for several times in a block."""

    def __missing__(self, key: str) -> int:
        number = self[key] = span_key(key)
        return number


def columns_of(run: str, operations: Sequence[Operation]) -> list[Operation]:
    """Operations of one run as columns where they fit; each ``Record`` comes before what it says."""
    types: list[str] = []
    offsets: list[int] = []
    lengths: list[int] = []
    said: list[list[Operation]] = []
    for op in operations:
        if not isinstance(op, Record):
            said[-1].append(op)
        elif op.counted and op.run == run:
            types.append(op.type)
            offsets.append(op.a)
            lengths.append(op.b)
            said.append([])
        else:
            return list(operations)
    return columns(run, types, offsets, lengths, said) or list(operations)


def columns_alone(run: DdeutilRun, entries: Sequence[Entry], lengths: Sequence[int], a: int) -> list[Operation]:
    """What a block of records at offset ``a`` says of a run that nothing else tells, as columns if they fit."""
    types: list[str] = []
    said: list[list[Operation]] = []
    for entry in entries:
        out: list[Operation] = []
        types.append(entry.level)
        said.append(out)
        run.say(entry, out)
    offsets = list(accumulate(lengths[:-1], initial=a))
    sizes = [length - 1 for length in lengths]
    found = columns(run.key, types, offsets, sizes, said)
    if found is None:
        records = (Record(run.key, *record) for record in zip(types, offsets, sizes, strict=True))
        return [op for record, out in zip(records, said, strict=True) for op in (record, *out)]
    return found


def columns(
    run: str, types: list[str], offsets: list[int], lengths: list[int], said: Sequence[Sequence[Operation]]
) -> list[Operation] | None:
    """Records of one run and what each says, as columns; None: not all of it fits."""
    found = Columns(run, types, offsets, lengths)
    begins: list[_Begin] = []
    ends: list[_End] = []
    events: list[_Event] = []
    rest = found.rest
    patched: set[str] = set()
    keys = _Keys()
    for at, out in enumerate(said):
        for op in out:
            match op:
                case Event() if op.time >= 0:
                    events.append((at, keys[op.span] if op.span else 0, op.cls, op.time))
                case Begin() if op.time >= 0:
                    parent = keys[op.parent] if op.parent else 0
                    begins.append((at, keys[op.key], parent, op.name, op.kind, op.time, op.flags))
                case End() if op.time >= 0 and op.key not in patched:
                    ends.append((at, keys[op.key], op.time, op.status, op.flags))
                case Patch():
                    patched.add(op.key)
                    rest.append((at, op))
                case End() | RunFact():
                    rest.append((at, op))
                case _:
                    # What is told out of turn would find other rows.
                    return None
    _fill(found, begins, ends, events)
    return [found]


def _fill(found: Columns, begins: list[_Begin], ends: list[_End], events: list[_Event]) -> None:
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
        columns = map(list, zip(*ends, strict=True))
        found.end_record, found.end_key, found.end_time, found.end_status, found.end_flags = columns
        found.end_parent, found.end_name = [None] * len(ends), [""] * len(ends)
        found.end_kind, found.end_start = [_SPAN] * len(ends), [NO_TIME] * len(ends)
    if events:
        columns = map(list, zip(*events, strict=True))
        found.event_record, found.event_key, found.event_class, found.event_time = columns

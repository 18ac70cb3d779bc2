"""How what a reader hands out crosses to another process: each thing one frame, a length and then its bytes.

Batches are most of it, so their columns cross as raw numbers and names as numbers of texts that were sent once; all else is
pickled as plain tuples. Both ends are one and the same program of ours over a socket that nobody else has an end of; what
is unpickled may all the same name no class but those listed here.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
import struct
from array import array
from collections.abc import Iterator, Sequence
from enum import IntEnum
from operator import attrgetter
from typing import Any, Final

from tracetui.core.batch import Aside, Batch, Explanation, Growth, Notice, Progress, SeenFile
from tracetui.core.model import Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import (
    Bad,
    Begin,
    Columns,
    Drop,
    End,
    Event,
    Link,
    Operation,
    Patch,
    Record,
    Repair,
    RunFact,
    Whole,
)
from tracetui.core.reading.memory import FileState, ReadingState
from tracetui.core.sources.file import Place

AT_ONCE: Final = 2_000
"""Operations of one batch at most: folding them takes the receiver some milliseconds, and keys wait no longer than that."""
TEXTS: Final = 100_000
"""Texts that get a number; who writes more different names than that has them sent as they are."""


class Says(IntEnum):
    """What a frame is."""

    batch = 1
    sources = 2
    state = 3
    answer = 4
    fault = 5
    log = 6
    # From here on said by the other end.
    task = 10
    watch = 11
    changed = 12
    prefer = 13
    end = 14
    ask = 15


_HEAD: Final = struct.Struct("<QB")
_SINGLES: Final = (Record, Begin, End, Whole, Event, Patch, Drop, Bad, RunFact, Link)
_COLUMNS: Final = len(_SINGLES)
_TEXT_COLUMNS: Final = frozenset({"types", "begin_name", "end_name", "whole_name"})
_NUMBER_COLUMNS: Final = {
    "a": "q",
    "b": "q",
    **dict.fromkeys(
        ("begin_record", "end_record", "event_record", "more_record", "whole_record", "usage_record", "copies"), "I"
    ),
    **dict.fromkeys(
        ("begin_key", "begin_parent", "end_key", "event_key", "more_key", "whole_key", "whole_parent"), "Q"
    ),
    **dict.fromkeys(("begin_time", "end_start", "end_time", "event_time", "whole_start", "whole_end"), "q"),
    **dict.fromkeys(
        ("begin_kind", "end_kind", "end_status", "event_class", "more_kind", "whole_kind", "whole_status"), "B"
    ),
    **dict.fromkeys(("begin_flags", "end_flags", "whole_flags"), "H"),
}
_NAMES: Final = tuple(field.name for field in dataclasses.fields(Columns))
_CLASSES: Final = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (
        *(Aside, Clock, EventClass, Explanation, FileState, Flag, Kind, Notice, Place, Progress, ReadingState, Repair),
        *(SeenFile, Status, Usage),
    )
}


def _getter(kind: type) -> attrgetter[tuple[Any, ...]]:
    return attrgetter(*(field.name for field in dataclasses.fields(kind)))


_GETTERS: Final = {kind: (number, _getter(kind)) for number, kind in enumerate(_SINGLES)}
_growth = _getter(Growth)


@dataclasses.dataclass(slots=True)
class Part(Batch):
    """A batch, or a part of one; ``more``: the next batch goes on with it, and only both together are what was read."""

    more: bool = False


class Packer:
    """The sender's end: values to frames. Frames are to be unpacked in the order in which they were packed."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._new: list[str] = []

    def batch(self, batch: Batch) -> Iterator[tuple[object, ...]]:
        """A batch as values that can be packed, cut into parts where it is long."""
        parts = list(_parts(batch.operations))
        growth = None if batch.growth is None else _growth(batch.growth)
        for number, operations in enumerate(parts):
            is_first, is_last = number == 0, number == len(parts) - 1
            packed = [self._operation(operation) for operation in operations]
            new, self._new = self._new, []
            yield (
                new,
                batch.source,
                batch.format,
                batch.generation,
                batch.base,
                batch.first_line,
                packed,
                batch.forget and is_first,
                batch.restarted and is_first,
                growth,
                batch.complete and is_last,
                batch.glance,
                batch.gone,
                not is_last,
            )

    def _operation(self, operation: Operation) -> tuple[int, object]:
        if isinstance(operation, Columns):
            return _COLUMNS, self._columns(operation)
        number, get = _GETTERS[type(operation)]
        return number, get(operation)

    def _columns(self, columns: Columns) -> dict[str, object]:
        packed: dict[str, object] = {}
        for name in _NAMES:
            value = getattr(columns, name)
            if name == "run" or not value:
                packed[name] = value
            elif name in _NUMBER_COLUMNS:
                packed[name] = _numbers(_NUMBER_COLUMNS[name], value)
            elif name in _TEXT_COLUMNS:
                packed[name] = self._texts(value)
            elif name in ("ahead", "rest"):
                packed[name] = [(at, *self._operation(operation)) for at, operation in value]
            else:
                packed[name] = value
        return packed

    def _texts(self, texts: list[str]) -> bytes | list[str]:
        ids = self._ids
        try:
            numbers = list(map(ids.__getitem__, texts))
        except KeyError:
            new = [text for text in dict.fromkeys(texts) if text not in ids]
            if len(ids) + len(new) > TEXTS:
                return texts
            ids.update(zip(new, range(len(ids), len(ids) + len(new)), strict=True))
            self._new += new
            numbers = list(map(ids.__getitem__, texts))
        return struct.pack(f"{len(numbers)}I", *numbers)


class Unpacker:
    """The receiver's end of one ``Packer``."""

    def __init__(self) -> None:
        self._known: list[str] = []

    def batch(self, values: tuple[Any, ...]) -> Part:
        """The batch that was packed, or a part of it."""
        new, source, format, generation, base, first_line, packed, forget, restarted, growth, *rest = values
        self._known += new
        complete, glance, gone, more = rest
        return Part(
            source,
            format,
            generation,
            base,
            first_line,
            [self._operation(*operation) for operation in packed],
            forget,
            restarted,
            None if growth is None else Growth(*growth),
            complete,
            glance,
            gone,
            more,
        )

    def _operation(self, number: int, values: Any) -> Operation:
        return self._columns(values) if number == _COLUMNS else _SINGLES[number](*values)

    def _columns(self, packed: dict[str, Any]) -> Columns:
        for name, value in packed.items():
            if isinstance(value, bytes):
                if name in _NUMBER_COLUMNS:
                    packed[name] = array(_NUMBER_COLUMNS[name], value).tolist()
                else:
                    packed[name] = list(map(self._known.__getitem__, array("I", value)))
            elif name in ("ahead", "rest"):
                packed[name] = [(at, self._operation(number, values)) for at, number, values in value]
        return Columns(**packed)


def _numbers(code: str, values: Sequence[int]) -> object:
    try:
        return struct.pack(f"{len(values)}{code}", *values)
    except struct.error:  # out of what the column usually holds
        return list(values)


def _parts(operations: list[Operation]) -> Iterator[list[Operation]]:
    """The operations in pieces of about ``AT_ONCE``, each of them beginning with a record, whose sayings follow it."""
    begin = at = 0
    while len(operations) - begin > AT_ONCE:
        at = begin + AT_ONCE
        while at < len(operations) and not isinstance(operations[at], Record | Columns):
            at += 1
        if at == len(operations):
            break
        yield operations[begin:at]
        begin = at
    yield operations[begin:]


# -- frames ------------------------------------------------------------------------------------------------------------


class Damaged(Exception):
    """What came is no frame of ours."""


def frame(kind: Says, value: object) -> bytes:
    """A frame: its kind, and a value of plain types and of the classes that may cross."""
    body = pickle.dumps(value, protocol=5)
    return _HEAD.pack(len(body), kind) + body


class Frames:
    """Takes bytes in whatever pieces they come and gives whole frames."""

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        self._more: list[bytes] = []
        self._have = 0
        self._wanted = _HEAD.size

    def feed(self, data: bytes) -> None:
        """More bytes."""
        self._more.append(data)
        self._have += len(data)

    @property
    def has_one(self) -> bool:
        """Whether the next frame is there, or at least as much of it as was asked for last."""
        return self._have >= self._wanted

    def next(self) -> tuple[Says, Any] | None:
        """The next frame, kind and value; None: it is not there yet. Raises Damaged."""
        if self._have < self._wanted:  # not joined before all of it is there: it may be large
            return None
        if self._more:
            self._data, self._at = b"".join((self._data[self._at :], *self._more)), 0
            self._more.clear()
        length, kind = _HEAD.unpack_from(self._data, self._at)
        self._wanted = _HEAD.size + length
        if self._have < self._wanted:
            return None
        body = self._data[self._at + _HEAD.size : self._at + self._wanted]
        self._at += self._wanted
        self._have -= self._wanted
        self._wanted = _HEAD.size
        return _kind(kind), _unpickled(body)


def _kind(number: int) -> Says:
    try:
        return Says(number)
    except ValueError as error:
        raise Damaged("a frame of no known kind") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        found = _CLASSES.get((module, name))
        if found is None:
            raise Damaged(f"a frame names {module}.{name}"[:200])
        return found


def _unpickled(body: bytes) -> Any:
    try:
        return _Unpickler(io.BytesIO(body)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise Damaged("a frame cannot be read") from error

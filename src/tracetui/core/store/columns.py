"""Tables of parallel arrays: what the store keeps instead of objects.

A row is appended, overwritten in place or marked dropped; it never moves, so a row number is an identity. ``view`` gives a
numpy window on a column for vectorised work; it must not outlive the call that took it (an array cannot grow while looked at).
"""

from __future__ import annotations

from array import array
from struct import pack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

_FEW = 40
_NUMPY_TYPES = {"q": "int64", "Q": "uint64", "i": "int32", "I": "uint32", "B": "uint8", "H": "uint16", "d": "float64"}


def view(column: array[int] | array[float] | memoryview, start: int = 0, stop: int | None = None) -> numpy.ndarray:
    """A numpy window on rows ``start`` to ``stop`` of a column. Do not keep it: the column cannot grow meanwhile."""
    import numpy as np

    length = len(column)
    stop = length if stop is None else min(stop, length)
    # A mapped column is a memoryview, which calls its type its format.
    typecode = column.format if isinstance(column, memoryview) else column.typecode
    if start >= stop:
        return np.empty(0, _NUMPY_TYPES[typecode])
    return np.frombuffer(column, _NUMPY_TYPES[typecode])[start:stop]


def taken(column: numpy.ndarray, rows: numpy.ndarray) -> numpy.ndarray:
    """Copies of what stands in some rows, which ascend; much faster where none is left out between the first and the last."""
    is_whole = len(rows) and rows[-1] - rows[0] == len(rows) - 1
    found: numpy.ndarray = column[rows[0] : rows[-1] + 1].copy() if is_whole else column[rows]
    return found


def extend(column: array[int], values: list[int]) -> None:
    """Append integers; many of them through ``struct``, which takes a third of the time that ``array`` itself takes."""
    if len(values) < _FEW:
        column.fromlist(values)
    else:
        column.frombytes(pack(f"{len(values)}{column.typecode}", *values))


def repeat(column: array[int], value: int, count: int) -> None:
    """Append one integer many times."""
    column.frombytes(pack(column.typecode, value) * count)


class _Table:
    """Shared by the tables: length, numpy views, bytes held."""

    __slots__: tuple[str, ...] = ()

    def np(self, field: str, start: int = 0, stop: int | None = None) -> numpy.ndarray:
        """A transient numpy window on a column."""
        return view(getattr(self, field), start, stop)

    def nbytes(self) -> int:
        """Bytes that the rows take (without what arrays keep in reserve for growth)."""
        columns: list[object] = [getattr(self, name) for name in type(self).__slots__]
        return sum(len(column) * column.itemsize for column in columns if isinstance(column, array | memoryview))


class Spans(_Table):
    """One row a span, 44 bytes."""

    __slots__ = ("end", "first_record", "flags", "key", "kind", "name", "parent", "run", "start", "status")

    def __init__(self) -> None:
        self.start = array("q")
        """Start time, ns; NO_TIME if unknown."""
        self.end = array("q")
        """End time, ns; NO_TIME while open or unknown."""
        self.key = array("Q")
        """``span_key`` of the producer's id, mixed with the run, so that it is unique over the store."""
        self.parent = array("i")
        """Row of the parent; -1 for a root."""
        self.run = array("I")
        self.name = array("I")
        """String id."""
        self.first_record = array("I")
        self.kind = array("B")
        self.status = array("B")
        self.flags = array("H")

    def __len__(self) -> int:
        return len(self.flags)


class Records(_Table):
    """One row for each thing a producer wrote, in arrival order, 16 bytes."""

    __slots__ = ("length", "offset", "span", "type")

    UNCOUNTED = 0x8000_0000
    """Bit of ``type``: the record repeats another one and is not counted."""

    def __init__(self) -> None:
        self.offset = array("I")
        """Relative to the base of the record's segment."""
        self.length = array("I")
        self.span = array("i")
        """Row of the first span that the record speaks of, -1 for none."""
        self.type = array("I")
        """String id of the producer's name for the record, plus the UNCOUNTED bit."""

    def __len__(self) -> int:
        return len(self.span)


class Events(_Table):
    """One row an event, 21 bytes."""

    __slots__ = ("cls", "record", "run", "span", "time")

    DEAD = 255
    """In ``cls``: the event's record is gone (its file was truncated or replaced)."""

    def __init__(self) -> None:
        self.record = array("I")
        self.span = array("i")
        """Row of its span; -1 for an event of the run."""
        self.time = array("q")
        self.cls = array("B")
        self.run = array("I")

    def __len__(self) -> int:
        return len(self.cls)


class Segments(_Table):
    """Stretches of records from one block of one source and of one run: what turns a record row into a place."""

    __slots__ = ("base", "dead", "first_record", "generation", "line", "run", "source")

    def __init__(self) -> None:
        self.source = array("I")
        self.generation = array("I")
        self.base = array("q")
        """Offset in the source to which records' offsets are relative; the start of a line."""
        self.line = array("Q")
        """Line number (from 1) at ``base``; 0 for sources without lines."""
        self.first_record = array("I")
        self.run = array("i")
        self.dead = array("B")
        """1: the source was truncated or replaced since; its records count no more."""

    def __len__(self) -> int:
        return len(self.dead)


class BadRecords(_Table):
    """Bytes that could not be read."""

    __slots__ = ("dead", "generation", "length", "line", "offset", "reason", "run", "source")

    def __init__(self) -> None:
        self.run = array("i")
        """-1 where it is not known."""
        self.source = array("I")
        self.generation = array("I")
        self.line = array("Q")
        self.offset = array("q")
        self.length = array("Q")
        self.reason = array("I")
        self.dead = array("B")

    def __len__(self) -> int:
        return len(self.dead)

"""What passes from a tracer to its sinks: records that are already encoded, redacted and cut.

Everything that a sink may need of the run stands in ``RunInfo``; a ``Record`` is one line of ``docs/recording-format.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol


class RunInfo:
    """The run that a record belongs to, as its process sees it."""

    __slots__ = ("child", "id", "name", "pid", "shared")

    def __init__(self, id: str, name: str, pid: int, *, child: bool = False, shared: bool = False) -> None:
        self.id = id
        """Run id, 32 lowercase hexadecimal digits."""
        self.name = name
        """Name of the agent or workflow."""
        self.pid = pid
        """Process that writes."""
        self.child = child
        """The process was forked inside the run and did not begin it."""
        self.shared = shared
        """Each record names run and process, since a sink holds those of several."""

    def __repr__(self) -> str:
        return f"RunInfo({self.id!r}, {self.name!r}, pid={self.pid})"


class Record:
    """One record: its type and number, and the line itself."""

    __slots__ = ("_values", "line", "run", "seq", "type")

    def __init__(self, run: RunInfo, type: str, seq: int, line: bytes) -> None:
        self.run = run
        self.type = type
        """``header span_start span_update span_end event run_end gap``."""
        self.seq = seq
        """Number of the record among those of its run and process, from 0."""
        self.line = line
        """The record as JSON, redacted and cut, without line end."""
        self._values: dict[str, object] | None = None

    @property
    def values(self) -> dict[str, object]:
        """What the line says, read when first asked for."""
        if self._values is None:
            import orjson

            self._values = orjson.loads(self.line)
        return self._values

    def __repr__(self) -> str:
        return f"Record({self.type!r}, seq={self.seq})"


class Sink(Protocol):
    """Where records go. A sink given a path owns the file; given a stream, it does not close it."""

    def emit(self, record: Record) -> None:
        """Take one record; called in order of ``seq``, one call at a time.

        May raise: the tracer counts it and goes on, so that nothing in a sink ever reaches the program that records.
        """

    def close(self) -> None:
        """Write what is held back and give everything back. May be called twice, and be followed by further records."""


class ForkingSink(Sink, Protocol):
    """A sink that has something which a forked child must not share with its parent."""

    def after_fork(self) -> None:
        """Called in a forked child: forget descriptors, locks and what is held back, without harm to the parent."""


class ReadableSink(Sink, Protocol):
    """A sink whose records can be had again: what summaries and reports of the running program are made of."""

    def lines(self, run: RunInfo) -> Iterator[bytes]:
        """The lines of one run that this sink took, in order, without line ends."""


Write = Callable[[bytes], int | None]
AT_ONCE: Final = 1 << 16
"""Bytes of a line that are written in one go without a thought of what a signal may do in the middle of it."""


def refuse(_line: bytes) -> int:
    """A write that takes nothing."""
    return 0


class Writer(Protocol):
    """A shorter way for the lines of one run to a sink that is the tracer's only one.

    Threads may use it side by side, and out of order by a few.
    """

    write: Write
    """Takes a line of at most ``AT_ONCE`` bytes and says how many of them it took; ``refuse`` where that is not possible now.

    May raise ``OSError`` or ``ValueError``; it took nothing then.
    """

    @property
    def has_taken(self) -> bool:
        """Whether it has taken a line since it was made: for who was interrupted while it gave it the first."""

    def append(self, seq: int, line: bytes, taken: int = 0) -> None:
        """Take a line, its line end included, of which ``write`` took so many bytes already."""

    def end(self) -> None:
        """The run is over."""


class DirectSink(Sink, Protocol):
    """A sink that has such a way."""

    def writer(self, run: RunInfo) -> Writer:
        """The way for a run."""

"""One run being recorded by one process: its header, its numbering, and the way of a record to the sinks.

A record gets its number when it is made, and is written at once. Threads and signal handlers may overtake each other between
the two, so numbers may stand out of order by a few; the reader counts them, and does not ask for their order.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Final

import orjson

from tracetui.core.recording.guard import guarded
from tracetui.core.recording.records import Record, RunInfo, Sink, Write, Writer, refuse

if TYPE_CHECKING:
    from tracetui.core.recording.encoding import Gate

Clock = Callable[[], int]
_HELD_BACK: Final = 10_000
"""Records of a signal handler that may wait; more of them than that are lost and counted."""


@dataclass(slots=True)
class Stats:
    """What became of the records of a tracer."""

    records: int = 0
    """Records made by this process."""
    lost: int = 0
    """Records that a sink could not take, summed over the sinks."""
    redacted: int = 0
    """Values replaced by the redaction."""
    faults: int = 0
    """Exceptions that were kept from the host: in values, sinks and in the tracer itself, and calls out of order."""
    first_fault: str = ""
    """The first of them, with its traceback."""

    def fault(self) -> None:
        """Count one more; called where it was caught."""
        self.faults += 1
        if not self.first_fault:
            import traceback

            self.first_fault = traceback.format_exc(limit=-5)


class RunRecording:
    """The recording of one run in this process."""

    def __init__(
        self,
        info: RunInfo,
        sinks: Iterable[Sink],
        gate: Gate,
        stats: Stats,
        *,
        meta: Mapping[str, object],
        parent: tuple[str, str] = ("", ""),
        clock: Clock = time.time_ns,
        mono: Clock = time.monotonic_ns,
    ) -> None:
        self.info = info
        self.gate = gate
        self.clock, self.mono = clock, mono
        self.parent = parent
        self.meta = dict(meta)
        self.started = mono()
        """Monotonic time at which it began, ns."""
        self.began = 0
        """When it began, ns since the epoch, if that was before anything was told of it; 0: it begins with its header."""
        self.redacted_before = gate.redacted
        """Values redacted before this run, so that it can tell its own."""
        self.ended = False
        self.forked = 0
        """Monotonic time at which this process was forked inside the run, ns: what was started before is not its to end."""
        self.between = _between(info)
        """What stands after ``seq`` in each record."""
        self._sinks = tuple(sinks)
        self._stats = stats
        self._lock = RLock()
        self._busy = False
        self._waiting: deque[tuple[int, bytes]] = deque()
        """Records of those who interrupted the writing of another one, or of the header."""
        self._headed = 0
        """How many of the sinks were given the header."""
        self._is_heading = False
        """The last of them has not returned: an exception of a signal handler may have ended it."""
        self.number: Callable[[], int]
        """The number of the next record."""
        self.file = self._way()
        """Where records may be written at once."""
        self._start_over()

    def begin_at(self, time: int) -> None:
        """It began at this time, ns since the epoch, and is told of only now; what lies ahead is no beginning."""
        earlier = self.clock() - time
        if earlier > 0:
            self.began, self.started = time, self.mono() - earlier

    def _start_over(self) -> None:
        self._numbers = count(1)  # the header is 0
        self.number = self._numbers.__next__
        self.has_written = self._beginning = self._is_heading = False
        self._headed = 0

    @property
    def records(self) -> int:
        """Records that this process made of the run."""
        # The counter cannot be asked otherwise: "count(5)".
        return int(repr(self._numbers)[6:-1]) if self.has_written else 0

    def go_on(self) -> int:
        """Take the run up again after its end; returns how many records it took so far."""
        self.ended = False
        self.number = self._numbers.__next__
        return self.records

    def over(self) -> int:
        """The run has ended: how many records it took. Those that come later count themselves."""
        number, stats = self._numbers.__next__, self._stats

        def late() -> int:
            stats.records += 1
            return number()

        made = self.records
        self.number = late
        return made

    def emit(self, type_: str, body: str) -> None:
        """Number a record and hand it to the sinks.

        Args:
            type_: the record's type.
            body: the record's JSON after ``type`` and ``seq``, with the closing brace: ``"time":…}``.
        """
        seq = self.number()
        self.put(seq, f'{{"type":"{type_}","seq":{seq},{self.between}{body}\n'.encode())
        if type_ == "run_end":
            for waiting in self._waited(_HELD_BACK):
                self.file.append(*waiting)
            self.file.end()

    def begin(self) -> None:
        """Write the header; without this call it is written before the first record."""
        with self._lock:
            if self.has_written or self._beginning:
                return
            self._beginning = True
            try:
                self.file.append(0, self._header())
                self.has_written = True
            except BaseException:  # of a signal handler, anywhere: the next record tries again unless it was taken
                self.has_written = self.file.has_taken
                raise
            finally:
                self._beginning = False
            for waiting in self._waited(_HELD_BACK):
                self.file.append(*waiting)

    def put(self, seq: int, line: bytes, taken: int | None = 0) -> None:
        """Hand over a record, its line end included, of which ``file`` took so many bytes already."""
        if not self.has_written:
            with self._lock:
                if self._beginning:  # a signal handler or a finaliser in the middle of it
                    self._wait(seq, line)
                    return
                self.begin()
        self.file.append(seq, line, taken or 0)

    def _way(self) -> Writer:
        """The shorter way to a sink that is the only one and has such a way, else the way to all of them."""
        made = getattr(self._sinks[0], "writer", None) if len(self._sinks) == 1 else None
        return made(self.info) if made is not None else _Detour(self._put_to_all)

    def _put_to_all(self, seq: int, line: bytes) -> None:
        """Under the lock; the thread that holds it may come again (a signal handler, a finaliser), and then has to wait."""
        with self._lock:
            if self._busy:
                self._wait(seq, line)
                return
            self._hand_over_alone(seq, line)
            if self._waiting:
                for waiting in self._waited(len(self._waiting)):
                    self._hand_over_alone(*waiting)

    def _hand_over_alone(self, seq: int, line: bytes) -> None:
        self._busy = True
        try:
            guarded(self._hand_over, seq, line)
        finally:
            self._busy = False

    def _wait(self, seq: int, line: bytes) -> None:
        if len(self._waiting) < _HELD_BACK:
            self._waiting.append((seq, line))
        else:
            self._stats.lost += 1

    def _waited(self, most: int) -> Iterator[tuple[int, bytes]]:
        """What waits, but no more than so much: handing it over may be what brings more of it."""
        for _ in range(most):
            try:
                yield self._waiting.popleft()
            except IndexError:  # a signal handler took it
                return

    def _hand_over(self, seq: int, line: bytes) -> None:
        record = Record(self.info, _type(line), seq, line[:-1])
        for sink in self._sinks if seq else self._without_header():
            try:
                sink.emit(record)
                if not seq:  # at once: from a return to here no signal comes in between
                    self._is_heading = False
            except Exception:  # a sink is the host's or ours; neither may hurt the program that records
                self._stats.lost += 1
                self._stats.fault()

    def _without_header(self) -> Iterator[Sink]:
        """The sinks that have not taken the header yet; one that was interrupted says itself whether it has."""
        if self._is_heading and _has_taken(self._sinks[self._headed - 1], self.info):
            self._is_heading = False
        self._headed -= self._is_heading
        while self._headed < len(self._sinks):
            sink = self._sinks[self._headed]
            self._is_heading = True
            self._headed += 1
            yield sink

    def _header(self) -> bytes:
        from tracetui.core.processes import Processes

        info = self.info
        _, process_start, host, boot = Processes().identity(info.pid)
        values: dict[str, object] = {"tracetui": 1, "type": "header", "seq": 0, "run": info.id}
        time, mono = (self.began, self.started) if self.began else (self.clock(), self.mono())
        values |= {"name": self.gate.plain(info.name), "time": time, "mono": mono, "pid": info.pid}
        values |= {"process_start": process_start, "host": host, "boot": boot}
        if info.child:
            values["child"] = True
        if self.parent[0]:
            values["parent_run"] = self.parent[0]
        if self.parent[1]:
            values["parent_span"] = self.parent[1]
        values |= {"format_minor": 1, "meta": self.gate.plain(self.meta)}
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)

    def after_fork(self) -> None:
        """In a forked child: a file, a numbering and a lock of its own; the header follows with the first record."""
        self._lock = RLock()
        self._busy = False
        self._waiting.clear()
        self.forked = self.mono()
        self.began = 0
        self.info = RunInfo(self.info.id, self.info.name, os.getpid(), child=True, shared=self.info.shared)
        self.between = _between(self.info)
        self.file = self._way()
        self._start_over()


class _Detour:
    """The way of lines to sinks that take records."""

    def __init__(self, put: Callable[[int, bytes], None]) -> None:
        self.write: Write = refuse
        self.has_taken = False
        self._put = put

    def append(self, seq: int, line: bytes, _taken: int = 0) -> None:
        self._put(seq, line)
        self.has_taken = True

    def end(self) -> None:
        """Sinks see it by the record."""


def _has_taken(sink: Sink, info: RunInfo) -> bool:
    """Whether an interrupted sink has taken the header all the same."""
    made, asked = getattr(sink, "writer", None), getattr(sink, "has_taken", None)
    if made is not None:
        return bool(made(info).has_taken)
    return asked is not None and bool(asked(info))


def _between(info: RunInfo) -> str:
    """What tells records of several runs and processes in one file apart."""
    return f'"run":"{info.id}","pid":{info.pid},' if info.shared else ""


def _type(line: bytes) -> str:
    """The type of a record as made here: its first value, but in a header."""
    return "header" if line.startswith(b'{"tracetui"') else line[9 : line.index(b'"', 9)].decode()

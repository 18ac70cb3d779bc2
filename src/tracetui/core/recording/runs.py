"""One run being recorded by one process: its header, its numbering, and the way of a record to the sinks.

Records are numbered and handed over under one lock, so that every sink sees them in one order. The lock may be entered again
by the thread that holds it (a signal handler or a finaliser that records): what comes then waits its turn.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Final

import orjson

from tracetui.core.recording.records import Record, RunInfo, Sink

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
    """Exceptions that were kept from the host: in values, sinks and in the tracer itself."""


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
        self.redacted_before = gate.redacted
        """Values redacted before this run, so that it can tell its own."""
        self.ended = False
        self.generation = 0
        """Rises in a forked child: what was started before is not this process's to end."""
        self._sinks = tuple(sinks)
        self._stats = stats
        self.records = 0
        """Records that this process made of the run."""
        self._direct = _direct(self._sinks, info)
        self._lock = RLock()
        self._busy = False
        self._waiting: deque[tuple[str, str]] = deque()
        self._between = _between(info)

    def emit(self, type_: str, body: str) -> None:
        """Number a record and hand it to the sinks.

        Args:
            type_: the record's type.
            body: the record's JSON after ``type`` and ``seq``, with the closing brace: ``"time":…}``.
        """
        with self._lock:
            if self._busy:
                self._wait(type_, body)
                return
            self._busy = True
            try:
                seq = self.records
                if not seq:
                    self._hand_over("header", self._header())
                    seq = 1
                line = f'{{"type":"{type_}","seq":{seq},{self._between}{body}\n'.encode()
                self.records = seq + 1
                if self._direct is not None and type_ != "run_end":
                    self._direct(seq, line)
                else:
                    self._hand_over(type_, line)
            finally:
                self._busy = False
            while self._waiting:
                self.emit(*self._waiting.popleft())

    def begin(self) -> None:
        """Write the header; without this call it is written before the first record."""
        with self._lock:
            if not self.records:
                self._hand_over("header", self._header())
                self.records = 1

    def _wait(self, type_: str, body: str) -> None:
        if len(self._waiting) < _HELD_BACK:
            self._waiting.append((type_, body))
        else:
            self._stats.lost += 1

    def _hand_over(self, type_: str, line: bytes) -> None:
        record = Record(self.info, type_, self.records, line.rstrip(b"\n"))
        for sink in self._sinks:
            try:
                sink.emit(record)
            except Exception:  # a sink is the host's or ours; neither may hurt the program that records
                self._stats.lost += 1
                self._stats.faults += 1

    def _header(self) -> bytes:
        from tracetui.core.processes import Processes

        info = self.info
        _, process_start, host, boot = Processes().identity(info.pid)
        values: dict[str, object] = {"tracetui": 1, "type": "header", "seq": 0, "run": info.id}
        values |= {"name": self.gate.plain(info.name), "time": self.clock(), "mono": self.mono(), "pid": info.pid}
        values |= {"process_start": process_start, "host": host, "boot": boot}
        if info.child:
            values["child"] = True
        if self.parent[0]:
            values["parent_run"] = self.parent[0]
        if self.parent[1]:
            values["parent_span"] = self.parent[1]
        return orjson.dumps({**values, "format_minor": 1, "meta": self.gate.plain(self.meta)})

    def after_fork(self) -> None:
        """In a forked child: a file, a numbering and a lock of its own; the header follows with the first record."""
        self._lock = RLock()
        self._busy = False
        self._waiting.clear()
        self.records = 0
        self.generation += 1
        self.info = RunInfo(self.info.id, self.info.name, os.getpid(), child=True, shared=self.info.shared)
        self._between = _between(self.info)
        self._direct = _direct(self._sinks, self.info)


def _between(info: RunInfo) -> str:
    """What tells records of several runs and processes in one file apart."""
    return f'"run":"{info.id}","pid":{info.pid},' if info.shared else ""


def _direct(sinks: tuple[Sink, ...], info: RunInfo) -> Callable[[int, bytes], None] | None:
    """The shorter way of lines to a sink that is the only one and has such a way."""
    writer = getattr(sinks[0], "writer", None) if len(sinks) == 1 else None
    return writer(info) if writer is not None else None

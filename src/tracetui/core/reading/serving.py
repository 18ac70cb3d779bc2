"""The other end of ``remote``: a process that reads and hands what it read through a socket.

It was started by the screen and ends with it: when the other end of the socket is closed, for whatever reason, there is
nobody left to read for. It has no terminal and answers to no signal of one. What the other end does not take waits in the
socket, and reading waits with it, so that a slow taker costs no memory.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, NoReturn

from tracetui.core.batch import Batch, Progress
from tracetui.core.reader import Reader
from tracetui.core.reading import frames
from tracetui.core.reading.frames import Says
from tracetui.core.reading.memory import FileState
from tracetui.core.reading.mirrors import Describer
from tracetui.core.watching import Watcher

QUESTIONS: Final = frozenset({"unrecognised", "unreadable_paths", "set_aside", "files", "state"})
"""Properties of a reader that may be asked for; beside them ``explain`` with a path."""

BUDGET_S: Final = 0.012
"""How long one poll may work: it listens in between."""
POLL_BYTES: Final = 1_000_000
"""And how much it may read: what is decoded and not sent takes ten times its bytes."""
STATE_EVERY_S: Final = 0.1
SWEEP_EVERY_S: Final = 0.25
"""How often all sources are looked at for changes that no batch tells of, while there are batches."""
_PIECE: Final = 65_536
_OFTEN: Final = (50_000, 20, 100)
"""When cycles are looked for: what is read comes in objects by the thousand, none of them in a cycle."""


class _Left(Exception):
    """Nobody is at the other end any more."""


class Server:
    """One reader for one taker.

    Args:
        end: our end of the socket.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = Lock()
        self._frames = frames.Frames()
        self._packer = frames.Packer()
        self._describer = Describer()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._reader: Reader | None = None
        self._watcher: Watcher | None = None
        self._paths: Sequence[str] = ()
        self._told: tuple[object, ...] = ()
        self._told_at = self._swept_at = float("-inf")

    def run(self) -> None:
        """Read until the taker is gone."""
        try:
            while True:
                self._listen(0.0 if self._reader is not None else None)
                if self._reader is not None:
                    self._work(self._reader)
        except (_Left, BrokenPipeError, ConnectionResetError):
            pass
        finally:
            if self._watcher is not None:
                self._watcher.stop(0.2)
            if self._reader is not None:
                self._reader.close()

    def tell_log(self, level: int, text: str) -> None:
        """Pass a line of our log on."""
        self._send(Says.log, (level, text))

    def tell_fault(self, text: str) -> None:
        """Say what went wrong here, at the end."""
        self._send(Says.fault, text)

    def _send(self, kind: Says, value: object) -> None:
        data = frames.frame(kind, value)
        with self._lock:  # a watcher's thread may log
            self._end.sendall(data)

    # -- working -------------------------------------------------------------------------------------------------------

    def _work(self, reader: Reader) -> None:
        """One piece of work, and a rest if there is no more."""
        watcher = self._watcher
        reader.be_told(watcher is not None and watcher.mode == "watching")
        batches = reader.poll(BUDGET_S, POLL_BYTES)
        self._send_batches(reader, batches)
        due = reader.next_due(time.monotonic())
        self._send_state(reader, is_busy=due <= 0)
        if due > 0:
            self._listen(due)

    def _send_batches(self, reader: Reader, batches: list[Batch]) -> None:
        now = time.monotonic()
        only: Iterable[int] | None = (batch.source for batch in batches)
        if not batches or now - self._swept_at > SWEEP_EVERY_S:
            only, self._swept_at = None, now
        changed = self._describer.changed(reader.sources, only)
        if changed:
            self._send(Says.sources, changed)
        for batch in batches:
            for part in self._packer.batch(batch):
                self._send(Says.batch, part)

    def _send_state(self, reader: Reader, *, is_busy: bool) -> None:
        notices = reader.take_notices()
        watcher = self._watcher
        mode, reason = ("watching", "") if watcher is None else (watcher.mode, watcher.reason)
        now = time.monotonic()
        if is_busy and not notices and self._told[:2] == (mode, is_busy) and now - self._told_at < STATE_EVERY_S:
            return
        progress: Progress = reader.progress
        state = (mode, is_busy, reason, progress)
        if notices or state != self._told:
            self._told, self._told_at = state, now
            self._send(Says.state, (*state, notices))

    # -- listening -----------------------------------------------------------------------------------------------------

    def _listen(self, seconds: float | None) -> None:
        """Do what the taker asks for; waits for it, or for a watcher, up to ``seconds`` (None: for ever)."""
        timeout = None if seconds is None or seconds == float("inf") else seconds
        readable, _, _ = select.select([self._end.fileno(), self._woken], [], [], timeout)
        if self._woken in readable:
            os.read(self._woken, _PIECE)
        if self._end.fileno() in readable:
            data = self._end.recv(_PIECE)
            if not data:
                raise _Left
            self._frames.feed(data)
            while (heard := self._frames.next()) is not None:
                self._obey(*heard)

    def _obey(self, kind: Says, value: Any) -> None:
        if kind is Says.task:
            self._begin(*value)
            return
        reader = self._reader
        if reader is None:
            raise frames.Damaged("there is no task yet")
        match kind:
            case Says.watch:
                self._watch(reader)
            case Says.changed:
                reader.changed(value)
            case Says.prefer:
                reader.prefer(value)
            case Says.end:
                reader.end(*value)
            case Says.ask:
                self._answer(reader, *value)

    def _begin(
        self,
        paths: Sequence[str],
        watched: Sequence[str],
        shown: Mapping[str, str],
        memory: Sequence[tuple[Any, ...]],
    ) -> None:
        self._reader = Reader(paths, follow=True, shown=shown, memory=[FileState(*row) for row in memory])
        self._paths = watched

    def _watch(self, reader: Reader) -> None:
        def changed(paths: Iterable[str] | None) -> None:
            reader.changed(paths)
            with contextlib.suppress(BlockingIOError):  # it is awake
                os.write(self._wake, b"!")

        self._watcher = Watcher(self._paths)
        self._watcher.start(changed)

    def _answer(self, reader: Reader, number: int, name: str, path: str | None) -> None:
        try:
            if path is not None:
                answer: object = reader.explain(path)
            elif name in QUESTIONS:
                answer = getattr(reader, name)
            else:
                raise frames.Damaged("no such question")
        except OSError as error:
            self._send(Says.answer, (number, None, (error.errno, error.strerror)))
        else:
            self._send(Says.answer, (number, answer, None))


class _Passed(logging.Handler):
    """Log lines go where the taker keeps its own."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one on."""
        self._server.tell_log(record.levelno, self.format(record))


def main(descriptor: int) -> NoReturn:
    """Serve through an open socket, and end."""
    # What the terminal says to the programs in front of it is for the screen to hear.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.set_threshold(*_OFTEN)
    server = Server(socket.socket(fileno=descriptor))
    log = logging.getLogger("tracetui")
    log.handlers, log.propagate = [_Passed(server)], False
    try:
        server.run()
    except BaseException:  # a border: told at the other end, where somebody looks
        with contextlib.suppress(OSError):
            server.tell_fault(traceback.format_exc())
        sys.exit(1)
    sys.exit(0)

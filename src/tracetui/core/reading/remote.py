"""A reader in a process of its own, used like ``Reader``: the screen's key presses wait for no parser.

The process is Python itself with ``serving`` in it, at the other end of a socket; it is started, never forked, so that no
thread of ours is copied. ``poll`` takes what has come, decoded into the batches that ``Store.apply`` folds; bodies are
fetched here, through sources made again by value (``mirrors``). When the process is gone, ``poll`` raises ``ReaderLost``.
"""

# Names as the system gives them: no Path objects in here.

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

from tracetui.core.batch import Aside, Batch, Explanation, Notice, Progress, SeenFile
from tracetui.core.errors import TracetuiError
from tracetui.core.reading import frames
from tracetui.core.reading.frames import Says
from tracetui.core.reading.memory import FileState, ReadingState
from tracetui.core.reading.mirrors import Mirrors
from tracetui.core.sources._base import Source

BUFFER_BYTES: Final = 1_048_576
"""How much the process may send ahead: some ten thousand records."""
TAKE_BYTES: Final = 262_144
"""How much one poll takes: a few milliseconds of decoding."""
WORK_S: Final = 0.012
"""How long one poll may unpack."""
WAIT_S: Final = 0.05
"""How long one poll waits while there is more to come: what is asked meanwhile waits as long."""
LEAVE_S: Final = 1.0
"""How long the process may take to end when nobody listens any more."""

_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[2].split(chr(10));"
    "from tracetui.core.reading.serving import main; main(int(sys.argv[1]))"
)
_log = logging.getLogger("tracetui")


class ReaderLost(TracetuiError):
    """The process that reads is gone, or was never there; the message says how, in a few words."""


class RemoteReader:
    """Reads the recordings under ``paths`` in another process. One thread at a time may use it, ``changed`` and ``end`` aside.

    Args:
        paths: files and folders.
        watched: those of them that the process watches once it is told to.
        shown: what to call a path that means nothing to anybody.
        memory: the files of an earlier reading, whose batches the store has.
        python: the program that reads; another one in tests.

    Raises:
        ReaderLost: it cannot be started.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        watched: Sequence[str] | None = None,
        shown: Mapping[str, str] | None = None,
        memory: Sequence[FileState] = (),
        python: Sequence[str] | None = None,
    ) -> None:
        self._mirrors = Mirrors()
        self._frames = frames.Frames()
        self._unpacker = frames.Unpacker()
        self._to_send: deque[bytes] = deque()
        self._answers: dict[int, tuple[Any, tuple[int | None, str | None] | None]] = {}
        self._asked = 0
        self._waiting: deque[tuple[Says, Any]] = deque()
        self._notices: list[Notice] = []
        self._is_busy = True
        self._fault = ""
        self.mode = "watching"
        """``watching``, or ``polling``: the process finds changes by looking only."""
        self.reason = ""
        """Why it is polling; empty while watching."""
        self.progress = Progress(0, 0, 0, 0, True, False)
        """How far reading had got when what was polled last was sent."""
        self._end, self._process = _started(python)
        paths = [os.path.abspath(path) for path in paths]  # noqa: PTH100
        watched = paths if watched is None else [os.path.abspath(path) for path in watched]  # noqa: PTH100
        self._say(Says.task, (paths, watched, dict(shown or {}), [state.row for state in memory]))
        with contextlib.suppress(OSError):  # told by the first poll
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and let go of all files. Sources still answer for files that are where they were."""
        self._end.close()
        self._mirrors.close()
        try:
            self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # What a driver calls.

    @property
    def arrivals(self) -> int:
        """A descriptor that can be read from when there is something to poll."""
        return self._end.fileno()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def poll(self, budget_s: float = WORK_S, max_bytes: int = TAKE_BYTES) -> list[Batch]:
        """What has come, as much as can be unpacked in ``budget_s`` or some ``max_bytes`` of frames.

        Waits a moment while there is more to come and nothing has.

        Raises:
            ReaderLost: The process is gone.
        """
        batches: list[Batch] = []
        begun = time.monotonic()
        while max_bytes > 0:
            while (came := self._next()) is not None:
                self._note(*came, batches)
                if time.monotonic() - begun > budget_s:
                    return batches
            # Once there is something, what else is there already is taken along and nothing is waited for.
            taken = self._take(WAIT_S if self._is_busy and not batches else 0.0)
            if not taken:
                break
            max_bytes -= taken
        return batches

    def _next(self) -> tuple[Says, Any] | None:
        return self._waiting.popleft() if self._waiting else self._frames_next()

    def _frames_next(self) -> tuple[Says, Any] | None:
        try:
            return self._frames.next()
        except frames.Damaged as error:  # a format that says what no format of ours does
            raise ReaderLost(f"what it sent cannot be read: {error}") from error

    def be_told(self, is_told: bool) -> None:
        """The process has a watcher of its own."""

    def watch(self) -> None:
        """Have the process watch from now on."""
        self._say(Says.watch, None)

    def changed(self, paths: Iterable[str] | None) -> None:
        """Something happened at these paths; None: anywhere. May be called from any thread; told at the next poll."""
        self._say(Says.changed, None if paths is None else list(paths))

    def end(self, path: str, fault: str = "") -> None:
        """Nobody can write to this file any more. May be called from any thread; told at the next poll."""
        self._say(Says.end, (path, fault))

    def prefer(self, paths: Iterable[str]) -> None:
        """Read these files first, and look at them most often; told at the next poll."""
        self._say(Says.prefer, list(paths))

    def next_due(self, now: float) -> float:  # noqa: ARG002 - as of ``Reader``
        """0 while there is something to poll; infinite until something can be read from ``arrivals``."""
        return 0.0 if self._is_busy or self._to_send or self._waiting or self._frames.has_one else float("inf")

    # What a driver asks.

    @property
    def sources(self) -> dict[int, Source]:
        """Every source that batches speak of, by id."""
        return self._mirrors.sources

    def take_notices(self) -> list[Notice]:
        """Notices since the last call."""
        notices, self._notices = self._notices, []
        return notices

    @property
    def unrecognised(self) -> list[tuple[str, str]]:
        """As of ``Reader``. Waits for the process, as all that follow."""
        return [(path, why) for path, why in self._ask("unrecognised")]

    @property
    def unreadable_paths(self) -> list[tuple[str, str]]:
        """As of ``Reader``."""
        return [(path, why) for path, why in self._ask("unreadable_paths")]

    @property
    def set_aside(self) -> list[Aside]:
        """As of ``Reader``."""
        return list(self._ask("set_aside"))

    @property
    def files(self) -> list[SeenFile]:
        """As of ``Reader``."""
        return list(self._ask("files"))

    @property
    def state(self) -> ReadingState | None:
        """As of ``Reader``."""
        state: ReadingState | None = self._ask("state")
        return state

    def explain(self, path: str) -> Explanation:
        """As of ``Reader``. Raises OSError for a path that cannot be read."""
        explanation: Explanation = self._ask("explain", path)
        return explanation

    # -- the socket ----------------------------------------------------------------------------------------------------

    def _say(self, kind: Says, value: object) -> None:
        self._to_send.append(frames.frame(kind, value))

    def _flush(self) -> None:
        """Send what the socket takes. Raises OSError."""
        while self._to_send:
            data = self._to_send[0]
            try:
                sent = self._end.send(data)
            except BlockingIOError:
                return
            if sent == len(data):
                self._to_send.popleft()
            else:
                self._to_send[0] = data[sent:]

    def _take(self, wait_s: float) -> int:
        """Send what waits, and take one piece of what has come, waiting for it; how many bytes. Raises ReaderLost."""
        try:
            self._flush()
            readable, _, _ = select.select([self._end], [self._end] if self._to_send else [], [], wait_s)
            if not readable:
                return 0
            data = self._end.recv(65_536)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost() from error
        if not data:
            raise self._lost()
        self._frames.feed(data)
        return len(data)

    def _note(self, kind: Says, value: Any, batches: list[Batch]) -> None:
        match kind:
            case Says.batch:
                batches.append(self._unpacker.batch(value))
            case Says.sources:
                for description in value:
                    self._mirrors.take(description)
            case Says.state:
                self.mode, self._is_busy, self.reason, self.progress, notices = value
                self._notices += notices
            case Says.answer:
                number, answer, error = value
                self._answers[number] = (answer, error)
            case Says.log:
                _log.log(*value)
            case Says.fault:
                self._fault = value
                _log.error("the process that reads has failed: %s", value)
            case _:
                raise frames.Damaged("a frame that only we send")

    def _ask(self, name: str, path: str | None = None) -> Any:
        self._asked = number = self._asked + 1
        self._say(Says.ask, (number, name, path))
        while number not in self._answers:
            self._take(WAIT_S)
            while (came := self._frames_next()) is not None:
                if came[0] is Says.answer:
                    self._note(*came, [])
                else:
                    self._waiting.append(came)
        answer, error = self._answers.pop(number)
        if error is not None:
            raise OSError(*error)
        return answer

    def _lost(self) -> ReaderLost:
        """What became of the process."""
        try:
            code = self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            return ReaderLost("it answers no more")
        if self._fault:
            return ReaderLost(f"it failed: {self._fault.strip().splitlines()[-1]}")
        if code < 0:
            with contextlib.suppress(ValueError):
                return ReaderLost(f"it was ended by {signal.Signals(-code).name}")
        return ReaderLost(f"it ended with status {code}")


class RemoteWatcher:
    """The watcher in the process, as the feed hears of it."""

    def __init__(self, reader: RemoteReader) -> None:
        self._reader = reader

    @property
    def mode(self) -> str:
        """``watching`` or ``polling``."""
        return self._reader.mode

    @property
    def reason(self) -> str:
        """Why it is polling."""
        return self._reader.reason

    def start(self, changed: object) -> None:  # noqa: ARG002 - what it sees is told to the reader beside it
        """Have it watch."""
        self._reader.watch()

    def stop(self) -> None:
        """It ends with the process."""


def _started(python: Sequence[str] | None) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """The process, and our end of the socket. Raises ReaderLost."""
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        raise ReaderLost(f"no socket: {error.strerror}") from error
    with theirs:
        ours.setblocking(False)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        # -P: not from the folder that happens to be the current one, unless we were started so ourselves.
        command = [*(python or [sys.executable, "-P"]), "-c", _PROGRAM, str(theirs.fileno()), "\n".join(sys.path)]
        try:
            process = subprocess.Popen(  # noqa: S603 - Python itself, with a program of ours
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            ours.close()
            raise ReaderLost(f"it cannot be started: {error}") from error
    return ours, process

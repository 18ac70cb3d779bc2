"""A pseudo terminal with a program in it: keys go in, bytes come out with the time they came."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import pyte

from benchmarks.measure import ROOT

_UNDRAWN = re.compile(rb"\x1b\[[?><=][0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_CUT = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?\Z")
"""The beginning of an escape sequence."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Timeout(Exception):
    """What was waited for did not appear on the screen; the message holds the end of what did."""


class Terminal:
    """Runs a program in a terminal of 130 x 40 cells, for as long as the ``with`` block lasts."""

    def __init__(self, arguments: Sequence[str], columns: int = 130, lines: int = 40) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "TMUX"))}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT / "src")}
        self.started = time.perf_counter()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._held = b""
        self.pid, self._master = pty.fork()
        if not self.pid:
            with contextlib.suppress(OSError):
                os.chdir(ROOT)
                os.execvpe(arguments[0], list(arguments), environment)  # noqa: S606 - there is no shell to want
            os._exit(127)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def press(self, keys: str) -> float:
        """Type; the time when it was typed."""
        now = time.perf_counter()
        os.write(self._master, keys.encode())
        return now

    def chunks(self, seconds: float) -> Iterator[tuple[float, bytes]]:
        """What comes within ``seconds``, each piece with the time when it came. Ends early when the program does."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                return
            now = time.perf_counter()
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            if not data:
                return
            self._draw(data)
            yield now, data

    def _draw(self, data: bytes) -> None:
        data = self._held + data
        cut = _CUT.search(data)
        whole = cut.start() if cut else len(data)
        self._held = data[whole:]
        self._stream.feed(_UNDRAWN.sub(b"", data[:whole]))

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(self._screen.display)

    def until(self, marker: str, timeout: float = 60.0) -> float:
        """The time when ``marker`` had been drawn. Raises Timeout."""
        for now, _ in self.chunks(timeout):
            if marker in self.text:
                return now
        raise Timeout(f"no {marker!r} on the screen:\n{self.text}")

    def first(self, timeout: float = 60.0) -> float:
        """The time when the next bytes came. Raises Timeout."""
        for now, _ in self.chunks(timeout):
            return now
        raise Timeout("nothing was drawn")

    def drain(self, quiet: float = 0.15, at_most: float = 5.0) -> int:
        """Take what comes until nothing has come for ``quiet`` seconds; its bytes."""
        taken = 0
        end = time.perf_counter() + at_most
        while time.perf_counter() < end:
            piece = next(self.chunks(quiet), None)
            if piece is None:
                break
            taken += len(piece[1])
        return taken

    def during(self, seconds: float, each: Callable[[], None] | None = None, every: float = 1.0) -> int:
        """Bytes that come within ``seconds``, while ``each`` is called every ``every`` seconds."""
        end = time.perf_counter() + seconds
        taken = 0
        while (left := end - time.perf_counter()) > 0:
            if each is not None:
                each()
            taken += sum(len(data) for _, data in self.chunks(min(every, left)))
        return taken

    def cpu(self) -> float:
        """Processor time that the program has taken so far, s."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def busy(self) -> float:
        """Time that its living threads have run so far, s, to the nanosecond where the kernel tells it."""
        tasks = [Path(f"/proc/{self.pid}/task/{task}/schedstat") for task in os.listdir(f"/proc/{self.pid}/task")]
        try:
            return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9
        except OSError:
            return self.cpu()

    def settle(self, at_most: float = 300.0) -> None:
        """Wait until the program does hardly anything: all is read."""
        end = time.perf_counter() + at_most
        calm = 0
        while calm < 2 and time.perf_counter() < end:
            before = self.cpu()
            self.during(0.5)
            calm = calm + 1 if self.cpu() - before <= 0.05 else 0

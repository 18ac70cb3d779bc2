"""Matching regular expressions in a process of its own, for those that may never come to an end: of searches and of filters.

Python's ``re`` cannot be stopped and lets no other thread run meanwhile. The process is given texts and answers with places;
when it does not answer in time it is killed. It imports nothing of ours and starts in about 15 ms.
"""

from __future__ import annotations

import atexit
import os
import select
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Final

PATIENCE_S: Final = 2.0
"""How long the texts of one question may take, s; more than ``_LARGE`` bytes of them longer in proportion."""
_LARGE: Final = 4_000_000
_LOOK_S: Final = 0.05
"""How often is looked whether the search was cancelled meanwhile, s."""
_PIECE: Final = 65_536
_EMPTY_TOO: Final = 1 << 31
"""Among the flags of a question: a match may be empty."""

Place = tuple[int, int]

_PROGRAM: Final = """
import array, re, sys
take, give = sys.stdin.buffer, sys.stdout.buffer
while head := take.read(12):
    flags, length, count = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4, 8))
    pattern = re.compile(take.read(length).decode("utf-8", "surrogatepass"), flags & 0x7fffffff)
    sizes = array.array("Q", take.read(8 * count))
    places = array.array("q")
    for size in sizes:
        text = take.read(size).decode("utf-8", "surrogatepass")
        found = next((m for m in pattern.finditer(text) if flags >> 31 or m.end() > m.start()), None)
        places.extend((-1, -1) if found is None else found.span())
    give.write(places.tobytes())
    give.flush()
"""


class Cancelled(Exception):
    """The search was given up by whoever asked for it."""


class TooSlow(Exception):
    """``number``: which of the texts the expression is too slow on."""

    def __init__(self, number: int) -> None:
        super().__init__("the pattern takes too long")
        self.number = number


class Child:
    """A process that matches, and is killed when it takes too long; threads ask it in turn. Close it."""

    program: str = _PROGRAM
    """What it runs."""
    handshake: tuple[bytes, int] = (bytes(8) + (1).to_bytes(4, "little") + bytes(8), 16)
    """A question about nothing, and the bytes of its answer."""

    def __init__(self, is_cancelled: Callable[[], bool] = lambda: False, patience_s: float = PATIENCE_S) -> None:
        self._is_cancelled = is_cancelled
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def places(self, pattern: str, flags: int, texts: Sequence[str], *, empty: bool = False) -> list[Place | None]:
        """Where the first match of an expression begins and ends in each text; with ``empty`` it may be an empty one.

        Raises:
            TooSlow: One of the texts takes too long.
            Cancelled: The search was given up.
        """
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        head = [pattern.encode("utf-8", "surrogatepass"), (flags | (_EMPTY_TOO if empty else 0)).to_bytes(4, "little")]
        with self._lock:
            try:
                return self._asked(head, encoded)
            except TooSlow:
                if len(encoded) == 1:
                    raise
            found: list[Place | None] = []
            for number, text in enumerate(encoded):
                try:
                    found += self._asked(head, [text])
                except TooSlow:
                    raise TooSlow(number) from None
            return found

    def close(self) -> None:
        """End the process; the next question starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()

    def _asked(self, head: list[bytes], texts: list[bytes]) -> list[Place | None]:
        pattern, flags = head
        numbers = (flags, len(pattern).to_bytes(4, "little"), len(texts).to_bytes(4, "little"))
        message = b"".join((*numbers, pattern, array("Q", map(len, texts)).tobytes(), *texts))
        places = array("q", self.answered(message, 16 * len(texts)))
        return [None if places[at] < 0 else (places[at], places[at + 1]) for at in range(0, len(places), 2)]

    def answered(self, message: bytes, wanted: int) -> bytes:
        """Ask something of the program; an answer of so many bytes. Raises TooSlow, Cancelled."""
        if self._process is None:
            self._start()
        patience = self._patience_s * max(1, len(message) / _LARGE)
        return self._exchange(message, wanted, time.monotonic() + patience)

    def _start(self) -> None:
        self._process = process = subprocess.Popen(  # noqa: S603 - Python itself, with a program of ours
            [sys.executable, "-I", "-S", "-c", self.program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        # Starting takes its time on a busy machine, and is not the pattern's fault.
        self._exchange(*self.handshake, time.monotonic() + 10)

    def _exchange(self, message: bytes, wanted: int, deadline: float) -> bytes:
        """Write a message and read an answer of so many bytes. However it fails, the process is ended then."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise TooSlow(0)
        inlet, outlet = process.stdin.fileno(), process.stdout.fileno()
        left, answer = memoryview(message), bytearray()
        try:
            while left or len(answer) < wanted:
                if self._is_cancelled():
                    raise Cancelled
                if time.monotonic() > deadline:
                    raise TooSlow(0)
                readable, writable, _ = select.select([outlet], [inlet] if left else [], [], _LOOK_S)
                if writable:
                    left = left[os.write(inlet, left[:_PIECE]) :]
                if readable:
                    data = os.read(outlet, _PIECE)
                    if not data:  # it died: out of memory
                        raise TooSlow(0)
                    answer += data
        except OSError:
            self.close()
            raise TooSlow(0) from None
        except BaseException:
            self.close()
            raise
        return bytes(answer)


shared: Final = Child()
"""For whoever has no search that can be given up."""
atexit.register(shared.close)

"""Matching a regular expression in a process of its own, because one that the user wrote may never come to an end.

Python's ``re`` cannot be stopped and lets no other thread run meanwhile. The process is given texts and answers with places;
when it does not answer in time it is killed, and the text that it could not be done with is named (``SlowPattern``). It imports
nothing of ours and starts in about 15 ms.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from tracetui.core.search.needle import Needle, SlowPattern

PATIENCE_S: Final = 2.0
"""How long one text may take, s; one of over ``_LARGE`` characters longer in proportion."""
_LARGE: Final = 4_000_000
_LOOK_S: Final = 0.05
"""How often is looked whether the search was cancelled meanwhile, s."""
_PIECE: Final = 65_536

_PROGRAM: Final = """
import array, re, sys
take, give = sys.stdin.buffer, sys.stdout.buffer
flags = int.from_bytes(take.read(4), "little")
size = int.from_bytes(take.read(4), "little")
matches = re.compile(take.read(size).decode("utf-8", "surrogatepass"), flags).finditer
while head := take.read(4):
    sizes = array.array("Q", take.read(8 * int.from_bytes(head, "little")))
    places = array.array("q")
    for size in sizes:
        text = take.read(size).decode("utf-8", "surrogatepass")
        found = next((m for m in matches(text) if m.end() > m.start()), None)
        places.extend((-1, -1) if found is None else found.span())
    give.write(places.tobytes())
    give.flush()
"""


class Cancelled(Exception):
    """The search was given up by whoever asked for it."""


class TooSlow(SlowPattern):
    """``number``: which of the texts the pattern is too slow on."""

    def __init__(self, number: int) -> None:
        super().__init__("the pattern takes too long")
        self.number = number


class Matcher:
    """Finds a regular expression in texts; one for each search. Close it."""

    def __init__(self, needle: Needle, is_cancelled: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        self._needle = needle
        self._is_cancelled = is_cancelled
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None

    def places(self, texts: Sequence[str]) -> list[tuple[int, int] | None]:
        """Where the first match that is not empty begins and ends in each text.

        Raises:
            TooSlow: One of them takes too long.
            Cancelled: The search was given up.
        """
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        try:
            return self._asked(encoded)
        except TooSlow:
            if len(encoded) == 1:
                raise
        found: list[tuple[int, int] | None] = []
        for number, text in enumerate(encoded):
            try:
                found += self._asked([text])
            except TooSlow:
                raise TooSlow(number) from None
        return found

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()

    def _asked(self, texts: list[bytes]) -> list[tuple[int, int] | None]:
        sizes = array("Q", map(len, texts)).tobytes()
        message = b"".join((len(texts).to_bytes(4, "little"), sizes, *texts))
        patience = self._patience_s * max(1, len(message) / _LARGE)
        places = array("q", self._exchange(message, 16 * len(texts), time.monotonic() + patience))
        return [None if places[at] < 0 else (places[at], places[at + 1]) for at in range(0, len(places), 2)]

    def _start(self) -> subprocess.Popen[bytes]:
        pattern = self._needle.wanted.encode("utf-8", "surrogatepass")
        process = subprocess.Popen(  # noqa: S603 - Python itself, with a program of ours
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        self._process = process
        head = self._needle.flags.to_bytes(4, "little") + len(pattern).to_bytes(4, "little")
        # Starting takes its time on a busy machine, and is not the pattern's fault.
        self._exchange(head + pattern + (0).to_bytes(4, "little"), 0, time.monotonic() + 10)
        return process

    def _exchange(self, message: bytes, wanted: int, deadline: float) -> bytes:
        """Write a message and read an answer of so many bytes. Raises TooSlow, Cancelled; the process is ended then."""
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
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
        except (TooSlow, Cancelled):
            self.close()
            raise
        except OSError:
            self.close()
            raise TooSlow(0) from None
        return bytes(answer)

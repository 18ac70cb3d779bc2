"""Keys pressed while a large recording is read, against the same keys in the same screen afterwards."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import data
from benchmarks.terminal import _ESCAPES, Terminal, Timeout

_APP = (sys.executable, "-m", "tracetui", "--no-state")
_READING = re.compile(rb"reading [\d.,]+")
_CALM_S = 1.5
"""The header says how far reading is four times a second; when it has not for so long, all is read."""
_PAUSE_S = 0.06
"""Between a frame and the next key: faster than a key that is held down would be unfair, slower is no test."""


@dataclass(slots=True)
class Pressed:
    """What was seen while keys were pressed: seconds from each key to the frame that shows what it did."""

    waits: list[float] = field(default_factory=list)
    ended: float = 0.0
    """When the header last told of reading."""

    def at(self, share: float) -> float:
        """The wait that this share of the keys does not exceed."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


class Mover:
    """Moves the cursor down and up in the tree and waits for each frame."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._row = 0
        self._down = True
        self.pressed = Pressed()

    def start(self) -> None:
        """To the first row, with rows below it; from then on the answers can be told from frames that come by themselves."""
        self._terminal.shown(re.compile(rb"row [\d,]+ of"), 60)
        for _ in range(20):
            self._terminal.press("g")
            self.rest(0.1)
            self._terminal.press("l")
            self.rest(0.1)
            self._terminal.press("j")
            if self._is_shown(b"row 2 of", 0.5):
                break
        self._row = 2

    def move(self) -> float:
        """One key; the time from it to the frame that says the new row."""
        self._down = self._row <= 1 or (self._down and self._row < 12)
        self._row += 1 if self._down else -1
        begun = self._terminal.press("j" if self._down else "k")
        wait = self._wait(b"row %d of" % self._row, 30) - begun
        self.pressed.waits.append(wait)
        self.rest(_PAUSE_S)
        return wait

    def rest(self, seconds: float) -> None:
        """Look at what comes by itself."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            for now, drawn in self._terminal.chunks(left):
                self._note(now, _ESCAPES.sub(b"", drawn))

    def _is_shown(self, wanted: bytes, seconds: float) -> bool:
        try:
            self._wait(wanted, seconds)
        except Timeout:
            return False
        return True

    def _wait(self, wanted: bytes, seconds: float) -> float:
        seen = b""
        for now, drawn in self._terminal.chunks(seconds):
            seen = seen[-20_000:] + drawn
            plain = _ESCAPES.sub(b"", seen)
            self._note(now, plain)
            if wanted in plain:
                return now
        raise Timeout(f"no {wanted!r} on the screen: {_ESCAPES.sub(b'', seen)[-400:]!r}")

    def _note(self, now: float, plain: bytes) -> None:
        if _READING.search(plain):
            self.pressed.ended = now


def _while_reading(arguments: Sequence[str], idle_keys: int) -> tuple[Pressed, Pressed, float]:
    """Keys while it reads, as many afterwards, and how long reading took from the start of the program, s."""
    with Terminal(arguments) as terminal:
        terminal.until(data.NAME)
        mover = Mover(terminal)
        mover.start()
        reading = mover.pressed
        reading.ended = time.perf_counter()
        while time.perf_counter() - reading.ended < _CALM_S:
            mover.move()
            if time.perf_counter() - reading.ended > 0.6:  # no key meanwhile counts as one of the reading
                reading.waits.pop()
        took = reading.ended - terminal.started
        terminal.settle(30)
        mover.pressed = idle = Pressed()
        for _ in range(idle_keys):
            mover.move()
    return reading, idle, took


def main() -> None:
    size = int(sys.argv[1])
    reading, idle, took = _while_reading([*_APP, str(data.mixed(size))], int(sys.argv[2]))
    for name, p in (("reading", reading), ("idle", idle)):
        print(name, len(p.waits), *(f"{q}: {p.at(q) * 1e3:.1f}" for q in (0.5, 0.9, 0.95, 1.0)))
    print(f"took {took:.2f}")


if __name__ == "__main__":
    main()

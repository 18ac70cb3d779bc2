"""Keys pressed while a large recording is read, against the same keys in the same screen afterwards."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmarks import data
from benchmarks.measure import Result
from benchmarks.terminal import Terminal, Timeout

_APP = (sys.executable, "-m", "tracetui", "--no-state")
# The same app that takes nothing for much.
_THREAD = (
    sys.executable,
    "-c",
    "import sys\n"
    "from tracetui.core.reading import choosing\n"
    "choosing.is_much = lambda paths: False\n"
    "from tracetui.cli import main\n"
    "sys.exit(main(sys.argv[1:]))",
    "--no-state",
)
_READING = re.compile(r"reading [\d.,]+")
_ROW = re.compile(r"row ([\d,]+) of")
_CALM_S: Final = 1.5
"""The header says how far reading is four times a second; when it has not for so long, all is read."""
_PAUSE_S: Final = 0.06
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
        self._told = ""
        self.pressed = Pressed()

    def start(self) -> None:
        """To the first row, with rows below it; from then on the answers can be told from frames that come by themselves."""
        self._wait(_ROW, 60)
        for _ in range(20):
            self._terminal.press("g")
            self.rest(0.1)
            self._terminal.press("l")
            self.rest(0.1)
            self._terminal.press("j")
            if self._is_shown(re.compile("row 2 of"), 0.5):
                break
        self._row = 2

    def move(self) -> float:
        """One key; the time from it to the frame that says the new row."""
        self._down = self._row <= 1 or (self._down and self._row < 12)
        begun = self._terminal.press("j" if self._down else "k")
        wait = self._wait_for_another() - begun
        self.pressed.waits.append(wait)
        self.rest(_PAUSE_S)
        return wait

    def rest(self, seconds: float) -> None:
        """Look at what comes by itself."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            for now, _ in self._terminal.chunks(left):
                self._note(now, self._terminal.text)

    def _wait_for_another(self) -> float:
        """The time when another row than the one before was told."""
        for now, _ in self._terminal.chunks(30):
            shown = self._terminal.text
            self._note(now, shown)
            told = _ROW.search(shown)
            if told and (row := int(told[1].replace(",", ""))) != self._row:
                self._row = row
                return now
        raise Timeout(f"no other row on the screen:\n{self._terminal.text}")

    def _is_shown(self, wanted: re.Pattern[str], seconds: float) -> bool:
        try:
            self._wait(wanted, seconds)
        except Timeout:
            return False
        return True

    def _wait(self, wanted: re.Pattern[str], seconds: float) -> float:
        for now, _ in self._terminal.chunks(seconds):
            shown = self._terminal.text
            self._note(now, shown)
            if wanted.search(shown):
                return now
        raise Timeout(f"no {wanted.pattern!r} on the screen:\n{self._terminal.text}")

    def _note(self, now: float, shown: str) -> None:
        told = _READING.search(shown)
        if told is not None and told[0] != self._told:
            self._told = told[0]
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
            if time.perf_counter() - reading.ended > 0.6:  # no key of the reading any more
                reading.waits.pop()
        took = reading.ended - terminal.started
        terminal.settle(30)
        mover.pressed = idle = Pressed()
        for _ in range(idle_keys):
            mover.move()
    return reading, idle, took


def key_while_reading(quick: bool) -> Iterator[Result]:
    """Keys while a large recording is read, and how long reading it takes, by a process of its own and by a thread."""
    path = data.mixed(20_000_000 if quick else 1_000_000_000)
    turns = [_while_reading([*_APP, str(path)], 20 if quick else 100) for _ in range(1 if quick else 3)]
    _, _, in_thread = _while_reading([*_THREAD, str(path)], 1)
    p95 = sorted(turns, key=lambda turn: turn[0].at(0.95) / turn[1].at(0.95))[len(turns) // 2]
    reading, idle, _ = p95
    size = f"{path.stat().st_size / 1e6:,.0f} MB"
    yield Result(
        f"key to frame while {size} are read, p95",
        f"{reading.at(0.95) * 1e3:.0f} ms",
        f"idle, p95 {idle.at(0.95) * 1e3:.0f} ms",
        reading.at(0.95) / idle.at(0.95),
        2.0,
        f"{len(reading.waits)} keys, p50 {reading.at(0.5) * 1e3:.0f} ms, slowest {reading.at(1) * 1e3:.0f} ms; "
        f"middle of {len(turns)}",
    )
    took = median(turn[2] for turn in turns)
    yield Result(
        f"start to all of {size} read, keys pressed meanwhile",
        f"{took:.1f} s",
        f"in a thread {in_thread:.1f} s",
        took / in_thread,
        1.0,
        "wall",
    )

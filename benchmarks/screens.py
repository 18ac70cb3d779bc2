"""The app in a terminal over large recordings: first frame, opening everything, moving."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import data
from benchmarks.measure import Result, in_turns
from benchmarks.terminal import Terminal

_APP = (sys.executable, "-m", "tracetui", "--no-state")
_ROWS = re.compile(r"row ([\d,]+ of [\d,]+)")


def first_frame(quick: bool) -> Iterator[Result]:
    """From starting the program to the frame that shows the run, for a small and a large recording."""
    small, large = data.mixed(100_000 if quick else 10_000_000), data.mixed(1_000_000 if quick else 1_000_000_000)

    def shown(path: Path) -> float:
        with Terminal([*_APP, str(path)]) as terminal:
            return terminal.until(data.NAME) - terminal.started

    shown(small), shown(large)
    turns = in_turns(lambda: shown(small), lambda: shown(large), rounds=2 if quick else 9, seconds=60)
    yield Result(
        f"first frame of {large.stat().st_size / 1e6:,.0f} MB",
        f"{turns.ours * 1e3:.0f} ms",
        f"{small.stat().st_size / 1e6:.0f} MB {turns.yardstick * 1e3:.0f} ms",
        turns.ratio,
        1.25,
        f"wall, start of the program to the run drawn; {turns.rounds} turns",
    )


def _opened(path: Path, spans: int) -> Terminal:
    """The app over one run, all of it read and open, the first row selected."""
    terminal = Terminal([*_APP, str(path)])
    terminal.until(data.NAME)
    terminal.settle()
    while not _rows_after(terminal, "A").endswith(f"{spans:,}"):
        pass
    return terminal


def _rows_after(terminal: Terminal, key: str) -> str:
    """What the footer says of rows after a key."""
    terminal.drain()
    terminal.press(key)
    terminal.first(30)
    terminal.drain(0.3, 30)
    found = _ROWS.search(terminal.text)
    return found.group(1) if found else ""


def _stock(nodes: int) -> float:
    """Seconds from the key that opens all of Textual's own tree to the frame that shows it."""
    with Terminal([sys.executable, "-m", "benchmarks.stock_tree", str(nodes)]) as terminal:
        terminal.until(data.NAME)
        terminal.settle(60)
        pressed = terminal.press("A")
        return terminal.until("find_order", 120) - pressed


def tree(quick: bool) -> Iterator[Result]:
    """Opening all of a million spans, and moving among them."""
    few, many, nodes = (1_000, 5_000, 2_000) if quick else (1_000, 1_000_000, 100_000)
    with _opened(data.spans(few), few) as small, _opened(data.spans(many), many) as large:

        def expand_all() -> float:
            _rows_after(large, "A")
            large.drain()
            pressed = large.press("A")
            return large.until(f"of {many:,}", 30) - pressed

        turns = in_turns(lambda: 10 * _stock(nodes), expand_all, rounds=2 if quick else 3, seconds=90)
        yield Result(
            f"expand-all of {many:,} spans to the frame",
            f"{turns.ours * 1e3:.0f} ms",
            f"10 x Tree at {nodes:,} {turns.yardstick:.1f} s",
            turns.ratio,
            1 / 200,
            f"wall; {turns.rounds} turns",
        )
        yield _moving(small, large, few, many, 6 if quick else 60)


def _moving(small: Terminal, large: Terminal, few: int, many: int, rounds: int) -> Result:
    def down(terminal: Terminal) -> float:
        terminal.drain(0.25)  # until the detail of the row before is there
        return -terminal.press("j") + terminal.first(5)

    for terminal in (small, large):
        _rows_after(terminal, "G")
        _rows_after(terminal, "g")
    turns = in_turns(lambda: down(small), lambda: down(large), rounds=rounds)
    return Result(
        f"key to frame at {many:,} spans",
        f"{turns.ours * 1e3:.1f} ms",
        f"{few:,} spans {turns.yardstick * 1e3:.1f} ms",
        turns.ours / turns.yardstick,
        1.3,
        f"cursor down, first byte of the frame; medians of {turns.rounds}",
    )

"""Bytes to the terminal for moves in the tree, against Textual's own ``Tree`` that does not animate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from statistics import median
from typing import Final

from benchmarks import data
from benchmarks.measure import Result
from benchmarks.terminal import Terminal

_APP = (sys.executable, "-m", "tracetui", "--no-state")
_STILL = ("env", "TEXTUAL_ANIMATIONS=none", sys.executable, "-m", "benchmarks.stock_tree")
_SIZES: Final = ((80, 24), (200, 50))
_MOVES: Final = (("cursor move", "down", 0.5), ("scroll by one", "edge", 0.25), ("page", "page", 0.25))
_KEYS: Final = {"down": "j", "edge": "j", "page": "\x1b[6~"}
_STOCK_KEYS: Final = {"down": "\x1b[B", "edge": "\x1b[B", "page": "\x1b[6~"}


def _bytes(terminal: Terminal, move: str, keys: dict[str, str], rounds: int, lines: int) -> float:
    """Bytes for one key; for moves over the edge, of as many as fill a screen, so that a jump counts with its share."""
    count = lines if move == "edge" else rounds
    sent = []
    for _ in range(count):
        terminal.press(keys[move])
        sent.append(terminal.drain(0.12))
    return sum(sent) / count if move == "edge" else median(sent)


def _top(terminal: Terminal, keys: str) -> None:
    terminal.press(keys)
    terminal.settle(20)


def moving(quick: bool) -> Iterator[Result]:
    """A move, a move over the edge of the pane, and a page, at two sizes, in the spans alone: ``Tree`` shows no detail."""
    count, rounds = (2_000, 4) if quick else (100_000, 10)
    stock_tree = [*_STILL, str(count)]
    for columns, lines in _SIZES:
        with (
            Terminal([*_APP, str(data.spans(count))], columns, lines) as ours,
            Terminal(stock_tree, columns, lines) as stock,
        ):
            for terminal in (ours, stock):
                terminal.until(data.NAME)
                terminal.settle(60)
                _top(terminal, "A")
            _top(ours, "g")
            _top(stock, "\x1b[H")
            with_detail = _bytes(ours, "down", _KEYS, rounds, lines)
            _top(ours, "z")
            for name, move, goal in _MOVES:
                if move == "edge":
                    # To the last row that is shown: the moves that follow go over the edge.
                    for terminal, keys in ((ours, _KEYS), (stock, _STOCK_KEYS)):
                        for _ in range(lines):
                            terminal.press(keys["down"])
                            terminal.drain(0.05)
                mine = _bytes(ours, move, _KEYS, rounds, lines)
                theirs = _bytes(stock, move, _STOCK_KEYS, rounds, lines)
                told = (
                    f"{with_detail:,.0f} B with the detail, which follows when the cursor rests"
                    if move == "down"
                    else ""
                )
                title = f"bytes of a {name}, {columns}x{lines}"
                yield Result(title, f"{mine:,.0f} B", f"Tree {theirs:,.0f} B", mine / theirs, goal, told)

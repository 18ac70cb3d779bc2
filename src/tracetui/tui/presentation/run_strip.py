"""The whole run in one line: how much ran at once, where it failed, which part of it is shown and where one is.

    0 ▂▂▂▄▄▆█▆[▄▄✗▂▂]▂▂ ▂▂▂▂ 12m41s

Pure functions. A column of two eighths is one span; where more than four ran at once, the highest is the most of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from tracetui.core import text
from tracetui.core.symbols import Symbols
from tracetui.tui.presentation.columns import LEAD
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import merged

CELLS_AT: Final = LEAD + 2
"""Where the columns begin."""
LEVELS: Final = 8
_FULL_FROM: Final = 4.0
"""Spans at once that fill a column, where no more ran anywhere."""
_LEAST_CELLS: Final = 10


@dataclass(frozen=True, slots=True)
class StripMarks:
    """What stands in the line beside the columns, as cells of it."""

    errors: Collection[int] = ()
    selected: int | None = None
    window: tuple[int, int] | None = None
    """First and last cell of the part that is shown; None: all of it."""


def strip_cells(width: int, whole: int, symbols: Symbols) -> int:
    """Cells of the columns in a line of `width`; 0: there is no room."""
    cells = width - LEAD - len(_label(whole, symbols)) - 4  # `0`, two blanks, and one before the line between panes
    return cells if cells >= _LEAST_CELLS else 0


def levels_of(running: Sequence[float], touched: Sequence[bool]) -> list[int]:
    """Height of each column in eighths; nothing ran: 0, anything did: at least 1."""
    most = max(_FULL_FROM, max(running, default=0.0))
    return [
        0 if not any_ else max(1, min(LEVELS, round(LEVELS * value / most)))
        for value, any_ in zip(running, touched, strict=True)
    ]


def strip_pieces(levels: Sequence[int], marks: StripMarks, whole: int, symbols: Symbols) -> list[Piece]:
    """The line; `levels` has as many columns as `strip_cells` said."""
    pieces: list[Piece] = [(" " * LEAD + "0 ", "muted")]
    first, last = marks.window or (0, len(levels) - 1)
    for cell, level in enumerate(levels):
        glyph, style = (symbols.density[level - 1] if level else " "), "muted"
        if marks.window is not None and cell in (first - 1, last + 1):
            glyph, style = "[" if cell < first else "]", "strong bold"
        elif marks.window is not None and first <= cell <= last:
            style = "text"
        if cell in marks.errors:
            glyph, style = symbols["error"], "status-error"
        if cell == marks.selected:
            style = "selected"
        pieces.append((glyph, style))
    pieces.append((f" {_label(whole, symbols)}", "muted"))
    return merged(pieces)


def _label(whole: int, symbols: Symbols) -> str:
    return text.duration(whole, symbols)

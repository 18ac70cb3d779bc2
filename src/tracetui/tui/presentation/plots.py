"""Plots as pieces of text: parts of a whole, columns over time or over calls, a spread, a length.

Pure functions of numbers, each giving exactly the cells that it was asked for. Every plot is legible without colour: parts
differ by density, what failed has a mark of its own. ASCII draws whole cells, and leaves out what it has no glyphs for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Final

from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width
from tracetui.tui.presentation.pieces import Piece

PART_STYLES: Final = {
    "model": "kind-llm",
    "tool": "kind-tool",
    "retrieval": "kind-retrieval",
    "own": "kind-step",
    "idle": "muted",
}
_EIGHTHS: Final = 8
_SCALE_GAP: Final = 2


def shares(parts: Sequence[tuple[str, int]], width: int, symbols: Symbols) -> list[Piece]:
    """One bar of `width` cells that is the whole, its parts side by side; each has a cell at least where there is room."""
    cells = _apportioned([ns for _, ns in parts], max(0, width))
    return [
        (symbols[f"share_{word}"] * amount, PART_STYLES[word])
        for (word, _), amount in zip(parts, cells, strict=True)
        if amount
    ]


def _apportioned(amounts: Sequence[int], width: int) -> list[int]:
    """Whole cells for parts, which add up to `width`: rounded at their edges, then one at least for each."""
    whole = sum(amounts)
    if whole <= 0:
        return [0] * len(amounts)
    edges, upto = [0], 0
    for amount in amounts:
        upto += amount
        edges.append((upto * width * 2 + whole) // (whole * 2))
    cells = [edges[at + 1] - edges[at] for at in range(len(amounts))]
    for at, amount in enumerate(amounts):
        largest = max(range(len(cells)), key=cells.__getitem__)
        if amount > 0 and not cells[at] and cells[largest] > 1:
            cells[at] += 1
            cells[largest] -= 1
    return cells


def spread(counts: Sequence[int], symbols: Symbols) -> str:
    """A cell for each bin, its height by how many are in it; blank where none is. Nothing in ASCII."""
    if not symbols.columns:
        return ""
    most, steps = max(counts, default=0) or 1, len(symbols.columns)
    return "".join(symbols.columns[max(0, -(-count * steps // most) - 1)] if count else " " for count in counts)


def length(part: float, cells: int, symbols: Symbols) -> str:
    """A bar of a part (0 to 1) of `cells` cells, at least an eighth of one, with blanks behind it."""
    filled = max(1, round(min(max(part, 0.0), 1.0) * cells * _EIGHTHS))
    whole, rest = divmod(filled, _EIGHTHS)
    bar = symbols.eighths[-1] * whole + (symbols.eighths[rest - 1] if rest else "")
    return bar.ljust(cells)


def regrouped(values: Sequence[int], width: int, how: Callable[[Sequence[int]], int] = max) -> list[int]:
    """At most `width` values: of each group of neighbours one, the largest or what `how` says."""
    count = min(max(1, width), len(values))
    return [how(values[at * len(values) // count : (at + 1) * len(values) // count]) for at in range(count)]


def columns(
    values: Sequence[int],
    rows: int,
    symbols: Symbols,
    style: str = "kind-llm",
    *,
    marked: Collection[int] = (),
    most: int | None = None,
    wide: int = 1,
    gap: int = 0,
) -> list[list[Piece]]:
    """One column a value, `rows` lines from the top down, the largest as high as there is room.

    Args:
        values: What is drawn; `regrouped` makes them as few as fit.
        rows: Lines.
        symbols: What to draw with: eighths of a line, in ASCII whole ones.
        style: Style of a column.
        marked: Places of the columns that are red.
        most: What reaches to the top; None: the largest value.
        wide: Cells of a column.
        gap: Blanks behind each.
    """
    most = max(most or 0, max(values, default=0), 1)
    steps = len(symbols.columns) or 1
    heights = [0 if value <= 0 else max(1, round(value * rows * steps / most)) for value in values]
    lines = []
    for row in range(rows - 1, -1, -1):
        cells: list[Piece] = []
        for at, height in enumerate(heights):
            part = min(max(height - row * steps, 0), steps)
            glyph = " " if not part else symbols.columns[part - 1] if symbols.columns else symbols["bar_full"]
            cells.append((glyph * wide + " " * gap, "status-error" if at in marked else style))
        lines.append(_joined(cells))
    return lines


def pairs(
    whole: Sequence[int], part: Sequence[int], rows: int, symbols: Symbols, wide: int = 1, gap: int = 1
) -> list[list[Piece]]:
    """Two columns side by side for each place: the whole in muted, and of it what failed, in red."""
    both = [number for pair in zip(whole, part, strict=True) for number in pair]
    red = range(1, len(both), 2)
    lines = []
    for line in columns(both, rows, symbols, "muted", marked=red, wide=wide):
        cells = "".join(text for text, _ in line)
        spaced: list[Piece] = []
        for at in range(0, len(cells), 2 * wide):
            spaced.append((cells[at : at + wide], "muted"))
            spaced.append((cells[at + wide : at + 2 * wide], "status-error"))
            spaced.append((" " * gap, ""))
        lines.append(_joined(spaced))
    return lines


def with_scale(lines: Sequence[list[Piece]], labels: tuple[str, str, str]) -> list[list[Piece]]:
    """A scale at the left of columns: what the top, the middle and the bottom stand for."""
    cells = max(map(cell_width, labels))
    top, middle, bottom = labels
    shown = {0: top, len(lines) // 2: middle if len(lines) > 2 else "", len(lines) - 1: bottom}
    return [[(shown.get(at, "").rjust(cells) + " " * _SCALE_GAP, "muted"), *line] for at, line in enumerate(lines)]


def marks_below(marks: Sequence[tuple[int, Piece, str]], width: int) -> list[Piece]:
    """Marks below columns, each at its place with its words behind it, as far as the next one leaves room.

    Args:
        marks: Place, mark of one cell, words.
        width: Cells of the line.
    """
    ordered = sorted(marks, key=lambda mark: mark[0])
    line: list[Piece] = []
    used = 0
    for number, (place, mark, words) in enumerate(ordered):
        if place < used or place >= width:
            continue
        line += [(" " * (place - used), ""), mark]
        used = place + 1
        following = min((at for at, _, _ in ordered[number + 1 :] if at >= used), default=width)
        if words and used + 1 + cell_width(words) < following + (following == width):
            line.append((f" {words}", "muted"))
            used += 1 + cell_width(words)
    return line


def _joined(cells: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one style as one piece."""
    return [("".join(text for text, _ in group), style) for style, group in groupby(cells, key=lambda piece: piece[1])]

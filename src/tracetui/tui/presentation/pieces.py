"""Lines made of pieces: how wide they are, how they are cut, and two of them at the ends of one line.

A piece is a text, already safe, and the name of its style; `widgets.line_view` turns pieces into what Textual draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cell_width, cut

Piece = tuple[str, str]
"""Text and the name of its style."""


def width_of(pieces: Iterable[Piece]) -> int:
    """Cells of a line of pieces."""
    return sum(cell_width(text) for text, _ in pieces)


def cut_pieces(pieces: Iterable[Piece], cells: int, symbols: Symbols = UNICODE) -> list[Piece]:
    """As much of `pieces` as fits in `cells`, the last one cut with a mark."""
    kept: list[Piece] = []
    for text, style in pieces:
        width = cell_width(text)
        if width > cells:
            if cells > 0:
                kept.append((cut(text, cells, symbols=symbols), style))
            break
        kept.append((text, style))
        cells -= width
    return kept


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int, symbols: Symbols = UNICODE) -> list[Piece]:
    """`left` at the left and `right` at the right end of `width` cells; the right one goes first when both are long."""
    taken = width_of(right)
    if taken > width:
        return cut_pieces(right, width, symbols)
    room = width - taken - (2 if right else 0)
    shown = cut_pieces(left, max(0, room), symbols)
    return [*shown, (" " * (width - taken - width_of(shown)), ""), *right]


def first_that_fits(candidates: Iterable[list[Piece]], width: int, symbols: Symbols = UNICODE) -> list[Piece]:
    """The first candidate of at most `width` cells; the last one, cut, if none is."""
    shown: list[Piece] = []
    for shown in candidates:
        if width_of(shown) <= width:
            return shown
    return cut_pieces(shown, width, symbols)

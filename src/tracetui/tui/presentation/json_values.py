"""Values of JSON in one row: scalars, and the beginning of what is folded. Nothing recurses with the depth of a value."""

from __future__ import annotations

from itertools import islice
from typing import Final

from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.pieces import Piece, cut_pieces
from tracetui.tui.presentation.wrap import one_line

_PREVIEW_LEVELS: Final = 3


def scalar(value: object, cells: int, symbols: Symbols = UNICODE) -> Piece:
    """A string, number or word of JSON in at most `cells` cells."""
    match value:
        case str():
            return f'"{one_line(value, max(1, cells - 2), symbols)}"', "code-string"
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[value], "code-keyword"
        case int():
            return cut(_whole(value), cells, symbols=symbols), "code-number"
        case float():
            return cut(repr(value), cells, symbols=symbols), "code-number"
    return one_line(repr(value)[: 4 * cells + 64], cells, symbols), "muted"


def _whole(value: int) -> str:
    """Python refuses to print integers of more than 4,300 digits."""
    return str(value) if value.bit_length() < 8_192 else f"{'-' if value < 0 else ''}2^{value.bit_length() - 1}+"


def clip_label(label: str, width: int) -> str:
    """A key beside its value: at most 40 % of the width."""
    room = max(4, width * 2 // 5)
    return one_line(label, room)


def preview(value: object, cells: int, symbols: Symbols = UNICODE) -> list[Piece]:
    """The beginning of a container in at most `cells` cells: `[ { role: "user", …`."""
    cells = max(6, cells)
    if isinstance(value, (dict, list, tuple)) and not value:
        return [("{}" if isinstance(value, dict) else "[]", "muted")]
    pieces: list[Piece] = []
    used = 0
    for piece in _tokens(value, cells, symbols):
        pieces.append(piece)
        used += cell_width(piece[0])
        if used > cells:
            break
    return cut_pieces(pieces, cells, symbols)


def _tokens(value: object, cells: int, symbols: Symbols) -> list[Piece]:
    """The first tokens of a value, three levels deep: enough for one row, whatever the value holds."""
    pieces: list[Piece] = []
    budget = cells
    stack: list[tuple[Piece | None, object, int]] = [(None, value, 0)]
    while stack and budget > 0:
        piece, item, level = stack.pop()
        if piece is None and isinstance(item, (dict, list, tuple)):
            if item and level < _PREVIEW_LEVELS:
                stack.extend(reversed(_inner(item, level, cells, symbols)))
                continue
            folded = symbols.cut if item else ""
            piece = (f"{{{folded}}}" if isinstance(item, dict) else f"[{folded}]", "muted")
        elif piece is None:
            piece = scalar(item, cells, symbols)
        pieces.append(piece)
        budget -= len(piece[0])
    return pieces


def _inner(
    item: dict[object, object] | list[object] | tuple[object, ...], level: int, cells: int, symbols: Symbols
) -> list[tuple[Piece | None, object, int]]:
    """What stands between the brackets of a container, as far as it can matter for `cells` cells."""
    opening, closing = ("{ ", " }") if isinstance(item, dict) else ("[ ", " ]")
    inner: list[tuple[Piece | None, object, int]] = [((opening, "muted"), None, level)]
    for number, entry in enumerate(islice(item, cells)):
        if number:
            inner.append(((", ", "muted"), None, level))
        if isinstance(item, dict):
            inner.append(((f"{one_line(str(entry), 24, symbols)}: ", "muted"), None, level))
            inner.append((None, item[entry], level + 1))
        else:
            inner.append((None, entry, level + 1))
    inner.append(((closing, "muted"), None, level))
    return inner

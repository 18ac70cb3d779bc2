"""Rows of the view by name as pieces: a name with the figures of its spans, and one of its spans. Texts are safe already."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.columns import GAP, KIND_WORDS_FROM, LEAD
from tracetui.tui.presentation.pieces import Piece, width_of
from tracetui.tui.presentation.rows import (
    ERROR,
    MUTED,
    OPEN,
    SpanRow,
    about_piece,
    highlighted,
    kind_style,
    lead_pieces,
    merged,
)

if TYPE_CHECKING:
    from tracetui.core.analysis.name_table import NameRow

_OWN_SHARE: Final = "own %"
"""Own time as a part of the run's."""
_CELLS: Final = {
    "count": 5,
    "errors": 4,
    "total": 6,
    "own": 6,
    _OWN_SHARE: 5,
    "p50": 6,
    "p95": 6,
    "max": 6,
    "tokens": 6,
    "cost": 6,
}
"""The columns from left to right."""
_FIRST: Final = ("count", "total", "errors", "p95", _OWN_SHARE, "max", "own", "p50", "tokens", "cost")
"""The columns in the order in which they are given room."""
_LEAST_NAME: Final = 22
_OFFSET: Final = 7


@dataclass(frozen=True, slots=True)
class NameColumns:
    """The columns that there is room for, and the cells of the name."""

    name: int
    shown: tuple[str, ...]

    @property
    def has_kind_words(self) -> bool:
        """Whether the rows carry the word of their kind."""
        return self.name >= KIND_WORDS_FROM


@lru_cache(maxsize=256)
def name_columns(width: int, sorting: str = "") -> NameColumns:
    """The columns of a pane of `width` cells; count, and the one it is sorted by, are there first."""
    room = width - LEAD - 1
    shown: list[str] = []
    for column in dict.fromkeys(("count", *((sorting,) if sorting in _CELLS else ()), *_FIRST)):
        needed = _CELLS[column] + GAP
        if room - needed < (_LEAST_NAME if len(shown) > 1 else 12):
            break
        shown.append(column)
        room -= needed
    return NameColumns(max(1, room), tuple(column for column in _CELLS if column in shown))


def name_headings(columns: NameColumns, sorting: str, symbols: Symbols) -> list[Piece]:
    """The headings; that of the column it is sorted by stands out."""
    pieces: list[Piece] = [(" " * LEAD + "name".ljust(columns.name), "strong" if sorting == "name" else MUTED)]
    for column in columns.shown:
        heading = symbols["error"] if column == "errors" else column
        pieces.append((heading.rjust(GAP + _CELLS[column]), "strong bold" if column == sorting else MUTED))
    return merged(pieces)


def name_pieces(
    row: NameRow,
    name: str,
    wall: int | None,
    columns: NameColumns,
    symbols: Symbols,
    *,
    selected: bool,
    focused: bool,
    is_open: bool,
    hits: tuple[tuple[int, int], ...] = (),
) -> list[Piece]:
    """A name with the figures of its spans; `name` is what it is called, safe."""
    lane = "error" if row.errors else "open" if row.open else ""
    pieces = lead_pieces(lane, "", symbols, selected, focused)
    kind = row.kind.name
    pieces += [
        (symbols["fold_open" if is_open else "fold_closed"] + " ", MUTED),
        (symbols[kind] + " ", kind_style(kind)),
    ]
    if columns.has_kind_words:
        pieces.append((kind + " ", MUTED))
    room = max(1, LEAD + columns.name - width_of(pieces))
    shown = cut(name, room, symbols=symbols)
    style = ("selected" if focused else "beside") if selected else ""
    pieces += [*highlighted(shown, hits, style), (" " * (room - cell_width(shown)), "")]
    for column in columns.shown:
        figure, style = _figure(column, row, wall, symbols)
        pieces.append((text.fit(figure, GAP + _CELLS[column], align="right", symbols=symbols), style))
    return merged(pieces)


def _figure(column: str, row: NameRow, wall: int | None, symbols: Symbols) -> Piece:
    match column:
        case "count":
            return text.count(row.count), ""
        case "errors":
            return (f"{symbols['error']}{text.count(row.errors)}" if row.errors else ""), ERROR
        case "tokens":
            said = text.marked(text.tokens(row.tokens, symbols), partial=row.tokens_partial, symbols=symbols)
            return (said if row.tokens is not None else ""), MUTED
        case "cost":
            said = text.marked(text.cost(row.cost, symbols), row.cost_computed, row.cost_partial, symbols)
            return (said if row.cost is not None else ""), MUTED
        case column if column == _OWN_SHARE:
            has = bool(wall) and row.own is not None
            return (text.share((row.own or 0) / (wall or 1)) if has else ""), MUTED
    took: int | None = getattr(row, column)
    return text.duration(took, symbols), ("" if column == "total" else MUTED)


def member_pieces(
    row: SpanRow, columns: NameColumns, symbols: Symbols, *, selected: bool, focused: bool
) -> list[Piece]:
    """One of the spans of a name: when, what it was about, how long."""
    pieces = lead_pieces(row.lane, "", symbols, selected, focused, row.marked)
    offset = "" if row.start is None else text.offset(row.start, symbols)
    pieces.append(("  " + text.fit(offset, _OFFSET, align="right", symbols=symbols) + "  ", MUTED))
    room = max(1, LEAD + columns.name - width_of(pieces))
    about = about_piece(row.about or row.name, room, symbols) or cut(row.name, room, symbols=symbols)
    style = ("selected" if focused else "beside") if selected else MUTED
    pieces += [(about, style), (" " * (room - cell_width(about)), "")]
    tone = {"error": ERROR, "open": OPEN}.get(row.tone, "")
    for column in columns.shown:
        figure, said = "", MUTED
        if column == "total":
            figure, said = text.marked(text.duration(row.time, symbols), row.time_computed, symbols=symbols), tone
        elif column == "tokens" and row.tokens is not None:
            figure = text.tokens(row.tokens, symbols)
        elif column == "cost" and row.cost is not None:
            figure = text.marked(text.cost(row.cost, symbols), row.cost_computed, row.cost_partial, symbols)
        pieces.append((text.fit(figure, GAP + _CELLS[column], align="right", symbols=symbols), said))
    return merged(pieces)

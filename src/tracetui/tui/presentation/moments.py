"""Rows of the view in time order as pieces: when, what, about what, how long. Pure functions; texts are safe already."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tracetui.core import text
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.columns import COST, GAP, KIND_WORDS_FROM, LEAD, START, TIME, TOKENS
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.presentation.rows import (
    ERROR,
    MUTED,
    WARNING,
    SpanRow,
    about_piece,
    event_style,
    figure_pieces,
    highlighted,
    kind_style,
    lead_pieces,
    merged,
    name_style,
)

CLOCK: Final = 8
_CLOCK_FROM: Final = 90
_START_FROM: Final = 36
_TOKENS_FROM: Final = 72
_COST_FROM: Final = 80
_LEAST_NAME: Final = 8


@dataclass(frozen=True, slots=True)
class MomentColumns:
    """Cells of each column, 0 where there is none."""

    clock: int
    start: int
    name: int
    time: int
    tokens: int
    cost: int

    @property
    def has_kind_words(self) -> bool:
        """Whether the rows carry the word of their kind."""
        return self.name >= KIND_WORDS_FROM


@lru_cache(maxsize=64)
def moment_columns(width: int, has_times: bool, has_clock: bool) -> MomentColumns:
    """The columns of a pane of `width` cells; without times there is nothing to say when."""
    clock = CLOCK if has_times and has_clock and width >= _CLOCK_FROM else 0
    start = START if has_times and width >= _START_FROM else 0
    tokens = TOKENS if width >= _TOKENS_FROM else 0
    cost = COST if width >= _COST_FROM else 0
    beside = sum(GAP + cells for cells in (clock, start, TIME, tokens, cost) if cells)
    return MomentColumns(clock, start, max(1, width - LEAD - beside - 1), TIME, tokens, cost)


@dataclass(frozen=True, slots=True)
class EndRow:
    """The end of a span: what it ended as is said by its lane and its time."""

    kind: str
    name: str
    lane: str = ""
    time: int | None = None
    is_cause: bool = False
    is_computed: bool = False


@dataclass(frozen=True, slots=True)
class MomentEvent:
    """An event of the list."""

    cls: str
    text: str


def moment_headings(columns: MomentColumns) -> list[Piece]:
    """The headings of the columns."""
    line = " " * LEAD
    if columns.clock:
        line += "at".ljust(columns.clock + GAP)
    if columns.start:
        line += "start".rjust(columns.start) + " " * GAP
    line += "name".ljust(columns.name)
    for word, cells in (("time", columns.time), ("tokens", columns.tokens), ("cost", columns.cost)):
        if cells:
            line += word.rjust(GAP + cells)
    return [(line, MUTED)]


def moment_pieces(
    row: SpanRow | EndRow | MomentEvent,
    clock: str,
    since: int | None,
    columns: MomentColumns,
    symbols: Symbols,
    *,
    selected: bool,
    focused: bool,
    marked: bool = False,
) -> list[Piece]:
    """A row of the list.

    Args:
        row: The start of a span, the end of one, or an event.
        clock: Wall time, as text.
        since: Since the start of the run, ns; None without times.
        columns: The columns of this width.
        symbols: The set in use.
        selected: The cursor is on it.
        focused: The pane has the focus.
        marked: It has a bookmark.
    """
    lane = ("error" if row.cls == "error" else "") if isinstance(row, MomentEvent) else row.lane
    style = WARNING if isinstance(row, SpanRow) and row.tone == "gone" else ""
    pieces = lead_pieces(lane, style, symbols, selected, focused, marked)
    if columns.clock:
        pieces.append((clock.ljust(columns.clock)[: columns.clock] + " " * GAP, MUTED))
    if columns.start:
        offset = "" if since is None else text.offset(since, symbols)
        pieces.append((text.fit(offset, columns.start, align="right", symbols=symbols) + " " * GAP, MUTED))
    if isinstance(row, MomentEvent):
        return merged([*pieces, *_event(row, columns, symbols, selected, focused)])
    if isinstance(row, EndRow):
        return merged([*pieces, *_end(row, columns, symbols, selected, focused)])
    pieces += _name(row, columns, symbols, selected, focused)
    return merged([*pieces, *figure_pieces(row, 0, columns.time, columns.tokens, columns.cost, symbols)])


def _name(row: SpanRow, columns: MomentColumns, symbols: Symbols, selected: bool, focused: bool) -> list[Piece]:
    before: list[Piece] = [(symbols[row.kind], kind_style(row.kind)), (" ", "")]
    if columns.has_kind_words:
        before.append((row.kind + " ", MUTED))
    room = max(1, columns.name - width_of(before))
    name = cut(row.name, room, symbols=symbols)
    pieces = [*before, *highlighted(name, row.hits, name_style(row, selected, focused))]
    room -= cell_width(name)
    if about := about_piece(row.about, room - GAP, symbols):
        pieces.append((" " * GAP + about, MUTED))
        room -= GAP + cell_width(about)
    return [*pieces, (" " * room, "")]


def _end(row: EndRow, columns: MomentColumns, symbols: Symbols, selected: bool, focused: bool) -> list[Piece]:
    kind = f"{row.kind} " if columns.has_kind_words else ""
    before: list[Piece] = [(f"{symbols[row.kind]} end of {kind}", MUTED)]
    room = max(_LEAST_NAME, columns.name - width_of(before))
    name = cut(row.name, room, symbols=symbols)
    style = ("selected" if focused else "beside") if selected else MUTED
    figure = text.marked(text.duration(row.time, symbols), row.is_computed, symbols=symbols)
    blanks = " " * max(0, room - cell_width(name))
    shown = text.fit(figure, GAP + columns.time, align="right", symbols=symbols)
    return [*before, (name, style), (blanks, ""), (shown, ERROR if row.is_cause else MUTED)]


def _event(row: MomentEvent, columns: MomentColumns, symbols: Symbols, selected: bool, focused: bool) -> list[Piece]:
    room = columns.name + sum(GAP + cells for cells in (columns.time, columns.tokens, columns.cost) if cells) - 2
    head, gap, rest = row.text.partition("  ")
    style = "" if row.cls in ("error", "retry") else MUTED
    if selected:
        style = "selected" if focused else "beside"
    told: list[Piece] = [(head or row.cls, style), (gap + rest, MUTED)]
    return [(symbols[row.cls] + " ", event_style(row.cls)), *cut_pieces(told, room, symbols)]

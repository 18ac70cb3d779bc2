"""Lanes of parallel work as pieces: bars with names inside, one lane a row. Pure functions.

A bar of two cells and more is reversed and holds as much of its name as fits; its first cell has a thin line, so that bars
that touch are told apart without colour. A shorter one is drawn to eighths of its cell. The selected bar stands in
brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, fit
from tracetui.tui.presentation.columns import GAP, LEAD
from tracetui.tui.presentation.pieces import Piece, width_of
from tracetui.tui.presentation.rows import ERROR, LANE_STYLES, MUTED, SELECTED, SELECTED_ELSEWHERE, kind_style, merged

_NUMBER: Final = 4
_LEAST_LABEL, _MOST_LABEL = 12, 24
_WIDE: Final = 100


@dataclass(frozen=True, slots=True)
class LaneColumns:
    """The columns of a timeline: cells of each."""

    label: int
    bars: int

    @property
    def bars_at(self) -> int:
        """Where the bars begin."""
        return LEAD + self.label + GAP


@dataclass(frozen=True, slots=True)
class LaneBar:
    """One span in its lane."""

    first: int
    """Cell in which it begins."""
    last: int
    """The cell behind it; at least one more than `first`."""
    eighths: int
    """How much of a single cell it fills; of a longer one without meaning."""
    name: str
    """Safe."""
    style: str
    is_failed: bool = False
    end: str = ""
    """Word of the mark at its end: `now` for one that is open, `gone` where its writer is gone."""
    is_selected: bool = False
    cut_before: bool = False
    """It began before what is shown."""
    cut_after: bool = False


@dataclass(frozen=True, slots=True)
class LaneRow:
    """What stands before the bars of a lane."""

    number: int
    """From 1."""
    agent: str = ""
    """Name of the agent whose first lane this is; safe."""
    word: str = ""
    """Of the status lane: `error` or `open`."""


def lane_columns(width: int, has_agents: bool) -> LaneColumns:
    """The columns of a pane of `width` cells; agents are named where there are any."""
    label = max(_LEAST_LABEL, min(_MOST_LABEL, width // 4)) if has_agents else _NUMBER
    return LaneColumns(label, max(1, width - LEAD - label - GAP - (1 if width >= _WIDE else 0)))


def lane_headings(columns: LaneColumns, axis: str) -> list[Piece]:
    """The line above the lanes."""
    return [(" " * LEAD + fit("lane", columns.label) + " " * GAP + axis, MUTED)]


def lane_pieces(
    row: LaneRow, bars: Iterable[LaneBar], columns: LaneColumns, symbols: Symbols, *, selected: bool, focused: bool
) -> list[Piece]:
    """A lane; bars are ascending and do not overlap."""
    gutter: Piece = (" ", "")
    if selected:
        gutter = (symbols["gutter_focused" if focused else "gutter"], "accent" if focused else MUTED)
    lane: Piece = (symbols[row.word], LANE_STYLES[row.word]) if row.word else (" ", "")
    pieces = [gutter, lane, (" ", ""), *_label(row, columns, symbols), (" " * GAP, "")]
    at = 0
    for bar in bars:
        pieces += [(" " * (bar.first - at), ""), (_drawn(bar, symbols), _style(bar, focused))]
        at = bar.last
    return merged(pieces)


def _label(row: LaneRow, columns: LaneColumns, symbols: Symbols) -> list[Piece]:
    number = str(row.number)
    if not row.agent:
        return [(fit(number, columns.label, align="right", symbols=symbols), MUTED)]
    head: list[Piece] = [(symbols["agent"], kind_style("agent")), (" ", "")]
    room = columns.label - width_of(head) - len(number) - 1
    name = cut(row.agent, max(1, room), symbols=symbols)
    return [*head, (name, ""), (" " * (room + 1 - cell_width(name)), ""), (number, MUTED)]


def _drawn(bar: LaneBar, symbols: Symbols) -> str:
    cells = bar.last - bar.first
    if cells == 1:
        return symbols.eighths[max(1, min(bar.eighths, 8)) - 1]
    start, end = (
        symbols["cut_before"] if bar.cut_before else symbols["bar_least"],
        symbols["cut_after"] if bar.cut_after else symbols[bar.end] if bar.end else "",
    )
    if bar.is_selected:
        start, end = "[" if not bar.cut_before else start, end or "]"
    name = f"{symbols['error']} {bar.name}" if bar.is_failed else bar.name
    return start + fit(name if cells > _LEAST_NAMED else "", cells - 1 - len(end), symbols=symbols) + end


_LEAST_NAMED: Final = 3


def _style(bar: LaneBar, focused: bool) -> str:
    if bar.is_selected:
        return SELECTED if focused or bar.last - bar.first > 1 else SELECTED_ELSEWHERE
    style = ERROR if bar.is_failed else bar.style
    return style if bar.last - bar.first == 1 else f"{style} reverse"


def without_overlaps(bars: Sequence[LaneBar]) -> list[LaneBar]:
    """Bars in order of their cells; of those that begin in one cell the selected one, else the longest, is drawn."""
    kept: list[LaneBar] = []
    for bar in sorted(bars, key=lambda bar: (bar.first, bar.is_selected, bar.last)):
        if kept and kept[-1].first == bar.first:
            kept.pop()
        if kept and kept[-1].last > bar.first:
            kept[-1] = _shortened(kept[-1], bar.first)
        kept.append(bar)
    return kept


def _shortened(bar: LaneBar, last: int) -> LaneBar:
    from dataclasses import replace

    return replace(bar, last=last, eighths=8, cut_after=False)

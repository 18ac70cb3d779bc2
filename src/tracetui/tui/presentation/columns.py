"""Which columns the rows of the span tree have, by the width of the pane; pure figures, no drawing.

The name is given what the figures and the bar leave; status, symbol, 12 cells of name and the time are never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LEAD: Final = 3
"""Cells before the name column: gutter, status lane, a blank."""
GAP: Final = 2
"""Blanks before each figure column and the bar; a mark in front of a figure may use them."""
START: Final = 7
TIME: Final = 6
TOKENS: Final = 6
COST: Final = 6
KIND_WORDS_FROM: Final = 36
"""Cells of the name column from which on all rows carry the word of their kind."""
HEADINGS_FROM: Final = 14
"""Rows of the pane from which on the columns have headings."""

# (from this width on, columns beside the name, cells of the bar)
_SPANS: Final[tuple[tuple[int, frozenset[str], int], ...]] = (
    (100, frozenset(("start", "tokens", "cost")), 26),
    (90, frozenset(("tokens", "cost")), 20),
    (72, frozenset(("tokens",)), 18),
    (54, frozenset(), 17),
    (40, frozenset(), 10),
    (0, frozenset(), 0),
)
_WIDE: Final = 100
WIDTHS: Final = tuple(least for least, _, _ in _SPANS)
"""Widths from which on there are more columns, the widest first."""


@dataclass(frozen=True, slots=True)
class SpanColumns:
    """The columns of a spans pane: cells of each, 0 where there is none."""

    width: int
    """All cells of a row."""
    name: int
    """The name column, which begins at `LEAD`."""
    start: int
    time: int
    tokens: int
    cost: int
    bar: int
    bar_at: int
    """Where the bar column begins; where there is none, the end of the row."""

    @property
    def has_kind_words(self) -> bool:
        """Whether the rows carry the word of their kind: all of them or none."""
        return self.name >= KIND_WORDS_FROM

    @property
    def most_indent(self) -> int:
        """Cells that indentation may take; deeper rows show their depth as a number."""
        return self.name // 3


@lru_cache(maxsize=64)
def span_columns(width: int, waterfall: bool = True, times: bool = True) -> SpanColumns:
    """The columns of a spans pane of `width` cells; without `waterfall` or without `times` there is no bar."""
    shown, bar = next((shown, bar) for least, shown, bar in _SPANS if width >= least)
    start = START if times and "start" in shown else 0
    tokens = TOKENS if "tokens" in shown else 0
    cost = COST if "cost" in shown else 0
    bar = bar if waterfall and times else 0
    beside = sum(GAP + cells for cells in (start, TIME, tokens, cost, bar) if cells)
    # A wide pane has a divider at its right, and a bar that touches it reads badly.
    spare = 1 if width >= _WIDE else 0
    name = max(1, width - LEAD - beside - spare)
    return SpanColumns(width, name, start, TIME, tokens, cost, bar, width - spare - bar if bar else width)

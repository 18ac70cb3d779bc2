"""Which panes are shown at a size of the terminal, and how large each is: pure figures, no widget.

Wide: three panes side by side. Medium: spans above detail, the runs as a drawer over both. Small: one pane at a time. Below
40x10 nothing is shown but one line that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tracetui.tui.presentation.columns import WIDTHS

PaneName = Literal["runs", "spans", "detail"]
PANES: Final[tuple[PaneName, ...]] = ("runs", "spans", "detail")

WIDE_FROM: Final = 120
MEDIUM_FROM: Final = 80
LEAST_WIDTH: Final = 40
LEAST_HEIGHT: Final = 10
RUNS_GROW_FROM: Final = 160
"""Columns of the terminal from which on the names of runs get more of them."""
_DIVIDERS: Final = 2
RULE_FROM: Final = 30
"""Rows of the terminal from which on a rule stands above the chips."""

Mode = Literal["wide", "medium", "small", "none"]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where everything is. Widths and heights are cells; 0: what the others leave."""

    mode: Mode
    panes: tuple[PaneName, ...]
    """The panes that are shown, in order."""
    runs_width: int = 0
    detail_width: int = 0
    spans_height: int = 0
    has_rule: bool = False


def mode_of(width: int, height: int) -> Mode:
    """How much room there is."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return "none"
    return "wide" if width >= WIDE_FROM else "medium" if width >= MEDIUM_FROM else "small"


def _runs_width(width: int, detail: int) -> int:
    """A fifth of the screen; of a wide one a quarter, as far as that takes no column from the spans."""
    runs = min(42, max(25, round(width * 0.2)))
    if width < RUNS_GROW_FROM:
        return runs
    left = width - detail - _DIVIDERS
    kept = next(least for least in WIDTHS if left - runs >= least)
    return max(runs, min(48, round(width * 0.24), left - kept))


def arrange(width: int, height: int, active: PaneName, *, drawer: bool, maximised: bool, alone: bool) -> Arrangement:
    """The arrangement at a size.

    Args:
        width: Columns of the terminal.
        height: Rows of the terminal.
        active: The pane that has the focus.
        drawer: The runs were called up over spans and detail (medium only).
        maximised: Only the active pane is wanted.
        alone: There is no run: only the runs pane has something to say.
    """
    mode = mode_of(width, height)
    has_rule = height >= RULE_FROM
    if mode == "none":
        return Arrangement(mode, ())
    if alone:
        return Arrangement(mode, ("runs",), has_rule=has_rule)
    if maximised or mode == "small":
        return Arrangement(mode, (active,), has_rule=has_rule)
    if mode == "wide":
        detail = min(70, max(37, round(width * 0.27)))
        runs = _runs_width(width, detail)
        return Arrangement(mode, PANES, runs, detail, has_rule=has_rule)
    if drawer:
        return Arrangement(mode, ("runs",), has_rule=has_rule)
    # Header, chips and footer take three rows, and the rule one more.
    spans = round((height - 3 - has_rule) * 0.55)
    return Arrangement(mode, ("spans", "detail"), spans_height=spans, has_rule=has_rule)

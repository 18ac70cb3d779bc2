"""To the gaps of a span, the longest first: time in which none of its children ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracetui.core import text
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.symbols import Symbols
from tracetui.tui.presentation.bars import CONTAINERS
from tracetui.tui.presentation.time_window import showing

if TYPE_CHECKING:
    from tracetui.tui.widgets.span_data import SpanData


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap as it is gone to."""

    row: int
    """Span that ended it; of a gap at the end of its parent the span before it."""
    length: int
    number: int
    """From 1, by length."""
    of: int
    holder: int
    """Row of the span whose gap it is."""

    def words(self, name: str, symbols: Symbols) -> str:
        """`idle 40.1s in gather_sources, longest of 3 gaps`."""
        which = "the only gap" if self.of == 1 else f"gap {self.number} of {self.of} by length"
        return f"idle {text.duration(self.length, symbols)} in {name}: {which}"


class GapJumps:
    """Where the last jump to a gap led, so that the next one goes on from there."""

    def __init__(self) -> None:
        self._last: Gap | None = None

    def next(self, data: SpanData, selected: int) -> Gap | None:
        """The longest gap of the selected span, else of the nearest span above it that has any; then the next one."""
        last, tree = self._last, data.tree
        if last is not None and last.row == selected and tree.position(last.holder) >= 0:
            holder, number = tree.position(last.holder), last.number
        else:
            holder, number = self._holder(data, tree.position(selected)), 0
        gaps = self._gaps(data, holder) if holder >= 0 else []
        if not gaps:
            return None
        low, high = gaps[number % len(gaps)]
        self._last = Gap(
            self._row_at(data, holder, low, high), high - low, number % len(gaps) + 1, len(gaps), tree.row(holder)
        )
        self._show(data, low, high)
        return self._last

    def _holder(self, data: SpanData, position: int) -> int:
        """The position itself or the nearest above it that has a gap; -1 without one."""
        if position < 0:
            return -1
        around = [*data.tree.ancestors(position), position]
        return next((at for at in reversed(around) if self._gaps(data, at)), -1)

    def _gaps(self, data: SpanData, position: int) -> list[tuple[int, int]]:
        spans, row = data.session.store.spans, data.tree.row(position)
        start, end = spans.start[row], spans.end[row]
        if start == NO_TIME or Kind(spans.kind[row]) not in CONTAINERS or data.tree.size(position) == 1:
            return []
        gaps = data.axis.busy(position).gaps(start, max(start, data.run.last_time if end == NO_TIME else end))
        return sorted(gaps, key=lambda gap: gap[0] - gap[1])

    def _row_at(self, data: SpanData, holder: int, low: int, high: int) -> int:
        import numpy as np

        spans, rows = data.session.store.spans, data.tree.rows()[data.tree.children(holder)]
        start, end = spans.np("start")[rows], spans.np("end")[rows]
        after = np.flatnonzero(start >= high)
        if len(after):
            return int(rows[after[np.argmin(start[after])]])
        before = np.flatnonzero((end != NO_TIME) & (end <= low))
        return int(rows[before[np.argmax(end[before])]]) if len(before) else data.tree.row(holder)

    def _show(self, data: SpanData, low: int, high: int) -> None:
        window, begin = data.axis.window, data.tree.extent[0]
        if window is not None:
            data.axis.show(showing(window, low - begin, high - begin, data.axis.whole))

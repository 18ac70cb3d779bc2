"""What the line over the whole run says: found out once for each change and width, of a large run beside the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from textual.widget import Widget

from tracetui.core.model import NO_TIME
from tracetui.tui.presentation.bars import cell_of
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.run_strip import StripMarks, levels_of, strip_cells, strip_pieces
from tracetui.tui.widgets.run_study import MANY_SPANS

if TYPE_CHECKING:
    from tracetui.core.analysis.density import Density
    from tracetui.tui.widgets.span_data import SpanData

STRIP_AT: Final = 1
"""Line of the pane in which it stands."""
STRIP_FROM: Final = 8
"""Spans of a run from which on there is something to survey."""
EVERY_S: Final = 1.0
"""Of a large run it is found out anew no sooner than this, s."""

_Key = tuple[int, int]
"""Length of the axis, cells."""


class RunStrip:
    """The line of one open run. `forget` is to be called whenever the store changed."""

    def __init__(self, data: SpanData) -> None:
        self.data = data
        self._key: _Key | None = None
        self._levels: list[int] = []
        self._errors: frozenset[int] = frozenset()
        self._is_stale = True
        self._made_at = float("-inf")

    def forget(self) -> None:
        """The store changed."""
        self._is_stale = True

    def pieces(self, width: int, selected: tuple[int, int] | None) -> list[Piece]:
        """The line in `width` cells; `selected` is when what is selected ran, ns since the axis begins."""
        data, axis = self.data, self.data.axis
        symbols, whole = data.session.symbols, axis.whole
        cells = strip_cells(width, whole, symbols)
        if not cells:
            return []
        key = (whole, cells)
        self._is_stale |= self._key != key
        if self._is_stale and data.tree.count <= MANY_SPANS:
            self._put(key, self.job(cells)())
        is_known, window = self._key == key, axis.window
        shown = None
        if window is not None:
            shown = (cell_of(window.begin, whole, cells), cell_of(window.end - 1, whole, cells))
        at = None if selected is None else cell_of(selected[0], whole, cells)
        marks = StripMarks(self._errors if is_known else (), at, shown)
        return strip_pieces(self._levels if is_known else [0] * cells, marks, whole, symbols)

    def cell(self, width: int, selected: tuple[int, int] | None) -> int | None:
        """The cell in which the line marks what is selected."""
        whole = self.data.axis.whole
        cells = strip_cells(width, whole, self.data.session.symbols)
        return None if selected is None or not cells else cell_of(selected[0], whole, cells)

    # ------------------------------------------------------------ finding it out

    def waits(self, width: int) -> int:
        """Cells for which a large run is to be looked at now, beside the screen; 0: not now."""
        data = self.data
        if not self._is_stale or data.tree.count <= MANY_SPANS or data.session.is_reading:
            return 0
        if time.monotonic() - self._made_at < EVERY_S:
            return 0
        self._made_at = time.monotonic()
        return strip_cells(width, data.axis.whole, data.session.symbols)

    def job(self, cells: int) -> Callable[[], Density]:
        """What finds it out, with copies of all that it needs: it may be called in a thread."""
        from functools import partial

        from tracetui.core.analysis.busy import holders
        from tracetui.core.analysis.density import density

        tree, store = self.data.tree, self.data.session.store
        spans = store.spans
        rows = tree.rows()
        start, end = spans.np("start")[rows], spans.np("end")[rows]
        works = ~holders(store, tree) & (start != NO_TIME)
        self._is_stale = False
        begin, whole = tree.extent[0], self.data.axis.whole
        return partial(_found, density, start, end, works, self.data.run.last_time, begin, whole, cells)

    def put(self, cells: int, found: Density) -> None:
        """This was found out."""
        self._put((self.data.axis.whole, cells), found)

    def _put(self, key: _Key, found: Density) -> None:
        self._key, self._is_stale = key, False
        self._levels = levels_of(found.running.tolist(), found.touched.tolist())
        whole, cells = key
        spans, tree, axis = self.data.session.store.spans, self.data.tree, self.data.axis
        at = (axis.since_begin(spans.end[tree.row(position)]) for position in self.data.study.causes())
        self._errors = frozenset(cell_of(time, whole, cells) for time in at if time is not None)


def _found(
    density: Callable[..., Density], start: Any, end: Any, works: Any, newest: int, begin: int, whole: int, cells: int
) -> Density:
    import numpy as np

    start, end = start[works], end[works]
    return density(start, np.where(end == NO_TIME, np.maximum(start, newest), end), begin, whole, cells)


def look_soon(widget: Widget, strip: RunStrip, width: int, done: Callable[[], None]) -> None:
    """Find out beside the screen what the line over a large run says, if that is to be found out now."""
    cells = strip.waits(width)
    if cells:
        widget.run_worker(_look(strip, cells, done), group="strip", exclusive=True)


async def _look(strip: RunStrip, cells: int, done: Callable[[], None]) -> None:
    import asyncio

    strip.put(cells, await asyncio.to_thread(strip.job(cells)))
    done()

"""What the line over the whole run says: found out once for each change and width, of a large run beside the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from tracetui.core.model import NO_TIME
from tracetui.tui.presentation.bars import cell_of
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.run_strip import StripMarks, levels_of, strip_cells, strip_pieces
from tracetui.tui.widgets.run_study import MANY_SPANS

if TYPE_CHECKING:
    from tracetui.core.analysis.density import Density
    from tracetui.core.store import Store
    from tracetui.core.store.preorder import Preorder
    from tracetui.tui.widgets.span_data import SpanData

STRIP_AT: Final = 1
"""Line of the pane in which it stands."""
STRIP_FROM: Final = 8
"""Spans of a run from which on there is something to survey."""
EVERY_S: Final = 1.0
"""Of a large run it is found out anew no sooner than this, s."""

_Key = tuple[int, int]
"""Length of the axis, cells."""
_Found = tuple["Density", frozenset[int]]
"""How much ran, and in which cells something failed."""


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

    def job(self, cells: int) -> Callable[[], _Found]:
        """What finds it out: it may be called in a thread that looks at the store."""
        from functools import partial

        tree, run = self.data.tree, self.data.run
        self._is_stale = False
        time = (tree.extent[0], self.data.axis.whole, cells)
        return partial(_found, self.data.session.store, tree.preorder(), self.data.study.causes(), run.last_time, time)

    def put(self, cells: int, found: _Found) -> None:
        """This was found out."""
        self._put((self.data.axis.whole, cells), found)

    def _put(self, key: _Key, found: _Found) -> None:
        running, self._errors = found
        self._key, self._is_stale = key, False
        self._levels = levels_of(running.running.tolist(), running.touched.tolist())


def _found(store: Store, tree: Preorder, causes: list[int], newest: int, time: tuple[int, int, int]) -> _Found:
    """How much ran in each cell of a time (its begin, its length, cells), and the cells in which something failed."""
    import numpy as np

    from tracetui.core.analysis.busy import holders
    from tracetui.core.analysis.density import density

    begin, whole, cells = time
    spans = store.spans
    start, end = spans.np("start")[tree.order], spans.np("end")[tree.order]
    works = ~holders(store, tree) & (start != NO_TIME)
    failed = end[causes]
    failed = failed[failed != NO_TIME] - begin
    start, end = start[works], end[works]
    running = density(start, np.where(end == NO_TIME, np.maximum(start, newest), end), begin, whole, cells)
    # The first moment of each cell, in integers of any size: see `cell_of`.
    edges = np.asarray([-(-cell * whole // cells) for cell in range(cells)], np.int64)
    return running, frozenset(np.maximum(edges.searchsorted(failed, "right") - 1, 0).tolist())


def look_soon(widget: Widget, strip: RunStrip, width: int, done: Callable[[], None]) -> None:
    """Find out beside the screen what the line over a large run says, if that is to be found out now."""
    cells = strip.waits(width)
    if cells:
        widget.run_worker(_look(strip, cells, done), group="strip", exclusive=True)


async def _look(strip: RunStrip, cells: int, done: Callable[[], None]) -> None:
    import asyncio

    job, session = strip.job(cells), strip.data.session

    def find() -> _Found:
        with session.looking():
            return job()

    strip.put(cells, await asyncio.to_thread(find))
    done()

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
        self.is_looked_at = False
        """A thread is finding it out, or will in a moment."""

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
            self.put(key, self.job(key)())
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

    def waits(self, width: int) -> _Key | None:
        """What a large run is to be looked at for, beside the screen; None: nothing is to be found out."""
        data = self.data
        if not self._is_stale or data.tree.count <= MANY_SPANS or data.session.is_reading:
            return None
        whole = data.axis.whole
        cells = strip_cells(width, whole, data.session.symbols)
        return (whole, cells) if cells else None

    @property
    def rest_s(self) -> float:
        """Until it may be found out anew, s."""
        return max(0.0, self._made_at + EVERY_S - time.monotonic())

    def job(self, key: _Key) -> Callable[[], _Found]:
        """What finds it out: it may be called in a thread that looks at the store."""
        from functools import partial

        tree, run = self.data.tree, self.data.run
        self._is_stale, self._made_at = False, time.monotonic()
        span = (tree.extent[0], *key)
        return partial(_found, self.data.session.store, tree.preorder(), self.data.study.causes(), run.last_time, span)

    def put(self, key: _Key, found: _Found) -> None:
        """This was found out; the store may have changed since it was asked for."""
        running, self._errors = found
        self._key = key
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


def look_soon(widget: Widget, strip: RunStrip, done: Callable[[], None]) -> None:
    """Find out beside the screen what the line over a large run says, and again as long as the run changes meanwhile."""
    if not strip.is_looked_at and strip.waits(widget.size.width) is not None:
        strip.is_looked_at = True
        widget.run_worker(_look(widget, strip, done), group="strip")


async def _look(widget: Widget, strip: RunStrip, done: Callable[[], None]) -> None:
    import asyncio

    session = strip.data.session

    def find(job: Callable[[], _Found]) -> _Found:
        with session.looking():
            return job()

    try:
        while (key := strip.waits(widget.size.width)) is not None:
            if rest := strip.rest_s:
                await asyncio.sleep(rest)
                continue
            strip.put(key, await asyncio.to_thread(find, strip.job(key)))
            done()
    finally:
        strip.is_looked_at = False

"""The time axis of the open run: how long it is, which part of it is shown, and what ran when inside a span.

Tree and timeline share one for each run, so that what is zoomed in the one is zoomed in the other.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Final

from tracetui.core.model import NO_TIME, RunStatus
from tracetui.core.run_status import silence
from tracetui.tui.presentation import bars
from tracetui.tui.presentation.time_window import Window, fitted, following, window_words
from tracetui.tui.session import Session

if TYPE_CHECKING:
    from tracetui.core.analysis.busy import Busy
    from tracetui.core.store import Run
    from tracetui.core.store.run_tree import RunTree

_LIVE: Final = (RunStatus.running, RunStatus.stalled)
_MOST_KEPT: Final = 4_000
"""Spans whose insides are remembered."""

_HELD: Final = 0.5
"""Share of a cell from which on it is that of the work inside."""

Cells = list[tuple[int, int]]
"""Cells of a bar, from and to."""


class TimeAxis:
    """The axis of one run.

    Args:
        session: Store and clock.
        tree: The run as a tree.
        run: The run.
        windows: Where the window of each run is kept by its row, for as long as the screen is open.
    """

    def __init__(self, session: Session, tree: RunTree, run: Run, windows: MutableMapping[int, Window]) -> None:
        self.session = session
        self.tree = tree
        self.run = run
        self._windows = windows
        self._busy: dict[tuple[int, bool], Busy] = {}
        self._cells: dict[tuple[int, int, Window, int], Cells] = {}

    # ------------------------------------------------------------ how long it is

    @property
    def is_live(self) -> bool:
        """The run may still be written."""
        return self.session.status(self.run).status in _LIVE

    @property
    def silent_ns(self) -> int:
        """How long nothing came, on our clock."""
        return silence(self.run, self.session.now_ns()) or 0

    @property
    def now_ns(self) -> int | None:
        """The moment now on the producer's clock: its newest record, and how long we have seen nothing since."""
        if self.run.last_time == NO_TIME:
            return None
        if not self.is_live:
            return self.run.last_time
        return self.run.last_time + self.silent_ns

    @property
    def has_times(self) -> bool:
        """Whether there is an axis."""
        return self.tree.has_times

    def since_begin(self, time_ns: int) -> int | None:
        """A time as ns since the axis begins."""
        begin = self.tree.extent[0]
        return None if time_ns == NO_TIME or begin == NO_TIME else time_ns - begin

    @property
    def whole(self) -> int:
        """Length of the whole axis, ns; a live one grows in steps."""
        begin, end = self.tree.extent
        now, is_live = self.now_ns, self.is_live
        return bars.axis_length((max(end, now) if is_live and now is not None else end) - begin, is_live)

    # ------------------------------------------------------------ what is shown of it

    @property
    def window(self) -> Window | None:
        """The part that is shown; None: all of it."""
        window = self._windows.get(self.run.row)
        return None if window is None else fitted(window, self.whole)

    @property
    def view(self) -> Window:
        """The part that is shown, which may be all."""
        window = self._windows.get(self.run.row)
        whole = self.whole
        return (window and fitted(window, whole)) or Window(0, whole)

    def show(self, window: Window | None) -> bool:
        """Show another part; None: all. False: that is what is shown already."""
        if window == self.window:
            return False
        self._windows.pop(self.run.row, None)
        if window is not None:
            self._windows[self.run.row] = window
        return True

    def follow(self) -> bool:
        """Move the window on, if now has left it. False: it stays."""
        now = self.since_begin(self.now_ns) if self.now_ns is not None else None
        window = self.window
        return window is not None and now is not None and self.show(following(window, now))

    def words(self) -> str:
        """`2m04s–3m35s of 12m41s` where a part is shown, else nothing."""
        window = self.window
        return "" if window is None else window_words(window, self.whole, self.session.symbols)

    # ------------------------------------------------------------ inside a span

    def forget(self) -> None:
        """What runs inside spans is another by now."""
        self._busy.clear()
        self._cells.clear()

    def busy(self, position: int, *, without_plain: bool = False) -> Busy:
        """When children of a span ran, on the producer's clock."""
        key = (self.tree.row(position), without_plain)
        busy = self._busy.get(key)
        if busy is None:
            from tracetui.core.analysis.busy import busy_inside

            if len(self._busy) >= _MOST_KEPT:
                self._busy.clear()
            busy = busy_inside(self.session.store, self.tree, position, without_plain=without_plain)
            self._busy[key] = busy
        return busy

    def idle_cells(self, position: int, view: Window, width: int) -> Cells:
        """Cells of the bar of a container in which nothing ran inside it."""
        return self._found(position, view, width, without_plain=False)

    def held_cells(self, position: int, view: Window, width: int) -> Cells:
        """Cells of the bar of other work in which, for at least half of its time there, work inside it ran."""
        return self._found(position, view, width, without_plain=True)

    def _found(self, position: int, view: Window, width: int, *, without_plain: bool) -> Cells:
        row = self.tree.row(position)
        key = (row, width, view, int(without_plain))
        found = self._cells.get(key)
        if found is None:
            if len(self._cells) >= _MOST_KEPT:
                self._cells.clear()
            spans = self.session.store.spans
            start, end = spans.start[row], spans.end[row]
            end = self.run.last_time if end == NO_TIME else end
            busy = self.busy(position, without_plain=without_plain)
            share = busy.shares(self.tree.extent[0] + view.begin, view.length, width, start, end)
            cells = (share >= _HELD if without_plain else share == 0).nonzero()[0].tolist()
            found = self._cells[key] = [(cell, cell + 1) for cell in cells]
        return found

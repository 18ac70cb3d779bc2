"""How a run is shown first: what of its tree is open, and which row is selected.

All of it looks only at the store, so a run of a million spans is made ready in a thread (under `Session.looking`) while the
run before it stays on the screen.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.model import EventClass, Kind, RunStatus
from tracetui.tui.presentation.columns import HEADINGS_FROM
from tracetui.tui.presentation.time_window import Window
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import Scroll
from tracetui.tui.widgets.run_strip import STRIP_FROM
from tracetui.tui.widgets.run_study import LIVE
from tracetui.tui.widgets.span_data import SpanData

if TYPE_CHECKING:
    from tracetui.core.store import Run

LARGE_FROM: Final = 50_000
"""Spans from which on a run is made ready in a thread: a smaller one is there within 50 ms."""
ALL_CLASSES: Final = frozenset(EventClass)


def is_large(run: Run) -> bool:
    """Whether a run is to be made ready in a thread."""
    return run.span_count + sum(run.class_counts) > LARGE_FROM


@dataclass(frozen=True, slots=True)
class Chips:
    """What the chips that are on show; both empty: everything."""

    kinds: frozenset[Kind] = frozenset()
    classes: frozenset[EventClass] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.kinds or self.classes)

    def choose(self, data: SpanData) -> None:
        """Show what they say; without chips a run that has only events shows all of them."""
        classes = self.classes if self or data.tree.count else ALL_CLASSES
        if self or classes != data.shown_classes or data.tree.has_chips:
            data.tree.set_chips(self.kinds, classes)
            data.shown_classes = classes


@dataclass(frozen=True, slots=True)
class Start:
    """Where one stands in a run that was just opened."""

    index: int
    """Of the visible row that is selected."""
    scroll: Scroll = "auto"
    following: bool = False


@dataclass(frozen=True, slots=True)
class ReadyRun:
    """A run that can be shown."""

    data: SpanData
    start: Start
    chips: Chips
    """Those that it was opened with."""
    height: int
    """Lines there were to show it in; 0: none yet."""


def made_ready(
    session: Session, run: Run, windows: MutableMapping[int, Window], chips: Chips, height: int, *, waterfall: bool
) -> ReadyRun:
    """Open a run; what its first screen needs is found out with it."""
    from tracetui.core.store.run_tree import RunTree

    tree = RunTree(session.store, run.row, session.costs)
    data = SpanData(session, tree, run, windows)
    chips.choose(data)
    room = page_height(data, height, waterfall=waterfall)
    start = opened_well(data, room)
    if is_large(run):
        data.warm(range(max(0, start.index - room), start.index + room))
    return ReadyRun(data, start, chips, height)


def has_strip(data: SpanData, *, waterfall: bool) -> bool:
    """Whether the line over the whole run stands above its rows."""
    return waterfall and data.axis.has_times and data.tree.count >= STRIP_FROM


def page_height(data: SpanData, height: int, *, waterfall: bool) -> int:
    """Rows that fit into so many lines, below what is pinned; at least 1."""
    pinned = 1
    if height >= HEADINGS_FROM and len(data.tree):
        pinned += 1 + has_strip(data, waterfall=waterfall)
    return max(1, height - pinned)


def opened_well(data: SpanData, room: int) -> Start:
    """Open what is worth seeing first, then as many levels as there is room for.

    A failed run starts at its first cause, a running one at its newest span, followed, any other one at its root.
    """
    status, tree = data.status, data.tree
    if status is RunStatus.running:
        return Start(newest_index(data), following=True)
    wanted = data.study.first_cause()
    if wanted is None and status in (*LIVE, RunStatus.unfinished):
        wanted = data.study.newest()
    if status is RunStatus.ok or wanted is None:
        return Start(0, "top")
    _open_levels(data, room)
    index = tree.reveal(wanted)
    if index >= 0 and data.has_only_events(index):
        tree.expand(index)
    return Start(max(0, index), "center")


def newest_index(data: SpanData) -> int:
    """The visible row of the newest span, with its ancestors open; of a run that has only events, its last one."""
    newest = data.study.newest_below_roots()
    index = len(data.tree) - 1
    if newest is not None:
        data.tree.reveal(newest)
        index = data.tree.index_of(newest, nearest=True)
    return max(0, index)


def _open_levels(data: SpanData, room: int) -> None:
    """Open whole levels from the root down while they fit."""
    tree = data.tree
    tree.collapse_all()
    while tree.expand_level(1):
        if len(tree) > room:
            tree.expand_level(-1)
            return

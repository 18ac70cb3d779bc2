"""The open run as the screen shows it: which rows of its tree are visible, in what order, and what folding does to them.

Stands between the store's columns and the span tree widget. Holds preorder arrays (15 bytes a span) and, only while something
is folded or filtered, the list of visible rows. Everything expanded is no list at all, so opening all of a million spans is a
matter of one array.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind
from tracetui.core.store.folds import Folds, first_folds, unfolded
from tracetui.core.store.leaves import Leaves
from tracetui.core.store.preorder import Preorder, Rows
from tracetui.core.store.rollups import Rollup, Rollups
from tracetui.core.store.shape import Bools, Ints, prefix

if TYPE_CHECKING:
    from tracetui.core.pricing import Costs
    from tracetui.core.store.change import Change
    from tracetui.core.store.store import Store

REBUILD_SHARE = 2
"""A batch of more than one new span to so many old ones is not spliced in: building anew costs no more."""

ALL_CLASSES = frozenset(EventClass)

_FEW = 8
"""The ancestors of so few spans are found faster one by one."""

_TOLD = int(Flag.announced | Flag.invented)

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Item:
    """One visible row."""

    kind: Literal["span", "event"]
    row: int
    """Span row, or event row."""
    depth: int
    position: int
    """In the tree; of an event: its span's, -1 for an event of the run."""
    has_children: bool
    """There is something to fold."""
    expanded: bool
    context: bool
    """Kept only because something below it was asked for."""
    orphan: bool
    """A parent that was named and never recorded: a placeholder for it."""
    cut: bool
    """Its recorded parents go round in a circle."""


class RunTree:
    """The spans of one run in preorder, with folding, chips and roll-ups. Positions are places in the whole tree."""

    def __init__(self, store: Store, run: int, costs: Costs | None = None) -> None:
        self._store = store
        self._costs = costs
        self.run = run
        self._tree = Preorder.of_run(store, run)
        self._kinds: frozenset[Kind] = frozenset()
        self._classes: frozenset[EventClass] = frozenset()
        self._mask: Bools | None = None
        self._event_mask: Bools | None = None
        """Of each event row whether a filter leaves it; those that came later are left out."""
        self._names_events = False
        self._keep: Bools | None = None
        self._chosen_folds: Folds | None = None
        """Folds while chips or a mask are on: all open at first, so that what was asked for is seen."""
        self._plain_folds = first_folds(self._tree)
        self._visible: Ints | None = None
        """Display ids of the visible rows, ascending; None: all of them."""
        self._leaves = Leaves.none()
        self._events_seen = 0
        self._rollups: Rollups | None = None
        self._extent: tuple[int, int] | None = None
        self._loading = not store.runs[run].complete
        self._revealed: list[int] = []
        """Spans revealed while loading."""
        self._look()

    # -- the tree ------------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Spans in it, placeholders included."""
        return len(self._tree)

    @property
    def nbytes(self) -> int:
        """Bytes that its arrays take."""
        parts = (self._plain_folds, self._chosen_folds, self._visible, self._mask, self._keep, self._event_mask)
        return self._tree.nbytes + self._leaves.nbytes + sum(part.nbytes for part in parts if part is not None)

    def depth(self, position: int) -> int:
        """Levels above it: 0 for a root."""
        return int(self._tree.depth[position])

    def size(self, position: int) -> int:
        """Spans in its subtree, itself included."""
        return int(self._tree.size[position])

    def row(self, position: int) -> int:
        """The span row at a position."""
        return int(self._tree.order[position])

    def position(self, span_row: int) -> int:
        """Where a span stands, -1 if it is not in the tree."""
        return self._tree.position(span_row)

    def positions(self, span_rows: Rows) -> Ints:
        """Where spans stand, -1 for those that are not in the tree."""
        return self._tree.positions(span_rows)

    def rows(self) -> Ints:
        """Span rows in tree order. Not to be written to; stale after ``update``."""
        return self._tree.order

    def preorder(self) -> Preorder:
        """The spans in tree order as they are now, whatever is taken in later."""
        return copy(self._tree)

    def parent_position(self, position: int) -> int:
        """Where the parent stands, -1 for a root."""
        return self._tree.parent(position)

    def ancestors(self, position: int) -> list[int]:
        """Positions from the root down to the parent."""
        return self._tree.ancestors(position)

    def children(self, position: int) -> Ints:
        """Positions of the children, ascending."""
        first, last = position + 1, position + self.size(position)
        below = self._tree.depth[first:last] == self.depth(position) + 1
        return np.flatnonzero(below).astype(np.int32) + np.int32(first)

    def sizes(self) -> Ints:
        """Spans in the subtree of each position. Not to be written to; stale after ``update``."""
        return self._tree.size

    def leading_to(self, marked: Bools) -> Bools:
        """For each position: whether something in its subtree is marked, itself included."""
        return self._tree.held(marked)

    # -- visible rows --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._tree) + len(self._leaves) if self._visible is None else len(self._visible)

    def __getitem__(self, index: int) -> Item:
        display = self._display(index)
        event = self._leaves.find(display)
        if event >= 0:
            leaves = self._leaves
            at, depth = int(leaves.owner[event]), int(leaves.depth[event])
            return Item("event", int(leaves.rows[event]), depth, at, False, False, False, False, False)
        at = self._leaves.span_at(display)
        row, foldable = self.row(at), self._foldable(at)
        orphan = not self._store.spans.flags[row] & _TOLD
        expanded = foldable and bool(self._folds[at])
        return Item(
            "span", row, self.depth(at), at, foldable, expanded, not self._matches(at), orphan, row in self._tree.cut
        )

    def index_of(self, span_row: int, nearest: bool = False) -> int:
        """The visible row of a span, -1 if it is hidden; with ``nearest`` that of its nearest visible ancestor."""
        position = self._tree.position(span_row)
        return -1 if position < 0 else self._index_of(position, nearest)

    def index_of_event(self, event_row: int, nearest: bool = False) -> int:
        """The visible row of an event, -1 if it is hidden; with ``nearest`` that of its span or its ancestor."""
        found = np.flatnonzero(self._leaves.rows == event_row)
        index = self._index(int(self._leaves.ids[found[0]])) if len(found) else -1
        if index >= 0 or not nearest:
            return index
        span = self._store.events.span[event_row]
        return self.index_of(span, nearest=True) if span >= 0 else -1

    def _index_of(self, position: int, nearest: bool) -> int:
        index = self._index(self._leaves.id_of(position))
        if index >= 0 or not nearest:
            return index
        for above in reversed(self._tree.ancestors(position)):
            index = self._index(self._leaves.id_of(above))
            if index >= 0:
                return index
        return -1

    def _display(self, index: int) -> int:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"row {index} of {count}")
        index %= count
        return index if self._visible is None else int(self._visible[index])

    def _index(self, display: int) -> int:
        if self._visible is None:
            return display
        index = int(self._visible.searchsorted(np.int32(display)))
        return index if index < len(self._visible) and self._visible[index] == display else -1

    def _foldable(self, position: int) -> bool:
        size = self.size(position)
        first, last = self._leaves.inside(position, size, self.depth(position))
        if last > first:
            return True
        if self._keep is None:
            return size > 1
        return bool(self._keep[position + 1 : position + size].any())

    # -- folding -------------------------------------------------------------------------------------------------------

    @property
    def _folds(self) -> Folds:
        return self._plain_folds if self._chosen_folds is None else self._chosen_folds

    def toggle(self, index: int) -> bool:
        """Fold or unfold a visible row. False: there is nothing to fold."""
        item = self[index]
        return self.collapse(index) if item.expanded else self.expand(index)

    def expand(self, index: int) -> bool:
        """Show what a row holds. False: nothing changed."""
        item = self[index]
        if not item.has_children or item.expanded:
            return False
        self._loading = False
        self._folds[item.position] = 1
        self._open(index, item.position)
        return True

    def collapse(self, index: int) -> bool:
        """Hide what a row holds. False: nothing changed."""
        item = self[index]
        if not item.expanded:
            return False
        self._loading = False
        self._folds[item.position] = 0
        self._close(index, item.position)
        return True

    def expand_subtree(self, index: int) -> bool:
        """Show everything below a row. False: it is an event or holds nothing."""
        return self._fold_subtree(index, 1)

    def collapse_subtree(self, index: int) -> bool:
        """Fold a row and everything below it. False: it is an event or holds nothing."""
        return self._fold_subtree(index, 0)

    def expand_level(self, step: int) -> bool:
        """One level more (+1: the least deep rows that are folded) or less (-1: the deepest that are open)."""
        shown = self._shown()
        foldable = shown[self._foldable_many(shown)]
        among = foldable[self._folds[foldable] == (0 if step > 0 else 1)]
        if not len(among):
            return False
        self._loading = False
        levels = self._tree.depth[among]
        self._folds[among[levels == (levels.min() if step > 0 else levels.max())]] = 1 if step > 0 else 0
        self._see()
        return True

    def expand_all(self) -> None:
        """Unfold everything."""
        self._loading = False
        self._folds[:] = 1
        self._see()

    def collapse_all(self) -> None:
        """Fold everything down to the roots."""
        self._loading = False
        self._folds[:] = 0
        self._see()

    def reveal(self, span_row: int) -> int:
        """Unfold what hides a span; returns its visible row, -1 if chips or a mask keep it out."""
        position = self._tree.position(span_row)
        if position < 0:
            return -1
        if self._loading:
            self._revealed.append(span_row)
        above = self._tree.ancestors(position)
        if above and not self._folds[above].all():
            self._folds[above] = 1
            self._see()
        return self._index_of(position, nearest=False)

    def open_path(self, span_rows: Iterable[int]) -> None:
        """Unfold only what leads to some spans; all else is folded."""
        at = self._tree.positions(np.fromiter(span_rows, np.int32))
        self._loading = False
        self._folds[:] = self._above(at[at >= 0])
        self._see()

    def _above(self, positions: Ints) -> Bools:
        """Of each position whether one of these is below it."""
        if len(positions) <= _FEW:
            found = np.zeros(len(self._tree), np.bool_)
            for position in positions.tolist():
                found[self._tree.ancestors(position)] = True
            return found
        marks = np.zeros(len(self._tree), np.bool_)
        marks[positions] = True
        found, sums = np.zeros(len(self._tree), np.bool_), prefix(marks)
        # Most spans of a large tree are leaves, with nothing below them.
        inner = np.flatnonzero(self._tree.size > 1)
        found[inner] = sums[inner + self._tree.size[inner]] > sums[inner + 1]
        return found

    def _fold_subtree(self, index: int, fold: int) -> bool:
        item = self[index]
        if not item.has_children:
            return False
        self._loading = False
        at = item.position
        self._close(index, at)
        self._folds[at : at + self.size(at)] = fold
        if fold:
            self._open(index, at)
        return True

    def _open(self, index: int, position: int) -> None:
        """Put the visible rows below a row after it."""
        visible = self._listed()
        inner = self._ids(position + 1, position + self.size(position), *self._events_in(position))
        self._visible = np.concatenate((visible[: index + 1], inner, visible[index + 1 :]))
        self._tidy()

    def _close(self, index: int, position: int) -> None:
        """Take the visible rows below a row out."""
        visible = self._listed()
        first, last = self._events_in(position)
        end = self._leaves.id_of(position) + self.size(position) + (last - first)
        stop = int(visible.searchsorted(np.int32(end)))
        self._visible = np.concatenate((visible[: index + 1], visible[stop:]))
        self._tidy()

    def _events_in(self, position: int) -> tuple[int, int]:
        return self._leaves.inside(position, self.size(position), self.depth(position))

    def _listed(self) -> Ints:
        return np.arange(len(self), dtype=np.int32) if self._visible is None else self._visible

    def _tidy(self) -> None:
        if self._visible is not None and len(self._visible) == len(self._tree) + len(self._leaves):
            self._visible = None

    def _open_as_loaded(self) -> None:
        """While its files are read for the first time and nobody has folded anything, a run opens as if it were all there."""
        if not self._loading:
            return
        self._plain_folds = first_folds(self._tree)
        for row in self._revealed:
            self._plain_folds[self._tree.ancestors(self._tree.position(row))] = 1
        self._loading = not self._store.runs[self.run].complete

    # -- chips and masks -----------------------------------------------------------------------------------------------

    def set_chips(self, kinds: Collection[Kind], classes: Collection[EventClass]) -> None:
        """Show only spans of these kinds and events of these classes, with their ancestors; none of both: no chips."""
        self._kinds, self._classes = frozenset(kinds), frozenset(classes)
        self._choose()

    def set_mask(self, mask: Bools | None, events: Bools | None = None, *, names_events: bool = False) -> None:
        """Show only the positions where ``mask`` is true, with their ancestors; spans that come later are left out.

        Args:
            mask: By position; None: no mask.
            events: By event row, which of them are left; None: all of the spans that are.
            names_events: Show those events whatever their class (with chips: of the classes of these).
        """
        self._mask = None if mask is None else np.asarray(mask, np.bool_).copy()
        self._event_mask = None if mask is None or events is None else events
        self._names_events = names_events and self._event_mask is not None
        self._choose()

    def open_matches(self) -> None:
        """Unfold everything that chips and mask leave."""
        if self._chosen_folds is not None:
            self._chosen_folds[:] = 1
            self._see()

    def first_match(self, position: int = 0) -> int:
        """The first position from ``position`` on that chips and mask ask for (or an event of it), else the first of all."""
        marked = np.flatnonzero(self._marked())
        if self._chosen_folds is None or not len(marked):
            return -1
        at = int(marked.searchsorted(position))
        return int(marked[at if at < len(marked) else 0])

    @property
    def has_mask(self) -> bool:
        """Whether a mask is on."""
        return self._mask is not None

    @property
    def has_chips(self) -> bool:
        """Whether any chip is on."""
        return bool(self._kinds or self._classes)

    def asked_for(self) -> tuple[Bools | None, frozenset[EventClass] | None]:
        """What chips and mask ask for themselves, ancestors left out: positions, and classes of events.

        None for positions: all of them. None for classes: no chip is on, so that nothing is said of events.
        """
        if not self.has_chips:
            return self._mask, None
        marked: Bools = self._tree.of_kinds(self._store, self._kinds)
        return (marked if self._mask is None else marked & self._mask), self._classes

    def asked_events(self) -> tuple[Bools | None, bool]:
        """Which events a filter leaves, by event row (None: those of the spans that it leaves), and whatever their class."""
        return self._event_mask, self._names_events

    def _choose(self) -> None:
        chosen = self.has_chips or self._mask is not None
        if not chosen:
            self._chosen_folds = None
        elif self._chosen_folds is None:
            self._chosen_folds = np.ones(len(self._tree), np.uint8)
        self._look()

    def _matches(self, position: int) -> bool:
        if self._mask is not None and not self._mask[position]:
            return False
        return not self.has_chips or self._store.spans.kind[self.row(position)] in self._kinds

    def _marked(self) -> Bools | Ints:
        """How many matches each position is: the span itself and its shown events."""
        count = len(self._tree)
        if self.has_chips:
            marked: Bools | Ints = self._tree.of_kinds(self._store, self._kinds)
            if self._mask is not None:
                marked = marked & self._mask
        else:
            marked = self._mask if self._mask is not None else np.ones(count, np.bool_)
        held = self._leaves.owner[self._leaves.owner >= 0]
        return marked + np.bincount(held, minlength=count) if len(held) else marked

    def _look(self) -> None:
        """Find events, what is kept, and what is visible, from the columns as they are."""
        classes = self._classes if self.has_chips else ALL_CLASSES if self._names_events else {EventClass.error}
        among = self._mask if self._event_mask is None else None
        self._leaves = Leaves.of_run(self._store, self.run, self._tree, classes, among, self._event_mask)
        self._events_seen = len(self._store.events)
        self._keep = None if self._chosen_folds is None else self._tree.held(self._marked())
        self._see()

    # -- what is visible -----------------------------------------------------------------------------------------------

    def _see(self) -> None:
        if self._keep is None and bool(self._folds.all()):
            self._visible = None
            return
        self._visible = self._ids(0, len(self._tree), 0, len(self._leaves))
        self._tidy()

    def _shown(self) -> Ints:
        """Positions of the visible spans."""
        spans = self._visible_spans(0, len(self._tree))
        return np.arange(len(self._tree), dtype=np.int32) if spans is None else np.flatnonzero(spans).astype(np.int32)

    def _visible_spans(self, begin: int, end: int) -> Bools | None:
        """Which positions of a range no fold within the range hides and chips keep; None: all of them."""
        kept = None if self._keep is None else self._keep[begin:end]
        open_ = unfolded(self._tree, self._folds, begin, end)
        return kept if open_ is None else open_ if kept is None else open_ & kept

    def _ids(self, begin: int, end: int, first: int, last: int) -> Ints:
        """Display ids of what is visible among positions ``begin`` to ``end`` and events ``first`` to ``last``."""
        seen = self._visible_spans(begin, end)
        spans = np.arange(begin, end) if seen is None else np.flatnonzero(seen) + begin
        ids = self._leaves.ids_of(spans.astype(np.int32))
        if first == last:
            return ids
        owner = self._leaves.owner[first:last]
        shown = (owner < 0) | (np.append(self._folds, 1)[owner] == 1)
        inner = owner >= begin
        if seen is not None:
            shown[inner] &= seen[owner[inner] - begin]
        return np.sort(np.concatenate((ids, self._leaves.ids[first:last][shown])), kind="stable")

    def _foldable_many(self, positions: Ints) -> Bools:
        """Which spans hold something: other spans, or shown events."""
        below = self._tree.size[positions]
        if self._keep is not None:
            sums = prefix(self._keep)
            below = sums[positions + below] - sums[positions]
        own = np.zeros(len(self._tree) + 1, np.bool_)
        own[self._leaves.owner] = True
        return np.asarray((below > 1) | own[positions])

    # -- following -----------------------------------------------------------------------------------------------------

    def update(self, change: Change) -> bool:
        """Take in what the store was told. True: rows came, went or moved. Folds stay; new spans are open."""
        if self.run not in change.runs and self.run not in change.reset:
            return False
        self._extent = None
        if self._is_told_of(change):
            self._rollups = None
        fresh = self._fresh(change)
        moved = self._reshape(change, fresh)
        self._open_as_loaded()
        if moved or self._chosen_folds is not None or self._has_new_leaves(change):
            self._look()
            return True
        return False

    def _reshape(self, change: Change, fresh: Ints) -> bool:
        """Bring the tree up to date. True: it is not as it was."""
        by_time = self._store.runs[self.run].order_by_time
        if self.run in change.reset or len(fresh) * REBUILD_SHARE > len(self._tree):
            return self._rebuild()
        if len(fresh):
            splice = self._tree.grow(self._store, fresh)
            if splice is None:
                return self._rebuild()
            open_ = np.ones(len(fresh), np.uint8)
            self._plain_folds = splice.into(self._plain_folds, open_)
            if self._chosen_folds is not None:
                self._chosen_folds = splice.into(self._chosen_folds, open_)
            if self._mask is not None:
                self._mask = splice.into(self._mask, np.zeros(len(fresh), np.bool_))
        if by_time and (len(fresh) or change.touched) and not self._tree.in_time_order(self._store):
            return self._rebuild()
        return bool(len(fresh))

    def _rebuild(self) -> bool:
        """Build the tree anew, with folds and mask carried over by span."""
        old, self._tree = self._tree, Preorder.of_run(self._store, self.run)
        at = self._tree.positions(old.order)
        kept = at >= 0

        def carried(values: npt.NDArray[_Number], default: int) -> npt.NDArray[_Number]:
            new = np.full(len(self._tree), default, values.dtype)
            new[at[kept]] = values[kept]
            return new

        self._plain_folds = carried(self._plain_folds, 1)
        if self._chosen_folds is not None:
            self._chosen_folds = carried(self._chosen_folds, 1)
        if self._mask is not None:
            self._mask = carried(self._mask, 0)
        return True

    def _is_told_of(self, change: Change) -> bool:
        """Whether a change is about spans or events of this run: that its file is complete is not."""
        if self.run in change.reset:
            return True
        whose = self._store.spans.run
        return (
            any(whose[row] == self.run for row in change.touched)
            or bool((self._store.spans.np("run", *change.spans) == self.run).any())
            or bool((self._store.events.np("run", *change.events) == self.run).any())
        )

    def _fresh(self, change: Change) -> Ints:
        """New span rows of this run."""
        begin, end = change.spans
        spans = self._store.spans
        mine = (spans.np("run", begin, end) == self.run) & ((spans.np("flags", begin, end) & Flag.dropped) == 0)
        fresh = (np.flatnonzero(mine) + begin).astype(np.int32)
        return fresh[self._tree.positions(fresh) < 0] if len(fresh) else fresh

    def _has_new_leaves(self, change: Change) -> bool:
        """Whether there are new events of a shown class (chips look again at every change)."""
        begin, end = min(self._events_seen, change.events[0]), len(self._store.events)
        events = self._store.events
        new = (events.np("run", begin, end) == self.run) & (events.np("cls", begin, end) == EventClass.error)
        return bool(new.any())

    # -- figures -------------------------------------------------------------------------------------------------------

    def rollup(self, position: int) -> Rollup:
        """What the subtree of a position comes to."""
        if self._rollups is None:
            # What calls cost may be replaced by another thread's finding at any moment.
            self._rollups = Rollups(self._store, self.run, self._tree, copy(self._costs))
        return self._rollups.of(position)

    def price(self, costs: Costs | None) -> None:
        """Sum up cost as this says from now on; None: only what is recorded."""
        self._costs = costs
        if self._rollups is not None:
            self._rollups.price(copy(costs))

    @property
    def has_times(self) -> bool:
        """Whether there is a time axis."""
        return self._store.runs[self.run].clock != Clock.order_only and self.extent[0] != NO_TIME

    @property
    def extent(self) -> tuple[int, int]:
        """From the first instant to the last known one, ns; (NO_TIME, NO_TIME) without times."""
        if self._extent is None:
            run = self._store.runs[self.run]
            times = (run.start, run.first_start, run.last_time, run.recorded_end)
            known = [time for time in times if time is not None and time != NO_TIME]
            self._extent = (min(known), max(known)) if known else (NO_TIME, NO_TIME)
        return self._extent

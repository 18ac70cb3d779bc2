"""Events as leaves of their spans: which are shown, and where among the spans in preorder.

Spans and shown events together make one sequence, and a number in it is a display id. An event stands before the first child
of its span that came after it, by order of records or by time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tracetui.core.model import NO_TIME, EventClass
from tracetui.core.store.preorder import Preorder, Rows
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.store.store import Store

_LEVELS = np.int64(2**31 - 1)
_BITS = 32


@dataclass(slots=True)
class Leaves:
    """The shown events of a run in the order of display, beside a ``Preorder``."""

    rows: Ints
    """Event rows."""
    owner: Ints
    """Position of each event's span, -1 for events of the run."""
    point: Ints
    """The position before which each stands."""
    depth: Ints
    ids: Ints
    """Display ids of the events, ascending."""
    _place: Longs
    """Point and depth in one number, ascending: at one point the deepest stand first."""

    @classmethod
    def none(cls) -> Leaves:
        """No events."""
        empty = np.empty(0, np.int32)
        return cls(empty, empty, empty, empty, empty, np.empty(0, np.int64))

    @classmethod
    def of_run(
        cls,
        store: Store,
        run: int,
        tree: Preorder,
        classes: Collection[EventClass],
        among: Bools | None = None,
        chosen: Bools | None = None,
    ) -> Leaves:
        """The events of some classes of a run.

        ``among``: only those of spans at such positions, and of the run. ``chosen``: only those where it is true, by event row.
        """
        if not any(store.runs[run].class_counts[cls_] for cls_ in classes):
            return cls.none()
        events = store.events_of_run(run)
        if chosen is not None:
            events = events[events < len(chosen)]
            events = events[chosen[events]]
        events = events[np.isin(store.events.np("cls")[events], [int(cls_) for cls_ in classes])]
        owner = owners(store, tree, events)
        wanted = owner >= -1 if among is None else (owner >= -1) & np.append(among, True)[np.maximum(owner, -1)]
        events, owner = events[wanted], owner[wanted]
        return cls._placed(store, run, tree, events, owner) if len(events) else cls.none()

    @classmethod
    def _placed(cls, store: Store, run: int, tree: Preorder, events: Ints, owner: Ints) -> Leaves:
        point = _points(store, run, tree, events, owner)
        depth: Ints = np.append(tree.depth.astype(np.int32), np.int32(-1))[owner] + np.int32(1)
        place = (point.astype(np.int64) << _BITS) | (_LEVELS - depth)
        if store.runs[run].order_by_time:
            by = np.lexsort((_times(store, events), place))
        else:
            by = np.argsort(place, kind="stable")
        ids = (point[by] + np.arange(len(by))).astype(np.int32)
        return cls(events[by], owner[by], point[by], depth[by], ids, place[by])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return sum(part.nbytes for part in (self.rows, self.owner, self.point, self.depth, self.ids, self._place))

    def find(self, display: int) -> int:
        """Which event has a display id, -1 if a span has it."""
        index = int(self.ids.searchsorted(np.int32(display))) if len(self.ids) else 0
        return index if index < len(self.ids) and self.ids[index] == display else -1

    def span_at(self, display: int) -> int:
        """The position of the span with a display id."""
        return display - int(self.ids.searchsorted(np.int32(display))) if len(self.ids) else display

    def id_of(self, position: int) -> int:
        """The display id of the span at a position."""
        return position + int(self.point.searchsorted(np.int32(position), "right")) if len(self.ids) else position

    def ids_of(self, positions: Ints) -> Ints:
        """Display ids of spans."""
        if not len(self.ids):
            return positions
        return (positions + self.point.searchsorted(positions, "right")).astype(np.int32)

    def inside(self, position: int, size: int, depth: int) -> tuple[int, int]:
        """The events (from, to) that stand in the subtree of a span."""
        if not len(self.ids):
            return 0, 0
        end = (np.int64(position + size) << _BITS) | (_LEVELS - np.int64(depth))
        return int(self.point.searchsorted(np.int32(position), "right")), int(self._place.searchsorted(end))


def owners(store: Store, tree: Preorder, events: Rows) -> Ints:
    """Position of the span of each event; -1 for events of the run, -2 where the span is not in the tree."""
    span: Ints = store.events.np("span")[events]
    owner = tree.positions(span)
    owner[(owner < 0) & (span >= 0)] = -2
    return owner


def _times(store: Store, events: Rows) -> Longs:
    time: Longs = store.events.np("time")[events]
    return np.where(time == NO_TIME, np.iinfo(np.int64).max, time)


def _points(store: Store, run: int, tree: Preorder, events: Rows, owner: Ints) -> Ints:
    """The position before which each event stands: that of the next child of its span, else the end of its span."""
    children, over = _children(store, tree, owner)
    child_keys, event_keys = _keys(store, run, tree.order[children], events)
    keys = np.concatenate((child_keys, event_keys))
    above = np.concatenate((over, owner)).astype(np.int64)
    ranks = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    # Children keep the order they have in the tree, so one that is out of step holds the next ones back.
    level = (above + 1) << _BITS
    by = np.lexsort((children, over))
    ranks[by] = np.maximum.accumulate(level[by] + ranks[by]) - level[by]
    merged = np.lexsort((np.concatenate((children, np.full(len(events), len(tree), np.int32))), ranks, above))
    is_child = merged < len(children)
    total = len(merged)
    next_child = np.where(is_child, np.arange(total), total)
    next_child = np.minimum.accumulate(next_child[::-1])[::-1]
    return _resolved(tree, children, owner, merged, next_child, above)


def _resolved(tree: Preorder, children: Ints, owner: Ints, merged: Rows, next_child: Rows, above: Longs) -> Ints:
    total, first_event = len(merged), len(children)
    at = np.flatnonzero(merged >= first_event)
    event, following = merged[at] - first_event, next_child[at]
    points = owner + np.append(tree.size, np.int32(len(tree) + 1))[owner]
    has_next = following < total
    child = merged[following[has_next]]
    same = above[child] == owner[event[has_next]]
    points[event[has_next][same]] = children[child[same]]
    return points


def _children(store: Store, tree: Preorder, owner: Ints) -> tuple[Ints, Ints]:
    """Positions of the children of the spans that own events, ascending, and of their parents."""
    parents = tree.parents(store)
    wanted = np.zeros(len(tree) + 1, np.bool_)
    wanted[owner + 1] = True
    children = np.flatnonzero(wanted[parents + 1]).astype(np.int32)
    return children, parents[children]


def _keys(store: Store, run: int, spans: Rows, events: Rows) -> tuple[Longs, Longs]:
    """What children and events of a span are merged by."""
    if not store.runs[run].order_by_time:
        return (
            store.spans.np("first_record")[spans].astype(np.int64),
            store.events.np("record")[events].astype(np.int64),
        )
    start: Longs = store.spans.np("start")[spans]
    return np.where(start == NO_TIME, np.iinfo(np.int64).max, start), _times(store, events)

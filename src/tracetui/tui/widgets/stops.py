"""Where keys that jump stop: failures, and warnings, which have to be looked for in the records of a run.

A stop has a place in the tree, one number that says what comes before what: spans at their positions, events of the run
between them. What is selected has such a number too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Final, Literal

from tracetui.core.model import NO_TIME, EventClass, Status
from tracetui.tui.session import Session
from tracetui.tui.widgets.run_study import MANY_SPANS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from tracetui.core.bodies import Bodies
    from tracetui.core.store import Run, Store
    from tracetui.core.store.preorder import Preorder
    from tracetui.core.store.run_tree import RunTree
    from tracetui.core.store.shape import Ints, Longs
    from tracetui.tui.widgets.flat_view import Identity

_SLICE_S: Final = 0.004
"""How long records are looked at before everything else has its turn, s."""
_SHIFT: Final = 32
_SURE, _EVENT, _SPAN = 0, 1, 2
"""What a suspect is: a warning, a log event to be asked, a span to be asked."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to stop at: a span, an event, or an event with its span."""

    place: int
    span: int | None
    event: int | None

    @property
    def identity(self) -> Identity | None:
        """What is to be selected."""
        if self.event is not None:
            return ("event", self.event)
        return None if self.span is None else ("span", self.span)


Found = tuple[Stop | None, bool]
"""Where to stop, and whether the search began again at the other end; None: there is nothing."""
NOTHING: Final[Found] = (None, False)
_Known = tuple[dict[int, bool], dict[int, bool]]


def span_place(position: int) -> int:
    """The place of the span at a position of the tree."""
    return (2 * position) << _SHIFT


def place_of(store: Store, order: Preorder, run: Run, selected: Identity | None) -> int:
    """The place of what is selected; before everything where nothing is."""
    if selected is None:
        return -(1 << 62)
    kind, row = selected
    owner = row if kind == "span" else store.events.span[row]
    if owner >= 0 and (at := order.position(owner)) >= 0:
        return span_place(at)
    import numpy as np

    return int(_event_places(store, order, run, np.asarray([row], np.int32))[0])


def _event_places(store: Store, order: Preorder, run: Run, events: Ints) -> Longs:
    """The places of events of the run itself: before the first root that came after them."""
    import numpy as np

    rows = order.order
    roots = np.flatnonzero(order.depth == 0)
    if run.order_by_time:
        key = store.spans.np("start")[rows[roots]].astype(np.int64)
        own = store.events.np("time")[events].astype(np.int64)
        key[key == NO_TIME] = np.iinfo(np.int64).max
    else:
        key = store.spans.np("first_record")[rows[roots]].astype(np.int64)
        own = store.events.np("record")[events].astype(np.int64)
    at = np.maximum.accumulate(key).searchsorted(own, "right") if len(key) else np.zeros(len(own), np.int64)
    position = np.append(roots, len(order))[at].astype(np.int64)
    return ((2 * position - 1) << _SHIFT) + events.astype(np.int64)


def _owned_places(store: Store, order: Preorder, run: Run, events: Ints) -> Longs:
    """The places of events: of those that have a span, its place."""
    import numpy as np

    owner = store.events.np("span")[events].astype(np.int64)
    at = order.positions(np.maximum(owner, 0)).astype(np.int64)
    at[owner < 0] = -1
    places = (2 * at) << _SHIFT
    alone = at < 0
    places[alone] = _event_places(store, order, run, events[alone])
    return places


class Stops:
    """Places to stop at, in tree order.

    Args:
        places: Their places.
        spans: Of each its span, -1 for none.
        events: Of each its event, -1 for none.
    """

    def __init__(self, places: Longs, spans: Longs, events: Longs) -> None:
        by = places.argsort(kind="stable")
        self._places, self._spans, self._events = places[by], spans[by], events[by]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> Stop:
        span, event = int(self._spans[number]), int(self._events[number])
        return Stop(int(self._places[number]), span if span >= 0 else None, event if event >= 0 else None)

    def next(self, selected: Identity | None, at: int, by: int) -> tuple[int, bool]:
        """The number of the next or previous one from a place, and whether it wrapped."""
        own = self._number(selected)
        if own is not None:
            number = own + by
        else:
            side: Literal["left", "right"] = "right" if by > 0 else "left"
            number = int(self._places.searchsorted(at, side)) - (by < 0)
        return number % len(self), not 0 <= number < len(self)

    def _number(self, selected: Identity | None) -> int | None:
        if selected is None:
            return None
        kind, row = selected
        same = self._events == row if kind == "event" else (self._spans == row) & (self._events < 0)
        found = same.nonzero()[0]
        return int(found[0]) if len(found) else None


def failures(store: Store, order: Preorder, run: Run, causes: Sequence[int]) -> Stops:
    """Causes of failure (positions), and error events whose span did not fail itself."""
    import numpy as np

    at = np.asarray(causes, np.int64)
    places, spans, events = (2 * at) << _SHIFT, order.order[at].astype(np.int64), np.full(len(at), -1, np.int64)
    if run.class_counts[EventClass.error]:
        rows = store.events_of_run(run.row).astype(np.int32)
        rows = rows[store.events.np("cls")[rows] == EventClass.error]
        owner = store.events.np("span")[rows].astype(np.int64)
        told = (owner < 0) | (store.spans.np("status")[np.maximum(owner, 0)] != Status.error)
        rows, owner = rows[told], owner[told]
        inside = np.where(owner >= 0, 1 + rows.astype(np.int64), 0)
        places = np.concatenate((places, _owned_places(store, order, run, rows) + inside))
        spans, events = np.concatenate((spans, owner)), np.concatenate((events, rows.astype(np.int64)))
    return Stops(places, spans, events)


class Warnings:
    """The warnings of one run, found out as far as somebody asks. `forget` is to be called when the store changed."""

    def __init__(self, session: Session, tree: RunTree, run: Run) -> None:
        self._session = session
        self._tree = tree
        self._run = run
        self._search: WarningSearch | None = None
        self._known: _Known = ({}, {})

    def forget(self) -> None:
        """The store changed: there may be more of them. What was looked at is known."""
        self._search = None

    @property
    def is_large(self) -> bool:
        """Looking for them may take long: it is to be done in a thread."""
        return self._run.span_count + sum(self._run.class_counts) > MANY_SPANS

    def search(self) -> WarningSearch:
        """What looks for them; of a large run it works on the store as it is now. To be made on the loop."""
        if self._search is None:
            store, bodies = self._session.store, self._session.bodies
            if self.is_large:
                from tracetui.core.store.snapshot import Snapshot
                from tracetui.tui.matching import bodies_of

                snapshot = Snapshot(store)
                store, bodies = snapshot, bodies_of(self._session, snapshot)
            self._search = WarningSearch(store, bodies, self._tree.preorder(), self._run, self._known)
        return self._search


class WarningSearch:
    """Looks for warnings in a run as it was when this was made.

    Args:
        store: What is read; in a thread a `Snapshot`.
        bodies: Of that store.
        order: The spans in tree order.
        run: The run.
        known: Rows of events and of spans that were looked at before, and whether they are warnings.
    """

    def __init__(self, store: Store, bodies: Bodies, order: Preorder, run: Run, known: _Known) -> None:
        self._store = store
        self._bodies = bodies
        self._order = order
        self._run = run
        self._known = known
        self._found: tuple[Longs, np.ndarray, np.ndarray] | None = None

    def _look(self) -> tuple[Longs, np.ndarray, np.ndarray]:
        """Places, kinds and rows of what is or may be a warning, in tree order."""
        import numpy as np

        from tracetui.core.analysis.warnings import suspects

        if self._found is not None:
            return self._found
        found = suspects(self._store, self._run.row)
        events = np.concatenate((found.events, found.doubtful_events))
        of_events = _owned_places(self._store, self._order, self._run, events)
        at = self._order.positions(found.doubtful_spans).astype(np.int64)
        spans = found.doubtful_spans[at >= 0]
        places = np.concatenate((of_events, (2 * at[at >= 0]) << _SHIFT))
        sure = len(found.events)
        kinds = np.repeat(np.asarray([_SURE, _EVENT, _SPAN], np.uint8), [sure, len(events) - sure, len(spans)])
        by = np.lexsort((kinds, places))
        self._found = places[by], kinds[by], np.concatenate((events, spans))[by]
        return self._found

    def _warns(self, kind: int, row: int) -> bool:
        from tracetui.core.analysis.warnings import event_warns, span_warns

        if kind == _SURE:
            return True
        known, ask = (self._known[0], event_warns) if kind == _EVENT else (self._known[1], span_warns)
        if row not in known:
            known[row] = ask(self._store, self._bodies, row)
        return known[row]

    def find(self, at: int, by: int) -> Iterator[Found | None]:
        """The next or previous warning from a place, and whether it wrapped; nothing if there is none.

        Records are looked at a few at a time: a None says that everything else may have its turn.
        """
        places, kinds, rows = self._look()
        count = len(places)
        begin = int(places.searchsorted(at, "right" if by > 0 else "left")) - (by < 0)
        begun = time.perf_counter()
        for step in range(count):
            number = (begin + by * step) % count
            kind, row = int(kinds[number]), int(rows[number])
            if self._warns(kind, row):
                yield self._stop(int(places[number]), kind, row), not 0 <= begin + by * step < count
                return
            if time.perf_counter() - begun > _SLICE_S:
                yield None
                begun = time.perf_counter()
        yield NOTHING

    def _stop(self, place: int, kind: int, row: int) -> Stop:
        if kind == _SPAN:
            return Stop(place, row, None)
        owner = self._store.events.span[row]
        return Stop(place, owner if owner >= 0 else None, row)

    def run_to_end(self, at: int, by: int, stop: Event) -> Found | None:
        """As `find`, in one go, in a thread; None: it was stopped."""
        for found in self.find(at, by):
            if found is not None:
                return found
            if stop.is_set():
                return None
        return NOTHING

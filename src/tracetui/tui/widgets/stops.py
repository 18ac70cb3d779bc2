"""Where keys that jump stop: failures, and warnings, which have to be looked for in the records of a run.

A stop has a place in the tree, one number that says what comes before what: spans at their positions, events of the run
between them. What is selected has such a number too.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.model import NO_TIME, EventClass, Status
from tracetui.tui.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracetui.core.store import Run
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


def span_place(position: int) -> int:
    """The place of the span at a position of the tree."""
    return (2 * position) << _SHIFT


def place_of(session: Session, tree: RunTree, run: Run, selected: Identity | None) -> int:
    """The place of what is selected; before everything where nothing is."""
    if selected is None:
        return -(1 << 62)
    kind, row = selected
    owner = row if kind == "span" else session.store.events.span[row]
    if owner >= 0 and (at := tree.position(owner)) >= 0:
        return span_place(at)
    import numpy as np

    return int(_event_places(session, tree, run, np.asarray([row], np.int32))[0])


def _event_places(session: Session, tree: RunTree, run: Run, events: Ints) -> Longs:
    """The places of events of the run itself: before the first root that came after them."""
    import numpy as np

    store, rows = session.store, tree.rows()
    roots = np.flatnonzero(store.spans.np("parent")[rows] < 0)
    if run.order_by_time:
        key = store.spans.np("start")[rows[roots]].astype(np.int64)
        own = store.events.np("time")[events].astype(np.int64)
        key[key == NO_TIME] = np.iinfo(np.int64).max
    else:
        key = store.spans.np("first_record")[rows[roots]].astype(np.int64)
        own = store.events.np("record")[events].astype(np.int64)
    at = np.maximum.accumulate(key).searchsorted(own, "right") if len(key) else np.zeros(len(own), np.int64)
    position = np.append(roots, tree.count)[at].astype(np.int64)
    return ((2 * position - 1) << _SHIFT) + events.astype(np.int64)


def _owned_places(session: Session, tree: RunTree, run: Run, events: Ints) -> Longs:
    """The places of events: of those that have a span, its place."""
    import numpy as np

    owner = session.store.events.np("span")[events].astype(np.int64)
    at = tree.positions(np.maximum(owner, 0)).astype(np.int64)
    at[owner < 0] = -1
    places = (2 * at) << _SHIFT
    alone = at < 0
    places[alone] = _event_places(session, tree, run, events[alone])
    return places


def failures(session: Session, tree: RunTree, run: Run, causes: Sequence[int]) -> list[Stop]:
    """Causes of failure (positions), and error events whose span did not fail itself."""
    stops = [Stop(span_place(at), tree.row(at), None) for at in causes]
    if run.class_counts[EventClass.error]:
        import numpy as np

        store = session.store
        events = store.events_of_run(run.row).astype(np.int32)
        events = events[store.events.np("cls")[events] == EventClass.error]
        owner = store.events.np("span")[events]
        events = events[(owner < 0) | (store.spans.np("status")[np.maximum(owner, 0)] != Status.error)]
        places = _owned_places(session, tree, run, events).tolist()
        owners = store.events.np("span")[events].tolist()
        for place, event, span in zip(places, events.tolist(), owners, strict=True):
            stops.append(Stop(place + (1 + event if span >= 0 else 0), span if span >= 0 else None, event))
    return sorted(stops, key=lambda stop: stop.place)


def next_stop(stops: Sequence[Stop], selected: Identity | None, at: int, by: int) -> tuple[int, bool]:
    """The number of the next or previous of `stops` from here, and whether it wrapped."""
    own = next((number for number, stop in enumerate(stops) if stop.identity == selected), None)
    if own is not None:
        number = own + by
    else:
        places = [stop.place for stop in stops]
        number = bisect_right(places, at) if by > 0 else bisect_left(places, at) - 1
    return number % len(stops), not 0 <= number < len(stops)


class Warnings:
    """The warnings of one run, found out as far as somebody asks. `forget` is to be called when the store changed."""

    def __init__(self, session: Session, tree: RunTree, run: Run) -> None:
        self._session = session
        self._tree = tree
        self._run = run
        self._places: Longs | None = None
        self._rows: list[int] = []
        self._kinds: list[int] = []
        self._events: dict[int, bool] = {}
        self._spans: dict[int, bool] = {}

    def forget(self) -> None:
        """The store changed: there may be more of them. What was looked at is known."""
        self._places = None

    def _look(self) -> Longs:
        import numpy as np

        from tracetui.core.analysis.warnings import suspects

        if self._places is not None:
            return self._places
        found = suspects(self._session.store, self._run.row)
        events = np.concatenate((found.events, found.doubtful_events))
        of_events = _owned_places(self._session, self._tree, self._run, events)
        at = self._tree.positions(found.doubtful_spans).astype(np.int64)
        spans = found.doubtful_spans[at >= 0]
        places = np.concatenate((of_events, (2 * at[at >= 0]) << _SHIFT))
        sure = len(found.events)
        kinds = np.concatenate((np.full(sure, _SURE), np.full(len(events) - sure, _EVENT), np.full(len(spans), _SPAN)))
        by = np.lexsort((kinds, places))
        self._rows = np.concatenate((events, spans))[by].tolist()
        self._kinds = kinds[by].tolist()
        self._places = places[by]
        return self._places

    def _warns(self, number: int) -> bool:
        from tracetui.core.analysis.warnings import event_warns, span_warns

        kind, row = self._kinds[number], self._rows[number]
        if kind == _SURE:
            return True
        known, ask = (self._events, event_warns) if kind == _EVENT else (self._spans, span_warns)
        if row not in known:
            known[row] = ask(self._session.store, self._session.bodies, row)
        return known[row]

    def find(self, at: int, by: int) -> Iterator[tuple[Stop, bool] | None]:
        """The next or previous warning from a place, and whether it wrapped; nothing if there is none.

        Records are looked at a few at a time: a None says that everything else may have its turn.
        """
        places = self._look()
        count = len(places)
        begin = int(places.searchsorted(at, "right" if by > 0 else "left")) - (by < 0)
        begun = time.perf_counter()
        for step in range(count):
            number = (begin + by * step) % count
            if self._warns(number):
                yield self._stop(number, int(places[number])), not 0 <= begin + by * step < count
                return
            if time.perf_counter() - begun > _SLICE_S:
                yield None
                if self._places is not places:  # the store changed meanwhile: what was looked at is known
                    yield from self.find(at, by)
                    return
                begun = time.perf_counter()

    def _stop(self, number: int, place: int) -> Stop:
        row = self._rows[number]
        if self._kinds[number] == _SPAN:
            return Stop(place, row, None)
        owner = self._session.store.events.span[row]
        return Stop(place, owner if owner >= 0 else None, row)

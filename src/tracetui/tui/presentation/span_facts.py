"""What the detail says of a span beyond its records: how it stands in its run. Looked up once, when a span is shown.

`SpanFacts` is plain values, so that what is drawn from it is tested without a store. Each look is a pass or two over the
columns of one run (about a millisecond for a million spans).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, SpanDetail, Status, Usage
from tracetui.core.pricing.cost import Cost
from tracetui.core.run_status import silence
from tracetui.tui.presentation.bars import CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from tracetui.core.bodies import Bodies
    from tracetui.core.store import Run, Store

WITH_ALL_BELOW: Final = 50_000
"""Up to so many spans of a run it is asked what lies below the children of one: that takes some 30 ms then."""
SIBLINGS_LOOKED_AT: Final = 200_000
"""A parent with more children than this has no "before" and "after": looking would take longer than a key may."""

_ANNOUNCED = int(Flag.announced)


@dataclass(slots=True)
class Neighbour:
    """A span beside the one that is shown. `name` is as recorded."""

    kind: str
    name: str
    status: Status
    duration: int | None


@dataclass(slots=True)
class Namesakes:
    """The other spans of the run with the same name."""

    count: int = 0
    failed: int = 0
    p95: int | None = None
    """Of those that ended, ns; None for fewer than two."""


@dataclass(slots=True)
class SpanFacts:
    """A span as the detail shows it. Texts are as recorded, times ns since the epoch, durations ns; None: not recorded."""

    kind: str
    name: str
    status: Status
    path: tuple[str, ...] = ()
    """Names of its ancestors, the root first."""
    detail: SpanDetail = field(default_factory=SpanDetail)
    problem: str = ""
    """Why the detail is not there: `gone`, `large`, `dense` (never unfolded), `reading`."""
    size: int = 0
    """Bytes of its records."""
    cause: tuple[int, int] | None = None
    """Which cause of failure of its run it is, from 1, and of how many."""
    is_first_cause: bool = False
    recovered: bool | None = None
    """Of a failed span: whether the run got over it; None where that is not known."""
    start: int | None = None
    end: int | None = None
    newest: int | None = None
    """Time of the newest record of its run."""
    waited: int = 0
    """Of an open span: ns since its run grew last, by our own clock."""
    given_up: str = ""
    """Of an open span: why its end will not come, `writer gone`; empty while its run goes on."""
    own: int | None = None
    """Its time without that of its children, ns."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Where none of the children of a container ran, ns since the epoch; what is too short to matter left out."""
    run_start: int | None = None
    run_duration: int | None = None
    clock: Clock = Clock.utc
    flags: int = 0
    retries: int = 0
    attempts: tuple[int, ...] = ()
    """How long each attempt took, ns, where the retries say when they were."""
    children: int = 0
    model: str = ""
    usage: Usage | None = None
    priced: Cost | None = None
    """What it cost, where prices are known; None: what is recorded."""
    before: Neighbour | None = None
    after: Neighbour | None = None
    same: Namesakes = field(default_factory=Namesakes)
    call: tuple[int, int] | None = None
    """Of a model call: which one of its agent it is, from 1, and of how many."""

    @property
    def duration(self) -> int | None:
        """Its length so far: an open span's up to the newest record of its run, and the silence since."""
        if self.start is None:
            return None
        if self.end is not None:
            return max(0, self.end - self.start)
        if self.status is not Status.open or self.newest is None:
            return None
        return max(0, self.newest - self.start) + self.waited

    @property
    def cost(self) -> Cost:
        """What it cost itself, without the spans below it."""
        if self.priced is not None:
            return self.priced
        return Cost() if self.usage is None else Cost(self.usage.cost_usd)

    @property
    def is_open(self) -> bool:
        """Whether its end was not recorded yet."""
        return self.status is Status.open


def path_of(store: Store, row: int) -> tuple[str, ...]:
    """Names of the ancestors of a span, the root first; a parent loop ends it."""
    names: list[str] = []
    seen = {row}
    parent = store.spans.parent[row]
    while parent >= 0 and parent not in seen:
        seen.add(parent)
        names.append(store.strings[store.spans.name[parent]])
        parent = store.spans.parent[parent]
    return tuple(reversed(names))


def span_facts(
    store: Store, bodies: Bodies, row: int, now: int, read: Callable[[int], tuple[SpanDetail, str]] | None = None
) -> SpanFacts:
    """Everything about the span at `row`; `read` says what its records of so many bytes say, and why they say nothing."""
    spans = store.spans
    run = store.runs[spans.run[row]]
    facts = SpanFacts(
        kind=Kind(spans.kind[row]).name,
        name=store.strings[spans.name[row]],
        status=Status(spans.status[row]),
        path=path_of(store, row),
        start=_time(spans.start[row]),
        end=_time(spans.end[row]),
        newest=_time(run.last_time),
        waited=silence(run, now) or 0,
        run_start=run.start,
        run_duration=run.duration()[0],
        clock=run.clock,
        flags=spans.flags[row],
        model=store.model_of(row),
        usage=store.usage_of(row),
        size=bodies.size_of(row),
    )
    facts.detail, facts.problem = read(facts.size) if read is not None else _read(bodies, row, facts.size)
    facts.model = facts.model or facts.detail.model
    _add_family(store, row, facts)
    _add_retries(store, row, facts)
    _add_failure(store, row, facts)
    return facts


def _read(bodies: Bodies, row: int, size: int) -> tuple[SpanDetail, str]:
    from tracetui.core.bodies import PARSED_AT_ONCE
    from tracetui.core.errors import ChangedOnDisk

    try:
        return (bodies.span_detail(row), "") if size <= PARSED_AT_ONCE else (SpanDetail(), "large")
    except ChangedOnDisk:
        return SpanDetail(), "gone"


def _time(value: int) -> int | None:
    return None if value == NO_TIME else value


def _add_family(store: Store, row: int, facts: SpanFacts) -> None:
    """Own time, the spans before and after, and those of the same name."""
    import numpy as np

    spans, run = store.spans, store.runs[store.spans.run[row]]
    low, high = run.first_row, run.last_row + 1

    def those_with(column: str, value: int) -> npt.NDArray[np.intp]:
        # One column of the run is looked at as it lies, the others for what was found only: a run may have a million spans.
        found: npt.NDArray[np.intp] = np.flatnonzero(spans.np(column, low, high) == value) + low
        mine: npt.NDArray[np.bool_] = spans.np("run")[found] == run.row
        announced: npt.NDArray[np.bool_] = (spans.np("flags")[found] & _ANNOUNCED) != 0
        return found[mine & announced]

    children = those_with("parent", row)
    facts.children = len(children)
    if facts.start is not None and facts.end is not None:
        inside = _inside(spans.np("start")[children], _until(store, run, children), facts.end)
        facts.own = facts.end - facts.start - _covered(*inside, facts.start, facts.end)
        if len(children) and Kind(spans.kind[row]) in CONTAINERS:
            facts.gaps = _gaps(*inside, facts.start, facts.end)
    _add_neighbours(store, those_with("parent", spans.parent[row]), row, facts)
    facts.same = _namesakes(store, those_with("name", spans.name[row]), row)


def _until(store: Store, run: Run, children: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """When each child ended and, but in a large run, all that it began: a model call's tools run after it."""
    from tracetui.core.store.preorder import local_parents
    from tracetui.core.store.reach import reach_of

    ends = store.spans.np("end")
    if run.span_count > WITH_ALL_BELOW or not len(children):
        return ends[children]
    rows = store.rows_of_run(run.row)
    until: npt.NDArray[np.int64] = reach_of(local_parents(store, rows), ends[rows])[rows.searchsorted(children)]
    until[ends[children] == NO_TIME] = NO_TIME
    return until


def _add_neighbours(store: Store, siblings: npt.NDArray[np.intp], row: int, facts: SpanFacts) -> None:
    """The spans before and after by time, and by row where times are the same."""
    if len(siblings) > SIBLINGS_LOOKED_AT or row not in siblings:
        return
    starts, start = store.spans.np("start")[siblings], store.spans.start[row]
    is_before = (starts < start) | ((starts == start) & (siblings < row))
    before, after = siblings[is_before], siblings[~is_before & (siblings != row)]
    if len(before):
        times = starts[is_before]
        facts.before = _neighbour(store, int(before[times == times.max()].max()))
    if len(after):
        times = starts[~is_before & (siblings != row)]
        facts.after = _neighbour(store, int(after[times == times.min()].min()))


def _namesakes(store: Store, same: npt.NDArray[np.intp], row: int) -> Namesakes:
    import numpy as np

    spans = store.spans
    same = same[same != row]
    start, end = spans.np("start")[same], spans.np("end")[same]
    lengths = (end - start)[(end >= 0) & (start >= 0)]
    failed = int(np.count_nonzero(spans.np("status")[same] == int(Status.error)))
    p95 = int(np.percentile(lengths, 95, overwrite_input=True)) if len(lengths) > 1 else None
    return Namesakes(len(same), failed, p95)


def _inside(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], last: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The stretches that have a place, in order; open ones reach to `last`. Sorted here, once for all that rests on it."""
    import numpy as np

    known = starts >= 0
    begin, end = starts[known], ends[known]
    end[end < 0] = last
    if (begin[1:] < begin[:-1]).any():
        order = np.argsort(begin, kind="stable")
        begin, end = begin[order], end[order]
    return begin, end


def _gaps(
    begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], first: int, last: int
) -> tuple[tuple[int, int], ...]:
    from tracetui.core.analysis.busy import Busy

    return tuple(Busy(begin, end).gaps(first, last))


def _covered(begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], first: int, last: int) -> int:
    """Nanoseconds of `first` to `last` that lie in at least one of the stretches, which are in order."""
    import numpy as np

    if not len(begin):
        return 0
    begin, end = np.clip(begin, first, last), np.clip(end, first, last)
    reached = np.maximum.accumulate(end)
    before = np.concatenate((begin[:1], reached[:-1]))
    return int(np.maximum(0, reached - np.maximum(begin, before)).sum())


def _neighbour(store: Store, row: int) -> Neighbour:
    spans = store.spans
    start, end = spans.start[row], spans.end[row]
    length = end - start if start >= 0 and end >= 0 else None
    return Neighbour(Kind(spans.kind[row]).name, store.strings[spans.name[row]], Status(spans.status[row]), length)


def _add_retries(store: Store, row: int, facts: SpanFacts) -> None:
    """How often it was tried, and how long each time where retries are events with times."""
    events = store.events
    retries = [event for event in store.events_of(row) if events.cls[event] == EventClass.retry]
    facts.retries = len(retries)
    times = [events.time[event] for event in retries]
    if not times or facts.start is None or facts.end is None or NO_TIME in times:
        return
    edges = [facts.start, *sorted(times), facts.end]
    if edges == sorted(edges):
        facts.attempts = tuple(later - earlier for earlier, later in pairwise(edges))


def _add_failure(store: Store, row: int, facts: SpanFacts) -> None:
    """Which cause of failure it is, and whether the run got over it."""
    if facts.status is not Status.error:
        return
    from tracetui.core.analysis.failures import failures_of

    failures = failures_of(store, store.spans.run[row])
    if number := failures.number(row):
        facts.cause = (number, len(failures.causes))
        facts.is_first_cause = failures.first_cause == row
    facts.recovered = failures.recovered(row)

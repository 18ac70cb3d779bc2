"""What went wrong in a run: causes in groups of one message, the first of them with all that was going on then.

A cause is a failed span without a failed child. An event of class ``error`` counts as well where its span did not
fail: where a producer has no other way to say it. What a cause did: it ended the run (every span above it failed),
it failed spans above it, it was recovered (``failures.recovered``), or nothing above it took notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.analysis.failures import chained, first_cause, recovered_rows
from tracetui.core.analysis.messages import last_frame, normalised, said
from tracetui.core.analysis.run_spans import RunSpans
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import NO_TIME, ErrorInfo, EventClass, Status
from tracetui.core.store.rollups import cause_rows
from tracetui.core.store.shape import Ints

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies

READ_AT_MOST: Final = 20_000
"""Causes of one run whose texts are read (about two seconds of work); the others are told as such."""
NOT_READ: Final = "(text not read)"
NO_TEXT: Final = "(no message recorded)"
_BESIDE: Final = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that went wrong."""

    row: int
    """Span row; of an event the row of its span, -1 for one of the run."""
    event: int | None
    """Event row, where no span failed."""
    name: str
    """Of the span, or the producer's name of the event. Untrusted, like all texts here."""
    time: int
    """When it was over, ns; NO_TIME if unknown."""
    text: str
    """Type and first line of the message; empty if none is recorded."""
    error: ErrorInfo | None
    recovered: bool
    ended_run: bool
    led_to: int | None
    """Row of the outermost span that failed with it; None if none did."""


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Causes that say the same."""

    text: str
    """What they say, with ``#`` for what differs."""
    causes: tuple[Cause, ...]
    """In order of time."""

    @property
    def names(self) -> dict[str, int]:
        """Names of their spans with how often each."""
        counts: dict[str, int] = {}
        for cause in self.causes:
            counts[cause.name] = counts.get(cause.name, 0) + 1
        return counts

    @property
    def recovered(self) -> int:
        """How many were recovered."""
        return sum(cause.recovered for cause in self.causes)

    @property
    def ended_run(self) -> int:
        """How many failed everything above them."""
        return sum(cause.ended_run for cause in self.causes)


@dataclass(frozen=True, slots=True)
class Beside:
    """A span that was active when the first cause failed, and is not above it."""

    row: int
    since: int


@dataclass(frozen=True, slots=True)
class FirstCause:
    """The one to look at first, and its circumstances."""

    cause: Cause
    path: tuple[int, ...]
    """Span rows from the outermost to its own."""
    start: int
    frame: str
    """The frame of the traceback where it was raised; empty if none is recorded."""
    subject: str
    """What its span was about."""
    before: int | None
    """Row of the span at work that ended last before it began, of the same parent where there is one."""
    beside: tuple[Beside, ...]
    """Innermost spans that were active when it failed, the longest active first."""
    beside_count: int
    retries: int
    """Retry events of its span."""
    led_to: tuple[int, ...]
    """Rows of the failed spans above it, from the inside out."""


@dataclass(frozen=True, slots=True)
class Errors:
    """All that went wrong in a run."""

    groups: tuple[ErrorGroup, ...]
    """Those that ended the run first, then by count and time."""
    first: FirstCause | None
    causes: int
    """Failed spans without a failed child: what ``stats`` counts."""
    events: int
    """Error events of spans that did not fail."""
    not_read: int = 0
    """Causes whose texts were not read, there being too many."""
    over_limit: tuple[Cause, ...] = field(default=())
    """Those that say that a prompt was too long."""


def errors(spans: RunSpans, bodies: Bodies) -> Errors:
    """Read what the causes of a run say, and sort them."""
    from tracetui.core.analysis.messages import is_over_limit

    store, run = spans.store, spans.run
    rows = cause_rows(store, run.row) if run.error_count else []
    ended = set(chained(store, run.row)) if rows else set()
    saved = recovered_rows(store, run.row, rows)
    tops = _tops(spans, rows)
    found = []
    for at, row in enumerate(rows):
        error = _error_of(bodies, row) if at < READ_AT_MOST else None
        text = "" if error is None else said(error.type, error.message or _last_line(error.traceback))
        end, start = store.spans.end[row], store.spans.start[row]
        found.append(
            Cause(
                row,
                None,
                store.strings[store.spans.name[row]],
                end if end != NO_TIME else start,
                text,
                error,
                bool(saved[at]),
                row in ended and not saved[at],
                tops[at],
            )
        )
    events = _error_events(spans, bodies, READ_AT_MOST - len(found))
    unread = max(0, len(rows) - READ_AT_MOST)
    first_row = first_cause(store, run.row) if rows else None
    first = next((cause for cause in found if cause.row == first_row), None)
    if first is None and not rows:
        first = min(events, key=_when, default=None)
    return Errors(
        _grouped(found + events, {cause.row for cause in found[READ_AT_MOST:]}),
        None if first is None else _circumstances(spans, bodies, first),
        len(rows),
        len(events),
        unread,
        tuple(cause for cause in found + events if cause.text and is_over_limit(cause.text)),
    )


def _error_of(bodies: Bodies, row: int) -> ErrorInfo | None:
    try:
        detail = bodies.span_detail(row)
    except ChangedOnDisk:
        return None
    if detail.error is not None and (detail.error.message or detail.error.type or detail.error.traceback):
        return detail.error
    # A tool's result that its producer flagged: the result is the message.
    return ErrorInfo(detail.output) if isinstance(detail.output, str) and detail.output.strip() else None


def _last_line(traceback: str) -> str:
    tail = traceback[-2_000:].rstrip()
    return tail.rpartition("\n")[2].strip()


def _tops(spans: RunSpans, rows: list[int]) -> list[int | None]:
    """Of each cause the outermost span that failed with it, without a gap between."""
    failed = spans.told & (spans.status == Status.error)
    # From each node up as long as the parent failed as well.
    count = len(spans)
    up = np.append(spans.parent, np.int32(-1))
    goes_on = np.append(failed, False)[up[:count]] & failed
    jump = np.where(goes_on, spans.parent, np.arange(count, dtype=np.int32))
    for _ in range(max(1, count).bit_length()):
        later = jump[jump]
        if (later == jump).all():
            break
        jump = later
    nodes = np.searchsorted(spans.rows, np.asarray(rows, np.int64))
    return [
        None if top == node else int(spans.rows[top])
        for node, top in zip(nodes.tolist(), jump[nodes].tolist(), strict=True)
    ]


def _error_events(spans: RunSpans, bodies: Bodies, at_most: int) -> list[Cause]:
    """Events of class ``error`` whose span, or any span above it, did not fail."""
    store = spans.store
    if not spans.run.class_counts[EventClass.error]:
        return []
    events = store.events_of_run(spans.run.row)
    events = events[store.events.np("cls")[events] == EventClass.error]
    owner: Ints = store.events.np("span")[events]
    status = np.append(store.spans.np("status"), np.uint8(0))
    events = events[status[owner] != Status.error]
    found = []
    for number, event in enumerate(events.tolist()):
        row = store.events.span[event]
        record = store.events.record[event]
        text = bodies.event_text(event) if number < at_most else ""
        kind = store.record_type(record)
        found.append(Cause(row, event, kind, store.events.time[event], said("", text), None, False, False, None))
    return found


def _grouped(causes: list[Cause], unread: set[int]) -> tuple[ErrorGroup, ...]:
    groups: dict[str, list[Cause]] = {}
    known: dict[str, str] = {}
    for cause in causes:
        text = known.get(cause.text)
        if text is None:
            text = known[cause.text] = normalised(cause.text)
        if not text:
            text = NOT_READ if cause.row in unread else NO_TEXT
        groups.setdefault(text, []).append(cause)
    made = [ErrorGroup(text, tuple(sorted(each, key=_when))) for text, each in groups.items()]
    return tuple(sorted(made, key=lambda group: (group.ended_run == 0, -len(group.causes), _when(group.causes[0]))))


def _when(cause: Cause) -> tuple[bool, int, int]:
    return cause.time == NO_TIME, cause.time, cause.row


def _circumstances(spans: RunSpans, bodies: Bodies, cause: Cause) -> FirstCause:
    store = spans.store
    node = spans.node(cause.row)
    path = spans.path(node)
    start = store.spans.start[cause.row] if cause.row >= 0 else NO_TIME
    retries = 0
    if node >= 0 and spans.run.class_counts[EventClass.retry]:
        cls = store.events.cls
        retries = sum(cls[event] == EventClass.retry for event in store.events_of(cause.row))
    subject = bodies.subject(cause.row) if node >= 0 else ""
    beside = _beside(spans, path, cause.time)
    above = path[:-1]
    led = []
    for each in reversed(above):
        if spans.status[each] != Status.error:
            break
        led.append(int(spans.rows[each]))
    frame = last_frame(cause.error.traceback) if cause.error is not None and cause.error.traceback else ""
    return FirstCause(
        cause,
        tuple(int(spans.rows[each]) for each in path),
        start,
        frame,
        subject,
        _before(spans, node),
        tuple(beside[:_BESIDE]),
        len(beside),
        retries,
        tuple(led),
    )


def _beside(spans: RunSpans, path: list[int], moment: int) -> list[Beside]:
    """Spans active at a moment and not on a path, of those only the innermost."""
    if moment == NO_TIME or not spans.has_times:
        return []
    active = spans.placed & (spans.start <= moment) & (spans.end > moment)
    active[path] = False
    nodes = np.flatnonzero(active)
    inside = np.zeros(len(spans) + 1, np.bool_)
    inside[spans.over[nodes]] = True
    found = [Beside(int(spans.rows[node]), int(spans.start[node])) for node in nodes.tolist() if not inside[node]]
    return sorted(found, key=lambda each: (each.since, each.row))


def _before(spans: RunSpans, node: int) -> int | None:
    """The span that ended last before a node began: a sibling, else any that holds nothing."""
    if node < 0 or not spans.placed[node]:
        return None
    start = spans.start[node]
    earlier = spans.placed & (spans.end <= start) & (spans.status != Status.open)
    earlier[node] = False
    siblings = earlier & (spans.parent == spans.parent[node])
    for some in (siblings, earlier & ~spans.holder):
        nodes = np.flatnonzero(some)
        if len(nodes):
            return int(spans.rows[nodes[np.lexsort((nodes, spans.end[nodes]))[-1]]])
    return None

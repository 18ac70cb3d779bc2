"""One run as its spans in tree order, each with what is worth telling: behind ``tracetui view``, as text and as JSON.

Walks a ``RunTree`` once from top to bottom. Bodies are fetched span by span, and only where something of them is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracetui.core.bodies import Bodies
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import (
    ABSENT,
    NO_TIME,
    EventClass,
    EventDetail,
    Flag,
    Kind,
    SpanDetail,
    Status,
    Usage,
)
from tracetui.core.pricing import Cost, Costs
from tracetui.core.store import Run, Store, run_salt
from tracetui.core.store.rollups import Rollup
from tracetui.core.store.run_tree import Item, RunTree
from tracetui.core.store.usage import TOKENS
from tracetui.core.summary import cost_facts, iso_time, milliseconds

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tracetui.core.filter.select import Selector

_INFERRED = ((Flag.parent_inferred, "parent"), (Flag.start_inferred, "start"), (Flag.end_inferred, "end"))


@dataclass(slots=True)
class SpanLine:
    """A span of the tree."""

    row: int
    depth: int
    detail: SpanDetail | None
    """None: its records are gone from their file."""
    hidden: Rollup | None = None
    """What its subtree comes to, where the spans below it are left out."""
    orphan: bool = False
    context: bool = False
    """Shown only because it leads to something that the filter selects."""


@dataclass(slots=True)
class EventLine:
    """An event among the spans."""

    row: int
    depth: int
    detail: EventDetail | None


class RunView:
    """Walks over one run.

    Args:
        store: What has been read.
        run: Which of its runs.
        bodies: For texts and values.
        depth: Levels of spans to show; None: all.
        events: Show all events; else only those of class ``error``.
        where: Show only the spans and events that it selects, and what leads to them.
        costs: What spans cost; None: with the library's prices.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        bodies: Bodies,
        *,
        depth: int | None = None,
        events: bool = False,
        where: Selector | None = None,
        costs: Costs | None = None,
    ) -> None:
        self.store = store
        self.run = run
        self.bodies = bodies
        self.costs = Costs(store) if costs is None else costs
        self._depth = depth
        self._tree = RunTree(store, run.row, self.costs)
        self._names_events = where is not None and where.names_events
        self._shows_events = events or self._names_events
        if self._shows_events:
            self._tree.set_chips(frozenset(Kind), frozenset(EventClass))
        self._tree.expand_all()
        self._chosen = None if where is None else _Chosen.of(self._tree, run, where)

    @property
    def extent(self) -> tuple[int, int]:
        """First and last known instant, ns; NO_TIME without."""
        return self._tree.extent

    @property
    def found(self) -> int | None:
        """Spans that the filter selects; None without a filter."""
        return None if self._chosen is None else len(self._chosen.spans)

    @property
    def found_events(self) -> int:
        """Events that a filter selects which names a class of events."""
        return len(self._chosen.events) if self._chosen is not None and self._names_events else 0

    def shown(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Rows of the spans that are shown, in tree order, and of the events in order of arrival; of all levels."""
        import numpy as np

        spans, events = self._tree.rows(), self.store.events_of_run(self.run.row)
        if self._chosen is None:
            return spans, events
        return spans[np.asarray(self._chosen.kept, np.bool_)], events[np.isin(events, list(self._chosen.events))]

    @property
    def unseen_events(self) -> int:
        """Events of a run without spans, where nobody has asked for more than its errors."""
        is_bare = not (self._shows_events or self._chosen or len(self._tree.rows()))
        return sum(self.run.class_counts) - self.run.class_counts[EventClass.error] if is_bare else 0

    @property
    def causes(self) -> int:
        """Causes of failure in the run."""
        from tracetui.core.store.rollups import cause_rows

        return len(cause_rows(self.store, self.run.row))

    def __iter__(self) -> Iterator[SpanLine | EventLine]:
        """Spans and events from top to bottom."""
        deepest = self._depth
        for index in range(len(self._tree)):
            item = self._tree[index]
            if deepest is not None and item.depth >= deepest:
                continue
            if self._chosen is not None and not self._chosen.shows(item):
                continue
            if item.kind == "event":
                yield EventLine(item.row, item.depth, self.event_detail(item.row))
                continue
            last = deepest is not None and item.depth == deepest - 1
            hidden = self._tree.rollup(item.position) if last and self._tree.size(item.position) > 1 else None
            context = self._chosen is not None and item.row not in self._chosen.spans
            yield SpanLine(item.row, item.depth, self.span_detail(item.row), hidden, item.orphan, context)

    def span_detail(self, row: int) -> SpanDetail | None:
        """What a span's records say; nothing of a span that is only named; None where they are gone."""
        if not self.store.spans.flags[row] & (Flag.announced | Flag.invented):
            return SpanDetail()
        try:
            return self.bodies.span_detail(row)
        except ChangedOnDisk:
            return None

    def event_detail(self, row: int) -> EventDetail | None:
        """What an event's record says; None where it is gone."""
        try:
            return self.bodies.event_detail(row)
        except ChangedOnDisk:
            return None

    def rollup(self, row: int) -> Rollup | None:
        """What the subtree of a span comes to; None for a span without spans below it."""
        position = self._tree.position(row)
        return self._tree.rollup(position) if position >= 0 and self._tree.size(position) > 1 else None

    def usage(self, row: int) -> Usage:
        """Tokens recorded on a span, and its cost if that is."""
        return self.store.usage_of(row) or Usage()

    def cost(self, row: int) -> Cost:
        """What a span cost, without those below it."""
        return self.costs.of_span(row)

    def duration(self, row: int) -> tuple[int | None, bool]:
        """Length of a span, ns, and whether it is still open: then up to the newest record of its run."""
        start, end = self.store.spans.start[row], self.store.spans.end[row]
        if start == NO_TIME:
            return None, False
        if end != NO_TIME:
            return max(0, end - start), False
        if self.store.spans.status[row] != Status.open or self.run.last_time == NO_TIME:
            return None, False
        return max(0, self.run.last_time - start), True

    # -- JSON ----------------------------------------------------------------------------------------------------------

    def facts(self, *, full: bool, events: bool) -> Iterator[dict[str, Any]]:
        """Each span as a JSON object, in tree order.

        Args:
            full: With input, output, attributes, messages and logs as recorded.
            events: With the list of its events.
        """
        for _, facts in self.spans(full=full, events=events):
            yield facts

    def spans(self, *, full: bool, events: bool) -> Iterator[tuple[SpanLine, dict[str, Any]]]:
        """The same, each with its line."""
        ids: dict[int, str] = {}
        by_span = self._events_by_span() if events else {}
        for line in self:
            if isinstance(line, EventLine):
                continue
            ids[line.row] = self._id(line)
            facts = self._span_facts(line, ids)
            if self._chosen is not None:
                facts["matched"] = not line.context
            if full and line.detail is not None:
                facts |= _body_facts(line.detail)
            if events:
                facts["events"] = [self.event_facts(row, full=full) for row in by_span.get(line.row, ())]
            yield line, facts

    def run_events(self, *, full: bool) -> list[dict[str, Any]]:
        """Events of the run that are in no span."""
        return [self.event_facts(row, full=full) for row in self._events_by_span().get(-1, ())]

    def event_facts(self, row: int, *, full: bool) -> dict[str, Any]:
        """One event as a JSON object."""
        events, detail = self.store.events, self.event_detail(row)
        facts: dict[str, Any] = {
            "type": self.store.record_type(events.record[row]),
            "class": EventClass(events.cls[row]).name,
            "time": iso_time(events.time[row]),
            "text": "" if detail is None else detail.text,
        }
        if full and detail is not None:
            facts["attributes"] = detail.attributes
        return facts

    def _events_by_span(self) -> dict[int, list[int]]:
        spans: dict[int, list[int]] = {}
        for row in self.store.events_of_run(self.run.row).tolist():
            if self._chosen is not None and row not in self._chosen.events:
                continue
            spans.setdefault(self.store.events.span[row], []).append(row)
        return spans

    def _id(self, line: SpanLine) -> str:
        written = "" if line.detail is None else line.detail.id
        return written or f"{self.store.spans.key[line.row] ^ run_salt(self.run.row):016x}"

    def _span_facts(self, line: SpanLine, ids: dict[int, str]) -> dict[str, Any]:
        spans, row = self.store.spans, line.row
        length, is_open = self.duration(row)
        usage, cost = self.usage(row), self.cost(row)
        flags = spans.flags[row]
        detail = line.detail
        error = None if detail is None else detail.error
        return {
            "id": ids[row],
            "parent": ids.get(spans.parent[row]) if line.depth else None,
            "depth": line.depth,
            "name": self.store.strings[spans.name[row]],
            "kind": Kind(spans.kind[row]).name,
            "status": Status(spans.status[row]).name,
            "start": iso_time(spans.start[row]),
            "end": iso_time(spans.end[row]),
            "duration_ms": None if is_open else milliseconds(length),
            "tokens": {name: getattr(usage, name) for name in TOKENS},
            **cost_facts(cost),
            "cost_partial": cost.partial,
            "model": self.store.model_of(row) or (detail.model if detail is not None else "") or None,
            "subject": detail.subject if detail is not None else "",
            "error": None
            if error is None
            else {"type": error.type, "message": error.message, "traceback": error.traceback},
            "inferred": [word for flag, word in _INFERRED if flags & flag],
            "recorded": bool(flags & Flag.announced),
        }


@dataclass(slots=True)
class _Chosen:
    """What a filter leaves of a tree."""

    spans: set[int]
    """Rows of the spans that it selects."""
    events: set[int]
    """Rows of the events that it selects."""
    kept: list[bool]
    """For each position of the tree: whether it or anything shown below it is selected."""

    @classmethod
    def of(cls, tree: RunTree, run: Run, where: Selector) -> _Chosen:
        """What ``where`` leaves of ``tree``, whose rows are all visible."""
        import numpy as np

        spans, events = set(where.spans(run.row).tolist()), set(where.events(run.row).tolist())
        marked = np.isin(tree.rows(), list(spans))
        for index in range(len(tree)) if events else ():
            item = tree[index]
            if item.kind == "event" and item.row in events and item.position >= 0:
                marked[item.position] = True
        return cls(spans, events, tree.leading_to(marked).tolist())

    def shows(self, item: Item) -> bool:
        """Whether an item of the tree is still there."""
        return item.row in self.events if item.kind == "event" else self.kept[item.position]


def _body_facts(detail: SpanDetail) -> dict[str, Any]:
    """What was recorded of a span beyond its columns; input and output only where there are any."""
    facts: dict[str, Any] = {}
    for name in ("input", "output"):
        value = getattr(detail, name)
        if value is not ABSENT:
            facts[name] = value
    facts["attributes"] = detail.attributes
    facts["messages"] = [
        {
            "role": message.role,
            "text": message.text,
            "tool_calls": [{"name": name, "arguments": arguments} for name, arguments in message.tool_calls],
            "tool_name": message.tool_name,
        }
        for message in detail.messages
    ]
    facts["logs"] = detail.logs
    return facts

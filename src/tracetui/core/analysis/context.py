"""How the context of each agent grew: the input tokens of its model calls one after another, and where it was compacted.

A compaction is seen where, among the calls of one name, the input falls to ``FALL`` of the call before or less, by
``LEAST`` tokens or more, after it had grown (``GROWN`` calls or more since the last one, the last of them the
largest so far). Events whose type says ``compact`` are told by the producer; one of those that lies between the
same two calls is the same compaction.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from tracetui.core.analysis.errors import Errors
from tracetui.core.analysis.messages import limit_told
from tracetui.core.analysis.run_spans import RunSpans, grouped
from tracetui.core.analysis.spending import Usages
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.store.shape import Bools

FALL: Final = 0.6
LEAST: Final = 1_000
GROWN: Final = 3
CALLS_AT_LEAST: Final = 2
"""Model calls with known input that an agent needs to be told of."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """A context that became smaller."""

    row: int
    """The first model call after it."""
    before: int | None
    """Input tokens of the call before; None where only an event tells of it, and no call was before it."""
    after: int | None
    recorded: bool
    """An event tells of it."""


@dataclass(frozen=True, slots=True)
class ContextGrowth:
    """The model calls of one agent whose input is known."""

    agent: int | None
    """Span row of the agent; None: the run's own calls."""
    name: str
    """Untrusted."""
    rows: tuple[int, ...]
    """Model calls in order of time."""
    tokens: tuple[int, ...]
    """Input of each."""
    compactions: tuple[Compaction, ...]
    over_limit: tuple[int, ...]
    """Rows of its spans that failed because a prompt was too long."""
    limit: int | None
    """The limit that such a failure names, in tokens."""

    @property
    def largest(self) -> int:
        """Most input tokens of a call."""
        return max(self.tokens)


def context_growth(spans: RunSpans, usages: Usages, errors: Errors) -> list[ContextGrowth]:
    """Each agent with at least two model calls of known input, the largest context first."""
    values, _ = usages.column("input")
    chosen = _calls(spans, usages)
    nodes, sizes = usages.node[chosen], values[chosen]
    by_time = spans.start if spans.has_times else spans.rows.astype(np.int64)
    order = np.lexsort((spans.rows[nodes], by_time[nodes]))
    nodes, sizes = nodes[order], sizes[order]
    agents = spans.agent[nodes]
    told = _told(spans)
    over = [(spans.node(cause.row), cause) for cause in errors.over_limit if cause.row >= 0]
    found = []
    for agent, mine in grouped(agents):
        if len(mine) < CALLS_AT_LEAST:
            continue
        too_long = [(node, cause) for node, cause in over if spans.agent[node] == agent]
        limits = [limit for _, cause in too_long if (limit := limit_told(cause.text)) is not None]
        found.append(
            ContextGrowth(
                int(spans.rows[agent]) if agent >= 0 else None,
                spans.name_of(agent) if agent >= 0 else spans.run.name,
                tuple(spans.rows[nodes[mine]].tolist()),
                tuple(sizes[mine].tolist()),
                tuple(_compactions(spans, nodes[mine].tolist(), sizes[mine].tolist(), told.get(agent, []))),
                tuple(cause.row for _, cause in too_long),
                min(limits, default=None),
            )
        )
    return sorted(found, key=lambda each: (-each.largest, -len(each.rows)))


def called_once(spans: RunSpans, usages: Usages) -> int:
    """Agents with fewer model calls of known input than ``context_growth`` tells of: nothing can grow in them."""
    nodes = usages.node[_calls(spans, usages)]
    counts = np.unique(spans.agent[nodes], return_counts=True)[1]
    return int((counts < CALLS_AT_LEAST).sum())


def _calls(spans: RunSpans, usages: Usages) -> Bools:
    """Which of the usages are model calls of known input."""
    chosen: Bools = usages.column("input")[1] & (spans.kind[usages.node] == Kind.llm)
    return chosen


def _told(spans: RunSpans) -> dict[int, list[int]]:
    """Times of the events that tell of a compaction, by agent."""
    store = spans.store
    numbers = [number for number in spans.run.type_counts if "compact" in store.strings[number].lower()]
    if not numbers or not spans.has_times:
        return {}
    events = store.events_of_run(spans.run.row)
    types = store.records.np("type")[store.events.np("record")[events]] & 0x7FFF_FFFF
    found: dict[int, list[int]] = {}
    for event in events[np.isin(types, numbers)].tolist():
        node = spans.node(store.events.span[event])
        time = store.events.time[event]
        if time != NO_TIME:
            found.setdefault(int(spans.agent[node]) if node >= 0 else -1, []).append(time)
    return found


def _compactions(spans: RunSpans, nodes: list[int], sizes: list[int], told: list[int]) -> list[Compaction]:
    times = sorted(told)
    found, done = [], 0
    conversations: dict[int, _Conversation] = {}
    names, starts = spans.name[nodes].tolist(), spans.start[nodes].tolist()
    for at, (node, size) in enumerate(zip(nodes, sizes, strict=True)):
        talk = conversations.get(names[at])
        if talk is None:
            talk = conversations[names[at]] = _Conversation()
        earlier = bisect_right(times, starts[at], done) - done
        done += earlier
        if earlier or talk.is_compacted(size):
            before = talk.last if talk.last is not None else sizes[at - 1] if at else None
            found.append(Compaction(int(spans.rows[node]), before, size, earlier > 0))
            talk.calls, talk.largest = 0, 0
        talk.take(size)
    return found


class _Conversation:
    """The calls of one name, which share a prompt that grows."""

    def __init__(self) -> None:
        self.last: int | None = None
        self.calls = 0
        """Since the last compaction."""
        self.largest = 0

    def is_compacted(self, size: int) -> bool:
        """Whether a call of this size says that the context was compacted before it."""
        last = self.last
        if last is None or self.calls < GROWN or last < self.largest:
            return False
        return size <= last * FALL and last - size >= LEAST

    def take(self, size: int) -> None:
        """The next call."""
        self.last = size
        self.calls += 1
        self.largest = max(self.largest, size)

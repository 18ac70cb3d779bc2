"""Where the wall clock of a run went: model, tool, retrieval, own work, idle. The parts add up to it, to the nanosecond.

At each instant the innermost active spans count: those that are active while none of their children is. Where
several are, in parallel, the instant is split evenly among them. A plain span (one without a kind of its own) is
part of the model call, tool or retrieval that it lies in.

Idle is what nobody works in: no span is active at all, or, for ``IDLE_NS`` and longer, only agents, chains, steps
and spans that hold others and wait. Shorter waits of those are their own time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tracetui.core.analysis.run_spans import RunSpans, covered, distinct, own_pieces
from tracetui.core.model import Kind, Status
from tracetui.core.store.shape import Bools, Ints, Longs

PARTS: Final = ("model", "tool", "retrieval", "own", "idle")
"""The parts, in the order in which they are shown."""
IDLE_NS: Final = 10_000_000_000
"""From this length on a stretch in which only holders are active is idle: 10 s, when the screen says ``silent`` too."""

_MODEL, _TOOL, _RETRIEVAL, _OWN, _WAIT = range(5)
_PART_OF_KIND: Final = {
    Kind.llm: _MODEL,
    Kind.tool: _TOOL,
    Kind.retriever: _RETRIEVAL,
    Kind.embedding: _RETRIEVAL,
    Kind.reranker: _RETRIEVAL,
}


def kinds_of(word: str) -> tuple[Kind, ...]:
    """The kinds whose spans are counted into a part."""
    return tuple(kind for kind, part in _PART_OF_KIND.items() if PARTS[part] == word)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the wall clock."""

    word: str
    """One of ``PARTS``."""
    ns: int
    open_ns: int
    """Of that in spans that are still open."""
    count: int
    """Spans that are of it by their kind; of ``idle`` the stretches."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of idle time."""

    start: int
    end: int
    row: int | None
    """The innermost span that was active meanwhile; None: none was."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """The wall clock of one run by part."""

    wall_ns: int
    parts: tuple[Part, ...]
    """In the order of ``PARTS``; their ``ns`` add up to ``wall_ns``."""
    busy_ns: int
    """Sum of the time that spans worked, each by itself."""
    worked_ns: int
    """Time in which at least one span worked."""
    most_parallel: int
    """Most spans that worked at once."""
    gaps: tuple[Gap, ...]
    """The idle stretches, the longest first."""
    outside: int
    """Spans that lie, in part or as a whole, outside of the recorded time of the run: what is outside is not counted."""

    @property
    def parallelism(self) -> float | None:
        """How many spans worked at once, in the mean of the time in which one did."""
        return self.busy_ns / self.worked_ns if self.worked_ns else None


def part_numbers(spans: RunSpans) -> Ints:
    """Of each node which of the parts it is of, as a place in ``PARTS``."""
    by_kind = np.full(max(Kind) + 1, _OWN, np.int32)
    for kind, number in _PART_OF_KIND.items():
        by_kind[kind] = number
    numbers: Ints = by_kind[spans.kind]
    plain = spans.kind == Kind.span
    over = spans.nearest(spans.told & ~plain)
    inherits = plain & (over >= 0)
    return np.where(inherits, numbers[over], numbers)


def attribution(spans: RunSpans) -> Attribution | None:
    """The wall clock by part; None for a run without times."""
    wall, begin = spans.wall, spans.begin
    if wall is None or begin < 0:
        return None
    node, low, high = own_pieces(spans)
    stop = begin + wall
    placed = spans.placed
    outside = int(((spans.start[placed] < begin) | (spans.end[placed] > stop)).sum())
    low, high = np.clip(low, begin, stop), np.clip(high, begin, stop)
    some = high > low
    node, low, high = node[some], low[some], high[some]
    number = part_numbers(spans)
    waits = spans.holder[node]
    part = np.where(waits, _WAIT, number[node])
    sweep = _Sweep(begin, stop, part, low, high, spans.status[node] == Status.open)
    # A plain span in a call is a part of that call, and no call of its own.
    counted = spans.told & ((number == _OWN) | (spans.kind != Kind.span))
    counts = np.bincount(number[counted], minlength=4)
    worked_low, worked_high = low[~waits], high[~waits]
    gaps = _gaps(spans, sweep, node, low, high)
    parts = tuple(
        Part(word, int(sweep.ns[at]), int(sweep.open_ns[at]), len(gaps) if at == _WAIT else int(counts[at]))
        for at, word in enumerate(PARTS)
    )
    return Attribution(
        wall,
        parts,
        int((worked_high - worked_low).sum()),
        covered(worked_low, worked_high),
        sweep.most_parallel,
        gaps,
        outside,
    )


class _Sweep:
    """Time from ``begin`` to ``stop`` cut wherever a stretch begins or ends, and who has which share of each piece."""

    def __init__(self, begin: int, stop: int, part: Ints, low: Longs, high: Longs, is_open: Bools) -> None:
        edges = distinct(np.concatenate((np.asarray([begin, stop], np.int64), low, high)))
        self.edges = edges
        length = np.diff(edges)
        first, last = np.searchsorted(edges, low), np.searchsorted(edges, high)
        active = np.stack([_active(len(length), first[part == at], last[part == at]) for at in range(5)])
        working = active[:_WAIT].sum(axis=0)
        total = working + active[_WAIT]
        self.most_parallel = int(working.max(initial=0))
        self.idle = _long_idle(working, total, length, edges)
        shares = _split(length, active, total)
        shares[_OWN] += shares[_WAIT]
        shares[_WAIT] = 0
        shares[:, self.idle] = 0
        self.ns = shares.sum(axis=1)
        self.ns[_WAIT] = length[self.idle].sum()
        opened = np.stack(
            [_active(len(length), first[(part == at) & is_open], last[(part == at) & is_open]) for at in range(5)]
        )
        self.open_ns = self._open(length, active, total, opened)

    def _open(self, length: Longs, active: Any, total: Any, opened: Any) -> Longs:
        """The same of open spans: that part of each share."""
        if not opened.any():
            return np.zeros(5, np.int64)
        rest = active - opened
        both = np.empty((10, len(length)), np.int64)
        both[0::2], both[1::2] = opened, rest
        shares = _split(length, both, total)[0::2]
        idle = shares[:, self.idle].sum()
        shares[_OWN] += shares[_WAIT]
        shares[_WAIT] = 0
        shares[:, self.idle] = 0
        found: Longs = shares.sum(axis=1)
        found[_WAIT] = idle
        return found


def _active(pieces: int, first: Any, last: Any) -> Longs:
    """How many stretches are active in each piece."""
    change = np.bincount(first, minlength=pieces + 1) - np.bincount(last, minlength=pieces + 1)
    return np.cumsum(change)[:pieces].astype(np.int64)


def _split(length: Longs, active: Any, total: Any) -> Any:
    """Each piece split by how many of each part are active in it; the shares of a piece add up to its length."""
    many = np.maximum(total, 1)
    whole, rest = length // many, length % many
    sums = np.cumsum(active, axis=0)
    upto = whole * sums + rest * sums // many
    return np.diff(upto, axis=0, prepend=0)


def _long_idle(working: Any, total: Any, length: Longs, edges: Longs) -> Bools:
    """Pieces in which nothing is active, or which are of a long stretch in which only holders are."""
    resting = working == 0
    edge = np.diff(np.concatenate(([0], resting.astype(np.int8), [0])))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    long = edges[last] - edges[first] >= IDLE_NS
    marks = np.zeros(len(length) + 1, np.int64)
    np.add.at(marks, first[long], 1)
    np.add.at(marks, last[long], -1)
    idle: Bools = (np.cumsum(marks)[:-1] > 0) | (total == 0)
    return idle


def _gaps(spans: RunSpans, sweep: _Sweep, node: Ints, low: Longs, high: Longs) -> tuple[Gap, ...]:
    """The idle stretches, the longest first, each with the deepest span that was active in the middle of it."""
    edge = np.diff(np.concatenate(([0], sweep.idle.astype(np.int8), [0])))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    start, end = sweep.edges[first], sweep.edges[last]
    by = np.lexsort((start, start - end))
    depth = spans.shape.depth[spans.shape.position]
    gaps: list[Gap] = []
    for at in by.tolist():
        row = None
        if len(gaps) < _TOLD:
            middle = (int(start[at]) + int(end[at])) // 2
            there = node[(low <= middle) & (high > middle)]
            row = int(spans.rows[there[np.argmax(depth[there])]]) if len(there) else None
        gaps.append(Gap(int(start[at]), int(end[at]), row))
    return tuple(gaps)


_TOLD: Final = 20
"""Gaps of which it is looked up what was active: shorter ones are not shown."""

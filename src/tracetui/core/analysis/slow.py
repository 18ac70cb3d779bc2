"""Which spans are slow, and why: over the threshold of their kind, or far over the median of their name.

Names are compared over everything that has been read, all runs together. A span that only holds others (an agent,
chain, step or plain span with children) is not measured against the threshold of its kind: its time is theirs, and
one slow call would mark everything above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, Flag, Kind, Status
from tracetui.core.store.preorder import Rows
from tracetui.core.store.shape import Bools, Ints, Longs
from tracetui.core.text import duration

if TYPE_CHECKING:
    from tracetui.core.store import Store

SECOND: Final = 1_000_000_000
CONTAINERS: Final = frozenset({Kind.agent, Kind.chain, Kind.step, Kind.span})
"""Kinds that, with children, are containers and no work of their own."""
_STALE_SHARE = 16
"""While a large trace is read, figures by name are made anew when it has grown by one part in so many."""
_SMALL = 20_000
"""Up to so many spans they are made anew at every change: it takes about a millisecond."""

_FEW = 4
"""Of so few spans the children are looked for one by one."""


def _thresholds() -> dict[Kind, int]:
    return {kind: {Kind.llm: 30, Kind.tool: 10}.get(kind, 5) * SECOND for kind in Kind}


@dataclass(frozen=True, slots=True)
class SlowRules:
    """When a span counts as slow (settable)."""

    thresholds_ns: Mapping[Kind, int] = field(default_factory=_thresholds)
    """By kind: llm 30 s, tool 10 s, others 5 s."""
    factor: float = 3.0
    """Times the median of the name."""
    at_least: int = 5
    """Finished spans that a name needs for that."""
    floor_ns: int = SECOND
    """What is faster is not slow, however fast the others are."""


@dataclass(frozen=True, slots=True)
class NameTimes:
    """How long the finished spans of one name took, ns; percentiles are those of the nearest rank."""

    count: int
    p50_ns: int
    p95_ns: int
    max_ns: int


class _Figures(NamedTuple):
    """Times by name, replaced as a whole: another thread may ask meanwhile."""

    finished: Longs
    p50: Longs
    p95: Longs
    longest: Longs


class SlowSpans:
    """Times by name over all that has been read, and what is slow by them. Ask ``refresh`` after changes.

    Args:
        store: What has been read.
        rules: When a span counts as slow.
        measured: Measure at once; without it nothing is known of names before the first ``refresh``.
    """

    def __init__(self, store: Store, rules: SlowRules | None = None, *, measured: bool = True) -> None:
        self._store = store
        self.rules = SlowRules() if rules is None else rules
        self._epoch = -1
        self._spans = 0
        self._figures = _Figures(*(np.zeros(0, np.int64) for _ in range(4)))
        if measured:
            self.refresh(exact=True)

    def refresh(self, exact: bool = False) -> None:
        """Look again. A large trace that has hardly grown keeps its figures unless ``exact`` is asked for."""
        if exact or self._is_stale:
            self._measure()
        self._epoch = self._store.epoch

    @property
    def takes_long(self) -> bool:
        """To ``refresh`` now takes some tenths of a second: it is not for the thread that a screen waits for."""
        return self._is_stale and len(self._store.spans) > _SMALL

    @property
    def _is_stale(self) -> bool:
        spans = len(self._store.spans)
        if self._store.epoch == self._epoch:
            return False
        return spans <= _SMALL or (spans - self._spans) * _STALE_SHARE >= spans

    def times(self, name: int) -> NameTimes | None:
        """Of the finished spans with a name (string id); None if there are none."""
        figures = self._figures
        if name >= len(figures.finished) or not figures.finished[name]:
            return None
        return NameTimes(*(int(column[name]) for column in figures))

    def open_p95(self, run: int) -> int | None:
        """The longest p95 among the names of a run's innermost open spans, ns: what ``run_status`` waits three times for."""
        spans = self._store.spans
        rows = self._store.rows_of_run(run)
        rows = rows[spans.np("status")[rows] == Status.open]
        rows = rows[~np.isin(rows, spans.np("parent")[rows])]
        known = [times.p95_ns for name in np.unique(spans.np("name")[rows]).tolist() if (times := self.times(name))]
        return max(known, default=None)

    def mask(self, rows: Rows) -> Bools:
        """Which finished spans of ``rows`` are slow."""
        spans = self._store.spans
        took = _took(self._store, rows)
        limit = self._threshold(rows)
        names = spans.np("name")[rows]
        slow: Bools = (took >= limit) | (took >= self._by_name(names))
        return slow & (took >= 0)

    def rows(self, run: int) -> Ints:
        """The slow spans of a run, in order of arrival."""
        rows: Ints = self._store.rows_of_run(run)
        return rows[self.mask(rows)]

    def reason(self, row: int, duration_ns: int | None = None) -> str | None:
        """Why a span is slow, in words (``over 30.0s, 4.2× its name's p50``); None if it is not.

        ``duration_ns`` is the age of an open span; by default the duration of a finished one is looked up.
        """
        rows = np.asarray([row], np.int32)
        took = int(_took(self._store, rows)[0]) if duration_ns is None else duration_ns
        if took < 0:
            return None
        limit, name = int(self._threshold(rows)[0]), self._store.spans.name[row]
        parts = [f"over {duration(limit)}"] if took >= limit else []
        if took >= self._by_name(np.asarray([name]))[0]:
            parts.append(f"{took / max(1, int(self._figures.p50[name])):.1f}× its name's p50")
        return ", ".join(parts) or None

    def _threshold(self, rows: Rows) -> Longs:
        """The threshold of each span's kind; none for containers."""
        limits = np.full(256, np.iinfo(np.int64).max)
        for kind, limit in self.rules.thresholds_ns.items():
            limits[kind] = limit
        kinds = self._store.spans.np("kind")[rows]
        found: Longs = limits[kinds]
        is_container = np.zeros(256, np.bool_)
        is_container[list(CONTAINERS)] = True
        held = np.flatnonzero(is_container[kinds] & (found != np.iinfo(np.int64).max))
        found[held[self._holders(rows[held])]] = np.iinfo(np.int64).max
        return found

    def _holders(self, rows: Rows) -> Bools:
        """Which of ``rows`` have children."""
        spans = self._store.spans
        if len(rows) <= _FEW:
            return np.asarray([self._has_children(row) for row in rows.tolist()], np.bool_)
        holds = np.zeros(len(spans) + 1, np.bool_)
        runs = np.zeros(len(self._store.runs), np.bool_)
        runs[spans.np("run")[rows]] = True
        for run in np.flatnonzero(runs).tolist():
            this = self._store.runs[run]
            low, high = this.first_row, this.last_row + 1
            counts = (spans.np("flags", low, high) & Flag.dropped) == 0
            # -1, no parent, marks the spare place at the end.
            holds[spans.np("parent", low, high)[counts]] = True
        return holds[rows]

    def _has_children(self, row: int) -> bool:
        spans = self._store.spans
        this = self._store.runs[spans.run[row]]
        below = np.flatnonzero(spans.np("parent", this.first_row, this.last_row + 1) == row) + this.first_row
        return bool(((spans.np("flags")[below] & Flag.dropped) == 0).any())

    def _by_name(self, names: Rows) -> npt.NDArray[np.float64]:
        """The least time that is slow for each name; infinite for names with too few spans."""
        figures = self._figures
        known = names < len(figures.finished)
        at = np.where(known, names, 0)
        if not len(figures.finished):
            return np.full(len(names), np.inf)
        enough = known & (figures.finished[at] >= self.rules.at_least)
        limit = np.maximum(figures.p50[at] * self.rules.factor, self.rules.floor_ns)
        return np.where(enough, limit, np.inf)

    def _measure(self) -> None:
        self._spans = len(self._store.spans)
        rows = np.flatnonzero((self._store.spans.np("flags") & (Flag.dropped | Flag.announced)) == Flag.announced)
        took = _took(self._store, rows)
        rows, took = rows[took >= 0], took[took >= 0]
        names = self._store.spans.np("name")[rows]
        by = np.lexsort((took, names))
        took = took[by]
        count = np.bincount(names, minlength=len(self._store.strings)).astype(np.int64)
        begin = np.cumsum(count) - count
        some = count > 0
        p50, p95, longest = (np.full(len(count), -1, np.int64) for _ in range(3))
        for column, share in ((p50, 50), (p95, 95), (longest, 100)):
            column[some] = took[(begin + np.maximum(-(-count * share // 100), 1) - 1)[some]]
        self._figures = _Figures(count, p50, p95, longest)


def _took(store: Store, rows: Rows) -> Longs:
    """Durations of finished spans, ns; -1 where there is none, or the clock went backwards."""
    spans = store.spans
    start, end = spans.np("start")[rows], spans.np("end")[rows]
    told = (start != NO_TIME) & (end >= start) & (spans.np("status")[rows] != Status.open)
    return np.where(told, end - start, -1)

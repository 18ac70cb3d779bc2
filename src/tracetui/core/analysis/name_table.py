"""The spans of the open run by name and kind: how many, how long, how many failed, what they used, and which they are.

``copied`` takes what is needed out of the store (or a snapshot of it, in a thread), ``tabled`` works on those copies alone.
Percentiles are those of the nearest rank. They, total and own time (in which no child was active) are over finished spans.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import numpy.typing as npt

from tracetui.core.analysis.run_spans import RunSpans, nearest, own_pieces
from tracetui.core.model import NO_TIME, Clock, Flag, Kind, Status
from tracetui.core.store.columns import taken
from tracetui.core.store.reach import reach_of
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.pricing import Costs
    from tracetui.core.store.store import Store

Sorting = Literal["own", "total", "count", "errors", "p50", "p95", "max", "tokens", "cost", "name"]
SORTINGS: Final[tuple[Sorting, ...]] = (
    "own",
    "total",
    "count",
    "errors",
    "p50",
    "p95",
    "max",
    "tokens",
    "cost",
    "name",
)
"""What names can be sorted by, in the order of the keys `<` and `>`."""

_UNKNOWN, _BIG = 0xFFFF_FFFF, 0xFFFF_FFFE
_KINDS: Final = 16


@dataclass(frozen=True, slots=True)
class NameRow:
    """The spans of one name and kind. Times are ns; None: not known of any."""

    name: str
    """Untrusted."""
    kind: Kind
    count: int
    errors: int
    open: int
    total: int | None
    own: int | None
    p50: int | None
    p95: int | None
    max: int | None
    tokens: int | None
    tokens_partial: bool
    cost: float | None
    cost_partial: bool
    cost_computed: bool
    """Some of it is worked out from prices."""
    first: int
    """Where its spans begin in `NameTable.members`."""

    @property
    def key(self) -> tuple[str, Kind]:
        """What tells it from the others."""
        return self.name, self.kind


@dataclass(frozen=True, slots=True)
class NameTable:
    """All names of a run."""

    rows: tuple[NameRow, ...]
    members: Ints
    """Span rows, those of a name together, the longest first."""
    wall: int | None
    """How long the run took, ns: what shares are of."""

    def spans_of(self, row: NameRow) -> Ints:
        """The spans of a name, the longest first."""
        return self.members[row.first : row.first + row.count]

    def sorted_by(self, sorting: Sorting, reverse: bool = False) -> NameTable:
        """The same in another order: most first, names from A on, unless `reverse`."""

        def key(row: NameRow) -> float:
            value = getattr(row, sorting)
            return -1.0 if value is None else float(value)

        rows = sorted(self.rows, key=lambda row: (row.name.casefold(), row.kind), reverse=sorting == "name" and reverse)
        if sorting != "name":
            rows.sort(key=key, reverse=not reverse)
        return replace(self, rows=tuple(rows))


@dataclass(frozen=True, slots=True)
class Copied:
    """What the table rests on, taken out of the store."""

    rows: Ints
    asked: Bools
    name: npt.NDArray[np.integer[Any]]
    kind: npt.NDArray[np.integer[Any]]
    status: npt.NDArray[np.integer[Any]]
    start: Longs
    end: Longs
    parent: Longs
    told: Bools
    used: Longs
    """Span rows with usage, ascending, and their tokens; -1: not known, whole or in part (`halves`)."""
    tokens: Longs
    halves: Bools
    priced: Longs
    recorded: npt.NDArray[np.float64]
    computed: npt.NDArray[np.float64]
    cost_halves: Bools
    names: dict[int, str]
    last: int
    wall: int | None


@dataclass(frozen=True, slots=True)
class Priced:
    """What spans cost, as it is known: span rows, ascending, and of each what is recorded, computed, and only in part known."""

    spans: Longs
    recorded: npt.NDArray[np.float64]
    computed: npt.NDArray[np.float64]
    halves: Bools

    @classmethod
    def of(cls, costs: Costs) -> Priced:
        """What these costs say now."""
        spans, recorded, computed = costs.priced()
        return cls(spans.astype(np.int64), recorded, computed, costs.partial())

    @classmethod
    def recorded_in(cls, store: Store) -> Priced:
        """What is recorded."""
        spans = store.usage.np("span").astype(np.int64)
        by = np.argsort(spans, kind="stable")
        count = len(spans)
        return cls(spans[by], store.usage.np("cost_usd")[by], np.full(count, np.nan), np.zeros(count, np.bool_))


def copied(store: Store, run_row: int, asked: Ints | None, priced: Priced | None) -> Copied:
    """All spans of the run, and which of them chips and filter ask for.

    Args:
        store: What has been read; in a thread a `Snapshot` of it.
        run_row: The run.
        asked: Span rows that are asked for; None: all.
        priced: What they cost; None: as recorded.
    """
    run = store.runs[run_row]
    rows = store.rows_of_run(run_row)
    priced = Priced.recorded_in(store) if priced is None else priced
    spans = store.spans
    flags = taken(spans.np("flags"), rows)
    name = taken(spans.np("name"), rows)
    has_times = run.clock is not Clock.order_only
    none = np.full(len(rows), NO_TIME, np.int64)
    used, tokens, halves = _tokens(store)
    return Copied(
        rows,
        np.ones(len(rows), np.bool_) if asked is None else np.isin(rows, asked),
        name,
        taken(spans.np("kind"), rows),
        taken(spans.np("status"), rows),
        taken(spans.np("start"), rows) if has_times else none,
        taken(spans.np("end"), rows) if has_times else none,
        taken(spans.np("parent"), rows).astype(np.int64),
        (flags & Flag.announced) > 0,
        used,
        tokens,
        halves,
        priced.spans,
        priced.recorded,
        priced.computed,
        priced.halves,
        {number: store.strings[number] for number in np.unique(name).tolist()},
        run.last_time,
        run.duration()[0] if has_times else None,
    )


def _tokens(store: Store) -> tuple[Longs, Longs, Bools]:
    usage = store.usage
    span = usage.np("span").astype(np.int64)
    total, read, written = (usage.np(each).astype(np.int64) for each in ("total", "input", "output"))
    has_read, has_written = read != _UNKNOWN, written != _UNKNOWN
    both = np.where(has_read, read, 0) + np.where(has_written, written, 0)
    tokens = np.where(total != _UNKNOWN, total, np.where(has_read | has_written, both, -1))
    for index in np.flatnonzero((total == _BIG) | (read == _BIG) | (written == _BIG)).tolist():
        figures = usage.get(index)
        tokens[index] = figures.total if figures.total is not None else (figures.input or 0) + (figures.output or 0)
    halves = (total == _UNKNOWN) & ~(has_read & has_written)
    by = np.argsort(span, kind="stable")
    return span[by], tokens[by], halves[by]


def tabled(run: Copied) -> NameTable:
    """The table of a run. Takes about a second for a million spans."""
    own = _own(run)
    chosen = np.flatnonzero(run.told & run.asked)
    if not len(chosen):
        return NameTable((), np.empty(0, np.int32), run.wall)
    start, end, status = run.start[chosen], run.end[chosen], run.status[chosen]
    is_open = status == Status.open
    took = np.where((start != NO_TIME) & (end >= start) & ~is_open, end - start, -1)
    age = np.where(is_open & (start != NO_TIME), np.maximum(run.last - start, 0), took)
    key = run.name[chosen].astype(np.int64) * _KINDS + run.kind[chosen]
    keys, group = np.unique(key, return_inverse=True)
    members = chosen[np.lexsort((chosen, -age, group))]
    count = np.bincount(group)
    first = np.cumsum(count) - count
    tokens = _used(run, chosen, group, len(keys))
    costs = _spent(run, chosen, group, len(keys))
    done = took >= 0
    finished = np.bincount(group[done], minlength=len(keys))
    begin = np.cumsum(finished) - finished
    ordered = took[done][np.lexsort((took[done], group[done]))]
    total = np.zeros(len(keys), np.int64)
    np.add.at(total, group[done], took[done])
    owned = np.zeros(len(keys), np.int64)
    np.add.at(owned, group[done], own[chosen][done])
    failed = np.bincount(group[status == Status.error], minlength=len(keys))
    opened = np.bincount(group[is_open], minlength=len(keys))
    found = []
    for at, each in enumerate(keys.tolist()):
        number, low = int(finished[at]), int(begin[at])
        used, used_partial = tokens[at]
        cost, cost_partial, is_computed = costs[at]
        has = number > 0
        found.append(
            NameRow(
                run.names[each // _KINDS],
                Kind(each % _KINDS),
                int(count[at]),
                int(failed[at]),
                int(opened[at]),
                int(total[at]) if has else None,
                int(owned[at]) if has else None,
                int(ordered[low + _rank(number, 50)]) if has else None,
                int(ordered[low + _rank(number, 95)]) if has else None,
                int(ordered[low + number - 1]) if has else None,
                used,
                used_partial,
                cost,
                cost_partial,
                is_computed,
                int(first[at]),
            )
        )
    return NameTable(tuple(found), run.rows[members].astype(np.int32), run.wall)


def _rank(count: int, share: int) -> int:
    """Place of a percentile among ``count`` ordered values: the nearest rank."""
    return max(1, -(-count * share // 100)) - 1


def _found(among: Longs, rows: Ints) -> tuple[npt.NDArray[np.intp], Bools]:
    """Where each of some span rows stands in an ascending list, and whether it does."""
    if not len(among):
        return np.zeros(len(rows), np.intp), np.zeros(len(rows), np.bool_)
    at = np.minimum(among.searchsorted(rows), len(among) - 1)
    return at, among[at] == rows


def _used(
    run: Copied, chosen: npt.NDArray[np.intp], group: npt.NDArray[np.intp], groups: int
) -> list[tuple[int | None, bool]]:
    at, there = _found(run.used, run.rows[chosen])
    there &= run.tokens[at] >= 0 if len(run.used) else there
    sums = np.zeros(groups, np.int64)
    np.add.at(sums, group[there], run.tokens[at[there]] if len(run.used) else 0)
    known = np.bincount(group[there], minlength=groups)
    halves = np.bincount(group[there][run.halves[at[there]]], minlength=groups) if len(run.used) else known
    lacking = np.bincount(group[~there & (run.kind[chosen] == Kind.llm)], minlength=groups)
    return [
        (int(sums[each]) if known[each] else None, bool(known[each] and (lacking[each] or halves[each])))
        for each in range(groups)
    ]


def _spent(
    run: Copied, chosen: npt.NDArray[np.intp], group: npt.NDArray[np.intp], groups: int
) -> list[tuple[float | None, bool, bool]]:
    at, there = _found(run.priced, run.rows[chosen])
    if not len(run.priced):
        return [(None, False, False)] * groups
    cost = np.where(np.isnan(run.recorded), run.computed, run.recorded)[at]
    there &= np.isfinite(cost)
    sums = np.bincount(group[there], cost[there], minlength=groups)
    known = np.bincount(group[there], minlength=groups)
    worked_out = np.bincount(group[there & np.isnan(run.recorded[at])], minlength=groups)
    lacking = np.bincount(group[~there & (run.kind[chosen] == Kind.llm)], minlength=groups)
    halves = np.bincount(group[there & run.cost_halves[at]], minlength=groups)
    return [
        (
            float(sums[each]) if known[each] else None,
            bool(known[each] and (lacking[each] or halves[each])),
            bool(worked_out[each]),
        )
        for each in range(groups)
    ]


@dataclass(slots=True)
class _Placed:
    """What `own_pieces` asks of the spans of a run."""

    placed: Bools
    start: Longs
    end: Longs
    over: Ints

    def __len__(self) -> int:
        return len(self.start)


def _own(run: Copied) -> Longs:
    """Own time of each span of the run, ns; 0 where it has no times."""
    end = np.where((run.end == NO_TIME) & (run.status == Status.open), np.maximum(run.last, run.start), run.end)
    placed = run.told & (run.start != NO_TIME) & (end >= run.start)
    at, there = _found(run.rows.astype(np.int64), run.parent.astype(np.int32))
    over = nearest(np.where(there, at, -1).astype(np.int32), placed)
    node, low, high = own_pieces(cast("RunSpans", _Placed(placed, run.start, end, over)), until=reach_of(over, end))
    own = np.zeros(len(run.rows), np.int64)
    np.add.at(own, node, high - low)
    return own

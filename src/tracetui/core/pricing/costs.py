"""What spans and runs of a store cost: recorded figures, and prices of the calls that have none, in one pass.

A call is never paid twice. What is recorded of it counts and is not computed; nor is a call of a run whose cost is recorded
as a whole, nor one below a span that records what it cost: that figure may hold it already. Prices are those of the call's
own time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, Clock, Flag, Kind
from tracetui.core.pricing.cost import Cost
from tracetui.core.pricing.prices import Prices
from tracetui.core.pricing.rates import TOKENS, Bools, Floats, Times, priced
from tracetui.core.store.preorder import local_parents
from tracetui.core.store.shape import shape

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

Rows = npt.NDArray[np.int32]

_UNKNOWN: Final = 0xFFFF_FFFF
_BIG: Final = 0xFFFF_FFFE
_NO_CLOCK: Final = frozenset((Clock.relative, Clock.order_only))
_SELLERS: Final = {"claude-code": "anthropic"}
"""Who sells the models of a format's calls, where the format is one program's."""


_NOTHING: Final = Cost()


@dataclass(slots=True)
class _Table:
    """The spans with usage, ascending, and what each cost; as the store was at ``epoch``."""

    epoch: int
    spans: Rows
    recorded: Floats
    computed: Floats
    whole: Bools
    origin: npt.NDArray[np.uint8]
    """Number of the origin of ``computed``, 0 for none."""
    run: npt.NDArray[np.uint32]
    is_call: Bools
    """Whether the span is a model's call."""

    @property
    def known(self) -> Bools:
        """Where there is a figure."""
        return ~(np.isnan(self.recorded) & np.isnan(self.computed))


@dataclass(slots=True)
class _Sums:
    """Figures of each run."""

    computed: Floats
    priced: npt.NDArray[np.int64]
    """Calls and other spans whose cost is computed."""
    known_calls: npt.NDArray[np.int64]
    """Model calls with a figure."""
    halves: npt.NDArray[np.int64]
    """Figures that miss a part."""
    origins: npt.NDArray[np.uint8]
    """Bit n: prices of origin n are in it."""


class Costs:
    """Answers for one store, as it is when asked.

    Args:
        store: What has been read.
        prices: Where prices come from; None: the library's.
    """

    def __init__(self, store: Store, prices: Prices | None = None) -> None:
        self._store = store
        self._prices = Prices() if prices is None else prices
        self._origins: list[str] = [""]
        self._table: _Table | None = None
        self._sums: _Sums | None = None

    # -- answers -------------------------------------------------------------------------------------------------------

    def of_span(self, row: int) -> Cost:
        """What a span itself cost, without those below it."""
        if not self._store.spans.flags[row] & Flag.has_usage:
            return _NOTHING
        table = self._now()
        at = table.spans.searchsorted(np.int32(row))
        recorded, computed = float(table.recorded[at]), float(table.computed[at])
        if recorded == recorded:
            return Cost(recorded)
        if computed != computed:
            return _NOTHING
        return Cost(None, computed, not table.whole[at], self._origins[table.origin[at]])

    def of_rows(self, rows: Iterable[int] | Rows) -> Cost:
        """What several spans cost together; each counts once. ``partial`` too if a model call among them has no figure."""
        table = self._now()
        chosen = np.unique(np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), np.int64))
        at = np.searchsorted(table.spans, chosen)
        hit = at < len(table.spans)
        hit[hit] = table.spans[at[hit]] == chosen[hit]
        at = at[hit]
        known_calls = int(np.count_nonzero((table.known & table.is_call)[at]))
        spans = self._store.spans
        calls = (spans.np("kind")[chosen] == Kind.llm) & ((spans.np("flags")[chosen] & Flag.announced) > 0)
        return self._cost(table, at, lacking=known_calls < int(np.count_nonzero(calls)))

    def of_run(self, run: Run) -> Cost:
        """What a run cost, with what is recorded of it as a whole."""
        sums = self._sums_now()
        recorded = run.usage.cost_usd
        if recorded is not None and not np.isfinite(recorded):
            recorded = None
        if run.row >= len(sums.computed):
            return Cost(recorded)
        count, known = int(sums.priced[run.row]), int(sums.known_calls[run.row])
        calls = run.kind_counts[Kind.llm]
        # What is recorded of a whole run is recorded of all its calls.
        lacking = known < calls if not run.costs else 0 < known < calls
        lacking |= bool(sums.halves[run.row])
        return Cost(
            recorded,
            float(sums.computed[run.row]) if count else None,
            lacking and (recorded is not None or count > 0),
            self._origin(int(sums.origins[run.row])),
        )

    def priced(self) -> tuple[Rows, Floats, Floats]:
        """For sums by groups: span rows with usage, ascending, what each cost as recorded and as computed (nan: not)."""
        table = self._now()
        return table.spans, table.recorded, table.computed

    def partial(self) -> Bools:
        """Of the rows of ``priced``: whether a part of the figure is missing."""
        table = self._now()
        return ~table.whole & table.known

    def _cost(self, table: _Table, at: npt.NDArray[np.integer], *, lacking: bool) -> Cost:
        recorded, computed = table.recorded[at], table.computed[at]
        has_recorded, has_computed = ~np.isnan(recorded), ~np.isnan(computed)
        known = bool(has_recorded.any() or has_computed.any())
        halves = bool((~table.whole[at] & (has_recorded | has_computed)).any())
        bits = int(np.bitwise_or.reduce(np.left_shift(1, table.origin[at].astype(np.int64)), initial=0))
        return Cost(
            float(recorded[has_recorded].sum()) if has_recorded.any() else None,
            float(computed[has_computed].sum()) if has_computed.any() else None,
            known and (lacking or halves),
            self._origin(bits),
        )

    def _origin(self, bits: int) -> str:
        return ", ".join(word for number, word in enumerate(self._origins) if number and bits >> number & 1)

    # -- the pass ------------------------------------------------------------------------------------------------------

    def _now(self) -> _Table:
        if (
            self._table is None
            or self._table.epoch != self._store.epoch
            or len(self._table.spans) > len(self._store.usage)
        ):
            self._table, self._sums = self._made(), None
        return self._table

    def _sums_now(self) -> _Sums:
        if self._sums is None:
            table, runs = self._now(), len(self._store.runs)
            has_price = ~np.isnan(table.computed)
            origins = np.zeros(runs, np.uint8)
            for number in range(1, len(self._origins)):
                origins[table.run[table.origin == number]] |= np.uint8(1 << number)
            self._sums = _Sums(
                np.bincount(table.run[has_price], table.computed[has_price], runs).astype(np.float64),
                np.bincount(table.run[has_price], minlength=runs),
                np.bincount(table.run[table.known & table.is_call], minlength=runs),
                np.bincount(table.run[table.known & ~table.whole], minlength=runs),
                origins,
            )
        return self._sums

    def _made(self) -> _Table:
        usage, spans = self._store.usage, self._store.spans
        rows = usage.np("span")
        counted = (
            np.flatnonzero((spans.np("flags")[rows] & np.uint16(Flag.has_usage)) > 0) if len(rows) else np.empty(0, int)
        )
        at = counted[np.argsort(rows[counted], kind="stable")]
        rows = rows[at].astype(np.int32)
        cost = usage.np("cost_usd")[at]
        flags = spans.np("flags")[rows]
        table = _Table(
            self._store.epoch,
            rows,
            np.where(np.isfinite(cost), cost, np.nan),
            np.full(len(rows), np.nan),
            np.ones(len(rows), np.bool_),
            np.zeros(len(rows), np.uint8),
            spans.np("run")[rows].copy(),
            (spans.np("kind")[rows] == Kind.llm) & ((flags & np.uint16(Flag.announced)) > 0),
        )
        self._compute(table, at)
        return table

    def _compute(self, table: _Table, at: npt.NDArray[np.integer]) -> None:
        """Fill in the prices of calls that have no cost."""
        usage = self._store.usage
        asked = np.isnan(table.recorded) & (usage.np("model")[at] > 0)
        asked &= (usage.np("input")[at] != _UNKNOWN) | (usage.np("output")[at] != _UNKNOWN)
        if asked.any():
            asked &= ~_of_runs(table.run, [bool(run.costs) for run in self._store.runs])
        if not asked.any():
            return
        asked &= ~self._paid_above(table, asked)
        todo = np.flatnonzero(asked)
        if not len(todo):
            return
        counts = {name: self._counts(name, at[todo]) for name in TOKENS}
        times = self._times(table.spans[todo], table.run[todo])
        for provider, model, chosen in self._groups(table.run[todo], at[todo]):
            rates = self._prices.rates(provider, model)
            if rates is None:
                continue
            for rate, now in rates.at(times[chosen]):
                here = chosen[now]
                found = priced(rate, {name: column[here] for name, column in counts.items()})
                table.computed[todo[here]] = found.usd
                table.whole[todo[here]] = found.whole
                table.origin[todo[here]] = np.where(np.isnan(found.usd), 0, self._number(rate.origin))

    def _number(self, origin: str) -> int:
        if origin not in self._origins:
            self._origins.append(origin)
        return self._origins.index(origin)

    def _groups(self, runs: npt.NDArray[np.uint32], at: npt.NDArray[np.integer]) -> Iterable[tuple[str, str, Times]]:
        """Each provider and model with the calls that name them, the most frequent first."""
        models = self._store.usage.np("model")[at].astype(np.int64)
        formats = [_SELLERS.get(run.format, "") for run in self._store.runs]
        sellers = sorted(set(formats))
        codes = _of_runs(runs, [sellers.index(word) for word in formats]).astype(np.int64)
        keys = models * len(sellers) + codes
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        begins = np.flatnonzero(np.diff(ordered, prepend=-1))
        lengths = np.diff(begins, append=len(ordered))
        for group in np.argsort(-lengths, kind="stable").tolist():
            begin = int(begins[group])
            model, code = divmod(int(ordered[begin]), len(sellers))
            yield sellers[code], self._store.strings[model], order[begin : begin + int(lengths[group])]

    def _counts(self, name: str, at: npt.NDArray[np.integer]) -> Floats:
        """A figure of the usage table, nan where it is unknown."""
        column = self._store.usage.np(name)[at]
        counts = np.where(column == _UNKNOWN, np.nan, column.astype(np.float64))
        for place in np.flatnonzero(column == _BIG).tolist():
            counts[place] = _float(getattr(self._store.usage.get(int(at[place])), name))
        return counts

    def _times(self, rows: Rows, runs: npt.NDArray[np.uint32]) -> Times:
        """When each call began, ns: else when it ended, else when its run began; NO_TIME where no clock tells."""
        spans = self._store.spans
        times = spans.np("start")[rows]
        times = np.where(times == NO_TIME, spans.np("end")[rows], times)
        begins = [NO_TIME if run.start is None else run.start for run in self._store.runs]
        times = np.where(times == NO_TIME, _of_runs(runs, begins), times)
        timeless = [run.clock in _NO_CLOCK for run in self._store.runs]
        return np.asarray(np.where(_of_runs(runs, timeless), NO_TIME, times), np.int64)

    def _paid_above(self, table: _Table, asked: Bools) -> Bools:
        """Calls below a span whose recorded cost is more than nothing."""
        covered = np.zeros(len(table.spans), np.bool_)
        spans, payers = self._store.spans, table.spans[table.recorded > 0]
        parents = spans.np("parent")
        payers = payers[np.isin(payers, parents)] if len(payers) else payers
        of_run = spans.np("run")
        runs = np.intersect1d(of_run[payers], table.run[asked])
        if not len(runs):
            return covered
        theirs = np.zeros(len(self._store.runs), np.bool_)
        theirs[runs] = True
        rows = np.flatnonzero(theirs[of_run] & ((spans.np("flags") & np.uint16(Flag.dropped)) == 0)).astype(np.int32)
        made = shape(local_parents(self._store, rows))
        begin = made.position[np.searchsorted(rows, payers[theirs[of_run[payers]]])]
        edges = np.zeros(len(rows) + 1, np.int64)
        np.add.at(edges, begin + 1, 1)
        np.add.at(edges, begin + made.size[begin], -1)
        below = np.cumsum(edges)[:-1] > 0
        mine = np.flatnonzero(asked & theirs[table.run])
        covered[mine] = below[made.position[np.searchsorted(rows, table.spans[mine])]]
        return covered


def _of_runs(runs: npt.NDArray[np.uint32], values: list[bool] | list[int]) -> npt.NDArray[np.int64]:
    """For each run row its value."""
    return np.asarray(np.array(values, type(values[0]) if values else int)[runs])


def _float(count: int | None) -> float:
    """A count of any size; too large for a float, it is no count that anybody could pay."""
    try:
        return float("nan") if count is None else float(count)
    except OverflowError:
        return float("inf")

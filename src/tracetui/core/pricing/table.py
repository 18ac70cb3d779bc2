"""One pass over a store for what its spans cost, in two steps: looking at it, and asking for prices, which needs it no more.

A call is never paid twice. What is recorded of it counts and is not computed; nor is a call of a run whose cost is recorded
as a whole, nor one below a span that records what it cost: that figure may hold it already. Prices are those of the call's
own time.

``look`` is for where nothing is folded into the store meanwhile; ``CostTable.price`` may take its time (it imports the price
table) and works on the columns that were copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, Clock, Flag, Kind
from tracetui.core.pricing.prices import Prices
from tracetui.core.pricing.rates import TOKENS, Bools, Floats, Times, priced
from tracetui.core.store.preorder import local_parents
from tracetui.core.store.shape import shape

if TYPE_CHECKING:
    from tracetui.core.store import Store

Rows = npt.NDArray[np.int32]

_UNKNOWN: Final = 0xFFFF_FFFF
_BIG: Final = 0xFFFF_FFFE
_NO_CLOCK: Final = frozenset((Clock.relative, Clock.order_only))
_SELLERS: Final = {"claude-code": "anthropic"}
"""Who sells the models of a format's calls, where the format is one program's."""
_WORDS: Final = tuple(dict.fromkeys(_SELLERS.values()))


_FEW_GROUPS: Final = 1 << 16


@dataclass(slots=True)
class _Calls:
    """The calls that want a price, copied from the store."""

    at: npt.NDArray[np.int64]
    """Their places in the table."""
    counts: dict[str, Floats]
    times: Times
    names: list[tuple[str, str, npt.NDArray[np.int64]]]
    """Each provider and model with the calls that name them, the most frequent first."""


@dataclass(slots=True)
class RunSums:
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


@dataclass(slots=True)
class CostTable:
    """The spans with usage, ascending, and what each cost; as the store was at ``epoch``."""

    epoch: int
    spans: Rows
    recorded: Floats
    computed: Floats
    whole: Bools
    """False: a part of the computed figure is missing."""
    origin: npt.NDArray[np.uint8]
    """Number of the origin of ``computed`` in ``origins``, 0 for none."""
    run: npt.NDArray[np.uint32]
    is_call: Bools
    """Whether the span is a model's call."""
    runs: int
    """How many runs there are."""
    origins: list[str] = field(default_factory=lambda: [""])
    _calls: _Calls | None = None
    _sums: RunSums | None = None

    @classmethod
    def empty(cls) -> CostTable:
        """Of no spans."""
        floats, bools = np.empty(0, np.float64), np.empty(0, np.bool_)
        rows, codes = np.empty(0, np.int32), np.empty(0, np.uint8)
        return cls(-1, rows, floats, floats, bools, codes, np.empty(0, np.uint32), bools, 0)

    @property
    def known(self) -> Bools:
        """Where there is a figure."""
        return ~(np.isnan(self.recorded) & np.isnan(self.computed))

    @property
    def wants_prices(self) -> bool:
        """Whether there is anything to compute."""
        return self._calls is not None

    def price(self, prices: Prices) -> None:
        """Fill in what calls without a recorded cost come to. Needs the store no more."""
        calls, self._calls, self._sums = self._calls, None, None
        if calls is None:
            return
        for provider, model, chosen in calls.names:
            rates = prices.rates(provider, model)
            if rates is None:
                continue
            for rate, now in rates.at(calls.times[chosen]):
                here = chosen[now]
                found = priced(rate, {name: column[here] for name, column in calls.counts.items()})
                at = calls.at[here]
                self.computed[at] = found.usd
                self.whole[at] = found.whole | np.isnan(found.usd)
                self.origin[at] = np.where(np.isnan(found.usd), 0, self._number(rate.origin))

    def add_up(self) -> RunSums:
        """Sums by run; kept, for whoever asks next."""
        if self._sums is None:
            has_price = ~np.isnan(self.computed)
            origins = np.zeros(self.runs, np.uint8)
            for number in range(1, len(self.origins)):
                origins[self.run[self.origin == number]] |= np.uint8(1 << number)
            self._sums = RunSums(
                np.bincount(self.run[has_price], self.computed[has_price], self.runs).astype(np.float64),
                np.bincount(self.run[has_price], minlength=self.runs),
                np.bincount(self.run[self.known & self.is_call], minlength=self.runs),
                np.bincount(self.run[self.known & ~self.whole], minlength=self.runs),
                origins,
            )
        return self._sums

    def _number(self, origin: str) -> int:
        if origin not in self.origins:
            self.origins.append(origin)
        return self.origins.index(origin)


def look(store: Store) -> CostTable:
    """What is recorded, and which calls want a price."""
    usage, spans = store.usage, store.spans
    rows = usage.np("span")
    counted = np.empty(0, np.int64)
    if len(rows):
        counted = np.flatnonzero((spans.np("flags")[rows] & np.uint16(Flag.has_usage)) > 0)
    at = counted[np.argsort(rows[counted], kind="stable")]
    rows = rows[at].astype(np.int32)
    cost = usage.np("cost_usd")[at]
    flags = spans.np("flags")[rows]
    table = CostTable(
        store.epoch,
        rows,
        np.where(np.isfinite(cost), cost, np.nan),
        np.full(len(rows), np.nan),
        np.ones(len(rows), np.bool_),
        np.zeros(len(rows), np.uint8),
        spans.np("run")[rows].copy(),
        (spans.np("kind")[rows] == Kind.llm) & ((flags & np.uint16(Flag.announced)) > 0),
        len(store.runs),
    )
    wanting = _wanting(store, table, at)
    if len(wanting):
        here = at[wanting]
        table._calls = _Calls(
            wanting,
            {name: column for name in TOKENS if (column := _counts(store, name, here)) is not None},
            _times(store, rows[wanting], table.run[wanting]),
            list(_groups(store, table.run[wanting], here)),
        )
    return table


def told_costs(store: Store) -> dict[int, tuple[int, bool]]:
    """By run: model calls whose cost is recorded, and whether some call wants a price; of runs that have either."""
    if not len(store.usage):
        return {}
    table = look(store)
    told = np.bincount(table.run[~np.isnan(table.recorded) & table.is_call], minlength=table.runs)
    wants = np.zeros(table.runs, np.bool_)
    if table._calls is not None:
        wants[table.run[table._calls.at]] = True
    return {row: (int(told[row]), bool(wants[row])) for row in np.flatnonzero((told > 0) | wants).tolist()}


def _wanting(store: Store, table: CostTable, at: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Places of the calls whose cost nobody recorded."""
    usage = store.usage
    asked = np.isnan(table.recorded) & (usage.np("model")[at] > 0)
    asked &= (usage.np("input")[at] != _UNKNOWN) | (usage.np("output")[at] != _UNKNOWN)
    if asked.any():
        asked &= ~_of_runs(table.run, [bool(run.costs) for run in store.runs])
    if asked.any():
        asked &= ~_paid_above(store, table, asked)
    return np.flatnonzero(asked)


def _groups(
    store: Store, runs: npt.NDArray[np.uint32], at: npt.NDArray[np.integer]
) -> Iterable[tuple[str, str, npt.NDArray[np.int64]]]:
    """Each provider and model with the calls that name them, the most frequent first."""
    models = store.usage.np("model")[at].astype(np.int64)
    own = _of_runs(
        runs, [-1 - _WORDS.index(_SELLERS[run.format]) if run.format in _SELLERS else 0 for run in store.runs]
    )
    told = store.usage.np("provider")[at].astype(np.int64)
    # Told providers are few: each gets a small number, so that they and the models make small keys.
    sellers, codes = np.unique(np.where(told > 0, told, own), return_inverse=True)
    keys = models * len(sellers) + codes
    present = np.flatnonzero(np.bincount(keys))
    if len(present) == 1:
        ranks = np.zeros(len(keys), np.uint16)
    else:
        rank_of = np.zeros(int(present[-1]) + 1, np.uint16 if len(present) <= _FEW_GROUPS else np.int64)
        rank_of[present] = np.arange(len(present))
        ranks = rank_of[keys]
    order = np.argsort(ranks, kind="stable")  # of 16-bit numbers it takes a tenth of the time
    ordered = keys[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    lengths = np.diff(begins, append=len(ordered))
    for group in np.argsort(-lengths, kind="stable").tolist():
        begin = int(begins[group])
        model, code = divmod(int(ordered[begin]), len(sellers))
        seller = int(sellers[code])
        word = store.strings[seller] if seller >= 0 else _WORDS[-1 - seller]
        yield word, store.strings[model], order[begin : begin + int(lengths[group])]


def _counts(store: Store, name: str, at: npt.NDArray[np.integer]) -> Floats | None:
    """A figure of the usage table, nan where it is unknown; None: it is nowhere known."""
    column = store.usage.np(name)[at]
    if (column == _UNKNOWN).all():
        return None
    counts = np.where(column == _UNKNOWN, np.nan, column.astype(np.float64))
    for place in np.flatnonzero(column == _BIG).tolist():
        counts[place] = _float(getattr(store.usage.get(int(at[place])), name))
    return counts


def _times(store: Store, rows: Rows, runs: npt.NDArray[np.uint32]) -> Times:
    """When each call began, ns: else when it ended, else when its run began; NO_TIME where no clock tells."""
    spans = store.spans
    times = spans.np("start")[rows]
    times = np.where(times == NO_TIME, spans.np("end")[rows], times)
    begins = [NO_TIME if run.start is None else run.start for run in store.runs]
    times = np.where(times == NO_TIME, _of_runs(runs, begins), times)
    timeless = [run.clock in _NO_CLOCK for run in store.runs]
    return np.asarray(np.where(_of_runs(runs, timeless), NO_TIME, times), np.int64)


def _paid_above(store: Store, table: CostTable, asked: Bools) -> Bools:
    """Calls below a span whose recorded cost is more than nothing."""
    covered = np.zeros(len(table.spans), np.bool_)
    spans, payers = store.spans, table.spans[table.recorded > 0]
    parents = spans.np("parent")
    payers = payers[np.isin(payers, parents)] if len(payers) else payers
    of_run = spans.np("run")
    runs = np.intersect1d(of_run[payers], table.run[asked])
    if not len(runs):
        return covered
    theirs = np.zeros(len(store.runs), np.bool_)
    theirs[runs] = True
    rows = np.flatnonzero(theirs[of_run] & ((spans.np("flags") & np.uint16(Flag.dropped)) == 0)).astype(np.int32)
    made = shape(local_parents(store, rows))
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
    if len(set(values)) == 1:
        return np.broadcast_to(np.asarray(values[0]), len(runs))
    return np.asarray(np.array(values, type(values[0]) if values else int)[runs])


def _float(count: int | None) -> float:
    """A count of any size; too large for a float, it is no count that anybody could pay."""
    try:
        return float("nan") if count is None else float(count)
    except OverflowError:
        return float("inf")

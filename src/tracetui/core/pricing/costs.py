"""What spans, groups of spans and runs of a store cost, as it is when asked; how the figures are made is in ``table.py``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tracetui.core.model import Flag, Kind
from tracetui.core.pricing.cost import Cost, lacks_calls, recorded_cost
from tracetui.core.pricing.prices import Prices
from tracetui.core.pricing.rates import Bools, Floats
from tracetui.core.pricing.table import CostTable, Rows, look

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

_NOTHING: Final = Cost()


class Costs:
    """Answers for one store, as it is when asked.

    Args:
        store: What has been read.
        prices: Where prices come from; None: the library's.
        table: What it answers from, however the store goes on, until ``take`` brings another; None: it looks itself.
    """

    def __init__(self, store: Store, prices: Prices | None = None, table: CostTable | None = None) -> None:
        self._store = store
        self._prices = Prices() if prices is None else prices
        self._table = table
        self._is_given = table is not None

    def take(self, table: CostTable) -> None:
        """Answer from this one from now on; it is priced already."""
        self._table, self._is_given = table, True

    def over(self, store: Store) -> Costs:
        """The same answers for a copy of the store, however this one goes on; for another thread."""
        return Costs(store, self._prices, self._table if self._is_given else None)

    @property
    def epoch(self) -> int:
        """The state of the store that it knows the costs of; -1 while nobody asked."""
        return -1 if self._table is None else self._table.epoch

    # -- answers -------------------------------------------------------------------------------------------------------

    def of_span(self, row: int) -> Cost:
        """What a span itself cost, without those below it."""
        if not self._store.spans.flags[row] & Flag.has_usage:
            return _NOTHING
        table = self._now()
        at = int(table.spans.searchsorted(np.int32(row)))
        if at >= len(table.spans) or table.spans[at] != row:  # it came after the table was made
            usage = self._store.usage_of(row)
            return _NOTHING if usage is None else Cost(usage.cost_usd)
        recorded, computed = float(table.recorded[at]), float(table.computed[at])
        if recorded == recorded:
            return Cost(recorded)
        if computed != computed:
            return _NOTHING
        return Cost(None, computed, not table.whole[at], table.origins[table.origin[at]])

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
        table = self._now()
        sums = table.add_up()
        recorded = recorded_cost(run)
        if run.row >= len(sums.computed):
            return Cost(recorded)
        count, known = int(sums.priced[run.row]), int(sums.known_calls[run.row])
        lacking = lacks_calls(run, known) or bool(sums.halves[run.row])
        return Cost(
            recorded,
            float(sums.computed[run.row]) if count else None,
            lacking and (recorded is not None or count > 0),
            _words(table, int(sums.origins[run.row])),
        )

    def priced(self) -> tuple[Rows, Floats, Floats]:
        """For sums by groups: span rows with usage, ascending, what each cost as recorded and as computed (nan: not)."""
        table = self._now()
        return table.spans, table.recorded, table.computed

    def partial(self) -> Bools:
        """Of the rows of ``priced``: whether a part of the figure is missing."""
        table = self._now()
        return ~table.whole & table.known

    def _cost(self, table: CostTable, at: npt.NDArray[np.integer], *, lacking: bool) -> Cost:
        recorded, computed = table.recorded[at], table.computed[at]
        has_recorded, has_computed = ~np.isnan(recorded), ~np.isnan(computed)
        known = bool(has_recorded.any() or has_computed.any())
        halves = bool((~table.whole[at] & (has_recorded | has_computed)).any())
        bits = int(np.bitwise_or.reduce(np.left_shift(1, table.origin[at].astype(np.int64)), initial=0))
        return Cost(
            float(recorded[has_recorded].sum()) if has_recorded.any() else None,
            float(computed[has_computed].sum()) if has_computed.any() else None,
            known and (lacking or halves),
            _words(table, bits),
        )

    def _now(self) -> CostTable:
        if self._table is None or (not self._is_given and self._table.epoch != self._store.epoch):
            table = look(self._store)
            table.price(self._prices)
            self._table = table
        return self._table


def _words(table: CostTable, bits: int) -> str:
    """Where prices come from, by the bits of their origins."""
    return ", ".join(word for number, word in enumerate(table.origins) if number and bits >> number & 1)

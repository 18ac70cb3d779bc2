"""Prices for the screen: which calls want one is looked at between two keys, what they cost is worked out in a thread.

The first price imports the price table, which takes longer than a key press may; so nothing here is asked before something was
read, and the screen shows what is recorded until the rest is known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.pricing import Prices
    from tracetui.core.pricing.table import CostTable
    from tracetui.tui.session import Session

_REST_S: Final = 0.25
_SHARE: Final = 100
"""Looking takes at most this part of the time, while more and more is read."""


class Pricing:
    """Keeps `Session.costs` up to date.

    Args:
        session: Whose store it is about.
        prices: Makes the prices, in a thread.
        told: Called on the loop's thread when figures have changed.
        failed: Told of a fault of ours.
    """

    def __init__(
        self,
        session: Session,
        prices: Callable[[], Prices],
        told: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.idle = asyncio.Event()
        """Set while all that is there has its price, or has none."""
        self.idle.set()
        self._session = session
        self._make = prices
        self._prices: Prices | None = None
        self._told = told
        self._failed = failed
        self._task: asyncio.Task[None] | None = None
        self._epoch = -1

    def wake(self) -> None:
        """Something was read: look again, soon."""
        self.idle.clear()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="tracetui-prices")
            self._task.add_done_callback(self._has_ended)

    async def stop(self) -> None:
        """No more of it; returns when the thread is done."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    async def _run(self) -> None:
        try:
            while self._epoch != self._session.store.epoch:
                begun = time.perf_counter()
                table = self._look()
                took = time.perf_counter() - begun
                if table is not None:
                    await asyncio.to_thread(self._price, table)
                    self._take(table)
                if self._epoch != self._session.store.epoch:
                    await asyncio.sleep(max(_REST_S, _SHARE * took))
        finally:
            self._task = None
            self.idle.set()

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    def _look(self) -> CostTable | None:
        """What wants a price now; None: nothing, and nothing did before."""
        store = self._session.store
        self._epoch = store.epoch
        if not any(run.models for run in store.runs):
            return None
        from tracetui.core.pricing.table import look

        table = look(store)
        return table if table.wants_prices or self._session.costs is not None else None

    def _price(self, table: CostTable) -> None:
        """In a thread of its own."""
        if self._prices is None:
            self._prices = self._make()
        table.price(self._prices)

    def _take(self, table: CostTable) -> None:
        if self._session.costs is None:
            from tracetui.core.pricing import Costs

            self._session.costs = Costs(self._session.store, table=table)
        else:
            self._session.costs.take(table)
        self._told()

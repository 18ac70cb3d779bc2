"""Prices for the screen: a thread looks which calls want one, and works out what they cost.

It copies what it needs of the store while nothing is folded in, and asks for prices after that. The first price imports the
price table; so nothing here is asked before something was read, and the screen shows what is recorded until the rest is known.
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
        self._took = 0.0
        """How long the store was looked at last, s: nothing was folded in meanwhile."""

    def wake(self) -> None:
        """Something was read: look again, soon."""
        self.idle.clear()
        if self._task is None or self._task.done():  # an eager task may be over before its name is known here
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
                self._epoch = self._session.store.epoch
                if any(run.models for run in self._session.store.runs):
                    await self._price_all()
                if self._epoch != self._session.store.epoch:
                    await asyncio.sleep(max(_REST_S, _SHARE * self._took))
        finally:
            self.idle.set()

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def _price_all(self) -> None:
        table = await asyncio.to_thread(self._look)
        self._epoch = table.epoch
        if table.wants_prices or self._session.costs is not None:
            await asyncio.to_thread(self._price, table)
            self._take(table)

    def _look(self) -> CostTable:
        """In a thread: what wants a price now."""
        from tracetui.core.pricing.table import look

        with self._session.looking():
            begun = time.perf_counter()
            table = look(self._session.store)
            self._took = time.perf_counter() - begun
        return table

    def _price(self, table: CostTable) -> None:
        """In a thread."""
        if self._prices is None:
            self._prices = self._make()
        table.price(self._prices)
        table.add_up()

    def _take(self, table: CostTable) -> None:
        if self._session.costs is None:
            from tracetui.core.pricing import Costs

            self._session.costs = Costs(self._session.store, table=table)
        else:
            self._session.costs.take(table)
        self._told()

"""Computed cost on the screen: shown once it is known, worked out in a thread, and never in the way of what was recorded."""

import asyncio
import threading
from pathlib import Path

import pytest

from tests.tui.helpers import make_app, opened, press, text
from tracetui.core.pricing import Prices
from tracetui.core.store import Store
from tracetui.core.testing import build_run
from tracetui.resources import samples_dir
from tracetui.tui.pricing import Pricing
from tracetui.tui.run import ScreenOptions
from tracetui.tui.session import Session

SESSIONS = samples_dir() / "claude-code" / "projects"


async def test_runs_tree_and_detail_show_what_is_computed_and_where_it_comes_from() -> None:
    async with opened(make_app([SESSIONS]), (160, 45)) as pilot:
        await press(pilot, "g", "j")
        screen = text(pilot)
        assert "~≥$0.09" in screen
        assert "computed, genai-p" in screen


async def test_prices_are_looked_up_in_a_thread_and_not_where_keys_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = set()
    rates = Prices.rates

    def noted(self: Prices, provider: str, model: str) -> object:
        threads.add(threading.current_thread())
        return rates(self, provider, model)

    monkeypatch.setattr(Prices, "rates", noted)
    async with opened(make_app([SESSIONS])):
        pass
    assert threads
    assert threading.main_thread() not in threads


async def test_nothing_is_looked_up_where_every_cost_is_recorded() -> None:
    app = make_app([samples_dir() / "tracetui" / "plain_loop.jsonl"])
    async with opened(app):
        assert app.session.costs is None


async def test_a_price_file_that_is_wrong_is_told_and_the_librarys_prices_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prices.toml"
    path.write_text("prices = 3\n")
    monkeypatch.setenv("TRACETUI_PRICES", str(path))
    app = make_app([SESSIONS])
    async with opened(app, (160, 45)) as pilot:
        header = app.main.header
        said = [notice[0] for notice in (header._notice, *header._waiting) if notice is not None]
        assert any("`prices` has to be a list" in words for words in said)
        assert "~≥$0.09" in text(pilot)


async def test_a_price_file_of_ones_own_is_used(tmp_path: Path) -> None:
    from tracetui.core.pricing.price_file import PriceFile

    path = tmp_path / "prices.toml"
    path.write_text('[[prices]]\nmodel = "*"\ninput = 1000\noutput = 0\n')
    app = make_app([SESSIONS], options=ScreenOptions(prices=PriceFile.read(str(path))))
    async with opened(app, (160, 45)) as pilot:
        await press(pilot, "g", "j")
        assert "computed, prices" in text(pilot)


async def test_calls_are_priced_that_come_after_a_look_that_found_none() -> None:
    loop = asyncio.get_running_loop()
    if hasattr(asyncio, "eager_task_factory"):  # what Textual sets where there is one: such a task may be over at once
        loop.set_task_factory(asyncio.eager_task_factory)
    session, faults = Session(Store(), bodies=None), []  # type: ignore[arg-type]  # nothing is read
    pricing = Pricing(session, Prices, lambda: None, faults.append)
    session.store.apply(build_run("tool a 0..1"))
    pricing.wake()
    await pricing.idle.wait()
    session.store.apply(build_run("llm a 0..1", run="later"))
    pricing.wake()
    await asyncio.wait_for(pricing.idle.wait(), 20)
    assert not faults

"""Large runs are made ready beside the screen: what is shown meanwhile, what takes whose place, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.worker import WorkerFailed

from tests.tui.helpers import lines, look_again, make_app, opened, press, settled, write_live
from tracetui.tui.app import TracetuiApp
from tracetui.tui.screens.main import MainScreen


@pytest.fixture(autouse=True)
def all_runs_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracetui.tui.widgets.run_opening.LARGE_FROM", 0)


class Held:
    """While it is held no thread may look at the store, so that no large run gets ready."""

    def __init__(self, app: TracetuiApp) -> None:
        assert app.session.feed is not None
        self._stillness = app.session.feed.stillness

    async def __aenter__(self) -> None:
        await self._stillness.begin_to_fold()

    async def __aexit__(self, *_: object) -> None:
        self._stillness.end_of_folding()


def row_of(main: MainScreen, name: str) -> int:
    return next(run.row for run in main.session.store.runs if run.name == name)


def opened_name(main: MainScreen) -> str:
    return "" if main.opened is None else main.session.store.runs[main.opened].name


async def test_a_large_run_opens_at_what_a_small_one_does(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        main = pilot.app.main  # type: ignore[attr-defined]
        assert opened_name(main) == "research_agent"
        span, _ = main.selection.rows
        assert span == main.tree_view.data.study.first_cause()


async def test_what_was_open_stays_with_its_keys_until_the_large_run_is_there(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        main = app.main
        async with Held(app):
            main.open_run(row_of(main, "support_bot"))
            await pilot.press("g", "down")
            await pilot.pause()
            assert (opened_name(main), main.tree_view.cursor) == ("research_agent", 1)
            assert "opening support_bot" in lines(pilot)[0]
        await settled(pilot)
        assert opened_name(main) == "support_bot"
        assert "opening" not in lines(pilot)[0]


async def test_another_choice_takes_the_place_of_a_run_that_is_not_ready(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        main, done = app.main, []
        async with Held(app):
            main.open_run(row_of(main, "support_bot"))
            main.opening.when_open(lambda: done.append("support_bot"))
            main.open_run(row_of(main, "market_watch"))
            main.opening.when_open(lambda: done.append("market_watch"))
        await settled(pilot)
        assert (opened_name(main), done) == ("market_watch", ["market_watch"])


async def test_choosing_the_open_run_again_gives_the_other_one_up(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        main = app.main
        await press(pilot, "g", "down")
        async with Held(app):
            main.open_run(row_of(main, "support_bot"))
            main.open_run(row_of(main, "research_agent"))
        await settled(pilot)
        assert (opened_name(main), main.tree_view.cursor) == ("research_agent", 1)
        assert main.runs.selected_run == main.opened


async def test_a_jump_into_a_large_run_arrives_once_it_is_there(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        main = app.main
        run = row_of(main, "support_bot")
        span = int(app.session.store.rows_of_run(run)[2])
        async with Held(app):
            main.jumping.jump(run, span)
        await settled(pilot)
        assert (main.opened, main.selection.rows[0]) == (run, span)
        await press(pilot, "left_curly_bracket")
        assert opened_name(main) == "research_agent"


async def test_what_was_read_meanwhile_is_shown(native_traces: Path) -> None:
    write_live(native_traces, 20)
    app = make_app([native_traces], writers_run=True)
    async with opened(app) as pilot:
        main = app.main
        main.open_run(row_of(main, "support_bot"))
        await settled(pilot)
        before = app.session.store.runs[row_of(main, "market_watch")].span_count
        main.open_run(row_of(main, "market_watch"))
        write_live(native_traces, 60)
        await look_again(pilot)
        assert opened_name(main) == "market_watch"
        assert main.tree_view.data is not None
        rows = app.session.store.rows_of_run(main.opened or 0).tolist()
        assert len(rows) > before
        assert sorted(main.tree_view.data.tree.rows().tolist()) == rows


async def test_a_fault_while_a_run_is_made_ready_ends_the_screen(
    native_traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    async def open_it() -> None:
        app = make_app([native_traces])
        async with opened(app) as pilot:
            monkeypatch.setattr("tracetui.tui.widgets.span_tree.made_ready", broken)
            app.main.open_run(row_of(app.main, "support_bot"))
            await settled(pilot)

    with pytest.raises(WorkerFailed, match="broken"):
        await open_it()

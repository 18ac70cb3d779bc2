"""The screen over recordings that were read before: everything is there at once, and goes on from there."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tracetui.core.index.opening import open_index
from tracetui.core.index.saving import save_index
from tracetui.core.loading import load
from tracetui.resources import samples_dir
from tracetui.tui.app import TracetuiApp
from tracetui.tui.run import ScreenOptions
from tracetui.tui.widgets.run_list import RunList


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small folder that is worth keeping, whose files count as settled."""
    monkeypatch.setattr("tracetui.core.index.saving.LEAST_FILES", 0)
    monkeypatch.setattr("tracetui.core.reading.memory.UNSETTLED_NS", 0)
    return Path(shutil.copytree(samples_dir() / "tracetui", tmp_path / "traces"))


async def test_runs_are_there_before_anything_is_read(traces: Path) -> None:
    runs = len(load([str(traces)]).runs)
    index = open_index([str(traces)])
    app = TracetuiApp.from_options(ScreenOptions(paths=[str(traces)]), None, index)
    assert len(app.session.store.live_runs()) == runs
    async with app.run_test(size=(120, 40)) as pilot:
        assert app.session.feed is not None
        await asyncio.wait_for(app.session.feed.idle.wait(), 60)
        await pilot.pause()
        assert len(app.main.query_one(RunList).shown_runs) == runs
        assert app.session.store.is_frozen
    assert app.read_state is None


async def test_what_came_since_is_read(traces: Path) -> None:
    load([str(traces)])
    index = open_index([str(traces)])
    shutil.copy(samples_dir() / "otlp-json" / "carrier_timeout.jsonl", traces)
    app = TracetuiApp.from_options(ScreenOptions(paths=[str(traces)]), None, index)
    async with app.run_test():
        assert app.session.feed is not None
        await asyncio.wait_for(app.session.feed.idle.wait(), 60)
        assert "otlp-json" in {run.format for run in app.session.store.live_runs()}
    assert app.read_state is not None
    assert save_index([str(traces)], app.session.store, app.read_state)
    assert len(load([str(traces)]).runs) == len(app.session.store.live_runs())

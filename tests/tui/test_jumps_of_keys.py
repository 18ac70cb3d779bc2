"""Keys that jump to failures and warnings, and the way back from each of them."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import lines, make_app, opened, press
from tests.tui.test_views import app_of

RECORDS = [
    {"tracetui": 1, "type": "header", "seq": 0, "run": "r", "name": "r", "time": 1},
    {"type": "span_end", "seq": 1, "span": "1", "name": "quiet", "kind": "tool", "time": 3, "start": 2},
    {"type": "span_end", "seq": 2, "span": "2", "name": "shell", "kind": "tool", "time": 5, "start": 4},
    {"type": "span_start", "seq": 3, "span": "3", "name": "logged", "kind": "step", "time": 6},
    {"type": "event", "seq": 4, "span": "3", "class": "log", "level": "warning", "text": "low", "time": 7},
    {"type": "event", "seq": 5, "span": "3", "class": "log", "level": "info", "text": "fine", "time": 8},
    {"type": "event", "seq": 6, "span": "3", "class": "error", "text": "odd", "time": 9},
    {"type": "span_end", "seq": 7, "span": "3", "time": 10},
    {"type": "span_end", "seq": 8, "span": "4", "name": "again", "kind": "tool", "time": 12, "start": 11},
    {"type": "event", "seq": 9, "span": "4", "class": "retry", "text": "once more", "time": 11},
    {"type": "run_end", "seq": 10, "status": "ok", "time": 20},
]
RECORDS[2]["attributes"] = {"exit_code": 3}


@pytest.fixture
def troubled(tmp_path: Path) -> Path:
    """A run with a non-zero exit, a warning, an error that its span survived, and a retry."""
    path = tmp_path / "run.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in RECORDS))
    return path


def selected(pilot: Pilot[object]) -> str:
    """What is selected: a span's name, an event's text behind `!`."""
    main = app_of(pilot).main
    span, event = main.selection.rows
    if event is not None:
        return f"! {main.session.bodies.event_text(event)}"
    store = main.session.store
    return "" if span is None else store.strings[store.spans.name[span]]


async def test_w_goes_to_non_zero_exits_warnings_and_retries_and_begins_again(troubled: Path) -> None:
    async with opened(make_app([troubled])) as pilot:
        seen = []
        for _ in range(4):
            await press(pilot, "w")
            seen.append(selected(pilot))
        assert seen == ["shell", "logged", "again", "shell"]
        assert "wrapped: first warning again" in lines(pilot)[0]


async def test_e_goes_to_an_error_that_its_span_survived(troubled: Path) -> None:
    async with opened(make_app([troubled])) as pilot:
        await press(pilot, "e")
        assert selected(pilot) == "! odd"


async def test_back_leads_through_jumps_of_one_kind_at_once(troubled: Path) -> None:
    async with opened(make_app([troubled])) as pilot:
        await press(pilot, "w", "w", "e")
        await press(pilot, "{")
        assert selected(pilot) == "logged"
        await press(pilot, "{")
        assert selected(pilot) == "quiet"
        await press(pilot, "}")
        assert selected(pilot) == "logged"


async def test_digits_in_the_palette_go_to_a_row_and_back(troubled: Path) -> None:
    async with opened(make_app([troubled])) as pilot:
        await press(pilot, ":", "3", "enter")
        assert selected(pilot) == "logged"
        await press(pilot, "{")
        assert selected(pilot) == "quiet"


async def test_in_a_large_run_warnings_are_looked_for_in_a_thread(
    troubled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracetui.tui.widgets.stops.MANY_SPANS", 0)
    async with opened(make_app([troubled])) as pilot:
        await press(pilot, "w")
        await press(pilot, "w")
        assert selected(pilot) == "logged"

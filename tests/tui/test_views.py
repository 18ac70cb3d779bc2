"""The views that stand in the place of the tree, over real files."""

import json
from pathlib import Path

from textual.pilot import Pilot

from tests.tui.helpers import lines, make_app, opened, press, text, write_live
from tests.tui.test_jumping import HOSTILE
from tracetui.core.testing import SECOND
from tracetui.tui.app import TracetuiApp


def app_of(pilot: Pilot[object]) -> TracetuiApp:
    assert isinstance(pilot.app, TracetuiApp)
    return pilot.app


def rule(pilot: Pilot[object]) -> str:
    """The rule over the panes."""
    return lines(pilot)[1]


async def test_v_shows_the_run_in_time_order_with_the_same_span_selected(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        before = app_of(pilot).main.selection.rows
        await press(pilot, "v")
        assert "━ Spans in time order ━" in rule(pilot)
        assert app_of(pilot).main.selection.rows == before
        assert any("▌✗  +2m04s  ■ fetch_page" in line for line in lines(pilot))
        assert "end of extract_facts" in text(pilot)
        await press(pilot, "e")
        assert any("▌✗" in line and "extract_facts  ContextLength" in line for line in lines(pilot))


async def test_what_was_selected_in_time_order_is_selected_in_the_tree(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "v", "g", "j", "j")
        main = app_of(pilot).main
        seen = main.selection.rows
        main.viewing.show("tree")
        await pilot.pause()
        assert main.tree_view.selected == ("span", seen[0])
        assert "━ Spans ━" in rule(pilot)


async def test_a_live_run_is_followed_in_time_order(tmp_path: Path) -> None:
    now = write_live(tmp_path, 60)
    async with opened(make_app([tmp_path], now_ns=now + 2 * SECOND, writers_run=True)) as pilot:
        await press(pilot, "v")
        view = app_of(pilot).main.viewing.other
        assert view is not None
        assert "FOLLOWING" in lines(pilot)[0]
        assert view.cursor == view.row_count() - 1
        await press(pilot, "k")
        assert "FOLLOWING" not in lines(pilot)[0]


async def test_by_name_a_name_opens_into_its_spans_and_one_of_those_leads_to_the_tree(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (200, 50)) as pilot:
        app_of(pilot).main.viewing.show("names")
        await press(pilot, "g", "enter")
        assert "━ Spans by name ━" in rule(pilot)
        assert "▾ ◇ extract_facts" in text(pilot)
        await press(pilot, "j", "j", "enter")
        main = app_of(pilot).main
        assert main.viewing.name == "tree"
        assert main.tree_view.selected == ("span", main.selection.rows[0])
        assert any("▌" in line and "extract_facts" in line for line in lines(pilot))


async def test_hostile_names_and_texts_stay_text_in_all_views(tmp_path: Path) -> None:
    records = [
        {"tracetui": 1, "type": "header", "seq": 0, "run": HOSTILE, "name": HOSTILE, "time": 1},
        {
            "type": "span_end",
            "seq": 1,
            "span": "1",
            "name": HOSTILE,
            "kind": "tool",
            "subject": HOSTILE,
            "time": 5,
            "start": 1,
        },
        {"type": "event", "seq": 2, "span": "1", "class": "log", "level": HOSTILE, "text": HOSTILE, "time": 3},
    ]
    (tmp_path / "run.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))
    async with opened(make_app([tmp_path])) as pilot:
        for keys in (("v",), ("w",), ("v",), ("enter", "j"), ("v",)):
            await press(pilot, *keys)
            assert all(line.isprintable() for line in lines(pilot))
            assert "[red]" in text(pilot)

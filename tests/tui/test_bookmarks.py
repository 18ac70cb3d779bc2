"""Bookmarks: kept from one start to the next, found again, and harmless whatever the file says."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import lines, make_app, opened, press, text
from tests.tui.test_views import app_of
from tracetui.tui.app import TracetuiApp
from tracetui.tui.bookmarks import MOST, Bookmark, Bookmarks
from tracetui.tui.locating import Spot
from tracetui.tui.state import State

MARK = Bookmark(Spot("native", "r", "span", "00ff"), "fetch", "research", "tool", 5)


def app_over(folder: Path, state: Path) -> TracetuiApp:
    app = make_app([folder])
    app.session.state = State(state)
    app.main.bookmarking.bookmarks.state = app.session.state
    return app


def selected(pilot: Pilot[object]) -> tuple[str, str]:
    """Names of the open run and of the selected span."""
    main = app_of(pilot).main
    store, span = main.session.store, main.selection.rows[0]
    assert main.opened is not None
    return store.runs[main.opened].name, "" if span is None else store.strings[store.spans.name[span]]


def test_bookmarks_are_read_again_by_the_next_screen(tmp_path: Path) -> None:
    assert Bookmarks(State(tmp_path)).add(MARK) == ""
    later = Bookmarks(State(tmp_path))
    later.load()
    assert later.marks == [MARK]
    later.remove(MARK.spot)
    assert Bookmarks(State(tmp_path)).marks == []


def test_two_screens_keep_each_others_bookmarks(tmp_path: Path) -> None:
    one, other = Bookmarks(State(tmp_path)), Bookmarks(State(tmp_path))
    one.add(MARK)
    other.add(Bookmark(Spot("native", "s"), "s", "s", ""))
    one.load()
    assert [mark.spot.run for mark in one.marks] == ["s", "r"]


def test_the_oldest_bookmarks_go_first() -> None:
    bookmarks = Bookmarks(State(), [Bookmark(Spot("native", str(number)), "", "", "") for number in range(MOST)])
    bookmarks.add(MARK)
    assert len(bookmarks.marks) == MOST
    assert (bookmarks.marks[0], bookmarks.marks[-1].spot.run) == (MARK, str(MOST - 2))


@pytest.mark.parametrize(
    "kept",
    [
        {"a": 1},
        [1, None, [], {"format": 1}],
        [{"format": "n", "run": "r" * 5_000, "kind": "run", "key": "", "name": "", "run_name": "", "kind_word": ""}],
        [{"format": "n", "run": "r", "kind": "folder", "key": "", "name": "", "run_name": "", "kind_word": ""}],
    ],
)
def test_a_damaged_list_of_bookmarks_is_none(tmp_path: Path, kept: object) -> None:
    (tmp_path / "bookmarks.json").write_text(json.dumps(kept))
    bookmarks = Bookmarks(State(tmp_path))
    bookmarks.load()
    assert bookmarks.marks == []


async def test_m_marks_a_span_and_the_list_leads_to_it_after_another_start(native_traces: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with opened(app_over(native_traces, state)) as pilot:
        marked = selected(pilot)
        await press(pilot, "m")
        assert any("▌✗*" in line and "fetch_page" in line for line in lines(pilot))
    async with opened(app_over(native_traces, state)) as pilot:
        await press(pilot, "J", "'")
        assert "━ Bookmarks ━" in lines(pilot)[1]
        assert "tool fetch_page" in text(pilot)
        await press(pilot, "enter")
        assert selected(pilot) == marked
        await press(pilot, "m")
        assert not any("▌✗*" in line for line in lines(pilot))


async def test_an_event_is_found_again_and_what_is_gone_is_told(native_traces: Path, tmp_path: Path) -> None:
    app = app_over(native_traces, tmp_path / "state")
    async with opened(app) as pilot:
        await press(pilot, "v", "j", "m", "g", "M", "enter")
        assert app.main.selection.rows[1] is not None
        run = app.session.store.runs[app.main.opened or 0]
        gone = Bookmark(Spot(run.format, run.id, "span", "1"), "lost", "r", "tool")
        app.main.bookmarking.bookmarks.marks = [gone]
        await press(pilot, "'")
        assert "not there any more" in text(pilot)
        await press(pilot, "enter")
        assert "what was marked is not there any more" in lines(pilot)[0]


async def test_hostile_bookmarks_stay_text(native_traces: Path, tmp_path: Path) -> None:
    hostile = "\x1b]52;c;aGk=\x07\x9b31m[red]\u202e\r\n'"
    state = tmp_path / "state"
    Bookmarks(State(state)).add(Bookmark(Spot(hostile, hostile, "span", hostile), hostile, hostile, hostile))
    async with opened(app_over(native_traces, state)) as pilot:
        await press(pilot, "'")
        assert all(line.isprintable() for line in lines(pilot))
        assert "[red]" in text(pilot)
        await press(pilot, "enter")
        assert "is not open here" in lines(pilot)[0]
        assert all(line.isprintable() for line in lines(pilot))

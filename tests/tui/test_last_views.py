"""A folder is shown as it was left, unless something happened since."""

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from tests.tui.helpers import NOON, lines, make_app, opened, press
from tracetui.core.testing import SECOND
from tracetui.tui.app import TracetuiApp
from tracetui.tui.last_views import LastView, LastViews
from tracetui.tui.locating import Spot, find_in
from tracetui.tui.run import ScreenOptions
from tracetui.tui.state import State


def app_over(folder: Path, state: Path | None, now_ns: int = NOON) -> TracetuiApp:
    app = make_app([folder], options=ScreenOptions(paths=[str(folder)]), now_ns=now_ns)
    app.session.state = State(state)
    app.main.bookmarking.bookmarks.state = app.main.returning.kept.state = app.session.state
    return app


def selected(app: TracetuiApp) -> tuple[str, int | None]:
    assert app.main.opened is not None
    return app.session.store.runs[app.main.opened].name, app.main.selection.rows[0]


def test_each_folder_is_remembered_by_itself(tmp_path: Path) -> None:
    state = State(tmp_path)
    for paths, view in ((["/a"], "time"), (["/a", "/b"], "names"), (["/a"], "lanes")):
        views = LastViews(state)
        views.begin(paths)
        assert views.end(LastView(left_at_ns=1, view=view)) == ""
    assert LastViews(state).begin(["/a"]) == LastView(left_at_ns=1, view="lanes")
    assert LastViews(state).begin(["/a", "/b"]) == LastView(left_at_ns=1, view="names")
    assert LastViews(state).begin(["/b"]) is None


def test_of_a_damaged_view_what_is_wrong_is_left_out(tmp_path: Path) -> None:
    wrong = {
        "left_at_ns": True,
        "run": {"format": 1},
        "selected": [],
        "view": {},
        "chips": [1, 10, "2", True, -1, 4],
        "filter": "x" * 5_000,
        "sorting": "colour",
        "grouping": None,
    }
    views = [1, {"paths": 5}, {"paths": ["/a"], **wrong}, {"paths": ["/b"], **asdict(LastView(5, Spot("n", "r")))}]
    (tmp_path / "views.json").write_text(json.dumps(views))
    found = LastViews(State(tmp_path)).begin(["/a"])
    assert found is not None
    assert (found.run, found.view, found.chips, found.filter, found.sorting) == (None, "tree", (1, 4), "", "start")
    assert LastViews(State(tmp_path)).begin(["/b"]) == LastView(5, Spot("n", "r"))


async def test_a_folder_is_shown_as_it_was_left(native_traces: Path, tmp_path: Path) -> None:
    state, later = tmp_path / "state", time.time_ns() + SECOND
    app = app_over(native_traces, state, later)
    async with opened(app) as pilot:
        await press(pilot, "J", "j", "j", "v", "3", "f", *"dur>1s", "enter", "u", ">")
        left, chips = selected(app), set(app.main.chips.active)
        assert chips == {3}
    again = app_over(native_traces, state, later)
    async with opened(again) as pilot:
        assert "as you left it: filter dur>1s hides 4 of 16 spans" in lines(pilot)[0]
        assert selected(again) == left

        assert (again.main.viewing.name, again.main.chips.active, again.main.runs.sorting) == ("time", chips, "name")
        assert again.main.filtering.text == "dur>1s"


async def test_a_failure_that_is_newer_goes_first(native_traces: Path, tmp_path: Path) -> None:
    state, left_at = tmp_path / "state", time.time_ns()
    async with opened(app_over(native_traces, state, left_at)) as pilot:
        await press(pilot, "J", "j")
    os.utime(native_traces / "research_agent.jsonl", ns=(left_at + SECOND, left_at + SECOND))
    app = app_over(native_traces, state, left_at + 2 * SECOND)
    async with opened(app) as pilot:
        assert "newest failure opened" in lines(pilot)[0]
        assert selected(app)[0] == "research_agent"


async def test_a_damaged_file_is_harmless(native_traces: Path, tmp_path: Path) -> None:
    (tmp_path / "views.json").write_text(json.dumps([{"paths": [str(native_traces)], "run": 5, "chips": {"a": []}}]))
    app = app_over(native_traces, tmp_path)
    async with opened(app) as pilot:
        assert "newest failure opened" in lines(pilot)[0]


def test_a_place_that_is_no_number_is_not_found() -> None:
    assert find_in(make_app([]).session, 0, Spot("tracetui", "run", "event", "\N{SUPERSCRIPT TWO}:a:b")) is None

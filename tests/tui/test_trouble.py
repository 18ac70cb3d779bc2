"""The repair report: what it lists, where its rows lead, what it says where there is nothing to tell."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import lines, make_app, opened, press, text
from tests.tui.repaired import write_related
from tracetui.tui.app import TracetuiApp
from tracetui.tui.presentation.report import grouped
from tracetui.tui.screens.trouble import TroubleScreen


def app_of(pilot: Pilot[Any]) -> TracetuiApp:
    assert isinstance(pilot.app, TracetuiApp)
    return pilot.app


def selected_name(pilot: Pilot[Any]) -> str:
    main = app_of(pilot).main
    span, _ = main.selection.rows
    assert span is not None
    return main.session.store.strings[main.session.store.spans.name[span]]


def row_with(pilot: Pilot[Any], words: str) -> str:
    return next(line for line in lines(pilot) if words in line)


async def go_to(pilot: Pilot[Any], words: str) -> None:
    """Put the cursor of the report on the row with these words."""
    for _ in range(60):
        if any(line.startswith(("▌", ">")) and words in line for line in lines(pilot)):
            return
        await press(pilot, "j")
    raise AssertionError(words)


async def test_the_report_counts_each_sort_of_repair(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path) / "nightly.jsonl"]), (120, 40)) as pilot:
        await press(pilot, "R")
        shown = text(pilot)
    for words in (
        "unreadable records  1",
        "records lost by the writer  4",
        "orphans  1",
        "spans told twice  1",
        "ends without a start  1",
        "spans that start before their parent  1",
        "spans that end after their parent  1",
        "times that go back by more than 1 s  1",
    ):
        assert words in shown
    assert "5.0s before its parent" in shown
    assert "queue full" in shown


async def test_enter_on_a_span_of_the_report_goes_to_it(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path) / "nightly.jsonl"])) as pilot:
        await press(pilot, "R")
        await go_to(pilot, "lost_child")
        await press(pilot, "enter")
        assert pilot.app.screen is app_of(pilot).main
        assert selected_name(pilot) == "lost_child"
        assert app_of(pilot).main.active == "spans"


async def test_one_can_go_back_to_where_the_report_was_called(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path) / "nightly.jsonl"])) as pilot:
        before = selected_name(pilot)
        await press(pilot, "R")
        await go_to(pilot, "lost_child")
        await press(pilot, "enter", "{")
        assert selected_name(pilot) == before
        await press(pilot, "}")
        assert selected_name(pilot) == "lost_child"


async def test_enter_on_unreadable_bytes_shows_them_as_they_stand(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path) / "nightly.jsonl"])) as pilot:
        await press(pilot, "R")
        await go_to(pilot, "nightly.jsonl:")
        assert "this is no" not in text(pilot)
        await press(pilot, "enter")
        assert "{ this is no [red]record" in text(pilot)


async def test_a_finding_folds_and_opens(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path) / "nightly.jsonl"])) as pilot:
        await press(pilot, "R")
        await go_to(pilot, "orphans")
        await press(pilot, "space")
        assert "lost_child" not in text(pilot)
        await press(pilot, "right")
        assert "lost_child" in text(pilot)


def test_files_of_one_folder_and_reason_are_told_together() -> None:
    why, other = "no format knows it", "empty"
    paths = [(f"/t/a/{number}/x.db", why) for number in range(3)]
    found = grouped([*paths, ("/t/a/y", other), ("/t/b/z", why), ("/t/top", why)])
    assert [(each.folder, each.reason, len(each.paths)) for each in found] == [
        ("a/", why, 3), ("", other, 1), ("", why, 1), ("", why, 1),
    ]  # fmt: skip
    assert [(each.folder, len(each.paths)) for each in grouped([(f"/t/a/{n}", why) for n in range(3)])] == [("a/", 3)]


async def test_unrecognised_files_of_a_folder_open_from_one_row(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"notes-{number}.txt").write_text("no trace")
    async with opened(make_app([tmp_path])) as pilot:
        await press(pilot, "R")
        assert "4 files" in text(pilot)
        assert "notes-3" not in text(pilot)
        await press(pilot, "enter")
        assert "notes-3" in text(pilot)
        await press(pilot, "left")
        assert "notes-3" not in text(pilot)


async def test_a_run_without_repairs_says_so(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path) / "worker.jsonl"])) as pilot:
        await press(pilot, "R")
        assert "Nothing had to be put right" in text(pilot)
        await press(pilot, "enter", "j", "G", "g", "left", "right")
        assert isinstance(pilot.app.screen, TroubleScreen)


async def test_bytes_of_other_runs_are_listed_apart(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)]), (120, 40)) as pilot:
        main = app_of(pilot).main
        row = next(run.row for run in main.session.store.runs if run.name == "worker")
        main.open_run(row)
        await press(pilot, "R")
        assert "Not readable in other runs" in text(pilot)
        assert "nightly.jsonl:" in text(pilot)


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_row_of_the_report_is_wider_than_the_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(make_app([write_related(tmp_path)]), size) as pilot:
        await press(pilot, "R")
        assert all(len(line) <= size[0] for line in lines(pilot))
        await press(pilot, "G", "enter", "g")
        assert "Repair report" in text(pilot)


async def test_the_end_of_a_long_report_is_reached(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)]), (80, 12)) as pilot:
        await press(pilot, "R", "G")
        assert "go back by more than 1 s" in text(pilot)

"""Comparing on the screen: which runs are meant, how rows and bars look, what the screen shows and where it leads."""

from pathlib import Path
from typing import Any

import pytest

from tests.core.comparing.test_comparison import GOOD, compared
from tests.tui.compared import OTHER_PROMPT, write_two_days
from tests.tui.helpers import lines, look_again, make_app, opened, press, text
from tracetui.core.comparing.row_words import RowWords
from tracetui.core.store import Run, Store
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.testing import build_run
from tracetui.tui.comparing import Pair, pair_of, previous_of
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.comparing import (
    RowLook,
    RunFigures,
    compare_columns,
    compared_row,
    delta_bar,
    heading_row,
    run_rows,
)
from tracetui.tui.screens.compare import CompareScreen

WIDTHS = (40, 46, 60, 74, 80, 92, 112, 120, 180, 200)


# ---------------------------------------------------------------- which runs


def three_runs() -> list[Run]:
    store = Store()
    for number, name in enumerate(("nightly", "other", "nightly")):
        store.apply(build_run(f"agent {name} {number * 100}..{number * 100 + 9}", f"r{number}", source=number))
    for run, name in zip(store.runs, ("nightly", "other", "nightly"), strict=True):
        run.name = name
    return store.runs


def test_two_marked_runs_are_compared_the_older_one_first() -> None:
    found = pair_of(three_runs(), 0, {2, 1})
    assert isinstance(found, Pair)
    assert (found.a, found.b) == (1, 2)


def test_one_marked_run_is_compared_with_the_open_one() -> None:
    found = pair_of(three_runs(), 2, {1})
    assert isinstance(found, Pair)
    assert (found.a, found.b) == (1, 2)


@pytest.mark.parametrize("opened_row", [0, 2])
def test_without_marks_the_run_of_that_name_before_or_after_is_taken(opened_row: int) -> None:
    found = pair_of(three_runs(), opened_row, ())
    assert isinstance(found, Pair)
    assert (found.a, found.b) == (0, 2)


def test_more_than_two_marked_runs_are_refused_in_words() -> None:
    assert pair_of(three_runs(), 0, {0, 1, 2}) == "3 runs are marked: two can be compared"


def test_a_run_whose_name_nobody_else_has_leaves_the_choice_to_the_user() -> None:
    runs = three_runs()
    assert previous_of(runs, 1) is None
    assert pair_of(runs, 1, ()) == ""


# ---------------------------------------------------------------- how it looks


def figures(**other: Any) -> RunFigures:
    plainly: dict[str, Any] = {
        "status": "ok", "name": "nightly_eval", "start": "2026-11-20 20:10:00", "short_start": "11-20 20:10",
        "time": 598_000_000_000, "time_partial": False, "spans": 118, "failed": 0, "tokens": 171_000,
        "tokens_partial": False, "cost": 0.38, "cost_computed": False, "cost_partial": False,
    }  # fmt: skip
    return RunFigures(**(plainly | other))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("symbols", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_no_line_of_the_figures_or_rows_is_wider_than_the_screen(width: int, symbols: Any) -> None:
    worse = figures(status="error", name="x" * 90, time=761_000_000_000, failed=3, cost=0.42, cost_computed=True)
    drawn = run_rows(figures(), worse, width, symbols)
    comparison = compared(GOOD.replace("tool fetch 30..34", "tool fetch 30..94 error"))
    columns, words = compare_columns(width), RowWords(comparison, symbols)
    drawn.append(heading_row(columns, symbols))
    drawn += [compared_row(row, words, columns, 60, RowLook(False, False), symbols) for row in comparison]
    assert max(len(plain(row)) for row in drawn) <= width
    if symbols is ASCII:
        assert all(plain(row).isascii() for row in drawn)


def test_the_figures_of_both_runs_and_their_difference_are_told() -> None:
    a, b = figures(), figures(status="error", time=761_000_000_000, spans=124, tokens=184_000, cost=0.42)
    one, other, more = (plain(row) for row in run_rows(a, b, 120, UNICODE))
    assert ("9m58s" in one, "118 spans" in one, "171k tokens" in one, "$0.38" in one) == (True,) * 4
    assert "✗ error" in other
    for words in ("B − A", "+27%  +2m43s", "+6 spans", "+8%  +13.0k tokens", "+11%  +$0.04"):
        assert words in more


def test_figures_that_were_worked_out_or_miss_a_part_are_marked() -> None:
    a = figures(cost_computed=True, tokens_partial=True)
    one, _, more = (plain(row) for row in run_rows(a, figures(cost=0.5, tokens=200_000), 120, UNICODE))
    assert "~$0.38" in one
    assert "≥171k" in one
    assert "~+$0.12" in more
    assert "≥+29.0k" in more


def test_what_took_longer_stands_right_of_the_middle_line_and_what_took_less_left() -> None:
    assert plain(delta_bar(100, 100, 4, thin=False, symbols=UNICODE)) == "    │████"
    assert plain(delta_bar(-50, 100, 4, thin=False, symbols=UNICODE)) == "  ██│"
    assert plain(delta_bar(50, 100, 4, thin=True, symbols=ASCII)) == "    |--"
    assert plain(delta_bar(0, 100, 4, thin=False, symbols=UNICODE)) == "    │"


def test_a_row_says_what_became_of_its_span() -> None:
    comparison = compared(GOOD.replace("tool fetch 30..34", "tool fetch 30..94 error"))
    row = next(row for row in comparison if "status" in row.marks)
    words = RowWords(comparison, UNICODE)
    look = RowLook(False, False)
    drawn = plain(compared_row(row, words, compare_columns(120), 60_000_000_000, look, UNICODE))
    assert drawn.startswith(" ≠ ")
    for said in ("■ fetch  ok → error", "4.0s", "1m04s", "+1m00s", "│█"):
        assert said in drawn


# ---------------------------------------------------------------- the screen


async def test_the_open_run_is_compared_with_the_one_before_and_stands_where_they_part(tmp_path: Path) -> None:
    async with opened(make_app([write_two_days(tmp_path)]), (120, 40)) as pilot:
        await press(pilot, "d")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        shown = text(pilot)
        cursor = next(line for line in lines(pilot) if line.startswith("▌"))
    assert "compared with the run before it" in shown
    assert "choose_queries" in cursor
    assert "First divergence" in shown
    assert f'− "[0].content": "{OTHER_PROMPT}"' in shown
    assert "write_section" in shown


async def test_enter_goes_to_the_span_of_b_and_the_number_to_that_of_a(tmp_path: Path) -> None:
    async with opened(make_app([write_two_days(tmp_path)]), (80, 24)) as pilot:
        app: Any = pilot.app
        today = app.main.opened
        await press(pilot, "d")
        await app.workers.wait_for_complete()
        await press(pilot, "e", "enter")
        assert app.screen is app.main
        assert app.main.opened == today
        await press(pilot, "d")
        await app.workers.wait_for_complete()
        await press(pilot, "1")  # the row where one was
        assert app.main.opened != today
        store = app.session.store
        assert store.strings[store.spans.name[app.main.selection.rows[0]]] == "reader_2"


KEYS = {
    "tree": ("e", "N", "s", "space", "left", "right", "A", "tab", "c", "j", "z", "z", "tab"),
    "differences": ("G", "left", "A"),
    "names": ("j", ">", "<"),
}


async def test_the_keys_of_the_comparison_work_in_every_view(tmp_path: Path) -> None:
    async with opened(make_app([write_two_days(tmp_path)], plain=True), (80, 24)) as pilot:
        await press(pilot, "d")
        await pilot.app.workers.wait_for_complete()
        for view, keys in KEYS.items():
            screen = pilot.app.screen
            assert isinstance(screen, CompareScreen)
            assert screen.list.view == view
            await press(pilot, *keys)
            assert all(len(line) <= 80 and line.isascii() for line in lines(pilot))
            await press(pilot, "v")
        await press(pilot, "r", "F", "escape")
        assert not isinstance(pilot.app.screen, CompareScreen)


async def test_without_another_run_of_its_name_one_chooses(tmp_path: Path, native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        await press(pilot, "d")
        assert "Compare with" in text(pilot)
        await press(pilot, "enter")
        await pilot.app.workers.wait_for_complete()
        assert "the run you chose" in text(pilot)


async def test_with_a_run_that_is_gone_nothing_is_compared(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (120, 40)) as pilot:
        await press(pilot, "d", "enter")
        before = lines(pilot)[2:]
        (native_traces / "research_agent.jsonl").write_bytes((native_traces / "support_bot.jsonl").read_bytes())
        await look_again(pilot)
        await press(pilot, "F", "r")
        assert "a run is gone from its file" in lines(pilot)[0]
        assert lines(pilot)[2:] == before


async def test_what_became_of_a_copy_is_said_where_one_copies(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (160, 40)) as pilot:
        await press(pilot, "d", "enter", "y")
        assert "to the terminal (OSC 52" in lines(pilot)[0]

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.symbols import ASCII, UNICODE, Symbols
from tracetui.core.text import cell_width
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.bars import axis, axis_length, axis_ticks, bar, event_mark

S = 1_000_000_000
MINUTE, HOUR = 60 * S, 3_600 * S
any_int = st.integers() | st.integers(-10, 10)
widths = st.integers(0, 40)
weights = st.sampled_from(["thin", "medium", "full"])
states = st.sampled_from(["done", "cause", "open", "gone", "skipped"])
symbol_sets = st.sampled_from([UNICODE, ASCII])


def drawn(start: int, end: int, *, symbols: Symbols = UNICODE, **options) -> str:
    """A bar on an axis of 8 cells and 64 units, so that a unit is an eighth of a cell."""
    return plain(bar(start, end, 64, 8, symbols=symbols, **options))


@given(
    any_int,
    any_int,
    any_int,
    widths,
    weights,
    states,
    st.none() | any_int,
    st.lists(st.tuples(any_int, any_int), max_size=3),
    symbol_sets,
)
def test_a_bar_has_exactly_its_cells(start, end, length, width, weight, state, now, idle, symbols) -> None:
    pieces = bar(start, end, length, width, weight=weight, state=state, now=now, idle=idle, symbols=symbols)
    assert cell_width(plain(pieces)) == width


@given(
    any_int,
    any_int,
    any_int,
    st.integers(1, 40),
    weights,
    st.sampled_from(["done", "cause", "open", "gone"]),
    symbol_sets,
)
def test_a_bar_is_never_blank(start, end, length, width, weight, state, symbols) -> None:
    assert plain(bar(start, end, length, width, weight=weight, state=state, symbols=symbols)).strip()


@given(any_int, any_int, widths)
def test_the_mark_of_an_event_has_exactly_its_cells(at, length, width) -> None:
    assert len(plain(event_mark(at, length, width, "→", "muted"))) == width


@given(any_int, widths, st.booleans())
def test_an_axis_has_exactly_its_cells(elapsed, width, live) -> None:
    assert len(axis(axis_length(elapsed, live), width)) == width


@given(st.integers(0, 10**18), st.integers(1, 60))
def test_labels_of_an_axis_are_two_blanks_apart(length, width) -> None:
    ticks = axis_ticks(length, width)
    assert all(after - column - len(label) >= 2 for (column, label), (after, _) in pairwise(ticks))


@pytest.mark.parametrize(
    ("start", "end", "line"),
    [
        (0, 64, "████████"),
        (1, 16, "██      "),
        (2, 16, "▐█      "),
        (6, 16, "▐█      "),
        (7, 24, " ██     "),
        (0, 12, "█▌      "),
        (4, 17, "▐█▏     "),
        (0, 3, "▍       "),
        (8, 8, " ▏      "),
        (7, 14, " ▉      "),
        (64, 64, "       ▏"),
        (20, 10, "  ▏     "),
        (-50, 900, "████████"),
    ],
)
def test_full_bars_are_drawn_to_parts_of_a_cell(start: int, end: int, line: str) -> None:
    assert drawn(start, end) == line


@pytest.mark.parametrize(
    ("start", "end", "line"),
    [(0, 64, "━━━━━━━━"), (4, 32, "╺━━━    "), (3, 32, "━━━━    "), (8, 9, " ━      "), (64, 64, "       ━")],
)
def test_work_beside_the_critical_path_is_medium(start: int, end: int, line: str) -> None:
    assert drawn(start, end, weight="medium") == line


def test_a_container_is_thin_and_broken_where_nothing_runs_for_a_cell() -> None:
    assert drawn(0, 64, weight="thin", idle=[(2, 4)]) == "──╌╌────"


@pytest.mark.parametrize(
    ("start", "end", "line"),
    [
        (0, 12, "██✗     "),
        (4, 12, "▐█✗     "),
        (8, 9, " ▏✗     "),
        (0, 64, "███████✗"),
        (64, 64, "      ▏✗"),
        (57, 58, "      ▏✗"),
    ],
)
def test_a_cause_ends_at_a_whole_cell_and_its_mark_follows(start: int, end: int, line: str) -> None:
    assert drawn(start, end, state="cause") == line


@pytest.mark.parametrize(
    ("start", "end", "now", "line"),
    [
        (8, 24, 60, " ██╌╌╌╌▸"),
        (8, 64, 64, " ██████▸"),
        (8, 8, 12, " ▸      "),
        (0, 8, None, "█▸      "),
        (60, 60, 60, "       ▸"),
    ],
)
def test_an_open_span_goes_on_to_now(start: int, end: int, now: int | None, line: str) -> None:
    assert drawn(start, end, state="open", now=now) == line


def test_a_span_whose_writer_is_gone_ends_in_a_question() -> None:
    assert drawn(8, 24, state="gone", now=48) == " ██╌╌╌? "


def test_a_skipped_span_has_no_bar() -> None:
    assert drawn(8, 24, state="skipped") == " " * 8


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "###     "),
        ({"weight": "medium"}, "===     "),
        ({"weight": "thin", "idle": [(1, 2)]}, "-.-     "),
        ({"state": "cause"}, "###x    "),
        ({"state": "open", "now": 48}, "###...> "),
        ({"state": "gone", "now": 48}, "###.../ "),
    ],
)
def test_bars_in_ascii(options, line: str) -> None:
    assert drawn(0, 24, symbols=ASCII, **options) == line


def test_a_short_bar_in_ascii_is_one_mark() -> None:
    assert drawn(8, 9, symbols=ASCII) == " |      "


@pytest.mark.parametrize(
    ("weight", "state", "style"),
    [
        ("full", "done", "kind-llm"),
        ("medium", "done", "kind-llm"),
        ("thin", "done", "muted"),
        ("thin", "open", "status-open"),
        ("full", "open", "status-open"),
        ("full", "gone", "status-warning"),
        ("full", "cause", "status-error"),
    ],
)
def test_the_style_says_how_it_went(weight, state, style: str) -> None:
    pieces = bar(8, 24, 64, 8, weight=weight, state=state, style="kind-llm")
    assert {name for text, name in pieces if text.strip()} == {style}


def test_the_mark_of_an_event_stands_at_its_time() -> None:
    assert event_mark(17, 64, 8, "→", "muted") == [("  ", "text"), ("→", "muted"), ("     ", "text")]


@pytest.mark.parametrize(
    ("length", "width", "line"),
    [
        (761 * S, 26, "0   2m  4m  6m  8m  10m   "),
        (761 * S, 17, "0     5m     10m "),
        (200 * S, 17, "0    1m   2m   3m"),
        (90 * S, 26, "0       30s      1m       "),
        (247_000_000, 20, "0       100ms       "),
        (26 * HOUR, 26, "0    5h   10h  15h  20h   "),
        (500, 30, "0           200ns       400ns "),
        (26_000, 16, "0     10µs  20µs"),
        (0, 5, "0    "),
        (HOUR, 0, ""),
    ],
)
def test_the_axis_has_labels_at_round_times(length: int, width: int, line: str) -> None:
    assert axis(length, width) == line


@pytest.mark.parametrize(
    ("elapsed", "live", "length"),
    [
        (182 * S, True, 200 * S),
        (200 * S, True, 200 * S),
        (201 * S, True, 500 * S),
        (0, True, S),
        (182 * S, False, 182 * S),
        (0, False, 1),
    ],
)
def test_the_axis_of_a_live_run_grows_in_steps(elapsed: int, live: bool, length: int) -> None:
    assert axis_length(elapsed, live) == length

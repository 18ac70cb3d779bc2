"""Zoom and pan of the time axis: windows are figures, bars are cut at their edges, labels stay true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.symbols import ASCII, UNICODE
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.bars import axis, axis_ticks, bar
from tracetui.tui.presentation.time_window import (
    LEAST_NS,
    Window,
    around,
    fitted,
    following,
    moment,
    panned,
    showing,
    window_words,
    zoomed_in,
    zoomed_out,
)

S, MINUTE = 1_000_000_000, 60_000_000_000
WHOLE = 761 * S
windows = st.builds(Window, st.integers(-(10**15), 10**15), st.integers(1, 10**15))
wholes = st.integers(1, 10**15)


@given(windows, wholes, st.none() | st.integers(-(10**15), 10**15), st.integers(-9, 9))
def test_a_window_lies_within_the_axis(window: Window, whole: int, at: int | None, parts: int) -> None:
    for shown in (zoomed_in(window, whole, at), zoomed_out(window, whole, at), panned(window, whole, parts)):
        assert shown is None or (shown.begin >= 0 and shown.length > 0 and shown.end <= whole)


@given(wholes, st.integers(0, 10**15))
def test_zooming_in_comes_to_an_end_and_out_leads_to_the_whole(whole: int, at: int) -> None:
    window = Window(0, whole)
    for _ in range(60):
        window = zoomed_in(window, whole, at) or Window(0, whole)
    assert window.length == min(whole, LEAST_NS)
    shown: Window | None = window
    for _ in range(60):
        shown = zoomed_out(shown, whole, at) if shown is not None else None
    assert shown is None


def test_zooming_keeps_what_is_selected_where_it_is() -> None:
    window = zoomed_in(Window(0, 1000 * S), 1000 * S, 250 * S)
    assert window == Window(125 * S, 500 * S)


def test_a_pan_stops_at_the_end_of_the_axis() -> None:
    assert panned(Window(700 * S, 50 * S), WHOLE, 4) == Window(711 * S, 50 * S)


def test_a_window_around_a_span_has_a_margin() -> None:
    assert around(100 * S, 200 * S, WHOLE) == Window(95 * S, 110 * S)


def test_a_window_around_a_moment_is_as_short_as_windows_get() -> None:
    window = around(100 * S, 100 * S, WHOLE)
    assert window is not None
    assert (window.length, window.holds(100 * S)) == (LEAST_NS, True)


def test_a_window_around_the_root_is_the_whole_axis() -> None:
    assert around(0, WHOLE, WHOLE) is None


def test_a_window_of_a_shorter_axis_moves_back() -> None:
    assert fitted(Window(700 * S, 50 * S), 720 * S) == Window(670 * S, 50 * S)


def test_a_window_that_follows_moves_by_halves_and_not_at_every_second() -> None:
    window = Window(0, 100 * S)
    moves = [window := following(window, now * S) for now in range(300)]
    assert len(set(moves)) == 5
    assert all(shown.begin <= now * S < shown.end for now, shown in enumerate(moves))


def test_a_window_comes_to_what_is_selected_only_if_it_must() -> None:
    window = Window(100 * S, 100 * S)
    assert showing(window, 120 * S, 130 * S, WHOLE) == window
    assert showing(window, 300 * S, 320 * S, WHOLE) == Window(260 * S, 100 * S)
    assert showing(window, 300 * S, 500 * S, WHOLE) == Window(300 * S, 100 * S)


@pytest.mark.parametrize(
    ("time", "step", "words"),
    [
        (0, S, "0"),
        (124 * S, S, "2m04s"),
        (120 * S, S, "2m"),
        (3_600 * S, S, "1h"),
        (7_451 * S, S, "2h04m11s"),
        (124_500_000_000, 100_000_000, "2m04.5s"),
        (247_000_000, 1_000_000, "0.247s"),
        (90_000 * S, MINUTE, "1d01h"),
        (123_456, 1, "0.000123456s"),
    ],
)
def test_a_moment_has_the_digits_that_its_window_needs(time: int, step: int, words: str) -> None:
    assert moment(time, step) == words


def test_the_rule_says_which_part_of_the_time_is_shown() -> None:
    assert window_words(Window(124 * S, 91 * S), WHOLE) == "2m04s–3m35s of 12m41s"
    assert window_words(Window(124 * S, 91 * S), WHOLE, ASCII) == "2m04s-3m35s of 12m41s"


def windowed(start: int, end: int, symbols=UNICODE, **options) -> str:
    """A bar in a window of 8 cells and 64 units."""
    return plain(bar(start, end, 64, 8, window=True, symbols=symbols, **options))


@pytest.mark.parametrize(
    ("start", "end", "options", "line"),
    [
        (8, 24, {}, " ██     "),
        (-8, 24, {}, "‹██     "),
        (8, 90, {}, " ██████›"),
        (-8, 90, {"weight": "thin"}, "‹──────›"),
        (-20, -8, {}, "        "),
        (70, 80, {}, "        "),
        (8, 90, {"state": "cause"}, " ██████›"),
        (-8, 24, {"state": "cause"}, "‹██✗    "),
        (8, 24, {"state": "open", "now": 90}, " ██╌╌╌╌›"),
        (-8, -4, {"state": "open", "now": 40}, "‹╌╌╌╌▸  "),
        (-8, 24, {"symbols": ASCII}, "{##     "),
        (8, 90, {"symbols": ASCII}, " ######}"),
    ],
)
def test_a_bar_that_goes_on_beyond_the_window_says_so(start: int, end: int, options: dict, line: str) -> None:
    assert windowed(start, end, **options) == line


@given(
    st.integers(-200, 200),
    st.integers(-200, 200),
    st.integers(-5, 200),
    st.integers(0, 40),
    st.sampled_from(["thin", "medium", "full"]),
    st.sampled_from(["done", "cause", "open", "gone", "skipped"]),
    st.none() | st.integers(-200, 200),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=3),
)
def test_a_bar_in_a_window_has_exactly_its_cells(start, end, length, width, weight, state, now, cells) -> None:
    pieces = bar(start, end, length, width, weight=weight, state=state, now=now, idle=cells, held=cells, window=True)
    assert len(plain(pieces)) == width


def test_work_is_thin_where_work_inside_it_ran() -> None:
    assert plain(bar(0, 64, 64, 8, held=[(2, 4)])) == "██──████"
    assert plain(bar(0, 64, 64, 8, weight="medium", held=[(2, 4)])) == "━━──━━━━"


@pytest.mark.parametrize(
    ("begin", "length", "line"),
    [
        (124 * S, 91 * S, "       2m30s    3m        "),
        (124 * S, 20 * S, "       2m10s        2m20s "),
        (7_451 * S + 123_456_789, 2_000_000, "       2h4m11.124s  +1ms  "),
        (0, 20 * S, "0     5s     10s   15s    "),
    ],
)
def test_the_axis_of_a_window_has_labels_at_round_times(begin: int, length: int, line: str) -> None:
    assert axis(length, 26, begin=begin) == line


@given(st.integers(1, 10**17), st.integers(1, 10**15), st.integers(0, 60))
def test_labels_of_a_window_stand_within_the_axis(begin: int, length: int, width: int) -> None:
    ticks = axis_ticks(length, width, begin)
    assert all(column >= 0 and column + len(label) <= width for column, label in ticks)

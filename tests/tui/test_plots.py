"""Plots: the cells they fill, what they mark, what is left of them in ASCII."""

from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cell_width
from tracetui.tui.presentation import plain, plots

PARTS = ("model", "tool", "retrieval", "own", "idle")


@given(st.lists(st.integers(0, 10**15), min_size=5, max_size=5), st.integers(5, 200))
def test_parts_of_a_whole_fill_their_bar_and_none_is_lost(amounts: list[int], width: int) -> None:
    bar = plots.shares(list(zip(PARTS, amounts, strict=True)), width, UNICODE)
    assert cell_width(plain(bar)) == (width if any(amounts) else 0)
    assert len(bar) == sum(amount > 0 for amount in amounts)


def test_parts_differ_by_density_too() -> None:
    assert plain(plots.shares([(word, 1) for word in PARTS], 10, UNICODE)) == "██▓▓▒▒░░╌╌"
    assert plain(plots.shares([(word, 1) for word in PARTS], 10, ASCII)) == "##%%::..--"


def test_a_spread_has_a_cell_for_each_bin_and_none_for_an_empty_one() -> None:
    assert plots.spread((0, 1, 4, 8, 0, 0, 0, 1), UNICODE) == " ▁▄█   ▁"


def test_a_spread_is_left_out_in_ascii() -> None:
    assert plots.spread((1, 2), ASCII) == ""


def test_columns_reach_up_in_eighths_of_a_line() -> None:
    lines = [plain(line) for line in plots.columns([1, 8, 16, 0], 2, UNICODE)]
    assert lines == ["  █ ", "▁██ "]


def test_columns_are_whole_lines_in_ascii() -> None:
    lines = [plain(line) for line in plots.columns([1, 2, 4], 2, ASCII)]
    assert lines == ["  #", "###"]


def test_a_marked_column_is_red() -> None:
    assert plots.columns([1, 1], 1, UNICODE, marked={1})[0] == [("█", "kind-llm"), ("█", "status-error")]


def test_more_values_than_columns_are_put_together() -> None:
    assert plots.regrouped([1, 5, 2, 3], 2) == [5, 3]
    assert plots.regrouped([1, 5, 2, 3], 2, sum) == [6, 5]


def test_what_failed_stands_beside_all() -> None:
    assert plain(plots.pairs([2, 1], [1, 0], 1, UNICODE)[0]) == "█▄ ▄  "


def test_marks_below_keep_their_places_and_give_up_words_that_have_no_room() -> None:
    marks = [(0, ("↓", ""), "compacted"), (5, ("✗", ""), "over limit")]
    assert plain(plots.marks_below(marks, 20)) == "↓    ✗ over limit"

"""Wrapping: exact to the cell, nothing lost, and no work for what is not looked at."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.text import cell_width, safe
from tracetui.tui.presentation.wrap import LongText, one_line, shown, wrap

TEXTS = st.text(alphabet=st.sampled_from("ab  \n\t漢字é\u0301👩\u200d🔬✗\x1b\u202e"), max_size=300)


@given(text=TEXTS, width=st.integers(2, 40))
def test_no_row_is_wider_than_asked_for(text: str, width: int) -> None:
    rows = wrap(safe(text, newlines=True), width)
    assert [row for row in rows if cell_width(shown(row, width)) > width] == []


@given(text=TEXTS, width=st.integers(2, 40))
def test_the_rows_together_are_the_text(text: str, width: int) -> None:
    text = safe(text, newlines=True)
    assert "".join(wrap(text, width)) == text.replace("\n", "")


@given(text=TEXTS, width=st.integers(2, 40))
def test_a_long_text_has_the_rows_that_it_counts(text: str, width: int) -> None:
    long = LongText(text)
    rows = [long.row(index, width) for index in range(long.count(width))]
    assert rows == [shown(row, width) for row in wrap(safe(text, newlines=True), width)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [""]),
        ("one two three", ["one two ", "three"]),
        ("abcdefghij", ["abcdefgh", "ij"]),
        ("abcdefgh ij", ["abcdefgh ", "ij"]),
        ("a\n\nb\n", ["a", "", "b"]),
        ("    abcdefgh", ["    abcd", "efgh"]),
        ("漢字漢字漢字", ["漢字漢字", "漢字"]),
    ],
)
def test_rows_break_at_words_where_they_can(text: str, rows: list[str]) -> None:
    assert wrap(text, 8) == rows


def test_rows_of_many_chunks_are_the_same_as_those_of_one() -> None:
    text = "\n".join(f"line {number} of some words" for number in range(9_000))
    long = LongText(text, exact=len(text))
    assert [long.row(index, 30) for index in range(long.count(30))] == [shown(row, 30) for row in wrap(text, 30)]


def test_every_row_of_a_text_that_is_counted_by_estimate_can_be_reached() -> None:
    text = "".join(("x" * 50 + "\n") * 300 + "long words and blanks " * 900 for _ in range(8))
    long, rows, index = LongText(text, exact=0), [], 0
    while index < long.count(40):
        rows.append(long.row(index, 40))
        index += 1
    assert "".join(rows).replace(" ", "") == text.replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("unit", ["x", "漢", "word ", "\n", "e\u0301"])
def test_the_end_of_a_hundred_million_cells_is_drawn_at_once(unit: str) -> None:
    long = LongText(unit * (100_000_000 // len(unit)))
    begin = time.perf_counter()
    last = long.count(80) - 1
    long.row(0, 80)
    long.row(last, 80)
    assert time.perf_counter() - begin < 1


def test_one_line_is_safe_and_says_that_it_was_cut() -> None:
    assert one_line("a\x1b[31m\nb" + "c" * 1_000_000, 10) == "a␛[31m␤bc…"


@given(text=st.text(max_size=400), cells=st.integers(1, 30))
def test_one_line_is_never_too_wide(text: str, cells: int) -> None:
    assert cell_width(one_line(text, cells)) <= cells

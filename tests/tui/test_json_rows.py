"""JSON as rows: flattened where it is open, drawn where it is looked at, whatever its size and depth."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.symbols import ASCII
from tracetui.core.text import cell_width
from tracetui.tui.presentation.pieces import width_of
from tracetui.tui.widgets.json_rows import TEXT_SHOWN, JsonRows

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=30,
)
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]\u202e\u009b2J[/]\n"


def drawn(rows: JsonRows, width: int = 60) -> list[str]:
    return ["".join(text for text, _ in rows.pieces(index, width)).rstrip() for index in range(rows.count(width))]


def deep(levels: int) -> object:
    value: object = "bottom"
    for _ in range(levels):
        value = [value]
    return value


def test_braces_look_like_the_json_text() -> None:
    rows = JsonRows({"url": "https://a.example", "n": [1, 2.5, None, True]}, braces=True)
    assert drawn(rows) == [
        "{",
        '  "url": "https://a.example"',
        '  "n": [',
        "    1",
        "    2.5",
        "    null",
        "    true",
        "  ]",
        "}",
    ]


def test_columns_stand_at_forty_percent_of_the_width() -> None:
    assert drawn(JsonRows({"temperature": 0.2, "model": "small"}), 50) == [
        "  temperature       0.2",
        '  model             "small"',
    ]


def test_a_folded_value_shows_its_beginning_and_how_much_there_is() -> None:
    rows = JsonRows({"parts": [{"type": "text", "content": "x" * 90}] * 3}, open_rows=0)
    assert drawn(rows, 70) == ['▸ parts                     [ { type: "text", content: "xxxx…  3 items']


def test_a_key_is_cut_and_never_reaches_the_values() -> None:
    row = JsonRows({"k" * 200: 1}).pieces(0, 50)
    assert [text for text, _ in row] == ["  ", "k" * 38 + "…", " ", "1"]


def test_keys_are_shown_whole_and_values_are_cut() -> None:
    rows = JsonRows({"usage.input_tokens": 3571, "finish_reason": "stop " * 9, "a.very.long.name.of.a.key": 1})
    assert drawn(rows, 36) == [
        "  usage.input_tokens 3571",
        '▸ finish_reason      "stop st…"  +30',
        "  a.very.long.name.of.a.key 1",
    ]


def test_a_string_that_fits_does_not_fold_and_a_longer_one_does() -> None:
    rows = JsonRows({"short": "x", "long": "y" * 500})
    rows.count(60)
    assert [rows.is_foldable(0), rows.is_foldable(1)] == [False, True]


def test_an_opened_string_is_shown_whole_below_its_key() -> None:
    rows = JsonRows({"long": "y" * 100})
    rows.count(60)
    rows.toggle(0)
    assert "".join(line.strip() for line in drawn(rows)[1:]) == "y" * 100


def test_text_that_holds_json_opens_parsed_and_says_so() -> None:
    rows = JsonRows({"input": json.dumps([{"role": "user"}])})
    rows.count(60)
    rows.toggle(0)
    assert drawn(rows, 90) == [
        "▾ input                             text that holds JSON, shown parsed        1 item  18 B",
        '  ▸ 0                               { role: "user" }                                 1 key',
    ]
    assert drawn(rows, 60)[0] == "▾ input                 text, shown parsed      1 item  18 B"


def test_the_value_of_parsed_text_is_the_text_as_recorded() -> None:
    text = json.dumps([{"role": "user"}])
    rows = JsonRows({"input": text})
    rows.count(60)
    rows.toggle(0)
    assert [rows.value_at(0), rows.value_at(1)] == [text, {"role": "user"}]


def test_a_long_string_is_cut_at_its_beginning_until_one_asks_for_all() -> None:
    rows = JsonRows({"long": "word " * 20_000})
    rows.count(60)
    rows.toggle(0)
    last = rows.count(60) - 1
    before = drawn(rows)[-1].strip(), sum(map(len, drawn(rows)))
    rows.toggle(last)
    assert before[0] == "100,000 characters, enter shows all"
    assert before[1] < TEXT_SHOWN * 1.2 < 100_000 < sum(len(line.strip()) + 1 for line in drawn(rows)) * 1.2


def test_folding_what_was_opened_gives_the_rows_from_before() -> None:
    rows = JsonRows({"a": {"b": {"c": [1, 2]}}, "d": "e"}, open_rows=0)
    before = drawn(rows)
    rows.toggle(0)
    rows.toggle(1)
    rows.toggle(2)
    assert len(drawn(rows)) == 6
    assert rows.fold(0) == 0
    assert drawn(rows) == before


def test_left_goes_to_the_head_of_what_a_row_stands_in_and_then_folds_it() -> None:
    rows = JsonRows({"a": [1, 2, 3], "z": 0})
    rows.count(60)
    assert rows.fold(3) == 0
    assert rows.fold(0) == 0
    assert rows.count(60) == 2


def test_right_opens_and_then_goes_on() -> None:
    rows = JsonRows({"a": [1]}, open_rows=0)
    rows.count(60)
    assert (rows.unfold(0), rows.unfold(0), rows.count(60)) == (0, 1, 2)


def test_an_empty_container_does_not_fold() -> None:
    rows = JsonRows({"a": {}, "b": []}, braces=True)
    assert drawn(rows) == ["{", '  "a": {}', '  "b": []', "}"]
    assert not rows.is_foldable(1)


def test_open_all_opens_everything_below() -> None:
    value = {"a": [{"b": [1, {"c": 2}]}] * 3}
    rows = JsonRows(value, open_rows=0)
    rows.count(60)
    assert rows.open_all(0)
    assert sum("c" in line.split() for line in drawn(rows)) == 3


def test_open_all_on_a_row_that_does_not_fold_opens_what_is_below_it() -> None:
    rows = JsonRows(
        {"first": [1, 2], "here": 0, "list": [1, {"c": [2]}], "text": "long " * 30, "json": '{"k": [7]}'}, open_rows=0
    )
    rows.count(60)
    assert rows.open_all(1)
    shown = [line.split()[:2] for line in drawn(rows)]
    assert shown[:2] == [["▸", "first"], ["here", "0"]]
    assert not any("▸" in line for line in shown[1:])
    assert ["0", "7"] in shown


def test_open_all_of_very_much_stops_and_says_so() -> None:
    rows = JsonRows({"a": [[1]] * 50_000}, open_rows=0)
    rows.count(60)
    assert not rows.open_all(0)
    assert rows.count(60) == 1 + 50_000 + 20_000


def test_a_million_elements_open_and_fold_at_once() -> None:
    rows = JsonRows({"list": list(range(1_000_000))}, open_rows=0)
    begin = time.perf_counter()
    rows.count(60)
    rows.toggle(0)
    last = rows.pieces(1_000_000, 60)
    rows.fold(0)
    assert time.perf_counter() - begin < 0.25
    assert last[-1] == ("999999", "code-number")


def test_a_hundred_thousand_levels_neither_recurse_nor_block() -> None:
    rows = JsonRows(deep(100_000), braces=True)
    begin = time.perf_counter()
    rows.count(60)
    while not rows.open_all(rows.count(60) // 2):
        pass
    assert rows.count(60) == 200_001
    drawn_rows = [rows.pieces(index, 60) for index in range(0, rows.count(60), 997)]
    assert time.perf_counter() - begin < 10
    assert max(width_of(row) for row in drawn_rows) <= 60


def test_a_hundred_megabytes_of_string_are_drawn_at_once() -> None:
    rows = JsonRows({"long": "x" * 100_000_000})
    begin = time.perf_counter()
    rows.count(60)
    rows.pieces(0, 60)
    rows.toggle(0)
    rows.toggle(rows.count(60) - 1)
    rows.pieces(rows.count(60) - 1, 60)
    assert time.perf_counter() - begin < 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (10**5_000, "2^16609+"),
        (-(10**5_000), "-2^16609+"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (b"\x00", "b'\\x00'"),
        (2**64, "18446744073709551616"),
    ],
    ids=["5000 digits", "-5000 digits", "nan", "inf", "bytes", "65 bits"],
)
def test_values_that_json_writers_refuse_are_shown(value: object, shown: str) -> None:
    assert drawn(JsonRows({"v": value}), 60) == [f"  v                     {shown}"]


@pytest.mark.parametrize("braces", [False, True])
def test_hostile_keys_and_strings_reach_no_row(braces: bool) -> None:
    rows = JsonRows({HOSTILE: HOSTILE, "deep": [{HOSTILE: [HOSTILE]}], "text": HOSTILE * 50}, braces=braces)
    rows.count(60)
    for index in range(rows.count(60) - 1, -1, -1):
        rows.toggle(index)
    assert all(line.isprintable() for line in drawn(rows))


@given(value=VALUES, width=st.integers(12, 90), braces=st.booleans())
def test_no_row_is_wider_than_the_pane(value: object, width: int, braces: bool) -> None:
    rows = JsonRows(value, braces=braces)
    rows.count(width)
    for index in range(min(20, rows.count(width)) - 1, -1, -1):
        rows.toggle(index)
    assert max((cell_width(line) for line in drawn(rows, width)), default=0) <= width


@given(value=VALUES, presses=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["toggle", "fold", "unfold"]))))
def test_rows_and_their_number_stay_in_step_whatever_is_pressed(value: object, presses: list[tuple[int, str]]) -> None:
    rows = JsonRows(value)
    for index, key in presses:
        if count := rows.count(50):
            moved = getattr(rows, key)(index % count)
            assert 0 <= moved < max(1, rows.count(50))
    assert all(rows.pieces(index, 50) for index in range(rows.count(50)))


def test_ascii_sends_only_ascii() -> None:
    rows = JsonRows({"a": {"b": [1] * 90}, "long": "x" * 500}, open_rows=0)
    rows.count(40)
    texts = [text for index in range(rows.count(40)) for text, _ in rows.pieces(index, 40, "", ASCII)]
    assert all(text.isascii() for text in texts)

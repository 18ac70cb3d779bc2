import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.jsontext import json_pieces, json_text

texts = st.text(st.characters(exclude_categories=()))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def joined(value: object) -> object:
    """`value` as any JSON reader sees it: a pair of surrogates is one character."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, list):
        return [joined(item) for item in value]
    if isinstance(value, dict):
        return {joined(key): joined(item) for key, item in value.items()}
    return value


@given(values, st.booleans())
def test_what_is_written_reads_back_equal(value: object, indent: bool) -> None:
    assert json.loads(json_text(value, indent)) == joined(value)


@given(values, st.booleans())
def test_pieces_together_read_back_equal(value: object, indent: bool) -> None:
    told = "".join(json_pieces(value, indent))
    assert json.loads(told) == joined(value)
    assert told.replace("\n", "").isprintable()


def test_a_long_text_comes_in_pieces() -> None:
    text = 'say "no"\n\x1b' * 40_000
    pieces = list(json_pieces({"a": text}))
    assert json.loads("".join(pieces)) == {"a": text}
    assert max(map(len, pieces)) < len(text)


@given(values)
def test_nothing_unprintable_is_written(value: object) -> None:
    assert json_text(value).isprintable()


@given(values)
def test_indented_text_holds_nothing_unprintable_but_newlines(value: object) -> None:
    assert json_text(value, indent=True).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("\x1b[31m\x7f\x9b", '"\\u001b[31m\\u007f\\u009b"'),
        ("\u202e\U000e0041", '"\\u202e\\udb40\\udc41"'),
        ("\udc80", '"\\udc80"'),
        ("Grüße 漢", '"Grüße 漢"'),
        ([math.nan, math.inf, -math.inf], "[null,null,null]"),
        ([2**64, math.nan], "[18446744073709551616,null]"),
        ({1: 2, None: 3, False: 4}, '{"1":2,"null":3,"false":4}'),
        ([2**64, b"a\xff"], '[18446744073709551616,"a\\\\xff"]'),
        ([], "[]"),
        ({"a": {}, "b": 2**70}, '{"a":{},"b":1180591620717411303424}'),
    ],
)
def test_text_of(value: object, text: str) -> None:
    assert json_text(value) == text


def test_integers_longer_than_python_prints_are_exact() -> None:
    assert json_text(10**20_000) == "1" + "0" * 20_000


@pytest.mark.parametrize("indent", [False, True])
def test_depth_has_no_limit(indent: bool) -> None:
    value: object = "core"
    for _ in range(50_000):
        value = {"a": [value]}
    assert json_text(value, indent).count("[") == 50_000


def test_a_cycle_is_marked() -> None:
    value: dict[str, object] = {"a": 2**64}
    value["self"] = value
    assert json_text(value) == '{"a":18446744073709551616,"self":"[cycle]"}'


def test_a_value_that_stands_twice_is_no_cycle() -> None:
    part = [2**64]
    assert json_text([part, part]) == "[[18446744073709551616],[18446744073709551616]]"


def test_both_ways_of_writing_indent_alike() -> None:
    exact = json_text({"a": [2**64, {}], "b": []}, indent=True)
    assert exact.replace(str(2**64), "1") == json_text({"a": [1, {}], "b": []}, indent=True)

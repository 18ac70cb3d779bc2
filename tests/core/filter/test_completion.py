"""What can be typed next, whatever is written already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.filter import parse
from tracetui.core.filter.completion import MOST, complete, known_values
from tracetui.core.filter.fields import FIELDS, OPERATORS
from tracetui.core.store import Store
from tracetui.core.testing import build_run


def store() -> Store:
    made = Store()
    made.apply(build_run("agent planner 0..9\n  tool search 1..2\n  tool search 2..3\n  llm plan 3..4 model=small-2"))
    return made


def offered(text: str, cursor: int | None = None) -> list[str]:
    return [candidate.text for candidate in complete(text, cursor, known_values(store())).candidates]


def test_an_empty_filter_may_begin_with_any_field_or_not() -> None:
    assert [text.rstrip(":>.") for text in offered("")] == [*FIELDS, "not "]


def test_fields_go_on_with_what_is_written() -> None:
    assert offered("sta")[0] == "status:"
    assert offered("(tok")[0] == "tokens>"


def test_a_word_that_occurs_is_offered_as_a_whole_term_before_fields() -> None:
    assert offered("t")[:2] == ["kind:tool", "type:"]
    assert offered("pla") == ["name:plan", "name:planner"]
    assert offered("status:error e")[0] == "errors>"  # nothing failed


@pytest.mark.parametrize(
    ("written", "first"),
    [("failed", "status:error"), ("not fai", "status:error"), ("slow", "dur>10s"), ("tools", "kind:tool")],
)
def test_a_plain_word_is_offered_as_the_term_that_it_means(written: str, first: str) -> None:
    assert offered(written)[0] == first


def test_a_letter_or_two_mean_nothing_yet() -> None:
    assert "status:error" not in offered("f")


def test_attributes_that_were_seen_are_offered_by_their_paths() -> None:
    known = known_values(store(), 0, ["user.id", "input.q"])
    assert [candidate.text for candidate in complete("attr.us", None, known).candidates] == ["attr.user.id"]


def test_after_a_term_it_may_go_on_with_and_or_or() -> None:
    assert {"and ", "or ", "not "} <= set(offered("kind:tool "))
    assert "or " not in offered("kind:tool not ")


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "attr"])
def test_a_field_goes_on_with_its_operators(name: str) -> None:
    assert set(offered(name)) == {f"{name}{op.value}" for op in OPERATORS[FIELDS[name].values]}
    assert set(offered(f"{name} ")) == {op.value for op in OPERATORS[FIELDS[name].values]}


def test_a_figure_is_asked_for_by_more_first() -> None:
    assert offered("dur")[0] == "dur>"


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.words])
def test_a_field_of_words_offers_them_all(name: str) -> None:
    assert set(offered(f"{name}:")) == set(FIELDS[name].words)


def test_words_that_occur_are_offered_first() -> None:
    assert offered("kind:")[:3] == ["tool", "agent", "llm"]


def test_values_that_a_store_knows_are_offered_the_frequent_ones_first() -> None:
    assert offered("name:") == ["search", "plan", "planner"]
    assert offered("name:se") == ["search"]
    assert offered("model:") == ["small-2"]
    assert offered("type:tool") == ["tool_end", "tool_start"]
    assert offered("format:") == ["test"]


def test_values_with_blanks_are_offered_in_quotes() -> None:
    found = complete("name:a", None, lambda field: ["a b", 'a"c'])
    assert [candidate.text for candidate in found.candidates] == ['"a b"', r'"a\"c"']


def test_what_is_replaced_is_the_bit_before_the_cursor() -> None:
    completion = complete("kind:to status:error", 7)
    assert (completion.start, completion.end) == (5, 7)
    assert completion.candidates[0].text == "tool"


@pytest.mark.parametrize("text", ["dur>", "tokens>", "cost>", "since:", "age>", "depth="])
def test_every_value_that_is_offered_can_be_read(text: str) -> None:
    assert offered(text)
    for value in offered(text):
        parse(text + value)


@given(st.text(max_size=30), st.integers(-1, 40))
def test_any_text_can_be_gone_on_with(text: str, cursor: int) -> None:
    completion = complete(text, cursor, lambda field: ["a", "b c"])
    assert 0 <= completion.start <= completion.end <= len(text)
    assert len(completion.candidates) <= MOST


def test_a_word_that_names_hold_is_offered_as_a_name_before_a_figure() -> None:
    found = complete("price", None, lambda field: ["get_price", "lookup"] if field == "name" else [])
    assert [each.text for each in found.candidates] == ["name:price", "cost>0.1", "name:get_price"]

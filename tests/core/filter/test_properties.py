"""What holds for every filter and every store."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.filter.plain import FakeBodies, plain_rows, setting
from tests.core.filter.random_stores import nodes, stores, terms_of
from tracetui.core.filter import FilterError, Node, Op, Term, negated, parse, printed
from tracetui.core.filter.fields import FIELDS
from tracetui.core.filter.select import Selector
from tracetui.core.filter.values import BadValue, read_text, written_text
from tracetui.core.store import Store


@given(stores(), nodes)
def test_a_filter_selects_what_a_plain_look_at_each_span_selects(told: tuple[Store, FakeBodies], node: Node) -> None:
    store, bodies = told
    assert Selector(node, store, setting(store, bodies)).spans().tolist() == plain_rows(node, store, bodies)


@pytest.mark.parametrize("field", list(FIELDS))
@given(told=stores(), data=st.data())
def test_each_field_means_what_a_plain_look_at_each_span_says(
    field: str, told: tuple[Store, FakeBodies], data: st.DataObject
) -> None:
    store, bodies = told
    for node in data.draw(st.lists(terms_of(field), min_size=3, max_size=5)):
        assert Selector(node, store, setting(store, bodies)).spans().tolist() == plain_rows(node, store, bodies)


@given(stores(), nodes)
def test_not_is_the_complement(told: tuple[Store, FakeBodies], node: Node) -> None:
    store, bodies = told
    found = set(Selector(node, store, setting(store, bodies)).spans().tolist())
    others = set(Selector(negated(node), store, setting(store, bodies)).spans().tolist())
    everything = Selector(parse("depth>=0"), store, setting(store, bodies)).spans().tolist()
    assert not found & others
    assert found | others == set(everything)


@given(stores(), nodes)
def test_the_spans_of_all_runs_are_those_of_each(told: tuple[Store, FakeBodies], node: Node) -> None:
    store, bodies = told
    selector = Selector(node, store, setting(store, bodies))
    each = [row for run in store.live_runs() for row in selector.spans(run.row).tolist()]
    assert sorted(each) == selector.spans().tolist()


@given(stores(), nodes)
def test_of_many_rows_the_newest_are_the_last_of_all(told: tuple[Store, FakeBodies], node: Node) -> None:
    store, bodies = told
    selector = Selector(node, store, setting(store, bodies))
    table = selector.span_table(None)
    everything = [index for index, found in enumerate(selector.mask(table).tolist()) if found]
    assert selector.newest(table, 2) == everything[-2:]


@given(nodes)
def test_what_is_printed_is_parsed_as_the_same(node: Node) -> None:
    assert parse(printed(node)) == node


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from((Op.has, Op.equal, Op.unequal)))
def test_any_text_can_be_a_value(text: str, op: Op) -> None:
    term = Term("name", op, text)
    assert parse(printed(term)) == term


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_any_text_can_be_part_of_a_path(path: list[str]) -> None:
    term = Term("attr", Op.equal, "1", tuple(path))
    assert parse(printed(term)) == term


@given(st.text(st.characters(), max_size=20))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    assert read_text(written_text(text)) == text


_PIECES = st.sampled_from(
    [*"()\"'\\~:=<>!.,$-& \n", "and", "or", "not", "kind", "dur", "tool", "2s", "attr.", "name~", 'text:"a', "1k", "ü"]
)


@given(st.lists(_PIECES, max_size=14).map("".join) | st.text(max_size=30))
def test_whatever_is_written_is_a_filter_or_an_error_with_its_place(text: str) -> None:
    try:
        node = parse(text)
    except FilterError as error:
        place, said = error.position, error.message
    else:
        place, said = 0, printed(node)
        assert parse(said) == node
    assert said
    assert 0 <= place <= len(text)


@given(st.text(max_size=30))
def test_reading_a_value_fails_only_in_its_own_way(text: str) -> None:
    with suppress(BadValue):
        read_text(f'"{text}"')

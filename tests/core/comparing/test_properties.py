"""What holds of any two runs, whatever is in them."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.filter.random_stores import stores
from tracetui.core.batch import Batch
from tracetui.core.comparing import Comparison, Note, Row, compare_runs, parting
from tracetui.core.comparing.alignment import NONE
from tracetui.core.comparing.by_name import by_name
from tracetui.core.comparing.sequences import Budget, aligned
from tracetui.core.model import NO_TIME, Kind, Status, Usage
from tracetui.core.operations import Record, RunFact, Whole
from tracetui.core.store import Store
from tracetui.core.testing import EPOCH, SECOND

KINDS = (Kind.agent, Kind.llm, Kind.tool)
LABELS = st.lists(st.integers(0, 3), max_size=12)

span = st.tuples(
    st.integers(0, 5),  # which of the last spans is the parent; 5: the root
    st.sampled_from(("plan", "search", "fetch")),
    st.sampled_from(KINDS),
    st.sampled_from((Status.ok, Status.error, Status.unset)),
    st.none() | st.integers(0, 60),
    st.integers(0, 20),
    st.none() | st.builds(Usage, input=st.integers(0, 900), output=st.none() | st.integers(0, 90)),
    st.none() | st.sampled_from((0.0, 0.01, 0.25)),
)
few = settings(max_examples=25)
runs = st.lists(span, max_size=14)


def told(run: str, spans: list[Any], source: int) -> Batch:
    root = Whole(run, "root", None, "nightly", Kind.agent, EPOCH, EPOCH + 90 * SECOND, Status.ok, None, "")
    operations: list[Any] = [Record(run, "x", 0, 9), RunFact(run, name="nightly", records_end=True), root]
    for number, (above, name, kind, status, start, length, usage, cost) in enumerate(spans):
        parent = "root" if above == 5 or number == 0 else f"s{max(0, number - 1 - above)}"
        begin = NO_TIME if start is None else EPOCH + start * SECOND
        end = NO_TIME if start is None else begin + length * SECOND
        if usage is not None:
            usage = Usage(usage.input, usage.output, cost_usd=cost)
        operations += [Record(run, "x", number * 10 + 10, 9)]
        operations += [Whole(run, f"s{number}", parent, name, kind, begin, end, status, usage, "")]
    return Batch(source, "test", operations=operations, complete=True)


def compared(one: list[Any], other: list[Any]) -> Comparison:
    store = Store()
    store.apply(told("a", one, 0))
    store.apply(told("b", other, 1))
    return compare_runs(store, *store.runs)


def children(comparison: Comparison, row: Row) -> list[Row]:
    found, at = [], row.index + 1
    while at < row.index + row.size:
        found.append(comparison.row(at))
        at += found[-1].size
    return found


def longest(one: list[int], other: list[int]) -> int:
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    for a, left in enumerate(one):
        for b, right in enumerate(other):
            table[a + 1, b + 1] = table[a, b] + 1 if left == right else max(table[a, b + 1], table[a + 1, b])
    return int(table[-1, -1])


@given(LABELS, LABELS)
def test_sequences_are_aligned_by_a_longest_common_subsequence(one: list[int], other: list[int]) -> None:
    first, second = aligned(one, other, Budget())
    assert [one[at] for at in first] == [other[at] for at in second]
    assert first == sorted(set(first))
    assert second == sorted(set(second))
    assert len(first) == longest(one, other)


@given(LABELS, LABELS)
def test_the_order_of_two_sequences_does_not_matter(one: list[int], other: list[int]) -> None:
    assert aligned(one, other, Budget()) == aligned(other, one, Budget())[::-1]


@given(LABELS, LABELS)
def test_beyond_the_budget_sequences_are_aligned_in_order_and_it_is_told(one: list[int], other: list[int]) -> None:
    budget = Budget(pairs=0)
    first, second = aligned(one, other, budget)
    assert [one[at] for at in first] == [other[at] for at in second]
    assert first == sorted(set(first))
    assert second == sorted(set(second))
    assert budget.approximate or len(first) == longest(one, other)


@few
@given(runs)
def test_a_run_differs_from_itself_in_nothing(spans: list[Any]) -> None:
    comparison = compared(spans, spans)
    assert {row.state for row in comparison} == {"same"}
    assert not comparison.differs.any()
    assert parting(comparison).divergence is None
    assert by_name(comparison) == []


@few
@given(runs, runs)
def test_each_span_of_both_runs_is_in_one_row(one: list[Any], other: list[Any]) -> None:
    rows = compared(one, other).alignment
    for column, spans in ((rows.a, one), (rows.b, other)):
        assert sorted(column[column != NONE].tolist()) == list(range(len(spans) + 1))
    assert rows.size[rows.depth == 0].sum() == len(rows)


@few
@given(runs, runs)
def test_the_rows_of_a_tree_are_a_tree_of_both_runs(one: list[Any], other: list[Any]) -> None:
    comparison = compared(one, other)
    rows = comparison.alignment
    for index in range(len(rows)):
        above = comparison.parent(index)
        while above >= 0 and rows.notes[above] & Note.group:
            above = comparison.parent(above)
        for side, column in ((comparison.one, rows.a), (comparison.other, rows.b)):
            if column[index] != NONE:
                assert side.parent[column[index]] == (NONE if above < 0 else column[above])


@few
@given(runs, runs)
def test_differences_of_a_row_are_its_own_and_those_of_the_rows_below_it(one: list[Any], other: list[Any]) -> None:
    comparison = compared(one, other)
    for row in comparison:
        below = children(comparison, row)
        own_spans, own_tokens, own_usd = own(comparison, row)
        assert row.delta.spans == own_spans + sum(each.delta.spans for each in below)
        assert (row.delta.tokens["total"] or 0) == own_tokens + sum(each.delta.tokens["total"] or 0 for each in below)
        assert (row.delta.usd or 0) == pytest.approx(own_usd + sum(each.delta.usd or 0 for each in below), abs=1e-9)


def own(comparison: Comparison, row: Row) -> tuple[int, int, float]:
    spans = tokens = 0
    usd = 0.0
    for sign, side, at in ((-1, comparison.one, row.a), (1, comparison.other, row.b)):
        if at != NONE:
            usage = side.store.usage_of(at) or Usage()
            spans += sign
            tokens += sign * ((usage.input or 0) + (usage.output or 0))
            usd += sign * (usage.cost_usd or 0)
    return spans, tokens, usd


@few
@given(runs, runs)
def test_the_differences_of_all_names_are_the_difference_of_the_runs(one: list[Any], other: list[Any]) -> None:
    comparison = compared(one, other)
    names = by_name(comparison)
    tops = [row for row in comparison if row.depth == 0]
    assert sum(each.calls[1] - each.calls[0] for each in names) == sum(row.delta.spans for row in tops)
    tokens = sum(each.tokens[1] - each.tokens[0] for each in names if each.tokens)
    assert tokens == sum(row.delta.tokens["total"] or 0 for row in tops)
    usd = sum(each.usd[1] - each.usd[0] for each in names if each.usd)
    assert usd == pytest.approx(sum(row.delta.usd or 0 for row in tops), abs=1e-9)


@few
@given(runs, runs)
def test_comparing_the_other_way_round_is_the_mirror(one: list[Any], other: list[Any]) -> None:
    def facts(comparison: Comparison, *, swapped: bool) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for row in comparison:
            if row.note & Note.group:  # where rows that changed places stand decides what stands together
                continue
            pair = (comparison.alignment.a[row.index], comparison.alignment.b[row.index])
            state = {"only_a": "only_b", "only_b": "only_a"}.get(row.state, row.state) if swapped else row.state
            found[(pair[::-1] if swapped else pair, state, row.marks)] += 1
        return found

    assert facts(compared(one, other), swapped=False) == facts(compared(other, one), swapped=True)


@settings(max_examples=25)
@given(stores())
def test_runs_with_all_sorts_of_gaps_are_compared(found: tuple[Store, Any]) -> None:
    store, bodies = found
    if len(store.runs) < 2:
        return
    bodies.size_of = lambda row: 1
    comparison = compare_runs(store, *store.runs, bodies=(bodies, bodies))
    for run, side, column in zip(
        store.runs, (comparison.one, comparison.other), (comparison.alignment.a, comparison.alignment.b), strict=True
    ):
        rows = sorted(side.row(at) for at in column[column != NONE].tolist())
        assert rows == sorted(store.rows_of_run(run.row).tolist())
    assert [row.index for row in comparison] == list(range(len(comparison)))
    parting(comparison)

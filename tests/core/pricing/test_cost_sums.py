"""Sums of cost, whichever way they are made: by subtree, by run, by rows and in the answers of the commands."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.pricing.test_costs import AT, SECOND, call, stored
from tracetui.core.kept import kept_figures
from tracetui.core.model import Kind, Usage
from tracetui.core.operations import Operation, RunFact
from tracetui.core.pricing import Cost, Costs
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.summary import Summaries, totals

MODELS = ("gpt-4o", "claude-sonnet-4-5", "o3", "house-model-1", "", "text-embedding-3-small")


def some_usage(luck: random.Random) -> Usage | None:
    if luck.random() < 0.2:
        return None
    into = luck.choice((None, 0, luck.randrange(300_000), 2**32 - 1, 2**40))
    cached = None if into is None or luck.random() < 0.5 else luck.randrange(into + 1 + into // 9)
    out = luck.choice((None, 0, luck.randrange(50_000)))
    return Usage(
        into,
        out,
        None,
        cached,
        None,
        None if out is None or luck.random() < 0.7 else luck.randrange(out + 2),
        luck.choice((None, None, None, 0.0, luck.random())),
    )


def some_store(seed: int) -> Store:
    luck = random.Random(seed)
    told: list[Operation] = []
    for number in range(luck.randrange(1, 40)):
        parent = f"s{luck.randrange(number)}" if number and luck.random() < 0.8 else None
        kind = luck.choice((Kind.llm, Kind.llm, Kind.agent, Kind.tool, Kind.embedding))
        start = AT - luck.choice((0, 400 * 86_400 * SECOND))
        told.append(
            call(f"s{number}", some_usage(luck), luck.choice(MODELS), parent=parent, kind=kind, start=start, end=start)
        )
    if luck.random() < 0.15:
        told.append(RunFact("r", cost_usd=luck.random()))
    return stored(*told)


def plainly(store: Store, costs: Costs, rows: list[int]) -> Cost:
    """The sum of what each span is said to cost, one by one."""
    each = [costs.of_span(row) for row in rows]
    recorded = [cost.recorded for cost in each if cost.recorded is not None]
    computed = [cost.computed for cost in each if cost.computed is not None]
    unknown = any(cost.usd is None and store.spans.kind[row] == Kind.llm for row, cost in zip(rows, each, strict=True))
    known = bool(recorded or computed)
    return Cost(
        math.fsum(recorded) if recorded else None,
        math.fsum(computed) if computed else None,
        known and (unknown or any(cost.partial for cost in each)),
    )


def is_same(one: float | None, other: float | None) -> bool:
    return one == other or (
        one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-7)
    )


@given(st.integers(0, 2**32))
def test_subtrees_rows_and_runs_come_to_the_same(seed: int) -> None:
    store = some_store(seed)
    costs, run = Costs(store), store.runs[0]
    tree = RunTree(store, run.row, costs)
    tree.expand_all()
    rows = store.rows_of_run(run.row).tolist()
    below: dict[int, list[int]] = {row: [row] for row in rows}
    for row in rows:
        seen, parent = {row}, store.spans.parent[row]
        while parent >= 0 and parent not in seen:
            seen.add(parent)
            below[parent].append(row)
            parent = store.spans.parent[parent]
    for index in range(len(tree)):
        item = tree[index]
        expected, found = plainly(store, costs, below[item.row]), tree.rollup(item.position)
        assert is_same(found.cost, expected.usd)
        assert (found.cost_partial, found.cost_computed) == (expected.partial, expected.computed is not None)
        summed = costs.of_rows(below[item.row])
        assert is_same(summed.recorded, expected.recorded)
        assert is_same(summed.computed, expected.computed)
        assert summed.partial == expected.partial
    whole, found = plainly(store, costs, rows), costs.of_run(run)
    assert is_same(found.computed, whole.computed)
    if run.costs:
        assert found.computed is None
        assert is_same(found.recorded, (whole.recorded or 0.0) + sum(run.costs.values()))
    else:
        assert is_same(found.recorded, whole.recorded)
        assert found.partial == whole.partial


@pytest.mark.parametrize(
    ("usages", "expected"),
    [
        ([(Usage(cost_usd=1.0), "gpt-4o")], (1.0, None, "recorded", [], None)),
        ([(Usage(input=400_000, output=0), "gpt-4o")], (None, 1.0, "computed", [], "genai-prices")),
        (
            [(Usage(cost_usd=1.0), "gpt-4o"), (Usage(input=400_000, output=0), "gpt-4o")],
            (1.0, 1.0, "mixed", [], "genai-prices"),
        ),
        ([(Usage(input=1, output=0), "house-model-1")], (None, None, "unknown", [], None)),
        (
            [(Usage(input=400_000, output=0), "gpt-4o"), (Usage(input=1, output=0), "house-model-1")],
            (None, 1.0, "computed", ["cost_usd"], "genai-prices"),
        ),
        ([(Usage(input=400_000), "gpt-4o")], (None, 1.0, "computed", ["cost_usd"], "genai-prices")),
    ],
)
def test_a_summary_says_where_the_cost_comes_from_and_what_it_misses(
    usages: list[tuple[Usage, str]], expected: tuple[object, ...]
) -> None:
    store = stored(*(call(f"s{number}", usage, model) for number, (usage, model) in enumerate(usages)))
    facts = _summaries(store).full(store.runs[0])
    prices = facts["cost_prices"] and facts["cost_prices"].split()[0]
    partial = [name for name in facts["partial"] if name.startswith("cost")]
    assert (facts["cost_usd"], facts["cost_computed_usd"], facts["cost_source"], partial, prices) == expected


def test_totals_are_sums_of_what_is_known_and_say_where_a_run_is_missing() -> None:
    def facts(*operations: Operation) -> dict[str, object]:
        store = stored(*operations)
        return _summaries(store).full(store.runs[0])

    recorded = facts(call("a", Usage(cost_usd=1.0)))
    computed = facts(call("a", Usage(input=400_000, output=0), "gpt-4o"))
    unknown = facts(call("a", Usage(input=1, output=0), "house-model-1"))
    none = facts(call("a", None, "", kind=Kind.tool))
    for runs, source, partial in (
        ([recorded, none], "recorded", False),
        ([computed, none], "computed", False),
        ([recorded, computed], "mixed", False),
        ([computed, unknown], "computed", True),
        ([recorded, unknown], "recorded", True),
        ([unknown, none], "unknown", False),
    ):
        said = totals(runs)
        assert (said["cost_source"], "cost_usd" in said["partial"]) == (source, partial)


@given(st.integers(0, 2**32))
def test_what_an_index_keeps_of_costs_is_what_is_worked_out_anew(seed: int) -> None:
    store = some_store(seed)
    anew = [_summaries(store).cost(run) for run in store.runs]
    store.kept = kept_figures(store)
    assert [_summaries(store).cost(run) for run in store.runs] == anew


def _summaries(store: Store) -> Summaries:
    return Summaries(store, {0: type("S", (), {"path": "/t/0"})()}, None, AT, StatusRules())  # type: ignore[dict-item]

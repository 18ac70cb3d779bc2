"""Spans by name: figures, members, orders."""

import numpy as np

from tracetui.core.analysis.by_name import by_name
from tracetui.core.analysis.name_table import NameTable, copied, tabled
from tracetui.core.analysis.run_spans import RunSpans, own_times
from tracetui.core.model import Kind
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.testing import SECOND, build_run

RUN = """
agent planner 0..20
  llm plan 0..2 tokens=800+64 cost=0.01
  llm plan 2..6
  tool search 6..10 error
    span get 7..9
  tool search 10..11
  tool search 12..
"""


def figures(store: Store, tree: RunTree) -> NameTable:
    positions, _ = tree.asked_for()
    return tabled(copied(store, 0, None if positions is None else tree.rows()[positions], None))


def table(text: str = RUN) -> tuple[NameTable, Store, RunTree]:
    store = Store()
    store.apply(build_run(text))
    tree = RunTree(store, 0)
    return figures(store, tree), store, tree


def test_a_name_has_the_figures_of_its_spans() -> None:
    made, _, _ = table()
    search = next(row for row in made.rows if row.name == "search")
    assert (search.kind, search.count, search.errors, search.open) == (Kind.tool, 3, 1, 1)
    assert (search.total, search.p50, search.p95, search.max) == (5 * SECOND, SECOND, 4 * SECOND, 4 * SECOND)


def test_own_time_leaves_out_what_children_took() -> None:
    made, _, _ = table()
    own = {row.name: (row.own or 0) // SECOND for row in made.rows}
    assert own == {"planner": 1, "plan": 6, "search": 3, "get": 2}


def test_own_time_is_that_of_finished_spans_as_the_total_is() -> None:
    made, _, _ = table("agent a 0..\n  tool b 1..2\n  tool c 3..")
    assert {row.name: (row.total, row.own) for row in made.rows} == {
        "a": (None, None),
        "b": (SECOND, SECOND),
        "c": (None, None),
    }


def test_own_time_is_that_of_the_summary_however_many_parents_without_times_lie_between() -> None:
    levels = 70
    between = "".join("  " * level + f"step s{level}\n" for level in range(1, levels))
    made, store, _ = table(f"agent a 0..10\n{between}{'  ' * levels}tool b 2..5")
    spans = RunSpans(store, store.runs[0])
    summary = {each.name: each.own_ns for each in by_name(spans, own_times(spans))}
    assert {row.name: row.own or 0 for row in made.rows} == summary
    assert summary["a"] == 7 * SECOND


def test_tokens_and_cost_that_miss_a_call_say_so() -> None:
    made, _, _ = table()
    plan = next(row for row in made.rows if row.name == "plan")
    assert (plan.tokens, plan.tokens_partial, plan.cost, plan.cost_partial) == (864, True, 0.01, True)
    assert all(row.tokens is None and row.cost is None for row in made.rows if row.name != "plan")


def test_the_spans_of_a_name_come_longest_first_open_ones_by_their_age() -> None:
    made, store, _ = table()
    search = next(row for row in made.rows if row.name == "search")
    starts = [(store.spans.start[row] - store.spans.start[0]) // SECOND for row in made.spans_of(search).tolist()]
    assert starts == [12, 6, 10]


def test_names_are_sorted_by_any_figure_and_the_other_way_round() -> None:
    made, _, _ = table()
    assert [row.name for row in made.sorted_by("count").rows] == ["search", "plan", "get", "planner"]
    assert [row.name for row in made.sorted_by("name", reverse=True).rows] == ["search", "planner", "plan", "get"]
    assert made.sorted_by("total").rows[0].name == "planner"


def test_only_what_chips_and_filter_ask_for_is_counted() -> None:
    _, store, tree = table()
    tree.set_chips({Kind.tool}, ())
    assert [row.name for row in figures(store, tree).rows] == ["search"]
    tree.set_mask(np.zeros(tree.count, np.bool_))
    assert figures(store, tree).rows == ()


def test_without_times_there_are_counts_and_no_durations() -> None:
    made, _, _ = table("agent a\n  tool b\n  tool b")
    assert [(row.name, row.count, row.total, row.own) for row in made.rows] == [
        ("a", 1, None, None),
        ("b", 2, None, None),
    ]

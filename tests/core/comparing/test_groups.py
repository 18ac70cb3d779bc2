"""A good folder against a bad one: what appears, fails and takes more, the largest difference first."""

from tracetui.core.comparing.groups import GroupComparison, PathRow, compare_groups
from tracetui.core.store import Run, Store
from tracetui.core.testing import build_run

GOOD = """
agent nightly{n} 0..20
  llm plan 0..5 tokens=100+10 cost=0.10
  tool fetch 5..9
  tool publish 9..10
"""


def compared(bad: str, count: int = 4, failing: int = 4) -> GroupComparison:
    store = Store()
    for number in range(count):
        store.apply(build_run(GOOD.format(n=number), f"good{number}", source=number))
    for number in range(count):
        text = (bad if number < failing else GOOD).format(n=number)
        store.apply(build_run(text, f"bad{number}", source=count + number))
    members = [(store, run, None) for run in store.runs]
    return compare_groups(members[:count], members[count:], _status)


def _status(run: Run, store: Store) -> str:
    return "error" if run.error_count else "ok"


def row(comparison: GroupComparison, name: str) -> PathRow:
    return next(each for each in comparison.rows if each.name == name)


def test_folders_of_the_same_runs_do_not_differ() -> None:
    assert compared(GOOD).ranked() == []


def test_a_tool_that_fails_in_most_runs_is_the_largest_difference() -> None:
    comparison = compared(GOOD.replace("5..9", "5..9 error"), failing=3)
    first = comparison.ranked()[0]
    assert (comparison.path(first)[1:], first.why, first.a.failed, first.b.failed) == (["fetch"], ("failures",), 0, 3)
    assert comparison.b.statuses == {"error": 3, "ok": 1}


def test_what_only_the_bad_side_has_is_told() -> None:
    comparison = compared(GOOD + "  guardrail blocked 11..12\n")
    assert [(each.name, each.state) for each in comparison.ranked()] == [("blocked", "only_b")]


def test_medians_are_of_the_runs_in_which_a_path_appears() -> None:
    comparison = compared(GOOD.replace("cost=0.10", "cost=0.30"))
    plan = row(comparison, "plan")
    assert (plan.a.medians["usd"], plan.b.medians["usd"], plan.why) == (0.10, 0.30, ("cost",))
    assert (comparison.a.medians["usd"], comparison.b.medians["usd"]) == (0.10, 0.30)


def test_roots_of_any_name_are_one_path() -> None:
    comparison = compared(GOOD)
    assert [(each.depth, each.a.runs, each.b.runs) for each in comparison.rows] == [
        (0, 4, 4),
        (1, 4, 4),
        (1, 4, 4),
        (1, 4, 4),
    ]


def test_of_equal_differences_the_deepest_comes_first() -> None:
    bad = GOOD.replace("nightly{n} 0..20", "nightly{n} 0..20 error").replace("5..9", "5..9 error")
    assert [each.depth for each in compared(bad).ranked()] == [1, 0]

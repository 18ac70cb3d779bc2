"""What is planted between two runs is found, and called by its name."""

from dataclasses import dataclass
from typing import Any

import pytest

from tracetui.core.comparing import Comparison, Note, compare_runs, parting
from tracetui.core.comparing.alignment import align
from tracetui.core.comparing.by_name import by_name
from tracetui.core.model import ABSENT, SpanDetail
from tracetui.core.store import Store
from tracetui.core.testing import build_run

GOOD = """
agent nightly 0..100
  step plan 0..10
    llm outline 0..9 tokens=900+100 cost=0.10 model=small
  step gather 10..60
    tool web_search 10..12
    tool web_search 12..14
    tool web_search 14..16
    agent reader_1 16..30
      tool fetch 16..20
      llm extract 20..30 tokens=500+50 cost=0.05 model=small
    agent reader_2 30..60
      tool fetch 30..34
      llm extract 34..60 tokens=500+50 cost=0.05 model=small
  step publish 60..70
"""


@dataclass
class Details:
    """Bodies by the name of the span, for one run."""

    store: Store
    inputs: dict[str, object]
    outputs: dict[str, object]

    def size_of(self, row: int) -> int:
        return 10

    def span_detail(self, row: int) -> SpanDetail:
        name = self.store.strings[self.store.spans.name[row]]
        return SpanDetail(input=self.inputs.get(name, ABSENT), output=self.outputs.get(name, ABSENT))


def compared(bad: str, good: str = GOOD, inputs: Any = None, outputs: Any = None) -> Comparison:
    store = Store()
    store.apply(build_run(good, "a"))
    store.apply(build_run(bad, "b", source=1))
    inputs, outputs = inputs or ({}, {}), outputs or ({}, {})
    bodies = [Details(store, each, answers) for each, answers in zip(inputs, outputs, strict=True)]
    return compare_runs(store, *store.runs, bodies=tuple(bodies))  # type: ignore[arg-type]  # two of them


def states(comparison: Comparison) -> dict[str, str]:
    return {row.name: row.state for row in comparison if row.state != "same"}


def test_what_only_one_side_has_is_told_of_that_side() -> None:
    bad = GOOD.replace("  step publish 60..70\n", "  guardrail citations 60..70\n")
    assert states(compared(bad)) == {"publish": "only_a", "citations": "only_b"}


def test_calls_that_are_more_on_one_side_are_a_group() -> None:
    line = "    tool web_search 14..16\n"
    (group,) = [row for row in compared(GOOD.replace(line, line * 7)) if row.note & Note.group]
    one, other = group.figures
    assert (group.state, group.name, one and one.calls, other and other.calls) == ("repeated", "web_search", 3, 9)
    assert group.delta.duration_ns == 12_000_000_000
    assert group.size == 10


def test_a_status_that_changed_is_marked_where_it_changed() -> None:
    bad = GOOD.replace("tool fetch 30..34", "tool fetch 30..34 error")
    found = [row for row in compared(bad) if "status" in row.marks]
    assert [(row.name, row.outcomes) for row in found] == [("fetch", ("ok", "error"))]


def test_ended_without_a_status_is_as_good_as_ok() -> None:
    assert states(compared(GOOD.replace("step plan 0..10", "step plan 0..10 unset"))) == {}


def test_a_subtree_that_stands_elsewhere_moved() -> None:
    reader = GOOD[GOOD.index("    agent reader_1") : GOOD.index("    agent reader_2")]
    bad = GOOD.replace(reader, "").replace("  step publish 60..70\n", "  step publish 60..70\n" + reader)
    comparison = compared(bad)
    moved = [row for row in comparison if row.state == "moved"]
    assert [row.name for row in moved] == ["reader_1", "fetch", "extract"] * 2
    assert [comparison.row(row.twin).index for row in moved] == [row.index for row in moved[3:] + moved[:3]]


def test_a_leaf_that_stands_elsewhere_moved_if_it_has_the_same_arguments() -> None:
    bad = GOOD.replace("  step publish 60..70\n", "").replace(
        "    llm outline", "    step publish 1..2\n    llm outline"
    )
    same = {"publish": {"to": "web"}}
    assert states(compared(bad, inputs=(same, same))) == {"publish": "moved"}
    other = compared(bad, inputs=(same, {"publish": {"to": "mail"}}))
    assert {row.state for row in other if row.name == "publish"} == {"only_a", "only_b"}


def test_siblings_in_another_order_are_one_row_each() -> None:
    good = "agent a 0..9\n  tool x 0..1\n  tool y 1..2\n  tool z 2..3\n"
    comparison = compared("agent a 0..9\n  tool y 0..1\n  tool z 1..2\n  tool x 2..3\n", good)
    assert [(row.name, row.state) for row in comparison][1:] == [("y", "same"), ("z", "same"), ("x", "moved")]


def test_another_order_of_what_runs_at_the_same_time_is_no_difference() -> None:
    good = "agent a 0..9\n  tool x 0..5\n  tool y 1..5\n"
    assert states(compared("agent a 0..9\n  tool y 0..5\n  tool x 1..5\n", good)) == {}


def test_the_only_roots_are_compared_whatever_they_are_called() -> None:
    comparison = compared(GOOD.replace("nightly", "nightly2"))
    assert states(comparison) == {"nightly2": "changed"}
    assert comparison.row(0).other_name == "nightly"


def test_a_model_in_the_name_of_its_call_does_not_part_it() -> None:
    good = "agent a 0..9\n  llm call:small 0..5 model=small tokens=5\n"
    (call,) = [row for row in compared(good.replace("small", "large"), good) if row.kind.name == "llm"]
    assert (call.state, call.marks) == ("changed", ("model",))


def test_a_little_time_more_is_no_difference() -> None:
    assert states(compared(GOOD.replace("step publish 60..70", "step publish 60..70.5"))) == {}


def test_much_time_more_is_marked_where_it_is_taken() -> None:
    bad = GOOD.replace("llm extract 34..60", "llm extract 34..90").replace("reader_2 30..60", "reader_2 30..90")
    comparison = compared(bad.replace("gather 10..60", "gather 10..90"))
    assert [(row.name, row.marks) for row in comparison if row.marks] == [("extract", ("time",))]


def test_an_open_span_is_compared_up_to_the_newest_record() -> None:
    (row,) = [row for row in compared(GOOD.replace("step publish 60..70", "step publish 60..")) if row.marks]
    assert (row.name, row.marks, row.outcomes) == ("publish", ("status",), ("ok", "open"))
    assert row.figures[1] is not None
    assert row.figures[1].is_open


def test_a_threefold_cost_is_found_by_name() -> None:
    bad = GOOD.replace("900+100 cost=0.10", "3200+100 cost=0.30")
    comparison = compared(bad)
    assert [(row.name, row.marks) for row in comparison if row.marks] == [("outline", ("tokens", "cost"))]
    (first, *_) = by_name(comparison)
    assert (first.name, first.usd) == ("outline", (0.10, 0.30))


def test_runs_part_at_the_first_call_with_another_status() -> None:
    comparison = compared(
        GOOD.replace("tool fetch 30..34", "tool fetch 30..34 error").replace("reader_2 30..60", "reader_2 30..60 error")
    )
    found = parting(comparison).divergence
    assert found is not None
    assert (comparison.row(found.row).name, comparison.path(found.row), found.why) == (
        "fetch",
        ["nightly", "gather", "reader_2"],
        "status",
    )


def test_runs_part_at_an_input_before_what_comes_of_it() -> None:
    bad = GOOD.replace("step publish 60..70", "step publish 60..70 error")
    comparison = compared(bad, inputs=({"outline": "be short"}, {"outline": "be long"}))
    found = parting(comparison).divergence
    assert found is not None
    assert (comparison.row(found.row).name, found.why) == ("outline", "input")


def test_inputs_that_differ_only_in_times_and_ids_are_the_same_in_substance() -> None:
    one = {"outline": "now 2026-03-02T08:00:00Z, session 7e57f7a0-3a4e-4c43-9b7e-5d1f3a2b4c60"}
    other = {"outline": "now 2026-03-03T09:30:00Z, session 0f9c8d2e-6a51-4c43-9b7e-5d1f3a2b4c61"}
    found = parting(compared(GOOD, inputs=(one, other)))
    assert found.divergence is None
    assert (found.seen.calls, found.seen.same_prompts) == (1, 0)


def test_a_call_is_not_before_itself() -> None:
    same = {"outline": "be short"}
    bad = GOOD.replace("llm outline 0..9 tokens=900+100 cost=0.10 model=small", "llm outline 0..9 model=large")
    found = parting(compared(bad, inputs=(same, same)))
    assert found.divergence is not None
    assert found.divergence.why == "model"
    assert found.seen.calls == 0


def test_another_answer_to_the_same_prompt_is_told_but_is_no_divergence() -> None:
    same = {"outline": "be short", "extract": "facts"}
    found = parting(compared(GOOD, inputs=(same, same), outputs=({"outline": "x"}, {"outline": "y"})))
    assert found.divergence is None
    assert found.answered >= 0
    assert (found.seen.calls, found.seen.same_prompts) == (3, 3)


def test_two_stores_are_compared_like_one() -> None:
    one, other = Store(), Store()
    one.apply(build_run("tool never 0..1", "other"))
    one.apply(build_run(GOOD, "a", source=1))
    other.apply(build_run(GOOD, "a"))
    comparison = compare_runs(one, one.runs[1], other.runs[0], other_store=other)
    assert {row.state for row in comparison} == {"same"}


def test_deep_and_wide_runs_need_no_recursion() -> None:
    deep = "".join(f"{'  ' * depth}step s 0..9\n" for depth in range(1_100))
    wide = "agent a 0..9\n" + "  tool t 0..1\n" * 1_500
    assert len(compared(deep + "  " * 1_100 + "tool x 0..1\n", deep)) == 1_101
    assert [row.name for row in compared(wide + "  tool u 1..2\n", wide) if row.state != "same"] == ["u"]


def test_a_comparison_that_nobody_waits_for_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracetui.core.comparing.alignment._ASKED_EVERY", 1)
    found = compared(GOOD.replace("tool fetch", "tool get"))

    def stop() -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        align(found.one, found.other, go_on=stop)

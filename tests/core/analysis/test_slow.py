"""What is slow, and the reason that is told."""

from __future__ import annotations

import pytest

from tracetui.core.analysis.slow import SlowRules, SlowSpans
from tracetui.core.model import Kind
from tracetui.core.store import Store
from tracetui.core.testing import SECOND, build_run


def read(text: str) -> Store:
    store = Store()
    store.apply(build_run(text))
    return store


def slow(store: Store, rules: SlowRules | None = None) -> list[str]:
    return [store.strings[store.spans.name[row]] for row in SlowSpans(store, rules).rows(0).tolist()]


@pytest.mark.parametrize(("kind", "limit"), [("llm", 30), ("tool", 10), ("retriever", 5), ("step", 5)])
def test_a_span_over_the_threshold_of_its_kind_is_slow(kind: str, limit: int) -> None:
    assert slow(read(f"{kind} under 0..{limit - 0.1}\n{kind} over 0..{limit}")) == ["over"]


def test_the_reason_names_the_threshold() -> None:
    assert SlowSpans(read("tool a 0..12")).reason(0) == "over 10.0s"


def test_thresholds_can_be_set() -> None:
    assert slow(read("tool a 0..2"), SlowRules(thresholds_ns={Kind.tool: SECOND})) == ["a"]


def test_a_span_that_only_holds_others_has_no_threshold() -> None:
    assert slow(read("agent a 0..100\n  step b 0..50\n    tool c 0..20\n  step d 50..60")) == ["c", "d"]


def test_a_tool_that_calls_others_is_work_all_the_same() -> None:
    assert slow(read("tool a 0..100\n  llm b 0..2")) == ["a"]


def test_three_times_the_median_of_its_name_is_slow() -> None:
    store = read("tool a 0..1\n" * 5 + "tool a 0..3.1\ntool b 0..3.1\n")
    slow_spans = SlowSpans(store)
    assert slow_spans.rows(0).tolist() == [5]
    assert slow_spans.reason(5) == "3.1× its name's p50"


def test_a_name_with_fewer_than_five_finished_spans_has_no_median() -> None:
    assert slow(read("tool a 0..1\n" * 3 + "tool a 0..4\ntool a 0..\n")) == []


def test_what_takes_less_than_a_second_is_not_slow() -> None:
    assert slow(read("tool a 0..0.01\n" * 5 + "tool a 0..0.9\n")) == []


def test_all_runs_that_were_read_count_for_a_name() -> None:
    store = Store()
    store.apply(build_run("tool a 0..1\n" * 5, "first"))
    store.apply(build_run("tool a 0..4", "second", source=1))
    assert SlowSpans(store).rows(1).tolist() == [5]


def test_before_names_are_measured_only_thresholds_tell() -> None:
    store = read("tool a 0..1\n" * 5 + "tool a 0..4\ntool b 0..12\n")
    slow_spans = SlowSpans(store, measured=False)
    assert slow_spans.rows(0).tolist() == [6]
    slow_spans.refresh()
    assert slow_spans.rows(0).tolist() == [5, 6]


def test_an_open_span_is_slow_by_its_age() -> None:
    slow_spans = SlowSpans(read("tool a 0.."))
    assert slow_spans.reason(0) is None
    assert slow_spans.reason(0, 11 * SECOND) == "over 10.0s"


def test_spans_without_times_are_not_slow() -> None:
    assert slow(read("tool a\ntool b 5..")) == []


def test_times_of_a_name_are_of_the_nearest_rank() -> None:
    store = read("".join(f"tool a 0..{number}\n" for number in range(1, 21)))
    times = SlowSpans(store).times(store.spans.name[0])
    assert times is not None
    assert [part // SECOND for part in (times.p50_ns, times.p95_ns, times.max_ns)] == [10, 19, 20]
    assert times.count == 20


def test_new_spans_count_after_a_refresh() -> None:
    store = read("tool a 0..1\n" * 4)
    slow_spans = SlowSpans(store)
    store.apply(build_run("tool a 0..1\ntool a 0..9", "second", source=1))
    slow_spans.refresh()
    assert slow_spans.rows(1).tolist() == [5]


def test_the_patience_with_a_run_is_that_of_its_innermost_open_steps() -> None:
    store = read("step a 0..90\nstep a 0..\n  tool b 0..7\n  tool b 7..\n")
    assert SlowSpans(store).open_p95(0) == 7 * SECOND
    assert SlowSpans(read("tool c 0..")).open_p95(0) is None


def test_an_empty_store_has_nothing_slow() -> None:
    assert SlowSpans(Store()).times(0) is None

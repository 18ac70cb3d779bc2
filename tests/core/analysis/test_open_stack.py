"""What a run is doing now."""

from __future__ import annotations

from tracetui.core.analysis.open_stack import open_stack, path_to
from tracetui.core.batch import Growth
from tracetui.core.model import Clock
from tracetui.core.operations import RunFact
from tracetui.core.store import Store
from tracetui.core.testing import EPOCH, SECOND, build_run

TEXT = """
    agent a 0..
      step done 0..4
      step b 4..
        tool c 5..
      step d 6..
    """
NOW = 50 * SECOND


def read(text: str = TEXT, **more: object) -> Store:
    store = Store()
    store.apply(build_run(text, growth=Growth(1, 1, NOW - 7 * SECOND), **more))  # type: ignore[arg-type]
    return store


def told(store: Store) -> list[tuple[str, int, bool]]:
    names = [store.strings[number] for number in store.spans.name]
    return [(names[span.row], span.level, span.innermost) for span in open_stack(store, 0, NOW)]


def test_open_spans_stand_above_what_is_open_in_them() -> None:
    assert told(read()) == [("a", 0, False), ("b", 1, False), ("c", 2, True), ("d", 1, True)]


def test_an_age_is_told_by_each_clock_for_itself() -> None:
    store = read()
    ages = {store.strings[store.spans.name[span.row]]: span.age_ns for span in open_stack(store, 0, NOW)}
    assert ages == {"a": 13 * SECOND, "b": 9 * SECOND, "c": 8 * SECOND, "d": 7 * SECOND}


def test_a_run_that_did_not_grow_before_our_eyes_ages_by_its_records_alone() -> None:
    store = Store()
    store.apply(build_run("agent a 0..\n  tool b 3..4"))
    assert open_stack(store, 0, EPOCH * 2)[0].age_ns == 4 * SECOND


def test_a_span_without_a_start_has_no_age() -> None:
    store = read("agent a open\n  tool b 3..4")
    assert open_stack(store, 0, NOW)[0].age_ns is None


def test_a_run_without_times_has_no_ages() -> None:
    store = read(fact=RunFact("run", clock=Clock.order_only))
    assert {span.age_ns for span in open_stack(store, 0, NOW)} == {None}


def test_open_work_below_an_ended_span_hangs_below_the_open_one_above() -> None:
    assert told(read("agent a 0..\n  step ended 1..2\n    tool b 1..")) == [("a", 0, False), ("b", 1, True)]


def test_a_path_leads_from_the_outermost_to_one_span() -> None:
    store = read()
    stack = open_stack(store, 0, NOW)
    assert [stack.index(span) for span in path_to(stack, stack[2].row)] == [0, 1, 2]
    assert [stack.index(span) for span in path_to(stack, stack[3].row)] == [0, 3]
    assert path_to(stack, 99) == []


def test_a_finished_run_is_doing_nothing() -> None:
    assert told(read("agent a 0..1")) == []

"""Facts of runs as plain values, and how runs are called."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tracetui.core.batch import Growth
from tracetui.core.errors import Ambiguous, NotFound
from tracetui.core.model import EventClass, Kind, Status, Usage, class_word
from tracetui.core.operations import Record, RunFact, Whole
from tracetui.core.run_names import candidate_lines, find_run, newest_first, printed_ids, short_ids
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Run, Store
from tracetui.core.store.columns import Events
from tracetui.core.summary import Summaries, iso_time, path_facts, totals
from tracetui.core.testing import EPOCH, SECOND, build_run

SOURCES: Any = {number: SimpleNamespace(path=f"/traces/{number}.jsonl") for number in range(9)}


def summaries(store: Store) -> Summaries:
    return Summaries(store, SOURCES, None, EPOCH + 3_600 * SECOND, StatusRules())


def full(text: str, **more: Any) -> dict[str, Any]:
    store = Store()
    store.apply(build_run(text, **more))
    return summaries(store).full(store.runs[0])


def runs(*told: tuple[str, str, str]) -> list[Run]:
    """Runs as (id, format, name), later ones newer."""
    return [
        Run(row, f"key{row}", format, id=id, name=name, recorded_start=EPOCH + row)
        for row, (id, format, name) in enumerate(told)
    ]


def never(_: Run) -> bool:
    return False


# ---------------------------------------------------------------- figures


def test_causes_are_failed_spans_without_a_failed_child() -> None:
    facts = full("agent a 0..9 error\n  step s 1..5 error\n    tool t 2..3 error\n  tool u 6..7 error")
    assert facts["failed"] == ["a", "s", "t", "u"]
    assert facts["causes"] == ["t", "u"]


def test_slowest_is_the_longest_span_without_children() -> None:
    assert full("agent a 0..9\n  tool t 0..2\n  tool u 3..6")["slowest"]["name"] == "u"


def test_an_open_span_is_not_slowest() -> None:
    facts = full("agent a 0..\n  tool t 0..2\n  tool u 3..")
    assert facts["slowest"] == {"name": "t", "span_id": "0000000000000002", "duration_ms": 2000.0}


def test_the_first_of_equally_slow_spans_is_slowest() -> None:
    assert full("tool t 0..2\ntool u 2..4")["slowest"]["name"] == "t"


def test_a_run_without_finished_spans_has_no_slowest() -> None:
    assert full("agent a 0..")["slowest"] is None


def test_a_total_is_summed_call_by_call() -> None:
    store = Store()
    batch = build_run("llm a 0..1 tokens=3+2\nllm b 1..2 tokens=10")
    store.apply(batch)
    facts = summaries(store).full(store.runs[0])
    assert facts["tokens"]["total"] == 15
    assert facts["partial"] == ["tokens.input", "tokens.output"]


def test_a_figure_too_large_for_a_column_is_exact() -> None:
    big = 1 << 40
    store = Store()
    batch = build_run("llm a 0..1 tokens=1+2")
    batch.operations += [
        Record("run", "call", 900, 9),
        Whole("run", "big", name="big", kind=Kind.llm, start=EPOCH, end=EPOCH, usage=Usage(input=big, output=1)),
    ]
    store.apply(batch)
    tokens = summaries(store).full(store.runs[0])["tokens"]
    assert (tokens["input"], tokens["total"]) == (big + 1, big + 4)


def test_sums_of_cost_show_no_noise_of_binary_fractions() -> None:
    assert full("llm a 0..1 cost=0.1\nllm b 1..2 cost=0.2")["cost_usd"] == 0.3


def test_kinds_without_spans_are_left_out() -> None:
    assert full("agent a 0..1\n  tool t 0..1\n  tool u 0..1")["spans_by_kind"] == {"agent": 1, "tool": 2}


def test_a_recorded_duration_goes_first() -> None:
    fact = RunFact("run", status=Status.ok, end=EPOCH + 9 * SECOND, duration_ns=3 * SECOND, records_end=True)
    facts = full("agent a 0..8", fact=fact)
    assert (facts["duration_ms"], facts["duration_source"]) == (3000.0, "recorded")


def test_a_run_without_times_has_null_times() -> None:
    facts = full("agent a")
    assert (facts["start"], facts["end"], facts["duration_ms"], facts["duration_source"]) == (None,) * 4


def test_totals_count_what_is_known_and_name_what_is_not() -> None:
    store = Store()
    store.apply(build_run("llm a 0..1 tokens=3+2 cost=0.5", "one"))
    store.apply(build_run("llm b 0..1", "two", source=1))
    facts = summaries(store)
    sums = totals(facts.full(run) for run in store.runs)
    assert (sums["runs"], sums["spans"], sums["cost_usd"]) == (2, 2, 0.5)
    assert sums["tokens"]["total"] == 5
    assert sums["partial"] == ["cost_usd", "tokens.input", "tokens.output", "tokens.total"]


def test_totals_of_nothing_are_zero_or_null() -> None:
    sums = totals([])
    assert (sums["runs"], sums["spans"], sums["cost_usd"], sums["duration_ms"]) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (EPOCH + 1_999_999, "2026-01-01T00:00:00.001Z"),
        ((1 << 63) - 1, "2262-04-11T23:47:16.854Z"),
        (-1, None),
        (None, None),
    ],
)
def test_times_are_iso_with_whole_milliseconds(ns: int | None, text: str | None) -> None:
    assert iso_time(ns) == text


def test_a_path_that_is_utf_8_needs_no_bytes() -> None:
    assert path_facts("/traces/é") == {"path": "/traces/é"}


def test_a_path_that_is_not_has_both() -> None:
    assert path_facts("/traces/\udce9") == {"path": "/traces/\\xe9", "path_bytes": "L3RyYWNlcy/p"}


# ---------------------------------------------------------------- names


def test_ids_that_are_unique_stay_as_they_are() -> None:
    assert printed_ids(runs(("a", "f", ""), ("b", "f", ""))) == {0: "a", 1: "b"}


def test_equal_ids_get_their_formats() -> None:
    assert printed_ids(runs(("a", "f", ""), ("a", "g", ""), ("a@f", "h", ""))) == {0: "a@f-2", 1: "a@g", 2: "a@f"}


def test_equal_ids_of_one_format_get_numbers() -> None:
    assert printed_ids(runs(("a", "f", ""), ("a", "f", ""))) == {0: "a@f", 1: "a@f-2"}


def test_short_ids_tell_runs_apart() -> None:
    assert short_ids({0: "abcdef", 1: "abcdxx", 2: "ab", 3: "zzzzzz"}) == {0: "abcde", 1: "abcdx", 2: "ab", 3: "zzzz"}


def test_short_ids_are_found_again() -> None:
    known = runs(("abcdef", "f", ""), ("abcdxx", "f", ""), ("ab", "f", ""))
    for row, short in short_ids(printed_ids(known)).items():
        assert find_run(short, known, never).row == row


def test_runs_without_a_time_come_last() -> None:
    known = runs(("a", "f", ""), ("b", "f", ""), ("c", "f", ""))
    known[1].recorded_start = None
    assert [run.id for run in newest_first(known)] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("word", "row"), [("latest", 3), ("failed", 1), ("aa", 0), ("a", 3), ("ab", 2), ("two", 2), ("aab", 1)]
)
def test_a_word_means_the_first_of_latest_failed_id_beginning_name(word: str, row: int) -> None:
    known = runs(("aa", "f", "one"), ("aab", "f", "two"), ("abc", "f", "two"), ("ccc", "f", "a"))
    is_failed: Callable[[Run], bool] = lambda run: run.row == 1  # noqa: E731 - a table of one
    assert find_run(word, known, is_failed).row == row


def test_an_id_of_several_runs_is_ambiguous_and_the_printed_ones_are_not() -> None:
    known = runs(("a", "f", ""), ("a", "g", ""))
    with pytest.raises(Ambiguous) as told:
        find_run("a", known, never)
    assert sorted(told.value.candidates) == ["a@f", "a@g"]
    assert find_run("a@g", known, never).row == 1


def test_many_candidates_are_counted() -> None:
    known = runs(*((f"x{number:03}", "f", "") for number in range(50)))
    lines = candidate_lines(known, printed_ids(known))
    assert lines[-1] == "and 30 more"


@pytest.mark.parametrize("word", ["nobody", "", "failed"])
def test_what_means_no_run_is_not_found(word: str) -> None:
    with pytest.raises(NotFound):
        find_run(word, runs(("a", "f", "one")), never)


# ---------------------------------------------------------------- how runs stand


def status_after(seconds: float, text: str) -> tuple[str, str]:
    """How a run stands whose file was seen to grow last at second 500, so many seconds later."""
    store = Store()
    seen = EPOCH + 500 * SECOND
    store.apply(build_run(text, growth=Growth(1, seen, seen)))
    return Summaries(store, SOURCES, None, seen + round(seconds * SECOND), StatusRules()).status(store.runs[0])


SLOW_BY_HABIT = "agent a 0..\n  tool train 0..100\n  tool train 100..200\n  tool train 200.."


def test_a_silent_run_is_stalled_after_a_minute() -> None:
    assert status_after(59, "agent a 0..")[0] == "running"
    assert status_after(61, "agent a 0..") == ("stalled", "silent 1m01s")


def test_a_step_that_usually_takes_long_is_not_stalled_before_three_times_that() -> None:
    assert status_after(299, SLOW_BY_HABIT)[0] == "running"
    assert status_after(301, SLOW_BY_HABIT)[0] == "stalled"


def test_the_class_of_an_event_that_was_taken_back_has_a_word_too() -> None:
    assert class_word(Events.DEAD) == "event"
    assert class_word(EventClass.retry) == "retry"

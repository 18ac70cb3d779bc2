"""What had to be put right while a run was read: each sort is counted, told in words, and found at its spans."""

import json
from pathlib import Path
from typing import Any

import pytest

from tracetui.core.batch import Batch
from tracetui.core.formats.native import NativeDecoder
from tracetui.core.model import Clock, EventClass, Flag, Kind, Status
from tracetui.core.operations import Begin, End, Event, Operation, Record, Repair, RunFact, Whole
from tracetui.core.reader import Reader
from tracetui.core.repair_words import GROUPS, WORDS
from tracetui.core.repairs import Finding, Repairs, bad_rows, span_rows
from tracetui.core.store import Store

S = 1_000_000_000
MS = 1_000_000


def store_of(*operations: Operation, batch: dict[str, Any] | None = None) -> Store:
    """One run "r"; each operation is a record of its own."""
    store = Store()
    records = [part for at, op in enumerate(operations) for part in (Record("r", "x", at * 10, 9), op)]
    store.apply(Batch(0, "made", operations=records, **(batch or {})))
    return store


def told(store: Store) -> dict[str, int]:
    return {finding.what: finding.count for finding in Repairs(store).of(store.runs[0])}


def names(store: Store, what: str) -> list[str]:
    return [store.strings[store.spans.name[row]] for row in span_rows(store, store.runs[0], what)]


def span(name: str, start: int, end: int, parent: str | None = None, **more: Any) -> list[Operation]:
    """A span from `start` to `end`, in ms."""
    return [
        Begin("r", name, parent, name, more.get("kind", Kind.step), start * MS, more.get("flags", 0)),
        End("r", name, end * MS, Status.ok),
    ]


def test_a_run_that_could_be_read_as_it_stands_has_no_repairs() -> None:
    store = store_of(*span("a", 1, 90), *span("b", 5, 20, "a"))
    assert told(store) == {}
    assert Repairs(store).notes(store.runs[0]) == []


def test_spans_whose_parent_was_never_recorded_are_orphans() -> None:
    store = store_of(*span("a", 1, 90, "gone"), *span("b", 2, 9, "gone"), *span("c", 3, 9, "a"))
    assert told(store) == {"orphans": 2}
    assert names(store, "orphans") == ["a", "b"]


def test_a_parent_that_comes_late_leaves_no_orphan() -> None:
    assert told(store_of(*span("b", 5, 9, "a"), *span("a", 1, 90))) == {}


def test_a_row_that_only_groups_others_leaves_no_orphans() -> None:
    group = Begin("r", "g", None, "group", Kind.chain, MS)
    store = store_of(group, *span("b", 2, 9, "g"))
    row = next(row for row in range(len(store.spans)) if store.strings[store.spans.name[row]] == "group")
    store.spans.flags[row] = int(Flag.invented)
    assert "orphans" not in told(store)


@pytest.mark.parametrize("again", [0, 1], ids=["started twice", "ended twice"])
def test_a_span_that_starts_or_ends_twice_is_told_twice(again: int) -> None:
    operations = span("a", 1, 9)
    store = store_of(*operations, operations[again])
    assert told(store) == {"twice": 1}
    assert names(store, "twice") == ["a"]


def test_a_span_told_whole_a_second_time_is_told_twice() -> None:
    assert told(store_of(*[Whole("r", "a", None, "a", Kind.step, MS, 9 * MS, Status.ok)] * 2)) == {"twice": 1}


def test_a_record_that_only_repeats_another_tells_no_span_twice() -> None:
    whole = Whole("r", "a", None, "a", Kind.step, MS, 9 * MS, Status.ok)
    store = store_of(whole)
    store.apply(Batch(1, "made", operations=[Record("r", "x", 0, 9, counted=False), whole]))
    assert told(store) == {}


def test_a_span_that_its_producer_tells_in_pieces_is_no_duplicate() -> None:
    start, end = span("a", 1, 9, flags=int(Flag.in_pieces))
    assert told(store_of(start, end, start, end)) == {}


def test_an_end_without_a_start_is_told() -> None:
    store = store_of(End("r", "a", 9 * MS, Status.ok, None, "a", Kind.tool, MS))
    assert told(store) == {"no_start": 1}


def test_a_start_that_comes_after_its_end_is_only_late() -> None:
    start, end = span("a", 1, 9)
    assert told(store_of(end, start)) == {}


def test_a_child_that_starts_before_its_parent_shows_that_clocks_differ() -> None:
    store = store_of(*span("a", 5_003, 90_001), *span("b", 1, 6_000, "a"))
    assert told(store) == {"early": 1}
    assert names(store, "early") == ["b"]


def test_a_child_that_ends_after_its_parent_is_told() -> None:
    assert told(store_of(*span("a", 1, 5_003), *span("b", 7, 9_001, "a"))) == {"late": 1}


def test_a_tool_may_go_on_after_the_answer_that_asked_for_it() -> None:
    assert told(store_of(*span("a", 1, 5_003, kind=Kind.llm), *span("b", 7, 9_001, "a"))) == {}


@pytest.mark.parametrize(("start", "count"), [(2_000, 0), (1_000, 1)], ids=["within a second", "beyond"])
def test_times_in_whole_seconds_are_exact_to_a_second(start: int, count: int) -> None:
    store = store_of(*span("a", 3_000, 90_000), *span("b", start, 6_000, "a"))
    assert told(store).get("early", 0) == count


def test_times_that_were_worked_out_prove_no_skew() -> None:
    flags = int(Flag.start_inferred)
    assert told(store_of(*span("a", 5_003, 9_001), *span("b", 1, 6_000, "a", flags=flags))) == {"starts": 1}


def test_a_span_that_ends_before_it_starts_is_told() -> None:
    assert told(store_of(*span("a", 9_003, 1_001))) == {"negative": 1}


def test_what_was_worked_out_is_counted() -> None:
    flags = int(Flag.start_inferred | Flag.end_inferred | Flag.parent_inferred)
    assert told(store_of(*span("a", 1, 9), *span("b", 2, 3, "a", flags=flags))) == {
        "nesting": 1,
        "starts": 1,
        "ends": 1,
    }


def events(*times: int) -> list[Operation]:
    return [Event("r", None, EventClass.log, time * S) for time in times]


def test_times_that_go_back_within_a_file_are_counted() -> None:
    assert told(store_of(*events(10, 11, 5, 6, 2))) == {"backwards": 2}


def test_times_of_two_files_are_not_held_against_each_other() -> None:
    store = store_of(*events(10, 11))
    store.apply(Batch(1, "made", operations=[Record("r", "x", 0, 9), *events(5)]))
    assert told(store) == {}


def test_times_of_formats_that_write_when_a_span_ends_may_go_back() -> None:
    assert told(store_of(RunFact("r", order_by_time=True), *events(10, 5))) == {}


def test_files_that_were_set_aside_are_counted_and_named() -> None:
    copies = [RunFact("r", repair=Repair("copies", 1, name), aside=True) for name in ("b", "a")]
    store = store_of(*span("a", 1, 9), *copies)
    assert Repairs(store).notes(store.runs[0]) == ["copies set aside: 2"]
    assert Repairs(store).full(store.runs[0]) == ["copies set aside: 2 (a, b)"]


def test_what_was_set_aside_waits_for_its_run() -> None:
    store = Store()
    store.apply(Batch(0, "made", operations=[RunFact("r", repair=Repair("copies", 1, "a"), aside=True)]))
    store.apply(Batch(1, "made", operations=[Record("r", "x", 0, 9), *span("a", 1, 9)]))
    assert told(store) == {"copies": 1}


def test_only_the_first_details_are_told() -> None:
    assert Finding("copies", 5, ("a", "b", "c", "d", "e")).full == "copies set aside: 5 (a, b, c and 2 more)"


def test_a_zone_is_told_without_a_number() -> None:
    store = store_of(RunFact("r", clock=Clock.assumed, repair=Repair("zone_assumed", 0)))
    assert Repairs(store).notes(store.runs[0]) == ["zone assumed: times name none, read in the viewer's own"]


def test_the_same_said_again_by_a_file_replaces_what_it_said() -> None:
    facts = [RunFact("r", repair=Repair("lost", count, "disk full")) for count in (2, 5)]
    assert told(store_of(*facts)) == {"lost": 5}


def test_losses_of_several_files_add_up() -> None:
    store = store_of(RunFact("r", repair=Repair("lost", 2, "disk full")))
    store.apply(Batch(1, "made", operations=[RunFact("r", repair=Repair("lost", 3, "disk full"))]))
    assert told(store) == {"lost": 5}


def test_a_file_that_is_read_again_says_its_repairs_anew() -> None:
    store = store_of(RunFact("r", repair=Repair("lost", 2, "disk full")))
    store.apply(Batch(0, "made", generation=1, forget=True, operations=[Record("r", "x", 0, 9), *span("a", 1, 2)]))
    assert told(store) == {}


def test_a_file_that_is_read_again_tells_no_span_twice() -> None:
    store = store_of(*span("a", 1, 9))
    store.apply(Batch(1, "made", operations=[Record("r", "x", 0, 9), Event("r", "a", EventClass.log)]))
    store.apply(Batch(0, "made", generation=1, forget=True, operations=[Record("r", "x", 0, 9), *span("a", 1, 9)]))
    assert told(store) == {}


def whole(source: int, *, times: int = 1, **more: Any) -> Batch:
    """A source says of a span all there is, so often."""
    said = (Record("r", "x", 0, 9), Whole("r", "a", None, "a", Kind.tool, 1, 9, Status.ok))
    return Batch(source, "made", operations=[*said] * times, **more)


def after(*batches: Batch) -> dict[str, int]:
    store = Store()
    for batch in batches:
        store.apply(batch)
    return told(store)


def test_a_span_that_two_files_told_is_told_once_when_one_of_them_is_taken_back() -> None:
    again = Batch(0, "made", generation=1, forget=True)
    assert after(whole(0), whole(1)) == {"twice": 1}
    assert after(whole(0), whole(1), again) == {}
    assert after(whole(1), whole(0), again) == {}


def test_a_span_that_two_files_tell_is_told_twice_after_one_of_them_is_read_again() -> None:
    assert after(whole(0), whole(1), whole(0, generation=1, forget=True)) == {"twice": 1}


def test_a_span_that_a_file_tells_twice_stays_so_when_another_is_taken_back() -> None:
    again = Batch(0, "made", generation=1, forget=True)
    assert after(whole(0), whole(1, times=2), again) == {"twice": 1}
    assert after(whole(1, times=2), whole(0), again) == {"twice": 1}


def test_records_that_a_truncated_file_took_with_it_are_told_but_are_no_note() -> None:
    store = store_of(*span("a", 1, 9))
    store.apply(Batch(0, "made", generation=1, forget=True, restarted=True, operations=[Record("r", "x", 0, 9)]))
    assert told(store) == {"restarts": 1, "taken_back": 2}
    assert Repairs(store).notes(store.runs[0]) == []


def native(*records: dict[str, Any], tail: bytes = b"") -> Store:
    head = {"tracetui": 1, "type": "header", "seq": 0, "run": "a" * 32, "name": "n"}
    data = b"".join(json.dumps(record).encode() + b"\n" for record in (head, *records)) + tail
    store, decoder = Store(), NativeDecoder()
    operations = [op for at in range(0, len(data), 70) for op in decoder.feed(data[at : at + 70])]
    store.apply(Batch(0, "tracetui", operations=[*operations, *decoder.close()], complete=True))
    return store


def numbered(*numbers: int) -> list[dict[str, Any]]:
    return [{"type": "event", "seq": number, "time": 5, "name": "e"} for number in numbers]


def test_numbers_left_out_of_the_sequence_are_missing_records() -> None:
    assert told(native(*numbered(1, 2, 6, 7))) == {"missing": 3}


def test_a_number_that_comes_again_is_a_record_written_twice() -> None:
    assert told(native(*numbered(1, 2, 2, 3))) == {"again": 1}


def test_an_unreadable_line_is_no_missing_record_as_well() -> None:
    store = native(*numbered(1, 2), tail=b'{"type\n' + json.dumps(numbered(4)[0]).encode() + b"\n")
    assert told(store) == {"unreadable": 1}


def test_records_without_a_number_are_not_missing() -> None:
    assert told(native(*numbered(1), {"type": "event", "name": "e"}, *numbered(3))) == {}


def test_what_the_writer_says_it_lost_is_not_missing_as_well() -> None:
    gap = {"type": "gap", "seq": 6, "lost": 4, "reason": "queue full"}
    assert told(native(*numbered(1), gap, *numbered(7))) == {"lost": 4}


def test_a_cut_last_line_is_told_apart_from_lines_that_cannot_be_read() -> None:
    store = native(*numbered(1), tail=b'no record\n{"type": "ev')
    assert told(store) == {"unreadable": 1, "cut": 1}
    (cut,) = bad_rows(store, store.runs[0], cut=True)
    assert store.strings[store.bad.reason[cut]] == "incomplete last line"


def test_a_file_that_is_truncated_while_it_is_followed_is_told(tmp_path: Path) -> None:
    path, clock, store = tmp_path / "run.jsonl", [0.0], Store()
    head = {"tracetui": 1, "type": "header", "seq": 0, "run": "a" * 32, "name": "n"}
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in (head, *numbered(1, 2, 3))))
    with Reader([str(tmp_path)], follow=True, monotonic=lambda: clock[0]) as reader:
        for step in range(8):
            clock[0] += 6.0
            for batch in reader.poll(10):
                store.apply(batch)
            if step == 3:
                path.write_bytes(json.dumps(head).encode() + b"\n")
    assert told(store) == {"restarts": 1, "taken_back": 4}


def test_one_run_alone_is_told_what_all_runs_together_are_told() -> None:
    store = store_of(*span("a", 5_003, 90_001, "gone"), *span("b", 1, 6_000, "a"), *events(9, 2))
    store.apply(Batch(1, "made", operations=[Record("other", "x", 0, 9), Begin("other", "z", "y", "z", Kind.step, MS)]))
    assert all(Repairs(store, run).of(run) == Repairs(store).of(run) for run in store.runs)


def test_every_sort_has_a_group_and_the_page_of_commands_names_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert not [what for what in WORDS if f"`{what}`" not in page]
    assert {sort.group for sort in WORDS.values()} == set(GROUPS)


def test_a_time_far_from_all_others_is_told_and_a_long_run_is_not() -> None:
    day = 24 * 3600
    assert told(store_of(*events(*(300 * day + at for at in (0, 1, 2, 3)), 15 * day))) == {"far": 1, "backwards": 1}
    assert told(store_of(*events(*(at * 20 * day for at in range(1, 9))))) == {}

"""Bodies: fetched by locator, read by their format, remembered up to a number of bytes, and never guessed."""

import json
from collections.abc import Sequence

import pytest

from tests.plain_bodies import World
from tracetui.core.bodies import NOT_JSON, json_in_text, json_of
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.formats._base import RecordBody
from tracetui.core.model import SpanDetail
from tracetui.core.testing import build_run

RUN = """
    agent planner 0..10
      tool search 2..4
        ! retry 3
      tool fetch 5..6
"""


def subject_of(records: object) -> SpanDetail:
    return SpanDetail(subject="steel")


def test_a_span_is_read_from_its_own_records_without_its_events() -> None:
    world = World(RUN)
    world.bodies.span_detail(world.span("search"))
    assert [[body.type for body in records] for records in world.format.seen] == [["tool_start", "tool_end"]]


def test_a_detail_is_read_from_disk_once() -> None:
    world = World(RUN)
    row = world.span("search")
    assert world.bodies.span_detail(row) is world.bodies.span_detail(row)
    assert len(world.source.fetched) == 2


def test_what_a_format_makes_of_a_line_is_there_for_the_other_records_in_it() -> None:
    made: list[bytes] = []

    def read(records: Sequence[RecordBody]) -> SpanDetail:
        for body in records:
            body.once("test", made.append)
        return SpanDetail()

    world = World("tool one 1..2\ntool two 2..3\ntool three 3..4", read)
    world.source.lines = dict.fromkeys((0, 2), b"one and the same line")
    for name in ("one", "two", "three"):
        world.bodies.span_detail(world.span(name))
    assert made.count(b"one and the same line".ljust(100)) == 1
    assert len(made) == len(set(made))


def test_a_change_elsewhere_does_not_read_a_span_again() -> None:
    world = World(RUN)
    row = world.span("search")
    before = world.bodies.span_detail(row)
    world.store.apply(build_run("tool other 1..2", run="another"))
    assert world.bodies.span_detail(row) is before


def test_a_new_record_of_a_span_reads_it_again() -> None:
    world = World("tool search 2..")
    row = world.span("search")
    before = world.bodies.span_detail(row)
    world.store.apply(build_run("tool search 2..4"))
    assert world.bodies.span_detail(row) is not before


def test_what_was_read_from_more_bytes_than_are_remembered_is_read_again() -> None:
    world = World("tool one 1..2\ntool two 2..3\ntool three 3..4", remembered=1_500)
    for name in ("one", "two", "three", "one"):
        world.bodies.span_detail(world.span(name))
    assert len(world.format.seen) == 4


def test_forgotten_bodies_are_read_again() -> None:
    world = World(RUN)
    row = world.span("search")
    world.bodies.span_detail(row)
    world.bodies.forget()
    world.bodies.span_detail(row)
    assert len(world.format.seen) == 2


def test_a_body_of_an_older_generation_is_gone() -> None:
    world = World(RUN)
    world.source.generation = 1
    with pytest.raises(ChangedOnDisk):
        world.bodies.span_detail(world.span("search"))


def test_an_unknown_source_is_a_body_that_is_gone() -> None:
    world = World(RUN)
    world.bodies._sources = {}
    with pytest.raises(ChangedOnDisk):
        world.bodies.raw(0)


def test_a_subject_never_raises() -> None:
    world = World(RUN, subject_of)
    world.source.is_gone = True
    assert world.bodies.subject(world.span("search")) == ""


def test_a_subject_is_what_the_format_says() -> None:
    world = World(RUN, subject_of)
    assert world.bodies.subject(world.span("search")) == "steel"


def test_a_subject_does_not_wait_for_a_large_body() -> None:
    world = World(RUN, subject_of)
    world.store.records.length[world.store.spans.first_record[world.span("search")]] = 300_000
    assert (world.bodies.subject(world.span("search")), world.source.fetched) == ("", [])


def test_the_text_of_an_event_never_raises() -> None:
    world = World(RUN)
    texts = [world.bodies.event_text(0)]
    world.bodies.forget()
    world.source.is_gone = True
    assert [*texts, world.bodies.event_text(0)] == ["retry", ""]


def test_a_raw_record_says_where_it_stands() -> None:
    world = World(RUN)
    raw = world.bodies.raw(2)
    assert (raw.path, raw.line, raw.offset, raw.type) == ("/traces/made up.jsonl", 3, 202, "tool_start")


def test_the_size_of_a_span_costs_no_reading() -> None:
    world = World(RUN)
    assert (world.bodies.size_of(world.span("search")), world.source.fetched) == (200, [])


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"not json", b"[" * 100_000 + b"]" * 100_000])
def test_bytes_that_are_no_json_are_said_to_be_none(data: bytes) -> None:
    assert json_of(data) is NOT_JSON


@pytest.mark.parametrize("text", ["12", '"word"', "null", "plain", "{}", "[]", "{broken}", "[a, b]"])
def test_text_that_holds_no_container_is_just_text(text: str) -> None:
    assert json_in_text(text) is NOT_JSON


@pytest.mark.parametrize("value", [{"a": [1, None]}, [1, 2], {"\ud800": "x"}])
def test_text_that_holds_a_container_is_parsed(value: object) -> None:
    assert json_in_text(f"  {json.dumps(value)}\n") == value

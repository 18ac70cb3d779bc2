"""JSON lines of no format: a flat run of events."""

import json

import pytest

from tests.core.formats.lanes import assert_the_lanes_agree, stored
from tests.core.formats.reading import SAMPLES, bodies, candidate, claim, fact, fold, only_run, read, read_text
from tracetui.core.formats import Unrecognised, detect
from tracetui.core.model import NO_TIME, Clock, EventClass

T0 = 1_772_438_400


def one(record):
    return only_run(read_text({"first": 1}, record)).events[1]


def clock_of(*records):
    return fact(only_run(read_text(*records)), "clock")


def test_a_log_is_one_run_of_events_named_by_its_file():
    path = SAMPLES / "json-lines" / "crawler.jsonl"
    run = only_run(read(path.read_bytes(), path))
    assert (fact(run, "name"), fact(run, "records_end"), run.told) == ("crawler.jsonl", False, {})
    assert [cls for _, _, cls, _ in run.events].count(EventClass.error) == 2


@pytest.mark.parametrize(
    "written",
    [
        {"timestamp": "2026-03-02T08:00:00Z"},
        {"@timestamp": "2026-03-02T09:00:00+01:00"},
        {"time": T0},
        {"ts": T0 * 1_000},
        {"ts": T0 * 1_000_000},
        {"ts": T0 * 1_000_000_000},
        {"asctime": "2026-03-02 08:00:00,000"},
    ],
)
def test_times_are_read_by_name_and_size(written, monkeypatch):
    assert one(written)[3] == T0 * 1_000_000_000


def test_fractions_of_unix_times_are_kept():
    assert one({"time": T0 + 0.25})[3] == T0 * 1_000_000_000 + 250_000_000
    assert one({"ts": T0 * 1000 + 0.5})[3] == T0 * 1_000_000_000 + 500_000


def test_the_clock_says_where_times_come_from():
    assert clock_of({"a": 1}, {"a": 2}) is Clock.order_only
    assert clock_of({"time": "2026-03-02T08:00:00"}, {"a": 2}) is Clock.assumed
    assert clock_of({"a": 1}, {"time": "2026-03-02T08:00:00Z"}) is Clock.utc


@pytest.mark.parametrize(
    ("record", "type_"),
    [
        ({"type": "tool_use", "level": "info"}, "tool_use"),
        ({"event": "user.login", "level": "info"}, "user.login"),
        ({"event": "user 7 logged in", "level": "INFO"}, "info"),
        ({"level": 50, "msg": "x"}, "error"),
        ({"log": {"level": "warn"}}, "warn"),
        ({"message": "x"}, "line"),
    ],
)
def test_the_type_is_a_word_never_a_sentence(record, type_):
    assert one(record)[0] == type_


@pytest.mark.parametrize(
    ("record", "cls"),
    [
        ({"level": "ERROR", "msg": "x"}, EventClass.error),
        ({"severity": "critical"}, EventClass.error),
        ({"level": 60}, EventClass.error),
        ({"level": 40}, EventClass.log),
        ({"type": "retry"}, EventClass.retry),
        ({"type": "RouterDecision"}, EventClass.decision),
        ({"role": "user", "content": "hi"}, EventClass.message),
        ({"message": "x"}, EventClass.log),
        ({"n": 1}, EventClass.event),
    ],
)
def test_the_class_comes_from_level_and_type(record, cls):
    assert one(record)[2] is cls


def test_an_event_shows_its_text_or_its_values():
    data = b'{"msg": "hello", "n": 1}\n{"a": 1, "b": [2]}\n'
    format_ = claim(data).format
    assert [format_.event_detail(body).text for body in bodies(read(data), data)] == ["hello", "a=1  b=[2]"]


def test_what_is_no_time_is_none():
    assert one({"time": "soon", "ts": -5, "timestamp": True})[3] == NO_TIME


def test_lines_that_are_no_objects_are_unreadable():
    _, bad = fold(read(b'{"a": 1}\n[1]\n{"a":\n'))
    assert [op.reason for op in bad] == ["not an object", "not JSON: unexpected end of data"]


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "x", "empty"),
        (b"hello\n", "x", "not JSON"),
        (b'\n\n"text"\n{"a": 1}\n', "x", "not JSON"),
        (b'{"a": 1}\n', "x.json", "a single JSON object (keys: a)"),
        (b'{"a": 1}\n', "x", "a single JSON object (keys: a)"),
        (b'{\n "a": 1,\n "b": 2\n}\n', "x", "one JSON document of no known format (keys: a, b)"),
        (b"[1, 2]\n", "x", "a JSON list"),
        (b"SQLite format 3\x00...", "x", "an SQLite database"),
        (b"\x1f\x8b\x08", "x.jsonl.gz", "compressed with gzip"),
        (b'{"a": ', "x", "its first line is not complete yet"),
    ],
)
def test_what_nobody_claims_is_said_in_plain_words(data, name, reason):
    answer = detect(candidate(data, "/traces/" + name))
    assert isinstance(answer, Unrecognised)
    assert answer.reason.startswith(reason)


def test_one_line_is_a_run_where_it_is_named_or_looks_like_a_log():
    assert not claim(b'{"a": 1}\n', "/traces/a.jsonl").certain
    record = {"time": T0, "msg": "first"}
    assert claim(json.dumps(record).encode(), "/traces/x").format.name == "json-lines"


def test_a_first_line_longer_than_the_head_is_taken_as_a_line():
    data = b'{"text": "' + b"x" * 100_000 + b'"}\n{"a": 1}\n'
    assert not claim(data).certain
    assert only_run(read(data)).types == {"line": 2}


def test_large_blocks_take_a_fast_lane_that_ends_in_the_same_store():
    lines = [
        {
            "timestamp": f"2026-03-02T08:{minute:02}:{second:02}.{second:03}Z",
            "level": level,
            "event": event,
            "n": second,
        }
        for minute in range(20)
        for second, (level, event) in enumerate(
            [("info", "page fetched"), ("error", "gone"), (30, "retry.later"), ("Warn", "a_decision")] * 10
        )
    ]
    assert_the_lanes_agree(("log.jsonl", b"".join(json.dumps(line).encode() + b"\n" for line in lines)))


@pytest.mark.parametrize(
    "unusual",
    [
        b'{"n": 123456789012345678901234, "time": 1772438400}',
        b'{"event": "no time"}',
        b"[]",
        b"{",
        b'{"a": NaN}',
        b"\r",
    ],
)
def test_a_block_with_something_unusual_goes_the_long_way(unusual):
    lines = [b'{"time": %d, "event": "e"}' % (T0 + at) for at in range(500)]
    data = b"\n".join([*lines[:400], unusual, *lines[400:]]) + b"\n"
    quick, slow = stored([("log.jsonl", data)], len(data))[0], stored([("log.jsonl", data)], 100)[0]
    assert quick == slow


def many(*odd):
    """Enough usual lines for a fast lane around odd ones, which come again and again."""
    usual = {"timestamp": "2026-03-02T08:00:00.250Z", "level": "info", "event": "job taken"}
    lines = [usual, *odd] * 200
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def at(text, **fields):
    return {"timestamp": text, "level": "info", "event": "odd"} | fields


@pytest.mark.parametrize(
    "odd",
    [
        at("2026-03-02T08:00:01.250Z"),
        at("2026-03-02T08:00:01Z"),
        at("2026-03-02 08:00:01.250Z"),
        at("2026-03-02T08:00:01.250123Z"),
        at("2026-03-02T09:00:01.250+01:00"),
        at("2026-03-02T08:00:01+00:00"),
        at("2026-03-02T08:00:01.250"),
        at("2026-W10-1T08:00:01.250Z"),
        at(1_772_438_401.5),
        at(1_772_438_401_250),
        at("2026-03-02T08:00:02.000Z", level=True),
        at("2026-03-02T08:00:02.000Z", level=1),
        at("2026-03-02T08:00:02.000Z", level=50),
        at("2026-03-02T08:00:02.000Z", level=50.0),
        at("2026-03-02T08:00:02.000Z", level=None, severity="ERROR"),
        at("2026-03-02T08:00:02.000Z", level=["info"]),
        at("2026-03-02T08:00:02.000Z", event="a" * 70),
        at("2026-03-02T08:00:02.000Z", event={"name": "x"}),
        at("2026-03-02T08:00:02.000Z", role="user"),
        at("2026-03-02T08:00:02.000Z", role=7),
        {"time": "2026-03-02T08:00:02.000Z", "log": {"level": "error"}},
        {"time": "2026-03-02T08:00:02.000Z", "log.level": "warning", "message": "slow"},
        {"ts": 1_772_438_401.5},
    ],
)
def test_odd_lines_among_usual_ones_are_read_alike_by_both_lanes(odd):
    assert_the_lanes_agree(("log.jsonl", many(odd)))


def test_equal_levels_of_other_types_are_told_apart_by_the_fast_lane():
    odd = [at("2026-03-02T08:00:02.000Z", level=level) for level in (1, True, 1.0, 0, False, 50, 50.0)]
    assert_the_lanes_agree(("log.jsonl", many(*odd)))
    assert_the_lanes_agree(("log.jsonl", many(*reversed(odd))))

"""What is found: in names, in bodies of every source, once each; the same as a plain evaluation finds; and what cannot be."""

import contextlib
import gzip
import json
import os
import re
import sqlite3
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.search.looking import CALL, ROOT, found, lines, read, record, search, span_name, written
from tracetui.core.search import Hit, Needle, Part, SlowPattern
from tracetui.core.testing import build_run
from tracetui.resources import samples_dir


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording with `needle` in the input of a tool."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(written(lines({"input": {"query": "a needle in the hay"}})))
    return path


def test_a_hit_says_run_span_record_field_and_line(path: Path) -> None:
    loaded = read(path)
    (hit,) = search(loaded, "needle").hits()
    assert (loaded.store.runs[hit.run].name, span_name(loaded, hit), hit.type) == ("quiet", "fetch", "span_start")
    assert (hit.part, hit.field, hit.line) == (Part.body, "input.query", 3)
    assert (hit.before, hit.match, hit.after) == ("a ", "needle", " in the hay")


def test_an_excerpt_is_as_long_as_was_asked_for_and_says_where_it_was_cut(path: Path) -> None:
    (hit,) = found(path, "needle", context=3)
    assert (hit.before, hit.after, hit.is_cut_before, hit.is_cut_after) == ("a ", " in", False, True)


def test_a_name_is_found_once_though_several_records_tell_it(path: Path) -> None:
    hits = found(path, "fetch")
    assert [(hit.part, hit.field, hit.line) for hit in hits] == [(Part.name, "name", 3)]


def test_names_and_ids_of_runs_are_found(path: Path) -> None:
    assert [(hit.part, hit.field) for hit in found(path, "quiet")] == [(Part.name, "name")] * 2
    assert [(hit.part, hit.field) for hit in found(path, "abababab")] == [(Part.name, "id")]


def test_bodies_can_be_left_out(path: Path) -> None:
    assert found(path, "needle", bodies=False) == []


def test_keys_are_found_only_when_they_are_asked_for(path: Path) -> None:
    assert found(path, "query") == []
    assert [(hit.part, hit.field) for hit in found(path, "query", keys=True)] == [(Part.key, "input.query")]


def test_numbers_are_found_and_true_is_not(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(written(lines({"input": {"order": 48213, "price": 0.25, "paid": True}})))
    assert [hit.field for needle in ("48213", "0.25", "true") for hit in found(path, needle)] == [
        "input.order",
        "input.price",
    ]


def test_attributes_of_opentelemetry_are_named_by_their_keys() -> None:
    hits = found(samples_dir() / "otlp-json" / "genai.jsonl", "TimeoutError")
    assert "resourceSpans[0].scopeSpans[0].spans[2].attributes.error.type" in [hit.field for hit in hits]


def test_a_line_of_several_spans_gives_each_hit_to_its_own(tmp_path: Path) -> None:
    spans = [
        {
            "traceId": "ab" * 16,
            "spanId": f"{number:016x}",
            "name": f"call {number}",
            "startTimeUnixNano": "1767225600000000000",
            "endTimeUnixNano": "1767225601000000000",
            "attributes": [{"key": "secret", "value": {"stringValue": f"treasure {number}"}}],
        }
        for number in range(1, 6)
    ]
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n")
    loaded = read(path)
    names = [(span_name(loaded, hit), hit.match + hit.after) for hit in search(loaded, "treasure").hits()]
    assert names == [(f"call {number}", f"treasure {number}") for number in range(1, 6)]


def test_a_line_of_thousands_of_spans_is_read_once(tmp_path: Path) -> None:
    count = 3_000  # reading the line for each of them would take minutes
    spans = [
        {"traceId": "ab" * 16, "spanId": f"{number:016x}", "name": f"call {number}", "note": "x" * 300}
        | {"attributes": [{"key": "secret", "value": {"stringValue": f"treasure {number}"}}]}
        for number in range(1, count + 1)
    ]
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n")
    loaded = read(path)
    assert [span_name(loaded, hit) for hit in search(loaded, "treasure").hits()] == [
        f"call {number}" for number in range(1, count + 1)
    ]


def test_a_text_that_several_spans_of_a_line_hold_is_found_in_each_of_them() -> None:
    hits = found(samples_dir() / "otlp-json" / "genai.jsonl", "in transit")
    assert [hit.line for hit in sorted(hits, key=lambda hit: hit.line)] == [1, 1, 2, 3, 3, 4, 4]
    assert len({hit.span for hit in hits}) == 7


def test_a_text_of_a_span_and_of_its_parent_on_one_line_is_found_in_both(tmp_path: Path) -> None:
    spans = [
        {
            "traceId": "ab" * 16,
            "spanId": f"{number:016x}",
            **({"parentSpanId": f"{1:016x}"} if number > 1 else {}),
            "name": f"call {number}",
            "startTimeUnixNano": "1767225600000000000",
            "endTimeUnixNano": "1767225601000000000",
            "attributes": [{"key": "said", "value": {"stringValue": "treasure"}}],
        }
        for number in range(1, 4)
    ]
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n")
    loaded = read(path)
    assert [span_name(loaded, hit) for hit in search(loaded, "treasure").hits()] == ["call 1", "call 2", "call 3"]


def test_only_the_runs_asked_for_are_searched(tmp_path: Path, path: Path) -> None:
    other = path.read_bytes().replace(b"ab" * 16, b"cd" * 16).replace(b"needle", b"NEEDLE")
    (tmp_path / "other.jsonl").write_bytes(other)
    loaded = read(tmp_path)
    runs = [run.row for run in loaded.runs if run.id == "cd" * 16]
    assert [hit.match for hit in search(loaded, "needle", runs=runs).hits()] == ["NEEDLE"]
    assert len(list(search(loaded, "needle").hits())) == 2


def test_what_came_later_can_be_searched_alone(path: Path) -> None:
    loaded = read(path)
    with path.open("ab") as file:
        file.write(written([record("event", 5, span=CALL, **{"class": "log"}, name="late", text="another needle")]))
    loaded = read(path)
    (hit,) = search(loaded, "needle", first_record=5).hits()
    assert (hit.line, hit.before) == (6, "another ")


# -- sources -----------------------------------------------------------------------------------------------------------


def test_a_compressed_file_is_searched(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed" / "run.jsonl.gz"
    packed.parent.mkdir()
    many = [record("event", seq, span=ROOT, name="x", text="hay " * 2_000) for seq in range(5, 900)]
    packed.write_bytes(gzip.compress(path.read_bytes() + written(many) + written([{**many[0], "text": "needle"}])))
    assert [(hit.line, hit.field) for hit in found(packed, "needle")] == [(3, "input.query"), (901, "text")]


def test_rows_of_a_database_are_searched() -> None:
    (path,) = (samples_dir() / "ddeutil-workflow").glob("*.db")
    database = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    rows = dict(database.execute("SELECT id, message FROM traces").fetchall())
    database.close()
    stages = [id for id, message in rows.items() if "stage" in message.lower()]
    hits = found(path, "stage")
    assert stages
    assert [(hit.offset, hit.field, hit.line) for hit in hits] == [(id, "message", 0) for id in stages]


def test_a_document_is_searched(tmp_path: Path) -> None:
    folder = samples_dir() / "ragflow"
    loaded = read(folder)
    hits = list(search(loaded, "support", names=False).hits())
    assert hits
    assert {hit.run for hit in hits} <= {run.row for run in loaded.runs} | {-1}


def test_a_record_that_cannot_be_read_is_searched_as_it_stands(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"text": "broken caf\\u00e9, Needle"\n' + b"\xff\xfe plain NEEDLE \xff\n")
    hits = [hit for hit in found(path, "needle") if hit.part is Part.unreadable]
    assert [(hit.line, hit.field, hit.match) for hit in hits] == [(6, "text", "Needle"), (7, "", "NEEDLE")]
    assert all(hit.type for hit in hits)


def test_a_file_that_was_replaced_is_named_and_not_guessed_at(path: Path) -> None:
    loaded = read(path)
    path.write_bytes(b"x" * 10_000)
    looking = search(loaded, "needle")
    assert list(looking.hits()) == []
    assert [missed.path for missed in looking.unsearched] == [str(path)]


@pytest.mark.parametrize("wanted", ["error", "search", "claude", "2026", "a", "ok"])
@pytest.mark.parametrize("format", ["tracetui", "design-research-agents", "json-lines", "ai-decision-tracer"])
def test_what_is_found_is_what_a_plain_look_at_each_line_finds(format: str, wanted: str) -> None:
    loaded = read(samples_dir() / format)
    sources = {source.path for source in loaded.reader.sources.values() if source.path.endswith(("jsonl", "ndjson"))}
    hits = search(loaded, wanted, names=False).hits()
    mine = {
        (loaded.reader.sources[hit.source].path, hit.line)
        for hit in hits
        if hit.part in (Part.body, Part.text)  # unreadable lines are another matter
    }
    plain = set()
    for path in sources:
        for number, line in enumerate(Path(path).read_bytes().split(b"\n"), 1):
            try:
                texts = list(_texts(json.loads(line)))
            except ValueError:
                continue
            if any(wanted in text.lower() for text in texts):
                plain.add((path, number))
    assert {(path, line) for path, line in mine if path in sources} == plain


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            with contextlib.suppress(ValueError):
                yield from _texts(json.loads(value))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


@pytest.mark.parametrize("format", sorted(path.name for path in samples_dir().iterdir()))
def test_no_text_of_a_file_is_missed(format: str) -> None:
    loaded = read(samples_dir() / format)
    whole = search(loaded, "x")
    searched = {loaded.reader.sources[number].path for number in whole.searched_sources}
    wanted = [(path, text) for path in sorted(searched) for text in _all_texts(Path(path))]
    assert wanted or format == "ddeutil-workflow"
    for path, text in wanted[:: 1 + len(wanted) // 60]:
        hits = search(loaded, Needle.text(text, ignores_case=False), names=False, keys=True).hits()
        assert path in {loaded.reader.sources[hit.source].path for hit in hits}, (path, text)


def _all_texts(path: Path) -> list[str]:
    """Texts of the JSON in a file, as a document or line by line, each once."""
    data = path.read_bytes()
    values = []
    for part in (data, *data.split(b"\n")):
        with contextlib.suppress(ValueError):
            values.append(json.loads(part))
            if part is data:
                break
    return sorted({text for value in values for text in _texts(value) if text.strip()})


# -- patterns ----------------------------------------------------------------------------------------------------------


def test_a_pattern_is_found(path: Path) -> None:
    (hit,) = found(path, Needle.pattern(r"n\w+dle\b.*hay"))
    assert (hit.match, hit.field) == ("needle in the hay", "input.query")


@settings(max_examples=15)
@given(st.from_regex(r"[ab][a-cX]{1,3}(foo|İ)?[ ]?(K|s)bar", fullmatch=True), st.booleans())
def test_a_pattern_finds_what_python_finds(text: str, case: bool) -> None:
    path = Path(tempfile.mkdtemp()) / "run.jsonl"
    path.write_bytes(written(lines({"input": text})))
    for pattern in ("aX+foo", "(?i)KBAR", "b(c|X)", "[ab]+sbar", "k?bar$", "^a.* s"):
        needle = Needle.pattern(pattern, case)
        match = re.search(pattern, text, re.IGNORECASE if needle.ignores_case else 0)
        hits = [hit.match for hit in found(path, needle) if hit.field == "input"]
        assert hits == ([match[0]] if match else []), pattern


def test_a_pattern_that_never_ends_is_stopped_and_named(path: Path) -> None:
    with path.open("ab") as file:
        file.write(written([record("event", 5, span=CALL, **{"class": "log"}, name="x", text="a" * 5_000)]))
    with pytest.raises(SlowPattern, match=r"line 6.*\(a\+\)\+"):
        found(path, Needle.pattern("(a+)+[!?]"))


def test_a_pattern_that_never_ends_can_be_cancelled(path: Path) -> None:
    with path.open("ab") as file:
        file.write(written([record("event", 5, span=CALL, **{"class": "log"}, name="x", text="a" * 5_000)]))
    asked = iter([False] * 20)
    looking = search(read(path), Needle.pattern("(a+)+[!?]"), is_cancelled=lambda: next(asked, True))
    assert list(looking.hits()) == []
    assert looking.was_cancelled


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_a_search_that_is_cancelled_ends(path: Path) -> None:
    looking = search(read(path), "needle", is_cancelled=lambda: True)
    assert list(looking.hits()) == []
    assert looking.was_cancelled


def test_a_line_of_100_megabytes_is_searched_in_little_memory(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"type": "event", "text": "' + b"hay " * 25_000_000 + b'n\\u0065edle"}\n')
    looking = search(read(path), "needle")
    tracemalloc.start()
    try:
        hits = list(looking.hits())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(hit.part, hit.line) for hit in hits] == [(Part.body, 3), (Part.unreadable, 6)]
    assert peak < 40_000_000


def test_a_line_of_20_megabytes_is_read_by_its_tokens(path: Path) -> None:
    start = {**record("event", 5, span=CALL, name="big"), "attributes": {"a": ["hay " * 5_000_000, {"b": "a Needle"}]}}
    with path.open("ab") as file:
        file.write(written([start]))
    hits = [hit for hit in found(path, "needle") if hit.line == 6]
    assert [(hit.field, hit.before, hit.match) for hit in hits] == [("attributes.a[1].b", "a ", "Needle")]


def test_a_hint_that_lies_on_the_edge_of_blocks_is_found(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    whole = written(lines())
    for edge in (262_144, 4 * 1024 * 1024):
        for shift in (-3, 0, 3):
            head = whole + b'{"type": "event", "seq": 9, "time": 1, "name": "x", "text": "'
            path.write_bytes(head + b"h" * (edge - len(head) + shift - 3) + b'needle"}\n')
            assert [hit.line for hit in found(path, "needle")] == [6]


def test_a_search_in_a_thread_lets_the_store_grow(path: Path) -> None:
    many = [record("event", seq, span=ROOT, name="x", text="hay needle") for seq in range(5, 3_000)]
    with path.open("ab") as file:
        file.write(written(many))
    loaded = read(path)
    hits: list[Hit] = []
    looking = Thread(target=lambda: hits.extend(search_made.hits()))
    search_made = search(loaded, "needle")
    looking.start()
    for number in range(200):
        loaded.store.apply(build_run("tool search 2..4", run=f"another {number}"))
    looking.join()
    assert len(hits) == 1 + len(many)


def test_runs_that_take_turns_in_a_file_get_their_own_hits(tmp_path: Path) -> None:
    path = tmp_path / "turns.jsonl"
    times = {"startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225601000000000"}
    spans = [
        {"traceId": f"{number % 3 + 1:032x}", "spanId": f"{number + 1:016x}", "name": f"needle {number}", **times}
        for number in range(30)
    ]
    path.write_bytes(written([{"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]} for span in spans]))
    loaded = read(path)
    hits = list(search(loaded, "needle", names=False).hits())
    assert [(hit.line, hit.after) for hit in hits] == [(number + 1, f" {number}") for number in range(30)]
    assert [loaded.store.runs[hit.run].id for hit in hits] == [span["traceId"] for span in spans]
    assert [span_name(loaded, hit) for hit in hits] == [span["name"] for span in spans]


def test_a_search_leaves_no_file_open(path: Path) -> None:
    loaded = read(path)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for wanted in (Needle.text("needle"), Needle.pattern("nee+dle")):
        next(search(loaded, wanted).hits())
    assert (len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0) == before

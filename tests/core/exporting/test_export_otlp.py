"""A run as OTLP: read back by our own reader its figures are the same; ids are OpenTelemetry's."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.core.exporting.exported import each_sample, read_back, recorded, samples, written
from tracetui.core.exporting import otlp
from tracetui.core.exporting.job import Job
from tracetui.core.model import Flag

SPAN_FACTS = ("id", "name", "kind", "status", "start_ns", "end_ns", "tokens", "cost_usd", "model", "error", "messages")
HEX = re.compile("[0-9a-f]+")


def has_spans(each: Job) -> bool:
    return each.run.span_count > 0


def spans_of(text: str) -> list[dict[str, Any]]:
    documents = [json.loads(text)] if "\n" in text.rstrip() or text.count("resourceSpans") == 1 else []
    return [
        span
        for document in documents
        for resource in document["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def has_times(each: Job) -> bool:
    """Whether each span of the run has a start: of others OTLP cannot say that they are over."""
    return has_spans(each) and not any(
        facts["recorded"] and facts["start_ns"] is None for facts in each.view.facts(full=False, events=False)
    )


@pytest.mark.parametrize("each", each_sample(where=has_times))
def test_spans_of_every_sample_read_back_with_equal_figures(each: Any, tmp_path: Path) -> None:
    again = read_back(each, "otlp", tmp_path)
    before = {facts["start_ns"]: facts for facts in each.view.facts(full=True, events=True) if facts["recorded"]}
    said, now = each.summaries.full(each.run), again.summaries.full(again.run)
    for name in ("spans", "spans_by_kind", "open_spans", "errors", "skipped", "models"):
        # Readers take what a call used from its end.
        assert now[name] == said[name] or (name == "models" and each.run.open_count), name
    if not each.run.costs:
        assert (now["tokens"], now["cost_usd"]) == (said["tokens"], said["cost_usd"])
    assert sorted(now["causes"]) == sorted(said["causes"])
    assert {facts["start_ns"] for facts in again.view.facts(full=False, events=False) if facts["recorded"]} == set(
        before
    )


@pytest.mark.parametrize("each", each_sample(where=lambda job: job.run.format == "otlp-json"))
def test_a_run_of_otlp_reads_back_as_it_was(each: Any, tmp_path: Path) -> None:
    again = read_back(each, "otlp", tmp_path)
    assert (again.run.id, again.run.name) == (each.run.id, each.run.name)
    before, after = (list(one.view.facts(full=True, events=True)) for one in (each, again))
    for one, other in zip(before, after, strict=True):
        assert {name: other[name] for name in SPAN_FACTS} == {name: one[name] for name in SPAN_FACTS}


@pytest.mark.parametrize("each", each_sample(where=has_spans))
def test_ids_are_those_of_opentelemetry_and_parents_are_there(each: Any) -> None:
    spans = spans_of(written(each, "otlp"))
    flags = each.store.spans.flags
    assert len({span["spanId"] for span in spans}) == len(spans) == each.run.span_count
    for span in spans:
        assert len(span["traceId"]) == 32
        assert len(span["spanId"]) == 16
        assert HEX.fullmatch(span["traceId"] + span["spanId"])
        assert set(span["traceId"]) != {"0"}
    named = {span["parentSpanId"] for span in spans if "parentSpanId" in span}
    orphaned = any(not flags[row] & (Flag.announced | Flag.invented) for row in each.store.rows_of_run(each.run.row))
    assert orphaned or named <= {span["spanId"] for span in spans}


def test_a_large_run_is_a_document_a_line_and_reads_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    each = max(samples(), key=lambda one: one.run.span_count)
    monkeypatch.setattr(otlp, "DOCUMENT_CHARACTERS", 20_000)
    monkeypatch.setattr(otlp, "LINE_CHARACTERS", 5_000)
    text = written(each, "otlp")
    lines = text.splitlines()
    assert len(lines) > 5
    assert all(json.loads(line)["resourceSpans"] for line in lines)
    again = read_back(each, "otlp", tmp_path)
    assert again.run.span_count == each.run.span_count
    assert again.summaries.full(again.run)["tokens"] == each.summaries.full(each.run)["tokens"]


def test_values_of_every_type_are_values_of_otlp() -> None:
    pairs = otlp.pairs({"a": None, "b": True, "c": 1 << 70, "d": float("nan"), "e": [1, {"f": "g"}], "h": -5, "i": 0.5})
    assert [pair["value"] for pair in pairs] == [
        {},
        {"boolValue": True},
        {"stringValue": str(1 << 70)},
        {"doubleValue": "NaN"},
        {
            "arrayValue": {
                "values": [
                    {"intValue": "1"},
                    {"kvlistValue": {"values": [{"key": "f", "value": {"stringValue": "g"}}]}},
                ]
            }
        },
        {"intValue": "-5"},
        {"doubleValue": 0.5},
    ]


def test_a_value_of_any_depth_is_written(tmp_path: Path) -> None:
    deep: Any = "end"
    for _ in range(300):
        deep = {"a": [deep]}
    job = recorded(tmp_path, {"attributes": {"deep": deep}})
    assert '\\"end\\"' in written(job, "otlp")

"""`tracetui stats`: the figures, in text and in JSON."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, recording
from tracetui.resources import samples_dir


def facts(run: Run, folder: Path, name: str) -> Any:
    return next(each for each in run("stats", folder, "--json").json["runs"] if each["name"] == name)


def test_the_figures_of_a_failed_run(run: Run, traces: Path) -> None:
    bad = facts(run, traces, "bad")
    assert bad["status"] == "error"
    assert bad["paths"] == [str(traces / "bad.jsonl")]
    assert (bad["start"], bad["end"]) == ("2026-01-01T00:01:00.000Z", "2026-01-01T00:01:05.000Z")
    assert (bad["duration_ms"], bad["duration_source"], bad["clock"]) == (5000.0, "derived", "utc")
    assert (bad["spans"], bad["open_spans"], bad["errors"]) == (3, 0, 2)
    assert bad["spans_by_kind"] == {"agent": 1, "llm": 1, "tool": 1}
    assert bad["events_by_type"] == {"header": 1, "run_end": 1, "span_end": 3, "span_start": 3}
    assert bad["events"] == 8
    assert (bad["failed"], bad["causes"]) == (["bad", "search"], ["search"])
    assert bad["tokens"] == {
        "input": 800,
        "output": 64,
        "total": 864,
        "cached": None,
        "cache_write": None,
        "reasoning": None,
    }
    assert (bad["cost_usd"], bad["cost_source"], bad["cost_computed_usd"]) == (0.25, "recorded", None)
    assert bad["models"] == ["small"]
    assert bad["slowest"] == {"name": "plan", "span_id": "cdcdcdcd00000002", "duration_ms": 2000.0}


def test_a_run_without_an_end_has_a_null_end_and_open_spans(run: Run, traces: Path) -> None:
    cut = facts(run, traces, "cut")
    assert (cut["status"], cut["end"], cut["open_spans"]) == ("unfinished", None, 1)
    assert (cut["duration_ms"], cut["duration_source"]) == (4000.0, "last_record")


def test_totals_are_sums_over_the_runs(run: Run, traces: Path) -> None:
    totals = run("stats", traces, "--json").json["totals"]
    assert totals["runs"] == 3
    assert totals["runs_by_status"] == {"error": 1, "ok": 1, "unfinished": 1}
    assert totals["spans"] == 9
    assert totals["tokens"]["total"] == 3 * 864
    assert totals["cost_usd"] == 0.75
    assert totals["causes"] == 1
    assert totals["partial"] == []


def test_totals_name_the_figures_that_a_run_lacks(run: Run, traces: Path) -> None:
    text = (traces / "good.jsonl").read_text().replace(', "cost_usd": 0.25', "")
    (traces / "good.jsonl").write_text(text)
    totals = run("stats", traces, "--json").json["totals"]
    assert totals["cost_usd"] == 0.5
    assert totals["partial"] == ["cost_usd"]


def test_a_figure_that_no_call_has_is_null_and_not_0(run: Run, traces: Path) -> None:
    text = recording().replace('"usage": {"input": 800, "output": 64}, "cost_usd": 0.25', '"note": 1')
    (traces / "plain.jsonl").write_text(text)
    plain = facts(run, traces, "agent")
    assert set(plain["tokens"].values()) == {None}
    assert (plain["cost_usd"], plain["cost_source"], plain["partial"]) == (None, "unknown", [])


def test_half_of_a_total_is_no_total(run: Run, traces: Path) -> None:
    (traces / "half.jsonl").write_text(recording().replace(', "output": 64', ""))
    tokens = facts(run, traces, "agent")["tokens"]
    assert (tokens["input"], tokens["output"], tokens["total"]) == (800, None, None)


def test_unreadable_bytes_are_listed_with_their_place(run: Run, traces: Path) -> None:
    path = traces / "good.jsonl"
    size = path.stat().st_size
    with path.open("a") as file:
        file.write("{broken\n")
    (bad,) = run("stats", path, "--json").json["unreadable"]
    assert (bad["path"], bad["line"], bad["offset"]) == (str(path), 9, size)
    assert bad["reason"]


def test_files_that_no_format_reads_are_listed_as_unrecognised(run: Run, traces: Path) -> None:
    (traces / "notes.txt").write_text("to do\n")
    (unknown,) = run("stats", traces, "--json").json["unrecognised"]
    assert unknown["path"] == str(traces / "notes.txt")


@pytest.mark.skipif(os.name != "posix", reason="names that are no UTF-8 are a thing of POSIX")
def test_a_path_that_is_no_utf_8_is_escaped_and_given_as_bytes(run: Run, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.jsonl"
    try:
        with open(path, "w") as file:  # noqa: PTH123 - a path that pathlib cannot hold
            file.write(recording())
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    (only,) = run("stats", tmp_path, "--json").json["runs"]
    assert only["paths"] == [f"{tmp_path}/caf\\xe9.jsonl"]
    assert [base64.b64decode(each) for each in only["path_bytes"]] == [path]


def test_the_text_holds_a_block_a_run_and_the_total(run: Run, traces: Path) -> None:
    answer = run("stats", traces)
    heads = [line for line in answer.lines if line and not line.startswith(" ")]
    assert heads == ["✗ bad", "◐ cut", "✓ good", "total of 3 runs"]
    assert "  tokens      864 total, 800 in, 64 out" in answer.lines
    assert "  failed      2 spans  1 cause: search" in answer.lines


def test_json_lines_hold_the_runs_of_the_document(run: Run) -> None:
    document = run("stats", samples_dir(), "--json", "--as-of", "2026-11-21").json
    lines = run("stats", samples_dir(), "--jsonl", "--as-of", "2026-11-21").lines
    assert [json.loads(line) for line in lines] == document["runs"]


def test_no_id_comes_twice(run: Run) -> None:
    ids = [each["id"] for each in run("stats", samples_dir(), "--json").json["runs"]]
    assert len(ids) == len(set(ids))

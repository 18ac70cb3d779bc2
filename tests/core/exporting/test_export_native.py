"""A run of any format, exported as JSON lines, is the same run when it is read again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.core.exporting.exported import each_sample, read_back, samples, written

NOT_KEPT = {"format", "paths", "path_bytes", "events", "events_by_type", "links", "id"}
"""Where it was and as what it was read; records are those of the export; other runs are not beside it."""


def spelt(value: Any) -> str:
    """A value as JSON, what JSON has no word for as the text that stands for it."""
    text = json.dumps(value, default=str, sort_keys=True)
    return re.sub(r"(?<=[ \[])(-?Infinity|NaN)(?=[,\]}])", r'"\1"', text)


def without_steps_back(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts without one note: files that were written at the same time go back in time when they are one."""
    notes = [note for note in facts["notes"] if not note.startswith("times that go back")]
    return facts | {"notes": notes, "repairs": [each for each in facts["repairs"] if each["what"] != "backwards"]}


@pytest.mark.parametrize("job", each_sample())
def test_facts_spans_and_events_of_every_sample_read_back_equal(job: Any, tmp_path: Path) -> None:
    again = read_back(job, "jsonl", tmp_path)
    said, now = (without_steps_back(each.summaries.full(each.run)) for each in (job, again))
    assert {name: now[name] for name in said if name not in NOT_KEPT} == {
        name: value for name, value in said.items() if name not in NOT_KEPT
    }
    spans = again.view.facts(full=True, events=True)
    for before, after in zip(job.view.facts(full=True, events=True), spans, strict=True):
        assert spelt(after) == spelt(before)
    assert again.view.run_events(full=True) == job.view.run_events(full=True)


@pytest.mark.parametrize("job", each_sample())
def test_an_export_of_an_export_is_the_same_file(job: Any, tmp_path: Path) -> None:
    once = written(job, "jsonl")
    again = read_back(job, "jsonl", tmp_path)
    twice = written(again, "jsonl")

    def comparable(text: str) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in text.splitlines()]
        records[0]["exported"] |= {"format": "", "repairs": []}
        return records

    assert comparable(twice) == comparable(once)


def test_records_are_numbered_and_begin_with_what_readers_look_for() -> None:
    for job in samples()[::6]:
        lines = written(job, "jsonl").splitlines()
        assert lines[0].startswith('{"tracetui":1,"type":"header","seq":0,')
        assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))


def test_links_to_other_runs_are_kept() -> None:
    linked = [job for job in samples() if job.run.links]
    assert linked
    for job in linked:
        header = json.loads(written(job, "jsonl").splitlines()[0])
        assert [(link["kind"], link["run"]) for link in header["exported"]["links"]] == [
            (link.kind, link.other) for link in job.run.links
        ]

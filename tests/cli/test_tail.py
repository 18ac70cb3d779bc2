"""`tracetui tail`: the newest records, and following."""

import json
import os
import signal
from pathlib import Path

from tests.cli.conftest import Run, recording, start


def test_the_newest_records_of_all_runs_come_last(run: Run, traces: Path) -> None:
    lines = run("tail", traces, "-n", "3").lines
    assert [line.split() for line in lines] == [
        ["00:01:04.000", "bad", "search", "span_end", "error", "1.0s", "no", "answer", "after", "30", "s"],
        ["00:01:05.000", "bad", "bad", "span_end", "error", "5.0s"],
        ["00:01:05.000", "bad", "run_end"],
    ]


def test_records_of_several_runs_are_merged_by_time(run: Run, traces: Path) -> None:
    (traces / "beside.jsonl").write_text(recording(run="99" * 16, name="beside", start=60.5))
    names = [each["run_name"] for each in run("tail", traces, "-n", "6", "--json").json["records"]]
    assert names == ["bad", "beside", "bad", "bad", "beside", "beside"]


def test_n_0_prints_nothing(run: Run, traces: Path) -> None:
    answer = run("tail", traces, "-n", "0")
    assert (answer.code, answer.out) == (0, "")


def test_more_than_there_is_prints_all(run: Run, traces: Path) -> None:
    assert len(run("tail", traces, "-n", "1000").lines) == 8 + 8 + 6


def test_json_lines_hold_the_records_of_the_document(run: Run, traces: Path) -> None:
    document = run("tail", traces, "--json").json
    assert [json.loads(line) for line in run("tail", traces, "--jsonl").lines] == document["records"]


def test_one_document_cannot_be_followed(run: Run, traces: Path) -> None:
    answer = run("tail", traces, "-f", "--json")
    assert answer.code == 2
    assert "--jsonl" in answer.err


def test_following_prints_what_is_added_and_new_runs_and_ends_with_130(traces: Path) -> None:
    tail = start("tail", traces, "-f", "-n", "1")
    assert tail.stdout is not None
    try:
        assert b"run_end" in tail.stdout.readline()
        later = recording(run="12" * 16, name="later", start=100).splitlines(keepends=True)
        path = traces / "later.jsonl"
        path.write_text(later[0])
        assert b"header" in tail.stdout.readline()
        with path.open("a") as file:
            file.write(later[1])
        line = tail.stdout.readline()
        assert b"later" in line
        assert b"span_start" in line
        os.kill(tail.pid, signal.SIGINT)
        assert tail.wait(timeout=10) == 130
        assert tail.stderr is not None
        assert tail.stderr.read() == b""
    finally:
        tail.kill()
        tail.communicate()

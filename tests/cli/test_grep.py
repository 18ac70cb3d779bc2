"""`tracetui grep`: what is printed, its forms, its ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PAYLOADS, Run, recording, start


def test_a_hit_stands_below_its_run_with_line_span_and_field(run: Run, traces: Path) -> None:
    answer = run("grep", "no answer", traces)
    assert answer.code == 0
    assert answer.lines == [
        f"bad  {'cd' * 16}  {traces}/bad.jsonl",
        "     6  bad > search  error.message: no answer after 30 s",
    ]


def test_names_are_told_once_a_span_the_newest_run_first(run: Run, traces: Path) -> None:
    lines = [line for line in run("grep", "plan", traces).lines if line.startswith(" ")]
    assert lines == [f"     3  {name} > plan  name: plan" for name in ("bad", "cut", "good")]


def test_nothing_found_is_status_1_and_silence(run: Run, traces: Path) -> None:
    answer = run("grep", "nowhere to be seen", traces)
    assert (answer.code, answer.out, answer.err) == (1, "", "")


def test_a_folder_without_runs_is_status_3(run: Run, tmp_path: Path) -> None:
    assert run("grep", "x", tmp_path).code == 3


def test_a_pattern_that_cannot_be_read_is_wrong_usage_and_says_where(run: Run, traces: Path) -> None:
    answer = run("grep", "-E", "ab(", traces)
    assert answer.code == 2
    assert "at character 3" in answer.err


def test_without_e_nothing_is_special(run: Run, traces: Path) -> None:
    assert run("grep", "no.answer", traces).code == 1
    assert run("grep", "-E", "no.answer", traces).code == 0


def test_case_is_smart_until_it_is_said(run: Run, traces: Path) -> None:
    assert [
        run("grep", *arguments, traces).code
        for arguments in (["timeouterror"], ["TIMEOUTERROR"], ["-i", "TIMEOUTERROR"], ["-s", "timeouterror"])
    ] == [0, 1, 0, 1]


def test_only_names_leaves_bodies_out(run: Run, traces: Path) -> None:
    assert run("grep", "--names", "no answer", traces).code == 1
    assert run("grep", "--names", "search", traces).code == 0


def test_keys_are_searched_when_asked_for(run: Run, traces: Path) -> None:
    assert run("grep", "cost_usd", traces).code == 1
    assert "key cost_usd" in run("grep", "--keys", "cost_usd", traces).out


def test_it_stops_after_as_many_hits_as_asked_for(run: Run, traces: Path) -> None:
    answer = run("grep", "-m", "2", "plan", traces, "--json")
    assert (len(answer.json["hits"]), answer.json["stopped"]) == (2, True)
    assert run("grep", "no answer", traces, "--json").json["stopped"] is False


def test_the_context_is_as_long_as_asked_for(run: Run, traces: Path) -> None:
    assert "error.message: …o answer a…" in run("grep", "-C", "2", "answer", traces).out.replace("~", "…")


def test_only_one_run_is_searched(run: Run, traces: Path) -> None:
    hits = run("grep", "plan", traces, "--run", "good", "--json").json["hits"]
    assert [hit["run_name"] for hit in hits] == ["good"]
    assert run("grep", "plan", traces, "--run", "nobody").code == 2


def test_paths_may_be_named_as_for_view(run: Run, traces: Path) -> None:
    assert run("grep", "no answer", "--in", traces / "bad.jsonl").code == 0


def test_json_says_all_of_a_hit(run: Run, traces: Path) -> None:
    answer = run("grep", "no answer", traces, "--json").json
    assert (answer["schema"], answer["pattern"], answer["ignore_case"]) == ("tracetui.grep/1", "no answer", True)
    (hit,) = answer["hits"]
    assert hit == {
        "run": "cd" * 16,
        "run_name": "bad",
        "span": "search",
        "span_id": "cdcdcdcd00000003",
        "span_path": ["bad", "search"],
        "kind": "tool",
        "type": "span_end",
        "part": "body",
        "field": "error.message",
        "before": "",
        "match": "no answer",
        "after": " after 30 s",
        "cut_before": False,
        "cut_after": False,
        "path": f"{traces}/bad.jsonl",
        "line": 6,
        "offset": hit["offset"],
    }


def test_json_lines_hold_the_hits_of_the_document(run: Run, traces: Path) -> None:
    document = run("grep", "s", traces, "--json").json
    assert [json.loads(line) for line in run("grep", "s", traces, "--jsonl").lines] == document["hits"]


def test_the_first_hit_is_printed_while_the_search_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(recording(run="12" * 16, name="first", start=100, failed=True))
    endless = {"type": "event", "seq": 9, "time": 1, "class": "log", "name": "x", "text": "a" * 5_000}
    (tmp_path / "b.jsonl").write_text(recording(run="ef" * 16, name="later") + json.dumps(endless) + "\n")
    process = start("grep", "-E", "no answer|(a+)+[!?]", str(tmp_path))
    try:
        assert process.stdout is not None
        assert b"first" in process.stdout.readline()
        assert b"no answer" in process.stdout.readline()
        assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=10) == 130
    finally:
        process.kill()
        process.communicate()


def test_a_pattern_that_never_ends_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(
        recording(run="12" * 16) + json.dumps({"type": "event", "seq": 9, "time": 1, "text": "a" * 5_000}) + "\n"
    )
    answer = run("grep", "-E", "(a+)+[!?]", path)
    assert answer.code == 2
    assert "line 9" in answer.err
    document = run("grep", "-E", "(a+)+[!?]", path, "--json")
    assert (document.code, document.json["stopped"]) == (2, True)


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_what_is_found_controls_no_terminal(payload: str, run: Run, tmp_path: Path) -> None:
    event = {"type": "event", "seq": 9, "time": 1, "name": payload, "text": f"{payload}needle{payload}"}
    (tmp_path / "run.jsonl").write_text(recording() + json.dumps(event) + "\n")
    answer = run("grep", "needle", tmp_path)
    assert answer.code == 0
    assert all(char.isprintable() or char == "\n" for char in answer.out)
    (hit,) = run("grep", "needle", tmp_path, "--json").json["hits"]
    assert hit["before"] + hit["match"] + hit["after"] == event["text"]


def test_standard_input_is_searched(traces: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracetui", "grep", "no answer", "-"],
        input=(traces / "bad.jsonl").read_bytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"standard input" in done.stdout

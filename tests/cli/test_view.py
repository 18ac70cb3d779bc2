"""`tracetui view`: which run a word means, and the tree as text and as JSON."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run, recording
from tracetui.core.text import cell_width
from tracetui.resources import samples_dir


@pytest.mark.parametrize(
    ("word", "name"),
    [("latest", "bad"), ("failed", "bad"), ("ab" * 16, "good"), ("aba", "good"), ("abc", "cut"), ("cut", "cut")],
)
def test_a_word_means_a_run(word: str, name: str, run: Run, traces: Path) -> None:
    assert run("view", word, "--in", traces, "--json").json["run"]["name"] == name


def test_a_path_means_its_run(run: Run, traces: Path) -> None:
    assert run("view", traces / "good.jsonl", "--json").json["run"]["name"] == "good"


def test_a_path_comes_before_a_name(run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(traces)
    (traces / "bad").write_text(recording(name="by path"))
    assert run("view", "bad", "--in", ".", "--json").json["run"]["name"] == "by path"


def test_a_name_means_its_newest_run(run: Run, traces: Path) -> None:
    (traces / "again.jsonl").write_text(recording(run="ee" * 16, name="good", start=5))
    assert run("view", "good", "--in", traces, "--json").json["run"]["id"] == "ee" * 16


def test_the_other_runs_of_a_name_are_told_on_standard_error(run: Run, traces: Path) -> None:
    (traces / "again.jsonl").write_text(recording(run="ee" * 16, name="good", start=5))
    answer = run("view", "good", "--in", traces)
    assert answer.err == f"2 runs are named 'good'; the newest is shown: {'ee' * 16}, {'ab' * 16}\n"
    assert "ee" * 16 in answer.out


def test_an_id_is_told_of_no_other_run_of_its_name(run: Run, traces: Path) -> None:
    (traces / "again.jsonl").write_text(recording(run="ee" * 16, name="good", start=5))
    assert run("view", "eeee", "--in", traces).err == ""


@pytest.mark.parametrize("swapped", [False, True])
def test_a_second_argument_is_wrong_usage_that_names_in(swapped: bool, run: Run, traces: Path) -> None:
    arguments: list[str | Path] = ["failed", traces]
    answer = run("view", *(reversed(arguments) if swapped else arguments))
    assert (answer.code, answer.out) == (2, "")
    assert f"'failed' --in '{traces}'" in answer.err


def test_a_name_that_is_the_beginning_of_several_ids_is_still_a_name(run: Run, traces: Path) -> None:
    (traces / "short.jsonl").write_text(recording(run="99" * 16, name="ab"))
    assert run("view", "ab", "--in", traces, "--json").json["run"]["id"] == "99" * 16


def test_the_beginning_of_several_ids_is_wrong_usage_with_the_candidates(run: Run, traces: Path) -> None:
    answer = run("view", "ab", "--in", traces)
    assert (answer.code, answer.out) == (2, "")
    assert "ab" * 16 in answer.err
    assert "abcd" * 8 in answer.err


def test_a_folder_of_several_runs_is_wrong_usage_with_the_candidates(run: Run, traces: Path) -> None:
    answer = run("view", traces)
    assert answer.code == 2
    assert answer.err.count("\n  ") == 3


def test_an_unknown_run_is_wrong_usage(run: Run, traces: Path) -> None:
    answer = run("view", "nobody", "--in", traces)
    assert (answer.code, answer.out) == (2, "")
    assert "nobody" in answer.err


def test_no_run_at_all_is_nothing_readable(run: Run, tmp_path: Path) -> None:
    assert run("view", "latest", "--in", tmp_path).code == 3


def test_in_can_be_repeated(run: Run, traces: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "far.jsonl").write_text(recording(run="77" * 16, name="far"))
    assert run("view", "far", "--in", traces, "--in", other).code == 0


def test_the_tree_shows_status_kind_name_times_and_the_error_below(run: Run, traces: Path) -> None:
    lines = run("view", "bad", "--in", traces).lines
    assert lines[0] == "✗ error  bad  5.0s  3 spans  1 cause"
    rows = [" ".join(line.split()) for line in lines[4:]]
    assert rows == [
        "span start time tokens cost",
        "✗ ◆ agent bad 0 5.0s",
        "◇ llm plan small +1.0s 2.0s 864 $0.25",
        "✗ ■ tool search +3.0s 1.0s",
        "TimeoutError: no answer after 30 s",
    ]


def test_a_run_that_is_fine_says_so_once(run: Run, traces: Path) -> None:
    lines = run("view", "good", "--in", traces).lines
    assert lines[0].startswith("✓ ok  good")
    assert lines[1].split()[0] == "ab" * 16


def test_children_are_indented_below_their_parent(run: Run, traces: Path) -> None:
    lines = run("view", "good", "--in", traces).lines
    starts = [line.index(word) for word in ("agent", "llm", "tool") for line in lines if f" {word} " in line]
    assert [start - starts[0] for start in starts] == [0, 2, 2]


def test_depth_leaves_deeper_spans_out_and_says_what_they_come_to(run: Run, traces: Path) -> None:
    lines = run("view", "bad", "--in", traces, "--depth", "1").lines
    assert not [line for line in lines if "search" in line]
    assert any("bad  +2 ✗1" in line for line in lines)


def test_events_are_shown_when_asked_for(run: Run) -> None:
    arguments = ("view", "research_agent", "--in", samples_dir())
    assert len(run(*arguments, "--events").lines) > len(run(*arguments).lines)


def test_full_shows_what_was_recorded(run: Run, traces: Path) -> None:
    text = recording(name="io").replace('"status": "ok"', '"status": "ok", "output": {"answer": [1, 2]}')
    (traces / "io.jsonl").write_text(text)
    assert '"answer": [' in run("view", "io", "--in", traces, "--full").out


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_rows_of_spans_fit_the_terminal(columns: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("view", "research_agent", "--in", samples_dir()).lines
    rows = [line for line in lines if re.search(r"[◆◇■›·] (agent|llm|tool|step|span) ", line)]
    assert len(rows) > 100
    assert max(map(cell_width, rows)) <= columns


def test_json_holds_the_spans_in_tree_order_with_their_parents(run: Run, traces: Path) -> None:
    spans = run("view", "bad", "--in", traces, "--json").json["spans"]
    first = spans[0]["id"]
    assert [(span["name"], span["parent"], span["depth"]) for span in spans] == [
        ("bad", None, 0),
        ("plan", first, 1),
        ("search", first, 1),
    ]
    assert spans[2]["error"] == {"type": "TimeoutError", "message": "no answer after 30 s", "traceback": ""}
    assert spans[1]["tokens"]["input"] == 800


def test_json_lines_hold_the_spans_of_the_document(run: Run, traces: Path) -> None:
    lines = run("view", "bad", "--in", traces, "--jsonl", "--full", "--events").lines
    document = run("view", "bad", "--in", traces, "--json", "--full", "--events").json
    assert [json.loads(line) for line in lines] == document["spans"]


def test_a_tree_of_any_depth_is_printed(run: Run, tmp_path: Path) -> None:
    begun = 1_767_225_600_000_000_000
    records = [{"tracetui": 1, "type": "header", "seq": 0, "run": "de" * 16, "name": "deep", "time": begun, "mono": 1}]
    for number in range(1, 3001):
        parent = {"parent": f"{number - 1:016x}"} if number > 1 else {}
        record = {"type": "span_start", "seq": number, "time": begun + number, "span": f"{number:016x}"} | parent
        records.append(record | {"name": f"n{number}", "kind": "step"})
    (tmp_path / "deep.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    lines = run("view", "latest", "--in", tmp_path).lines
    assert len(lines) > 3000
    assert max(map(cell_width, lines)) <= 80
    assert any(line.split()[:4] == ["●", "2999", "›", "step"] for line in lines)


def test_a_run_without_spans_says_how_its_events_are_seen(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"type": "exec", "exit_code": 1}\n' * 3)
    assert "no spans; 3 events: --events" in run("view", tmp_path / "x.jsonl").out
    assert "no spans" not in run("view", tmp_path / "x.jsonl", "--events").out

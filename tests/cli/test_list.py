"""`tracetui list`, and what `tracetui PATH` prints without a terminal."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, recording
from tracetui.core.text import cell_width
from tracetui.resources import samples_dir


def names(answer_lines: list[str], known: tuple[str, ...] = ("good", "bad", "cut")) -> list[str]:
    return [word for line in answer_lines for word in line.split() if word in known]


def test_runs_are_listed_newest_first(run: Run, traces: Path) -> None:
    assert names(run("list", traces).lines) == ["bad", "cut", "good"]


def test_a_path_without_a_command_prints_the_list_where_there_is_no_terminal(run: Run, traces: Path) -> None:
    assert run(traces).out == run("list", traces).out


def test_a_row_says_status_causes_time_and_cost(run: Run, traces: Path) -> None:
    row = next(line for line in run("list", traces, "--as-of", "2026-01-02").lines if " bad " in line)
    assert row.split() == ["✗", "error", "cdcd", "bad", "Jan", "1", "✗1", "5.0s", "$0.25"]


@pytest.mark.parametrize("columns", [34, 60, 80, 100, 120, 200])
def test_the_table_fits_the_terminal(columns: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    answer = run("list", samples_dir())
    assert max(map(cell_width, answer.lines)) <= columns


def test_wider_terminals_show_more_columns(run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headings = []
    for columns in (50, 80, 100, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        headings.append(run("list", traces).lines[0].split())
    assert headings == [
        ["name", "start", "fail", "time"],
        ["status", "id", "name", "start", "fail", "time", "cost"],
        ["status", "id", "name", "start", "fail", "time", "spans", "tokens", "cost"],
        ["status", "id", "name", "start", "fail", "time", "spans", "tokens", "cost", "format"],
    ]


def test_ids_are_cut_to_what_tells_them_apart(run: Run, traces: Path) -> None:
    assert [line.split()[2] for line in run("list", traces).lines[1:]] == ["cdcd", "abcd", "abab"]


def test_ids_that_are_alike_for_long_are_shown_as_far_as_view_needs_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    for number in range(3):
        (tmp_path / f"{number}.jsonl").write_text(recording(run=f"step_09_nightly_20261120_21293{number}"))
    for row in run("list", tmp_path).lines[1:]:
        assert run("view", row.split()[2], "--in", tmp_path).code == 0


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("start", ["good", "cut", "bad"]),
        ("-start", ["bad", "cut", "good"]),
        ("name", ["bad", "cut", "good"]),
        ("-duration", ["bad", "good", "cut"]),
        ("errors", ["cut", "good", "bad"]),
        ("status", ["bad", "good", "cut"]),
    ],
)
def test_runs_are_sorted_by_a_column(sort: str, expected: list[str], run: Run, traces: Path) -> None:
    assert names(run("list", traces, "--sort", sort).lines) == expected


def test_limit_and_offset_choose_a_part(run: Run, traces: Path) -> None:
    answer = run("list", traces, "--offset", "1", "--limit", "1", "--json")
    assert [each["name"] for each in answer.json["runs"]] == ["cut"]
    assert answer.json["runs_matching"] == 3


def test_since_and_until_choose_by_start(run: Run, traces: Path) -> None:
    early, late = "2026-01-01T00:00:20Z", "2026-01-01T00:00:50Z"
    assert names(run("list", traces, "--since", early, "--until", late).lines) == ["cut"]


def test_since_takes_a_duration_before_the_clock_of_the_answer(run: Run, traces: Path) -> None:
    as_of = "2026-01-01T00:01:30Z"
    assert names(run("list", traces, "--since", "40s", "--as-of", as_of).lines) == ["bad"]


def test_no_match_among_runs_is_no_failure(run: Run, traces: Path) -> None:
    answer = run("list", traces, "--since", "2030-01-01")
    assert (answer.code, answer.out) == (0, "")


def test_times_without_a_zone_are_in_the_zone_of_tz(run: Run, traces: Path) -> None:
    chosen = run("list", traces, "--until", "2026-01-01T02:00:20", "--tz", "+02:00")
    assert names(chosen.lines) == ["good"]


def test_json_lines_hold_the_runs_of_the_document(run: Run, traces: Path) -> None:
    document = run("list", traces, "--json", "--as-of", "2026-01-02").json
    lines = run("list", traces, "--jsonl", "--as-of", "2026-01-02").lines
    assert [json.loads(line) for line in lines] == document["runs"]


def test_one_id_in_two_formats_is_told_apart(run: Run, tmp_path: Path) -> None:
    twin = "5e" * 16
    (tmp_path / "native.jsonl").write_text(recording(run=twin))
    span = {
        "traceId": twin,
        "spanId": "5e" * 8,
        "name": "root",
        "startTimeUnixNano": "1767225600000000000",
        "endTimeUnixNano": "1767225601000000000",
    }
    otlp = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [span]}]}]}
    (tmp_path / "otlp.jsonl").write_text(json.dumps(otlp) + "\n")
    runs = run("list", tmp_path, "--json").json["runs"]
    assert sorted(each["id"] for each in runs) == [f"{twin}@{each}" for each in sorted(e["format"] for e in runs)]


def test_unreadable_records_are_told_on_standard_error(run: Run, traces: Path) -> None:
    with (traces / "good.jsonl").open("a") as file:
        file.write("{broken\n")
    answer = run("list", traces)
    assert answer.code == 0
    assert "1 record could not be read" in answer.err
    assert "could not be read" not in answer.out


@pytest.mark.parametrize(("files", "is_told"), [(1, True), (19, True), (20, False)])
def test_a_few_unrecognised_files_of_a_path_are_told(files: int, is_told: bool, run: Run, traces: Path) -> None:
    for number in range(files):
        (traces / f"{number}.py").write_text("import this\n")
    assert ("not recognised" in run("list", traces).err) is is_told


def test_unrecognised_files_of_a_path_without_a_run_are_told_however_many(run: Run, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.py").write_text("import this\n")
    assert "30 files not recognised" in run("list", tmp_path).err


def test_unrecognised_files_of_the_default_folder_are_not_told(
    run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (traces / "agent.py").write_text("import this\n")
    monkeypatch.chdir(traces)
    assert run("list").err == ""


def test_a_missing_path_beside_a_good_one_is_told_and_does_not_hide_it(run: Run, traces: Path) -> None:
    answer = run("list", traces, traces / "none")
    assert answer.code == 0
    assert names(answer.lines) == ["bad", "cut", "good"]
    assert "no such file or folder" in answer.err

"""`tracetui clean`: it says what goes and what stays, and deletes only when told to. What may go is tested with the library."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import PAYLOADS, Run, recording
from tests.cli.test_schemas import closed, schema
from tracetui.core.recording import cleaning
from tracetui.core.testing import EPOCH, SECOND

OLD = (EPOCH + 60 * SECOND) // SECOND


@pytest.fixture
def old(traces: Path) -> Path:
    """A folder with three runs of native recordings, of which nothing was heard for long."""
    for path in traces.iterdir():
        os.utime(path, (OLD, OLD))
    return traces


def test_what_would_be_deleted_is_listed_with_its_files_and_stays(
    run: Run, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(old.parent)
    answer = run("clean")
    assert answer.code == 0
    files = {line.strip() for line in answer.lines if line.startswith("    ")}
    assert files == {"traces/good.jsonl", "traces/cut.jsonl", "traces/bad.jsonl"}
    assert "nothing was deleted yet, --yes deletes them" in answer.lines[-1]
    assert len(list(old.iterdir())) == 3


def test_yes_deletes(run: Run, old: Path) -> None:
    answer = run("clean", old, "--yes")
    assert answer.lines[-1].startswith("deleted 3 runs in 3 files, ")
    assert list(old.iterdir()) == []


def test_what_stays_is_counted_by_reason_and_named_when_asked(run: Run, old: Path) -> None:
    (old / "other.jsonl").write_text('{"event": "x"}\n{"event": "y"}\n')
    (old / "new.jsonl").write_text(recording(run="ee" * 16, name="new"))
    answer = run("clean", old)
    assert "2 runs stay:" in answer.lines
    assert "      1  not old enough" in answer.lines
    assert "      1  of a format that was not asked for" in answer.lines
    answer = run("clean", old, "-v")
    named = answer.lines[answer.lines.index("") + 1 :]
    assert "new" in named[0] + named[2]
    assert {"    stays: it is not old enough", "    stays: its format, json-lines, was not asked for"} <= set(named)


def test_other_formats_are_deleted_by_name_and_only_where_a_path_says_so(
    run: Run, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = old / "other.jsonl"
    lines.write_text('{"event": "x"}\n{"event": "y"}\n')
    os.utime(lines, (OLD, OLD))
    monkeypatch.chdir(old)
    answer = run("clean", "--format", "json-lines", "--yes")
    assert (answer.code, lines.exists()) == (2, True)
    assert run("clean", "--format", "json-lines", ".", "--yes").lines[-1].startswith("deleted 1 run in 1 file, ")
    assert not lines.exists()
    assert (old / "good.jsonl").exists()


def test_the_json_of_both_is_what_the_schema_says(run: Run, old: Path) -> None:
    (old / "new.jsonl").write_text(recording(run="ee" * 16, name="new"))
    for arguments, is_dry in (((), True), (("--yes",), False)):
        answer = run("clean", old, "--json", *arguments).json
        jsonschema.validate(answer, closed(schema("clean")))
        assert (answer["dry_run"], len(answer["runs"]), answer["kept_by_reason"]) == (is_dry, 3, {"age": 1})
        assert answer["bytes"] > 0
        assert answer["files"] == 3
    assert schema("clean")["$defs"]["kept"]["properties"]["why"]["enum"] == list(cleaning.WHYS)


def test_a_missing_path_is_nothing_readable_and_an_empty_folder_is_fine(run: Run, tmp_path: Path) -> None:
    answer = run("clean", tmp_path / "none", "--json")
    assert (answer.code, answer.json["runs"]) == (3, [])
    jsonschema.validate(answer.json, closed(schema("clean")))
    answer = run("clean", tmp_path, "--yes")
    assert (answer.code, answer.out) == (0, "nothing was deleted\n")


@pytest.mark.parametrize(
    "arguments", [["--older-than", "soon"], ["--older-than", "7"], ["-"], ["--format", "none", "."]], ids=" ".join
)
def test_what_makes_no_sense_deletes_nothing(arguments: list[str], run: Run, old: Path) -> None:
    answer = run("clean", old, "--yes", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err
    assert len(list(old.iterdir())) == 3


def test_a_run_that_grows_between_the_listing_and_the_deleting_stays(
    run: Run, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = cleaning.Plan.carry_out

    def grow(self: cleaning.Plan, *, dry_run: bool) -> cleaning.CleanResult:
        with (old / "cut.jsonl").open("a") as file:
            file.write("\n")
        os.utime(old / "cut.jsonl", (OLD, OLD))
        return plain(self, dry_run=dry_run)

    monkeypatch.setattr(cleaning.Plan, "carry_out", grow)
    answer = run("clean", old, "--yes", "--json").json
    assert [(kept["name"], kept["why"]) for kept in answer["kept"]] == [("cut", "changed")]
    assert [path.name for path in old.iterdir()] == ["cut.jsonl"]


def test_names_of_runs_and_files_control_no_terminal(run: Run, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in recording().splitlines()]
    lines[0]["name"] = lines[1]["name"] = "".join(PAYLOADS)
    path = tmp_path / "a\x1b]0;x\x07b\u202e.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(path, (OLD, OLD))
    for arguments in ((), ("-v",), ("--older-than", "90000w"), ("-v", "--older-than", "10000w"), ("--json",)):
        answer = run("clean", tmp_path, *arguments)
        assert not [char for char in answer.out + answer.err if not char.isprintable() and char != "\n"]

"""`tracetui formats`: what is read, and why."""

import json
from pathlib import Path

from tests.cli.conftest import Run
from tracetui.core.formats import FORMATS
from tracetui.resources import samples_dir


def test_every_format_is_listed(run: Run) -> None:
    assert [line.split()[0] for line in run("formats").lines] == [each.name for each in FORMATS]


def test_a_file_is_explained(run: Run, traces: Path) -> None:
    (line,) = [line for line in run("formats", "--explain", traces / "good.jsonl").lines if line.startswith("  ")]
    assert line.startswith("  tracetui: ")


def test_every_file_of_a_folder_is_explained(run: Run) -> None:
    files = run("formats", "--explain", samples_dir(), "--json").json["files"]
    explained = [Path(each["path"]) for each in files]
    assert sorted(explained) == sorted(path for path in samples_dir().rglob("*") if path.is_file())
    for each in files:
        folder = Path(each["path"]).relative_to(samples_dir()).parts[0]
        assert each["format"] in (folder, None)


def test_a_file_that_no_format_reads_says_why(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("to do\n")
    answer = run("formats", "--explain", tmp_path / "notes.txt")
    assert answer.code == 3
    assert "not recognised: " in answer.out


def test_json_lines_hold_the_files_of_the_document(run: Run, traces: Path) -> None:
    document = run("formats", "--explain", traces, "--json").json
    assert [json.loads(line) for line in run("formats", "--explain", traces, "--jsonl").lines] == document["files"]


def test_a_file_without_explain_is_wrong_usage(run: Run, traces: Path) -> None:
    assert run("formats", traces).code == 2

"""`tracetui export`: where it writes, what it says, what it refuses. What the outputs hold: tests/core/exporting."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Run, recording
from tests.cli.test_schemas import closed, schema
from tests.hostile.payloads import PAYLOADS, controls
from tests.hostile.recordings import Fields, write_recordings
from tests.hostile.terminal import Terminal
from tracetui.cli.export import OUTPUTS
from tracetui.core.exporting import EXPORTERS
from tracetui.resources import samples_dir

SECRET = "sk-" + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0fD" * 2  # the shape of a key, and none


def test_the_outputs_of_the_option_are_those_of_the_core() -> None:
    assert list(OUTPUTS) == [each.name for each in EXPORTERS]


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_export_goes_to_standard_output_where_that_is_no_terminal(output: str, run: Run, traces: Path) -> None:
    answer = run("export", "bad", "--in", traces, "--to", output)
    assert (answer.code, answer.err) == (0, "")
    assert "search" in answer.out


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_export_goes_to_a_file(output: str, run: Run, traces: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.file"
    answer = run("export", "bad", "--in", traces, "--to", output, "-o", path)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith(f"wrote '{path}': ")
    assert "3 spans, no secrets found" in answer.err
    assert path.stat().st_mode & 0o777 == 0o600
    if output in ("jsonl", "csv", "otlp"):  # the others say when they were made
        assert path.read_bytes().decode() == run("export", "bad", "--in", traces, "--to", output).out


def test_a_folder_gets_a_file_of_the_runs_name(run: Run, traces: Path, tmp_path: Path) -> None:
    assert run("export", "good", "--in", traces, "--to", "csv", "-o", tmp_path).code == 0
    assert (tmp_path / "good-abababab.csv").is_file()


def test_on_a_terminal_it_goes_to_a_file_in_the_current_folder(traces: Path, tmp_path: Path) -> None:
    with Terminal(["export", "bad", "--in", str(traces), "--to", "html"], (80, 24), tmp_path) as terminal:
        assert terminal.ended() == 0
        assert b"wrote 'bad-cdcdcdcd.html'" in terminal.written
    assert (tmp_path / "bad-cdcdcdcd.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("output", ["csv", *(pytest.param(name, marks=pytest.mark.long) for name in ("md", "jsonl"))])
def test_a_terminal_that_is_asked_for_gets_no_control_character(output: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(recording(run="ab" * 16, name="".join(PAYLOADS.values()).replace("\0", "")))
    with Terminal(["export", str(path), "--to", output, "-o", "-"], (80, 24), tmp_path) as terminal:
        assert terminal.ended() == 0
        assert terminal.written.count(b"\n") > 3
        assert controls(terminal.written.decode(), "\r\n") == []


def test_a_file_that_is_there_is_kept_without_force(run: Run, traces: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    refused = run("export", "bad", "--in", traces, "--to", "csv", "-o", path)
    assert (refused.code, path.read_text()) == (2, "mine")
    assert "is there already" in refused.err
    assert run("export", "bad", "--in", traces, "--to", "csv", "-o", path, "--force").code == 0
    assert path.read_text().startswith("run,run_name")


def test_secrets_are_taken_out_counted_and_left_in_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text(recording(run="ab" * 16, name=f"uses {SECRET}"))
    without = run("export", tmp_path / "run.jsonl", "--to", "json")
    assert SECRET not in without.out + without.err
    assert "secrets redacted; --no-redact leaves them in" in without.err
    document = json.loads(without.out)
    assert (document["redacted"], document["run"]["name"]) == (True, "uses [redacted]")
    assert document["redactions"] > 0
    told = run("export", tmp_path / "run.jsonl", "--to", "json", "--no-redact")
    assert json.loads(told.out)["run"]["name"] == f"uses {SECRET}"
    assert told.err == ""


def test_where_leaves_what_it_selects_and_what_leads_there(run: Run, traces: Path) -> None:
    answer = run("export", "bad", "--in", traces, "--to", "csv", "--where", "status:error kind:tool")
    assert [row["name"] for row in csv.DictReader(answer.out.splitlines())] == ["bad", "search"]
    document = json.loads(run("export", "bad", "--in", traces, "--to", "json", "--where", "status:error kind:tool").out)
    assert [(span["name"], span["matched"]) for span in document["spans"]] == [("bad", False), ("search", True)]
    lines = run("export", "bad", "--in", traces, "--to", "jsonl", "--where", "kind:tool").out.splitlines()
    assert json.loads(lines[0])["exported"]["where"] == "kind:tool"
    assert [json.loads(line)["name"] for line in lines if '"span_end"' in line] == ["search", "bad"]


def test_a_filter_that_selects_nothing_is_told(run: Run, traces: Path) -> None:
    answer = run("export", "bad", "--in", traces, "--to", "csv", "--where", "name:nobody")
    assert answer.code == 0
    assert "nothing in the run is what --where asks for" in answer.err


@pytest.mark.parametrize("word", ["pdf", ""])
def test_what_it_cannot_make_is_wrong_usage(word: str, run: Run, traces: Path) -> None:
    answer = run("export", "bad", "--in", traces, "--to", word)
    assert answer.code == 2
    assert "is not one of" in answer.err


def test_no_run_there_is_said_as_elsewhere(run: Run, tmp_path: Path, traces: Path) -> None:
    assert run("export", "latest", "--in", tmp_path / "none", "--to", "md").code == 3
    assert run("export", "nobody", "--in", traces, "--to", "md").code == 2


@pytest.mark.parametrize("arguments", [[], ["--no-redact"], ["--where", "status:error"]], ids=" ".join)
@pytest.mark.parametrize("which", ["failed", "latest"])
def test_the_document_is_what_the_schema_says(
    which: str, arguments: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(samples_dir())
    jsonschema.validate(run("export", which, "--to", "json", *arguments).json, closed(schema("export")))


def test_the_schema_describes_every_property() -> None:
    found = schema("export")
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["properties"]["schema"] == {"const": "tracetui.export/1"}


@pytest.mark.parametrize("every", [40, pytest.param(1, marks=pytest.mark.long)])
def test_no_payload_passes_an_export_nor_what_is_said_of_it(every: int, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    write_recordings(folder, "".join(PAYLOADS.values()), Fields())
    files = sorted(path for path in folder.rglob("*.json*") if path.is_file())[::every]
    for path in files:
        for output in OUTPUTS:
            answer = run("export", path, "--to", output)
            assert answer.code in (0, 2, 3)
            assert controls(answer.out + answer.err, "\n\r" if output == "csv" else "\n") == [], (path, output)


def test_a_closed_pipe_ends_quietly(traces: Path) -> None:
    command = f"{sys.executable} -m tracetui export bad --in '{traces}' --to json | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)  # noqa: S607
    assert (done.stdout, done.stderr) == (b"{", b"")

"""`tracetui replay`: the same bytes, at the recorded pace."""

import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tracetui.cli.replay import write_paced
from tracetui.core.replaying import paced_lines
from tracetui.resources import samples_dir

LINES = sorted(path for path in samples_dir().rglob("*.*l") if path.suffix in (".jsonl", ".ndjson"))


@pytest.mark.parametrize("path", LINES, ids=lambda path: path.stem)
def test_a_replay_is_the_recording(path: Path, run: Run, tmp_path: Path) -> None:
    assert run("replay", path, "--into", tmp_path / "new", "--speed", "max").code == 0
    assert (tmp_path / "new" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", LINES, ids=lambda path: path.stem)
def test_the_pace_never_goes_back(path: Path) -> None:
    times = [time for time, _ in paced_lines(str(path))]
    assert times == sorted(times)
    assert times[0] == 0


def test_lines_are_written_when_they_were_recorded_divided_by_the_speed(traces: Path, tmp_path: Path) -> None:
    now = 100.0
    waits = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        waits.append(round(seconds, 6))

    descriptor = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    write_paced(descriptor, paced_lines(str(traces / "good.jsonl")), 2.0, lambda: now, sleep)
    os.close(descriptor)
    assert waits == [0.5, 1.0, 0.5, 0.5]


def test_each_line_is_one_write(traces: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written: list[bytes] = []
    descriptor = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(os, "write", lambda _, data: written.append(bytes(data)) or len(data))
    write_paced(descriptor, paced_lines(str(traces / "good.jsonl")), float("inf"))
    monkeypatch.undo()
    os.close(descriptor)
    assert written == (traces / "good.jsonl").read_bytes().splitlines(keepends=True)


def test_a_last_line_without_its_end_is_written_without_it(traces: Path, run: Run, tmp_path: Path) -> None:
    path = traces / "good.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    run("replay", path, "--into", tmp_path / "new", "--speed", "max")
    assert (tmp_path / "new" / "good.jsonl").read_bytes() == path.read_bytes()


def test_nothing_is_overwritten(traces: Path, run: Run) -> None:
    before = (traces / "good.jsonl").read_bytes()
    answer = run("replay", traces / "good.jsonl", "--into", traces)
    assert answer.code == 2
    assert "is there already" in answer.err
    assert (traces / "good.jsonl").read_bytes() == before


def test_what_is_written_is_private(traces: Path, run: Run, tmp_path: Path) -> None:
    run("replay", traces / "good.jsonl", "--into", tmp_path / "new", "--speed", "max")
    assert stat.S_IMODE((tmp_path / "new" / "good.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_that_is_none_is_wrong_usage(speed: str, traces: Path, run: Run, tmp_path: Path) -> None:
    assert run("replay", traces / "good.jsonl", "--into", tmp_path, "--speed", speed).code == 2


def test_a_file_that_is_no_recording_makes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("to do\n")
    answer = run("replay", tmp_path / "notes.txt", "--into", tmp_path / "new")
    assert answer.code == 2
    assert "no recording" in answer.err
    assert not (tmp_path / "new").exists()


def test_a_document_has_no_pace(run: Run, tmp_path: Path) -> None:
    (document,) = samples_dir().glob("ai-decision-tracer/planner/*.json")
    answer = run("replay", document, "--into", tmp_path / "new")
    assert answer.code == 2
    assert "as a whole" in answer.err


def test_a_pipe_is_refused_and_not_waited_for(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert run("replay", tmp_path / "pipe", "--into", tmp_path / "new").code == 2

"""What holds for all commands: exit statuses, pipes, what reaches the terminal, what is imported."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PAYLOADS, Run, recording, start
from tracetui.cli._output import Printer, ProgressLine, Telling
from tracetui.resources import samples_dir

PRINTING = [
    ["list"],
    ["stats"],
    ["tail", "-n", "100"],
    ["grep", "--keys", "e"],
    ["view", "latest", "--events"],
    ["view", "latest", "--full"],
    ["formats", "--explain", "."],
]
READING = [["list"], ["stats"], ["tail"]]


def hostile(folder: Path) -> Path:
    """A recording whose every text is a payload, in a file whose name is one."""
    text = "".join(PAYLOADS)
    lines = []
    for line in recording(failed=True).splitlines():
        record = json.loads(line)
        for key in ("name", "model", "input", "output", "text"):
            if key in record or record.get("type") == "span_end":
                record[key] = text
        if "error" in record:
            record["error"] = dict.fromkeys(("type", "message", "traceback"), text + "\n" + text)
        record["attributes"] = {text: text}
        lines.append(json.dumps(record))
    event = {"type": "event", "seq": 9, "time": 1_767_225_660_000_000_000, "class": "log", "name": text, "text": text}
    lines.append(json.dumps(event))
    lines.append('{"broken \x1b[2J')
    path = folder / "a\x1b]0;x\x07b\u202e.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def has_control(text: str) -> bool:
    return any(not char.isprintable() and char != "\n" for char in text)


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_nothing_of_a_recording_controls_the_terminal(
    arguments: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(tmp_path)
    monkeypatch.chdir(tmp_path)
    answer = run(*arguments)
    assert answer.out
    assert not has_control(answer.out + answer.err)


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_json_is_printable_ascii_whatever_a_recording_holds(
    arguments: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(tmp_path)
    monkeypatch.chdir(tmp_path)
    answer = run(*arguments, "--json")
    assert answer.out.isascii()
    assert not has_control(answer.out)
    assert answer.json


def test_a_hostile_name_in_the_arguments_is_safe_in_the_complaint(run: Run, traces: Path) -> None:
    for arguments in (["view", "\x1b[2J\u202e", "--in", traces], ["list", "\x1b[2J"], ["list", "--sort", "\x1b[2J"]):
        answer = run(*arguments)
        assert answer.code in (2, 3)
        assert not has_control(answer.err)


@pytest.mark.parametrize("arguments", [*PRINTING, ["list", "--json"]], ids=" ".join)
def test_only_ascii_is_printed_where_the_locale_is_not_utf_8(
    arguments: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.chdir(samples_dir())
    assert run(*arguments).out.isascii()


@pytest.mark.parametrize("arguments", PRINTING[:-1], ids=" ".join)
def test_only_ascii_is_printed_when_asked_for(arguments: list[str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(samples_dir())
    assert run(*arguments, "--ascii").out.isascii()


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_an_empty_folder_teaches_where_traces_are_and_exits_with_3(
    arguments: list[str], run: Run, tmp_path: Path
) -> None:
    answer = run(*arguments, tmp_path)
    assert (answer.code, answer.out) == (3, "")
    assert "traces/" in answer.err
    assert "recorder" not in answer.err  # there is no library that writes recordings yet
    assert str(tmp_path) in answer.err


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_missing_path_is_nothing_readable(arguments: list[str], run: Run, tmp_path: Path) -> None:
    answer = run(*arguments, tmp_path / "none", "--json")
    assert answer.code == 3
    assert answer.json.get("runs", answer.json.get("records")) == []
    assert "no such file or folder" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--no-such-option"],
        ["list", "--sort", "size"],
        ["list", "--limit", "many"],
        ["list", "--as-of", "yesterday-ish"],
        ["list", "--stall-after", "soon"],
        ["list", "--tz", "Mars/Olympus"],
        ["view"],
        ["view", "latest", "--depth", "0"],
        ["replay"],
        ["formats", "--explain"],
        ["--no-such-option"],
        ["--theme", "nope"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_and_exits_with_2(arguments: list[str], run: Run, traces: Path) -> None:
    answer = run(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err


@pytest.mark.parametrize("name", ["dark", "mine", "night"])
def test_themes_of_tracetui_and_of_the_user_are_known_without_a_terminal(
    name: str, run: Run, traces: Path, home: Path
) -> None:
    own = home / ".config" / "tracetui" / "themes"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text("")
    (own / "other.toml").write_text('name = "night"')
    assert run("--theme", name, traces).code == 0


def test_traces_is_read_by_default_if_there_is_one(run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (traces.parent / "beside.jsonl").write_text(recording(run="99" * 16, name="beside"))
    monkeypatch.chdir(traces.parent)
    assert len(run("list", "--json").json["runs"]) == 3


def test_the_current_folder_is_read_if_there_is_no_traces(
    run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(traces)
    assert len(run("list", "--json").json["runs"]) == 3


def test_a_folder_called_like_a_command_is_written_with_its_path(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stats").mkdir()
    (tmp_path / "stats" / "a.jsonl").write_text(recording())
    monkeypatch.chdir(tmp_path)
    assert "agent" in run("./stats").out


def test_as_of_replaces_the_clock(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_text(recording(ended=False))
    os.utime(path, (1_767_225_604, 1_767_225_604))
    status = {}
    for as_of in ("2026-01-01T00:00:10Z", "2026-01-01T00:05:00Z", "2026-01-02"):
        answer = run("list", path, "--json", "--as-of", as_of).json
        assert answer["as_of"].startswith(as_of[:10])
        status[as_of] = answer["runs"][0]["status"]
    assert list(status.values()) == ["running", "stalled", "unfinished"]


def test_stall_after_and_dead_after_set_the_rules(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_text(recording(ended=False))
    os.utime(path, (1_767_225_604, 1_767_225_604))
    arguments = ("list", path, "--json", "--as-of", "2026-01-01T00:00:30Z")
    assert run(*arguments, "--stall-after", "2s").json["runs"][0]["status"] == "stalled"
    assert run(*arguments, "--dead-after", "10s").json["runs"][0]["status"] == "unfinished"


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.jsonl").write_text(recording(run=f"{number:032x}", name="n" * 50))
    process = start("stats", tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_an_interrupt_exits_with_130_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(recording())
    process = start("tail", tmp_path, "-f")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"")


def test_a_dash_is_standard_input(traces: Path) -> None:
    command = [sys.executable, "-m", "tracetui", "list", "-", "--json"]
    with (traces / "good.jsonl").open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, check=True)
    assert [each["name"] for each in json.loads(done.stdout)["runs"]] == ["good"]


def test_progress_is_not_shown_where_nobody_looks(run: Run, traces: Path) -> None:
    assert run("list", traces).err == ""


def test_progress_is_told_from_half_a_second_on_and_four_times_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 0.4, 0.5, 0.6, 0.8, 0.9])
    tell = Telling(ProgressLine(), lambda: next(times))
    for number in range(5):
        tell(lambda number=number: f"step {number}")  # type: ignore[misc]
    tell.clear()
    assert capsys.readouterr().err.split("\r")[1:3] == ["step 1", "step 3"]


def test_nothing_is_told_to_nobody() -> None:
    Telling(None, lambda: 99.0)(lambda: pytest.fail("a text that nobody sees"))


def test_a_filter_that_reads_bodies_says_how_far_it_has_come(
    run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Telling, "__call__", lambda self, text: told.append(text()))
    for command in (["list"], ["grep", "plan"]):
        told.clear()
        run(*command, traces, "--where", 'text:"no such text"')
        assert [text for text in told if text.startswith("filtering: ")][:2] == [
            "filtering: 0 asked on disk",
            "filtering: 1 asked on disk",
        ]


def test_an_interrupt_while_a_command_is_imported_is_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracetui.cli._group.run", interrupted)
    assert run("list").code == 130


def test_a_line_that_is_printed_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Printer().line("a\nb\r\x0b\x0c\u2028c")
    assert capsys.readouterr().out.count("\n") == 1


def test_a_command_leaves_the_logging_of_the_program_that_calls_it_as_it_was(run: Run, traces: Path) -> None:
    log = logging.getLogger("tracetui")
    before = log.propagate, list(log.handlers)
    run("list", traces)
    assert (log.propagate, list(log.handlers)) == before


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["anaylze", "somewhere"], "did you mean `tracetui analyze`?"),
        (["--ascii", "list"], "a command comes first: tracetui list"),
        (["view", "no/such/file.jsonl", "--in", str(samples_dir() / "tracetui")], "no such file or folder"),
        (["view", "resarch_agent", "--in", str(samples_dir() / "tracetui")], "did you mean 'research_agent'?"),
    ],
)
def test_what_is_mistyped_is_wrong_usage_with_what_was_meant(run: Run, arguments: list[str], hint: str) -> None:
    answer = run(*arguments)
    assert answer.code == 2
    assert hint in answer.err

"""Standard input as what is read: on the screen with live keys, followed by `tail -f`, and nothing left behind."""

import gzip
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import recording
from tests.hostile.terminal import PATIENCE_S, Terminal

SIZE = (120, 30)


class Pipe:
    """A pipe that the test writes into."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.writing, data) :]

    def close(self) -> None:
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()
    os.close(made.reading)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where temporary files are made."""
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def parts(*, ended: bool = True) -> list[bytes]:
    return [line.encode() + b"\n" for line in recording(name="piped", ended=ended).splitlines()]


def screen(pipe: Pipe, folder: Path, kept: Path, *more: str) -> Terminal:
    return Terminal(["-", *more], SIZE, folder, stdin=pipe.reading, TMPDIR=str(kept))


def test_what_comes_through_a_pipe_is_shown_as_it_comes_and_keys_work(tmp_path: Path, pipe: Pipe, kept: Path) -> None:
    first, *rest = parts(ended=False)
    with screen(pipe, tmp_path, kept) as terminal:
        pipe.write(first + rest[0])
        terminal.wait_for(lambda text: "piped" in text and "standard input" in text)
        assert "running" in terminal.text
        pipe.write(b"".join(rest))
        terminal.wait_for(lambda text: "search" in text)
        terminal.press("?")
        terminal.wait_for(lambda text: "help" in text.lower())
        terminal.press("escape", "q")
        assert terminal.ended() == 0
        assert str(kept) not in terminal.written.decode("utf-8", "replace")
    assert list(kept.iterdir()) == []


def test_a_run_whose_pipe_was_closed_does_not_run(tmp_path: Path, pipe: Pipe, kept: Path) -> None:
    with screen(pipe, tmp_path, kept) as terminal:
        pipe.write(b"".join(parts(ended=False)))
        terminal.wait_for(lambda text: "running" in text)
        pipe.close()
        terminal.wait_for(lambda text: "unfinished" in text and "running" not in text)
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_last_line_without_its_end_is_read_when_the_pipe_is_closed(tmp_path: Path, pipe: Pipe, kept: Path) -> None:
    with screen(pipe, tmp_path, kept) as terminal:
        pipe.write(b"".join(parts()).rstrip(b"\n"))
        terminal.wait_for(lambda text: "piped" in text)
        pipe.close()
        terminal.wait_for(lambda text: "running" not in text and "✓" in text)
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_file_behind(tmp_path: Path, pipe: Pipe, kept: Path, number: signal.Signals) -> None:
    with screen(pipe, tmp_path, kept) as terminal:
        pipe.write(b"".join(parts(ended=False)))
        terminal.wait_for(lambda text: "piped" in text)
        assert len(list(kept.iterdir())) == 1
        terminal.process.send_signal(number)
        assert terminal.ended() == 128 + number
    assert list(kept.iterdir()) == []


def test_what_is_kept_is_private(tmp_path: Path, pipe: Pipe, kept: Path) -> None:
    with screen(pipe, tmp_path, kept) as terminal:
        pipe.write(b"".join(parts(ended=False)))
        terminal.wait_for(lambda text: "piped" in text)
        (folder,) = kept.iterdir()
        (file,) = folder.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_terminal_as_standard_input_is_explained(tmp_path: Path) -> None:
    with Terminal(["-"], SIZE, tmp_path) as terminal:
        assert terminal.ended() == 2
        assert "standard input, which is this terminal" in terminal.text


# -- commands ----------------------------------------------------------------------------------------------------------


def start(kept: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracetui", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(kept)},
        start_new_session=True,
    )


def answer(kept: Path, given: bytes, *arguments: str) -> tuple[int, str, str]:
    process = start(kept, *arguments)
    out, err = process.communicate(given, PATIENCE_S)
    return process.returncode, out.decode(), err.decode()


def test_without_a_terminal_the_screen_is_a_list_of_what_comes(kept: Path) -> None:
    code, out, err = answer(kept, b"".join(parts()), "-")
    assert (code, err) == (0, "")
    assert "piped" in out


@pytest.mark.parametrize("arguments", [("list", "-", "--json"), ("stats", "-", "--json"), ("view", "-", "--json")])
@pytest.mark.parametrize("packed", [False, True])
def test_commands_read_a_pipe(kept: Path, arguments: tuple[str, ...], packed: bool) -> None:
    given = b"".join(parts())
    code, out, _ = answer(kept, gzip.compress(given) if packed else given, *arguments)
    document = json.loads(out)
    run = document["run"] if "run" in document else document["runs"][0]
    assert code == 0
    assert (run["name"], run["status"], run["paths"]) == ("piped", "ok", ["standard input"])
    assert list(kept.iterdir()) == []


def test_a_run_that_came_through_a_closed_pipe_is_not_running(kept: Path) -> None:
    import time

    header = {"tracetui": 1, "type": "header", "run": "a1", "name": "now", "time": time.time_ns()}
    begun = {"type": "span_start", "span": "b2", "name": "plan", "kind": "step", "time": time.time_ns()}
    _, out, _ = answer(kept, f"{json.dumps(header)}\n{json.dumps(begun)}\n".encode(), "list", "-", "--json")
    assert json.loads(out)["runs"][0]["status"] == "unfinished"


def test_formats_explains_a_pipe(kept: Path) -> None:
    code, out, _ = answer(kept, gzip.compress(b"".join(parts())), "formats", "--explain", "-")
    assert code == 0
    assert out.splitlines()[0] == "standard input"
    assert "tracetui: compressed with gzip: " in out


def test_nothing_in_a_pipe_is_told_by_its_name(kept: Path) -> None:
    code, out, err = answer(kept, b"", "list", "-")
    assert (code, out) == (3, "")
    assert "no runs in standard input" in err
    code, _, err = answer(kept, b"plain\n", "view", "-")
    assert code == 3
    assert "nothing in standard input is a run" in err


def test_tail_follows_a_pipe_and_ends_with_it(kept: Path) -> None:
    *first, last = parts()
    process = start(kept, "tail", "-f", "-n", "1", "-", "--jsonl")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"".join(first))
    process.stdin.flush()
    seen = json.loads(process.stdout.readline())
    process.stdin.write(last)
    out, err = process.communicate(timeout=PATIENCE_S)
    types = [seen["type"], *(json.loads(line)["type"] for line in out.splitlines())]
    assert types[-1] == "run_end"
    assert (process.returncode, err) == (0, b"")
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("command", [("list", "-"), ("tail", "-f", "-")])
def test_a_command_that_is_ended_by_a_signal_leaves_no_file_behind(kept: Path, command: tuple[str, ...]) -> None:
    process = start(kept, *command)
    assert process.stdin is not None
    process.stdin.write(b"".join(parts(ended=False)) * 2_000)  # more than a pipe holds: some of it was taken
    process.stdin.flush()
    assert len(list(kept.iterdir())) == 1
    process.terminate()
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143
    assert list(kept.iterdir()) == []


def test_a_full_disk_ends_what_is_kept_and_is_told(kept: Path) -> None:
    given = b"".join(parts(ended=False)) + b'{"type": "event", "class": "log", "name": "more"}\n' * 100_000
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536)); "
    process = subprocess.run(
        [sys.executable, "-c", f"{limited}import tracetui.cli; sys.exit(tracetui.cli.main(['list', '-']))"],
        input=given,
        capture_output=True,
        env={**os.environ, "TMPDIR": str(kept)},
        timeout=PATIENCE_S,
        check=False,
    )
    assert process.returncode == 0
    assert b"piped" in process.stdout
    assert b"standard input: only its first 65,536 bytes could be kept: file too large" in process.stderr


def test_a_database_comes_through_a_pipe(kept: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE other (a)")
    database.close()
    code, out, _ = answer(kept, (tmp_path / "x.db").read_bytes(), "formats", "--explain", "-")
    assert code == 3
    assert "an SQLite database without a table that is known (tables: other)" in out

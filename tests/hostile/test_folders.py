"""Folders with what is no recording in them: nothing hangs, nothing is exhausted, and what is a recording is still read.

A command or a screen that hangs fails by its timeout; no time is measured.
"""

import base64
import gzip
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.payloads import passed_on_screen
from tests.hostile.recordings import SAMPLES
from tests.hostile.terminal import Terminal, before_all_else
from tracetui.core.sources.sqlite import Damaged, rows_of_bytes

TIMEOUT_S = 60.0
GOOD = SAMPLES / "tracetui" / "support_bot.jsonl"

Fill = Callable[[Path], None]


def run(arguments: list[str], cwd: Path, status: int = 0) -> str:
    """The standard output of a command that must end, without a fault."""
    done = subprocess.run(
        [sys.executable, "-m", "tracetui", *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback (most recent call last)" not in done.stderr
    return done.stdout


# ---------------------------------------------------------------- what is put into a folder


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jsonl")
    os.mkfifo(folder / "pipe.json")


def listening_socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # a socket's path may have 107 characters
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket.jsonl")
    finally:
        os.chdir(here)


def devices(folder: Path) -> None:
    for name in ("zero", "random", "tty", "null"):
        (folder / f"{name}.jsonl").symlink_to(f"/dev/{name}")
    (folder / "dev").symlink_to("/dev")


def link_loops(folder: Path) -> None:
    (folder / "again").symlink_to(folder)
    (folder / "up").symlink_to("..")
    (folder / "self.jsonl").symlink_to("self.jsonl")
    (folder / "one.jsonl").symlink_to("two.jsonl")
    (folder / "two.jsonl").symlink_to("one.jsonl")
    (folder / "nowhere.jsonl").symlink_to("missing")
    (folder / "whole system").symlink_to("/")
    below = folder / "below"
    below.mkdir()
    for name in ("a", "b"):
        (below / name).symlink_to(folder)


def deep_folders(folder: Path) -> None:
    # Deeper than a path may be long.
    with going_down(folder, 120, "d" * 100):
        Path("deep.jsonl").write_bytes(GOOD.read_bytes())


@contextmanager
def going_down(folder: Path, levels: int, name: str) -> Iterator[None]:
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(levels):
            Path(name).mkdir()
            os.chdir(name)
        yield
    finally:
        os.chdir(here)


def gzip_bomb(folder: Path) -> None:
    with gzip.open(folder / "bomb.jsonl.gz", "wb", compresslevel=9) as file:
        for _ in range(40):
            file.write(bytes(1 << 20))
    shutil.copy(folder / "bomb.jsonl.gz", folder / "bomb.jsonl")


def binaries(folder: Path) -> None:
    shutil.copy(sys.executable, folder / "program.jsonl")
    (folder / "zeros.jsonl").write_bytes(bytes(3 << 20))
    (folder / "sparse.json").touch()
    os.truncate(folder / "sparse.json", 20 << 30)
    (folder / "sparse.jsonl").write_bytes(b'{"a": 1}\n')
    os.truncate(folder / "sparse.jsonl", 100 << 20)
    (folder / "empty.jsonl").touch()
    (folder / "folder.jsonl").mkdir()


def long_line(folder: Path) -> None:
    header = {"tracetui": 1, "type": "header", "seq": 0, "run": "long", "name": "long line"}
    event = b'{"type": "event", "seq": 1, "class": "log", "name": "long", "text": "%s"}\n'
    with (folder / "long.jsonl").open("wb") as file:
        file.write(json.dumps(header).encode() + b"\n" + event % (b"x" * 100_000_000) + event % b"after")
    (folder / "endless.jsonl").write_bytes(b'{"a": "' + b"x" * 100_000_000)


def packed_long_line(folder: Path) -> None:
    """What no compression makes small, so that it is no bomb."""
    header = {"tracetui": 1, "type": "header", "seq": 0, "run": "packed", "name": "packed line"}
    event = b'{"type": "event", "seq": 1, "class": "log", "name": "long", "text": "%s"}\n'
    text = base64.b64encode(random.Random(1).randbytes(75_000_000))
    with gzip.open(folder / "packed.jsonl.gz", "wb", compresslevel=1) as file:
        file.write(json.dumps(header).encode() + b"\n" + event % text + event % b"after")


def deep_values(folder: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    header = {"tracetui": 1, "type": "header", "seq": 0, "run": "deep", "name": "deep"}
    span = (
        '{"type": "span_end", "seq": 1, "span": "1", "name": "s", "kind": "tool", "time": 2, "start": 1, "output": %s}'
    )
    (folder / "deep.jsonl").write_text(f"{json.dumps(header)}\n{span % deep}\n{span.replace('1', '2') % '1'}\n")
    (folder / "only deep.jsonl").write_text(f'{{"a": {deep}}}\n{{"b": 1}}\n')
    (folder / "only deep.json").write_text(deep)
    (folder / "deep objects.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    (folder / "never closed.json").write_text("[" * 1_000_000)


def long_list(folder: Path) -> None:
    many = ",".join(map(str, range(1_000_000)))
    header = {"tracetui": 1, "type": "header", "seq": 0, "run": "many", "name": "many"}
    span = '{"type": "span_end", "seq": 1, "span": "1", "name": "s", "kind": "tool", "time": 2, "start": 1, "output": [%s]}'
    (folder / "many.jsonl").write_text(f"{json.dumps(header)}\n{span % many}\n")
    (folder / "many.json").write_text(f"[{many}]")
    keys = ",".join(f'"k{number}": {number}' for number in range(300_000))
    (folder / "keys.jsonl").write_text(f'{{"time": 1, {keys}}}\n{{"time": 2}}\n')


SMALL: tuple[Fill, ...] = (pipe, listening_socket, devices, link_loops, deep_folders, gzip_bomb, binaries)
LARGE: tuple[Fill, ...] = (long_line, deep_values, long_list)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one recording in it."""
    folder = tmp_path / "traces"
    folder.mkdir()
    shutil.copy(GOOD, folder / "good.jsonl")
    return folder


def fill_small(folder: Path) -> None:
    for fill in SMALL:
        inside = folder / fill.__name__
        inside.mkdir()
        fill(inside)


def test_rows_that_lead_back_end_the_reading_of_a_database(tmp_path: Path) -> None:
    path = tmp_path / "back.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE traces (message TEXT)")
    connection.executemany("INSERT INTO traces VALUES (?)", [("one",), ("two",), ("three",)])
    connection.close()
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18])  # of the table: the second one; its third cell begins with length and row id
    cell = page + int.from_bytes(data[page + 12 : page + 14])
    assert data[cell + 1] == 3
    data[cell + 1] = 1
    with pytest.raises(Damaged, match="not in their order"):
        list(rows_of_bytes(bytes(data), ["traces"]))


# ---------------------------------------------------------------- commands and the screen


@pytest.mark.parametrize(
    "command",
    ["stats", "formats --explain", *(pytest.param(word, marks=pytest.mark.long) for word in ("list", "tail"))],
)
def test_commands_end_over_pipes_devices_loops_and_bombs(command: str, folder: Path, tmp_path: Path) -> None:
    fill_small(folder)
    assert run([*command.split(), str(folder)], tmp_path).count("\n") > 1


@pytest.mark.parametrize("command", ["stats", "view"])
def test_a_pipe_or_device_that_is_named_does_not_hang(command: str, tmp_path: Path) -> None:
    pipe(tmp_path)
    for path in (tmp_path / "pipe.jsonl", "/dev/zero"):
        run([command, str(path)], tmp_path, 3)


@pytest.mark.parametrize(
    ("fill", "command"),
    [
        *((fill, "stats --json") for fill in LARGE),
        pytest.param(packed_long_line, "stats --json", marks=pytest.mark.long),
        (deep_values, "view {} --full"),
        *(pytest.param(fill, "view {} --full", marks=pytest.mark.long) for fill in (long_line, long_list)),
        *(pytest.param(fill, "tail", marks=pytest.mark.long) for fill in LARGE),
        *(pytest.param(fill, "formats --explain", marks=pytest.mark.long) for fill in LARGE),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_commands_end_over_huge_and_deep_values(fill: Fill, command: str, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    words = command.split()
    if words[0] == "view":
        name = {long_line: "long line", deep_values: "deep", long_list: "many"}[fill]
        run(["view", name, "--in", str(folder), "--full"], tmp_path)
    else:
        run([*words, str(folder)], tmp_path)


def test_the_screen_opens_over_pipes_devices_loops_and_bombs(folder: Path, tmp_path: Path) -> None:
    fill_small(folder)
    with Terminal([str(folder), "--no-state"], (120, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: "support_bot" in text and "reading" not in text)
        terminal.press("R", "G", "g", "escape", "A", "enter", "]", "]", "]", "q")
        assert terminal.ended() == 0
        assert passed_on_screen(bytes(terminal.written)) == []


@pytest.mark.parametrize(
    ("fill", "name"),
    [
        (long_line, "long line"),
        pytest.param(deep_values, "deep", marks=pytest.mark.long),
        pytest.param(long_list, "many", marks=pytest.mark.long),
    ],
    ids=["line", "deep", "list"],
)
def test_the_screen_shows_runs_with_huge_and_deep_values(fill: Fill, name: str, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    with Terminal([str(folder), "--no-state"], (120, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: "support_bot" in text and f" {name}" in text and "reading" not in text)
        terminal.press("u")
        terminal.search(name)
        terminal.press("enter")
        terminal.wait_for(lambda text: name in text.splitlines()[2])
        terminal.press("enter", "A", "g", "down", "enter", "*", "]", "*", "G", "]", "]", "G", "g", "q")
        assert terminal.ended() == 0
        assert passed_on_screen(bytes(terminal.written)) == []


REFUSE = """
import os

def refusing(function):
    def refuse(path, *arguments, **keywords):
        if "secret" in os.fsdecode(path):
            raise PermissionError(13, "Permission denied", path)
        return function(path, *arguments, **keywords)
    return refuse

os.open, os.scandir = refusing(os.open), refusing(os.scandir)
"""
"""The user who runs the tests may be allowed everything, so that no mode keeps anything from them."""


@pytest.fixture
def secrets(folder: Path, tmp_path: Path) -> Path:
    """The folder, with a file and a folder in it that cannot be read."""
    (tmp_path / "sitecustomize.py").write_text(REFUSE)
    (folder / "secret.jsonl").write_text("{}\n")
    (folder / "secrets").mkdir()
    return folder


def test_what_may_not_be_read_is_told_and_the_rest_is_read(secrets: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracetui", "list", str(secrets)],
        env={**os.environ, "PYTHONPATH": before_all_else(tmp_path)},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
        text=True,
    )
    assert "support_bot" in done.stdout
    assert done.stderr.lower().count("permission denied") == 2


def test_the_screen_tells_what_may_not_be_read(secrets: Path, tmp_path: Path) -> None:
    with Terminal([str(secrets), "--no-state"], (120, 40), tmp_path, PYTHONPATH=before_all_else(tmp_path)) as terminal:
        terminal.wait_for(lambda text: "support_bot" in text)
        terminal.press("R")
        terminal.wait_for(lambda text: text.lower().count("permission denied") == 2)
        terminal.press("escape", "q")
        assert terminal.ended() == 0


def test_a_folder_that_goes_while_it_is_open_is_told_and_comes_back(folder: Path, tmp_path: Path) -> None:
    with Terminal([str(folder), "--no-state"], (160, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: "1 run" in text)
        shutil.rmtree(folder)
        terminal.wait_for(lambda text: "deleted or moved away" in text)
        terminal.press("R", "escape", "A", "enter", "]", "]", "?", "escape")
        folder.mkdir()
        shutil.copy(GOOD, folder / "good.jsonl")
        shutil.copy(GOOD.with_name("market_watch.jsonl"), folder / "other.jsonl")
        terminal.wait_for(lambda text: "2 runs" in text and "market_watch" in text)
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_file_that_becomes_a_pipe_while_it_is_open_does_not_hang_it(folder: Path, tmp_path: Path) -> None:
    with Terminal([str(folder), "--no-state"], (120, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: "1 run" in text)
        (folder / "good.jsonl").unlink()
        os.mkfifo(folder / "good.jsonl")
        terminal.press("enter", "]", "]", "escape", "down", "enter", "y", "Y")
        shutil.copy(GOOD, folder / "other.jsonl")
        terminal.wait_for(lambda text: "support_bot" in text)
        terminal.press("q")
        assert terminal.ended() == 0

"""Looking leaves no trace: names, bytes, modes and times of a folder are the same after every command and the screen.

The index of a live database's write-ahead log (`-shm`) is the one exception: it is where its readers and writers meet.
"""

import gzip
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.terminal import PATIENCE_S, Terminal
from tracetui.core.sources.sqlite import SqliteSource
from tracetui.resources import samples_dir

SAMPLE = "ddeutil-workflow/workflow_traces_0.0.86.db"
Entry = tuple[str, int, int, int, bytes]


def entries(folder: Path, *, but: str = "") -> dict[str, Entry]:
    """All that may not change of everything in a folder, itself included."""
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        status = path.lstat()
        data = bytes(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        if str(path) != but:
            kept = (path.name, status.st_mode, status.st_ino, status.st_mtime_ns, data)
            found[str(path)] = kept
    return found


def more_rows(path: Path, ending: str) -> None:
    """Have a process of its own write a database to its log and die before it closes it; `ending` is its last statement."""
    code = f"import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n{ending}\nos._exit(0)\n"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=PATIENCE_S)


TO_LOG = (
    "c.execute('PRAGMA journal_mode=wal')\nc.execute('CREATE TABLE more (a)')\nc.execute('INSERT INTO more VALUES (1)')"
)
TO_JOURNAL = (
    "c.execute('PRAGMA cache_size=2')\n"
    "c.execute('BEGIN')\n"
    "c.execute('CREATE TABLE more (a)')\n"
    "c.executemany('INSERT INTO more VALUES (?)', [('x' * 3000,)] * 200)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The samples, packed ones, and databases in every state that writers leave them in; `live` has its writer."""
    folder = tmp_path / "traces"
    shutil.copytree(samples_dir(), folder, symlinks=True)
    states = folder / "states"
    for state in ("rest", "live", "killed", "no_index", "journal"):
        (states / state).mkdir(parents=True)
        shutil.copy(folder / SAMPLE, states / state / "a.db")
    more_rows(states / "killed" / "a.db", TO_LOG)
    more_rows(states / "no_index" / "a.db", TO_LOG)
    (states / "no_index" / "a.db-shm").unlink()
    more_rows(states / "journal" / "a.db", TO_JOURNAL)
    with (folder / "tracetui" / "market_watch.jsonl").open("rb") as plain:
        (states / "rest" / "packed.jsonl.gz").write_bytes(gzip.compress(plain.read()))
    writer = sqlite3.connect(states / "live" / "a.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode=wal")
    writer.execute("CREATE TABLE more (a)")
    assert sorted(path.name for path in states.rglob("a.db-*")) == [
        "a.db-journal",
        "a.db-shm",
        "a.db-shm",
        "a.db-wal",
        "a.db-wal",
        "a.db-wal",
    ]
    yield folder
    writer.close()


def live_index(folder: Path) -> str:
    return str(folder / "states" / "live" / "a.db-shm")


@pytest.mark.parametrize(
    "words",
    ["list", "stats --json", "tail -n 50", "formats --explain", "view latest --full --in", "view failed --json --in"],
)
def test_a_command_leaves_no_trace(folder: Path, tmp_path: Path, words: str) -> None:
    before = entries(folder, but=live_index(folder))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tracetui", *words.split(), str(folder)],
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert len(done.stdout.splitlines()) > 5
    assert list(temporary.iterdir()) == []
    assert entries(folder, but=live_index(folder)) == before


def test_the_screen_leaves_no_trace(folder: Path, tmp_path: Path) -> None:
    before = entries(folder, but=live_index(folder))
    with Terminal([str(folder)], (120, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: " runs" in text and "reading" not in text)
        for _ in range(4):
            terminal.press("J", "A", "enter", "]", "]", "*", "escape", "down", "y", "Y")
        terminal.press("R", "escape", "?", "escape", "u", "q")
        code = terminal.ended()
        assert code == 0, bytes(terminal.written)[-3_000:].decode(errors="replace")
    assert entries(folder, but=live_index(folder)) == before


def test_the_index_of_a_dead_writer_is_only_looked_at(folder: Path) -> None:
    path = folder / "states" / "killed" / "a.db"
    before = entries(path.parent)
    assert tables(path) == {"traces", "more"}
    assert entries(path.parent) == before


def tables(path: Path) -> set[str]:
    from tracetui.core.sources.file import Place

    status = path.stat()
    with SqliteSource(0, Place(str(path), status.st_dev, status.st_ino), ()).open() as database:
        return {name for name in database.tables() if name in ("traces", "more")}


# -- where nothing may be written --------------------------------------------------------------------------------------


def as_nobody(question: Callable[[], object]) -> str:
    """What somebody without any rights is answered; the test runs as root, or the modes tell as they are."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setegid(65_534)
                os.seteuid(65_534)
            said = repr(question())
        except BaseException as error:  # noqa: BLE001, RUF100 - whatever it is, it is told in the parent
            said = repr(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


@pytest.fixture
def guarded(folder: Path) -> Iterator[Path]:
    """The databases in folders in which nobody may write, and which anybody may read."""
    states = folder / "states"
    for parent in (*folder.parents, folder):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    for path in states.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield states
    for path in (states, *states.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("state", ["rest", "live", "killed", "no_index", "journal"])
def test_a_database_in_a_folder_that_may_not_be_written_to_is_read(guarded: Path, state: str) -> None:
    path = guarded / state / "a.db"
    before = entries(path.parent, but=str(path) + "-shm" if state == "live" else "")
    expected = {"traces"} if state in ("rest", "journal") else {"traces", "more"}
    assert as_nobody(lambda: tables(path) == expected) == "True"
    assert entries(path.parent, but=str(path) + "-shm" if state == "live" else "") == before


def test_an_index_that_may_not_be_read_costs_a_private_copy(guarded: Path) -> None:
    path = guarded / "killed" / "a.db"
    Path(f"{path}-shm").chmod(0)
    assert as_nobody(lambda: tables(path) == {"traces", "more"}) == "True"


def test_a_log_that_may_not_be_read_is_told(guarded: Path) -> None:
    path = guarded / "killed" / "a.db"
    Path(f"{path}-wal").chmod(0)
    assert "Permission denied" in as_nobody(lambda: tables(path))


def test_a_file_that_may_not_be_read_is_told_and_costs_itself_only(guarded: Path) -> None:
    from tracetui.core.loading import load

    def answer() -> object:
        loaded = load([str(guarded)])
        return [(Path(path).name, why) for path, why in loaded.reader.unreadable_paths], len(loaded.runs) > 0

    load([str(guarded)])  # what is imported late may be where nobody may read
    (guarded / "rest" / "packed.jsonl.gz").chmod(0)
    assert as_nobody(answer) == "([('packed.jsonl.gz', 'permission denied')], True)"

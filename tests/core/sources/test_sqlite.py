"""Databases as sources: read-only in every state a writer leaves them in, rows found again, nothing left behind."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.plain_lines import Clock
from tracetui.core.batch import Batch
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.operations import Bad, Record
from tracetui.core.reader import Reader
from tracetui.core.sources import sqlite as sources
from tracetui.core.sources.file import Place
from tracetui.core.sources.sqlite import Damaged, SqliteSource, rows_of_bytes, tables_of

TABLE = (
    "CREATE TABLE traces (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, parent_run_id TEXT, "
    "level TEXT, message TEXT, error_flag BOOLEAN, datetime TEXT)"
)
INSERT = "INSERT INTO traces (run_id, level, message, error_flag, datetime) VALUES ('r', 'info', ?, 0, '2026-01-01 00:00:00')"


def make(path: Path, *messages: object, mode: str = "delete") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    connection.execute(TABLE)
    connection.executemany(INSERT, [(message,) for message in messages])
    connection.execute("COMMIT")
    return connection


def database(path: Path, *messages: object) -> Path:
    make(path, *messages).close()
    return path


def source_of(path: Path, *tables: str) -> SqliteSource:
    status = path.stat()
    return SqliteSource(0, Place(str(path), status.st_dev, status.st_ino), tables or ("traces",))


def messages(path: Path) -> list[object]:
    block = source_of(path).read(1 << 20)
    assert block is not None
    assert (block.ended, block.damage) == (True, "")
    return [row.record["message"] for row in block.rows if row.record is not None]


def read(reader: Reader) -> list[Batch]:
    batches = reader.poll()
    while not reader.progress.done:
        batches += reader.poll()
    return batches


def said(batches: list[Batch]) -> list[object]:
    """Row ids of the records that are left in the end, and reasons of what is unreadable."""
    left: list[object] = []
    for batch in batches:
        if batch.forget:
            left.clear()
        left += [
            op.a if isinstance(op, Record) else op.reason for op in batch.operations if isinstance(op, Record | Bad)
        ]
    return left


def traces_of(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Everything that may not change: names, bytes, modes, times."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if not path.name.endswith("-shm")
    }


def crash(path: Path, code: str) -> None:
    """Run a writer that dies without closing the database."""
    full = f"import os, sqlite3\nc = sqlite3.connect({str(path)!r}, isolation_level=None)\n{code}\nos._exit(0)\n"
    subprocess.run([sys.executable, "-c", full], check=True)


# -- states that writers leave -----------------------------------------------------------------------------------------


def test_a_database_at_rest_is_read_and_nothing_is_left_behind(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", "one", "two")
    before = traces_of(tmp_path)
    assert messages(path) == ["one", "two"]
    assert traces_of(tmp_path) == before


def test_what_a_live_writer_has_committed_to_its_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer = make(path, "one", mode="wal")
    before = traces_of(tmp_path)
    assert messages(path) == ["one"]
    assert traces_of(tmp_path) == before
    writer.close()


def test_what_a_live_writer_has_not_committed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer = make(path, "one", mode="wal")
    writer.execute("BEGIN")
    writer.execute(INSERT, ("two",))
    assert messages(path) == ["one"]
    writer.close()


def test_the_log_of_a_writer_that_was_killed_is_read_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    crash(path, f"c.execute('PRAGMA journal_mode=wal')\nc.execute({TABLE!r})\nc.execute({INSERT!r}, ('one',))")
    before = traces_of(tmp_path)
    assert "a.db-wal" in before
    assert messages(path) == ["one"]
    assert traces_of(tmp_path) == before


def test_a_log_without_its_index_is_recovered_in_a_private_copy_that_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, private = tmp_path / "traces" / "a.db", tmp_path / "private"
    path.parent.mkdir()
    private.mkdir()
    monkeypatch.setattr(sources.tempfile, "tempdir", str(private))
    crash(path, f"c.execute('PRAGMA journal_mode=wal')\nc.execute({TABLE!r})\nc.execute({INSERT!r}, ('one',))")
    Path(f"{path}-shm").unlink()
    before = traces_of(path.parent)
    assert messages(path) == ["one"]
    assert sorted(os.listdir(path.parent)) == ["a.db", "a.db-wal"]
    assert traces_of(path.parent) == before
    assert os.listdir(private) == []


def test_a_transaction_that_a_crash_left_half_done_is_rolled_back_in_a_private_copy(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", "one")
    change = "c.execute('PRAGMA cache_size=2')\nc.execute('BEGIN')\n"
    change += f"c.executemany({INSERT!r}, [('x' * 3000,)] * 200)"
    crash(path, change)
    before = traces_of(tmp_path)
    assert len(before["a.db-journal"][0]) > 0
    assert messages(path) == ["one"]
    assert traces_of(tmp_path) == before


@pytest.mark.parametrize("name", ["what?.db", "50%41.db", "a#b.db", "space here.db", "Ünï.db"])
def test_any_name_is_opened_as_it_is(tmp_path: Path, name: str) -> None:
    assert messages(database(tmp_path / name, "one")) == ["one"]


def test_a_name_that_is_no_utf_8_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.db")
    shutil.copy(database(tmp_path / "a.db", "one"), path)
    assert messages(path) == ["one"]


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_come_in_the_order_of_their_ids_whatever_the_order_of_writing(tmp_path: Path) -> None:
    connection = make(tmp_path / "a.db")
    for number in (3, 1, 2):
        connection.execute("INSERT INTO traces (id, run_id, message) VALUES (?, 'r', ?)", (number, f"m{number}"))
    connection.close()
    assert messages(tmp_path / "a.db") == ["m1", "m2", "m3"]


def test_blocks_of_any_size_hold_the_same_rows(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", *(f"m{number}" for number in range(50)))
    source, found = source_of(path), []
    while True:
        block = source.read(1)
        assert block is not None
        found += [row.record["message"] for row in block.rows if row.record]
        if block.ended:
            break
    assert found == messages(path)


def test_bytes_say_what_the_file_says(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", *(f"m{number}" for number in range(3_000)))
    block = source_of(path).read(1 << 30)
    assert block is not None
    assert [row for rows in rows_of_bytes(path.read_bytes(), ("traces",)) for row in rows] == block.rows


def test_bytes_of_a_database_with_a_log_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    make(tmp_path / "a.db", "one", mode="wal").close()
    rows = [row for rows in rows_of_bytes((tmp_path / "a.db").read_bytes(), ("traces",)) for row in rows]
    assert [row.record["message"] for row in rows if row.record] == ["one"]


def test_a_row_is_fetched_again_by_its_id(tmp_path: Path) -> None:
    source = source_of(database(tmp_path / "a.db", "one", "two"))
    block = source.read(1 << 20)
    assert block is not None
    row = block.rows[1]
    data = source.fetch(row.a, row.b)
    assert len(data) == row.b
    assert b'"message":"two"' in data


@pytest.mark.parametrize("change", ["DELETE FROM traces", "UPDATE traces SET message = 'another one'"])
def test_a_row_that_was_changed_or_deleted_is_not_taken_for_the_one_that_was_read(tmp_path: Path, change: str) -> None:
    path = database(tmp_path / "a.db", "one")
    source = source_of(path)
    block = source.read(1 << 20)
    assert block is not None
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(change)
    connection.close()
    with pytest.raises(ChangedOnDisk):
        source.fetch(block.rows[0].a, block.rows[0].b)


def test_a_database_that_is_gone_has_no_bodies(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", "one")
    source = source_of(path)
    path.unlink()
    with pytest.raises(ChangedOnDisk):
        source.fetch(1, 10)


def test_values_that_are_no_text_are_read_without_guessing_their_meaning(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", b"\xff\x00bytes", 7, 1.5, None)
    assert messages(path) == ["\ufffd\x00bytes", 7, 1.5, None] or messages(path) == [
        "\ufffd\x00bytes",
        "7",
        "1.5",
        None,
    ]


def test_text_that_is_no_utf_8_costs_its_bytes_only(tmp_path: Path) -> None:
    connection = make(tmp_path / "a.db")
    connection.execute("INSERT INTO traces (run_id, message) VALUES ('r', CAST(x'61ff62' AS TEXT))")
    connection.close()
    assert messages(tmp_path / "a.db") == ["a\ufffdb"]


def test_a_row_that_is_too_long_costs_itself_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "ROW_LIMIT", 100_000)
    path = database(tmp_path / "a.db", "one", "x" * 200_000, "three")
    block = source_of(path).read(1 << 30)
    assert block is not None
    assert [row.record and row.record["message"] for row in block.rows] == ["one", None, "three"]
    assert block.rows[1].reason.startswith("row over")


# -- hostile databases -------------------------------------------------------------------------------------------------


def schema(path: Path, *statements: str) -> dict[str, tuple[str, ...]]:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    tables = tables_of(str(path))
    assert tables is not None
    return tables


def test_a_view_is_no_table(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS run_id, i AS level FROM n"
    assert schema(tmp_path / "a.db", f"CREATE VIEW traces AS {endless}") == {}


def test_a_virtual_table_is_no_table(tmp_path: Path) -> None:
    tables = schema(
        tmp_path / "a.db", "CREATE VIRTUAL TABLE traces USING fts5(run_id, level, message, error_flag, datetime)"
    )
    assert "traces" not in tables


def test_generated_columns_are_not_computed(tmp_path: Path) -> None:
    heavy = "CREATE TABLE traces (run_id TEXT, boom TEXT GENERATED ALWAYS AS (hex(zeroblob(100000000))) VIRTUAL)"
    assert schema(tmp_path / "a.db", heavy) == {"traces": ("run_id",)}


def test_a_table_without_row_ids_is_no_table_to_read(tmp_path: Path) -> None:
    assert schema(tmp_path / "a.db", "CREATE TABLE traces (run_id TEXT PRIMARY KEY) WITHOUT ROWID") == {}


def test_a_column_called_rowid_does_not_stand_for_the_row_id(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    connection.execute("CREATE TABLE traces (rowid TEXT, message TEXT)")
    connection.executemany("INSERT INTO traces VALUES ('same', ?)", [("one",), ("two",)])
    connection.close()
    assert messages(tmp_path / "a.db") == ["one", "two"]


def test_names_with_quotes_are_names(tmp_path: Path) -> None:
    assert schema(tmp_path / "a.db", 'CREATE TABLE "a""b; DROP" ("x""y" TEXT)') == {'a"b; DROP': ('x"y',)}


def test_what_no_patience_lasts_for_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(tmp_path / "a.db", *["m"] * 2_000)
    monkeypatch.setattr(sources, "_PATIENCE_S", -1.0)
    monkeypatch.setattr(sources, "_STEPS", 1)
    block = source_of(path).read(1 << 30)
    assert block is not None
    assert "interrupted" in block.damage


def test_what_only_begins_like_a_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\xaa" * 5_000)
    assert tables_of(str(path)) is None
    with pytest.raises(Damaged):
        list(rows_of_bytes(path.read_bytes(), ("traces",)))


# -- through the reader ------------------------------------------------------------------------------------------------


def test_rows_that_are_added_are_read_once_each(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.db"
    connection = make(path, "one")
    with Reader([str(tmp_path)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        batches = read(reader)
        for message in ("two", "three"):
            connection.execute(INSERT, (message,))
            clock.now += 2.0
            batches += read(reader)
    connection.close()
    assert said(batches) == [1, 2, 3]


def test_rows_that_are_only_in_the_log_are_followed(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.db"
    connection = make(path, "one", mode="wal")
    with Reader([str(tmp_path)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        batches = read(reader)
        connection.execute(INSERT, ("two",))
        clock.now += 2.0
        batches += read(reader)
    connection.close()
    assert said(batches) == [1, 2]


def test_a_watcher_that_names_the_log_has_the_database_read(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.db"
    connection = make(path, "one", mode="wal")
    with Reader([str(tmp_path)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        batches = read(reader)
        connection.execute(INSERT, ("two",))
        reader.changed([f"{path}-wal"])
        batches += read(reader)
    connection.close()
    assert said(batches) == [1, 2]


def test_rows_that_are_deleted_at_an_end_are_taken_back(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.db"
    connection = make(path, "one", "two", "three")
    with Reader([str(tmp_path)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        batches = read(reader)
        connection.execute("DELETE FROM traces WHERE id = 1")
        for _ in range(3):
            clock.now += 2.0
            batches += read(reader)
    connection.close()
    assert said(batches) == [2, 3]


def test_a_database_written_anew_under_its_name_takes_its_place(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.db"
    database(path, "one", "two")
    other = database(tmp_path / "other", "new")
    elsewhere = tmp_path / "traces"
    elsewhere.mkdir()
    shutil.move(path, elsewhere / "a.db")
    with Reader([str(elsewhere)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        batches = read(reader)
        shutil.move(other, elsewhere / "a.db")
        for _ in range(4):
            clock.now += 3.0
            batches += read(reader)
    assert said(batches) == [1]


def test_a_database_that_is_no_recording_is_unrecognised_with_its_tables(tmp_path: Path) -> None:
    schema(tmp_path / "a.db", "CREATE TABLE users (name TEXT)")
    reader = Reader([str(tmp_path)])
    read(reader)
    ((_, reason),) = reader.unrecognised
    assert reason == "an SQLite database without a table that is known (tables: users)"


def test_what_lies_beside_a_database_is_named_for_what_it_is(tmp_path: Path) -> None:
    writer = make(tmp_path / "a.db", "one", mode="wal")
    reader = Reader([str(tmp_path)])
    read(reader)
    assert {Path(path).name: reason.partition(",")[0] for path, reason in reader.unrecognised} == {
        "a.db-wal": "the write-ahead log of an SQLite database",
        "a.db-shm": "the index of an SQLite database's write-ahead log",
    }
    writer.close()


@pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"U"])
def test_an_overwritten_header_is_one_unreadable_record(tmp_path: Path, fill: bytes) -> None:
    path = database(tmp_path / "a.db", "one")
    path.write_bytes(fill * 100 + path.read_bytes()[100:])
    assert said(read(Reader([str(path)]))) == ["damaged database: file is not a database"]


@pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"U"])
def test_an_overwritten_root_page_is_one_unreadable_record(tmp_path: Path, fill: bytes) -> None:
    path = database(tmp_path / "a.db", "one")
    data = path.read_bytes()
    path.write_bytes(data[:4_096] + fill * 4_096 + data[8_192:])
    assert said(read(Reader([str(path)]))) == ["damaged database: database disk image is malformed"]


def test_no_flipped_bit_raises(tmp_path: Path, rounds) -> None:
    import random

    rng = random.Random(3)
    path = database(tmp_path / "a.db", *(f"message {number} " * 20 for number in range(40)))
    data = path.read_bytes()
    for _ in range(rounds(60, 3_000)):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data) if rng.random() < 0.5 else 4_096)] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(damaged))
        reader = Reader([str(path)])
        assert len([what for what in said(read(reader)) if isinstance(what, str)]) <= 1

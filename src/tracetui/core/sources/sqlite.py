"""SQLite databases as sources: read-only, leaving nothing behind, row by row, however hostile the file.

How a database is opened hangs on what lies beside it. A write-ahead log with its index is a writer's, alive or not: opened
``mode=ro``, which sees what is committed. A log without its index (or with one that we may not read), or a rollback journal,
is what a crash left: database and log are copied to a private folder and recovered there. Else ``immutable=1``, which takes no
lock and makes no file; whether the file has changed meanwhile is asked after each block.

Only ordinary tables are read: no views, virtual tables or generated columns, whose definitions are somebody else's program.
Rows that are deleted or rewritten in the middle of a table are not noticed while following; at its ends they are.
"""

# Names as the system gives them: no Path objects in here.
# ruff: noqa: PTH116, PTH118

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Literal
from urllib.parse import quote

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.sources.file import Place
from tracetui.core.sources.marks import signature_of

MAGIC: Final = b"SQLite format 3\x00"
ROW_LIMIT: Final = 64 * 1024 * 1024
"""Larger values are listed as unreadable with their row instead of read, bytes."""

_ROWS_AT_ONCE: Final = 1_000
_PATIENCE_S: Final = 10.0
"""A look at one block of a database may take this long: a crafted file can make any statement endless."""
_STEPS: Final = 20_000
_ATTEMPTS: Final = 4
_NOT_OURS: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM})
_ALLOWED: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_TRANSACTION}
)
_REFUSED: Final = (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError)
"""What a damaged database raises: SQLite's own words about it need not be UTF-8."""
_ROW_IDS: Final = ("rowid", "_rowid_", "oid")
_HEADER_BYTES: Final = 100


class Damaged(Exception):
    """The database, or the table that is to be read, cannot be read (on); the message says why."""


@dataclass(slots=True)
class Row:
    """One row. ``record`` is None where it cannot be read, for ``reason``.

    Args:
        a: its row id (times the number of tables read, plus which one of them).
        b: length of its JSON, bytes.
    """

    table: str
    a: int
    b: int
    record: dict[str, object] | None = None
    reason: str = ""


@dataclass(slots=True)
class Block:
    """What one look found: rows, whether there are no more for now, and why it stopped if the database is damaged."""

    rows: list[Row] = field(default_factory=list)
    ended: bool = False
    damage: str = ""

    @property
    def size(self) -> int:
        """Bytes of its rows."""
        return sum(row.b for row in self.rows)


@dataclass(slots=True, frozen=True)
class _Table:
    name: str
    row_id: str
    columns: tuple[str, ...]

    @property
    def select(self) -> str:
        columns = ", ".join(_quoted(name) for name in self.columns)
        return f"SELECT {self.row_id}, {columns} FROM {_quoted(self.name)}"  # noqa: S608  names from the file, quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _value(value: object) -> object:
    return _text(value) if isinstance(value, bytes) else value


def _json(record: dict[str, object]) -> bytes:
    """A row as it is shown: one JSON object."""
    import orjson

    return orjson.dumps(record)


# -- opening -----------------------------------------------------------------------------------------------------------


def _uri(path: str, options: str) -> str:
    return f"file:{quote(os.fsencode(path))}?{options}"


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _ask_for(path: str) -> None:
    """Raise the OSError that says why a file cannot be read, which SQLite does not."""
    os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))


def _is_readable(path: str) -> bool:
    try:
        _ask_for(path)
    except OSError:
        return False
    return True


class _Copy:
    """A database that a crash left in the middle of something, copied to a private folder to be recovered there."""

    def __init__(self, path: str, suffix: str) -> None:
        folder = tempfile.mkdtemp(prefix="tracetui-")
        self.remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = os.path.join(folder, "copy.db")
        for ending in ("", suffix):
            shutil.copyfile(path + ending, self.path + ending)


def _connect(uri: str) -> sqlite3.Connection:
    # Statements are few, and a connection that caches none of them can be closed at once.
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=0)


def _tame(connection: sqlite3.Connection) -> None:
    """Limits that a crafted database runs into instead of us."""
    deadline = time.monotonic() + _PATIENCE_S
    connection.text_factory = _text
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, ROW_LIMIT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)


def _fault(error: Exception) -> Exception:
    """What SQLite's refusal means: the database is damaged, or it cannot be reached now."""
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_OURS:
        return OSError(None, str(error))
    return Damaged(f"damaged database: {str(error)[:200]}")


class Database:
    """An open connection with what is asked of it. Everything raises ``Damaged`` where SQLite refuses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tables(self) -> dict[str, _Table]:
        """Ordinary tables with their stored columns, by name."""
        found = {}
        for (name,) in self._all("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"):
            if not isinstance(name, str) or name.lower().startswith("sqlite_"):
                continue
            if (table := self.table(name)) is not None:
                found[name] = table
        return found

    def table(self, name: str) -> _Table | None:
        """One table; None if it has no row ids of its own."""
        columns = [(str(row[1]), row[6]) for row in self._all(f"PRAGMA table_xinfo({_quoted(name)})")]
        lower = {column.lower() for column, _ in columns}
        row_id = next((word for word in _ROW_IDS if word not in lower), None)
        stored = tuple(column for column, hidden in columns if hidden == 0)
        if row_id is None or not stored:
            return None
        table = _Table(name, row_id, stored)
        try:
            self._connection.execute(f"{table.select} LIMIT 0").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # WITHOUT ROWID
                return None
            raise _fault(error) from error
        except _REFUSED as error:
            raise _fault(error) from error
        return table

    def rows(self, table: _Table, after: int | None, limit: int) -> Iterator[tuple[int, dict[str, object] | None]]:
        """Up to ``limit`` rows behind a row id, in their order; None for a row with a value that is too long."""
        where, values = ("", ()) if after is None else (f" WHERE {table.row_id} > ?", (after,))
        order = f"{where} ORDER BY {table.row_id} LIMIT {limit}"
        last = after
        try:
            for values_ in self._connection.execute(table.select + order, values):
                last = values_[0]
                yield last, dict(zip(table.columns, map(_value, values_[1:]), strict=True))
        except (sqlite3.DataError, sqlite3.OperationalError) as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_TOOBIG:
                raise _fault(error) from error
            yield from self._one_by_one(table, last, limit)
        except _REFUSED as error:
            raise _fault(error) from error

    def _one_by_one(
        self, table: _Table, last: int | None, limit: int
    ) -> Iterator[tuple[int, dict[str, object] | None]]:
        """The same where one of the rows is too long: it costs those that were read ahead of it."""
        where, values = ("", ()) if last is None else (f" WHERE {table.row_id} > ?", (last,))
        ids = f"SELECT {table.row_id} FROM {_quoted(table.name)}{where} ORDER BY {table.row_id} LIMIT {limit}"  # noqa: S608
        for (row_id,) in self._all(ids, values):
            if not isinstance(row_id, int):
                continue
            try:
                yield row_id, self.row(table, row_id)
            except Damaged as damage:
                cause = damage.__cause__
                if not isinstance(cause, sqlite3.Error) or cause.sqlite_errorcode != sqlite3.SQLITE_TOOBIG:
                    raise
                yield row_id, None

    def row(self, table: _Table, row_id: int) -> dict[str, object] | None:
        """One row by its id; None if it is not there."""
        for values in self._all(f"{table.select} WHERE {table.row_id} = ?", (row_id,)):
            return dict(zip(table.columns, map(_value, values[1:]), strict=True))
        return None

    def bounds(self, table: _Table) -> tuple[int, int] | None:
        """The lowest and the highest row id; None for an empty table."""
        name = _quoted(table.name)
        ends = []
        for way in ("ASC", "DESC"):
            found = self._all(f"SELECT {table.row_id} FROM {name} ORDER BY {table.row_id} {way} LIMIT 1")  # noqa: S608
            ends += [row[0] for row in found]
        low, high = ends if len(ends) == 2 else (None, None)
        return (low, high) if isinstance(low, int) and isinstance(high, int) else None

    def _all(self, sql: str, values: tuple[int, ...] = ()) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except _REFUSED as error:
            raise _fault(error) from error


@contextmanager
def _opened(connection: sqlite3.Connection) -> Iterator[Database]:
    try:
        try:
            _tame(connection)
        except _REFUSED as error:
            raise _fault(error) from error
        yield Database(connection)
    finally:
        connection.close()


# -- from bytes --------------------------------------------------------------------------------------------------------


def rows_of_bytes(data: bytes, tables: Sequence[str]) -> Iterator[list[Row]]:
    """Rows of a database that is in memory, in blocks. Raises Damaged."""
    if not data.startswith(MAGIC):
        raise Damaged("damaged database: file is not a database")
    # In memory there is no log: the header must not ask for one.
    plain = data[:18] + b"\x01\x01" + data[20:] if len(data) >= _HEADER_BYTES else data
    connection = _connect("file::memory:")
    try:
        connection.deserialize(plain)
    except _REFUSED as error:
        connection.close()
        raise Damaged("damaged database: it cannot be opened") from error
    with _opened(connection) as database:
        cursor = _Cursor(tables)
        ended = False
        while not ended:
            block = cursor.read(database, 1 << 20)
            yield block.rows
            if block.damage:
                raise Damaged(block.damage)
            ended = block.ended


class _Cursor:
    """How far the tables have been read."""

    def __init__(self, tables: Sequence[str]) -> None:
        self._names = tuple(tables)
        self._first: list[int | None] = [None] * len(self._names)
        self._last: list[int | None] = [None] * len(self._names)

    def copy(self) -> _Cursor:
        """The same place, to go on from without losing this one."""
        other = _Cursor(self._names)
        other._first, other._last = list(self._first), list(self._last)
        return other

    def is_undone(self, database: Database) -> bool:
        """Whether rows that were read at either end of a table are gone."""
        for number, name in enumerate(self._names):
            first, last = self._first[number], self._last[number]
            if last is None or first is None:
                continue
            table = database.table(name)
            bounds = None if table is None else database.bounds(table)
            if bounds is None or bounds[0] != first or bounds[1] < last:
                return True
        return False

    def read(self, database: Database, limit: int) -> Block:
        """Rows of about ``limit`` bytes."""
        block = Block()
        left = limit
        try:
            for number, name in enumerate(self._names):
                table = database.table(name)
                if table is None:
                    raise Damaged(f"damaged database: the table {name[:100]} cannot be read")
                left = self._read_table(database, table, number, left, block)
                if left <= 0:
                    return block
        except Damaged as damage:
            block.damage = str(damage)
        block.ended = True
        return block

    def _read_table(self, database: Database, table: _Table, number: int, left: int, block: Block) -> int:
        count = -1
        while count:
            count = 0
            for row_id, record in database.rows(table, self._last[number], _ROWS_AT_ONCE):
                count += 1
                last = self._last[number]
                if last is None:
                    self._first[number] = row_id
                elif row_id <= last:  # pages that lead back: what comes behind it would never end
                    raise Damaged(f"damaged database: rows of the table {table.name[:100]} are not in their order")
                self._last[number] = row_id
                a = row_id * len(self._names) + number
                if record is None:
                    block.rows.append(Row(table.name, a, 0, None, f"row over {ROW_LIMIT // 1_048_576} MB, not read"))
                    continue
                size = len(_json(record))
                block.rows.append(Row(table.name, a, size, record))
                left -= size
                if left <= 0:
                    return left
        return left


# -- from files --------------------------------------------------------------------------------------------------------


def tables_of(path: str) -> dict[str, tuple[str, ...]] | None:
    """Names of a database's ordinary tables with their columns; None if it cannot be read. Never raises."""
    try:
        with SqliteSource(-1, Place(path, -1, -1), ()).open() as database:
            return {table.name: table.columns for table in database.tables().values()}
    except (Damaged, OSError, ChangedOnDisk):
        return None


class SqliteSource:
    """Rows of a database on disk: ``a`` is a row id, ``b`` the length of its JSON. May be asked from any thread."""

    is_rows: Literal[True] = True

    def __init__(self, id: int, place: Place, tables: Sequence[str]) -> None:
        self.id = id
        self.place = place
        """Replaced by the reader when the file moves or begins anew."""
        self.shown = ""
        """What it is called instead of its path."""
        self._tables = tuple(tables)
        self._cursor = _Cursor(self._tables)
        self._seen: tuple[int, ...] = ()
        self._is_damaged = False
        """It could not be read on: when it changes, it is read from the start."""
        self._copy: tuple[tuple[int, ...], _Copy] | None = None
        self._lock = Lock()

    @property
    def path(self) -> str:
        """Where the database is now, or was last; or what it is called instead."""
        return self.shown or self.place.path

    @property
    def generation(self) -> int:
        """Counts how often it was read from the start."""
        return self.place.generation

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads."""
        return self._tables

    @property
    def log_mtime_ns(self) -> int:
        """When its write-ahead log last changed, ns; 0 without one. What is in it is not in the database yet."""
        try:
            return os.stat(self.place.path + "-wal").st_mtime_ns
        except OSError:
            return 0

    def is_of(self, tables: Sequence[str]) -> bool:
        """Whether these are the tables that it reads."""
        return self._tables == tuple(tables)

    def moved_to(self, key: int) -> None:
        """Nothing: a database is not kept open."""

    def restart(self) -> None:
        """Read from the first row again."""
        self._cursor = _Cursor(self._tables)
        self._seen = ()
        self._is_damaged = False

    def recall(self, seen: tuple[int, ...]) -> None:
        """An earlier process read all of it, as this signature says it still is."""
        self._seen = seen

    def has_changed(self) -> bool:
        """Whether the database, its log or its journal changed since it was last read to its end."""
        try:
            return signature_of(self.place.path) != self._seen
        except OSError:
            return False

    def read(self, limit: int) -> Block | None:
        """The next rows; None: rows that were read are gone, it is to be read from the start. Raises OSError."""
        if self._is_damaged:
            return None
        for _ in range(_ATTEMPTS):
            before = signature_of(self.place.path)
            cursor = self._cursor.copy()
            try:
                with self.open() as database:
                    if cursor.is_undone(database):
                        block = None
                    else:
                        block = cursor.read(database, limit)
            except Damaged as damage:
                block = Block([], True, str(damage))
            if signature_of(self.place.path) == before or _size_of(self.place.path + "-wal") > 0:
                break
        else:
            block = Block([], True, "changes while it is read") if block is None or not block.rows else block
        if block is not None:
            self._cursor = cursor
            self._is_damaged = bool(block.damage)
            self._seen = before if block.ended else ()
        return block

    def fetch(self, a: int, b: int) -> bytes:
        """The row at a locator as JSON. Raises ChangedOnDisk when it is not there any more, or is another one."""
        if not self._tables or (a, b) == (0, 0):
            return b""
        row_id, number = divmod(a, len(self._tables))
        try:
            with self.open() as database:
                table = database.table(self._tables[number])
                record = None if table is None else database.row(table, row_id)
        except Damaged as damage:
            raise ChangedOnDisk(f"{self.path!a}: {damage}") from damage
        except OSError as error:
            raise ChangedOnDisk(f"cannot read {self.path!a}: {error.strerror or error}") from error
        data = b"" if record is None else _json(record)
        if record is None or len(data) != b:
            raise ChangedOnDisk(f"row {row_id} of {self.path!a} was changed or deleted since it was read")
        return data

    def all_rows(self, at_once: int) -> Iterator[tuple[int, dict[str, object]]]:
        """Every row that can be read as it is now, with its locator, so many at a look. Raises ChangedOnDisk."""
        for number, name in enumerate(self._tables):
            last: int | None = None
            rows: list[tuple[int, dict[str, object] | None]] = [(0, None)]
            while rows:
                try:
                    with self.open() as database:
                        table = database.table(name)
                        rows = [] if table is None else list(database.rows(table, last, at_once))
                except Damaged as damage:
                    raise ChangedOnDisk(f"{self.path!a}: {damage}") from damage
                except OSError as error:
                    raise ChangedOnDisk(f"cannot read {self.path!a}: {error.strerror or error}") from error
                for row_id, record in rows:
                    if last is not None and row_id <= last:  # pages that lead back would never end
                        raise ChangedOnDisk(f"{self.path!a}: its rows are not in their order")
                    last = row_id
                    if record is not None:
                        yield row_id * len(self._tables) + number, record

    def line_of(self, a: int, near: int, near_line: int) -> int:  # noqa: ARG002
        """0: a database has no lines."""
        return 0

    @contextmanager
    def open(self) -> Iterator[Database]:
        """The database as it is now. Raises Damaged, OSError."""
        path = self.place.path
        _ask_for(path)
        try:
            connection = _connect(self._uri_of(path))
        except sqlite3.Error as error:
            raise OSError(None, str(error)) from error
        with _opened(connection) as database:
            yield database

    def _uri_of(self, path: str) -> str:
        suffix = "-wal" if _size_of(path + "-wal") > 0 else "-journal" if _size_of(path + "-journal") > 0 else ""
        if not suffix:
            self._copy = None
            return _uri(path, "mode=ro&immutable=1")
        _ask_for(path + suffix)
        if suffix == "-wal" and _is_readable(path + "-shm"):
            self._copy = None
            # Its index is looked at without writing to it, which a reader would do where the writer has died.
            return _uri(path, "mode=ro&readonly_shm=1")
        with self._lock:
            signature = signature_of(path)
            if self._copy is None or self._copy[0] != signature:
                self._copy = (signature, _Copy(path, suffix))
            return _uri(self._copy[1].path, "mode=rw")

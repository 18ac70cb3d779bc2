"""Records in an SQLite database, for those who want to ask with SQL; tracetui reads it like the files.

The schema, version 1 (``user_version`` 1, ``application_id`` 0x74637569)::

    CREATE TABLE records (
        id INTEGER PRIMARY KEY,   -- order of arrival, over all runs and processes
        run TEXT NOT NULL,        -- run id
        pid INTEGER NOT NULL,     -- process that wrote it
        seq INTEGER NOT NULL,     -- number of the record among those of its run and process
        type TEXT NOT NULL,       -- header span_start span_update span_end event run_end gap
        time INTEGER,             -- ns since the epoch
        span TEXT,                -- span id
        record TEXT NOT NULL      -- the record as docs/recording-format.md has it, JSON
    );
    CREATE INDEX records_by_run ON records (run);

Each record is a transaction of its own in a write-ahead log with ``synchronous=NORMAL``: when ``emit`` returns it survives the
death of the program, not that of the machine. Several processes may write into one database. A process that does so is not to
read the database with tracetui itself while others write: closing a file gives up the locks that this process has on it.
"""

from __future__ import annotations

import atexit
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from tracetui.core.recording.records import Record, RunInfo
from tracetui.core.recording.sinks._places import make_file, make_folder

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID: Final = 0x74637569
"""What tells the database from others (``PRAGMA application_id``): ``tcui`` as bytes."""
VERSION: Final = 1
"""Of the schema (``PRAGMA user_version``)."""
SCHEMA: Final = (
    "CREATE TABLE records (id INTEGER PRIMARY KEY, run TEXT NOT NULL, pid INTEGER NOT NULL, seq INTEGER NOT NULL, "
    "type TEXT NOT NULL, time INTEGER, span TEXT, record TEXT NOT NULL)",
    "CREATE INDEX records_by_run ON records (run)",
    f"PRAGMA application_id={APPLICATION_ID}",
    f"PRAGMA user_version={VERSION}",
)
KEPT_BYTES: Final = 1 << 20
"""Bytes of records that are kept in memory while the database refuses them."""
RETRY_NS: Final = 1_000_000_000
"""Time until a database that refused is tried again, ns."""
LOOK_NS: Final = 100_000_000
"""Time between two looks at whether the files are still those of that name, ns; a look takes as long as half a record."""
BUSY_TIMEOUT_MS: Final = 250
"""How long one record may wait for other writers, ms."""
LAST_TIMEOUT_MS: Final = 2_000
"""How long the last attempt waits for other writers when the sink is closed, ms."""

_TURN_MS: Final = 2
"""How long SQLite waits by itself. It looks ever more seldom, so that one of many writers may never find the database free."""

_INSERT: Final = "INSERT INTO records (run, pid, seq, type, time, span, record) VALUES (?, ?, ?, ?, ?, ?, ?)"
_SELECT: Final = "SELECT id, record FROM records WHERE run = ? AND id > ? ORDER BY id LIMIT ?"
_TAKEN: Final = "SELECT 1 FROM records WHERE run = ? AND pid = ? LIMIT 1"
_AT_ONCE: Final = 1_000
_FRONT: Final = 300
"""Bytes of a record within which time and span usually stand."""
_TIME_AND_SPAN: Final = re.compile(rb'"time":(\d{1,19})[,}](?:"span":"([^"\\]{1,64})")?')
_MOST: Final = (1 << 63) - 1

Row = tuple[str, int, int, str, int | None, str | None, str]


class NotOurs(Exception):
    """The file is a database of somebody else, or of a later version: nothing is written into it."""


class SqliteSink:
    """Writes records into one database.

    Args:
        path: the database; made with mode 0600 (``-wal`` and ``-shm`` beside it get the same) in a folder of mode 0700.
        busy_timeout_ms: how long one record may wait for other writers. Then it is kept, with those that follow, and tried
            again a second later: up to 1 MB, beyond that the oldest are lost, counted, and told by a ``gap`` record.
        mode: permissions of the file if it is made.
        clock: for the time between two attempts, ns.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        busy_timeout_ms: int = BUSY_TIMEOUT_MS,
        mode: int = 0o600,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._path = Path(path).absolute()
        self._timeout, self._mode, self._clock = busy_timeout_ms, mode, clock
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._files: tuple[tuple[int, int], tuple[int, int]] | None = None
        """Device and inode of the database and of its log, once there is one."""
        self._look = 0
        """When to look again whether they are still there, ns."""
        self._writing = False
        self._retry = 0
        """When a database that refused is tried again, ns; 0: it does not refuse."""
        self._is_waiting = False
        """It refused because others write."""
        self._kept: list[Record] = []
        self._kept_bytes = 0
        self._gaps: dict[tuple[str, int], _Gap] = {}
        self.lost = 0
        """Records that could not be written and are no longer kept."""
        self.reason = ""
        """Why the database refused the last time."""
        _remember(self)

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self._path

    def emit(self, record: Record) -> None:
        """Write it. A database that refuses is tried again later; what is lost for good is told by a ``gap`` record."""
        with self._lock:
            if self._kept or self._gaps or self._retry:
                if self._is_full(record):
                    self._flush()
                self._keep(record)
                if self._clock() >= self._retry:
                    self._flush()
            elif not self._write([_row(record)]):
                self._keep(record)

    def _is_full(self, record: Record) -> bool:
        """Whether records would be lost only because others write: it is better to try once more, if not at every record."""
        rested = self._clock() >= self._retry - RETRY_NS * 3 // 4
        return self._is_waiting and rested and self._kept_bytes + len(record.line) > KEPT_BYTES

    def lines(self, run: RunInfo) -> Iterator[bytes]:
        """The lines of a run, all its processes: those in the database, then those that are kept. Never raises."""
        import sqlite3

        after, count = 0, _AT_ONCE
        while count == _AT_ONCE:
            with self._lock:
                self._flush()
                try:
                    found = self._open().execute(_SELECT, (run.id, after, _AT_ONCE)).fetchall()
                except (sqlite3.Error, OSError, NotOurs):
                    found = []
            count = len(found)
            for row_id, line in found:
                after = row_id
                yield line.encode()
        yield from [record.line for record in list(self._kept) if record.run.id == run.id]

    def has_taken(self, run: RunInfo) -> bool:
        """Whether it has taken a record of a run and process: for who was interrupted while it gave it the first."""
        import sqlite3

        with self._lock:
            if any(record.run is run for record in self._kept):
                return True
            try:
                return self._open().execute(_TAKEN, (run.id, run.pid)).fetchone() is not None
            except (sqlite3.Error, OSError, NotOurs):
                return False

    def close(self) -> None:
        """Write what is kept, for the last time if the database still refuses, and close it. A further record reopens it."""
        with self._lock:
            self._flush(LAST_TIMEOUT_MS)
            for record in self._kept:
                self._lose(record)
            self._kept.clear()
            self._kept_bytes = self._retry = 0
            self._shut()

    def after_fork(self) -> None:
        """Forget what was inherited: a connection is of no use in another process, and not even to be closed there."""
        self._lock = RLock()
        if self._connection is not None and self._pid != os.getpid():
            _pin(self._connection)
            self._connection = None
        self._writing = False
        self._kept.clear()
        self._gaps.clear()
        self._kept_bytes = self._retry = self.lost = 0

    # -- writing ---------------------------------------------------------------------------------------------------

    def _write(self, rows: list[Row], timeout: int | None = None) -> bool:
        """Write rows in one transaction; False: the database refused, and holds none of them."""
        import sqlite3

        self._writing = True
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout) / 1_000
        try:
            connection = self._open()
            while not _has_written(connection, rows, deadline):
                pass
        except (sqlite3.Error, OSError, NotOurs) as fault:
            self._refused(fault)
            return False
        finally:
            self._writing = False
        self._retry = 0
        if self._files is None:
            self._files = self._found_files()
        return True

    def _refused(self, fault: Exception) -> None:
        self.reason = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        self._retry = self._clock() + RETRY_NS
        self._is_waiting = _is_busy(fault)
        if not self._is_waiting:
            self._shut()

    def _keep(self, record: Record) -> None:
        self._kept.append(record)
        self._kept_bytes += len(record.line)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            # A header, without which a run has no name, is the last to go.
            place = next((at for at, kept in enumerate(self._kept) if kept.type != "header"), 0)
            lost = self._kept.pop(place)
            self._kept_bytes -= len(lost.line)
            self._lose(lost)

    def _lose(self, record: Record) -> None:
        self.lost += 1
        key = (record.run.id, record.run.pid)
        gap = self._gaps.setdefault(key, _Gap(record.run))
        gap.lost += 1
        gap.last = max(gap.last, record.seq)

    def _flush(self, timeout: int | None = None) -> None:
        """Write what is kept, and where records were lost."""
        if not self._kept and not self._gaps:
            return
        left = dict(self._gaps)
        rows = []
        for record in self._kept:
            gap = left.get((record.run.id, record.run.pid))
            if gap is not None and record.seq > gap.last:
                rows.append(left.pop((record.run.id, record.run.pid)).row(self.reason))
            rows.append(_row(record))
        rows += [gap.row(self.reason) for gap in left.values()]
        if self._write(rows, timeout):
            self._kept.clear()
            self._gaps.clear()
            self._kept_bytes = 0

    # -- the connection --------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        """The connection, made if there is none or if its files are no longer those of that name."""
        if self._connection is not None and self._pid != os.getpid():  # a fork that nobody told us of
            self.after_fork()
        if self._connection is not None and self._files is not None and self._clock() >= self._look:
            self._look = self._clock() + LOOK_NS
            if self._found_files() != self._files:
                self._leave()
        if self._connection is None:
            self._connect()
        if self._connection is None:
            raise OSError(None, "not connected")
        return self._connection

    def _connect(self) -> None:
        import sqlite3

        make_folder(self._path.parent)
        file = make_file(self._path, self._mode)
        connection = sqlite3.connect(
            self._path, timeout=_TURN_MS / 1_000, isolation_level=None, check_same_thread=False
        )
        try:
            status = self._path.lstat()
            if (status.st_dev, status.st_ino) != file:
                raise OSError(None, "replaced while it was opened", str(self._path))
            _prepare(connection, time.monotonic() + self._timeout / 1_000)
        except BaseException:
            connection.close()
            raise
        self._connection, self._pid, self._files = connection, os.getpid(), None

    def _found_files(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Device and inode of what now goes by the names of the database and its log; None: one of them is missing."""
        try:
            one, two = os.stat(self._path), os.stat(f"{self._path}-wal")  # noqa: PTH116  for each record: no Path objects
        except OSError:
            return None
        return (one.st_dev, one.st_ino), (two.st_dev, two.st_ino)

    def _leave(self) -> None:
        """The files were deleted or replaced: what is written from now on goes to those of that name."""
        known, connection = self._files, self._connection
        try:
            status = os.stat(self._path)  # noqa: PTH116  as above
            is_same = known is not None and (status.st_dev, status.st_ino) == known[0]
        except OSError:
            is_same = False
        if not is_same and connection is not None:
            # Closing it deletes a log by its name, which may be that of another database by now.
            _pin(connection)
            self._connection = None
        self._shut()

    def _shut(self) -> None:
        import sqlite3

        connection, self._connection, self._files = self._connection, None, None
        if connection is None:
            return
        try:
            connection.close()
        except sqlite3.Error:
            _pin(connection)

    # -- forks -----------------------------------------------------------------------------------------------------

    def _before_fork(self) -> None:
        """Close the connection, since SQLite keeps accounts of its locks that are wrong in a child."""
        self._lock.acquire()
        if not self._writing:
            self._shut()

    def _after_fork_in_parent(self) -> None:
        self._lock.release()


class _Gap:
    """Records of one run and process that are lost."""

    __slots__ = ("last", "lost", "run")

    def __init__(self, run: RunInfo) -> None:
        self.run = run
        self.lost = 0
        self.last = -1
        """Number of the last of them, which the record of the gap takes."""

    def row(self, reason: str) -> Row:
        import orjson

        now = time.time_ns()
        values: dict[str, object] = {"type": "gap", "seq": self.last}
        if self.run.shared:
            values |= {"run": self.run.id, "pid": self.run.pid}
        line = orjson.dumps({**values, "time": now, "lost": self.lost, "reason": reason}).decode()
        return self.run.id, self.run.pid, self.last, "gap", now, None, line


def _row(record: Record) -> Row:
    """A record with what is asked for in columns of their own."""
    run, line = record.run, record.line
    found = _TIME_AND_SPAN.search(line, 0, _FRONT)
    told: object
    where: object
    if found is not None:
        told, where = int(found[1]), found[2].decode() if found[2] else None
    else:
        told, where = record.values.get("time"), record.values.get("span")
    at = told if isinstance(told, int) and 0 <= told <= _MOST else None
    span = where if isinstance(where, str) else None
    return run.id, run.pid, record.seq, record.type, at, span, line.decode("utf-8", "replace")


def _has_written(connection: sqlite3.Connection, rows: list[Row], deadline: float) -> bool:
    """Write rows; False: another process was writing, and there is time to try again. Raises what SQLite does."""
    import sqlite3

    try:
        if len(rows) == 1:
            connection.execute(_INSERT, rows[0])
        else:
            _write_all(connection, rows)
    except sqlite3.OperationalError as fault:
        if not _is_busy(fault) or time.monotonic() >= deadline:
            raise
        return False
    return True


def _is_busy(fault: Exception) -> bool:
    import sqlite3

    return getattr(fault, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _write_all(connection: sqlite3.Connection, rows: list[Row]) -> None:
    connection.execute("BEGIN IMMEDIATE").close()
    try:
        connection.executemany(_INSERT, rows).close()
        connection.execute("COMMIT").close()
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK").close()
        raise


def _prepare(connection: sqlite3.Connection, deadline: float) -> None:
    """Set the database up, and make the table if there is none. Raises NotOurs and what SQLite does."""
    import sqlite3

    while True:
        try:
            is_new = _is_new(connection)
            connection.execute("PRAGMA journal_mode=WAL").close()
            connection.execute("PRAGMA synchronous=NORMAL").close()
            if is_new:
                _make_table(connection)
            return
        except sqlite3.OperationalError as fault:
            # While another process sets it up, SQLite refuses some steps at once instead of waiting.
            if not _is_busy(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _is_new(connection: sqlite3.Connection) -> bool:
    """Whether the table is still to be made. Raises NotOurs."""
    known = _number(connection, "user_version"), _number(connection, "application_id")
    if known == (VERSION, APPLICATION_ID):
        return False
    if known != (0, 0) or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise NotOurs("the database is another program's, or of a later version of tracetui")
    return True


def _make_table(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE").close()
    try:
        if _is_new(connection):  # another process may have been faster
            for statement in SCHEMA:
                connection.execute(statement).close()
        connection.execute("COMMIT").close()
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK").close()
        raise
    # Into the database itself, so that whoever looks at its first page sees what it is.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


# -- forks -------------------------------------------------------------------------------------------------------------

_ALL: Final[WeakSet[SqliteSink]] = WeakSet()
_HELD: Final[list[SqliteSink]] = []
"""Sinks whose locks are held while the process forks."""
_PINNED: Final[list[sqlite3.Connection]] = []
_hooked = False


def _remember(sink: SqliteSink) -> None:
    global _hooked
    _ALL.add(sink)
    if not _hooked:
        _hooked = True
        atexit.register(_at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)


def _at_exit() -> None:
    for sink in list(_ALL):
        sink.close()


def _before_fork() -> None:
    for sink in list(_ALL):
        sink._before_fork()
        _HELD.append(sink)


def _in_parent() -> None:
    while _HELD:
        _HELD.pop()._after_fork_in_parent()


def _in_child() -> None:
    while _HELD:
        _HELD.pop().after_fork()


def _pin(connection: sqlite3.Connection) -> None:
    """Never close a connection, not even when the program ends: that could undo what others have written since."""
    _PINNED.append(connection)
    try:
        import ctypes
    except ImportError:  # then it is closed at the end, when nothing is written any more
        return
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))

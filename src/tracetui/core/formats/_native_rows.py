"""Native records in a database, as the SQLite sink writes them: rows of several runs and processes, in order of arrival.

The schema is in ``docs/recording-format.md``, section "The same in SQLite". A row's ``record`` is what a line of a file
would be; ``run`` and ``pid`` say whose file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Final

from tracetui.core.formats._base import Candidate
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._numbering import Numbering
from tracetui.core.formats._rows import RowDecoder
from tracetui.core.operations import Bad, Operation, Record, Repair, RunFact

if TYPE_CHECKING:
    from tracetui.core.formats._rows import Row
    from tracetui.core.formats.native import NativeDecoder

COLUMNS: Final = ("id", "run", "pid", "seq", "type", "time", "span", "record")
"""A table with these columns holds records."""

_LANE_ROWS: Final = 16
"""Rows below which the fast lane is not worth its set-up."""
_MAGIC: Final = b"SQLite format 3\x00"
_APPLICATION: Final = b"tcui"
_APPLICATION_AT: Final = 68
"""Where SQLite keeps ``application_id`` (https://www.sqlite.org/fileformat2.html, section 1.3)."""
_CREATE: Final = re.compile(
    rb"CREATE TABLE\s+[\"'`\[]?(\w{1,64})[\"'`\]]?\s*\(\s*" + rb"\b[^,()]*,\s*".join(name.encode() for name in COLUMNS)
)


def table_of(candidate: Candidate) -> str:
    """The table of native records in a database; empty if there is none. Its columns decide, not its name."""
    if candidate.tables is not None:
        return next((name for name, columns in candidate.tables.items() if set(columns) >= set(COLUMNS)), "")
    if not candidate.head.startswith(_MAGIC):
        return ""
    # A database whose tables cannot be listed: its first page holds how they were made.
    found = _CREATE.search(candidate.head)
    if found is not None:
        return found[1].decode()
    return "records" if candidate.head[_APPLICATION_AT : _APPLICATION_AT + 4] == _APPLICATION else ""


def record_of(row: Mapping[str, object]) -> dict[str, object] | None:
    """The record in a row as it is shown (one JSON object); None if the object is no row."""
    text = row.get("record")
    if not isinstance(text, str) or "id" not in row or not row.keys() >= set(COLUMNS):
        return None
    try:
        value = parse(text.encode("utf-8", "surrogatepass"))
    except NotJson:
        return None
    return value if isinstance(value, dict) else None


class NativeRows(RowDecoder):
    """Decodes rows; each run and process is decoded as its file would be."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(tables)
        self._writers: dict[tuple[str, object], NativeDecoder] = {}
        self._numbering = Numbering()
        self._lost: dict[tuple[str, str], dict[object, int]] = {}
        """Records lost by run and reason, of each process."""

    def rows(self, rows: Iterable[Row]) -> list[Operation]:
        """Operations of rows; many of one run after each other go through the fast lane of its lines."""
        operations: list[Operation] = []
        for run, some in groupby(rows, key=_run_of):
            group = list(some)
            found = self._columns(run, group) if len(group) >= _LANE_ROWS else None
            operations += super().rows(group) if found is None else found
        return operations

    def row(self, table: str, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one row says."""
        return [*self._decoded(record, a, b), *self._numbered(record)]

    def _columns(self, run: str, rows: list[Row]) -> list[Operation] | None:
        """The same of rows of one run as columns, and what their numbers prove; None: they are read one by one."""
        from tracetui.core.formats._native_lane import columns  # late: brings a parser

        records = [row.record for row in rows if row.record is not None]
        lines = [f"{record['record']}\n" for record in records]
        offsets = list(accumulate((len(line.encode()) for line in lines), initial=0))
        block = "".join(lines).encode()
        if len(records) < len(rows) or block.count(b"\n") != len(lines):
            return None

        def rest(_: bytes, at: int) -> list[Operation]:
            row = rows[bisect_left(offsets, at)]
            told = self._decoded(row.record or {}, row.a, row.b)
            return [operation for operation in told if not isinstance(operation, Record)]

        found = columns(block, 0, run, rest)
        if found is None:
            return None
        found.a, found.b = [row.a for row in rows], [row.b for row in rows]
        return [found, *(operation for record in records for operation in self._numbered(record))]

    def _decoded(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        run, pid = _writer_of(record)
        writer = self._writers.get((run, pid))
        if writer is None:
            from tracetui.core.formats.native import NativeDecoder

            writer = self._writers[run, pid] = NativeDecoder(run)
        try:
            value = parse(str(record.get("record")).encode("utf-8", "surrogatepass"))
        except NotJson as fault:
            return [Bad(0, a, b, str(fault), run)]
        if not isinstance(value, dict):
            return [Bad(0, a, b, "not an object", run)]
        value["run"] = run  # the row decides, whatever its record says
        return self._said(writer, run, pid, value, a, b)

    def _said(
        self, writer: NativeDecoder, run: str, pid: object, value: dict[str, object], a: int, b: int
    ) -> Iterable[Operation]:
        for operation in writer.operations(value, a, b):
            if isinstance(operation, RunFact) and operation.repair is not None and operation.repair.what == "lost":
                # Counted by each process, told once for all of them.
                lost = self._lost.setdefault((run, operation.repair.detail), {})
                lost[pid] = operation.repair.count
                operation.repair = Repair("lost", sum(lost.values()), operation.repair.detail)
            yield operation

    def _numbered(self, record: dict[str, object]) -> Iterable[Operation]:
        """What ``seq`` proves: records that are missing, or that are there twice."""
        seq = record.get("seq")
        if not isinstance(seq, int) or seq < 0:
            return ()
        run, pid = _writer_of(record)
        writer = self._numbering.writer(run, pid)
        kind = record.get("type")
        if seq == writer.next and not writer.holes and kind != "gap":
            writer.next += 1
            return ()
        known = writer.missing, writer.again
        if kind == "header":
            writer.begin(seq)
        writer.see(seq)
        if kind == "gap":
            lost = (record_of(record) or {}).get("lost")
            writer.tell_lost(lost if isinstance(lost, int) else 0)
        # Looking for what there is to tell goes through all writers of the database.
        return () if (writer.missing, writer.again) == known else self._numbering.repairs(run)


def _writer_of(record: dict[str, object]) -> tuple[str, object]:
    """Run and process of a row."""
    run, pid = record.get("run"), record.get("pid")
    return run if isinstance(run, str) and run else "-", pid if isinstance(pid, int | str) else None


def _run_of(row: Row) -> str:
    return "" if row.record is None else _writer_of(row.record)[0]

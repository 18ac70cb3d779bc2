"""Native records in a database, as the SQLite sink writes them: rows of several runs and processes, in order of arrival.

The schema is in ``docs/recording-format.md``, section "The same in SQLite". A row's ``record`` is what a line of a file
would be; ``run`` and ``pid`` say whose file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tracetui.core.formats._base import Candidate
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._numbering import Numbering
from tracetui.core.formats._rows import RowDecoder
from tracetui.core.operations import Bad, Operation, Repair, RunFact

if TYPE_CHECKING:
    from tracetui.core.formats.native import NativeDecoder

COLUMNS: Final = ("id", "run", "pid", "seq", "type", "time", "span", "record")
"""A table with these columns holds records."""

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

    def row(self, table: str, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one row says."""
        run, pid = record.get("run"), record.get("pid")
        run = run if isinstance(run, str) and run else "-"
        pid = pid if isinstance(pid, int | str) else None
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
        return [*self._said(writer, run, pid, value, a, b), *self._numbered(run, pid, value)]

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

    def _numbered(self, run: str, pid: object, value: dict[str, object]) -> Iterable[Operation]:
        """What ``seq`` proves: records that are missing, or that are there twice."""
        seq = value.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            return []
        writer = self._numbering.writer(run, pid)
        if "tracetui" in value:
            writer.begin(seq)
        writer.see(seq)
        lost = value.get("lost")
        if value.get("type") == "gap" and isinstance(lost, int):
            writer.tell_lost(lost)
        return self._numbering.repairs(run)

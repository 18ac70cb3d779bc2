"""Formats that live in a database: what their decoders share, whether rows come from a file on disk or from its bytes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tracetui.core.formats._lines import DOCUMENT_LIMIT, DocDecoder
from tracetui.core.operations import Bad, Operation

if TYPE_CHECKING:
    from tracetui.core.sources.sqlite import Row as Row  # decoders of rows take it from here

_log = logging.getLogger("tracetui")


class RowDecoder(DocDecoder):
    """Rows of some tables → operations, in the order of their row ids.

    The reader hands rows to ``rows``, since a database is not read from its first byte to its last. Where there are only
    bytes (standard input, an unpacked file), ``feed`` collects them and ``close`` reads the rows in memory: both say the same.
    """

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__()
        self.tables = tuple(tables)
        """Names of the tables to be read."""

    def row(self, table: str, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one row says: a ``Record`` with locator (``a``, ``b``) first. Override this. May raise."""
        raise NotImplementedError

    def rows(self, rows: Iterable[Row]) -> list[Operation]:
        """Operations of rows; a fault of the decoder's own costs that row."""
        operations: list[Operation] = []
        for row in rows:
            if row.record is None:
                operations.append(Bad(0, row.a, row.b, row.reason, self.bad_run))
                continue
            try:
                operations += self.row(row.table, row.record, row.a, row.b)
            except Exception as fault:  # a border: one row must not stop the others
                _log.exception("decoder fault in row %d", row.a)
                operations.append(Bad(0, row.a, row.b, f"decoder fault: {type(fault).__name__}", self.bad_run))
        return operations

    def close(self) -> list[Operation]:
        """Operations of a database that came as bytes, and one ``Bad`` where it is damaged."""
        from tracetui.core.sources.sqlite import Damaged, rows_of_bytes

        data, size = bytes(self._held), self._size
        self._held.clear()
        self._size = 0
        if size > DOCUMENT_LIMIT:
            return [Bad(0, 0, 0, f"database of {size / 1_000_000:.0f} MB, not read from memory", self.bad_run)]
        if not data:
            return []
        operations: list[Operation] = []
        try:
            for block in rows_of_bytes(data, self.tables):
                operations += self.rows(block)
        except Damaged as damage:
            operations.append(Bad(0, 0, 0, str(damage), self.bad_run))
        return operations

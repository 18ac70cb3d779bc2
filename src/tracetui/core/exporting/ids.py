"""Ids of spans as an export writes them: those of their producer where they tell spans apart, else numbers of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.core.model import Flag
from tracetui.core.store import run_salt

if TYPE_CHECKING:
    from tracetui.core.exporting.job import Job


class SpanIds:
    """One id for each span of a run: the producer's if it is the only one of that id, without secrets.

    Nothing is remembered of ids of 16 hexadecimal digits, which the store's keys are.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._salt = run_salt(job.run.row)
        self._known: dict[int, str] = {}
        self._taken: set[str] = set()
        self._own = bytearray(len(job.store.spans))
        """1: the id of this row is its key."""

    def of(self, row: int) -> str:
        """The id of a span."""
        key = f"{self._job.store.spans.key[row] ^ self._salt:016x}"
        if self._own[row]:
            return key
        known = self._known.get(row)
        if known is not None:
            return known
        written = self._written(row)
        if written in ("", key) or written in self._taken:
            self._own[row] = 1
            return key
        self._taken.add(written)
        self._known[row] = written
        return written

    def _written(self, row: int) -> str:
        if not self._job.store.spans.flags[row] & Flag.announced:
            return ""
        detail = self._job.view.span_detail(row)
        return "" if detail is None else self._job.gate.id(detail.id)

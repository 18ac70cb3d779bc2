"""Records kept in memory: for tests, and for programs that look at their own run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from tracetui.core.recording.records import Record, RunInfo


class MemorySink:
    """Keeps records; ``records`` is the list of them.

    Args:
        limit: records kept; None: all. Beyond it the oldest go, counted in ``lost``.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.records: deque[Record] = deque(maxlen=limit)
        self.lost = 0

    def emit(self, record: Record) -> None:
        """Keep it."""
        if self.records.maxlen is not None and len(self.records) == self.records.maxlen:
            self.lost += 1
        self.records.append(record)

    def lines(self, run: RunInfo) -> Iterator[bytes]:
        """The lines kept of a run."""
        return (record.line for record in list(self.records) if record.run.id == run.id)

    @property
    def values(self) -> list[dict[str, object]]:
        """What all records say, in order."""
        return [record.values for record in list(self.records)]

    def close(self) -> None:
        """Nothing to give back: what was kept stays."""

    def after_fork(self) -> None:
        """A child keeps its own records only."""
        self.records.clear()

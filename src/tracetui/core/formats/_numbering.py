"""What the numbers of native records prove: records that are missing, and records that are there twice.

Threads of a writer overtake each other, so a number may come a little late: its hole is filled when it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.operations import Operation, Repair, RunFact

_HOLES: Final = 10_000
"""Numbers still to come that are remembered one by one; a greater hole is not late but lost."""


class Writer:
    """The numbers of one process of a run."""

    __slots__ = ("again", "holes", "last_hole", "missing", "next")

    def __init__(self) -> None:
        self.next = 0
        """The number that is expected."""
        self.holes: set[int] = set()
        self.missing = 0
        self.again = 0
        self.last_hole = 0
        """Numbers left out before the last record."""

    def begin(self, seq: int) -> None:
        """A header: whatever came before was another recording."""
        self.next = seq
        self.holes.clear()

    def see(self, seq: int, excused: int = 0) -> int:
        """A record; ``excused`` of the numbers before it may stand in lines that cannot be read. Returns how many did."""
        self.last_hole = 0
        if seq < self.next:
            if seq in self.holes:
                self.holes.remove(seq)
                self.missing -= 1
            else:
                self.again += 1
            return 0
        gap = self.last_hole = seq - self.next
        used = min(gap, excused)
        if gap > used:
            self.missing += gap - used
            if not used and len(self.holes) + gap <= _HOLES:
                self.holes.update(range(self.next, seq))
        self.next = seq + 1
        return used

    def tell_lost(self, count: int) -> None:
        """The record just seen says that ``count`` were lost. It may stand under the number of the last of them."""
        if self.last_hole == count - 1:
            self.missing += 1


class Numbering:
    """The numbers of all processes whose records one decoder reads."""

    def __init__(self) -> None:
        self._writers: dict[tuple[str, object], Writer] = {}
        self._told: dict[str, tuple[int, int]] = {}

    def writer(self, run: str, process: object) -> Writer:
        """One process of a run."""
        found = self._writers.get((run, process))
        if found is None:
            found = self._writers[run, process] = Writer()
        return found

    def repairs(self, run: str) -> Iterator[Operation]:
        """What there is to tell of a run that was not told yet."""
        writers = [writer for (of, _), writer in self._writers.items() if of == run]
        missing = sum(writer.missing for writer in writers)
        again = sum(writer.again for writer in writers)
        before = self._told.get(run, (0, 0))
        self._told[run] = missing, again
        if missing != before[0]:
            yield RunFact(run, repair=Repair("missing", missing))
        if again != before[1]:
            yield RunFact(run, repair=Repair("again", again))

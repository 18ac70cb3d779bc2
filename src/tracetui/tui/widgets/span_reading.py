"""What the records of one span say, read where nobody has to wait for it: small ones at once, large ones in a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tracetui.core.bodies import PARSED_AT_ONCE, PARSED_HERE, letting_others_run
from tracetui.core.errors import ChangedOnDisk, TooLarge
from tracetui.core.model import SpanDetail
from tracetui.tui.session import Session

Problem = Literal["", "gone", "large", "dense", "reading"]
"""Why there is no detail: `large` is read when one asks, `dense` is never unfolded."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading: the detail, or why there is none."""

    detail: SpanDetail
    problem: Problem = ""


class SpanReading:
    """The detail of one span as it becomes known.

    Args:
        session: What is shared.
        row: The span.
    """

    def __init__(self, session: Session, row: int) -> None:
        self._session = session
        self._row = row
        self._asked = False
        self._is_wanted = self._is_under_way = False
        self._records: list[int] = []
        self._held: tuple[list[int], Read] | None = None

    def forget(self) -> None:
        """Read it again from disk."""
        self._held = None

    def look(self, size: int, records: list[int], *, whole: bool = False) -> Read:
        """What is known now.

        Args:
            size: Bytes of the records.
            records: Which they are; others than before are read anew, and what the others said is shown meanwhile.
            whole: The user asked for it, however large it is.
        """
        self._asked = self._asked or whole
        self._is_wanted = False
        if size <= PARSED_HERE:
            return self._at_once()
        if size > PARSED_AT_ONCE and not self._asked:
            return Read(SpanDetail(), "large")
        held = self._held
        self._records = records
        self._is_wanted = held is None or held[0] != records
        return Read(SpanDetail(), "reading") if held is None else held[1]

    def _at_once(self) -> Read:
        try:
            return Read(self._session.bodies.span_detail(self._row))
        except ChangedOnDisk:
            return Read(SpanDetail(), "gone")

    def work(self) -> Callable[[], Callable[[], None]] | None:
        """What a thread is to do for it; what that returns is called on the screen's loop. None: nothing is to be done."""
        if not self._is_wanted or self._is_under_way:
            return None
        self._is_under_way = True
        reading, records = self._session.bodies.reading(self._row), self._records

        def done(found: Read) -> None:
            self._is_under_way = False
            self._held = records, found

        def work() -> Callable[[], None]:
            try:
                with letting_others_run():
                    found = Read(reading.read())
            except ChangedOnDisk:
                found = Read(SpanDetail(), "gone")
            except TooLarge:
                found = Read(SpanDetail(), "dense")
            return lambda: done(found)

        return work

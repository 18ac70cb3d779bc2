"""A file that is one record whatever is in it: reports and logs beside runs, when somebody names one of them by itself."""

from __future__ import annotations

from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import DOCUMENT_LIMIT
from tracetui.core.formats._values import mapping_of
from tracetui.core.model import EventClass
from tracetui.core.operations import Event, Operation, Record, RunFact


class WholeFileDecoder:
    """Says one record for the whole file, as an event of a run that is the file itself."""

    document = True

    def __init__(self, run: str, type_: str, name: str, what: str) -> None:
        self._run = run
        self._type = type_
        self._name = name
        self._what = what
        self._size = 0

    @property
    def pending(self) -> int:
        """Bytes counted so far."""
        return self._size

    @property
    def line(self) -> int:
        """0: the file is taken as a whole."""
        return 0

    def feed(self, data: bytes) -> list[Operation]:
        """Counts; the bytes are fetched when somebody looks."""
        self._size += len(data)
        return []

    def close(self) -> list[Operation]:
        """The one record."""
        size, self._size = self._size, 0
        if not size:
            return []
        return [
            Record(self._run, self._type, 0, min(size, DOCUMENT_LIMIT)),
            RunFact(self._run, name=self._name, id=self._name, records_end=False, note=f"holds no spans: {self._what}"),
            Event(self._run, None, EventClass.log),
        ]


def values_of(raw: bytes) -> dict[str, object]:
    """The object that a body is; empty if it is none."""
    try:
        return mapping_of(parse(raw))
    except NotJson:
        return {}

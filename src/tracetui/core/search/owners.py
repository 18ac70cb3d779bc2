"""Whose a text is, where several records share their bytes: a line may tell of several spans."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from tracetui.core.formats._base import RecordBody
from tracetui.core.search.fields import Text, texts_of

if TYPE_CHECKING:
    from tracetui.core.formats._base import Format
    from tracetui.core.search.units import Unit
    from tracetui.core.store import Store


class Owners:
    """Finds the record that a text belongs to, by asking the format what each record says by itself."""

    def __init__(self, store: Store, formats: Iterable[Format]) -> None:
        self._store = store
        self._formats = {format.name: format for format in formats}
        self._read: tuple[Unit, dict[int, frozenset[str]]] | None = None

    def owner(self, unit: Unit, text: Text) -> int | None:
        """Row of the first record whose format reads the text in it, else of the first; None: there is no record."""
        if not unit.rows:
            return None
        first = unit.rows[0]
        if len(unit.rows) == 1 or text.raw is not None or text.is_key:
            return first
        spans = {self._store.records.span[row] if row >= 0 else -1 for row in unit.rows}
        if len(spans) == 1:
            return first
        outer = text
        while outer.around is not None:
            outer = outer.around
        return next((row for row, texts in self._readings(unit).items() if outer.text in texts), first)

    def _readings(self, unit: Unit) -> dict[int, frozenset[str]]:
        """The texts that each record of a unit holds."""
        if self._read is None or self._read[0] is not unit:
            said = {
                row: frozenset(self._reading(row, number, unit.data))
                for number, row in enumerate(unit.rows)
                if row >= 0
            }
            self._read = (unit, said)
        return self._read[1]

    def _reading(self, row: int, ordinal: int, data: bytes) -> Iterator[str]:
        store = self._store
        format_ = self._formats[store.runs[store.segments.run[store.segment_of(row)]].format]
        body = RecordBody(store.record_type(row), data, ordinal)
        events = store.events.record
        at = bisect_left(events, row)
        is_event = at < len(events) and events[at] == row
        detail = format_.event_detail(body) if is_event else format_.span_detail([body])
        for text in texts_of(_plain(detail), keys=False):
            yield text.text


def _plain(value: object) -> object:
    """A reading as objects and lists; what is recorded in it is plain already."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

"""Whose a text is, where several records share their bytes: a line may tell of several spans."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING

from tracetui.core.formats._base import RecordBody
from tracetui.core.formats._ladder import NotJson, TooDense
from tracetui.core.search.fields import Text, parsed, texts_of

if TYPE_CHECKING:
    from tracetui.core.formats._base import Format
    from tracetui.core.search.units import Unit
    from tracetui.core.store import Store


@dataclass(slots=True)
class _Readings:
    """What each record of a unit says by itself, and what tells the places of the unit apart."""

    holders: dict[str, dict[int, None]]
    """Rows of the records that hold a text, ascending."""
    marks: dict[str, frozenset[int]] | None = None
    """Rows whose own texts stand in an element of a list, by the path of the element; None: not looked for yet."""


class Owners:
    """Finds the record that a text belongs to, by asking the format what each record says by itself."""

    def __init__(self, store: Store, formats: Iterable[Format]) -> None:
        self._store = store
        self._formats = {format.name: format for format in formats}
        self._read: tuple[Unit, _Readings | None] | None = None

    def owner(self, unit: Unit, text: Text) -> int | None:
        """Row of the first record whose format reads the text in it, else of the first; None: there is no record."""
        if not unit.rows:
            return None
        first = unit.rows[0]
        if len(unit.rows) == 1 or text.raw is not None or text.is_key:
            return first
        said = self._readings(unit)
        if said is None:
            return first
        outer = text
        while outer.around is not None:
            outer = outer.around
        holders = said.holders.get(outer.text, {})
        return self._nearest(unit, said, outer.field, holders) if len(holders) > 1 else next(iter(holders), first)

    def _readings(self, unit: Unit) -> _Readings | None:
        """What the records of a unit say, looked up once; None where all of them are of one span."""
        if self._read is None or self._read[0] is not unit:
            spans = {self._store.records.span[row] if row >= 0 else -1 for row in unit.rows}
            self._read = (unit, None if len(spans) == 1 else _Readings(self._holders(unit)))
        return self._read[1]

    def _holders(self, unit: Unit) -> dict[str, dict[int, None]]:
        found: dict[str, dict[int, None]] = {}
        shared: dict[str, object] = {}
        for number, row in enumerate(unit.rows):
            if row >= 0:
                for text in self._reading(row, number, unit.data, shared):
                    found.setdefault(text, {})[row] = None
        return found

    def _nearest(self, unit: Unit, said: _Readings, path: str, holders: Mapping[int, None]) -> int:
        """Of several records that hold a text the one whose own texts stand nearest to the place; else the first."""
        if said.marks is None:
            said.marks = _marks(unit, said.holders)
        for element in _elements(path):
            marked = said.marks.get(element, frozenset())
            few = sorted(marked) if len(marked) < len(holders) else holders
            here = [row for row in few if row in holders and row in marked]
            if here:
                return self._without_parents(here)[0]
        return next(iter(holders))

    def _without_parents(self, rows: Sequence[int]) -> Sequence[int]:
        """Records of spans without those of their parents: a span names its parent, and seldom its children."""
        spans, owner = self._store.spans, self._store.records.span
        parents = {spans.parent[owner[row]] for row in rows if owner[row] >= 0}
        return [row for row in rows if owner[row] < 0 or owner[row] not in parents] or rows

    def _reading(self, row: int, ordinal: int, data: bytes, shared: dict[str, object]) -> Iterator[str]:
        store = self._store
        format_ = self._formats[store.runs[store.segments.run[store.segment_of(row)]].format]
        body = RecordBody(store.record_type(row), data, ordinal, shared)
        events = store.events.record
        at = bisect_left(events, row)
        is_event = at < len(events) and events[at] == row
        detail = format_.event_detail(body) if is_event else format_.span_detail([body])
        for text in texts_of(_plain(detail), keys=False):
            yield text.text


def _marks(unit: Unit, holders: Mapping[str, Mapping[int, None]]) -> dict[str, frozenset[int]]:
    """In which elements of lists there are texts that one record alone holds: by path, the rows of those records."""
    value = unit.record
    if value is None:
        try:
            value = parsed(unit.data)
        except (NotJson, TooDense):
            return {}
    found: dict[str, set[int]] = {}
    for each in texts_of(value, keys=False):
        rows = holders.get(each.text, {})
        if len(rows) == 1:
            for element in _elements(each.field):
                found.setdefault(element, set()).update(rows)
    return {element: frozenset(rows) for element, rows in found.items()}


def _elements(path: str) -> Iterator[str]:
    """Paths of the elements of lists that a place lies in, the innermost first."""
    end = path.rfind("]")
    while end >= 0:
        yield path[: end + 1]
        end = path.rfind("]", 0, end)


def _plain(value: object) -> object:
    """A reading as objects and lists; what is recorded in it is plain already."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

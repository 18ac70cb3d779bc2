"""Tokens, cost and model of the few spans that have them: a sparse table beside the span columns."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import fields

from tracetui.core.model import Usage
from tracetui.core.store.columns import _Table
from tracetui.core.store.key_index import KeyIndex

FIGURES = tuple(field.name for field in fields(Usage))
"""``input output total cached cache_write reasoning cost_usd``."""
TOKENS = FIGURES[:-1]

_UNKNOWN = 0xFFFF_FFFF
_BIG = 0xFFFF_FFFE
_NAN = float("nan")


class UsageTable(_Table):
    """One row for each span with usage or a model, 45 bytes. Unknown figures stay unknown."""

    __slots__ = (
        "_big",
        "_index",
        "cache_write",
        "cached",
        "cost_usd",
        "input",
        "model",
        "output",
        "provider",
        "reasoning",
        "span",
        "told",
        "total",
    )

    def __init__(self) -> None:
        self.span = array("I")
        self.input = array("I")
        self.output = array("I")
        self.total = array("I")
        self.cached = array("I")
        self.cache_write = array("I")
        self.reasoning = array("I")
        self.cost_usd = array("d")
        self.model = array("I")
        self.provider = array("I")
        """String id of who sells the model, 0 where that is not recorded."""
        self.told = array("B")
        """1 once figures were put: before, all of them are unknown."""
        self._big: dict[tuple[int, str], int] = {}
        self._index = KeyIndex(self.span)

    def __len__(self) -> int:
        return len(self.model)

    def find(self, span: int) -> int:
        """The row for a span, -1 if it has none."""
        return self._index.get(span)

    def ensure(self, span: int) -> int:
        """The row for a span, made if there is none."""
        row = self._index.get(span)
        if row < 0:
            row = len(self.model)
            self.span.append(span)
            for column in (self.input, self.output, self.total, self.cached, self.cache_write, self.reasoning):
                column.append(_UNKNOWN)
            self.cost_usd.append(_NAN)
            self.model.append(0)
            self.provider.append(0)
            self.told.append(0)
            self._index.add(span, row)
        return row

    def ensure_all(self, spans: list[int]) -> list[int]:
        """The rows for many spans, made where there are none."""
        rows = self._index.get_all(spans)
        if rows and max(rows) < 0 and len(set(spans)) == len(spans):
            first = len(self.model)
            self._make(spans)
            return list(range(first, first + len(spans)))
        if rows and min(rows) < 0:
            self._make(list(dict.fromkeys(span for span, row in zip(spans, rows, strict=True) if row < 0)))
            rows = self._index.get_all(spans)
        return rows

    def _make(self, spans: list[int]) -> None:
        first, count = len(self.model), len(spans)
        self.span.fromlist(spans)
        for name in TOKENS:
            getattr(self, name).frombytes(b"\xff\xff\xff\xff" * count)  # _UNKNOWN
        self.cost_usd.extend(array("d", (_NAN,)) * count)
        self.model.frombytes(bytes(4 * count))
        self.provider.frombytes(bytes(4 * count))
        self.told.frombytes(bytes(count))
        self._index.add_all(spans, first)

    def get(self, row: int) -> Usage:
        """The figures of a row, None where unknown."""
        cost = self.cost_usd[row]
        return Usage(
            self._tokens(row, "input"),
            self._tokens(row, "output"),
            self._tokens(row, "total"),
            self._tokens(row, "cached"),
            self._tokens(row, "cache_write"),
            self._tokens(row, "reasoning"),
            None if cost != cost else cost,
        )

    def _tokens(self, row: int, name: str) -> int | None:
        value: int = getattr(self, name)[row]
        if value < _BIG:
            return value
        return None if value == _UNKNOWN else self._big[row, name]

    def put(self, row: int, usage: Usage) -> None:
        """Replace the figures of a row."""
        self.told[row] = 1
        for name in TOKENS:
            value: int | None = getattr(usage, name)
            if value is None:
                value = _UNKNOWN
            elif not 0 <= value < _BIG:
                self._big[row, name] = value
                value = _BIG
            getattr(self, name)[row] = value
        self.cost_usd[row] = _NAN if usage.cost_usd is None else usage.cost_usd

    def put_first(self, rows: list[int], figures: Sequence[Sequence[float | None]]) -> list[list[float]] | None:
        """Put the first figures of many rows, a list for each of ``FIGURES``; the known ones of each. None: not so plain."""
        told = self.told
        if any(map(told.__getitem__, rows)) or len(set(rows)) < len(rows):
            return None
        lists = {id(values): values for values in figures}  # figures that nobody tells often share one list
        given = {number: [value for value in values if value is not None] for number, values in lists.items()}
        known = [given[id(values)] for values in figures]
        if any(values and not (min(values) >= 0 and max(values) < _BIG) for values in known[:-1]):
            return None
        first, after = rows[0], rows[0] + len(rows)
        in_a_row = rows[-1] == after - 1 and rows == list(range(first, after))
        if in_a_row:
            told[first:after] = array("B", (1,)) * len(rows)
        else:
            for row in rows:
                told[row] = 1
        for name, values, some in zip(FIGURES, figures, known, strict=True):
            if some:
                column = getattr(self, name)
                if in_a_row and len(some) == len(values):
                    column[first:after] = array(column.typecode, some)
                    continue
                for row, value in zip(rows, values, strict=True):
                    if value is not None:
                        column[row] = value
        return known

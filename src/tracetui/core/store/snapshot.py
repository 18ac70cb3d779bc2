"""A store as it was, for work in another thread while the one writer goes on: filters, searches.

A column must not be looked at by numpy while it may grow (``columns.view``), so a thread cannot work on the store itself. A
snapshot copies each column when it is first asked for, in one step that no other thread can come between (3 ms for a million
spans), and no column that nobody asks for. What is overwritten in place later may be seen or not; rows that come later are not.
"""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from tracetui.core.store.columns import BadRecords, Events, Records, Segments, Spans, view
from tracetui.core.store.runs import Run
from tracetui.core.store.store import Store
from tracetui.core.store.strings import Strings
from tracetui.core.store.usage import UsageTable

if TYPE_CHECKING:
    import numpy
    import numpy.typing as npt

_COPIED = ("type_counts", "models", "known", "costs", "repairs")


class _Columns:
    """A table whose columns are copied when they are first asked for."""

    DEAD = Events.DEAD
    UNCOUNTED = Records.UNCOUNTED

    def __init__(self, table: Any, length: int) -> None:
        self._table = table
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getattr__(self, name: str) -> Any:
        # A slice is taken whole before any other thread runs; one of a mapped column is a window, which cannot grow.
        column = getattr(self._table, name)[: self._length]
        setattr(self, name, column)
        return column

    def np(self, field: str, start: int = 0, stop: int | None = None) -> numpy.ndarray:
        """A numpy window on a column."""
        return view(getattr(self, field), start, stop)


class _Usage(_Columns):
    """The same of figures, with those that are too large for their column."""

    def __init__(self, table: UsageTable, length: int) -> None:
        super().__init__(table, length)
        self._big = dict(table._big)

    get = UsageTable.get
    _tokens = UsageTable._tokens


class Snapshot(Store):
    """What ``store`` held when this was made; only for reading. To be made by the thread that writes: it costs next to nothing.

    ``events_of`` and ``records_of`` look rows up in an index that is made once: whoever asks of many spans asks here.
    """

    def __init__(self, store: Store) -> None:
        self.epoch = store.epoch
        self._live = store
        self._run_count = len(store.runs)
        self.kept = store.kept
        self.generations = dict(store.generations)
        self.strings = Strings()
        self.strings.restore(store.strings.texts())
        for name in ("spans", "records", "events", "segments", "bad"):
            table = getattr(store, name)
            setattr(self, name, cast("Spans | Records | Events | Segments | BadRecords", _Columns(table, len(table))))
        self.usage = cast("UsageTable", _Usage(store.usage, len(store.usage)))

    @cached_property
    def runs(self) -> list[Run]:  # type: ignore[override]  # the store's is an attribute
        """The runs; what they hold grows on in the store and not here."""
        return [_copied(run) for run in self._live.runs[: self._run_count]]

    @cached_property
    def _events_by_span(self) -> _BySpan:
        return _BySpan(self.events.np("span"), self.events.np("cls") != Events.DEAD)

    @cached_property
    def _records_by_span(self) -> _BySpan:
        return _BySpan(self.records.np("span"))

    def events_of(self, row: int) -> list[int]:
        """Rows of one span's events in arrival order."""
        return self._events_by_span.of(row)

    def records_of(self, row: int) -> list[int]:
        """Rows of the records that speak of a span (its events included), in arrival order."""
        return self._records_by_span.of(row)


class _BySpan:
    """Rows by the span that they are of."""

    def __init__(self, spans: npt.NDArray[numpy.int32], counted: npt.NDArray[numpy.bool_] | None = None) -> None:
        import numpy as np

        rows = np.flatnonzero(spans >= 0 if counted is None else (spans >= 0) & counted).astype(np.int32)
        owners = spans[rows]
        order = np.argsort(owners, kind="stable")
        self._rows, self._owners = rows[order], owners[order]

    def of(self, span: int) -> list[int]:
        # Of the same type as the column, which numpy would copy otherwise.
        first = int(self._owners.searchsorted(self._owners.dtype.type(span)))
        last = int(self._owners.searchsorted(self._owners.dtype.type(span), "right"))
        rows: list[int] = self._rows[first:last].tolist()
        return rows


def _copied(run: Run) -> Run:
    """A run whose tables nobody changes."""
    one = copy.copy(run)
    for name in _COPIED:
        setattr(one, name, dict(getattr(run, name)))
    one.failed = run.failed[:]
    return one

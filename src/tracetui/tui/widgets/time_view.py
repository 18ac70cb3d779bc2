"""The open run in time order: starts of spans, events, and ends, one after another as they came; new ones at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from tracetui.core import text
from tracetui.core.model import NO_TIME, TIME_INFERRED, Clock, Kind, Status, class_word
from tracetui.tui.presentation.moments import (
    EndRow,
    MomentColumns,
    MomentEvent,
    moment_columns,
    moment_headings,
    moment_pieces,
)
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import SpanRow
from tracetui.tui.session import Session
from tracetui.tui.widgets.flat_view import FlatView, Identity

if TYPE_CHECKING:
    from tracetui.core.store.time_order import TimeOrder
    from tracetui.tui.widgets.span_data import SpanData

_TIME_OF_DAY = (Clock.utc, Clock.inferred, Clock.assumed)


class TimeView(FlatView):
    """Everything that happened, in order."""

    title: ClassVar[str] = "Spans in time order"

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self._order: TimeOrder | None = None

    # ------------------------------------------------------------ rows

    def row_count(self) -> int:
        """Starts, events and ends."""
        return 0 if self._order is None else len(self._order)

    def _job(self, data: SpanData) -> Callable[[], object]:
        from tracetui.core.store.time_order import Asked, copied, ordered

        asked, store = Asked.of(data.tree), self.readable(data)
        return lambda: ordered(copied(store, asked))

    def _put(self, made: TimeOrder | None) -> None:
        self._order = made

    def _identity(self, index: int) -> Identity | None:
        from tracetui.core.store.time_order import What

        if self._order is None or not 0 <= index < len(self._order):
            return None
        what, row = int(self._order.what[index]), int(self._order.row[index])
        return ("event" if what == What.event else "span", row)

    def _index_of(self, identity: Identity) -> int:
        from tracetui.core.store.time_order import What

        if self._order is None:
            return -1
        if self._identity(self.cursor) == identity:
            return self.cursor  # the end of a span stands for it as its start does
        return self._order.index_of(What.event if identity[0] == "event" else What.start, identity[1])

    # ------------------------------------------------------------ drawing

    def _columns(self, width: int) -> MomentColumns:
        data = self.data
        has_times = data is not None and data.tree.has_times
        return moment_columns(width, has_times, has_times and data is not None and data.run.clock in _TIME_OF_DAY)

    def _headings(self, width: int) -> list[Piece]:
        return moment_headings(self._columns(width))

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """The start of a span, the end of one, or an event."""
        from tracetui.core.store.time_order import What

        data, order = self.data, self._order
        if data is None or order is None:
            return []
        what, row = int(order.what[index]), int(order.row[index])
        store = self.session.store
        if what == What.event:
            at = store.events.time[row]
            told: MomentEvent | EndRow | SpanRow = MomentEvent(class_word(store.events.cls[row]), data.event_text(row))
        else:
            at = store.spans.end[row] if what == What.end else store.spans.start[row]
            told = self._ended(data, row) if what == What.end else data.flat_row(row)
        return moment_pieces(
            told,
            self._clock(at),
            data.since_begin(at),
            self._columns(width),
            self.session.symbols,
            selected=selected,
            focused=focused,
            marked=row in (self.session.marked.events if what == What.event else self.session.marked.spans),
        )

    def _clock(self, at: int) -> str:
        return "" if at == NO_TIME else text.clock_time(at, self.session.tz, self.session.symbols)[:8]

    def _ended(self, data: SpanData, row: int) -> EndRow:
        spans = self.session.store.spans
        is_error = spans.status[row] == Status.error
        shown = data.flat_row(row)
        return EndRow(
            kind=Kind(spans.kind[row]).name,
            name=shown.name,
            lane="error" if is_error else "",
            time=shown.time,
            is_cause=shown.tone == "error",
            is_computed=bool(spans.flags[row] & TIME_INFERRED),
        )

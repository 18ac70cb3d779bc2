"""The open run by name: each name with the figures of its spans, which it opens into, the longest first."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tracetui.core.model import Kind
from tracetui.tui.presentation.name_rows import member_pieces, name_columns, name_headings, name_pieces
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.flat_view import FlatView, Identity

if TYPE_CHECKING:
    from tracetui.core.analysis.name_table import NameRow, NameTable, Sorting
    from tracetui.tui.widgets.span_data import SpanData


class NamesView(FlatView):
    """Names as rows. A name stands for its longest span: that is what is selected with it."""

    title: ClassVar[str] = "Spans by name"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "fold", "fold, then its name", id="names.fold", show=False),
        Binding("right,l", "unfold", "its spans, longest first", id="names.unfold", show=False),
        Binding("space", "toggle_fold", "fold", id="names.toggle"),
        Binding("less_than_sign,alt+up", "sort(-1)", "sort by column before", id="names.sort_previous", show=False),
        Binding("greater_than_sign,alt+down", "sort(1)", "sort by next column", id="names.sort_next"),
        Binding("r", "reverse", "reverse the order", id="names.reverse", show=False),
    ]

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self.sorting: Sorting = "own"
        self.is_reversed = False
        self._table: NameTable | None = None
        self._open: set[tuple[str, Kind]] = set()
        self._starts: list[int] = [0]
        """Index of the row of each name, and of what would come after the last one."""

    # ------------------------------------------------------------ rows

    def row_count(self) -> int:
        """Names, and spans of those that are open."""
        return self._starts[-1]

    def _job(self, data: SpanData) -> Callable[[], object]:
        from tracetui.core.analysis.name_table import Priced, copied, tabled

        positions, _ = data.tree.asked_for()
        asked = None if positions is None else data.tree.rows()[positions]
        store, row = self.readable(data), data.run.row
        priced = None if self.session.costs is None else Priced.of(self.session.costs)
        return lambda: tabled(copied(store, row, asked, priced))

    def _put(self, made: NameTable | None) -> None:
        self._table = None if made is None else made.sorted_by(self.sorting, self.is_reversed)
        self._lay_out()

    def _lay_out(self) -> None:
        rows = () if self._table is None else self._table.rows
        lengths = (1 + (row.count if row.key in self._open else 0) for row in rows)
        self._starts = list(accumulate(lengths, initial=0))

    def show(self, data: SpanData | None, selected: Identity | None = None) -> None:
        """Show a run; what was open in another one is not."""
        if data is not self.data:
            self._open.clear()
        super().show(data, selected)

    def _at(self, index: int) -> tuple[NameRow, int | None] | None:
        """The name of a row, and the span if it is one of its spans."""
        if self._table is None or not 0 <= index < self.row_count():
            return None
        number = bisect_right(self._starts, index) - 1
        row, below = self._table.rows[number], index - self._starts[number]
        return row, int(self._table.members[row.first + below - 1]) if below else None

    def _identity(self, index: int) -> Identity | None:
        found = self._at(index)
        if found is None or self._table is None:
            return None
        row, span = found
        return ("span", int(self._table.members[row.first]) if span is None else span)

    def _index_of(self, identity: Identity) -> int:
        if self._table is None or identity[0] == "event":
            return -1
        if self._identity(self.cursor) == identity:
            return self.cursor
        spans, strings = self.session.store.spans, self.session.store.strings
        key = (strings[spans.name[identity[1]]], Kind(spans.kind[identity[1]]))
        number = next((number for number, row in enumerate(self._table.rows) if row.key == key), -1)
        if number < 0:
            return -1
        index = self._starts[number]
        if key in self._open:
            import numpy as np

            found = np.flatnonzero(self._table.spans_of(self._table.rows[number]) == identity[1])
            return index + 1 + int(found[0]) if len(found) else -1
        return index

    @property
    def is_on_span(self) -> bool:
        """The cursor is on one of the spans of a name, and not on a name."""
        found = self._at(self.cursor)
        return found is not None and found[1] is not None

    # ------------------------------------------------------------ drawing

    def _headings(self, width: int) -> list[Piece]:
        return name_headings(name_columns(width, self.sorting), self.sorting, self.session.symbols)

    def position_text(self) -> str:
        """The order, and which row is selected."""
        order = f"by {self.sorting}" + (" reversed" if self.is_reversed else "")
        return f"{order}   {super().position_text()}"

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """A name, or one of its spans."""
        data, table, found = self.data, self._table, self._at(index)
        if data is None or table is None or found is None:
            return []
        row, span = found
        columns, symbols = name_columns(width, self.sorting), self.session.symbols
        if span is not None:
            return member_pieces(data.flat_row(span), columns, symbols, selected=selected, focused=focused)
        name = data.clean(row.name)
        return name_pieces(
            row,
            name,
            table.wall,
            columns,
            symbols,
            selected=selected,
            focused=focused,
            is_open=row.key in self._open,
            hits=tuple(data.hits_in(name)),
        )

    # ------------------------------------------------------------ keys

    def action_enter(self) -> None:
        """Into a name: its spans; into one of those: the tree."""
        if self.is_on_span:
            super().action_enter()
        else:
            self.action_toggle_fold()

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:
        """A click on the name that is selected already folds it."""
        found = self._at(index)
        if found is not None and found[1] is None and (by_cursor or 2 <= x <= 4):
            self.action_toggle_fold()
            return True
        return False

    def action_toggle_fold(self) -> None:
        """Show the spans of a name, or hide them; the cursor goes to the name."""
        if (found := self._at(self.cursor)) is not None:
            self._fold(found[0], found[0].key not in self._open)

    def action_unfold(self) -> None:
        """Show the spans of a name; if they are shown, go to the first."""
        found = self._at(self.cursor)
        if found is None or found[1] is not None:
            return
        if found[0].key in self._open:
            self.move_to(self.cursor + 1, by_user=True)
        else:
            self._fold(found[0], True)

    def action_fold(self) -> None:
        """From a span to its name; hide the spans of a name."""
        found = self._at(self.cursor)
        if found is None:
            return
        if found[1] is not None:
            self.move_to(self._starts[bisect_right(self._starts, self.cursor) - 1], by_user=True)
        elif found[0].key in self._open:
            self._fold(found[0], False)

    def _fold(self, row: NameRow, is_open: bool) -> None:
        index = self._starts[bisect_right(self._starts, self.cursor) - 1]
        if is_open:
            self._open.add(row.key)
        else:
            self._open.discard(row.key)
        self._lay_out()
        self._cursor = min(self._cursor, max(0, self.row_count() - 1))
        self.refresh_all()
        self.move_to(index, by_user=True)
        self._say_where()

    def action_sort(self, by: int) -> None:
        """Sort by the next column, or the one before."""
        from tracetui.core.analysis.name_table import SORTINGS

        self.sorting = SORTINGS[(SORTINGS.index(self.sorting) + by) % len(SORTINGS)]
        self.is_reversed = False
        self._order_again()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self.is_reversed = not self.is_reversed
        self._order_again()

    def _order_again(self) -> None:
        selected = self._selected
        self._put(self._table)
        self._cursor = self._place_of(selected) if selected is not None else 0
        self._cursor = max(0, self._cursor)
        self.refresh_all()
        self._scroll_into_view(self._cursor, self._cursor, "auto")
        self._say_where()

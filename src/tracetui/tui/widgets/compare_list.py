"""The rows of a comparison as a tree that folds, and its names as a list; above them stand the figures of both runs.

What is shown is a list of row numbers (`core.comparing.outline`); a row is made when it is drawn. A comparison of many rows is
unfolded in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from tracetui.tui.presentation.comparing import (
    SORTINGS,
    CompareColumns,
    RowLook,
    RunFigures,
    compare_columns,
    compared_row,
    cut_row,
    equal_row,
    heading_row,
    in_order,
    name_columns,
    name_heading,
    name_row,
    run_rows,
)
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.core.comparing.by_name import NameDifference
    from tracetui.core.comparing.outline import Folds, Line, Showing
    from tracetui.core.comparing.row_words import RowWords
    from tracetui.tui.comparing import Compared

MANY_ROWS: Final = 20_000
"""A comparison of more rows is laid out in a thread."""
VIEWS: Final = ("tree", "differences", "names")
_LEAST_HEIGHT: Final = 8
"""Rows below which the headings go."""
_SPACED_FROM: Final = 20
"""Rows from which on a blank line stands between the figures of the runs and the rows."""


class CompareList(LineView):
    """Rows or names of one comparison; empty until `show` is called."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "fold", id="compare.fold"),
        Binding("left,h", "fold", "fold, then parent", id="compare.close"),
        Binding("right,l", "unfold", "unfold, then go on", id="compare.open"),
        Binding("A", "all", "fold or unfold all", id="compare.all"),
        Binding("e,n", "stop(1)", "next difference", id="compare.next"),
        Binding("E,N", "stop(-1)", "previous difference", id="compare.previous"),
        Binding("s", "slower(1)", "next that took longer", id="compare.next_slower"),
        Binding("S", "slower(-1)", "previous that took longer", id="compare.previous_slower"),
        Binding("v", "view", "view: tree, only differences, by name", id="compare.view"),
        Binding("less_than_sign,alt+up", "sort(-1)", "names: sort by column before", id="compare.sort_previous"),
        Binding("greater_than_sign,alt+down", "sort(1)", "names: sort by next column", id="compare.sort_next"),
    ]

    class Rested(Message):
        """Another row is under the cursor, or what stands there is known better."""

    class Told(Message):
        """Something to be said in the header."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="compare")
        self.runs: tuple[RunFigures, RunFigures] | None = None
        self.waiting = ""
        """What stands in the place of rows."""
        self.view = "tree"
        self.sorting = "weight"
        self.is_touched = False
        """The user moved: the cursor is not ours to place any more."""
        self.compared: Compared | None = None
        self._words: RowWords | None = None
        self._folds: Folds | None = None
        self._lines: list[Line] = []
        self._names: list[NameDifference] = []
        self._place: dict[str, int] = {}
        self._noted = -1
        self._longest_name = 0

    # ------------------------------------------------------------ what is shown

    def tell(self, runs: tuple[RunFigures, RunFigures], waiting: str) -> None:
        """The figures of both runs, while they are being compared."""
        self.runs, self.waiting = runs, waiting
        self.compared, self._lines, self._names = None, [], []
        self.is_touched = False
        self._cursor = self._top = 0
        self.refresh_all()

    def show(self, compared: Compared) -> None:
        """A comparison; the cursor goes to the first difference."""
        from tracetui.core.comparing.outline import Folds
        from tracetui.core.comparing.row_words import RowWords

        self.compared, self.waiting = compared, ""
        self._noted = -1
        self._words = RowWords(compared.comparison, self.session.symbols)
        self._folds = Folds()
        self._names = in_order(compared.names, self.sorting)
        self._longest_name = max((abs(name.own_ns[1] - name.own_ns[0]) for name in self._names), default=0)
        self._place.clear()
        stops = compared.outline.stops
        self._lay_out(int(stops[0]) if len(stops) else None)

    def note(self, row: int) -> None:
        """A row differs in what it was given, which no column tells."""
        if self.compared is not None:
            self._noted = row
            self.compared.outline.note(row, self.compared.comparison)
            self._lay_out(self._lines[self._cursor][0] if self._lines and self.view != "names" else None)

    @property
    def _showing(self) -> Showing:
        return "differences" if self.view == "differences" else "folded"

    def _lay_out(self, keep: int | None) -> None:
        """Make the lines again; the cursor goes to row `keep`, or to what hides it."""
        compared, folds = self.compared, self._folds
        if compared is None or folds is None:
            return
        if len(compared.comparison) > MANY_ROWS:
            work: Callable[[], Coroutine[None, None, Any]] = partial(self._lay_out_in_thread, compared, folds, keep)
            self.run_worker(work, exclusive=True, group="compare-lines")
        else:
            self._put(compared.outline.lines(folds, self._showing), keep)

    async def _lay_out_in_thread(self, compared: Compared, folds: Folds, keep: int | None) -> None:
        lines = await asyncio.to_thread(compared.outline.lines, folds, self._showing)
        if self.compared is compared:
            self._put(lines, keep)

    def _put(self, lines: list[Line], keep: int | None) -> None:
        self._lines = lines
        self.refresh_all()
        if keep is not None and self.view != "names":
            self.move_to(self._index_of(keep))
        self.post_message(self.Rested())

    def _index_of(self, row: int) -> int:
        """The line of a row, or the line that hides it."""
        low, high = 0, len(self._lines)
        while low < high:
            middle = (low + high) // 2
            if self._lines[middle][0] <= row:
                low = middle + 1
            else:
                high = middle
        return max(0, low - 1)

    @property
    def selected(self) -> int | None:
        """The row of the comparison under the cursor; None on a name, on equal rows, and where there is none."""
        if self.view == "names" or self._cursor >= len(self._lines):
            return None
        row, equal = self._lines[self._cursor]
        return None if equal else row

    @property
    def selected_name(self) -> NameDifference | None:
        """The name under the cursor; None in the other views."""
        return self._names[self._cursor] if self.view == "names" and self._cursor < len(self._names) else None

    @property
    def words(self) -> RowWords | None:
        """Says what rows are about; None until there are rows."""
        return self._words

    @property
    def position_words(self) -> str:
        """What is shown, and where one is in it."""
        what = {
            "tree": "by name path",
            "differences": "only differences",
            "names": f"by name, sorted by {'share' if self.sorting == 'weight' else self.sorting}",
        }[self.view]
        count = self.row_count()
        return f"{what}  row {self._cursor + 1:,} of {count:,}" if count else what

    def row_count(self) -> int:
        """Lines of the tree, or names."""
        return len(self._names) if self.view == "names" else len(self._lines)

    def columns(self, width: int) -> CompareColumns:
        """The columns at this width."""
        compared = self.compared
        has_tokens = compared is None or compared.has_tokens
        return compare_columns(width, has_tokens=has_tokens, has_cost=compared is None or compared.has_cost)

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """The figures of both runs, and the headings; what stands where there is nothing to show."""
        symbols, height = self.session.symbols, self.size.height
        rows: list[list[Piece]] = []
        if self.runs is not None:
            rows += run_rows(*self.runs, width, symbols)
        if height >= _SPACED_FROM:
            rows.append([])
        if self.waiting:
            return [*rows, [("   ", ""), (self.waiting, "muted")]]
        if self.compared is None:
            return rows
        if not self.row_count():
            return [*rows, [("   ", ""), (self._why_nothing(), "strong bold")]]
        if height < _LEAST_HEIGHT:
            return rows
        columns = self.columns(width)
        if self.view == "names":
            return [*rows, name_heading(name_columns(columns), self.sorting, symbols)]
        return [*rows, heading_row(columns, symbols)]

    def _why_nothing(self) -> str:
        if self.view == "names":
            return "No name differs by more than is always so."
        return "Nothing differs."

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """A row, a name, or the line of several equal rows."""
        compared, words, symbols = self.compared, self._words, self.session.symbols
        if compared is None or words is None or self._folds is None:
            return []
        columns = self.columns(width)
        if self.view == "names":
            return self._name_row(index, columns, RowLook(selected, focused))
        row, equal = self._lines[index]
        if equal:
            depth = int(compared.comparison.alignment.depth[row])
            return cut_row(equal_row(depth, equal, columns, RowLook(selected, focused), symbols), width, symbols)
        outline = compared.outline
        fold = "" if not outline.has_below(row) else "open" if outline.is_open(row, self._folds) else "closed"
        look = RowLook(selected, focused, fold, outline.leads(row), outline.is_origin(row))
        shown = compared.comparison.row(row)
        return compared_row(shown, words, columns, outline.longest_ns, look, symbols, also=row == self._noted)

    def _name_row(self, index: int, columns: CompareColumns, look: RowLook) -> list[Piece]:
        from tracetui.core.comparing.row_words import name_cells

        each, symbols = self._names[index], self.session.symbols
        return name_row(each, name_cells(each, symbols), name_columns(columns), self._longest_name, look, symbols)

    # ------------------------------------------------------------ going

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """Another row is under the cursor."""
        event.stop()
        self.is_touched |= event.by_user
        self.post_message(self.Rested())

    def go_to(self, row: int) -> None:
        """To a row of the comparison, opening what hides it."""
        compared, folds = self.compared, self._folds
        if compared is None or folds is None:
            return
        if self.view == "names":
            self.view = "tree"
        at = self._index_of(row)
        if at < len(self._lines) and self._lines[at] == (row, 0):
            self.move_to(at)
            self.refresh_all()
            self.post_message(self.Rested())
            return
        if self.view == "differences" and not compared.outline.leads(row):
            self.view = "tree"
        compared.outline.reveal(row, compared.comparison, folds)
        self._lay_out(row)

    def action_stop(self, by: int) -> None:
        """To the next or previous difference."""
        if self.compared is not None:
            self._go_among(self.compared.outline.stops.tolist(), by, "difference")

    def action_slower(self, by: int) -> None:
        """To the next or previous row that took longer itself."""
        if self.compared is not None:
            self._go_among(self.compared.outline.slower.tolist(), by, "span that took longer")

    def _go_among(self, rows: list[int], by: int, word: str) -> None:
        from bisect import bisect_left, bisect_right

        if not rows:
            self.post_message(self.Told(f"there is no {word}"))
            return
        self.is_touched = True
        here = self._lines[self._cursor][0] if self.view != "names" and self._lines else -1
        at = bisect_right(rows, here) if by > 0 else bisect_left(rows, here) - 1
        if not 0 <= at < len(rows):
            at %= len(rows)
            self.post_message(self.Told("from the beginning again" if by > 0 else "from the end again"))
        self.go_to(rows[at])

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the fold is where the depth is
        """A second click folds what can be folded."""
        if by_cursor and self.view != "names":
            self.action_turn()
            return True
        return False

    # ------------------------------------------------------------ folding

    def action_turn(self) -> None:
        """Fold or unfold."""
        compared, folds = self.compared, self._folds
        if compared is None or folds is None or self.view == "names" or self._cursor >= len(self._lines):
            return
        row, equal = self._lines[self._cursor]
        self.is_touched = True
        if equal:
            folds.opened_runs ^= {row}
        elif compared.outline.has_below(row):
            folds.turned ^= {row}
        else:
            return
        self._lay_out(row)

    def action_fold(self) -> None:
        """Fold; where nothing is to be folded, go to the row above."""
        compared, folds = self.compared, self._folds
        if compared is None or folds is None or self.view == "names" or self._cursor >= len(self._lines):
            return
        row, equal = self._lines[self._cursor]
        self.is_touched = True
        if not equal and compared.outline.is_open(row, folds):
            self.action_turn()
        elif (parent := compared.comparison.parent(row)) >= 0:
            self.move_to(self._index_of(parent), by_user=True)

    def action_unfold(self) -> None:
        """Unfold; where that is done, go on."""
        compared, folds = self.compared, self._folds
        if compared is None or folds is None or self.view == "names" or self._cursor >= len(self._lines):
            return
        row, equal = self._lines[self._cursor]
        if equal or (compared.outline.has_below(row) and not compared.outline.is_open(row, folds)):
            self.action_turn()
        else:
            self.move_by(1)

    def action_all(self) -> None:
        """Unfold everything, or again only what differs."""
        if self.compared is None or self._folds is None or self.view == "names":
            return
        row = self._lines[self._cursor][0] if self._lines else None
        self._folds.all_open = not self._folds.all_open
        self._folds.turned.clear()
        self._folds.opened_runs.clear()
        self.is_touched = True
        self._lay_out(row)

    # ------------------------------------------------------------ views

    def action_view(self) -> None:
        """The tree, only what differs, or the names."""
        self._place[self.view] = self._cursor
        row = self._lines[self._cursor][0] if self.view != "names" and self._cursor < len(self._lines) else None
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.is_touched = True
        if self.view == "names":
            self._cursor = min(self._place.get("names", 0), max(0, len(self._names) - 1))
            self._top = 0
            self.refresh_all()
            self.post_message(self.Rested())
        elif self.view == "tree":
            at = min(self._place.get("differences", 0), len(self._lines) - 1)
            self._lay_out(self._lines[at][0] if at >= 0 else None)
        else:
            self._lay_out(row)

    def action_sort(self, by: int) -> None:
        """Sort the names by another column."""
        if self.compared is None:
            return
        self.sorting = SORTINGS[(SORTINGS.index(self.sorting) + by) % len(SORTINGS)]
        self._names = in_order(self.compared.names, self.sorting)
        if self.view != "names":
            self.view = "names"
        self._cursor = self._top = 0
        self.is_touched = True
        self.refresh_all()
        self.post_message(self.Rested())

    def action_enter(self) -> None:
        """Into the row; of a name to its first row; equal rows unfold."""
        compared = self.compared
        if compared is None or not self.row_count():
            return
        if self.view == "names":
            self._to_name(compared, self._names[self._cursor])
        elif self._lines[self._cursor][1]:
            self.action_turn()
        else:
            self.post_message(self.Entered(self, self._cursor))

    def _to_name(self, compared: Compared, each: NameDifference) -> None:
        """The first row of a name that differs, else the first of all."""
        import numpy as np

        rows = np.flatnonzero(compared.outline.label_of == each.label)
        if len(rows):
            differ = rows[compared.comparison.differs[rows]]
            self.go_to(int(differ[0] if len(differ) else rows[0]))

    def copied(self) -> str:
        """The selected line as plain text, safe."""
        if not self.row_count():
            return ""
        pieces = self.render_row(self._cursor, self.size.width, selected=False, focused=False)
        return "".join(piece for piece, _ in pieces).strip()

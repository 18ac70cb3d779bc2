"""The list of runs: newest first, sorted, filtered, grouped and marked as the user likes; ten thousand are no more work.

The order is an array of run rows, made again when something changed that it rests on; only visible rows are drawn, and
only theirs and changed runs' status is worked out.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from textual.binding import Binding, BindingType

from tracetui.core import text
from tracetui.core.model import RunStatus
from tracetui.tui.messages import PositionChanged, RunOpened, RunSelected
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.runs import (
    MOMENT_FROM,
    SORTINGS,
    Sorting,
    group_row,
    has_headings,
    headings,
    in_order,
    place,
    run_name,
    run_row,
    start_words,
)
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.core.store import Change

Grouping = Literal["", "name", "folder"]
_GROUPINGS: Final[tuple[Grouping, ...]] = ("", "name", "folder")
_RULE_CELLS: Final = 13
"""Cells of the pane's rule beside what stands at its right end: title, blanks, and enough of a line."""


@lru_cache(1 << 15)
def _folder_of(path: str) -> str:
    """The folder of a file. Remembered: the groups of ten thousand runs are made again with each batch that is read."""
    return str(PurePath(path).parent)


class RunList(LineView):
    """Runs as rows. The run of the selected row is the one that is shown; it stays selected whatever moves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", id="runs.mark"),
        Binding("less_than_sign,alt+up", "sort(-1)", "sort by column before", id="runs.sort_previous"),
        Binding("greater_than_sign,alt+down", "sort(1)", "sort by next column", id="runs.sort_next"),
        Binding("r", "reverse", "reverse the order", id="runs.reverse"),
        Binding("b", "group", "group by name, folder", id="runs.group"),
    ]

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self.sorting: Sorting = "start"
        self.reversed = False
        self.grouping: Grouping = ""
        self.filter_text = ""
        self.where_text = ""
        """The filter in force, of the filter language; empty for none."""
        self._where: frozenset[int] | None = None
        self.marked: set[int] = set()
        self._order: list[int] = []
        self._groups: list[tuple[str, list[int]]] = []
        self._starts: dict[int, tuple[bool, int]] = {}
        """By what runs are where they are, if that is their start alone."""
        self._folded: set[str] = set()
        self._selected: int | None = None

    # ------------------------------------------------------------ what is shown

    @property
    def selected_run(self) -> int | None:
        """Row of the selected run; None while there is none, or while the heading of a group is selected."""
        return self._selected

    @property
    def shown_runs(self) -> list[int]:
        """Run rows from top to bottom, headings left out."""
        return [row for row in self._order if row >= 0]

    @property
    def shown_count(self) -> int | None:
        """How many runs a search or filter leaves; None where neither is in force."""
        return sum(row >= 0 for row in self._order) if self.filter_text or self.where_text else None

    def limit_words(self) -> str:
        """What hides runs, and how that ends: `runs that /price finds; esc in the runs ends that`; empty: nothing does."""
        if not (self.filter_text or self.where_text):
            return ""
        symbols = self.session.symbols
        wanted = [f"/{text.cut(text.safe(self.filter_text), 20, symbols=symbols)}"] if self.filter_text else []
        if self.where_text:
            wanted.append(f"the filter {text.cut(text.safe(self.where_text), 30, symbols=symbols)}")
        some = "run" if self.shown_count == 1 else "runs"
        return (
            f"{some} that {' and '.join(wanted)} {'finds' if len(wanted) == 1 else 'find'}; esc in the runs ends that"
        )

    def end_words(self, by: int) -> str:
        """Why there is no next (1) or previous (-1) run: `the last of 2 runs that /price finds; …`."""
        end, limit = "last" if by > 0 else "first", self.limit_words()
        if not limit:
            return f"this is the {end} run"
        return f"the {end} of {self.shown_count:,} {limit}" if self.shown_count != 1 else f"the only {limit}"

    def row_count(self) -> int:
        """Runs and headings of groups."""
        return len(self._order)

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """Headings, where there is room; what stands where no run is."""
        if not self._order and (words := self._why_nothing()):
            return [[], [("   ", ""), (text.cut(words, max(1, width - 4)), "strong bold")]]
        return [headings(width, self.session.symbols)] if has_headings(width, self.size.height) else []

    def _why_nothing(self) -> str:
        return (
            "No run matches." if self.filter_text or self.where_text else "Reading." if self.session.is_reading else ""
        )

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """A run, or the heading of a group."""
        row = self._order[index]
        if row < 0:
            label, rows = self._groups[~row]
            failed = sum(self.session.status(self.session.store.runs[r]).status is RunStatus.error for r in rows)
            closed = label in self._folded
            return group_row(
                label,
                len(rows),
                failed,
                self.session,
                width,
                selected=selected,
                focused=focused,
                closed=closed,
                how="folders" if self.grouping == "folder" else "end",
            )
        run = self.session.store.runs[row]
        indent = 2 if self._groups else 0
        return run_row(
            run, self.session, width, selected=selected, focused=focused, marked=row in self.marked, indent=indent
        )

    def position_text(self) -> str:
        """What stands at the right end of the pane's rule: the order, the filter, and where one is."""
        room = self.size.width - _RULE_CELLS
        return next((form for form in self._position_forms(room) if text.cell_width(form) <= room), "")

    def _position_forms(self, room: int) -> list[str]:
        """From the longest to the shortest."""
        order = f"by {self.sorting}" + (" reversed" if self.reversed else "")
        if self.filter_text or self.where_text:
            symbols = self.session.symbols
            wanted = f"/{text.cut(text.safe(self.filter_text), 20, symbols=symbols)}" if self.filter_text else ""
            if self.where_text:
                wanted = f"filter {text.cut(text.safe(self.where_text), 40, symbols=symbols)}  {wanted}".rstrip()
            found = f"{len(self.shown_runs)} of {sum(run.live for run in self.session.store.runs)}"
            clear = "esc clears"
            return [
                f"{order}   {wanted}  {found}  {clear}",
                f"{wanted}  {found}  {clear}",
                f"{wanted}  {clear}",
                f"{text.cut(wanted, max(1, room - 4), symbols=self.session.symbols)} esc",
            ]
        where = f"{self._cursor + 1} of {len(self._order)}" if self._order else ""
        started = self._started()
        forms = [f"{order}   {where}" if where else order, order, f"by {self.sorting}"]
        return [f"{started}   {where}", started, *forms] if started else forms

    def _started(self) -> str:
        """When the selected run began, where no column says the time of day; empty while the order is to be said."""
        row = self._order[self._cursor] if self._cursor < len(self._order) else -1
        if row < 0 or self.size.width >= MOMENT_FROM or self.sorting != "start" or self.reversed:
            return ""
        run = self.session.store.runs[row]
        return start_words(run, self.session, is_whole=True) if run.start is not None else ""

    # ------------------------------------------------------------ what changes

    def apply_change(self, change: Change) -> None:
        """Runs came or changed: put them in their places; the selected one stays selected."""
        if change.new_runs or change.reset or self._may_move(change.runs):
            self.rebuild()
        else:
            self.refresh_if_changed(self._visible_of(change.runs))

    def price(self) -> None:
        """Costs are known better: repaint what differs, in its order."""
        if self.sorting == "cost":
            self.rebuild()
        self.refresh_if_changed(self.visible_rows)

    def look_again(self) -> None:
        """Bookmarks changed: repaint what differs."""
        self.refresh_if_changed(self.visible_rows)

    def tick(self) -> None:
        """A second went by: repaint the rows whose figures differ."""
        self.refresh_if_changed(self.visible_rows)

    def rebuild(self) -> None:
        """Make the order again and show what differs."""
        before, old = self._order, self._cursor
        self._order = self._make_order()
        if self._selected is not None and self._selected in self._order:
            index = self._order.index(self._selected)
        else:
            index = min(old, max(0, len(self._order) - 1))
        if before == self._order:
            self.refresh_if_changed(self.visible_rows)
            return
        self.keep_cursor(index)
        self._say_position()

    def select_run(self, row: int, by_user: bool = False) -> bool:
        """Put the cursor on a run; False if the filter hides it. Its group is opened."""
        if row not in self._order:
            self._folded.clear()
            self._order = self._make_order()
            self.refresh_all()
        if row not in self._order:
            return False
        self._selected = row
        self.move_to(self._order.index(row), by_user=by_user)
        self._say_position()
        return True

    def set_filter(self, wanted: str) -> None:
        """Show the runs whose name, id or format holds `wanted`, whatever its case; all of them if it is empty.

        The cursor goes to the first hit: those by name come first.
        """
        self.filter_text = wanted
        self.rebuild()
        first = next((at for at, row in enumerate(self._order) if row >= 0), None)
        if wanted and first is not None:
            self.move_to(first, by_user=True)
            # Other rows may have come to where the cursor stood: then it did not move, and yet another run is selected.
            self._now_at(first, by_user=True)
        self._say_position()

    def set_where(self, wanted: str, rows: frozenset[int] | None) -> None:
        """Show only these runs, which a filter leaves; None: all of them."""
        self.where_text, self._where = wanted, rows
        self.rebuild()
        self._now_at(self._cursor, by_user=True)

    def on_resize(self) -> None:
        """Another width has room for other words."""
        self._say_position()

    def step(self, by: int) -> int | None:
        """The run `by` rows further down, headings skipped; None at the end."""
        runs = self.shown_runs
        if not runs:
            return None
        if self._selected not in runs:
            return runs[0]
        index = runs.index(self._selected) + by
        return runs[index] if 0 <= index < len(runs) else None

    def _make_order(self) -> list[int]:
        runs = self.session.store.runs
        wanted = self.filter_text.casefold()
        where = self._where
        rows = [
            run.row
            for run in runs
            if run.live and (where is None or run.row in where) and (not wanted or self._fits(run.row, wanted))
        ]
        ordered = in_order(rows, self.session, self.sorting, self.reversed)
        by_start = self.sorting == "start" and not (wanted or self.grouping)
        self._starts = {row: place(runs[row]) for row in rows} if by_start else {}
        if wanted:
            # What is called so is meant before what has it in its id or format.
            ordered.sort(key=lambda row: wanted not in run_name(runs[row]).casefold())
        self._groups = []
        if not self.grouping:
            return ordered
        groups: dict[str, list[int]] = {}
        for row in ordered:
            groups.setdefault(self._group_of(row), []).append(row)
        self._groups = list(groups.items())
        order: list[int] = []
        for number, (label, members) in enumerate(self._groups):
            order.append(~number)
            if label not in self._folded:
                order += members
        return order

    def _fits(self, row: int, wanted: str) -> bool:
        run = self.session.store.runs[row]
        return wanted in run_name(run).casefold() or wanted in run.id.casefold() or wanted in run.format.casefold()

    def _group_of(self, row: int) -> str:
        run = self.session.store.runs[row]
        if self.grouping == "name":
            return run.name or run.id
        feed = self.session.feed
        path = feed.path_of(run.sources[0]) if feed is not None and run.sources else ""
        return _folder_of(path) if path else "no folder"

    def _may_move(self, rows: set[int]) -> bool:
        """Whether what changed in these runs may have moved them in the list."""
        runs = self.session.store.runs
        if self._starts:
            shown = (row for row in rows if runs[row].live and (self._where is None or row in self._where))
            return any(not runs[row].live for row in rows) or any(
                self._starts.get(row) != place(runs[row]) for row in shown
            )
        if self.sorting not in ("name", "format"):
            return bool(rows)
        return any(not runs[row].live for row in rows) or bool(self.filter_text)

    def _visible_of(self, rows: set[int]) -> list[int]:
        return [index for index in self.visible_rows if self._order[index] in rows]

    def _say_position(self) -> None:
        self.post_message(PositionChanged(self.position_text()))

    # ------------------------------------------------------------ keys

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """The run of the row the cursor came to is to be shown."""
        self._now_at(event.index, event.by_user)

    def _now_at(self, index: int, by_user: bool) -> None:
        row = self._order[index] if index < len(self._order) else -1
        self._say_position()
        if row >= 0 and row != self._selected:
            self._selected = row
            self.post_message(RunSelected(row, by_user))

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        """Into a run; a heading folds."""
        event.stop()
        row = self._order[event.index]
        if row < 0:
            self._toggle(~row)
            return
        self._selected = row
        self.post_message(RunOpened(row))

    def action_mark(self) -> None:
        """Mark or unmark the selected run and go to the next row; fold a group."""
        if not self._order:
            return
        row = self._order[self._cursor]
        if row < 0:
            self._toggle(~row)
            return
        self.marked ^= {row}
        self.refresh_rows((self._cursor,))
        self.move_by(1)

    def action_sort(self, by: int) -> None:
        """Sort by the next column, or the one before."""
        self.sorting = SORTINGS[(SORTINGS.index(self.sorting) + by) % len(SORTINGS)]
        self.reversed = False
        self.rebuild()
        self._say_position()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self.reversed = not self.reversed
        self.rebuild()
        self._say_position()

    def action_group(self) -> None:
        """Group by name, by folder, or not at all."""
        self.grouping = _GROUPINGS[(_GROUPINGS.index(self.grouping) + 1) % len(_GROUPINGS)]
        self._folded.clear()
        self.rebuild()

    def _toggle(self, number: int) -> None:
        self._folded ^= {self._groups[number][0]}
        self.rebuild()
        self.move_to(self._order.index(~number))

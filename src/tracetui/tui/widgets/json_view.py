"""A value of JSON that folds, over a whole screen, with a cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tracetui.tui.messages import Notice
from tracetui.tui.presentation.json_search import JsonHit
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.json_rows import JsonRows
from tracetui.tui.widgets.line_view import LineView

OPEN_ROWS = 200
"""Rows up to which containers are open from the start."""


class JsonView(LineView):
    """Rows of a value; folded as the user wants it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_row", "fold", id="viewer.toggle", show=False),
        Binding("left,h", "fold", "fold, then out", id="viewer.fold", show=False),
        Binding("right,l", "unfold", "unfold, then go on", id="viewer.unfold", show=False),
        Binding("asterisk", "open_all", "unfold all below", id="viewer.open_all", show=False),
    ]

    def __init__(self, session: Session, value: object) -> None:
        super().__init__(session)
        self.rows = JsonRows(value, braces=True, open_rows=OPEN_ROWS)
        self._hit = -1

    def _width(self) -> int:
        return max(1, self.size.width - 2)

    def row_count(self) -> int:
        """Rows of what is open."""
        return self.rows.count(self._width())

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A row behind the gutter; its key is marked where the cursor is, all of it where a hit is."""
        symbols = self.session.symbols
        before = self.row_count()
        is_hit = index == self._hit
        pieces = self.rows.pieces(index, self._width(), "selected" if selected and not is_hit else "", symbols)
        if self.row_count() != before:
            self.call_after_refresh(self.refresh_all)
        if is_hit:
            pieces = [(text, "hit" if text.strip() else style) for text, style in pieces]
        gutter = symbols["gutter_focused" if focused else "gutter"] if selected else " "
        return [(gutter, "accent" if focused else "muted"), *pieces]

    @property
    def value(self) -> object:
        """What the cursor is on."""
        return self.rows.value_at(self.cursor)

    @property
    def is_cut(self) -> bool:
        """Whether the cursor is on a text of which not all is shown."""
        return self.rows.is_cut(self.cursor)

    def show_hit(self, hit: JsonHit) -> None:
        """Open what hides a hit and go there."""
        self.row_count()
        row = self.rows.reveal(hit.path, hit.offset)
        self._hit = row
        self.refresh_all()
        self.move_to(row)

    def forget_hit(self) -> None:
        """Nothing is searched for any more."""
        self._hit = -1
        self.refresh_all()

    def position(self) -> str:
        """`row 17 of 41`."""
        return f"row {self.cursor + 1:,} of {self.row_count():,}"

    # ------------------------------------------------------------ folding

    def action_toggle_row(self) -> None:
        """Open or fold the row of the cursor."""
        if self.rows.is_foldable(self.cursor):
            self._act(self.rows.toggle(self.cursor))

    def action_fold(self) -> None:
        """Fold, or go to what this stands in."""
        self._act(self.rows.fold(self.cursor))

    def action_unfold(self) -> None:
        """Open, or go on."""
        self._act(self.rows.unfold(self.cursor))

    def action_open_all(self) -> None:
        """Open everything below the cursor."""
        if not self.rows.open_all(self.cursor):
            self.post_message(Notice("opened as much as fits at once; * opens more", "warning"))
        self._act(self.cursor)

    def _act(self, index: int) -> None:
        self._hit = -1
        self.refresh_all()
        self.move_to(index, by_user=True)

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the whole row folds
        """A second click on a row that folds opens or folds it."""
        if by_cursor and self.rows.is_foldable(index):
            self.action_toggle_row()
            return True
        return False

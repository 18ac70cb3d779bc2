"""The base of run list, tree and detail: any number of one-line rows of which only the visible ones are ever made.

A million rows cost what a screenful costs: the view knows how many rows there are, the first one shown and the cursor,
and asks its subclass for the text of a row when it is drawn. It is a plain widget with `render_line`, not a ScrollView:
whole rows are all that can be at the top, so neither a virtual size, scrollbars nor layout are needed, and lines can be
pinned above the rows. Scrolling turns half a page, never a line at a time, and never animates: a move within the view
repaints two rows, and a repaint of all of them is what is dear on a slow link.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tracetui.tui.presentation import strip
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session

__all__ = ["LineView", "Piece", "Scroll"]

Scroll = Literal["auto", "page", "center", "top", "none"]

_REMEMBERED_STRIPS = 2_000
_WHEEL_ROWS = 3


class LineView(Widget, can_focus=True):
    """A list of rows on Textual's line API. Subclasses say how many there are and what each one shows.

    What a subclass implements: `row_count`, `render_row`, and, if it wants, `pinned_rows` and `row_clicked`. When the
    data behind the rows changes, it calls `refresh_rows` or `refresh_all`; nothing else is remembered about them.
    """

    has_cursor: ClassVar[bool] = True
    """Whether a row is selected. Without a cursor the same keys scroll the view."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    LineView {
        width: 1fr;
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "up", "row up", id="move.up", show=False),
        Binding("down,j", "down", "row down", id="move.down", show=False),
        Binding("g,home", "first", "first row", id="move.first", show=False),
        Binding("G,end", "last", "last row", id="move.last", show=False),
        Binding("pageup", "page_up", "page up", id="move.page_up", show=False),
        Binding("pagedown", "page_down", "page down", id="move.page_down", show=False),
        Binding("ctrl+u", "half_up", "half a page up", id="move.half_up", show=False),
        Binding("ctrl+d", "half_down", "half a page down", id="move.half_down", show=False),
        Binding("enter", "enter", "into", id="move.enter", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row (or, without a cursor, another row is the first one shown)."""

        def __init__(self, widget: LineView, index: int, by_user: bool) -> None:
            super().__init__()
            self.widget = widget
            self.index = index
            self.by_user = by_user

        @property
        def control(self) -> LineView:
            """The view that moved."""
            return self.widget

    class Entered(Message):
        """Enter, or a double click, on a row."""

        def __init__(self, widget: LineView, index: int) -> None:
            super().__init__()
            self.widget = widget
            self.index = index

        @property
        def control(self) -> LineView:
            """The view whose row was entered."""
            return self.widget

    def __init__(self, session: Session, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.session = session
        self._cursor = 0
        self._top = 0
        self._epoch = 0
        self._pinned: tuple[tuple[int, int], list[list[Piece]]] | None = None
        self._strips: dict[tuple[int, int, int, bool, bool], Strip] = {}

    # ------------------------------------------------------------ what a subclass says

    def row_count(self) -> int:
        """How many rows there are now. Asked often: it must cost nothing."""
        raise NotImplementedError

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """Row `index` in at most `width` cells; what is longer is cut hard.

        Its result is remembered, for a selected row with and without the focus, for the others once.
        """
        raise NotImplementedError

    def pinned_rows(self, width: int) -> list[list[Piece]]:  # noqa: ARG002 - for subclasses
        """Lines that stay at the top whatever is scrolled: headings, the run in words. `refresh_pinned` asks again."""
        return []

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - for subclasses
        """Take a click at column `x` of row `index`; True if that was all there is to do (a fold, say).

        Args:
            index: The row; the cursor is on it already.
            x: Column within the widget.
            by_cursor: The cursor was on this row before the click.
        """
        return False

    # ------------------------------------------------------------ where it stands

    @property
    def cursor(self) -> int:
        """Index of the selected row; meaningless while there is no row."""
        return self._cursor

    @property
    def top(self) -> int:
        """Index of the first row shown."""
        return self._top

    @property
    def page_height(self) -> int:
        """How many rows fit below the pinned ones; at least 1."""
        return max(1, self.size.height - self._count_pinned())

    @property
    def visible_rows(self) -> range:
        """Indices of the rows on the screen."""
        return range(self._top, min(self._top + self.page_height, self.row_count()))

    def move_to(self, index: int, scroll: Scroll = "auto", by_user: bool = False) -> None:
        """Put the cursor on row `index`, as near as there is one, and bring it into view.

        Args:
            index: The row.
            scroll: `auto` scrolls half a page when the row is out of view; `page` keeps the row where it was on the
                screen; `center` puts it in the middle, `top` at the top; `none` leaves the view as it is.
            by_user: Whether the user asked for it; passed on in `Moved`.
        """
        count = self.row_count()
        index = max(0, min(index, count - 1))
        old = self._cursor
        self._cursor = index
        if scroll != "none":
            self._scroll_into_view(index, old, scroll)
        if index != old:
            self.refresh_rows((old, index))
            self.post_message(self.Moved(self, index, by_user))

    def move_by(self, rows: int, scroll: Scroll = "auto") -> None:
        """Move the cursor, or the view if there is no cursor, as the user does."""
        if self.has_cursor:
            self.move_to(self._cursor + rows, scroll, by_user=True)
        else:
            self.scroll_rows(self._top + rows)

    def scroll_rows(self, top: int) -> None:
        """Show the rows from `top` on, as far as there are any; the cursor stays."""
        top = max(0, min(top, self.row_count() - self.page_height))
        if top != self._top:
            self._top = top
            self.refresh()
            if not self.has_cursor:
                self.post_message(self.Moved(self, top, by_user=True))

    def keep_cursor(self, index: int) -> None:
        """Rows were added or taken away: the selected row is now `index`. It stays where it is on the screen."""
        shift = index - self._cursor
        self._cursor = max(0, min(index, self.row_count() - 1))
        self._top = max(0, min(self._top + shift, self.row_count() - self.page_height))
        self.refresh_all()

    def _scroll_into_view(self, index: int, old: int, scroll: Scroll) -> None:
        height, top = self.page_height, self._top
        if scroll == "center":
            top = index - height // 2
        elif scroll == "top":
            top = index
        elif scroll == "page":
            top += index - old
        if not top <= index < top + height:
            near = top - height <= index < top + 2 * height
            top = index - height // 2 if near or scroll == "page" else index - height // 3
        self._top, before = max(0, min(top, self.row_count() - height)), self._top
        if self._top != before:
            self.refresh()

    # ------------------------------------------------------------ what changed

    def refresh_rows(self, indices: Iterable[int]) -> None:
        """Make rows again and repaint those of them that are visible."""
        width = self.size.width
        first = self._count_pinned()
        regions = []
        for index in set(indices):
            for selected, focused in ((False, False), (True, False), (True, True)):
                self._strips.pop((index, self._epoch, width, selected, focused), None)
            y = index - self._top + first
            if first <= y < self.size.height:
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def refresh_if_changed(self, indices: Iterable[int]) -> None:
        """Make the visible ones of these rows again and repaint those that look different: for ages that tick."""
        width, focused = self.size.width, self.has_focus
        visible = self.visible_rows
        differ = []
        for index in indices:
            if index in visible:
                selected = self.has_cursor and index == self._cursor
                line = self._strip(self.render_row(index, width, selected, focused), width)
                if self._strips.get((index, self._epoch, width, selected, selected and focused)) != line:
                    differ.append(index)
        if differ:
            self.refresh_rows(differ)

    def refresh_pinned(self) -> None:
        """Make the lines that stay at the top again, and repaint them."""
        before = self._count_pinned()
        self._pinned = None
        pinned = self._count_pinned()
        if pinned != before:
            self.refresh()
        elif pinned:
            self.refresh(Region(0, 0, self.size.width, pinned))

    def refresh_all(self) -> None:
        """Make all rows again: their number, order or look changed. The cursor stays on its index."""
        self._epoch += 1
        self._strips.clear()
        self._pinned = None
        count = self.row_count()
        self._cursor = max(0, min(self._cursor, count - 1))
        self._top = max(0, min(self._top, count - self.page_height))
        self.refresh()

    def forget_strips(self) -> None:
        """The theme changed: nothing that was drawn can be used again."""
        self._strips.clear()
        self.refresh()

    # ------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """One line of the widget: a pinned one, a row, or a blank."""
        size = self.size  # asked once: Textual works it out anew each time
        width = size.width
        rows = self._pinned_now(width)
        pinned = min(len(rows), max(0, size.height - 1))
        if y < pinned:
            return self._strip(rows[y], width)
        index = self._top + y - pinned
        if index >= self.row_count():
            return Strip.blank(width, self.session.styles["text"])
        selected = self.has_cursor and index == self._cursor
        key = (index, self._epoch, width, selected, selected and self.has_focus)
        line = self._strips.pop(key, None)
        if line is None:
            line = self._strip(self.render_row(index, width, selected, self.has_focus), width)
            if len(self._strips) >= _REMEMBERED_STRIPS:
                self._strips.pop(next(iter(self._strips)))
        self._strips[key] = line
        return line

    def _strip(self, pieces: list[Piece], width: int) -> Strip:
        return strip(pieces, width, self.session.styles)

    def _pinned_now(self, width: int) -> list[list[Piece]]:
        size = (width, self.size.height)  # headings stand only where there is room
        if self._pinned is None or self._pinned[0] != size:
            self._pinned = (size, self.pinned_rows(width))
        return self._pinned[1]

    def _count_pinned(self) -> int:
        size = self.size
        return min(len(self._pinned_now(size.width)), max(0, size.height - 1))

    # ------------------------------------------------------------ keys and mouse

    def action_up(self) -> None:
        """One row up."""
        self.move_by(-1)

    def action_down(self) -> None:
        """One row down."""
        self.move_by(1)

    def action_first(self) -> None:
        """To the first row."""
        self.move_by(-self.row_count())

    def action_last(self) -> None:
        """To the last row."""
        self.move_by(self.row_count())

    def action_page_up(self) -> None:
        """One page up; the cursor keeps its place on the screen."""
        self.move_by(-max(1, self.page_height - 1), "page")

    def action_page_down(self) -> None:
        """One page down; the cursor keeps its place on the screen."""
        self.move_by(max(1, self.page_height - 1), "page")

    def action_half_up(self) -> None:
        """Half a page up."""
        self.move_by(-max(1, self.page_height // 2), "page")

    def action_half_down(self) -> None:
        """Half a page down."""
        self.move_by(max(1, self.page_height // 2), "page")

    def action_enter(self) -> None:
        """Into the selected row."""
        if self.row_count():
            self.post_message(self.Entered(self, self._cursor))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the view; the cursor stays."""
        event.stop()
        self.scroll_rows(self._top + _WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the view; the cursor stays."""
        event.stop()
        self.scroll_rows(self._top - _WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        """A click selects a row, a double click enters it."""
        index = self._top + event.y - self._count_pinned()
        if event.y < self._count_pinned() or index >= self.row_count():
            return
        event.stop()
        by_cursor = index == self._cursor
        if self.has_cursor:
            self.move_to(index, "none", by_user=True)
        if self.row_clicked(index, event.x, by_cursor):
            return
        if event.chain == 2:
            self.post_message(self.Entered(self, index))

    def on_focus(self, event: events.Focus) -> None:
        """Only the selected row looks different with the focus; Textual would repaint the whole widget."""
        event.prevent_default()
        self.has_focus = True
        self._repaint_cursor()
        if self.parent is not None:
            self.parent.post_message(events.DescendantFocus(self))

    def on_blur(self, event: events.Blur) -> None:
        """Only the selected row looks different without the focus."""
        event.prevent_default()
        self.has_focus = False
        self._repaint_cursor()
        if self.parent is not None:
            self.parent.post_message(events.DescendantBlur(self))

    def _repaint_cursor(self) -> None:
        if self.has_cursor and self.row_count():
            self.refresh_rows((self._cursor,))

    def on_resize(self) -> None:
        """A view that became taller shows more rows; the cursor stays in view."""
        self._pinned, before = None, self._top
        if self.has_cursor:
            if self._cursor < self.page_height:
                self._top = 0
            self._scroll_into_view(self._cursor, self._cursor, "auto")
        self._top = max(0, min(self._top, self.row_count() - self.page_height))
        if self._top != before:  # a view that was hidden may have been painted by now
            self.refresh()

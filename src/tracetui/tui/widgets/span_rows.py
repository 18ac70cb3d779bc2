"""The rows of the open run: what each shows, which is selected, and what stays so while rows come and go around it.

What there is to show comes from the `RunTree`, what a row says from `span_data`, how it is drawn from `presentation.rows`.
The selected span or event stays selected whatever happens to the rows around it, and lines that look different are
repainted, not the pane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from textual.geometry import Region
from textual.strip import Strip

from tracetui.tui.messages import FollowChanged, PositionChanged, SpanSelected
from tracetui.tui.presentation.columns import HEADINGS_FROM, SpanColumns, span_columns
from tracetui.tui.presentation.marks import Marks
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import empty_pieces
from tracetui.tui.presentation.run_strip import CELLS_AT
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView, Scroll
from tracetui.tui.widgets.run_opening import Chips, has_strip
from tracetui.tui.widgets.run_strip import STRIP_AT, look_soon
from tracetui.tui.widgets.span_data import SpanData
from tracetui.tui.widgets.time_axis import TimeAxis
from tracetui.tui.widgets.time_keys import TimeKeys

if TYPE_CHECKING:
    from tracetui.core.store import Run

Identity = tuple[Literal["span", "event"], int]
"""What a row stands for, whatever its index: its kind and its row in the store."""

_FILL_SECONDS: Final = 0.02


class SpanRows(TimeKeys, LineView):
    """Spans and events of one run as rows, one of which is selected."""

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self.data: SpanData | None = None
        self.run_row: int | None = None
        self.waterfall = True
        self.following = False
        self.new_count = 0
        """Rows that came since the view let go."""
        self._chips = Chips()
        self._selected: Identity | None = None
        self._marks = Marks()
        self._marked: int | None = None
        """Cell of the line over the whole run that says where one is."""
        self._shown: dict[int, Strip] = {}
        self._is_filling = False
        self._is_untouched = False
        """The user has done nothing since the run was opened."""
        self._waits_for = ""
        """What is said where no run is open."""

    # ------------------------------------------------------------ what is shown

    @property
    def run(self) -> Run | None:
        """The open run."""
        return None if self.run_row is None else self.session.store.runs[self.run_row]

    @property
    def selected(self) -> Identity | None:
        """What is selected: `("span", span row)` or `("event", event row)`; None where there is no row."""
        return self._selected

    def row_count(self) -> int:
        """Rows that are not folded away."""
        return len(self.data.tree) if self.data is not None else 0

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """The run in words; headings and the time axis where there is room; what stands where no row is."""
        if self.data is None or self.run is None:
            words = self._waits_for or ("reading" if self.session.is_reading else "")
            return [[], [(f"   {words[0].upper()}{words[1:]}.", "strong bold")]] if words else []
        rows = [self.data.run_line(width)]
        if not len(self.data.tree):
            hidden = self.data.tree.count
            has_filter, has_chips = self.data.tree.has_mask, bool(self._chips)
            return [*rows, [], empty_pieces(hidden, hidden, has_filter=has_filter, has_chips=has_chips)]
        if self.size.height >= HEADINGS_FROM:
            if self._has_strip:
                rows.append(self.data.strip.pieces(width, self.selected_time()))
                self._marked = self.data.strip.cell(width, self.selected_time())
            rows.append(self.data.headings(self._columns(width)))
        return rows

    @property
    def _has_strip(self) -> bool:
        return self.data is not None and has_strip(self.data, waterfall=self.waterfall)

    def _mark_in_strip(self) -> None:
        """The line over the whole run says where one is: repaint it, if that is another cell."""
        width, pinned, data = self.size.width, self._pinned, self.data
        if (
            data is None
            or pinned is None
            or pinned[0] != (width, self.size.height)
            or not self._has_strip
            or len(pinned[1]) <= STRIP_AT + 1
        ):
            return
        selected = self.selected_time()
        cell = data.strip.cell(width, selected)
        if cell != self._marked:
            cells = [each for each in (self._marked, cell) if each is not None]
            self._marked = cell
            pinned[1][STRIP_AT] = data.strip.pieces(width, selected)
            self.refresh(Region(CELLS_AT + min(cells), STRIP_AT, max(cells) - min(cells) + 1, 1))

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """A span or an event."""
        if self.data is None:
            return []
        return self.data.pieces(index, self._columns(width), selected=selected, focused=focused)

    def render_line(self, y: int) -> Strip:
        """One line; what was drawn is remembered, so that only what differs is repainted."""
        strip = super().render_line(y)
        self._shown[y] = strip
        if y == STRIP_AT and self.data is not None and self._has_strip:
            look_soon(self, self.data.strip, self._repaint)
        self.fill_soon()
        return strip

    def fill_soon(self) -> None:
        """Have the visible rows say in a moment what they do not say yet."""
        if self.data is not None and self.data.has_waiting and not self._is_filling:
            self._is_filling = True
            self.set_timer(_FILL_SECONDS, self._fill)

    def position_text(self) -> str:
        """Which row is selected, at the right end of the pane's rule."""
        return f"row {self.cursor + 1:,} of {self.row_count():,}" if self.row_count() else ""

    def window_text(self) -> str:
        """Which part of the time is shown, where that is not all: `2m04s–3m35s of 12m41s`."""
        return self.data.axis.words() if self.data is not None and self.data.axis.has_times else ""

    def _columns(self, width: int) -> SpanColumns:
        return span_columns(width, self.waterfall, self.data is None or self.data.tree.has_times)

    def _fill(self) -> None:
        """Fetch what the visible rows were about, a few at a time, and repaint those that say more now."""
        self._is_filling = False
        if self.data is not None:
            if self.data.study.is_waiting:
                self.run_worker(self._study(self.data), group="study")
            self.data.start_fetching()
            self._repaint()

    async def _study(self, data: SpanData) -> None:
        """Find out what is slow and critical in a large run."""
        await data.study.look_aside()
        if data is self.data:
            self._repaint()

    def refresh_all(self) -> None:
        """Make all rows again."""
        self._shown.clear()
        super().refresh_all()

    def _repaint(self) -> None:
        """Make all visible lines again and repaint those that look different from what is on the screen."""
        if not self.display:
            return
        width, height = self.size.width, self.size.height
        pinned = self._count_pinned()
        self._strips.clear()
        self._pinned = None
        self._epoch += 1
        if self._count_pinned() != pinned:
            self.refresh()
            return
        top = max(0, min(self._top, self.row_count() - self.page_height))
        self._top = top
        shown = dict(self._shown)
        lines = [y for y in range(height) if shown.get(y) != self.render_line(y)]
        if lines:
            self.refresh(*(Region(0, y, width, 1) for y in lines))

    # ------------------------------------------------------------ selection

    def move_to(self, index: int, scroll: Scroll = "auto", by_user: bool = False) -> None:
        """Put the cursor on a row; what the user does lets go of following."""
        if by_user:
            self._is_untouched = False
            self._let_go()
        super().move_to(index, scroll, by_user)
        self._now_selected(by_user)

    def scroll_rows(self, top: int) -> None:
        """The wheel moves the view, which lets go of following."""
        self._is_untouched = False
        self._let_go()
        super().scroll_rows(top)

    def _select(self, index: int, scroll: Scroll = "auto", by_user: bool = True) -> None:
        self._repaint()
        self.move_to(index, scroll, by_user)

    def _now_selected(self, by_user: bool) -> None:
        """Tell what is selected, if it is something else than before."""
        identity = self._identity(self.cursor)
        if identity != self._selected:
            self._selected = identity
            self._mark_in_strip()
            is_span = identity is not None and identity[0] == "span"
            span = identity[1] if identity is not None and is_span else None
            event = identity[1] if identity is not None and not is_span else None
            if event is not None:
                owner = self.session.store.events.span[event]
                span = owner if owner >= 0 else None
            self.post_message(SpanSelected(span, event, by_user))
        self._say_where()

    def _identity(self, index: int) -> Identity | None:
        if self.data is None or not 0 <= index < len(self.data.tree):
            return None
        item = self.data.tree[index]
        return ("event" if item.kind == "event" else "span", item.row)

    def _index_of(self, identity: Identity | None) -> int:
        """Where something is shown now, or its nearest ancestor that is."""
        if identity is None or self.data is None:
            return 0
        tree = self.data.tree
        if identity[0] == "span":
            return max(0, tree.index_of(identity[1], nearest=True))
        index = tree.index_of_event(identity[1])
        if index >= 0:
            return index
        owner = self.session.store.events.span[identity[1]]
        return max(0, tree.index_of(owner, nearest=True)) if owner >= 0 else 0

    def _keep(self) -> None:
        """The rows are other ones: the selected one stays selected and where it is on the screen."""
        if not self.display:
            return
        index = self._index_of(self._selected)
        shift = index - self._cursor
        last_top = max(0, self.row_count() - self.page_height)
        if not self._top <= self._cursor < self._top + self.page_height:
            shift = 0
        self._cursor = max(0, min(index, self.row_count() - 1))
        self._top = max(0, min(self._top + shift, last_top))
        self._repaint()
        self._now_selected(by_user=False)

    def select_span(self, span_row: int, by_user: bool = True) -> bool:
        """Open what a span is folded into and select it; False if the run has no such span or a chip hides it."""
        if self.data is None or self.data.tree.position(span_row) < 0:
            return False
        self.data.tree.reveal(span_row)
        index = self.data.tree.index_of(span_row)
        if index < 0:
            return False
        self._select(index, by_user=by_user)
        return True

    def select_event(self, event_row: int, by_user: bool = True) -> bool:
        """Open what an event is folded into and select it; False if it has no row."""
        if self.data is None:
            return False
        owner = self.session.store.events.span[event_row]
        if owner >= 0 and self.data.tree.reveal(owner) >= 0:
            index = self.data.tree.index_of(owner)
            if self.data.tree.index_of_event(event_row) < 0 and self.data.has_only_events(index):
                self.data.tree.expand(index)
        index = self.data.tree.index_of_event(event_row)
        if index >= 0:
            self._select(index, by_user=by_user)
        return index >= 0

    def _say_where(self) -> None:
        if self.display:
            self.post_message(PositionChanged(self.position_text()))

    @property
    def time_axis(self) -> TimeAxis | None:
        """The axis of the open run."""
        return None if self.data is None else self.data.axis

    def selected_time(self) -> tuple[int, int] | None:
        """From when to when the selected span ran, or when the selected event was."""
        return None if self.data is None or self._selected is None else self.data.time_of(*self._selected)

    # ------------------------------------------------------------ following

    @property
    def is_untouched(self) -> bool:
        """The user has done nothing since the run was opened."""
        return self._is_untouched

    def _set_following(self, on: bool) -> None:
        self.new_count = 0
        if on != self.following:
            self.following = on
            self.post_message(FollowChanged(on, 0))

    def _let_go(self) -> None:
        if self.following:
            self._set_following(False)

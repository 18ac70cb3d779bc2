"""What the views of a run beside the tree have in common: rows in another order, one of which is the selected span or event.

The tree owns what is known of the open run (`SpanData`); a view is shown it when it comes to the front, and is told of
changes only while it is there. What is selected is shared by all views: a view posts `SpanSelected` with itself as the
origin, and takes over with `select` what was selected elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from textual.strip import Strip
from textual.worker import Worker, get_current_worker

from tracetui.core.model import RunStatus
from tracetui.tui.messages import FollowChanged, Notice, PositionChanged, SpanSelected
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import empty_pieces
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView, Scroll
from tracetui.tui.widgets.run_study import LIVE, MANY_SPANS

if TYPE_CHECKING:
    from tracetui.core.store import Change, Store
    from tracetui.tui.widgets.span_data import SpanData

Identity = tuple[Literal["span", "event"], int]
"""What a row stands for, whatever its index: its kind and its row in the store."""

_HEADINGS_FROM: Final = 6
"""Rows of the pane from which on the columns have headings: many figures without them are a riddle."""
_FILL_SECONDS: Final = 0.02
_LOAD_EVERY_S: Final = 1.0
"""The rows of a large run are made anew no sooner than this, s."""
_LOAD_SHARE: Final = 10
"""Nor sooner than after so many times as long as making them took."""


class SpansView(Protocol):
    """What the spans pane needs of a view that stands in it in the place of the tree."""

    title: ClassVar[str]
    """What the rule of the pane says while it is shown."""
    following: bool
    """It stays at the newest row."""
    new_count: int
    """Rows that came since it let go."""

    def show(self, data: SpanData | None, selected: Identity | None = None) -> None:
        """Show a run from now on, as the tree has laid it out, with this selected; None: no run.

        It was opened, or this view came to the front.
        """

    def apply_change(self, change: Change) -> None:
        """The store learnt something of the run; the tree has taken it in already."""

    def choose(self) -> None:
        """Other chips are on, or another filter: `data.tree` has them."""

    def select(self, span: int | None, event: int | None) -> bool:
        """Put the cursor on what was selected elsewhere, and say nothing of it; False: it is not shown here."""

    def set_following(self, on: bool) -> None:
        """Stay at the newest row, or let go."""

    def price(self) -> None:
        """Costs are known better."""

    def look_again(self) -> None:
        """Bookmarks changed."""

    def tick(self) -> None:
        """A second went by."""

    def fill_soon(self) -> None:
        """Have the visible rows say in a moment what they do not say yet."""

    def position_text(self) -> str:
        """What stands at the right end of the pane's rule."""


class FlatView(LineView):
    """A view of a run. A subclass says how many rows there are, what they are, and makes them in `_load`."""

    title: ClassVar[str] = ""

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self.data: SpanData | None = None
        self.following = False
        self.new_count = 0
        self._selected: Identity | None = None
        self._is_filling = False
        self._was_live = False
        self._is_stale = False
        self._loader: Worker[None] | None = None

    # ------------------------------------------------------------ what a subclass says

    def _job(self, data: SpanData) -> Callable[[], object]:
        """What makes the rows: called in a thread where the run is large, so it is given copies of what it needs."""
        raise NotImplementedError

    def _put(self, made: Any) -> None:
        """These are the rows now: what `_job` made, or None for no rows."""
        raise NotImplementedError

    def _identity(self, index: int) -> Identity | None:
        """What a row stands for; None: neither for a span nor for an event."""
        raise NotImplementedError

    def _index_of(self, identity: Identity) -> int:
        """Where something is shown; -1: it is not."""
        raise NotImplementedError

    def _headings(self, width: int) -> list[Piece]:
        """The headings of the columns."""
        raise NotImplementedError

    # ------------------------------------------------------------ what is shown

    @property
    def selected(self) -> Identity | None:
        """The selected span or event."""
        return self._selected

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """The run in words, headings where there is room; what stands where no row is."""
        if self.data is None:
            return []
        rows = [self.data.run_line(width)]
        if not self.row_count():
            return [*rows, [], self._nothing()]
        if self.size.height >= _HEADINGS_FROM:
            rows.append(self._headings(width))
        return rows

    def render_line(self, y: int) -> Strip:
        """One line; what it does not say yet is found out in a moment."""
        line = super().render_line(y)
        self.fill_soon()
        return line

    def _nothing(self) -> list[Piece]:
        if self._loader is not None:
            return [("   Being put in order.", "strong bold")]
        hidden = self.data.tree.count if self.data is not None else 0
        return empty_pieces(hidden, hidden)

    def position_text(self) -> str:
        """Which row is selected."""
        return f"row {self.cursor + 1:,} of {self.row_count():,}" if self.row_count() else ""

    def show(self, data: SpanData | None, selected: Identity | None = None) -> None:
        """Show a run from now on, with this selected; None: none."""
        self._selected = selected
        if data is not self.data:
            self._cursor = self._top = self.new_count = 0
            self.following = False
            self._put(None)
        self.data = data
        self._was_live = data is not None and data.status in LIVE
        self._load(at_once=True)

    def _loaded(self) -> None:
        """The rows are other ones: what was selected stays so, and where it is on the screen."""
        index = self._place_of(self._selected)
        self.keep_cursor(index if index >= 0 else self._cursor)
        if self.following:
            self.move_to(self.row_count() - 1)
        else:
            self._scroll_into_view(self._cursor, self._cursor, "auto")
            if self._selected is None or index < 0:
                self._now_selected(by_user=False)
            self._say_where()

    def choose(self) -> None:
        """Other chips are on, or another filter."""
        self._load(at_once=True)

    # ------------------------------------------------------------ making the rows

    def _load(self, at_once: bool = False) -> None:
        """Make the rows anew: now, or in a thread where that takes long, and then not more than once a second."""
        data = self.data
        if data is None or not self._is_large(data):
            self._stop_loading()
            self._put(None if data is None else self._job(data)())
            self._loaded()
            return
        self._is_stale = True
        if at_once:
            self._stop_loading()
        if self._loader is None:
            self._loader = self.run_worker(self._load_beside(data), group="load", exclusive=True)

    @staticmethod
    def _is_large(data: SpanData) -> bool:
        return data.run.span_count + sum(data.run.class_counts) > MANY_SPANS

    def readable(self, data: SpanData) -> Store:
        """The store as what makes the rows may read it: of a large run in a thread, so as it is now."""
        from tracetui.core.store.snapshot import Snapshot

        return Snapshot(self.session.store) if self._is_large(data) else self.session.store

    def _stop_loading(self) -> None:
        if self._loader is not None:
            self._loader.cancel()
            self._loader = None

    async def _load_beside(self, data: SpanData) -> None:
        import asyncio

        this = get_current_worker()
        while self._is_stale and self.data is data and self.display:
            self._is_stale = False
            begun = time.perf_counter()
            made = await asyncio.to_thread(self._job(data))
            if self.data is not data or this.is_cancelled:
                return
            before = self.row_count()
            self._put(made)
            self._loaded()
            self._came(self.row_count() - before)
            await asyncio.sleep(max(_LOAD_EVERY_S, _LOAD_SHARE * (time.perf_counter() - begun)))
        self._loader = None

    def select(self, span: int | None, event: int | None) -> bool:
        """Put the cursor on what was selected elsewhere; False: it is not shown here."""
        wanted: Identity | None = (
            ("event", event) if event is not None else ("span", span) if span is not None else None
        )
        index = self._place_of(wanted)
        self._selected = wanted
        if index < 0:
            return self._loader is not None and not self.row_count()  # it will be there in a moment
        if index != self.cursor:
            super().move_to(index)
        self._say_where()
        return True

    def find(self, identity: Identity) -> int:
        """Where something is shown; -1: it is not."""
        return self._index_of(identity)

    def _place_of(self, identity: Identity | None) -> int:
        """Where something is shown, of an event at least its span; -1: neither."""
        if identity is None:
            return -1
        index = self._index_of(identity)
        if index < 0 and identity[0] == "event":
            owner = self.session.store.events.span[identity[1]]
            index = self._index_of(("span", owner)) if owner >= 0 else -1
        return index

    # ------------------------------------------------------------ selection

    def move_to(self, index: int, scroll: Scroll = "auto", by_user: bool = False) -> None:
        """Put the cursor on a row; what the user does lets go of following."""
        if by_user:
            self.set_following(False)
        super().move_to(index, scroll, by_user)
        self._now_selected(by_user)

    def scroll_rows(self, top: int) -> None:
        """The wheel moves the view, which lets go of following."""
        self.set_following(False)
        super().scroll_rows(top)

    def _now_selected(self, by_user: bool) -> None:
        """Tell what is selected, if it is something else than before."""
        identity = self._identity(self.cursor) if self.row_count() else None
        if identity is not None and identity != self._selected:
            self._selected = identity
            kind, row = identity
            if kind == "span":
                self.post_message(SpanSelected(row, None, by_user, self))
            else:
                owner = self.session.store.events.span[row]
                self.post_message(SpanSelected(owner if owner >= 0 else None, row, by_user, self))
        self._say_where()

    def _say_where(self) -> None:
        if self.display:
            self.post_message(PositionChanged(self.position_text()))

    # ------------------------------------------------------------ what changes

    def apply_change(self, change: Change) -> None:
        """Take in what the store learnt of the run."""
        data = self.data
        if data is None or data.run.row not in change.runs | change.reset:
            return
        was_live, self._was_live = self._was_live, data.status in LIVE
        before = self.row_count()
        self._load()
        if self._loader is None:
            self._came(self.row_count() - before)
        if was_live and not self._was_live:
            self._end(data)

    def _end(self, data: SpanData) -> None:
        """The run is over: what was followed into a failure is shown at its first cause."""
        followed = self.following
        self.set_following(False)
        cause = data.study.first_cause() if followed and data.status is RunStatus.error else None
        if cause is not None and (index := self._index_of(("span", cause))) >= 0:
            self.move_to(index)

    def _came(self, rows: int) -> None:
        """So many rows came while the run goes on."""
        if rows > 0 and not self.following and self.data is not None and self.data.status in LIVE:
            self.new_count += rows
            self.post_message(FollowChanged(False, self.new_count))

    def price(self) -> None:
        """Costs are known better: repaint what differs."""
        self.refresh_pinned()
        self.refresh_if_changed(self.visible_rows)

    def look_again(self) -> None:
        """Bookmarks changed: repaint what differs."""
        self.refresh_if_changed(self.visible_rows)

    def tick(self) -> None:
        """A second went by: repaint the lines whose digits differ."""
        if self.data is not None and self.data.is_moving:
            self.refresh_pinned()
            self.refresh_if_changed(self.visible_rows)

    def fill_soon(self) -> None:
        """Have the visible rows say in a moment what they do not say yet."""
        if self.data is not None and self.data.has_waiting and not self._is_filling:
            self._is_filling = True
            self.set_timer(_FILL_SECONDS, self._fill)

    def _fill(self) -> None:
        self._is_filling = False
        if self.data is not None and self.display:
            if self.data.study.is_waiting:
                self.run_worker(self.data.study.look_aside(), group="study")
            self.data.start_fetching()
            self.refresh_if_changed(self.visible_rows)
            self.fill_soon()

    # ------------------------------------------------------------ following

    def set_following(self, on: bool) -> None:
        """Stay at the newest row, or let go."""
        if on != self.following:
            self.new_count = 0
            self.following = on
            self.post_message(FollowChanged(on, 0))
            if on and self.row_count():
                self.move_to(self.row_count() - 1)

    def action_follow(self) -> None:
        """Stay at the newest row, or let go."""
        if self.data is None:
            return
        if not self.following and self.data.status not in LIVE:
            self.post_message(Notice("this run is over: nothing to follow"))
        else:
            self.set_following(not self.following)

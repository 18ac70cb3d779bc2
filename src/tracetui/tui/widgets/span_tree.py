"""The span tree: the open run as rows that fold, with their figures and bars; it follows a run while it is written.

Here is how a run is opened, what changes of it, and how it is followed; rows and selection are in `span_rows`, the keys that
fold in `span_folding`, those that jump in `span_jumps`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tracetui.core.model import EventClass, Kind, RunStatus
from tracetui.tui.messages import FollowChanged, Notice, TimeShown
from tracetui.tui.presentation.time_window import Window
from tracetui.tui.session import Session
from tracetui.tui.widgets.run_opening import (
    Chips,
    ReadyRun,
    Start,
    is_large,
    made_ready,
    newest_index,
    opened_well,
)
from tracetui.tui.widgets.run_study import LIVE
from tracetui.tui.widgets.span_data import SpanData
from tracetui.tui.widgets.span_folding import FOLD_BINDINGS, FoldKeys
from tracetui.tui.widgets.span_jumps import GAP_BINDINGS, JUMP_BINDINGS, JumpKeys
from tracetui.tui.widgets.span_rows import Identity
from tracetui.tui.widgets.time_keys import TIME_BINDINGS

if TYPE_CHECKING:
    from tracetui.core.store import Change
    from tracetui.core.store.shape import Bools


class SpanTree(FoldKeys, JumpKeys):
    """Spans and events of one run. `show_run` opens it; `apply_change` and `tick` keep it up to date."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *FOLD_BINDINGS,
        *JUMP_BINDINGS,
        Binding("F", "follow", "follow", id="span.follow"),
        Binding("t", "waterfall", "waterfall on or off", id="span.waterfall", show=False),
        Binding("p", "open_stack", "open stack", id="span.open_stack"),
        *TIME_BINDINGS,
        *GAP_BINDINGS,
    ]

    class StripToggled(Message):
        """The open stack is to be shown, or hidden again."""

    class OpenedTooSoon(Message):
        """A large run was opened before there was room or all of it was read: it is to be made ready anew."""

        def __init__(self, run_row: int) -> None:
            super().__init__()
            self.run_row = run_row

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self._windows: dict[int, Window] = {}
        """Which part of its time each run shows."""
        self._is_well_opened = False
        """The run was opened when there was room and all of it was read."""
        self._ticked_status: RunStatus | None = None
        """How the run stood at the last tick."""
        self._was_live = False
        """The run was going on at the last change."""

    # ------------------------------------------------------------ opening a run

    def preparing(self, run_row: int) -> Callable[[], ReadyRun]:
        """What makes a run ready to be shown as well as there is room now; a thread that looks at the store may call it."""
        run = self.session.store.runs[run_row]
        return partial(
            made_ready, self.session, run, self._windows, self._chips, self.size.height, waterfall=self.waterfall
        )

    def show_run(self, run_row: int, ready: ReadyRun | None = None) -> None:
        """Open a run: a failed one at its first cause, a running one following, else at its root.

        Args:
            run_row: The run.
            ready: What `preparing` made of it; None: it is made here.
        """
        if ready is None:
            ready = self.preparing(run_row)()
        data = ready.data
        self.run_row, self.data = run_row, data
        if ready.chips != self._chips:
            self._chips.choose(data)
        data.show_hits(self._marks, None)
        self._selected, self.new_count, self._cursor, self._top = None, 0, 0, 0
        self._is_untouched, self._ticked_status = True, data.status
        self._was_live = data.status in LIVE
        self._is_well_opened = ready.height > 0 and data.run.complete
        self._begin_at(data, ready.start)
        self.refresh_all()
        self._say_where()

    def wait_for(self, words: str) -> None:
        """Say this where no run is open; empty: nothing is waited for."""
        if words != self._waits_for:
            self._waits_for = words
            if self.data is None:
                self.refresh_all()

    def show_nothing(self) -> None:
        """No run is open."""
        self.data, self.run_row, self._selected = None, None, None
        self._set_following(False)
        self.refresh_all()
        self._say_where()

    def _open_well(self, data: SpanData) -> None:
        """Begin anew: now there is room, or all of it is read."""
        self._is_well_opened = self.size.height > 0 and data.run.complete
        if is_large(data.run):
            self.post_message(self.OpenedTooSoon(data.run.row))
        else:
            self._begin_at(data, opened_well(data, self.page_height))

    def _begin_at(self, data: SpanData, start: Start) -> None:
        self._set_following(start.following)
        if start.following:
            self._repaint()
            self.move_to(start.index)
        else:
            self._select(min(start.index, max(0, len(data.tree) - 1)), start.scroll, by_user=False)

    # ------------------------------------------------------------ other views in its place

    def stand_back(self) -> None:
        """Another view takes its place: it keeps up to date, and what jumps still starts from what is selected."""
        self._is_untouched = False
        self._set_following(False)

    def note(self, selected: Identity | None, is_touched: bool = True) -> None:
        """This is selected, whoever did it; with `is_touched` the run is not opened anew when all of it is read."""
        self._is_untouched &= not is_touched
        self._selected = selected

    def come_back(self, selected: Identity | None, following: bool) -> None:
        """It has its place again: what was selected elsewhere is opened and selected."""
        self._shown.clear()
        self._keep()
        self.refresh_all()
        if selected is not None:
            row = selected[1] if selected[0] == "span" else self.session.store.events.span[selected[1]]
            if selected[0] == "span" or self._index_of(selected) == self._index_of(("span", row)):
                self.select_span(row, by_user=False)
            else:
                self._select(self._index_of(selected), by_user=False)
        if following and not self.following:
            self.action_follow()
        self._say_where()

    # ------------------------------------------------------------ what changes

    def price(self) -> None:
        """Costs are known better: show them."""
        if self.data is not None:
            self.data.tree.price(self.session.costs)
            self._repaint()

    def look_again(self) -> None:
        """Bookmarks changed: repaint what differs."""
        self._repaint()

    def set_chips(self, kinds: Collection[Kind], classes: Collection[EventClass]) -> None:
        """Show only these classes, their ancestors kept and dimmed; both empty: everything."""
        self._chips = Chips(frozenset(kinds), frozenset(classes))
        if self.data is not None:
            self._chips.choose(self.data)
            self._keep()
            self._scroll_into_view(self._cursor, self._cursor, "auto")

    def set_mask(
        self,
        spans: Bools | None,
        events: Bools | None = None,
        *,
        names_events: bool = False,
        is_first: bool = False,
    ) -> None:
        """Show only what a filter leaves, with what leads to it; None: no filter.

        Args:
            spans: By row of the store, as it was when the filter was asked.
            events: The same of events.
            names_events: Show these events as rows.
            is_first: The first answer of another filter: unfold what is left, and select the first of it from here on.
        """
        data = self.data
        if data is None:
            return
        mask = None
        if spans is not None:
            rows = data.tree.rows()
            mask = spans.take(rows, mode="clip") & (rows < len(spans)) if len(spans) else rows < 0
        data.tree.set_mask(mask, events, names_events=names_events)
        if is_first:
            data.tree.open_matches()
            self._is_untouched = False
        self._keep()
        if is_first:
            self._select_match(data)
        self._scroll_into_view(self._cursor, self._cursor, "auto")

    def _select_match(self, data: SpanData) -> None:
        """If what is selected only leads to something that is left, or is not shown: to the first match from there on."""
        index = self._cursor
        if index < len(data.tree) and self._identity(index) == self._selected and not data.tree[index].context:
            return
        at = data.tree[index].position if index < len(data.tree) else 0
        first = data.tree.first_match(max(0, at))
        if first >= 0:
            self.select_span(data.tree.row(first), by_user=False)

    def apply_change(self, change: Change) -> None:
        """Take in what the store learnt of the open run."""
        if self.data is None or self.run_row not in change.runs | change.reset:
            return
        before = self.data.tree.count
        self.data.tree.update(change)
        self.data.forget()
        if not before and self.data.tree.count:
            self._chips.choose(self.data)
        if self._is_untouched and not self._is_well_opened and (not before or self.data.run.complete):
            # What was known when it was opened was not all: the first cause may only have been read now.
            self._was_live = self.data.status in LIVE
            self._open_well(self.data)
            return
        was_live, self._was_live = self._was_live, self.data.status in LIVE
        if was_live and not self._was_live:
            self._end(self.data)
            return
        if self.following:
            self.data.axis.follow()
            self._go_to_newest(self.data)
            return
        came = self.data.tree.count - before
        if came > 0 and self.session.status(self.data.run).status in LIVE:
            self.new_count += came
            self.post_message(FollowChanged(False, self.new_count))
        self._keep()

    def tick(self) -> None:
        """A second went by: repaint the lines whose digits differ. Clocks stop a minute after the last change.

        That a run is stalled or its writer gone is told by time alone, and shown even then.
        """
        if self.data is None:
            return
        status = self.data.status
        if self.following and status not in LIVE and status is not RunStatus.error:
            # A failure is not told by time: its change is still to come.
            self._let_go()
        if self.data.is_moving or status is not self._ticked_status:
            if self.following and self.data.axis.follow():
                self.post_message(TimeShown())
            self._repaint()
        self._ticked_status = status

    def on_resize(self) -> None:
        """The first room there is: open the run as well as that room allows."""
        if self.data is not None and self._is_untouched and not self._is_well_opened:
            self._open_well(self.data)

    # ------------------------------------------------------------ following

    def _end(self, data: SpanData) -> None:
        """The run is over: what was followed into a failure is shown at its first cause, any other row stays."""
        followed = self.following
        self._set_following(False)
        self._keep()
        if data.status is not RunStatus.error:
            return
        self.post_message(Notice("run failed: e goes to the first cause", "error", is_answer=False))
        cause = data.study.first_cause() if followed else None
        if cause is not None and self.select_span(cause, by_user=False) and data.has_only_events(self.cursor):
            data.tree.expand(self.cursor)
            self._keep()

    def _go_to_newest(self, data: SpanData) -> None:
        """To the newest span with its ancestors open; a run that has only events, to its last one."""
        index = newest_index(data)
        self._repaint()
        self.move_to(index)

    def action_follow(self) -> None:
        """Stay at the newest row, or let go."""
        if self.data is None:
            return
        if self.following:
            self._let_go()
        elif self.session.status(self.data.run).status not in LIVE:
            self.post_message(Notice("this run is over: nothing to follow"))
        else:
            self._set_following(True)
            self._go_to_newest(self.data)

    # ------------------------------------------------------------ the rest of the keys

    def action_waterfall(self) -> None:
        """Show or hide the bars."""
        self.waterfall = not self.waterfall
        self._repaint()

    def time_shown(self, window: Window | None) -> None:
        """Another part of the time: other bars."""
        if window is not None and not self.waterfall:
            self.waterfall = True
        self._is_untouched = False
        self._repaint()
        self.post_message(TimeShown())

    def action_pan(self, by: int) -> None:
        """Show what was earlier or later, which lets go of following."""
        self._let_go()
        super().action_pan(by)

    def action_open_stack(self) -> None:
        """Show or hide the open stack."""
        self.post_message(self.StripToggled())

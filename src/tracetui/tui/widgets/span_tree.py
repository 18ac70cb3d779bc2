"""The span tree: the open run as rows that fold, with their figures and bars; it follows a run while it is written.

What there is to show comes from the `RunTree`, what a row says from `span_data`, how it is drawn from
`presentation.rows`. This widget keeps the selected span or event selected whatever happens to the rows around it, and
repaints the lines that look different, not the pane.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tracetui.core.model import CHIPS, EventClass, Kind, RunStatus
from tracetui.core.text import safe
from tracetui.tui.messages import FollowChanged, Jumped, Notice, PositionChanged, SpanSelected, TimeShown
from tracetui.tui.presentation.columns import HEADINGS_FROM, LEAD, SpanColumns, span_columns
from tracetui.tui.presentation.marks import Marks
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import empty_pieces, indentation
from tracetui.tui.presentation.run_strip import CELLS_AT
from tracetui.tui.presentation.time_window import Window
from tracetui.tui.session import Session
from tracetui.tui.widgets.gap_jumps import GapJumps
from tracetui.tui.widgets.line_view import LineView, Scroll
from tracetui.tui.widgets.run_opening import (
    Chips,
    ReadyRun,
    Start,
    has_strip,
    is_large,
    made_ready,
    newest_index,
    opened_well,
)
from tracetui.tui.widgets.run_strip import STRIP_AT, look_soon
from tracetui.tui.widgets.run_study import LIVE
from tracetui.tui.widgets.span_data import SpanData
from tracetui.tui.widgets.time_axis import TimeAxis
from tracetui.tui.widgets.time_keys import TIME_BINDINGS, TimeKeys

if TYPE_CHECKING:
    from tracetui.core.store import Change, Run
    from tracetui.core.store.shape import Bools
    from tracetui.tui.widgets.stops import Found, Stop, WarningSearch

Identity = tuple[Literal["span", "event"], int]
"""What a row stands for, whatever its index: its kind and its row in the store."""

_SAID_AFTER_S: Final = 0.5
"""How long something is looked for before that is said, s."""
_FILL_SECONDS: Final = 0.02
_LONGEST_NAME: Final = 40
"""Characters of a name in a notice."""


class SpanTree(TimeKeys, LineView):
    """Spans and events of one run. `show_run` opens it; `apply_change` and `tick` keep it up to date."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "fold", "fold, then parent", id="span.fold", show=False),
        Binding("right,l", "unfold", "unfold, then first child", id="span.unfold", show=False),
        Binding("space", "toggle_fold", "fold", id="span.toggle"),
        Binding("plus", "level(1)", "one level more", id="span.more", show=False),
        Binding("minus", "level(-1)", "one level less", id="span.less", show=False),
        Binding("asterisk", "subtree", "fold or unfold all below", id="span.subtree", show=False),
        Binding("A", "all", "fold or unfold all", id="span.all", show=False),
        Binding("P", "path", "path to what matters", id="span.path"),
        Binding("e", "cause(1)", "next cause", id="span.next_cause"),
        Binding("E", "cause(-1)", "previous cause", id="span.previous_cause", show=False),
        Binding("s", "slow(1)", "next slow span", id="span.next_slow"),
        Binding("S", "slow(-1)", "previous slow span", id="span.previous_slow", show=False),
        Binding("w", "warning(1)", "next warning", id="span.next_warning", show=False),
        Binding("W", "warning(-1)", "previous warning", id="span.previous_warning", show=False),
        Binding("F", "follow", "follow", id="span.follow"),
        Binding("t", "waterfall", "waterfall on or off", id="span.waterfall", show=False),
        Binding("p", "open_stack", "open stack", id="span.open_stack"),
        *TIME_BINDINGS,
        Binding("L", "gap", "longest gap", id="span.gap", show=False),
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
        self.data: SpanData | None = None
        self.run_row: int | None = None
        self.waterfall = True
        self.following = False
        self.new_count = 0
        """Rows that came since the view let go."""
        self._chips = Chips()
        self._selected: Identity | None = None
        self._marks = Marks()
        self._gaps = GapJumps()
        self._marked: int | None = None
        """Cell of the line over the whole run that says where one is."""
        self._windows: dict[int, Window] = {}
        """Which part of its time each run shows."""
        self._shown: dict[int, Strip] = {}
        self._is_filling = False
        self._is_untouched = False
        """The user has done nothing since the run was opened."""
        self._is_well_opened = False
        """The run was opened when there was room and all of it was read."""
        self._ticked_status: RunStatus | None = None
        """How the run stood at the last tick."""
        self._was_live = False
        """The run was going on at the last change."""
        self._waits_for = ""
        """What is said where no run is open."""
        self._stop_search = Event()
        """Set: nobody waits any more for the warning that is looked for."""

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
            look_soon(self, self.data.strip, self.size.width, self._repaint)
        self.fill_soon()
        return strip

    def fill_soon(self) -> None:
        """Have the visible rows say in a moment what they do not say yet."""
        if self.data is not None and self.data.has_waiting and not self._is_filling:
            self._is_filling = True
            self.set_timer(_FILL_SECONDS, self._fill)

    def position_text(self) -> str:
        """What stands at the right end of the pane's rule: the chips that are on, or which row is selected."""
        if self._chips:
            words = [
                word
                for word, kinds, classes in CHIPS
                if self._chips.kinds.intersection(kinds) or self._chips.classes.intersection(classes)
            ]
            return f"only {', '.join(words)}"
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

    @property
    def is_untouched(self) -> bool:
        """The user has done nothing since the run was opened."""
        return self._is_untouched

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

    # ------------------------------------------------------------ following

    def _set_following(self, on: bool) -> None:
        self.new_count = 0
        if on != self.following:
            self.following = on
            self.post_message(FollowChanged(on, 0))

    def _let_go(self) -> None:
        if self.following:
            self._set_following(False)

    def _end(self, data: SpanData) -> None:
        """The run is over: what was followed into a failure is shown at its first cause, any other row stays."""
        followed = self.following
        self._set_following(False)
        self._keep()
        if data.status is not RunStatus.error:
            return
        self.post_message(Notice("run failed: e goes to the first cause", "error"))
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

    # ------------------------------------------------------------ folding

    def action_fold(self) -> None:
        """Fold the row; if it is folded, go to its parent."""
        if self.data is None or not self.row_count():
            return
        if self.data.tree.collapse(self.cursor):
            self._folds_changed()
        elif (parent := self.data.parent_index(self.cursor)) >= 0:
            self.move_to(parent, by_user=True)

    def action_unfold(self) -> None:
        """Unfold the row; if it is unfolded, go to its first child."""
        if self.data is None or not self.row_count():
            return
        if self.data.tree.expand(self.cursor):
            self._folds_changed()
        elif self.data.tree[self.cursor].has_children:
            self.move_to(self.cursor + 1, by_user=True)

    def action_toggle_fold(self) -> None:
        """Fold or unfold the row."""
        if self.data is not None and self.row_count() and self.data.tree.toggle(self.cursor):
            self._folds_changed()

    def action_level(self, by: int) -> None:
        """Open one level more of the whole tree, or close one."""
        if self.data is not None and self.data.tree.expand_level(by):
            self._folds_changed()

    def action_subtree(self) -> None:
        """Unfold all below the row; if all is unfolded, fold it."""
        if self.data is None or not self.row_count():
            return
        tree, before = self.data.tree, self.row_count()
        if tree.expand_subtree(self.cursor) and len(tree) == before:
            tree.collapse_subtree(self.cursor)
        self._folds_changed()

    def action_all(self) -> None:
        """Unfold all; if all is unfolded, fold it."""
        if self.data is None:
            return
        tree, before = self.data.tree, self.row_count()
        tree.expand_all()
        if len(tree) == before:
            tree.collapse_all()
        self._folds_changed()

    def action_path(self) -> None:
        """Open only the way to what matters: causes of failure, else what is open, else what was slow."""
        data = self.data
        if data is None:
            return
        rows = data.study.failed_or_open()
        if not rows and data.study.is_large:
            self._say("looking for slow spans")
            self.run_worker(self._path_later(data), group="slow", exclusive=True)
        else:
            self._open_path(data, rows or data.study.slow_rows())

    async def _path_later(self, data: SpanData) -> None:
        await data.study.look_aside()
        if data is self.data:
            self._open_path(data, data.study.slow_rows())

    def _open_path(self, data: SpanData, rows: list[int]) -> None:
        if not rows:
            self.post_message(Notice("nothing failed, nothing is open, nothing was slow"))
            return
        data.tree.open_path(rows)
        self._folds_changed()

    def _folds_changed(self) -> None:
        self._is_untouched = False
        self._let_go()
        self._keep()
        self._scroll_into_view(self._cursor, self._cursor, "auto")

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the fold is where it is
        """A click on the fold folds."""
        if self.data is None:
            return False
        item = self.data.tree[index]
        at = LEAD + len(indentation(item.depth, self._columns(self.size.width)))
        if item.kind == "span" and item.has_children and at - 1 <= x <= at + 1:
            self.action_toggle_fold()
            return True
        return False

    # ------------------------------------------------------------ jumps

    def action_cause(self, by: int) -> None:
        """To the next or previous cause of failure, or error event of a span that did not fail itself."""
        from tracetui.tui.widgets.stops import place_of

        data = self.data
        if data is None:
            return
        stops = data.failures()
        if not stops:
            self.post_message(Notice("nothing failed in this run"))
            return
        at = place_of(self.session.store, data.tree.preorder(), data.run, self._selected)
        number, wrapped = stops.next(self._selected, at, by)
        what = "cause" if stops[number].event is None else "error"
        if len(stops) == 1:
            self.post_message(Notice(f"the only {what}"))
        self._stop_at(stops[number], by, what, wrapped and len(stops) > 1)

    def action_warning(self, by: int) -> None:
        """To the next or previous warning, retry or non-zero exit status."""
        from tracetui.tui.widgets.stops import place_of

        data = self.data
        if data is None:
            return
        at = place_of(self.session.store, data.tree.preorder(), data.run, self._selected)
        search = data.warnings.search()
        self._stop_search.set()
        if data.warnings.is_large:
            self._stop_search = stop = Event()
            self.run_worker(self._look_beside(data, search, at, by, stop), exclusive=True, group="warning")
            return
        found = next(steps := search.find(at, by))
        if found is None:
            self.run_worker(self._look_on(data, steps, at, by), exclusive=True, group="warning")
        else:
            self._stop_at_warning(found, at, by)

    async def _look_on(self, data: SpanData, steps: Iterator[Found | None], at: int, by: int) -> None:
        """Look for a warning a few records at a time."""
        import asyncio

        self._say("looking for warnings")
        found: Found | None = None
        while found is None:
            await asyncio.sleep(0)
            found = next(steps)
            if self.data is not data:
                return
        self._stop_at_warning(found, at, by)

    async def _look_beside(self, data: SpanData, search: WarningSearch, at: int, by: int, stop: Event) -> None:
        """Look for a warning in a thread."""
        import asyncio

        looking = asyncio.ensure_future(asyncio.to_thread(search.run_to_end, at, by, stop))
        done, _ = await asyncio.wait((looking,), timeout=_SAID_AFTER_S)
        if not done:
            self._say("looking for warnings")
        found = await looking
        if found is not None and self.data is data:
            self._stop_at_warning(found, at, by)

    def on_unmount(self) -> None:
        """Nobody waits any more for what is looked for."""
        self._stop_search.set()

    def _stop_at_warning(self, found: Found, at: int, by: int) -> None:
        stop, wrapped = found
        if stop is None:
            self._say("no warning, retry or non-zero exit in this run")
            return
        if stop.place == at:
            self._say("the only warning")
        self._stop_at(stop, by, "warning", wrapped and stop.place != at)

    def _say(self, words: str) -> None:
        self.post_message(Notice(words))

    def _stop_at(self, stop: Stop, by: int, what: str, wrapped: bool) -> None:
        if wrapped:
            self.post_message(Notice(f"wrapped: {'first' if by > 0 else 'last'} {what} again", "warning"))
        before = self._selected
        if self._go_to(stop):
            self.post_message(Jumped(what, before, self._selected))
        elif stop.span is None:
            self.post_message(Notice(f"this {what} is in no span: v lists it in time order", "warning"))
        else:
            self.post_message(Notice(f"the chips hide this {what}", "warning"))

    def _go_to(self, stop: Stop) -> bool:
        """Select an event where it has a row, else its span; what stands in the place of the tree is told of the event."""
        if stop.event is not None and not self.display:
            self._selected = ("event", stop.event)
            self.post_message(SpanSelected(stop.span, stop.event))
            return True
        if stop.event is not None and self.select_event(stop.event):
            return True
        return stop.span is not None and self.select_span(stop.span)

    def action_slow(self, by: int) -> None:
        """To the next or previous slow span."""
        if self.data is not None and self.data.study.is_large:
            self._say("looking for slow spans")
            self.run_worker(self._slow_later(self.data, by), group="slow", exclusive=True)
        else:
            self._jump(self.data.study.slow_positions() if self.data is not None else (), by, "slow span")

    async def _slow_later(self, data: SpanData, by: int) -> None:
        await data.study.look_aside()
        if data is self.data:
            self._jump(data.study.slow_positions(), by, "slow span")

    def next_hit(self, by: int) -> tuple[int, int]:
        """To the next or previous hit, or (0) the nearest from here: its number from 1, and how many. (0, 0): none."""
        if self.data is None:
            return 0, 0
        hits = self.data.hits
        return self._jump(hits, by, "hit"), len(hits)

    def show_hits(self, marks: Marks, spans: Bools | None) -> None:
        """Mark what a search looks for, and know the spans that it hit, by row of the store; None: no search."""
        self._marks = marks
        if self.data is not None:
            self.data.show_hits(marks, spans)
            self._repaint()

    def _jump(self, positions: Sequence[int], by: int, what: str) -> int:
        """Select the next of `positions` (ascending, in the whole tree); its number from 1, 0 if there is none."""
        if self.data is None or not len(positions):
            self.post_message(Notice(f"no {what} in this run"))
            return 0
        number, wrapped = self.data.next_in(positions, self._selected, by)
        if by and len(positions) == 1:
            self.post_message(Notice(f"the only {what}"))
        elif wrapped and by:
            self.post_message(Notice(f"wrapped: {'first' if by > 0 else 'last'} {what} again", "warning"))
        row, before = self.data.tree.row(positions[number]), self._selected
        if self.select_span(row):
            self.post_message(Jumped(what, before, self._selected))
        else:
            self.post_message(Notice(f"chips or filter hide this {what}", "warning"))
        return number + 1

    # ------------------------------------------------------------ the rest of the keys

    def action_waterfall(self) -> None:
        """Show or hide the bars."""
        self.waterfall = not self.waterfall
        self._repaint()

    @property
    def time_axis(self) -> TimeAxis | None:
        """The axis of the open run."""
        return None if self.data is None else self.data.axis

    def selected_time(self) -> tuple[int, int] | None:
        """From when to when the selected span ran, or when the selected event was."""
        return None if self.data is None or self._selected is None else self.data.time_of(*self._selected)

    def time_shown(self, window: Window | None) -> None:
        """Another part of the time: other bars."""
        if window is not None and not self.waterfall:
            self.waterfall = True
        self._is_untouched = False
        self._repaint()
        self.post_message(TimeShown())

    def action_gap(self) -> None:
        """To the longest gap of the selected span or of one around it, then to the next longest."""
        if self.data is None or self._selected is None:
            return
        kind, row = self._selected
        owner = row if kind == "span" else self.session.store.events.span[row]
        gap = self._gaps.next(self.data, owner) if self.data.axis.has_times else None
        if gap is None:
            self.post_message(Notice("nothing here was idle"))
            return
        name = self.session.store.strings[self.session.store.spans.name[gap.holder]]
        self.post_message(Notice(gap.words(safe(name[:_LONGEST_NAME]), self.session.symbols)))
        self._repaint()
        self.post_message(TimeShown())
        before = self._selected
        if self.select_span(gap.row):
            self.post_message(Jumped("gap", before, self._selected))
        else:
            self.post_message(Notice("the chips hide what ended this gap", "warning"))

    def action_pan(self, by: int) -> None:
        """Show what was earlier or later, which lets go of following."""
        self._let_go()
        super().action_pan(by)

    def action_open_stack(self) -> None:
        """Show or hide the open stack."""
        self.post_message(self.StripToggled())

"""The main screen: runs, spans and detail, with header, chips and footer around them.

It passes on what one pane says to the others, and holds the keys that mean the same in every pane; where the panes stand is
in `panes`. What is read comes as `StoreChanged`, at most four times a second; nothing here reads a file.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import Reactive
from textual.timer import Timer
from textual.widget import Widget

from tracetui.core import text
from tracetui.core.errors import TracetuiError
from tracetui.core.model import RunStatus
from tracetui.tui import messages
from tracetui.tui.arrangement import Arrangement, PaneName
from tracetui.tui.keymaps import Key, keys_of
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.run_states import RunStates
from tracetui.tui.screens.bookmarking import Bookmarking
from tracetui.tui.screens.comparing import Comparing
from tracetui.tui.screens.filtering import Filtering
from tracetui.tui.screens.first_run import FirstRun
from tracetui.tui.screens.jumping import Jumping
from tracetui.tui.screens.main_keys import KEYS
from tracetui.tui.screens.opening import Opening
from tracetui.tui.screens.panes import PanesScreen
from tracetui.tui.screens.returning import Returning
from tracetui.tui.screens.searching import Searching
from tracetui.tui.screens.selection import Selection
from tracetui.tui.screens.summarising import Summarising
from tracetui.tui.screens.taking import Taking
from tracetui.tui.screens.ticking import Clock
from tracetui.tui.screens.viewing import Viewing, view_name
from tracetui.tui.session import Session
from tracetui.tui.widgets.chip_bar import ChipBar
from tracetui.tui.widgets.detail import REST_S as DETAIL_REST_S
from tracetui.tui.widgets.detail import Detail
from tracetui.tui.widgets.empty_view import EmptyView
from tracetui.tui.widgets.filter_line import CandidateList, FilterLine
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.live_strip import LiveStrip
from tracetui.tui.widgets.pane import Divider, Pane, ThinRule
from tracetui.tui.widgets.piece_line import PieceLine
from tracetui.tui.widgets.run_list import RunList
from tracetui.tui.widgets.search_line import SearchLine
from tracetui.tui.widgets.span_tree import SpanTree

if TYPE_CHECKING:
    from tracetui.core.store import Change
    from tracetui.tui.widgets.run_opening import ReadyRun

RUN_REST_S: Final = 0.15
"""How long the cursor must stand on a run before it is opened, s."""


class TooSmall(PieceLine):
    """All that is said in a terminal too small for more."""

    def pieces(self, width: int) -> list[Piece]:
        """The size there is, and the size that is needed."""
        size = self.screen.size
        return [(text.cut(f"too small: {size.width}x{size.height}, needs 40x10", width), "muted")]


class MainScreen(PanesScreen):
    """Runs, spans, detail.

    Args:
        session: What is shared.
        shown_path: What is open, as the user named it; untrusted.
        pick: Enter chooses a run or span and ends.
        rest_s: How long a selection must stand before it is acted on; None: the usual times. Tests give 0.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    # Textual repaints the whole screen when the focus moves; here the two rules and rows do that themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, session: Session, shown_path: str, pick: bool = False, rest_s: float | None = None) -> None:
        super().__init__()
        self.session = session
        self.pick = pick
        self.states = RunStates(session)
        self.facts = HeaderFacts(path=shown_path, counts=self.states.counts, runs=0)
        self.header = HeaderLine(session, self.facts)
        self.runs = RunList(session, id="runs")
        self.empty = EmptyView(session, shown_path, id="empty")
        self.tree_view = SpanTree(session, id="spans")
        self.strip = LiveStrip(session, id="strip")
        self.viewing = Viewing(self)
        self.detail = Detail(session, id="detail", rest_s=DETAIL_REST_S if rest_s is None else rest_s)
        self.rest_s = RUN_REST_S if rest_s is None else rest_s
        """How long a selection must stand before it is acted on, s."""
        self.chips = ChipBar(session)
        self.footer = FooterLine(session)
        self.search = SearchLine(session)
        self.candidates = CandidateList(session)
        self.filter = FilterLine(session, self.candidates)
        self.panes: dict[PaneName, Pane] = {
            "runs": Pane(session, "Runs", self.empty, self.runs, id="runs-pane"),
            "spans": Pane(session, "Spans", self.viewing.pane_content(), id="spans-pane"),
            "detail": Pane(session, "Detail", self.detail, id="detail-pane"),
        }
        self.active: PaneName = "spans"
        self.drawer = False
        self.maximised = False
        self.has_no_runs = False
        self.opened: int | None = None
        """Row of the run that is shown."""
        self.searching = Searching(self) if rest_s is None else Searching(self, rest_s)
        self.filtering = Filtering(self) if rest_s is None else Filtering(self, rest_s)
        self.arranged: Arrangement | None = None
        self._waiting_run: Timer | None = None
        self.opening = Opening(self)
        self.clock = Clock(self)
        self.selection = Selection(self)
        self.jumping = Jumping(self)
        self.bookmarking = Bookmarking(self)
        self.returning = Returning(self)
        self.first_run = FirstRun(self)
        self.summarising = Summarising(self)
        self.comparing = Comparing(self)
        self.taking = Taking(self)
        self.about_run = False
        """The detail shows the open run and not what is selected in it."""
        self._positions: dict[str, str] = {}

    # ------------------------------------------------------------ what there is

    def compose(self) -> ComposeResult:
        """Header, panes, chips and footer."""
        yield self.header
        with Container(id="panes"):
            yield self.panes["runs"]
            yield Divider(self.session, id="divider-left")
            yield self.panes["spans"]
            yield Divider(self.session, id="divider-right")
            yield self.panes["detail"]
        yield ThinRule(self.session, id="chip-rule")
        yield self.chips
        yield self.search
        yield self.filter
        yield self.footer
        yield self.candidates
        yield TooSmall(self.session, id="too-small")

    def on_mount(self) -> None:
        """Put everything in its place."""
        self.clock.start()
        self.bookmarking.start()
        self._arrange()
        self._focus_active()

    # ------------------------------------------------------------ what was read

    def on_store_changed(self, event: messages.StoreChanged) -> None:
        """Runs, spans or figures came: show them."""
        event.stop()
        begun = time.perf_counter()
        self._show_change(event.change)
        if self.session.feed is not None:
            self.session.feed.shown(time.perf_counter() - begun)

    def _show_change(self, change: Change) -> None:
        self.clock.note_change()
        changed = self.states.update({*change.runs, *change.new_runs, *change.reset})
        self.runs.apply_change(change)
        self.filtering.runs_changed()
        self._look_whether_empty()
        self.opening.note_change(change)
        self.first_run.choose()
        if self.opened is not None and self.opened in (change.runs | change.reset):
            self.apply_to_open_run(change)
            if self.opened in changed:
                self._follow_if_it_runs()
        self.clock.set()
        self.say_header()
        self.say_positions()

    def on_costs_changed(self, event: messages.CostsChanged) -> None:
        """What calls cost is known better."""
        event.stop()
        self.runs.price()
        self.filtering.priced()
        self.opening.note_prices()
        if self.opened is not None:
            self.viewing.price()
            self.strip.price()
            self.detail.look_soon()

    def apply_to_open_run(self, change: Change) -> None:
        """Show what the store learnt of the open run."""
        run = self.session.store.runs[self.opened or 0]
        if not run.live:
            self._close_run()
            return
        self.viewing.apply_change(change)
        self.filtering.applied(change)
        self.searching.applied()
        self.bookmarking.note_change()
        self.returning.note_change()
        self.strip.apply_change(change)
        self.detail.apply_change(change)
        self.chips.look_again()
        self._say_footer()

    def _follow_if_it_runs(self) -> None:
        """The open run turned out to be running: follow it, unless the user is looking at something in it."""
        runs = self.opened is not None and self.states[self.opened] is RunStatus.running
        if runs and not self.selection.is_touched:
            self.viewing.follow()

    def on_progress_changed(self, event: messages.ProgressChanged) -> None:
        """Reading got further, or all is read."""
        event.stop()
        self.first_run.is_all_told = event.is_all_told
        self._look_whether_empty()
        self.first_run.choose()
        self.say_header()
        self.viewing.fill_soon()

    def _look_whether_empty(self) -> None:
        is_empty = not len(self.states) and self.first_run.is_all_told
        if is_empty == self.has_no_runs:
            return
        self.has_no_runs = is_empty
        self.header.remark = ""
        if is_empty:
            self.active = "runs"
            self.run_worker(self._explain_emptiness(), exclusive=True, group="empty")
        elif self.active == "runs":
            self.active = "spans"
        self._arrange()
        self._focus_active()

    async def _explain_emptiness(self) -> None:
        import asyncio

        from tracetui.tui.places import usual_places

        feed = self.session.feed
        places = await asyncio.to_thread(usual_places)
        if feed is not None:
            refused = await feed.ask(lambda reader: reader.unreadable_paths)
            unrecognised = await feed.ask(lambda reader: reader.unrecognised)
            problem = f"{refused[0][0]}: {refused[0][1]}" if refused else ""
            self.empty.tell(places, len(unrecognised), problem)
            self._say_footer()

    def open_run(self, row: int) -> None:
        """Show a run; a large one as soon as it is ready."""
        if self._waiting_run is not None:
            self._waiting_run.stop()
        self.opening.open(row)

    def on_span_tree_opened_too_soon(self, event: SpanTree.OpenedTooSoon) -> None:
        """The open run can be shown better now."""
        event.stop()
        self.opening.again(event.run_row)

    def show_opened(self, row: int, ready: ReadyRun | None = None) -> None:
        """Show a run, which may have been made ready for that."""
        run = self.session.store.runs[row]
        self.opened = row
        if self.session.feed is not None:
            self.session.feed.prefer(run.sources)
        self.selection.reset()
        self.header.follow = None
        self.runs.select_run(row)
        self.tree_view.show_run(row, ready)
        self.viewing.run_opened()
        self.filtering.run_opened()
        self.searching.run_opened()
        self.bookmarking.mark()
        self.strip.show_run(row)
        self.chips.show_run(run)
        if not self.tree_view.row_count():
            self.detail.show_run(row)
        self.clock.set()
        self.say_all()

    def _close_run(self) -> None:
        """The open run is gone from its file."""
        self.header.mention("the run that was open is gone from its file", "warning")
        self.opened = None
        self.tree_view.show_nothing()
        self.viewing.run_closed()
        self.detail.show_nothing()
        self.chips.show_run(None)
        self.first_run.begin_again()

    # ------------------------------------------------------------ what is selected

    def on_run_selected(self, event: messages.RunSelected) -> None:
        """The cursor came to another run: open it once it rests there."""
        event.stop()
        if not event.by_user:
            return
        self.first_run.end()
        if self._waiting_run is not None:
            self._waiting_run.stop()
        if not self.rest_s:
            self._open_selected(event.run_row)
            return
        self._waiting_run = self.set_timer(self.rest_s, lambda: self._open_selected(event.run_row))

    def _open_selected(self, row: int) -> None:
        if row != self.opening.wanted and row == self.runs.selected_run:
            self.header.remark = ""
            self.open_run(row)

    def on_run_opened(self, event: messages.RunOpened) -> None:
        """Enter on a run: open it and go to its spans."""
        event.stop()
        self.first_run.end()
        if self.pick:
            self._pick_run(event.run_row)
            return
        if event.run_row != self.opening.wanted:
            self.jumping.to_run(event.run_row)
            self.header.remark = ""
            self.open_run(event.run_row)
        self.activate("spans")

    def on_span_selected(self, event: messages.SpanSelected) -> None:
        """Another row of the tree: the detail shows it."""
        event.stop()
        if event.by_user:
            self.first_run.end()
            self.about_run = False
        if self.viewing.note_selected(event):
            self.selection.select(event.span_row, event.event_row, event.by_user)

    def on_follow_changed(self, event: messages.FollowChanged) -> None:
        """The tree follows, or let go."""
        event.stop()
        # What is shown does by now counts: the message may come from a run that is not open any more.
        views = self.viewing
        self.header.follow = None
        if self.opened is not None and (views.following or views.new_count):
            self.header.follow = (views.following, views.new_count, run_name(self.session.store.runs[self.opened]))
        self.header.look_again()
        self._say_footer()

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        """Enter in the tree: into the detail."""
        if event.widget is self.viewing.shown:
            event.stop()
            if self.pick:
                self._pick_span()
            elif not self.viewing.enter():
                self.selection.flush()
                self.activate("detail")

    def _pick_run(self, row: int) -> None:
        """End with the id by which the commands know the run: several may have the same recorded one."""
        from tracetui.core.run_names import printed_ids

        self.app.exit(printed_ids(run for run in self.session.store.runs if run.live).get(row, ""))

    def _pick_span(self) -> None:
        span, _ = self.selection.rows
        try:
            id = "" if span is None else self.session.bodies.span_detail(span).id
        except TracetuiError as error:
            self.header.say(str(error), "error")
            return
        if id:
            self.app.exit(id)
        else:
            self.header.say("this has no id: pick another row" if span is not None else "this is no span", "warning")

    # ------------------------------------------------------------ keys: panes

    def action_out(self) -> None:
        """One step out: what narrows the active pane, maximised pane, drawer, detail, spans. Never quits."""
        small = self.arranged is not None and self.arranged.mode == "small"
        if self.search.display:  # another pane was clicked meanwhile
            self.searching.end()
        elif self.filter.display:
            self.filtering.cancel()
        elif self.searching.clear(self.active) or self.filtering.clear(self.active):
            self.say_all()
        elif self.maximised:
            self.action_maximise()
        elif self.drawer or self.active == "detail":
            self.activate("spans")
        elif self.active == "spans" and (small or "runs" in (self.arranged.panes if self.arranged else ())):
            self.activate("runs")

    def action_next_view(self) -> None:
        """The next view of the open run."""
        if not self.has_no_runs:
            self.viewing.show_next()

    def action_view(self, name: str) -> None:
        """One of the views of the open run, by its name."""
        if not self.has_no_runs:
            self.viewing.show(view_name(name))

    def action_run(self, by: int) -> None:
        """The next or previous run of the list, from any pane."""
        row = self.runs.step(by)
        if row is None:
            self.header.say(self.runs.end_words(by))
            return
        self.jumping.to_run(row)
        self.first_run.end()
        self.header.remark = ""
        self.runs.select_run(row, by_user=True)
        self.open_run(row)

    def go_to_run(self, row: int) -> None:
        """Open a run that was chosen elsewhere."""
        self.take_over()
        self.runs.select_run(row, by_user=True)
        self.open_run(row)

    def action_in_spans(self, action: str, *arguments: int) -> None:
        """Do what a key of the spans pane does, from any pane."""
        self.viewing.act(action, *arguments)

    def action_in_detail(self, action: str, *arguments: int) -> None:
        """Do what a key of the detail does, from any pane."""
        self.selection.flush()
        getattr(self.detail, f"action_{action}")(*arguments)

    def on_time_shown(self, event: messages.TimeShown) -> None:
        """Another part of the time is shown: the rule says which."""
        event.stop()
        self.say_positions()

    # ------------------------------------------------------------ keys: chips and search

    def action_chip(self, number: int) -> None:
        """Show only the class of a number key; more presses add and take away; 0 shows all."""
        if self.has_no_runs:
            return
        self.chips.toggle(number)
        kinds, classes = self.chips.selected()
        self.tree_view.set_chips(kinds, classes)
        self.viewing.choose()
        self.say_all()

    def on_chip_bar_pressed(self, event: ChipBar.Pressed) -> None:
        """A chip was clicked."""
        event.stop()
        self.action_chip(event.number)

    def action_copy_command(self) -> None:
        """Copy the command that prints what is shown."""
        from tracetui.tui.screens.as_command import command_of

        self.tracetui.copy(command_of(self), "command that prints this")

    # ------------------------------------------------------------ runs that belong together

    def take_over(self) -> None:
        """The user chose where to be: the program chooses no more."""
        self.first_run.end()
        self.header.remark = ""

    def show_about(self, on: bool) -> None:
        """Show the open run in the detail, or again what is selected in it."""
        if on != self.about_run:
            self.about_run = on
            self.selection.show()

    def action_about(self) -> None:
        """What is known of the open run as a whole, in the detail."""
        if self.opened is None:
            return
        if self.about_run and self.active == "detail":
            self.activate("spans")
            return
        self.take_over()
        self.show_about(True)
        self.activate("detail")

    # ------------------------------------------------------------ other screens

    def actions(self) -> list[Key]:
        """Every action that can be taken here, those of the active pane first."""
        views = self.views
        others = [view for name, view in views.items() if name != self.active]
        return keys_of([views[self.active], *others, self, self.app])

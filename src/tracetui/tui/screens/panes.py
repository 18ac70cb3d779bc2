"""The panes of the main screen: where each stands, which has the focus, and what is said around them."""

from __future__ import annotations

from typing import Final

from textual import events

from tracetui.core import text
from tracetui.tui import messages
from tracetui.tui.arrangement import PANES, Arrangement, PaneName, arrange
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.run_states import RunStates
from tracetui.tui.screens.around import footer_keys, legend, progress_words
from tracetui.tui.screens.handing_on import HandingOn
from tracetui.tui.screens.opening import Opening
from tracetui.tui.screens.viewing import Viewing
from tracetui.tui.session import Session
from tracetui.tui.widgets.chip_bar import ChipBar
from tracetui.tui.widgets.detail import Detail
from tracetui.tui.widgets.empty_view import EmptyView
from tracetui.tui.widgets.filter_line import FilterLine
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.pane import Divider, Pane
from tracetui.tui.widgets.run_list import RunList
from tracetui.tui.widgets.search_line import SearchLine
from tracetui.tui.widgets.span_tree import SpanTree

_LEGEND_FROM: Final = 100

_WITH_TIME: Final = ("tree", "lanes")
"""Views with a time axis."""


class PanesScreen(HandingOn):
    """The base of the main screen, which makes what is here arranged."""

    session: Session
    states: RunStates
    facts: HeaderFacts
    header: HeaderLine
    runs: RunList
    empty: EmptyView
    tree_view: SpanTree
    viewing: Viewing
    detail: Detail
    chips: ChipBar
    footer: FooterLine
    search: SearchLine
    filter: FilterLine
    opening: Opening
    panes: dict[PaneName, Pane]
    active: PaneName
    drawer: bool
    maximised: bool
    arranged: Arrangement | None
    about_run: bool
    opened: int | None
    """Row of the run that is shown."""
    pick: bool
    """Enter chooses a run or span and ends."""
    _positions: dict[str, str]

    def show_about(self, on: bool) -> None:
        """Show the open run in the detail, or again what is selected in it."""
        raise NotImplementedError

    # ------------------------------------------------------------ where panes stand

    def on_resize(self, _event: events.Resize) -> None:
        """Another size: other panes."""
        self._arrange()
        self._focus_active()

    @property
    def views(self) -> dict[PaneName, LineView]:
        """The widget of each pane that takes keys."""
        return {
            "runs": self.empty if self.has_no_runs else self.runs,
            "spans": self.viewing.shown,
            "detail": self.detail,
        }

    def _arrange(self) -> None:
        wanted = arrange(
            self.size.width,
            self.size.height,
            self.active,
            drawer=self.drawer,
            maximised=self.maximised,
            alone=self.has_no_runs,
        )
        if wanted != self.arranged:
            self.arranged = wanted
            self._lay_out(wanted)
        self.say_all()

    def _lay_out(self, wanted: Arrangement) -> None:
        fits = wanted.mode != "none"
        side_by_side = len(wanted.panes) == len(PANES)
        panes = self.query_one("#panes")
        panes.set_class(side_by_side, "-wide").set_class(not side_by_side, "-stacked")
        for name, pane in self.panes.items():
            pane.display = name in wanted.panes
        for divider in self.query(Divider):
            divider.display = side_by_side
        self.panes["runs"].styles.width = wanted.runs_width or "1fr"
        self.panes["detail"].styles.width = wanted.detail_width or "1fr"
        self.panes["spans"].styles.height = wanted.spans_height or "1fr"
        self.empty.display = self.has_no_runs
        self.runs.display = not self.has_no_runs
        self.header.display = panes.display = self.footer.display = fits
        self.chips.display = fits and not self.has_no_runs
        self.query_one("#chip-rule").display = fits and wanted.has_rule
        self.query_one("#too-small").display = not fits

    # ------------------------------------------------------------ which pane has the focus

    def _focus_active(self) -> None:
        shown = self.arranged.panes if self.arranged is not None else ()
        if shown and self.active not in shown:
            self.active = shown[0]
        if shown and not self.search.has_focus and not self.filter.has_focus:
            self.set_focus(self.views[self.active], scroll_visible=False)
        self._show_focus()

    def activate(self, pane: PaneName) -> None:
        """Give a pane the focus, and whatever it needs to be seen."""
        if pane == "spans" and self.about_run:
            self.show_about(False)
        self.active = pane
        if pane != "runs":
            self.drawer = False
        elif self.arranged is not None and self.arranged.mode == "medium":
            self.drawer = True
        self._arrange()
        self._focus_active()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click or a key brought the focus to another pane."""
        for name, view in self.views.items():
            if event.widget is view and name != self.active:
                self.active = name
                if self.maximised:
                    self._arrange()
        self._show_focus()

    def _show_focus(self) -> None:
        for name, pane in self.panes.items():
            pane.show_focus(name == self.active)
        self.say_all()

    def action_next_pane(self, by: int) -> None:
        """To the next pane that is shown; one after the other where only one is."""
        if self.has_no_runs:
            return
        shown = self.arranged.panes if self.arranged is not None else PANES
        ring = shown if len(shown) > 1 else PANES
        at = ring.index(self.active) if self.active in ring else 0
        self.activate(ring[(at + by) % len(ring)])

    def action_drawer(self) -> None:
        """To the runs, or back to the spans."""
        if not self.has_no_runs:
            self.activate("spans" if self.active == "runs" else "runs")

    def action_maximise(self) -> None:
        """Only this pane, or all of them again."""
        if not self.has_no_runs:
            self.maximised = not self.maximised
            self._arrange()
            self._focus_active()

    # ------------------------------------------------------------ what is said around the panes

    def say_all(self) -> None:
        """Say again what stands around the panes."""
        self.say_header()
        self.say_positions()
        self._say_footer()
        self.chips.look_again()

    def say_header(self) -> None:
        """Say again what stands in the header."""
        self.facts.runs = len(self.states)
        self.facts.shown = self.runs.shown_count
        self.facts.is_reading = self.session.is_reading
        header = self.header
        feed = self.session.feed
        header.opening = self.opening.words()
        header.unreadable = len(self.session.store.unreadable())
        header.progress = progress_words(feed.progress, len(self.session.store.spans)) if feed is not None else ""
        polling = feed.polling if feed is not None else ""
        if polling != header.polling:
            header.polling = polling
            if polling:
                header.mention(f"polling: {polling}")
        if self.has_no_runs:
            header.remark = "polling" if polling else "watching"
            header.remark += ": new files appear by themselves"
        header.look_again()
        if self.app.screen is not self:  # another one is over it, whose header counts the same
            for other in self.app.screen.query(HeaderLine):
                other.look_again()
        self.tracetui.say_title()

    def say_positions(self) -> None:
        """Say again where one is, at the right of each pane's rule."""
        if self.facts.shown != self.runs.shown_count:
            self.facts.shown = self.runs.shown_count
            self.header.look_again()
        runs = self.panes["runs"]
        runs.say("" if self.has_no_runs else self.runs.position_text())
        spans = self.panes["spans"]
        wide = self.arranged is not None and self.arranged.mode == "wide"
        window = self.tree_view.window_text() if self.viewing.name in _WITH_TIME else ""
        if found := self._found_words(spans.room):
            position = "" if wide else self._positions.get("spans", "")
            both = f"{found}   {position}" if position else found
            spans.say(both if text.cell_width(both) <= spans.room else found)
        elif window:
            spans.say(window if wide else "  ".join((window, self._positions.get("spans", ""))))
        elif wide:
            # Where one is stands at the right of the footer then.
            has_bars = spans.size.width >= _LEGEND_FROM and self.viewing.name == "tree"
            spans.say(legend(self.session) if has_bars else "")
        else:
            spans.say(self._positions.get("spans", ""))
        self.panes["detail"].say(self._positions.get("detail", ""))

    def _found_words(self, room: int) -> str:
        """What is searched for, filtered by and chosen by chips; the filter is what gives way where room is short."""
        chips = self.chips.words()
        found = self.searching.words(room - len(chips))
        others = [part for part in (found, chips) if part]
        room -= sum(map(text.cell_width, others)) + len("   ") * len(others)
        return "   ".join(part for part in (self.filtering.words(room), *others) if part)

    def _say_footer(self) -> None:
        right = ""
        if self.arranged is not None and self.arranged.mode == "wide":
            zone = text.safe(str(self.session.tz))
            right = "  ".join(part for part in (zone, self._positions.get("spans", "")) if part)
        self.footer.show(footer_keys(self), right)

    def on_pane_said(self, event: Pane.Said) -> None:
        """A pane says where one is in it."""
        event.stop()
        for name, pane in self.panes.items():
            if pane is event.pane and self._positions.get(name) != event.text:
                self._positions[name] = event.text
                self.say_positions()
                self._say_footer()

    def on_notice(self, event: messages.Notice) -> None:
        """Say it in the header."""
        event.stop()
        say = self.header.say if event.is_answer else self.header.mention
        say(event.text, event.level)

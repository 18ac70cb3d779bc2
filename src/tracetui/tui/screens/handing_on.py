"""What keys and messages of the main screen do through the parts that know how: each is handed on, nothing is done here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from tracetui.tui import messages
from tracetui.tui.screens.bookmarking import Bookmarking
from tracetui.tui.screens.comparing import Comparing
from tracetui.tui.screens.copying import longest_value, selected_id, selected_record, selected_value
from tracetui.tui.screens.filtering import Filtering
from tracetui.tui.screens.jumping import Jumping
from tracetui.tui.screens.searching import Searching
from tracetui.tui.screens.summarising import Summarising
from tracetui.tui.screens.taking import Taking
from tracetui.tui.widgets.filter_line import FilterLine
from tracetui.tui.widgets.live_strip import LiveStrip
from tracetui.tui.widgets.search_line import SearchLine
from tracetui.tui.widgets.span_tree import SpanTree

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp


class HandingOn(Screen[None]):
    """The base of the main screen, which makes the parts."""

    searching: Searching
    filtering: Filtering
    jumping: Jumping
    bookmarking: Bookmarking
    summarising: Summarising
    comparing: Comparing
    taking: Taking
    strip: LiveStrip
    has_no_runs: bool

    @property
    def tracetui(self) -> TracetuiApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]  # this screen is made by no other app

    def action_search(self) -> None:
        """Type what to look for: anywhere in the open run, or in the runs pane by name."""
        if not self.has_no_runs:
            self.searching.begin()

    def action_search_everywhere(self) -> None:
        """Type what to look for in all runs."""
        if not self.has_no_runs:
            self.searching.begin_everywhere()

    def on_search_line_changed(self, event: SearchLine.Changed) -> None:
        """Look while it is typed."""
        event.stop()
        self.searching.typed(event.text)

    def on_search_line_submitted(self, event: SearchLine.Submitted) -> None:
        """Back to the pane; n and N go on."""
        event.stop()
        self.searching.submit()

    def on_search_line_cancelled(self, event: SearchLine.Cancelled) -> None:
        """Back to the pane as it was."""
        event.stop()
        self.searching.end()

    def action_filter(self) -> None:
        """Type a filter: over the spans, or in the runs pane over the runs."""
        if not self.has_no_runs:
            self.filtering.begin()

    def action_filters(self) -> None:
        """Choose one of the filters that were saved or typed."""
        self.filtering.list_kept()

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self.filtering.typed(event.text)

    def on_filter_line_submitted(self, event: FilterLine.Submitted) -> None:
        """Back to the pane, the filter in force."""
        event.stop()
        self.filtering.submit()

    def on_filter_line_cancelled(self, event: FilterLine.Cancelled) -> None:
        """Back to the pane as it was."""
        event.stop()
        self.filtering.cancel()

    def on_filter_line_named(self, event: FilterLine.Named) -> None:
        """Keep the filter under a name."""
        event.stop()
        self.filtering.save(event.name)

    def on_filter_line_list_wanted(self, event: FilterLine.ListWanted) -> None:
        """Choose one of those that are kept."""
        event.stop()
        self.filtering.list_kept()

    def action_hit(self, by: int) -> None:
        """To the next or previous hit of the search."""
        self.searching.go(by)

    def action_copy_value(self) -> None:
        """Copy what is selected: the most telling value of a span, the id of a run, a value of the detail."""
        self.taking.copy(selected_value)

    def action_copy_record(self) -> None:
        """Copy the record of the selected span or event as it was written."""
        self.taking.copy(selected_record)

    def action_copy_id(self) -> None:
        """Copy the id of the selected span or run."""
        self.taking.copy(selected_id)

    def action_edit(self) -> None:
        """Open what `y` would copy in the user's editor."""
        self.taking.edit(selected_value)

    def action_pipe(self) -> None:
        """Give what `y` would copy to a command that is typed now."""
        self.taking.pipe(selected_value)

    def action_view_value(self) -> None:
        """The longest value of what is selected over the whole screen."""
        self.taking.view_selected(longest_value)

    def on_view_wanted(self, event: messages.ViewWanted) -> None:
        """A value over the whole screen."""
        event.stop()
        self.taking.view(event.source)

    def action_export(self) -> None:
        """Write the open run into a file."""
        self.taking.export()

    def action_screenshot(self) -> None:
        """Write a picture of the screen into a file, without secrets."""
        self.taking.screenshot()

    def on_jumped(self, event: messages.Jumped) -> None:
        """A key led elsewhere in the open run."""
        event.stop()
        self.jumping.jumped(event.kind, event.before, event.reached)

    def on_jump_wanted(self, event: messages.JumpWanted) -> None:
        """To another run, or to a span."""
        event.stop()
        self.jumping.jump(event.run_row, event.span_row)

    def go_to(self, found: tuple[int, int | None] | None) -> None:
        """Jump to what was chosen elsewhere: the row of a run and of a span in it."""
        if found is not None:
            self.jumping.jump(*found)

    def on_report_wanted(self, event: messages.ReportWanted) -> None:
        """The repair report."""
        event.stop()
        self.action_trouble()

    def action_mark(self) -> None:
        """Mark the selected run, span or event, or unmark it."""
        self.bookmarking.toggle()

    def action_marks(self) -> None:
        """List what is marked."""
        self.bookmarking.list_all()

    def action_history(self, by: int) -> None:
        """Back or forward through jumps."""
        if not self.has_no_runs:
            self.jumping.go_back(by)

    def action_compare(self) -> None:
        """Compare the marked runs, or the open one with the one before it of its name."""
        self.comparing.begin()

    def action_trouble(self) -> None:
        """What had to be put right or left out in the open run, and what could not be read at all."""
        self.tracetui.show_trouble()

    def action_summary(self) -> None:
        """What the open run came to, or from the runs pane all of them."""
        self.summarising.show()

    def on_span_tree_strip_toggled(self, event: SpanTree.StripToggled) -> None:
        """The open stack is wanted, or not any more."""
        event.stop()
        self.strip.toggle()

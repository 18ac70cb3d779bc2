"""Searching names: the line that is typed into, what it looks through, and going from hit to hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.core import text
from tracetui.tui.arrangement import PaneName

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen


class Searching:
    """The search of a screen: over the names of runs in the runs pane, over those of spans elsewhere."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.pane: PaneName = "spans"
        """What is looked through: `runs` or `spans`."""

    def begin(self) -> None:
        """Take the place of the footer and be typed into."""
        screen = self.screen
        self.pane = "runs" if screen.active == "runs" else "spans"
        screen.search.display = True
        screen.footer.display = False
        screen.search.begin(screen.runs.filter_text if self.pane == "runs" else "")
        screen.set_focus(screen.search, scroll_visible=False)

    def typed(self, wanted: str) -> None:
        """Look while it is typed."""
        screen = self.screen
        if self.pane == "runs":
            screen.runs.set_filter(wanted)
            screen.search.say(f"{len(screen.runs.shown_runs)} of {len(screen.states)}")
            screen.say_positions()
            return
        count = screen.tree_view.search(wanted)
        if count and wanted:
            self._say_hit(*screen.tree_view.next_hit(0))
        else:
            screen.search.say("no hit" if wanted else "")

    def end(self) -> None:
        """Search no more: everything is as it was before."""
        if self.pane == "runs":
            self.screen.runs.set_filter("")
        else:
            self.screen.tree_view.search("")
        self.screen.search.begin()
        self.close()

    def close(self) -> None:
        """Back to the pane; what was found stays."""
        screen = self.screen
        screen.search.display = False
        screen.footer.display = True
        screen.set_focus(screen.views[screen.active], scroll_visible=False)
        screen.say_all()

    def go(self, by: int) -> None:
        """To the next or previous hit."""
        screen = self.screen
        if self.pane == "spans" and screen.search.text:
            self._say_hit(*screen.tree_view.next_hit(by))
        else:
            screen.header.say("nothing was searched for: / searches")

    def words(self) -> str:
        """What is searched for in the spans and how often it was found; empty while nothing is.

        A filter of runs is said by the list of runs.
        """
        line = self.screen.search
        is_said = line.text and self.pane == "spans"
        return f"/{text.cut(text.safe(line.text), 20)}  {line.answer}" if is_said else ""

    def _say_hit(self, number: int, count: int) -> None:
        self.screen.search.say(f"{number:,} of {count:,}" if count else "no hit")
        self.screen.say_positions()

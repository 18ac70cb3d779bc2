"""From a filter of the runs into a run: the cursor goes to the first span that the filter asks for."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING

from tracetui.core import text
from tracetui.core.errors import FilterTooSlow
from tracetui.core.filter import Node, parse
from tracetui.core.filter.scope import asks_for_spans
from tracetui.core.store.snapshot import Snapshot
from tracetui.tui.matching import Found, Question, Stopped

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen


def match_words(count: int, spans: int) -> str:
    """`3 of 14 spans match the filter of the runs: f up enter shows only those`."""
    match = "matches" if count == 1 else "match"
    return (
        f"{text.count(count)} of {text.count(spans)} spans {match} the filter of the runs: f up enter shows only those"
    )


class Pointing:
    """Selects what the filter of the list of runs found in the open run."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._stop = Event()

    def point(self, *, says: bool = False) -> None:
        """Look for it in a thread; nothing where the filter asks only for what runs have, or the spans are filtered too.

        Args:
            says: Tell how many there are, and how to see only those.
        """
        filtering, run = self.screen.filtering, self.screen.opened
        self._stop.set()
        if not filtering.runs_text or filtering.text or run is None:
            return
        node = parse(filtering.runs_text)
        if asks_for_spans(node):
            self._stop = stop = Event()
            self.screen.run_worker(self._find(node, run, stop, says), exclusive=True, group="filter-point")

    async def _find(self, node: Node, run: int, stop: Event, says: bool) -> None:
        screen = self.screen
        before = screen.tree_view.selected
        question = Question(node, Snapshot(screen.session.store), screen.session, stop)
        try:
            found = await asyncio.to_thread(question.spans_and_events, run, lambda _found: None)
        except (Stopped, FilterTooSlow):
            return  # the cursor stays where the run was opened
        except asyncio.CancelledError:
            stop.set()
            raise
        if stop.is_set() or screen.opened != run:
            return
        now = screen.tree_view.selected
        if now != before and not screen.tree_view.is_untouched:
            return  # the user went on
        self._select(found, now)
        if says and found.count:
            screen.header.say(match_words(found.count, screen.session.store.runs[run].span_count))

    def _select(self, found: Found, before: tuple[str, int] | None) -> None:
        """The first span in the order of the tree, unless one that was found is selected; where there is none, the event.

        As if the user had gone there, so that it stays selected when the pane gets its room.
        """
        view = self.screen.viewing
        data = self.screen.tree_view.data
        if data is None or (before is not None and before[0] == "span" and found.spans[before[1]]):
            return
        rows = data.tree.rows()
        hits = found.spans.take(rows, mode="clip") & (rows < len(found.spans))
        if hits.any():
            view.select(int(rows[hits.argmax()]))
        elif found.events.any():
            view.select(None, int(found.events.argmax()))

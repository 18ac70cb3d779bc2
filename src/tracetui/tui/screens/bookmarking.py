"""Keys of bookmarks on the main screen: mark what is selected, list what is marked, go there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tracetui.core import text
from tracetui.core.model import Kind, class_word
from tracetui.tui.bookmarks import MOST, Bookmark, Bookmarks
from tracetui.tui.locating import Spot, find_in, find_run, spot_of
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.screens.choosing import Choice, ChoiceScreen

if TYPE_CHECKING:
    from tracetui.core.store import Run
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.widgets.flat_view import Identity


class Bookmarking:
    """The bookmarks of a screen."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.bookmarks = Bookmarks(screen.session.state)
        self._lock = asyncio.Lock()
        self._waiting: Spot | None = None
        """Where one wants to be, in a run that is still being read."""

    def start(self) -> None:
        """Read what was kept, beside everything else."""
        if self.screen.session.state.folder is not None:
            self.screen.run_worker(self._change(self.bookmarks.load), group="bookmarks")

    async def _change(self, step: Callable[[], str | None]) -> None:
        async with self._lock:
            problem = await asyncio.to_thread(step)
        if problem:
            self.screen.header.mention(problem, "warning")
        self.mark()

    # ------------------------------------------------------------ what is marked

    def mark(self) -> None:
        """Know again which rows of the open run, and which runs, have a bookmark, and show it."""
        session, opened = self.screen.session, self.screen.opened
        marked = session.marked
        before = (marked.runs, marked.spans, marked.events)
        marked.runs, marked.spans, marked.events = set(), set(), set()
        for mark in self.bookmarks.marks:
            row = find_run(session, mark.spot)
            if row is None:
                continue
            if mark.spot.kind == "run":
                marked.runs.add(row)
            elif row == opened and (found := find_in(session, row, mark.spot)) is not None:
                (marked.spans if found[0] == "span" else marked.events).add(found[1])
        if before != (marked.runs, marked.spans, marked.events):
            self.screen.runs.look_again()
            self.screen.viewing.look_again()

    def note_change(self) -> None:
        """The open run was read further: what was waited for, or what is marked in it, may be there."""
        waiting, opened = self._waiting, self.screen.opened
        if waiting is not None and opened is not None:
            run = self.screen.session.store.runs[opened]
            if find_in(self.screen.session, opened, waiting) is not None or run.complete:
                self._waiting = None
                self._select(opened, waiting)
        if self.bookmarks.marks:
            self.mark()

    # ------------------------------------------------------------ keys

    def toggle(self) -> None:
        """Mark what is selected, or unmark it: the run in the list of runs, else the span or event."""
        screen = self.screen
        identity: Identity | None = None
        run_row = screen.runs.selected_run if screen.active == "runs" else screen.opened
        if screen.active != "runs" and not screen.about_run:
            span, event = screen.selection.rows
            identity = ("event", event) if event is not None else ("span", span) if span is not None else None
        spot = None if run_row is None else spot_of(screen.session, run_row, identity)
        if run_row is None or spot is None:
            screen.header.say("nothing is selected that can be marked")
            return
        if any(mark.spot == spot for mark in self.bookmarks.marks):
            screen.run_worker(self._change(lambda: self.bookmarks.remove(spot)), group="bookmarks")
            screen.header.say("unmarked")
            return
        mark = self._made(run_row, identity, spot)
        oldest = "; the oldest one is dropped" if len(self.bookmarks.marks) >= MOST else ""
        lasting = "" if screen.session.state.folder is not None else " until you quit"
        screen.run_worker(self._change(lambda: self.bookmarks.add(mark)), group="bookmarks")
        screen.header.say(f"marked{lasting}{oldest}: ' lists what is marked")

    def _made(self, run_row: int, identity: Identity | None, spot: Spot) -> Bookmark:
        session = self.screen.session
        store, run = session.store, session.store.runs[run_row]
        begin, since, kind, name = run.start, None, "", run_name(run)
        if identity is not None:
            is_span = identity[0] == "span"
            row = identity[1]
            at = store.spans.start[row] if is_span else store.events.time[row]
            since = at - begin if begin is not None and at >= begin else None
            kind = Kind(store.spans.kind[row]).name if is_span else class_word(store.events.cls[row])
            name = store.strings[store.spans.name[row]] if is_span else session.bodies.event_text(row)
        return Bookmark(spot, name, run_name(run), kind, since)

    def list_all(self) -> None:
        """The list of bookmarks: those of what is open here first."""
        screen = self.screen
        if not self.bookmarks.marks:
            screen.header.say("nothing is marked: m marks what is selected")
            return
        found = [(mark, find_run(screen.session, mark.spot)) for mark in self.bookmarks.marks]
        found.sort(key=lambda pair: pair[1] is None)
        numbers = {str(number): pair for number, pair in enumerate(found)}
        choices = [self._choice(number, *pair) for number, pair in numbers.items()]

        def chosen(number: str | None) -> None:
            if number is not None:
                self.go(*numbers[number])

        def deleted(number: str) -> None:
            spot = numbers[number][0].spot
            screen.run_worker(self._change(lambda: self.bookmarks.remove(spot)), group="bookmarks")

        screen.app.push_screen(
            ChoiceScreen(screen.session, "Bookmarks", choices, screen.facts, on_delete=deleted), chosen
        )

    def _choice(self, number: str, mark: Bookmark, row: int | None) -> Choice:
        session, symbols = self.screen.session, self.screen.session.symbols
        facts = [mark.run_name] if mark.spot.kind != "run" else []
        if mark.since is not None:
            facts.insert(0, text.offset(mark.since, symbols))
        if row is None:
            facts.append("not open here")
        elif self._is_gone(session.store.runs[row], mark):
            facts.append("not there any more")
        kind = mark.kind or "run"
        return Choice(number, f"{kind} {mark.name}", "  ".join(facts), symbols.get(mark.kind, symbols["marked"]))

    def _is_gone(self, run: Run, mark: Bookmark) -> bool:
        return mark.spot.kind != "run" and run.complete and find_in(self.screen.session, run.row, mark.spot) is None

    def go(self, mark: Bookmark, row: int | None) -> None:
        """To what was marked, in the row of its run."""
        screen = self.screen
        if row is None or not screen.session.store.runs[row].live:
            screen.header.say(f"the run {text.cut(text.safe(mark.run_name), 40)} is not open here", "warning")
            return
        if mark.spot.kind == "run":
            screen.jumping.jump(row, None)
            return
        found = find_in(screen.session, row, mark.spot)
        if found is None and self._is_gone(screen.session.store.runs[row], mark):
            screen.header.say("what was marked is not there any more", "warning")
            return
        span = found[1] if found is not None and found[0] == "span" else None
        event = found[1] if found is not None and found[0] == "event" else None
        screen.jumping.jump(row, span, event)
        self._waiting = mark.spot if found is None else None

    def _select(self, run_row: int, spot: Spot) -> None:
        found = find_in(self.screen.session, run_row, spot)
        if found is None:
            self.screen.header.say("what was marked is not there any more", "warning")
        elif found[0] == "span":
            self.screen.viewing.select(found[1])
        else:
            self.screen.viewing.select(None, found[1])

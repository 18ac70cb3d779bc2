"""Searching: the line that is typed into, the thread that looks through names and bodies, and going from hit to hit.

What is typed is looked for in the open run, names first, then everything on disk; the first hit is gone to as soon as there is
one, and nothing moves by itself after that. In the runs pane the same line narrows the list down by name.
"""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

from tracetui.core import text
from tracetui.core.search import BadPattern, Needle, SlowPattern
from tracetui.core.store.snapshot import Snapshot
from tracetui.tui.arrangement import PaneName
from tracetui.tui.hits import Hits, look
from tracetui.tui.presentation.marks import Marks

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.widgets.span_rows import Identity

REST_S: Final = 0.12
"""How long the typing rests before bodies are read, s."""
AGAIN_S: Final = 1.0
"""The least time between two looks at what came while a run grows, s."""
_HERE: Final = " / "
_EVERYWHERE: Final = " / in all runs "
_SHOWN: Final = 20
_LEAST: Final = 8
_PLACE: Final = 40


class Searching:
    """The search of a screen: over the names of runs in the runs pane, over all of the open run elsewhere."""

    def __init__(self, screen: MainScreen, rest_s: float = REST_S) -> None:
        self.screen = screen
        self.pane: PaneName = "spans"
        """What the line is about: `runs` or `spans`."""
        self.wanted = ""
        """What is searched for in the spans of whatever run is open; empty for nothing."""
        self._rest_s = rest_s
        self._needle: Needle | None = None
        self._hits: Hits | None = None
        self._stop = Event()
        self._origin: Identity | None = None
        self._went: Identity | None = None
        """What was selected by going to a hit."""
        self._is_taken = True
        """A hit was gone to, or the user went elsewhere: nothing moves by itself any more."""
        self._number = 0
        self._again: Timer | None = None
        self._problem = ""
        self._is_everywhere = False
        self._everywhere = ""
        """What was looked for last in all runs."""

    # ------------------------------------------------------------ the line

    def begin_everywhere(self) -> None:
        """Type what is looked for in all runs; enter lists it."""
        wanted = self._everywhere or self.wanted
        self.begin()
        self._is_everywhere = True
        self.screen.search.lead = _EVERYWHERE
        self.screen.search.begin(wanted, is_selected=True)
        self.screen.search.say("enter lists what is found")

    def submit(self) -> None:
        """Enter: back to the pane; what was found stays, and what is still looked for goes on."""
        wanted = self.screen.search.text
        if not self._is_everywhere:
            self.close()
            return
        self.screen.search.begin()
        self.close()
        if wanted:
            self._everywhere = wanted
            from tracetui.tui.screens.finding_all import find_everywhere

            find_everywhere(self.screen, wanted)

    def begin(self) -> None:
        """Take the place of the footer and be typed into."""
        screen = self.screen
        self._is_everywhere, screen.search.lead = False, _HERE
        self.pane = "runs" if screen.active == "runs" else "spans"
        self._origin = screen.tree_view.selected
        screen.search.display = True
        screen.footer.display = False
        screen.search.begin(screen.runs.filter_text if self.pane == "runs" else self.wanted, is_selected=True)
        screen.set_focus(screen.search, scroll_visible=False)

    def look_for(self, needle: Needle, wanted: str) -> None:
        """Look for this in the open run, as if it had been typed, and stay where one is."""
        self._forget()
        self._needle, self.wanted = needle, wanted
        self._begin_to_look()
        self.screen.say_positions()

    def typed(self, wanted: str) -> None:
        """Look while it is typed."""
        screen = self.screen
        if self._is_everywhere:
            return
        if self.pane == "runs":
            screen.runs.set_filter(wanted)
            screen.search.say(f"{len(screen.runs.shown_runs)} of {len(screen.states)}")
            screen.say_positions()
            return
        self._forget()
        self.wanted = wanted
        if wanted:
            try:
                self._needle = Needle.typed(wanted)
            except BadPattern as error:
                self._problem = text.safe(str(error))
                screen.search.say(self._problem)
                return
            self._is_taken = False
            self._begin_to_look()
        screen.search.say(self._answer() if wanted else "")

    def forget(self) -> None:
        """Search the spans for nothing any more."""
        self._forget()
        self.screen.say_all()

    def end(self) -> None:
        """Esc in the line: search no more, everything is as it was before."""
        if self._is_everywhere:
            pass
        elif self.pane == "runs":
            self.screen.runs.set_filter("")
        else:
            self._forget()
        self.screen.search.begin()
        self.close()

    def is_in_force(self, pane: PaneName) -> bool:
        """Whether something is searched for in a pane."""
        return bool(self.screen.runs.filter_text if pane == "runs" else self.wanted)

    def clear(self, pane: PaneName) -> bool:
        """One step out of a pane: nothing is searched for in it any more. False: nothing was."""
        if not self.is_in_force(pane):
            return False
        if pane == "runs":
            self.screen.runs.set_filter("")
        else:
            self.forget()
        return True

    def close(self) -> None:
        """Back to the pane; what was found stays, and what is still looked for goes on."""
        screen = self.screen
        screen.search.display = False
        screen.footer.display = True
        screen.set_focus(screen.views[screen.active], scroll_visible=False)
        screen.say_all()

    # ------------------------------------------------------------ looking

    def _begin_to_look(self) -> None:
        if self._needle is not None and self.screen.opened is not None:
            self._hits = Hits(self.screen.opened, self._needle)
            self._show_marks()
            self._look()

    def _forget(self) -> None:
        self._stop.set()
        self._needle, self.wanted = None, ""
        self.screen.workers.cancel_group(self.screen, "search")
        self._hits, self._number, self._is_taken, self._problem = None, 0, True, ""
        self.screen.tree_view.show_hits(Marks(), None)
        self.screen.detail.show_marks(Marks())

    def _show_marks(self) -> None:
        hits, session = self._hits, self.screen.session
        if hits is None:
            return
        words = tuple(hits.words) if hits.needle.is_regex else (hits.needle.wanted,)
        clean = [text.safe(word) for word in words]
        marks = Marks(
            tuple(text.plain_ascii(word) if session.symbols.is_ascii else word for word in clean),
            hits.needle.ignores_case,
        )
        self.screen.tree_view.show_hits(marks, hits.by_row())
        self.screen.detail.show_marks(marks)

    def _look(self, first_record: int = 0) -> None:
        self._stop.set()
        self._stop = stop = Event()
        if self._hits is not None:
            self.screen.run_worker(self._work(self._hits, stop, first_record), exclusive=True, group="search")

    async def _work(self, hits: Hits, stop: Event, first_record: int) -> None:
        """Look in a thread; what is found is shown several times a second."""
        if self._rest_s and not first_record:
            await asyncio.sleep(self._rest_s)
        loop, session = asyncio.get_running_loop(), self.screen.session
        snapshot = Snapshot(session.store)

        def tell() -> None:
            loop.call_soon_threadsafe(self._take, hits, stop)

        try:
            await asyncio.to_thread(look, hits, session, snapshot, stop, tell, first_record)
        except SlowPattern as error:
            hits.fault = str(error)
            hits.is_done = True
            self.screen.header.say(hits.fault, "error")
        except asyncio.CancelledError:
            stop.set()
            raise
        self._take(hits, stop)

    def _take(self, hits: Hits, stop: Event) -> None:
        """Show what was found by now; go to the first hit if none was gone to."""
        if stop.is_set() or hits is not self._hits:
            return
        screen = self.screen
        found = len(hits)  # asked first: the thread may find more while what it found by now is shown
        self._show_marks()
        if found and not self._is_taken:
            if screen.search.display or screen.tree_view.selected in (self._origin, self._went):
                self._go(0)
            self._is_taken = True
        self._say()

    def run_opened(self) -> None:
        """Another run is open: what was found is not of it; it is looked through for the same."""
        self._is_taken, self._number = True, 0
        self._begin_to_look()

    def applied(self) -> None:
        """The open run grew: look at what came, not too often."""
        if self._hits is not None and self._hits.is_done and self._again is None:
            self._again = self.screen.set_timer(AGAIN_S, self._look_on) if self._rest_s else None
            if self._again is None:
                self._look_on()

    def _look_on(self) -> None:
        self._again = None
        if self._hits is not None and self._hits.is_done:
            self._look(self._hits.searched_records)

    # ------------------------------------------------------------ going

    def go(self, by: int) -> None:
        """To the next or previous hit."""
        screen = self.screen
        if self._hits is not None:
            if not len(self._hits) and not self._hits.is_done:
                screen.header.say("no hit yet: still searching")
                return
            self._is_taken = True
            self._go(by)
        else:
            screen.header.say("nothing was searched for: / searches")

    def _go(self, by: int) -> None:
        screen = self.screen
        screen.detail.seek()
        self._number, _ = screen.tree_view.next_hit(by)
        self._went = screen.tree_view.selected
        screen.detail.seek()
        self._say()

    # ------------------------------------------------------------ what is said

    def words(self, room: int) -> str:
        """What is searched for in the spans and how often it was found, in so many cells; empty while nothing is.

        Where the hit is gives way first, then what is searched for. A filter of runs is said by the list of runs.
        """
        if not self.wanted:
            return ""
        symbols = self.screen.session.symbols
        wanted, answer = text.safe(self.wanted), self._answer()
        where = self._where()
        forms = [f"/{text.cut(wanted, cells, symbols=symbols)}  {answer}" for cells in (_SHOWN, _LEAST)]
        if where:
            left = room - text.cell_width(forms[0]) - len("  ")
            if left >= _LEAST:
                forms.insert(0, f"{forms[0]}  {text.cut(where, min(left, _PLACE), 'start', symbols)}")
        return next((form for form in forms if text.cell_width(form) <= room), answer)

    def _answer(self) -> str:
        """`3 of 41`, while it goes on `3 of 41+ searching 38%`."""
        hits = self._hits
        if hits is None:
            return self._problem
        data = self.screen.tree_view.data
        count = len(data.hits) if data is not None else 0
        going = "" if hits.is_done else f" searching {100 * hits.share:.0f}%"
        if not count:
            outside = f"no hit in spans, {hits.outside:,} outside" if hits.outside else "no hit"
            return going.strip() if going else outside
        number = f"{self._number:,} of {count:,}" if self._number else f"{count:,} hit{'' if count == 1 else 's'}"
        return f"{number}{'+' if going else ''}{going}"

    def _where(self) -> str:
        """The field of the first hit in the span that is selected; untrusted text made safe."""
        selected = self.screen.tree_view.selected
        if self._hits is None or selected is None or selected[0] != "span" or not self._number:
            return ""
        return text.safe(self._hits.where(selected[1]))

    def _say(self) -> None:
        if self.screen.search.display and self.pane == "spans" and not self._is_everywhere:
            where = text.cut(self._where(), _PLACE, "start", self.screen.session.symbols)
            self.screen.search.say("  ".join(part for part in (where, self._answer()) if part))
        self.screen.say_positions()

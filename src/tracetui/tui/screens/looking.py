"""Looking for something in the value that the viewer shows: in a thread, streaming, counted, given up by the next key."""

from __future__ import annotations

import asyncio
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from threading import Event
from typing import TYPE_CHECKING, Final

from tracetui.core.regexes import Cancelled, TooSlow
from tracetui.core.search.needle import BadPattern, Needle
from tracetui.core.search.occurrences import occurrences
from tracetui.tui.presentation.json_search import MOST, JsonHit, json_hits
from tracetui.tui.widgets.json_view import JsonView
from tracetui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from tracetui.tui.screens.viewer import ViewerScreen

_TOLD_EVERY_S: Final = 0.1
_RESTS_S: Final = 0.12
"""How long typing must rest before a large value is looked through, s."""
_TOO_SLOW: Final = "the pattern takes too long"


class Looking:
    """One search after another in one view."""

    def __init__(self, screen: ViewerScreen) -> None:
        self._screen = screen
        self._cancelled = Event()
        self._starts, self._ends = array("q"), array("q")
        self._found: list[JsonHit] = []
        self._at = -1
        self._is_over = True
        self._is_more = False
        self.wanted = ""
        """What is looked for; empty: nothing."""
        self.problem = ""

    @property
    def count(self) -> int:
        """Hits so far."""
        return len(self._starts) or len(self._found)

    def words(self) -> str:
        """`3 of 41`; what went wrong; empty while nothing is looked for."""
        if not self.wanted or self.problem:
            return self.problem
        going_on = self._screen.session.symbols.reading if not self._is_over else "+" if self._is_more else ""
        if not self.count:
            return f"searching{going_on}" if going_on else "no hit"
        return f"{self._at + 1:,} of {self.count:,}{going_on}" if self._at >= 0 else f"{self.count:,}{going_on}"

    def begin(self, wanted: str) -> None:
        """Look for something else; for nothing, if it is empty."""
        self._cancelled.set()
        self._cancelled = Event()
        self._starts, self._ends, self._found = array("q"), array("q"), []
        self._at, self.wanted, self.problem, self._is_more = -1, wanted, "", False
        self._is_over = not wanted
        self._show()
        if not wanted:
            self._clear()
            return
        try:
            needle = Needle.typed(wanted)
        except BadPattern as error:
            self.problem, self._is_over = str(error), True
            self._show()
            return
        self._screen.run_worker(self._look(needle, self._cancelled), group="look", exclusive=True)

    def stop(self) -> None:
        """Look no further; what was found stays."""
        self._cancelled.set()

    async def _look(self, needle: Needle, cancelled: Event) -> None:
        await asyncio.sleep(_RESTS_S)
        if cancelled.is_set():
            return
        loop = asyncio.get_running_loop()

        def tell(take: Callable[[], None]) -> None:
            loop.call_soon_threadsafe(lambda: None if cancelled.is_set() else take())

        view = self._screen.view
        run = self._in_text if isinstance(view, TextView) else self._in_json
        try:
            await asyncio.to_thread(run, needle, cancelled, tell)
        except TooSlow:
            self.problem = _TOO_SLOW
        except Cancelled:
            return
        if not cancelled.is_set():
            self._is_over = True
            if self._at < 0 and self.count:
                self.go(1)
            self._show()

    def _in_text(self, needle: Needle, cancelled: Event, tell: Callable[[Callable[[], None]], None]) -> None:
        view = self._screen.view
        if not isinstance(view, TextView):
            return
        starts, ends, is_more = array("q"), array("q"), False
        due = 0.0
        for found in occurrences(needle, view.rows.text, cancelled.is_set):
            starts.extend(found.starts)
            ends.extend(found.ends)
            is_more |= found.is_more
            if starts and time.monotonic() >= due:
                due = time.monotonic() + _TOLD_EVERY_S
                tell(self._taker(starts, ends))
                starts, ends = array("q"), array("q")
        tell(self._taker(starts, ends, is_more=is_more))

    def _taker(self, starts: array[int], ends: array[int], *, is_more: bool = False) -> Callable[[], None]:
        def take() -> None:
            self._starts.extend(starts)
            self._ends.extend(ends)
            self._is_more |= is_more
            view = self._screen.view
            if isinstance(view, TextView):
                view.rows.hits = self._starts, self._ends
                if view.shows_any(starts):
                    view.mark(self._at)
                if self._at < 0:
                    self._go_to_first(view)
            self._show()

        return take

    def _go_to_first(self, view: TextView) -> None:
        """To the first hit that is not above what is shown, once there is one."""
        from_here = bisect_left(self._starts, view.rows.offset_of(view.top))
        if from_here < len(self._starts):
            self._go_to(from_here)

    def _in_json(self, needle: Needle, cancelled: Event, tell: Callable[[Callable[[], None]], None]) -> None:
        view = self._screen.view
        if not isinstance(view, JsonView):
            return
        for hits in _batches(json_hits(view.rows.value, needle, cancelled.is_set)):
            tell(self._json_taker(hits))

    def _json_taker(self, hits: list[JsonHit]) -> Callable[[], None]:
        def take() -> None:
            self._found.extend(hits)
            self._is_more = len(self._found) >= MOST
            if self._at < 0 and self._found:
                self._go_to(0)
            self._show()

        return take

    # ------------------------------------------------------------ going from hit to hit

    def go(self, by: int) -> None:
        """To the next or previous hit, round and round."""
        if not self.wanted or self.problem:
            self._screen.header.say(self.problem or "nothing was searched for: / searches")
        elif not self.count:
            self._screen.header.say("no hit" if self._is_over else "no hit so far")
        else:
            at = self._at + by if self._at >= 0 else 0
            if not 0 <= at < self.count:
                self._screen.header.say("went on at the beginning" if by > 0 else "went on at the end")
            self._go_to(at % self.count)

    def _go_to(self, at: int) -> None:
        self._at = at
        view = self._screen.view
        if isinstance(view, TextView):
            view.current = at
            view.show_offset(self._starts[at])
        elif isinstance(view, JsonView):
            view.show_hit(self._found[at])
        self._show()

    def _clear(self) -> None:
        view = self._screen.view
        if isinstance(view, TextView):
            view.rows.hits = array("q"), array("q")
            view.mark(-1)
        elif isinstance(view, JsonView):
            view.forget_hit()

    def _show(self) -> None:
        self._screen.say_search(self.words())


def _batches(found: Iterator[list[JsonHit]]) -> Iterator[list[JsonHit]]:
    """Lists put together, told now and then."""
    waiting: list[JsonHit] = []
    due = 0.0
    for hits in found:
        waiting += hits
        if waiting and time.monotonic() >= due:
            due = time.monotonic() + _TOLD_EVERY_S
            yield waiting
            waiting = []
    yield waiting

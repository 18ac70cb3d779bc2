"""Search in all runs: a list that fills while a thread looks through names and bodies; enter goes to the run and span."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.core.search import BadPattern, Hit, Needle, Search, SlowPattern
from tracetui.core.store.snapshot import Snapshot
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.screens.choosing import Choice, ChoiceScreen

if TYPE_CHECKING:
    from tracetui.core.store import Store
    from tracetui.tui.presentation.header import HeaderFacts
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.session import Session

MOST: Final = 5_000
"""Spans that are listed; a person reads no more, and says so by typing more of what is looked for."""
_TELL_EVERY_S: Final = 0.25
_CONTEXT: Final = 24


class FoundScreen(ChoiceScreen):
    """What is found in all runs, as it is found. Esc ends the search as well."""

    def __init__(self, session: Session, facts: HeaderFacts, wanted: str, needle: Needle) -> None:
        super().__init__(session, f"/{text.safe(wanted)}", (), facts, note="searching names and bodies of all runs")
        self._session = session
        self._needle = needle
        self._stop = Event()
        self._count = 0

    def on_mount(self) -> None:
        """Begin to look."""
        super().on_mount()
        self.run_worker(self._work(), group="search-all")

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._stop.set()

    async def _work(self) -> None:
        loop, snapshot = asyncio.get_running_loop(), Snapshot(self._session.store)

        def tell(found: list[Choice], share: float) -> None:
            loop.call_soon_threadsafe(self._add, found, share)

        try:
            unsearched = await asyncio.to_thread(
                look_everywhere, self._session, snapshot, self._needle, self._stop, tell
            )
        except SlowPattern as error:
            self._end(str(error))
            return
        except asyncio.CancelledError:
            self._stop.set()
            raise
        self._end(unsearched)

    def _add(self, found: list[Choice], share: float) -> None:
        if self._stop.is_set():
            return
        self._count += len(found)
        self.view.add(found, f"found in {self._count:,} spans so far, searching {100 * share:.0f}%")
        self._say()

    def _end(self, problem: str) -> None:
        if self._stop.is_set():
            return
        words = f"found in {self._count:,} span{'' if self._count == 1 else 's'}"
        if self._count >= MOST:
            words = f"the first {MOST:,} spans that hold it"
        reading = "of what has been read so far" if self._session.is_reading else ""
        self.view.add([], "; ".join(part for part in (f"{words} {reading}".rstrip(), problem) if part))
        self._say()


def look_everywhere(
    session: Session, snapshot: Snapshot, needle: Needle, stop: Event, tell: Callable[[list[Choice], float], None]
) -> str:
    """Look through all runs, telling of each span once; what could not be searched, in words. In a thread."""
    from tracetui.core.formats import FORMATS

    sources = {} if session.feed is None else session.feed.reader.sources
    search = Search(snapshot, sources, FORMATS, needle, context=_CONTEXT, is_cancelled=stop.is_set)
    seen: set[tuple[int, int]] = set()
    found: list[Choice] = []
    told_at = time.monotonic()
    for hit in search.hits():
        if (hit.run, hit.span) not in seen and hit.run >= 0:
            seen.add((hit.run, hit.span))
            found.append(choice_of(hit, snapshot))
        if len(seen) >= MOST:
            break
        if time.monotonic() - told_at >= _TELL_EVERY_S:
            tell(found, search.searched_bytes / max(1, search.total_bytes))
            found, told_at = [], time.monotonic()
    tell(found, 1.0)
    missed = search.unsearched
    return f"{len(missed)} files could not be searched: {missed[0].reason}" if missed else ""


def choice_of(hit: Hit, store: Store) -> Choice:
    """A hit as a row: run, span, and the text around it; file line and field at the right."""
    run = store.runs[hit.run]
    span = store.strings[store.spans.name[hit.span]] if hit.span >= 0 else ""
    cut_before, cut_after = ("…" if hit.is_cut_before else ""), ("…" if hit.is_cut_after else "")
    excerpt = f"{cut_before}{hit.before}{hit.match}{hit.after}{cut_after}"
    where = [
        hit.field or ("name" if hit.record < 0 or not hit.type else hit.type),
        f"line {hit.line}" if hit.line else "",
    ]
    words = "  ".join(part for part in (run_name(run), span, excerpt if excerpt != span else "") if part)
    around = (f"{cut_before}{hit.before}", hit.match, f"{hit.after}{cut_after}")
    fact = "  ".join(part for part in where if part)
    return Choice(f"{hit.run}:{hit.span}", words, fact, excerpt=around if excerpt != span else None)


def find_everywhere(screen: MainScreen, wanted: str) -> None:
    """List what is found of `wanted`, and go to what is chosen; there `n` goes on through what the run holds of it."""
    try:
        needle = Needle.typed(wanted)
    except BadPattern as error:
        screen.header.say(str(error), "error")
        return

    def go(key: str | None) -> None:
        if key is not None:
            run, span = map(int, key.split(":"))

            def mark() -> None:
                screen.searching.look_for(needle, wanted)
                screen.detail.seek(("span", span) if span >= 0 else None)

            screen.jumping.jump(run, span if span >= 0 else None)
            screen.opening.when_open(mark)

    screen.app.push_screen(FoundScreen(screen.session, screen.facts, wanted, needle), go)

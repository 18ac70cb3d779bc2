"""Filters of the open run and of the list of runs: the line that is typed into, what it leaves, and what was typed before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

from tracetui.core import text
from tracetui.core.errors import FilterError, FilterTooSlow
from tracetui.core.filter import Node, parse
from tracetui.core.filter.completion import Completion, KnownValues, complete, known_values
from tracetui.core.store.snapshot import Snapshot
from tracetui.core.symbols import Symbols
from tracetui.tui.arrangement import PaneName
from tracetui.tui.attribute_paths import attribute_paths
from tracetui.tui.filters_kept import KeptFilters
from tracetui.tui.matching import Found, Question, Stopped

if TYPE_CHECKING:
    from tracetui.core.store import Change
    from tracetui.tui.screens.jumping import Place
    from tracetui.tui.screens.main import MainScreen

REST_S: Final = 0.06
"""How long the typing rests before a filter is asked, s."""
AGAIN_S: Final = 1.0
"""The least time between two answers of one filter while a run grows, s."""
_SHARE: Final = 5
"""While a run grows, answering takes at most one part in so many of the time."""
_LEAST: Final = 4
_SHOWN: Final = 60
"""Cells of a filter in the rule of a pane."""
_SHOWN_OF_KEPT: Final = 24
"""Cells of a filter in the header."""


def hidden_words(wanted: str, hidden: int, spans: int, symbols: Symbols) -> str:
    """`filter kind:tool hides 120 of 131 spans`; empty where it hides none. `wanted` is untrusted."""
    if hidden <= 0:
        return ""
    shown = text.cut(text.safe(wanted), _SHOWN_OF_KEPT, symbols=symbols)
    return f"filter {shown} hides {text.count(hidden, symbols)} of {text.count(spans, symbols)} spans"


class Filtering:
    """The filters of a screen: one over the spans of whatever run is open, one over the list of runs."""

    def __init__(self, screen: MainScreen, rest_s: float = REST_S) -> None:
        self.screen = screen
        self.pane: PaneName = "spans"
        """What the line is about: `runs` or `spans`."""
        self.text = ""
        """The filter of the spans that is in force; empty for none."""
        self.kept: KeptFilters | None = None
        """What was typed and saved before; None: not read yet."""
        self._lock = asyncio.Lock()
        self._rest_s = rest_s
        self._node: Node | None = None
        self._found: Found | None = None
        self._fault = ""
        self.runs_text = ""
        """The filter of the list of runs that is in force; empty for none."""
        self._before: tuple[str, Node | None, tuple[str, int] | None] = ("", None, None)
        self._stop, self._runs_stop = Event(), Event()
        self._runs_busy = False
        self._runs_again: Timer | None = None
        self._busy = self._stale = False
        self._again: Timer | None = None
        self._took_s = 0.0
        self._known: tuple[int, int, KnownValues] | None = None
        self._paths: tuple[int, tuple[str, ...]] = (-1, ())
        self._is_fresh = False
        """The filter is another one than that whose first answer was shown."""
        self._held: Place | None = None
        """What was jumped to before it is known whether the filter leaves it."""
        self._last_run: int | None = None
        """The run that was open when a run was opened last."""
        self._is_kept = False
        """The filter was not typed in the open run: what it hides there is to be said."""
        self._was_left = False
        """It was typed the last time."""

    # ------------------------------------------------------------ the line

    def begin(self) -> None:
        """Take the place of the footer and be typed into."""
        screen, line = self.screen, self.screen.filter
        self.pane = "runs" if screen.active == "runs" else "spans"
        selected = screen.tree_view.selected
        self._before = (self.runs_text, None, None) if self.pane == "runs" else (self.text, self._node, selected)
        line.completes = self._completion
        line.display, screen.footer.display = True, False
        line.begin(self._before[0])
        screen.set_focus(line, scroll_visible=False)
        self._say_answer()
        screen.run_worker(self._prepare(), exclusive=True, group="filter-values")

    async def _prepare(self) -> None:
        """What was typed before, and which attributes there are, read in a thread."""
        kept = await self._read_kept()
        self.screen.filter.history = list(kept.typed)
        run = self.screen.opened
        if run is None or self.pane == "runs" or self._paths[0] == run:
            return
        snapshot, session = Snapshot(self.screen.session.store), self.screen.session
        found = await asyncio.to_thread(attribute_paths, session, snapshot, run)
        self._paths, self._known = (run, found), None
        self.screen.filter.look_at_values()

    async def _read_kept(self, *, again: bool = False) -> KeptFilters:
        state = self.screen.session.state
        if self.kept is None or (again and state.folder is not None):
            self.kept = await asyncio.to_thread(KeptFilters.read, state)
        return self.kept

    def typed(self, wanted: str) -> None:
        """Ask while it is typed, as soon as it can be read."""
        self.screen.filter.remark("")
        try:
            node = parse(wanted) if wanted.strip() else None
        except FilterError as error:
            self.screen.filter.complain(error)
            return
        self.screen.filter.complain(None)
        self._put(wanted.strip(), node)

    def submit(self) -> None:
        """Enter: back to the pane, with the filter in force; one that cannot be read stays in the line."""
        line = self.screen.filter
        wanted = line.text.strip()
        try:
            node = parse(wanted) if wanted else None
        except FilterError as error:
            line.complain(error)
            line.remark(text.safe(str(error)))
            return
        if wanted != (self.runs_text if self.pane == "runs" else self.text):
            self._put(wanted, node)
        self.close()
        if wanted:
            self.screen.run_worker(self._change(lambda kept: kept.add(wanted)), group="filter-kept")

    def cancel(self) -> None:
        """Esc: everything is as it was before the line was opened."""
        before, node, selected = self._before
        if self.pane == "runs":
            self._put(before, parse(before) if before else None)
        elif before != self.text:
            self._put(before, node)
            if selected is not None and selected[0] == "span" and node is None:
                self.screen.tree_view.select_span(selected[1], by_user=False)
        self.close()

    def close(self) -> None:
        """Back to the pane."""
        screen = self.screen
        screen.filter.end()
        screen.filter.display, screen.footer.display = False, True
        screen.set_focus(screen.views[screen.active], scroll_visible=False)
        screen.say_all()

    def clear(self, pane: PaneName) -> bool:
        """One step out of a pane: no filter of it any more. False: there was none, and the detail has none."""
        if not {"runs": self.runs_text, "spans": self.text}.get(pane):
            return False
        self.pane = pane
        self._put("", None)
        self.screen.say_all()
        return True

    def start_with(self, wanted: str) -> None:
        """The filter that the screen was opened with. It can be read: the command line has seen to that."""
        self.text, self._node, self._is_fresh = wanted, parse(wanted), True

    # ------------------------------------------------------------ what it leaves

    def _put(self, wanted: str, node: Node | None) -> None:
        """Put a filter in force."""
        if self.pane == "runs":
            self.runs_text = wanted
            self._runs_stop.set()
            if node is None:
                self._runs_busy = False
                self.screen.workers.cancel_group(self.screen, "filter-runs")
                self.screen.runs.set_where("", None)
                self.screen.say_positions()
            else:
                self._ask_runs(wanted, node)
            self._say_answer()
            return
        self._stop.set()
        self.text, self._node, self._found, self._fault, self._is_fresh = wanted, node, None, "", True
        self._is_kept = False
        if node is None:
            self._busy = False
            self.screen.workers.cancel_group(self.screen, "filter")
            self.screen.tree_view.set_mask(None)
            self.screen.viewing.choose()
            self._say_answer()
            self.screen.say_all()
        else:
            self._ask(self._rest_s)

    def _ask(self, rest_s: float = 0.0) -> None:
        self._stop.set()
        self._stop = stop = Event()
        self._busy, self._stale = True, False
        self.screen.run_worker(self._answer(stop, rest_s), exclusive=True, group="filter")

    async def _answer(self, stop: Event, rest_s: float) -> None:
        """Ask in a thread, show what is known a few times a second and at the end."""
        if rest_s:
            await asyncio.sleep(rest_s)
        screen, run, node = self.screen, self.screen.opened, self._node
        if run is None or node is None:
            self._busy = False
            return
        loop, begun = asyncio.get_running_loop(), time.monotonic()
        question = Question(node, Snapshot(screen.session.store), screen.session, stop)

        def tell(found: Found) -> None:
            loop.call_soon_threadsafe(self._take, found, stop)

        try:
            found = await asyncio.to_thread(question.spans_and_events, run, tell)
        except Stopped:
            return
        except FilterTooSlow as error:
            self._busy, self._fault = False, str(error)
            screen.header.say(str(error), "error")
            self._say_answer()
            return
        except asyncio.CancelledError:
            stop.set()
            raise
        self._took_s = time.monotonic() - begun
        if not stop.is_set():
            self._busy = False
        self._take(found, stop)
        if self._stale and not stop.is_set():
            self._ask_soon()

    def _take(self, found: Found, stop: Event) -> None:
        """Show what is known by now."""
        screen = self.screen
        if stop.is_set() or found.run != screen.opened:
            return
        held = self._held if self._held is not None and self._held.run == found.run else None
        if held is not None and self._busy:
            return  # what was jumped to stays in sight until all is known
        self._held = None
        is_held = held is not None and screen.tree_view.selected in (("span", held.span), ("event", held.event))
        self._found = found
        is_first = self._is_fresh and bool(found.count or found.event_count)
        self._is_fresh = self._is_fresh and not is_first
        events = found.events
        screen.tree_view.set_mask(found.spans, events, names_events=found.names_events, is_first=is_first)
        screen.viewing.choose()
        if held is not None and is_held:
            screen.jumping.show_held(held)
        self._say_answer()
        self._say_what_it_hides(found)
        screen.say_all()

    def _say_what_it_hides(self, found: Found) -> None:
        """Of a filter that was typed elsewhere, once."""
        if self._busy or not self._is_kept:
            return
        was_left, self._is_kept, self._was_left = self._was_left, False, False
        spans = self.screen.session.store.runs[found.run].span_count
        if words := hidden_words(self.text, spans - found.count, spans, self.screen.session.symbols):
            remark = self.screen.header.remark  # `as you left it` is true of the filter as well
            self.screen.header.say(f"{remark}: {words}" if was_left and remark else words)

    def hold(self, place: Place) -> None:
        """What was jumped to is shown, also if the filter, once it has an answer, hides it."""
        self._held = place if self._busy and self._node is not None else None

    @property
    def is_holding(self) -> bool:
        """It is not known yet whether the filter leaves what was jumped to."""
        return self._held is not None

    def run_opened(self, *, was_left: bool = False) -> None:
        """Another run is open: the filter stays, and is asked of that one; or it is one that was left there last time."""
        self._found = self._held = None
        opened = self.screen.opened
        is_another, self._last_run = self._last_run not in (None, opened), opened
        if self._node is not None:
            self._is_fresh, self._is_kept, self._was_left = True, is_another or was_left, was_left
            self._ask()

    def applied(self, change: Change) -> None:  # noqa: ARG002 - whatever changed, it is asked anew
        """The open run grew: ask again, not too often."""
        if self._node is None:
            return
        self._stale = True
        if not self._busy and self._again is None:
            self._ask_soon()

    def priced(self) -> None:
        """What calls cost is known better."""
        if "cost" in self.text:
            self._ask()

    def _ask_soon(self) -> None:
        wait = max(AGAIN_S, _SHARE * self._took_s) if self._rest_s else 0
        if wait:
            self._again = self.screen.set_timer(wait, self._ask_again)
        else:
            self._ask()

    def _ask_again(self) -> None:
        self._again = None
        if self._node is not None and self._stale and not self._busy:
            self._ask()

    # ------------------------------------------------------------ the list of runs

    def _ask_runs(self, wanted: str, node: Node) -> None:
        self._runs_stop.set()
        self._runs_stop = stop = Event()
        self._runs_busy = True
        self.screen.run_worker(self._answer_runs(wanted, node, stop), exclusive=True, group="filter-runs")

    async def _answer_runs(self, wanted: str, node: Node, stop: Event) -> None:
        if self._rest_s:
            await asyncio.sleep(self._rest_s)
        session = self.screen.session
        question = Question(node, Snapshot(session.store), session, stop)
        try:
            found = await asyncio.to_thread(question.runs)
        except Stopped:
            return
        except FilterTooSlow as error:
            self._runs_busy = False
            self.screen.header.say(str(error), "error")
            return
        except asyncio.CancelledError:
            stop.set()
            raise
        if stop.is_set():
            return
        self._runs_busy = False
        if self.runs_text == wanted:
            self.screen.runs.set_where(wanted, found)
            self._say_answer()
            self.screen.say_positions()

    def runs_changed(self) -> None:
        """Runs came or changed: ask of them again, not too often, and not while they are asked."""
        if not self.runs_text:
            return
        if not self._rest_s:
            self._ask_runs(self.runs_text, parse(self.runs_text))
        elif self._runs_again is None:
            self._runs_again = self.screen.set_timer(AGAIN_S, self._ask_runs_again)

    def _ask_runs_again(self) -> None:
        self._runs_again = None
        if self._runs_busy:
            self.runs_changed()
        elif self.runs_text:
            self._ask_runs(self.runs_text, parse(self.runs_text))

    # ------------------------------------------------------------ what is said

    def words(self, room: int) -> str:
        """The filter in force and what it leaves, for the rule of the pane; empty while there is none.

        Where there is no room for all of it the filter is cut, and not what it leaves.
        """
        if not self.text:
            return ""
        symbols = self.screen.session.symbols
        answer = self.answer()
        cells = min(_SHOWN, room - len(answer) - len("filter   "))
        shown = text.cut(text.safe(self.text), max(_LEAST, cells), symbols=symbols)
        return f"filter {shown}  {answer}" if cells >= _LEAST else f"filter  {answer}"

    def answer(self) -> str:
        """`38 of 1,204 spans`; while bodies are asked also how far that is."""
        found = self._found
        if found is None:
            return "too slow" if self._fault else self.screen.session.symbols.reading if self._busy else ""
        run = self.screen.session.store.runs[found.run]
        words = f"{found.count:,} of {run.span_count:,} spans"
        if found.event_count:
            words = (
                f"{found.event_count:,} events"
                if not found.count
                else f"{found.count:,} spans, {found.event_count:,} events"
            )
        if self._busy and not found.is_whole:
            words += f"  asked {100 * found.asked // max(1, found.to_ask)}%"
        return words

    def _say_answer(self) -> None:
        line = self.screen.filter
        if not line.display or line.is_naming:
            return
        if self.pane == "runs":
            count = len(self.screen.runs.shown_runs)
            line.say(f"{count:,} of {len(self.screen.states):,} runs" if self.runs_text else "")
        else:
            line.say(self.answer() if self.text else "")

    # ------------------------------------------------------------ completion

    def _completion(self, written: str, caret: int) -> Completion:
        return complete(written, caret, self._values())

    def _values(self) -> KnownValues:
        """What occurs in the open run, or in all of them for the list of runs; looked up once for each state of the store."""
        store, run = (
            self.screen.session.store,
            -1 if self.pane == "runs" or self.screen.opened is None else self.screen.opened,
        )
        if self._known is None or self._known[:2] != (store.epoch, run):
            made = known_values(store, None if run < 0 else run, self._paths[1] if self._paths[0] == run else ())
            cache: dict[str, list[str]] = {}

            def known(field: str) -> list[str]:
                if field not in cache:
                    cache[field] = list(made(field))
                return cache[field]

            self._known = (store.epoch, run, known)
        return self._known[2]

    # ------------------------------------------------------------ what is kept

    async def _change(self, step: Callable[[KeptFilters], None]) -> None:
        """Change what is kept as it is by now: another screen may have kept something since."""
        async with self._lock:
            kept = await self._read_kept(again=True)
            step(kept)
            problem = await asyncio.to_thread(kept.write, self.screen.session.state)
        if problem:
            self.screen.header.mention(problem, "warning")

    def save(self, name: str) -> None:
        """Keep the filter of the line under a name."""
        self.screen.run_worker(self._save(name, self.screen.filter.text), group="filter-kept")

    async def _save(self, name: str, wanted: str) -> None:
        await self._change(lambda kept: kept.save(name, wanted))
        self.screen.filter.remark(f"saved as {text.safe(name)}; ctrl+r lists them")

    def list_kept(self) -> None:
        """Choose one of the filters that were saved or typed."""
        self.screen.run_worker(self._list(), exclusive=True, group="filter-list")

    async def _list(self) -> None:
        from tracetui.tui.screens.choosing import Choice, ChoiceScreen

        kept = await self._read_kept()
        if not kept.listed():
            self.screen.header.say("no filter was typed or saved yet: f filters")
            return
        choices = [
            Choice(key, key.partition(":")[2], kept.text_of(key) if key.startswith("saved") else "typed")
            for key in kept.listed()
        ]

        def take_out(key: str) -> None:
            self.screen.run_worker(self._change(lambda now: now.take_out(key)), group="filter-kept")

        session, facts = self.screen.session, self.screen.facts
        note = "enter puts one in force; ctrl+s in the filter line saves one under a name"
        chooser = ChoiceScreen(session, "Filters", choices, facts, note=note, on_delete=take_out)
        self.screen.app.push_screen(chooser, lambda key: self._chosen(None if key is None else kept.text_of(key)))

    def _chosen(self, wanted: str | None) -> None:
        screen = self.screen
        if wanted is None:
            if screen.filter.display:
                screen.set_focus(screen.filter, scroll_visible=False)
            return
        self.pane = "runs" if screen.active == "runs" else "spans"
        try:
            node = parse(wanted)
        except FilterError as error:  # kept by another version
            screen.header.say(str(error), "error")
            return
        self._put(wanted, node)
        self.close()

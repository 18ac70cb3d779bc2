"""The summary: what a run, or all runs, came to, section by section; enter on a line goes to its span or run.

It stands at once and fills when the analysis is done, in a thread over a copy of the store; of a run that is going on it is
made anew every few seconds, and the cursor stays where it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.worker import Worker

from tracetui.core.model import Kind
from tracetui.core.text import offset, safe
from tracetui.tui.analysing import Stopped, Work
from tracetui.tui.messages import Notice
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.runs import run_length, run_name, runs_told_apart
from tracetui.tui.presentation.summary_page import Page, Part, Target
from tracetui.tui.presentation.wrap import one_line
from tracetui.tui.screens.ours import OurScreen
from tracetui.tui.session import Session
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.pane import Pane
from tracetui.tui.widgets.summary_view import Remembered, SummaryView

if TYPE_CHECKING:
    from tracetui.core.analysis.folder import FolderAnalysis
    from tracetui.tui.presentation.folder_summary import FolderSummary

LOOK_EVERY_S: Final = 1.0
REST_S: Final = 3.0
"""The least time between two analyses."""
REST_FACTOR: Final = 10
"""And so many times as long as the last one took."""
MOST_CHOICES: Final = 1_000
ALL_RUNS: Final = "all runs"
"""What the runs of a folder are called as a choice, if they are all that there are."""
FOUND_RUNS: Final = "found runs"
"""What they are called while a search or filter of the list hides some."""
_GONE: Final = "this run is gone from its file"


@dataclass(slots=True)
class Scope:
    """What a summary is about.

    Args:
        run: Row of the open run; None: there is none.
        rows: Rows of the runs that are shown in the list, or marked.
        words: What those are, for the title: `42 runs`; safe.
        whole: Those runs and not the open one.
        others: What those runs are called as a choice: `all runs`, `marked runs`.
        again: Says anew which runs they are and what to call them, with their number and as a choice: more may have been read.
    """

    run: int | None
    rows: Sequence[int]
    words: str
    whole: bool = False
    others: str = ALL_RUNS
    again: Callable[[], tuple[Sequence[int], str, str]] | None = None

    @property
    def is_part(self) -> bool:
        """They are not all runs that there are: the page says so first."""
        return self.others != ALL_RUNS

    def renew(self) -> None:
        """Take the runs that there are by now."""
        if self.again is not None:
            self.rows, self.words, self.others = self.again()


@dataclass(slots=True)
class Memory:
    """Where one was, by run; None stands for the folder."""

    places: dict[int | None, Remembered] = field(default_factory=dict)
    whole: tuple[object, Page] | None = None
    """The last page of a folder that was complete, and what it depends on: nothing is analysed anew while that is the same."""


class SummaryScreen(OurScreen[Target | None]):
    """Sections over the whole screen; ends with the rows of a run and of a span in it. esc and `a` go back.

    Args:
        session: What is shared.
        facts: What the header says.
        scope: What it is about.
        memory: Where one was in earlier ones.
        section: Title of the section to begin at; empty: where one was.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,q", "close", "back to runs and spans", id="summary.back", show=False),
        Binding("escape", "out", "where a jump began, else back", id="summary.out", show=False),
        Binding("u", "scope", "this run, or those of the list", id="summary.scope", show=False),
        Binding("J", "run(1)", "next run", id="jump.next_run", show=False),
        Binding("K", "run(-1)", "previous run", id="jump.previous_run", show=False),
        Binding("less_than_sign,alt+up", "sort(-1)", "sort the section, back", id="summary.sort", show=False),
        Binding("greater_than_sign,alt+down", "sort(1)", "sort the section", id="summary.sort_on", show=False),
        Binding("r", "reverse", "reverse the section", id="summary.reverse", show=False),
        Binding("y", "copy", "copy the line", id="summary.copy", show=False),
        Binding("Y", "copy_section", "copy the section", id="summary.copy_section", show=False),
    ]

    def __init__(self, session: Session, facts: HeaderFacts, scope: Scope, memory: Memory, section: str = "") -> None:
        super().__init__()
        self.session = session
        self.scope = scope
        self.memory = memory
        self.header = HeaderLine(session, facts)
        self.view = SummaryView(session)
        self.view.wanted = section
        self.pane = Pane(session, "Summary", self.view, id="summary-pane")
        self.footer = FooterLine(session)
        self.footer.always = (("?", "help"), ("esc", "back"))
        self._work: Work | None = None
        self._worker: Worker[None] | None = None
        self._said = ""
        self._seen: object = None
        self._ended_at = self._took = 0.0
        self._folder: FolderSummary | None = None
        self._is_whole = False
        """All runs of the folder were analysed once: what is shown is complete, or as it was a while ago."""

    def compose(self) -> ComposeResult:
        """The sections and a footer."""
        yield self.header
        yield self.pane
        yield self.footer

    def on_mount(self) -> None:
        """Begin to analyse."""
        self.header.remark = "esc back to spans"
        self.pane.show_focus(True)
        self.view.focus()
        self.set_interval(LOOK_EVERY_S, self._look_again)
        self._begin()

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        if self._work is not None:
            self._work.stop()

    # ------------------------------------------------------------ analysing

    @property
    def _key(self) -> int | None:
        return None if self.scope.whole else self.scope.run

    def _begin(self) -> None:
        """Show what it is about, and analyse."""
        scope, memory = self.scope, self.memory.whole
        if scope.run is None:
            scope.whole = True
        if self._work is not None:
            self._work.stop()
        self._seen = None
        self._folder, self._is_whole = None, False
        waiting = Part(f"analysing{self.session.symbols.reading}" if self._is_there else _GONE)
        self.view.show(Page(self._head(), [waiting]), self.memory.places.setdefault(self._key, Remembered()))
        self._say()
        if scope.whole and memory is not None and memory[0] == self._whole_state():
            self._seen, self._is_whole = self._state(), True
            self.view.show(memory[1])
            self._say_what_lacks()
        else:
            self._analyse()

    def _whole_state(self) -> object:
        """What the page of a folder depends on."""
        return self.scope.words, tuple(self.scope.rows), self._state()

    def _say_what_lacks(self) -> None:
        """All is analysed: a section that was asked for and did not come is said not to be there."""
        wanted, self.view.wanted = self.view.wanted, ""
        if wanted:
            self.header.say(f"{wanted.lower()}: none found")

    def _head(self) -> list[tuple[str, str]]:
        """What it is about, before anything is worked out."""
        scope = self.scope
        if scope.whole or scope.run is None:
            return [(scope.words, "strong bold")]
        run = self.session.store.runs[scope.run]
        result = self.session.status(run)
        status, symbols = result.status.value, self.session.symbols
        name = one_line(run_name(run), 60, symbols)
        if not self._is_there:
            return [(name, "strong bold")]
        length = run_length(run, result, self.session)
        return [
            (f"{symbols[status]} {status}  ", "bold"),
            (name, "strong bold"),
            (f"  {length}  {run.span_count:,} spans", "muted"),
        ]

    def _analyse(self) -> None:
        if not self._is_there:
            self._seen = self._state()
            self.header.mention(f"{_GONE}: what was found stays", "warning")
            return
        if self._work is not None:
            self._work.stop()
        self._worker = self.run_worker(self._analysed(), exclusive=True, group="summary")

    @property
    def _is_there(self) -> bool:
        """The run that it is about is in its file still."""
        scope = self.scope
        return scope.whole or scope.run is None or self.session.store.runs[scope.run].live

    async def _analysed(self) -> None:
        begun = time.monotonic()
        self._seen = self._state()
        work = self._work = await Work.begun(self.session, pending=self._pending)
        loop = asyncio.get_running_loop()

        def told(words: str) -> None:
            loop.call_soon_threadsafe(self._tell, words, work)

        work.told = told
        try:
            if self.scope.whole or self.scope.run is None:
                await self._analyse_folder(work)
            else:
                self.view.show(await asyncio.to_thread(work.run_page, self.scope.run))
        except Stopped:
            return
        finally:
            work.stop()
            self._ended_at = time.monotonic()
            self._took = self._ended_at - begun
        self._tell("", work)
        if self._work is work:
            self._work = None  # and the copy of the store with it

    async def _analyse_folder(self, work: Work) -> None:
        folder = await asyncio.to_thread(work.folder, self.scope.rows)
        self._tell(f"analysing {len(folder.runs):,} runs", work)
        self._folder = folder
        if not self._is_whole:  # what is shown already says more
            self._show_folder(await asyncio.to_thread(folder.page, None), work)
        loop, is_first = asyncio.get_running_loop(), not self._is_whole

        def partly(about: FolderAnalysis) -> None:
            if not is_first:
                return
            page = folder.page(about)
            loop.call_soon_threadsafe(self._show_folder, page, work)

        def all_of_it() -> Page:
            return folder.page(work.analyses(folder, partly))

        self._show_folder(await asyncio.to_thread(all_of_it), work)
        self._is_whole = True
        if work is self._work and self._seen == self._state():
            self.memory.whole = self._whole_state(), self.view.given
            self._say_what_lacks()

    def _show_folder(self, page: Page, work: Work) -> None:
        if work is self._work and self.is_attached and self._folder is not None:
            if self.scope.is_part:  # in the place of the plain number of runs
                page = Page([(self.scope.words, "strong bold"), *page.head[1:]], page.parts)
            self.view.show(page)

    def _tell(self, words: str, work: Work) -> None:
        if work is self._work and self.is_attached:
            self._said = words
            self._say()

    @property
    def _pending(self) -> bool:
        """Prices are still being looked up: a cost that is unknown may yet be known."""
        pricing = self.tracetui.pricing
        return pricing is not None and not pricing.idle.is_set()

    def _state(self) -> object:
        """What the analysis depends on: differs when it is worth doing again."""
        runs, session = self.session.store.runs, self.session
        if not self.scope.whole and self.scope.run is not None:
            run = runs[self.scope.run]
            counts = run.record_count, run.span_count, run.open_count, run.error_count, run.complete
            return counts, session.status(run).status, session.cost(run).usd, self._pending
        mine = [runs[row] for row in self.scope.rows]
        costs = -1 if session.costs is None else session.costs.epoch
        return sum(run.record_count for run in mine), sum(run.span_count for run in mine), costs, self._pending

    def _look_again(self) -> None:
        """Something may have come since."""
        if self._worker is not None and not self._worker.is_finished:
            return
        rest = max(REST_S, REST_FACTOR * self._took)
        self.scope.renew()
        if time.monotonic() - self._ended_at >= rest and self._seen != self._state():
            self._analyse()

    # ------------------------------------------------------------ what is said around it

    def _say(self) -> None:
        scope, symbols = self.scope, self.session.symbols
        if scope.whole or scope.run is None:
            words = scope.words
        else:
            words = one_line(run_name(self.session.store.runs[scope.run]), 40, symbols)
        self.pane.say("  ".join(filter(None, (self._said, self.view.order, words))))
        keys = [("enter", "go to run" if scope.whole else "go to span"), ("tab", "next section"), ("y", "copy")]
        if scope.run is not None and (len(scope.rows) > 1 or scope.whole):
            keys.append(("u", "this run" if scope.whole else scope.others))
        keys.append(("< >", "sort"))
        self.footer.show(keys)

    # ------------------------------------------------------------ keys

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)

    def action_out(self) -> None:
        """Back to where a jump within the summary began; else to where one was before it."""
        if not self.view.jump_back():
            self.action_close()

    def action_scope(self) -> None:
        """From the open run to those of the list, or back."""
        scope = self.scope
        if scope.run is None or not scope.rows:
            self.header.say("no run is open" if scope.run is None else "no run is shown in the list")
            return
        scope.whole = not scope.whole
        self._begin()
        limit = self.tracetui.main.runs.limit_words()
        if scope.whole and scope.others == FOUND_RUNS and limit:
            self.header.say(f"only the {limit}" if len(scope.rows) == 1 else f"only the {len(scope.rows):,} {limit}")

    def action_run(self, by: int) -> None:
        """The summary of the next or previous run of the list; it is the open one then."""
        main = self.tracetui.main
        if self.scope.whole:
            self.header.say("this is about several runs: u goes to one")
        elif (row := main.runs.step(by)) is None:
            self.header.say(main.runs.end_words(by))
        else:
            main.action_run(by)
            self.scope.run = row
            self._begin()

    def action_sort(self, by: int) -> None:
        """Sort the section of the cursor by something else."""
        self._sort(by)

    def action_reverse(self) -> None:
        """The section of the cursor the other way round."""
        self._sort(0, reverse=True)

    def _sort(self, by: int, *, reverse: bool = False) -> None:
        if refused := self.view.sort(by, reverse=reverse):
            self.header.say(refused)
        else:
            self._say()

    def on_notice(self, event: Notice) -> None:
        """Say it in the header."""
        event.stop()
        self.header.say(event.text, event.level)

    def action_copy(self) -> None:
        """Copy the text of the line."""
        slot = self.view.slot
        self._copy(slot.value if slot is not None else "", "line")

    def action_copy_section(self) -> None:
        """Copy the section as text."""
        self._copy(self.view.section_text(), "section")

    def _copy(self, value: str, what: str) -> None:
        self.tracetui.copy(value, what, self.header.say)

    # ------------------------------------------------------------ going there

    def on_summary_view_chosen(self, event: SummaryView.Chosen) -> None:
        """Go there; of several, choose one."""
        event.stop()
        targets = [target for target in event.targets if self.session.store.runs[target[0]].live]
        if not targets:
            self.header.say("what it was about is gone from its file", "warning")
        elif len(targets) == 1:
            self.dismiss(targets[0])
        else:
            self._choose(targets, event.words)

    def _choose(self, targets: Sequence[Target], words: str) -> None:
        from tracetui.tui.screens.choosing import Choice, ChoiceScreen

        shown = targets[:MOST_CHOICES]
        told_apart = runs_told_apart([self.session.store.runs[run] for run, _ in shown], self.session)
        choices = [Choice(str(at), *self._words(target, told_apart[target[0]])) for at, target in enumerate(shown)]
        note = "" if len(shown) == len(targets) else f"the first {MOST_CHOICES:,} of {len(targets):,}"

        def chosen(key: str | None) -> None:
            if key is not None:
                self.dismiss(shown[int(key)])

        title = one_line(words, 60, self.session.symbols)
        self.app.push_screen(ChoiceScreen(self.session, title, choices, self.header.facts, note=note), chosen)

    def _words(self, target: Target, told_apart: str) -> tuple[str, str, str]:
        """What a span or a run is called in a list: name, a fact, its symbol."""
        from tracetui.core.run_table import span_length_text

        session, (run_row, row) = self.session, target
        run, symbols = session.store.runs[run_row], session.symbols
        status = session.status(run).status.value
        if row is None:
            fact = f"{told_apart}  {run_length(run, session.status(run), session)}".strip()
            return safe(run_name(run)[:200]), fact, symbols[status]
        spans = session.store.spans
        name = session.store.strings[spans.name[row]]
        parent = spans.parent[row]
        above = f"  in {session.store.strings[spans.name[parent]][:60]}" if parent >= 0 else ""
        start, end = spans.start[row], spans.end[row]
        begin = run.start
        at = offset(start - begin, symbols) if start >= 0 and begin is not None else ""
        took = span_length_text(end - start, int(spans.flags[row]), False, symbols) if 0 <= start <= end else ""
        other = f"{run_name(run)[:40]}  {told_apart}".strip() + "  " if self.scope.whole else ""
        fact = f"{other}{at}  {took}".strip()
        return f"{name[:120]}{above}", fact, symbols[Kind(spans.kind[row]).name]

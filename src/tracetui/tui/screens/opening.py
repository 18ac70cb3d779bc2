"""Which run is open: the one that the program chooses at the start, then what the user chooses.

A small run is opened at once. A large one is made ready in a thread, and what was open stays, with all of its keys, until it is
there; what is chosen meanwhile takes its place, and what the store learns meanwhile is applied to it then.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.widgets.run_opening import ReadyRun, is_large

if TYPE_CHECKING:
    from textual.worker import WorkType

    from tracetui.core.store import Change
    from tracetui.tui.screens.main import MainScreen

_LONGEST_NAME: Final = 30
"""Cells of the name of a run that is being opened."""


class Opening:
    """Opens runs on a screen."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.row: int | None = None
        """The run that is made ready."""
        self._then: list[Callable[[], None]] = []
        self._changes: list[Change] = []
        self._is_priced = False
        self._one_at_a_time = threading.Lock()

    @property
    def wanted(self) -> int | None:
        """The run that is open, or will be in a moment."""
        return self.screen.opened if self.row is None else self.row

    def words(self) -> str:
        """What is said of the run that is made ready; empty while there is none."""
        if self.row is None:
            return ""
        name = text.safe(run_name(self.screen.session.store.runs[self.row]))
        return f"opening {text.cut(name, _LONGEST_NAME, symbols=self.screen.session.symbols)}"

    # ------------------------------------------------------------ opening

    def open(self, row: int) -> None:
        """Open a run: now, or as soon as it is ready. It takes the place of one that is being made ready."""
        was_wanted, screen = self.row, self.screen
        self.give_up()
        if was_wanted is not None and row == screen.opened:
            screen.runs.select_run(row)
        elif is_large(screen.session.store.runs[row]):
            self._begin(row, is_again=False)
        else:
            screen.show_opened(row)

    def again(self, row: int) -> None:
        """The open run could not be opened well before: make it ready anew, unless the user does something in it first."""
        if row == self.screen.opened and self.row is None:
            self._begin(row, is_again=True)

    def give_up(self) -> None:
        """What is open stays open."""
        if self.row is not None:
            self.screen.workers.cancel_group(self.screen, "opening")
            self._end()

    def when_open(self, do: Callable[[], None]) -> None:
        """Do something in the run that was chosen last: now, or once it is there; not at all if another is chosen first."""
        if self.row is None:
            do()
        else:
            self._then.append(do)

    def _begin(self, row: int, *, is_again: bool) -> None:
        screen = self.screen
        self.row = row
        if screen.session.feed is not None:
            screen.session.feed.prefer(screen.session.store.runs[row].sources)
        screen.runs.select_run(row)
        # A function and no coroutine: that would never be awaited if another choice came before it is begun.
        work: WorkType[None] = partial(self._open, row, is_again)
        screen.run_worker(work, group="opening", exclusive=True)
        self._say()

    def _end(self) -> None:
        self.row, self._then, self._changes, self._is_priced = None, [], [], False
        self._say()

    def _say(self) -> None:
        self.screen.tree_view.wait_for(self.words())
        self.screen.say_header()

    async def _open(self, row: int, is_again: bool) -> None:
        screen = self.screen
        ready = await asyncio.to_thread(self._made_ready, row, screen.tree_view.preparing(row))
        if ready is None or self.row != row:
            return
        then, changes, is_priced = self._then, self._changes, self._is_priced
        self._end()
        if not is_again or screen.tree_view.is_untouched:
            screen.show_opened(row, ready)
            for change in changes:
                screen.apply_to_open_run(change)
            if is_priced:
                screen.viewing.price()
        for do in then:
            do()

    def _made_ready(self, row: int, prepare: Callable[[], ReadyRun]) -> ReadyRun | None:
        """In a thread. None: another run was chosen before this one's turn came."""
        with self._one_at_a_time:
            if self.row != row:
                return None
            with self.screen.session.looking():
                return prepare()

    # ------------------------------------------------------------ what happens meanwhile

    def note_change(self, change: Change) -> None:
        """The store learnt something of runs."""
        if self.row is None or self.row not in change.runs | change.reset:
            return
        if self.screen.session.store.runs[self.row].live:
            self._changes.append(change)
        else:
            self.give_up()
            self.screen.header.say("that run is gone from its file", "warning")

    def note_prices(self) -> None:
        """What calls cost is known better."""
        self._is_priced = True

"""Values on their way out of the screen: copied, opened in an editor, piped into a command; and saying what became of it.

Values are made in a thread; programs run while the screen is suspended, since they need the terminal.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from textual.app import SuspendNotSupported

from tracetui.core.errors import TracetuiError
from tracetui.core.text import bytes_size, safe
from tracetui.tui import handing_over
from tracetui.tui.editors import Program, editor, pager
from tracetui.tui.handing_over import Ended
from tracetui.tui.messages import Level
from tracetui.tui.screens.prompting import PromptScreen
from tracetui.tui.taken import Source, Taken

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp

Say = Callable[[str, Level], object]

HISTORY: Final = "pipes"
"""What was typed behind `|` is kept under this name."""
_MOST_KEPT: Final = 100
_LONGEST_KEPT: Final = 2_000
_NOTHING: Final = "nothing to take here"
_GZIP: Final = b"\x1f\x8b"


class Handing:
    """Takes away what a screen selects.

    Args:
        app: The app.
        say: Says a line to the user: the header of the screen.
    """

    def __init__(self, app: TracetuiApp, say: Say) -> None:
        self._app = app
        self._say = say

    def copy(self, source: Source | None) -> None:
        """Copy it."""
        self._begin(source, self._copy)

    def edit(self, source: Source | None) -> None:
        """Open it in the user's editor: a record in its file, at its line, everything else in a file of its own."""
        self._begin(source, self._edit)

    def pipe(self, source: Source | None) -> None:
        """Ask for a command, and give it to that."""
        self._begin(source, self._pipe)

    def _begin(self, source: Source | None, act: Callable[[Source], object]) -> None:
        if source is None:
            self._say(_NOTHING, "plain")
        else:
            self._app.run_worker(self._guarded(act, source), group="take", exclusive=True)

    async def _guarded(self, act: Callable[[Source], object], source: Source) -> None:
        try:
            await act(source)  # type: ignore[misc]  # all of them are coroutines
        except SuspendNotSupported:
            self._say("this terminal cannot be given to another program", "error")
        except TracetuiError as error:
            self._say(str(error), "error")

    async def _copy(self, source: Source) -> None:
        taken = await asyncio.to_thread(source.take)
        if isinstance(taken.value, (str, bytes, bytearray)) and not taken.value:
            self._say(_NOTHING, "plain")
            return
        await self._app.copied(taken, self._say)

    # ------------------------------------------------------------ an editor

    async def _edit(self, source: Source) -> None:
        program = editor(os.environ)
        place = await asyncio.to_thread(source.place)
        if place is not None and program.how.is_guarded and await asyncio.to_thread(_is_plain, place[0]):
            path, line = place
            with self._app.suspend():
                ended = handing_over.open_file(program, path, line)
            self._tell(program, ended, f"{PurePath(path).name}:{line}")
            return
        taken = await asyncio.to_thread(source.take)
        data, suffix = await asyncio.to_thread(taken.data)
        with self._app.suspend():
            ended = handing_over.open_value(program, data, suffix)
        self._tell(program, ended, taken.words)

    def _tell(self, program: Program, ended: Ended, words: str) -> None:
        if ended.code:
            self._say(f"{program.name}: {ended.words}", "warning")
        elif ended.was_changed:
            self._say(f"{words}: changes are not kept, what was recorded stays as it is", "warning")
        elif program.is_pager:
            self._say(f"{words}: no editor is set (VISUAL, EDITOR), shown in {program.name}", "plain")
        else:
            self._say(f"{words}: shown in {program.name}", "plain")

    # ------------------------------------------------------------ a command

    async def _pipe(self, source: Source) -> None:
        taken = await asyncio.to_thread(source.take)
        data, suffix = await asyncio.to_thread(taken.data)
        kept = await asyncio.to_thread(self._history)
        note = f"{taken.words}, {bytes_size(len(data), self._app.session.symbols)}   enter alone: pager"
        typed = await self._app.push_screen_wait(PromptScreen(self._app.session, "|", note=note, history=kept))
        if typed is None:
            return
        if typed.strip(" !"):
            await asyncio.to_thread(self._remember, typed)
            self._run(typed, data)
        else:
            self._read(taken, data, suffix)

    def _run(self, typed: str, data: bytes | bytearray) -> None:
        is_ascii = self._app.session.symbols.is_ascii
        with self._app.suspend():
            ended = handing_over.pipe(typed, data, is_ascii=is_ascii)
        self._say(f"| {safe(typed)[:40]}: {ended.words}", "warning" if ended.code else "plain")

    def _read(self, taken: Taken, data: bytes | bytearray, suffix: str) -> None:
        program = pager(os.environ)
        with self._app.suspend():
            ended = handing_over.open_value(program, data, suffix)
        level: Level = "warning" if ended.code else "plain"
        self._say(f"{taken.words}: {ended.words if ended.code else 'shown'} in {program.name}", level)

    def _history(self) -> list[str]:
        kept = self._app.session.state.read(HISTORY)
        lines = kept if isinstance(kept, list) else []
        return [line for line in lines if isinstance(line, str) and len(line) <= _LONGEST_KEPT][-_MOST_KEPT:]

    def _remember(self, typed: str) -> None:
        lines = [line for line in self._history() if line != typed]  # as they are by now: there may be another screen
        problem = self._app.session.state.write(HISTORY, [*lines, typed][-_MOST_KEPT:])
        if problem:
            self._app.call_from_thread(self._say, problem, "warning")


def _is_plain(path: str) -> bool:
    """Whether an editor shows the lines of a file as they were counted: a regular one that is not compressed."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and file.read(2) != _GZIP
    except (OSError, ValueError):
        return False

"""What is taken away from the main screen: values, records and ids, the whole run as a file, a picture of the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tracetui.core.errors import ChangedOnDisk, TracetuiError
from tracetui.tui.taken import Source

if TYPE_CHECKING:
    from tracetui.tui.handing import Handing
    from tracetui.tui.screens.main import MainScreen

Select = Callable[["MainScreen"], Source | None]


class Taking:
    """The keys that take away, on the main screen. What they need is imported when one of them is pressed."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen

    def copy(self, select: Select) -> None:
        """Copy what is selected, and say what was copied."""
        self._do(select, lambda handing, source: handing.copy(source))

    def edit(self, select: Select) -> None:
        """Open what is selected in the user's editor."""
        self._do(select, lambda handing, source: handing.edit(source))

    def pipe(self, select: Select) -> None:
        """Give what is selected to a command."""
        self._do(select, lambda handing, source: handing.pipe(source))

    def view_selected(self, select: Select) -> None:
        """Show what is selected over the whole screen."""
        screen = self.screen
        screen.selection.flush()
        try:
            source = select(screen)
        except ChangedOnDisk as error:
            screen.header.say(str(error), "error")
            return
        if source is None:
            screen.header.say("no span is selected")
        else:
            self.view(source)

    def view(self, source: Source) -> None:
        """Show a value over the whole screen."""
        from tracetui.tui.screens.viewer import ViewerScreen

        screen = self.screen
        screen.app.push_screen(ViewerScreen(screen.session, screen.facts, source, self._place_of_detail()))

    def _place_of_detail(self) -> str:
        """What the detail shows, by name: a span or an event, and its run."""
        store, shown = self.screen.session.store, self.screen.detail.shown
        if shown is None:
            return ""
        what, row = shown
        span = row if what == "span" else store.events.span[row] if what == "event" else -1
        run = row if what == "run" else store.spans.run[row] if what == "span" else store.events.run[row]
        names = [store.strings[store.spans.name[span]] if span >= 0 else "", store.runs[run].name]
        return ", ".join(name for name in names if name)

    def _do(self, select: Select, act: Callable[[Handing, Source | None], None]) -> None:
        from tracetui.tui.handing import Handing

        screen = self.screen
        screen.selection.flush()
        try:
            source = select(screen)
        except ChangedOnDisk as error:
            screen.header.say(str(error), "error")
            return
        act(Handing(screen.tracetui, screen.header.say), source)

    def export(self) -> None:
        """Ask what to make of the open run, and write it."""
        screen = self.screen
        if screen.opened is None:
            screen.header.say("no run is open")
            return
        from tracetui.tui.screens.exporting import export

        screen.run_worker(self._guarded(export(screen, screen.session.store.runs[screen.opened])), group="export")

    def screenshot(self, say: Callable[[str], object] | None = None, value: object = None) -> None:
        """Write a picture of the screen; `value` is what another screen shows, which says where the picture is."""
        from tracetui.tui.screens.screenshot import screenshot

        doing = screenshot(self.screen, say or self.screen.header.say, value)
        self.screen.app.run_worker(self._guarded(doing), group="screenshot")

    async def _guarded(self, doing: Awaitable[None]) -> None:
        try:
            await doing
        except TracetuiError as error:
            self.screen.header.say(str(error), "error")
        except OSError as error:
            self.screen.header.say(error.strerror or str(error), "error")

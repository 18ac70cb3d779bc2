"""The application: session, feed, themes, screens and signals put together. Little else lives here."""

from __future__ import annotations

import asyncio
import gc
import traceback
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from tracetui.core.errors import TracetuiError
from tracetui.core.reading.remote import ReaderLost, RemoteReader, RemoteWatcher
from tracetui.core.store import Change, Store
from tracetui.core.symbols import choose
from tracetui.core.text import safe
from tracetui.tui import clipboard, messages
from tracetui.tui.feed import Feed
from tracetui.tui.palette import ActionsProvider
from tracetui.tui.presentation import styles_for
from tracetui.tui.pricing import Pricing
from tracetui.tui.run import ScreenOptions
from tracetui.tui.screens.main import MainScreen
from tracetui.tui.session import Session, local_timezone
from tracetui.tui.standard_input import SpoolWatcher
from tracetui.tui.state import State
from tracetui.tui.themes import DEFAULT_THEME, load_themes
from tracetui.tui.widgets.empty_view import EmptyView
from tracetui.tui.widgets.line_editor import LineEditor
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.piece_line import PieceLine

if TYPE_CHECKING:
    from tracetui.core.index.opening import Index
    from tracetui.core.pricing import Prices
    from tracetui.core.reader import Notice, Reader
    from tracetui.core.reading.memory import FileState, ReadingState
    from tracetui.tui.feed import Watched
    from tracetui.tui.keymaps import Key
    from tracetui.tui.terminal import TerminalGuard


_CYCLES = (5_000, 20, 20)
"""How seldom cycles are looked for: what is read comes in objects by the thousand, and none of them is in a cycle."""

_SWITCH_S = 0.001
"""How long a thread that reads a key or writes a frame waits while batches are folded; 5 ms, twice a key, are felt."""


@dataclass(frozen=True, slots=True)
class OpenInstead:
    """The screen ended so that another folder is opened."""

    path: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The process that read is gone: the screen ended so that all is read again, by the screen's own process."""

    reason: str


class TracetuiApp(App[object]):
    """The screen over one session.

    Ends with what was picked (`str`), with `OpenInstead`, with `ReadAgain`, or with nothing.

    Args:
        session: The store and all that goes with it.
        shown_path: What is open, as the user named it; untrusted.
        options: How it was asked for.
        rest_s: As of `MainScreen`.
    """

    CSS_PATH = "styles/main.tcss"
    TITLE = "tracetui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS: ClassVar = {ActionsProvider}
    ESCAPE_TO_MINIMIZE = False
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "help", id="app.help", show=False),
        Binding("colon", "command_palette", "palette", id="app.palette", show=False),
        Binding("T", "next_theme", "themes", id="look.themes", show=False),
        Binding("q", "quit", "quit", id="app.quit", show=False),
        Binding("ctrl+c", "interrupt", "", show=False, priority=True, system=True),
    ]

    def __init__(
        self,
        session: Session,
        shown_path: str,
        options: ScreenOptions | None = None,
        rest_s: float | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self.shown_path = shown_path
        self.options = options or ScreenOptions()
        self.guard: TerminalGuard | None = None
        """Watches the terminal; None where there is none (tests)."""
        self.fault = ""
        """The traceback of a fault of ours, safe to print; empty if there was none."""
        self.read_state: ReadingState | None = None
        """What had been read when it ended, to be left to the next one; None: nothing new, or nothing that took long."""
        self.main = MainScreen(session, shown_path, self.options.pick, rest_s)
        self.pricing: Pricing | None = None
        """None until something is read."""
        self._price_problem = ""

    @classmethod
    def from_options(
        cls, options: ScreenOptions, remote: RemoteReader | None = None, index: Index | None = None
    ) -> TracetuiApp:
        """The app over the files that `options` name, with everything it needs. Raises TracetuiError for a wrong theme.

        Args:
            options: How it was asked for.
            remote: A process that reads these files; None: they are read in a thread.
            index: What an earlier reading of them left; a process that reads was told of it.
        """
        from tracetui.core.bodies import Bodies
        from tracetui.core.formats import FORMATS
        from tracetui.core.run_status import StatusRules

        paths, shown_as = options.read_paths(), options.shown_as()
        spool = options.spool
        store = Store() if index is None else index.store()
        reader, watcher = _reading(paths, shown_as, remote, [] if index is None else index.files)
        rules = StatusRules()
        if options.stall_after_ns is not None:
            rules = replace(rules, stall_after_ns=options.stall_after_ns)
        if options.dead_after_ns is not None:
            rules = replace(rules, dead_after_ns=options.dead_after_ns)
        session = Session(
            store=store,
            bodies=Bodies(store, reader.sources, FORMATS),
            feed=Feed(store, reader, watcher if spool is None else SpoolWatcher(spool, reader, watcher)),
            symbols=choose(setting="ascii" if options.ascii else "auto"),
            tz=options.tz or local_timezone(),
            rules=rules,
            state=State(None if options.no_state else clipboard.state_folder()),
        )
        shown = "samples" if options.sample else "  ".join(shown_as.get(path) or _as_named(path) for path in paths)
        return cls(session, shown, options)

    # ------------------------------------------------------------ beginning and end

    def on_mount(self) -> None:
        """Choose the theme, show the main screen, and read once it is painted."""
        loaded = load_themes()
        for theme in loaded.themes.values():
            self.register_theme(theme)
        self._theme_names = sorted(loaded.themes)
        wanted = self.options.theme or DEFAULT_THEME
        if wanted not in loaded.themes:
            known = ", ".join(self._theme_names)
            raise TracetuiError(f"there is no theme {wanted!r}; there are {known}")
        self.theme = wanted
        self.session.styles = styles_for(self)
        self.theme_changed_signal.subscribe(self, lambda _theme: self._restyle())
        self.push_screen(self.main)
        if self.options.where:
            self.main.filtering.start_with(self.options.where)
        for problem in loaded.problems:
            self.main.header.say(problem, "warning")
        if self.options.remark:
            self.main.header.say(self.options.remark, "warning")
        self.call_after_refresh(self._begin_to_read)

    def _begin_to_read(self) -> None:
        if self.guard is not None:  # not before: an app that is asked to end while it mounts its screen fails
            self.guard.watch_signals(asyncio.get_running_loop())
            # What is there by now stays: going through all of it again and again lets keys wait for 50 ms and more.
            gc.freeze()
            gc.set_threshold(*_CYCLES)
        feed = self.session.feed
        if feed is not None:
            self.pricing = Pricing(self.session, self._prices, self._was_priced, self._has_failed)
            feed.changed = self._was_changed
            feed.progressed = self._has_progressed
            feed.noticed = self._was_noticed
            feed.failed = self._has_failed
            feed.start()

    def _was_changed(self, change: Change) -> None:
        self.main.post_message(messages.StoreChanged(change))
        if self.pricing is not None:
            self.pricing.wake()

    def _prices(self) -> Prices:
        """Prices of the user's own file, else the library's; in a thread. A file that is wrong is told and left out."""
        from tracetui.core.pricing import Prices
        from tracetui.core.pricing.place import price_path
        from tracetui.core.pricing.price_file import PriceFile

        file, path = self.options.prices, price_path()
        if file is None and path is not None:
            try:
                file = PriceFile.read(path)
            except TracetuiError as error:
                self._price_problem = str(error)
        return Prices(file)

    def _was_priced(self) -> None:
        self.main.post_message(messages.CostsChanged())
        problem, self._price_problem = self._price_problem, ""
        if problem:
            self.main.header.say(problem, "warning")

    def _has_progressed(self) -> None:
        self.main.post_message(messages.ProgressChanged())

    def _has_failed(self, error: BaseException) -> None:
        if isinstance(error, ReaderLost):
            self.exit(ReadAgain(str(error)))
        elif isinstance(error, Exception):
            self._handle_exception(error)

    def _was_noticed(self, notice: Notice) -> None:
        level: messages.Level = "warning" if notice.level == "warning" else "plain"
        self.main.header.say(f"{PurePath(notice.path).name}: {notice.text}", level)

    async def on_unmount(self) -> None:
        """Read no more."""
        feed = self.session.feed
        if feed is not None:
            self.read_state = await feed.state_to_keep()
            await feed.stop()
        if self.pricing is not None:
            await self.pricing.stop()

    def _handle_exception(self, error: Exception) -> None:
        """A fault of ours ends the app; its traceback is printed when the terminal is clean again."""
        if not self.fault:
            if isinstance(error, TracetuiError):
                self.fault = f"tracetui: {safe(str(error))}\n"
            else:
                self.fault = safe("".join(traceback.format_exception(error)), newlines=True)
        super()._handle_exception(error)
        if isinstance(error, TracetuiError):
            self._return_code = 2

    def _fatal_error(self) -> None:
        """End without Textual's own traceback, which prints what local variables hold, unsafe as it is."""
        self._close_messages_no_wait()

    # ------------------------------------------------------------ what the screen asks for

    def copy(self, value: str) -> None:
        """Copy a value of the recording, and say in the header what became of it."""
        if not value:
            self.main.header.say("nothing to copy here")
            return
        self.run_worker(self._copy(value), group="copy")

    async def _copy(self, value: str) -> None:
        folder = None if self.options.no_state else clipboard.state_folder()
        sent: list[str] = []
        copied = await asyncio.to_thread(clipboard.copy, value, sent.append, None, folder)
        if sent and self._driver is not None:
            self._driver.write("".join(sent))
            self._driver.flush()
        self.main.header.say(copied.text, copied.level)

    def show_trouble(self) -> None:
        """What had to be put right in the open run, what could not be read, and what no format reads."""
        from tracetui.tui.screens.trouble import TroubleScreen

        self.push_screen(TroubleScreen(self.session, self.main.facts, self.main.opened), self.main.go_to)

    def on_empty_view_place_chosen(self, event: EmptyView.PlaceChosen) -> None:
        """Open another folder in the place of the empty one."""
        self.exit(OpenInstead(event.path))

    # ------------------------------------------------------------ keys

    def action_help(self) -> None:
        """The keys of the focused pane, and all others."""
        from tracetui.tui.screens.help import HelpScreen

        if isinstance(self.screen, MainScreen):
            self.push_screen(
                HelpScreen(self.session, self.main.actions(), self.main.active, self.main.facts), self._act
            )

    async def _act(self, key: Key | None) -> None:
        if key is not None:
            await self.run_action(key.action, key.node)

    def action_next_theme(self) -> None:
        """The next theme."""
        names = self._theme_names
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.main.header.say(f"theme {self.theme}")

    def on_key(self, event: events.Key) -> None:
        """A key that was pressed before the line to type into had the focus is that line's: a slow link sends many at once."""
        if isinstance(self.focused, LineEditor):
            event.prevent_default()
            self.focused.on_key(events.Key(event.key, event.character))

    def action_interrupt(self) -> None:
        """Ctrl+C does not end the screen by accident."""
        self.main.header.say("q quits")

    def _restyle(self) -> None:
        self.session.styles = styles_for(self)
        for screen in self.screen_stack:
            for widget in screen.query(LineView):
                widget.forget_strips()
            for line in screen.query(PieceLine):
                line.refresh()
            screen.refresh()


def _reading(
    paths: list[str], shown_as: dict[str, str], remote: RemoteReader | None, memory: list[FileState]
) -> tuple[Reader | RemoteReader, Watched]:
    """What reads, and what watches for it."""
    if remote is not None:
        return remote, RemoteWatcher(remote)
    from tracetui.core.reader import Reader
    from tracetui.core.watching import Watcher

    return Reader(paths, follow=True, shown=shown_as, memory=memory), Watcher(
        [path for path in paths if path not in shown_as]
    )


def _as_named(path: str) -> str:
    """A path as it is shown: a folder ends in a slash."""
    return f"{path}/" if not path.endswith("/") and Path(path).is_dir() else path

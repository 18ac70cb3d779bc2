"""The application: session, feed, themes, screens and signals put together. Little else lives here."""

from __future__ import annotations

import asyncio
import gc
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from tracetui.core import text
from tracetui.core.errors import TracetuiError
from tracetui.core.model import RunStatus
from tracetui.core.reading.remote import ReaderLost, RemoteReader, RemoteWatcher
from tracetui.core.store import Change, Store
from tracetui.core.symbols import choose
from tracetui.core.text import safe
from tracetui.tui import ahead, clipboard, messages
from tracetui.tui.drawing import DrawingApp
from tracetui.tui.feed import Feed
from tracetui.tui.keymaps import first_key, keys_of
from tracetui.tui.keys_in_order import KeysInOrder
from tracetui.tui.link import choose_link
from tracetui.tui.notifying import Notifier
from tracetui.tui.presentation import styles_for
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.pricing import Pricing
from tracetui.tui.remembered import Remembered
from tracetui.tui.run import ScreenOptions
from tracetui.tui.screens.main import MainScreen
from tracetui.tui.screens.theming import ThemeScreen, Theming
from tracetui.tui.session import Session, local_timezone
from tracetui.tui.standard_input import SpoolWatcher
from tracetui.tui.state import State
from tracetui.tui.taken import Taken, texts_of
from tracetui.tui.title import TerminalTitle, has_title
from tracetui.tui.widgets.empty_view import EmptyView
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.piece_line import PieceLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.dom import DOMNode

    from tracetui.core.index.opening import Index
    from tracetui.core.pricing import Prices
    from tracetui.core.reader import Notice, Reader
    from tracetui.core.reading.memory import FileState, ReadingState
    from tracetui.tui.feed import Watched
    from tracetui.tui.hints import Hint
    from tracetui.tui.keymaps import Key
    from tracetui.tui.terminal import TerminalGuard


_CYCLES = (5_000, 5, 80)
"""How seldom cycles are looked for: what is read comes in objects by the thousand, and none of them is in a cycle. In small
lots: while 100,000 objects are looked through no key is heard for 50 ms."""

_SWITCH_S = 0.001
"""How long one thread may keep the others waiting; with Python's 5 ms, several times a key, a key is felt to wait."""

_TITLE_CELLS = 50
"""Of a run's name or a path in the title: what else it says has to be seen."""


@dataclass(frozen=True, slots=True)
class OpenInstead:
    """The screen ended so that another folder is opened."""

    path: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The process that read is gone: the screen ended so that all is read again, by the screen's own process."""

    reason: str


class TracetuiApp(DrawingApp, KeysInOrder):
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
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "help", id="app.help", show=False),
        Binding("colon,ctrl+p", "palette", "palette", id="app.palette", show=False),
        Binding("T", "themes", "themes", id="look.themes", show=False),
        Binding("C", "settings", "settings", id="look.settings", show=False),
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
        self.theming = Theming(self)
        self.setting_problems: tuple[str, ...] = session.loaded.problems
        """What is wrong in the settings, keys and themes of the user."""
        self.remembered = Remembered(session.state)
        settings = session.settings
        self.terminal_title = TerminalTitle(
            self._send, is_on=settings.title and has_title(), only_ascii=session.symbols.is_ascii
        )
        self.notifier = Notifier(settings.notify, only_failures=settings.notify_on == "failure", write=self._send)
        self._was_read = False

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
        from tracetui.tui.settings import of_options

        paths, shown_as = options.read_paths(), options.shown_as()
        spool = options.spool
        store = Store() if index is None else index.store()
        reader, watcher = _reading(paths, shown_as, remote, [] if index is None else index.files)
        loaded = options.loaded or of_options(options.given())
        settings, link = loaded.settings, choose_link(loaded)
        watching = watcher if spool is None else SpoolWatcher(spool, reader, watcher)
        session = Session(
            store=store,
            bodies=Bodies(store, reader.sources, FORMATS),
            feed=Feed(store, reader, watching, link.tell_every_s),
            symbols=choose(setting=settings.symbols),
            tz=settings.timezone or local_timezone(),
            rules=settings.status_rules(),
            loaded=loaded,
            link=link,
            state=State(clipboard.state_folder() if settings.state else None),
        )
        shown = "samples" if options.sample else "  ".join(shown_as.get(path) or _as_named(path) for path in paths)
        return cls(session, shown, options)

    # ------------------------------------------------------------ beginning and end

    def on_mount(self) -> None:
        """Choose the theme, show the main screen, and read once it is painted."""
        self.theming.begin()
        self.session.styles = styles_for(self)
        self.theme_changed_signal.subscribe(self, lambda _theme: self.restyle())
        self.push_screen(self.main)
        self._take_keys()
        self._say_problems()
        self.main.states.told = self._status_changed
        if self.options.where:
            self.main.filtering.start_with(self.options.where)
        if self.options.remark:
            self.main.header.mention(self.options.remark, "warning")
        self.call_after_refresh(self._begin_to_read)

    def _take_keys(self) -> None:
        """Put the user's keys in force."""
        table = self.session.settings.keys
        if table:
            from tracetui.tui.remapping import remap

            remapped = remap(table, str(self.session.loaded.path))
            self.set_keymap(dict(remapped.keymap))
            self.session.keymap = remapped.keymap
            self.setting_problems += remapped.problems
        self.setting_problems += self.theming.problems

    def _say_problems(self) -> None:
        found = self.setting_problems
        if len(found) > 1:
            key = first_key("look.settings", "C", self.session.keymap) or ":"
            self.main.header.mention(f"{len(found)} mistakes in the settings; {key} lists them", "warning")
        for problem in found[:1]:
            self.main.header.mention(problem, "warning")

    def _begin_to_read(self) -> None:
        if self.guard is not None:  # not before: an app that is asked to end while it mounts its screen fails
            self.guard.watch_signals(asyncio.get_running_loop())
            # What is there by now stays: going through all of it again and again lets keys wait for 50 ms and more.
            gc.freeze()
            gc.set_threshold(*_CYCLES)
            sys.setswitchinterval(_SWITCH_S)
            self.run_worker(ahead.load(self._is_first_run_shown), group="ahead")
        feed = self.session.feed
        if feed is not None:
            self.pricing = Pricing(self.session, self._prices, self._was_priced, self._has_failed)
            feed.changed = self._was_changed
            feed.progressed = self._has_progressed
            feed.noticed = self._was_noticed
            feed.failed = self._has_failed
            feed.start()
        if self.session.state.folder is not None:
            self.run_worker(self._remember(), group="remembered")
            if self.options.spool is None:
                self.main.returning.start(self.options.read_paths())

    def _is_first_run_shown(self) -> bool:
        return self.main.opened is not None or not self.session.is_reading

    async def _remember(self) -> None:
        await asyncio.to_thread(self.remembered.begin, [] if self.options.sample else self.options.read_paths())
        self._hint()

    def _was_changed(self, change: Change) -> None:
        self.main.post_message(messages.StoreChanged(change))
        if self.pricing is not None:
            self.pricing.wake()

    def _prices(self) -> Prices:
        """Prices of the user's own file, else the library's; in a thread. A file that is wrong is told and left out."""
        from tracetui.core.pricing import Prices
        from tracetui.core.pricing.place import price_path
        from tracetui.core.pricing.price_file import PriceFile

        file, path = self.options.prices, price_path(named=self.session.settings.prices)
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
            self.main.header.mention(problem, "warning")

    def _has_progressed(self) -> None:
        feed = self.session.feed
        is_all_told = feed is None or (feed.progress is not None and feed.progress.done)
        self.main.post_message(messages.ProgressChanged(is_all_told))
        if not self._was_read and not self.session.is_reading:
            # Not at once: what was read last is about to be shown.
            self.call_later(self._has_read)

    def _has_read(self) -> None:
        """What was there at the start is read: from now on runs change while somebody looks."""
        self._was_read = True
        self._hint()

    def _has_failed(self, error: BaseException) -> None:
        if isinstance(error, ReaderLost):
            self.exit(ReadAgain(str(error)))
        elif isinstance(error, Exception):
            self._handle_exception(error)

    def _was_noticed(self, notice: Notice) -> None:
        level: messages.Level = "warning" if notice.level == "warning" else "plain"
        self.main.header.mention(f"{PurePath(notice.path).name}: {notice.text}", level)

    async def on_unmount(self) -> None:
        """Read no more."""
        feed = self.session.feed
        if feed is not None:
            self.read_state = await feed.state_to_keep()
            await feed.stop()
        self.terminal_title.end()
        await asyncio.to_thread(self.remembered.end)
        if (left := self.main.returning.leave()) is not None:
            await asyncio.to_thread(self.main.returning.kept.end, left)
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

    def copy(self, value: str, what: str, say: Callable[[str, messages.Level], object] | None = None) -> None:
        """Copy a value of the recording, and say what became of it: in the header of the main screen, or as ``say`` does.

        ``what`` are words of ours for it: `line`.
        """
        say = say or self.main.header.say
        if not value:
            say("nothing to copy here", "plain")
            return
        self.run_worker(self.copied(Taken(what, value), say), group="copy")

    async def copied(self, taken: Taken, say: Callable[[str, messages.Level], object]) -> None:
        """Copy what was taken, and say what became of it."""
        keeps = not self.options.no_state and self.session.settings.state
        folder = clipboard.state_folder() if keeps else None
        sent: list[str] = []
        copied = await asyncio.to_thread(
            lambda: clipboard.copy(texts_of(taken.value), sent.append, None, folder, taken.words)
        )
        self._send("".join(sent))
        say(copied.text, copied.level)

    def _send(self, sequence: str) -> None:
        """Write a control sequence of ours to the terminal."""
        if sequence and self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def show_trouble(self) -> None:
        """What had to be put right in the open run, what could not be read, and what no format reads."""
        from tracetui.tui.screens.trouble import TroubleScreen

        self.push_screen(TroubleScreen(self.session, self.main.facts, self.main.opened), self.main.go_to)

    def on_empty_view_place_chosen(self, event: EmptyView.PlaceChosen) -> None:
        """Open another folder in the place of the empty one."""
        self.exit(OpenInstead(event.path))

    # ------------------------------------------------------------ what is said outside the panes

    def say_title(self) -> None:
        """The title of the terminal: how the open run stands."""
        main, symbols = self.main, self.session.symbols
        if main.opened is None or main.opened not in main.states:
            path = text.cut(safe(self.shown_path), _TITLE_CELLS, "path", symbols)
            self.terminal_title.show(f"{path} - tracetui")
            return
        status = main.states[main.opened]
        name = text.cut(run_name(self.session.store.runs[main.opened]), _TITLE_CELLS, symbols=symbols)
        self.terminal_title.show(f"{symbols[status.name]} {status.name} {name} - tracetui")

    def _status_changed(self, row: int, before: RunStatus | None, status: RunStatus) -> None:
        """A run stands otherwise: perhaps somebody wants to be told."""
        if self._was_read and self.notifier.note(row, run_name(self.session.store.runs[row]), before, status):
            self.call_after_refresh(self.notifier.flush)

    def _hint(self) -> None:
        """Name a key that helps just now, in the first sessions."""
        main = self.main
        if not self._was_read or not self.session.settings.hints or main.has_no_runs:
            return
        hint = self.remembered.hints.choose(self._situation())
        main.header.hint = None if hint is None else self._words_of(hint)
        main.header.look_again()

    def _words_of(self, hint: Hint) -> tuple[str, str] | None:
        key = first_key(hint.id, hint.key, self.session.keymap)
        return (key, hint.words) if key else None

    def _situation(self) -> frozenset[str]:
        main = self.main
        found = set()
        if main.opened is not None:
            run = self.session.store.runs[main.opened]
            status = main.states[main.opened]
            found |= {"failed"} if run.error_count else set()
            found |= {"causes"} if run.error_count > 1 else set()
            found |= {"running"} if status is RunStatus.running else set()
        if len(main.states) > 1 and main.arranged is not None and main.arranged.mode != "wide":
            found.add("runs")
        return frozenset(found)

    async def run_action(
        self,
        action: str | tuple[str, str, tuple[object, ...]],
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """As Textual's; an action that was taken needs no hint any more."""
        if isinstance(action, str) and self.remembered.hints.note_action(action):
            self.main.header.hint = None
            self.main.header.look_again()
        return await super().run_action(action, default_namespace, namespaces)

    # ------------------------------------------------------------ keys

    def actions(self) -> list[Key]:
        """Every action that can be taken on the screen of the moment, those of its focused part first."""
        if isinstance(self.screen, MainScreen):
            return self.main.actions()
        focused = self.screen.focused
        return keys_of([*([] if focused is None else [focused]), self.screen, self])

    @property
    def theme_names(self) -> list[str]:
        """The themes that there are."""
        return self.theming.names

    def action_help(self) -> None:
        """The keys of the focused pane, and all others."""
        from tracetui.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            pane = self.main.active if isinstance(self.screen, MainScreen) else ""
            self.push_screen(HelpScreen(self.session, self.actions(), pane, self.main.facts), self._act)

    async def _act(self, key: Key | None) -> None:
        if key is not None:
            await self.run_action(key.action, key.node)

    def action_palette(self) -> None:
        """Everything that can be done, by its words."""
        from tracetui.tui.palette import PaletteScreen, actions
        from tracetui.tui.screens.help import HelpScreen

        if isinstance(self.screen, PaletteScreen):
            return
        if isinstance(self.screen, HelpScreen):
            self.screen.dismiss(None)
            self.call_after_refresh(self.action_palette)
            return
        known = {key.id: key for key in actions(self)}

        async def act_on(chosen: str | None) -> None:
            await self._act_on(chosen, known)

        self.push_screen(PaletteScreen(self), act_on)

    async def _act_on(self, chosen: str | None, actions: Mapping[str, Key]) -> None:
        """Do what was chosen in the palette."""
        kind, _, what = (chosen or "").partition(":")
        main = self.main
        if kind == "action":
            await self._act(actions.get(what))
        elif kind == "row":
            main.jumping.to_row(int(what))
        elif kind == "tab":
            main.selection.flush()
            main.detail.show_tab(what)
            main.activate("detail")
        elif kind == "theme":
            self.theming.take(what)
        elif kind == "folder":
            self.exit(OpenInstead(what))
        elif kind == "run" and self.session.store.runs[int(what)].live:
            main.go_to_run(int(what))
        elif kind == "runs":
            main.activate("runs")
        elif kind == "summary":
            main.summarising.show(what)
        elif kind == "section":
            from tracetui.tui.screens.summary import SummaryScreen

            if isinstance(self.screen, SummaryScreen):
                self.screen.view.jump_to_section(what)

    def action_themes(self) -> None:
        """The themes, each shown while the cursor is on it."""
        if not isinstance(self.screen, ThemeScreen):
            self.theming.choose()

    def action_settings(self) -> None:
        """The settings in force, where they come from, and what is wrong with them."""
        from tracetui.tui.screens.settings import SettingsScreen, line_to_copy

        def copy_line(key: str | None) -> None:
            if key and (line := line_to_copy(self.session, key)):
                self.copy(line, "line for the settings")

        if not isinstance(self.screen, SettingsScreen):
            self.push_screen(SettingsScreen(self), copy_line)

    def on_key(self, event: events.Key) -> None:
        """A key that does nothing says so."""
        if event.key not in self.screen.active_bindings:
            from tracetui.tui.unbound import say_unbound

            say_unbound(self, event.key)

    def action_interrupt(self) -> None:
        """Ctrl+C does not end the screen by accident."""
        self.main.header.say("q quits")

    def refresh_css(self, animate: bool = True) -> None:
        """As Textual's; but a theme that is only looked at is seen on the list of themes alone, and no screen below it."""
        if not self.theming.is_previewing:
            super().refresh_css(animate)
            return
        self.stylesheet.set_variables(self.get_css_variables())
        self.stylesheet.reparse()
        self.stylesheet.update_nodes([self])
        if isinstance(self.screen, ThemeScreen):
            self.stylesheet.update(self.screen, animate=animate)
            self.screen._refresh_layout(self.size)

    def restyle(self) -> None:
        """Draw what can be seen in the theme of the moment."""
        self.session.styles = styles_for(self)
        shown = self.screen_stack
        if self.theming.is_previewing:
            shown = [screen for screen in shown if isinstance(screen, ThemeScreen)]
        for screen in shown:
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

"""Opening the screen: the one function that the command line calls. Textual is imported here, late, and told how to behave.

Importing this module costs nothing; the environment that Textual reads when it is imported is set first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.index.opening import Index
    from tracetui.core.pricing.price_file import PriceFile
    from tracetui.core.reading.remote import RemoteReader
    from tracetui.core.sources.stdin import Spool
    from tracetui.tui.settings import Loaded

TEXTUAL_ENVIRONMENT: Final = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""What Textual reads at import. Nothing moves by itself: each frame of an animation is a screenful of bytes."""
_STDOUT, _STDERR = 1, 2


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """How the screen is to be opened; the options of `tracetui [PATH…]`."""

    paths: Sequence[str] = ()
    """Files and folders; none: `traces/` if there is one, else the current folder."""
    where: str = ""
    """The filter of spans that is in force from the start; empty for none. It can be read."""
    theme: str = ""
    """Name of a theme; empty for the default one."""
    ascii: bool = False
    """Draw with ASCII only, whatever the locale."""
    no_mouse: bool = False
    """Leave the mouse to the terminal, so that it can select text."""
    tz: tzinfo | None = None
    """Zone of the times that are shown; None: the viewer's own."""
    no_state: bool = False
    """Write nothing at all outside the terminal."""
    pick: bool = False
    """Enter prints the id of the chosen run or span and ends."""
    stall_after_ns: int | None = None
    dead_after_ns: int | None = None
    link: str = ""
    """`fast` or `slow`; empty: as the settings say."""
    notify: str = ""
    """How the terminal is told of failures; empty: as the settings say."""
    settings: str = ""
    """The settings file that was named."""
    loaded: Loaded | None = None
    """The settings with these options in them, once they are read; None: only the options count."""
    sample: bool = False
    """Open the recordings that come with tracetui."""
    prices: PriceFile | None = None
    """The price file that was named; None: the user's own, if there is one."""
    spool: Spool | None = None
    """What keeps standard input, whose file is among the paths."""
    reads_here: bool = False
    """Read in a thread, however much there is."""
    remark: str = ""
    """What is said in the header when the screen opens."""

    def given(self) -> dict[str, object]:
        """What of the settings the options say, by key."""
        said: dict[str, object] = {
            "theme": self.theme or None,
            "symbols": "ascii" if self.ascii else None,
            "mouse": False if self.no_mouse else None,
            "timezone": self.tz,
            "stall_after": self.stall_after_ns,
            "dead_after": self.dead_after_ns,
            "link": self.link or None,
            "notify": self.notify or None,
            "state": False if self.no_state else None,
        }
        return {key: value for key, value in said.items() if value is not None}

    def with_settings(self) -> ScreenOptions:
        """The same with the user's settings in them."""
        from tracetui.tui.settings import load_settings

        loaded = load_settings(Path(self.settings) if self.settings else None, options=self.given())
        settings = loaded.settings
        return replace(self, loaded=loaded, no_mouse=not settings.mouse, no_state=not settings.state)

    def read_paths(self) -> list[str]:
        """What is read."""
        from tracetui.core.loading import default_paths
        from tracetui.resources import samples_dir

        return [str(samples_dir())] if self.sample else default_paths(self.paths)

    def shown_as(self) -> dict[str, str]:
        """What to call a path that means nothing to anybody."""
        from tracetui.core.sources._base import STDIN_SHOWN

        return {} if self.spool is None else {self.spool.path: STDIN_SHOWN}


def run_screen(options: ScreenOptions) -> int:
    """Open the screen until the user quits; returns the exit status.

    0: quit. 1: a fault of ours, whose traceback is on standard error. 143, 129: ended by SIGTERM, SIGHUP. What was picked
    is printed to standard output after the screen is gone.
    """
    for name, value in TEXTUAL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    options = options.with_settings()
    while True:
        index = _earlier_reading(options)
        is_read = index is not None and index.is_unchanged
        remote = None if options.reads_here or is_read else _reading_process(options, index)
        try:
            result, code = _show(options, remote, index)
        finally:
            if remote is not None:
                remote.close()
        again = _next(options, result)
        if again is None:
            return code
        options = again


def _earlier_reading(options: ScreenOptions) -> Index | None:
    """What an earlier reading of the same paths left."""
    if options.spool is not None or options.no_state:
        return None
    from tracetui.core.index.opening import open_index

    return open_index(options.read_paths())


def _reading_process(options: ScreenOptions, index: Index | None) -> RemoteReader | None:
    """A process that reads, where there is much to read: started before Textual is imported, it reads meanwhile."""
    from tracetui.core.reading.choosing import is_much

    paths, shown = options.read_paths(), options.shown_as()
    if not is_much(paths):
        return None
    from tracetui.core.reading.remote import ReaderLost, RemoteReader

    try:
        memory = () if index is None else index.files
        watched = [path for path in paths if path not in shown]
        return RemoteReader(paths, watched=watched, shown=shown, memory=memory)
    except ReaderLost:
        return None  # no process is to be had: it is read here


def _show(options: ScreenOptions, remote: RemoteReader | None, index: Index | None) -> tuple[object, int]:
    """The screen, until it ends: with what, and the exit status."""
    from tracetui.core.text import safe
    from tracetui.tui.app import TracetuiApp
    from tracetui.tui.terminal import TerminalGuard

    app = TracetuiApp.from_options(options, remote, index)
    clean_up = None if options.spool is None else options.spool.close
    with TerminalGuard(lambda code: app.exit(return_code=code), clean_up=clean_up) as guard:
        app.guard = guard
        with _output_kept_apart():
            result = app.run(mouse=not options.no_mouse)
    if app.read_state is not None and not options.no_state and options.spool is None:
        from tracetui.core.index.saving import save_index

        save_index(options.read_paths(), app.session.store, app.read_state)
    if app.fault:
        sys.stderr.write(app.fault)
    elif isinstance(result, str):
        sys.stdout.write(f"{safe(result)}\n")  # an id is whatever the recording says
    return result, app.return_code or 0


@contextmanager
def _output_kept_apart() -> Iterator[None]:
    """Textual asks standard output how large the terminal is: where that is a pipe, the terminal stands in for it."""
    if os.isatty(_STDOUT) or not os.isatty(_STDERR):
        yield
        return
    sys.stdout.flush()
    kept = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        yield
    finally:
        os.dup2(kept, _STDOUT)
        os.close(kept)


def _next(options: ScreenOptions, result: object) -> ScreenOptions | None:
    """The screen to be opened next, after one ended so; None: that was all."""
    from tracetui.tui.app import OpenInstead, ReadAgain

    if isinstance(result, OpenInstead):
        return replace(options, paths=(result.path,), sample=False, spool=None, remark="", reads_here=False)
    if isinstance(result, ReadAgain):
        remark = f"the process that read was lost ({result.reason}); read again without one"
        return replace(options, reads_here=True, remark=remark)
    return None

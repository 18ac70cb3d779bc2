"""Opening the screen: the one function that the command line calls. Textual is imported here, late, and told how to behave.

Importing this module costs nothing; the environment that Textual reads when it is imported is set first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.pricing.price_file import PriceFile
    from tracetui.core.sources.stdin import Spool

TEXTUAL_ENVIRONMENT: Final = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""What Textual reads at import. Nothing moves by itself: each frame of an animation is a screenful of bytes."""


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """How the screen is to be opened; the options of `tracetui [PATH…]`."""

    paths: Sequence[str] = ()
    """Files and folders; none: `traces/` if there is one, else the current folder."""
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
    sample: bool = False
    """Open the recordings that come with tracetui."""
    prices: PriceFile | None = None
    """The price file that was named; None: the user's own, if there is one."""
    spool: Spool | None = None
    """What keeps standard input, whose file is among the paths."""


def run_screen(options: ScreenOptions) -> int:
    """Open the screen until the user quits; returns the exit status.

    0: quit. 1: a fault of ours, whose traceback is on standard error. 143, 129: ended by SIGTERM, SIGHUP. What was picked
    is printed to standard output after the screen is gone.
    """
    for name, value in TEXTUAL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from tracetui.core.text import safe
    from tracetui.tui.app import OpenInstead, TracetuiApp
    from tracetui.tui.terminal import TerminalGuard

    while True:
        app = TracetuiApp.from_options(options)
        clean_up = None if options.spool is None else options.spool.close
        with TerminalGuard(lambda code, app=app: app.exit(return_code=code), clean_up=clean_up) as guard:  # type: ignore[misc]
            app.guard = guard
            result = app.run(mouse=not options.no_mouse)
        if isinstance(result, OpenInstead):
            options = replace(options, paths=(result.path,), sample=False, spool=None)
            continue
        if app.fault:
            sys.stderr.write(app.fault)
        elif isinstance(result, str):
            sys.stdout.write(f"{safe(result)}\n")  # an id is whatever the recording says
        return app.return_code or 0

"""Leaving the terminal clean: signals that would end the program with the screen still on, and a last resort at exit.

Textual resets the terminal when it ends by itself, but dies of SIGTERM and SIGHUP with the alternate screen on and the
mouse reporting. Here both ask the app to end; if it does not within `PATIENCE_SECONDS`, the terminal is reset by hand.
Nothing can be done about SIGKILL.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio

PATIENCE_SECONDS: Final = 2.0
"""How long the app may take to end by itself after a signal, s."""

HANGUP_CHECK_SECONDS: Final = 1.0
"""How often the terminal is asked whether it is still there, s: a program that is no session's leader gets no SIGHUP."""

EXIT_CODES: Final = {signal.SIGTERM: 143, signal.SIGHUP: 129}
"""Signal to the exit status it leads to: 128 and its number."""

RESET: Final = (
    "\x1b[?1049l"  # leave the alternate screen
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # no mouse reports
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # no focus, paste and size reports
    "\x1b[?7h\x1b[<u"  # wrap lines, plain keys
    "\x1b[?2026l\x1b[?25h\x1b[0m"  # end an update, show the cursor, plain text
)
"""Undoes everything that Textual's driver turns on."""


class TerminalGuard:
    """Watches over the terminal while the screen is on. Use as a context manager around `App.run`.

    Args:
        ask_to_end: called on the loop's thread with the exit status when a signal asks the app to end.
        fileno: the terminal that is reset by hand.
        clean_up: what is to be done before an end by force, which lets nothing else be done.
    """

    def __init__(
        self,
        ask_to_end: Callable[[int], None],
        fileno: int | None = None,
        clean_up: Callable[[], None] | None = None,
    ) -> None:
        self._ask_to_end = ask_to_end
        self._clean_up = clean_up
        self._fileno = sys.__stderr__.fileno() if fileno is None and sys.__stderr__ is not None else fileno
        self._loop: asyncio.AbstractEventLoop | None = None
        self._attributes: list[object] | None = None
        self._before: dict[int, object] = {}
        self._code: int | None = None
        self._is_on = False

    def __enter__(self) -> TerminalGuard:
        self._is_on = True
        self._attributes = _attributes()
        atexit.register(self.reset)
        for number in EXIT_CODES:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._is_on and self._fileno is not None and os.isatty(self._fileno):
            with contextlib.suppress(OSError):
                os.write(self._fileno, b"\x1b[m")  # the style of the last cell drawn stays on
        self._is_on = False
        atexit.unregister(self.reset)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself gave
        self._before.clear()

    def watch_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ask the app to end when a signal comes, and at once if one came before the app's loop ran."""
        self._loop = loop
        if self._code is not None:
            self._ask_to_end(self._code)
        if self._attributes is not None:
            self._watch_hangup()

    def _watch_hangup(self) -> None:
        """End when the terminal is gone: Textual's input thread would read its end for ever, at a full core."""
        if self._loop is None or not self._is_on:
            return
        poll = select.poll()
        poll.register(0, 0)
        if any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll(0)):
            self._on_signal(signal.SIGHUP, None)
        else:
            self._loop.call_later(HANGUP_CHECK_SECONDS, self._watch_hangup)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._code = code = EXIT_CODES[signal.Signals(number)]
        last_resort = threading.Timer(PATIENCE_SECONDS, self._end_by_force, (code,))
        last_resort.daemon = True
        last_resort.start()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the app is ending, its loop is closed
                self._loop.call_soon_threadsafe(self._ask_to_end, code)

    def _end_by_force(self, code: int) -> None:
        if self._is_on:
            self.reset()
            if self._clean_up is not None:
                self._clean_up()
            os._exit(code)

    def reset(self) -> None:
        """Write what undoes the screen, and give the terminal its old attributes; nothing after the app ended well."""
        if not self._is_on:
            return
        self._is_on = False
        if self._fileno is not None and os.isatty(self._fileno):
            with contextlib.suppress(OSError):
                os.write(self._fileno, RESET.encode("ascii"))
        if self._attributes is not None:
            import termios

            with contextlib.suppress(OSError, termios.error, ValueError):
                termios.tcsetattr(0, termios.TCSANOW, self._attributes)  # type: ignore[arg-type]


def _attributes() -> list[object] | None:
    try:
        import termios

        return list(termios.tcgetattr(0))
    except Exception:  # noqa: BLE001, RUF100 - no terminal, or no termios on this system
        return None

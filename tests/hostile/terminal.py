"""The real program in a real pseudo terminal: started, typed into, waited for, read back as text, ended."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

from tests.hostile.payloads import drawn

PATIENCE_S = 60.0
"""Longest wait for something that surely comes; a test that needs it fails."""
QUIET_S = 0.12
"""Nothing came for so long: what a key did is on the screen."""

KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b[27u",  # as terminals send it that were asked to; a bare one would join the next key
    "pagedown": "\x1b[6~",
    "ctrl+p": "\x10",
    "space": " ",
    "backspace": "\x7f",
}

_WHOLE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*\x07|[^\[\]])")
"""An escape sequence with its end."""

_CUT_CHARACTER = re.compile(rb"(?:[\xc0-\xff]|[\xe0-\xff][\x80-\xbf]|[\xf0-\xff][\x80-\xbf]{2})\Z")
"""The beginning of a character in UTF-8."""


class Terminal:
    """A program in a pseudo terminal of a fixed size. Use as a context manager.

    Args:
        stdin: its standard input (a pipe's end, say) where that is not the terminal.
        stdout: the same of its standard output.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        size: tuple[int, int],
        cwd: Path,
        stdin: int | None = None,
        stdout: int | None = None,
        **env: str,
    ) -> None:
        self.columns, self.lines = size
        self.written = bytearray()
        """All bytes that the program sent to its terminal."""
        self._drawn_to = 0
        self._screen = pyte.Screen(self.columns, self.lines)
        self._stream = pyte.Stream(self._screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "tracetui", *arguments],
            stdin=slave if stdin is None else stdin,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "HOME": str(cwd / "home"), **env},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        self._slave: int | None = slave

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self.close()
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    # ------------------------------------------------------------ reading

    def _read(self, seconds: float) -> bool:
        """Take what is there or comes within this time; whether anything did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # Linux says EIO when the last program has closed its side
            return False
        self.written += data
        return bool(data)

    def read(self) -> None:
        """Take what comes next."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._read(0.05):
            assert time.monotonic() < deadline
            assert self.process.poll() is None

    @property
    def shown(self) -> list[str]:
        """The lines on the screen now."""
        # A sequence or a character may be cut where the last read ended: it is drawn with what follows.
        end = self.written.rfind(b"\x1b", self._drawn_to)
        is_whole = end < 0 or _WHOLE.match(self.written, end)
        whole = len(self.written) if is_whole else end
        if (cut := _CUT_CHARACTER.search(self.written, max(0, whole - 4), whole)) is not None:
            whole = cut.start()
        self._stream.feed(drawn(bytes(self.written[self._drawn_to : whole])))
        self._drawn_to = whole
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(self.shown)

    def settle(self) -> None:
        """Wait until nothing comes any more."""
        while self._read(QUIET_S):
            pass

    def wait_for(self, is_there: Callable[[str], bool]) -> None:
        """Wait until the screen shows it, and nothing more comes. Fails after a long time."""
        deadline = time.monotonic() + PATIENCE_S
        self.settle()
        while not is_there(self.text):
            assert time.monotonic() < deadline, f"never came to be shown; there is:\n{self.text}\n{self._busy_with()}"
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text}"
            self._read(0.05)
        self.settle()

    def wait_until(self, has_come: Callable[[], bool]) -> None:
        """Wait until this holds of what was written. Fails after a long time."""
        deadline = time.monotonic() + PATIENCE_S
        while not has_come():
            assert time.monotonic() < deadline, f"never came; there is:\n{self.text}\n{self._busy_with()}"
            self._read(0.05)
        self.settle()

    def _busy_with(self) -> str:
        """Where the program is, for a failure message; it does not survive that."""
        if self.master < 0 or self.process.poll() is not None:
            return ""
        begun = len(self.written)
        self.process.send_signal(signal.SIGABRT)  # faulthandler tells the stack of each thread
        self.process.wait(PATIENCE_S)
        self.settle()
        return bytes(self.written[begun:]).decode("utf-8", "replace")

    # ------------------------------------------------------------ doing

    def press(self, *keys: str) -> None:
        """Type keys one after the other, each when the one before has had its effect."""
        for key in keys:
            os.write(self.master, KEYS.get(key, key).encode())
            self.settle()

    def search(self, text: str) -> None:
        """Open the search line, and type into it once it is there."""
        self.press("/")
        self.wait_for(lambda shown: shown.rpartition("\n")[2].startswith(" /"))
        self.press(*text)

    def resize(self, columns: int, lines: int) -> None:
        """Another size."""
        self.columns, self.lines = columns, lines
        self._screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)
        self.settle()

    def close(self) -> None:
        """Close the terminal's own side, as a lost connection does."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"does not end; there is:\n{self.text}\n{self._busy_with()}"
            if self.master >= 0:
                self._read(0.05)
            else:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(1.0)
        if self.master >= 0:
            while self._read(0.0):
                pass
        return self.process.returncode

    @property
    def attributes(self) -> list[object]:
        """How the terminal is set now (echo, line mode)."""
        assert self._slave is not None
        return termios.tcgetattr(self._slave)


def before_all_else(folder: Path) -> str:
    """A PYTHONPATH that begins with this folder, for what a test lets Python import when it starts."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))


def _take_terminal() -> None:
    """Make the terminal the controlling one of the new session, so that closing it hangs the program up."""
    fcntl.ioctl(2, termios.TIOCSCTTY, 0)

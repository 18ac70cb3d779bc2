"""A terminal of a fixed size in which the program runs as its users run it, and which counts the keys that are pressed.

tmux under a socket of its own. Nothing waits for a time: the screen is looked at until it shows what it should, or until a
deadline, and then it is printed.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEADLINE_S = 30.0
_LOOK_EVERY_S = 0.02

Wanted = str | Callable[[str], bool]


class Terminal:
    """One terminal. `keys` is how many were pressed since it was started."""

    def __init__(self, program: str, folder: Path, columns: int, rows: int) -> None:
        self.keys = 0
        self._program = program
        self._socket = str(folder / "socket")
        self._size = columns, rows

    def tmux(self, *arguments: str) -> str:
        """What tmux says."""
        command = [self._program, "-S", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def start(self, *arguments: str) -> None:
        """Run `tracetui ARGUMENTS`; the shell's line ends up on the screen if it ends."""
        columns, rows = self._size
        program = [sys.executable, "-m", "tracetui", *arguments]
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), *program, ";",
                  "set", "-g", "set-clipboard", "on", ";", "set", "-g", "remain-on-exit", "on")  # fmt: skip

    def press(self, *keys: str) -> None:
        """Press keys as tmux calls them: `e`, `Enter`, `Escape`, `C-d`, `Tab`."""
        self.keys += len(keys)
        self.tmux("send-keys", *keys)

    def type(self, letters: str) -> None:
        """Press the keys of some letters."""
        self.keys += len(letters)
        self.tmux("send-keys", "-l", letters)

    def screen(self) -> str:
        """What the terminal shows, line by line."""
        return self.tmux("capture-pane", "-p")

    def lines(self) -> list[str]:
        """What the terminal shows."""
        return self.screen().splitlines()

    def wait(self, *wanted: Wanted, deadline_s: float = DEADLINE_S) -> str:
        """Until the screen shows all of this; what it shows then."""
        end = time.monotonic() + deadline_s
        while True:
            shown = self.screen()
            missing = [each for each in wanted if not (each in shown if isinstance(each, str) else each(shown))]
            if not missing:
                return shown
            if time.monotonic() > end:
                raise AssertionError(f"after {self.keys} keys the screen does not show {missing!r}:\n{shown}")
            time.sleep(_LOOK_EVERY_S)

    def is_alive(self) -> bool:
        """Whether the program still runs."""
        return self.tmux("display-message", "-p", "#{pane_dead}").strip() == "0"

    def copied(self) -> str:
        """What the terminal's clipboard holds."""
        return self.tmux("show-buffer")


@contextmanager
def terminal(columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """A terminal of this size; the test is skipped where there is no tmux."""
    program = shutil.which("tmux")
    if program is None:
        pytest.skip("tmux is not installed: these tests need a real terminal")
    folder = Path(tempfile.mkdtemp(prefix="tracetui-"))  # pytest's own folders are too long for the name of a socket
    opened = Terminal(program, folder, columns, rows)
    try:
        yield opened
    finally:
        subprocess.run([program, "-S", str(folder / "socket"), "kill-server"], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def counted(journey: str, keys: int, most: int) -> None:
    """Print how many keys a journey took, and fail if these are more than people are willing to press."""
    sys.stdout.write(f"journey {journey}: {keys} of at most {most} keys\n")
    assert keys <= most

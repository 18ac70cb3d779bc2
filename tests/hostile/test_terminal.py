"""However the screen ends, the terminal is as it was: signals, a closed terminal, a fault of ours, the quit key."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.payloads import passed_on_screen
from tests.hostile.recordings import SAMPLES
from tests.hostile.terminal import Terminal, before_all_else

RESET = (
    "\x1b[?1049l",
    "\x1b[?1000l",
    "\x1b[?1003l",
    "\x1b[?1006l",
    "\x1b[?1004l",
    "\x1b[?2004l",
    "\x1b[<u",
    "\x1b[?25h",
)
"""What must have been sent last of its kind."""


@contextmanager
def opened(cwd: Path, *arguments: str, **env: str) -> Iterator[Terminal]:
    with Terminal([str(SAMPLES), "--no-state", *arguments], (80, 24), cwd, **env) as terminal:
        terminal.wait_for(lambda text: re.search(r"[1-9]\d* runs", text) is not None)
        yield terminal


def not_reset(terminal: Terminal) -> list[str]:
    """What is still on: modes that were set after they were last undone, and line modes that differ."""
    written = terminal.written.decode()
    left = [word for word in RESET if written.rfind(word) < written.rfind(opposite(word))]
    return left + ([] if terminal.attributes == terminal.before else ["line modes"])


def opposite(word: str) -> str:
    if word == "\x1b[<u":
        return "\x1b[>"
    return word[:-1] + ("h" if word[-1] == "l" else "l")


def is_alone(terminal: Terminal) -> bool:
    """Whether no process of the program's session is left."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == terminal.process.pid:
                return False
    return True


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGTERM", "SIGHUP"],
)
def test_a_signal_leaves_the_terminal_as_it_was(
    number: signal.Signals, status: int, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    for _ in range(rounds(1, 100)):
        with opened(tmp_path) as terminal:
            terminal.process.send_signal(number)
            assert terminal.ended() == status
            assert not_reset(terminal) == []
            assert is_alone(terminal)


def test_an_interrupt_leaves_the_terminal_as_it_was(tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    for _ in range(rounds(1, 100)):
        with opened(tmp_path) as terminal:
            terminal.process.send_signal(signal.SIGINT)
            assert terminal.ended() in (0, 130)
            assert not_reset(terminal) == []
            assert is_alone(terminal)


def test_a_signal_while_it_is_starting_leaves_the_terminal_as_it_was(
    tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    for _ in range(rounds(1, 100)):
        with Terminal([str(SAMPLES), "--no-state"], (80, 24), tmp_path) as terminal:
            while b"\x1b[?1049h" not in terminal.written:
                terminal.read()
            terminal.process.send_signal(signal.SIGTERM)
            assert terminal.ended() in (143, -signal.SIGTERM)
            assert not_reset(terminal) == []


def test_a_lost_connection_leaves_no_process_behind(tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    for _ in range(rounds(1, 100)):
        with opened(tmp_path) as terminal:
            terminal.close()
            terminal.ended()
            assert is_alone(terminal)


def test_quitting_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.press("q")
        assert terminal.ended() == 0
        assert not_reset(terminal) == []
        assert is_alone(terminal)


FAULT = """
import tracetui.tui.screens.main as main
def fail(self):
    raise ValueError("pwned \\x1b]0;pwned\\x07 \\x9b2J")
main.MainScreen.action_maximise = fail
"""


def test_a_fault_of_ours_leaves_the_terminal_as_it_was_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FAULT)
    with opened(tmp_path, PYTHONPATH=before_all_else(tmp_path)) as terminal:
        terminal.press("z")
        assert terminal.ended() == 1
        assert not_reset(terminal) == []
        assert passed_on_screen(bytes(terminal.written)) == []
        assert "ValueError: pwned ␛]0;pwned␇" in terminal.written.decode()

"""The real screen in a real terminal device: signals, quitting and faults leave it clean; at rest nothing is sent."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracetui.tui.keymaps import key_words

PROGRAM = """
import sys
from tracetui.tui.run import ScreenOptions, run_screen
sys.exit(run_screen(ScreenOptions((sys.argv[1],))))
"""
ENDED = ("\x1b[?1049l", "\x1b[?1000l", "\x1b[?1003l", "\x1b[?2004l", "\x1b[?25h")
DEADLINE_S = 30.0


class Terminal:
    """A child with the screen in it, and all that it wrote."""

    def __init__(self, folder: Path, program: str = PROGRAM) -> None:
        self.device, child = pty.openpty()
        os.set_blocking(self.device, False)
        env = {**os.environ, "COLUMNS": "80", "LINES": "24", "TEXTUAL_ANIMATIONS": "none"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            stdin=child,
            stdout=child,
            stderr=child,
            env=env,
            start_new_session=True,
        )
        os.close(child)
        self.written = ""

    def read(self, seconds: float) -> str:
        """What is written within so many seconds, or until nothing can come any more."""
        new = b""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.device], [], [], left)[0]:
                break
            try:
                data = os.read(self.device, 65_536)
            except OSError:
                break
            if not data:
                break
            new += data
        text = new.decode("utf-8", "replace")
        self.written += text
        return text

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while text not in self.written:
            assert time.monotonic() < end, self.written[-2_000:]
            self.read(0.1)

    def end(self) -> int:
        """Wait for the child; its exit status."""
        end = time.monotonic() + DEADLINE_S
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        self.read(0.2)
        return self.process.wait(1)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.device)


@pytest.fixture
def terminal(native_traces: Path) -> Iterator[Terminal]:
    found = Terminal(native_traces)
    found.wait_for("research_agent")
    yield found
    found.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_the_terminal_clean(terminal: Terminal, number: signal.Signals, code: int) -> None:
    terminal.process.send_signal(number)
    assert terminal.end() == code
    assert all(sequence in terminal.written for sequence in ENDED)


def test_q_leaves_the_terminal_clean(terminal: Terminal) -> None:
    os.write(terminal.device, b"q")
    assert terminal.end() == 0
    assert all(sequence in terminal.written for sequence in ENDED)


def test_a_fault_leaves_the_terminal_clean_and_is_printed_after_it(native_traces: Path) -> None:
    program = (
        "from tracetui.tui.widgets.header_line import HeaderLine\n"
        "def pieces(self, width): raise RuntimeError('a fault \\x1b[2J of ours')\n"
        "HeaderLine.pieces = pieces\n" + PROGRAM
    )
    terminal = Terminal(native_traces, program)
    try:
        assert terminal.end() == 1
        after = terminal.written.rpartition("\x1b[?1049l")[2]
        assert "RuntimeError: a fault ␛[2J of ours" in after
    finally:
        terminal.close()


def test_at_rest_over_finished_runs_nothing_is_sent(native_traces: Path) -> None:
    (native_traces / "market_watch.jsonl").unlink()
    terminal = Terminal(native_traces)
    try:
        terminal.wait_for("research_agent")
        end = time.monotonic() + DEADLINE_S
        while terminal.read(1.5) and time.monotonic() < end:
            pass
        assert terminal.read(3.0) == ""
    finally:
        terminal.close()


def test_keys_are_written_as_on_a_keyboard() -> None:
    assert [key_words(key) for key in ("left_square_bracket", "ctrl+d", "less_than_sign", "pageup", "plus")] == [
        "[",
        "ctrl+d",
        "<",
        "pgup",
        "+",
    ]

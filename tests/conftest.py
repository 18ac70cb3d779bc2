"""What all tests share: one clock zone, no home folder, no terminal of the person who runs them, nothing random."""

import itertools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

LONG = os.environ.get("TRACETUI_LONG") == "1"

# Textual and Rich read these when they are imported, thus before any fixture.
for _name in [name for name in os.environ if name.startswith(("TEXTUAL", "TRACETUI_", "XDG_"))]:
    if _name not in ("TRACETUI_LONG", "TEXTUAL_SNAPSHOT_TEMPDIR"):  # the processes of a divided run read them again
        del os.environ[_name]
for _name in (
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LINES",
    "TMUX",
    "STY",
    "SSH_CONNECTION",
    "SSH_TTY",
):
    os.environ.pop(_name, None)
os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
os.environ["TEXTUAL_ANIMATIONS"] = "none"
time.tzset()
# A shell without job control starts what goes to the background with interrupts ignored, and so would all that tests start.
for _signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, signal.default_int_handler if _signal == signal.SIGINT else signal.SIG_DFL)

hypothesis.settings.register_profile("plain", max_examples=25, derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("long", parent=hypothesis.settings.get_profile("plain"), max_examples=3_000)
hypothesis.settings.load_profile("long" if LONG else "plain")

_home_numbers = itertools.count()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, which does not exist yet: no test reads the user's settings."""
    folder = tmp_path_factory.getbasetemp() / f"home-{next(_home_numbers)}"
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """`rounds(plain, long)`: how often a test repeats itself now and with `scripts/test --long`."""
    return lambda plain, long: long if LONG else plain

"""The real screen in a real terminal over recordings with a payload in each string: every byte that it sends is looked at.

A tour goes through every pane, tab, screen and list with keys. At each stop the numbers of the fields that can be seen
are noted, so that what was tried is counted and not believed; `-rP` shows the figures.
"""

import base64
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.hostile.payloads import CLIPBOARD, PAYLOADS, PICTURES, passed_on_screen
from tests.hostile.recordings import Fields, file_name, write_all, write_recordings
from tests.hostile.terminal import PATIENCE_S, QUIET_S, Terminal
from tracetui.resources import samples_dir

SIZES = ((80, 24), (120, 40), (200, 50))
MARK = re.compile(f"<(\\d+)>(?=[{re.escape(PICTURES)}])")
"""A field's number with a payload behind it that was made harmless."""


def told(figures: str, terminal: Terminal) -> None:
    """Leave the figures in the captured output (`-rP` shows it)."""
    sys.stdout.write(f"{figures}, in {len(terminal.written):,} bytes at {terminal.columns}x{terminal.lines}\n")


Tried = set[tuple[str, int]]
"""(stop, number of a field) seen on the screen."""


def stops(terminal: Terminal, runs: int) -> Iterator[str]:
    """Go everywhere with keys, into so many runs; each stop is a name for what can be seen then."""
    terminal.wait_for(lambda text: re.search(r"\d runs", text) is not None and "reading" not in text)
    yield "opened"
    for _ in range(runs):
        yield from in_a_run(terminal)
        terminal.press("J")
    yield from in_the_spans(terminal)
    yield from in_other_views(terminal)
    yield from in_the_runs(terminal)
    yield from side_by_side(terminal)
    yield from in_screens_of_their_own(terminal)
    yield from over_the_panes(terminal)


def in_a_run(terminal: Terminal) -> Iterator[str]:
    terminal.press("A")
    yield "spans, all open"
    terminal.press("g", "pagedown")
    yield "spans, second page"
    terminal.press("e", "enter", "g")
    for tab in range(4):
        terminal.press("*")
        yield f"detail, tab {tab}"
        terminal.press("pagedown")
        yield f"detail, tab {tab}, further down"
        terminal.press("]")
    terminal.press("escape")


def in_the_spans(terminal: Terminal) -> Iterator[str]:
    terminal.press("z", "t")
    yield "spans, maximised, waterfall off"
    terminal.press("t", "z", "p")
    yield "open stack"
    for chip in "678":
        terminal.press("0", chip, "g", "down", "down")
        yield f"chip {chip}"
    terminal.press("0")
    terminal.search("<")
    yield "search"
    terminal.press("enter", "n")
    yield "search, second hit"
    terminal.press("escape", "s", "P", "F")
    yield "slow span, path, following"


def in_other_views(terminal: Terminal) -> Iterator[str]:
    for view in ("time order", "by name", "timeline"):
        terminal.press("v", "g", "down", "l", "down")
        yield f"view: {view}"
        terminal.press("pagedown")
        yield f"view: {view}, second page"
    terminal.press("v", "m", "w", "Z", "I", "O")
    yield "zoomed"
    terminal.press("backspace", "M")
    yield "bookmarks"
    terminal.press("escape", "f", *'name~"<" ')
    yield "filter"
    terminal.press("escape", "f", *"name=")
    yield "filter, completion"
    terminal.press("escape", "escape")


def in_screens_of_their_own(terminal: Terminal) -> Iterator[str]:
    for words, keys in (("summary", "a"), ("about the run", "i"), ("export", "x")):
        terminal.press(keys)
        yield words
        terminal.press("pagedown", "pagedown")
        yield f"{words}, further down"
        terminal.press("escape")
    terminal.press("u", "g", "space", "down", "space", "a")
    yield "summary of the folder"
    terminal.press("escape", "d")
    yield "comparison"
    terminal.press("pagedown", "G", "enter")
    yield "comparison, end"
    terminal.press("escape", "escape", "u")


def in_the_runs(terminal: Terminal) -> Iterator[str]:
    terminal.press("u")
    yield "runs"
    terminal.press(">", "r")
    yield "runs, sorted by another column, reversed"
    terminal.press("b")
    yield "runs by name"
    terminal.press("b", "G")
    yield "runs by folder"
    terminal.press("b")
    terminal.search("<1")
    yield "runs, filtered"
    terminal.press("escape", "u")


def side_by_side(terminal: Terminal) -> Iterator[str]:
    terminal.press("u", "g", "space", "space", "d")
    yield "compared"
    terminal.press("A", "tab", "c", "z")
    yield "compared, whole texts"
    terminal.press("z", "tab", "v", "v")
    yield "compared by name"
    terminal.press("d")
    yield "runs to compare with"
    terminal.press("escape", "escape", "u", "g", "space", "space", "escape")


def over_the_panes(terminal: Terminal) -> Iterator[str]:
    terminal.press("R")
    yield "trouble"
    terminal.press("G")
    yield "trouble, end"
    terminal.press("escape", "?")
    yield "help"
    terminal.press("escape", "ctrl+p", "f", "o")
    yield "palette"
    terminal.press("escape", "escape", "T", "down")
    yield "another theme"
    terminal.press("escape", "C")
    yield "settings"
    terminal.press("escape")


def tour(terminal: Terminal, runs: int) -> Tried:
    """The fields that were seen, by stop; afterwards the screen has ended."""
    tried = {(stop, int(number)) for stop in stops(terminal, runs) for number in MARK.findall(terminal.text)}
    terminal.press("q")
    assert terminal.ended() == 0
    return tried


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings with each of the payloads."""
    folder = tmp_path_factory.mktemp("hostile") / "traces"
    folder.mkdir()
    write_all(folder, Fields())
    return folder


@pytest.mark.parametrize(
    ("size", "least"),
    [
        pytest.param(SIZES[0], 30, marks=pytest.mark.long),
        (SIZES[1], 250),
        pytest.param(SIZES[2], 250, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_no_payload_passes_any_screen(size: tuple[int, int], least: int, everything: Path, tmp_path: Path) -> None:
    with Terminal([str(everything), "--no-state"], size, tmp_path) as terminal:
        tried = tour(terminal, 1)
        passed = passed_on_screen(bytes(terminal.written))
    told(f"{len(tried)} payloads in fields at stops, {len(passed)} passed", terminal)
    assert passed == []
    assert len(tried) >= least


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("structure", [False, True], ids=["values", "structure"])
@pytest.mark.parametrize("payload", PAYLOADS, ids=str)
def test_no_payload_passes_any_screen_over_all_formats(
    payload: str, structure: bool, size: tuple[int, int], tmp_path: Path
) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    write_recordings(folder, PAYLOADS[payload], Fields(), structure=structure)
    with Terminal([str(folder), "--no-state"], size, tmp_path) as terminal:
        tried = tour(terminal, 4)
        passed = passed_on_screen(bytes(terminal.written))
    told(f"{len(tried)} payloads in fields at stops, {len(passed)} passed", terminal)
    assert passed == []
    assert len(tried) >= 60


def test_an_empty_folder_with_a_hostile_name_passes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "traces" / file_name("".join(PAYLOADS.values()))
    folder.mkdir(parents=True)
    with Terminal([str(folder), "--no-state"], (120, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: "No traces in" in text)
        terminal.press("?", "escape", "q")
        assert terminal.ended() == 0
        assert passed_on_screen(bytes(terminal.written)) == []


def test_copying_sends_base64_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    payload = "".join(PAYLOADS.values())
    write_recordings(folder, payload, Fields(), only="tracetui")
    with Terminal([str(folder), "--no-state"], (120, 40), tmp_path) as terminal:
        terminal.wait_for(lambda text: "newest failure opened" in text)
        for number, keys in enumerate(("y", "Y", "enter y", "Y", "u y"), 1):
            terminal.press(*keys.split())
            terminal.wait_until(lambda number=number: terminal.written.count(b"\x1b]52;") == number)
        terminal.wait_for(lambda text: "control characters" in text)
        terminal.press("q")
        assert terminal.ended() == 0
        written = terminal.written.decode()
    copied = [base64.b64decode(found).decode() for found in re.findall(r"\x1b\]52;c;([^\x07]*)\x07", written)]
    assert passed_on_screen(written.encode(), copying=True) == []
    assert len(copied) == len(CLIPBOARD.findall(written)) == 5
    # As recorded, whatever a terminal would make of it: it never sees more than base64.
    assert sum(payload in text or "\\u001b" in text for text in copied) >= 4


def test_what_is_picked_passes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    write_recordings(folder, "".join(PAYLOADS.values()), Fields(), only="tracetui")
    for keys in (("enter",), ("u", "enter")):
        with Terminal([str(folder), "--no-state", "--pick"], (80, 24), tmp_path) as terminal:
            terminal.wait_for(lambda text: "first cause" in text)
            for key in keys:
                terminal.press(key)
            assert terminal.ended() == 0
            assert passed_on_screen(bytes(terminal.written)) == []


def test_what_is_picked_goes_into_a_pipe_while_the_screen_is_as_wide_as_its_terminal(tmp_path: Path) -> None:
    into = tmp_path / "picked"
    with into.open("wb") as pipe:
        arguments = [str(samples_dir() / "tracetui" / "support_bot.jsonl"), "--no-state", "--pick"]
        with Terminal(arguments, (100, 24), tmp_path, stdout=pipe.fileno()) as terminal:
            terminal.wait_for(lambda text: "support_bot" in text)
            assert len(terminal.shown[1]) == 100
            terminal.press("u", "enter")
            assert terminal.ended() == 0
    assert re.fullmatch(r"[0-9a-f]{32}\n", into.read_text())


def tmux(socket: Path, *arguments: str) -> str:
    done = subprocess.run(
        [shutil.which("tmux") or "tmux", "-S", socket, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


TMUX_KEYS = (
    "A",
    "Enter",
    "]",
    "]",
    "]",
    "Escape",
    "0 6",
    "0 8",
    "0 / <",
    "Enter",
    "u",
    "> r b",
    "R",
    "Escape ?",
    "Escape T",
    "J",
    "J",
)


def marks_in_tmux(socket: Path, after: Sequence[str]) -> list[str]:
    """The fields that are shown once these keys had their effect."""
    for key in after:
        tmux(socket, "send-keys", key)
    before, shown = "", tmux(socket, "capture-pane", "-p")
    deadline = time.monotonic() + PATIENCE_S
    while shown != before or not ("runs" in shown and "reading" not in shown):
        assert time.monotonic() < deadline, shown
        select.select([], [], [], 2 * QUIET_S)
        before, shown = shown, tmux(socket, "capture-pane", "-p")
    return MARK.findall(shown)


@pytest.mark.long
def test_in_tmux_title_paste_buffer_and_bell_stay_as_they_were(everything: Path, tmp_path: Path) -> None:
    socket = tmp_path / "tmux"
    command = shlex.join([sys.executable, "-m", "tracetui", str(everything), "--no-state"])
    looked_at = "#{pane_title} #{window_name} #{window_bell_flag} #{session_alerts}"
    tmux(socket, "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "sh")
    try:
        for option in ("set-clipboard on", "allow-rename on", "monitor-bell on", "allow-passthrough on"):
            tmux(socket, "set-option", "-g", *option.split())
        tmux(socket, "set-option", "-wg", "automatic-rename", "off")
        tmux(socket, "set-buffer", "kept")
        before = tmux(socket, "display-message", "-p", looked_at)
        tmux(socket, "send-keys", f"{command}; exec cat", "Enter")
        seen = len(marks_in_tmux(socket, after=()))
        for keys in TMUX_KEYS:
            seen += len(marks_in_tmux(socket, after=keys.split()))
        assert seen > 100
        assert tmux(socket, "display-message", "-p", looked_at) == before
        assert tmux(socket, "show-buffer") == "kept"
        assert tmux(socket, "list-buffers").count("\n") == 1
    finally:
        tmux(socket, "kill-server")

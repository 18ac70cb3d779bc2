"""What people come for, in a real terminal, with the keys that it takes counted. `pytest -s tests/journeys` prints them.

Each journey begins where `tracetui PATH` does, at 80x24, without a mouse.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.recordings import PHRASE, write_three_hours
from tests.journeys.tmux import Terminal, counted, terminal
from tests.tui.compared import write_two_days

WRITER = Path(__file__).parents[1] / "live" / "native_writer.py"

LARGE = 1_150_000
"""Characters more in each of 90 results: 100 MB."""


@pytest.fixture
def screen() -> Iterator[Terminal]:
    with terminal() as opened:
        yield opened


def test_from_the_start_to_the_traceback_of_what_broke_first(screen: Terminal, tmp_path: Path) -> None:
    screen.start(str(write_three_hours(tmp_path / "traces")), "--no-state")
    screen.wait("✗ error  overnight  3h00m", "upstream timed out after 30 s")
    screen.press("Tab", "z")
    screen.wait("agent/pages.py:88 in fetch_page", "body = await client.get(url, timeout=30)")
    counted("a: first cause of a failed run of three hours", screen.keys, 3)


def test_which_step_of_a_live_run_is_open_and_for_how_long(screen: Terminal, tmp_path: Path) -> None:
    command = [sys.executable, str(WRITER), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        screen.start(str(tmp_path), "--no-state")
        # What hung before the screen was opened has been open since then.
        screen.wait("● 1 live", lambda shown: re.search(r"●\s+■ tool crawl\s+[1-9]\d*(\.\d)?s", shown) is not None)
        counted("b: the open step of a live run and its age", screen.keys, 0)
        writer.communicate("")


def test_why_yesterday_was_cheaper(screen: Terminal, tmp_path: Path) -> None:
    screen.start(str(write_two_days(tmp_path)), "--no-state")
    screen.wait("2 runs", "1 failed")
    screen.press("d")
    screen.wait("compared with the run before it", "First divergence", "+$0.08")
    screen.press("v", "v")
    shown = screen.wait("by name, sorted by")
    first = next(line for line in shown.splitlines() if line.startswith("▌"))
    assert "write_section" in first
    assert "+$0.08" in first
    counted("c: why yesterday was cheaper", screen.keys, 6)


def test_a_prompt_is_copied_out_of_tmux(screen: Terminal, tmp_path: Path) -> None:
    screen.start(str(write_three_hours(tmp_path / "traces")), "--no-state")
    screen.wait("upstream timed out after 30 s")
    screen.press("k", "y")
    screen.wait("copied the newest user message")
    assert screen.copied() == "What is to be done in step 88?"
    counted("f: a prompt copied out of tmux", screen.keys, 3)


def test_all_tool_errors_of_more_than_two_seconds(screen: Terminal, tmp_path: Path) -> None:
    screen.start(str(write_three_hours(tmp_path / "traces")), "--no-state")
    screen.wait("upstream timed out after 30 s")
    screen.type("ft")
    screen.wait("tab  kind:tool")
    screen.press("Tab")
    screen.type("e")
    screen.wait("tab  status:error")
    screen.press("Tab")
    screen.type("d")
    screen.wait("tab  dur>")
    screen.press("Tab")
    screen.type("2s")
    screen.press("Enter")
    shown = screen.wait("filter kind:tool status:error dur>2s  2 of 271 spans")
    found = [line for line in shown.splitlines() if "■ tool fetch_page" in line]
    assert [re.search(r" (\d+\.\d)s", line)[1] for line in found if line[1] == "✗"] == ["5.0", "30.0"]  # type: ignore[index]
    counted("d: all tool errors of more than 2 s", screen.keys, 12)


@pytest.mark.parametrize("filler", [0, pytest.param(LARGE, marks=pytest.mark.long)], ids=["small", "100 MB"])
def test_a_phrase_that_a_tool_returned(screen: Terminal, filler: int, tmp_path: Path) -> None:
    screen.start(str(write_three_hours(tmp_path / "traces", filler)), "--no-state")
    screen.wait("upstream timed out after 30 s", deadline_s=60)
    screen.type(f"/{PHRASE}")
    screen.press("Enter")
    screen.wait("1 of 1", "output.text", "overnight › step_61", deadline_s=60)
    counted("e: a phrase that a tool returned, beyond its letters", screen.keys - len(PHRASE), 3)

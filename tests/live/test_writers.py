"""Runs whose writers are killed, fall silent or end, seen by the reader, by `list` and on the screen: real processes."""

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.live.following import Following, LiveRun, LiveTerminal, listed
from tracetui.core.run_status import StatusRules
from tracetui.resources import samples_dir

Figure = Callable[[str, object], None]
Rounds = Callable[[int, int], int]
SECOND = 1_000_000_000
NAMELESS = samples_dir() / "design-research-agents" / "run_20261120T212930Z_killed-run.jsonl"
"""A recording that names no process; its last line is half a one."""
NAME = "killed-run"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "traces"
    path.mkdir()
    return path


@pytest.fixture
def figure(record_property: Figure) -> Figure:
    """Keeps a figure that was measured, and prints it (`-rP`)."""

    def keep(name: str, value: object) -> None:
        record_property(name, value)
        print(f"{name}: {value}")  # noqa: T201

    return keep


def test_a_run_that_is_being_written_is_running_and_ends_well(folder: Path) -> None:
    with Following(folder) as view, LiveRun(folder) as writer:
        view.until(lambda view: (run := view.run("live_agent")) is not None and run.span_count == 3)
        assert listed(folder)["live_agent"] | {"status": "running", "open_spans": 2} == listed(folder)["live_agent"]
        writer.end()
        view.until(lambda view: view.status(view.runs[0]).status == "ok")


def test_a_killed_writer_is_known_to_be_gone_within_two_seconds(folder: Path, figure: Figure) -> None:
    with Following(folder) as view, LiveRun(folder) as writer:
        view.until(lambda view: (run := view.run("live_agent")) is not None and run.open_count == 2)
        run = view.runs[0]
        assert view.status(run).status == "running"
        os.kill(writer.process.pid, signal.SIGKILL)
        took = view.until(lambda view: view.status(run).status == "unfinished")
        assert view.status(run).reason == "writer gone, 2 open spans"
        figure("seconds from kill -9 to unfinished, in the reader", round(took, 3))
        assert took < 2


def test_list_tells_that_a_killed_writer_is_gone(folder: Path, figure: Figure) -> None:
    with LiveRun(folder) as writer:
        writer.tell("open", "deeper")
        assert listed(folder)["live_agent"]["status"] == "running"
        os.kill(writer.process.pid, signal.SIGKILL)
        killed = time.monotonic()
        said = listed(folder)["live_agent"]
        figure("seconds from kill -9 to the answer of list", round(time.monotonic() - killed, 3))
        assert (said["status"], said["status_reason"]) == ("unfinished", "writer gone, 3 open spans")
        assert said["open_spans"] == 3


def test_the_screen_tells_that_a_killed_writer_is_gone_with_what_was_open(
    folder: Path, figure: Figure, rounds: Rounds
) -> None:
    with LiveTerminal([folder], folder.parent) as screen:
        screen.until(lambda text: "No runs here yet" in text or "watching" in text)
        with LiveRun(folder) as writer:
            figure("seconds from the first record to the screen", round(screen.until(lambda text: "crawl" in text), 3))
            writer.tell("open", "deeper")
            screen.until(lambda text: "deeper" in text and "1 live" in text and "FOLLOWING" in text)
            os.kill(writer.process.pid, signal.SIGKILL)
            took = screen.until(lambda text: "unfinished" in text and "writer gone" in text)
            figure("seconds from kill -9 to unfinished, on the screen", round(took, 3))
            # What the machine does besides is not ours: the bar holds where nothing else runs.
            assert took < rounds(10, 2)
        screen.until(lambda text: "Open at the end" in text and "FOLLOWING" not in text and " live " not in text)
        (stack,) = [line for line in screen.shown if "› " in line and "deeper" in line and "live_agent" in line]
        assert stack.index("live_agent") < stack.index("crawl") < stack.index("deeper")


@pytest.mark.parametrize(
    ("silent", "status", "reason"),
    [
        ("1s", "running", "2 open spans"),
        ("4s", "stalled", "silent 4.0s"),
        ("9s", "stalled", "silent 9.0s"),
        ("11s", "unfinished", "no end recorded, 2 open spans"),
    ],
)
def test_a_silent_run_that_names_no_process_is_stalled_and_later_unfinished(
    folder: Path, silent: str, status: str, reason: str
) -> None:
    copy = folder / NAMELESS.name
    copy.write_bytes(NAMELESS.read_bytes())
    newest = max(json.loads(line)["timestamp_ms"] for line in NAMELESS.read_bytes().splitlines()[:-1]) * 1_000_000
    os.utime(copy, ns=(newest, newest))
    now = datetime.fromtimestamp(newest / SECOND + int(silent[:-1]), UTC).isoformat()
    said = listed(folder, "--as-of", now, "--stall-after", "2s", "--dead-after", "10s")[NAME]
    assert (said["status"], said["status_reason"]) == (status, reason)


def written_now(number: int) -> bytes:
    """The first records of a run that names no process, as if they were written now."""
    now = time.time_ns() // 1_000_000
    stamp = datetime.fromtimestamp(now / 1_000, UTC).isoformat()
    record = json.loads(NAMELESS.read_bytes().splitlines()[number])
    return json.dumps(record | {"timestamp": stamp, "timestamp_ms": now}).encode() + b"\n"


@pytest.mark.long
def test_a_silent_run_that_names_no_process_is_stalled_and_later_unfinished_in_real_time(
    folder: Path, figure: Figure
) -> None:
    rules = StatusRules(stall_after_ns=2 * SECOND, dead_after_ns=10 * SECOND)
    options = ["--stall-after", "2s", "--dead-after", "10s"]
    with Following(folder, rules=rules) as view, LiveTerminal([folder, *options], folder.parent) as screen:
        screen.until(lambda text: "watching" in text)
        with (folder / "run_live.jsonl").open("ab", buffering=0) as file:
            for number in range(3):
                file.write(written_now(number))
        begun = time.monotonic()
        screen.until(lambda text: "● running" in text and "1 live" in text)
        screen.until(lambda text: "stalled" in text and "silent " in text)
        figure("seconds of silence until the screen says stalled", round(time.monotonic() - begun, 2))
        view.until(lambda view: bool(view.runs) and view.status(view.runs[0]).status == "stalled", 1.0)
        assert listed(folder, *options)[NAME]["status"] == "stalled"
        screen.until(lambda text: "unfinished" in text)
        figure("seconds of silence until the screen says unfinished", round(time.monotonic() - begun, 2))
        view.until(lambda view: view.status(view.runs[0]).status == "unfinished", 1.0)
        assert listed(folder, *options)[NAME]["status"] == "unfinished"

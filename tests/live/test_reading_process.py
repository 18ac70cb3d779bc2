"""The screen over so many files that a process of its own reads them: it dies with the screen, and the screen outlives it."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.live.following import PATIENCE_S, LiveTerminal, recorded
from tracetui.core.reading.choosing import MANY_FILES

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "traces"
    path.mkdir()
    run = recorded("run")
    for number in range(MANY_FILES):
        (path / f"{number:04}.jsonl").write_bytes(run.replace(b"72756e", b"%06d" % number))
    return path


def children(pid: int) -> list[int]:
    """Processes that a process has started and that still run."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] not in "ZX":
            found.append(int(name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def has_all(text: str) -> bool:
    return f"{MANY_FILES} runs" in text


def test_a_reading_process_that_is_killed_is_told_and_all_is_read_without_it(folder: Path) -> None:
    with LiveTerminal([folder], folder.parent) as screen:
        screen.until(has_all)
        (reader,) = children(screen.process.pid)
        os.kill(reader, signal.SIGKILL)
        screen.until(lambda text: "lost" in text and "SIGKILL" in text and has_all(text))
        assert children(screen.process.pid) == []
        screen.press("q")
        assert screen.ended() == 0


@pytest.mark.long
def test_a_screen_that_is_killed_leaves_no_reading_process(folder: Path) -> None:
    with LiveTerminal([folder], folder.parent) as screen:
        screen.until(has_all)
        (reader,) = children(screen.process.pid)
        screen.process.kill()
        end = time.monotonic() + PATIENCE_S
        while is_running(reader):
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.mark.long
def test_a_screen_that_is_quit_leaves_no_reading_process_and_what_is_new_is_shown_until_then(folder: Path) -> None:
    with LiveTerminal([folder], folder.parent) as screen:
        screen.until(has_all)
        (reader,) = children(screen.process.pid)
        (folder / "new.jsonl").write_bytes(recorded("newcomer"))
        screen.until(lambda text: f"{MANY_FILES + 1} runs" in text)
        screen.press("q")
        assert screen.ended() == 0
        assert not is_running(reader)

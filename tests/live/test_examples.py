"""The examples while they run, on a screen that was open before: begun, at work and ended, the crash and the kill included.

Each is started as a reader starts it, and takes the seconds that it takes. How long after something was recorded the screen
showed it is measured by the time that the record itself has.
"""

import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.live.following import PATIENCE_S, LiveTerminal

EXAMPLES = Path(__file__).parents[2] / "examples"
Figure = Callable[[str, object], None]
Rounds = Callable[[int, int], int]


@dataclass(frozen=True)
class Shown:
    """What the screen has to show of an example."""

    program: str
    run: str
    root: str
    """The span that is open as long as the run goes on."""
    end: tuple[str, ...]
    """Words that are there once it has ended."""
    status: int = 0
    """The exit status of the program."""

    @property
    def words(self) -> list[str]:
        """The command, without Python and the folder."""
        name, *options = self.program.split()
        return [str(EXAMPLES / name), *options]


ALL = [
    Shown("plain_loop.py", "trip_planner", "planner", ("✓ ok  trip_planner", "14 spans")),
    Shown("fan_out.py", "news_digest", "digest", ("✓ ok  news_digest", "20 spans")),
    Shown("child_process.py", "book_report", "report", ("✓ ok  book_report", "10 spans", "2 runs", "✓ spell_check")),
    Shown("with_opentelemetry.py", "invoke_agent", "invoke_agent helpdesk", ("✓ ok  invoke_agen", "7 spans")),
    Shown(
        "crash.py",
        "invoice_audit",
        "auditor",
        (
            "✗ error  invoice_audit",
            "✗ 1 failed",
            "UnknownCurrency",
            "no rate for XAU",
            "the only cause",
            "KeyError: 'XAU'",
        ),
        status=1,
    ),
    Shown(
        "crash.py --kill",
        "invoice_audit",
        "auditor",
        ("◐ unfinished  invoice_audit", "writer gone", "Open at the end", "audit INV-7005", "look_up_rate"),
        status=-9,
    ),
]
NEEDS_SDK = "with_opentelemetry.py"
IN_THE_PLAIN_SUITE = ("plain_loop.py", "crash.py --kill")


def _marks(example: Shown) -> list[pytest.MarkDecorator]:
    if example.program == NEEDS_SDK:
        return [pytest.mark.interop]
    return [] if example.program in IN_THE_PLAIN_SUITE else [pytest.mark.long]


PARAMETERS = [pytest.param(each, marks=_marks(each), id=each.program) for each in ALL]


@pytest.fixture
def figure(record_property: Figure) -> Figure:
    """Keeps a figure that was measured, and prints it (`-rP`)."""

    def keep(name: str, value: object) -> None:
        record_property(name, value)
        print(f"{name}: {value}")  # noqa: T201

    return keep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "traces"
    path.mkdir()
    return path


@contextmanager
def started(example: Shown, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The example at work."""
    if example.program == NEEDS_SDK and find_spec("opentelemetry") is None:
        pytest.skip("OpenTelemetry's SDK is not installed")
    process = subprocess.Popen([sys.executable, *example.words, str(folder)], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def times(folder: Path) -> list[int]:
    """When each record was made, ns since the epoch, the first one first."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines(keepends=True)]
    return sorted(json.loads(line)["time"] for line in lines if line.endswith(b"\n"))


def seconds_since(time_ns: int) -> float:
    """By the clock that records are stamped with."""
    return round((time.time_ns() - time_ns) / 1e9, 3)


def open_stack(text: str) -> list[str]:
    """The spans that the live strip says are open, the outermost first; none while there is no strip."""
    _, found, below = text.partition("Open now ")
    rows = [line.split("│")[1].strip() for line in below.splitlines()[1:4] if "│" in line] if found else []
    if not any("events/s" in row for row in rows):
        return []
    stack = " ".join(itertools.takewhile(lambda row: "events/s" not in row, rows))
    return [re.sub(r"^[^\w]+|\s[\d.]+(ms|µs|s)$", "", span).strip() for span in stack.split(" › ")]


def is_over(example: Shown, text: str) -> bool:
    """Whether the screen says how it ended, and nothing of it goes on."""
    return all(words in text for words in example.end) and " live " not in text and "FOLLOWING" not in text


@pytest.mark.parametrize("example", PARAMETERS)
def test_an_example_is_seen_to_begin_to_work_and_to_end(
    example: Shown, folder: Path, figure: Figure, rounds: Rounds
) -> None:
    with LiveTerminal([folder], folder.parent, size=(120, 40)) as screen:
        screen.until(lambda text: "watching: new files appear" in text)
        with started(example, folder) as process:
            screen.until(lambda text: example.run in text and "● 1 live" in text and "● running" in text)
            begun = seconds_since(times(folder)[0])
            screen.until(
                lambda text: "FOLLOWING" in text and open_stack(text)[:1] == [example.root] != open_stack(text)
            )
            figure("open", " › ".join(open_stack(screen.text)))
            assert process.poll() is None
            screen.until(lambda text: is_over(example, text))
            ended = seconds_since(times(folder)[-1])
            assert process.wait(PATIENCE_S) == example.status
        figure("seconds from the first record to a run that is running", begun)
        figure("seconds from the last record to how it ended", ended)
        # What the machine does besides is not ours: the bar holds where nothing else runs.
        assert max(begun, ended) < rounds(10, 2)


def test_the_program_that_an_example_starts_is_seen_and_leads_back(folder: Path) -> None:
    example = ALL[2]
    with LiveTerminal([folder], folder.parent, size=(120, 40)) as screen:
        screen.until(lambda text: "watching: new files appear" in text)
        with started(example, folder):
            screen.until(lambda text: "2 runs" in text and "● spell_check" in text)
            screen.until(lambda text: is_over(example, text))
        screen.press("i")
        screen.until(lambda text: "Related runs" in text and re.search(r"started +✓ spell_", text) is not None)


@pytest.mark.long
def test_the_folder_that_the_first_recording_makes_may_be_looked_at_before(
    folder: Path, figure: Figure, rounds: Rounds
) -> None:
    folder.rmdir()
    with LiveTerminal([folder], folder.parent, size=(120, 40)) as screen:
        screen.until(lambda text: "No traces in" in text and "no such file or folder" in text)
        with started(ALL[0], folder):
            screen.until(lambda text: "● 1 live" in text and "● running" in text)
            begun = seconds_since(times(folder)[0])
            figure("seconds from the first record in a new folder to a run that is running", begun)
            assert begun < rounds(10, 2)
            screen.until(lambda text: is_over(ALL[0], text))


@pytest.mark.long
def test_the_crash_is_seen_in_80_columns_and_24_lines_too(folder: Path) -> None:
    with LiveTerminal([folder], folder.parent, size=(80, 24)) as screen:
        screen.until(lambda text: "watching: new files appear" in text)
        with started(ALL[4], folder):
            screen.until(lambda text: "● running  invoice_audit" in text and "FOLLOWING" in text)
            screen.until(lambda text: "✗ error  invoice_audit" in text and "run failed" in text)
        screen.until(lambda text: "▌✗" in text and "no rate for XAU" in text and "KeyError: 'XAU'" in text)

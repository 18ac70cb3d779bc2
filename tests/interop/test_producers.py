"""Real producers record while tracetui follows: runs appear by themselves, grow, and end as a cold read finds them.

Each producer is run by a script in `producers/`, in the environment that has it (scripts/test --interop).
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.live.following import PATIENCE_S, Following, LiveTerminal, read_cold

pytestmark = pytest.mark.interop

PRODUCERS = Path(__file__).with_name("producers")
COUNT = Path(__file__).parents[1] / "checks" / "count_independently.py"
CLOCKED = ("status_reason",)
"""What is said of a run beside its status depends on whether it was seen to grow."""


class Producer(NamedTuple):
    """One script, what it needs, and what it records."""

    script: str
    needs: str
    slow: str
    """Name of the run that takes about a second."""
    spans: int
    """Of that run."""
    statuses: dict[str, str]
    """How each run has ended, by its name."""


ALL = [
    Producer("research", "design_research_agents", "slow", 19, {"well": "ok", "badly": "error", "slow": "ok"}),
    Producer("decisions", "ai_trace", "scorer", 15, {"planner": "ok", "trader": "error", "scorer": "unknown"}),
    Producer(
        "telemetry",
        "opentelemetry.exporter.otlp.json.file",
        "invoke_agent slow",
        14,
        {"invoke_agent well": "ok", "invoke_agent badly": "error", "invoke_agent slow": "ok"},
    ),
]


@pytest.fixture(params=ALL, ids=lambda producer: producer.script)
def producer(request: pytest.FixtureRequest) -> Producer:
    found: Producer = request.param
    try:
        is_there = importlib.util.find_spec(found.needs) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        pytest.skip(f"{found.needs} is not installed (it may need a newer Python)")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "traces"
    path.mkdir()
    return path


@pytest.fixture
def record(producer: Producer, folder: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the producer."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, str(PRODUCERS / f"{producer.script}.py"), str(folder)]
        started.append(subprocess.Popen(command))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(PATIENCE_S)


def later() -> int:
    """Two hours from now, ns: nobody is taken to be writing any more."""
    return time.time_ns() + 7_200_000_000_000


def without(facts: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in run.items() if name not in names} for run in facts]


Record = Callable[[], subprocess.Popen[bytes]]


def test_runs_appear_and_grow_while_they_are_recorded_and_end_as_a_cold_read_finds_them(
    producer: Producer, folder: Path, record: Record
) -> None:
    with Following(folder) as view:
        process = record()
        counts: list[int] = []
        while process.poll() is None:
            view.look()
            run = view.run(producer.slow) or (view.runs[-1] if view.runs else None)
            if run is not None and run.span_count not in counts[-1:]:
                counts.append(run.span_count)
            time.sleep(0.005)
        assert process.returncode == 0
        assert len(counts) > 2, "it was not seen to grow"
        now = later()
        view.until(lambda view: view.stats(now) != [] and view.reader.next_due(time.monotonic()) > 0)
        view.until(lambda view: without(view.stats(now), *CLOCKED) == without(read_cold(folder, now_ns=now), *CLOCKED))
        assert {run["name"]: run["status"] for run in view.stats(now)} == producer.statuses
        assert view.run(producer.slow).span_count == producer.spans
        assert view.notices == []


def test_runs_appear_and_end_on_the_screen(producer: Producer, folder: Path, record: Record) -> None:
    with LiveTerminal([folder], folder.parent, (160, 40)) as screen:
        screen.until(lambda text: "watching: new files appear" in text)
        process = record()
        screen.until(lambda text: re.search(r"\b[1-3] runs?\b", text) is not None)
        assert process.poll() is None
        screen.until(lambda text: "3 runs" in text and "1 failed" in text)
        assert process.wait(PATIENCE_S) == 0
        screen.until(lambda text: all(name[:12] in text for name in producer.statuses))
        if producer.statuses[producer.slow] == "ok":
            screen.until(lambda text: " live" not in text)


def test_an_independent_count_and_the_producers_own_tool_agree(
    producer: Producer, folder: Path, record: Record
) -> None:
    assert record().wait(PATIENCE_S) == 0
    for path in folder.iterdir():
        os.utime(path, (1_000_000, 1_000_000))  # nobody is taken to be writing any more
    command = [sys.executable, str(COUNT), str(folder), "--compare"]
    counted = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert re.fullmatch(r"3 runs, .* 0 differences", counted.stdout.strip()), counted.stdout + counted.stderr
    command = [sys.executable, "-m", "tracetui", "stats", str(folder), "--json"]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S).stdout)
    assert theirs_and_ours(producer, folder, said) == []


def theirs_and_ours(producer: Producer, folder: Path, said: dict[str, Any]) -> list[str]:
    """Where the producer's own tool counts something else than `tracetui stats`."""
    totals = said["totals"]
    if producer.script == "research":
        command = [sys.executable, "-m", "design_research_agents._tracing._analysis", "--trace-dir", str(folder)]
        theirs = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True).stdout)
        tokens = theirs["models"]["tokens"]
        pairs = {
            "records": (theirs["events"]["total"], totals["events"]),
            "by type": (theirs["events"]["counts_by_type"], totals["events_by_type"]),
            "runs": (theirs["inputs"]["files_scanned"], totals["runs"]),
            "ok": (theirs["runs"]["success_count"], totals["runs_by_status"]["ok"]),
            "error": (theirs["runs"]["failure_count"], totals["runs_by_status"]["error"]),
            "model calls": (theirs["models"]["model_call_count"], totals["spans_by_kind"]["llm"]),
            "input": (tokens["prompt_tokens"], totals["tokens"]["input"]),
            "output": (tokens["completion_tokens"], totals["tokens"]["output"]),
            "total": (tokens["total_tokens"], totals["tokens"]["total"]),
            "unreadable": (theirs["events"]["malformed_lines"], len(said["unreadable"])),
        }
    elif producer.script == "decisions":
        command = [str(Path(sys.executable).with_name("ai-trace")), "--dir", str(folder), "stats"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
        theirs = {name: int(number) for name, number in re.findall(r"(\w+)\s*: (\d+)", plain)}
        pairs = {
            "runs": (theirs["Sessions"], totals["runs"]),
            "spans": (theirs["Steps"], totals["spans"]),
            "failed spans": (theirs["Errors"], totals["errors"]),
        }
    else:
        pairs = {}
    return [f"{name}: theirs {theirs}, ours {ours}" for name, (theirs, ours) in pairs.items() if theirs != ours]

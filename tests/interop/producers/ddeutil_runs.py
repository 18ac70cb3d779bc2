"""Records runs of every kind with ddeutil-workflow, 0.0.86 or 0.0.83, through its file handler.

python ddeutil_runs.py FOLDER

Prints how the package itself says each run ended, as a JSON object of run ids.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE_S = 30.0
IS_HELPER = len(sys.argv) > 2
WORKFLOWS = """
etl:
  type: Workflow
  params: {source: str}
  jobs:
    extract:
      stages:
        - {name: "Say hello", id: hello, echo: "Start ${{ params.source }} — für 日本", sleep: 0.15}
        - {name: "Count", id: count, run: "total = sum(range(1000))\\nprint(total)"}
        - {name: "Shell", id: sh, bash: "echo rows=42; echo warn >&2", env: {A: "1"}}
    load:
      needs: [extract]
      stages:
        - {name: "Use it", echo: "Got ${{ jobs.extract.stages.count.outputs.total }}"}
        - {name: "Skipped one", if: '"${{ params.source }}" == "none"', echo: never}
py-error:
  type: Workflow
  jobs:
    broken:
      stages:
        - {name: "Before", echo: before}
        - {name: "Divide", id: div, run: "def f(x):\\n    return 1 / x\\nf(0)\\n"}
        - {name: "After", echo: "never reached"}
raise-job:
  type: Workflow
  jobs:
    first:
      stages: [{name: "Stop here", raise: "quota reached [bold]now[/bold] 100%"}]
    second:
      needs: [first]
      stages: [{name: "No", echo: "no"}]
retrying:
  type: Workflow
  jobs:
    flaky:
      retry: 1
      stages:
        - {name: "Flaky shell", retry: 1, bash: "echo try; exit 7"}
recovered:
  type: Workflow
  jobs:
    flaky:
      stages:
        - {name: "Second time lucky", retry: 1, bash: "test -e @FLAG@ || { touch @FLAG@; exit 7; }"}
nested:
  type: Workflow
  jobs:
    fan:
      stages:
        - name: "Parallel branches"
          id: par
          max-workers: 3
          parallel:
            north: [{name: "N1", echo: "north", sleep: 0.3}, {name: "N2", echo: "north 2"}]
            south: [{name: "S1", echo: "south", sleep: 0.2}]
            west: [{name: "W1", run: "raise ValueError('west is down')"}]
    each:
      trigger-rule: all_done
      stages:
        - name: "For each city"
          id: city
          foreach: ["Oslo", "Lima"]
          concurrent: 2
          stages: [{name: "Visit", echo: "at ${{ item }}", sleep: 0.05}]
        - name: "Count up"
          id: cnt
          item: 1
          until: "${{ item }} > 2"
          max-loop: 5
          stages:
            - {name: "inc", item: "", run: "item = ${{ item }}\\nitem += 1\\n"}
        - name: "Choose"
          id: choose
          case: "b"
          match:
            - {case: "a", stages: [{name: "is a", echo: a}]}
            - {case: "b", stages: [{name: "is b", echo: b}]}
matrix:
  type: Workflow
  jobs:
    build:
      strategy:
        max-parallel: 2
        matrix: {os: [linux, mac], py: [311, 312]}
      stages:
        - {name: "Build ${{ matrix.os }} ${{ matrix.py }}", echo: "on ${{ matrix.os }}", sleep: 0.05}
parent:
  type: Workflow
  jobs:
    call:
      stages:
        - {name: "Trigger etl", id: tr, trigger: etl, params: {source: child}}
slow:
  type: Workflow
  jobs:
    wait:
      stages: [{name: "Long sleep", echo: "sleeping", sleep: 60}]
"""
PARAMS: dict[str, dict[str, object]] = {"etl": {"source": "s3"}}
NAMES = ("etl", "py-error", "raise-job", "retrying", "recovered", "nested", "matrix", "parent")


def settings(folder: Path) -> None:
    """Where the package finds its workflows, and where it writes."""
    place = Path(tempfile.mkdtemp())
    (place / "workflows.yml").write_text(WORKFLOWS.replace("@FLAG@", str(place / "flag")))
    os.environ |= {
        "WORKFLOW_CORE_CONF_PATH": str(place),
        "WORKFLOW_LOG_TIMEZONE": "Asia/Kathmandu",  # the records do not say it
        "WORKFLOW_LOG_TRACE_HANDLERS": json.dumps([{"type": "file", "path": str(folder / "traces")}]),
        "WORKFLOW_CORE_REGISTRY_CALLER": "",
    }


def run_all() -> dict[str, str]:
    """Every workflow; what came of each, by run id."""
    from ddeutil.workflow import Workflow

    said = {}
    for name in NAMES:
        result = Workflow.from_conf(name).execute(PARAMS.get(name, {}), timeout=60)
        said[result.run_id] = str(getattr(result.status, "name", result.status))
    return said


def by_hand(folder: Path) -> None:
    """The trace as a library: levels, a parent, a record in asynchronous code."""
    from ddeutil.workflow.traces import get_trace

    handlers = [{"type": "file", "path": str(folder / "traces")}]
    trace = get_trace("workflow-123", parent_run_id="parent-456", handlers=handlers, pre_process=True)
    trace.info("[WORKFLOW]: Workflow started")
    trace.warning("Retrying failed operation", module="stage")
    trace.error("[JOB]: Job failed: connection timeout\nTraceback (most recent call last):\nTimeoutError: t")
    trace.exception("Critical error occurred")
    other = get_trace("async-workflow-9", handlers=handlers, pre_process=True)

    async def parts() -> None:
        await other.ainfo("Async workflow started")
        await other.aerror("Async operation failed")

    asyncio.run(parts())


def killed(folder: Path) -> None:
    """The process dies in a stage."""
    before = set(folder.glob("traces/*"))
    command = [sys.executable, __file__, str(folder), "slow"]
    process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE_S
    while not any("Sleep" in text for text in texts(set(folder.glob("traces/*")) - before)):
        if time.monotonic() > until:
            raise TimeoutError("the stage did not begin")
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def texts(folders: set[Path]) -> list[str]:
    """The records of runs."""
    return [path.read_text("utf-8") for folder in folders for path in folder.glob("metadata.txt")]


def main() -> None:
    """Every kind; as a helper only the one that is killed."""
    folder = Path(sys.argv[1])
    if IS_HELPER:
        from ddeutil.workflow import Workflow

        Workflow.from_conf(sys.argv[2]).execute({})
        return
    settings(folder)
    with contextlib.redirect_stdout(sys.stderr):
        said = run_all()
        if not is_old():
            by_hand(folder)
        killed(folder)
    sys.stdout.write(json.dumps(said) + "\n")


def is_old() -> bool:
    """Versions whose trace cannot be used this way."""
    from importlib.metadata import version

    return version("ddeutil-workflow") < "0.0.85"


if __name__ == "__main__":
    main()

"""Records runs of every kind with hillstar-orchestrator, 1.2.1 or 1.0.0, each kind in a folder of its own.

python hillstar_runs.py FOLDER

Models are played by a scripted service on the loopback interface. Prints what hillstar's own summaries say, as JSON.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripted_model import ScriptedModel

IS_OLD = version("hillstar-orchestrator").startswith("1.0.")
PATIENCE_S = 30.0


def workflow(id: str, nodes: dict[str, Any], edges: str, model: ScriptedModel, **more: Any) -> dict[str, Any]:
    """A workflow file's content; ``edges`` such as ``a>b b>c``."""
    desk = {"endpoint": model.url, "model_name": "desk-7b", "type": "custom"}
    config = {"mode": "explicit", "custom_providers": {"desk": desk}, **more.pop("config", {})}
    pairs = [{"from": edge.split(">")[0], "to": edge.split(">")[1]} for edge in edges.split()]
    graph = {"nodes": nodes, "edges": pairs, **more.pop("graph", {})}
    base = {"id": id, "version": "1.0.0", "description": id, "graph": graph, "model_config": config}
    return {**base, "state": {"checkpoints": more.pop("checkpoints", [])}, "permissions": more.pop("permissions", {})}


def call(prompt: str, **more: Any) -> dict[str, Any]:
    """A node that asks a model; with 1.0.0 one that has a price."""
    provider, name = ("anthropic", "claude-opus-4-6") if IS_OLD else ("desk", "desk-7b")
    base = {"tool": "model_call", "provider": provider, "model": name, "input": prompt, "parameters": {}}
    return {**base, **more}


def script(command: str) -> dict[str, Any]:
    """A node that runs a command."""
    return {"tool": "script_run", "parameters": {"script": command}}


def run(content: dict[str, Any], folder: Path, resume: str | None = None) -> None:
    """Run it to its end; a failure is in the trace."""
    from execution import WorkflowRunner

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "workflow.json"
    path.write_text(json.dumps(content))
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
        WorkflowRunner(str(path), str(folder)).execute(resume_from=resume)


def ok(folder: Path, model: ScriptedModel) -> None:
    """Reads a file, asks twice, writes the answer."""
    folder.mkdir()
    (folder / "notes.txt").write_text("12 patients, 3 arms — für 日本\n")
    nodes = {
        "read": {"tool": "file_read", "parameters": {"path": str(folder / "notes.txt")}},
        "summarise": call("Summarise: {{ read.output }} [[sleep=0.2]]"),
        "critique": call("Criticise: {{ summarise.output }} [[sleep=0.1]]"),
        "write": {
            "tool": "file_write",
            "input": "{{ critique.output }}",
            "parameters": {"path": str(folder / "out.txt")},
        },
    }
    config = {"explainability": {"log_selection_reasoning": True, "log_cost_estimates": True}}
    run(
        workflow("step_04_populate", nodes, "read>summarise summarise>critique critique>write", model, config=config),
        folder,
    )


def failed(folder: Path, model: ScriptedModel) -> None:
    """The second node fails with a traceback, the third never runs."""
    parse = script(f"{sys.executable} -c \"import json; json.loads('{{broken')\"")
    nodes = {"ask": call("List the columns [[sleep=0.05]]"), "parse": parse, "publish": call("Publish")}
    run(workflow("step_05_extract", nodes, "ask>parse parse>publish", model), folder)


def refused(folder: Path, model: ScriptedModel) -> None:
    """A node without permission."""
    run(workflow("blocked", {"a": call("a"), "b": call("b")}, "a>b", model, permissions={"b": "never"}), folder)


def side_by_side(folder: Path, model: ScriptedModel) -> None:
    """Three branches and a join; 1.2.1 runs the branches together."""
    nodes = {f"branch_{name}": call(f"Part {name} [[sleep={0.1 + at * 0.1:.1f}]]") for at, name in enumerate("abc")}
    nodes["join"] = call("Join")
    run(workflow("fan_out", nodes, "branch_a>join branch_b>join branch_c>join", model), folder)


def resumed(folder: Path, model: ScriptedModel) -> None:
    """Fails after a checkpoint, then a second run goes on from it."""
    nodes = {
        "one": call("one"),
        "two": script(f"test -e {folder}/flag || (echo no flag >&2; exit 3)"),
        "three": call("3"),
    }
    content = workflow("step_07_resume", nodes, "one>two two>three", model, checkpoints=["one"])
    run(content, folder)
    (folder / "flag").touch()
    time.sleep(1.1)  # runs of one second share their files
    run(content, folder, resume="one")


def again(folder: Path, model: ScriptedModel) -> None:
    """Runs three times into one folder."""
    content = workflow("step_09_nightly", {"a": call("a"), "b": call("b")}, "a>b", model)
    for _ in range(3):
        run(content, folder)
        time.sleep(1.1)  # runs of one second share their files


def retried(folder: Path, model: ScriptedModel) -> None:
    """Asked again three times, then failed; the waits are shortened."""
    run(workflow("retry_storm", {"ask": call("please [[fail=503]]")}, "", model), folder)


def fallback(folder: Path, model: ScriptedModel) -> None:
    """One provider does not answer, the next one does."""
    desk = {"endpoint": model.url, "model_name": "desk-7b", "type": "custom"}
    config = {
        "mode": "auto",
        "provider_preference": ["desk"],
        "custom_providers": {"desk": desk, "down": {"endpoint": model.url, "type": "custom"}},
    }
    nodes = {"ask": call("hello [[fail=504@m]]", provider="down", model="m")}
    run(workflow("auto_fallback", nodes, "", model, config=config), folder)


def looped(folder: Path, model: ScriptedModel) -> None:
    """A bounded loop that is left early: what is not needed any more is skipped."""
    nodes = {"draft": call("Draft"), "review": call("Review [[say=SIGNED OFF]]"), "ship": call("Ship")}
    loop = {
        "id": "rev",
        "body": ["draft", "review"],
        "max_attempts": 3,
        "until": {"node": "review", "contains": "signed off"},
    }
    run(workflow("revise_until_ok", nodes, "draft>review review>ship", model, graph={"loops": [loop]}), folder)


def killed(folder: Path, model: ScriptedModel) -> None:
    """The process dies in the second node."""
    content = workflow("step_11_killed", {"quick": call("quick"), "slow": script("sleep 60")}, "quick>slow", model)
    folder.mkdir()
    (folder / "workflow.json").write_text(json.dumps(content))
    code = "import sys; from execution import WorkflowRunner; WorkflowRunner(sys.argv[1], sys.argv[2]).execute()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "workflow.json"), str(folder)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + PATIENCE_S
    while not any('"slow"' in path.read_text() for path in folder.glob("traces/trace_step_*")):
        if time.monotonic() > until:
            raise TimeoutError("the second node did not begin")
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def logger_only(folder: Path, _: ScriptedModel) -> None:
    """The logger as a library: any object goes through."""
    from execution import TraceLogger

    logger = TraceLogger(str(folder))
    logger.log({"event": "note", "text": "\x1b[31mred\x1b[0m [bold]no markup[/bold]"})
    for number, cost in enumerate((0.0125, 0.03)):
        said = {"tool": "model_call", "provider": "anthropic", "model": "claude-haiku-4-5", "tokens_used": 900}
        logger.log({"node_id": f"n{number}", **said, "actual_cost_usd": cost})
        time.sleep(0.05)
    logger.log({"node_id": "n1", "tool": "model_call", "actual_cost_usd": 0.07, "tokens_used": 10})
    logger.log({"node_id": "late", "status": "error", "error": "ValueError: nope"})


def summaries(folder: Path) -> dict[str, dict[str, int]]:
    """What hillstar's own summaries say of the last run of each folder."""
    found = {}
    for path in sorted(folder.glob("*/audit/*/metadata_*.json")):
        said = json.loads(path.read_text())
        names = ("total_nodes", "nodes_completed", "nodes_failed")
        found[path.relative_to(folder).parts[0]] = {name: said[name] for name in names if name in said}
    return found


def main() -> None:
    """Every kind; what 1.0.0 does not have is left out."""
    folder = Path(sys.argv[1])
    os.environ["HOME"] = tempfile.mkdtemp()  # its settings
    os.environ["ANTHROPIC_API_KEY"] = "none"
    import execution.node_executor as executor

    real = time.sleep
    executor.time = type(
        "Time", (), {**vars(time), "sleep": staticmethod(lambda _: real(0.05))}
    )  # waits of 30 s and more
    kinds = [ok, failed, refused, side_by_side, resumed, again, killed, logger_only]
    if not IS_OLD:
        kinds += [retried, fallback, looped]
    with ScriptedModel() as model:
        os.environ["ANTHROPIC_BASE_URL"] = model.url
        for kind in kinds:
            kind(folder / kind.__name__, model)
    sys.stdout.write(json.dumps(summaries(folder)) + "\n")


if __name__ == "__main__":
    main()

"""Records three runs with design-research-agents into a folder: one that goes well, one that fails, one slow enough to follow.

python research.py FOLDER
"""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import design_research_agents as dra
from design_research_agents import _tracing as tracing

PAUSE_S = 0.08


def add(values: dict[str, object]) -> dict[str, object]:
    """A tool that works."""
    return {"sum": float(str(values["a"])) + float(str(values["b"]))}


def burst(values: dict[str, object]) -> dict[str, object]:
    """A tool that does not."""
    raise ValueError(f"cannot use {sorted(values)}")


def rest(values: dict[str, object]) -> dict[str, object]:
    """A tool that takes a while."""
    time.sleep(PAUSE_S)
    return values


def workflow(tracer: dra.Tracer, *steps: object) -> dra.Workflow:
    """Steps in a row, with the three tools."""
    tools = dra.Toolbox(
        enable_core_tools=False,
        callable_tools=tuple(
            dra.CallableToolConfig(name=tool.__name__, description=str(tool.__doc__), handler=tool)
            for tool in (add, burst, rest)
        ),
    )
    return dra.Workflow(steps=list(steps), tool_runtime=tools, tracer=tracer)


def slow(tracer: dra.Tracer) -> None:
    """Agents in an agent, each with a model call and a tool; written bit by bit."""
    root = tracing.start_trace_run(
        agent_name="surveyor", request_id="slow", input_payload={"goal": "look around"}, dependencies={}, tracer=tracer
    )
    for number in range(6):
        name = f"helper_{number}"
        helper = tracing.start_trace_run(
            agent_name=name, request_id=name, input_payload={}, dependencies={}, tracer=tracer
        )
        call = tracing.start_model_call(
            model="desk-7b", messages=[{"role": "user", "content": f"part {number}"}], params={}, metadata={}
        )
        time.sleep(PAUSE_S)
        usage = {"prompt_tokens": 100 + number, "completion_tokens": 10, "total_tokens": 110 + number}
        answer = SimpleNamespace(text="done", model="desk-7b", usage=usage, latency_ms=80, finish_reason="stop")
        tracing.finish_model_call(call, response=answer)
        tool = tracing.start_tool_call(tool_name="measure", tool_input={"n": number}, request_id=name, dependencies={})
        time.sleep(PAUSE_S)
        tracing.finish_tool_call(tool, tool_name="measure", result={"metres": number})
        tracing.finish_trace_run(helper, result=SimpleNamespace(success=True), error=None)
    tracing.finish_trace_run(root, result=SimpleNamespace(success=True), error=None)


def main() -> None:
    """The three runs."""
    tracer = dra.Tracer(trace_dir=Path(sys.argv[1]), enable_console=False)
    step = dra.ToolStep(step_id="add", tool_name="add", input_data={"a": 1, "b": 2})
    pause = dra.ToolStep(step_id="rest", tool_name="rest", input_data={"s": 1}, dependencies=("add",))
    failing = dra.ToolStep(step_id="burst", tool_name="burst", input_data={"x": 1}, dependencies=("add",))
    workflow(tracer, step, pause).run("go", request_id="well")
    workflow(tracer, step, failing).run("go", request_id="badly")
    slow(tracer)


if __name__ == "__main__":
    main()

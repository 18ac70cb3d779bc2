"""Count what files of RAGFlow's trace service hold, from the raw values alone; used by `count_independently.py`."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEY = re.compile(r"agent_trace[_:](session|events)[_:](.+)")
STARTS = {
    "node_started": "step",
    "llm_call_started": "llm",
    "retrieval_started": "retriever",
    "tool_call_started": "tool",
    "thinking_started": "span",
}
ENDS = {
    "node_finished": "step",
    "node_failed": "step",
    "llm_call_completed": "llm",
    "retrieval_completed": "retriever",
    "tool_call_completed": "tool",
    "thinking_completed": "span",
}


def value_of(text: str):
    try:
        return json.loads(text)
    except ValueError:
        return None


def event_ids(value) -> set[str]:
    """All ids of events anywhere in a value."""
    if isinstance(value, dict):
        own = {value["event_id"]} if isinstance(value.get("event_id"), str) else set()
        return own.union(*map(event_ids, value.values()))
    return set().union(*map(event_ids, value)) if isinstance(value, list) else set()


def blocks_of(text: str) -> list[dict]:
    lines = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(line)["data"] for line in lines if line != "[DONE]"]


def ragflow_runs(top: Path, run_block, open_status: str) -> list[dict]:
    """Runs of all files under `top`: by task where names tell one, else files whose events no other run holds."""
    tasks, paths, unnamed = defaultdict(list), defaultdict(set), {}
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        if not path.is_file():
            continue
        text = path.read_text("utf-8", "replace")
        named = KEY.fullmatch(path.stem)
        if named and path.suffix == ".json":
            add(tasks, paths, path, named[2], value_of(text))
        elif '"agent_trace:' in text[:200]:
            for line in filter(None, text.splitlines()):
                entry = json.loads(line)
                add(tasks, paths, path, KEY.fullmatch(entry["key"])[2], value_of(entry["value"]))
        elif '"event_id"' in text and ('"session_id"' in text[:200] or text.startswith(("[", "data:"))):
            unnamed[path] = {"events": blocks_of(text)} if text.startswith("data:") else value_of(text)
    runs = [task_run(task, values, paths[task], run_block, open_status) for (_, task), values in tasks.items()]
    known = [set().union(*map(event_ids, values)) for values in tasks.values()]
    for path, value in sorted(unnamed.items(), key=lambda item: -len(event_ids(item[1]))):
        if not any(event_ids(value) <= ids for ids in known):
            known.append(event_ids(value))
            value = {"events": value} if isinstance(value, list) else value
            runs.append(task_run(path.stem, [value], {str(path)}, run_block, open_status))
    return runs


def add(tasks: dict, paths: dict, path: Path, task: str, value) -> None:
    tasks[path.parent, task].append({"events": value} if isinstance(value, list) else value)
    paths[task].add(str(path))


def iso(text: str | None) -> str | None:
    if text is None:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def component_of(event: dict) -> str | None:
    return event.get("component_id") or (event.get("component") or {}).get("id")


def task_run(task: str, values: list[dict], paths: set[str], run_block, open_status: str) -> dict:
    session = max(values, key=lambda value: ("started_at" in value or "timing" in value, "trace_level" in value))
    events = {event["event_id"]: event for value in values for event in value.get("events", [])}
    events = sorted(events.values(), key=lambda event: event["timestamp"])
    waiting, spans, parents = defaultdict(list), [], []
    for event in events:
        kind = STARTS.get(event["event_type"]) or ENDS.get(event["event_type"])
        if kind is None:
            continue
        metadata = event.get("metadata") or {}
        key = (
            kind,
            component_of(event) if kind in ("step", "span") else metadata.get("call_id", metadata.get("retrieval_id")),
        )
        if event["event_type"] in STARTS:
            running = [span for span in spans if span[0] == "step" and span[2] is None]
            own = [span for span in running if component_of(span[1]) == component_of(event)]
            if kind != "step" and (own or len(running) == 1):
                parents.append((own or running)[-1])
            spans.append([kind, event, None])
            waiting[key].append(spans[-1])
        elif waiting[key]:
            waiting[key].pop()[2] = event
        else:
            spans.append([kind, None, event])
    calls = {call["call_id"]: call for value in values for call in value.get("llm_calls", [])}.values()
    facts = session.get("metadata") or session
    timing = session.get("timing") or session
    ends = [e for e in events if e["event_type"] in ("workflow_completed", "workflow_failed")]
    status = session.get("status") or (
        {"workflow_completed": "completed", "workflow_failed": "failed"}[ends[-1]["event_type"]] if ends else "running"
    )
    totals = {
        "input": [call.get("prompt_tokens", call.get("tokens", {}).get("prompt")) for call in calls],
        "output": [call.get("completion_tokens", call.get("tokens", {}).get("completion")) for call in calls],
        "total": [call.get("total_tokens", call.get("tokens", {}).get("total")) for call in calls],
    }
    started = timing.get("started_at") or session.get("created_at") or events[0]["timestamp"]
    failed = [name_of(kind, begin, end) for kind, begin, end in spans if is_failed(kind, end)]
    lasted = [
        datetime.fromisoformat(end["timestamp"]) - datetime.fromisoformat(begin["timestamp"])
        for _, begin, end in (span for span in spans if not any(span is parent for parent in parents))
        if begin and end
    ]
    return run_block(
        id=task,
        name=facts.get("agent_id") or task,
        format="ragflow",
        paths=sorted(paths),
        status={"completed": "ok", "failed": "error"}.get(status, open_status),
        start=iso(started),
        end=iso(timing.get("completed_at") or (ends[-1]["timestamp"] if ends else None)),
        clock="utc",
        spans=len(spans),
        open_spans=sum(end is None for _, _, end in spans),
        spans_by_kind=dict(Counter(kind for kind, _, _ in spans)),
        events=len(events),
        events_by_type=dict(Counter(event["event_type"] for event in events)),
        failed=sorted(failed),
        models=sorted({b["metadata"]["model_name"] for k, b, _ in spans if k == "llm" and b and "metadata" in b}),
        tokens=dict.fromkeys(("cached", "cache_write", "reasoning"))
        | {name: sum(figures) if figures else None for name, figures in totals.items()},
        slowest_ms=max(lasted, default=None) and max(lasted) / timedelta(milliseconds=1),
    )


def is_failed(kind: str, end: dict | None) -> bool:
    if end is None:
        return False
    return end["event_type"] == "node_failed" or (kind != "step" and bool(end.get("error")))


def name_of(kind: str, begin: dict | None, end: dict | None) -> str:
    event = begin or end
    metadata = event.get("metadata") or {}
    if kind == "step":
        return event.get("component_name") or (event.get("component") or {}).get("name")
    return (
        metadata.get("model_name") or metadata.get("tool_name") or {"retriever": "retrieval", "span": "thinking"}[kind]
    )

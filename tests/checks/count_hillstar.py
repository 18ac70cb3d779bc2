"""Count what folders of hillstar hold, from the raw lines alone; used by `count_independently.py`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

NAME = re.compile(r"trace_(?:step_\d+_)?(\d{8}_\d{6})\.jsonl")


def stamp_of(path: Path) -> datetime:
    return datetime.strptime(NAME.fullmatch(path.name)[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)


def is_observed(line: dict) -> bool:
    return {"event_type", "epoch_seconds", "workflow_id", "pid"} <= line.keys()


def type_of(line: dict) -> str:
    if "event" in line or "type" in line:
        return line.get("event") or line["type"]
    words = [line[key] for key in ("tool", "status") if key in line]
    return ":".join(words) or "-"


def hillstar_runs(top: Path, objects_of, run_block, open_status: str, unreadable: list) -> list[dict]:
    """Runs of all folders under `top`; copies in `audit/` are left out."""
    folders = defaultdict(dict)
    for path in sorted(top.rglob("trace_*.jsonl")) if top.is_dir() else []:
        if NAME.fullmatch(path.name) and "audit" not in path.parts:
            folders[path.parent][path] = [line for _, line in objects_of(path, unreadable)]
    runs = []
    for files in folders.values():
        observers = [path for path, lines in files.items() if lines and is_observed(lines[0])]
        loggers = [path for path in files if path not in observers]
        for observer in observers:
            near = [log for log in loggers if abs(stamp_of(log) - stamp_of(observer)) <= timedelta(seconds=2)]
            near.sort(key=lambda log: abs(stamp_of(log) - stamp_of(observer)))
            if near:
                loggers.remove(near[0])
            lines = [line for line in files[near[0]] if not is_observed(line)] if near else []
            runs.append(pair(observer, files[observer], near[:1], lines, run_block, open_status))
        runs += [lonely(path, files[path], run_block) for path in loggers]
    return runs


def calls_of(lines: list[dict]) -> list[dict]:
    return [line for line in lines if line.get("tool") == "model_call"]


def figures(lines: list[dict]) -> dict:
    done = [line for line in calls_of(lines) if "status" not in line]
    tokens = [line["tokens_used"] for line in done if line.get("tokens_used")]
    costs = [line["actual_cost_usd"] for line in done if line.get("actual_cost_usd") is not None]
    nothing = dict.fromkeys(("input", "output", "cached", "cache_write", "reasoning"))
    return {
        "tokens": nothing | {"total": sum(tokens) if tokens else None},
        "cost_usd": sum(costs) if costs else None,
        "models": sorted({line["model"] for line in calls_of(lines) if "model" in line}),
    }


def iso(seconds: float) -> str:
    """The written number, cut to milliseconds: rounded first, one moment in two thousand is in the next one."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(Decimal(repr(seconds)) * 1_000_000))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def pair(observer: Path, observed: list[dict], logger: list[Path], logged: list[dict], run_block, open_status) -> dict:
    executions, waiting = [], defaultdict(list)
    for line in observed:
        kind = line["event_type"]
        if kind == "node_start":
            executions.append({"node": line["node_id"], "start": line, "end": None})
            waiting[line["node_id"]].append(executions[-1])
        elif kind in ("node_success", "node_failure"):
            if waiting[line["node_id"]]:
                waiting[line["node_id"]].pop(0)["end"] = line
            else:
                executions.append({"node": line["node_id"], "start": None, "end": line})
    told = {line["node_id"] for line in logged if line.get("status") == "error" and "node_id" in line}
    failed = [one["node"] for one in executions if one["end"] and one["end"]["event_type"] == "node_failure"]
    failed += [one["node"] for one in executions if one["end"] is None and one["node"] in told]
    models = {line["node_id"] for line in calls_of(logged)}
    kinds = {line["event_type"]: line for line in observed}
    last = kinds.get("workflow_complete") or kinds.get("workflow_error")
    workflow = observed[0]["workflow_id"]
    is_error = "workflow_error" in kinds or ("node_failure" in kinds and "workflow_complete" not in kinds)
    types = Counter([*(line["event_type"] for line in observed), *map(type_of, logged)])
    longest = max((duration_of(one) for one in executions if one["end"]), default=None)
    return run_block(
        id=f"{workflow}_{NAME.fullmatch(observer.name)[1]}",
        name=workflow,
        format="hillstar",
        paths=[str(path) for path in (observer, *logger)],
        status="error" if is_error else "ok" if "workflow_complete" in kinds else open_status,
        start=iso(observed[0]["epoch_seconds"]),
        end=iso(last["epoch_seconds"]) if last else None,
        clock="utc",
        spans=len(executions),
        open_spans=sum(one["end"] is None and one["node"] not in told for one in executions),
        spans_by_kind=dict(Counter("llm" if one["node"] in models else "step" for one in executions)),
        events=len(observed) + len(logged),
        events_by_type=dict(types),
        failed=sorted(failed),
        retries=types["retry"],
        slowest_ms=longest,
        **({"duration_ms": last["total_time_seconds"] * 1000, "duration_source": "recorded"} if last else {}),
        **figures(logged),
    )


def duration_of(execution: dict) -> float:
    """Milliseconds: the duration, unless it is the node's index, a whole number, as 1.0.0 writes."""
    start, end = execution["start"], execution["end"]
    said = end["duration_seconds"]
    if end["event_type"] == "node_success" and isinstance(said, int):
        assert said == start.get("node_index", 0)
        return (end["epoch_seconds"] - start["epoch_seconds"]) * 1000
    return said * 1000


def lonely(path: Path, lines: list[dict], run_block) -> dict:
    nodes = list(dict.fromkeys(line["node_id"] for line in lines if "node_id" in line))
    failed = {line["node_id"] for line in lines if line.get("status") == "error"}
    models = {line["node_id"] for line in calls_of(lines)}
    times = [datetime.fromisoformat(line["timestamp"]).astimezone() for line in lines if "node_id" in line]
    every = [datetime.fromisoformat(line["timestamp"]).astimezone() for line in lines]
    return run_block(
        id=path.stem,
        name=path.stem,
        format="hillstar",
        paths=[str(path)],
        status="error" if failed else "unknown",
        start=iso(min(times or every).timestamp()),
        end=None,
        clock="assumed",
        spans=len(nodes),
        spans_by_kind=dict(Counter("llm" if node in models else "step" for node in nodes)),
        events=len(lines),
        events_by_type=dict(Counter(map(type_of, lines))),
        failed=sorted(failed),
        slowest_ms=0.0 if nodes else None,
        **figures(lines),
    )

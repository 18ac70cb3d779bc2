"""Count what a folder of traces holds, from the raw files alone: an independent answer to compare `tracetui stats` with.

    python tests/checks/count_independently.py PATH [--compare]

Reads design-research-agents, ai-decision-tracer, OpenTelemetry JSON and Claude Code with Python's own parser and the
simplest code that could be right: everything in memory, one pass per question, nothing shared with tracetui. Prints JSON in
the shape of `tracetui stats --json` (the fields that it knows). With --compare it runs `python -m tracetui stats PATH --json`
and prints each difference, and how many facts were compared (each value of a run's fields, each entry of its objects and lists)
and found equal; exit status 1 if there is a difference.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from count_claude_code import claude_runs, is_claude_code
from count_ddeutil import ddeutil_runs
from count_hillstar import hillstar_runs
from count_ragflow import ragflow_runs

OPEN = "open"
"""No end is recorded although it could be: stats says running, stalled or unfinished, which depends on the clock."""


def objects_of(path: Path, unreadable: list) -> list[tuple[int, dict]]:
    """Objects of a JSON-lines file with their line numbers; what cannot be read goes to `unreadable`."""
    found = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8", "surrogatepass").removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            unreadable.append((str(path), number))
            continue
        if isinstance(value, dict):
            found.append((number, value))
        else:
            unreadable.append((str(path), number))
    return found


def concatenated(text: str) -> list[dict]:
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1e6))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def run_block(**known) -> dict:
    tokens = dict.fromkeys(("input", "output", "total", "cached", "cache_write", "reasoning"))
    block = {"tokens": tokens, "cost_usd": None, "skipped": 0, "open_spans": 0}
    block |= known
    block["errors"] = len(block["failed"])
    return block


def total_of(values: list) -> float | int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


# -- design-research-agents --------------------------------------------------------------------------------------------

DRA_KINDS = {"Run": "chain", "AgentRun": "agent", "WorkflowStep": "step", "ModelCall": "llm", "ToolCall": "tool"}
DRA_NAMES = {
    "Run": "agent",
    "AgentRun": "agent",
    "WorkflowStep": "step_id",
    "ModelCall": "model",
    "ToolCall": "tool_name",
}


def dra_role(event_type: str) -> tuple[str, str]:
    for stem in DRA_KINDS:
        for end in ("Started", "Finished", "Failed"):
            if event_type == stem + end:
                return stem, end
    return "", ""


def dra_runs(path: Path, events: list[dict]) -> list[dict]:
    parents, roots = {}, []
    for event in events:
        parents.setdefault(event["span_id"], event["parent_span_id"])
        if event["event_type"] == "RunStarted":
            roots.append(event["span_id"])

    def root_of(span):
        while parents.get(span):
            span = parents[span]
        return span

    return [dra_run(path, [e for e in events if root_of(e["span_id"]) == root], root) for root in roots]


def dra_run(path: Path, events: list[dict], root: str) -> dict:
    started = [e for e in events if dra_role(e["event_type"])[1] == "Started"]
    spans = {e["span_id"]: e for e in started}
    ended = {e["span_id"]: e for e in events if dra_role(e["event_type"])[1] in ("Finished", "Failed")}
    failed = []
    for span, end in ended.items():
        a = end["attributes"]
        bad = end["event_type"].endswith("Failed") or a.get("success") is False or a.get("ok") is False
        if span in spans and (bad or a.get("status") == "failed"):
            stem = dra_role(end["event_type"])[0]
            failed.append(spans[span]["attributes"][DRA_NAMES[stem]])
    usages = [e["attributes"]["usage"] for e in ended.values() if e["event_type"].startswith("ModelCall")]
    with_calls = {e["parent_span_id"] for e in started if e["event_type"] == "ModelCallStarted"}
    observed = defaultdict(lambda: defaultdict(list))
    for e in events:
        if e["event_type"] == "ModelResponseObserved" and e["attributes"].get("usage"):
            observed[e["span_id"]][e["attributes"]["source"]].append(e["attributes"]["usage"])
    for span, sources in observed.items():
        if span not in with_calls:
            usages += max(sources.values(), key=len)
    usages = [usage for usage in usages if usage]
    end = ended.get(root)
    first = spans[root]
    return run_block(
        id=root,
        name=first["run_id"],
        format="design-research-agents",
        paths=[str(path)],
        status=OPEN if end is None else "ok" if end["attributes"]["success"] else "error",
        start=iso(datetime.fromisoformat(first["timestamp"]).timestamp()),
        end=None if end is None else iso(datetime.fromisoformat(end["timestamp"]).timestamp()),
        **({} if end is None else {"duration_ms": end["duration_ms"], "duration_source": "recorded"}),
        spans=len(spans),
        open_spans=len(set(spans) - set(ended)),
        spans_by_kind=dict(Counter(DRA_KINDS[dra_role(e["event_type"])[0]] for e in started)),
        events=len(events),
        events_by_type=dict(Counter(e["event_type"] for e in events)),
        failed=sorted(failed),
        tokens={
            "input": total_of([u["prompt_tokens"] for u in usages]),
            "output": total_of([u["completion_tokens"] for u in usages]),
            "total": total_of([u["total_tokens"] for u in usages]),
            "cached": None,
            "cache_write": None,
            "reasoning": None,
        },
    )


# -- ai-decision-tracer ------------------------------------------------------------------------------------------------


def adt_key(step: dict, unstarted: Counter) -> tuple:
    if step["started_at"] is None:
        unstarted[step["name"]] += 1
        return step["name"], None, unstarted[step["name"]]
    return step["name"], step["started_at"], 0


def adt_log_figure(logs: list[dict], *keys: str) -> float | int | None:
    return total_of([next((log[key] for key in keys if key in log), None) for log in logs])


def adt_run(folder: Path, stem: str, has_receipts: bool, unreadable: list) -> dict:
    lines = folder / f"{stem}.jsonl"
    document = folder / f"{stem}.json"
    steps, counts, unstarted = {}, Counter(), Counter()
    line_steps = [step for _, step in objects_of(lines, unreadable)] if lines.exists() else []
    for step in line_steps:
        counts["step"] += 1
        counts["log"] += len(step["logs"])
        steps[adt_key(step, unstarted)] = step
    told, unstarted, only_here = set(steps), Counter(), set()
    session = json.loads(document.read_text("utf-8")) if document.exists() else {"steps": []}
    for step in session["steps"]:
        key = adt_key(step, unstarted)
        if key not in told and key not in only_here:
            only_here.add(key)
            counts["step"] += 1
            counts["log"] += len(step["logs"])
        steps[key] = step
    figures = [
        {
            "total": adt_log_figure(step["logs"], "total_tokens", "tokens"),
            "input": adt_log_figure(step["logs"], "input_tokens", "prompt_tokens", "tokens_in"),
            "output": adt_log_figure(step["logs"], "output_tokens", "completion_tokens", "tokens_out"),
            "cost": adt_log_figure(step["logs"], "cost_usd"),
        }
        for step in steps.values()
    ]
    for figure in figures:
        if figure["total"] is None and None not in (figure["input"], figure["output"]):
            figure["total"] = figure["input"] + figure["output"]
    failed = sorted(step["name"] for step in steps.values() if step["outcome"] == "error")
    saved = document.exists() or (folder / f"{stem}.md").exists() or has_receipts
    starts = [step["started_at"] for step in steps.values() if step["started_at"] is not None]
    ends = [step["finished_at"] for step in steps.values() if step["finished_at"] is not None]
    logs = [log["_t"] for step in steps.values() for log in step["logs"] if isinstance(log.get("_t"), float)]
    length = (max([*ends, *logs]) - min(starts)) * 1000 if starts and ends else None
    return run_block(
        id=stem,
        name=stem.rsplit("_", 2)[0],
        format="ai-decision-tracer",
        paths=[str(path) for path in (lines, document) if path.exists()],
        status="error" if failed else "ok" if saved else "unknown",
        start=iso(min(starts) if starts else None),
        end=None,
        **({} if length is None else {"duration_ms": length}),
        spans=len(steps),
        spans_by_kind={"step": len(steps)},
        events=sum(counts.values()),
        events_by_type={kind: count for kind, count in counts.items() if count},
        failed=failed,
        tokens={
            **{name: total_of([figure[name] for figure in figures]) for name in ("input", "output", "total")},
            "cached": None,
            "cache_write": None,
            "reasoning": None,
        },
        cost_usd=total_of([figure["cost"] for figure in figures]),
    )


# -- OpenTelemetry -----------------------------------------------------------------------------------------------------

OPENINFERENCE_KINDS = ("llm", "tool", "chain", "agent", "retriever", "embedding", "reranker", "guardrail", "evaluator")
OPENINFERENCE = {name.upper(): name for name in OPENINFERENCE_KINDS}
OPENINFERENCE["PROMPT"] = "chain"
GENAI = {
    "chat": "llm",
    "text_completion": "llm",
    "generate_content": "llm",
    "embeddings": "embedding",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "chain",
    "retrieval": "retriever",
}
TRACELOOP = {"workflow": "chain", "task": "chain", "agent": "agent", "tool": "tool"}


def otel_kind(a: dict) -> str:
    if "openinference.span.kind" in a:
        return OPENINFERENCE.get(a["openinference.span.kind"].upper(), "span")
    if "gen_ai.operation.name" in a:
        return GENAI.get(a["gen_ai.operation.name"], "span")
    if "traceloop.span.kind" in a:
        return TRACELOOP.get(a["traceloop.span.kind"], "span")
    return "llm" if "llm.request.type" in a else "span"


def otlp_value(value: dict):
    for name, held in value.items():
        if name == "intValue":
            return int(held)
        if name == "arrayValue":
            return [otlp_value(item) for item in held.get("values", [])]
        if name == "kvlistValue":
            return {item["key"]: otlp_value(item["value"]) for item in held.get("values", [])}
        return held
    return None


def camel(value):
    """OTLP in snake_case, as some exporters write it, in the spelling of the specification."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = {key: key.split("_")[0] + "".join(part.title() for part in key.split("_")[1:]) for key in value}
    return {names[key]: camel(item) for key, item in value.items()}


def hexadecimal(text: str) -> str:
    return base64.b64decode(text).hex() if text.endswith("=") else text.lower()


def otlp_spans(request: dict) -> list[dict]:
    found = []
    for resource in camel(request)["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                a = {item["key"]: otlp_value(item["value"]) for item in span.get("attributes", [])}
                found.append(
                    {
                        "trace": hexadecimal(span["traceId"]),
                        "id": hexadecimal(span["spanId"]),
                        "parent": span.get("parentSpanId") or None,
                        "name": a.get("logfire.msg") or span["name"],
                        "start": int(span["startTimeUnixNano"]) / 1e9,
                        "end": int(span["endTimeUnixNano"]) / 1e9,
                        "error": span.get("status", {}).get("code") in (2, "STATUS_CODE_ERROR"),
                        "attributes": a,
                        "events": [event["name"] for event in span.get("events", [])],
                    }
                )
    return found


def console_spans(item: dict) -> list[dict]:
    return [
        {
            "trace": item["context"]["trace_id"].removeprefix("0x"),
            "id": item["context"]["span_id"].removeprefix("0x"),
            "parent": item["parent_id"],
            "name": item["name"],
            "start": datetime.fromisoformat(item["start_time"]).timestamp(),
            "end": datetime.fromisoformat(item["end_time"]).timestamp(),
            "error": item["status"]["status_code"] == "ERROR",
            "attributes": item["attributes"],
            "events": [event["name"] for event in item["events"]],
        }
    ]


def first_of(a: dict, *keys: str):
    return next((a[key] for key in keys if key in a), None)


def is_marker(span: dict) -> bool:
    return span["attributes"].get("logfire.span_type") == "pending_span"


def otel_run(trace: str, spans: list[dict], paths: set[str]) -> dict:
    by_id = {span["id"]: span for span in spans if not is_marker(span)}
    calls = [span["attributes"] for span in by_id.values() if otel_kind(span["attributes"]) == "llm"]
    root = next((span for span in by_id.values() if not span["parent"]), None)
    types = Counter(name for span in spans if not is_marker(span) for name in ("span", *span["events"]))
    inputs = [
        first_of(a, "llm.token_count.prompt", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens") for a in calls
    ]
    outputs = [
        first_of(a, "llm.token_count.completion", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
        for a in calls
    ]
    cached = [
        first_of(a, "llm.token_count.prompt_details.cache_read", "gen_ai.usage.cache_read.input_tokens") for a in calls
    ]
    totals = [first_of(a, "llm.token_count.total", "llm.usage.total_tokens") for a in calls]
    totals = [
        total if total is not None else None if i is None and o is None else (i or 0) + (o or 0)
        for total, i, o in zip(totals, inputs, outputs, strict=True)
    ]
    return run_block(
        id=trace,
        name=(root or min(by_id.values(), key=lambda span: span["start"]))["name"],
        format="otlp-json",
        paths=sorted(paths),
        status=OPEN if root is None else "error" if root["error"] else "ok",
        start=iso((root or min(by_id.values(), key=lambda span: span["start"]))["start"]),
        end=None if root is None else iso(root["end"]),
        **({} if root is None else {"duration_ms": (root["end"] - root["start"]) * 1000, "duration_source": "derived"}),
        spans=len(by_id),
        spans_by_kind=dict(Counter(otel_kind(span["attributes"]) for span in by_id.values())),
        events=sum(types.values()),
        events_by_type=dict(types),
        failed=sorted(span["name"] for span in by_id.values() if span["error"]),
        tokens={
            "input": total_of(inputs),
            "output": total_of(outputs),
            "total": total_of(totals),
            "cached": total_of(cached),
            "cache_write": None,
            "reasoning": None,
        },
        cost_usd=total_of([a.get("llm.cost.total") for a in calls]),
    )


# -- folders -----------------------------------------------------------------------------------------------------------


def count(top: Path) -> dict:
    """Runs and unreadable lines of everything under `top` that one of the three producers wrote."""
    runs, unreadable = [], []
    sessions, receipts, claude = set(), set(), []
    traces, trace_paths = defaultdict(list), defaultdict(set)
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        if not path.is_file() or path.suffix not in (".json", ".jsonl"):
            continue
        text = path.read_text("utf-8", "surrogateescape")
        start = text[:4000]
        if is_claude_code(start):
            claude.append((path, [line for _, line in objects_of(path, unreadable)]))
        elif '"event_type"' in start and '"event_index"' in start:
            runs += dra_runs(path, [event for _, event in objects_of(path, unreadable)])
        elif '"receipts"' in text and '"agent_id"' in start:
            values = json.loads(text)
            folder = path.parent.parent if path.parent.name == "receipts" else path.parent
            receipts.add((folder, f"{values['agent_id']}_{values['session_id']}"))
        elif ('"outcome"' in start and '"logs"' in start) or ('"session_id"' in start and '"steps"' in start):
            sessions.add((path.parent, path.stem))
        elif "resourceSpans" in start or "resource_spans" in start or '"parent_id"' in start:
            if path.suffix == ".jsonl":
                items = [item for _, item in objects_of(path, unreadable)]
            else:
                items = [i for value in concatenated(text) for i in (value if isinstance(value, list) else [value])]
            for item in items:
                for span in console_spans(item) if "context" in item else otlp_spans(item):
                    traces[span["trace"]].append(span)
                    trace_paths[span["trace"]].add(str(path))
    runs += [adt_run(folder, stem, (folder, stem) in receipts, unreadable) for folder, stem in sorted(sessions)]
    runs += [otel_run(trace, spans, trace_paths[trace]) for trace, spans in traces.items()]
    runs += claude_runs(claude, run_block, OPEN)
    runs += hillstar_runs(top, objects_of, run_block, OPEN, unreadable)
    runs += ragflow_runs(top, run_block, OPEN)
    runs += ddeutil_runs(top, run_block, OPEN, unreadable)
    return {"runs": runs, "unreadable": [{"path": path, "line": line} for path, line in sorted(unreadable)]}


def differences(expected: dict, said: dict) -> list[str]:
    """Each field in which the two answers differ, as a line of text."""
    found = []
    ours = {run["id"]: run for run in said["runs"]}
    theirs = {run["id"]: run for run in expected["runs"]}
    found += [f"run {id_} is missing" for id_ in theirs.keys() - ours.keys()]
    found += [f"run {id_} is too many" for id_ in ours.keys() - theirs.keys()]
    for id_ in theirs.keys() & ours.keys():
        found += [f"run {id_} {line}" for line in run_differences(theirs[id_], ours[id_])]
    places = sorted((item["path"], item["line"]) for item in said["unreadable"])
    if places != [(item["path"], item["line"]) for item in expected["unreadable"]]:
        found.append(f"unreadable: expected {expected['unreadable']}, said {said['unreadable']}")
    return sorted(found)


def run_differences(expected: dict, said: dict) -> list[str]:
    found = []
    for field, value in expected.items():
        other = said.get(field)
        if field in ("failed",) and isinstance(other, list):
            other = sorted(other)
        elif field in ("spans_by_kind", "events_by_type") and isinstance(other, dict):
            other = {key: number for key, number in other.items() if number}
        elif field == "paths":
            other = sorted(path for path in other or [] if not path.endswith((".md", "_receipts.json")))
            value = sorted(value)
            value = [str(Path(path).resolve()) for path in value]
        elif field == "status" and value == OPEN:
            other = OPEN if other in ("running", "stalled", "unfinished") else other
        elif field == "slowest_ms":
            other = (said["slowest"] or {}).get("duration_ms")
            other = value if None not in (value, other) and abs(value - other) < 0.01 else other
        elif field == "duration_ms" and value is not None and other is not None:
            other = value if abs(value - other) < 0.001 else other  # a microsecond is lost in floating point
        elif field == "cost_usd" and value is not None and other is not None:
            value, other = round(value, 9), round(other, 9)
        if other != value:
            found.append(f"{field}: expected {value!r}, said {other!r}")
    return found


def facts_of(value) -> int:
    """How many facts a value is: entries of objects and lists one by one, and an empty one is a fact too."""
    if isinstance(value, dict):
        return sum(map(facts_of, value.values())) or 1
    return sum(map(facts_of, value)) or 1 if isinstance(value, list) else 1


def facts_compared(expected: dict, said: dict) -> tuple[int, int]:
    """Facts that both answers could say, and those in fields that agree. A run that one of them lacks counts as compared."""
    ours = {run["id"]: run for run in said["runs"]}
    compared = equal = 0
    for run in expected["runs"]:
        different = {line.partition(":")[0] for line in run_differences(run, ours.get(run["id"], {}))}
        compared += facts_of(run)
        equal += sum(facts_of(value) for field, value in run.items() if field not in different)
    return compared, equal


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--compare", action="store_true")
    arguments = parser.parse_args()
    expected = count(arguments.path.absolute())
    if not arguments.compare:
        sys.stdout.write(json.dumps(expected, indent=2) + "\n")
        return 0
    tomorrow = iso(datetime.now(UTC).timestamp() + 86_400)  # nobody is taken to be writing any more
    command = [sys.executable, "-m", "tracetui", "stats", str(arguments.path), "--json", "--as-of", tomorrow]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    found = differences(expected, said)
    compared, equal = facts_compared(expected, said)
    facts = f"{compared} facts compared, {equal} equal"
    sys.stdout.write("\n".join([*found, f"{len(expected['runs'])} runs, {facts}, {len(found)} differences"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

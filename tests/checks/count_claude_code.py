"""Count what sessions of Claude Code hold, from the raw lines alone; used by `count_independently.py`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

FIGURES = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


def is_claude_code(start: str) -> bool:
    """Whether a file's beginning looks like a session, a subagent or the stream."""
    session = '"sessionId"' in start and ('"parentUuid"' in start or '"queue-operation"' in start)
    return session or ('"session_id"' in start and '"subtype"' in start)


def blocks_of(line: dict, kind: str) -> list[dict]:
    content = (line.get("message") or {}).get("content")
    return [block for block in content if block["type"] == kind] if isinstance(content, list) else []


def in_main_thread(line: dict) -> bool:
    return not line.get("isSidechain") and not line.get("parent_tool_use_id")


def prompt_of(lines: list[dict]) -> str:
    """The first thing that a person asked."""
    for line in lines:
        if line["type"] != "user" or not in_main_thread(line) or line.get("isMeta") or line.get("isCompactSummary"):
            continue
        content = line["message"]["content"]
        texts = [content] if isinstance(content, str) else [b["text"] for b in content if b["type"] == "text"]
        for text in texts:
            if not text.startswith("<"):
                return " ".join(text.split())[:200]
    return ""


def folder_of(lines: list[dict]) -> str:
    """The folder that the session worked in."""
    return next((Path(line["cwd"]).name for line in lines if line.get("cwd")), "")


def cost_of(files: list[tuple[Path, list[dict]]], answers: list[dict]) -> float | None:
    """What the last result of each stream says, which includes the results before it; else what old answers' lines say."""
    results = [[line["total_cost_usd"] for line in told if line.get("total_cost_usd") is not None] for _, told in files]
    told = [costs[-1] for costs in results if costs] or [line["costUSD"] for line in answers if "costUSD" in line]
    return sum(told) if told else None


def agents_of(lines: list[dict]) -> int:
    """Subagents: by id, and inline ones (which have none) by their first line; in the stream by the call."""
    named = {line["agentId"] for line in lines if line.get("agentId")}
    inline = [line for line in lines if line.get("isSidechain") and not line.get("agentId")]
    calls = {line["parent_tool_use_id"] for line in lines if line.get("parent_tool_use_id")}
    return len(named) + sum(line["parentUuid"] is None for line in inline) + len(calls)


def outcome_of(lines: list[dict], open_status: str) -> str:
    status = open_status
    for line in lines:
        if line["type"] == "result":
            status = "error" if line["is_error"] else "ok"
        elif line["type"] == "assistant" and in_main_thread(line):
            ended = line["message"]["stop_reason"] in ("end_turn", "stop_sequence")
            status = "error" if line.get("isApiErrorMessage") else "ok" if ended else open_status
    return status


def claude_run(session: str, files: list[tuple[Path, list[dict]]], run_block, open_status: str) -> dict:
    lines, uuids = [], set()
    for _, told in files:
        for line in told:
            if line.get("uuid") not in uuids:
                lines.append(line)
            if "uuid" in line:
                uuids.add(line["uuid"])
    answers = {}
    for line in lines:
        if line["type"] == "assistant":
            answers[line["message"]["id"]] = line
    tools = {b["id"]: b["name"] for line in lines if line["type"] == "assistant" for b in blocks_of(line, "tool_use")}
    results = {b["tool_use_id"]: b for line in lines for b in blocks_of(line, "tool_result")}
    failed = [name for tool, name in tools.items() if results.get(tool, {}).get("is_error")]
    failed += ["API error" for line in answers.values() if line.get("isApiErrorMessage")]
    usages = [line["message"]["usage"] for line in answers.values()]
    fresh, read, written, output = (sum(usage[figure] for usage in usages) for figure in FIGURES)
    kinds = {"llm": len(answers), "tool": len(tools), "agent": agents_of(lines)}
    types = Counter(f"{line['type']}:{line['subtype']}" if line.get("subtype") else line["type"] for line in lines)
    models = {line["message"]["model"] for line in answers.values()} - {"<synthetic>"}
    times = [datetime.fromisoformat(line["timestamp"]) for line in lines if line.get("timestamp")]
    is_told = any(line["type"] == "result" for line in lines)
    length = (max(times) - min(times)).total_seconds() * 1000 if times and not is_told else None
    return run_block(
        **({} if length is None else {"duration_ms": length}),
        id=session,
        name=prompt_of(lines) or folder_of(lines),
        format="claude-code",
        paths=[str(path) for path, _ in files],
        status=outcome_of(lines, open_status),
        start=min((line["timestamp"] for line in lines if line.get("timestamp")), default=None),
        spans=sum(kinds.values()),
        open_spans=len(tools.keys() - results.keys()),
        spans_by_kind={kind: number for kind, number in kinds.items() if number},
        events=len(lines),
        events_by_type=dict(types),
        failed=sorted(failed),
        models=sorted(models),
        cost_usd=cost_of(files, list(answers.values())),
        tokens={
            "input": fresh + read + written,
            "output": output,
            "total": fresh + read + written + output,
            "cached": read,
            "cache_write": written,
            "reasoning": None,
        },
    )


def claude_runs(files: list[tuple[Path, list[dict]]], run_block, open_status: str) -> list[dict]:
    """Runs of all files; the stream of a session counts only where the session itself is not there."""
    sessions, streams = defaultdict(list), defaultdict(list)
    for path, lines in files:
        said = next(line[key] for line in lines for key in ("sessionId", "session_id") if key in line)
        (streams if any("session_id" in line for line in lines) else sessions)[said].append((path, lines))
        for notes in path.parent.glob(f"{path.stem}.meta.json"):
            json.loads(notes.read_text())
            sessions[said].append((notes, []))
    runs = []
    for session in sessions.keys() | streams.keys():
        told = sorted(sessions[session], key=lambda file: len(file[0].parts)) or streams[session]
        runs.append(claude_run(session, told, run_block, open_status))
    return runs

"""Recordings that the journeys are made in: a run of three hours that failed near its end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracetui.core.testing import SECOND

START = 1_795_168_800 * SECOND
"""2026-11-20T10:00:00Z."""
MINUTE = 60 * SECOND
PHRASE = "quota of tenant seventeen"
PROMPT = "Which supplier still has larch boards in stock?"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "agent/pages.py", line 88, in fetch_page\n'
    "    body = await client.get(url, timeout=30)\n"
    "TimeoutError: upstream timed out after 30 s"
)
_STEPS = 90


def write_three_hours(folder: Path, filler: int = 0) -> Path:
    """A run of 90 steps of 2 minutes each; the last but one fails for good. `filler` characters more in each result.

    Three calls of a tool failed: one after 1 s and two after 5 s and more. One result holds `PHRASE`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "overnight.jsonl"
    with path.open("w") as file:
        for number, record in enumerate(_records("x" * filler)):
            file.write(json.dumps({**record, "seq": number}) + "\n")
    return folder


def _records(filler: str) -> Iterator[dict[str, Any]]:
    end = START + _STEPS * 2 * MINUTE
    header = {"tracetui": 1, "type": "header", "run": "5eed" * 8, "name": "overnight", "mono": 0, "pid": 1}
    yield {**header, "process_start": 1, "host": "agents-1", "boot": "b"}
    yield {"type": "span_start", "time": START, "span": "root", "name": "overnight", "kind": "agent"}
    for step in range(_STEPS):
        yield from _step(step, filler)
    failed = {"type": "StepError", "message": "step 88 failed"}
    yield _end("root", "overnight", "agent", START, end, error=failed)
    yield {"type": "run_end", "time": end, "status": "error", "error": failed}


def _step(step: int, filler: str) -> Iterator[dict[str, Any]]:
    begin = START + step * 2 * MINUTE
    breaks = step == _STEPS - 2
    span = {"span": f"step{step}", "parent": "root"}
    yield {"type": "span_start", "time": begin, **span, "name": f"step_{step}", "kind": "step"}
    messages = [{"role": "user", "content": PROMPT if step == _STEPS - 1 else f"What is to be done in step {step}?"}]
    call = {"span": f"llm{step}", "parent": f"step{step}"}
    yield {
        "type": "span_start",
        "time": begin,
        **call,
        "name": "plan",
        "kind": "llm",
        "model": "small-2",
        "input": messages,
    }
    answer = {"role": "assistant", "content": f"Fetch page {step}."}
    yield _end(f"llm{step}", "plan", "llm", begin, begin + 20 * SECOND, f"step{step}", output=answer, model="small-2")
    yield from _tool(step, begin + 30 * SECOND, filler)
    error = {"type": "StepError", "message": f"page {step} could not be read"} if breaks else None
    yield _end(f"step{step}", f"step_{step}", "step", begin, begin + 2 * MINUTE, "root", error=error)


def _tool(step: int, begin: int, filler: str) -> Iterator[dict[str, Any]]:
    span = {"span": f"tool{step}", "parent": f"step{step}"}
    arguments = {"url": f"https://pages.example/{step}"}
    yield {"type": "span_start", "time": begin, **span, "name": "fetch_page", "kind": "tool", "input": arguments}
    seconds = {20: 1, 50: 5, _STEPS - 2: 30}.get(step, 1)
    error = None
    if step in (20, 50):
        error = {"type": "ValueError", "message": f"page {step} is empty"}
    elif step == _STEPS - 2:
        error = {"type": "TimeoutError", "message": "upstream timed out after 30 s", "traceback": TRACEBACK}
    output = None if error else {"text": f"page {step} {PHRASE if step == 61 else ''}", "filler": filler}
    end = begin + seconds * SECOND
    yield _end(f"tool{step}", "fetch_page", "tool", begin, end, f"step{step}", error=error, output=output)


def _end(
    span: str, name: str, kind: str, start: int, end: int, parent: str = "", error: Any = None, **more: Any
) -> dict[str, Any]:
    record = {"type": "span_end", "time": end, "span": span, "name": name, "kind": kind, "start": start}
    record |= {"duration_ns": end - start, "status": "error" if error else "ok"}
    record |= {"parent": parent} if parent else {}
    record |= {"error": error} if error else {}
    return record | {name: value for name, value in more.items() if value is not None}

"""What the tests of the commands share: a way to run one in this process, and recordings made on the spot."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tracetui.cli
from tracetui.core.testing import EPOCH, SECOND

PAYLOADS = (
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x07",
    "\x1b[2J",
    "\x1b[6n",
    "\x1bP$q\x1b\\",
    "\x9b31m",
    "a\rb",
    "\x08\x08",
    "\x07",
    "\u202edrow",
    "\u2028x",
    "\x7f\x85",
)
"""Texts that would do something to a terminal that got them as they are."""


@dataclass
class Answer:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process."""

    def run_(*arguments: str | Path) -> Answer:
        capsys.readouterr()
        code = tracetui.cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run_


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
    """A process that runs a command line."""
    return subprocess.Popen(
        [sys.executable, "-m", "tracetui", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


def recording(
    *, run: str = "aa" * 16, name: str = "agent", start: float = 0.0, failed: bool = False, ended: bool = True
) -> str:
    """A native recording of an agent with a model call and a tool, as text; `start` in seconds after 2026-01-01."""
    begun = EPOCH + round(start * SECOND)
    first, second, third = f"{run[:8]}00000001", f"{run[:8]}00000002", f"{run[:8]}00000003"
    records: list[dict[str, Any]] = [
        {"tracetui": 1, "type": "header", "seq": 0, "run": run, "name": name, "time": begun, "mono": 1, "meta": {}},
        _start(first, None, name, "agent", begun),
        _start(second, first, "plan", "llm", begun + SECOND, model="small"),
        _end(second, first, "plan", "llm", begun + SECOND, 2 * SECOND)
        | {"model": "small", "usage": {"input": 800, "output": 64}, "cost_usd": 0.25},
        _start(third, first, "search", "tool", begun + 3 * SECOND),
    ]
    if failed:
        error = {"type": "TimeoutError", "message": "no answer after 30 s", "traceback": ""}
        records.append(_end(third, first, "search", "tool", begun + 3 * SECOND, SECOND, "error") | {"error": error})
    else:
        records.append(_end(third, first, "search", "tool", begun + 3 * SECOND, SECOND))
    if ended:
        status = "error" if failed else "ok"
        records.append(_end(first, None, name, "agent", begun, 5 * SECOND, status))
        records.append({"type": "run_end", "time": begun + 5 * SECOND, "status": status})
    for number, record in enumerate(records):
        record["seq"] = number
    return "".join(json.dumps(record) + "\n" for record in records)


def _start(span: str, parent: str | None, name: str, kind: str, time: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "span_start",
        "seq": 0,
        "time": time,
        "span": span,
        **({"parent": parent} if parent else {}),
        "name": name,
        "kind": kind,
        **more,
    }


def _end(
    span: str, parent: str | None, name: str, kind: str, begun: int, length: int, status: str = "ok"
) -> dict[str, Any]:
    return {
        "type": "span_end",
        "seq": 0,
        "time": begun + length,
        "span": span,
        **({"parent": parent} if parent else {}),
        "name": name,
        "kind": kind,
        "start": begun,
        "duration_ns": length,
        "status": status,
    }


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """A folder with a run that went well, a later one that failed and a third that has no end."""
    folder = tmp_path / "traces"
    folder.mkdir()
    (folder / "good.jsonl").write_text(recording(run="ab" * 16, name="good"))
    (folder / "bad.jsonl").write_text(recording(run="cd" * 16, name="bad", start=60, failed=True))
    (folder / "cut.jsonl").write_text(recording(run="abcd" * 8, name="cut", start=30, ended=False))
    return folder

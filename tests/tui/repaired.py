"""Recordings that need repair and belong together: a child process, each sort of damage, a parent elsewhere."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tui.helpers import NOON
from tracetui.core.testing import SECOND

BEGIN = NOON - 3_600 * SECOND
PARENT, CHILD, STRAY, ELSEWHERE = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def write_related(folder: Path) -> Path:
    """`nightly_eval` started `worker` in its span `spawn_worker`; the parent of `stray` is not there."""
    _write(folder / "nightly.jsonl", _nightly(), b"{ this is no [red]record\n")
    _write(
        folder / "worker.jsonl", [_header(CHILD, "worker", PARENT, 2), *_span(1, "work", 2, 19, kind="agent"), _end()]
    )
    _write(
        folder / "stray.jsonl", [_header(STRAY, "stray", ELSEWHERE, 7), *_span(1, "work", 3, 9, kind="agent"), _end()]
    )
    return folder


def _nightly() -> list[dict[str, Any]]:
    lost = {"type": "gap", "time": BEGIN + 9 * SECOND, "lost": 4, "reason": "queue full"}
    work, planner = _span(4, "late_tool", 7, 40, 1), _span(1, "planner", 0, 30, kind="agent")
    return [
        _header(PARENT, "nightly_eval"),
        planner[0],
        *_span(2, "spawn_worker", 1, 20, 1),
        *_span(3, "search", 3, 4, 1),
        _span(3, "search", 3, 5, 1)[1],
        _event(6, "checked"),
        work[0],
        *_span(5, "lost_child", 8, 9, 99),
        _span(6, "no_start", 9, 10, 1)[1],
        lost,
        _event(1, "checked"),
        *_span(7, "too_early", -5, 3, 1),
        work[1],
        planner[1],
        _end(),
    ]


def _header(run: str, name: str, parent_run: str = "", parent_span: int = 0) -> dict[str, Any]:
    parent = {"parent_run": parent_run, "parent_span": f"{parent_span:016x}"} if parent_run else {}
    return {"tracetui": 1, "type": "header", "run": run, "name": name, "time": BEGIN, **parent}


def _span(number: int, name: str, start: int, end: int, parent: int = 0, *, kind: str = "tool") -> list[dict[str, Any]]:
    what = {"span": f"{number:016x}", "name": name, "kind": kind} | ({"parent": f"{parent:016x}"} if parent else {})
    times = {"start": BEGIN + start * SECOND, "time": BEGIN + end * SECOND}
    return [
        {"type": "span_start", **what, "time": times["start"]},
        {"type": "span_end", **what, **times, "status": "ok"},
    ]


def _event(second: int, name: str) -> dict[str, Any]:
    return {"type": "event", "time": BEGIN + second * SECOND, "name": name}


def _end() -> dict[str, Any]:
    return {"type": "run_end", "time": BEGIN + 31 * SECOND, "status": "ok"}


def _write(path: Path, records: Sequence[dict[str, Any]], tail: bytes = b"") -> None:
    numbered = ({**record, "seq": number} for number, record in enumerate(records))
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in numbered) + tail)
    os.utime(path, ns=(BEGIN, BEGIN))

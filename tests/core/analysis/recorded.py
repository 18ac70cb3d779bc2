"""Runs as files with arguments, answers and errors, read back and analysed: what the planted cases are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracetui.core.analysis.run_analysis import RunAnalysis, analyse_run
from tracetui.core.loading import Loaded, load
from tracetui.core.run_status import StatusRules
from tracetui.core.summary import Summaries
from tracetui.core.testing import EPOCH, SECOND

NOW = EPOCH + 365 * 24 * 3600 * SECOND
_GIVEN = ("input", "output", "model", "usage", "cost_usd", "error")


class Recording:
    """Writes a native recording span by span; times in seconds after the begin of the run."""

    def __init__(self, name: str = "agent") -> None:
        self._run = f"{abs(hash(name)) % 10**6:032x}"
        self._spans = 0
        self.records: list[dict[str, Any]] = [
            {"tracetui": 1, "type": "header", "run": self._run, "name": name, "time": EPOCH, "mono": 1, "meta": {}}
        ]

    def span(
        self,
        kind: str,
        name: str,
        start: float,
        end: float | None,
        *,
        parent: str | None = None,
        status: str = "ok",
        **given: Any,
    ) -> str:
        """A span, told by its start and, unless it is open, its end; returns its id. ``error`` is a message."""
        self._spans += 1
        key = f"{self._spans:016x}"
        if "error" in given:
            type_, _, message = given["error"].partition(": ")
            given["error"] = {"type": type_, "message": message, "traceback": given.pop("traceback", "")}
            status = "error"
        known = {"span": key, "name": name, "kind": kind, **({"parent": parent} if parent else {})}
        begun = EPOCH + round(start * SECOND)
        first = {name: given[name] for name in ("input", "model") if name in given}
        self.records.append({"type": "span_start", "time": begun, **known, **first})
        if end is not None:
            rest = {name: given[name] for name in _GIVEN if name in given and name != "input"}
            length = round((end - start) * SECOND)
            self.records.append(
                {"type": "span_end", "time": begun + length, **known, "start": begun, "duration_ns": length}
                | {"status": status, **rest}
            )
        return key

    def event(self, cls: str, name: str, at: float, span: str | None = None, **attributes: Any) -> None:
        """An event."""
        record = {"type": "event", "time": EPOCH + round(at * SECOND), "class": cls, "name": name}
        self.records.append(record | ({"span": span} if span else {}) | {"attributes": attributes})

    def ends(self, at: float, status: str = "ok") -> None:
        """The end of the run."""
        self.records.append({"type": "run_end", "time": EPOCH + round(at * SECOND), "status": status})

    def write(self, folder: Path) -> Path:
        """The file, its records in order of time."""
        path = folder / f"{self._run}.1.jsonl"
        ordered = sorted(self.records[1:], key=lambda record: record["time"])
        lines = [json.dumps(record | {"seq": seq}) for seq, record in enumerate([self.records[0], *ordered])]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


def analysed(path: Path, now: int = NOW) -> RunAnalysis:
    """The analysis of the only run of a file."""
    loaded, summaries = opened(path, now)
    return analysis_of(loaded, summaries)


def opened(path: Path, now: int = NOW) -> tuple[Loaded, Summaries]:
    """What was read of a path, and facts of it."""
    loaded = load([str(path)])
    return loaded, Summaries(loaded.store, loaded.reader.sources, lambda: loaded.bodies, now, StatusRules())


def analysis_of(loaded: Loaded, summaries: Summaries, number: int = 0) -> RunAnalysis:
    """The analysis of one of the runs that were read."""
    run = loaded.runs[number]
    return analyse_run(
        loaded.store,
        run,
        loaded.bodies_of(run),
        summaries.costs,
        status=summaries.status(run),
        now_ns=NOW,
    )

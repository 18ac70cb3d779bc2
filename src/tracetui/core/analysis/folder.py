"""Many runs together: how many failed and when, what went wrong across them, and what it all took and cost.

Made of the analyses of the single runs, so that every figure here is the sum of theirs; percentiles are over the
spans of all runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tracetui.core.analysis.by_name import NameStats, by_name
from tracetui.core.analysis.errors import Cause
from tracetui.core.analysis.folder_runs import NamedRuns, OverTime, Piece, RunBrief, by_run_name, over_time, pieces
from tracetui.core.analysis.run_analysis import RunAnalysis
from tracetui.core.analysis.spending import Spender, Spent
from tracetui.core.pricing.cost import Cost
from tracetui.core.store import Run, Store

_BADNESS: Final = {"error": 0, "stalled": 0, "unfinished": 0, "unknown": 1}
"""Of a status; others are worse than none."""


@dataclass(frozen=True, slots=True)
class SharedError:
    """One message in several runs, or in one."""

    text: str
    count: int
    ended_runs: int
    """Runs that failed with it."""
    runs: tuple[RunAnalysis, ...]
    """Those in which it is, the worst first."""
    example: Cause


@dataclass(frozen=True, slots=True)
class FolderAnalysis:
    """What can be said of several runs together."""

    runs: tuple[RunAnalysis, ...]
    """The worst first: those that went wrong, by causes, then by what they cost and how long they took."""
    step_ns: int | None
    pieces: tuple[Piece, ...]
    """Without gaps; empty if no run has a time."""
    drawn: OverTime | None
    """The same as it is drawn: without long empty times."""
    errors: tuple[SharedError, ...]
    run_names: list[NamedRuns]
    """Runs by their names."""
    names: list[NameStats]
    """Spans by theirs."""
    models: list[Spender]
    agents: list[Spender]
    tools: list[Spender]
    spent: Spent


class _Pooled:
    """The spans of several runs, as ``by_name`` wants them."""

    def __init__(self, store: Store, runs: Sequence[RunAnalysis]) -> None:
        self.store = store
        for name in ("rows", "kind", "status", "name", "told", "holder", "took"):
            parts: list[Any] = [getattr(each.spans, name) for each in runs]
            setattr(self, name, np.concatenate(parts))


def analyse_folder(store: Store, runs: Iterable[RunAnalysis], costs: Mapping[int, Cost]) -> FolderAnalysis:
    """Put analyses of single runs together; there must be at least one. ``costs`` has what each run cost, by row."""
    ordered = sorted(runs, key=lambda each: badness(each.status, each.errors.causes, costs[each.run.row].usd, each.run))
    briefs = [
        RunBrief(each.run, each.status, costs[each.run.row], each.spent.total, "tokens.total" in each.spent.partial)
        for each in ordered
    ]
    step, without_gaps = pieces(briefs)
    pooled: Any = _Pooled(store, ordered)
    return FolderAnalysis(
        tuple(ordered),
        step,
        without_gaps,
        over_time(briefs),
        _shared(ordered),
        by_run_name(briefs),
        by_name(pooled, np.concatenate([each.own_ns for each in ordered])),
        _together([model for each in ordered for model in each.models]),
        _together([agent for each in ordered for agent in each.agents]),
        sorted(
            _together([tool for each in ordered for tool in each.tools]), key=lambda each: (-each.failed, -each.time_ns)
        ),
        _sum([each.spent for each in ordered]),
    )


def badness(status: str, causes: int, usd: float | None, run: Run) -> tuple[int, int, float, int, int]:
    """What runs are sorted by, the worst first: causes, then what was spent on it, in money and in time."""
    return (_BADNESS.get(status, 2), -causes, -(usd or 0), -(run.duration()[0] or 0), -(run.start or 0))


def _shared(runs: Sequence[RunAnalysis]) -> tuple[SharedError, ...]:
    found: dict[str, list[tuple[RunAnalysis, Any]]] = {}
    for each in runs:
        for group in each.errors.groups:
            found.setdefault(group.text, []).append((each, group))
    made = [
        SharedError(
            text,
            sum(len(group.causes) for _, group in held),
            sum(bool(group.ended_run) and each.status == "error" for each, group in held),
            tuple(each for each, _ in held),
            held[0][1].causes[0],
        )
        for text, held in found.items()
    ]
    return tuple(sorted(made, key=lambda each: (-len(each.runs), -each.ended_runs, -each.count, each.text)))


def _together(spenders: Sequence[Spender]) -> list[Spender]:
    """Those of one name as one."""
    found: dict[str, list[Spender]] = {}
    for each in spenders:
        found.setdefault(each.name, []).append(each)
    made = [
        Spender(
            name,
            sum(each.spans for each in same),
            sum(each.failed for each in same),
            sum(each.time_ns for each in same),
            _sum([each.spent for each in same]),
            tuple(row for each in same for row in each.rows),
        )
        for name, same in found.items()
    ]
    return sorted(made, key=lambda each: (-(each.spent.cost or 0), -(each.spent.total or 0), -each.time_ns, each.name))


_SUMMED: Final = ("input", "output", "total", "cached", "cache_write", "reasoning", "cost_recorded", "cost_computed")


def _sum(parts: Sequence[Spent]) -> Spent:
    """Sums of what is known; partial where one with calls lacks what another has."""
    figures: dict[str, Any] = {}
    partial = {name for part in parts for name in part.partial}
    for name in _SUMMED:
        known = [value for part in parts if (value := getattr(part, name)) is not None]
        figures[name] = sum(known) if known else None
        if known and not name.startswith("cost") and any(part.calls and getattr(part, name) is None for part in parts):
            partial.add(f"tokens.{name}")
    if any(part.cost is not None for part in parts) and any(part.calls and part.cost is None for part in parts):
        partial.add("cost_usd")
    return Spent(
        calls=sum(part.calls for part in parts),
        cache_base=sum(part.cache_base for part in parts),
        partial=tuple(sorted(partial)),
        **figures,
    )

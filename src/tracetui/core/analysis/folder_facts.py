"""The analysis of several runs as plain values: the ``whole`` of ``tracetui analyze --json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tracetui.core.analysis.facts import AT_MOST, name_facts, spent_facts
from tracetui.core.analysis.folder import analyse_folder
from tracetui.core.analysis.folder_runs import NamedRuns
from tracetui.core.analysis.run_analysis import RunAnalysis
from tracetui.core.analysis.spending import Spender
from tracetui.core.store import Store
from tracetui.core.summary import Facts, Summaries, cost_facts, iso_time, milliseconds, totals

_RUNS: Final = 20


def folder_facts(store: Store, found: Sequence[RunAnalysis], summaries: Summaries) -> Facts:
    """Facts of some runs together; the figures of ``totals`` are those of ``stats``."""
    facts: Facts = {"totals": totals([summaries.full(each.run) for each in found])}
    if not found:
        return (
            facts
            | {"step_ms": None, "pieces": [], "run_names": [], "errors": [], "names": []}
            | {"models": [], "agents": [], "tools": []}
            | {
                "loops": 0,
                "tool_results": {"failed": 0, "of": 0},
                "worst": [],
                "left_out": {},
            }
        )
    about = analyse_folder(store, found, {each.run.row: summaries.cost(each.run) for each in found})
    lists = {
        "errors": about.errors,
        "run_names": about.run_names,
        "names": about.names,
        "models": about.models,
        "agents": about.agents,
        "tools": about.tools,
    }
    ids = summaries.ids
    return facts | {
        "loops": sum(len(each.loops) for each in found),
        "tool_results": {
            "failed": sum(tool.failed for tool in about.tools),
            "of": sum(tool.spans for tool in about.tools),
        },
        "step_ms": milliseconds(about.step_ns),
        "pieces": [
            {
                "start": iso_time(piece.start),
                "runs": piece.runs,
                "failed": piece.failed,
                **cost_facts(piece.cost),
                "partial": ["cost_usd"] if piece.cost.partial else [],
            }
            for piece in about.pieces
        ],
        "run_names": [_named(each, ids) for each in about.run_names[:AT_MOST]],
        "errors": [
            {
                "text": each.text,
                "count": each.count,
                "runs": len(each.runs),
                "ended_runs": each.ended_runs,
                "example": each.example.text,
                "run_ids": [ids[run.run.row] for run in each.runs[:_RUNS]],
            }
            for each in about.errors[:AT_MOST]
        ],
        "names": [name_facts(each) for each in about.names[:AT_MOST]],
        "models": [_spender(each) for each in about.models[:AT_MOST]],
        "agents": [_spender(each) for each in about.agents[:AT_MOST]],
        "tools": [_spender(each) for each in about.tools[:AT_MOST]],
        "worst": [ids[each.run.row] for each in about.runs[:_RUNS]],
        "left_out": {name: len(items) - AT_MOST for name, items in lists.items() if len(items) > AT_MOST},
    }


def _named(each: NamedRuns, ids: Mapping[int, str]) -> Facts:
    partial = ["cost_usd"] if each.cost.partial else []
    return {
        "name": each.name,
        "count": each.runs,
        "failed": each.failed,
        "p50_ms": milliseconds(each.p50_ns),
        "p95_ms": milliseconds(each.p95_ns),
        "total_ms": milliseconds(each.total_ns),
        "tokens_total": each.tokens,
        **cost_facts(each.cost),
        "partial": [*partial, *(["tokens_total"] if each.tokens_partial else [])],
        "run_ids": [ids[row] for row in each.rows[:_RUNS]],
    }


def _spender(each: Spender) -> Facts:
    return {
        "name": each.name,
        "count": each.spans,
        "failed": each.failed,
        "time_ms": milliseconds(each.time_ns),
        **spent_facts(each.spent),
    }

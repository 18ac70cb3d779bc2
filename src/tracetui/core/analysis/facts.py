"""The analysis of runs as plain values, for ``tracetui analyze --json``: times in milliseconds, null for what is not known.

Lists hold ``AT_MOST`` items at most; what was left out of which list is counted in ``left_out``. Spans are told by
the ids that their producers wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.context import ContextGrowth
from tracetui.core.analysis.errors import Cause, ErrorGroup, FirstCause
from tracetui.core.analysis.loops import Repetition
from tracetui.core.analysis.moments import Decision
from tracetui.core.analysis.open_stack import OpenSpan
from tracetui.core.analysis.retries import Retry
from tracetui.core.analysis.run_analysis import RunAnalysis
from tracetui.core.analysis.spending import Spender, Spent
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.summary import Facts, Summaries, iso_time, milliseconds

AT_MOST: Final = 100
"""Items of a list in the JSON."""
_DIGITS: Final = 12
_SPAN_IDS: Final = 20
"""Spans of one item of a list that are named by their ids."""
_Item = TypeVar("_Item")


class RunFacts:
    """Facts of one analysed run.

    Args:
        about: The analysis.
        summaries: Facts of all runs, and the ids that are printed.
        span_id: What a span row is called.
    """

    def __init__(self, about: RunAnalysis, summaries: Summaries, span_id: Callable[[int], str]) -> None:
        self._about = about
        self._summaries = summaries
        self._span_id = span_id
        self._left: dict[str, int] = {}
        self._known: dict[int, str] = {}

    def facts(self) -> Facts:
        """All of it."""
        about = self._about
        failed, every = about.tool_calls
        answer: Facts = {
            "run": self._summaries.brief(about.run),
            "first_cause": None if about.errors.first is None else self._first(about.errors.first),
            "open": self._list("open", about.open_spans, self._open),
            "recommendations": [
                {"rule": each.rule, "text": each.text, "figures": _figures(each.figures), "spans": self._ids(each.rows)}
                for each in about.advice
            ],
            "errors": {
                "causes": about.errors.causes,
                "events": about.errors.events,
                "not_read": about.errors.not_read,
                "over_limit": len(about.errors.over_limit),
                "groups": self._list("errors.groups", about.errors.groups, self._group),
            },
            "tool_results": {"failed": failed, "of": every},
            "time": self._time(),
            "critical_path": self._path(),
            "names": self._list("names", about.names, self._name),
            "bottleneck_ms": milliseconds(about.bottleneck_ns),
            "bottlenecks": self._list("bottlenecks", about.bottlenecks, self._bottleneck),
            "slowest": [
                {**self._span(each.row), "duration_ms": milliseconds(each.ns), "times_p50": _rounded(each.factor)}
                for each in about.slowest[:_SPAN_IDS]
            ],
            "retries": self._list("retries", about.retries, self._retry),
            "repetitions": self._list("repetitions", about.repetitions, self._repetition),
            "tokens": spent_facts(about.spent),
            "models": self._list("models", about.models, self._spender),
            "agents": self._list("agents", about.agents, self._spender),
            "tools": self._list("tools", about.tools, self._spender),
            "context": self._list("context", about.contexts, self._context),
            "decisions": {
                "count": sum(about.decision_types.values()),
                "by_type": dict(sorted(about.decision_types.items())),
                "first": self._list("decisions.first", about.decisions, self._decision),
            },
            "silence": self._silence(),
        }
        answer["left_out"] = self._left
        return answer

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _first(self, first: FirstCause) -> Facts:
        about, cause = self._about, first.cause
        end = None if about.spans.begin < 0 or about.wall_ns is None else about.spans.begin + about.wall_ns
        timed = cause.time != NO_TIME and about.spans.has_times
        return {
            **self._cause(cause),
            "path": about.path_names(cause.row) if cause.row >= 0 else [],
            "start_ms": self._offset(first.start),
            "end_ms": self._offset(cause.time),
            "before_end_ms": milliseconds(end - cause.time) if timed and end is not None else None,
            "frame": first.frame,
            "subject": first.subject,
            "retries": first.retries,
            "before": None if first.before is None else self._span(first.before),
            "beside": [
                {**self._span(each.row), "active_ms": milliseconds(cause.time - each.since)} for each in first.beside
            ],
            "beside_count": first.beside_count,
            "led_to": [self._span(row) for row in first.led_to[:_SPAN_IDS]],
        }

    def _cause(self, cause: Cause) -> Facts:
        return {
            "span_id": None if cause.row < 0 else self._id(cause.row),
            "name": cause.name,
            "kind": None if cause.row < 0 else self._kind(cause.row),
            "is_event": cause.event is not None,
            "time": iso_time(cause.time),
            "said": cause.text,
            "recovered": cause.recovered,
            "ended_run": cause.ended_run,
        }

    def _open(self, each: OpenSpan) -> Facts:
        return {
            **self._span(each.row),
            "level": each.level,
            "innermost": each.innermost,
            "age_ms": milliseconds(each.age_ns),
        }

    def _group(self, group: ErrorGroup) -> Facts:
        times = [cause.time for cause in group.causes if cause.time != NO_TIME]
        led = dict.fromkeys(self._about.name(cause.led_to) for cause in group.causes if cause.led_to is not None)
        return {
            "text": group.text,
            "count": len(group.causes),
            "first": iso_time(min(times, default=None)),
            "last": iso_time(max(times, default=None)),
            "names": group.names,
            "example": group.causes[0].text,
            "recovered": group.recovered,
            "ended_run": group.ended_run,
            "led_to": list(led)[:_SPAN_IDS],
            "spans": self._ids([cause.row for cause in group.causes if cause.row >= 0]),
        }

    def _time(self) -> Facts | None:
        about = self._about
        found = about.attribution
        if found is None:
            return None
        return {
            "wall_ms": milliseconds(found.wall_ns),
            "parts": [
                {
                    "part": part.word,
                    "ms": milliseconds(part.ns),
                    "ns": part.ns,
                    "open_ms": milliseconds(part.open_ns),
                    "share": _rounded(part.ns / found.wall_ns if found.wall_ns else None),
                    "count": part.count,
                }
                for part in found.parts
            ],
            "busy_ms": milliseconds(found.busy_ns),
            "worked_ms": milliseconds(found.worked_ns),
            "parallelism": _rounded(found.parallelism),
            "most_parallel": found.most_parallel,
            "gaps": [
                {
                    "start_ms": self._offset(gap.start),
                    "ms": milliseconds(gap.end - gap.start),
                    "in": None if gap.row is None else self._span(gap.row),
                }
                for gap in found.gaps[:_SPAN_IDS]
            ],
            "spans_outside": found.outside,
        }

    def _path(self) -> Facts | None:
        about, path = self._about, self._about.path
        if path is None:
            return None
        if len(path.rows) > AT_MOST:
            self._left["critical_path.steps"] = len(path.rows) - AT_MOST
        start = about.spans.store.spans.start
        return {
            "spans": path.spans,
            "length_ms": milliseconds(path.length_ns),
            "work_ms": milliseconds(path.work_ns),
            "share": _rounded(path.length_ns / about.wall_ns if about.wall_ns else None),
            "complete": path.complete,
            "steps": [
                {**self._span(step.row), "start_ms": self._offset(start[step.row]), "ms": milliseconds(step.ns)}
                for step in path.longest(AT_MOST)
            ],
        }

    def _name(self, each: NameStats) -> Facts:
        return {
            **name_facts(each),
            "own_ms": milliseconds(each.own_ns),
            "holds_others": each.holds,
            "slowest": None if each.slowest is None else self._id(each.slowest),
        }

    def _bottleneck(self, each: NameStats) -> Facts:
        return {
            "name": each.name,
            "kind": each.kind.name,
            "count": each.count,
            "mean_ms": milliseconds(each.mean_ns),
            "total_ms": milliseconds(each.total_ns),
            "share": _rounded(self._about.share_of(each)),
        }

    def _retry(self, each: Retry) -> Facts:
        return {
            "name": each.name,
            "kind": None if each.kind is None else each.kind.name,
            "attempts": each.attempts,
            "retries": each.retries,
            "events": each.events,
            "lost_ms": milliseconds(each.lost_ns),
            "recovered": each.recovered,
            "same_arguments": each.same_arguments,
            "spans": self._ids(each.rows),
        }

    def _repetition(self, each: Repetition) -> Facts:
        wasted = self._about.wasted(each)
        timed = NO_TIME not in (each.first, each.last)
        return {
            "verdict": each.verdict,
            "why": each.why,
            "names": list(each.names),
            "subject": each.subject,
            "agent": None if each.agent is None else self._span(each.agent),
            "count": each.count,
            "failed": each.failed,
            "first": iso_time(each.first),
            "ms": milliseconds(each.last - each.first) if timed else None,
            "interval_ms": milliseconds(each.interval_ns),
            "wasted_ms": milliseconds(each.wasted_ns),
            "wasted": spent_facts(wasted),
            "spans": self._ids(each.rows),
        }

    def _spender(self, each: Spender) -> Facts:
        return {
            "name": each.name,
            "count": each.spans,
            "failed": each.failed,
            "time_ms": milliseconds(each.time_ns),
            **spent_facts(each.spent),
        }

    def _context(self, each: ContextGrowth) -> Facts:
        return {
            "agent": None if each.agent is None else self._span(each.agent),
            "name": each.name,
            "calls": len(each.rows),
            "first": each.tokens[0],
            "last": each.tokens[-1],
            "largest": each.largest,
            "limit": each.limit,
            "over_limit": len(each.over_limit),
            "compactions": [
                {
                    "span_id": self._id(found.row),
                    "before": found.before,
                    "after": found.after,
                    "recorded": found.recorded,
                }
                for found in each.compactions[:AT_MOST]
            ],
        }

    def _decision(self, each: Decision) -> Facts:
        return {
            "type": each.type,
            "span_id": None if each.row < 0 else self._id(each.row),
            "start_ms": self._offset(each.time),
            "text": each.text,
            "chosen": each.chosen,
            "alternatives": list(each.alternatives),
            "reason": each.reason,
        }

    def _silence(self) -> Facts | None:
        quiet = self._about.silence
        if quiet is None:
            return None
        return {
            "start_ms": self._offset(quiet.start),
            "ms": milliseconds(quiet.end - quiet.start),
            "in": None if quiet.row is None else self._span(quiet.row),
        }

    # -- helpers -------------------------------------------------------------------------------------------------------

    def _list(self, name: str, items: Sequence[_Item], make: Callable[[_Item], Facts]) -> list[Facts]:
        if len(items) > AT_MOST:
            self._left[name] = len(items) - AT_MOST
        return [make(item) for item in items[:AT_MOST]]

    def _id(self, row: int) -> str:
        if row not in self._known:
            self._known[row] = self._span_id(row)
        return self._known[row]

    def _ids(self, rows: Sequence[int]) -> list[str]:
        return [self._id(row) for row in rows[:_SPAN_IDS]]

    def _span(self, row: int) -> Facts:
        return {"span_id": self._id(row), "name": self._about.name(row), "kind": self._kind(row)}

    def _kind(self, row: int) -> str:
        return Kind(self._about.spans.store.spans.kind[row]).name

    def _offset(self, time: int) -> float | None:
        begin = self._about.spans.begin
        return milliseconds(time - begin) if time != NO_TIME and begin >= 0 and self._about.spans.has_times else None


def name_facts(each: NameStats) -> Facts:
    """Figures of a name."""
    return {
        "name": each.name,
        "kind": each.kind.name,
        "count": each.count,
        "finished": each.finished,
        "failed": each.failed,
        "mean_ms": milliseconds(each.mean_ns),
        "p50_ms": milliseconds(each.p50_ns),
        "p95_ms": milliseconds(each.p95_ns),
        "max_ms": milliseconds(each.max_ns),
        "total_ms": milliseconds(each.total_ns),
    }


def spent_facts(spent: Spent) -> Facts:
    """Tokens and cost of some calls, in the words of ``stats``."""
    return {
        "tokens": {
            "input": spent.input,
            "output": spent.output,
            "total": spent.total,
            "cached": spent.cached,
            "cache_write": spent.cache_write,
            "reasoning": spent.reasoning,
        },
        "model_calls": spent.calls,
        "cached_share": _rounded(spent.cache_share),
        "cost_usd": _rounded(spent.cost_recorded),
        "cost_computed_usd": _rounded(spent.cost_computed),
        "partial": list(spent.partial),
    }


def _figures(figures: dict[str, Any]) -> Facts:
    """The numbers of a recommendation, those in ns as ms."""
    answer: Facts = {}
    for name, value in figures.items():
        if name.endswith("ns") and (name == "ns" or name.endswith("_ns")):
            answer[name.removesuffix("ns") + "ms"] = milliseconds(value)
        else:
            answer[name] = _rounded(value) if isinstance(value, float) else value
    return answer


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)

"""What to do about it: rules over the figures of an analysis. Each line of advice carries its rule, its numbers and its spans.

The rules and their limits are in ``RULES`` and in ``docs/analysis.md``; nothing is said that no figure stands
behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tracetui.core.analysis.run_spans import covered
from tracetui.core.analysis.tables import between
from tracetui.core.text import cost as money
from tracetui.core.text import count, duration, share, tokens

if TYPE_CHECKING:
    from tracetui.core.analysis.retries import Retry
    from tracetui.core.analysis.run_analysis import RunAnalysis

SECOND: Final = 1_000_000_000

RETRY_SHARE, RETRY_NS = 0.05, 60 * SECOND
SAME_ERROR_COUNT, SAME_ERROR_SHARE = 3, 0.5
SLOW_TAIL_COUNT, SLOW_TAIL_FACTOR, SLOW_TAIL_NS, SLOW_TAIL_SHARE = 5, 3.0, 5 * SECOND, 0.05
CACHE_CALLS, CACHE_INPUT, CACHE_SHARE = 5, 50_000, 0.2
NEAR_LIMIT, COMPACTED_OFTEN = 0.8, 2
BOTTLENECK_SHARE = 0.4
IDLE_SHARE = 0.1
TOOL_FAILS_COUNT, TOOL_FAILS_SHARE = 3, 0.5
SMALL_INPUT, SMALL_OUTPUT, SMALL_CALLS, DEAR_SHARE, DEAR_FACTOR = 2_000, 300, 5, 0.3, 3.0

RULES: Final[dict[str, str]] = {
    "over-limit": "A model call failed because its prompt was longer than the model takes.",
    "stopped": "The run has no end: spans are still open in its recording.",
    "loop": "The same calls again and again, with the same answers.",
    "same-error": "One message is at least half of 3 or more causes.",
    "tool-fails": "A tool failed in at least half of 3 or more calls.",
    "retries": "Trying again took 5 % of the run, or a minute.",
    "bottleneck": "One name took 40 % of the run, with a mean of at least the bottleneck's duration (5 s).",
    "slow-tail": "Of 5 or more calls, the p95 is 3 times the p50 and 5 s or more, and what is over the p50 is 5 % of the run.",
    "idle": "One stretch in which nothing worked is 10 s or longer and 10 % of the run.",
    "context": "An agent's context was compacted twice or more, or came to 80 % of the limit that a failure names.",
    "cache": "5 or more calls of a model sent 50,000 input tokens or more, and less than 20 % of them came from a cache.",
    "small-calls": "5 or more small calls (input up to 2,000, output up to 300 tokens) are 30 % of the cost, on a model that "
    "is 3 times as dear by token as another one of the same run.",
}
"""Rules by id, the most urgent first: that is the order of the advice."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at."""

    rule: str
    """One of ``RULES``."""
    text: str
    """In words, with its numbers. Holds names from the recording: untrusted."""
    figures: dict[str, Any]
    """The numbers by name; times in ns, cost in US dollars."""
    rows: tuple[int, ...]
    """Spans that it is about."""


def advice(about: RunAnalysis) -> list[Advice]:
    """All that the rules say of a run, in the order of ``RULES``."""
    order = list(RULES)
    return sorted((each for rule in _ALL for each in rule(about)), key=lambda each: order.index(each.rule))


def _of_wall(about: RunAnalysis, ns: int) -> float | None:
    return ns / about.wall_ns if about.wall_ns else None


def _percent(part: float | None) -> str:
    return "" if part is None else f", {share(part)} of the run"


def _over_limit(about: RunAnalysis) -> Iterator[Advice]:
    found = about.errors.over_limit
    if found:
        first = found[0]
        text = f"{first.name}: the prompt was too long for the model, {_times(len(found))}: {first.text}"
        yield Advice("over-limit", text, {"count": len(found)}, tuple(cause.row for cause in found if cause.row >= 0))


def _stopped(about: RunAnalysis) -> Iterator[Advice]:
    if about.status not in ("unfinished", "stalled") or not about.open_spans:
        return
    inner = [each for each in about.open_spans if each.innermost]
    names = ", ".join(dict.fromkeys(about.name(each.row) for each in inner[:3])) + (", …" if len(inner) > 3 else "")
    ages = [each.age_ns for each in inner if each.age_ns is not None]
    since = f", open for {duration(max(ages))}" if ages else ""
    yield Advice(
        "stopped",
        f"no end is recorded; it was last in {names}{since}",
        {"open": len(about.open_spans), "innermost": len(inner), "longest_open_ns": max(ages, default=None)},
        tuple(each.row for each in inner),
    )


def _loops(about: RunAnalysis) -> Iterator[Advice]:
    for each in about.repetitions:
        if each.verdict != "loop":
            continue
        spent = about.wasted(each)
        parts = [duration(each.wasted_ns)] if each.wasted_ns is not None else []
        parts += [f"{tokens(spent.total)} tokens"] if spent.total else []
        parts += [money(spent.cost)] if spent.cost is not None else []
        wasted = f"; the rest cost {', '.join(parts)}{between(each)}" if parts else ""
        names = " → ".join(each.names)
        text = f"{names}: the same arguments {_times(each.count)}{wasted}; keep the first answer, or stop it"
        figures = {"count": each.count, "wasted_ns": each.wasted_ns, "tokens": spent.total, "cost_usd": spent.cost}
        yield Advice("loop", text, figures, each.rows)


def _same_error(about: RunAnalysis) -> Iterator[Advice]:
    total = sum(len(group.causes) for group in about.errors.groups)
    for group in about.errors.groups:
        number = len(group.causes)
        if number >= SAME_ERROR_COUNT and number >= SAME_ERROR_SHARE * total:
            text = f"{number} of {total} errors are one: {group.text}"
            rows = tuple(cause.row for cause in group.causes if cause.row >= 0)
            yield Advice("same-error", text, {"count": number, "of": total}, rows)


def _tool_fails(about: RunAnalysis) -> Iterator[Advice]:
    for tool in about.tools:
        if tool.failed >= TOOL_FAILS_COUNT and tool.failed >= TOOL_FAILS_SHARE * tool.spans:
            text = f"{tool.name}: {tool.failed} of {tool.spans} calls failed"
            yield Advice("tool-fails", text, {"failed": tool.failed, "of": tool.spans}, tool.rows)


def _retried(about: RunAnalysis) -> Iterator[Advice]:
    lost: dict[str, list[Any]] = {}
    for each in outermost(about):
        lost.setdefault(each.name, []).append(each)
    for name, tried in lost.items():
        ns = lost_ns(tried)
        part = _of_wall(about, ns)
        if ns >= RETRY_NS or (part is not None and part >= RETRY_SHARE and ns > 0):
            again = sum(each.retries for each in tried)
            well = sum(each.recovered for each in tried)
            outcome = f"{well} of {len(tried)} went well in the end"
            if well in (0, len(tried)):
                outcome = "it went well in the end" if well else "it never went well"
            text = (
                f"{name}: {again} {'retry' if again == 1 else 'retries'} took {duration(ns)}{_percent(part)}; {outcome}"
            )
            rows = tuple(row for each in tried for row in each.rows)
            yield Advice("retries", text, {"retries": again, "lost_ns": ns, "share": part}, rows)


def _bottleneck(about: RunAnalysis) -> Iterator[Advice]:
    for each in about.bottlenecks:
        part = about.share_of(each)
        if part is not None and part >= BOTTLENECK_SHARE:
            mean = f"{_times(each.count)} {duration(each.mean_ns)} in the mean" if each.count > 1 else "one call"
            text = f"{each.name}: {mean}, {duration(each.total_ns)} in all"
            figures = {"count": each.count, "mean_ns": each.mean_ns, "total_ns": each.total_ns, "share": part}
            yield Advice("bottleneck", text + _percent(part), figures, () if each.slowest is None else (each.slowest,))


def _slow_tail(about: RunAnalysis) -> Iterator[Advice]:
    for each in about.names:
        if each.holds or each.finished < SLOW_TAIL_COUNT or not each.p50_ns or each.p95_ns is None:
            continue
        over = each.total_ns - each.p50_ns * each.finished
        part = _of_wall(about, over)
        if each.p95_ns >= max(SLOW_TAIL_NS, SLOW_TAIL_FACTOR * each.p50_ns) and part and part >= SLOW_TAIL_SHARE:
            text = (
                f"{each.name}: p95 {duration(each.p95_ns)} is {each.p95_ns / each.p50_ns:.1f}× the p50 of "
                f"{duration(each.p50_ns)}; what is over the p50 took {duration(over)}{_percent(part)}"
            )
            figures = {"p50_ns": each.p50_ns, "p95_ns": each.p95_ns, "over_p50_ns": over, "share": part}
            yield Advice("slow-tail", text, figures, () if each.slowest is None else (each.slowest,))


def _idle(about: RunAnalysis) -> Iterator[Advice]:
    if about.attribution is None or not about.spans.placed.any():
        return
    for gap in about.attribution.gaps[:1]:
        part = _of_wall(about, gap.end - gap.start)
        if part is not None and part >= IDLE_SHARE and gap.end - gap.start >= 10 * SECOND:
            where = f" in {about.name(gap.row)}" if gap.row is not None else ""
            text = f"nothing worked for {duration(gap.end - gap.start)}{where}, from {about.offset(gap.start)} on"
            yield Advice(
                "idle",
                text + _percent(part),
                {"ns": gap.end - gap.start, "share": part},
                () if gap.row is None else (gap.row,),
            )


def _context(about: RunAnalysis) -> Iterator[Advice]:
    for each in about.contexts:
        near = each.limit is not None and each.largest >= NEAR_LIMIT * each.limit
        often = len(each.compactions) >= COMPACTED_OFTEN
        if not near and not often:
            continue
        parts = [f"compacted {_times(len(each.compactions))}"] if often else []
        parts += [f"up to {tokens(each.largest)} of {tokens(each.limit)} tokens"] if near else []
        if not near:
            parts.append(f"up to {tokens(each.largest)} tokens a call")
        figures = {"compactions": len(each.compactions), "largest": each.largest, "limit": each.limit}
        rows = tuple(found.row for found in each.compactions) or each.rows[-1:]
        yield Advice("context", f"{each.name}: the context was {', '.join(parts)}", figures, rows)


def _cache(about: RunAnalysis) -> Iterator[Advice]:
    for model in about.models:
        part = model.spent.cache_share
        if part is None or part >= CACHE_SHARE or model.spans < CACHE_CALLS or model.spent.cache_base < CACHE_INPUT:
            continue
        base = model.spent.cache_base
        text = (
            f"{model.name or 'models without a name'}: {share(part)} of {tokens(base)} input tokens came from a cache"
        )
        figures = {"cached": model.spent.cached, "input": base, "share": part, "calls": model.spans}
        yield Advice("cache", text, figures, model.rows)


def _small_calls(about: RunAnalysis) -> Iterator[Advice]:
    total = about.spent.cost
    rates = {model.name: rate for model in about.models if (rate := _rate(model.spent)) is not None}
    if not total or len(rates) < 2:
        return
    for small in about.small_calls:
        cheaper = min((name for name in rates if name != small.model), key=rates.__getitem__, default=None)
        if small.model not in rates or cheaper is None or small.count < SMALL_CALLS:
            continue
        factor = rates[small.model] / rates[cheaper] if rates[cheaper] else None
        if small.cost >= DEAR_SHARE * total and factor is not None and factor >= DEAR_FACTOR:
            text = (
                f"{small.model}: {count(small.count)} small calls cost {money(small.cost)}, {share(small.cost / total)} of "
                f"all; {cheaper} costs 1/{factor:.0f} a token here"
            )
            figures = {"count": small.count, "cost_usd": small.cost, "share": small.cost / total, "factor": factor}
            yield Advice("small-calls", text, figures, small.rows)


def _rate(spent: Any) -> float | None:
    return spent.cost / spent.total if spent.cost and spent.total else None


def outermost(about: RunAnalysis) -> list[Retry]:
    """Retries that are not part of another one: what an attempt lost inside is lost by trying that attempt again."""
    spans, lost = about.spans, {row: each.lost for each in about.retries for row in each.rows}

    def is_inside(each: Retry) -> bool:
        if each.lost is None or not each.rows:
            return False
        above = [lost.get(int(spans.rows[node])) for node in spans.path(spans.node(each.rows[0]))[:-1]]
        return any(outer is not None and outer[0] <= each.lost[0] and each.lost[1] <= outer[1] for outer in above)

    return [each for each in about.retries if not is_inside(each)]


def lost_ns(tried: Sequence[Retry]) -> int:
    """Time that several retries lost, those inside of others not counted twice."""
    lost = [each.lost for each in tried if each.lost is not None]
    return covered(np.asarray([begin for begin, _ in lost]), np.asarray([end for _, end in lost])) if lost else 0


def _times(number: int) -> str:
    return "once" if number == 1 else "twice" if number == 2 else f"{count(number)} times"


_ALL: Final[tuple[Callable[[RunAnalysis], Iterator[Advice]], ...]] = (
    _over_limit,
    _stopped,
    _loops,
    _same_error,
    _tool_fails,
    _retried,
    _bottleneck,
    _slow_tail,
    _idle,
    _context,
    _cache,
    _small_calls,
)

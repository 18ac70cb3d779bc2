"""A tool that is called with the same arguments again and again, and several tools that go round: what that costs.

The calls of one agent are compared, in order of time, by name and by a fingerprint of their arguments. ``AT_LEAST``
equal ones are looked at more closely, once all of them are read:

- **retry**: each of them but the last failed. Trying again after an error is no loop; see ``retries``.
- **polling**: the answers differ (without times and ids in them), or they say that something is still pending, or the
  calls come at regular intervals with nothing of that agent's models between them and mostly waiting.
- **loop**: everything else. A call after an equal one that failed is not counted.

Calls without recorded arguments are never a loop. A **cycle** is two to five different calls that follow each other
in the same order three times or more; it takes the place of the loops of its members.

Wasted is what came after the first call, or the first round: the time of the calls, and of the model call that
asked for each, with tokens and cost of both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tracetui.core.analysis.calls import Calls, answer_fingerprint, fingerprint, is_pending
from tracetui.core.analysis.run_spans import RunSpans, grouped
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import ABSENT, Kind, SpanDetail, Status

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies

AT_LEAST: Final = 3
"""Equal calls, or rounds, from which it may be a loop."""
LONGEST_CYCLE: Final = 5
"""Calls in a round."""
REGULAR: Final = 0.2
"""Intervals count as regular where the longest and the shortest differ by at most this part of their median."""
WAIT_AT_LEAST_NS: Final = 1_000_000_000
"""Polling waits at least so long between two calls."""
WAIT_SHARE: Final = 0.75
"""Polling waits at least this part of the time."""
ANSWERS_READ: Final = 1_000
"""Answers of one group that are compared."""

_TOOLS: Final = [int(kind) for kind in (Kind.tool, Kind.retriever)]
Verdict = Literal["loop", "polling", "retry"]


@dataclass(frozen=True, slots=True)
class Repetition:
    """Equal calls of one agent."""

    verdict: Verdict
    why: str
    """Why it is no loop, in words: ``every 5.0s``; empty for a loop."""
    names: tuple[str, ...]
    """The tool, or the tools of a round in their order. Untrusted."""
    subject: str
    """What the first call was about. Untrusted."""
    agent: int | None
    """Span row of the agent; None: the run's own calls."""
    rows: tuple[int, ...]
    """The calls, in order."""
    count: int
    """How often: calls, or rounds."""
    failed: int
    first: int
    last: int
    """Start of the first and end of the last, ns; NO_TIME if unknown."""
    interval_ns: int | None
    """Median time between the starts of two; None if unknown."""
    wasted_ns: int | None
    wasted: tuple[int, ...]
    """Rows of the spans that were wasted: the repeated calls and the model calls that asked for them."""

    @property
    def with_models(self) -> bool:
        """Whether model calls are among what was wasted."""
        return not set(self.wasted) <= set(self.rows)


def repetitions(spans: RunSpans, bodies: Bodies, calls: Calls) -> list[Repetition]:
    """All equal calls of a run, told apart: loops first, then by what they cost."""
    nodes = _candidates(spans)
    if not len(nodes):
        return []
    prints = calls.arguments(spans.rows[nodes].tolist())
    found = []
    for agent, places in grouped(spans.agent[nodes]):
        found += _Agent(spans, bodies, agent, nodes[places], prints).repetitions()
    order = {"loop": 0, "polling": 1, "retry": 2}
    return sorted(found, key=lambda each: (order[each.verdict], -(each.wasted_ns or 0), -each.count, each.rows))


def _candidates(spans: RunSpans) -> np.ndarray:
    """Tool calls, in order of time, whose agent called a tool of that name ``AT_LEAST`` times."""
    nodes = np.flatnonzero(spans.told & np.isin(spans.kind, _TOOLS))
    if len(nodes) < AT_LEAST:
        return nodes[:0]
    key = (spans.agent[nodes].astype(np.int64) + 1) << 32 | spans.name[nodes].astype(np.int64)
    _, group, count = np.unique(key, return_inverse=True, return_counts=True)
    nodes = nodes[count[group] >= AT_LEAST]
    by_time = spans.start if spans.has_times else spans.rows
    ordered: np.ndarray = nodes[np.lexsort((spans.rows[nodes], by_time[nodes]))]
    return ordered


class _Agent:
    """The calls of one agent."""

    def __init__(
        self, spans: RunSpans, bodies: Bodies, agent: int, nodes: np.ndarray, prints: dict[int, bytes]
    ) -> None:
        self._spans = spans
        self._bodies = bodies
        self._agent = agent
        numbers: dict[tuple[int, bytes], int] = {}
        self._nodes: list[int] = []
        self._calls: list[int] = []
        for node, row, name in zip(nodes.tolist(), spans.rows[nodes].tolist(), spans.name[nodes].tolist(), strict=True):
            print_ = prints.get(row)
            if print_ is not None:
                self._nodes.append(node)
                self._calls.append(numbers.setdefault((name, print_), len(numbers)))
        self._models: np.ndarray | None = None

    def repetitions(self) -> list[Repetition]:
        """What this agent called again and again."""
        found = []
        taken: set[int] = set()
        for begin, end, period in _cycles(self._calls):
            made = self._cycle(self._nodes[begin:end], period)
            if made is not None:
                found.append(made)
                taken.update(range(begin, end))
        groups: dict[int, list[int]] = defaultdict(list)
        for at, call in enumerate(self._calls):
            if at not in taken:
                groups[call].append(self._nodes[at])
        found += [made for group in groups.values() if len(group) >= AT_LEAST and (made := self._group(group))]
        return found

    def _group(self, nodes: list[int]) -> Repetition | None:
        nodes, details = self._checked(nodes)
        if len(nodes) < AT_LEAST:
            return None
        failed = [bool(self._spans.status[node] == Status.error) for node in nodes]
        if all(failed[:-1]):
            return self._made("retry", "each try failed" if failed[-1] else "after errors", nodes, details, 1)
        why = self._answers(details) or self._regular(nodes)
        if why:
            return self._made("polling", why, nodes, details, 1)
        kept = [node for at, node in enumerate(nodes) if not at or not failed[at - 1]]
        return self._made("loop", "", kept, details, 1) if len(kept) >= AT_LEAST else None

    def _cycle(self, nodes: list[int], period: int) -> Repetition | None:
        checked, details = self._checked(nodes, period)
        if len(checked) < len(nodes):
            return None
        whys = [self._answers(details[at::period]) for at in range(period)]
        why = next((why for why in whys if why), "") or self._regular(checked, period)
        return self._made("polling" if why else "loop", why, checked, details, period)

    def _checked(self, nodes: list[int], period: int = 1) -> tuple[list[int], list[SpanDetail | None]]:
        """Those whose arguments, as their format reads them in full, equal the first one's; with what was read."""
        kept: list[int] = []
        details: list[SpanDetail | None] = []
        firsts: list[bytes | None] = []
        for at, node in enumerate(nodes):
            if at >= ANSWERS_READ:
                kept.append(node)
                details.append(None)
                continue
            try:
                detail = self._bodies.span_detail(int(self._spans.rows[node]))
            except ChangedOnDisk:
                continue
            print_ = fingerprint(detail.input)
            if len(firsts) < period:
                firsts.append(print_)
            if print_ is not None and print_ == firsts[at % period]:
                kept.append(node)
                details.append(detail)
        return kept, details

    @staticmethod
    def _answers(details: list[SpanDetail | None]) -> str:
        """Why the answers of equal calls say that it is polling, in words; empty if they do not."""
        outputs = [detail.output for detail in details if detail is not None and detail.output is not ABSENT]
        if len(outputs) < 2:
            return ""
        if sum(map(is_pending, outputs)) * 2 >= len(outputs):
            return "answers say it is pending"
        return "answers differ" if len({answer_fingerprint(output) for output in outputs}) > 1 else ""

    def _regular(self, nodes: list[int], period: int = 1) -> str:
        """``every 5.0s`` where a timer and no model seems to ask for the calls, or for each round of them."""
        from tracetui.core.text import duration

        spans = self._spans
        if not all(spans.placed[node] for node in nodes):
            return ""
        start, end = spans.start[nodes[::period]], spans.end[nodes[period - 1 :: period]]
        step, wait = np.diff(start), start[1:] - end[:-1]
        usual = float(np.median(step))
        waits = int(wait.min()) >= WAIT_AT_LEAST_NS and float(np.median(wait)) >= WAIT_SHARE * usual
        if not waits or step.max() - step.min() > REGULAR * usual or self._asked(nodes):
            return ""
        return f"every {duration(round(usual))}"

    def _asked(self, nodes: list[int]) -> list[int]:
        """The model calls of this agent that asked for the calls after the first: the last to end before each."""
        spans = self._spans
        if self._models is None:
            models = np.flatnonzero(spans.placed & (spans.kind == Kind.llm) & (spans.agent == self._agent))
            self._models = models[np.argsort(spans.end[models], kind="stable")]
        ends, found = spans.end[self._models], []
        for before, node in pairwise(nodes):
            if not spans.placed[node]:
                continue
            at = int(np.searchsorted(ends, spans.start[node], "right")) - 1
            # An answer whose calls lie in it has not ended when they begin.
            above = spans.path(node)[:-1]
            holds = next((each for each in above if spans.kind[each] == Kind.llm), None)
            if holds is not None and spans.start[holds] >= spans.end[before]:
                found.append(holds)
            elif at >= 0 and spans.start[self._models[at]] >= spans.end[before]:
                found.append(int(self._models[at]))
        return list(dict.fromkeys(found))

    def _made(
        self, verdict: Verdict, why: str, nodes: list[int], details: list[SpanDetail | None], period: int
    ) -> Repetition:
        spans = self._spans
        repeated = nodes[period:]
        wasted = sorted({*repeated, *self._asked(nodes[period - 1 :])})
        took = spans.took[repeated]
        starts = spans.start[nodes[::period]]
        known = bool(spans.placed[nodes].all())
        asked = [node for node in wasted if node not in set(repeated)]
        time = int(took.clip(0).sum() + spans.took[asked].clip(0).sum()) if known else None
        first = details[0] if details else None
        return Repetition(
            verdict,
            why,
            tuple(spans.name_of(node) for node in nodes[:period]),
            "" if first is None else first.subject,
            int(spans.rows[self._agent]) if self._agent >= 0 else None,
            tuple(int(spans.rows[node]) for node in nodes),
            len(nodes) // period,
            sum(bool(spans.status[node] == Status.error) for node in nodes),
            int(spans.start[nodes[0]]),
            int(spans.end[nodes[-1]]),
            int(np.median(np.diff(starts))) if known and len(starts) > 1 else None,
            time,
            tuple(int(spans.rows[node]) for node in wasted),
        )


def _cycles(calls: list[int]) -> list[tuple[int, int, int]]:
    """Stretches (begin, end, period) of calls that follow each other in the same order ``AT_LEAST`` times or more."""
    numbers = np.asarray(calls, np.int64)
    found: list[tuple[int, int, int]] = []
    taken = np.zeros(len(numbers), np.bool_)
    for period in range(2, LONGEST_CYCLE + 1):
        if len(numbers) < period * AT_LEAST:
            break
        same = np.concatenate(([False], numbers[period:] == numbers[:-period], [False])).astype(np.int8)
        edge = np.diff(same)
        for first, last in zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True):
            # `first` to `last` + period is periodic; only whole rounds count.
            rounds = (last - first + period) // period
            end = first + rounds * period
            several = len(set(calls[first : first + period])) > 1
            if rounds >= AT_LEAST and several and not taken[first:end].any():
                taken[first:end] = True
                found.append((first, end, period))
    return found

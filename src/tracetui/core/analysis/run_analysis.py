"""One run, looked at from all sides: the objects behind ``tracetui analyze`` and the Summary screen.

Everything carries span rows, so that each line can lead to its spans; texts and JSON are made from it elsewhere
(``blocks.py``, ``facts.py``). Bodies are read only where a figure needs them: texts of causes, arguments of tools
that were called several times, decisions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.analysis.advice import SMALL_INPUT, SMALL_OUTPUT, Advice, advice
from tracetui.core.analysis.attribution import Attribution, attribution
from tracetui.core.analysis.by_name import BOTTLENECK_NS, NameStats, SlowSpan, bottlenecks, by_name, slowest
from tracetui.core.analysis.calls import Calls
from tracetui.core.analysis.context import ContextGrowth, called_once, context_growth
from tracetui.core.analysis.errors import Errors, errors
from tracetui.core.analysis.loops import Repetition, repetitions
from tracetui.core.analysis.moments import Decision, Silence, decisions, silence
from tracetui.core.analysis.open_stack import OpenSpan, open_stack
from tracetui.core.analysis.path_times import PathTimes, path_times
from tracetui.core.analysis.retries import Retry, retries
from tracetui.core.analysis.run_spans import RunSpans, covered, covered_by, grouped, own_times
from tracetui.core.analysis.spending import Spender, Spent, Usages, by_agent, by_model, by_tool
from tracetui.core.model import Kind, Status
from tracetui.core.text import offset

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Run, Store

SLOWEST: Final = 100
"""Slow spans that are kept, if nobody asks for more."""


@dataclass(frozen=True, slots=True)
class SmallCalls:
    """Model calls of little input and output, of one model."""

    model: str
    count: int
    cost: float
    rows: tuple[int, ...]


@dataclass(slots=True)
class RunAnalysis:
    """What can be said of one run. Times are ns, texts untrusted."""

    spans: RunSpans
    status: str
    status_reason: str
    wall_ns: int | None
    """None: the run has no times, and nothing here that needs them."""
    attribution: Attribution | None
    own_ns: np.ndarray
    """Own time of each node of ``spans``."""
    path: PathTimes | None
    names: list[NameStats]
    slowest: list[SlowSpan]
    bottleneck_ns: int
    bottlenecks: list[NameStats]
    errors: Errors
    retries: list[Retry]
    repetitions: list[Repetition]
    """Loops first; ``verdict`` says what is none."""
    contexts: list[ContextGrowth]
    usages: Usages
    spent: Spent
    models: list[Spender]
    agents: list[Spender]
    tools: list[Spender]
    small_calls: list[SmallCalls]
    decisions: list[Decision]
    """The first of them."""
    decision_types: dict[str, int]
    silence: Silence | None
    open_spans: list[OpenSpan]
    """The open stack of a run that has no end."""
    advice: list[Advice] = field(default_factory=list)

    @property
    def run(self) -> Run:
        """The run."""
        return self.spans.run

    @property
    def loops(self) -> list[Repetition]:
        """The repetitions that are loops."""
        return [each for each in self.repetitions if each.verdict == "loop"]

    @property
    def retry_count(self) -> int:
        """Attempts after a first one, by retry events or by what followed what failed."""
        return sum(each.retries for each in self.retries)

    @property
    def tool_calls(self) -> tuple[int, int]:
        """Tool calls that their producer flagged as failed, and all of them."""
        return sum(tool.failed for tool in self.tools), sum(tool.spans for tool in self.tools)

    @property
    def open_tool_calls(self) -> int:
        """Tool calls that have not ended: the times of ``tools`` are without them."""
        spans = self.spans
        return int((spans.told & (spans.kind == Kind.tool) & (spans.status == Status.open)).sum())

    @property
    def called_once(self) -> int:
        """Agents with one model call only, which are not among ``contexts``."""
        return called_once(self.spans, self.usages)

    @property
    def at_work(self) -> int:
        """Finished spans that hold no others: those among which the slowest are looked for."""
        return int(((self.spans.took >= 0) & ~self.spans.holder).sum())

    def name(self, row: int) -> str:
        """Name of a span, untrusted."""
        store = self.spans.store
        return store.strings[store.spans.name[row]]

    def path_names(self, row: int) -> list[str]:
        """Names from the outermost span down to one, untrusted."""
        return [self.spans.name_of(node) for node in self.spans.path(self.spans.node(row))]

    def offset(self, time: int) -> str:
        """A moment as time since the run's begin: ``+3m35s``."""
        begin = self.spans.begin
        return offset(time - begin if time >= 0 and begin >= 0 else None)

    def share_of(self, each: NameStats) -> float | None:
        """Part of the wall clock in which some span of a name was active; None without times."""
        if not self.wall_ns:
            return None
        spans = self.spans
        mine = spans.placed & (spans.name == spans.store.strings.find(each.name)) & (spans.kind == each.kind)
        begin, stop = spans.begin, spans.begin + self.wall_ns
        active = covered(np.clip(spans.start[mine], begin, stop), np.clip(spans.end[mine], begin, stop))
        return active / self.wall_ns

    def shares(self) -> dict[tuple[str, Kind], float]:
        """The same of all names and kinds at once; empty without times."""
        spans = self.spans
        nodes = np.flatnonzero(spans.placed)
        if not self.wall_ns or not len(nodes):
            return {}
        keys, group = np.unique(spans.name[nodes].astype(np.int64) * 16 + spans.kind[nodes], return_inverse=True)
        begin, stop = spans.begin, spans.begin + self.wall_ns
        low, high = np.clip(spans.start[nodes], begin, stop), np.clip(spans.end[nodes], begin, stop)
        active = covered_by(group.astype(np.int32), low, high, len(keys)).tolist()
        strings, wall = spans.store.strings, self.wall_ns
        return {(strings[key >> 4], Kind(key & 15)): ns / wall for key, ns in zip(keys.tolist(), active, strict=True)}

    def wasted(self, each: Repetition) -> Spent:
        """Tokens and cost of what was wasted on a repetition."""
        return self.usages.of_rows(each.wasted)


def analyse_run(
    store: Store,
    run: Run,
    bodies: Bodies,
    costs: Costs,
    *,
    status: tuple[str, str],
    now_ns: int,
    bottleneck_ns: int = BOTTLENECK_NS,
    keep: int = SLOWEST,
    go_on: Callable[[], None] = lambda: None,
) -> RunAnalysis:
    """Look at one run.

    Args:
        store: What has been read.
        run: Which of its runs.
        bodies: Its texts and arguments; a ``RunBodies`` of it where it is large.
        costs: What its calls cost.
        status: Status and reason of the run (``Summaries.status``).
        now_ns: The clock of the answer, ns since the epoch.
        bottleneck_ns: Mean duration from which a name is a bottleneck.
        keep: Slow spans to keep.
        go_on: Asked between the parts; what it raises ends the work.
    """
    spans = RunSpans(store, run)
    own = own_times(spans)
    names = by_name(spans, own)
    go_on()
    wrong = errors(spans, bodies)
    go_on()
    usages = Usages(spans, costs)
    calls = Calls(store, bodies)
    first_decisions, decision_types = decisions(spans, bodies)
    go_on()
    parts, path = attribution(spans), path_times(spans)
    go_on()
    tried, repeated = retries(spans, calls), repetitions(spans, bodies, calls)
    go_on()
    found = RunAnalysis(
        spans,
        *status,
        spans.wall,
        parts,
        own,
        path,
        names,
        slowest(spans, names, keep),
        bottleneck_ns,
        bottlenecks(names, bottleneck_ns),
        wrong,
        tried,
        repeated,
        context_growth(spans, usages, wrong),
        usages,
        usages.spent(),
        by_model(usages),
        by_agent(usages),
        by_tool(usages),
        _small_calls(usages),
        first_decisions,
        decision_types,
        silence(spans),
        open_stack(store, run.row, now_ns) if run.open_count else [],
    )
    found.advice = advice(found)
    return found


def _small_calls(usages: Usages) -> list[SmallCalls]:
    """Calls of little input and output whose cost is known, by model, the most expensive first."""
    (read, has_read), (written, has_written) = usages.column("input"), usages.column("output")
    cost = usages.cost
    small = (
        usages.is_call & has_read & has_written & (read <= SMALL_INPUT) & (written <= SMALL_OUTPUT) & ~np.isnan(cost)
    )
    at = np.flatnonzero(small & (usages.model != 0))
    strings, rows = usages.spans.store.strings, usages.spans.rows
    found = [
        SmallCalls(strings[number], len(mine), float(cost[at[mine]].sum()), tuple(rows[usages.node[at[mine]]].tolist()))
        for number, mine in grouped(usages.model[at])
    ]
    return sorted(found, key=lambda each: -each.cost)


def is_open(status: str) -> bool:
    """Whether a run of a status has no end."""
    return status in ("running", "stalled", "unfinished")

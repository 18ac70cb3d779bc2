"""Tokens and cost by model, agent and tool, and how much of the prompts came from a cache.

Figures are sums of what is known; ``partial`` names those that some call lacks. A call's agent is the nearest agent
above it, its tool the nearest tool; what is in neither is the run's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from tracetui.core.analysis.run_spans import RunSpans, grouped
from tracetui.core.model import Flag, Kind, Status
from tracetui.core.store.shape import Bools, Ints

if TYPE_CHECKING:
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Store

_UNKNOWN: Final = 0xFFFF_FFFF
_BIG: Final = 0xFFFF_FFFE
_FIGURES: Final = ("input", "output", "cached", "cache_write", "reasoning")


@dataclass(frozen=True, slots=True)
class Spent:
    """What some calls came to. None: no call of them has the figure."""

    calls: int = 0
    """Model calls, embeddings and rerankings, that is spans with a figure or a model, and llm spans without."""
    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cost_recorded: float | None = None
    cost_computed: float | None = None
    cache_base: int = 0
    """Input tokens of the calls whose cached tokens are known."""
    partial: tuple[str, ...] = ()

    @property
    def cost(self) -> float | None:
        """US dollars, recorded and computed; None if neither is known."""
        known = [each for each in (self.cost_recorded, self.cost_computed) if each is not None]
        return sum(known) if known else None

    @property
    def cache_share(self) -> float | None:
        """Part of the input that came from a cache, over the calls that record both."""
        return self.cached / self.cache_base if self.cached is not None and self.cache_base else None


@dataclass(frozen=True, slots=True)
class Spender:
    """A model, an agent or a tool."""

    name: str
    """Untrusted; empty for the run itself, or a model that is not named."""
    spans: int
    """Agents or tool calls of that name; of a model its calls."""
    failed: int
    time_ns: int
    """Sum of the durations of its finished spans."""
    spent: Spent
    rows: tuple[int, ...] = field(default=(), repr=False)
    """Of an agent or a tool the failed spans, of a model the most expensive call; where a line leads."""


_ORDERS: Final[WeakKeyDictionary[Any, tuple[int, int, Any, Any]]] = WeakKeyDictionary()
"""By who knows the costs: the usage table of its store in order of spans, as it was at an epoch. Runs are asked one by one."""


def _by_span(costs: Costs, store: Store) -> tuple[Any, Any]:
    known = _ORDERS.get(costs)
    if known is None or known[:2] != (store.epoch, len(store.usage)):
        spans = store.usage.np("span").astype(np.int64)
        order = np.argsort(spans, kind="stable")
        known = _ORDERS[costs] = store.epoch, len(store.usage), order, spans[order]
    return known[2], known[3]


class Usages:
    """Tokens and costs of the spans of one run, as columns over those that have any."""

    def __init__(self, spans: RunSpans, costs: Costs) -> None:
        store = spans.store
        table, run_rows = store.usage, spans.rows
        order, ordered = _by_span(costs, store)
        low, high = np.searchsorted(ordered, (run_rows[0], run_rows[-1] + 1)) if len(run_rows) else (0, 0)
        at = order[low:high]
        rows = ordered[low:high]
        node = np.minimum(np.searchsorted(run_rows, rows), max(0, len(run_rows) - 1))
        mine = run_rows[node] == rows
        mine &= (store.spans.np("flags")[rows] & Flag.has_usage) > 0
        at, rows, node = at[mine].astype(np.int32), rows[mine], node[mine]
        self.spans = spans
        self.node: Ints = node.astype(np.int32)
        self.model: Any = table.np("model")[at]
        self._columns: dict[str, tuple[Any, Bools]] = {}
        for name in _FIGURES:
            self._columns[name] = self._figure(name, at)
        total, has_total = self._figure("total", at)
        both = self._columns["input"][1] & self._columns["output"][1]
        summed = self._columns["input"][0] + self._columns["output"][0]
        self._columns["total"] = np.where(has_total, total, summed), has_total | both
        priced, recorded, computed = costs.priced()
        place = np.searchsorted(priced, rows)
        known = place < len(priced)
        known[known] = priced[place[known]] == rows[known]
        self._recorded, self._computed = np.full(len(at), np.nan), np.full(len(at), np.nan)
        self._recorded[known], self._computed[known] = recorded[place[known]], computed[place[known]]
        halves = np.zeros(len(at), np.bool_)
        halves[known] = costs.partial()[place[known]]
        self._halves: Bools = halves
        self.is_call: Bools = spans.kind[self.node] == Kind.llm
        with_row = np.zeros(len(spans), np.bool_)
        with_row[self.node] = True
        self._bare = np.flatnonzero(spans.told & (spans.kind == Kind.llm) & ~with_row)
        """Model calls of which neither a figure nor the model is recorded."""

    def _figure(self, name: str, at: Ints) -> tuple[Any, Bools]:
        table = self.spans.store.usage
        column = table.np(name)[at].astype(np.int64)
        known = column != _UNKNOWN
        for place in np.flatnonzero(column == _BIG).tolist():
            column[place] = min(getattr(table.get(int(at[place])), name) or 0, 1 << 60)
        return np.where(known, column, 0), known

    def column(self, name: str) -> tuple[Any, Bools]:
        """One figure of each, and where it is known."""
        return self._columns[name]

    @property
    def cost(self) -> Any:
        """Cost of each, recorded or computed; NaN where unknown."""
        return np.where(np.isnan(self._recorded), self._computed, self._recorded)

    def spent(self, chosen: Bools | None = None, bare: int | None = None) -> Spent:
        """Sums over some of them; ``bare`` model calls without any figure are among them (default: all of the run)."""
        some = np.arange(len(self.node)) if chosen is None else np.flatnonzero(chosen)
        bare = len(self._bare) if bare is None else bare
        sums = self._sums(np.zeros(len(some), np.int64), some, np.full(1, bare), 1)
        return sums[0]

    def of_rows(self, rows: tuple[int, ...]) -> Spent:
        """Sums over some span rows."""
        nodes = np.searchsorted(self.spans.rows, np.asarray(rows, np.int64))
        return self.spent(np.isin(self.node, nodes), int(np.isin(self._bare, nodes).sum()))

    def by(self, group: Any, bare_group: Any) -> dict[int, Spent]:
        """Sums by a number of each; ``bare_group`` is that of the model calls without any figure."""
        numbers, inverse = np.unique(np.concatenate((group, bare_group)), return_inverse=True)
        bare = np.bincount(inverse[len(group) :], minlength=len(numbers))
        sums = self._sums(inverse[: len(group)], np.arange(len(group)), bare, len(numbers))
        return dict(zip(numbers.tolist(), sums, strict=True))

    def _sums(self, group: Any, some: Any, bare: Any, count: int) -> list[Spent]:
        """Sums of the places ``some`` by group number; ``bare`` counts calls without figures in each group."""
        is_call = self.is_call[some]
        calls = np.bincount(group, minlength=count) + bare
        llm = np.bincount(group[is_call], minlength=count) + bare
        sums: dict[str, list[Any]] = {}
        lacking: list[tuple[str, Any]] = []
        columns = {name: (values[some], known[some]) for name, (values, known) in self._columns.items()}
        for name, (values, known) in columns.items():
            total = np.zeros(count, np.int64)
            np.add.at(total, group[known], values[known])
            sums[name] = _or_none(total, np.bincount(group[known], minlength=count))
            lacking.append((f"tokens.{name}", _lacking(group, known, is_call, llm, count)))
        for name, values in (("cost_recorded", self._recorded[some]), ("cost_computed", self._computed[some])):
            known = ~np.isnan(values)
            total = np.bincount(group[known], weights=values[known], minlength=count)
            sums[name] = _or_none(total, np.bincount(group[known], minlength=count))
        halves = np.bincount(group[self._halves[some]], minlength=count) > 0
        lacking.append(("cost_usd", halves | _lacking(group, ~np.isnan(self.cost[some]), is_call, llm, count)))
        both = columns["cached"][1] & columns["input"][1]
        base = np.zeros(count, np.int64)
        np.add.at(base, group[both], columns["input"][0][both])
        return [
            Spent(
                calls=int(calls[at]),
                cache_base=int(base[at]),
                partial=tuple(sorted(name for name, lacks in lacking if lacks[at])),
                **{name: values[at] for name, values in sums.items()},
            )
            for at in range(count)
        ]

    @property
    def bare(self) -> Any:
        """Nodes of the model calls of which nothing is recorded."""
        return self._bare


def _or_none(sums: Any, counts: Any) -> list[Any]:
    return [each if count else None for each, count in zip(sums.tolist(), counts.tolist(), strict=True)]


def _lacking(group: Any, known: Bools, is_call: Bools, calls: Any, count: int) -> Any:
    """Groups in which some have a figure and some model call has not."""
    has = np.bincount(group[known], minlength=count) > 0
    return has & (np.bincount(group[known & is_call], minlength=count) < calls)


def by_model(usages: Usages) -> list[Spender]:
    """Models by what they cost, then by tokens. A call that names no model is under the empty name."""
    spans = usages.spans
    told = (usages.model != 0) | usages.is_call | ~np.isnan(usages.cost)
    for name in (*_FIGURES, "total"):
        told = told | usages.column(name)[1]
    at = np.flatnonzero(told)
    sums = usages.by(np.where(told, usages.model.astype(np.int64), -1), np.zeros(len(usages.bare), np.int64))
    places = dict(grouped(usages.model[at].astype(np.int64)))
    cost = usages.cost
    found = []
    for number in dict.fromkeys([*places, *([0] if len(usages.bare) else [])]):
        here = at[places[number]] if number in places else at[:0]
        nodes = usages.node[here]
        if not number:
            nodes = np.concatenate((nodes, usages.bare))
        known = here[~np.isnan(cost[here])]
        dearest = (int(spans.rows[usages.node[known[np.argmax(cost[known])]]]),) if len(known) else ()
        found.append(
            Spender(
                spans.store.strings[number],
                len(nodes),
                int((spans.status[nodes] == Status.error).sum()),
                int(spans.took[nodes].clip(0).sum()),
                sums[number],
                dearest,
            )
        )
    return sorted(found, key=_most)


def other_callers(usages: Usages) -> dict[Kind, int]:
    """Spans that name a model though they are no model call, embedding or reranking by their kind; how many of each."""
    kinds = usages.spans.kind[usages.node[usages.model != 0]]
    counts = np.bincount(kinds, minlength=max(Kind) + 1)
    called = (Kind.llm, Kind.embedding, Kind.reranker)
    return {kind: int(counts[kind]) for kind in Kind if counts[kind] and kind not in called}


def by_agent(usages: Usages) -> list[Spender]:
    """Agents by name; the empty name is what no agent called."""
    spans = usages.spans
    return _by_holder(usages, spans.agent, spans.told & (spans.kind == Kind.agent))


def by_tool(usages: Usages) -> list[Spender]:
    """Tools by name, with what was spent in them; those that failed most come first."""
    spans = usages.spans
    tools = spans.told & (spans.kind == Kind.tool)
    holder = np.where(tools, np.arange(len(spans), dtype=np.int32), spans.nearest(tools))
    found = [each for each in _by_holder(usages, holder, tools) if each.spans]
    return sorted(found, key=lambda each: (-each.failed, -each.time_ns, -each.spans, each.name))


def _by_holder(usages: Usages, holder: Ints, wanted: Bools) -> list[Spender]:
    spans = usages.spans
    names = np.append(spans.name.astype(np.int64), np.int64(-1))
    sums = usages.by(names[holder[usages.node]], names[holder[usages.bare]])
    nodes = np.flatnonzero(wanted)
    places = dict(grouped(spans.name[nodes].astype(np.int64)))
    found = []
    for number in dict.fromkeys([*sums, *places]):
        mine = nodes[places[number]] if number in places else nodes[:0]
        failed = mine[spans.status[mine] == Status.error]
        found.append(
            Spender(
                spans.store.strings[number] if number >= 0 else "",
                len(mine),
                len(failed),
                int(spans.took[mine].clip(0).sum()),
                sums.get(number, Spent()),
                tuple(spans.rows[failed].tolist()),
            )
        )
    return sorted(found, key=_most)


def _most(each: Spender) -> tuple[float, int, str]:
    return -(each.spent.cost or 0), -(each.spent.total or each.spent.input or 0), each.name

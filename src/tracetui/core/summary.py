"""Run facts as plain values, for the JSON and the text of ``list`` and ``stats``: figures as recorded, null where unknown.

What each figure means stands in ``docs/commands.md`` and the JSON Schemas; the values are exactly those that are printed.
"""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.model import KIND_WORDS, NO_TIME, Flag, Kind, RunStatus, Usage
from tracetui.core.pricing.cost import Cost, lacks_calls, recorded_cost
from tracetui.core.relations import Relations
from tracetui.core.repairs import Repairs
from tracetui.core.run_names import printed_ids
from tracetui.core.store import Run, Store, run_salt
from tracetui.core.store.usage import TOKENS

if TYPE_CHECKING:
    from tracetui.core.analysis.slow import SlowSpans
    from tracetui.core.bodies import Bodies
    from tracetui.core.pricing import Costs, Prices
    from tracetui.core.run_status import StatusRules
    from tracetui.core.sources._base import Source

Facts = dict[str, Any]
"""A JSON object that is being made."""

_MS: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ROW: Final = -1
_DROPPED: Final = int(Flag.dropped)
_FEW: Final = (
    64  # failed spans for which a plain loop is faster than a dozen numpy calls; a folder may have 10,000 runs
)
_COUNTED: Final = int(Flag.announced)
_ORDER: Final = (
    *("id", "name", "format", "paths", "path_bytes", "status", "status_reason"),
    *("start", "end", "duration_ms", "duration_source", "clock"),
    *("spans", "open_spans", "spans_by_kind", "events", "events_by_type"),
    *("errors", "failed", "causes", "skipped", "retries"),
    *("tokens", "models", "cost_usd", "cost_computed_usd", "cost_source", "cost_prices", "partial"),
    *("slowest", "notes", "repairs", "links"),
)
"""The keys of a run's facts as they are printed."""
_COST_DIGITS: Final = 12  # sums of binary floats: 0.1 + 0.2 is 0.3
_BIG_FIGURE: Final = 0xFFFF_FFFE
_NO_FIGURE: Final = 0xFFFF_FFFE  # what the usage table keeps for unknown, and for too large, is this or more
_ADDED: Final = ("spans", "open_spans", "events", "errors", "skipped", "retries")
_ADDED_BY_NAME: Final = ("spans_by_kind", "events_by_type")


def iso_time(ns: int | None) -> str | None:
    """A moment, ns since the epoch, as ISO 8601 in UTC with milliseconds; None stays None."""
    if ns is None or ns < 0:
        return None
    moment = _EPOCH + timedelta(milliseconds=ns // _MS)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1_000:03}Z"


def milliseconds(ns: int | None) -> float | None:
    """Nanoseconds as milliseconds; None stays None."""
    return None if ns is None else ns / _MS


def path_facts(path: str) -> Facts:
    """``path`` as text, and as base64 of its bytes where the text had to escape some of them."""
    data = os.fsencode(path)
    text = data.decode("utf-8", "backslashreplace")
    facts: Facts = {"path": text}
    if text.encode() != data:
        facts["path_bytes"] = base64.b64encode(data).decode()
    return facts


def cost_facts(cost: Cost) -> Facts:
    """A cost as JSON has it: recorded and computed apart, US dollars, and the word for where they come from."""
    return {
        "cost_usd": _dollars(cost.recorded),
        "cost_computed_usd": _dollars(cost.computed),
        "cost_source": cost.source,
    }


def _dollars(usd: float | None) -> float | None:
    return None if usd is None else round(usd, _COST_DIGITS)


class Summaries:
    """Facts of the runs of one store as they are now.

    Args:
        store: What has been read.
        sources: The reader's sources by id.
        bodies: For the ids of spans as written, or what makes them when they are needed; None: the store's numbers stand in.
        now_ns: The clock of the answer, ns since the epoch.
        rules: When a run is stalled or dead.
        prices: What calls without a recorded cost are computed with; None: the library's prices.
        costs: What is known of costs already; None: they are worked out when they are asked for.
    """

    def __init__(
        self,
        store: Store,
        sources: Mapping[int, Source],
        bodies: Bodies | Callable[[], Bodies] | None,
        now_ns: int,
        rules: StatusRules,
        prices: Prices | None = None,
        costs: Costs | None = None,
    ) -> None:
        self._store = store
        self._sources = sources
        self._bodies = bodies
        self._now_ns = now_ns
        self._rules = rules
        self.ids = printed_ids(store.live_runs())
        """Run row to the id that is printed."""
        self.repairs = Repairs(store)
        """What was found while the runs were read."""
        self.relations = Relations(store)
        """Which of them belong together."""
        self._totals: dict[int, tuple[int, int]] | None = None
        self._statuses: dict[int, tuple[str, str]] = {}
        self._slow: SlowSpans | None = None
        self._prices = prices
        self._costs = costs

    @property
    def costs(self) -> Costs:
        """What spans and runs cost."""
        if self._costs is None:
            from tracetui.core.pricing import Costs

            self._costs = Costs(self._store, self._prices)
        return self._costs

    def status(self, run: Run) -> tuple[str, str]:
        """Status and reason of a run."""
        known = self._statuses.get(run.row)
        if known is None:
            from tracetui.core.run_status import run_status

            result = run_status(run, self._now_ns, self._rules)
            if result.status is RunStatus.stalled:
                # Only now is it worth measuring how long the open step usually takes.
                result = run_status(run, self._now_ns, self._rules, self._open_p95(run))
            known = self._statuses[run.row] = result.status.value, result.reason
        return known

    def _open_p95(self, run: Run) -> int | None:
        if self._slow is None:
            from tracetui.core.analysis.slow import SlowSpans

            self._slow = SlowSpans(self._store)
        return self._slow.open_p95(run.row)

    def is_failed(self, run: Run) -> bool:
        """Whether the run's status is ``error``."""
        return self.status(run)[0] == "error"

    def brief(self, run: Run) -> Facts:
        """What ``list`` says of a run."""
        status, reason = self.status(run)
        length, source = run.duration()
        causes = self.causes(run)
        tokens, partial = self.tokens(run)
        cost = self.cost(run)
        return {
            "id": self.ids[run.row],
            "name": run.name,
            "format": run.format,
            **self._paths(run),
            "status": status,
            "status_reason": reason,
            "start": iso_time(run.start),
            "end": iso_time(run.recorded_end),
            "duration_ms": milliseconds(length),
            "duration_source": None if length is None else source,
            "clock": run.clock.value,
            "spans": run.span_count,
            "open_spans": run.open_count,
            "events": run.record_count,
            "errors": run.error_count,
            "causes": causes,
            "skipped": run.skipped_count,
            "retries": run.retry_count,
            "tokens": tokens,
            "models": sorted(run.models),
            **cost_facts(cost),
            "cost_prices": cost.origin or None,
            "partial": [*partial, "cost_usd"] if cost.partial else partial,
            "notes": self.repairs.notes(run),
        }

    def full(self, run: Run) -> Facts:
        """What ``stats`` says of a run."""
        strings = self._store.strings
        types = sorted((strings[number], count) for number, count in run.type_counts.items() if count)
        kinds = zip(KIND_WORDS, run.kind_counts, strict=True)
        facts = self.brief(run) | {
            "spans_by_kind": {word: count for word, count in kinds if count},
            "events_by_type": dict(types),
            "failed": self._names(self._store.failed_rows(run.row) if run.error_count else []),
            "slowest": self.slowest(run),
            "repairs": [
                {"what": found.what, "count": found.count or None, "details": list(found.details)}
                for found in self.repairs.of(run)
            ],
            "links": self.links(run),
        }
        return {name: facts[name] for name in _ORDER if name in facts}

    def links(self, run: Run) -> list[Facts]:
        """A run's relations to others, seen from it."""
        return [
            {
                "kind": relation.kind,
                "run": relation.other if relation.run is None else self.ids[relation.run],
                "span": relation.span,
                "here": relation.run is not None,
            }
            for relation in self.relations.of(run)
        ]

    def causes(self, run: Run) -> list[str]:
        """Names of the failed spans without a failed child, in time order."""
        if not run.error_count:
            return []
        return self._names(self._cause_rows(run))

    def _cause_rows(self, run: Run) -> list[int]:
        kept = self._store.kept
        return quick_causes(self._store, run) if kept is None else kept.causes.get(run.row, [])

    def tokens(self, run: Run) -> tuple[Facts, list[str]]:
        """Sums of the run's tokens, and those that some of its model calls lack, as ``tokens.input``."""
        usage = run.usage
        facts: Facts = {name: getattr(usage, name) for name in TOKENS}
        known = {name: count for name, count in run.known.items() if count}
        if any(name in known for name in TOKENS):
            facts["total"], known["total"] = self._total(run)
        calls = run.kind_counts[Kind.llm]
        lacking = {name for name, count in known.items() if 0 < count < calls}
        return facts, [f"tokens.{name}" for name in TOKENS if name in lacking]

    def cost(self, run: Run) -> Cost:
        """What a run cost."""
        kept, recorded = self._store.kept, recorded_cost(run)
        if not len(self._store.usage):
            return Cost(recorded)  # of the run as a whole
        known, wants_prices = (0, True) if kept is None else kept.costs.get(run.row, (0, False))
        if wants_prices:
            return self.costs.of_run(run)
        return Cost(recorded, partial=recorded is not None and lacks_calls(run, known))

    def _total(self, run: Run) -> tuple[int | None, int]:
        """The run's tokens in total, each call's as recorded, else its input and output; and of how many calls it is known."""
        if self._totals is None:
            kept = self._store.kept
            self._totals = token_totals(self._store) if kept is None else kept.totals
        total, count = self._totals.get(run.row, (0, 0))
        return (total if count else None), count

    def slowest(self, run: Run) -> Facts | None:
        """The longest finished span without child spans; None if there is none with times."""
        row = longest_leaf(self._store, run)
        if row is None:
            return None
        spans = self._store.spans
        return {
            "name": self._store.strings[spans.name[row]],
            "span_id": self.span_id(row),
            "duration_ms": milliseconds(spans.end[row] - spans.start[row]),
        }

    def span_id(self, row: int) -> str:
        """A span's id as written; the store's number for it, in hexadecimal, where that cannot be read."""
        bodies = self._bodies() if callable(self._bodies) else self._bodies
        return span_id(self._store, bodies, row)

    def unreadable(self) -> list[Facts]:
        """Bytes that a format claimed and could not read."""
        bad, strings = self._store.bad, self._store.strings
        return [
            {
                **path_facts(self._sources[bad.source[row]].path),
                "line": bad.line[row] or None,
                "offset": bad.offset[row],
                "reason": strings[bad.reason[row]],
            }
            for row in self._store.unreadable()
        ]

    def _names(self, rows: Iterable[int]) -> list[str]:
        return [self._store.strings[self._store.spans.name[row]] for row in rows]

    def _paths(self, run: Run) -> Facts:
        paths = sorted(self._sources[source].path for source in run.sources)
        facts = [path_facts(path) for path in paths]
        answer: Facts = {"paths": [fact["path"] for fact in facts]}
        if any("path_bytes" in fact for fact in facts):
            answer["path_bytes"] = [fact.get("path_bytes") for fact in facts]
        return answer


def span_id(store: Store, bodies: Bodies | None, row: int) -> str:
    """A span's id as its producer wrote it; the store's number for it, in hexadecimal, where that cannot be read."""
    from tracetui.core.errors import ChangedOnDisk

    if bodies is not None:
        try:
            written = bodies.span_detail(row).id
        except ChangedOnDisk:
            written = ""
        if written:
            return written
    return f"{store.spans.key[row] ^ run_salt(store.spans.run[row]):016x}"


def longest_leaf(store: Store, run: Run) -> int | None:
    """Row of the longest finished span of a run that is no other span's parent; the first of several; None without any."""
    if not run.span_count:
        return None
    import numpy as np

    low, high = run.first_row, run.last_row + 1
    spans = store.spans
    mine = ((spans.np("flags", low, high) & _COUNTED) > 0) & (spans.np("run", low, high) == run.row)
    start, end, parent = (spans.np(name, low, high) for name in ("start", "end", "parent"))
    leaf = np.ones(high - low, bool)
    leaf[parent[mine & (parent >= low)] - low] = False
    timed = mine & leaf & (start != NO_TIME) & (end != NO_TIME) & (end >= start)
    if not timed.any():
        return None
    return low + int(np.argmax(np.where(timed, end - start, -1)))


def quick_causes(store: Store, run: Run) -> list[int]:
    """The failed spans of a run without a failed child; the few of most runs by a plain loop."""
    failed = store.failed_rows(run.row)
    parent_of, flags = store.spans.parent, store.spans.flags
    parents = {parent_of[row] for row in failed} - {_NO_ROW}
    if len(failed) <= _FEW and not any(flags[parent] & _DROPPED for parent in parents):
        return [row for row in failed if row not in parents]
    from tracetui.core.store.rollups import cause_rows

    return cause_rows(store, run.row)


def token_totals(store: Store) -> dict[int, tuple[int, int]]:
    """Run row to its total of tokens and the number of spans where it is known; all runs at once."""
    table = store.usage
    if not len(table):
        return {}
    import numpy as np

    spans, given, into, out = (table.np(name) for name in ("span", "total", "input", "output"))
    known = (given < _NO_FIGURE) | ((into < _NO_FIGURE) & (out < _NO_FIGURE))
    big = (given == _BIG_FIGURE) | (into == _BIG_FIGURE) | (out == _BIG_FIGURE)
    each = np.where(given < _NO_FIGURE, given, into.astype(np.uint64) + out)
    run_of = store.spans.np("run")[spans]
    runs = len(store.runs)
    # As floats, which hold every whole number up to 2^53 exactly.
    sums = np.bincount(run_of[known & ~big], weights=each[known & ~big], minlength=runs)
    counts = np.bincount(run_of[known & ~big], minlength=runs)
    totals = {row: (int(sums[row]), int(counts[row])) for row in np.flatnonzero(counts).tolist()}
    for at in np.flatnonzero(big).tolist():
        figure = _total_of(table.get(at))
        if figure is not None:
            total, count = totals.get(int(run_of[at]), (0, 0))
            totals[int(run_of[at])] = (total + figure, count + 1)
    return totals


def _total_of(usage: Usage) -> int | None:
    if usage.total is not None:
        return usage.total
    return None if usage.input is None or usage.output is None else usage.input + usage.output


def totals(runs: Iterable[Facts]) -> Facts:
    """Sums over what ``Summaries.full`` (or ``brief``) said of runs.

    They are sums of what is known; ``partial`` names those that lack some.
    """
    runs = list(runs)
    answer: Facts = {"runs": len(runs), "runs_by_status": _counted(run["status"] for run in runs)}
    for name in _ADDED:
        answer[name] = sum(run[name] for run in runs)
    answer["causes"] = sum(len(run["causes"]) for run in runs)
    for name in _ADDED_BY_NAME:
        if all(name in run for run in runs):
            answer[name] = _added_by_name(run[name] for run in runs)
    answer["duration_ms"] = _sum(run["duration_ms"] for run in runs)
    answer["tokens"] = {name: _sum(run["tokens"][name] for run in runs) for name in TOKENS}
    for name in ("cost_usd", "cost_computed_usd"):
        cost = _sum(run[name] for run in runs)
        answer[name] = _dollars(cost)
    answer["cost_source"] = Cost(answer["cost_usd"], answer["cost_computed_usd"]).source
    answer["cost_prices"] = ", ".join(sorted({run["cost_prices"] for run in runs if run.get("cost_prices")})) or None
    answer["partial"] = _partial(runs, answer)
    return answer


def _partial(runs: list[Facts], answer: Facts) -> list[str]:
    """Figures that a run misses in part, or as a whole although it has what they would count."""
    partial = {name for run in runs for name in run["partial"]}
    for run in runs:
        calls = run.get("spans_by_kind", {}).get("llm", 0)
        lacking = [f"tokens.{name}" for name in TOKENS if calls and run["tokens"][name] is None]
        lacking += ["cost_usd"] if calls and run["cost_source"] == "unknown" else []
        lacking += ["duration_ms"] if run["duration_ms"] is None else []
        partial.update(lacking)
    unknown = {f"tokens.{name}" for name in TOKENS if answer["tokens"][name] is None}
    unknown |= {"duration_ms"} if answer["duration_ms"] is None else set()
    unknown |= {"cost_usd"} if answer["cost_source"] == "unknown" else set()
    return sorted(partial - unknown)


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items()))


def _added_by_name(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    added: dict[str, int] = {}
    for each in counts:
        for name, number in each.items():
            added[name] = added.get(name, 0) + number
    return dict(sorted(added.items()))


def _sum(figures: Iterable[Any]) -> Any:
    """Sum of the known figures; None if none is known."""
    known = [figure for figure in figures if figure is not None]
    if any(isinstance(figure, float) for figure in known):
        return math.fsum(known)  # the same with every Python, and whatever the order
    return sum(known) if known else None

"""Runs of a folder over time and by name: from what is kept of each run, so that no span has to be looked at.

A piece of time holds the runs that began in it. Percentiles are those of the nearest rank, over the runs that have a
duration and an end; costs are sums of what is known, and partial where a run with model calls has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tracetui.core.model import Kind
from tracetui.core.pricing.cost import Cost
from tracetui.core.store import Run
from tracetui.core.symbols import Symbols
from tracetui.core.text import duration

MINUTE: Final = 60 * 1_000_000_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
STEPS: Final = (
    *(MINUTE * number for number in (1, 5, 15, 30)),
    *(HOUR * number for number in (1, 3, 6, 12)),
    *(DAY * number for number in (1, 7, 30, 90, 365, 3_650)),
)
"""Lengths of the pieces of time in which runs are counted."""
PIECES: Final = 24
"""Pieces of time at most."""
_OPEN: Final = ("running", "stalled", "unfinished")


@dataclass(frozen=True, slots=True)
class RunBrief:
    """A run with what is asked of all runs together."""

    run: Run
    status: str
    cost: Cost
    tokens: int | None
    tokens_partial: bool = False
    """Some of its calls are in none of ``tokens``."""


def sum_of_tokens(runs: Iterable[RunBrief]) -> tuple[int | None, bool]:
    """Tokens of several runs, and whether a part of them is missing."""
    known, lacking = None, False
    for each in runs:
        if each.tokens is not None:
            known = (known or 0) + each.tokens
            lacking |= each.tokens_partial
        else:
            lacking |= each.run.kind_counts[Kind.llm] > 0
    return known, known is not None and lacking


@dataclass(frozen=True, slots=True)
class Piece:
    """Runs that began in one piece of time."""

    start: int
    runs: int
    failed: int
    cost: Cost
    rows: tuple[int, ...]
    """Run rows, those that failed first, the newest of each first."""


@dataclass(frozen=True, slots=True)
class NamedRuns:
    """The runs of one name."""

    name: str
    """Untrusted."""
    runs: int
    failed: int
    p50_ns: int | None
    p95_ns: int | None
    total_ns: int | None
    tokens: int | None
    tokens_partial: bool
    cost: Cost
    rows: tuple[int, ...]
    """Run rows, those that failed first, the newest of each first."""


def sum_of_costs(runs: Iterable[RunBrief]) -> Cost:
    """What several runs cost together."""
    recorded: list[float] = []
    computed: list[float] = []
    lacking = False
    for each in runs:
        if each.cost.recorded is not None:
            recorded.append(each.cost.recorded)
        if each.cost.computed is not None:
            computed.append(each.cost.computed)
        lacking |= each.cost.partial or (each.cost.usd is None and each.run.kind_counts[Kind.llm] > 0)
    known = bool(recorded or computed)
    return Cost(sum(recorded) if recorded else None, sum(computed) if computed else None, known and lacking)


def added_up(lengths: Sequence[int | None], symbols: Symbols) -> str:
    """What the sum of the durations of runs is called, and what most of it is: `` in all runs (285d one run)``."""
    known = [length for length in lengths if length is not None]
    longest = max(known, default=0)
    is_most = len(known) > 1 and longest * 2 > sum(known)
    return " in all runs" + (f" ({duration(longest, symbols)} one run)" if is_most else "")


def pieces(runs: Sequence[RunBrief]) -> tuple[int | None, tuple[Piece, ...]]:
    """The length of a piece, ns, and the pieces without gaps; None and nothing if no run has a time."""
    timed = [(start, each) for each in runs if (start := each.run.start) is not None]
    if not timed:
        return None, ()
    starts = [start for start, _ in timed]
    length = max(starts) - min(starts)
    step = next((step for step in STEPS if length // step < PIECES), STEPS[-1])
    held = _held(timed, step)
    first, last = min(held), max(held)
    # Gaps are left out only where times lie further apart than any step helps with.
    places = range(first, last + 1) if last - first <= PIECES * 4 else sorted(held)
    return step, tuple(_piece(at * step, held.get(at, [])) for at in places)


@dataclass(frozen=True, slots=True)
class OverTime:
    """Runs over time as they are drawn."""

    step_ns: int
    pieces: tuple[Piece, ...]
    is_cut: bool
    """Times without runs are left out."""


def over_time(runs: Sequence[RunBrief]) -> OverTime | None:
    """The same to look at: where most pieces would be empty, longer ones, or only those with runs in them, and shorter ones.

    So that runs of today are told apart although one of last year lies beside them, and runs of each night are counted by
    the day. None: no run has a time.
    """
    step, found = pieces(runs)
    if step is None:
        return None
    if _is_full(found):
        return OverTime(step, found, is_cut=False)
    timed = [(start, each) for each in runs if (start := each.run.start) is not None]
    short, parts = next(
        (each, held) for each in STEPS if len(held := _held(timed, each)) <= PIECES or each == STEPS[-1]
    )
    for longer in STEPS:
        held = _held(timed, longer) if longer > step else {}
        if len(held) * 2 >= len(parts) and len(held) * 2 >= max(held) - min(held) + 1:
            places = range(min(held), max(held) + 1)
            return OverTime(longer, tuple(_piece(at * longer, held.get(at, [])) for at in places), is_cut=False)
    return OverTime(short, tuple(_piece(at * short, parts[at]) for at in sorted(parts)), is_cut=True)


def _is_full(found: Sequence[Piece]) -> bool:
    """At least half of the pieces hold runs."""
    return sum(not piece.runs for piece in found) * 2 <= len(found)


def _held(timed: Iterable[tuple[int, RunBrief]], step: int) -> dict[int, list[RunBrief]]:
    """Runs by the number of the piece in which they began."""
    held: dict[int, list[RunBrief]] = {}
    for start, each in timed:
        held.setdefault(start // step, []).append(each)
    return held


def _piece(start: int, runs: list[RunBrief]) -> Piece:
    failed = sum(each.status == "error" for each in runs)
    return Piece(start, len(runs), failed, sum_of_costs(runs), _rows(runs))


def _rows(runs: Iterable[RunBrief]) -> tuple[int, ...]:
    ordered = sorted(runs, key=lambda each: (each.status != "error", -(each.run.start or 0), -each.run.row))
    return tuple(each.run.row for each in ordered)


def by_run_name(runs: Iterable[RunBrief]) -> list[NamedRuns]:
    """Runs by name, those that are most first."""
    found: dict[str, list[RunBrief]] = {}
    for each in runs:
        found.setdefault(each.run.name, []).append(each)
    made = [_named(name, held) for name, held in found.items()]
    return sorted(made, key=lambda each: (-each.runs, -each.failed, -(each.total_ns or 0), each.name))


def _named(name: str, runs: list[RunBrief]) -> NamedRuns:
    took = sorted(
        length for each in runs if each.status not in _OPEN and (length := each.run.duration()[0]) is not None
    )
    tokens, tokens_partial = sum_of_tokens(runs)
    return NamedRuns(
        name,
        len(runs),
        sum(each.status == "error" for each in runs),
        _rank(took, 50),
        _rank(took, 95),
        sum(took) if took else None,
        tokens,
        tokens_partial,
        sum_of_costs(runs),
        _rows(runs),
    )


def _rank(ordered: Sequence[int], share: int) -> int | None:
    return ordered[max(1, -(-len(ordered) * share // 100)) - 1] if ordered else None

"""Sums over subtrees of the open run: what a collapsed row stands for.

Only the few positions that carry something are kept (causes, retries, figures), sorted; a subtree is a range of positions, so
each sum is two binary searches. Made when first asked for, and again after a change.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tracetui.core.model import EventClass, Flag, Kind
from tracetui.core.store.leaves import owners
from tracetui.core.store.preorder import Preorder, Rows, live_parents
from tracetui.core.store.shape import Bools, Ints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetui.core.pricing import Costs
    from tracetui.core.store.store import Store

_UNKNOWN = 0xFFFF_FFFF
_BIG = 0xFFFF_FFFE


@dataclass(frozen=True, slots=True)
class Rollup:
    """What a subtree comes to, its own span included. A figure that no span in it holds is None."""

    spans: int
    """Recorded spans: those that were only named as a parent are not counted."""
    causes: int
    retries: int
    tokens: int | None
    tokens_partial: bool
    """Some model call in it lacks the figure (or one half of it)."""
    cost: float | None
    """US dollars: as recorded, and where prices are known what the other calls come to."""
    cost_partial: bool
    cost_computed: bool = False
    """A part of the cost is computed."""


class Rollups:
    """Answers for every subtree of one tree, as the store is now.

    Args:
        store: What has been read.
        run: The row of the run.
        tree: Its spans in preorder.
        costs: What they cost; None: only what is recorded.
    """

    def __init__(self, store: Store, run: int, tree: Preorder, costs: Costs | None = None) -> None:
        self._store = store
        self._tree = tree
        flags = store.spans.np("flags")[tree.order]
        announced = (flags & Flag.announced) > 0
        self._named = _window(np.flatnonzero(~announced))
        self._causes = _window(np.sort(tree.positions(np.asarray(cause_rows(store, run), np.int32))))
        retries = store.events_of_run(run)
        retries = retries[store.events.np("cls")[retries] == EventClass.retry]
        self._retries = _window(np.sort(owners(store, tree, retries)))
        self._llm = announced & (store.spans.np("kind")[tree.order] == Kind.llm)
        self._usage = _with_usage(store, tree, flags)
        self._tokens = _Figure.of_tokens(store, *self._usage, self._llm)
        self.price(costs)

    def price(self, costs: Costs | None) -> None:
        """Sum up cost as this says from now on; None: only what is recorded."""
        if costs is None:
            computed = np.empty(0, np.int32)
            self._cost = _Figure.of_cost(self._store, *self._usage, self._llm)
        else:
            self._cost, computed = _computed_costs(costs, self._tree, self._llm)
        self._computed = _window(computed)

    def of(self, position: int) -> Rollup:
        """The sums of the subtree of a position."""
        end = position + int(self._tree.size[position])
        tokens, tokens_partial = self._tokens.within(position, end)
        cost, cost_partial = self._cost.within(position, end)
        return Rollup(
            end - position - _between(self._named, position, end),
            _between(self._causes, position, end),
            _between(self._retries, position, end),
            None if tokens is None else int(tokens),
            tokens_partial,
            None if cost is None else float(cost),
            cost_partial,
            bool(_between(self._computed, position, end)),
        )


def cause_rows(store: Store, run: int) -> list[int]:
    """Failed spans of a run without a failed child, in order of time: what people mean by one error each."""
    failed = store.failed_rows(run)
    if not failed:
        return []
    rows = np.asarray(failed, np.int32)
    parents = live_parents(store, rows)
    causes: list[int] = rows[~_marked(store, parents)[rows]].tolist()
    return causes


def _marked(store: Store, rows: Rows) -> Bools:
    """Of each span, and of -1 for none, whether it is among these: a table is faster than a sort."""
    marks = np.zeros(len(store.spans) + 1, np.bool_)
    marks[rows] = True
    return marks


def cause_counts(store: Store, runs: Sequence[int]) -> list[int]:
    """How many `cause_rows` each of these runs has, found in one pass over the failed spans of all of them."""
    failed = [store.failed_rows(run) for run in runs]
    rows = np.fromiter(chain.from_iterable(failed), np.int32)
    whose = np.repeat(np.arange(len(runs)), [len(found) for found in failed])
    is_cause = ~np.isin(rows, live_parents(store, rows))
    counts: list[int] = np.bincount(whose[is_cause], minlength=len(runs)).tolist()
    return counts


class _Figure:
    """One figure over a tree: where it is known, running sums, and where a model call lacks it."""

    def __init__(self, at: Ints, values: list[int] | list[float], lacking: Rows) -> None:
        self._at = _window(at)
        self._values = values
        self._sums = list(accumulate(values, initial=0))
        self._lacking = _window(lacking)

    @classmethod
    def of_tokens(cls, store: Store, at: Ints, rows: Rows, llm: Bools) -> _Figure:
        """Tokens: the total as recorded, else input and output, else the half that is known."""
        usage = store.usage
        total, read, written = (usage.np(name)[rows].astype(np.int64) for name in ("total", "input", "output"))
        has_read, has_written = read != _UNKNOWN, written != _UNKNOWN
        both = np.where(has_read, read, 0) + np.where(has_written, written, 0)
        values = np.where(total != _UNKNOWN, total, both)
        known = (total != _UNKNOWN) | has_read | has_written
        whole = (total != _UNKNOWN) | (has_read & has_written)
        numbers = values[known].tolist()
        for index in np.flatnonzero(((total == _BIG) | (read == _BIG) | (written == _BIG))[known]).tolist():
            figures = usage.get(int(rows[known][index]))
            numbers[index] = (
                figures.total if figures.total is not None else (figures.input or 0) + (figures.output or 0)
            )
        lacking = llm.copy()
        lacking[at[whole]] = False
        lacking[at[known & ~whole]] = True
        return cls(at[known], numbers, np.flatnonzero(lacking))

    @classmethod
    def of_cost(cls, store: Store, at: Ints, rows: Rows, llm: Bools) -> _Figure:
        """Cost as recorded; what is no finite number is no cost."""
        values: npt.NDArray[np.float64] = store.usage.np("cost_usd")[rows]
        known = np.isfinite(values)
        lacking = llm.copy()
        lacking[at[known]] = False
        return cls(at[known], values[known].tolist(), np.flatnonzero(lacking))

    def within(self, begin: int, end: int) -> tuple[int | float | None, bool]:
        """The sum between two positions, and whether a part is missing."""
        first = bisect_left(self._at, begin)
        last = bisect_left(self._at, end, first)
        if first == last:
            return None, False
        # A difference of sums may be off in its last digit; a figure on its own is shown as recorded.
        value = self._values[first] if last - first == 1 else self._sums[last] - self._sums[first]
        return value, bool(_between(self._lacking, begin, end))


def _computed_costs(costs: Costs, tree: Preorder, llm: Bools) -> tuple[_Figure, Ints]:
    """Cost as recorded and computed, and the positions of what is computed."""
    spans, recorded, computed = costs.priced()
    position = tree.positions(spans) if len(spans) else np.empty(0, np.int32)
    values = np.where(np.isnan(recorded), computed, recorded)
    here = np.flatnonzero((position >= 0) & ~np.isnan(values))
    here = here[np.argsort(position[here], kind="stable")]
    at = position[here]
    lacking = llm.copy()
    lacking[at] = False
    lacking[at[costs.partial()[here]]] = True
    return _Figure(at, values[here].tolist(), np.flatnonzero(lacking)), at[np.isnan(recorded[here])]


def _with_usage(store: Store, tree: Preorder, flags: npt.NDArray[np.uint16]) -> tuple[Ints, Rows]:
    """Positions of the spans that have a row of usage, ascending, and those rows."""
    if not len(store.usage):
        return np.empty(0, np.int32), np.empty(0, np.int32)
    position = tree.positions(store.usage.np("span").astype(np.int32))
    rows = np.flatnonzero(position >= 0)
    rows = rows[(flags[position[rows]] & Flag.has_usage) > 0]
    rows = rows[np.argsort(position[rows], kind="stable")]
    return position[rows], rows


def _window(numbers: Rows) -> memoryview[int]:
    """A window in which single numbers are looked up; unlike numpy that lets no other thread in between, for each row anew."""
    return memoryview(np.ascontiguousarray(numbers))  # type: ignore[arg-type]  # memoryview(array) reads as int


def _between(ascending: memoryview[int], begin: int, end: int) -> int:
    first = bisect_left(ascending, begin)
    return bisect_left(ascending, end, first) - first

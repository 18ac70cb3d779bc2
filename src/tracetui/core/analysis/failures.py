"""What failed in a run and what that comes from: causes, the first cause, what was recovered, and the way to the next one.

A cause is a failed span without a failed child. A failed chain is a failed span whose ancestors up to the run
failed too; the first cause is the span of such a chain that has no failed child and ended first, and without a
chain that reaches the root, the first failed span that was not recovered. Recovered: a later sibling of the same
name ended ok, or the parent did.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary, proxy

import numpy as np

from tracetui.core.model import NO_TIME, Flag, Status
from tracetui.core.store.preorder import Rows, live_parents
from tracetui.core.store.rollups import cause_rows
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.store import Store
    from tracetui.core.store.run_tree import RunTree

_MOST_KNOWN: Final = 16
"""Runs of a store whose failures are remembered."""


def causes(store: Store, run: int) -> list[int]:
    """Failed spans without a failed child, in order of time."""
    return cause_rows(store, run)


def chained(store: Store, run: int) -> list[int]:
    """Failed spans whose ancestors up to the run failed too, in order of time. Ancestors that are not recorded say nothing."""
    failed = np.asarray(store.failed_rows(run), np.int32)
    rows: list[int] = failed[_reach_root(store, failed)].tolist() if len(failed) else []
    return rows


class RunFailures:
    """What failed in one run, each found out when it is first asked for. Good until the run changes.

    Args:
        store: What has been read.
        run: The row of the run.
    """

    def __init__(self, store: Store, run: int) -> None:
        self._store = proxy(store)
        self._run = run
        self.epoch = store.runs[run].epoch
        """When the run had last changed."""

    @cached_property
    def failed(self) -> Ints:
        """Rows of the failed spans, in order of time."""
        return np.asarray(self._store.failed_rows(self._run), np.int32)

    @cached_property
    def causes(self) -> Ints:
        """Those without a failed child, in order of time."""
        parents = live_parents(self._store, self.failed)
        rows: Ints = self.failed[~np.isin(self.failed, parents)]
        return rows

    def number(self, row: int) -> int:
        """Which of the causes a span is, from 1; 0: none."""
        found = np.flatnonzero(self.causes == row)
        return int(found[0]) + 1 if len(found) else 0

    @cached_property
    def first_cause(self) -> int | None:
        """The span to look at first; None where nothing failed or all was recovered."""
        failed = self.failed
        if not len(failed):
            return None
        found = np.intersect1d(self.causes, failed[_reach_root(self._store, failed)])
        if len(found):
            rows: list[int] = found.tolist()
            return min(rows, key=lambda row: _ended(self._store, row))
        left = failed[~self._recovered]
        return int(left[0]) if len(left) else None

    def recovered(self, row: int) -> bool:
        """Whether a failed span did no harm: a later sibling of its name ended ok, or its parent (of a root, the run) did."""
        return row in self._recovered_rows

    @cached_property
    def _recovered(self) -> Bools:
        return _recovered(self._store, self._run, self.failed)

    @cached_property
    def _recovered_rows(self) -> frozenset[int]:
        return frozenset(self.failed[self._recovered].tolist())


_KNOWN: Final[WeakKeyDictionary[Store, dict[int, RunFailures]]] = WeakKeyDictionary()


def failures_of(store: Store, run: int) -> RunFailures:
    """What failed in a run; what was found out is remembered until the run changes. For a few runs of a store at a time."""
    known = _KNOWN.setdefault(store, {})
    found = known.get(run)
    if found is None or found.epoch != store.runs[run].epoch:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        found = known[run] = RunFailures(store, run)
    return found


def first_cause(store: Store, run: int) -> int | None:
    """The span to look at first in a run in which something failed; None where nothing did or all was recovered."""
    return failures_of(store, run).first_cause


def recovered(store: Store, row: int) -> bool:
    """Whether a failed span did no harm: a later sibling of its name ended ok, or its parent (for a root, the run) did."""
    return failures_of(store, store.spans.run[row]).recovered(row)


def recovered_rows(store: Store, run: int, rows: list[int]) -> Bools:
    """Of each failed span of a run whether it did no harm, as ``recovered`` says of one."""
    return _recovered(store, run, np.asarray(rows, np.int32)) if rows else np.zeros(0, np.bool_)


class Found(NamedTuple):
    """The next of some spans."""

    row: int
    """Span row."""
    number: int
    """Which one it is in tree order, from 1."""
    of: int
    wrapped: bool
    """The search went past the end and began again at the other."""


def neighbour(tree: RunTree, rows: Rows | list[int], position: int, step: int) -> Found | None:
    """The next (``step`` 1) or previous (-1) of ``rows`` in tree order from a position (-1: from outside), wrapping around.

    None: none of the rows is in the tree. Serves causes, slow spans and search hits alike.
    """
    places = np.sort(tree.positions(np.asarray(rows, np.int32)))
    found: list[int] = places[places >= 0].tolist()
    if not found:
        return None
    index = bisect_right(found, position) if step > 0 else bisect_left(found, position) - 1
    if position < 0 and step < 0:
        return Found(tree.row(found[-1]), len(found), len(found), False)
    inside = 0 <= index < len(found)
    index %= len(found)
    return Found(tree.row(found[index]), index + 1, len(found), not inside)


def _ended(store: Store, row: int) -> tuple[bool, int, int]:
    """Sorts by end, else by start; what has no time at all comes last, in order of rows."""
    end, start = store.spans.end[row], store.spans.start[row]
    time = end if end != NO_TIME else start
    return time == NO_TIME, time, row


def _reach_root(store: Store, failed: Ints) -> Bools:
    """Of each failed row: whether only failed spans are above it. Halves the way at each step, however deep it is."""
    count = len(failed)
    by = np.argsort(failed)
    ordered = failed[by]
    up = _recorded_parents(store, ordered)
    at = np.minimum(np.searchsorted(ordered, up), count - 1)
    # Two ends of every way: count = the run is reached, count + 1 = something that did not fail is in between.
    jump = np.where(up < 0, count, np.where(ordered[at] == up, at, count + 1))
    jump = np.append(jump, (count, count + 1))
    for _ in range(count.bit_length() + 1):
        jump = jump[jump]
    reached: Bools = np.empty(count, np.bool_)
    reached[by] = jump[:count] == count
    return reached


def _recorded_parents(store: Store, rows: Ints) -> Ints:
    """Parents, where placeholders for spans that were never recorded count as the run."""
    parents = live_parents(store, rows)
    named = (parents >= 0) & ((store.spans.np("flags")[parents] & Flag.announced) == 0)
    parents[named] = -1
    return parents


def _recovered(store: Store, run: int, failed: Ints) -> Bools:
    parents = live_parents(store, failed)
    status = store.spans.np("status")
    saved: Bools = (parents >= 0) & (status[parents] == Status.ok)
    if store.runs[run].recorded_status is Status.ok:
        saved |= parents < 0
    return saved | _repeated_well(store, run, failed, parents)


def _repeated_well(store: Store, run: int, failed: Ints, parents: Ints) -> Bools:
    """Whether a later sibling of the same name ended ok."""
    rows, above = _ok_beside(store, run, failed, parents)
    if not len(rows):
        return np.zeros(len(failed), np.bool_)
    names = store.spans.np("name")
    groups, group = np.unique(_siblings(parents, names[failed]), return_inverse=True)
    keys = _siblings(above, names[rows])
    at = np.minimum(groups.searchsorted(keys), len(groups) - 1)
    same = groups[at] == keys
    latest = np.full(len(groups), np.iinfo(np.int64).min)
    np.maximum.at(latest, at[same], _sequence(store, run, rows[same]))
    later: Bools = latest[group] > _sequence(store, run, failed)
    return later


def _ok_beside(store: Store, run: int, failed: Ints, parents: Ints) -> tuple[Ints, Ints]:
    """Spans that ended ok, with a name and a parent that some of the failed ones have; and their parents.

    Most spans of a large run have neither, and telling that by tables is ten times faster than sorting all of them.
    """
    rows = store.rows_of_run(run)
    spans = store.spans
    rows = rows[spans.np("status")[rows] == Status.ok]
    names = spans.np("name")
    is_name = np.zeros(len(store.strings), np.bool_)
    is_name[names[failed]] = True
    rows = rows[is_name[names[rows]]]
    above = live_parents(store, rows)
    is_parent = np.zeros(len(spans) + 1, np.bool_)  # -1, no parent, marks the spare place at the end
    is_parent[parents] = True
    near = is_parent[above]
    return rows[near], above[near]


def _siblings(parents: Ints, names: Rows) -> Longs:
    """One number for parent and name."""
    return ((parents.astype(np.int64) + 1) << 32) | names.astype(np.int64)


def _sequence(store: Store, run: int, rows: Ints) -> Longs:
    """What later means: the start where time orders siblings, else the order of arrival."""
    if not store.runs[run].order_by_time:
        return rows.astype(np.int64)
    start: Longs = store.spans.np("start")[rows]
    return start

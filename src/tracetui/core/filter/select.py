"""Which spans, events, records and runs a filter selects.

Columns first, as masks over all rows at once; what they leave open is asked of the bodies on disk, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tracetui.core.filter.bodies import BodyTerms
from tracetui.core.filter.columns import Bools, Rows, Setting, Table
from tracetui.core.filter.nodes import And, Node, Not, Or, Term, all_of, terms
from tracetui.core.filter.runs import run_holds
from tracetui.core.filter.scope import asks_for_events, asks_for_spans
from tracetui.core.model import Flag

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

__all__ = [
    "Selector",
    "Setting",
    "Table",
]

_BODY_FIELDS = frozenset({"text", "attr"})
_COSTS = {
    **dict.fromkeys(("name", "age"), 1),
    **dict.fromkeys(("in", "out", "cached", "cost", "tokens", "model"), 2),
    "type": 3,
    **dict.fromkeys(("depth", "errors", "own"), 4),
    **dict.fromkeys(_BODY_FIELDS, 5),
}
_SHARE = 8
"""Rows are worth a table of their own from this part of all on."""
_WORTH_NARROWING = 4_096
_Masks = tuple[Bools, Bools]
"""Where it holds for sure, and where it holds or may hold; one array twice where columns know."""


class Selector:
    """One filter over one store, as it is now.

    Args:
        node: The filter.
        store: What has been read.
        setting: Clock, facts of runs, bodies.
    """

    def __init__(self, node: Node, store: Store, setting: Setting) -> None:
        self._node = node
        self._store = store
        self._setting = setting
        self._bodies = BodyTerms(store, setting.bodies_of)
        self._asked = 0
        self.asking: Callable[[int], None] | None = None
        """Told before each span or event whose bodies have to be read, how many there were."""

    @property
    def names_events(self) -> bool:
        """Whether it names a class of events (``kind:log``), which are shown then."""
        return asks_for_events(self._node)

    @property
    def asks_for_spans(self) -> bool:
        """Whether it asks for more than what runs themselves have."""
        return asks_for_spans(self._node)

    def runs(self, runs: Iterable[Run]) -> list[Run]:
        """The runs that the filter selects, in their order.

        A filter that only asks for what runs have is asked of each run; any other selects the runs with a span for which the
        whole of it holds (or an event, if it names a class of events).
        """
        runs = list(runs)
        if not asks_for_spans(self._node):
            return [run for run in runs if run_holds(self._node, run, self._setting)]
        found = self._runs_with(self.span_table(None), {run.row for run in runs})
        if asks_for_events(self._node):
            found |= self._runs_with(self.event_table(None), {run.row for run in runs} - found)
        return [run for run in runs if run.row in found]

    def spans(self, run: int | None = None) -> Rows:
        """Rows of the recorded spans that it selects, ascending; of one run, or of all."""
        table = self.span_table(run)
        return table.spans_at(np.flatnonzero(self.mask(table)))

    def events(self, run: int) -> Rows:
        """Rows of the events of a run that it selects, ascending."""
        events = self._store.events_of_run(run)
        return np.asarray(events[self.mask(self.event_table(run, events))])

    def mask(self, table: Table) -> Bools:
        """Which rows of a table it selects."""
        evaluation = _Evaluation(self._node, table, self._bodies)
        sure = evaluation.sure.copy()
        for index in evaluation.open_rows():
            self._ask()
            sure[index] = evaluation.holds_at(index)
        return sure

    def streamed(self, table: Table) -> Iterator[tuple[Bools, int, int]]:
        """The same as it becomes known: the mask (one array, which changes), rows that bodies were asked of, and of all.

        First what columns know; then after each row that bodies decided.
        """
        evaluation = _Evaluation(self._node, table, self._bodies)
        mask = evaluation.sure.copy()
        rows = list(evaluation.open_rows())
        yield mask, 0, len(rows)
        for done, index in enumerate(rows, 1):
            mask[index] = evaluation.holds_at(index)
            yield mask, done, len(rows)

    def newest(self, table: Table, number: int) -> list[int]:
        """The last so many rows of a table that it selects, ascending; bodies are read from the end, no more than needed."""
        evaluation = _Evaluation(self._node, table, self._bodies)
        found: list[int] = []
        for index in np.flatnonzero(evaluation.possible)[::-1].tolist():
            if len(found) >= number:
                break
            if evaluation.sure[index] or evaluation.holds_at(index):
                found.append(index)
        return found[::-1]

    # -- tables --------------------------------------------------------------------------------------------------------

    def span_table(self, run: int | None) -> Table:
        """The recorded spans of a run, or of all runs."""
        flags = self._store.spans.np("flags")
        if sum(each.span_count for each in self._store.runs) == len(flags) and (
            run is None or len(self._store.runs) == 1
        ):
            return Table(self._store, self._setting, range(len(flags)))  # all of them are recorded and none is dropped
        if run is None:
            rows = np.flatnonzero((flags & (Flag.announced | Flag.dropped)) == Flag.announced)
        else:
            rows = self._store.rows_of_run(run)
            rows = rows[(flags[rows] & Flag.announced) > 0]
        return Table(self._store, self._setting, rows)

    def event_table(self, run: int | None, events: Rows | None = None) -> Table:
        """The events of a run, or of all runs."""
        store = self._store
        if events is None:
            dead = store.events.DEAD
            events = np.flatnonzero(store.events.np("cls") != dead) if run is None else store.events_of_run(run)
        spans, runs = store.events.np("span")[events], store.events.np("run")[events]
        return Table(store, self._setting, spans, runs, events, store.events.np("record")[events])

    def record_table(self, run: int, records: Rows) -> Table:
        """Some records of a run, ascending, each with its event if it is one."""
        store = self._store
        spans = store.records.np("span")[records]
        events = store.events_of_run(run)
        of_events = store.events.np("record")[events].astype(np.int64)
        own = np.full(len(records), -1, np.int64)
        if len(of_events):
            order = np.argsort(of_events, kind="stable")
            at = np.minimum(np.searchsorted(of_events[order], records), len(order) - 1)
            hit = of_events[order][at] == records
            own[hit] = events[order][at][hit]
        of_span = store.events.np("span")
        if len(of_span):  # the span of an event is its own, also where its record speaks of another first
            spans = np.where(own >= 0, of_span[np.maximum(own, 0)], spans)
        return Table(store, self._setting, spans, np.full(len(records), run, np.int64), own, records)

    def _runs_with(self, table: Table, wanted: set[int]) -> set[int]:
        """Runs that have a row for which it holds; bodies are read until one is found."""
        evaluation = _Evaluation(self._node, table, self._bodies)
        runs = table.run_rows
        found = set(np.unique(runs[evaluation.sure]).tolist()) & wanted
        for index in evaluation.open_rows():
            run = int(runs[index])
            if run in wanted and run not in found:
                self._ask()
                if evaluation.holds_at(index):
                    found.add(run)
        return found

    def _ask(self) -> None:
        if self.asking is not None:
            self.asking(self._asked)
        self._asked += 1


class _Evaluation:
    """One filter over the rows of one table."""

    def __init__(self, node: Node, table: Table, bodies: BodyTerms) -> None:
        self._node = node
        self._table = table
        self._bodies = bodies
        self._needs: dict[Term, bool] = {term: term.field in _BODY_FIELDS for term in terms(node)}
        self._known: dict[Term, _Masks] = {}
        self._narrowed: dict[And, _Narrowed] = {}
        self.sure, self.possible = self._masks(node)
        """Where the filter holds by the columns alone; where it does or may."""

    def open_rows(self) -> Iterator[int]:
        """Rows that bodies have to decide, run by run."""
        if self.possible is self.sure:
            return iter(())
        rows = np.flatnonzero(self.possible & ~self.sure)
        return iter(rows[np.argsort(self._table.run_rows[rows], kind="stable")].tolist())

    def holds_at(self, index: int) -> bool:
        """Whether the filter holds for a row, bodies included."""
        return self._at(self._node, index)

    def _at(self, node: Node, index: int) -> bool:
        match node:
            case Term():
                sure, possible = self._known[node]
                if sure[index] or not possible[index]:
                    return bool(sure[index])
                return self._bodies.holds(node, *self._table.place(index))
            case Not(part):
                return not self._at(part, index)
            case And(parts):
                narrowed = self._narrowed.get(node)
                if narrowed is not None:
                    return narrowed.may_hold(index) and (
                        all(self._at(part, index) for part in narrowed.before) and narrowed.holds_at(index)
                    )
                return all(self._at(part, index) for part in self._cheap_first(parts))
            case Or(parts):
                return any(self._at(part, index) for part in self._cheap_first(parts))

    def _cheap_first(self, parts: tuple[Node, ...]) -> tuple[Node, ...]:
        if not any(self._needs.values()):
            return parts
        return tuple(sorted(parts, key=lambda part: any(self._needs[term] for term in terms(part))))

    def _masks(self, node: Node) -> _Masks:
        match node:
            case Term():
                if node not in self._known:
                    self._known[node] = self._of_term(node)
                return self._known[node]
            case Not(part):
                sure, possible = self._masks(part)
                if sure is possible:
                    sure = ~sure
                    return sure, sure
                return ~possible, ~sure
            case And(parts):
                return self._all_of(node, sorted(parts, key=_cost))
            case Or(parts):
                return _joined((self._masks(part) for part in parts), np.logical_or)

    def _all_of(self, node: And, parts: list[Node]) -> _Masks:
        """The cheap parts of all rows, the others only of those that are left, once these are few."""
        total = len(self._table)
        masks = self._masks(parts[0])
        for done in range(1, len(parts)):
            left = np.flatnonzero(masks[1]) if total >= _WORTH_NARROWING else None
            if left is not None and len(left) * _SHARE < total:
                rest = _Evaluation(all_of(parts[done:]), self._table.among(left), self._bodies)
                self._narrowed[node] = _Narrowed(parts[:done], left, rest)
                return self._narrowed[node].masks(masks, total)
            masks = _joined((masks, self._masks(parts[done])), np.logical_and)
        return masks

    def _of_term(self, term: Term) -> _Masks:
        if self._needs[term]:
            return np.zeros(len(self._table), np.bool_), np.ones(len(self._table), np.bool_)
        sure = self._table.holds(term)
        if term.field == "model" and (missing := self._table.open_models(term)).any():
            self._needs[term] = True
            return sure, sure | missing
        return sure, sure


class _Narrowed:
    """The parts of an ``and`` that were asked only of the rows that the parts before them left."""

    def __init__(self, before: list[Node], left: Rows, rest: _Evaluation) -> None:
        self.before = before
        self._left = left
        self._rest = rest

    def masks(self, before: _Masks, total: int) -> _Masks:
        """The masks of all parts together, for all rows."""
        sure, possible = np.zeros(total, np.bool_), np.zeros(total, np.bool_)
        sure[self._left] = self._rest.sure & before[0][self._left]
        possible[self._left] = self._rest.possible
        return (sure, sure) if before[0] is before[1] and self._rest.sure is self._rest.possible else (sure, possible)

    def may_hold(self, index: int) -> bool:
        """Whether a row is among those that were left."""
        at = int(self._left.searchsorted(index))
        return at < len(self._left) and bool(self._left[at] == index)

    def holds_at(self, index: int) -> bool:
        """Whether the other parts hold for a row that was left."""
        return self._rest.holds_at(int(self._left.searchsorted(index)))


def _cost(node: Node) -> int:
    """Which parts are asked first: what one column tells, then what is looked up, then trees, and bodies last."""
    return max(_COSTS.get(term.field, 0) for term in terms(node))


def _joined(masks: Iterable[_Masks], join: np.ufunc) -> _Masks:
    sure: Bools | None = None
    possible: Bools | None = None
    for one, other in masks:
        if sure is None or possible is None:
            sure, possible = one, other
            continue
        joined = join(sure, one)
        possible = joined if possible is sure and other is one else join(possible, other)
        sure = joined
    if sure is None or possible is None:
        raise ValueError("a filter that joins nothing")
    return sure, possible

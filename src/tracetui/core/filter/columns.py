"""The columns that terms look at, for spans, events and records alike: one row each, numpy masks out.

A row is a span, or an event or record with the span it speaks of (-1: none): of an event `kind` also knows its class, `type` is
its own record's, `since` and `until` take its own time; every other field is that of its span. Nothing here keeps a window on
the store's columns beyond a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from tracetui.core.filter.comparing import LARGEST, TextTest, figures_hold, text_test, word_test
from tracetui.core.filter.fields import ONLY_RUNS
from tracetui.core.filter.nodes import Op, Term
from tracetui.core.model import CLASS_WORDS, KIND_WORDS, NO_TIME, Clock, EventClass, Flag, Kind, Status
from tracetui.core.moments import moment_ns
from tracetui.core.run_status import silence
from tracetui.core.store.columns import Records
from tracetui.core.store.preorder import local_parents
from tracetui.core.store.reach import reach_of
from tracetui.core.store.shape import Shape, prefix, shape

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.store import Run, Store
    from tracetui.core.summary import Summaries

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.integer]

_UNKNOWN: Final = 0xFFFF_FFFF
_BIG: Final = 0xFFFF_FFFE
_STATUSES: Final = tuple(status.name for status in Status)
_NO_CLASS: Final = len(EventClass)
_FEW_TYPES: Final = 4
_BLOCK: Final = 65_536
_SHARE: Final = 8
"""What is asked of fewer rows than this part of all is asked of them alone."""


@dataclass(slots=True, frozen=True)
class Setting:
    """What a filter is answered with besides the store.

    Args:
        summaries: facts of runs by the clock of the answer.
        bodies_of: the bodies of a run, for walking over its spans.
        now_ns: the clock of the answer, ns since the epoch.
        tz: the zone of times without one; None: the local one.
    """

    summaries: Summaries
    bodies_of: Callable[[Run], Bodies]
    now_ns: int
    tz: tzinfo | None = UTC

    def moment(self, term: Term) -> int:
        """The instant of a term, ns since the epoch."""
        moment = moment_ns(str(term.value), self.now_ns, self.tz)
        return self.now_ns if moment is None else moment

    def run_age(self, run: Run) -> int | None:
        """How long ago, ns, the newest record of a run was written by our own clock; None if that is not known."""
        if run.clock is Clock.order_only or run.last_time == NO_TIME:
            return None
        return silence(run, self.now_ns)


class Table:
    """Rows that a filter chooses from.

    Args:
        store: What has been read.
        setting: Clock and facts of runs.
        spans: Span row of each row, -1 for none (then ``runs`` is needed); a range for spans that stand together.
        runs: Run row of each row; None: that of its span, which each has.
        events: Event row of each row, -1 for none; None: none has.
        records: Record row of each row; None: rows are spans.
    """

    def __init__(
        self,
        store: Store,
        setting: Setting,
        spans: Rows | range,
        runs: Rows | None = None,
        events: Rows | None = None,
        records: Rows | None = None,
    ) -> None:
        self._store = store
        self._setting = setting
        self._slice = (spans.start, spans.stop) if isinstance(spans, range) else None
        self._spans = np.empty(0, np.int64) if isinstance(spans, range) else spans
        self._length = len(spans)
        self._events = events
        self._records = records
        self._runs = runs
        self._present: Bools | None = None
        if runs is not None:
            self._at = np.maximum(self._spans, 0)
            flags = self._of_spans("flags")
            self._present = np.asarray(
                (self._spans >= 0) & ((flags & Flag.announced) > 0) & ((flags & Flag.dropped) == 0)
            )
        self._sparse: dict[str, tuple[Any, Bools]] = {}

    def __len__(self) -> int:
        return self._length

    @property
    def store(self) -> Store:
        """What has been read."""
        return self._store

    @property
    def span_rows(self) -> Rows:
        """Span row of each row, -1 for none."""
        return self._spans if self._slice is None else np.arange(*self._slice)

    def spans_at(self, indices: Rows) -> Rows:
        """Span rows of some rows, by their places."""
        return self._spans[indices] if self._slice is None else indices + self._slice[0]

    def among(self, indices: Rows) -> Table:
        """Some of the rows, by their places, as a table of their own."""
        parts = (None if part is None else part[indices] for part in (self._runs, self._events, self._records))
        return Table(self._store, self._setting, self.spans_at(indices), *parts)

    @property
    def run_rows(self) -> Rows:
        """Run row of each row."""
        runs: Rows = self._of_spans("run") if self._runs is None else self._runs
        return runs

    def place(self, index: int) -> tuple[int, int, int]:
        """Run, span and event of a row; -1 for none."""
        span = int(self._spans[index]) if self._slice is None else self._slice[0] + index
        run = int(self._runs[index]) if self._runs is not None else self._store.spans.run[span]
        return run, span, -1 if self._events is None else int(self._events[index])

    def holds(self, term: Term) -> Bools:
        """Where a term holds, for fields that columns answer."""
        hold: Bools = getattr(self, f"_{term.field}")(term)
        return hold

    def open_models(self, term: Term) -> Bools:  # noqa: ARG002 - the same for each term
        """Model calls whose model is not in the columns: their bodies may tell."""
        codes = self._codes_of_models()
        return np.asarray((codes == 0) & self._here(self._of_spans("kind") == Kind.llm))

    # -- columns -------------------------------------------------------------------------------------------------------

    def _of_spans(self, name: str) -> Any:
        column = self._store.spans
        if self._slice is not None:
            return column.np(name, *self._slice)
        if not len(column):
            return np.zeros(len(self), np.int64)
        return column.np(name)[self._spans if self._runs is None else self._at]

    def _of_runs(self, values: list[Any], kind: Any) -> Any:
        """For each row the value of its run."""
        runs = self.run_rows
        if len(values) == 1:
            return np.full(len(self), values[0], kind)
        return np.array(values, kind)[runs]

    def _here(self, mask: Bools) -> Bools:
        """Where there is a span at all."""
        return mask if self._present is None else mask & self._present

    def _all(self) -> Bools:
        return np.ones(len(self), np.bool_) if self._present is None else self._present

    # -- words and texts -----------------------------------------------------------------------------------------------

    def _kind(self, term: Term) -> Bools:
        test = word_test(term)
        hold = self._here(_chosen([test(word) for word in KIND_WORDS], self._of_spans("kind")))
        if self._events is not None:
            classes = np.append(self._store.events.np("cls"), np.uint8(_NO_CLASS))[self._events]
            hold = hold | _chosen([*(test(word) for word in CLASS_WORDS), False], np.minimum(classes, _NO_CLASS))
            known = self._all() | (classes < _NO_CLASS)
        else:
            known = self._all()
        return known & ~hold if term.op is Op.unequal else hold

    def _status(self, term: Term) -> Any:
        test = word_test(term)
        if term.op is not Op.match and term.value in ONLY_RUNS:
            summaries = self._setting.summaries
            wanted = term.op is not Op.unequal
            return self._of_runs([test(summaries.status(run)[0]) is wanted for run in self._store.runs], np.bool_)
        hold = _chosen([test(word) for word in _STATUSES], self._of_spans("status"))
        return self._here(~hold if term.op is Op.unequal else hold)

    def _name(self, term: Term) -> Bools:
        return self._here(self._texts(term, self._of_spans("name")))

    def _model(self, term: Term) -> Bools:
        return self._here(self._texts(term, self._codes_of_models()))

    def _codes_of_models(self) -> Any:
        table = self._store.usage
        codes = np.zeros(max(1, len(self._store.spans)), np.uint32)
        codes[table.np("span")] = table.np("model")
        has_usage = (self._of_spans("flags") & Flag.has_usage) > 0
        return np.where(has_usage, self._looked_up(codes), np.uint32(0))

    def _run(self, term: Term) -> Any:
        test, ids = text_test(term), self._setting.summaries.ids
        wanted = term.op is not Op.unequal
        hold = [
            any(test(text) for text in (run.name, run.id, ids.get(run.row, "")) if text) is wanted
            for run in self._store.runs
        ]
        return self._of_runs(hold, np.bool_)

    def _format(self, term: Term) -> Any:
        test, wanted = text_test(term), term.op is not Op.unequal
        return self._of_runs([test(run.format) is wanted for run in self._store.runs], np.bool_)

    def _type(self, term: Term) -> Bools:
        types = self._store.records.np("type")
        if self._records is not None:
            return self._texts(term, types[self._records] & ~np.uint32(Records.UNCOUNTED))
        owners = self._store.records.np("span")
        # The last one stands for -1, a record without a span.
        hit, told = (np.zeros(len(self._store.spans) + 1, np.bool_) for _ in range(2))
        if len(self) * _SHARE < len(self._store.spans):
            told[self.span_rows] = True
            told[-1] = False
            theirs = _where_chosen(told, owners)
            types, owners = types[theirs], owners[theirs]
            told[:] = False
        hit[owners.take(np.flatnonzero(self._of_types(text_test(term), types)))] = True
        if term.op is not Op.unequal:
            return np.asarray(self._looked_up(hit))
        told[owners] = True
        return np.asarray(self._looked_up(told & ~hit))

    def _of_types(self, test: TextTest, types: Any) -> Bools:
        """Which records have a type that is wanted. There are few types: each is compared at once with all records."""
        strings = self._store.strings
        again = types >= np.uint32(Records.UNCOUNTED)
        codes = {code for run in self._store.runs for code in run.type_counts}
        if again.any():
            codes |= set(np.unique(types[again] & ~np.uint32(Records.UNCOUNTED)).tolist())
        wanted = [code for code in codes if code and test(strings[code])]
        if len(wanted) > _FEW_TYPES:
            chosen = np.zeros(len(strings), np.bool_)
            chosen[wanted] = True
            return np.asarray(chosen[types & ~np.uint32(Records.UNCOUNTED)])
        hit = np.zeros(len(types), np.bool_)
        for code in wanted:
            hit |= types == code
            if again.any():
                hit |= types == (code | Records.UNCOUNTED)
        return hit

    def _texts(self, term: Term, codes: Any) -> Bools:
        """Of strings by their numbers; number 0, the empty text, is unknown."""
        strings = self._store.strings
        if term.op in (Op.equal, Op.unequal):
            code = strings.find(str(term.value)) or -1
            if term.op is Op.unequal:
                return np.asarray((codes != code) & (codes != 0))
            return np.zeros(len(codes), np.bool_) if code < 0 else np.asarray(codes == code)
        chosen = np.zeros(len(strings), np.bool_)
        chosen[codes] = True
        chosen[0] = False
        test: TextTest = text_test(term)
        for code in np.flatnonzero(chosen).tolist():
            chosen[code] = test(strings[code])
        return np.asarray(chosen[codes])

    def _looked_up(self, by_span: Any) -> Any:
        """Of an array over all spans, what belongs to these rows."""
        if self._slice is not None:
            return by_span[slice(*self._slice)]
        return by_span[self._spans if self._runs is None else self._at]

    # -- figures -------------------------------------------------------------------------------------------------------

    def _dur(self, term: Term) -> Bools:
        start, end = self._of_spans("start"), self._of_spans("end")
        timed = self._here(start != NO_TIME)
        ended = end != NO_TIME
        length = np.maximum(end - start, 0)
        hold = figures_hold(term, length, timed & ended)
        going = timed & ~ended
        going &= self._of_spans("status") == Status.open
        if going.any():
            last = self._of_runs([run.last_time for run in self._store.runs], np.int64)
            going &= last != NO_TIME
            hold |= figures_hold(term, np.maximum(last - start, 0), going, going)
        return hold

    def _age(self, term: Term) -> Bools:
        start = self._of_spans("start")
        ages = [self._setting.run_age(run) for run in self._store.runs]
        waited = self._of_runs([-1 if age is None else age for age in ages], np.int64)
        last = self._of_runs([run.last_time for run in self._store.runs], np.int64)
        known = self._here((start != NO_TIME) & (waited >= 0))
        return figures_hold(term, np.maximum(last - start, 0) + waited, known)

    def _since(self, term: Term) -> Bools:
        time = self._times()
        return np.asarray((time != NO_TIME) & (time >= self._setting.moment(term)))

    def _until(self, term: Term) -> Bools:
        time = self._times()
        return np.asarray((time != NO_TIME) & (time < self._setting.moment(term)))

    def _times(self) -> Any:
        start = self._of_spans("start")
        if self._present is not None:
            start = np.where(self._present, start, NO_TIME)
        if self._events is None:
            return start
        own = np.append(self._store.events.np("time"), np.int64(NO_TIME))[self._events]
        return np.where(self._events >= 0, own, start)

    def _tokens(self, term: Term) -> Bools:
        total, has_total = self._figure("total")
        read, has_read = self._figure("input")
        written, has_written = self._figure("output")
        both = np.where(has_read, read, 0) + np.where(has_written, written, 0)
        partial = ~has_total & (has_read ^ has_written)
        known = has_total | has_read | has_written
        return figures_hold(term, np.where(has_total, total, both), self._here(known), partial)

    def _in(self, term: Term) -> Bools:
        return self._usage(term, "input")

    def _out(self, term: Term) -> Bools:
        return self._usage(term, "output")

    def _cached(self, term: Term) -> Bools:
        return self._usage(term, "cached")

    def _cost(self, term: Term) -> Bools:
        """Of what is recorded, else computed."""
        if "cost" not in self._sparse:
            costs, count = self._setting.summaries.costs, max(1, len(self._store.spans))
            spans, recorded, computed = costs.priced()
            both = np.where(np.isnan(recorded), computed, recorded)
            found = ~np.isnan(both)
            values, (known, partial) = np.zeros(count), np.zeros((2, count), np.bool_)
            values[spans[found]] = both[found]
            known[spans[found]] = True
            partial[spans] = costs.partial()
            self._sparse["cost"] = self._looked_up(values), np.asarray(self._looked_up(known))
            self._sparse["cost partial"] = np.empty(0), np.asarray(self._looked_up(partial))
        values, known = self._sparse["cost"]
        return figures_hold(term, values, self._here(known), self._sparse["cost partial"][1])

    def _usage(self, term: Term, name: str) -> Bools:
        values, known = self._figure(name)
        return figures_hold(term, values, self._here(known))

    def _figure(self, name: str) -> tuple[Any, Bools]:
        """A figure of the usage table, and where it is known."""
        if name not in self._sparse:
            table = self._store.usage
            column = table.np(name)
            count = max(1, len(self._store.spans))
            known_rows = column != _UNKNOWN
            values = np.zeros(count, np.int64)
            spans = table.np("span")
            values[spans[known_rows]] = column[known_rows]
            for row in np.flatnonzero(column == _BIG).tolist():
                figure = int(getattr(table.get(row), name) or 0)
                values[spans[row]] = max(-LARGEST, min(figure, LARGEST))
            known = np.zeros(count, np.bool_)
            known[spans[known_rows]] = True
            self._sparse[name] = (
                self._looked_up(values),
                np.asarray(self._looked_up(known) & ((self._of_spans("flags") & Flag.has_usage) > 0)),
            )
        return self._sparse[name]

    # -- figures of the tree -------------------------------------------------------------------------------------------

    def _depth(self, term: Term) -> Bools:
        return figures_hold(term, self._of_trees("depth", _depths), self._all())

    def _errors(self, term: Term) -> Bools:
        return figures_hold(term, self._of_trees("errors", _failed_below), self._all())

    def _own(self, term: Term) -> Bools:
        start, end = self._of_spans("start"), self._of_spans("end")
        known = self._here((start != NO_TIME) & (end != NO_TIME))
        return figures_hold(term, self._of_trees("own", _own_times), known)

    def _of_trees(self, name: str, figures: Callable[[Store, _Forest], Any]) -> Any:
        """Of each row what the tree of its run says of its span."""
        if name not in self._sparse:
            values = np.zeros(max(1, len(self._store.spans)), np.int64)
            forest = _Forest.of(self._store, np.flatnonzero(np.bincount(self.run_rows)) if len(self) else ())
            values[forest.rows] = figures(self._store, forest)
            self._sparse[name] = self._looked_up(values), np.ones(0, np.bool_)
        return self._sparse[name][0]


def _chosen(wanted: list[bool], column: Any) -> Bools:
    """Where a column of small numbers holds one that is wanted."""
    if sum(wanted) == 1:
        return np.asarray(column == wanted.index(True))
    return np.asarray(np.array(wanted)[column])


def _where_chosen(chosen: Bools, numbers: Any) -> Ints:
    """Places of the numbers that are chosen; block by block, since a block stays in the processor's cache."""
    blocks = range(0, len(numbers), _BLOCK)
    places = [np.flatnonzero(chosen.take(numbers[begin : begin + _BLOCK])) + begin for begin in blocks]
    return np.concatenate(places) if places else np.empty(0, np.int64)


@dataclass(slots=True)
class _Forest:
    """The trees of some runs in one, since a tree for each of 10,000 runs takes seconds."""

    rows: Rows
    """Span rows, ascending; the nodes of the shape are places in it."""
    parent: npt.NDArray[np.int32]
    """Of each node, -1 for roots."""
    shape: Shape

    @classmethod
    def of(cls, store: Store, runs: Sequence[int] | Ints) -> _Forest:
        """The tree of one run, or those of all of them."""
        if len(runs) == 1:
            rows = store.rows_of_run(int(runs[0]))
        else:
            rows = np.flatnonzero((store.spans.np("flags") & Flag.dropped) == 0).astype(np.int32)
        parent = local_parents(store, rows)
        made = shape(parent)
        if made.cut:  # as a shape has them: what goes round in a circle begins at a root
            parent[made.cut] = -1
        return cls(rows, parent, made)


def _depths(_: Store, forest: _Forest) -> Any:
    return forest.shape.depth[forest.shape.position]


def _failed_below(store: Store, forest: _Forest) -> Any:
    """Failed spans in the subtree of each node."""
    made = forest.shape
    rows = forest.rows[made.order]
    failed = (store.spans.np("status")[rows] == Status.error) & ((store.spans.np("flags")[rows] & Flag.announced) > 0)
    sums, here = prefix(failed), np.arange(len(rows))
    return (sums[here + made.size] - sums[here])[made.position]


def _own_times(store: Store, forest: _Forest) -> Any:
    """Time of each node's span that none of its children covers, with what these began, ns; open ones reach to its end."""
    rows, parents = forest.rows, forest.parent
    start, end = store.spans.np("start")[rows], store.spans.np("end")[rows]
    own = np.maximum(end - start, 0)
    told = (store.spans.np("flags")[rows] & Flag.announced) > 0
    child = np.flatnonzero((parents >= 0) & told & (start != NO_TIME))
    over = parents[child]
    timed = (start[over] != NO_TIME) & (end[over] != NO_TIME)
    child, over = child[timed], over[timed]
    first, last = start[over], np.maximum(end[over], start[over])
    begin = np.clip(start[child], first, last)
    stop = np.clip(np.where(end[child] == NO_TIME, last, reach_of(parents, end)[child]), first, last)
    by = np.lexsort((begin, over))
    covered: dict[int, int] = {}
    at, reached = -1, 0
    for parent, low, high in zip(over[by].tolist(), begin[by].tolist(), stop[by].tolist(), strict=True):
        if parent != at:
            at, reached = parent, low
        if high > reached:
            covered[parent] = covered.get(parent, 0) + high - max(low, reached)
            reached = high
    if covered:
        own[list(covered)] -= np.fromiter(covered.values(), np.int64, len(covered))
    return own

"""Two runs compared: rows in tree order, each with the spans of both sides, what differs, and the figures of both.

Kept as columns; a ``Row`` is made when someone looks. The screen shows these rows, the commands print them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import numpy.typing as npt

from tracetui.core.comparing.alignment import NONE, Alignment, Note, align
from tracetui.core.comparing.moves import moved
from tracetui.core.comparing.sides import TOKENS, Floats, Side, lacking, sides
from tracetui.core.model import NO_TIME, Kind, Status
from tracetui.core.store.preorder import Preorder
from tracetui.core.store.shape import Bools, Ints, Longs

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Run, Store

Number = TypeVar("Number", int, float)

GOOD, FAILED, SKIPPED, OPEN = range(4)
OUTCOMES: Final = ("ok", "error", "skipped", "open")
"""What a status comes to; a span that ended without one went as well as one that says ok."""
_OUTCOME_OF: Final = {
    Status.unset: GOOD,
    Status.ok: GOOD,
    Status.error: FAILED,
    Status.skipped: SKIPPED,
    Status.open: OPEN,
}


class Mark(IntFlag):
    """In what an aligned pair differs by itself, what is below it left out."""

    none = 0
    status = 1
    model = 2
    renamed = 4
    time = 8
    tokens = 16
    cost = 32


@dataclass(frozen=True, slots=True)
class Noise:
    """What is no difference. A figure is marked where it differs by the share and by the amount.

    Times are those that a span's children do not cover, and tokens and costs its own, so that a difference is marked where
    it arises and not all the way up.
    """

    time_share: float = 0.25
    """Of the longer one."""
    time_of_run: float = 0.01
    """And of the longer run, within the next two."""
    least_ns: int = 10_000_000
    most_ns: int = 10_000_000_000
    tokens_share: float = 0.10
    tokens: int = 100
    cost_share: float = 0.10
    cost_usd: float = 0.001
    cost_of_run: float = 0.01
    """Of the dearer run, if that is less than ``cost_usd``."""
    told_share: float = 0.02
    """A time that differs by less is shown as equal."""

    def time_ns(self, one: int | None, other: int | None) -> int:
        """The least difference of a time that counts in runs of these lengths, ns."""
        return int(min(self.most_ns, max(self.least_ns, self.time_of_run * max(one or 0, other or 0))))

    def cost(self, one: float | None, other: float | None) -> float:
        """The least difference of a cost that counts in runs of these costs, US dollars."""
        dearer = max(one or 0.0, other or 0.0)
        return min(self.cost_usd, self.cost_of_run * dearer) if dearer > 0 else self.cost_usd


@dataclass(frozen=True, slots=True)
class Figures:
    """What one side of a row comes to, all below it included. None: not recorded anywhere in it."""

    spans: int = 0
    errors: int = 0
    calls: int = 1
    """Spans that the row itself stands for: more than 1 in a group."""
    duration_ns: int | None = None
    """Of the span; of a group the sum."""
    own_ns: int | None = None
    """What no child covers."""
    is_open: bool = False
    """The times go up to the newest record of the run."""
    time_computed: bool = False
    """The start or end of a span, and so its time, is worked out."""
    tokens: dict[str, int | None] = field(default_factory=dict)
    tokens_partial: bool = False
    cost_usd: float | None = None
    """As recorded."""
    computed_usd: float | None = None
    """The price of calls that have none recorded."""
    cost_partial: bool = False

    @property
    def usd(self) -> float | None:
        """Recorded and computed cost."""
        if self.cost_usd is None:
            return self.computed_usd
        return self.cost_usd if self.computed_usd is None else self.cost_usd + self.computed_usd


@dataclass(frozen=True, slots=True)
class Delta:
    """The second side less the first. Where only one side has something, the other has none of it; None: neither has it.

    Spans, errors, tokens and costs of a row are its own and the sums of those of the rows below it, so are their differences.
    """

    spans: int
    errors: int
    calls: int
    duration_ns: int | None
    own_ns: int | None
    tokens: dict[str, int | None]
    cost_usd: float | None
    computed_usd: float | None
    usd: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a comparison."""

    index: int
    depth: int
    size: int
    """Rows in the subtree, itself included."""
    a: int
    """Span row on the first side, -1 without."""
    b: int
    state: str
    """``same``, ``changed``, ``only_a``, ``only_b``, ``moved`` or ``repeated`` (a group of calls)."""
    marks: tuple[str, ...]
    """In what the pair differs by itself."""
    note: Note
    twin: int
    """With ``moved`` on one side: the row where the other side has it; else -1."""
    name: str
    """Of the second side, else of the first. Untrusted."""
    other_name: str
    """Of the first side, where it is another one."""
    kind: Kind
    outcomes: tuple[str | None, str | None]
    """How it went on each side."""
    figures: tuple[Figures | None, Figures | None]
    delta: Delta


class Comparison:
    """Two runs, row by row.

    Args:
        one: The run that is compared with.
        other: The run that is compared.
        noise: What is no difference.
        alignment: The two as one, where that is known.
        go_on: Called now and then; what it raises ends the work.
    """

    def __init__(
        self,
        one: Side,
        other: Side,
        noise: Noise | None = None,
        alignment: Alignment | None = None,
        go_on: Callable[[], None] = lambda: None,
    ) -> None:
        self.one = one
        self.other = other
        self.noise = Noise() if noise is None else noise
        self.alignment = align(one, other, go_on=go_on) if alignment is None else alignment
        go_on()
        self.moves = moved(one, other, self.alignment)
        self.marks: npt.NDArray[np.uint8] = self._marked()
        """Bits of ``Mark`` by row."""

    def __len__(self) -> int:
        return len(self.alignment)

    @property
    def is_approximate(self) -> bool:
        """Somewhere there were too many children to align them exactly."""
        return self.alignment.approximate

    @cached_property
    def tree(self) -> Preorder:
        """The rows as a tree; its span rows are row numbers."""
        here = np.arange(len(self), dtype=np.int32)
        return Preorder(here, self.alignment.depth, self.alignment.size, here, frozenset())

    @cached_property
    def differs(self) -> Bools:
        """Which rows are a difference themselves: of one side only, or marked, or in another place."""
        rows = self.alignment
        notes = rows.notes
        stayed = (notes & Note.group) == 0
        away = ((notes & Note.reordered) > 0) & ((notes & Note.parallel) == 0)
        found: Bools = (((rows.a == NONE) | (rows.b == NONE)) & stayed) | (self.marks > 0) | away
        return found

    @cached_property
    def leads(self) -> Bools:
        """Which rows are a difference or have one below them."""
        return self.tree.held(self.differs)

    def parent(self, index: int) -> int:
        """The row above, -1 for one at the top."""
        return self.tree.parent(index)

    def path(self, index: int) -> list[str]:
        """Names of the rows above, from the top down, as on the side that has the row. Untrusted."""
        above = [row for row in self.tree.ancestors(index) if not self.alignment.notes[row] & Note.group]
        names = [self._names(row) for row in above]
        only_a = self.alignment.b[index] == NONE and self.alignment.a[index] != NONE
        return [other_name or name if only_a else name for name, other_name in names]

    def __iter__(self) -> Iterator[Row]:
        return map(self.row, range(len(self)))

    def row(self, index: int) -> Row:
        """One row with its figures."""
        rows = self.alignment
        a, b, note = int(rows.a[index]), int(rows.b[index]), Note(int(rows.notes[index]))
        name, other_name = self._names(index)
        figures = self._figures(index)
        twin = int(self.moves.twin[index])
        member = index + 1 if note & Note.group else index
        side, at = (self.other, int(rows.b[member])) if rows.b[member] != NONE else (self.one, int(rows.a[member]))
        return Row(
            index=index,
            depth=int(rows.depth[index]),
            size=int(rows.size[index]),
            a=NONE if a == NONE else self.one.row(a),
            b=NONE if b == NONE else self.other.row(b),
            state=self.state(index),
            marks=tuple(mark.name or "" for mark in Mark if mark & int(self.marks[index])),
            note=note,
            twin=twin,
            name=name,
            other_name=other_name,
            kind=Kind(int(side.kind[at])),
            outcomes=(outcome(self.one, a), outcome(self.other, b)),
            figures=figures,
            delta=delta(*figures),
        )

    def state(self, index: int) -> str:
        """What became of a row, in a word."""
        rows = self.alignment
        note = int(rows.notes[index])
        if note & Note.group:
            return "repeated"
        if self.moves.twin[index] != NONE:
            return "moved"
        if rows.a[index] == NONE or rows.b[index] == NONE:
            return "only_b" if rows.a[index] == NONE else "only_a"
        if self.marks[index]:
            return "changed"
        return "moved" if self.differs[index] else "same"

    def states(self) -> dict[str, int]:
        """Spans by state: pairs once, groups not at all."""
        rows = self.alignment
        one_sided, twin = (rows.a == NONE) | (rows.b == NONE), self.moves.twin != NONE
        group = (rows.notes & Note.group) > 0
        pair = ~one_sided
        changed = pair & (self.marks > 0)
        away = pair & ~changed & self.differs
        counts = {
            "same": pair & ~changed & ~away,
            "changed": changed,
            "only_a": (rows.b == NONE) & ~twin & ~group,
            "only_b": (rows.a == NONE) & ~twin & ~group,
            "moved": away | (twin & (rows.b != NONE)),
        }
        return {name: int(np.count_nonzero(found)) for name, found in counts.items()}

    # -- figures -------------------------------------------------------------------------------------------------------

    def _names(self, index: int) -> tuple[str, str]:
        rows = self.alignment
        member = index + 1 if rows.notes[index] & Note.group else index
        a, b = int(rows.a[member]), int(rows.b[member])
        mine = self.one.name(a) if a != NONE else ""
        name = self.other.name(b) if b != NONE else mine
        return name, mine if a != NONE and mine != name else ""

    def _figures(self, index: int) -> tuple[Figures | None, Figures | None]:
        rows = self.alignment
        if not rows.notes[index] & Note.group:
            return figures_at(self.one, int(rows.a[index])), figures_at(self.other, int(rows.b[index]))
        members, at, end = [], index + 1, index + int(rows.size[index])
        while at < end:
            members.append(at)
            at += int(rows.size[at])
        return (
            _summed([figures for row in members if (figures := figures_at(self.one, int(rows.a[row]))) is not None]),
            _summed([figures for row in members if (figures := figures_at(self.other, int(rows.b[row]))) is not None]),
        )

    # -- marks ---------------------------------------------------------------------------------------------------------

    def _marked(self) -> npt.NDArray[np.uint8]:
        rows, one, other = self.alignment, self.one, self.other
        marks = np.zeros(len(rows), np.uint8)
        pair = np.flatnonzero((rows.a != NONE) & (rows.b != NONE))
        a, b = rows.a[pair], rows.b[pair]
        of_pair = np.zeros(len(pair), np.uint8)
        of_pair[_outcomes(one)[a] != _outcomes(other)[b]] |= int(Mark.status)
        of_pair[(rows.notes[pair] & Note.renamed) > 0] |= int(Mark.renamed)
        of_pair[self._other_times(a, b)] |= int(Mark.time)
        for mark, places in self._other_figures(pair).items():
            of_pair[places] |= int(mark)
        marks[pair] = of_pair
        return marks

    def _other_times(self, a: Ints, b: Ints) -> Bools:
        mine, theirs = self.one.own_ns[a], self.other.own_ns[b]
        known = (mine != NO_TIME) & (theirs != NO_TIME)
        ended = (self.one.status[a] != Status.open) & (self.other.status[b] != Status.open)
        least = self.noise.time_ns(self.one.run.duration()[0], self.other.run.duration()[0])
        # Of a span with children the whole has to differ the same way: else only its children moved.
        longer = (self.other.end[b] - self.other.start[b]) - (self.one.end[a] - self.one.start[a])
        whole = (np.abs(longer) >= least) & ((longer > 0) == (theirs > mine))
        different: Bools = known & ended & whole & _far(mine, theirs, self.noise.time_share, least)
        return different

    def _other_figures(self, pair: npt.NDArray[np.int64]) -> dict[Mark, npt.NDArray[np.int64]]:
        """Places in ``pair`` whose model, tokens or cost differ."""
        rows, one, other, noise = self.alignment, self.one, self.other, self.noise
        a, b = rows.a[pair], rows.b[pair]
        found: dict[Mark, npt.NDArray[np.int64]] = {}
        tokens = dense(one, "total")[a], dense(other, "total")[b]
        found[Mark.tokens] = np.flatnonzero(_both(*tokens) & _far(*tokens, noise.tokens_share, noise.tokens))
        paid = spent(one)[a], spent(other)[b]
        least = noise.cost(_usd(one), _usd(other))
        found[Mark.cost] = np.flatnonzero(_both(*paid) & _far(*paid, noise.cost_share, least))
        called = np.zeros(max(1, len(one)), np.bool_)
        called[list(one.models)] = True
        calls = np.flatnonzero(called[a]) if one.models else np.empty(0, np.int64)
        different = [
            place
            for place, mine, theirs in zip(calls.tolist(), a[calls].tolist(), b[calls].tolist(), strict=True)
            if other.models.get(theirs, one.models[mine]) != one.models[mine]
        ]
        found[Mark.model] = np.asarray(different, np.int64)
        return found


def compare_runs(
    store: Store,
    a: Run,
    b: Run,
    *,
    other_store: Store | None = None,
    bodies: tuple[Bodies | None, Bodies | None] = (None, None),
    costs: tuple[Costs | None, Costs | None] = (None, None),
    noise: Noise | None = None,
) -> Comparison:
    """What became of run ``a`` in run ``b``.

    Args:
        store: Where both are.
        a: What is compared with.
        b: What is compared.
        other_store: Where ``b`` is, if that is another one.
        bodies: Of both runs, for their arguments and texts; without them moved leaves are not found.
        costs: Of both stores, for what was not recorded.
        noise: What is no difference.
    """
    one, other = sides(
        (store, a, bodies[0], costs[0]), (store if other_store is None else other_store, b, bodies[1], costs[1])
    )
    return Comparison(one, other, noise)


def outcome(side: Side, position: int) -> str | None:
    """How a span went, in a word; None without one, or where nothing is recorded of it."""
    return None if position == NONE else Status(int(side.status[position])).name


def figures_at(side: Side, position: int) -> Figures | None:
    """What the subtree of a position comes to; None without one."""
    if position == NONE:
        return None
    end = position + side.size(position)
    tokens = {name: _whole(side.sums[name].within(position, end)) for name in TOKENS}
    cost, computed = (side.sums[name].within(position, end) for name in ("cost", "computed"))
    return Figures(
        spans=side.count("spans", position, end),
        errors=side.count("errors", position, end),
        duration_ns=side.duration(position),
        own_ns=side.own(position),
        is_open=side.is_open(position),
        time_computed=side.is_time_computed(position),
        tokens=tokens,
        tokens_partial=tokens["total"] is not None and lacking(side, position, end, "total"),
        cost_usd=cost,
        computed_usd=computed,
        cost_partial=not (cost is None and computed is None) and lacking(side, position, end, "cost"),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _summed(members: list[Figures]) -> Figures | None:
    if not members:
        return None
    tokens = {name: added(each.tokens[name] for each in members) for name in TOKENS}
    return Figures(
        spans=sum(each.spans for each in members),
        errors=sum(each.errors for each in members),
        calls=len(members),
        duration_ns=added(each.duration_ns for each in members),
        own_ns=added(each.own_ns for each in members),
        is_open=any(each.is_open for each in members),
        time_computed=any(each.time_computed for each in members),
        tokens=tokens,
        tokens_partial=any(each.tokens_partial for each in members)
        or (tokens["total"] is not None and any(each.tokens["total"] is None for each in members)),
        cost_usd=added(each.cost_usd for each in members),
        computed_usd=added(each.computed_usd for each in members),
        cost_partial=any(each.cost_partial for each in members),
    )


def added(values: Iterable[Number | None]) -> Number | None:
    """Sum of the known values; None if none is."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None


def delta(one: Figures | None, other: Figures | None) -> Delta:
    """The second less the first."""
    mine, theirs = one or Figures(calls=0), other or Figures(calls=0)
    both = one is not None and other is not None
    return Delta(
        spans=theirs.spans - mine.spans,
        errors=theirs.errors - mine.errors,
        calls=theirs.calls - mine.calls,
        duration_ns=less(theirs.duration_ns, mine.duration_ns, both=both),
        own_ns=less(theirs.own_ns, mine.own_ns, both=both),
        tokens={name: less(theirs.tokens.get(name), mine.tokens.get(name)) for name in TOKENS},
        cost_usd=less(theirs.cost_usd, mine.cost_usd),
        computed_usd=less(theirs.computed_usd, mine.computed_usd),
        usd=less(theirs.usd, mine.usd),
    )


def less(other: Number | None, one: Number | None, *, both: bool = False) -> Number | None:
    """``other`` less ``one``; an unknown one counts as nothing, unless it must be known on both sides."""
    if other is None and one is None:
        return None
    if both and (other is None or one is None):
        return None
    if one is None:
        return other
    return -one if other is None else other - one


def dense(side: Side, name: str) -> Floats:
    """One figure by position, nan where a span itself has none; one element at least."""
    values = np.full(max(1, len(side)), np.nan)
    for position, value in side.sums[name]:
        values[position] = float(value)
    return values


def spent(side: Side) -> Floats:
    """What each span itself cost, recorded and computed, nan where nothing is known."""
    cost, computed = dense(side, "cost"), dense(side, "computed")
    return np.where(np.isnan(cost), computed, np.where(np.isnan(computed), cost, cost + computed))


def _usd(side: Side) -> float | None:
    return added(
        float(sums.totals[-1]) if len(sums.at) else None for sums in (side.sums["cost"], side.sums["computed"])
    )


def _outcomes(side: Side) -> npt.NDArray[np.uint8]:
    table = np.zeros(len(Status), np.uint8)
    for status, found in _OUTCOME_OF.items():
        table[status] = found
    return table[side.status]


def _both(one: Floats, other: Floats) -> Bools:
    both: Bools = np.isfinite(one) & np.isfinite(other)
    return both


def _far(one: Floats | Longs, other: Floats | Longs, share: float, least: float) -> Bools:
    """Where two figures differ by a share of the larger one and by an amount."""
    difference = np.abs(other - one)
    far: Bools = (difference >= least) & (difference >= share * np.maximum(np.abs(one), np.abs(other)))
    return far

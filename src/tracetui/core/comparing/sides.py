"""One side of a comparison: a run as a tree in preorder, with what is compared of each of its spans.

Two sides may come from two stores. What makes spans comparable is their label: kind and name, numbered alike on both sides;
the name of a model in the name of its call does not count. Figures are sums over subtrees, sparse where few spans have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME, TIME_INFERRED, Flag, Kind, Status, Usage
from tracetui.core.store.preorder import Preorder
from tracetui.core.store.reach import reach_of
from tracetui.core.store.shape import Bools, Ints, Longs, prefix

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Run, Store

Floats = npt.NDArray[np.float64]

TOKENS: Final = ("input", "output", "total", "cached")
"""Tokens that are compared; ``total`` is as recorded, else input and output, else the half that is known."""

STAR: Final = "*"
"""Stands for the name of a model in the name of its call."""

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_ROLL: Final = 0x9E37_79B9_7F4A_7C15  # odd, so that it can be divided by
_KIND_BITS: Final = 4
_PIECE: Final = 1 << 14


@dataclass(slots=True)
class Sums:
    """One figure over a tree: where it is known, and sums from the beginning."""

    at: Longs
    """Positions where it is known, ascending."""
    totals: list[int] | list[float]
    """One more than positions."""

    @classmethod
    def of(cls, at: Sequence[int], values: Sequence[float]) -> Sums:
        """From positions, ascending, and what is known there."""
        return cls(np.asarray(at, np.int64), list(accumulate(values, initial=0)))

    def within(self, begin: int, end: int) -> float | None:
        """The sum between two positions; None if nothing is known there."""
        first, last = self.at.searchsorted([begin, end]).tolist()
        if first == last:
            return None
        value: float = self.totals[last] - self.totals[first]
        return value

    def __iter__(self) -> Iterator[tuple[int, float]]:
        """Positions, and what is known of each."""
        for number, position in enumerate(self.at.tolist()):
            yield position, self.totals[number + 1] - self.totals[number]


@dataclass(slots=True)
class Side:
    """A run, laid out to be compared. All arrays are by position of ``tree``."""

    store: Store
    run: Run
    tree: Preorder
    label: Longs
    """Equal on both sides where kind and name are."""
    parent: Ints
    """Position of the parent, -1 for roots."""
    kind: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint16]
    start: Longs
    """ns, NO_TIME where unknown."""
    end: Longs
    """ns, NO_TIME where unknown; of an open span the newest record of its run."""
    own_ns: Longs
    """Time that no child covers, ns; NO_TIME where unknown."""
    sums: dict[str, Sums]
    """``TOKENS``, ``cost`` (recorded, US dollars) and ``computed``, by what each span itself has."""
    models: dict[int, str]
    """Model of the calls of which it is known, by position."""
    bodies: Bodies | None
    costs: Costs | None
    _counts: dict[str, Ints] = field(default_factory=dict)
    # Windows on arrays, of which single elements are read fast. Lists of a million numbers would be made in one go, and gone
    # through for cycles: no other thread runs meanwhile.
    sizes: memoryview[int] = field(default_factory=lambda: memoryview(b""))
    """Of each subtree."""
    labels: memoryview[int] = field(default_factory=lambda: memoryview(b""))
    _first: memoryview[int] = field(default_factory=lambda: memoryview(b""))
    _children: memoryview[int] = field(default_factory=lambda: memoryview(b""))
    _hashes: memoryview[int] = field(default_factory=lambda: memoryview(b""))
    _unroll: memoryview[int] = field(default_factory=lambda: memoryview(b""))

    def __len__(self) -> int:
        return len(self.tree)

    # -- shape ---------------------------------------------------------------------------------------------------------

    def children(self, position: int) -> list[int]:
        """Positions of the children of a position, in order; of -1 the roots."""
        return self._children[self._first[position + 1] : self._first[position + 2]].tolist()

    def size(self, position: int) -> int:
        """Spans in the subtree of a position, itself included."""
        return self.sizes[position]

    def shape_of(self, begin: int, end: int) -> int:
        """A number that is equal for stretches of the tree with the same labels and shapes (and hardly for others)."""
        return (self._hashes[end] - self._hashes[begin]) * self._unroll[begin] & _MASK

    def shapes_of(self, positions: Ints) -> npt.NDArray[np.uint64]:
        """``shape_of`` the subtrees of positions."""
        hashes, unroll = np.asarray(self._hashes), np.asarray(self._unroll)
        found: npt.NDArray[np.uint64] = (hashes[positions + self.tree.size[positions]] - hashes[positions]) * unroll[
            positions
        ]
        return found

    # -- figures -------------------------------------------------------------------------------------------------------

    def duration(self, position: int) -> int | None:
        """Length of a span, ns, up to the newest record of the run while it is open; None where unknown."""
        start, end = int(self.start[position]), int(self.end[position])
        return None if start == NO_TIME or end == NO_TIME else max(0, end - start)

    def is_open(self, position: int) -> bool:
        """Whether a span has no end yet."""
        return bool(self.status[position] == Status.open)

    def is_time_computed(self, position: int) -> bool:
        """Whether the start or end of a span is worked out."""
        return bool(self.flags[position] & TIME_INFERRED)

    def own(self, position: int) -> int | None:
        """Time of a span that no child of it covers, ns; None where unknown."""
        time = int(self.own_ns[position])
        return None if time == NO_TIME else time

    def count(self, name: str, begin: int, end: int) -> int:
        """How many of ``spans`` (recorded) or ``errors`` (failed) stand between two positions."""
        sums = self._counts[name]
        return int(sums[end] - sums[begin])

    def row(self, position: int) -> int:
        """The span row at a position."""
        return int(self.tree.order[position])

    def name(self, position: int) -> str:
        """The name of a span, untrusted."""
        return self.store.strings[self.store.spans.name[self.row(position)]]

    def usage(self, position: int) -> Usage:
        """Tokens and cost recorded on a span."""
        return self.store.usage_of(self.row(position)) or Usage()


def sides(*runs: tuple[Store, Run, Bodies | None, Costs | None]) -> list[Side]:
    """Several runs, laid out to be compared with each other."""
    trees = [Preorder.of_run(store, run.row) for store, run, _, _ in runs]
    usages = [_usage(store, run, tree) for (store, run, _, _), tree in zip(runs, trees, strict=True)]
    models = [_models(store, used) for (store, *_), used in zip(runs, usages, strict=True)]
    labels = _labels([(store, tree, known) for (store, *_), tree, known in zip(runs, trees, models, strict=True)])
    laid = zip(trees, usages, models, labels, strict=True)
    return [_side(*run, *parts) for run, parts in zip(runs, laid, strict=True)]


def _side(
    store: Store,
    run: Run,
    bodies: Bodies | None,
    costs: Costs | None,
    tree: Preorder,
    used: tuple[Longs, Longs],
    models: dict[int, str],
    label: Longs,
) -> Side:
    order, spans = tree.order, store.spans
    kind, status, flags = (spans.np(name)[order] for name in ("kind", "status", "flags"))
    start, end = spans.np("start")[order], spans.np("end")[order]
    end = np.where((status == Status.open) & (end == NO_TIME), run.last_time, end)
    parent = tree.parents(store)
    told = (flags & Flag.announced) > 0
    side = Side(
        store=store,
        run=run,
        tree=tree,
        label=label,
        parent=parent,
        kind=kind,
        status=status,
        flags=flags,
        start=start,
        end=end,
        own_ns=_own_times(start, end, parent),
        sums=_figures(store, run, tree, flags, used, costs),
        models=models,
        bodies=bodies,
        costs=costs,
    )
    side._counts = {
        "spans": prefix(told),
        "errors": prefix(told & (status == Status.error)),
        "lacking total": _lacking(side.sums, told & (kind == Kind.llm), ("total",)),
        "lacking cost": _lacking(side.sums, told & (kind == Kind.llm), ("cost", "computed")),
    }
    side._children = _window(np.argsort(parent, kind="stable"))
    side._first = _window(prefix(np.bincount(parent + 1, minlength=len(tree) + 1)))
    side.labels, side.sizes = _window(label), _window(tree.size)
    side._hashes, side._unroll = map(_window, _hashed(label, tree.size))
    return side


def _window(values: npt.NDArray[np.integer]) -> memoryview[int]:
    return memoryview(np.ascontiguousarray(values))  # type: ignore[arg-type]  # a window on an array reads as int


def _hashed(label: Longs, size: Ints) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Sums of labels and sizes times powers, and the powers to divide by: any stretch is hashed in three steps."""
    mixed = label.astype(np.uint64) * np.uint64(0xBF58_476D_1CE4_E5B9) + size.astype(np.uint64)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D0_49BB_1331_11EB)
    mixed ^= mixed >> np.uint64(32)
    sums = np.zeros(len(mixed) + 1, np.uint64)
    np.cumsum(mixed * _powers(_ROLL, len(mixed)), out=sums[1:])
    return sums, _powers(pow(_ROLL, -1, 1 << 64), len(mixed) + 1)


def _powers(base: int, count: int) -> npt.NDArray[np.uint64]:
    powers = np.full(max(1, count), base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)[:count]


def _own_times(start: Longs, end: Longs, parent: Ints) -> Longs:
    """Time of each span that none of its children covers, with what these began, ns."""
    timed = (start != NO_TIME) & (end != NO_TIME)
    own = np.where(timed, np.maximum(end - start, 0), NO_TIME)
    child = np.flatnonzero((parent >= 0) & timed)
    child = child[timed[parent[child]]]
    over = parent[child]
    low, high = start[over], np.maximum(end[over], start[over])
    begin, stop = np.clip(start[child], low, high), np.clip(reach_of(parent, end)[child], low, high)
    by = np.lexsort((begin, over))
    at, reached = -1, 0
    covered: dict[int, int] = {}
    for above, first, last in _in_pieces(over[by], begin[by], stop[by]):
        if above != at:
            at, reached = above, first
        if last > reached:
            covered[above] = covered.get(above, 0) + last - max(first, reached)
            reached = last
    if covered:
        own[list(covered)] -= np.fromiter(covered.values(), np.int64, len(covered))
    return own


def _in_pieces(*columns: npt.NDArray[np.integer]) -> Iterator[tuple[int, ...]]:
    """Rows of columns, a piece at a time: what makes a list of a million numbers lets no other thread run."""
    for begin in range(0, len(columns[0]), _PIECE):
        yield from zip(*(column[begin : begin + _PIECE].tolist() for column in columns), strict=True)


def _usage(store: Store, run: Run, tree: Preorder) -> tuple[Longs, Longs]:
    """Positions of the spans of a run that have a row of usage, and those rows."""
    spans = store.usage.np("span")
    rows = (
        np.flatnonzero((spans >= max(0, run.first_row)) & (spans <= run.last_row)) if run.last_row >= 0 else spans[:0]
    )
    at = tree.positions(spans[rows].astype(np.int32)).astype(np.int64)
    return at[at >= 0], rows[at >= 0].astype(np.int64)


def _models(store: Store, used: tuple[Longs, Longs]) -> dict[int, str]:
    """Position to the model of its call, where one is recorded."""
    at, rows = used
    models = store.usage.np("model")[rows].tolist()
    return {position: store.strings[model] for position, model in zip(at.tolist(), models, strict=True) if model}


def _figures(
    store: Store,
    run: Run,
    tree: Preorder,
    flags: npt.NDArray[np.uint16],
    used: tuple[Longs, Longs],
    costs: Costs | None,
) -> dict[str, Sums]:
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in (*TOKENS, "cost", "computed")}
    for position, row in zip(used[0].tolist(), used[1].tolist(), strict=True):
        if not flags[position] & Flag.has_usage:
            continue
        usage = store.usage.get(row)
        for name, value in zip(TOKENS, (usage.input, usage.output, total_of(usage), usage.cached), strict=True):
            if value is not None:
                found[name].append((position, value))
        if costs is None and usage.cost_usd is not None and np.isfinite(usage.cost_usd):
            found["cost"].append((position, usage.cost_usd))
    if costs is not None and run.last_row >= 0:
        rows, recorded, computed = costs.priced()
        first, last = rows.searchsorted([run.first_row, run.last_row + 1]).tolist()
        position_of = tree.positions(rows[first:last])
        for name, values in (("cost", recorded[first:last]), ("computed", computed[first:last])):
            for place in np.flatnonzero((position_of >= 0) & np.isfinite(values)).tolist():
                found[name].append((int(position_of[place]), float(values[place])))
    for values_of in found.values():
        values_of.sort()
    return {
        name: Sums.of([position for position, _ in pairs], [value for _, value in pairs])
        for name, pairs in found.items()
    }


def total_of(usage: Usage) -> int | None:
    """Tokens of a call: the total as recorded, else input and output, else the half that is known."""
    if usage.total is not None:
        return usage.total
    halves = [half for half in (usage.input, usage.output) if half is not None]
    return sum(halves) if halves else None


def lacking(side: Side, begin: int, end: int, name: str) -> bool:
    """Whether a model call between two positions has no ``total`` (or no ``cost``: neither recorded nor computed)."""
    return side.count(f"lacking {name}", begin, end) > 0


def _lacking(sums: dict[str, Sums], calls: Bools, names: Sequence[str]) -> Ints:
    """How many of the model calls before each position have none of these figures."""
    lacks = calls.copy()
    for name in names:
        lacks[sums[name].at] = False
    return prefix(lacks)


def _labels(told: list[tuple[Store, Preorder, dict[int, str]]]) -> list[Longs]:
    """Numbers for kind and name, in the order of their texts, so that they do not depend on which side comes first."""
    texts: list[list[tuple[int, str]]] = []
    inverses: list[Longs] = []
    for store, tree, models in told:
        strings = store.strings
        kind = store.spans.np("kind")[tree.order].astype(np.int64)
        combined = (store.spans.np("name")[tree.order].astype(np.int64) << _KIND_BITS) | kind
        named = {
            position: text
            for position, model in models.items()
            if model and model in (text := strings[int(combined[position]) >> _KIND_BITS])
        }
        kinds, inverse = np.unique(combined, return_inverse=True)
        pairs = [(each & (1 << _KIND_BITS) - 1, strings[each >> _KIND_BITS]) for each in kinds.tolist()]
        inverse = inverse.astype(np.int64).reshape(-1)
        numbers: dict[tuple[int, str], int] = {}
        for position, text in named.items():
            pair = (int(kind[position]), text.replace(models[position], STAR))
            if pair not in numbers:
                numbers[pair] = len(pairs)
                pairs.append(pair)
            inverse[position] = numbers[pair]
        texts.append(pairs)
        inverses.append(inverse)
    ordered = {pair: number for number, pair in enumerate(sorted({pair for pairs in texts for pair in pairs}))}
    return [
        np.asarray([ordered[pair] for pair in pairs] or [0], np.int64)[inverse]
        for pairs, inverse in zip(texts, inverses, strict=True)
    ]

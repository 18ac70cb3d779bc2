"""What the difference of two runs is made of, by name: calls, own time, tokens, cost and errors of all spans of one name.

Own times and own figures add up: the differences of all names are the difference of the runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracetui.core.comparing.comparison import Comparison, dense, spent
from tracetui.core.comparing.sides import STAR, Floats, Side
from tracetui.core.model import NO_TIME, Flag, Kind, Status

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class NameDifference:
    """All spans of one kind and name on both sides; what is not recorded of any of them is None."""

    kind: Kind
    name: str
    """Untrusted. With ``*`` for the model, where the name of a call holds it."""
    calls: tuple[int, int]
    errors: tuple[int, int]
    own_ns: tuple[int, int]
    """Time that no child covers, ns; where it is not known it counts nothing."""
    tokens: tuple[int, int] | None
    usd: Pair | None
    """Recorded and computed cost."""
    weight: float
    """The largest share of the run's time, tokens or cost that it is more or less: what the list is ordered by."""
    label: int = -1
    """The number of this kind and name in the comparison."""


def by_name(comparison: Comparison) -> list[NameDifference]:
    """Names whose spans differ in number or in a figure, the weightiest first."""
    one, other = comparison.one, comparison.other
    count = 1 + max((int(side.label.max()) for side in (one, other) if len(side)), default=0)
    tables = [_Table.of(side, count) for side in (one, other)]
    lengths = [table.total for table in tables]
    whole = [max(mine, theirs) or 1.0 for mine, theirs in zip(*lengths, strict=True)]
    found = [_of_label(label, one, other, tables, whole) for label in _different(tables)]
    return sorted(found, key=lambda each: (-each.weight, each.kind, each.name))


@dataclass(slots=True)
class _Table:
    """Sums by label."""

    first: Floats
    """A position with the label, nan without."""
    calls: Floats
    errors: Floats
    own: Floats
    tokens: Floats
    has_tokens: Floats
    usd: Floats
    has_usd: Floats

    @classmethod
    def of(cls, side: Side, count: int) -> _Table:
        size = len(side)
        label = side.label[:size]
        told = (side.flags & Flag.announced) > 0
        tokens, usd = dense(side, "total")[:size], spent(side)[:size]
        first = np.full(count, np.nan)
        first[label[::-1]] = np.arange(size)[::-1]

        def summed(values: Floats) -> Floats:
            return np.bincount(label, weights=values, minlength=count).astype(np.float64)

        return cls(
            first,
            summed(told.astype(np.float64)),
            summed((told & (side.status == Status.error)).astype(np.float64)),
            summed(np.where(side.own_ns == NO_TIME, 0, side.own_ns).astype(np.float64)),
            summed(np.nan_to_num(tokens)),
            summed(np.isfinite(tokens).astype(np.float64)),
            summed(np.nan_to_num(usd)),
            summed(np.isfinite(usd).astype(np.float64)),
        )

    @property
    def total(self) -> tuple[float, float, float]:
        """Own time, tokens and cost of all."""
        return float(self.own.sum()), float(self.tokens.sum()), float(self.usd.sum())


def _different(tables: list[_Table]) -> Iterator[int]:
    one, other = tables
    columns = ("calls", "errors", "own", "tokens", "usd")
    hit = np.zeros(len(one.calls), np.bool_)
    for name in columns:
        hit |= getattr(one, name) != getattr(other, name)
    yield from np.flatnonzero(hit).tolist()


def _of_label(label: int, one: Side, other: Side, tables: list[_Table], whole: list[float]) -> NameDifference:
    mine, theirs = tables
    side, at = (one, mine.first[label]) if np.isnan(theirs.first[label]) else (other, theirs.first[label])
    position = int(at)

    def pair(name: str) -> tuple[float, float]:
        return float(getattr(mine, name)[label]), float(getattr(theirs, name)[label])

    def whole_pair(name: str) -> tuple[int, int]:
        return int(pair(name)[0]), int(pair(name)[1])

    weights = [
        abs(pair(name)[1] - pair(name)[0]) / each for name, each in zip(("own", "tokens", "usd"), whole, strict=True)
    ]
    return NameDifference(
        kind=Kind(int(side.kind[position])),
        name=side.name(position).replace(side.models.get(position) or "\0", STAR),
        calls=whole_pair("calls"),
        errors=whole_pair("errors"),
        own_ns=whole_pair("own"),
        tokens=whole_pair("tokens") if any(pair("has_tokens")) else None,
        usd=pair("usd") if any(pair("has_usd")) else None,
        weight=max(weights),
        label=label,
    )

"""How the durations of each name are spread: counts in a few bins of one logarithmic scale, the same for all names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.run_spans import RunSpans
from tracetui.core.model import Kind

BINS: Final = 8
_SHORT: Final = 20
"""The shortest of so many have no say in where the scale begins."""
_S: Final = 1_000_000_000
_MINUTE: Final = 60 * _S
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Spreads:
    """Counts by name and kind, over finished spans."""

    low_ns: int
    """Where the first bin begins; what is shorter is in it."""
    high_ns: int
    """Where the last bin ends."""
    counts: dict[tuple[str, Kind], tuple[int, ...]]
    """``BINS`` of each name."""


def round_lengths() -> Iterator[int]:
    """Lengths that are easily read, ascending, ns: 1 2 5 × 10ⁿ below a second, then what clocks are divided by, then days."""
    for power in range(9):
        yield from (factor * 10**power for factor in (1, 2, 5))
    for unit in (_S, _MINUTE):
        yield from (factor * unit for factor in (1, 2, 5, 10, 15, 30))
    yield from (factor * _HOUR for factor in (1, 2, 5, 10))
    for power in count():
        yield from (factor * _DAY * 10**power for factor in (1, 2, 5))


def spreads(spans: RunSpans, names: Sequence[NameStats]) -> Spreads | None:
    """The spread of these names on one scale that holds all of them; None where nothing has a duration."""
    strings = spans.store.strings
    wanted = {(strings.find(each.name), int(each.kind)): each for each in names if each.finished}
    done = np.flatnonzero(spans.told & (spans.took >= 0))
    keys = spans.name[done].astype(np.int64) * 16 + spans.kind[done]
    numbers = np.asarray(sorted(name * 16 + kind for name, kind in wanted), np.int64)
    if not len(numbers):
        return None
    group = np.minimum(np.searchsorted(numbers, keys), len(numbers) - 1)
    mine = numbers[group] == keys
    group, took = group[mine], np.maximum(spans.took[done[mine]], 1)
    short = np.partition(took, len(took) // _SHORT)[len(took) // _SHORT]  # one of no length stretches no scale
    low, high = _scale(int(short), int(took.max()))
    place = np.log(took / low) / np.log(high / low) * BINS
    bins = np.clip(place.astype(np.int64), 0, BINS - 1)
    counts = np.bincount(group * BINS + bins, minlength=len(numbers) * BINS).reshape(-1, BINS).tolist()
    by_number = dict(zip(numbers.tolist(), counts, strict=True))
    return Spreads(
        low, high, {(each.name, each.kind): tuple(by_number[key[0] * 16 + key[1]]) for key, each in wanted.items()}
    )


def _scale(shortest: int, longest: int) -> tuple[int, int]:
    """The round lengths around two, never the same one."""
    low = 1
    for length in round_lengths():
        if length <= shortest:
            low = length
        if length >= longest and length > low:
            return low, length
    raise AssertionError("round lengths have no end")

"""How much ran at once over the time of a run: the mean number of working spans in each of many equal parts of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracetui.core.store.shape import Longs


@dataclass(frozen=True, slots=True)
class Density:
    """Of each part of a time."""

    running: np.ndarray
    """Spans that ran in it, in the mean of its time."""
    touched: np.ndarray
    """Whether any did, for however short."""


def density(start: Longs, end: Longs, begin: int, length: int, parts: int) -> Density:
    """Count spans from `start` to `end`, ns, in `parts` parts of the time from `begin` on; a handful of passes over them."""
    scale = parts / max(1, length)
    first = np.clip((start - begin) * scale, 0, parts)
    last = np.clip((np.maximum(end, start) - begin) * scale, 0, parts)
    running = np.diff(_ramp(first, parts) - _ramp(last, parts))
    changes = np.bincount(np.minimum(first.astype(np.int64), parts - 1), minlength=parts) > 0
    # Sums of so many floats leave a rest that is no span.
    return Density(np.where(running > _REST, running, 0.0), changes | (running > _REST))


_REST = 1e-6


def _ramp(at: np.ndarray, parts: int) -> np.ndarray:
    """At each edge of the parts the sum of how far it lies behind each moment before it."""
    part = np.minimum(at.astype(np.int64), parts)
    count = np.concatenate(([0], np.cumsum(np.bincount(part, minlength=parts + 1))[:parts]))
    sums = np.concatenate(([0.0], np.cumsum(np.bincount(part, weights=at, minlength=parts + 1))[:parts]))
    ramp: np.ndarray = np.arange(parts + 1) * count - sums
    return ramp

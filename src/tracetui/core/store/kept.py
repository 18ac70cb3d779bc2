"""Figures of all runs that are worked out from their spans, kept with an index so that nobody has to work them out again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Kept:
    """What they come to, by run row. It holds for a store as it was then."""

    repairs: dict[int, dict[str, int]]
    """What had to be read around, and how often."""
    causes: dict[int, list[int]]
    """Failed spans without a failed child."""
    totals: dict[int, tuple[int, int]]
    """Tokens in all, and the number of spans that hold them."""
    costs: dict[int, tuple[int, bool]]
    """Model calls with a recorded cost, and whether others are to be computed, which depends on prices."""

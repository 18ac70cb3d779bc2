"""What something cost: a figure that says where it comes from and whether a part of it is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tracetui.core.model import Kind

if TYPE_CHECKING:
    from tracetui.core.store import Run

Source = Literal["recorded", "computed", "mixed", "unknown"]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a span, of several, or of a run, in US dollars."""

    recorded: float | None = None
    """What its producer wrote."""
    computed: float | None = None
    """The price of the calls that have none recorded."""
    partial: bool = False
    """A model call, or half of one, is in neither: it cost at least ``usd``. Never where nothing is known."""
    origin: str = ""
    """Where ``computed`` comes from: ``genai-prices 0.2.3``, ``prices file``, or both."""

    @property
    def usd(self) -> float | None:
        """All that is known; None: nothing is."""
        if self.recorded is None:
            return self.computed
        return self.recorded if self.computed is None else self.recorded + self.computed

    @property
    def source(self) -> Source:
        """``recorded``, ``computed``, ``mixed`` of both, or ``unknown``."""
        if self.recorded is not None:
            return "recorded" if self.computed is None else "mixed"
        return "unknown" if self.computed is None else "computed"


def recorded_cost(run: Run) -> float | None:
    """What is recorded of a run and its calls, US dollars."""
    usd = run.usage.cost_usd
    return usd if usd is not None and math.isfinite(usd) else None


def lacks_calls(run: Run, known: int) -> bool:
    """Whether a run of which so many model calls have a figure misses others."""
    calls = run.kind_counts[Kind.llm]
    # What is recorded of a whole run is recorded of all its calls.
    return known < calls if not run.costs else 0 < known < calls

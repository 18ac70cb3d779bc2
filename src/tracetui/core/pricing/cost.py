"""What something cost: a figure that says where it comes from and whether a part of it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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

"""What folding a batch in changed, for whoever shows the store."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Change:
    """What one ``apply`` did, as row numbers. ``spans`` and ``events`` are ranges of new rows."""

    epoch: int = 0
    runs: set[int] = field(default_factory=set)
    new_runs: list[int] = field(default_factory=list)
    spans: tuple[int, int] = (0, 0)
    events: tuple[int, int] = (0, 0)
    touched: set[int] = field(default_factory=set)
    """Rows of older spans whose columns changed."""
    reset: set[int] = field(default_factory=set)
    """Runs whose shape changed: a parent replaced, spans dropped or taken up again."""

    def merge(self, later: Change) -> None:
        """Add a later change, so that a screen can look once for both."""
        self.epoch = later.epoch
        self.runs |= later.runs
        self.new_runs += later.new_runs
        self.spans = (self.spans[0], later.spans[1])
        self.events = (self.events[0], later.events[1])
        self.touched |= later.touched
        self.reset |= later.reset

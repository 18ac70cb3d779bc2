"""One small object a run: what is recorded of it as a whole, and totals kept as it grows."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from tracetui.core.model import NO_TIME, Clock, EventClass, Kind, Status, Usage
from tracetui.core.operations import Link


@dataclass(slots=True)
class Run:
    """A run as the store knows it. Texts are untrusted and as recorded; times are ns since the epoch."""

    row: int
    key: str
    format: str
    id: str = ""
    name: str = ""
    sources: list[int] = field(default_factory=list)
    live: bool = True
    """False: everything of it is gone from its files (truncated or replaced); it is shown no more."""

    records_end: bool = False
    recorded_status: Status | None = None
    status_reason: str | None = None
    recorded_start: int | None = None
    recorded_end: int | None = None
    recorded_duration_ns: int | None = None
    process: tuple[int, int, str, str] | None = None
    clock: Clock = Clock.utc
    order_by_time: bool = False
    meta: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What else its files say of it, in words."""
    repairs: dict[tuple[int, str, str], int] = field(default_factory=dict)
    """What its files had to be read around: (source, what, detail) to how often; source -1: a file that is set aside."""
    taken_back: int = 0
    """Records that this process had read and that are gone from their file."""
    restarts: int = 0
    """How often this process saw a file of it truncated or replaced."""
    links: list[Link] = field(default_factory=list)
    ranks: dict[str, int] = field(default_factory=dict)
    """Rank of the fact that each field holds, where it is not 0."""

    span_count: int = 0
    """Spans with a record of their own, dropped ones left out."""
    open_count: int = 0
    error_count: int = 0
    skipped_count: int = 0
    kind_counts: list[int] = field(default_factory=lambda: [0] * len(Kind))
    class_counts: list[int] = field(default_factory=lambda: [0] * len(EventClass))
    type_counts: dict[int, int] = field(default_factory=dict)
    """Records by string id of their type."""
    record_count: int = 0
    bad_count: int = 0
    usage: Usage = field(default_factory=Usage)
    """Sums of what is known, with ``costs``; None: neither a span nor the run has the figure."""
    costs: dict[int, float] = field(default_factory=dict)
    """What its files record of its cost as a whole and of no call, by source, US dollars."""
    known: dict[str, int] = field(default_factory=dict)
    """Of each figure: how many spans hold it."""
    models: dict[str, int] = field(default_factory=dict)
    """Spans by model."""
    failed: array[int] = field(default_factory=lambda: array("I"))
    """Rows of spans that failed at some time; ``Store.failed_rows`` leaves out those that count no more."""

    first_time: int = NO_TIME
    last_time: int = NO_TIME
    first_start: int = NO_TIME
    """The earliest start of a span."""
    first_row: int = -1
    last_row: int = -1
    first_record: int = -1
    last_record: int = -1
    first_event: int = -1
    last_event: int = -1
    mtime_ns: int = 0
    """Newest modification time of its files."""
    is_cut_off: bool = False
    """Nobody can write to the source it came from any more: a pipe that was closed."""
    grew_at_ns: int | None = None
    """When this process last saw it grow, by our own clock; None: it did not."""
    complete: bool = False
    """All of its sources are read to their ends."""
    glanced: bool = False
    """Known from a glance only: figures are still to come."""
    gone: bool = False
    """A file of it was deleted."""
    epoch: int = field(default=0, compare=False)
    """The store's epoch when something of it last changed: what was worked out of it since then is still true."""

    @property
    def retry_count(self) -> int:
        """Events of class ``retry``."""
        return self.class_counts[EventClass.retry]

    @property
    def cost_of_no_call(self) -> float | None:
        """US dollars that are recorded of the run as a whole."""
        return sum(self.costs.values()) if self.costs else None

    @property
    def start(self) -> int | None:
        """When it started: as recorded, else its earliest span, else its earliest record; None without times."""
        if self.recorded_start is not None:
            return self.recorded_start
        if self.first_start != NO_TIME:
            return self.first_start
        return None if self.first_time == NO_TIME else self.first_time

    def duration(self) -> tuple[int | None, str]:
        """Length in ns and where it comes from: ``recorded``, ``derived`` (recorded end − start) or ``last_record``."""
        if self.recorded_duration_ns is not None:
            return max(0, self.recorded_duration_ns), "recorded"
        start = self.start
        if start is None:
            return None, "last_record"
        if self.recorded_end is not None:
            return max(0, self.recorded_end - start), "derived"
        return (None if self.last_time == NO_TIME else max(0, self.last_time - start)), "last_record"

    def usage_partial(self) -> set[str]:
        """Figures that some model call of this run lacks while others have them."""
        calls = self.kind_counts[Kind.llm]
        return {name for name, count in self.known.items() if 0 < count < calls}

    def seen(self, time: int) -> None:
        """A record's own time."""
        if time >= 0:
            if time > self.last_time:
                self.last_time = time
            if self.first_time < 0 or time < self.first_time:
                self.first_time = time

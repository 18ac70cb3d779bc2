"""What had to be put right, worked out or left out while a run was read, counted: the repair report.

Files tell of some of it (``Run.repairs``), the store's columns of the rest. The words are made here, once, for ``stats``,
``list`` and the screen; figures stay figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.model import Flag, Kind
from tracetui.core.repair_words import CUT_REASON, WORDS, Sort
from tracetui.core.store.columns import Events

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

_DETAILS_AT_MOST: Final = 3
_SLACK: Final = 1_000_000
"""Less than this is rounding and no skew, ns: producers write milliseconds, or seconds as floating point."""
_SECOND: Final = 1_000_000_000
_FAR: Final = 30 * 24 * 3600 * _SECOND
_FAR_AMONG: Final = 3
"""Times that a run has at least, so that one of them can be far from the others."""
_ANNOUNCED, _DROPPED = int(Flag.announced), int(Flag.dropped)
_KNOWN: Final = int(Flag.announced | Flag.invented | Flag.dropped)
_BY_FLAG: Final = {
    "nesting": int(Flag.parent_inferred),
    "twice": int(Flag.retold),
    "no_start": int(Flag.no_start),
    "starts": int(Flag.start_inferred),
    "ends": int(Flag.end_inferred),
}
_START_INFERRED, _END_INFERRED = _BY_FLAG["starts"], _BY_FLAG["ends"]

_Ints = Any  # numpy is loaded late, and its types say nothing here


@dataclass(slots=True, frozen=True)
class Finding:
    """One line of a run's repair report. ``details`` (files, reasons) are untrusted."""

    what: str
    count: int
    """0: it is so, and cannot be counted."""
    details: tuple[str, ...] = ()

    @property
    def sort(self) -> Sort:
        """What it is called, and where it stands."""
        return WORDS[self.what]

    @property
    def note(self) -> str:
        """``copies set aside: 2``; what cannot be counted says how it is instead."""
        return f"{self.sort.label}: {self.count or (self.details[0] if self.details else self.sort.why)}"

    @property
    def full(self) -> str:
        """The note and its first details behind it."""
        if not self.count or not self.details:
            return self.note
        more = len(self.details) - _DETAILS_AT_MOST
        shown = ", ".join(self.details[:_DETAILS_AT_MOST]) + (f" and {more} more" if more > 0 else "")
        return f"{self.note} ({shown})"


class Repairs:
    """The repair reports of a store as it is now.

    Args:
        store: What has been read.
        only: Look at this run alone; None: at all of them at once, which costs as much as at one large one.
    """

    def __init__(self, store: Store, only: Run | None = None) -> None:
        self._store = store
        self._only = only
        self._found: dict[int, list[Finding]] | None = None

    def of(self, run: Run) -> list[Finding]:
        """What was found of a run, in the order of the report."""
        if self._found is None:
            self._found = self._look()
        return self._found.get(run.row, [])

    def notes(self, run: Run) -> list[str]:
        """The notes of ``stats``: what is true of the recording, and whatever else its files said."""
        return [*(finding.note for finding in self.of(run) if finding.sort.recorded), *run.notes]

    def full(self, run: Run) -> list[str]:
        """The notes with their details, for people. Untrusted."""
        return [*(finding.full for finding in self.of(run) if finding.sort.recorded), *run.notes]

    def _look(self) -> dict[int, list[Finding]]:
        kept = self._store.kept
        counts = counted(self._store, self._only) if kept is None else kept.repairs
        runs = self._store.runs if self._only is None else [self._only]
        found = {}
        for run in runs:
            findings = _findings(run, counts.get(run.row, {}))
            if findings:
                found[run.row] = findings
        return found


def counted(store: Store, only: Run | None = None) -> dict[int, dict[str, int]]:
    """What had to be read around, by run row, and how often; of one run ``only``, or of all at once."""
    found: dict[int, dict[str, int]] = {}
    for what, numbers in _counts(store, only):
        for row, number in numbers:
            found.setdefault(row, {})[what] = number
    return found


def _counts(store: Store, only: Run | None) -> Iterator[tuple[str, Iterable[tuple[int, int]]]]:
    """Of each sort: runs with how often."""
    unreadable, cut = _unreadable(store)
    yield "unreadable", unreadable.items()
    yield "cut", cut.items()
    import numpy as np

    low, high = (0, len(store.spans)) if only is None else (max(0, only.first_row), only.last_row + 1)
    if high > low:
        run_of = store.spans.np("run", low, high)
        for what, mask in _span_masks(store, low, high):
            if mask.any():
                numbers = np.bincount(run_of[mask])
                yield what, ((row, int(numbers[row])) for row in np.flatnonzero(numbers).tolist())
    steps = _steps_back(store, only)
    yield "backwards", steps.items()
    yield "far", _far(store, only)


def span_rows(store: Store, run: Run, what: str) -> list[int]:
    """Rows of the spans of a run at which something was found, in order of arrival."""
    import numpy as np

    low, high = max(0, run.first_row), run.last_row + 1
    if high <= low:
        return []
    mine = store.spans.np("run", low, high) == run.row
    for name, mask in _span_masks(store, low, high):
        if name == what:
            rows: list[int] = (np.flatnonzero(mask & mine) + low).tolist()
            return rows
    return []


def bad_rows(store: Store, run: Run, *, cut: bool | None = None) -> list[int]:
    """Rows of ``Store.bad`` of a run, and of its files where the run is not known; ``cut``: only those that are (not)."""
    bad = store.bad
    mine = [
        row
        for row in store.unreadable()
        if bad.run[row] == run.row or (bad.run[row] < 0 and bad.source[row] in run.sources)
    ]
    return mine if cut is None else [row for row in mine if (store.strings[bad.reason[row]] == CUT_REASON) == cut]


def _unreadable(store: Store) -> tuple[dict[int, int], dict[int, int]]:
    """Runs with the number of their unreadable records, and of their incomplete last lines."""
    bad, strings = store.bad, store.strings
    found: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for row in store.unreadable():
        counts = found[strings[bad.reason[row]] == CUT_REASON]
        owner = bad.run[row]
        for run in (owner,) if owner >= 0 else store._source_runs.get(bad.source[row], ()):
            counts[run] = counts.get(run, 0) + 1
    return found


def _findings(run: Run, counted: dict[str, int]) -> list[Finding]:
    if not (counted or run.repairs or run.restarts or run.taken_back or run.gone):
        return []  # most of 10,000 runs
    told: dict[str, dict[str, int]] = {}
    for (_, what, detail), count in run.repairs.items():
        details = told.setdefault(what, {})
        details[detail] = details.get(detail, 0) + count
    for what, count in (("restarts", run.restarts), ("taken_back", run.taken_back), ("deleted", int(run.gone))):
        if count:
            counted[what] = count
    if "lost" in told and "missing" in told:  # what the writer says it lost is no second loss
        left = sum(told["missing"].values()) - sum(told["lost"].values())
        told["missing"] = {"": left} if left > 0 else {}
    findings = []
    for what in WORDS:
        if count := counted.get(what, 0):
            findings.append(Finding(what, count))
        elif what in told:
            details = told[what]
            many = len(details) > 1
            shown = [
                f"{name}: {count}" if many and count > 1 else name for name, count in sorted(details.items()) if name
            ]
            if details:
                findings.append(Finding(what, sum(details.values()), tuple(shown)))
    return findings


def _span_masks(store: Store, low: int, high: int) -> Iterator[tuple[str, _Ints]]:
    """Of each sort that is found at spans: which of the rows ``low`` to ``high`` have it."""
    spans = store.spans
    flags = spans.np("flags", low, high)
    told = (flags & _ANNOUNCED) > 0
    for what, flag in _BY_FLAG.items():
        yield what, told & ((flags & flag) > 0)
    yield from _skews(store, low, high, told)


def _skews(store: Store, low: int, high: int, told: _Ints) -> Iterator[tuple[str, _Ints]]:
    """Spans without their parent, and those whose times cannot be."""
    import numpy as np

    spans = store.spans
    flags, start, end, kind, run_of, parent = (
        spans.np(name, low, high) for name in ("flags", "start", "end", "kind", "run", "parent")
    )
    slack = _slacks(start, end, run_of)[run_of]
    exact_start = told & (start >= 0) & ((flags & _START_INFERRED) == 0)
    exact_end = told & (end >= 0) & ((flags & _END_INFERRED) == 0)
    negative = exact_start & exact_end
    negative[negative] = end[negative] < start[negative] - slack[negative]
    yield "negative", negative
    children = np.flatnonzero(told & (parent >= low) & (parent < high))
    above = parent[children] - low

    def only(rows: _Ints) -> _Ints:
        mask = np.zeros(high - low, bool)
        mask[rows] = True
        return mask

    yield "orphans", only(children[(flags[above] & _KNOWN) == 0])
    early = exact_start[children] & exact_start[above] & (start[children] < start[above] - slack[children])
    yield "early", only(children[early])
    # A call of a tool stands under the answer that asked for it, which was over by then.
    waits = kind[above] != Kind.llm
    late = exact_end[children] & exact_end[above] & waits & (end[children] > end[above] + slack[children])
    yield "late", only(children[late])


def _slacks(start: _Ints, end: _Ints, run_of: _Ints) -> _Ints:
    """By run: how exact its times are, ns. Where all starts or all ends are whole seconds, a second."""
    import numpy as np

    runs = int(run_of.max()) + 1
    slack = np.full(runs, _SLACK, np.int64)
    for times in (start, end):
        known = times >= 0
        if known.any():
            finer = np.bincount(run_of[known], weights=times[known] % _SECOND != 0, minlength=runs)
            there = np.bincount(run_of[known], minlength=runs)
            slack[(finer == 0) & (there > 0)] = _SECOND
    return slack


def _far(store: Store, only: Run | None) -> Iterator[tuple[int, int]]:
    """Runs with the number of spans and events that are far in time from all others, and much fewer than these."""
    import numpy as np

    for run in store.runs if only is None else [only]:
        if (run.duration()[0] or 0) < _FAR:
            continue
        spans, events = store.rows_of_run(run.row), store.events_of_run(run.row)
        times = np.sort(np.concatenate((store.spans.np("start")[spans], store.events.np("time")[events])))
        times = times[times >= 0]
        if len(times) < _FAR_AMONG:
            continue
        gaps = np.diff(times)
        at = int(gaps.argmax())
        before, rest = at + 1, len(times) - at - 1
        length = times[at] - times[0] if before > rest else times[-1] - times[at + 1]
        if gaps[at] >= _FAR and length * 10 <= gaps[at] and min(before, rest) * 3 <= len(times):
            yield run.row, min(before, rest)


def _steps_back(store: Store, only: Run | None) -> dict[int, int]:
    """Runs with the number of events that are more than a second older than the one before them in the same file.

    Not asked of formats that write a span's events when it ends.
    """
    import numpy as np

    low, high = (0, len(store.events)) if only is None else (max(0, only.first_event), only.last_event + 1)
    if high <= low or not len(store.segments):
        return {}
    events = store.events
    run_of, time, cls = (events.np(name, low, high) for name in ("run", "time", "cls"))
    by_time = np.array([run.order_by_time for run in store.runs])
    alive = (cls != Events.DEAD) & (time >= 0) & ~by_time[run_of]
    if only is not None:
        alive &= run_of == only.row
    run_of, time = run_of[alive].astype(np.int64), time[alive]
    segment = np.searchsorted(store.segments.np("first_record"), events.np("record", low, high)[alive], "right") - 1
    lane = (run_of << 32) | store.segments.np("source")[segment]
    if len(lane) and (lane[0] != lane).any():
        order = np.argsort(lane, kind="stable")
        run_of, time, lane = run_of[order], time[order], lane[order]
    back = (np.diff(time) < -_SECOND) & (lane[1:] == lane[:-1])
    if not back.any():
        return {}
    numbers = np.bincount(run_of[1:][back])
    return {row: int(numbers[row]) for row in np.flatnonzero(numbers).tolist()}

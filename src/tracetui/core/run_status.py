"""How a run stands: one pure function of what is recorded and what is seen of its writer, for screen and commands alike.

First match wins: recorded failure, recorded end, running, stalled, unfinished, then what failed spans say. A producer's clock
and ours meet in one place only: whether a file and its newest record are both recent enough for somebody to be writing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tracetui.core.model import NO_TIME, Clock, RunStatus, Status
from tracetui.core.processes import Process, Processes
from tracetui.core.store.runs import Run
from tracetui.core.text import duration

SECOND: Final = 1_000_000_000
SILENT_AFTER_NS: Final = 10 * SECOND
"""From here on a live run's silence is told."""
STALL_FACTOR: Final = 3
"""A step is not stalled before so many times the p95 of its name."""
_GOING_ON: Final = frozenset({"running", "stalled", "unfinished"})
TRUE_CLOCKS: Final = frozenset({Clock.utc, Clock.inferred})
"""Clocks whose times are instants, not guesses at a zone or sums of durations."""


@dataclass(frozen=True, slots=True)
class StatusRules:
    """What the user and the machine have a say in.

    Args:
        stall_after_ns: silence from which a live run counts as stalled (``--stall-after``).
        dead_after_ns: silence from which nobody is assumed to be writing (``--dead-after``).
        is_running: whether the writer's process runs here: True, False (known to be gone), None (cannot be told).
    """

    stall_after_ns: int = 60 * SECOND
    dead_after_ns: int = 3_600 * SECOND
    is_running: Callable[[Process], bool | None] = field(default_factory=lambda: Processes().is_running)


class StatusResult(NamedTuple):
    """A run's status, why, in words, and how long a live run has been silent (ns; None for all others)."""

    status: RunStatus
    reason: str
    age_ns: int | None


def run_status(run: Run, now_ns: int, rules: StatusRules, open_p95_ns: int | None = None) -> StatusResult:
    """How ``run`` stands at ``now_ns`` of our own clock.

    ``open_p95_ns`` is the p95 of the open step's name so far, if there is one: slow work is not taken for a stall.
    """
    if run.recorded_status is Status.error:
        return StatusResult(RunStatus.error, run.status_reason or _failures(run) or "recorded as failed", None)
    if run.recorded_end is not None or run.recorded_status not in (None, Status.open):
        return StatusResult(RunStatus.ok, run.status_reason or _recorded(run), None)
    running = None if run.process is None else rules.is_running(run.process)
    if not run.is_cut_off and running is not False and (running or _is_recent(run, now_ns, rules.dead_after_ns)):
        return _alive(run, now_ns, rules, open_p95_ns)
    if run.records_end:
        return StatusResult(RunStatus.unfinished, _unfinished(run, running), None)
    if run.error_count:
        return StatusResult(RunStatus.error, _failures(run), None)
    return StatusResult(RunStatus.unknown, _joined("this format records no end", _open(run)), None)


def silence(run: Run, now_ns: int) -> int | None:
    """How long ago, by our own clock, the run's files last grew; None if that is not known."""
    last = run.grew_at_ns if run.grew_at_ns is not None else run.mtime_ns
    return max(0, now_ns - last) if last else None


def _alive(run: Run, now_ns: int, rules: StatusRules, open_p95_ns: int | None) -> StatusResult:
    age = silence(run, now_ns)
    limit = max(rules.stall_after_ns, STALL_FACTOR * (open_p95_ns or 0))
    status = RunStatus.running if age is None or age < limit else RunStatus.stalled
    is_telling = age is not None and (age >= SILENT_AFTER_NS or status is RunStatus.stalled)
    reason = f"silent {duration(age)}" if is_telling else ""
    return StatusResult(status, reason or _open(run), age)


def _is_recent(run: Run, now_ns: int, within_ns: int) -> bool:
    """Whether somebody seems to write it: it grew before our eyes, or its file and its newest record are both recent."""
    if run.grew_at_ns is not None and now_ns - run.grew_at_ns <= within_ns:
        return True
    if run.clock not in TRUE_CLOCKS or run.last_time == NO_TIME:
        return False
    return abs(now_ns - run.mtime_ns) <= within_ns and abs(now_ns - run.last_time) <= within_ns


def _recorded(run: Run) -> str:
    return "recorded end" if run.recorded_end is not None else "recorded as complete"


def _unfinished(run: Run, running: bool | None) -> str:
    return _joined("writer gone" if running is False else "no end recorded", _open(run))


def _failures(run: Run) -> str:
    return _counted(run.error_count, "failed span")


def _open(run: Run) -> str:
    return _counted(run.open_count, "open span")


def _counted(number: int, what: str) -> str:
    return "" if not number else f"{number} {what}{'' if number == 1 else 's'}"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def length_marks(status: str, source: str) -> tuple[bool, bool]:
    """Whether a run's duration is worked out, and whether it is at least so long: as the arguments of `marked`.

    At least so long while the run has no end; worked out where it has one and its format records none (up to the last
    record). A live run's figure that counts on before one's eyes needs no mark.
    """
    going_on = status in _GOING_ON
    return source == "last_record" and not going_on, going_on

"""How a run stands: one test for each rule, in the order in which they are tried."""

from __future__ import annotations

from typing import Any

import pytest

from tracetui.core.model import Clock, RunStatus, Status
from tracetui.core.run_status import StatusRules, run_status, silence
from tracetui.core.store import Run
from tracetui.core.testing import EPOCH, SECOND

NOW = EPOCH + 100_000 * SECOND
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND
WRITER = (4711, 99, "here", "boot")


def made(**facts: Any) -> Run:
    run = Run(0, "run", "test")
    for name, value in facts.items():
        setattr(run, name, value)
    return run


def rules(running: bool | None = None, **more: int) -> StatusRules:
    return StatusRules(is_running=lambda process: running, **more)


def seen(seconds: float) -> dict[str, int]:
    """A run that this process saw grow so long ago."""
    return {"grew_at_ns": NOW - round(seconds * SECOND)}


def lying(file: float, record: float, clock: Clock = Clock.utc) -> dict[str, object]:
    """A run that lay there: ages of its file and of its newest record, in seconds."""
    return {"mtime_ns": NOW - round(file * SECOND), "last_time": NOW - round(record * SECOND), "clock": clock}


CASES: list[tuple[str, dict[str, Any], bool | None, RunStatus, str]] = [
    (
        "a recorded failure",
        {"recorded_status": Status.error, "error_count": 2},
        None,
        RunStatus.error,
        "2 failed spans",
    ),
    (
        "a recorded failure with its reason",
        {"recorded_status": Status.error, "status_reason": "oom"},
        None,
        RunStatus.error,
        "oom",
    ),
    (
        "a failure goes before life",
        {"recorded_status": Status.error, **seen(0)},
        True,
        RunStatus.error,
        "recorded as failed",
    ),
    (
        "a failure goes before an end",
        {"recorded_status": Status.error, "recorded_end": EPOCH},
        None,
        RunStatus.error,
        "recorded as failed",
    ),
    ("a recorded end", {"recorded_end": EPOCH}, None, RunStatus.ok, "recorded end"),
    ("an end with failed spans", {"recorded_end": EPOCH, "error_count": 3}, None, RunStatus.ok, "recorded end"),
    ("a format's rule for complete", {"recorded_status": Status.ok}, None, RunStatus.ok, "recorded as complete"),
    ("an end goes before life", {"recorded_status": Status.ok, **seen(0)}, True, RunStatus.ok, "recorded as complete"),
    ("grew just now", {"records_end": True, "open_count": 1, **seen(1)}, None, RunStatus.running, "1 open span"),
    ("grew a while ago", {"records_end": True, **seen(12)}, None, RunStatus.running, "silent 12.0s"),
    ("silent for the stall time", {"records_end": True, **seen(130)}, None, RunStatus.stalled, "silent 2m10s"),
    ("failed spans do not end a run", {"error_count": 1, **seen(130)}, None, RunStatus.stalled, "silent 2m10s"),
    (
        "silent for longer than anybody lives",
        {"records_end": True, **seen(3_601)},
        None,
        RunStatus.unfinished,
        "no end recorded",
    ),
    (
        "its process runs",
        {"records_end": True, "process": WRITER, **lying(9_000, 9_000)},
        True,
        RunStatus.stalled,
        "silent 2h30m",
    ),
    (
        "its process is gone",
        {"records_end": True, "process": WRITER, "open_count": 3, **seen(1)},
        False,
        RunStatus.unfinished,
        "writer gone, 3 open spans",
    ),
    (
        "its process is another machine's",
        {"records_end": True, "process": WRITER, **seen(1)},
        None,
        RunStatus.running,
        "",
    ),
    ("file and record are recent", {"records_end": True, **lying(5, 8)}, None, RunStatus.running, ""),
    (
        "the file is recent, its record is not",
        {"records_end": True, **lying(5, 9_000)},
        None,
        RunStatus.unfinished,
        "no end recorded",
    ),
    (
        "the record is recent, its file is not",
        {"records_end": True, **lying(9_000, 5)},
        None,
        RunStatus.unfinished,
        "no end recorded",
    ),
    (
        "the record is of the future",
        {"records_end": True, **lying(5, -9_000)},
        None,
        RunStatus.unfinished,
        "no end recorded",
    ),
    ("the zone is given away", {"records_end": True, **lying(5, 8, Clock.inferred)}, None, RunStatus.running, ""),
    (
        "the zone is a guess",
        {"records_end": True, **lying(5, 8, Clock.assumed)},
        None,
        RunStatus.unfinished,
        "no end recorded",
    ),
    (
        "times are sums of durations",
        {"records_end": True, **lying(5, 8, Clock.relative)},
        None,
        RunStatus.unfinished,
        "no end recorded",
    ),
    (
        "no end and only open spans",
        {"records_end": True, "span_count": 2, "open_count": 2},
        None,
        RunStatus.unfinished,
        "no end recorded, 2 open spans",
    ),
    ("no end, failed spans", {"records_end": True, "error_count": 1}, None, RunStatus.unfinished, "no end recorded"),
    ("a format without ends, failed", {"error_count": 1}, None, RunStatus.error, "1 failed span"),
    ("a format without ends", {}, None, RunStatus.unknown, "this format records no end"),
    (
        "a format without ends, open spans",
        {"open_count": 1},
        None,
        RunStatus.unknown,
        "this format records no end, 1 open span",
    ),
    ("a format without ends, writing", {**seen(1)}, None, RunStatus.running, ""),
]


@pytest.mark.parametrize(("facts", "running", "status", "reason"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_rule_that_fits_decides(
    facts: dict[str, Any], running: bool | None, status: RunStatus, reason: str
) -> None:
    result = run_status(made(**facts), NOW, rules(running))
    assert (result.status, result.reason) == (status, reason)


def test_a_stalled_run_tells_its_age() -> None:
    assert run_status(made(records_end=True, **seen(130)), NOW, rules()).age_ns == 130 * SECOND


def test_a_run_that_is_over_has_no_age() -> None:
    assert run_status(made(recorded_end=EPOCH, **seen(130)), NOW, rules()).age_ns is None


def test_a_step_that_is_always_slow_is_not_stalled() -> None:
    run = made(records_end=True, **seen(130))
    assert run_status(run, NOW, rules(), open_p95_ns=50 * SECOND).status is RunStatus.running
    assert run_status(run, NOW, rules(), open_p95_ns=40 * SECOND).status is RunStatus.stalled


def test_the_settings_decide_what_is_stalled_and_dead() -> None:
    run = made(records_end=True, **seen(130))
    assert run_status(run, NOW, rules(stall_after_ns=5 * MINUTE)).status is RunStatus.running
    assert run_status(run, NOW, rules(dead_after_ns=2 * MINUTE)).status is RunStatus.unfinished


def test_silence_is_told_by_our_own_clock_once_growth_was_seen() -> None:
    assert silence(made(mtime_ns=NOW - HOUR, **seen(5)), NOW) == 5 * SECOND
    assert silence(made(mtime_ns=NOW - HOUR), NOW) == HOUR
    assert silence(made(mtime_ns=NOW + HOUR), NOW) == 0
    assert silence(made(), NOW) is None

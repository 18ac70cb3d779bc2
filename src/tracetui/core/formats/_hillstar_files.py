"""Which of hillstar's files a file is, whose run it belongs to, and which two files are one run.

The names carry the pairing: ``trace_<stamp>.jsonl`` (TraceLogger) and ``trace_step_<NN>_<stamp>.jsonl`` (observer) of a folder
belong together if their stamps are equal or within two seconds. Content decides what a file is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import PurePath
from typing import Final

from tracetui.core.formats._base import Candidate
from tracetui.core.formats._scan import Head, head_of
from tracetui.core.formats._values import iso_moment, text_of

OBSERVER_KEYS: Final = frozenset({"event_type", "epoch_seconds", "workflow_id", "pid"})
"""What every line of the observer has."""

_OBSERVER: Final = re.compile(r"trace_step_(\d+)_(\d{8}_\d{6})\.jsonl")
_LOGGER: Final = re.compile(r"trace_(\d{8}_\d{6})\.jsonl")
_AUDIT: Final = re.compile(r"trace_\d+\.jsonl")
_AUDIT_FOLDER: Final = re.compile(r"step_\w+")
_LOG_NAME: Final = re.compile(r"execution_(.+)_(\d{8}_\d{6})\.log")
_STEP_OF_ID: Final = re.compile(r"step_(\d+)")
_LOG_TEXT: Final = re.compile(rb"\[\d{4}-\d\d-\d\dT[\d:.]+\] (?:WORKFLOW|NODE)_[A-Z]+[ :]")
_LOG_START: Final = re.compile(rb'WORKFLOW_START: Workflow execution started: ([^|\n]*?) \|.*?"timestamp": "([^"]+)"')

_EVENTS: Final = frozenset(
    {
        *("compliance_info", "provider_preference_resolved", "seat_resolved"),
        *("retry", "provider_fallback", "output_file_written", "output_file_write_failed"),
    }
)
_LOOSE: Final = frozenset({"event", "tool", "type", "status", "node_id"})
_FOREIGN: Final = frozenset(
    {
        *("level", "levelname", "severity", "logger", "lvl", "msg"),
        *("sessionId", "uuid", "span_id", "trace_id", "run_id"),
    }
)
"""Keys of other writers of lines: a file that is hillstar's by nothing but a timestamp and a type does not have them."""
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")
_WITHIN: Final = (0, 1, 2, -1, -2)
"""By how many seconds an observer's stamp may be later than its logger's, the likeliest first: the logger is made first."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What a file is: ``observer``, ``logger``, or the word for a side file; and why."""

    what: str
    reason: str

    @property
    def is_trace(self) -> bool:
        """Whether it holds records."""
        return self.what in ("observer", "logger")


def sort_of(candidate: Candidate) -> Sort | None:
    """Which of the files it is, by its head; None if it is not hillstar's."""
    head = head_of(candidate.head)
    keys = set(head.keys)
    if {"state", "node_id", "timestamp"} <= keys and "event" not in keys:
        return Sort("checkpoint", "a checkpoint of hillstar")
    if {"workflow_id", "node_times", "total_nodes"} <= keys and "event_type" not in keys:
        return Sort("metadata", "the observer's summary of a run")
    if {"workflow_id", "start_time", "step_number"} <= keys:
        return Sort("metadata", "the observer's summary of a run")
    if {"workflow_id", "workflow_file", "executed_at"} <= keys:
        is_commit = "summary" in keys and "trace_file" not in keys
        return Sort("commit_ready" if is_commit else "metadata", "a summary that hillstar's runner writes")
    if head.first is not None and head.starts_with_object:
        return _lines(candidate, head)
    if head.first is not None and head.first.keys() >= OBSERVER_KEYS:  # after a damaged line
        return Sort("observer", "lines with event_type, epoch_seconds, workflow_id and pid")
    if _LOG_TEXT.search(head.body):
        return Sort("log", "the observer's log, text with progress bars")
    return None if head.first is None else _lines(candidate, head)


def _lines(candidate: Candidate, head: Head) -> Sort | None:
    first = head.first or {}
    if first.keys() >= OBSERVER_KEYS:
        return Sort("observer", "lines with event_type, epoch_seconds, workflow_id and pid")
    if not _is_loose(first):
        return None
    objects = [value for value in head.values if isinstance(value, dict)]
    if any(_is_telling(value) for value in objects):
        return Sort("logger", "lines of hillstar's TraceLogger")
    if _LOGGER.fullmatch(candidate.name) or all(_is_plain(value) for value in objects):
        return Sort("logger", "lines with a timestamp without a zone and an event, tool, type, status or node_id")
    return None


def _is_loose(record: dict[str, object]) -> bool:
    return "timestamp" in record and not _LOOSE.isdisjoint(record) and "event_type" not in record


def _is_telling(record: dict[str, object]) -> bool:
    """Whether only hillstar writes such a line."""
    if not _is_loose(record):
        return False
    event, node = record.get("event"), "node_id" in record
    if isinstance(event, str) and event in _EVENTS:
        return event != "retry" or node
    if record.get("tool") == "model_call" and node:
        return True
    if record.get("type") == "budget_summary":
        return "node_costs" in record
    return node and record.get("status") in ("error", "budget_exceeded") and "error" in record


def _is_plain(record: dict[str, object]) -> bool:
    """Whether TraceLogger could have written it for somebody who logs objects of their own."""
    if not _is_loose(record) or not _FOREIGN.isdisjoint(record):
        return False
    time = record["timestamp"]
    keys = list(record)
    return isinstance(time, str) and bool(_NAIVE.fullmatch(time)) and "timestamp" in (keys[0], keys[-1])


def is_audit_copy(candidate: Candidate) -> bool:
    """Whether its place says that it repeats what ``traces/`` holds (``audit/step_04/trace_04.jsonl``)."""
    folder = PurePath(candidate.path).parent
    if folder.parent.name != "audit" or not _AUDIT_FOLDER.fullmatch(folder.name):
        return False
    return _AUDIT.fullmatch(candidate.name) is not None


def stamp_of(name: str) -> str:
    """The stamp in the name of a trace file, "" if there is none."""
    found = _OBSERVER.fullmatch(name)
    if found is not None:
        return found[2]
    found = _LOGGER.fullmatch(name)
    return "" if found is None else found[1]


def run_path(candidate: Candidate, what: str) -> tuple[str, bool]:
    """Path of the file that gives the run its key, and whether a new file beside it could change that."""
    if what == "observer":
        return candidate.path, False
    found = _LOGGER.fullmatch(candidate.name)
    if found is None:
        return candidate.path, False
    observers, loggers = _stamps(candidate.siblings)
    second = _second(found[1])
    if second is None:
        return candidate.path, True
    for later in _WITHIN:
        at = second + later
        names = observers.get(at)
        if names and (later == 0 or at not in loggers):
            # The observer of another second is only taken as long as none of its own second has come.
            return str(PurePath(candidate.path).parent / names[0]), later != 0
    return candidate.path, True


def has_observers(candidate: Candidate) -> bool:
    """Whether any observer's file lies beside it."""
    return bool(_stamps(candidate.siblings)[0])


@lru_cache(maxsize=8)
def _stamps(siblings: frozenset[str]) -> tuple[dict[int, list[str]], set[int]]:
    """Observers' names and loggers by the second of their stamps. One folder's names are asked about once a file."""
    observers: dict[int, list[str]] = {}
    loggers: set[int] = set()
    for name in siblings:
        if (found := _OBSERVER.fullmatch(name)) is not None:
            second = _second(found[2])
            if second is not None:
                observers.setdefault(second, []).append(name)
        elif (found := _LOGGER.fullmatch(name)) is not None:
            second = _second(found[1])
            if second is not None:
                loggers.add(second)
    for names in observers.values():
        names.sort()
    return observers, loggers


def _second(stamp: str) -> int | None:
    """A stamp as a number of seconds, so that neighbours can be found; no zone is meant."""
    try:
        moment = datetime.strptime(stamp, "%Y%m%d_%H%M%S")
    except ValueError:
        return None
    return (moment.toordinal() * 24 + moment.hour) * 3_600 + moment.minute * 60 + moment.second


def run_of_side(candidate: Candidate, what: str) -> str | None:
    """Key of the run to which a side file or copy belongs, as far as it tells: the path of that run's observer file."""
    path = PurePath(candidate.path)
    folder = path.parent
    first = head_of(candidate.head).first or {}
    if folder.parent.name == "audit":
        top, step = folder.parent.parent, folder.name.removeprefix("step_")
        if what == "log":
            started = _LOG_START.search(candidate.head)
            return _observer_path(top, step, None if started is None else started[2].decode("ascii", "replace"))
        if what == "metadata":
            values = _texts(candidate.head)
            logger = _LOGGER.fullmatch(PurePath(values.get("trace_file", "")).name)
            return _observer_path(top, step, values.get("start_time"), "" if logger is None else logger[1])
        return _observer_path(top, step, text_of(first.get("timestamp")))
    if what == "log" and (found := _LOG_NAME.fullmatch(candidate.name)) is not None:
        step_id = _STEP_OF_ID.search(found[1])
        return _observer_path(folder.parent, step_id[1] if step_id else "00", None, found[2])
    return None


def _observer_path(top: PurePath, step: str, started: str | None, stamp: str = "") -> str | None:
    moment = iso_moment(started)
    if moment is not None:
        stamp = f"{moment:%Y%m%d_%H%M%S}"
    return str(top / "traces" / f"trace_step_{step}_{stamp}.jsonl") if stamp else None


_MEMBER: Final = re.compile(rb'"(\w+)"\s*:\s*"([^"\\]*)"')


def _texts(head: bytes) -> dict[str, str]:
    return {key.decode("ascii", "replace"): value.decode("utf-8", "replace") for key, value in _MEMBER.findall(head)}

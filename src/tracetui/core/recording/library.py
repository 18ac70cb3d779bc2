"""The reading half for programs: which runs are there, the one that a word means, and old recordings deleted.

The same reader, facts and rules as behind ``tracetui list`` and every RUN of the commands; what is read here may come from
any format. Reading is imported late, so that a program that only records does not pay for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.recording.cleaning import Cleaned, CleanResult, Kept, clean

if TYPE_CHECKING:
    from tracetui.core.loading import Loaded
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries

__all__ = ["CleanResult", "Cleaned", "Kept", "RunSummary", "clean", "find_run", "list_runs"]

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What is known of a run. Texts are untrusted and as recorded; figures that the recording does not hold are None."""

    id: str
    """Unique within an answer."""
    name: str
    format: str
    paths: tuple[Path, ...]
    status: str
    """``ok error running stalled unfinished unknown``."""
    status_reason: str
    start: datetime | None
    """UTC."""
    end: datetime | None
    """As recorded; None for a run whose end is not."""
    duration_ms: float | None
    spans: int
    open_spans: int
    events: int
    errors: int
    causes: tuple[str, ...]
    """Names of the spans that failed by themselves."""
    retries: int
    tokens: Mapping[str, int | None]
    models: tuple[str, ...]
    cost_usd: float | None
    facts: Mapping[str, Any] = field(repr=False)
    """All of it, and more, as ``tracetui list --json`` prints it (schema ``tracetui.list/1``)."""


def list_runs(
    paths: Paths = ("traces",),
    *,
    name: str | None = None,
    status: str | None = None,
    limit: int | None = None,
    now_ns: int | None = None,
) -> list[RunSummary]:
    """The runs recorded under ``paths``, the newest first; none for a path that does not exist.

    Args:
        paths: files and folders.
        name: only runs of this name.
        status: only runs of this status.
        limit: at most so many.
        now_ns: the clock of the answer (what is running, what is stalled), ns since the epoch.
    """
    from tracetui.core.loading import load

    loaded = load(_names(paths))
    summaries = _summaries(loaded, now_ns)
    found: list[RunSummary] = []
    for run in loaded.runs:
        if limit is not None and len(found) >= limit:
            break
        if name in (None, run.name) and status in (None, summaries.status(run)[0]):
            found.append(_summary(run, loaded, summaries))
    return found


def find_run(which: str | os.PathLike[str], paths: Paths = ("traces",), *, now_ns: int | None = None) -> RunSummary:
    """The run that a word means: an existing path, ``latest``, ``failed``, an id, a unique beginning of one, a name.

    Of several runs of one name it is the newest.

    Raises:
        Ambiguous: a path that holds several runs, or the beginning of several ids.
        NotFound: there are runs, and this is none of them.
        TracetuiError: there is no run at all.
    """
    from tracetui.core.loading import open_run
    from tracetui.core.run_status import StatusRules, run_status

    now, rules = time.time_ns() if now_ns is None else now_ns, StatusRules()

    def is_failed(run: Run) -> bool:
        return run_status(run, now, rules).status.value == "error"

    loaded, (run, *_) = open_run(os.fspath(which), _names(paths), is_failed)
    return _summary(run, loaded, _summaries(loaded, now))


def _names(paths: Paths) -> list[str]:
    """One path or several as a list."""
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def _summaries(loaded: Loaded, now_ns: int | None) -> Summaries:
    from tracetui.core.run_status import StatusRules
    from tracetui.core.summary import Summaries

    now = time.time_ns() if now_ns is None else now_ns
    return Summaries(loaded.store, loaded.reader.sources, loaded.bodies, now, StatusRules())


def _summary(run: Run, loaded: Loaded, summaries: Summaries) -> RunSummary:
    facts = summaries.brief(run)
    return RunSummary(
        id=facts["id"],
        name=facts["name"],
        format=facts["format"],
        paths=tuple(sorted(Path(loaded.reader.sources[source].path) for source in run.sources)),
        status=facts["status"],
        status_reason=facts["status_reason"],
        start=_moment(run.start),
        end=_moment(run.recorded_end),
        duration_ms=facts["duration_ms"],
        spans=facts["spans"],
        open_spans=facts["open_spans"],
        events=facts["events"],
        errors=facts["errors"],
        causes=tuple(facts["causes"]),
        retries=facts["retries"],
        tokens=dict(facts["tokens"]),
        models=tuple(facts["models"]),
        cost_usd=facts["cost_usd"],
        facts=facts,
    )


def _moment(ns: int | None) -> datetime | None:
    if ns is None or ns < 0:
        return None
    return _EPOCH + timedelta(microseconds=ns // 1_000)

"""What a run did over its time, in equal pieces: how much was recorded, where something failed, how many tokens went by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tracetui.core.analysis.run_spans import RunSpans
from tracetui.core.analysis.spending import Usages
from tracetui.core.model import NO_TIME, EventClass, Status
from tracetui.core.store.shape import Ints

PIECES: Final = 240
"""Pieces of the run's time: as many as a wide screen has columns for."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """A run by pieces of its time."""

    wall_ns: int
    moments: tuple[int, ...]
    """Starts, ends and events that were recorded in each piece."""
    errors: tuple[int, ...]
    """Spans that failed and error events in each."""
    tokens: tuple[int, ...]
    """Tokens of the calls that ended in each; empty if none are known."""
    rows: tuple[int, ...]
    """Of each piece the span that failed first in it, else the first that began; -1: none."""


def pulse(spans: RunSpans, usages: Usages) -> Pulse | None:
    """The pulse of a run; None without times, or where nothing was recorded at a time."""
    wall, begin = spans.wall, spans.begin
    if not wall or begin < 0:
        return None
    store = spans.store
    events = store.events_of_run(spans.run.row)
    times, classes = store.events.np("time")[events], store.events.np("cls")[events]
    timed = times != NO_TIME
    ended = spans.placed & (spans.status != Status.open)
    failed = ended & (spans.status == Status.error)
    of_events = _counts(_pieces(times[timed], begin, wall))
    starts, ends = _pieces(spans.start[spans.placed], begin, wall), _pieces(spans.end[ended], begin, wall)
    moments = _counts(starts) + _counts(ends) + of_events
    if not moments.any():
        return None
    error_events = timed & (classes == EventClass.error)
    errors = _counts(_pieces(spans.end[failed], begin, wall)) + _counts(_pieces(times[error_events], begin, wall))
    return Pulse(
        wall, tuple(moments.tolist()), tuple(errors.tolist()), _tokens(spans, usages, begin, wall), _rows(spans, failed)
    )


def _pieces(times: Any, begin: int, wall: int) -> Ints:
    """The piece of each moment; what lies outside of the run's own time is in the first or the last."""
    found: Ints = np.clip((times - begin).astype(np.float64) * PIECES / wall, 0, PIECES - 1).astype(np.int32)
    return found


def _counts(pieces: Ints) -> Any:
    return np.bincount(pieces, minlength=PIECES)


def _tokens(spans: RunSpans, usages: Usages, begin: int, wall: int) -> tuple[int, ...]:
    values, known = usages.column("total")
    known = known & spans.placed[usages.node]
    if not known.any():
        return ()
    sums = np.zeros(PIECES, np.int64)
    np.add.at(sums, _pieces(spans.end[usages.node[known]], begin, wall), values[known])
    return tuple(sums.tolist())


def _rows(spans: RunSpans, failed: Any) -> tuple[int, ...]:
    rows = np.full(PIECES, -1, np.int64)
    for nodes, times in ((np.flatnonzero(spans.placed), spans.start), (np.flatnonzero(failed), spans.end)):
        by_time = nodes[np.argsort(times[nodes], kind="stable")][::-1]  # the first one is written last
        rows[_pieces(times[by_time], spans.begin, spans.wall or 1)] = spans.rows[by_time]
    return tuple(rows.tolist())

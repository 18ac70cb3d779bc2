"""Moments of a run: its decisions, and the longest time in which nothing was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.analysis.run_spans import RunSpans, distinct
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import NO_TIME, EventClass, Status

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies

DECISIONS_READ: Final = 200
"""Decisions of one run whose texts are read; all of them are counted."""
_CHOSEN: Final = (
    "chosen",
    "selected",
    "choice",
    "decision",
    "selected_tool",
    "selected_model",
    "route",
    "action",
    "outcome",
)
_ALTERNATIVES: Final = ("alternatives", "candidates", "options", "rejected", "available", "considered")
_REASON: Final = ("reason", "rationale", "reasoning", "why", "explanation", "justification")
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Decision:
    """One event of class ``decision``. Texts are untrusted."""

    event: int
    row: int
    """Span row, -1 for the run."""
    time: int
    type: str
    """The producer's name."""
    text: str
    chosen: str
    alternatives: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Silence:
    """The longest time between two things that were recorded."""

    start: int
    end: int
    row: int | None
    """The innermost span that was active meanwhile, of several the one that had begun first; None: none was."""


def decisions(spans: RunSpans, bodies: Bodies) -> tuple[list[Decision], dict[str, int]]:
    """The first decisions of a run in order, and how many there are of each type."""
    store = spans.store
    if not spans.run.class_counts[EventClass.decision]:
        return [], {}
    events = store.events_of_run(spans.run.row)
    events = events[store.events.np("cls")[events] == EventClass.decision]
    types = store.records.np("type")[store.events.np("record")[events]] & 0x7FFF_FFFF
    numbers, counts = np.unique(types, return_counts=True)
    by_type = {store.strings[number]: count for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)}
    return [_decision(spans, bodies, event) for event in events[:DECISIONS_READ].tolist()], by_type


def _decision(spans: RunSpans, bodies: Bodies, event: int) -> Decision:
    store = spans.store
    text, values = "", {}
    try:
        detail = bodies.event_detail(event)
        text, values = detail.text, _flat(detail.attributes)
    except ChangedOnDisk:
        pass
    alternatives = next((values[key] for key in _ALTERNATIVES if values.get(key)), ())
    if isinstance(alternatives, Mapping):
        alternatives = list(alternatives)
    several = alternatives if isinstance(alternatives, (list, tuple)) else [alternatives]
    return Decision(
        event,
        store.events.span[event],
        store.events.time[event],
        store.record_type(store.events.record[event]),
        text[:_LONGEST],
        _word(next((values[key] for key in _CHOSEN if values.get(key) not in (None, "", [], {})), "")),
        tuple(_word(each) for each in several[:20]),
        _word(next((values[key] for key in _REASON if values.get(key)), "")),
    )


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """Values with those of objects in them, one level down: some producers wrap what they decided."""
    found: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found = {str(name): held for name, held in list(value.items())[:50]} | found
        found[key] = value
    return found


def _word(value: object) -> str:
    from tracetui.core.jsontext import json_text

    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "id", "tool", "model") if value.get(key)), value)
    return (value if isinstance(value, str) else json_text(value))[:_LONGEST]


def silence(spans: RunSpans) -> Silence | None:
    """The longest time between two recorded instants of a run; None where there are not two."""
    if not spans.has_times:
        return None
    store = spans.store
    events = store.events_of_run(spans.run.row)
    times = store.events.np("time")[events]
    closed = spans.placed & (spans.status != Status.open)
    instants = np.concatenate((spans.start[spans.placed], spans.end[closed], times[times != NO_TIME]))
    instants = distinct(instants)
    if len(instants) < 2:
        return None
    at = int(np.argmax(np.diff(instants)))
    start, end = int(instants[at]), int(instants[at + 1])
    active = np.flatnonzero(spans.placed & (spans.start <= start) & (spans.end >= end))
    row = None
    if len(active):
        depth = spans.shape.depth[spans.shape.position[active]]
        row = int(spans.rows[active[np.lexsort((spans.start[active], -depth))[0]]])
    return Silence(start, end, row)

"""What went wrong without failing: warnings, retries, and commands that ended with a non-zero exit status.

Retries and events whose type says how bad they are, are known from the columns. The level of other log events, and the exit
status that a tool recorded, stand in their records: `doubtful` names the spans and events that would have to be looked at, and
`tells_warning` looks at one of them, at its bytes first, since most hold nothing of the kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.bodies import SUBJECT_BYTES
from tracetui.core.errors import TracetuiError
from tracetui.core.model import EventClass, Flag, Kind, Status
from tracetui.core.store.columns import Records
from tracetui.core.store.shape import Ints

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.store import Store

_WARNING: Final = re.compile(r"(?i)\bwarn(ing)?\b|_warn(ing)?$|^warn(ing)?_|Warning$")
_OTHER_LEVEL: Final = frozenset(
    ("trace", "debug", "info", "information", "notice", "error", "critical", "fatal", "success", "line", "token")
)
_WORTH_A_LOOK: Final = re.compile(
    rb"(?i)exit[ _.-]?(?:code|status)|returncode|return_code"
    rb"|\"(?:level|levelname|severity|severity_text|lvl|log\.level)\"\s*:\s*\"?(?:warn|40|1[3-6]\b)"
)
_EXIT_KEYS: Final = frozenset(
    (
        "exit_code",
        "exitcode",
        "exit_status",
        "exitstatus",
        "returncode",
        "return_code",
        "process.exit.code",
        "exit.code",
    )
)
_LEVEL_KEYS: Final = frozenset(("level", "levelname", "severity", "severity_text", "lvl", "log.level"))
_CAN_EXIT: Final = [int(kind) for kind in (Kind.tool, Kind.step, Kind.span, Kind.chain)]
_MOST_NODES: Final = 2_000
"""Values of one record that are looked at."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Where warnings of a run are, and where they may be."""

    events: Ints
    """Events that are warnings or retries."""
    doubtful_events: Ints
    doubtful_spans: Ints


def suspects(store: Store, run: int) -> Suspects:
    """What the columns say. Costs some milliseconds even for a million spans and events."""
    events = store.events_of_run(run).astype(np.int32)
    cls = store.events.np("cls")[events]
    types = store.records.np("type")[store.events.np("record")[events]] & ~np.uint32(Records.UNCOUNTED)
    numbers = np.unique(types)
    words = [store.strings[number] for number in numbers.tolist()]
    is_warning = np.isin(types, numbers[[bool(_WARNING.search(word)) for word in words]])
    is_plain = np.isin(types, numbers[[word.lower() in _OTHER_LEVEL for word in words]])
    told = (cls == EventClass.retry) | is_warning
    doubtful = np.isin(cls, (EventClass.log, EventClass.event)) & ~told & ~is_plain
    rows = store.rows_of_run(run).astype(np.int32)
    spans = store.spans
    can = np.isin(spans.np("kind")[rows], _CAN_EXIT) & (spans.np("flags")[rows] & Flag.announced > 0)
    can &= spans.np("status")[rows] != Status.open
    return Suspects(events[told], events[doubtful], rows[can])


def event_warns(store: Store, bodies: Bodies, event: int) -> bool:
    """Whether a log event says that it is a warning. A record of more than a quarter of a megabyte is not asked."""
    try:
        if not _is_worth_a_look(store, bodies, [store.events.record[event]]):
            return False
        detail = bodies.event_detail(event)
    except TracetuiError:
        return False
    return any(_is_warning_level(value) for value in _values(detail.attributes, _LEVEL_KEYS))


def span_warns(store: Store, bodies: Bodies, span: int) -> bool:
    """Whether a span recorded a non-zero exit status. Records of more than a quarter of a megabyte are not asked."""
    try:
        if not _is_worth_a_look(store, bodies, bodies.records_of(span)):
            return False
        detail = bodies.span_detail(span)
    except TracetuiError:
        return False
    return any(
        isinstance(value, int) and not isinstance(value, bool) and value != 0
        for value in _values([detail.attributes, detail.output], _EXIT_KEYS)
    )


def _is_worth_a_look(store: Store, bodies: Bodies, records: list[int]) -> bool:
    if sum(store.records.length[record] for record in records) > SUBJECT_BYTES:
        return False
    # Not `raw`, which counts lines to say where a record is: beside a line of 100 MB that takes long.
    return any(_WORTH_A_LOOK.search(data) for data in bodies.raws(records) if data is not None)


def _is_warning_level(value: object) -> bool:
    if isinstance(value, str):
        return value.lower() in ("warn", "warning")
    return isinstance(value, int) and not isinstance(value, bool) and (value == 40 or 13 <= value <= 16)


def _values(outside: object, keys: frozenset[str]) -> list[object]:
    """The values of some keys anywhere in a recorded value."""
    found: list[object] = []
    waiting, left = [outside], _MOST_NODES
    while waiting and left:
        left -= 1
        value = waiting.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(key, str) and key.lower() in keys:
                    found.append(inner)
                elif isinstance(inner, dict | list):
                    waiting.append(inner)
        elif isinstance(value, list):
            waiting += [inner for inner in value[:_MOST_NODES] if isinstance(inner, dict | list)]
    return found

"""Where something of a recording is, in words that are still true when it is read again: for bookmarks and the last view.

Rows of the store are numbers of one reading. A run is known by its format and id, a span by its key (a hash of the producer's
own id), an event by the file and the place of its record. Whatever was kept may be damaged or a lie: it finds something or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal

from tracetui.core.model import Flag

if TYPE_CHECKING:
    from tracetui.core.store import Run
    from tracetui.tui.session import Session
    from tracetui.tui.widgets.flat_view import Identity

LONGEST: Final = 400
"""Characters of an id, name or path that are kept."""
_KINDS: Final = ("run", "span", "event")


@dataclass(frozen=True, slots=True)
class Spot:
    """A run, or a span or event of it. Texts are untrusted."""

    format: str
    run: str
    kind: Literal["run", "span", "event"] = "run"
    key: str = ""

    def to_json(self) -> dict[str, str]:
        """As it is kept."""
        return {"format": self.format, "run": self.run, "kind": self.kind, "key": self.key}


def spot_from(kept: object) -> Spot | None:
    """What was kept; None for what is none."""
    if not isinstance(kept, dict):
        return None
    format, run, kind, key = (kept.get(name) for name in ("format", "run", "kind", "key"))
    texts = (format, run, kind, key)
    if not all(isinstance(each, str) and len(each) <= LONGEST for each in texts) or kind not in _KINDS or not run:
        return None
    return Spot(format, run, kind, key)  # type: ignore[arg-type]  # texts, and a kind, as was asked


def spot_of(session: Session, run_row: int, identity: Identity | None) -> Spot | None:
    """Where a run is, or a span or event of it; None: its id is too long to be kept."""
    run = session.store.runs[run_row]
    name = _run_id(run)
    if len(name) > LONGEST or not name:
        return None
    if identity is None:
        return Spot(run.format, name)
    kind, row = identity
    key = _span_key(session, run, row) if kind == "span" else _event_key(session, row)
    return Spot(run.format, name, kind, key)


def _run_id(run: Run) -> str:
    return run.id or run.key


def _span_key(session: Session, run: Run, row: int) -> str:
    from tracetui.core.store import run_salt

    return f"{session.store.spans.key[row] ^ run_salt(run.row):016x}"


def _event_key(session: Session, row: int) -> str:
    store = session.store
    record = store.events.record[row]
    place = store.locate(record)
    path = session.feed.path_of(place.source) if session.feed is not None else ""
    return f"{place.offset}:{store.record_type(record)[:80]}:{PurePath(path).name[:200]}"


def find_run(session: Session, spot: Spot) -> int | None:
    """The row of the run, None if there is none; of several files that hold it the newest."""
    runs = session.store.runs
    found = [run for run in runs if run.live and run.format == spot.format and spot.run in (run.id, run.key)]
    return max(found, key=lambda run: (_run_id(run) == spot.run, run.mtime_ns)).row if found else None


def find_in(session: Session, run_row: int, spot: Spot) -> Identity | None:
    """The span or event in the run that was found; None if it is not there (any more, or yet)."""
    if spot.kind == "span":
        row = _find_span(session, run_row, spot.key)
        return None if row is None else ("span", row)
    if spot.kind == "event":
        row = _find_event(session, run_row, spot.key)
        return None if row is None else ("event", row)
    return None


def _find_span(session: Session, run_row: int, key: str) -> int | None:
    from tracetui.core.store import run_salt

    try:
        number = int(key, 16)
    except ValueError:
        return None
    store = session.store
    row = store.index.get((number ^ run_salt(run_row)) & 0xFFFF_FFFF_FFFF_FFFF)
    is_here = row >= 0 and store.spans.run[row] == run_row and not store.spans.flags[row] & Flag.dropped
    return row if is_here else None


def _find_event(session: Session, run_row: int, key: str) -> int | None:
    import numpy as np

    offset, _, _ = key.partition(":")
    if not (offset.isascii() and offset.isdigit()) or len(offset) > 18:
        return None
    store = session.store
    events = store.events_of_run(run_row)
    records = store.events.np("record")[events].astype(np.int64)
    segment = np.searchsorted(store.segments.np("first_record"), records, "right") - 1
    if not len(segment):
        return None
    offsets = store.segments.np("base")[segment] + store.records.np("offset")[records]
    for row in events[offsets == int(offset)].tolist():
        if _event_key(session, row) == key:
            return int(row)
    return None

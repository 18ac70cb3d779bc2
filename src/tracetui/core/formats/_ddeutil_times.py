"""When a record of ddeutil-workflow was written.

Times are whole seconds, in a zone that may be recorded nowhere; ids hold the microsecond at which they were made, and give
the zone away.
"""

from __future__ import annotations

from typing import Final

from tracetui.core.formats._ddeutil_grammar import cut
from tracetui.core.formats._ddeutil_records import Entry, Id, cut_id_of, has_zone, id_of
from tracetui.core.formats._values import iso_ns
from tracetui.core.model import NO_TIME, Clock
from tracetui.core.operations import Repair

_MINUTE: Final = 60_000_000_000
_SECOND: Final = 1_000_000_000
_QUARTER: Final = 900 * _SECOND
_HOUR: Final = 3_600 * _SECOND
_WIDEST_ZONE: Final = 14 * _HOUR


class RunTimes:
    """The times of one run while its records come."""

    def __init__(self, run: str) -> None:
        self.key = run
        self.zone: int | None = None
        """Offset of the written times from UTC, ns, as ids gave it away."""
        self.clear()

    def clear(self) -> None:
        """Begin again with the first record; the zone stays known."""
        self.is_placed = False
        """Times were told in a zone that was only assumed."""
        self._is_utc = False
        self._second: object = None
        self._now = NO_TIME
        self._newest = NO_TIME
        """The newest id."""
        self._told = NO_TIME
        """The newest time that was told."""

    def _time(self, entry: Entry, ids: Id) -> int:
        """When a record was written, ns; whole seconds."""
        second = entry.second
        if second == self._second and not (self.zone is None and ids.stamp != NO_TIME):
            return self._now
        self._second = second
        naive = iso_ns(second)
        if naive == NO_TIME:
            self._now = NO_TIME
        elif has_zone(second):
            self._is_utc = True
            self._now = naive
        else:
            if self.zone is None:
                self._infer_zone(entry, ids, naive)
            if self.zone is None:
                self.is_placed = True
                self._now = iso_ns(second, None)
            else:
                self._now = naive - self.zone
        return self._now

    def _infer_zone(self, entry: Entry, ids: Id, naive: int) -> None:
        """The first time as written, less the instant in the id beside it, is the zone: a whole number of quarter hours."""
        stamp = ids.stamp
        if stamp == NO_TIME and (not entry.is_cut or ids == cut_id_of(cut(self.key))):
            stamp = id_of(self.key).stamp
        if stamp == NO_TIME:
            return
        zone = round((naive - stamp) / _QUARTER) * _QUARTER
        if abs(zone) <= _WIDEST_ZONE:
            self.zone = zone

    def _stamp(self, ids: Id, now: int) -> int:
        """The instant at which an id was made; of a cut one, the last such place within an hour before the record."""
        if ids.stamp != NO_TIME:
            return ids.stamp
        if ids.within_hour < 0 or now == NO_TIME:
            return NO_TIME
        # Zones differ by quarter hours, so of an assumed one only the place within a quarter hour is certain.
        period = _QUARTER if self.zone is None and not self._is_utc else _HOUR
        latest = now + _SECOND - 1
        return latest - (latest - ids.within_hour) % period

    def _zone_repair(self, clock: Clock) -> Repair | None:
        """That the times' zone is recorded nowhere, and which one they are read in."""
        if clock is Clock.assumed:
            return Repair("zone_assumed", 0)
        minutes = 0 if self.zone is None else self.zone // _MINUTE
        apart = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else ""
        return Repair("zone_inferred", 0, f"UTC{apart}, from the times in the ids") if clock is Clock.inferred else None

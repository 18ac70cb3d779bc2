"""Bookmarks: runs, spans and events that somebody marked, kept in the state of the screen from one start to the next.

At most `MOST` are kept, the oldest go first. The file is read again before each change, so that two screens do not lose each
other's; where nothing is remembered (`--no-state`) they last as long as the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from tracetui.tui.locating import LONGEST, Spot, spot_from

if TYPE_CHECKING:
    from tracetui.tui.state import State

MOST: Final = 500
_NAME: Final = "bookmarks"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """One of them. Texts are untrusted."""

    spot: Spot
    name: str
    """What the span or event was called."""
    run_name: str
    kind: str
    """Word of the span's kind or the event's class; empty for a run."""
    since: int | None = None
    """Since the start of the run, ns."""


@dataclass(slots=True)
class Bookmarks:
    """All of them, the newest first. `load`, `add` and `remove` touch the disk."""

    state: State
    marks: list[Bookmark] = field(default_factory=list)

    def load(self) -> None:
        """Take up what was kept."""
        kept = self.state.read(_NAME)
        if self.state.folder is not None:
            self.marks = _all_of(kept)

    def add(self, mark: Bookmark) -> str:
        """Keep one more; what went wrong, empty if nothing did."""
        self.load()
        self.marks = [mark, *(each for each in self.marks if each.spot != mark.spot)][:MOST]
        return self._save()

    def remove(self, spot: Spot) -> str:
        """Keep one less; what went wrong."""
        self.load()
        self.marks = [each for each in self.marks if each.spot != spot]
        return self._save()

    def _save(self) -> str:
        return self.state.write(_NAME, [_to_json(mark) for mark in self.marks])


def _to_json(mark: Bookmark) -> dict[str, object]:
    shown = replace(mark, name=mark.name[:LONGEST], run_name=mark.run_name[:LONGEST])
    said = {"name": shown.name, "run_name": shown.run_name, "kind_word": shown.kind, "since": shown.since}
    return {**shown.spot.to_json(), **said}


def _all_of(kept: object) -> list[Bookmark]:
    if not isinstance(kept, list):
        return []
    return [mark for each in kept[:MOST] if (mark := _from_json(each)) is not None]


def _from_json(kept: object) -> Bookmark | None:
    spot = spot_from(kept)
    if spot is None or not isinstance(kept, dict):
        return None
    name, run_name, kind = (kept.get(each) for each in ("name", "run_name", "kind_word"))
    if not (isinstance(name, str) and isinstance(run_name, str) and isinstance(kind, str)):
        return None
    since = kept.get("since")
    is_time = isinstance(since, int) and not isinstance(since, bool) and 0 <= since < 1 << 62
    return Bookmark(spot, name[:LONGEST], run_name[:LONGEST], kind[:40], since if is_time else None)

"""Which files a following reader looks at, and when: often where something just happened, now and then everywhere.

Times are of a monotonic clock, in seconds. Looking costs one ``stat`` a file: 10,000 files every 5 s are a few ms a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import Final

from tracetui.core.reading.member import Member

EAGER_S: Final = 0.01
"""How often the files of the open run are looked at while they grow: below what an eye tells apart from at once."""
EAGER_FOR_S: Final = 2.0
HOT_S: Final = 1.0
"""How often files are looked at that grew within ``HOT_FOR_S``."""
HOT_FOR_S: Final = 60.0
SWEEP_S: Final = 5.0
"""How often every file and folder is looked at, since watchers miss events and some file systems have none."""
FEW_FILES: Final = 500
"""So many files are swept as often as the hot ones, where no watcher tells of changes."""
YOUNG_S: Final = 0.5
"""How often folders are listed again that changed moments ago: watchers lose what is made in new folders."""
SLICE: Final = 64
"""Files looked at between two looks at the clock."""


class Attention:
    """Says which members are due for a look."""

    def __init__(self, now: float) -> None:
        self.preferred: frozenset[str] = frozenset()
        self.is_told = False
        """Whether a watcher tells of changes, so that looking everywhere only finds what it missed."""
        self._hot: dict[int, Member] = {}
        self._sweep: deque[Member] = deque()
        self._sweep_pause = HOT_S
        self._hot_due = now + HOT_S
        self._sweep_due = now + HOT_S
        self._folders_due = now + SWEEP_S
        self._young_due = now + YOUNG_S
        self._named: set[str] = set()
        self._everything = False
        self._lock = Lock()

    def name(self, paths: Iterable[str] | None) -> None:
        """Something happened at these paths, or anywhere (None). May be called from any thread."""
        with self._lock:
            if paths is None:
                self._everything = True
            else:
                self._named.update(paths)

    def take_named(self) -> set[str]:
        """The paths named since the last call."""
        with self._lock:
            named, self._named = self._named, set()
        return named

    def grew(self, member: Member, now: float) -> None:
        """A file grew: it is looked at often for a while."""
        member.grew = now
        self._hot[member.tail.key] = member

    def begin(self, now: float, members: Iterable[Member]) -> tuple[bool, bool]:
        """At each poll: whether folders are due, all of them and those that changed moments ago. Starts a sweep if due."""
        with self._lock:
            everything, self._everything = self._everything, False
        if everything or (now >= self._sweep_due and not self._sweep):
            self._sweep = deque(members)
            self._sweep_pause = HOT_S if len(self._sweep) <= FEW_FILES and not self.is_told else SWEEP_S
            self._sweep_due = now + self._sweep_pause
        is_swept = self.is_told and bool(self._sweep)  # all in one waking
        folders = everything or is_swept or now >= self._folders_due
        young = now >= self._young_due
        if folders:
            self._folders_due = now + SWEEP_S
        if young:
            self._young_due = now + YOUNG_S
        return folders, young

    def due(self, now: float) -> list[Member]:
        """Members that grew of late and are due."""
        if now >= self._hot_due:
            self._hot_due = now + HOT_S
            self._hot = {key: member for key, member in self._hot.items() if now - member.grew < HOT_FOR_S}
            return list(self._hot.values())
        return self._eager(now)

    def sweep(self) -> list[Member]:
        """The next slice of the sweep that is under way."""
        return [self._sweep.popleft() for _ in range(min(SLICE, len(self._sweep)))]

    @property
    def is_sweeping(self) -> bool:
        """Whether a sweep is under way."""
        return bool(self._sweep)

    def suspect(self, member: Member) -> None:
        """Something speaks for a change of this file: it is the next one looked at."""
        self._sweep.appendleft(member)

    def next_due(self, now: float, *, has_young: bool = True) -> float:
        """Seconds until something is due; ``has_young``: there are folders that changed moments ago."""
        if self._everything or self._named or self._sweep:
            return 0.0
        waits = [self._sweep_due - now, self._folders_due - now]
        if has_young:
            waits.append(self._young_due - now)
        if self._hot:
            waits.append(self._hot_due - now)
        if self._eager(now):
            waits.append(EAGER_S)
        return max(0.0, min(waits))

    def _eager(self, now: float) -> list[Member]:
        return [
            member for member in self._hot.values() if member.path in self.preferred and now - member.grew < EAGER_FOR_S
        ]

"""What waits to be looked into and to be read, the most urgent first, and what came of it so far."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tracetui.core.batch import Batch, Notice
from tracetui.core.reading.claims import Claims
from tracetui.core.reading.member import Bundle, Member, Stage
from tracetui.core.reading.members import Members
from tracetui.core.sources._base import Source
from tracetui.core.sources.file import OpenFiles
from tracetui.core.sources.gzip import Pages

_PREFERRED: Final = 0
_USUAL: Final = 1
_AFTER_ALL: Final = 2


class Queues:
    """Files that are to be looked into or read.

    Args:
        members: the files known.
        claims: says which format reads a file.
        files: keeps files open.
        follow: files may grow: unfinished records are held back, files stay open.
        wall: clock, ns since the epoch.
        block_bytes: how much is decoded at a time.
    """

    def __init__(
        self,
        members: Members,
        claims: Claims,
        files: OpenFiles,
        *,
        follow: bool,
        wall: Callable[[], int],
        block_bytes: int,
    ) -> None:
        self._members = members
        self._claims = claims
        self._files = files
        self._follow = follow
        self._wall = wall
        self._block_bytes = block_bytes
        self.sources: dict[int, Source] = {}
        self.out: list[Batch] = []
        """Batches made since somebody took them."""
        self.notices: list[Notice] = []
        self.bytes_left = 0
        """How many bytes may still be read in this poll; counted down, never below what one block needs."""
        self.first_done = False
        """Whether all that was there at the beginning was read."""
        self.unsettled: list[Member] = []
        """Documents that changed while they were read."""
        self.ended: set[str] = set()
        """Files that nobody can write to any more, by path. Added to by any thread."""
        self.shown: Mapping[str, str] = {}
        """What sources of some paths are called instead."""
        self._preferred: frozenset[str] = frozenset()
        self._numbers = itertools.count()
        self._groups: dict[tuple[str, str], list[Member]] = {}
        self._undetected: list[tuple[int, int, int, tuple[str, str]]] = []
        self._glances: list[Member] = []
        self._waiting: list[tuple[int, int, int, Bundle]] = []
        self._uncertain: dict[str, dict[Member, None]] = {}
        self._pages = Pages()

    @property
    def has_work(self) -> bool:
        """Whether anything is to be looked into or read."""
        return bool(self._undetected or self._glances or self._waiting)

    def prefer(self, paths: frozenset[str]) -> None:
        """Files to be looked into and read before all others."""
        self._preferred = paths
        self._undetected = [(self._urgency(self._groups[key]), at, n, key) for _, at, n, key in self._undetected]
        self._waiting = [(self._urgency(bundle.waiting), at, n, bundle) for _, at, n, bundle in self._waiting]
        heapq.heapify(self._undetected)
        heapq.heapify(self._waiting)

    def notice(self, level: str, text: str, member: Member) -> None:
        """Tell something about a file."""
        self.notices.append(Notice(level, text, self.shown.get(member.path, member.path)))

    def look_into(self, member: Member, *, last: bool = False) -> None:
        """Put a file among those whose format is to be found out, together with those that differ in their ending only."""
        member.stage = Stage.found
        folder, name = os.path.split(member.path)
        key = (folder, name.partition(".")[0] or name)
        group = self._groups.get(key)
        if group is None:
            self._groups[key] = [member]
            urgency = _AFTER_ALL if last else self._urgency([member])
            entry = (urgency, -member.tail.mtime_ns, next(self._numbers), key)
            heapq.heappush(self._undetected, entry)
        elif member not in group:
            group.append(member)

    def wait(self, member: Member) -> None:
        """Put a file among those that are to be read."""
        bundle = member.bundle
        if bundle is None:
            return
        bundle.push(member)
        self._members.count(member)
        if not bundle.is_queued:
            bundle.is_queued = True
            heapq.heappush(self._waiting, (self._urgency([member]), -bundle.newest, bundle.number, bundle))

    def end(self, member: Member) -> None:
        """It is one of those that nobody can write to any more: read what it held back."""
        if member.path in self.ended and not member.is_over:
            member.is_over = True
            if member.stage is Stage.claimed:
                self.wait(member)

    def refuse(self, member: Member, reason: str) -> None:
        """The system does not let it be read."""
        if member.stage is not Stage.refused or member.reason != reason:
            self.notice("warning", f"cannot be read: {reason}", member)
        member.stage, member.reason = Stage.refused, reason
        member.seen = member.signature
        if member.bundle is not None:
            member.bundle.remove(member)
        self._members.count(member)

    def _urgency(self, members: Iterable[Member]) -> int:
        return _PREFERRED if any(member.path in self._preferred for member in members) else _USUAL

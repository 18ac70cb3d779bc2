"""Which files tell which RAGFlow run, and which are copies: decided by the ids of their events, across all files read.

A run is a task of a folder, or a file without a task. A run whose events are all in another one is a copy of that; of two with
the same events the one with a task, else the richer one, else the first path is the run. The order of reading does not matter:
what turns out to be a copy later is read again and then keeps quiet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tracetui.core.formats._ragflow_run import RagflowRun


@dataclass(slots=True, eq=False)
class Entry:
    """One run, or what would be one if no other held its events."""

    key: str
    task: str
    rank: tuple[bool, int, str]
    """Of entries with the same events, the lowest is the run."""
    run: RagflowRun
    ids: set[str] = field(default_factory=set)
    told_by: dict[str, set[str]] = field(default_factory=dict)
    """Paths of the files that tell of it, with the ids of the events in each."""
    shared: dict[str, int] = field(default_factory=dict)
    """Other entries by key: how many events they have in common."""
    copy_of: str | None = None


class Book:
    """All entries. Keys are the store's run keys."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._holders: dict[str, Entry | list[Entry]] = {}
        """Who holds an event: nearly always one."""
        self._awaited: set[str] = set()
        self._stale: list[str] = []

    def entry(self, key: str, task: str, name: str, order: int, path: str) -> Entry:
        """The entry of a run, made when it is first asked for; ``name`` is its id as far as it is known."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(key, task, (not task, order, path), RagflowRun(key, name))
        else:
            entry.rank = min(entry.rank, (not task, order, path))
        entry.told_by.setdefault(path, set())
        return entry

    def begin(self, path: str) -> None:
        """A file is read from its start."""
        self._awaited.discard(path)

    def is_awaited(self, path: str) -> bool:
        """Whether a file is going to be read again, so that what it says until then is not wanted."""
        return path in self._awaited

    def take_stale(self) -> list[str]:
        """Files to be read again, since the last call."""
        stale, self._stale = self._stale, []
        return stale

    def tell(self, entry: Entry, path: str, ids: Iterable[str]) -> str | None:
        """A file tells these events of a run: the key of the run that it is a copy of, None if it is one itself."""
        told = entry.told_by.setdefault(path, set())
        was_copy = entry.copy_of is not None
        ids = list(ids)
        told.update(ids)
        new = set(ids).difference(entry.ids)
        entry.ids |= new
        holders = self._holders
        for id_ in new:
            if holders.setdefault(id_, entry) is not entry:
                self._share(entry, id_)
        entry.copy_of = self._cover(entry)
        if was_copy and entry.copy_of is None:
            self._tell_anew(entry, set())  # what it kept quiet about is to be said
        if new and entry.shared:
            self._cover_others(entry)
        return entry.copy_of

    def forget(self, path: str) -> None:
        """A file is read again because it changed, or because it was asked for."""
        if path in self._awaited:
            self._awaited.discard(path)
            return
        for entry in list(self._entries.values()):
            if path in entry.told_by:
                self._forget_in(entry, path)

    def _forget_in(self, entry: Entry, path: str) -> None:
        lost = entry.told_by.pop(path)
        for other in entry.told_by.values():
            lost = lost - other
        for id_ in lost:
            self._remove(entry, id_)
        self._tell_anew(entry, {path})
        for key in list(entry.shared):
            other_entry = self._entries[key]
            if other_entry.copy_of == entry.key:
                other_entry.copy_of = None
                self._tell_anew(other_entry, set())
        for copy in self._entries.values():
            if copy.copy_of == entry.key and self._cover(copy) is None:
                copy.copy_of = None
                self._tell_anew(copy, set())

    def _tell_anew(self, entry: Entry, but: set[str]) -> None:
        """Everything that was said of a run is to be said again, or not any more: its files are read again."""
        entry.run.clear()
        for path in sorted(entry.told_by.keys() - but - self._awaited):
            self._awaited.add(path)
            self._stale.append(path)

    def _cover_others(self, entry: Entry) -> None:
        for key in list(entry.shared):
            other = self._entries[key]
            if other.copy_of is None and (cover := self._cover(other)) is not None:
                other.copy_of = cover
                self._tell_anew(other, set())

    def _cover(self, entry: Entry) -> str | None:
        """The best run that holds all events of this one."""
        covers = [
            other
            for key, count in entry.shared.items()
            if count == len(entry.ids) and _may_cover(other := self._entries[key], entry)
        ]
        return min(covers, key=lambda other: (-len(other.ids), other.rank)).key if covers else None

    def _share(self, entry: Entry, id_: str) -> None:
        """An event of this entry is in others too."""
        holders = self._holders[id_]
        others = holders if isinstance(holders, list) else [holders]
        for other in others:
            other.shared[entry.key] = other.shared.get(entry.key, 0) + 1
            entry.shared[other.key] = entry.shared.get(other.key, 0) + 1
        self._holders[id_] = [*others, entry]

    def _remove(self, entry: Entry, id_: str) -> None:
        entry.ids.discard(id_)
        holders = self._holders.pop(id_)
        others = [other for other in holders if other is not entry] if isinstance(holders, list) else []
        for other in others:
            for one, two in ((entry, other), (other, entry)):
                one.shared[two.key] -= 1
                if not one.shared[two.key]:
                    del one.shared[two.key]
        if others:
            self._holders[id_] = others


def _may_cover(cover: Entry, entry: Entry) -> bool:
    """A task is a copy only of the same task elsewhere; of equals, the lower rank is the run."""
    if entry.task and cover.task != entry.task:
        return False
    return len(cover.ids) > len(entry.ids) or cover.rank < entry.rank

"""Which files there are: folders are walked a few entries at a time, and again when something in them changes.

Nothing is opened here. Links to folders are not followed, a folder is walked once however many names it has, and what
cannot be listed is told once. ``Discovery`` says what it finds; what is in the files is the reader's business.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH120, RUF100

from __future__ import annotations

import heapq
import itertools
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tracetui.core.follow import UNSETTLED_NS
from tracetui.core.sources.file import kind_of_file, reason_of
from tracetui.core.sources.gzip import unpacked_name

SKIPPED: Final = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules"})
"""Folders that programs fill with thousands of files and agents never write traces to."""

STEP_ENTRIES: Final = 64
"""Entries looked at between two looks at the clock: less than a millisecond on a local disk."""

_FIRST, _USUAL, _LAST = 0, 1, 2


@dataclass(slots=True, frozen=True)
class Found:
    """A regular file, seen for the first time under this name or changed into another file."""

    path: str
    status: os.stat_result


@dataclass(slots=True, frozen=True)
class Vanished:
    """A name that was there and is not any more."""

    path: str


@dataclass(slots=True, frozen=True)
class Trouble:
    """A file or folder that cannot be looked at; told when it starts and when the reason changes."""

    path: str
    reason: str


Finding = Found | Vanished | Trouble


@dataclass(slots=True)
class _Folder:
    """What is known of one folder: its entries' inodes by name, and when it was last changed."""

    device: int
    inode: int
    mtime_ns: int = -1
    settled: bool = False
    entries: dict[str, int] = field(default_factory=dict)
    names: frozenset[str] | None = None


class Discovery:
    """Finds files under ``paths``. Call ``step`` until ``busy`` is false; ``refresh`` and ``look_at`` make it busy again."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.roots = list(dict.fromkeys(os.path.abspath(path) for path in paths))
        self.troubles: dict[str, str] = {}
        """Files and folders that cannot be looked at now, with the reason."""
        self.oddities: dict[str, str] = {}
        """Names that lead to no regular file (pipes, sockets, devices, links to nothing), with what they are."""
        self._folders: dict[str, _Folder] = {}
        self._by_inode: dict[tuple[int, int], str] = {}
        self._unsettled: set[str] = set()
        self._tasks: list[tuple[int, int, int, str]] = []
        self._queued: set[str] = set()
        self._links: list[str] = []
        self._numbers = itertools.count()
        self._scan: Iterator[list[Finding]] | None = None
        for root in self.roots:
            self._queue(root, _FIRST)

    @property
    def busy(self) -> bool:
        """Whether there is anything left to look at."""
        return self._scan is not None or bool(self._tasks) or bool(self._links)

    @property
    def has_unsettled(self) -> bool:
        """Whether a folder changed moments ago, so that its time of change may not tell of the next one."""
        return bool(self._unsettled)

    @property
    def folders(self) -> int:
        """Number of folders known."""
        return len(self._folders)

    @property
    def states(self) -> list[tuple[str, int, int, int]]:
        """Each folder's path, device, inode and time of change, ns; -1: that does not tell whether it changes again."""
        return [
            (
                path,
                folder.device,
                folder.inode,
                folder.mtime_ns if folder.settled and path not in self.troubles else -1,
            )
            for path, folder in self._folders.items()
        ]

    def siblings(self, folder: str) -> frozenset[str]:
        """Names in a folder, without ``.gz``; empty for a folder that is not walked."""
        known = self._folders.get(folder)
        if known is None:
            return frozenset()
        if known.names is None:
            known.names = frozenset(map(unpacked_name, known.entries))
        return known.names

    def step(self) -> list[Finding]:
        """A bounded piece of work and what it found."""
        if self._scan is not None:
            findings = next(self._scan, None)
            if findings is not None:
                return findings
            self._scan = None
            return []
        if self._tasks:
            *_, path = heapq.heappop(self._tasks)
            self._queued.discard(path)
            return self._look(path)
        return self._look_at_links()

    def refresh(self, *, unsettled: bool = False) -> None:
        """Look again at all known folders, or only at those that changed moments ago; and at paths that were missing."""
        for path in self._unsettled if unsettled else self._folders:
            self._queue(path, _LAST)
        if not unsettled:
            for path in (*self.roots, *self.troubles, *self.oddities):
                self._queue(path, _LAST)

    def look_at(self, path: str) -> None:
        """Somebody says that something happened at this path. Outside the folders walked it is ignored."""
        if path in self._folders or path in self.roots:
            self._queue(path, _FIRST)
            return
        parent = os.path.dirname(path)
        while parent not in self._folders:
            path, parent = parent, os.path.dirname(parent)
            if path == parent:
                return
        if os.path.basename(path) in SKIPPED:
            return
        if os.path.lexists(path) or os.path.basename(path) in self._folders[parent].entries:
            self._queue(path, _FIRST)
        else:
            # A name that a watcher cannot spell, or one that came and went: the folder knows.
            self.rescan(parent)

    def rescan(self, path: str) -> None:
        """List a known folder again, whatever its time of change says."""
        folder = self._folders.get(path)
        if folder is not None:
            folder.mtime_ns = -1
            self._queue(path, _FIRST)

    def _queue(self, path: str, urgency: int, mtime_ns: int = 0) -> None:
        if path not in self._queued:
            self._queued.add(path)
            heapq.heappush(self._tasks, (urgency, -mtime_ns, next(self._numbers), path))

    def _look(self, path: str) -> list[Finding]:
        """One path: a folder is listed if it changed, a file reported."""
        is_root = path in self.roots
        try:
            status = os.stat(path) if is_root else os.lstat(path)
        except OSError as error:
            return self._lost(path, error, is_root=is_root)
        if stat.S_ISDIR(status.st_mode):
            return self._enter(path, status)
        if path in self._folders:
            return [*self._leave(path), *self._report(path, status)]
        return self._report(path, status)

    def _report(self, path: str, status: os.stat_result) -> list[Finding]:
        """A path that is no folder."""
        self.troubles.pop(path, None)
        folder = self._folders.get(os.path.dirname(path))
        if folder is not None:
            folder.entries[os.path.basename(path)] = status.st_ino
            folder.names = None
        if stat.S_ISLNK(status.st_mode):
            self._links.append(path)
            return []
        if kind := kind_of_file(status.st_mode):
            self.oddities[path] = kind
            return []
        self.oddities.pop(path, None)
        return [Found(path, status)]

    def _look_at_links(self) -> list[Finding]:
        """Links to files, after everything else: a file that has a name of its own goes by that."""
        findings: list[Finding] = []
        links, self._links = self._links[:STEP_ENTRIES], self._links[STEP_ENTRIES:]
        for path in links:
            self.oddities.pop(path, None)
            try:
                status = os.stat(path)
            except OSError as error:
                self.oddities[path] = f"a link that leads nowhere: {reason_of(error)}"
                continue
            if stat.S_ISDIR(status.st_mode):
                continue
            if kind := kind_of_file(status.st_mode):
                self.oddities[path] = f"a link to {kind}"
            else:
                findings.append(Found(path, status))
        return findings

    def _enter(self, path: str, status: os.stat_result) -> list[Finding]:
        key = (status.st_dev, status.st_ino)
        if self._is_elsewhere(path, key):
            return []
        folder = self._folders.get(path)
        if folder is None or (folder.device, folder.inode) != key:
            gone = [] if folder is None else self._leave(path)
            self._folders[path] = _Folder(*key)
            self._unsettled.add(path)
            self._by_inode[key] = path
            self._scan = self._list(path)
            return gone
        if folder.mtime_ns != status.st_mtime_ns or not folder.settled or path in self.troubles:
            self._scan = self._list(path)
        return []

    def _is_elsewhere(self, path: str, key: tuple[int, int]) -> bool:
        """Whether this folder is walked under another name (a bind mount that leads up again)."""
        other = self._by_inode.get(key)
        if other is None or other == path or other not in self._folders:
            return False
        try:
            status = os.stat(other)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == key

    def _list(self, path: str) -> Iterator[list[Finding]]:
        """List a folder in pieces: new names, changed ones, and at the end those that are gone."""
        folder = self._folders[path]
        seen: set[str] = set()
        try:
            status = os.stat(path)
            with os.scandir(path) as entries:
                while batch := list(itertools.islice(entries, STEP_ENTRIES)):
                    seen.update(entry.name for entry in batch)
                    yield self._take(folder, batch)
        except OSError as error:
            self._unsettled.discard(path)  # it is looked at with all that cannot be
            yield self._lost(path, error, is_root=path in self.roots)
            return
        self.troubles.pop(path, None)
        gone = folder.entries.keys() - seen
        for name in gone:
            del folder.entries[name]
            self.oddities.pop(os.path.join(path, name), None)
        folder.names = None
        folder.mtime_ns = status.st_mtime_ns
        folder.settled = time.time_ns() - status.st_mtime_ns > UNSETTLED_NS
        if folder.settled:
            self._unsettled.discard(path)
        elif path in self._folders:
            self._unsettled.add(path)
        yield [finding for name in sorted(gone) for finding in self._left(os.path.join(path, name))]

    def _take(self, folder: _Folder, batch: list[os.DirEntry[str]]) -> list[Finding]:
        findings: list[Finding] = []
        for entry in batch:
            name, inode = entry.name, entry.inode()
            if folder.entries.get(name) == inode:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as error:
                findings += self._trouble(entry.path, reason_of(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                folder.entries[name] = inode
                if name not in SKIPPED:
                    self._queue(entry.path, _USUAL, status.st_mtime_ns)
            else:
                findings += self._report(entry.path, status)
        return findings

    def _lost(self, path: str, error: OSError, *, is_root: bool) -> list[Finding]:
        """A path cannot be looked at: it is gone, or it is kept from us."""
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            gone = self._left(path)
            folder = self._folders.get(os.path.dirname(path))
            if folder is not None and folder.entries.pop(os.path.basename(path), None) is not None:
                folder.names = None
            if is_root:
                return [*gone, *self._trouble(path, "no such file or folder")]
            self.troubles.pop(path, None)
            self.oddities.pop(path, None)
            return gone
        return self._trouble(path, reason_of(error))

    def _left(self, path: str) -> list[Finding]:
        return self._leave(path) if path in self._folders else [Vanished(path)]

    def _leave(self, path: str) -> list[Finding]:
        """A folder is gone, with all that was in it."""
        findings: list[Finding] = []
        waiting = [path]
        while waiting:
            folder = self._folders.pop(waiting[-1], None)
            here = waiting.pop()
            self._unsettled.discard(here)
            if folder is None:
                findings.append(Vanished(here))
                continue
            self.troubles.pop(here, None)
            if self._by_inode.get((folder.device, folder.inode)) == here:
                del self._by_inode[folder.device, folder.inode]
            waiting.extend(os.path.join(here, name) for name in folder.entries)
        return findings

    def _trouble(self, path: str, reason: str) -> list[Finding]:
        if self.troubles.get(path) == reason:
            return []
        self.troubles[path] = reason
        return [Trouble(path, reason)]

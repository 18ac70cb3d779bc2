"""All the files the reader knows: by name, by what they are, and those that are gone."""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH116, PTH120

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from tracetui.core.follow import Tail
from tracetui.core.reading.member import Member
from tracetui.core.sources.file import OpenFiles, digest


class Members:
    """Finds a member by what is known of it. Members are told apart by device and inode, not by name."""

    def __init__(self, files: OpenFiles) -> None:
        self._files = files
        self._keys = itertools.count()
        self._by_key: dict[int, Member] = {}
        self._by_inode: dict[tuple[int, int], Member] = {}
        self._by_path: dict[str, Member] = {}
        self._former: dict[str, Member] = {}
        self._gone: dict[int, Member] = {}
        self._heads: dict[int, dict[bytes, list[Member]]] | None = None
        self._listings: dict[str, dict[int, str]] = {}
        self.tally = (0, 0, 0)
        """Files of which nothing waits, bytes known, bytes read: kept as they change, since they are asked for often."""

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._by_key.values())

    def __contains__(self, member: Member) -> bool:
        return member.tail.key in self._by_key

    def add(self, path: str, status: os.stat_result) -> Member:
        """A file that was not known."""
        key = next(self._keys)
        member = Member(Tail(path, status, key, self._files))
        self._by_key[key] = member
        self._by_inode[status.st_dev, status.st_ino] = member
        self._by_path[path] = member
        self.count(member)
        return member

    def count(self, member: Member) -> None:
        """It was looked at, queued or read: bring the tally up to date."""
        share = member.share if member in self else (0, 0, 0)
        if share != member.counted:
            read, known, done = self.tally
            self.tally = (
                read + share[0] - member.counted[0],
                known + share[1] - member.counted[1],
                done + share[2] - member.counted[2],
            )
            member.counted = share

    def named(self, path: str) -> Member | None:
        """The file that was last found under this name."""
        return self._by_path.get(path)

    def same(self, status: os.stat_result) -> Member | None:
        """The file of this device and inode. The numbers of deleted files are used again: it may be another one."""
        return self._by_inode.get((status.st_dev, status.st_ino))

    def is_named(self, member: Member) -> bool:
        """Whether its name leads to it now."""
        try:
            return member.tail.place.is_at(os.stat(member.path))
        except OSError:
            return False

    def move(self, member: Member, path: str) -> Member | None:
        """It is found under this name now, gone or not; the file that was known by that name, if another one was."""
        self._forget_name(member)
        other = self._by_path.get(path)
        self._by_path[path] = member
        self._by_inode[member.tail.place.device, member.tail.place.inode] = member
        self._gone.pop(member.tail.key, None)
        self._heads = None
        member.gone = False
        member.tail.move(path)
        return None if other is member else other

    def lose(self, member: Member) -> None:
        """It is gone: its name is free, its content is remembered."""
        self._forget_name(member)
        if not member.tail.is_open:
            self._forget_inode(member)
        member.gone = True
        self._former[member.path] = member
        self._gone[member.tail.key] = member
        self._heads = None

    def drop(self, member: Member) -> None:
        """Forget it as if it had never been seen."""
        self._forget_name(member)
        self._forget_inode(member)
        self._by_key.pop(member.tail.key, None)
        self._gone.pop(member.tail.key, None)
        self._heads = None
        if member.bundle is not None:
            member.bundle.remove(member)
        self.count(member)
        member.tail.release()

    def former(self, path: str) -> Member | None:
        """The file that is gone and had this name last."""
        return self._former.get(path)

    def settle_name(self, path: str) -> None:
        """The name belongs to another recording now; the former one is no longer looked for under it."""
        self._former.pop(path, None)

    def gone_like(self, head: bytes) -> list[Member]:
        """Files that are gone and began as ``head`` begins, or may have: they were not read yet."""
        if not self._gone:
            return []
        if self._heads is None:
            self._heads = {}
            for member in self._gone.values():
                place = member.tail.place
                self._heads.setdefault(place.head_length, {}).setdefault(place.head, []).append(member)
        found = list(self._heads.get(0, {}).get(b"", []))
        for length, members in self._heads.items():
            if 0 < length <= len(head):
                found += members.get(digest(head[:length]), [])
        return found

    def gone_read_on(self) -> None:
        """A file that is gone was read further: what is remembered of its beginning may be more."""
        self._heads = None

    def whereabouts(self, member: Member) -> str | None:
        """Its new name in its old folder. Each folder is listed once between two ``forget_listings``."""
        folder = os.path.dirname(member.path)
        listing = self._listings.get(folder)
        if listing is None:
            try:
                with os.scandir(folder) as entries:
                    listing = {entry.inode(): entry.path for entry in entries}
            except OSError:
                listing = {}
            self._listings[folder] = listing
        path = listing.get(member.tail.place.inode)
        if path is None or path == member.path:
            return None
        try:
            is_it = member.tail.place.is_at(os.stat(path))
        except OSError:
            return None
        return path if is_it and self.is_same(member, path) else None

    def is_same(self, member: Member, path: str) -> bool:
        """Whether the file of its device and inode at this path is still the one that was read."""
        # While it is open its number cannot be given to another file.
        return member.tail.is_open or member.tail.is_found_in(path)

    def forget_listings(self) -> None:
        """Folders may have changed."""
        self._listings = {}

    def _forget_name(self, member: Member) -> None:
        for names in (self._by_path, self._former):
            if names.get(member.path) is member:
                del names[member.path]

    def _forget_inode(self, member: Member) -> None:
        place = member.tail.place
        if self._by_inode.get((place.device, place.inode)) is member:
            del self._by_inode[place.device, place.inode]

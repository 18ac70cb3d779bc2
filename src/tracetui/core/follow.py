"""A file that keeps growing: what is new in it, and whether it is still the file that was read. Knows nothing of formats.

A ``Tail`` holds a position in one file (a device and inode, whatever its name). Before it trusts that position it compares
the file's beginning and the bytes just before the position with what was there, because a file that was truncated and has
grown again looks like one that only grew. New bytes are read together with those before them in one call, so that no
truncation fits between the comparison and the reading.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH120, RUF100

from __future__ import annotations

import os
import time
from dataclasses import replace
from enum import Enum
from typing import Final

from tracetui.core.sources.file import PRINT_BYTES, NotAFile, OpenFiles, Place, digest, open_regular

MARK_BYTES: Final = 256
"""How many bytes before the position are compared: longer than the ends that records have in common."""

UNSETTLED_NS: Final = 2_000_000_000
"""A file changed less than this ago may change again without its time of change telling: the coarsest file systems count
in steps of 2 s, ext4 in steps of some ms."""


class Change(Enum):
    """What a look at a file found."""

    same = 0
    grown = 1
    restarted = 2
    """Truncated, or rewritten in place."""


class Name(Enum):
    """What the file's name leads to now."""

    ours = 0
    other = 1
    """Another file."""
    missing = 2
    denied = 3


class Tail:
    """One file, read from its first byte to its last, again and again.

    Args:
        path: where the file was found.
        status: what ``stat`` said of it there.
        key: a number of the caller's under which ``files`` keeps it open.
        files: keeps files open.
    """

    __slots__ = (
        "_files",
        "_mark",
        "_settled",
        "_signature",
        "changed_ns",
        "key",
        "lost",
        "mtime_ns",
        "place",
        "position",
        "size",
    )

    def __init__(self, path: str, status: os.stat_result, key: int, files: OpenFiles) -> None:
        self.place = Place(path, status.st_dev, status.st_ino)
        self.position = 0
        """Bytes read so far."""
        self.size = status.st_size
        """Bytes there were at the last look."""
        self.mtime_ns = status.st_mtime_ns
        self.changed_ns = status.st_ctime_ns
        """When anything of it changed, its name and rights included."""
        self.lost = 0
        """After a restart: bytes that were seen to be there, and were gone before they could be read."""
        self.key = key
        self._files = files
        self._mark = b""
        self._signature = (-1, -1, -1)
        self._settled = False

    @property
    def unread(self) -> int:
        """Bytes known to be there that were not read yet."""
        return max(0, self.size - self.position)

    @property
    def is_open(self) -> bool:
        """Whether the file is kept open, so that it can be read without its name."""
        return self._files.get(self.key) is not None

    def look(self) -> tuple[Name, Change]:
        """What its name leads to, and what became of its bytes. Costs one ``stat`` while nothing changes."""
        name, status = self._named()
        if name is not Name.ours:
            descriptor = self._files.get(self.key)
            status = None if descriptor is None else os.fstat(descriptor)
        return name, Change.same if status is None else self._change(status)

    def read(self, limit: int) -> bytes | None:
        """Up to ``limit`` new bytes (empty: none, or the file cannot be reached); None: it was restarted.

        Raises OSError when the system refuses.
        """
        descriptor, kept = self._open()
        if descriptor is None:
            return b""
        try:
            mark = self._mark
            block = os.pread(descriptor, len(mark) + limit, self.position - len(mark))
            if not block.startswith(mark):
                self._restarted(os.fstat(descriptor))
                return None
            count = len(block) - len(mark)
            self._advance(descriptor, block, count)
            if count < limit:
                self.size = self.position  # its end, whatever was there at the last look
            return block[len(mark) :]
        finally:
            if not kept:
                os.close(descriptor)

    def peek(self, offset: int, length: int) -> bytes:
        """Bytes at an offset, without moving the position. Raises OSError."""
        descriptor, kept = self._open()
        if descriptor is None:
            return b""
        try:
            return os.pread(descriptor, length, offset)
        finally:
            if not kept:
                os.close(descriptor)

    def restart(self, generation: int | None = None) -> None:
        """Begin again at the first byte, as the next generation (or the one given)."""
        number = self.place.generation + 1 if generation is None else generation
        self.place = replace(self.place, generation=number, head=b"", head_length=0)
        self.position = 0
        self._mark = b""
        self._settled = False

    def recall(self, place: Place) -> None:
        """An earlier process read all of it, as it still is; ``place`` says what it began with."""
        self.place = place
        self.position = self.size
        self._signature = (self.size, self.mtime_ns, self.changed_ns)
        self._settled = time.time_ns() - max(self.mtime_ns, self.changed_ns) > UNSETTLED_NS

    def move(self, path: str) -> None:
        """The same file has another name now."""
        self.place = replace(self.place, path=path)
        self._settled = False

    def release(self) -> None:
        """Do not keep the file open any longer."""
        self._files.release(self.key)

    def begins_like(self, head: bytes) -> bool:
        """Whether another file's beginning is the beginning that was read here."""
        length = self.place.head_length
        return length > 0 and len(head) >= length and digest(head[:length]) == self.place.head

    def is_found_in(self, path: str) -> bool:
        """Whether the file at ``path`` holds what was read here up to the position."""
        try:
            descriptor = open_regular(path)
        except (NotAFile, OSError):
            return False
        try:
            return self._is_continued(descriptor)
        except OSError:
            return False
        finally:
            os.close(descriptor)

    def goes_on_in(self, other: Tail) -> bool:
        """Whether another file, under whatever name it is now, holds what was read here up to the position."""
        descriptor, kept = other._open()
        if descriptor is None:
            return False
        try:
            return self.position > 0 and self._is_continued(descriptor)
        except OSError:
            return False
        finally:
            if not kept:
                os.close(descriptor)

    def _named(self) -> tuple[Name, os.stat_result | None]:
        try:
            status = os.stat(self.place.path)
        except PermissionError:
            return Name.denied, None
        except OSError:
            return Name.missing, None
        return (Name.ours if self.place.is_at(status) else Name.other), status

    def _change(self, status: os.stat_result) -> Change:
        signature = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if signature == self._signature and self._settled:
            return Change.grown if self.unread else Change.same
        if status.st_size < self.position:
            return self._restarted(status)
        if self.position:
            descriptor, kept = self._open()
            if descriptor is None:
                return Change.same
            try:
                if not self._is_continued(descriptor):
                    return self._restarted(status)
            finally:
                if not kept:
                    os.close(descriptor)
        self.size, self.mtime_ns = status.st_size, status.st_mtime_ns
        self.changed_ns = status.st_ctime_ns
        self._signature = signature
        # The file's clock, not a caller's: this compares with what the file system wrote.
        self._settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > UNSETTLED_NS
        return Change.grown if self.unread else Change.same

    def _restarted(self, status: os.stat_result) -> Change:
        self.lost = self.unread
        self.size, self.mtime_ns, self.changed_ns = status.st_size, status.st_mtime_ns, status.st_ctime_ns
        return Change.restarted

    def _is_continued(self, descriptor: int) -> bool:
        mark = os.pread(descriptor, len(self._mark), self.position - len(self._mark))
        head = os.pread(descriptor, self.place.head_length, 0)
        return mark == self._mark and (not self.place.head_length or digest(head) == self.place.head)

    def _open(self) -> tuple[int | None, bool]:
        """A descriptor on this very file, and whether it is kept; None: it is not to be reached."""
        held = self._files.get(self.key)
        if held is not None:
            return held, True
        try:
            descriptor = open_regular(self.place.path)
        except (NotAFile, FileNotFoundError):
            return None, False
        if not self.place.is_at(os.fstat(descriptor)):
            os.close(descriptor)
            return None, False
        return descriptor, self._files.keep(self.key, descriptor, self.mtime_ns)

    def _advance(self, descriptor: int, block: bytes, count: int) -> None:
        if not count:
            return
        self.position += count
        self.size = max(self.size, self.position)
        self._mark = block[-MARK_BYTES:]
        if self.place.head_length < PRINT_BYTES:
            head = os.pread(descriptor, min(PRINT_BYTES, self.position), 0)
            self.place = replace(self.place, head=digest(head), head_length=len(head))

"""Plain files as sources: opened without ever hanging, recognised by what they begin with, read at an offset.

Nothing here knows formats. ``OpenFiles`` keeps a bounded number of files open, so that a file that is renamed or deleted can
still be read to its end; ``FileSource`` answers for bodies and may be asked from any thread.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH120, RUF100

from __future__ import annotations

import os
import stat
from bisect import bisect_left, insort
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from threading import Lock
from typing import Final, Literal

from tracetui.core.errors import ChangedOnDisk

PRINT_BYTES: Final = 1024
"""How much of a file's beginning its fingerprint covers: enough to hold a first record with its time and ids."""

OPEN_FILES: Final = 64
"""Files kept open at a time. The usual limit of a process is 1,024, on some systems 256; the rest is for the host."""

_CHUNK: Final = 262_144
_LINES_KNOWN: Final = 4_096
"""Places of a file whose line is remembered."""


class NotAFile(Exception):
    """A path that is no regular file; the message says what it is. Such a path is never opened."""


@dataclass(slots=True, frozen=True)
class Place:
    """Where a source is and how it is recognised there; replaced as a whole, so that other threads see no half change.

    Args:
        path: absolute, surrogateescape.
        device, inode: which file it is, whatever its name.
        generation: counts truncations and replacements.
        head: digest of its first ``head_length`` bytes.
        head_length: at most ``PRINT_BYTES``; less while the file is shorter.
    """

    path: str
    device: int
    inode: int
    generation: int = 0
    head: bytes = b""
    head_length: int = 0

    def is_at(self, status: os.stat_result) -> bool:
        """Whether this is the same file."""
        return status.st_ino == self.inode and status.st_dev == self.device


def digest(head: bytes) -> bytes:
    """Fingerprint of the beginning of a file."""
    return blake2b(head, digest_size=16).digest()


def kind_of_file(mode: int) -> str:
    """What a path is, in words for people: ``a named pipe``; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    words = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISLNK, "a link"),
    )
    return next((word for test, word in words if test(mode)), "no regular file")


def reason_of(error: OSError) -> str:
    """Why the system refused, in a few words and without the path (which is told beside it)."""
    return (error.strerror or type(error).__name__).lower()


def open_regular(path: str) -> int:
    """A descriptor for reading. Raises NotAFile without opening anything else than a regular file, or OSError."""
    status = os.stat(path)
    if kind := kind_of_file(status.st_mode):
        raise NotAFile(kind)
    # Whoever put a pipe there since the look above must not make this wait.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if kind := kind_of_file(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile(kind)
    return descriptor


class OpenFiles:
    """Descriptors kept open, at most ``limit``: those of the files that changed last.

    One thread, the reader's, keeps and releases; any thread may ``duplicate``.
    """

    def __init__(self, limit: int = OPEN_FILES) -> None:
        self._limit = limit
        self._held: dict[int, tuple[int, int]] = {}
        self._least = 0
        """No file that is kept has a lower rank; may be lower than all of them."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: int) -> int | None:
        """The descriptor kept for ``key``; for the reader's thread alone."""
        held = self._held.get(key)
        return None if held is None else held[0]

    def keep(self, key: int, descriptor: int, rank: int) -> bool:
        """Take a descriptor over; False when all that is held has a higher rank (a later time of change)."""
        with self._lock:
            if key not in self._held and len(self._held) >= self._limit and not self._make_room(rank):
                return False
            self._held[key] = (descriptor, rank)
            self._least = min(self._least, rank)
            return True

    def _make_room(self, rank: int) -> bool:
        """Close the file of the lowest rank, unless that is higher than ``rank``."""
        if self._least > rank or not self._held:
            return False
        least = min(self._held, key=lambda held: self._held[held][1])
        self._least = self._held[least][1]
        if self._least > rank:
            return False
        os.close(self._held.pop(least)[0])
        return True

    def release(self, key: int) -> None:
        """Close what is kept for ``key``, if anything is."""
        with self._lock:
            held = self._held.pop(key, None)
            if held is not None:
                os.close(held[0])

    def duplicate(self, key: int) -> int | None:
        """A descriptor of the caller's own on the file kept for ``key``."""
        with self._lock:
            held = self._held.get(key)
            return None if held is None else os.dup(held[0])

    def close(self) -> None:
        """Close all."""
        with self._lock:
            for descriptor, _ in self._held.values():
                os.close(descriptor)
            self._held.clear()


class FileSource:
    """Bodies in a plain file: ``a`` is an offset, ``b`` a length in bytes."""

    is_rows: Literal[False] = False

    def __init__(self, id: int, place: Place, files: OpenFiles, key: int) -> None:
        self.id = id
        self.place = place
        """Replaced by the reader when the file moves or begins anew."""
        self.shown = ""
        """What it is called instead of its path."""
        self._files = files
        self._key = key
        self._verified: tuple[Place, int, int, int] | None = None
        self._lines = _KnownLines()

    @property
    def path(self) -> str:
        """Where the file is now, or was last; or what it is called instead."""
        return self.shown or self.place.path

    @property
    def generation(self) -> int:
        """Counts truncations and replacements."""
        return self.place.generation

    def moved_to(self, key: int) -> None:
        """The recording goes on in another open file (rewritten under the same name)."""
        self._key = key

    def fetch(self, a: int, b: int) -> bytes:
        """``b`` bytes at offset ``a``. Raises ChangedOnDisk when they are not there any more."""
        descriptor = self.descriptor()
        try:
            data = _read(descriptor, a, b)
        except OSError as error:
            raise ChangedOnDisk(f"cannot read {self.path!a}: {reason_of(error)}") from error
        finally:
            os.close(descriptor)
        if len(data) < b:
            raise ChangedOnDisk(f"{self.path!a} has become shorter since it was read")
        return data

    def line_of(self, a: int, near: int, near_line: int) -> int:
        """Line number of offset ``a``, counted from ``near``, which begins line ``near_line``; 0 if it cannot be told.

        Counted once: from the nearest place whose line was asked for before, where that is nearer.
        """
        generation = self.generation
        near, near_line = self._lines.nearest(generation, a, near, near_line)
        try:
            descriptor = self.descriptor()
        except ChangedOnDisk:
            return 0
        try:
            ends = _line_ends(descriptor, min(a, near), max(a, near))
        except OSError:
            return 0
        finally:
            os.close(descriptor)
        line = near_line + (ends if a >= near else -ends)
        if near_line > 0:
            self._lines.keep(generation, a, line)
        return line

    def descriptor(self) -> int:
        """A descriptor on the very file that was read, by its name or, renamed or deleted, through what is kept open.

        The caller closes it. Raises ChangedOnDisk.
        """
        place = self.place
        for opened in (partial(_by_name, place.path), partial(self._files.duplicate, self._key)):
            descriptor = opened()
            if descriptor is None:
                continue
            if self._is_unchanged(descriptor, place):
                return descriptor
            os.close(descriptor)
        raise ChangedOnDisk(f"{place.path!a} was replaced, truncated or deleted since it was read")

    def _is_unchanged(self, descriptor: int, place: Place) -> bool:
        status = os.fstat(descriptor)
        if not place.is_at(status):
            return False
        look = (place, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if look != self._verified:
            try:
                if digest(_read(descriptor, 0, place.head_length)) != place.head:
                    return False
            except OSError:
                return False
            self._verified = look
        return True


def _by_name(path: str) -> int | None:
    try:
        return open_regular(path)
    except (NotAFile, OSError):
        return None


def _read(descriptor: int, offset: int, length: int) -> bytes:
    """``length`` bytes or as many as there are; one call may return fewer than it could (2 GiB, signals)."""
    data = os.pread(descriptor, length, offset)
    if len(data) == length or not data:
        return data
    parts = [data]
    have = len(data)
    while have < length and (more := os.pread(descriptor, length - have, offset + have)):
        parts.append(more)
        have += len(more)
    return b"".join(parts)


def _line_ends(descriptor: int, start: int, end: int) -> int:
    """How many lines end from ``start`` up to ``end``."""
    found = 0
    while start < end and (chunk := os.pread(descriptor, min(_CHUNK, end - start), start)):
        found += chunk.count(b"\n")
        start += len(chunk)
    return found


class _KnownLines:
    """Lines of places of a file that were counted: records stand one after another, and are asked for again and again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._generation = -1
        self._offsets: list[int] = []
        self._line_at: dict[int, int] = {}

    def nearest(self, generation: int, a: int, near: int, near_line: int) -> tuple[int, int]:
        """The known place that is nearest to offset ``a``, and its line; ``near`` is one."""
        with self._lock:
            if generation == self._generation and near_line > 0:
                at = bisect_left(self._offsets, a)
                for known in self._offsets[max(0, at - 1) : at + 1]:
                    if abs(a - known) < abs(a - near):
                        near, near_line = known, self._line_at[known]
        return near, near_line

    def keep(self, generation: int, a: int, line: int) -> None:
        """Remember the line of a place."""
        with self._lock:
            if generation != self._generation or len(self._offsets) >= _LINES_KNOWN:
                self._generation = generation
                self._offsets.clear()
                self._line_at.clear()
            if a not in self._line_at:
                insort(self._offsets, a)
            self._line_at[a] = line

"""Files compressed with gzip as sources: read as they grow, and bodies found again without unpacking all before them.

``a`` is an offset and ``b`` a length in the decompressed bytes. While it is read, the state of the decompression is kept every
few megabytes; a body is unpacked from the last such point before it, and what was unpacked is remembered for the next one.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.sources.file import FileSource, OpenFiles, Place, reason_of
from tracetui.core.sources.inflate import MAGIC, Fault, Inflater

SUFFIX: Final = ".gz"
POINT_BYTES: Final = 2 * 1024 * 1024
"""How far apart the points are from which a body is unpacked, decompressed bytes; further apart in very large files."""
POINTS: Final = 256
"""Points kept of a file, about 45 KB each: at 1 GB they are 4 MB apart, which takes 10 to 20 ms to unpack."""
PAGE_BYTES: Final = 1_048_576
PAGES: Final = 32
"""How much of what was unpacked last is remembered, over all files."""

_RAW_BYTES: Final = 32_768
_RAW_AT_ONCE: Final = 4 * 1024 * 1024
"""Compressed bytes read in one go at most, where nothing comes out of them."""


class Readable(Protocol):
    """What is read here of ``tracetui.core.follow.Tail``."""

    def read(self, limit: int) -> bytes | None:
        """New bytes; empty: none; None: it begins anew. Raises OSError."""


@dataclass(slots=True, frozen=True)
class Head:
    """The beginning of what is in a compressed file.

    Args:
        data: decompressed.
        is_whole: there is no more of it.
        fault: what is wrong with it; empty: nothing so far.
    """

    data: bytes
    is_whole: bool
    fault: str


def is_packed(head: bytes) -> bool:
    """Whether a file that begins like this is compressed with gzip."""
    return head.startswith(MAGIC)


def unpacked_name(name: str) -> str:
    """The name without ``.gz``; a name that is nothing else stays."""
    plain = name[: -len(SUFFIX)]
    return plain if name.lower().endswith(SUFFIX) and os.path.basename(plain) else name  # noqa: PTH119 - any bytes


def unpacked_head(raw: bytes, limit: int, *, is_all: bool) -> Head:
    """Up to ``limit`` bytes of what is in a file that begins with ``raw``, which may be all of it."""
    inflater = Inflater()
    inflater.feed(raw)
    parts: list[bytes] = []
    left = limit
    while left > 0 and not inflater.is_hungry:
        parts.append(inflater.take(left))
        left -= len(parts[-1])
    is_whole = is_all and inflater.is_hungry
    if is_whole:
        inflater.finish()
    return Head(b"".join(parts), is_whole, "; ".join(fault.reason for fault in inflater.take_faults()[:1]))


class Pages:
    """Decompressed bytes by source, generation and page: those used last, whichever file they are of."""

    def __init__(self, limit: int = PAGES) -> None:
        self._limit = limit
        self._pages: OrderedDict[tuple[int, int, int], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, int, int], length: int) -> bytes | None:
        """A page, if at least so much of it is there (the last one grows)."""
        with self._lock:
            page = self._pages.get(key)
            if page is None or len(page) < length:
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, key: tuple[int, int, int], page: bytes) -> None:
        """Remember a page."""
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > self._limit:
                self._pages.popitem(last=False)


class _Points:
    """Places in one generation of a file from which it can be unpacked on; appended to by the reader alone."""

    def __init__(self) -> None:
        first = Inflater()
        self._kept: list[tuple[int, Inflater]] = [(0, first)]
        self._needed: set[int] = set()
        self._spacing = POINT_BYTES
        self._lock = Lock()

    def pass_(self, inflater: Inflater) -> None:
        """The reader is here: keep this place if the last one is far, or data before it is damaged."""
        last = self._kept[-1][0]
        is_needed = inflater.is_found_again
        if not is_needed and inflater.at - last < self._spacing:
            return
        with self._lock:
            if is_needed:
                self._needed.add(inflater.at)
            self._kept.append((inflater.at, inflater.copy()))
            if len(self._kept) - len(self._needed) > POINTS:
                self._thin_out()

    def _thin_out(self) -> None:
        self._spacing *= 2
        kept = self._kept[:1]
        for at, point in self._kept[1:]:
            if at in self._needed or at - kept[-1][0] >= self._spacing:
                kept.append((at, point))
        self._kept = kept

    def before(self, at: int) -> tuple[Inflater, int]:
        """A copy of the last place at or before ``at``, and where the next place is (a very large number: nowhere)."""
        with self._lock:
            index = bisect_right(self._kept, at, key=lambda entry: entry[0])
            following = self._kept[index][0] if index < len(self._kept) else 1 << 62
            return self._kept[index - 1][1].copy(), following


class GzipSource(FileSource):
    """Bodies in a file compressed with gzip. The reader reads it; ``fetch`` and ``line_of`` may be asked from any thread."""

    def __init__(self, id: int, place: Place, files: OpenFiles, key: int, pages: Pages) -> None:
        super().__init__(id, place, files, key)
        self._pages = pages
        self._inflater = Inflater()
        self._points = _Points()
        self.at_end = False
        """Whether the last ``read`` came to the end of what is there."""

    # -- for the reader ------------------------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """Decompressed bytes read so far."""
        return self._inflater.at

    @property
    def is_amid(self) -> bool:
        """Whether a member has begun and not ended: there should be more."""
        return self._inflater.is_amid

    def restart(self) -> None:
        """Read from the first byte again."""
        self._inflater, self._points = Inflater(), _Points()
        self.at_end = False

    def read(self, tail: Readable, limit: int) -> bytes | None:
        """Up to ``limit`` new decompressed bytes, perhaps fewer before the end; None: the file begins anew. Raises OSError."""
        inflater = self._inflater
        parts: list[bytes] = []
        used = 0
        self.at_end = False
        while limit > 0 and used < _RAW_AT_ONCE:
            self._points.pass_(inflater)
            piece = inflater.take(limit)
            parts.append(piece)
            limit -= len(piece)
            if not inflater.is_hungry:
                continue
            data = tail.read(_RAW_BYTES)
            if data is None:
                return None
            if not data:
                self.at_end = True
                break
            used += len(data)
            inflater.feed(data)
        return b"".join(parts)

    def finish(self) -> None:
        """There is no more: a member that has not ended is a fault."""
        self._inflater.finish()

    def take_faults(self) -> list[Fault]:
        """What was found wrong with the compressed data since the last call."""
        return self._inflater.take_faults()

    # -- for whoever looks ---------------------------------------------------------------------------------------------

    def fetch(self, a: int, b: int) -> bytes:
        """``b`` decompressed bytes at offset ``a``. Raises ChangedOnDisk when they are not there any more."""
        data = b"".join(self._parts(a, a + b))
        if len(data) < b:
            raise ChangedOnDisk(f"{self.path!a} cannot be unpacked as it was when it was read")
        return data

    def line_of(self, a: int, near: int, near_line: int) -> int:
        """Line number of offset ``a``, counted from ``near``, which begins line ``near_line``; 0 if it cannot be told."""
        try:
            ends = sum(part.count(b"\n") for part in self._parts(min(a, near), max(a, near)))
        except ChangedOnDisk:
            return 0
        return near_line + (ends if a >= near else -ends)

    def _parts(self, start: int, end: int) -> list[bytes]:
        points, place = self._points, self.place
        descriptor = self.descriptor()
        try:
            parts = []
            while start < end:
                number, skipped = divmod(start, PAGE_BYTES)
                stop = min(end - start + skipped, PAGE_BYTES)
                page = self._page(descriptor, points, (self.id, place.generation, number), stop)
                parts.append(page[skipped:stop])
                if len(page) < stop:
                    break
                start += stop - skipped
            return parts
        except OSError as error:
            raise ChangedOnDisk(f"cannot read {self.path!a}: {reason_of(error)}") from error
        finally:
            os.close(descriptor)

    def _page(self, descriptor: int, points: _Points, key: tuple[int, int, int], length: int) -> bytes:
        """A page, at least ``length`` bytes of it if there are as many."""
        known = self._pages.get(key, length)
        if known is not None:
            return known
        start = key[-1] * PAGE_BYTES
        at = points.before(start)[0].at
        end = start + PAGE_BYTES
        whole = bytearray()
        while at < end:
            inflater, following = points.before(at)
            data = _unpacked(descriptor, inflater, min(end, following))
            if not data:
                break
            whole += data
            at += len(data)
        # What lies between the point and the page was unpacked as well: it is asked for next, or was a moment ago.
        begin = at - len(whole)
        for number in range(-(-begin // PAGE_BYTES), key[-1] + 1):
            offset = number * PAGE_BYTES - begin
            self._pages.put((*key[:2], number), bytes(whole[offset : offset + PAGE_BYTES]))
        return bytes(whole[start - begin : start - begin + PAGE_BYTES])


def _unpacked(descriptor: int, inflater: Inflater, end: int) -> bytes:
    """Decompressed bytes from where an inflater stands up to ``end``, or as many as there are. Raises OSError."""
    parts: list[bytes] = []
    raw_at = inflater.raw_at
    while inflater.at < end:
        parts.append(inflater.take(end - inflater.at))
        if inflater.is_hungry:
            data = os.pread(descriptor, _RAW_BYTES, raw_at)
            if not data:
                break
            raw_at += len(data)
            inflater.feed(data)
    return b"".join(parts)

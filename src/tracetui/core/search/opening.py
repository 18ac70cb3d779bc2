"""Sources as they are read for a search: a file through one descriptor, everything else through its own ``fetch``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.sources.file import FileSource, reason_of
from tracetui.core.sources.gzip import GzipSource

if TYPE_CHECKING:
    from tracetui.core.search.scanning import Opened
    from tracetui.core.sources._base import Source

_AT_ONCE: Final = 1_048_576


def is_plain(source: Source) -> bool:
    """Whether it is a file whose bytes are those that are searched."""
    return type(source) is FileSource


def opened(source: Source, end: int) -> Opened:
    """A source to be read up to an offset. Raises ChangedOnDisk."""
    return _File(source) if isinstance(source, FileSource) and is_plain(source) else _Fetched(source, end)


def end_of(source: Source) -> int:
    """How many bytes there are, as far as that is known; 0 if it is not. Raises ChangedOnDisk."""
    if isinstance(source, GzipSource):
        return source.position
    if not isinstance(source, FileSource):
        return 0
    descriptor = source.descriptor()
    try:
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def read(opened_: Opened, start: int, end: int) -> bytes:
    """The bytes from ``start`` to ``end``. Raises ChangedOnDisk where they are not there any more."""
    if isinstance(opened_, _File) and end - start > _AT_ONCE:
        return opened_.whole(start, end)
    data = bytearray(end - start)
    if opened_.read_into(memoryview(data), start) < end - start:
        raise ChangedOnDisk("it has become shorter since it was read")
    return bytes(data)


class _File:
    """A plain file."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._descriptor = source.descriptor()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill a buffer from an offset; how many bytes there were."""
        done = 0
        try:
            while done < len(buffer) and (size := os.preadv(self._descriptor, [buffer[done:]], offset + done)):
                done += size
        except OSError as error:
            raise ChangedOnDisk(f"cannot read {self._source.path!a}: {reason_of(error)}") from error
        return done

    def whole(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to ``end``, without a copy. Raises ChangedOnDisk where they are not there any more."""
        parts: list[bytes] = []
        try:
            while start < end and (part := os.pread(self._descriptor, end - start, start)):
                parts.append(part)
                start += len(part)
        except OSError as error:
            raise ChangedOnDisk(f"cannot read {self._source.path!a}: {reason_of(error)}") from error
        if start < end:
            raise ChangedOnDisk("it has become shorter since it was read")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


class _Fetched:
    """A source that unpacks its bytes: those up to where the last record ends are surely there."""

    def __init__(self, source: Source, end: int) -> None:
        self._source = source
        self._end = end

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill a buffer from an offset; how many bytes there were."""
        done, size = 0, min(len(buffer), self._end - offset)
        while done < size:
            data = self._source.fetch(offset + done, min(_AT_ONCE, size - done))
            buffer[done : done + len(data)] = data
            done += len(data)
        return max(0, done)

    def close(self) -> None:
        """Nothing is open."""

"""How an index is laid out on disk: a line, a head, values, and columns as they lie in memory, each at a multiple of 8.

    tracetui-index 1 <bytes of the head> <checksum of the head>
    head: {name: (offset, bytes, typecode or "", checksum of a value)}
    sections, their offsets counted from the end of the head

The file is written under another name and renamed, so it is whole or not there. Head and values are what Python itself writes
beside its modules (`marshal`), since such a file is used like one: by the same user and the same Python that wrote it, and by
no other (`places`). What is parsed has a checksum; columns are mapped and not looked at.

Nothing here or in `places` and `quick` imports what takes time: a second open is as long as its imports.
"""

# ruff: noqa: PTH103, PTH105, PTH108, PTH120, PTH123, RUF100

from __future__ import annotations

import marshal
import mmap
import os
import zlib
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Column: TypeAlias = array[int] | array[float]

_MAGIC = b"tracetui-index 1 "
_LINE = 64
_ALIGN = 8
_AT_ONCE = 1 << 20


class NotAnIndex(Exception):
    """The file is none, is of another version, or is damaged; the message says what."""


class Sections:
    """A mapped index. Columns are windows on it, of this process alone: what is written to them reaches no file."""

    def __init__(self, path: str) -> None:
        """Map it. Raises NotAnIndex, OSError."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise NotAnIndex("open to others than its owner")
            if status.st_size < _LINE:
                raise NotAnIndex("too short")
            self._map = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY))
        finally:
            os.close(descriptor)
        line = bytes(self._map[:_LINE]).rstrip(b" \n")
        if not line.startswith(_MAGIC):
            raise NotAnIndex("of another version")
        try:
            length, checksum = map(int, line[len(_MAGIC) :].split())
        except ValueError as error:
            raise NotAnIndex("damaged") from error
        head = _parsed(self._map[_LINE : _LINE + length], checksum)
        self._sections: dict[str, tuple[int, int, str, int]] = head if isinstance(head, dict) else {}
        self._begin = _aligned(_LINE + length)
        if any(self._begin + offset + size > status.st_size for offset, size, _, _ in self._sections.values()):
            raise NotAnIndex("cut off")

    def value(self, name: str) -> object:
        """A value that was kept under a name. Raises NotAnIndex."""
        data, kind, checksum = self._bytes(name)
        if kind:
            raise NotAnIndex(f"{name} is a column")
        return _parsed(data, checksum)

    def column(self, name: str) -> Column:
        """A column, mapped: it can be read and overwritten like an array, and cannot grow. Raises NotAnIndex."""
        data, kind, _ = self._bytes(name)
        if not kind:
            raise NotAnIndex(f"{name} is no column")
        if not len(data):
            return array(kind)  # a view of nothing cannot be cast
        return data.cast(kind)  # type: ignore[call-overload, no-any-return]  # a typecode read from the file

    def _bytes(self, name: str) -> tuple[memoryview, str, int]:
        if name not in self._sections:
            raise NotAnIndex(f"without {name}")
        offset, size, kind, checksum = self._sections[name]
        begin = self._begin + offset
        return self._map[begin : begin + size], kind, checksum


def write(path: str, values: Mapping[str, object], columns: Mapping[str, Column]) -> None:
    """Write an index, readable by its owner alone. Raises OSError; ValueError for a value that cannot be written."""
    parts: list[bytes | memoryview] = []
    sections: dict[str, tuple[int, int, str, int]] = {}
    offset = 0
    for name, value in values.items():
        data = marshal.dumps(value)  # type: ignore[arg-type]  # whatever it cannot write is a ValueError
        sections[name] = (offset, len(data), "", zlib.crc32(data))
        parts += [data, bytes(-len(data) % _ALIGN)]
        offset = _aligned(offset + len(data))
    for name, column in columns.items():
        view = memoryview(column)
        sections[name] = (offset, view.nbytes, view.format, 0)
        parts += [view.cast("B"), bytes(-view.nbytes % _ALIGN)]
        offset = _aligned(offset + view.nbytes)
    head = marshal.dumps(sections)
    line = _MAGIC + b"%d %d" % (len(head), zlib.crc32(head))
    _write_whole(path, [line.ljust(_LINE - 1) + b"\n", head, bytes(-(_LINE + len(head)) % _ALIGN), *parts])


def _write_whole(path: str, parts: list[bytes | memoryview]) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    new = f"{path}.{os.getpid()}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb", buffering=0) as file:
            for part in parts:
                left = memoryview(part)
                while len(left):
                    left = left[file.write(left[:_AT_ONCE]) :]
        os.replace(new, path)
    except BaseException:
        if os.path.lexists(new):
            os.unlink(new)
        raise


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGN) * _ALIGN


def _parsed(data: memoryview, checksum: int) -> object:
    if zlib.crc32(data) != checksum:
        raise NotAnIndex("damaged")
    try:
        return marshal.loads(data)  # noqa: S302 - this user's own, and whole: see the module
    except (EOFError, ValueError, TypeError) as error:
        raise NotAnIndex("damaged") from error

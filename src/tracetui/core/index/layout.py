"""How an index is laid out on disk: a head in JSON, values in JSON, and columns as they lie in memory, each at a multiple of 8.

    tracetui-index 1 <length of the head> <checksum of the head>
    head: {"sections": {name: [offset, bytes, typecode or "json", checksum of JSON]}}
    sections

Offsets count from the end of the head. The file is written under another name and renamed, so it is whole or not there; what
is parsed has a checksum, columns are mapped and not looked at. JSON is the standard library's: it writes every text that a
recording can hold, lone surrogates included, and is imported anyway.
"""

# ruff: noqa: PTH100, PTH103, PTH105, PTH108, PTH111, PTH117, PTH118, PTH120, PTH123, RUF100

from __future__ import annotations

import json
import mmap
import os
import zlib
from array import array
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeAlias, cast

Column: TypeAlias = "array[int] | array[float]"

_MAGIC: Final = b"tracetui-index 1 "
_JSON: Final = "json"
_HEAD_LINE: Final = 64
_ALIGN: Final = 8
_AT_ONCE: Final = 1 << 20


class NotAnIndex(Exception):
    """The file is none, is of another version, or is damaged; the message says what."""


class Sections:
    """A mapped index. Columns are windows on it, of this process alone: what is written to them reaches no file."""

    def __init__(self, path: str) -> None:
        """Map it. Raises NotAnIndex, OSError."""
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid():
                raise NotAnIndex("belongs to somebody else")
            if status.st_size < _HEAD_LINE:
                raise NotAnIndex("too short")
            self._map = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        line = bytes(self._map[:_HEAD_LINE]).rstrip(b" \n")
        if not line.startswith(_MAGIC):
            raise NotAnIndex("of another version")
        try:
            length, checksum = map(int, line[len(_MAGIC) :].split())
        except ValueError as error:
            raise NotAnIndex("damaged") from error
        head = bytes(self._map[_HEAD_LINE : _HEAD_LINE + length])
        self._sections: dict[str, list[object]] = cast("dict[str, list[object]]", _parsed(head, checksum))
        self._begin = _aligned(_HEAD_LINE + length)
        if any(self._begin + offset + size > status.st_size for offset, size, _, _ in self._places()):
            raise NotAnIndex("cut off")

    def _places(self) -> list[tuple[int, int, str, int]]:
        return [cast("tuple[int, int, str, int]", tuple(section)) for section in self._sections.values()]

    def value(self, name: str) -> object:
        """What was kept as JSON under a name. Raises NotAnIndex."""
        data, kind, checksum = self._bytes(name)
        if kind != _JSON:
            raise NotAnIndex(f"{name} is a column")
        return _parsed(bytes(data), checksum)

    def column(self, name: str) -> Column:
        """A column, mapped: it can be read and overwritten like an array, and cannot grow. Raises NotAnIndex."""
        data, kind, _ = self._bytes(name)
        if kind == _JSON:
            raise NotAnIndex(f"{name} is no column")
        if not len(data):
            return array(kind)  # a view of nothing cannot be cast
        return cast("Column", data.cast(kind))  # type: ignore[call-overload]  # a typecode read from the file

    def _bytes(self, name: str) -> tuple[memoryview, str, int]:
        if name not in self._sections:
            raise NotAnIndex(f"without {name}")
        offset, size, kind, checksum = cast("tuple[int, int, str, int]", tuple(self._sections[name]))
        begin = self._begin + offset
        return self._map[begin : begin + size], kind, checksum


def write(path: str, values: Mapping[str, object], columns: Mapping[str, Column]) -> None:
    """Write an index, readable by its owner alone. Raises OSError; TypeError or ValueError for a value that is no JSON."""
    parts: list[bytes | memoryview] = []
    sections: dict[str, tuple[int, int, str, int]] = {}
    offset = 0
    for name, value in values.items():
        data = json.dumps(value, separators=(",", ":")).encode()
        sections[name] = (offset, len(data), _JSON, zlib.crc32(data))
        parts += [data, bytes(-len(data) % _ALIGN)]
        offset = _aligned(offset + len(data))
    for name, column in columns.items():
        view = memoryview(column)
        sections[name] = (offset, view.nbytes, view.format, 0)
        parts += [view.cast("B"), bytes(-view.nbytes % _ALIGN)]
        offset = _aligned(offset + view.nbytes)
    head = json.dumps(sections, separators=(",", ":")).encode()
    line = _MAGIC + b"%d %d" % (len(head), zlib.crc32(head))
    _write_whole(path, [line.ljust(_HEAD_LINE - 1) + b"\n", head, bytes(-(_HEAD_LINE + len(head)) % _ALIGN), *parts])


def _write_whole(path: str, parts: list[bytes | memoryview]) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
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
        with suppress(OSError):
            os.unlink(new)
        raise


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGN) * _ALIGN


def _parsed(data: bytes, checksum: int) -> object:
    if zlib.crc32(data) != checksum:
        raise NotAnIndex("damaged")
    return json.loads(data)

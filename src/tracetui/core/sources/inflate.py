"""gzip, undone piece by piece: members one after another, cut ones, damaged ones, and those made to fill the memory.

An ``Inflater`` takes compressed bytes in whatever pieces they come and gives at most as many bytes as it is asked for. What is
wrong is a fault with its place; what can be read before and behind it is read. Checksums are compared here and not by zlib,
which would keep back the last good bytes of a damaged member. Rules: RFC 1951 and 1952.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum
from typing import Final

MAGIC: Final = b"\x1f\x8b\x08"
"""How every member begins: the magic number, and deflate, which is the only method there is."""

BOMB_BYTES: Final = 16 * 1024 * 1024
BOMB_RATIO: Final = 200
"""What unpacks to more than both, bytes and times its size, is not read on: recordings shrink to a fifth or a thirtieth."""
FAULT_LIMIT: Final = 1_000
"""So many faults, and the rest is not read: each costs a search."""

_HEADER: Final = 10
_TRAILER: Final = 8
_HEADER_LIMIT: Final = 131_072
_REMEMBERED: Final = 4_096
"""A member that begins where another was cut is taken for more of that one for some hundred bytes."""
_HAS_CHECK, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT, _RESERVED = 0x02, 0x04, 0x08, 0x10, 0xE0


@dataclass(slots=True, frozen=True)
class Fault:
    """What is wrong with compressed data, and behind how many decompressed bytes."""

    at: int
    reason: str


class _State(Enum):
    between = 0
    body = 1
    trailer = 2
    stopped = 3


class Inflater:
    """Compressed bytes in, decompressed bytes out, both counted."""

    def __init__(self) -> None:
        self.at = 0
        """Bytes given so far."""
        self.raw_at = 0
        """Compressed bytes used for that."""
        self.is_hungry = False
        """Nothing more can be given before more is fed."""
        self.is_found_again = False
        """A member begins here that was searched for behind damaged data; the next ``take`` goes on with it."""
        self._faults: list[Fault] = []
        self._fault_count = 0
        self._buffer = b""
        self._state = _State.between
        self._is_lost = False
        self._has_begun = False
        self._is_full = False
        self._deflated = zlib.decompressobj(-zlib.MAX_WBITS)
        self._sum = 0
        self._size = 0
        self._used = b""

    @property
    def is_amid(self) -> bool:
        """Whether a member has begun and not ended."""
        return self._state in (_State.body, _State.trailer) or bool(self._buffer and not self._is_lost)

    def copy(self) -> Inflater:
        """The same place, to go on from with the compressed bytes from ``raw_at``; about 45 KB."""
        other = Inflater()
        other.at, other.raw_at = self.at, self.raw_at
        other._state, other._is_lost, other._has_begun = self._state, self._is_lost, self._has_begun
        other._is_full, other._sum, other._size = self._is_full, self._sum, self._size
        other._deflated = self._deflated.copy()
        return other

    def feed(self, data: bytes) -> None:
        """More compressed bytes."""
        if self._state is _State.stopped:
            self.raw_at += len(data)
        else:
            self._buffer += data
        self.is_hungry = False

    def take(self, limit: int) -> bytes:
        """Up to ``limit`` bytes; fewer where a member was found again, or more is to be fed."""
        self.is_hungry = self.is_found_again = False
        parts: list[bytes] = []
        while limit > 0 and not self.is_found_again:
            piece = self._step(limit)
            if piece is None:
                self.is_hungry = True
                break
            parts.append(piece)
            limit -= len(piece)
            self.at += len(piece)
        return b"".join(parts)

    def take_faults(self) -> list[Fault]:
        """Faults found since the last call."""
        faults, self._faults = self._faults, []
        return faults

    def finish(self) -> None:
        """There are no more bytes: a member that has not ended was cut short."""
        if self.is_amid and self._state is not _State.stopped:
            self._find_fault("compressed data ends early: cut short")
        self._buffer = b""
        self._state = _State.stopped

    # -- steps: bytes, or None where more is needed ---------------------------------------------------------------------

    def _step(self, limit: int) -> bytes | None:
        match self._state:
            case _State.between:
                return self._begin_member()
            case _State.body:
                return self._read_body(limit)
            case _State.trailer:
                return self._end_member()
        self._drop(len(self._buffer))
        return None

    def _begin_member(self) -> bytes | None:
        if self._has_begun and not self._is_lost:  # members may be padded to a block of a tape
            self._drop(len(self._buffer) - len(self._buffer.lstrip(b"\0")))
        if len(self._buffer) < len(MAGIC) and MAGIC.startswith(self._buffer):
            return None
        if not self._buffer.startswith(MAGIC):
            self._lose("bytes that are no gzip behind the compressed data" if self._has_begun else "not gzip")
            return self._search()
        length = _header_length(self._buffer)
        if length is None and len(self._buffer) <= _HEADER_LIMIT:
            return None
        if not length:
            self._lose("damaged gzip header")
            self._drop(1)
            return b""
        self._drop(length)
        self.is_found_again = self._is_lost
        self._is_lost, self._has_begun, self._is_full = False, True, False
        self._deflated = zlib.decompressobj(-zlib.MAX_WBITS)
        self._sum = self._size = 0
        self._used = b""
        self._state = _State.body
        return b""

    def _search(self) -> bytes | None:
        found = self._buffer.find(MAGIC)
        if found < 0:
            self._drop(max(0, len(self._buffer) - len(MAGIC) + 1))
            return None
        self._drop(found)
        return b""

    def _read_body(self, limit: int) -> bytes | None:
        if not self._buffer and not self._is_full:
            return None
        before = self._deflated.copy()
        try:
            data = self._deflated.decompress(self._buffer, limit)
        except zlib.error as error:
            return self._save(before, limit, str(error).rpartition(": ")[2])
        rest = self._deflated.unused_data if self._deflated.eof else self._deflated.unconsumed_tail
        used = len(self._buffer) - len(rest)
        self._used = (self._used + self._buffer[:used])[-_REMEMBERED:]
        self._drop(used)
        if self._deflated.eof:
            self._state = _State.trailer
        self._is_full = len(data) == limit
        return self._counted(data)

    def _save(self, before: zlib._Decompress, limit: int, reason: str) -> bytes:
        """What can be had of damaged data: all up to the fault, or up to the member that begins just before it."""
        data, rest = _all_before_fault(before, self._buffer, limit)
        fault = len(self._buffer) - len(rest)
        begin = self._buffer.rfind(MAGIC, 0, fault + _HEADER)
        back = self._used.rfind(MAGIC) if begin < 0 else -1
        if begin >= 0:
            data, _ = _all_before_fault(before, self._buffer[:begin], limit)
        data = self._counted(data)
        if back >= 0:
            self._buffer = self._used[back:] + self._buffer
            self.raw_at -= len(self._used) - back
        else:
            self._drop(fault if begin < 0 else begin)
        if self._state is not _State.stopped:
            self._lose(f"damaged compressed data: {reason}", len(data))
        return data

    def _end_member(self) -> bytes | None:
        if len(self._buffer) < _TRAILER:
            return None
        found = int.from_bytes(self._buffer[:4], "little"), int.from_bytes(self._buffer[4:8], "little")
        self._drop(_TRAILER)
        self._state = _State.between
        if found != (self._sum, self._size & 0xFFFF_FFFF):
            self._find_fault("compressed data has another checksum than recorded")
        return b""

    # -- keeping count -------------------------------------------------------------------------------------------------

    def _drop(self, count: int) -> None:
        if count:
            self._buffer = self._buffer[count:]
            self.raw_at += count

    def _counted(self, data: bytes) -> bytes:
        self._sum = zlib.crc32(data, self._sum)
        self._size += len(data)
        given = self.at + len(data)
        if given > BOMB_BYTES and given > BOMB_RATIO * self.raw_at:
            self._find_fault(f"unpacks to more than {BOMB_RATIO} times its size: not read on", len(data))
            self._state = _State.stopped
        return data

    def _lose(self, reason: str, ahead: int = 0) -> None:
        if not self._is_lost:
            self._find_fault(reason, ahead)
        self._is_lost, self._has_begun = True, True
        if self._state is not _State.stopped:
            self._state = _State.between

    def _find_fault(self, reason: str, ahead: int = 0) -> None:
        self._faults.append(Fault(self.at + ahead, reason))
        self._fault_count += 1
        if self._fault_count >= FAULT_LIMIT:
            self._faults.append(Fault(self.at + ahead, "too many faults in compressed data: not read on"))
            self._state = _State.stopped


def _all_before_fault(deflated: zlib._Decompress, data: bytes, limit: int) -> tuple[bytes, bytes]:
    """Up to ``limit`` bytes that come out before zlib refuses, and what was not used for them."""
    parts: list[bytes] = []
    size = limit
    while size and limit > 0:
        trial = deflated.copy()
        try:
            part = trial.decompress(data, min(size, limit))
        except zlib.error:
            size //= 2
            continue
        if not part:
            break
        deflated, data = trial, trial.unconsumed_tail
        parts.append(part)
        limit -= len(part)
    return b"".join(parts), data


def _header_length(data: bytes) -> int | None:
    """Bytes of a member's header; None: not all of it is there, 0: it is none."""
    if len(data) < _HEADER:
        return None
    flags, at = data[3], _HEADER
    if flags & _RESERVED:
        return 0
    if flags & _HAS_EXTRA:
        if len(data) < at + 2:
            return None
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return None
            at = end + 1
    at += 2 if flags & _HAS_CHECK else 0
    return at if at <= len(data) else None

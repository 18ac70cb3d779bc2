"""What decoders share: cutting bytes into records, whatever pieces they come in, and never failing over one record.

``LineDecoder`` reads JSON lines, ``BlockDecoder`` pretty-printed objects one after another, ``DocDecoder`` a file that is one
JSON value. A format's decoder derives from one of them and says what a parsed record means.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from io import BytesIO

import orjson

from tracetui.core.formats._ladder import BOM, NotJson, has_long_number, parse
from tracetui.core.operations import Bad, Operation

LINE_LIMIT = 64 * 1024 * 1024
"""Longer lines are listed as unreadable with their place instead of parsed, bytes: parsing takes ten times as much memory."""
DOCUMENT_LIMIT = 256 * 1024 * 1024
"""The same for a whole-file document, bytes."""

_log = logging.getLogger("tracetui")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB"


class LineDecoder:
    """JSON lines: splits on LF only, holds back the unfinished last line, and asks ``operations`` what each object means.

    A fast lane overrides ``lines`` and falls back to it.
    """

    document = False
    """Whether a change on disk means reading the whole file again with a fresh decoder."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._discarded = 0
        self._last = b""
        self._at = 0
        self._line = 0

    @property
    def pending(self) -> int:
        """Bytes of the unfinished last line."""
        return self._discarded + len(self._held)

    @property
    def line(self) -> int:
        """Complete lines taken in so far."""
        return self._line

    @property
    def bad_run(self) -> str | None:
        """Key of the run to which an unreadable line of this file belongs, where that is known."""
        return None

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one record says: a ``Record`` with locator (``a``, ``b``) first. Override this.

        May raise: the record is then listed as unreadable with ``decoder fault``.
        """
        raise NotImplementedError

    def feed(self, data: bytes) -> list[Operation]:
        """Operations of every line that ``data`` completes."""
        operations: list[Operation] = []
        if self._discarded:
            data = self._end_of_discarded(data, operations)
        last = data.rfind(b"\n") + 1
        if last:
            block = b"".join((self._held, memoryview(data)[:last])) if self._held else data[:last]
            self._held.clear()
            start = self._at
            self._at += len(block)
            operations += self.lines(block, start)
        self._hold(data[last:])
        return operations

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines, which begins at offset ``a`` and ends with a line feed."""
        operations: list[Operation] = []
        # Long numbers are looked for once a block; a decoder with records of its own takes each line itself.
        plain = type(self).record is LineDecoder.record and len(block) <= LINE_LIMIT and not has_long_number(block)
        for line in BytesIO(block).readlines():  # three times as fast as split
            self._line += 1
            value: object = None
            if plain and not line.endswith(b"\r\n"):
                try:
                    value = orjson.loads(line)
                except orjson.JSONDecodeError:
                    value = None
            if type(value) is dict:
                operations += self.decode(value, a, len(line) - 1)
            else:
                operations += self.record(line[:-1], a)
            a += len(line)
        return operations

    def record(self, line: bytes, a: int, broken: str = "") -> list[Operation]:
        """Operations of one line (without its line feed) at offset ``a``; ``broken`` overrides the reason if it is no JSON."""
        if line.endswith(b"\r"):
            line = line[:-1]
        if len(line) > LINE_LIMIT:
            return [self._bad(a, len(line), f"line of {_megabytes(len(line))}, not parsed")]
        if not line or line.isspace():
            return []
        try:
            value = parse(line)
        except NotJson as fault:
            return [self._bad(a, len(line), broken or str(fault))]
        if not isinstance(value, dict):
            return [self._bad(a, len(line), "not an object")]
        return self.decode(value, a, len(line))

    def decode(self, value: dict[str, object], a: int, b: int) -> list[Operation]:
        """``operations``, with a fault of the decoder's own turned into one unreadable record."""
        try:
            return list(self.operations(value, a, b))
        except Exception as fault:  # a border: one record must not stop the rest of the file
            _log.exception("decoder fault at byte %d", a)
            return [self._bad(a, b, f"decoder fault: {type(fault).__name__}")]

    def close(self) -> list[Operation]:
        """What is left over: a record if it is complete JSON, else unreadable."""
        if self._discarded:
            return [self._discarded_line()]
        held = bytes(self._held)
        self._held.clear()
        self._line += bool(held)
        operations = self.record(held, self._at, "incomplete last line")
        self._at += len(held)
        return operations

    def _bad(self, a: int, b: int, reason: str) -> Bad:
        return Bad(self._line, a, b, reason, self.bad_run)

    def _hold(self, rest: bytes) -> None:
        self._held += rest
        # One more byte than the limit, since the last one may be a carriage return.
        if self._discarded or len(self._held) > LINE_LIMIT + 1:
            self._discarded += len(self._held)
            self._last = bytes(self._held[-1:]) or self._last
            self._held.clear()

    def _end_of_discarded(self, data: bytes, operations: list[Operation]) -> bytes:
        """The line being discarded goes on to the first line feed; what follows it."""
        end = data.find(b"\n")
        if end < 0:
            return data
        self._hold(data[:end])
        operations.append(self._discarded_line())
        self._at += 1
        return data[end + 1 :]

    def _discarded_line(self) -> Bad:
        self._line += 1
        size = self._discarded - (self._last == b"\r")
        bad = self._bad(self._at, size, f"line of {_megabytes(size)}, not parsed")
        self._at += self._discarded
        self._discarded = 0
        return bad


class BlockDecoder(LineDecoder):
    """Pretty-printed JSON objects one after another: each begins with ``{`` and ends with ``}`` in the first column.

    Indented lines lie within, so a damaged object ends at the next one's beginning. An object on one line is taken as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = b""
        """Bytes of the object being decoded, to find the places of its elements."""
        self._block: list[bytes] = []
        self._block_at = 0
        self._block_line = 0
        self._block_size = 0

    @property
    def pending(self) -> int:
        """Bytes of the unfinished object."""
        return self._block_size + super().pending

    def record(self, line: bytes, a: int, broken: str = "") -> list[Operation]:
        """Operations of the object that this line completes, if it does."""
        body = line.removeprefix(BOM)
        operations: list[Operation] = []
        if body.startswith(b"{"):
            operations = self._flush("incomplete object")
            if body.rstrip().endswith(b"}") or broken:
                return operations + super().record(line, a, broken)
        elif not self._block:
            return super().record(line, a, broken)
        if not self._block:
            self._block_at, self._block_line = a, self._line
        self._block.append(line)
        self._block_size += len(line) + 1
        if body.startswith(b"}") or self._block_size > LINE_LIMIT:
            operations += self._flush("")
        return operations

    def close(self) -> list[Operation]:
        """What is left over: an object if it is complete, else unreadable."""
        held = bytes(self._held)
        if self._block and held and not held.startswith(b"{"):
            self._block.append(held)
            self._block_size += len(held) + 1
            self._at += len(held)
            self._held.clear()
        return self._flush("incomplete last object") + super().close()

    def _flush(self, broken: str) -> list[Operation]:
        if not self._block:
            return []
        self.body = block = b"\n".join(self._block)
        self._block.clear()
        self._block_size = 0
        line, self._line = self._line, self._block_line
        operations = super().record(block, self._block_at, broken)
        self._line, self.body = line, b""
        return operations


class DocDecoder:
    """A file that is one JSON value: collects, and says everything at ``close``. A truncated file is one unreadable record."""

    document = True

    def __init__(self) -> None:
        self._held = bytearray()
        self._size = 0

    @property
    def pending(self) -> int:
        """Bytes collected so far."""
        return self._size

    @property
    def line(self) -> int:
        """0: a document has no lines."""
        return 0

    @property
    def bad_run(self) -> str | None:
        """Key of the run to which an unreadable file belongs, where that is known."""
        return None

    def elements(self, value: object, data: bytes) -> Iterable[Operation]:
        """What the document says; ``data`` are its bytes, to find the places of its elements. Override this."""
        raise NotImplementedError

    def quick(self, data: bytes) -> list[Operation] | None:
        """A fast lane: operations of the whole document without parsing all of it; None: take the long way."""
        return None

    def feed(self, data: bytes) -> list[Operation]:
        """Collects; nothing is known before the end."""
        self._size += len(data)
        if self._size <= DOCUMENT_LIMIT:
            self._held += data
        else:
            self._held.clear()
        return []

    def close(self) -> list[Operation]:
        """Operations of the whole document, or one ``Bad``."""
        data, size = bytes(self._held), self._size
        self._held.clear()
        self._size = 0
        if size > DOCUMENT_LIMIT:
            return [Bad(0, 0, size, f"document of {_megabytes(size)}, not parsed", self.bad_run)]
        if not data or data.isspace():
            return []
        try:
            operations = self.quick(data)
            return list(self.elements(parse(data), data)) if operations is None else operations
        except NotJson as fault:
            return [Bad(0, 0, size, str(fault), self.bad_run)]
        except Exception as fault:  # a border: one file must not stop the others
            _log.exception("decoder fault in a document of %d bytes", size)
            return [Bad(0, 0, size, f"decoder fault: {type(fault).__name__}", self.bad_run)]

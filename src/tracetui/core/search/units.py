"""From a piece of bytes to the texts that are looked at: parsed, token by token where that is too much, or raw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tracetui.core.formats._ladder import NotJson, TooDense
from tracetui.core.search.fields import Holds, Text, is_in_thread, parsed, texts_of, tokens_of, within
from tracetui.core.search.places import Piece

PARSED_AT_ONCE: Final = 8_000_000
"""Bytes of a record that are parsed; what they become in memory is some five times that. A larger one is read by its tokens."""
READ_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes of a record that are held; a larger one (which no decoder parses) is searched in windows."""
WINDOW: Final = 1_048_576
OVERLAP: Final = 65_536
"""Bytes that two windows share: what is longer than this may be missed in what is not held as a whole."""

Read = Callable[[int, int], bytes]
"""Bytes from an offset to another. May raise ChangedOnDisk."""


@dataclass(slots=True, eq=False)
class Unit:
    """One record, or what lies between two, while it is looked at.

    Args:
        rows: as in ``Piece``.
        offset: where it begins.
        data: its bytes; empty where they are not held.
    """

    rows: tuple[int, ...]
    offset: int
    data: bytes = b""
    record: object = None
    """The record of a database, which needs no parsing."""
    hit: set[Text] = field(default_factory=set)
    """Texts of it that hold what is looked for."""


def units_of(piece: Piece, place: int, read: Read) -> Iterator[Unit]:
    """The units of a piece: one, or the lines between two records. ``place``: where something was seen."""
    if piece.end - piece.start > READ_AT_ONCE:
        yield from _windows(piece, place, read)
        return
    data = read(piece.start, piece.end)
    if piece.rows:
        yield Unit(piece.rows, piece.start, data)
        return
    at = piece.start
    for line in data.split(b"\n"):
        if line.strip():
            yield Unit((), at, line)
        at += len(line) + 1


def _windows(piece: Piece, place: int, read: Read) -> Iterator[Unit]:
    at = max(piece.start, place - OVERLAP)
    whole = Unit(piece.rows, piece.start)
    while at < piece.end and not whole.hit:
        window = Unit(piece.rows, piece.start, read(at, min(at + WINDOW, piece.end)), hit=whole.hit)
        yield window
        at += WINDOW - OVERLAP


def texts_in(unit: Unit, *, keys: bool, holds: Holds | None = None, is_window: bool = False) -> Iterator[Text]:
    """The texts of a unit, and of what is JSON in them; bytes that are no JSON as a whole, behind what can be told of them.

    With ``holds`` perhaps only the texts of which it is true.

    Whoever takes them puts into ``unit.hit`` those that hold what is looked for, at once or later: what lies in such a text
    is not needed then.
    """
    if unit.record is not None:
        yield from _with_inner(texts_of(unit.record, keys=keys, holds=holds), unit, keys=keys, holds=holds)
        return
    data, is_damaged = unit.data, False
    if is_window:
        yield Text("", "", raw=data)
        return
    if len(data) <= PARSED_AT_ONCE or is_in_thread():
        try:
            value = parsed(data)
        except NotJson:
            is_damaged = is_in_thread()
        except TooDense:
            pass
        else:
            yield from _with_inner(texts_of(value, keys=keys, holds=holds), unit, keys=keys, holds=holds)
            return
    if data[:64].lstrip()[:1] in (b"{", b"[", b'"') and (len(data) <= PARSED_AT_ONCE or not is_damaged):
        yield from tokens_of(data, keys=keys)
    yield Text("", "", raw=data)


def _with_inner(texts: Iterator[Text], unit: Unit, *, keys: bool, holds: Holds | None) -> Iterator[Text]:
    for text in texts:
        yield text
        if text not in unit.hit:
            yield from within(text, keys=keys, holds=holds)

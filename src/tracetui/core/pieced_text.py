"""A text of any size that is never made as a whole: a copy of 100 MB keeps the interpreter to itself for 0.1 s."""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

PIECE: Final = 1 << 20
"""Bytes that are decoded at once: some milliseconds."""


class PiecedText:
    """What one asks of a text that is looked at in parts: its length, slices, where a character stands.

    Args:
        pieces: The text, in order.
    """

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self._ends = list(accumulate(map(len, self._pieces)))

    @classmethod
    def decoded(cls, data: bytes | bytearray, piece: int = PIECE) -> PiecedText:
        """Bytes as text; those that are no UTF-8 are kept as ``surrogateescape`` keeps them."""
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        parts = (decoder.decode(data[at : at + piece]) for at in range(0, len(data), piece))
        return cls((*parts, decoder.decode(b"", True)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, wanted: slice) -> str:
        start, stop, _ = wanted.indices(len(self))
        parts = [piece[max(0, start - first) : stop - first] for first, piece in self._between(start, stop)]
        return parts[0] if len(parts) == 1 else "".join(parts)

    def find(self, char: str, start: int = 0, stop: int | None = None) -> int:
        """Where a single character stands first, from ``start`` on and before ``stop``; -1: nowhere."""
        stop = len(self) if stop is None else min(stop, len(self))
        for first, piece in self._between(start, stop):
            found = piece.find(char, max(0, start - first), stop - first)
            if found >= 0:
                return first + found
        return -1

    def count(self, char: str, start: int = 0, stop: int | None = None) -> int:
        """How often a single character stands there."""
        stop = len(self) if stop is None else min(stop, len(self))
        between = self._between(start, stop)
        return sum(piece.count(char, max(0, start - first), stop - first) for first, piece in between)

    def _between(self, start: int, stop: int) -> Iterator[tuple[int, str]]:
        """The pieces that hold a part, with the place where each begins."""
        at = bisect_right(self._ends, start)
        while at < len(self._pieces):
            first = self._ends[at] - len(self._pieces[at])
            if first >= stop:
                return
            yield first, self._pieces[at]
            at += 1

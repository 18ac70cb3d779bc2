"""A text of any size as rows with line numbers, wrapped or not, of which only those that are looked at are worked out.

The text is cut into chunks; how many lines begin in each is counted once, when it is made (in a thread: a pass over the text).
Rows of wrapped chunks that nobody has looked at are an estimate. So row numbers may shift when an earlier chunk is looked at;
positions that must stay are offsets into the text, and moving goes from chunk to chunk (`step`). Untrusted text; rows are safe.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from tracetui.core.pieced_text import PiecedText
from tracetui.core.text import cell_width, safe
from tracetui.tui.presentation.wrap import shown, wrap

CHUNK: Final = 8_192
"""Characters that are wrapped at once, about."""
_NEAR: Final = 1_024
_KEPT: Final = 64
_LOST_BYTES: Final = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""Bytes that are no UTF-8, as `surrogateescape` keeps them, to how they are shown."""
_CHARACTERS_OF_A_CELL: Final = 4


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row.

    Attributes:
        line: Number of the line that begins with it, from 1; 0 where a line goes on.
        text: What is shown, safe.
        hits: Where a hit stands in it: (start, end, number of the hit).
    """

    line: int
    text: str
    hits: tuple[tuple[int, int, int], ...] = ()


class _Piece(NamedTuple):
    """A row of a chunk: its line, the text as it is shown, where its part of a line begins, where it begins in that."""

    line: int
    text: str
    offset: int
    at: int


def cleaned(text: str) -> str:
    """Part of a line as it is shown: safe, bytes that are no text as escapes."""
    text = text.translate(_LOST_BYTES) if not text.isascii() else text
    return safe(text.removesuffix("\r"), newlines=True)


class TextRows:
    """A text of any size. Making one takes a pass over it: do that in a thread. Everything else costs a chunk.

    Args:
        text: Untrusted.
    """

    def __init__(self, text: str | PiecedText) -> None:
        self.text = text
        self.width = 80
        self.is_wrapped = True
        self.pan = 0
        """Characters that are left out at the left of each line while it is not wrapped."""
        self.version = 0
        """Changes when rows have other numbers than before."""
        self.hits: tuple[Sequence[int], Sequence[int]] = (array("q"), array("q"))
        """Where hits begin and end, in order."""
        self._starts = _chunks(text)
        self._lines = _line_starts(text, self._starts)
        self._before = [0, *accumulate(self._lines)]
        self._counts: list[int] = []
        self._sums: list[int] = []
        self._measured: set[int] = set()
        self._rows: dict[int, list[_Piece]] = {}
        self._offsets: dict[int, list[int]] = {}
        self._lay_out()

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self._before[-1]

    def arrange(self, width: int, *, is_wrapped: bool) -> None:
        """Lay out for so many cells. Row numbers are others then; `version` tells."""
        if (width, is_wrapped) != (self.width, self.is_wrapped):
            self.width, self.is_wrapped = max(1, width), is_wrapped
            self._lay_out()

    def count(self) -> int:
        """How many rows there are; an estimate where it is wrapped and large."""
        return self._sums[-1]

    # ------------------------------------------------------------ where things are

    def offset_of(self, row: int) -> int:
        """Where in the text a row begins, about."""
        row = max(0, min(row, self.count() - 1))
        chunk, at = self._place(row)
        if not self.is_wrapped:
            return self._line_offset(chunk, at)
        pieces = self._wrapped(chunk)
        if not pieces:
            return self._starts[chunk]
        piece = pieces[min(at, len(pieces) - 1)]
        return piece.offset + piece.at

    def row_of(self, offset: int) -> int:
        """The row in which an offset of the text stands."""
        chunk = max(0, bisect_right(self._starts, offset) - 1)
        if not self.is_wrapped:
            return max(0, self._before[chunk] + self._begun(chunk, offset) - 1)
        pieces = self._wrapped(chunk)
        found = max(0, bisect_right(pieces, offset, key=lambda piece: piece.offset) - 1)
        if pieces:
            wanted = self._shown_at(pieces[found].offset, offset)
            while found and pieces[found].at > wanted and pieces[found - 1].offset == pieces[found].offset:
                found -= 1
        return self._first(chunk) + found

    def row_of_line(self, line: int) -> int:
        """The first row of a line, from 1; the last one for a line that there is not."""
        line = max(1, min(line, self.line_count))
        if not self.is_wrapped:
            return line - 1
        chunk = bisect_right(self._before, line - 1) - 1
        while chunk + 1 < len(self._lines) and self._before[chunk + 1] <= line - 1:
            chunk += 1
        pieces = self._wrapped(chunk)
        at = next((number for number, piece in enumerate(pieces) if piece.line == line), 0)
        return self._first(chunk) + at

    def line_of(self, row: int) -> int:
        """The line in which a row stands, from 1."""
        chunk, at = self._place(max(0, min(row, self.count() - 1)))
        if not self.is_wrapped:
            return self._before[chunk] + at + 1
        line = self._before[chunk]
        for piece in self._wrapped(chunk)[: at + 1]:
            line = piece.line or line
        return line

    def step(self, top: int, by: int, height: int) -> int:
        """The first row shown after moving by so many rows, `height` of them being shown; as far as there are any."""
        if not self.is_wrapped:
            return max(0, min(top + by, self.count() - height))
        chunk, at = self._place(max(0, min(top, self.count() - 1)))
        self._measure(chunk)
        at += by
        while at < 0 and chunk:
            chunk -= 1
            at += self._measure(chunk)
        while at >= (rows := self._measure(chunk)) and chunk + 1 < len(self._starts):
            at -= rows
            chunk += 1
        at = max(0, min(at, self._measure(chunk) - 1))
        return self._not_beyond(chunk, at, height)

    def last_top(self, height: int) -> int:
        """The first row shown at the end."""
        last = len(self._starts) - 1
        return (
            self._not_beyond(last, self._measure(last) - 1, height)
            if self.is_wrapped
            else max(0, self.count() - height)
        )

    def _not_beyond(self, chunk: int, at: int, height: int) -> int:
        """The row `at` of a chunk, or an earlier one where the rows from there do not fill the view."""
        below, next_chunk = self._measure(chunk) - at, chunk + 1
        while below < height and next_chunk < len(self._starts):
            below += self._measure(next_chunk)
            next_chunk += 1
        missing = height - below
        while missing > at and chunk:
            missing -= at
            chunk -= 1
            at = self._measure(chunk)
        if missing > 0:
            at = max(0, at - missing)
        return self._first(chunk) + at

    # ------------------------------------------------------------ rows

    def row(self, index: int) -> TextRow | None:
        """Row `index`; None where there is none."""
        if not 0 <= index < self.count():
            return None
        chunk, at = self._place(index)
        if not self.is_wrapped:
            return self._line(self._line_offset(chunk, at), self._before[chunk] + at + 1)
        pieces = self._wrapped(chunk)
        if at >= len(pieces):
            return None
        piece = pieces[at]
        text = shown(piece.text, self.width)
        return TextRow(piece.line, text, self._hits_in(piece.offset, self._end_of(chunk), piece.at, len(text)))

    def _line(self, offset: int, line: int) -> TextRow:
        """A line that is not wrapped: what the view shows of it."""
        window = (self.width + 1) * _CHARACTERS_OF_A_CELL
        begin = offset + self.pan
        if self.pan:
            end = self.text.find("\n", offset, begin)
            begin = begin if end < 0 else end
        end = self.text.find("\n", begin, begin + window)
        part = self.text[begin : begin + window if end < 0 else end]
        text = cleaned(part)
        kept = self.width
        while cell_width(text[:kept]) > self.width:
            kept -= max(1, (cell_width(text[:kept]) - self.width) // 2)
        return TextRow(line, text[:kept], self._hits_in(begin, begin + len(part), 0, kept))

    def _hits_in(self, offset: int, end: int, at: int, length: int) -> tuple[tuple[int, int, int], ...]:
        """Hits in `length` shown characters from `at` on, of a part of a line that begins at `offset` and ends before `end`."""
        starts, ends = self.hits
        if not len(starts) or not length:
            return ()
        is_same = self._is_shown_as_it_is(offset, min(end, offset + at + length))
        first = offset + at if is_same else self._recorded_at(offset, end, at)
        last = first + length if is_same else self._recorded_at(offset, end, at + length)
        found = []
        number = bisect_right(ends, first)
        while number < len(starts) and starts[number] < last:
            begin, stop = starts[number] - offset, ends[number] - offset
            if not is_same:
                begin, stop = self._shown_at(offset, begin + offset), self._shown_at(offset, min(last, stop + offset))
            found.append((max(0, begin - at), min(length, stop - at), number))
            number += 1
        return tuple(found)

    def _is_shown_as_it_is(self, offset: int, end: int) -> bool:
        part = self.text[offset:end]
        return part.isprintable() and (part.isascii() or len(cleaned(part)) == len(part))

    def _shown_at(self, offset: int, wanted: int) -> int:
        """How many characters are shown from `offset` to `wanted` of one line."""
        part = self.text[offset:wanted]
        return len(part) if part.isascii() and part.isprintable() else len(cleaned(part))

    def _recorded_at(self, offset: int, end: int, wanted: int) -> int:
        """The place in the text of the character that is shown as number `wanted` behind `offset`."""
        low, high = offset, end
        while low < high:
            middle = (low + high) // 2
            if self._shown_at(offset, middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    # ------------------------------------------------------------ chunks

    def _lay_out(self) -> None:
        self.version += 1
        self._measured.clear()
        self._rows.clear()
        if self.is_wrapped:
            # A chunk that nobody saw has at least its lines, and what its characters fill.
            sizes = [self._end_of(chunk) - start for chunk, start in enumerate(self._starts)]
            self._counts = [max(1, lines, size // self.width) for size, lines in zip(sizes, self._lines, strict=True)]
        else:
            self._counts = list(self._lines)
        self._sums = list(accumulate(self._counts))

    def _end_of(self, chunk: int) -> int:
        return self._starts[chunk + 1] if chunk + 1 < len(self._starts) else len(self.text)

    def _first(self, chunk: int) -> int:
        return self._sums[chunk - 1] if chunk else 0

    def _place(self, row: int) -> tuple[int, int]:
        """The chunk of a row, and which of its rows it is."""
        chunk = min(bisect_right(self._sums, row), len(self._sums) - 1)
        return chunk, row - self._first(chunk)

    def _measure(self, chunk: int) -> int:
        """How many rows a chunk really has."""
        if chunk not in self._measured:
            self._wrapped(chunk)
        return self._counts[chunk]

    def _wrapped(self, chunk: int) -> list[_Piece]:
        pieces = self._rows.pop(chunk, None)
        if pieces is None:
            pieces = list(self._pieces(chunk))
            while len(self._rows) >= _KEPT:
                self._rows.pop(next(iter(self._rows)))
        self._rows[chunk] = pieces
        if chunk not in self._measured:
            self._measured.add(chunk)
            if self._counts[chunk] != len(pieces):
                self._counts[chunk] = len(pieces)
                self._sums = list(accumulate(self._counts))
                self.version += 1
        return pieces

    def _pieces(self, chunk: int) -> list[_Piece]:
        start, end = self._starts[chunk], self._end_of(chunk)
        line = self._before[chunk]
        is_start = _is_line_start(self.text, start)
        found: list[_Piece] = []
        at = start
        for part in self.text[start:end].removesuffix("\n").split("\n"):
            line += is_start
            number = line if is_start else 0
            if len(part) <= self.width and part.isascii() and part.isprintable():
                found.append(_Piece(number, part, at, 0))
                at += len(part) + 1
                is_start = True
                continue
            inside = 0
            for row in wrap(cleaned(part), self.width) or [""]:
                found.append(_Piece(number, row, at, inside))
                number, inside = 0, inside + len(row)
            at += len(part) + 1
            is_start = True
        return found

    def _begun(self, chunk: int, offset: int) -> int:
        """How many lines begin in a chunk up to an offset."""
        start = self._starts[chunk]
        return _is_line_start(self.text, start) + self.text.count(
            "\n", start, max(start, min(offset, self._end_of(chunk) - 1))
        )

    def _line_offset(self, chunk: int, at: int) -> int:
        """Where line `at` of those that begin in a chunk begins."""
        offsets = self._offsets.pop(chunk, None)
        if offsets is None:
            offsets = list(self._line_offsets(chunk))
            while len(self._offsets) >= _KEPT:
                self._offsets.pop(next(iter(self._offsets)))
        self._offsets[chunk] = offsets
        return offsets[at] if at < len(offsets) else self._starts[chunk]

    def _line_offsets(self, chunk: int) -> Iterator[int]:
        start, end = self._starts[chunk], self._end_of(chunk)
        if _is_line_start(self.text, start):
            yield start
        while (start := self.text.find("\n", start, end - 1) + 1) > 0:
            yield start


def _is_line_start(text: str | PiecedText, offset: int) -> bool:
    return offset == 0 or text[offset - 1 : offset] == "\n"


def _chunks(text: str | PiecedText) -> list[int]:
    """Where chunks begin: behind a newline or a blank where there is one near, never inside a letter with marks."""
    starts, length = [0], len(text)
    while (near := starts[-1] + CHUNK) < length:
        stop = text.find("\n", near, near + _NEAR) + 1 or text.find(" ", near, near + _NEAR) + 1
        stop = stop or next((at for at in range(near, near + _NEAR) if _stands_alone(text[at : at + 1])), near)
        if stop >= length:
            break
        starts.append(stop)
    return starts


def _stands_alone(char: str) -> bool:
    return not char or char.isascii() or cell_width(safe(char)) > 0


def _line_starts(text: str | PiecedText, starts: list[int]) -> list[int]:
    """How many lines begin in each chunk. A newline at the very end begins none."""
    counts = []
    for chunk, start in enumerate(starts):
        end = starts[chunk + 1] if chunk + 1 < len(starts) else len(text)
        counts.append(_is_line_start(text, start) + text.count("\n", start, max(start, end - 1)))
    return counts

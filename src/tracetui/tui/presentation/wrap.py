"""Long text as rows of a width in cells, of which only those that are looked at are ever worked out.

`wrap` is exact and does all of a text; `LongText` holds one of any length and wraps a chunk of it when a row of that chunk
is drawn. Chunks begin behind a newline or a blank where there is one near, so that breaking them apart is not seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cell_width, cut, safe
from tracetui.tui.presentation.part_rows import PartRows
from tracetui.tui.presentation.pieces import Piece

CHUNK = 16_384
"""Characters that are wrapped at once; about a millisecond of work."""

_NEAR = 1_024
_CELLS_OF_A_WINDOW = 42
"""Characters that a cell of safe text may hold at most (an emoji of joined parts, each with its marks)."""


def wrap(text: str, width: int) -> list[str]:
    """`text` (made safe, newlines kept) in rows of at most `width` cells; joined they are the text without its newlines.

    A row may carry one blank beyond the width, where it was broken: `shown` takes it away. A newline at the very end
    begins no row. What is wider than `width` itself (a double-width letter in one cell) becomes `?`.
    """
    width = max(1, width)
    rows: list[str] = []
    for line in (text[:-1] if text.endswith("\n") else text).split("\n"):
        if len(line) <= width and (line.isascii() or cell_width(line) <= width):
            rows.append(line)
        elif line.isascii():
            rows += _wrap_ascii(line, width)
        else:
            rows += _wrap_cells(line, width)
    return rows


def shown(row: str, width: int) -> str:
    """A row of `wrap` without the blank that stands beyond the width."""
    return row[:-1] if row.endswith(" ") and cell_width(row) > width else row


def _wrap_ascii(line: str, width: int) -> list[str]:
    rows: list[str] = []
    start, length = 0, len(line)
    while length - start > width:
        stop = line.rfind(" ", start + 1, start + width + 1) + 1
        if not stop or line[start:stop].isspace():
            stop = start + width
        rows.append(line[start:stop])
        start = stop
    if start < length:
        rows.append(line[start:])
    return rows


def _wrap_cells(line: str, width: int) -> list[str]:
    rows: list[str] = []
    start, length = 0, len(line)
    window = (width + 2) * _CELLS_OF_A_WINDOW
    while start < length:
        rest = line[start : start + window]
        if len(rest) == length - start and cell_width(rest) <= width:
            rows.append(rest)
            break
        head = _head(rest, width)
        if not head:
            rows.append("?")
            start += max(1, len(_head(rest, 2)))
            continue
        stop = len(head)
        if rest[stop : stop + 1] == " ":
            stop += 1
        elif (blank := head.rfind(" ") + 1) and not head[:blank].isspace():
            stop = blank
        rows.append(rest[:stop])
        start += stop
    return rows


def _head(text: str, cells: int) -> str:
    """The longest beginning of `text` (wider than `cells`) that fits, ending between graphemes."""
    return cut(text + "xx", cells + 1, symbols=UNICODE)[:-1]


class LongText(PartRows[str]):
    """Text of any length in rows of the width it was last asked for. Untrusted text; rows come out safe.

    Rows of chunks that nobody has looked at are counted by estimate, so `count` may change while one scrolls through more
    than `exact` characters; nothing is ever left out.
    """

    def __init__(self, text: str, exact: int = 4 * CHUNK) -> None:
        super().__init__()
        self.text = text
        self._exact = exact
        self._starts: list[int] = []

    def row(self, index: int, width: int) -> str:
        """Row `index`; empty where the estimate was too high."""
        return shown(self._row_at(index, width) or "", width)

    def row_of(self, offset: int, width: int) -> int:
        """The row in which a character of the text stands."""
        self._layout(width)
        chunk = max(0, bisect_right(self._starts, offset) - 1)
        rows = self._rows_of(chunk)
        left = len(safe(self.text[self._starts[chunk] : offset], newlines=True).replace("\n", ""))
        inside = next((at for at, size in enumerate(accumulate(map(len, rows))) if left < size), len(rows) - 1)
        return self._before(chunk) + max(0, inside)

    def _counted(self) -> list[int]:
        self._starts = self._starts or self._cut_in_chunks()
        size = len(self._starts)
        sample = size if len(self.text) <= self._exact else 1
        counts = [len(self._rows_of(chunk)) for chunk in range(sample)]
        return counts + [max(1, counts[0])] * (size - sample)

    def _cut_in_chunks(self) -> list[int]:
        starts = [0]
        text, length = self.text, len(self.text)
        while (near := starts[-1] + CHUNK) < length:
            stop = text.find("\n", near, near + _NEAR) + 1 or text.find(" ", near, near + _NEAR) + 1
            stop = stop or next((at for at in range(near, near + _NEAR) if _stands_alone(text[at : at + 1])), near)
            if stop >= length:
                break
            starts.append(stop)
        return starts

    def _made(self, part: int) -> list[str]:
        start = self._starts[part]
        stop = self._starts[part + 1] if part + 1 < len(self._starts) else len(self.text)
        return wrap(safe(self.text[start:stop], newlines=True), self._width)


def _stands_alone(char: str) -> bool:
    """Whether a chunk may begin with this character: no mark that belongs to the letter before it."""
    return not char or char.isascii() or cell_width(safe(char)) > 0


def one_line(text: str, cells: int, symbols: Symbols = UNICODE) -> str:
    """The beginning of untrusted `text` in one row of at most `cells` cells, safe, with a mark where it was cut."""
    head = text[: 2 * cells + 64]
    row = cut(safe(head), cells, symbols=symbols)
    if len(head) < len(text) and not row.endswith(symbols.cut):
        row = cut(row + "xx", cells, symbols=symbols) if cell_width(row) >= cells - 1 else row + symbols.cut
    return row


def wrap_pieces(pieces: Iterable[Piece], width: int) -> list[list[Piece]]:
    """Pieces, safe already, in rows of at most `width` cells (8 at least); a newline in them begins another row."""
    rows: list[list[Piece]] = []
    line: list[Piece] = []
    for words, style in pieces:
        first, *others = words.split("\n")
        line.append((first, style))
        for other in others:
            rows += _wrap_line(line, max(8, width))
            line = [(other, style)]
    return rows + _wrap_line(line, max(8, width))


def _wrap_line(pieces: list[Piece], width: int) -> list[list[Piece]]:
    text = "".join(words for words, _ in pieces)
    if len(text) <= width and cell_width(text) <= width:
        return [[piece for piece in pieces if piece[0]]]
    rows: list[list[Piece]] = []
    place = used = 0
    for row in wrap(text, width):
        line: list[Piece] = []
        wanted, taken = len(shown(row, width)), 0
        while taken < len(row) and place < len(pieces):
            words, style = pieces[place]
            part = words[used : used + len(row) - taken]
            if part and taken < wanted:
                line.append((part[: wanted - taken], style))
            taken, used = taken + len(part), used + len(part)
            if used >= len(words):
                place, used = place + 1, 0
        rows.append(line)
    return rows

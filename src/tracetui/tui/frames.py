"""What is on the terminal, and the least that turns it into the next frame.

Textual draws whole regions: one step of a list is a screenful of bytes, on a slow link the better part of a second. Here every
cell that was sent is remembered, and of the next frame only cells that look different are sent, with the shortest moves
and changes of style between them. Nothing above knows of it, and what stands on the terminal is what Textual would have
drawn.

Doubt goes to Textual: a frame with anything but text in it is drawn by Textual, and all that was remembered is forgotten.
Characters whose width terminals disagree about (wide ones, emoji, marks that combine) make their row be sent as Textual
sends it, from the beginning of each piece, whenever something in it differs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tracetui.core.symbols import UNICODE

if TYPE_CHECKING:
    from textual.geometry import Size

_REWRITTEN_GAP: Final = 5
"""At most so many cells that did not change are sent again: a move over more takes fewer bytes in any case."""

_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29", "21": "24", "53": "55"}
"""What switches an attribute off again (ECMA-48, SGR); 22 both bold and dim."""

_SHOWN_IN_BLANKS: Final = (
    "underline",
    "underline2",
    "overline",
    "strike",
    "reverse",
    "blink",
    "blink2",
    "frame",
    "encircle",
)


class Look(NamedTuple):
    """How a cell looks, as parameters of SGR; each is empty for the terminal's own."""

    attributes: frozenset[str]
    colour: str
    background: str

    def parameters(self) -> list[str]:
        """All of them, for a terminal that was reset."""
        return [*sorted(self.attributes), *filter(None, (self.colour, self.background))]


PLAIN: Final = Look(frozenset(), "", "")

PLAIN_STYLE: Final = "\x1b[m"
"""Gives the terminal its own style again: before somebody else writes to it."""


class _Row:
    """The cells of a line: the characters, their looks (None: not known), and whether a width is in doubt.

    A piece of text whose width is in doubt stands in its first cell as a whole; the others of it are empty.
    """

    __slots__ = ("chars", "looks", "odd")

    def __init__(self, width: int) -> None:
        self.chars = [""] * width
        self.looks: list[Look | None] = [None] * width
        self.odd = bytearray(width)

    def copy(self) -> _Row:
        new = _Row(0)
        new.chars, new.looks, new.odd = self.chars[:], self.looks[:], self.odd[:]
        return new

    def put(self, x: int, strip: Strip, system: ColorSystem) -> int:
        """Write a strip from column `x` on; the column behind it, or -1 if it holds something else than text."""
        at, width = x, len(self.chars)
        self._cut_left(x)
        for text, style, control in strip:
            if not text:
                continue
            cells = None if control or (style is not None and style.link) else _cells(text, *_looks(style, system))
            if cells is None:
                return -1
            end = at + len(cells.chars)
            if end > width:
                return -1
            self.chars[at:end] = cells.chars
            self.looks[at:end] = cells.looks
            self.odd[at:end] = cells.odd
            at = end
        self._cut_right(at)
        return at

    def _is_inside(self, x: int) -> bool:
        """Whether a cell shows the rest of what stands in a cell before it."""
        return x < len(self.chars) and self.odd[x] == 1 and not self.chars[x]

    def _cut_left(self, x: int) -> None:
        """What begins before column `x` and is written over from there is not known any more."""
        if self._is_inside(x):
            while self._is_inside(x):
                x -= 1
                self.looks[x] = None

    def _cut_right(self, x: int) -> None:
        """Nor is the rest of what was written over up to column `x`."""
        while self._is_inside(x):
            self.looks[x] = None
            x += 1


class _Cells(NamedTuple):
    chars: Sequence[str]
    looks: Sequence[Look]
    odd: bytes


class Frames:
    """The terminal as it was left, and how to turn it into what comes next."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._width = 0
        self._look: Look | None = None
        """The style that is on; None: not known."""

    def forget(self) -> None:
        """What is on the terminal is not known any more: it was resized, or somebody else wrote to it."""
        self._rows, self._width, self._look = [], 0, None

    def again(self) -> str | None:
        """The bytes that show all that is on the terminal once more; None: a part is not known, or its width in doubt."""
        if not self._rows or any(1 in row.odd or None in row.looks for row in self._rows):
            return None
        pen = _Pen(self._width, None)
        for y, row in enumerate(self._rows):
            pen.move(0, y)
            pen.write(row, 0, self._width)
        self._look = pen.look
        return "".join(pen.written)

    def render(self, update: CompositorUpdate, size: Size, system: ColorSystem) -> str | None:
        """The bytes that show `update`, empty if it shows nothing new; None: it is in doubt, and Textual is to draw it.

        Args:
            update: What Textual wants to draw.
            size: Of the terminal, cells.
            system: Colours that the terminal has.
        """
        if (self._width, len(self._rows)) != (size.width, size.height):
            self._width, self._rows = size.width, [_Row(size.width) for _ in range(size.height)]
        rows: dict[int, _Row] = {}
        pieces: dict[int, list[tuple[int, int]]] = {}
        for y, x, strip in _strips(update):
            if not (0 <= y < len(self._rows) and 0 <= x <= self._width):
                self.forget()
                return None
            row = rows.get(y)
            if row is None:
                row = rows[y] = self._rows[y].copy()
            end = row.put(x, strip, system)
            if end < 0:
                self.forget()
                return None
            pieces.setdefault(y, []).append((x, end))
        if not isinstance(update, (ChopsUpdate, LayoutUpdate)):
            self.forget()
            return None
        pen = _Pen(self._width, self._look)
        for y in sorted(rows):
            row = rows[y]
            for start, end in _differences(self._rows[y], row, pieces[y]):
                pen.move(start, y)
                pen.write(row, start, end)
            self._rows[y] = row
        self._look = pen.look
        return "".join(pen.written)


def _strips(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """What an update draws, as Textual draws it: row, column, strip."""
    if isinstance(update, LayoutUpdate):
        update.strips = [list(line) for line in update.strips]  # may be read once only, and Textual may have to
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if chop is None or x > last or end <= first:
                    continue
                is_whole = last > x >= first and end <= last
                yield y, x, chop if is_whole else chop.crop(0, min(end, last) - x)


def _differences(old: _Row, new: _Row, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of a row that have to be sent: from, to."""
    if old.chars == new.chars and old.looks == new.looks:
        return []
    if 1 in old.odd or 1 in new.odd:
        return [(x, end) for x, end in sorted(set(pieces)) if _differ(old, new, x, end)]
    cells = zip(old.chars, new.chars, old.looks, new.looks, strict=True)
    changed = [at for at, (a, b, c, d) in enumerate(cells) if a != b or c != d]
    # Cells that are not known, and are not drawn now, are no difference.
    changed = [at for at in changed if new.looks[at] is not None]
    if not changed:
        return []
    found, start = [], changed[0]
    for before, at in pairwise(changed):
        if at - before > 1 and not _is_cheap(new, before, at):
            found.append((start, before + 1))
            start = at
    return [*found, (start, changed[-1] + 1)]


def _is_cheap(row: _Row, before: int, at: int) -> bool:
    """Whether the cells between two are sent again in no more bytes than a move over them takes."""
    gap = at - before - 1
    if gap > _REWRITTEN_GAP:
        return False
    look = row.looks[before]
    blank = None if look is None else _blank(look)
    between = range(before + 1, at)
    if not all(row.looks[x] == look or (row.chars[x] == " " and row.looks[x] == blank) for x in between):
        return False
    return sum(len(row.chars[x].encode()) for x in between) <= len(_right(gap))


def _differ(old: _Row, new: _Row, start: int, end: int) -> bool:
    return old.chars[start:end] != new.chars[start:end] or old.looks[start:end] != new.looks[start:end]


class _Pen:
    """Writes cells to the terminal: knows where its cursor is and what style is on."""

    def __init__(self, width: int, look: Look | None) -> None:
        self._width = width
        self.written: list[str] = []
        self.look = look
        """The style that is on; it stays on from frame to frame. None: not known."""
        self._x, self._y = -1, -1
        """Where the cursor is; -1: nobody knows."""

    def move(self, x: int, y: int) -> None:
        """Go to a cell by the shortest way. A cursor behind the last column is nowhere: terminals differ."""
        ways = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"]
        if 0 <= self._y == y and 0 <= self._x < self._width and x >= self._x:
            ways.append(_right(x - self._x))
        if 0 <= self._y == y - 1:
            ways.append(f"\r\n{_right(x)}")
        self.written.append(min(ways, key=len))
        self._x, self._y = x, y

    def write(self, row: _Row, start: int, end: int) -> None:
        """Write cells of a row from the cursor on."""
        chars, looks, write = row.chars, row.looks, self.written.append
        for at in range(start, end):
            look = looks[at]
            if look is not None and look != self.look and (chars[at] != " " or self._blank() != look):
                look = _next_look(row, at, end, look)
                write(_change(self.look, look))
                self.look = look
            write(chars[at])
        if 1 in row.odd:  # a terminal that draws it wider has its cursor elsewhere
            self._x = self._y = -1
        else:
            self._x = end

    def _blank(self) -> Look | None:
        return None if self.look is None else _blank(self.look)


def _next_look(row: _Row, at: int, end: int, look: Look) -> Look:
    """The style to switch on at a cell: before a blank that of the character that follows, if it shows the blank alike."""
    if row.chars[at] != " ":
        return look
    for later in range(at + 1, end):
        if row.chars[later] != " ":
            ahead = row.looks[later]
            return ahead if ahead is not None and _blank(ahead) == look else look
        if row.looks[later] != look:
            break
    return look


def _right(cells: int) -> str:
    return f"\x1b[{cells}C" if cells > 1 else "\x1b[C" if cells else ""


@lru_cache(4096)
def _change(old: Look | None, new: Look) -> str:
    """The shortest change of style from one, or from any (None), to another."""
    whole = ["0", *new.parameters()] if new != PLAIN else [""]
    if old is None:
        return f"\x1b[{';'.join(whole)}m"
    gone = old.attributes - new.attributes
    off = {_OFF.get(attribute, "0") for attribute in gone}
    if "0" in off:
        return f"\x1b[{';'.join(whole)}m"
    on = new.attributes - old.attributes
    if "22" in off:
        on |= new.attributes & {"1", "2"}
    part = [*sorted(off), *sorted(on)]
    if old.colour != new.colour:
        part.append(new.colour or "39")
    if old.background != new.background:
        part.append(new.background or "49")
    return f"\x1b[{min(';'.join(whole), ';'.join(part), key=len)}m"


@lru_cache(1024)
def _looks(style: Style | None, system: ColorSystem) -> tuple[Look, Look]:
    """How text and blanks in a style look. A blank shows no colour of its own and no weight."""
    if style is None:
        return PLAIN, PLAIN
    sgr = [part for part in Strip.render_ansi(style.without_color, system).split(";") if part]
    look = Look(frozenset(sgr), _colour(style, system, foreground=True), _colour(style, system, foreground=False))
    if any(getattr(style, name) for name in _SHOWN_IN_BLANKS):
        return look, look
    return look, Look(frozenset(), "", look.background)


@lru_cache(1024)
def _blank(look: Look) -> Look | None:
    """How a blank looks in a style; None where a blank shows more than a background."""
    return None if look.attributes - {"1", "2", "3"} else Look(frozenset(), "", look.background)


def _colour(style: Style, system: ColorSystem, *, foreground: bool) -> str:
    colour = style.color if foreground else style.bgcolor
    if colour is None or colour.is_default:
        return ""
    colour = colour.downgrade(system)
    if system is ColorSystem.TRUECOLOR and colour.triplet is not None:
        number = _palette().get(tuple(colour.triplet))
        if number is not None:
            return f"{38 if foreground else 48};5;{number}"
    return ";".join(colour.get_ansi_codes(foreground))


@lru_cache(1)
def _palette() -> dict[tuple[int, ...], int]:
    """The colours of xterm's 256 that no terminal has its own idea of: the cube and the greys. Half the bytes of a triplet."""
    steps = (0, 95, 135, 175, 215, 255)
    colours: dict[tuple[int, ...], int] = {(8 + 10 * grey,) * 3: 232 + grey for grey in range(24)}
    colours |= {
        (red, green, blue): 16 + 36 * steps.index(red) + 6 * steps.index(green) + steps.index(blue)
        for red in steps
        for green in steps
        for blue in steps
    }
    return colours


@lru_cache(8192)
def _cells(text: str, look: Look, blank: Look) -> _Cells | None:
    """A text as cells; None if it is not only text."""
    if text.isascii() and not text.isprintable():
        return None
    if text.isascii() or all(map(_is_sure, set(text))):
        looks = [look] * len(text) if blank == look else [blank if char == " " else look for char in text]
        return _Cells(list(text), looks, bytes(len(text)))
    if any(unicodedata.category(char) == "Cc" for char in text):
        return None
    width = cell_len(text)
    if not width:
        return None
    return _Cells([text, *[""] * (width - 1)], [look] * width, b"\x01" * width)


_OURS: Final = frozenset("".join((*UNICODE.glyphs.values(), *UNICODE.eighths, *UNICODE.columns)))

_EMOJI: Final = frozenset("©®‼⁉™ℹ↔↕↖↗↘↙↩↪▪▫▶◀◻◼◽◾⤴⤵")
"""Characters outside the blocks below that some terminals draw as emoji, two cells wide."""


@lru_cache(None)
def _is_sure(char: str) -> bool:
    """Whether every terminal draws a character one cell wide."""
    if char in _OURS or char.isascii():
        return True
    code = ord(char)
    if (
        code >= 0x1F000
        or 0x2300 <= code < 0x2500
        or 0x2600 <= code < 0x2800
        or 0x2B00 <= code < 0x2C00
        or char in _EMOJI
    ):
        return False
    return get_character_cell_size(char) == 1 and unicodedata.category(char)[0] not in "MC"

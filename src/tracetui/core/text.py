"""Text for people: the one sanitiser, widths in terminal cells, cutting, and (from `figures`) figures in words.

Everything in a trace is hostile. Each string from a file, a path, an exception or the environment passes through
`safe()` on its way to a widget, a terminal, a console sink or an export that a terminal may show; stored data and JSON
stay as they are. The rules of `safe()`:

- Control characters become their pictures (`␛`), other controls, bidirectional and invisible format characters,
  surrogates and noncharacters `�`. What is left holds no character of the categories Cc, Cf, Cs, Zl or Zp, except the
  joiner U+200D inside an emoji and, with `newlines=True`, the newline.
- Marks without a width of their own are kept up to `MARKS_IN_A_ROW`, so that no pile of them leaves its line, and what
  terminals may draw wider than it is measured (joiners, skin tones) is kept only where it makes an emoji.

Widths are never smaller than those of Rich, which the screen is measured with.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final, Literal

from tracetui.core.figures import (
    age,
    bytes_size,
    clock_time,
    cost,
    cost_apart,
    cost_full,
    count,
    duration,
    exact,
    marked,
    offset,
    rate,
    share,
    tokens,
    wall_moment,
    wall_time,
    wall_time_full,
)
from tracetui.core.symbols import UNICODE, Symbols

__all__ = [
    "MARKS_IN_A_ROW",
    "age",
    "bytes_size",
    "cell_width",
    "clock_time",
    "cost",
    "cost_apart",
    "cost_full",
    "count",
    "cut",
    "duration",
    "exact",
    "fit",
    "marked",
    "offset",
    "plain_ascii",
    "rate",
    "safe",
    "share",
    "tokens",
    "wall_moment",
    "wall_time",
    "wall_time_full",
]

MARKS_IN_A_ROW: Final = 8
"""Most characters of no width that are kept after one another; no script needs as many."""

_JOINS_IN_AN_EMOJI: Final = 3
_TAB: Final = 4
_REPLACEMENT: Final = "\ufffd"
_JOINER: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_REMEMBERED: Final = 20_000

How = Literal["end", "middle", "start", "path", "folders", "id"]
"""Where `cut` takes away; see there."""


# ---------------------------------------------------------------- the sanitiser


def safe(text: str, newlines: bool = False) -> str:
    r"""`text` in a form that a terminal only ever draws; idempotent, and fast for what is clean already.

    A tab becomes a blank and a newline `␤`; with `newlines=True` newlines stay (`\r\n` becomes one) and tabs are
    blanks up to the next stop of 4.
    """
    if text.isprintable() and (text.isascii() or not _has_marks(text)):
        return text
    return _cleaned(text, newlines)


def plain_ascii(text: str) -> str:
    r"""`text` with what is not ASCII as backslash escapes, for a terminal that is not UTF-8.

    The bytes of UTF-8 are control codes to some of those, so even a letter is not harmless there.
    """
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode("ascii")


def _cleaned(text: str, newlines: bool) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if newlines:
        text = text.expandtabs(_TAB).translate(_CLEAN_LINES)
    else:
        text = text.translate(_CLEAN)
    return _tamed(text) if not text.isascii() and _has_marks(text) else text


class _CleanTable(dict[int, int]):
    """Character to what stands for it; worked out once for each character that is met."""

    def __missing__(self, code: int) -> int:
        if len(self) > _REMEMBERED:
            self.clear()
        clean = self[code] = _clean(code)
        return clean


def _clean(code: int) -> int:
    if code == 0x09:
        return 0x20
    if code == 0x0A:
        return 0x2424
    if code < 0x20:
        return 0x2400 + code
    if code == 0x7F:
        return 0x2421
    if code == 0xAD:  # a soft hyphen is one, but terminals do not agree on its width
        return 0x2D
    return 0xFFFD if _is_unsafe(code) else code


_FILLERS: Final = frozenset((0x3164, 0xFFA0))  # letters by category, drawn as nothing at all


def _is_unsafe(code: int) -> bool:
    if code == 0x200D:
        return False
    match unicodedata.category(chr(code)):
        case "Cc" | "Cf" | "Cs" | "Zl" | "Zp":
            return True
        case "Cn":  # not in this Python's Unicode: width unknown, except for emoji and ideographs of later versions
            return not (0x1F000 <= code <= 0x1FAFF or 0x20000 <= code <= 0x3FFFD) or code & 0xFFFE == 0xFFFE
        case "Zs":
            return code == 0x1680  # drawn as a line by many fonts, taken as a blank by others
    return code in _FILLERS


_CLEAN: Final = _CleanTable()


class _CleanLinesTable(_CleanTable):
    """The same where newlines stay."""

    def __missing__(self, code: int) -> int:
        return code if code == 0x0A else super().__missing__(code)


_CLEAN_LINES: Final = _CleanLinesTable()


def _has_marks(text: str) -> bool:
    if _MEASURED.issuperset(text):  # several times as fast as looking at each character
        return False
    met = set(text) - _MEASURED
    if any(_CELLS[char] == 0 for char in met):
        return True
    if len(_MEASURED) < _REMEMBERED:
        _MEASURED.update(met)
    return False


def _tamed(text: str) -> str:
    """`text` with characters of no width only where they belong, and never more than a few in a row."""
    kept: list[str] = []
    marks = joins = 0
    for index, char in enumerate(text):
        if _CELLS[char]:
            if not (kept and kept[-1] == _JOINER):
                joins = 0
            marks = 0
            kept.append(char)
            continue
        marks += 1
        if marks > MARKS_IN_A_ROW:
            if marks == MARKS_IN_A_ROW + 1:
                kept.append(_REPLACEMENT)
        elif char == _JOINER:
            joins += 1
            kept.append(_joiner(kept, text[index + 1 : index + 2], joins))
        elif _is_skin_tone(char):
            kept.append(char if kept and _is_pictograph(kept[-1]) else _REPLACEMENT)
        else:
            if not kept or kept[-1] == "\n":
                kept.append("\u25cc")  # the dotted circle that carries a mark without a letter
            kept.append(char)
    return "".join(kept)


def _joiner(before: list[str], after: str, joins: int) -> str:
    """The joiner where it joins two pictures; nothing where a script uses it to shape letters; else its replacement."""
    previous = before[-1] if before else ""
    if previous and unicodedata.combining(previous) == 9:  # a virama: the joiner only chooses between two shapes
        return ""
    pictured = previous and (_is_pictograph(previous) or _is_skin_tone(previous) or previous == _EMOJI_STYLE)
    if pictured and after and _is_pictograph(after) and joins <= _JOINS_IN_AN_EMOJI:
        return _JOINER
    return _REPLACEMENT


def _is_pictograph(char: str) -> bool:
    return char >= "\u2190" and unicodedata.category(char) in ("So", "Sm", "Cn")


def _is_skin_tone(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff"


# ---------------------------------------------------------------- widths


class _CellTable(dict[str, int]):
    """Character to cells; worked out once for each character that is met."""

    def __missing__(self, char: str) -> int:
        if len(self) > _REMEMBERED:
            self.clear()
        cells = self[char] = _cells(char)
        return cells


def _cells(char: str) -> int:
    """Cells of one character by itself: 0 for marks, 2 for East Asian wide and for emoji, else 1."""
    code = ord(char)
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Mc") or char == _JOINER or code in _FILLERS:
        return 0
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF or _is_skin_tone(char):
        return 0  # vowels and finals of a Korean syllable stand in the cells of its initial, tones in those of a hand
    if category == "Cn" or _is_wide_since_unicode_16(code):
        return 2
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _is_wide_since_unicode_16(code: int) -> bool:
    """Symbols of divination and counting rods that became wide after the Unicode of older Pythons."""
    return (
        0x2630 <= code <= 0x2637 or 0x268A <= code <= 0x268F or 0x4DC0 <= code <= 0x4DFF or 0x1D300 <= code <= 0x1D376
    )


_CELLS: Final = _CellTable()
_ONE_CELL: Final = frozenset(
    chr(code)
    for start, end in ((0x20, 0x7F), (0xA0, 0xAD), (0xAE, 0x300), (0x370, 0x483), (0x2500, 0x25FD))
    for code in range(start, end)
)
_MEASURED: Final = set(_ONE_CELL) | {"\n"}
"""Characters that are known to have a width; grows with what is met."""


def _is_simple(text: str) -> bool:
    """Whether each character of `text` is surely one cell and one grapheme."""
    return text.isascii() or _ONE_CELL.issuperset(text)


def cell_width(text: str) -> int:
    """Cells that a terminal needs for `text`; never less than Rich counts. For text that went through `safe()`."""
    if _is_simple(text):
        return len(text)
    if _JOINER not in text and _EMOJI_STYLE not in text:
        return sum(map(_CELLS.__getitem__, text))
    return sum(cells for _, cells in _graphemes(text))


def _graphemes(text: str) -> Iterator[tuple[int, int]]:
    """End and cells of each grapheme: a character, its marks, what is joined to it; flags are pairs of letters."""
    start = index = 0
    cells = 0
    base = ""
    flag = joined = False
    for index, char in enumerate(text):
        width = _CELLS[char]
        if joined:
            joined = False
            continue
        if char == _EMOJI_STYLE:
            cells += _widens(base)
            base = ""
        elif width:
            is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
            if flag and is_flag:
                cells += width
                flag = False
            else:
                if index > start:
                    yield index, cells
                start, cells, flag = index, width, is_flag
            base = char
        joined = char == _JOINER
    if text:
        yield len(text), cells


def _widens(base: str) -> bool:
    """Whether the emoji style makes a picture of two cells from this character of one."""
    return bool(base) and _CELLS[base] == 1 and (not base.isalpha() or base == "\u2139")


# ---------------------------------------------------------------- cutting


def fit(
    text: str, cells: int, how: How = "end", align: Literal["left", "right"] = "left", symbols: Symbols = UNICODE
) -> str:
    """`text` in exactly `cells` cells: cut as `cut` does, or padded with blanks."""
    text = cut(text, cells, how, symbols)
    blanks = " " * (cells - cell_width(text))
    return text + blanks if align == "left" else blanks + text


def cut(text: str, cells: int, how: How = "end", symbols: Symbols = UNICODE) -> str:
    """`text` in at most `cells` cells, with a mark where something was taken away.

    `end` is for names, messages and values, `start` for breadcrumbs, `middle` for what is known by both ends, `id`
    leaves four characters at each, `path` keeps the host or first part and the last (the scheme of a URL goes first,
    without a mark), `folders` loses leading folders.
    A cut falls between graphemes; figures, statuses and names of keys are never to be cut.
    """
    if len(text) <= _most_characters(cells) and cell_width(text) <= cells:
        return text
    if cells <= 1:
        return symbols.cut if cells == 1 else ""
    match how:
        case "end":
            return _head(text, cells - 1) + symbols.cut
        case "start":
            return symbols.cut + _tail(text, cells - 1)
        case "path":
            return _cut_path(text, cells, symbols)
        case "folders":
            return _cut_folders(text, cells, symbols)
    tail = (cells - 1) // 2
    head = cells - 1 - tail
    if how == "id":
        head, tail = min(head, 4), min(tail, 4)
    return _head(text, head) + symbols.cut + _tail(text, tail)


def _head(text: str, cells: int) -> str:
    text = text[: _most_characters(cells)]
    if _is_simple(text):
        return text[:cells]
    end = used = 0
    for stop, width in _graphemes(text):
        if used + width > cells:
            break
        end, used = stop, used + width
    return text[:end]


def _tail(text: str, cells: int) -> str:
    if cells <= 0:
        return ""
    window = text[-_most_characters(cells) :]
    if _is_simple(window):
        return window[-cells:]
    ends = list(_graphemes(window))
    start, used = len(window), 0
    for index in range(len(ends) - 1, -1, -1):
        if used + ends[index][1] > cells:
            break
        used += ends[index][1]
        start = ends[index - 1][0] if index else 0
    return window[start:]


def _most_characters(cells: int) -> int:
    """Characters that `cells` cells of safe text can hold: each may carry its marks, and an emoji its joined parts."""
    return (cells + 2) * (MARKS_IN_A_ROW + 2) * (_JOINS_IN_AN_EMOJI + 1)


def _cut_path(text: str, cells: int, symbols: Symbols) -> str:
    _, _, rest = text.rpartition("://")
    if cell_width(rest) <= cells:
        return rest
    first, slash, last = rest.partition("/")
    if slash and first:
        room = cells - cell_width(first) - 3
        folders = _last_folders(last, room)
        if folders:
            return f"{first}/{symbols.cut}/{folders}"
    return _cut_folders(rest, cells, symbols)


def _cut_folders(text: str, cells: int, symbols: Symbols) -> str:
    folders = _last_folders(text, cells - 2)
    if folders:
        return f"{symbols.cut}/{folders}"
    name = text.rstrip("/").rpartition("/")[2] or text
    return cut(name, cells, "middle", symbols)


def _last_folders(path: str, cells: int) -> str:
    """As many whole parts from the end of `path` as fit; empty when not even the last one does."""
    tail = _tail(path, cells + 1) if cells > 0 else ""
    if "/" not in tail:
        return ""
    folders = tail.partition("/")[2]
    return folders if folders.strip("/") and cell_width(folders) <= cells else ""

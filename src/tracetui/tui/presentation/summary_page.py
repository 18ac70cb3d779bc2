"""A page of sections, in one column or in two: lines that lead somewhere, tables, plots, and what was left out of a list.

Plain values and pure functions; who builds the sections is `run_summary` and `folder_summary`. Texts of a trace become
safe when a line is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tracetui.core.analysis.page import more_of, wrapped
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cell_width, fit, plain_ascii, safe
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.presentation.wrap import one_line

Row = list[Piece]
Target = tuple[int, int | None]
"""Row of a run, and of a span of it; None: the run itself."""
Cell = tuple[str, int, str]
"""A figure, the cells that it is right-aligned in, its style."""

TWO_FROM: Final = 110
"""Cells from which on sections stand side by side."""
LISTED: Final = 6
"""Lines of a list that are shown at first."""
MORE_BY: Final = 10
"""How many times as many are shown when more are asked for."""
_LEFT_SHARE: Final = 0.565
_GAP: Final = 2
_LONGEST: Final = 2_000
"""Characters of a text that are looked at."""
_NAME: Final = 14
"""Cells that a name keeps while figures give way."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a section."""

    draw: Callable[[int, str], list[Row]]
    """Its rows at a width; the second argument is the style of what the cursor is on, or empty. Never none."""
    targets: tuple[Target, ...] = ()
    """Where it leads."""
    value: str = ""
    """What is copied from it; untrusted."""
    tall: bool = False
    """It may take more than one row."""
    section: str = ""
    """Title of the section of the same page that it leads to, where it has no targets."""
    values: Mapping[str, float | str | None] = field(default_factory=dict)
    """What it can be sorted by, by the words of the headings."""


@dataclass(slots=True)
class Part:
    """A section: a title in a rule, a plot, lines of which the first are shown, and notes."""

    title: str
    lines: list[Line] = field(default_factory=list)
    fact: str = ""
    """At the right end of the rule; safe."""
    note: str = ""
    """Behind the title, where there is room for it; safe."""
    heads: Sequence[Cell] = ()
    """Headings of the figures, in the rule."""
    order: Sequence[int] = ()
    """Places of the figures in the order in which they are given room; empty: from left to right."""
    by: str = ""
    """The heading that its lines are sorted by; empty: an order of their own."""
    top: Callable[[int], list[Row]] | None = None
    """What is drawn above the lines."""
    notes: list[Line] = field(default_factory=list)
    """Lines below, which are always shown."""
    right: bool = False
    """Where there are two columns it stands in the right one."""
    noun: str = ""
    """What was left out is more of these."""
    left_out: int = 0
    """How many more there are that are not among the lines."""
    listed: int = LISTED

    @property
    def sorts(self) -> list[str]:
        """What its lines can be sorted by; empty where they have an order of their own."""
        return list(self.lines[0].values) if self.lines else []


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a table: its heading, its cells, how it is shown, and what it is sorted by."""

    head: str
    cells: int
    text: str
    style: str = ""
    value: float | None = None
    sorts: bool = True
    """Lines can be sorted by it."""


@dataclass(frozen=True, slots=True)
class Page:
    """All sections, and the line that stays at the top."""

    head: Row
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Slot:
    """One row of a column: of a section, perhaps of a line of it."""

    part: int
    line: int
    """Number of the line in its section as shown; -1: the rule, a blank, a row of a plot."""
    draw: Callable[[int, str], Row]
    enters: bool = False
    """The cursor may stand here."""
    targets: tuple[Target, ...] = ()
    value: str = ""
    more: bool = False
    """Enter shows more of the section."""
    section: str = ""
    """Title of the section that enter goes to."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A page at a width: columns of slots."""

    columns: list[list[Slot]]
    places: list[int]
    """First cell of each column, its gutter."""
    widths: list[int]
    """Cells of each column behind its gutter."""

    @property
    def height(self) -> int:
        """Rows of the longest column."""
        return max(map(len, self.columns), default=0)

    def slot(self, column: int, row: int) -> Slot | None:
        """What stands in a row of a column."""
        slots = self.columns[column] if column < len(self.columns) else []
        return slots[row] if 0 <= row < len(slots) else None


def lay_out(page: Page, width: int, symbols: Symbols, more: Mapping[str, int]) -> Laid:
    """Put the sections of a page into one column or two.

    Args:
        page: The sections.
        width: Cells that there are.
        symbols: What to draw with.
        more: By title of a section how many of its lines are shown.
    """
    two = width >= TWO_FROM and any(part.right for part in page.parts)
    left = int((width - 2 - _GAP) * _LEFT_SHARE) if two else width - 2
    widths = [left, width - left - _GAP - 3] if two else [left]
    columns: list[list[Slot]] = [[] for _ in widths]
    for number, part in enumerate(page.parts):
        column = 1 if two and part.right else 0
        if columns[column]:
            columns[column].append(Slot(number, -1, lambda _width, _style: []))
        columns[column] += _slots(part, number, widths[column], symbols, more.get(part.title, part.listed))
    return Laid(columns, [0, left + 1 + _GAP][: len(widths)], widths)


def _slots(part: Part, number: int, width: int, symbols: Symbols, limit: int) -> list[Slot]:
    slots = [Slot(number, -1, lambda width, _style: rule(part, width, symbols))]
    for row in part.top(width) if part.top is not None else []:
        slots.append(Slot(number, -1, _fixed(row)))
    if part.lines and part.heads and not has_room(part, width):
        slots.append(Slot(number, -1, lambda width, _style: _headings_row(part, width)))
    shown = part.lines if len(part.lines) <= limit + 1 else part.lines[:limit]
    for at, line in enumerate(shown):
        slots += _slots_of(line, number, at, width)
    hidden = len(part.lines) - len(shown)
    if hidden or part.left_out:
        words = more_words(hidden, part.left_out, part.noun, symbols)
        slots.append(Slot(number, len(shown), _more(words), hidden > 0, more=hidden > 0))
    for at, line in enumerate(part.notes, len(shown) + 1):
        slots += _slots_of(line, number, at, width)
    return slots


def more_words(hidden: int, left_out: int, noun: str, symbols: Symbols) -> str:
    """What is not shown of a list: `… 12 more runs (enter)`; without the key where there is nothing more to open."""
    key = "(enter)" if hidden else "(not listed)"
    return f"{symbols.cut} {more_of(hidden + left_out, noun)} {key}"


def _slots_of(line: Line, part: int, number: int, width: int) -> list[Slot]:
    height = len(line.draw(width, "")) if line.tall else 1
    enters = bool(line.targets or line.section)
    first = Slot(part, number, _row(line, 0), enters, line.targets, line.value, section=line.section)
    rest = [Slot(part, -1, _row(line, row), False, line.targets, line.value) for row in range(1, height)]
    return [first, *rest]


def _row(line: Line, row: int) -> Callable[[int, str], Row]:
    def draw(width: int, style: str) -> Row:
        rows = line.draw(width, style)
        return rows[row] if row < len(rows) else []

    return draw


def _fixed(row: Row) -> Callable[[int, str], Row]:
    return lambda width, _style: cut_pieces(row, width)


def _more(words: str) -> Callable[[int, str], Row]:
    return lambda width, style: cut_pieces([("  ", ""), (words, style or "muted")], width)


# ---------------------------------------------------------------- head


def head_rows(head: Row, width: int, symbols: Symbols) -> list[Row]:
    """The line at the top, on as many rows as its figures need: none of them is ever left out.

    Args:
        head: Words with blanks between them; a name is ``strong bold``, and is cut before a second row is begun for it.
        width: Cells that there are.
        symbols: What to draw with.
    """
    words = [(text, style) for text, style in head if text.strip()]
    over = sum(cell_width(text) + _GAP for text, _ in words) - _GAP + 1 - width
    rows: list[Row] = [[]]
    for text, style in words:
        room = width - 1
        if style == "strong bold" and over > 0:
            wide = cell_width(text)
            room = min(room, max(wide - over, min(wide, max(_NAME, width // 2))))
        word = one_line(text, room, symbols)
        if width_of(rows[-1]) and width_of(rows[-1]) + _GAP + cell_width(word) > width:
            rows.append([])
        rows[-1] += [(" " * _GAP if rows[-1] else " ", ""), (word, style)]
    return [cut_pieces(row, width, symbols) for row in rows]


# ---------------------------------------------------------------- lines


def rule(part: Part, width: int, symbols: Symbols) -> Row:
    """`Title ── note ──── fact`, or with the headings of its figures at the right."""
    line = symbols["rule"]
    least = cell_width(part.title) + 2
    tail = _lean(headings(part, width)) if has_room(part, width) else []
    if not tail:
        fact = one_line(part.fact, max(0, width - least - 4), symbols)
        tail = [(fact, "muted")] if fact else []
    cells = width_of(tail) + 1 if tail else 0
    head: Row = [(f"{part.title} ", "muted")]
    if part.note and width - width_of(head) - cells >= cell_width(part.note) + 6:
        head += [(line * 2, "rule"), (f" {part.note} ", "muted")]
    fill = width - width_of(head) - cells
    row: Row = [*head, (line * max(0, fill), "rule"), *([(" ", ""), *tail] if tail else [])]
    return cut_pieces(row, width, symbols)


def fitting(cells: Sequence[Cell], width: int, order: Sequence[int] = ()) -> list[Cell]:
    """The figures that leave room for a name, those that come first in `order`; one at least."""
    room, shown = width - _NAME - 2, set[int]()
    for place in order or range(len(cells)):
        room -= cells[place][1] + _GAP
        if shown and room < 0:
            break
        shown.add(place)
    return [cell for place, cell in enumerate(cells) if place in shown]


def headings(part: Part, width: int) -> Row:
    """Headings as they stand above the figures that fit; the one it is sorted by stands out."""
    return [
        (" " * _GAP + fit(text, wide, align="right"), "strong" if text and text == part.by else "muted")
        for text, wide, _ in fitting(part.heads, width, part.order)
    ]


def _lean(row: Row) -> Row:
    """Without the blanks at its begin."""
    return [(row[0][0].lstrip(), row[0][1]), *row[1:]] if row else []


def _headings_row(part: Part, width: int) -> Row:
    row = headings(part, width)
    return [(" " * max(0, width - width_of(row)), ""), *row]


def has_room(part: Part, width: int) -> bool:
    """Whether the headings of a section stand in its rule; else they have a row of their own."""
    return bool(part.heads) and cell_width(part.title) + 4 + width_of(_lean(headings(part, width))) <= width


def resorted(part: Part, by: str, *, reverse: bool = False) -> Part:
    """A section with its lines in another order: most first, names from A on, unless `reverse`; what is unknown last."""
    if by not in part.sorts:
        return part
    known = [line for line in part.lines if line.values[by] is not None]
    unknown = [line for line in part.lines if line.values[by] is None]

    def key(line: Line) -> tuple[float, str]:
        value = line.values[by]
        return (0.0, value) if isinstance(value, str) else (-(value or 0.0), str(line.values.get("name", "")))

    return replace(part, lines=[*sorted(known, key=key, reverse=reverse), *unknown], by=by)


def fitting_text(text: str, symbols: Symbols) -> str:
    """The beginning of a text that may be untrusted, in ASCII where only that may be sent."""
    text = text[:_LONGEST]
    return plain_ascii(safe(text).replace(UNICODE.times, symbols.times)) if symbols.is_ascii else text


def table_line(
    lead: Row,
    name: str,
    about: str,
    cells: Sequence[Cell],
    symbols: Symbols,
    targets: tuple[Target, ...] = (),
    value: str = "",
    order: Sequence[int] = (),
) -> Line:
    """A name that takes what is left, what it is about in muted behind it, and figures; both texts may be untrusted."""
    name, about = fitting_text(name, symbols), fitting_text(about, symbols)

    def draw(width: int, style: str) -> list[Row]:
        shown = fitting(cells, width, order)
        room = width - sum(wide + _GAP for _, wide, _ in shown) - width_of(lead)
        called = one_line(name, max(4, room), symbols) or "(no name)"
        row: Row = [*lead, (called, style)]
        left = room - cell_width(called)
        if about and left >= 7:
            words = "  " + one_line(about, left - 2, symbols)
            row.append((words, style or "muted"))
            left -= cell_width(words)
        row.append((" " * max(0, left), ""))
        for text, wide, look in shown:
            row.append((" " * _GAP + fit(text, wide, align="right", symbols=symbols), look))
        return [cut_pieces(row, width, symbols)]

    return Line(draw, targets, value or name)


def add_figures(
    part: Part, lead: Row, name: str, figures: Sequence[Figure], symbols: Symbols, targets: tuple[Target, ...] = ()
) -> None:
    """A line of a table of which every figure has a heading; it can be sorted by all that have a word in theirs."""
    part.heads = [(each.head, each.cells, "") for each in figures]
    cells: list[Cell] = [(each.text, each.cells, each.style) for each in figures]
    line = table_line(lead, name, "", cells, symbols, targets, order=part.order)
    values: dict[str, float | str | None] = {each.head: each.value for each in figures if each.sorts}
    part.lines.append(replace(line, values=values | {"name": fitting_text(name, symbols).casefold()}))


def text_line(
    lead: Row, text: str, symbols: Symbols, targets: tuple[Target, ...] = (), *, rows: int = 1, style: str = ""
) -> Line:
    """A text behind a lead, on up to some rows; it may be untrusted."""
    indent = width_of(lead)
    words = fitting_text(text, symbols)

    def draw(width: int, selected: str) -> list[Row]:
        found = wrapped(words, max(8, width - indent), rows, symbols)
        front: list[Row] = [lead, *([(" " * indent, "")] for _ in found[1:])]
        return [[*start, (row, selected or style)] for start, row in zip(front, found, strict=True)]

    return Line(draw, targets, text, rows > 1)


def pieces_line(pieces: Row, symbols: Symbols, targets: tuple[Target, ...] = (), chosen: int = 0) -> Line:
    """Pieces, safe, as they are; the one of number `chosen` is what the cursor is on."""

    def draw(width: int, selected: str) -> list[Row]:
        row = [(text, selected or style) if at == chosen else (text, style) for at, (text, style) in enumerate(pieces)]
        return [cut_pieces(row, width, symbols)]

    return Line(draw, targets, "".join(text for text, _ in pieces).strip())

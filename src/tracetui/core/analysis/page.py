"""Lines of plain text for an analysis: sections, labels, tables, and what was left out of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, fit, safe

WIDEST: Final = 120
"""Columns that are used at most: longer lines are hard to read."""
_LABEL: Final = 11
_GAP: Final = "  "
_NAME: Final = 16
"""Columns that a name keeps while figures give way."""


@dataclass(frozen=True, slots=True)
class Page:
    """How wide a page is, what it can show, and how long its lists are."""

    width: int
    symbols: Symbols
    limit: int

    @property
    def room(self) -> int:
        """Columns of a line."""
        return min(self.width, WIDEST)

    def section(self, title: str, fact: str = "") -> Iterator[str]:
        """An empty line and a heading: a title, a rule, and at its end one fact. Both are ours or safe."""
        fact = cut(fact, max(0, self.room - cell_width(title) - 6), symbols=self.symbols)
        rule = self.symbols["rule"] * max(2, self.room - cell_width(title) - cell_width(fact) - (2 if fact else 1))
        yield ""
        yield f"{title} {rule}{' ' + fact if fact else ''}"

    def labelled(self, label: str, text: str, lines: int = 1) -> Iterator[str]:
        """A label and a text, on as many lines as it needs, up to some."""
        room = max(20, self.room - 2 - _LABEL - len(_GAP))
        for number, line in enumerate(wrapped(text, room, lines, self.symbols)):
            yield f"  {label if not number else '':<{_LABEL}}{_GAP}{line}".rstrip()

    def line(self, text: str, indent: int = 2) -> str:
        """A text of any length on one line."""
        return (" " * indent + cut(safe(text), max(10, self.room - indent), symbols=self.symbols)).rstrip()

    def paragraph(self, lead: str, text: str, lines: int = 2) -> Iterator[str]:
        """A text behind a lead, on up to some lines."""
        indent = cell_width(lead)
        for number, line in enumerate(wrapped(text, max(20, self.room - indent), lines, self.symbols)):
            yield (lead if not number else " " * indent) + line

    def row(self, name: str, cells: Sequence[tuple[str, int]], lead: str = "", order: Sequence[int] = ()) -> str:
        """A name that takes what is left, and figures, each with its width; at least 16 columns are left for the name.

        Args:
            name: May be untrusted.
            cells: The figures.
            lead: What stands before the name; safe.
            order: Places of the figures in the order in which they are given room; empty: from left to right.
        """
        left, places = self.room - 2 - cell_width(lead) - _NAME, set[int]()
        for place in order or range(len(cells)):
            left -= cells[place][1] + len(_GAP)
            if places and left < 0:
                break
            places.add(place)
        shown = [cell for place, cell in enumerate(cells) if place in places]
        room = max(10, self.room - self._cells(shown) - 2 - cell_width(lead))
        figures = "".join(_GAP + fit(text, cells, align="right", symbols=self.symbols) for text, cells in shown)
        return ("  " + lead + fit(safe(name), room, symbols=self.symbols) + figures).rstrip()

    def listed(self, lines: Iterable[str], total: int, what: str = "") -> Iterator[str]:
        """Lines of a list that was cut to the limit, and how many more there are."""
        yield from lines
        more = total - self.limit
        if more > 0:
            yield self.line(f"{self.symbols.cut} {more_of(more, what)} (--limit {total:,})")

    @staticmethod
    def _cells(cells: Sequence[tuple[str, int]]) -> int:
        return sum(width + len(_GAP) for _, width in cells)


def more_of(amount: int, nouns: str) -> str:
    """``12 more runs``, ``1 more run``, ``1 more step, shorter``; without nouns ``1 more``."""
    noun, comma, rest = nouns.partition(",")
    return f"{amount:,} more {noun.removesuffix('s') if amount == 1 else noun}{comma}{rest}".rstrip()


def wrapped(text: str, room: int, lines: int, symbols: Symbols) -> list[str]:
    """A text on up to some lines, broken between words; what is left is cut."""
    left = safe(" ".join(text[: room * lines * 8].strip().split("\n")))
    found: list[str] = []
    while len(found) < lines - 1 and cell_width(left) > room:
        head = cut(left, room + 1, symbols=symbols).removesuffix(symbols.cut)
        place = head.rfind(" ")
        if place < room // 2:
            place = len(head)
        found.append(left[:place].rstrip())
        left = left[place:].lstrip()
    found.append(cut(left, room, symbols=symbols))
    return found

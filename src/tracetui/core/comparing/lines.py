"""A comparison of two runs as lines of plain text: the tree with both times, what differs, where they part, and in what.

By default the rows that differ and what leads to them. Two blanks a level. Every line is safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.comparing.alignment import NONE, Note
from tracetui.core.comparing.by_name import by_name
from tracetui.core.comparing.comparison import Comparison, Row
from tracetui.core.comparing.row_words import RowWords, matters, name_cells
from tracetui.core.comparing.sides import STAR
from tracetui.core.figures import count
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, fit, safe

_GAP: Final = "  "
_LANE: Final = 2
_NARROW, _BOTH, _BAR_FROM = 60, 92, 112
"""Columns from which on: cost or tokens; both of them; the bar."""
_TIME, _DELTA, _TOKENS, _COST = 7, 8, 7, 8
_BAR: Final = 20
_NAME_AT_LEAST: Final = 24
_DEEP_SHARE: Final = 3
_NAMES_SHOWN: Final = 6


def rule(title: str, fact: str, width: int, symbols: Symbols) -> str:
    """The beginning of a section: its title, a line to the right edge, and one fact at its end."""
    end = f" {fact}" if fact else ""
    room = max(3, width - cell_width(title) - cell_width(end) - 1)
    return f"{title} {symbols['rule'] * room}{end}"


def shown_rows(comparison: Comparison, *, everything: bool) -> Iterator[Row]:
    """The rows that are printed: all of them, or what differs and what leads to it."""
    if everything:
        yield from comparison
        return
    leads, notes, alone = comparison.leads, comparison.alignment.notes, comparison.alignment
    index = 0
    while index < len(comparison):
        size = int(alone.size[index])
        if not leads[index]:
            index += size
            continue
        row = comparison.row(index)
        yield row
        one_sided = not notes[index] & Note.group and (row.a == NONE or row.b == NONE)
        if one_sided:  # what is below it is on the same side only
            index += size
        elif notes[index] & Note.group:
            yield from _members(comparison, index)
            index += size
        else:
            index += 1


def _members(comparison: Comparison, group: int) -> Iterator[Row]:
    """Calls of a group that differ by themselves; those of one side are in its figures."""
    rows = comparison.alignment
    index, end = group + 1, group + int(rows.size[group])
    while index < end:
        if rows.a[index] == NONE or rows.b[index] == NONE or not comparison.leads[index]:
            index += int(rows.size[index])
            continue
        yield comparison.row(index)
        index += 1


def hidden_line(comparison: Comparison, symbols: Symbols, *, everything: bool) -> Iterator[str]:
    """What is to be said below the rows: how many are equal, and what was not done exactly."""
    states = comparison.states()
    different = sum(number for name, number in states.items() if name != "same")
    equal = f"{count(states['same'], symbols)} span{'' if states['same'] == 1 else 's'}"
    if not different:
        yield f"  no difference in {equal}"
    elif states["same"] and not everything:
        yield f"  {equal} the same; --all shows every row"
    if (top := next(iter(comparison), None)) is not None:
        yield from (f"  {each}" for each in RowWords(comparison, symbols).beside_runs(top))
    if comparison.is_approximate:
        yield "  some spans have too many children to be aligned exactly: those were aligned by count"
    if comparison.moves.stopped:
        yield "  too many spans stand on one side only: moved ones were looked for among the largest"


class RowWriter:
    """Writes the rows of one comparison in the columns that fit."""

    def __init__(self, comparison: Comparison, width: int, symbols: Symbols) -> None:
        self._symbols, self._words = symbols, RowWords(comparison, symbols)
        total = next(iter(comparison), None)
        has_cost = total is not None and any(each is not None and each.usd is not None for each in total.figures)
        columns = [("A", _TIME), ("B", _TIME), ("time", _DELTA)]
        if width >= _BOTH:
            columns += [("tokens", _TOKENS), ("cost", _COST)]
        elif width >= _NARROW:
            columns += [("cost", _COST) if has_cost else ("tokens", _TOKENS)]
        self._columns = columns
        self._bar = _BAR + 1 if width >= _BAR_FROM else 0
        taken = _LANE + sum(cells + len(_GAP) for _, cells in columns) + (self._bar + len(_GAP) if self._bar else 0)
        self._name = max(_NAME_AT_LEAST, width - taken)
        self._longest = 0

    def lines(self, rows: Iterator[Row]) -> Iterator[str]:
        """A heading and the rows."""
        chosen = list(rows) if self._bar else rows
        if isinstance(chosen, list):
            self._longest = max((abs(row.delta.duration_ns or 0) for row in chosen), default=0)
        yield self._heading()
        for row in chosen:
            yield self._row(row)

    def _heading(self) -> str:
        cells = "".join(_GAP + fit(name, wide, align="right") for name, wide in self._columns)
        half = _BAR // 2
        bar = _GAP + f"{self._symbols['removed']} faster".ljust(half + 1) + "slower +".rjust(half) if self._bar else ""
        return " " * _LANE + fit("name", self._name) + cells + bar

    def _row(self, row: Row) -> str:
        symbols, words = self._symbols, self._words
        figures = {
            "A": words.time(row.figures[0]),
            "B": words.time(row.figures[1]),
            "time": words.time_delta(row),
            "tokens": words.tokens_delta(row),
            "cost": words.cost_delta(row),
        }
        cells = "".join(_GAP + fit(figures[name], wide, align="right", symbols=symbols) for name, wide in self._columns)
        left = fit(self._indent(row.depth) + self._title(row), self._name, symbols=symbols)
        bar = _GAP + self._drawn(row) if self._bar else ""
        lane = words.lane(row)
        lead = f"{symbols[lane]} " if lane else " " * _LANE
        return (lead + left + cells + bar).rstrip()

    def _indent(self, depth: int) -> str:
        most = self._name // _DEEP_SHARE // 2
        return "  " * depth if depth <= most else f"{'  ' * most}{depth} "

    def _title(self, row: Row) -> str:
        name = safe(row.name) or "(no name)"
        notes = _GAP.join(self._words.notes(row))
        title = f"{self._symbols[row.kind.name]} {name}"
        if not notes:
            return title
        room = self._name - cell_width(self._indent(row.depth)) - cell_width(notes) - len(_GAP)
        return f"{cut(title, max(8, room), symbols=self._symbols)}{_GAP}{notes}"

    def _drawn(self, row: Row) -> str:
        """A bar from a middle line: to the right what took longer, thin for what has spans below it."""
        symbols, half = self._symbols, _BAR // 2
        more = row.delta.duration_ns
        line = symbols["divider"]
        if not more or not self._longest or self._words.time_delta(row) == "=":
            return " " * half + line
        cells = max(1, round(abs(more) / self._longest * half))
        glyph = symbols["bar_thin" if row.size > 1 and not row.note & Note.group else "bar_full"]
        return " " * half + line + glyph * cells if more > 0 else (glyph * cells).rjust(half) + line


def name_lines(comparison: Comparison, width: int, symbols: Symbols) -> Iterator[str]:
    """What the difference is made of: the names whose spans take most more or less. Nothing where no name matters."""
    found = [each for each in by_name(comparison) if matters(comparison, each)]
    if not found:
        return
    yield ""
    more = len(found) - _NAMES_SHOWN
    yield rule(
        "What the difference is made of",
        f"and {count(more, symbols)} more name{'' if more == 1 else 's'}" if more > 0 else "",
        width,
        symbols,
    )
    figures = (("calls", 11), ("own time", 9), ("tokens", 8), ("cost", 8))
    room = max(16, width - sum(wide + len(_GAP) for _, wide in figures) - _LANE)
    yield " " * _LANE + fit("name", room) + "".join(_GAP + fit(name, wide, align="right") for name, wide in figures)
    for each in found[:_NAMES_SHOWN]:
        cells = zip(name_cells(each, symbols), figures, strict=True)
        left = fit(
            f"{symbols[each.kind.name]} {safe(each.name) or '(no name)'}{' (any model)' if each.name == STAR else ''}",
            room,
            symbols=symbols,
        )
        yield (
            " " * _LANE
            + left
            + "".join(_GAP + fit(text, wide, align="right", symbols=symbols) for text, (_, wide) in cells)
        ).rstrip()

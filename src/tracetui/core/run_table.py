"""The run list as lines of plain text: columns by width, figures as on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from tracetui.core.model import TIME_INFERRED, Clock
from tracetui.core.pricing.cost import Cost
from tracetui.core.run_names import short_ids
from tracetui.core.run_status import length_marks
from tracetui.core.store import Run
from tracetui.core.summary import Facts, Summaries
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cost, count, duration, fit, marked, safe, tokens, wall_time

_GAP: Final = "  "
_NAME_AT_LEAST: Final = 12
_ID_AT_LEAST: Final = 8
_ID_AT_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cells: int
    from_width: int
    """Shown from this many columns of the terminal on."""
    right: bool = True


# As the pane of runs on the screen has them, and the id, which is what other commands take.
_LANE: Final = _Column("", 1, 0, right=False)
_STATUS: Final = _Column("status", 12, 60, right=False)
_ID_FROM_WIDTH: Final = 80
_FORMAT: Final = _Column("format", 22, 120, right=False)
_COLUMNS: Final = (
    _Column("start", 7, 40),
    _Column("fail", 4, 34),
    _Column("time", 7, 0),
    _Column("spans", 6, 100),
    _Column("tokens", 7, 100),
    _Column("cost", 8, 60),
    _FORMAT,
)


def run_table(
    runs: Sequence[Run], summaries: Summaries, width: int, now_ns: int, tz: tzinfo, symbols: Symbols
) -> Iterator[str]:
    """Lines of the table: headings, then a run each; no line is wider than ``width`` cells, if that is 34 or more."""
    if not runs:
        return
    shown = [column for column in _COLUMNS if width >= column.from_width]
    ids = short_ids(summaries.ids)
    lead = [_STATUS if width >= _STATUS.from_width else _LANE]
    room = width - sum(column.cells + len(_GAP) for column in (*lead, *shown))
    names = max(cell_width(safe(run.name)) for run in runs)
    if width >= _ID_FROM_WIDTH:
        widest = max(cell_width(safe(ids[run.row])) for run in runs)
        if room < widest + len(_GAP) + _NAME_AT_LEAST and _FORMAT in shown and widest <= _ID_AT_MOST:
            shown.remove(_FORMAT)  # a whole id can be pasted into the next command, which tells the format
            room += _FORMAT.cells + len(_GAP)
        if widest + len(_GAP) + names > room:  # what a run is called tells more than the rest of a long id
            widest = min(widest, max(_ID_AT_LEAST, room // 3))
        lead.append(_Column("id", max(2, min(_ID_AT_MOST, widest)), 0, right=False))
        room -= lead[-1].cells + len(_GAP)
    columns = [*lead, _Column("name", max(_NAME_AT_LEAST, min(names, room)), 0, right=False), *shown]
    yield _line([column.heading for column in columns], columns, symbols)
    table = _Table(summaries, ids, now_ns, tz, symbols)
    for run in runs:
        yield _line([table.cell(run, column.heading) for column in columns], columns, symbols)


def _line(cells: Sequence[str], columns: Sequence[_Column], symbols: Symbols) -> str:
    return _GAP.join(_padded(cell, column, symbols) for cell, column in zip(cells, columns, strict=True)).rstrip()


def _padded(cell: str, column: _Column, symbols: Symbols) -> str:
    if cell.isascii() and len(cell) <= column.cells:  # most cells of 10,000 rows
        return cell.rjust(column.cells) if column.right else cell.ljust(column.cells)
    return fit(cell, column.cells, align="right" if column.right else "left", symbols=symbols)


@dataclass(frozen=True, slots=True)
class _Table:
    """Makes the cells; only those of columns that are shown."""

    summaries: Summaries
    ids: dict[int, str]
    now_ns: int
    tz: tzinfo
    symbols: Symbols

    def cell(self, run: Run, heading: str) -> str:
        symbols = self.symbols
        match heading:
            case "":
                return symbols[self.summaries.status(run)[0]]
            case "status":
                status = self.summaries.status(run)[0]
                return f"{symbols[status]} {status}"
            case "id":
                return safe(self.ids[run.row])
            case "name":
                return safe(run.name)
            case "start":
                start = wall_time(run.start, self.now_ns, self.tz, symbols)
                return marked(start, computed=run.clock in (Clock.assumed, Clock.relative), symbols=symbols)
            case "fail":
                causes = len(self.summaries.causes(run)) if run.error_count else 0
                return f"{symbols['error']}{causes}" if causes else ""
            case "time":
                return length_text(self.summaries.status(run)[0], *run.duration(), symbols)
            case "spans":
                return count(run.span_count, symbols)
            case "tokens":
                return _tokens(*self.summaries.tokens(run), symbols)
            case "cost":
                return cost_text(self.summaries.cost(run), symbols)
        return safe(run.format)


def _tokens(figures: Facts, partial: Sequence[str], symbols: Symbols) -> str:
    """The total, or the half of it that is known."""
    total = figures["total"]
    halves = [figures[name] for name in ("input", "output") if figures[name] is not None]
    if total is None and halves:
        return marked(tokens(sum(halves), symbols), partial=True, symbols=symbols)
    return marked(tokens(total, symbols), partial="tokens.total" in partial, symbols=symbols)


def cost_text(figure: Cost, symbols: Symbols) -> str:
    """A cost in a few cells: `~` where a part of it is computed, `≥` where one is missing."""
    return marked(cost(figure.usd, symbols), figure.computed is not None, figure.partial, symbols)


def span_length_text(length: int | None, flags: int, is_open: bool, symbols: Symbols) -> str:
    """A span's duration, ns, with its marks: worked out where its start or end is, at least so long while it is open."""
    computed = bool(flags & TIME_INFERRED) and not is_open
    return marked(duration(length, symbols), computed, is_open, symbols)


def length_text(status: str, length: int | None, source: str, symbols: Symbols) -> str:
    """A run's duration, ns, with its marks."""
    return marked(duration(length, symbols), *length_marks(status, source), symbols=symbols)

"""The run list as lines of plain text: columns by width, figures as on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from tracetui.core.run_names import short_ids
from tracetui.core.store import Run
from tracetui.core.summary import Facts, Summaries
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cost, count, cut, duration, fit, marked, safe, tokens, wall_time

_GAP: Final = "  "
_NAME_AT_LEAST: Final = 12
_ID_AT_MOST: Final = 24


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
_COLUMNS: Final = (
    _Column("start", 7, 40),
    _Column("fail", 4, 34),
    _Column("time", 7, 0),
    _Column("spans", 6, 100),
    _Column("tokens", 7, 100),
    _Column("cost", 8, 60),
    _Column("format", 22, 120, right=False),
)
_GOING_ON: Final = ("running", "stalled", "unfinished")


def run_table(
    runs: Sequence[Run], summaries: Summaries, width: int, now_ns: int, tz: tzinfo, symbols: Symbols
) -> Iterator[str]:
    """Lines of the table: headings, then a run each; no line is wider than ``width`` cells, if that is 34 or more."""
    if not runs:
        return
    shown = [column for column in _COLUMNS if width >= column.from_width]
    ids = short_ids(summaries.ids)
    lead = [_STATUS if width >= _STATUS.from_width else _LANE]
    if width >= _ID_FROM_WIDTH:
        widest = max(cell_width(safe(ids[run.row])) for run in runs)
        lead.append(_Column("id", max(2, min(_ID_AT_MOST, widest)), 0, right=False))
    names = min(max(cell_width(safe(run.name)) for run in runs), width)
    taken = sum(column.cells + len(_GAP) for column in (*lead, *shown))
    columns = [*lead, _Column("name", max(_NAME_AT_LEAST, min(names, width - taken)), 0, right=False), *shown]
    yield _line([column.heading for column in columns], columns, symbols)
    for run in runs:
        cells = _cells(run, summaries, ids[run.row], now_ns, tz, symbols)
        yield _line([cells[column.heading] for column in columns], columns, symbols)


def _line(cells: Sequence[str], columns: Sequence[_Column], symbols: Symbols) -> str:
    return _GAP.join(
        fit(cell, column.cells, align="right" if column.right else "left", symbols=symbols)
        for cell, column in zip(cells, columns, strict=True)
    ).rstrip()


def _cells(run: Run, summaries: Summaries, id: str, now_ns: int, tz: tzinfo, symbols: Symbols) -> dict[str, str]:
    status, _ = summaries.status(run)
    length, source = run.duration()
    figures, partial = summaries.tokens(run)
    causes = len(summaries.causes(run))
    start = wall_time(run.start, now_ns, tz, symbols)
    return {
        "": symbols[status],
        "status": f"{symbols[status]} {status}",
        "id": cut(safe(id), _ID_AT_MOST, symbols=symbols),
        "name": safe(run.name),
        "start": marked(start, computed=run.clock.value in ("assumed", "relative"), symbols=symbols),
        "fail": f"{symbols['error']}{causes}" if causes else "",
        "time": length_text(status, length, source, symbols),
        "spans": count(run.span_count, symbols),
        "tokens": _tokens(figures, partial, symbols),
        "cost": marked(cost(run.usage.cost_usd, symbols), partial="cost_usd" in partial, symbols=symbols),
        "format": safe(run.format),
    }


def _tokens(figures: Facts, partial: Sequence[str], symbols: Symbols) -> str:
    """The total, or the half of it that is known."""
    total = figures["total"]
    halves = [figures[name] for name in ("input", "output") if figures[name] is not None]
    if total is None and halves:
        return marked(tokens(sum(halves), symbols), partial=True, symbols=symbols)
    return marked(tokens(total, symbols), partial="tokens.total" in partial, symbols=symbols)


def length_text(status: str, length: int | None, source: str, symbols: Symbols) -> str:
    """A run's duration, ns: at least so long while it has no end, worked out here where its format records none."""
    going_on = status in _GOING_ON
    guessed = source == "last_record"
    return marked(duration(length, symbols), computed=guessed and not going_on, partial=going_on, symbols=symbols)

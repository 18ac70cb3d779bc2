"""Sections of a summary that a run and a folder have in common, and those that are plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.context import ContextGrowth
from tracetui.core.analysis.pulse import Pulse
from tracetui.core.analysis.spending import Spender
from tracetui.core.analysis.spread import BINS
from tracetui.core.analysis.tables import figure, spent_cost
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, count, duration, rate, share, tokens
from tracetui.tui.presentation import plots
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.summary_page import Cell, Line, Part, Row, Target, pieces_line, table_line, text_line

if TYPE_CHECKING:
    from tracetui.core.analysis.loops import Repetition
    from tracetui.core.analysis.run_analysis import RunAnalysis

KEPT: Final = 100
"""Spans of a group that can be gone to from one line."""
_BAR: Final = 6
_PLOT_ROWS: Final = 5
_LOW_PLOT_ROWS: Final = 3
_WIDEST: Final = 3
"""Cells of a column at most."""


def two_rows(lead: Row, text: str, below: str, symbols: Symbols, targets: tuple[Target, ...]) -> Line:
    """A text behind a lead, and one in muted below it; both may be untrusted."""
    first, second = (
        text_line(start, words, symbols, rows=rows, style=style)
        for start, words, rows, style in (
            (lead, text, 2, ""),
            ([(" " * sum(len(piece) for piece, _ in lead), "")], below, 1, "muted"),
        )
    )
    return Line(lambda width, style: [*first.draw(width, style), *second.draw(width, "")], targets, text, tall=True)


def loop_words(about: RunAnalysis, each: Repetition, symbols: Symbols) -> str:
    """What a loop cost, how often it went round, and in what time."""
    spent = about.wasted(each)
    lost = [duration(each.wasted_ns, symbols)] if each.wasted_ns else []
    lost += [f"{tokens(spent.total, symbols)} tokens"] if spent.total else []
    lost += [spent_cost(spent, symbols)] if spent.cost is not None else []
    timed = NO_TIME not in (each.first, each.last)
    took = f" in {duration(each.last - each.first, symbols)}" if timed else ""
    rounds = "the same arguments" if len(each.names) == 1 else "the same round"
    wasted = f"wasted {', '.join(lost)}; " if lost else ""  # first: at the end it would be cut where room is short
    return f"{wasted}{rounds} {each.count} times{took}"


def names_part(
    names: Sequence[NameStats],
    symbols: Symbols,
    slow: set[tuple[str, Kind]],
    bottleneck: str,
    targets: Callable[[NameStats], tuple[Target, ...]],
    *,
    share_of: Callable[[NameStats], float | None] | None = None,
    spread_of: Callable[[NameStats], Sequence[int] | None] = lambda _each: None,
    scale: tuple[int, int] | None = None,
) -> Part:
    """Durations by name: how often, how they are spread, p50, p95, longest, sum, share, own time."""
    heads: list[Cell] = [("count", 6, "")]
    heads += [(_scale(scale, symbols), BINS, "")] if scale is not None else []
    heads += [(word, 7, "") for word in ("p50", "p95", "max", "total")]
    heads += [("share", 5, "")] if share_of is not None else []
    heads += [("own", 7, "")]
    note = "" if scale is None else f"spread, {_round(scale[0], symbols)} to {_round(scale[1], symbols)}"
    part = Part("Time by name", note=note, heads=heads, noun="names", listed=10)
    for each in names:
        is_slow = (each.name, each.kind) in slow
        kind = each.kind.name
        cells: list[Cell] = [(f"{symbols.times}{count(each.count, symbols)}", 6, "muted")]
        if scale is not None:
            cells.append((plots.spread(spread_of(each) or (), symbols).ljust(BINS), BINS, kind_style(kind)))
        cells += [(duration(ns, symbols), 7, "") for ns in (each.p50_ns, each.p95_ns, each.max_ns)]
        cells.append((duration(each.total_ns, symbols), 7, "muted"))
        cells += [(share(share_of(each), symbols), 5, "muted")] if share_of is not None else []
        cells.append((duration(each.own_ns, symbols), 7, "muted"))
        lead: Row = [
            (symbols["warning"] if is_slow else " ", "status-warning"),
            (f"{symbols[kind]} ", kind_style(kind)),
        ]
        part.lines.append(table_line(lead, each.name, "", cells, symbols, targets(each)))
    if slow:
        words = f"bottleneck: {bottleneck} or more in the mean"
        part.notes.append(pieces_line([(f"{symbols['warning']} ", "status-warning"), (words, "muted")], symbols))
    return part


def _scale(scale: tuple[int, int], symbols: Symbols) -> str:
    """From where to where the bins go, in their own cells: `10ms–2m`."""
    words = symbols.none.join(_round(ns, symbols) for ns in scale)
    return words if cell_width(words) <= BINS else ""


def _round(ns: int, symbols: Symbols) -> str:
    """A round length without zero parts: `2m`, `10s`."""
    for unit, word in (
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
    ):
        if ns >= unit:
            return f"{ns // unit}{word}"
    return duration(ns, symbols) if ns >= 1_000 else f"{ns}ns"


def models_part(
    models: Sequence[Spender], cached: float | None, symbols: Symbols, targets: Callable[[Spender], tuple[Target, ...]]
) -> Part | None:
    """Tokens and cost by model, with a bar of what each cost (or of its tokens)."""
    models = [each for each in models if each.name or each.spent.total is not None]
    if not models:
        return None
    heads: list[Cell] = [("calls", 5, ""), ("in", 6, ""), ("out", 6, ""), ("cost", 7, "")]
    heads += [("cached", 6, ""), ("", _BAR, ""), ("time", 7, "")]
    part = Part("Tokens and cost by model", heads=heads, right=True, noun="models")
    for each, bar in zip(models, _bars(models, symbols), strict=True):
        cells: list[Cell] = [
            (count(each.spans, symbols), 5, "muted"),
            (figure(each.spent, "input", symbols), 6, ""),
            (figure(each.spent, "output", symbols), 6, ""),
            (spent_cost(each.spent, symbols), 7, ""),
            (share(each.spent.cache_share, symbols), 6, "muted"),
            (bar, _BAR, "kind-llm"),
            (duration(each.time_ns or None, symbols), 7, "muted"),
        ]
        name = each.name or "(no model named)"
        part.lines.append(table_line([], name, "", cells, symbols, targets(each)))
    if cached is not None:
        words = f"{share(cached, symbols)} of the input came from a cache"
        part.notes.append(text_line([], words, symbols, style="muted"))
    return part


def _bars(spenders: Sequence[Spender], symbols: Symbols) -> list[str]:
    """A bar for each by its cost, or by its tokens where no cost is known."""
    by_cost = any(each.spent.cost for each in spenders)
    amounts = [each.spent.cost if by_cost else each.spent.total for each in spenders]
    most = max((amount for amount in amounts if amount), default=0)
    return [plots.length(amount / most, _BAR, symbols) if amount and most else "" for amount in amounts]


def spenders_part(
    title: str,
    fact: str,
    spenders: Sequence[Spender],
    noun: str,
    symbols: Symbols,
    targets: Callable[[Spender], tuple[Target, ...]],
) -> Part:
    """Tools or agents with how many failed, and what was spent in them."""
    with_money = any(each.spent.total is not None or each.spent.cost is not None for each in spenders)
    told: list[Cell] = [("failed", 6, ""), ("time", 7, "")]
    money: list[Cell] = [("tokens", 6, ""), ("cost", 7, "")] if with_money else []
    is_tools = noun == "tools"
    heads: list[Cell] = [("calls" if is_tools else "spans", 5, ""), *(told + money if is_tools else money + told)]
    heads += [("", _BAR, "")] if with_money else []
    part = Part(title, note=fact, heads=heads, right=True, noun=noun)
    for each, bar in zip(spenders, _bars(spenders, symbols), strict=True):
        told = [
            (count(each.failed, symbols) if each.failed else "", 6, "status-error"),
            (duration(each.time_ns or None, symbols) if each.spans else "", 7, "muted"),
        ]
        if with_money:
            money = [(figure(each.spent, "total", symbols), 6, ""), (spent_cost(each.spent, symbols), 7, "")]
        cells: list[Cell] = [(count(each.spans, symbols) if each.spans else "", 5, "muted")]
        cells += told + money if is_tools else money + told
        cells += [(bar, _BAR, "kind-llm")] if with_money else []
        lead: Row = [(f"{symbols['error'] if each.failed else ' '} ", "status-error")]
        part.lines.append(table_line(lead, each.name or "(the run itself)", "", cells, symbols, targets(each)))
    return part


# ---------------------------------------------------------------- plots over time


def pulse_part(found: Pulse, symbols: Symbols, run: int) -> Part:
    """How much was recorded over the time of a run, and where something failed."""
    most = max(found.moments)
    failed = [at for at, errors in enumerate(found.errors) if errors]
    seconds = found.wall_ns / 1_000_000_000 / len(found.moments)
    fact = f"up to {rate(most / seconds, symbols)} events/s" if seconds else ""
    part = Part("Events over time", fact=fact)

    def top(width: int) -> list[Row]:
        moments = plots.regrouped(found.moments, width, sum)
        errors = plots.regrouped(found.errors, width, sum)
        marks = [at for at, number_ in enumerate(errors) if number_]
        rows = plots.columns(moments, _LOW_PLOT_ROWS, symbols, "kind-step", marked=marks)
        shown = [(at, (symbols["error"], "status-error"), "") for at in marks]
        below = plots.marks_below(shown, width)
        return [*rows, *([below] if shown else []), _ends(found.wall_ns, len(moments), symbols)]

    part.top = top
    places = failed or [at for at, value in enumerate(found.moments) if value == most]
    rows = [found.rows[at] for at in places if found.rows[at] >= 0]
    words = f"{symbols['error']} where something failed" if failed else "where most was recorded"
    if rows:
        targets = tuple((run, row) for row in dict.fromkeys(rows[:KEPT]))
        part.notes.append(text_line([], words, symbols, targets, style="muted"))
    return part


def tokens_part(found: Pulse, symbols: Symbols) -> Part | None:
    """Tokens over the time of a run."""
    if not any(found.tokens):
        return None

    def top(width: int) -> list[Row]:
        cells = max(8, width - 8)
        values = plots.regrouped(found.tokens, cells, sum)
        rows = plots.columns(values, _LOW_PLOT_ROWS, symbols, "kind-llm")
        scaled = plots.with_scale(rows, (tokens(max(values), symbols).rjust(5), "", "0"))
        ends = _ends(found.wall_ns, len(values), symbols)
        return [*scaled, [(" " * 7, ""), *ends]]

    total = sum(found.tokens)
    return Part("Tokens over time", fact=f"{tokens(total, symbols)} in all", top=top, right=True)


def _ends(wall_ns: int, width: int, symbols: Symbols) -> Row:
    """The begin and the end of the time below columns."""
    last = duration(wall_ns, symbols)
    return [("0" + last.rjust(max(0, width - 1)), "muted")]


class ContextPlot:
    """The context of an agent: a column for each call, the scale at the left, what became of it below."""

    def __init__(self, found: ContextGrowth, symbols: Symbols) -> None:
        self._tokens = found.tokens
        self._limit = found.limit
        self._symbols = symbols
        places = {row: at for at, row in enumerate(found.rows)}
        self._compacted = [places[each.row] for each in found.compactions if each.row in places]
        self._over = [places.get(row, len(found.rows) - 1) for row in found.over_limit]

    def rows(self, width: int) -> list[Row]:
        """Columns with a scale, and marks below."""
        symbols = self._symbols
        most = max(*self._tokens, self._limit or 0)
        room = max(8, width - 8)
        values = plots.regrouped(self._tokens, room)
        count_, wide = len(values), max(1, min(_WIDEST, room // len(values)))
        height = _PLOT_ROWS if symbols.columns else _LOW_PLOT_ROWS
        drawn = plots.columns(values, height, symbols, "kind-llm", most=most, wide=wide)
        labels = tokens(most, symbols).rjust(5), tokens(most // 2, symbols), "0"
        rows = plots.with_scale(drawn, labels)
        marks = [
            (at * count_ // len(self._tokens) * wide, (symbols[glyph], style), words)
            for places, glyph, style, words in (
                (self._over, "error", "status-error", "over limit"),
                (self._compacted, "more", "status-warning", "compacted"),
            )
            for at in places
        ]
        below = plots.marks_below(marks, room)
        return [*rows, *([[(" " * 7, ""), *below]] if marks else [])]

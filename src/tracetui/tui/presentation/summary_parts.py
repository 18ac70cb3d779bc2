"""Sections of a summary that a run and a folder have in common, and those that are plots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.context import ContextGrowth
from tracetui.core.analysis.glance import (
    BOTTLENECKS,
    EQUAL_CALLS,
    ERRORS,
    LABEL,
    LOOPS,
    MODELS,
    NO_LOOPS,
    TITLE,
    TOOLS,
    Glance,
)
from tracetui.core.analysis.pulse import Pulse
from tracetui.core.analysis.spending import Spender, Spent
from tracetui.core.analysis.spread import BINS
from tracetui.core.analysis.tables import figure, most_time, spent_cost, times
from tracetui.core.model import Kind
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, count, duration, rate, share, tokens
from tracetui.tui.presentation import plots
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.summary_page import (
    Figure,
    Line,
    Part,
    Row,
    Target,
    add_figures,
    pieces_line,
    table_line,
    text_line,
)

KEPT: Final = 100
"""Spans of a group that can be gone to from one line."""
AGENTS: Final = "Tokens and cost by agent"
OF_RUN: Final = "of run"
"""Heading of the part of a run's time in which spans of a name were active."""
_BAR: Final = 6
_PLOTTED_FROM: Final = 3
"""Calls from which on the growth of a context is drawn."""
_PLOT_ROWS: Final = 5
_LOW_PLOT_ROWS: Final = 3
_WIDEST: Final = 3
"""Cells of a column at most."""


def two_rows(
    lead: Row, text: str, below: str, symbols: Symbols, targets: tuple[Target, ...], *, below_rows: int = 1
) -> Line:
    """A text behind a lead, and one in muted below it, on up to some rows; both may be untrusted."""
    first, second = (
        text_line(start, words, symbols, rows=rows, style=style)
        for start, words, rows, style in (
            (lead, text, 2, ""),
            ([(" " * sum(len(piece) for piece, _ in lead), "")], below, below_rows, "muted"),
        )
    )
    return Line(lambda width, style: [*first.draw(width, style), *second.draw(width, "")], targets, text, tall=True)


def glance_part(told: Sequence[Glance], symbols: Symbols) -> Part:
    """What is asked first, a line each; enter goes to the section that tells more."""
    part = Part(TITLE, right=True, listed=len(told))
    for each in told:
        lead: Row = [(each.label.ljust(LABEL), "muted")]
        bad = "status-error" if each.section == ERRORS else "status-warning"
        line = text_line(lead, each.text, symbols, rows=3, style=bad if each.is_bad else "")
        part.lines.append(replace(line, section=each.section))
    return part


def loops_part(lines: Sequence[Line], fact: str, *, are_loops: bool, has_tools: bool, symbols: Symbols) -> Part | None:
    """Equal calls again and again; that there are none is said where tools were called."""
    if lines:
        return Part(LOOPS if are_loops else EQUAL_CALLS, list(lines), fact=fact, right=True, noun="loops")
    if not has_tools:
        return None
    return Part(LOOPS, notes=[text_line([], NO_LOOPS, symbols, rows=2, style="muted")], right=True)


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
    """Durations by name: how often, how they are spread, p50, p95, longest, sum, part of the run, own time."""
    note = "" if scale is None else f"spread, {_round(scale[0], symbols)} to {_round(scale[1], symbols)}"
    part = Part("Time by name", note=note, noun="names", listed=10)
    for each in names:
        kind = each.kind.name
        figures = [Figure("count", 6, f"{symbols.times}{count(each.count, symbols)}", "muted", each.count)]
        if scale is not None:
            drawn = plots.spread(spread_of(each) or (), symbols).ljust(BINS)
            figures.append(Figure(_scale(scale, symbols), BINS, drawn, kind_style(kind), sorts=False))
        figures += [_took(word, getattr(each, f"{word}_ns"), symbols) for word in ("p50", "p95", "max")]
        figures.append(_took("total", each.total_ns, symbols, "muted"))
        if share_of is not None:
            part_of = share_of(each)
            figures.append(Figure(OF_RUN, 6, share(part_of, symbols), "muted", part_of))
        figures.append(_took("own", each.own_ns, symbols, "muted"))
        is_slow = (each.name, each.kind) in slow
        lead: Row = [
            (symbols["warning"] if is_slow else " ", "status-warning"),
            (f"{symbols[kind]} ", kind_style(kind)),
        ]
        add_figures(part, lead, each.name, figures, symbols, targets(each))
    if slow:
        words = f"bottleneck: {bottleneck} or more in the mean"
        part.notes.append(pieces_line([(f"{symbols['warning']} ", "status-warning"), (words, "muted")], symbols))
    return part


def bottlenecks_part(
    names: Sequence[NameStats],
    symbols: Symbols,
    least_ns: int,
    targets: Callable[[NameStats], tuple[Target, ...]],
    share_of: Callable[[NameStats], float | None] | None = None,
) -> Part | None:
    """Names at work that take long in the mean: how often, how long, which part of the run."""
    if not names:
        return None
    fact = f"{duration(least_ns, symbols)} or more in the mean"
    part = Part(BOTTLENECKS, fact=fact, note=fact, noun="bottlenecks", by="total", order=(1, 2, 0, 3))
    for each in sorted(names, key=lambda each: -each.total_ns):
        kind = each.kind.name
        figures = [
            Figure("count", 6, f"{symbols.times}{count(each.count, symbols)}", "muted", each.count),
            _took("mean", each.mean_ns, symbols),
            _took("total", each.total_ns, symbols),
        ]
        if share_of is not None:
            part_of = share_of(each)
            figures.append(Figure(OF_RUN, 6, share(part_of, symbols), "muted", part_of))
        else:
            figures.append(_took("max", each.max_ns, symbols, "muted"))
        lead: Row = [(symbols["warning"], "status-warning"), (f"{symbols[kind]} ", kind_style(kind))]
        add_figures(part, lead, each.name, figures, symbols, targets(each))
    return part


def _took(head: str, ns: int | None, symbols: Symbols, style: str = "") -> Figure:
    """A length of time in a table."""
    return Figure(head, 7, duration(ns, symbols), style, ns)


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
    models: Sequence[Spender],
    notes: Sequence[str],
    symbols: Symbols,
    targets: Callable[[Spender], tuple[Target, ...]],
    *,
    pending: bool = False,
) -> Part | None:
    """Tokens and cost by model, with a bar of what each cost (or of its tokens).

    Args:
        models: Those that are named, or have tokens.
        notes: What is said below; safe.
        symbols: What to draw with.
        targets: Where a line leads.
        pending: Prices are still being looked up.
    """
    models = [each for each in models if each.name or each.spent.total is not None]
    if not models:
        return None
    part = Part(MODELS, right=True, noun="models")
    for each, bar in zip(models, _bars(models, symbols), strict=True):
        spent = each.spent
        figures = [
            Figure("calls", 5, count(each.spans, symbols), "muted", each.spans),
            Figure("in", 6, figure(spent, "input", symbols), "", spent.input),
            Figure("out", 6, figure(spent, "output", symbols), "", spent.output),
            _money(spent, symbols, pending=pending),
            Figure("cached", 6, share(spent.cache_share, symbols), "muted", spent.cache_share),
            Figure("", _BAR, bar, "kind-llm", sorts=False),
            _took("total", each.time_ns or None, symbols, "muted"),
        ]
        add_figures(part, [], each.name or "(no model named)", figures, symbols, targets(each))
    part.notes += [text_line([], words, symbols, style="muted", rows=3) for words in notes]
    return part


def _money(spent: Spent, symbols: Symbols, *, pending: bool) -> Figure:
    """A cost in a table: `…` while a price may still come, `–` where none is known."""
    unknown = spent.cost is None and pending and bool(spent.calls)
    return Figure("cost", 7, symbols.reading if unknown else spent_cost(spent, symbols), "", spent.cost)


def _bars(spenders: Sequence[Spender], symbols: Symbols) -> list[str]:
    """A bar for each by its cost, or by its tokens where no cost is known."""
    by_cost = any(each.spent.cost for each in spenders)
    amounts = [each.spent.cost if by_cost else each.spent.total for each in spenders]
    most = max((amount for amount in amounts if amount), default=0)
    return [plots.length(amount / most, _BAR, symbols) if amount and most else "" for amount in amounts]


def tools_part(
    note: str,
    tools: Sequence[Spender],
    names: Sequence[NameStats],
    symbols: Symbols,
    targets: Callable[[Spender], tuple[Target, ...]],
    *,
    pending: bool = False,
) -> Part:
    """Tools, those with the most time first: calls, sum, p50, p95, longest, how many failed, and what was spent in them."""
    with_money = _has_money(tools)
    stats = {each.name: each for each in names if each.kind is Kind.tool}
    part = Part(TOOLS, note=note, noun="tools", by="total", order=(0, 1, 4, 5, 3, 2, 6, 7))
    part.order = part.order if with_money else part.order[:6]
    for each in sorted(tools, key=most_time):
        one = stats.get(each.name)
        has = one is not None and one.finished > 0
        figures = [
            Figure("calls", 5, count(each.spans, symbols), "muted", each.spans),
            _took("total", each.time_ns if has else None, symbols),
            *(
                _took(word, getattr(one, f"{word}_ns") if has else None, symbols, style)
                for word, style in (("p50", "muted"), ("p95", "muted"), ("max", ""))
            ),
            _failed(each, symbols),
            *(_spent(each, symbols, pending=pending) if with_money else ()),
        ]
        lead: Row = [(f"{symbols['error'] if each.failed else ' '} ", "status-error")]
        add_figures(part, lead, each.name, figures, symbols, targets(each))
    return part


def agents_part(
    agents: Sequence[Spender],
    symbols: Symbols,
    targets: Callable[[Spender], tuple[Target, ...]],
    *,
    pending: bool = False,
) -> Part:
    """Agents with what was spent in them, how many failed, and their time."""
    with_money = _has_money(agents)
    part = Part(AGENTS, right=True, noun="agents")
    for each, bar in zip(agents, _bars(agents, symbols), strict=True):
        figures = [
            Figure("spans", 5, count(each.spans, symbols) if each.spans else "", "muted", each.spans),
            *(_spent(each, symbols, pending=pending) if with_money else ()),
            _failed(each, symbols),
            _took("total", (each.time_ns or None) if each.spans else None, symbols, "muted"),
            *((Figure("", _BAR, bar, "kind-llm", sorts=False),) if with_money else ()),
        ]
        lead: Row = [(f"{symbols['error'] if each.failed else ' '} ", "status-error")]
        add_figures(part, lead, each.name or "(the run itself)", figures, symbols, targets(each))
    return part


def _has_money(spenders: Sequence[Spender]) -> bool:
    return any(each.spent.total is not None or each.spent.cost is not None for each in spenders)


def _failed(each: Spender, symbols: Symbols) -> Figure:
    return Figure("failed", 6, count(each.failed, symbols) if each.failed else "", "status-error", each.failed)


def _spent(each: Spender, symbols: Symbols, *, pending: bool) -> tuple[Figure, Figure]:
    """Tokens and cost in a table."""
    tokens_ = Figure("tokens", 6, figure(each.spent, "total", symbols), "", each.spent.total)
    return tokens_, _money(each.spent, symbols, pending=pending)


# ---------------------------------------------------------------- plots over time, or over calls


def contexts_part(
    found: Sequence[ContextGrowth], once: str, symbols: Symbols, to: Callable[[Iterable[int]], tuple[Target, ...]]
) -> Part | None:
    """The context of each agent: that of the longest as columns, of all of them how it grew and what became of it.

    Args:
        found: The agents.
        once: What is said of those with one call; safe.
        symbols: What to draw with.
        to: Where span rows lead.
    """
    if not found:
        return None
    limit = next((each.limit for each in found if each.limit is not None), None)
    fact = f"limit {tokens(limit, symbols)}" if limit else "input of each model call"
    part = Part("Context by agent", fact=fact, right=True, noun="agents")
    largest = max(found, key=lambda each: (bool(each.compactions), len(each.tokens)))
    if len(largest.tokens) >= _PLOTTED_FROM:
        part.top, part.listed = ContextPlot(largest, symbols).rows, 3
    for each in sorted(found, key=lambda each: each is not largest):
        small, most = each.tokens[0], each.largest
        text = f"{len(each.rows)} calls, from {tokens(small, symbols)} to {tokens(most, symbols)}"
        text += f", compacted {times(len(each.compactions))}" if each.compactions else ""
        text += f", over the limit {times(len(each.over_limit))}" if each.over_limit else ""
        biggest = each.rows[each.tokens.index(most)]
        rows = [*each.over_limit, *(compaction.row for compaction in each.compactions), biggest]
        lead: Row = [(f"{symbols['agent' if each.agent is not None else 'llm']} ", "kind-agent")]
        part.lines.append(table_line(lead, each.name, text, (), symbols, to(rows)))
    if once:
        part.notes.append(text_line([], once, symbols, style="muted"))
    return part


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

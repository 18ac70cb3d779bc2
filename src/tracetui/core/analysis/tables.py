"""The tables that the analysis of one run and that of many have in common: names, models, tools and agents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.page import Page
from tracetui.core.analysis.spending import Spender, Spent
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.pricing import Cost
from tracetui.core.symbols import Symbols
from tracetui.core.text import cost, count, duration, marked, safe, share, tokens

if TYPE_CHECKING:
    from tracetui.core.analysis.loops import Repetition
    from tracetui.core.analysis.run_analysis import RunAnalysis


def names_table(
    page: Page,
    names: Sequence[NameStats],
    share_of: Callable[[NameStats], float | None] | None,
    slow: Collection[tuple[str, Kind]],
    bottleneck_ns: int,
) -> Iterator[str]:
    """Durations by name, twice as many rows as other lists have; bottlenecks are marked."""
    symbols = page.symbols
    names = [each for each in names if each.finished]
    if not names:
        return
    mark = f"{symbols['warning']} = bottleneck: {duration(bottleneck_ns, symbols)} or more in the mean"
    yield from page.section("Time by name", mark if slow else "")
    longer = Page(page.width, symbols, page.limit * 2)
    heads = [("p50", 7), ("p95", 7), ("max", 7), ("total", 7), ("of run", 6), ("own", 7)]
    if share_of is None:
        del heads[4]
    yield page.row("", (("count", 6), *heads), "   ")
    shown = []
    for each in names[: longer.limit]:
        cells = [(f"{symbols.times}{count(each.count, symbols)}", 6)]
        cells += [(duration(ns, symbols), 7) for ns in (each.p50_ns, each.p95_ns, each.max_ns, each.total_ns)]
        cells += [(share(share_of(each), symbols), 6)] if share_of is not None else []
        cells.append((duration(each.own_ns, symbols), 7))
        lane = symbols["warning"] if (each.name, each.kind) in slow else " "
        shown.append(page.row(each.name or "(no name)", cells, f"{lane}{symbols[each.kind.name]} "))
    yield from longer.listed(shown, len(names), "names")


def models_table(page: Page, models: Sequence[Spender], notes: Sequence[str] = ()) -> Iterator[str]:
    """Tokens and cost by model, and what is to be said of the figures."""
    symbols = page.symbols
    models = [each for each in models if each.name or each.spent.total is not None]
    if not models:
        return
    yield from page.section("Tokens and cost by model")
    yield page.row("", (("calls", 6), ("in", 7), ("cached", 6), ("out", 7), ("cost", 8), ("total", 7)), "  ")
    shown = []
    for each in models[: page.limit]:
        cells = (
            (count(each.spans, symbols), 6),
            (figure(each.spent, "input", symbols), 7),
            (share(each.spent.cache_share, symbols), 6),
            (figure(each.spent, "output", symbols), 7),
            (spent_cost(each.spent, symbols), 8),
            (duration(each.time_ns or None, symbols), 7),
        )
        shown.append(page.row(each.name or "(no model named)", cells, f"{symbols['llm']} "))
    yield from page.listed(shown, len(models), "models")
    for note in notes:
        yield from page.paragraph("  ", note)


def cache_note(cached: float | None, symbols: Symbols) -> list[str]:
    """What part of the input came from a cache; nothing where that is not recorded."""
    return [f"{share(cached, symbols)} of the input came from a cache"] if cached is not None else []


_TOOL_ORDER: Final = (0, 1, 4, 5, 3, 2, 6, 7)
"""Columns of the tools in the order in which they are given room: calls, total, max, failed, p95, p50, tokens, cost."""


def tools_table(page: Page, fact: str, tools: Sequence[Spender], names: Sequence[NameStats]) -> Iterator[str]:
    """Tools, those with the most time first: calls, sum, p50, p95, longest, how many failed, and what was spent in them."""
    symbols = page.symbols
    with_money = any(each.spent.total is not None or each.spent.cost is not None for each in tools)
    stats = {each.name: each for each in names if each.kind is Kind.tool}
    heads = [("calls", 6), *((word, 7) for word in ("total", "p50", "p95", "max")), ("failed", 6)]
    heads += [("tokens", 7), ("cost", 8)] if with_money else []
    order = _TOOL_ORDER[: len(heads)]
    yield from page.section("Tools", fact)
    yield page.row("", heads, "  ", order)
    shown = []
    for each in sorted(tools, key=most_time)[: page.limit]:
        one = stats.get(each.name)
        took = (each.time_ns, one.p50_ns, one.p95_ns, one.max_ns) if one is not None and one.finished else (None,) * 4
        cells = [(count(each.spans, symbols), 6), *((duration(ns, symbols), 7) for ns in took)]
        cells.append((count(each.failed, symbols) if each.failed else "", 6))
        if with_money:
            cells += [(figure(each.spent, "total", symbols), 7), (spent_cost(each.spent, symbols), 8)]
        shown.append(page.row(each.name or "(no name)", cells, f"{symbols['error'] if each.failed else ' '} ", order))
    yield from page.listed(shown, len(tools), "tools")


def most_time(each: Spender) -> tuple[int, int, int, str]:
    """What tools are sorted by: those with the most time first."""
    return -each.time_ns, -each.failed, -each.spans, each.name


def agents_table(page: Page, agents: Sequence[Spender]) -> Iterator[str]:
    """Agents with how many failed, and what was spent in them."""
    symbols = page.symbols
    with_money = any(each.spent.total is not None or each.spent.cost is not None for each in agents)
    yield from page.section("Tokens and cost by agent")
    heads = [("spans", 6), ("failed", 6), ("total", 7)]
    heads += [("tokens", 7), ("cost", 8)] if with_money else []
    yield page.row("", heads, "  ")
    shown = []
    for each in agents[: page.limit]:
        cells = [
            (count(each.spans, symbols) if each.spans else "", 6),
            (count(each.failed, symbols) if each.failed else "", 6),
            (duration(each.time_ns or None, symbols) if each.spans else "", 7),
        ]
        if with_money:
            cells += [(figure(each.spent, "total", symbols), 7), (spent_cost(each.spent, symbols), 8)]
        lead = f"{symbols['error'] if each.failed else ' '} "
        shown.append(page.row(each.name or "(the run itself)", cells, lead))
    yield from page.listed(shown, len(agents), "agents")


def loop_words(about: RunAnalysis, each: Repetition, symbols: Symbols) -> str:
    """What a loop cost, how often it went round, and in what time."""
    spent = about.wasted(each)
    lost = [duration(each.wasted_ns, symbols)] if each.wasted_ns else []
    lost += [f"{tokens(spent.total, symbols)} tokens"] if spent.total else []
    lost += [spent_cost(spent, symbols)] if spent.cost is not None else []
    timed = NO_TIME not in (each.first, each.last)
    took = f" in {duration(each.last - each.first, symbols)}" if timed else ""
    rounds = "the same arguments" if len(each.names) == 1 else "the same round"
    wasted = (
        f"wasted {', '.join(lost)}{between(each)}; " if lost else ""
    )  # first: at the end it would be cut where room is short
    return f"{wasted}{rounds} {each.count} times{took}"


def between(each: Repetition) -> str:
    """What is counted as wasted beside the calls themselves: else their table, which tells less, seems to be wrong."""
    return " with the model calls between" if each.with_models else ""


def calls_fact(failed: int, every: int, unended: int) -> str:
    """How many tool calls failed, and how many are open, whose time the table does not know; empty without either."""
    parts = [f"{failed:,} of {number(every, 'call')} flagged as failed"] if failed else []
    parts += [f"time without {number(unended, 'open call')}"] if unended else []
    return ", ".join(parts)


def cost_text(spent: Cost, symbols: Symbols) -> str:
    """A cost with its marks: computed, partial."""
    return marked(cost(spent.usd, symbols), computed=spent.computed is not None, partial=spent.partial, symbols=symbols)


def spent_cost(spent: Spent, symbols: Symbols) -> str:
    """The same of some calls."""
    known = Cost(spent.cost_recorded, spent.cost_computed, "cost_usd" in spent.partial)
    return cost_text(known, symbols)


def figure(spent: Spent, name: str, symbols: Symbols) -> str:
    """Tokens of some calls, marked where a part is missing."""
    return marked(tokens(getattr(spent, name), symbols), partial=f"tokens.{name}" in spent.partial, symbols=symbols)


def number(amount: int, noun: str, several: str = "") -> str:
    """``1 call``, ``2 calls``."""
    return f"{amount:,} {noun if amount == 1 else several or noun + 's'}"


def causes_and_events(causes: int, events: int) -> str:
    """``3 causes``, ``2 error events``, ``3 causes and 1 error event``: what errors are counted from."""
    parts = [number(causes, "cause")] if causes or not events else []
    parts += [number(events, "error event")] if events else []
    return " and ".join(parts)


def times(amount: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    return "once" if amount == 1 else "twice" if amount == 2 else f"{amount:,} times"


def counted(names: dict[str, int], most: int = 3) -> str:
    """Names with how often each, the most frequent first; safe."""
    ordered = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{safe(name)}{f' {amount}' if len(ordered) > 1 else ''}" for name, amount in ordered[:most]]
    more = len(ordered) - most
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def shares_bar(parts: Sequence[tuple[str, int]], width: int, symbols: Symbols) -> str:
    """Parts of a whole in cells of their own, rounded so that all cells are used."""
    whole = sum(ns for _, ns in parts) or 1
    edges, upto = [0], 0
    for _, ns in parts:
        upto += ns
        edges.append(round(upto * width / whole))
    return "".join(symbols[f"share_{word}"] * (edges[at + 1] - edges[at]) for at, (word, _) in enumerate(parts))


def length_bar(part: float, cells: int, symbols: Symbols) -> str:
    """A bar of a part of some cells, at least one eighth of a cell."""
    whole, rest = divmod(max(1, round(part * cells * 8)), 8)
    return symbols.eighths[-1] * whole + (symbols.eighths[rest - 1] if rest else "")


def columns_plot(values: Sequence[int], width: int, symbols: Symbols) -> str:
    """One column a value; where there are more of them than columns, the largest of each group."""
    width = min(width, len(values))
    groups = [values[at * len(values) // width : (at + 1) * len(values) // width] for at in range(width)]
    largest, steps = max(values) or 1, len(symbols.columns)
    return "".join(symbols.columns[min(steps - 1, max(group) * steps // largest)] for group in groups)

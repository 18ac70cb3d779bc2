"""The analysis of several runs as lines of text: the whole, then each run briefly, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Final

from tracetui.core.analysis.folder import FolderAnalysis
from tracetui.core.analysis.folder_runs import DAY, HOUR, MINUTE, OverTime, added_up
from tracetui.core.analysis.glance import LOOPS, NO_LOOPS, folder_bottlenecks, folder_glance, glance_lines
from tracetui.core.analysis.loops import Repetition
from tracetui.core.analysis.page import Page
from tracetui.core.analysis.run_analysis import RunAnalysis, is_open
from tracetui.core.analysis.tables import (
    agents_table,
    cache_note,
    calls_fact,
    causes_and_events,
    cost_text,
    counted,
    length_bar,
    loop_words,
    models_table,
    names_table,
    number,
    tools_table,
)
from tracetui.core.pricing import Cost
from tracetui.core.run_table import length_text
from tracetui.core.summary import Facts
from tracetui.core.text import clock_time, count, duration, marked, safe, tokens, wall_time_full

_ORDER: Final = ("error", "stalled", "unfinished", "unknown", "running", "ok")
_BAR: Final = 30


def folder_lines(
    about: FolderAnalysis, page: Page, totals: Facts, ids: Mapping[int, str], costs: Mapping[int, Cost], tz: tzinfo
) -> Iterator[str]:
    """All lines.

    Args:
        about: The analysis.
        page: Width, symbols, length of lists.
        totals: The sums that ``stats`` prints (``summary.totals``).
        ids: What runs are called, by row.
        costs: What runs cost, by row.
        tz: Zone of times shown.
    """
    symbols, spent = page.symbols, _total_cost(totals)
    yield from _head(about, page, totals)
    yield from glance_lines(folder_glance(about, spent, ids, symbols), page)
    yield from _pieces(about, page, tz)
    yield from _errors(about, page, ids)
    yield from _runs(about, page, ids, costs)
    yield from _run_names(about, page)
    yield from _loops(about, page, ids)
    slow = {(each.name, each.kind) for each in folder_bottlenecks(about)}
    yield from names_table(page, about.names, None, slow, about.runs[0].bottleneck_ns)
    if about.tools:
        failed, every = sum(tool.failed for tool in about.tools), sum(tool.spans for tool in about.tools)
        fact = calls_fact(failed, every, sum(each.open_tool_calls for each in about.runs))
        yield from tools_table(page, fact, about.tools, about.names)
    yield from models_table(page, about.models, cache_note(about.spent.cache_share, symbols))
    agents = [each for each in about.agents if each.name]
    if agents:
        yield from agents_table(page, agents)


def _head(about: FolderAnalysis, page: Page, totals: Facts) -> Iterator[str]:
    symbols = page.symbols
    counts = totals["runs_by_status"]
    words = [number(len(about.runs), "run")]
    words += [f"{symbols[status]} {counts[status]} {status}" for status in _ORDER if counts.get(status)]
    yield "  ".join(words)
    length = totals["duration_ms"]
    partial = totals["partial"]
    took = duration(None if length is None else round(length * 1_000_000), symbols)
    longest = added_up([each.run.duration()[0] for each in about.runs], symbols)
    figures = [
        marked(took, partial="duration_ms" in partial, symbols=symbols) + longest,
        number(totals["spans"], "span"),
    ]
    if totals["causes"]:
        figures.append(number(totals["causes"], "cause"))
    if totals["tokens"]["total"] is not None:
        text = marked(tokens(totals["tokens"]["total"], symbols), partial="tokens.total" in partial, symbols=symbols)
        figures.append(f"{text} tokens")
    spent = _total_cost(totals)
    if spent.usd is not None:
        figures.append(cost_text(spent, symbols))
    loops = sum(len(each.loops) for each in about.runs)
    figures += [number(loops, "loop")] if loops else []
    yield from page.paragraph("  ", "  ".join(figures))


def _total_cost(totals: Facts) -> Cost:
    return Cost(totals["cost_usd"], totals["cost_computed_usd"], "cost_usd" in totals["partial"])


def step_word(ns: int) -> str:
    """What a piece of time is called: ``hour``, ``7 days``."""
    for length, noun in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if ns >= length:
            amount = ns // length
            return noun if amount == 1 else f"{amount:,} {noun}s"
    return "minute"


def steps_words(drawn: OverTime) -> str:
    """How long a piece of time is, and whether times without runs are left out: ``hour, gaps left out``."""
    return step_word(drawn.step_ns) + (", gaps left out" if drawn.is_cut else "")


def _pieces(about: FolderAnalysis, page: Page, tz: tzinfo) -> Iterator[str]:
    drawn = about.drawn
    pieces = [piece for piece in drawn.pieces if piece.runs] if drawn is not None else []
    told = any(piece.failed or piece.cost.usd is not None for piece in pieces)
    if len(pieces) < 2 or not told or drawn is None:
        return
    symbols = page.symbols
    yield from page.section("Failures and cost over time", f"failed runs by {steps_words(drawn)}")
    most = max(piece.runs for piece in pieces)
    for piece in pieces:
        day = wall_time_full(piece.start, tz, symbols)[:10]
        when = day if drawn.step_ns >= DAY else f"{day} {clock_time(piece.start, tz)[:5]}"
        bar = length_bar(piece.failed / most, _BAR, symbols) if piece.failed else ""
        spent = cost_text(piece.cost, symbols) if piece.cost.usd is not None else ""
        text = f"{when}  {symbols['error'] if piece.failed else ' '} {piece.failed:>4} of {piece.runs:<5} {spent:>8}  {bar}"
        yield page.line(text)


def _errors(about: FolderAnalysis, page: Page, ids: Mapping[int, str]) -> Iterator[str]:
    if not about.errors:
        return
    symbols = page.symbols
    causes = sum(each.errors.causes for each in about.runs)
    events = sum(each.errors.events for each in about.runs)
    runs = len({each.run.row for error in about.errors for each in error.runs})
    fact = f"{causes_and_events(causes, events)} in {number(len(about.errors), 'group')}, {number(runs, 'run')}"
    yield from page.section("Errors", fact)
    shown: list[str] = []
    for error in about.errors[: page.limit]:
        shown += page.paragraph(f"  {symbols['error']} {error.count:>4} ", error.text)
        names: dict[str, int] = {}
        for each in error.runs:
            names[each.run.name or ids[each.run.row]] = names.get(each.run.name or ids[each.run.row], 0) + 1
        ended = f"  ended {error.ended_runs} of them" if error.ended_runs and len(error.runs) > 1 else ""
        ended = "  ended it" if error.ended_runs and len(error.runs) == 1 else ended
        shown.append(page.line(f"in {number(len(error.runs), 'run')}: {counted(names)}{ended}", 9))
    yield from page.listed(shown, len(about.errors), "groups")


def _runs(about: FolderAnalysis, page: Page, ids: Mapping[int, str], costs: Mapping[int, Cost]) -> Iterator[str]:
    symbols = page.symbols
    yield from page.section("Runs", "most causes first")
    shown: list[str] = []
    for each in about.runs[: page.limit]:
        run = each.run
        length, source = run.duration()
        cells = (
            (length_text(each.status, length, source, symbols), 8),
            (f"{symbols['error']}{each.errors.causes}" if each.errors.causes else "", 5),
            (cost_text(costs[run.row], symbols) if costs[run.row].usd is not None else "", 8),
        )
        name = f"{safe(run.name)}  {safe(ids[run.row])}" if run.name else safe(ids[run.row])
        shown.append(page.row(name, cells, f"{symbols[each.status]} "))
        shown += [page.line(text, 6) for text in briefly(each, f" {symbols['crumb']} ")]
    yield from page.listed(shown, len(about.runs), "runs")


def _run_names(about: FolderAnalysis, page: Page) -> Iterator[str]:
    """Runs by name, where several have one."""
    if len(about.run_names) < 2 or len(about.run_names) == len(about.runs):
        return
    symbols = page.symbols
    yield from page.section("Runs by name")
    heads = (("runs", 6), ("failed", 6), ("p50", 7), ("p95", 7), ("tokens", 7), ("cost", 8))
    yield page.row("", heads, "  ")
    shown = []
    for each in about.run_names[: page.limit]:
        total = marked(tokens(each.tokens, symbols), partial=each.tokens_partial, symbols=symbols)
        cells = (
            (f"{each.runs:,}", 6),
            (f"{each.failed:,}" if each.failed else "", 6),
            (duration(each.p50_ns, symbols), 7),
            (duration(each.p95_ns, symbols), 7),
            (total, 7),
            (cost_text(each.cost, symbols), 8),
        )
        lead = f"{symbols['error'] if each.failed else ' '} "
        shown.append(page.row(each.name or "(no name)", cells, lead))
    yield from page.listed(shown, len(about.run_names), "names")


def _loops(about: FolderAnalysis, page: Page, ids: Mapping[int, str]) -> Iterator[str]:
    """Equal calls again and again, in whichever run: the dearest first."""
    found = loops_of(about)
    if not found:
        if about.tools:
            yield from page.section(LOOPS)
            yield page.line(NO_LOOPS)
        return
    symbols = page.symbols
    runs = len({run.run.row for run, _ in found})
    yield from page.section(LOOPS, f"{number(len(found), 'loop')} in {number(runs, 'run')}")
    shown: list[str] = []
    for run, each in found[: page.limit]:
        names = f" {symbols['decision']} ".join(each.names)
        shown.append(page.line(f"{symbols['retry']} {count(each.count, symbols):>4}  {names}  {each.subject}"))
        name = run.run.name or ids[run.run.row]
        shown.append(page.line(f"in {name}: {loop_words(run, each, symbols)}", 9))
    yield from page.listed(shown, len(found), "loops")


def loops_of(about: FolderAnalysis) -> list[tuple[RunAnalysis, Repetition]]:
    """All loops with their runs, the dearest first, then those that took longest."""
    found = [(run, each) for run in about.runs for each in run.loops]
    return sorted(found, key=lambda pair: (-(pair[0].wasted(pair[1]).cost or 0), -(pair[1].wasted_ns or 0)))


def briefly(each: RunAnalysis, crumb: str) -> Iterator[str]:
    """What a run is to be known for: what broke first, where it stopped, and the most urgent advice."""
    first = each.errors.first
    if is_open(each.status):
        inner = [span for span in each.open_spans if span.innermost]
        if inner:
            yield f"stopped in {crumb.join(map(safe, each.path_names(inner[-1].row)[-3:]))}"
    if first is not None:
        where = (
            crumb.join(map(safe, each.path_names(first.cause.row)[-3:])) if first.cause.row >= 0 else first.cause.name
        )
        yield f"{where}: {first.cause.text or 'no message is recorded'}"
    elif each.status == "error" and each.status_reason:
        yield each.status_reason
    told = [found for found in each.advice if found.rule not in ("over-limit", "stopped", "same-error")]
    if told:
        yield told[0].text

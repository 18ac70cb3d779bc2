"""The figures of runs as blocks of plain text, one a run and one for their sums: what ``tracetui stats`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from tracetui.core.model import Clock
from tracetui.core.relations import NOT_HERE, WORDS
from tracetui.core.run_table import length_text
from tracetui.core.store import Run
from tracetui.core.summary import Facts
from tracetui.core.symbols import Symbols
from tracetui.core.text import cost_full, duration, exact, marked, safe, wall_time_full

_NS: Final = 1_000_000
_LABEL: Final = 10
_COST_DIGITS: Final = 12
_NAMES_AT_MOST: Final = 12
_ORIGIN: Final = {
    Clock.utc: "",
    Clock.inferred: "zone worked out from the recording",
    Clock.assumed: "zone assumed",
    Clock.relative: "only durations are recorded",
    Clock.order_only: "no times are recorded",
}


def link_text(link: Facts) -> str:
    """A relation to another run, as ``Summaries.links`` tells it, in words. Untrusted."""
    span = f"  span {link['span']}" if link["span"] else ""
    return f"{WORDS.get(link['kind'], link['kind'])} {link['run']}{span}{'' if link['here'] else f'  {NOT_HERE}'}"


def run_block(run: Run, facts: Facts, notes: Sequence[str], tz: tzinfo, symbols: Symbols) -> Iterator[str]:
    """Lines of one run. ``facts`` are what ``Summaries.full`` says of it, ``notes`` its notes with their details."""
    status = str(facts["status"])
    reason = f": {facts['status_reason']}" if facts["status_reason"] else ""
    yield safe(f"{symbols[status]} {run.name or facts['id']}")
    yield _row("id", facts["id"])
    yield _row("status", f"{status}{reason}")
    yield _row("start", _joined(wall_time_full(run.start, tz, symbols), _ORIGIN[run.clock]))
    length, source = run.duration()
    yield _row("time", length_text(status, length, source, symbols))
    yield from _figures(facts, symbols)
    for note in notes:
        yield _row("note", note)
    for link in facts["links"]:
        yield _row("link", link_text(link))
    yield _row("format", facts["format"])
    for path in facts["paths"]:
        yield _row("file", path)


def total_block(facts: Facts, unreadable: int, unrecognised: int, symbols: Symbols) -> Iterator[str]:
    """Lines of the sums over all runs."""
    yield f"total of {exact(facts['runs'], symbols)} run{'' if facts['runs'] == 1 else 's'}"
    yield _row("status", ", ".join(f"{number} {status}" for status, number in facts["runs_by_status"].items()))
    length = facts["duration_ms"]
    text = duration(None if length is None else round(length * _NS), symbols)
    yield _row("time", marked(text, partial="duration_ms" in facts["partial"], symbols=symbols))
    yield from _figures(facts, symbols)
    if unreadable:
        yield _row("unreadable", f"{exact(unreadable, symbols)} records")
    if unrecognised:
        yield _row("unknown", f"{exact(unrecognised, symbols)} files not recognised")


def _figures(facts: Facts, symbols: Symbols) -> Iterator[str]:
    """What a run and the sums have in common."""
    kinds = _counted(facts["spans_by_kind"], symbols)
    opened = f"{facts['open_spans']} open" if facts["open_spans"] else ""
    yield _row("spans", _joined(exact(facts["spans"], symbols), kinds, opened))
    yield _row("records", _joined(exact(facts["events"], symbols), _counted(facts["events_by_type"], symbols)))
    if facts["errors"]:
        causes = facts["causes"]
        number = causes if isinstance(causes, int) else len(causes)
        what = f"{number} cause{'' if number == 1 else 's'}" + (
            "" if isinstance(causes, int) else f": {_names(causes)}"
        )
        yield _row("failed", _joined(f"{exact(facts['errors'], symbols)} spans", what))
    for name in ("skipped", "retries"):
        if facts[name]:
            yield _row(name, exact(facts[name], symbols))
    yield _row("tokens", _tokens(facts["tokens"], facts["partial"], symbols))
    yield _row("cost", _cost(facts, symbols))
    if facts.get("models"):
        yield _row("models", _names(facts["models"]))
    slowest = facts.get("slowest")
    if slowest:
        took = duration(round(slowest["duration_ms"] * _NS), symbols)
        yield _row("slowest", _joined(took, slowest["name"], f"span {slowest['span_id']}"))


def _tokens(tokens: Mapping[str, int | None], partial: Sequence[str], symbols: Symbols) -> str:
    known = {name: number for name, number in tokens.items() if number is not None}
    if not known:
        return symbols.none
    words = {"cache_write": "written to cache", "input": "in", "output": "out"}
    order = ("total", "input", "cached", "cache_write", "output", "reasoning")
    return ", ".join(
        marked(exact(known[name], symbols), partial=f"tokens.{name}" in partial, symbols=symbols)
        + f" {words.get(name, name)}"
        for name in order
        if name in known
    )


def _cost(facts: Facts, symbols: Symbols) -> str:
    """The whole cost, and where it comes from if a part of it is computed."""
    recorded, computed = facts["cost_usd"], facts["cost_computed_usd"]
    usd = computed if recorded is None else recorded if computed is None else round(recorded + computed, _COST_DIGITS)
    figure = marked(cost_full(usd, symbols), computed is not None, "cost_usd" in facts["partial"], symbols)
    if computed is None:
        return figure
    prices = facts.get("cost_prices")
    words = f"computed{f', {prices}' if prices else ''}"
    if recorded is not None:
        words = f"{cost_full(recorded, symbols)} recorded, {cost_full(computed, symbols)} {words}"
    return _joined(figure, words)


def _counted(counts: Mapping[str, int], symbols: Symbols) -> str:
    """Names with their numbers, the largest first, the rest summed up."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{name} {exact(number, symbols)}" for name, number in ordered[:_NAMES_AT_MOST]]
    rest = ordered[_NAMES_AT_MOST:]
    if rest:
        shown.append(f"{len(rest)} more {exact(sum(number for _, number in rest), symbols)}")
    return ", ".join(shown)


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_AT_MOST
    return ", ".join(names[:_NAMES_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _row(label: str, value: object) -> str:
    return f"  {label:<{_LABEL}}  {safe(str(value))}".rstrip()


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)

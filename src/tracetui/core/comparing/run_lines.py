"""Compared runs as lines of text: one below the other, with what each has more than the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from tracetui.core.comparing.telling import Facts, run_usd
from tracetui.core.figures import cost, cost_apart, count, duration, marked, share, tokens, wall_time_full
from tracetui.core.run_table import length_text
from tracetui.core.store import Run
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, fit, safe

_GAP: Final = "  "
_FROM_START: Final = 100
"""Columns from which on the start of a run is shown."""
_COLUMNS: Final = (("time", 8), ("spans", 6), ("fail", 5), ("tokens", 8), ("cost", 8))
_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Compared:
    """A run under the letter by which a comparison calls it."""

    letter: str
    run: Run
    facts: Facts
    """What ``Summaries.brief`` says."""


def letters(count_: int) -> list[str]:
    """``A`` to ``Z``, then ``AA`` and so on."""
    names = []
    for number in range(count_):
        name = ""
        number += 1
        while number:
            number, digit = divmod(number - 1, 26)
            name = chr(ord("A") + digit) + name
        names.append(name)
    return names


def signed(value: float | None, text: str, symbols: Symbols) -> str:
    """A difference whose size is written as ``text``, behind its sign; ``=`` for none at all."""
    if value is None:
        return ""
    if value == 0:
        return "="
    return ("+" if value > 0 else symbols["removed"]) + text


def run_lines(runs: Sequence[Compared], width: int, zone: tzinfo, symbols: Symbols) -> Iterator[str]:
    """A heading, each run, and below each but the first what it has more than the first, as figures and in percent."""
    table = _Table(runs, width, zone, symbols)
    yield table.line("", "status", "run", [name for name, _ in _COLUMNS], "started")
    for each in runs:
        yield table.run(each)
        if each is not runs[0]:
            yield from table.differences(each)


class _Table:
    def __init__(self, runs: Sequence[Compared], width: int, zone: tzinfo, symbols: Symbols) -> None:
        self._first, self._zone, self._symbols = runs[0], zone, symbols
        self._lane = max(len(f"{runs[-1].letter} {symbols['removed']} {runs[0].letter}"), 3)
        self._start = 19 if width >= _FROM_START else 0
        taken = self._lane + len(_GAP) + 12 + len(_GAP) + sum(cells + len(_GAP) for _, cells in _COLUMNS)
        taken += self._start + len(_GAP) if self._start else 0
        names = max(cell_width(self._name(each)) for each in runs)
        self._wide = max(12, min(names, width - taken))

    def line(self, lane: str, status: str, name: str, figures: Sequence[str], start: str = "") -> str:
        cells = [fit(lane, self._lane), fit(status, 12), fit(name, self._wide, symbols=self._symbols)]
        if self._start:
            cells.append(fit(start, self._start))
        cells += [
            fit(text, wide, align="right", symbols=self._symbols)
            for text, (_, wide) in zip(figures, _COLUMNS, strict=True)
        ]
        return _GAP.join(cells).rstrip()

    def run(self, each: Compared) -> str:
        symbols, facts, run = self._symbols, each.facts, each.run
        status = str(facts["status"])
        usd = run_usd(facts)
        partial, computed = facts["partial"], facts["cost_computed_usd"] is not None
        figures = [
            length_text(status, *run.duration(), symbols),
            count(facts["spans"], symbols),
            f"{symbols['error']}{len(facts['causes'])}" if facts["causes"] else "",
            _tokens(facts, symbols),
            marked(cost(usd, symbols), computed=computed, partial="cost_usd" in partial, symbols=symbols),
        ]
        start = wall_time_full(run.start, self._zone, symbols)[:19]
        return self.line(each.letter, f"{symbols[status]} {status}", self._name(each), figures, start)

    def differences(self, each: Compared) -> Iterator[str]:
        symbols, one, other = self._symbols, self._first.facts, each.facts
        pairs = [
            (one["duration_ms"], other["duration_ms"]),
            (one["spans"], other["spans"]),
            (len(one["causes"]), len(other["causes"])),
            (_total(one), _total(other)),
            (run_usd(one), run_usd(other)),
        ]
        texts, shares = [], []
        for (mine, theirs), tell in zip(pairs, _TELLING, strict=True):
            more = None if mine is None or theirs is None else theirs - mine
            apart = (
                cost_apart(mine, theirs, symbols) if tell is cost else "" if more is None else tell(abs(more), symbols)
            )
            texts.append("" if more is None else signed(more, apart, symbols))
            part = more / mine if more and mine else None
            shares.append(signed(part, share(abs(part), symbols), symbols) if part else "")
        yield self.line(f"{each.letter} {symbols['removed']} {self._first.letter}", "", "", texts)
        if any(shares):
            yield self.line("", "", "", shares)

    def _name(self, each: Compared) -> str:
        return safe(f"{each.facts['name'] or each.facts['id']}")


def _duration(value: float, symbols: Symbols) -> str:
    return duration(round(value * _NS), symbols)


def _count(value: float, symbols: Symbols) -> str:
    return count(int(value), symbols)


def _token_count(value: float, symbols: Symbols) -> str:
    return tokens(int(value), symbols)


_TELLING: Final[tuple[Callable[[float, Symbols], str], ...]] = (_duration, _count, _count, _token_count, cost)


def _total(facts: Facts) -> int | None:
    """Tokens in total, or the half of them that is known."""
    figures = facts["tokens"]
    halves = [figures[name] for name in ("input", "output") if figures[name] is not None]
    total: int | None = figures["total"]
    return total if total is not None else sum(halves) if halves else None


def _tokens(facts: Facts, symbols: Symbols) -> str:
    partial = "tokens.total" in facts["partial"] or facts["tokens"]["total"] is None
    return marked(tokens(_total(facts), symbols), partial=partial, symbols=symbols)

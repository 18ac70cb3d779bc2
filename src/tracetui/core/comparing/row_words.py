"""What a row of a comparison says, in words and figures: for the printed tree and for the screen. All texts are safe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.comparing.alignment import NONE, Note
from tracetui.core.comparing.by_name import NameDifference
from tracetui.core.comparing.comparison import Comparison, Figures, Row
from tracetui.core.comparing.run_lines import signed
from tracetui.core.figures import cost, cost_apart, count, duration, marked, tokens
from tracetui.core.symbols import Symbols
from tracetui.core.text import safe

_TOLD_BESIDE: Final = 0.005
"""Part of a run's duration from which on it is told why that of its top span is another."""
_WORDS: Final = {"changed": "changed", "only_a": "removed", "only_b": "added"}


def arrow(symbols: Symbols) -> str:
    """Between what was and what is."""
    return "->" if symbols.is_ascii else "→"


class RowWords:
    """Says what the rows of one comparison are about."""

    def __init__(self, comparison: Comparison, symbols: Symbols) -> None:
        self._comparison, self._symbols = comparison, symbols

    def lane(self, row: Row) -> str:
        """The word of its symbol: ``changed``, ``removed``, ``added``, or none."""
        if row.state == "moved":
            return "removed" if row.b == NONE else "added" if row.a == NONE else "changed"
        return _WORDS.get(row.state, "")

    def notes(self, row: Row) -> Iterator[str]:
        """What became of it, the most telling first."""
        symbols, to = self._symbols, arrow(self._symbols)
        one, other = row.figures
        if row.note & Note.group:
            failed = other.errors if other is not None else 0
            yield f"{one.calls if one else 0} {to} {other.calls if other else 0} calls"
            if failed:
                yield f"{failed} failed in B"
            return
        if row.state == "moved":
            yield self._moved(row)
        elif one is None or other is None:
            side, there, status = ("B", other, row.outcomes[1]) if one is None else ("A", one, row.outcomes[0])
            spans = there.spans if there is not None else 0
            more = f", {count(spans, symbols)} spans" if row.size > 1 else ""
            yield f"only in {side}{more}" + (f", {status}" if status in ("error", "skipped", "open") else "")
        if "status" in row.marks:
            yield f"{row.outcomes[0]} {to} {row.outcomes[1]}"
        if "renamed" in row.marks:
            yield f"was {safe(row.other_name)}"
        if "model" in row.marks:
            mine, theirs = self._models(row)
            yield f"was {safe(mine)}" if theirs in row.name else f"{safe(mine)} {to} {safe(theirs)}"

    def _models(self, row: Row) -> tuple[str, str]:
        rows, one, other = self._comparison.alignment, self._comparison.one, self._comparison.other
        return one.models.get(int(rows.a[row.index]), ""), other.models.get(int(rows.b[row.index]), "")

    def _moved(self, row: Row) -> str:
        if row.twin == NONE:
            return "in another place"
        path = self._comparison.path(row.twin)
        where = safe(path[-1]) if path else "the top"
        return f"moved to {where}" if row.b == NONE else f"moved here from {where}"

    def time(self, figures: Figures | None) -> str:
        """How long one side of a row took."""
        symbols = self._symbols
        if figures is None:
            return symbols.none
        computed = figures.time_computed and not figures.is_open
        return marked(duration(figures.duration_ns, symbols), computed, figures.is_open, symbols)

    def beside_runs(self, row: Row) -> Iterator[str]:
        """Why a run lasted longer than the one span at its top; nothing where it did not."""
        rows, comparison = self._comparison.alignment, self._comparison
        for letter, side, positions in (("A", comparison.one, rows.a), ("B", comparison.other, rows.b)):
            at = int(positions[row.index])
            if at == NONE or side.children(-1) != [at]:
                continue
            length, source = side.run.duration()
            more = (length or 0) - (side.duration(at) or 0)
            if length and more > length * _TOLD_BESIDE and not side.is_open(at):
                why = "" if source == "recorded" else ": from its first record to its last"
                yield f"Run {letter} took {duration(more, self._symbols)} more than its top span{why}"

    def time_delta(self, row: Row) -> str:
        """How much longer the second side took; ``=`` for hardly."""
        symbols, more = self._symbols, row.delta.duration_ns
        one, other = (0 if each is None else each.duration_ns or 0 for each in row.figures)
        if more is not None and abs(more) < self._comparison.noise.told_share * max(one, other):
            return "="
        return signed(more, duration(abs(more or 0), symbols), symbols)

    def tokens_delta(self, row: Row) -> str:
        """How many more tokens the second side took; empty where neither has any."""
        symbols, more = self._symbols, row.delta.tokens["total"]
        text = signed(more, tokens(abs(more or 0), symbols), symbols)
        partial = any(each is not None and each.tokens_partial for each in row.figures)
        return marked(text, partial=partial and bool(text), symbols=symbols)

    def cost_delta(self, row: Row) -> str:
        """How much more the second side cost; empty where neither has a cost."""
        symbols, more = self._symbols, row.delta.usd
        more = None if more is None else round(more, 9)
        one, other = (None if each is None else each.usd for each in row.figures)
        apart = cost(abs(more or 0), symbols) if None in (one, other) else cost_apart(one, other, symbols)
        text = signed(more, apart, symbols)
        computed = any(each is not None and each.computed_usd is not None for each in row.figures)
        return f"{symbols.computed}{text}" if computed and text not in ("", "=") else text


def matters(comparison: Comparison, each: NameDifference) -> bool:
    """Whether the spans of a name differ by more than is always so."""
    noise, one, other = comparison.noise, comparison.one.run, comparison.other.run
    least = noise.time_ns(one.duration()[0], other.duration()[0])
    tokens_differ = each.tokens is not None and abs(each.tokens[1] - each.tokens[0]) >= noise.tokens
    usd = each.usd or (0.0, 0.0)
    return (
        each.calls[0] != each.calls[1]
        or each.errors[0] != each.errors[1]
        or abs(each.own_ns[1] - each.own_ns[0]) >= least
        or tokens_differ
        or abs(usd[1] - usd[0]) >= noise.cost_usd
    )


def name_cells(each: NameDifference, symbols: Symbols) -> tuple[str, str, str, str]:
    """Calls, and how much more own time, tokens and cost the spans of a name take."""
    one, other = each.calls
    calls = count(one, symbols) if one == other else f"{count(one, symbols)} {arrow(symbols)} {count(other, symbols)}"
    own = each.own_ns[1] - each.own_ns[0]
    amount = None if each.tokens is None else each.tokens[1] - each.tokens[0]
    usd = None if each.usd is None else round(each.usd[1] - each.usd[0], 9)
    return (
        calls,
        signed(own, duration(abs(own), symbols), symbols),
        signed(amount, tokens(abs(amount or 0), symbols), symbols),
        signed(usd, cost(abs(usd or 0), symbols), symbols) + _factor(each.usd, symbols),
    )


def _factor(usd: tuple[float, float] | None, symbols: Symbols) -> str:
    """How many times as much, where that is twice or more; it stands behind the cost."""
    if usd is None or usd[0] <= 0 or usd[1] < 2 * usd[0]:
        return ""
    return f" {symbols.times}{usd[1] / usd[0]:.0f}"

"""A good folder against a bad one, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tracetui.core.comparing.groups import Group, GroupComparison, PathFigures, PathRow
from tracetui.core.comparing.lines import rule
from tracetui.core.comparing.row_words import arrow
from tracetui.core.comparing.run_lines import signed
from tracetui.core.figures import cost, count, duration, share, tokens
from tracetui.core.symbols import Symbols
from tracetui.core.text import cut, fit, safe

MOST_ROWS: Final = 20
"""Differences that are shown without ``--all``."""

_GAP: Final = "  "
_NAMED_AT_MOST: Final = 12
_WIDE: Final = 100


def group_lines(
    comparison: GroupComparison, names: Sequence[str], width: int, symbols: Symbols, *, everything: bool = False
) -> Iterator[str]:
    """Both folders by medians, then the paths that differ, the largest difference first."""
    yield from _summary(comparison, names, width, symbols)
    ranked = comparison.ranked()
    fresh = [row for row in ranked if row.state == "only_b"]
    yield ""
    if not ranked:
        yield rule("Differences by name path", f"{count(len(comparison.rows), symbols)} paths", width, symbols)
        yield "  none: every name path appears, fails and takes as much on both sides"
        return
    first = ranked[0]
    yield rule("The largest difference", "", width, symbols)
    yield cut(_title(comparison, first, symbols), width, symbols=symbols)
    for letter, group, figures in (("A", comparison.a, first.a), ("B", comparison.b, first.b)):
        yield f"  {letter}  {_in_words(figures, group, symbols)}"
    yield ""
    told = f"{count(len(ranked), symbols)} of {count(len(comparison.rows), symbols)} paths"
    told += f", {len(fresh)} only in B" if fresh else ""
    yield rule("Differences by name path", told, width, symbols)
    shown = ranked if everything else ranked[:MOST_ROWS]
    yield from _table(comparison, shown, width, symbols)
    if len(ranked) > len(shown):
        yield f"  {symbols['more']} {count(len(ranked) - len(shown), symbols)} more; --all shows them"


def _summary(comparison: GroupComparison, names: Sequence[str], width: int, symbols: Symbols) -> Iterator[str]:
    columns = (("runs", 6), ("ok", 6), ("failed", 6), ("time", 8), ("spans", 6), ("tokens", 8), ("cost", 8))
    room = max(12, width - 3 - sum(wide + len(_GAP) for _, wide in columns))
    yield ("   " + fit("medians", room, symbols=symbols) + _cells([name for name, _ in columns], columns, symbols))
    for letter, name, group in zip("AB", names, (comparison.a, comparison.b), strict=True):
        medians = group.medians
        cells = [
            count(group.runs, symbols),
            count(group.statuses.get("ok", 0), symbols),
            count(group.statuses.get("error", 0), symbols),
            _duration(medians["duration_ns"], symbols),
            count(_whole(medians["spans"]), symbols),
            tokens(_whole(medians["tokens"]), symbols),
            cost(medians["usd"], symbols),
        ]
        yield f"{letter}  " + fit(safe(name), room, "path", symbols=symbols) + _cells(cells, columns, symbols)
    one, other = comparison.a.medians, comparison.b.medians
    more = {name: _more(one[name], other[name]) for name in one}
    cells = [
        *("", "", ""),
        signed(more["duration_ns"], _duration(abs(more["duration_ns"] or 0), symbols), symbols),
        signed(more["spans"], count(_whole(abs(more["spans"] or 0)), symbols), symbols),
        signed(more["tokens"], tokens(_whole(abs(more["tokens"] or 0)), symbols), symbols),
        signed(more["usd"], cost(abs(more["usd"] or 0), symbols), symbols),
    ]
    yield "   " + fit(f"B {symbols['removed']} A", room) + _cells(cells, columns, symbols)


def _more(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(other - one, 9)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _duration(value: float | None, symbols: Symbols) -> str:
    return duration(_whole(value), symbols)


def _cells(texts: Sequence[str], columns: Sequence[tuple[str, int]], symbols: Symbols) -> str:
    return "".join(
        _GAP + fit(text, wide, align="right", symbols=symbols) for text, (_, wide) in zip(texts, columns, strict=True)
    )


def _title(comparison: GroupComparison, row: PathRow, symbols: Symbols) -> str:
    *above, name = comparison.path(row)
    crumb = f" {symbols['crumb']} "
    path = crumb.join(safe(each) for each in above[-_NAMED_AT_MOST:])
    return f"{symbols[row.kind.name]} {row.kind.name} {safe(name) or '(no name)'}  {path}".rstrip()


def _in_words(figures: PathFigures, group: Group, symbols: Symbols) -> str:
    if not figures.runs:
        return f"in none of {group.runs} run{'' if group.runs == 1 else 's'}"
    words = [f"in {figures.runs} of {group.runs} run{'' if group.runs == 1 else 's'}"]
    if figures.failed:
        words.append(f"failed in {figures.failed} ({share(figures.failed / group.runs, symbols)})")
    medians = figures.medians
    if medians["duration_ns"] is not None:
        words.append(f"median {_duration(medians['duration_ns'], symbols)}")
    if medians["tokens"] is not None:
        words.append(f"{tokens(_whole(medians['tokens']), symbols)} tokens")
    if medians["usd"] is not None:
        words.append(cost(medians["usd"], symbols))
    if figures.calls != 1:
        words.append(f"{figures.calls:g} calls a run")
    return ", ".join(words)


def _table(comparison: GroupComparison, rows: Sequence[PathRow], width: int, symbols: Symbols) -> Iterator[str]:
    """Each difference: in how many runs, in how many it failed, and the medians that differ."""
    columns = [("runs", 11), ("failed", 9), ("time A", 7), ("time B", 7)]
    if width >= _WIDE:
        columns += [("tokens", 8), ("cost", 8)]
    room = max(20, width - 2 - sum(wide + len(_GAP) for _, wide in columns))
    yield "  " + fit("name", room) + _cells([name for name, _ in columns], columns, symbols)
    for row in rows:
        lane = {"only_a": "removed", "only_b": "added"}.get(row.state, "changed")
        yield (
            f"{symbols[lane]} "
            + fit(_short(comparison, row, symbols), room, symbols=symbols)
            + _cells(_row_cells(comparison, row, width, symbols), columns, symbols)
        ).rstrip()


def _short(comparison: GroupComparison, row: PathRow, symbols: Symbols) -> str:
    names = comparison.path(row)
    above = f"  {symbols['crumb']} {safe(names[-2])}" if len(names) > 1 else ""
    return f"{symbols[row.kind.name]} {safe(names[-1]) or '(no name)'}{above}"


def _row_cells(comparison: GroupComparison, row: PathRow, width: int, symbols: Symbols) -> list[str]:
    to = arrow(symbols)
    mine, theirs = row.a.medians, row.b.medians
    runs = f"{_part(row.a.runs, comparison.a.runs, symbols)} {to} {_part(row.b.runs, comparison.b.runs, symbols)}"
    cells = [
        runs,
        f"{row.a.failed} {to} {row.b.failed}" if row.a.failed or row.b.failed else "",
        _duration(mine["duration_ns"], symbols),
        _duration(theirs["duration_ns"], symbols),
    ]
    if width >= _WIDE:
        amount, usd = (_known_more(mine[name], theirs[name]) for name in ("tokens", "usd"))
        cells += [
            signed(amount, tokens(_whole(abs(amount or 0)), symbols), symbols),
            signed(usd, cost(abs(usd or 0), symbols), symbols),
        ]
    return cells


def _part(runs: int, of: int, symbols: Symbols) -> str:
    return share(runs / of if of else None, symbols)


def _known_more(one: float | None, other: float | None) -> float | None:
    return None if one is None and other is None else round((other or 0) - (one or 0), 9)

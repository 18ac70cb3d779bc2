"""A comparison of two runs as pieces: the figures of both runs, its rows with a bar around a middle line, its names.

Pure functions; what a row says in words comes from `core.comparing.row_words`, and all texts are safe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.core.comparing.run_lines import signed
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, fit, safe
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.presentation.rows import MUTED, SELECTED, SELECTED_ELSEWHERE, kind_style, merged

if TYPE_CHECKING:
    from tracetui.core.comparing import Row
    from tracetui.core.comparing.by_name import NameDifference
    from tracetui.core.comparing.row_words import RowWords

LEAD: Final = 3
"""Cells before the name: gutter, lane of the difference, a blank."""
_GAP: Final = 2
_LEAST_NAME: Final = 12
_CUT_NAME: Final = 9
"""Cells of a run's name beside its start: the two runs are called the same most times."""
_BIG_SHARE: Final = 2
"""A difference is big from one part in so many of the largest on."""
_EIGHTHS: Final = 8

Pieces = list[Piece]


@dataclass(frozen=True, slots=True)
class CompareColumns:
    """Cells of each column; 0 where there is none."""

    width: int
    name: int
    a: int
    b: int
    time: int
    tokens: int
    cost: int
    half: int
    """Cells of the bar on either side of its middle line."""


# (from this width on, columns beside B and the difference of time, cells of half a bar)
_COLUMNS: Final[tuple[tuple[int, tuple[str, ...], int], ...]] = (
    (180, ("a", "tokens", "cost"), 22),
    (112, ("a", "tokens", "cost"), 10),
    (92, ("a", "tokens", "cost"), 5),
    (74, ("a", "tokens", "cost"), 0),
    (60, ("a", "cost"), 0),
    (46, ("a",), 0),
    (0, (), 0),
)


@lru_cache(maxsize=32)
def compare_columns(width: int, *, has_tokens: bool = True, has_cost: bool = True) -> CompareColumns:
    """The columns of a comparison that is `width` cells wide; those that nothing is recorded for are left out."""
    shown, half = next((shown, half) for least, shown, half in _COLUMNS if width >= least)
    if "cost" in shown and not has_cost and "tokens" not in shown:
        shown = (*shown, "tokens")
    a = 6 if "a" in shown else 0
    tokens = 6 if "tokens" in shown and has_tokens else 0
    cost = 7 if "cost" in shown and has_cost else 0
    beside = sum(_GAP + cells for cells in (a, 6, 7, tokens, cost) if cells)
    beside += _GAP + 2 * half + 1 if half else 0
    return CompareColumns(width, max(1, width - LEAD - beside - 1), a, 6, 7, tokens, cost, half)


# ---------------------------------------------------------------- the two runs


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What is said of a run above the rows; the name is untrusted, times ns, costs US dollars, None is not recorded."""

    status: str
    name: str
    start: str
    short_start: str
    time: int | None
    time_partial: bool
    spans: int
    failed: int
    tokens: int | None
    tokens_partial: bool
    cost: float | None
    cost_computed: bool
    cost_partial: bool
    time_computed: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    one: str
    other: str
    more: str
    share: str
    is_worse: bool
    cells: int


_STATUS_STYLES: Final = {
    "error": "status-error",
    "running": "status-open",
    "stalled": "status-warning",
    "unfinished": "status-warning",
}
_SHARES_FROM: Final = 108
_WORDS_FROM: Final = 100


def run_rows(a: RunFigures, b: RunFigures, width: int, symbols: Symbols) -> list[Pieces]:
    """A line for each run and one for what the second has more; what is least telling goes where width lacks."""
    columns = _fitting(_run_columns(a, b, width, symbols), width)
    left = width - 1 - sum(_GAP + each.cells for each in columns)
    word = max(len(a.status), len(b.status), len("error"))
    rows = [_run_row("A", a, left, word, symbols, MUTED), _run_row("B", b, left, word, symbols, "")]
    for row, words, style in zip(rows, ("one", "other"), (MUTED, ""), strict=True):
        row += [(fit(getattr(each, words), _GAP + each.cells, align="right"), style) for each in columns]
    more: Pieces = [(fit(f"   B {symbols['removed']} A", left), MUTED)]
    for each in columns:
        room = _GAP + each.cells
        shown = f"{each.share}  {each.more}" if each.share else each.more
        shown = shown if cell_width(shown) <= room else each.more
        more.append((fit(shown, room, align="right"), "status-warning" if each.is_worse else MUTED))
    return [merged(row) for row in (*rows, more)]


def _run_row(letter: str, run: RunFigures, cells: int, word_cells: int, symbols: Symbols, style: str) -> Pieces:
    row: Pieces = [(" ", ""), (letter, "strong bold"), (" ", "")]
    row.append((symbols[run.status], _STATUS_STYLES.get(run.status, MUTED)))
    word = f" {run.status.ljust(word_cells)}" if cells >= 38 + word_cells else ""
    row += [(word, _STATUS_STYLES.get(run.status, MUTED)), ("  ", "")]
    room = cells - width_of(row)
    start = run.start if room - cell_width(run.start) - _GAP >= cell_width(run.name) else run.short_start
    if room - cell_width(start) - _GAP < min(_CUT_NAME, cell_width(run.name)):
        start = ""
    room -= cell_width(start) + _GAP if start else 0
    name = cut(clean(run.name, symbols), max(1, room), symbols=symbols)
    row += [(name, style), (f"  {start}" if start else "", MUTED)]
    return [*row, (" " * (cells - width_of(row)), "")]


def _run_columns(a: RunFigures, b: RunFigures, width: int, symbols: Symbols) -> list[tuple[int, _Column]]:
    """With how telling each is: the smallest number stays longest."""
    words = width >= _WORDS_FROM
    columns = [
        (0, _column(_times(a, b, symbols), a.time, b.time, "", width, symbols, worse=True)),
        (4, _column(_counts(a.spans, b.spans, symbols), a.spans, b.spans, " spans", width, symbols)),
    ]
    if a.failed or b.failed:
        told = _counts(a.failed, b.failed, symbols)
        columns.append((1, _column(told, None, None, " failed", width, symbols, worse=b.failed > a.failed)))
    if a.tokens is not None or b.tokens is not None:
        unit = " tokens" if words or not (a.failed or b.failed) else " tok"
        columns.append((3, _column(_token_texts(a, b, symbols), a.tokens, b.tokens, unit, width, symbols)))
    if a.cost is not None or b.cost is not None:
        columns.append((2, _column(_costs(a, b, symbols), a.cost, b.cost, "", width, symbols)))
    return columns


def _fitting(columns: list[tuple[int, _Column]], width: int) -> list[_Column]:
    room = width - 26
    kept: set[int] = set()
    for rank, column in sorted(columns, key=lambda each: each[0]):
        if column.cells + _GAP <= room:
            room -= column.cells + _GAP
            kept.add(rank)
    return [column for rank, column in columns if rank in kept]


def _column(
    texts: tuple[str, str, str],
    one: float | None,
    other: float | None,
    unit: str,
    width: int,
    symbols: Symbols,
    *,
    worse: bool = False,
) -> _Column:
    a, b, more = (f"{each}{_one(each, unit)}" if each else "" for each in texts)
    share = ""
    if width >= _SHARES_FROM and one and other is not None and other != one:
        part = (other - one) / one
        share = signed(part, text.share(abs(part)), symbols)
    share = share if share and unit != " spans" else ""
    cells = max(cell_width(a), cell_width(b), cell_width(more) + (cell_width(share) + 2 if share else 0))
    is_worse = worse and (one is None or (other or 0) > one * 1.02)
    return _Column(a, b, more, share, is_worse, cells)


def _one(figure: str, unit: str) -> str:
    """A unit, for one without its `s`; nothing behind the mark that says there is no difference."""
    if figure == "=":
        return ""
    return unit.removesuffix("s") if figure[-1:] == "1" and not figure[:-1].strip("+-\N{MINUS SIGN}") else unit


def _times(a: RunFigures, b: RunFigures, symbols: Symbols) -> tuple[str, str, str]:
    more = None if a.time is None or b.time is None else b.time - a.time
    one, other = (
        text.marked(text.duration(run.time, symbols), run.time_computed, run.time_partial, symbols) for run in (a, b)
    )
    return one, other, signed(more, text.duration(abs(more or 0), symbols), symbols)


def _counts(one: int, other: int, symbols: Symbols) -> tuple[str, str, str]:
    more = other - one
    return text.count(one), text.count(other), signed(more, text.count(abs(more)), symbols)


def _token_texts(a: RunFigures, b: RunFigures, symbols: Symbols) -> tuple[str, str, str]:
    more = None if a.tokens is None or b.tokens is None else b.tokens - a.tokens
    one, other = (text.marked(text.tokens(run.tokens, symbols), False, run.tokens_partial, symbols) for run in (a, b))
    partial = a.tokens_partial or b.tokens_partial
    return (
        one,
        other,
        _marked_more(signed(more, text.tokens(abs(more or 0), symbols), symbols), False, partial, symbols),
    )


def _costs(a: RunFigures, b: RunFigures, symbols: Symbols) -> tuple[str, str, str]:
    more = None if a.cost is None or b.cost is None else round(b.cost - a.cost, 9)
    one, other = (
        text.marked(text.cost(run.cost, symbols), run.cost_computed, run.cost_partial, symbols) for run in (a, b)
    )
    computed, partial = a.cost_computed or b.cost_computed, a.cost_partial or b.cost_partial
    return (
        one,
        other,
        _marked_more(signed(more, text.cost_apart(a.cost, b.cost, symbols), symbols), computed, partial, symbols),
    )


def _marked_more(figure: str, computed: bool, partial: bool, symbols: Symbols) -> str:
    return text.marked(figure, computed, partial, symbols) if figure not in ("", "=") else figure


# ---------------------------------------------------------------- the rows


def heading_row(columns: CompareColumns, symbols: Symbols) -> Pieces:
    """The headings."""
    line = " " * LEAD + "  name".ljust(columns.name)[: columns.name]
    figures = (("A", columns.a), ("B", columns.b), ("time", columns.time))
    for word, cells in (*figures, ("tokens", columns.tokens), ("cost", columns.cost)):
        if cells:
            line += word.rjust(_GAP + cells)
    if columns.half:
        faster, slower = f"{symbols['removed']} faster", "slower +"
        if columns.half < cell_width(slower):
            faster, slower = symbols["removed"], "+"
        line += " " * _GAP + faster.ljust(columns.half) + " " + slower.rjust(columns.half)
    return [(line, MUTED)]


@dataclass(frozen=True, slots=True)
class RowLook:
    """How a row is to be drawn."""

    selected: bool
    focused: bool
    fold: str = ""
    """`open`, `closed`, or none."""
    leads: bool = True
    """It is a difference, or has one below it."""
    is_origin: bool = True
    """Nothing below it went another way: where something broke is told in red, and nowhere above."""


_LANE_STYLES: Final = {"changed": "status-error", "removed": "diff-removed", "added": "diff-added"}


def compared_row(
    row: Row,
    words: RowWords,
    columns: CompareColumns,
    longest: int,
    look: RowLook,
    symbols: Symbols,
    *,
    also: bool = False,
) -> Pieces:
    """A row of the tree: both times, what differs, and by how much around a middle line.

    With `also` it differs in what no column tells.
    """
    lane = words.lane(row) or ("changed" if also else "")
    pieces = _lead(symbols[lane] if lane else " ", _LANE_STYLES.get(lane, ""), look, symbols)
    pieces += _name_column(row, words, columns, look, symbols)
    pieces += _figures(row, words, columns, longest, look, symbols)
    return merged(pieces)


def equal_row(depth: int, equal: int, columns: CompareColumns, look: RowLook, symbols: Symbols) -> Pieces:
    """The line of equal siblings: how many they are."""
    pieces = _lead(" ", "", look, symbols)
    pieces += [(indentation(depth, columns), MUTED), (symbols["fold_closed"] + " ", MUTED)]
    style = _name_style(look, equal=True)
    return merged([*pieces, ("= ", MUTED), (f"{text.count(equal)} the same", style)])


def indentation(depth: int, columns: CompareColumns) -> str:
    """Two blanks a level; deeper than a third of the column, the depth as a number."""
    most = max(0, min(columns.name // 3, columns.name - 4 - _LEAST_NAME))
    return "  " * depth if 2 * depth <= most else f"{depth} ".rjust(most)


def _lead(lane: str, style: str, look: RowLook, symbols: Symbols) -> Pieces:
    gutter: Piece = (" ", "")
    if look.selected:
        gutter = (symbols["gutter_focused" if look.focused else "gutter"], "accent" if look.focused else MUTED)
    return [gutter, (lane, style), (" ", "")]


def _name_style(look: RowLook, *, equal: bool) -> str:
    if look.selected:
        return SELECTED if look.focused else SELECTED_ELSEWHERE
    return MUTED if equal else ""


def _name_column(row: Row, words: RowWords, columns: CompareColumns, look: RowLook, symbols: Symbols) -> Pieces:
    pieces: Pieces = [(indentation(row.depth, columns), MUTED)]
    pieces.append((f"{symbols[f'fold_{look.fold}']} " if look.fold else "  ", MUTED))
    kind = row.kind.name
    pieces += [(symbols[kind], MUTED if not look.leads else kind_style(kind)), (" ", "")]
    notes = clean("  ".join(words.notes(row)), symbols)
    room = max(1, columns.name - width_of(pieces))
    name = clean(row.name, symbols) or "(no name)"
    taken = min(cell_width(notes) + _GAP, max(0, room - min(_LEAST_NAME, cell_width(name)))) if notes else 0
    shown = cut(name, max(1, room - taken), symbols=symbols)
    pieces.append((shown, _name_style(look, equal=not look.leads)))
    room -= cell_width(shown)
    if notes and room > _GAP + 1:
        is_bad = look.is_origin and row.outcomes[1] == "error" and ("status" in row.marks or row.outcomes[0] is None)
        note = cut(notes, room - _GAP, symbols=symbols)
        pieces.append(("  " + note, "status-error" if is_bad else MUTED))
        room -= _GAP + cell_width(note)
    return [*pieces, (" " * max(0, room), "")]


def _figures(
    row: Row, words: RowWords, columns: CompareColumns, longest: int, look: RowLook, symbols: Symbols
) -> Pieces:
    one, other = row.figures
    more = row.delta.duration_ns or 0
    big = bool(longest) and abs(more) * _BIG_SHARE >= longest
    pieces: Pieces = []
    if columns.a:
        pieces.append(_figure(words.time(one), columns.a, MUTED))
    broke = look.is_origin and row.outcomes[1] == "error" and "status" in row.marks
    pieces.append(_figure(words.time(other), columns.b, "status-error" if broke else "" if look.leads else MUTED))
    delta = words.time_delta(row)
    style = MUTED if delta == "=" or not look.leads else "status-warning" if big and more > 0 else ""
    pieces.append(_figure(delta, columns.time, style))
    for mark, cells, figure in (
        ("tokens", columns.tokens, words.tokens_delta(row)),
        ("cost", columns.cost, words.cost_delta(row)),
    ):
        if cells:
            pieces.append(_figure(figure, cells, "" if mark in row.marks else MUTED))
    if columns.half:
        is_equal = delta in ("", "=")
        thin = row.size > 1 and row.state != "repeated"
        pieces.append((" " * _GAP, ""))
        pieces += delta_bar(0 if is_equal else more, longest, columns.half, thin=thin, symbols=symbols)
    return pieces


def _figure(figure: str, cells: int, style: str) -> Piece:
    return fit(figure, _GAP + cells, align="right"), style


def delta_bar(more: int, longest: int, half: int, *, thin: bool, symbols: Symbols) -> Pieces:
    """A bar from a middle line, `half` cells at most on either side: to the right what took longer. `more` in ns."""
    line = symbols["divider"]
    if not more or longest <= 0:
        return [(" " * half, ""), (line, "rule")]
    eighths = min(half * _EIGHTHS, max(1, round(min(abs(more) / longest, 1.0) * half * _EIGHTHS)))
    big = abs(more) * _BIG_SHARE >= longest
    if more > 0:
        style = "status-warning" if big else MUTED
        return [(" " * half, ""), (line, "rule"), (_to_the_right(eighths, thin=thin, symbols=symbols), style)]
    glyphs = _to_the_left(eighths, thin=thin, symbols=symbols)
    return [(" " * (half - len(glyphs)), ""), (glyphs, "diff-added"), (line, "rule")]


def _to_the_right(eighths: int, *, thin: bool, symbols: Symbols) -> str:
    if thin:
        return symbols["bar_thin"] * max(1, round(eighths / _EIGHTHS))
    whole, rest = divmod(eighths, _EIGHTHS)
    return symbols["bar_full"] * whole + (symbols.eighths[rest - 1] if rest else "")


def _to_the_left(eighths: int, *, thin: bool, symbols: Symbols) -> str:
    if thin:
        return symbols["bar_thin"] * max(1, round(eighths / _EIGHTHS))
    whole, rest = divmod(eighths, _EIGHTHS)
    return (symbols["bar_full_start"] if rest >= _EIGHTHS // 4 or not whole else "") + symbols["bar_full"] * whole


# ---------------------------------------------------------------- by name

SORTINGS: Final = ("weight", "time", "cost", "tokens", "calls", "name")
"""What the names can be sorted by: `weight` is the largest of the shares of time, tokens and cost."""


def in_order(names: Sequence[NameDifference], sorting: str) -> list[NameDifference]:
    """The names sorted: the largest difference first, names from A on."""
    keys: dict[str, Callable[[NameDifference], float]] = {
        "weight": lambda each: -each.weight,
        "time": lambda each: -abs(each.own_ns[1] - each.own_ns[0]),
        "cost": lambda each: -abs(each.usd[1] - each.usd[0]) if each.usd else 0.0,
        "tokens": lambda each: -abs(each.tokens[1] - each.tokens[0]) if each.tokens else 0.0,
        "calls": lambda each: -abs(each.calls[1] - each.calls[0]),
    }
    if sorting == "name":
        return sorted(names, key=lambda each: (each.name.casefold(), each.kind))
    return sorted(names, key=keys[sorting])


@dataclass(frozen=True, slots=True)
class NameColumns:
    """Cells of the columns of the names."""

    name: int
    calls: int
    time: int
    tokens: int
    cost: int
    half: int


def name_columns(columns: CompareColumns) -> NameColumns:
    """The columns of the names, by those of the rows."""
    calls = 11 if columns.width >= 60 else 0
    tokens, cost = (8 if cells else 0 for cells in (columns.tokens, columns.cost))
    beside = sum(_GAP + cells for cells in (calls, 8, tokens, cost) if cells)
    beside += _GAP + 2 * columns.half + 1 if columns.half else 0
    return NameColumns(max(1, columns.width - LEAD - beside - 1), calls, 8, tokens, cost, columns.half)


def name_heading(columns: NameColumns, sorting: str, symbols: Symbols) -> Pieces:
    """The headings of the names; that by which they are sorted is not muted."""
    pieces: Pieces = [(" " * LEAD + "name".ljust(columns.name)[: columns.name], MUTED)]
    for key, word, cells in (
        ("calls", "calls", columns.calls),
        ("time", "own time", columns.time),
        ("tokens", "tokens", columns.tokens),
        ("cost", "cost", columns.cost),
    ):
        if cells:
            pieces.append((word.rjust(_GAP + cells), "strong bold" if key == sorting else MUTED))
    if columns.half >= 8:
        faster = f"{symbols['removed']} faster".ljust(columns.half)
        pieces.append((" " * _GAP + faster + " " + "slower +".rjust(columns.half), MUTED))
    return pieces


def name_row(
    each: NameDifference, cells: Sequence[str], columns: NameColumns, longest: int, look: RowLook, symbols: Symbols
) -> Pieces:
    """A name: its calls on both sides, and how much more they take. `cells` is what `name_cells` says."""
    from tracetui.core.comparing.sides import STAR

    pieces = _lead(" ", "", look, symbols)
    pieces += [(symbols[each.kind.name], kind_style(each.kind.name)), (" ", "")]
    title = (clean(each.name, symbols) or "(no name)") + (" (any model)" if each.name == STAR else "")
    name = cut(title, columns.name - 2, symbols=symbols)
    pieces += [(name, _name_style(look, equal=False)), (" " * (columns.name - 2 - cell_width(name)), "")]
    failed = each.errors[1] > each.errors[0]
    more = each.own_ns[1] - each.own_ns[0]
    big = bool(longest) and more * _BIG_SHARE >= longest
    styles = ("status-error" if failed else MUTED, "status-warning" if big else "", "", "")
    widths = (columns.calls, columns.time, columns.tokens, columns.cost)
    for figure, wide, style in zip(cells, widths, styles, strict=True):
        if wide:
            pieces.append(_figure(figure, wide, MUTED if figure == "=" else style))
    if columns.half:
        pieces.append((" " * _GAP, ""))
        pieces += delta_bar(0 if cells[1] == "=" else more, longest, columns.half, thin=False, symbols=symbols)
    return merged(pieces)


def name_sides(each: NameDifference, width: int, symbols: Symbols) -> list[Pieces]:
    """What all spans of a name come to on either side."""
    title = clean(each.name, symbols) or "(no name)"
    kind = each.kind.name
    rows: list[Pieces] = [[(f"{symbols[kind]} ", kind_style(kind)), (f"{kind} ", MUTED), (title, "strong bold")]]
    for at, letter in enumerate("AB"):
        calls, failed = each.calls[at], each.errors[at]
        figures = [f"{text.count(calls)} call{'' if calls == 1 else 's'}"]
        figures.append(f"own time {text.duration(each.own_ns[at], symbols)}")
        if each.tokens is not None:
            figures.append(f"{text.tokens(each.tokens[at], symbols)} tokens")
        if each.usd is not None:
            figures.append(text.cost(each.usd[at], symbols))
        row: Pieces = [("  ", ""), (letter, "strong bold"), ("  " + "   ".join(figures), MUTED if not at else "")]
        rows.append([*row, (f"   {text.count(failed)} failed", "status-error")] if failed else row)
    return [cut_row(row, width, symbols) for row in rows]


def clean(outside: str, symbols: Symbols) -> str:
    """A text of a recording as this terminal can draw it."""
    found = safe(outside)
    return text.plain_ascii(found) if symbols.is_ascii else found


def cut_row(row: Pieces, width: int, symbols: Symbols) -> Pieces:
    """A row that is not wider than the screen."""
    return row if width_of(row) <= width else cut_pieces(row, width, symbols)

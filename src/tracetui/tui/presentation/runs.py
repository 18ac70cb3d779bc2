"""The run list as text: which columns a width has room for, what a run shows in them, and in which order runs stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from tracetui.core import text
from tracetui.core.model import RunStatus
from tracetui.core.run_status import StatusResult, length_marks, silence
from tracetui.core.symbols import Symbols
from tracetui.tui.presentation.pieces import Piece

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store
    from tracetui.tui.session import Session

LEAD: Final = 3
"""Cells before the name: gutter, status lane, a blank."""
HEADINGS_FROM: Final = 14
"""Rows of the pane from which on its columns have headings."""
_HEADINGS_FROM_WIDTH: Final = 60
MOMENT_FROM: Final = 40
"""Cells of the pane from which on the start of a run has its time of day, also where it is not of today."""
_START_FROM: Final = 34
_TRAIL: Final = 1

Sorting = Literal["start", "name", "status", "causes", "time", "spans", "tokens", "cost", "format"]
SORTINGS: Final[tuple[Sorting, ...]] = (
    "start",
    "name",
    "status",
    "causes",
    "time",
    "spans",
    "tokens",
    "cost",
    "format",
)
"""What runs can be sorted by, in the order of the keys `<` and `>`."""

_ASCENDING: Final = frozenset(("name", "status", "format"))
_WORST_FIRST: Final = (
    RunStatus.error,
    RunStatus.running,
    RunStatus.stalled,
    RunStatus.unfinished,
    RunStatus.unknown,
    RunStatus.ok,
)
STATUS_STYLES: Final = {
    RunStatus.error: "status-error",
    RunStatus.running: "status-open",
    RunStatus.stalled: "status-warning",
    RunStatus.unfinished: "status-warning",
    RunStatus.unknown: "muted",
    RunStatus.ok: "muted",
}
"""Status of a run to the style of its symbol and word."""


@dataclass(frozen=True, slots=True)
class _Column:
    name: Sorting
    heading: str
    cells: int
    gap: int
    right: bool


_STATUS = _Column("status", "status", 10, 2, right=False)
_START = _Column("start", "start", 6, 2, right=False)
_MOMENT = _Column("start", "start", 12, 2, right=False)
_CAUSES = _Column("causes", "", 3, 0, right=True)
_TIME = _Column("time", "time", 6, 1, right=True)
_SPANS = _Column("spans", "spans", 5, 2, right=True)
_TOKENS = _Column("tokens", "tokens", 6, 2, right=True)
_COST = _Column("cost", "cost", 6, 2, right=True)
_FORMAT = _Column("format", "format", 18, 2, right=False)

_BY_WIDTH: Final[tuple[tuple[int, tuple[_Column, ...]], ...]] = (
    (100, (_STATUS, _MOMENT, _CAUSES, _TIME, _SPANS, _TOKENS, _COST, _FORMAT)),
    (80, (_STATUS, _MOMENT, _CAUSES, _TIME, _SPANS, _TOKENS, _COST)),
    (60, (_MOMENT, _CAUSES, _TIME, _COST)),
    (MOMENT_FROM, (_MOMENT, _CAUSES, _TIME)),
    (_START_FROM, (_START, _CAUSES, _TIME)),
    (0, (_TIME,)),
)


@lru_cache(maxsize=64)
def _layout(width: int) -> tuple[int, tuple[_Column, ...]]:
    columns = next(columns for least, columns in _BY_WIDTH if width >= least)
    beside = sum(column.gap + column.cells for column in columns)
    return max(1, width - LEAD - beside - _TRAIL), columns


def has_headings(width: int, height: int) -> bool:
    """Whether a run list of this size names its columns: where there are several, and rows to spare."""
    return height >= HEADINGS_FROM and width >= _HEADINGS_FROM_WIDTH


def headings(width: int, symbols: Symbols) -> list[Piece]:
    """The line of headings."""
    name, columns = _layout(width)
    parts = [" " * LEAD + text.fit("name", name, symbols=symbols)]
    for column in columns:
        heading = symbols["error"] if column.name == "causes" else column.heading
        parts.append(" " * column.gap + text.fit(heading, column.cells, align=_align(column), symbols=symbols))
    return [("".join(parts), "muted")]


def run_name(run: Run) -> str:
    """What a run is called on the screen: its name, else its id, else what its format knows it by."""
    return text.safe(run.name or run.id or run.key)


def run_row(
    run: Run, session: Session, width: int, *, selected: bool, focused: bool, marked: bool = False, indent: int = 0
) -> list[Piece]:
    """A run as a row of `width` cells."""
    symbols = session.symbols
    result = session.status(run)
    cells, columns = _layout(width)
    name = text.cut(run_name(run), cells - indent, symbols=symbols)
    pieces: list[Piece] = [
        _gutter(selected, focused, marked, symbols),
        (symbols[result.status], STATUS_STYLES[result.status]),
        (symbols["marked"], "accent bold") if run.row in session.marked.runs else (" ", ""),
        (" " * indent, ""),
        (name, _name_style(result.status, selected, focused)),
    ]
    blanks = cells - indent - text.cell_width(name)
    for column in columns:
        figure, style = _figure(column, run, result, session)
        shown = text.fit(figure, column.cells, align=_align(column), symbols=symbols)
        # A mark in front of a figure may use the blanks between columns.
        wider = max(0, text.cell_width(figure) - column.cells) if column.right else 0
        if wider and wider <= blanks + column.gap:
            shown = figure
        gap = blanks + column.gap - (text.cell_width(shown) - column.cells)
        body = shown.lstrip(" ") if column.right else shown.rstrip(" ")
        lead = gap + (len(shown) - len(body) if column.right else 0)
        blanks = 0 if column.right else len(shown) - len(body)
        pieces += [(" " * lead, ""), (body, style)]
    return pieces


def group_row(
    label: str,
    count: int,
    failed: int,
    session: Session,
    width: int,
    *,
    selected: bool,
    focused: bool,
    closed: bool,
    how: text.How = "end",
) -> list[Piece]:
    """The heading of a group of runs. `label` is untrusted; it is cut as `how` says."""
    symbols = session.symbols
    fold = symbols["fold_closed" if closed else "fold_open"]
    figures = f"  {text.count(count)}" + (f"  {symbols['error']}{text.count(failed)}" if failed else "")
    name = text.cut(text.safe(label), max(1, width - LEAD - len(figures) - 2), how, symbols)
    style = "selected" if selected and focused else "beside" if selected else "strong"
    return [_gutter(selected, focused, False, symbols), (f"{fold} ", "muted"), (name, style), (figures, "muted")]


def _align(column: _Column) -> Literal["left", "right"]:
    return "right" if column.right else "left"


def _gutter(selected: bool, focused: bool, marked: bool, symbols: Symbols) -> Piece:
    if selected:
        return (symbols["gutter_focused" if focused else "gutter"], "accent" if focused else "muted")
    return (symbols["marked"], "accent bold") if marked else (" ", "")


def _name_style(status: RunStatus, selected: bool, focused: bool) -> str:
    if selected:
        return "selected" if focused else "beside"
    return "muted" if status is RunStatus.ok else "foreground"


def start_words(run: Run, session: Session, *, is_whole: bool) -> str:
    """When a run began: with the time of day (at most 12 cells), else what tells it from runs of other days (at most 7)."""
    said = text.wall_moment if is_whole else text.wall_time
    return said(run.start, session.now_ns(), session.tz, session.symbols)


def _figure(column: _Column, run: Run, result: StatusResult, session: Session) -> Piece:
    symbols = session.symbols
    match name := column.name:
        case "status":
            return result.status.value, STATUS_STYLES[result.status]
        case "start":
            return start_words(run, session, is_whole=column is _MOMENT), "muted"
        case "time":
            return _time(run, result, session)
        case "format":
            return text.cut(text.safe(run.format), 18, symbols=symbols), "muted"
    if run.glanced:
        return symbols.reading, "muted"
    match name:
        case "causes":
            causes = session.causes(run)
            # What an ok run got over is told, but it is not what the eye should find.
            style = "muted" if result.status is RunStatus.ok else "status-error"
            return (f"{symbols['error']}{text.count(causes)}" if causes else "", style)
        case "spans":
            return text.count(run.span_count), "muted"
        case "tokens":
            figure, partial = run_tokens(run)
            return text.marked(text.tokens(figure, symbols), partial=partial, symbols=symbols), "muted"
        case _:
            cost = session.cost(run)
            shown = text.cost(cost.usd, symbols)
            return text.marked(shown, cost.computed is not None, cost.partial, symbols), "muted"


def _time(run: Run, result: StatusResult, session: Session) -> Piece:
    is_open = result.status in (RunStatus.running, RunStatus.stalled)
    style = STATUS_STYLES[result.status] if is_open else "muted"
    shown = run_length(run, result, session)
    return (session.symbols.reading if shown == session.symbols.none and run.glanced else shown), style


def run_length(run: Run, result: StatusResult, session: Session) -> str:
    """How long a run took: until now while it runs, at least so long if it ended without saying so."""
    is_open = result.status in (RunStatus.running, RunStatus.stalled)
    length, source = run.duration()
    if is_open:
        return text.duration(run_age_ns(run, session.now_ns()), session.symbols)
    marks = length_marks(result.status.value, source)
    return text.marked(text.duration(length, session.symbols), *marks, symbols=session.symbols)


def runs_told_apart(runs: Iterable[Run], session: Session) -> dict[int, str]:
    """By row what tells runs of one name from each other: when they began, and where that is the same the end of their id."""
    begun = {run.row: (run_name(run), text.wall_time_full(run.start, session.tz)[5:19], run) for run in runs}
    names = Counter(name for name, _, _ in begun.values())
    same = Counter((name, start) for name, start, _ in begun.values())
    told = {}
    for row, (name, start, run) in begun.items():
        words = start if names[name] > 1 and run.start is not None else ""
        if same[name, start] > 1:
            words = f"{words} {session.symbols.cut}{text.safe(run.id[-6:])}".strip()
        told[row] = words
    return told


def run_age_ns(run: Run, now: int) -> int | None:
    """How long a live run has been going on: to its newest record, and from when its files last grew until `now`.

    A producer's clock and ours are never subtracted from each other.
    """
    elapsed = run.duration()[0]
    return None if elapsed is None else elapsed + (silence(run, now) or 0)


def run_tokens(run: Run) -> tuple[int | None, bool]:
    """All tokens of a run, and whether some of its model calls lack theirs."""
    usage, partial = run.usage, run.usage_partial()
    if usage.input is None and usage.output is None:
        return usage.total, "total" in partial
    summed = (usage.input or 0) + (usage.output or 0)
    if usage.total is not None and usage.total >= summed:
        return usage.total, "total" in partial
    return summed, bool(partial & {"input", "output"})


def count_causes(store: Store, run: Run) -> int:
    """Failed spans of a run without a failed child: what people mean by errors."""
    from tracetui.core.store.rollups import cause_rows

    return len(cause_rows(store, run.row))


def started(run: Run) -> int:
    """When a run began, as far as one can tell without reading it, ns: for the order of the list."""
    start = run.start
    return run.mtime_ns if start is None else start


def place(run: Run) -> tuple[bool, int]:
    """Where a run stands by its start: those that record no time stand behind all others, by what their files tell."""
    return run.start is not None or run.glanced, started(run)


def in_order(rows: Iterable[int], session: Session, sorting: Sorting, reverse: bool) -> list[int]:
    """Run rows sorted; what is newest, most or worst comes first, names and formats from A on, unless `reverse`."""
    rows = list(rows)
    if sorting == "causes":
        session.learn_causes(rows)
    key = _sort_key(session, sorting)
    runs = session.store.runs
    newest_first = sorted(rows, key=lambda row: (*place(runs[row]), row), reverse=True)
    if sorting == "start":
        if reverse:  # what is not known stays last
            newest_first.sort(key=lambda row: (not place(runs[row])[0], started(runs[row]), row))
        return newest_first
    return sorted(newest_first, key=key, reverse=reverse == (sorting in _ASCENDING))


def _sort_key(session: Session, sorting: Sorting) -> Callable[[int], tuple[float, str]]:
    runs = session.store.runs
    match sorting:
        case "name":
            return lambda row: (0, run_name(runs[row]).casefold())
        case "format":
            return lambda row: (0, runs[row].format)
        case "status":
            return lambda row: (_WORST_FIRST.index(session.status(runs[row]).status), "")
        case "causes":
            return lambda row: (session.causes(runs[row]), "")
        case "time":
            return lambda row: (_known(runs[row].duration()[0]), "")
        case "spans":
            return lambda row: (runs[row].span_count, "")
        case "tokens":
            return lambda row: (_known(run_tokens(runs[row])[0]), "")
        case "cost":
            return lambda row: (_known(session.cost(runs[row]).usd), "")
        case _:
            return lambda row: (started(runs[row]), "")


def _known(figure: float | None) -> float:
    return -1.0 if figure is None else float(figure)

"""The waterfall as pieces of text: bars, the mark of an event, and the time axis above them.

Pure functions of integers (ns since the begin of the axis), each giving exactly `width` cells for any input: a recording
may hold negative durations, a run of no length, or times of another century.

Three weights are legible without colour: `thin` is a container, `medium` work beside the critical path, `full` work on it.
A cell is drawn to eighths at a full bar's end, to halves at its start. Work that holds other work is of two weights: its
own where none of that runs, thin where some does.

With `window` the axis is a part of the whole: what lies outside of it is not drawn, what goes on beyond its edge ends in
a mark there. Without, what a recording places outside of its own run stands at the edge.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal

from tracetui.core.model import Kind
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.tui.presentation import Piece

Weight = Literal["thin", "medium", "full"]
State = Literal["done", "cause", "open", "gone", "skipped"]

CONTAINERS: Final = frozenset((Kind.agent, Kind.chain, Kind.step, Kind.span))
"""Kinds that hold other work: where they have children, their bar is thin, and time without any of those is idle."""

_MS: Final = 1_000_000
_S: Final = 1_000_000_000
_MINUTE: Final = 60 * _S
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_EIGHTHS: Final = 8
_GAP: Final = 2
_FEW_TICKS: Final = 1
"""So few labels, and others that fit better are tried."""
_MICRO: Final = UNICODE.micro

_STATE_STYLES: Final = {"cause": "status-error", "open": "status-open", "gone": "status-warning"}


def bar(
    start: int,
    end: int,
    length: int,
    width: int,
    *,
    weight: Weight = "full",
    state: State = "done",
    style: str = "text",
    now: int | None = None,
    idle: Sequence[tuple[int, int]] = (),
    held: Sequence[tuple[int, int]] = (),
    window: bool = False,
    symbols: Symbols = UNICODE,
) -> list[Piece]:
    """The bar of a span from `start` to `end` on an axis of `length` ns and `width` cells.

    `style` is that of the kind (`muted` for an ancestor that is only kept); a cause, an open span and one whose writer is
    gone have their own, a container that is done is muted. For `open` and `gone`, `end` is the newest record and `now`
    the moment the line goes on to. `idle` are the cells (from, to) of a container in which nothing ran inside it, `held`
    those of other work in which its children ran.
    """
    if width <= 0:
        return []
    last = max(start, end if now is None or state not in ("open", "gone") else now)
    if state == "skipped" or (window and (last < 0 or start > length)):
        return [(" " * width, "text")]
    name = _STATE_STYLES.get(state, "muted" if weight == "thin" else style)
    first, until = _eighths(start, length, width), _eighths(max(start, end), length, width)
    goes_on = window and last > length
    if state == "cause" and not goes_on:
        column, glyphs = _cause(first, until, width, weight, symbols)
    elif state in ("open", "gone"):
        reached = _eighths(last, length, width)
        mark = symbols["now" if state == "open" else "gone"]
        column, glyphs = _unended(first, until, reached // _EIGHTHS, width, weight, mark, symbols)
    else:
        column, glyphs = _glyphs(first, until, width, weight, symbols)
    ends = min(-(-until // _EIGHTHS), column + len(glyphs) - (state != "done" and not (state == "cause" and goes_on)))
    if weight == "thin":
        glyphs = _over(column, glyphs, idle, ends, symbols["idle"])
    else:
        glyphs = _over(column, glyphs, held, ends, symbols["bar_thin"])
    if window and start < 0:
        column, glyphs = 0, symbols["cut_before"] + glyphs[1:]
    if goes_on and width > 1:
        glyphs = glyphs[: width - column - 1] + symbols["cut_after"]
    return _placed(column, glyphs, width, name)


def event_mark(at: int, length: int, width: int, symbol: str, style: str) -> list[Piece]:
    """The symbol of an event at its time; `symbol` is one cell."""
    if width <= 0:
        return []
    return _placed(min(_eighths(at, length, width) // _EIGHTHS, width - 1), symbol, width, style)


def cell_of(at: int, length: int, width: int) -> int:
    """The cell of a moment, the last one for the end of the axis and all that is later."""
    return max(0, min(at * width // max(length, 1), width - 1))


def axis_length(elapsed: int, live: bool) -> int:
    """Length of the axis in ns: a finished run fills it exactly, a live one has the next of 1, 2, 5 × 10ⁿ seconds."""
    if not live:
        return max(elapsed, 1)
    unit = _S
    while True:
        for factor in (1, 2, 5):
            if elapsed <= factor * unit:
                return factor * unit
        unit *= 10


def axis(length: int, width: int, symbols: Symbols = UNICODE, begin: int = 0) -> str:
    """The labels of the axis in exactly `width` cells, each at the cell of its time; it shows the time from `begin` on."""
    line = ""
    for column, label in axis_ticks(length, width, begin):
        line += " " * (column - len(line)) + label
    return line.ljust(max(width, 0))[: max(width, 0)].replace(_MICRO, symbols.micro)


def axis_ticks(length: int, width: int, begin: int = 0) -> list[tuple[int, str]]:
    """Cell and label of each tick, at the first step that leaves two blanks between labels.

    Where labels are longer than that allows (little of a long run is shown), the first one is whole and the others say
    how much later they are.
    """
    length = max(length, 1)
    whole = _ticks(length, width, begin, relative=False)
    if begin <= 0 or len(whole) > _FEW_TICKS:
        return whole
    return max(_ticks(length, width, begin, relative=True), whole, key=len)


def _ticks(length: int, width: int, begin: int, *, relative: bool) -> list[tuple[int, str]]:
    ticks = [(0, "0")] if width > 0 and begin <= 0 else []
    for step in _steps():
        if step > length:
            break
        if (length // step) * (1 + _GAP) > width:  # not even labels of one cell would fit
            continue
        first = max(-(-begin // step), 1) * step
        times = range(first, begin + length + 1, step)
        found = [*ticks, *(((time - begin) * width // length, _tick(time, first, relative)) for time in times)]
        shown = [(column, label) for column, label in found if column + len(label) <= width]
        if _is_apart(shown) and (shown or not begin) and (not relative or shown[:1] == found[:1]):
            return shown
    return ticks


def _tick(time: int, first: int, relative: bool) -> str:
    return f"+{_label(time - first)}" if relative and time > first else _label(time)


def _steps() -> Iterator[int]:
    """1, 2, 5 × 10ⁿ below a second, then what clocks are divided by, then days."""
    for unit in (1, 1_000, _MS):
        yield from (factor * unit for factor in (1, 2, 5, 10, 20, 50, 100, 200, 500))
    for unit in (_S, _MINUTE):
        yield from (factor * unit for factor in (1, 2, 5, 10, 15, 30))
    yield from (factor * _HOUR for factor in (1, 2, 5, 10))
    unit = _DAY
    while True:
        yield from (factor * unit for factor in (1, 2, 5))
        unit *= 10


def _label(time: int) -> str:
    """A time without its zero parts: `3m`, `1m30s`, `2d`."""
    if time < _S:
        return next(
            f"{time // unit}{name}" for unit, name in ((_MS, "ms"), (1_000, f"{_MICRO}s"), (1, "ns")) if not time % unit
        )
    label = ""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if time >= unit:
            label += f"{time // unit}{name}"
            time %= unit
    if not time:
        return label
    seconds, part = divmod(time, _S)
    return f"{label}{seconds}{f'.{part:09d}'.rstrip('0') if part else ''}s"


def _is_apart(ticks: Sequence[tuple[int, str]]) -> bool:
    return all(after >= column + len(label) + _GAP for (column, label), (after, _) in pairwise(ticks))


def _eighths(time: int, length: int, width: int) -> int:
    """Where `time` is, in eighths of a cell, within the column."""
    return min(max(time * width * _EIGHTHS // max(length, 1), 0), width * _EIGHTHS)


def _placed(column: int, glyphs: str, width: int, style: str) -> list[Piece]:
    """`glyphs` from `column` on, blanks around them."""
    glyphs = glyphs[: width - column]
    after = width - column - len(glyphs)
    pieces = [(" " * column, "text"), (glyphs, style), (" " * after, "text")]
    return [(text, name) for text, name in pieces if text]


def _glyphs(first: int, until: int, width: int, weight: Weight, symbols: Symbols) -> tuple[int, str]:
    """Column and glyphs, at least one, of a bar between two eighths."""
    if weight == "full":
        return _full(first, until, width, symbols)
    column = min(first // _EIGHTHS, width - 1)
    if weight == "thin":
        cells = max(-(-until // _EIGHTHS) - column, 1)
        return column, symbols["bar_thin"] * cells
    cells = max((until + _EIGHTHS // 2) // _EIGHTHS - column, 1)
    half = cells > 1 and first % _EIGHTHS >= _EIGHTHS // 2
    return column, symbols["bar_medium_start" if half else "bar_medium"] + symbols["bar_medium"] * (cells - 1)


def _full(first: int, until: int, width: int, symbols: Symbols) -> tuple[int, str]:
    column, part = divmod(first, _EIGHTHS)
    if until - first < _EIGHTHS:
        if until // _EIGHTHS > column and part > _EIGHTHS * 3 // 4:
            column += 1
        return min(column, width - 1), symbols.eighths[max(until - first, 1) - 1]
    start = _start_edge(part, symbols)
    column += not start
    whole, rest = divmod(until, _EIGHTHS)
    glyphs = start + symbols["bar_full"] * (whole - column - len(start))
    return column, glyphs + (symbols.eighths[rest - 1] if rest else "")


def _start_edge(part: int, symbols: Symbols) -> str:
    """The first cell of a full bar that starts `part` eighths into it; empty where it begins with the next cell."""
    if part < _EIGHTHS // 4:
        return symbols["bar_full"]
    return symbols["bar_full_start"] if part <= _EIGHTHS * 3 // 4 else ""


def _cause(first: int, until: int, width: int, weight: Weight, symbols: Symbols) -> tuple[int, str]:
    """A bar that ends at a whole cell, and the mark of the failure behind it, within the column."""
    mark = symbols["error"]
    if width == 1:
        return 0, mark
    last = (width - 1) * _EIGHTHS
    if until - first >= _EIGHTHS:
        until = -(-until // _EIGHTHS) * _EIGHTHS
    if first >= last:
        first, until = last - _EIGHTHS, last - _EIGHTHS + until - first
    column, glyphs = _glyphs(first, min(until, last), width - 1, weight, symbols)
    return column, glyphs + mark


def _unended(
    first: int, until: int, reached: int, width: int, weight: Weight, mark: str, symbols: Symbols
) -> tuple[int, str]:
    """A bar up to the newest record, a broken line for the silence since, and a mark in the cell that time has reached."""
    reached = min(max(reached, 0), width - 1)
    column = min(first // _EIGHTHS, reached)
    limit = reached * _EIGHTHS
    glyphs = ""
    if first < limit:
        column, glyphs = _glyphs(first, min(until, limit), reached, weight, symbols)
    silence = symbols["silence"] * (reached - column - len(glyphs))
    return column, glyphs + silence + mark


def _over(column: int, glyphs: str, cells: Iterable[tuple[int, int]], ends: int, glyph: str) -> str:
    """A bar with another glyph in some of its cells, none of them from the cell `ends` on."""
    if not cells:
        return glyphs
    drawn = list(glyphs)
    for first, last in cells:
        for cell in range(max(first, column), min(last, ends)):
            drawn[cell - column] = glyph
    return "".join(drawn)

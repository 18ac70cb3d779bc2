"""Records as lines for a person who watches: one line for each start, end and event, as it happens.

    +0       » run market_watch 9d69e94d
    +200ms     ● start step load_portfolio  account=A1
    +1.7s        ✗ error tool read_positions 1.5s  TimeoutError: no answer
    +3.2s      ✓ ok step load_portfolio 3.0s 812→64 tok $0.0031

In front the time since the run began, then the depth as indentation, status or class as symbol and word, kind and name,
figures, and what it was about. Everything that comes from outside passes ``tracetui.core.text.safe``: no content reaches
the terminal as a control sequence. A line is cut to the width of the terminal (80 cells where there is none), its figures
never are. While several runs write, each line names its run by the beginning of its id.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import Final, TextIO

from tracetui.core.recording.records import Record
from tracetui.core.symbols import ASCII, UNICODE, Symbols
from tracetui.core.text import cell_width, cost, cut, duration, fit, offset, plain_ascii, safe, tokens

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
"""What ``level`` may be, from the least important on."""

_WIDTH: Final = 80
_NARROWEST: Final = 40
"""Terminals that say less are not believed: nothing readable fits."""
_TIME_CELLS: Final = 7
_DEEPEST: Final = 10
"""Levels that are indented; deeper ones say their depth as a number."""
_MARK: Final = 4
_SHOWN: Final = 400
"""Characters of a text that are looked at: a line shows fewer."""
_PAIRS: Final = 8
_SHORTEST_NAME: Final = 8

_KIND_CELLS: Final = 9
"""Of ``retriever``; a kind that nobody agreed on is cut."""

_BOLD: Final = "1"
_DIM: Final = "2"
_RED: Final = "31"
_COLOURS: Final = {"error": _RED, "critical": _RED, "ok": "32", "warning": "33", "retry": "33", "start": "36"}
_STATUS_WORDS: Final = {"ok": "ok", "error": "error", "skipped": "skipped"}
_SYMBOL_OF: Final = {
    "run": "chain",
    "start": "open",
    "end": "unset",
    "debug": "log",
    "info": "log",
    "critical": "error",
    "lost": "warning",
}

_CLASSES: Final = frozenset({"decision", "log", "message", "retry", "error", "token", "event"})

Values = dict[str, object]


@dataclass(slots=True)
class _Seen:
    """What is kept of a run while it is open."""

    start: int
    depths: dict[str, int] = field(default_factory=dict)
    """Depth of each open span."""


@dataclass(slots=True)
class _Line:
    """One line before it is laid out. All texts are clean."""

    word: str
    depth: int = 0
    what: str = ""
    """Kind, or what else stands in front of the name."""
    name: str = ""
    figures: str = ""
    about: str = ""
    """Cut first."""


class ConsoleSink:
    """Prints records as they come.

    Args:
        stream: where to; None: ``sys.stderr`` as it is when a record comes. It is flushed and never closed.
        color: with colours or without; None: if the stream is a terminal and ``NO_COLOR`` is not set.
        level: what is less important is not printed: ``debug`` (token deltas and updates of spans too), ``info`` (the
            default), ``warning`` (retries, losses and failures), ``error``.
        width: cells of a line; None: as wide as the terminal, 80 where it is none.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        color: bool | None = None,
        level: str = "info",
        width: int | None = None,
    ) -> None:
        if level not in LEVELS:
            raise ValueError(f"level is one of {', '.join(LEVELS)}, not {level!r}")
        self._stream = stream
        self._color = color
        self._least = LEVELS.index(level)
        self._width = width
        self._runs: dict[str, _Seen] = {}

    def emit(self, record: Record) -> None:
        """Print one record, if it is important enough. Raises whatever the stream does."""
        values = record.values
        seen = self._runs.get(record.run.id)
        if seen is None:
            seen = self._runs[record.run.id] = _Seen(_int(values.get("time")) or 0)
        try:
            if LEVELS.index(_level(values)) >= self._least:
                self._print(record, values, seen)
        finally:
            self._keep(record, values, seen)

    def close(self) -> None:
        """Nothing is held back; the stream stays open."""
        self._runs.clear()

    def after_fork(self) -> None:
        """Nothing: each line is flushed, so no part of one was inherited."""

    def _keep(self, record: Record, values: Values, seen: _Seen) -> None:
        """Remember the depth of what is open, and forget what ended."""
        span = _text(values.get("span"))
        match record.type:
            case "span_start":
                seen.depths[span] = _depth(seen, values)
            case "span_end":
                seen.depths.pop(span, None)
            case "run_end" if not record.run.child:
                self._runs.pop(record.run.id, None)

    def _print(self, record: Record, values: Values, seen: _Seen) -> None:
        stream = sys.stderr if self._stream is None else self._stream
        line = _line(record, values, seen)
        if line is None or stream is None:  # a program without a console has no sys.stderr
            return
        symbols = _symbols_of(stream)
        elapsed = offset((_int(values.get("time")) or seen.start) - seen.start, symbols)
        pieces = _layout(line, elapsed, self._mark(record), self._cells(stream), symbols)
        is_coloured = _is_coloured(stream) if self._color is None else self._color
        text = "".join(_painted(text, style) if is_coloured and style else text for text, style in pieces)
        stream.write(f"{text.rstrip()}\n")
        stream.flush()

    def _mark(self, record: Record) -> str:
        """Which run and process a line is of, where there are several."""
        mark = safe(record.run.id[:_MARK]) if len(self._runs) > 1 else ""
        return f"{mark}:{record.run.pid}" if record.run.child else mark

    def _cells(self, stream: TextIO) -> int:
        if self._width is not None:
            return max(self._width, _NARROWEST)
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError, AttributeError):
            return _WIDTH
        return max(columns, _NARROWEST) if columns else _WIDTH


# -- how a line looks --------------------------------------------------------------------------------------------------


def _layout(line: _Line, elapsed: str, mark: str, width: int, symbols: Symbols) -> list[tuple[str, str]]:
    """Pieces of a line with their style, ``width`` cells together at most."""
    if symbols.is_ascii:
        _make_ascii(line, symbols)
        mark = plain_ascii(mark)
    colour = _COLOURS.get(line.word, "")
    glyph = symbols.get(_SYMBOL_OF.get(line.word, line.word), symbols["event"])
    front = [(fit(elapsed, _TIME_CELLS), _DIM), (f" {mark} " if mark else " ", _DIM)]
    what = [(f"{glyph} {line.word} ", colour), (f"{line.what} " if line.what else "", "")]
    figures = f" {line.figures}" if line.figures else ""
    left = width - sum(cell_width(text) for text, _ in (*front, *what)) - cell_width(figures)
    name = cut(line.name, max(min(left, _SHORTEST_NAME), 0), symbols=symbols)
    indent = _indent(line.depth, left - cell_width(name))
    name = cut(line.name, max(left - cell_width(indent), 0), symbols=symbols)
    left -= cell_width(indent) + cell_width(name)
    pieces = [*front, (indent, ""), *what, (name, _BOLD), (figures, "")]
    gap = "  " if line.name or figures else ""
    if line.about and left > len(gap) + 1:
        pieces.append((gap + cut(line.about, left - len(gap), symbols=symbols), colour if colour == _RED else ""))
    return _within(pieces, width, symbols)


def _indent(depth: int, room: int) -> str:
    """Two blanks a level; where that is too much, as many as there is room for and the depth as a number."""
    if depth <= _DEEPEST and 2 * depth <= room:
        return "  " * depth
    number = f"{depth}: "
    return "  " * max(0, min(_DEEPEST, (room - len(number)) // 2)) + number


def _within(pieces: list[tuple[str, str]], width: int, symbols: Symbols) -> list[tuple[str, str]]:
    """The same for a terminal that is too narrow even for the figures: cut at its edge."""
    kept = []
    for text, style in pieces:
        shown = cut(text, width, symbols=symbols)
        kept.append((shown, style))
        width -= cell_width(shown)
    return kept


def _make_ascii(line: _Line, symbols: Symbols) -> None:
    line.figures = line.figures.replace("→", "->").replace(UNICODE.micro, symbols.micro)
    for part in ("what", "name", "about"):
        setattr(line, part, plain_ascii(getattr(line, part).replace(UNICODE.cut, symbols.cut)))
    line.what = cut(line.what, _KIND_CELLS, symbols=symbols)


def _painted(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m"


def _symbols_of(stream: TextIO) -> Symbols:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return UNICODE if encoding.lower().replace("-", "").startswith(("utf", "cp65001")) else ASCII


def _is_coloured(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (OSError, ValueError, AttributeError):
        return False


# -- what a record says ------------------------------------------------------------------------------------------------


def _line(record: Record, values: Values, seen: _Seen) -> _Line | None:
    """A record as a line; None for what has none."""
    match record.type:
        case "header":
            return _header(record, values)
        case "span_start":
            return _start(values, seen)
        case "span_update":
            depth, about = _depth(seen, values), _pairs(_dict(values.get("attributes")))
            return _Line("update", depth, _kind(values), _clean(values.get("name")), _amounts(values), about)
        case "span_end":
            return _end(values, seen)
        case "event":
            return _event(values, seen)
        case "run_end":
            status = _STATUS_WORDS.get(_text(values.get("status")), "end")
            length = (_int(values.get("time")) or seen.start) - seen.start
            return _Line(status, 0, "run", _clean(record.run.name), duration(max(0, length)), _failure(values))
        case "gap":
            lost = _int(values.get("lost")) or 0
            what = f"{lost} record{'' if lost == 1 else 's'} could not be written"
            return _Line("lost", about=f"{what}: {_clean(values.get('reason'))}".rstrip(": "))
    return None


def _header(record: Record, values: Values) -> _Line:
    about = _clean(record.run.id[:8]) + (f" process {record.run.pid}" if record.run.child else "")
    meta = _pairs(_dict(values.get("meta")))
    return _Line("run", 0, "", _clean(record.run.name) or "-", "", f"{about} {meta}".rstrip())


def _start(values: Values, seen: _Seen) -> _Line:
    given = values.get("input")
    told = {**(given if isinstance(given, dict) else {}), **_dict(values.get("attributes"))}
    about = " ".join(part for part in (_clean(values.get("model")), _input(given), _pairs(told)) if part)
    return _Line("start", _depth(seen, values), _kind(values), _clean(values.get("name")), "", about)


def _end(values: Values, seen: _Seen) -> _Line:
    status = _STATUS_WORDS.get(_text(values.get("status")), "end")
    length = _int(values.get("duration_ns"))
    figures = " ".join(part for part in ("" if length is None else duration(length), _amounts(values)) if part)
    about = _failure(values) or ("" if status == "error" else _pairs(_dict(values.get("attributes"))))
    return _Line(status, _depth(seen, values), _kind(values), _clean(values.get("name")), figures, about)


def _event(values: Values, seen: _Seen) -> _Line:
    word = _text(values.get("class"))
    word = word if word in _CLASSES else "event"
    if word == "log" and values.get("level") in LEVELS:
        word = _text(values.get("level"))
    span = _text(values.get("span"))
    depth = seen.depths.get(span, 0) + 1 if span else 0
    name = _clean(values.get("name"))
    name = "" if name in ("log", word) else name
    text, told = _clean(values.get("text")), _dict(values.get("attributes"))
    more = {key: value for key, value in told.items() if not (isinstance(value, str) and _clean(value) in text)}
    return _Line(word, depth, "", name, "", " ".join(part for part in (text, _pairs(more)) if part))


def _level(values: Values) -> str:
    """How important a record is: what failed is an error, what was lost or tried again a warning."""
    match values.get("type"):
        case "span_update":
            return "debug"
        case "span_end" | "run_end":
            return "error" if values.get("status") == "error" else "info"
        case "gap":
            return "warning"
        case "event":
            return _event_level(values)
    return "info"


def _event_level(values: Values) -> str:
    match values.get("class"):
        case "error":
            return "error"
        case "retry":
            return "warning"
        case "token":
            return "debug"
    level = values.get("level")
    return level if isinstance(level, str) and level in LEVELS else "info"


def _depth(seen: _Seen, values: Values) -> int:
    span, parent = _text(values.get("span")), _text(values.get("parent"))
    if (known := seen.depths.get(span)) is not None:
        return known
    return seen.depths.get(parent, 0) + 1


def _amounts(values: Values) -> str:
    usage = _dict(values.get("usage"))
    into, out, total = (_int(usage.get(name)) for name in ("input", "output", "total"))
    parts = []
    if into is not None or out is not None:
        parts.append(f"{tokens(into)}→{tokens(out)} tok")
    elif total is not None:
        parts.append(f"{tokens(total)} tok")
    price = values.get("cost_usd")
    if isinstance(price, int | float) and not isinstance(price, bool):
        parts.append(cost(float(price)))
    return " ".join(parts)


def _failure(values: Values) -> str:
    error = values.get("error")
    if isinstance(error, str):
        return _clean(error)
    found = _dict(error)
    return ": ".join(part for part in (_clean(found.get("type")), _clean(found.get("message"))) if part)


def _input(value: object) -> str:
    """An input that is no object of arguments: its text, or how many messages it holds."""
    if isinstance(value, list):
        what = "message" if all(isinstance(item, dict) and "role" in item for item in value) else "item"
        return f"{len(value)} {what}{'' if len(value) == 1 else 's'}"
    return "" if isinstance(value, dict) else _clean(value)


def _pairs(values: Values) -> str:
    shown = [f"{_clean(name)}={_clean(value)}" for name, value in list(values.items())[:_PAIRS]]
    return " ".join(shown) + (f" and {len(values) - _PAIRS} more" if len(values) > _PAIRS else "")


def _kind(values: Values) -> str:
    return cut(_clean(values.get("kind")), _KIND_CELLS)


def _clean(value: object) -> str:
    """Any value as one clean line."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        import orjson

        value = orjson.dumps(value).decode()
    text = value if isinstance(value, str) else str(value)
    return safe(" ".join(text[:_SHOWN].split())) + (UNICODE.cut if len(text) > _SHOWN else "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _dict(value: object) -> Values:
    return value if isinstance(value, dict) else {}

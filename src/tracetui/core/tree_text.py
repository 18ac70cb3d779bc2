"""A run as lines of plain text: the span tree with times, tokens and cost, and what went wrong below what failed.

Of a filtered run, what only leads to something that was found stands in brackets.
Two blanks a level, no guides. Every line is safe for a terminal; a body may add lines of any length.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT, NO_TIME, EventClass, Kind, SpanDetail, Status
from tracetui.core.run_table import cost_text, span_length_text
from tracetui.core.run_view import EventLine, RunView, SpanLine
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, count, cut, fit, marked, offset, safe, tokens

_GAP: Final = "  "
_LANE: Final = 2
_START, _TIME, _TOKENS, _COST = 8, 7, 7, 8
_NAME_AT_LEAST: Final = 24
_NARROW: Final = 72
"""Below so many columns only the duration stands beside the name."""
_ABOUT_AT_LEAST: Final = 5
_MESSAGE_LINES: Final = 3
_DEEP_SHARE: Final = 3
"""Indentation takes at most this part of the name column; deeper spans show their depth as a number."""
_NAMED_STATUS: Final = {Status.error: "error", Status.open: "open", Status.skipped: "skipped"}


def tree_lines(view: RunView, *, width: int, symbols: Symbols, full: bool = False) -> Iterator[str]:
    """Lines of the tree of a run.

    Args:
        view: The walk over the run.
        width: Columns of the terminal.
        symbols: Which symbols it can show.
        full: With input, output and everything else that was recorded below each span.
    """
    writer = _Writer(view, width, symbols)
    yield writer.heading()
    for line in view:
        if isinstance(line, EventLine):
            yield writer.event(line)
            continue
        yield writer.span(line)
        if line.context:
            continue
        if full:
            yield from writer.body(line)
        else:
            yield from writer.failure(line)


class _Writer:
    def __init__(self, view: RunView, width: int, symbols: Symbols) -> None:
        self._view = view
        self._store = view.store
        self._symbols = symbols
        self._width = width
        self._figures = (_START, _TIME, _TOKENS, _COST) if width >= _NARROW else (_TIME,)
        self._name = max(_NAME_AT_LEAST, width - _LANE - sum(cells + len(_GAP) for cells in self._figures))
        self._begin = view.extent[0]

    def heading(self) -> str:
        """The names of the columns."""
        words = ("start", "time", "tokens", "cost") if len(self._figures) > 1 else ("time",)
        return " " * _LANE + fit("span", self._name) + self._row(words)

    def span(self, line: SpanLine) -> str:
        """The row of a span."""
        spans, row, symbols = self._store.spans, line.row, self._symbols
        lane = _NAMED_STATUS.get(Status(spans.status[row]), "")
        left = self._indent(line.depth) + self._title(line)
        length, is_open = self._view.duration(row)
        usage = self._view.usage(row)
        total, partial = usage.total, False
        if total is None:
            halves = [half for half in (usage.input, usage.output) if half is not None]
            total, partial = (sum(halves) if halves else None), len(halves) == 1
        time = span_length_text(length, int(spans.flags[row]), is_open, symbols)
        texts = (
            self._offset(spans.start[row]),
            time,
            self._or_blank(marked(tokens(total, symbols), partial=partial, symbols=symbols)),
            self._or_blank(cost_text(self._view.cost(row), symbols)),
        )
        mark = f"{symbols[lane]} " if lane else " " * _LANE
        return (mark + fit(left, self._name, symbols=symbols) + self._row(texts)).rstrip()

    def event(self, line: EventLine) -> str:
        """The row of an event, its text to the end of the line."""
        store, symbols = self._store, self._symbols
        cls = EventClass(store.events.cls[line.row]).name
        kind = store.record_type(store.events.record[line.row])
        text = line.detail.text if line.detail is not None else "(changed on disk)"
        said = safe(f"{kind}  {text}" if text and text != kind else kind)
        when = self._offset(store.events.time[line.row])
        lead = f"{' ' * _LANE}{self._indent(line.depth)}{symbols[cls]} "
        room = max(_NAME_AT_LEAST, self._width - cell_width(lead) - cell_width(when) - len(_GAP))
        return f"{lead}{cut(said, room, symbols=symbols)}{_GAP}{when}".rstrip()

    def failure(self, line: SpanLine) -> Iterator[str]:
        """Below a failed span: what its records say of the failure, in a few lines."""
        error = line.detail.error if line.detail is not None else None
        if line.detail is None:
            yield self._below(line, "(changed on disk)")
        if error is None or Status(self._store.spans.status[line.row]) is not Status.error:
            return
        message = f"{error.type}: {error.message}" if error.type and error.type not in error.message else error.message
        lines = safe(message.strip(), newlines=True).split("\n")
        for text in lines[:_MESSAGE_LINES]:
            yield self._below(line, text)
        if len(lines) > _MESSAGE_LINES:
            yield self._below(line, f"{self._symbols['more']} {len(lines) - _MESSAGE_LINES} more lines")

    def body(self, line: SpanLine) -> Iterator[str]:
        """Below every span: everything that was recorded of it."""
        if line.detail is None:
            yield self._below(line, "(changed on disk)")
            return
        for label, text in _sections(line.detail):
            lines = safe(text, newlines=True).split("\n")
            if len(lines) == 1:
                yield self._below(line, f"{label}: {lines[0]}")
                continue
            yield self._below(line, f"{label}:")
            for each in lines:
                yield self._below(line, "  " + each)

    def _title(self, line: SpanLine) -> str:
        spans, row, symbols = self._store.spans, line.row, self._symbols
        kind = Kind(spans.kind[row]).name
        name = safe(self._store.strings[spans.name[row]]) or "(no name)"
        if line.orphan:
            name = "(parent that was not recorded)"
        title = f"{symbols[kind]} {kind} {name}"
        if line.context:
            title = f"({title})"
        notes = []
        if line.hidden is not None:
            notes.append(f"+{count(line.hidden.spans - 1, symbols)}")
            if line.hidden.causes:
                notes.append(f"{symbols['error']}{line.hidden.causes}")
        subject = "" if line.detail is None else safe(line.detail.subject)
        if notes:
            title += f"{_GAP}{' '.join(notes)}"
        elif subject and subject != name and not line.context:
            room = self._name - cell_width(self._indent(line.depth)) - cell_width(title) - len(_GAP)
            if room >= _ABOUT_AT_LEAST:
                title += _GAP + cut(subject, room, symbols=symbols)
        return title

    def _indent(self, depth: int) -> str:
        most = self._name // _DEEP_SHARE // 2
        return "  " * depth if depth <= most else f"{'  ' * most}{depth} "

    def _below(self, line: SpanLine, text: str) -> str:
        return f"{' ' * _LANE}{self._indent(line.depth)}    {text}".rstrip()

    def _offset(self, time: int) -> str:
        known = time != NO_TIME and self._begin != NO_TIME
        return offset(time - self._begin if known else None, self._symbols)

    def _or_blank(self, figure: str) -> str:
        return "" if figure == self._symbols.none else figure

    def _row(self, texts: tuple[str, ...]) -> str:
        chosen = texts if len(self._figures) > 1 else texts[-1:] if len(texts) == 1 else texts[1:2]
        return "".join(
            _GAP + fit(text, cells, align="right", symbols=self._symbols)
            for text, cells in zip(chosen, self._figures, strict=True)
        )


def _sections(detail: SpanDetail) -> Iterator[tuple[str, str]]:
    """What was recorded of a span, as label and text; texts are not safe yet."""
    for label, word in (("id", detail.id), ("model", detail.model), ("provider", detail.provider)):
        if word:
            yield label, word
    if detail.error is not None:
        error = detail.error
        for label, word in (("error", f"{error.type}: {error.message}" if error.type else error.message),):
            yield label, word
        if error.traceback:
            yield "traceback", error.traceback
    for message in detail.messages:
        yield message.role or "message", message.text
        for name, arguments in message.tool_calls:
            yield f"{message.role or 'message'} calls {name}", _value(arguments)
    if detail.input is not ABSENT:
        yield "input", _value(detail.input)
    if detail.output is not ABSENT:
        yield "output", _value(detail.output)
    if detail.attributes:
        yield "attributes", _value(detail.attributes)
    for log in detail.logs:
        yield "log", log


def _value(value: object) -> str:
    """A text as it is, anything else as indented JSON."""
    return value if isinstance(value, str) else json_text(value, indent=True)

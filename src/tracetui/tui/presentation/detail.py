"""What the detail says of a span, as sections of rows: pure functions of `SpanFacts` and a width.

A section holds either rows that are drawn already, a value that folds (`widgets.json_rows`), or a text that wraps
(`presentation.wrap`). Most telling first: status and error, traceback, time, model, tokens, cost, then input and output.
Texts of a trace become safe here; figures that are not recorded are said to be so, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from tracetui.core import text
from tracetui.core.model import ABSENT, Clock, Flag, Message, Status
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.span_facts import Neighbour, SpanFacts
from tracetui.tui.presentation.traceback import MOST_CHARACTERS, frames_of, traceback_rows
from tracetui.tui.presentation.wrap import one_line

Row = list[Piece]

LABEL_CELLS: Final = 10
ONE_LINE_FROM: Final = 60
"""Width of the pane from which on name and path share a line, and the other tabs begin with the figures."""
GUTTER_FROM: Final = 90
"""Width from which on the roles of a conversation stand in a gutter."""
GUTTER: Final = 14
MEASURE: Final = 78
"""Cells of a line of a conversation at most, where it is wide enough."""
MOST_MESSAGE: Final = 8_000
"""Characters of an error message that are wrapped at once."""

_GONE = "changed on disk:"
_STYLES: Final = {"error": "status-error", "open": "status-open", "skipped": "muted", "ok": "muted", "unset": "muted"}
_WORDS: Final = {Status.unset: "ended"}


@dataclass(slots=True)
class Section:
    """A part of a tab. One of `rows`, `value` and `text` says what stands in it."""

    key: str
    """Names it across redraws, so that what was folded stays folded."""
    title: str = ""
    """In the rule above it; no rule without one."""
    fact: str = ""
    """One muted fact at the end of the rule."""
    rows: list[Row] = field(default_factory=list)
    value: object = ABSENT
    """JSON that folds. Untrusted."""
    columns: bool = False
    """Keys and values in two columns instead of braces."""
    groups: frozenset[str] = frozenset()
    """Top keys of `value` that are headings."""
    text: str | None = None
    """Wrapped at the width of the pane. Untrusted."""
    style: str = ""
    """Of the text."""
    indent: int = 0
    """Cells before the text."""
    quoted: str = ""
    """Style of a bar at the left of the text."""
    measure: int = 0
    """Cells of a line of text at most; 0: all there are."""
    tight: bool = False
    """No blank line above it even where there is room."""
    record: int | None = None
    """The record it shows; what `Y` copies there."""
    event: int | None = None
    """The event it shows."""


@dataclass(frozen=True, slots=True)
class Look:
    """How things are to be shown: the room, the symbols, the zone."""

    width: int
    compact: bool = False
    """Few rows: what belongs together shares a line, and no blank lines."""
    symbols: Symbols = UNICODE
    tz: tzinfo | None = None


# ---------------------------------------------------------------- the lines at the top


def title_row(facts: SpanFacts, look: Look) -> Row:
    """Symbol, kind word, name, and, where there is room, the path; the id at the right."""
    width, symbols = look.width, look.symbols
    ident = one_line(facts.detail.id, 200, symbols)
    right: Row = [(cut(ident, 9, "id", symbols), "muted")] if ident else []
    name = one_line(facts.name, 400, symbols) or "(no name)"
    left: Row = [
        (f"{symbols[facts.kind]} ", kind_style(facts.kind)),
        (f"{facts.kind} ", "muted"),
        (name, "strong bold"),
    ]
    if width >= ONE_LINE_FROM and facts.path:
        room = width - width_of(left) - width_of(right) - 4
        if room >= 8:
            left.append(("  " + breadcrumb(facts.path, room, symbols), "muted"))
    return spread(left, right, width, symbols)


def breadcrumb(path: Sequence[str], cells: int, symbols: Symbols = UNICODE) -> str:
    """Where it is; what does not fit is lost at the start."""
    parts: list[str] = []
    used = 0
    for name in reversed(path):
        shown = one_line(name, max(8, cells // 2), symbols)
        used += cell_width(shown) + 3
        parts.append(shown)
        if used > cells + 3:
            break
    whole = f" {symbols['crumb']} ".join(reversed(parts))
    if len(parts) < len(path) and cell_width(whole) <= cells:
        whole = f"{symbols.cut} {symbols['crumb']} {whole}"
    return cut(whole, cells, "start", symbols)


def figures_row(facts: SpanFacts, look: Look) -> Row:
    """Status and figures in one line, for the tabs that do not begin with them."""
    symbols = look.symbols
    word = _status_word(facts)
    pieces: Row = [(f"{symbols.get(facts.status.name)} {word}".lstrip(), _status_style(facts))]
    pieces += [("  ", ""), (_duration(facts, symbols), "")]
    usage = facts.usage
    if usage is not None and (usage.input is not None or usage.output is not None):
        pieces += [("   in ", "muted"), (text.exact(usage.input, symbols), "")]
        if usage.cached is not None:
            pieces.append((f" (cached {text.exact(usage.cached, symbols)})", "muted"))
        pieces += [("  out ", "muted"), (text.exact(usage.output, symbols), "")]
    if facts.kind == "llm" or (usage is not None and usage.cost_usd is not None):
        cost = usage.cost_usd if usage is not None else None
        pieces += [("   cost ", "muted"), (text.cost(cost, symbols), "")]
    return cut_pieces(pieces, look.width, symbols)


def tab_row(tabs: Sequence[tuple[str, int | None]], active: int, look: Look) -> Row:
    """Tabs like chips: `[Overview] Attributes 9  Events 3`; narrower without counts, then only the active one's name."""
    labels = [name if count is None else f"{name} {text.count(count)}" for name, count in tabs]
    for words in (labels, [name for name, _ in tabs], [name[:4] for name, _ in tabs]):
        row: Row = []
        for index, label in enumerate(words):
            if index == active:
                row.append((f"[{label}]", "selected"))
            else:
                empty = tabs[index][1] == 0
                row.append((f" {label} ", "muted" if empty else ""))
        if width_of(row) <= look.width:
            return row
    return cut_pieces(row, look.width, look.symbols)


def tab_at(tabs: Sequence[tuple[str, int | None]], active: int, x: int, look: Look) -> int | None:
    """The tab that is drawn at column `x`."""
    for index, (label, _) in enumerate(tab_row(tabs, active, look)):
        x -= cell_width(label)
        if x < 0:
            return index
    return None


def rule_row(title: str, fact: str, look: Look) -> Row:
    """A section's title in its rule, with one fact at the end."""
    symbols, width = look.symbols, look.width
    title = one_line(title, width, symbols)
    fact = one_line(fact, max(0, width - cell_width(title) - 6), symbols) if fact else ""
    line = width - cell_width(title) - 1 - (cell_width(fact) + 1 if fact else 0)
    pieces: Row = [(f"{title} ", "muted"), (symbols["rule"] * max(0, line), "rule")]
    return cut_pieces([*pieces, (f" {fact}", "muted")] if fact else pieces, width, symbols)


# ---------------------------------------------------------------- overview


def overview(facts: SpanFacts, look: Look) -> list[Section]:
    """The overview of a span, most telling first."""
    sections = [_status(facts, look)]
    if not look.compact:
        sections += _message(facts, look)
    sections += _problem(facts, look)
    if look.compact:
        sections += _traceback(facts, look)
        sections.append(_figures(facts, look))
    else:
        sections.append(_figures(facts, look))
        sections += _traceback(facts, look)
    sections += _texts(facts)
    sections += _bodies(facts)
    sections += _around(facts, look)
    return [section for section in sections if section.rows or section.value is not ABSENT or section.text is not None]


def _status_word(facts: SpanFacts) -> str:
    return _WORDS.get(facts.status, facts.status.name)


def _status_style(facts: SpanFacts) -> str:
    style = _STYLES[facts.status.name]
    return f"{style} bold" if facts.status in (Status.error, Status.open) else style


def _error(facts: SpanFacts) -> tuple[str, str]:
    """Type and message, without saying the type twice."""
    error = facts.detail.error
    if error is None:
        return "", ""
    kind, message = error.type, error.message
    if kind and message.startswith(f"{kind}: "):
        message = message[len(kind) + 2 :]
    if not message and error.traceback and len(error.traceback) <= MOST_CHARACTERS:
        last = error.traceback.strip().rpartition("\n")[2]
        message = last.removeprefix(f"{kind}: ") if kind else last
    return kind, message


def _status(facts: SpanFacts, look: Look) -> Section:
    symbols = look.symbols
    kind, message = _error(facts)
    left: Row = [(f"{symbols.get(facts.status.name)} {_status_word(facts)}".lstrip(), _status_style(facts))]
    if kind:
        left += [
            ("  ", ""),
            (one_line(kind, look.width, symbols) + (":" if look.compact and message else ""), "status-error"),
        ]
    if look.compact and message:
        left += [(" " if kind else "  ", ""), (one_line(message, look.width, symbols), "strong bold")]
    if facts.is_open:
        left += [("  ", ""), (_duration(facts, symbols), "status-open")]
        if facts.same.p95 is not None:
            slow = (facts.duration or 0) > facts.same.p95
            words = f"  p95 {text.duration(facts.same.p95, symbols)}: {'longer than usual' if slow else 'not slow'}"
            left.append((words, "status-warning" if slow else "muted"))
    elif not kind and not message:
        left += [("  ", ""), (_duration(facts, symbols), "")]
    return Section("status", rows=[spread(left, _cause(facts), look.width, symbols)])


def _cause(facts: SpanFacts) -> Row:
    if facts.cause is None:
        return []
    number, total = facts.cause
    if total == 1:
        return [("the only cause", "muted")]
    return [(f"{'first cause  ' if facts.is_first_cause else 'cause '}{number} of {total}", "muted")]


def _message(facts: SpanFacts, look: Look) -> list[Section]:
    """The message of an error, whole, then how the run went on."""
    _, message = _error(facts)
    sections = []
    if message:
        sections.append(Section("message", text=message, style="strong bold", indent=2, tight=True))
    elif facts.status is Status.error:
        words = "failed without a message" if not facts.problem else ""
        sections.append(Section("message", rows=[[("  ", ""), (words, "muted")]] if words else [], tight=True))
    if words := _outcome(facts):
        sections.append(Section("outcome", rows=[cut_pieces([("  ", ""), (words, "muted")], look.width)], tight=True))
    return sections


def _outcome(facts: SpanFacts) -> str:
    """`attempt 3 of 3, not recovered`."""
    parts = []
    if facts.retries and facts.status is Status.error:
        parts.append(f"attempt {facts.retries + 1} of {facts.retries + 1}")
    if facts.status is Status.error and facts.recovered is not None:
        parts.append("recovered" if facts.recovered else "not recovered")
    return ", ".join(parts)


def _problem(facts: SpanFacts, look: Look) -> list[Section]:
    symbols = look.symbols
    if facts.problem == "gone":
        return [more_is_gone(look)]
    if facts.problem == "large":
        size = text.bytes_size(facts.size, symbols)
        row: Row = [(f"{size}, enter parses all", ""), ("  Raw shows its beginning", "muted")]
        return [Section("large", rows=[cut_pieces(row, look.width, symbols)])]
    return []


def more_is_gone(look: Look) -> Section:
    """The bytes behind what is shown are not in their file any more."""
    return Section("gone", rows=[gone_row(look)])


def gone_row(look: Look) -> Row:
    """`✗ changed on disk: this body is gone  r read again`."""
    row: Row = [
        (f"{look.symbols['error']} {_GONE}", "status-error"),
        (" this body is gone  ", ""),
        ("r", "strong bold"),
    ]
    return cut_pieces([*row, (" read again", "muted")], look.width, look.symbols)


def _duration(facts: SpanFacts, symbols: Symbols) -> str:
    worked_out = bool(facts.flags & (Flag.start_inferred | Flag.end_inferred)) or facts.clock is Clock.relative
    return text.marked(text.duration(facts.duration, symbols), worked_out, symbols=symbols)


def _figures(facts: SpanFacts, look: Look) -> Section:
    if look.compact:
        return Section("figures", rows=[_figures_in_one(facts, look), *_usage_rows(facts, look)], tight=True)
    rows = [*_time_rows(facts, look), *_usage_rows(facts, look), *_marks(facts, look)]
    return Section("figures", rows=rows)


def _figures_in_one(facts: SpanFacts, look: Look) -> Row:
    """`attempt 3 of 3, not recovered   1m31s  own 1m31s  12% of the run  +2m04s`."""
    row: Row = [("  ", "")]
    if words := _outcome(facts):
        row.append((words + "   ", "muted"))
    row.append((_duration(facts, look.symbols), ""))
    row += [(f"  {words}", "muted") for words in _beside_time(facts, look.symbols)]
    if facts.start is not None and facts.run_start is not None:
        row.append((f"  {text.offset(facts.start - facts.run_start, look.symbols)}", "muted"))
    return cut_pieces(row, look.width, look.symbols)


def _beside_time(facts: SpanFacts, symbols: Symbols) -> list[str]:
    words = []
    if facts.own is not None:
        words.append(f"own {text.duration(facts.own, symbols)}")
    if facts.duration is not None and facts.run_duration:
        words.append(f"{text.share(min(1.0, facts.duration / facts.run_duration), symbols)} of the run")
    return words


def labelled(label: str, pieces: Row, look: Look) -> Row:
    """A muted label and its figure."""
    return cut_pieces([(label.ljust(LABEL_CELLS), "muted"), *pieces], look.width, look.symbols)


def _time_rows(facts: SpanFacts, look: Look) -> list[Row]:
    symbols = look.symbols
    if facts.start is None and facts.end is None:
        return [labelled("time", [(symbols.none, ""), ("  not recorded", "muted")], look)]
    beside = "   ".join(_beside_time(facts, symbols))
    time: Row = [(_duration(facts, symbols), "status-open" if facts.is_open else "")]
    if facts.duration is None:
        time.append(("  end not recorded" if facts.start is not None else "  start not recorded", "muted"))
    rows = [labelled("time", [*time, ("   " + beside, "muted")] if beside else time, look)]
    if facts.start is not None:
        since = None if facts.run_start is None else facts.start - facts.run_start
        worked_out = bool(facts.flags & Flag.start_inferred)
        started: Row = [(text.marked(text.offset(since, symbols), worked_out, symbols=symbols), "")]
        if facts.clock not in (Clock.relative, Clock.order_only) and look.tz is not None:
            zone = symbols.computed if facts.clock is Clock.assumed else ""
            started.append((f"   {zone}{text.wall_time_full(facts.start, look.tz, symbols)}", "muted"))
        rows.append(labelled("started", started, look))
    if facts.retries:
        times = "  ".join(text.duration(attempt, symbols) for attempt in facts.attempts[:8])
        more = f" {symbols.cut}" if len(facts.attempts) > 8 else ""
        attempts: Row = [
            (times + more + "  " if times else "", ""),
            (f"{symbols['retry']}{facts.retries}", "status-warning"),
        ]
        rows.append(labelled("attempts", [piece for piece in attempts if piece[0]], look))
    return rows


def _usage_rows(facts: SpanFacts, look: Look) -> list[Row]:
    symbols, rows = look.symbols, []
    if facts.model or facts.kind == "llm":
        model: Row = [(one_line(facts.model, look.width, symbols), "")] if facts.model else [(symbols.none, ""), _NOT]
        if facts.detail.provider:
            model.append((f"  {one_line(facts.detail.provider, look.width, symbols)}", "muted"))
        rows.append(labelled("model", model, look))
    usage = facts.usage
    if usage is None and facts.kind != "llm":
        return rows
    rows.append(labelled("tokens", _tokens(facts, symbols), look))
    cost = None if usage is None else usage.cost_usd
    if cost is not None:
        rows.append(labelled("cost", [(text.cost_full(cost, symbols), ""), ("  recorded", "muted")], look))
    elif facts.kind == "llm":
        why: Piece = ("  until it ends", "muted") if facts.is_open else _NOT
        rows.append(labelled("cost", [(symbols.none, ""), why], look))
    return rows


_NOT: Final[Piece] = ("  not recorded", "muted")


def _tokens(facts: SpanFacts, symbols: Symbols) -> Row:
    """`3,645  in 3,571 (cached 32)  out 74 (reasoning 12)`; a total that nobody recorded is worked out and marked."""
    usage = facts.usage
    if usage is None or all(
        figure is None for figure in (usage.total, usage.input, usage.output, usage.cached, usage.reasoning)
    ):
        return [(symbols.none, ""), ("  until it ends", "muted") if facts.is_open else _NOT]
    total, worked_out = usage.total, False
    if total is None:
        total, worked_out = (usage.input or 0) + (usage.output or 0), True
    partial = worked_out and (usage.input is None or usage.output is None)
    pieces: Row = [(text.marked(text.exact(total, symbols), worked_out and not partial, partial, symbols), "")]
    inside = [("cached", usage.cached), ("written to cache", usage.cache_write)]
    pieces += _part("in", usage.input, inside, facts, symbols)
    return pieces + _part("out", usage.output, [("reasoning", usage.reasoning)], facts, symbols)


def _part(
    word: str, figure: int | None, inside: list[tuple[str, int | None]], facts: SpanFacts, symbols: Symbols
) -> Row:
    shown = symbols.reading if figure is None and facts.is_open else text.exact(figure, symbols)
    pieces: Row = [(f"  {word} ", "muted"), (shown, "")]
    known = [f"{name} {text.exact(number, symbols)}" for name, number in inside if number is not None]
    return [*pieces, (f" ({', '.join(known)})", "muted")] if known else pieces


def _marks(facts: SpanFacts, look: Look) -> list[Row]:
    """What the marks in the figures above mean, in words."""
    symbols, worked_out, usage = look.symbols, [], facts.usage
    if facts.flags & Flag.start_inferred:
        worked_out.append("start")
    if facts.flags & Flag.end_inferred:
        worked_out.append("end")
    if facts.flags & Flag.parent_inferred:
        worked_out.append("parent (by time)")
    if facts.clock is Clock.assumed:
        worked_out.append("zone (yours is assumed)")
    if facts.clock is Clock.relative:
        worked_out.append("times (durations laid end to end)")
    has_tokens = usage is not None and usage.total is None and (usage.input is not None or usage.output is not None)
    if has_tokens and usage is not None and usage.input is not None and usage.output is not None:
        worked_out.append("total (in + out)")
    rows = []
    if worked_out:
        rows.append(
            cut_pieces([(f"{symbols.computed} worked out here: {', '.join(worked_out)}", "muted")], look.width, symbols)
        )
    if has_tokens and usage is not None and (usage.input is None or usage.output is None):
        rows.append(
            cut_pieces([(f"{symbols.at_least} at least: a part is not recorded", "muted")], look.width, symbols)
        )
    return rows


def _traceback(facts: SpanFacts, look: Look) -> list[Section]:
    error = facts.detail.error
    if error is None or not error.traceback.strip():
        return []
    if len(error.traceback) > MOST_CHARACTERS:
        fact = f"{text.exact(len(error.traceback), look.symbols)} characters"
        return [Section("traceback", "Traceback", fact, text=error.traceback)]
    rows = traceback_rows(error.traceback, look.width, look.compact, look.symbols)
    is_python = any(not isinstance(part, str) for part in frames_of(error.traceback))
    return [Section("traceback", "Traceback", "most recent last" if is_python and not look.compact else "", rows=rows)]


def _texts(facts: SpanFacts) -> list[Section]:
    if not facts.detail.logs:
        return []
    number = len(facts.detail.logs)
    return [
        Section("logs", "Log", f"{number:,} {'line' if number == 1 else 'lines'}", text="\n".join(facts.detail.logs))
    ]


def _bodies(facts: SpanFacts) -> list[Section]:
    """Input and output, or why there is none."""
    if facts.problem:
        return []
    detail, sections = facts.detail, []
    if detail.messages and facts.kind == "llm":
        sections.append(Section("messages", "Messages", f"{len(detail.messages):,}  in their own tab", rows=[]))
    sections.append(body_section("input", "Input", detail.input, "none recorded"))
    why = "none recorded"
    if facts.status is Status.error:
        why = "none: the span failed before it returned"
    elif facts.is_open:
        why = "none yet: the span is open"
    elif facts.status is Status.skipped:
        why = "none: the span was skipped"
    sections.append(body_section("output", "Output", detail.output, why))
    return sections


def body_section(key: str, title: str, value: object, why_none: str) -> Section:
    """A value as text or as JSON that folds; JSON inside text is parsed and said to be."""
    if value is ABSENT:
        return Section(key, title, rows=[[(why_none, "muted")]])
    if isinstance(value, str):
        from tracetui.core.bodies import NOT_JSON, PARSED_AT_ONCE, json_in_text

        parsed = json_in_text(value) if len(value) <= PARSED_AT_ONCE else NOT_JSON
        if parsed is NOT_JSON:
            if not value:
                return Section(key, title, rows=[[("empty text", "muted")]])
            fact = f"{len(value):,} characters" if len(value) > 200 else ""
            return Section(key, title, fact, text=value)
        return Section(key, title, f"JSON in text, parsed  {_size_words(parsed)}", value=parsed)
    return Section(key, title, _size_words(value), value=value)


def _size_words(value: object) -> str:
    if isinstance(value, dict):
        return f"{len(value):,} key{'' if len(value) == 1 else 's'}"
    if isinstance(value, (list, tuple)):
        return f"{len(value):,} item{'' if len(value) == 1 else 's'}"
    return ""


def _around(facts: SpanFacts, look: Look) -> list[Section]:
    rows: list[Row] = []
    for label, neighbour in (("before", facts.before), ("after", facts.after)):
        if neighbour is not None:
            rows.append(_neighbour_row(label, neighbour, look))
    if facts.same.count:
        rows.append(_same_row(facts, look))
    return [Section("around", "Around it", rows=rows)] if rows else []


def _neighbour_row(label: str, neighbour: Neighbour, look: Look) -> Row:
    symbols = look.symbols
    left: Row = [
        (label.ljust(8), "muted"),
        (f"{symbols[neighbour.kind]} ", kind_style(neighbour.kind)),
        (one_line(neighbour.name, max(8, look.width // 2), symbols), ""),
    ]
    style = "status-error" if neighbour.status is Status.error else "muted"
    word = _WORDS.get(neighbour.status, neighbour.status.name)
    shown = f"{symbols['error']} {word}" if neighbour.status is Status.error else word
    right: Row = [(f"{shown}  {text.duration(neighbour.duration, symbols):>6}", style)]
    return spread(left, right, look.width, symbols)


def _same_row(facts: SpanFacts, look: Look) -> Row:
    same, symbols = facts.same, look.symbols
    words = "all ok" if not same.failed else f"{text.count(same.failed)} failed"
    p95 = "" if same.p95 is None else f", p95 {text.duration(same.p95, symbols)}"
    name = one_line(facts.name, max(8, look.width // 2), symbols)
    pieces: Row = [("same".ljust(8), "muted"), (text.count(same.count), ""), (f" other {name}, {words}{p95}", "muted")]
    return cut_pieces(pieces, look.width, symbols)


# ---------------------------------------------------------------- messages


def messages(found: Sequence[Message], look: Look) -> list[Section]:
    """A conversation: roles, text, tool calls, and results with a bar at their left."""
    sections: list[Section] = []
    for number, message in enumerate(found):
        sections += _message_sections(number, message, look)
    return sections


def _message_sections(number: int, message: Message, look: Look) -> list[Section]:
    symbols = look.symbols
    is_result = bool(message.tool_name) or message.role in ("tool", "function")
    role = one_line(message.role, 40, symbols) or "(no role)"
    if is_result:
        head: Row = [(f"{symbols['result']} result", "muted"), ("  " + one_line(message.tool_name, 60, symbols), "")]
    else:
        head = [(role, "strong bold")]
    sections = [Section(f"m{number}", rows=[cut_pieces(head, look.width, symbols)])]
    indent, measure = (GUTTER, MEASURE) if look.width >= GUTTER_FROM else (2, 0)
    if message.text:
        sections.append(
            Section(f"m{number}.text", text=message.text, indent=indent, measure=measure, tight=True,
                    quoted="muted" if is_result else "")
        )  # fmt: skip
    for call, (name, arguments) in enumerate(message.tool_calls):
        tool: Row = [(" " * indent, ""), (f"{symbols['tool']} ", kind_style("tool"))]
        tool.append((one_line(name, 80, symbols), "strong bold"))
        sections.append(Section(f"m{number}.c{call}", rows=[cut_pieces(tool, look.width, symbols)], tight=True))
        section = body_section(f"m{number}.a{call}", "", arguments, "no arguments recorded")
        section.indent, section.tight, section.fact = indent + 2, True, ""
        sections.append(section)
    if not message.text and not message.tool_calls:
        sections.append(Section(f"m{number}.none", rows=[[(" " * indent + "empty", "muted")]], tight=True))
    return sections


# ---------------------------------------------------------------- attributes


def attributes(facts: SpanFacts, look: Look) -> list[Section]:
    """What the producer recorded beside all that has a place of its own, by families of dotted keys; then what we added."""
    found = facts.detail.attributes
    sections = []
    if found:
        value, groups = grouped(found)
        sections.append(Section("attributes", value=value, columns=True, groups=groups))
    elif not facts.problem:
        sections.append(
            Section(
                "attributes",
                rows=[
                    [("No attributes.", "strong bold")],
                ],
            )
        )
    worked_out = _marks(facts, look)
    if worked_out:
        sections.append(Section("worked out", "worked out here", rows=worked_out))
    return sections


def grouped(found: dict[str, object]) -> tuple[dict[str, object], frozenset[str]]:
    """Keys of the same first part (`gen_ai.…`) together, where three or more share it; the others first, as they were."""
    families: dict[str, list[str]] = {}
    for key in found:
        first, dot, rest = str(key).partition(".")
        if dot and first and rest:
            families.setdefault(first, []).append(key)
    groups = frozenset(first for first, keys in families.items() if len(keys) >= 3 and first not in found)
    plain = {key: value for key, value in found.items() if str(key).partition(".")[0] not in groups}
    families_shown: dict[str, object] = {
        first: {str(key).partition(".")[2]: found[key] for key in families[first]}
        for first in families
        if first in groups
    }
    return {**plain, **families_shown}, groups

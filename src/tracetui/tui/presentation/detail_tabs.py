"""The other things that the detail shows: one event, a whole run, and the rows of its lists (events, records).

Pure functions of plain values, beside `presentation.detail`, which is about spans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath

from tracetui.core import text
from tracetui.core.model import Clock
from tracetui.core.relations import NOT_HERE
from tracetui.core.run_status import length_marks
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, fit, safe
from tracetui.tui.presentation.detail import (
    Look,
    Row,
    Section,
    breadcrumb,
    copied_from,
    labelled,
    more_is_gone,
    wall_pieces,
)
from tracetui.tui.presentation.pieces import cut_pieces, spread, width_of
from tracetui.tui.presentation.rows import event_style
from tracetui.tui.presentation.wrap import one_line

TIME_CELLS = 8
_MANY_PATHS = 5


@dataclass(slots=True)
class EventFacts:
    """An event as the detail shows it. Texts are as recorded, times ns since the epoch."""

    cls: str
    type: str
    text: str = ""
    span: str = ""
    """Name of its span; empty for an event of the run."""
    path: tuple[str, ...] = ()
    time: int | None = None
    run_start: int | None = None
    clock: Clock = Clock.utc
    attributes: dict[str, object] = field(default_factory=dict)
    is_gone: bool = False


@dataclass(slots=True, frozen=True)
class Related:
    """A run that belongs to another, as the detail shows it. Texts are as recorded."""

    words: str
    """What it is to the other: `started by`. Our own."""
    id: str
    name: str
    status: str | None
    """None: it is not here."""
    span: str = ""
    """Name of the span that started the one or the other; else its id."""


@dataclass(slots=True)
class RunFacts:
    """A run as the detail shows it. Texts are as recorded."""

    status: str
    reason: str
    name: str
    id: str
    format: str
    paths: list[str] = field(default_factory=list)
    start: int | None = None
    duration: int | None = None
    duration_source: str = ""
    clock: Clock = Clock.utc
    notes: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    """What had to be put right, worked out or left out, a line each."""
    links: int = 0
    """Related runs."""
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    """Label, figure, and what it means, of the totals; made by `totals`."""
    types: list[tuple[str, int]] = field(default_factory=list)
    """Records by the producer's name of their type, most first."""
    meta: dict[str, object] = field(default_factory=dict)
    bad: int = 0
    is_complete: bool = True


# ---------------------------------------------------------------- an event


def event_title(facts: EventFacts, look: Look) -> Row:
    """Symbol, class, the producer's type; where it happened."""
    symbols, width = look.symbols, look.width
    left: Row = [(f"{symbols[facts.cls]} ", event_style(facts.cls)), (f"{facts.cls} ", "muted")]
    left.append((one_line(facts.type, width, symbols) or "(no type)", "strong bold"))
    path = (*facts.path, facts.span) if facts.span else ()
    room = width - width_of(left) - 4
    if width >= 60 and path and room >= 8:
        left.append(("  " + breadcrumb(path, room, symbols), "muted"))
    return spread(left, [], width, symbols)


def event_overview(facts: EventFacts, look: Look) -> list[Section]:
    """What an event says, when it was, then all its values."""
    sections = []
    if facts.text:
        style = "status-error bold" if facts.cls == "error" else "strong bold"
        sections.append(Section("text", text=facts.text, style=style))
    if facts.is_gone:
        sections.append(more_is_gone(look))
    rows = [labelled("time", when(facts.time, facts.run_start, facts.clock, look), look)]
    rows.append(labelled("type", [(one_line(facts.type, look.width, look.symbols), "")], look))
    if facts.span:
        rows.append(labelled("span", [(one_line(facts.span, look.width, look.symbols), "")], look))
    sections.append(Section("figures", rows=rows))
    if facts.attributes:
        sections.append(Section("attributes", "Attributes", f"{len(facts.attributes):,}", value=facts.attributes))
    return sections


def when(time: int | None, run_start: int | None, clock: Clock, look: Look) -> Row:
    """`+2m04s   2026-11-20 21:34:40.118`."""
    if time is None:
        return [(look.symbols.none, ""), ("  not recorded", "muted")]
    since = None if run_start is None else time - run_start
    row: Row = [(text.offset(since, look.symbols), "")]
    return [*row, *wall_pieces(time, clock, look, width_of(row))]


def event_row(
    cls: str, type: str, words: str, since: int | None, width: int, selected: str, symbols: Symbols, is_open: bool
) -> Row:
    """An event in the list of a span's events: time, symbol, text; its type at the right where there is room."""
    mark = symbols["fold_open" if is_open else "fold_closed"]
    left: Row = [(f"{mark} ", "muted"), (fit(text.offset(since, symbols), TIME_CELLS, symbols=symbols) + " ", "muted")]
    left.append((f"{symbols[cls]} ", event_style(cls)))
    left.append((one_line(words or type, width, symbols), selected or ("" if cls in ("error", "retry") else "text")))
    right: Row = [(one_line(type, 30, symbols), "muted")] if words and width >= 60 else []
    return spread(left, right, width, symbols)


def record_row(
    place: str, line: int, type: str, size: int, width: int, selected: str, symbols: Symbols, is_open: bool
) -> Row:
    """A record in the raw tab: its type, file and line, and its size."""
    mark = symbols["fold_open" if is_open else "fold_closed"]
    right: Row = [(text.bytes_size(size, symbols), "muted")]
    name = safe(PurePath(place).name) if place else "(file not known)"
    where = f"{name}:{line}" if line else name
    left: Row = [(f"{mark} ", "muted"), (one_line(type, max(8, width // 2), symbols) or "record", selected or "strong")]
    room = width - width_of(left) - width_of(right) - 4
    if room >= 6:
        left.append(("  " + cut(where, room, "middle", symbols), "muted"))
    return spread(left, right, width, symbols)


# ---------------------------------------------------------------- a run


def run_title(facts: RunFacts, look: Look) -> Row:
    """Status, name and format of a run."""
    symbols = look.symbols
    ident = one_line(facts.id, 200, symbols)
    left: Row = [
        ("run ", "muted"),
        (one_line(facts.name or facts.id, look.width, symbols) or "(no name)", "strong bold"),
    ]
    right: Row = [(cut(ident, 9, "id", symbols), "muted")] if ident and facts.name and ident != facts.name else []
    return spread(left, right, look.width, symbols)


_RUN_STYLES = {
    "error": "status-error bold",
    "running": "status-open bold",
    "stalled": "status-warning bold",
    "unfinished": "status-warning bold",
}


def run_overview(facts: RunFacts, look: Look) -> list[Section]:
    """Status and why, times, related runs, what was repaired, totals, notes, files, what the recording says of itself."""
    symbols = look.symbols
    status: Row = [(f"{symbols.get(facts.status)} {facts.status}", _RUN_STYLES.get(facts.status, "muted"))]
    sections = [Section("status", rows=[status], copies=[facts.status])]
    if facts.reason:
        sections.append(Section("reason", text=facts.reason, indent=2, tight=True))
    none = look.symbols.none
    wall = [] if facts.start is None else wall_pieces(facts.start, facts.clock, look)
    started = [(words.strip(), "") for words, _ in wall] or [(none, ""), ("  not recorded", "muted")]
    rows = [labelled("started", started, look)]
    source = {"recorded": "  recorded", "derived": "", "last_record": "  up to the last record"}
    words = source.get(facts.duration_source, "") if facts.duration is not None else "  not recorded"
    figure = text.marked(
        text.duration(facts.duration, symbols), *length_marks(facts.status, facts.duration_source), symbols=symbols
    )
    rows.append(labelled("time", [(figure, ""), (words, "muted")], look))
    rows.append(labelled("format", [(one_line(facts.format, look.width, symbols), "")], look))
    rows.append(labelled("id", [(cut(safe(facts.id[:400]), max(1, look.width - 10), "middle", symbols), "")], look))
    if facts.clock is not Clock.utc:
        rows.append(labelled("clock", [(_CLOCKS[facts.clock], "muted")], look))
    copies = [facts.id if row[0][0].startswith("id ") else copied_from(row) for row in rows]
    sections.append(Section("figures", rows=rows, copies=copies))
    if facts.links:
        sections.append(links_section(facts.links))
    if facts.repairs:
        sections.append(Section("repairs", "Repair report", "enter or R shows where"))
    totals = [
        labelled(label, [(figure, ""), (f"  {words}" if words else "", "muted")], look)
        for label, figure, words in facts.figures
    ]
    sections.append(Section("totals", "Totals", "" if facts.is_complete else "still reading", rows=totals))
    sections += _lists(facts, look)
    if facts.meta:
        sections.append(Section("meta", "Recorded of the run", f"{len(facts.meta):,}", value=facts.meta, columns=True))
    return sections


_CLOCKS = {
    Clock.inferred: "zone worked out from the recording",
    Clock.assumed: "no zone recorded: yours is assumed",
    Clock.relative: "only durations recorded, laid end to end",
    Clock.order_only: "no times recorded: shown in order",
}


def links_section(count: int) -> Section:
    """The heading of related runs; the rows below it lead there, so what shows it makes them."""
    return Section("links", "Related runs", f"{count:,}")


def related_row(related: Related, width: int, selected: str, symbols: Symbols) -> Row:
    """`started by  ✓ planner  in plan_step`, with the id at the right; or that it is not here."""
    left: Row = [(fit(related.words, 13, symbols=symbols) + " ", "muted")]
    here = related.status is not None
    if here:
        left.append((f"{symbols.get(related.status or '')} ", _RUN_STYLES.get(related.status or "", "muted")))
    called = one_line(related.name or related.id, width, symbols)
    left.append((called or "(no name)", selected or ("strong" if here else "")))
    if related.span:
        left += [("  in ", "muted"), (one_line(related.span, max(8, width // 3), symbols), "")]
    if not here:
        return spread(left, [(NOT_HERE, "muted")], width, symbols)
    right: Row = [(cut(one_line(related.id, 200, symbols), 9, "id", symbols), "muted")] if related.name else []
    return spread(left, right, width, symbols)


def _lists(facts: RunFacts, look: Look) -> list[Section]:
    sections = []
    if facts.notes:
        sections.append(Section("notes", "Notes", f"{len(facts.notes):,}", text="\n".join(facts.notes)))
    paths = "\n".join(safe(path) for path in facts.paths)
    if paths:
        fact = f"{len(facts.paths):,} file{'' if len(facts.paths) == 1 else 's'}"
        if len(facts.paths) <= _MANY_PATHS:
            rows = [[(cut(safe(path), look.width, "folders", look.symbols), "")] for path in facts.paths]
            sections.append(Section("paths", "Files", fact, rows=rows, copies=list(facts.paths)))
        else:
            sections.append(Section("paths", "Files", fact, text=paths))
    if facts.types:
        rows = [_type_row(name, number, look) for name, number in facts.types]
        names = [name for name, _ in facts.types]
        sections.append(Section("types", "Records by type", f"{len(facts.types):,}", rows=rows, copies=names))
    return sections


def _type_row(name: str, number: int, look: Look) -> Row:
    figure = text.count(number, look.symbols).rjust(6)
    room = max(1, look.width - cell_width(figure) - 2)
    return cut_pieces([(figure, ""), ("  " + one_line(name, room, look.symbols), "muted")], look.width, look.symbols)

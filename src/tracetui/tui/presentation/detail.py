"""What the detail is made of, and the lines at its top: pure functions of `SpanFacts` and a width.

A section holds either rows that are drawn already, a value that folds (`widgets.json_rows`), or a text that wraps
(`presentation.wrap`). `presentation.overview`, `presentation.conversation` and `presentation.detail_tabs` make sections.
Texts of a trace become safe here; figures that are not recorded are said to be so, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final, Literal

from tracetui.core import text
from tracetui.core.model import ABSENT, TIME_INFERRED, Clock, Status
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.span_facts import SpanFacts
from tracetui.tui.presentation.wrap import one_line

Row = list[Piece]

LABEL_CELLS: Final = 10
ONE_LINE_FROM: Final = 60
"""Width of the pane from which on name and path share a line, and the other tabs begin with the figures."""

_LEAST_USED_TABS: Final = ("Events", "Raw", "Messages", "Attributes")
_GONE: Final = "changed on disk:"
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
    title_style: str = "muted"
    rows: list[Row] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    """What is copied from each of `rows`; a single one: from all of them. Untrusted; none: what `copied_from` finds."""
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
    sort: str = ""
    """Of the text: `markdown`, `code`, `diff`; else it is shown as written."""
    language: str = ""
    """Of code."""
    most: int = 0
    """Rows of the text that are shown before one asks for more; 0: as many as usual."""
    indent: int = 0
    """Cells before the text."""
    lead: Row = field(default_factory=list)
    """Stands in the indent of the first row of the text."""
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
    between = f" {symbols['crumb']} "
    while len(parts) > 1 and cell_width(between.join(parts)) > cells - (4 if len(parts) < len(path) else 0):
        parts.pop()
    whole = between.join(reversed(parts))
    if len(parts) < len(path):
        whole = f"{symbols.cut}{between}{whole}"
    return cut(whole, cells, "start", symbols)


def figures_row(facts: SpanFacts, look: Look) -> Row:
    """Status and figures in one line, for the tabs that do not begin with them."""
    symbols = look.symbols
    word = status_word(facts)
    pieces: Row = [(f"{symbols.get(facts.status.name)} {word}".lstrip(), status_style(facts))]
    pieces += [("  ", ""), (duration_words(facts, symbols), "")]
    usage = facts.usage
    if usage is not None and (usage.input is not None or usage.output is not None):
        pieces += [("   in ", "muted"), (text.exact(usage.input, symbols), "")]
        if usage.cached is not None:
            pieces.append((f" (cached {text.exact(usage.cached, symbols)})", "muted"))
        pieces += [("  out ", "muted"), (text.exact(usage.output, symbols), "")]
    if facts.kind == "llm" or facts.cost.usd is not None:
        figure = text.cost(facts.cost.usd, symbols)
        marks = facts.cost.computed is not None, facts.cost.partial
        pieces += [("   cost ", "muted"), (text.marked(figure, *marks, symbols), "")]
    if facts.call is not None and look.width >= ONE_LINE_FROM:
        number, total = facts.call
        pieces.append((f"   call {text.count(number, symbols)} of {text.count(total, symbols)}", "muted"))
    return cut_pieces(pieces, look.width, symbols)


def tab_row(tabs: Sequence[tuple[str, int | None]], active: int, look: Look) -> Row:
    """Tabs like chips: `[Overview] Attributes 9  Events 3`.

    What is tried in turn until it fits: no counts, a single blank between, fewer tabs and `…` for those that are looked at
    least; `[ ]` comes to them all the same.
    """
    return [piece for piece, _ in _tab_pieces(tabs, active, look)]


def tab_at(tabs: Sequence[tuple[str, int | None]], active: int, x: int, look: Look) -> int | None:
    """The tab that is drawn at column `x`."""
    for (label, _), index in _tab_pieces(tabs, active, look):
        x -= cell_width(label)
        if x < 0:
            return index
    return None


def _tab_pieces(tabs: Sequence[tuple[str, int | None]], active: int, look: Look) -> list[tuple[Piece, int | None]]:
    """Pieces, each with the tab that it stands for."""
    every = range(len(tabs))
    to_go = sorted((index for index in every if index != active), key=lambda index: _use(tabs[index][0]))
    forms = [_tab_form(tabs, active, every, "all"), _tab_form(tabs, active, every, "none")]
    forms.append(_tab_form(tabs, active, every, "tight"))
    for count in range(1, len(tabs)):
        shown = [index for index in every if index not in to_go[:count]]
        forms.append([*_tab_form(tabs, active, shown, "tight"), ((f" {look.symbols.cut}", "muted"), None)])
    return next((form for form in forms if width_of([piece for piece, _ in form]) <= look.width), forms[-1])


def _use(name: str) -> int:
    return _LEAST_USED_TABS.index(name) if name in _LEAST_USED_TABS else len(_LEAST_USED_TABS)


def _tab_form(
    tabs: Sequence[tuple[str, int | None]],
    active: int,
    shown: Sequence[int],
    form: Literal["all", "none", "tight"],
) -> list[tuple[Piece, int | None]]:
    """These tabs, with all counts, without counts, or without counts and a single blank between."""
    pieces: list[tuple[Piece, int | None]] = []
    for index in shown:
        name, count = tabs[index]
        label = f"{name} {text.count(count)}" if count is not None and form == "all" else name
        if form == "tight" and (pieces or index != active):
            pieces.append(((" ", ""), None))
        if index == active:
            pieces.append(((f"[{label}]", "selected"), index))
        else:
            pieces.append(((label if form == "tight" else f" {label} ", "muted" if count == 0 else ""), index))
    return pieces


def rule_row(title: str, fact: str, look: Look, style: str = "muted") -> Row:
    """A section's title in its rule, with one fact at the end."""
    symbols, width = look.symbols, look.width
    title = one_line(title, width, symbols)
    fact = one_line(fact, max(0, width - cell_width(title) - 6), symbols) if fact else ""
    line = width - cell_width(title) - 1 - (cell_width(fact) + 1 if fact else 0)
    pieces: Row = [(f"{title} ", style), (symbols["rule"] * max(0, line), "rule")]
    return cut_pieces([*pieces, (f" {fact}", "muted")] if fact else pieces, width, symbols)


def has_content(section: Section) -> bool:
    """Whether anything stands below the rule of a section."""
    return bool(section.rows) or section.value is not ABSENT or section.text is not None


def status_word(facts: SpanFacts) -> str:
    """The word for the status of a span."""
    return _WORDS.get(facts.status, facts.status.name)


def status_style(facts: SpanFacts) -> str:
    """The style of that word."""
    style = "status-warning" if facts.given_up else _STYLES[facts.status.name]
    return f"{style} bold" if facts.status in (Status.error, Status.open) else style


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


def duration_words(facts: SpanFacts, symbols: Symbols) -> str:
    """How long it took, with a mark where that was worked out."""
    worked_out = bool(facts.flags & TIME_INFERRED) or facts.clock is Clock.relative
    return text.marked(text.duration(facts.duration, symbols), worked_out, symbols=symbols)


def labelled(label: str, pieces: Row, look: Look) -> Row:
    """A muted label and its figure."""
    return cut_pieces([(label.ljust(LABEL_CELLS), "muted"), *pieces], look.width, look.symbols)


def copied_from(row: Row) -> str:
    """What is copied from a drawn row: the figure behind a label, else all of it."""
    if len(row) > 1 and row[0][1] == "muted" and len(row[0][0]) == LABEL_CELLS:
        return row[1][0].strip()
    return "".join(words for words, _ in row).strip()


def that_fit(first: Row, others: Sequence[Piece], look: Look) -> Row:
    """`first` and as many of the others as fit behind it and a label: a figure is shown whole or not at all."""
    room = look.width - LABEL_CELLS - width_of(first)
    kept = list(first)
    for piece in others:
        room -= cell_width(piece[0])
        if room < 0:
            break
        kept.append(piece)
    return kept


def wall_pieces(time: int, clock: Clock, look: Look, used: int = 0) -> Row:
    """Date and time behind a label and `used` cells, or only the time of day where there is less room."""
    if clock in (Clock.relative, Clock.order_only) or look.tz is None:
        return []
    zone = look.symbols.computed if clock is Clock.assumed else ""
    for words in (text.wall_time_full(time, look.tz, look.symbols), text.clock_time(time, look.tz, look.symbols)):
        if LABEL_CELLS + used + 3 + len(zone) + len(words) <= look.width:
            return [(f"   {zone}{words}", "muted")]
    return []


def body_section(key: str, title: str, value: object, why_none: str) -> Section:
    """A value as text or as JSON that folds; JSON inside text is parsed and said to be."""
    if value is ABSENT:
        return Section(key, title, text=why_none, style="muted")
    if isinstance(value, str):
        from tracetui.core.bodies import NOT_JSON, PARSED_HERE, json_in_text

        parsed = json_in_text(value) if len(value) <= PARSED_HERE else NOT_JSON
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

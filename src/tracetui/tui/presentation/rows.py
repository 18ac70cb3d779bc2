"""Rows of the span tree as pieces: pure functions from what a row says to what is drawn.

`widgets.span_data` fills `SpanRow` and `EventRow` from the store; nothing here knows the store, and all texts are safe
already. A row in the usual case has at most eight changes of style, since each one is bytes on the link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tracetui.core import text
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, fit
from tracetui.tui.presentation.columns import GAP, LEAD, SpanColumns
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of

Tone = Literal["", "error", "open", "gone"]
"""Colour of time and bar: a cause of failure, still open, open in a run whose writer is gone."""

Fold = Literal["", "open", "closed"]
"""Nothing to fold, its children are shown, they are folded away."""

MUTED: Final = "muted"
SELECTED: Final = "selected"
SELECTED_ELSEWHERE: Final = "beside"
HIT: Final = "hit"
ERROR: Final = "status-error"
WARNING: Final = "status-warning"
OPEN: Final = "status-open"

LANE_STYLES: Final = {"error": ERROR, "open": OPEN, "skipped": MUTED, "slow": WARNING}
_TONE_STYLES: Final[dict[str, str]] = {"": "", "error": ERROR, "open": OPEN, "gone": WARNING}
_KIND_STYLES: Final = {
    "agent": "kind-agent",
    "llm": "kind-llm",
    "tool": "kind-tool",
    "retriever": "kind-retrieval",
    "embedding": "kind-retrieval",
    "reranker": "kind-retrieval",
    "guardrail": "kind-check",
    "evaluator": "kind-check",
}
_EVENT_STYLES: Final = {"error": ERROR, "retry": WARNING}

LEAST_ABOUT: Final = 5
"""Cells below which what a span was about is left out."""
_LEAST_NAME: Final = 12


@dataclass(frozen=True, slots=True)
class SpanRow:
    """What the row of a span says. Texts are safe; times are ns, costs US dollars; None is not recorded."""

    depth: int
    kind: str
    """Word of its kind."""
    name: str
    about: str = ""
    """What it was about, its error, or why it is slow."""
    lane: str = ""
    """Word of the status lane: `error`, `open`, `skipped`, `slow`, or none."""
    fold: Fold = ""
    tone: Tone = ""
    dim: bool = False
    """Kept only as ancestor of what a chip or filter shows."""
    placeholder: bool = False
    """A parent that was named and never recorded."""
    start: int | None = None
    """Since the start of the run."""
    time: int | None = None
    tokens: int | None = None
    cost: float | None = None
    start_computed: bool = False
    time_computed: bool = False
    tokens_computed: bool = False
    tokens_partial: bool = False
    cost_computed: bool = False
    cost_partial: bool = False
    parent_computed: bool = False
    sums_shown: bool = False
    """Tokens and cost stand for the rows that a fold hides."""
    causes: int = 0
    retries: int = 0
    spans: int = 0
    """Spans below, where a fold hides them."""
    hits: tuple[tuple[int, int], ...] = ()
    """Where a search hit the name: (start, end) in characters."""
    marked: bool = False
    """It has a bookmark."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """What the row of an event says."""

    depth: int
    cls: str
    """Word of its class."""
    text: str
    cell: int | None = None
    """Cell of the bar column at its time; None without one."""
    marked: bool = False
    """It has a bookmark."""


def kind_style(kind: str) -> str:
    """The style of the symbol and the bar of a kind."""
    return _KIND_STYLES.get(kind, "kind-step")


def event_style(cls: str) -> str:
    """The style of the symbol of an event."""
    return _EVENT_STYLES.get(cls, MUTED)


# ---------------------------------------------------------------- a span


def span_pieces(
    row: SpanRow, bar: Sequence[Piece], columns: SpanColumns, symbols: Symbols, *, selected: bool, focused: bool
) -> list[Piece]:
    """The row of a span; `bar` is its bar, at most as wide as the bar column."""
    lane = WARNING if row.tone == "gone" else LANE_STYLES.get(row.lane, "")
    pieces = lead_pieces(row.lane, lane, symbols, selected, focused, row.marked)
    pieces += _name_column(row, columns, symbols, selected, focused)
    pieces += _figures(row, columns, symbols)
    if columns.bar and bar:
        pieces.append((" " * GAP, ""))
        pieces += [(piece, MUTED if row.dim else style) for piece, style in bar]
    return merged(pieces)


def lead_pieces(
    lane: str, style: str, symbols: Symbols, selected: bool, focused: bool, marked: bool = False
) -> list[Piece]:
    """Gutter, status lane, and the mark of a bookmark or a blank; the lane in its own style, where `style` names no other."""
    gutter: Piece = (" ", "")
    if selected:
        gutter = (symbols["gutter_focused" if focused else "gutter"], "accent" if focused else MUTED)
    told = (symbols[lane], style or LANE_STYLES.get(lane, "")) if lane else (" ", "")
    return [gutter, told, (symbols["marked"], "accent bold") if marked else (" ", "")]


def indentation(depth: int, columns: SpanColumns) -> str:
    """Two blanks a level; deeper than the column has room for, the depth as a number."""
    most = max(0, min(columns.most_indent, columns.name - 4 - _LEAST_NAME))
    if 2 * depth <= most:
        return "  " * depth
    return f"{depth} ".rjust(most)


def _name_column(row: SpanRow, columns: SpanColumns, symbols: Symbols, selected: bool, focused: bool) -> list[Piece]:
    before: list[Piece] = [(indentation(row.depth, columns), MUTED)]
    before.append((symbols[f"fold_{row.fold}"] + " " if row.fold else "  ", MUTED))
    before += [(symbols[row.kind], MUTED if row.dim else kind_style(row.kind)), (" ", "")]
    if columns.has_kind_words:
        before.append((row.kind + " ", MUTED))
    if row.parent_computed:
        before.append((symbols.computed, MUTED))
    room = max(1, columns.name - width_of(before))
    rollups = _rollups(row, symbols, room - min(_LEAST_NAME, cell_width(row.name)) - 1)
    taken = width_of(rollups) + 1 if rollups else 0
    name = cut(row.name, room - taken, symbols=symbols)
    room -= cell_width(name)
    pieces = [*before, *_name(row, name, selected, focused)]
    about = about_piece(row.about, room - taken - GAP, symbols)
    if about:
        pieces.append((" " * GAP + about, MUTED))
        room -= GAP + cell_width(about)
    return [*pieces, (" " * (room - width_of(rollups)), ""), *rollups]


def _name(row: SpanRow, name: str, selected: bool, focused: bool) -> list[Piece]:
    return highlighted(name, row.hits, name_style(row, selected, focused))


def name_style(row: SpanRow, selected: bool, focused: bool) -> str:
    """The style of the name of a span."""
    if selected:
        return SELECTED if focused else SELECTED_ELSEWHERE
    return MUTED if row.dim or row.placeholder else ""


def highlighted(name: str, hits: Iterable[tuple[int, int]], style: str) -> list[Piece]:
    """`name` in `style`, with the places that a search hit marked; hits are in order and do not overlap."""
    pieces: list[Piece] = []
    done = 0
    for start, end in hits:
        pieces += [(name[done:start], style), (name[start:end], HIT)]
        done = max(done, end)
    return [piece for piece in (*pieces, (name[done:], style)) if piece[0]]


def about_piece(about: str, room: int, symbols: Symbols) -> str:
    """What a span was about in so many cells; empty where they are too few to say it."""
    if not about or room < min(LEAST_ABOUT, cell_width(about)):
        return ""
    return _cut_place(about, room, symbols) if _is_place(about) else cut(about, room, symbols=symbols)


def _is_place(about: str) -> bool:
    """Whether this is a path or URL, which is known by its first and last part."""
    return " " not in about and ("://" in about or about.startswith(("/", "~/", "./")))


def _cut_place(place: str, room: int, symbols: Symbols) -> str:
    """A path or URL without its middle; where that would cost a URL its host, without its end."""
    scheme, found, rest = place.partition("://")
    shown = cut(place, room, "path", symbols)
    return (
        shown if not found or shown.startswith(rest.partition("/")[0]) else cut(rest or scheme, room, symbols=symbols)
    )


def _rollups(row: SpanRow, symbols: Symbols, room: int) -> list[Piece]:
    """What a fold hides, most important first to stay: causes, retries, spans below."""
    parts: list[Piece] = []
    if row.causes:
        parts.append((f"{symbols['error']}{text.count(row.causes)}", ERROR))
    if row.retries:
        parts.append((f"{symbols['retry']}{text.count(row.retries)}", WARNING))
    if row.spans:
        parts.append((text.count(row.spans), MUTED))
    kept: list[Piece] = []
    for part in parts:
        needed = cell_width(part[0]) + bool(kept)
        if needed > room:
            break
        kept += [(" ", ""), part] if kept else [part]
        room -= needed
    return kept


def _figures(row: SpanRow, columns: SpanColumns, symbols: Symbols) -> list[Piece]:
    return figure_pieces(row, columns.start, columns.time, columns.tokens, columns.cost, symbols)


def figure_pieces(row: SpanRow, at: int, took: int, used: int, spent: int, symbols: Symbols) -> list[Piece]:
    """The figures of a span: cells of start, time, tokens and cost; 0 leaves one out."""
    pieces: list[Piece] = []
    if at:
        start = text.marked(text.offset(row.start, symbols), row.start_computed, symbols=symbols)
        pieces.append(_figure("" if row.start is None else start, at, MUTED))
    time = text.marked(text.duration(row.time, symbols), row.time_computed, symbols=symbols)
    pieces.append(_figure(time, took, MUTED if row.dim or row.time is None else _TONE_STYLES[row.tone]))
    style = "" if row.sums_shown and not row.dim else MUTED
    # Only a model call is expected to have them: elsewhere a blank is not a gap.
    expected = row.kind == "llm" and row.tone == ""
    for cells, value, figure in (
        (used, row.tokens, _tokens(row, symbols)),
        (spent, row.cost, _cost(row, symbols)),
    ):
        if cells:
            pieces.append(_figure("" if value is None and not expected else figure, cells, style))
    return pieces


def _tokens(row: SpanRow, symbols: Symbols) -> str:
    return text.marked(text.tokens(row.tokens, symbols), row.tokens_computed, row.tokens_partial, symbols)


def _cost(row: SpanRow, symbols: Symbols) -> str:
    return text.marked(text.cost(row.cost, symbols), row.cost_computed, row.cost_partial, symbols)


def _figure(figure: str, cells: int, style: str) -> Piece:
    return figure.rjust(GAP + cells) if figure.isascii() else fit(figure, GAP + cells, align="right"), style


# ---------------------------------------------------------------- an event


def event_pieces(
    row: EventRow, columns: SpanColumns, symbols: Symbols, *, selected: bool, focused: bool
) -> list[Piece]:
    """The row of an event: its text runs on to the bar column, where its symbol stands at its time."""
    lane = "error" if row.cls == "error" else ""
    glyph, style = symbols[row.cls], event_style(row.cls)
    pieces = lead_pieces(lane, ERROR, symbols, selected, focused, row.marked)
    pieces += [(indentation(row.depth, columns) + "  ", MUTED), (glyph + " ", style)]
    room = columns.bar_at - (GAP if columns.bar else 0) - width_of(pieces)
    pieces += cut_pieces(_event_text(row, selected, focused), room, symbols)
    if columns.bar and row.cell is not None:
        at = columns.bar_at + max(0, min(row.cell, columns.bar - 1))
        pieces += [(" " * (at - width_of(pieces)), ""), (glyph, style)]
    return merged(pieces)


def _event_text(row: EventRow, selected: bool, focused: bool) -> list[Piece]:
    """Failures and retries are read first; what follows two blanks, and all other events, is secondary."""
    head, gap, rest = row.text.partition("  ")
    if selected:
        return [(head, SELECTED if focused else SELECTED_ELSEWHERE), (gap + rest, MUTED)]
    return [(head, "" if row.cls in _EVENT_STYLES else MUTED), (gap + rest, MUTED)]


# ---------------------------------------------------------------- pinned lines


def heading_pieces(columns: SpanColumns, axis: str) -> list[Piece]:
    """The headings of the columns, with the labels of the time axis above the bars."""
    name = "name"
    if columns.has_kind_words:
        name += "spans".rjust(columns.name - len(name))
    line = " " * LEAD + name.ljust(columns.name)
    for heading, cells in (
        ("start", columns.start),
        ("time", columns.time),
        ("tokens", columns.tokens),
        ("cost", columns.cost),
    ):
        if cells:
            line += heading.rjust(GAP + cells)
    if columns.bar:
        line += " " * GAP + axis
    return [(line, MUTED)]


@dataclass(frozen=True, slots=True)
class RunWords:
    """What the header line of a run says, in words; texts are safe."""

    status: str
    name: str
    reason: str = ""
    """For what is not plain from the status: `writer gone`, `silent 2m10s`."""
    time: int | None = None
    time_computed: bool = False
    time_partial: bool = False
    """It ended without saying so: at least so long."""
    spans: int = 0
    events: int = 0
    """Said where there are no spans."""
    causes: int = 0
    tokens: int | None = None
    tokens_partial: bool = False
    cost: float | None = None
    cost_computed: bool = False
    cost_partial: bool = False
    at: str = ""
    """Wall time of the start, already as text."""
    no_times: bool = False


_RUN_STYLES: Final = {
    "error": ERROR,
    "running": OPEN,
    "stalled": WARNING,
    "unfinished": WARNING,
    "ok": "",
    "unknown": MUTED,
}
_SHORT_REASON: Final = "rest of the reason"
_FIRST_TO_GO: Final = ("at", "tokens", "spans", "cost", _SHORT_REASON, "reason", "no times", "causes", "time")


def run_pieces(run: RunWords, width: int, symbols: Symbols) -> list[Piece]:
    """The run in words: status, name and its figures; what is least telling goes first where width lacks."""
    parts = _run_parts(run, symbols)
    head: list[Piece] = [(" ", ""), (f"{symbols[run.status]} {run.status}", f"{_RUN_STYLES[run.status]} bold".strip())]
    for gone in (None, *_FIRST_TO_GO):
        if gone == _SHORT_REASON and "reason" in parts:
            reason, style = parts["reason"]
            parts["reason"] = (reason.partition(",")[0], style)
        parts.pop(gone or "", None)
        tail = [piece for part in parts.values() for piece in (("  ", ""), part)]
        room = width - width_of(head) - width_of(tail) - 2
        if cell_width(run.name) <= room or (gone == _FIRST_TO_GO[-1] or (gone and room >= _LEAST_NAME)):
            break
    return merged([*head, ("  ", ""), (cut(run.name, max(1, room), symbols=symbols), "strong bold"), *tail])


def _run_parts(run: RunWords, symbols: Symbols) -> dict[str, Piece]:
    parts: dict[str, Piece] = {}
    if run.time is not None:
        figure = text.duration(run.time, symbols)
        parts["time"] = (text.marked(figure, run.time_computed, run.time_partial, symbols), MUTED)
    if run.no_times:
        parts["no times"] = ("no times: in order", MUTED)
    has_only_events = run.events and not run.spans
    parts["spans"] = (_counted(run.events, "event") if has_only_events else _counted(run.spans, "span"), MUTED)
    if run.causes:
        parts["causes"] = (_counted(run.causes, "cause"), ERROR)
    if run.tokens is not None:
        figure = text.marked(text.tokens(run.tokens, symbols), partial=run.tokens_partial, symbols=symbols)
        parts["tokens"] = (f"{figure} tokens", MUTED)
    if run.cost is not None:
        parts["cost"] = (
            text.marked(text.cost(run.cost, symbols), run.cost_computed, run.cost_partial, symbols),
            MUTED,
        )
    if run.at:
        parts["at"] = (f"at {run.at}", MUTED)
    if run.reason:
        # What makes a live run worth a look is its silence.
        parts["reason"] = (run.reason, MUTED if run.status == "error" else WARNING)
    return parts


def _counted(number: int, word: str) -> str:
    return f"{text.count(number)} {word}{'' if number == 1 else 's'}"


def empty_pieces(hidden: int, spans: int, has_filter: bool = False, has_chips: bool = True) -> list[Piece]:
    """What stands where no row is shown."""
    if hidden:
        pieces: list[Piece] = [("   No span matches.", "strong bold")]
        if has_filter:
            pieces += [("  esc", "strong bold"), (" clears the filter", MUTED)]
        elif has_chips:
            pieces.append((f"  Chips hide {text.count(hidden)}.", MUTED))
        return [*pieces, *([("  0", "strong bold"), (" all", MUTED)] if has_chips else [])]
    if spans:
        return [("   Nothing to show.", "strong bold")]
    return [("   No spans yet.", "strong bold"), ("  The run has been opened and has said nothing more.", MUTED)]


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """`pieces` with neighbours of one style put together; blanks take the style before them, where it draws none."""
    kept: list[Piece] = []
    for piece, style in pieces:
        if not piece:
            continue
        if kept:
            before, before_style = kept[-1]
            if style == before_style or (piece.isspace() and before_style not in _DRAWN_BLANKS):
                kept[-1] = (before + piece, before_style)
                continue
            if before.isspace() and style not in _DRAWN_BLANKS:
                kept[-1] = (before + piece, style)
                continue
        kept.append((piece, style))
    return kept


_DRAWN_BLANKS: Final = frozenset((SELECTED, SELECTED_ELSEWHERE, HIT))

"""The live strip under the tree: what is open now with ages, how fast records, tokens and money come, how long silence.

Shown while spans are open in a run that is going on or was left so, or when it is asked for (`p`). It repaints when its
words differ, at most once a second.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.strip import Strip
from textual.widget import Widget

from tracetui.core import text
from tracetui.core.model import Kind, RunStatus
from tracetui.core.run_status import silence
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, safe
from tracetui.tui.messages import Notice
from tracetui.tui.presentation import strip
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.runs import run_tokens
from tracetui.tui.session import Session

if TYPE_CHECKING:
    from tracetui.core.store import Change, Run

RATE_NS: Final = 60_000_000_000
"""Rates are over what was seen to come in this time."""
SILENT_FROM_NS: Final = 10_000_000_000
MOST_LINES: Final = 3
"""Lines that the stack may take; a longer one loses its start."""
ROOM_FROM: Final = 18
"""Rows of the pane from which on the strip shows itself; in a lower one it waits to be asked for."""
_LEAST_RATE_NS: Final = 5_000_000_000


class OpenSpan(NamedTuple):
    """One span of the open stack. `name` is safe."""

    kind: str
    name: str
    age_ns: int | None


class Rates(NamedTuple):
    """How fast a run goes; None: not known."""

    events: float | None
    """A second."""
    tokens: float | None
    """A minute."""
    cost: float | None
    """US dollars an hour."""
    silent_ns: int | None
    computed: bool = False
    """A part of the cost is worked out from prices."""
    partial: bool = False
    """A part of the cost is not known."""


class Sample(NamedTuple):
    """What a run came to at a moment of our clock."""

    at_ns: int
    records: int
    tokens: int | None
    cost: float | None


# ---------------------------------------------------------------- as pieces


def strip_rule(width: int, symbols: Symbols, key: str = "p", words: str = "Open now") -> list[Piece]:
    """The line above: `─ Open now ─── p ─`."""
    line = symbols["rule"]
    head: list[Piece] = [(line, "rule"), (f" {words} ", "muted")]
    tail: list[Piece] = [(f" {key} ", "muted"), (line, "rule")]
    return cut_pieces([*head, (line * (width - width_of(head) - width_of(tail)), "rule"), *tail], width, symbols)


def stack_lines(stack: list[OpenSpan], width: int, symbols: Symbols, lines: int = MOST_LINES) -> list[list[Piece]]:
    """The open stack from the root down, broken at `›`; where it is too long it loses its start."""
    if not stack:
        return [[(" ", ""), (f"{symbols['open']} ", "muted"), ("no span is open", "muted")]]
    room = max(12, width - 4)
    parts = [_stack_part(span, room, symbols, is_last=span is stack[-1]) for span in stack]
    broken: list[list[Piece]] = []
    for part in reversed(parts):
        if broken and width_of(part) + width_of(broken[0]) <= room:
            broken[0] = [*part, *broken[0]]
        else:
            broken.insert(0, part)
    if len(broken) > lines:
        broken = broken[-lines:]
        broken[0] = [(f"{symbols.cut} ", "muted"), *broken[0]]
    first: list[Piece] = [(" ", ""), (f"{symbols['open']} ", "status-open")]
    return [
        cut_pieces([*(first if not at else [("   ", "")]), *line], width, symbols) for at, line in enumerate(broken)
    ]


def _stack_part(span: OpenSpan, room: int, symbols: Symbols, *, is_last: bool) -> list[Piece]:
    age = text.duration(span.age_ns, symbols)
    name = cut(span.name, max(4, room - cell_width(age) - 6), symbols=symbols)
    if is_last:
        return [(f"{symbols[span.kind]} ", kind_style(span.kind)), (f"{name} ", ""), (age, "status-open")]
    return [(f"{name} {age} {symbols['crumb']} ", "muted")]


def rate_line(rates: Rates, symbols: Symbols) -> list[Piece]:
    """How fast it goes; silence from 10 s on is a warning."""
    parts: list[list[Piece]] = []
    if rates.events is not None:
        parts.append([(text.rate(rates.events, symbols), ""), (" events/s", "muted")])
    if rates.tokens is not None:
        parts.append([(text.tokens(round(rates.tokens), symbols), ""), (" tok/min", "muted")])
    if rates.cost is not None:
        figure = text.marked(text.cost(rates.cost, symbols), rates.computed, rates.partial, symbols)
        parts.append([(figure, ""), ("/h", "muted")])
    if rates.silent_ns is not None and rates.silent_ns >= SILENT_FROM_NS:
        parts.append([(f"silent {text.age(rates.silent_ns, symbols)}", "status-warning")])
    return [piece for at, part in enumerate(parts) for piece in ((("  " if at else " "), ""), *part)]


# ---------------------------------------------------------------- the rates


class Speed:
    """How fast one run grows, from what it came to at each change and on our own clock."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def note(self, sample: Sample) -> None:
        """The run came to this now."""
        self._samples.append(sample)
        while len(self._samples) > 2 and sample.at_ns - self._samples[1].at_ns >= RATE_NS:
            self._samples.popleft()

    def price(self, sample: Sample) -> None:
        """The same moment as the last one, by prices that came later; what was known before them counts no more."""
        had_price = self._samples and self._samples[-1].cost is not None
        if self._samples and had_price:
            self._samples[-1] = self._samples[-1]._replace(cost=sample.cost)
        else:
            self._samples.clear()
            self._samples.append(sample)

    def rates(self, now_ns: int, silent_ns: int | None, whole: Sample | None) -> Rates:
        """The rates over the last minute; `whole` (with the run's length as its time) where less was seen."""
        if not self._samples:
            return Rates(None, None, None, silent_ns)
        first, new = self._samples[0], self._samples[-1]
        old = next((sample for sample in reversed(self._samples) if now_ns - sample.at_ns >= RATE_NS), first)
        seen = now_ns - old.at_ns
        if now_ns - first.at_ns < _LEAST_RATE_NS or new is first:
            if whole is None or whole.at_ns <= 0:
                return Rates(None, None, None, silent_ns)
            seen, old = whole.at_ns, Sample(0, 0, 0, 0.0)
            new = whole
        seconds = seen / 1_000_000_000
        tokens = None if new.tokens is None else (new.tokens - (old.tokens or 0)) * 60 / seconds
        cost = None if new.cost is None else (new.cost - (old.cost or 0.0)) * 3_600 / seconds
        return Rates((new.records - old.records) / seconds, tokens, cost, silent_ns)


# ---------------------------------------------------------------- the widget


class LiveStrip(Widget):
    """The strip of the run that a tree shows. Hidden unless there is something open, or `toggle` was used."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    LiveStrip {
        height: auto;
        width: 1fr;
        background: $background;
        color: $foreground;
        display: none;
    }
    """

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.session = session
        self._run_row: int | None = None
        self._wanted: bool | None = None
        """What the user asked for; None: shown while spans are open. A run that ends takes it back."""
        self._was_live = False
        self._speed = Speed()
        self._lines: list[list[Piece]] = []

    def show_run(self, run_row: int | None) -> None:
        """Another run is open in the tree."""
        self._run_row, self._speed, self._was_live = run_row, Speed(), False
        self._note()
        self.look_again()

    def toggle(self) -> None:
        """Show it, or hide it; where nothing is going on and nothing was left open, say that instead."""
        run = self._run
        if run is not None and not (self.display or run.open_count or self._is_live(run)):
            self.post_message(Notice("no span is open: the run is over"))
            return
        self._wanted = not self.display
        self.look_again()

    def apply_change(self, change: Change) -> None:
        """Take in what the store learnt; after the tree has."""
        if self._run_row is not None and self._run_row in change.runs | change.reset:
            self._note()
            self.look_again()

    def tick(self) -> None:
        """A second went by."""
        self.look_again()

    def price(self) -> None:
        """What calls cost is known better."""
        run = self._run
        if run is not None:
            self._speed.price(self._sample(run, self.session.now_ns()))
            self.look_again()

    def look_again(self) -> None:
        """Show, hide and repaint as is needed."""
        run = self._run
        is_live = run is not None and self._is_live(run)
        if self._was_live and not is_live:
            # What was asked for was to see what goes on: nothing does any more.
            self._wanted = None
        self._was_live = is_live
        is_telling = run is not None and run.open_count > 0 and (is_live or self._was_left(run))
        room = self.parent.size if isinstance(self.parent, Widget) else self.size
        has_room = room.height >= ROOM_FROM
        shown = run is not None and (self._wanted if self._wanted is not None else is_telling and has_room)
        if shown != self.display:
            self.display = shown
        if not shown or run is None:
            return
        width = self.size.width or room.width
        lines = self._make_lines(run, width)
        if lines != self._lines:
            layout = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=layout)

    @property
    def _run(self) -> Run | None:
        return None if self._run_row is None else self.session.store.runs[self._run_row]

    def _is_live(self, run: Run) -> bool:
        return self.session.status(run).status in (RunStatus.running, RunStatus.stalled)

    def _was_left(self, run: Run) -> bool:
        """Its writer went without ending what it had begun."""
        return self.session.status(run).status is RunStatus.unfinished and run.open_count > 0

    def _note(self) -> None:
        run = self._run
        if run is not None:
            self._speed.note(self._sample(run, self.session.now_ns()))

    def _sample(self, run: Run, at_ns: int) -> Sample:
        return Sample(at_ns, run.record_count, run_tokens(run)[0], self.session.cost(run).usd)

    def _make_lines(self, run: Run, width: int) -> list[list[Piece]]:
        symbols = self.session.symbols
        words = "Open at the end" if self._was_left(run) else "Open now"
        lines = [strip_rule(width, symbols, words=words), *stack_lines(self._stack(run), width, symbols)]
        if self._was_left(run):
            return lines
        length = run.duration()[0]
        result, cost = self.session.status(run), self.session.cost(run)
        found = self._speed.rates(self.session.now_ns(), result.age_ns, self._sample(run, length or 0))
        found = found._replace(computed=cost.computed is not None, partial=cost.partial)
        rates = rate_line(found, symbols)
        return [*lines, cut_pieces(rates, width, symbols)] if rates else lines

    def _stack(self, run: Run) -> list[OpenSpan]:
        """The path to what was begun last and is still being done."""
        if not run.open_count:
            return []
        from tracetui.core.analysis.open_stack import open_stack, path_to

        store = self.session.store
        columns = store.spans
        # A writer that is gone did nothing since.
        now = self.session.now_ns()
        stack = open_stack(store, run.row, now, silence(run, now) if self._is_live(run) else 0)
        inner = [span.row for span in stack if span.innermost]
        if not inner:
            return []
        newest = max(inner, key=lambda row: (columns.start[row], row))
        return [
            OpenSpan(Kind(columns.kind[span.row]).name, self._clean(store.strings[columns.name[span.row]]), span.age_ns)
            for span in path_to(stack, newest)
        ]

    def _clean(self, outside: str) -> str:
        clean = safe(outside)
        return text.plain_ascii(clean) if self.session.symbols.is_ascii else clean

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002 - Textual's
        """As many lines as there are to show."""
        run = self._run
        if run is not None and self.display:
            self._lines = self._make_lines(run, width)
        return len(self._lines)

    def on_resize(self) -> None:
        """The stack breaks elsewhere."""
        self.look_again()

    def render_line(self, y: int) -> Strip:
        """One line."""
        pieces = self._lines[y] if y < len(self._lines) else []
        return strip(pieces, self.size.width, self.session.styles)

"""What the rows of the span tree say: the store's columns, the tree and the bodies on disk put into words and figures.

Only visible rows are asked for. What rests on the whole run comes from `RunStudy`; what a span was about is read from disk
for visible rows only, and in a very large run, where finding its records takes a millisecond, a few rows at a time.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from tracetui.core import text
from tracetui.core.bodies import SUBJECT_BYTES
from tracetui.core.errors import TracetuiError
from tracetui.core.model import NO_TIME, TIME_INFERRED, EventClass, Flag, Kind, RunStatus, Status, class_word
from tracetui.core.run_status import length_marks
from tracetui.core.text import safe
from tracetui.tui.presentation import bars
from tracetui.tui.presentation.columns import SpanColumns
from tracetui.tui.presentation.marks import Marks
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import (
    EventRow,
    Fold,
    RunWords,
    SpanRow,
    Tone,
    event_pieces,
    heading_pieces,
    kind_style,
    run_pieces,
    span_pieces,
)
from tracetui.tui.presentation.runs import run_age_ns, run_tokens
from tracetui.tui.presentation.time_window import Window
from tracetui.tui.session import Session
from tracetui.tui.widgets.run_strip import RunStrip
from tracetui.tui.widgets.run_study import LIVE, MANY_SPANS, RunStudy
from tracetui.tui.widgets.stops import Stops, Warnings, failures
from tracetui.tui.widgets.time_axis import TimeAxis

if TYPE_CHECKING:
    from tracetui.core.store import Run
    from tracetui.core.store.run_tree import Item, RunTree
    from tracetui.core.store.shape import Bools

Says = Literal["subject", "error", "reason"]

PLACEHOLDER: Final = "(parent not recorded)"
SILENT_FROM_NS: Final = 10_000_000_000
"""Silence of a run from which on it is said."""

CLOCKS_STOP_NS: Final = 60_000_000_000
"""Silence of a run after which nothing ticks any more: then nothing is sent."""

_FETCH_SECONDS: Final = 0.004
_BURST_SECONDS: Final = 0.05
_LONGEST: Final = 400
"""Characters of a text that are looked at for a row: names may be as long as a file."""
_OPEN, _ERROR, _SKIPPED = int(Status.open), int(Status.error), int(Status.skipped)
_REASON: Final = 48
"""Cells of why a run failed of which no span did."""


class SpanData:
    """The rows of one open run. `forget` is to be called whenever the store changed."""

    def __init__(self, session: Session, tree: RunTree, run: Run, windows: MutableMapping[int, Window]) -> None:
        self.session = session
        self.study = RunStudy(session, tree, run)
        self.axis = TimeAxis(session, tree, run, windows)
        self.strip = RunStrip(self)
        self.tree = tree
        self.run = run
        self.warnings = Warnings(session, tree, run)
        self.hits: Sequence[int] = ()
        """Positions of the spans that the search hit, ascending."""
        self._marks = Marks()
        self._hit_rows: Bools | None = None
        self.shown_classes: frozenset[EventClass] = frozenset()
        """Classes of events that chips show as rows."""
        self._has_unread = False
        self._abouts: dict[tuple[int, int, Says], str] = {}
        self._event_texts: dict[int, str] = {}
        self._spent = 0.0
        self._burst = 0.0
        self._own_retries: dict[int, int] | None = None
        self._failures: Stops | None = None

    def forget(self) -> None:
        """The store changed: work out again what rests on the whole run."""
        self._own_retries = self._failures = None
        self.strip.forget()
        self.warnings.forget()
        if self.study.forget():
            self.axis.forget()
        if self._hit_rows is not None:
            self.show_hits(self._marks, self._hit_rows)

    def warm(self, indices: range) -> None:
        """Find out what some visible rows rest on beyond their own spans, before they are drawn."""
        tree, kinds = self.tree, self.session.store.spans.kind
        self.study.causes()
        for index in range(indices.start, min(indices.stop, len(tree))):
            item = tree[index]
            if item.kind == "event":
                continue
            tree.rollup(item.position)
            if item.has_children:
                is_container = Kind(kinds[item.row]) in bars.CONTAINERS
                if is_container or item.expanded:
                    self.axis.busy(item.position, without_plain=not is_container)

    # ------------------------------------------------------------ the whole run

    @property
    def status(self) -> RunStatus:
        """How the run stands."""
        return self.study.status

    @property
    def has_waiting(self) -> bool:
        """A visible row does not say yet all that it will: see `start_fetching`."""
        return self._has_unread or self.study.is_waiting

    @property
    def is_moving(self) -> bool:
        """Whether ages tick: the run has not ended, and grew within the last minute."""
        return self.status in LIVE and self.axis.silent_ns < CLOCKS_STOP_NS

    def failures(self) -> Stops:
        """Causes of failure and error events, where the key stops that goes from one to the next."""
        if self._failures is None:
            self._failures = failures(self.session.store, self.tree.preorder(), self.run, self.study.causes())
        return self._failures

    def is_only_failure(self, selected: tuple[str, int] | None) -> bool:
        """Whether this is where `e` leads and nowhere else; False also in a large run until that was asked for."""
        if selected is None or (self._failures is None and self.study.is_large):
            return False
        stops = self.failures()
        if len(stops) != 1:
            return False
        only = stops[0]
        return selected == (("span", only.span) if only.event is None else ("event", only.event))

    def show_hits(self, marks: Marks, spans: Bools | None) -> None:
        """Mark what a search looks for in names, and know the spans that it hit, by row of the store; None: no search."""
        self._marks, self._hit_rows = marks, spans
        if spans is None or not len(spans):
            self.hits = ()
            return
        import numpy as np

        rows = self.tree.rows()
        self.hits = np.flatnonzero(spans.take(rows, mode="clip") & (rows < len(spans)))  # type: ignore[assignment]  # as good

    def _hits_in(self, name: str) -> list[tuple[int, int]]:
        return self._marks.find(name)

    def next_in(self, positions: Sequence[int], selected: tuple[str, int] | None, by: int) -> tuple[int, bool]:
        """The number of the next, the previous or (`by` 0) the nearest of `positions` from here, and whether it wrapped."""
        at = -1 if by >= 0 else self.tree.count
        if selected is not None:
            row = selected[1] if selected[0] == "span" else self.session.store.events.span[selected[1]]
            if row >= 0:
                at = self.tree.position(row)
                if selected[0] == "event" and by < 0:
                    at += 1  # the span of a selected event stands before it
        number = bisect_right(positions, at) if by > 0 else bisect_left(positions, at) - (by < 0)
        wrapped = not 0 <= number < len(positions)
        return number % len(positions), wrapped

    def clean(self, outside: str) -> str:
        """Text from outside as the terminal may have it, and no more of it than a row can show."""
        return self._clean(outside)

    def hits_in(self, name: str) -> list[tuple[int, int]]:
        """Where the search hits a name."""
        return self._hits_in(name)

    def _clean(self, outside: str) -> str:
        """Text from outside as the terminal may have it, and no more of it than a row can show."""
        clean = safe(outside[:_LONGEST])
        return text.plain_ascii(clean) if self.session.symbols.is_ascii else clean

    # ------------------------------------------------------------ one row

    def parent_index(self, index: int) -> int:
        """The visible row of the parent of a visible row, -1 for a root."""
        item = self.tree[index]
        at = item.position if item.kind == "event" else self.tree.parent_position(item.position)
        return self.tree.index_of(self.tree.row(at)) if at >= 0 else -1

    def has_only_events(self, index: int) -> bool:
        """Whether a row holds events that would be shown, and no spans."""
        item = self.tree[index]
        return item.kind == "span" and item.has_children and self.tree.size(item.position) == 1

    def pieces(self, index: int, columns: SpanColumns, *, selected: bool, focused: bool) -> list[Piece]:
        """The visible row `index` as it is drawn."""
        item, symbols = self.tree[index], self.session.symbols
        if item.kind == "event":
            event = self._event(item, columns)
            return event_pieces(event, columns, symbols, selected=selected, focused=focused)
        row = self._span(item)
        bar = self._bar(item, row, columns) if columns.bar else []
        return span_pieces(row, bar, columns, symbols, selected=selected, focused=focused)

    def _span(self, item: Item) -> SpanRow:
        spans, row, at = self.session.store.spans, item.row, item.position
        kind = Kind(spans.kind[row]).name
        if item.orphan:
            fold = self._fold(item)
            return SpanRow(item.depth, kind, PLACEHOLDER, fold=fold, placeholder=True, dim=item.context)
        status, flags, size = spans.status[row], spans.flags[row], self.tree.size(at)
        rollup = self.tree.rollup(at)
        is_folded = item.has_children and not item.expanded
        name = self._clean(self.session.store.strings[spans.name[row]])
        tone = self._tone(item, status, rollup.causes)
        is_skipped = status == _SKIPPED
        shown = SpanRow(
            depth=item.depth,
            kind=kind,
            name=name,
            about="" if (about := self._about(item, status)) == name else about,
            lane=self._lane(row, status),
            fold=self._fold(item),
            tone=tone,
            dim=item.context,
            start=None if is_skipped else self.axis.since_begin(spans.start[row]),
            time=None if is_skipped else self._time(row, status),
            tokens=rollup.tokens,
            cost=rollup.cost,
            start_computed=bool(flags & Flag.start_inferred),
            time_computed=bool(flags & TIME_INFERRED),
            tokens_partial=rollup.tokens_partial,
            cost_partial=rollup.cost_partial,
            cost_computed=rollup.cost_computed,
            parent_computed=bool(flags & Flag.parent_inferred),
            sums_shown=is_folded and size > 1,
            causes=rollup.causes if is_folded and size > 1 else 0,
            retries=self._retries(item, rollup.retries),
            spans=rollup.spans - (not flags & Flag.invented) if is_folded else 0,
            hits=tuple(self._hits_in(name)) if self._marks else (),
            marked=row in self.session.marked.spans,
        )
        # What is below an unfolded call stands in rows of its own; what holds calls and has no figures keeps their sum.
        return self._with_own(shown, row) if size > 1 and not is_folded and self._has_own(row) else shown

    def _has_own(self, row: int) -> bool:
        return self.session.store.usage_of(row) is not None or self.session.span_cost(row).usd is not None

    def _with_own(self, shown: SpanRow, row: int) -> SpanRow:
        """The same row with what the span itself used and cost."""
        usage, cost = self.session.store.usage_of(row), self.session.span_cost(row)
        tokens = None
        if usage is not None:
            summed = None if usage.input is None and usage.output is None else (usage.input or 0) + (usage.output or 0)
            tokens = usage.total if usage.total is not None else summed
        return replace(
            shown,
            tokens=tokens,
            cost=cost.usd,
            cost_computed=cost.computed is not None,
            tokens_partial=False,
            cost_partial=cost.partial,
        )

    def name_of(self, row: int) -> str:
        """The name of a span, safe."""
        return self._clean(self.session.store.strings[self.session.store.spans.name[row]])

    def flat_row(self, row: int) -> SpanRow:
        """A span by itself, for lists that are no tree: with its own tokens and cost, and nothing of what is below it."""
        from tracetui.core.store.run_tree import Item

        at = self.tree.position(row)
        shown = self._span(Item("span", row, 0, at, False, False, False, False, False))
        return replace(
            self._with_own(shown, row),
            # What failed below it stands in rows of its own.
            tone="" if shown.tone == "error" and not self.study.is_cause(row) else shown.tone,
            causes=0,
            retries=0,
            spans=0,
        )

    def event_text(self, event: int) -> str:
        """What an event says; empty while that is still to be read."""
        line = self._event_texts.get(event)
        if line is None:
            line = ""
            if self._may_fetch():
                begun = time.perf_counter()
                line = self._event_line(event)
                self._spent += time.perf_counter() - begun
                if len(self._event_texts) > MANY_SPANS:
                    self._event_texts.clear()
                self._event_texts[event] = line
        return line

    def since_begin(self, time_ns: int) -> int | None:
        """A time on the run's own axis, ns; None without one."""
        return self.axis.since_begin(time_ns)

    def _fold(self, item: Item) -> Fold:
        return ("open" if item.expanded else "closed") if item.has_children else ""

    def _lane(self, row: int, status: int) -> str:
        if status in (_ERROR, _OPEN, _SKIPPED):
            return {_ERROR: "error", _OPEN: "open", _SKIPPED: "skipped"}[status]
        return "slow" if self.study.slow_reason(row) else ""

    def _tone(self, item: Item, status: int, causes: int) -> Tone:
        if causes and (not item.expanded or self.study.is_cause(item.row)):
            return "error"
        if status == _OPEN:
            return "open" if self.status in LIVE else "gone"
        return ""

    def _retries(self, item: Item, below: int) -> int:
        """Retries that are not rows of their own: all below a folded row, only its own ones of an unfolded one."""
        if not item.expanded or not below:
            return below
        if EventClass.retry in self.shown_classes:
            return 0
        if self._own_retries is None:
            import numpy as np

            events = self.session.store.events
            rows = self.session.store.events_of_run(self.run.row)
            owners = events.np("span")[rows[events.np("cls")[rows] == EventClass.retry]]
            self._own_retries = dict(zip(*map(np.ndarray.tolist, np.unique(owners, return_counts=True)), strict=True))
        return self._own_retries.get(item.row, 0)

    # ------------------------------------------------------------ times

    def age_of(self, row: int) -> int | None:
        """How long an open span has been open, ns; how long another one took."""
        return self._time(row, self.session.store.spans.status[row])

    def time_of(self, kind: str, row: int) -> tuple[int, int] | None:
        """When a span ran, or an event was, as ns since the axis begins; None where that is not known."""
        if kind == "event":
            at = self.axis.since_begin(self.session.store.events.time[row])
            return None if at is None else (at, at)
        start, age = self.axis.since_begin(self.session.store.spans.start[row]), self.age_of(row)
        return None if start is None or age is None else (start, start + age)

    def _time(self, row: int, status: int) -> int | None:
        spans = self.session.store.spans
        start, end = spans.start[row], spans.end[row]
        if start == NO_TIME:
            return None
        if end != NO_TIME:
            return max(0, end - start)
        now = self.axis.now_ns
        return max(0, now - start) if status == _OPEN and now is not None else None

    def _bar(self, item: Item, row: SpanRow, columns: SpanColumns) -> list[Piece]:
        if row.start is None or row.time is None:
            return []
        axis, view, width = self.axis, self.axis.view, columns.bar
        is_container = (
            Kind(self.session.store.spans.kind[item.row]) in bars.CONTAINERS and self.tree.size(item.position) > 1
        )
        end = row.start + row.time
        now: int | None = None
        state: bars.State = "done"
        if row.tone == "error":
            state = "cause"
        elif row.tone in ("open", "gone"):
            state = "open" if row.tone == "open" else "gone"
            newest, now_ns = axis.since_begin(self.run.last_time), axis.now_ns
            end = max(row.start, newest or 0)
            now = axis.since_begin(now_ns) if now_ns is not None else None
        # A folded row stands for all that it hides, so what is its own shows where the rest is shown by itself.
        held = axis.held_cells(item.position, view, width) if item.expanded and not is_container else ()
        return bars.bar(
            row.start - view.begin,
            end - view.begin,
            view.length,
            width,
            weight="thin" if is_container else "full" if self.study.is_critical(item.row) else "medium",
            state=state,
            style="muted" if row.dim else kind_style(row.kind),
            now=None if now is None else now - view.begin,
            idle=axis.idle_cells(item.position, view, width) if is_container else (),
            held=held,
            window=axis.window is not None,
            symbols=self.session.symbols,
        )

    # ------------------------------------------------------------ what it was about

    def start_fetching(self) -> None:
        """A new frame: let rows that wait be read."""
        self._spent, self._has_unread = 0.0, False

    def _may_fetch(self) -> bool:
        if self.run.span_count < MANY_SPANS:
            return True
        now = time.perf_counter()
        if now - self._burst > _BURST_SECONDS:
            self._burst, self._spent = now, 0.0
        if self._spent <= _FETCH_SECONDS:
            return True
        self._has_unread = True
        return False

    def _about(self, item: Item, status: int) -> str:
        row = item.row
        slow = self.study.slow_reason(row) if status not in (_ERROR, _OPEN, _SKIPPED) else ""
        if slow:
            return f"slow: {slow}"
        says: Says = "subject"
        if status == _SKIPPED:
            says = "reason"
        elif status == _ERROR and self.study.is_cause(row) and not item.expanded:
            says = "error"
        key = (row, status, says)
        about = self._abouts.get(key)
        if about is None:
            if not self._may_fetch():
                return ""
            begun = time.perf_counter()
            about = self._fetch(row, says)
            self._spent += time.perf_counter() - begun
            if len(self._abouts) > MANY_SPANS:
                self._abouts.clear()
            if status != _OPEN or about:
                self._abouts[key] = about
        if status == _SKIPPED:
            return f"skipped: {about}" if about else "skipped"
        return about

    def _fetch(self, row: int, says: Says) -> str:
        """What a span was about, read from disk; of a failure its error, of a skipped span why."""
        bodies = self.session.bodies
        subject = self._clean(bodies.subject(row))
        if says == "subject" or bodies.size_of(row) > SUBJECT_BYTES:
            return subject
        try:
            detail = bodies.span_detail(row)  # which `subject` has just read
        except TracetuiError:
            return subject
        if says == "reason":
            reason = detail.attributes.get("reason")
            return self._clean(reason) if isinstance(reason, str) and reason else subject
        error = detail.error
        if error is None or not (error.message or error.type):
            return subject
        return self._clean(": ".join(part[:_LONGEST] for part in (error.type, error.message) if part))

    def _event(self, item: Item, columns: SpanColumns) -> EventRow:
        events, event = self.session.store.events, item.row
        cls, line = class_word(events.cls[event]), self.event_text(event)
        since = self.axis.since_begin(events.time[event])
        is_marked = event in self.session.marked.events
        return EventRow(item.depth, cls, line, self._event_cell(since, columns), is_marked)

    def _event_cell(self, since: int | None, columns: SpanColumns) -> int | None:
        view = self.axis.view
        if since is None or not columns.bar or (self.axis.window is not None and not view.holds(since)):
            return None
        return bars.cell_of(since - view.begin, view.length, columns.bar)

    def _event_line(self, event: int) -> str:
        store = self.session.store
        line = self.session.bodies.event_text(event)
        return self._clean(line or store.record_type(store.events.record[event]))

    # ------------------------------------------------------------ pinned lines

    def run_line(self, width: int) -> list[Piece]:
        """The run in words."""
        run, result = self.run, self.session.status(self.run)
        is_live = result.status in LIVE
        now = self.session.now_ns()
        length, source = run.duration()
        worked_out, at_least = length_marks(result.status.value, source)
        figure, tokens_partial = run_tokens(run)
        cost = self.session.cost(run)
        words = RunWords(
            status=result.status.value,
            name=self._clean(run.name or run.id or run.key),
            reason=self._reason(),
            time=run_age_ns(run, now) if is_live else length,
            time_computed=worked_out,
            time_partial=at_least and not is_live,
            spans=run.span_count,
            events=sum(run.class_counts),
            causes=len(self.study.causes()) if run.error_count else 0,
            tokens=figure,
            tokens_partial=tokens_partial,
            cost=cost.usd,
            cost_computed=cost.computed is not None,
            cost_partial=cost.partial,
            at=self._started(now),
            no_times=not self.tree.has_times and run.record_count > 0,
        )
        return run_pieces(words, width - 1, self.session.symbols)  # a blank before the line between panes

    def _reason(self) -> str:
        result = self.session.status(self.run)
        is_silent = result.status is RunStatus.stalled or (result.age_ns or 0) >= SILENT_FROM_NS
        if result.status in LIVE and is_silent:
            return f"silent {text.age(result.age_ns, self.session.symbols)}"
        if result.status is RunStatus.error and not self.run.error_count:  # no row tells why
            return text.cut(self._clean(self.run.status_reason or ""), _REASON, symbols=self.session.symbols)
        return self._clean(result.reason) if result.status is RunStatus.unfinished else ""

    def _started(self, now: int) -> str:
        start, symbols, zone = self.run.start, self.session.symbols, self.session.tz
        if start is None:
            return ""
        clock = text.clock_time(start, zone, symbols)[:8]
        day = text.wall_time(start, now, zone, symbols)
        return clock if ":" in day else f"{day} {clock}"

    def headings(self, columns: SpanColumns) -> list[Piece]:
        """The headings of the columns and of the time axis."""
        view = self.axis.view
        labels = bars.axis(view.length, columns.bar, self.session.symbols, view.begin) if columns.bar else ""
        return heading_pieces(columns, labels)

"""What broke first in a run, or where it stopped: where that is, when it was, what it said and what was going on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tracetui.core.analysis.errors import Cause, FirstCause
from tracetui.core.analysis.open_stack import OpenSpan
from tracetui.core.analysis.run_analysis import is_open
from tracetui.core.analysis.run_words import RunWords
from tracetui.core.analysis.tables import cost_text, figure, number
from tracetui.core.model import NO_TIME, Status
from tracetui.core.run_table import length_text
from tracetui.core.text import cell_width, cut, duration, offset, safe, wall_time_full

_BEFORE_NS: Final = 1_000_000_000
_NAME_AT_LEAST: Final = 16
"""Cells of a run's name that are kept in the first line."""
_MESSAGE: Final = 2_000
"""Characters of a message that are looked at."""


@dataclass(frozen=True, slots=True)
class Told:
    """A label and what stands behind it."""

    label: str
    text: str
    """Untrusted, or safe."""
    lines: int = 1
    """Lines that it may take."""
    rows: tuple[int, ...] = ()
    """Spans that it is about."""


class RunHead(RunWords):
    """The first lines on a run: enough of one that failed, or that has no end."""

    def head(self) -> str:
        """The run on one line."""
        about, symbols, run = self._about, self._symbols, self._about.run
        length, source = run.duration()
        causes = about.errors.causes
        words = [
            f"{symbols[about.status]} {about.status}",
            safe(run.name or self._id),
            length_text(about.status, length, source, symbols),
            number(run.span_count, "span"),
            number(causes, "cause") if causes else "",
            f"{figure(about.spent, 'total', symbols)} tokens" if about.spent.total is not None else "",
            cost_text(self._cost, symbols) if self._cost.usd is not None else "",
        ]
        return self._fitting([word for word in words if word])

    def reason(self) -> str:
        """Why the run has its status, untrusted; empty where what is told below says so, and of a run that is ok."""
        about = self._about
        is_told = about.status == "ok" or self._says(about.errors.first, about.status_reason)
        return "" if is_told else about.status_reason

    def told(self) -> Iterator[Told]:
        """What broke first or where it stopped, as labels and texts."""
        about, symbols, run = self._about, self._symbols, self._about.run
        first, stopped = about.errors.first, is_open(about.status)
        if stopped:
            yield from self._stopped()
        if first is not None and (not stopped or not first.cause.recovered):
            yield from self._first(first)
        elif first is None and about.status == "error":
            text = "no failed span is recorded, and no error event"
            yield Told("broke first", text)
            yield from self._last_work()
        elif first is None and about.status == "unknown":
            yield from self._last_work()
        yield Told("run", f"{self._id}  {wall_time_full(run.start, self._tz, symbols)}")
        if not about.spans.has_times:
            yield Told("times", "none are recorded: what needs them is left out")
        elif not about.spans.placed.any():
            yield Told("times", "no span of it has any: what needs them is left out")

    def _fitting(self, words: list[str]) -> str:
        """Words on one line: the name is cut first, then the last words give way."""
        while len(words) > 2:
            over = sum(cell_width(word) + 2 for word in words) - 2 - self._page.room
            least = min(cell_width(words[1]), _NAME_AT_LEAST)
            if over <= cell_width(words[1]) - least:
                break
            words.pop()
        over = max(0, sum(cell_width(word) + 2 for word in words) - 2 - self._page.room)
        words[1] = cut(words[1], max(1, cell_width(words[1]) - over), symbols=self._symbols)
        return "  ".join(words)

    def _first(self, first: FirstCause) -> Iterator[Told]:
        page, about, cause = self._page, self._about, first.cause
        mine = (cause.row,)
        label = "broke first" if about.status == "error" or is_open(about.status) else "first error"
        of = self._of_causes(cause)
        told = self.span_words(cause.row, first.subject, cause.name)
        yield Told(label, cut(told, max(20, page.room - 15 - len(of)), symbols=self._symbols) + of, 1, mine)
        is_deep = len(first.path) > 1 or cause.event is not None
        where = self.crumbs(cause.row, page.room - 15) if is_deep else "the top level of the run"
        yield Told("where", where, 1, mine)
        when = self._when(cause.time, first.start)
        if when:
            yield Told("when", when, 1, mine)
        yield Told("said", self._said(first) or "(no message is recorded)", 2, mine)
        if first.frame:
            yield Told("raised at", first.frame, 1, mine)
        yield Told("before it", self._before(first), 1, () if first.before is None else (first.before,))
        if about.spans.has_times and cause.time != NO_TIME:
            yield Told("beside it", self._beside(first), 2, tuple(each.row for each in first.beside))
        yield Told("led to", self._led_to(first), 2, first.led_to)

    def _of_causes(self, cause: Cause) -> str:
        """Which of several causes it is; empty where it is the only one."""
        errors = self._about.errors
        if errors.causes < 2:
            return ""
        earlier = [
            each
            for group in errors.groups
            for each in group.causes
            if each.event is None and each.row != cause.row and NO_TIME != each.time < cause.time
        ]
        if not earlier:
            return f"  (the first of {errors.causes})"
        if all(each.recovered for each in earlier) and not cause.recovered:
            return f"  (of {errors.causes} the first that was not recovered)"
        return (
            f"  (of {errors.causes} the one that failed the run)" if cause.ended_run else f"  (one of {errors.causes})"
        )

    def _when(self, time: int, start: int) -> str:
        spans, symbols = self._spans, self._symbols
        if time == NO_TIME or not spans.has_times or spans.begin < 0:
            return ""
        parts = [f"failed at {offset(time - spans.begin, symbols)} ({self._clock(time)})"]
        if start != NO_TIME and time > start:
            parts.append(f"took {duration(time - start, symbols)}")
        wall = spans.wall
        if wall is not None and spans.begin + wall - time >= _BEFORE_NS:
            parts.append(f"then {duration(spans.begin + wall - time, symbols)} to the end")
        return ", ".join(parts)

    def _before(self, first: FirstCause) -> str:
        parts = []
        if first.retries:
            parts.append(f"{number(first.retries, 'retry', 'retries')} of its own")
        if first.before is not None:
            parts.append(f"{self.span_words(first.before)} {self._went(first.before)}")
        elif not first.retries:
            above = safe(self._about.name(first.path[-2])) if len(first.path) > 1 else ""
            parts.append(f"nothing: it was the first in {above}" if above else "nothing had ended")
        return "; ".join(parts)

    def _beside(self, first: FirstCause) -> str:
        if not first.beside:
            return "nothing else was running"
        told = [
            f"{self._crumb_end(each.row)}, for {duration(first.cause.time - each.since, self._symbols)} by then"
            for each in first.beside[:3]
        ]
        more = first.beside_count - len(told)
        return "; ".join(told) + (f"; and {more} more" if more > 0 else "")

    def _led_to(self, first: FirstCause) -> str:
        about, cause = self._about, first.cause
        if cause.event is not None:
            return "an event of its own: no span failed with it"
        if first.led_to:
            names = [safe(about.name(row)) for row in first.led_to]
            shown = ", ".join(names[:4]) + (f", {len(names) - 4} more" if len(names) > 4 else "")
            return f"{shown}{' and the run' if about.status == 'error' and cause.ended_run else ''} failed"
        parent = int(self._spans.parent[self._spans.node(cause.row)])
        if cause.recovered:
            if parent >= 0 and self._spans.status[parent] == Status.ok:
                well = f"{safe(self._spans.name_of(parent))} was ok all the same"
                is_marked = about.status == "error" and bool(about.status_reason)
                return f"{well}; the run is called failed: {about.status_reason}" if is_marked else f"nothing: {well}"
            again = f"a later {safe(cause.name)} was ok"
            return (
                f"{again}, yet the run counts as failed"
                if about.status == "error" and parent < 0
                else f"nothing: {again}"
            )
        if about.status != "error" or not cause.ended_run:
            return "nothing that is recorded as failed"
        later = int((self._spans.placed & (self._spans.start > cause.time)).sum()) if cause.time != NO_TIME else 0
        return f"the run failed, after {number(later, 'more span')}" if later else "the run failed with it"

    def _says(self, first: FirstCause | None, reason: str) -> bool:
        """Whether the reason of the status is what the first cause says anyway."""
        return first is not None and bool(first.cause.text) and reason.strip() in self._said(first)

    def _said(self, first: FirstCause) -> str:
        """What a cause says: its whole message on one line, of one with a traceback in it the line that tells the most."""
        cause = first.cause
        if cause.error is None or "Traceback (most" in cause.error.message or not cause.error.message.strip():
            return cause.text
        message = " ".join(cause.error.message[:_MESSAGE].split())
        type_ = cause.error.type
        return f"{type_}: {message}" if type_ and type_ not in message else message

    def _last_work(self, label: str = "last work") -> Iterator[Told]:
        """The span at work that ended last."""
        spans = self._spans
        done = spans.placed & ~spans.holder & (spans.status != Status.open)
        if not done.any():
            return
        node = int(done.nonzero()[0][spans.end[done].argmax()])
        row = int(spans.rows[node])
        at = f", until {offset(int(spans.end[node]) - spans.begin, self._symbols)}" if spans.begin >= 0 else ""
        subject = self._bodies.subject(row) if label == "last work" else ""
        yield Told(label, f"{self.span_words(row, subject)} {self._went(row)}{at}", 1, (row,))
        if label == "last work" and spans.parent[node] >= 0:
            yield Told("where", self.crumbs(row, self._page.room - 15), 1, (row,))

    def _stopped(self) -> Iterator[Told]:
        """A run without an end: what was open."""
        page, about = self._page, self._about
        inner = [each for each in about.open_spans if each.innermost]
        if not inner and about.run.span_count:
            yield Told("stopped in", "no span is open")
        last = max(inner, key=lambda each: (self._store.spans.start[each.row], each.row), default=None)
        if last is not None:
            word = {"running": "running", "stalled": "stalled in"}.get(about.status, "stopped in")
            yield Told(word, self.span_words(last.row, self._bodies.subject(last.row)), 1, (last.row,))
            yield Told("where", self.crumbs(last.row, page.room - 15), 1, (last.row,))
            yield Told("since", self._since(last), 1, (last.row,))
            others = [each for each in inner if each.row != last.row]
            if others:
                told = [f"{self._crumb_end(each.row)}{self._age(each)}" for each in others[:3]]
                more = len(others) - len(told)
                rows = tuple(each.row for each in others)
                yield Told("beside it", ", ".join(told) + (f" and {more} more" if more else ""), 2, rows)
        yield from self._last_work("before it" if inner else "last work")

    def _since(self, each: OpenSpan) -> str:
        start, begin = self._store.spans.start[each.row], self._spans.begin
        if start == NO_TIME or begin < 0:
            return "unknown: its start has no time"
        at = f"{offset(start - begin, self._symbols)} ({self._clock(start)})"
        return f"{at}{self._age(each)}"

    def _age(self, each: OpenSpan) -> str:
        return "" if not each.age_ns else f", open for {duration(each.age_ns, self._symbols)}"

"""The analysis of one run as lines of text, the most telling first: what ``tracetui analyze`` prints.

The first ten lines of a run that failed, or that has no end, say what broke or where it stopped, where that is,
when it was, what it said and what was going on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from tracetui.core.analysis.advice import lost_ns
from tracetui.core.analysis.errors import Cause, FirstCause
from tracetui.core.analysis.glance import EQUAL_CALLS, LOOPS, NO_LOOPS, glance_lines, run_glance
from tracetui.core.analysis.loops import Repetition
from tracetui.core.analysis.open_stack import OpenSpan
from tracetui.core.analysis.page import Page
from tracetui.core.analysis.retries import Retry
from tracetui.core.analysis.run_analysis import RunAnalysis, is_open
from tracetui.core.analysis.spending import other_callers
from tracetui.core.analysis.tables import (
    agents_table,
    cache_note,
    calls_fact,
    causes_and_events,
    columns_plot,
    cost_text,
    counted,
    figure,
    length_bar,
    loop_words,
    models_table,
    names_table,
    number,
    shares_bar,
    times,
    tools_table,
)
from tracetui.core.bodies import Bodies
from tracetui.core.model import NO_TIME, Kind, Status
from tracetui.core.pricing import Cost
from tracetui.core.run_table import length_text
from tracetui.core.text import (
    cell_width,
    clock_time,
    count,
    cut,
    duration,
    exact,
    offset,
    safe,
    share,
    tokens,
    wall_time_full,
)

_BEFORE_NS: Final = 1_000_000_000
_BAR: Final = 12
_DIFFERS: Final = 0.01
"""Part of the wall clock's figure from which on a sum of durations is told apart from it."""
_CALLS_PLOTTED: Final = 8
"""From so many calls on the growth of a context is drawn."""
_PATH_NAMES: Final = 60
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


def outcome(some: int, every: int, word: str) -> str:
    """``2 recovered``; only the word where that is all of them."""
    return "" if not some else word if some == every else f"{some:,} {word}"


class RunPage:
    """Writes one run.

    Args:
        about: The analysis.
        page: Width, symbols, length of lists.
        bodies: For the subjects of the spans that are named.
        id: The run's id as it is printed.
        spent: What the run cost.
        tz: Zone of times shown.
    """

    def __init__(self, about: RunAnalysis, page: Page, bodies: Bodies, id: str, spent: Cost, tz: tzinfo) -> None:
        self._about = about
        self._page = page
        self._symbols = page.symbols
        self._bodies = bodies
        self._id = id
        self._cost = spent
        self._tz = tz
        self._spans = about.spans
        self._store = about.spans.store

    def lines(self) -> Iterator[str]:
        """All of it."""
        yield from self._head()
        yield from glance_lines(run_glance(self._about, self._cost, self._symbols), self._page)
        yield from self._advice()
        yield from self._errors()
        yield from self._time()
        yield from self._path()
        yield from self._slowest()
        yield from self._names()
        yield from self._retries()
        yield from self._repetitions()
        yield from self._tools()
        yield from self._models()
        yield from self._agents()
        yield from self._contexts()
        yield from self._decisions()
        yield from self._silence()

    # -- the first lines -----------------------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
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
        yield self._fitting([word for word in words if word])
        if reason := self.reason():
            yield self._page.line(reason)
        for each in self.told():
            yield from self._page.labelled(each.label, each.text, each.lines)

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

    def _went(self, row: int) -> str:
        word = {Status.ok: "was ok", Status.unset: "ended", Status.error: "failed", Status.skipped: "was skipped"}
        status = Status(self._store.spans.status[row])
        took = self._spans.took[self._spans.node(row)]
        length = f", took {duration(int(took), self._symbols)}" if took >= 0 else ""
        return word.get(status, "was open") + length

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

    # -- sections ------------------------------------------------------------------------------------------------------

    def _advice(self) -> Iterator[str]:
        found = self._about.advice
        if not found:
            return
        page = self._page
        yield from page.section("What to do")
        shown = [
            line
            for place, each in enumerate(found[: page.limit], 1)
            for line in page.paragraph(f"  {place:>2} ", each.text)
        ]
        yield from page.listed(shown, len(found))

    def _errors(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        groups = about.errors.groups
        total = about.errors.causes + about.errors.events
        if total < 2:
            return
        what = causes_and_events(about.errors.causes, about.errors.events)
        yield from page.section("Errors", f"{what} in {number(len(groups), 'group')}")
        shown: list[str] = []
        for group in groups[: page.limit]:
            failed = outcome(group.ended_run, len(group.causes), "failed the run") if about.status == "error" else ""
            well = outcome(group.recovered, len(group.causes), "recovered")
            names = counted(group.names)
            when = self.extent([each.time for each in group.causes if each.time != NO_TIME])
            shown += page.paragraph(f"  {symbols['error']} {len(group.causes):>4} ", group.text)
            shown.append(
                page.line("  ".join(part for part in (names, when, ", ".join(filter(None, (failed, well)))) if part), 9)
            )
        yield from page.listed(shown, len(groups), "groups")
        if about.errors.not_read:
            yield page.line(f"the texts of {exact(about.errors.not_read, symbols)} more causes were not read")

    def extent(self, moments: list[int]) -> str:
        """From when to when: ``+1.2s to +3m``."""
        begin = self._spans.begin
        if not moments or begin < 0:
            return ""
        first, last = (offset(time - begin, self._symbols) for time in (min(moments), max(moments)))
        return first if first == last else f"{first} to {last}"

    def _time(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        found = about.attribution
        if found is None or not found.wall_ns or not about.spans.placed.any():
            return
        length = duration(found.wall_ns, symbols)
        yield from page.section("Where the time went", f"on the clock: {length} = 100%")
        yield "  " + shares_bar([(part.word, part.ns) for part in found.parts], page.room - 2, symbols)
        for part in found.parts:
            if not part.ns and not part.count:
                continue
            noun = {"model": "call", "tool": "call", "retrieval": "call", "own": "span", "idle": "gap"}[part.word]
            figures = f"{duration(part.ns, symbols):>7}  {share(part.ns / found.wall_ns, symbols):>4}"
            notes = [number(part.count, noun)] if part.count else []
            if part.open_ns and part.word != "idle":
                notes.append(f"{duration(part.open_ns, symbols)} of it in open spans")
            if part.word == "idle" and found.gaps[0].end - found.gaps[0].start >= _BEFORE_NS:
                notes.append(self.gap_words())
            text = f"{symbols['share_' + part.word]} {part.word:<10}{figures}   {', '.join(notes)}"
            yield page.line(text)
        if found.most_parallel > 1:
            yield page.line(
                f"up to {found.most_parallel} spans worked at once, {found.parallelism or 0:.1f} in the mean: "
                "shared time is split evenly"
            )
        if found.outside:
            yield page.line(f"{number(found.outside, 'span')} outside of the run's own time: not counted there")

    def gap_words(self) -> str:
        """The longest idle stretch: how long, from when on, in what."""
        found = self._about.attribution
        if found is None:
            return ""
        gap = found.gaps[0]
        where = f" in {safe(self._about.name(gap.row))}" if gap.row is not None else ""
        most = "the longest " if len(found.gaps) > 1 else ""
        begin = self._spans.begin
        return f"{most}{duration(gap.end - gap.start, self._symbols)} from {offset(gap.start - begin, self._symbols)}{where}"

    def _path(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        path = about.path
        if path is None or not about.wall_ns or len(path.rows) < 2:
            return
        spans, begin = self._store.spans, self._spans.begin
        fact = (
            f"{path.spans} of {number(about.run.span_count, 'span')}, {duration(path.work_ns, symbols)} at work, "
            f"{share(path.work_ns / about.wall_ns, symbols)}"
        )
        yield from page.section("Critical path", fact)
        shown = [
            page.row(
                self.crumbs(step.row, page.room, short=True),
                (
                    (offset(spans.start[step.row] - begin, symbols), 7),
                    (duration(step.ns, symbols), 7),
                    (share(step.ns / about.wall_ns, symbols), 4),
                ),
                f"{symbols[Kind(spans.kind[step.row]).name]} ",
            )
            for step in path.longest(page.limit)
        ]
        yield from page.listed(shown, len(path.rows), "steps, shorter")
        if not path.complete:
            yield page.line("the run is so large that only the last part of the path was followed")

    def _slowest(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        if len(about.slowest) < 2:
            return
        yield from page.section("Slowest", "against the p50 of the name")
        kinds, longest = self._store.spans.kind, about.slowest[0].ns or 1
        shown = []
        for each in about.slowest[: page.limit]:
            factor = "" if each.factor is None else f"{each.factor:.1f}{symbols.times}"
            bar = length_bar(each.ns / longest, _BAR, symbols)
            subject = safe(self._bodies.subject(each.row))
            name = safe(about.name(each.row))
            text = f"{name}  {subject}" if subject and subject != name else name
            lead = f"{symbols[Kind(kinds[each.row]).name]} "
            cells = ((duration(each.ns, symbols), 7), (factor, 6), (f"{bar:<{_BAR}}", _BAR))
            shown.append(page.row(text, cells, lead))
        yield from page.listed(shown, about.at_work)

    def _names(self) -> Iterator[str]:
        about = self._about
        slow = {(each.name, each.kind) for each in about.bottlenecks}
        share_of = about.share_of if about.wall_ns else None
        yield from names_table(self._page, about.names, share_of, slow, about.bottleneck_ns)

    def _retries(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        if not about.retries:
            return
        by_name: dict[str, list[Retry]] = {}
        for each in about.retries:
            by_name.setdefault(each.name, []).append(each)
        yield from page.section("Retries", f"{exact(about.retry_count, symbols)} in {number(len(by_name), 'name')}")
        ordered = sorted(by_name.items(), key=lambda item: -lost_ns(item[1]))
        shown = []
        for name, tried in ordered[: page.limit]:
            again, well = sum(each.retries for each in tried), sum(each.recovered for each in tried)
            ns = lost_ns(tried)
            outcome = "went well in the end" if well == len(tried) else "never went well" if not well else ""
            text = f"{symbols['retry']} {count(again, symbols):>4}  {name or '(the run itself)'}  "
            text += f"lost {duration(ns, symbols)}  " if ns else ""
            text += outcome or f"{well} of {len(tried)} went well in the end"
            shown.append(page.line(text))
        yield from page.listed(shown, len(ordered), "names")

    def _repetitions(self) -> Iterator[str]:
        about, page = self._about, self._page
        found = [each for each in about.repetitions if each.verdict != "retry"]
        if not found:
            if about.tools:
                yield from page.section(LOOPS)
                yield page.line(NO_LOOPS)
            return
        loops = len(about.loops)
        fact = f"{number(loops, 'loop')}, {len(found) - loops} of polling"
        yield from page.section(LOOPS if loops else EQUAL_CALLS, fact)
        shown: list[str] = []
        for each in found[: page.limit]:
            shown += self._repetition(each)
        yield from page.listed(shown, len(found))

    def _repetition(self, each: Repetition) -> Iterator[str]:
        symbols, page = self._symbols, self._page
        names = f" {symbols['decision']} ".join(each.names)
        is_loop = each.verdict == "loop"
        mark = symbols["retry"] if is_loop else symbols["dot"]
        lead = f"{mark} {count(each.count, symbols):>4}  "
        if not is_loop:
            yield page.line(f"{lead}{names}  {each.subject}: {each.why}, no loop")
            return
        yield page.line(f"{lead}{names}  {each.subject}")
        yield page.line(loop_words(self._about, each, symbols), 10)

    def _tools(self) -> Iterator[str]:
        about = self._about
        failed, every = about.tool_calls
        if about.tools:
            fact = calls_fact(failed, every, about.open_tool_calls)
            yield from tools_table(self._page, fact, about.tools, about.names)

    def _models(self) -> Iterator[str]:
        yield from models_table(self._page, self._about.models, self.model_notes())

    def model_notes(self) -> list[str]:
        """What is to be said of the figures by model: the cache, and why they differ from those of the wall clock."""
        about, symbols = self._about, self._symbols
        notes = cache_note(about.spent.cache_share, symbols)
        for kind, amount in other_callers(about.usages).items():
            is_, whose = ("is", "") if amount == 1 else ("are", "s")
            notes.append(f"{exact(amount, symbols)} of the calls {is_} no model call{whose} by kind: {kind.name}")
        found = about.attribution
        clock = next((part.ns for part in found.parts if part.word == "model"), 0) if found is not None else 0
        added = sum(each.total_ns for each in about.names if each.kind is Kind.llm)
        if clock and added - clock > clock * _DIFFERS:
            notes.append(
                f"total adds up all calls, also those inside of others or beside them: {duration(added, symbols)} of "
                f"model calls, {duration(clock, symbols)} on the clock"
            )
        return notes

    def _agents(self) -> Iterator[str]:
        agents = [each for each in self._about.agents if each.spans or each.spent.total is not None]
        if len(agents) > 1:
            yield from agents_table(self._page, agents)

    def _contexts(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        found = about.contexts
        if not found:
            return
        limit = next((each.limit for each in found if each.limit is not None), None)
        yield from page.section(
            "Context by agent", f"limit {tokens(limit, symbols)}" if limit else "input of each model call"
        )
        shown: list[str] = []
        for each in found[: page.limit]:
            small, large = each.tokens[0], each.largest
            text = f"{each.name}  {len(each.rows)} calls, from {tokens(small, symbols)} to {tokens(large, symbols)}"
            text += f", compacted {times(len(each.compactions))}" if each.compactions else ""
            text += f", over the limit {times(len(each.over_limit))}" if each.over_limit else ""
            shown.append(page.line(text))
            if len(each.tokens) >= _CALLS_PLOTTED and symbols.columns:
                shown.append("  " + columns_plot(each.tokens, page.room - 2, symbols))
        yield from page.listed(shown, len(found), "agents")
        if words := self.called_once():
            yield page.line(words)

    def called_once(self) -> str:
        """How many agents have one model call only, and no growth; empty where there is none."""
        once = self._about.called_once
        return f"{number(once, 'agent')} with one model call: not listed" if once else ""

    def _decisions(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        total = sum(about.decision_types.values())
        if not total:
            return
        yield from page.section("Decisions", f"{count(total, symbols)}, {number(len(about.decision_types), 'kind')}")
        begin = self._spans.begin
        kinds = max(cell_width(safe(each.type)[:24]) for each in about.decisions[: page.limit])
        shown = []
        for each in about.decisions[: page.limit]:
            when = offset(each.time - begin, symbols) if each.time != NO_TIME and begin >= 0 else ""
            over = [safe(other) for other in each.alternatives if other and other != each.chosen]
            text = each.chosen or each.text
            if each.chosen and over:
                text += f" over {', '.join(over[:3])}" + (f" and {len(over) - 3} more" if len(over) > 3 else "")
            if each.chosen and each.reason:
                text += f": {each.reason}"
            kind = cut(safe(each.type), 24, symbols=symbols)
            shown.append(page.line(f"{symbols['decision']} {when:>7}  {kind:<{min(kinds, 24)}}  {safe(text)}"))
        yield from page.listed(shown, total)

    def _silence(self) -> Iterator[str]:
        about, page, symbols = self._about, self._page, self._symbols
        quiet = about.silence
        if quiet is None or quiet.end - quiet.start < _BEFORE_NS:
            return
        begin = self._spans.begin
        where = f" in {self.crumbs(quiet.row, 50, short=True)}" if quiet.row is not None else ", no span was open"
        yield from page.section("Longest silence", f"{duration(quiet.end - quiet.start, symbols)} without a record")
        yield page.line(f"from {offset(quiet.start - begin, symbols)} to {offset(quiet.end - begin, symbols)}{where}")

    def _clock(self, time: int) -> str:
        return clock_time(time, self._tz)[:8]

    # -- words ---------------------------------------------------------------------------------------------------------

    def span_words(self, row: int, subject: str = "", name: str = "") -> str:
        """Symbol, name and subject of a span."""
        if row < 0:
            return f"{self._symbols['error']} {safe(name)}"
        called = safe(name or self._about.name(row)) or "(no name)"
        subject = safe(subject)
        about = f"  {subject}" if subject and subject != called else ""
        return f"{self._symbols[Kind(self._store.spans.kind[row]).name]} {called}{about}"

    def crumbs(self, row: int, room: int, *, short: bool = False) -> str:
        """The names from the run down to a span; without the outermost where there is no room for it, or not for all."""
        if row < 0:
            return "the run itself"
        names = [safe(name) or "(no name)" for name in self._about.path_names(row)[-_PATH_NAMES:]]
        if short and len(names) > 2:
            names = names[-2:]
        crumb = f" {self._symbols['crumb']} "
        text = crumb.join(names)
        return cut(text, max(20, room), "start", self._symbols)

    def _crumb_end(self, row: int) -> str:
        return self.crumbs(row, 60, short=True)

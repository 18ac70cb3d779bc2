"""The analysis of one run as lines of text, the most telling first: what ``tracetui analyze`` prints.

Here are its sections; the first lines are those of ``run_head``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.analysis.advice import lost_ns
from tracetui.core.analysis.glance import EQUAL_CALLS, LOOPS, NO_LOOPS, glance_lines, run_glance
from tracetui.core.analysis.loops import Repetition
from tracetui.core.analysis.retries import Retry
from tracetui.core.analysis.run_head import RunHead
from tracetui.core.analysis.run_words import outcome
from tracetui.core.analysis.tables import (
    agents_table,
    calls_fact,
    causes_and_events,
    columns_plot,
    counted,
    length_bar,
    loop_words,
    models_table,
    names_table,
    number,
    shares_bar,
    times,
    tools_table,
)
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.text import (
    cell_width,
    count,
    cut,
    duration,
    exact,
    offset,
    safe,
    share,
    tokens,
)

_BEFORE_NS: Final = 1_000_000_000
_BAR: Final = 12
_CALLS_PLOTTED: Final = 8
"""From so many calls on the growth of a context is drawn."""


class RunPage(RunHead):
    """Writes one run."""

    def lines(self) -> Iterator[str]:
        """All of it."""
        yield from self._first_lines()
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

    def _first_lines(self) -> Iterator[str]:
        yield self.head()
        if reason := self.reason():
            yield self._page.line(reason)
        for each in self.told():
            yield from self._page.labelled(each.label, each.text, each.lines)

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
            figures = f"{duration(part.ns, symbols):>7}  {share(part.ns / found.wall_ns, symbols):>4}"
            notes = [self.part_calls(part)] if part.count else []
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

"""The summary of one run as sections: what `tracetui analyze` says, in the same words and with the same figures, to look at.

Made in a thread from an analysis over a copy of the store; what is made holds plain values only, so that neither the copy
nor the analysis is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from tracetui.core.analysis.advice import lost_ns
from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.glance import run_glance
from tracetui.core.analysis.page import Page as TextPage
from tracetui.core.analysis.pulse import pulse
from tracetui.core.analysis.retries import Retry
from tracetui.core.analysis.run_analysis import RunAnalysis
from tracetui.core.analysis.run_head import RunHead
from tracetui.core.analysis.run_words import outcome
from tracetui.core.analysis.spending import Spender
from tracetui.core.analysis.spread import spreads
from tracetui.core.analysis.tables import (
    calls_fact,
    causes_and_events,
    cost_text,
    counted,
    loop_words,
    number,
)
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.pricing.cost import Cost
from tracetui.core.run_table import length_text
from tracetui.core.symbols import Symbols
from tracetui.core.text import clock_time, count, duration, exact, marked, offset, safe, share, tokens
from tracetui.tui.presentation import plots
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.runs import run_tokens
from tracetui.tui.presentation.summary_page import (
    Cell,
    Page,
    Part,
    Row,
    Target,
    fitting_text,
    pieces_line,
    table_line,
    text_line,
)
from tracetui.tui.presentation.summary_parts import (
    KEPT,
    agents_part,
    bottlenecks_part,
    contexts_part,
    glance_part,
    loops_part,
    models_part,
    names_part,
    pulse_part,
    tokens_part,
    tools_part,
    two_rows,
)

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies

_LABEL: Final = 13
_BAR: Final = 12
_QUIET_NS: Final = 1_000_000_000
_SLOW_FACTOR: Final = 3.0
_KINDS: Final = {
    "model": (Kind.llm,),
    "tool": (Kind.tool,),
    "retrieval": (Kind.retriever, Kind.embedding, Kind.reranker),
}
STATUS_STYLES: Final = {
    "error": "status-error",
    "running": "status-open",
    "stalled": "status-warning",
    "unfinished": "status-warning",
}


class _LongPage(TextPage):
    """Words that are cut when they are drawn."""

    @property
    def room(self) -> int:
        """More than any screen has."""
        return 1_000


class RunSummary:
    """Makes the page of one run.

    Args:
        about: The analysis.
        bodies: For the subjects of spans.
        id: What the run is called where it has no name.
        spent: What it cost.
        symbols: What to draw with.
        tz: Zone of times shown.
        pending: Prices are still being looked up.
    """

    def __init__(
        self,
        about: RunAnalysis,
        bodies: Bodies,
        id: str,
        spent: Cost,
        symbols: Symbols,
        tz: tzinfo,
        *,
        pending: bool = False,
    ) -> None:
        self._about = about
        self._bodies = bodies
        self._id = id
        self._cost = spent
        self._symbols = symbols
        self._tz = tz
        self._pending = pending and spent.computed is None
        self._shares = about.shares()
        self._words = RunHead(about, _LongPage(1_000, symbols, KEPT), bodies, id, spent, tz)
        self._begin = about.spans.begin
        self._over_time = pulse(about.spans, about.usages)

    def page(self) -> Page:
        """All of it, the most telling first."""
        made = (
            self._first(),
            glance_part(run_glance(self._about, self._cost, self._symbols, pending=self._pending), self._symbols),
            self._advice(),
            self._errors(),
            self._time(),
            self._tools(),
            self._bottlenecks(),
            self._pulse(),
            self._path(),
            self._slowest(),
            self._names(),
            self._repetitions(),
            self._retries(),
            self._models(),
            self._agents(),
            self._contexts(),
            self._tokens(),
            self._decisions(),
            self._silence(),
        )
        return Page(self.head(), [part for part in made if part is not None])

    def head(self) -> Row:
        """The run in words."""
        about, symbols, run = self._about, self._symbols, self._about.run
        length, source = run.duration()
        loops = len(about.loops)
        used, lacking = run_tokens(run)
        parts: list[tuple[str, str]] = [
            (f"{symbols[about.status]} {about.status}", f"{STATUS_STYLES.get(about.status, '')} bold".strip()),
            (fitting_text(safe((run.name or self._id)[:200]), symbols), "strong bold"),
            (length_text(about.status, length, source, symbols), "muted"),
            (number(run.span_count, "span"), "muted"),
            (number(about.errors.causes, "cause") if about.errors.causes else "", "status-error"),
            (
                f"{marked(tokens(used, symbols), partial=lacking, symbols=symbols)} tokens" if used is not None else "",
                "muted",
            ),
            (cost_text(self._cost, symbols) if self._cost.usd is not None else "", "muted"),
            (number(loops, "loop") if loops else "", "status-warning"),
            (number(len(about.bottlenecks), "bottleneck") if about.bottlenecks else "", "status-warning"),
        ]
        return [piece for text, style in parts if text for piece in ((text, style), ("  ", ""))]

    def _to(self, rows: Iterable[int]) -> tuple[Target, ...]:
        run = self._about.run.row
        return tuple((run, row) for row in dict.fromkeys(rows) if row >= 0)

    def _kind(self, row: int) -> Row:
        kind = Kind(self._about.spans.store.spans.kind[row]).name
        return [(f"{self._symbols[kind]} ", kind_style(kind))]

    # ------------------------------------------------------------ what broke, what to do

    def _first(self) -> Part | None:
        symbols, about = self._symbols, self._about
        part = Part("What broke first" if about.errors.first is not None else "The run")
        if reason := self._words.reason():
            part.notes.append(text_line([], reason, symbols, style="status-error" if about.status == "error" else ""))
        for each in self._words.told():
            lead: Row = [(each.label.ljust(_LABEL), "muted")]
            style = "status-error" if each.label == "said" and about.status == "error" else ""
            rows = max(each.lines, 2)
            part.notes.append(text_line(lead, each.text, symbols, self._to(each.rows), rows=rows, style=style))
        return part

    def _advice(self) -> Part | None:
        found = self._about.advice
        if not found:
            return None
        lines = [
            text_line([(f"{place:<2} ", "strong bold")], each.text, self._symbols, self._to(each.rows), rows=3)
            for place, each in enumerate(found, 1)
        ]
        return Part("What to do", lines, right=True)

    def _errors(self) -> Part | None:
        about, symbols = self._about, self._symbols
        groups, total = about.errors.groups, about.errors.causes + about.errors.events
        if not total:
            return None
        fact = f"{causes_and_events(about.errors.causes, about.errors.events)} in {number(len(groups), 'group')}"
        part = Part("Errors", fact=fact, right=True, noun="groups")
        for group in groups:
            many = len(group.causes)
            failed = outcome(group.ended_run, many, "failed the run") if about.status == "error" else ""
            well = outcome(group.recovered, many, "recovered")
            when = self._words.extent([each.time for each in group.causes if each.time != NO_TIME])
            about_it = "  ".join(
                word for word in (counted(group.names), when, ", ".join(filter(None, (failed, well)))) if word
            )
            part.lines.append(
                two_rows(
                    [(f"{symbols['error']} {count(many, symbols):<3} ", "status-error")],
                    group.text,
                    about_it,
                    symbols,
                    self._to(each.row for each in group.causes),
                )
            )
        if about.errors.not_read:
            text = f"the texts of {exact(about.errors.not_read, symbols)} more causes were not read"
            part.notes.append(text_line([], text, symbols, style="muted"))
        return part

    # ------------------------------------------------------------ time

    def _time(self) -> Part | None:
        about, symbols = self._about, self._symbols
        found = about.attribution
        if found is None or not found.wall_ns or not about.spans.placed.any():
            return None
        parts = [(each.word, each.ns) for each in found.parts]
        part = Part(
            "Where the time went",
            fact=f"on the clock: {duration(found.wall_ns, symbols)} = 100%",
            top=lambda width: [plots.shares(parts, width, symbols)],
        )
        for each in found.parts:
            if not each.ns and not each.count:
                continue
            notes = [self._words.part_calls(each)] if each.count else []
            if each.open_ns and each.word != "idle":
                notes.append(f"{duration(each.open_ns, symbols)} of it in open spans")
            if each.word == "idle" and found.gaps and found.gaps[0].end - found.gaps[0].start >= _QUIET_NS:
                notes.append(self._words.gap_words())
            rows = self._of_part(each.word)
            if each.word == "idle":
                rows = [gap.row for gap in found.gaps if gap.row is not None][:KEPT]
            pieces: Row = [
                (symbols[f"share_{each.word}"] + " ", plots.PART_STYLES[each.word]),
                (each.word, ""),
                (" " * (11 - len(each.word)), ""),
                (f"{duration(each.ns, symbols):>7}", ""),
                (f"  {share(each.ns / found.wall_ns, symbols):>4}   {', '.join(notes)}", "muted"),
            ]
            part.notes.append(pieces_line(pieces, symbols, self._to(rows), 1))
        if found.most_parallel > 1:
            part.notes.append(
                text_line(
                    [],
                    f"up to {found.most_parallel} spans worked at once, {found.parallelism or 0:.1f} in the mean: "
                    "shared time is split evenly",
                    symbols,
                    rows=2,
                    style="muted",
                )
            )
        if found.outside:
            text = f"{number(found.outside, 'span')} outside of the run's own time: not counted there"
            part.notes.append(text_line([], text, symbols, style="muted"))
        return part

    def _of_part(self, word: str) -> list[int]:
        """The slowest spans of a part of the time."""
        kinds = self._about.spans.store.spans.kind
        mine = _KINDS.get(word)
        every = {int(kind) for each in _KINDS.values() for kind in each}
        rows = [each.row for each in self._about.slowest]
        if mine is None:
            return [row for row in rows if kinds[row] not in every]
        return [row for row in rows if kinds[row] in mine]

    def _pulse(self) -> Part | None:
        return None if self._over_time is None else pulse_part(self._over_time, self._symbols, self._about.run.row)

    def _tokens(self) -> Part | None:
        return None if self._over_time is None else tokens_part(self._over_time, self._symbols)

    def _path(self) -> Part | None:
        about, symbols = self._about, self._symbols
        path = about.path
        if path is None or not about.wall_ns or len(path.rows) < 2:
            return None
        spans = about.spans.store.spans
        fact = (
            f"{path.spans} of {number(about.run.span_count, 'span')}, {duration(path.work_ns, symbols)} at work, "
            f"{share(path.work_ns / about.wall_ns, symbols)}"
        )
        part = Part("Critical path", fact=fact, noun="steps, shorter", left_out=max(0, len(path.rows) - KEPT))
        steps = path.longest(KEPT)
        kept = {step.row for step in path.longest(5)}  # the first that are shown are the longest, in order of time
        for step in [*(step for step in steps if step.row in kept), *(step for step in steps if step.row not in kept)]:
            cells: list[Cell] = [
                (duration(step.ns, symbols), 7, "" if step.row in kept else "muted"),
                (share(step.ns / about.wall_ns, symbols), 4, "muted"),
                (offset(spans.start[step.row] - self._begin, symbols), 7, "muted"),
            ]
            names = about.path_names(step.row)[-2:]
            above = f"{symbols['crumb']} {names[0]}" if len(names) > 1 else ""
            name = names[-1] if names else ""
            about_it = f"in {names[0]}" if above else ""
            part.lines.append(table_line(self._kind(step.row), name, about_it, cells, symbols, self._to((step.row,))))
        part.listed = 5
        if not path.complete:
            text = "the run is so large that only the last part of the path was followed"
            part.notes.append(text_line([], text, symbols, rows=2, style="muted"))
        return part

    def _slowest(self) -> Part | None:
        about, symbols = self._about, self._symbols
        if len(about.slowest) < 2:
            return None
        kinds, longest = about.spans.store.spans.kind, about.slowest[0].ns or 1
        part = Part("Slowest", fact="against the p50 of the name", listed=5, noun="")
        part.left_out = max(0, about.at_work - len(about.slowest))
        for each in about.slowest:
            factor = "" if each.factor is None else f"{each.factor:.1f}{symbols.times}"
            style = "status-warning" if each.factor is not None and each.factor >= _SLOW_FACTOR else "muted"
            kind = Kind(kinds[each.row]).name
            name, subject = about.name(each.row), self._bodies.subject(each.row)
            cells: list[Cell] = [
                (duration(each.ns, symbols), 7, ""),
                (factor, 6, style),
                (plots.length(each.ns / longest, _BAR, symbols), _BAR, kind_style(kind)),
            ]
            subject = subject if subject != name else ""
            part.lines.append(table_line(self._kind(each.row), name, subject, cells, symbols, self._to((each.row,))))
        return part

    def _names(self) -> Part | None:
        about = self._about
        names = [each for each in about.names if each.finished]
        if not names:
            return None
        slow = {(each.name, each.kind) for each in about.bottlenecks}
        found = spreads(about.spans, names)
        shown = {} if found is None or not self._symbols.columns else found.counts
        scale = None if found is None or not shown else (found.low_ns, found.high_ns)
        bottleneck = duration(about.bottleneck_ns, self._symbols) if slow else ""
        return names_part(
            names,
            self._symbols,
            slow,
            bottleneck,
            lambda each: self._to(() if each.slowest is None else (each.slowest,)),
            share_of=self._share_of,
            spread_of=lambda each: shown.get((each.name, each.kind)),
            scale=scale,
        )

    @property
    def _share_of(self) -> Callable[[NameStats], float | None] | None:
        """In which part of the run spans of a name were active; None without times."""
        return (lambda each: self._shares.get((each.name, each.kind), 0.0)) if self._shares else None

    def _bottlenecks(self) -> Part | None:
        about = self._about
        return bottlenecks_part(
            about.bottlenecks,
            self._symbols,
            about.bottleneck_ns,
            lambda each: self._to(() if each.slowest is None else (each.slowest,)),
            self._share_of,
        )

    # ------------------------------------------------------------ again and again

    def _repetitions(self) -> Part | None:
        about, symbols = self._about, self._symbols
        found = [each for each in about.repetitions if each.verdict != "retry"]
        loops, lines = len(about.loops), []
        for each in found:
            names = f" {symbols['decision']} ".join(each.names)
            is_loop = each.verdict == "loop"
            mark = symbols["retry"] if is_loop else symbols["dot"]
            lead: Row = [(f"{mark} {count(each.count, symbols):<3} ", "status-warning" if is_loop else "muted")]
            targets = self._to(each.rows)
            if not is_loop:
                lines.append(text_line(lead, f"{names}  {each.subject}: {each.why}, no loop", symbols, targets))
                continue
            below = loop_words(about, each, symbols)
            lines.append(two_rows(lead, f"{names}  {each.subject}", below, symbols, targets, below_rows=2))
        fact = f"{number(loops, 'loop')}, {len(found) - loops} of polling"
        return loops_part(lines, fact, are_loops=loops > 0, has_tools=bool(about.tools), symbols=symbols)

    def _retries(self) -> Part | None:
        about, symbols = self._about, self._symbols
        if not about.retries:
            return None
        by_name: dict[str, list[Retry]] = {}
        for each in about.retries:
            by_name.setdefault(each.name, []).append(each)
        fact = f"{exact(about.retry_count, symbols)} in {number(len(by_name), 'name')}"
        part = Part("Retries", fact=fact, right=True, noun="names")
        for name, tried in sorted(by_name.items(), key=lambda item: -lost_ns(item[1])):
            again, well = sum(each.retries for each in tried), sum(each.recovered for each in tried)
            ns = lost_ns(tried)
            ended = "went well in the end" if well == len(tried) else "never went well" if not well else ""
            ended = ended or f"{well} of {len(tried)} went well in the end"
            lead: Row = [(f"{symbols['retry']} {count(again, symbols):<3} ", "status-warning")]
            about_it = f"lost {duration(ns, symbols)}  {ended}" if ns else ended
            targets = self._to(row for each in tried for row in each.rows)
            part.lines.append(table_line(lead, name or "(the run itself)", about_it, (), symbols, targets))
        return part

    # ------------------------------------------------------------ tokens and cost

    def _contexts(self) -> Part | None:
        return contexts_part(self._about.contexts, self._words.called_once(), self._symbols, self._to)

    def _models(self) -> Part | None:
        notes = self._words.model_notes()
        return models_part(
            self._about.models, notes, self._symbols, lambda each: self._to(each.rows), pending=self._pending
        )

    def _agents(self) -> Part | None:
        about = self._about
        agents = [each for each in about.agents if each.spans or each.spent.total is not None]
        if len(agents) < 2:
            return None
        slowest = {each.name: each.slowest for each in about.names if each.kind is Kind.agent}

        def targets(each: Spender) -> tuple[Target, ...]:
            one = slowest.get(each.name)
            return self._to(each.rows or (() if one is None else (one,)))

        return agents_part(agents, self._symbols, targets, pending=self._pending)

    def _tools(self) -> Part | None:
        about = self._about
        failed, every = about.tool_calls
        if not about.tools:
            return None
        fact = calls_fact(failed, every, about.open_tool_calls) or number(every, "call")
        slowest = {each.name: each.slowest for each in about.names if each.kind is Kind.tool}

        def targets(each: Spender) -> tuple[Target, ...]:
            one = slowest.get(each.name)
            return self._to(each.rows or (() if one is None else (one,)))

        return tools_part(fact, about.tools, about.names, self._symbols, targets, pending=self._pending)

    # ------------------------------------------------------------ moments

    def _decisions(self) -> Part | None:
        about, symbols = self._about, self._symbols
        total = sum(about.decision_types.values())
        if not total:
            return None
        fact = f"{count(total, symbols)}, {number(len(about.decision_types), 'kind')}"
        part = Part("Decisions", fact=fact, left_out=max(0, total - len(about.decisions)))
        kinds = max(len(safe(each.type[:24])) for each in about.decisions[:20])
        for each in about.decisions:
            timed = each.time != NO_TIME and self._begin >= 0
            when = offset(each.time - self._begin, symbols) if timed else ""
            over = [other for other in each.alternatives if other and other != each.chosen]
            text = each.chosen or each.text
            more = ""
            if each.chosen and over:
                more = f"over {', '.join(over[:3])}" + (f" and {len(over) - 3} more" if len(over) > 3 else "")
            if each.chosen and each.reason:
                more += f": {each.reason}" if more else each.reason
            kind = safe(each.type[:24]).ljust(min(kinds, 24))
            lead: Row = [(f"{symbols['decision']} {when:>7}  {kind}  ", "muted")]
            part.lines.append(table_line(lead, text, more, (), symbols, self._to((each.row,))))
        return part

    def _silence(self) -> Part | None:
        about, symbols = self._about, self._symbols
        quiet = about.silence
        if quiet is None or quiet.end - quiet.start < _QUIET_NS:
            return None
        where = f"in {self._words.crumbs(quiet.row, 60, short=True)}" if quiet.row is not None else "no span was open"
        text = f"from {offset(quiet.start - self._begin, symbols)} to {offset(quiet.end - self._begin, symbols)}"
        part = Part("Longest silence", fact=f"{duration(quiet.end - quiet.start, symbols)} without a record")
        targets = self._to(() if quiet.row is None else (quiet.row,))
        clock = f" ({clock_time(quiet.start, self._tz)[:8]})"
        part.notes.append(table_line([], f"{text}{clock}", where, (), symbols, targets))
        return part

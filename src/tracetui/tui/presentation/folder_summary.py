"""The summary of several runs as sections: what is known of each run at once, the rest once all of them are analysed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from tracetui.core.analysis.folder_blocks import briefly, loops_of, steps_words
from tracetui.core.analysis.folder_runs import (
    DAY,
    NamedRuns,
    Piece,
    RunBrief,
    added_up,
    over_time,
    sum_of_costs,
    sum_of_tokens,
)
from tracetui.core.analysis.glance import LINES, Glance, folder_bottlenecks, folder_glance
from tracetui.core.analysis.tables import (
    cache_note,
    calls_fact,
    causes_and_events,
    cost_text,
    counted,
    loop_words,
    number,
)
from tracetui.core.model import Kind
from tracetui.core.run_table import length_text
from tracetui.core.symbols import Symbols
from tracetui.core.text import clock_time, cost, count, duration, marked, tokens, wall_time_full
from tracetui.tui.presentation import plots
from tracetui.tui.presentation.run_summary import STATUS_STYLES
from tracetui.tui.presentation.summary_page import (
    Cell,
    Figure,
    Line,
    Page,
    Part,
    Row,
    Target,
    add_figures,
    table_line,
    text_line,
)
from tracetui.tui.presentation.summary_parts import (
    KEPT,
    agents_part,
    bottlenecks_part,
    glance_part,
    loops_part,
    models_part,
    names_part,
    tools_part,
    two_rows,
)

if TYPE_CHECKING:
    from tracetui.core.analysis.by_name import NameStats
    from tracetui.core.analysis.folder import FolderAnalysis
    from tracetui.core.analysis.spending import Spender

ORDER: Final = ("error", "stalled", "unfinished", "unknown", "running", "ok")
_RUN_HEADS: Final[tuple[Cell, ...]] = (("time", 8, ""), ("cost", 8, ""), ("tokens", 6, ""))
_CAUSES: Final[Cell] = ("causes", 6, "")
_PLOT_ROWS: Final = 4
_MONEY: Final = 100_000
"""Parts of a dollar that a column of cost tells apart."""


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """Makes the page of several runs.

    Args:
        runs: The runs with what is known of each.
        named: The same by name.
        ids: What runs are called, by row.
        causes: Failed spans without a failed child in all.
        symbols: What to draw with.
        tz: Zone of times shown.
    """

    runs: Sequence[RunBrief]
    named: Sequence[NamedRuns]
    ids: Mapping[int, str]
    causes: int
    symbols: Symbols
    tz: tzinfo
    causes_of: Mapping[int, int] = field(default_factory=dict)
    """The same of each run that has any, by row."""
    pending: bool = False
    """Prices are still being looked up."""

    def page(self, about: FolderAnalysis | None) -> Page:
        """All of it; None: the runs are not analysed yet."""
        made = [
            self._glance(about),
            *self._over_time(),
            self._worst(about),
            self._longest(),
            self._dearest(),
            self._by_name(),
            *(self._analysed(about) if about is not None else ()),
        ]
        return Page(self._head(about), [part for part in made if part is not None])

    def _glance(self, about: FolderAnalysis | None) -> Part:
        if about is None:
            return glance_part([Glance(label, self.symbols.reading, section) for label, section in LINES], self.symbols)
        told = folder_glance(about, sum_of_costs(self.runs), self.ids, self.symbols, pending=self.pending)
        return glance_part(told, self.symbols)

    def _head(self, about: FolderAnalysis | None) -> Row:
        symbols, runs = self.symbols, self.runs
        counts: dict[str, int] = {}
        for each in runs:
            counts[each.status] = counts.get(each.status, 0) + 1
        parts = [(number(len(runs), "run"), "strong bold")]
        parts += [
            (f"{symbols[status]} {counts[status]:,} {status}", STATUS_STYLES.get(status, "muted"))
            for status in ORDER
            if counts.get(status)
        ]
        lengths = [length for each in runs if (length := each.run.duration()[0]) is not None]
        if lengths:
            total = marked(duration(sum(lengths), symbols), partial=len(lengths) < len(runs), symbols=symbols)
            parts.append((total + added_up(lengths, symbols), "muted"))
        parts.append((number(sum(each.run.span_count for each in runs), "span"), "muted"))
        if self.causes:
            parts.append((number(self.causes, "cause"), "muted"))
        known, lacking = sum_of_tokens(runs)
        if known is not None:
            parts.append((f"{marked(tokens(known, symbols), partial=lacking, symbols=symbols)} tokens", "muted"))
        spent = sum_of_costs(runs)
        if spent.usd is not None:
            parts.append((cost_text(spent, symbols), "muted"))
        loops = sum(len(each.loops) for each in about.runs) if about is not None else 0
        parts += [(number(loops, "loop"), "status-warning")] if loops else []
        return [piece for text, style in parts for piece in ((text, style), ("  ", ""))]

    # ------------------------------------------------------------ over time

    def _over_time(self) -> list[Part]:
        drawn = over_time(self.runs)
        if drawn is None or len(drawn.pieces) < 2:
            return []
        symbols, by_day, words = self.symbols, drawn.step_ns >= DAY, steps_words(drawn)
        failures = Part("Failures over time", fact=f"runs by {words}", noun="pieces of time", listed=4)
        failures.top = lambda width: _pairs(drawn.pieces, width, symbols, self._ends(drawn.pieces, by_day))
        told = [piece for piece in drawn.pieces if piece.runs]
        for piece in sorted(told, key=lambda piece: (not piece.failed, -piece.start)):
            failures.lines.append(self._piece(piece, by_day=by_day))
        return [failures, *self._costs(drawn.pieces, words, by_day=by_day)]

    def _ends(self, found: Sequence[Piece], by_day: bool) -> tuple[str, str]:
        return self._when(found[0].start, by_day), self._when(found[-1].start, by_day)

    def _when(self, start: int, by_day: bool) -> str:
        day = wall_time_full(start, self.tz, self.symbols)[:10]
        return day if by_day else f"{day} {clock_time(start, self.tz)[:5]}"

    def _piece(self, piece: Piece, by_day: bool) -> Line:
        symbols = self.symbols
        failed: Cell = (f"{symbols['error']} {piece.failed:,}" if piece.failed else "", 6, "status-error")
        cells: list[Cell] = [
            failed,
            (f"of {piece.runs:,}", 8, "muted"),
            (cost_text(piece.cost, symbols) if piece.cost.usd is not None else "", 8, ""),
        ]
        return table_line([], self._when(piece.start, by_day), "", cells, symbols, _to(piece.rows))

    def _costs(self, found: Sequence[Piece], word: str, by_day: bool) -> list[Part]:
        usd = [piece.cost.usd or 0.0 for piece in found]
        if not any(usd):
            return []
        symbols = self.symbols
        part = Part("Cost over time", fact=f"by {word}", right=True, noun="pieces of time", listed=3)
        ends = self._ends(found, by_day)

        def top(width: int) -> list[Row]:
            wide, gap = _room(len(usd), width - 8, 1)
            values = [round(each * _MONEY) for each in usd]
            if wide * len(values) > width - 8:
                values, wide, gap = plots.regrouped(values, width - 8, sum), 1, 0
            rows = plots.columns(values, _PLOT_ROWS, symbols, "kind-llm", wide=wide, gap=gap)
            labels = cost(max(values) / _MONEY, symbols).rjust(6), "", "$0"
            line = _between(ends, len(values) * (wide + gap))
            return [*plots.with_scale(rows, labels), [(" " * 8, ""), *line]]

        part.top = top
        dearest = sorted((piece for piece in found if piece.cost.usd), key=lambda piece: -(piece.cost.usd or 0))
        for piece in dearest:
            figures: list[Cell] = [
                (cost_text(piece.cost, symbols), 8, ""),
                (number(piece.runs, "run"), 9, "muted"),
            ]
            by_cost = sorted(piece.rows, key=lambda row: -(self._cost_of(row) or 0))
            part.lines.append(table_line([], self._when(piece.start, by_day), "", figures, symbols, _to(by_cost)))
        return [part]

    def _cost_of(self, row: int) -> float | None:
        return next((each.cost.usd for each in self.runs if each.run.row == row), None)

    # ------------------------------------------------------------ runs

    def _run(self, each: RunBrief, causes: int | None = None) -> Line:
        """A run with its figures; with its causes of failure where they are given."""
        symbols, run = self.symbols, each.run
        length, source = run.duration()
        cells: list[Cell] = [
            (length_text(each.status, length, source, symbols), 8, ""),
            (self._cost_words(each), 8, "muted"),
            (marked(tokens(each.tokens, symbols), partial=each.tokens_partial, symbols=symbols), 6, "muted")
            if each.tokens is not None
            else ("", 6, ""),
        ]
        if causes is not None:
            cells.insert(0, (f"{symbols['error']} {causes:,}" if causes else "", 6, "status-error"))
        lead: Row = [(f"{symbols[each.status]} ", STATUS_STYLES.get(each.status, "muted"))]
        id_ = self.ids.get(run.row, run.id)
        name, about = (run.name, id_) if run.name else (id_, "")
        return table_line(lead, name, about if about != name else "", cells, symbols, ((run.row, None),), id_)

    def _cost_words(self, each: RunBrief) -> str:
        """What a run cost: `…` while its price may still come, nothing where none is known."""
        if each.cost.usd is not None:
            return cost_text(each.cost, self.symbols)
        return self.symbols.reading if self.pending and each.run.kind_counts[Kind.llm] else ""

    def _longest(self) -> Part | None:
        timed = [(length, each) for each in self.runs if (length := each.run.duration()[0]) is not None]
        if len(timed) < 2:
            return None
        timed.sort(key=lambda item: -item[0])
        shown = [self._run(each) for _, each in timed[:KEPT]]
        return Part("Longest runs", shown, heads=_RUN_HEADS, left_out=max(0, len(timed) - KEPT), noun="runs", listed=5)

    def _dearest(self) -> Part | None:
        known = [(each.cost.usd, each) for each in self.runs if each.cost.usd]
        if len(known) < 2:
            return None
        known.sort(key=lambda item: -item[0])
        part = Part("Most expensive runs", [self._run(each) for _, each in known[:KEPT]], heads=_RUN_HEADS, right=True)
        part.left_out, part.noun, part.listed = max(0, len(known) - KEPT), "runs", 5
        return part

    def _by_name(self) -> Part | None:
        if len(self.runs) < 2:
            return None
        symbols = self.symbols
        part = Part("Runs by name", noun="names", listed=8, by="runs")
        for each in self.named:
            total = marked(tokens(each.tokens, symbols), partial=each.tokens_partial, symbols=symbols)
            waits = self.pending and each.cost.usd is None and each.tokens is not None
            spent = symbols.reading if waits else cost_text(each.cost, symbols)
            figures = [
                Figure("runs", 5, f"{each.runs:,}", "", each.runs),
                Figure(
                    "failed",
                    6,
                    f"{symbols['error']} {each.failed:,}" if each.failed else "",
                    "status-error",
                    each.failed,
                ),
                Figure("p50", 7, duration(each.p50_ns, symbols), "", each.p50_ns),
                Figure("p95", 7, duration(each.p95_ns, symbols), "", each.p95_ns),
                Figure("cost", 8, spent, "", each.cost.usd),
                Figure("tokens", 7, total, "muted", each.tokens),
            ]
            add_figures(part, [], each.name, figures, symbols, _to(each.rows))
        return part

    # ------------------------------------------------------------ once all are analysed

    def _worst(self, about: FolderAnalysis | None) -> Part | None:
        """The worst runs with what each is to be known for; their names only while they are not analysed."""
        from tracetui.core.analysis.folder import badness

        by_row = {each.run.row: each for each in self.runs}
        if about is None:
            bad = sorted(
                (each for each in self.runs if each.status not in ("ok", "running")),
                key=lambda each: badness(each.status, self.causes_of.get(each.run.row, 0), each.cost.usd, each.run),
            )
            lines = [self._run(each, self.causes_of.get(each.run.row, 0)) for each in bad[:KEPT]]
        else:
            worst = [each for each in about.runs if each.status not in ("ok", "running")]
            lines = []
            for each in worst[:KEPT]:
                words = list(briefly(each, f" {self.symbols['crumb']} "))
                first = each.errors.first
                row = first.cause.row if first is not None and first.cause.row >= 0 else None
                line = self._run(by_row[each.run.row], each.errors.causes)
                lines.append(_run_and_words(line, words, self.symbols, (each.run.row, row)))
            bad = [by_row[each.run.row] for each in worst]
        if not bad:
            return None
        part = Part(
            "What went wrong", lines, note="most causes first", heads=(_CAUSES, *_RUN_HEADS), listed=5, noun="runs"
        )
        part.left_out = max(0, len(bad) - KEPT)
        return part

    def _analysed(self, about: FolderAnalysis) -> list[Part | None]:
        symbols = self.symbols
        rows = {each.run.row: each.spans for each in about.runs}
        run_of = about.runs[0].spans.store.spans.run if about.runs else []

        def spans(found: Sequence[int]) -> tuple[Target, ...]:
            return tuple((run_of[row], row) for row in dict.fromkeys(found[:KEPT]) if row >= 0 and run_of[row] in rows)

        failed, every = sum(tool.failed for tool in about.tools), sum(tool.spans for tool in about.tools)
        fact = calls_fact(failed, every, sum(each.open_tool_calls for each in about.runs)) or number(every, "call")
        agents = [each for each in about.agents if each.name]
        least, slow = about.runs[0].bottleneck_ns, folder_bottlenecks(about)
        slowest = {(each.name, each.kind): each.slowest for each in about.names if each.slowest is not None}

        def of_kind(kind: Kind) -> Callable[[Spender], tuple[Target, ...]]:
            def targets(each: Spender) -> tuple[Target, ...]:
                one = slowest.get((each.name, kind))
                return spans(each.rows or (() if one is None else (one,)))

            return targets

        def longest(each: NameStats) -> tuple[Target, ...]:
            return spans(() if each.slowest is None else (each.slowest,))

        names = [each for each in about.names if each.finished]
        marked_ = {(each.name, each.kind) for each in slow}
        pending, notes = self.pending, cache_note(about.spent.cache_share, symbols)
        tool_targets, agent_targets = of_kind(Kind.tool), of_kind(Kind.agent)
        return [
            self._errors(about),
            tools_part(fact, about.tools, about.names, symbols, tool_targets, pending=pending) if about.tools else None,
            self._loops(about),
            bottlenecks_part(slow, symbols, least, longest),
            names_part(names, symbols, marked_, duration(least, symbols), longest) if names else None,
            models_part(about.models, notes, symbols, lambda each: spans(each.rows), pending=pending),
            agents_part(agents, symbols, agent_targets, pending=pending) if agents else None,
        ]

    def _errors(self, about: FolderAnalysis) -> Part | None:
        if not about.errors:
            return None
        symbols = self.symbols
        causes = sum(each.errors.causes for each in about.runs)
        events = sum(each.errors.events for each in about.runs)
        runs = len({each.run.row for error in about.errors for each in error.runs})
        fact = f"{causes_and_events(causes, events)} in {number(len(about.errors), 'group')}, {number(runs, 'run')}"
        part = Part("Errors", fact=fact, right=True, noun="groups")
        for error in about.errors:
            names: dict[str, int] = {}
            for each in error.runs:
                name = each.run.name or self.ids.get(each.run.row, "")
                names[name] = names.get(name, 0) + 1
            ended = "ended it" if error.ended_runs and len(error.runs) == 1 else ""
            ended = f"ended {error.ended_runs} of them" if error.ended_runs and len(error.runs) > 1 else ended
            below = f"in {number(len(error.runs), 'run')}: {counted(names)}{'  ' + ended if ended else ''}"
            lead: Row = [(f"{symbols['error']} {error.count:<3} ", "status-error")]
            targets = tuple(
                (each.run.row, cause.row if cause.row >= 0 else None)
                for each in error.runs[:KEPT]
                for group in each.errors.groups
                if group.text == error.text
                for cause in group.causes[:1]
            )
            part.lines.append(two_rows(lead, error.text, below, symbols, targets))
        return part

    def _loops(self, about: FolderAnalysis) -> Part | None:
        """Equal calls again and again, in whichever run: the dearest first."""
        symbols = self.symbols
        found = loops_of(about)
        runs = len({run.run.row for run, _ in found})
        lines = []
        for run, each in found:
            lead: Row = [(f"{symbols['retry']} {count(each.count, symbols):<3} ", "status-warning")]
            names = f" {symbols['decision']} ".join(each.names)
            name = run.run.name or self.ids.get(run.run.row, "")
            below = f"in {name}: {loop_words(run, each, symbols)}"
            targets = tuple((run.run.row, row) for row in each.rows[:KEPT])
            lines.append(two_rows(lead, f"{names}  {each.subject}".rstrip(), below, symbols, targets, below_rows=2))
        fact = f"{number(len(found), 'loop')} in {number(runs, 'run')}"
        return loops_part(lines, fact, are_loops=True, has_tools=bool(about.tools), symbols=symbols)


def _to(rows: Sequence[int]) -> tuple[Target, ...]:
    return tuple((row, None) for row in rows)


def _run_and_words(run: Line, words: Sequence[str], symbols: Symbols, target: Target) -> Line:
    """A run, and below it what it is to be known for."""
    below = [text_line([("  ", "")], each, symbols, style="muted") for each in words]
    return Line(
        lambda width, style: [*run.draw(width, style), *(row for line in below for row in line.draw(width, ""))],
        (target,),
        run.value,
        tall=True,
    )


def _room(count: int, width: int, gap: int) -> tuple[int, int]:
    """Cells of a column and blanks behind it, so that so many fit."""
    wide = min(4, width // max(1, count) - gap)
    return (wide, gap) if wide >= 1 else (1, 0)


def _pairs(found: Sequence[Piece], width: int, symbols: Symbols, ends: tuple[str, str]) -> list[Row]:
    """For each piece of time a column of its runs and one of those that failed; counts below."""
    runs, failed = [piece.runs for piece in found], [piece.failed for piece in found]
    room = width - 7
    wide = min(3, (room // max(1, len(runs)) - 1) // 2)
    gap = 1
    if wide < 1:
        cells = max(1, room // 3)
        runs, failed = plots.regrouped(runs, cells, sum), plots.regrouped(failed, cells, sum)
        wide = 1
    each = 2 * wide + gap
    rows = plots.with_scale(
        plots.pairs(runs, failed, _PLOT_ROWS, symbols, wide, gap), (f"{max(runs):,}".rjust(5), "", "0")
    )
    counts: Row = [(f"{symbols['error']:>5}  ", "status-error")]
    for number_ in failed:
        text = f"{number_:,}" if number_ else ""
        counts.append(
            (f"{'':{wide}}{text if len(text) <= wide + gap else symbols['error']:<{wide + gap}}", "status-error")
        )
    legend: Row = [(" " * 7, ""), *_between(ends, len(runs) * each)]
    return [*rows, *([counts] if any(failed) else []), legend]


def _between(ends: tuple[str, str], width: int) -> Row:
    """Two texts at the ends of a line; only the first where there is no room for both."""
    first, last = ends
    if len(first) + len(last) + 2 > width:
        return [(f"{first} to {last}" if first != last else first, "muted")]
    return [(first + last.rjust(width - len(first)), "muted")]

"""A span as one row of a report: what it is called, its figures as text, what marks it. For Markdown and HTML.

Every text is safe to be shown: it went through the gate and holds no control, bidirectional or invisible character.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.model import NO_TIME, Clock
from tracetui.core.run_table import cost_text, span_length_text
from tracetui.core.store.rollups import cause_rows
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cost, marked, offset, safe, tokens

if TYPE_CHECKING:
    from tracetui.core.exporting.job import Job
    from tracetui.core.run_view import SpanLine
    from tracetui.core.summary import Facts

_SUBJECT_CHARACTERS: Final = 160


@dataclass(slots=True)
class Row:
    """One span."""

    row: int
    """Of the store."""
    depth: int
    name: str
    kind: str
    status: str
    subject: str
    start: str
    time: str
    tokens: str
    cost: str
    begin_ns: int | None
    """After the beginning of the run."""
    length_ns: int | None
    is_cause: bool
    is_critical: bool
    is_orphan: bool
    is_context: bool
    """Shown only because it leads to something that was asked for."""


class Rows:
    """Makes rows of one job's spans."""

    def __init__(self, job: Job) -> None:
        from tracetui.core.analysis.critical_path import critical_path
        from tracetui.core.analysis.failures import first_cause

        self._job = job
        self._symbols = ASCII if job.is_ascii else UNICODE
        self.begin, self.end = job.view.extent
        self.causes = cause_rows(job.store, job.run.row)
        """Rows of the spans that failed by themselves."""
        self.first_cause = first_cause(job.store, job.run.row)
        self._is_cause = frozenset(self.causes)
        self._path = critical_path(job.store, job.run.row)
        self._has_times = job.run.clock is not Clock.order_only and self.begin != NO_TIME

    @property
    def length(self) -> int:
        """From the first to the last known instant, ns."""
        return max(0, self.end - self.begin) if self._has_times else 0

    def of(self, line: SpanLine, facts: Facts) -> Row:
        """The row of a span; ``facts`` are those without secrets."""
        view, symbols, row = self._job.view, self._symbols, line.row
        length, is_open = view.duration(row)
        start = self._job.store.spans.start[row]
        begin = start - self.begin if self._has_times and start != NO_TIME else None
        name = safe(facts["name"]) or "(no name)"
        subject = safe(facts["subject"][:_SUBJECT_CHARACTERS])
        total, cost_text = self._figures(facts, row)
        return Row(
            row=row,
            depth=facts["depth"],
            name="(parent that was not recorded)" if line.orphan else name,
            kind=facts["kind"],
            status=facts["status"],
            subject="" if subject == name else subject,
            start=offset(begin, symbols),
            time=span_length_text(length, int(self._job.store.spans.flags[row]), is_open, symbols),
            tokens=total,
            cost=cost_text,
            begin_ns=begin,
            length_ns=length,
            is_cause=row in self._is_cause,
            is_critical=row in self._path,
            is_orphan=line.orphan,
            is_context=line.context,
        )

    def _figures(self, facts: Facts, row: int) -> tuple[str, str]:
        """Tokens and cost: of a span with others below it those of all of them."""
        symbols, rollup = self._symbols, self._job.view.rollup(row)
        if rollup is not None:
            count, partial = rollup.tokens, rollup.tokens_partial
            dollars = marked(
                cost(rollup.cost, symbols), computed=rollup.cost_computed, partial=rollup.cost_partial, symbols=symbols
            )
        else:
            figures = facts["tokens"]
            halves = [figures[name] for name in ("input", "output") if figures[name] is not None]
            count = figures["total"] if figures["total"] is not None else sum(halves) if halves else None
            partial = figures["total"] is None and len(halves) == 1
            dollars = cost_text(self._job.view.cost(row), symbols)
        counted = marked(tokens(count, symbols), partial=partial, symbols=symbols)
        return _or_blank(counted, symbols.none), _or_blank(dollars, symbols.none)


def _or_blank(figure: str, none: str) -> str:
    return "" if figure == none else figure

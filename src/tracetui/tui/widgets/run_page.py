"""A run in the detail: its facts, and the lines of it that could not be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracetui.core import text
from tracetui.core.relations import Relation
from tracetui.core.repairs import Repairs, bad_rows
from tracetui.tui.messages import ReportWanted
from tracetui.tui.presentation import detail_tabs as others
from tracetui.tui.presentation.detail import Look, Row
from tracetui.tui.presentation.wrap import one_line
from tracetui.tui.session import Session
from tracetui.tui.widgets.detail_blocks import Block, Items, Rows, Stack, stack_of
from tracetui.tui.widgets.detail_pages import Page, Tab, growing
from tracetui.tui.widgets.jumps import Jumps

if TYPE_CHECKING:
    from tracetui.core.pricing.cost import Cost
    from tracetui.core.store import Change


class RunPage(Page):
    """A run: its facts, and the lines of it that could not be read."""

    def __init__(self, session: Session, row: int, again: Callable[[bool], None]) -> None:
        super().__init__(session, again)
        self.row = row
        self.key = ("run", row)
        self.facts = others.RunFacts("unknown", "", "", "", "")
        self._bad: list[int] = []
        self._relations: list[Relation] = []
        self.read()

    def read(self, whole: bool = False) -> None:  # noqa: ARG002 - a run is never too large
        """Facts of the run as they are now."""
        store = self.session.store
        run = store.runs[self.row]
        status = self.session.status(run)
        self.is_open = status.status in ("running", "stalled")
        duration, source = run.duration()
        self._bad = bad_rows(store, run)
        self._relations = self.session.relations().of(run)
        self.facts = others.RunFacts(
            status.status.value, status.reason, run.name, run.id, run.format,
            paths=[path for source_id in run.sources if (path := self.session.bodies.path_of(source_id))],
            start=run.start, duration=duration, duration_source=source, clock=run.clock,
            notes=list(run.notes), repairs=[finding.full for finding in Repairs(store, run).of(run)],
            links=len(self._relations),
            figures=self._figures(),
            types=sorted(
                ((store.strings[name], number) for name, number in run.type_counts.items()), key=lambda found: -found[1]
            ),
            meta=run.meta, bad=len(self._bad), is_complete=run.complete,
        )  # fmt: skip

    def _figures(self) -> list[tuple[str, str, str]]:
        run, symbols = self.session.store.runs[self.row], self.session.symbols
        usage, partial = run.usage, run.usage_partial()
        spans_words = ", ".join(
            f"{text.count(number, symbols)} {word}"
            for number, word in (
                (run.error_count, "failed"), (run.open_count, "open"), (run.skipped_count, "skipped"),
                (run.retry_count, "retries"),
            )
            if number
        )  # fmt: skip
        figures = [
            ("spans", text.count(run.span_count, symbols), spans_words),
            ("events", text.count(sum(run.class_counts), symbols), ""),
            ("records", text.count(run.record_count, symbols), f"{len(self._bad):,} unreadable" if self._bad else ""),
        ]
        missing = "at least: some model calls do not record it"
        for label, figure in (("input", "input"), ("cached", "cached"), ("output", "output")):
            value, is_partial = getattr(usage, figure), figure in partial
            if value is not None or figure != "cached":
                words = missing if is_partial else " tokens" if value is not None else "not recorded"
                shown = text.marked(text.exact(value, symbols), partial=is_partial, symbols=symbols)
                figures.append((label, shown, words.strip()))
        figures.append(("cost", *self._cost(self.session.cost(run))))
        models = ", ".join(one_line(model, 40, symbols) for model in list(run.models)[:20])
        return [*figures, ("models", models, "")] if models else figures

    def _cost(self, cost: Cost) -> tuple[str, str]:
        """The cost of the run, and where it comes from."""
        symbols = self.session.symbols
        # Sums of binary fractions have digits that nobody recorded.
        total = None if cost.usd is None else round(cost.usd, 9)
        figure = text.marked(text.cost_full(total, symbols), cost.computed is not None, cost.partial, symbols)
        words = {
            "unknown": "not recorded",
            "recorded": "sum of what is recorded",
            "computed": f"computed, {cost.origin}",
        }
        said = words.get(cost.source, f"{text.cost(cost.recorded, symbols)} recorded, the rest computed, {cost.origin}")
        return (
            figure,
            "at least: some model calls do not record it" if cost.source == "recorded" and cost.partial else said,
        )

    def title(self, look: Look, tab: str) -> list[Row]:  # noqa: ARG002 - the same for all tabs
        """Its name."""
        return [others.run_title(self.facts, look)]

    def tabs(self, look: Look) -> list[Tab]:  # noqa: ARG002 - the same at every width
        """Overview; unreadable lines where there are some."""
        return [("Overview", None), *([("Unreadable", len(self._bad))] if self._bad else [])]

    def stack(self, tab: str, look: Look, kept: dict[str, Block]) -> Stack:
        """The sections of a tab."""
        self._look = look
        if tab == "Unreadable" and self._bad:
            return Stack([Rows([[]] if not look.compact else []), growing(kept, "bad", self._bad, self._list)])
        blocks = self.actions() | {"links": self.links(self._relations), "repairs": self._report()}
        return stack_of(others.run_overview(self.facts, look), look, kept, blocks)

    def _report(self) -> Jumps:
        """What had to be put right: each row leads to the whole report."""
        lines, symbols = self.facts.repairs, self.session.symbols

        def draw(index: int, width: int, selected: str) -> Row:
            return [(one_line(lines[index], width, symbols), selected)]

        return Jumps(len(lines), draw, lambda _: self._ask_for_report(), lines.__getitem__)

    def _ask_for_report(self) -> None:
        self.post(ReportWanted())

    def _list(self, rows: list[int]) -> Items:
        session, bad = self.session, self.session.store.bad
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            row = rows[item]
            path, reason = session.bodies.path_of(bad.source[row]), session.store.strings[bad.reason[row]]
            return others.record_row(
                path, bad.line[row], reason, bad.length[row], width, selected, session.symbols, items.is_open(item)
            )

        def body(item: int) -> Block:
            return self.bad_block(rows[item])

        items = Items(len(rows), head, body, [0])
        return items

    def is_touched(self, change: Change) -> bool:
        """Anything of the run."""
        return self.row in change.runs

"""An event in the detail: what it says, when, its values; its record."""

from __future__ import annotations

from collections.abc import Callable

from tracetui.core import text
from tracetui.core.bodies import PARSED_HERE
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import NO_TIME, class_word
from tracetui.tui.presentation import detail as spans
from tracetui.tui.presentation import detail_tabs as others
from tracetui.tui.presentation.detail import Look, Row
from tracetui.tui.presentation.span_facts import path_of
from tracetui.tui.session import Session
from tracetui.tui.widgets.detail_blocks import Block, Rows, Stack, stack_of
from tracetui.tui.widgets.detail_pages import Page, Tab, growing


class EventPage(Page):
    """An event: what it says, when, its values; its record."""

    def __init__(self, session: Session, row: int, again: Callable[[bool], None]) -> None:
        super().__init__(session, again)
        self.row = row
        self.key = ("event", row)
        self.facts = others.EventFacts("event", "")
        self.read()

    def read(self, whole: bool = False) -> None:  # noqa: ARG002 - an event is always read whole
        """Facts of the event as they are now."""
        store, events = self.session.store, self.session.store.events
        span, time = events.span[self.row], events.time[self.row]
        run = store.runs[events.run[self.row]]
        self.facts = others.EventFacts(
            class_word(events.cls[self.row]),
            store.record_type(events.record[self.row]),
            span="" if span < 0 else store.strings[store.spans.name[span]],
            path=() if span < 0 else path_of(store, span),
            time=None if time == NO_TIME else time,
            run_start=run.start,
            clock=run.clock,
        )
        length = store.records.length[events.record[self.row]]
        if length > PARSED_HERE:
            size = text.bytes_size(length, self.session.symbols)
            self.facts.text = f"{size}, not parsed: Raw shows its beginning"
            return
        try:
            found = self.session.bodies.event_detail(self.row)
            self.facts.text, self.facts.attributes = found.text, found.attributes
        except ChangedOnDisk:
            self.facts.is_gone = True

    def title(self, look: Look, tab: str) -> list[Row]:  # noqa: ARG002 - the same for all tabs
        """Class and type; where it happened."""
        rows = [others.event_title(self.facts, look)]
        if look.width < spans.ONE_LINE_FROM:
            path = (*self.facts.path, self.facts.span) if self.facts.span else ()
            shown = spans.breadcrumb(path, look.width, look.symbols)
            rows.append([(shown or "an event of the run", "muted")])
        return rows

    def tabs(self, look: Look) -> list[Tab]:  # noqa: ARG002 - the same at every width
        """Overview and its record."""
        return [("Overview", None), ("Raw", 1)]

    def stack(self, tab: str, look: Look, kept: dict[str, Block]) -> Stack:
        """The sections of a tab."""
        self._look = look
        if tab == "Raw":
            return Stack([Rows([[]] if not look.compact else []), growing(kept, "raw", self.records(), self.raw_items)])
        return stack_of(others.event_overview(self.facts, look), look, kept, self.actions())

    def records(self) -> list[int]:
        """Its one record."""
        return [self.session.store.events.record[self.row]]

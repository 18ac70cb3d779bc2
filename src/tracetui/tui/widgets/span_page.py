"""A span in the detail: overview, messages, attributes, events, raw records."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.core.bodies import PARSED_HERE
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import NO_TIME, SpanDetail, Status, class_word
from tracetui.core.relations import Relation
from tracetui.tui.messages import ContextWanted
from tracetui.tui.presentation import detail as spans
from tracetui.tui.presentation import detail_tabs as others
from tracetui.tui.presentation.conversation import SHOWN, call_sections, earlier_row, last_messages, older_row, pasted
from tracetui.tui.presentation.detail import Look, Row, Section
from tracetui.tui.presentation.overview import attributes, overview
from tracetui.tui.presentation.span_facts import SpanFacts, span_facts
from tracetui.tui.session import Session
from tracetui.tui.taken import of_record, of_records
from tracetui.tui.widgets.call_conversation import CallConversation
from tracetui.tui.widgets.detail_blocks import Action, Block, Items, Json, Rows, Stack, stack_of
from tracetui.tui.widgets.detail_pages import RAW_HEAD, Page, Tab, growing
from tracetui.tui.widgets.json_rows import JsonRows
from tracetui.tui.widgets.span_reading import SpanReading

if TYPE_CHECKING:
    from tracetui.core.store import Change


READ_WHOLE: Final = 32_000_000
"""Bytes of a span's records up to which one can ask for them to be understood; beyond that they are shown as they stand."""


class SpanPage(Page):
    """A span: overview, messages, attributes, events, raw records."""

    def __init__(self, session: Session, row: int, again: Callable[[bool], None]) -> None:
        super().__init__(session, again)
        self.row = row
        self.key = ("span", row)
        self.facts = SpanFacts("span", "", Status.unset)
        self._events: list[int] = []
        self._records: list[int] = []
        self._number = (0, 0)
        self._started: list[Relation] = []
        self._call = CallConversation(session, row)
        self._reading = SpanReading(session, row)
        self._shown = SHOWN
        self.read()

    def read(self, whole: bool = False) -> None:
        """Facts, events and records of the span as they are now."""
        store = self.session.store
        self._records = store.records_of(self.row) or self.session.bodies.records_of(self.row)

        def read(size: int) -> tuple[SpanDetail, str]:
            found = self._reading.look(size, self._records, whole=whole)
            return found.detail, found.problem

        self.facts = span_facts(store, self.session.bodies, self.row, self.session.now_ns(), read)
        self.facts.priced = self.session.span_cost(self.row)
        self.facts.call = self._call.read(self.facts.detail)
        run = self.session.status(store.runs[store.spans.run[self.row]])
        if run.status not in ("running", "stalled"):
            self.facts.waited = 0  # a writer that is gone did nothing since
            if self.facts.is_open:
                self.facts.given_up = "writer gone" if run.status == "unfinished" else "the run ended without its end"
        self._events = store.events_of(self.row)
        rows = store.rows_of_run(store.spans.run[self.row])
        self._number = (int(rows.searchsorted(self.row, "right")), len(rows))
        self.is_open = self.facts.is_open
        owner = store.runs[store.spans.run[self.row]]
        self._started = self.session.relations().started_in(owner, self.row)

    def forget(self) -> None:
        """What stands on disk is to be read anew."""
        self._reading.forget()

    def _read_what_is_large(self) -> None:
        work = self._reading.work()
        if work is None:
            return

        def work_and_read() -> Callable[[], None]:
            done = work()

            def done_and_read() -> None:
                done()
                self.read()

            return done_and_read

        self.later(work_and_read, "reading")

    def title(self, look: Look, tab: str) -> list[Row]:
        """Name; path; figures where the tab does not begin with them."""
        rows = [spans.title_row(self.facts, look)]
        if look.width < spans.ONE_LINE_FROM:
            path = spans.breadcrumb(self.facts.path, look.width, look.symbols)
            rows.append([(path or "at the root of the run", "muted")])
        elif tab != "Overview":
            rows.append(spans.figures_row(self.facts, look))
        return rows

    def tabs(self, look: Look) -> list[Tab]:
        """Messages only where there are some; what is empty is left out where it is narrow."""
        found: list[Tab] = [("Overview", None)]
        if self.facts.detail.messages:
            found.append(("Messages", len(self.facts.detail.messages)))
        counted: list[Tab] = [
            ("Attributes", len(self.facts.detail.attributes)),
            ("Events", len(self._events)),
            ("Raw", len(self._records)),
        ]
        return found + [tab for tab in counted if tab[1] or look.width >= spans.ONE_LINE_FROM]

    def stack(self, tab: str, look: Look, kept: dict[str, Block]) -> Stack:
        """The sections of a tab."""
        self._look = look
        self._read_what_is_large()
        match tab:
            case "Messages":
                return self._messages(look, kept)
            case "Attributes":
                return stack_of(attributes(self.facts, look), look, kept, {})
            case "Events" if self._events:
                return Stack(
                    [Rows([[]] if not look.compact else []), growing(kept, "events", self._events, self._list)]
                )
            case "Events":
                return stack_of(
                    [Section("events", rows=[[("No events in this span.", "strong bold")]])], look, kept, {}
                )
            case "Raw":
                return Stack(
                    [Rows([[]] if not look.compact else []), growing(kept, "raw", self._records, self.raw_items)]
                )
        actions = self.actions()
        if self.facts.problem in ("large", "dense"):
            size = text.bytes_size(self.facts.size, look.symbols)
            row: Row = [(f"{size}, enter parses all", "strong bold"), ("  Raw shows its beginning", "muted")]
            if self.facts.size > READ_WHOLE or self.facts.problem == "dense":
                row[0] = (f"{size}, enter shows its records", "strong bold")
                records = of_records(self.session, self.session.bodies.records_of(self.row))
                actions["large"] = Action(row, self._shows(records))
            else:
                actions["large"] = Action(row, lambda: self.again(True))
        sections = overview(self.facts, look)
        if self._started:
            actions["links"] = self.links(self._started)
            at = next((i for i, section in enumerate(sections, 1) if section.key == "figures"), len(sections))
            sections.insert(at, others.links_section(len(self._started)))
        return stack_of(sections, look, kept, actions)

    def _messages(self, look: Look, kept: dict[str, Block]) -> Stack:
        """A model call by what was added to its context, or by all of it; other spans by their messages."""
        found = self._call.found
        if self.facts.kind != "llm":
            sections, hidden = last_messages(self.facts.detail.messages, look, self._shown)
            return stack_of(sections, look, kept, self._more({"m": hidden}, look))
        if found is None:
            self.later(self._call.work, "conversation")
            found = self._call.found or self._call.meanwhile()
        is_whole = self._call.is_whole
        sections = call_sections(found, look, is_whole, self.facts.usage, self.facts.duration, self._shown)
        most = self._shown
        blocks = self._more({"a": len(found.added) - most, "e": len(found.earlier) - most if is_whole else 0}, look)
        if any(section.key == "earlier" for section in sections):
            blocks["earlier"] = Action(
                earlier_row(found, look, is_whole), self._ask_for_context, lambda: pasted(found.earlier)
            )
        return stack_of(sections, look, kept, blocks)

    def _more(self, hidden: dict[str, int], look: Look) -> dict[str, Block]:
        """Rows that show more messages, by the part of the conversation that they stand in."""
        return {
            f"{part}.older": Action(older_row(number, look), self._ask_for_more)
            for part, number in hidden.items()
            if number > 0
        }

    def _ask_for_context(self) -> None:
        self.post(ContextWanted())

    def _ask_for_more(self) -> None:
        self._shown += SHOWN
        self.post(ContextWanted(more=True))

    def toggle_context(self) -> str:
        """All that the model was told, or only what was added."""
        if self.facts.kind != "llm" or not self.facts.detail.messages:
            return super().toggle_context() if self.facts.kind != "llm" else "no messages of this call are recorded"
        return self._call.toggle()

    def _list(self, events: list[int]) -> Items:
        session, store = self.session, self.session.store
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            event = events[item]
            time = store.events.time[event]
            since = None if time == NO_TIME or self.facts.run_start is None else time - self.facts.run_start
            kind = store.record_type(store.events.record[event])
            cls = class_word(store.events.cls[event])
            words = session.bodies.event_text(event)
            return others.event_row(cls, kind, words, since, width, selected, session.symbols, items.is_open(item))

        def body(item: int) -> Block:
            record = store.events.record[events[item]]
            if (length := store.records.length[record]) > PARSED_HERE:
                return self.head_of(
                    length, lambda: session.bodies.raw_head(record, RAW_HEAD), of_record(session, record)
                )
            try:
                found = session.bodies.event_detail(events[item]).attributes
            except ChangedOnDisk:
                return Action(spans.gone_row(self._look), lambda: self.again(False))
            if not found:
                return Rows([[("    no values recorded", "muted")]])
            return Json(JsonRows(found), session.symbols, 2)

        items = Items(
            len(events), head, body, (), lambda item: store.events.record[events[item]] if item < len(events) else None
        )
        return items

    def records(self) -> list[int]:
        """All records of the span."""
        return self._records

    def is_touched(self, change: Change) -> bool:
        """The span itself, its events, its run's shape; an open one whenever its run grew."""
        store = self.session.store
        run = store.spans.run[self.row]
        if run not in change.runs:
            return False
        if self.row in change.touched or run in change.reset or self.is_open:
            return True
        return bool((store.events.np("span", *change.events) == self.row).any())

    def position(self) -> str:
        """Which span of the run it is."""
        number, total = self._number
        return f"{text.count(number)} of {text.count(total)}" if total else ""

"""The things that the detail can show: a span, an event, a run. Each knows its title, its tabs and what stands in them.

A page looks facts up in the store when it is made or read again, and makes blocks of rows from them; `widgets.detail` draws
those and keeps what the user folded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from textual.message import Message

from tracetui.core import text
from tracetui.core.bodies import PARSED_HERE
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import NO_TIME, SpanDetail, Status, class_word
from tracetui.core.relations import NOT_HERE, Relation
from tracetui.core.repairs import Repairs, bad_rows
from tracetui.tui.messages import ContextWanted, JumpWanted, Notice, ReportWanted, ViewWanted
from tracetui.tui.presentation import detail as spans
from tracetui.tui.presentation import detail_tabs as others
from tracetui.tui.presentation.conversation import SHOWN, call_sections, earlier_row, last_messages, older_row, pasted
from tracetui.tui.presentation.detail import Look, Row, Section
from tracetui.tui.presentation.overview import attributes, overview
from tracetui.tui.presentation.span_facts import SpanFacts, path_of, span_facts
from tracetui.tui.presentation.wrap import one_line
from tracetui.tui.session import Session
from tracetui.tui.taken import Source, of_bad, of_record, of_records, still
from tracetui.tui.widgets.call_conversation import CallConversation
from tracetui.tui.widgets.detail_blocks import Action, Beginning, Block, Items, Json, Rows, Stack, Text, stack_of
from tracetui.tui.widgets.json_rows import JsonRows
from tracetui.tui.widgets.jumps import Jumps
from tracetui.tui.widgets.span_reading import SpanReading

if TYPE_CHECKING:
    from tracetui.core.pricing.cost import Cost
    from tracetui.core.store import Change

Tab = tuple[str, int | None]
"""Name of a tab and how much stands in it; None: it is not counted."""

RAW_HEAD: Final = 65_536
"""Bytes of a very large record that are shown before one asks for it to be parsed."""

READ_AT_ONCE: Final = 32_000_000
"""Bytes of a span's records up to which they are understood between two keys; beyond that they are shown as they stand."""

_COUNTED_HERE: Final = 4_000_000
"""Bytes in which lines are counted between two keys."""
_OPENED_BYTES: Final = 65_536
_OPENED_RECORDS: Final = 3


class Page:
    """Something that is shown. `again` is called when the user asks for it to be read again or read as a whole."""

    key: tuple[str, int] = ("", -1)
    """What is shown: the same key is the same thing, whose folds are kept."""
    is_open = False
    """Whether its figures grow by themselves."""
    post: Callable[[Message], object] = staticmethod(lambda _message: None)
    """Tells the screen that the user wants to go elsewhere; set by what shows the page."""

    later: Callable[[Callable[[], Callable[[], None]], str], None] = staticmethod(lambda work, _about: work()())
    """Does work in a thread and, back on the screen's loop, calls what that returned; set by what shows the page. The second
    argument is what it is about: only the last work about the same is done."""

    def __init__(self, session: Session, again: Callable[[bool], None]) -> None:
        self.session = session
        self.again = again
        self._places: dict[int, tuple[str, int]] = {}
        """Of records whose line a thread counts."""

    def toggle_context(self) -> str:
        """All that a model was told, or only what was added; returns why that cannot be, empty if it was done."""
        return "only a model call has a context"

    def read(self, whole: bool = False) -> None:
        """Look everything up; `whole` however large it is."""

    def forget(self) -> None:
        """What stands on disk is to be read anew."""

    def title(self, look: Look, tab: str) -> list[Row]:  # noqa: ARG002 - for subclasses
        """The lines above the tabs."""
        return []

    def tabs(self, look: Look) -> list[Tab]:  # noqa: ARG002 - for subclasses
        """Which tabs there are."""
        return []

    def stack(self, tab: str, look: Look, kept: dict[str, Block]) -> Stack:  # noqa: ARG002 - for subclasses
        """What stands in a tab; `kept` holds its blocks from before."""
        return Stack(())

    def records(self) -> list[int]:
        """The records it is made of."""
        return []

    def is_touched(self, change: Change) -> bool:  # noqa: ARG002 - for subclasses
        """Whether it may look different after a change of the store."""
        return False

    def position(self) -> str:
        """What stands at the right end of the pane's rule."""
        return ""

    # ------------------------------------------------------------ shared by the pages

    def actions(self) -> dict[str, Block]:
        """Sections that do something when they are entered."""
        look = self._look
        return {"gone": Action(spans.gone_row(look), lambda: self.again(False))}

    _look = Look(80)

    def related(self, relations: Sequence[Relation]) -> list[others.Related]:
        """Relations as they are shown."""
        store = self.session.store
        found = []
        for relation in relations:
            run = None if relation.run is None else store.runs[relation.run]
            at = relation.span_row
            found.append(
                others.Related(
                    relation.words,
                    relation.other if run is None else run.id,
                    "" if run is None else run.name,
                    None if run is None else self.session.status(run).status.value,
                    (relation.span or "") if at is None else store.strings[store.spans.name[at]],
                )
            )
        return found

    def links(self, relations: Sequence[Relation]) -> Jumps:
        """Related runs as rows that lead to them."""
        shown = self.related(relations)

        def draw(index: int, width: int, selected: str) -> Row:
            return others.related_row(shown[index], width, selected, self.session.symbols)

        def act(index: int) -> None:
            relation = relations[index]
            if relation.run is None:
                self.post(Notice(f"that run is {NOT_HERE}: {text.safe(relation.other)[:60]}", "warning"))
            else:
                self.post(JumpWanted(relation.run, relation.span_row if relation.is_upwards else None))

        return Jumps(len(relations), draw, act, lambda index: shown[index].id)

    def raw_items(self, records: Sequence[int]) -> Items:
        """The raw tab: records with file and line, opening to what stands there."""
        session = self.session
        lengths = session.store.records.length
        few = [record for record in records[:_OPENED_RECORDS] if lengths[record] <= _OPENED_BYTES]
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            record = records[item]
            path, line = self._place(record)
            kind = session.store.record_type(record)
            return others.record_row(
                path, line, kind, lengths[record], width, selected, session.symbols, items.is_open(item)
            )

        def body(item: int) -> Block:
            record = records[item]
            if lengths[record] > PARSED_HERE:
                return self.head_of(
                    lengths[record], lambda: session.bodies.raw_head(record, RAW_HEAD), of_record(session, record)
                )
            return self.raw_block(lambda: session.bodies.raw_data(record), record)

        items = Items(
            len(records), head, body, [i for i, record in enumerate(records[:_OPENED_RECORDS]) if record in few],
            lambda item: records[item] if item < len(records) else None,
        )  # fmt: skip
        return items

    def _place(self, record: int) -> tuple[str, int]:
        """File and line of a record; the line 0 where it is not known yet, or not at all."""
        place = self.session.store.locate(record)
        if place.offset - place.near <= _COUNTED_HERE:
            return self._counted(record)
        if record not in self._places:
            self._places[record] = self.session.bodies.path_of(place.source), 0
            self.later(lambda: self._count_later(record), f"place {record}")
        return self._places[record]

    def _counted(self, record: int) -> tuple[str, int]:
        try:
            return self.session.bodies.place(record)
        except ChangedOnDisk:
            return self.session.bodies.path_of(self.session.store.locate(record).source), 0

    def _count_later(self, record: int) -> Callable[[], None]:
        with still(self.session):
            found = self._counted(record)

        def done() -> None:
            self._places[record] = found

        return done

    def _shows(self, source: Source) -> Callable[[], None]:
        """What shows a value in the viewer."""

        def act() -> None:
            self.post(ViewWanted(source))

        return act

    def head_of(self, length: int, fetch: Callable[[], str], whole: Source) -> Block:
        """The beginning of something large; all of it in the viewer."""
        symbols = self.session.symbols
        try:
            beginning = fetch()
        except ChangedOnDisk:
            return Action(spans.gone_row(self._look), lambda: self.again(False))
        words = f"{text.bytes_size(length, symbols)}, enter shows all"
        view = Action([("  ", ""), (words, "muted")], self._shows(whole))
        return Stack([Beginning(Section("raw", text=beginning, indent=2), symbols), view])

    def bad_block(self, row: int) -> Block:
        """Bytes that no format could read; of many the beginning."""
        session = self.session
        length = session.store.bad.length[row]
        if length <= PARSED_HERE:
            return self.raw_block(lambda: session.bodies.raw_bad(row).data)

        def beginning() -> str:
            return session.bodies.raw_bad(row, RAW_HEAD).data.decode("utf-8", "backslashreplace")

        return self.head_of(length, beginning, of_bad(session, row))

    def raw_block(self, fetch: Callable[[], bytes], record: int | None = None) -> Block:
        """Bytes as they stand in their source: JSON unfolded, anything else as text with backslash escapes."""
        try:
            data = fetch()
        except ChangedOnDisk:
            return Action(spans.gone_row(self._look), lambda: self.again(False))
        from tracetui.core.bodies import NOT_JSON, json_of

        value = json_of(data)
        block: Block
        if value is NOT_JSON:
            block = self._as_text(data)
        else:
            block = Json(JsonRows(value, braces=True, open_rows=60), self.session.symbols, 2)
        block.record = record
        return block

    def _as_text(self, data: bytes) -> Text:
        return Text(Section("raw", text=data.decode("utf-8", "backslashreplace"), indent=2), self.session.symbols)


def _growing(kept: dict[str, Block], key: str, rows: list[int], make: Callable[[list[int]], Items]) -> Items:
    """The list from before if only more came to its end, so that what is open stays open."""
    held = kept.get(key)
    if isinstance(held, _Grown) and rows[: len(held.rows)] == held.rows:
        held.rows[:] = rows
        held.items.grow(len(rows))
        return held.items
    shown = list(rows)
    grown = _Grown(shown, make(shown))
    kept[key] = grown
    return grown.items


class _Grown(Block):
    """Keeps a list block together with the rows it was made from."""

    def __init__(self, rows: list[int], items: Items) -> None:
        self.rows = rows
        self.items = items


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
        self._number = (int((rows <= self.row).sum()), len(rows))
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
                    [Rows([[]] if not look.compact else []), _growing(kept, "events", self._events, self._list)]
                )
            case "Events":
                return stack_of(
                    [Section("events", rows=[[("No events in this span.", "strong bold")]])], look, kept, {}
                )
            case "Raw":
                return Stack(
                    [Rows([[]] if not look.compact else []), _growing(kept, "raw", self._records, self.raw_items)]
                )
        actions = self.actions()
        if self.facts.problem in ("large", "dense"):
            size = text.bytes_size(self.facts.size, look.symbols)
            row: Row = [(f"{size}, enter parses all", "strong bold"), ("  Raw shows its beginning", "muted")]
            if self.facts.size > READ_AT_ONCE or self.facts.problem == "dense":
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
            return Stack(
                [Rows([[]] if not look.compact else []), _growing(kept, "raw", self.records(), self.raw_items)]
            )
        return stack_of(others.event_overview(self.facts, look), look, kept, self.actions())

    def records(self) -> list[int]:
        """Its one record."""
        return [self.session.store.events.record[self.row]]


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
            return Stack([Rows([[]] if not look.compact else []), _growing(kept, "bad", self._bad, self._list)])
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

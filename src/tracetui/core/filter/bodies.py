"""What a term asks of bodies on disk: `text`, `attr.PATH`, and the model of a call that its columns do not hold.

Asked only of spans and events that the columns leave open. A body that is gone from its file is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tracetui.core.bodies import Bodies
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.filter.comparing import any_text, attribute_holds, texts_in
from tracetui.core.filter.nodes import Term
from tracetui.core.model import ABSENT, EventDetail, SpanDetail

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

_Asked = tuple[int, int]
"""Span row and event row; -1 for none."""


class BodyTerms:
    """Answers terms from bodies; keeps those of one run at a time, so they are best asked run by run."""

    def __init__(self, store: Store, bodies_of: Callable[[Run], Bodies]) -> None:
        self._store = store
        self._bodies_of = bodies_of
        self._run = -1
        self._bodies: Bodies | None = None
        self._events: dict[int, list[int]] = {}
        self._asked: _Asked | None = None
        self._span: SpanDetail | None = None
        self._event: EventDetail | None = None

    def holds(self, term: Term, run: int, span: int, event: int = -1) -> bool:
        """What a term says of a span, or of an event if there is one."""
        if self._asked != (span, event) or run != self._run:
            self._look(run, span, event)
        if event >= 0:
            return self._event is not None and self._event_holds(term, self._event)
        return self._span is not None and self._span_holds(term, self._span, span)

    def _look(self, run: int, span: int, event: int) -> None:
        if run != self._run or self._bodies is None:
            self._run, self._bodies = run, self._bodies_of(self._store.runs[run])
            self._events = {}
            for row in self._store.events_of_run(run).tolist():
                self._events.setdefault(self._store.events.span[row], []).append(row)
        self._asked, self._span, self._event = (span, event), None, None
        try:
            if event >= 0:
                self._event = self._bodies.event_detail(event)
            elif span >= 0:
                self._span = self._bodies.span_detail(span)
        except ChangedOnDisk:
            pass

    def _event_holds(self, term: Term, detail: EventDetail) -> bool:
        if term.field == "attr":
            return attribute_holds(term, detail.attributes)
        return bool(any_text(term, texts_in(detail.text, detail.attributes)))

    def _span_holds(self, term: Term, detail: SpanDetail, row: int) -> bool:
        if term.field == "attr":
            own = {
                name: value
                for name, value in (("input", detail.input), ("output", detail.output))
                if value is not ABSENT
            }
            return attribute_holds(term, detail.attributes, own)
        if term.field == "model":
            return bool(any_text(term, iter((detail.model,) if detail.model else ())))
        return bool(any_text(term, self._texts(detail, row)))

    def _texts(self, detail: SpanDetail, row: int) -> Iterator[str]:
        """Everything that was recorded of a span, its events included; what is empty left out."""
        name = self._store.strings[self._store.spans.name[row]]
        yield from texts_in(name, detail.subject, detail.id, detail.model, detail.provider, detail.logs)
        if detail.error is not None:
            yield from filter(None, (detail.error.message, detail.error.type, detail.error.traceback))
        for value in (detail.input, detail.output):
            if value is not ABSENT:
                yield from texts_in(value)
        yield from texts_in(detail.attributes)
        for message in detail.messages:
            yield from texts_in(message.role, message.text, message.tool_name, message.tool_calls)
        yield from self._event_texts(row)

    def _event_texts(self, row: int) -> Iterator[str]:
        bodies = self._bodies
        for event in self._events.get(row, ()) if bodies is not None else ():
            try:
                detail = bodies.event_detail(event)  # type: ignore[union-attr]  # the loop is empty without
            except ChangedOnDisk:
                continue
            yield from texts_in(detail.text, detail.attributes)

"""The longest value of a span, which `V` opens: a prompt, an answer, what a tool was given or returned.

Of a model call its messages count as one value, as text: what it was told and what it answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.core.bodies import letting_others_run
from tracetui.core.conversations import ask
from tracetui.core.errors import TooLarge
from tracetui.core.model import ABSENT, Flag, Kind, Message, SpanDetail, Status
from tracetui.tui.presentation.conversation import pasted
from tracetui.tui.taken import Source, Taken, Value, of_records, of_value, still, telling, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetui.tui.session import Session


def longest(detail: SpanDetail, told: Sequence[Message] = ()) -> tuple[str, Value] | None:
    """The longest of what a span recorded, and what it is; None: nothing but its name.

    Args:
        detail: What its records say.
        told: The messages of a model call with those before them; none: those of `detail`.
    """
    error = detail.error
    found: list[tuple[str, Value]] = [("output", detail.output), ("input", detail.input)]
    if messages := list(told) or detail.messages:
        # What was sent and answered as JSON is the same once more, with more signs around it.
        found = [each for each in found[:1] if isinstance(each[1], str)]
        found.append(("messages", pasted(messages)))
    if error is not None:
        found.append(("error", error.traceback or error.message))
    found = [(words, value) for words, value in found if value is not ABSENT and _length(value)]
    if not found and detail.attributes:
        found = [("attributes", detail.attributes)]
    return max(found, key=lambda each: _length(each[1])) if found else None


def _length(value: Value) -> int:
    """Characters of a value as text."""
    return sum(map(len, texts_of(value)))


def of_longest(session: Session, row: int) -> Source:
    """The longest value of a span."""
    store, bodies = session.store, session.bodies
    kind, status = Kind(store.spans.kind[row]), Status(store.spans.status[row])
    name = store.strings[store.spans.name[row]]
    if not store.spans.flags[row] & (Flag.announced | Flag.invented):
        return of_value(name, "name")
    reading = bodies.reading(row)
    whole = of_records(session, bodies.records_of(row))

    def take() -> Taken:
        try:
            with letting_others_run():
                detail = reading.read()
                found = longest(detail, told(detail))
        except TooLarge:
            return whole.take()
        return Taken(*(found or telling(kind, status, name, detail)))

    def told(detail: SpanDetail) -> list[Message]:
        """What a call was told and answered, where its own records hold only the end of that."""
        if kind is not Kind.llm or not detail.continues:
            return []
        with still(session):
            question = ask(store, bodies, row, detail, whole=True)
        conversation = question.answer()
        return [*conversation.earlier, *conversation.added, *conversation.reply]

    return Source(take)

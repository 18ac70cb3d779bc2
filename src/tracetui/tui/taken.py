"""What is taken away from the screen: a value with its name, made only when it is wanted, since it may be large.

`y`, `o` and `|` all take the same thing: in the detail what the cursor is on, in the tree the most telling value of the
selected span, as `telling` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import ABSENT, Flag, Kind, Message, SpanDetail, Status

if TYPE_CHECKING:
    from tracetui.tui.session import Session

Value = object
"""A text as recorded, bytes as they stand in a file, or what JSON can hold. Untrusted."""

_ROLES_OF_USERS: Final = ("user", "human")
_ROLES_OF_MODELS: Final = ("assistant", "model", "ai")


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that was taken away.

    Attributes:
        words: What it is, in words of ours: `newest user message`.
        value: The value.
        is_record: It is a record as its producer wrote it.
    """

    words: str
    value: Value
    is_record: bool = False

    def text(self) -> str:
        """The value as text; JSON with indents. In a thread: it may be large."""
        return text_of(self.value)

    def data(self) -> tuple[bytes, str]:
        """The value as bytes, and what a file of it ends in. In a thread."""
        value = self.value
        if isinstance(value, bytes):
            return value, ".json" if value.lstrip()[:1] in (b"{", b"[") else ".txt"
        if isinstance(value, str):
            return value.encode("utf-8", "replace"), ".txt"
        return text_of(value).encode("utf-8", "replace"), ".json"


@dataclass(frozen=True, slots=True)
class Source:
    """Where something to take away comes from.

    Attributes:
        take: Makes it. May read files and take long: call it in a thread. Raises ChangedOnDisk.
        place: The file and line where it stands, if it is a record that an editor can open there.
    """

    take: Callable[[], Taken]
    place: tuple[str, int] | None = None


def text_of(value: Value) -> str:
    """A value as text: a text as it is, bytes as UTF-8 with escapes, everything else as JSON with indents."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    from tracetui.core.jsontext import json_text

    return json_text(value, indent=isinstance(value, (dict, list, tuple)))


def telling(kind: Kind, status: Status, name: str, detail: SpanDetail) -> tuple[str, Value]:
    """The most telling value of a span, and what it is.

    Of a model call the newest message of the user, whether it failed or not; of another failure what went wrong; of a
    tool its arguments; else input, output, name.
    """
    error = detail.error
    if kind is Kind.llm:
        message = _prompt(detail.messages)
        if message is not None:
            words = f"newest {'user' if message.role in _ROLES_OF_USERS else 'sent'} message"
            return words, message.text or message.raw or message.tool_calls
    told = "" if error is None else ": ".join(part for part in (error.type, error.message) if part)
    if told and kind is not Kind.llm and status is Status.error:
        return "error", told
    if detail.input is not ABSENT:
        return "arguments" if kind is Kind.tool else "input", detail.input
    if told:
        return "error", told
    if detail.output is not ABSENT:
        return "output", detail.output
    return "name", name


def _prompt(messages: Sequence[Message]) -> Message | None:
    """What was asked last: by the user, else by whoever was not the model."""
    for roles in (_ROLES_OF_USERS, None):
        for message in reversed(messages):
            if message.role in roles if roles is not None else message.role not in _ROLES_OF_MODELS:
                return message
    return None


def of_span(session: Session, row: int) -> Source:
    """The most telling value of a span."""
    store, bodies = session.store, session.bodies
    kind, status = Kind(store.spans.kind[row]), Status(store.spans.status[row])
    name = store.strings[store.spans.name[row]]
    if not store.spans.flags[row] & (Flag.announced | Flag.invented):
        return of_value(name, "name")
    records = bodies.records_of(row)

    def take() -> Taken:
        raws = list(bodies.raws(records))
        found = [raw for raw in raws if raw is not None]
        if len(found) < len(raws):
            raise ChangedOnDisk("changed on disk: this body is gone")
        # Not through what is remembered, which belongs to the thread of the screen.
        return Taken(*telling(kind, status, name, bodies.detail_of_records(row, records, found)))

    return Source(take)


def of_record(session: Session, record: int) -> Source:
    """A record as it stands in its file, without what ends its line."""

    def take() -> Taken:
        return Taken("record", session.bodies.raw(record).data.rstrip(b"\r\n"), is_record=True)

    try:
        place = session.bodies.place(record)
    except ChangedOnDisk:
        place = None
    return Source(take, place if place is not None and place[1] else None)


def of_records(session: Session, records: Sequence[int]) -> Source:
    """Records as they stand in their files, one a line; the same one only once, one that is gone not at all."""

    def take() -> Taken:
        found = (raw.rstrip(b"\r\n") for raw in session.bodies.raws(records) if raw is not None)
        return Taken("records", b"\n".join(dict.fromkeys(found)), is_record=True)

    return of_record(session, records[0]) if len(records) == 1 else Source(take)


def of_value(value: Value, words: str = "value") -> Source:
    """A value that is at hand."""
    taken = Taken(words, value)
    return Source(lambda: taken)

"""What is taken away from the screen: a value with its name, made only when it is wanted, since it may be large.

`y`, `o` and `|` all take the same thing: in the detail what the cursor is on, in the tree the most telling value of the
selected span, as `telling` says.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.bodies import letting_others_run
from tracetui.core.errors import ChangedOnDisk, TooLarge
from tracetui.core.model import ABSENT, Flag, Kind, Message, SpanDetail, Status

if TYPE_CHECKING:
    from tracetui.tui.session import Session

Value = object
"""A text as recorded, bytes or a bytearray as they stand in a file, or what JSON can hold. Untrusted."""

PIECE: Final = 1 << 20
"""Characters or bytes that are copied or converted at once: other threads wait for no more than that."""

_ROLES_OF_USERS: Final = ("user", "human")
_ROLES_OF_TOOLS: Final = ("tool", "function")
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
        return "".join(texts_of(self.value))

    def data(self) -> tuple[bytes | bytearray, str]:
        """The value as bytes, and what a file of it ends in. In a thread."""
        value = self.value
        if isinstance(value, (bytes, bytearray)):
            return value, ".json" if value[:64].lstrip()[:1] in (b"{", b"[") else ".txt"
        data = bytearray()
        for text in texts_of(value):
            data += text.encode("utf-8", "replace")
        return data, ".txt" if isinstance(value, str) else ".json"


@dataclass(frozen=True, slots=True)
class Source:
    """Where something to take away comes from.

    Attributes:
        take: Makes it. May read files and take long: call it in a thread. Raises ChangedOnDisk.
        place: Finds the file and line where it stands, if it is a record that an editor can open there. As `take`.
    """

    take: Callable[[], Taken]
    place: Callable[[], tuple[str, int] | None] = lambda: None


def texts_of(value: Value) -> Iterator[str]:
    """A value as text, in pieces: a text as it is, bytes as UTF-8 with escapes, everything else as JSON with indents."""
    if isinstance(value, str):
        yield from (value[at : at + PIECE] for at in range(0, len(value), PIECE))
    elif isinstance(value, (bytes, bytearray)):
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        yield from (decoder.decode(value[at : at + PIECE]) for at in range(0, len(value), PIECE))
        yield decoder.decode(b"", True)
    else:
        from tracetui.core.jsontext import json_pieces

        yield from json_pieces(value, indent=isinstance(value, (dict, list, tuple)))


def telling(kind: Kind, status: Status, name: str, detail: SpanDetail) -> tuple[str, Value]:
    """The most telling value of a span, and what it is.

    Of a model call the newest message of the user, whether it failed or not; of another failure what went wrong; of a
    tool its arguments; else input, output, name.
    """
    error = detail.error
    if kind is Kind.llm:
        message = _prompt(detail.messages)
        if message is not None:
            who = "user" if message.role in _ROLES_OF_USERS else "tool" if message.role in _ROLES_OF_TOOLS else ""
            return f"newest {who} message".replace("  ", " "), message.text or message.raw or message.tool_calls
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
    reading = bodies.reading(row)

    def take() -> Taken:
        # Not through what is remembered, which belongs to the thread of the screen.
        try:
            with letting_others_run():
                return Taken(*telling(kind, status, name, reading.read()))
        except TooLarge:
            return whole.take()

    whole = of_records(session, bodies.records_of(row))
    return Source(take)


def id_of_span(session: Session, row: int) -> Source:
    """The id of a span as its producer wrote it."""
    reading = session.bodies.reading(row)

    def take() -> Taken:
        with letting_others_run():
            return Taken("span id", reading.read().id)

    return Source(take)


def of_event(session: Session, row: int) -> Source:
    """What an event says, in a line."""

    def take() -> Taken:
        with still(session), letting_others_run():
            return Taken("event", session.bodies.event_detail_apart(row).text)

    return Source(take)


def of_record(session: Session, record: int) -> Source:
    """A record as it stands in its file, without what ends its line."""

    def take() -> Taken:
        with still(session):
            return Taken("record", session.bodies.raw_data(record).rstrip(b"\r\n"), is_record=True)

    def place() -> tuple[str, int] | None:
        try:
            with still(session):
                found = session.bodies.place(record)
        except ChangedOnDisk:
            return None
        return found if found[1] else None

    return Source(take, place)


def of_bad(session: Session, row: int) -> Source:
    """Bytes that no format could read, as they stand in their file."""

    def take() -> Taken:
        with still(session):
            return Taken("bytes", session.bodies.raw_bad(row).data)

    return Source(take)


def of_records(session: Session, records: Sequence[int]) -> Source:
    """Records as they stand in their files, one a line; the same one only once, one that is gone not at all."""

    def take() -> Taken:
        with still(session):
            found = [raw.rstrip(b"\r\n") for raw in session.bodies.raws(records) if raw is not None]
        return Taken("records", joined(list(_distinct(found))), is_record=True)

    return of_record(session, records[0]) if len(records) == 1 else Source(take)


def still(session: Session) -> AbstractContextManager[None]:
    """While a thread looks at the store."""
    return nullcontext() if session.feed is None else session.feed.stillness.looking()


def _distinct(found: Sequence[bytes]) -> Iterator[bytes]:
    """Each only once. Large ones are compared, not hashed: that takes a pass over all of it, which nothing interrupts."""
    small: set[bytes] = set()
    large: list[bytes] = []
    for raw in found:
        if len(raw) <= PIECE and raw not in small:
            small.add(raw)
            yield raw
        elif len(raw) > PIECE and raw not in large:
            large.append(raw)
            yield raw


def joined(lines: Sequence[bytes]) -> bytes | bytearray:
    """Lines with line ends between them."""
    if sum(map(len, lines)) <= PIECE or len(lines) == 1:
        return b"\n".join(lines)
    whole = bytearray()
    for number, line in enumerate(lines):
        whole += b"\n" if number else b""
        for at in range(0, len(line), PIECE):
            whole += line[at : at + PIECE]
    return whole


def of_value(value: Value, words: str = "value") -> Source:
    """A value that is at hand."""
    taken = Taken(words, value)
    return Source(lambda: taken)

"""What a span was given and what it gave, as values that can be compared: arguments, prompts, results.

Two inputs are the same in substance if they differ only in what differs in every run: times, dates, random ids, and the
folders of temporary files. ``Inputs`` reads bodies one by one; the caller says how many.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from tracetui.core.bodies import NOT_JSON, json_in_text
from tracetui.core.comparing.sides import Side
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT, Flag, Message, SpanDetail

LARGEST: Final = 16_000_000
"""A span of more bytes than this is not read to be compared."""

_VOLATILE: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"  # dates and times
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"|\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"  # UUIDs
    r"|\b(?=[0-9a-f]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{16,64}\b"  # hashes and ids
    r"|\b(?:call|toolu|msg|run|chatcmpl|resp|req|fc|trace|span|session|thread)[_-][0-9A-Za-z_-]{8,64}"  # ids with a prefix
    r"|\b0x[0-9a-fA-F]{6,16}\b"  # addresses of objects
    r"|\b1[5-9]\d{8}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?\b"  # seconds to nanoseconds since the epoch
    r"|/tmp/[\w.-]{1,64}"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What the records of a span hold of its input and output; ``ABSENT`` without."""

    input: object = ABSENT
    output: object = ABSENT


class Inputs:
    """Reads what the spans of one side were given."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def size(self, position: int) -> int:
        """Bytes that would be read; 0 where there are no bodies."""
        side = self._side
        return 0 if side.bodies is None else side.bodies.size_of(side.row(position))

    def detail(self, position: int) -> SpanDetail | None:
        """What the records of a span say; None where nothing is recorded, they are gone, or they are too large."""
        side = self._side
        if side.bodies is None or not side.flags[position] & (Flag.announced | Flag.invented):
            return None
        if self.size(position) > LARGEST:
            return None
        try:
            return side.bodies.span_detail(side.row(position))
        except ChangedOnDisk:
            return None

    def said(self, position: int) -> Said:
        """Input and output of a span; of a conversation, what the model was told and what it answered."""
        detail = self.detail(position)
        return Said() if detail is None else said_in(detail)

    def digest(self, position: int) -> bytes | None:
        """A short form of a span's input in substance; None where none is known."""
        given = self.said(position).input
        return (
            None if given is ABSENT else blake2b(substance(given).encode("utf-8", "replace"), digest_size=16).digest()
        )


def said_in(detail: SpanDetail) -> Said:
    """Input and output of a span from what its records say."""
    given, answer = detail.input, detail.output
    if given is ABSENT and detail.messages:
        last = len(detail.messages) - 1
        while last > 0 and detail.messages[last].role in ANSWERING:
            last -= 1
        told = detail.messages[: last + 1]
        if detail.messages[0].role not in ANSWERING:
            given = plain_messages(told)
        if answer is ABSENT and len(told) < len(detail.messages):
            answer = plain_messages(detail.messages[last + 1 :])
    return Said(opened(given), opened(answer))


ANSWERING: Final = ("assistant", "model", "ai")
"""Roles of what a model says."""


def plain_messages(messages: Sequence[Message]) -> list[object]:
    """Messages as values, in one form for all formats."""
    plain: list[object] = []
    for message in messages:
        value: dict[str, object] = {"role": message.role, "content": message.text}
        if message.tool_calls:
            value["tool_calls"] = [{"name": name, "arguments": arguments} for name, arguments in message.tool_calls]
        if message.tool_name:
            value["tool_name"] = message.tool_name
        plain.append(value)
    return plain


def opened(value: object) -> object:
    """A value; JSON in a text as what it holds."""
    if isinstance(value, str):
        held = json_in_text(value)
        return value if held is NOT_JSON else held
    return value


def substance(value: object) -> str:
    """A text that is equal for values which differ only in what differs in every run."""
    text = value if isinstance(value, str) else json_text(value)
    return _VOLATILE.sub("#", text)

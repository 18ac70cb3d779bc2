"""What nearly every line of a Claude Code session is, decoded without a dictionary and without its texts.

Whatever fits ill (other types, figures out of range, damage) does not decode here and goes the long way, which ends in the same
operations, by test. Bytes that are not UTF-8 must be kept out: texts that are skipped are not looked into.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from tracetui.core.formats._values import LARGEST_COUNT

_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)]
_NOTHING: Final = msgspec.Raw(b"null")


class Block(msgspec.Struct, gc=False):
    """A part of a message."""

    type: str = ""
    id: str = ""
    name: str = ""
    tool_use_id: str = ""
    is_error: bool | None = None
    input: msgspec.Raw = _NOTHING


class Figures(msgspec.Struct, gc=False):
    """Tokens of an answer."""

    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None


class Said(msgspec.Struct, gc=False):
    """A message."""

    id: str = ""
    model: str = ""
    stop_reason: str | None = None
    usage: Figures | None = None
    content: list[Block] | str = ""


class Line(msgspec.Struct, gc=False):
    """A line, as far as it is looked at before somebody asks for it."""

    type: str
    sessionId: str  # noqa: N815 - as written
    uuid: str = ""
    timestamp: str | None = None
    message: Said | None = None
    parentUuid: str | None = None  # noqa: N815
    isSidechain: bool = False  # noqa: N815
    agentId: str = ""  # noqa: N815
    attributionAgent: str = ""  # noqa: N815
    toolUseResult: msgspec.Raw = _NOTHING  # noqa: N815
    subtype: str | None = None
    costUSD: object = None  # noqa: N815
    isApiErrorMessage: object = None  # noqa: N815
    parent_tool_use_id: object = None


decode_line: Final[Callable[[bytes], Line]] = msgspec.json.Decoder(Line).decode
"""One line. Raises ``msgspec.DecodeError`` (a ``ValueError``) for what is not plain."""


def value_of(raw: msgspec.Raw) -> object:
    """What a part that was left undecoded holds."""
    return msgspec.json.decode(raw)

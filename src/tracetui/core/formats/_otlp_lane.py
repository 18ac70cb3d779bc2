"""The fast lane of OTLP lines: only what a decoder looks at is decoded; msgspec passes over the other values.

Whatever is not spelt as exporters do by rule (snake_case, numbers that are no texts, a null) sends its line the long way, and
bytes that are not UTF-8 or lines that end in CR LF send a whole block; both lanes say the same, by test.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from tracetui.core.formats._ladder import parse
from tracetui.core.formats._lines import LINE_LIMIT
from tracetui.core.formats._otlp_spans import (
    NO_ATTRIBUTES,
    TOLD,
    OtelSpan,
    Resource,
    SpanEvent,
    any_value,
    identifier,
    status_of,
)
from tracetui.core.formats._utf8 import check_block
from tracetui.core.formats._values import LARGEST_TIME
from tracetui.core.model import Status

_NO_RAW: Final = msgspec.Raw(b"null")
_NO_RESOURCE: Final = Resource(None)
_SHORT, _LONG = 64, 4_096
"""Bytes of a value and of a resource up to which what it means is remembered: most come again and again."""
# A time is a text of digits; what else it may be (0 for none too) goes the long way.
_Time = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_TIME)]
# Nothing decodes to this: a key that other exporters use sends its line the long way.
_Never = Literal["\0"]


class _Attribute(msgspec.Struct, gc=False, rename="camel"):
    key: str
    value: msgspec.Raw


class _Status(msgspec.Struct, gc=False, rename="camel"):
    code: int | float | str = 0
    message: str = ""


class _Event(msgspec.Struct, gc=False, rename="camel"):
    time_unix_nano: _Time
    name: str = ""


class _Span(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str
    span_id: str
    start_time_unix_nano: _Time
    end_time_unix_nano: _Time
    name: str = ""
    parent_span_id: str = ""
    attributes: list[_Attribute] = []
    events: list[_Event] = []
    status: _Status | None = None
    snake_parent: _Never = msgspec.field(default="\0", name="parent_span_id")


class _Scope(msgspec.Struct, gc=False, rename="camel"):
    spans: list[_Span] = []


class _Holder(msgspec.Struct, gc=False, rename="camel"):
    attributes: msgspec.Raw = _NO_RAW


class _ResourceSpans(msgspec.Struct, gc=False, rename="camel"):
    scope_spans: list[_Scope]
    resource: _Holder | None = None


class _Request(msgspec.Struct, gc=False, rename="camel"):
    resource_spans: list[_ResourceSpans]


_decode: Final = msgspec.json.Decoder(_Request, strict=False).decode


def takes(block: bytes) -> bool:
    """Whether the lines of a block may take the lane: msgspec does not look at the bytes of what it passes over."""
    if b"\r" in block or len(block) > LINE_LIMIT:
        return False
    try:
        check_block(block)
    except UnicodeDecodeError:
        return False
    return True


def spans_in(line: bytes) -> list[OtelSpan] | None:
    """Every span of a line, brief, in order; None: it is for the long way."""
    found: list[OtelSpan] = []
    try:
        for resource_spans in _decode(line).resource_spans:
            holder = resource_spans.resource
            resource = _NO_RESOURCE if holder is None else _resource(bytes(holder.attributes))
            for scope in resource_spans.scope_spans:
                found += [_brief(item, resource) for item in scope.spans]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found


def _brief(item: _Span, resource: Resource) -> OtelSpan:
    told = NO_ATTRIBUTES
    if item.attributes:
        told = {
            key: _known_value(value) if len(value := bytes(pair.value)) <= _SHORT else any_value(parse(value))
            for pair in item.attributes
            if (key := pair.key) in TOLD
        }
    status, events, parent = item.status, item.events, item.parent_span_id
    return OtelSpan(
        _trace_id(item.trace_id),
        identifier(item.span_id, 8),
        _parent_id(parent) if parent else None,
        item.name,
        item.start_time_unix_nano,
        item.end_time_unix_nano,
        status_of(status.code) if status is not None and status.code else Status.unset,
        "" if status is None else status.message,
        told,
        [SpanEvent(event.name, event.time_unix_nano, NO_ATTRIBUTES) for event in events] if events else [],
        resource,
        NO_ATTRIBUTES,
        NO_ATTRIBUTES,
    )


_trace_id: Final = lru_cache(maxsize=1_024)(lambda text: identifier(text, 16))
_parent_id: Final = lru_cache(maxsize=1_024)(lambda text: identifier(text, 8) or None)


@lru_cache(maxsize=4_096)
def _known_value(value: bytes) -> object:
    return any_value(parse(value))


def _resource(attributes: bytes) -> Resource:
    return _known_resource(attributes) if len(attributes) <= _LONG else Resource(parse(attributes))


@lru_cache(maxsize=64)
def _known_resource(attributes: bytes) -> Resource:
    return Resource(parse(attributes))

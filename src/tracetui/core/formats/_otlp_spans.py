"""OpenTelemetry spans in JSON, in every spelling that exporters use, as one small value.

OTLP (camelCase by rule, snake_case in the wild, hexadecimal or base64 ids, numbers as text or not) and the objects that the
Python SDK's console exporter prints.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tracetui.core import attributes as keys
from tracetui.core.formats import _genai
from tracetui.core.formats._values import LARGEST_TIME, iso_ns, list_of, mapping_of, text_of, time_of
from tracetui.core.model import NO_TIME, Status

_STATUS_CODES = {
    0: Status.unset,
    1: Status.ok,
    2: Status.error,
    "STATUS_CODE_UNSET": Status.unset,
    "STATUS_CODE_OK": Status.ok,
    "STATUS_CODE_ERROR": Status.error,
    "UNSET": Status.unset,
    "OK": Status.ok,
    "ERROR": Status.error,
    "0": Status.unset,
    "1": Status.ok,
    "2": Status.error,
}
_SPAN_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_VALUE_DEPTH = 100
"""Attribute values nested deeper are shown as they were written."""
TOLD: Final = _genai.TOLD | {
    keys.ERROR_TYPE,
    keys.LOGFIRE_MESSAGE,
    keys.LOGFIRE_SPAN_TYPE,
    keys.LOGFIRE_PENDING_PARENT,
    keys.LOGFIRE_LEVEL,
    *keys.SESSION,
}
"""Attributes that a decoder looks at: the others wait on disk until someone asks for the span."""
NO_ATTRIBUTES: Final[dict[str, object]] = {}


@dataclass(slots=True)
class SpanEvent:
    """A named moment inside a span."""

    name: str
    time: int
    attributes: dict[str, object]


class Resource:
    """What sent spans. Its attributes are worked out when they are first asked for: few spans' are."""

    __slots__ = ("_plain", "_told")

    def __init__(self, told: object) -> None:
        self._told = told
        self._plain: dict[str, object] | None = None

    @property
    def attributes(self) -> dict[str, object]:
        """Plain values by key; not to be changed, since many runs share them."""
        if self._plain is None:
            self._plain = attribute_map(self._told)
        return self._plain


@dataclass(slots=True)
class OtelSpan:
    """One span as an exporter wrote it. ``trace`` or ``span`` is "" if its id is missing; ``parent`` None for a root.

    A brief one has only the attributes that a decoder looks at, its events have none, and ``scope`` and ``rest`` are empty.
    """

    trace: str
    span: str
    parent: str | None
    name: str
    start: int
    end: int
    status: Status
    message: str
    attributes: dict[str, object]
    events: list[SpanEvent]
    resource: Resource
    scope: dict[str, object] = field(default_factory=lambda: NO_ATTRIBUTES)
    rest: dict[str, object] = field(default_factory=lambda: NO_ATTRIBUTES)
    """What else the record says: span kind, links, trace state, dropped counts."""

    @property
    def is_pending(self) -> bool:
        """Logfire's marker that a span has started."""
        return self.attributes.get(keys.LOGFIRE_SPAN_TYPE) == keys.LOGFIRE_PENDING

    @property
    def title(self) -> str:
        """Logfire's message, which is the better name, else the name."""
        return text_of(self.attributes.get(keys.LOGFIRE_MESSAGE)) or self.name

    @property
    def level(self) -> float:
        """Logfire's severity number; 0 where there is none."""
        level = self.attributes.get(keys.LOGFIRE_LEVEL)
        return level if isinstance(level, int | float) and not isinstance(level, bool) else 0


def _get(item: dict[str, object], camel: str, snake: str) -> object:
    value = item.get(camel)
    return item.get(snake) if value is None else value


def identifier(value: object, size: int) -> str:
    """An id of ``size`` bytes as lower-case hexadecimal, from hexadecimal or base64; "" for none (all zeros too)."""
    if not isinstance(value, str) or not value:
        return ""
    if len(value) == 2 * size and value.isalnum() and value[1] != "x":  # as nearly all are
        text = value.lower()
        return "" if not text.strip("0") else text
    text = value.strip().removeprefix("0x")
    if len(text) != 2 * size and len(text) == (size + 2) // 3 * 4:
        try:
            text = base64.b64decode(text, validate=True).hex()
        except (binascii.Error, ValueError):
            return text
    text = text.lower()
    return "" if not text.strip("0") else text


def nanoseconds(value: object) -> int:
    """A time as OTLP writes it: text or number, ns since the epoch; ``NO_TIME`` if it is none."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= 19):
            return NO_TIME
        time = int(value)
        return time if 0 < time <= LARGEST_TIME else NO_TIME
    if isinstance(value, float):
        value = int(value) if 0 < value < 2**63 else 0
    return time_of(value) if isinstance(value, int) and not isinstance(value, bool) else NO_TIME


def attribute_map(value: object, depth: int = 0) -> dict[str, object]:
    """``[{key, value}]`` → plain values by key; an object of plain values is taken as it is. The last of equal keys wins."""
    if isinstance(value, dict):
        return value
    pairs: dict[str, object] = {}
    for item in list_of(value):
        if isinstance(item, dict) and isinstance(key := item.get("key"), str):
            held = item.get("value")
            # Nearly all are texts, which need no more than this.
            text = held.get("stringValue") if type(held) is dict and len(held) == 1 else None
            pairs[key] = text if type(text) is str and depth <= _VALUE_DEPTH else any_value(held, depth)
    return pairs


def any_value(value: object, depth: int = 0) -> object:
    """OTLP's AnyValue → the plain value. What is no AnyValue is kept as written."""
    if not isinstance(value, dict) or len(value) != 1 or depth > _VALUE_DEPTH:
        return None if value == {} else value
    ((name, held),) = value.items()
    match name:
        case "stringValue" | "string_value" | "boolValue" | "bool_value" | "bytesValue" | "bytes_value":
            return held
        case "intValue" | "int_value":
            return _integer(held)
        case "doubleValue" | "double_value":
            return float(held) if isinstance(held, str) and held in ("NaN", "Infinity", "-Infinity") else held
        case "arrayValue" | "array_value":
            return [any_value(item, depth + 1) for item in list_of(mapping_of(held).get("values"))]
        case "kvlistValue" | "kvlist_value":
            return attribute_map(mapping_of(held).get("values"), depth + 1)
        case _:
            return value


def _integer(held: object) -> object:
    if isinstance(held, str) and len(held) <= 20 and held.isascii() and held.removeprefix("-").isdigit():
        return int(held)
    return held


def _told_attributes(value: object) -> dict[str, object]:
    """The entries of ``attribute_map`` that a decoder looks at; perhaps others too."""
    found: dict[str, object] = {}
    try:
        for item in value:  # type: ignore[attr-defined]  # what is no list of pairs raises
            if (key := item["key"]) in TOLD:
                held = item["value"]
                text = held.get("stringValue") if len(held) == 1 else None
                found[key] = text if type(text) is str else any_value(held)
    except (AttributeError, KeyError, TypeError):
        return attribute_map(value)
    return found


def spans_of_request(request: dict[str, object], *, brief: bool = False) -> Iterator[OtelSpan]:
    """Every span of one ``{"resourceSpans": …}``, in order."""
    for resource_spans in list_of(_get(request, "resourceSpans", "resource_spans")):
        holder = mapping_of(resource_spans)
        resource = Resource(mapping_of(holder.get("resource")).get("attributes"))
        scopes = _get(holder, "scopeSpans", "scope_spans")
        if scopes is None:
            scopes = _get(holder, "instrumentationLibrarySpans", "instrumentation_library_spans")
        for scope_spans in list_of(scopes):
            inner = mapping_of(scope_spans)
            scope = mapping_of(inner.get("scope", inner.get("instrumentationLibrary")))
            for item in list_of(inner.get("spans")):
                if isinstance(item, dict):
                    yield brief_span(item, resource) if brief else otlp_span(item, resource, scope)


def otlp_span(item: dict[str, object], resource: Resource, scope: dict[str, object]) -> OtelSpan:
    """One item of ``spans``, with all that it says."""
    span = brief_span(item, resource)
    span.attributes = attribute_map(item.get("attributes"))
    told = [event for event in list_of(item.get("events")) if isinstance(event, dict)]
    for event, found in zip(told, span.events, strict=True):
        found.attributes = attribute_map(event.get("attributes"))
    span.scope = scope
    span.rest = {"span.kind": span_kind(item.get("kind"))} | {key: item[key] for key in _REST if item.get(key)}
    return span


def brief_span(item: dict[str, object], resource: Resource) -> OtelSpan:
    """What a decoder looks at of one item of ``spans``."""
    get = item.get
    if (trace := get("traceId")) is None:
        trace = get("trace_id")
    if (span := get("spanId")) is None:
        span = get("span_id")
    if (parent := get("parentSpanId")) is None:
        parent = get("parent_span_id")
    if (start := get("startTimeUnixNano")) is None:
        start = get("start_time_unix_nano")
    if (end := get("endTimeUnixNano")) is None:
        end = get("end_time_unix_nano")
    status = mapping_of(get("status"))
    return OtelSpan(
        identifier(trace, 16),
        identifier(span, 8),
        (identifier(parent, 8) or None) if parent else None,
        text_of(get("name")),
        nanoseconds(start),
        nanoseconds(end),
        status_of(status.get("code")) if status else Status.unset,
        text_of(status.get("message")) if status else "",
        _told_attributes(get("attributes")),
        _brief_events(get("events")),
        resource,
    )


def _brief_events(told: object) -> list[SpanEvent]:
    if not told:
        return []
    return [
        SpanEvent(
            text_of(event.get("name")),
            nanoseconds(_get(event, "timeUnixNano", "time_unix_nano")),
            NO_ATTRIBUTES,
        )
        for event in list_of(told)
        if isinstance(event, dict)
    ]


_REST = ("links", "traceState", "trace_state", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")


def span_kind(value: object) -> str:
    """OpenTelemetry's span kind as a word: ``client``."""
    if isinstance(value, int) and 0 <= value < len(_SPAN_KINDS):
        return _SPAN_KINDS[value]
    word = text_of(value).rpartition(".")[2].lower()
    return word.removeprefix("span_kind_")


def status_of(code: object) -> Status:
    return _STATUS_CODES.get(code, Status.unset) if isinstance(code, int | str) else Status.unset


def console_span(item: dict[str, object]) -> OtelSpan:
    """One object of the Python SDK's console exporter."""
    context, status = mapping_of(item.get("context")), mapping_of(item.get("status"))
    events = [
        SpanEvent(text_of(event.get("name")), iso_ns(event.get("timestamp")), mapping_of(event.get("attributes")))
        for event in list_of(item.get("events"))
        if isinstance(event, dict)
    ]
    return OtelSpan(
        trace=identifier(context.get("trace_id"), 16),
        span=identifier(context.get("span_id"), 8),
        parent=identifier(item.get("parent_id"), 8) or None,
        name=text_of(item.get("name")),
        start=iso_ns(item.get("start_time")),
        end=iso_ns(item.get("end_time")),
        status=status_of(status.get("status_code")),
        message=text_of(status.get("description")),
        attributes=mapping_of(item.get("attributes")),
        events=events,
        resource=Resource(mapping_of(mapping_of(item.get("resource")).get("attributes"))),
        rest={"span.kind": span_kind(item.get("kind"))} | ({"links": item["links"]} if item.get("links") else {}),
    )


def is_console_span(item: dict[str, object]) -> bool:
    """Whether an object is a span of the console exporter."""
    return "trace_id" in mapping_of(item.get("context")) and "parent_id" in item


def is_request(item: dict[str, object]) -> bool:
    """Whether an object holds OTLP spans."""
    return "resourceSpans" in item or "resource_spans" in item

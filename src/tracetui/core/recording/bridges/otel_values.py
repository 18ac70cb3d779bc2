"""What a span of OpenTelemetry's SDK says, in the words of the recording format.

The SDK's objects are known by what they have: nothing of OpenTelemetry is imported. What attributes mean is known by
``tracetui.core.formats._genai``, as for files of exporters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from tracetui.core import attributes as keys
from tracetui.core.formats import _genai
from tracetui.core.formats._values import text_of
from tracetui.core.model import ABSENT, Kind, Message, SpanDetail, Usage
from tracetui.core.recording.recorder import Verbosity

_STATUSES: Final = {"OK": "ok", "ERROR": "error"}
_INPUTS: Final = (*keys.TOOL_INPUT, keys.INPUT_VALUE, keys.ENTITY_INPUT)
_OUTPUTS: Final = (*keys.TOOL_OUTPUT, keys.OUTPUT_VALUE, keys.ENTITY_OUTPUT, keys.RETRIEVAL_DOCUMENTS)
_TOLD: Final = (*keys.INPUT_MESSAGES, keys.SYSTEM_INSTRUCTIONS)
_CONTENT: Final = (*_INPUTS, *_OUTPUTS, *_TOLD, *keys.OUTPUT_MESSAGES)
"""Attributes, or beginnings of their names, that hold what was said: not recorded at verbosity ``minimal``."""
_TOKENS: Final = ("input", "output", "total", "cached", "cache_write", "reasoning")

Values = dict[str, object]


class OtelContext(Protocol):
    """``opentelemetry.trace.SpanContext``."""

    trace_id: int
    span_id: int
    is_remote: bool


class OtelSpan(Protocol):
    """``opentelemetry.sdk.trace.ReadableSpan``, what is used of it."""

    name: str
    parent: OtelContext | None
    start_time: int | None
    end_time: int | None
    attributes: Mapping[str, object] | None
    events: Iterable[Any]
    links: Iterable[Any]
    status: Any
    kind: Any
    resource: Any

    def get_span_context(self) -> OtelContext:
        """Its ids."""


def status_of(span: OtelSpan) -> str:
    """How a span ended."""
    return _STATUSES.get(span.status.status_code.name, "unset")


def meta_of(span: OtelSpan) -> Values:
    """What is known of the run of a root: what sent it, and the conversation that it belongs to."""
    meta: Values = dict(span.resource.attributes) if span.resource is not None else {}
    attributes = span.attributes or {}
    session = next((attributes[key] for key in keys.SESSION if key in attributes), None)
    return meta if session is None else meta | {"session.id": session}


def title_of(span: OtelSpan, attributes: Values) -> str:
    """Its name, or Logfire's message, which is the better one."""
    return text_of(attributes.get(keys.LOGFIRE_MESSAGE)) or span.name


def start_values(attributes: Values, kind: Kind, verbosity: Verbosity) -> tuple[Values, Values]:
    """Attributes and other keys of a start."""
    values, late = _told(attributes, kind)
    late.pop("output", None)
    return (values if verbosity else _without(values, _CONTENT)), late


def end_values(span: OtelSpan, attributes: Values, kind: Kind, verbosity: Verbosity) -> tuple[Values, Values]:
    """Attributes and other keys of an end."""
    values, late = _told(attributes, kind)
    usage = _genai.usage_of(attributes) if kind is Kind.llm else None
    if usage is not None:
        late |= _usage(usage)
    values = values if verbosity else _without(values, _CONTENT)
    return values | _surroundings(span), late


def _told(attributes: Values, kind: Kind) -> tuple[Values, Values]:
    """Attributes that stay as they are, and model, input and output as they are read from the others."""
    detail = SpanDetail()
    _genai.describe(detail, kind, attributes)
    late: Values = {}
    used: list[str] = []
    if detail.model and kind in (Kind.llm, Kind.embedding):
        late["model"] = detail.model
    told, answered = _genai.conversation(attributes) if kind is not Kind.tool else ([], [])
    for key, messages, value, from_messages, names in (
        ("input", told, detail.input, _TOLD, _INPUTS),
        ("output", answered, detail.output, keys.OUTPUT_MESSAGES, _OUTPUTS),
    ):
        if messages:
            late[key] = [_message(message) for message in messages]
            used += from_messages
        elif value is not ABSENT:
            late[key] = value
            used += [name for name in names if _holds(attributes, name)][:1]
    return _without(attributes, used), late


def _holds(attributes: Values, name: str) -> bool:
    return name in attributes or any(key.startswith(f"{name}.") for key in attributes)


def _without(attributes: Values, names: Iterable[str]) -> Values:
    """Attributes but those of these names, or that are parts of them: ``llm.input_messages.0.message.content``."""
    left = {name: f"{name}." for name in names}
    return {
        key: value
        for key, value in attributes.items()
        if key not in left and not any(key.startswith(part) for part in left.values())
    }


def _message(message: Message) -> Values:
    """A message as the recording format has it."""
    values: Values = {"role": message.role, "content": message.text}
    if message.tool_calls:
        values["tool_calls"] = [{"name": name, "arguments": arguments} for name, arguments in message.tool_calls]
    if message.tool_name:
        values["name"] = message.tool_name
    return values


def _usage(usage: Usage) -> Values:
    figures = (usage.input, usage.output, usage.total, usage.cached, usage.cache_write, usage.reasoning)
    counts = {name: count for name, count in zip(_TOKENS, figures, strict=True) if count is not None}
    late: Values = {"usage": counts} if counts else {}
    return late | ({"cost_usd": usage.cost_usd} if usage.cost_usd is not None else {})


def _surroundings(span: OtelSpan) -> Values:
    """What a span says beside its attributes, named as in what the exporters write."""
    values: Values = {}
    kind = text_of(getattr(span.kind, "name", "")).lower()
    if kind not in ("", "internal"):
        values["span.kind"] = kind
    scope = getattr(span, "instrumentation_scope", None)
    if scope is not None:
        values["scope"] = {"name": scope.name, **({"version": scope.version} if scope.version else {})}
    links = [_link(link) for link in span.links]
    if links:
        values["links"] = links
    for name in ("attributes", "events", "links"):
        dropped = getattr(span, f"dropped_{name}", 0)
        if dropped:
            values[f"dropped{name.title()}Count"] = dropped
    return values


def _link(link: Any) -> Values:
    values: Values = {"traceId": f"{link.context.trace_id:032x}", "spanId": f"{link.context.span_id:016x}"}
    return values | ({"attributes": dict(link.attributes)} if link.attributes else {})


def error_of(span: OtelSpan, attributes: Values, status: str) -> Values:
    """The error of a span that failed, in the words of the recording format."""
    if status != "error" and keys.ERROR_TYPE not in attributes:
        return {}
    exceptions = [event.attributes or {} for event in span.events if event.name == keys.EXCEPTION]
    found = _genai.error_of(attributes, text_of(span.status.description), exceptions)
    if found is None:
        return {}
    values = {"type": found.type, "message": found.message, "traceback": found.traceback}
    return {key: value for key, value in values.items() if value}

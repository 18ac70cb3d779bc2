"""OpenTelemetry traces in JSON: OTLP requests as lines, pretty-printed or in a list, and the console exporter's objects.

A run is a trace. Spans are written when they end, children before parents, traces mixed in one line and spread over lines and
files; so a parent is named before it is seen, and a run's name is its root's once that is known.

Runs: a trace id. Its name is the root span's, while that is not known the earliest span's.

Spans: each trace and span id once. Logfire's pending spans are dropped when the real one comes, its logs are spans without
length.

Events: spans count as ``span``, the events in them under their name.

Status: the root span is the recorded end: an error there is a failed run, else ok; without it the run is open. A span
failed by its status code; ``logfire.level_num`` from 17 on is shown as an error event.

Times: nanoseconds UTC (the console exporter: ISO texts with microseconds).

Tokens and cost: those of model calls by OpenInference, else the conventions for generative AI, else OpenLLMetry; cost by
``llm.cost.total``. Sums that frameworks set on agents are not counted again.

Not recorded: spans that were open when the process died: a span is written when it ends.

Quirks: ids in base64 or upper case, keys in snake_case and numbers as texts are all taken. Metrics and logs hold no spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from tracetui.core import attributes as keys
from tracetui.core.formats import _genai
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import BlockDecoder, DocDecoder, LineDecoder
from tracetui.core.formats._otlp_spans import (
    OtelSpan,
    Resource,
    SpanEvent,
    attribute_map,
    console_span,
    identifier,
    is_console_span,
    is_request,
    otlp_span,
    spans_of_request,
)
from tracetui.core.formats._scan import element_places, head_of, top_level_keys
from tracetui.core.formats._values import list_of, mapping_of
from tracetui.core.model import NO_TIME, Clock, EventClass, EventDetail, Flag, Kind, SpanDetail, Status
from tracetui.core.operations import Bad, Begin, Event, Operation, Record, RunFact, Whole

_NAMES: Final = (
    frozenset({"resourceSpans", "resource_spans"}),
    None,
    frozenset({"scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"}),
    None,
    frozenset({"spans"}),
    None,
)
"""Where spans lie in a request."""
_REQUEST_KEYS: Final = {"resourceSpans", "resource_spans"}
_CONSOLE_KEYS: Final = {"context", "parent_id"}

_NO_START: Final = 2**63
"""A start that is not known, as the latest of all."""
_HAS_ERROR: Final = int(Flag.has_error)


class OtlpJsonFormat:
    """OpenTelemetry spans as JSON: what the Collector, the file exporters, Logfire and the console exporter write.

    Producer: OpenTelemetry: SDK file exporters, the Collector's file exporter, Logfire, OpenInference, OpenLLMetry;
        console exporter
    Files: any ``.jsonl`` or ``.json``
    Live: yes, as lines
    Status: yes
    Figures: tokens; cost if set
    """

    name = "otlp-json"
    title = "OpenTelemetry (OTLP JSON)"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims lines, objects and lists of ``resourceSpans``, and objects of the console exporter."""
        layout = _layout(candidate.head)
        return None if layout is None else Match(self, _LAYOUTS[layout])

    def assembler(self, bundle: str) -> Assembler:
        """Files need nothing of each other: a trace in several files has the same id in all."""
        return _Assembler()

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """The span as it was told last, its attributes read by the three conventions."""
        return _span_detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """A span event, or the message of a Logfire record."""
        span, event = _pick(record)
        if span is None:
            return EventDetail()
        if event is None:
            return EventDetail(span.title, span.attributes)
        return EventDetail(_genai.event_text(event.name, event.attributes), event.attributes)


_LAYOUTS: Final = {
    "lines": "lines with resourceSpans",
    "blocks": "an object with resourceSpans over several lines",
    "list": "a list of objects with resourceSpans",
    "console": "objects with context.trace_id and parent_id, as the console exporter prints them",
}


def _layout(head_bytes: bytes) -> str | None:
    """How a file's spans are laid out; None: it shows none."""
    head = head_of(head_bytes)
    if head.first is not None and is_request(head.first):
        return "lines"
    if head.first is not None and is_console_span(head.first):
        return "console"
    if head.body.startswith(b"{"):
        names = set(head.keys)
        if names & _REQUEST_KEYS:
            return "blocks" if head.first_line_complete else "lines"
        return "console" if names >= _CONSOLE_KEYS else None
    if head.body.startswith(b"["):
        names = set(top_level_keys(head.body[1:].lstrip()))
        if names & _REQUEST_KEYS or names >= _CONSOLE_KEYS:
            return "list"
    return None


class _Assembler:
    """One file."""

    def __init__(self) -> None:
        self._traces = _Traces()

    def decoder(self, candidate: Candidate) -> Decoder:
        match _layout(candidate.head):
            case "blocks" | "console":
                return _ObjectsDecoder(self._traces)
            case "list":
                return _ListDecoder(self._traces)
            case _:
                return _LinesDecoder(self._traces)

    def side(self, candidate: Candidate) -> list[Operation]:
        return []

    def forget(self, candidate: Candidate) -> None:
        self._traces.clear()


@dataclass(slots=True)
class _Trace:
    """What is known of a trace as a whole."""

    earliest: int
    has_root: bool = False
    root_start: int = _NO_START
    root_end: int = NO_TIME
    failed: bool = False


class _Said(list[Operation]):
    """Operations of one piece of a file."""

    __slots__ = ("facts",)

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, RunFact] = {}
        """What is said here of each trace by its earliest span: an earlier one corrects it in place."""


class _Traces:
    """Names, ends and outcomes of traces, from their spans in any order."""

    def __init__(self) -> None:
        self._traces: dict[str, _Trace] = {}

    def clear(self) -> None:
        self._traces.clear()

    def tell(self, out: _Said, span: OtelSpan, title: str, *, is_root: bool, is_open: bool) -> None:
        """What a span says of its run."""
        trace, start = self._traces.get(span.trace), span.start
        if start == NO_TIME:
            start = _NO_START
        if trace is None:
            trace = self._traces[span.trace] = _Trace(start)
            meta = span.resource.attributes or None
            fact = RunFact(span.trace, name=title, records_end=True, clock=Clock.utc, order_by_time=True, meta=meta)
            out.facts[span.trace] = fact
            out.append(fact)
        elif start < trace.earliest and not trace.has_root:
            trace.earliest = start
            known = out.facts.get(span.trace)
            if known is None:
                out.facts[span.trace] = known = RunFact(span.trace)
                out.append(known)
            known.name = title
        if is_root:
            _tell_root(out, trace, span, title, is_open=is_open)


def _tell_root(out: list[Operation], trace: _Trace, span: OtelSpan, title: str, *, is_open: bool) -> None:
    sortable = span.start if span.start != NO_TIME else _NO_START
    first = not trace.has_root or sortable < trace.root_start
    trace.has_root = True
    if is_open and not first:
        return
    fact = RunFact(span.trace, 2)
    if first:
        trace.root_start = sortable
        session = next((span.attributes[key] for key in keys.SESSION if key in span.attributes), None)
        meta = span.resource.attributes
        if session is not None:
            meta = meta | {"session.id": session}
        fact.name, fact.meta = title, meta or None
        fact.start = None if span.start == NO_TIME else span.start
    if not is_open:
        failed = span.status is Status.error
        trace.failed = trace.failed or failed
        fact.end = trace.root_end = max(trace.root_end, span.end)
        fact.status = Status.error if trace.failed else Status.ok
        fact.status_reason = (span.message or "the root span failed") if failed else None
    out.append(fact)


def _tell_span(out: _Said, traces: _Traces, span: OtelSpan, a: int, b: int) -> None:
    """One span: its own record, then one for each of its events."""
    run, key, parent, attributes = span.trace, span.span, span.parent, span.attributes
    is_pending = keys.LOGFIRE_SPAN_TYPE in attributes and span.is_pending
    is_open = is_pending or span.end == NO_TIME
    if is_pending and keys.LOGFIRE_PENDING_PARENT in attributes:  # a span of its own, below the one that it announces
        key = span.parent or span.span
        parent = identifier(attributes[keys.LOGFIRE_PENDING_PARENT], 8) or None
    kind, _ = _genai.kind_of_span(attributes)
    title = span.title if keys.LOGFIRE_MESSAGE in attributes else span.name
    status, events = span.status, span.events
    if attributes.get(keys.OWN_STATUS) == Status.skipped.name and status is Status.unset:
        status = Status.skipped
    has_error = (status is Status.error and span.message) or keys.ERROR_TYPE in attributes
    flags = _HAS_ERROR if has_error or (events and _has_exception(events)) else 0
    out.append(Record(run, "span", a, b, not is_pending))
    traces.tell(out, span, title, is_root=parent is None, is_open=is_open)
    if is_open:
        out.append(Begin(run, key, parent, title, kind, span.start, flags))
    else:
        counts = kind is Kind.llm or attributes.get(keys.OWN_USAGE) is True
        model = _genai.first_text(attributes, keys.MODEL) if counts or kind is Kind.embedding else ""
        usage = _genai.usage_of(attributes) if counts else None
        end = NO_TIME if attributes.get(keys.OWN_END) == "unknown" else span.end
        seller = _genai.first_text(attributes, keys.PROVIDER) if model else ""
        out.append(Whole(run, key, parent, title, kind, span.start, end, status, usage, model, flags, seller))
    if is_pending:
        return
    if keys.LOGFIRE_LEVEL in attributes and span.level >= keys.LOGFIRE_ERROR_LEVEL and status is not Status.error:
        out.append(Event(run, key, EventClass.error, span.start))
    for event in events:
        out.append(Record(run, event.name, a, b))
        out.append(Event(run, key, keys.EVENT_CLASSES.get(event.name, EventClass.event), event.time))


def _has_exception(events: Iterable[SpanEvent]) -> bool:
    return any(event.name == keys.EXCEPTION for event in events)


def _request_operations(
    traces: _Traces, spans: Iterable[OtelSpan], a: int, b: int, places: Sequence[tuple[int, int]], line: int
) -> list[Operation]:
    """Spans of one piece of a file, each with a place of its own where ``places`` gives one for every span."""
    nameless, whole = 0, (a, b)
    out = _Said()
    if places:
        spans = list(spans)
        places = [(a + at, length) for at, length in places] if len(places) == len(spans) else ()
    for number, span in enumerate(spans):
        if span.trace and span.span:
            at, length = places[number] if places else whole
            _tell_span(out, traces, span, at, length)
        else:
            nameless += 1
    if nameless:
        reason = f"{nameless} spans without trace id or span id" if nameless > 1 else "a span without id"
        out.append(Bad(line, a, b, reason))
    return out


def _spans_in(value: object, *, brief: bool = True) -> Iterable[OtelSpan] | str:
    """Spans of an object, or why it has none."""
    if not isinstance(value, dict):
        return "not an object"
    if is_request(value):
        return spans_of_request(value, brief=brief)
    if is_console_span(value):
        return [console_span(value)]
    for name, what in (("resourceLogs", "logs"), ("resourceMetrics", "metrics")):
        if name in value:
            return f"OpenTelemetry {what}, no spans"
    return "no resourceSpans" if value else []


class _LinesDecoder(LineDecoder):
    """One request a line."""

    def __init__(self, traces: _Traces) -> None:
        super().__init__()
        self._traces = traces

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Lines whose spans are spelt by rule take the fast lane."""
        from tracetui.core.formats import _otlp_lane as lane

        if not lane.takes(block):
            return super().lines(block, a)
        out: list[Operation] = []
        for line in BytesIO(block).readlines():
            self._line += 1
            spans = lane.spans_in(line)
            try:
                told = (
                    None
                    if spans is None
                    else _request_operations(self._traces, spans, a, len(line) - 1, (), self._line)
                )
            except Exception:  # a border: the long way lists the line as unreadable, and says why
                told = None
            out += self.record(line[:-1], a) if told is None else told
            a += len(line)
        return out

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """Every span of a request; all have the line as their place."""
        spans = _spans_in(record)
        if isinstance(spans, str):
            return [Bad(self.line, a, b, spans)]
        return _request_operations(self._traces, spans, a, b, (), self.line)


class _ObjectsDecoder(BlockDecoder):
    """Requests or the console exporter's spans, pretty-printed one after another."""

    def __init__(self, traces: _Traces) -> None:
        super().__init__()
        self._traces = traces

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """Every span of an object, each with its own place."""
        spans = _spans_in(record)
        if isinstance(spans, str):
            return [Bad(self.line, a, b, spans)]
        places = list(element_places(self.body, _NAMES)) if self.body and is_request(record) else []
        return _request_operations(self._traces, spans, a, b, places, self.line)


class _ListDecoder(DocDecoder):
    """A list of requests or of the console exporter's spans."""

    def __init__(self, traces: _Traces) -> None:
        super().__init__()
        self._traces = traces

    def elements(self, value: object, data: bytes) -> Iterable[Operation]:
        """Every span of every element; elements that are none are unreadable."""
        items = list_of(value)
        places = list(element_places(data, (None,)))
        objects = [item for item in items if isinstance(item, dict)]
        if len(places) != len(objects):
            places = [(0, len(data))] * len(objects)
        for item, (a, b) in zip(objects, places, strict=True):
            spans = _spans_in(item)
            if isinstance(spans, str):
                yield Bad(0, a, b, spans)
                continue
            inner = list(element_places(data[a : a + b], _NAMES)) if is_request(item) else []
            yield from _request_operations(self._traces, spans, a, b, inner, 0)
        if len(objects) < len(items):
            yield Bad(0, 0, len(data), f"{len(items) - len(objects)} elements are not objects")


def _pick(record: RecordBody) -> tuple[OtelSpan | None, SpanEvent | None]:
    """The span, and perhaps its event, that is the record with this ordinal among its bytes."""
    found = record.once("otlp-json", _all_in)
    return found[record.ordinal] if record.ordinal < len(found) else (None, None)


def _all_in(raw: bytes) -> list[tuple[OtelSpan, SpanEvent | None]]:
    """What each record of these bytes is: a span, or an event of one."""
    try:
        item = mapping_of(parse(raw))
    except NotJson:
        return []
    if "spanId" in item or "span_id" in item:
        spans = [otlp_span(item, Resource(None), {})]
    else:
        found = _spans_in(item, brief=False)
        spans = [] if isinstance(found, str) else [span for span in found if span.trace and span.span]
    told: list[tuple[OtelSpan, SpanEvent | None]] = []
    for span in spans:
        told.append((span, None))
        told += [(span, event) for event in ([] if span.is_pending else span.events)]
    return told


def _span_detail(records: Sequence[RecordBody]) -> SpanDetail:
    chosen: OtelSpan | None = None
    for record in records:
        span, event = _pick(record)
        if span is not None and event is None and (chosen is None or chosen.is_pending or not span.is_pending):
            chosen = span
    if chosen is None:
        return SpanDetail()
    kind, word = _genai.kind_of_span(chosen.attributes)
    detail = SpanDetail(id=chosen.span, attributes=dict(chosen.attributes))
    if word:
        detail.attributes[keys.KIND_ORIGINAL] = word
    _genai.describe(detail, kind, chosen.attributes)
    _add_event_messages(detail, chosen.events)
    exceptions = [event.attributes for event in chosen.events if event.name == keys.EXCEPTION]
    detail.error = _genai.error_of(chosen.attributes, chosen.message, exceptions)
    if resource := chosen.resource.attributes:
        detail.attributes["resource"] = resource
    if chosen.scope:
        detail.attributes["scope"] = chosen.scope | (
            {"attributes": attribute_map(chosen.scope["attributes"])} if "attributes" in chosen.scope else {}
        )
    detail.attributes |= chosen.rest
    return detail


def _add_event_messages(detail: SpanDetail, events: Sequence[SpanEvent]) -> None:
    """Older GenAI instrumentation writes messages as span events."""
    if detail.messages:
        return
    detail.reply = None
    for event in events:
        if event.name == "gen_ai.choice":
            message = _genai.decoded(event.attributes.get("message"))
            said = mapping_of(message) or {"content": message}
            detail.reply = len(detail.messages) if detail.reply is None else detail.reply
            values: dict[str, object] = {**event.attributes, **said, "role": "assistant"}
        elif event.name.startswith("gen_ai.") and event.name.endswith(".message"):
            values = {**event.attributes, "role": event.name.split(".")[1]}
            if values["role"] == "tool":
                values.setdefault("tool_call_id", values.get("id"))
        else:
            continue
        values = {key: _genai.decoded(value) if key == "tool_calls" else value for key, value in values.items()}
        detail.messages += _genai.parts_messages(values)
    if detail.messages and detail.reply is None:
        detail.reply = len(detail.messages)

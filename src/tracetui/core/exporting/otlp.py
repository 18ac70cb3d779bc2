"""A run as one OTLP document in JSON (``TracesData``), for whatever takes OpenTelemetry.

Ids are the producer's where they are OpenTelemetry's (32 and 16 hexadecimal digits), else derived from them. What kinds,
models, tokens and messages are is told in the GenAI conventions of OpenTelemetry, in OpenInference's where those have no word,
and in ``tracetui.*`` where neither has. ``docs/export.md`` holds the table.
"""

from __future__ import annotations

import math
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from tracetui.core import attributes as keys
from tracetui.core.exporting.bodies_text import is_conversation
from tracetui.core.exporting.ids import SpanIds
from tracetui.core.exporting.plain import json_line
from tracetui.core.formats._genai import kind_of_span
from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT, Flag, Kind
from tracetui.core.store import run_salt

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job
    from tracetui.core.run_view import SpanLine
    from tracetui.core.summary import Facts

OPERATIONS: Final = {
    Kind.llm: "chat",
    Kind.embedding: "embeddings",
    Kind.tool: "execute_tool",
    Kind.agent: "invoke_agent",
    Kind.chain: "invoke_workflow",
    Kind.retriever: "retrieval",
}
"""``gen_ai.operation.name`` by kind."""
OPENINFERENCE: Final = {Kind.reranker: "RERANKER", Kind.guardrail: "GUARDRAIL", Kind.evaluator: "EVALUATOR"}
"""``openinference.span.kind`` by kind, where the GenAI convention has no operation."""
TOKENS: Final = {
    "input": keys.TOKENS_INPUT[1],
    "output": keys.TOKENS_OUTPUT[1],
    "total": keys.TOKENS_TOTAL[1],
    "cached": keys.TOKENS_CACHED[1],
    "cache_write": keys.TOKENS_CACHE_WRITE[1],
    "reasoning": keys.TOKENS_REASONING[1],
}
"""Attribute of each token count."""
_TOKEN_NAMES: Final = {
    "input": keys.TOKENS_INPUT,
    "output": keys.TOKENS_OUTPUT,
    "total": keys.TOKENS_TOTAL,
    "cached": keys.TOKENS_CACHED,
    "cache_write": keys.TOKENS_CACHE_WRITE,
    "reasoning": keys.TOKENS_REASONING,
}
_CODES: Final = {"ok": 1, "error": 2}
_SPAN_KINDS: Final = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_TRACE_ID: Final = re.compile("[0-9a-f]{32}")
_SPAN_ID: Final = re.compile("[0-9a-f]{16}")
_DEEPEST: Final = 40
"""Levels of an attribute's value; what is deeper stands as JSON text."""
_READ_ELSEWHERE: Final = frozenset(
    {"resource", "scope", "span.kind", "links", "traceState", "trace_state", keys.KIND_ORIGINAL}
)
"""What the reader of OTLP adds to a span's attributes and OTLP has a place of its own for."""
_OTLP: Final = "otlp-json"
DOCUMENT_CHARACTERS: Final = 16_000_000
"""A larger run is written as JSON lines, so that nobody has to hold all of it."""
LINE_CHARACTERS: Final = 256_000
LINE_SPANS: Final = 64


def write(job: Job, out: Write) -> None:
    """Write one document, a span on a line; a run of more than `DOCUMENT_CHARACTERS` as lines with a document each."""
    spans = _Spans(job)
    waiting: list[str] = []
    size, limit = 0, DOCUMENT_CHARACTERS
    for line, facts in job.spans():
        if not facts["recorded"]:
            continue
        if size > limit:
            limit = LINE_CHARACTERS
            for begin in range(0, len(waiting), LINE_SPANS):
                out(_document(job, waiting[begin : begin + LINE_SPANS], ",", "") + "\n")
            waiting, size = [], 0
        waiting.append(json_line(spans.of(line, facts)))
        size += len(waiting[-1])
    job.lost_events = len(spans.run_events)
    if limit == DOCUMENT_CHARACTERS:
        # Indented, as readers of several documents in a file find their ends by lines.
        out(_document(job, waiting, ",\n  ", "\n") + "\n")
    elif waiting:
        out(_document(job, waiting, ",", "") + "\n")


def _document(job: Job, spans: list[str], between: str, end: str) -> str:
    from tracetui import __version__

    scope = json_line({"name": "tracetui", "version": __version__})
    resource = json_line({"attributes": pairs(_resource(job))})
    first = between.removeprefix(",") if spans else ""
    inside = f'"scopeSpans":[{{"scope":{scope},"spans":[{first}{between.join(spans)}]}}]'
    return f'{{"resourceSpans":[{{"resource":{resource},{inside}}}]{end}}}'


def _resource(job: Job) -> dict[str, object]:
    """What the run is."""
    facts = job.run_facts()
    own = facts["meta"] if job.run.format == _OTLP else {}
    more: dict[str, object] = {
        "tracetui.run.id": facts["id"],
        "tracetui.run.name": facts["name"],
        "tracetui.run.status": facts["status"],
        "tracetui.format": facts["format"],
        "tracetui.redacted": job.gate.is_on,
        "tracetui.redactions": job.gate.count,
    }
    if facts["meta"] and not own:
        more["tracetui.meta"] = facts["meta"]
    if job.where:
        more["tracetui.where"] = job.gate.text(job.where)
    return {"service.name": facts["name"], **own, **more}


def trace_id(id: str) -> str:
    """A run's id as OpenTelemetry has it: itself, or 16 bytes of its hash."""
    return id if _TRACE_ID.fullmatch(id) and id.strip("0") else blake2b(id.encode(), digest_size=16).hexdigest()


class _Spans:
    """Makes the spans."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._ids = SpanIds(job)
        self._salt = run_salt(job.run.row)
        self._trace = trace_id(job.gate.id(job.run.id))
        self.run_events: list[Facts] = job.run_events()
        """Events of the run, which stand at its first root."""

    def of(self, line: SpanLine, facts: Facts) -> dict[str, Any]:
        """One span."""
        row, attributes = line.row, self._attributes(line, facts)
        span: dict[str, Any] = {"traceId": self._trace, "spanId": self._id(row)}
        parent = self._parent(row)
        if parent >= 0:
            span["parentSpanId"] = self._id(parent)
        span |= {"name": facts["name"], "kind": _span_kind(facts)}
        start, end = facts["start_ns"], None if facts["status"] == "open" else facts["end_ns"]
        if end is None and facts["status"] != "open":
            attributes[keys.OWN_END], end = "unknown", start
        span |= {
            name: str(time)
            for name, time in (("startTimeUnixNano", start), ("endTimeUnixNano", end))
            if time is not None
        }
        span["attributes"] = pairs(attributes)
        events = [_event(event) for event in facts.get("events", ())] + self._error_event(facts)
        if parent < 0:
            events += [_event(event) for event in self.run_events]
            self.run_events = []
            if links := self._links():
                span["links"] = links
        if events:
            span["events"] = events
        status: dict[str, Any] = {"code": _CODES[facts["status"]]} if facts["status"] in _CODES else {}
        if facts["error"] and facts["error"]["message"]:
            status["message"] = facts["error"]["message"]
        return span | {"status": status}

    def _id(self, row: int) -> str:
        """A span's id: the producer's, or the key that the store made of it."""
        id = self._ids.of(row)
        if _SPAN_ID.fullmatch(id) and id.strip("0"):
            return id
        return f"{(self._job.store.spans.key[row] ^ self._salt) or 1:016x}"

    def _parent(self, row: int) -> int:
        """The nearest span above that was recorded, or named as a parent."""
        spans = self._job.store.spans
        parent = spans.parent[row]
        while (
            parent >= 0
            and spans.flags[parent] & (Flag.invented | Flag.dropped)
            and not spans.flags[parent] & Flag.announced
        ):
            parent = spans.parent[parent]
        return parent

    def _links(self) -> list[dict[str, Any]]:
        """The run's relations to spans of others."""
        gate = self._job.gate
        return [
            {
                "traceId": trace_id(gate.id(link.other)),
                "spanId": _span_id(gate.id(link.span)),
                "attributes": pairs({"tracetui.link": link.kind}),
            }
            for link in self._job.run.links
            if link.span
        ]

    def _attributes(self, line: SpanLine, facts: Facts) -> dict[str, object]:
        """What was recorded, and what it means in the conventions."""
        recorded: dict[str, object] = facts.get("attributes") or {}
        is_otlp = self._job.run.format == _OTLP
        if is_otlp:
            recorded = {name: value for name, value in recorded.items() if name not in _READ_ELSEWHERE}
        told = _kind(facts, recorded) | _figures(facts, recorded)
        usage = self._job.store.usage_of(line.row)
        if facts["kind"] != Kind.llm.name and (usage is not None or self._job.store.model_of(line.row)):
            told[keys.OWN_USAGE] = True
        provider = "" if line.detail is None else self._job.gate.text(line.detail.provider)
        if provider and not any(name in recorded for name in keys.PROVIDER):
            told["gen_ai.provider.name"] = provider
        if not is_otlp:
            told |= _bodies(facts)
        if facts["error"] and facts["error"]["type"]:
            told[keys.ERROR_TYPE] = facts["error"]["type"]
        if facts["status"] == "skipped":
            told[keys.OWN_STATUS] = "skipped"
        if facts["id"] != self._id(line.row):
            told["tracetui.id"] = facts["id"]
        return {**recorded, **told}

    def _error_event(self, facts: Facts) -> list[dict[str, Any]]:
        """A traceback, as OpenTelemetry has it: an event."""
        error = facts["error"]
        if (
            not error
            or not error["traceback"]
            or any(event["type"] == keys.EXCEPTION for event in facts.get("events", ()))
        ):
            return []
        said = {
            keys.EXCEPTION_TYPE: error["type"],
            keys.EXCEPTION_MESSAGE: error["message"],
            keys.EXCEPTION_STACKTRACE: error["traceback"],
        }
        time = facts["end_ns"] or facts["start_ns"] or 0
        return [{"timeUnixNano": str(time), "name": keys.EXCEPTION, "attributes": pairs(said)}]


def _span_id(id: str) -> str:
    return id if _SPAN_ID.fullmatch(id) and id.strip("0") else blake2b(id.encode(), digest_size=8).hexdigest()


def _span_kind(facts: Facts) -> int:
    word = (facts.get("attributes") or {}).get("span.kind")
    if isinstance(word, str) and word in _SPAN_KINDS:
        return _SPAN_KINDS[word]
    return _SPAN_KINDS["client" if facts["kind"] in ("llm", "embedding") else "internal"]


def _kind(facts: Facts, recorded: dict[str, object]) -> dict[str, object]:
    kind = Kind[facts["kind"]]
    told: dict[str, object] = {}
    if kind_of_span(recorded)[0] is not kind:
        if kind in OPERATIONS and kind_of_span({**recorded, keys.GENAI_OPERATION: OPERATIONS[kind]})[0] is kind:
            told[keys.GENAI_OPERATION] = OPERATIONS[kind]
        elif kind in OPENINFERENCE:
            told[keys.OPENINFERENCE_KIND] = OPENINFERENCE[kind]
        else:
            told[keys.OWN_KIND] = kind.name
    if kind is Kind.tool and "gen_ai.tool.name" not in recorded:
        told["gen_ai.tool.name"] = facts["name"]
    if kind is Kind.agent and "gen_ai.agent.name" not in recorded:
        told["gen_ai.agent.name"] = facts["name"]
    return told


def _figures(facts: Facts, recorded: dict[str, object]) -> dict[str, object]:
    told: dict[str, object] = {}
    if facts["model"] and not any(name in recorded for name in keys.MODEL):
        told["gen_ai.request.model"] = facts["model"]
    for name, count in facts["tokens"].items():
        if count is not None and not any(other in recorded for other in _TOKEN_NAMES[name]):
            told[TOKENS[name]] = count
    if facts["cost_usd"] is not None and not any(name in recorded for name in keys.COST):
        told[keys.COST[0]] = facts["cost_usd"]
    return told


def _bodies(facts: Facts) -> dict[str, object]:
    """Messages, arguments and results, as JSON texts."""
    told: dict[str, object] = {}
    messages = facts.get("messages") or []
    if messages and facts["kind"] != "tool":
        answered = len(messages)
        while answered and messages[answered - 1]["role"] == "assistant":
            answered -= 1
        for name, some in (
            (keys.INPUT_MESSAGES[1], messages[:answered]),
            (keys.OUTPUT_MESSAGES[1], messages[answered:]),
        ):
            if some:
                told[name] = json_text([_parts(message) for message in some])
    is_tool = facts["kind"] == "tool"
    names = (keys.TOOL_INPUT[1], keys.TOOL_OUTPUT[0]) if is_tool else (keys.INPUT_VALUE, keys.OUTPUT_VALUE)
    for name, key in zip(("input", "output"), names, strict=True):
        value = facts.get(name, ABSENT)
        if value is not ABSENT and not (messages and not is_tool and is_conversation(value)):
            told[key] = value if isinstance(value, str) else json_text(value)
    if facts.get("logs"):
        told["tracetui.logs"] = facts["logs"]
    return told


def _parts(message: Facts) -> dict[str, object]:
    """A message of the GenAI convention."""
    if message["role"] == "tool" and not message["tool_calls"]:
        response = {"type": "tool_call_response", "result": message["text"]}
        return {"role": "tool", "parts": [response | ({"name": message["tool_name"]} if message["tool_name"] else {})]}
    parts: list[dict[str, object]] = [{"type": "text", "content": message["text"]}] if message["text"] else []
    parts += [
        {"type": "tool_call", "name": call["name"], "arguments": call["arguments"]} for call in message["tool_calls"]
    ]
    return {"role": message["role"], "parts": parts}


def _event(event: Facts) -> dict[str, Any]:
    attributes = dict(event.get("attributes") or {})
    if event["text"] and not any(name in attributes for name in ("content", "message", "body", "text")):
        attributes["message"] = event["text"]
    if keys.EVENT_CLASSES.get(event["type"]) is None and event["class"] != "event":
        attributes["tracetui.class"] = event["class"]
    told: dict[str, Any] = {"name": event["type"]}
    if event["time_ns"] is not None:
        told["timeUnixNano"] = str(event["time_ns"])
    return told | {"attributes": pairs(attributes)}


def pairs(attributes: dict[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them."""
    return [{"key": str(key), "value": any_value(value, depth)} for key, value in attributes.items()]


def any_value(value: object, depth: int = 0) -> dict[str, Any]:
    """A plain value as an AnyValue; what is nested too deep as JSON text."""
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int() if -(1 << 63) <= value < 1 << 63:
            return {"intValue": str(value)}
        case int():
            return {"stringValue": json_text(value)}
        case float():
            return {"doubleValue": value if math.isfinite(value) else _spelt(value)}
        case str():
            return {"stringValue": value.encode("utf-8", "backslashreplace").decode()}
    if depth >= _DEEPEST or not isinstance(value, dict | list | tuple):
        return {"stringValue": json_text(value)}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value, depth + 1)}}
    return {"arrayValue": {"values": [any_value(item, depth + 1) for item in value]}}


def _spelt(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

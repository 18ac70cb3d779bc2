"""What the events and call lists of one RAGFlow run say, each event once, from whichever file tells it first.

Nodes pair by component id, calls by the ids in their metadata. No parent is recorded: a call lies under the node that is open
when it starts, if it is the only one; with several open nodes it cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Final

from tracetui.core.formats._values import amount_of, count_of, iso_ns, mapping_of, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Begin, End, Event, Operation, Patch, Record, RunFact, Whole

_STARTS: Final = {
    "node_started": "node",
    "llm_call_started": "llm",
    "retrieval_started": "retrieval",
    "tool_call_started": "tool",
    "thinking_started": "thinking",
}
_ENDS: Final = {
    "node_finished": "node",
    "node_failed": "node",
    "llm_call_completed": "llm",
    "retrieval_completed": "retrieval",
    "tool_call_completed": "tool",
    "thinking_completed": "thinking",
}
_KINDS: Final = {
    "node": Kind.step,
    "llm": Kind.llm,
    "retrieval": Kind.retriever,
    "tool": Kind.tool,
    "thinking": Kind.span,
}
ORIGINAL: Final = {"node": "node", "llm": "model", "retrieval": "retrieval", "tool": "tool", "thinking": "thinking"}
"""The producer's word for each sort of span."""
_EVENTS: Final = {
    "workflow_failed": EventClass.error,
    "error_occurred": EventClass.error,
    "message_generated": EventClass.message,
}
CALL_LISTS: Final = (("llm_calls", "llm"), ("retrievals", "retrieval"), ("tool_calls", "tool"))
"""Members of a session that list finished calls, and what they are."""
_ENDED: Final = {"completed": Status.ok, "failed": Status.error}


def sort_of_event(type_: str) -> str | None:
    """Which sort of span an event starts or ends; None if it does neither."""
    return _STARTS.get(type_) or _ENDS.get(type_)


def plain(event: dict[str, object]) -> dict[str, object]:
    """An event of a detailed rendering with the names that stored events have; any other as it is."""
    if "component" not in event and "timing" not in event and not isinstance(event.get("error"), dict):
        return event
    component, timing = mapping_of(event.get("component")), mapping_of(event.get("timing"))
    changed = {f"component_{name}": component.get(name) for name in ("id", "name", "type") if component.get(name)}
    if "elapsed_seconds" in timing:
        changed["elapsed_time"] = timing["elapsed_seconds"]
    if isinstance(event.get("error"), dict):
        changed["error"] = mapping_of(event["error"]).get("message")
    return event | changed


def id_of(event: dict[str, object]) -> str:
    """What an event is known by in every rendering."""
    id_ = event.get("event_id")
    if isinstance(id_, str) and id_:
        return id_
    return f"{text_of(event.get('event_type'))} {text_of(event.get('timestamp'))} {text_of(event.get('component_id'))}"


def call_id_of(call: dict[str, object]) -> str:
    """The id of an item of a call list."""
    return text_of(call.get("call_id")) or text_of(call.get("retrieval_id"))


def utc_ns(text: object) -> int:
    """Times are naive and UTC."""
    return iso_ns(text, UTC)


class _Span:
    __slots__ = ("ended", "key")

    def __init__(self, key: str) -> None:
        self.key = key
        self.ended = False


class RagflowRun:
    """State and rules of one run.

    Args:
        key: the run's key in the store.
        id: the task id, or what stands in for it.
    """

    def __init__(self, key: str, id: str) -> None:
        self.key = key
        self.id = id
        self.clear()

    def clear(self) -> None:
        """All of it is told anew."""
        self._told: dict[str, str | None] = {}
        self._spans: dict[tuple[str, str], list[_Span]] = {}
        self._open_nodes: list[_Span] = []
        self._announced = False

    def facts(self) -> Iterable[Operation]:
        """Once: what is known of any run."""
        if not self._announced:
            self._announced = True
            yield RunFact(self.key, name=self.id, id=self.id, records_end=True, clock=Clock.utc)

    # Events.

    def event(self, event: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one event says; of one that was told before, only that these bytes say it too."""
        type_ = text_of(event.get("event_type")) or "-"
        id_ = id_of(event)
        if id_ in self._told:
            yield Record(self.key, type_, a, b, counted=False)
            if (known := self._told[id_]) is not None:
                yield Patch(self.key, known, 0)
            return
        yield Record(self.key, type_, a, b)
        event = plain(event)
        time = utc_ns(event.get("timestamp"))
        key: str | None = None
        if (sort := _STARTS.get(type_)) is not None:
            begin = self._start(sort, event, time)
            key = begin.key
            yield begin
            if model := text_of(mapping_of(event.get("metadata")).get("model_name")):
                yield Patch(self.key, key, 0, model=model)
        elif (sort := _ENDS.get(type_)) is not None:
            end = self._end(sort, type_, event, time)
            key = end.key
            yield end
        else:
            yield Event(self.key, self._node_of(event), _EVENTS.get(type_, EventClass.event), time)
            yield from self._workflow(type_, event, time)
        self._told[id_] = key

    def _workflow(self, type_: str, event: dict[str, object], time: int) -> Iterable[Operation]:
        """Ends of the workflow; a session's own status and times say more."""
        if type_ not in ("workflow_completed", "workflow_failed"):
            return
        seconds = amount_of(event.get("elapsed_time"))
        failed = type_ == "workflow_failed"
        yield RunFact(
            self.key,
            status=Status.error if failed else Status.ok,
            status_reason=text_of(event.get("error")) or None,
            end=None if time == NO_TIME else time,
            duration_ns=None if seconds is None or seconds < 0 else round(seconds * 1e9),
        )

    def _node_of(self, event: dict[str, object]) -> str | None:
        spans = self._spans.get(("node", text_of(event.get("component_id"))))
        if not spans:
            return None
        return next((span.key for span in reversed(spans) if not span.ended), spans[-1].key)

    def _new(self, sort: str, id_: str) -> _Span:
        spans = self._spans.setdefault((sort, id_), [])
        span = _Span(f"{sort}:{id_}#{len(spans) + 1}")
        spans.append(span)
        return span

    def _start(self, sort: str, event: dict[str, object], time: int) -> Begin:
        id_ = _span_id(sort, event)
        parent, flags = (None, 0) if sort == "node" else self._parent(event)
        span = self._new(sort, id_)
        if sort == "node":
            self._open_nodes.append(span)
        return Begin(self.key, span.key, parent, _name(sort, event, sort), _KINDS[sort], time, flags)

    def _parent(self, event: dict[str, object]) -> tuple[str | None, int]:
        component = text_of(event.get("component_id"))
        if component:
            for span in reversed(self._spans.get(("node", component), ())):
                if not span.ended:
                    return span.key, 0
        if len(self._open_nodes) == 1:
            return self._open_nodes[0].key, int(Flag.parent_inferred)
        return None, 0

    def _end(self, sort: str, type_: str, event: dict[str, object], time: int) -> End:
        id_ = _span_id(sort, event)
        error = text_of(event.get("error"))
        failed = type_ == "node_failed" or (bool(error) and sort != "node")
        span = next((one for one in reversed(self._spans.get((sort, id_), ())) if not one.ended), None)
        start, flags, parent = NO_TIME, int(Flag.has_error) if error else 0, None
        name = _name(sort, event, "" if span is not None else sort)
        if span is None:
            seconds = amount_of(event.get("elapsed_time"))
            if seconds is not None and seconds >= 0 and time != NO_TIME:
                start, flags = max(0, time - round(seconds * 1e9)), flags | Flag.start_inferred
            if sort != "node":
                parent, inferred = self._parent(event)
                flags |= inferred
            span = self._new(sort, id_)
        elif sort == "node":
            self._open_nodes.remove(span)
        span.ended = True
        metadata = mapping_of(event.get("metadata"))
        total = count_of(metadata.get("tokens")) if sort == "llm" else None
        return End(
            self.key,
            span.key,
            time,
            Status.error if failed else Status.ok,
            parent,
            name,
            _KINDS[sort],
            start,
            None if total is None else Usage(total=total),
            flags=flags,
        )

    # What only a session or its stub says.

    def stub(self, stub: dict[str, object]) -> Iterable[Operation]:
        """The run began; nothing of it was saved yet."""
        created = utc_ns(stub.get("created_at"))
        meta = {key: value for key, value in stub.items() if key not in ("status", "task_id")}
        yield RunFact(
            self.key,
            rank=1,
            name=text_of(stub.get("agent_id")) or None,
            meta=meta,
            time=None if created == NO_TIME else created,
        )

    def session(self, session: dict[str, object]) -> Iterable[Operation]:
        """Facts of the run: stored, or in a detailed or streaming rendering."""
        metadata, timing = mapping_of(session.get("metadata")), mapping_of(session.get("timing"))
        started = utc_ns(timing.get("started_at", session.get("started_at")))
        completed = utc_ns(timing.get("completed_at", session.get("completed_at")))
        seconds = amount_of(timing.get("total_elapsed_seconds", session.get("total_elapsed_time")))
        status = _ENDED.get(text_of(session.get("status")))
        has_duration = status is not None and seconds is not None and seconds >= 0
        yield RunFact(
            self.key,
            rank=2,
            name=text_of(metadata.get("agent_id")) or None,
            status=status,
            status_reason=text_of(session.get("error")) or None,
            start=None if started == NO_TIME else started,
            end=None if completed == NO_TIME else completed,
            duration_ns=round((seconds or 0) * 1e9) if has_duration else None,
            meta=metadata | {"summary": session["summary"]} if "summary" in session else metadata or None,
        )

    def call(self, sort: str, call: dict[str, object], number: int, place: Record) -> Iterable[Operation]:
        """An item of a call list at ``place``: the ``number``-th, from 0, with its id."""
        yield place
        spans = [span for span in self._spans.get((sort, call_id_of(call)), ()) if span.ended]
        usage = _usage(call) if sort == "llm" else None
        model = text_of(call.get("model_name")) if sort == "llm" else ""
        error = text_of(call.get("error"))
        flags = int(Flag.has_error) if error else 0
        name = _call_name(sort, call)
        if number < len(spans):
            span = spans[number]
            yield Patch(self.key, span.key, 1, None, name or None, None, usage=usage, model=model or None, flags=flags)
            return
        # Told by no event: events may have been lost, the list holds finished calls only.
        span = self._new(sort, call_id_of(call))
        span.ended = True
        yield Whole(
            self.key,
            span.key,
            None,
            name or sort,
            _KINDS[sort],
            utc_ns(call.get("started_at")),
            utc_ns(call.get("completed_at")),
            Status.error if error else Status.ok,
            usage,
            model,
            flags,
        )


def _span_id(sort: str, event: dict[str, object]) -> str:
    if sort in ("node", "thinking"):
        return text_of(event.get("component_id"))
    metadata = mapping_of(event.get("metadata"))
    return text_of(metadata.get("retrieval_id" if sort == "retrieval" else "call_id"))


def _name(sort: str, event: dict[str, object], otherwise: str) -> str:
    metadata = mapping_of(event.get("metadata"))
    match sort:
        case "node":
            return text_of(event.get("component_name")) or text_of(event.get("component_id")) or otherwise
        case "llm":
            return text_of(metadata.get("model_name")) or otherwise
        case "tool":
            return text_of(metadata.get("tool_name")) or otherwise
        case _:
            return otherwise


def _call_name(sort: str, call: dict[str, object]) -> str:
    return text_of(call.get({"llm": "model_name", "tool": "tool_name"}.get(sort, "")))


def _usage(call: dict[str, object]) -> Usage | None:
    tokens = mapping_of(call.get("tokens"))
    usage = Usage(
        input=count_of(tokens.get("prompt", call.get("prompt_tokens"))),
        output=count_of(tokens.get("completion", call.get("completion_tokens"))),
        total=count_of(tokens.get("total", call.get("total_tokens"))),
    )
    return None if usage == Usage() else usage

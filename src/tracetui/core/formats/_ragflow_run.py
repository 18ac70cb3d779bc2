"""What the events and call lists of one RAGFlow run say, each event once, from whichever file tells it first.

Nodes pair by component id, calls by the ids in their metadata. No parent is recorded: a call lies under the node that is open
when it starts, if it is the only one; with several open nodes it cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Final

from tracetui.core.formats._many_times import utc_times
from tracetui.core.formats._ragflow_events import NO_METADATA, Event, Metadata
from tracetui.core.formats._values import close_ns, count_of, length_ns, mapping_of, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Begin, Columns, End, Operation, Patch, Record, RunFact, Whole, span_key
from tracetui.core.operations import Event as Moment

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
_PARENT_INFERRED, _HAS_ERROR = int(Flag.parent_inferred), int(Flag.has_error)
_ENDED: Final = {"completed": Status.ok, "failed": Status.error}


def sort_of_event(type_: str) -> str | None:
    """Which sort of span an event starts or ends; None if it does neither."""
    return _STARTS.get(type_) or _ENDS.get(type_)


def call_id_of(call: dict[str, object]) -> str:
    """The id of an item of a call list."""
    return text_of(call.get("call_id")) or text_of(call.get("retrieval_id"))


def utc_ns(text: object) -> int:
    """Times are naive and UTC."""
    return close_ns(text, UTC)


def class_of(type_: str) -> EventClass:
    """What an event is that neither starts nor ends a span."""
    return _EVENTS.get(type_, EventClass.event)


_Named = tuple[str, int]
"""Key of a span as text and as the store's number."""


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
        """Events by id, with the span whose start or end they are."""
        self._counts: dict[tuple[str, str], int] = {}
        """Spans by sort and by the id that pairs their events."""
        self._open: dict[tuple[str, str], list[_Named]] = {}
        self._ended: dict[tuple[str, str], list[str]] = {}
        """Calls in the order in which they ended, which is that of the call lists."""
        self._open_nodes: list[_Named] = []
        self._announced = False
        self._has_started = False

    def facts(self) -> Iterable[Operation]:
        """Once: what is known of any run."""
        if not self._announced:
            self._announced = True
            yield RunFact(self.key, name=self.id, id=self.id, records_end=True, clock=Clock.utc)

    # Events.

    def event(self, event: Event, a: int, b: int) -> Iterable[Operation]:
        """What one event says; of one that was told before, only that these bytes say it too."""
        type_, id_ = event.event_type, event.event_id
        if id_ in self._told:
            yield Record(self.key, type_, a, b, counted=False)
            if (known := self._told[id_]) is not None:
                yield Patch(self.key, known, 0)
            return
        yield Record(self.key, type_, a, b)
        time = utc_ns(event.timestamp)
        span: str | None = None
        if (sort := _STARTS.get(type_)) is not None:
            (span, _), parent, flags, name, model = self._start(sort, event)
            of = None if parent is None else parent[0]
            yield Begin(self.key, span, of, name, _KINDS[sort], time, flags)
            if model:
                yield Patch(self.key, span, 0, model=model)
        elif (sort := _ENDS.get(type_)) is not None:
            (span, _), parent, flags, name, start, status, total = self._end(sort, event, time)
            of = None if parent is None else parent[0]
            usage = None if total is None else Usage(total=total)
            yield End(self.key, span, time, status, of, name, _KINDS[sort], start, usage, flags=flags)
        else:
            node = self._node_of(event)
            yield Moment(self.key, None if node is None else node[0], class_of(type_), time)
            yield from self._workflow(event, time)
        self._told[id_] = span

    def columns(self, events: Sequence[Event], places: Sequence[tuple[int, int]]) -> Columns | None:
        """What many events say at once, ``places`` being theirs in ascending order; None: one by one is needed."""
        ids = [event.event_id for event in events]
        times = utc_times([event.timestamp for event in events])
        if times is None or len(set(ids)) < len(ids) or not self._told.keys().isdisjoint(ids):
            return None
        found = Columns(
            self.key, [event.event_type for event in events], [a for a, _ in places], [b for _, b in places]
        )
        rest = found.rest
        begins: list[tuple[int, int, int, str, int, int, int]] = []
        ends: list[tuple[int, int, str | None, str, int, int, int, int]] = []
        others: list[tuple[int, int, int, int]] = []
        totals: list[float | None] = []
        told = self._told
        for i, (id_, event, time) in enumerate(zip(ids, events, times, strict=True)):
            span: str | None = None
            if (sort := _STARTS.get(event.event_type)) is not None:
                (span, number), parent, flags, name, model = self._start(sort, event)
                begins.append((i, number, 0 if parent is None else parent[1], name, _KINDS[sort], time, flags))
                if model:
                    found.models.append((i, model))
            elif (sort := _ENDS.get(event.event_type)) is not None:
                (span, number), parent, flags, name, start, status, total = self._end(sort, event, time)
                of = None if parent is None else parent[0]
                ends.append((i, number, of, name, _KINDS[sort], start, time, status))
                if total is not None:
                    found.usage_record.append(i)
                    totals.append(total)
                if flags:
                    rest.append((i, Patch(self.key, span, 0, flags=flags)))
            else:
                node = self._node_of(event)
                others.append((i, 0 if node is None else node[1], class_of(event.event_type), time))
                rest += [(i, operation) for operation in self._workflow(event, time)]
            told[id_] = span
        _fill(found, begins, ends, others, totals)
        return found

    def _workflow(self, event: Event, time: int) -> Iterable[Operation]:
        """Start and end of the workflow; a session's own status and times say more."""
        if event.event_type == "workflow_started" and time != NO_TIME and not self._has_started:
            self._has_started = True
            yield RunFact(self.key, start=time)
            return
        if event.event_type not in ("workflow_completed", "workflow_failed"):
            return
        failed = event.event_type == "workflow_failed"
        yield RunFact(
            self.key,
            status=Status.error if failed else Status.ok,
            status_reason=event.error_text,
            end=None if time == NO_TIME else time,
            duration_ns=length_ns(event.elapsed_time),
        )

    def _node_of(self, event: Event) -> _Named | None:
        """The newest execution of the node that an event names, one that is open first."""
        pair = "node", event.component_id
        waiting = self._open.get(pair)
        if waiting:
            return waiting[-1]
        count = self._counts.get(pair)
        return _named(pair, count) if count else None

    def _new(self, pair: tuple[str, str]) -> _Named:
        count = self._counts[pair] = self._counts.get(pair, 0) + 1
        return _named(pair, count)

    def _start(self, sort: str, event: Event) -> tuple[_Named, _Named | None, int, str, str]:
        """A span starts: key, parent, flags, name, model."""
        metadata = event.metadata or NO_METADATA
        pair = sort, _pairing_id(sort, event, metadata)
        parent, flags = (None, 0) if sort == "node" else self._parent(event)
        span = self._new(pair)
        waiting = self._open.get(pair)
        if waiting is None:
            self._open[pair] = [span]
        else:
            waiting.append(span)
        if sort == "node":
            self._open_nodes.append(span)
        model = metadata.model_name if sort == "llm" else ""
        return span, parent, flags, _name(sort, event, metadata) or sort, model

    def _parent(self, event: Event) -> tuple[_Named | None, int]:
        if event.component_id:
            waiting = self._open.get(("node", event.component_id))
            if waiting:
                return waiting[-1], 0
        if len(self._open_nodes) == 1:
            return self._open_nodes[0], _PARENT_INFERRED
        return None, 0

    def _end(
        self, sort: str, event: Event, time: int
    ) -> tuple[_Named, _Named | None, int, str, int, Status, int | None]:
        """A span ends, the one that started last of its id: key, parent, flags, name, start, status, tokens."""
        metadata = event.metadata or NO_METADATA
        pair = sort, _pairing_id(sort, event, metadata)
        has_error = event.error is not None and event.has_error
        failed = has_error if sort != "node" else event.event_type == "node_failed"
        start, flags, parent = NO_TIME, _HAS_ERROR if has_error else 0, None
        name = _name(sort, event, metadata)
        waiting = self._open.get(pair)
        if waiting:
            span = waiting.pop()
            if not waiting:
                del self._open[pair]
            if sort == "node":
                self._open_nodes.remove(span)
        else:
            length = length_ns(event.elapsed_time)
            if length is not None and time != NO_TIME:
                start, flags = max(0, time - length), flags | Flag.start_inferred
            if sort != "node":
                parent, inferred = self._parent(event)
                flags |= inferred
            span = self._new(pair)
            name = name or sort
        if sort != "node" and sort != "thinking":
            self._ended.setdefault(pair, []).append(span[0])
        total = metadata.tokens if sort == "llm" else None
        return span, parent, flags, name, start, Status.error if failed else Status.ok, total

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
        length = length_ns(timing.get("total_elapsed_seconds", session.get("total_elapsed_time")))
        status = _ENDED.get(text_of(session.get("status")))
        yield RunFact(
            self.key,
            rank=2,
            name=text_of(metadata.get("agent_id")) or None,
            status=status,
            status_reason=text_of(session.get("error")) or None,
            start=None if started == NO_TIME else started,
            end=None if completed == NO_TIME else completed,
            duration_ns=None if status is None else length,  # 0 while it runs
            meta=metadata | {"summary": session["summary"]} if "summary" in session else metadata or None,
        )

    def call(self, sort: str, call: dict[str, object], number: int, place: Record) -> Iterable[Operation]:
        """An item of a call list at ``place``: the ``number``-th, from 0, with its id."""
        yield place
        pair = sort, call_id_of(call)
        ended = self._ended.get(pair, ())
        usage = _usage(call) if sort == "llm" else None
        model = text_of(call.get("model_name")) if sort == "llm" else ""
        error = text_of(call.get("error"))
        flags = int(Flag.has_error) if error else 0
        name = _call_name(sort, call)
        if number < len(ended):
            span = ended[number]
            yield Patch(self.key, span, 0, None, name or None, None, usage=usage, model=model or None, flags=flags)
            return
        # Told by no event: events may have been lost, the list holds finished calls only.
        span, _ = self._new(pair)
        self._ended.setdefault(pair, []).append(span)
        yield Whole(
            self.key,
            span,
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


def _named(pair: tuple[str, str], count: int) -> _Named:
    key = f"{pair[0]}:{pair[1]}#{count}"
    return key, span_key(key)


def _pairing_id(sort: str, event: Event, metadata: Metadata) -> str:
    if sort == "node" or sort == "thinking":
        return event.component_id
    return metadata.retrieval_id if sort == "retrieval" else metadata.call_id


def _name(sort: str, event: Event, metadata: Metadata) -> str:
    """What the span is called, "" if this event does not tell."""
    if sort == "node":
        return event.component_name or event.component_id
    return metadata.model_name if sort == "llm" else metadata.tool_name if sort == "tool" else ""


def _fill(
    found: Columns,
    begins: list[tuple[int, int, int, str, int, int, int]],
    ends: list[tuple[int, int, str | None, str, int, int, int, int]],
    others: list[tuple[int, int, int, int]],
    totals: list[float | None],
) -> None:
    """Rows into columns."""
    if begins:
        (
            found.begin_record,
            found.begin_key,
            found.begin_parent,
            found.begin_name,
            found.begin_kind,
            found.begin_time,
            found.begin_flags,
        ) = map(list, zip(*begins, strict=True))
    if ends:
        (
            found.end_record,
            found.end_key,
            found.end_parent,
            found.end_name,
            found.end_kind,
            found.end_start,
            found.end_time,
            found.end_status,
        ) = map(list, zip(*ends, strict=True))
    if others:
        found.event_record, found.event_key, found.event_class, found.event_time = map(list, zip(*others, strict=True))
    nothing: list[float | None] = [None] * len(totals)
    found.usage = (nothing, nothing, totals, nothing, nothing, nothing, nothing)


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

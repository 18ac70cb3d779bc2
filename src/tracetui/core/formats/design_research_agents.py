"""design-research-agents: JSON lines, two records a span, and observations that repeat what calls already said.

A run is one root span: its file may hold two (same request id in the same second), so spans are followed to their root. Usage
is counted once a call: that of model calls, and of observations only where the span they sit on has no model call below it.

Runs: a ``RunStarted`` span without a parent. The request id is its name, for it is not unique.

Spans: one for each ``span_id`` that has a start, the root included: runs, agents, workflow steps, model calls, tool calls.

Events: each line counts under its ``event_type``. Tokens, decisions and observations are events of the span they name.

Status: ``success`` of ``RunFinished``; without that line the run is unfinished. A span failed by a ``*Failed`` end, by
``success: false``, ``status: failed`` or ``ok: false``. A run may be fine with failed spans in it, and failed without an
error text: the cause is then the deepest failed span.

Times: UTC in milliseconds; ``duration_ms`` of an end is whole milliseconds, often 0. ``event_index`` orders what has one
time.

Tokens and cost: ``usage`` of the ends of model calls. A model step has no such span but observations of several layers: the
layer with most of them counts. There is no cost.

Not recorded: steps that were skipped have no lines, they stand in the ``result`` of ``RunFinished`` only. Values under
names such as ``token`` or ``password`` are ``***REDACTED***``, texts over 2,048 characters are cut.

Quirks: two runs of one request id in one second share a file, and ``event_index`` begins again. Ends whose start is nowhere
count as lines and as no span. A killed run leaves half a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._chat import chat_messages
from tracetui.core.formats._dra_lane import Line, Told, plain_lines
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats._scan import head_of
from tracetui.core.formats._values import (
    amount_of,
    count_of,
    iso_ns,
    list_of,
    mapping_of,
    pairs_line,
    subject_of,
    text_of,
    time_of,
)
from tracetui.core.model import (
    NO_TIME,
    Clock,
    ErrorInfo,
    EventClass,
    EventDetail,
    Flag,
    Kind,
    Message,
    SpanDetail,
    Status,
    Usage,
)
from tracetui.core.operations import Begin, Columns, End, Event, Operation, Patch, Record, RunFact

_SIGNATURE: Final = {"event_type", "span_id", "event_index", "attributes"}

_STARTS: Final[dict[str, tuple[Kind, str, str]]] = {
    "RunStarted": (Kind.chain, "agent", "run"),
    "AgentRunStarted": (Kind.agent, "agent", "agent"),
    "WorkflowStepStarted": (Kind.step, "step_id", "step"),
    "ModelCallStarted": (Kind.llm, "model", "model"),
    "ToolCallStarted": (Kind.tool, "tool_name", "tool"),
}
"""Record type → kind, the attribute that names the span, the producer's word."""

_ENDS: Final[dict[str, str]] = {
    "RunFinished": "RunStarted",
    "AgentRunFinished": "AgentRunStarted",
    "WorkflowStepFinished": "WorkflowStepStarted",
    "ModelCallFinished": "ModelCallStarted",
    "ModelCallFailed": "ModelCallStarted",
    "ToolCallFinished": "ToolCallStarted",
    "ToolCallFailed": "ToolCallStarted",
}

_OBSERVED: Final = "ModelResponseObserved"
_EVENTS: Final[dict[str, EventClass]] = {
    "ModelCallToken": EventClass.token,
    "ModelRequestObserved": EventClass.message,
    "ModelResponseObserved": EventClass.message,
    "RouterDecision": EventClass.decision,
    "ModelSelectionDecision": EventClass.decision,
    "ToolSelectionDecision": EventClass.decision,
    "ContinuationDecision": EventClass.decision,
    "GuardrailDecision": EventClass.decision,
}

_STEP_STATUS: Final = {"completed": Status.ok, "failed": Status.error, "skipped": Status.skipped}


class DesignResearchAgentsFormat:
    """Traces of the design-research-agents framework: one JSON object per line, starts, ends and observations.

    Producer: design-research-agents 0.2.0 to 0.7.0
    Files: ``run_<time>_<request id>.jsonl``
    Live: yes
    Status: yes
    Figures: tokens
    """

    name = "design-research-agents"
    title = "design-research-agents"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims a file whose first object has the keys that only this producer writes together."""
        first = head_of(candidate.head).first
        if first is not None and first.keys() >= _SIGNATURE:
            return Match(self, "lines with event_type, span_id, event_index and attributes")
        return None

    def assembler(self, bundle: str) -> Assembler:
        """One file is one assembler's."""
        return _Assembler()

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """The start's and the end's attributes, with what they mean."""
        return _span_detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """An observation, decision or token in one line."""
        attributes = mapping_of(_read(record.raw).get("attributes"))
        return EventDetail(_event_text(record.type, attributes), attributes)


class _Assembler:
    """Knows the roots, so that a decoder that begins in the middle of a file still finds the run."""

    def __init__(self) -> None:
        self.roots = _Roots()

    def decoder(self, candidate: Candidate) -> Decoder:
        return DesignResearchAgentsDecoder(self.roots)

    def side(self, candidate: Candidate) -> list[Operation]:
        return []

    def forget(self, candidate: Candidate) -> None:
        self.roots.clear()


class _Roots:
    """Which run each span belongs to: the id of its root span, or of the oldest ancestor that is known."""

    def __init__(self) -> None:
        self._run_of: dict[str, str] = {}
        self._current: dict[str, str] = {}
        self._rootless: set[str] = set()

    def clear(self) -> None:
        self._run_of.clear()
        self._current.clear()
        self._rootless.clear()

    def begin(self, run_id: str, span: str) -> str:
        """A root span starts."""
        self._run_of[span] = self._current[run_id] = span
        return span

    def of(self, run_id: str, span: str, parent: str | None) -> str:
        """The run of a span. Where the root's start is lost, the newest run of the same request id takes it in."""
        run = self._run_of.get(span) or (self._run_of.get(parent) if parent is not None else None)
        if run is None:
            run = self._current.get(run_id)
        if run is None:
            run = self._current[run_id] = parent or span or run_id
            self._rootless.add(run)
        return self._remember(run, span, parent)

    def finished(self, run_id: str, span: str) -> str:
        """The run that a root's end closes; one whose own start was read is closed by its own root only."""
        current = self._current.get(run_id)
        run = self._run_of.get(span) or (current if current in self._rootless else None) or span
        return self._remember(run, span, None)

    def are_of(self, run: str, lines: Iterable[tuple[str, str, str | None]]) -> bool:
        """Whether spans, told as (request id, span, parent), certainly belong to a run; if so, that is remembered."""
        run_of, told = self._run_of, list(lines)
        spans = {span for _, span, _ in told} | {parent for _, _, parent in told if parent is not None}
        if any(self._current.get(run_id) != run for run_id in {run_id for run_id, _, _ in told}):
            return False
        if any(run_of.get(span, run) != run for span in spans):
            return False
        run_of.update(dict.fromkeys(spans, run))
        return True

    def _remember(self, run: str, span: str, parent: str | None) -> str:
        if span:
            self._run_of[span] = run
        if parent is not None:
            self._run_of.setdefault(parent, run)
        return run


class _Observed:
    """Usage that observations report for a span without a model call, by their source."""

    __slots__ = ("by_source", "called", "told")

    def __init__(self) -> None:
        self.by_source: dict[str, tuple[int, Usage]] = {}
        self.called = False
        self.told: Usage | None = None

    def best(self) -> Usage:
        """The figures of the source with most observations; the first one among equals."""
        return max(self.by_source.values(), key=lambda entry: entry[0])[1]


class DesignResearchAgentsDecoder(LineDecoder):
    """Lines of one trace file → operations."""

    def __init__(self, roots: _Roots | None = None) -> None:
        super().__init__()
        self._roots = roots if roots is not None else _Roots()
        self._begun: set[str] = set()
        self._observed: dict[str, _Observed] = {}
        self._last_run: str | None = None

    @property
    def bad_run(self) -> str | None:
        """The run of the newest line."""
        return self._last_run

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Large blocks of one run take a fast lane."""
        columns = self._columns(block, a)
        return super().lines(block, a) if columns is None else [columns]

    def _columns(self, block: bytes, a: int) -> Columns | None:
        """All of a block of whole lines; None: something in it is unusual."""
        run = self._last_run
        found = None if run is None else plain_lines(block, _STARTS, _ENDS, (_OBSERVED,), self._begun)
        if run is None or found is None:
            return None
        lines = found.lines
        if not self._roots.are_of(run, [(line.run_id, line.span_id, line.parent_span_id) for line in lines]):
            return None
        told = Told(run, found, a)
        for i, (line, attributes) in enumerate(zip(lines, found.attributes, strict=True)):
            kind = line.event_type
            if kind in _STARTS or kind in _ENDS or kind == _OBSERVED:
                for operation in self._tell(told, i, line, attributes, run):
                    told.more(i, operation)
            else:
                told.event(i, line, _EVENTS.get(kind, EventClass.event))
        self._line += len(lines)
        return told.take()

    def _tell(self, told: Told, i: int, line: Line, attributes: dict[str, object], run: str) -> Iterable[Operation]:
        """One line of the fast lane that tells of a span; what fits no column is yielded."""
        kind, span, parent = line.event_type, line.span_id, line.parent_span_id
        if kind in _STARTS:
            what, name_key, _ = _STARTS[kind]
            self._begun.add(span)
            told.begin(i, line, text_of(attributes.get(name_key)), what)
            if what is Kind.llm:
                yield from self._called(run, span)
                if parent is not None:
                    yield from self._called(run, parent)
        elif kind in _ENDS:
            what, name_key, _ = _STARTS[_ENDS[kind]]
            told.end(i, line, text_of(attributes.get(name_key)), what, _status(kind, attributes))
            if what is Kind.llm:
                told.called(i, _usage(attributes.get("usage")), text_of(attributes.get("model")))
            if text_of(attributes.get("error")):
                yield Patch(run, span, 0, flags=int(Flag.has_error))
        else:
            told.event(i, line, _EVENTS.get(kind, EventClass.event))
            yield from self._observation(run, span, attributes)

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one line says."""
        kind = text_of(record.get("event_type")) or "-"
        span, run_id = text_of(record.get("span_id")), text_of(record.get("run_id"))
        parent = text_of(record.get("parent_span_id")) or None
        attributes = mapping_of(record.get("attributes"))
        time = iso_ns(record.get("timestamp"))
        if time == NO_TIME:
            time = time_of((count_of(record.get("timestamp_ms")) or 0) * 1_000_000)
        run = self._run(kind, run_id, span, parent)
        known = run == self._last_run
        self._last_run = run
        yield Record(run, kind, a, b)
        if not known:
            yield RunFact(run, name=run_id, records_end=True, clock=Clock.utc)
        if span and kind in _STARTS:
            yield from self._start(run, kind, span, parent, attributes, time)
        elif span and kind in _ENDS:
            yield from self._end(run, kind, span, parent, attributes, time, record)
        else:
            yield Event(run, span or None, _EVENTS.get(kind, EventClass.event), time)
            if span and kind == _OBSERVED:
                yield from self._observation(run, span, attributes)

    def _run(self, kind: str, run_id: str, span: str, parent: str | None) -> str:
        if span and (kind == "RunStarted" or (kind in _STARTS and parent is None)):
            return self._roots.begin(run_id, span)
        if span and kind == "RunFinished":
            return self._roots.finished(run_id, span)
        return self._roots.of(run_id, span, parent)

    def _start(
        self, run: str, kind: str, span: str, parent: str | None, attributes: dict[str, object], time: int
    ) -> Iterable[Operation]:
        what, name_key, _ = _STARTS[kind]
        self._begun.add(span)
        yield Begin(run, span, parent, text_of(attributes.get(name_key)), what, time)
        if what is Kind.chain:
            meta: dict[str, object] = {
                key: attributes[key] for key in ("agent", "request_id", "dependency_keys") if key in attributes
            }
            yield RunFact(run, start=time if time != NO_TIME else None, meta=meta)
        elif what is Kind.llm:
            yield from self._called(run, span)
            if parent is not None:
                yield from self._called(run, parent)

    def _end(
        self,
        run: str,
        kind: str,
        span: str,
        parent: str | None,
        attributes: dict[str, object],
        time: int,
        record: dict[str, object],
    ) -> Iterable[Operation]:
        what, name_key, _ = _STARTS[_ENDS[kind]]
        status = _status(kind, attributes)
        usage = _usage(attributes.get("usage")) if what is Kind.llm else None
        flags = int(Flag.has_error) if text_of(attributes.get("error")) else 0
        name = text_of(attributes.get(name_key))
        model = text_of(attributes.get("model")) if what is Kind.llm else ""
        if span in self._begun:
            yield End(run, span, time, status, parent, name, what, usage=usage, model=model, flags=flags)
        else:
            # Only spans with a start count; an end that lost it is shown with what it says.
            duration = _milliseconds(record)
            start = None if duration is None or time == NO_TIME else max(0, time - int(duration * 1_000_000))
            end = None if time == NO_TIME else time
            inferred = flags if start is None else flags | Flag.start_inferred
            yield Patch(run, span, 0, parent, name or None, what, start, end, status, usage, model or None, inferred)
        if kind == "RunFinished":
            yield _finished(run, attributes, time, record)

    def _called(self, run: str, span: str) -> Iterable[Operation]:
        """A model call lies in this span: what observations said of it is said by the call itself."""
        observed = self._observed.setdefault(span, _Observed())
        observed.called = True
        if observed.told is not None:
            observed.told = None
            yield Patch(run, span, usage=Usage())

    def _observation(self, run: str, span: str, attributes: dict[str, object]) -> Iterable[Operation]:
        usage = _usage(attributes.get("usage"))
        if usage is None:
            return
        observed = self._observed.setdefault(span, _Observed())
        if observed.called:
            return
        source = text_of(attributes.get("source"))
        count, total = observed.by_source.get(source, (0, Usage()))
        observed.by_source[source] = (count + 1, _sum(total, usage))
        best = observed.best()
        if best != observed.told:
            observed.told = best
            yield Patch(run, span, usage=best, model=text_of(attributes.get("model")) or None)


def _milliseconds(record: dict[str, object]) -> float | None:
    """How long it took, ms; None for what nothing can take (30 years) and the clock cannot hold."""
    duration = amount_of(record.get("duration_ms"))
    return duration if duration is not None and abs(duration) < 1e12 else None


def _finished(run: str, attributes: dict[str, object], time: int, record: dict[str, object]) -> RunFact:
    failed = attributes.get("success") is False
    duration = _milliseconds(record)
    return RunFact(
        run,
        status=Status.error if failed else Status.ok,
        status_reason=text_of(attributes.get("error")) or ("success: false" if failed else None),
        end=time if time != NO_TIME else None,
        duration_ns=None if duration is None or duration < 0 else int(duration * 1_000_000),
    )


def _status(kind: str, attributes: dict[str, object]) -> Status:
    if kind.endswith("Failed"):
        return Status.error
    for key in ("success", "ok"):
        said = attributes.get(key)
        if isinstance(said, bool):
            return Status.ok if said else Status.error
    if kind == "WorkflowStepFinished":
        return _STEP_STATUS.get(text_of(attributes.get("status")), Status.unset)
    return Status.ok if kind == "ModelCallFinished" else Status.unset


def _usage(value: object) -> Usage | None:
    """Figures of a ``usage`` object; None if it holds none."""
    figures = mapping_of(value)
    usage = Usage(
        input=count_of(figures.get("prompt_tokens")),
        output=count_of(figures.get("completion_tokens")),
        total=count_of(figures.get("total_tokens")),
    )
    return None if usage == Usage() else usage


def _sum(one: Usage, other: Usage) -> Usage:
    def add(x: int | None, y: int | None) -> int | None:
        return y if x is None else x if y is None else x + y

    return Usage(add(one.input, other.input), add(one.output, other.output), add(one.total, other.total))


def _read(raw: bytes) -> dict[str, object]:
    try:
        return mapping_of(parse(raw))
    except NotJson:
        return {}


def _span_detail(records: Sequence[RecordBody]) -> SpanDetail:
    detail = SpanDetail()
    for body in records:
        record = _read(body.raw)
        attributes = mapping_of(record.get("attributes"))
        detail.id = text_of(record.get("span_id")) or detail.id
        start = body.type if body.type in _STARTS else _ENDS.get(body.type)
        if start is None:
            continue
        detail.attributes[KIND_ORIGINAL] = _STARTS[start][2]
        detail.attributes |= {key: value for key, value in attributes.items() if key not in _SHOWN_ELSEWHERE}
        if record.get("duration_ms") is not None:
            detail.attributes["duration_ms"] = record["duration_ms"]
        detail.model = text_of(attributes.get("model")) or detail.model
        detail.provider = text_of(attributes.get("provider")) or detail.provider
        if body.type in _STARTS:
            _describe_start(detail, body.type, attributes)
        else:
            _describe_end(detail, body.type, attributes)
    return detail


_SHOWN_ELSEWHERE: Final = {"input", "tool_input", "messages", "result", "response", "error", "usage"}


def _describe_start(detail: SpanDetail, kind: str, attributes: dict[str, object]) -> None:
    for key in ("input", "tool_input"):
        if key in attributes:
            detail.input = attributes[key]
            detail.subject = subject_of(attributes[key])
    if kind == "ModelCallStarted":
        detail.messages = [message for item in list_of(attributes.get("messages")) for message in chat_messages(item)]
        detail.input = attributes.get("messages")
        detail.subject = detail.model
    elif kind == "WorkflowStepStarted":
        detail.subject = text_of(attributes.get("step_type"))


def _describe_end(detail: SpanDetail, kind: str, attributes: dict[str, object]) -> None:
    for key in ("result", "response"):
        if attributes.get(key) is not None:
            detail.output = attributes[key]
    if kind == "ModelCallFinished":
        response = attributes.get("response")
        detail.reply = len(detail.messages)
        if isinstance(response, str):
            detail.messages.append(Message("assistant", response, raw=response))
        elif isinstance(response, dict):
            said = response.get("text", response.get("content"))
            detail.messages += chat_messages({**response, "role": "assistant", "content": said})
        if "usage" in attributes:
            detail.attributes["usage"] = attributes["usage"]
    error = attributes.get("error")
    if error is not None or _status(kind, attributes) is Status.error:
        detail.error = _error(error)


def _error(value: object) -> ErrorInfo:
    """``ZeroDivisionError: division by zero`` → type and message; a text with a traceback keeps it."""
    text = text_of(value)
    if "Traceback (most recent call last)" in text:
        return ErrorInfo(text.strip().rpartition("\n")[2], traceback=text)
    head, colon, rest = text.partition(": ")
    if colon and head.isidentifier() and head.endswith(("Error", "Exception", "Timeout", "Interrupt")):
        return ErrorInfo(rest, head)
    return ErrorInfo(text)


def _event_text(kind: str, attributes: dict[str, object]) -> str:
    get = attributes.get
    match kind:
        case "ModelCallToken":
            return text_of(get("delta_text"))
        case "RouterDecision":
            return f"{text_of(get('selected_tool_name'))}  {text_of(get('reason'))}"
        case "ModelSelectionDecision":
            return f"{text_of(get('model_id'))}  {text_of(get('rationale'))}"
        case "ToolSelectionDecision":
            return f"{text_of(get('tool_name'))}  {text_of(get('reason'))}"
        case "ContinuationDecision":
            return f"{'continue' if get('continue') else 'stop'}  {text_of(get('reason'))}"
        case "GuardrailDecision":
            return f"{text_of(get('guardrail'))}: {text_of(get('decision'))}  {text_of(get('reason'))}"
        case "ModelRequestObserved":
            return f"{text_of(get('model'))}  {text_of(get('source'))}"
        case "ModelResponseObserved":
            response = mapping_of(get("response"))
            return text_of(get("error")) or text_of(response.get("text")) or text_of(get("response"))
        case "ToolInvocationObserved":
            return f"{text_of(get('tool_name'))}  {subject_of(get('tool_input'))}"
        case "ToolResultObserved":
            return f"{text_of(get('tool_name'))}  {text_of(get('error')) or subject_of(get('result'))}"
        case "WorkflowStepContextObserved" | "WorkflowStepResultObserved":
            said = text_of(get("error")) or text_of(get("status"))
            return f"{text_of(get('step_id'))}  {said}".rstrip()
        case _:
            return pairs_line(attributes)

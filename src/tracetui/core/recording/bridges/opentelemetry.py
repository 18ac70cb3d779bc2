"""A span processor for OpenTelemetry's SDK: its spans are recorded when they start, and again when they end.

A trace is a run and has its id; spans have theirs, and OpenTelemetry's times. Where a span of OpenTelemetry is current, it is
a scope like those of the tracer: spans, logs and runs of the tracer belong to it, and the other way round.

Nothing here imports OpenTelemetry (see ``otel_values.py``). No lock is held while records are written.
"""

from __future__ import annotations

import os
import sys
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Self

from tracetui.core import attributes as keys
from tracetui.core.formats import _genai
from tracetui.core.model import EventClass
from tracetui.core.recording import children
from tracetui.core.recording.bridges.otel_values import (
    OtelContext,
    OtelSpan,
    Values,
    end_values,
    error_of,
    meta_of,
    start_values,
    status_of,
    title_of,
)
from tracetui.core.recording.context import CURRENT, add_bridge, going_on
from tracetui.core.recording.guard import guarded, is_guarded
from tracetui.core.recording.recorder import Recorder, Verbosity
from tracetui.core.recording.spans import Scope, Span

if TYPE_CHECKING:
    from tracetui.core.recording.runs import RunRecording
    from tracetui.core.recording.tracer import Tracer

_REMEMBERED: Final = 1_000
"""Ended traces that are taken up again if another span of them starts; one that is forgotten begins its run anew."""
_MOST_OPEN: Final = 100_000
"""Spans that may be open; beyond that the oldest are taken for such as are never ended."""
_AT_START: Final = ("model", "input")
_AT_END: Final = ("model", "usage", "cost_usd", "error", "input", "output")

Key = tuple[int, int]
"""Trace and span id."""


class _Open(Span):
    """A span of OpenTelemetry that goes on, as a scope of the tracer."""

    is_root = False
    """Nothing of this process that is recorded is its parent."""


class _Trace:
    """A trace of which something is recorded here."""

    __slots__ = ("error", "failed", "open", "recording")

    def __init__(self, recording: RunRecording) -> None:
        self.recording = recording
        self.open = 0
        """Spans that go on."""
        self.failed = False
        """A root in this process has failed."""
        self.error = ""


class SpanProcessor:
    """Records the spans of OpenTelemetry's SDK.

        provider.add_span_processor(SpanProcessor(tracer))

    Never raises. A run begins with the first span of a trace and ends when none goes on; its status is that of its roots in
    this process. A trace of which a span starts later goes on as the same run and ends again.

    Args:
        tracer: what records; by default that of ``tracetui.install()``. A tracer that is off records nothing.
    """

    def __new__(cls, *_args: object, **_options: object) -> Self:
        """Where the SDK is there, what is made is one of its span processors too."""
        sdk = sys.modules.get("opentelemetry.sdk.trace")
        base = getattr(sdk, "SpanProcessor", None)
        if not isinstance(base, type) or issubclass(cls, base):
            return super().__new__(cls)
        return super().__new__(type(cls.__name__, (cls, base), {"__module__": cls.__module__, "__doc__": cls.__doc__}))

    def __init__(self, tracer: Tracer | None = None) -> None:
        if tracer is None:
            from tracetui.core.recording.installing import process_tracer

            tracer = process_tracer()
        self.tracer = tracer
        self._recorder = tracer._recorder
        self._lock = RLock()
        self._open: dict[Key, _Open] = {}
        self._traces: dict[int, _Trace] = {}
        self._ended: dict[int, _Trace] = {}
        if self._recorder is not None:
            _add(self, self._recorder)

    # What the SDK calls

    def on_start(self, span: OtelSpan, parent_context: object = None) -> None:  # noqa: ARG002  # as the SDK calls it
        """Record the start."""
        self._take(self._start, span)

    def _on_ending(self, span: OtelSpan) -> None:
        """The SDK asks for it; the end is recorded once nothing can be added any more."""

    def on_end(self, span: OtelSpan) -> None:
        """Record the end."""
        self._take(self._end, span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002  # as the SDK calls it
        """Write what sinks hold back. Always in time: nothing waits for a network."""
        for sink in self._recorder.sinks if self._recorder is not None else ():
            flush = getattr(sink, "flush", None)
            if callable(flush):
                try:
                    flush()
                except Exception:
                    self._fault()
        return True

    def shutdown(self) -> None:
        """End the runs that go on. The tracer and its sinks remain as they are."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        _remove(self)
        with self._lock:
            left = list(self._traces.values())
            self._traces.clear()
            self._open.clear()
        for trace in left:
            recorder.finish(trace.recording, "error" if trace.failed else "unset", trace.error or None)

    def _take(self, what: Any, span: OtelSpan) -> None:
        try:
            recorder = self._recorder
            if recorder is not None and not is_guarded():
                guarded(what, recorder, span)
        except Exception:  # whatever a span may be, the program that made it goes on
            self._fault()

    def _fault(self) -> None:
        recorder = self.tracer._recorder
        if recorder is not None:
            recorder.fault()

    # Starts

    def _start(self, recorder: Recorder, span: OtelSpan) -> None:
        attributes = dict(span.attributes or {})
        if attributes.get(keys.LOGFIRE_SPAN_TYPE) == keys.LOGFIRE_PENDING:
            return
        context = span.get_span_context()
        key = context.trace_id, context.span_id
        kind, _ = _genai.kind_of_span(attributes)
        found = _Open(recorder, None, title_of(span, attributes), kind.name, {})
        found.id = f"{context.span_id:016x}"
        found.start_time = str(span.start_time or recorder.clock())
        found.start_mono = recorder.mono()
        recording = self._place(recorder, key, found, span)
        found.recording = recording
        found.identity = _identity(recorder, found, self._parent(found, span))
        found.attributes, found.late = start_values(attributes, kind, recorder.verbosity)
        rest = recorder.rest(found, _AT_START)
        recording.emit("span_start", f'"time":{found.start_time},{found.identity}{rest}')

    def _place(self, recorder: Recorder, key: Key, found: _Open, span: OtelSpan) -> RunRecording:
        """Put an open span among the others; its run begins, or goes on, if it is the only one of its trace."""
        within = going_on(CURRENT.get())
        parent = span.parent
        is_new = is_back = False
        with self._lock:
            above = self._open.get((key[0], parent.span_id)) if parent is not None else None
            found.is_root = above is None
            found.outer = within if above is None or _is_within(within, above) else above
            trace = self._traces.get(key[0])
            if trace is None:
                trace = self._ended.pop(key[0], None)
                is_new, is_back = trace is None, trace is not None
                trace = trace or _Trace(_make_run(recorder, within, found.name, span))
                self._traces[key[0]] = trace
            trace.open += 1
            self._open[key] = found
            too_old = next(iter(self._open)) if len(self._open) > _MOST_OPEN else None
        if is_new:
            recorder.add_run(trace.recording)
        elif is_back:
            recorder.go_on(trace.recording)
        if too_old is not None:
            self._leave(recorder, too_old)
        return trace.recording

    def _parent(self, found: _Open, span: OtelSpan) -> str:
        """Id of the parent: the nearest scope of the same run, else what OpenTelemetry says."""
        scope = found.outer
        while scope is not None and scope.recording is not found.recording:
            scope = scope.outer
        if scope is not None and scope.id:
            return scope.id
        return f"{span.parent.span_id:016x}" if span.parent is not None else ""

    # Ends

    def _end(self, recorder: Recorder, span: OtelSpan) -> None:
        context = span.get_span_context()
        key = context.trace_id, context.span_id
        found = self._open.get(key)
        if found is None:  # it started before this processor was there
            self._start(recorder, span)
            found = self._open.get(key)
        if found is None or found.recording is None:
            return
        try:
            if not found.ended and found.start_mono >= found.recording.forked:
                self._write_end(recorder, found, found.recording, span)
        finally:
            self._leave(recorder, key)

    def _write_end(self, recorder: Recorder, found: _Open, recording: RunRecording, span: OtelSpan) -> None:
        attributes = dict(span.attributes or {})
        kind, _ = _genai.kind_of_span(attributes)
        status = status_of(span)
        found.name, found.kind = title_of(span, attributes), kind.name
        found.identity = _identity(recorder, found, self._parent(found, span))
        said = found.attributes
        values, late = end_values(span, attributes, kind, recorder.verbosity)
        error = error_of(span, attributes, status)
        if error:
            late["error"] = error
        self._write_events(recorder, found, span, attributes, status)
        trace = self._traces.get(span.get_span_context().trace_id)
        if trace is not None and found.is_root and status == "error":
            trace.failed, trace.error = True, str(error.get("message", "")) or "the root span failed"
        found.ended = True
        found.attributes, found.late = {**said, **values}, {**(found.late or {}), **late}
        end = span.end_time or recorder.clock()
        duration = max(0, end - int(found.start_time))
        rest = recorder.rest(found, _AT_END)
        recording.emit(
            "span_end",
            f'"time":{end},{found.identity},"start":{found.start_time},"duration_ns":{duration},"status":"{status}"{rest}',
        )

    def _write_events(self, recorder: Recorder, found: _Open, span: OtelSpan, attributes: Values, status: str) -> None:
        """The moments of a span, which OpenTelemetry tells when it has ended."""
        for event in span.events:
            class_ = keys.EVENT_CLASSES.get(event.name, EventClass.event)
            if class_ is EventClass.token and recorder.verbosity < Verbosity.detailed:
                continue
            values = dict(event.attributes or {})
            text = _genai.event_text(event.name, values)
            if class_ is EventClass.message and not recorder.verbosity:
                text, values = "", {}
            recorder.record_event(found, class_.name, event.name, text, values, time=event.timestamp)
        level = attributes.get(keys.LOGFIRE_LEVEL)
        if isinstance(level, int) and level >= keys.LOGFIRE_ERROR_LEVEL and status != "error":
            recorder.record_event(found, "error", found.name, "", {}, time=span.start_time)

    def _leave(self, recorder: Recorder, key: Key) -> None:
        """A span is over; if none of its trace is left, the run ends."""
        with self._lock:
            trace = self._traces.get(key[0])
            if self._open.pop(key, None) is None or trace is None:
                return
            trace.open -= 1
            if trace.open:
                return
            del self._traces[key[0]]
            self._ended[key[0]] = trace
            if len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]
        recorder.finish(trace.recording, "error" if trace.failed else "ok", trace.error or None)

    def scope_of(self, context: OtelContext) -> Scope | None:
        """The scope of an open span."""
        return self._open.get((context.trace_id, context.span_id))

    def after_fork(self) -> None:
        """In a forked child: the lock may have been another thread's."""
        self._lock = RLock()


def _make_run(recorder: Recorder, within: Scope | None, name: str, span: OtelSpan) -> RunRecording:
    """The run of a trace, linked to the scope in which its first span started, else to a remote parent."""
    run, parent = f"{span.get_span_context().trace_id:032x}", span.parent
    remote = (run, f"{parent.span_id:016x}") if parent is not None and parent.is_remote else ("", "")
    made = recorder.make_run(within, run, name, meta_of(span), parent=remote, child=children.STARTED_IN[0] == run)
    if span.start_time:
        made.begin_at(span.start_time)
    return made


def _is_within(scope: Scope | None, wanted: Scope) -> bool:
    while scope is not None:
        if scope is wanted:
            return True
        scope = scope.outer
    return False


def _identity(recorder: Recorder, found: _Open, parent: str) -> str:
    try:
        named = recorder.named[found.kind][found.name]
    except KeyError:
        named = recorder.naming(found.kind, found.name)
    above = f'"parent":"{parent}",' if parent else ""
    return f'"span":"{found.id}",{above}{named}'


# Where the running code is

_processors: tuple[SpanProcessor, ...] = ()
_bridged = False


def _add(processor: SpanProcessor, recorder: Recorder) -> None:
    """Let spans that are current by OpenTelemetry's rules be scopes of the tracer."""
    global _processors, _bridged
    _processors = (*_processors, processor)
    if not _bridged:
        _bridged = True
        add_bridge(_innermost)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_in_child)
    recorder.elsewhere = _innermost_going_on


def _innermost_going_on(scope: Scope | None) -> Scope | None:
    return _innermost(going_on(scope))


def _remove(processor: SpanProcessor) -> None:
    global _processors
    _processors = tuple(other for other in _processors if other is not processor)


def _in_child() -> None:
    for processor in _processors:
        processor.after_fork()


def _innermost(scope: Scope | None) -> Scope | None:
    """The scope, or the open span that is current by OpenTelemetry's rules, if that was started inside of it."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None or not _processors:
        return scope
    try:
        context = api.get_current_span().get_span_context()
    except Exception:  # an API of the host's own making
        return scope
    for processor in _processors:
        found = processor.scope_of(context)
        if found is not None and not found.ended:
            return scope if _is_within(scope, found) else found
    return scope

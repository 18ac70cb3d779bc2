"""Writes what scopes say: the part of a tracer that its spans and runs talk to.

Every method here is called from the host's code and keeps its exceptions to itself: they are counted in ``stats.faults``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from threading import RLock
from typing import Final

from tracetui.core.recording import children, host
from tracetui.core.recording.context import current, going_on
from tracetui.core.recording.encoding import MOST_TEXT, Gate
from tracetui.core.recording.ids import Ids, RandomIds, told_run_id
from tracetui.core.recording.records import RunInfo, Sink
from tracetui.core.recording.runs import Clock, RunRecording, Stats
from tracetui.core.recording.spans import RunScope, Scope, Span, error_values
from tracetui.core.recording.starting import make_end, make_enter, make_leave, span_class
from tracetui.core.redaction import Redactor


class Verbosity(IntEnum):
    """How much is recorded. ``docs/recording.md`` has the table."""

    minimal = 0
    standard = 1
    detailed = 2
    debug = 3


PREVIEWS: Final = {
    Verbosity.minimal: 500,
    Verbosity.standard: 10_000,
    Verbosity.detailed: 100_000,
    Verbosity.debug: MOST_TEXT,
}
"""Characters of one text that are kept, by verbosity."""
CHUNK_PREVIEW: Final = 300
"""Characters of a retrieved chunk's text at ``standard``."""
LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
"""Levels of logs, by the numbers of module ``logging``."""
_LOWEST: Final = {Verbosity.minimal: "warning", Verbosity.standard: "info"}
_NAMES: Final = 10_000
"""Names of which the encoded form is kept."""
_IN_ORDER: Final = ("model", "usage", "cost_usd", "error", "input", "output")
"""Late keys of a record, in the order of the format."""


class Recorder:
    """What the spans of one tracer write through."""

    def __init__(
        self,
        name: str,
        sinks: Iterable[Sink],
        *,
        meta: Mapping[str, object],
        verbosity: Verbosity,
        preview: int | None,
        level: str | None,
        redactor: Redactor | None,
        link_children: bool,
        clock: Clock = time.time_ns,
        mono: Clock = time.monotonic_ns,
        ids: Ids | None = None,
    ) -> None:
        self.name = name
        self.sinks = tuple(sinks)
        self.meta = meta
        self.verbosity = verbosity
        self.gate = Gate(redactor, PREVIEWS[verbosity] if preview is None else preview)
        self.last: RunRecording | None = None
        """The run begun last, ended or not."""
        self._brief = Gate(redactor, min(self.gate.limit, CHUNK_PREVIEW))
        self._level = LEVELS[level or _LOWEST.get(verbosity, "debug")]
        self._link_children = link_children
        self.clock, self.mono = clock, mono
        self.ids = ids or RandomIds()
        self._names: dict[str, str] = {}
        self.named: dict[str, dict[str, str]] = {}
        """Kind -> name -> how both are written."""
        self._active: list[RunRecording] = []
        self._implicit: RunRecording | None = None
        self._lock = RLock()
        self._stats = Stats()
        self._shared = any(getattr(sink, "shared", False) for sink in self.sinks)
        self.elsewhere: Callable[[Scope | None], Scope | None] | None = None
        """Says where code really is that is in a scope: what other libraries know of that may be further in."""
        self.enter_span = make_enter(self)
        self.end_span = make_end(self)
        self.leave_span = make_leave(self)
        self.span_class = span_class(self)
        """The class of the spans that it makes."""
        host.add(self)

    @property
    def stats(self) -> Stats:
        """What became of the records so far."""
        lost = self._stats.lost + sum(getattr(sink, "lost", 0) for sink in self.sinks)
        redacted = self.gate.redacted + self._brief.redacted
        records = self._stats.records + sum(run.records for run in self._active)
        faults = self._stats.faults + self.gate.faults + self._brief.faults
        return Stats(records, lost, redacted, faults, self._stats.first_fault)

    @property
    def is_recording(self) -> bool:
        """Whether a run goes on."""
        return bool(self._active)

    def fault(self, what: str = "") -> None:
        """Count an exception that was kept from the host, or a call out of order, of which ``what`` tells."""
        if what and not self._stats.first_fault:
            self._stats.first_fault = what
        self._stats.fault()

    # Runs

    def begin_run(self, scope: RunScope) -> None:
        """Begin a run; it is linked to the scope or process in which it was begun."""
        try:
            if scope.recording is None:
                scope.outer = scope.outer or current()
                # Known to the scope before anything can end this early: an exception of a signal handler, a fault.
                scope.recording = self.make_run(scope.outer, scope.wanted_id, scope.name, scope.meta)
                self._begin(scope.recording)
        except Exception:
            self.fault()

    def _begin(self, recording: RunRecording) -> None:
        self.add_run(recording)
        recording.begin()

    def make_run(
        self,
        outer: Scope | None,
        id: str,
        name: str,
        meta: Mapping[str, object],
        *,
        parent: tuple[str, str] = ("", ""),
        child: bool = False,
    ) -> RunRecording:
        """A run that is not known to anybody yet, linked to ``outer``, else to ``parent``, else to what began the process.

        Args:
            outer: the scope in which it was begun.
            id: its id; empty: a new one. A text that is none is kept in ``meta``: files are called by ids.
            name: its name; empty: the tracer's.
            meta: anything about it.
            parent: run and span in which it was begun, where that is no scope of this process.
            child: another process began the run and ends it.
        """
        if outer is not None and outer.recording is not None:
            parent = (outer.recording.info.id, outer.id)
        named = str(self.gate.plain(name or self.name))
        known = told_run_id(str(id))
        if id and not known:
            self.fault(f"a run id is 32 hexadecimal digits, which is not {str(id)[:80]!r}")
            meta = {**meta, "id": id}
        info = RunInfo(known or self.ids.run_id(), named, os.getpid(), child=child, shared=self._shared)
        return RunRecording(
            info,
            self.sinks,
            self.gate,
            self._stats,
            meta={**self.meta, **meta},
            parent=parent if parent[0] else children.STARTED_IN,
            clock=self.clock,
            mono=self.mono,
        )

    def add_run(self, recording: RunRecording) -> None:
        """Let a run be one of those that go on."""
        with self._lock:
            self._active.append(recording)
            self.last = recording
            host.keep(self)
        if self._link_children:
            children.name_run(recording.info.id)

    def go_on(self, recording: RunRecording) -> None:
        """Take a run up again that has ended: another end will follow."""
        if recording.info.pid != os.getpid():
            recording.after_fork()
        with self._lock:
            self._stats.records -= recording.go_on()
        self.add_run(recording)

    def finish(self, recording: RunRecording, status: str, error: object) -> None:
        """End a run; in a forked child only if something was recorded there."""
        try:
            if not recording.forked or recording.has_written:
                self._finish(recording, status, error)
        except Exception:
            self.fault()

    def end_run(self, scope: RunScope, status: str, error: object) -> None:
        """End a run; a second end is ignored and counted."""
        try:
            if scope.ended or scope.recording is None:
                self.fault("the end of a run that has ended, or was not begun")
                return
            scope.ended = True
            self._finish(scope.recording, status, error)
        except Exception:
            self.fault()

    def _finish(self, recording: RunRecording, status: str, error: object) -> None:
        with self._lock:
            if recording.ended:
                return
            recording.ended = True
            self._active = [run for run in self._active if run is not recording]
            if self._implicit is recording:
                self._implicit = None
            if not self._active:
                host.release(self)
        duration = self.mono() - recording.started
        said = "" if error is None else f',"error":{self._json(error_values(error))}'
        redacted = self.gate.redacted + self._brief.redacted - recording.redacted_before
        counted = f',"redacted":{redacted}' if redacted else ""
        body = f'"time":{self.clock()},"status":{self.word(status)},"duration_ns":{duration}{said}{counted}}}'
        recording.emit("run_end", body)
        self._stats.records += recording.over()
        if self._link_children:
            children.name_run(self._active[-1].info.id if self._active else "")

    def close(self, error: BaseException | None = None) -> None:
        """End every run that goes on and close the sinks."""
        for recording in list(self._active):
            self.finish(recording, "ok" if error is None else "error", error)
        for sink in self.sinks:
            try:
                sink.close()
            except Exception:
                self.fault()

    def after_fork(self) -> None:
        """In a forked child: nothing of the parent's locks, descriptors and numbers is used any more."""
        self._lock = RLock()
        if isinstance(self.ids, RandomIds):
            self.ids.forget()
        self._stats.records = self._stats.lost = 0
        for recording in {*self._active, *([self.last] if self.last else ())}:
            recording.after_fork()
        for sink in self.sinks:
            forget = getattr(sink, "after_fork", None)
            if forget is not None:
                try:
                    forget()
                except Exception:
                    self.fault()

    def recording_for(self, outer: Scope | None) -> RunRecording:
        """The run that a scope made here belongs to: of the nearest scope of this tracer, else the latest, else a new one."""
        nearest = outer
        while outer is not None:
            if outer.recorder is self and outer.recording is not None:
                return outer.recording
            outer = outer.outer
        with self._lock:
            if self._active:
                return self._active[-1]
            if (
                self.last is not None and host.is_over()
            ):  # threads that go on while the process ends: no run of their own
                return self.last
            self._implicit = self.make_run(nearest, "", "", {})
            self._begin(self._implicit)
            return self._implicit

    # Spans

    def place(self, span: Span, outer: Scope | None) -> tuple[Scope | None, RunRecording, str]:
        """Where a span belongs that does not simply start in the current scope: scope, run, id of its parent."""
        outer = span.outer or going_on(outer)
        recording = self.recording_for(outer)
        nearest = outer
        while nearest is not None and nearest.recording is not recording:
            nearest = nearest.outer
        return outer, recording, nearest.id if nearest is not None else ""

    def naming(self, kind: str, name: str) -> str:
        """``"name":…,"kind":…`` of a span. The names of a program are few and come again and again."""
        names = self.named.setdefault(kind, {})
        if len(names) >= _NAMES:
            names.clear()
        named = names[name] = f'"name":{self._json(str(name))},"kind":{self._json(str(kind))}'
        return named

    def rest(self, span: Span, keys: Iterable[str]) -> str:
        """Late keys among ``keys`` and attributes, which count as written from now on, and the closing brace."""
        parts: list[str] = []
        if span.late:
            for key in keys:
                if key in span.late:
                    value = span.late.pop(key)
                    if self.verbosity or key not in ("input", "output"):
                        parts.append(f',"{key}":{self._json(error_values(value) if key == "error" else value)}')
        if span.attributes:
            parts.append(f',"attributes":{self.gate.attributes(span.attributes)}')
            span.attributes = {}
        parts.append("}")
        return "".join(parts)

    def update_span(self, span: Span) -> None:
        """Write what became known of a span since its start."""
        try:
            recording = span.recording
            if recording is None or span.ended or span.start_mono < recording.forked:
                self.fault("an update of a span that has ended, was not started, or is another process's")
            elif span.late or span.attributes:
                rest = self.rest(span, _IN_ORDER)
                recording.emit("span_update", f'"time":{self.clock()},"span":"{span.id}"{rest}')
        except Exception:
            self.fault()

    # Events

    def record_event(
        self,
        scope: Scope | None,
        class_: str,
        name: str,
        text: str,
        attributes: Mapping[str, object],
        *,
        level: str = "",
        time: int | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Write an event of a scope, or of the run where that is None.

        It happened at ``time``, ns since the epoch (None: now). Its attributes go through another ``gate`` if one is given.
        """
        try:
            if isinstance(scope, Span) and not scope.id:
                scope = scope.outer or current()
            recording = scope.recording if scope is not None and scope.recorder is self else None
            if recording is None:
                recording = self.recording_for(scope)
            within = scope.id if scope is not None and scope.recording is recording else ""
            parts = [f'"time":{self.clock() if time is None else time}']
            parts += [f',"span":"{within}"'] if within else []
            parts.append(f',"class":{self.word(class_)},"name":{self.word(name)}')
            parts += [f',"level":{self.word(level)}'] if level else []
            parts += [f',"text":{self._json(text)}'] if text else []
            parts += [f',"attributes":{(gate or self.gate).encode(attributes).decode()}'] if attributes else []
            recording.emit("event", f"{''.join(parts)}}}")
        except Exception:
            self.fault()

    def record_log(
        self,
        scope: Scope | None,
        message: object,
        level: str,
        exception: object,
        values: Mapping[str, object],
        *,
        time: int | None = None,
    ) -> None:
        """Write a log at or above the level of this tracer; it was made at ``time``, ns since the epoch (None: now)."""
        try:
            if LEVELS.get(level, 20) < self._level:
                return
            if exception is True:
                import sys

                exception = sys.exc_info()[1]
            if isinstance(message, BaseException) and not exception:
                exception = message
            attributes = {**values, "exception": error_values(exception)} if exception else dict(values)
            text = self.text(exception if message == "" and exception else message)
            self.record_event(scope, "log", "log", text, attributes, level=level, time=time)
        except Exception:
            self.fault()

    def record_decision(
        self,
        scope: Scope | None,
        type_: str,
        chosen: object,
        alternatives: Iterable[object],
        reason: str,
        confidence: float | None,
        attributes: Mapping[str, object],
    ) -> None:
        """Write a choice and what it was made from."""
        try:
            values: dict[str, object] = {"chosen": chosen}
            others = list(alternatives)
            if others:
                values["alternatives"] = others
            if reason:
                values["reason"] = reason
            if confidence is not None:
                values["confidence"] = confidence
            text = self.text(chosen)
            self.record_event(
                scope, "decision", type_, f"{text}: {self.text(reason)}" if reason else text, {**values, **attributes}
            )
        except Exception:
            self.fault()

    def record_retry(
        self, scope: Scope | None, attempt: int, reason: object, wait_s: float | None, attributes: Mapping[str, object]
    ) -> None:
        """Write that something is tried again."""
        try:
            text = self.text(reason)
            values: dict[str, object] = {"attempt": attempt, "reason": text}
            if wait_s is not None:
                values["wait_s"] = wait_s
            self.record_event(scope, "retry", "retry", f"attempt {attempt}: {text}", {**values, **attributes})
        except Exception:
            self.fault()

    def record_observed(self, scope: Scope | None, what: str, value: object, attributes: Mapping[str, object]) -> None:
        """Write something that was seen on its way; its value from ``standard`` on."""
        shown = {**attributes, "value": value} if self.verbosity else attributes
        self.record_event(scope, "message", what, "", shown)

    def record_token(self, scope: Scope | None, text: str, attributes: Mapping[str, object]) -> None:
        """Write a piece of a streamed answer, from ``detailed`` on."""
        if self.verbosity >= Verbosity.detailed:
            self.record_event(scope, "token", "token", text, attributes)

    def record_chunks(self, scope: Scope | None, chunks: Iterable[object]) -> None:
        """Write what a retrieval found: its number at ``minimal``, the beginnings of its texts at ``standard``."""
        try:
            found = list(chunks)
            values: dict[str, object] = {"count": len(found)}
            if self.verbosity:
                values["chunks"] = found
            gate = self._brief if self.verbosity == Verbosity.standard else None
            self.record_event(scope, "event", "chunks", f"{len(found)} chunks", values, gate=gate)
        except Exception:
            self.fault()

    # Values

    def text(self, value: object) -> str:
        """A value in one line for people; what is no text has passed the gate before it becomes one."""
        if isinstance(value, str):
            return value
        if isinstance(value, BaseException):
            return f"{type(value).__name__}: {value}"
        return self._json(value)

    def _json(self, value: object) -> str:
        return self.gate.encode(value).decode()

    def word(self, text: str) -> str:
        """JSON of a name; those of a program are few and come again and again."""
        found = self._names.get(text)
        if found is None:
            if len(self._names) >= _NAMES:
                self._names.clear()
            found = self._json(str(text))
            self._names[text] = found
        return found

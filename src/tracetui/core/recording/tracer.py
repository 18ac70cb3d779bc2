"""The tracer: what the author of an agent uses to record it.

    tracer = Tracer("trading_agent")
    with tracer.run(), tracer.step("market_scan", symbol="BTCUSDT") as step:
        step.log(signal=0.87)

Nothing that is called here raises, whatever it is given and whatever the disk does; see ``stats`` for what was lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast, overload

from tracetui.core.recording import settings
from tracetui.core.recording.context import CURRENT, current
from tracetui.core.recording.ids import Ids
from tracetui.core.recording.nothing import NOTHING
from tracetui.core.recording.recorder import Recorder, Verbosity
from tracetui.core.recording.records import Sink
from tracetui.core.recording.runs import Clock, Stats
from tracetui.core.recording.spans import RunScope, Scope, Span, is_told
from tracetui.core.redaction import Redactor

if TYPE_CHECKING:
    from tracetui.core.recording.report import CostSummary, Report

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
_REDACTOR = Redactor()


class Tracer:
    """Records runs of one agent or workflow.

    Args:
        name: name of the agent or workflow; its runs are called so.
        folder: where recordings go, one file a run and process; by default the variable ``TRACETUI_DIR``, else ``traces``.
        sinks: where records go instead; see ``tracetui.JsonlSink`` and the others. By default what ``TRACETUI_SINKS`` says,
            else files in the folder.
        meta: anything about its runs: model, versions.
        tags: words by which its runs can be found again.
        verbosity: ``minimal standard detailed debug``: how much is recorded; by default the variable ``TRACETUI_LEVEL``, else
            ``standard``.
        preview: characters of one text that are kept, in place of what the verbosity says.
        level: lowest level of logs that are recorded, in place of what the verbosity says.
        buffered: let the default sink hold records back for up to a second; cheaper, and lost if the process is killed.
        redact: the redaction before every sink; None: none at all.
        enabled: False: nothing is recorded and next to nothing is done. By default so if ``TRACETUI_OFF`` is set.
        link_children: let child processes know the run and span that started them.
        clock: wall clock, ns since the epoch.
        mono: monotonic clock, ns; durations come from it.
        ids: where run and span ids come from.
    """

    def __init__(
        self,
        name: str = "agent",
        *,
        folder: str | os.PathLike[str] | None = None,
        sinks: Iterable[Sink] | None = None,
        meta: Mapping[str, object] | None = None,
        tags: Iterable[str] = (),
        verbosity: settings.Detail | None = None,
        preview: int | None = None,
        level: str | None = None,
        buffered: bool = False,
        redact: Redactor | None = _REDACTOR,
        enabled: bool | None = None,
        link_children: bool = True,
        clock: Clock | None = None,
        mono: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        self.name = name
        self._recorder: Recorder | None = None
        if not enabled and (enabled is not None or settings.is_off()):
            return
        import time

        facts = {**(meta or {}), **({"tags": list(tags)} if tags else {})}
        self._recorder = Recorder(
            name,
            settings.sinks(folder, buffered) if sinks is None else sinks,
            meta=facts,
            verbosity=Verbosity[verbosity or settings.verbosity()],
            preview=preview,
            level=level,
            redactor=redact,
            link_children=link_children,
            clock=clock or time.time_ns,
            mono=mono or time.monotonic_ns,
            ids=ids,
        )

    def __repr__(self) -> str:
        return f"Tracer({self.name!r}{'' if self.enabled else ', enabled=False'})"

    @property
    def enabled(self) -> bool:
        """Whether anything is recorded."""
        return self._recorder is not None

    @property
    def stats(self) -> Stats:
        """What became of the records so far: made, lost, redacted, and exceptions kept from the program."""
        return self._recorder.stats if self._recorder is not None else Stats()

    # Runs

    def run(self, name: str = "", *, id: str = "", meta: Mapping[str, object] | None = None) -> RunScope:
        """A run, begun and ended by ``with``, or by hand with ``start()`` and ``finish()``.

        What is recorded outside of any run begins one that ends with the process.

        Args:
            name: name of the run; by default the tracer's.
            id: its id, 32 hexadecimal digits or a UUID; by default a new one. Any other text is kept in ``meta``.
            meta: anything about this run, over what the tracer's ``meta`` says.
        """
        if self._recorder is None:
            return cast(RunScope, NOTHING)
        return RunScope(self._recorder, None, name, id, meta or {})

    @property
    def run_id(self) -> str:
        """Id of the run in which the running code is, else of the latest; empty: there is none."""
        scope = self._here()
        recording = scope.recording if scope is not None else None
        if recording is None and self._recorder is not None:
            recording = self._recorder.last
        return recording.info.id if recording is not None else ""

    @property
    def paths(self) -> list[Path]:
        """Files in which the latest run is recorded by this process."""
        if self._recorder is None or self._recorder.last is None:
            return []
        places = (getattr(sink, "path", None) for sink in self._recorder.sinks)
        return [Path(place(self._recorder.last.info)) if callable(place) else Path(place) for place in places if place]

    def close(self) -> None:
        """End the runs that go on and give files back. At the end of the process this happens by itself."""
        if self._recorder is not None:
            self._recorder.close()

    # Spans

    def span(
        self,
        name: str,
        /,
        kind: str = "span",
        *,
        parent: Scope | None = None,
        attributes: Mapping[str, object] | None = None,
        **values: object,
    ) -> Span:
        """An operation of any kind.

        Args:
            name: what it is called.
            kind: ``agent llm tool retriever embedding reranker guardrail evaluator chain step span``.
            parent: the scope it belongs to; by default the one in which it starts.
            attributes: attributes whose names cannot be given as keywords.
            values: attributes.
        """
        recorder = self._recorder
        if recorder is None:
            return cast(Span, NOTHING)
        return recorder.span_class(recorder, parent, name, kind, {**attributes, **values} if attributes else values)

    def step(self, name: str, /, *, parent: Scope | None = None, **values: object) -> Span:
        """A step of the work, with attributes."""
        recorder = self._recorder
        if recorder is None:
            return cast(Span, NOTHING)
        return recorder.span_class(recorder, parent, name, "step", values)

    def agent(self, name: str, /, *, input: object = None, parent: Scope | None = None, **values: object) -> Span:
        """An agent at work on ``input``."""
        return self._with_input(name, "agent", input, parent, values)

    def chain(self, name: str, /, *, input: object = None, parent: Scope | None = None, **values: object) -> Span:
        """A sequence of operations, such as a turn or a workflow."""
        return self._with_input(name, "chain", input, parent, values)

    def tool(self, name: str, /, *, arguments: object = None, parent: Scope | None = None, **values: object) -> Span:
        """A call of a tool with ``arguments``; say what came out with ``result``."""
        return self._with_input(name, "tool", arguments, parent, values)

    def retrieval(self, name: str, /, *, query: object = None, parent: Scope | None = None, **values: object) -> Span:
        """A search for documents; say what was found with ``chunks``."""
        return self._with_input(name, "retriever", query, parent, values)

    def guardrail(self, name: str, /, *, input: object = None, parent: Scope | None = None, **values: object) -> Span:
        """A check that lets something through or not."""
        return self._with_input(name, "guardrail", input, parent, values)

    def evaluator(self, name: str, /, *, input: object = None, parent: Scope | None = None, **values: object) -> Span:
        """A judgement of an answer."""
        return self._with_input(name, "evaluator", input, parent, values)

    def embedding(
        self, name: str, /, *, input: object = None, model: str = "", parent: Scope | None = None, **values: object
    ) -> Span:
        """A call that turns texts into vectors."""
        return self._with_input(name, "embedding", input, parent, values, model)

    def reranker(
        self, name: str, /, *, input: object = None, model: str = "", parent: Scope | None = None, **values: object
    ) -> Span:
        """A call that puts documents into order."""
        return self._with_input(name, "reranker", input, parent, values, model)

    def llm(
        self,
        name: str,
        /,
        *,
        model: str = "",
        messages: object = None,
        parent: Scope | None = None,
        **values: object,
    ) -> Span:
        """A call of a model.

        Args:
            name: what the call is for.
            model: the model asked.
            messages: what it was asked: a text, or a list of messages with ``role`` and ``content``.
            parent: the scope it belongs to; by default the one in which it starts.
            values: attributes, such as parameters of the call.
        """
        return self._with_input(name, "llm", messages, parent, values, model)

    def _with_input(
        self, name: str, kind: str, value: object, parent: Scope | None, values: dict[str, object], model: str = ""
    ) -> Span:
        recorder = self._recorder
        if recorder is None:
            return cast(Span, NOTHING)
        span = recorder.span_class(recorder, parent, name, kind, values)
        if value is not None:
            span.late = {"model": model, "input": value} if is_told(model) else {"input": value}
        elif is_told(model):
            span.late = {"model": model}
        return span

    def start(self, name: str, /, kind: str = "span", **values: object) -> Span:
        """Start a span by hand; to be ended with ``finish``, ``fail`` or ``skip``."""
        return self.span(name, kind, attributes=values).start()

    # What happens where the running code is

    def current(self) -> Scope | None:
        """The innermost scope of this tracer that the running code is in."""
        return self._here()

    def _here(self) -> Scope | None:
        scope = current()
        while scope is not None and scope.recorder is not self._recorder:
            scope = scope.outer
        return scope

    def event(self, name: str, text: str = "", *, class_: str = "event", **attributes: object) -> None:
        """A named moment; see ``Span.event``."""
        if self._recorder is not None:
            self._recorder.record_event(self._here(), class_, name, text, attributes)

    def log(self, message: object = "", *, level: str = "info", exception: object = None, **values: object) -> None:
        """A line of a log; see ``Span.log``."""
        if self._recorder is not None:
            self._recorder.record_log(self._here(), message, level, exception, values)

    def decision(
        self,
        type: str,
        chosen: object,
        *,
        alternatives: Iterable[object] = (),
        reason: str = "",
        confidence: float | None = None,
        **attributes: object,
    ) -> None:
        """A choice and what it was made from; see ``Span.decision``."""
        if self._recorder is not None:
            here = self._here()
            self._recorder.record_decision(here, type, chosen, alternatives, reason, confidence, attributes)

    def observed(self, what: str, value: object, **attributes: object) -> None:
        """Something seen on its way: a ``request``, ``response``, ``context`` or ``result``."""
        if self._recorder is not None:
            self._recorder.record_observed(self._here(), what, value, attributes)

    def token(self, text: str, **attributes: object) -> None:
        """A piece of a streamed answer."""
        if self._recorder is not None:
            self._recorder.record_token(self._here(), text, attributes)

    def chunks(self, chunks: Iterable[object]) -> None:
        """What a retrieval found."""
        if self._recorder is not None:
            self._recorder.record_chunks(self._here(), chunks)

    def retry(self, attempt: int, reason: object = "", *, wait_s: float | None = None, **attributes: object) -> None:
        """Another attempt; see ``Span.retry``."""
        if self._recorder is not None:
            self._recorder.record_retry(self._here(), attempt, reason, wait_s, attributes)

    def log_event(self, values: Mapping[str, object]) -> None:
        """Record an event told as a dictionary, as other recorders take it.

        ``event`` or ``type`` or ``name`` is its name, ``timestamp`` or ``time`` its time (seconds or ns since the epoch, or ISO
        8601; a missing one is stamped with now), ``level``, ``message`` and ``class`` what they say; all else is kept as it is.
        """
        if self._recorder is not None:
            from tracetui.core.recording.told import tell

            tell(self._recorder, self._here(), values)

    # Code that is traced

    @overload
    def trace(
        self, function: Callable[P, R], /, *, kind: str = "step", name: str = "", capture: bool = True
    ) -> Callable[P, R]: ...

    @overload
    def trace(
        self, function: str | None = None, /, *, kind: str = "step", name: str = "", capture: bool = True
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...

    def trace(
        self,
        function: Callable[P, R] | str | None = None,
        /,
        *,
        kind: str = "step",
        name: str = "",
        capture: bool = True,
    ) -> Callable[..., object]:
        """A decorator: each call is a span, its arguments the input, what it returns the output.

        For functions, coroutines, generators and asynchronous generators; the span of a generator is current while it runs,
        and not while its consumer does.

        Args:
            function: the function; or a name, as in ``@tracer.trace("plan")``.
            kind: kind of the spans.
            name: their name; by default the function's.
            capture: False: neither arguments nor results are recorded.
        """
        from tracetui.core.recording.decorating import traced

        if isinstance(function, str):
            name, function = function, None
        if function is None:
            return lambda function: traced(self, function, kind, name, capture)
        return traced(self, function, kind, name, capture)

    def wrap(self, function: Callable[P, R]) -> Callable[P, R]:
        """A function that runs inside the scope in which it was wrapped, for executors and threads."""
        if self._recorder is None:
            return function
        from tracetui.core.recording.decorating import carried

        return carried(function, CURRENT.get())

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Variables for a child process, so that what it records is linked to the scope that the running code is in.

        Args:
            base: the variables to begin with; by default this process's own.
        """
        scope = self._here()
        if scope is None:
            return dict(os.environ if base is None else base)
        return scope.environment(base)

    # Afterwards

    def report(self) -> Report:
        """The latest run as recorded so far, read back: the same facts that ``tracetui stats`` prints."""
        from tracetui.core.recording.report import Report

        return Report.of(self._recorder)

    def _afterwards(self, ask: Callable[[Report], T], otherwise: T) -> T:
        """What a report says; a fault in reading back is counted like any other."""
        try:
            return ask(self.report())
        except Exception:
            if self._recorder is not None:
                self._recorder.fault()
            return otherwise

    def summary(self) -> dict[str, object]:
        """What ``tracetui stats --json`` says of the latest run; empty: nothing was recorded."""
        return self._afterwards(lambda report: report.summary(), {})

    def cost_summary(self) -> CostSummary:
        """Tokens and cost of the latest run, by model and by name of the span."""
        from tracetui.core.recording.report import CostSummary

        return self._afterwards(lambda report: report.cost_summary(), CostSummary())

    def events(
        self,
        types: Iterable[str] | None = None,
        span: str | Scope | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[dict[str, object]]:
        """Records of the latest run, oldest first.

        Args:
            types: names of events or types of records; None: all.
            span: the span they belong to, or its id.
            limit: at most so many.
            offset: after leaving out so many.
        """
        inside = span.id if isinstance(span, Scope) else span
        return self._afterwards(lambda report: report.events(types, inside, limit=limit, offset=offset), [])

    def latest(self, name: str) -> dict[str, object] | None:
        """The latest record of that name: an event's, or the last that was written of a span called so."""
        return self._afterwards(lambda report: report.latest(name), None)

    def save(self, path: str | os.PathLike[str] | None = None) -> Path | None:
        """Write the whole latest run as one recording, atomically; returns its path, None if nothing could be written.

        Args:
            path: the file; by default ``<run>.jsonl`` in the folder of the tracer, or nothing new if it is there already.
        """
        return self._afterwards(lambda report: report.save(path), None)

    def save_markdown(self, path: str | os.PathLike[str] | None = None) -> Path | None:
        """Write a report of the latest run as Markdown, atomically; returns its path, None if it could not be written."""
        return self._afterwards(lambda report: report.save_markdown(path), None)

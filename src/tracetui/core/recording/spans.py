"""Scopes of a recording: spans, and the run around them, with all that can be said of one.

A span is written when it starts and again when it ends. Nothing here raises because of what it was given: a value that cannot
be written becomes a text that says so, a call out of order is counted and ignored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextvars import Token
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final, Self

from tracetui.core.recording.context import CURRENT, child_variables, hold, let_go, make_current

if TYPE_CHECKING:
    from tracetui.core.recording.recorder import Recorder
    from tracetui.core.recording.runs import RunRecording

_QUIET: Final = ("GeneratorExit", "CancelledError", "Cancelled", "StopIteration", "StopAsyncIteration")
"""Ends from outside that are no failure of what was going on."""
_CANCELLED: Final = ("CancelledError", "Cancelled")
"""Of asyncio, concurrent.futures and trio."""
_MOST_TRACEBACK: Final = 100_000
"""Characters of a traceback; cut in the middle beyond that, since both of its ends tell something."""
_USAGE_KEYS: Final = ("input", "output", "total", "cached", "cache_write", "reasoning")


class Scope:
    """A run or a span: what running code can be inside of, and what events belong to."""

    __slots__ = ("ended", "entry", "frame", "id", "outer", "recorder", "recording")

    def __init__(self, recorder: Recorder, recording: RunRecording | None = None, outer: Scope | None = None) -> None:
        self.recorder = recorder
        self.recording = recording
        """The run it belongs to, once that is known."""
        self.outer = outer
        """The scope that this one is in, of whichever tracer."""
        self.id = ""
        """Span id, 16 hexadecimal digits; of a run scope empty."""
        self.ended = False
        self.frame: FrameType | None = None
        """The generator that holds this scope open, if one does."""
        self.entry: Token[Scope | None] | None = None
        """What was current when it was entered."""

    # What happens in it

    def event(self, name: str, text: str = "", *, class_: str = "event", **attributes: object) -> Self:
        """A named moment in this scope.

        Args:
            name: what it is called; shown and counted as its type.
            text: one line for people.
            class_: ``decision log message retry error token event``.
            attributes: anything else.
        """
        self.recorder.record_event(self, class_, name, text, attributes)
        return self

    def log(self, message: object = "", *, level: str = "info", exception: object = None, **values: object) -> Self:
        """A line of a log, values, or both.

        Args:
            message: what to say; an exception is taken as ``exception``.
            level: ``debug info warning error critical``.
            exception: an exception, or True for the one being handled: its chain of tracebacks is kept.
            values: named values.
        """
        self.recorder.record_log(self, message, level, exception, values)
        return self

    def decision(
        self,
        type: str,
        chosen: object,
        *,
        alternatives: Iterable[object] = (),
        reason: str = "",
        confidence: float | None = None,
        **attributes: object,
    ) -> Self:
        """A choice and what it was made from.

        Args:
            type: ``router tool_selection model_selection guardrail continuation``, or a word of one's own.
            chosen: what was chosen.
            alternatives: what there was to choose from.
            reason: why.
            confidence: from 0 to 1.
            attributes: anything else.
        """
        self.recorder.record_decision(self, type, chosen, alternatives, reason, confidence, attributes)
        return self

    def observed(self, what: str, value: object, **attributes: object) -> Self:
        """Something seen on its way: a ``request``, a ``response``, a ``context``, a ``result``."""
        self.recorder.record_observed(self, what, value, attributes)
        return self

    def token(self, text: str, **attributes: object) -> Self:
        """A piece of a streamed answer. Recorded at verbosity ``detailed`` and above."""
        self.recorder.record_token(self, text, attributes)
        return self

    def chunks(self, chunks: Iterable[object]) -> Self:
        """What a retrieval found: texts, or objects with ``text``, ``id``, ``score``, ``source``."""
        self.recorder.record_chunks(self, chunks)
        return self

    def retry(self, attempt: int, reason: object = "", *, wait_s: float | None = None, **attributes: object) -> Self:
        """Another attempt.

        Args:
            attempt: its number, 1 for the first repetition.
            reason: why, a text or the exception.
            wait_s: seconds waited before it.
            attributes: anything else.
        """
        self.recorder.record_retry(self, attempt, reason, wait_s, attributes)
        return self

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Variables for a child process, so that what it records is linked to this scope.

        Args:
            base: the variables to begin with; by default this process's own.
        """
        import os

        values = dict(os.environ if base is None else base)
        if self.recording is not None:
            values |= child_variables(self.recording.info.id, self.id)
        return values

    # Being inside it

    def _enter(self, frame: FrameType | None) -> None:
        self.entry = make_current(self)
        if frame is not None:
            hold(self, frame)

    def leave(self) -> None:
        """Make current again what was so before; nothing, if something else is current by now."""
        # A generator that is closed elsewhere, or finished by the garbage collector, finds another context: left alone.
        entry, self.entry = self.entry, None
        if self.frame is not None:
            let_go(self)
        if entry is not None and CURRENT.get() is self:
            before = entry.old_value
            make_current(None if before is Token.MISSING else before)


class RunScope(Scope):
    """A run: begins with its header and ends with ``run_end``."""

    __slots__ = ("meta", "name", "wanted_id")

    def __init__(self, recorder: Recorder, outer: Scope | None, name: str, id: str, meta: Mapping[str, object]) -> None:
        super().__init__(recorder, None, outer)
        self.name = name
        self.wanted_id = id
        """Run id that the program asked for; empty: a new one."""
        self.meta = meta

    @property
    def run_id(self) -> str:
        """Id of the run, 32 hexadecimal digits."""
        return self.recording.info.id if self.recording is not None else ""

    def start(self) -> Self:
        """Begin by hand what ``with`` begins by itself. To be ended with ``finish`` or ``fail``."""
        if self.recording is None:
            self.recorder.begin_run(self)
            self._enter(None)
        return self

    def finish(self, status: str = "ok") -> None:
        """End the run."""
        self.recorder.end_run(self, status, None)
        self.leave()

    def fail(self, error: object = "") -> None:
        """End the run as failed."""
        self.recorder.end_run(self, "error", error)
        self.leave()

    def __enter__(self) -> Self:
        self.recorder.begin_run(self)
        self._enter(sys._getframe(1))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()
        failed = error is not None and not is_quiet(error)
        self.recorder.end_run(self, "error" if failed else "ok", error if failed else None)

    async def __aenter__(self) -> Self:
        self.recorder.begin_run(self)
        self._enter(sys._getframe(1))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


class Span(Scope):
    """One operation. Made by the tracer's ``step``, ``llm``, ``tool`` and so on; starts in ``with`` or by ``start()``."""

    __slots__ = ("attributes", "identity", "kind", "late", "name", "start_mono", "start_time")

    identity: str
    """How its id, parent, name and kind are written; known when it has started."""
    start_time: str
    """When it started, ns since the epoch, as it is written."""
    start_mono: int
    """The same by the monotonic clock, ns."""

    def __init__(
        self, recorder: Recorder, outer: Scope | None, name: str, kind: str, attributes: dict[str, object]
    ) -> None:
        # All that a start reads is set here, which costs less than to look for it in the class.
        self.recorder = recorder
        self.recording = None
        self.outer = outer
        self.id = ""
        self.ended = False
        self.frame = None
        self.entry = None
        self.name = name
        self.kind = kind
        self.attributes = attributes
        """Attributes not yet written."""
        self.late: dict[str, object] | None = None
        """Other keys of the record not yet written: ``model usage cost_usd error input output``."""

    # Saying something of it

    def set(self, **attributes: object) -> Self:
        """Add attributes; they are written with the end."""
        self.attributes.update(attributes)
        return self

    def input(self, value: object) -> Self:
        """What went in; written with the start if it has not started, else with the end."""
        return self._say("input", value)

    def output(self, value: object) -> Self:
        """What came out; written with the end."""
        return self._say("output", value)

    result = output

    def model(self, name: str) -> Self:
        """The model that answered."""
        return self._say("model", name)

    def usage(
        self,
        *,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        total_tokens: int | None = None,
        cached_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        cost_usd: float | None = None,
    ) -> Self:
        """Tokens and cost of this call alone, never those of spans below.

        Args:
            input_tokens: tokens that went in, cached ones included.
            output_tokens: tokens that came out, reasoning included.
            total_tokens: their sum, where only that is known.
            cached_tokens: input tokens read from a cache.
            cache_write_tokens: input tokens written to a cache.
            reasoning_tokens: output tokens spent on reasoning.
            cost_usd: cost of the call, US dollars.
        """
        counts = (input_tokens, output_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens)
        known = {key: count for key, count in zip(_USAGE_KEYS, counts, strict=True) if count is not None}
        if known:
            before = self.late.get("usage") if self.late else None
            self._say("usage", {**before, **known} if isinstance(before, dict) else known)
        return self._say("cost_usd", cost_usd) if cost_usd is not None else self

    def update(self) -> Self:
        """Write now what became known since the start, for whoever follows a long span."""
        self.recorder.update_span(self)
        return self

    def _say(self, key: str, value: object) -> Self:
        if self.late is None:
            self.late = {}
        self.late[key] = value
        return self

    # Its time

    def start(self) -> Self:
        """Start by hand what ``with`` starts by itself; later spans of this context are inside it until it ends."""
        if not self.id:
            self.recorder.enter_span(self)
        return self

    def finish(
        self,
        output: object = None,
        *,
        status: str = "ok",
        model: str = "",
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        total_tokens: int | None = None,
        cached_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        cost_usd: float | None = None,
        **attributes: object,
    ) -> None:
        """End it, saying what came out and what it took. A second end is ignored and counted.

        ``output`` is what came out (None: nothing is said of it), ``status`` is ``ok``, ``error``, ``skipped`` or ``unset``,
        ``model`` the model that answered. Tokens and cost are those of ``usage``; everything else becomes attributes.
        """
        if output is not None:
            self._say("output", output)
        if is_told(model):
            self._say("model", model)
        self.usage(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            total_tokens=total_tokens,
            cached_tokens=cached_tokens,
            cache_write_tokens=cache_write_tokens,
            reasoning_tokens=reasoning_tokens,
            cost_usd=cost_usd,
        )
        self.attributes.update(attributes)
        self._end(status)

    def fail(self, error: object = "", **attributes: object) -> None:
        """End it as failed.

        Args:
            error: the exception, whose chain of tracebacks is kept, or a text.
            attributes: attributes to add.
        """
        self.attributes.update(attributes)
        self._say("error", error)
        self._end("error")

    def skip(self, reason: str = "", **attributes: object) -> None:
        """End it as skipped: it was not done, which is no failure."""
        self.attributes.update({"reason": reason, **attributes} if is_told(reason) else attributes)
        self._end("skipped")

    def _end(self, status: str) -> None:
        self.recorder.end_span(self, status)
        self.leave()

    # Spans as a recorder makes them are of a class of its own, with its functions in place of these two (see ``starting``).

    def __enter__(self) -> Self:
        self.recorder.enter_span(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.recorder.leave_span(self, kind, error, traceback)

    def end_by(self, error: BaseException) -> None:
        """End with what was raised in it."""
        if self.ended:
            self.recorder.record_log(self, error, "error", error, {})
        elif not is_quiet(error):
            self._say("error", error)
            self.recorder.end_span(self, "error")
        elif type(error).__name__ in _CANCELLED:
            self.attributes["cancelled"] = True
            self.recorder.end_span(self, "unset")
        else:
            self.recorder.end_span(self, "ok")

    async def __aenter__(self) -> Self:
        self.recorder.enter_span(self)
        hold(self, sys._getframe(1))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


def is_told(text: object) -> bool:
    """Whether a text was given; asks nothing of what is no text, which may raise."""
    return text is not None and (type(text) is not str or bool(text))


def is_quiet(error: BaseException) -> bool:
    """Whether an exception only says that no more was wanted: cancellation, a closed generator, an exit without a status."""
    if isinstance(error, SystemExit):
        return error.code in (None, 0)
    return type(error).__name__ in _QUIET


def error_values(error: object) -> dict[str, object]:
    """An error as ``type message traceback``; of an exception the whole chain of causes and contexts."""
    if isinstance(error, dict):  # it is told in these words already
        return error
    if not isinstance(error, BaseException):
        return {"message": error if isinstance(error, str) else str(error)}
    import traceback

    text = "".join(traceback.format_exception(error))
    if len(text) > _MOST_TRACEBACK:
        half = _MOST_TRACEBACK // 2
        text = f"{text[:half]}\n…[cut: {len(text)} characters]\n{text[-half:]}"
    try:
        message = str(error)
    except Exception as fault:
        message = f"[not recordable: {type(fault).__name__}]"
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {"type": name, "message": message, "traceback": text}

"""Starts and ends of spans: they come by the thousands, so what they do stands in one place and in few steps.

What is rare (a scope of another tracer, a generator, a value that needs a look) is left to the recorder and its gate.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, cast

from orjson import dumps

from tracetui.core.recording.context import COLLECTING, CURRENT, GENERATOR, hold, is_collecting
from tracetui.core.recording.ids import RandomIds
from tracetui.core.recording.records import AT_ONCE
from tracetui.core.recording.spans import Scope, Span

if TYPE_CHECKING:
    from tracetui.core.recording.recorder import Recorder


class Enter(Protocol):
    """Starts a span inside ``outer``; by default inside what is current, and makes the span current."""

    def __call__(self, span: Span, /, outer: Scope | None = ...) -> Span:
        """Returns the span."""


End = Callable[[Span, str], None]
Leave = Callable[[Span, type[BaseException] | None, BaseException | None, TracebackType | None], None]
_HERE: Final = cast(Scope, object())
_MISSING: Final = Token.MISSING
_AT_START: Final = ("model", "input")
"""Late keys of a start, in the order of the format."""
_AT_END: Final = ("model", "usage", "cost_usd", "error", "input", "output")
_STATUSES: Final = {word: f'"{word}"' for word in ("ok", "error", "skipped", "unset")}


def span_class(recorder: Recorder) -> type[Span]:
    """The class of a recorder's spans. What ``with`` calls are the recorder's functions themselves."""
    names = {"__slots__": (), "__module__": Span.__module__, "__qualname__": Span.__qualname__, "__doc__": Span.__doc__}
    return type(Span.__name__, (Span,), {**names, "__enter__": recorder.enter_span, "__exit__": recorder.leave_span})


def make_enter(recorder: Recorder) -> Enter:  # noqa: C901  # a call for each of its parts would cost as much as the part
    """The function that starts a span."""
    clock, mono, kinds, gate = recorder.clock, recorder.mono, recorder.named, recorder.gate
    more_ids = recorder.ids.span_id
    take_id = recorder.ids.made.pop if isinstance(recorder.ids, RandomIds) else more_ids
    harmless, short = gate.harmless, gate.short
    set_current, frame_of = CURRENT.set, sys._getframe

    def enter(span: Span, outer: Scope | None = _HERE) -> Span:  # noqa: C901
        try:
            if outer is _HERE:
                if COLLECTING and is_collecting():
                    outer = CURRENT.get()
                else:
                    span.entry = entry = set_current(span)
                    outer = entry.old_value
                    if outer is _MISSING:
                        outer = None
                frame = frame_of(1)
                if frame.f_code.co_flags & GENERATOR:
                    hold(span, frame)
            if recorder.elsewhere is not None:
                outer = recorder.elsewhere(outer)
            if (
                outer is not None
                and outer.recorder is recorder
                and outer.frame is None
                and not (outer.ended or span.id or span.outer)
                and outer.recording is not None
            ):
                recording, parent = outer.recording, outer.id
            elif span.id:
                recorder.fault("a second start of a span")
                return span
            else:
                outer, recording, parent = recorder.place(span, outer)
            span.outer = outer
            span.recording = recording
            try:
                id_ = take_id()
            except IndexError:
                id_ = more_ids()
            span.id = id_
            try:
                named = kinds[span.kind][span.name]
            except KeyError:
                named = recorder.naming(span.kind, span.name)
            if parent:
                span.identity = identity = f'"span":"{id_}","parent":"{parent}",{named}'
            else:
                span.identity = identity = f'"span":"{id_}",{named}'
            values = span.attributes
            rest = "}"
            if span.late:
                rest = recorder.rest(span, _AT_START)
            elif values:
                written = ""
                if harmless.issuperset(values):
                    for value in values.values():
                        kind = type(value)
                        if kind is not int and kind is not bool and (kind is not str or len(value) >= short):  # type: ignore[arg-type]
                            break
                    else:
                        try:
                            written = dumps(values).decode()
                        except TypeError:  # a number beyond 64 bits, a lone surrogate
                            written = ""
                written = written or gate.attributes(values)
                rest = f',"attributes":{written}}}'
                span.attributes = {}
            seq = recording.number()
            span.start_time = now = str(clock())
            span.start_mono = mono()
            line = f'{{"type":"span_start","seq":{seq},{recording.between}"time":{now},{identity}{rest}\n'.encode()
            try:
                taken = recording.file.write(line) if len(line) <= AT_ONCE else 0
            except (OSError, ValueError):  # ValueError: closed by another thread meanwhile
                taken = 0
            if taken != len(line):
                recording.put(seq, line, taken)
        except Exception:
            recorder.fault()
        return span

    return enter


def make_end(recorder: Recorder) -> End:
    """The function that writes the end of a span, once. In a forked child the spans of the parent are not ended."""
    clock, mono = recorder.clock, recorder.mono

    def end(span: Span, status: str) -> None:
        try:
            recording = span.recording
            if recording is None or span.ended:
                recorder.fault("the end of a span that has ended, or was not started")
                return
            span.ended = True
            begun = span.start_mono
            duration = mono() - begun
            if begun < recording.forked:
                return
            rest = recorder.rest(span, _AT_END) if span.late or span.attributes else "}"
            said = _STATUSES.get(status) or recorder.word(status)
            seq = recording.number()
            line = (
                f'{{"type":"span_end","seq":{seq},{recording.between}"time":{clock()},{span.identity},'
                f'"start":{span.start_time},"duration_ns":{duration},"status":{said}{rest}\n'
            ).encode()
            try:
                taken = recording.file.write(line) if len(line) <= AT_ONCE else 0
            except (OSError, ValueError):
                taken = 0
            if taken != len(line):
                recording.put(seq, line, taken)
        except Exception:
            recorder.fault()

    return end


def make_leave(recorder: Recorder) -> Leave:
    """The function that ends a span where ``with`` does, and makes current again what was so before."""
    end, reset = recorder.end_span, CURRENT.reset

    def leave(
        span: Span, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if error is not None:
            span.end_by(error)
        elif not span.ended:
            end(span, "ok")
        entry = span.entry
        if entry is None or span.frame is not None or COLLECTING:
            span.leave()
            return
        try:
            reset(entry)
        except ValueError:  # entered in another context, which is no longer the one that runs
            span.leave()

    return leave

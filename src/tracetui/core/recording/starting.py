"""Starts and ends of spans: they come by the thousands, so what they do stands in one place and in few steps.

What is rare (a scope of another tracer, a generator, a value that needs a look) is left to the recorder and its gate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from orjson import dumps

from tracetui.core.recording.ids import RandomIds

if TYPE_CHECKING:
    from tracetui.core.recording.recorder import Recorder
    from tracetui.core.recording.spans import Scope, Span

Start = Callable[["Span", "Scope | None"], None]
End = Callable[["Span", str], None]
_AT_START: Final = ("model", "input")
"""Late keys of a start, in the order of the format."""
_AT_END: Final = ("model", "usage", "cost_usd", "error", "input", "output")
_STATUSES: Final = {word: f'"{word}"' for word in ("ok", "error", "skipped", "unset")}


def make_start(recorder: Recorder) -> Start:  # noqa: C901  # a call for each of its parts would cost as much as the part
    """The function that writes the start of a span, inside the scope that ``CURRENT`` has."""
    clock, mono, kinds, gate = recorder.clock, recorder.mono, recorder.named, recorder.gate
    more_ids = recorder.ids.span_id
    take_id = recorder.ids.made.pop if isinstance(recorder.ids, RandomIds) else more_ids
    harmless, short = gate.harmless, gate.short

    def start(span: Span, outer: Scope | None) -> None:
        try:
            if (
                outer is not None
                and outer.recorder is recorder
                and outer.frame is None
                and not (outer.ended or span.id or span.outer)
                and outer.recording is not None
            ):
                recording, parent = outer.recording, outer.id
            elif span.id:
                recorder.fault()
                return
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
                for key, value in values.items():
                    kind = type(value)
                    if key not in harmless or not (
                        (kind is str and len(value) < short) or kind is int or kind is bool  # type: ignore[arg-type]
                    ):
                        written = gate.attributes(values)
                        break
                else:
                    try:
                        written = dumps(values).decode()
                    except TypeError:  # a number beyond 64 bits, a lone surrogate
                        written = gate.attributes(values)
                rest = f',"attributes":{written}}}'
                span.attributes = {}
            seq = recording.number()
            span.start_time = now = str(clock())
            span.start_mono = mono()
            recording.put(
                seq,
                f'{{"type":"span_start","seq":{seq},{recording.between}"time":{now},{identity}{rest}\n'.encode(),
            )
        except Exception:
            recorder.fault()

    return start


def make_end(recorder: Recorder) -> End:
    """The function that writes the end of a span, once. In a forked child the spans of the parent are not ended."""
    clock, mono = recorder.clock, recorder.mono

    def end(span: Span, status: str) -> None:
        try:
            recording = span.recording
            if recording is None or span.ended:
                recorder.fault()
                return
            span.ended = True
            begun = span.start_mono
            duration = mono() - begun
            if begun < recording.forked:
                return
            rest = recorder.rest(span, _AT_END) if span.late or span.attributes else "}"
            seq = recording.number()
            said = _STATUSES.get(status) or recorder.word(status)
            recording.put(
                seq,
                f'{{"type":"span_end","seq":{seq},{recording.between}"time":{clock()},{span.identity},'
                f'"start":{span.start_time},"duration_ns":{duration},"status":{said}{rest}\n'.encode(),
            )
        except Exception:
            recorder.fault()

    return end

"""Just enough of OpenTelemetry's SDK to tell a span processor what the SDK would tell it: tests of it need no OpenTelemetry."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType, SimpleNamespace

from tracetui import SpanProcessor

TRACE = 0x0AF7651916CD43DD8448EB211C80319C
SECOND = 1_000_000_000
EPOCH = 1_767_225_600 * SECOND


class HandSpan:
    """A span as processors see it."""

    def __init__(self, trace: int, number: int, name: str, parent: "HandSpan | None", remote: bool = False) -> None:
        self.context = SimpleNamespace(trace_id=trace, span_id=number, is_remote=remote)
        self.name = name
        self.parent = parent.context if parent is not None else None
        self.start_time: int | None = None
        self.end_time: int | None = None
        self.attributes: dict[str, object] = {}
        self.events: list[SimpleNamespace] = []
        self.links: list[SimpleNamespace] = []
        self.status = SimpleNamespace(status_code=SimpleNamespace(name="UNSET"), description=None)
        self.kind = SimpleNamespace(name="INTERNAL")
        self.resource = SimpleNamespace(attributes={"service.name": "support"})
        self.instrumentation_scope = SimpleNamespace(name="lib", version="1.0")

    def get_span_context(self) -> SimpleNamespace:
        return self.context

    def fail(self, description: str = "") -> None:
        self.status = SimpleNamespace(status_code=SimpleNamespace(name="ERROR"), description=description)

    def happens(self, name: str, time: int, **attributes: object) -> None:
        values = {key.replace("__", "."): value for key, value in attributes.items()}
        self.events.append(SimpleNamespace(name=name, timestamp=time, attributes=values))


class HandSdk:
    """Starts and ends spans; ``tick`` seconds pass at each."""

    def __init__(self, processor: SpanProcessor, tick: float = 1) -> None:
        self.processor = processor
        self.now = EPOCH
        self.tick = round(tick * SECOND)
        self._spans = 0
        self._traces = 0

    def start(
        self,
        name: str,
        parent: HandSpan | None = None,
        *,
        trace: int = 0,
        time: int | None = None,
        attributes: dict[str, object] | None = None,
    ) -> HandSpan:
        self._spans += 1
        if parent is not None:
            trace = parent.context.trace_id
        elif not trace:
            self._traces += 1
            trace = TRACE + self._traces
        span = HandSpan(trace, self._spans, name, parent)
        span.attributes |= attributes or {}
        span.start_time = self._next() if time is None else time
        self.processor.on_start(span, parent_context=None)
        return span

    def end(self, span: HandSpan) -> None:
        span.end_time = self._next()
        self.processor._on_ending(span)
        self.processor.on_end(span)

    def _next(self) -> int:
        self.now += self.tick
        return self.now


def remote(span: int = 0xABC, trace: int = TRACE) -> HandSpan:
    """A parent in another process."""
    return HandSpan(trace, span, "elsewhere", None, remote=True)


_NO_SPAN = HandSpan(0, 0, "", None)
_current: ContextVar[HandSpan] = ContextVar("current", default=_NO_SPAN)


def fake_api() -> ModuleType:
    """What stands for the module ``opentelemetry.trace``."""
    module = ModuleType("opentelemetry.trace")
    module.get_current_span = _current.get  # type: ignore[attr-defined]
    return module


@contextmanager
def made_current(span: HandSpan) -> Iterator[None]:
    """Inside, the span is the current one by OpenTelemetry's rules."""
    assert "opentelemetry.trace" in sys.modules
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)

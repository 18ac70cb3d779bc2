"""Functions that are traced, and functions that carry their scope along."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator, Callable
from functools import wraps
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from tracetui.core.recording.context import CURRENT, make_current
from tracetui.core.recording.spans import Scope, Span

if TYPE_CHECKING:
    from tracetui.core.recording.tracer import Tracer

P = ParamSpec("P")
R = TypeVar("R")


def carried(function: Callable[P, R], scope: Scope | None) -> Callable[P, R]:
    """The function, run inside ``scope`` wherever it is called."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        token = make_current(scope)
        try:
            return function(*args, **kwargs)
        finally:
            if token is not None:
                CURRENT.reset(token)

    return inside


def traced(tracer: Tracer, function: Callable[..., Any], kind: str, name: str, capture: bool) -> Callable[..., Any]:
    """The function, each call of it a span."""
    if not tracer.enabled:
        return function
    named = name or getattr(function, "__qualname__", repr(function))
    parameters = _parameters(function)

    def begun(args: tuple[object, ...], kwargs: dict[str, object]) -> Span:
        span = tracer.span(named, kind)
        return span.input(_arguments(parameters, args, kwargs)) if capture and (args or kwargs) else span

    def ended(span: Span, result: object) -> None:
        if capture and result is not None:
            span.output(result)

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: object, **kwargs: object) -> object:
            with begun(args, kwargs) as span:
                result = await function(*args, **kwargs)
                ended(span, result)
            return result

        return awaited
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def generated(*args: object, **kwargs: object) -> Any:
            return _generated(begun(args, kwargs), function(*args, **kwargs), ended)

        return generated
    if inspect.isasyncgenfunction(function):

        @wraps(function)
        def streamed(*args: object, **kwargs: object) -> AsyncIterator[object]:
            return _streamed(begun(args, kwargs), function(*args, **kwargs))

        return streamed

    @wraps(function)
    def called(*args: object, **kwargs: object) -> object:
        with begun(args, kwargs) as span:
            result = function(*args, **kwargs)
            ended(span, result)
        return result

    return called


def _parameters(function: Callable[..., object]) -> list[str]:
    try:
        return [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):  # some builtins have no signature
        return []


def _arguments(parameters: list[str], args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
    """Arguments by name; an instance or class that a method is called on is left out."""
    named = dict(zip(parameters, args, strict=False))
    if parameters and parameters[0] in ("self", "cls"):
        named.pop(parameters[0], None)
    if len(args) > len(parameters):
        named["args"] = list(args[len(parameters) :])
    return {**named, **kwargs}


def _generated(span: Span, inner: GeneratorType[Any, Any, Any], ended: Callable[[Span, object], None]) -> Any:
    """Run a generator inside its span, and its consumer outside of it."""
    step: Callable[[Any], Any] = inner.send
    given: object = None
    inside: Scope | None = span
    span.recorder.enter_span(span, CURRENT.get())
    try:
        while True:
            outside = CURRENT.get()
            make_current(inside)
            try:
                value = step(given)
            except StopIteration as stop:
                ended(span, stop.value)
                span.finish()
                return stop.value
            finally:
                inside = CURRENT.get()
                make_current(outside)
            step, given = inner.send, None
            try:
                given = yield value
            except GeneratorExit:
                inner.close()
                raise
            except BaseException as error:
                step, given = cast(Callable[[Any], Any], inner.throw), error
    finally:
        if not span.ended:
            span.__exit__(*sys.exc_info())


async def _streamed(span: Span, inner: AsyncGeneratorType[Any, Any]) -> AsyncIterator[Any]:
    """The same for an asynchronous generator."""
    step: Callable[[Any], Any] = inner.asend
    given: object = None
    inside: Scope | None = span
    span.recorder.enter_span(span, CURRENT.get())
    try:
        while True:
            outside = CURRENT.get()
            make_current(inside)
            try:
                value = await step(given)
            except StopAsyncIteration:
                span.finish()
                return
            finally:
                inside = CURRENT.get()
                make_current(outside)
            step, given = inner.asend, None
            try:
                given = yield value
            except GeneratorExit:
                await inner.aclose()
                raise
            except BaseException as error:
                step, given = inner.athrow, error
    finally:
        if not span.ended:
            span.__exit__(*sys.exc_info())

"""One call that records a program: the tracer of the whole process, with what the program logs and traces already.

import tracetui
tracer = tracetui.install()
"""

from __future__ import annotations

import logging as standard
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Final, Protocol, cast, runtime_checkable
from weakref import WeakSet

from tracetui.core.recording.bridges.logging import LoggingHandler
from tracetui.core.recording.tracer import Tracer

_lock = RLock()
_tracer: Tracer | None = None
_MARK: Final = "_tracetui"
"""Attribute of the function that stands in for ``logging.basicConfig``."""


@runtime_checkable
class _Provider(Protocol):
    """A tracer provider of OpenTelemetry's SDK; that of its API alone has no processors."""

    def add_span_processor(self, span_processor: object) -> None: ...


_provided: WeakSet[_Provider] = WeakSet()
"""Providers that have our span processor."""


def install(
    name: str = "", *, logging: bool = True, level: int | str | None = None, opentelemetry: bool = True
) -> Tracer:
    """The tracer of this process, as the environment wants it; what is logged and traced goes to it too.

    Where it records and how much is said by ``TRACETUI_DIR``, ``TRACETUI_LEVEL``, ``TRACETUI_SINKS`` and ``TRACETUI_OFF``
    (see ``tracetui.core.recording.settings``). Every call returns the same tracer. Call again after logging or OpenTelemetry
    was set up: what is not attached, or was taken off meanwhile, is attached then, and nothing twice.

    Child processes inherit these variables, so they record into the same folder, each into files of its own. What they record
    is linked to the span that started them, by ``TRACETUI_PARENT`` or ``TRACEPARENT``, which the tracer sets for them. A child
    that was forked goes on with the same run, in a file of its own. A child that was spawned or executed begins a run of its
    own, if it records at all. ``TRACETUI_OFF=1`` in the environment of a child switches it off there.

    Args:
        name: name of the agent or workflow; by default the program's. Later calls do not change it.
        logging: record what is logged: a ``LoggingHandler`` at the root logger. What is logged on stderr stays as it was.
        level: lowest level of logs; the root logger is set to it if it would hold them back. By default both are left alone.
        opentelemetry: record spans of OpenTelemetry, if its SDK has been set up.
    """
    tracer = process_tracer(name)
    if tracer.enabled:
        with _lock:
            if logging:
                _attach_handler(tracer, level)
            if opentelemetry:
                _attach_processor(tracer)
    return tracer


def process_tracer(name: str = "") -> Tracer:
    """The tracer of this process, made when it is first asked for."""
    global _tracer
    with _lock:
        if _tracer is None:
            _tracer = Tracer(name or _program())
        return _tracer


def _program() -> str:
    """Name of the running program, as far as it has one."""
    path = Path(sys.argv[0] if sys.argv else "")
    name = path.parent.name if path.stem == "__main__" else path.stem
    return name if name and name != "-c" else "agent"


def _in_child() -> None:
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


# Logging


class RootHandler(LoggingHandler):
    """The handler at the root logger.

    Without any handler ``logging`` prints warnings to stderr. That one is there must not change what a program prints, so where
    it is the only one it does as much.
    """

    lowest = standard.NOTSET
    """Lowest level that is recorded. The handler itself takes all, to see what would be printed."""

    def handle(self, record: standard.LogRecord) -> bool:
        """Record it, and print it where nobody else would."""
        handled = record.levelno >= self.lowest and super().handle(record)
        last = standard.lastResort
        if last is not None and record.levelno >= last.level and _is_alone(record.name):
            last.handle(record)
        return handled


def _is_alone(name: str) -> bool:
    """Whether no handler but ours hears what a logger says."""
    found = standard.root.manager.loggerDict.get(name)
    logger: standard.Logger | None = found if isinstance(found, standard.Logger) else standard.root
    while logger is not None:
        if any(not isinstance(handler, LoggingHandler) for handler in logger.handlers):
            return False
        logger = logger.parent if logger.propagate else None
    return True


def _attach_handler(tracer: Tracer, level: int | str | None) -> None:
    root = standard.root
    ours = [handler for handler in root.handlers if isinstance(handler, LoggingHandler) and handler.tracer is tracer]
    if not ours:
        ours = [RootHandler(tracer)]
        root.addHandler(ours[0])
        _spare_basic_config()
    lowest = _number(level)
    if lowest is None:
        return
    for handler in ours:
        if isinstance(handler, RootHandler):
            handler.lowest = lowest
    if root.level > lowest:
        root.setLevel(lowest)


def _number(level: int | str | None) -> int | None:
    """A level as ``logging`` counts it; None for none, and for a word that it does not know."""
    if level is None or isinstance(level, int):
        return level
    found = standard.getLevelNamesMapping().get(level.strip().upper())
    if found is None:
        standard.getLogger("tracetui").warning(
            "install(level=%r): logging knows no such level; it is left alone", level
        )
    return found


def _spare_basic_config() -> None:
    """Let ``logging.basicConfig`` not see our handler: it does nothing where there is one."""
    configure: Callable[..., None] = standard.basicConfig
    if hasattr(configure, _MARK):
        return

    @wraps(configure)
    def basic_config(**options: object) -> None:
        ours = [handler for handler in standard.root.handlers if isinstance(handler, RootHandler)]
        for handler in ours:
            standard.root.removeHandler(handler)
        try:
            configure(**options)
        finally:
            for handler in ours:
                standard.root.addHandler(handler)

    setattr(basic_config, _MARK, True)
    standard.basicConfig = basic_config


# OpenTelemetry


def _attach_processor(tracer: Tracer) -> None:
    """Add a span processor to OpenTelemetry's SDK where the program has set it up; nothing is imported for this."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None or "opentelemetry.sdk.trace" not in sys.modules:
        return
    try:
        provider = cast(object, api.get_tracer_provider())
        if isinstance(provider, _Provider) and provider not in _provided:
            from tracetui.core.recording.bridges.opentelemetry import SpanProcessor

            provider.add_span_processor(SpanProcessor(tracer))
            _provided.add(provider)
    except Exception:  # a provider of the host's own making
        standard.getLogger("tracetui").warning("spans of OpenTelemetry are not recorded", exc_info=True)

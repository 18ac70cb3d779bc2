"""tracetui: a terminal explorer for the traces that AI agents and workflows leave on disk.

This module holds the public names. Each is looked up when first used, so that importing tracetui, which every recorded
program does, costs next to nothing: nothing but this file is read before a name is asked for.
"""

__version__ = "0.1.0"

# Importing it from typing would cost more than this whole module; type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from tracetui.core.errors import TracetuiError
    from tracetui.core.recording.bridges.logging import LoggingHandler
    from tracetui.core.recording.bridges.opentelemetry import SpanProcessor
    from tracetui.core.recording.installing import install
    from tracetui.core.recording.library import clean, find_run, list_runs
    from tracetui.core.recording.sinks.console import ConsoleSink
    from tracetui.core.recording.sinks.jsonl import JsonlSink
    from tracetui.core.recording.sinks.memory import MemorySink
    from tracetui.core.recording.sinks.sqlite import SqliteSink
    from tracetui.core.recording.tracer import Tracer
    from tracetui.core.redaction import Redactor

__all__ = [
    "ConsoleSink",
    "JsonlSink",
    "LoggingHandler",
    "MemorySink",
    "Redactor",
    "SpanProcessor",
    "SqliteSink",
    "Tracer",
    "TracetuiError",
    "__version__",
    "clean",
    "find_run",
    "install",
    "list_runs",
]

_MODULES = {
    "ConsoleSink": "tracetui.core.recording.sinks.console",
    "JsonlSink": "tracetui.core.recording.sinks.jsonl",
    "LoggingHandler": "tracetui.core.recording.bridges.logging",
    "MemorySink": "tracetui.core.recording.sinks.memory",
    "Redactor": "tracetui.core.redaction",
    "SpanProcessor": "tracetui.core.recording.bridges.opentelemetry",
    "SqliteSink": "tracetui.core.recording.sinks.sqlite",
    "Tracer": "tracetui.core.recording.tracer",
    "TracetuiError": "tracetui.core.errors",
    "clean": "tracetui.core.recording.library",
    "find_run": "tracetui.core.recording.library",
    "install": "tracetui.core.recording.installing",
    "list_runs": "tracetui.core.recording.library",
}
"""Public name -> the module that defines it."""


def __getattr__(name: str) -> object:
    """Import the module behind a public name (PEP 562) and keep the value for the next look-up."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names that were not asked for yet as well."""
    return sorted({*globals(), *__all__})

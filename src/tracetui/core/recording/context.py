"""Which span the running code is in: one context variable, and the rules where it alone would be wrong.

Tasks of asyncio copy the context by themselves. Threads start with an empty one (``Tracer.wrap`` carries it over). A generator
runs in the context of whoever resumes it, so a span that it holds open over a ``yield`` would look current to its consumer:
such a span counts as current only while its generator is on the stack.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.recording.spans import Scope

CURRENT: Final[ContextVar[Scope | None]] = ContextVar("tracetui.current", default=None)
"""The innermost scope (a run or a span) that the running code entered."""

Bridge = Callable[["Scope | None"], "Scope | None"]
_bridge: Bridge | None = None

GENERATOR: Final = 0x20 | 0x200
"""``COGENERATOR | CO_ASYNCGENERATOR``, as module ``inspect`` has them."""
_TRACEPARENT: Final = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
PARENT: Final = "TRACETUI_PARENT"
"""``<run id>`` or ``<run id>-<span id>``: where a child process was started."""


def current() -> Scope | None:
    """The scope that the running code is in, suspended generators left out."""
    scope = going_on(CURRENT.get())
    return scope if _bridge is None else _bridge(scope)


def add_bridge(innermost: Bridge) -> None:
    """Let another library's idea of where the running code is count too: given our scope, it says the innermost of both."""
    global _bridge
    _bridge = innermost


def going_on(scope: Scope | None) -> Scope | None:
    """The scope, or the nearest around it that has not ended and is held open by no suspended generator."""
    while scope is not None and (scope.ended or (scope.frame is not None and not _on_stack(scope.frame))):
        scope = scope.outer
    return scope


def generator_frame(frame: FrameType) -> FrameType | None:
    """The frame, if it is a generator's that may be suspended while its consumer runs.

    Generators behind ``contextlib.contextmanager`` are none: what they open is meant for the block that they surround.
    """
    if not frame.f_code.co_flags & GENERATOR:
        return None
    resumer = frame.f_back
    return None if resumer is not None and resumer.f_globals.get("__name__") == "contextlib" else frame


def _on_stack(wanted: FrameType) -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame is wanted:
            return True
        frame = frame.f_back
    return False


def parent_of_process() -> tuple[str, str]:
    """Run and span inside which this process was started (``""``: unknown), from our own variable, else ``TRACEPARENT``.

    ``TRACEPARENT`` is laid down in the W3C recommendation Trace Context, section "traceparent header".
    """
    own = os.environ.get(PARENT, "")
    run, _, span = own.partition("-")
    if re.fullmatch("[0-9a-f]{32}", run) and (not span or re.fullmatch("[0-9a-f]{16}", span)):
        return run, span
    found = _TRACEPARENT.match(os.environ.get("TRACEPARENT", ""))
    if found is None or not found[1].strip("0") or not found[2].strip("0"):
        return "", ""
    return found[1], found[2]


def child_variables(run: str, span: str) -> dict[str, str]:
    """The variables that tell a child process where it was started."""
    if not span:
        return {PARENT: run}
    return {PARENT: f"{run}-{span}", "TRACEPARENT": f"00-{run}-{span}-01"}

"""Which span the running code is in: one context variable, and the rules where it alone would be wrong.

Tasks of asyncio copy the context by themselves. Threads start with an empty one (``Tracer.wrap`` carries it over). A generator
runs in the context of whoever resumes it, so a span that it holds open over a ``yield`` would look current to its consumer:
such a span counts as current only while its generator is on the stack, and then it does so whatever generators that took turns
with it left behind in the variable.

Before Python 3.12 the garbage collector runs wherever memory is taken, also inside of ``ContextVar.set``, which does not bear
being called again from a finaliser: the process would crash. So nothing becomes current there.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import partial
from threading import local
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.recording.spans import Scope

CURRENT: Final[ContextVar[Scope | None]] = ContextVar("tracetui.current", default=None)
"""The innermost scope (a run or a span) that the running code entered."""


class _Collecting(set[str]):
    """Not empty while the garbage collector is at work, which tells each beginning and end with the same keys."""

    start = property(None, set.update)
    stop = property(None, set.difference_update)

    def __init__(self) -> None:
        self.told = partial(setattr, self)


COLLECTING: Final = _Collecting()
"""Whether the garbage collector is at work, in whichever thread; empty where that does not matter."""
_OF_THREAD: Final = local()
_OF_PROCESS: Final[dict[str, object]] = {}
"""What the collector told last, there of each thread, here of all: where both are the same, it is at work."""
_HELD: Final[dict[FrameType, list[Scope]]] = {}
"""Frame of a generator -> the scopes that it holds open, innermost last."""

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
    known = scope
    while scope is not None and (scope.ended or (scope.frame is not None and not _on_stack(scope.frame))):
        scope = scope.outer
    return scope if not _HELD or (scope is known and known is not None) else _within(scope)


def _within(scope: Scope | None) -> Scope | None:
    """The scope, or one that a generator on the stack holds open, if the scope is not in that one."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        for held in reversed(_HELD.get(frame, ())):
            if held.recording is not None and not held.ended:  # a span that is only about to begin has none
                return scope if _is_in(scope, held) else held
        frame = frame.f_back
    return scope


def _is_in(scope: Scope | None, outer: Scope) -> bool:
    while scope is not None and scope is not outer:
        scope = scope.outer
    return scope is outer


def hold(scope: Scope, frame: FrameType) -> None:
    """Note which generator holds a scope open, if the frame is one's that may be suspended while its consumer runs.

    Generators behind ``contextlib.contextmanager`` are none: what they open is meant for the block that they surround.
    """
    if not frame.f_code.co_flags & GENERATOR:
        return
    resumer = frame.f_back
    if resumer is None or resumer.f_globals.get("__name__") != "contextlib":
        scope.frame = frame
        _HELD.setdefault(frame, []).append(scope)


def let_go(scope: Scope) -> None:
    """No generator holds the scope open any more."""
    frame, scope.frame = scope.frame, None
    held = _HELD.get(frame) if frame is not None else None
    if frame is not None and held is not None:
        if scope in held:
            held.remove(scope)
        if not held:
            _HELD.pop(frame, None)


def make_current(scope: Scope | None) -> Token[Scope | None] | None:
    """Enter a scope; None: that is not possible now, in a finaliser."""
    return None if COLLECTING and is_collecting() else CURRENT.set(scope)


def is_collecting() -> bool:
    """Whether the running code was called by the garbage collector; only known where it matters."""
    return bool(COLLECTING) and getattr(_OF_THREAD, "start", None) is _OF_PROCESS.get("start")


def watch_collector() -> None:
    """Know from now on when the garbage collector is at work."""
    if sys.version_info < (3, 12) and COLLECTING.told not in gc.callbacks:
        # All of them in C: the collector swallows what a signal handler raises in the midst of a callback in Python.
        gc.callbacks[:0] = [COLLECTING.told, partial(setattr, _OF_THREAD), _OF_PROCESS.__setitem__]


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

"""Keeps a recording from recording itself: what sinks and values log or trace while they are recorded is left out.

Without this a sink that logs would be handed its own log, and so on for ever. A signal handler that interrupts a sink is not
part of the recording: what it says is kept.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import ParamSpec

P = ParamSpec("P")


class _Thread(threading.local):
    depth = 0


_HERE = _Thread()


def guarded(function: Callable[P, None], *args: P.args, **options: P.kwargs) -> None:
    """Call a function that records, or hands a record to sinks."""
    _HERE.depth += 1
    try:
        function(*args, **options)
    finally:
        _HERE.depth -= 1


def is_guarded() -> bool:
    """Whether the running code was called by such a function, and did not interrupt it."""
    return bool(_HERE.depth) and not _interrupts()


def _interrupts() -> bool:
    """Whether a signal handler stands between the innermost guarded call and the running code."""
    if threading.current_thread() is not threading.main_thread():
        return False
    handlers = _signal_handlers()
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code is not guarded.__code__:
        if frame.f_code in handlers:
            return True
        frame = frame.f_back
    return False


def _signal_handlers() -> set[CodeType]:
    import signal

    codes = (getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals())
    return {code for code in codes if code is not None}

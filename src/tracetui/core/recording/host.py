"""What the host process does to a recorder: it exits, it forks.

Hooks are registered once, when the first recorder is made, and hold recorders weakly; only a recorder with a run that has not
ended is kept alive, since its end is still to be written.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING
from weakref import WeakSet

from tracetui.core.recording.context import watch_collector

if TYPE_CHECKING:
    from tracetui.core.recording.recorder import Recorder

_ALL: WeakSet[Recorder] = WeakSet()
_WITH_RUNS: set[Recorder] = set()
_hooked = False
_over = False


def add(recorder: Recorder) -> None:
    """Let a recorder hear of forks."""
    global _hooked
    if not _hooked:
        _hooked = True
        watch_collector()
        atexit.register(_at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_in_child)
    _ALL.add(recorder)


def keep(recorder: Recorder) -> None:
    """Keep a recorder until its runs have ended."""
    _WITH_RUNS.add(recorder)


def release(recorder: Recorder) -> None:
    """Its runs have ended."""
    _WITH_RUNS.discard(recorder)


def _at_exit() -> None:
    """End what the program left open: as failed if it ends because of an exception. What was refused is tried once more."""
    global _over
    _over = True
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for recorder in list(_ALL):
        recorder.close(error)


def is_over() -> bool:
    """Whether the process is ending and its runs are being ended: a run begun now would not be ended any more."""
    return _over


def _in_child() -> None:
    for recorder in list(_ALL):
        recorder.after_fork()

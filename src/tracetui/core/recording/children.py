"""Child processes: how what they record comes to be linked to the span that started them.

While a run goes on, ``os.environ`` names it, so every child started by any means knows the run. Where ``subprocess`` starts
one (``asyncio`` does so too), the span is named as well. An environment that the program made itself without our variable is
left alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Final

from tracetui.core.recording.context import PARENT, child_variables, current, parent_of_process

STARTED_IN: Final = parent_of_process()
"""Run and span that this process was started in; read before this process names a run of its own."""
_patched = False


def name_run(run: str) -> None:
    """Tell children of the run that goes on; an empty name: of the one in which this process was started, if any."""
    before = "-".join(part for part in STARTED_IN if part)
    if run or before:
        os.environ[PARENT] = run or before
    else:
        os.environ.pop(PARENT, None)
    if run:
        name_spans()


def name_spans() -> None:
    """Let ``subprocess`` tell children of the span, once that module is there; it is not imported for this."""
    global _patched
    module = sys.modules.get("subprocess")
    popen = getattr(module, "Popen", None)
    if _patched or popen is None:
        return
    _patched = True
    popen.__init__ = _telling(popen.__init__)


def _telling(start: Callable[..., None]) -> Callable[..., None]:
    """``Popen.__init__`` that hands the child the variables of the current scope."""

    @wraps(start)
    def started(self: object, *args: object, **options: object) -> None:
        start(self, *args, **_with_scope(args, options))

    return started


def _with_scope(args: tuple[object, ...], options: dict[str, object]) -> dict[str, object]:
    try:
        scope = current()
        if scope is None or scope.recording is None or len(args) > 1:
            return options
        given = options.get("env")
        if given is None:
            return {**options, "env": scope.environment()}
        if isinstance(given, dict) and PARENT in given:
            return {**options, "env": {**given, **child_variables(scope.recording.info.id, scope.id)}}
    except Exception:  # starting a process is the host's business; a link is not worth hurting it
        return options
    return options

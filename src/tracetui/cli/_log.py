"""Faults of our own while reading, told on standard error: safe, and not more than a few of them."""

from __future__ import annotations

import logging

from tracetui.cli._output import complain

MOST_TOLD = 3
"""Faults told with their tracebacks; the rest are counted among the unreadable records like all others."""


class _Told(logging.Handler):
    """Python would print a traceback as it is, with whatever a file made part of its message."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one."""
        self._told += 1
        if self._told <= MOST_TOLD:
            complain(self.format(record))


def tell_faults() -> None:
    """From now on what tracetui logs goes to standard error through the sanitiser."""
    log = logging.getLogger("tracetui")
    log.propagate = False
    log.handlers = [_Told()]

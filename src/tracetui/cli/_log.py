"""Faults of our own while reading, told on standard error: safe, and not more than a few of them."""

from __future__ import annotations

import logging

import click

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
    """Until the command ends what tracetui logs goes to standard error through the sanitiser, and nowhere else."""
    log = logging.getLogger("tracetui")
    before = log.propagate, log.handlers

    def put_back() -> None:  # whoever calls a command from a program of their own has a logging of their own
        log.propagate, log.handlers = before

    click.get_current_context().call_on_close(put_back)
    log.propagate = False
    log.handlers = [_Told()]

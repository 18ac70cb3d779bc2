"""``-`` among the paths of a command: standard input, kept in a private file until the command ends."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

import click

from tracetui.core.sources._base import STDIN_WORD

if TYPE_CHECKING:
    from tracetui.core.sources.stdin import Spool


def is_asked_for(paths: Sequence[str]) -> bool:
    """Whether standard input is among the paths."""
    return STDIN_WORD in paths


def spooled() -> Spool:
    """Standard input, being copied to a private file. Raises UsageError where nothing can come through it."""
    from tracetui.core.sources.stdin import Spool

    descriptor = _descriptor()
    if os.isatty(descriptor):
        raise click.UsageError("- is standard input, which is this terminal; pipe a recording into it: … | tracetui -")
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise click.UsageError("- is standard input, which is a folder; name the folder instead")
    _end_in_order()
    try:
        spool = Spool(os.dup(descriptor))
    except OSError as error:
        raise click.UsageError(f"standard input cannot be kept in {error.filename!r}: {error.strerror}") from error
    click.get_current_context().call_on_close(spool.close)
    return spool


def replaced(paths: Sequence[str], spool: Spool | None) -> list[str]:
    """The paths, with the spool's file in the place of ``-``."""
    return [spool.path if path == STDIN_WORD and spool is not None else path for path in paths]


def take_terminal_for_keys() -> bool:
    """Make the terminal this process's standard input, which was spooled; whether there is one."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    os.dup2(terminal, 0)
    os.close(terminal)
    return True


def has_terminal() -> bool:
    """Whether this process has a terminal, whatever its standard input is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _descriptor() -> int:
    try:
        descriptor = sys.stdin.fileno() if sys.stdin is not None else -1
        os.fstat(descriptor)
    except (OSError, ValueError) as error:
        raise click.UsageError("- is standard input, which is closed") from error
    return descriptor


def _end_in_order() -> None:
    """End by these signals as by any other reason, so that what is private is removed."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not where it is ignored, as under nohup
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)

"""What tells that something in a database changed, without the library that reads one."""

# Names as the system gives them: no Path objects in here.
# ruff: noqa: PTH116

from __future__ import annotations

import os


def signature_of(path: str) -> tuple[int, ...]:
    """What tells that something in a database changed: sizes and times of it, its log and its journal. Raises OSError."""
    status = os.stat(path)
    marks = [status.st_ino, status.st_size, status.st_mtime_ns]
    for suffix in ("-wal", "-journal"):
        try:
            beside = os.stat(path + suffix)
        except OSError:
            marks += [-1, -1]
        else:
            marks += [beside.st_size, beside.st_mtime_ns]
    return tuple(marks)

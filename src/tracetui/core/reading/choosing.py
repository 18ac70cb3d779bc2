"""Whether there is so much to read that another process should do it: a look at sizes that takes a few milliseconds.

Reading in the process of the screen costs nothing to start but lets keys wait: the parsers hold the interpreter for whole
blocks. So what is small is read in a thread, and what is large, or many, by a process of its own.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH116

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from typing import Final

from tracetui.core.discovery import SKIPPED
from tracetui.core.sources.gzip import SUFFIX

MUCH_BYTES: Final = 8_000_000
"""From so many bytes on: some 80 ms of reading."""
MANY_FILES: Final = 400
ENTRIES: Final = 4_000
"""Entries looked at, about 10 ms; who has more of them may have anything."""
UNPACKED: Final = 8
"""How much more a compressed file holds than it takes, about."""


def is_much(paths: Sequence[str]) -> bool:
    """Whether what lies at these paths should be read by a process of its own. Never raises."""
    size = files = 0
    for number, found in enumerate(_sizes(paths)):
        size += found or 0
        files += found is not None
        if size >= MUCH_BYTES or files >= MANY_FILES or number >= ENTRIES:
            return True
    return False


def _sizes(paths: Sequence[str]) -> Iterator[int | None]:
    """Bytes of each file, None for all else, the widest first: folders wait until the files beside them were seen."""
    folders: list[str] = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            folders.append(path)
        elif stat.S_ISREG(status.st_mode):
            yield _size(path, status.st_size)
    for folder in folders:  # grows on the way
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield _look(entry, folders)
        except OSError:
            continue


def _look(entry: os.DirEntry[str], folders: list[str]) -> int | None:
    try:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED:
                folders.append(entry.path)
            return None
        return _size(entry.name, entry.stat().st_size) if entry.is_file() else None
    except OSError:
        return None


def _size(name: str, size: int) -> int:
    return size * UNPACKED if name.lower().endswith(SUFFIX) else size

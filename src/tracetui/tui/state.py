"""What the screen remembers from one start to the next: bookmarks, views, what was typed. Small JSON files of the user's own.

They lie in `clipboard.state_folder()`, readable by their owner only, never in a traces folder. What they hold is kept for
convenience alone: a file that is damaged, too large or not ours is as good as none, and one that cannot be written is said
and forgotten. Nothing read here may be trusted: another version, another user's root shell or a hand wrote it.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 4 << 20
"""A file of more bytes is neither read nor written: what is remembered is bounded by those who remember it."""


@dataclass(frozen=True, slots=True)
class State:
    """The remembered values, by name. Both methods touch the disk: call them in a thread, or when nothing is shown.

    Attributes:
        folder: Where the files lie; None: nothing is remembered (`--no-state`).
    """

    folder: Path | None = None

    def read(self, name: str) -> object | None:
        """The JSON value kept as `name`; None where there is none, or none that can be read.

        Args:
            name: A word of ours, which becomes the file's name.
        """
        if self.folder is None:
            return None
        path = _path(self.folder, name)
        try:
            # Never waits: what lies there could be a pipe.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES or found.st_uid != os.getuid():
                    return None
                return _value_of(file.read(MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, name: str, value: object) -> str:
        """Keep a JSON value as `name` in the place of what was kept; returns what went wrong, empty if nothing did.

        Whole or not at all: a process that dies in between, or two (or two threads) that write at once, leave one of the
        values.
        """
        if self.folder is None:
            return ""
        data = _data_of(value)
        if len(data) > MOST_BYTES:
            return f"{name}: too much to be remembered"
        path = _path(self.folder, name)
        draft = self.folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(data)
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            return f"{path}: {error.strerror or error}"
        return ""


def _value_of(data: bytes) -> object:
    import orjson

    try:
        return orjson.loads(data)
    except ValueError:
        return json.loads(data)  # names of files that are no UTF-8


def _data_of(value: object) -> bytes:
    import orjson

    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a name of a file that is no UTF-8, as the system gives it to us
        return json.dumps(value, indent=2).encode("ascii")


def _path(folder: Path, name: str) -> Path:
    if not name.isidentifier():
        raise ValueError(name)
    return folder / f"{name}.json"

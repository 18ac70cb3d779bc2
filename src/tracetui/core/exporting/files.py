"""Where an export goes: a file that is there whole or not at all, for its owner only; and what such a file is called."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tracetui.core.errors import TracetuiError

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_CHARACTERS: Final = 60
_ID_CHARACTERS: Final = 8
_BUFFER: Final = 1 << 20


class NotWritten(TracetuiError):
    """The file of an export could not be written."""


def default_name(name: str, id: str, suffix: str) -> str:
    """What the file of a run is called: its name and the beginning of its id, in letters that any file system takes."""
    parts = [_UNSAFE.sub("-", part).strip("-.") for part in (name[:_NAME_CHARACTERS], id[:_ID_CHARACTERS])]
    return ("-".join(part for part in dict.fromkeys(parts) if part) or "run") + suffix


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[Callable[[str], object]]:
    """Write a file under a temporary name beside it, mode 0600; it gets its own name when all is written.

    Raises:
        NotWritten: it is there already and ``force`` is not given, or the system refuses.
    """
    if not force and os.path.lexists(path):
        raise _is_there(path)
    temporary = path.with_name(f".{path.name[:_NAME_CHARACTERS]}.{secrets.token_hex(6)}.part")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except (OSError, ValueError) as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(fd, "w", encoding="utf-8", newline="", buffering=_BUFFER) as file:
            yield file.write
        _rename(temporary, path, force=force)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path, *, force: bool) -> None:
    if force:
        temporary.replace(path)
        return
    try:
        path.hardlink_to(temporary)  # unlike a rename it never replaces what came meanwhile
    except FileExistsError as error:
        raise _is_there(path) from error
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise _is_there(path) from None
        temporary.replace(path)


def _is_there(path: Path) -> NotWritten:
    return NotWritten(f"{str(path)!r} is there already; name another file with -o, or replace it with --force")


def _refused(path: Path, error: Exception) -> NotWritten:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return NotWritten(f"cannot write {str(path)!r}: {reason}")

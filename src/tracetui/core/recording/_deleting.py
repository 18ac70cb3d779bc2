"""Deleting a file for good without being led astray: no link is followed, and only the very file that was looked at goes."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracetui.core.batch import SeenFile

_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something stays."""

    why: str
    """In a word, for counting and for scripts: a key of `tracetui.core.recording.cleaning.WHYS`."""
    text: str
    """In words. Names of files in it are ASCII."""


class Refused(Exception):
    """The file is not to be deleted, or cannot be."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.reason = Reason(why, text)


@dataclass(frozen=True, slots=True)
class Target:
    """A file to be deleted: below which named path it was found, and what it was when it was looked at."""

    root: str
    file: SeenFile


def target_of(file: SeenFile, roots: Sequence[str]) -> Target:
    """The file below the closest of the paths that were named. ``roots`` are absolute."""
    fitting = [root for root in roots if file.path == root or file.path.startswith(root.rstrip("/") + "/")]
    if not fitting:
        raise Refused("outside", "outside the paths that were named")
    return Target(max(fitting, key=len), file)


def check(target: Target) -> None:
    """Raise Refused if the file could not be deleted now, or is not to be."""
    with _folder_of(target) as folder, _unwritten(target, folder):
        _check(target, folder)
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=os.access in os.supports_effective_ids):
            raise Refused("denied", "its folder cannot be written to")


def delete(target: Target) -> None:
    """Delete the file, right after a last look at it. Raises Refused."""
    with _folder_of(target) as folder, _unwritten(target, folder):
        _check(target, folder)
        try:
            os.unlink(os.path.basename(target.file.path), dir_fd=folder)  # noqa: PTH119  relative to a descriptor
        except OSError as error:
            raise Refused("denied", f"it cannot be deleted: {error.strerror}") from error


@contextmanager
def _unwritten(target: Target, folder: int) -> Iterator[None]:
    """Raise Refused while any program has the file open to write; hold off those that would open it meanwhile.

    A lease to read is given only where nobody writes, which covers writers that no recording names. Whoever wants to write
    then waits until it is given back, which is told by a signal: one that nothing happens by. Only Linux has leases, and
    only for one's own files on disks of its own; elsewhere the other looks at the file have to do.
    """
    try:
        descriptor = os.open(os.path.basename(target.file.path), _FILE, dir_fd=folder)  # noqa: PTH119  as above
    except OSError:  # what it is instead is told by who looks at it next
        yield
        return
    try:
        if hasattr(fcntl, "F_SETLEASE"):
            try:
                fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            except BlockingIOError as error:
                raise Refused("writer", "a program has it open to write") from error
            except OSError:
                pass
        yield
    finally:
        os.close(descriptor)


def _check(target: Target, folder: int) -> None:
    file = target.file
    try:
        status = os.stat(Path(file.path).name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        raise Refused("changed", f"changed since it was looked at: {error.strerror}") from error
    if stat.S_ISLNK(status.st_mode):
        raise Refused("link", "reached through a link")
    found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if found != (file.device, file.inode, file.size, file.mtime_ns) or not stat.S_ISREG(status.st_mode):
        raise Refused("changed", "changed since it was looked at")


@contextmanager
def _folder_of(target: Target) -> Iterator[int]:
    """The file's folder, opened step by step from above the path that was named, so that no step is a link."""
    root = Path(target.root)
    steps = [*root.parts[-1:], *Path(target.file.path).relative_to(root).parts][:-1]
    folder = _open(os.path.realpath(root.parent), None)
    try:
        for step in steps if root != root.parent else steps[1:]:
            inner = _open(step, folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _open(name: str, folder: int | None) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except OSError as error:
        try:
            is_link = stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        except OSError:
            is_link = False
        if is_link:
            raise Refused("link", "reached through a link") from error
        raise Refused("changed", f"changed since it was looked at: {error.strerror}") from error

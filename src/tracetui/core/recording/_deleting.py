"""Deleting a file for good without being led astray: no link is followed, and only the very file that was looked at goes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracetui.core.batch import SeenFile

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Refused(Exception):
    """The file is not to be deleted, or cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file to be deleted: below which named path it was found, and what it was when it was looked at."""

    root: str
    file: SeenFile


def target_of(file: SeenFile, roots: Sequence[str]) -> Target:
    """The file below the closest of the paths that were named. ``roots`` are absolute."""
    fitting = [root for root in roots if file.path == root or file.path.startswith(root.rstrip("/") + "/")]
    if not fitting:
        raise Refused("outside the paths that were named")
    return Target(max(fitting, key=len), file)


def check(target: Target) -> None:
    """Raise Refused if the file could not be deleted now, or is not to be."""
    with _folder_of(target) as folder:
        _check(target, folder)
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=os.access in os.supports_effective_ids):
            raise Refused("its folder cannot be written to")


def delete(target: Target) -> None:
    """Delete the file, right after a last look at it. Raises Refused."""
    with _folder_of(target) as folder:
        _check(target, folder)
        try:
            os.unlink(os.path.basename(target.file.path), dir_fd=folder)  # noqa: PTH119  relative to a descriptor
        except OSError as error:
            raise Refused(f"it cannot be deleted: {error.strerror}") from error


def _check(target: Target, folder: int) -> None:
    file = target.file
    try:
        status = os.stat(Path(file.path).name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        raise Refused(f"changed since it was looked at: {error.strerror}") from error
    if stat.S_ISLNK(status.st_mode):
        raise Refused("reached through a link")
    found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if found != (file.device, file.inode, file.size, file.mtime_ns) or not stat.S_ISREG(status.st_mode):
        raise Refused("changed since it was looked at")


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
        raise Refused(
            "reached through a link" if is_link else f"changed since it was looked at: {error.strerror}"
        ) from error

"""Where sinks put their files: folders and files that nobody else can read, and never through somebody's link."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, mode 0700 each, whatever the umask.

    Raises OSError, for one that somebody else made a link of too.
    """
    if folder.is_dir():
        status = folder.lstat()
        if stat.S_ISLNK(status.st_mode) and hasattr(os, "geteuid") and status.st_uid not in (0, os.geteuid()):
            raise OSError(None, "a link of another user", str(folder))
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise


def make_file(path: Path, mode: int = 0o600) -> tuple[int, int]:
    """Make an empty file unless it is there; device and inode of what is. Raises OSError, for a link too.

    What is there is not opened: closing it again would give up all locks that this process has on it.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, mode)
        except FileExistsError:  # another process was faster
            status = path.lstat()
        else:
            status = os.fstat(descriptor)
            os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(None, "not a regular file", str(path))
    return status.st_dev, status.st_ino

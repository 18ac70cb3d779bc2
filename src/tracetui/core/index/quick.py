"""The first look at an index: whether everything under the paths is as it was, and the figures of all runs if so.

What came, went or changed its name changed the time of its folder; what changed in a file changed the file's times and size.
So each folder and each file is asked for these once, and nothing is listed or opened.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH116, RUF100

from __future__ import annotations

import os

from tracetui.core.index.layout import NotAnIndex, Sections
from tracetui.core.index.places import index_path, reader, roots
from tracetui.core.sources.marks import signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_MARKED = 2
"""Where a file's state has what tells of a database."""


def open_sections(paths: Sequence[str]) -> tuple[str, Sections] | None:
    """The index of these paths and where it is; None: there is none. Whether it still holds is not looked at.

    Raises NotAnIndex for one that is of no use, OSError for one that cannot be read.
    """
    path = index_path(paths)
    if path is None:
        return None
    try:
        sections = Sections(path)
    except FileNotFoundError:
        return None
    if sections.value("of") != (reader(), roots(paths)):
        raise NotAnIndex("of another version or other paths")
    return path, sections


def is_unchanged(sections: Sections) -> bool:
    """Whether everything is as it was, as far as that can be told without listing folders; False: look closer."""
    folders, files = sections.value("folders"), sections.value("files")
    if not isinstance(folders, list) or not isinstance(files, list):
        return False
    try:
        for path, device, inode, mtime_ns in folders:
            status = os.stat(path)
            if (status.st_dev, status.st_ino, status.st_mtime_ns) != (device, inode, mtime_ns):
                return False
        for state in files:
            status = os.stat(state[0])
            now = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if state[1] != now or (state[_MARKED] and state[_MARKED] != signature_of(state[0])):
                return False
    except OSError:
        return False
    return True


def figures(paths: Sequence[str]) -> list[dict[str, Any]] | None:
    """What all runs come to, where nothing has changed since they were read; None: read them.

    A dictionary a run, with what is recorded of it and its sums, by the names of ``core.store.Run``'s fields; a field that is
    not there has nothing in it. Texts are untrusted. Raises nothing for a damaged index: it is as good as none.
    """
    try:
        found = open_sections(paths)
        if found is None or not is_unchanged(found[1]):
            return None
        runs = found[1].value("runs")
    except (NotAnIndex, OSError):
        return None
    return runs if isinstance(runs, list) else None

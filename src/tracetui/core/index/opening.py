"""Opening what an earlier reading left: the store at once, and what its reader would say if nothing has changed since."""

# Names as the system gives them, and few imports: this is the whole way of a second open.

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from tracetui.core.index.layout import NotAnIndex, Sections
from tracetui.core.index.places import discard, index_path
from tracetui.core.reading.memory import FileState

if TYPE_CHECKING:
    from tracetui.core.store import Store

_log = logging.getLogger("tracetui")


@dataclass(slots=True, frozen=True)
class Index:
    """An index that was found for some paths."""

    sections: Sections
    files: list[FileState]
    path: str

    def store(self) -> Store:
        """What was read, its columns mapped. Raises NotAnIndex."""
        from tracetui.core.index.packing import unpacked_store

        return unpacked_store(self.sections)


def open_index(paths: Sequence[str]) -> Index | None:
    """What an earlier reading of these paths left; None: nothing that can be used. Whether it still holds is not looked at."""
    path = index_path(paths)
    if path is None:
        return None
    try:
        sections = Sections(path)
        files = [_state(row) for row in cast("list[list[Any]]", sections.value("files"))]
        os.utime(path)  # the ones used longest ago are deleted first
    except FileNotFoundError:
        return None
    except (NotAnIndex, OSError, TypeError, ValueError) as error:
        _log.warning("index not used: %s", error)
        discard(path)
        return None
    return Index(sections, files, path)


_TUPLES: Final = tuple(
    at for at, name in enumerate(FileState.__slots__) if name in ("status", "marks", "also", "tables", "looked")
)


def _state(row: list[Any]) -> FileState:
    for at in _TUPLES:
        row[at] = tuple(row[at])
    return FileState(*row)

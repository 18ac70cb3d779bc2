"""Opening what an earlier reading left: the store at once, and what its reader would say if nothing has changed since."""

# Names as the system gives them: no Path objects in here.

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tracetui.core.index.layout import NotAnIndex, Sections
from tracetui.core.index.places import discard, index_path
from tracetui.core.index.quick import is_unchanged, open_sections
from tracetui.core.reading.memory import FileState
from tracetui.core.reading.still import StillReader, still_reader

if TYPE_CHECKING:
    from tracetui.core.store import Store

_log = logging.getLogger("tracetui")


@dataclass(slots=True, frozen=True)
class Index:
    """An index that was found for some paths."""

    sections: Sections
    files: list[FileState]

    def store(self) -> Store:
        """What was read, its columns mapped. Raises NotAnIndex."""
        from tracetui.core.index.packing import unpacked_store

        return unpacked_store(self.sections)

    @property
    def is_unchanged(self) -> bool:
        """Whether everything is as it was, as far as a quick look tells."""
        return is_unchanged(self.sections)

    def reader(self, paths: Sequence[str]) -> StillReader | None:
        """A reader for files that are all as they were; None: some are not."""
        if self.is_unchanged:
            troubles, oddities = cast("tuple[dict[str, str], dict[str, str]]", self.sections.value("beside"))
            return StillReader(paths, self.files, troubles, oddities)
        return still_reader(paths, self.files)


def open_index(paths: Sequence[str]) -> Index | None:
    """What an earlier reading of these paths left; None: nothing that can be used. Whether it still holds is not looked at."""
    try:
        found = open_sections(paths)
        if found is None:
            return None
        path, sections = found
        files = [FileState(*row) for row in cast("list[tuple[Any, ...]]", sections.value("files"))]
        os.utime(path)  # noqa: PTH124, RUF100 - the ones used longest ago are deleted first
    except (NotAnIndex, OSError, TypeError) as error:
        _log.debug("index not used: %s", error)  # it is made again, and nobody has to do anything
        useless = index_path(paths)
        if useless is not None and not isinstance(error, OSError):
            discard(useless)
        return None
    return Index(sections, files)

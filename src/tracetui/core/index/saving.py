"""Leaving what was read to the next reading."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tracetui.core.index.places import discard, index_path, reader, roots, sweep
from tracetui.core.reading.memory import UNKNOWN, grouped

if TYPE_CHECKING:
    from tracetui.core.reading.memory import FileState, ReadingState
    from tracetui.core.store import Store

LEAST_BYTES: Final = 8_388_608
LEAST_FILES: Final = 200
"""What is less than both is read again as quickly as an index is opened."""
MOST_DEAD: Final = 4
"""With one stretch of records in so many taken back, the index is given up, and the next reading begins anew."""

_log = logging.getLogger("tracetui")


def is_worth_it(bytes_read: int, files: int) -> bool:
    """Whether reading so much anew would be felt."""
    return bytes_read >= LEAST_BYTES or files >= LEAST_FILES


def save_index(paths: Sequence[str], store: Store, reading: ReadingState) -> bool:
    """Write the index of what was read under ``paths``. Never raises for want of a place; says whether it was written."""
    path = index_path(paths)
    if path is None:
        return False
    if _is_spent(store):
        discard(path)
        return False
    from tracetui.core.index.layout import write
    from tracetui.core.index.packing import packed_store

    values, columns = packed_store(store)
    values["of"] = (reader(), roots(paths))
    values["files"] = [state.row for state in grouped(_folded(reading.files, store), store._source_runs)]
    values["folders"] = reading.folders
    values["beside"] = (reading.troubles, reading.oddities)
    try:
        write(path, values, columns)
    except (OSError, ValueError) as error:
        _log.warning("index not written: %s", error)
        return False
    sweep(os.path.dirname(path), path)  # noqa: PTH120
    return True


def _folded(files: list[FileState], store: Store) -> list[FileState]:
    """The same files; one of which the store was told less (or more) than the reader has read is to be read again."""
    checked = []
    for state in files:
        complete, _, growth = store._source_states.get(state.source, (False, False, None))
        told = growth is not None and (growth.size, growth.mtime_ns) == (state.status[2], state.mtime_ns)
        is_read = state.stage in ("claimed", "aside")
        checked.append(state if not is_read or (complete and told) else replace(state, status=UNKNOWN))
    return checked


def _is_spent(store: Store) -> bool:
    """Whether much of it is rows that were taken back: they would be carried on for ever."""
    return sum(store.segments.dead) * MOST_DEAD > len(store.segments) > 0

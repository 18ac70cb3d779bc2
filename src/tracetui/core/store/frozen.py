"""A copy of a store that stays as it is, for work in another thread while the store itself goes on growing.

A thread may make it where nothing is folded into the store meanwhile. Columns are copied a piece at a time, so that other
threads run in between. Row numbers mean the same in both.
"""

from __future__ import annotations

from array import array
from copy import copy
from dataclasses import fields
from typing import Any, Final

from tracetui.core.store.runs import Run
from tracetui.core.store.store import Store

_TABLES: Final = ("spans", "records", "events", "segments", "usage", "bad")
_PIECE: Final = 1 << 21
"""Bytes of a column that are copied without letting another thread run."""
_FIELDS: Final = tuple(field.name for field in fields(Run))
_HELD: Final = ("sources", "meta", "notes", "repairs", "links", "type_counts", "costs", "known", "models", "failed")
"""Lists and dictionaries of a run, empty in most."""


def frozen(store: Store) -> Store:
    """A copy of a store. Nothing may be folded into it, and no span be looked for in it by its key."""
    made = Store()
    made.epoch = store.epoch
    made.kept = store.kept
    made.generations = dict(store.generations)
    made.strings.restore(store.strings.texts())  # only ever added to
    for name in _TABLES:
        _copy_table(getattr(store, name), getattr(made, name))
    made.runs += [_run(run) for run in store.runs]
    return made


def _copy_table(table: object, made: object) -> None:
    for name in type(table).__slots__:  # type: ignore[attr-defined]  # every table has them
        value: Any = getattr(table, name)
        if isinstance(value, memoryview | array):  # a window is one on a mapped file
            setattr(made, name, _copied(value))
        elif isinstance(value, dict):
            setattr(made, name, dict(value))


def _copied(column: Any) -> array[Any]:
    held: array[Any] = array(column.format if isinstance(column, memoryview) else column.typecode)
    with memoryview(column).cast("B") as window:
        for begin in range(0, len(window), _PIECE):
            held.frombytes(window[begin : begin + _PIECE])
    return held


def _run(run: Run) -> Run:
    """A run of its own: what is in it is replaced or added to as it grows."""
    made: Run = object.__new__(Run)
    for name in _FIELDS:
        setattr(made, name, getattr(run, name))
    for name in _HELD:
        value = getattr(run, name)
        if value:
            setattr(made, name, value[:] if isinstance(value, list | array) else value.copy())
    made.kind_counts, made.class_counts = run.kind_counts[:], run.class_counts[:]
    made.usage = copy(run.usage)
    return made

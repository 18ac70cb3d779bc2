"""A copy of a store that stays as it is, for work in another thread while the store itself goes on growing.

The columns are copied as they are, one after another, so that whoever makes the copy can do something else in between; if
the store's ``epoch`` is another one at the end, the copy is worth nothing. Row numbers mean the same in both.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterator
from copy import copy
from dataclasses import fields
from typing import Any

from tracetui.core.store.runs import Run
from tracetui.core.store.store import Store

_TABLES = ("spans", "records", "events", "segments", "usage", "bad")
_RUNS_AT_ONCE = 100
_FIELDS = tuple(field.name for field in fields(Run))
_HELD = ("sources", "meta", "notes", "repairs", "links", "type_counts", "costs", "known", "models", "failed")
"""Lists and dictionaries of a run, empty in most."""


def freezing(store: Store) -> Generator[None, None, Store]:
    """Copy a store in small steps (a column, some runs); the value it returns at the end is the copy.

    Nothing may be folded into the copy, and no span be looked for in it by its key.
    """
    made = Store()
    made.epoch = store.epoch
    made.kept = store.kept
    made.generations = dict(store.generations)
    made.strings.restore(store.strings.texts())  # only ever added to
    for name in _TABLES:
        yield from _table(getattr(store, name), getattr(made, name))
    for first in range(0, len(store.runs), _RUNS_AT_ONCE):
        yield
        made.runs += [_run(run) for run in store.runs[first : first + _RUNS_AT_ONCE]]
    return made


def _table(table: object, made: object) -> Iterator[None]:
    for name in type(table).__slots__:  # type: ignore[attr-defined]  # every table has them
        value: Any = getattr(table, name)
        if isinstance(value, memoryview):  # of a mapped file
            held = array(value.format)
            held.frombytes(value)
            setattr(made, name, held)
        elif isinstance(value, array):
            setattr(made, name, value[:])
        elif isinstance(value, dict):
            setattr(made, name, dict(value))
        else:
            continue
        yield


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

"""A store as values and columns, and back. Every piece of its state is named here; a test compares with what a store has.

What only folding needs (ranks, which source told what) is taken up when something is folded in: a finished recording that is
looked at never asks for it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, cast

from tracetui.core.batch import Growth
from tracetui.core.index.layout import NotAnIndex, Sections
from tracetui.core.model import Clock, Status, Usage
from tracetui.core.operations import Link
from tracetui.core.store.runs import Run
from tracetui.core.store.store import Store

if TYPE_CHECKING:
    from tracetui.core.index.layout import Column
    from tracetui.core.store.columns import _Table

TABLES: Final = ("spans", "records", "events", "segments", "usage", "bad")
"""Attributes of a store that are tables of columns."""
LOOKING: Final = ("epoch", "runs", "strings", "index", "generations", "_run_rows", "_source_runs", "kept")
"""What else is needed to look at it."""
FOLDING: Final = (
    *("_complete_sources", "_gone_sources", "_source_states", "_ranks", "_asides", "_told_aside"),
    *("retelling", "retold"),
)
"""What only folding needs."""
PASSING: Final = (
    *(
        "_change",
        "_batch",
        "_segment_run",
        "_segment_base",
        "_record_row",
        "_record_free",
        "_run",
        "_run_key",
        "_folds",
    ),
    "_melt",
)
"""What holds during one fold, or for this process."""


def packed_store(store: Store) -> tuple[dict[str, object], dict[str, Column]]:
    """The values and columns of a store, and the figures of its runs that take long to make."""
    from tracetui.core.kept import kept_figures

    kept = store.kept = kept_figures(store)
    columns: dict[str, Column] = {}
    for table in TABLES:
        for name, column in _columns(getattr(store, table)).items():
            columns[f"{table}.{name}"] = column
    sealed = []
    for name, index in (("index", store.index), ("usage.index", store.usage._index)):
        columns[f"{name}.slots"], bits, count = index.sealed()
        sealed.append((bits, count))
    looking = {
        "epoch": store.epoch,
        "sealed": sealed,
        "big": store.usage._big,
        "generations": store.generations,
        "run_rows": store._run_rows,
        "source_runs": store._source_runs,
        "kept": (kept.repairs, kept.causes, kept.totals, kept.costs),
    }
    values: dict[str, object] = {
        "store": looking,
        "runs": [_packed_run(run) for run in store.runs],
        "strings": store.strings.texts(),
        "folding": {name: getattr(store, name) for name in FOLDING} | {"_source_states": _packed_states(store)},
    }
    return values, columns


def unpacked_store(sections: Sections) -> Store:
    """The store that was packed, its columns mapped. Raises NotAnIndex."""
    store = Store()
    try:
        _fill(store, sections)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise NotAnIndex(f"does not fit: {error}") from error
    return store


def _fill(store: Store, sections: Sections) -> None:
    from tracetui.core.store.kept import Kept

    for table in TABLES:
        held = getattr(store, table)
        for name in _columns(held):
            setattr(held, name, sections.column(f"{table}.{name}"))
    said = cast("dict[str, Any]", sections.value("store"))
    for (bits, count), index, keys, name in zip(
        said["sealed"],
        (store.index, store.usage._index),
        (store.spans.key, store.usage.span),
        ("index", "usage.index"),
        strict=True,
    ):
        index.restore(keys, cast("array[int]", sections.column(f"{name}.slots")), bits, count)
    store.usage._big = said["big"]
    store.epoch = said["epoch"]
    store.generations = said["generations"]
    store._run_rows = said["run_rows"]
    store._source_runs = said["source_runs"]
    store.kept = Kept(*said["kept"])
    store.runs = [_unpacked_run(run) for run in cast("list[dict[str, Any]]", sections.value("runs"))]
    store.strings.restore(cast("list[str]", sections.value("strings")))
    store.freeze(lambda: _melt(store, sections))


def _melt(store: Store, sections: Sections) -> None:
    """Make everything able to grow: something is about to be folded in."""
    for table in TABLES:
        held = getattr(store, table)
        for name, column in _columns(held).items():
            setattr(held, name, _grown(column))
    for index, keys in ((store.index, store.spans.key), (store.usage._index, store.usage.span)):
        index.rest_on(keys, _grown(index.sealed()[0]))
    store.strings.melt()
    said = cast("dict[str, Any]", sections.value("folding"))
    for name in FOLDING:
        setattr(store, name, said[name])
    store._source_states = {
        source: (complete, gone, None if growth is None else Growth(*growth))
        for source, (complete, gone, growth) in said["_source_states"].items()
    }


def _packed_states(store: Store) -> dict[int, tuple[bool, bool, tuple[object, ...] | None]]:
    return {
        source: (complete, gone, None if growth is None else (growth.size, growth.mtime_ns, None, growth.ended))
        for source, (complete, gone, growth) in store._source_states.items()
    }


def _columns(table: _Table) -> dict[str, Any]:
    found = {name: getattr(table, name) for name in type(table).__slots__}
    return {name: column for name, column in found.items() if isinstance(column, array | memoryview)}


def _grown(column: array[int] | memoryview) -> array[int]:
    if isinstance(column, array):
        return column
    grown = array(column.format)
    grown.frombytes(column.cast("B"))
    return grown


# -- runs --------------------------------------------------------------------------------------------------------------


def _same(value: Any) -> Any:
    return value


def _nothing(_value: Any) -> None:
    return None


_USAGE: Final = tuple(field.name for field in fields(Usage))
_PACKS: Final[dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "recorded_status": (int, Status),
    "clock": (str, Clock),
    "links": (
        lambda links: [(link.run, link.kind, link.other, link.span, link.by_name) for link in links],
        lambda links: [Link(*link) for link in links],
    ),
    "usage": (
        lambda usage: tuple(getattr(usage, name) for name in _USAGE),
        lambda usage: Usage(*usage),
    ),
    "failed": (list, lambda rows: array("I", rows)),
    "grew_at_ns": (_nothing, _same),  # seen by the process that read it
}
"""How the fields of a run that are no plain values are written and read."""

_BLANK: Final = Run(-1, "", "")
_FIELDS: Final = tuple(field.name for field in fields(Run) if field.name != "epoch")  # epochs begin anew


def _packed_run(run: Run) -> dict[str, Any]:
    packed = {"row": run.row, "key": run.key, "format": run.format}
    for name in _FIELDS:
        value = getattr(run, name)
        if value != getattr(_BLANK, name):
            packed[name] = _PACKS[name][0](value) if name in _PACKS else value
    return packed


def _unpacked_run(packed: dict[str, Any]) -> Run:
    for name in _PACKS.keys() & packed.keys():
        packed[name] = _PACKS[name][1](packed[name])
    return Run(**packed)

"""A store as values and columns, and back. Every piece of its state is named here; a test compares with what a store has.

What only folding needs (ranks, which source told what) is parsed when something is folded in: a finished recording that is
looked at never asks for it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from tracetui.core.batch import Growth
from tracetui.core.index.layout import Column, NotAnIndex, Sections
from tracetui.core.model import Clock, Status, Usage
from tracetui.core.operations import Link
from tracetui.core.store.runs import Run
from tracetui.core.store.store import Store

if TYPE_CHECKING:
    from tracetui.core.store.columns import _Table

TABLES: Final = ("spans", "records", "events", "segments", "usage", "bad")
"""Attributes of a store that are tables of columns."""
INDEXES: Final = ("index", "usage._index")
"""Its indexes from keys to rows."""
OTHERS: Final = ("epoch", "runs", "strings", "generations", "_run_rows", "_source_runs")
"""What else is needed to look at it."""
FOLDING: Final = (
    *("_complete_sources", "_gone_sources", "_source_states", "_mtimes", "_ranks", "_asides", "_told_aside"),
    "retelling",
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
    """The values and columns of a store."""
    columns: dict[str, Column] = {}
    for table in TABLES:
        for name, column in _columns(getattr(store, table)).items():
            columns[f"{table}.{name}"] = column
    sealed = []
    for name, index in (("index", store.index), ("usage._index", store.usage._index)):
        slots, bits, count = index.sealed()
        columns[f"{name}.slots"] = slots
        sealed.append([bits, count])
    values: dict[str, object] = {
        "store": {
            "epoch": store.epoch,
            "sealed": sealed,
            "big": [[row, name, figure] for (row, name), figure in store.usage._big.items()],
            "generations": list(store.generations.items()),
            "run_rows": [[*key, row] for key, row in store._run_rows.items()],
            "source_runs": [[source, sorted(rows)] for source, rows in store._source_runs.items()],
        },
        "runs": [_packed_run(run) for run in store.runs],
        "strings": store.strings.texts(),
        "folding": _packed_folding(store),
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
    for table in TABLES:
        held = getattr(store, table)
        for name in _columns(held):
            setattr(held, name, sections.column(f"{table}.{name}"))
    said = cast("dict[str, Any]", sections.value("store"))
    for (bits, count), index, keys, name in zip(
        said["sealed"], (store.index, store.usage._index), (store.spans.key, store.usage.span), INDEXES, strict=True
    ):
        index.restore(keys, cast("array[int]", sections.column(f"{name}.slots")), bits, count)
    store.usage._big = {(row, name): figure for row, name, figure in said["big"]}
    store.epoch = said["epoch"]
    store.generations = dict(said["generations"])
    store._run_rows = {(format, key): row for format, key, row in said["run_rows"]}
    store._source_runs = {source: set(rows) for source, rows in said["source_runs"]}
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
    store._complete_sources = set(said["complete"])
    store._gone_sources = set(said["gone"])
    store._source_states = {
        source: (complete, gone, None if growth is None else Growth(*growth))
        for source, complete, gone, growth in said["states"]
    }
    store._mtimes = dict(said["mtimes"])
    store._ranks = dict(said["ranks"])
    store._asides = {
        (format, key): {(source, what, detail): count for source, what, detail, count in asides}
        for format, key, asides in said["asides"]
    }
    store._told_aside = {source: {(format, key) for format, key in keys} for source, keys in said["told_aside"]}
    store.retelling = dict(said["retelling"])


def _packed_folding(store: Store) -> dict[str, object]:
    return {
        "complete": sorted(store._complete_sources),
        "gone": sorted(store._gone_sources),
        "states": [
            [source, complete, gone, None if growth is None else [growth.size, growth.mtime_ns, None, growth.ended]]
            for source, (complete, gone, growth) in store._source_states.items()
        ],
        "mtimes": list(store._mtimes.items()),
        "ranks": list(store._ranks.items()),
        "asides": [[*key, [[*said, count] for said, count in asides.items()]] for key, asides in store._asides.items()],
        "told_aside": [[source, sorted(keys)] for source, keys in store._told_aside.items()],
        "retelling": list(store.retelling.items()),
    }


def _columns(table: _Table) -> dict[str, Any]:
    found = {name: getattr(table, name) for name in type(table).__slots__}
    return {name: column for name, column in found.items() if isinstance(column, array | memoryview)}


def _grown(column: array[int] | memoryview) -> array[int]:
    if isinstance(column, array):
        return column
    grown = array(column.format)
    grown.frombytes(column)
    return grown


# -- runs --------------------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    return value


def _pairs(value: dict[Any, Any]) -> list[list[Any]]:
    return [[key, held] for key, held in value.items()]


_PACKS: Final[dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "recorded_status": (int, Status),
    "process": (list, tuple),
    "clock": (str, Clock),
    "repairs": (
        lambda repairs: [[*key, count] for key, count in repairs.items()],
        lambda repairs: {(source, what, detail): count for source, what, detail, count in repairs},
    ),
    "links": (
        lambda links: [[link.run, link.kind, link.other, link.span, link.by_name] for link in links],
        lambda links: [Link(*link) for link in links],
    ),
    "type_counts": (_pairs, dict),
    "costs": (_pairs, dict),
    "usage": (
        lambda usage: [getattr(usage, name) for name in Usage.__slots__],
        lambda usage: Usage(*usage),
    ),
    "failed": (list, lambda rows: array("I", rows)),
    "grew_at_ns": (lambda _seen: None, _plain),  # by this process's own eyes
}
"""How the fields of a run that are no plain JSON are written and read."""


_BLANK: Final = Run(-1, "", "")
_FIELDS: Final = tuple(Run.__slots__)


def _packed_run(run: Run) -> dict[str, Any]:
    packed = {}
    for name in _FIELDS:
        value = getattr(run, name)
        if value != getattr(_BLANK, name):
            packed[name] = _PACKS[name][0](value) if name in _PACKS else value
    return packed


def _unpacked_run(packed: dict[str, Any]) -> Run:
    for name in _PACKS.keys() & packed.keys():
        packed[name] = _PACKS[name][1](packed[name])
    packed.setdefault("row", -1)
    packed.setdefault("key", "")
    packed.setdefault("format", "")
    return Run(**packed)

"""Memory: what a span, the open run's tree and a model call's usage take, in a fresh process.

The figure is what the store holds: its arrays with what they keep in reserve, the index, the names. Beside it stands what the
process gives back when the store goes: that counts what the allocator leaves between growing arrays, and varies.
"""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Iterator

from benchmarks import data
from benchmarks.measure import Result, in_fresh_process, resident
from tracetui.core.batch import Batch
from tracetui.core.model import Kind, Status, Usage
from tracetui.core.operations import Operation, Patch, Record, Whole
from tracetui.core.store import Store

_BATCH = 2_000


def one_record(count: int) -> dict[str, float]:
    """``count`` spans told in one record each, children before parents as OpenTelemetry exporters write them."""
    store = Store()
    for batch in wholes(20_000):  # what is imported late, and what passing lists and dictionaries take, is there before
        store.apply(batch)
    store = Store()
    for batch in wholes(count):
        store.apply(batch)
    del batch
    figures = {"held": held(store), "spans": len(store.spans)}
    with_it = resident()
    del store
    return figures | {"resident": with_it - resident()}


def held(store: Store) -> int:
    """Bytes that a store holds: arrays with their reserve, the index with its newest keys (two integers an entry), names."""
    tables = (store.spans, store.records, store.events, store.segments, store.usage, store.bad)
    columns = [getattr(table, name) for table in tables for name in type(table).__slots__]
    total = sum(sys.getsizeof(column) for column in columns if isinstance(column, array))
    newest = store.index.newest
    total += sys.getsizeof(store.index._slots) + sys.getsizeof(newest) + 64 * len(newest)
    return total + sum(sys.getsizeof(store.strings[number]) for number in range(len(store.strings)))


def wholes(count: int) -> Iterator[Batch]:
    """``count`` spans in batches: turns of nine calls with the turn after its calls, and a root that comes last."""
    rng = random.Random(5)
    key = f"{rng.getrandbits(64):016x}"
    root = f"{rng.getrandbits(64):016x}"
    operations: list[Operation] = []
    for number in range(count - 1):
        at = number * 300
        operations.append(Record("run", "span", at, 300))
        if number % 10 == 9 or number == count - 2:
            operations.append(Whole("run", key, root, "turn", Kind.chain, at, at + 900, Status.ok))
            key = f"{rng.getrandbits(64):016x}"
        else:
            mine = f"{rng.getrandbits(64):016x}"
            operations.append(Whole("run", mine, key, "call", Kind.tool, at, at + 90, Status.ok))
        if len(operations) >= _BATCH * 2:
            yield Batch(0, "bench", operations=operations)
            operations = []
    operations += [Record("run", "span", count * 300, 300), Whole("run", root, None, "root", Kind.agent, 0, count)]
    yield Batch(0, "bench", operations=operations, complete=True)


def native(count: int) -> dict[str, float]:
    """``count`` spans of a recording with a start and an end each; then the tree of the open run, everything open."""
    from benchmarks.reading import read
    from tracetui.core.store.run_tree import RunTree

    path = data.spans(count)
    read(data.spans(1_000))  # what is imported late is there before it counts
    store = read(path)
    before = resident()
    tree = RunTree(store, 0)
    tree.expand_all()
    figures = {
        "tree": resident() - before,
        "tree_rows": len(tree),
        "tree_nbytes": tree.nbytes,
        "held": held(store),
        "spans": len(store.spans),
    }
    del tree
    with_it = resident()
    del store
    return figures | {"resident": with_it - resident()}


def usage(count: int) -> dict[str, float]:
    """Model calls with tokens, cost and model, against the same calls without."""
    store = Store()
    for batch in wholes(count):
        store.apply(batch)
    before = resident()
    for batch in wholes(count):
        told = [
            Patch("run", operation.key, usage=Usage(900, 80, None, 30, None, None, 0.002), model="model", rank=0)
            for operation in batch.operations
            if isinstance(operation, Whole)
        ]
        store.apply(Batch(0, "bench", operations=list(told)))
    return {"bytes": resident() - before, "calls": len(store.usage)}


def memory(quick: bool) -> Iterator[Result]:
    """Store and tree of a million spans."""
    count = 20_000 if quick else 1_000_000
    data.spans(count)
    for name, call, bar in (("one record a span", "one_record", 72), ("native start + end", "native", 100)):
        got = in_fresh_process(f"benchmarks.memory:{call}", count)
        value = got["held"] / got["spans"]
        note = f"no model, tokens or cost; the process gives back {got['resident'] / got['spans']:.1f} B/span"
        yield Result(f"store, {name}, {count:,} spans", f"{value:.1f} B/span", "", value, bar, note)
    value = got["tree"] / got["spans"]
    note = f"all {got['tree_rows']:,.0f} rows open; its arrays {got['tree_nbytes'] / got['spans']:.1f} B/span"
    yield Result("tree of the open run", f"{value:.1f} B/span", "", value, 16, note)


def usage_memory(quick: bool) -> Iterator[Result]:
    """Tokens, cost and model of a million model calls, beside their spans."""
    got = in_fresh_process("benchmarks.memory:usage", 20_000 if quick else 1_000_000)
    value = got["bytes"] / got["calls"]
    yield Result(f"usage of {got['calls']:,.0f} model calls", f"{value:.1f} B/call", "", value)

"""Memory: what a span, the open run's tree and a model call's usage take, in a fresh process.

By resident bytes of the process: those that go when the store is let go. That is more than the columns hold: what growing
arrays leave between them counts too.
"""

from __future__ import annotations

import random
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
    spans, held, columns = len(store.spans), resident(), nbytes(store)
    del store
    return {"bytes": held - resident(), "columns": columns, "spans": spans}


def nbytes(store: Store) -> int:
    """Bytes of the columns and of the index of keys."""
    return store.spans.nbytes() + store.records.nbytes() + store.events.nbytes() + store.index.nbytes()


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
    held = resident()
    tree = RunTree(store, 0)
    tree.expand_all()
    figures = {
        "tree": resident() - held,
        "tree_rows": len(tree),
        "tree_nbytes": tree.nbytes,
        "columns": nbytes(store),
        "spans": len(store.spans),
    }
    del tree
    held = resident()
    del store
    return figures | {"bytes": held - resident()}


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
    one = in_fresh_process("benchmarks.memory:one_record", count)
    value = one["bytes"] / one["spans"]
    note = f"resident, no tokens, no cost; columns and index {one['columns'] / one['spans']:.1f} B"
    yield Result(f"store, one record a span, {count:,} spans", f"{value:.1f} B/span", "", value, 72, note)
    data.spans(count)
    two = in_fresh_process("benchmarks.memory:native", count)
    value = two["bytes"] / two["spans"]
    note = f"resident, no tokens, no cost; columns and index {two['columns'] / two['spans']:.1f} B"
    yield Result(f"store, native start + end, {count:,} spans", f"{value:.1f} B/span", "", value, 100, note)
    value = two["tree"] / two["spans"]
    note = f"all {two['tree_rows']:,.0f} rows open; its arrays {two['tree_nbytes'] / two['spans']:.1f} B/span"
    yield Result("tree of the open run", f"{value:.1f} B/span", "", value, 16, note)


def usage_memory(quick: bool) -> Iterator[Result]:
    """Tokens, cost and model of a million model calls, beside their spans."""
    got = in_fresh_process("benchmarks.memory:usage", 20_000 if quick else 1_000_000)
    value = got["bytes"] / got["calls"]
    yield Result(f"usage of {got['calls']:,.0f} model calls", f"{value:.1f} B/call", "", value)

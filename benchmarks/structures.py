"""Structures in memory: the index of span keys, and choosing rows of a large tree."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from benchmarks import data
from benchmarks.measure import Result, cpu, in_fresh_process, in_turns
from benchmarks.memory import wholes
from benchmarks.reading import read
from tracetui.core.model import Flag, Kind
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree


def children_first(count: int) -> dict[str, float]:
    """A million spans whose parents come after them: the price of one span, and of finding a key of the finished index."""
    batches = list(wholes(count))
    store = Store()
    begun = time.process_time()
    for batch in batches:
        store.apply(batch)
    folded = time.process_time() - begun
    rng = random.Random(1)
    keys = [store.spans.key[rng.randrange(count)] for _ in range(count // 10)]
    begun = time.process_time()
    for key in keys:
        store.index.get(key)
    one = time.process_time() - begun
    begun = time.process_time()
    for at in range(0, len(keys), 1_000):
        store.index.get_all(keys[at : at + 1_000])
    many = time.process_time() - begun
    return {
        "fold": folded / count,
        "get": one / len(keys),
        "get_all": many / len(keys),
        "index": store.index.nbytes() / count,
        "orphans": sum(not flags & Flag.announced for flags in store.spans.flags),
    }


def key_index(quick: bool) -> Iterator[Result]:
    """Children first, one by one: no bar, figures for the design."""
    count = 20_000 if quick else 1_000_000
    got = in_fresh_process("benchmarks.structures:children_first", count)
    if got["orphans"]:
        raise AssertionError("a parent that was recorded was not found")
    us = {name: got[name] * 1e6 for name in ("fold", "get", "get_all")}
    yield Result(
        f"key index, {count:,} spans, children first",
        f"{us['fold']:.2f} us/span folded",
        "",
        us["fold"],
        None,
        f"lookup {us['get']:.2f} us, in blocks {us['get_all']:.2f} us; index {got['index']:.1f} B/span",
    )


def chip(quick: bool) -> Iterator[Result]:
    """One kind chosen in a large tree, what leads to it kept: against a plain pass over lists."""
    count = 20_000 if quick else 1_000_000
    store = read(data.spans(count))
    tree = RunTree(store, 0)
    tree.expand_all()
    kinds, parents = store.spans.kind.tolist(), store.spans.parent.tolist()
    order = tree.rows().tolist()
    wanted = int(Kind.llm)

    def plain() -> list[int]:
        keep = bytearray(len(kinds))
        for row in range(len(kinds)):
            if kinds[row] == wanted:
                while row >= 0 and not keep[row]:
                    keep[row] = 1
                    row = parents[row]
        return [row for row in order if keep[row]]

    def ours() -> int:
        tree.set_chips({Kind.llm}, set())
        return len(tree)

    turns = in_turns(cpu(plain), cpu(ours), rounds=9)
    shown = {tree[index].row for index in range(0, len(tree), 997)}
    if len(tree) != len(plain()) or not shown <= set(plain()):
        raise AssertionError("the chip and the plain pass show different rows")
    tree.set_chips(set(), set())
    yield Result(
        f"chip over {count:,} spans, ancestors kept",
        f"{turns.ours * 1e3:.1f} ms",
        f"plain pass {turns.yardstick * 1e3:.0f} ms",
        turns.ratio,
        0.1,
        f"processor time; {turns.rounds} turns",
    )

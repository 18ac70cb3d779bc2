import random
from collections.abc import Callable

import pytest

from tracetui.core.batch import Batch
from tracetui.core.model import Kind
from tracetui.core.operations import Begin, Record
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree


def rows(tree: RunTree) -> list[tuple[int, int, int]]:
    return [(tree.row(p), tree.depth(p), tree.size(p)) for p in range(tree.count)]


@pytest.mark.parametrize("batch", [1, 2, 5, 13])
def test_parallel_branches_that_grow_together_stand_as_if_read_at_once(
    batch: int, rounds: Callable[[int, int], int]
) -> None:
    for seed in range(rounds(12, 400)):
        rng = random.Random(seed)
        store = Store()
        store.apply(Batch(0, "test", operations=[Record("r", "s", 0, 1), Begin("r", "0", None, "root", Kind.agent, 1)]))
        tree = RunTree(store, 0)
        number = 1
        while number < 60:
            operations = []
            for _ in range(batch):
                # Mostly below one of the newest: several branches are open at a time, as agents in parallel have them.
                parent = str(rng.randrange(max(0, number - 6), number))
                operations += [Record("r", "s", number, 1), Begin("r", str(number), parent, "x", Kind.tool, number + 1)]
                number += 1
            tree.update(store.apply(Batch(0, "test", operations=operations)))
            assert rows(tree) == rows(RunTree(store, 0)), (seed, number)

"""A copy of a store stays as it is while the store grows."""

from tests.core.store.facts import store_facts
from tracetui.core.batch import Batch
from tracetui.core.operations import Operation, Record, RunFact, Whole
from tracetui.core.store import Store
from tracetui.core.store.frozen import frozen


def grown(store: Store, first: int, count: int) -> None:
    operations: list[Operation] = [RunFact("r", name="run")]
    for number in range(first, first + count):
        operations += [Record("r", "span", number * 10, 9), Whole("r", str(number), None, f"name {number}")]
    store.apply(Batch(0, "tracetui", operations=operations))


def test_a_copy_holds_what_the_store_holds() -> None:
    store = Store()
    grown(store, 0, 50)
    assert store_facts(frozen(store)) == store_facts(store)


def test_a_copy_does_not_grow_and_lets_the_store_grow() -> None:
    store = Store()
    grown(store, 0, 50)
    copy = frozen(store)
    before = store_facts(copy)
    window = copy.spans.np("start")
    grown(store, 50, 5_000)
    assert store_facts(copy) == before
    assert len(window) == 50

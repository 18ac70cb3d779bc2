"""A store as it was, looked at while the store grows."""

import numpy as np

from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.store.snapshot import Snapshot
from tracetui.core.testing import build_run

FIRST = "agent a 0..9\n  tool search 1..2\n    ! log 1.5\n  tool fetch 2..3"


def filled() -> Store:
    store = Store()
    store.apply(build_run(FIRST))
    return store


def test_what_comes_later_is_not_in_it_and_the_store_can_grow_meanwhile() -> None:
    store = filled()
    snapshot = Snapshot(store)
    held = snapshot.spans.np("start")  # a window on the store's own column would keep it from growing
    store.apply(build_run("agent b 0..9", "other", source=1))
    assert len(held) == len(snapshot.spans) == 3
    assert [run.key for run in snapshot.runs] == ["run"]
    assert snapshot.rows_of_run(0).tolist() == [0, 1, 2]


def test_records_and_events_of_a_span_are_those_of_the_store() -> None:
    store = filled()
    snapshot = Snapshot(store)
    for row in range(len(store.spans)):
        assert snapshot.records_of(row) == store.records_of(row)
        assert snapshot.events_of(row) == store.events_of(row)


def test_a_mask_of_events_shows_the_events_that_it_names_as_rows() -> None:
    store = filled()
    tree = RunTree(store, 0)
    events = np.ones(len(store.events), np.bool_)
    tree.set_mask(np.zeros(tree.count, np.bool_), events, names_events=True)
    assert [(tree[index].kind, tree[index].context) for index in range(len(tree))] == [
        ("span", True),
        ("span", True),
        ("event", False),
    ]
    assert tree.first_match() == 1

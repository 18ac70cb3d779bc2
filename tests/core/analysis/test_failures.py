"""Causes, the first cause, what was recovered, and the way from one to the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.analysis.failures import causes, chained, first_cause, neighbour, recovered
from tracetui.core.batch import Batch
from tracetui.core.model import Status
from tracetui.core.operations import Begin, End, Operation, Record, RunFact
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.testing import build_run


def read(text: str, fact: RunFact | None = None) -> Store:
    store = Store()
    store.apply(build_run(text, fact=fact))
    return store


def names(store: Store, rows: list[int]) -> list[str]:
    return [store.strings[store.spans.name[row]] for row in rows]


def first(store: Store) -> str | None:
    row = first_cause(store, 0)
    return None if row is None else store.strings[store.spans.name[row]]


CHAIN = """
    agent a 0..9 error
      step b 0..5 error
        tool deep 1..4 error
      tool fine 5..6
      tool late 6..8 error
    """


def test_a_cause_is_a_failed_span_without_a_failed_child() -> None:
    assert names(read(CHAIN), causes(read(CHAIN), 0)) == ["deep", "late"]


def test_the_first_cause_is_the_one_of_the_chain_that_ended_first() -> None:
    assert first(read(CHAIN)) == "deep"


def test_an_earlier_failure_beside_the_chain_is_not_the_first_cause() -> None:
    assert first(read("agent a 0..9 error\n  step ok 0..2\n    tool harmless 0..1 error\n  tool b 3..4 error")) == "b"


def test_a_chain_is_unbroken_up_to_the_run() -> None:
    store = read("agent a 0..9\n  step b 0..5 error\n    tool c 1..4 error")
    assert chained(store, 0) == []


def test_without_a_chain_the_first_failure_that_was_not_recovered_counts() -> None:
    text = """
        agent a 0..9
          tool saved 0..1 error
        step unset 0..5 unset
          tool fetch 1..2 error
          tool fetch 2..3
          tool send 3..4 error
        """
    assert first(read(text)) == "send"


def test_no_failure_has_no_first_cause() -> None:
    assert first(read("agent a 0..9")) is None


def test_what_fails_later_is_found_as_well() -> None:
    store = Store()
    store.apply(Batch(0, "test", operations=[Record("run", "spans", 0, 1), End("run", "b", 5, Status.error)]))
    assert first_cause(store, 0) == 0
    store.apply(Batch(0, "test", operations=[Record("run", "spans", 1, 1), End("run", "a", 4, Status.error)]))
    assert first_cause(store, 0) == 1


def test_a_chain_of_a_lost_parent_reaches_as_far_as_is_recorded() -> None:
    assert first(read("tool a 0..1 error parent=deadbeefdeadbeef")) == "a"


def test_a_later_sibling_of_the_same_name_recovers() -> None:
    store = read("agent a 0..9 error\n  tool b 0..1 error\n  tool b 1..2\n  tool b 2..3 error\n  tool c 3..4 error")
    found = {row: recovered(store, row) for row in store.failed_rows(0)}
    assert [found[row] for row in sorted(found)] == [False, True, False, False]


def test_a_parent_that_ended_ok_recovers() -> None:
    store = read("agent a 0..9\n  tool b 0..1 error")
    assert recovered(store, store.failed_rows(0)[0])


def test_a_run_that_ended_ok_recovers_its_roots() -> None:
    store = read("tool b 0..1 error", RunFact("run", status=Status.ok))
    assert recovered(store, store.failed_rows(0)[0])


def test_later_is_told_by_time_where_time_orders_siblings() -> None:
    text = "agent a 0..9 unset\n  tool b 5..6 error\n  tool b 1..2"
    by_time = read(text, RunFact("run", order_by_time=True))
    assert not recovered(by_time, by_time.failed_rows(0)[0])
    by_record = read(text)
    assert recovered(by_record, by_record.failed_rows(0)[0])


def test_next_and_previous_go_through_the_tree_and_wrap() -> None:
    store = read(CHAIN)
    tree, rows = RunTree(store, 0), causes(store, 0)
    deep, late = rows
    found = neighbour(tree, rows, -1, +1)
    assert found == (deep, 1, 2, False)
    assert neighbour(tree, rows, tree.position(deep), +1) == (late, 2, 2, False)
    assert neighbour(tree, rows, tree.position(late), +1) == (deep, 1, 2, True)
    assert neighbour(tree, rows, tree.position(deep), -1) == (late, 2, 2, True)
    assert neighbour(tree, rows, -1, -1) == (late, 2, 2, False)
    assert neighbour(tree, [], 0, +1) is None


def test_a_failed_chain_of_100_000_spans_has_its_cause_at_the_bottom() -> None:
    store, deep = Store(), 100_000
    operations: list[Operation] = [Record("run", "spans", 0, 1)]
    for number in range(deep):
        operations.append(Begin("run", f"{number + 1:016x}", f"{number:016x}" if number else None))
        operations.append(End("run", f"{number + 1:016x}", status=Status.error))
    store.apply(Batch(0, "test", operations=operations))
    assert len(chained(store, 0)) == deep
    assert first_cause(store, 0) == deep - 1


SPANS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(-1, 9), st.sampled_from(["ok", "error", "unset"])), max_size=12
)


@given(SPANS)
def test_chains_are_those_that_a_walk_upwards_finds(spans: list[tuple[int, int, str]]) -> None:
    store = Store()
    operations: list[Operation] = [Record("run", "spans", 0, 1)]
    for key, parent, status in spans:
        operations.append(End("run", f"k{key}", 5, Status[status], f"k{parent}" if parent >= 0 else None))
    store.apply(Batch(0, "test", operations=operations))

    def reaches(row: int, passed: frozenset[int] = frozenset()) -> bool:
        if row < 0 or not store.spans.flags[row] & 8:
            return True
        if store.spans.status[row] != Status.error or row in passed:
            return False
        return reaches(store.spans.parent[row], passed | {row})

    failed = store.failed_rows(0) if store.runs else []
    assert (chained(store, 0) if store.runs else []) == [row for row in failed if reaches(row)]

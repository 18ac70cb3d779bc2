"""A run as a flat list in the order in which things came."""

from tracetui.core.model import EventClass, Kind
from tracetui.core.operations import RunFact
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.store.time_order import Asked, TimeOrder, What, copied, ordered
from tracetui.core.testing import build_run

RUN = """
agent planner 0..10
  llm plan 0..2
  tool search 2..6
    ! retry 3
    span get 4..6
  tool fetch 6..10
    ! token 7
"""


def listed(store: Store, tree: RunTree) -> list[str]:
    """The rows in words."""
    order = ordered(copied(store, Asked.of(tree)))
    return [said(store, what, row) for what, row in zip(order.what.tolist(), order.row.tolist(), strict=True)]


def said(store: Store, what: int, row: int) -> str:
    if what == What.event:
        return f"! {EventClass(store.events.cls[row]).name}"
    name = store.strings[store.spans.name[row]]
    return f"end of {name}" if what == What.end else name


def opened(text: str = RUN, fact: RunFact | None = None) -> tuple[Store, RunTree]:
    store = Store()
    store.apply(build_run(text, fact=fact))
    return store, RunTree(store, 0)


def test_spans_stand_at_their_starts_and_ends_where_something_came_between() -> None:
    wanted = ["planner", "plan", "search", "! retry", "get", "end of search", "fetch", "end of planner"]
    assert listed(*opened()) == wanted


def test_what_a_span_holds_stands_before_its_end_even_at_the_same_moment() -> None:
    assert listed(*opened("agent a 0..4\n  tool b 1..2\n  tool c 4..4\ntool d 4..5")) == [
        "a",
        "b",
        "c",
        "end of a",
        "d",
    ]


def test_runs_whose_sources_have_no_common_order_are_ordered_by_time() -> None:
    text = "agent late 5..9\nagent early 1..3\n  tool within 2..3"
    assert listed(*opened(text))[0] == "late"
    assert listed(*opened(text, RunFact("run", records_end=True, order_by_time=True))) == [
        "early",
        "within",
        "end of early",
        "late",
    ]


def test_chips_leave_only_their_kinds_and_classes() -> None:
    store, tree = opened()
    tree.set_chips({Kind.tool}, {EventClass.retry})
    assert listed(store, tree) == ["search", "! retry", "end of search", "fetch"]


def test_a_filter_leaves_its_spans_and_their_events() -> None:
    import numpy as np

    store, tree = opened()
    mask = np.zeros(tree.count, np.bool_)
    mask[tree.position(2)] = True
    tree.set_mask(mask)
    assert listed(store, tree) == ["search", "! retry", "end of search"]


def test_single_tokens_are_listed_when_they_are_asked_for() -> None:
    store, tree = opened()
    assert "! token" not in listed(store, tree)
    tree.set_chips((), {EventClass.token})
    assert listed(store, tree) == ["! token"]


def test_a_row_is_found_again() -> None:
    store, tree = opened()
    order = ordered(copied(store, Asked.of(tree)))
    assert order.index_of(What.end, 2) == 5
    assert order.index_of(What.end, 1) == -1
    assert len(TimeOrder.none()) == 0


def test_a_filter_of_events_leaves_those_alone() -> None:
    import numpy as np

    store, tree = opened()
    events = np.asarray([store.events.cls[row] == EventClass.token for row in range(len(store.events))])
    tree.set_mask(np.zeros(tree.count, np.bool_), events, names_events=True)
    assert listed(store, tree) == ["! token"]

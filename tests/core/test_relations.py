"""Runs that belong together, from the links that one of them records: seen from both ends."""

from tracetui.core.batch import Batch
from tracetui.core.model import Kind, Status
from tracetui.core.operations import Link, Operation, Record, RunFact, Whole
from tracetui.core.relations import Relation, Relations
from tracetui.core.store import Store

S = 1_000_000_000


def add(store: Store, run: str, *operations: Operation, format: str = "made", name: str = "", start: int = 1) -> None:
    source = len(store.runs)
    fact = RunFact(run, id=f"id-{run}", name=name or run, start=start * S)
    store.apply(Batch(source, format, operations=[Record(run, "x", 0, 9), fact, *operations]))


def of(store: Store, number: int) -> list[Relation]:
    return Relations(store).of(store.runs[number])


def whole(run: str, key: str) -> Whole:
    return Whole(run, key, None, key, Kind.tool, 1 * S, 2 * S, Status.ok)


def test_a_child_leads_to_its_parent_and_to_the_span_that_started_it() -> None:
    store = Store()
    add(store, "p", whole("p", "spawn"))
    add(store, "c", Link("c", "parent", "p", "spawn"))
    (relation,) = of(store, 1)
    assert (relation.kind, relation.run, relation.span, relation.is_upwards) == ("parent", 0, "spawn", True)
    assert relation.span_row is not None
    assert store.strings[store.spans.name[relation.span_row]] == "spawn"


def test_a_parent_leads_to_its_children_in_order_of_their_start() -> None:
    store = Store()
    add(store, "late", Link("late", "parent", "p"), start=9)
    add(store, "p")
    add(store, "early", Link("early", "parent", "p"), start=3)
    assert [(relation.kind, relation.other) for relation in of(store, 1)] == [
        ("child", "id-early"),
        ("child", "id-late"),
    ]


def test_a_span_knows_the_runs_that_were_started_in_it() -> None:
    store = Store()
    add(store, "p", whole("p", "spawn"), Record("p", "x", 10, 9), whole("p", "other"))
    add(store, "c", Link("c", "parent", "p", "spawn"))
    relations = Relations(store)
    started = [
        [relation.run for relation in relations.started_in(store.runs[0], row)] for row in range(len(store.spans))
    ]
    assert started == [[1], []]


def test_a_continued_run_says_so() -> None:
    store = Store()
    add(store, "a")
    add(store, "b", Link("b", "continues", "a"))
    assert [[relation.words for relation in of(store, row)] for row in (0, 1)] == [["continued by"], ["continues"]]


def test_a_run_may_be_named_by_its_id() -> None:
    store = Store()
    add(store, "a")
    add(store, "b", Link("b", "retry_of", "id-a"))
    assert [relation.run for relation in of(store, 1)] == [0]


def test_a_run_of_another_format_is_found_by_its_id() -> None:
    store = Store()
    add(store, "a", format="other")
    add(store, "b", Link("b", "parent", "id-a"))
    assert [relation.run for relation in of(store, 1)] == [0]


def test_a_run_that_is_not_here_is_told_by_what_the_recording_calls_it() -> None:
    store = Store()
    add(store, "b", Link("b", "parent", "somewhere", "s"))
    assert of(store, 0) == [Relation("parent", "somewhere", None, "s", None)]


def test_a_name_means_the_newest_run_that_began_before() -> None:
    store = Store()
    for number, start in enumerate((1, 5, 9)):
        add(store, f"r{number}", name="flow", start=start)
    add(store, "r", Link("r", "continues", "flow", by_name=True), name="flow", start=7)
    assert [relation.run for relation in of(store, 3)] == [1]


def test_a_run_beside_it_comes_before_a_newer_one_elsewhere() -> None:
    store = Store()
    add(store, "/a/first", name="flow", start=1)
    add(store, "/b/other", name="flow", start=5)
    add(store, "/a/second", Link("/a/second", "continues", "flow", by_name=True), name="flow", start=7)
    assert [relation.run for relation in of(store, 2)] == [0]


def test_a_run_is_not_related_to_itself() -> None:
    store = Store()
    add(store, "a", Link("a", "parent", "a"))
    assert of(store, 0) == []

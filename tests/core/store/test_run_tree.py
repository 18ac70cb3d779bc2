"""The open run: what is visible, in what order, and how it folds, compared with a plain recursive model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracetui.core.batch import Batch
from tracetui.core.model import NO_TIME, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Begin, Drop, End, Event, Operation, Record, RunFact, Whole
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree
from tracetui.core.testing import EPOCH, SECOND, build_run

RUN = """
    agent planner 0..10 error
      llm plan 0..2 tokens=812+64 cost=0.01
      ! log 2
      tool search 2..4 error
        ! retry 3
        ! error 3.5
      tool fetch 5..6
        llm read 5..6
    step wrap 10..11
    """


def opened(text: str = RUN, **more: Any) -> tuple[Store, RunTree]:
    store = Store()
    store.apply(build_run(text, **more))
    return store, RunTree(store, 0)


def shown(store: Store, tree: RunTree) -> list[str]:
    """Each visible row as its indented name; events as ``! type``, context in brackets."""
    lines = []
    for index in range(len(tree)):
        item = tree[index]
        if item.kind == "event":
            text = "! " + store.record_type(store.events.record[item.row])
        else:
            text = store.strings[store.spans.name[item.row]] or "?"
        lines.append("  " * item.depth + (f"[{text}]" if item.context else text))
    return lines


def at(store: Store, tree: RunTree, name: str) -> int:
    """The visible row of the span with a name."""
    return [line.strip(" []") for line in shown(store, tree)].index(name)


def row_of(store: Store, name: str) -> int:
    return next(row for row in range(len(store.spans)) if store.strings[store.spans.name[row]] == name)


def test_a_small_run_opens_whole_with_its_error_events() -> None:
    store, tree = opened()
    assert shown(store, tree) == [
        "planner",
        "  plan",
        "  search",
        "    ! error",
        "  fetch",
        "    read",
        "wrap",
    ]


def test_positions_lead_to_spans_and_back() -> None:
    _, tree = opened()
    assert [tree.position(tree.row(position)) for position in range(tree.count)] == list(range(tree.count))
    assert tree.position(99) == -1


def test_a_position_knows_its_parent_and_ancestors() -> None:
    store, tree = opened()
    read = tree.position(row_of(store, "read"))
    assert [tree.row(position) for position in tree.ancestors(read)] == [
        row_of(store, "planner"),
        row_of(store, "fetch"),
    ]
    assert tree.row(tree.parent_position(read)) == row_of(store, "fetch")
    assert tree.parent_position(0) == -1


def test_folding_hides_the_subtree_and_unfolding_brings_back_the_folds_inside() -> None:
    store, tree = opened()
    assert tree.toggle(at(store, tree, "fetch"))
    assert tree.toggle(0)
    assert shown(store, tree) == ["planner", "wrap"]
    assert tree.toggle(0)
    assert shown(store, tree) == ["planner", "  plan", "  search", "    ! error", "  fetch", "wrap"]


def test_what_holds_nothing_does_not_fold() -> None:
    store, tree = opened()
    assert not tree.toggle(at(store, tree, "plan"))
    assert not tree.toggle(at(store, tree, "! error"))
    assert not tree[at(store, tree, "plan")].has_children


def test_a_span_with_shown_events_alone_folds() -> None:
    store, tree = opened()
    assert tree[at(store, tree, "search")].has_children
    assert tree.collapse(at(store, tree, "search"))
    assert "    ! error" not in shown(store, tree)


def test_a_row_beyond_the_end_is_an_error() -> None:
    _, tree = opened()
    with pytest.raises(IndexError):
        tree[len(tree)]


def test_levels_open_and_close_one_by_one() -> None:
    store, tree = opened()
    tree.collapse_all()
    assert shown(store, tree) == ["planner", "wrap"]
    assert tree.expand_level(+1)
    assert shown(store, tree) == ["planner", "  plan", "  search", "  fetch", "wrap"]
    assert tree.expand_level(+1)
    assert "    read" in shown(store, tree)
    assert not tree.expand_level(+1)
    assert tree.expand_level(-1)
    assert shown(store, tree) == ["planner", "  plan", "  search", "  fetch", "wrap"]
    assert tree.expand_level(-1)
    assert not tree.expand_level(-1)


def test_a_subtree_opens_and_closes_at_once() -> None:
    store, tree = opened()
    tree.collapse_all()
    assert tree.expand_subtree(0)
    assert len(tree) == 7
    assert tree.collapse_subtree(0)
    tree.expand(0)
    assert shown(store, tree) == ["planner", "  plan", "  search", "  fetch", "wrap"]


def test_revealing_a_span_opens_what_hides_it() -> None:
    store, tree = opened()
    tree.collapse_all()
    assert tree.index_of(row_of(store, "read")) == -1
    assert tree.index_of(row_of(store, "read"), nearest=True) == 0
    index = tree.reveal(row_of(store, "read"))
    assert tree[index].row == row_of(store, "read")


def test_only_the_path_to_what_matters_stays_open() -> None:
    store, tree = opened()
    tree.open_path([row_of(store, "search")])
    assert shown(store, tree) == ["planner", "  plan", "  search", "  fetch", "wrap"]


def test_a_hidden_event_is_found_at_its_span() -> None:
    store, tree = opened()
    error = next(row for row, cls_ in enumerate(store.events.cls) if cls_ == EventClass.error)
    assert tree[tree.index_of_event(error)].row == error
    tree.collapse(at(store, tree, "search"))
    assert tree.index_of_event(error) == -1
    assert tree[tree.index_of_event(error, nearest=True)].row == row_of(store, "search")


def test_a_chip_of_a_kind_keeps_ancestors_as_context() -> None:
    store, tree = opened()
    tree.set_chips({Kind.llm}, set())
    assert shown(store, tree) == ["[planner]", "  plan", "  [fetch]", "    read"]


def test_a_chip_of_a_class_shows_its_events_as_leaves_of_their_spans() -> None:
    store, tree = opened()
    tree.set_chips(set(), {EventClass.retry, EventClass.log})
    assert shown(store, tree) == ["[planner]", "  ! log", "  [search]", "    ! retry"]


def test_chips_open_what_they_select_and_give_the_folds_back() -> None:
    store, tree = opened()
    tree.collapse_all()
    tree.set_chips({Kind.llm}, set())
    assert "    read" in shown(store, tree)
    tree.collapse(at(store, tree, "fetch"))
    assert shown(store, tree) == ["[planner]", "  plan", "  [fetch]"]
    tree.set_chips(set(), set())
    assert shown(store, tree) == ["planner", "wrap"]


def test_a_chip_without_members_shows_nothing() -> None:
    _, tree = opened()
    tree.set_chips({Kind.guardrail}, set())
    assert len(tree) == 0


def test_a_mask_narrows_what_chips_select() -> None:
    store, tree = opened()
    mask = np.zeros(tree.count, np.bool_)
    mask[tree.position(row_of(store, "read"))] = True
    tree.set_mask(mask)
    assert shown(store, tree) == ["[planner]", "  [fetch]", "    read"]
    tree.set_chips({Kind.tool}, set())
    assert len(tree) == 0
    tree.set_chips(set(), set())
    tree.set_mask(None)
    assert len(tree) == 7


def test_events_stand_between_the_children_around_them() -> None:
    store, tree = opened(
        """
        ! log type=first
        agent a
          ! log type=second
          tool b
            ! log type=third
          ! log type=fourth
          tool c
          ! log type=fifth
        ! log type=sixth
        """
    )
    tree.set_chips(set(Kind), set(EventClass))
    assert shown(store, tree) == [
        "! first",
        "a",
        "  ! second",
        "  b",
        "    ! third",
        "  ! fourth",
        "  c",
        "  ! fifth",
        "! sixth",
    ]


def test_a_parent_that_was_never_recorded_has_a_placeholder() -> None:
    store, tree = opened("tool lost 0..1 parent=deadbeefdeadbeef\ntool found 1..2")
    assert shown(store, tree) == ["?", "  lost", "found"] or shown(store, tree) == ["found", "?", "  lost"]
    placeholder = tree.parent_position(tree.position(row_of(store, "lost")))
    assert tree[tree.index_of(tree.row(placeholder))].orphan
    assert tree.rollup(placeholder).spans == 1


def test_parents_that_go_round_in_a_circle_become_roots_and_say_so() -> None:
    store, tree = opened("tool a id=a parent=b\ntool b id=b parent=c\ntool c id=c parent=a\ntool d parent=c")
    assert tree.count == 4
    assert [tree[index].cut for index in range(len(tree)) if tree[index].depth == 0] == [True]
    assert sorted(line.strip() for line in shown(store, tree)) == ["a", "b", "c", "d"]


def test_a_dropped_span_gives_its_children_to_its_own_parent() -> None:
    store, tree = opened("agent a id=a\n  step b id=b\n    tool c")
    change = store.apply(Batch(0, "test", operations=[Record("run", "drop", 9_000, 1), Drop("run", "b")]))
    assert tree.update(change)
    assert shown(store, tree) == ["a", "  c"]


def test_a_chain_of_100_000_spans_opens_folds_and_grows() -> None:
    store, deep = Store(), 100_000
    keys = [f"{number:016x}" for number in range(1, deep + 1)]
    operations: list[Operation] = [Record("run", "spans", 0, 1)]
    operations += [Begin("run", key, parent) for key, parent in zip(keys, [None, *keys], strict=False)]
    store.apply(Batch(0, "test", operations=operations))
    tree = RunTree(store, 0)
    tree.expand_all()
    assert (len(tree), tree[deep - 1].depth) == (deep, deep - 1)
    assert len(tree.ancestors(deep - 1)) == deep - 1
    tree.collapse(deep // 2)
    assert len(tree) == deep // 2 + 1
    assert tree.reveal(tree.row(deep - 1)) == deep - 1
    change = store.apply(Batch(0, "test", operations=[Record("run", "span", 1, 1), Begin("run", "new", keys[-1])]))
    assert tree.update(change)
    assert (tree.depth(deep), tree.size(0)) == (deep, deep + 1)


def test_a_circle_of_100_000_spans_is_cut_once() -> None:
    store, many = Store(), 100_000
    keys = [f"{number:016x}" for number in range(1, many + 1)]
    operations: list[Operation] = [Record("run", "spans", 0, 1)]
    operations += [Begin("run", key, parent) for key, parent in zip(keys, [*keys[1:], keys[0]], strict=True)]
    store.apply(Batch(0, "test", operations=operations))
    tree = RunTree(store, 0)
    assert (tree.count, tree.size(0), tree[0].cut) == (many, many, True)


def test_a_large_run_opens_to_a_few_screens() -> None:
    groups = "".join(f"step g{number}\n" + "  tool t\n" * 100 for number in range(100))
    _, tree = opened(groups)
    assert len(tree) == 100


def test_a_large_run_with_one_root_opens_below_it() -> None:
    _, tree = opened("agent a\n" + "  tool t\n" * 1_000)
    assert len(tree) == 1_001


def test_a_large_run_that_is_still_read_opens_as_if_it_were_all_there() -> None:
    groups = "".join(f"step g{number}\n" + "  tool t\n" * 100 for number in range(100))
    store = Store()
    store.apply(build_run("step first id=first\n  tool inner id=inner", complete=False))
    tree = RunTree(store, 0)
    tree.reveal(row_of(store, "inner"))
    assert tree.update(store.apply(build_run(groups, complete=True)))
    assert len(tree) == 102
    more: list[Operation] = [
        Record("run", "s", 9**9, 1),
        Begin("run", "new", None, "new"),
        Begin("run", "in", "new", "in"),
    ]
    assert tree.update(store.apply(Batch(0, "test", operations=more)))
    assert shown(store, tree)[-2:] == ["new", "  in"]


def test_a_fully_open_tree_takes_at_most_16_bytes_a_span() -> None:
    _, tree = opened("agent a\n" + "  tool t\n" * 10_000)
    tree.expand_all()
    assert tree.nbytes / tree.count <= 16


def test_sibling_order_is_that_of_time_where_records_come_at_the_end_of_spans() -> None:
    store, tree = opened(
        "agent a 0..9\n  tool late 5..6\n  tool early 1..2\n    ! log 1.5\n  ! log 3\n",
        fact=RunFact("run", order_by_time=True),
        starts=False,
    )
    tree.set_chips(set(Kind), {EventClass.log})
    assert shown(store, tree) == ["a", "  early", "    ! log", "  ! log", "  late"]


def test_the_time_axis_spans_all_that_is_known() -> None:
    _, tree = opened()
    assert tree.extent == (EPOCH, EPOCH + 11 * SECOND)
    assert tree.has_times


def test_a_run_without_times_has_no_axis() -> None:
    _, tree = opened("agent a\n  tool b")
    assert not tree.has_times
    assert tree.extent == (NO_TIME, NO_TIME)


def test_an_empty_run_is_an_empty_tree() -> None:
    _, tree = opened("")
    tree.expand_all()
    tree.collapse_all()
    tree.set_chips({Kind.llm}, {EventClass.log})
    assert (len(tree), tree.count) == (0, 0)


def test_roll_ups_add_up_the_subtree() -> None:
    store, tree = opened()
    rollup = tree.rollup(0)
    assert (rollup.spans, rollup.causes, rollup.retries) == (5, 1, 1)
    assert (rollup.tokens, rollup.cost) == (876, 0.01)
    assert (rollup.tokens_partial, rollup.cost_partial) == (True, True)  # `read` has none
    wrap = tree.rollup(tree.position(row_of(store, "wrap")))
    assert (wrap.tokens, wrap.cost, wrap.tokens_partial) == (None, None, False)


def test_half_of_the_tokens_of_a_call_is_marked_as_partial() -> None:
    _, tree = opened("llm a tokens=812+")
    assert (tree.rollup(0).tokens, tree.rollup(0).tokens_partial) == (812, True)


def test_token_counts_beyond_32_bits_add_up() -> None:
    store = Store()
    calls: list[Operation] = [Record("run", "calls", 0, 1)]
    calls += [Whole("run", key, None, "call", Kind.llm, usage=Usage(total=10**30)) for key in "ab"]
    store.apply(Batch(0, "test", operations=calls))
    tree = RunTree(store, 0)
    assert tree.rollup(0).tokens == 10**30


def test_a_failed_parent_of_a_failed_child_is_no_cause() -> None:
    _, tree = opened("agent a error\n  step b error\n    tool c error\n    tool d error")
    assert tree.rollup(0).causes == 2


def test_a_live_run_grows_where_its_spans_belong_and_keeps_its_folds() -> None:
    store, tree = opened("agent a id=a 0..\n  step b id=b 0..\n    tool c 0..1\n  step d id=d 1..\n    tool e 1..2")
    tree.collapse(at(store, tree, "d"))
    more: list[Operation] = [
        Record("run", "span", 9_000, 1),
        Begin("run", "f", "b", "f"),
        Begin("run", "g", "d", "g"),
        Begin("run", "h", "f", "h"),
        Begin("run", "i", "a", "i"),
    ]
    assert tree.update(store.apply(Batch(0, "test", operations=more)))
    assert shown(store, tree) == ["a", "  b", "    c", "    f", "      h", "  d", "  i"]
    tree.expand(at(store, tree, "d"))
    assert shown(store, tree)[-3:] == ["    e", "    g", "  i"]


def test_a_change_of_another_run_moves_nothing() -> None:
    store, tree = opened()
    assert not tree.update(store.apply(build_run(RUN, "other", source=1)))


def test_an_end_of_a_span_moves_nothing() -> None:
    store, tree = opened("agent a id=a 0..")
    change = store.apply(Batch(0, "test", operations=[Record("run", "end", 900, 1), End("run", "a", EPOCH, Status.ok)]))
    assert not tree.update(change)


def test_a_new_error_event_appears() -> None:
    store, tree = opened("agent a id=a 0..")
    change = store.apply(
        Batch(0, "test", operations=[Record("run", "oops", 900, 1), Event("run", "a", EventClass.error)])
    )
    assert tree.update(change)
    assert shown(store, tree) == ["a", "  ! oops"]


# -- against a plain recursive model -----------------------------------------------------------------------------------


@dataclass
class Naive:
    """The same answers, found the slow and obvious way."""

    store: Store
    folded: set[int] = field(default_factory=set)
    kinds: frozenset[Kind] = frozenset()
    classes: frozenset[EventClass] = frozenset()

    def rows(self) -> list[int]:
        spans = self.store.spans
        return [row for row in range(len(spans)) if spans.run[row] == 0 and not spans.flags[row] & Flag.dropped]

    def recorded_parent(self, row: int) -> int:
        spans, passed = self.store.spans, set()
        row = spans.parent[row]
        while row >= 0 and spans.flags[row] & Flag.dropped:
            if row in passed:
                return -1
            passed.add(row)
            row = spans.parent[row]
        return row

    def parent(self, row: int) -> int:
        walk, above = [row], self.recorded_parent(row)
        while above >= 0 and above not in walk:
            walk.append(above)
            above = self.recorded_parent(above)
        return -1 if above == row == min(walk) else self.recorded_parent(row)

    def key(self, row: int) -> tuple[int, int]:
        if not self.store.runs[0].order_by_time:
            return 0, row
        start = self.store.spans.start[row]
        if start == NO_TIME:
            below = [self.store.spans.start[child] for child in self.rows() if self.recorded_parent(child) == row]
            start = min((time for time in below if time != NO_TIME), default=2**63)
        return start, row

    def children(self, row: int) -> list[int]:
        return sorted((child for child in self.rows() if self.parent(child) == row), key=self.key)

    def events(self, row: int) -> list[int]:
        events = self.store.events
        wanted = self.classes if self.kinds or self.classes else {EventClass.error}
        found = [
            e for e in range(len(events)) if events.run[e] == 0 and events.span[e] == row and events.cls[e] in wanted
        ]
        return sorted(found, key=self.moment)

    def moment(self, event: int) -> int:
        if not self.store.runs[0].order_by_time:
            return self.store.events.record[event]
        return self.store.events.time[event] if self.store.events.time[event] != NO_TIME else 2**63 - 1

    def leaves(self, row: int) -> list[tuple[str, int]]:
        """Children and events of a span in order of display."""
        found: list[tuple[str, int]] = []
        events, held = self.events(row), -1
        for child in self.children(row):
            spans = self.store.spans
            own = spans.start[child] if self.store.runs[0].order_by_time else spans.first_record[child]
            held = max(held, 2**63 - 1 if own == NO_TIME else own)
            while events and self.moment(events[0]) < held:
                found.append(("event", events.pop(0)))
            found.append(("span", child))
        return found + [("event", event) for event in events]

    def matches(self, row: int) -> bool:
        return not (self.kinds or self.classes) or self.store.spans.kind[row] in self.kinds

    def keeps(self, row: int) -> bool:
        if not (self.kinds or self.classes):
            return True
        return self.matches(row) or bool(self.events(row)) or any(self.keeps(child) for child in self.children(row))

    def visible(self, row: int = -1, depth: int = 0) -> list[tuple[str, int, int, bool, bool, bool]]:
        """(kind, row, depth, has children, expanded, context) of each visible row."""
        lines = []
        for kind, number in self.leaves(row):
            if kind == "event":
                lines.append((kind, number, depth, False, False, False))
            elif self.keeps(number):
                below = self.visible(number, depth + 1)
                is_open = bool(below) and number not in self.folded
                lines.append((kind, number, depth, bool(below), is_open, not self.matches(number)))
                lines += below if is_open else []
        return lines

    def subtree(self, row: int) -> list[int]:
        return [row, *(below for child in self.children(row) for below in self.subtree(child))]


def seen(tree: RunTree) -> list[tuple[str, int, int, bool, bool, bool]]:
    items = [tree[index] for index in range(len(tree))]
    return [(i.kind, i.row, i.depth, i.has_children, i.expanded, i.context) for i in items]


KEYS = st.sampled_from([f"k{number}" for number in range(9)])
MAYBE_KEYS = st.one_of(st.none(), KEYS)
TIMES = st.sampled_from([NO_TIME, 0, 1, 2, 3, 4])
BEGINS = st.builds(Begin, st.just("run"), KEYS, MAYBE_KEYS, st.just("n"), st.sampled_from([Kind.llm, Kind.tool]), TIMES)
EVENTS = st.builds(
    Event, st.just("run"), MAYBE_KEYS, st.sampled_from([EventClass.error, EventClass.log, EventClass.retry]), TIMES
)
DROPS = st.builds(Drop, st.just("run"), KEYS)
OTHERS = st.builds(Begin, st.just("other"), KEYS, MAYBE_KEYS)
GROWING = st.lists(st.one_of(BEGINS, BEGINS, BEGINS, EVENTS, OTHERS), max_size=25)
ANYTHING = st.lists(st.one_of(BEGINS, BEGINS, BEGINS, EVENTS, EVENTS, DROPS, OTHERS), max_size=25)


def batch(operations: list[Operation], first: int = 0) -> Batch:
    told: list[Operation] = []
    for number, operation in enumerate(operations):
        told += [Record(operation.run, "record", (first + number) * 10, 9), operation]  # type: ignore[union-attr]
    return Batch(0, "test", operations=told)


def began(operations: list[Operation], by_time: bool) -> Store:
    store = Store()
    store.apply(batch([RunFact("run", order_by_time=by_time)]))
    store.apply(batch(operations, 1))
    return store


@given(ANYTHING, st.booleans())
def test_a_tree_shows_what_a_recursive_walk_shows(operations: list[Operation], by_time: bool) -> None:
    store = began(operations, by_time)
    assert seen(RunTree(store, 0)) == Naive(store).visible()


@given(
    ANYTHING, st.booleans(), st.sets(st.sampled_from(list(Kind)[1:3])), st.sets(st.sampled_from(list(EventClass)[:5]))
)
def test_chips_show_what_a_recursive_walk_shows(
    operations: list[Operation], by_time: bool, kinds: set[Kind], classes: set[EventClass]
) -> None:
    store = began(operations, by_time)
    tree, naive = RunTree(store, 0), Naive(store, kinds=frozenset(kinds), classes=frozenset(classes))
    tree.set_chips(kinds, classes)
    assert seen(tree) == naive.visible()


STEPS = st.tuples(
    st.sampled_from(["toggle", "expand_subtree", "collapse_subtree", "expand_all", "collapse_all", "reveal", "path"]),
    st.integers(0, 40),
)


def fold(tree: RunTree, naive: Naive, step: str, number: int) -> None:
    """One key press, for both."""
    rows = naive.rows()
    item = tree[number % len(tree)] if len(tree) else None
    if step == "expand_all":
        tree.expand_all()
        naive.folded = set()
    elif step == "collapse_all":
        tree.collapse_all()
        naive.folded = set(rows)
    elif step in ("reveal", "path") and rows:
        target = rows[number % len(rows)]
        above, up = set(), naive.parent(target)
        while up >= 0:
            above.add(up)
            up = naive.parent(up)
        if step == "reveal":
            tree.reveal(target)
            naive.folded -= above
        else:
            tree.open_path([target])
            naive.folded = set(rows) - above
    elif item is not None and item.kind == "span" and item.has_children:
        index = number % len(tree)
        if step == "toggle":
            tree.toggle(index)
            naive.folded ^= {item.row}
        elif step == "expand_subtree":
            tree.expand_subtree(index)
            naive.folded -= set(naive.subtree(item.row))
        elif step == "collapse_subtree":
            tree.collapse_subtree(index)
            naive.folded |= set(naive.subtree(item.row))


@given(ANYTHING, st.lists(STEPS, max_size=8), st.booleans())
def test_any_folding_shows_what_a_recursive_walk_shows(
    operations: list[Operation], steps: list[tuple[str, int]], chips: bool
) -> None:
    store = began(operations, by_time=False)
    tree, naive = RunTree(store, 0), Naive(store)
    if chips:
        naive.kinds, naive.classes = frozenset({Kind.llm}), frozenset({EventClass.log, EventClass.retry})
        tree.set_chips(naive.kinds, naive.classes)
    for step, number in steps:
        fold(tree, naive, step, number)
        assert seen(tree) == naive.visible()
        for index in range(len(tree)):
            item = tree[index]
            assert (tree.index_of_event if item.kind == "event" else tree.index_of)(item.row) == index


@settings(max_examples=150)
@given(GROWING, st.lists(ANYTHING, max_size=4), st.lists(STEPS, max_size=4), st.booleans(), st.booleans())
def test_a_tree_that_followed_equals_one_built_at_the_end(
    first: list[Operation], later: list[list[Operation]], steps: list[tuple[str, int]], by_time: bool, chips: bool
) -> None:
    store = began(first, by_time)
    tree, naive, written = RunTree(store, 0), Naive(store), 100
    if chips:
        naive.kinds, naive.classes = frozenset({Kind.tool}), frozenset({EventClass.log})
        tree.set_chips(naive.kinds, naive.classes)
    for step, number in steps:
        fold(tree, naive, step, number)
    for operations in later:
        before = seen(tree)
        known = set(naive.rows())
        if tree.count:
            tree.rollup(0)  # sums that were made are to be made again where something in them changed
        moved = tree.update(store.apply(batch(operations, written)))
        naive.folded &= known & set(naive.rows())
        written += 100
        assert seen(tree) == naive.visible()
        # What did not say that rows moved may have changed no row but for its kind.
        assert moved or [line[:3] for line in seen(tree)] == [line[:3] for line in before]
    whole = RunTree(store, 0)
    assert tree.rows().tolist() == whole.rows().tolist()
    for position in range(whole.count):
        row = whole.row(position)
        assert (tree.size(position), tree.depth(position)) == (whole.size(position), whole.depth(position))
        assert tree.position(row) == position
        assert tree.rollup(position) == whole.rollup(position)
        up = naive.parent(row)
        assert tree.parent_position(position) == (whole.position(up) if up >= 0 else -1)


def test_that_a_file_is_gone_does_not_have_the_sums_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store, tree = opened()
    before = tree.rollup(0)
    monkeypatch.setattr("tracetui.core.store.run_tree.Rollups", None)  # whoever makes them fails
    change = store.apply(Batch(store.runs[0].sources[0], "test", gone=True))
    assert change.runs == {0}
    tree.update(change)
    assert tree.rollup(0) == before

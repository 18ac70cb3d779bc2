"""What holds for the analysis of every run: parts add up, own time is what is left, the critical path has its bounds."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.analysis.attribution import IDLE_NS, PARTS, attribution, part_numbers
from tracetui.core.analysis.by_name import by_name
from tracetui.core.analysis.folder import analyse_folder
from tracetui.core.analysis.path_times import path_times
from tracetui.core.analysis.run_analysis import RunAnalysis, analyse_run
from tracetui.core.analysis.run_spans import RunSpans, own_times
from tracetui.core.analysis.spending import Usages, by_agent, by_model, by_tool
from tracetui.core.batch import Batch
from tracetui.core.bodies import Bodies
from tracetui.core.model import NO_TIME, Clock, EventClass, Kind, Status, Usage
from tracetui.core.operations import Begin, Drop, End, Event, Operation, Record, RunFact
from tracetui.core.pricing import Costs
from tracetui.core.pricing.cost import Cost
from tracetui.core.store import Store
from tracetui.core.testing import EPOCH

UNIT = 3_000_000_001
"""Odd, so that a half of it is no whole number."""
NAMES = ("plan", "search", "fetch", "")

moments = st.integers(-1, 12).map(lambda number: NO_TIME if number < 0 else EPOCH + number * UNIT)
figures = st.none() | st.integers(0, 5_000)
spans_told = st.fixed_dictionaries(
    {
        "parent": st.none() | st.integers(0, 11),
        "name": st.sampled_from(NAMES),
        "kind": st.sampled_from(list(Kind)),
        "status": st.sampled_from(list(Status)),
        "start": moments,
        "length": st.integers(-2, 9),
        "usage": st.none() | st.builds(Usage, figures, figures, st.none(), figures, cost_usd=st.none() | st.just(0.25)),
        "model": st.sampled_from(("small", "large", "")),
        "dropped": st.integers(0, 9).map(lambda number: number == 0),
    }
)


class NoBodies(Bodies):
    """Bodies of spans that lie in no file."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, {}, ())


@st.composite
def runs(draw: st.DrawFn) -> Store:
    """A store with one run: spans of any parents (circles too), some without times, some open, some taken back."""
    store = Store()
    clock = draw(st.sampled_from((Clock.utc, Clock.utc, Clock.utc, Clock.order_only)))
    duration = draw(st.none() | st.integers(0, 12))
    fact = RunFact("r", name="r", clock=clock, records_end=True)
    if duration is not None:
        fact.duration_ns = duration * UNIT
    operations: list[Operation] = [Record("r", "header", 0, 9), fact]
    told: list[dict[str, Any]] = draw(st.lists(spans_told, max_size=12))
    for number, each in enumerate(told):
        parent = None if each["parent"] is None else f"k{each['parent']}"
        start, status = each["start"], each["status"]
        end = NO_TIME if start == NO_TIME or each["length"] < -1 else start + each["length"] * UNIT
        operations += [
            Record("r", "s", number * 20, 9),
            Begin("r", f"k{number}", parent, each["name"], each["kind"], start),
        ]
        if status is not Status.open:
            usage, model = each["usage"], each["model"]
            operations += [
                Record("r", "e", number * 20 + 10, 9),
                End("r", f"k{number}", end, status, usage=usage, model=model),
            ]
        if each["dropped"]:
            operations.append(Drop("r", f"k{number}"))
    for at in draw(st.lists(moments, max_size=3)):
        cls = draw(st.sampled_from((EventClass.log, EventClass.error, EventClass.retry, EventClass.decision)))
        operations += [Record("r", cls.name, 900, 9), Event("r", draw(st.sampled_from((None, "k0"))), cls, at)]
    store.apply(Batch(0, "test", operations=operations, complete=True))
    return store


def analysis(store: Store) -> RunAnalysis:
    return analyse_run(store, store.runs[0], NoBodies(store), Costs(store), status=("error", ""), now_ns=EPOCH)


def active(spans: RunSpans, moment: Fraction) -> list[int]:
    """Nodes that are active at a moment, and none of whose children (through those without times) is."""
    there = [node for node in range(len(spans)) if spans.placed[node] and spans.start[node] < moment < spans.end[node]]
    return [node for node in there if not any(int(spans.over[other]) == node for other in there)]


def plain_attribution(spans: RunSpans) -> dict[str, Fraction]:
    """The same by a plain look at each piece of time."""
    begin, stop = spans.begin, spans.begin + (spans.wall or 0)
    inside = [t for t in (*spans.start[spans.placed].tolist(), *spans.end[spans.placed].tolist()) if begin < t < stop]
    edges = sorted({begin, stop, *inside})
    pieces = [(low, high, active(spans, Fraction(low + high, 2))) for low, high in pairwise(edges)]
    number = part_numbers(spans)
    sums = dict.fromkeys(PARTS, Fraction(0))
    resting = [all(spans.holder[node] for node in nodes) for _, _, nodes in pieces]
    for at, (low, high, nodes) in enumerate(pieces):
        first, last = at, at
        while resting[at] and first > 0 and resting[first - 1]:
            first -= 1
        while resting[at] and last + 1 < len(pieces) and resting[last + 1]:
            last += 1
        waits = resting[at] and pieces[last][1] - pieces[first][0] >= IDLE_NS
        if not nodes or waits:
            sums["idle"] += high - low
            continue
        for node in nodes:
            word = "own" if spans.holder[node] else PARTS[number[node]]
            sums[word] += Fraction(high - low, len(nodes))
    return sums


@given(runs())
def test_the_parts_of_the_time_add_up_to_the_wall_clock_and_are_what_a_plain_look_finds(store: Store) -> None:
    spans = RunSpans(store, store.runs[0])
    found = attribution(spans)
    if found is None:
        assert spans.wall is None or spans.begin < 0
        return
    assert sum(part.ns for part in found.parts) == found.wall_ns == store.runs[0].duration()[0]
    expected = plain_attribution(spans)
    for part in found.parts:
        assert abs(part.ns - expected[part.word]) <= 60, part.word
        assert 0 <= part.open_ns <= part.ns + 60
    assert sum(gap.end - gap.start for gap in found.gaps) == found.parts[-1].ns
    assert found.worked_ns <= min(found.wall_ns, found.busy_ns)
    assert found.parallelism is None or found.parallelism >= 1


@given(runs())
def test_own_time_is_what_no_child_covers(store: Store) -> None:
    spans = RunSpans(store, store.runs[0])
    own = own_times(spans).tolist()
    for node in range(len(spans)):
        start, end = int(spans.start[node]), int(spans.end[node])
        covered = set()
        for other in range(len(spans)):
            if spans.placed[other] and int(spans.over[other]) == node:
                covered |= set(
                    range((int(spans.start[other]) - EPOCH) // UNIT, (int(spans.end[other]) - EPOCH) // UNIT)
                )
        mine = set(range((start - EPOCH) // UNIT, (end - EPOCH) // UNIT)) if spans.placed[node] else set()
        assert own[node] == len(mine - covered) * UNIT


@given(runs())
def test_the_critical_path_is_a_path_at_least_the_longest_leaf_and_at_most_the_wall_clock(store: Store) -> None:
    spans = RunSpans(store, store.runs[0])
    path = path_times(spans)
    if path is None:
        return
    begin, stop = spans.begin, spans.begin + (spans.wall or 0)
    parents = {int(parent) for node, parent in enumerate(spans.parent) if parent >= 0}
    leaves = [node for node in range(len(spans)) if spans.took[node] >= 0 and node not in parents]
    longest = max((min(int(spans.end[n]), stop) - max(int(spans.start[n]), begin) for n in leaves), default=0)
    assert max(longest, 0) <= path.length_ns <= stop - begin
    assert path.work_ns <= path.length_ns
    assert all(ns > 0 for ns in path.ns.tolist())
    assert sum(step.ns for step in path.longest(99)) >= path.work_ns


@given(runs())
def test_figures_by_name_are_sums_of_the_spans(store: Store) -> None:
    spans = RunSpans(store, store.runs[0])
    own = own_times(spans)
    names = by_name(spans, own)
    assert sum(each.count for each in names) == store.runs[0].span_count
    assert sum(each.failed for each in names) == store.runs[0].error_count
    assert sum(each.total_ns for each in names) == sum(took for took in spans.took.tolist() if took >= 0)
    assert sum(each.own_ns for each in names) == sum(own[spans.told & (spans.took >= 0)].tolist())
    assert all(each.own_ns <= each.total_ns for each in names)
    for each in names:
        took = sorted(
            int(spans.took[node])
            for node in range(len(spans))
            if spans.told[node]
            and spans.took[node] >= 0
            and (spans.name_of(node), spans.kind[node]) == (each.name, each.kind)
        )
        assert each.finished == len(took)
        if took:
            assert each.mean_ns == sum(took) // len(took)
            assert (each.p50_ns, each.max_ns) == (took[(len(took) + 1) // 2 - 1], took[-1])


@given(runs())
def test_tokens_and_cost_by_model_agent_and_tool_are_those_of_the_run(store: Store) -> None:
    run = store.runs[0]
    usages = Usages(RunSpans(store, run), Costs(store))
    whole = usages.spent()
    for name in ("input", "output", "cached"):
        assert getattr(whole, name) == getattr(run.usage, name)
    assert whole.cost_recorded == run.usage.cost_usd
    for groups in (by_model(usages), by_agent(usages)):
        for name in ("input", "output", "total", "cached"):
            known = [value for each in groups if (value := getattr(each.spent, name)) is not None]
            assert sum(known) == (getattr(whole, name) or 0)
    assert sum(each.failed for each in by_tool(usages)) <= run.error_count


@given(runs())
def test_whatever_a_run_holds_it_is_analysed_alone_and_with_others(store: Store) -> None:
    about = analysis(store)
    shares = about.shares()
    for each in about.names:
        assert shares.get((each.name, each.kind), 0.0) == (about.share_of(each) or 0.0)
    whole = analyse_folder(store, [about, about], {about.run.row: Cost()})
    assert len(about.errors.groups) == len(whole.errors)
    assert sum(len(group.causes) for group in about.errors.groups) == about.errors.causes + about.errors.events
    assert sum(each.events for each in about.retries) == store.runs[0].retry_count
    assert all(each.rows or each.rule in ("idle", "over-limit", "same-error") for each in about.advice)

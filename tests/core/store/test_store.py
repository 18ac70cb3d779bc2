import random
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.store.facts import figures, store_facts
from tracetui.core.batch import Batch
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats.native import NativeDecoder
from tracetui.core.model import EventClass, Kind, Status, Usage
from tracetui.core.operations import Bad, Begin, Drop, End, Event, Operation, Patch, Record, RunFact, Whole
from tracetui.core.store import Store, key_index
from tracetui.core.store.forget import recount
from tracetui.core.store.key_index import KeyIndex
from tracetui.resources import samples_dir

SAMPLES = sorted((samples_dir() / "tracetui").glob("*.jsonl"))


class SlowDecoder(NativeDecoder):
    """The native decoder without its fast lane."""

    def _lines(self, block: bytes, a: int) -> list[Operation]:
        return LineDecoder.lines(self, block, a)


def read(data: bytes, decoder: LineDecoder, block: int = 4096) -> Store:
    store = Store()
    feed(store, data, decoder, block)
    return store


def feed(store: Store, data: bytes, decoder: LineDecoder, block: int = 4096, *, generation: int = 0) -> None:
    at = 0
    while at < len(data):
        piece = data[at : at + block]
        base, line = at - decoder.pending, decoder.line + 1
        operations = decoder.feed(piece)
        store.apply(Batch(0, "tracetui", generation, base, line, operations, forget=generation > 0 and at == 0))
        at += len(piece)
    store.apply(Batch(0, "tracetui", generation, at, decoder.line + 1, decoder.close(), complete=True))


def fold(operations: Iterable[Operation]) -> Store:
    store = Store()
    store.apply(Batch(0, "test", operations=list(operations)))
    return store


def native_recording(seed: int, spans: int = 60) -> bytes:
    """A recording with everything that the format has, some of it out of order or missing."""
    rng = random.Random(seed)
    time = 1_790_000_000_000_000_000
    lines: list[dict[str, object]] = [
        {"tracetui": 1, "type": "header", "run": f"{seed:032x}", "name": "made", "time": time, "pid": 7, "host": "h"}
    ]
    ids = [f"{rng.getrandbits(64):016x}" for _ in range(spans)]
    for number, span in enumerate(ids):
        time += rng.randrange(1, 10**9)
        parent = rng.choice([*ids[:number], None, f"{rng.getrandbits(64):016x}"]) if number else None
        head = {"span": span, "parent": parent, "name": f"n{rng.randrange(5)}", "kind": rng.choice(list(Kind)).name}
        if rng.random() < 0.9:
            lines.append({"type": "span_start", "seq": len(lines), "time": time, **head, "attributes": {"a": "x"}})
        if rng.random() < 0.3:
            lines.append({"type": "event", "time": time + 1, "span": span, "class": "log", "name": "said"})
        if rng.random() < 0.2:
            lines.append({"type": "span_update", "time": time + 2, "span": span, "model": "m2"})
        if rng.random() < 0.8:
            end = {
                "type": "span_end",
                "time": time + 3,
                **head,
                "start": time,
                "status": rng.choice(["ok", "error", "skipped"]),
            }
            if rng.random() < 0.4:
                end |= {"usage": {"input": rng.randrange(9), "output": 2}, "cost_usd": 0.25, "model": "m"}
            lines.append(end)
    if rng.random() < 0.5:
        lines.append({"type": "run_end", "time": time + 9, "status": "ok"})
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_fast_lane_and_the_slow_lane_end_in_the_same_store(path: Path) -> None:
    data = path.read_bytes()
    assert store_facts(read(data, NativeDecoder())) == store_facts(read(data, SlowDecoder()))


def test_the_lanes_agree_on_made_up_recordings_whatever_the_block_size(rounds: Callable[[int, int], int]) -> None:
    for seed in range(rounds(30, 1_000)):
        data = native_recording(seed)
        slow = store_facts(read(data, SlowDecoder()))
        for block in (700, 4096, 1 << 20):
            assert store_facts(read(data, NativeDecoder(), block)) == slow, (seed, block)


def test_the_lanes_agree_on_damaged_recordings(rounds: Callable[[int, int], int]) -> None:
    for seed in range(rounds(60, 5_000)):
        rng = random.Random(seed)
        data = bytearray(native_recording(seed % 7, 20))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        assert store_facts(read(bytes(data), NativeDecoder())) == store_facts(read(bytes(data), SlowDecoder())), seed


@pytest.mark.parametrize("seed", range(8))
def test_figures_kept_as_a_run_grows_are_what_counting_anew_gives(seed: int) -> None:
    store = read(native_recording(seed), NativeDecoder())
    kept = figures(store, 0)
    recount(store, store.runs[0])
    assert figures(store, 0) == kept | {"times": figures(store, 0)["times"]}


@pytest.mark.parametrize("seed", range(6))
def test_a_source_that_is_read_again_leaves_what_a_cold_read_gives(seed: int) -> None:
    store = read(native_recording(seed), NativeDecoder())
    other = native_recording(seed, 25)  # the same run and the same ids to begin with, but fewer
    feed(store, other, NativeDecoder(), generation=1)
    assert store_facts(store)["runs"] == store_facts(read(other, NativeDecoder()))["runs"]


def test_a_source_that_is_read_again_and_holds_another_run_hides_the_first() -> None:
    store = read(native_recording(1), NativeDecoder())
    feed(store, native_recording(2), NativeDecoder(), generation=1)
    assert [run.key for run in store.live_runs()] == [f"{2:032x}"]


def test_a_child_read_before_its_parent_hangs_below_it() -> None:
    store = fold(
        [Record("r", "span", 0, 1), Whole("r", "child", "parent", "c"), Record("r", "span", 2, 1), Whole("r", "parent")]
    )
    assert store.spans.parent[0] == 1
    assert store.runs[0].span_count == 2


def test_a_parent_that_is_only_named_is_not_counted() -> None:
    assert fold([Record("r", "span", 0, 1), Whole("r", "child", "parent")]).runs[0].span_count == 1


def test_an_end_without_its_start_is_a_span_of_its_own() -> None:
    store = fold([Record("r", "end", 0, 1), End("r", "a", 9, Status.ok, None, "name", Kind.tool, 4)])
    assert (store.spans.start[0], store.spans.end[0], store.runs[0].kind_counts[Kind.tool]) == (4, 9, 1)


def test_a_start_after_its_end_does_not_open_the_span_again() -> None:
    store = fold([End("r", "a", 9, Status.ok), Begin("r", "a", None, "late", Kind.tool, 3)])
    assert (store.spans.status[0], store.runs[0].open_count, store.strings[store.spans.name[0]]) == (
        Status.ok,
        0,
        "late",
    )


def test_a_patch_of_a_higher_rank_is_not_undone_by_a_lower_one() -> None:
    store = fold([Begin("r", "a", None, "first"), Patch("r", "a", 2, name="better"), Patch("r", "a", 1, name="worse")])
    assert store.strings[store.spans.name[0]] == "better"


def test_usage_told_twice_counts_once() -> None:
    store = fold(
        [Begin("r", "a"), Patch("r", "a", usage=Usage(input=5)), Patch("r", "a", usage=Usage(input=7, output=1))]
    )
    assert (store.runs[0].usage.input, store.runs[0].usage.output) == (7, 1)


def test_usage_taken_back_is_unknown_and_not_zero() -> None:
    store = fold([Begin("r", "a"), Patch("r", "a", usage=Usage(input=5)), Patch("r", "a", usage=Usage())])
    assert store.runs[0].usage.input is None


def test_tokens_beyond_32_bits_are_kept_exactly() -> None:
    store = fold([Begin("r", "a"), Patch("r", "a", usage=Usage(input=10**15, cached=-3))])
    usage = store.usage_of(0)
    assert usage is not None
    assert (usage.input, usage.cached) == (10**15, -3)


def test_times_out_of_range_are_unknown() -> None:
    store = fold([Begin("r", "a", None, "x", Kind.tool, 10**30), Event("r", "a", EventClass.log, -(10**40))])
    assert (store.spans.start[0], store.events.time[0]) == (-1, -1)


def test_a_dropped_span_counts_no_more_and_can_be_told_again() -> None:
    store = fold([Begin("r", "a", None, "x", Kind.tool, 1), Drop("r", "a")])
    assert (store.runs[0].span_count, store.runs[0].open_count) == (0, 0)
    store.apply(Batch(0, "test", operations=[Begin("r", "a", None, "y", Kind.llm, 2)]))
    assert store.runs[0].kind_counts[Kind.llm] == store.runs[0].span_count == 1


def test_equal_span_ids_of_two_runs_are_two_spans() -> None:
    store = fold([Begin("r", "0123456789abcdef"), Begin("q", "0123456789abcdef")])
    assert [run.span_count for run in store.runs] == [1, 1]


def test_an_unreadable_record_keeps_its_place_and_reason() -> None:
    store = fold([RunFact("r"), Bad(3, 40, 9, "not JSON", "r")])
    assert (store.bad.line[0], store.bad.offset[0], store.runs[0].bad_count) == (3, 40, 1)


def test_a_run_is_complete_when_all_its_sources_are() -> None:
    store = Store()
    store.apply(Batch(0, "test", operations=[RunFact("r")], complete=True))
    store.apply(Batch(1, "test", operations=[RunFact("r")]))
    assert not store.runs[0].complete
    store.apply(Batch(1, "test", complete=True))
    assert store.runs[0].complete


def test_a_glance_gives_way_to_what_is_read() -> None:
    store = Store()
    store.apply(Batch(0, "test", operations=[RunFact("r", name="glanced", end=5)], glance=True))
    store.apply(Batch(0, "test", operations=[RunFact("r", name="read")]))
    assert (store.runs[0].name, store.runs[0].recorded_end) == ("read", 5)


def test_a_record_is_found_again_through_its_locator_and_ordinal() -> None:
    store = Store()
    operations: list[Operation] = [
        Record("r", "span", 50, 9),
        Whole("r", "a"),
        Record("r", "note", 50, 9),
        Event("r", "a"),
        Record("q", "span", 50, 9),
        Whole("q", "b"),
    ]
    store.apply(Batch(4, "test", base=40, first_line=7, operations=operations))
    place = store.locate(1)
    assert (place.source, place.offset, place.near, place.near_line) == (4, 50, 40, 7)
    assert [store.ordinal(record) for record in range(3)] == [0, 1, 2]


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=300), st.data())
def test_the_key_index_finds_what_a_dictionary_finds(keys: list[int], data: st.DataObject) -> None:
    column = array("Q")
    index = KeyIndex(column)
    newest = key_index._NEWEST
    key_index._NEWEST = 16
    try:
        at = 0
        while at < len(keys):
            piece = keys[at : at + data.draw(st.integers(1, 40))]
            column.extend(piece)
            index.add_all(piece, at) if len(piece) % 2 else [index.add(key, at + i) for i, key in enumerate(piece)]
            at += len(piece)
    finally:
        key_index._NEWEST = newest
    wanted = [*keys, *(key ^ 1 for key in keys), 0]
    expected = {key: row for row, key in enumerate(keys)}
    assert index.get_all(wanted) == [expected.get(key, -1) for key in wanted] == [index.get(key) for key in wanted]


def test_cost_recorded_of_a_run_as_a_whole_is_added_to_that_of_its_calls_and_goes_with_its_file() -> None:
    store = Store()
    call = Whole("r", "s", None, "call", Kind.llm, usage=Usage(cost_usd=1.0))
    said = [Record("r", "x", 0, 9), call, RunFact("r", cost_usd=0.25), RunFact("r", cost_usd=0.5)]
    store.apply(Batch(0, "test", operations=[*said]))
    store.apply(Batch(1, "test", operations=[Record("r", "y", 0, 9), RunFact("r", cost_usd=4.0)]))
    (run,) = store.runs
    assert (run.usage.cost_usd, run.usage_partial()) == (5.5, set())
    recount(store, run)
    assert run.usage.cost_usd == 5.5
    store.apply(Batch(0, "test", operations=[Patch("r", "s", usage=Usage())]))
    assert run.usage.cost_usd == 4.5
    store.apply(Batch(0, "test", 1, forget=True))
    assert run.usage.cost_usd == 4.0
    store.apply(Batch(1, "test", 1, forget=True))
    assert run.usage.cost_usd is None

"""What the numbers of native records prove, whatever order they come in."""

import random

import pytest

from tracetui.core.batch import Batch
from tracetui.core.formats._numbering import Writer
from tracetui.core.formats.native import NativeDecoder
from tracetui.core.store import Store

RUNS = ("a" * 32, "b" * 32)


def seen(*numbers: int) -> Writer:
    writer = Writer()
    for number in numbers:
        writer.see(number)
    return writer


def test_numbers_in_order_prove_nothing() -> None:
    writer = seen(0, 1, 2, 3)
    assert (writer.missing, writer.again) == (0, 0)


def test_a_number_that_comes_late_is_not_missing() -> None:
    writer = seen(0, 2, 3, 1, 4)
    assert (writer.missing, writer.again) == (0, 0)


def test_a_number_that_never_comes_is_missing() -> None:
    assert seen(0, 1, 3, 4).missing == 1


def test_a_number_that_comes_twice_is_told_again() -> None:
    assert seen(0, 1, 1, 2).again == 1


def test_a_hole_of_millions_costs_no_memory() -> None:
    writer = seen(0, 10**12)
    assert writer.missing == 10**12 - 1
    assert len(writer.holes) == 0


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_all_numbers_proves_nothing(seed: int) -> None:
    numbers = list(range(200))
    random.Random(seed).shuffle(numbers)
    writer = seen(*numbers)
    assert (writer.missing, writer.again, writer.holes) == (0, 0, set())


@pytest.mark.parametrize("number", [5, 6])
def test_a_gap_may_stand_under_the_last_lost_number_or_the_one_after(number: int) -> None:
    writer = seen(0, 1, number)
    writer.tell_lost(4)  # 2, 3, 4 and 5
    assert writer.missing == 4


def header(run: str, pid: int, child: bool = False) -> bytes:
    extra = b',"child":true' if child else b""
    return b'{"tracetui":1,"type":"header","seq":0,"run":"%b","name":"n","time":1,"pid":%d%b}\n' % (
        run.encode(),
        pid,
        extra,
    )


def event(run: str, pid: int, seq: int) -> bytes:
    said = f'"seq":{seq},"run":"{run}","pid":{pid},"time":{seq},"class":"log","name":"log"'
    return f'{{"type":"event",{said}}}\n'.encode()


def read(data: bytes, piece: int = 1 << 20) -> Store:
    store, decoder = Store(), NativeDecoder()
    for at in range(0, len(data), piece):
        store.apply(Batch(0, "tracetui", operations=decoder.feed(data[at : at + piece])))
    store.apply(Batch(0, "tracetui", operations=decoder.close(), complete=True))
    return store


def shared() -> bytes:
    """Two processes of one run and one of another, in one file, their records in any order."""
    writers = [(RUNS[0], 1), (RUNS[0], 2), (RUNS[1], 3)]
    lines = [event(run, pid, seq) for run, pid in writers for seq in range(1, 50)]
    random.Random(1).shuffle(lines)
    return b"".join([header(RUNS[0], 1), header(RUNS[0], 2, child=True), header(RUNS[1], 3), *lines])


@pytest.mark.parametrize("piece", [7, 997, 1 << 20])
def test_records_of_a_shared_file_belong_to_the_run_that_they_name(piece: int) -> None:
    store = read(shared(), piece)
    assert {run.id: run.record_count for run in store.live_runs()} == {RUNS[0]: 100, RUNS[1]: 50}


@pytest.mark.parametrize("piece", [7, 997, 1 << 20])
def test_numbers_of_a_shared_file_are_counted_by_process(piece: int) -> None:
    assert [run.repairs for run in read(shared(), piece).live_runs()] == [{}, {}]


def test_a_record_missing_in_a_shared_file_is_told_of_its_run() -> None:
    store = read(shared().replace(event(RUNS[1], 3, 17), b""))
    assert {run.id: run.repairs for run in store.live_runs()} == {RUNS[0]: {}, RUNS[1]: {(0, "missing", ""): 1}}


def test_the_end_of_a_forked_process_does_not_end_the_run_in_a_shared_file() -> None:
    end = '{"type":"run_end","seq":50,"run":"%s","pid":%d,"time":9,"status":"ok"}\n'
    child, parent = (end % (RUNS[0], pid) for pid in (2, 1))
    assert read(shared() + child.encode()).runs[0].recorded_end is None
    assert read(shared() + child.encode() + parent.encode()).runs[0].recorded_end == 9

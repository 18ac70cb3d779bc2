"""What is peculiar to our own recordings; what holds for all formats is in test_samples.py."""

from pathlib import Path

from tracetui.core.batch import Batch
from tracetui.core.formats._base import Candidate, RecordBody
from tracetui.core.formats.native import NativeDecoder, NativeFormat
from tracetui.core.model import EventClass, Kind, Status, Usage
from tracetui.core.store import Store
from tracetui.core.store.preorder import Preorder

GOLDEN = Path(__file__).parent / "golden" / "recording-1.jsonl"


def golden() -> Store:
    store, decoder = Store(), NativeDecoder()
    operations = decoder.feed(GOLDEN.read_bytes())
    store.apply(Batch(0, "tracetui", operations=[*operations, *decoder.close()], complete=True))
    return store


def test_a_recording_of_version_1_is_claimed_by_its_header() -> None:
    head = GOLDEN.read_bytes()[:300]
    assert NativeFormat().match(Candidate("/t/x", "x", head, 300)) is not None


def test_a_recording_of_version_1_gives_the_same_run_for_ever() -> None:
    run = golden().runs[0]
    assert (run.id, run.name, run.recorded_status) == ("0af7651916cd43dd8448eb211c80319c", "golden", Status.error)
    assert (run.start, run.recorded_end) == (1767225600000000000, 1767225600700000000)
    assert run.process == (4711, 99, "build-7", "b1946ac9-2bbe-4b1c-9f3a-0d1f6c1f2a3b")
    assert (run.links[0].kind, run.links[0].other) == ("parent", "4bf92f3577b34da6a3ce929d0e0e4736")


def test_a_recording_of_version_1_gives_the_same_figures_for_ever() -> None:
    run = golden().runs[0]
    assert (run.span_count, run.open_count, run.error_count, run.record_count, run.bad_count) == (3, 0, 2, 12, 0)
    assert [run.kind_counts[kind] for kind in (Kind.agent, Kind.llm, Kind.tool)] == [1, 1, 1]
    assert (run.class_counts[EventClass.token], run.class_counts[EventClass.log]) == (1, 1)
    assert run.usage == Usage(12, 3, 15, 4, None, 1, 0.002)
    assert run.models == {"m-1-2026": 1}
    assert run.repairs == {(0, "lost", "disk full"): 2}


def test_an_end_whose_start_was_lost_is_a_span_where_it_belongs() -> None:
    store = golden()
    row = next(row for row in range(len(store.spans)) if store.strings[store.spans.name[row]] == "fetch")
    assert store.spans.parent[row] == 0
    assert store.spans.end[row] - store.spans.start[row] == 50_000_000


def test_the_detail_of_a_call_has_its_messages_and_its_last_model() -> None:
    lines = GOLDEN.read_bytes().splitlines()
    detail = NativeFormat().span_detail([RecordBody("", lines[number]) for number in (2, 4, 5)])
    assert (detail.id, detail.model) == ("c8be7c8270314442", "m-1-2026")
    assert [(message.role, message.text) for message in detail.messages] == [("user", "hi"), ("assistant", "hello")]


def test_the_end_of_a_child_process_does_not_end_the_run() -> None:
    decoder, store = NativeDecoder(), Store()
    lines = b'{"tracetui":1,"type":"header","run":"r","child":true}\n{"type":"run_end","status":"ok","time":5}\n'
    store.apply(Batch(0, "tracetui", operations=decoder.feed(lines)))
    assert store.runs[0].recorded_status is None


def test_a_child_process_is_not_the_one_that_the_run_goes_on_with() -> None:
    store, decoder = Store(), NativeDecoder()
    header = b'{"tracetui":1,"type":"header","seq":0,"run":"r","time":1,"pid":%d,"process_start":1,"host":"h","boot":"b"%b}\n'
    operations = decoder.feed(header % (4711, b"") + header % (4712, b',"child":true'))
    store.apply(Batch(0, "tracetui", operations=operations, complete=True))
    assert store.runs[0].process == (4711, 1, "h", "b")


def test_spans_of_a_run_of_several_processes_stand_in_order_of_their_starts_whichever_file_is_read_first() -> None:
    header = b'{"tracetui":1,"type":"header","run":"r","time":1%b}\n'
    span = b'{"type":"span_end","time":%d,"span":"%b","name":"%b","start":%d,"duration_ns":1,"status":"ok"}\n'
    files = [header % b"" + span % (9, b"a", b"late", 8), header % b',"child":true' + span % (6, b"b", b"early", 5)]
    for order in (files, files[::-1]):
        store = Store()
        for source, file in enumerate(order):
            store.apply(Batch(source, "tracetui", operations=NativeDecoder().feed(file), complete=True))
        tree = Preorder.of_run(store, 0)
        assert [store.strings[store.spans.name[row]] for row in tree.order.tolist()] == ["early", "late"]

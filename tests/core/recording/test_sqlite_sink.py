"""The SQLite sink: every acknowledged record is in the database, and tracetui reads it like the files of the same records."""

import contextlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.recording.by_hand import RUN, SAMPLES, Hand, a_run, sample, second
from tracetui.core.bodies import Bodies
from tracetui.core.formats import FORMATS, _native_rows
from tracetui.core.loading import Loaded, load
from tracetui.core.reader import Reader
from tracetui.core.recording.records import Record
from tracetui.core.recording.sinks import sqlite as module
from tracetui.core.recording.sinks.jsonl import JsonlSink
from tracetui.core.recording.sinks.sqlite import APPLICATION_ID, KEPT_BYTES, RETRY_NS, SqliteSink
from tracetui.core.run_status import StatusRules
from tracetui.core.run_view import RunView
from tracetui.core.store import Run, Store
from tracetui.core.summary import Summaries
from tracetui.core.testing import TickingClock as Clock

OTHER = "f" * 32
ALIVE = StatusRules(is_running=lambda process: True)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SqliteSink]:
    made = SqliteSink(tmp_path / "traces" / "runs.db")
    yield made
    made.close()


def write(path: Path, *records: Record) -> Path:
    sink = SqliteSink(path)
    for record in records:
        sink.emit(record)
    sink.close()
    assert sink.lost == 0
    return path


def as_files(folder: Path, *records: Record) -> Path:
    sink = JsonlSink(folder)
    for record in records:
        sink.emit(record)
    sink.close()
    return folder


def rows(path: Path, columns: str = "record") -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute(f"SELECT {columns} FROM records ORDER BY id").fetchall()  # noqa: S608
    return [row[0] for row in found] if "," not in columns else found


def facts(loaded: Loaded, rules: StatusRules | None = None, now: int = 10**18) -> dict[str, Any]:
    """What ``stats`` and ``view --full`` say of each run, without where it lies."""
    summaries = Summaries(loaded.store, loaded.reader.sources, loaded.bodies, now, rules or StatusRules())
    told = {}
    for run in loaded.runs:
        view = RunView(loaded.store, run, loaded.bodies_of(run), events=True)
        told[run.id] = {
            **summaries.full(run),
            "tree": list(view.facts(full=True, events=True)),
            "rest": view.run_events(full=True),
            "paths": None,
        }
    return told


# -- what is written ---------------------------------------------------------------------------------------------------


def test_a_record_is_a_row_with_what_is_asked_for_in_columns_of_their_own(tmp_path: Path) -> None:
    hand = Hand()
    record = hand.start(1, 0xAB, "scan")
    path = write(tmp_path / "a.db", record, hand.run_end(2))
    columns = "id, run, pid, seq, type, time, span, record"
    assert rows(path, columns) == [
        (1, RUN, 4711, 0, "span_start", 1_767_225_601_000_000_000, f"{0xAB:016x}", record.line.decode()),
        (2, RUN, 4711, 1, "run_end", 1_767_225_602_000_000_000, None, rows(path)[1]),
    ]


def test_the_columns_say_what_the_records_say_for_every_sample(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", *sample("research_agent"))
    for line, *columns in rows(path, "record, type, seq, time, span"):
        record = json.loads(line)
        assert columns == [record["type"], record["seq"], record["time"], record.get("span")]


def test_time_and_span_of_a_record_that_writes_them_late_or_strangely_are_found_or_left_out(tmp_path: Path) -> None:
    hand = Hand("r" * 400)
    lines = [
        json.dumps({"x": "y" * 400, "time": 5, "span": "s"}),
        json.dumps({"text": '"time":7,', "time": 8}),
        json.dumps({"time": 2**64 - 1}),
        json.dumps({"time": "noon", "span": 3}),
        json.dumps({"time": 9}),
    ]
    path = write(tmp_path / "a.db", *(Record(hand.run, "event", n, line.encode()) for n, line in enumerate(lines)))
    assert rows(path, "time, span") == [(5, "s"), (8, None), (None, None), (None, None), (9, None)]


def test_the_database_says_what_it_is_and_has_the_schema_that_is_documented(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", *a_run())
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(records)")]
    documented = (Path(__file__).parents[3] / "docs" / "recording-format.md").read_text("utf-8")
    section = documented.partition("## The same in SQLite")[2]
    assert [name for name in columns if f"| `{name}` |" in section] == columns


def test_what_was_acknowledged_is_in_the_database_at_once(sink: SqliteSink) -> None:
    for number, record in enumerate(a_run(), 1):
        sink.emit(record)
        assert len(rows(sink.path)) == number


def test_the_lines_of_a_run_are_had_again_in_order(sink: SqliteSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    one, two = Hand(), Hand(OTHER)
    records = [record for pair in zip(a_run(one), a_run(two), strict=True) for record in pair]
    for record in records:
        sink.emit(record)
    assert list(sink.lines(two.run)) == [record.line for record in records if record.run is two.run]


def test_a_closed_sink_takes_further_records(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "a.db")
    first, *others = a_run()
    sink.emit(first)
    sink.close()
    sink.close()
    for record in others:
        sink.emit(record)
    sink.close()
    assert len(rows(tmp_path / "a.db")) == 7


def test_a_sink_that_took_nothing_makes_no_file(tmp_path: Path) -> None:
    SqliteSink(tmp_path / "a.db").close()
    assert list(tmp_path.iterdir()) == []


def test_making_a_sink_does_not_import_sqlite() -> None:
    code = "import sys; from tracetui.core.recording.sinks.sqlite import SqliteSink; SqliteSink('x'); "
    subprocess.run([sys.executable, "-c", code + "assert 'sqlite3' not in sys.modules"], check=True)


# -- files -------------------------------------------------------------------------------------------------------------


def test_files_are_0600_and_folders_0700_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        sink = SqliteSink(tmp_path / "a" / "b" / "runs.db")
        sink.emit(Hand().header())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").rglob("*")}
        modes["a"] = stat.S_IMODE((tmp_path / "a").stat().st_mode)
        sink.close()
    finally:
        os.umask(before)
    assert modes == {"a": 0o700, "b": 0o700, "runs.db": 0o600, "runs.db-wal": 0o600, "runs.db-shm": 0o600}


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_a_planted_link_is_not_followed(tmp_path: Path, ending: str) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"")
    (tmp_path / f"runs.db{ending}").symlink_to(target)
    sink = SqliteSink(tmp_path / "runs.db")
    sink.emit(Hand().header())
    sink.close()
    assert target.read_bytes() == b""
    assert sink.lost == 1


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, note TEXT)")
        connection.commit()
    before = path.read_bytes()
    sink = SqliteSink(path)
    sink.emit(Hand().header())
    sink.close()
    assert (path.read_bytes(), sink.lost) == (before, 1)
    assert "another program" in sink.reason


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("x" * 5_000)
    sink = SqliteSink(path)
    sink.emit(Hand().header())
    sink.close()
    assert (path.read_text(), sink.lost) == ("x" * 5_000, 1)


def test_a_database_that_is_deleted_while_it_is_written_to_is_made_anew(tmp_path: Path) -> None:
    clock = Clock(1)
    sink = SqliteSink(tmp_path / "a.db", clock=clock)
    hand = Hand()
    sink.emit(hand.header())
    for path in list(tmp_path.iterdir()):
        path.unlink()
    clock.now += module.LOOK_NS
    sink.emit(hand.start(1, 1, "one"))
    sink.close()
    assert rows(tmp_path / "a.db", "type") == ["span_start"]
    assert sink.lost == 0


# -- a database that refuses -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_records_that_come_while_another_writer_holds_the_database_are_kept_and_written_in_order(
    tmp_path: Path,
) -> None:
    clock = Clock(1)
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=1, clock=clock)
    first, *others, last = a_run()
    sink.emit(first)
    with locked(tmp_path / "a.db") as connection:
        for record in others:
            sink.emit(record)
        connection.execute("ROLLBACK")
    clock.now += RETRY_NS
    sink.emit(last)
    assert rows(tmp_path / "a.db", "seq") == list(range(7))
    sink.close()
    assert sink.lost == 0


def test_while_the_database_refuses_it_is_tried_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, tried = Clock(1), []
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=0, clock=clock)
    hand = Hand()
    sink.emit(hand.header())
    plain = SqliteSink._write
    monkeypatch.setattr(SqliteSink, "_write", lambda self, *rest: tried.append(clock.now) or plain(self, *rest))
    with locked(tmp_path / "a.db"):
        for number in range(30):
            sink.emit(hand.start(1, number + 1, "step"))
            clock.now += RETRY_NS // 10
    sink.close()
    assert len(tried) == 4  # at once, after one and two seconds, and when it was closed
    assert len(rows(tmp_path / "a.db")) == 31


def test_what_was_kept_is_written_when_the_sink_is_closed(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=1, clock=Clock(1))
    records = a_run()
    sink.emit(records[0])
    with locked(tmp_path / "a.db"):
        for record in records[1:]:
            sink.emit(record)
    sink.close()
    assert rows(tmp_path / "a.db", "seq") == list(range(7))


def test_beyond_a_megabyte_the_oldest_are_lost_counted_and_told_by_a_gap_in_their_place(tmp_path: Path) -> None:
    clock = Clock(1)
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=0, clock=clock)
    hand = Hand()
    sink.emit(hand.header())
    count = 30
    with locked(tmp_path / "a.db"):
        for _ in range(count):
            sink.emit(hand.event(1, "log", text="x" * (KEPT_BYTES // 10)))
    lost = sink.lost
    clock.now += RETRY_NS
    sink.emit(hand.run_end(2))
    sink.close()
    found = [json.loads(line) for line in rows(tmp_path / "a.db")]
    assert [record["type"] for record in found] == ["header", "gap", *["event"] * (count - lost), "run_end"]
    assert (found[1]["lost"], found[1]["seq"]) == (lost, lost)
    assert "locked" in found[1]["reason"]
    assert [record["seq"] for record in found[1:]] == list(range(lost, count + 2))


def test_a_sink_whose_memory_is_full_tries_once_more_before_it_loses_what_others_only_held_up(tmp_path: Path) -> None:
    clock = Clock(1)
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=0, clock=clock)
    hand = Hand()
    sink.emit(hand.header())
    with locked(tmp_path / "a.db"):
        for _ in range(9):
            sink.emit(hand.event(1, "log", text="x" * (KEPT_BYTES // 10)))
    clock.now += RETRY_NS // 2
    for _ in range(9):
        sink.emit(hand.event(1, "log", text="x" * (KEPT_BYTES // 10)))
    sink.close()
    assert sink.lost == 0
    assert rows(tmp_path / "a.db", "seq") == list(range(19))


def test_gaps_are_told_of_each_run_by_itself(tmp_path: Path) -> None:
    clock = Clock(1)
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=0, clock=clock)
    hands = [Hand(), Hand(OTHER)]
    for hand in hands:
        sink.emit(hand.header())
    with locked(tmp_path / "a.db"):
        for number in range(40):
            sink.emit(hands[number % 4 // 3].event(1, "log", text="x" * (KEPT_BYTES // 10)))
    clock.now += RETRY_NS
    sink.emit(hands[0].run_end(2))
    sink.close()
    gaps = [json.loads(line) for line, kind in rows(tmp_path / "a.db", "record, type") if kind == "gap"]
    assert sum(gap["lost"] for gap in gaps) == sink.lost
    assert len(gaps) == 2


def test_what_is_still_kept_when_the_sink_is_closed_is_lost_and_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_TIMEOUT_MS", 1)
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=0)
    hand = Hand()
    sink.emit(hand.header())
    with locked(tmp_path / "a.db"):
        sink.emit(hand.start(1, 1, "one"))
        sink.close()
    assert sink.lost == 1
    sink.emit(hand.run_end(2))
    sink.close()
    assert rows(tmp_path / "a.db", "type, seq") == [("header", 0), ("gap", 1), ("run_end", 2)]


def test_a_folder_that_cannot_be_made_costs_the_records_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sink = SqliteSink(tmp_path / "file" / "a.db")
    for record in a_run():
        sink.emit(record)
    assert list(sink.lines(Hand().run)) == [record.line for record in a_run()]  # as long as they are kept
    sink.close()
    assert sink.lost == 7


def test_a_full_disk_costs_nothing_when_there_is_room_again(tmp_path: Path) -> None:
    clock = Clock(1)
    sink = SqliteSink(tmp_path / "a.db", clock=clock)
    hand = Hand()
    sink.emit(hand.header())
    connection = sink._connection
    assert connection is not None
    connection.execute(f"PRAGMA max_page_count={connection.execute('PRAGMA page_count').fetchone()[0]}")
    sink.emit(hand.event(1, "log", text="x" * 100_000))
    assert "full" in sink.reason
    clock.now += RETRY_NS
    sink.emit(hand.run_end(2))  # on a new connection, without the limit
    sink.close()
    assert (rows(tmp_path / "a.db", "seq"), sink.lost) == ([0, 1, 2], 0)


# -- processes and threads ---------------------------------------------------------------------------------------------

WRITER = """
import sys
from tests.core.recording.by_hand import Hand
from tracetui.core.recording.sinks.sqlite import SqliteSink
hand = Hand(pid=int(sys.argv[2]), child=sys.argv[2] != "0")
sink = SqliteSink(sys.argv[1])
sink.emit(hand.header())
for number in range(int(sys.argv[3])):
    sink.emit(hand.event(1, "log", text="x" * 200))
    if len(sys.argv) > 4:
        print(number, flush=True)
sink.close()
sys.exit(sink.lost)
"""


def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *map(str, arguments)], cwd=Path(__file__).parents[3], **options
    )


def test_processes_that_share_a_database_lose_nothing(tmp_path: Path, rounds: Any) -> None:
    count = rounds(200, 10_000)
    writers = [start(tmp_path / "a.db", number, count) for number in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    by_pid: dict[int, list[int]] = {}
    for pid, seq in rows(tmp_path / "a.db", "pid, seq"):
        by_pid.setdefault(pid, []).append(seq)
    assert by_pid == {pid: list(range(count + 1)) for pid in range(8)}
    (run,) = facts(load([str(tmp_path / "a.db")])).values()
    assert (run["events"], run["repairs"]) == (8 * (count + 1), [])


def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path: Path, rounds: Any) -> None:
    for number in range(rounds(3, 100)):
        path = tmp_path / f"{number}.db"
        writer = start(path, 0, 1_000_000, "tell", stdout=subprocess.PIPE)
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(20 + number * 7)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read().splitlines()
        writer.wait()
        writer.stdout.close()
        whole = [line for line in said if line.strip().isdigit()]
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            ((count,),) = connection.execute("SELECT count(*) FROM records")
        assert count >= 1 + len(whole)
        again = Hand(OTHER)
        write(path, again.header(), again.run_end(1))
        assert rows(path, "run")[-2:] == [OTHER, OTHER]


def test_threads_that_write_at_once_lose_nothing(sink: SqliteSink) -> None:
    hands = [Hand(f"{number:032x}") for number in range(4)]

    def work(hand: Hand) -> None:
        for number in range(50):
            sink.emit(hand.event(number, "log", text="x"))

    threads = [threading.Thread(target=work, args=(hand,)) for hand in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for hand in hands:
        assert [json.loads(line)["seq"] for line in sink.lines(hand.run)] == list(range(50))


def in_a_fork(work: Any) -> int:
    pid = os.fork()
    if not pid:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_and_its_parent_both_go_on(sink: SqliteSink) -> None:
    parent, child = Hand(), Hand(pid=4712, child=True)
    sink.emit(parent.header())

    def work() -> None:
        sink.after_fork()
        for record in a_run(child):
            sink.emit(record)
        sink.close()

    assert in_a_fork(work) == 0
    sink.emit(parent.run_end(9))
    assert rows(sink.path, "pid, seq") == [(4711, 0), *((4712, seq) for seq in range(7)), (4711, 1)]
    with contextlib.closing(sqlite3.connect(sink.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_that_ends_at_once_harms_nothing_of_its_parent(sink: SqliteSink) -> None:
    hand = Hand()
    sink.emit(hand.header())
    for number in range(5):
        assert in_a_fork(sink.after_fork) == 0
        sink.emit(hand.start(number, number + 1, "step"))
    assert rows(sink.path, "seq") == list(range(6))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_does_not_write_what_its_parent_kept(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "a.db", busy_timeout_ms=0, clock=Clock(1))
    hand = Hand()
    sink.emit(hand.header())
    with locked(tmp_path / "a.db"):
        sink.emit(hand.start(1, 1, "one"))
    assert in_a_fork(sink.close) == 0
    sink.close()
    assert rows(tmp_path / "a.db", "seq") == [0, 1]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_in_the_middle_of_writing_leaves_the_connection_to_the_parent(sink: SqliteSink) -> None:
    hand, child = Hand(), Hand(pid=4712, child=True)
    sink.emit(hand.header())
    sink._writing = True  # a signal handler that forks
    try:
        assert in_a_fork(lambda: sink.emit(child.header())) == 0
    finally:
        sink._writing = False
    sink.emit(hand.run_end(1))
    assert rows(sink.path, "pid") == [4711, 4712, 4711]


def test_two_sinks_of_one_process_keep_their_hold_on_the_log(tmp_path: Path) -> None:
    path, hand, other = tmp_path / "a.db", Hand(), Hand(OTHER)
    one, two = SqliteSink(path), SqliteSink(path)
    one.emit(hand.header())
    two.emit(other.header())
    log = Path(f"{path}-wal").stat().st_ino
    # Who closes a database last deletes its log, if nobody else holds it.
    reader = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM records').fetchall(); c.close()"
    subprocess.run([sys.executable, "-c", reader, str(path)], check=True)
    assert Path(f"{path}-wal").stat().st_ino == log
    one.emit(hand.run_end(1))
    two.emit(other.run_end(1))
    one.close()
    two.close()
    assert rows(path, "run") == [RUN, OTHER, RUN, OTHER]


# -- reading it back ---------------------------------------------------------------------------------------------------


def both(tmp_path: Path, records: Iterable[Record]) -> tuple[dict[str, Any], dict[str, Any]]:
    records = list(records)
    database = write(tmp_path / "runs.db", *records)
    folder = as_files(tmp_path / "files", *records)
    return facts(load([str(database)])), facts(load([str(folder)]))


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.jsonl")))
def test_a_database_says_the_same_as_the_file_of_the_same_records(tmp_path: Path, name: str) -> None:
    from_rows, from_lines = both(tmp_path, sample(name))
    assert from_rows == from_lines
    assert len(from_rows) == 1


def test_several_runs_and_processes_in_one_database_are_the_same_runs_as_in_files(tmp_path: Path) -> None:
    child = Hand(pid=4712, child=True)
    lists = [a_run(), a_run(child), a_run(Hand(OTHER, "other")), list(sample("support_bot"))]
    records = [each.pop(0) for _ in range(1_000) for each in lists if each]
    from_rows, from_lines = both(tmp_path, records)
    assert from_rows == from_lines
    assert len(from_rows) == 3


def test_losses_and_repetitions_are_proved_the_same_way(tmp_path: Path) -> None:
    def some(hand: Hand) -> list[Record]:
        return [hand.header(), *(hand.event(at, "log", text=f"{at}") for at in range(1, 9))]

    gap = json.dumps(
        {"type": "gap", "seq": 5, "time": second(5), "lost": 2, "reason": "No space left on device"}
    ).encode()
    one, two, three = some(Hand()), some(Hand(pid=4712, child=True)), some(Hand(OTHER))
    one[2:6] = [Record(one[0].run, "gap", 5, gap)]
    del two[4]
    three += three[-2:]
    records = sorted([*one, *two, *three], key=lambda record: int(str(record.values["time"])))
    from_rows, from_lines = ({run: told["repairs"] for run, told in side.items()} for side in both(tmp_path, records))
    assert from_rows == from_lines
    repairs = {run: {repair["what"]: repair["count"] for repair in told} for run, told in from_rows.items()}
    assert repairs == {RUN: {"lost": 2, "missing": 2}, OTHER: {"again": 2}}


def of_the_golden_recording() -> Iterator[Record]:
    lines = (Path(__file__).parents[1] / "formats" / "golden" / "recording-1.jsonl").read_bytes().splitlines()
    run = Hand(json.loads(lines[0])["run"], "golden").run
    return (Record(run, json.loads(line)["type"], json.loads(line)["seq"], line) for line in lines)


def test_rows_read_one_by_one_and_many_at_once_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [list(sample("research_agent")), list(sample("market_watch")), list(of_the_golden_recording())]
    records = [record for each in lists for record in each]
    records += [records.pop(40), records.pop(300), records[200]]
    path = write(tmp_path / "a.db", *records)
    monkeypatch.setattr(_native_rows, "_LANE_ROWS", 4)
    many = facts(load([str(path)]))
    monkeypatch.setattr(_native_rows, "_LANE_ROWS", 10**9)
    assert facts(load([str(path)])) == many
    assert len(many) == 3


def test_records_that_were_written_over_several_lines_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", *sample("support_bot"))
    before = facts(load([str(path)]))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE records SET record = replace(record, ', \"', ',\n \"')")
        connection.commit()
    assert facts(load([str(path)])) == before


def test_the_format_of_a_database_is_told_by_its_schema_not_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.txt", *a_run())
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE records RENAME TO whatever")
        connection.execute("PRAGMA application_id=0")
        connection.commit()
    (run,) = load([str(path)]).runs
    assert (run.format, run.name, run.span_count) == ("tracetui", "nightly", 2)


def test_a_database_that_is_damaged_is_unreadable_and_not_unrecognised(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", *a_run())
    data = bytearray(path.read_bytes())
    data[4_096:] = b"\xff" * (len(data) - 4_096)
    data[1_000:1_100] = b"\xff" * 100
    path.write_bytes(data)
    loaded = load([str(path)])
    assert loaded.reader.unrecognised == []
    assert len(loaded.store.unreadable()) == 1


def test_a_row_that_cannot_be_read_costs_nothing_but_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", *a_run())
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE records SET record = '{\"type\": ' WHERE seq = 3")
        connection.commit()
    loaded = load([str(path)])
    (run,) = loaded.runs
    assert (run.record_count, run.bad_count, run.span_count) == (6, 1, 2)


@pytest.mark.parametrize("column", ["run", "pid", "seq", "type", "time", "span", "record"])
def test_values_that_no_sink_writes_cost_nothing_but_their_rows(
    tmp_path: Path, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    values = (
        None,
        -1,
        2**63 - 1,
        1.5,
        "",
        "x",
        b"\xff\x00",
        "\x1b[31m",
        "[]",
        "{}",
        '{"type": 5}',
        "null",
        "{" * 5_000,
    )
    path = write(tmp_path / "a.db", *sample("support_bot"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE records RENAME TO strict")
        connection.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, run, pid, seq, type, time, span, record)")
        connection.execute("INSERT INTO records SELECT * FROM strict")
        connection.execute("DROP TABLE strict")
        for number, value in enumerate(values, 3):
            connection.execute(f"UPDATE records SET {column} = ? WHERE id = ?", (value, number))  # noqa: S608
        connection.commit()
    loaded = load([str(path)])
    assert sum(run.record_count + run.bad_count for run in loaded.runs) == len(rows(path))
    facts(loaded)
    assert caplog.records == []


def test_a_record_is_shown_raw_as_its_row_with_the_row_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", *a_run())
    loaded = load([str(path)])
    (run,) = loaded.runs
    raw = loaded.bodies.raw(run.first_record + 2)
    assert (raw.path, raw.line, raw.offset) == (str(path), 0, 3)
    row = json.loads(raw.data)
    assert list(row) == ["id", "run", "pid", "seq", "type", "time", "span", "record"]
    assert json.loads(row["record"])["input"] == {"q": "x"}


def follow(path: Path) -> tuple[Reader, Store, Any]:
    store, clock = Store(), Clock(0)
    reader = Reader([str(path)], follow=True, monotonic=clock)

    def poll() -> None:
        clock.now += 10
        for _ in range(5):
            for batch in reader.poll():
                store.apply(batch)

    return reader, store, poll


def test_a_database_is_followed_while_it_is_written(sink: SqliteSink) -> None:
    records = a_run()
    sink.emit(records[0])
    reader, store, poll = follow(sink.path.parent)
    poll()
    seen = []
    for record in records[1:]:
        sink.emit(record)
        poll()
        seen.append(store.runs[0].record_count)
    assert seen == list(range(2, 8))
    assert Bodies(store, reader.sources, FORMATS).span_detail(1).input == {"q": "x"}
    reader.close()


def test_a_run_in_a_log_that_grows_is_running_although_the_database_itself_is_old(sink: SqliteSink) -> None:
    hand = Hand()
    sink.emit(hand.header())
    sink.emit(hand.start(1, 1, "one"))
    old = 1_000_000_000
    os.utime(sink.path, ns=(old, old))
    loaded = load([str(sink.path)])
    (run,) = loaded.runs
    log = Path(f"{sink.path}-wal").stat().st_mtime_ns
    assert run.mtime_ns == log
    assert status_of(loaded, run, log + 1) == "running"


def status_of(loaded: Loaded, run: Run, now: int) -> str:
    return Summaries(loaded.store, loaded.reader.sources, loaded.bodies, now, ALIVE).status(run)[0]

"""A reader in a process of its own: the same store, bodies and behaviour, and what happens when one of both dies."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.payloads import PAYLOADS
from tests.hostile.recordings import Fields, write_recordings
from tests.live.following import PATIENCE_S, facts, read_cold, recorded
from tracetui.core.bodies import Bodies
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.formats import FORMATS
from tracetui.core.reader import Reader
from tracetui.core.reading import mirrors
from tracetui.core.reading.remote import ReaderLost, RemoteReader
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.resources import samples_dir

RULES = StatusRules()


def read_all(reader: Reader | RemoteReader, store: Store) -> None:
    """Take all that is there."""
    end = time.monotonic() + PATIENCE_S
    while reader.next_due(time.monotonic()) == 0:
        for batch in reader.poll():
            store.apply(batch)
        assert time.monotonic() < end


def until(reader: RemoteReader, store: Store, is_so: Callable[[], bool]) -> None:
    """Take what comes until it is so."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        for batch in reader.poll():
            store.apply(batch)
        assert time.monotonic() < end, "not so"


def raw(store: Store, reader: Reader | RemoteReader) -> list[bytes | None]:
    """Records' bytes as they stand in their files, None for what is gone; of many records some."""
    bodies = Bodies(store, reader.sources, FORMATS)
    found: list[bytes | None] = []
    for record in range(0, len(store.records), 1 + len(store.records) // 200):
        try:
            found.append(bodies.raw(record).data)
        except ChangedOnDisk:
            found.append(None)
    return found


def assert_same(paths: list[str], now_ns: int = 1_800_000_000_000_000_000) -> None:
    """Both readers find the same in these paths."""
    here, there = Store(), Store()
    with Reader(paths, follow=True) as reader, RemoteReader(paths) as remote:
        read_all(reader, here)
        read_all(remote, there)
        assert facts(there, remote, now_ns, RULES) == facts(here, reader, now_ns, RULES)  # type: ignore[arg-type]
        assert [len(table) for table in (there.spans, there.records, there.events, there.bad)] == [
            len(table) for table in (here.spans, here.records, here.events, here.bad)
        ]
        assert raw(there, remote) == raw(here, reader)
        assert remote.unrecognised == reader.unrecognised
        assert remote.unreadable_paths == reader.unreadable_paths
        assert remote.set_aside == reader.set_aside
        assert remote.files == reader.files
        assert remote.progress == reader.progress
        assert remote.take_notices() == reader.take_notices()


def test_all_samples_are_read_the_same() -> None:
    assert_same([str(samples_dir())])


def test_compressed_files_are_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(recorded("packed", 5_000), 1))
    monkeypatch.setattr(mirrors, "WALK_BYTES", 1)
    assert_same([str(tmp_path)])


def test_hostile_files_are_read_the_same(tmp_path: Path) -> None:
    write_recordings(tmp_path, "".join(PAYLOADS.values()), Fields(), structure=True, only="tracetui")
    (tmp_path / "noise.jsonl").write_bytes(b'{"a":' * 5_000 + b"\n\xff\xfe\n" + recorded("noise")[:-20])
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert_same([str(tmp_path)])


def test_explains_a_file_or_says_why_not(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(recorded("a"))
    with RemoteReader([str(tmp_path)]) as remote, Reader([str(tmp_path)]) as reader:
        assert remote.explain(str(path)) == reader.explain(str(path))
        with pytest.raises(FileNotFoundError):
            remote.explain(str(tmp_path / "nothing"))


def test_growth_truncation_replacement_and_renaming_are_followed(tmp_path: Path) -> None:
    path, store = tmp_path / "a.jsonl", Store()
    first = recorded("first", 20)
    path.write_bytes(first[: len(first) // 2])

    def names() -> set[str]:
        return {run.name for run in store.live_runs() if run.complete}

    with RemoteReader([str(tmp_path)]) as remote:
        read_all(remote, store)
        remote.watch()
        with path.open("ab") as file:
            file.write(first[len(first) // 2 :])
        until(remote, store, lambda: store.live_runs()[0].span_count == 20)
        path.write_bytes(recorded("second", 3))
        until(remote, store, lambda: names() == {"second"})
        (tmp_path / "new.tmp").write_bytes(recorded("third", 4))
        (tmp_path / "new.tmp").rename(path)
        until(remote, store, lambda: "third" in names())
        path.rename(tmp_path / "b.jsonl")
        until(remote, store, lambda: any(source.path.endswith("b.jsonl") for source in remote.sources.values()))
        now = time.time_ns()
        cold = {run["name"]: run["spans"] for run in read_cold(tmp_path, now_ns=now)}
        followed = {run["name"]: run["spans"] for run in facts(store, remote, now, RULES)}  # type: ignore[arg-type]
        assert followed.items() >= cold.items()


def test_a_body_is_never_that_of_another_generation(tmp_path: Path) -> None:
    path, store = tmp_path / "a.jsonl", Store()
    path.write_bytes(recorded("run00"))
    with RemoteReader([str(tmp_path)]) as remote:
        bodies = Bodies(store, remote.sources, FORMATS)
        for number in range(1, 8):
            for _ in range(200):
                for batch in remote.poll():
                    store.apply(batch)
                for run in store.live_runs():
                    try:
                        assert run.name.encode() in bodies.raw(run.first_record).data
                    except ChangedOnDisk:
                        continue
                if [run.name for run in store.live_runs()] == [f"run{number - 1:02}"]:
                    break
                remote.changed([str(path)])
            path.write_bytes(recorded(f"run{number:02}"))
            remote.changed([str(path)])


def test_what_was_read_of_a_file_that_is_deleted_can_still_be_looked_at(tmp_path: Path) -> None:
    path, store = tmp_path / "a.jsonl", Store()
    path.write_bytes(recorded("kept"))
    with RemoteReader([str(tmp_path)]) as remote:
        read_all(remote, store)
        path.unlink()
        remote.changed([str(path)])
        until(remote, store, lambda: store.runs[0].gone)
        assert b"kept" in Bodies(store, remote.sources, FORMATS).raw(0).data


def test_the_end_of_a_pipe_is_told(tmp_path: Path) -> None:
    path, store = tmp_path / "stdin", Store()
    path.write_bytes(recorded("piped").rstrip(b"\n"))
    with RemoteReader([str(path)], watched=[], shown={str(path): "standard input"}) as remote:
        read_all(remote, store)
        assert store.runs[0].recorded_end is None
        remote.end(str(path), "cut off")
        told: list[str] = []

        def has_ended() -> bool:
            told.extend(notice.text for notice in remote.take_notices())  # may come after what was read
            return store.runs[0].complete and store.runs[0].is_cut_off and bool(told)

        until(remote, store, has_ended)
        assert remote.sources[0].path == "standard input"
        assert told == ["cut off"]


def looks(pid: int) -> tuple[str, int]:
    """State of a process, and how many bytes it has read."""
    state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    return state, int(Path(f"/proc/{pid}/io").read_text("ascii").split()[1])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs /proc")
def test_who_takes_nothing_stops_the_reading(tmp_path: Path) -> None:
    path, store = tmp_path / "large.jsonl", Store()
    head, step, _ = recorded("large").splitlines(keepends=True)
    steps = (
        step.replace(b"0000000000000001", b"%016x" % number).replace(b"step 1", b"x" * 200)
        for number in range(1, 60_000)
    )
    path.write_bytes(b"".join((head, *steps)))
    with RemoteReader([str(path)]) as remote:
        calm, before, end = 0, ("", -1), time.monotonic() + PATIENCE_S
        while calm < 20 and time.monotonic() < end:
            now = looks(remote.pid)
            calm = calm + 1 if now == before and now[0] == "S" and now[1] > 3_000_000 else 0
            before = now
            time.sleep(0.01)
        assert calm == 20
        assert before[1] < path.stat().st_size
        until(remote, store, lambda: looks(remote.pid)[1] > before[1])


def test_a_process_that_is_killed_is_told_as_lost(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(recorded("a"))
    with RemoteReader([str(tmp_path)]) as remote:
        read_all(remote, Store())
        os.kill(remote.pid, signal.SIGKILL)
        with pytest.raises(ReaderLost, match="SIGKILL"):
            until(remote, Store(), lambda: False)


def test_a_process_that_cannot_be_started_is_told_as_lost(tmp_path: Path) -> None:
    with pytest.raises(ReaderLost, match="started"):
        RemoteReader([str(tmp_path)], python=[str(tmp_path / "no-python")])
    with RemoteReader([str(tmp_path)], python=["/bin/false"]) as remote, pytest.raises(ReaderLost, match="status 1"):
        until(remote, Store(), lambda: False)


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; from tracetui.core.reading.remote import RemoteReader\n"
        "remote = RemoteReader([sys.argv[1]])\n"
        "print(remote.pid, flush=True); time.sleep(60)"
    )
    shutil.copy(samples_dir() / "tracetui" / "support_bot.jsonl", tmp_path)
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    end = time.monotonic() + PATIENCE_S
    while is_running(pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_interrupts_of_the_terminal_do_not_reach_the_process(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(recorded("a"))
    with RemoteReader([str(tmp_path)]) as remote:
        read_all(remote, Store())
        assert os.getsid(remote.pid) != os.getsid(0)
        os.kill(remote.pid, signal.SIGINT)
        os.kill(remote.pid, signal.SIGTSTP)
        assert remote.unrecognised == []

"""Disks that refuse: every operation fails once in its turn, and what is told to be lost is what is missing."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.core.recording.workers import COMMAND
from tracetui import JsonlSink, MemorySink, SqliteSink, Tracer
from tracetui.core.recording.sinks import jsonl, sqlite

Rounds = Callable[[int, int], int]
SECOND = 1_000_000_000
CODES = ("ENOSPC", "EIO", "EINTR", "EDQUOT", "EROFS")
MOST = 200
"""Operations after which a run without a fault should have come."""


class Disk:
    """Counts operations of one kind and lets those from ``first`` to ``last`` fail (numbers from 1)."""

    def __init__(self, kind: str, fault: str, first: int, last: int) -> None:
        self._kind, self._fault, self._first, self._last = kind, fault, first, last
        self._count = 0
        self.failed = 0

    def fails(self, kind: str) -> bool:
        """Count one operation; True: it is to fail."""
        if kind != self._kind:
            return False
        self._count += 1
        if self._first <= self._count <= self._last:
            self.failed += 1
            return True
        return False

    def may_fail(self, kind: str) -> None:
        """Count one operation, and fail."""
        if self.fails(kind):
            self.refuse()

    def refuse(self) -> None:
        """Fail as asked."""
        code = getattr(errno, self._fault)
        raise OSError(code, os.strerror(code))

    def write(self, write: Callable[[Any], int | None], data: bytes) -> int | None:
        """A write that may fail or be short."""
        if not self.fails("write"):
            return write(data)
        if self._fault == "short":
            return write(data[: len(data) // 2])
        if self._fault == "but one":
            return write(data[:-1])
        if self._fault == "none":
            return None
        self.refuse()
        raise AssertionError


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Disk], None]:
    """Put a disk under the sink, in place of the last one."""
    known = {name: getattr(os, name) for name in ("open", "fsync", "mkdir", "replace")}

    def put(disk: Disk) -> None:
        class Faulty(FileIO):
            def write(self, data: Any, /) -> int:
                return disk.write(super().write, data)  # type: ignore[return-value]

        def failing(name: str) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                if name != "open" or args[1] & os.O_APPEND:  # others than the sink open files too
                    disk.may_fail(name)
                return None if name == "fsync" else known[name](*args, **options)

            return call

        monkeypatch.setattr(jsonl, "FileIO", Faulty)
        for name in known:
            monkeypatch.setattr(os, name, failing(name))

    return put


@dataclass
class Ticks:
    """A clock that goes on a quarter of a second whenever it is looked at."""

    now: int = SECOND

    def __call__(self) -> int:
        self.now += SECOND // 4
        return self.now


@dataclass
class Written:
    """What stands in the files of a run, and what was told."""

    records: int
    lost: int
    seqs: Counter[int] = field(default_factory=Counter)
    gaps: list[int] = field(default_factory=list)
    fragments: int = 0

    @property
    def missing(self) -> int:
        """Records that were made and are not there."""
        return self.records - len(self.seqs)


def recorded(sink: JsonlSink, *, spans: int = 12) -> Tracer:
    """A run of some spans, one inside the other and one after the other."""
    tracer = Tracer("faulty", sinks=[sink])
    with tracer.run(), tracer.agent("all"):
        for number in range(spans):
            with tracer.step("one", n=number, text="x" * 100) as span:
                span.event("tick", n=number)
    tracer.close()
    return tracer


def written(tracer: Tracer, folder: Path) -> Written:
    """Read the files of the run back, line by line."""
    found = Written(tracer.stats.records, tracer.stats.lost)
    read_back(folder, found)
    return found


def read_back(folder: Path, found: Written) -> None:
    """Count what stands in the files."""
    for path in folder.glob("**/*.jsonl"):
        for line in path.read_bytes().split(b"\n"):
            if not line:
                continue
            try:
                record = orjson.loads(line)
            except ValueError:
                found.fragments += 1
                continue
            if record["type"] == "gap":
                found.gaps.append(record["lost"])
            else:
                found.seqs[record["seq"]] += 1


def check(tracer: Tracer, folder: Path) -> Written:
    """What was told to be lost is missing, and nothing is there twice."""
    found = written(tracer, folder)
    assert tracer.stats.faults == 0, tracer.stats.first_fault
    assert found.lost == found.missing
    assert set(found.seqs.values()) <= {1}
    assert sum(found.gaps) <= found.lost
    return found


def every_fault(
    kind: str, fault: str, install: Callable[[Disk], None], run: Callable[[Disk], None], *, length: int = 1
) -> None:
    """Do it again and again, the N-th operation failing (and those after it, ``length`` in all), until none fails."""
    for first in range(1, MOST):
        disk = Disk(kind, fault, first, first + length - 1)
        install(disk)
        run(disk)
        if not disk.failed:
            return
    raise AssertionError("no run was without a fault")


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "buffered": {"buffered": True},
    "fsync": {"fsync": "every"},
    "one file": {"one": True},
}
FAULTS = [("write", code) for code in (*CODES, "short", "but one", "none")]
FAULTS += [(kind, code) for kind in ("open", "mkdir", "fsync") for code in CODES]


def sink_in(folder: Path, setting: str) -> JsonlSink:
    options = dict(SETTINGS[setting])
    if options.pop("one", False):
        return JsonlSink(path=folder / "private" / "all.jsonl", clock=Ticks(), **options)
    return JsonlSink(folder / "private", clock=Ticks(), **options)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(("kind", "fault"), FAULTS)
def test_one_operation_that_fails_costs_nothing(
    kind: str, fault: str, setting: str, tmp_path: Path, install: Callable[[Disk], None]
) -> None:
    def run(disk: Disk) -> None:
        tracer = recorded(sink_in(tmp_path, setting))
        found = check(tracer, tmp_path)
        assert (found.lost, found.gaps) == (0, [])
        shutil.rmtree(tmp_path / "private")

    every_fault(kind, fault, install, run)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(("kind", "fault"), [("write", "ENOSPC"), ("write", "EINTR"), ("open", "EROFS")])
def test_what_is_lost_while_a_disk_refuses_is_counted_and_told_by_a_gap(
    kind: str,
    fault: str,
    setting: str,
    tmp_path: Path,
    install: Callable[[Disk], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jsonl, "KEPT_BYTES", 700)
    losses = []

    def run(disk: Disk) -> None:
        tracer = recorded(sink_in(tmp_path, setting), spans=40)
        found = check(tracer, tmp_path)
        losses.append(found.lost)
        if found.seqs[tracer.stats.records - 1]:
            assert sum(found.gaps) == found.lost
        shutil.rmtree(tmp_path / "private", ignore_errors=True)

    every_fault(kind, fault, install, run, length=4)
    assert fault == "EINTR" or setting == "buffered" or max(losses) > 0


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", ["write", "open", "mkdir"])
def test_a_disk_that_refuses_for_good_costs_what_came_after(
    kind: str, setting: str, tmp_path: Path, install: Callable[[Disk], None]
) -> None:
    def run(disk: Disk) -> None:
        tracer = recorded(sink_in(tmp_path, setting))
        found = check(tracer, tmp_path)
        assert not disk.failed or found.lost
        shutil.rmtree(tmp_path / "private", ignore_errors=True)

    every_fault(kind, "ENOSPC", install, run, length=1_000_000)


def test_a_record_after_the_sink_was_closed_does_not_count_losses_again(
    tmp_path: Path, install: Callable[[Disk], None]
) -> None:
    install(Disk("write", "ENOSPC", 1, 1_000_000))
    tracer = Tracer("late", sinks=[JsonlSink(tmp_path, clock=Ticks())])
    span = tracer.start("outlives its run")
    tracer.close()
    assert tracer.stats.lost == 3
    span.finish()
    tracer.close()
    assert tracer.stats.lost == 4


def test_what_a_disk_refused_is_tried_again_at_the_end_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "run.jsonl"
    told = subprocess.run([*COMMAND, "late", str(path)], check=True, capture_output=True, text=True, timeout=60)
    assert told.stdout.split() == ["4", "0", "0"]
    assert [orjson.loads(line)["seq"] for line in path.read_bytes().splitlines()] == [0, 1, 2, 3]


def test_a_run_that_ended_while_the_disk_refused_is_written_when_a_later_one_ends(
    tmp_path: Path, install: Callable[[Disk], None]
) -> None:
    tracer = Tracer("many", sinks=[JsonlSink(tmp_path, clock=Ticks())])
    disk = Disk("write", "ENOSPC", 1, 1_000_000)
    install(disk)
    for _ in range(5):
        with tracer.run(), tracer.step("one"):
            pass
    assert not any(path.stat().st_size for path in tmp_path.iterdir())
    install(Disk("write", "ENOSPC", 0, 0))
    for _ in range(2):
        with tracer.run():
            pass
    assert [len(path.read_bytes().splitlines()) for path in tmp_path.iterdir()].count(4) == 5
    assert tracer.stats.lost == 0


def test_runs_that_end_while_the_disk_refuses_are_kept_up_to_a_limit(
    tmp_path: Path, install: Callable[[Disk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "KEPT_BYTES", 10_000)
    install(Disk("write", "ENOSPC", 1, 1_000_000))
    tracer = Tracer("many", sinks=[JsonlSink(tmp_path, clock=Ticks())])
    for _ in range(100):
        with tracer.run(), tracer.step("one"):
            pass
    assert 340 <= tracer.stats.lost < 400
    tracer.close()
    assert tracer.stats.lost == tracer.stats.records == 400


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "/dev/full", "/dev/null/x"])
def test_a_path_at_which_nothing_can_be_made_costs_the_records_and_nothing_else(path: str) -> None:
    tracer = Tracer("nowhere", sinks=[JsonlSink(path=path, clock=Ticks())])
    for number in range(100):
        with tracer.step("one", n=number):
            pass
    tracer.close()
    assert (tracer.stats.records, tracer.stats.lost, tracer.stats.faults) == (202, 202, 0)


def test_a_limit_of_the_size_of_files_costs_what_is_told(tmp_path: Path) -> None:
    told = subprocess.run(
        [*COMMAND, "limited", str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    records, lost, faults = map(int, told.split())
    found = Written(records, lost)
    read_back(tmp_path, found)
    assert faults == 0
    assert found.lost == found.missing == sum(found.gaps) > 0
    assert max(found.seqs.values()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("no file system can be mounted here: there is no such program")
    mounted = subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run([umount, "-l", str(folder)], check=True)


@pytest.mark.parametrize("one", [False, True], ids=["folder", "one file"])
@pytest.mark.parametrize("buffered", [False, True], ids=["direct", "buffered"])
def test_a_full_disk_costs_what_is_told_and_recording_goes_on_when_there_is_room(
    small_disk: Path, one: bool, buffered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "KEPT_BYTES", 20_000)
    sink = JsonlSink(small_disk / "traces", small_disk / "all.jsonl" if one else None, buffered=buffered, clock=Ticks())
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 150_000)
    tracer = Tracer("full", sinks=[sink])
    with tracer.run():
        for number in range(400):
            tracer.event("tick", "x" * 500, n=number)
        assert tracer.stats.lost > 0
        ballast.unlink()
        for number in range(60):
            tracer.event("tick", "x" * 500, n=number)
    tracer.close()
    found = check(tracer, small_disk)
    print(f"{found.records} records, {found.lost} told to be lost, {found.missing} missing")  # noqa: T201
    assert found.lost == sum(found.gaps) > 0
    assert found.seqs[tracer.stats.records - 1]


def test_a_full_disk_costs_a_database_what_is_told_and_recording_goes_on_when_there_is_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "KEPT_BYTES", 20_000)
    path, ballast = small_disk / "runs.db", small_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    tracer = Tracer("full", sinks=[SqliteSink(path, clock=Ticks())])
    with tracer.run():
        for number in range(400):
            tracer.event("tick", "x" * 500, n=number)
        assert tracer.stats.lost > 0
        ballast.unlink()
        for number in range(8):
            tracer.event("tick", "x" * 500, n=number)
    tracer.close()
    stats = tracer.stats
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        seqs = Counter(seq for (seq,) in database.execute("SELECT seq FROM records WHERE type != 'gap'"))
        gaps = [
            orjson.loads(line)["lost"] for (line,) in database.execute("SELECT record FROM records WHERE type = 'gap'")
        ]
    print(f"{stats.records} records, {stats.lost} told to be lost, {stats.records - len(seqs)} missing")  # noqa: T201
    assert stats.faults == 0, stats.first_fault
    assert stats.lost == stats.records - len(seqs) == sum(gaps) > 0
    assert set(seqs.values()) == {1}


@pytest.fixture(scope="session")
def failing_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The disk that fails below Python, for SQLite and all else; it is made by a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("there is no C compiler, or this is no Linux")
    made = tmp_path_factory.mktemp("disk") / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made


Totals = dict[tuple[str, str], tuple[int, ...]]


def on_a_failing_disk(disk: Path, what: str, *, length: int, step: int, folder: Path) -> Totals:
    """What ``failing_disk.py`` says: operation and fault -> runs, failed, records, lost, missing, twice."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("failing_disk.py")),
        what,
        str(length),
        str(step),
        str(folder),
    ]
    environment = {**os.environ, "LD_PRELOAD": str(disk)}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=500, env=environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = [line.split() for line in ran.stdout.splitlines()]
    totals = {(operation, fault): tuple(map(int, figures)) for operation, fault, *figures in lines}
    runs, failed, records, lost, missing, twice = (sum(column) for column in zip(*totals.values(), strict=True))
    print(  # noqa: T201
        f"{what}: {runs} runs, {failed} operations failed, {records} records, {lost} told to be lost, {missing} missing, "
        f"{twice} twice, no exception"
    )
    assert lost == missing
    assert twice == 0
    return totals


@pytest.mark.parametrize("what", ["jsonl", "sqlite"])
def test_one_operation_of_the_system_that_fails_costs_nothing(
    what: str, failing_disk: Path, tmp_path: Path, rounds: Rounds
) -> None:
    totals = on_a_failing_disk(failing_disk, what, length=1, step=rounds(25, 1), folder=tmp_path)
    assert {lost for _, _, _, lost, _, _ in totals.values()} == {0}
    assert all(totals[key][1] for key in totals if key[0] in ("write", "open", "fsync", "mkdir"))


@pytest.mark.parametrize("length", [5, 40, 0], ids=["five", "forty", "for good"])
@pytest.mark.parametrize("what", ["jsonl", "sqlite"])
def test_operations_of_the_system_that_fail_one_after_the_other_cost_what_is_told(
    what: str, length: int, failing_disk: Path, tmp_path: Path, rounds: Rounds
) -> None:
    totals = on_a_failing_disk(failing_disk, what, length=length, step=rounds(60, 1), folder=tmp_path)
    assert length or totals["write", "ENOSPC"][3] > 0


@pytest.mark.parametrize("length", [1, 0], ids=["once", "for good"])
@pytest.mark.parametrize("what", ["save", "save_markdown"])
def test_what_cannot_be_saved_leaves_nothing_behind_whichever_operation_fails(
    what: str, length: int, failing_disk: Path, tmp_path: Path
) -> None:
    totals = on_a_failing_disk(failing_disk, what, length=length, step=1, folder=tmp_path)
    assert all(totals[key][1] for key in totals if key[0] in ("write", "open", "fsync", "rename", "mkdir"))


@pytest.mark.parametrize("fault", CODES)
@pytest.mark.parametrize("kind", ["open", "fsync", "replace", "mkdir"])
def test_a_run_that_cannot_be_saved_leaves_what_was_there(
    kind: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer("saved", sinks=[MemorySink()])
    with tracer.run(), tracer.step("one"):
        pass
    path = tmp_path / "saved" / "run.jsonl"
    if kind != "mkdir":
        path.parent.mkdir()
        path.write_text("before")
    disk = Disk(kind, fault, 1, 1)
    known = getattr(os, kind)

    def call(*args: Any, **options: Any) -> Any:
        if "saved" in str(args[0]) or kind == "fsync":
            disk.may_fail(kind)
        return known(*args, **options)

    monkeypatch.setattr(os, kind, call)
    assert tracer.save(path) is None
    assert disk.failed == 1
    assert kind == "mkdir" or [found.name for found in path.parent.iterdir()] == ["run.jsonl"]
    assert kind == "mkdir" or path.read_text() == "before"
    assert tracer.save(path) == path
    assert len(path.read_bytes().splitlines()) == 4


def test_reports_of_a_run_do_not_raise_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    tracer = Tracer("reported", sinks=[MemorySink()])
    with tracer.run(), tracer.step("one"):
        pass
    assert tracer.summary() == {}
    assert tracer.save_markdown(tmp_path / "report.md") is None
    assert tracer.save("a\0b") is None
    assert tracer.save_markdown("a\0b") is None
    assert tracer.latest("one") is not None

"""Recording on a disk that fails (``failing_disk.c``, loaded before all else): the N-th operation, for every N until none does.

python failing_disk.py WHAT LENGTH STEP FOLDER

``WHAT`` is ``jsonl``, ``sqlite``, ``save`` or ``save_markdown``. With ``LENGTH`` operations that fail one after the other (0:
all that follow), every ``STEP``-th N is tried. Says for each operation and fault how many runs there were, operations that
failed, records, records lost as told, records that are missing, and records that are there twice.
"""

import ctypes
import errno
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import orjson

from tracetui import JsonlSink, MemorySink, SqliteSink, Tracer

FAULTS = [("write", fault) for fault in ("ENOSPC", "EIO", "EINTR", "short")]
FAULTS += [
    (operation, fault)
    for operation in ("open", "fsync", "rename", "truncate", "mkdir")
    for fault in ("ENOSPC", "EIO", "EINTR")
]
"""Operations, and how each may fail."""
OPERATIONS = ("nothing", "write", "open", "fsync", "rename", "truncate", "mkdir")
SECOND = 1_000_000_000
FOR_GOOD = 1_000_000_000


@dataclass
class Disk:
    """The disk below a folder."""

    folder: Path

    def __post_init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def fail(self, operation: str, fault: str, first: int, last: int) -> None:
        """Let operations numbered from ``first`` to ``last`` fail with an error's name, or be ``short``."""
        code = -1 if fault == "short" else getattr(errno, fault)
        self._library.plan(OPERATIONS.index(operation), code, first, last, str(self.folder).encode())

    def work(self) -> int:
        """Let nothing fail any more; returns how many operations did."""
        failed: int = self._library.failures()
        self._library.plan(0, 0, 0, 0, str(self.folder).encode())
        return failed


def recorded(sink: JsonlSink | SqliteSink) -> Tracer:
    """A run of some spans."""
    tracer = Tracer("failing", sinks=[sink])
    with tracer.run():
        for number in range(6):
            with tracer.step("one", n=number, text="x" * 100) as span:
                span.event("tick", n=number)
    tracer.close()
    return tracer


def numbers(folder: Path) -> Iterator[int]:
    """Numbers of the records that stand in files or a database."""
    for path in folder.glob("**/*.jsonl"):
        *lines, _ = path.read_bytes().split(b"\n")  # what has no line end is not there
        for line in lines:
            with suppress(ValueError):
                record = orjson.loads(line)
                if record["type"] != "gap":
                    yield record["seq"]
    for path in folder.glob("**/*.db"):
        with closing(sqlite3.connect(path)) as database, suppress(sqlite3.OperationalError):  # no table
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            yield from (seq for (seq,) in database.execute("SELECT seq FROM records WHERE type != 'gap'"))


def record(what: str, operation: str, fault: str, length: int, step: int, folder: Path) -> tuple[int, ...]:
    """Record again and again; see above for what is returned."""
    disk, ticks = Disk(folder), count(SECOND, SECOND // 4)
    totals: Counter[str] = Counter()
    for first in count(1, step):
        sink = JsonlSink(folder / "a") if what == "jsonl" else SqliteSink(folder / "a" / "a.db", clock=ticks.__next__)
        if isinstance(sink, JsonlSink):
            sink = JsonlSink(folder / "a", clock=ticks.__next__, fsync="every")
        disk.fail(operation, fault, first, first + length - 1 if length else FOR_GOOD)
        tracer = recorded(sink)
        failed = disk.work()
        stats = tracer.stats
        assert stats.faults == 0, stats.first_fault
        found = Counter(numbers(folder))
        missing = stats.records - len(found)
        assert missing == stats.lost, (first, missing, stats.lost)
        totals += Counter(runs=1, failed=failed, records=stats.records, lost=stats.lost, missing=missing)
        totals["twice"] += sum(found.values()) - len(found)
        shutil.rmtree(folder / "a", ignore_errors=True)
        if not failed:
            break
    return tuple(totals[key] for key in ("runs", "failed", "records", "lost", "missing", "twice"))


def save(what: str, operation: str, fault: str, length: int, step: int, folder: Path) -> tuple[int, ...]:
    """Save again and again: what cannot be saved leaves what was there before; nothing else is left behind."""
    disk = Disk(folder)
    tempfile.tempdir = str(folder)  # a report is made from a file
    tracer = Tracer("saved", sinks=[MemorySink()])
    with tracer.run(), tracer.step("one"):
        pass
    runs = failures = 0
    for first in count(1, step):
        path = folder / "saved" / "run.jsonl"
        disk.fail(operation, fault, first, first + length - 1 if length else FOR_GOOD)
        found = tracer.save(path) if what == "save" else tracer.save_markdown(path)
        failed = disk.work()
        runs, failures = runs + 1, failures + failed
        left = [each.name for each in path.parent.iterdir()] if path.parent.exists() else []
        assert found in (None, path)
        assert left == (["run.jsonl"] if found else []), left
        if found:
            assert path.read_text().count("one") >= 1
        shutil.rmtree(path.parent, ignore_errors=True)
        if not failed:
            assert found == path
            break
    return runs, failures, 0, 0, 0, 0


def main(what: str, length: str, step: str, folder: str) -> None:
    for operation, fault in (
        FAULTS if length != "0" else [each for each in FAULTS if each[1] != "EINTR"]
    ):  # that is tried again
        tried = save if what.startswith("save") else record
        print(operation, fault, *tried(what, operation, fault, int(length), int(step), Path(folder)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

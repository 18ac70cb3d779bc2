"""Reading: skeletons of large recordings, the slow lane, and the list of many small ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson

from benchmarks import data
from benchmarks.measure import Result, cpu, in_turns, program_cpu
from tracetui.core.batch import Batch
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats.native import NativeDecoder
from tracetui.core.operations import Operation
from tracetui.core.reader import Reader
from tracetui.core.store import Store

_BLOCK = 262_144


def parse_lines(path: Path) -> None:
    """The yardstick: every line through orjson, the result dropped."""
    loads = orjson.loads
    with path.open("rb") as file:
        for line in file:
            loads(line)


def read(path: Path) -> Store:
    """Everything under a path, as a command reads it."""
    store = Store()
    with Reader([str(path)]) as reader:
        while not reader.progress.done:
            for batch in reader.poll(0.1, 1_000_000):
                store.apply(batch)
    return store


def decode(path: Path, decoder: LineDecoder) -> Store:
    """A recording through one decoder, in blocks."""
    store, at = Store(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            base, line = at - decoder.pending, decoder.line + 1
            store.apply(Batch(0, "tracetui", 0, base, line, decoder.feed(block)))
            at += len(block)
    store.apply(Batch(0, "tracetui", 0, at, decoder.line + 1, decoder.close(), complete=True))
    return store


class SlowDecoder(NativeDecoder):
    """The native decoder without its fast lane: one dictionary and some operations a record."""

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Whole lines, one by one."""
        return LineDecoder.lines(self, block, a)


def skeleton(quick: bool) -> Iterator[Result]:
    """100 MB of native records into the store, against a bare parse of the same lines."""
    size = 2_000_000 if quick else 100_000_000
    for make, bar in ((data.mixed, 2.0), (data.small, 3.0)):
        yield _against_parsing(f"skeleton, {make.__name__} records", make(size), read, bar, quick)


def slow_lane(quick: bool) -> Iterator[Result]:
    """The same through one operation after another: what a format without a fast lane pays."""
    size = 500_000 if quick else 20_000_000
    for make in (data.mixed, data.small):
        path = make(size)
        yield _against_parsing(
            f"slow lane, {make.__name__} records", path, lambda path: decode(path, SlowDecoder()), None, quick
        )


def _against_parsing(
    name: str, path: Path, reading: Callable[[Path], object], bar: float | None, quick: bool
) -> Result:
    turns = in_turns(cpu(lambda: parse_lines(path)), cpu(lambda: reading(path)), rounds=1 if quick else 9, seconds=45)
    speed = path.stat().st_size / turns.ours / 1e6
    return Result(
        name,
        f"{turns.ours:.3f} s",
        f"orjson {turns.yardstick:.3f} s",
        turns.ratio,
        bar,
        f"processor time; {speed:.0f} MB/s; {turns.rounds} turns",
    )


def many_files(quick: bool) -> Iterator[Result]:
    """``tracetui list`` of 10,000 files of 19 KB, against a program that parses all of their lines."""
    folder = data.many(50 if quick else 10_000)
    parse = (
        "import os,sys,orjson\n"
        "for entry in os.scandir(sys.argv[1]):\n"
        "    with open(entry.path,'rb') as file:\n"
        "        for line in file: orjson.loads(line)"
    )
    turns = in_turns(
        program_cpu([sys.executable, "-c", parse, folder]),
        program_cpu([sys.executable, "-m", "tracetui", "list", folder]),
        rounds=1 if quick else 5,
        seconds=90,
    )
    count = len(os.listdir(folder))
    yield Result(
        f"list of {count:,} files of 19 KB",
        f"{turns.ours:.2f} s",
        f"orjson {turns.yardstick:.2f} s",
        turns.ratio,
        2.5,
        f"processor time of the whole program; {turns.rounds} turns",
    )

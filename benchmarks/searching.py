"""Searching bodies of 1 GB that was read: a needle that is not there, the first hit, and a needle that is everywhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

import orjson

from benchmarks import data
from benchmarks.measure import Result, in_turns, program, wall
from tracetui.core.formats import FORMATS
from tracetui.core.reader import Reader
from tracetui.core.search import Hit, Needle, Search
from tracetui.core.store import Store

_ABSENT: Final = (("the case as written", "Zebrafish Migration"), ("both cases", "zebrafish migration"))
_MANY: Final = 5_000


def search(quick: bool) -> Iterator[Result]:
    """Names and bodies of one recording, by the engine behind ``grep`` and ``/``."""
    path = data.mixed(2_000_000 if quick else 1_000_000_000)
    with Reader([str(path)]) as reader:
        store = Store()
        while not reader.progress.done:
            for batch in reader.poll(0.1, 1_000_000):
                store.apply(batch)

        def hits(wanted: str) -> Iterator[Hit]:
            return Search(store, reader.sources, FORMATS, Needle.text(wanted)).hits()

        for what, wanted in _ABSENT:
            yield _absent(f"needle not there, {what}", wanted, path, hits, quick)
        yield _first_hit(path, hits, quick)
        yield _many_hits(hits, quick)


def _absent(name: str, wanted: str, path: Path, hits: Callable[[str], Iterator[Hit]], quick: bool) -> Result:
    size, rounds = path.stat().st_size, 1 if quick else 9

    def ours() -> None:
        if list(hits(wanted)):
            raise AssertionError(f"{wanted} is in the recording")

    rg = shutil.which("rg")
    if rg is None:
        took = median(wall(ours)() for _ in range(rounds))
        return Result(name, f"{took:.3f} s", "", took, None, "rg is not installed: the ratio was not measured")
    turns = in_turns(lambda: _rg(rg, wanted, path), wall(ours), rounds=rounds, seconds=60)
    note = f"{size / turns.ours / 1e9:.1f} GB/s, names included; {turns.rounds} turns"
    return Result(name, f"{turns.ours:.3f} s", f"rg -c {turns.yardstick:.3f} s", turns.ratio, 4, note)


def _rg(rg: str, wanted: str, path: Path) -> float:
    """Time of ``rg -c``, which ends with 1 where there is nothing."""
    return program(["sh", "-c", '"$0" -c "$1" "$2"; test $? -eq 1', rg, wanted, path])()


def _first_hit(path: Path, hits: Callable[[str], Iterator[Hit]], quick: bool) -> Result:
    """A session's id that stands in one record only, just before 100 MB."""
    place = (path.stat().st_size if quick else 100_000_000) - 50_000
    with path.open("rb") as file:
        file.seek(place)
        file.readline()
        while "session" not in (attributes := orjson.loads(file.readline()).get("attributes", {})):
            pass
    wanted = attributes["session"]["id"]
    times = []
    for _ in range(1 if quick else 9):
        begun = time.perf_counter()
        next(hits(wanted))
        times.append((time.perf_counter() - begun) * 1_000)
    took = median(times)
    note = f"best {min(times):.1f} ms; {len(times)} turns"
    return Result(f"first hit, at {place / 1e6:,.0f} MB", f"{took:.1f} ms", "", took, 50, note)


def _many_hits(hits: Callable[[str], Iterator[Hit]], quick: bool) -> Result:
    begun = time.perf_counter()
    count = sum(1 for _ in islice(hits("warehouse"), 100 if quick else _MANY))
    took = (time.perf_counter() - begun) / count * 1e6
    return Result(f"the first {count:,} hits of a common word", f"{took:.0f} µs a hit", "", took)

"""The second time: what is read again when nothing has changed, against the first time and against Python itself."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import data
from benchmarks.measure import Result, in_turns, program, program_cpu

_FIGURES = "import sys; from tracetui.core.index.quick import figures; assert figures(sys.argv[1:])"


def second_time(quick: bool) -> Iterator[Result]:
    """The list of many files, and the figures of one large one; whole processes, their modules compiled."""
    with _own_cache() as cache:
        yield from _many(300 if quick else 10_000, cache)
        yield from _large(10_000_000 if quick else 1_000_000_000, quick)


@contextmanager
def _own_cache() -> Iterator[Path]:
    """An empty cache folder, and compiled modules, for the programs that are started meanwhile."""
    names = ("XDG_CACHE_HOME", "TRACETUI_CACHE", "PYTHONDONTWRITEBYTECODE")
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            os.environ.pop(name, None)
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield Path(folder) / "tracetui"
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _many(files: int, cache: Path) -> Iterator[Result]:
    listing = program_cpu([sys.executable, "-m", "tracetui", "list", str(data.many(files))])

    def anew() -> float:
        shutil.rmtree(cache, ignore_errors=True)
        return listing()

    listing()
    turns = in_turns(anew, listing, rounds=3)
    yield Result(
        f"list of {files:,} files the second time",
        f"{turns.ours:.2f} s",
        f"the first time {turns.yardstick:.2f} s",
        turns.ratio,
        0.3,
        "processor time; the first time writes the index",
    )


def _large(size: int, quick: bool) -> Iterator[Result]:
    path = str(data.mixed(size))
    nothing = program([sys.executable, "-c", "pass"])
    listing = program([sys.executable, "-m", "tracetui", "list", path])
    figures = program([sys.executable, "-c", _FIGURES, path])
    first = listing()
    for name, ours, bar, note in (
        (f"second open of {size / 1e9:g} GB to complete figures", figures, 2.0, f"first time {first:.1f} s"),
        (f"tracetui list of {size / 1e9:g} GB the second time", listing, None, "the command with all it imports"),
    ):
        ours()
        turns = in_turns(nothing, ours, rounds=5 if quick else 41, seconds=30)
        yield Result(
            name,
            f"{turns.ours * 1e3:.1f} ms",
            f"python -c pass {turns.yardstick * 1e3:.1f} ms",
            turns.ratio,
            bar,
            f"wall; {note}; {turns.rounds} turns",
        )

"""``python -m benchmarks [NAME…]``: measure, and print figure, yardstick, ratio and goal of one and the same run."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.measure import Result

Benchmark = Callable[[bool], Iterator[Result]]


def benchmarks() -> dict[str, Benchmark]:
    """All benchmarks by name, in the order of the table."""
    from benchmarks.analysing import analysis
    from benchmarks.filters import filters
    from benchmarks.following import idle, latency, stream
    from benchmarks.formats import formats
    from benchmarks.indexing import second_time
    from benchmarks.keys import key_while_reading
    from benchmarks.memory import memory, usage_memory
    from benchmarks.moving import moving
    from benchmarks.pauses import pauses
    from benchmarks.reading import many_files, skeleton, slow_lane
    from benchmarks.recording import recording
    from benchmarks.redaction import redaction
    from benchmarks.screens import first_frame, tree
    from benchmarks.searching import search
    from benchmarks.starting import starting
    from benchmarks.structures import chip, key_index

    return {
        "skeleton": skeleton,
        "memory": memory,
        "first-frame": first_frame,
        "key-while-reading": key_while_reading,
        "tree": tree,
        "chip": chip,
        "filter": filters,
        "analyze": analysis,
        "latency": latency,
        "idle": idle,
        "stream": stream,
        "bytes": moving,
        "pauses": pauses,
        "list": many_files,
        "second-time": second_time,
        "start": starting,
        "slow-lane": slow_lane,
        "formats": formats,
        "key-index": key_index,
        "usage": usage_memory,
        "recording": recording,
        "redaction": redaction,
        "search": search,
    }


@contextmanager
def _no_cache() -> Iterator[None]:
    """Each time is the first one."""
    before = os.environ.get("TRACETUI_CACHE")
    os.environ["TRACETUI_CACHE"] = "off"
    try:
        yield
    finally:
        del os.environ["TRACETUI_CACHE"]
        if before is not None:
            os.environ["TRACETUI_CACHE"] = before


_HEADINGS: Final = ("measured", "figure", "yardstick", "ratio", "goal", "")
_WIDTHS: Final = (46, 24, 26, 9, 9, 0)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks named, or all. Exit status 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; without: all")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that they run, the figures mean nothing"
    )
    parser.add_argument("--names", action="store_true", dest="only_names", help="print the names and stop")
    asked = parser.parse_args(arguments)
    known = benchmarks()
    if asked.only_names:
        print("\n".join(known))
        return 0
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
    print(_line(_HEADINGS))
    missed = False
    for name in asked.names or known:
        begun = time.monotonic()
        with _no_cache():
            for result in known[name](asked.quick):
                missed |= result.met is False
                print(_line(_cells(result)), flush=True)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if missed and not asked.quick else 0


def _cells(result: Result) -> tuple[str, ...]:
    goal = "" if result.bar is None else f"<= {_short(result.bar)}"
    verdict = {True: "met", False: "MISSED", None: ""}[result.met]
    # Without a yardstick, the figure itself is what is compared.
    ratio = _short(result.value) if result.yardstick else ""
    return result.name, result.figure, result.yardstick, ratio, goal, f"{verdict:<7}{result.note}"


def _short(value: float) -> str:
    return (
        f"{value:,.0f}" if value >= 1000 else f"{value:.4f}" if value < 0.1 else f"{value:.2f}".rstrip("0").rstrip(".")
    )


def _line(cells: tuple[str, ...]) -> str:
    return " ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main())

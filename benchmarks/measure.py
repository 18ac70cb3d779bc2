"""How things are measured: in turns with their yardstick, in one process or in fresh ones, and bounded in time."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(slots=True, frozen=True)
class Result:
    """One line of the table.

    Args:
        name: what was measured.
        figure, yardstick: for people, with units; the yardstick is empty where the bar is absolute.
        value: what is compared with the bar: a ratio, or a figure where there is no yardstick.
        bar: at most this much is good; None: measured without a bar.
        note: what one must know to read the figure.
    """

    name: str
    figure: str
    yardstick: str
    value: float
    bar: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None without one."""
        return None if self.bar is None else self.value <= self.bar


@dataclass(slots=True, frozen=True)
class Turns:
    """Medians of measurements in turns; the ratio is the median of the ratios of the turns."""

    yardstick: float
    ours: float
    ratio: float
    rounds: int


def in_turns(
    yardstick: Callable[[], float], ours: Callable[[], float], *, rounds: int = 7, seconds: float = 60.0
) -> Turns:
    """Measure both, again and again, until ``rounds`` turns are done or the next one would take it past ``seconds``."""
    begun = time.monotonic()
    pairs: list[tuple[float, float]] = []
    while len(pairs) < rounds:
        pairs.append((yardstick(), ours()))
        took = time.monotonic() - begun
        if took + took / len(pairs) > seconds:
            break
    return Turns(
        median(pair[0] for pair in pairs),
        median(pair[1] for pair in pairs),
        median(ours / yardstick for yardstick, ours in pairs),
        len(pairs),
    )


def cpu(work: Callable[[], object]) -> Callable[[], float]:
    """A measurement of the processor time that ``work`` takes, s: other programs disturb it less than the wall clock."""

    def measured() -> float:
        gc.collect()
        begun = time.process_time()
        work()
        return time.process_time() - begun

    return measured


def wall(work: Callable[[], object]) -> Callable[[], float]:
    """A measurement of the time that ``work`` takes, s."""

    def measured() -> float:
        gc.collect()
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    return measured


def program(arguments: Sequence[str | Path], environment: dict[str, str] | None = None) -> Callable[[], float]:
    """A measurement of how long a program runs, s. Raises CalledProcessError when it fails."""

    def run() -> None:
        subprocess.run(
            list(arguments), check=True, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True
        )

    return wall(run)


def program_cpu(arguments: Sequence[str | Path]) -> Callable[[], float]:
    """A measurement of the processor time of a program, s."""

    def measured() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(list(arguments), check=True, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return measured


def in_fresh_process(call: str, *arguments: object) -> dict[str, float]:
    """What ``module:function`` returns in a process of its own, where nothing else takes memory."""
    module, function = call.split(":")
    code = f"import json,sys; from {module} import {function} as f; print(json.dumps(f(*json.loads(sys.argv[1]))))"
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)],
        check=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def resident() -> int:
    """Bytes of memory of this process that are its own, after what is free was given back."""
    import ctypes

    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    pages = Path("/proc/self/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGESIZE")

"""The app while a run grows, and while nothing happens: how soon it shows, what it costs, what it sends to the terminal."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Self

import orjson

from benchmarks import data
from benchmarks.measure import Result
from benchmarks.terminal import Terminal, Timeout

_APP = (sys.executable, "-m", "tracetui", "--no-state")
# The same app with a reader and a watcher that look once.
_STILL = (
    sys.executable,
    "-c",
    "import sys\n"
    "from tracetui.core import reader, watching\n"
    "class Once(reader.Reader):\n"
    "    def __init__(self, *arguments, follow=False, **options): super().__init__(*arguments, **options)\n"
    "reader.Reader = Once\n"
    "class Blind:\n"
    "    mode, reason = 'watching', ''\n"
    "    def __init__(self, *arguments): pass\n"
    "    def start(self, changed): pass\n"
    "    def stop(self): pass\n"
    "watching.Watcher = Blind\n"
    "from tracetui.cli import main\n"
    "sys.exit(main(sys.argv[1:]))",
    "--no-state",
)


class LiveRun:
    """A recording that this process writes: a root that is open, and events in it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{'ab' * 16}.{os.getpid()}.jsonl"
        self._file = self.path.open("wb", buffering=0)
        self._seq = 0
        boot = Path("/proc/sys/kernel/random/boot_id")
        self.write(
            {
                "tracetui": 1,
                "type": "header",
                "run": "ab" * 16,
                "name": data.NAME,
                "time": time.time_ns(),
                "pid": os.getpid(),
                "process_start": int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]),
                "host": socket.gethostname(),
                "boot": boot.read_text().strip() if boot.exists() else "",
            }
        )
        self.begin("1" * 16, None, data.NAME)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def write(self, record: dict[str, object]) -> float:
        """Append one record; the time just before."""
        line = orjson.dumps(record) + b"\n"
        now = time.perf_counter()
        self._file.write(line)
        return now

    def begin(self, span: str, parent: str | None, name: str) -> float:
        """Append the start of a span."""
        record = {"type": "span_start", "seq": self._next(), "time": time.time_ns(), "span": span}
        return self.write(record | ({"parent": parent} if parent else {}) | {"name": name, "kind": "tool"})

    def call(self, number: int) -> float:
        """Append a start below the root, with a name that tells its number."""
        return self.begin(f"{number + 16:016x}", "1" * 16, f"Q{number:04d}x")

    def event(self) -> float:
        """Append an event of the root."""
        text = f"looked at row {self._seq} of the table"
        record = {"type": "event", "seq": self._next(), "time": time.time_ns(), "span": "1" * 16, "class": "log"}
        return self.write(record | {"name": "row.seen", "text": text, "attributes": {"row": self._seq}})

    def _next(self) -> int:
        self._seq += 1
        return self._seq


class Awatch:
    """Default ``watchfiles.awatch`` on a folder, in a thread: what a plain follower would get, and when."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._delivered = threading.Event()
        self._at = 0.0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()), daemon=True)
        self._thread.start()

    async def _watch(self) -> None:
        from watchfiles import awatch

        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.run_in_executor(None, lambda: (self._stop.wait(), loop.call_soon_threadsafe(stop.set)))
        async for _ in awatch(self._folder, stop_event=stop):
            self._at = time.perf_counter()
            self._delivered.set()

    def delay(self, file: Path) -> float | None:
        """Seconds from an append to its delivery; None: it did not come."""
        self._delivered.clear()
        now = time.perf_counter()
        with file.open("ab", buffering=0) as opened:
            opened.write(b"{}\n")
        return self._at - now if self._delivered.wait(5) else None

    def close(self) -> None:
        """Watch no more."""
        self._stop.set()
        self._thread.join(5)


def _empty(name: str) -> Path:
    folder = data.folder() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def latency(quick: bool) -> Iterator[Result]:
    """Single appends a second apart: to the first byte of the frame that shows it, against a plain watcher's delivery."""
    live, plain = _empty("live"), _empty("plain")
    rounds = 3 if quick else 15
    ours: list[float] = []
    theirs: list[float] = []
    watcher = Awatch(plain)
    try:
        with LiveRun(live) as run, Terminal([*_APP, str(live)]) as terminal:
            terminal.until(data.NAME)
            terminal.settle(20)
            terminal.press("\x1b[F")
            for number in range(rounds):
                terminal.during(1.0)
                terminal.drain(0.02, 0.5)
                begun = run.call(number)
                ours.append(terminal.until(f"Q{number:04d}", 10) - begun)
                delay = watcher.delay(plain / "plain.jsonl")
                if delay is not None:
                    theirs.append(delay)
    finally:
        watcher.close()
    if len(theirs) < rounds // 2:
        raise Timeout("the plain watcher told of less than half of the appends")
    ratio = median(ours) / median(theirs)
    note = f"p50 of {len(ours)}, 1 s apart; slowest {max(ours) * 1e3:.0f} ms"
    yield Result(
        "append to frame", f"{median(ours) * 1e3:.1f} ms", f"awatch {median(theirs) * 1e3:.1f} ms", ratio, 1 / 3, note
    )


def idle(quick: bool) -> Iterator[Result]:
    """An open, finished run: processor time while following, against following nothing, and bytes sent."""
    seconds = 2.0 if quick else 10.0
    path = data.many(20)
    taken: dict[str, list[float]] = {"follow": [], "still": []}
    sent = 0
    for _ in range(1 if quick else 3):
        with Terminal([*_APP, str(path)]) as following, Terminal([*_STILL, str(path)]) as still:
            for terminal in (following, still):
                terminal.until(data.NAME)
            for terminal in (following, still):
                terminal.settle(20)
            before = following.busy(), still.busy()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                sent += following.during(0.25)
                still.during(0.25)
            taken["follow"].append(following.busy() - before[0])
            taken["still"].append(still.busy() - before[1])
    ours, theirs = median(taken["follow"]), median(taken["still"])
    yield Result(
        f"idle, processor time of {seconds:.0f} s",
        f"{ours * 1e3:.1f} ms",
        f"following nothing {theirs * 1e3:.1f} ms",
        ours / theirs,
        1.5,
        f"20 finished runs; middle of {len(taken['still'])}",
    )
    yield Result("idle, bytes to the terminal, finished runs", f"{sent:,} B", "", sent, 0)


def stream(quick: bool) -> Iterator[Result]:
    """20 events a second for 10 s at 130x40: bytes to the terminal."""
    seconds = 2.0 if quick else 10.0
    live = _empty("stream")
    with LiveRun(live) as run, Terminal([*_APP, str(live)]) as terminal:
        terminal.until(data.NAME)
        terminal.settle(20)
        terminal.press("\x1b[F")
        terminal.during(1.0)
        before = terminal.cpu()
        sent = terminal.during(seconds, lambda: run.event() and None, 0.05)
        took = terminal.cpu() - before
    note = f"130x40; {took / seconds:.0%} of a processor"
    yield Result(f"following 20 events/s for {seconds:.0f} s", f"{sent:,} B", "", sent, 60_000, note)

"""Programs that record and are killed, forked or stormed: started by path, in a process of their own.

python workers.py NAME ARGUMENTS...
"""

import atexit
import fcntl
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tracetui import JsonlSink, SqliteSink, Tracer
from tracetui.core.recording.records import Sink
from tracetui.core.recording.sinks import jsonl

TEXT = "x" * 2_800
"""Makes a record of 3 kB."""


def sink(kind: str, path: str) -> Sink:
    """One file for all: ``jsonl``, ``buffered``, ``sqlite``; or ``folder``."""
    if kind == "sqlite":
        return SqliteSink(path)
    if kind == "folder":
        return JsonlSink(path)
    return JsonlSink(path=path, buffered=kind == "buffered")


def kills(kind: str, path: str, rounds: str, at_once: str, seed: str) -> None:
    """Let recorders work on ``path``, ``at_once`` at a time, and kill each at some time; print what each acknowledged."""
    chance = random.Random(seed)
    for _ in range(int(rounds)):
        writers = [_writer(kind, path) for _ in range(int(at_once))]
        for pid, descriptor in writers:
            data = b""
            while data.count(b"\n") < 2:
                data += os.read(descriptor, 100) or _died(pid)
            time.sleep(chance.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            assert os.WTERMSIG(status) == signal.SIGKILL, status
            with os.fdopen(descriptor, "rb") as rest:
                data += rest.read()
            run, *numbers = data.split(b"\n")[:-1]
            print(run.decode(), pid, len(numbers))  # noqa: T201


def _writer(kind: str, path: str) -> tuple[int, int]:
    """A child that records events of 3 kB without end, and acknowledges each after the call returned."""
    read, write = os.pipe2(0)
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 1 << 18)
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    tracer = Tracer("killed", sinks=[sink(kind, path)])
    with tracer.run(), tracer.step("work"):
        os.write(write, f"{tracer.run_id}\n".encode())
        for number in count():
            tracer.event("tick", n=number, text=TEXT)
            os.write(write, b"\n")
    raise AssertionError


def _died(pid: int) -> bytes:
    raise AssertionError(f"{pid} died by itself")


def many(kind: str, path: str, records: str) -> None:
    """Record ``records`` records, all in one run, as soon as a line comes in, and say what became of them."""
    tracer = Tracer("many", sinks=[sink(kind, path)])
    sys.stdin.readline()
    with tracer.run(), tracer.step("all"):
        for number in range((int(records) - 4) // 2):
            with tracer.step("one", n=number):
                pass
    tracer.close()
    stats = tracer.stats
    print(tracer.run_id, stats.records, stats.lost, stats.faults)  # noqa: T201


def late(path: str) -> None:
    """Record where no folder can be made, which then can be, and do nothing more."""
    blocked = Path(path).parent
    blocked.write_text("in the way")
    tracer = Tracer("late", sinks=[JsonlSink(path=path)])
    atexit.register(lambda: print(tracer.stats.records, tracer.stats.lost, tracer.stats.faults))  # noqa: T201
    Tracer("makes the hooks that run before that", sinks=[])
    with tracer.run(), tracer.step("one"):
        pass
    blocked.unlink()


def limited(folder: str) -> None:
    """Record more than a file may hold, and then again when it may hold more."""
    jsonl.KEPT_BYTES = 20_000
    moment = count(0, 250_000_000)
    tracer = Tracer("limited", sinks=[JsonlSink(folder, clock=moment.__next__)])
    with tracer.run():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_001, resource.RLIM_INFINITY))
        for number in range(300):
            tracer.event("tick", "x" * 500, n=number)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for number in range(20):
            tracer.event("tick", "x" * 500, n=number)
    tracer.close()
    print(tracer.stats.records, tracer.stats.lost, tracer.stats.faults)  # noqa: T201


PROGRAMS: dict[str, Callable[..., None]] = {"kills": kills, "many": many, "late": late, "limited": limited}
COMMAND = (sys.executable, str(Path(__file__)))

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])

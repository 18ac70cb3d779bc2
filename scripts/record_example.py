"""Record an example with a clock that steps instead of going: `python scripts/record_example.py NAME [--OPTION] FOLDER`.

An example takes what time it needs; recorded here it takes none, and what it records are the same bytes whenever and wherever
it is done: times step where the example waits, ids are counted, tracebacks name files relative to the checkout. What tells of
the process itself (its id, its machine) is left to `make_samples.py`, which starts this as a process of its own.

Anything that the tracer had to keep from the example is printed, which the example itself would never have noticed.
"""

import asyncio
import inspect
import math
import multiprocessing
import os
import selectors
import sys
import traceback
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from tracetui import Tracer
from tracetui.core.recording.runs import Stats

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("plain_loop", "fan_out", "child_process", "with_opentelemetry", "crash")
MORNING = 1_795_165_200
"""2026-11-20T09:00:00Z, seconds: when the first of them is said to have been recorded, the others an hour after each other."""
SECOND = 1_000_000_000
TICK_NS = 37_000
"""What making a record takes."""
BOOTED = 81_220 * SECOND
"""What the monotonic clock says then, ns."""
NOW = "TRACETUI_EXAMPLE_NOW"
"""The variable by which programs that an example starts are told the time, ns."""


class Moment:
    """The time, which moves only where the example waits, and a little with every record."""

    def __init__(self, now: int) -> None:
        self.now = now
        os.environ[NOW] = str(now)

    def wall(self) -> int:
        """Wall clock, ns since the epoch."""
        self._move(TICK_NS)
        return self.now

    def mono(self) -> int:
        """Monotonic clock, ns."""
        return self.now - MORNING * SECOND + BOOTED

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._move(math.ceil(seconds * SECOND))

    def _move(self, ns: int) -> None:
        self.now += ns
        os.environ[NOW] = str(self.now)


class Selector(selectors.DefaultSelector):
    """Waits for nothing but time."""

    def __init__(self, moment: Moment) -> None:
        super().__init__()
        self._moment = moment

    def select(self, timeout: float | None = None) -> Any:
        """What is ready; where something would have been waited for, the time moves on to it."""
        if timeout:
            self._moment.pause(timeout)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop by the same clock."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        super().__init__(Selector(moment))

    def time(self) -> float:
        """Seconds, as timers count them."""
        return self._moment.mono() / SECOND


class Ids:
    """Ids counted by each process of a run for itself, told apart by what the process is called."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0

    def _next(self, digits: int) -> str:
        self._number += 1
        text = f"{self._name} {multiprocessing.current_process().name} {self._number}"
        return blake2b(text.encode(), digest_size=digits // 2).hexdigest()

    def span_id(self) -> str:
        """The next span id."""
        return self._next(16)

    def run_id(self) -> str:
        """The next run id."""
        return self._next(32)


def loaded(name: str) -> ModuleType:
    """An example as a module whose code says that it stands in `examples/`, wherever the checkout is."""
    path = f"examples/{name}.py"
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    exec(compile(Path(path).read_text(encoding="utf-8"), path, "exec"), module.__dict__)  # noqa: S102
    return module


def prepared(name: str, moment: Moment) -> Any:
    """An example that takes its time from `moment`."""
    module: Any = loaded(name)

    def tracer(agent: str, **options: Any) -> Tracer:
        return Tracer(agent, clock=moment.wall, mono=moment.mono, ids=Ids(f"{name} {agent}"), **options)

    async def waited(seconds: float) -> None:
        await asyncio.sleep(seconds)

    module.pause = waited if inspect.iscoroutinefunction(module.pause) else moment.pause
    module.PROGRAM = [sys.executable, __file__, name]
    module.Tracer = tracer
    return module


class OtelIds:
    """The same ids, as OpenTelemetry asks for them."""

    def __init__(self) -> None:
        self._ids = Ids("with_opentelemetry")

    def generate_span_id(self) -> int:
        """The next span id."""
        return int(self._ids.span_id(), 16)

    def generate_trace_id(self) -> int:
        """The next trace id."""
        return int(self._ids.run_id(), 16)

    def is_trace_id_random(self) -> bool:
        """They are none."""
        return False


def prepare_opentelemetry(moment: Moment) -> None:
    """Let OpenTelemetry take its times and ids from here too."""
    from opentelemetry.sdk import trace

    trace.time_ns = moment.wall
    trace.RandomIdGenerator = OtelIds


def told(stats: Stats, what: str = "") -> None:
    """In place of counting a fault: say what it is."""
    stats.faults += 1
    if what:
        print(what, file=sys.stderr)
    else:
        traceback.print_exc()


def main(name: str, *arguments: str) -> None:
    """Record one example."""
    os.chdir(ROOT)
    Stats.fault = told  # type: ignore[method-assign, assignment]
    began = (MORNING + 3_600 * NAMES.index(name)) * SECOND
    moment = Moment(int(os.environ.get(NOW, began)))
    # No two workers begin at the same instant, so the order of what they record is the same wherever it is read.
    os.register_at_fork(after_in_parent=moment.wall)
    if name == "with_opentelemetry":
        prepare_opentelemetry(moment)
    example = prepared(name, moment)
    folder = arguments[-1]
    if "--check" in arguments:
        example.check(folder)
    elif inspect.iscoroutinefunction(example.main):
        with asyncio.Runner(loop_factory=lambda: Loop(moment)) as runner:
            runner.run(example.main(folder))
    else:
        example.main(folder, **({"kill": True} if "--kill" in arguments else {}))


if __name__ == "__main__":
    main(*sys.argv[1:])

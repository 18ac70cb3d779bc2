"""Programs that record under adverse circumstances, round after round.

    python hosts.py NAME SETTING FOLDER ROUNDS

Spans are called by their place: the parent of ``main.inner`` is ``main``; where that does not hold a name has no dot.
At its end a program says how many records it made, how many were lost, how many exceptions were kept from it, and the first.
"""

import asyncio
import atexit
import contextvars
import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count
from pathlib import Path

from tracetui import JsonlSink, MemorySink, SqliteSink, Tracer
from tracetui.core.recording.records import Sink


def made(setting: str, folder: str, name: str = "host") -> Tracer:
    """A tracer that writes files into ``folder``, and what else the setting says."""
    sinks: dict[str, Callable[[], list[Sink]]] = {
        "direct": lambda: [JsonlSink(folder)],
        "buffered": lambda: [JsonlSink(folder, buffered=True)],
        "fsync": lambda: [JsonlSink(folder, fsync="interval")],
        "one file": lambda: [JsonlSink(path=f"{folder}/all.jsonl")],
        "two sinks": lambda: [JsonlSink(folder), MemorySink()],
        "database": lambda: [JsonlSink(folder), SqliteSink(f"{folder}/runs.db")],
    }
    return Tracer(name, sinks=sinks[setting]())


def some_work(tracer: Tracer, spans: int = 8) -> None:
    """Spans in spans."""
    with tracer.step("main", n=1):
        for number in range(spans):
            with tracer.step("main.inner", n=number) as span:
                span.event("tick", n=number)
                with tracer.tool("main.inner.tool", arguments={"n": number}) as tool:
                    tool.result("x" * 50)


def alarms(tracer: Tracer) -> None:
    """A signal handler records while records are written, and another one while it does so itself."""
    numbers = count()
    goes_on = True

    def handler(signum: int, frame: object) -> None:
        number = next(numbers)
        with tracer.step("handler", n=number) as span:
            span.event("tick")
            if number % 3 == 0:
                signal.raise_signal(signal.SIGUSR1)
        if signum == signal.SIGALRM and goes_on:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00002, 0.001))

    signal.signal(signal.SIGALRM, handler)
    signal.signal(signal.SIGUSR1, handler)
    with tracer.run():
        signal.setitimer(signal.ITIMER_REAL, 0.0001)
        for _ in range(4):
            some_work(tracer)
        goes_on = False
        signal.setitimer(signal.ITIMER_REAL, 0)


def interrupted(work: Callable[[], object], after_s: float) -> None:
    """Do something until an interrupt ends it."""
    armed = True

    def handler(signum: int, frame: object) -> None:
        nonlocal armed
        if armed:
            armed = False
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, after_s)
        work()
        armed = False
    except KeyboardInterrupt:
        pass
    signal.setitimer(signal.ITIMER_REAL, 0)


def interrupts(tracer: Tracer) -> None:
    """Whatever is done is interrupted, and done anew."""
    with tracer.run():
        for _ in range(15):
            interrupted(lambda: some_work(tracer), random.uniform(0.00005, 0.002))
        with tracer.step("root"):
            some_work_in(tracer, "root")


def early_interrupts(tracer: Tracer) -> None:
    """Runs are interrupted while they begin."""
    for _ in range(6):
        run = tracer.run()
        interrupted(lambda run=run: (run.start(), some_work(tracer, 1)), random.uniform(0.00005, 0.0006))  # type: ignore[misc]
        some_work(tracer, 1)
        if run.run_id:
            run.finish()


class Dying:
    """Records when it is collected."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.own = self

    def __del__(self) -> None:
        with self.tracer.step("finaliser") as span:
            span.event("tick")


def collections(tracer: Tracer) -> None:
    """The garbage collector records: finalisers, and its own callbacks."""

    numbers = count()

    def collected(phase: str, info: object) -> None:
        if next(numbers) % 25 == 0:  # for the record is what may bring the next collection
            tracer.event("collected", phase=phase)

    known = gc.get_threshold()
    gc.set_threshold(5, 2, 2)
    gc.callbacks.append(collected)
    try:
        with tracer.run():
            for _ in range(10):
                Dying(tracer)
                some_work(tracer, 3)
    finally:
        gc.callbacks.remove(collected)
        gc.set_threshold(*known)


def threads(tracer: Tracer) -> None:
    """Threads record: those that know where they belong, and those that do not."""

    def wrapped() -> None:
        with tracer.step("root.wrapped"):
            some_work_in(tracer, "root.wrapped")

    with tracer.run(), tracer.step("root"):
        own = [threading.Thread(target=some_work, args=(tracer,)) for _ in range(3)]
        for thread in own:
            thread.start()
        with ThreadPoolExecutor(3) as pool:
            for future in [pool.submit(tracer.wrap(wrapped)) for _ in range(3)]:
                future.result()
        some_work_in(tracer, "root")
        for thread in own:
            thread.join()


def some_work_in(tracer: Tracer, place: str) -> None:
    """Spans in spans, within the span of that name."""
    for number in range(5):
        with tracer.step(f"{place}.inner", n=number) as span, tracer.step(f"{place}.inner.deep"):
            span.event("tick")


def tasks(tracer: Tracer) -> None:
    """Tasks side by side: some end, some are cancelled, some run out of time."""

    async def leaf(name: str) -> None:
        async with tracer.step(name):
            for _ in range(3):
                await asyncio.sleep(0)
                some_work_in(tracer, name)

    async def slow(name: str) -> None:
        with tracer.step(name):
            async with tracer.step(f"{name}.waits"):
                await asyncio.Event().wait()

    async def failing() -> None:
        with tracer.step("root.fails"):
            await asyncio.sleep(0)
            raise ValueError("planned")

    async def work() -> None:
        with tracer.step("root"):
            await asyncio.gather(*(leaf("root.leaf") for _ in range(4)))
            waiting = asyncio.create_task(slow("root.slow"))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            try:
                async with asyncio.timeout(0):
                    await slow("root.late")
            except TimeoutError:
                pass
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(slow("root.sibling"))
                    group.create_task(failing())
            except* ValueError:
                pass
            await asyncio.to_thread(some_work_in, tracer, "root")
            some_work_in(tracer, "root")

    with tracer.run():
        asyncio.run(work())


def generators(tracer: Tracer) -> None:
    """Generators that hold spans open are resumed in turn, closed early, left to the collector, and elsewhere."""

    def numbers(name: str) -> Iterator[int]:
        with tracer.step(name):
            for number in range(4):
                with tracer.step(f"{name}.item"):
                    pass
                yield number

    async def stream(name: str) -> AsyncIterator[int]:
        async with tracer.step(name):
            for number in range(4):
                await asyncio.sleep(0)
                with tracer.step(f"{name}.item"):
                    yield number

    async def work() -> None:
        with tracer.step("root"):
            async for _ in stream("root.stream"):
                some_work_in(tracer, "root")
            left = stream("root.left")
            async for _ in left:
                some_work_in(tracer, "root")
                break
            await left.aclose()
            both = stream("root.one"), stream("root.other")
            for _ in range(3):
                for one in both:
                    await anext(one)
                    some_work_in(tracer, "root")
            await asyncio.gather(*(asyncio.create_task(one.aclose()) for one in both))
            del left, both
            gc.collect()
            some_work_in(tracer, "root")

    with tracer.run():
        with tracer.step("root"):
            pair = numbers("root.first"), numbers("root.second")
            for _ in zip(*pair, strict=True):
                some_work_in(tracer, "root")
            early = numbers("root.early")
            next(early)
            some_work_in(tracer, "root")
            early.close()
            some_work_in(tracer, "root")
            forgotten = numbers("root.forgotten")
            next(forgotten)
            elsewhere = numbers("root.elsewhere")
            next(elsewhere)
            contextvars.Context().run(elsewhere.close)
            thread = threading.Thread(target=forgotten.close)
            thread.start()
            thread.join()
            some_work_in(tracer, "root")
        with tracer.step("root"):
            some_work_in(tracer, "root")
        asyncio.run(work())


def nested(tracer: Tracer) -> None:
    """Tracers in tracers, runs in runs."""
    other = Tracer("other", sinks=tracer._recorder.sinks)  # type: ignore[union-attr]
    with tracer.run(), tracer.step("root"):
        with other.run(), other.step("apart"):
            some_work_in(tracer, "root")
            some_work_in(other, "apart")
            with tracer.step("root.within"), tracer.run("inner run"), tracer.step("fresh"):
                some_work_in(tracer, "fresh")
                some_work_in(other, "apart")
        some_work_in(tracer, "root")


def forks(tracer: Tracer) -> None:
    """Children are forked inside spans, while threads record."""
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            some_work(tracer, 2)

    with tracer.run(), tracer.step("root"):
        thread = threading.Thread(target=busy)
        thread.start()
        children = []
        for _ in range(3):
            with tracer.step("root.forks"):
                some_work_in(tracer, "root.forks")
                pid = os.fork()
                if pid == 0:
                    some_work_in(tracer, "root.forks")
                    with tracer.step("root.forks.child"):
                        some_work_in(tracer, "root.forks.child")
                    tracer.close()
                    os._exit(0)
            children.append(pid)
        for pid in children:
            assert ended(pid) == 0
        stop.set()
        thread.join()


def ended(pid: int) -> int:
    """Exit status of a child; of one that a signal ended the number of that, negative."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def forked_processes(tracer: Tracer) -> None:
    """Processes of ``multiprocessing`` that are forked."""
    context = multiprocessing.get_context("fork")
    with tracer.run(), tracer.step("root"):
        processes = [context.Process(target=some_work_in, args=(tracer, "root")) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0


def spawned_processes(tracer: Tracer) -> None:
    """Processes of ``multiprocessing`` that begin anew, and those of an executor."""
    context = multiprocessing.get_context("spawn")
    setting, folder = sys.argv[2:4]
    with tracer.run(), tracer.step("root"):
        with tracer.step("starts"):
            process = context.Process(target=child, args=(setting, folder))
            process.start()
            process.join()
            assert process.exitcode == 0
        with tracer.step("starts"), ProcessPoolExecutor(1, mp_context=context) as pool:
            pool.submit(child, setting, folder).result()
        some_work_in(tracer, "root")


def subprocesses(tracer: Tracer) -> None:
    """Programs that are started inside of a span, by two means."""
    command = [*COMMAND, "child", *sys.argv[2:4], "1"]

    async def start() -> None:
        with tracer.step("starts"):
            process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
            assert await process.wait() == 0

    with tracer.run(), tracer.step("root"):
        with tracer.step("starts"):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        asyncio.run(start())
        some_work_in(tracer, "root")


def child(setting: str, folder: str) -> None:
    """What a process does that was started inside of a span: a run of its own."""
    tracer = made(setting, folder, "child")
    with tracer.run():
        some_work(tracer, 2)
    tracer.close()
    assert tracer.stats.faults == tracer.stats.lost == 0


def exits(tracer: Tracer) -> None:
    """Processes end in the middle of a span, in all ways there are."""
    setting, folder = sys.argv[2:4]
    for name, (way, status) in WAYS.items():
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            way(made(setting, folder, name))
            sys.exit()
        found = ended(pid)
        assert found == status, (name, found)


def in_a_span(tracer: Tracer, end: Callable[[], object]) -> None:
    """Work a little, and end."""
    with tracer.run(), tracer.step("root"):
        some_work_in(tracer, "root")
        end()


def left_open(tracer: Tracer) -> None:
    """Nothing is ended, nor closed."""
    tracer.run().start()
    tracer.start("root")
    some_work_in(tracer, "root")


def with_daemons(tracer: Tracer) -> None:
    """Threads record while the interpreter goes down."""
    begun = threading.Barrier(3)

    def endless() -> None:
        begun.wait()
        while True:
            some_work(tracer)

    for _ in range(2):
        threading.Thread(target=endless, daemon=True).start()
    left_open(tracer)
    begun.wait()


def with_a_thread(tracer: Tracer) -> None:
    """A thread goes on when the main thread has ended."""
    main = threading.main_thread()

    def later() -> None:
        main.join()
        some_work(tracer)

    left_open(tracer)
    threading.Thread(target=later).start()


def with_a_hook(tracer: Tracer) -> None:
    """What is done at the end of the process is recorded."""
    atexit.register(some_work, tracer)
    left_open(tracer)


def failing() -> None:
    raise ValueError("planned")


def interrupting() -> None:
    raise KeyboardInterrupt


WAYS: dict[str, tuple[Callable[[Tracer], object], int]] = {
    "return": (lambda tracer: in_a_span(tracer, int), 0),
    "sys.exit": (lambda tracer: in_a_span(tracer, sys.exit), 0),
    "sys.exit with a status": (lambda tracer: in_a_span(tracer, lambda: sys.exit(3)), 3),
    "exception": (lambda tracer: in_a_span(tracer, failing), 1),
    "interrupt": (lambda tracer: in_a_span(tracer, interrupting), -signal.SIGINT),
    "os._exit": (lambda tracer: in_a_span(tracer, lambda: os._exit(7)), 7),
    "signal": (lambda tracer: in_a_span(tracer, lambda: signal.raise_signal(signal.SIGTERM)), -signal.SIGTERM),
    "kill": (lambda tracer: in_a_span(tracer, lambda: os.kill(os.getpid(), signal.SIGKILL)), -signal.SIGKILL),
    "left open": (left_open, 0),
    "daemons": (with_daemons, 0),
    "thread": (with_a_thread, 0),
    "hook": (with_a_hook, 0),
}
"""How a process may end -> what it does, and its exit status."""
PROGRAMS: dict[str, Callable[[Tracer], None]] = {
    program.__name__: program
    for program in (
        alarms,
        interrupts,
        early_interrupts,
        collections,
        threads,
        tasks,
        generators,
        nested,
        forks,
        forked_processes,
        spawned_processes,
        subprocesses,
        exits,
    )
}
COMMAND = (sys.executable, "-X", "faulthandler", str(Path(__file__)))


def main(name: str, setting: str, folder: str, rounds: str) -> None:
    if name == "child":
        child(setting, folder)
        return
    random.seed(19)
    tracer = made(setting, folder)
    for _ in range(int(rounds)):
        PROGRAMS[name](tracer)
        for sink in tracer._recorder.sinks:  # type: ignore[union-attr]
            if isinstance(sink, MemorySink):
                sink.records.clear()  # else each fork copies all that was ever recorded
    tracer.close()
    stats = tracer.stats
    print(stats.records, stats.lost, stats.faults, stats.first_fault)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Where running code is: what generators, finalisers and threads make of it."""

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Iterator

import pytest

from tracetui import MemorySink, Tracer


class Kept:
    """Something that a generator holds."""


class Recorded:
    """A tracer, and who is inside of whom."""

    def __init__(self) -> None:
        self.sink = MemorySink()
        self.tracer = Tracer("agent", sinks=[self.sink], link_children=False)

    def parents(self) -> dict[object, object]:
        """Name of a span -> name of its parent."""
        assert self.tracer.stats.faults == 0, self.tracer.stats.first_fault
        starts = [record for record in self.sink.values if record["type"] == "span_start"]
        names = {record["span"]: record["name"] for record in starts}
        return {record["name"]: names.get(record.get("parent")) for record in starts}


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    yield made
    made.tracer.close()


def test_generators_that_take_turns_record_each_inside_of_its_own_span(recorded: Recorded) -> None:
    tracer = recorded.tracer

    def numbers(name: str) -> Iterator[int]:
        with tracer.step(name):
            for number in range(2):
                with tracer.step(f"{name}.{number}"):
                    yield number

    with tracer.step("root"):
        for one, _ in zip(numbers("a"), numbers("b"), strict=True):
            with tracer.step(f"between.{one}"):
                pass
    assert recorded.parents() == {
        "root": None,
        "a": "root",
        "a.0": "a",
        "a.1": "a",
        "b": "root",
        "b.0": "b",
        "b.1": "b",
        "between.0": "root",
        "between.1": "root",
    }


def test_asynchronous_generators_that_take_turns_record_each_inside_of_its_own_span(recorded: Recorded) -> None:
    tracer = recorded.tracer

    async def numbers(name: str) -> AsyncIterator[int]:
        async with tracer.step(name):
            for number in range(2):
                with tracer.step(f"{name}.{number}"):
                    await asyncio.sleep(0)
                    yield number

    async def work() -> None:
        async with tracer.step("root"):
            a, b = numbers("a"), numbers("b")
            for number in range(2):
                assert await anext(a) == await anext(b) == number
                with tracer.step(f"between.{number}"):
                    pass
            for each in (a, b):
                with pytest.raises(StopAsyncIteration):
                    await anext(each)

    asyncio.run(work())
    assert recorded.parents() == {
        "root": None,
        "a": "root",
        "a.0": "a",
        "a.1": "a",
        "b": "root",
        "b.0": "b",
        "b.1": "b",
        "between.0": "root",
        "between.1": "root",
    }


def test_a_generator_that_goes_on_in_a_thread_without_a_scope_is_still_inside_of_its_span(recorded: Recorded) -> None:
    tracer = recorded.tracer

    def numbers() -> Iterator[int]:
        with tracer.step("numbers"):
            yield 1
            with tracer.step("inside"):
                yield 2

    made = numbers()
    next(made)
    thread = threading.Thread(target=next, args=(made,))
    thread.start()
    thread.join()
    made.close()
    assert recorded.parents() == {"numbers": None, "inside": "numbers"}


def test_a_traced_generator_goes_on_inside_of_the_spans_that_it_holds_open(recorded: Recorded) -> None:
    tracer = recorded.tracer

    @tracer.trace("numbers")
    def numbers() -> Iterator[int]:
        with tracer.step("held"):
            yield 1
            with tracer.step("inside"):
                yield 2
        with tracer.step("after"):
            yield 3

    for number in numbers():  # type: ignore[attr-defined]
        with tracer.step(f"consumer.{number}"):
            pass
    assert recorded.parents() == {
        "numbers": None,
        "held": "numbers",
        "inside": "held",
        "after": "numbers",
        "consumer.1": None,
        "consumer.2": None,
        "consumer.3": None,
    }


def test_a_closed_generator_is_not_remembered(recorded: Recorded) -> None:
    tracer = recorded.tracer
    held: list[weakref.ref[Kept]] = []

    def numbers() -> Iterator[int]:
        kept = Kept()
        held.append(weakref.ref(kept))
        with tracer.step("numbers"):
            yield 1
        del kept

    next(numbers())
    gc.collect()
    with tracer.step("after"):
        pass
    assert held[0]() is None
    assert recorded.parents() == {"numbers": None, "after": None}


FINALISERS = """
import gc
from itertools import count
from tracetui import MemorySink, Tracer
tracer = Tracer("agent", sinks=[MemorySink(100)])

class Dying:
    def __init__(self):
        self.own = self
    def __del__(self):
        with tracer.step("dying"), tracer.step("more"):
            pass

rare = count()

def collected(phase, info):
    if phase == "start" and next(rare) % 50 == 0:
        with tracer.step("collected"):
            pass

def numbers():
    with tracer.step("numbers"):
        yield 1

gc.callbacks.append(collected)
gc.set_threshold(3, 2, 2)
for _ in range(1_000):
    Dying()
    held = [numbers()]
    next(held[0])
    held.append(held)
    del held
    with tracer.step("main"), tracer.step("inner"):
        pass
gc.callbacks.remove(collected)
gc.set_threshold(100_000)
assert tracer.stats.faults == 0, tracer.stats.first_fault
with tracer.step("last") as last:
    pass
tracer.close()
print(last.outer)
"""


def test_finalisers_and_callbacks_of_the_collector_record_without_harm() -> None:
    told = subprocess.run([sys.executable, "-c", FINALISERS], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "None\n"


def test_the_collector_calls_nothing_of_ours_that_could_swallow_an_interrupt(recorded: Recorded) -> None:
    assert not [each for each in gc.callbacks if "tracetui" in str(getattr(each, "__module__", ""))]

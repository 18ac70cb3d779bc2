"""What a host may hand to a tracer, and find planted where it records: nothing raises or crashes, no link is followed."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tracetui import JsonlSink, MemorySink, SqliteSink, Tracer


class Raises:
    """Raises whatever is asked of it."""

    def _fail(self, *_: object) -> NoReturn:
        raise RuntimeError("not today")

    __str__ = __repr__ = __len__ = __iter__ = __eq__ = __hash__ = __bool__ = _fail  # type: ignore[assignment]


class Recurses:
    """Calls itself for ever."""

    def __repr__(self) -> str:
        return repr(self)

    def model_dump(self) -> object:
        """As pydantic's models have it."""
        return {"self": self}


class BadMapping(Mapping[str, object]):
    """Has keys, but no values."""

    def __getitem__(self, key: str) -> object:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(["a", "b"])

    def __len__(self) -> int:
        raise ValueError("unknown")


class BadError(Exception):
    """An exception that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("not today")


class BadText(str):
    """A text that is none when it is asked."""

    def __str__(self) -> str:
        raise RuntimeError("not today")

    def encode(self, *_: object) -> bytes:  # type: ignore[override]
        """Neither so."""
        raise RuntimeError("not today")


class Odd(Enum):
    """An enumeration of what is no JSON."""

    value_of = frozenset([1])


def cyclic() -> object:
    own: dict[str, object] = {}
    own["own"] = [own, {"own": own}]
    return own


def deep() -> object:
    value: object = 1
    for _ in range(50_000):
        value = {"in": value}
    return value


def circular_error() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__context__ = other, one
    return one


HOSTILE: dict[str, Callable[[], Any]] = {
    "raises": Raises,
    "recurses": Recurses,
    "bad mapping": BadMapping,
    "bad error": BadError,
    "circular error": circular_error,
    "bad text": lambda: BadText("x"),
    "odd enumeration": lambda: Odd.value_of,
    "huge number": lambda: 10**10_000,
    "no number": lambda: [math.nan, math.inf, -math.inf],
    "lone surrogate": lambda: "\ud800 x",
    "keys": lambda: {
        None: 1,
        (1, 2): 2,
        b"b": 3,
        1.5: 4,
        math.nan: 5,
        Odd.value_of: 6,
        "\udfff": 7,
        True: 8,
        object(): 9,
    },
    "cyclic": cyclic,
    "deep": deep,
    "a type": lambda: Raises,
    "a module": lambda: sys,
    "a generator": lambda: (number for number in range(3)),
    "nothing": lambda: None,
}
USES: dict[str, Callable[[Tracer, Any], object]] = {
    "attribute": lambda tracer, value: tracer.step("x", value=value).start().finish(),
    "name of an attribute": lambda tracer, value: (
        tracer.span("x", attributes={"k": 1, "v": {"a": value}}).start().finish()
    ),
    "set": lambda tracer, value: tracer.start("x").set(a=value).update().finish(),
    "input": lambda tracer, value: tracer.llm("x", messages=value).start().finish(value),
    "output": lambda tracer, value: tracer.tool("x", arguments=[value]).start().output({"k": value}).finish(),
    "error": lambda tracer, value: tracer.start("x").fail(value),
    "reason": lambda tracer, value: tracer.start("x").skip(value),
    "status": lambda tracer, value: tracer.start("x").finish(status=value),
    "model": lambda tracer, value: tracer.llm("x", model=value).start().finish(model=value),
    "tokens": lambda tracer, value: tracer.start("x").finish(input_tokens=value, cost_usd=value),
    "name": lambda tracer, value: tracer.start(value).finish(),
    "kind": lambda tracer, value: tracer.start("x", value).finish(),
    "event": lambda tracer, value: tracer.event(value, value, class_=value, value=value),
    "log": lambda tracer, value: tracer.log(value, level=value, exception=value, value=value),
    "log of a value": lambda tracer, value: tracer.log(value),
    "decision": lambda tracer, value: tracer.decision(value, value, alternatives=value, reason=value, confidence=value),
    "observed": lambda tracer, value: tracer.observed(value, value),
    "token": lambda tracer, value: tracer.token(value, value=value),
    "chunks": lambda tracer, value: tracer.chunks(value),
    "retry": lambda tracer, value: tracer.retry(value, value, wait_s=value),
    "log_event": lambda tracer, value: tracer.log_event(
        {"event": value, "timestamp": value, "level": value, "x": value}
    ),
    "log_event of it": lambda tracer, value: tracer.log_event(value),
    "run": lambda tracer, value: tracer.run(value, id=value, meta={"m": value}).start().finish(value),
    "failed run": lambda tracer, value: tracer.run().start().fail(value),
    "parent": lambda tracer, value: tracer.step("x", parent=value).start().finish(),
    "traced": lambda tracer, value: tracer.trace("x")(lambda given: given)(value),  # type: ignore[operator]
    "asked": lambda tracer, value: (tracer.events([value], value), tracer.latest(value)),
    "saved": lambda tracer, value: (tracer.save(value), tracer.save_markdown(value)),
}


@pytest.mark.parametrize("use", USES)
def test_nothing_that_is_handed_to_a_tracer_makes_it_raise(
    use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for make in HOSTILE.values():
        sink = MemorySink()
        tracer = Tracer("host", sinks=[sink], link_children=False, verbosity="debug", preview=10_000)
        with tracer.run():
            USES[use](tracer, make())
            with tracer.step("after"):
                pass
        tracer.close()
        records = sink.values
        numbers: dict[str, list[int]] = {}
        for record in sink.records:
            numbers.setdefault(record.run.id, []).append(record.seq)
        assert all(found == list(range(len(found))) for found in numbers.values())
        assert records[-1]["type"] == "run_end"
        assert any(record.get("name") == "after" for record in records)


CHANGING = """
import sys
from tracetui import MemorySink, Tracer

class Changes:
    def __init__(self, change):
        self.change = change
    def __str__(self):
        self.change()
        return "changed"

def less():
    value = {}
    value["a"] = Changes(value.clear)
    value.update({f"k{n}": f"{n}" * 50 for n in range(50)})
    return value

def fewer():
    value = []
    value.append(Changes(value.clear))
    value.extend(f"{n}" * 50 for n in range(500))
    return value

def more():
    value = {}
    value["a"] = Changes(lambda: value.update({f"z{n}": n for n in range(500)}))
    return value

for make in (less, fewer, more):
    for _ in range(300):
        tracer = Tracer("host", sinks=[MemorySink()], link_children=False)
        tracer.event("e", value=make())
        tracer.close()
        assert tracer.stats.faults == 0, tracer.stats.first_fault
"""
THREADS = """
import threading
from pathlib import Path
from tracetui import MemorySink, Tracer

sys = __import__("sys")
sys.setswitchinterval(1e-6)
shared, over = {"list": [Path("p")], "dict": {"p": Path("p")}}, threading.Event()

def change():
    number = 0
    while not over.is_set():
        number += 1
        shared["list"].append("x" * 50) if number % 300 else shared["list"].clear()
        shared["dict"][f"k{number % 200}"] = "y" * 50
        shared["dict"].pop(f"k{(number + 7) % 200}", None)

thread = threading.Thread(target=change)
thread.start()
sink = MemorySink()
tracer = Tracer("host", sinks=[sink], link_children=False)
with tracer.run():
    for _ in range(1_000):
        tracer.event("e", value=shared)
over.set()
thread.join()
tracer.close()
assert tracer.stats.faults == 0, tracer.stats.first_fault
assert len(sink.values) == 1_002
"""


@pytest.mark.parametrize("program", [CHANGING, THREADS], ids=["by itself", "by another thread"])
def test_a_value_that_changes_while_it_is_encoded_does_no_harm(program: str) -> None:
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("sink", [lambda path: JsonlSink(path=path), SqliteSink], ids=["jsonl", "sqlite"])
def test_a_link_that_is_planted_as_the_file_is_not_followed(sink: Callable[[Path], Any], tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("before")
    (tmp_path / "planted").symlink_to(target)
    tracer = Tracer("host", sinks=[sink(tmp_path / "planted")])
    with tracer.run(), tracer.step("x"):
        pass
    tracer.close()
    assert (tracer.stats.records, tracer.stats.lost, tracer.stats.faults) == (4, 4, 0)
    assert target.read_text() == "before"
    assert (tmp_path / "planted").is_symlink()


@pytest.mark.parametrize("sink", [JsonlSink, lambda folder: SqliteSink(folder / "runs.db")], ids=["jsonl", "sqlite"])
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can plant what is somebody else's"
)
def test_a_link_of_somebody_else_that_is_planted_as_the_folder_is_not_followed(
    sink: Callable[[Path], Any], tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "planted").symlink_to(tmp_path / "precious")
    os.lchown(tmp_path / "planted", 12_345, 12_345)
    tracer = Tracer("host", sinks=[sink(tmp_path / "planted")])
    with tracer.run(), tracer.step("x"):
        pass
    tracer.close()
    assert (tracer.stats.lost, tracer.stats.faults) == (4, 0)
    assert list((tmp_path / "precious").iterdir()) == []


def test_a_folder_that_is_a_link_of_ones_own_is_used(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "traces").symlink_to(tmp_path / "disk")
    tracer = Tracer("host", sinks=[JsonlSink(tmp_path / "traces")])
    with tracer.run():
        pass
    tracer.close()
    assert len(list((tmp_path / "disk").iterdir())) == 1

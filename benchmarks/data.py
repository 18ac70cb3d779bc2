"""Recordings to measure with, made from a seed and kept in a temporary folder.

``mixed`` has starts, ends and events of model and tool calls with their messages, arguments and answers: 1 KB a record in the
mean. ``small`` has the same shape with hardly a payload: 220 bytes a record. Both are what ``docs/recording-format.md`` says.
"""

from __future__ import annotations

import itertools
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import orjson

VERSION: Final = 3
"""Part of every cached name: raise it when what is made here changes."""

NAME: Final = "Zebra"
"""Of every run and its root: what is looked for on the screen; nothing else there is called so."""

_START: Final = 1_790_000_000_000_000_000
_WORDS: Final = (  # noqa: SIM905 - a list of one word a line is no easier to read
    "the order shipment warehouse customer answer asked because delivery Thursday stock price report figure source quoted "
    "building material timber insulation supplier invoice budget schedule plan result search query document page section "
    "should would could before after between model agent tool retry timeout error value table column row index request "
    "response token context summary evidence claim check verify next step therefore however 42 3.5 2026"
).split(" ")
_FOREIGN: Final = ("café", "naïve", "–", "“quoted”", "東京")
_TOOLS: Final = ("find_order", "check_stock", "web_search", "read_page", "run_query", "write_file", "send_mail")
_MODELS: Final = ("claude-sonnet-4-5", "gpt-5-mini", "qwen3-30b")


def folder() -> Path:
    """Where recordings are kept between runs; anything in it may be deleted."""
    path = Path(tempfile.gettempdir()) / f"tracetui-benchmarks-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.lstat().st_uid != os.getuid() or path.is_symlink():
        raise PermissionError(f"{path} is somebody else's")
    return path


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder of a name, made by ``make`` the first time."""
    path = folder() / f"{name}.v{VERSION}"
    if not path.exists():
        unfinished = folder() / f"{name}.{os.getpid()}.tmp"
        make(unfinished)
        unfinished.rename(path)
    return path


def mixed(size: int) -> Path:
    """One recording of about ``size`` bytes, records of 1 KB in the mean."""
    return _recording("mixed", size, _mixed)


def small(size: int) -> Path:
    """One recording of about ``size`` bytes, records of 220 bytes in the mean."""
    return _recording("small", size, _small)


def many(files: int, size: int = 19_000) -> Path:
    """A folder of ``files`` recordings of ``size`` bytes each, one run a file."""

    def make(path: Path) -> None:
        path.mkdir()
        for number in range(files):
            lines = recording(_mixed, seed=number, spans=None, started=_START + number * 60_000_000_000)
            kept = bytearray()
            while len(kept) < size:
                kept += next(lines)
            (path / f"{number:032x}.{1000 + number}.jsonl").write_bytes(kept)

    return cached(f"many-{files}-{size}", make)


def spans(count: int) -> Path:
    """One finished run of ``count`` spans, start and end each, no payload, no model, no usage."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(recording(_bare, spans=count, finish=True))

    return cached(f"spans-{count}.jsonl", make)


def _recording(name: str, size: int, payload: Payload) -> Path:
    def make(path: Path) -> None:
        written = 0
        with path.open("wb") as file:
            for line in recording(payload):
                written += file.write(line)
                if written >= size:
                    break

    return cached(f"{name}-{size}.jsonl", make)


def text(rng: random.Random, words: int) -> str:
    """Prose with line breaks and quotation marks, as models write it."""
    parts = rng.choices(_WORDS, k=words)
    if parts and rng.random() < 0.1:
        parts[0] = rng.choice(_FOREIGN)
    for at in range(9, words, 17):
        parts[at] += ".\n" if at % 2 else '"'
    return " ".join(parts)


class Payload:
    """What records carry beside their header keys. ``scale`` is about how many words a text has."""

    def __init__(self, scale: int, *, usage: bool = True) -> None:
        self.scale = scale
        self.usage = usage

    def begin(self, rng: random.Random, kind: str) -> dict[str, object]:
        """Input and attributes of a start."""
        body: dict[str, object] = {}
        if kind == "llm" and self.usage:
            body["model"] = rng.choice(_MODELS)
        if not self.scale:
            return body | self._little(rng)
        if kind == "llm":
            body["input"] = [
                {"role": "system", "content": text(rng, self.scale)},
                {"role": "user", "content": [{"type": "text", "text": text(rng, rng.randrange(self.scale * 3))}]},
            ]
        elif kind == "tool":
            body["input"] = {"query": text(rng, self.scale // 3), "limit": rng.randrange(50), "filters": {"year": 2026}}
        body["attributes"] = self._attributes(rng)
        return body

    def end(self, rng: random.Random, kind: str) -> dict[str, object]:
        """Answer, usage and attributes of an end."""
        body: dict[str, object] = {}
        if kind == "llm" and self.usage:
            body["model"] = rng.choice(_MODELS)
            body["usage"] = {"input": rng.randrange(9000), "output": rng.randrange(900), "cached": rng.randrange(4000)}
            body["cost_usd"] = rng.randrange(90_000) / 1e6
        if not self.scale:
            return body | self._little(rng)
        if kind == "llm":
            body["output"] = {"role": "assistant", "content": text(rng, rng.randrange(self.scale * 2))}
        elif kind == "tool":
            body["output"] = [
                {"title": text(rng, 6), "score": rng.random(), "text": text(rng, rng.randrange(self.scale))}
                for _ in range(rng.randrange(5))
            ]
        body["attributes"] = self._attributes(rng)
        return body

    def event(self, rng: random.Random) -> dict[str, object]:
        """Line and values of an event."""
        if not self.scale:
            return {"text": text(rng, 4)} | self._little(rng)
        return {"level": "info", "text": text(rng, rng.randrange(self.scale)), "attributes": self._attributes(rng)}

    def _little(self, rng: random.Random) -> dict[str, object]:
        return {"attributes": {"attempt": rng.randrange(3), "cache": "hit"}} if self.usage else {}

    def _attributes(self, rng: random.Random) -> dict[str, object]:
        return {
            "temperature": 0.2,
            "max_tokens": 4096,
            "stop_reason": "end_turn",
            "retries": rng.randrange(3),
            "session": {
                "id": f"{rng.getrandbits(64):016x}",
                "tags": rng.sample(_WORDS, 3),
                "attempt": {"of": 3, "is": 1},
            },
        }


_mixed: Final = Payload(101)
_small: Final = Payload(0)
_bare: Final = Payload(0, usage=False)


class _Writer:
    """Makes the lines of one recording, with its own clock and numbers."""

    def __init__(self, payload: Payload, seed: int, started: int) -> None:
        self.rng = random.Random(seed)
        self.run = f"{self.rng.getrandbits(128):032x}"
        self.now = started
        self._payload = payload
        self._seq = itertools.count()

    def line(self, type: str, **rest: object) -> bytes:
        """One record; time goes on."""
        head = {"type": type, "seq": next(self._seq), "time": self.now}
        self.now += self.rng.randrange(1_000_000, 30_000_000)
        return orjson.dumps(head | rest) + b"\n"

    def header(self) -> bytes:
        """The first record."""
        head = {"tracetui": 1, "type": "header", "seq": next(self._seq), "run": self.run, "name": NAME}
        writer = {"time": self.now, "mono": 1, "pid": 4_000_000, "host": "bench", "boot": "b"}
        return orjson.dumps(head | writer | {"meta": {"model": _MODELS[0], "run": self.run}}) + b"\n"

    def span(self, parent: object, name: str, kind: str) -> tuple[dict[str, object], int]:
        """Header keys of a new span, and when it starts."""
        span: dict[str, object] = {"span": f"{self.rng.getrandbits(64) or 1:016x}"}
        if parent is not None:
            span["parent"] = parent
        return span | {"name": name, "kind": kind}, self.now

    def begin(self, span: dict[str, object]) -> bytes:
        """Its start."""
        return self.line("span_start", **span, **self._payload.begin(self.rng, str(span["kind"])))

    def event(self, span: dict[str, object], cls: str, name: str) -> bytes:
        """An event in it."""
        return self.line("event", span=span["span"], **{"class": cls}, name=name, **self._payload.event(self.rng))

    def end(self, span: dict[str, object], start: int) -> bytes:
        """Its end."""
        status = "error" if self.rng.random() < 0.02 else "ok"
        took = {"start": start, "duration_ns": self.now - start, "status": status}
        return self.line("span_end", **span, **took, **self._payload.end(self.rng, str(span["kind"])))


def recording(
    payload: Payload, *, seed: int = 7, spans: int | None = None, started: int = _START, finish: bool = False
) -> Iterator[bytes]:
    """Lines of one recording: an agent with turns of model calls and tools, up to ``spans`` spans or without end."""
    writer = _Writer(payload, seed, started)
    rng = writer.rng
    left = itertools.count() if spans is None else iter(range(spans))
    yield writer.header()
    if next(left, None) is None:
        return
    root, run_start = writer.span(None, NAME, "agent")
    yield writer.begin(root)
    for turn in itertools.count(1):
        if next(left, None) is None:
            break
        chain, turn_start = writer.span(root["span"], f"turn {turn % 40}", "chain")
        yield writer.begin(chain)
        if payload is not _bare:
            yield writer.event(chain, "message", "user")
        for _ in range(rng.randrange(1, 9)):
            if next(left, None) is None:
                break
            yield from _call(writer, payload, chain["span"])
        yield writer.end(chain, turn_start)
    yield writer.end(root, run_start)
    if finish:
        yield writer.line("run_end", status="ok")


def _call(writer: _Writer, payload: Payload, parent: object) -> Iterator[bytes]:
    """A call of a model or tool, sometimes with an event in it."""
    rng = writer.rng
    kind = rng.choice(("llm", "tool", "tool"))
    call, start = writer.span(parent, "choose_tool" if kind == "llm" else rng.choice(_TOOLS), kind)
    yield writer.begin(call)
    if payload is not _bare and rng.random() < 0.3:
        cls = rng.choice(("decision", "log", "log", "message", "retry"))
        yield writer.event(call, cls, f"{cls}.made")
    yield writer.end(call, start)

"""What the tests of reading share: a format that says each line back, a stepped clock, and the view that batches add up to."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracetui.core.batch import Batch
from tracetui.core.formats._base import Candidate, Format, Match, RecordBody
from tracetui.core.formats._lines import DocDecoder, LineDecoder
from tracetui.core.model import EventDetail, SpanDetail
from tracetui.core.operations import Bad, Operation, Record, RunFact
from tracetui.core.reader import Reader


class _Lines(LineDecoder):
    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def operations(self, record: dict[str, object], a: int, b: int) -> list[Operation]:
        if "header" in record:
            return [Record(self._run, "header", a, b), RunFact(self._run, name=str(record["header"]))]
        return [Record(self._run, str(record.get("n", "?")), a, b)]


class _Document(DocDecoder):
    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def elements(self, value: object, data: bytes) -> list[Operation]:
        assert isinstance(value, dict)
        return [Record(self._run, str(item), 0, len(data)) for item in value["items"]]


@dataclass
class _Assembler:
    bundle: str
    made: list[str]
    forgotten: list[str] = field(default_factory=list)

    def decoder(self, candidate: Candidate) -> _Lines | _Document:
        self.made.append(candidate.name)
        return _Document(self.bundle) if candidate.head.startswith(b'{"items"') else _Lines(self.bundle)

    def side(self, candidate: Candidate) -> list[Operation]:
        return [RunFact(self.bundle, note=f"beside: {candidate.name}")]

    def forget(self, candidate: Candidate) -> None:
        self.forgotten.append(candidate.path)


class PlainLines:
    """Files that begin with a brace; ``x.report`` is a side file, and files of one stem are one run."""

    name = "plain-lines"
    title = "Plain lines"
    document = False

    def __init__(self) -> None:
        self.made: list[str] = []
        self.assemblers: list[_Assembler] = []

    def match(self, candidate: Candidate) -> Match | None:
        if not candidate.head.startswith(b"{"):
            return None
        stem, _, ending = candidate.name.partition(".")
        side = ending == "report"
        bundle = str(Path(candidate.path).with_name(stem)) if ending in ("a", "b", "report") else None
        return Match(self, "begins with a brace", "side" if side else "run", bundle, order=int(ending == "b"))

    def assembler(self, bundle: str) -> _Assembler:
        self.assemblers.append(_Assembler(bundle, self.made))
        return self.assemblers[-1]

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        return SpanDetail()

    def event_detail(self, record: RecordBody) -> EventDetail:
        return EventDetail()


@dataclass
class Refusal:
    reason: str


def detect(candidate: Candidate, formats: Sequence[Format]) -> Match | Refusal:
    for fmt in formats:
        if match := fmt.match(candidate):
            return match
    return Refusal("begins like no format")


@dataclass
class Clock:
    """Steps when it is told to, and by ``tick`` at each look."""

    now: float = 1_000.0
    tick: float = 0.0
    start_ns: int = field(default_factory=time.time_ns)

    def monotonic(self) -> float:
        self.now += self.tick
        return self.now

    def wall(self) -> int:
        return self.start_ns + int((self.now - 1_000.0) * 1e9)


@dataclass
class Said:
    """What one source says at the moment."""

    path: str
    operations: list[Operation] = field(default_factory=list)
    gone: bool = False
    complete: bool = False
    generation: int = 0
    batches: list[Batch] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [operation.type for operation in self.operations if isinstance(operation, Record)]


class View:
    """A reader, and what its batches add up to: a store as small as can be."""

    def __init__(self, *paths: Path | str, follow: bool = False, clock: Clock | None = None, **options: object) -> None:
        self.clock = clock or Clock()
        self.format = PlainLines()
        self.reader = Reader(
            [os.fspath(path) for path in paths],
            formats=[self.format],
            detect=detect,
            follow=follow,
            wall=self.clock.wall,
            monotonic=self.clock.monotonic,
            **options,  # type: ignore[arg-type]
        )
        self.said: dict[int, Said] = {}
        self.batches: list[Batch] = []

    def poll(self, *, after: float = 0.0, budget_s: float = 0.05, max_bytes: int = 1 << 30) -> list[Batch]:
        """Step the clock, poll once, and take in what came."""
        self.clock.now += after
        batches = self.reader.poll(budget_s, max_bytes)
        for batch in batches:
            self._take(batch)
        self.batches += batches
        return batches

    def read(self) -> View:
        """Poll until nothing is left to read."""
        for _ in range(100_000):
            self.poll()
            if self.reader.progress.done:
                return self
        raise AssertionError("never done")

    def settle(self) -> View:
        """Follow until every file and folder was looked at, and documents have come to rest."""
        for _ in range(8):
            self.poll(after=2.0)
            self.read()
        return self

    def look(self, after: float = 6.0) -> View:
        """Step the clock so far that everything is looked at once, and read what there is."""
        self.poll(after=after)
        return self.read()

    def _take(self, batch: Batch) -> None:
        said = self.said.setdefault(batch.source, Said(self.reader.sources[batch.source].path))
        if batch.glance:
            said.batches.append(batch)
            return
        if batch.generation != said.generation:
            assert batch.generation > said.generation
            assert batch.forget, "a new generation takes back what the earlier ones said"
        if batch.forget:
            said.operations = []
        said.generation = batch.generation
        said.operations += batch.operations
        said.gone = batch.gone
        said.complete = batch.complete
        said.path = self.reader.sources[batch.source].path
        said.batches.append(batch)

    @property
    def types(self) -> list[str]:
        """The records of all sources, in the order of their types."""
        return sorted(kind for said in self.said.values() for kind in said.types)

    @property
    def bad(self) -> list[Bad]:
        return [op for said in self.said.values() for op in said.operations if isinstance(op, Bad)]

    def of(self, path: Path) -> Said:
        """What the source at a path says; the newest, if there were several."""
        return [said for said in self.said.values() if said.path == str(path)][-1]


def line(n: object) -> bytes:
    """One record of the format, longer than what fingerprints compare at a time would be forgiving of."""
    return b'{"n": "%s", "pad": "%s"}\n' % (str(n).encode(), str(n).encode() * 3)


def lines(first: int, last: int, prefix: str = "") -> bytes:
    return b"".join(line(f"{prefix}{n}") for n in range(first, last))


def numbers(first: int, last: int, prefix: str = "") -> list[str]:
    return sorted(f"{prefix}{n}" for n in range(first, last))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)

"""Fakes that we ship, for our tests and for those of people who record: clocks and ids that repeat, runs told in a few lines.

``build_run`` says what a decoder would have said of a run drawn as an indented tree, one span or event a line::

    agent planner 0..10
      llm plan 0..2 tokens=812+64 cost=0.01 model=small
      tool search 2..4 error
        ! retry 3
      tool fetch 5..
      step publish skipped

A span is ``kind name start..end status key=value…``: times in seconds (left out: not recorded; no end: open), status left out:
``ok``. Keys are ``id``, ``parent`` (an id, in place of the line above), ``tokens`` (``input+output`` or a total), ``cost``,
``model``, ``cached``. An event is ``! class time type=…``, in the span it is indented under, or of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tracetui.core.batch import Batch, Growth
from tracetui.core.model import KIND_ALIASES, NO_TIME, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Begin, End, Event, Operation, Record, RunFact

SECOND: Final = 1_000_000_000
"""Nanoseconds."""
EPOCH: Final = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z: the second 0 of runs built here, and where clocks begin."""


class TickingClock:
    """A clock that moves only when it is asked or told to: called, it says the time in ns and then moves by ``tick``."""

    def __init__(self, start: int = EPOCH, tick: int = 0) -> None:
        self.now = start
        """ns since the epoch."""
        self.tick = tick

    def __call__(self) -> int:
        """The time, ns; moves on by ``tick``."""
        now = self.now
        self.now += self.tick
        return now

    def advance(self, seconds: float) -> int:
        """Move on; returns the new time, ns."""
        self.now += round(seconds * SECOND)
        return self.now


class CountingIds:
    """Ids in order: ``0000000000000001`` and so on for spans (16 digits), twice as long for runs."""

    def __init__(self) -> None:
        self._spans = 0
        self._runs = 0

    def span_id(self) -> str:
        """The next span id."""
        self._spans += 1
        return f"{self._spans:016x}"

    def run_id(self) -> str:
        """The next run id."""
        self._runs += 1
        return f"{self._runs:032x}"


@dataclass(slots=True)
class _Line:
    words: list[str]
    values: dict[str, str]
    indent: int
    children: list[_Line] = field(default_factory=list)

    @property
    def is_event(self) -> bool:
        return self.words[0] == "!"


def build_run(
    text: str,
    run: str = "run",
    *,
    source: int = 0,
    fact: RunFact | None = None,
    growth: Growth | None = None,
    complete: bool = True,
    starts: bool = True,
) -> Batch:
    """The batch that reading the described run gives; apply it to a ``Store``.

    Args:
        text: the run, as told in the module's docstring.
        run: key of the run.
        source: id of the source it would be in.
        fact: what is known of the run itself; by default that its format can record an end (and did not).
        growth: size and time of its file.
        complete: whether the source was read to its end.
        starts: False: spans are told by their ends only, innermost first, as many formats do.
    """
    teller = _Teller(run, starts)
    teller.say("run", fact if fact is not None else RunFact(run, records_end=True))
    for line in _parse(text):
        teller.tell(line, None)
    return Batch(source, "test", operations=teller.operations, growth=growth, complete=complete)


class _Teller:
    """Says the operations of a described run in the order in which a producer would have written them."""

    def __init__(self, run: str, starts: bool) -> None:
        self._run = run
        self._starts = starts
        self._ids = CountingIds()
        self._written = 0
        self.operations: list[Operation] = []

    def say(self, type_: str, *operations: Operation) -> None:
        """One record and what it says."""
        self.operations += [Record(self._run, type_, self._written, 100), *operations]
        self._written += 101

    def tell(self, line: _Line, parent: str | None) -> None:
        """A line and all below it, without recursion."""
        left: list[tuple[_Line, str | None, Operation | None]] = [(line, parent, None)]
        while left:
            line, parent, end = left.pop()
            if end is not None:
                self.say(f"{line.words[0]}_end", end)
            elif line.is_event:
                self._event(line, parent)
            else:
                key, end = self._begin(line, parent)
                if end is not None:
                    left.append((line, parent, end))
                left += [(child, key, None) for child in reversed(line.children)]

    def _event(self, line: _Line, span: str | None) -> None:
        cls = EventClass[line.words[1]]
        time = _time(line.words[2]) if len(line.words) > 2 else NO_TIME
        self.say(line.values.get("type", cls.name), Event(self._run, span, cls, time))

    def _begin(self, line: _Line, parent: str | None) -> tuple[str, End | None]:
        kind, name, start, end, status = _span(line)
        key = line.values.get("id") or self._ids.span_id()
        parent = line.values.get("parent", parent)
        if self._starts or status is Status.open:
            self.say(f"{kind.name}_start", Begin(self._run, key, parent, name, kind, start))
        if status is Status.open:
            return key, None
        flags = int(Flag.has_error) if status is Status.error else 0
        usage, model = _usage(line.values), line.values.get("model", "")
        return key, End(self._run, key, end, status, parent, name, kind, start, usage, model, flags)


def _parse(text: str) -> Iterator[_Line]:
    """The lines without indentation, the others hanging below them."""
    above: list[_Line] = []
    roots: list[_Line] = []
    for written in text.splitlines():
        parts = written.split()
        if not parts:
            continue
        values = dict(part.split("=", 1) for part in parts if "=" in part)
        line = _Line([part for part in parts if "=" not in part], values, len(written) - len(written.lstrip()))
        while above and above[-1].indent >= line.indent:
            above.pop()
        (above[-1].children if above else roots).append(line)
        above.append(line)
    return iter(roots)


def _span(line: _Line) -> tuple[Kind, str, int, int, Status]:
    kind, name, *rest = line.words
    if kind not in KIND_ALIASES:
        raise ValueError(f"not a kind of span: {kind}")
    start = end = NO_TIME
    status = None
    for word in rest:
        if ".." in word:
            begin, _, stop = word.partition("..")
            start, end = _time(begin), _time(stop)
            if status is None and not stop:
                status = Status.open
        else:
            status = Status[word]
    return KIND_ALIASES[kind], name, start, end, Status.ok if status is None else status


def _time(word: str) -> int:
    return EPOCH + round(float(word.removesuffix("s")) * SECOND) if word else NO_TIME


def _usage(values: dict[str, str]) -> Usage | None:
    if not values.keys() & {"tokens", "cost", "cached"}:
        return None
    usage = Usage(cost_usd=float(values["cost"]) if "cost" in values else None)
    if "cached" in values:
        usage.cached = int(values["cached"])
    read, plus, written = values.get("tokens", "").partition("+")
    if plus:
        usage.input = int(read) if read else None
        usage.output = int(written) if written else None
    elif read:
        usage.total = int(read)
    return usage

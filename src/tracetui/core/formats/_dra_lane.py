"""The fast lane of design-research-agents: a block of one run's lines becomes ``Columns`` instead of an object a fact.

Whatever is unusual anywhere in a block (another run, its root, a span told twice, an end without its start, a line without
time) sends all of it the long way, which ends in the same store, by test.
"""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from itertools import accumulate
from typing import Final, NamedTuple

import orjson

from tracetui.core.formats._ladder import has_long_number
from tracetui.core.formats._lines import LINE_LIMIT
from tracetui.core.formats._values import iso_ns
from tracetui.core.model import NO_TIME, EventClass, Kind, Status, Usage
from tracetui.core.operations import Columns, Operation, span_key

SMALLEST_BLOCK: Final = 64
"""Lines below which a block is not worth the lane's set-up."""


class Line(NamedTuple):
    """A line of which everything is as usual."""

    kind: str
    run_id: str
    span: str
    parent: str | None
    attributes: dict[str, object]
    time: int


class Keys(dict[str, int]):
    """Numbers of span keys, worked out once a block."""

    def __missing__(self, key: str) -> int:
        number = self[key] = span_key(key)
        return number


def plain_lines(
    block: bytes, starts: Collection[str], ends: Collection[str], begun: Collection[str]
) -> tuple[list[int], list[Line]] | None:
    """Lengths and contents of whole lines that tell spans once and in order; None: the block is not for the lane."""
    if b"\r" in block or len(block) > LINE_LIMIT:
        return None
    texts = BytesIO(block).readlines()
    if len(texts) < SMALLEST_BLOCK or has_long_number(block):
        return None
    try:
        records = list(map(orjson.loads, texts))
    except orjson.JSONDecodeError:
        return None
    found: list[Line] = []
    new: set[str] = set()
    over: set[str] = set()
    for record in records:
        line = _plain(record)
        if line is None:
            return None
        span = line.span
        if line.kind in starts:
            if line.kind == "RunStarted" or line.parent is None or span in begun or span in new:
                return None
            new.add(span)
        elif line.kind in ends:
            if line.kind == "RunFinished" or span in over or (span not in new and span not in begun):
                return None
            over.add(span)
        found.append(line)
    return list(map(len, texts)), found


def _plain(record: object) -> Line | None:
    if type(record) is not dict:
        return None
    kind, run_id, span = record.get("event_type"), record.get("run_id"), record.get("span_id")
    parent, attributes = record.get("parent_span_id"), record.get("attributes")
    if not (type(kind) is type(run_id) is type(span) is str and type(attributes) is dict and kind and span):
        return None
    if parent is not None and (type(parent) is not str or not parent):
        return None
    time = iso_ns(record.get("timestamp"))
    return None if time == NO_TIME else Line(kind, run_id, span, parent, attributes, time)


class Told:
    """What the lines of one run say, gathered in columns."""

    def __init__(self, run: str, lines: list[Line], lengths: list[int], at: int) -> None:
        offsets = list(accumulate(lengths[:-1], initial=at))
        self._found = Columns(run, [line.kind for line in lines], offsets, [length - 1 for length in lengths])
        self._keys = Keys()
        self._usage: list[Usage] = []

    def begin(self, i: int, line: Line, name: str, kind: Kind) -> None:
        """A span starts."""
        found = self._found
        found.begin_record.append(i)
        found.begin_key.append(self._keys[line.span])
        found.begin_parent.append(0 if line.parent is None else self._keys[line.parent])
        found.begin_name.append(name)
        found.begin_kind.append(int(kind))
        found.begin_time.append(line.time)

    def end(self, i: int, line: Line, name: str, kind: Kind, status: Status) -> None:
        """A span ends that had started."""
        found = self._found
        found.end_record.append(i)
        found.end_key.append(self._keys[line.span])
        found.end_parent.append(line.parent)
        found.end_name.append(name)
        found.end_kind.append(int(kind))
        found.end_start.append(NO_TIME)
        found.end_time.append(line.time)
        found.end_status.append(int(status))

    def called(self, i: int, usage: Usage | None, model: str) -> None:
        """Figures and model of a call that ends."""
        if usage is not None:
            self._found.usage_record.append(i)
            self._usage.append(usage)
        if model:
            self._found.models.append((i, model))

    def event(self, i: int, line: Line, cls: EventClass) -> None:
        """A moment in a span."""
        found = self._found
        found.event_record.append(i)
        found.event_key.append(self._keys[line.span])
        found.event_class.append(int(cls))
        found.event_time.append(line.time)

    def more(self, i: int, operation: Operation) -> None:
        """What fits no column."""
        self._found.rest.append((i, operation))

    def take(self) -> Columns:
        """All of it."""
        nothing: list[float | None] = [None] * len(self._usage)
        self._found.usage = (
            [usage.input for usage in self._usage],
            [usage.output for usage in self._usage],
            [usage.total for usage in self._usage],
            *[nothing] * 4,
        )
        return self._found

"""The fast lane of design-research-agents: a block of one run's lines becomes ``Columns`` instead of an object a fact.

Whatever is unusual anywhere in a block (another run, its root, a span told twice, an end without its start, a line without
time) sends all of it the long way, which ends in the same store, by test.
"""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from itertools import accumulate
from typing import Annotated, Final, NamedTuple

import msgspec

from tracetui.core.formats._ladder import parse
from tracetui.core.formats._lines import LINE_LIMIT
from tracetui.core.formats._many_times import zoned_times
from tracetui.core.formats._utf8 import check_block
from tracetui.core.formats._values import iso_ns, mapping_of
from tracetui.core.model import NO_TIME, EventClass, Kind, Status, Usage
from tracetui.core.operations import Columns, Operation, span_key

SMALLEST_BLOCK: Final = 64
"""Lines below which a block is not worth the lane's set-up."""
_NONE: Final[dict[str, object]] = {}


_Word = Annotated[str, msgspec.Meta(min_length=1)]


class Line(msgspec.Struct, gc=False):
    """A line of which everything is as usual; what it tells beside is passed over until it is needed."""

    event_type: _Word
    run_id: str
    span_id: _Word
    timestamp: str
    attributes: msgspec.Raw
    parent_span_id: _Word | None = None


_decode: Final = msgspec.json.Decoder(Line).decode


class Block(NamedTuple):
    """Lines that are for the lane."""

    lengths: list[int]
    lines: list[Line]
    times: list[int]
    attributes: list[dict[str, object]]
    """Of each line whose kind tells something with them; empty for the others."""


class Keys(dict[str, int]):
    """Numbers of span keys, worked out once a block."""

    def __missing__(self, key: str) -> int:
        number = self[key] = span_key(key)
        return number


def plain_lines(
    block: bytes, starts: Collection[str], ends: Collection[str], others: Collection[str], begun: Collection[str]
) -> Block | None:
    """Whole lines that tell spans once and in order; None: the block is not for the lane.

    The attributes of lines that start or end a span, or are of one of the ``others``, are decoded.
    """
    if b"\r" in block or len(block) > LINE_LIMIT:
        return None
    texts = BytesIO(block).readlines()
    if len(texts) < SMALLEST_BLOCK:
        return None
    try:
        check_block(block)
        lines = list(map(_decode, texts))
        if not _in_order(lines, starts, ends, begun):
            return None
        telling = {*starts, *ends, *others}
        attributes = [_attributes(line, line.event_type in telling) for line in lines]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    times = _times([line.timestamp for line in lines])
    return None if min(times) < 0 else Block(list(map(len, texts)), lines, times, attributes)


def _in_order(lines: list[Line], starts: Collection[str], ends: Collection[str], begun: Collection[str]) -> bool:
    """Whether each span starts before it ends, and both once."""
    new: set[str] = set()
    over: set[str] = set()
    for line in lines:
        kind = line.event_type
        if kind in starts:
            span = line.span_id
            if kind == "RunStarted" or line.parent_span_id is None or span in begun or span in new:
                return False
            new.add(span)
        elif kind in ends:
            span = line.span_id
            if kind == "RunFinished" or span in over or (span not in new and span not in begun):
                return False
            over.add(span)
    return True


def _attributes(line: Line, is_needed: bool) -> dict[str, object]:
    """Raises ValueError for attributes that are no object, and for what no parser reads."""
    raw = bytes(line.attributes)
    if not raw.startswith(b"{"):
        raise ValueError
    return mapping_of(parse(raw)) if is_needed else _NONE


def _times(texts: list[str]) -> list[int]:
    return zoned_times(texts) or [iso_ns(text) for text in texts]


class Told:
    """What the lines of one run say, gathered in columns."""

    def __init__(self, run: str, block: Block, at: int) -> None:
        offsets = list(accumulate(block.lengths[:-1], initial=at))
        types = [line.event_type for line in block.lines]
        self._found = Columns(run, types, offsets, [length - 1 for length in block.lengths])
        self._times = block.times
        self._keys = Keys()
        self._usage: list[Usage] = []

    def begin(self, i: int, line: Line, name: str, kind: Kind) -> None:
        """A span starts."""
        found = self._found
        found.begin_record.append(i)
        found.begin_key.append(self._keys[line.span_id])
        found.begin_parent.append(0 if line.parent_span_id is None else self._keys[line.parent_span_id])
        found.begin_name.append(name)
        found.begin_kind.append(int(kind))
        found.begin_time.append(self._times[i])

    def end(self, i: int, line: Line, name: str, kind: Kind, status: Status) -> None:
        """A span ends that had started."""
        found = self._found
        found.end_record.append(i)
        found.end_key.append(self._keys[line.span_id])
        found.end_parent.append(line.parent_span_id)
        found.end_name.append(name)
        found.end_kind.append(int(kind))
        found.end_start.append(NO_TIME)
        found.end_time.append(self._times[i])
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
        found.event_key.append(self._keys[line.span_id])
        found.event_class.append(int(cls))
        found.event_time.append(self._times[i])

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

"""Where two runs begin to go different ways: the first aligned pair, in order of execution, that differs in substance.

In substance: how it went, its model, its input, or that only one side has it. Times, tokens and answers of models differ
always and are no divergence; but the first different answer to the same input is told, since what follows may come from it.

The order is that in which the second run started its spans; what only the first one has comes after what stands before it in
the tree, and how a span went is known at its end. Everything but inputs is in the columns, so inputs are read only up to the
first of the other differences, one by one, and not more than ``MOST_PAIRS`` of them or ``MOST_BYTES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tracetui.core.comparing.alignment import NONE, Note
from tracetui.core.comparing.comparison import Comparison, Mark
from tracetui.core.comparing.inputs import Inputs, Said, substance
from tracetui.core.comparing.values import Differences, differences
from tracetui.core.model import ABSENT, NO_TIME, Kind
from tracetui.core.store.shape import Longs

MOST_PAIRS: Final = 5_000
MOST_BYTES: Final = 200_000_000

_LAST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Seen:
    """What was compared on the way to the divergence."""

    pairs: int = 0
    """Pairs whose inputs were compared."""
    calls: int = 0
    """Model calls of both sides before it whose prompts were compared."""
    same_prompts: int = 0
    """Those with exactly the same prompt."""
    stopped: bool = False
    """There was more to read than is read: an earlier input may differ."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two runs part."""

    row: int
    """Row of the comparison."""
    why: str
    """``status``, ``model``, ``input``, ``only_a`` or ``only_b``."""
    seen: Seen


@dataclass(frozen=True, slots=True)
class Parting:
    """What there is to tell of how two runs part."""

    divergence: Divergence | None
    """None: nothing differs in substance, as far as was looked."""
    seen: Seen
    answered: int
    """Row of the first pair before it that had the same input and another output, -1 without."""


def parting(comparison: Comparison) -> Parting:
    """Find it; reads inputs as far as needed."""
    begin, end = _keys(comparison)
    found = _by_columns(comparison, begin, end)
    limit = (_LAST, len(comparison)) if found is None else found[0]
    seen, different, answered = _Reading(comparison, begin).until(limit)
    if different is not None:
        return Parting(Divergence(different, "input", seen), seen, answered)
    return Parting(None if found is None else Divergence(found[1], found[2], seen), seen, answered)


def input_differences(comparison: Comparison, index: int) -> Differences | None:
    """What differs in the inputs of a pair; None where neither is recorded."""
    mine, theirs = said_of(comparison, index)
    return None if mine.input is ABSENT and theirs.input is ABSENT else differences(mine.input, theirs.input)


def output_differences(comparison: Comparison, index: int) -> Differences | None:
    """What differs in the outputs of a pair; None where neither is recorded."""
    mine, theirs = said_of(comparison, index)
    return None if mine.output is ABSENT and theirs.output is ABSENT else differences(mine.output, theirs.output)


def said_of(comparison: Comparison, index: int) -> tuple[Said, Said]:
    """Input and output of both sides of a row."""
    rows = comparison.alignment
    a, b = int(rows.a[index]), int(rows.b[index])
    return (
        Said() if a == NONE else Inputs(comparison.one).said(a),
        Said() if b == NONE else Inputs(comparison.other).said(b),
    )


def _keys(comparison: Comparison) -> tuple[Longs, Longs]:
    """When each row began and ended, as numbers to be compared: times of the second side where it has them."""
    rows, other = comparison.alignment, comparison.other
    count = len(rows)
    there = rows.b != NONE
    start, end = np.full(count, NO_TIME, np.int64), np.full(count, NO_TIME, np.int64)
    start[there], end[there] = other.start[rows.b[there]], other.end[rows.b[there]]
    if not (start != NO_TIME).any():
        here = np.arange(count, dtype=np.int64)
        return here, here + rows.size - 1
    begin = np.where(start == NO_TIME, 0, start)
    # A row without a time of its own comes after the row before it in the tree.
    known = np.where(start == NO_TIME, -1, np.arange(count))
    known = np.maximum.accumulate(known)
    begin = np.where(known >= 0, begin[np.maximum(known, 0)], 0)
    ended = np.where(there & (end != NO_TIME), end, np.where(there, _LAST - 1, begin))
    return begin, np.maximum(ended, begin)


def _by_columns(comparison: Comparison, begin: Longs, end: Longs) -> tuple[tuple[int, int], int, str] | None:
    """The first difference that needs no body: when, which row, and what."""
    rows, marks = comparison.alignment, comparison.marks
    pair = (rows.a != NONE) & (rows.b != NONE)
    group = (rows.notes & Note.group) > 0
    kinds = (
        ("only_a", (rows.b == NONE) & ~group, begin),
        ("only_b", (rows.a == NONE) & ~group, begin),
        ("model", pair & ((marks & Mark.model) > 0), begin),
        ("status", pair & ((marks & Mark.status) > 0), end),
    )
    found = []
    for why, hit, when in kinds:
        places = np.flatnonzero(hit)
        if len(places):
            first = int(places[np.argmin(when[places])])
            found.append(((int(when[first]), first), first, why))
    return min(found) if found else None


class _Reading:
    """Compares inputs in order of execution."""

    def __init__(self, comparison: Comparison, begin: Longs) -> None:
        self._comparison = comparison
        self._begin = begin
        self._inputs = Inputs(comparison.one), Inputs(comparison.other)

    def until(self, limit: tuple[int, int]) -> tuple[Seen, int | None, int]:
        """Up to a moment: what was compared, the first row whose inputs differ, the first with another output only."""
        pairs = calls = same = size = 0
        answered = NONE
        stopped = False
        kind = self._comparison.other.kind
        rows = self._comparison.alignment
        for row in self._in_order(limit):
            a, b = int(rows.a[row]), int(rows.b[row])
            size += self._inputs[0].size(a) + self._inputs[1].size(b)
            if pairs >= MOST_PAIRS or size > MOST_BYTES:
                stopped = True
                break
            mine, theirs = self._inputs[0].said(a), self._inputs[1].said(b)
            pairs += 1
            known = mine.input is not ABSENT and theirs.input is not ABSENT
            if known and not same_in_substance(mine.input, theirs.input):
                return Seen(pairs, calls, same), row, answered
            if known and kind[b] == Kind.llm and row != limit[1]:  # it is not before itself
                calls += 1
                same += _exactly(mine.input, theirs.input)
            answers = mine.output is not ABSENT and theirs.output is not ABSENT
            if answered == NONE and known and answers and rows.size[row] == 1:
                answered = NONE if same_in_substance(mine.output, theirs.output) else row
        return Seen(pairs, calls, same, stopped), None, answered

    def _in_order(self, limit: tuple[int, int]) -> Iterator[int]:
        """Rows of both sides that began up to a moment; the row of that moment itself, if it is a pair, as well."""
        rows, when = self._comparison.alignment, self._begin
        pair = (rows.a != NONE) & (rows.b != NONE)
        early = np.flatnonzero(pair & (when <= limit[0]))
        for row in early[np.argsort(when[early], kind="stable")].tolist():
            if (int(when[row]), row) <= limit:
                yield row


def same_in_substance(one: object, other: object) -> bool:
    """Whether two values are equal but for what differs in every run, such as times and random ids."""
    if one is other or _exactly(one, other) or substance(one) == substance(other):
        return True
    return isinstance(one, (dict, list)) and not differences(one, other).found and not differences(one, other).stopped


def _exactly(one: object, other: object) -> bool:
    if isinstance(one, (dict, list)) or isinstance(other, (dict, list)):
        from tracetui.core.jsontext import json_text

        return json_text(one) == json_text(other)
    return type(one) is type(other) and one == other

"""What differs in two values: texts line by line, everything else by JSON path; bounded, and it says where it stopped.

Common beginnings and ends are cut off first, so that a changed word in a megabyte costs nothing; what is between is aligned
exactly up to ``EXACT_LINES`` pairs of lines, else by count. Of values so many parts are compared (``MOST_PARTS``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tracetui.core.comparing.inputs import opened
from tracetui.core.comparing.sequences import Budget, aligned
from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT

CONTEXT: Final = 3
"""Lines shown around a change."""
EXACT_LINES: Final = 25_000_000
MOST_PARTS: Final = 20_000
"""Parts of a value that are looked at on either side."""
MOST_DIFFERENCES: Final = 500
MOST_LINES: Final = 100_000
LONGEST_LINE: Final = 400
"""Characters of a line that are kept around what differs in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference between texts."""

    sign: str
    """``-`` only in the first, ``+`` only in the second, a blank: in both; ``@`` a gap, with how many lines it leaves out."""
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs at one place of two values."""

    path: str
    """Where, as a JSON path without its ``$``; empty for the value itself."""
    kind: str
    """``changed``, ``added`` or ``removed``."""
    a: object = ABSENT
    b: object = ABSENT
    lines: tuple[Line, ...] = ()
    """Of texts of several lines."""


@dataclass(slots=True)
class Differences:
    """All that differs in two values."""

    found: list[Difference] = field(default_factory=list)
    keys: int = 0
    """Members or parts of the first level on either side."""
    keys_different: int = 0
    same: tuple[tuple[str, object], ...] = ()
    """Members of the first level that are equal, if they are few and short."""
    stopped: bool = False
    """There was more than was looked at."""
    approximate: bool = False
    """Lines or items were aligned by count."""


def differences(a: object, b: object, context: int = CONTEXT) -> Differences:
    """What differs in two values, either of which may be ``ABSENT``, with so many equal lines around a change."""
    result = Differences()
    a, b = opened(a), opened(b)
    _count_keys(a, b, result)
    waiting: list[tuple[str, object, object]] = [("", a, b)]
    parts = 0
    while waiting:
        path, one, other = waiting.pop()
        parts += 1
        if parts > MOST_PARTS or len(result.found) >= MOST_DIFFERENCES:
            result.stopped = True
            break
        if _is_same(one, other):
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            waiting += reversed(list(_members(path, one, other)))
        elif isinstance(one, list) and isinstance(other, list):
            waiting += reversed(list(_items(path, one, other, result)))
        else:
            result.found.append(_difference(path, one, other, result, context))
    return result


def _is_same(one: object, other: object) -> bool:
    if one is other:
        return True
    if isinstance(one, (dict, list)) or isinstance(other, (dict, list)):
        return False  # deep values are compared part by part: == of Python recurses
    return type(one) is type(other) and one == other


def _count_keys(a: object, b: object, result: Differences) -> None:
    if not (isinstance(a, dict) and isinstance(b, dict)):
        return
    names = [*a, *(name for name in b if name not in a)]
    result.keys = len(names)
    equal = [name for name in names if name in a and name in b and _texts_equal(a[name], b[name])]
    result.keys_different = len(names) - len(equal)
    few = [(str(name), a[name]) for name in equal if len(_short_text(a[name])) <= _SHORT]
    result.same = tuple(few[:_FEW])


_SHORT: Final = 60
_FEW: Final = 3


def _short_text(value: object) -> str:
    return value if isinstance(value, str) else json_text(value)


def _texts_equal(one: object, other: object) -> bool:
    if isinstance(one, (dict, list)) and isinstance(other, (dict, list)):
        return json_text(one) == json_text(other)
    return _is_same(one, other)


def _members(path: str, one: dict[object, object], other: dict[object, object]) -> Iterator[tuple[str, object, object]]:
    for name in one:
        yield f"{path}.{name}" if path else str(name), one[name], other.get(name, ABSENT)
    for name in other:
        if name not in one:
            yield f"{path}.{name}" if path else str(name), ABSENT, other[name]


def _items(
    path: str, one: list[object], other: list[object], result: Differences
) -> Iterator[tuple[str, object, object]]:
    """Items of two lists: equal ones are aligned in order, those between one after another."""
    if len(one) > MOST_PARTS or len(other) > MOST_PARTS:
        result.stopped = True
        one, other = one[:MOST_PARTS], other[:MOST_PARTS]
    numbers: dict[str, int] = {}
    left, right = ([numbers.setdefault(json_text(item), len(numbers)) for item in items] for items in (one, other))
    budget = Budget(EXACT_LINES)
    first, second = aligned(left, right, budget)
    result.approximate |= budget.approximate
    at = place = 0
    for a, b in [*zip(first, second, strict=True), (len(one), len(other))]:
        for step in range(max(a - at, b - place)):
            mine = one[at + step] if at + step < a else ABSENT
            theirs = other[place + step] if place + step < b else ABSENT
            number = at + step if mine is not ABSENT else place + step
            yield f"{path}[{number}]", mine, theirs
        at, place = a + 1, b + 1


def _difference(path: str, one: object, other: object, result: Differences, context: int) -> Difference:
    if one is ABSENT or other is ABSENT:
        return Difference(path, "added" if one is ABSENT else "removed", one, other)
    if isinstance(one, str) and isinstance(other, str):
        lines, approximate = text_lines(one, other, context)
        result.approximate |= approximate
        return Difference(path, "changed", one, other, tuple(lines))
    return Difference(path, "changed", one, other)


def text_lines(one: str, other: str, context: int = CONTEXT) -> tuple[list[Line], bool]:
    """What differs in two texts, line by line, and whether they were too long to be aligned exactly."""
    left, right = one.split("\n"), other.split("\n")
    numbers: dict[str, int] = {}
    first, second = ([numbers.setdefault(line, len(numbers)) for line in lines] for lines in (left, right))
    budget = Budget(EXACT_LINES)
    mine, theirs = aligned(first, second, budget)
    pairs = [*zip(mine, theirs, strict=True), (len(left), len(right))]
    lines = list(islice(_changes(left, right, pairs, context), MOST_LINES))
    return lines, budget.approximate


def _changes(left: list[str], right: list[str], pairs: list[tuple[int, int]], context: int) -> Iterator[Line]:
    """Changed lines with some around them; what is left out between is counted."""
    at = place = 0
    kept: list[str] = []  # equal lines since the last change
    changed = False
    for a, b in pairs:
        gone, new = left[at:a], right[place:b]
        if gone or new:
            yield from _between(kept, context, after=changed, before=True)
            kept, changed = [], True
            yield from _replaced(gone, new)
        if a < len(left):
            kept.append(left[a])
        at, place = a + 1, b + 1
    yield from _between(kept, context, after=changed, before=False)


def _between(kept: list[str], context: int, *, after: bool, before: bool) -> Iterator[Line]:
    head = kept[:context] if after else []
    tail = kept[max(len(head), len(kept) - context) :] if before else []
    left_out = len(kept) - len(head) - len(tail)
    yield from (Line(" ", _shortened(line, 0, len(line))) for line in head)
    if left_out:
        yield Line("@", str(left_out))
    yield from (Line(" ", _shortened(line, 0, len(line))) for line in tail)


def _replaced(gone: list[str], new: list[str]) -> Iterator[Line]:
    """Lines of one side instead of those of the other; long ones cut to what differs."""
    cuts = [_window(mine, theirs) for mine, theirs in zip(gone, new, strict=False)]
    for number, line in enumerate(gone):
        yield Line("-", _shortened(line, *(cuts[number][0] if number < len(cuts) else (0, len(line)))))
    for number, line in enumerate(new):
        yield Line("+", _shortened(line, *(cuts[number][1] if number < len(cuts) else (0, len(line)))))


def _window(one: str, other: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where two lines differ: from and to, in each of them."""
    if max(len(one), len(other)) <= LONGEST_LINE:
        return (0, len(one)), (0, len(other))
    head = _common(one, other)
    tail = _common(one[head:][::-1], other[head:][::-1])
    return (head, len(one) - tail), (head, len(other) - tail)


def _common(one: str, other: str) -> int:
    """Length of the common beginning, by halves."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shortened(line: str, begin: int, end: int) -> str:
    """A line, or of a long one the stretch from ``begin`` to ``end`` and a little around it."""
    if len(line) <= LONGEST_LINE:
        return line
    around = LONGEST_LINE // 4
    start = max(0, begin - around)
    stop = min(len(line), max(start + LONGEST_LINE // 2, min(end + around, start + LONGEST_LINE)))
    lead = f"[{start:,} characters] " if start else ""
    rest = f" [{len(line) - stop:,} characters]" if stop < len(line) else ""
    return f"{lead}{line[start:stop]}{rest}"

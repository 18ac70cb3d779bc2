"""Regular expressions that cannot hang: which are matched here, and how long texts are gone through.

Python's engine goes back and tries again, so `(a+)+$` takes for ever on thirty letters, and `.*a.*b.*c` a time that grows with
the fourth power of a line. An expression from a person meets text that a model or a web page wrote, so both are bounded here:

- What can try a number of ways that grows exponentially (a repeat of something that itself can match in several ways, or more
  than ``_MOST_WAYS`` ways of optional parts and alternatives), or has more open repeats than there are stretches for, goes to
  a process that is killed when it takes too long: ``tracetui.core.regexes``.
- All others are matched here. Texts are gone through line by line. Each open repeat (`*`, `+`, `{2,}`) more multiplies the work
  by the length, so the more there are, the shorter the stretches of a line that are looked at: ``_STRETCH``. Stretches overlap
  by half, so a match of up to half a stretch is always found, and the work grows only with the length of the text.
- A text that takes longer than ``PATIENCE_S`` all the same ends the filter with `FilterTooSlow`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from tracetui.core.errors import FilterTooSlow
from tracetui.core.filter.values import BadValue
from tracetui.core.regexes import PATIENCE_S, TooSlow, shared

LONGEST_PATTERN: Final = 1_000
_MOST_WAYS: Final = 10_000
_STRETCH: Final = (1_000_000, 8_000, 800, 200, 80, 60)
"""Characters of a line looked at at once, by the number of open repeats; a hundred ways to match count as one more."""
_HUNDRED: Final = 100
_LOOKS_ON: Final = re.compile(r"\$|\\[bBZ]|\(\?")
"""What an expression has that looks at what follows a match; others may have it as well."""
_MANY: Final = 1_000
"""A repeat with this limit or a higher one counts as open."""

Matcher = Callable[[str], bool]
"""Whether a text holds a match."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Matcher:
    """What searches texts for ``pattern``; it raises FilterTooSlow. Raises BadValue where it is no regular expression."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadValue(f"a regular expression has at most {LONGEST_PATTERN:,} characters", at=LONGEST_PATTERN)
    try:
        expression = re.compile(pattern)
        repeats, ways = _cost(import_module("re._parser").parse(pattern))
    except re.error as error:
        raise BadValue(f"no regular expression: {error.msg}", "", error.pos or 0) from None
    except (OverflowError, RecursionError) as error:
        raise BadValue("this regular expression is too large") from error
    if ways > _MOST_WAYS or repeats >= len(_STRETCH):
        return _stoppable(pattern)
    more = sum(ways > _HUNDRED**power for power in range(2))
    looks_on = _LOOKS_ON.search(pattern) is not None
    return _searcher(expression, _STRETCH[min(repeats + more, len(_STRETCH) - 1)], looks_on=looks_on)


def _stoppable(pattern: str) -> Matcher:
    def has(text: str) -> bool:
        try:
            return any(shared.places(pattern, 0, text.split("\n"), empty=True))
        except TooSlow:
            raise _too_slow(pattern) from None

    return has


def _too_slow(pattern: str) -> FilterTooSlow:
    return FilterTooSlow(
        f"the regular expression {pattern!a} takes too long on a text of the recording; "
        "make it more exact, with fewer of * and +, and no repeats of repeats"
    )


def _searcher(expression: re.Pattern[str], stretch: int, *, looks_on: bool) -> Matcher:
    search, step = expression.search, stretch // 2

    def hurry(deadline: float) -> None:
        if time.monotonic() > deadline:
            raise _too_slow(expression.pattern)

    def line_has(line: str, deadline: float) -> bool:
        if len(line) <= stretch:
            hurry(deadline)
            return search(line) is not None
        for begin in range(0, len(line) - step, step):
            at, end = begin, min(begin + stretch, len(line))
            while at <= end:
                hurry(deadline)
                found = search(line, at, end)
                if found is None:
                    break
                if not looks_on or end == len(line) or found.end() < end:
                    return True
                # What looks at what comes next saw the end of the stretch there, which is none of the line.
                at = found.start() + 1
        return False

    def has(text: str) -> bool:
        if len(text) <= stretch and "\n" not in text:
            return search(text) is not None
        deadline = time.monotonic() + PATIENCE_S
        return any(line_has(line, deadline) for line in text.split("\n"))

    return has


_Cost = tuple[int, int]
"""Open repeats one after another, and ways in which the rest can match."""
_TOO_MANY: Final = _MOST_WAYS + 1


def _cost(parts: Any) -> _Cost:
    """Of a sequence of what Python's own parser made of an expression."""
    return _one_after_another(_cost_of(str(op), argument) for op, argument in parts)


def _one_after_another(costs: Iterable[_Cost]) -> _Cost:
    repeats, ways = 0, 1
    for cost in costs:
        repeats, ways = repeats + cost[0], min(ways * cost[1], _TOO_MANY)
    return repeats, ways


def _cost_of(op: str, argument: Any) -> _Cost:
    match op:
        case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY" | "RANGE" | "CATEGORY" | "GROUPREF" | "AT":
            return 0, 1
        case "SUBPATTERN":
            return _cost(argument[-1])
        case "ATOMIC_GROUP":
            return _cost(argument)
        case "ASSERT" | "ASSERT_NOT":
            return _cost(argument[1])
        case "BRANCH":
            return _branches(argument[1])
        case "GROUPREF_EXISTS":
            return _branches([argument[1], argument[2] or []])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeated(int(argument[0]), int(argument[1]), _cost(argument[2]))
    return 0, _TOO_MANY


def _branches(branches: Any) -> _Cost:
    costs = [_cost(branch) for branch in branches]
    ways = [cost[1] for cost in costs]
    return max(cost[0] for cost in costs), min(max(ways) if _apart(branches) else sum(ways), _TOO_MANY)


def _repeated(least: int, most: int, inner: _Cost) -> _Cost:
    repeats, ways = inner
    if most <= 1:
        return repeats, min(ways + (1 if least < most else 0), _TOO_MANY)
    if inner == (0, 1):
        return (1, 1) if most >= _MANY and least != most else (0, min(most - least + 1, _TOO_MANY))
    # Something that can match in several ways, repeated: so many ways to the power of the times.
    return (0, _TOO_MANY) if most >= _MANY else _one_after_another([(0, most - least + 1), *[inner] * most])


def _apart(branches: Any) -> bool:
    """Whether the first character decides which branch it is."""
    firsts = [_first_literal(branch) for branch in branches]
    return None not in firsts and len(set(firsts)) == len(firsts)


def _first_literal(branch: Any) -> object:
    for op, argument in branch:
        if str(op) == "SUBPATTERN":
            return _first_literal(argument[-1])
        return argument if str(op) == "LITERAL" else None
    return None

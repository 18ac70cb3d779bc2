"""Regular expressions that cannot hang: what is refused, and how long texts are gone through.

Python's engine goes back and tries again, so `(a+)+$` takes for ever on thirty letters, and `.*a.*b.*c` a time that grows with
the fourth power of a line. An expression from a person meets text that a model or a web page wrote, so both are bounded here:

- What can try a number of ways that grows exponentially is refused, with its place: a repeat of something that itself can
  match in several ways, and more than ``_MOST_WAYS`` ways of optional parts and alternatives.
- Texts are gone through line by line. Each open repeat (`*`, `+`, `{2,}`) more multiplies the work by the length, so the more
  there are, the shorter the stretches of a line that are looked at: ``_STRETCH``. Stretches overlap by half, so a match of up
  to half a stretch is always found, and the work grows only with the length of the text.
- A text that takes longer than ``_LONGEST_S`` all the same ends the filter with `FilterTooSlow`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from tracetui.core.errors import FilterTooSlow
from tracetui.core.filter.values import BadValue

LONGEST_PATTERN: Final = 1_000
_MOST_WAYS: Final = 10_000
_STRETCH: Final = (1_000_000, 8_000, 800, 200, 80, 60)
"""Characters of a line looked at at once, by the number of open repeats; a hundred ways to match count as one more."""
_LONGEST_S: Final = 2.0
_HUNDRED: Final = 100
_MANY: Final = 1_000
"""A repeat with this limit or a higher one counts as open."""

Matcher = Callable[[str], bool]
"""Whether a text holds a match."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Matcher:
    """What searches texts for ``pattern``. Raises BadValue where it is no regular expression, or one that could hang."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadValue(f"a regular expression has at most {LONGEST_PATTERN:,} characters", at=LONGEST_PATTERN)
    try:
        expression = re.compile(pattern)
        parsed = import_module("re._parser").parse(pattern)
        cost = _Cost().of(parsed)
    except re.error as error:
        raise BadValue(f"no regular expression: {error.msg}", "", error.pos or 0) from None
    except (OverflowError, RecursionError) as error:
        raise BadValue("this regular expression is too large") from error
    if cost.ways > _MOST_WAYS:
        raise BadValue(
            "this regular expression could take for ever on some texts",
            "it repeats what can match in several ways, such as (a+)+ or (a|ab)*",
        )
    if cost.repeats >= len(_STRETCH):
        raise BadValue(f"a regular expression has at most {len(_STRETCH) - 1} open repeats (* + {{2,}})")
    more = sum(cost.ways > _HUNDRED**power for power in range(2))
    return _searcher(expression, _STRETCH[min(cost.repeats + more, len(_STRETCH) - 1)], looks_on=cost.looks_on)


def _searcher(expression: re.Pattern[str], stretch: int, *, looks_on: bool) -> Matcher:
    search, step = expression.search, stretch // 2

    def hurry(deadline: float) -> None:
        if time.monotonic() > deadline:
            raise FilterTooSlow(
                f"the regular expression {expression.pattern!a} takes too long on a text of the recording; "
                "make it more exact, with fewer of * and +"
            )

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
        deadline = time.monotonic() + _LONGEST_S
        return any(line_has(line, deadline) for line in text.split("\n"))

    return has


class _Way:
    """What an expression costs: open repeats one after another, ways to match, whether it looks at what follows."""

    __slots__ = ("looks_on", "repeats", "ways")

    def __init__(self, repeats: int = 0, ways: int = 1, *, looks_on: bool = False) -> None:
        self.repeats, self.ways, self.looks_on = repeats, ways, looks_on

    def then(self, other: _Way) -> _Way:
        """Both, one after the other."""
        return _Way(
            self.repeats + other.repeats,
            min(self.ways * other.ways, _MOST_WAYS + 1),
            looks_on=self.looks_on or other.looks_on,
        )


_TOO_MANY: Final = _MOST_WAYS + 1


class _Cost:
    """Goes through what Python's own parser made of an expression."""

    def of(self, parts: Any) -> _Way:
        """Of a sequence of parsed parts."""
        cost = _Way()
        for op, argument in parts:
            cost = cost.then(self._of_one(str(op), argument))
        return cost

    def _of_one(self, op: str, argument: Any) -> _Way:
        match op:
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY" | "RANGE" | "CATEGORY" | "GROUPREF":
                return _Way()
            case "AT":
                return _Way(looks_on=True)
            case "SUBPATTERN":
                return self.of(argument[-1])
            case "ATOMIC_GROUP":
                return self.of(argument)
            case "ASSERT" | "ASSERT_NOT":
                inner = self.of(argument[1])
                return _Way(inner.repeats, inner.ways, looks_on=True)
            case "BRANCH":
                return self._branches(argument[1])
            case "GROUPREF_EXISTS":
                _, yes, no = argument
                return self._branches([yes, no] if no is not None else [yes, []])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeated(*argument)
        return _Way(ways=_TOO_MANY)

    def _branches(self, branches: Any) -> _Way:
        costs = [self.of(branch) for branch in branches]
        ways = max(cost.ways for cost in costs) if _apart(branches) else sum(cost.ways for cost in costs)
        return _Way(
            max(cost.repeats for cost in costs),
            min(ways, _TOO_MANY),
            looks_on=any(cost.looks_on for cost in costs),
        )

    def _repeated(self, least: int, most: Any, body: Any) -> _Way:
        inner = self.of(body)
        most, least = int(most), int(least)
        if most <= 1:
            return _Way(inner.repeats, min(inner.ways + (1 if least < most else 0), _TOO_MANY), looks_on=inner.looks_on)
        if inner.ways > 1 or inner.repeats:
            return self._of_many(inner, least, most)
        if most >= _MANY and least != most:
            return _Way(1, 1, looks_on=inner.looks_on)
        return _Way(0, most - least + 1, looks_on=inner.looks_on)

    def _of_many(self, inner: _Way, least: int, most: int) -> _Way:
        """Something that can match in several ways, repeated: so many ways to the power of the times."""
        cost = _Way(ways=most - least + 1, looks_on=inner.looks_on)
        for _ in range(most):
            cost = cost.then(inner)
            if cost.ways >= _TOO_MANY or cost.repeats >= len(_STRETCH):
                return _Way(ways=_TOO_MANY, looks_on=inner.looks_on)
        return cost


def _apart(branches: Any) -> bool:
    """Whether the first character decides which branch it is."""
    firsts: set[object] = set()
    for branch in branches:
        first = _first_literal(branch)
        if first is None or first in firsts:
            return False
        firsts.add(first)
    return True


def _first_literal(branch: Any) -> object:
    for op, argument in branch:
        if str(op) == "SUBPATTERN":
            return _first_literal(argument[-1])
        return argument if str(op) == "LITERAL" else None
    return None

"""What one term asks of one value: of texts, of figures that may be unknown or known only in part, of attributes.

A comparison with something unknown is false, `!=` too. A figure that misses a part (an open span's time, a run with calls that
recorded no tokens) is at least what it is: it can be found to be more than a limit, never to be less or equal.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.filter.nodes import Op, Term
from tracetui.core.filter.regexes import compiled
from tracetui.core.filter.values import BadValue, read_count

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]

TextTest = Callable[[str], bool]

COMPARE: Final[dict[Op, Callable[[Any, Any], Any]]] = {
    Op.has: operator.eq,
    Op.equal: operator.eq,
    Op.unequal: operator.ne,
    Op.less: operator.lt,
    Op.at_most: operator.le,
    Op.more: operator.gt,
    Op.at_least: operator.ge,
}
_LOWER_BOUND_TELLS: Final = {Op.unequal: Op.more, Op.more: Op.more, Op.at_least: Op.at_least}
"""What is sure of a figure that is at least so much, and what has to hold of the bound for it."""
LARGEST: Final = 1 << 62
"""Figures are compared up to here; what is larger counts as this."""
_MOST_DIGITS: Final = 4_000
_INDEX_DIGITS: Final = 10


def text_test(term: Term) -> TextTest:
    """Whether a text is what the term asks for; of ``!=`` whether it is the one that it must not be."""
    wanted = str(term.value)
    if term.op is Op.match:
        return compiled(wanted)
    if term.op is Op.has:
        if wanted == wanted.lower():
            return lambda text: wanted in text.lower()
        return lambda text: wanted in text
    return lambda text: text == wanted


def word_test(term: Term) -> TextTest:
    """The same of fields whose values are words: ``:`` is the whole word."""
    if term.op is Op.match:
        return compiled(str(term.value))
    return lambda text: text == term.value


def any_text(term: Term, texts: Iterator[str]) -> bool | None:
    """What the term says of something that has several texts; None if it has none."""
    test, known = text_test(term), False
    for text in texts:
        known = True
        if test(text):
            return term.op is not Op.unequal
    return (term.op is Op.unequal) if known else None


def limit(term: Term) -> float:
    """The figure of a term, as the columns can be compared with."""
    value = term.value
    return min(value, LARGEST) if isinstance(value, int | float) else 0


def figure_holds(term: Term, figure: float | None, *, partial: bool = False) -> bool:
    """What the term says of one figure."""
    if figure is None or not math.isfinite(figure):
        return False
    op = _LOWER_BOUND_TELLS.get(term.op) if partial else term.op
    return op is not None and bool(COMPARE[op](min(figure, LARGEST), limit(term)))


def figures_hold(term: Term, values: Any, known: Bools, partial: Bools | None = None) -> Bools:
    """What the term says of many figures."""
    wanted = limit(term)
    hold: Bools = COMPARE[term.op](values, wanted)
    hold &= known
    if partial is not None and partial.any():
        op = _LOWER_BOUND_TELLS.get(term.op)
        hold[partial] = COMPARE[op](values[partial], wanted) & known[partial] if op is not None else False
    return hold


# ---------------------------------------------------------------- attributes


def attribute_holds(term: Term, *holders: object) -> bool:
    """What the term says of the attribute at its path, in the first of the holders that has it."""
    for holder in holders:
        found = list(_at_path(holder, term.path))
        if found:
            return _any_value(term, found)
    return False


def _at_path(value: object, path: tuple[str, ...]) -> Iterator[object]:
    """What stands at a path. Keys may hold dots themselves, so every way to join its parts is gone."""
    left: list[tuple[object, int]] = [(value, 0)]
    while left:
        value, at = left.pop()
        if at == len(path):
            yield from _leaves(value)
            continue
        if isinstance(value, dict):
            for end in range(at + 1, len(path) + 1):
                key = ".".join(path[at:end])
                if key in value:
                    left.append((value[key], end))
        elif isinstance(value, list | tuple) and (index := _index(path[at])) < len(value):
            left.append((value[index], at + 1))


def _index(part: str) -> int:
    """A part of a path as the place in a list; larger than any list if it is none."""
    return int(part) if part.isascii() and part.isdigit() and len(part) < _INDEX_DIGITS else sys.maxsize


def _leaves(value: object) -> Iterator[object]:
    """A value; of a list those in it."""
    if isinstance(value, list | tuple):
        yield from (item for item in value if not isinstance(item, dict | list | tuple))
    elif not isinstance(value, dict):
        yield value


def _any_value(term: Term, values: list[object]) -> bool:
    if term.op in (Op.less, Op.at_most, Op.more, Op.at_least):
        return any(
            figure_holds(term, value) for value in values if isinstance(value, int | float) and _is_number(value)
        )
    hold = any(_value_is(term, value) for value in values)
    return not hold if term.op is Op.unequal else hold


def _value_is(term: Term, value: object) -> bool:
    if term.op in (Op.equal, Op.unequal) and _is_number(value):
        return as_text(value) == term.value or _number(str(term.value)) == value
    return text_test(term)(as_text(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> float | None:
    try:
        return read_count(text.removeprefix("-")) * (-1 if text.startswith("-") else 1)
    except BadValue:
        return None


def as_text(value: object) -> str:
    """A recorded value that is no text, as JSON writes it."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int) and value.bit_length() > _MOST_DIGITS * 3:
        return ""  # Python refuses to write integers of more than 4,300 digits
    return str(value)


def texts_in(*values: object) -> Iterator[str]:
    """Every text and figure in recorded values that is not empty, keys included, however deep they are nested."""
    left = list(reversed(values))
    while left:
        value = left.pop()
        if isinstance(value, dict):
            for key, inner in reversed(value.items()):
                left += (inner, key)
        elif isinstance(value, list | tuple):
            left += reversed(value)
        elif text := as_text(value):
            yield text

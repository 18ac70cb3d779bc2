"""What ``--fail-on`` asks for: conditions that make the exit status 1, and which runs meet them.

Conditions are separated by commas; any of them is enough. ``error``, ``stalled``, ``unfinished``, ``running`` and
``unknown`` are statuses of a run, ``loop`` is a loop in it, ``retries`` and ``loops`` are numbers that can be
compared (``retries>3``), and everything else is a term of the filter language that is asked of the run: ``cost>1``,
``dur>10m``, ``tokens>100k``, ``errors>0``, ``model:gpt-5``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import FilterError
from tracetui.core.filter import Node, caret_lines, parse

if TYPE_CHECKING:
    from tracetui.core.analysis.run_analysis import RunAnalysis
    from tracetui.core.filter.select import Selector

STATUSES: Final = ("error", "stalled", "unfinished", "running", "unknown")
_COMPARED: Final = re.compile(r"(retries|loops)\s*(>=|<=|!=|>|<|=|:)\s*(\d{1,9})")
_TESTS: Final[dict[str, Callable[[int, int], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ":": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, as typed, and how it is asked."""

    text: str
    node: Node | None = None
    """A filter on the run."""
    figure: str = ""
    """``loops`` or ``retries``, where it is no filter."""
    test: str = ">"
    number: int = 0


class BadCondition(ValueError):
    """What was typed is no condition; the text says where and what instead."""


def conditions(text: str) -> list[Condition]:
    """The conditions that a text holds. Raises BadCondition, with the place pointed at."""
    found = [_condition(part.strip(), text, at) for part, at in _parts(text) if part.strip()]
    if not found:
        raise BadCondition("no condition; write for example error,loop,cost>1")
    return found


def _parts(text: str) -> Iterator[tuple[str, int]]:
    """Pieces between the commas that stand in no quotes and no parentheses, each with its place."""
    begin = depth = 0
    quote = ""
    for at, char in enumerate(text):
        if quote:
            if char == quote and text[at - 1] != "\\":
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "," and depth <= 0:
            yield text[begin:at], begin
            begin = at + 1
    yield text[begin:], begin


def _condition(part: str, text: str, at: int) -> Condition:
    if part == "loop":
        return Condition(part, figure="loops")
    if part in STATUSES:
        return Condition(part, node=parse(f"status:{part}"))
    compared = _COMPARED.fullmatch(part)
    if compared is not None:
        return Condition(part, None, compared[1], compared[2], int(compared[3]))
    place = at + text[at:].index(part)
    if re.fullmatch(r"[A-Za-z_]+", part):
        known = ", ".join(("loop", *STATUSES))
        raise BadCondition(
            _pointed(
                f"{part!a} is no condition; there are {known}, and comparisons like cost>1 (in quotes: > is the shell's)",
                text,
                place,
            )
        )
    try:
        return Condition(part, node=parse(part))
    except FilterError as error:
        said = [str(error), *caret_lines(error)]
        if part.split()[0] in ("loop", *STATUSES):
            said.append("conditions are separated by commas: error,cost>1")
        raise BadCondition("\n".join(said)) from error


def _pointed(message: str, text: str, place: int) -> str:
    return f"{message}\n  {text}\n  {' ' * place}^"


def met(
    found: Sequence[RunAnalysis], asked: Sequence[Condition], selector: Callable[[Node], Selector]
) -> list[tuple[Condition, RunAnalysis]]:
    """Each condition with each run that meets it."""
    answer = []
    for condition in asked:
        if condition.node is not None:
            chosen = {run.row for run in selector(condition.node).runs([each.run for each in found])}
            answer += [(condition, each) for each in found if each.run.row in chosen]
            continue
        for each in found:
            figure = len(each.loops) if condition.figure == "loops" else each.retry_count
            if _TESTS[condition.test](figure, condition.number):
                answer.append((condition, each))
    return answer

"""What can be typed next in a filter: fields, operators, words, and values that the store knows.

Works on half-written text, so it does not parse: it looks at the last bit before the cursor. For the filter line of the screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.filter.fields import FIELDS, OPERATORS, Values
from tracetui.core.filter.values import written_text

if TYPE_CHECKING:
    from tracetui.core.store import Store

MOST: Final = 50
"""Candidates offered at once."""

_TOKEN: Final = re.compile(
    r"""\s+|[()]|!=|<=|>=|[:=<>~]|"[^"\\]*(?:\\.[^"\\]*)*(?:"|$)|'[^'\\]*(?:\\.[^'\\]*)*(?:'|$)|[^\s()"':=<>!~]+|.""",
    re.DOTALL,
)
_OPERATOR: Final = re.compile(r"!=|<=|>=|[:=<>~]")
_ABOUT: Final = {
    ":": "is, or contains",
    "=": "exactly",
    "!=": "anything else",
    "<": "less than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
    "~": "regular expression",
}
_EXAMPLES: Final[dict[Values, tuple[str, ...]]] = {
    Values.duration: ("500ms", "2s", "1m", "1h"),
    Values.number: ("1", "10", "1k", "10k"),
    Values.cost: ("0.01", "0.1", "1"),
    Values.time: ("1h", "1d", "7d"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can stand at the cursor."""

    text: str
    """As it is to be inserted."""
    about: str = ""
    """What it is, in a few words; may be empty. Not from a recording."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Candidates, and what of the text they replace (characters ``start`` to ``end``). Their texts may be untrusted."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]


KnownValues = Callable[[str], Iterable[str]]
"""Field name to values that are known of it, the ones to offer first first."""


def complete(text: str, cursor: int | None = None, known: KnownValues | None = None) -> Completion:
    """What can stand at the cursor (by default the end of the text)."""
    cursor = len(text) if cursor is None else max(0, min(cursor, len(text)))
    tokens = [(found.start(), found[0]) for found in _TOKEN.finditer(text[:cursor])]
    partial, begin = "", cursor
    if tokens and not tokens[-1][1].isspace() and tokens[-1][1] not in "()" and not _OPERATOR.fullmatch(tokens[-1][1]):
        begin, partial = tokens.pop()
    before = [(at, token) for at, token in tokens if not token.isspace()]
    if before and _OPERATOR.fullmatch(before[-1][1]):
        field = before[-2][1] if len(before) > 1 else ""
        return _made(begin, cursor, partial, _values(field, before[-1][1], partial, known))
    if not partial and before and _is_field_alone(before, cursor, tokens):
        return _made(cursor, cursor, "", _operators(before[-1][1]))
    exact = FIELDS.get(partial)
    offered = list(_fields())
    if _follows_a_term(before):
        offered += [Candidate("and "), Candidate("or ")]
    offered.append(Candidate("not "))
    if exact is not None and cursor == len(text):
        operators = tuple(Candidate(f"{partial}{each.text}", each.about) for each in _operators(partial))
        return Completion(begin, cursor, operators)
    return _made(begin, cursor, partial, offered)


def known_values(store: Store) -> KnownValues:
    """Values that a store knows of names, types, models, runs and formats; the frequent ones first."""

    def known(field: str) -> Iterable[str]:
        runs = [run for run in store.runs if run.live]
        counts: dict[str, int] = {}
        match field:
            case "run":
                return dict.fromkeys(run.name or run.id for run in reversed(runs))
            case "format":
                return dict.fromkeys(run.format for run in runs)
            case "model":
                for run in runs:
                    _add(counts, run.models)
            case "type":
                for run in runs:
                    _add(counts, {store.strings[number]: count for number, count in run.type_counts.items()})
            case "name":
                counts = _names(store)
        return sorted(counts, key=lambda value: (-counts[value], value))

    return known


def _names(store: Store) -> dict[str, int]:
    import numpy as np

    if not len(store.spans):
        return {}
    numbers = np.bincount(store.spans.np("name"))
    often = np.argsort(-numbers, kind="stable")[: MOST * 20]
    return {store.strings[number]: int(numbers[number]) for number in often.tolist() if number and numbers[number]}


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for value, count in more.items():
        if count:
            counts[value] = counts.get(value, 0) + count


def _made(begin: int, end: int, partial: str, offered: Iterable[Candidate]) -> Completion:
    """Those that go on with what is written: its beginnings first, then what holds it anywhere."""
    wanted = partial.strip("\"'").lower()
    offered = list(offered)
    starts = [each for each in offered if each.text.strip("\"'").lower().startswith(wanted)]
    holds = [each for each in offered if each not in starts and wanted in each.text.lower()]
    return Completion(begin, end, tuple((starts + holds)[:MOST]))


def _fields() -> Iterable[Candidate]:
    for field in FIELDS.values():
        yield Candidate("attr." if field.name == "attr" else field.name, field.about)


def _operators(name: str) -> tuple[Candidate, ...]:
    field = FIELDS.get(name.partition(".")[0])
    if field is None:
        return ()
    return tuple(Candidate(op.value, _ABOUT[op.value]) for op in OPERATORS[field.values])


def _values(name: str, operator: str, partial: str, known: KnownValues | None) -> list[Candidate]:
    field = FIELDS.get(name)
    if field is None:
        return []
    if field.words:
        return [Candidate(word) for word in field.words]
    if field.values is Values.text and operator != "~" and known is not None:
        wanted = partial.strip("\"'").lower()
        found = (value for value in known(field.name) if value and wanted in value.lower())
        return [Candidate(written_text(value)) for value, _ in zip(found, range(MOST), strict=False)]
    return [Candidate(example) for example in _EXAMPLES.get(field.values, ())]


def _is_field_alone(before: list[tuple[int, str]], cursor: int, tokens: list[tuple[int, str]]) -> bool:
    """Whether a field stands before the cursor, with a blank behind it, and nothing was compared yet."""
    name = before[-1][1].partition(".")[0]
    if name not in FIELDS or tokens[-1][0] + len(tokens[-1][1]) != cursor:
        return False
    return len(before) < 2 or not _OPERATOR.fullmatch(before[-2][1])


def _follows_a_term(before: list[tuple[int, str]]) -> bool:
    return bool(before) and before[-1][1] != "(" and before[-1][1].lower() not in ("and", "or", "not")

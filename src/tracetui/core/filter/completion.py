"""What can be typed next in a filter: fields, operators, words, and values that the store knows.

Works on half-written text, so it does not parse: it looks at the last bit before the cursor. For the filter line of the screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.filter.fields import FIELDS, OPERATORS, Field, Values
from tracetui.core.filter.meaning import is_figure, meant
from tracetui.core.filter.nodes import Op
from tracetui.core.filter.values import written_text
from tracetui.core.model import CLASS_WORDS, KIND_WORDS, Status

if TYPE_CHECKING:
    from tracetui.core.store import Run, Store

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
    ends: bool = False
    """A term is complete with it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Candidates, and what of the text they replace (characters ``start`` to ``end``). Their texts may be untrusted."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]


KnownValues = Callable[[str], Iterable[str]]
"""Field name to values that are known of it, the ones to offer first first; of `attr` the paths."""

_PLAIN_FIRST: Final = (Op.more, Op.at_least, Op.less, Op.at_most, Op.has, Op.equal, Op.unequal)
_USUAL: Final = {Values.duration: ">", Values.number: ">", Values.cost: ">"}
"""The operator that a field is offered with; all others: `:`."""
_FEW_LETTERS: Final = 2
"""Letters of a name from which on it is offered without its field."""
_FIRST_STATUS: Final = Status.error.name


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
    if partial in FIELDS and cursor == len(text):
        operators = tuple(Candidate(f"{partial}{each.text}", each.about) for each in _operators(partial))
        return Completion(begin, cursor, operators)
    made = _made(begin, cursor, partial, _term_starts(partial, before, known), is_term=True)
    return _with_what_is_meant(made, partial)


def _with_what_is_meant(made: Completion, partial: str) -> Completion:
    """What a plain word means comes first: nothing is called `failed`. A figure is a guess, and comes after a name."""
    found = meant(partial, begun=True) if partial not in FIELDS else None
    if found is None or any(each.text == found[0] for each in made.candidates):
        return made
    first = [Candidate(*found, ends=True)]
    named = Candidate(f"name:{written_text(partial)}", "what is called so", ends=True)
    if is_figure(found[0]) and any(each.text.startswith("name:") for each in made.candidates):
        first.insert(0, named)
    others = [each for each in made.candidates if each.text != named.text]
    return Completion(made.start, made.end, (*first, *others)[:MOST])


def _term_starts(partial: str, before: list[tuple[int, str]], known: KnownValues | None) -> list[Candidate]:
    """What a term, or what joins it to another one, may begin with: what occurs first, by its own word and not its field."""
    fields = list(_fields())
    joins = [Candidate("and "), Candidate("or ")] if _follows_a_term(before) else []
    if partial.startswith("attr.") and known is not None:
        return [Candidate(f"attr.{path}", "an attribute") for path in known("attr")]
    shortcuts = _shortcuts(partial, known) if partial and known is not None else ([], [])
    return [*shortcuts[0], *fields, *joins, Candidate("not "), *shortcuts[1]]


def _shortcuts(partial: str, known: KnownValues) -> tuple[list[Candidate], list[Candidate]]:
    """Whole terms by their value alone: statuses and kinds, which come before fields; classes and names, which come after."""
    kinds, statuses = list(known("kind")), list(known("status"))
    first = [f"status:{word}" for word in statuses if word == _FIRST_STATUS]
    first += [f"kind:{word}" for word in kinds if word in KIND_WORDS]
    first += [f"status:{word}" for word in statuses if word != _FIRST_STATUS]
    last = [f"kind:{word}" for word in kinds if word not in KIND_WORDS]
    if len(partial) >= _FEW_LETTERS:
        last += [f"name:{written_text(name)}" for name in _holding(known("name"), partial)]
        last += [f"model:{written_text(model)}" for model in _holding(known("model"), partial)]
    return [Candidate(text, ends=True) for text in first], [Candidate(text, ends=True) for text in last]


def known_values(store: Store, run: int | None = None, paths: Iterable[str] = ()) -> KnownValues:
    """Values that a store knows of kinds, statuses, names, types, models, runs and formats; the frequent ones first.

    Args:
        store: What has been read.
        run: Only of this run; None: of all.
        paths: Attributes that were seen, for `attr`.
    """
    runs = [each for each in store.runs if each.live and (run is None or each.row == run)]

    def known(field: str) -> Iterable[str]:
        counts: dict[str, int] = {}
        match field:
            case "run":
                return dict.fromkeys(each.name or each.id for each in reversed(runs))
            case "format":
                return dict.fromkeys(each.format for each in runs)
            case "attr":
                return paths
            case "kind":
                return _words_of(runs, KIND_WORDS, "kind_counts") + _words_of(runs, CLASS_WORDS, "class_counts")
            case "status":
                return _statuses(runs)
            case "model":
                for each in runs:
                    _add(counts, each.models)
            case "type":
                for each in runs:
                    _add(counts, {store.strings[number]: count for number, count in each.type_counts.items()})
            case "name":
                counts = _names(store, run)
        return sorted(counts, key=lambda value: (-counts[value], value))

    return known


def _words_of(runs: list[Run], words: tuple[str, ...], name: str) -> list[str]:
    """The words of kinds or classes that occur, the frequent ones first."""
    sums = [sum(counts) for counts in zip(*(getattr(run, name) for run in runs), strict=True)] if runs else []
    found = sorted((-count, number) for number, count in enumerate(sums) if count and number < len(words))
    return [words[number] for _, number in found]


def _statuses(runs: list[Run]) -> list[str]:
    """What spans may be by the counts of their runs, what is looked for most first."""
    told = (
        (Status.error, sum(run.error_count for run in runs)),
        (Status.open, sum(run.open_count for run in runs)),
        (Status.skipped, sum(run.skipped_count for run in runs)),
    )
    return [*(status.name for status, count in told if count), Status.ok.name]


def _holding(values: Iterable[str], partial: str) -> list[str]:
    wanted = partial.strip("\"'").lower()
    return [value for value, _ in zip((v for v in values if v and wanted in v.lower()), range(MOST), strict=False)]


def _names(store: Store, run: int | None) -> dict[str, int]:
    import numpy as np

    if not len(store.spans):
        return {}
    names = store.spans.np("name")
    numbers = np.bincount(names if run is None else names[store.rows_of_run(run)])
    often = np.argsort(-numbers, kind="stable")[: MOST * 20]
    return {store.strings[number]: int(numbers[number]) for number in often.tolist() if number and numbers[number]}


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for value, count in more.items():
        if count:
            counts[value] = counts.get(value, 0) + count


def _made(begin: int, end: int, partial: str, offered: Iterable[Candidate], *, is_term: bool = False) -> Completion:
    """Those that go on with what is written: its beginnings first, then what holds it anywhere.

    A whole term begins with its value as well as with its field.
    """
    wanted = partial.strip("\"'").lower()

    def begins(candidate: Candidate) -> bool:
        text = candidate.text.lower()
        value = text.partition(":")[2] if is_term and candidate.ends else text
        return value.strip("\"'").startswith(wanted)

    told = {each: begins(each) for each in offered}
    starts = [each for each, is_start in told.items() if is_start]
    holds = [each for each, is_start in told.items() if not is_start and wanted in each.text.lower()]
    holds.sort(key=lambda each: not each.text.lower().startswith(wanted))
    if [each.text for each in starts + holds] == [partial]:  # it stands there whole: nothing is left to offer
        return Completion(begin, end, ())
    return Completion(begin, end, tuple((starts + holds)[:MOST]))


def _fields() -> Iterable[Candidate]:
    for field in FIELDS.values():
        yield Candidate(_with_operator(field), field.about)


def _with_operator(field: Field) -> str:
    return "attr." if field.name == "attr" else field.name + _USUAL.get(field.values, ":")


def _operators(name: str) -> tuple[Candidate, ...]:
    field = FIELDS.get(name.partition(".")[0])
    if field is None:
        return ()
    offered = OPERATORS[field.values]
    if field.values in _USUAL:  # a figure is asked for by more or less
        offered = tuple(op for op in _PLAIN_FIRST if op in offered)
    return tuple(Candidate(op.value, _ABOUT[op.value]) for op in offered)


def _values(name: str, operator: str, partial: str, known: KnownValues | None) -> list[Candidate]:
    field = FIELDS.get(name)
    if field is None:
        return []
    if field.words:
        occurring = [word for word in (known(name) if known is not None else ()) if word in field.words]
        return [Candidate(word, ends=True) for word in dict.fromkeys([*occurring, *field.words])]
    if field.values is Values.text and operator != "~" and known is not None:
        return [Candidate(written_text(value), ends=True) for value in _holding(known(field.name), partial)]
    return [Candidate(example, ends=True) for example in _EXAMPLES.get(field.values, ())]


def _is_field_alone(before: list[tuple[int, str]], cursor: int, tokens: list[tuple[int, str]]) -> bool:
    """Whether a field stands before the cursor, with a blank behind it, and nothing was compared yet."""
    name = before[-1][1].partition(".")[0]
    if name not in FIELDS or tokens[-1][0] + len(tokens[-1][1]) != cursor:
        return False
    return len(before) < 2 or not _OPERATOR.fullmatch(before[-2][1])


def _follows_a_term(before: list[tuple[int, str]]) -> bool:
    return bool(before) and before[-1][1] != "(" and before[-1][1].lower() not in ("and", "or", "not")

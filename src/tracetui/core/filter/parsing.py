"""Text to a filter: what the grammar (``filter.lark``) matches becomes nodes, what it does not a ``FilterError`` that points.

The grammar is loaded, and lark imported, with the first filter that is read.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import FilterError
from tracetui.core.filter.fields import FIELDS, OPERATORS, OTHER_NAMES, OTHER_WORDS, Field, Values
from tracetui.core.filter.meaning import is_figure, meant
from tracetui.core.filter.nodes import Node, Op, Term, all_of, any_of, negated
from tracetui.core.filter.regexes import compiled
from tracetui.core.filter.values import (
    BadValue,
    read_cost,
    read_count,
    read_duration,
    read_pattern,
    read_text,
)

if TYPE_CHECKING:
    from lark import Lark, Token

LONGEST: Final = 10_000
"""Characters of an expression. Longer ones are not written by people, and each term is a pass over all spans."""
DEEPEST: Final = 32
"""Brackets in brackets. Keeps everything that walks over a filter far from Python's limit of recursion."""
_PATH_PARTS: Final = 32
_PART: Final = re.compile(r"""\.("[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|[^."']+)""", re.DOTALL)
_OPENED_IN_A_REGEX: Final = re.compile(r"~[^\s\"']*\($")
_QUOTE_REGEXES: Final = "a regular expression with brackets goes in quotes"
_OTHER_SIGNS: Final = {"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", ",": "or", "-": "not"}


def parse(text: str) -> Node:
    """The filter that a text says.

    Raises:
        FilterError: It says none; with the place, and mostly with what to write instead.
    """
    from lark.exceptions import UnexpectedInput

    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST:,} characters", text, LONGEST)
    if not text.strip():
        raise FilterError("the filter is empty", text, 0, 1, "write a term such as status:error")
    reading = _Reading(text)
    parser = _grammar().parse_interactive(text)
    depth = 0
    last: Token | None = None
    try:
        for token in parser.iter_parse():
            depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
            if depth > DEEPEST:
                raise FilterError(f"more than {DEEPEST} brackets in one another", text, token.start_pos or 0)
            last = token
        tree: object = parser.feed_eof(last)  # type: ignore[no-untyped-call]  # lark does not say
    except UnexpectedInput as error:
        raise _explained(text, error, last) from None
    return reading.node(tree)


@cache
def _grammar() -> Lark:
    from lark import Lark

    grammar = files("tracetui.core.filter").joinpath("filter.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", propagate_positions=False)


class _Reading:
    """Makes nodes of one parsed text; never deeper than ``DEEPEST`` allows."""

    def __init__(self, text: str) -> None:
        self._text = text

    def node(self, tree: object) -> Node:
        """The node of a tree of lark's."""
        data, children = str(tree.data), tree.children  # type: ignore[attr-defined]  # a Tree; its class is imported late
        match data:
            case "start" | "group":
                return self.node(children[0])
            case "any_of":
                return any_of(self.node(child) for child in children if _is_tree(child))
            case "all_of":
                return all_of(self.node(child) for child in children if _is_tree(child))
            case "negated":
                return self._negated(tree)
            case "term":
                return self._term(*children)
        raise self._no_term(children[0])

    def _negated(self, tree: object) -> Node:
        """However often it says ``not``: a loop, since nothing bounds how often."""
        count = 0
        while str(tree.data) == "negated":  # type: ignore[attr-defined]
            tree, count = tree.children[-1], count + 1  # type: ignore[attr-defined]
        node = self.node(tree)
        return negated(node) if count % 2 else node

    def _term(self, name: Token, operator: Token, value: Token) -> Term:
        field, path = self._field(name)
        op = Op(str(operator))
        if op not in OPERATORS[field.values]:
            usable = " ".join(OPERATORS[field.values])
            raise self._error(f"{field.name} cannot be compared with {op.value}", operator, f"it takes {usable}")
        try:
            return Term(field.name, op, self._value(field, op, value), path)
        except BadValue as error:
            length = 1 if error.at else len(value)
            raise FilterError(str(error), self._text, _at(value) + error.at, length, error.hint) from None

    def _field(self, name: Token) -> tuple[Field, tuple[str, ...]]:
        first, _, rest = str(name).partition(".")
        if first == "attr":
            return FIELDS["attr"], self._path(name, rest)
        field = FIELDS.get(str(name))
        if field is None:
            raise self._error(f"unknown field {str(name)!a}", name, _meant_field(str(name)))
        return field, ()

    def _path(self, name: Token, rest: str) -> tuple[str, ...]:
        if not rest:
            raise self._error("attr needs the path of an attribute", name, "write it like attr.user.id")
        try:
            path = tuple(read_text(part) for part in _PART.findall(f".{rest}"))
        except BadValue as error:
            raise self._error(str(error), name, error.hint) from None
        if len(path) > _PATH_PARTS:
            raise self._error(f"a path has at most {_PATH_PARTS} parts", name, "")
        return path

    def _value(self, field: Field, op: Op, token: Token) -> str | int | float:
        if op is Op.match:
            pattern, begin = read_pattern(str(token))
            try:
                compiled(pattern)
            except BadValue as error:
                raise BadValue(str(error), error.hint, error.at + begin) from None
            return pattern
        text = read_text(str(token))
        match field.values:
            case Values.duration:
                return read_duration(text)
            case Values.number:
                return read_count(text)
            case Values.cost:
                return read_cost(text)
            case Values.time:
                return _checked_time(text)
            case Values.word:
                return _word(field, text)
            case Values.any if op not in (Op.has, Op.equal, Op.unequal):
                return read_count(text)
        return text

    def _no_term(self, word: Token) -> FilterError:
        said = str(word)
        if said in _OTHER_SIGNS:
            return self._error(f"{said} is no operator here", word, f"write {_OTHER_SIGNS[said]}")
        if said.lower() in ("and", "or"):
            return self._error(f"a term is missing before {said}", word, "")
        if said in FIELDS or said.startswith("attr."):
            return self._error(f"{said} needs an operator and a value", word, f"write it like {_example(said)}")
        if _OPENED_IN_A_REGEX.search(self._text[: _at(word)]):
            return self._error(f"{said!a} is no term", word, _QUOTE_REGEXES)
        if (known := meant(said)) is not None:
            first, second = (f"name:{said}", known[0]) if is_figure(known[0]) else (known[0], f"name:{said}")
            return self._error(f"{said!a} is no term", word, f"write {first}, or {second}")
        return self._error(f"{said!a} is no term", word, f"write name:{said} or text:{said}")

    def _error(self, message: str, token: Token, hint: str) -> FilterError:
        return FilterError(message, self._text, _at(token), len(token), hint)


def _is_tree(child: object) -> bool:
    return hasattr(child, "children")


def _at(token: Token) -> int:
    return token.start_pos or 0


def _meant_field(name: str) -> str:
    lower = name.lower()
    if (meant := OTHER_NAMES.get(lower)) is not None or (meant := lower if lower in FIELDS else None) is not None:
        return f"did you mean {meant}?" if meant != "attr" else "did you mean attr.PATH?"
    close = get_close_matches(lower, list(FIELDS), 1, 0.6)
    return f"did you mean {close[0]}?" if close else f"there are: {' '.join(FIELDS)}"


def _word(field: Field, text: str) -> str:
    lower = text.lower()
    if lower in field.words:
        return lower
    if "," in text:
        hint = "write (" + " or ".join(f"{field.name}:{word}" for word in text.split(",")[:3] if word) + ")"
    elif (meant := OTHER_WORDS.get(field.name, {}).get(lower)) is not None:
        hint = f"did you mean {meant}?"
    else:
        close = get_close_matches(lower, field.words, 1, 0.6)
        hint = f"did you mean {close[0]}?" if close else f"there are: {' '.join(field.words)}"
    raise BadValue(f"{text!a} is no {field.name}", hint)


def _checked_time(text: str) -> str:
    """Only whether it is one: what it means depends on the clock and the zone of the answer."""
    from datetime import UTC

    from tracetui.core.moments import moment_ns

    if moment_ns(text, 0, UTC) is None:
        raise BadValue(f"{text!a} is no time", "write it like 2026-03-02, 2026-03-02T08:00:00Z, or 2h (that long ago)")
    return text


def _example(name: str) -> str:
    field = FIELDS.get(name, FIELDS["attr"])
    value = {
        Values.word: f":{field.words[2]}" if field.words else "",
        Values.text: ":part",
        Values.duration: ">2s",
        Values.number: ">1k",
        Values.cost: ">0.01",
        Values.time: ":2h",
        Values.any: ".user.id=42" if name == "attr" else "=42",
    }
    return f"{name}{value[field.values]}"


def _explained(text: str, error: object, last: Token | None) -> FilterError:
    """What lark could not go on with, in words of the language."""
    token: Token | None = getattr(error, "token", None)
    place: int | None = getattr(error, "pos_in_stream", None)
    is_end = (token is not None and token.type == "$END") or place is None or place < 0
    at = len(text.rstrip()) if is_end or place is None else place
    before = last.type if last is not None else ""
    char = "" if is_end else text[at : at + 1]
    length = len(token) if token is not None and not is_end else 1
    if before == "OP":
        if char in ("'", '"'):
            return FilterError("this quote is not closed", text, at, 1, f"a text ends with {char}")
        hint = "a value with brackets or blanks goes in quotes" if char else "write it like status:error or dur>2s"
        return FilterError(f"a value is missing after {last}", text, at, length, hint)
    if is_end:
        opened = _open_bracket(text)
        if opened is not None and before not in ("AND", "OR", "NOT", "LPAR"):
            in_regex = _OPENED_IN_A_REGEX.search(text[: opened + 1])
            hint = _QUOTE_REGEXES if in_regex else "write ) where it ends"
            return FilterError("this bracket is not closed", text, opened, 1, hint)
        return FilterError(f"a term is missing after {last}" if last else "the filter is empty", text, at)
    return _unexpected(text, at, length, char, before)


def _unexpected(text: str, at: int, length: int, char: str, before: str) -> FilterError:
    if char == ")":
        if before in ("AND", "OR", "NOT", "LPAR"):
            return FilterError("a term is missing before this bracket", text, at)
        return FilterError("this bracket closes nothing", text, at)
    if char in ("'", '"'):
        is_beside = before in ("QUOTED", "BARE", "FIELD")
        hint = f"write a term such as text:{char}…{char}" if is_beside else "write text: before it, or name:"
        return FilterError("a text stands alone here", text, at, 1, hint)
    if char in (":", "=", "!", "<", ">", "~"):
        if text.startswith("!", at) and not text.startswith("!=", at):
            return FilterError("! is no operator here", text, at, 1, "write not")
        return FilterError("a field is missing before this operator", text, at, length, "write it like status:error")
    if text[at : at + length].lower() in ("and", "or"):
        return FilterError(f"a term is missing before {text[at : at + length]}", text, at, length)
    return FilterError(f"{text[at : at + length]!a} cannot stand here", text, at, length)


def _open_bracket(text: str) -> int | None:
    """Where the innermost bracket stands that is never closed, quotes left out."""
    opened: list[int] = []
    for found in re.finditer(r"""[()]|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'""", text, re.DOTALL):
        if found[0] == "(":
            opened.append(found.start())
        elif found[0] == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def caret_lines(error: FilterError, width: int = 80) -> list[str]:
    """The part of the expression that is wrong, safe for a terminal, and carets below it."""
    from tracetui.core.text import cell_width, cut, safe

    room = max(20, width - 4)
    line_start = error.text.rfind("\n", 0, error.position) + 1
    begin = max(line_start, error.position - room // 2)
    before = safe(error.text[begin : error.position])
    meant = error.text[error.position : error.position + error.length].split("\n")[0]
    after = safe(error.text[error.position : error.position + room].split("\n")[0])
    lead = "  … " if begin > line_start else "  "
    shown = cut(before + after, room)
    carets = max(1, min(cell_width(safe(meant)), room // 2))
    return [lead + shown, " " * (cell_width(lead) + cell_width(before)) + "^" * carets]

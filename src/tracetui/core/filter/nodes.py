"""What a filter expression says, as values: terms, joined by and, or, not.

Made by ``parsing``, printed by ``printing``, answered by ``select``. ``all_of``, ``any_of`` and ``negated`` make trees in the
one shape that parsing gives (nothing nested that need not be), so that equal expressions are equal values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Op(StrEnum):
    """How a term compares."""

    has = ":"
    equal = "="
    unequal = "!="
    less = "<"
    at_most = "<="
    more = ">"
    at_least = ">="
    match = "~"


Value = str | int | float
"""A text as meant (escapes resolved; of ``~`` as written), or a figure in its base unit: ns, tokens, US dollars."""


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison. ``path`` is what follows ``attr.``, empty for other fields."""

    field: str
    op: Op
    value: Value
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; there are at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One part holds; there are at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


Node = Term | And | Or | Not


def all_of(parts: Iterable[Node]) -> Node:
    """All of them (at least one), without an ``and`` directly in an ``and``."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(parts: Iterable[Node]) -> Node:
    """One of them (at least one), without an ``or`` directly in an ``or``."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def negated(part: Node) -> Node:
    """The complement; of a complement, what it was made from."""
    return part.part if isinstance(part, Not) else Not(part)


def terms(node: Node) -> Iterator[Term]:
    """All terms, from left to right."""
    left = [node]
    while left:
        node = left.pop()
        if isinstance(node, Term):
            yield node
        elif isinstance(node, Not):
            left.append(node.part)
        else:
            left += reversed(node.parts)

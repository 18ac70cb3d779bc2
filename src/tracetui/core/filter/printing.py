"""A filter as text in its one canonical form: parsed again, it is the same."""

from __future__ import annotations

from tracetui.core.filter.fields import FIELDS, Values
from tracetui.core.filter.nodes import And, Node, Not, Op, Or, Term
from tracetui.core.filter.values import (
    written_duration,
    written_number,
    written_part,
    written_pattern,
    written_text,
)


def printed(node: Node) -> str:
    """The expression as text: ``and`` is a blank, brackets stand only where they are needed."""
    match node:
        case Term():
            return _term(node)
        case Not(part):
            return f"not {_in_brackets(part) if isinstance(part, And | Or) else printed(part)}"
        case And(parts):
            return " ".join(_in_brackets(part) if isinstance(part, And | Or) else printed(part) for part in parts)
        case Or(parts):
            return " or ".join(_in_brackets(part) if isinstance(part, Or) else printed(part) for part in parts)


def _in_brackets(node: Node) -> str:
    return f"({printed(node)})"


def _term(term: Term) -> str:
    path = "".join(f".{written_part(part)}" for part in term.path)
    return f"{term.field}{path}{term.op.value}{_value(term)}"


def _value(term: Term) -> str:
    if isinstance(term.value, str):
        return written_pattern(term.value) if term.op is Op.match else written_text(term.value)
    if FIELDS[term.field].values is Values.duration:
        return written_duration(int(term.value))
    return written_number(term.value)

"""What a filter asks for: only of runs, or of spans, or also of events."""

from __future__ import annotations

from tracetui.core.filter.comparing import word_test
from tracetui.core.filter.fields import FIELDS, ONLY_SPANS
from tracetui.core.filter.nodes import And, Node, Not, Op, Or, Term, terms
from tracetui.core.model import CLASS_WORDS, KIND_WORDS


def asks_for_spans(node: Node) -> bool:
    """Whether it asks for something that runs do not have."""
    return any(_is_of_spans(term) for term in terms(node))


def asks_for_events(node: Node) -> bool:
    """Whether it names a class of events as something that is wanted: ``kind:log``, and not ``not kind:log``."""
    left = [(node, True)]
    while left:
        node, wanted = left.pop()
        match node:
            case Term():
                if wanted is not (node.op is Op.unequal) and _names_a_class(node):
                    return True
            case Not(part):
                left.append((part, not wanted))
            case And(parts) | Or(parts):
                left += [(part, wanted) for part in parts]
    return False


def _names_a_class(term: Term) -> bool:
    return term.field == "kind" and any(map(word_test(term), _ONLY_CLASSES))


_ONLY_CLASSES = tuple(word for word in CLASS_WORDS if word not in KIND_WORDS)


def _is_of_spans(term: Term) -> bool:
    if term.field == "status" and term.op is not Op.match:
        return term.value in ONLY_SPANS
    return not FIELDS[term.field].of_runs

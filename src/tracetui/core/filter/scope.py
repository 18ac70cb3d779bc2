"""What a filter asks for: only of runs, or of spans, or also of events."""

from __future__ import annotations

from tracetui.core.filter.comparing import word_test
from tracetui.core.filter.fields import FIELDS, ONLY_SPANS
from tracetui.core.filter.nodes import Node, Op, Term, terms
from tracetui.core.model import CLASS_WORDS, KIND_WORDS


def asks_for_spans(node: Node) -> bool:
    """Whether it asks for something that runs do not have."""
    return any(_is_of_spans(term) for term in terms(node))


def asks_for_events(node: Node) -> bool:
    """Whether it names a class of events (``kind:log``)."""
    return any(term.field == "kind" and any(map(word_test(term), _ONLY_CLASSES)) for term in terms(node))


_ONLY_CLASSES = tuple(word for word in CLASS_WORDS if word not in KIND_WORDS)


def _is_of_spans(term: Term) -> bool:
    if term.field == "status" and term.op is not Op.match:
        return term.value in ONLY_SPANS
    return not FIELDS[term.field].of_runs

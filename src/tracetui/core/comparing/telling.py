"""A comparison as plain values: what ``tracetui diff --json`` prints. What they mean stands in ``docs/schemas/diff-1.json``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from tracetui.core.comparing.alignment import NONE, Note
from tracetui.core.comparing.by_name import NameDifference
from tracetui.core.comparing.comparison import Comparison, Delta, Figures, Row, less
from tracetui.core.comparing.divergence import Parting, Seen, input_differences, output_differences
from tracetui.core.comparing.groups import Group, GroupComparison, PathFigures, PathRow
from tracetui.core.comparing.sides import TOKENS
from tracetui.core.comparing.values import LONGEST_LINE, Difference, Differences
from tracetui.core.model import ABSENT
from tracetui.core.summary import milliseconds

Facts = dict[str, Any]
SpanId = Callable[[int, int], str]
"""Side (0 or 1) and span row to the id that is printed."""

_COST_DIGITS: Final = 12  # differences of binary floats: 0.3 - 0.1 is 0.2
_RUN_FIGURES: Final = ("spans", "open_spans", "events", "errors", "skipped", "retries")


def run_delta(one: Facts, other: Facts) -> Facts:
    """What the second run has more than the first, from what ``Summaries.brief`` says of both."""
    costs = {name: _usd(less(other[name], one[name])) for name in ("cost_usd", "cost_computed_usd")}
    return {
        "duration_ms": less(other["duration_ms"], one["duration_ms"], both=True),
        **{name: other[name] - one[name] for name in _RUN_FIGURES},
        "causes": len(other["causes"]) - len(one["causes"]),
        "tokens": {name: less(other["tokens"][name], one["tokens"][name], both=True) for name in one["tokens"]},
        **costs,
        "usd": _usd(less(run_usd(other), run_usd(one))),
    }


def run_usd(facts: Facts) -> float | None:
    """Recorded and computed cost of a run together."""
    known = [facts[name] for name in ("cost_usd", "cost_computed_usd") if facts[name] is not None]
    return sum(known) if known else None


def rows_facts(comparison: Comparison, span_id: SpanId) -> Iterator[Facts]:
    """Each row as a JSON object, in order."""
    above: list[int] = []
    for row in comparison:
        del above[row.depth :]
        yield row_facts(row, above[-1] if above else None, span_id)
        above.append(row.index)


def row_facts(row: Row, parent: int | None, span_id: SpanId) -> Facts:
    """One row as a JSON object."""
    figures = (_figures_facts(*each) for each in zip(row.figures, row.outcomes, strict=True))
    a, b = (
        None if facts is None else {"span": None if span == NONE else span_id(side, span), **facts}
        for side, (span, facts) in enumerate(zip((row.a, row.b), figures, strict=True))
    )
    return {
        "row": row.index,
        "parent": parent,
        "depth": row.depth,
        "rows": row.size,
        "state": row.state,
        "differs_in": list(row.marks),
        "kind": row.kind.name,
        "name": row.name,
        "name_a": row.other_name or None,
        "reordered": bool(row.note & Note.reordered),
        "repeated": bool(row.note & (Note.repeated | Note.group)),
        "moved_row": None if row.twin == NONE else row.twin,
        "a": a,
        "b": b,
        "delta": _delta_facts(row.delta),
    }


def _figures_facts(figures: Figures | None, outcome: str | None) -> Facts | None:
    if figures is None:
        return None
    return {
        "status": outcome,
        "spans": figures.spans,
        "errors": figures.errors,
        "calls": figures.calls,
        "duration_ms": milliseconds(figures.duration_ns),
        "own_ms": milliseconds(figures.own_ns),
        "open": figures.is_open,
        "tokens": {name: figures.tokens.get(name) for name in TOKENS},
        "cost_usd": _usd(figures.cost_usd),
        "cost_computed_usd": _usd(figures.computed_usd),
        "partial": [
            name
            for name, lacks in (("tokens.total", figures.tokens_partial), ("cost_usd", figures.cost_partial))
            if lacks
        ],
    }


def _delta_facts(delta: Delta) -> Facts:
    return {
        "spans": delta.spans,
        "errors": delta.errors,
        "calls": delta.calls,
        "duration_ms": milliseconds(delta.duration_ns),
        "own_ms": milliseconds(delta.own_ns),
        "tokens": delta.tokens,
        "cost_usd": _usd(delta.cost_usd),
        "cost_computed_usd": _usd(delta.computed_usd),
        "usd": _usd(delta.usd),
    }


def name_facts(found: NameDifference) -> Facts:
    """All spans of one name as a JSON object."""

    def pair(values: Sequence[float] | None, tell: Callable[[Any], Any] = lambda value: value) -> list[Any] | None:
        return None if values is None else [tell(value) for value in values]

    return {
        "kind": found.kind.name,
        "name": found.name,
        "calls": pair(found.calls),
        "errors": pair(found.errors),
        "own_ms": pair(found.own_ns, milliseconds),
        "tokens": pair(found.tokens),
        "usd": pair(found.usd, _usd),
        "weight": round(found.weight, 6),
    }


def divergence_facts(comparison: Comparison, found: Parting) -> Facts:
    """Where the runs part, with what differs in the inputs there; ``row`` is null where nothing differs in substance."""
    at = found.divergence
    facts: Facts = {
        "row": None,
        "why": None,
        "path": [],
        "name": None,
        "compared": _seen_facts(found.seen),
        "other_answer_row": None if found.answered == NONE else found.answered,
        "input": None,
    }
    if at is None:
        return facts
    differences = input_differences(comparison, at.row)
    return facts | {
        "row": at.row,
        "why": at.why,
        "path": comparison.path(at.row),
        "name": comparison.row(at.row).name,
        "input": None if differences is None else differences_facts(differences),
    }


def _seen_facts(seen: Seen) -> Facts:
    return {
        "pairs": seen.pairs,
        "model_calls": seen.calls,
        "same_prompts": seen.same_prompts,
        "stopped": seen.stopped,
    }


def texts_facts(comparison: Comparison, index: int) -> Facts:
    """What differs in input and output of one row."""
    given, answer = input_differences(comparison, index), output_differences(comparison, index)
    return {
        "row": index,
        "path": comparison.path(index),
        "name": comparison.row(index).name,
        "input": None if given is None else differences_facts(given),
        "output": None if answer is None else differences_facts(answer),
    }


def differences_facts(found: Differences) -> Facts:
    """What differs in two values as a JSON object."""
    return {
        "differences": [_difference_facts(each) for each in found.found],
        "keys": found.keys,
        "keys_different": found.keys_different,
        "stopped": found.stopped,
        "approximate": found.approximate,
    }


def _difference_facts(found: Difference) -> Facts:
    facts: Facts = {"path": found.path, "kind": found.kind}
    if found.lines and any("\n" in text or len(text) > LONGEST_LINE for text in (str(found.a), str(found.b))):
        return facts | {"lines": [line.sign + line.text for line in found.lines]}
    return facts | {name: value for name, value in (("a", found.a), ("b", found.b)) if value is not ABSENT}


def group_facts(group: Group) -> Facts:
    """The runs of one side as a JSON object."""
    medians = dict(group.medians)
    length = medians.pop("duration_ns")
    return {
        "runs": group.runs,
        "runs_by_status": dict(sorted(group.statuses.items())),
        "median": {"duration_ms": _ms(length), **medians, "usd": _usd(medians["usd"])},
    }


def path_facts(comparison: GroupComparison, row: PathRow) -> Facts:
    """One path of a comparison of folders as a JSON object."""
    return {
        "path": comparison.path(row),
        "kind": row.kind.name,
        "state": row.state,
        "differs_in": list(row.why),
        "score": round(row.score, 6),
        "a": _path_figures(row.a),
        "b": _path_figures(row.b),
    }


def _path_figures(figures: PathFigures) -> Facts:
    facts = asdict(figures)
    medians = facts.pop("medians")
    return facts | {
        "duration_ms": _ms(medians["duration_ns"]),
        "own_ms": _ms(medians["own_ns"]),
        "tokens": medians["tokens"],
        "usd": _usd(medians["usd"]),
    }


def _ms(ns: float | None) -> float | None:
    return None if ns is None else ns / 1_000_000


def _usd(value: float | None) -> float | None:
    return None if value is None else round(value, _COST_DIGITS)

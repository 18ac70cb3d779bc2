"""A filter that only asks for what runs have, asked of a run: its figures as ``list`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tracetui.core.filter.comparing import any_text, figure_holds, word_test
from tracetui.core.filter.nodes import And, Node, Not, Op, Or, Term

if TYPE_CHECKING:
    from tracetui.core.filter.columns import Setting
    from tracetui.core.store import Run

_TOKENS: Final = {"tokens": "total", "in": "input", "out": "output", "cached": "cached"}
_GOING_ON: Final = frozenset({"running", "stalled", "unfinished"})


def run_holds(node: Node, run: Run, setting: Setting) -> bool:
    """Whether a filter holds for a run."""
    match node:
        case Term():
            return bool(_term(node, run, setting))
        case Not(part):
            return not run_holds(part, run, setting)
        case And(parts):
            return all(run_holds(part, run, setting) for part in parts)
        case Or(parts):
            return any(run_holds(part, run, setting) for part in parts)


def _term(term: Term, run: Run, setting: Setting) -> bool | None:
    summaries = setting.summaries
    match term.field:
        case "status":
            return word_test(term)(summaries.status(run)[0]) is not (term.op is Op.unequal)
        case "name":
            return any_text(term, iter([run.name] if run.name else []))
        case "model":
            return any_text(term, iter(run.models))
        case "run":
            names = (run.name, run.id, summaries.ids.get(run.row, ""))
            return any_text(term, (text for text in names if text))
        case "format":
            return any_text(term, iter([run.format]))
        case "since" | "until":
            start, moment = run.start, setting.moment(term)
            return start is not None and (start >= moment if term.field == "since" else start < moment)
    return _figure(term, run, setting)


def _figure(term: Term, run: Run, setting: Setting) -> bool:
    match term.field:
        case "dur":
            going_on = setting.summaries.status(run)[0] in _GOING_ON
            return figure_holds(term, run.duration()[0], partial=going_on)
        case "errors":
            return figure_holds(term, run.error_count)
        case "cost":
            cost = setting.summaries.cost(run)
            return figure_holds(term, cost.usd, partial=cost.partial)
        case "age":
            waited, start = setting.run_age(run), run.start
            known = waited is not None and start is not None
            return figure_holds(term, max(0, run.last_time - (start or 0)) + (waited or 0) if known else None)
    name = _TOKENS[term.field]
    facts, partial_names = setting.summaries.tokens(run)
    return figure_holds(term, facts[name], partial=f"tokens.{name}" in partial_names)

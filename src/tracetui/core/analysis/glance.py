"""What is asked first of a run, or of several, in a line each: what it cost, what broke, the slowest tool, bottlenecks, loops.

Every line names the section that tells more. What there is none of is said as well: a missing line would be no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.page import Page
from tracetui.core.analysis.tables import between, causes_and_events, cost_text, figure, number, spent_cost
from tracetui.core.model import Kind
from tracetui.core.symbols import Symbols
from tracetui.core.text import duration, safe

if TYPE_CHECKING:
    from tracetui.core.analysis.folder import FolderAnalysis
    from tracetui.core.analysis.loops import Repetition
    from tracetui.core.analysis.run_analysis import RunAnalysis
    from tracetui.core.analysis.spending import Spender, Spent
    from tracetui.core.pricing.cost import Cost
    from tracetui.core.store import Run

TITLE: Final = "At a glance"
ERRORS: Final = "Errors"
TOOLS: Final = "Tools"
BOTTLENECKS: Final = "Bottlenecks"
LOOPS: Final = "Loops"
EQUAL_CALLS: Final = "Equal calls"
MODELS: Final = "Tokens and cost by model"
NO_LOOPS: Final = "none: no tool was called again and again with the same arguments"
PLAIN: Final = "json-lines"
"""The format that takes what no other one does."""
LINES: Final = (
    ("cost", MODELS),
    ("errors", ERRORS),
    ("slowest tool", TOOLS),
    ("bottlenecks", BOTTLENECKS),
    ("loops", LOOPS),
)
"""What is asked first, and the section that tells more of it."""
LABEL: Final = 14
"""Cells of a label with the blanks behind it."""
NOT_KNOWN: Final = "not known: read as plain events"
"""Of what only spans would tell, in a run that has none."""
_NAMED: Final = 3
_NAME: Final = 60
"""Characters of a name, of which there may be several in a line."""
_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Glance:
    """One line of it."""

    label: str
    text: str
    """Safe."""
    section: str = ""
    """Title of the section that tells more; empty: there is none."""
    is_bad: bool = False


def run_glance(about: RunAnalysis, spent: Cost, symbols: Symbols, *, pending: bool = False) -> list[Glance]:
    """The lines of one run; ``pending``: prices are still being looked up."""
    groups = about.errors.groups
    what = causes_and_events(about.errors.causes, about.errors.events)
    errors = f"{what} in {number(len(groups), 'group')}: {_short(groups[0].text, _TEXT)}" if groups else ""
    if is_plain(about.run):
        return _plain(errors)
    loops = [_loop(about, each, symbols) for each in about.loops]
    return [
        *_cost(about.models, about.spent, cost_text(spent, symbols) if spent.usd is not None else "", symbols, pending),
        _line("errors", errors, ERRORS),
        *_slowest_tool(about.names, symbols),
        _line("bottlenecks", _several([each.name for each in about.bottlenecks]), BOTTLENECKS),
        *_loops(loops, len(loops), bool(about.tools)),
    ]


def folder_glance(
    about: FolderAnalysis, spent: Cost, ids: Mapping[int, str], symbols: Symbols, *, pending: bool = False
) -> list[Glance]:
    """The lines of several runs."""
    errors = ""
    if about.errors:
        first = about.errors[0]
        what = causes_and_events(
            sum(each.errors.causes for each in about.runs), sum(each.errors.events for each in about.runs)
        )
        where = f"{_short(first.text, _TEXT)} in {number(len(first.runs), 'run')}"
        errors = f"{what} in {number(len(about.errors), 'group')}: {where}"
    plain = sum(is_plain(each.run) for each in about.runs)
    if plain == len(about.runs):
        return _plain(errors)
    loops = sum(len(each.loops) for each in about.runs)
    holders = [each.run.name or ids[each.run.row] for each in about.runs if each.loops]
    return [
        *_cost(about.models, about.spent, cost_text(spent, symbols) if spent.usd is not None else "", symbols, pending),
        _line("errors", errors, ERRORS),
        *_slowest_tool(about.names, symbols),
        _line("bottlenecks", _several([each.name for each in folder_bottlenecks(about)]), BOTTLENECKS),
        *_loops([f"in {name}" for name in dict.fromkeys(holders)], loops, bool(about.tools)),
        *([Glance("not known", f"of {number(plain, 'run')}: read as plain events")] if plain else []),
    ]


def is_plain(run: Run) -> bool:
    """Whether a run's format was not understood: a list of events, of which nothing else is known."""
    return run.format == PLAIN and not run.span_count


def folder_bottlenecks(about: FolderAnalysis) -> list[NameStats]:
    """Names at work that take long in the mean over all runs, those with the most time first."""
    least = about.runs[0].bottleneck_ns
    return [each for each in about.names if not each.holds and each.mean_ns is not None and each.mean_ns >= least]


def glance_lines(told: Sequence[Glance], page: Page) -> Iterator[str]:
    """The lines as text."""
    yield from page.section(TITLE)
    for each in told:
        yield from page.paragraph(f"  {each.label:<{LABEL}}", each.text)


def _plain(errors: str) -> list[Glance]:
    """The lines of what is read as plain events: of errors only those that an event is marked as."""
    told = [Glance(label, NOT_KNOWN) for label, _ in LINES]
    return [_line("errors", errors, ERRORS) if errors and each.label == "errors" else each for each in told]


def _line(label: str, text: str, section: str) -> Glance:
    return Glance(label, text, section, is_bad=True) if text else Glance(label, "none")


def _cost(
    models: Sequence[Spender], spent: Spent, total: str, symbols: Symbols, pending: bool
) -> list[Glance]:  # what no model call costs is not asked for
    if not spent.calls and not total:
        return []
    words = [total or ("being looked up" + symbols.reading if pending else "no cost is recorded, no price is known")]
    if spent.total is not None:
        words.append(f"{figure(spent, 'total', symbols)} tokens")
    dear = max(models, key=lambda each: each.spent.cost or 0, default=None)
    if total and dear is not None and dear.spent.cost and len(models) > 1:
        words.append(f"the most by {_short(dear.name, _NAME) or 'no model named'}: {spent_cost(dear.spent, symbols)}")
    return [Glance("cost", ", ".join(words), MODELS if models else "")]


def _slowest_tool(names: Sequence[NameStats], symbols: Symbols) -> list[Glance]:
    """The tool with the longest call, and the one with the most time where that is another."""
    tools = [each for each in names if each.kind is Kind.tool and each.max_ns is not None]
    if not tools:
        return []
    longest = max(tools, key=lambda each: (each.max_ns or 0, each.total_ns))
    most = max(tools, key=lambda each: (each.total_ns, each is longest))
    words = f"{_short(longest.name, _NAME)}: {duration(longest.max_ns, symbols)}"
    words += f" in its longest call, {_total(longest, symbols)}" if longest.count > 1 else ""
    if most is not longest:
        words += f"; more in all: {_short(most.name, _NAME)}, {_total(most, symbols)}"
    return [Glance("slowest tool", words, TOOLS)]


def _total(tool: NameStats, symbols: Symbols) -> str:
    """The sum over its calls, which is more than the clock's time where they ran side by side."""
    return f"{duration(tool.total_ns, symbols)} in {number(tool.count, 'call')}"


def _loops(told: Sequence[str], loops: int, has_tools: bool) -> list[Glance]:
    if not loops:
        return [Glance("loops", "none" if has_tools else "none: no repeated tool calls")]
    return [Glance("loops", f"{loops:,}: {_joined(told)}", LOOPS, is_bad=True)]


def _loop(about: RunAnalysis, each: Repetition, symbols: Symbols) -> str:
    """How often what was called, and what that wasted: ``search ×6 (wasted 23.5s, $0.03 with the model calls between)``."""
    names = f" {symbols['decision']} ".join(_short(name, _NAME) for name in each.names)
    spent = about.wasted(each)
    lost = [duration(each.wasted_ns, symbols)] if each.wasted_ns else []
    lost += [spent_cost(spent, symbols)] if spent.cost is not None else []
    return f"{names} {symbols.times}{each.count}" + (f" (wasted {', '.join(lost)}{between(each)})" if lost else "")


def _several(names: Sequence[str]) -> str:
    """How many, and the first of them."""
    return f"{len(names):,}: {_joined(list(dict.fromkeys(_short(name, _NAME) for name in names)))}" if names else ""


def _joined(told: Sequence[str]) -> str:
    more = len(told) - _NAMED
    return ", ".join(map(safe, told[:_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _short(text: str, most: int) -> str:
    return safe(text[:most]) or "(no name)"

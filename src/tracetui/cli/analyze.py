"""``tracetui analyze``: what broke, where the time and the money went, and what to do about it; of one run or of many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS, FAULT, NOTHING_READABLE
from tracetui.cli._options import (
    duration_option,
    json_option,
    jsonl_option,
    paths_argument,
    reading_options,
    runs_where_option,
)

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.analysis.fail_on import Condition
    from tracetui.core.analysis.page import Page
    from tracetui.core.analysis.run_analysis import RunAnalysis
    from tracetui.core.filter import Node
    from tracetui.core.loading import Loaded
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries

SCHEMA = "tracetui.analyze/1"
LISTED = 5


def _as_conditions(ctx: click.Context, param: click.Parameter, value: str | None) -> list[Condition]:  # noqa: ARG001 - click's
    if value is None:
        return []
    from tracetui.core.analysis.fail_on import BadCondition, conditions

    try:
        return conditions(value)
    except BadCondition as error:
        raise click.BadParameter(str(error)) from error


@click.command("analyze", help=f"{COMMANDS['analyze']}\n\nOf one run in full; of several, the whole and each briefly.")
@paths_argument
@click.option("--run", "word", metavar="RUN", help="Only this run: latest, failed, an id or its beginning, or a name.")
@runs_where_option
@click.option(
    "--fail-on",
    "fail_on",
    callback=_as_conditions,
    metavar="CONDITIONS",
    help="End with exit status 1 if a run meets one of these, such as error,stalled,loop,cost>1,dur>10m.",
)
@duration_option("--bottleneck", "Mean duration from which a name is a bottleneck (5s).")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=LISTED,
    metavar="N",
    help=f"Items of each list in the text ({LISTED}).",
)
@json_option
@jsonl_option
@reading_options
def command(
    paths: tuple[str, ...],
    word: str | None,
    where: Node | None,
    fail_on: list[Condition],
    bottleneck: int | None,
    limit: int,
    as_json: bool,
    as_jsonl: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Read, look at each run, print."""
    from tracetui.cli._answer import Asked, read, read_run, selected_runs
    from tracetui.cli._output import Printer
    from tracetui.cli.list import conclude
    from tracetui.core.analysis.page import Page

    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    if word is None:
        loaded = read(paths)
        runs = loaded.runs
    else:
        loaded, only = read_run(word, paths, asked)
        runs = [only]
    summaries = asked.summaries(loaded)
    quiet = as_json or as_jsonl
    runs = selected_runs(runs, where, asked, loaded, summaries, quiet=quiet)
    found = list(_analyses(loaded, summaries, runs, asked, bottleneck, limit))
    if as_json:
        printer.json(_document(asked, loaded, summaries, found, where))
    elif as_jsonl:
        printer.json_lines(_facts(summaries, each) for each in found)
    elif found:
        _print(printer, Page(printer.width, printer.symbols, limit), asked, loaded, summaries, found)
    status = conclude(loaded, paths, quiet=quiet)
    if fail_on and not status and _is_missing(paths):
        status = NOTHING_READABLE  # a gate that did not see all that it was to look at must not say that all is fine
    return _failed(fail_on, found, asked, loaded, summaries) or status


def _analyses(
    loaded: Loaded, summaries: Summaries, runs: list[Run], asked: Asked, bottleneck: int | None, limit: int
) -> Iterator[RunAnalysis]:
    from tracetui.cli._output import telling
    from tracetui.core.analysis.by_name import BOTTLENECK_NS
    from tracetui.core.analysis.run_analysis import SLOWEST, analyse_run

    with telling() as tell:
        for done, run in enumerate(runs):
            tell(lambda done=done: f"analysing {done:,} of {len(runs):,} runs")  # type: ignore[misc]
            yield analyse_run(
                loaded.store,
                run,
                loaded.bodies_of(run),
                summaries.costs,
                status=summaries.status(run),
                now_ns=asked.now_ns,
                bottleneck_ns=BOTTLENECK_NS if bottleneck is None else bottleneck,
                keep=max(SLOWEST, limit),
            )


def _facts(summaries: Summaries, about: RunAnalysis) -> dict[str, Any]:
    from tracetui.core.analysis.facts import RunFacts

    return RunFacts(about, summaries, summaries.span_id).facts()


def _document(
    asked: Asked, loaded: Loaded, summaries: Summaries, found: list[RunAnalysis], where: Node | None
) -> dict[str, Any]:
    from tracetui.cli._answer import frame, left_out
    from tracetui.core.analysis.folder_facts import folder_facts

    return {
        **frame(SCHEMA, asked, where),
        "whole": folder_facts(loaded.store, found, summaries),
        "runs": [_facts(summaries, each) for each in found],
        **left_out(loaded, summaries),
    }


def _print(
    printer: Printer, page: Page, asked: Asked, loaded: Loaded, summaries: Summaries, found: list[RunAnalysis]
) -> None:
    """One run in full, several together."""
    costs = {each.run.row: summaries.costs.of_run(each.run) for each in found}
    if len(found) == 1:
        from tracetui.core.analysis.blocks import RunPage

        about = found[0]
        bodies = loaded.bodies_of(about.run)
        printer.lines(
            RunPage(about, page, bodies, summaries.ids[about.run.row], costs[about.run.row], asked.zone).lines()
        )
        return
    from tracetui.core.analysis.folder import analyse_folder
    from tracetui.core.analysis.folder_blocks import folder_lines
    from tracetui.core.summary import totals

    whole = analyse_folder(loaded.store, found, costs)
    sums = totals([summaries.full(each.run) for each in found])
    printer.lines(folder_lines(whole, page, sums, summaries.ids, costs, asked.zone))


def _is_missing(paths: tuple[str, ...]) -> bool:
    """Whether a path that was named is not there; told by `conclude`."""
    return any(path != "-" and not os.path.lexists(path) for path in paths)


def _failed(
    fail_on: list[Condition], found: list[RunAnalysis], asked: Asked, loaded: Loaded, summaries: Summaries
) -> int:
    """Say which runs meet the conditions of ``--fail-on``; the exit status."""
    if not fail_on or not found:
        return 0
    from tracetui.cli._answer import selector
    from tracetui.cli._output import complain
    from tracetui.core.analysis.fail_on import met

    def choose(node: Node) -> Any:
        return selector(node, asked, loaded, summaries)

    hits: dict[int, list[str]] = {}
    names = {}
    for condition, about in met(found, fail_on, choose):
        hits.setdefault(about.run.row, []).append(condition.text)
        names[about.run.row] = about.run.name
    for row, texts in list(hits.items())[:_TOLD]:
        complain(f"--fail-on {', '.join(texts)}: {summaries.ids[row]}  {names[row]}".rstrip())
    if len(hits) > _TOLD:
        complain(f"--fail-on: {len(hits) - _TOLD:,} more runs")
    return FAULT if hits else 0


_TOLD = 20

"""``tracetui stats``: one block of figures a run, and the sums; the JSON is what scripts compare."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS
from tracetui.cli._options import json_option, jsonl_option, paths_argument, reading_options, runs_where_option

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.filter import Node
    from tracetui.core.loading import Loaded
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries

SCHEMA = "tracetui.stats/1"


@click.command("stats", help=COMMANDS["stats"])
@paths_argument
@runs_where_option
@json_option
@jsonl_option
@reading_options
def command(
    paths: tuple[str, ...],
    where: Node | None,
    as_json: bool,
    as_jsonl: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Read, sum, print."""
    from tracetui.cli._answer import Asked, read, selected_runs
    from tracetui.cli._output import Printer
    from tracetui.cli.list import conclude

    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    loaded = read(paths)
    summaries = asked.summaries(loaded)
    quiet = as_json or as_jsonl
    runs = selected_runs(loaded.runs, where, asked, loaded, summaries, quiet=quiet)
    if as_json:
        printer.json(_document(asked, loaded, summaries, runs, where))
    elif as_jsonl:
        printer.json_lines(summaries.full(run) for run in runs)
    elif runs:
        print_blocks(printer, asked, loaded, summaries, runs)
    return conclude(loaded, paths, quiet=quiet)


def _document(
    asked: Asked, loaded: Loaded, summaries: Summaries, runs: list[Run], where: Node | None
) -> dict[str, Any]:
    from tracetui.cli._answer import frame, left_out
    from tracetui.core.summary import totals

    facts = [summaries.full(run) for run in runs]
    return {**frame(SCHEMA, asked, where), "runs": facts, "totals": totals(facts), **left_out(loaded, summaries)}


def print_blocks(printer: Printer, asked: Asked, loaded: Loaded, summaries: Summaries, runs: list[Run]) -> None:
    """A block for each run, then the sums."""
    from tracetui.core.run_blocks import run_block, total_block
    from tracetui.core.summary import totals

    all_facts = []
    for run in runs:
        facts = summaries.full(run)
        all_facts.append(facts)
        printer.lines(run_block(run, facts, summaries.repairs.full(run), asked.zone, printer.symbols))
        printer.line()
    unrecognised = len(loaded.reader.unrecognised) + len(loaded.reader.unreadable_paths)
    unreadable = len(loaded.store.unreadable())
    printer.lines(total_block(totals(all_facts), unreadable, unrecognised, printer.symbols))

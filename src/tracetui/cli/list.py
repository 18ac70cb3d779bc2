"""``tracetui list``: the runs, newest first, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS, NOTHING_READABLE, OK
from tracetui.cli._options import (
    json_option,
    jsonl_option,
    paths_argument,
    reading_options,
    runs_where_option,
    time_option,
)

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.filter import Node
    from tracetui.core.loading import Loaded
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries

SCHEMA = "tracetui.list/1"
SORTS = ("start", "name", "status", "duration", "spans", "errors", "tokens", "cost", "format")
"""What ``--sort`` takes; ``-start`` is the reverse."""


@click.command("list", help=COMMANDS["list"])
@paths_argument
@click.option(
    "--sort",
    metavar="COLUMN",
    default="-start",
    show_default=True,
    callback=lambda ctx, param, value: _sort_name(value),  # noqa: ARG005 - click's signature
    shell_complete=lambda ctx, param, incomplete: [*SORTS, *(f"-{name}" for name in SORTS)],  # noqa: ARG005 - click's
    help=f"Order by {', '.join(SORTS)}; -COLUMN from the largest down.",
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N runs.")
@click.option("--offset", type=click.IntRange(min=0), default=0, metavar="N", help="Leave the first N out.")
@time_option("--since", "Only runs that started at this time or later (7d: ago).")
@time_option("--until", "Only runs that started before this time.")
@runs_where_option
@json_option
@jsonl_option
@reading_options
def command(
    paths: tuple[str, ...],
    sort: str,
    limit: int | None,
    offset: int,
    since: str | None,
    until: str | None,
    where: Node | None,
    as_json: bool,
    as_jsonl: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Read, choose, print."""
    from tracetui.cli._answer import Asked, read, selected_runs, since_until
    from tracetui.cli._output import Printer

    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    loaded = read(paths)
    summaries = asked.summaries(loaded)
    quiet = as_json or as_jsonl
    runs = since_until(loaded.runs, since, until, asked)
    matching = sort_runs(selected_runs(runs, where, asked, loaded, summaries, quiet=quiet), sort, summaries)
    shown = matching[offset:] if limit is None else matching[offset : offset + limit]
    if as_json:
        printer.json(_document(asked, loaded, summaries, shown, len(matching), where))
    elif as_jsonl:
        printer.json_lines(summaries.brief(run) for run in shown)
    else:
        print_table(printer, asked, summaries, shown)
    return conclude(loaded, paths, quiet=quiet)


def conclude(loaded: Loaded, paths: tuple[str, ...], *, quiet: bool) -> int:
    """Say what was left out, or where traces usually are; the exit status."""
    from tracetui.cli._answer import tell_left_out
    from tracetui.cli._output import complain
    from tracetui.core.loading import nothing_found

    if not quiet:
        tell_left_out(loaded, paths)
    if loaded.runs:
        return OK
    complain(nothing_found(paths))
    return NOTHING_READABLE


def _sort_name(value: str) -> str:
    if value.removeprefix("-") not in SORTS:
        raise click.BadParameter(f"{value!a} is none of {', '.join(SORTS)}")
    return value


def sort_runs(runs: list[Run], sort: str, summaries: Summaries) -> list[Run]:
    """Runs (newest first) by a column; what is unknown comes last in both directions."""
    keys: dict[str, Callable[[Run], Any]] = {
        "start": lambda run: run.start,
        "name": lambda run: run.name.casefold(),
        "status": lambda run: summaries.status(run)[0],
        "duration": lambda run: run.duration()[0],
        "spans": lambda run: run.span_count,
        "errors": lambda run: run.error_count,
        "tokens": lambda run: summaries.tokens(run)[0]["total"],
        "cost": lambda run: summaries.cost(run).usd,
        "format": lambda run: run.format,
    }
    key = keys[sort.removeprefix("-")]
    known = [(value, run) for run in runs if (value := key(run)) is not None]
    unknown = [run for run in runs if key(run) is None]
    known.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [run for _, run in known] + unknown


def _document(
    asked: Asked, loaded: Loaded, summaries: Summaries, shown: list[Run], matching: int, where: Node | None
) -> dict[str, Any]:
    from tracetui.cli._answer import frame, left_out

    return {
        **frame(SCHEMA, asked, where),
        "runs": [summaries.brief(run) for run in shown],
        "runs_matching": matching,
        **left_out(loaded, summaries),
    }


def print_table(printer: Printer, asked: Asked, summaries: Summaries, runs: list[Run]) -> None:
    """The runs as a table that fits the terminal, with headings."""
    from tracetui.core.run_table import run_table

    printer.lines(run_table(runs, summaries, printer.width, asked.now_ns, asked.zone, printer.symbols))

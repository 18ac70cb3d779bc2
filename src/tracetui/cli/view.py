"""``tracetui view RUN``: the span tree of one run as text, or its spans as JSON."""

from __future__ import annotations

import os
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from tracetui.cli._group import COMMANDS, OK
from tracetui.cli._options import json_option, jsonl_option, reading_options, where_option

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.filter import Node
    from tracetui.core.run_view import RunView
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries

SCHEMA = "tracetui.view/1"


@click.command(
    "view",
    help=f"{COMMANDS['view']}\n\nRUN is a path, latest, failed, an id or its beginning, or a name.",
    context_settings={"allow_extra_args": True},  # so that the complaint can say where they belong
)
@click.argument("run", metavar="RUN")
@click.option("--in", "places", metavar="PATH", multiple=True, help="Where the run is looked for; may be repeated.")
@where_option
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Only the N highest levels.")
@click.option("--events", is_flag=True, help="Show all events, not only those of errors.")
@click.option("--full", is_flag=True, help="Show input, output and all else that was recorded.")
@json_option
@jsonl_option
@reading_options
@click.pass_context
def command(
    context: click.Context,
    run: str,
    places: tuple[str, ...],
    where: Node | None,
    depth: int | None,
    events: bool,
    full: bool,
    as_json: bool,
    as_jsonl: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Find the run, walk over it, print."""
    from tracetui.cli._answer import Asked, read_run, selector
    from tracetui.cli._output import Printer
    from tracetui.core.run_view import RunView

    _refuse_more(run, context.args)
    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    loaded, found = read_run(run, places, asked)
    summaries = asked.summaries(loaded)
    chosen = selector(where, asked, loaded, summaries)
    events = events or (chosen is not None and chosen.names_events)
    view = RunView(
        loaded.store, found, loaded.bodies_of(found), depth=depth, events=events, where=chosen, costs=summaries.costs
    )
    if as_json:
        printer.json(_document(asked, summaries, view, where, full=full, events=events))
    elif as_jsonl:
        printer.json_lines(view.facts(full=full, events=events))
    else:
        print_tree(printer, asked, summaries, view, full=full)
    return OK


def _refuse_more(run: str, more: list[str]) -> None:
    """Say what to write instead of a second argument, which mostly is a folder."""
    if not more:
        return
    folder, other = (run, more[0]) if os.path.lexists(run) and not os.path.lexists(more[0]) else (more[0], run)
    raise click.UsageError(f"view takes one RUN; say where it is looked for with --in: {other!r} --in {folder!r}")


def _document(
    asked: Asked, summaries: Summaries, view: RunView, where: Node | None, *, full: bool, events: bool
) -> dict[str, object]:
    from tracetui.cli._answer import frame

    document: dict[str, object] = {
        **frame(SCHEMA, asked, where),
        "run": summaries.brief(view.run),
        "spans": list(view.facts(full=full, events=events)),
    }
    if events:
        document["events"] = view.run_events(full=full)
    paths = set(document["run"]["paths"])  # type: ignore[index]  # a JSON object that we made
    return document | {"unreadable": [bad for bad in summaries.unreadable() if bad["path"] in paths]}


def print_tree(printer: Printer, asked: Asked, summaries: Summaries, view: RunView, *, full: bool) -> None:
    """What the run is, in words, then its tree."""
    from tracetui.core.tree_text import tree_lines

    printer.lines(_heading(printer, asked, summaries, view.run, view.causes))
    if view.found is not None:
        printer.line(f"  {_found(view)} found by --where; what leads to it stands in (brackets)")
    printer.line()
    printer.lines(tree_lines(view, width=printer.width, symbols=printer.symbols, full=full))
    if unseen := view.unseen_events:
        printer.line(f"  no spans; {unseen:,} event{'' if unseen == 1 else 's'}: --events")


def _found(view: RunView) -> str:
    spans, events = view.found or 0, view.found_events
    words = [f"{spans:,} span{'' if spans == 1 else 's'}"]
    if events:
        words.append(f"{events:,} event{'' if events == 1 else 's'}")
    return " and ".join(words)


def _heading(printer: Printer, asked: Asked, summaries: Summaries, run: Run, causes: int) -> list[str]:
    from tracetui.core.run_blocks import link_text
    from tracetui.core.run_table import length_text
    from tracetui.core.text import exact, safe, wall_time_full

    symbols = printer.symbols
    status, reason = summaries.status(run)
    length, source = run.duration()
    words = [f"{symbols[status]} {status}", safe(run.name), length_text(status, length, source, symbols)]
    words.append(f"{exact(run.span_count, symbols)} span{'' if run.span_count == 1 else 's'}")
    if causes:
        words.append(f"{causes} cause{'' if causes == 1 else 's'}")
    lines = ["  ".join(word for word in words if word)]
    if reason and status != "ok":  # of one that is fine the first line says all
        lines.append(f"  {safe(reason)}")
    lines.append(f"  {safe(summaries.ids[run.row])}  {wall_time_full(run.start, asked.zone, symbols)}")
    lines += [f"  {safe(link_text(link))}" for link in summaries.links(run)]
    return lines

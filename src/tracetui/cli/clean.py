"""``tracetui clean``: what would be deleted of old recordings and what stays, as text or JSON; with ``--yes`` it is deleted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS, NOTHING_READABLE, OK
from tracetui.cli._options import ascii_option, json_option, paths_argument
from tracetui.core.sources._base import STDIN_WORD

if TYPE_CHECKING:
    from tracetui.core.recording.cleaning import CleanResult, Plan

SCHEMA = "tracetui.clean/1"


def _format_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    from tracetui.core.formats import FORMATS

    return [each.name for each in FORMATS if each.name.startswith(incomplete)]


@click.command(
    "clean",
    help=f"{COMMANDS['clean']}\n\nWithout --yes nothing is deleted. A run goes with all of its files, or stays.",
)
@paths_argument
@click.option(
    "--older-than",
    metavar="AGE",
    default="7d",
    show_default=True,
    help="Only runs whose last sign of life is longer ago, such as 12h, 7d or 4w.",
)
@click.option(
    "--format",
    "formats",
    metavar="NAME",
    multiple=True,
    shell_complete=_format_names,
    help="Runs of this format, instead of tracetui's own recordings; needs a PATH; may be repeated.",
)
@click.option("--yes", is_flag=True, help="Delete.")
@click.option("-v", "--verbose", is_flag=True, help="Name each run that stays, with the reason.")
@json_option
@ascii_option
def command(
    paths: tuple[str, ...],
    older_than: str,
    formats: tuple[str, ...],
    yes: bool,
    verbose: bool,
    as_json: bool,
    only_ascii: bool,
) -> int:
    """Read, decide, delete if asked for, print."""
    from tracetui.cli._log import tell_faults
    from tracetui.cli._output import Printer, complain, shown_progress
    from tracetui.core.clean_blocks import clean_lines
    from tracetui.core.loading import nothing_found
    from tracetui.core.recording.cleaning import NATIVE, CleanResult, planned

    _refuse_stdin(paths)
    printer = Printer(only_ascii=only_ascii)
    tell_faults()
    if missing := [path for path in paths if not os.path.lexists(path)]:
        if as_json:
            printer.json(_document(CleanResult(not yes, (), ()), None))
        complain(nothing_found(missing))
        return NOTHING_READABLE
    with shown_progress() as progress:
        plan = planned(paths or None, older_than, formats or (NATIVE,), progress=progress)
    result = plan.carry_out(dry_run=not yes)
    if as_json:
        printer.json(_document(result, plan))
    else:
        width = printer.width if printer.is_terminal else None
        printer.lines(clean_lines(result, plan.now_ns, printer.symbols, width, every_kept=verbose))
    return OK


def _refuse_stdin(paths: tuple[str, ...]) -> None:
    if STDIN_WORD in paths:
        raise click.UsageError("- is standard input, of which nothing can be deleted; a file of that name is ./-")


def _document(result: CleanResult, plan: Plan | None) -> dict[str, Any]:
    from tracetui.cli._answer import Asked, frame, left_out
    from tracetui.core.clean_blocks import clean_facts

    asked = Asked.of(None, None, None, None)
    rest: dict[str, Any] = {"unreadable": [], "unrecognised": []}
    if plan is not None:
        asked.now_ns = plan.now_ns
        rest = left_out(plan.loaded, asked.summaries(plan.loaded))
    return {**frame(SCHEMA, asked), **clean_facts(result), **rest}

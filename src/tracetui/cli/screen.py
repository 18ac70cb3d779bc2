"""``tracetui [PATH…]``: opens the screen, or prints the list where there is no terminal to open it on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from tracetui.cli._options import (
    PRICES,
    ascii_option,
    dead_after_option,
    paths_argument,
    prices_option,
    stall_after_option,
    tz_option,
    where_option,
)
from tracetui.cli._stdin import has_terminal, is_asked_for, replaced, spooled, take_terminal_for_keys

if TYPE_CHECKING:
    from tracetui.core.filter import Node
    from tracetui.tui.run import ScreenOptions


def _as_theme(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001 - click's
    """A name that a theme has, checked also where the list is printed and no theme is needed."""
    if not value:
        return None
    from tracetui.resources import theme_names

    known = theme_names()
    if value not in known:
        raise click.BadParameter(f"there is no theme {value!r}; there are {', '.join(known)}")
    return value


def _themes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    from tracetui.resources import theme_names

    return [name for name in theme_names() if name.startswith(incomplete)]


@click.command("screen", hidden=True, help="The screen; without a terminal (or with TERM=dumb) the list of runs.")
@paths_argument
@click.option("--sample", is_flag=True, help="Open the sample traces that come with tracetui.")
@where_option
@click.option(
    "--theme",
    metavar="NAME",
    callback=_as_theme,
    shell_complete=_themes,
    help="Theme to begin with; T on the screen tries them.",
)
@tz_option
@ascii_option
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option("--no-state", is_flag=True, help="Neither remember nor take up the last view of a folder.")
@click.option("--pick", is_flag=True, help="Print the run or span that is chosen with enter, and end.")
@click.option(
    "--link",
    type=click.Choice(["auto", "fast", "slow"]),
    help="How often what changes is sent; by itself a link over SSH is slow.",
)
@click.option(
    "--notify",
    type=click.Choice(["off", "bell", "osc9", "osc777"]),
    help="How the terminal is told that a run failed.",
)
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Settings to use instead of the usual file (docs/settings.md).",
)
@stall_after_option
@dead_after_option
@prices_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[str, ...],
    sample: bool,
    where: Node | None,
    theme: str | None,
    tz: tzinfo | None,
    only_ascii: bool,
    no_mouse: bool,
    no_state: bool,
    pick: bool,
    link: str | None,
    notify: str | None,
    settings: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Open the screen."""
    if not can_show_screen(paths, pick=pick):
        if sample:
            from tracetui.resources import samples_dir

            paths = (*paths, str(samples_dir()))
        from tracetui.cli.list import command as list_command

        result: int = context.invoke(
            list_command,
            paths=paths,
            where=where,
            sort="-start",
            tz=tz,
            only_ascii=only_ascii,
            stall_after=stall_after,
            dead_after=dead_after,
        )
        return result
    from tracetui.core.filter import printed
    from tracetui.tui.run import ScreenOptions

    options = ScreenOptions(
        theme=theme or "",
        ascii=only_ascii,
        no_mouse=no_mouse,
        tz=tz,
        no_state=no_state,
        pick=pick,
        link=link or "",
        notify=notify or "",
        settings=settings or "",
        where="" if where is None else printed(where),
        stall_after_ns=stall_after,
        dead_after_ns=dead_after,
        sample=sample,
        prices=context.meta.get(PRICES),
    )
    return _open(paths, options)


def can_show_screen(paths: Sequence[str] = (), *, pick: bool = False) -> bool:
    """Whether there is a terminal that can be drawn on and typed into, also while standard input is what is read.

    It is drawn through standard error, so that what is picked can go elsewhere: `tracetui view "$(tracetui --pick)"`.
    """
    from tracetui.cli._output import is_terminal

    if not is_terminal(sys.stderr) or os.environ.get("TERM", "") in ("", "dumb"):
        return False
    if not (pick or is_terminal(sys.stdout)):
        return False
    return is_terminal(sys.stdin) or (is_asked_for(paths) and has_terminal())


def _open(paths: tuple[str, ...], options: ScreenOptions) -> int:
    from tracetui.tui.run import run_screen

    spool = None
    if is_asked_for(paths):
        spool = spooled()
        take_terminal_for_keys()
    return run_screen(replace(options, paths=replaced(paths, spool), spool=spool))

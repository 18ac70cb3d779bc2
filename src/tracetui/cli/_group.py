"""The group of commands: which there are, which one is meant, and how a command's end becomes an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import click

COMMANDS: Final[dict[str, str]] = {
    "list": "The runs, newest first.",
    "view": "The span tree of one run as text.",
    "stats": "The figures of each run, and their sums.",
    "tail": "The last events of all runs; with -f those to come.",
    "analyze": "What broke, where time and money went, what to do about it.",
    "grep": "Search in names and bodies: run, span, field, line.",
    "diff": "Compare runs: what differs, and where they part.",
    "export": "One run as one file: Markdown, HTML, JSON, CSV, OTLP.",
    "clean": "Delete old recordings, or tell which would be deleted.",
    "replay": "Write a recording again with its own timing.",
    "formats": "What tracetui reads, and why it decided so for a file.",
    "doctor": "What this terminal and machine can do, and what to do about it.",
    "completion": "Print what completes commands and options in bash, zsh or fish.",
}
"""Commands by name, with what they do in a sentence; each is `command` in the module `tracetui.cli.<name>`."""

OK: Final = 0
FAULT: Final = 1
WRONG_USAGE: Final = 2
NOTHING_READABLE: Final = 3
INTERRUPTED: Final = 130

_SCREEN: Final = "screen"
_HELP: Final = ("-h", "--help")


class CommandGroup(click.Group):
    """`tracetui`: a first argument that is a command's name is that command, anything else is for the screen."""

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            context_settings={"help_option_names": list(_HELP), "max_content_width": 100},
            params=[_version_option()],
            subcommand_metavar="[PATH]... | COMMAND [ARGUMENTS]...",
            options_metavar="[OPTIONS]",
        )

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the commands, as the help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS and cmd_name != _SCREEN:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"tracetui.cli.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Send everything that does not begin with a command to the screen."""
        wants_group = bool(args) and (args[0] in COMMANDS or args[0] in ("--version", *_HELP))
        if not wants_group:
            if any(name in args for name in _HELP):
                args = ["--help"]
            else:
                _mistyped(args)
                args = [_SCREEN, *args]
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        """The help of `tracetui`: commands and the options of the screen."""
        from tracetui.cli._help import HELP

        return HELP.rstrip()


def _mistyped(args: Sequence[str]) -> None:
    """Refuse what was surely meant as a command. Raises click.UsageError."""
    first = args[0] if args else ""
    if first and not first.startswith("-") and "/" not in first and not os.path.lexists(first):
        import difflib

        close = difflib.get_close_matches(first, COMMANDS, 1, 0.7)
        if close:
            raise click.UsageError(f"no such file, folder or command: {first!a}; did you mean `tracetui {close[0]}`?")
    for word in args[1:]:
        if word in COMMANDS and not os.path.lexists(word):
            raise click.UsageError(f"a command comes first: tracetui {word} …")


def _version_option() -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001 - click's signature
        if value and not ctx.resilient_parsing:
            from tracetui import __version__

            click.echo(f"tracetui {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=show, help="Show the version and exit."
    )


def run(group: click.Group, arguments: Sequence[str]) -> int:
    """Run a command line; returns its exit status."""
    try:
        # Not Group.main: a closed pipe is an exit status of 1 there.
        with group.make_context("tracetui", list(arguments)) as context:
            result = group.invoke(context)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        give_up_stdout()
        return OK
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        _show_usage_error(error)
        return WRONG_USAGE
    except Exception as error:
        from tracetui.core.errors import TracetuiError

        return _show_error(error) if isinstance(error, TracetuiError) else _show_fault(error)
    return result if isinstance(result, int) else OK


def give_up_stdout() -> None:
    """Nobody reads any more: what is left in the buffer must not fail again when Python ends."""
    with suppress(OSError, ValueError):  # a stdout that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_usage_error(error: click.ClickException) -> None:
    from tracetui.cli._output import complain

    context = getattr(error, "ctx", None)
    if context is not None:
        path = context.command_path.removesuffix(f" {_SCREEN}")  # nobody types it
        complain(f"usage: {path} {' '.join(context.command.collect_usage_pieces(context))}")
    complain(error.format_message())


def _show_error(error: Exception) -> int:
    from tracetui.cli._output import complain
    from tracetui.core.errors import Ambiguous
    from tracetui.core.loading import NothingReadable

    complain(str(error))
    if isinstance(error, Ambiguous):
        for candidate in error.candidates:
            complain(f"  {candidate}")
    return NOTHING_READABLE if isinstance(error, NothingReadable) else WRONG_USAGE


def _show_fault(error: Exception) -> int:
    """A fault of ours: its traceback, made safe, since Python would print what the error says as it is."""
    import traceback

    from tracetui.cli._output import complain

    complain("".join(traceback.format_exception(error)).rstrip())
    return FAULT


cli: Final = CommandGroup("tracetui")
"""The command `tracetui` with all its subcommands."""

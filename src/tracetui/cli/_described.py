"""The commands as data: names, arguments and options, for whoever describes them (documentation, man page, completion).

Everything comes from the click commands themselves, so that nothing is listed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from tracetui.cli._group import COMMANDS

SCREEN = "screen"
"""The command that nobody types: what `tracetui` does with paths."""


@dataclass(frozen=True, slots=True)
class Described:
    """An option of a command."""

    names: tuple[str, ...]
    """As they are typed, the short one first."""
    metavar: str
    """What stands for its value; empty for a switch."""
    help: str
    """What it does, with its default in brackets."""
    words: tuple[str, ...]
    """The values that it takes, where they can be listed."""
    repeats: bool
    """Whether it may be given more than once."""


@dataclass(frozen=True, slots=True)
class DescribedCommand:
    """A command, or the screen."""

    name: str
    arguments: tuple[str, ...]
    """What follows it, as the usage shows it."""
    does: str
    """What it does, in a sentence."""
    more: tuple[str, ...]
    """Paragraphs that its help says behind that; lines that are to stay lines are ended by newlines."""
    options: tuple[Described, ...]
    """Without ``--help``, in the order of the help."""
    words: tuple[str, ...]
    """The values that its first argument takes, where they can be listed."""

    @property
    def usage(self) -> str:
        """How it is typed, without options."""
        name = "" if self.name == SCREEN else f" {self.name}"
        return " ".join((f"tracetui{name}", *self.arguments))


def described(name: str) -> DescribedCommand:
    """What there is to know of a command, or of the screen."""
    from importlib import import_module

    return of(import_module(f"tracetui.cli.{name}").command)


def all_described() -> Iterator[DescribedCommand]:
    """The screen, then all commands in the order in which they are listed."""
    for name in (SCREEN, *COMMANDS):
        yield described(name)


def of(command: click.Command) -> DescribedCommand:
    """What a click command is, as data."""
    name = command.name or ""
    context = click.Context(command, info_name=name)
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    does, *more = [_paragraph(text) for text in (command.help or "").split("\n\n")]
    return DescribedCommand(
        name,
        tuple(param.make_metavar(context) for param in arguments),
        COMMANDS.get(name, does),
        tuple(more),
        tuple(_option(param, context) for param in options),
        _words(arguments[0], context) if arguments else (),
    )


def shared() -> tuple[Described, ...]:
    """The options that the reading commands have in common."""
    from tracetui.cli._options import json_option, jsonl_option, reading_options, where_option

    @click.command("shared")
    @where_option
    @json_option
    @jsonl_option
    @reading_options
    def command() -> None:
        """Nothing."""

    return of(command).options


def _paragraph(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    return "\n".join(lines[1:]) + "\n" if lines[0] == "\b" else " ".join(lines)


def _option(param: click.Option, context: click.Context) -> Described:
    names = tuple(sorted((*param.opts, *param.secondary_opts), key=len))
    takes_value = not (param.is_flag or param.count)
    return Described(
        names,
        param.make_metavar(context) if takes_value else "",
        _help(param, context),
        _words(param, context) if takes_value else (),
        param.multiple,
    )


def _help(param: click.Option, context: click.Context) -> str:
    """What the help says of an option, without the range of a number, which whoever leaves it is told."""
    words = " ".join((param.help or "").split())
    if param.required:
        words += " (required)"
    elif param.show_default and not param.is_flag:
        words += f" (default: {param.get_default(context)})"
    return words


def _words(param: click.Parameter, context: click.Context) -> tuple[str, ...]:
    if isinstance(param.type, click.Choice):
        return tuple(str(choice) for choice in param.type.choices)
    return tuple(str(item.value) for item in param.shell_complete(context, "") if item.type == "plain")

"""``tracetui doctor``: what this terminal and this machine can do, and what to do where that is little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS, FAULT, OK
from tracetui.cli._options import ascii_option, json_option, paths_argument

if TYPE_CHECKING:
    from tracetui.cli._checks import Check
    from tracetui.cli._output import Printer

SCHEMA = "tracetui.doctor/1"


@click.command(
    "doctor",
    help=f"{COMMANDS['doctor']}\n\nPATH is what is to be watched. Nothing is written, and no network is used.",
)
@paths_argument
@json_option
@ascii_option
def command(paths: tuple[str, ...], as_json: bool, only_ascii: bool) -> int:
    """Look at everything, print."""
    from tracetui.cli._checks import checks
    from tracetui.cli._output import Printer

    printer = Printer(only_ascii=only_ascii)
    found = list(checks(paths))
    is_usable = not any(check.is_fatal for check in found)
    if as_json:
        printer.json(_document(found, is_usable=is_usable))
    else:
        _print(printer, found)
    return OK if is_usable else FAULT


def _document(found: list[Check], *, is_usable: bool) -> dict[str, Any]:
    from tracetui.cli._answer import Asked, frame

    told = [
        {
            "group": each.group,
            "name": each.name,
            "state": each.state,
            "value": each.value,
            "advice": each.advice or None,
        }
        for each in found
    ]
    return {**frame(SCHEMA, Asked.of(None, None, None, None)), "usable": is_usable, "checks": told}


def _print(printer: Printer, found: list[Check]) -> None:
    import textwrap

    from tracetui.core.text import safe

    group = ""
    widest = max(len(each.name) for each in found)
    for each in found:
        if each.group != group:
            group = each.group
            printer.line(group)
        begin = f"  {each.state:<7}  {each.name:<{widest}}  "
        indent = " " * len(begin)
        width = max(printer.width, len(indent) + 20)
        for text, first in ((each.value, begin), (f"do: {each.advice}" if each.advice else "", indent)):
            printer.lines(
                textwrap.wrap(
                    safe(text),
                    width,
                    initial_indent=first,
                    subsequent_indent=indent,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
    problems, notes = (sum(each.state == state for each in found) for state in ("problem", "note"))
    printer.line()
    printer.line(_verdict(problems, notes))


def _verdict(problems: int, notes: int) -> str:
    if not problems and not notes:
        return "all is fine"
    words = [(problems, "problem"), (notes, "note")]
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in words if count)

"""``tracetui formats``: what tracetui reads, and with ``--explain`` why it decided so for a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS, NOTHING_READABLE, OK
from tracetui.cli._options import ascii_option, json_option, jsonl_option
from tracetui.cli._stdin import is_asked_for, replaced, spooled

if TYPE_CHECKING:
    from tracetui.cli._output import Printer
    from tracetui.core.batch import Explanation
    from tracetui.core.sources.stdin import Spool

SCHEMA = "tracetui.formats/1"


@click.command("formats", help=COMMANDS["formats"])
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path())
@click.option("--explain", is_flag=True, help="Say of each FILE (or file in a folder) which format reads it, and why.")
@json_option
@jsonl_option
@ascii_option
def command(files: tuple[str, ...], explain: bool, as_json: bool, as_jsonl: bool, only_ascii: bool) -> int:
    """List the formats, or explain the files."""
    from tracetui.cli._output import Printer

    printer = Printer(only_ascii=only_ascii)
    if not explain:
        if files:
            raise click.UsageError("a FILE is explained with --explain")
        _print_formats(printer, as_json=as_json, as_jsonl=as_jsonl)
        return OK
    if not files:
        raise click.UsageError("--explain needs a FILE")
    spool = None
    if is_asked_for(files):
        spool = spooled()
        spool.wait()
    explanations = [_explained(path, spool) for path in _files_of(replaced(files, spool))]
    if as_json:
        printer.json({**_frame(), "formats": _formats(), "files": explanations})
    elif as_jsonl:
        printer.json_lines(explanations)
    else:
        for facts in explanations:
            _print_explanation(printer, facts)
    return OK if any(facts["format"] for facts in explanations) else NOTHING_READABLE


def _frame() -> dict[str, Any]:
    from tracetui import __version__

    return {"schema": SCHEMA, "tool_version": __version__}


def _formats() -> list[dict[str, Any]]:
    from tracetui.core.formats import FORMATS

    return [{"name": each.name, "title": each.title, "document": each.document} for each in FORMATS]


def _print_formats(printer: Printer, *, as_json: bool, as_jsonl: bool) -> None:
    formats = _formats()
    if as_json:
        printer.json({**_frame(), "formats": formats})
    elif as_jsonl:
        printer.json_lines(formats)
    else:
        widest = max(len(each["name"]) for each in formats)
        printer.lines(f"{each['name']:<{widest}}  {each['title']}" for each in formats)


def _files_of(paths: Sequence[str]) -> Iterator[str]:
    """The paths themselves, and of folders all files in them."""
    from tracetui.core.discovery import SKIPPED

    for path in paths:
        if not Path(path).is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name not in SKIPPED)
            yield from (str(Path(folder) / name) for name in sorted(names))


def _explained(path: str, spool: Spool | None) -> dict[str, Any]:
    from tracetui.core.batch import Explanation
    from tracetui.core.reader import Reader
    from tracetui.core.sources._base import STDIN_SHOWN
    from tracetui.core.sources.file import reason_of

    shown = {spool.path: STDIN_SHOWN} if spool is not None else {}
    with Reader([path], shown=shown) as reader:
        try:
            explanation = reader.explain(path)
        except OSError as error:
            explanation = Explanation(str(Path(path).absolute()), reason_of(error))
    return _facts(explanation)


def _facts(explanation: Explanation) -> dict[str, Any]:
    from tracetui.core.summary import path_facts

    return {
        **path_facts(explanation.path),
        "size": explanation.size,
        "format": explanation.format or None,
        "title": explanation.title or None,
        "role": explanation.role or None,
        "bundle": explanation.bundle,
        "certain": explanation.certain,
        "reason": explanation.reason,
    }


_ROLES = {"run": "", "side": " (belongs to a run, is none itself)", "copy": " (repeats another file)"}


def _print_explanation(printer: Printer, facts: dict[str, Any]) -> None:
    printer.line(facts["path"])
    if facts["format"] is None:
        printer.line(f"  not recognised: {facts['reason']}")
        return
    role = _ROLES.get(facts["role"], "")
    doubt = "" if facts["certain"] else " (so far: more of it may tell otherwise)"
    printer.line(f"  {facts['format']}{role}: {facts['reason']}{doubt}")
    if facts["bundle"]:
        printer.line(f"  read together with the other files of {facts['bundle']}")

"""``tracetui export RUN --to FORMAT``: one run as one file for others."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tracetui.cli._group import COMMANDS, OK
from tracetui.cli._options import reading_options, where_option

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.exporting import Exporter
    from tracetui.core.exporting.job import Job
    from tracetui.core.filter import Node

OUTPUTS: Final = ("md", "html", "json", "jsonl", "csv", "otlp", "svg")
_TOLD_EVERY_S: Final = 0.25
_FIRST_TOLD_S: Final = 0.5


@click.command(
    "export",
    help=f"{COMMANDS['export']}\n\nRUN is a path, latest, failed, an id or its beginning, or a name. Secrets are taken out.",
)
@click.argument("run", metavar="RUN")
@click.option("--to", "output", required=True, type=click.Choice(OUTPUTS), help="What to make of it.")
@click.option("-o", "--output", "target", metavar="FILE", help="File or folder to write to; - is standard output.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.option("--in", "places", metavar="PATH", multiple=True, help="Where the run is looked for; may be repeated.")
@where_option
@click.option("--no-redact", is_flag=True, help="Leave secrets in (keys, passwords, tokens).")
@reading_options
def command(
    run: str,
    output: str,
    target: str | None,
    force: bool,
    places: tuple[str, ...],
    where: Node | None,
    no_redact: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Find the run, write it, say what was written."""
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.exporting import exporter

    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    job = _job(run, places, where, asked, redact=not no_redact)
    job.is_ascii = only_ascii
    chosen = exporter(output)
    path = _path(target, job, chosen, is_terminal=printer.is_terminal)
    if path is None:
        _print(job, chosen, printer)
    else:
        from tracetui.core.exporting.files import new_file

        with new_file(path, force=force) as out:
            _write(job, chosen, out)
    _tell(job, path)
    return OK


def _job(run: str, places: tuple[str, ...], where: Node | None, asked: Asked, *, redact: bool) -> Job:
    from tracetui.cli._answer import read_run, selector
    from tracetui.core.exporting.job import Job
    from tracetui.core.filter import printed
    from tracetui.core.summary import iso_time

    loaded, found = read_run(run, places, asked)
    summaries = asked.summaries(loaded)
    return Job(
        loaded.store,
        found,
        loaded.bodies_of(found),
        summaries,
        redact=redact,
        where=selector(where, asked, loaded, summaries),
        where_text="" if where is None else printed(where),
        zone=asked.zone,
        as_of=iso_time(asked.now_ns),
    )


def _path(target: str | None, job: Job, chosen: Exporter, *, is_terminal: bool) -> Path | None:
    """Where to write; None: to standard output, which is for programs unless it is asked for."""
    if target == "-" or (target is None and not is_terminal):
        return None
    from tracetui.core.exporting.files import default_name

    name = default_name(job.gate.text(job.run.name), job.gate.id(job.summaries.ids[job.run.row]), chosen.suffix)
    if target is None:
        return Path(name)
    return Path(target) / name if target.endswith("/") or Path(target).is_dir() else Path(target)


def _print(job: Job, chosen: Exporter, printer: Printer) -> None:
    """To standard output: UTF-8 for a program, what it can show for a terminal."""
    binary = getattr(sys.stdout, "buffer", None)

    def out(text: str) -> None:
        if printer.is_terminal:
            from tracetui.core.text import plain_ascii

            text = text.replace("\r\n", "\n")
            text = plain_ascii(text) if printer.symbols.is_ascii else text
        if binary is None:
            sys.stdout.write(text)
        else:
            binary.write(text.encode())

    sys.stdout.flush()
    _write(job, chosen, out)


def _write(job: Job, chosen: Exporter, out: Callable[[str], object]) -> None:
    from tracetui.cli._output import shown_progress

    with shown_progress() as line:
        if line is not None:
            due = time.monotonic() + _FIRST_TOLD_S

            def told(count: int) -> None:
                nonlocal due
                if (now := time.monotonic()) >= due:
                    due = now + _TOLD_EVERY_S
                    line.say(f"writing {count:,} of {job.run.span_count:,} spans")

            job.progress = told
        chosen.write(job, out)


def _tell(job: Job, path: Path | None) -> None:
    """Say on standard error what was written, and what was not."""
    from tracetui.cli._output import complain
    from tracetui.core.text import bytes_size

    if job.where and not job.view.found and not job.view.found_events:
        complain("nothing in the run is what --where asks for")
    said = []
    if path is not None:
        said.append(f"wrote {str(path)!r}: {bytes_size(path.stat().st_size)}, {_number(job.written, 'span')}")
    if job.gate.count:
        said.append(f"{_number(job.gate.count, 'secret')} redacted; --no-redact leaves them in")
    elif path is not None:
        said.append("secrets are left in" if not job.gate.is_on else "no secrets found")
    if said:
        complain(", ".join(said))
    for note in job.told():
        complain(note)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

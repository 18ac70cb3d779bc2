"""``tracetui tail``: the last records of all runs, and with ``-f`` those that come, also of runs that begin later."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

import click

from tracetui.cli._group import COMMANDS
from tracetui.cli._options import json_option, jsonl_option, paths_argument, reading_options, where_option

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.filter import Node
    from tracetui.core.loading import Loaded
    from tracetui.core.reader import Notice, Reader
    from tracetui.core.recent import Recent, Records
    from tracetui.core.sources.stdin import Spool

SCHEMA = "tracetui.tail/1"
_BUDGET_S: Final = 0.05
_LONGEST_WAIT_S: Final = 5.0


@click.command("tail", help=COMMANDS["tail"])
@paths_argument
@click.option(
    "-n", "number", type=click.IntRange(min=0), default=10, show_default=True, metavar="N", help="Begin with N records."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written, until ^C.")
@where_option
@json_option
@jsonl_option
@reading_options
def command(
    paths: tuple[str, ...],
    number: int,
    follow: bool,
    where: Node | None,
    as_json: bool,
    as_jsonl: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Read, print the newest, follow."""
    from tracetui.cli._answer import Asked, read
    from tracetui.cli._output import Printer
    from tracetui.cli.list import conclude

    if follow and as_json:
        raise click.UsageError("--json is one document and -f has no end; use --jsonl")
    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    loaded = read(paths, follow=follow)
    records = _records(where, asked, loaded)
    newest = records.last(number, loaded.runs)
    if as_json:
        printer.json(_document(asked, loaded, records, newest, where))
    else:
        _print(printer, asked, loaded, records, newest, as_jsonl=as_jsonl)
    if follow:
        printer.flush()

        def current() -> Records:
            return _records(where, asked if as_of else replace(asked, now_ns=time.time_ns()), loaded)

        _follow(printer, asked, loaded, current, paths, as_jsonl=as_jsonl)
    return conclude(loaded, paths, quiet=as_json or as_jsonl)


def _records(where: Node | None, asked: Asked, loaded: Loaded) -> Records:
    """The records as they are now; what a filter knows of runs is good until something is read."""
    from tracetui.cli._answer import selector
    from tracetui.core.recent import Records

    chosen = None if where is None else selector(where, asked, loaded, asked.summaries(loaded))
    return Records(loaded.store, loaded.bodies, chosen)


def _document(
    asked: Asked, loaded: Loaded, records: Records, newest: list[Recent], where: Node | None
) -> dict[str, Any]:
    from tracetui.cli._answer import frame
    from tracetui.core.run_names import printed_ids

    ids = printed_ids(loaded.store.live_runs())
    return {**frame(SCHEMA, asked, where), "records": [records.facts(recent, ids) for recent in newest]}


def _print(
    printer: Printer, asked: Asked, loaded: Loaded, records: Records, shown: Iterable[Recent], *, as_jsonl: bool
) -> None:
    from tracetui.core.run_names import printed_ids

    if as_jsonl:
        ids = printed_ids(loaded.store.live_runs())
        printer.json_lines(records.facts(recent, ids) for recent in shown)
        return
    width = printer.width if printer.is_terminal else None
    for recent in shown:
        printer.line(records.line(recent, asked.zone, printer.symbols, width))


def _follow(
    printer: Printer,
    asked: Asked,
    loaded: Loaded,
    current: Callable[[], Records],
    paths: Sequence[str],
    *,
    as_jsonl: bool,
) -> None:
    """Print what comes; ends by an exception (^C, a closed pipe), or where standard input alone is read, with that."""
    from tracetui.cli._output import complain
    from tracetui.core.loading import default_paths
    from tracetui.core.watching import Watcher

    wake = threading.Event()
    reader = loaded.followed

    def changed(paths: Iterable[str] | None) -> None:
        reader.changed(paths)
        wake.set()

    files = [path for path in default_paths(paths) if path != "-"]
    spool = loaded.spool
    if spool is not None:
        _listen(spool, reader, wake)
    watcher = Watcher(files)
    watcher.start(changed)
    try:
        while True:
            wake.clear()
            is_over = spool is not None and spool.is_over
            first = len(loaded.store.records)
            for batch in reader.poll(_BUDGET_S):
                loaded.store.apply(batch)
            _tell(reader.take_notices())
            last = len(loaded.store.records)
            if last > first:
                records = current()
                _print(printer, asked, loaded, records, records.between(first, last), as_jsonl=as_jsonl)
                printer.flush()
            due = reader.next_due(time.monotonic())
            if is_over and due > 0:
                if spool is not None and spool.fault:
                    complain(f"standard input: {spool.fault}")
                spool = None
                if not files:
                    return
            if due > 0:
                wake.wait(min(due, _LONGEST_WAIT_S))
    finally:
        watcher.stop()


def _listen(spool: Spool, reader: Reader, wake: threading.Event) -> None:
    """Have what comes through standard input read at once."""
    path = spool.path

    def has_come() -> None:
        reader.changed([path])
        wake.set()

    def has_ended() -> None:
        reader.end(path)
        wake.set()

    spool.tell(has_come, has_ended)


def _tell(notices: Iterable[Notice]) -> None:
    """What became of files (truncated, replaced, gone), on standard error: the records alone do not show it."""
    from tracetui.cli._output import complain

    for notice in notices:
        complain(f"{os.path.basename(notice.path)!r}: {notice.text}")  # noqa: PTH119 - a path that may not be UTF-8

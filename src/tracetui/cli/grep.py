"""``tracetui grep PATTERN``: search in names and bodies of all runs, as text or as JSON, while it is found."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import click

from tracetui.cli._group import COMMANDS, NOTHING_READABLE, OK
from tracetui.cli._options import json_option, jsonl_option, paths_argument, reading_options, where_option

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.filter import Node
    from tracetui.core.loading import Loaded
    from tracetui.core.search import Hit, Needle, Search, SlowPattern
    from tracetui.core.search.telling import Telling
    from tracetui.core.search.within import Within

SCHEMA = "tracetui.grep/1"
NOT_FOUND: Final = 1
"""What grep says where there is no line."""

_FLUSHED_EVERY_S: Final = 0.1


@click.command("grep", help=f"{COMMANDS['grep']}\n\nPATTERN without capitals finds both cases.")
@click.argument("pattern", metavar="PATTERN")
@paths_argument
@click.option("-E", "--regex", is_flag=True, help="PATTERN is a regular expression, as Python reads it.")
@click.option("-i", "--ignore-case", "case", flag_value="ignore", help="Both cases, capitals or not.")
@click.option("-s", "--case-sensitive", "case", flag_value="keep", help="The case as it is written.")
@click.option("--names", "only_names", is_flag=True, help="Only names of runs and spans, and ids of runs.")
@click.option("--keys", is_flag=True, help="Also the names of values in records, such as type.")
@click.option("-m", "--max-count", type=click.IntRange(min=1), metavar="N", help="Stop after N hits.")
@click.option(
    "-C",
    "--context",
    type=click.IntRange(0, 10_000),
    default=40,
    show_default=True,
    metavar="N",
    help="Characters shown at either side.",
)
@click.option("--run", "run", metavar="RUN", help="Only in this run.")
@click.option("--in", "places", metavar="PATH", multiple=True, help="Another PATH; may be repeated.")
@where_option
@json_option
@jsonl_option
@reading_options
def command(
    pattern: str,
    paths: tuple[str, ...],
    regex: bool,
    case: str | None,
    only_names: bool,
    keys: bool,
    max_count: int | None,
    context: int,
    run: str | None,
    places: tuple[str, ...],
    where: Node | None,
    as_json: bool,
    as_jsonl: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Read, search, print."""
    from tracetui.cli._answer import Asked, read
    from tracetui.cli._output import Printer
    from tracetui.cli.list import conclude
    from tracetui.core.formats import FORMATS
    from tracetui.core.search import Search

    needle = _needle(pattern, regex=regex, case=case)
    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    paths = (*paths, *places)
    loaded = read(paths)
    rows = None if run is None else [_row_of(run, loaded, asked)]
    within = None if where is None else _within(where, rows, loaded, asked, quiet=as_json or as_jsonl)
    progress = _Progress()
    search = Search(
        loaded.store,
        loaded.reader.sources,
        FORMATS,
        needle,
        runs=rows if within is None else within.searched,
        within=within,
        bodies=not only_names,
        keys=keys,
        context=context,
        is_cancelled=progress,
    )
    progress.search = search
    hits = _Counted(search.hits(), max_count)
    answer = _Answer(asked, loaded, search, hits, progress, printer, where)
    try:
        answer.print(as_json=as_json, as_jsonl=as_jsonl)
    finally:
        progress.clear()
        printer.flush()
    _tell_unsearched(search)
    status = conclude(loaded, paths, quiet=as_json or as_jsonl)
    return NOTHING_READABLE if status == NOTHING_READABLE else OK if hits.count else NOT_FOUND


def _needle(pattern: str, *, regex: bool, case: str | None) -> Needle:
    """What is looked for. Raises BadParameter, which points at what is wrong."""
    from tracetui.core.search import BadPattern, Needle

    ignores = None if case is None else case == "ignore"
    try:
        return Needle.pattern(pattern, ignores) if regex else Needle.text(pattern, ignores)
    except BadPattern as error:
        where = f" (at character {error.position + 1})" if error.position >= 0 else ""
        raise click.BadParameter(f"{error}{where}", param_hint="PATTERN") from None


def _row_of(word: str, loaded: Loaded, asked: Asked) -> int:
    from tracetui.core.run_names import find_run

    return find_run(word, loaded.runs, asked.summaries(loaded).is_failed).row


def _within(where: Node, rows: list[int] | None, loaded: Loaded, asked: Asked, *, quiet: bool) -> Within:
    """Where a filter lets hits lie; says on standard error if that is nowhere."""
    from tracetui.cli._answer import setting
    from tracetui.cli._output import complain, telling
    from tracetui.core.filter.select import Selector
    from tracetui.core.search.within import Within

    chosen = Selector(where, loaded.store, setting(asked, loaded, asked.summaries(loaded)))
    runs = [run for run in loaded.runs if rows is None or run.row in rows]
    with telling() as tell:
        chosen.asking = lambda count: tell(lambda: f"filtering: {count:,} asked on disk")
        within = Within.selected(chosen, loaded.store, runs)
    if runs and not within.searched and not quiet:
        complain("no span and no run is what --where asks for")
    return within


def _tell_unsearched(search: Search) -> None:
    from tracetui.cli._output import complain

    for missed in search.unsearched:
        complain(f"{missed.path!r} could not be searched: {missed.reason}")


class _Counted:
    """Hits as they come, not more than asked for, and how many there were."""

    def __init__(self, hits: Iterator[Hit], most: int | None) -> None:
        self._hits = hits if most is None else islice(hits, most)
        self._most = most
        self.count = 0

    def __iter__(self) -> Iterator[Hit]:
        for hit in self._hits:
            self.count += 1
            yield hit

    @property
    def is_stopped(self) -> bool:
        """Whether there may be more."""
        return self.count == self._most


class _Answer:
    """Prints hits in the form that was asked for."""

    def __init__(
        self,
        asked: Asked,
        loaded: Loaded,
        search: Search,
        hits: _Counted,
        progress: _Progress,
        printer: Printer,
        where: Node | None,
    ) -> None:
        from tracetui.core.run_names import printed_ids
        from tracetui.core.search.telling import Telling

        runs = loaded.store.runs
        self._asked, self._loaded, self._search, self._hits = asked, loaded, search, hits
        self._progress, self._printer, self._where = progress, printer, where
        self._telling: Telling = Telling(
            loaded.store,
            loaded.reader.sources,
            printed_ids(loaded.store.live_runs()),
            lambda row: loaded.bodies_of(runs[row]),
        )
        self._fault: SlowPattern | None = None
        self._flushed = float("-inf")
        progress.let_out = self._let_out

    def print(self, *, as_json: bool, as_jsonl: bool) -> None:
        """All hits."""
        if as_json:
            self._printer.json_around(self._head(), "hits", self._facts_to_the_end(), self._tail)
            if self._fault is not None:
                raise self._fault
        elif as_jsonl:
            self._printer.json_lines(self._facts())
        else:
            width = self._printer.width if self._printer.is_terminal else None
            for hit in self._flushing():
                self._printer.lines(self._telling.lines(hit, self._printer.symbols, width))

    def _facts(self) -> Iterator[dict[str, Any]]:
        return (self._telling.facts(hit) for hit in self._flushing())

    def _facts_to_the_end(self) -> Iterator[dict[str, Any]]:
        """The same; a fault is kept until the document is whole."""
        from tracetui.core.search import SlowPattern

        try:
            yield from self._facts()
        except SlowPattern as fault:
            self._fault = fault

    def _flushing(self) -> Iterator[Hit]:
        """Hits; what was printed before the next one is looked for is let out now and then, the first one at once."""
        for hit in self._hits:
            self._progress.clear()
            yield hit
            self._let_out()
        self._printer.flush()

    def _let_out(self) -> None:
        """Let out what was printed, unless that was done just now."""
        now = time.monotonic()
        if now - self._flushed > _FLUSHED_EVERY_S:
            self._printer.flush()
            self._flushed = now

    def _head(self) -> dict[str, Any]:
        from tracetui.cli._answer import frame

        needle = self._search.needle
        return {
            **frame(SCHEMA, self._asked, self._where),
            "pattern": needle.wanted,
            "regex": needle.is_regex,
            "ignore_case": needle.ignores_case,
        }

    def _tail(self) -> dict[str, Any]:
        from tracetui.cli._answer import left_out
        from tracetui.core.summary import path_facts

        unsearched = [{**path_facts(missed.path), "reason": missed.reason} for missed in self._search.unsearched]
        stopped = {"stopped": self._hits.is_stopped or self._fault is not None, "unsearched": unsearched}
        return stopped | left_out(self._loaded, self._asked.summaries(self._loaded))


class _Progress:
    """Says how far a search has come, for a person who waits; it is asked whether the search is cancelled, which it is not."""

    def __init__(self) -> None:
        from tracetui.cli._output import ProgressLine, Telling, is_terminal

        self.search: Search | None = None
        self.let_out: Callable[[], None] = lambda: None
        """Called as often as it is asked."""
        self._tell = Telling(ProgressLine() if is_terminal(sys.stderr) else None)
        self.clear = self._tell.clear

    def __call__(self) -> bool:
        """Tell it if it is time."""
        self.let_out()
        self._tell(self._text)
        return False

    def _text(self) -> str:
        from tracetui.core.text import bytes_size

        if self.search is None:
            return "searching"
        return f"searching {bytes_size(self.search.searched_bytes)} of {bytes_size(self.search.total_bytes)}"

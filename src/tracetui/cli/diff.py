"""``tracetui diff A B``: what became of one run in another, several runs as a table, two folders by medians."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from tracetui.cli._group import COMMANDS, OK
from tracetui.cli._options import json_option, reading_options

if TYPE_CHECKING:
    from tracetui.cli._answer import Asked
    from tracetui.cli._output import Printer
    from tracetui.core.comparing import Comparison, Parting
    from tracetui.core.comparing.choosing import Chosen
    from tracetui.core.loading import Loaded
    from tracetui.core.store import Run
    from tracetui.core.summary import Facts, Summaries

SCHEMA = "tracetui.diff/1"


@click.command(
    "diff",
    help=f"{COMMANDS['diff']}\n\nRUN is a path, latest, failed, an id or its beginning, or a name. The others are compared"
    " with the first. Two folders of several runs are compared by medians.",
)
@click.argument("runs", metavar="RUN RUN...", nargs=-1)
@click.option("--in", "places", metavar="PATH", multiple=True, help="Where runs are looked for; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Show every row, not only what differs.")
@click.option(
    "--span", "spans", metavar="NAME", multiple=True, help="Show what differs in the texts of these spans (name or id)."
)
@click.option("--prompts", is_flag=True, help="Show what differs in the prompts and answers of all model calls.")
@click.option("--full", is_flag=True, help="Show texts to their ends.")
@json_option
@reading_options
def command(
    runs: tuple[str, ...],
    places: tuple[str, ...],
    everything: bool,
    spans: tuple[str, ...],
    prompts: bool,
    full: bool,
    as_json: bool,
    tz: tzinfo | None,
    only_ascii: bool,
    as_of: str | None,
    stall_after: int | None,
    dead_after: int | None,
) -> int:
    """Read, choose, compare, print."""
    from tracetui.cli._answer import Asked, read
    from tracetui.cli._output import Printer
    from tracetui.core.comparing.choosing import TooFew, choose

    asked = Asked.of(as_of, tz, stall_after, dead_after)
    printer = Printer(only_ascii=only_ascii)
    known: dict[int, Summaries] = {}

    def summaries_of(loaded: Loaded) -> Summaries:
        if id(loaded) not in known:
            known[id(loaded)] = asked.summaries(loaded)
        return known[id(loaded)]

    try:
        chosen = choose(runs, places, read, lambda loaded: summaries_of(loaded).is_failed)
    except TooFew as error:
        raise click.UsageError(str(error)) from None
    answer = _Answer(asked, printer, chosen, summaries_of, everything=everything, full=full)
    if not as_json:
        answer.tell_others()
    if any(len(each.runs) > 1 for each in chosen):
        answer.groups(as_json=as_json)
    elif len(chosen) > 2:
        answer.several(as_json=as_json)
    else:
        answer.two(spans, prompts=prompts, as_json=as_json)
    if not as_json:
        answer.tell_left_out(places)
    return OK


class _Answer:
    """Compares what was chosen, and prints it in the form that was asked for."""

    def __init__(
        self,
        asked: Asked,
        printer: Printer,
        chosen: list[Chosen],
        summaries_of: Callable[[Loaded], Summaries],
        *,
        everything: bool,
        full: bool,
    ) -> None:
        self._asked, self._printer, self._chosen = asked, printer, chosen
        self._summaries_of, self._everything, self._full = summaries_of, everything, full

    # -- two runs ------------------------------------------------------------------------------------------------------

    def two(self, spans: Sequence[str], *, prompts: bool, as_json: bool) -> None:
        """Two runs, row by row."""
        from tracetui.core.comparing import parting

        one, other = self._chosen
        comparison = self._compared(one, other)
        rows = self._rows_asked_for(comparison, spans, prompts=prompts)
        found = parting(comparison)
        if as_json:
            self._two_as_json(comparison, found, rows)
        else:
            self._two_as_text(comparison, found, rows)

    def _compared(self, one: Chosen, other: Chosen) -> Comparison:
        from tracetui.core.comparing import compare_runs

        (a,), (b,) = one.runs, other.runs
        return compare_runs(
            one.loaded.store,
            a,
            b,
            other_store=other.loaded.store,
            bodies=(one.loaded.bodies_of(a), other.loaded.bodies_of(b)),
            costs=(self._summaries_of(one.loaded).costs, self._summaries_of(other.loaded).costs),
        )

    def _rows_asked_for(self, comparison: Comparison, spans: Sequence[str], *, prompts: bool) -> list[int]:
        from tracetui.core.comparing.asking import call_rows, named_rows

        rows: set[int] = set(call_rows(comparison)) if prompts else set()
        for word in spans:
            rows |= set(named_rows(comparison, word, self._span_id))
        return sorted(rows)

    def _span_id(self, side: int, row: int) -> str:
        chosen = self._chosen[side]
        return self._summaries_of(chosen.loaded).span_id(row)

    def _two_as_json(self, comparison: Comparison, found: Parting, rows: list[int]) -> None:
        from tracetui.core.comparing.by_name import by_name
        from tracetui.core.comparing.telling import divergence_facts, name_facts, rows_facts, run_delta, texts_facts

        a, b = self._briefs()
        head = self._head("runs") | {
            "a": a,
            "b": b,
            "delta": run_delta(a, b),
            "states": comparison.states(),
            "approximate": comparison.is_approximate,
            "moves_stopped": comparison.moves.stopped,
            "divergence": divergence_facts(comparison, found),
            "by_name": [name_facts(each) for each in by_name(comparison)],
            "texts": [texts_facts(comparison, row) for row in rows],
        }
        self._printer.json_around(head, "rows", rows_facts(comparison, self._span_id), self._tail)

    def _two_as_text(self, comparison: Comparison, found: Parting, rows: list[int]) -> None:
        from tracetui.core.comparing.lines import RowWriter, hidden_line, name_lines, shown_rows
        from tracetui.core.comparing.parting_lines import parting_lines, texts_lines

        printer, width, symbols = self._printer, self._printer.width, self._printer.symbols
        self._print_runs()
        printer.line()
        if rows:
            texts = [line for row in rows for line in texts_lines(comparison, row, width, symbols, full=self._full)]
            printer.lines(texts[1:] or ["nothing differs in the texts of these spans"])
            return
        shown = shown_rows(comparison, everything=self._everything)
        printer.lines(RowWriter(comparison, width, symbols).lines(shown))
        printer.lines(hidden_line(comparison, symbols, everything=self._everything))
        printer.lines(parting_lines(comparison, found, width, symbols, full=self._full))
        printer.lines(name_lines(comparison, width, symbols))

    # -- several runs --------------------------------------------------------------------------------------------------

    def several(self, *, as_json: bool) -> None:
        """Each run with the first: figures, and where they part."""
        first, *others = self._chosen
        parted: list[tuple[Comparison, Parting]] = []
        for other in others:
            comparison = self._compared(first, other)
            parted.append((comparison, self._parting(comparison)))
        if as_json:
            self._printer.json(self._several_document(parted))
        else:
            self._print_runs()
            self._print_partings(parted)

    def _parting(self, comparison: Comparison) -> Parting:
        from tracetui.core.comparing import parting

        return parting(comparison)

    def _several_document(self, parted: list[tuple[Comparison, Parting]]) -> dict[str, Any]:
        from tracetui.core.comparing.telling import divergence_facts, run_delta

        first, *others = self._briefs()
        runs: list[Facts] = [{"run": first, "delta": None, "states": None, "divergence": None}]
        for facts, (comparison, found) in zip(others, parted, strict=True):
            runs.append(
                {
                    "run": facts,
                    "delta": run_delta(first, facts),
                    "states": comparison.states(),
                    "divergence": divergence_facts(comparison, found),
                }
            )
        return self._head("table") | {"runs": runs} | self._tail()

    def _print_partings(self, parted: list[tuple[Comparison, Parting]]) -> None:
        from tracetui.core.comparing.parting_lines import short_parting
        from tracetui.core.comparing.run_lines import letters

        printer = self._printer
        names = letters(len(self._chosen))
        printer.line()
        for name, (comparison, found) in zip(names[1:], parted, strict=True):
            printer.line(short_parting(name, comparison, found, printer.width, printer.symbols))

    # -- folders -------------------------------------------------------------------------------------------------------

    def groups(self, *, as_json: bool) -> None:
        """Two folders by medians."""
        from tracetui.core.comparing.group_lines import group_lines
        from tracetui.core.comparing.groups import compare_groups

        a, b = (
            [(each.loaded.store, run, self._summaries_of(each.loaded).costs) for run in each.runs]
            for each in self._chosen
        )
        words = {
            (id(each.loaded.store), run.row): self._summaries_of(each.loaded).status(run)[0]
            for each in self._chosen
            for run in each.runs
        }
        comparison = compare_groups(a, b, lambda run, store: words[id(store), run.row])
        if not as_json:
            names = [each.word for each in self._chosen]
            printer = self._printer
            printer.lines(group_lines(comparison, names, printer.width, printer.symbols, everything=self._everything))
            return
        from tracetui.core.comparing.telling import group_facts, path_facts

        sides = {
            letter: {"path": each.word, "ids": self._ids(each), **group_facts(group)}
            for letter, each, group in zip("ab", self._chosen, (comparison.a, comparison.b), strict=True)
        }
        ranked = {id(row): rank for rank, row in enumerate(comparison.ranked(), 1)}
        paths: Iterator[Facts] = (
            path_facts(comparison, row) | {"rank": ranked.get(id(row))} for row in comparison.rows
        )
        self._printer.json_around(self._head("folders") | sides, "paths", paths, self._tail)

    def _ids(self, each: Chosen) -> list[str]:
        ids = self._summaries_of(each.loaded).ids
        return [ids[run.row] for run in each.runs]

    # -- what they have in common --------------------------------------------------------------------------------------

    def _head(self, mode: str) -> dict[str, Any]:
        from tracetui.cli._answer import frame

        return {**frame(SCHEMA, self._asked), "mode": mode}

    def _loads(self) -> list[Loaded]:
        return list({id(each.loaded): each.loaded for each in self._chosen}.values())

    def _tail(self) -> dict[str, Any]:
        from tracetui.cli._answer import left_out

        told = [left_out(loaded, self._summaries_of(loaded)) for loaded in self._loads()]
        return {name: [item for each in told for item in each[name]] for name in ("unreadable", "unrecognised")}

    def _briefs(self) -> list[Facts]:
        return [self._summaries_of(each.loaded).brief(run) for each in self._chosen for run in each.runs]

    def _print_runs(self) -> None:
        from tracetui.core.comparing.run_lines import Compared, letters, run_lines

        names = letters(len(self._chosen))
        runs: list[Run] = [run for each in self._chosen for run in each.runs]
        compared = [Compared(*parts) for parts in zip(names, runs, self._briefs(), strict=True)]
        printer = self._printer
        printer.lines(run_lines(compared, printer.width, self._asked.zone, printer.symbols))

    def tell_others(self) -> None:
        """Say on standard error that a name means several runs."""
        from tracetui.cli._output import complain

        for each in self._chosen:
            if each.others:
                ids = self._summaries_of(each.loaded).ids
                complain(
                    f"{len(each.others) + 1} runs are named {each.word!r}; the newest is taken: {ids[each.runs[0].row]}"
                )

    def tell_left_out(self, places: Sequence[str]) -> None:
        """Say on standard error what could not be read; ``places``: where words that are no paths were looked up."""
        from tracetui.cli._answer import tell_left_out

        told: set[int] = set()
        for each in self._chosen:
            if id(each.loaded) not in told:
                told.add(id(each.loaded))
                tell_left_out(each.loaded, (each.word,) if each.is_path else places)

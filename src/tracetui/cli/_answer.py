"""What the commands that read runs have in common: read the paths, take the clock, say what was left out."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from tracetui.cli._log import tell_faults
from tracetui.cli._output import complain, shown_progress, telling
from tracetui.cli._stdin import is_asked_for, replaced, spooled
from tracetui.core.loading import Loaded, load, open_run
from tracetui.core.moments import moment_ns

if TYPE_CHECKING:
    from tracetui.core.filter import Node
    from tracetui.core.filter.select import Selector, Setting
    from tracetui.core.pricing import Prices
    from tracetui.core.pricing.price_file import PriceFile
    from tracetui.core.run_status import StatusRules
    from tracetui.core.sources.stdin import Spool
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries


@dataclass(slots=True)
class Asked:
    """The options that all reading commands share, as values."""

    now_ns: int
    tz: tzinfo | None
    rules: StatusRules

    @classmethod
    def of(cls, as_of: str | None, tz: tzinfo | None, stall_after: int | None, dead_after: int | None) -> Asked:
        """Options as click gives them."""
        now = time.time_ns()
        moment = now if as_of is None else moment_ns(as_of, now, tz)
        return cls(now if moment is None else moment, tz, status_rules(stall_after, dead_after))

    def summaries(self, loaded: Loaded) -> Summaries:
        """Facts of what was read, by this clock."""
        from tracetui.core.summary import Summaries

        prices = asked_prices()
        return Summaries(loaded.store, loaded.reader.sources, lambda: loaded.bodies, self.now_ns, self.rules, prices)

    @property
    def zone(self) -> tzinfo:
        """The zone of times shown."""
        from datetime import UTC, datetime

        return self.tz or datetime.now().astimezone().tzinfo or UTC


def asked_prices() -> Prices | None:
    """The prices of the user's own file, with the library's behind them; None: there is no such file.

    Raises UnreadableSettings.
    """
    import click

    from tracetui.cli._options import PRICES
    from tracetui.core.pricing.place import price_path
    from tracetui.tui.settings import named_prices

    context = click.get_current_context(silent=True)
    file: PriceFile | None = None if context is None else context.meta.get(PRICES)
    if file is None and (path := price_path(named=named_prices())) is not None:
        from tracetui.core.pricing.price_file import PriceFile

        file = PriceFile.read(path)
    if file is None:
        return None
    from tracetui.core.pricing import Prices

    return Prices(file)


def status_rules(stall_after: int | None, dead_after: int | None) -> StatusRules:
    """The rules of the run status with what the user set, ns."""
    from tracetui.core.run_status import StatusRules

    rules = StatusRules()
    if stall_after is not None:
        rules = replace(rules, stall_after_ns=stall_after)
    return rules if dead_after is None else replace(rules, dead_after_ns=dead_after)


def read(paths: Sequence[str], *, follow: bool = False) -> Loaded:
    """Read the paths to their ends, with progress for a person who waits."""
    tell_faults()
    spool = _spool_of(paths, follow=follow)
    with shown_progress() as progress:
        loaded = load(replaced(paths, spool), follow=follow, progress=progress, spool=spool)
    if not follow:
        _tell_fault(spool)
    return loaded


def _spool_of(paths: Sequence[str], *, follow: bool = False) -> Spool | None:
    """Standard input in a file, if it is among the paths: to its end, or as much as came so far."""
    if not is_asked_for(paths):
        return None
    spool = spooled()
    if follow:
        spool.catch_up()
    else:
        spool.wait()
    return spool


def _tell_fault(spool: Spool | None) -> None:
    if spool is not None and spool.fault:
        complain(f"standard input: {spool.fault}")


def read_run(word: str, places: Sequence[str], asked: Asked) -> tuple[Loaded, Run]:
    """Read, and find the run that a word means, telling of others of its name; raises what `open_run` does."""
    from tracetui.core.run_status import run_status

    def is_failed(run: Run) -> bool:
        return run_status(run, asked.now_ns, asked.rules).status.value == "error"

    tell_faults()
    spool = _spool_of((word, *places))
    with shown_progress() as progress:
        word, *places = replaced((word, *places), spool)
        loaded, (found, *others) = open_run(word, places, is_failed, progress, spool)
    _tell_fault(spool)
    if others:
        _tell_others(found, others, loaded)
    return loaded, found


def _tell_others(shown: Run, others: list[Run], loaded: Loaded) -> None:
    """Say on standard error that a name means several runs, and what the others are called."""
    from tracetui.core.run_names import MOST_CANDIDATES, printed_ids

    ids = printed_ids(loaded.runs)
    told = [ids[run.row] for run in (shown, *others)[:MOST_CANDIDATES]]
    more = len(others) + 1 - len(told)
    complain(
        f"{len(others) + 1} runs are named {shown.name!r}; the newest is shown: "
        + ", ".join(told)
        + (f" and {more} more" if more else "")
    )


def selector(where: Node | None, asked: Asked, loaded: Loaded, summaries: Summaries) -> Selector | None:
    """What ``--where`` selects from what was read; None without one."""
    if where is None:
        return None
    from tracetui.core.filter.select import Selector

    return Selector(where, loaded.store, setting(asked, loaded, summaries))


def setting(asked: Asked, loaded: Loaded, summaries: Summaries) -> Setting:
    """What filters are answered with besides the store."""
    from tracetui.core.filter.select import Setting

    return Setting(summaries, loaded.bodies_of, asked.now_ns, asked.tz)


def selected_runs(
    runs: list[Run], where: Node | None, asked: Asked, loaded: Loaded, summaries: Summaries, *, quiet: bool
) -> list[Run]:
    """The runs that ``--where`` selects; says on standard error if it leaves none."""
    chosen = selector(where, asked, loaded, summaries)
    if chosen is None:
        return runs
    with telling() as tell:
        chosen.asking = lambda count: tell(lambda: f"filtering: {count:,} asked on disk")
        found = chosen.runs(runs)
    if runs and not found and not quiet:
        complain(f"none of {_number(len(runs), 'run')} is what --where asks for")
    return found


def frame(schema: str, asked: Asked, where: Node | None = None) -> dict[str, Any]:
    """How every JSON answer begins."""
    from tracetui import __version__
    from tracetui.core.summary import iso_time

    begin = {"schema": schema, "tool_version": __version__, "as_of": iso_time(asked.now_ns)}
    if where is None:
        return begin
    from tracetui.core.filter import printed

    return begin | {"where": printed(where)}


def left_out(loaded: Loaded, summaries: Summaries) -> dict[str, Any]:
    """How the JSON answers end: bytes that could not be read, files that no format reads or the system refuses."""
    from tracetui.core.summary import path_facts

    refused = [*loaded.reader.unrecognised, *loaded.reader.unreadable_paths]
    return {
        "unreadable": summaries.unreadable(),
        "unrecognised": [{**path_facts(path), "reason": reason} for path, reason in refused],
    }


def tell_left_out(loaded: Loaded, paths: Sequence[str]) -> None:
    """Say on standard error how much was left out of ``paths`` as they were typed, and how to find out why."""
    bad = len(loaded.store.unreadable())
    refused = loaded.reader.unreadable_paths
    if not loaded.runs:  # what is missing is told by name then
        refused = [(path, reason) for path, reason in refused if os.path.lexists(path)]
    unknown = len(loaded.reader.unrecognised)
    for path, reason in refused[:_TOLD]:
        complain(f"cannot read {path!r}: {reason}")
    if len(refused) > _TOLD:
        complain(f"cannot read {len(refused) - _TOLD} more files or folders")
    if bad:
        where = shlex.join(["tracetui", "stats", *(paths if len(paths) < _FEW_PATHS else ["PATH"]), "--json"])
        complain(f"{_number(bad, 'record')} could not be read; `{where}` lists them under `unreadable`")
    # In a folder of many such files traces are a side matter, and nobody expects source code to be read.
    if unknown and paths and (not loaded.runs or unknown < _FEW):
        complain(f"{_number(unknown, 'file')} not recognised; `tracetui formats --explain FILE` says why")


_FEW_PATHS = 4
_TOLD = 5
_FEW = 20


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def since_until(runs: list[Run], since: str | None, until: str | None, asked: Asked) -> list[Run]:
    """The runs that started in this time; a run without times only where no time was asked for."""
    low = None if since is None else moment_ns(since, asked.now_ns, asked.tz)
    high = None if until is None else moment_ns(until, asked.now_ns, asked.tz)
    if low is not None:
        runs = [run for run in runs if run.start is not None and run.start >= low]
    if high is not None:
        runs = [run for run in runs if run.start is not None and run.start < high]
    return runs

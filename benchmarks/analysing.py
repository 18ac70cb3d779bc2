"""``tracetui analyze``: reading included, against a bare parse of the same lines; and equal calls among very many."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.measure import Result, cpu, in_turns
from benchmarks.reading import parse_lines
from tracetui.core.analysis.page import Page
from tracetui.core.loading import Loaded, load
from tracetui.core.run_status import StatusRules
from tracetui.core.summary import Summaries
from tracetui.core.symbols import UNICODE

_NOW = 1_900_000_000_000_000_000


def answer(loaded: Loaded) -> list[str]:
    """All lines that the command prints of the one run that was read."""
    from datetime import UTC

    from tracetui.core.analysis.blocks import RunPage
    from tracetui.core.analysis.run_analysis import analyse_run

    summaries = Summaries(loaded.store, loaded.reader.sources, lambda: loaded.bodies, _NOW, StatusRules())
    run = loaded.runs[0]
    bodies = loaded.bodies_of(run)
    about = analyse_run(loaded.store, run, bodies, summaries.costs, status=summaries.status(run), now_ns=_NOW)
    page = Page(80, UNICODE, 5)
    return list(RunPage(about, page, bodies, summaries.ids[run.row], summaries.costs.of_run(run), UTC).lines())


def analysis(quick: bool) -> Iterator[Result]:
    """100 MB of native records read and analysed, every line of the answer made."""
    size = 2_000_000 if quick else 100_000_000
    for make, bar in ((data.mixed, 4.0), (data.small, None)):
        path = make(size)
        turns = in_turns(
            cpu(lambda path=path: parse_lines(path)),
            cpu(lambda path=path: answer(load([str(path)]))),
            rounds=1 if quick else 7,
            seconds=60,
        )
        yield Result(
            f"analyze, {make.__name__} records, {size / 1e6:.0f} MB",
            f"{turns.ours:.3f} s",
            f"orjson {turns.yardstick:.3f} s",
            turns.ratio,
            bar,
            f"processor time, reading included; {turns.rounds} turns",
        )

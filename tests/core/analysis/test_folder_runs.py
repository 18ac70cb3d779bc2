"""Runs of a folder over time and by name."""

from tracetui.core.analysis.folder_runs import DAY, RunBrief, added_up, by_run_name, over_time, pieces
from tracetui.core.model import Kind
from tracetui.core.pricing.cost import Cost
from tracetui.core.store import Run
from tracetui.core.symbols import UNICODE

SECOND = 1_000_000_000


def brief(
    row: int, name: str = "a", *, start: int = 0, length: int = SECOND, status: str = "ok", usd: float | None = None
) -> RunBrief:
    run = Run(row, str(row), "native", name=name, recorded_start=start, recorded_end=start + length)
    run.kind_counts[Kind.llm] = 1
    return RunBrief(run, status, Cost(usd), None)


def test_pieces_of_time_have_no_gaps_and_count_failures_and_cost() -> None:
    runs = [brief(0, usd=1.0), brief(1, start=2 * DAY, status="error", usd=0.5), brief(2, start=30 * DAY, usd=2.0)]
    step, found = pieces(runs)
    assert step == 7 * DAY
    assert [(piece.runs, piece.failed, piece.cost.usd) for piece in found] == [
        (2, 1, 1.5),
        (0, 0, None),
        (0, 0, None),
        (0, 0, None),
        (1, 0, 2.0),
    ]


def test_what_failed_comes_first_where_a_piece_leads() -> None:
    assert pieces([brief(0), brief(1, status="error")])[1][0].rows == (1, 0)


def test_names_have_percentiles_of_the_runs_that_ended() -> None:
    runs = [brief(row, length=row * SECOND) for row in range(1, 5)] + [brief(9, length=DAY, status="running")]
    named = by_run_name(runs)[0]
    assert (named.runs, named.p50_ns, named.p95_ns) == (5, 2 * SECOND, 4 * SECOND)


def test_a_cost_that_some_run_lacks_is_partial() -> None:
    named = by_run_name([brief(0, usd=1.0), brief(1)])[0]
    assert (named.cost.usd, named.cost.partial) == (1.0, True)


def test_long_times_without_runs_are_left_out_where_most_pieces_would_be_empty() -> None:
    minute = 60 * SECOND
    runs = [brief(row, start=300 * DAY + row * minute) for row in range(5)]
    drawn = over_time([brief(9), *runs])
    assert drawn is not None
    assert (drawn.step_ns, drawn.is_cut, [piece.runs for piece in drawn.pieces]) == (minute, True, [1] * 6)


def test_runs_of_every_day_are_drawn_without_gaps() -> None:
    drawn = over_time([brief(row, start=row * DAY) for row in (0, 1, 3, 4)])
    assert drawn is not None
    assert (drawn.step_ns, drawn.is_cut, [piece.runs for piece in drawn.pieces]) == (DAY, False, [1, 1, 0, 1, 1])


def test_the_sum_of_durations_names_the_run_that_is_most_of_it() -> None:
    assert added_up([SECOND, 285 * DAY, None], UNICODE) == " in all runs (285d one run)"
    assert added_up([SECOND, SECOND], UNICODE) == added_up([DAY], UNICODE) == " in all runs"

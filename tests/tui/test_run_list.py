"""The run list as text and as a list: columns by width, order, filter, groups, marks."""

from datetime import UTC
from typing import cast

import pytest

from tracetui.core.batch import Batch
from tracetui.core.model import RunStatus, Status
from tracetui.core.operations import Begin, End, Operation, Record, RunFact
from tracetui.core.run_status import StatusResult, StatusRules
from tracetui.core.store import Store
from tracetui.core.testing import EPOCH, SECOND, TickingClock
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.runs import group_row, headings, in_order, run_length, run_row, runs_told_apart
from tracetui.tui.session import Session
from tracetui.tui.widgets.run_list import RunList


def make_session(*runs: tuple[str, int, Status, float]) -> Session:
    """Runs of name, start (s), status and length (s); each with one span that went as the run did."""
    operations: list[Operation] = []
    for number, (name, start, status, length) in enumerate(runs):
        key, begin = f"run-{number}", EPOCH + start * SECOND
        operations += [
            Record(key, "start", number, 1),
            Begin(key, "root", name=name, time=begin),
            Record(key, "end", number, 1),
            End(key, "root", time=begin + round(length * SECOND), status=status),
            RunFact(
                key, id=key, name=name, status=status, start=begin, end=begin + round(length * SECOND), records_end=True
            ),
        ]
    store = Store()
    store.apply(Batch(0, "native", operations=operations, complete=True))
    return Session(
        store,
        bodies=None,  # type: ignore[arg-type]  # a list shows no bodies
        now_ns=TickingClock(EPOCH + 3_600 * SECOND),
        tz=UTC,
        rules=StatusRules(is_running=lambda _process: None),
    )


THREE = (("plan", 0, Status.ok, 9.4), ("gather", 60, Status.error, 761.0), ("write", 30, Status.ok, 0.1))


@pytest.mark.parametrize("reverse", [False, True])
def test_runs_without_times_are_last_whichever_way_starts_are_sorted(reverse: bool) -> None:
    session = make_session(*THREE)
    session.store.apply(Batch(1, "lines", operations=[Record("undated", "line", 0, 1)]))
    session.store.runs[3].mtime_ns = 2 * EPOCH
    assert in_order(range(4), session, "start", reverse)[-1] == 3


def make_list(session: Session) -> RunList:
    found = RunList(session)
    found._order = found._make_order()
    return found


def names(found: RunList) -> list[str]:
    return [found.session.store.runs[row].name for row in found.shown_runs]


def row_text(session: Session, row: int, width: int, **how: bool) -> str:
    how = {"selected": False, "focused": False, **how}
    return plain(run_row(session.store.runs[row], session, width, **cast("dict[str, bool]", how)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (25, " ✗ gather         12m41s"),
        (36, " ✗ gather          00:01   ✗1 12m41s"),
        (40, " ✗ gather          00:01         ✗1 12m41s"),
        (80, " ✗ gather             error       00:01         ✗1 12m41s      1       –       –"),
    ],
)
def test_the_columns_follow_from_the_width(width: int, expected: str) -> None:
    shown = row_text(make_session(*THREE), 1, width)
    assert shown.split() == expected.split()
    assert len(shown) < width


@pytest.mark.parametrize(("width", "start"), [(36, "Jan 1"), (40, "Jan 1 00:01"), (80, "Jan 1 00:01")])
def test_where_there_is_room_runs_of_other_days_say_the_time_of_day(width: int, start: str) -> None:
    session = make_session(*THREE)
    session.now_ns = TickingClock(EPOCH + 40 * 86_400 * SECOND)
    assert f"  {start}  " in row_text(session, 1, width)


def test_a_run_that_ended_without_saying_so_took_at_least_so_long() -> None:
    session = make_session(*THREE)
    run = session.store.runs[0]
    assert run_length(run, StatusResult(RunStatus.ok, "", None), session) == "9.4s"
    assert run_length(run, StatusResult(RunStatus.unfinished, "", None), session) == "≥9.4s"


def test_the_figures_of_all_rows_end_in_the_same_cells() -> None:
    session = make_session(*THREE)
    assert len({len(row_text(session, row, 100 - 20)) for row in range(3)}) == 1


def test_headings_stand_over_their_columns() -> None:
    session = make_session(*THREE)
    heading, row = plain(headings(80, session.symbols)), row_text(session, 1, 80)
    assert heading.index("status") == row.index("error")
    assert heading.index("time") + 4 == row.index("12m41s") + 6


def test_the_selected_run_has_a_gutter_and_a_marked_one_a_star() -> None:
    session = make_session(*THREE)
    assert row_text(session, 0, 36, selected=True, focused=True).startswith("▌")
    assert row_text(session, 0, 36, selected=True).startswith("▏")
    assert row_text(session, 0, 36, marked=True).startswith("*")


def test_the_newest_run_comes_first() -> None:
    assert names(make_list(make_session(*THREE))) == ["gather", "write", "plan"]


@pytest.mark.parametrize(
    ("sorting", "expected"),
    [
        ("name", ["gather", "plan", "write"]),
        ("status", ["gather", "write", "plan"]),
        ("causes", ["gather", "write", "plan"]),
        ("time", ["gather", "plan", "write"]),
    ],
)
def test_runs_are_sorted_by_any_column(sorting: str, expected: list[str]) -> None:
    session = make_session(*THREE)
    rows = in_order(range(3), session, sorting, reverse=False)  # type: ignore[arg-type]
    assert [session.store.runs[row].name for row in rows] == expected


def test_a_filter_knows_no_case() -> None:
    found = make_list(make_session(*THREE))
    found.filter_text = "PLA"
    found._order = found._make_order()
    assert names(found) == ["plan"]


def test_runs_called_as_the_filter_come_before_those_that_have_it_in_their_id() -> None:
    found = make_list(make_session(("plan", 0, Status.ok, 1.0), ("run-0 again", 1, Status.ok, 1.0), *THREE))
    found.filter_text = "run-0"
    found._order = found._make_order()
    assert names(found) == ["run-0 again", "plan"]


def test_groups_have_headings_and_fold() -> None:
    found = make_list(make_session(*THREE, ("plan", 90, Status.ok, 1.0)))
    found.grouping = "name"
    found._order = found._make_order()
    assert found.row_count() == 7
    assert plain(found.render_row(0, 36, False, False)).split()[1:] == ["plan", "2"]
    found._folded = {"plan"}
    found._order = found._make_order()
    assert found.row_count() == 5


def test_a_folder_as_heading_loses_its_start() -> None:
    found = group_row(
        "/home/ada/projects/agents/traces/claude",
        7,
        0,
        make_session(),
        25,
        selected=False,
        focused=False,
        closed=False,
        how="folders",
    )
    assert plain(found).split()[1:] == ["…/traces/claude", "7"]


def test_a_filter_that_no_run_fits_says_so() -> None:
    found = make_list(make_session(*THREE))
    found.filter_text = "nothing"
    found._order = found._make_order()
    assert plain(found.pinned_rows(36)[1]).strip() == "No run matches."


def test_at_the_end_of_what_a_search_leaves_it_is_said_what_limits_it() -> None:
    found = make_list(make_session(*THREE))
    assert (found.shown_count, found.end_words(1)) == (None, "this is the last run")
    found.where_text, found._where = "status=ok", {0, 2}
    found._order = found._make_order()
    assert found.shown_count == 2
    assert found.end_words(1) == "the last of 2 runs that the filter status=ok finds; esc in the runs ends that"


def test_the_next_run_skips_headings() -> None:
    found = make_list(make_session(*THREE))
    found.grouping = "name"
    found._order = found._make_order()
    found._selected = found.shown_runs[0]
    assert found.step(1) == found.shown_runs[1]
    assert found.step(-1) is None


def test_ten_thousand_runs_are_ordered_and_only_a_screenful_is_drawn() -> None:
    session = make_session(*[(f"run {number}", number, Status.ok, 1.0) for number in range(10_000)])
    found = make_list(session)
    assert found.row_count() == 10_000
    assert names(found)[0] == "run 9999"
    assert session._statuses == {}


def test_runs_of_one_name_are_told_apart_by_their_start_and_then_by_their_id() -> None:
    ok = Status.ok
    session = make_session(("plan", 0, ok, 1), ("plan", 60, ok, 1), ("plan", 60, ok, 2), ("write", 60, ok, 1))
    told = runs_told_apart(session.store.runs, session)
    begun = told[0]
    assert len(begun) == 14
    assert told[3] == ""
    assert told[1] == f"{begun[:-5]}01:00 …run-1"
    assert told[2] == f"{begun[:-5]}01:00 …run-2"


def test_a_length_up_to_the_last_record_is_marked_as_worked_out() -> None:
    session = make_session(("plan", 0, Status.ok, 9.4))
    run = session.store.runs[0]
    run.recorded_end = None
    assert run_length(run, StatusResult(RunStatus.ok, "", None), session) == "~9.4s"
    assert run_length(run, StatusResult(RunStatus.unfinished, "", None), session) == "≥9.4s"

"""What of a comparison is seen at first, what folds, and where one stops."""

from tests.core.comparing.test_comparison import GOOD, compared
from tracetui.core.comparing import Comparison
from tracetui.core.comparing.outline import Folds, Outline, Showing

SEARCH = "    tool web_search 14..16\n"
BAD = (
    GOOD.replace(SEARCH, SEARCH * 7)
    .replace("tool fetch 30..34", "tool fetch 30..34 error")
    .replace("  step publish 60..70\n", "  guardrail citations 60..70\n    step look 61..62\n")
)
EQUAL = "agent a 0..90\n" + "".join(f"  tool t{number} {number}..{number + 1}\n" for number in range(9))


def seen(comparison: Comparison, folds: Folds | None = None, showing: Showing = "folded") -> list[str]:
    lines = Outline(comparison).lines(folds or Folds(), showing)
    return [f"{equal} the same" if equal else comparison.row(row).name for row, equal in lines]


def test_what_differs_is_seen_and_what_is_equal_is_folded() -> None:
    names = seen(compared(BAD))
    assert names == [
        "nightly", "plan", "gather", "web_search", "reader_1", "reader_2", "fetch", "extract", "publish", "citations",
    ]  # fmt: skip


def test_several_equal_siblings_are_one_line() -> None:
    bad = EQUAL.replace("tool t4 4..5", "tool t4 4..5 error")
    assert seen(compared(bad, EQUAL)) == ["a", "4 the same", "t4", "4 the same"]


def test_equal_siblings_that_are_opened_are_shown_one_by_one() -> None:
    comparison = compared(EQUAL.replace("tool t4 4..5", "tool t4 4..5 error"), EQUAL)
    assert seen(comparison, Folds(opened_runs={1})) == ["a", "t0", "t1", "t2", "t3", "t4", "4 the same"]


def test_what_is_equal_can_be_left_out() -> None:
    assert seen(compared(BAD), showing="differences") == [
        "nightly", "gather", "web_search", "reader_2", "fetch", "publish", "citations",
    ]  # fmt: skip


def test_all_rows_are_seen_when_all_is_open() -> None:
    comparison = compared(BAD)
    assert len(seen(comparison, Folds(all_open=True))) == len(comparison)


def test_one_stops_once_at_a_group_and_at_a_subtree_of_one_side() -> None:
    comparison = compared(BAD)
    names = [comparison.row(row).name for row in Outline(comparison).stops.tolist()]
    assert names == ["web_search", "fetch", "publish", "citations"]


def test_a_row_that_is_hidden_is_shown_when_one_goes_there() -> None:
    comparison, folds = compared(BAD), Folds()
    outline = Outline(comparison)
    row = next(row.index for row in comparison if row.name == "outline")
    outline.reveal(row, comparison, folds)
    assert "outline" in [comparison.row(at).name for at, equal in outline.lines(folds, "folded") if not equal]


def test_a_row_whose_input_differs_is_a_stop_and_seen() -> None:
    comparison, folds = compared(BAD), Folds()
    outline = Outline(comparison)
    row = next(row.index for row in comparison if row.name == "outline")
    outline.note(row, comparison)
    assert row in outline.stops.tolist()
    assert (row, 0) in outline.lines(folds, "differences")


def test_a_few_milliseconds_more_are_no_stop() -> None:
    good = "agent a 0..2\n  tool x 0..0.02\n  tool y 0.1..0.4\n"
    bad = "agent a 0..2\n  tool x 0..0.06\n  tool y 0.1..0.7\n"
    comparison = compared(bad, good)
    assert [row.name for row in comparison if row.marks] == ["x", "y"]
    assert [comparison.row(row).name for row in Outline(comparison).stops.tolist()] == ["y"]


def test_runs_that_are_the_same_have_no_stop() -> None:
    comparison = compared(GOOD)
    assert not len(Outline(comparison).stops)
    assert seen(comparison) == ["nightly"]
    assert seen(comparison, showing="differences") == []

"""Tables of a summary: which figures fit, how lines are sorted, what is said of those that are not shown."""

import pytest

from tracetui.core.analysis.by_name import NameStats
from tracetui.core.analysis.spending import Spender, Spent
from tracetui.core.model import Kind
from tracetui.core.symbols import UNICODE
from tracetui.tui.presentation.summary_page import Part, fitting, headings, more_words, resorted
from tracetui.tui.presentation.summary_parts import models_part, tools_part

SECOND = 1_000_000_000


def tool(name: str, calls: int, longest: int, total: int, failed: int = 0) -> tuple[Spender, NameStats]:
    stats = NameStats(
        name,
        Kind.tool,
        calls,
        calls,
        failed,
        SECOND,
        SECOND,
        longest * SECOND,
        total * SECOND,
        0,
        holds=False,
        slowest=0,
    )
    return Spender(name, calls, failed, total * SECOND, Spent()), stats


def tools() -> Part:
    spenders, names = zip(
        tool("fetch", 9, 91, 134, failed=1), tool("cite", 21, 3, 54), tool("read", 5, 31, 155), strict=True
    )
    return tools_part("", spenders, names, UNICODE, lambda _each: ())


def words(part: Part, width: int) -> list[str]:
    return "".join(text for text, _ in headings(part, width)).split()


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (78, ["calls", "total", "p50", "p95", "max", "failed"]),
        (64, ["calls", "total", "p95", "max", "failed"]),
        (46, ["calls", "total", "max"]),
        (20, ["calls"]),
    ],
)
def test_figures_of_tools_give_way_by_their_weight(width: int, shown: list[str]) -> None:
    assert words(tools(), width) == shown


def names(part: Part) -> list[str]:
    return [line.value for line in part.lines]


def test_tools_with_the_most_time_come_first_and_can_be_sorted_by_any_figure() -> None:
    part = tools()
    assert (names(part), part.by) == (["read", "fetch", "cite"], "total")
    assert names(resorted(part, "max")) == ["fetch", "read", "cite"]
    assert names(resorted(part, "calls", reverse=True)) == ["read", "fetch", "cite"]
    assert names(resorted(part, "name")) == ["cite", "fetch", "read"]
    assert resorted(part, "colour") is part


def test_what_is_unknown_is_sorted_last_either_way() -> None:
    known = Spent(calls=1, input=3, cost_recorded=0.1)
    models = [Spender(name, 1, 0, SECOND, spent) for name, spent in (("none", Spent(calls=1)), ("some", known))]
    part = models_part(models, [], UNICODE, lambda _each: ())
    assert part is not None
    assert names(resorted(part, "cost")) == names(resorted(part, "cost", reverse=True)) == ["some", "none"]


@pytest.mark.parametrize(("pending", "shown"), [(True, "…"), (False, "–")])
def test_a_cost_that_may_yet_come_is_an_ellipsis(pending: bool, shown: str) -> None:
    models = [Spender("big", 1, 0, SECOND, Spent(calls=1, input=3))]
    part = models_part(models, [], UNICODE, lambda _each: (), pending=pending)
    assert part is not None
    row = "".join(text for text, _ in part.lines[0].draw(78, "")[0]).split()
    assert row[4] == shown


def test_what_is_not_shown_says_whether_enter_shows_it() -> None:
    assert more_words(12, 0, "runs", UNICODE) == "… 12 more runs (enter)"
    assert more_words(2, 1_000, "", UNICODE) == "… 1,002 more (enter)"
    assert more_words(0, 5, "steps", UNICODE) == "… 5 more steps (not listed)"


def test_a_figure_that_does_not_fit_makes_no_room_for_a_lighter_one() -> None:
    cells = [("a", 5, ""), ("b", 30, ""), ("c", 1, "")]
    assert fitting(cells, 30) == cells[:1]
    assert fitting(cells, 30, (2, 0, 1)) == [cells[0], cells[2]]

"""The summary screen: what it shows, where its lines lead, and where it begins again."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.core.analysis.recorded import Recording
from tests.tui.helpers import lines, look_again, make_app, opened, press, settled, text
from tracetui.core.analysis.folder_runs import RunBrief, sum_of_tokens
from tracetui.core.pricing.cost import Cost
from tracetui.core.store import Run
from tracetui.core.symbols import UNICODE
from tracetui.tui.analysing import Work
from tracetui.tui.app import TracetuiApp
from tracetui.tui.presentation.pieces import width_of
from tracetui.tui.presentation.summary_page import Line, Page, Part, head_rows
from tracetui.tui.screens.summary import SummaryScreen
from tracetui.tui.widgets.summary_view import Remembered, SummaryView


def selected_name(app: TracetuiApp) -> str:
    row = app.main.selection.rows[0]
    assert row is not None
    return app.session.store.strings[app.session.store.spans.name[row]]


HEAD = [
    (text, style)
    for word, style in (
        ("✗ error", "bold"),
        ("the name of this run " * 9, "strong bold"),
        ("12m41s", "muted"),
        ("124 spans", "muted"),
        ("≥184k tokens", "muted"),
        ("~≥$0.42", "muted"),
        ("3 bottlenecks", "status-warning"),
    )
    for text, style in ((word, style), ("  ", ""))
]


@pytest.mark.parametrize("width", [30, 60, 80, 100, 120])
def test_no_figure_of_the_first_lines_is_ever_cut(width: int) -> None:
    rows = head_rows(HEAD, width, UNICODE)
    assert all(width_of(row) <= width for row in rows)
    shown = " ".join("".join(text for text, _ in row) for row in rows)
    for figure in ("12m41s", "124 spans", "≥184k tokens", "~≥$0.42", "3 bottlenecks"):
        assert figure in shown
    assert "the name of" in shown


def test_a_short_head_is_one_row() -> None:
    head = [("✓ ok", "bold"), ("  ", ""), ("nightly", "strong bold"), ("  ", ""), ("$0.42", "muted"), ("  ", "")]
    assert ["".join(text for text, _ in row) for row in head_rows(head, 80, UNICODE)] == [" ✓ ok  nightly  $0.42"]


def brief(row: int, tokens: int | None, partial: bool) -> RunBrief:
    run = Run(row, f"run-{row}", "native")
    return RunBrief(run, "ok", Cost(), tokens, partial)


def test_tokens_of_several_runs_keep_the_mark_of_one() -> None:
    assert sum_of_tokens([brief(0, 500, partial=False), brief(1, 84, partial=True)]) == (584, True)
    assert sum_of_tokens([brief(0, 500, partial=False), brief(1, None, partial=False)]) == (500, False)
    assert sum_of_tokens([brief(0, None, partial=False)]) == (None, False)


async def test_a_sums_up_the_open_run(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "research_agent.jsonl"])) as pilot:
        await press(pilot, "a")
        shown = text(pilot)
        for words in ("What broke first", "What to do", "Where the time went", "12m41s = 100%", "3 causes in 3 groups"):
            assert words in shown


async def test_enter_leads_to_the_span_and_a_back_to_the_line(native_traces: Path) -> None:
    app = make_app([native_traces / "research_agent.jsonl"])
    async with opened(app, (80, 24)) as pilot:
        await press(pilot, "g", "a", "j", "j", "enter")
        assert app.screen is app.main
        assert selected_name(app) == "fetch_page"
        await press(pilot, "left_curly_bracket")
        assert selected_name(app) == "research_agent"
        await press(pilot, "a")
        assert "▌when" in text(pilot)


async def test_a_line_about_several_spans_lists_them(native_traces: Path) -> None:
    app = make_app([native_traces / "research_agent.jsonl"])
    async with opened(app) as pilot:
        await press(pilot, "a", "tab", "enter")
        assert "1 of " in text(pilot)
        await press(pilot, "enter")
        assert app.screen is app.main


async def test_in_the_runs_pane_it_sums_up_the_runs(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "shift+tab", "a")
        shown = text(pilot)
        for words in ("3 runs", "What went wrong", "Longest runs", "TimeoutError: upstream timed out after # s"):
            assert words in shown


async def test_from_one_run_to_all_and_back(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "a", "u")
        assert "Longest runs" in text(pilot)
        await press(pilot, "u")
        assert "What broke first" in text(pilot)


async def test_each_scope_opens_at_its_top_and_again_where_it_was_left(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        await press(pilot, "a", "G")
        view = pilot.app.screen.query_one(SummaryView)
        left = view.top
        assert left
        await press(pilot, "u")
        assert view.top == 0
        await press(pilot, "u")
        assert view.top == left


async def test_a_line_at_a_glance_goes_to_the_section_that_tells_more(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "research_agent.jsonl"]), (80, 24)) as pilot:
        await press(pilot, "a", "tab", *"jj", "enter")
        assert lines(pilot)[5].startswith(" Tools ──")
        await press(pilot, "greater_than_sign")
        assert "tools by p50" in lines(pilot)[1]


async def test_runs_that_are_not_all_are_said_first(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "shift+tab", "/", "s", "u", "p", "enter", "a")
        assert lines(pilot)[2].strip(" │▌").startswith("1 of 3 runs shown in the list")


async def test_loops_of_all_runs_have_a_section_that_leads_to_the_calls(tmp_path: Path) -> None:
    for name in ("first", "second"):
        recording = Recording(name)
        for number in range(6):
            at = number * 3.0
            recording.span("tool", "web_search", at, at + 1, input={"q": "steel"}, output=["nothing"], cost_usd=0.01)
        recording.ends(20)
        recording.write(tmp_path).rename(tmp_path / f"{name}.jsonl")
    app = make_app([tmp_path])
    async with opened(app, (120, 60)) as pilot:
        await press(pilot, "shift+tab", "a")
        shown = text(pilot)
        assert "2 loops in 2 runs" in shown, shown
        assert "in first: wasted 5.0s, $0.05;" in shown
        await press(pilot, "escape", "ctrl+p", *"loop", "enter")
        assert "2 loops in 2 runs" in text(pilot)


async def test_no_line_is_passed_over_by_a_page(native_traces: Path) -> None:
    app = make_app([native_traces / "research_agent.jsonl"])
    async with opened(app, (100, 24)) as pilot:
        await press(pilot, "a")
        view = pilot.app.screen.query_one(SummaryView)
        tops = [view.top]
        while len(tops) < 20 and tops[-1] + view.page_height < view.row_count():
            await press(pilot, "pagedown")
            tops.append(view.top)
        assert all(0 < after - before < view.page_height for before, after in pairwise(tops))
        assert tops[-1] + view.page_height >= view.row_count()


async def test_of_a_run_that_is_gone_what_was_found_stays(native_traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for rest in ("REST_S", "REST_FACTOR"):
        monkeypatch.setattr(f"tracetui.tui.screens.summary.{rest}", 0)
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "a")
        (native_traces / "research_agent.jsonl").write_bytes((native_traces / "support_bot.jsonl").read_bytes())
        await look_again(pilot)
        assert "failed" not in lines(pilot)[0]  # the header over the summary counts what is there now
        screen = pilot.app.screen
        assert isinstance(screen, SummaryScreen)
        before = lines(pilot)[2:]
        screen._look_again()
        await settled(pilot)
        assert "this run is gone from its file: what was found stays" in lines(pilot)[0]
        assert lines(pilot)[2:] == before


def page_of(*names: str) -> Page:
    """A page of one section whose lines lead to runs, and a section above it that may grow."""
    lines = [Line(lambda _width, style, name=name: [[(name, style)]], ((ord(name), None),), name) for name in names]
    return Page([], [Part("Errors", lines)])


async def test_the_cursor_stays_on_its_own_line_when_lines_come_in_above(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "a")
        view = pilot.app.screen.query_one(SummaryView)
        view.show(page_of("b", "d"), Remembered())
        await press(pilot, "j")
        view.show(page_of("a", "b", "c", "d", "e"))
        assert view.slot is not None
        assert view.slot.value == "d"


async def test_esc_goes_back_to_where_a_jump_within_the_summary_began(native_traces: Path) -> None:
    app = make_app([native_traces / "research_agent.jsonl"])
    async with opened(app, (80, 24)) as pilot:
        await press(pilot, "a", "tab", *"jj")
        view = pilot.app.screen.query_one(SummaryView)
        begun = view.position
        await press(pilot, "enter", "j", "escape")
        assert view.position == begun
        await press(pilot, "escape")
        assert app.screen is app.main


async def test_a_folder_that_was_complete_a_moment_ago_is_not_analysed_again(
    native_traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    folder = Work.folder
    monkeypatch.setattr(Work, "folder", lambda work, rows: begun.append(rows) or folder(work, rows))
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "shift+tab", "a", "escape", "a")
        assert "Longest runs" in text(pilot)
        assert len(begun) == 1


async def test_the_palette_leads_to_a_section_of_the_summary(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        await press(pilot, "colon", *["space" if key == " " else key for key in "errors of all"], "enter")
        view = pilot.app.screen.query_one(SummaryView)
        assert view.position is not None
        assert view.position.title == "Errors"
        await press(pilot, "g", "colon", *"tools", "enter")
        assert view.position.title == "Tools"

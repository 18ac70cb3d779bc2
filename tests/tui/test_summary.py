"""The summary screen: what it shows, where its lines lead, and where it begins again."""

from pathlib import Path

from tests.tui.helpers import make_app, opened, press, text
from tracetui.tui.app import TracetuiApp


def selected_name(app: TracetuiApp) -> str:
    row = app.main.selection.rows[0]
    assert row is not None
    return app.session.store.strings[app.session.store.spans.name[row]]


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

"""The summary screen: what it shows, where its lines lead, and where it begins again."""

from pathlib import Path

from tests.core.analysis.recorded import Recording
from tests.tui.helpers import lines, make_app, opened, press, text
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

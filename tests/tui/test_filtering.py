"""The filter line of the screen: what it leaves, what it offers, what is remembered, and how one gets out of it."""

from pathlib import Path

from tests.tui.helpers import lines, make_app, opened, press, text
from tracetui.core.model import Kind
from tracetui.core.symbols import UNICODE
from tracetui.tui.filters_kept import MOST_TYPED, KeptFilters
from tracetui.tui.run import ScreenOptions
from tracetui.tui.screens.filtering import hidden_words
from tracetui.tui.state import State


async def typed(pilot, *words: str) -> None:  # type: ignore[no-untyped-def]
    """Open the line and type."""
    await press(pilot, "f", *("space" if letter == " " else letter for word in words for letter in word))


async def test_tool_errors_over_two_seconds_take_nine_keys(native_traces: Path) -> None:
    keys = ["f", "t", "tab", "e", "tab", "d", "tab", "2", "enter"]
    async with opened(make_app([native_traces / "research_agent.jsonl"])) as pilot:
        await press(pilot, *keys)
        assert "filter kind:tool status:e…  1 of 124 spans" in lines(pilot)[1]
        assert "■ tool fetch_page" in text(pilot)
        await press(pilot, "escape")
        assert "filter" not in lines(pilot)[1]


async def test_esc_in_the_line_leaves_all_as_it_was(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "research_agent.jsonl"])) as pilot:
        before = lines(pilot)[:-1]
        await typed(pilot, "kind:llm")
        assert "36 of 124 spans" in lines(pilot)[-1]
        await press(pilot, "escape")
        assert lines(pilot)[:-1] == before


async def test_what_is_wrong_is_said_in_words_above_the_line(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "support_bot.jsonl"])) as pilot:
        await typed(pilot, "kind:tool durr>2s")
        assert lines(pilot)[-2] == " ✗ unknown field 'durr'; did you mean dur?"


async def test_a_filter_of_events_shows_them_as_rows(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "research_agent.jsonl"])) as pilot:
        await typed(pilot, "kind:retry")
        await press(pilot, "enter")
        assert "2 events" in lines(pilot)[1]
        assert sum("↻ " in line.split("│")[1] for line in lines(pilot)[3:-2] if "│" in line) >= 2


async def test_chips_and_filter_hold_together(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "research_agent.jsonl"])) as pilot:
        await typed(pilot, "dur>1m")
        await press(pilot, "enter", "3")
        assert "filter dur>1m" in lines(pilot)[1]
        assert "only tool" in lines(pilot)[1]
        assert "■ tool fetch_page" in text(pilot)


async def test_the_runs_pane_has_a_filter_of_its_own(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "u")
        await typed(pilot, "status:error")
        assert "1 of 3 runs" in lines(pilot)[-1]
        await press(pilot, "enter")
        assert "support_bot" not in "".join(line.partition("│")[0] for line in lines(pilot))


async def test_a_run_that_is_opened_from_a_filter_for_spans_opens_at_the_first_one(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "u")
        await typed(pilot, "kind:retriever")
        await press(pilot, "enter", "enter")
        span, _ = app.main.selection.rows
        assert span is not None
        assert Kind(app.session.store.spans.kind[span]) is Kind.retriever
        assert "the filter of the runs: f up enter" in lines(pilot)[0]
        await press(pilot, "f", "up", "enter")
        assert app.main.filtering.text == "kind:retriever"


async def test_the_screen_opens_with_the_filter_it_was_asked_for(native_traces: Path) -> None:
    options = ScreenOptions(where="kind:tool")
    async with opened(make_app([native_traces / "support_bot.jsonl"], options=options)) as pilot:
        assert "filter kind:tool  " in lines(pilot)[1]


def test_what_a_filter_hides_is_said_in_numbers() -> None:
    assert hidden_words("kind:tool", 120, 131, UNICODE) == "filter kind:tool hides 120 of 131 spans"
    assert hidden_words("kind:tool", 0, 131, UNICODE) == ""


async def test_esc_undoes_what_narrows_the_active_pane_and_a_filter_that_stays_says_what_it_hides(
    native_traces: Path,
) -> None:
    app = make_app([native_traces])
    async with opened(app, (80, 24)) as pilot:
        await press(pilot, "u", "slash", *"a", "enter", "enter")
        await typed(pilot, "kind:llm")
        await press(pilot, "enter", "J")
        assert "filter kind:llm hides 8 of 16 spans" not in lines(pilot)[1]
        assert " hides " in lines(pilot)[0]
        await press(pilot, "escape")
        assert not app.main.filtering.text
        assert app.main.runs.filter_text == "a"
        await press(pilot, "u", "escape")
        assert not app.main.runs.filter_text


def test_what_was_typed_is_kept_newest_first_and_once(tmp_path: Path) -> None:
    state = State(tmp_path)
    kept = KeptFilters.read(state)
    for number in range(MOST_TYPED + 5):
        kept.add(f"dur>{number}s")
    kept.add(" dur>9s ")
    kept.save("slow", "dur>9s")
    assert kept.write(state) == ""
    again = KeptFilters.read(state)
    assert again.typed[:2] == ["dur>9s", f"dur>{MOST_TYPED + 4}s"]
    assert len(again.typed) == MOST_TYPED
    assert again.text_of(again.listed()[0]) == "dur>9s"
    again.take_out("saved:slow")
    assert again.saved == {}


def test_what_was_kept_by_another_hand_is_left_out_where_it_is_no_filter(tmp_path: Path) -> None:
    (tmp_path / "filters.json").write_text('{"typed": [1, "", "kind:tool"], "saved": {"a": 2, "b": "dur>1s"}}')
    kept = KeptFilters.read(State(tmp_path))
    assert (kept.typed, kept.saved) == (["kind:tool"], {"b": "dur>1s"})

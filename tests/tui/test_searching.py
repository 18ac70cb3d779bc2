"""The search of the screen: through names and bodies, in a thread, and where its hits are shown."""

from pathlib import Path

from textual.events import Paste

from tests.tui.helpers import lines, make_app, opened, press, text

PHRASE = "left the warehouse"


async def look_for(pilot, wanted: str, *then: str) -> None:  # type: ignore[no-untyped-def]
    """Type it after `/`."""
    await press(pilot, "/", *("space" if letter == " " else letter for letter in wanted), *then)


async def test_a_phrase_that_a_tool_returned_is_found_and_shown(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "support_bot.jsonl"])) as pilot:
        await look_for(pilot, PHRASE, "enter")
        assert f"/{PHRASE[:19]}" in lines(pilot)[1]
        assert " of " in lines(pilot)[1]
        detail = pilot.app.main.detail  # type: ignore[attr-defined]
        row = detail.render_row(detail.cursor, 60, False, False)
        assert [piece for piece in row if piece[1] == "hit"] == [(PHRASE, "hit")]


async def test_esc_forgets_the_search_and_its_marks(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "support_bot.jsonl"])) as pilot:
        await look_for(pilot, PHRASE, "enter", "escape")
        assert PHRASE not in lines(pilot)[1]


async def test_a_regular_expression_stands_between_slashes(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "research_agent.jsonl"])) as pilot:
        await look_for(pilot, "/TIMED? out after [0-9]+/", "enter")
        assert "no hit" in lines(pilot)[1]  # a capital: case counts
        await look_for(pilot, "/timed? out after [0-9]+/", "enter")
        assert "1 of " in lines(pilot)[1]


async def test_an_expression_that_is_none_is_said(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "support_bot.jsonl"])) as pilot:
        await look_for(pilot, "/a(/")
        assert "is no regular expression" in text(pilot)


async def test_a_search_in_all_runs_lists_what_it_finds_and_goes_there(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "ctrl+f", *("space" if letter == " " else letter for letter in PHRASE), "enter")
        assert "support_bot" in text(pilot)
        assert PHRASE in text(pilot)
        await press(pilot, "enter")
        main = pilot.app.main  # type: ignore[attr-defined]
        assert pilot.app.session.store.runs[main.opened].name == "support_bot"  # type: ignore[attr-defined]
        assert main.active == "spans"
        await press(pilot, "n")
        assert f"/{PHRASE[:19]}" in lines(pilot)[1]  # what was looked for in all runs is looked for in this one
        await press(pilot, "ctrl+f", "x")
        assert " / in all runs x " in f"{lines(pilot)[-1]} "


async def test_an_earlier_text_in_the_runs_pane_gives_way_to_what_is_typed(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        runs = pilot.app.main.runs  # type: ignore[attr-defined]
        await press(pilot, "u", "/", "s", "u", "p", "enter", "/", "r")
        assert runs.filter_text == "r"
        await press(pilot, "enter", "/", "left", "x")
        assert runs.filter_text == "xr"


async def test_a_search_is_taken_up_again_and_forgotten_with_its_marks(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "support_bot.jsonl"])) as pilot:
        await look_for(pilot, "warehouse", "enter")
        await press(pilot, "/")
        assert "/ warehouse" in lines(pilot)[-1]
        await press(pilot, "enter")
        assert "/warehouse" in lines(pilot)[1]
        await press(pilot, "u", "/", "x", "enter", "u")
        assert "/warehouse" in lines(pilot)[1]  # the runs are narrowed down by something else
        await press(pilot, "escape", "n")
        assert "nothing was searched for" in lines(pilot)[0]
        assert "/warehouse" not in lines(pilot)[1]


async def test_a_pasted_text_is_looked_for_without_what_controls_a_terminal(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "ctrl+f")
        pilot.app.post_message(Paste("\x1b]0;ware\x07house\x9b"))
        await press(pilot, "enter")
        assert "]0;warehouse" in lines(pilot)[1]
        assert [char for line in lines(pilot) for char in line if not char.isprintable()] == []

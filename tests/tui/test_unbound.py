"""Keys that do nothing where they are pressed say so."""

from pathlib import Path

from textual.widget import Widget

from tests.tui.helpers import lines, make_app, opened, press
from tracetui.tui.keymaps import Key
from tracetui.tui.unbound import unbound_words

GROUP = Key("runs.group", ("b",), "group by name, folder", "group", Widget())


def test_a_key_of_another_place_says_what_it_does_there() -> None:
    said = unbound_words("b", [("in the detail pane", ()), ("in the runs pane", [GROUP])], "?")
    assert said == "b (group by name, folder) works only in the runs pane"


def test_a_key_of_no_place_says_where_keys_are_listed() -> None:
    assert unbound_words("right_curly_bracket", [], "?") == "} does nothing here: ? lists the keys"
    assert unbound_words("Q", [], "") == "Q does nothing here"


async def test_a_key_is_silent_in_no_pane_and_no_summary(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "Q", "b")
        assert "only in the runs pane" in lines(pilot)[0]
        await press(pilot, "a", "e")
        assert "e (next cause" in lines(pilot)[0]
        assert "works only among runs and spans: esc" in lines(pilot)[0]


async def test_the_next_run_is_summed_up_on_its_key(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        first = app.main.opened
        await press(pilot, "a", "J")
        assert app.main.opened != first
        assert app.main.opened is not None
        name = app.session.store.runs[app.main.opened].name
        assert name in lines(pilot)[2]
        await press(pilot, "K")
        assert app.main.opened == first

"""The list to choose from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from tests.tui.helpers import make_app, opened, press, text
from tracetui.core.store import Store
from tracetui.core.symbols import UNICODE
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.pieces import width_of
from tracetui.tui.screens.choosing import Choice, ChoiceScreen, ChoiceView, around_hit
from tracetui.tui.session import Session

CHOICES = [Choice("d", "dark", "the default"), Choice("l", "light"), Choice("s", "safe [red]\x1b[31m", "all eyes")]


class Chosen:
    """What the screen ended with, what was highlighted, and what was taken out."""

    def __init__(self) -> None:
        self.key: str | None = "nothing yet"
        self.seen: list[str | None] = []
        self.gone: list[str] = []

    def end(self, key: str | None) -> None:
        self.key = key


@asynccontextmanager
async def choosing(at: str = "") -> AsyncIterator[tuple[Pilot[object], Chosen]]:
    app, chosen = make_app([]), Chosen()
    async with opened(app, (80, 24)) as pilot:
        screen = ChoiceScreen(
            app.session, "Themes", CHOICES, app.main.facts, on_highlight=chosen.seen.append, on_delete=chosen.gone.append,
            at=at,
        )  # fmt: skip
        app.push_screen(screen, chosen.end)
        await press(pilot)
        yield pilot, chosen


async def test_enter_ends_with_the_choice_under_the_cursor() -> None:
    async with choosing() as (pilot, chosen):
        await press(pilot, "down", "enter")
        assert chosen.key == "l"
        assert chosen.seen == ["l"]


async def test_it_begins_where_it_is_asked_to() -> None:
    async with choosing(at="s") as (pilot, chosen):
        await press(pilot, "enter")
        assert chosen.key == "s"


async def test_letters_narrow_it_down_and_esc_takes_them_back_first() -> None:
    async with choosing() as (pilot, chosen):
        await press(pilot, *"eyes")
        assert "dark" not in text(pilot)
        assert chosen.seen[-1] == "s"
        await press(pilot, "escape")
        assert "dark" in text(pilot)
        await press(pilot, "escape")
        assert chosen.key is None
        assert chosen.seen[-1] is None


async def test_what_is_from_outside_is_shown_as_it_stands() -> None:
    async with choosing() as (pilot, _):
        assert "safe [red]" in text(pilot)
        assert "\x1b" not in text(pilot)


async def test_a_choice_can_be_taken_out() -> None:
    async with choosing() as (pilot, chosen):
        await press(pilot, "delete")
        assert chosen.gone == ["d"]
        assert "dark" not in text(pilot)


def test_what_was_found_is_seen_however_little_room_there_is() -> None:
    parts = ('…"shipped", "carrier": "', "northline", '", "sent": "2026-03-01"…')
    for room in (20, 40, 60, 90, 200):
        row = around_hit("answer question  execute_tool find_order  ", parts, room, "", UNICODE)
        assert ("northline", "hit") in row
        assert width_of(row) <= room
    assert plain(row) == "answer question  execute_tool find_order  " + "".join(parts)


def test_a_long_name_leaves_room_for_what_tells_it_apart() -> None:
    session = Session(Store(), bodies=None)  # type: ignore[arg-type]  # a list shows no bodies
    view = ChoiceView(session, [Choice("a", "Divide  in " + "x" * 100, "11-20 21:29:43  +3.1ms")], "")
    row = plain(view.render_row(0, 80, False, False))
    assert "Divide  in xxx" in row
    assert "11-20 21:29:43  +3.1ms" in row

"""The row view: what it draws, what it repaints, how it scrolls, whatever the number of rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tracetui.core.store import Store
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView


class Rows(LineView):
    """Numbered rows; remembers which were made."""

    def __init__(self, count: int) -> None:
        super().__init__(Session(Store(), bodies=None))  # type: ignore[arg-type]  # rows without bodies
        self.count = count
        self.made: list[int] = []

    def row_count(self) -> int:
        return self.count

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        return [[("heading", "muted")]]

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        self.made.append(index)
        return [(">" if selected else " ", ""), (f"row {index}", "")]


class RowsApp(App[None]):
    """Rows and what they say."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.rows = rows
        self.moves: list[tuple[int, bool]] = []
        self.entered: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.focus()

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        self.moves.append((event.index, event.by_user))

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        self.entered.append(event.index)


@asynccontextmanager
async def shown(count: int, height: int = 11) -> AsyncIterator[tuple[Rows, Pilot[None]]]:
    rows = Rows(count)
    async with RowsApp(rows).run_test(size=(30, height)) as pilot:
        await pilot.pause()
        yield rows, pilot


def texts(rows: Rows) -> list[str]:
    return [rows.render_line(y).text.rstrip() for y in range(rows.size.height)]


async def test_only_visible_rows_are_made() -> None:
    async with shown(1_000_000) as (rows, _):
        assert set(rows.made) == set(range(10))


async def test_pinned_lines_stay_when_rows_scroll() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press("G")
        assert texts(rows)[0] == "heading"
        assert texts(rows)[-1] == ">row 99"


async def test_a_move_makes_two_rows_again() -> None:
    async with shown(1_000_000) as (rows, pilot):
        rows.made.clear()
        await pilot.press("down")
        await pilot.pause()
        assert sorted(rows.made) == [0, 1]


async def test_the_view_turns_half_a_page_when_the_cursor_leaves_it() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press(*["down"] * 10)
        assert rows.cursor == 10
        assert rows.top == 5


async def test_a_page_keeps_the_cursor_where_it_was_on_the_screen() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press("down", "down", "pagedown")
        assert (rows.cursor, rows.top) == (11, 9)
        await pilot.press("pageup")
        assert (rows.cursor, rows.top) == (2, 0)


async def test_letters_move_as_arrows_do() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press("j", "j", "k", "G", "g", "ctrl+d", "ctrl+u")
        assert rows.cursor == 0


async def test_what_moved_says_who_moved_it() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press("down")
        rows.move_to(7)
        await pilot.pause()
        assert isinstance(pilot.app, RowsApp)
        assert pilot.app.moves == [(1, True), (7, False)]


async def test_enter_and_a_double_click_enter_a_row() -> None:
    async with shown(100) as (_, pilot):
        await pilot.press("down", "enter")
        await pilot.click(Rows, offset=(3, 4), times=2)
        await pilot.pause()
        assert isinstance(pilot.app, RowsApp)
        assert pilot.app.entered == [1, 3]


async def test_the_wheel_moves_the_view_and_not_the_cursor() -> None:
    async with shown(100) as (rows, pilot):
        rows.scroll_rows(3)
        await pilot.pause()
        assert (rows.cursor, rows.top) == (0, 3)


async def test_keeping_the_cursor_keeps_its_place_on_the_screen() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press(*["down"] * 12)
        place = rows.cursor - rows.top
        rows.count += 50
        rows.keep_cursor(rows.cursor + 50)
        assert rows.cursor - rows.top == place


async def test_fewer_rows_leave_the_cursor_on_the_last_one() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.press("G")
        rows.count = 3
        rows.refresh_all()
        assert (rows.cursor, rows.top) == (2, 0)


async def test_no_row_at_all_is_no_trouble() -> None:
    async with shown(0) as (rows, pilot):
        await pilot.press("down", "G", "pageup", "enter")
        assert texts(rows)[1:] == [""] * 10


async def test_only_rows_that_look_different_are_repainted() -> None:
    async with shown(100) as (rows, pilot):
        await pilot.pause()
        rows.made.clear()
        rows.refresh_if_changed(range(100))
        await pilot.pause()
        assert sorted(rows.made) == list(range(10))

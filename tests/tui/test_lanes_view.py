"""The timeline: bars in lanes, and going from span to span in it."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.helpers import lines, make_app, opened, press
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.tui.app import TracetuiApp
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.lanes import LaneBar, LaneRow, lane_columns, lane_pieces, without_overlaps

NARROW = lane_columns(40, has_agents=False)


def drawn(*bars: LaneBar, symbols=UNICODE, **row) -> str:
    pieces = lane_pieces(LaneRow(2, **row), bars, NARROW, symbols, selected=False, focused=True)
    return plain(pieces).rstrip()


def bar(first: int, last: int, name: str = "fetch_page", **more) -> LaneBar:
    return LaneBar(first, last, 3, name, "kind-tool", **more)


def test_a_name_stands_in_its_bar_as_far_as_it_fits() -> None:
    assert drawn(bar(0, 12), bar(12, 18), bar(20, 21)) == "      2  ▏fetch_page ▏fetc…  ▍"


def test_the_selected_bar_stands_in_brackets() -> None:
    assert drawn(bar(0, 12, is_selected=True)) == "      2  [fetch_page]"


def test_a_bar_says_that_it_failed_is_open_or_goes_on() -> None:
    assert drawn(bar(0, 14, is_failed=True), word="error") == " ✗    2  ▏✗ fetch_page"
    assert drawn(bar(0, 14, end="now")) == "      2  ▏fetch_page  ▸"
    assert drawn(bar(0, 14, cut_before=True, cut_after=True)) == "      2  ‹fetch_page  ›"


def test_lanes_in_ascii() -> None:
    assert drawn(bar(0, 12), bar(12, 18), symbols=ASCII) == "      2  |fetch_page |fetc~"


def test_the_first_lane_of_an_agent_names_it() -> None:
    columns = lane_columns(80, has_agents=True)
    shown = plain(lane_pieces(LaneRow(3, "reader_1"), (), columns, UNICODE, selected=True, focused=True))
    assert shown.rstrip() == "▌  ◆ reader_1         3"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8), st.booleans()), max_size=8))
def test_bars_that_are_drawn_do_not_overlap(found: list[tuple[int, int, bool]]) -> None:
    kept = without_overlaps([bar(first, first + cells, is_selected=chosen) for first, cells, chosen in found])
    assert all(before.last <= after.first for before, after in pairwise(kept))
    assert {each.first for each in kept} == {first for first, _, _ in found}


async def test_the_timeline_shows_agents_in_lanes_and_goes_along_them(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (120, 40)) as pilot:
        app = pilot.app
        assert isinstance(app, TracetuiApp)
        app.main.viewing.show("lanes")
        await press(pilot, "h")
        shown = lines(pilot)
        assert "━ Timeline ━" in shown[1]
        assert any("▌✗ ◆ reader_2" in line and "[" in line for line in shown)
        name = app.session.store.strings[app.session.store.spans.name[app.main.selection.rows[0] or 0]]
        assert name == "extract_facts"
        await press(pilot, "j", "Z")
        assert " of 12m41s " in lines(pilot)[1]

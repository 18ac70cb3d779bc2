"""The viewer: texts of any size as rows, values of JSON with search, and the screen around them."""

import asyncio
import json
import random
import time
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from tests.hostile.payloads import PAYLOADS, controls
from tests.tui.helpers import lines, make_app, opened, press, settled, text
from tracetui.core.regexes import TooSlow
from tracetui.core.search import occurrences as finding
from tracetui.core.search.needle import Needle
from tracetui.core.search.occurrences import occurrences
from tracetui.tui.app import TracetuiApp
from tracetui.tui.presentation import long_lines
from tracetui.tui.presentation.json_search import JsonHit, json_hits
from tracetui.tui.presentation.long_lines import TextRows, cleaned
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.screens.viewer import ViewerScreen, load
from tracetui.tui.taken import of_value
from tracetui.tui.widgets.json_rows import JsonRows
from tracetui.tui.widgets.line_view import LineView

HOSTILE = "".join(PAYLOADS.values())
PARTS = ["a", "bc ", "\n", "\n\n", "\t", "é", "\u4e2d", "\x1b", "x" * 30, "\r\n", "e\u0301"]


def all_rows(rows: TextRows) -> list[int]:
    """Every row's number, by moving down one at a time."""
    found, top = [0], 0
    while (below := rows.step(top, 1, 1)) != top:
        found.append(top := below)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_each_line_is_met_once_on_the_way_down_and_found_by_its_number(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_lines, "CHUNK", 50)
    monkeypatch.setattr(long_lines, "_NEAR", 10)
    chance = random.Random(seed)
    content = "".join(chance.choice(PARTS) for _ in range(chance.randrange(120)))
    expected = list(range(1, content.removesuffix("\n").count("\n") + 2))
    for is_wrapped in (True, False):
        rows = TextRows(content)
        rows.arrange(chance.choice([3, 10, 40]), is_wrapped=is_wrapped)
        met = [row.line for index in all_rows(rows) if (row := rows.row(index)) is not None and row.line]
        assert (met, rows.line_count) == (expected, len(expected))
        assert [rows.line_of(rows.row_of_line(line)) for line in expected] == expected
        assert rows.last_top(1) == all_rows(rows)[-1]


def test_a_text_shows_escapes_for_what_is_no_text_and_nothing_that_controls() -> None:
    loaded = load(of_value(HOSTILE.encode() + b"\xff\xfe"))
    assert loaded.rows is not None
    shown = "\n".join(row.text for index in all_rows(loaded.rows) if (row := loaded.rows.row(index)) is not None)
    assert controls(shown, "\n") == []
    assert shown.endswith("\\xff\\xfe")


@pytest.mark.parametrize("unit", ["x", "\n", "é\x1b "])
def test_a_screenful_of_a_very_long_text_costs_a_screenful(unit: str) -> None:
    content = unit * (20_000_000 // len(unit))
    rows = TextRows(content)
    begun = time.process_time()
    for offset in (0, len(content) // 2, len(content) - 1):
        top = rows.step(rows.row_of(offset), -10, 40)
        for index in range(top, top + 40):
            rows.row(index)
    assert time.process_time() - begun < 0.6  # a pass over all of it takes ten times that


def test_hits_are_marked_where_they_stand_also_behind_tabs_and_over_the_end_of_a_row() -> None:
    rows = TextRows("\tab needle\nneedleneedle")
    rows.arrange(9, is_wrapped=True)
    (found,) = occurrences(Needle.typed("needle"), rows.text)
    rows.hits = (found.starts, found.ends)
    shown = [row for index in all_rows(rows) if (row := rows.row(index)) is not None]
    marked = [(row.text[start:end], number) for row in shown for start, end, number in row.hits]
    assert marked == [("needle", 0), ("needle", 1), ("nee", 2), ("dle", 2)]


@pytest.mark.parametrize("wanted", ["aba", "ABA", "é", "/a+b/", "/^b/"])
def test_every_place_is_found_whatever_the_pieces(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)
    content = "".join(chance.choice("aabbé\n") for _ in range(400))
    expected = [list(found.starts) for found in occurrences(Needle.typed(wanted), content)]
    monkeypatch.setattr(finding, "PIECE", 7)
    monkeypatch.setattr(finding, "REGEX_PIECE", 64)
    starts = [start for found in occurrences(Needle.typed(wanted), content) for start in found.starts]
    assert starts == [start for some in expected for start in some]
    assert starts or wanted == "ABA"


def test_looking_ends_after_so_many_places_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 5)
    found = list(occurrences(Needle.typed("a"), "a" * 9))
    assert (sum(len(some.starts) for some in found), found[-1].is_more) == (5, True)


@pytest.mark.long
def test_a_regular_expression_that_never_ends_is_given_up() -> None:
    with pytest.raises(TooSlow):
        list(occurrences(Needle.typed("/(a+)+$/"), "a" * 40 + "b"))


# ---------------------------------------------------------------- JSON

VALUE = {"role": "user", "parts": [{"text": "a needle\n" * 3}, '{"inner": "needle"}'], "needle": None, "n": 17}


def row_text(rows: JsonRows, hit: JsonHit) -> str:
    pieces: list[Piece] = rows.pieces(rows.reveal(hit.path, hit.offset), 60)
    return "".join(part for part, _ in pieces)


def hits_of(value: object, wanted: str) -> list[JsonHit]:
    return [hit for some in json_hits(value, Needle.typed(wanted)) for hit in some]


@pytest.mark.parametrize("braces", [True, False])
def test_hits_in_json_open_what_hides_them(braces: bool) -> None:
    hits = hits_of(VALUE, "needle")
    rows = JsonRows(VALUE, braces=braces, open_rows=0)
    rows.count(60)
    assert len(hits) == 5
    assert all("needle" in row_text(rows, hit) for hit in hits)
    assert '"inner"' in row_text(rows, hits[3]) or "inner" in row_text(rows, hits[3])


def test_a_number_and_a_key_are_found_and_a_regular_expression_counts_values() -> None:
    assert hits_of(VALUE, "17") == [JsonHit((3,))]
    assert len(hits_of(VALUE, "/need?le/")) == 3


def test_a_hit_deep_in_a_long_text_shows_all_of_it() -> None:
    value = {"text": "x " * 60_000 + "needle"}
    rows = JsonRows(value, braces=True, open_rows=0)
    rows.count(60)
    (hit,) = hits_of(value, "needle")
    assert "needle" in row_text(rows, hit)


def test_a_very_deep_value_is_searched() -> None:
    value: object = "needle"
    for _ in range(5_000):
        value = [value]
    (hit,) = hits_of(value, "needle")
    assert len(hit.path) == 5_000


# ---------------------------------------------------------------- on the screen


async def shown(pilot: Pilot[object], value: object) -> ViewerScreen:
    app = pilot.app
    assert isinstance(app, TracetuiApp)
    screen = ViewerScreen(app.session, app.main.facts, of_value(value))
    await app.push_screen(screen)
    await settled(pilot)
    return screen


async def test_a_hostile_text_is_searched_and_shown_without_a_control_character(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        screen = await shown(pilot, f"{HOSTILE}\nneedle one\nNeedle two {HOSTILE}" + "\nend" * 100)
        await press(pilot, "slash", *"needle")
        assert screen.looking.words() == "1 of 2"
        await press(pilot, "enter", "n")
        assert "2 of 2" in lines(pilot)[1]
        assert controls(text(pilot), "\n") == []
        await press(pilot, "colon", "9", "9", "enter", "w")
        assert controls(text(pilot), "\n") == []
        await press(pilot, "escape", "escape")
        assert not isinstance(pilot.app.screen, ViewerScreen)


async def test_json_is_searched_folded_and_shown_as_text(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (100, 30)) as pilot:
        screen = await shown(pilot, json.dumps({"outer": [{"inner": ["x"] * 300 + ["needle"]}]}))
        await press(pilot, "slash", *"needle", "enter")
        assert screen.looking.words() == "1 of 1"
        assert any(line.startswith("▌") and '"needle"' in line for line in lines(pilot))
        await press(pilot, "v")
        assert any('{"outer"' in line for line in lines(pilot))


async def test_all_of_a_cut_text_is_one_key_away_from_the_detail(tmp_path: Path) -> None:
    record = {"type": "log", "message": "word " * 5_000}
    (tmp_path / "x.jsonl").write_text(json.dumps(record) + "\n" + json.dumps(record) + "\n")
    async with opened(make_app([tmp_path]), (120, 40)) as pilot:
        app = pilot.app
        assert isinstance(app, TracetuiApp)
        await press(pilot, "tab", "V")
        assert isinstance(app.screen, ViewerScreen)
        assert not app.screen.header.progress


async def test_the_title_of_the_viewer_names_the_span_and_the_run(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "support_bot.jsonl"])) as pilot:
        app = pilot.app
        assert isinstance(app, TracetuiApp)
        await press(pilot, "j", "j", "enter", "V")
        await settled(pilot)
        store = app.session.store
        span = app.main.selection.rows[0]
        assert span is not None
        title = lines(pilot)[1]
        assert f" of {store.strings[store.spans.name[span]]}, " in title
        assert store.runs[0].name in title


async def test_a_models_prompt_is_copied_from_the_tree_with_one_key(native_traces: Path) -> None:
    app = make_app([native_traces / "support_bot.jsonl"])
    async with opened(app) as pilot:
        await press(pilot, "j", "j", "y")
        assert "the newest user message, 24 B" in lines(pilot)[0]


def test_a_text_that_is_clean_is_shown_as_it_is() -> None:
    assert cleaned("plain") == "plain"
    assert cleaned("a\r") == "a"


async def test_keys_that_come_while_another_look_is_made_find_a_whole_one(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        screen = await shown(pilot, json.dumps({"a": ["x"] * 100}))
        for turns, keys in ((1, "vv"), (2, "vvnv"), (3, "vnv"), (5, "vnv")):  # wherever the change of look is by then
            await press(pilot, "slash", "x", "enter")
            for key in keys:
                pilot.app.post_message(Key(key, key))
                for _ in range(turns):
                    await asyncio.sleep(0)
            await settled(pilot)
            assert len(screen.pane.query(LineView)) == 1

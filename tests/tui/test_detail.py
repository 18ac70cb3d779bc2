"""The detail: what it says of a span, an event and a run, and how it folds, follows and copies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.plain_bodies import World
from tests.tui.helpers import lines as screen_lines
from tests.tui.helpers import make_app, opened, press
from tracetui.core.model import ABSENT, Clock, ErrorInfo, EventDetail, Flag, Message, SpanDetail, Status, Usage
from tracetui.core.symbols import ASCII
from tracetui.core.testing import EPOCH, SECOND, build_run
from tracetui.core.text import cell_width
from tracetui.tui.presentation.conversation import messages
from tracetui.tui.presentation.detail import Look, Section, breadcrumb, tab_at, tab_row, title_row
from tracetui.tui.presentation.overview import attributes, grouped, overview
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.span_facts import Neighbour, SpanFacts, span_facts
from tracetui.tui.presentation.traceback import traceback_rows
from tracetui.tui.session import Session
from tracetui.tui.taken import Source
from tracetui.tui.widgets.detail import Detail
from tracetui.tui.widgets.detail_blocks import stack_of
from tracetui.tui.widgets.span_reading import SpanReading

HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]\u202e\u009b2J[/]\n[@click=app.quit]x"
TRACEBACK = """Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/runners.py", line 118, in run
    return self._loop.run_until_complete(task)
  File "/usr/lib/python3.11/asyncio/base_events.py", line 686, in run_until_complete
  File "/srv/agent/research/readers.py", line 57, in read
    return await self.fetch(url)
           ^^^^^^^^^^^^^^^^^^^^^
  File "/srv/agent/research/fetch.py", line 88, in fetch_page
    body = await client.get(url, timeout=30)
  File "/srv/venv/site-packages/httpx/_client.py", line 1768, in get
    return x
  File "/srv/venv/site-packages/httpx/_client.py", line 1540, in request
  File "/srv/venv/site-packages/httpcore/_sync.py", line 9, in handle
  File "/srv/venv/site-packages/httpcore/_sync.py", line 10, in read
TimeoutError: upstream timed out after 30 s
"""
FACTS = SpanFacts(
    "tool",
    "fetch_page",
    Status.error,
    ("research_agent", "gather_sources", "reader_2"),
    SpanDetail(
        "3f2a77aa00bb91c4",
        input={"url": "https://timber-db.example", "timeout_s": 30},
        error=ErrorInfo("upstream timed out after 30 s", "TimeoutError", TRACEBACK),
    ),
    cause=(1, 3),
    is_first_cause=True,
    recovered=False,
    start=EPOCH + 124 * SECOND,
    end=EPOCH + 215 * SECOND,
    own=91 * SECOND,
    run_start=EPOCH,
    run_duration=761 * SECOND,
    retries=2,
    attempts=(30 * SECOND, 30_100_000_000, 30_200_000_000),
    before=Neighbour("llm", "extract_facts", Status.ok, 66 * SECOND),
)
LOOK = Look(54, tz=UTC)


def lines(sections: list[Section], look: Look = LOOK) -> list[str]:
    stack = stack_of(sections, look, {}, {})
    return [text_of(stack.row(index, look.width, "")) for index in range(stack.count(look.width))]


def text_of(row: list[Piece]) -> str:
    return "".join(text for text, _ in row).rstrip()


def span(**changes: object) -> SpanFacts:
    return replace(SpanFacts("llm", "critic", Status.ok, start=EPOCH, end=EPOCH + SECOND), **changes)  # type: ignore[arg-type]


def label(name: str, facts: SpanFacts, look: Look = LOOK) -> str:
    return next((line[10:] for line in lines(overview(facts, look), look) if line.startswith(name.ljust(10))), "")


# ---------------------------------------------------------------- overview


def test_a_failed_span_begins_with_its_status_and_message() -> None:
    assert lines(overview(FACTS, LOOK))[:9] == [
        "",
        "✗ error  TimeoutError              first cause  1 of 3",
        "  upstream timed out after 30 s",
        "  attempt 3 of 3, not recovered",
        "",
        "time      1m31s   own 1m31s   12% of the run",
        "started   +2m04s   2026-01-01 00:02:04.000",
        "attempts  30.0s  30.1s  30.2s  ↻2",
        "",
    ]


def test_in_few_rows_what_belongs_together_shares_a_line() -> None:
    look = Look(78, compact=True, tz=UTC)
    assert lines(overview(FACTS, look), look)[:4] == [
        "✗ error  TimeoutError: upstream timed out after 30 s       first cause  1 of 3",
        "  attempt 3 of 3, not recovered   1m31s  own 1m31s  12% of the run  +2m04s",
        "Traceback " + "─" * 68,
        "  research/readers.py:57 in read         return await self.fetch(url)",
    ]


def test_a_message_is_shown_whole_and_its_type_once() -> None:
    facts = span(status=Status.error, detail=SpanDetail(error=ErrorInfo("ValueError: " + "word " * 30, "ValueError")))
    shown = lines(overview(facts, LOOK))
    assert shown[1] == "✗ error  ValueError"
    assert " ".join(" ".join(shown[2:6]).split()) == "word " * 29 + "word"


def test_a_failure_without_words_says_so() -> None:
    assert "  failed without a message" in lines(overview(span(status=Status.error), LOOK))


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (None, "–  not recorded"),
        (Usage(), "–  not recorded"),
        (Usage(3_571, 74, 3_645, cached=32), "3,645  in 3,571 (cached 32)  out 74"),
        (Usage(3_571, 74, reasoning=12), "~3,645  in 3,571  out 74 (reasoning 12)"),
        (Usage(4_790), "≥4,790  in 4,790  out –"),
        (Usage(0, 0, 0), "0  in 0  out 0"),
    ],
)
def test_tokens_are_exact_and_a_missing_figure_is_said_to_be(usage: Usage | None, words: str) -> None:
    assert label("tokens", span(usage=usage)) == words


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (None, "–  not recorded"),
        (Usage(cost_usd=0.00312), "$0.00312  recorded"),
        (Usage(cost_usd=0), "$0.00  recorded"),
    ],
)
def test_cost_says_where_it_comes_from(usage: Usage | None, words: str) -> None:
    assert label("cost", span(usage=usage)) == words


def test_an_open_span_shows_its_age_and_waits_for_figures() -> None:
    facts = span(status=Status.open, end=None, newest=EPOCH + 12 * SECOND, waited=2 * SECOND)
    assert lines(overview(facts, LOOK))[1] == "● open  14.0s"
    assert [label("tokens", facts), label("cost", facts)] == ["–  until it ends", "–  until it ends"]


def test_a_span_without_times_says_so() -> None:
    assert label("time", span(start=None, end=None)) == "–  not recorded"


def test_marks_are_explained_in_words() -> None:
    look = Look(100, tz=UTC)
    facts = span(flags=int(Flag.parent_inferred), usage=Usage(1, 2), clock=Clock.assumed)
    shown = lines(overview(facts, look), look)
    assert "~ worked out here: parent (by time), zone (yours is assumed), total (in + out)" in shown


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.ok, "none recorded"),
        (Status.error, "none: the span failed before it returned"),
        (Status.open, "none yet: the span is open"),
        (Status.skipped, "none: the span was skipped"),
    ],
)
def test_a_missing_output_is_explained(status: Status, words: str) -> None:
    shown = lines(overview(span(status=status), LOOK))
    assert shown[next(i for i, line in enumerate(shown) if line.startswith("Output")) + 1] == words


def test_a_recorded_null_is_an_output() -> None:
    shown = lines(overview(span(detail=SpanDetail(output=None)), LOOK))
    assert shown[next(i for i, line in enumerate(shown) if line.startswith("Output")) + 1] == "null"


def test_json_in_a_text_is_parsed_and_said_to_be() -> None:
    shown = "\n".join(lines(overview(span(detail=SpanDetail(output='{"a": 1}')), LOOK)))
    assert "JSON in text, parsed  1 key" in shown
    assert '{\n  "a": 1\n}' in shown


def test_a_long_text_shows_its_beginning_and_how_much_there_is() -> None:
    shown = lines(overview(span(detail=SpanDetail(output="word " * 2_000)), LOOK))
    assert "10,000 characters, enter shows all" in shown


def test_a_body_that_is_gone_says_so_and_how_to_go_on() -> None:
    shown = lines(overview(span(problem="gone"), LOOK))
    assert "✗ changed on disk: this body is gone  r read again" in shown
    assert not any(line.startswith(("Input", "Output")) for line in shown)


def test_the_end_of_a_conversation_replaces_the_input_that_repeats_it() -> None:
    said = [Message("system", "be brief"), Message("user", "hello"), Message("assistant", "hi")]
    detail = SpanDetail(input=[{"role": "user", "content": "hello"}], output="hi", messages=said)
    shown = lines(overview(span(detail=detail), LOOK))
    assert [line.split(" ─")[0] for line in shown if line.startswith(("Mess", "Input", "Output"))] == ["Messages"]
    assert "be brief" not in "".join(shown)


@pytest.mark.parametrize("width", [24, 54, 78, 118])
@pytest.mark.parametrize("compact", [False, True])
def test_no_row_is_wider_than_the_pane(width: int, compact: bool) -> None:
    look = Look(width, compact, tz=UTC)
    facts = replace(
        FACTS, detail=replace(FACTS.detail, logs=["漢字" * 90]), usage=Usage(1, 2, cached=3, cost_usd=1 / 3)
    )
    rows = [*lines(overview(facts, look), look), text_of(title_row(facts, look)), *lines(attributes(facts, look), look)]
    assert max(map(cell_width, rows)) <= width


def test_hostile_text_reaches_no_row() -> None:
    detail = SpanDetail(
        HOSTILE, HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, HOSTILE * 9,
        ErrorInfo(HOSTILE, HOSTILE, TRACEBACK + f'  File "{HOSTILE}", line 1, in x\n    {HOSTILE}\n' + HOSTILE),
        {HOSTILE: HOSTILE, f"a.{HOSTILE}": 1, "a.b": [HOSTILE], "a.c": {}},
        [Message(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)]), Message("tool", HOSTILE, tool_name=HOSTILE)], [HOSTILE],
    )  # fmt: skip
    facts = SpanFacts(
        "tool",
        HOSTILE,
        Status.error,
        (HOSTILE, HOSTILE),
        detail,
        model=HOSTILE,
        before=Neighbour("llm", HOSTILE, Status.ok, 1),
    )
    for look in (LOOK, Look(118, tz=UTC), Look(78, compact=True)):
        shown = lines([*overview(facts, look), *messages(detail.messages, look), *attributes(facts, look)], look)
        assert all(line.isprintable() for line in [*shown, text_of(title_row(facts, look))])


def test_ascii_sends_only_ascii() -> None:
    look = replace(LOOK, symbols=ASCII)
    facts = replace(FACTS, usage=Usage(1, 2), flags=int(Flag.start_inferred))
    shown = lines([*overview(facts, look), *attributes(facts, look)], look)
    assert all(line.isascii() for line in [*shown, text_of(title_row(facts, look)), breadcrumb("abc" * 20, 20, ASCII)])


# ---------------------------------------------------------------- the parts


def test_a_traceback_shows_own_frames_and_counts_those_of_libraries() -> None:
    assert [text_of(row) for row in traceback_rows(TRACEBACK, 60)] == [
        "  asyncio/runners.py:118 run",
        "  asyncio/base_events.py:686 run_until_complete",
        "  research/readers.py:57 in read",
        "      return await self.fetch(url)",
        "  research/fetch.py:88 in fetch_page",
        "      body = await client.get(url, timeout=30)",
        "  httpx/_client.py:1768 get   +3 library frames",
        "  TimeoutError: upstream timed out after 30 s",
    ]


def test_the_last_line_of_a_traceback_is_the_message_in_the_colour_of_errors() -> None:
    assert traceback_rows("goroutine 1 [running]:\nmain.main()\npanic: no", 60)[-1][-1] == ("panic: no", "status-error")


def test_a_breadcrumb_loses_its_start() -> None:
    assert breadcrumb(("research_agent", "gather_sources", "reader_2"), 30) == "… › gather_sources › reader_2"


TABS = [("Overview", None), ("Attributes", 9), ("Events", 0), ("Raw", 5)]


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (60, " Overview [Attributes 9] Events 0  Raw 5"),
        (36, " Overview [Attributes] Events  Raw"),
        (33, " Overview [Attributes] Events Raw"),
        (28, " Overview [Attributes] Raw …"),
        (24, " Overview [Attributes] …"),
        (16, "[Attributes] …"),
    ],
)
def test_tabs_lose_their_counts_and_then_each_other_but_never_letters(width: int, row: str) -> None:
    assert text_of(tab_row(TABS, 1, Look(width))) == row


def test_a_column_of_the_tabs_belongs_to_a_tab() -> None:
    assert [tab_at(TABS, 1, x, Look(60)) for x in (0, 9, 10, 24, 60)] == [0, 0, 1, 2, None]


def test_attributes_of_one_family_stand_under_its_name() -> None:
    value, groups = grouped({"gen_ai.a": 1, "x": 2, "gen_ai.b.c": 3, "http.z": 4, "gen_ai.d": 5, "resource": {"k": 6}})
    assert (list(value), value["gen_ai"], groups) == (
        ["x", "http.z", "gen_ai", "resource"],
        {"a": 1, "b.c": 3, "d": 5},
        frozenset(["gen_ai"]),
    )


def test_a_family_with_the_name_of_an_attribute_stays_apart() -> None:
    found: dict[str, object] = {"a.x": 1, "a.y": 2, "a.z": 3, "a": 4}
    assert grouped(found) == (found, frozenset())


def test_in_a_wide_pane_roles_stand_in_a_gutter() -> None:
    said = [Message("user", "Tell a joke"), Message("assistant", "", [("search", {"q": "joke"})])]
    look = Look(100)
    assert lines(messages(said, look), look) == ["", " user         Tell a joke", "", " assistant    ■ search  joke"]


def test_in_a_narrow_pane_the_role_has_a_line_of_its_own() -> None:
    assert lines(messages([Message("user", "42")], LOOK)) == ["", "user", "  42"]


# ---------------------------------------------------------------- facts

TREE = """
    agent planner 0..10
      tool search 1..3 error
        ! retry 2
      tool search 4..6
      llm write 5..9 tokens=10+2 cost=0.5 model=small
"""


def facts_of(world: World, name: str) -> SpanFacts:
    return span_facts(world.store, world.bodies, world.span(name), EPOCH)


def test_own_time_leaves_out_what_children_took_together() -> None:
    assert facts_of(World(TREE), "planner").own == 3 * SECOND


def test_facts_know_what_is_around_a_span() -> None:
    facts = facts_of(World(TREE), "search")
    assert (facts.before, facts.after, facts.same.count, facts.path) == (
        None,
        Neighbour("tool", "search", Status.ok, 2 * SECOND),
        1,
        ("planner",),
    )


def test_facts_know_attempts_causes_and_whether_it_was_recovered() -> None:
    facts = facts_of(World(TREE), "search")
    assert (facts.attempts, facts.cause, facts.recovered) == ((SECOND, SECOND), (1, 1), True)


def test_the_figures_of_a_call_are_its_own() -> None:
    facts = facts_of(World(TREE), "write")
    assert (facts.model, facts.usage) == ("small", Usage(10, 2, cost_usd=0.5))


def test_a_very_large_span_is_not_read_unasked() -> None:
    world = World(TREE)
    world.store.records.length[world.store.spans.first_record[world.span("search")]] = 9_000_000
    assert (facts_of(world, "search").problem, world.source.fetched) == ("large", [])


# ---------------------------------------------------------------- the widget


class Screen(App[None]):
    def __init__(self, world: World, **settings: object) -> None:
        super().__init__()
        session = Session(world.store, world.bodies, tz=UTC, now_ns=lambda: EPOCH, **settings)  # type: ignore[arg-type]
        self.detail = Detail(session, rest_s=0)

    def compose(self) -> ComposeResult:
        yield self.detail

    def on_mount(self) -> None:
        self.detail.focus()

    def lines(self) -> list[str]:
        return [self.detail.render_line(y).text.rstrip() for y in range(self.detail.size.height)]


@asynccontextmanager
async def shown(world: World, name: str, size: tuple[int, int] = (56, 40)) -> AsyncIterator[tuple[Screen, Pilot[None]]]:
    app = Screen(world)
    async with app.run_test(size=size) as pilot:
        app.detail.show_span(world.span(name))
        await pilot.pause()
        yield app, pilot


NESTED = SpanDetail(
    "abc", input={"query": {"words": ["steel", "timber"]}}, output="done", attributes={"a": 1, "b": "two"}
)


async def test_nothing_selected_is_said_in_words() -> None:
    app = Screen(World(TREE))
    async with app.run_test(size=(56, 20)):
        assert app.lines()[0] == " Nothing selected."


async def test_the_top_says_what_it_is_and_which_tabs_there_are() -> None:
    async with shown(World(TREE, NESTED), "search") as (app, _):
        assert app.lines()[:3] == [
            " ■ tool search" + " " * 38 + "abc",
            " planner",
            " [Overview] Attributes 2  Events 1  Raw 3",
        ]


async def test_keys_go_through_the_tabs_and_round() -> None:
    async with shown(World(TREE, NESTED), "search") as (app, pilot):
        seen = []
        for key in ("]", "]", "ctrl+right", "]", "["):
            await pilot.press(key)
            seen.append(app.detail.tab)
        assert seen == ["Attributes", "Events", "Raw", "Overview", "Raw"]


async def test_a_click_on_a_tab_shows_it() -> None:
    async with shown(World(TREE, NESTED), "search") as (app, pilot):
        await pilot.click(Detail, offset=(15, 2))
        assert app.detail.tab == "Attributes"


async def test_what_was_folded_stays_folded_while_one_looks_at_another_tab() -> None:
    async with shown(World(TREE, NESTED), "search") as (app, pilot):
        row = next(i for i, line in enumerate(app.lines()) if '"query": {' in line)
        app.detail.move_to(app.detail.top + row - 3)
        await pilot.press("space", "]", "[")
        assert any('"query": { words: [ "steel", "timber" ] }' in line for line in app.lines())
        assert app.lines()[row].startswith("▌")


async def test_another_span_begins_at_its_top_in_the_same_tab() -> None:
    world = World(TREE, NESTED)
    async with shown(world, "search", (56, 8)) as (app, pilot):
        await pilot.press("]", "G")
        app.detail.show_span(world.span("planner"))
        await pilot.pause()
        assert (app.detail.tab, app.detail.top) == ("Attributes", 0)


async def test_raw_shows_each_record_with_file_and_line() -> None:
    async with shown(World(TREE, NESTED), "search", (80, 40)) as (app, pilot):
        app.detail.show_tab("Raw")
        await pilot.pause()
        assert [line.split() for line in app.lines() if "made up.jsonl" in line] == [
            ["▌▾", "tool_start", "made", "up.jsonl:3", "100", "B"],
            ["▾", "retry", "made", "up.jsonl:4", "100", "B"],
            ["▾", "tool_end", "made", "up.jsonl:5", "100", "B"],
        ]


async def test_bytes_that_cannot_be_read_are_shown_with_escapes() -> None:
    world = World(TREE, NESTED)
    world.source.lines[2] = b'{"half\xff\x1b[2J'
    async with shown(world, "search") as (app, pilot):
        app.detail.show_tab("Raw")
        await pilot.pause()
        assert '   {"half\\xff␛[2J' in app.lines()


async def test_events_open_to_their_values() -> None:
    world = World(TREE, NESTED, lambda record: EventDetail("try again", {"after": "1s"}))
    async with shown(world, "search") as (app, pilot):
        app.detail.show_tab("Events")
        await pilot.press("enter")
        assert app.lines()[4:6] == ["▌▾ +2.0s    ↻ try again", '     after             "1s"']


async def test_a_gone_body_is_read_again_on_r() -> None:
    world = World(TREE, NESTED)
    world.source.is_gone = True
    async with shown(world, "search") as (app, pilot):
        before = "".join(app.lines())
        world.source.is_gone = False
        await pilot.press("r")
        assert "changed on disk" in before
        assert "changed on disk" not in "".join(app.lines())


def test_a_large_span_is_read_in_a_thread_and_once() -> None:
    world = World(TREE, NESTED)
    session = Session(world.store, world.bodies, tz=UTC, now_ns=lambda: EPOCH)
    reading = SpanReading(session, row := world.span("search"))
    records = world.store.records_of(row)
    before, work = reading.look(2_000_000, records), reading.work()
    assert (before.problem, world.source.fetched, work is None) == ("reading", [], False)
    assert reading.work() is None
    assert work is not None
    work()()
    after = reading.look(2_000_000, records)
    assert (after.problem, after.detail == world.bodies.span_detail(row), reading.work()) == ("", True, None)
    assert reading.look(2_000_000, [*records, 99]).detail is after.detail
    reading.forget()
    assert reading.look(2_000_000, records).problem == "reading"


async def test_a_very_large_span_is_parsed_on_enter() -> None:
    world = World(TREE, NESTED)
    world.store.records.length[world.store.spans.first_record[world.span("search")]] = 9_000_000
    async with shown(world, "search") as (app, pilot):
        row = next(i for i, line in enumerate(app.lines()) if "9.0 MB, enter parses all" in line)
        app.detail.move_to(row - 3)
        await pilot.press("enter")
        assert any('"query"' in line for line in app.lines())


async def test_a_change_elsewhere_does_not_touch_the_detail() -> None:
    world = World(TREE, NESTED)
    async with shown(world, "search") as (app, _):
        read = len(world.source.fetched)
        app.detail.apply_change(world.store.apply(build_run("tool other 1..2", run="another")))
        assert len(world.source.fetched) == read


async def test_the_end_of_an_open_span_is_shown_when_it_comes() -> None:
    world = World("agent planner 0..\n  tool search 1..")
    async with shown(world, "search") as (app, pilot):
        before = app.lines()[4]
        app.detail.apply_change(world.store.apply(build_run("agent planner 0..\n  tool search 1..4")))
        await pilot.pause()
        assert (before.split()[:3], app.lines()[4].split()) == (["▌●", "open", "0µs"], ["▌✓", "ok", "3.0s"])


async def test_a_span_that_grows_is_looked_at_no_more_than_once_a_second() -> None:
    world = World("agent planner 0..\n  tool search 1..")
    async with shown(world, "search") as (app, pilot):
        app.detail._rest_s = 3_600
        before = app.lines()[4]
        app.detail.apply_change(world.store.apply(build_run("agent planner 0..\n  tool search 1..4")))
        await pilot.pause()
        assert app.lines()[4] == before


async def test_another_height_shows_what_a_pane_opened_at_it_shows() -> None:
    world = World(TREE, FACTS.detail)
    async with shown(world, "search", (80, 9)) as (app, _):
        low = app.lines()
    async with shown(world, "search", (80, 30)) as (app, pilot):
        high = app.lines()
        await pilot.resize_terminal(80, 9)
        await pilot.pause()
        then = app.lines()
        await pilot.resize_terminal(80, 30)
        await pilot.pause()
        assert (then, app.lines()) == (low, high)


async def test_the_last_line_says_how_much_is_below() -> None:
    async with shown(World(TREE, NESTED), "search", (56, 10)) as (app, pilot):
        before = app.lines()[-1]
        await pilot.press("G")
        assert before.endswith(" more")
        assert not app.lines()[-1].endswith(" more")


def taken(source: Source | None) -> str:
    assert source is not None
    return source.take().text()


async def test_a_value_is_copied_as_recorded_and_a_record_as_written() -> None:
    world = World(TREE, replace(NESTED, attributes={"text": HOSTILE, "list": [1, {"a": None}]}))
    async with shown(world, "search") as (app, pilot):
        app.detail.show_tab("Attributes")
        await pilot.pause()
        text = taken(app.detail.selected_value())
        await pilot.press("j")
        assert (text, json.loads(taken(app.detail.selected_value()))) == (HOSTILE, [1, {"a": None}])
        assert taken(app.detail.selected_record()).splitlines()[0].rstrip() == '{"line": 2}'


@pytest.mark.parametrize("size", [(40, 40), (80, 9)])
async def test_the_line_of_an_error_is_copied_with_its_whole_message(size: tuple[int, int]) -> None:
    world = World(TREE, SpanDetail(error=ErrorInfo("no sources " * 30, "SourceError")))
    async with shown(world, "search", size) as (app, _):
        assert taken(app.detail.selected_value()) == "SourceError: " + "no sources " * 30


@pytest.mark.parametrize("width", [40, 100])
def test_rows_are_copied_whole_without_labels_and_rules_as_what_is_below(width: int) -> None:
    look = Look(width, tz=UTC)
    facts = replace(FACTS, model="m" * 80, usage=Usage(3, 4, cost_usd=0.5))
    stack = stack_of(overview(facts, look), look, {}, {})
    copied = {
        text_of(stack.row(row, width, "")).split(" ")[0]: stack.value(row)
        for row in reversed(range(stack.count(width)))
        if stack.row(row, width, "")
    }
    assert [copied[word] for word in ("time", "model", "cost", "Traceback", "Input", "Around", "before")] == [
        "1m31s",
        "m" * 80,
        "$0.50",
        TRACEBACK,
        FACTS.detail.input,
        "extract_facts",
        "extract_facts",
    ]


def test_an_open_span_whose_writer_is_gone_is_a_warning() -> None:
    facts = span(status=Status.open, end=None, newest=EPOCH + SECOND, given_up="writer gone")
    status = overview(facts, LOOK)[0].rows[0]
    assert [piece for piece in status if piece[0].strip()] == [
        ("● open", "status-warning bold"),
        ("1.0s", "status-warning"),
        ("  writer gone", "status-warning"),
    ]


async def test_an_open_span_of_a_killed_run_says_that_its_writer_is_gone(native_traces: Path) -> None:
    async with opened(make_app([native_traces / "market_watch.jsonl"], writers_run=False), (80, 24)) as pilot:
        await press(pilot, "G", "tab")
        assert any("● open" in line and "writer gone" in line for line in screen_lines(pilot)[13:])


def test_a_cost_has_no_digits_that_nobody_recorded() -> None:
    facts = span(usage=Usage(1, 2, cost_usd=0.04190000000000001))
    assert label("cost", facts) == "$0.0419  recorded"


async def test_a_run_says_what_it_is_and_where_it_lies() -> None:
    app = Screen(World(TREE))
    async with app.run_test(size=(70, 50)) as pilot:
        app.detail.show_run(0)
        await pilot.pause()
        shown_lines = [" ".join(line.split()) for line in app.lines()]
        assert {
            "format test",
            "spans 4 1 failed, 1 retries",
            "input 10 tokens",
            "cost $0.50 sum of what is recorded",
        } <= set(shown_lines)
        assert any("made up.jsonl" in line for line in shown_lines)


async def test_an_event_says_when_and_in_which_span() -> None:
    app = Screen(World(TREE, None, lambda record: EventDetail("try again", {"after": "1s"})))
    async with app.run_test(size=(70, 30)) as pilot:
        app.detail.show_event(0)
        await pilot.pause()
        assert [" ".join(line.split()) for line in app.lines()][:9] == [
            "↻ retry retry planner › search",
            "[Overview] Raw 1",
            "",
            "▌try again",
            "",
            "time +2.0s 2026-01-01 00:00:02.000",
            "type retry",
            "span search",
            "",
        ]


@pytest.mark.parametrize("size", [(30, 3), (40, 10), (56, 48), (80, 9), (118, 37)])
async def test_hostile_payloads_leave_every_tab_printable(size: tuple[int, int]) -> None:
    detail = SpanDetail(HOSTILE, HOSTILE, HOSTILE, input={HOSTILE: [HOSTILE]}, output=HOSTILE, logs=[HOSTILE])
    detail.error, detail.messages = ErrorInfo(HOSTILE, HOSTILE, HOSTILE), [Message(HOSTILE, HOSTILE)]
    detail.attributes = {HOSTILE: HOSTILE}
    world = World(TREE, detail, lambda record: EventDetail(HOSTILE, {HOSTILE: HOSTILE}))
    world.source.path = f"/{HOSTILE}\udcff"
    world.source.lines[2] = HOSTILE.encode()
    async with shown(world, "search", size) as (app, pilot):
        for _ in range(5):
            assert all(line.isprintable() for line in app.lines())
            await pilot.press("asterisk", "enter", "]")
        app.detail.show_run(0)
        await pilot.pause()
        assert all(line.isprintable() for line in app.lines())


async def test_the_selection_rests_before_the_detail_follows() -> None:
    world = World(TREE, NESTED)
    app = Screen(world)
    app.detail._rest_s = 3_600
    async with app.run_test(size=(56, 20)):
        app.detail.show_span(world.span("search"))
        app.detail.show_span(world.span("planner"))
        assert app.detail.shown == ("span", world.span("search"))


def test_an_absent_value_is_not_a_recorded_null() -> None:
    assert span().detail.output is ABSENT


async def test_a_maximised_detail_shows_what_one_opened_so_high_shows(native_traces: Path) -> None:
    path = native_traces / "research_agent.jsonl"
    async with opened(make_app([path]), (80, 24)) as pilot:
        await press(pilot, "e", "e")
        before = screen_lines(pilot)
        await press(pilot, "z", "tab")
        high = screen_lines(pilot)[2:22]
        await press(pilot, "z", "shift+tab")
        back = screen_lines(pilot)
    async with opened(make_app([path]), (80, 24)) as pilot:
        await press(pilot, "z", "tab", "shift+tab", "e", "e", "tab")
        fresh = screen_lines(pilot)[2:22]
    assert (high, back) == (fresh, before)

"""The span tree in a small app of its own: what it opens, selects, follows and repaints."""

from collections.abc import Awaitable, Callable
from datetime import UTC

import numpy as np
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.pilot import Pilot

from tracetui.core.batch import Batch, Growth
from tracetui.core.model import Clock, ErrorInfo, EventClass, Kind, SpanDetail, Status
from tracetui.core.operations import Begin, End, Operation, Record, RunFact, span_key
from tracetui.core.store import Change, Store
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.testing import EPOCH, SECOND, TickingClock, build_run
from tracetui.tui.messages import FollowChanged, Notice, PositionChanged, SpanSelected
from tracetui.tui.presentation.marks import Marks
from tracetui.tui.session import Session
from tracetui.tui.widgets.live_strip import LiveStrip
from tracetui.tui.widgets.span_tree import SpanTree

FAILED = """
agent research 0..100 error
  step plan 0..10
    llm outline 0..9 tokens=800+100 cost=0.01
    llm critique 1..9 tokens=100+20 cost=0.02
  step gather 10..80 error
    agent reader 10..20
      tool fetch 10..12
      tool fetch 12..14
    tool fetch_page 20..80 error
      ! retry 30
      ! retry 50
      ! error 80 type=TimeoutError
  step write 80..100 error
    llm section 80..100 error
  step publish skipped
"""
OVER = RunFact("run", records_end=True, status=Status.error, end=EPOCH + 100 * SECOND)
WELL = RunFact("run", records_end=True, status=Status.ok, end=EPOCH + 100 * SECOND)


class Shelf:
    """Bodies without a disk: what a span was about by its name."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[int] = []

    def name(self, row: int) -> str:
        return self.store.strings[self.store.spans.name[row]]

    def subject(self, row: int) -> str:
        self.asked.append(row)
        return f"about {self.name(row)}"

    def size_of(self, row: int) -> int:
        return 100

    def span_detail(self, row: int) -> SpanDetail:
        return SpanDetail(error=ErrorInfo("it went wrong", "SomeError"), attributes={"reason": "not needed"})

    def event_text(self, row: int) -> str:
        return f"TimeoutError: event {row}"


class TreeApp(App[None]):
    """A tree, the strip, and all that they say."""

    def __init__(self, session: Session, height: int | None = None) -> None:
        super().__init__()
        self.spans = SpanTree(session)
        self.strip = LiveStrip(session)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.spans
            yield self.strip

    def on_mount(self) -> None:
        self.spans.focus()

    def on_span_selected(self, message: SpanSelected) -> None:
        self.said.append(message)

    def on_follow_changed(self, message: FollowChanged) -> None:
        self.said.append(message)

    def on_position_changed(self, message: PositionChanged) -> None:
        self.said.append(message)

    def on_notice(self, message: Notice) -> None:
        self.said.append(message)

    def notices(self) -> list[str]:
        return [message.text for message in self.said if isinstance(message, Notice)]


class Scene:
    """An app under test with its store and clock."""

    def __init__(self, *batches: Batch, symbols=UNICODE) -> None:
        self.store = Store()
        self.clock = TickingClock(EPOCH + 200 * SECOND)
        for batch in batches:
            self.store.apply(batch)
        self.shelf = Shelf(self.store)
        self.session = Session(self.store, self.shelf, symbols=symbols, now_ns=self.clock, tz=UTC)  # type: ignore[arg-type]
        self.app = TreeApp(self.session)
        self.tree = self.app.spans
        self.pilot: Pilot[None] = None  # type: ignore[assignment]
        self.written = 100_000

    def lines(self) -> list[str]:
        region = self.tree.region
        strips = self.app.screen._compositor.render_strips()[region.y : region.bottom]
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def rows(self) -> list[str]:
        """The rows without what is pinned above them, and without blanks below."""
        shown = self.lines()[len(self.tree.pinned_rows(self.tree.size.width)) :]
        return [line for line in shown if line]

    def row(self, name: str) -> int:
        names = [self.shelf.name(row) for row in range(len(self.store.spans))]
        return names.index(name)

    def selected_name(self) -> str:
        identity = self.tree.selected
        if identity is None:
            return ""
        return self.shelf.name(identity[1]) if identity[0] == "span" else f"event {identity[1]}"

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def tell(self, *operations: Operation, complete: bool = False) -> Change:
        """More was written: apply it and tell the tree."""
        told: list[Operation] = []
        for operation in operations:
            told += [Record("run", type(operation).__name__, self.written, 50), operation]
            self.written += 51
        growth = Growth(self.written, self.clock.now, self.clock.now)
        change = self.store.apply(Batch(0, "test", operations=told, growth=growth, complete=complete))
        self.tree.apply_change(change)
        self.app.strip.apply_change(change)
        await self.pilot.pause()
        return change


def scene_of(
    batch: str | Batch, size: tuple[int, int] = (108, 40), **more: object
) -> Callable[..., Callable[[], Awaitable]]:
    """Run an async test of a scene with a run opened in it."""

    def decorate(body: Callable[[Scene], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            scene = Scene(build_run(batch, fact=OVER) if isinstance(batch, str) else batch, **more)
            async with scene.app.run_test(size=size) as pilot:
                scene.pilot = pilot
                await pilot.pause()
                scene.tree.show_run(0)
                scene.app.strip.show_run(0)
                await pilot.pause()
                await body(scene)

        run.__name__ = body.__name__
        return run

    return decorate


# ---------------------------------------------------------------- opening


@scene_of(FAILED)
async def test_a_failed_run_opens_at_its_first_cause(scene):
    assert scene.selected_name() == "fetch_page"
    assert any("fetch_page" in line and line.startswith("▌✗") for line in scene.rows())


@scene_of(FAILED)
async def test_the_first_cause_shows_its_error_event(scene):
    assert any(line.startswith(" ✗") and "TimeoutError: event" in line for line in scene.rows())


@scene_of(FAILED, size=(80, 9))
async def test_in_a_low_pane_only_the_path_to_the_first_cause_is_open(scene):
    shown = "\n".join(scene.rows())
    assert "fetch_page" in shown
    assert "outline" not in shown


@scene_of(build_run("agent a 0..10\n  tool b 1..2", fact=WELL))
async def test_a_run_that_went_well_opens_at_its_root(scene):
    assert scene.selected_name() == "a"


@scene_of(
    build_run("agent a 0..\n  step b 1..\n    tool c 2..\n  tool d 1..2", growth=Growth(1, EPOCH, EPOCH + 195 * SECOND))
)
async def test_a_running_run_follows_its_newest_open_span(scene):
    assert scene.tree.following
    assert scene.selected_name() == "c"


@scene_of(FAILED)
async def test_opening_says_what_is_selected_and_that_no_user_did_it(scene):
    selected = [message for message in scene.app.said if isinstance(message, SpanSelected)]
    assert [(message.span_row, message.by_user) for message in selected] == [(scene.row("fetch_page"), False)]


async def test_a_run_that_is_read_later_opens_at_its_first_cause_then():
    scene = Scene(build_run("", fact=OVER, complete=False))
    async with scene.app.run_test(size=(108, 40)) as pilot:
        scene.pilot = pilot
        await pilot.pause()
        scene.tree.show_run(0)
        change = scene.store.apply(build_run(FAILED, fact=OVER))
        scene.tree.apply_change(change)
        await pilot.pause()
        assert scene.selected_name() == "fetch_page"


@scene_of("agent a 0..10\n" + "\n".join(f"  tool t{number} 1..2" for number in range(50)), size=(80, 14))
async def test_only_visible_rows_are_read_from_disk(scene):
    assert len(set(scene.shelf.asked)) <= 14


# ---------------------------------------------------------------- rows


@scene_of(
    "agent a 0..10\n  llm ask 0..10 tokens=800+100 cost=0.01\n    tool t 1..9\n      llm more 1..9 tokens=100+20 cost=0.02",
    size=(120, 14),
)
async def test_an_unfolded_call_shows_what_itself_used_and_a_folded_one_all_below_it(scene):
    def row(name):
        return next(line for line in scene.lines() if f" {name} " in line)

    assert "900" in row("ask")
    assert "$0.01" in row("ask")
    assert "1.0k" in row("a")  # what holds calls and has no figures shows their sum
    await scene.press("g", "down", "left")
    assert "1.0k" in row("ask")
    assert "$0.03" in row("ask")


@scene_of(FAILED)
async def test_the_run_is_said_in_words(scene):
    assert scene.lines()[0] == " ✗ error  run  1m40s  12 spans  2 causes  ≥1.0k tokens  ≥$0.03  at 00:00:00"


@scene_of(FAILED)
async def test_columns_have_headings_where_there_is_room(scene):
    assert scene.lines()[2].startswith("   name")


@scene_of(FAILED, size=(108, 13))
async def test_a_low_pane_has_no_headings(scene):
    assert not scene.lines()[1].startswith("   name")


@scene_of(FAILED)
async def test_a_folded_row_stands_for_what_it_hides(scene):
    await scene.press("A")
    while len(scene.rows()) > 1:
        await scene.press("A")
    (root,) = scene.rows()
    assert "✗2 ↻2 11" in root
    assert "✗" in root.split("$0.03")[1]


@scene_of(FAILED)
async def test_an_unfolded_row_has_only_its_own_retries(scene):
    row = next(line for line in scene.rows() if "fetch_page" in line)
    assert "↻2" in row
    assert "↻" not in next(line for line in scene.rows() if "gather" in line)


@scene_of(FAILED)
async def test_a_failed_leaf_says_its_error_and_a_skipped_one_why(scene):
    rows = scene.rows()
    assert "SomeError: it" in next(line for line in rows if "section" in line)
    assert "skipped: not needed" in next(line for line in rows if "publish" in line)


@scene_of(FAILED, symbols=ASCII)
async def test_in_ascii_nothing_else_is_drawn(scene):
    assert all(line.isascii() for line in scene.lines())


@scene_of("tool a\x1b[31m\u202eb 0..1\ntool \x1b]52;c;x\x07 0..1 error")
async def test_control_characters_of_names_never_reach_the_screen(scene):
    shown = "".join(scene.lines())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\x07" not in shown


@scene_of(build_run("! log 1\n! decision 2", fact=RunFact("run", records_end=False)))
async def test_a_run_without_spans_shows_its_events(scene):
    assert scene.lines()[0].startswith(" ? unknown  run  ~1.0s  2 events")
    assert [line[5] for line in scene.rows()] == ["¶", "→"]


@scene_of(build_run("! log\n! log", fact=RunFact("run", records_end=False, clock=Clock.order_only)))
async def test_a_run_without_times_is_in_order_and_says_so(scene):
    assert "no times: in order" in scene.lines()[0]
    assert len(scene.rows()) == 2


@scene_of(build_run("agent a 0..9", fact=WELL))
async def test_a_span_is_not_said_to_be_about_its_own_name(scene):
    scene.shelf.subject = lambda row: scene.shelf.name(row)
    scene.tree.show_run(0)
    await scene.pilot.pause()
    assert scene.rows()[0].count(" a ") == 1


@scene_of(build_run("\n".join(f"{' ' * depth}step s{depth} 0..9" for depth in range(1_500)), fact=WELL))
async def test_a_nesting_of_any_depth_is_drawn_with_its_depth_as_a_number(scene):
    await scene.press("A", "G")
    assert scene.selected_name() == "s1499"
    assert "1499   › step s1499" in scene.rows()[-1]


@scene_of(FAILED)
async def test_the_waterfall_can_be_taken_away(scene):
    before = next(line for line in scene.rows() if "gather" in line)
    assert "─" in before
    await scene.press("t")
    assert "─" not in next(line for line in scene.rows() if "gather" in line)


@scene_of("agent a 0..60\n  tool beside 0..20\n  tool longest 0..60")
async def test_work_beside_the_critical_path_is_drawn_thinner(scene):
    rows = scene.rows()
    assert "━" in next(line for line in rows if "beside" in line)
    assert "█" in next(line for line in rows if "longest" in line)


# ---------------------------------------------------------------- folding


@scene_of(FAILED)
async def test_left_folds_then_goes_to_the_parent(scene):
    await scene.press("left")
    assert not any("TimeoutError: event" in line for line in scene.rows())
    assert scene.selected_name() == "fetch_page"
    await scene.press("left")
    assert scene.selected_name() == "gather"


@scene_of(FAILED)
async def test_right_unfolds_then_goes_to_the_first_child(scene):
    await scene.press("g", "right")
    assert scene.selected_name() == "plan"


@scene_of(FAILED)
async def test_space_folds_and_unfolds(scene):
    before = scene.tree.row_count()
    await scene.press("g", "space")
    assert scene.tree.row_count() == 1
    await scene.press("space")
    assert scene.tree.row_count() == before


@scene_of(FAILED)
async def test_what_is_folded_away_gives_its_selection_to_its_ancestor(scene):
    while scene.tree.row_count() > 1:
        await scene.press("minus")
    assert scene.selected_name() == "research"


@scene_of(FAILED)
async def test_all_unfolds_everything_and_then_folds_it(scene):
    await scene.press("g", "left", "A")
    assert scene.tree.row_count() == 13
    await scene.press("A")
    assert scene.tree.row_count() == 1


@scene_of(FAILED)
async def test_a_star_unfolds_all_below_the_row(scene):
    await scene.press("A", "asterisk")
    assert scene.tree.row_count() == 13


@scene_of(FAILED)
async def test_the_path_leads_to_the_causes_only(scene):
    await scene.press("A", "P")
    names = " ".join(scene.rows())
    assert "section" in names
    assert "outline" not in names


# ---------------------------------------------------------------- jumps


@scene_of(FAILED, size=(80, 9))
async def test_the_next_cause_is_opened_and_the_search_wraps(scene):
    await scene.press("e")
    assert scene.selected_name() == "section"
    await scene.press("e")
    assert scene.selected_name() == "fetch_page"
    assert scene.app.notices() == ["wrapped: first cause again"]
    await scene.press("E")
    assert scene.selected_name() == "section"


@scene_of("agent a 0..10 error\n  tool b 1..2 error\n  tool c 3..4")
async def test_the_only_cause_is_said_to_be_that(scene):
    await scene.press("e")
    assert scene.app.notices() == ["the only cause"]
    assert scene.tree.data.is_only_failure(scene.tree.selected)
    assert not scene.tree.data.is_only_failure(("span", 0))


@scene_of(FAILED)
async def test_slow_spans_are_jumped_to_in_tree_order(scene):
    await scene.press("g", "s")
    slow = scene.selected_name()
    assert slow in ("outline", "critique", "fetch", "section", "fetch_page")


@scene_of(build_run("tool a 0..1", fact=WELL))
async def test_without_a_cause_the_key_says_so(scene):
    await scene.press("e")
    assert scene.app.notices() == ["nothing failed in this run"]


@scene_of(FAILED)
async def test_searching_marks_names_and_jumps_to_hits(scene):
    names = [scene.store.strings[name] for name in scene.store.spans.name]
    scene.tree.show_hits(Marks(("FETCH",), ignores_case=True), np.array(["fetch" in name for name in names]))
    assert scene.tree.next_hit(1)[1] == 3
    pieces = scene.tree.render_row(scene.tree.cursor, 108, False, False)
    assert ("fetch", "hit") in pieces


# ---------------------------------------------------------------- chips


@scene_of(FAILED)
async def test_a_chip_keeps_the_selected_row_selected(scene):
    scene.tree.set_chips({Kind.tool}, ())
    await scene.pilot.pause()
    assert scene.selected_name() == "fetch_page"
    assert not any("outline" in line for line in scene.rows())


@scene_of(FAILED)
async def test_a_chip_that_hides_the_selected_row_selects_its_nearest_ancestor(scene):
    scene.tree.set_chips({Kind.llm}, ())
    await scene.pilot.pause()
    assert scene.selected_name() == "research"


@scene_of(FAILED)
async def test_a_chip_of_events_shows_them_with_their_times(scene):
    scene.tree.set_chips((), {EventClass.retry})
    await scene.pilot.pause()
    assert sum("↻ TimeoutError: event" in line for line in scene.rows()) == 2
    assert all("↻2" not in line for line in scene.rows())


@scene_of(FAILED)
async def test_chips_that_hide_everything_say_how_many(scene):
    scene.tree.set_chips({Kind.guardrail}, ())
    await scene.pilot.pause()
    assert "No span matches.  Chips hide 12.  0 all" in "\n".join(scene.lines())


# ---------------------------------------------------------------- following


def live() -> Batch:
    return build_run("agent a 0..\n  tool b 1..2", growth=Growth(1, EPOCH, EPOCH + 199 * SECOND), complete=False)


def begun(name: str, second: int, parent: str = "0000000000000001") -> Begin:
    return Begin("run", f"{span_key(name):016x}", parent, name, Kind.tool, EPOCH + second * SECOND)


def ended(name: str, second: int) -> End:
    return End("run", f"{span_key(name):016x}", EPOCH + second * SECOND, Status.ok)


@scene_of(live())
async def test_new_rows_are_followed(scene):
    await scene.tell(begun("c", 3))
    assert scene.selected_name() == "c"
    await scene.tell(begun("d", 4))
    assert scene.selected_name() == "d"


@scene_of(live())
async def test_a_movement_lets_go_and_what_came_since_is_counted(scene):
    await scene.press("up")
    assert not scene.tree.following
    await scene.tell(begun("c", 3), begun("d", 4))
    await scene.tell(begun("e", 5))
    told = [message for message in scene.app.said if isinstance(message, FollowChanged)]
    assert [(message.on, message.new_count) for message in told] == [(True, 0), (False, 0), (False, 2), (False, 3)]
    assert scene.selected_name() == "a"


@scene_of(live())
async def test_the_wheel_lets_go(scene):
    scene.tree.scroll_rows(0)
    assert not scene.tree.following


@scene_of(live())
async def test_following_is_taken_back_by_its_key(scene):
    await scene.press("up")
    await scene.tell(begun("c", 3))
    await scene.press("F")
    assert scene.tree.following
    assert scene.selected_name() == "c"


@scene_of(FAILED)
async def test_a_run_that_is_over_is_not_followed(scene):
    await scene.press("F")
    assert not scene.tree.following
    assert scene.app.notices() == ["this run is over: nothing to follow"]


@scene_of(live())
async def test_following_ends_with_the_run(scene):
    await scene.tell(ended("a", 9), RunFact("run", status=Status.ok, end=EPOCH + 9 * SECOND), complete=True)
    assert not scene.tree.following


FAILED_END = (
    End("run", f"{span_key('c'):016x}", EPOCH + 8 * SECOND, Status.error),
    End("run", "0000000000000001", EPOCH + 9 * SECOND, Status.error),
    RunFact("run", records_end=True, status=Status.error, end=EPOCH + 9 * SECOND),
)


@scene_of(live())
async def test_a_run_that_fails_while_it_is_followed_is_shown_at_its_first_cause(scene):
    await scene.tell(begun("c", 3), begun("d", 4), ended("d", 5))
    await scene.tell(*FAILED_END)
    assert not scene.tree.following
    assert scene.selected_name() == "c"
    assert scene.app.notices() == ["run failed: e goes to the first cause"]


@scene_of(live())
async def test_a_run_that_fails_leaves_the_row_that_the_user_went_to(scene):
    await scene.tell(begun("c", 3))
    await scene.press("up")
    before = scene.selected_name()
    await scene.tell(*FAILED_END)
    assert scene.selected_name() == before
    assert scene.app.notices() == ["run failed: e goes to the first cause"]


@scene_of(live())
async def test_following_goes_to_what_came_last_where_only_the_root_is_open(scene):
    await scene.tell(begun("c", 3), ended("c", 4))
    await scene.press("home", "F")
    assert scene.tree.following
    assert scene.selected_name() == "c"


@scene_of(live())
async def test_the_selected_row_stays_selected_when_rows_come_before_it(scene):
    await scene.tell(begun("c", 3), begun("d", 4))
    await scene.press("up", "down")
    before = scene.selected_name()
    await scene.tell(begun("under_b", 5, parent="0000000000000002"))
    assert scene.selected_name() == before


@scene_of(live())
async def test_a_page_is_turned_when_the_newest_row_is_below_it(scene):
    for page in range(3):
        await scene.tell(*(begun(f"t{page}.{number}", 3 + 20 * page + number) for number in range(20)))
    assert scene.tree.cursor in scene.tree.visible_rows
    assert scene.tree.visible_rows.stop - scene.tree.cursor <= scene.tree.page_height


# ---------------------------------------------------------------- repainting


def painted(scene: Scene) -> list[tuple[int, int]]:
    """What the tree asks to be painted from now on: (line, lines)."""
    asked: list[tuple[int, int]] = []
    refresh = scene.tree.refresh

    def noted(*regions, **more):
        asked.extend((region.y, region.height) for region in regions)
        if not regions:
            asked.append((0, scene.tree.size.height))
        return refresh(*regions, **more)

    scene.tree.refresh = noted  # type: ignore[method-assign]
    return asked


@scene_of(live())
async def test_only_lines_that_look_different_are_painted_again(scene):
    await scene.press("g")
    await scene.tell(*(begun(f"t{number}", 3) for number in range(10)))
    asked = painted(scene)
    await scene.tell(begun("one_more", 3))
    assert asked
    assert sum(lines for _, lines in asked) <= 5


@scene_of(live())
async def test_a_second_repaints_ages_only(scene):
    await scene.tell(begun("c", 63), *(begun(f"t{number}", 64) for number in range(9)))
    await scene.tell(*(ended(f"t{number}", 64) for number in range(9)))
    await scene.press("g")
    asked = painted(scene)
    scene.clock.advance(1)
    scene.tree.tick()
    assert 1 <= sum(lines for _, lines in asked) <= 3


@scene_of(live())
async def test_a_second_without_other_digits_repaints_nothing(scene):
    await scene.tell(begun("c", 3))
    asked = painted(scene)
    scene.tree.tick()
    assert asked == []


@scene_of(live())
async def test_clocks_stop_a_minute_after_the_last_change(scene):
    scene.clock.advance(3_000)
    scene.tree.tick()
    asked = painted(scene)
    scene.clock.advance(1)
    scene.tree.tick()
    assert asked == []


@scene_of(FAILED)
async def test_a_move_paints_two_rows_and_where_one_is_in_the_run(scene):
    asked = painted(scene)
    await scene.press("up")
    assert sum(lines for _, lines in asked) == 3


# ---------------------------------------------------------------- the strip


@scene_of(live())
async def test_the_strip_says_what_is_open(scene):
    await scene.tell(begun("c", 3))
    assert scene.app.strip.display
    shown = "\n".join("".join(text for text, _ in line) for line in scene.app.strip._lines)
    assert "Open now" in shown
    assert "● a 3.0s › ■ c 0µs" in shown


@scene_of(FAILED)
async def test_of_a_finished_run_it_is_said_that_nothing_is_open_and_no_strip_is_shown(scene):
    scene.app.strip.toggle()
    await scene.pilot.pause()
    assert not scene.app.strip.display
    assert scene.app.notices() == ["no span is open: the run is over"]


@scene_of(live())
async def test_the_strip_closes_when_the_run_ends_even_if_it_was_asked_for(scene):
    await scene.tell(begun("c", 3))
    scene.app.strip.toggle()
    scene.app.strip.toggle()
    assert scene.app.strip.display
    await scene.tell(*FAILED_END)
    assert not scene.app.strip.display


# ---------------------------------------------------------------- time


@scene_of(FAILED)
async def test_the_line_over_the_run_marks_where_the_selected_row_begins(scene):
    def marked() -> int:
        line = scene.app.screen._compositor.render_strips()[scene.tree.region.y + 1]
        before = 0
        for segment in line:
            if segment.style is not None and segment.style.reverse:
                break
            before += segment.cell_length
        return before

    assert "1m40s" in scene.lines()[1]
    await scene.press("g")
    assert marked() == 5
    while scene.selected_name() != "section":
        await scene.press("j")
    assert marked() == 5 + 80 * (108 - 3 - 5 - 4) // 100


@scene_of(FAILED)
async def test_zooming_to_a_span_shows_its_time_and_the_same_key_all_of_it(scene):
    await scene.press("Z")
    assert scene.tree.window_text() == "17s–1m23s of 1m40s"
    assert any("fetch_page" in line and "█✗" in line for line in scene.rows())
    await scene.press("Z")
    assert scene.tree.window_text() == ""


@scene_of(FAILED)
async def test_each_run_keeps_the_part_that_it_shows(scene):
    await scene.press("I", "full_stop")
    shown = scene.tree.window_text()
    scene.tree.show_run(0)
    assert scene.tree.window_text() == shown != ""


@scene_of(
    build_run("agent a 0..\n  step b 1..\n    tool c 2..\n  tool d 1..2", growth=Growth(1, EPOCH, EPOCH + 195 * SECOND))
)
async def test_a_zoomed_window_goes_on_with_a_run_that_is_followed(scene):
    await scene.press("I", "I")
    before = scene.tree.data.axis.window
    scene.clock.advance(30)
    scene.tree.tick()
    assert scene.tree.following
    after = scene.tree.data.axis.window
    assert after.begin > before.begin
    assert after.length == before.length


@scene_of(FAILED)
async def test_panning_the_whole_time_says_that_all_is_shown(scene):
    await scene.press("comma")
    assert scene.app.notices()[-1] == "the whole time is shown: I zooms in"

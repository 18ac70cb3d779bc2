"""Header, chips, footer and rules as text: what goes first where width lacks."""

from collections import Counter

import pytest

from tracetui.core.model import EventClass, Kind, RunStatus
from tracetui.core.store import Run, Store
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.tui.arrangement import arrange
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.header import HeaderFacts, chip_line, footer_line, header_left, header_line
from tracetui.tui.presentation.pieces import spread
from tracetui.tui.session import Session
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.pane import rule

FACTS = HeaderFacts("traces/", Counter({RunStatus.running: 2, RunStatus.error: 5, RunStatus.stalled: 1}), 42)


def make_run() -> Run:
    run = Run(0, "run", "native")
    for kind, count in ((Kind.agent, 4), (Kind.llm, 38), (Kind.tool, 31), (Kind.retriever, 3), (Kind.step, 7)):
        run.kind_counts[kind] = count
    for cls, count in ((EventClass.decision, 6), (EventClass.log, 140), (EventClass.event, 5)):
        run.class_counts[cls] = count
    return run


def header(width: int, *right: str) -> str:
    forms = [[(text, "")] for text in right] or [[]]
    return plain(header_line(header_left(FACTS, UNICODE), forms, width, UNICODE))


def test_a_search_that_hides_runs_is_seen_in_their_number() -> None:
    facts = HeaderFacts("traces/", {}, 72, shown=2)
    assert plain(header_left(facts, UNICODE)[0]) == " tracetui  traces/  2 of 72 runs"


def test_the_header_counts_what_lives_and_what_failed() -> None:
    assert header(120).rstrip() == " tracetui  traces/  42 runs  ● 2 live  ✗ 5 failed  ◌ 1 stalled"


def test_the_header_gives_way_to_what_is_told_at_its_right() -> None:
    assert header(60, "a notice of thirty characters.").endswith("  a notice of thirty characters. ")
    assert header(60, "a notice of thirty characters.").startswith(" tracetui  ")


def test_before_a_run_is_read_the_header_says_that_it_reads() -> None:
    facts = HeaderFacts(path="traces/", counts={}, runs=0, is_reading=True)
    assert plain(header_left(facts, UNICODE)[0]) == " tracetui  traces/  reading…"


def test_the_header_fits_any_width() -> None:
    assert all(len(header(width, "something to tell")) <= width for width in range(40, 130))


def test_a_hostile_path_is_shown_as_pictures() -> None:
    facts = HeaderFacts("a\x1b[2Jb", Counter(), 0)
    assert "\x1b" not in plain(header_left(facts, UNICODE)[0])


def test_full_chips_have_words_and_counts() -> None:
    assert plain(chip_line(make_run(), {2}, 130, UNICODE)).startswith(" 1 ◆ agent 4 [2 ◇ llm 38] 3 ■ tool 31 ")


def test_chips_of_eighty_columns_have_no_blanks() -> None:
    assert (
        plain(chip_line(make_run(), set(), 80, UNICODE)).strip()
        == '1◆agent  2◇llm  3■tool  4▽retr  5›step  6→decision  7¶log  8"message  9∙other'
    )


@pytest.mark.parametrize("width", range(40, 200, 7))
def test_chips_fit_any_width(width: int) -> None:
    assert len(plain(chip_line(make_run(), {1, 7}, width, UNICODE))) <= width


def test_a_chip_that_is_on_takes_the_room_of_its_blanks() -> None:
    off, on = (plain(chip_line(make_run(), active, 130, UNICODE)) for active in (set(), {3}))
    assert len(off) == len(on)
    assert on.replace("[", " ").replace("]", " ") == off


def test_a_chip_without_members_is_muted() -> None:
    pieces = chip_line(make_run(), set(), 130, UNICODE)
    assert next(style for text, style in pieces if "message" in text) == "muted"


def test_the_footer_keeps_help_whatever_the_width() -> None:
    keys = [("e", "next cause"), ("enter", "detail"), ("space", "fold")]
    assert all(plain(footer_line(keys, [], width, UNICODE)).rstrip().endswith("? help") for width in range(20, 90))


def test_the_focused_rule_is_heavier() -> None:
    session = Session(Store(), bodies=None)  # type: ignore[arg-type]  # a rule shows no bodies
    assert plain(rule("Spans", [("row 1 of 3", "")], 40, True, session)) == "━ Spans ━━━━━━━━━━━━━━━━━━━ row 1 of 3 ━"
    assert plain(rule("Runs", [], 20, False, session)) == "─ Runs ─────────────"


def test_a_rule_without_room_for_its_right_end_leaves_it_out() -> None:
    session = Session(Store(), bodies=None, symbols=ASCII)  # type: ignore[arg-type]  # a rule shows no bodies
    assert plain(rule("Spans", [("row 1 of 3", "")], 16, True, session)) == "= Spans ========"


def test_what_follows_is_told_before_what_was_opened() -> None:
    line = HeaderLine(Session(Store(), bodies=None), FACTS)  # type: ignore[arg-type]  # a header shows no bodies
    line.follow, line.remark, line.unreadable = (False, 12, "run"), "newest failure opened", 2
    forms = [plain(form) for form in line._right_forms()]
    assert forms[0] == "+12 new  F to follow  newest failure opened  2 unreadable lines"
    assert forms[-3] == "+12 new  F to follow"


def test_spread_cuts_the_left_part_first() -> None:
    assert plain(spread([("a long left part", "")], [("right", "")], 12)) == "a lo…  right"


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((200, 50), ("runs", "spans", "detail")),
        ((120, 40), ("runs", "spans", "detail")),
        ((119, 40), ("spans", "detail")),
        ((80, 24), ("spans", "detail")),
        ((79, 24), ("spans",)),
        ((40, 10), ("spans",)),
        ((39, 10), ()),
        ((40, 9), ()),
    ],
)
def test_the_panes_follow_from_the_size(size: tuple[int, int], panes: tuple[str, ...]) -> None:
    assert arrange(*size, "spans", drawer=False, maximised=False, alone=False).panes == panes


def test_the_widths_of_the_panes_stay_within_their_limits() -> None:
    for width in range(120, 400):
        found = arrange(width, 40, "spans", drawer=False, maximised=False, alone=False)
        assert 25 <= found.runs_width <= 42
        assert 37 <= found.detail_width <= 70

"""The rows of the span tree, cell by cell, as the target pictures have them."""

import pytest

from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cell_width
from tracetui.tui.presentation.columns import span_columns
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import (
    EventRow,
    RunWords,
    SpanRow,
    empty_pieces,
    event_pieces,
    heading_pieces,
    merged,
    run_pieces,
    span_pieces,
)

SECOND = 1_000_000_000
FAILED = SpanRow(
    depth=3,
    kind="tool",
    name="fetch_page",
    about="timber-db.example/api/v2/products",
    lane="error",
    fold="open",
    tone="error",
    start=124 * SECOND,
    time=91 * SECOND,
    retries=2,
)


def line(pieces: list[Piece]) -> str:
    return "".join(text for text, _ in pieces)


def drawn(row: SpanRow, width: int, bar: str = "", *, selected: bool = False, symbols=UNICODE) -> str:
    pieces = span_pieces(row, [(bar, "")] if bar else [], span_columns(width), symbols, selected=selected, focused=True)
    return line(pieces).rstrip()


def style_of(pieces: list[Piece], text: str) -> str:
    return next(style for piece, style in pieces if text in piece)


def plain(row: SpanRow, width: int = 108, *, selected: bool = False, focused: bool = True) -> list[Piece]:
    return span_pieces(row, [], span_columns(width), UNICODE, selected=selected, focused=focused)


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("width", "start", "tokens", "cost", "bar"),
    [
        (140, 7, 6, 6, 26),
        (100, 7, 6, 6, 26),
        (99, 0, 6, 6, 20),
        (90, 0, 6, 6, 20),
        (89, 0, 6, 0, 18),
        (72, 0, 6, 0, 18),
        (71, 0, 0, 0, 17),
        (54, 0, 0, 0, 17),
        (53, 0, 0, 0, 10),
        (40, 0, 0, 0, 10),
        (39, 0, 0, 0, 0),
    ],
)
def test_the_width_of_the_pane_decides_the_columns(width, start, tokens, cost, bar):
    columns = span_columns(width)
    assert (columns.start, columns.time, columns.tokens, columns.cost, columns.bar) == (start, 6, tokens, cost, bar)


@pytest.mark.parametrize("width", range(30, 220))
def test_every_row_fits_its_pane_and_the_name_keeps_twelve_cells(width):
    columns = span_columns(width)
    bar = [("█" * columns.bar, "")]
    pieces = span_pieces(FAILED, bar, columns, UNICODE, selected=False, focused=True)
    assert cell_width(line(pieces)) <= width
    assert columns.name >= 12
    assert "fetch_page" in line(pieces)


def test_without_the_waterfall_its_cells_go_to_the_name():
    assert span_columns(108, waterfall=False).name == span_columns(108).name + 28


def test_a_run_without_times_has_neither_starts_nor_bars():
    columns = span_columns(108, times=False)
    assert (columns.start, columns.bar) == (0, 0)


# ---------------------------------------------------------------- rows as in the pictures


def test_the_selected_failure_of_picture_01():
    bar = "       ▐██✗"
    assert drawn(FAILED, 108, bar, selected=True) == (
        "▌✗       ▾ ■ tool fetch_page  timber-db.ex… ↻2   +2m04s   1m31s                         ▐██✗"
    )


def test_rows_of_picture_01():
    root = SpanRow(
        0, "agent", "research_agent", lane="error", fold="open", start=0, time=761 * SECOND, tokens=184_000, cost=0.42
    )
    assert drawn(root, 108, "─" * 26) == (
        " ✗ ▾ ◆ agent research_agent                           0  12m41s    184k   $0.42  ──────────────────────────"
    )
    section = SpanRow(
        2, "llm", "write_section", "3 of 3", "error", "closed", "error", start=668 * SECOND, time=91 * SECOND
    )
    assert drawn(section, 108).startswith(" ✗     ▸ ◇ llm write_section  3 of 3            +11m08s   1m31s")


def test_the_roll_ups_stand_at_the_right_end_of_the_name_column():
    row = SpanRow(2, "llm", "write_section", "3 of 3", "error", "closed", causes=1, spans=4, time=SECOND)
    assert drawn(row, 108).startswith(" ✗     ▸ ◇ llm write_section  3 of 3      ✗1 4")


def test_rows_of_picture_02_have_no_kind_words():
    row = SpanRow(0, "agent", "market_watch", lane="open", fold="open", tone="open", time=182 * SECOND)
    assert drawn(row, 56, "──────────────╌▸") == " ● ▾ ◆ market_watch             3m02s  ──────────────╌▸"


def test_rows_of_picture_03():
    row = SpanRow(0, "step", "gather_sources", lane="error", fold="open", time=371 * SECOND, tokens=98_200)
    assert drawn(row, 80, "──────────") == " ✗ ▾ › step gather_sources                     6m11s   98.2k  ──────────"


def test_the_same_in_ascii():
    row = SpanRow(0, "step", "gather_sources", lane="error", fold="open", time=371 * SECOND, tokens=98_200)
    assert drawn(row, 80, "----------", symbols=ASCII) == (
        " x - : step gather_sources                     6m11s   98.2k  ----------"
    )


def test_a_skipped_span_has_no_time_to_show():
    row = SpanRow(2, "step", "publish", "skipped: write_report failed", lane="skipped")
    assert drawn(row, 108) == " ○       › step publish  skipped: write_repor…                –"


def test_what_a_row_was_about_goes_first_when_room_lacks():
    row = SpanRow(0, "tool", "a_rather_long_name_of_a_tool_here", "argument", time=SECOND)
    assert "argument" not in drawn(row, 80)
    assert "a_rather_long_name_of_a_tool" in drawn(row, 80)


def test_an_address_keeps_its_host_and_its_last_part():
    row = SpanRow(0, "tool", "fetch", "https://doi.org/10.1016/j.conbuildmat/figures/2023.1", time=SECOND)
    assert "doi.org/…/" in drawn(row, 80)
    assert "2023.1" in drawn(row, 80)


def test_a_deep_row_shows_its_depth_as_a_number():
    assert "  14 ▾ ◇ llm deep" in drawn(SpanRow(14, "llm", "deep", fold="open", time=SECOND), 80)
    assert "100000 ▾ ◇ llm deep" in drawn(SpanRow(100_000, "llm", "deep", fold="open", time=SECOND), 80)


def test_marks_stand_in_front_of_figures_and_use_the_gap():
    row = SpanRow(0, "llm", "a", time=761 * SECOND, time_computed=True, tokens=98_200, tokens_partial=True)
    assert "~12m41s  ≥98.2k" in drawn(row, 80)


def test_a_worked_out_parent_is_marked_before_the_name():
    assert "◇ llm ~call" in drawn(SpanRow(1, "llm", "call", parent_computed=True, time=SECOND), 80)


def test_tokens_that_a_model_call_lacks_are_said_and_elsewhere_are_blank():
    assert drawn(SpanRow(0, "llm", "a", time=SECOND), 80).endswith("1.0s       –")
    assert drawn(SpanRow(0, "tool", "a", time=SECOND), 80).endswith("1.0s")


# ---------------------------------------------------------------- styles


def test_a_cause_is_red_in_its_time_only_and_in_the_lane():
    pieces = plain(FAILED)
    assert style_of(pieces, "1m31s") == "status-error"
    assert style_of(pieces, "fetch_page") == ""
    assert style_of(pieces, "✗") == "status-error"


def test_an_ancestor_of_a_failure_has_only_its_lane_red():
    pieces = plain(SpanRow(0, "agent", "reader", lane="error", fold="open", time=SECOND))
    assert style_of(pieces, "1.0s") == ""


def test_only_the_name_of_the_selected_row_is_reversed():
    pieces = plain(FAILED, selected=True)
    assert [text for text, style in pieces if style == "selected"] == ["fetch_page"]
    assert style_of(plain(FAILED, selected=True, focused=False), "fetch_page") == "beside"


def test_an_ancestor_kept_for_a_chip_is_muted_throughout():
    row = SpanRow(0, "agent", "reader", fold="open", time=SECOND, tokens=5, dim=True)
    assert {style for text, style in plain(row) if text.strip()} == {"muted"}


def test_sums_that_stand_for_hidden_rows_are_in_the_foreground():
    assert style_of(plain(SpanRow(0, "agent", "r", fold="closed", tokens=5, sums_shown=True)), " 5") == ""
    assert style_of(plain(SpanRow(0, "agent", "r", fold="open", tokens=5)), " 5") == "muted"


def test_a_search_hit_is_marked_within_the_name():
    pieces = plain(SpanRow(0, "tool", "fetch_page", hits=((0, 5),)))
    assert ("fetch", "hit") in pieces


def test_a_usual_row_has_at_most_eight_changes_of_style():
    row = SpanRow(2, "tool", "fetch_page", "a page", fold="closed", time=SECOND, tokens=5, cost=1.0, spans=3)
    assert len(plain(row)) <= 8
    assert len(plain(FAILED, selected=True)) <= 11


def test_blanks_join_what_stands_before_them():
    assert merged([("a", "muted"), ("  ", ""), ("b", "muted")]) == [("a  b", "muted")]
    assert merged([("a", "selected"), ("  ", ""), ("b", "muted")]) == [("a", "selected"), ("  b", "muted")]


# ---------------------------------------------------------------- events


def event(row: EventRow, width: int = 108, **more: bool) -> list[Piece]:
    return event_pieces(row, span_columns(width), UNICODE, **{"selected": False, "focused": True, **more})


def test_events_of_picture_01():
    retry = EventRow(4, "retry", "retry 1 of 3  after 30.0s · TimeoutError", cell=5)
    assert line(event(retry)) == ("             ↻ retry 1 of 3  after 30.0s · TimeoutError" + " " * 31 + "↻")
    error = EventRow(4, "error", "TimeoutError: upstream timed out after 30 s", cell=7)
    assert line(event(error)).startswith(" ✗           ✗ TimeoutError: upstream timed out after 30 s")


def test_the_text_of_an_event_runs_on_to_the_bar_column():
    pieces = event(EventRow(0, "log", "word " * 40, cell=0))
    assert line(pieces)[span_columns(108).bar_at] == "¶"
    assert line(pieces)[span_columns(108).bar_at - 3] == "…"


def test_an_event_keeps_within_the_bar_column_and_the_pane():
    for cell in (-5, 400):
        assert cell_width(line(event(EventRow(0, "log", "text", cell=cell)))) <= 108


def test_an_event_without_a_time_has_no_symbol_in_the_bar_column():
    assert line(event(EventRow(0, "log", "text"))).count("¶") == 1


def test_the_first_words_of_a_selected_event_are_reversed():
    pieces = event(EventRow(1, "retry", "retry 1 of 3  after 30.0s"), selected=True)
    assert [text for text, style in pieces if style == "selected"] == ["retry 1 of 3"]


# ---------------------------------------------------------------- pinned lines

RUN = RunWords(
    "error",
    "research_agent",
    time=761 * SECOND,
    spans=124,
    causes=3,
    tokens=184_000,
    cost=0.42,
    at="21:32:36",
)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (108, " ✗ error  research_agent  12m41s  124 spans  3 causes  184k tokens  $0.42  at 21:32:36"),
        (80, " ✗ error  research_agent  12m41s  124 spans  3 causes  184k tokens  $0.42"),
        (64, " ✗ error  research_agent  12m41s  124 spans  3 causes  $0.42"),
        (56, " ✗ error  research_agent  12m41s  3 causes  $0.42"),
        (45, " ✗ error  research_agent  12m41s  3 causes"),
    ],
)
def test_the_header_line_of_a_run_is_in_words_by_width(width, shown):
    assert line(run_pieces(RUN, width, UNICODE)) == shown


def test_a_long_name_of_a_run_is_cut_after_the_least_telling_figures_went():
    shown = line(run_pieces(RunWords("ok", "n" * 300, spans=1, at="21:32:36", tokens=5), 60, UNICODE))
    assert cell_width(shown) <= 60
    assert shown.startswith(" ✓ ok  nnnnnnnnnnnn")


def test_why_a_run_is_unfinished_is_shortened_before_it_goes():
    run = RunWords("unfinished", "market_watch", reason="writer gone, 4 open spans", time=171 * SECOND, cost=0.08)
    assert line(run_pieces(run, 55, UNICODE)) == " ◐ unfinished  market_watch  2m51s  writer gone"


def test_the_silence_of_a_running_run_is_a_warning():
    run = RunWords("running", "market_watch", reason="silent 12s")
    assert ("silent 12s", "status-warning") in run_pieces(run, 80, UNICODE)


def test_a_run_without_times_says_so():
    shown = line(run_pieces(RunWords("unknown", "flat", spans=0, no_times=True), 80, UNICODE))
    assert shown == " ? unknown  flat  no times: in order  0 spans"


def test_headings_stand_above_their_columns():
    assert line(heading_pieces(span_columns(108), "0     3m    6m    9m")) == (
        "   name                                  spans    start    time  tokens    cost  0     3m    6m    9m"
    )
    assert line(heading_pieces(span_columns(56), "0    1m   2m   3m")) == (
        "   name                          time  0    1m   2m   3m"
    )


def test_an_empty_tree_says_what_hides_its_rows():
    assert line(empty_pieces(38, 38)).strip() == "No span matches.  Chips hide 38.  0 all"

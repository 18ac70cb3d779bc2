"""The live strip as pieces, and the rates it says."""

import pytest

from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cell_width
from tracetui.tui.presentation import plain
from tracetui.tui.widgets.live_strip import (
    MOST_LINES,
    OpenSpan,
    Rates,
    Sample,
    Speed,
    rate_line,
    stack_lines,
    strip_rule,
)

SECOND = 1_000_000_000
STACK = [
    OpenSpan("agent", "market_watch", 182 * SECOND),
    OpenSpan("step", "assess_risk", 121 * SECOND),
    OpenSpan("agent", "second_opinion", 81 * SECOND),
    OpenSpan("llm", "critic", 14_200_000_000),
]


def test_the_strip_of_picture_02():
    assert plain(strip_rule(56, UNICODE)) == "─ Open now " + "─" * 41 + " p ─"
    assert [plain(line).rstrip() for line in stack_lines(STACK, 56, UNICODE)] == [
        " ● market_watch 3m02s › assess_risk 2m01s ›",
        "   second_opinion 1m21s › ◇ critic 14.2s",
    ]
    rates = Rates(0.3, 4_100, 2.10, 12 * SECOND)
    assert plain(rate_line(rates, UNICODE)) == " 0.3 events/s  4.1k tok/min  $2.10/h  silent 12s"


def test_only_the_innermost_span_is_bright():
    pieces = [piece for line in stack_lines(STACK, 56, UNICODE) for piece in line]
    assert ("14.2s", "status-open") in pieces
    assert [style for text, style in pieces if "market_watch" in text] == ["muted"]


def test_a_stack_that_is_too_deep_loses_its_start():
    deep = [OpenSpan("step", f"a_long_name_{number}", SECOND) for number in range(40)]
    lines = stack_lines(deep, 40, UNICODE)
    assert len(lines) == MOST_LINES
    assert plain(lines[0]).startswith(" ● … ")
    assert "a_long_name_39" in plain(lines[-1])


def test_every_line_of_a_stack_fits():
    wide = [OpenSpan("step", "n" * 300, SECOND), OpenSpan("llm", "漢字" * 100, None)]
    for width in range(20, 120):
        assert all(cell_width(plain(line)) <= width for line in stack_lines(wide, width, UNICODE))


def test_a_run_without_open_spans_says_so():
    assert [plain(line) for line in stack_lines([], 40, UNICODE)] == [" ● no span is open"]


def test_in_ascii_the_strip_is_ascii():
    assert all(plain(line).isascii() for line in stack_lines(STACK, 56, ASCII))


def test_short_silence_is_not_said():
    assert plain(rate_line(Rates(1.0, None, None, 9 * SECOND), UNICODE)) == " 1.0 events/s"


def test_figures_that_are_not_recorded_are_left_out():
    assert rate_line(Rates(None, None, None, None), UNICODE) == []


def test_rates_are_over_what_came_before_our_eyes():
    speed = Speed()
    speed.note(Sample(0, 100, 1_000, 1.0))
    speed.note(Sample(10 * SECOND, 120, 1_500, 1.1))
    rates = speed.rates(20 * SECOND, None, None)
    assert (rates.events, rates.tokens, round(rates.cost, 6)) == (1.0, 1_500, 18.0)


def test_rates_forget_what_is_older_than_a_minute():
    speed = Speed()
    for second in range(0, 200, 10):
        speed.note(Sample(second * SECOND, second, None, None))
    assert round(speed.rates(190 * SECOND, None, None).events, 6) == 1.0
    assert speed.rates(1_000 * SECOND, None, None).events < 0.1


def test_before_anything_was_seen_to_come_rates_are_those_of_the_whole_run():
    speed = Speed()
    speed.note(Sample(0, 100, 1_000, None))
    assert speed.rates(SECOND, None, Sample(50 * SECOND, 100, 1_000, None)) == Rates(2.0, 1_200, None, None)


def test_a_cost_that_is_worked_out_is_marked() -> None:
    assert plain(rate_line(Rates(None, None, 2.10, None, computed=True, partial=True), UNICODE)) == " ~≥$2.10/h"


def test_a_price_that_comes_later_is_no_spending_of_this_minute() -> None:
    speed = Speed()
    speed.note(Sample(0, 100, 1_000, None))
    speed.note(Sample(30 * SECOND, 120, 1_500, None))
    speed.price(Sample(31 * SECOND, 120, 1_500, 5.0))
    speed.note(Sample(40 * SECOND, 130, 1_600, 5.1))
    assert speed.rates(41 * SECOND, None, None).cost == pytest.approx(0.1 * 3_600 / 10)


def test_nothing_for_a_minute_is_a_rate_of_nothing() -> None:
    speed = Speed()
    speed.note(Sample(0, 100, 1_000, 1.0))
    speed.note(Sample(10 * SECOND, 120, 1_500, 1.1))
    assert speed.rates(200 * SECOND, None, None) == Rates(0.0, 0.0, 0.0, None)

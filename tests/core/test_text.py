import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size
from wcwidth import wcwidth

from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import (
    MARKS_IN_A_ROW,
    age,
    bytes_size,
    cell_width,
    clock_time,
    cost,
    cost_apart,
    cost_full,
    count,
    cut,
    duration,
    exact,
    fit,
    marked,
    offset,
    plain_ascii,
    rate,
    safe,
    share,
    tokens,
    wall_moment,
    wall_time,
    wall_time_full,
)

US, MS, S = 1_000, 1_000_000, 1_000_000_000
MINUTE, HOUR, DAY = 60 * S, 3_600 * S, 86_400 * S

PAYLOADS = [
    "\x1b]52;c;Y3VybCBldmlsfHNo\x07",
    "\x1b]0;title\x1b\\",
    "\x1b[2J",
    "\x1bP+q\x1b\\",
    "\x1b[6n",
    "\x9b31m",
    "\x90x\x9c",
    "\u202eevil\u202c",
    "\u200b\u2060\ufeff",
    "\x00\x07\x08\x0b\x0c\x7f",
    "\u2028\u2029\x85",
    "\U000e0041\U000e0001",
]
MARKS = ["\u0301", "\u200d", "\ufe0f", "\U0001f3fd", "\u093f", "\u1161", "\u094d", "\U000e0101"]
PIECES = ["a", "é", "漢", "👩", "❤", "🏳", "🇩", "1", "\t", "\n", "\r", "\ud800", "\uffff", "\x1b", "ශ", *MARKS]
any_text = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
)
safe_text = any_text.map(safe)


def forbidden(text: str) -> list[str]:
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [char for char in text if unicodedata.category(char) in bad and char != "\u200d"]


# ---------------------------------------------------------------- safe


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_no_control_sequence_passes(payload: str) -> None:
    assert forbidden(safe(f"before{payload}after")) == []
    assert safe(f"before{payload}after").startswith("before")


@given(any_text)
def test_no_forbidden_character_passes(text: str) -> None:
    assert forbidden(safe(text)) == []


@given(any_text)
def test_only_the_newline_passes_where_newlines_are_kept(text: str) -> None:
    assert forbidden(safe(text, newlines=True).replace("\n", "")) == []


@given(any_text, st.booleans())
def test_safe_text_stays_as_it_is(text: str, newlines: bool) -> None:
    once = safe(text, newlines)
    assert safe(once, newlines) == once


@given(any_text)
def test_safe_text_can_be_encoded(text: str) -> None:
    assert safe(text).encode().decode() == safe(text)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Grüße",
        "漢字かな",
        "mañana",
        "क्षि",
        "שלום",
        "👩‍❤️‍💋‍👩",
        "👍🏽",
        "🇩🇪",
        "1️⃣",
        "☕",
        "\ue0b0",
        "❤️",
        "한국어",
    ],
)
def test_ordinary_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb", "a b"),
        ("a\nb", "a␤b"),
        ("a\r\nb", "a␤b"),
        ("a\rb", "a␍b"),
        ("\x1b[31m", "␛[31m"),
        ("\x7f", "␡"),
        ("\x9b", "\ufffd"),
        ("\udc80", "\ufffd"),
        ("\u202e", "\ufffd"),
        ("soft\xadhyphen", "soft-hyphen"),
        ("\u0301", "◌\u0301"),
        ("a\u200db", "a\ufffdb"),
        ("ශ්\u200dරී", "ශ්රී"),
        ("x\U0001f3fd", "x\ufffd"),
    ],
)
def test_in_one_line(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\nb"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\rb", "a␍b"),
        ("a\tb\n\tc", "a   b\n    c"),
        ("a\n\u0301", "a\n◌\u0301"),
    ],
)
def test_in_several_lines(text: str, shown: str) -> None:
    assert safe(text, newlines=True) == shown


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_a_flood_of_marks_is_cut(mark: str) -> None:
    assert len(safe("a" + mark * 10_000 + "b")) <= MARKS_IN_A_ROW + 3


def test_joined_pictures_are_limited() -> None:
    assert safe("\u200d".join("👩" * 50)).count("\u200d") < 40


def test_plain_ascii_escapes_the_rest() -> None:
    assert plain_ascii("a–é\U0001f600") == "a\\u2013\\xe9\\U0001f600"


# ---------------------------------------------------------------- widths


@cache
def passing() -> list[str]:
    """Every character of Unicode that stays as it is."""
    return [char for char in map(chr, range(0x20, 0x110000)) if safe(char) == char]


@cache
def known() -> list[str]:
    """Those of them that this Python's Unicode has heard of, without private use, which is one cell everywhere."""
    return [char for char in passing() if unicodedata.category(char) not in ("Cn", "Co")]


def test_no_character_is_narrower_than_the_screen_measures_it() -> None:
    assert [char for char in passing() if cell_width(char) < get_character_cell_size(char)] == []


def test_widths_differ_from_the_screen_only_for_what_this_unicode_does_not_know() -> None:
    assert [char for char in known() if cell_width(char) != get_character_cell_size(char)] == []


def test_widths_are_those_of_wcwidth_except_for_the_letters_of_flags() -> None:
    differing = {char for char in known() if cell_width(char) != max(wcwidth(char), 0)}
    assert differing <= {chr(code) for code in range(0x1F1E6, 0x1F200)}


@given(safe_text)
def test_text_is_never_measured_narrower_than_by_the_screen(text: str) -> None:
    assert cell_width(text) >= cell_len(text)


@given(safe_text)
def test_text_without_the_emoji_style_is_measured_as_by_the_screen(text: str) -> None:
    text = safe(text.replace("\ufe0f", ""))
    if not any(unicodedata.category(char) == "Cn" for char in text):
        assert cell_width(text) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "cells"), [("漢字", 4), ("👩‍❤️‍💋‍👩", 2), ("🇩🇪", 2), ("1️⃣", 2), ("❤️", 2), ("e\u0301", 1), ("", 0)]
)
def test_cells_of(text: str, cells: int) -> None:
    assert cell_width(text) == cells


# ---------------------------------------------------------------- cutting


HOWS = ["end", "middle", "start", "path", "folders", "id"]


@given(safe_text, st.integers(-1, 30), st.sampled_from(HOWS), st.sampled_from([UNICODE, ASCII]))
def test_a_cut_never_needs_more_than_its_cells(text, cells, how, symbols) -> None:
    assert cell_width(cut(text, cells, how, symbols)) <= max(cells, 0)


@given(safe_text, st.integers(0, 30), st.sampled_from(HOWS), st.sampled_from(["left", "right"]))
def test_fitted_text_has_exactly_its_cells(text, cells, how, align) -> None:
    assert cell_width(fit(text, cells, how, align)) == cells


@given(safe_text, st.sampled_from(HOWS))
def test_what_fits_is_not_cut(text, how) -> None:
    assert cut(text, cell_width(text), how) == text


@pytest.mark.parametrize(
    ("text", "cells", "how", "shown"),
    [
        ("fetch_page_of", 10, "end", "fetch_pag…"),
        ("漢字漢字", 6, "end", "漢字…"),
        ("漢字漢字", 4, "end", "漢…"),
        ("漢字漢字", 5, "start", "…漢字"),
        ("a🇩🇪🇫🇷", 4, "end", "a🇩🇪…"),
        ("xe\u0301yz", 3, "end", "xe\u0301…"),
        ("👩‍❤️‍💋‍👩bcd", 4, "end", "👩‍❤️‍💋‍👩b…"),
        ("3f2a0123456791c4", 9, "id", "3f2a…91c4"),
        ("3f2a0123456791c4", 12, "id", "3f2a…91c4"),
        ("3f2a0123456791c4", 5, "id", "3f…c4"),
        ("https://doi.org/10.1016/j.engstruct/2023.1", 16, "path", "doi.org/…/2023.1"),
        ("https://doi.org/10.1016/2023.1", 22, "path", "doi.org/10.1016/2023.1"),
        ("research_agent/gather_sources/reader_2", 12, "path", "…/reader_2"),
        ("research/gather_sources/reader_2", 26, "path", "research/…/reader_2"),
        ("/usr/lib/python3/asyncio/runners.py", 21, "path", "…/asyncio/runners.py"),
        ("/usr/lib/python3/asyncio/runners.py", 21, "folders", "…/asyncio/runners.py"),
        ("folder/a_very_long_file_name", 9, "folders", "a_ve…name"),
        ("agent › step › tool", 8, "start", "…› tool"),
        ("anything", 1, "end", "…"),
        ("anything", 0, "end", ""),
    ],
)
def test_cut(text: str, cells: int, how, shown: str) -> None:
    assert cut(text, cells, how) == shown.replace("…› tool", "… › tool")


def test_the_mark_of_a_cut_follows_the_symbols() -> None:
    assert cut("fetch_page", 6, symbols=ASCII) == "fetch~"


# ---------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0µs"),
        (400, "<1µs"),
        (940 * US, "940µs"),
        (999_500, "1.0ms"),
        (3_100_000, "3.1ms"),
        (9_950_000, "10ms"),
        (247 * MS, "247ms"),
        (999_500_000, "1.0s"),
        (9_400 * MS, "9.4s"),
        (59_900 * MS, "59.9s"),
        (59_960 * MS, "1m00s"),
        (761 * S, "12m41s"),
        (3_599_500 * MS, "1h00m"),
        (125 * MINUTE, "2h05m"),
        (DAY - 1, "1d00h"),
        (76 * HOUR, "3d04h"),
        (100 * DAY, "100d"),
        (2**63, "292y"),
        (10**40, ">9999y"),
        (-1_200 * MS, "-1.2s"),
        (None, "–"),
    ],
)
def test_duration(ns: int | None, shown: str) -> None:
    assert duration(ns) == shown


def test_duration_in_ascii() -> None:
    assert duration(940 * US, ASCII) == "940us"


@pytest.mark.parametrize(
    ("ns", "shown"),
    [(0, "0"), (124 * S, "+2m04s"), (761 * S, "+12m41s"), (-S, "-1.0s"), (100 * MS, "+100ms"), (None, "–")],
)
def test_offset(ns: int | None, shown: str) -> None:
    assert offset(ns) == shown


@pytest.mark.parametrize(
    ("ns", "shown"), [(-S, "0s"), (12_900 * MS, "12s"), (130 * S, "2m10s"), (94 * MINUTE, "1h34m"), (None, "–")]
)
def test_age(ns: int | None, shown: str) -> None:
    assert age(ns) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (812, "812"),
        (1_204, "1.2k"),
        (98_200, "98.2k"),
        (99_950, "100k"),
        (184_000, "184k"),
        (999_500, "1.00M"),
        (1_240_000, "1.24M"),
        (9_995_000, "10.0M"),
        (12_400_000, "12.4M"),
        (99_950_000, "100M"),
        (10**10, "10B"),
        (10**30, ">999T"),
        (None, "–"),
    ],
)
def test_tokens(number: int | None, shown: str) -> None:
    assert tokens(number) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0, "$0"),
        (0.0004, "<$.001"),
        (0.008, "$.008"),
        (0.0095, "$0.01"),
        (0.02, "$0.02"),
        (0.125, "$0.13"),
        (12.4, "$12.40"),
        (99.995, "$100"),
        (124.4, "$124"),
        (999.5, "$1.0k"),
        (1_234.0, "$1.2k"),
        (99_950.0, "$100k"),
        (1e300, ">$999B"),
        (-0.02, "-$0.02"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (None, "–"),
    ],
)
def test_cost(usd: float | None, shown: str) -> None:
    assert cost(usd) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [(0.00312, "$0.00312"), (1234.5, "$1,234.50"), (0, "$0.00"), (1e-9, "$0.000000001"), (-2.0, "-$2.00"), (None, "–")],
)
def test_cost_full(usd: float | None, shown: str) -> None:
    assert cost_full(usd) == shown


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [(0.003, 0.0204, "$.017"), (0.02, 0.0299, "$0.01"), (0.02, 0.04, "$0.02"), (0.003, 2.0, "$2.00"), (0.1, None, "–")],
)
def test_costs_are_apart_by_what_the_smaller_one_is_told_to(one: float, other: float | None, shown: str) -> None:
    assert cost_apart(one, other) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (1_204, "1,204"), (9_999, "9,999"), (12_400, "12.4k"), (None, "–")]
)
def test_count(number: int | None, shown: str) -> None:
    assert count(number) == shown


@pytest.mark.parametrize(("number", "shown"), [(4_812, "4,812"), (12_345_678, "12,345,678"), (None, "–")])
def test_exact(number: int | None, shown: str) -> None:
    assert exact(number) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0.0"), (0.3, "0.3"), (0.01, "<0.1"), (9.95, "10"), (12.4, "12"), (4_100, "4.1k"), (None, "–")],
)
def test_rate(value: float | None, shown: str) -> None:
    assert rate(value) == shown


@pytest.mark.parametrize(
    ("part", "shown"), [(0, "0%"), (0.004, "<1%"), (0.12, "12%"), (0.125, "13%"), (1, "100%"), (None, "–")]
)
def test_share(part: float | None, shown: str) -> None:
    assert share(part) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(74, "74 B"), (9_400, "9.4 kB"), (9_950, "10 kB"), (999_950, "1.0 MB"), (140_000_000, "140 MB"), (None, "–")],
)
def test_bytes_size(number: int | None, shown: str) -> None:
    assert bytes_size(number) == shown


NOW = int(datetime(2026, 11, 20, 22, 0, tzinfo=UTC).timestamp()) * S


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 20, 21, 32, tzinfo=UTC), "21:32"),
        (datetime(2026, 11, 19, 21, 32, tzinfo=UTC), "Nov 19"),
        (datetime(2026, 1, 2, tzinfo=UTC), "Jan 2"),
        (datetime(2025, 11, 20, tzinfo=UTC), "2025-11"),
    ],
)
def test_wall_time(moment: datetime, shown: str) -> None:
    assert wall_time(int(moment.timestamp()) * S, NOW, UTC) == shown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 20, 21, 32, tzinfo=UTC), "21:32"),
        (datetime(2026, 11, 19, 21, 32, tzinfo=UTC), "Nov 19 21:32"),
        (datetime(2025, 11, 2, 9, 5, tzinfo=UTC), "2025-11-02"),
    ],
)
def test_a_moment_with_its_time_of_day(moment: datetime, shown: str) -> None:
    assert wall_moment(int(moment.timestamp()) * S, NOW, UTC) == shown


def test_wall_time_is_that_of_the_zone() -> None:
    assert wall_time(NOW, NOW, timezone(timedelta(hours=2))) == "00:00"


def test_wall_time_full_has_milliseconds() -> None:
    assert wall_time_full(NOW + 118_900_000, UTC) == "2026-11-20 22:00:00.118"
    assert clock_time(NOW + 118_900_000, UTC) == "22:00:00.118"


@given(st.integers())
def test_a_moment_of_no_calendar_is_shown_as_not_recorded_or_in_seven_cells(ns: int) -> None:
    assert len(wall_time(ns, NOW, UTC)) <= 7
    assert len(wall_moment(ns, NOW, UTC)) <= 12
    assert len(wall_time_full(ns, UTC)) in (1, 23)


@given(st.integers(0))
def test_durations_need_at_most_six_cells(ns: int) -> None:
    assert cell_width(duration(ns)) <= 6
    assert cell_width(offset(ns)) <= 7
    assert cell_width(age(ns)) <= 6


@given(st.integers(0))
def test_counts_need_at_most_their_cells(number: int) -> None:
    assert len(tokens(number)) <= 5
    assert len(count(number)) <= 6
    assert len(bytes_size(number)) <= 6


@given(st.floats(0))
def test_costs_rates_and_shares_need_at_most_six_cells(value: float) -> None:
    assert len(cost(value)) <= 6
    assert len(share(value)) <= 6
    assert len(rate(value)) <= 6


UNITS = {"µs": US, "ms": MS, "s": S, "m": MINUTE, "h": HOUR, "d": DAY, "y": 365 * DAY}


def nanoseconds(shown: str) -> float:
    """What a shown duration says, read back."""
    total, number = 0.0, ""
    for char in shown.lstrip("<>"):
        if char.isdigit() or char == ".":
            number += char
        elif number:
            unit = next(
                unit
                for unit in ("µs", "ms", "m", "s", "h", "d", "y")
                if shown[shown.index(number + char) + len(number) :].startswith(unit)
            )
            total += float(number) * UNITS[unit]
            number = ""
    return total


@given(st.integers(0, 10**18), st.integers(0, 10**15))
def test_longer_durations_never_show_less(ns: int, more: int) -> None:
    assert nanoseconds(duration(ns)) <= nanoseconds(duration(ns + more))


@given(st.integers(US, 10**16))
def test_durations_are_shown_to_within_five_percent(ns: int) -> None:
    assert abs(nanoseconds(duration(ns)) - ns) <= max(0.05 * ns, US / 2)


@pytest.mark.parametrize(
    ("computed", "partial", "shown"),
    [(False, False, "$1"), (True, False, "~$1"), (False, True, "≥$1"), (True, True, "~≥$1")],
)
def test_marks_stand_in_front(computed: bool, partial: bool, shown: str) -> None:
    assert marked("$1", computed, partial) == shown


def test_what_is_not_recorded_or_not_yet_read_has_no_mark() -> None:
    assert [marked(figure, computed=True, partial=True) for figure in ("–", "…")] == ["–", "…"]


def test_marks_in_ascii() -> None:
    assert marked("$1", partial=True, symbols=ASCII) == ">=$1"


def test_an_integer_too_long_to_print_shows_its_size() -> None:
    assert exact(2**100_000) == "2^100000+"

import pytest
from rich._unicode_data import load
from wcwidth import wcwidth

from tracetui.core.model import EventClass, Kind, RunStatus, Status
from tracetui.core.symbols import ASCII, COLUMNS, RUN_STATUSES, UNICODE, Symbols, choose

SETS = pytest.mark.parametrize("symbols", [UNICODE, ASCII], ids=lambda symbols: symbols.name)


def all_glyphs(symbols: Symbols) -> list[str]:
    marks = (symbols.cut, symbols.none, symbols.computed, symbols.micro, symbols.times)
    return [*symbols.glyphs.values(), *symbols.eighths, *symbols.columns, *marks]


@SETS
def test_every_glyph_is_one_cell_wide(symbols: Symbols) -> None:
    assert {wcwidth(glyph) for glyph in all_glyphs(symbols)} == {1}


def test_no_glyph_beyond_ascii_may_be_drawn_as_an_emoji() -> None:
    may_be_emoji = load("latest").narrow_to_wide
    assert [glyph for glyph in all_glyphs(UNICODE) if glyph in may_be_emoji and glyph != "*"] == []


@SETS
@pytest.mark.parametrize("column", COLUMNS)
def test_no_glyph_has_two_meanings_within_one_column(symbols: Symbols, column: str) -> None:
    groups = [{symbols[word] for word in words} for words in COLUMNS[column]]
    assert all(len(group) == 1 for group in groups)
    assert len(set().union(*groups)) == len(groups)


@SETS
def test_every_kind_class_and_status_has_a_glyph(symbols: Symbols) -> None:
    words = [member.name for words in (Kind, EventClass, Status, RunStatus) for member in words]
    assert [word for word in words if word not in symbols] == []


def test_the_ascii_set_is_ascii() -> None:
    assert "".join((*all_glyphs(ASCII), ASCII.at_least, ASCII.reading)).isascii()


def test_run_statuses_are_those_of_the_model() -> None:
    assert set(RUN_STATUSES) == {status.name for status in RunStatus}


def test_a_word_without_a_glyph_gets_the_default() -> None:
    assert UNICODE.get("no such word", "-") == "-"


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"LANG": "en_US.UTF-8"}, "unicode"),
        ({"LANG": "C.utf8"}, "unicode"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "ascii"),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "de_DE.UTF-8"}, "unicode"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "unicode"),
        ({"LANG": "de_DE.ISO-8859-1"}, "ascii"),
        ({}, "ascii"),
    ],
)
def test_the_locale_chooses_the_set(env: dict[str, str], name: str) -> None:
    assert choose(env).name == name


def test_a_setting_goes_before_the_locale() -> None:
    assert choose({"LANG": "en_US.UTF-8"}, setting="ascii") is ASCII
    assert choose({}, setting="unicode") is UNICODE

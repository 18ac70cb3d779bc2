"""What expressions mean, and what is said of those that mean nothing."""

import subprocess
import sys

import pytest

from tracetui.core.filter import And, FilterError, Not, Op, Or, Term, caret_lines, parse, printed, terms
from tracetui.core.filter.fields import FIELDS, OTHER_NAMES, OTHER_WORDS
from tracetui.core.filter.parsing import DEEPEST, LONGEST
from tracetui.core.testing import SECOND

TOOL, ERROR, SLOW = Term("kind", Op.has, "tool"), Term("status", Op.has, "error"), Term("dur", Op.more, 2 * SECOND)


def wrong(text: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    "text", ["kind:tool status:error", "kind:tool and status:error", "kind : tool AND\n status:ERROR"]
)
def test_terms_side_by_side_mean_and(text: str) -> None:
    assert parse(text) == And((TOOL, ERROR))


def test_and_binds_tighter_than_or_and_not_tightest() -> None:
    assert parse("kind:tool status:error or not dur>2s kind:tool") == Or((And((TOOL, ERROR)), And((Not(SLOW), TOOL))))


def test_brackets_join_what_they_hold() -> None:
    assert parse("kind:tool (status:error or dur>2s)") == And((TOOL, Or((ERROR, SLOW))))
    assert parse("not (kind:tool status:error)") == Not(And((TOOL, ERROR)))


def test_two_nots_are_none() -> None:
    assert parse("not not kind:tool") == TOOL
    assert parse("not not not kind:tool") == Not(TOOL)


def test_a_field_may_be_called_like_an_operator_only_with_an_operator_behind_it() -> None:
    assert "unknown field 'or'" in str(wrong("or=5"))
    assert "a term is missing before or" in str(wrong("or kind:tool"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("dur>500ms", SECOND // 2),
        ("dur>2", 2 * SECOND),
        ("dur>1m30s", 90 * SECOND),
        ("dur>=3h", 10_800 * SECOND),
        ("age<7d", 604_800 * SECOND),
        ("tokens>1k", 1_000),
        ("tokens>1.5k", 1_500),
        ("in>=2M", 2_000_000),
        ("depth!=3", 3),
        ("cost>0.01", 0.01),
        ("cost>$2", 2),
        ("cost<=$1.2k", 1_200),
        ("attr.n>1k", 1_000),
        ("attr.n=1k", "1k"),
        ('name:"a b"', "a b"),
        ("name:'a \"b\"'", 'a "b"'),
        (r'name:"a\"b\\c\n\u00e9"', 'a"b\\c\né'),
        (r"name:a\b", r"a\b"),
        (r'name~"\d+\""', r"\d+\""),
        (r"name~web_\d", r"web_\d"),
        ('name=""', ""),
        ("since:2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("status:ERROR", "error"),
    ],
)
def test_values_have_units_quotes_and_escapes(text: str, value: object) -> None:
    (term,) = terms(parse(text))
    assert term.value == value


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("attr.user_id=42", ("user_id",)),
        ("attr.user.id=42", ("user", "id")),
        ('attr."a b".c:x', ("a b", "c")),
        (r'attr."q\"".x:y', ('q"', "x")),
        ("attr.items.0:x", ("items", "0")),
    ],
)
def test_attributes_have_paths(text: str, path: tuple[str, ...]) -> None:
    (term,) = terms(parse(text))
    assert (term.field, term.path) == ("attr", path)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("( kind:tool )  AND status:error", "kind:tool status:error"),
        ("dur>1500ms", "dur>1500ms"),
        ("dur>120s", "dur>2m"),
        ("dur>0", "dur>0s"),
        ("tokens>1.5k", "tokens>1500"),
        ("cost>$0.000001", "cost>0.000001"),
        ("name~a|b", 'name~"a|b"'),
        ("name~'\"'", "name~'\"'"),
        ('text:"plain"', "text:plain"),
        ("kind:tool or (status:error or dur>2s)", "kind:tool or status:error or dur>2s"),
        ("not (kind:tool or status:error) dur>2s", "not (kind:tool or status:error) dur>2s"),
    ],
)
def test_there_is_one_way_to_print_a_filter(text: str, canonical: str) -> None:
    assert printed(parse(text)) == canonical
    assert printed(parse(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "the filter is empty"),
        ("   ", 0, "the filter is empty"),
        ("knd:tool", 0, "unknown field 'knd'; did you mean kind?"),
        ("kind:tool duration>2s", 10, "did you mean dur?"),
        ("Kind:tool", 0, "did you mean kind?"),
        ("zzzz:1", 0, "there are: kind type status"),
        ("kind:tol", 5, "'tol' is no kind; did you mean tool?"),
        ("kind:model", 5, "did you mean llm?"),
        ("status:failed", 7, "did you mean error?"),
        ("kind:tool,llm", 5, "write (kind:tool or kind:llm)"),
        ("kind>tool", 4, "kind cannot be compared with >; it takes : = != ~"),
        ("dur~2s", 3, "dur cannot be compared with ~"),
        ("since>2h", 5, "since cannot be compared with >"),
        ("dur>2x", 4, "'2x' is no duration; write it like"),
        ("dur>-1s", 4, "is no duration"),
        ("tokens>2s", 7, "'2s' is no number: that is a time"),
        ("tokens>$2", 7, "$ is for cost"),
        ("tokens>-2", 7, "no figure is negative"),
        ("tokens>1e9", 7, "is no number"),
        ("tokens>99999999999999999999999", 7, "is no number"),
        ("tokens>999999999999999999M", 7, "is too large"),
        ("cost>2s", 5, "'2s' is no cost: that is a time"),
        ("attr.n>x", 7, "'x' is no number"),
        ("since:yesterday", 6, "'yesterday' is no time; write it like 2026-03-02"),
        ("kind:", 5, "a value is missing after :"),
        ("kind:tool dur>", 14, "a value is missing after >"),
        ("kind", 0, "kind needs an operator and a value"),
        ("attr.x", 0, "attr.x needs an operator and a value"),
        ("attr:x", 0, "attr needs the path of an attribute"),
        ("kind:tool Failed", 10, "'Failed' is no term; write status:error, or name:Failed"),
        ("price", 0, "'price' is no term; write name:price, or cost>0.1"),
        ("timeout", 0, "'timeout' is no term; write name:timeout or text:timeout"),
        ('kind:tool "x y"', 10, "a text stands alone here"),
        ('text:"abc', 5, "this quote is not closed"),
        (r'text:"a\qb"', 7, "unknown escape"),
        ("(kind:tool", 0, "this bracket is not closed"),
        ("kind:tool (status:error", 10, "this bracket is not closed"),
        ("kind:tool)", 9, "this bracket closes nothing"),
        ("()", 1, "a term is missing before this bracket"),
        ("kind:tool or", 12, "a term is missing after or"),
        ("kind:tool or and kind:llm", 13, "a term is missing before and"),
        ("not", 3, "a term is missing after not"),
        ("=5", 0, "a field is missing before this operator"),
        ("!kind:tool", 0, "! is no operator here; write not"),
        ("kind:tool && kind:llm", 10, "&& is no operator here; write and"),
        ("kind:tool || kind:llm", 10, "|| is no operator here; write or"),
        ("name~(a|b)", 5, "a value with brackets or blanks goes in quotes"),
        ("name~web(a|b)", 9, "a regular expression with brackets goes in quotes"),
        ('name~"a(b"', 7, "no regular expression"),
        ("name~a(b", 6, "a regular expression with brackets goes in quotes"),
        ("name~*", 5, "no regular expression: nothing to repeat"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, position: int, said: str) -> None:
    error = wrong(text)
    assert said in str(error)
    assert error.position == position


def test_carets_stand_below_what_is_wrong() -> None:
    line, carets = caret_lines(wrong("kind:tool statsu:error"))
    assert line == "  kind:tool statsu:error"
    assert carets == "            ^^^^^^"


def test_carets_stand_right_below_wide_letters_and_of_a_long_filter_only_the_part_is_shown() -> None:
    line, carets = caret_lines(wrong("name:東京 x"))
    assert (line, carets) == ("  name:東京 x", "            ^")
    line, carets = caret_lines(wrong("kind:tool " * 200 + "statsu:error" + " kind:tool" * 200), width=60)
    assert len(line) <= 70
    assert line.startswith("  … ")
    assert line[carets.index("^") :].startswith("statsu")


def test_what_a_filter_holds_does_nothing_to_a_terminal() -> None:
    error = wrong("name:\x1b[2J \x1b]0;x\x07:y")
    assert all(char.isprintable() for line in (*caret_lines(error), *str(error).split("\n")) for char in line)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 50 + "kind:tool" + ")" * 50,
        "not " * 25_000 + "kind:tool",
        "kind:tool or " * 8_000,
        'text:"' + "a" * 100_000,
        "a" * 100_000,
        "name~" + "a" * 100_000,
        "attr" + ".a" * 50_000 + "=1",
        "dur>" + "9" * 100_000,
        ")" * 9_000,
        "(" * 4_000 + ")" * 4_000,
        'name~"' + "(" * 900 + ")" * 900 + '"',
        "dur>" + "9" * 9_000,
        "tokens>" + "9" * 9_000,
        "since:" + "9" * 9_000,
        "attr" + ".a" * 4_000 + "=1",
    ],
    ids=lambda text: f"{text[:12]} {len(text)}",
)
def test_huge_and_deep_expressions_are_an_error_with_a_place(text: str) -> None:
    error = wrong(text)
    assert 0 <= error.position <= len(text)


def test_what_is_as_deep_and_long_as_allowed_is_read() -> None:
    deep = "not (kind:tool or " * (DEEPEST - 1) + "(dur>2s)" + ")" * (DEEPEST - 1)
    assert parse(printed(parse(deep))) == parse(deep)
    long = ("kind:tool or dur>2s status:error " * 400)[: LONGEST - 20].rpartition(" or ")[0]
    assert parse(printed(parse(long))) == parse(long)
    assert parse("not " * 2_001 + "kind:tool") == Not(TOOL)


def test_every_hint_names_a_field_or_word_that_there_is() -> None:
    assert set(OTHER_NAMES.values()) <= FIELDS.keys()
    assert not OTHER_NAMES.keys() & FIELDS.keys()
    for field, words in OTHER_WORDS.items():
        assert set(words.values()) <= set(FIELDS[field].words)
        assert not words.keys() & set(FIELDS[field].words)


def test_importing_the_filter_loads_neither_lark_nor_numpy() -> None:
    code = "import sys, tracetui.core.filter; print({'lark', 'numpy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

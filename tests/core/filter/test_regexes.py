"""Regular expressions find what they say, and none of them can hang."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core import regexes
from tracetui.core.errors import FilterTooSlow
from tracetui.core.filter.regexes import LONGEST_PATTERN, compiled
from tracetui.core.filter.values import BadValue

COMMON = [
    *("web_.*", "^plan$", r"\d+\.\d+", "timeout|timed out", "(foo|bar)+", r"HTTP/1\.[01]", "(?i)error", r"\bsearch\b"),
    *(r"error.*timeout", r"a{2,5}", r"[^,]+,[^,]+", r"(\w+)@(\w+)", "colou?r", r"(?:https?://)?example", r"v\d(\.\d)?"),
    *(r"^\s*at ", r"(a|b|c){3}", r"x(?=y)", r"(?<!a)b", r"(a)\1"),
]
HANGING = [
    *(r"(a+)+$", r"(a*)*b", r"(a|a)*b", r"(a|aa)+$", r"(.*)*x", r"(\w+\s*)+$", r"((a+)b?)+$", r"(a?){30}a{30}"),
    *("a?" * 30 + "a" * 30, r"(x+x+)+y", r"([a-z]+)*1", r"(?:a+){10,}b", r"(a{1,50}){1,50}b", r"(?=(a+)+b)"),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits two seconds for what never ends."""
    monkeypatch.setattr(regexes.shared, "_patience_s", 0.5)


@pytest.mark.parametrize("pattern", COMMON)
def test_usual_expressions_need_no_other_process(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(regexes.shared.__class__, "places")
    compiled(pattern)("one\ntwo")


@pytest.mark.parametrize("pattern", [*HANGING, ".*a.*b.*c.*d.*e.*f", r"\s+" * 12])
def test_expressions_that_could_take_for_ever_are_matched_where_they_can_be_stopped(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regexes.shared, "places", lambda pattern, flags, texts, empty: [(4, 7)])
    assert compiled(pattern)("one two")


@pytest.mark.parametrize(("pattern", "text"), [(r"(a+)+$", "a" * 60 + "b"), ("a?" * 40 + "a" * 40, "a" * 40)])
def test_a_text_on_which_an_expression_takes_for_ever_ends_the_filter(pattern: str, text: str) -> None:
    for _ in range(2):  # the second time with a process of its own
        with pytest.raises(FilterTooSlow, match="takes too long"):
            compiled(pattern)(text)
    assert compiled(r"(a+)+$")("a" * 60)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"^(\w+\s)+$", "one two three ", "one two three!"),
        (r"(a|aa)+b", "aaab", "aaac"),
        (r"(\w+\s*)*", "", None),
        (".*a.*b.*c.*d.*e.*f", "-a-b-c-d-e-f-", "fedcba"),
    ],
)
def test_an_expression_that_repeats_repeats_works_on_usual_texts(pattern: str, yes: str, no: str | None) -> None:
    assert compiled(pattern)(yes)
    assert compiled(pattern)(f"first\n{yes}\nlast")
    assert no is None or not compiled(pattern)(no)


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999999999}", "[", "(?P<a", "*", "a" * (LONGEST_PATTERN + 1)])
def test_what_is_no_expression_says_so(pattern: str) -> None:
    with pytest.raises(BadValue):
        compiled(pattern)


@given(st.sampled_from(COMMON), st.text(st.sampled_from("abcfotxyv .,@/1\t\n"), max_size=60))
def test_lines_of_usual_length_are_searched_as_the_engine_does(pattern: str, text: str) -> None:
    expected = any(re.search(pattern, line) for line in text.split("\n"))
    assert compiled(pattern)(text) is expected


@pytest.mark.parametrize(
    ("pattern", "worst"),
    [
        (".*a.*b", "a" * 200_000),
        (".*.*x", "a" * 20_000),
        ("a*a*b", "a" * 50_000),
        ("a.*b.*c", "ab" * 5_000),
        (r"\s*\w+\s*=\s*$", " a" * 3_000),
        ("[ab]*[bc]*[cd]*e", "b" * 5_000),
    ],
    ids=lambda value: value[:20],
)
def test_a_text_made_to_be_slow_ends_in_bounded_time(pattern: str, worst: str) -> None:
    begun = time.process_time()
    try:
        found = compiled(pattern)(worst)
    except FilterTooSlow as error:
        found = "takes too long" not in str(error)
    assert found is False
    assert time.process_time() - begun < 10


def test_a_match_is_found_wherever_it_stands_in_a_long_line() -> None:
    for at in (0, 499, 500, 7_999, 12_345, 99_990):
        line = "-" * at + "error: timeout" + "-" * (100_000 - at)
        assert compiled("error.*timeout")(line)
        assert compiled(r"err\w+: *time")(line)


def test_an_end_is_that_of_the_line_however_long_it_is() -> None:
    assert not compiled("a.*b$")("ab" * 4_000 + "a" * 10_000 + "c")
    assert compiled("b$")("a" * 50_000 + "b")
    assert compiled("x.*b$")("a" * 50_000 + "xab")
    assert compiled("x.*$|b")("x" + "-" * 10 + "b" + "-" * 50_000)
    assert not compiled(r"^b.*")("a" * 50_000 + "b")

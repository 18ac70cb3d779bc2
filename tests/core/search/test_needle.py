"""What is looked for: smart case, what is refused, and the bytes that everything that holds it must hold."""

import pytest

from tracetui.core.search import BadPattern, Needle


@pytest.mark.parametrize(("wanted", "ignores"), [("timeout", True), ("Timeout", False), ("42", True), ("É", False)])
def test_a_capital_makes_case_count(wanted: str, ignores: bool) -> None:
    assert Needle.text(wanted).ignores_case is ignores


def test_a_class_of_a_pattern_is_no_capital() -> None:
    assert Needle.pattern(r"\Stimeout\W").ignores_case


@pytest.mark.parametrize("make", [Needle.text, Needle.pattern])
def test_nothing_cannot_be_looked_for(make: object) -> None:
    with pytest.raises(BadPattern, match="empty"):
        make("")  # type: ignore[operator]


def test_a_broken_pattern_says_where() -> None:
    with pytest.raises(BadPattern) as caught:
        Needle.pattern("ab(c")
    assert caught.value.position == 2


def test_a_pattern_of_many_thousand_characters_is_refused() -> None:
    with pytest.raises(BadPattern, match="too long"):
        Needle.text("x" * 10_001)


def test_what_is_typed_between_slashes_is_a_pattern() -> None:
    assert [Needle.typed(word).is_regex for word in ("/a.b/", "/", "//", "a/b", "/usr/")] == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_the_longest_plain_text_of_a_pattern_is_a_hint() -> None:
    assert Needle.pattern("(a|b)+connection[ ]reset").hints[0] in b"CONNECTION".lower()


@pytest.mark.parametrize("wanted", ["a|connection", "(connection)?", "[abc]+", "."])
def test_a_pattern_without_a_text_that_must_be_there_has_no_hint(wanted: str) -> None:
    assert Needle.pattern(wanted).hints == ()

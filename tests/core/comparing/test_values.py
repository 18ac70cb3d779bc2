"""What differs in two values, however large they are."""

import time

from tracetui.core.comparing.values import MOST_DIFFERENCES, differences, text_lines
from tracetui.core.model import ABSENT


def told(one: object, other: object) -> list[tuple[str, str]]:
    return [(each.path, each.kind) for each in differences(one, other).found]


def signs(one: str, other: str) -> list[str]:
    return [line.sign + line.text for line in text_lines(one, other, context=1)[0]]


def test_members_are_compared_by_path() -> None:
    one = {"url": "v1", "timeout": 30, "deep": {"a": [1, {"b": 2}]}}
    other = {"url": "v2", "timeout": 30, "deep": {"a": [1, {"b": 3}]}, "new": None}
    assert told(one, other) == [("url", "changed"), ("deep.a[1].b", "changed"), ("new", "added")]


def test_it_is_told_how_many_keys_differ_and_which_are_equal() -> None:
    found = differences({"url": "v1", "timeout": 30}, {"url": "v2", "timeout": 30})
    assert (found.keys_different, found.keys, found.same) == (1, 2, (("timeout", 30),))


def test_an_item_put_into_a_list_is_one_difference() -> None:
    assert told([1, 2, 3], [0, 1, 2, 3]) == [("[0]", "added")]


def test_true_is_not_one() -> None:
    assert told({"x": 1}, {"x": True}) == [("x", "changed")]


def test_an_input_that_is_not_there_is_added_or_removed() -> None:
    assert told(ABSENT, {"x": 1}) == [("", "added")]
    assert told("text", ABSENT) == [("", "removed")]


def test_json_in_a_text_is_compared_as_what_it_holds() -> None:
    assert told('{"a": 1, "b": 2}', {"b": 2, "a": 1}) == []


def test_texts_are_compared_line_by_line_with_some_around() -> None:
    one = "\n".join("abcdefgh")
    assert signs(one, one.replace("d", "x")) == ["@2", " c", "-d", "+x", " e", "@3"]


def test_a_word_in_a_long_line_is_shown_with_what_is_around_it() -> None:
    one = "a" * 100_000 + " good " + "b" * 100_000
    gone, new = signs(one, one.replace("good", "bad"))
    assert " good " in gone
    assert " bad " in new
    assert len(gone) < 600
    assert "99,901 characters" in gone


def test_megabytes_of_lines_are_compared_in_a_moment() -> None:
    one = "\n".join(f"line {number % 997}" for number in range(100_000))
    other = "\n".join(f"line {number % 991}" for number in range(100_000))
    begin = time.process_time()
    lines, approximate = text_lines(one, other)
    assert lines
    assert approximate
    assert time.process_time() - begin < 20


def test_it_stops_after_many_differences_and_says_so() -> None:
    found = differences({f"k{number}": 1 for number in range(2_000)}, {f"k{number}": 2 for number in range(2_000)})
    assert (len(found.found), found.stopped) == (MOST_DIFFERENCES, True)


def test_values_deeper_than_the_stack_are_compared() -> None:
    one: object = 1
    other: object = 2
    for _ in range(5_000):
        one, other = {"d": one}, {"d": other}
    (found,) = differences(one, other).found
    assert found.path.count("d") == 5_000

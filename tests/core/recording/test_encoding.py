"""The one gate: what values become, whatever they are."""

import dataclasses
import datetime
import enum
import json
import math
from collections import OrderedDict, namedtuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.planted import HARMLESS, PLANTED
from tracetui.core.recording.encoding import DEEPEST, MOST_OBJECTS, MOST_TEXTS, Gate
from tracetui.core.redaction import REDACTED, Redactor


def gate(limit: int = 10_000, redactor: Redactor | None = None) -> Gate:
    return Gate(redactor or Redactor(), limit)


def read(value: object, limit: int = 10_000) -> object:
    made = gate(limit)
    found: object = json.loads(made.encode(value))
    assert made.faults == 0
    return found


class Colour(enum.Enum):
    red = "r"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Model:
    """As pydantic's models are."""

    def model_dump(self) -> dict[str, int]:
        return {"a": 1}


class Loud:
    def __str__(self) -> str:
        raise RuntimeError("not today")

    __repr__ = __str__


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "NaN"),
        ({"a": [math.inf, -math.inf, None]}, {"a": ["Infinity", "-Infinity", None]}),
        (2**63, 2**63),
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        ("\ud800x", "\\ud800x"),
        (b"\x00\xff", "AP8="),
        ({1: "a", None: "b", (1, 2): "c"}, {"1": "a", "None": "b", "(1, 2)": "c"}),
        ({"b", "a"}, ["a", "b"]),
        (Colour.red, "r"),
        (Point(1, 2.5), {"x": 1, "y": 2.5}),
        (Point(1, math.nan), {"x": 1, "y": "NaN"}),
        (Pair(1, 2), {"left": 1, "right": 2}),
        ([Pair(1, math.nan)], [{"left": 1, "right": "NaN"}]),
        (OrderedDict(a=1), {"a": 1}),
        (Model(), {"a": 1}),
        (Path("a/b"), "a/b"),
        (ValueError("no"), "ValueError: no"),
        (datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC), "2026-03-02T00:00:00+00:00"),
        (range(3), [0, 1, 2]),
    ],
)
def test_values_that_json_does_not_have_become_what_the_format_says(value: object, told: object) -> None:
    assert read(value) == told


def test_an_object_that_cannot_be_looked_at_costs_itself_only() -> None:
    assert read({"good": 1, "bad": Loud()}) == {"good": 1, "bad": "[not recordable: Loud: RuntimeError]"}


def test_a_value_that_contains_itself_says_so() -> None:
    value: list[object] = [1]
    value += [value, {"again": value}]
    assert read(value) == [1, "[contains itself]", {"again": "[contains itself]"}]


def test_a_value_whose_parts_know_each_other_is_written_in_bounded_time() -> None:
    parts: list[dict[str, object]] = [{} for _ in range(30)]
    for part in parts:
        part["others"] = list(parts)
    assert f"more than {MOST_OBJECTS} objects" in gate(100_000_000, Redactor(defaults=False)).encode(parts).decode()


def test_a_value_deeper_than_the_interpreter_can_go_is_written() -> None:
    value: object = 1
    for _ in range(100_000):
        value = [value]
    assert f"deeper than {DEEPEST} levels" in json.dumps(read(value))


def test_texts_and_keys_over_the_limit_are_cut_and_say_their_length() -> None:
    assert read({"k" * 20: ["x" * 11, "x" * 10]}, 10) == {
        "k" * 10 + "…[cut: 20 characters]": ["x" * 10 + "…[cut: 11 characters]", "x" * 10]
    }


def test_a_value_of_very_many_texts_is_kept_as_the_beginning_of_its_json() -> None:
    found = read(["x" * 10] * 1_000, 10)
    assert isinstance(found, str)
    assert found.startswith('["xxxxxxxx')
    assert found.endswith("characters]")


def test_what_one_value_may_take_is_bounded() -> None:
    assert len(gate(100).encode({str(n): "y" * 1_000 for n in range(1_000)})) <= 100 * MOST_TEXTS


@pytest.mark.parametrize("secret", PLANTED, ids=lambda secret: secret[0])
def test_a_planted_secret_passes_neither_whole_nor_as_attribute(secret: tuple[str, object, str]) -> None:
    _, value, gone = secret
    made = gate()
    for _ in range(2):  # the second time the gate knows the keys
        assert gone not in made.encode(value).decode()
        assert gone not in made.attributes({"value": value})
        if isinstance(value, dict):
            assert gone not in made.attributes(value)
    assert made.redacted >= 4


def test_a_pair_of_name_and_value_stays_secret_once_the_keys_are_known() -> None:
    made = gate()
    for _ in range(3):
        assert "hunter2" not in made.attributes({"name": "password", "value": "hunter2"})


@pytest.mark.parametrize("value", HARMLESS, ids=str)
def test_what_only_looks_like_a_secret_stays(value: object) -> None:
    made = gate()
    made.encode(value)
    assert made.redacted == 0


def test_a_secret_is_gone_even_where_its_text_is_cut() -> None:
    made = gate(30)
    text = "x" * 20 + " sk-ant-" + "a1B2" * 20
    assert "sk-ant-a1" not in made.encode(text).decode()


def test_a_rule_of_the_user_that_raises_costs_that_value_only() -> None:
    def rule(key: str, value: object) -> object:
        if key == "bad":
            raise RuntimeError
        return value

    made = gate(redactor=Redactor(rule=rule))
    assert json.loads(made.encode({"good": "text", "bad": "text"})) == {"good": "text", "bad": REDACTED}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(values)
def test_whatever_is_given_is_json_in_the_end(value: object) -> None:
    made = gate()
    json.loads(made.encode(value))
    assert made.faults == 0


@given(st.dictionaries(st.text(min_size=1), values, max_size=5))
def test_attributes_are_what_any_value_is(attributes: dict[str, object]) -> None:
    made = gate()
    first, second = made.attributes(attributes), made.attributes(attributes)
    assert first == second == made.encode(attributes).decode()

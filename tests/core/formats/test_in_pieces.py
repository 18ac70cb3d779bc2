"""Large JSON parsed in pieces: the same value as at once, the same refusals, whatever stands where it is cut."""

import json
import random

import pytest

from tracetui.core.formats._in_pieces import parse_in_pieces
from tracetui.core.formats._ladder import NotJson, parse

_TEXTS = ("", "a", "plain words, and more", 'say "no"\\', "\\\\", "é\N{GRINNING FACE}", "[{]},:", "\n\t\x7f", "ab" * 90)


def value(random: random.Random, depth: int = 0) -> object:
    choice = random.random()
    if depth > 5 or choice < 0.25:
        return random.choice((None, True, 1, -2.5, 10**30, random.choice(_TEXTS) * random.randrange(4)))
    if choice < 0.5:
        return "".join(random.choice(_TEXTS) for _ in range(random.randrange(12)))
    if choice < 0.75:
        return [value(random, depth + 1) for _ in range(random.randrange(9))]
    return {random.choice(_TEXTS) + str(key): value(random, depth + 1) for key in range(random.randrange(9))}


def test_the_value_is_the_same_wherever_the_text_is_cut() -> None:
    chance = random.Random(6)
    for _ in range(400):
        told = json.dumps(
            value(chance), ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, None, 1))
        ).encode()
        size = chance.randrange(16, 80)
        assert parse_in_pieces(told, size) == parse(told), (told, size)


@pytest.mark.parametrize(
    "told",
    [
        b'{"a": [1, 2,]}', b'[1, 2}', b'{"a": 1', b'"\\x41"', b'["a\x01"]', b'[1] [2]', b'[,1]', b'[1,,2]', b'{"a":1,}',
        b'["\xff"]', b"{1: 2}", b'"\\ud83d"', b'"\\u12"', b"", b"[[[[", b"]",
    ],
)  # fmt: skip
def test_what_is_refused_at_once_is_refused_in_pieces(told: bytes) -> None:
    padded = told.replace(b"1", b'"' + b"x" * 70 + b'"').replace(b",", b" " * 40 + b",")
    for text in (told, padded, b'{"long": "' + b"y" * 99 + b'", "then": ' + told + b"}"):
        try:
            expected = parse(text)
        except NotJson:
            with pytest.raises(NotJson):
                parse_in_pieces(text, 16)
        else:
            assert parse_in_pieces(text, 16) == expected


def test_keys_that_come_twice_have_the_last_value() -> None:
    told = b'{"a": "' + b"x" * 50 + b'", "b": [1, 2, 3], "a": [' + b"4, " * 40 + b"5]}"
    assert parse_in_pieces(told, 16) == parse(told)

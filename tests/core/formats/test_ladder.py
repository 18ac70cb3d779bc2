import math

import pytest

from tracetui.core.formats._ladder import NotJson, parse


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**19, -(10**19), 10**40])
def test_integers_of_any_size_are_exact(number):
    assert parse(b'{"n": %d}' % number) == {"n": number}


def test_an_integer_that_python_refuses_to_convert_stays_text():
    assert parse(b"[" + b"7" * 5_000 + b"]") == ["7" * 5_000]


def test_nan_and_infinity_are_read():
    nan, infinity = parse(b"[NaN, -Infinity]")
    assert math.isnan(nan)
    assert infinity == -math.inf


def test_lone_surrogates_are_read():
    assert parse(b'["\\ud800"]') == ["\ud800"]


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert parse(b"\xef\xbb\xbf{}") == {}


def test_twenty_digits_in_a_string_stay_a_string():
    assert parse(b'{"id": "12345678901234567890123"}') == {"id": "12345678901234567890123"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": ', "not JSON: unexpected end of data"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
    ],
)
def test_what_cannot_be_read_has_a_plain_reason(data, reason):
    with pytest.raises(NotJson, match="^" + reason):
        parse(data)

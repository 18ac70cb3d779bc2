"""A block is UTF-8 in steps if it is UTF-8 as a whole."""

import random
from collections.abc import Callable

import pytest

from tracetui.core.formats._utf8 import check_block, check_lines

PIECES = (
    b"a" * 900,
    b"\n",
    "ü".encode(),
    "検".encode(),
    "👟".encode(),
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x91",
)


def is_text(check: Callable[[bytes], object], data: bytes) -> bool:
    try:
        check(data)
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("check", [check_block, lambda data: check_lines(data.splitlines(keepends=True))])
def test_steps_say_what_the_whole_says(check, rounds):
    for seed in range(rounds(300, 20_000)):
        rng = random.Random(seed)
        usual = rng.choices(PIECES[:5], k=rng.randrange(100))
        data = (
            b"".join(usual)
            if rng.random() < 0.5
            else b"".join([*usual, *rng.choices(PIECES, k=rng.randrange(3)), *usual])
        )
        assert is_text(check, data) == is_text(bytes.decode, data), seed

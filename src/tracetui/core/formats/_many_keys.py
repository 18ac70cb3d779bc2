"""Numbers of many span keys at once, for the fast lanes: what ``span_key`` does one by one."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from hashlib import blake2b

from tracetui.core.operations import span_key

_HEXADECIMAL = 16
"""Characters of a key that may be its own number."""


def span_keys(keys: Sequence[str]) -> list[int]:
    """``span_key`` of each, in two thirds of the time."""
    if _HEXADECIMAL in map(len, keys):
        return list(map(span_key, keys))
    digests = [blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest() for key in keys]
    numbers = array("Q", b"".join(digests))
    if sys.byteorder == "little":
        numbers.byteswap()
    found = numbers.tolist()
    return found if 0 not in found else [number or 1 for number in found]

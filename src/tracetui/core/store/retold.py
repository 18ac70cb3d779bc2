"""Which files told a span that several of them told: if one is taken back, what is left may have been told only once.

Kept for spans that another file told as well, and for nothing else: what one file tells twice lives and dies with it.
Parts of a span have numbers: a start (1), an end (2), all (4).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

_PARTS: Final = 8

Retold = dict[int, list[int]]
"""Sources by span row and part, each as often as it told that part."""


def tell_again(retold: Retold, row: int, part: int, first: int, source: int, *, was_retold: bool) -> None:
    """A source tells a part of a span once more; ``first`` told the span before, twice if it ``was_retold``."""
    key = row * _PARTS + part
    tellers = retold.get(key)
    if tellers is not None:
        tellers.append(source)
    elif source != first:
        retold[key] = [first] * (1 + was_retold) + [source]


def take_back(retold: Retold, source: int) -> list[int]:
    """A source says nothing any more: the spans that were told twice only because of it."""
    left: dict[int, bool] = defaultdict(bool)
    for key in [key for key, tellers in retold.items() if source in tellers]:
        tellers = [teller for teller in retold.pop(key) if teller != source]
        if tellers:
            retold[key] = tellers
        left[key // _PARTS] |= len(tellers) > 1
    return [row for row, is_retold in left.items() if not is_retold]


def parts_told(retold: Retold) -> dict[int, int]:
    """The parts that some source still tells, by span row."""
    parts: dict[int, int] = defaultdict(int)
    for key in retold:
        parts[key // _PARTS] |= key % _PARTS
    return parts

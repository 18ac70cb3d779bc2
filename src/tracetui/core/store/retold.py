"""Which files told a span that several of them told: if one is taken back, what is left may have been told only once.

Kept for spans that another file told as well, and for nothing else: what one file tells twice lives and dies with it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

_PARTS: Final = 8
"""Parts of a span are told by numbers below this: a start (1), an end (2), all (4)."""


class Retold:
    """Sources by the part of the span that they told, each as often as it told it."""

    def __init__(self) -> None:
        self._by_part: dict[int, list[int]] = {}

    def add(self, row: int, part: int, first: int, source: int, *, was_retold: bool) -> None:
        """A source tells a part once more.

        Args:
            row: The span.
            part: What of it is told.
            first: The source that told the span before.
            source: The one that tells it now.
            was_retold: The span was told twice before.
        """
        key = row * _PARTS + part
        tellers = self._by_part.get(key)
        if tellers is not None:
            tellers.append(source)
        elif source != first:
            self._by_part[key] = [first] * (1 + was_retold) + [source]

    def take_back(self, source: int) -> list[int]:
        """A source says nothing any more: the spans that were told twice only because of it."""
        left: dict[int, bool] = defaultdict(bool)
        for key in [key for key, tellers in self._by_part.items() if source in tellers]:
            tellers = [teller for teller in self._by_part.pop(key) if teller != source]
            if tellers:
                self._by_part[key] = tellers
            left[key // _PARTS] |= len(tellers) > 1
        return [row for row, is_retold in left.items() if not is_retold]

    def told(self) -> dict[int, int]:
        """The parts that some source still tells, of the spans that are known here."""
        parts: dict[int, int] = defaultdict(int)
        for key in self._by_part:
            parts[key // _PARTS] |= key % _PARTS
        return parts

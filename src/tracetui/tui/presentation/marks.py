"""Where a search hits text that is shown, and pieces with these places marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tracetui.tui.presentation.pieces import Piece

HIT: Final = "hit"
_MOST: Final = 200
"""Places of one line that are marked."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Words that are looked for, as they are shown.

    Attributes:
        words: Safe texts; none: nothing is marked.
        ignores_case: Both cases are marked.
    """

    words: tuple[str, ...] = ()
    ignores_case: bool = False

    def __bool__(self) -> bool:
        return bool(self.words)

    def find(self, text: str) -> list[tuple[int, int]]:
        """Where they stand in a text, in order, without overlap."""
        if self.ignores_case:
            lowered = text.lower()
            text = lowered if len(lowered) == len(text) else text
        found: list[tuple[int, int]] = []
        for word in self.words:
            word = word.lower() if self.ignores_case else word
            at = text.find(word) if word else -1
            while at >= 0 and len(found) < _MOST:
                found.append((at, at + len(word)))
                at = text.find(word, at + len(word))
        found.sort()
        kept: list[tuple[int, int]] = []
        for start, end in found:
            if not kept or start >= kept[-1][1]:
                kept.append((start, end))
        return kept


_EDGE: Final = " ▏│|"
"""What may stand at the ends of a line of wrapped text."""


def places_in(line: str, marks: Marks, before: str = "", after: str = "") -> list[tuple[int, int]]:
    """Where a line holds what is looked for, also the part of a phrase that the lines around it hold the rest of."""
    found = marks.find(line)
    inner = line.strip(_EDGE)
    if found or not inner or not any(" " in word for word in marks.words):
        return found
    lead = line.index(inner)
    above, below = before.strip(_EDGE), after.strip(_EDGE)
    begin = len(above) + 1
    wrapped = marks.find(f"{above} {inner} {below}")
    parts = [(max(start - begin, 0), min(end - begin, len(inner))) for start, end in wrapped]
    return [(lead + start, lead + end) for start, end in parts if start < end]


def marked(pieces: Sequence[Piece], marks: Marks, before: str = "", after: str = "") -> list[Piece]:
    """The pieces with what is looked for marked, also where it goes on in the next piece, or on the next line."""
    places = places_in("".join(text for text, _ in pieces), marks, before, after)
    if not places:
        return list(pieces)
    made: list[Piece] = []
    at = 0
    for text, style in pieces:
        cuts = sorted({0, len(text), *(min(max(edge - at, 0), len(text)) for place in places for edge in place)})
        for start, end in pairwise(cuts):
            is_hit = any(low <= at + start < high for low, high in places)
            made.append((text[start:end], HIT if is_hit else style))
        at += len(text)
    return made

"""How much of its bodies each span may show where an export is bounded: short ones whole, long ones cut alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies

VALUE_CHARACTERS: Final = 100_000
"""Longest value."""
LEAST_CHARACTERS: Final = 400
"""What is shown of a value however many there are."""


def span_limit(bodies: Bodies, rows: list[int], total: int, most: int) -> int:
    """Characters that each span may show, so that all of them together show about ``total``, and at most ``most``.

    Sizes are those of the records on disk; costs no IO.
    """
    sizes = sorted(bodies.size_of(row) for row in rows)
    left = total
    for index, size in enumerate(sizes):
        if size * (len(sizes) - index) > left:
            return max(LEAST_CHARACTERS, min(most, left // (len(sizes) - index)))
        left -= size
    return most


class Budget:
    """What is left of one span's share.

    Args:
        limit: characters for all its values.
        longest: characters of one value.
    """

    def __init__(self, limit: int, longest: int = VALUE_CHARACTERS) -> None:
        self._left = limit
        self._longest = longest
        self.cut = 0
        """Values cut so far."""

    def text(self, text: str) -> str:
        """As much of a text as there is room for; a cut says how long the text was."""
        room = max(LEAST_CHARACTERS, min(self._left, self._longest))
        self._left -= min(len(text), room)
        if len(text) <= room:
            return text
        self.cut += 1
        return f"{text[:room]}…[cut: {len(text)} characters]"

"""Rows that lead somewhere: enter on one does what it says. Related runs, spans and notes of a repair report."""

from __future__ import annotations

from collections.abc import Callable

from tracetui.tui.presentation.detail import Row
from tracetui.tui.widgets.detail_blocks import Block


class Jumps(Block):
    """Rows that are drawn when they are seen, each of which does something when it is entered.

    Args:
        count: How many there are.
        draw: A row at a width; the last argument is the style of what the cursor is on, or empty.
        act: Does what a row says.
        value: What is copied from a row; untrusted.
    """

    def __init__(
        self,
        count: int,
        draw: Callable[[int, int, str], Row],
        act: Callable[[int], None],
        value: Callable[[int], str],
    ) -> None:
        self._number = count
        self._draw = draw
        self._act = act
        self._value = value

    def count(self, width: int) -> int:  # noqa: ARG002 - the same at every width
        """One row each."""
        return self._number

    def row(self, index: int, width: int, selected: str) -> Row:
        """The row, marked while the cursor is on it."""
        return self._draw(index, width, selected)

    def folds(self, index: int) -> bool:  # noqa: ARG002 - all of them do
        """Yes: enter does what the row says."""
        return True

    def toggle(self, index: int) -> int:
        """Do it."""
        self._act(index)
        return index

    def unfold(self, index: int) -> int:
        """Nothing: only enter leads away."""
        return index

    def value(self, index: int) -> object:
        """What is copied from the row."""
        return self._value(index)

    def whole(self) -> object:
        """What is copied from all rows, one after another."""
        return "\n".join(self._value(index) for index in range(self._number))

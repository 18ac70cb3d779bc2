"""The chips: which class each number key shows, with live counts; the legend of the symbols at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from tracetui.core.model import CHIPS, EventClass, Kind
from tracetui.tui.presentation.header import chip_line
from tracetui.tui.presentation.pieces import Piece, width_of
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine

if TYPE_CHECKING:
    from tracetui.core.store import Run


class ChipBar(PieceLine):
    """One chip a number key. The first press shows only that class, more presses add or take away."""

    class Pressed(Message):
        """A chip was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="chips")
        self.run: Run | None = None
        self.active: set[int] = set()

    def pieces(self, width: int) -> list[Piece]:
        """The chips at this width."""
        return chip_line(self.run, self.active, width, self.session.symbols)

    def show_run(self, run: Run | None) -> None:
        """Count the classes of another run."""
        self.run = run
        self.look_again()

    def toggle(self, number: int) -> None:
        """Add chip `number`, or take it away; 0 takes all away."""
        if number == 0:
            self.active.clear()
        else:
            self.active ^= {number}
        self.look_again()

    def selected(self) -> tuple[frozenset[Kind], frozenset[EventClass]]:
        """Kinds and classes that are shown; both empty when no chip is on."""
        chips = [CHIPS[number - 1] for number in self.active]
        return (
            frozenset(kind for _, kinds, _ in chips for kind in kinds),
            frozenset(cls for _, _, classes in chips for cls in classes),
        )

    def words(self) -> str:
        """What is shown, in words: `only llm, tool`; empty when no chip is on."""
        return "only " + ", ".join(CHIPS[number - 1][0] for number in sorted(self.active)) if self.active else ""

    def on_click(self, event: events.Click) -> None:
        """A click presses the chip below it."""
        at = number = 0
        for piece in self.pieces(self.size.width):
            if number < len(CHIPS) and _begins_chip(piece, number + 1):
                number += 1
            at += width_of([piece])
            if event.x < at:
                break
        if number:
            self.post_message(self.Pressed(number))


def _begins_chip(piece: Piece, number: int) -> bool:
    words, style = piece
    if style == "strong bold":
        return words == str(number)
    word = CHIPS[number - 1][0][:4]
    return word in words and words[:2] in (f"[{number}", f" {number}")

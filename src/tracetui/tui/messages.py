"""Messages that cross widgets: widgets post them, the main screen acts on them; siblings never call each other.

A message that carries data is never replaceable. One that only says "look again" is, so that a busy trace costs one
redraw.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

    from tracetui.core.model import EventClass, Kind
    from tracetui.core.store import Change
    from tracetui.tui.taken import Source

_NUMBERS = count()

Level = Literal["plain", "warning", "error"]
"""How a notice is drawn: as text, behind `!`, behind `✗`."""


class RunSelected(Message):
    """A run is to be shown. `by_user` is False where the program chose it (on opening, or while it moves along)."""

    def __init__(self, run_row: int, by_user: bool = True) -> None:
        super().__init__()
        self.run_row = run_row
        self.by_user = by_user


class RunOpened(Message):
    """A run was entered: it is to be shown, and its spans get the focus."""

    def __init__(self, run_row: int) -> None:
        super().__init__()
        self.run_row = run_row


class SpanSelected(Message):
    """The row of a span or of an event is the selected one; both None when there is none.

    `origin` is the view it was selected in, so that the others take it over; None: the tree. Messages of two views may arrive
    in another order than that in which they were made: `number` tells which is the newer one.
    """

    def __init__(
        self,
        span_row: int | None,
        event_row: int | None = None,
        by_user: bool = True,
        origin: MessagePump | None = None,
    ) -> None:
        super().__init__()
        self.origin = origin
        self.number = next(_NUMBERS)
        self.span_row = span_row
        self.event_row = event_row
        self.by_user = by_user


class CostsChanged(Message):
    """What calls cost is known better: look again."""

    def can_replace(self, message: Message) -> bool:
        """One look is enough."""
        return isinstance(message, CostsChanged)


class TimeShown(Message):
    """Another part of the time of the open run is shown, or all of it."""

    def can_replace(self, message: Message) -> bool:
        """Only what is shown now counts."""
        return isinstance(message, TimeShown)


class JumpWanted(Message):
    """Somebody wants to go to a run, and to a span of it; what is shown now can be gone back to."""

    def __init__(self, run_row: int, span_row: int | None = None) -> None:
        super().__init__()
        self.run_row = run_row
        self.span_row = span_row


class Jumped(Message):
    """A key led from one span or event of the open run to another.

    `kind` is what it goes by (`cause`, `hit`); `before` and `reached` are what was and is selected, as kind and store row.
    """

    def __init__(self, kind: str, before: tuple[str, int] | None, reached: tuple[str, int] | None) -> None:
        super().__init__()
        self.kind = kind
        self.before = before
        self.reached = reached


class ReportWanted(Message):
    """The repair report of the open run is wanted."""


class ViewWanted(Message):
    """A value is to be shown in the viewer."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source


class StoreChanged(Message):
    """The store took in something new. The feed puts changes together before it posts one."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.change = change


class ProgressChanged(Message):
    """Reading got further, or came to rest: look at the feed's progress again.

    `is_all_told`: all that was there at the start is read, and the messages before this one told of it. The feed itself
    may have come further than the messages that are still on their way.
    """

    def __init__(self, is_all_told: bool) -> None:
        super().__init__()
        self.is_all_told = is_all_told

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, ProgressChanged)


class ClockTicked(Message):
    """A second went by while something that shows an age is open: redraw the ages whose digits differ."""

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, ClockTicked)


class Notice(Message):
    """Something to tell the user in one line, at the right of the header for 4 s. `text` may be untrusted.

    What answers a key takes the place of what stands there; what no key asked for waits.
    """

    def __init__(self, text: str, level: Level = "plain", *, is_answer: bool = True) -> None:
        super().__init__()
        self.text = text
        self.is_answer = is_answer
        self.level: Level = level


class ChipsChanged(Message):
    """Other classes are shown than before; both empty when no chip is on."""

    def __init__(self, kinds: Collection[Kind], classes: Collection[EventClass]) -> None:
        super().__init__()
        self.kinds = frozenset(kinds)
        self.classes = frozenset(classes)


class FollowChanged(Message):
    """The tree follows the newest row, or let go; `new_count` rows came since it let go."""

    def __init__(self, on: bool, new_count: int = 0) -> None:
        super().__init__()
        self.on = on
        self.new_count = new_count


class PositionChanged(Message):
    """The right end of the rule of a pane says something else: `row 17 of 34`, `by start`. Text of our own or safe."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ContextWanted(Message):
    """The whole context of a model call is wanted, or only what was added to it; `more`: more messages of what is shown."""

    def __init__(self, more: bool = False) -> None:
        super().__init__()
        self.more = more

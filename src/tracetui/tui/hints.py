"""One line for the first sessions: a key that helps just now, at the right of the header where nothing else stands.

Each hint is shown in at most `MOST_TIMES` sessions, none after `MOST_SESSIONS`, and never again once its action was taken.
Kept in the state as `hints`; where nothing is remembered there are none, since they would never end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.tui.state import State

MOST_TIMES: Final = 3
MOST_SESSIONS: Final = 12


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint."""

    id: str
    """Of the action that it is about."""
    key: str
    """By default."""
    words: str
    action: str
    """Name of the action as it runs."""
    when: str = ""
    """`causes`, `failed`, `running`, `runs`; empty: always."""


HINTS: Final[tuple[Hint, ...]] = (
    Hint("span.next_cause", "e", "goes to the next cause", "cause", "causes"),
    Hint("app.help", "?", "lists the keys", "help"),
    Hint("span.follow", "F", "follows the run", "follow", "running"),
    Hint("move.enter", "enter", "reads the detail", "enter", "failed"),
    Hint("look.runs", "u", "goes to the runs", "drawer", "runs"),
    Hint("app.palette", ":", "finds any action by its words", "palette"),
)
"""The most useful first."""


class Hints:
    """Which hint is due; `State` is read once and written when something changed."""

    def __init__(self, state: State, hints: Sequence[Hint] = HINTS) -> None:
        self._state = state
        self._hints = hints
        self._shown: dict[str, int] = {}
        self._used: set[str] = set()
        self._sessions = 0
        self._has_begun = False
        self._now: Hint | None = None

    def begin(self) -> None:
        """Read what is remembered. Touches the disk."""
        kept = self._state.read("hints")
        kept = kept if isinstance(kept, dict) else {}
        shown, used, sessions = kept.get("shown"), kept.get("used"), kept.get("sessions")
        ids = {hint.id for hint in self._hints}
        if isinstance(shown, dict):
            self._shown = {id: times for id, times in shown.items() if id in ids and isinstance(times, int)}
        self._used = ids & {id for id in used if isinstance(id, str)} if isinstance(used, list) else set()
        self._sessions = sessions if isinstance(sessions, int) else 0
        self._has_begun = self._state.folder is not None

    def choose(self, situation: frozenset[str]) -> Hint | None:
        """The hint for this session; the same one until its action was taken, then none."""
        if not self._has_begun or self._sessions >= MOST_SESSIONS:
            return None
        if self._now is None:
            self._now = next((hint for hint in self._hints if self._is_due(hint, situation)), None)
            self._has_begun = self._now is not None
            if self._now is not None:
                self._shown[self._now.id] = self._shown.get(self._now.id, 0) + 1
                self._sessions += 1
        return self._now

    def _is_due(self, hint: Hint, situation: frozenset[str]) -> bool:
        if hint.when and hint.when not in situation:
            return False
        return hint.id not in self._used and self._shown.get(hint.id, 0) < MOST_TIMES

    def note_action(self, action: str) -> bool:
        """An action was taken (`next_cause`, `in_spans('next_cause')`); whether the hint that is shown is done with."""
        name, _, rest = action.partition("(")
        names = (name, rest.split("'")[1] if rest.startswith("'") else "")
        for hint in self._hints:
            if hint.id not in self._used and hint.action in names:
                self._used.add(hint.id)
                if hint is self._now:
                    self._now, self._has_begun = None, False
                    return True
        return False

    def end(self) -> None:
        """Keep what was shown and used. Touches the disk."""
        if self._sessions <= MOST_SESSIONS and (self._shown or self._used):
            self._state.write("hints", {"shown": self._shown, "used": sorted(self._used), "sessions": self._sessions})

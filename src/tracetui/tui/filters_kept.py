"""Filters that were typed and filters that were saved under a name, kept from one start to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.tui.state import State

NAME: Final = "filters"
"""What they are called in the state."""
MOST_TYPED: Final = 50
MOST_SAVED: Final = 200
LONGEST: Final = 2_000
_LONGEST_NAME: Final = 80


@dataclass(slots=True)
class KeptFilters:
    """Newest first, none twice, not more than a person can look through."""

    typed: list[str] = field(default_factory=list)
    saved: dict[str, str] = field(default_factory=dict)
    """Filters by name, in the order in which they were saved."""

    @classmethod
    def read(cls, state: State) -> KeptFilters:
        """What was kept; what cannot be used of it is left out. Touches the disk."""
        found = state.read(NAME)
        if not isinstance(found, dict):
            return cls()
        typed, saved = found.get("typed"), found.get("saved")
        kept = cls()
        for text in reversed(typed if isinstance(typed, list) else []):
            kept.add(text)
        for name, text in (saved if isinstance(saved, dict) else {}).items():
            if isinstance(text, str):
                kept.save(name, text)
        return kept

    def write(self, state: State) -> str:
        """Keep them; what went wrong, empty if nothing did. Touches the disk."""
        return state.write(NAME, {"typed": self.typed, "saved": self.saved})

    def add(self, text: object) -> None:
        """A filter was typed."""
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
            return
        text = text.strip()
        self.typed = [text, *(each for each in self.typed if each != text)][:MOST_TYPED]

    def save(self, name: str, text: str) -> None:
        """A filter is called so from now on; one of that name was another one before."""
        name, text = name.strip()[:_LONGEST_NAME], text.strip()
        if name and text and len(text) <= LONGEST and (name in self.saved or len(self.saved) < MOST_SAVED):
            self.saved.pop(name, None)
            self.saved[name] = text

    def take_out(self, key: str) -> None:
        """Forget one by its key in ``listed``."""
        kind, _, text = key.partition(":")
        if kind == "saved":
            self.saved.pop(text, None)
        else:
            self.typed = [each for each in self.typed if each != text]

    def text_of(self, key: str) -> str:
        """The filter of a key."""
        kind, _, text = key.partition(":")
        return self.saved.get(text, "") if kind == "saved" else text

    def listed(self) -> list[str]:
        """Saved ones by name, then typed ones, the newest first."""
        return [*(f"saved:{name}" for name in reversed(self.saved)), *(f"typed:{text}" for text in self.typed)]

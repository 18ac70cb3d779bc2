"""What is asked of the state at every start, in one go and in a thread: the hints and the folders that were opened lately."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracetui.tui.hints import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetui.tui.state import State

MOST_FOLDERS: Final = 12
_LONGEST: Final = 4_096


@dataclass(slots=True)
class Remembered:
    """Read once by `begin`, kept by `end`; both touch the disk."""

    state: State
    hints: Hints = field(init=False)
    folders: list[str] = field(default_factory=list)
    """Opened lately, without what is open now; absolute, the latest first."""
    _here: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hints = Hints(self.state)

    def begin(self, paths: Sequence[str]) -> None:
        """Take up what is remembered; `paths` are open now."""
        self.hints.begin()
        self._here = [str(Path(path).absolute()) for path in paths if Path(path).is_dir()]
        self.folders = self._others()

    def _others(self) -> list[str]:
        kept = self.state.read("folders")
        found = [path for path in kept if isinstance(path, str)] if isinstance(kept, list) else []
        found = [path for path in found if path.startswith("/") and len(path) <= _LONGEST and path not in self._here]
        return [path for path in dict.fromkeys(found) if Path(path).is_dir()][:MOST_FOLDERS]

    def end(self) -> None:
        """Keep it."""
        self.hints.end()
        if self._here:
            # Another screen may have opened one since.
            self.state.write("folders", [*self._here, *self._others()][:MOST_FOLDERS])

"""How each folder was left: run, what was selected in it, view, chips, filter, order of the runs. Kept in the state.

What was kept is checked value by value: a file that was damaged or written by another version gives up what it does not
hold well, and nothing else comes of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from tracetui.core.model import CHIPS
from tracetui.tui.locating import Spot, spot_from
from tracetui.tui.presentation.runs import SORTINGS

if TYPE_CHECKING:
    from tracetui.tui.state import State

MOST: Final = 100
"""Folders; the one not opened for the longest time goes first."""
_LONGEST_PATH: Final = 4_096
_MOST_PATHS: Final = 50
_LONGEST_FILTER: Final = 2_000
_NAME: Final = "views"
GROUPINGS: Final = ("", "name", "folder")
VIEW_NAMES: Final = ("tree", "time", "names", "lanes")


@dataclass(frozen=True, slots=True)
class LastView:
    """One folder as it was left."""

    left_at_ns: int = 0
    """By our clock."""
    run: Spot | None = None
    """The open run."""
    selected: Spot | None = None
    """The selected span or event of it."""
    view: str = "tree"
    chips: tuple[int, ...] = ()
    filter: str = ""
    sorting: str = "start"
    is_reversed: bool = False
    grouping: str = ""
    waterfall: bool = True


@dataclass(slots=True)
class LastViews:
    """Those of all folders. Both methods touch the disk."""

    state: State
    paths: list[str] = field(default_factory=list)

    def begin(self, paths: Sequence[str]) -> LastView | None:
        """How these paths (absolute) were left; None if they were not."""
        self.paths = list(paths)
        if not self._is_kept():
            return None
        return next((view for kept, view in _all_of(self.state.read(_NAME)) if kept == self.paths), None)

    def end(self, view: LastView) -> str:
        """Keep how they are left now; what went wrong, empty if nothing did."""
        if not self._is_kept():
            return ""
        others = [(kept, each) for kept, each in _all_of(self.state.read(_NAME)) if kept != self.paths]
        kept = [(self.paths, view), *others][:MOST]
        return self.state.write(_NAME, [{"paths": paths, **asdict(each)} for paths, each in kept])

    def _is_kept(self) -> bool:
        is_short = len(self.paths) <= _MOST_PATHS and all(len(path) <= _LONGEST_PATH for path in self.paths)
        return bool(self.paths) and is_short and self.state.folder is not None


def _all_of(kept: object) -> list[tuple[list[str], LastView]]:
    if not isinstance(kept, list):
        return []
    found = []
    for each in kept[:MOST]:
        paths = each.get("paths") if isinstance(each, dict) else None
        if isinstance(paths, list) and all(isinstance(path, str) for path in paths):
            found.append((paths, _view_from(each)))
    return found


def _view_from(kept: dict[str, object]) -> LastView:
    left_at, chips, wanted = kept.get("left_at_ns"), kept.get("chips"), kept.get("filter")
    is_time = isinstance(left_at, int) and not isinstance(left_at, bool) and 0 <= left_at < 1 << 63
    numbers = chips if isinstance(chips, list) else []
    return LastView(
        left_at if is_time else time.time_ns(),  # type: ignore[arg-type]  # asked just now
        spot_from(kept.get("run")),
        spot_from(kept.get("selected")),
        _one_of(kept.get("view"), VIEW_NAMES, "tree"),
        tuple(sorted({each for each in numbers if type(each) is int and 0 < each <= len(CHIPS)})),
        wanted if isinstance(wanted, str) and len(wanted) <= _LONGEST_FILTER else "",
        _one_of(kept.get("sorting"), SORTINGS, "start"),
        kept.get("is_reversed") is True,
        _one_of(kept.get("grouping"), GROUPINGS, ""),
        kept.get("waterfall") is not False,
    )


def _one_of(value: object, known: Sequence[str], default: str) -> str:
    return value if isinstance(value, str) and value in known else default

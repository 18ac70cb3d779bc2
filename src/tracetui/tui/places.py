"""Where agents on this machine usually leave their traces: for the screen of an empty folder.

Only folders that exist are told, with the number of files in them, counted for a short time and never through links.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracetui.resources import home_dir

USUAL: Final[tuple[tuple[str, str], ...]] = (
    ("traces", "tracetui and others"),
    (".hillstar", "hillstar"),
    ("artifacts/traces", "design-research-agents"),
    ("decision_logs", "ai-decision-tracer"),
    ("~/.claude/projects", "Claude Code"),
    ("~/.codex/sessions", "Codex"),
    ("~/.gemini/tmp", "Gemini CLI"),
    ("~/.copilot/session-state", "Copilot CLI"),
    ("~/.local/share/opencode", "OpenCode"),
    ("~/.openhands/sessions", "OpenHands"),
)
"""Folder, from the current one or the home folder, and who writes there."""

MOST_FILES: Final = 9_999
"""Files counted before the figure becomes `at least`."""
_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class UsualPlace:
    """A folder that is there."""

    shown: str
    """As people write it."""
    path: str
    files: int
    at_least: bool
    """The counting was stopped."""
    producer: str


def usual_places(home: Path | None = None, here: Path | None = None) -> list[UsualPlace]:
    """The usual folders that exist and hold a file."""
    home = home_dir() if home is None else home
    here = Path.cwd() if here is None else here
    deadline = time.monotonic() + _SECONDS
    found: list[UsualPlace] = []
    for shown, producer in USUAL:
        path = home / shown[2:] if shown.startswith("~/") else here / shown
        files, at_least = _count_files(path, deadline)
        if files:
            found.append(UsualPlace(shown, str(path), files, at_least, producer))
    return found


def _count_files(folder: Path, deadline: float) -> tuple[int, bool]:
    files = 0
    for _, _, names in os.walk(folder):
        files += len(names)
        if files > MOST_FILES or time.monotonic() > deadline:
            return min(files, MOST_FILES), True
    return files, False

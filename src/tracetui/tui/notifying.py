"""Telling through the terminal that a run failed or ended: its bell, or a notification of the desktop. Off by default.

Only what was seen running counts: what is read as history at the start is none of it. Several at once make one
notification, and no run is told of twice in the same state.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from tracetui.core.model import RunStatus
from tracetui.tui.title import plain_text

MOST_CHARACTERS: Final = 120

_RUNS: Final = frozenset((RunStatus.running, RunStatus.stalled))
_ENDS: Final = {
    RunStatus.error: "failed",
    RunStatus.ok: "ended well",
    RunStatus.unfinished: "ended without an end being recorded",
    RunStatus.unknown: "ended",
}
_FAILURES: Final = frozenset((RunStatus.error, RunStatus.unfinished))


def sequence(kind: str, words: str, env: Mapping[str, str] | None = None) -> str:
    """What tells the terminal; `words` may be untrusted. Empty for `off`.

    Inside tmux the sequences for the desktop go through to the terminal around it, if its `allow-passthrough` lets them.
    """
    env = os.environ if env is None else env
    if kind == "bell":
        return "\x07"
    if kind not in ("osc9", "osc777"):
        return ""
    # A semicolon parts the fields of OSC 777, and of ConEmu's kind of OSC 9 it makes a command.
    clean = plain_text(words, MOST_CHARACTERS).replace(";", ",")
    made = f"\x1b]9;{clean}\x07" if kind == "osc9" else f"\x1b]777;notify;tracetui;{clean}\x07"
    return "\x1bPtmux;" + made.replace("\x1b", "\x1b\x1b") + "\x1b\\" if env.get("TMUX") else made


class Notifier:
    """Collects what is to be told until `flush`.

    Args:
        kind: `off`, `bell`, `osc9`, `osc777`.
        only_failures: Tell of failures only, and not of every end.
        write: Writes a control sequence of ours to the terminal.
        env: The environment.
    """

    def __init__(
        self, kind: str, *, only_failures: bool, write: Callable[[str], None], env: Mapping[str, str] | None = None
    ) -> None:
        self._kind = kind
        self._only_failures = only_failures
        self._write = write
        self._env = env
        self._told: set[tuple[int, RunStatus]] = set()
        self._waiting: list[tuple[str, RunStatus]] = []

    def note(self, row: int, name: str, before: RunStatus | None, status: RunStatus) -> bool:
        """The status of a run is another one; whether there is something to be told now. `name` may be untrusted."""
        if self._kind == "off" or before not in _RUNS or status not in _ENDS:
            return False
        if (self._only_failures and status not in _FAILURES) or (row, status) in self._told:
            return False
        self._told.add((row, status))
        self._waiting.append((name, status))
        return len(self._waiting) == 1

    def flush(self) -> None:
        """Tell what waits, as one."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        failed = sum(status in _FAILURES for _, status in waiting)
        if len(waiting) == 1:
            name, status = waiting[0]
            words = f"{plain_text(name, 60)} {_ENDS[status]}"
        else:
            words = f"{len(waiting)} runs ended" + (f", {failed} of them failed" if failed else "")
        self._write(sequence(self._kind, words, self._env))

"""How fast the way to the terminal is taken to be, and what follows from it: how often what changes is sent.

Over SSH the link counts as slow, unless the settings or `--link fast` say otherwise. What is shown is the same; only what
changes by itself is sent less often. The theme stays what it is: `terminal` sends the fewest bytes, but is chosen by people.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.tui.settings import Loaded

FAST_TELL_S: Final = 0.25
SLOW_TELL_S: Final = 1.0
FAST_TICK_S: Final = 1.0
SLOW_TICK_S: Final = 5.0
FAST_DETAIL_S: Final = 1.0
SLOW_DETAIL_S: Final = 3.0

_SSH: Final = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")


@dataclass(frozen=True, slots=True)
class Link:
    """What was chosen, and why."""

    is_slow: bool = False
    reason: str = "there is no sign of SSH"
    tell_every_s: float = FAST_TELL_S
    """The least time between two changes that are shown, s; the first one after a rest is shown at once."""
    tick_every_s: float = FAST_TICK_S
    """How often clocks tick, s; infinite: never."""
    detail_every_s: float = FAST_DETAIL_S
    """The least time between two details that are shown while following, s."""


def choose_link(loaded: Loaded, env: Mapping[str, str] | None = None) -> Link:
    """The link by the settings, else by the environment (in tmux: that of its pane, which tmux takes over on attaching)."""
    env = os.environ if env is None else env
    settings = loaded.settings
    if settings.link == "auto":
        name = next((name for name in _SSH if env.get(name)), "")
        is_slow = bool(name)
        reason = f"{name} is set" if name else "there is no sign of SSH"
    else:
        is_slow, reason = settings.link == "slow", f'link = "{settings.link}" by {loaded.source("link")}'
    tick = {"on": FAST_TICK_S, "off": math.inf}.get(settings.motion, SLOW_TICK_S if is_slow else FAST_TICK_S)
    if is_slow:
        return Link(is_slow, reason, SLOW_TELL_S, tick, SLOW_DETAIL_S)
    return Link(is_slow, reason, FAST_TELL_S, tick, FAST_DETAIL_S)

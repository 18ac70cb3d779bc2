"""How many colours the terminal has, and the theme that follows from it where nobody chose one.

A theme of 256 colours is sent to a terminal of 16 as the nearest of those, which nobody chose for reading: the warnings of
`light` come to 1.7:1 there. `terminal` names the 16 itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FEW_COLOURS_THEME: Final = "terminal"
_MILLIONS: Final = ("truecolor", "24bit")
_OF_256: Final = ("256color", "kitty")


def has_few_colours(env: Mapping[str, str]) -> bool:
    """Whether what is sent to the terminal has 16 colours: by COLORTERM and TERM, as Rich tells it."""
    if env.get("COLORTERM", "").strip().lower() in _MILLIONS:
        return False
    return env.get("TERM", "").strip().lower().rpartition("-")[2] not in _OF_256


def default_theme(env: Mapping[str, str], usual: str) -> str:
    """The theme where neither settings nor option nor an earlier choice name one: the usual one, if it can be shown."""
    return FEW_COLOURS_THEME if has_few_colours(env) else usual

"""The title of the terminal: the open run and how it stands, and at the end the title that was there before.

Sent only when it is another one. What a recording calls a run passes `safe()` and loses whatever a title cannot hold, so
that nothing in it ends the sequence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from tracetui.core.text import plain_ascii, safe

MOST_CHARACTERS: Final = 80
"""What of a title is ever seen."""
PUSH: Final = "\x1b[22;0t"
"""Remember the title (xterm and most others; tmux too). Terminals that cannot ignore it."""
POP: Final = "\x1b[23;0t"
"""Put it back."""

_WITHOUT: Final = frozenset(("", "dumb", "linux", "vt100", "vt220", "cons25"))
"""Terminals without a title; some print what is sent."""


def has_title(env: Mapping[str, str] | None = None) -> bool:
    """Whether this terminal has a title, as far as its name tells."""
    env = os.environ if env is None else env
    return env.get("TERM", "") not in _WITHOUT


def sequence(words: str, *, only_ascii: bool = False) -> str:
    """What sets the title; `words` may be untrusted."""
    clean = plain_text(words, MOST_CHARACTERS, only_ascii=only_ascii)
    return f"\x1b]2;{clean}\x07"


def plain_text(words: str, most: int, *, only_ascii: bool = False) -> str:
    """Untrusted text as one printable line of at most so many characters, for a title or a notification."""
    clean = safe(words[: 4 * most])
    clean = "".join(char if char.isprintable() else " " for char in (plain_ascii(clean) if only_ascii else clean))
    clean = " ".join(clean.split())
    return clean if len(clean) <= most else f"{clean[: most - 3]}..."


class TerminalTitle:
    """The title while the screen is open.

    Args:
        write: Writes a control sequence of ours to the terminal.
        is_on: Whether there is a title to be set at all.
        only_ascii: Whether the terminal takes ASCII only.
    """

    def __init__(self, write: Callable[[str], None], *, is_on: bool, only_ascii: bool = False) -> None:
        self._write = write
        self._is_on = is_on
        self._only_ascii = only_ascii
        self._shown = ""

    def show(self, words: str) -> None:
        """Say something else; `words` may be untrusted."""
        if not self._is_on:
            return
        wanted = sequence(words, only_ascii=self._only_ascii)
        if wanted != self._shown:
            self._write(wanted if self._shown else PUSH + wanted)
            self._shown = wanted

    def end(self) -> None:
        """Put back what was there before."""
        if self._shown:
            self._shown, self._is_on = "", False
            self._write(POP)

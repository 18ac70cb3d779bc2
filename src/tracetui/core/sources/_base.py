"""Where bytes come from, and how they are found again: sources and locators.

A source interprets its own locators: only ``fetch`` knows what (a, b) means. A file answers with bytes or says that it has
changed on disk; it never guesses.
"""

from __future__ import annotations

from typing import Final, Protocol

STDIN_WORD: Final = "-"
"""How standard input is written among paths."""
STDIN_SHOWN: Final = "standard input"
"""What it is called wherever a path is shown."""


class Source(Protocol):
    """A thing with bodies."""

    id: int

    @property
    def path(self) -> str:
        """Absolute path, surrogateescape; untrusted."""

    @property
    def generation(self) -> int:
        """Counts truncations and replacements; records of an older generation are gone."""

    def fetch(self, a: int, b: int) -> bytes:
        """The body at a locator (file: ``b`` bytes at offset ``a``). Raises ChangedOnDisk, OSError never."""

    def line_of(self, a: int, near: int, near_line: int) -> int:
        """Line number (from 1) of offset ``a``, counted from offset ``near`` that begins line ``near_line``; 0: no lines."""

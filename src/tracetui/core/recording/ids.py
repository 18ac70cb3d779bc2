"""Ids of runs and spans, as OpenTelemetry has them."""

from __future__ import annotations

import os
import re
from typing import Final, Protocol

_AT_ONCE: Final = 256
_NO_ID: Final = "0" * 16
_RUN_ID: Final = re.compile("[0-9a-f]{32}")


class Ids(Protocol):
    """Where ids come from; ``tracetui.core.testing.CountingIds`` is one that repeats."""

    def span_id(self) -> str:
        """A span id: 16 lowercase hexadecimal digits, not all zero."""

    def run_id(self) -> str:
        """A run id: 32 lowercase hexadecimal digits, not all zero."""


def told_run_id(text: str) -> str:
    """The run id that a text tells, such as a UUID with its hyphens; empty: it tells none."""
    digits = text.replace("-", "").lower()
    return digits if _RUN_ID.fullmatch(digits) and digits.strip("0") else ""


class RandomIds:
    """Random ids from the system's own randomness, so that no two processes make the same."""

    def __init__(self) -> None:
        self.made: list[str] = []
        """Span ids made beforehand."""

    def forget(self) -> None:
        """Forget ids made beforehand; a forked child must not repeat its parent."""
        self.made.clear()

    def span_id(self) -> str:
        """A span id, 16 digits."""
        if not self.made:
            self.made += os.urandom(8 * _AT_ONCE).hex("-", 8).split("-")
            if _NO_ID in self.made:
                self.made.remove(_NO_ID)
        return self.made.pop()

    def run_id(self) -> str:
        """A run id, 32 digits."""
        return os.urandom(16).hex()

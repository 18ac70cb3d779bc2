"""Every exception that tracetui raises on purpose.

    TracetuiError                 a user's mistake or a fact of the world, told in one sentence
    ├── NotFound                  a path, run or span that is not there
    ├── Ambiguous                 a name that fits several runs; carries the candidates
    ├── ChangedOnDisk             a body that is gone from its file
    ├── TooLarge                  a body that holds more than can be unfolded
    ├── FilterError               a filter that cannot be read; carries where
    ├── FilterTooSlow             a regular expression that takes too long on what was recorded
    └── UnreadableSettings        a settings or theme file that cannot be used

Bytes that cannot be read are no exception but data (``Bad`` in core/operations.py).
"""

from __future__ import annotations

from collections.abc import Sequence


class TracetuiError(Exception):
    """Something the user can do something about; the message says what was wrong, where, and what to do next."""


class NotFound(TracetuiError):
    """What was named does not exist."""


class Ambiguous(TracetuiError):
    """A name that fits more than one run. ``candidates`` are what to choose from, as printable text."""

    def __init__(self, message: str, candidates: Sequence[str]) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class ChangedOnDisk(TracetuiError):
    """The bytes of a locator are not there any more: the file was replaced, truncated or deleted."""


class TooLarge(TracetuiError):
    """A body holds more values than can be unfolded; its text can be had."""


class FilterError(TracetuiError):
    """A filter expression that cannot be read.

    Args:
        message: what is wrong, in a sentence without a full stop.
        text: the whole expression.
        position: where in ``text`` it is wrong, in characters from 0; its length where something is missing at the end.
        length: how many characters are meant, at least 1.
        hint: what to write instead; may be empty.
    """

    def __init__(self, message: str, text: str, position: int, length: int = 1, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.text = text
        self.position = min(max(0, position), len(text))
        self.length = max(1, length)
        self.hint = hint


class FilterTooSlow(TracetuiError):
    """A regular expression of a filter that takes too long on a text of the recording."""


class UnreadableSettings(TracetuiError):
    """A file of the user's own that cannot be used as it is."""

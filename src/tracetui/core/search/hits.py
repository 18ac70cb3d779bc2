"""What a search finds: a place in a run, and the text around it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

LONGEST_MATCH: Final = 1_000
"""Characters of a match that a hit holds; a regular expression may match a whole file."""


class Part(Enum):
    """Where in a recording a hit lies."""

    name = "name"
    """The name of a span or run, or the id of a run."""
    body = "body"
    """A value of a record."""
    key = "key"
    """The name of a value of a record."""
    text = "text"
    """A record that is plain text, or bytes between records."""
    unreadable = "unreadable"
    """Bytes that could not be read as a record."""


@dataclass(slots=True, frozen=True)
class Hit:
    """One value that holds what was looked for; where it holds it several times, the first. Texts are untrusted.

    Args:
        run: row of the run; -1 where it is not known.
        span: row of the span; -1 for none.
        record: row of the record; -1 for none.
        part: where it lies.
        field: path of the value in its record (``messages[2].content``); empty for a record without fields.
        type: the producer's own name of the record; of unreadable bytes, why they are.
        source: id of the source.
        offset: where the record begins in it, bytes (or its row).
        line: of the record, or of the field where lines are long; 0 where there are none.
        before, match, after: the text around.
        is_cut_before, is_cut_after: whether there is more of the text.
    """

    run: int
    span: int
    record: int
    part: Part
    field: str
    type: str
    source: int
    offset: int
    line: int
    before: str
    match: str
    after: str
    is_cut_before: bool = False
    is_cut_after: bool = False


def excerpt(text: str, start: int, end: int, context: int) -> tuple[str, str, str, bool, bool]:
    """What stands before a match, the match, what stands after it, and whether the text goes on at either side."""
    first, last = max(0, start - context), min(len(text), end + context)
    match = text[start : min(end, start + LONGEST_MATCH)]
    if len(match) < end - start:
        return text[first:start], match, "", first > 0, True
    return text[first:start], match, text[end:last], first > 0, last < len(text)

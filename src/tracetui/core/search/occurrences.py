"""Every place in a long text where something stands: in order, piece by piece, to be shown and given up meanwhile.

A text is looked through in pieces that overlap by what a match may be long; a regular expression looks at whole lines, and at
no more than `REGEX_PIECE` characters at a time, in a process that can be killed (`tracetui.core.regexes`).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tracetui.core.pieced_text import PiecedText
from tracetui.core.regexes import Cancelled, Child
from tracetui.core.search.letters import equals
from tracetui.core.search.needle import Needle

PIECE: Final = 1 << 18
"""Characters that are looked through at once: a few milliseconds."""
REGEX_PIECE: Final = 1 << 16
"""Characters of a line that a regular expression sees at once."""
OVERLAP: Final = 2_048
"""Characters that a match may reach beyond such a piece."""
MOST: Final = 1_000_000
"""Places after which looking ends; `Found.is_more` says so."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a piece of the text holds.

    Attributes:
        starts: Where they begin.
        ends: Where they end.
        looked: Characters that have been looked through.
        is_more: There are more than `MOST`, which nobody looked for.
    """

    starts: array[int]
    ends: array[int]
    looked: int
    is_more: bool = False


def occurrences(
    needle: Needle, text: str | PiecedText, is_cancelled: Callable[[], bool] = lambda: False
) -> Iterator[Found]:
    """Where a needle stands in a text, without overlaps, piece after piece.

    Raises:
        Cancelled: It was given up.
        TooSlow: The regular expression does not come to an end.
    """
    left = MOST
    for found in _by_regex(needle, text, is_cancelled) if needle.is_regex else _by_text(needle, text):
        if is_cancelled():
            raise Cancelled
        if len(found.starts) > left:
            yield Found(found.starts[:left], found.ends[:left], found.looked, is_more=True)
            return
        left -= len(found.starts)
        yield found


def _by_text(needle: Needle, text: str | PiecedText) -> Iterator[Found]:
    letters = ("[" + "".join(map(re.escape, equals(char))) + "]" for char in needle.wanted)
    pattern = re.compile("".join(letters) if needle.ignores_case else re.escape(needle.wanted))
    small = needle.wanted.lower()
    size = len(needle.wanted)
    at = 0
    for begin in range(0, max(1, len(text)), PIECE):
        stop = min(len(text), begin + PIECE)
        piece_end = min(len(text), stop + size - 1)
        starts, ends = array("q"), array("q")
        piece = text[begin:piece_end]
        # Several times as fast as the pattern where nothing is beyond ASCII.
        if not needle.ignores_case or (piece.isascii() and small.isascii()):
            wanted, searched = (small, piece.lower()) if needle.ignores_case else (needle.wanted, piece)
            place = searched.find(wanted, max(0, at - begin))
            while place >= 0 and begin + place < stop:
                starts.append(begin + place)
                at = begin + place + size
                ends.append(at)
                place = searched.find(wanted, at - begin)
        else:
            for match in pattern.finditer(piece, max(0, at - begin)):
                if begin + match.start() < stop:
                    starts.append(begin + match.start())
                    ends.append(at := begin + match.end())
        yield Found(starts, ends, stop)


def _by_regex(needle: Needle, text: str | PiecedText, is_cancelled: Callable[[], bool]) -> Iterator[Found]:
    child = _AllMatches(is_cancelled)
    try:
        begin = at = 0
        while begin < len(text):
            stop = _end_of_lines(text, begin)
            is_cut = stop < len(text) and text[stop - 1 : stop] != "\n"
            piece = text[begin : stop + OVERLAP if is_cut else stop]
            starts, ends = array("q"), array("q")
            for start, end in child.all_places(needle.wanted, needle.flags | re.MULTILINE, piece, max(0, at - begin)):
                if begin + start < stop:
                    starts.append(begin + start)
                    ends.append(at := begin + end)
            yield Found(starts, ends, stop)
            begin = stop
    finally:
        child.close()


def _end_of_lines(text: str | PiecedText, begin: int) -> int:
    """Up to where a regular expression looks at once: whole lines, as many as fit, else part of one."""
    stop = begin + REGEX_PIECE
    if stop >= len(text):
        return len(text)
    newline = text[begin:stop].rfind("\n") + 1
    return begin + newline if newline else stop


_PROGRAM: Final = """
import array, re, sys
take, give = sys.stdin.buffer, sys.stdout.buffer
while head := take.read(16):
    flags, length, size, most = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4, 8, 12))
    pattern = re.compile(take.read(length).decode("utf-8", "surrogatepass"), flags)
    start = int.from_bytes(take.read(8), "little")
    text = take.read(size).decode("utf-8", "surrogatepass")
    places = array.array("q")
    for match in pattern.finditer(text, start):
        if match.end() > match.start():
            places.extend(match.span())
            if len(places) >= 2 * most:
                break
    count = len(places) // 2
    places.extend([-1] * (2 * most - len(places)))
    give.write(array.array("q", [count]).tobytes() + places.tobytes())
    give.flush()
"""
_AT_ONCE: Final = 4_096


class _AllMatches(Child):
    """A process that tells all matches in a text, not only the first."""

    program = _PROGRAM
    handshake = (bytes(24), 8)

    def all_places(self, pattern: str, flags: int, text: str, start: int) -> Iterator[tuple[int, int]]:
        """Where matches that are not empty stand, from `start` on. Raises TooSlow, Cancelled."""
        encoded, body = pattern.encode("utf-8", "surrogatepass"), text.encode("utf-8", "surrogatepass")
        while True:
            numbers = (flags, len(encoded), len(body), _AT_ONCE)
            head = b"".join(number.to_bytes(4, "little") for number in numbers)
            message = head + encoded + start.to_bytes(8, "little") + body
            count, *places = array("q", self.answered(message, 8 + 16 * _AT_ONCE))
            for at in range(0, 2 * count, 2):
                yield places[at], places[at + 1]
            if count < _AT_ONCE:
                return
            start = places[2 * count - 1]

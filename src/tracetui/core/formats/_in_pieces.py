"""A large JSON text parsed in pieces: the value is that of ``parse``, and no call into C takes more than some milliseconds.

One call over 60 MB keeps the interpreter to itself for a quarter of a second, and whatever else runs in the process stands
still meanwhile, a screen too. Here containers and texts that are large are parsed part by part and put together; what is small
stays in the text that it stands in. It takes some two to four times as long as one call. Only a text in one value is copied as
a whole, since Python has no other way to make one. What does not fit the plan (text that is no JSON, mostly) is left to
``parse``, which knows what is wrong, unless it is large.
"""

from __future__ import annotations

import re
import sys
from secrets import token_hex
from typing import Final

from tracetui.core.formats._ladder import BOM, NotJson, TooDense, parse

PIECE: Final = 1 << 17
"""Bytes that are parsed at once, about: 2 to 4 ms."""
_MOST_AT_ONCE: Final = 2_000_000
"""Bytes that ``parse`` is asked about once more when they do not fit the plan."""
_DEEPEST: Final = 1_000

_ON: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
"""Up to a bracket, or to a text that does not end within what is looked at."""
_TO_COMMA: Final = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_INSIDE: Final = re.compile(rb'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+', re.DOTALL)
"""Within a text, whole escapes."""
_HIGH_HALF: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_ESCAPE: Final = 6
_QUOTE: Final = ord('"')
_PAIRS: Final = {ord("]"): ord("["), ord("}"): ord("{")}


def parse_in_pieces(data: bytes, piece: int = PIECE, most: int = sys.maxsize) -> object:
    """What ``parse`` returns of the same bytes.

    Args:
        data: JSON.
        piece: Bytes that are parsed at once, about.
        most: Bytes that are parsed at all, texts of more than a piece left out.

    Raises:
        NotJson: as ``parse``.
        TooDense: There is more than ``most``.
    """
    if len(data) <= piece:
        return parse(data)
    try:
        return _Parser(data, piece, most).value()
    except (_Unfit, NotJson):
        if len(data) > _MOST_AT_ONCE:
            raise NotJson("not JSON, or nested too deep") from None
        return parse(data)


class _Unfit(Exception):
    """Not to be parsed in pieces."""


class _Open:
    """A container that has not ended yet: where it begins, and of what is behind it what was parsed."""

    __slots__ = ("at", "holes", "opening", "parsed", "skipped", "start")

    def __init__(self, start: int, opening: int) -> None:
        self.start = start
        self.opening = opening
        self.at = start + 1
        """Up to where it is parsed."""
        self.holes: list[tuple[int, int, object]] = []
        """Large values behind that, which are parsed."""
        self.skipped = 0
        """Bytes of those."""
        self.parsed: list[object] | dict[object, object] | None = None


class _Parser:
    def __init__(self, data: bytes, piece: int, most: int) -> None:
        self._data = data
        self._piece = piece
        self._left = most
        self._mark = token_hex(16)
        """Stands in the place of a large value: no text of a trace can be it."""

    def value(self) -> object:
        data, size = self._data, len(self._data)
        at = len(BOM) if data.startswith(BOM) else 0
        root = _Open(at - 1, ord("["))
        stack = [root]
        while at < size:
            top, before = stack[-1], at
            if top is not root and at - top.at - top.skipped > self._piece:
                at = self._to_comma(top, at)
            else:
                at = _ON.match(data, at, at + self._piece).end()  # type: ignore[union-attr]  # it matches nothing, too
            if at >= size or (at > before and data[at] == _QUOTE):
                continue
            match data[at]:
                case 0x5B | 0x7B as opening:
                    if len(stack) > _DEEPEST:
                        raise _Unfit
                    stack.append(_Open(at, opening))
                    at += 1
                case 0x5D | 0x7D as closing:
                    at += 1
                    self._close(stack, closing, at)
                case 0x22:  # nothing before it: it goes on beyond what was looked at
                    begin, (text, at) = at, self._text(at)
                    self._hole(top, begin, at, text)
        if len(stack) > 1:
            raise _Unfit
        self._flush(root, size)
        if not isinstance(root.parsed, list) or len(root.parsed) != 1:
            raise _Unfit
        return root.parsed[0]

    def _to_comma(self, top: _Open, at: int) -> int:
        """What is behind the last part of a large container becomes another one, up to the next comma of it."""
        stop = _TO_COMMA.match(self._data, at, at + self._piece).end()  # type: ignore[union-attr]  # as above
        if self._data[stop : stop + 1] != b",":
            return stop
        self._flush(top, stop, is_within=True)
        top.at = stop + 1
        return stop + 1

    def _close(self, stack: list[_Open], closing: int, at: int) -> None:
        top = stack.pop()
        if not stack or _PAIRS[closing] != top.opening:
            raise _Unfit
        if top.parsed is None and not top.holes and at - top.start <= self._piece:
            return
        self._flush(top, at - 1)
        self._hole(stack[-1], top.start, at, top.parsed)

    def _hole(self, top: _Open, begin: int, end: int, value: object) -> None:
        top.holes.append((begin, end, value))
        top.skipped += end - begin

    def _flush(self, top: _Open, end: int, *, is_within: bool = False) -> None:
        """Parse what is not parsed of a container, up to `end`."""
        at = top.at
        parts: list[bytes] = []
        for number, (begin, stop, _) in enumerate(top.holes):
            parts += (self._data[at:begin], b'"%s%d"' % (self._mark.encode(), number))
            at = stop
        text = b"".join((*parts, self._data[at:end]))
        if (is_within or top.parsed is not None) and not text.strip():
            raise _Unfit
        self._left -= len(text)
        if self._left < 0:
            raise TooDense
        found = parse(b"[%s]" % text if top.opening == 0x5B else b"{%s}" % text)
        values = {f"{self._mark}{number}": value for number, (_, _, value) in enumerate(top.holes)}
        if isinstance(found, list):
            found = [_filled(item, values) for item in found] if values else found
        elif isinstance(found, dict) and values:
            found = {_filled(key, values): _filled(item, values) for key, item in found.items()}
        if isinstance(top.parsed, list) and isinstance(found, list):
            top.parsed += found
        elif isinstance(top.parsed, dict) and isinstance(found, dict):
            top.parsed.update(found)
        elif isinstance(found, (list, dict)):
            top.parsed = found
        top.holes, top.skipped = [], 0

    def _text(self, at: int) -> tuple[str, int]:
        """The text that begins with the quote at `at`, and where it is over."""
        data, at = self._data, at + 1
        parts: list[str] = []
        while True:
            end = self._stretch(at)
            is_over = data[end : end + 1] == b'"'
            if not is_over:
                end = self._whole_letters(at, end)
            part = parse(b'"%s"' % data[at:end])
            if not isinstance(part, str) or (end == at and not is_over):
                raise _Unfit
            parts.append(part)
            if is_over:
                return "".join(parts), end + 1
            at = end

    def _stretch(self, at: int) -> int:
        """Up to where a text goes, or part of it."""
        data, stop = self._data, min(len(self._data), at + self._piece)
        quote = data.find(b'"', at, stop)
        end = stop if quote < 0 else quote
        return end if data.find(b"\\", at, end) < 0 else _INSIDE.match(data, at, stop).end()  # type: ignore[union-attr]

    def _whole_letters(self, at: int, end: int) -> int:
        """Not within a letter of several bytes, nor between the halves of one that stands as two escapes."""
        data = self._data
        while end > at and end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        return end - _ESCAPE if _HIGH_HALF.search(data, max(at, end - 64), end) else end


def _filled(item: object, values: dict[str, object]) -> object:
    return values.get(item, item) if isinstance(item, str) else item

"""Which characters are equal where case does not matter, and how a character may stand in JSON.

A letter of ASCII equals its other case and nothing else; any other character equals those that have the same upper and lower
case. Nothing is decomposed and no character becomes two, so that a place in the folded text is the place in the text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_LAST_CASED: Final = 0x1E944
"""Unicode's last character with another case."""
_SHORT: Final = {"\b": b"b", "\t": b"t", "\n": b"n", "\f": b"f", "\r": b"r"}
_DEPTH: Final = 8
"""Backslashes before an escape at most: JSON in a text in a text in a text."""


def folded(char: str) -> str:
    """What all characters that are equal to this one have in common; one character."""
    if char.isascii():
        return char.lower()
    upper = char.upper()
    upper = upper if len(upper) == 1 else char
    lower = upper.lower()
    lower = lower if len(lower) == 1 else upper
    return char if lower.isascii() else lower


@cache
def _equals() -> dict[str, list[str]]:
    """Characters beyond ASCII that have another case, by what they have in common."""
    groups: dict[str, list[str]] = {}
    for code in range(0x80, _LAST_CASED):
        char = chr(code)
        if char.lower() != char or char.upper() != char:
            groups.setdefault(folded(char), []).append(char)
    return groups


def equals(char: str) -> tuple[str, ...]:
    """All characters that are equal to this one, itself included."""
    if char.isascii():
        return tuple(sorted({char.lower(), char.upper()}))
    return tuple(sorted({char, *_equals().get(folded(char), ())}))


def has_case(text: str) -> bool:
    """Whether there is a capital in it, which makes a search look at case."""
    return any(char.isupper() or char.istitle() for char in text)


def raw_pattern(text: str, *, ignores_case: bool) -> bytes:
    """A regular expression for the bytes of ``text`` as any writer of JSON may put them, also JSON within a JSON text.

    It is for bytes that cannot be parsed. What repeats is bounded, so that it takes linear time.
    """
    parts = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            count = len(text[at:]) - len(text[at:].lstrip("\\"))
            parts.append(
                rb"(?:\\{1,%d}(?:u005[cC])?){%d,%d}" % (_DEPTH, 1, count) if count < 3 else _many_slashes(count)
            )
            at += count
            continue
        forms = [form for each in (equals(char) if ignores_case else (char,)) for form in _forms(each)]
        parts.append(b"(?:" + b"|".join(dict.fromkeys(forms)) + b")" if len(forms) > 1 else forms[0])
        at += 1
    return b"".join(parts)


def _many_slashes(count: int) -> bytes:
    return rb"\\{%d,%d}" % (count, _DEPTH * count)


def _forms(char: str) -> list[bytes]:
    """Patterns for the ways in which one character may stand."""
    slashes = rb"\\{1,%d}" % _DEPTH
    forms = [re.escape(char.encode("utf-8", "surrogatepass"))]
    if char in '"/':
        forms = [rb"\\{0,%d}" % _DEPTH + forms[0]]
    if char in _SHORT:
        forms.append(slashes + _SHORT[char])
    forms.append(b"".join(slashes + b"u" + _hexadecimal(unit) for unit in _units(char)))
    return forms


def _units(char: str) -> list[int]:
    data = char.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _hexadecimal(unit: int) -> bytes:
    digits = f"{unit:04x}"
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits).encode()

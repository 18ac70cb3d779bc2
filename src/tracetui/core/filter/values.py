"""Values of a filter as they are written: quotes and escapes, durations, numbers, dollars; and back.

``written_*`` give back what ``read_*`` took, in the shortest form that is exact.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from tracetui.core.durations import duration_ns

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_BARE: Final = re.compile(r"""[^\s()"']+""")
_BARE_PART: Final = re.compile(r"""[^\s()"':=<>!~.]+""")
_NUMBER: Final = re.compile(r"([0-9]{1,19}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(k|K|M|)")
_TIMES: Final = {"k": 1_000, "K": 1_000, "M": 1_000_000, "": 1}
_MOST: Final = 10**18
_UNITS: Final = (
    ("d", 86_400 * 10**9),
    ("h", 3_600 * 10**9),
    ("m", 60 * 10**9),
    ("s", 10**9),
    ("ms", 10**6),
    ("us", 10**3),
    ("ns", 1),
)
_DURATION: Final = re.compile(r"[0-9.]+(?:ns|us|µs|ms|s|m|h|d|w)")


class BadValue(ValueError):
    """What is written is no such value: ``str()`` says so, ``hint`` how to write one, ``at`` where in it (characters)."""

    def __init__(self, message: str, hint: str = "", at: int = 0) -> None:
        super().__init__(message)
        self.hint = hint
        self.at = at


# ---------------------------------------------------------------- texts


def read_text(token: str) -> str:
    """The text that a token means: bare as it stands, quoted with its escapes resolved. Raises BadValue."""
    if token[:1] not in ("'", '"'):
        return token
    return _ESCAPE.sub(_unescaped, token[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    char = _ESCAPES.get(found[2])
    if char is None:
        raise BadValue(
            f"unknown escape {found[0]!a}",
            r"escapes are \" \' \\ \n \t \r \uXXXX; a backslash is \\",
            found.start() + 1,
        )
    return char


def read_pattern(token: str) -> tuple[str, int]:
    r"""A regular expression as written, and where it begins in the token: in quotes nothing is an escape of ours.

    A quote inside is written ``\"``, which regular expressions read as a quote too.
    """
    return (token, 0) if token[:1] not in ("'", '"') else (token[1:-1], 1)


def written_text(text: str) -> str:
    """A text as a value: bare where it can be, else quoted."""
    if _BARE.fullmatch(text) and text.isprintable():
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    return char if char.isprintable() or ord(char) > 0xFFFF else f"\\u{ord(char):04x}"


def written_pattern(pattern: str) -> str:
    """A regular expression as a value, quoted."""
    for quote in ('"', "'"):
        if not _has_bare_quote(pattern, quote):
            return f"{quote}{pattern}{quote}"
    return (
        '"' + re.sub(r'\\.|"', lambda found: found[0] if len(found[0]) > 1 else '\\"', pattern, flags=re.DOTALL) + '"'
    )


def _has_bare_quote(pattern: str, quote: str) -> bool:
    return quote in re.sub(r"\\.", "", pattern, flags=re.DOTALL)


def written_part(part: str) -> str:
    """One part of a path."""
    return part if _BARE_PART.fullmatch(part) and part.isprintable() else '"' + "".join(map(_escaped, part)) + '"'


# ---------------------------------------------------------------- figures


def read_duration(text: str) -> int:
    """Nanoseconds. Raises BadValue."""
    ns = duration_ns(text)
    if ns is None:
        raise BadValue(f"{text!a} is no duration", "write it like 500ms, 2s, 1m30s, 3h or 7d")
    return ns


def written_duration(ns: int) -> str:
    """Exactly so many nanoseconds, in the largest unit that holds them as a whole number."""
    for unit, length in _UNITS:
        if ns and ns % length == 0:
            return f"{ns // length}{unit}"
    return "0s"


def read_count(text: str) -> int | float:
    """A number with ``k`` or ``M``. Raises BadValue."""
    return _read_number(text, "number", "write it like 812, 1.5k or 2M")


def read_cost(text: str) -> int | float:
    """US dollars. Raises BadValue."""
    return _read_number(text.removeprefix("$"), "cost", "write it like 0.01, $2 or $1.2k")


def _read_number(text: str, what: str, hint: str) -> int | float:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise BadValue(f"{text!a} is no {what}{_reason(text, what)}", hint)
    number = Decimal(found[1]) * _TIMES[found[2]]
    if number > _MOST:
        raise BadValue(f"{text!a} is too large", hint)
    return int(number) if number == int(number) else float(number)


def _reason(text: str, what: str) -> str:
    if _DURATION.fullmatch(text):
        return ": that is a time"
    if text.startswith("$") and what != "cost":
        return ": $ is for cost"
    if text.startswith("-"):
        return ": no figure is negative"
    return ""


def written_number(number: float) -> str:
    """A number with all its digits and without an exponent."""
    return str(number) if isinstance(number, int) else format(Decimal(repr(number)), "f")

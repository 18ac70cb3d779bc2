"""Lengths of time as people write them: `90`, `2s`, `1h30m`, `7d`. Cheap to import: the help of the commands needs it."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "": 10**9,
    "m": 60 * 10**9,
    "h": 3_600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w|)")
_MOST_NS: Final = (1 << 63) - 1
_LONGEST: Final = 60
"""Characters of what can be a duration."""


def duration_ns(text: str) -> int | None:
    """Nanoseconds of a duration as people write it; None if it is none."""
    text = text.strip().replace(" ", "")
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text or (len(parts) > 1 and any(not p[2] for p in parts)):
        return None
    if len(text) > _LONGEST:
        return None
    ns = sum(round(float(part[1]) * _UNITS[part[2]]) for part in parts)
    return ns if ns <= _MOST_NS else None

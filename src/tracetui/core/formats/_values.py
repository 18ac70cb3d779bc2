"""Values from a trace, narrowed: texts, counts, amounts and times, each with an answer for what it should not be.

Nothing here raises for any value that a JSON parser can return.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from tracetui.core.model import NO_TIME

LARGEST_COUNT: Final = 2**53
"""Larger token counts are damage, and would not fit the store's sums."""
LARGEST_TIME: Final = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TELLING: Final = (
    "query",
    "q",
    "question",
    "prompt",
    "command",
    "cmd",
    "code",
    "expression",
    "url",
    "file_path",
    "path",
    "pattern",
    "goal",
    "task",
    "symbol",
    "input",
    "text",
    "title",
    "name",
    "id",
)
"""Argument names by how much they tell about a call, most telling first."""
SUBJECT_LENGTH: Final = 200
"""Characters of a subject: it is one line of a tree."""


def text_of(value: object) -> str:
    """A text as it is; anything else that holds something as compact JSON; "" for null."""
    if isinstance(value, str):
        return value
    return "" if value is None else compact(value)


def compact(value: object) -> str:
    """One line of JSON for people."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "(nested too deep to show)"


def mapping_of(value: object) -> dict[str, object]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else []


def count_of(value: object) -> int | None:
    """A number of things, from 0 to ``LARGEST_COUNT``; None for anything else. Text with digits is accepted."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= 16):
            return None
        value = int(value)
    if isinstance(value, float):
        if not (math.isfinite(value) and value == int(value)):
            return None
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    return None


def amount_of(value: object) -> float | None:
    """A finite number (a cost, a duration); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:
        return None
    return amount if math.isfinite(amount) else None


def time_of(nanoseconds: int) -> int:
    """The time if the store can hold it, else ``NO_TIME``."""
    return nanoseconds if 0 < nanoseconds <= LARGEST_TIME else NO_TIME


def seconds_ns(value: object) -> int:
    """Epoch seconds → ns; ``NO_TIME`` if it is no time.

    Exact for whole microseconds, and else to the 100 ns that a float of today's size can tell apart: the float next to a moment
    in milliseconds often lies just before it, in the millisecond before.
    """
    seconds = amount_of(value)
    if seconds is None or not 0 < seconds < LARGEST_TIME / 1e9:
        return NO_TIME
    whole = int(seconds)
    micros = round((seconds - whole) * 1e6)
    if whole + micros / 1e6 == seconds:
        return time_of(whole * 1_000_000_000 + micros * 1_000)
    return time_of(whole * 1_000_000_000 + round((seconds - whole) * 1e7) * 100)


def length_ns(seconds: object) -> int | None:
    """A length of time in seconds → ns; None if it is none, negative, or longer than any run (30 years)."""
    length = amount_of(seconds)
    return round(length * 1e9) if length is not None and 0 <= length <= 1e9 else None


def iso_ns(text: object, zone: tzinfo | None = UTC) -> int:
    """ISO 8601 → ns since the epoch, ``NO_TIME`` if none; naive times are read in ``zone`` (None: this machine's)."""
    moment = iso_moment(text)
    return NO_TIME if moment is None else moment_ns(moment, zone)


def moment_ns(moment: datetime, zone: tzinfo | None = UTC) -> int:
    """Ns since the epoch of a moment, ``NO_TIME`` if the store cannot hold it; a naive one is read in ``zone``."""
    try:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()
        since = moment - _EPOCH
        return time_of(((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000)
    except (OverflowError, ValueError, OSError):
        return NO_TIME


def close_ns(text: object, zone: tzinfo) -> int:
    """``iso_ns`` for many texts within few seconds: each second is worked out once."""
    if (
        type(text) is str
        and text[19:20] == "."
        and len(text) == 26
        and (digits := text[20:]).isdigit()
        and digits.isascii()
    ):
        second = _second_ns(text[:19], zone)
        return second if second == NO_TIME else second + int(digits) * 1_000
    return iso_ns(text, zone)


@lru_cache(maxsize=1_024)
def _second_ns(text: str, zone: tzinfo) -> int:
    return iso_ns(text, zone)


def iso_moment(text: object) -> datetime | None:
    """The moment that an ISO 8601 text names; None if it names none."""
    if not isinstance(text, str) or not 8 <= len(text) <= 40:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def subject_of(arguments: object) -> str:
    """The most telling argument of a call as one short line; "" if there is none."""
    if isinstance(arguments, str):
        return _one_line(arguments)
    if not isinstance(arguments, Mapping):
        return ""
    for name in _TELLING:
        value = arguments.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return _one_line(str(value) if isinstance(value, str) else compact(value))
    for value in arguments.values():
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return _one_line(value if isinstance(value, str) else compact(value))
    return ""


def pairs_line(values: Mapping[str, object]) -> str:
    """``key=value key=value`` for the line of an event."""
    return "  ".join(f"{key}={_one_line(text_of(value))}" for key, value in values.items())


def _one_line(text: str) -> str:
    return " ".join(text[: SUBJECT_LENGTH * 2].split())[:SUBJECT_LENGTH]

"""Moments as people write them: ISO 8601, `now`, or how long ago. For options of the commands and for filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from tracetui.core.durations import duration_ns

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_NS: Final = (1 << 63) - 1


def moment_ns(text: str, now_ns: int, tz: tzinfo | None) -> int | None:
    """Nanoseconds since the epoch of a time as people write it; None if it is none.

    ISO 8601 (without a zone: in `tz`, None for the local one), `now`, or a duration before now.
    """
    text = text.strip()
    if text == "now":
        return now_ns
    # A plain number would be read as seconds ago; ISO's short forms (2026, 20260302) are meant more often.
    ago = None if text.isdigit() else duration_ns(text)
    if ago is not None:
        return max(0, now_ns - ago)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.astimezone() if tz is None else moment.replace(tzinfo=tz)
    ns = (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
    return ns if 0 <= ns <= _MOST_NS else None

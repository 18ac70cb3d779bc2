"""Time zones as people name them: `Europe/Berlin`, `+02:00`, `UTC`, `local`. For options of the commands and for settings."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Final

_OFFSET: Final = re.compile(r"([+-])(\d{2}):?(\d{2})")


def zone(text: str) -> tzinfo | None:
    """The time zone of this name, None for the local one. Raises ValueError."""
    if text == "local":
        return None
    if text.upper() in ("UTC", "Z"):
        return UTC
    if (offset := _OFFSET.fullmatch(text)) is not None:
        delta = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-delta if offset[1] == "-" else delta)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text)
    except (OSError, KeyError, ValueError) as error:  # the three that a name can raise: a folder, unknown, not a name
        raise ValueError(text) from error

"""Error texts as producers write them, taken apart: exception type, message, traceback."""

from __future__ import annotations

import re
from typing import Final

from tracetui.core.model import ErrorInfo

_TRACEBACK: Final = "Traceback (most recent call last)"
_TYPE: Final = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|Interrupt|Warning|Exit)")


def error_of(text: str) -> ErrorInfo:
    """``ValueError: nope`` → type and message; a text with a traceback keeps it and gives its last line as message."""
    at = text.find(_TRACEBACK)
    if at >= 0:
        last = text.strip().rpartition("\n")[2].strip()
        named = error_of(last) if _TRACEBACK not in last else ErrorInfo(last)
        return ErrorInfo(named.message, named.type, text[at:])
    head, colon, rest = text.partition(": ")
    if colon and _TYPE.fullmatch(head):
        return ErrorInfo(rest, head)
    return ErrorInfo(text)

"""JSON text of exports: as ``core.jsontext`` writes it, and numbers that JSON has no word for as texts (``"NaN"``)."""

from __future__ import annotations

import math
from typing import Any

from tracetui.core.jsontext import ascii_json


def json_line(value: object) -> str:
    """A value as JSON in printable ASCII, on one line."""
    text = ascii_json(value)
    return ascii_json(spelt(value)) if "null" in text else text


def spelt(value: object) -> object:
    """A plain value with its infinities and NaN as texts; itself if it holds none. Depth and cycles cost nothing."""
    top: list[Any] = [value]
    todo: list[tuple[Any, Any, Any]] = [(top, 0, value)]
    copies: dict[int, Any] = {}
    found = False
    while todo:
        holder, at, item = todo.pop()
        if isinstance(item, float) and not math.isfinite(item):
            holder[at] = "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
            found = True
        elif isinstance(item, dict | list | tuple):
            copy = copies.get(id(item))
            if copy is None:
                copy = copies[id(item)] = dict(item) if isinstance(item, dict) else list(item)
                todo += [
                    (copy, key, inner) for key, inner in (copy.items() if isinstance(copy, dict) else enumerate(copy))
                ]
            holder[at] = copy
    return top[0] if found else value

"""Looking for something in a value of JSON: keys and values in the order in which they are shown, JSON in texts included.

A hit is a path of child numbers, which `JsonRows.reveal` opens. Nothing recurses with the depth of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tracetui.core.bodies import NOT_JSON, PARSED_HERE, json_in_text
from tracetui.core.regexes import Cancelled, Child
from tracetui.core.search.needle import Needle
from tracetui.core.search.occurrences import occurrences

MOST: Final = 100_000
"""Hits after which looking ends."""
_AT_ONCE: Final = 512
_CHARACTERS_AT_ONCE: Final = 1 << 18
_LOOK_EVERY: Final = 256

_Link = tuple["_Link | None", int]


@dataclass(frozen=True, slots=True)
class JsonHit:
    """Where something stands.

    Attributes:
        path: Which child of which child, from the value itself on; empty for the value itself.
        offset: Character of a text; -1: in the key, or in what is no text.
    """

    path: tuple[int, ...]
    offset: int = -1


def json_hits(
    value: object, needle: Needle, is_cancelled: Callable[[], bool] = lambda: False
) -> Iterator[list[JsonHit]]:
    """Hits of a needle, some at a time; at most `MOST`. An empty list says that it is still being looked.

    A text counts as often as it holds the needle, once for a regular expression.

    Raises:
        Cancelled: It was given up.
        TooSlow: A regular expression does not come to an end.
    """
    left = MOST
    looking = _by_regex(value, needle, is_cancelled) if needle.is_regex else _by_text(value, needle)
    for number, hits in enumerate(looking):
        if is_cancelled():
            raise Cancelled
        if hits or not number % _LOOK_EVERY:
            yield hits[:left]
        left -= len(hits)
        if left <= 0:
            return


def _by_text(value: object, needle: Needle) -> Iterator[list[JsonHit]]:
    for link, text, is_text in _texts(value):
        if len(text) <= _CHARACTERS_AT_ONCE and needle.find(text) is None:
            yield []
            continue
        path = _path(link)
        if not is_text:
            yield [JsonHit(path)] if needle.find(text) is not None else []
            continue
        for found in occurrences(needle, text):
            yield [JsonHit(path, start) for start in found.starts]


def _by_regex(value: object, needle: Needle, is_cancelled: Callable[[], bool]) -> Iterator[list[JsonHit]]:
    child = Child(is_cancelled)
    waiting: list[tuple[_Link | None, str, bool]] = []
    size = 0
    try:
        for entry in _texts(value):
            if len(entry[1]) > _CHARACTERS_AT_ONCE:
                yield _matched(child, needle, waiting) if waiting else []
                yield _first_match(needle, entry, is_cancelled)
                waiting, size = [], 0
                continue
            waiting.append(entry)
            size += len(entry[1])
            if len(waiting) >= _AT_ONCE or size >= _CHARACTERS_AT_ONCE:
                yield _matched(child, needle, waiting)
                waiting, size = [], 0
        if waiting:
            yield _matched(child, needle, waiting)
    finally:
        child.close()


def _first_match(
    needle: Needle, entry: tuple[_Link | None, str, bool], is_cancelled: Callable[[], bool]
) -> list[JsonHit]:
    """The same of a text that is too long for being looked through at once."""
    link, text, is_text = entry
    for found in occurrences(needle, text, is_cancelled):
        if found.starts:
            return [JsonHit(_path(link), found.starts[0] if is_text else -1)]
    return []


def _matched(child: Child, needle: Needle, entries: list[tuple[_Link | None, str, bool]]) -> list[JsonHit]:
    places = child.places(needle.wanted, needle.flags, [text for _, text, _ in entries])
    return [
        JsonHit(_path(link), place[0] if is_text else -1)
        for (link, _, is_text), place in zip(entries, places, strict=True)
        if place is not None
    ]


def _path(link: _Link | None) -> tuple[int, ...]:
    path: list[int] = []
    while link is not None:
        link, at = link
        path.append(at)
    return tuple(reversed(path))


def _texts(value: object) -> Iterator[tuple[_Link | None, str, bool]]:
    """Keys and leaves in order: where, what, and whether it is the text of a value."""
    todo: list[Iterator[tuple[_Link | None, str | None, object]]] = [iter([(None, None, value)])]
    while todo:
        entry = next(todo[-1], None)
        if entry is None:
            todo.pop()
            continue
        link, key, item = entry
        if key is not None:
            yield link, key, False
        if isinstance(item, str):
            parsed = json_in_text(item) if len(item) <= PARSED_HERE else NOT_JSON
            if parsed is NOT_JSON:
                yield link, item, True
                continue
            item = parsed
        if isinstance(item, (dict, list, tuple)):
            todo.append(_children(item, link))
        else:
            yield link, _scalar(item), False


def _children(
    item: dict[object, object] | list[object] | tuple[object, ...], link: _Link | None
) -> Iterator[tuple[_Link | None, str | None, object]]:
    if isinstance(item, dict):
        for at, (key, inner) in enumerate(item.items()):
            yield (link, at), str(key), inner
    else:
        for at, inner in enumerate(item):
            yield (link, at), None, inner


def _scalar(item: object) -> str:
    if item is None or isinstance(item, bool):
        return {None: "null", True: "true", False: "false"}[item]
    if isinstance(item, int) and item.bit_length() > 8_000:
        return ""  # Python refuses to print it; so does the screen
    return repr(item)[:10_000]

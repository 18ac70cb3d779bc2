"""The texts of a record with their paths: what is looked at exactly, and what a hit's ``field`` says.

A path is written as one reads it: ``messages[2].content``. In a list of ``{"key": …, "value": …}``, as OpenTelemetry writes
attributes, the key stands for both: ``attributes.http.url``. A text that holds an object or a list is a record within the
record, and its path goes on: ``arguments.city``. Numbers are texts as Python writes them; true, false and null are none.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tracetui.core.formats._ladder import NotJson, TooDense, in_pieces, parse

MOST_LEVELS: Final = 4
"""Texts within texts that are read as JSON."""
MOST_VALUES: Final = 8_000_000
"""Bytes that are parsed in a thread, texts that are long left out."""
_AT_ONCE: Final = 131_072
_LONGEST_PATH: Final = 300
"""Characters of a path that are kept, from its end."""
_LONGEST_NUMBER: Final = 4_000
_OPENING: Final = frozenset(("{", "[", " ", "\n", "\t", "\r"))
_NUMBERS: Final = frozenset((int, float))
_CONTAINERS: Final = frozenset((dict, list))
_MARKS: Final = frozenset((b"{", b"}", b"[", b"]", b",", b":"))
_NO_TEXT: Final = frozenset((b"true", b"false", b"null"))
_MOST_DEPTH: Final = 1_000
"""Levels of nesting that have a path where nothing is parsed; no parser takes more."""

# As in tracetui.core.formats._scan, with what else a JSON value may be.
_TOKEN: Final = re.compile(rb'[{}\[\],:]|"(?:[^"\\]|\\.)*+"?|[^\s{}\[\],:"]+', re.DOTALL)


Holds = Callable[[str], bool]
"""Whether a text holds what is looked for."""


@dataclass(slots=True, eq=False)
class Text:
    """A text of a record. ``around`` is the text that it was written in as JSON, if it was."""

    field: str
    text: str
    is_key: bool = False
    around: Text | None = None
    raw: bytes | None = None
    """All bytes of a record that is no JSON, or damaged, instead of ``text``."""


@dataclass(slots=True)
class _Open:
    """An object or a list that is being walked over."""

    path: str
    items: Iterator[tuple[object, object]]
    is_list: bool


def texts_of(
    value: object, *, keys: bool, path: str = "", around: Text | None = None, holds: Holds | None = None
) -> Iterator[Text]:
    """The texts of a parsed value in the order in which they were written; a loop, since a trace may be nested deeply.

    With ``holds`` only the texts of which it is true, and those that may hold JSON.
    """
    if not isinstance(value, dict | list):
        text = value if isinstance(value, str) else _number(value)
        if text is not None and (holds is None or _is_worth_it(text, holds)):
            yield Text(_shown(path), text, around=around)
        return
    stack = [_open(path, value)]
    while stack:
        here = stack[-1]
        is_list = here.is_list
        for key, item in here.items:
            text = item if type(item) is str else _number(item) if type(item) in _NUMBERS else None
            if text is None and type(item) not in _CONTAINERS and not keys:
                continue
            if text is not None and holds is not None and not keys and not _is_worth_it(text, holds):
                continue
            inner = f"{here.path}[{key}]" if is_list else _joined(here.path, str(key))
            if keys and not is_list:
                yield Text(_shown(inner), str(key), is_key=True, around=around)
            if is_list and (named := _named_value(item)) is not None:
                name, item = named
                inner = _joined(here.path, name)
                if keys:
                    yield Text(_shown(inner), name, is_key=True, around=around)
                text = item if isinstance(item, str) else _number(item)
            if text is not None:
                yield Text(_shown(inner), text, around=around)
            elif isinstance(item, dict | list):
                stack.append(_open(inner, item))
                break
        else:
            stack.pop()


def _open(path: str, value: dict[str, object] | list[object]) -> _Open:
    if isinstance(value, dict):
        return _Open(_shown(path), iter(value.items()), False)
    return _Open(_shown(path), iter(enumerate(value)), True)


def _is_worth_it(text: str, holds: Holds) -> bool:
    """Whether a text holds what is looked for, or may be JSON that does."""
    return text[:1] in _OPENING or holds(text)


def within(text: Text, *, keys: bool, holds: Holds | None = None) -> Iterator[Text]:
    """The texts of the JSON that a text is, if it is an object or a list; and of texts in those."""
    waiting = [(text, 0)]
    while waiting:
        outer, level = waiting.pop()
        value = _json_in(outer.text) if level < MOST_LEVELS and not outer.is_key else None
        if value is None:
            continue
        for inner in texts_of(value, keys=keys, path=outer.field, around=outer, holds=holds):
            yield inner
            waiting.append((inner, level + 1))


def _json_in(text: str) -> object:
    if text[:1] not in _OPENING or not text[:64].lstrip().startswith(("{", "[")):
        return None
    try:
        value = parsed(text.encode("utf-8", "surrogatepass"))
    except (NotJson, TooDense):
        return None
    return value if isinstance(value, dict | list) else None


def parsed(data: bytes) -> object:
    """The value of bytes; beside the main thread in pieces, so that it goes on. Raises NotJson, there also TooDense."""
    if len(data) <= _AT_ONCE or not is_in_thread():
        return parse(data)
    with in_pieces(MOST_VALUES):
        return parse(data)


def is_in_thread() -> bool:
    """Whether somebody else may be waiting for the interpreter: a screen."""
    return threading.current_thread() is not threading.main_thread()


def _named_value(item: object) -> tuple[str, object] | None:
    """Name and value of an item of a list of attributes."""
    if not isinstance(item, dict) or len(item) != 2:
        return None
    name = item.get("key")
    if not isinstance(name, str) or "value" not in item:
        return None
    value = item["value"]
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).endswith("Value"):
        value = next(iter(value.values()))
    return name, value


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else "…" + path[-_LONGEST_PATH:]


def _number(value: object) -> str | None:
    """A number as text; None for what is none, or is too long to be converted."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return str(value)
    except ValueError:
        return None


# -- without parsing ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Level:
    path: str
    is_list: bool
    key: str = ""
    number: int = 0

    @property
    def inner(self) -> str:
        """Path of what stands here next."""
        return f"{self.path}[{self.number}]" if self.is_list else _joined(self.path, self.key)


def tokens_of(data: bytes, *, keys: bool) -> Iterator[Text]:
    """Texts of a value that is too long to be parsed, or damaged; paths as far as they can be told.

    A text that breaks off is taken as far as it goes. Lists of attributes keep their numbers.
    """
    nesting = _Nesting()
    for token in _TOKEN.finditer(data):
        mark = token.group()
        if mark[:1] == b'"':
            text = decoded(mark)
            is_key = nesting.is_in_object and data[token.end() : token.end() + 16].lstrip()[:1] == b":"
            if is_key:
                nesting.key(text)
            if keys or not is_key:
                yield Text(nesting.path, text, is_key=is_key)
        elif mark in _MARKS:
            nesting.mark(mark)
        elif mark not in _NO_TEXT and len(mark) < _LONGEST_NUMBER:
            yield Text(nesting.path, mark.decode("utf-8", "replace"))


class _Nesting:
    """Where in a JSON text one is, from its marks; nothing is said of what is damaged."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._deeper = 0

    @property
    def path(self) -> str:
        """Path of what stands here."""
        return _shown(self._levels[-1].inner) if self._levels else ""

    @property
    def is_in_object(self) -> bool:
        """Whether this is a place for a key."""
        return bool(self._levels) and not self._levels[-1].is_list

    def key(self, name: str) -> None:
        """What follows is the value of this name."""
        self._levels[-1].key = name

    def mark(self, mark: bytes) -> None:
        """A bracket, comma or colon."""
        if mark in (b"{", b"["):
            if len(self._levels) < _MOST_DEPTH:
                self._levels.append(_Level(self.path, mark == b"["))
            else:
                self._deeper += 1
        elif mark in (b"}", b"]"):
            if self._deeper:
                self._deeper -= 1
            elif self._levels:
                self._levels.pop()
        elif mark == b"," and self._levels and not self._deeper:
            self._levels[-1].number += 1


def decoded(token: bytes) -> str:
    """The text that a string of JSON is, however much of it there is and whatever is wrong with it."""
    whole = token if len(token) > 1 and token.endswith(b'"') else token + b'"'
    for attempt in (whole, _CUT_ESCAPE.sub(b"", token) + b'"'):
        try:
            value = parse(attempt)
        except NotJson:
            continue
        if isinstance(value, str):
            return value
    return token.strip(b'"').decode("utf-8", "replace")


_CUT_ESCAPE: Final = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?$")

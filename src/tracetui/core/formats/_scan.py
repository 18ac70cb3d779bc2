"""Looking at JSON without parsing all of it: the top-level keys of a beginning, and where elements lie in a document.

A tokenizer with a stack of its own: no recursion, any nesting, any damage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from tracetui.core.formats._base import HEAD_BYTES
from tracetui.core.formats._ladder import BOM, NotJson, parse

# Possessive and without need of a closing quote, so that a broken string costs one pass and not one per character.
_TOKEN = re.compile(rb'[{}\[\]]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)
HEAD_LINES = 20
"""How many complete lines of a beginning are tried before it is said to hold no record."""


class Head:
    """What a file's beginning shows, found once for all formats that ask."""

    def __init__(self, head: bytes) -> None:
        body = head[len(BOM) :] if head.startswith(BOM) else head
        self.body = body.lstrip()
        lines = self.body.split(b"\n", HEAD_LINES)
        self.whole = len(head) < HEAD_BYTES
        """The head is all there is."""
        self.first_line_complete = len(lines) > 1
        complete = [line for line in lines[:HEAD_LINES] if line.strip()]
        if len(lines) <= HEAD_LINES and not self.whole and not self.body.endswith(b"\n"):
            complete = complete[:-1]
        self.values = [value for line in complete if (value := _value(line)) is not None]
        """Values of the first lines that are complete JSON."""
        self.first: dict[str, object] | None = next((v for v in self.values if isinstance(v, dict)), None)
        """The first line that is an object."""
        self.starts_with_object = bool(complete) and isinstance(_value(complete[0]), dict)
        self.line_count = len(complete)

    @cached_property
    def keys(self) -> list[str]:
        """Keys of the first object, as far as the head goes, in order: of an object line, or of a document."""
        if self.first is not None and self.starts_with_object:
            return list(self.first)
        return top_level_keys(self.body)


def _value(line: bytes) -> object:
    try:
        return parse(line)
    except NotJson:
        return None


@lru_cache(maxsize=4)
def head_of(head: bytes) -> Head:
    """What a beginning shows; remembered, since every format asks the same of the same bytes."""
    return Head(head)


def top_level_keys(data: bytes) -> list[str]:
    """Keys of the object with which ``data`` begins, as far as ``data`` goes; none if it begins with no object."""
    keys: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(data):
        mark = token.group()
        if mark in b"{[":
            depth += 1
            if depth == 1 and mark == b"[":
                return []
        elif mark in b"}]":
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and _is_key(data, token.end()):
            name = _value(mark)
            keys.append(name if isinstance(name, str) else "")
    return keys


def _is_key(data: bytes, end: int) -> bool:
    return data[end : end + 16].lstrip().startswith(b":")


def element_places(data: bytes, path: Sequence[frozenset[str] | None]) -> Iterator[tuple[int, int]]:
    """Offset and length of every object that lies at ``path``: names of members, None for any element of a list."""
    stack: list[str | None] = []  # how each open container was reached
    arrays: list[bool] = []
    starts: list[int] = []
    key: str | None = None
    for token in _TOKEN.finditer(data):
        mark = token.group()
        if mark in b"{[":
            stack.append(None if arrays and arrays[-1] else key)
            arrays.append(mark == b"[")
            starts.append(token.start())
            key = None
        elif mark in b"}]":
            if not stack:
                return
            if mark == b"}" and _at(stack, path):
                yield starts[-1], token.end() - starts[-1]
            stack.pop()
            arrays.pop()
            starts.pop()
        elif len(stack) <= len(path) and arrays and not arrays[-1] and _is_key(data, token.end()):
            name = _value(mark)
            key = name if isinstance(name, str) else ""


def _at(stack: list[str | None], path: Sequence[frozenset[str] | None]) -> bool:
    if len(stack) != len(path) + 1:
        return False
    return all(step is None if names is None else step in names for step, names in zip(stack[1:], path, strict=True))

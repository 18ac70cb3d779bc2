"""Secrets on the screen: found in what is shown as a whole, and struck out wherever a piece of one stands.

A line of the screen holds a secret cut, wrapped, or in a column apart from its key, so looking at lines alone does not find it.
What is shown is put through the gate of the exports, and what that takes out is what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tracetui.core.pieced_text import PiecedText
from tracetui.core.redaction import REDACTED, Redactor
from tracetui.core.text import safe

_GRAM: Final = 8
"""Characters of a secret that are taken for a piece of it."""
_LEAST: Final = 4
"""Characters of a piece that stands alone: the end of one that was wrapped."""
_WINDOW: Final = 1 << 17
_OVERLAP: Final = 1 << 14
"""Characters of the longest secret that is found where two parts meet."""
_MOST_CHARACTERS: Final = 1_000_000
_TOKEN: Final = re.compile(r"[^\s\"'│|]+")


def windows(text: str | PiecedText | bytes) -> Iterator[Any]:
    """A long text in parts that overlap by more than a secret is long: no look at it takes long."""
    for at in range(0, max(1, len(text)), _WINDOW):
        yield text[at : at + _WINDOW + _OVERLAP]


def secrets_of(value: object, gate: Redactor) -> set[str]:
    """The texts that the gate takes out of a value. In a thread; others run meanwhile, however large the value is."""
    value = _in_windows(value)
    clean, count = gate.redact(value)
    found: set[str] = set()
    todo = [(value, clean)] if count else []
    while todo:
        before, after = todo.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            for (key, item), (clean_key, clean_item) in zip(before.items(), after.items(), strict=True):
                todo += [(key, clean_key), (item, clean_item)]
        elif isinstance(before, (list, tuple)) and isinstance(after, list):
            todo += zip(before, after, strict=True)
        elif before != after:
            found |= _taken_out(str(before), str(after))
    return found


def _in_windows(value: object) -> object:
    """The value with lists of parts in the place of its long texts: what stands under a secret key stays under it."""
    if not isinstance(value, (dict, list, tuple)):
        return _leaf(value)
    whole: dict[object, object] | list[object] = {} if isinstance(value, dict) else []
    todo: list[tuple[Any, Any]] = [(value, whole)]
    while todo:
        source, target = todo.pop()
        for key, item in source.items() if isinstance(source, dict) else enumerate(source):
            copy: Any = _leaf(item)
            if isinstance(item, (dict, list, tuple)):
                copy = {} if isinstance(item, dict) else []
                todo.append((item, copy))
            if isinstance(target, dict):
                target[key] = copy
            else:
                target.append(copy)
    return whole


def _leaf(value: object) -> object:
    is_long = isinstance(value, PiecedText) or (isinstance(value, str) and len(value) > _WINDOW)
    return list(windows(value)) if is_long and isinstance(value, (str, PiecedText)) else value


def _taken_out(before: str, after: str) -> set[str]:
    """What stands in a text where it was replaced."""
    first, *rest = after.split(REDACTED)
    if not rest:
        return {before}
    found, at = set(), len(first)
    for number, piece in enumerate(rest, 1):
        stop = before.find(piece, at) if piece else -1
        if stop < 0 or (number == len(rest) and not piece):
            stop = len(before) - len(piece)
        found.add(before[at:stop])
        at = stop + len(piece)
    return found


class Striker:
    """Finds pieces of secrets in lines of the screen.

    Args:
        secrets: What must not be seen. Untrusted.
        gate: Finds what is a secret by its look, in lines.
    """

    def __init__(self, secrets: Iterable[str], gate: Redactor) -> None:
        self._gate = gate
        self._short: set[str] = set()
        self._grams: set[str] = set()
        self._ends: set[str] = set()
        left = _MOST_CHARACTERS
        self.overflows = False
        """There was more than could be looked for."""
        for secret in secrets:
            for line in secret.splitlines() or [""]:
                clean = safe(line).strip()
                left -= len(clean)
                if left < 0:
                    self.overflows = True
                    return
                self._take(clean)

    def _take(self, secret: str) -> None:
        if len(secret) < _GRAM:
            self._short.add(secret)
            return
        self._grams.update(secret[at : at + _GRAM] for at in range(len(secret) - _GRAM + 1))
        self._ends.update(secret[-size:] for size in range(_LEAST, _GRAM))
        self._ends.update(secret[:size] for size in range(_LEAST, _GRAM))

    def struck(self, line: str) -> str:
        """A line with blocks in the place of each character of a secret; of the same length."""
        hidden = bytearray(len(line))
        for at in range(len(line) - _GRAM + 1):
            if line[at : at + _GRAM] in self._grams:
                hidden[at : at + _GRAM] = b"\x01" * _GRAM
        for token in _TOKEN.finditer(line):
            start, end = token.span()
            word = token[0].strip("….,:;()[]{}")
            if any(hidden[start:end]) or word in self._short or word in self._ends:
                hidden[start:end] = b"\x01" * (end - start)
        self._by_look(line, hidden)
        return "".join("x" if hide and char != " " else char for char, hide in zip(line, hidden, strict=True))

    def _by_look(self, line: str, hidden: bytearray) -> None:
        clean, count = self._gate.text(line)
        if not count:
            return
        for secret in _taken_out(line, clean):
            at = line.find(secret) if secret else -1
            while at >= 0:
                hidden[at : at + len(secret)] = b"\x01" * len(secret)
                at = line.find(secret, at + len(secret))

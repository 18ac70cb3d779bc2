"""The gate of an export: every text and value of a trace goes through it, secrets are taken out and counted.

The rules are those of ``tracetui.core.redaction``. Ids are names of things as well as texts: one that holds a secret gets a
name of its own, the same wherever it is met, so that children still find their parents.
"""

from __future__ import annotations

from typing import Any, TypeVar

from tracetui.core.jsontext import json_text
from tracetui.core.redaction import Redactor

_Value = TypeVar("_Value")


class Gate:
    """Takes secrets out of what is exported; with no redactor it lets everything pass."""

    def __init__(self, redactor: Redactor | None) -> None:
        self._redactor = redactor
        self._ids: dict[str, str] = {}
        self.count = 0
        """Secrets taken out so far."""

    @property
    def is_on(self) -> bool:
        """Whether secrets are taken out."""
        return self._redactor is not None

    def text(self, text: str) -> str:
        """A text without its secrets."""
        if self._redactor is None or not text:
            return text
        clean, count = self._redactor.text(text)
        self.count += count
        return clean

    def value(self, value: _Value) -> _Value:
        """A plain JSON value without its secrets; of the same shape."""
        if self._redactor is None or not self._redactor.suspects(json_text(value).encode("utf-8", "surrogatepass")):
            return value
        clean, count = self._redactor.redact(value)
        self.count += count
        result: Any = clean
        return result  # type: ignore[no-any-return]  # a container keeps its type, a text stays a text

    def id(self, text: str) -> str:
        """An id, or its substitute if it holds a secret."""
        if self._redactor is None:
            return text
        known = self._ids.get(text)
        if known is not None:
            return known
        _, count = self._redactor.key(text)
        if not count:
            return text
        self.count += count
        name = self._ids[text] = f"redacted-{len(self._ids) + 1}"
        return name

"""Unified diffs: told from other texts, and coloured; the signs at the left say the same without colour."""

from __future__ import annotations

import re
from typing import Final

from tracetui.core.text import safe
from tracetui.tui.presentation.pieces import Piece

_LOOKED_AT: Final = 4_000
_HUNK: Final = re.compile(r"^@@ -\d{1,9}(?:,\d{1,9})? \+\d{1,9}(?:,\d{1,9})? @@", re.MULTILINE)
_HEADS: Final = (
    "diff --",
    "index ",
    "new file",
    "deleted file",
    "similarity ",
    "rename ",
    "old mode",
    "new mode",
    "Binary ",
)


def is_diff(text: str) -> bool:
    """Whether a text is a unified diff: it begins as one and has a hunk, or begins with the hunk."""
    head = text[:_LOOKED_AT].lstrip("\n")
    if head.startswith("diff --git "):
        return True
    if head.startswith(("--- ", "Index: ")):
        return "\n+++ " in head and _HUNK.search(head) is not None
    return _HUNK.match(head) is not None


def diff_line(line: str) -> list[Piece]:
    """One line of a diff."""
    shown = safe(line.expandtabs(4))
    if line.startswith(("+++ ", "--- ")):
        return [(shown, "strong bold")]
    if line.startswith("+"):
        return [(shown, "diff-added")]
    if line.startswith("-"):
        return [(shown, "diff-removed")]
    if line.startswith("@@"):
        return [(shown, "code-key")]
    if line.startswith((*_HEADS, "\\ ")):
        return [(shown, "muted")]
    return [(shown, "")] if shown else []


def replaced(before: str, after: str) -> list[str]:
    """What an edit takes out and puts in, as lines of a diff; lines that both begin or end with stay as context."""
    one, other = before.split("\n"), after.split("\n")
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(other)) - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    removed, added = one[head : len(one) - tail], other[head : len(other) - tail]
    lines = [f" {line}" for line in one[:head]]
    lines += [f"-{line}" for line in removed] + [f"+{line}" for line in added]
    return lines + [f" {line}" for line in (one[len(one) - tail :] if tail else [])]

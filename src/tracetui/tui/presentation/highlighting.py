"""Code with its keywords, strings and numbers marked, by Pygments, in the theme's own four colours.

The language is what a fence or a file's name says, never guessed. Some of Pygments' lexers take minutes for a page of
brackets, and Python's `re` cannot be stopped: only languages whose lexers stood a test with such pages are used, a piece of
a few thousand characters at a time, and what is not done in time stays plain.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import PurePosixPath
from threading import Lock
from typing import Any, Final

from tracetui.core.text import safe
from tracetui.tui.presentation.pieces import Piece

MOST_CHARACTERS: Final = 20_000
"""Longer code stays plain."""

PIECE: Final = 3_000
"""Characters that are looked at in one go; some 10 ms of work at worst."""

PATIENCE_S: Final = 0.02
"""When a piece is not done after so long, the rest of it stays plain."""

_LONG_LINE: Final = 1_000
"""Code with a longer line stays plain: it was not written by hand."""

_LANGUAGES: Final = {
    "python": ("py", "python3", "py3", "pyi"),
    "json": ("jsonc", "json5", "jsonl"),
    "yaml": ("yml",),
    "toml": (),
    "bash": ("sh", "shell", "zsh"),
    "javascript": ("js", "mjs", "cjs", "node"),
    "typescript": ("ts", "mts"),
    "html": ("htm",),
    "xml": ("svg", "xsd"),
    "css": (),
    "sql": ("postgres", "postgresql", "sqlite", "mysql"),
    "java": (),
    "go": ("golang",),
    "rust": ("rs",),
    "ruby": ("rb",),
    "docker": ("dockerfile",),
}
_LEXER_OF: Final = {word: name for name, others in _LANGUAGES.items() for word in (name, *others)}


def language_of(word: str) -> str:
    """The language that a fence names; empty for one that is not known here."""
    return _LEXER_OF.get(word.strip().lower(), "")


def language_of_file(name: str) -> str:
    """The language of a file by the end of its name."""
    path = PurePosixPath(name[-200:].replace("\\", "/"))
    return language_of(path.suffix[1:] or path.name)


def code_lines(code: str, language: str) -> list[list[Piece]]:
    """Lines of a piece of code as pieces, safe; plain where the language is not known or the code is too long.

    Args:
        code: Untrusted. Of more than `MOST_CHARACTERS` nothing is marked.
        language: As `language_of` and `language_of_file` say it.
    """
    lines = code.split("\n")
    if not language or len(code) > MOST_CHARACTERS or any(len(line) > _LONG_LINE for line in lines):
        return [[(safe(line.expandtabs(4)), "")] if line else [] for line in lines]
    found: list[list[Piece]] = [[]]
    for text, style in _tokens(code, language):
        first, *rest = text.split("\n")
        _add(found[-1], first, style)
        for line in rest:
            found.append([])
            _add(found[-1], line, style)
    return found


def _add(line: list[Piece], text: str, style: str) -> None:
    if not text:
        return
    text = safe(text.replace("\t", "    "))
    if line and line[-1][1] == style:
        line[-1] = (line[-1][0] + text, style)
    else:
        line.append((text, style))


def _tokens(code: str, language: str) -> list[tuple[str, str]]:
    """Texts that joined are the code, each with its style."""
    until = time.monotonic() + PATIENCE_S
    found: list[tuple[str, str]] = []
    done = 0
    for at, kind, text in _lexer(language).get_tokens_unprocessed(code):
        if at != done:  # a lexer that leaves out or repeats something is not to be trusted
            break
        found.append((text, _style(kind)))
        done += len(text)
        if time.monotonic() > until:
            break
    return [*found, (code[done:], "")] if done < len(code) else found


_MAKING: Final = Lock()
"""The first lexer of a class makes the tables of all: not in two threads at once."""


@lru_cache(len(_LANGUAGES))
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # it has no types

    with _MAKING:
        return get_lexer_by_name(language)


@lru_cache(256)
def _style(kind: Any) -> str:
    from pygments.token import (  # type: ignore[import-untyped]  # it has no types
        Comment,
        Keyword,
        Literal,
        Name,
        Number,
        Operator,
        String,
    )

    for family, style in (
        (Comment, "muted"),
        (Keyword, "code-keyword"),
        (Operator.Word, "code-keyword"),
        (String, "code-string"),
        (Number, "code-number"),
        (Literal, "code-number"),
        (Name.Tag, "code-key"),
        (Name.Attribute, "code-key"),
        (Name.Decorator, "code-key"),
    ):
        if kind in family:
            return style
    return ""

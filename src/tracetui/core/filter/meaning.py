"""Plain words that people type for what a filter says by a field: `failed` is `status:error`."""

from __future__ import annotations

from typing import Final

from tracetui.core.model import CLASS_WORDS, KIND_WORDS

_FEW: Final = 3
"""Letters of such a word from which on it is known."""

_MEANT: Final[tuple[tuple[str, str, str], ...]] = (
    ("status:error", "what failed", "error errors failed failure failures failing broken crashed exception traceback"),
    ("status:open", "what has no end", "open running unfinished hanging stuck"),
    ("status:skipped", "what was skipped", "skipped"),
    ("status:ok", "what went well", "ok okay succeeded success"),
    ("dur>10s", "what took long", "slow slowest long longest duration"),
    ("cost>0.1", "what was dear", "expensive costly dear price dollars"),
    ("tokens>10k", "what used many tokens", "large largest usage"),
    ("kind:llm", "calls of a model", "llm llms model models call calls chat prompt prompts"),
    ("kind:tool", "calls of a tool", "tool tools function functions"),
    ("kind:retry", "what was tried again", "retry retries retried"),
    ("kind:retriever", "what was looked up", "retrieval retrievals retriever retrievers"),
)
"""A term, what it finds, and the words for it."""


def meant(word: str, *, begun: bool = False) -> tuple[str, str] | None:
    """The term that a plain word means, and what that finds; None if none is known.

    Args:
        word: As typed, in any case.
        begun: It may be no more than the beginning of such a word.
    """
    word = word.lower()
    for term, about, words in _MEANT:
        if any(each == word or (begun and len(word) >= _FEW and each.startswith(word)) for each in words.split()):
            return term, about
    if word in KIND_WORDS or word in CLASS_WORDS:
        return f"kind:{word}", ""
    return None


def is_figure(term: str) -> bool:
    """Whether such a term is about a figure, whose bound is a guess: who types `price` may as well look for a name."""
    return ":" not in term

"""Small parts of reading Claude Code: what is remembered of a session, and what single values of its lines mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tracetui.core.formats._utf8 import check_lines
from tracetui.core.formats._values import SUBJECT_LENGTH, amount_of, mapping_of, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, Status, Usage

FIGURES: Final = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
"""Names of an answer's figures, in the order in which ``usage_from`` takes them."""

_SYNTHETIC: Final = "<synthetic>"
"""What stands for the model in answers that Claude Code made up itself."""
_COUNTERS: Final = ("duration_api_ms",)
_MODEL_COUNTERS: Final = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens", "costUSD")
_LARGEST_COST: Final = 1e9


class Costs:
    """Cost of the calls whose output a stream is, from their ``result`` lines, US dollars.

    Within one process ``total_cost_usd``, ``duration_api_ms`` and ``modelUsage`` count on from turn to turn (that is so with
    ``--input-format stream-json``), so the last line holds all of them. Where a counter falls, another process has begun, whose
    output was appended to the same file.
    """

    __slots__ = ("_before", "_counters")

    def __init__(self) -> None:
        self._before = 0.0
        self._counters: dict[str, float] = {}

    def so_far(self, result: dict[str, object]) -> float | None:
        """Cost of all calls up to this ``result``; None: it does not say."""
        cost = amount_of(result.get("total_cost_usd"))
        if cost is None or not 0 <= cost < _LARGEST_COST:
            return None
        counters = {"cost": cost} | {
            f"{model} {figure}": number
            for model, figures in (("", result), *mapping_of(result.get("modelUsage")).items())
            for figure in (_MODEL_COUNTERS if model else _COUNTERS)
            if (number := amount_of(mapping_of(figures).get(figure))) is not None
        }
        # A model that is not named any more has been counted anew as well.
        missing = 0.0 if isinstance(result.get("modelUsage"), dict) else float("inf")
        if any(counters.get(name, missing) < number for name, number in self._counters.items()):
            self._before += self._counters["cost"]
        self._counters = counters
        return self._before + cost


class SessionState:
    """What a decoder has said of one session."""

    __slots__ = (
        *(
            "begun",
            "caller",
            "calls",
            "clock",
            "costs",
            "figures",
            "has_news",
            "history",
            "is_aside",
            "is_copied",
            "is_kept",
        ),
        *("meta", "named", "outcome", "repeated", "settled", "start", "teller", "turn"),
    )

    def __init__(self, teller: int) -> None:
        self.teller = teller
        self.clock: Clock | None = None
        self.start = NO_TIME
        self.settled = False
        """Everything that ``_facts`` looks for is known."""
        self.begun: set[str] = set()
        """Agents with a start."""
        self.calls: set[str] = set()
        """Message ids."""
        self.caller: dict[str, str] = {}
        """Message id by id of the tool call."""
        self.figures: tuple[str, tuple[int | None, ...] | None, float | None] = ("", None, None)
        """Message id, usage and cost of the last answer's line; most lines of an answer repeat them."""
        self.costs = Costs()
        self.named = 0
        self.meta: dict[str, object] = {}
        self.outcome: tuple[Status, str] | None = None
        self.has_news = False
        """The outcome changed and was not told yet."""
        self.turn: str | None = None
        """The prompt that is being answered."""
        self.history = ""
        """The session that told the copied line before this one."""
        self.repeated = 0
        """Lines copied from sessions before it."""
        self.is_aside = False
        """A stream of a session whose own file is there."""
        self.is_kept = False
        """It was said that this is the session's own file."""
        self.is_copied = False
        """Lines of it are told by another file."""


def session_of(line: dict[str, object]) -> str:
    """The session that a line says it belongs to, in either spelling; empty if it says none."""
    said = line.get("sessionId") or line.get("session_id")
    return said if isinstance(said, str) else ""


def shown_model(model: str, failure: str = "") -> tuple[str, str]:
    """What an answer is called, and the model that gave it; ``failure`` is an error that was written as an answer."""
    if model == _SYNTHETIC:
        return ("API error" if failure else "answer without a model"), ""
    return model or "model", model


def agent_key(name: str) -> str:
    """The span key of a subagent, by its id or by that of the call that started it."""
    return f"agent {name}"


def folder_name(path: str) -> str:
    """The last part of a path of any system, cut to the length of a name."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1][:SUBJECT_LENGTH]


def prompt_text(content: object) -> str:
    """The text of a prompt as a whole, to compare it with the task of a call."""
    if isinstance(content, list):
        return "\n".join(text_of(block.get("text")) for block in content if isinstance(block, dict))
    return text_of(content)


def event_class(record: dict[str, object], kind: str) -> EventClass:
    """What a line that is no part of a conversation is; ``kind`` is its type."""
    subtype = record.get("subtype")
    if kind == "system":
        if subtype == "api_retry" or (subtype == "api_error" and "retryAttempt" in record):
            return EventClass.retry
        if subtype == "api_error" or record.get("level") == "error":
            return EventClass.error
    if kind == "result" and record.get("is_error") is True:
        return EventClass.error
    return EventClass.event


def usage_from(counts: Sequence[int | None] | None, cost: float | None) -> Usage | None:
    """Figures of an answer, ``FIGURES`` in order; ``input`` includes what was read from and written to the cache."""
    fresh, output, read, written = counts or (None,) * len(FIGURES)
    known = [figure for figure in (fresh, read, written) if figure is not None]
    usage = Usage(input=sum(known) if known else None, output=output, cached=read, cache_write=written, cost_usd=cost)
    return None if usage == Usage() else usage


def is_utf8(lines: Sequence[bytes]) -> bool:
    """Whether bytes are text."""
    try:
        check_lines(lines)
    except UnicodeDecodeError:
        return False
    return True

"""The fields of the filter language: what each is, which operators it takes, and how its values are read and printed.

The one list behind parsing, completion, help and the test of ``docs/filter.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tracetui.core.filter.nodes import Op
from tracetui.core.model import CLASS_WORDS, KIND_ALIASES, KIND_WORDS, RunStatus, Status


class Values(StrEnum):
    """What the values of a field are."""

    word = "a word"
    text = "a text"
    duration = "a duration"
    number = "a number"
    cost = "US dollars"
    time = "a time"
    any = "anything"


_EQUAL: Final = (Op.has, Op.equal, Op.unequal)
_ORDER: Final = (Op.less, Op.at_most, Op.more, Op.at_least)
OPERATORS: Final[dict[Values, tuple[Op, ...]]] = {
    Values.word: (*_EQUAL, Op.match),
    Values.text: (*_EQUAL, Op.match),
    Values.duration: (*_EQUAL, *_ORDER),
    Values.number: (*_EQUAL, *_ORDER),
    Values.cost: (*_EQUAL, *_ORDER),
    Values.time: (Op.has, Op.equal),
    Values.any: tuple(Op),
}
"""Which operators a kind of value takes."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field."""

    name: str
    values: Values
    about: str
    """What it is, for completion and help."""
    of_runs: bool = False
    """A run has it as well as a span."""
    words: tuple[str, ...] = ()
    """All values there are."""


STATUS_WORDS: Final = tuple(dict.fromkeys([*(status.name for status in Status), *(word.value for word in RunStatus)]))
ONLY_RUNS: Final = frozenset({"running", "stalled", "unfinished", "unknown"})
"""Words of ``status`` that are said of runs; of a span they are asked of its run."""
ONLY_SPANS: Final = frozenset({"skipped", "open", "unset"})

_FIELDS: Final = (
    Field(
        "kind",
        Values.word,
        "kind of the span, or class of an event",
        words=tuple(dict.fromkeys(KIND_WORDS + CLASS_WORDS)),
    ),
    Field("type", Values.text, "the producer's own name of a record"),
    Field("status", Values.word, "how it went", of_runs=True, words=STATUS_WORDS),
    Field("name", Values.text, "name of the span, or of the run", of_runs=True),
    Field("model", Values.text, "model of the call, or of one of the run", of_runs=True),
    Field("run", Values.text, "name or id of the run", of_runs=True),
    Field("format", Values.text, "format of the recording", of_runs=True),
    Field("dur", Values.duration, "how long it took", of_runs=True),
    Field("own", Values.duration, "how long it took without the spans in it"),
    Field("tokens", Values.number, "tokens in all", of_runs=True),
    Field("in", Values.number, "input tokens, cached ones included", of_runs=True),
    Field("out", Values.number, "output tokens, reasoning included", of_runs=True),
    Field("cached", Values.number, "input tokens from the cache", of_runs=True),
    Field("cost", Values.cost, "cost as recorded, else computed from prices, US dollars", of_runs=True),
    Field("depth", Values.number, "spans above it"),
    Field("errors", Values.number, "failed spans in it, itself included", of_runs=True),
    Field("age", Values.duration, "how long ago it started", of_runs=True),
    Field("since", Values.time, "started at this time or later", of_runs=True),
    Field("until", Values.time, "started before this time", of_runs=True),
    Field("text", Values.text, "everything that was recorded of it"),
    Field("attr", Values.any, "an attribute by its path: attr.user.id"),
)
FIELDS: Final[dict[str, Field]] = {field.name: field for field in _FIELDS}
"""All fields by name, in the order in which they are offered."""

OTHER_NAMES: Final[dict[str, str]] = {
    **dict.fromkeys(("duration", "time", "took", "latency", "length"), "dur"),
    **dict.fromkeys(("self", "own_time", "self_time"), "own"),
    **dict.fromkeys(("class", "span_kind"), "kind"),
    **dict.fromkeys(("event", "record"), "type"),
    **dict.fromkeys(("state", "error"), "status"),
    **dict.fromkeys(("span", "tool", "agent"), "name"),
    **dict.fromkeys(("id", "trace", "session", "run_id", "trace_id"), "run"),
    **dict.fromkeys(("input", "prompt_tokens", "input_tokens"), "in"),
    **dict.fromkeys(("output", "completion_tokens", "output_tokens"), "out"),
    **dict.fromkeys(("total", "token"), "tokens"),
    **dict.fromkeys(("cache", "cache_read"), "cached"),
    **dict.fromkeys(("usd", "price", "cost_usd"), "cost"),
    **dict.fromkeys(("start", "after", "from"), "since"),
    **dict.fromkeys(("end", "before", "to"), "until"),
    **dict.fromkeys(("body", "message", "content", "search", "contains"), "text"),
    **dict.fromkeys(("attribute", "attributes", "meta"), "attr"),
    "level": "depth",
}
"""What people may write for a field, for the hint."""

OTHER_WORDS: Final[dict[str, dict[str, str]]] = {
    "kind": {alias: kind.name for alias, kind in KIND_ALIASES.items() if alias != kind.name} | {"function": "tool"},
    "status": {
        **dict.fromkeys(("failed", "failure", "fail", "err", "errors"), "error"),
        **dict.fromkeys(("success", "done", "passed", "finished", "completed"), "ok"),
        **dict.fromkeys(("active", "live"), "running"),
        **dict.fromkeys(("silent", "stuck", "hanging"), "stalled"),
    },
}
"""What people may write for a word of a field, for the hint."""

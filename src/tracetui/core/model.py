"""The words of a trace as values: kinds, classes, statuses, clocks, and what one span or event says.

This module stands at the bottom of the core: formats produce these values, the store keeps them in columns, commands and
screen show them. It imports nothing of tracetui. Times are integer nanoseconds since the epoch, durations end in ``_ns``.
The vocabulary is OpenTelemetry's, the kinds are OpenInference's plus ``step`` for workflows and ``span`` for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final


class Kind(IntEnum):
    """What a span is. The numbers are what the store keeps; the names are what ``kind:`` and JSON say."""

    agent = 0
    llm = 1
    tool = 2
    retriever = 3
    embedding = 4
    reranker = 5
    guardrail = 6
    evaluator = 7
    chain = 8
    step = 9
    span = 10


class EventClass(IntEnum):
    """What an event is, whatever its producer calls it."""

    decision = 0
    log = 1
    message = 2
    retry = 3
    error = 4
    token = 5
    event = 6


def class_word(number: int) -> str:
    """The word of an event's class; ``event`` for one that was taken back and is still shown for a moment."""
    return EventClass(number).name if number < len(EventClass) else EventClass.event.name


class Status(IntEnum):
    """How a span went. ``unset``: it ended and its producer said nothing more."""

    unset = 0
    ok = 1
    error = 2
    skipped = 3
    open = 4


class RunStatus(StrEnum):
    """How a run stands; decided by one pure function, ``tracetui.core.run_status``."""

    ok = "ok"
    error = "error"
    running = "running"
    stalled = "stalled"
    unfinished = "unfinished"
    unknown = "unknown"


class Clock(StrEnum):
    """Where the times of a source come from.

    ``utc``: the recording names the instant. ``inferred``: naive times whose zone the recording gives away.
    ``assumed``: naive times read in the viewer's zone. ``relative``: durations laid end to end. ``order_only``: no times.
    """

    utc = "utc"
    inferred = "inferred"
    assumed = "assumed"
    relative = "relative"
    order_only = "order_only"


NO_TIME: Final = -1
"""A time that is not recorded (an open span's end, a start nobody wrote). Real times are never negative in the store."""


class Flag(IntEnum):
    """Bits of a span's ``flags`` column."""

    parent_inferred = 1
    """The parent was worked out from times (containment), not recorded."""
    start_inferred = 2
    """The start time was worked out."""
    end_inferred = 4
    """The end time was worked out."""
    announced = 8
    """A record of the start or end of this span was read; without it the row only stands for a parent that was named."""
    dropped = 16
    """Tombstone: the producer took the span back. The row stays, nothing counts it."""
    has_usage = 32
    """The usage table holds a row for it."""
    has_error = 64
    """Its records hold an error text worth fetching."""
    invented = 128
    """No recording says it: a row that groups others, so that people find their way. Shown by its name, counted nowhere."""
    retold = 256
    """A record told its start, its end or all of it a second time."""
    no_start = 512
    """Its end was read without its start."""
    in_pieces = 1024
    """Its producer tells it several times on purpose (a retried job ends again): that is no duplicate."""


TIME_INFERRED: Final = int(Flag.start_inferred | Flag.end_inferred)
"""Flags of a span whose duration is worked out."""


KIND_WORDS: Final = tuple(kind.name for kind in Kind)
CLASS_WORDS: Final = tuple(cls.name for cls in EventClass)

CHIPS: Final[tuple[tuple[str, tuple[Kind, ...], tuple[EventClass, ...]], ...]] = (
    ("agent", (Kind.agent,), ()),
    ("llm", (Kind.llm,), ()),
    ("tool", (Kind.tool,), ()),
    ("retriever", (Kind.retriever, Kind.embedding, Kind.reranker), ()),
    ("step", (Kind.step, Kind.chain, Kind.span), ()),
    ("decision", (), (EventClass.decision,)),
    ("log", (), (EventClass.log,)),
    ("message", (), (EventClass.message,)),
    (
        "other",
        (Kind.guardrail, Kind.evaluator),
        (EventClass.retry, EventClass.error, EventClass.token, EventClass.event),
    ),
)
"""What the number keys 1 to 9 select, the same in every run: label, span kinds, event classes."""

KIND_ALIASES: Final[dict[str, Kind]] = {
    **{kind.name: kind for kind in Kind},
    "model": Kind.llm,
    "retrieval": Kind.retriever,
    "workflow": Kind.chain,
    "run": Kind.chain,
    "turn": Kind.chain,
    "prompt": Kind.chain,
    "job": Kind.step,
    "stage": Kind.step,
    "node": Kind.step,
    "thinking": Kind.span,
    "handoff": Kind.span,
}


def kind_of(word: str) -> Kind:
    """The kind that a producer's word stands for; ``span`` for a word nobody agreed on."""
    return KIND_ALIASES.get(word.lower(), Kind.span)


@dataclass(slots=True)
class Usage:
    """Tokens and cost of one span, as recorded: a figure that is not there is ``None``, never 0.

    ``input`` includes cached tokens, ``output`` includes reasoning; ``cost_usd`` is what the producer wrote, in US dollars.
    """

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cost_usd: float | None = None


@dataclass(slots=True)
class ErrorInfo:
    """What went wrong in a span, as its records say. Texts are untrusted and as written."""

    message: str = ""
    type: str = ""
    traceback: str = ""


@dataclass(slots=True)
class Message:
    """One message of a conversation with a model, in any producer's format."""

    role: str
    text: str = ""
    tool_calls: list[tuple[str, object]] = field(default_factory=list)
    """(tool name, arguments) pairs in order."""
    tool_name: str = ""
    """For a tool's result: which tool."""
    raw: object = None
    """The message as recorded."""
    call_ids: list[str] = field(default_factory=list)
    """Ids of ``tool_calls``, in their order; none where the format records none."""
    answers: str = ""
    """For a tool's result: id of the call that it answers, if recorded."""
    failed: bool = False
    """For a tool's result: it says that the tool failed."""


ABSENT: Final = object()
"""An input or output that the recording does not hold (``None`` may be a recorded value)."""


@dataclass(slots=True)
class SpanDetail:
    """What the records of one span say beyond its columns; made by its format when someone looks.

    All texts and values are untrusted and as recorded.
    """

    id: str = ""
    """The producer's own id of the span, as written."""
    subject: str = ""
    """What the span was about, in a few words: the most telling argument of a tool, the model of a call."""
    model: str = ""
    provider: str = ""
    input: object = ABSENT
    output: object = ABSENT
    error: ErrorInfo | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    """Everything else the producer recorded of the span, by its own keys."""
    messages: list[Message] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    reply: int | None = None
    """Which of ``messages`` is the first that the call answered: their number if it answered none. None: not known."""
    continues: bool = False
    """``messages`` hold only what a call answered; what it was told is what the calls before it hold."""


@dataclass(slots=True)
class EventDetail:
    """What one event says: a line of text for the tree, and all its values for the detail."""

    text: str = ""
    attributes: dict[str, object] = field(default_factory=dict)

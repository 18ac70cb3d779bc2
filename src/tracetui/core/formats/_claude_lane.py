"""What nearly every line of a Claude Code session is, decoded without a dictionary, and the columns that such lines end in.

Whatever fits ill (other types, figures out of range, damage) does not decode here and goes the long way, which ends in the same
store, by test. Bytes that are not UTF-8 must be kept out: texts that are skipped are not looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Final

import msgspec

from tracetui.core.formats._claude_bodies import name_of_texts
from tracetui.core.formats._dra_lane import Keys
from tracetui.core.formats._values import LARGEST_COUNT
from tracetui.core.model import NO_TIME, EventClass, Flag, Kind, Status
from tracetui.core.operations import (
    Begin,
    Columns,
    Drop,
    End,
    Event,
    Operation,
    Patch,
    Record,
    RunFact,
    Whole,
)

_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)]
_NOTHING: Final = msgspec.Raw(b"null")
_LLM: Final = int(Kind.llm)
_TOOL: Final = int(Kind.tool)
_SPAN: Final = int(Kind.span)
_OK: Final = int(Status.ok)
_RETRY: Final = int(EventClass.retry)
_ERROR: Final = int(EventClass.error)
_EVENT: Final = int(EventClass.event)
_START_INFERRED: Final = int(Flag.start_inferred)
_HAS_ERROR: Final = int(Flag.has_error)
_IN_PIECES: Final = int(Flag.in_pieces)
_INVENTED: Final = int(Flag.invented)

Counts = tuple[int | None, ...]
"""Figures of an answer, as ``_claude_parts.FIGURES`` has them."""


class Block(msgspec.Struct, gc=False):
    """A part of a message."""

    type: str = ""
    id: str = ""
    name: str = ""
    tool_use_id: str = ""
    is_error: bool | None = None
    text: str | None = None
    input: msgspec.Raw = _NOTHING


class Figures(msgspec.Struct, gc=False):
    """Tokens of an answer."""

    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None


class Said(msgspec.Struct, gc=False):
    """A message."""

    id: str = ""
    model: str = ""
    stop_reason: str | None = None
    usage: Figures | None = None
    content: list[Block] | str = ""


class Line(msgspec.Struct, gc=False):
    """A line, as far as it is looked at before somebody asks for it."""

    type: str
    sessionId: str  # noqa: N815 - as written
    uuid: str = ""
    timestamp: str | None = None
    message: Said | None = None
    parentUuid: str | None = None  # noqa: N815
    isSidechain: bool = False  # noqa: N815
    agentId: str = ""  # noqa: N815
    attributionAgent: str = ""  # noqa: N815
    toolUseResult: msgspec.Raw = _NOTHING  # noqa: N815
    subtype: str | None = None
    isMeta: object = None  # noqa: N815
    isCompactSummary: object = None  # noqa: N815
    level: object = None
    retryAttempt: object = msgspec.UNSET  # noqa: N815
    isApiErrorMessage: object = None  # noqa: N815
    costUSD: None = None  # noqa: N815
    parent_tool_use_id: None = None


_decode_line: Final[Callable[[bytes], Line]] = msgspec.json.Decoder(Line).decode


def decode_lines(texts: Sequence[bytes]) -> Sequence[Line | None]:
    """What lines say; None for those that are not plain."""
    try:
        return list(map(_decode_line, texts))
    except (ValueError, RecursionError):  # one of them; or nested too deep for this parser
        return [_decoded(text) for text in texts]


def _decoded(text: bytes) -> Line | None:
    try:
        return _decode_line(text)
    except (ValueError, RecursionError):
        return None


def value_of(raw: msgspec.Raw) -> object:
    """What a part that was left undecoded holds."""
    return msgspec.json.decode(raw)


class Answer:
    """An answer that began in this block, as it is at its last piece."""

    __slots__ = ("counts", "end", "flags", "key", "model", "name", "parent", "position", "start", "status")

    def __init__(self, position: int, key: int, parent: int, shown: tuple[str, str], start: int, failed: bool) -> None:
        self.position, self.key, self.parent = position, key, parent
        self.name, self.model = shown
        self.start, self.end = start, NO_TIME
        self.status = _OK
        self.flags = _START_INFERRED | (_HAS_ERROR if failed else 0)
        self.counts: Counts | None = None


class Gathered:
    """What successive lines of one session say, in columns, with what fits no column beside it.

    All columns are folded before the rest. So what goes on with a span whose earlier part is among the rest has to follow it
    there: ``answers`` holds the ones that do not, ``late`` the tools that do.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.keys = Keys()
        self.answers: dict[str, Answer] = {}
        """By message id: those that later pieces may be added to."""
        self.late: set[str] = set()
        """Tools of which more can only be said in the rest."""
        self.begins: list[tuple[int, int, int, str, int]] = []
        """Calls of tools: position, key, parent, name, time."""
        self.ends: list[tuple[int, int, int]] = []
        """Results without an error: position, key, time."""
        self.events: list[tuple[int, int, int, int]] = []
        """Position, key of the span or 0, class, time."""
        self.pieces: list[tuple[int, int]] = []
        """Records that add to an answer: position, key."""
        self.ahead: list[tuple[int, Operation]] = []
        self.rest: list[tuple[int, Operation]] = []
        self._told: list[Answer] = []
        self._turns: dict[str, Patch] = {}
        self._turn_ends: dict[str, tuple[int, int]] = {}
        self.records: list[tuple[str, int, int]] = []
        """Type, offset, length."""
        self._copies: list[int] = []

    def again(self) -> int:
        """The last line once more, uncounted, since it speaks of another span too; its position."""
        records = self.records
        position = len(records)
        self._copies.append(position)
        records.append(records[-1])
        return position

    def answer(self, id_: str, parent: str | None, shown: tuple[str, str], start: int, *, failed: bool) -> Answer:
        """The last line begins an answer."""
        keys = self.keys
        told = Answer(len(self.records) - 1, keys[id_], keys[parent] if parent else 0, shown, start, failed)
        self._told.append(told)
        self.answers[id_] = told
        return told

    def begin_turn(self, position: int, turn: Patch) -> None:
        """A prompt."""
        self.ahead.append((position, turn))
        self._turns[turn.key] = turn

    def end_turn(self, turn: str, time: int) -> None:
        """An answer ends what a prompt began; only the last one counts."""
        begun = self._turns.get(turn)
        if begun is not None:
            begun.end = time
            return
        self._turn_ends[turn] = (len(self.records) - 1, time)

    def put(self, operations: Sequence[Operation]) -> None:
        """What a line says that was read the long way: a ``Record`` first."""
        position = -1
        for op in operations:
            match op:
                case Record():
                    position = len(self.records)
                    self.records.append((op.type, op.a, op.b))
                    if not op.counted:
                        self._copies.append(position)
                case Event():
                    self.events.append((position, self.keys[op.span] if op.span else 0, int(op.cls), op.time))
                case Begin() | End() | Whole() | Patch() | Drop():
                    self._part(op.key)
                    is_turn = isinstance(op, Patch) and op.flags & _INVENTED
                    (self.ahead if is_turn else self.rest).append((position, op))
                case _:
                    self.rest.append((position, op))

    def _part(self, key: str) -> None:
        """What is said of a span from here on follows in the rest."""
        self.late.add(key)
        self.answers.pop(key, None)
        self._turns.pop(key, None)
        if key in self._turn_ends:
            position, time = self._turn_ends.pop(key)
            self.rest.append((position, Patch(self.run, key, 0, end=time)))

    def take(self, outcome: tuple[Status, str] | None) -> Columns:
        """All of it; ``outcome`` is how the session stands if that changed."""
        types, a, b = (list(column) for column in zip(*self.records, strict=True))
        found = Columns(self.run, types, a, b, copies=self._copies, ahead=self.ahead, rest=self.rest)
        if self._told:
            self._fill_answers(found, self._told)
        if self.begins:
            columns = [list(column) for column in zip(*self.begins, strict=True)]
            found.begin_record, found.begin_key, found.begin_parent, found.begin_name, found.begin_time = columns
            found.begin_kind = [_TOOL] * len(self.begins)
            found.begin_flags = [_IN_PIECES] * len(self.begins)
        if self.ends:
            count = len(self.ends)
            found.end_record, found.end_key, found.end_time = (list(column) for column in zip(*self.ends, strict=True))
            found.end_parent, found.end_name = [None] * count, [""] * count
            # A result alone does not say what it is of.
            found.end_kind, found.end_start, found.end_status = [_SPAN] * count, [NO_TIME] * count, [_OK] * count
        if self.events:
            columns = [list(column) for column in zip(*self.events, strict=True)]
            found.event_record, found.event_key, found.event_class, found.event_time = columns
        if self.pieces:
            found.more_record, found.more_key = (list(column) for column in zip(*self.pieces, strict=True))
            found.more_kind = [_LLM] * len(self.pieces)
        self.rest += [(at, Patch(self.run, turn, 0, end=time)) for turn, (at, time) in self._turn_ends.items()]
        if outcome is not None:
            fact = RunFact(self.run, status=outcome[0], status_reason=outcome[1])
            self.rest.append((len(self.records) - 1, fact))
        return found

    def _fill_answers(self, found: Columns, told: list[Answer]) -> None:
        found.whole_record = [answer.position for answer in told]
        found.whole_key = [answer.key for answer in told]
        found.whole_parent = [answer.parent for answer in told]
        found.whole_name = [answer.name for answer in told]
        found.whole_start = [answer.start for answer in told]
        found.whole_end = [answer.end for answer in told]
        found.whole_kind = [_LLM] * len(told)
        found.whole_status = [answer.status for answer in told]
        found.whole_flags = [answer.flags for answer in told]
        found.models = [(answer.position, answer.model) for answer in told if answer.model]
        counted = [(answer.position, answer.counts) for answer in told if answer.counts is not None]
        nothing: list[float | None] = [None] * len(counted)
        found.usage_record = [position for position, _ in counted]
        found.usage = (
            [_sum(fresh, read, written) for _, (fresh, _, read, written) in counted],
            [output for _, (_, output, _, _) in counted],
            nothing,
            [read for _, (_, _, read, _) in counted],
            [written for _, (_, _, _, written) in counted],
            nothing,
            nothing,
        )


def _sum(*figures: int | None) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def results_of(said: Said) -> list[Block]:
    """Results of tools in a message."""
    content = said.content
    return [block for block in content if block.type == "tool_result"] if isinstance(content, list) else []


def name_of(content: list[Block] | str) -> tuple[str, int] | None:
    """``_claude_bodies.prompt_name`` of a message; None: it takes more than its texts."""
    if isinstance(content, str):
        return name_of_texts([content])
    texts = [block.text for block in content if block.type == "text"]
    told = [text for text in texts if text is not None]
    name = name_of_texts(told)
    return name if len(told) == len(texts) and (name[1] or len(texts) == len(content)) else None


def event_class_of(line: Line) -> int:
    """``_claude_parts.event_class`` of a line."""
    if line.type == "system":
        if line.subtype == "api_retry" or (line.subtype == "api_error" and line.retryAttempt is not msgspec.UNSET):
            return _RETRY
        if line.subtype == "api_error" or line.level == "error":
            return _ERROR
    return _EVENT

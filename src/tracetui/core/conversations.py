"""A model call as a conversation: what the call before had been told already, what was added, and what it answered.

Some formats record with each call all that the model was told; then the call before is found by its messages, which are a
beginning of this one's. Others record a transcript (``SpanDetail.continues``): a call's records hold its answer, and what it
was told is what the calls before it hold. Either way bodies of other spans are read, which may be many MB: ``ask`` looks up
where they are, at once and in the thread of the store; ``Question.answer`` reads them, in any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.analysis.context import FALL, LEAST
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.model import Flag, Kind, Message, SpanDetail

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies, Reading
    from tracetui.core.store import Store

COMPARED: Final = 3
"""Calls of the same agent, the nearest first, among which the one before is looked for."""

COMPARED_BYTES: Final = 32_000_000
"""A call before that is larger is not read to be compared."""

TRANSCRIPT_CALLS: Final = 100
TRANSCRIPT_BYTES: Final = 2_000_000
"""How much of a transcript is read to count its messages."""

WHOLE_CALLS: Final = 500
WHOLE_BYTES: Final = 16_000_000
"""How much of a transcript is read when the whole is asked for."""

LEVELS: Final = 1_000
"""Ancestors of a span that are not taken for calls before it."""

_ANSWERING: Final = ("assistant", "model", "ai", "thinking")


@dataclass(slots=True)
class Conversation:
    """What a call was told and what it answered. Texts are untrusted."""

    earlier: list[Message] = field(default_factory=list)
    """Sent with the call before already."""
    added: list[Message] = field(default_factory=list)
    reply: list[Message] = field(default_factory=list)
    """The answer; in a transcript the results of its tool calls as well."""
    has_previous: bool = False
    """``added`` was added since a call before; else it is all that the model was told."""
    gone: int = 0
    """Messages of the call before that this one was not told."""
    unread: int = 0
    """Earlier calls of a transcript that were not read."""
    tokens: tuple[int, int] | None = None
    """Input tokens of the call before and of this one, where both are recorded."""
    number: int = 0
    """Which call of its agent it is, from 1; 0: not known."""
    calls: int = 0
    """How many its agent made."""

    @property
    def is_compacted(self) -> bool:
        """Whether the context became so much smaller that something was taken out of it."""
        if self.tokens is None:
            return False
        before, now = self.tokens
        return 0 < now <= FALL * before and before - now >= LEAST


@dataclass(slots=True)
class Earlier:
    """A call before."""

    reading: Reading
    has_same_name: bool
    tokens: tuple[int, int] | None
    """Its input tokens, and those of the call that is asked about."""
    setting: Reading | None = None
    """In a transcript: the span that it stands in, which holds its prompt; None where the call before stands there too."""

    @property
    def size(self) -> int:
        """Bytes to be read."""
        return self.reading.size + (0 if self.setting is None else self.setting.size)


@dataclass(slots=True)
class Question:
    """What has to be read to tell a call's conversation. Nothing of it touches the store any more."""

    detail: SpanDetail
    before: list[Earlier] = field(default_factory=list)
    """The nearest first."""
    setting: Reading | None = None
    """In a transcript: the span that the call stands in, where that holds a prompt that came since the call before."""
    unread: int = 0
    """Earlier calls of a transcript that are not to be read."""
    number: int = 0
    calls: int = 0

    @property
    def size(self) -> int:
        """Bytes that ``answer`` reads at most."""
        return sum(each.size for each in self.before) + (0 if self.setting is None else self.setting.size)

    def answer(self) -> Conversation:
        """Read, and tell. What is gone from its file is left out."""
        told, reply = split(self.detail)
        found = self._transcript() if self.detail.continues else self._compared(told)
        found.reply, found.number, found.calls = reply, self.number, self.calls
        return found

    def _compared(self, told: list[Message]) -> Conversation:
        alike: Conversation | None = None
        for each in self.before:
            detail = _read(each.reading)
            before = [] if detail is None else split(detail)[0]
            common = common_beginning(before, told)
            if not common:
                continue
            gone = len(before) - common
            found = Conversation(told[:common], told[common:], [], True, gone, tokens=each.tokens)
            if not gone:
                return found
            if alike is None and each.has_same_name:
                alike = found
        return alike or Conversation(added=told)

    def _transcript(self) -> Conversation:
        """The calls before, one after another, each behind the prompt of the span that it stands in."""
        parts = []
        for each in self.before:
            parts.append(_messages(each.reading))
            parts.append(_messages(each.setting))
        prompt = _messages(self.setting)
        if not parts:
            return Conversation(added=prompt, unread=self.unread)
        earlier = [message for part in reversed(parts[1:]) for message in part]
        tokens = self.before[0].tokens
        return Conversation(earlier, parts[0] + prompt, [], True, unread=self.unread, tokens=tokens)


def split(detail: SpanDetail) -> tuple[list[Message], list[Message]]:
    """What a call was told, and what it answered; an answer that is a text only, as a message."""
    at, messages = detail.reply, detail.messages
    if at is None:
        at = len(messages)
        while at and messages[at - 1].role in _ANSWERING:
            at -= 1
    told, reply = messages[:at], messages[at:]
    if not reply and messages and isinstance(detail.output, str) and detail.output:
        reply = [Message("assistant", detail.output, raw=detail.output)]
    return told, reply


def common_beginning(one: Sequence[Message], other: Sequence[Message]) -> int:
    """How many messages at the beginning of both are the same."""
    for place, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if not _is_same(mine, theirs):
            return place
    return min(len(one), len(other))


def _is_same(one: Message, other: Message) -> bool:
    if one.role != other.role or one.text != other.text or one.tool_name != other.tool_name:
        return False
    try:
        return one.tool_calls == other.tool_calls
    except RecursionError:  # arguments nested deeper than values can be compared
        return False


def _read(reading: Reading) -> SpanDetail | None:
    try:
        return reading.read()
    except ChangedOnDisk:
        return None


def _messages(reading: Reading | None) -> list[Message]:
    detail = None if reading is None else _read(reading)
    return [] if detail is None else detail.messages


def ask(store: Store, bodies: Bodies, row: int, detail: SpanDetail, whole: bool = False) -> Question:
    """What has to be read to tell the conversation of the span at ``row``; of one that is no model call, nothing.

    Args:
        store: Where the spans are.
        bodies: Where their bodies are.
        row: A span.
        detail: What its records say.
        whole: All that the model was told is wanted, not only what was added.
    """
    if store.spans.kind[row] != Kind.llm or not detail.messages:
        return Question(detail)
    calls = calls_of_agent(store, row)
    if row not in calls:
        return Question(detail)
    at = calls.index(row)
    above = set(_ancestors(store, row))
    earlier = [call for call in calls[:at] if call not in above]
    question = Question(detail, number=at + 1, calls=len(calls))
    if detail.continues:
        _add_transcript(question, store, bodies, row, earlier, whole)
    else:
        names = store.spans.name
        chosen = _nearest(earlier, names, row)
        question.before = [
            Earlier(reading, names[call] == names[row], _tokens(store, call, row))
            for call, reading in zip(chosen, bodies.readings(chosen), strict=True)
            if reading.size <= COMPARED_BYTES
        ]
    return question


def _add_transcript(
    question: Question, store: Store, bodies: Bodies, row: int, earlier: list[int], whole: bool
) -> None:
    """The calls of a transcript before the one at ``row``, as many as may be read."""
    parent = store.spans.parent
    chosen = earlier[: -(WHOLE_CALLS if whole else TRANSCRIPT_CALLS) - 1 : -1]
    budget = WHOLE_BYTES if whole else TRANSCRIPT_BYTES
    chain = [row, *chosen]
    stands_in = [parent[call] for call in chain]
    # Its prompt came with the first call that stands in a span.
    is_first = [one >= 0 and one != other for one, other in zip(stands_in, [*stands_in[1:], -1], strict=True)]
    if len(chosen) < len(earlier):
        is_first[-1] = False
    settings = list(dict.fromkeys(one for one, first in zip(stands_in, is_first, strict=True) if first))
    readings = {reading.row: reading for reading in bodies.readings([*chain, *settings])}
    found = [readings[one] if first else None for one, first in zip(stands_in, is_first, strict=True)]
    question.setting = found[0]
    for call, setting in zip(chosen, found[1:], strict=True):
        each = Earlier(readings[call], True, _tokens(store, call, row), setting)
        budget -= each.size
        if budget < 0 and question.before:
            break
        question.before.append(each)
    question.unread = len(earlier) - len(question.before)


def _tokens(store: Store, before: int, row: int) -> tuple[int, int] | None:
    one, other = store.usage_of(before), store.usage_of(row)
    if one is None or other is None or one.input is None or other.input is None:
        return None
    return one.input, other.input


def _nearest(earlier: list[int], names: Any, row: int) -> list[int]:
    """The calls that may be the one before: the nearest ones, and the nearest of its name."""
    near = earlier[-COMPARED:][::-1]
    alike = next((call for call in reversed(earlier) if names[call] == names[row]), None)
    return near if alike is None or alike in near else [*near, alike]


def _ancestors(store: Store, row: int) -> list[int]:
    found: list[int] = []
    parent = store.spans.parent[row]
    while parent >= 0 and len(found) < LEVELS:
        found.append(parent)
        parent = store.spans.parent[parent]
    return found


def calls_of_agent(store: Store, row: int) -> list[int]:
    """Rows of the model calls that the same agent made, in order of time; the agent is the nearest one above, or the run.

    Some passes over the spans of the run, however deep they lie in each other.
    """
    import numpy as np

    from tracetui.core.analysis.run_spans import nearest
    from tracetui.core.store.preorder import local_parents

    spans = store.spans
    rows = store.rows_of_run(spans.run[row])
    kinds, flags = spans.np("kind")[rows], spans.np("flags")[rows]
    agents = nearest(local_parents(store, rows), kinds == Kind.agent)
    calls = (kinds == Kind.llm) & ((flags & (Flag.announced | Flag.dropped)) == Flag.announced)
    mine = rows[calls & (agents == agents[rows == row])] if (rows[calls] == row).any() else rows[:0]
    starts = spans.np("start")[mine]
    in_order: list[int] = mine[np.lexsort((mine, starts))].tolist()
    return in_order

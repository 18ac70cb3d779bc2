"""Claude Code: sessions as JSON lines, subagents inline or in files of their own, and the output of ``stream-json``.

One answer of the model is several lines with the same message id, and each repeats its usage: the last one counts. A line is
known by its uuid, so that history which a resumed session copied counts once. A stream beside its session is set aside, of
whichever call it is.

Runs: a session, with its subagents. Its name is its first prompt, else its title, else the folder that it worked in.

Spans: a model call for each message id, a tool for each ``tool_use`` with the result of its id, an agent for each subagent,
below the tool that started it. Prompts are shown as rows of their own and not counted.

Events: each line counts under its ``type``, with ``:subtype`` if it has one.

Status: that of the last answer of the main thread: ``end_turn`` or ``stop_sequence`` is ok, an error written as an answer
is failed, anything else is open. A failed tool (``is_error``) does not fail its session. In ``stream-json`` the ``result``
line says it.

Times: UTC in milliseconds. Lines are written when something is complete: starts are inferred from the line before, and
marked.

Tokens and cost: the last usage of each message id; input is what was fresh, read from the cache and written to it. A session
has cost in lines of old versions only (``costUSD``). In ``stream-json`` the ``result`` has it for all answers together
(``total_cost_usd``): it is the run's and no answer's. Each ``result`` of one process includes those before it; what several
processes or streams of one session tell is added. Of a stream beside its session it is not taken.

Not recorded: when an answer began, retries in session files, what a killed tool did.

Quirks: answers of parallel tools are mixed with their results; the file often begins with a line that is no message; a
resumed session repeats old lines with their ids; compaction begins a new root; the model ``<synthetic>`` is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._claude_bodies import describe_event, describe_span
from tracetui.core.formats._claude_history import Known
from tracetui.core.formats._claude_parts import agent_key, session_of
from tracetui.core.formats._claude_quick import QuickClaudeCodeDecoder
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._scan import head_of
from tracetui.core.formats._values import mapping_of, text_of
from tracetui.core.model import EventDetail, SpanDetail
from tracetui.core.operations import Operation, Patch

_SESSION_TYPES: Final = frozenset(
    {"queue-operation", "summary", "file-history-snapshot", "permission-mode", "attachment", "last-prompt", "progress"}
)
"""Types that lines without a ``parentUuid`` have; a session often begins with one of them."""
_NAMELESS: Final = {"summary": "leafUuid", "file-history-snapshot": "messageId"}
"""Types whose lines do not say their session, and the member that tells them from other people's lines."""
_STREAM_TYPES: Final = frozenset({"system", "assistant", "user", "result", "stream_event"})
_SESSION_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AGENT_META: Final = re.compile(r"(agent-(.+))\.meta\.json")
_AFTER_SESSIONS: Final = 1 << 63


class ClaudeCodeFormat:
    """Sessions of Claude Code, one a file, with their subagents; and the JSON lines that it prints when asked to.

    Producer: Claude Code 1.x and 2.x
    Files: ``projects/<folder>/<session>.jsonl``, ``agent-<id>.jsonl`` of subagents, output of ``--output-format
        stream-json``
    Live: yes
    Status: yes
    Figures: tokens; cost in streams and old versions
    """

    name = "claude-code"
    title = "Claude Code"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims a file with a line of a session or of the stream among its first ones, and the notes on a subagent."""
        head = head_of(candidate.head)
        lines = [value for value in head.values if isinstance(value, dict)]
        if lines and len(lines) == 1 and lines[0].keys() >= {"agentType", "toolUseId"}:
            # Without the lines that they belong to they say nothing, so they are asked for again when those come.
            beside = f"{candidate.name.removesuffix('.meta.json')}.jsonl" in candidate.siblings
            bundle = f"notes {'' if beside else 'alone '}{candidate.path}"
            return Match(self, "notes on a subagent of Claude Code", role="side", bundle=bundle, certain=beside)
        stream = any(_is_of_stream(line) for line in lines)
        if stream or any(_is_of_session(line) for line in lines):
            reason = "lines of stream-json output" if stream else "lines with sessionId, uuid and parentUuid"
            answered = next((found for line in lines if (found := _message_id(line))), "")
            # Sessions that share their first answer are one conversation, told again or gone on with; a stream may tell a
            # later part of it.
            keys = [f"session {found}" for found in _sessions_of(candidate, lines)]
            if answered:
                keys.insert(0, f"answer {answered}")
            if any(line.get("agentId") and line.get("isSidechain") for line in lines):
                keys = [f"subagent {candidate.path}"]
            order = candidate.mtime_ns + (_AFTER_SESSIONS if stream else 0)
            certain = bool(answered) or not head.whole
            return Match(self, reason, bundle=keys[0], certain=certain, order=order, also=tuple(keys[1:]))
        if not lines and not head.whole and {"parentUuid", "isSidechain"} <= set(head.keys):
            return Match(self, "a long line with parentUuid and isSidechain", certain=False, order=candidate.mtime_ns)
        return None

    def assembler(self, bundle: str) -> Assembler:
        """Files of one conversation."""
        return _Assembler()

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """An answer with its calls and their results, a tool call with its result, or a subagent with its task."""
        return describe_span(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """A prompt, or anything else that is no part of a call."""
        return describe_event(record)


def _is_of_session(line: dict[str, object]) -> bool:
    kind = line.get("type")
    if not isinstance(kind, str):
        return False
    if "sessionId" not in line:
        return kind in _NAMELESS and _NAMELESS[kind] in line
    return ("uuid" in line and "parentUuid" in line) or kind in _SESSION_TYPES


def _is_of_stream(line: dict[str, object]) -> bool:
    if "session_id" not in line or "timestamp_ms" in line:
        return False
    kind = line.get("type")
    if not isinstance(kind, str) or kind not in _STREAM_TYPES:
        return False
    return (kind, line.get("subtype")) == ("system", "init") or "uuid" in line


def _message_id(line: dict[str, object]) -> str:
    return text_of(mapping_of(line.get("message")).get("id")) if line.get("type") == "assistant" else ""


class _Assembler:
    """The files that share one history, and who tells which line."""

    glances = True
    """What the first and last lines of a large session say of it holds, whoever else tells them."""

    def __init__(self) -> None:
        self.known = Known()

    def decoder(self, candidate: Candidate) -> Decoder:
        lines = [value for value in head_of(candidate.head).values if isinstance(value, dict)]
        stream = any(_is_of_stream(line) for line in lines)
        self.known.begin(candidate, stream=stream)
        return QuickClaudeCodeDecoder(_sessions_of(candidate, lines)[0], self.known, candidate.path, stream=stream)

    def side(self, candidate: Candidate) -> list[Operation]:
        """Notes on a subagent say under which call it runs; they stand beside its lines, in a folder named as the session."""
        named = _AGENT_META.fullmatch(candidate.name)
        folders = PurePath(candidate.path).parts[:-1]
        if named is None or f"{named[1]}.jsonl" not in candidate.siblings or len(folders) < 2:
            return []
        try:
            notes = mapping_of(parse(candidate.head))
        except NotJson:
            return []
        session, tool = folders[-2], text_of(notes.get("toolUseId"))
        if folders[-1] != "subagents" or not tool:
            return []
        agent = agent_key(named[2])
        return [Patch(session, agent, parent=tool, name=text_of(notes.get("agentType")) or None)]

    def forget(self, candidate: Candidate) -> None:
        self.known.forget(candidate.path)

    def take_stale(self) -> list[str]:
        return self.known.take_stale()


def _sessions_of(candidate: Candidate, lines: Sequence[dict[str, object]]) -> list[str]:
    """Sessions that a file's first lines belong to, each once; where they do not say, the one that the file is named after."""
    return list(dict.fromkeys(found for line in lines if (found := session_of(line)))) or [_named_session(candidate)]


def _named_session(candidate: Candidate) -> str:
    stem = PurePath(candidate.name).stem
    return stem if _SESSION_ID.fullmatch(stem) else candidate.path

"""Claude Code: sessions as JSON lines, subagents inline or in files of their own, and the output of ``stream-json``.

One answer of the model is several lines with the same message id, and each repeats its usage: the last one counts. A line is
known by its uuid, so that history which a resumed session copied, and a stream beside its session, count once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._claude_bodies import describe_event, describe_span, prompt_name
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats._scan import head_of
from tracetui.core.formats._values import amount_of, count_of, iso_ns, mapping_of, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, EventDetail, Flag, Kind, SpanDetail, Status, Usage
from tracetui.core.operations import Begin, End, Event, Link, Operation, Patch, Record, RunFact, Whole

_SESSION_TYPES: Final = frozenset(
    {"queue-operation", "summary", "file-history-snapshot", "permission-mode", "attachment", "last-prompt", "progress"}
)
"""Types that lines without a ``parentUuid`` have; a session often begins with one of them."""
_NAMELESS: Final = {"summary": "leafUuid", "file-history-snapshot": "messageId"}
"""Types whose lines do not say their session, and the member that tells them from other people's lines."""
_STREAM_TYPES: Final = frozenset({"system", "assistant", "user", "result", "stream_event"})
_DONE: Final = frozenset({"end_turn", "stop_sequence"})
"""Stop reasons after which it is the user's turn."""
_SYNTHETIC: Final = "<synthetic>"
"""What stands for the model in answers that Claude Code made up itself."""
_AGENT_TOOLS: Final = frozenset({"Task", "Agent"})
_SESSION_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AGENT_META: Final = re.compile(r"(agent-(.+))\.meta\.json")
_AFTER_SESSIONS: Final = 1 << 63


class ClaudeCodeFormat:
    """Sessions of Claude Code, one a file, with their subagents; and the JSON lines that it prints when asked to."""

    name = "claude-code"
    title = "Claude Code"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims a file with a line of a session or of the stream among its first ones, and the notes on a subagent."""
        head = head_of(candidate.head)
        lines = [value for value in head.values if isinstance(value, dict)]
        if lines and len(lines) == 1 and lines[0].keys() >= {"agentType", "toolUseId"}:
            return Match(self, "notes on a subagent of Claude Code", role="side", bundle=candidate.path)
        stream = any(_is_of_stream(line) for line in lines)
        if stream or any(_is_of_session(line) for line in lines):
            reason = "lines of stream-json output" if stream else "lines with sessionId, uuid and parentUuid"
            answered = next((found for line in lines if (found := _message_id(line))), "")
            session = next((found for line in lines if (found := _session_of(line))), "")
            # Sessions that share their first answer are one conversation, told again or gone on with.
            bundle = f"answer {answered}" if answered else f"session {session or candidate.path}"
            if any(line.get("agentId") and line.get("isSidechain") for line in lines):
                bundle = f"subagent {candidate.path}"
            order = candidate.mtime_ns + (_AFTER_SESSIONS if stream else 0)
            return Match(self, reason, bundle=bundle, certain=bool(answered) or not head.whole, order=order)
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


def _session_of(line: dict[str, object]) -> str:
    said = line.get("sessionId") or line.get("session_id")
    return said if isinstance(said, str) else ""


def _message_id(line: dict[str, object]) -> str:
    return text_of(mapping_of(line.get("message")).get("id")) if line.get("type") == "assistant" else ""


class _Assembler:
    """The files that share one history, and who told which line first."""

    def __init__(self) -> None:
        self.known = _Known()

    def decoder(self, candidate: Candidate) -> Decoder:
        lines = [value for value in head_of(candidate.head).values if isinstance(value, dict)]
        session = next((found for line in lines if (found := _session_of(line))), "") or _named_session(candidate)
        stream = any(_is_of_stream(line) for line in lines)
        aside = stream and session in self.known.sessions
        if not stream:
            self.known.sessions.add(session)
        return ClaudeCodeDecoder(session, self.known, candidate.path, stream=stream, aside=aside)

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
        agent = _agent_key(named[2])
        return [Patch(session, agent, parent=tool, name=text_of(notes.get("agentType")) or None)]

    def forget(self, candidate: Candidate) -> None:
        self.known.forget(candidate.path)


def _named_session(candidate: Candidate) -> str:
    stem = PurePath(candidate.name).stem
    return stem if _SESSION_ID.fullmatch(stem) else candidate.path


class _Known:
    """Lines by uuid, with the file and the run that told them first."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self._tellers: list[tuple[str, str]] = []
        self._by_uuid: dict[int, int] = {}

    def teller(self, path: str, run: str) -> int:
        """The number under which a file tells a run."""
        self._tellers.append((path, run))
        return len(self._tellers) - 1

    def first_told(self, uuid: str, teller: int) -> str | None:
        """None for a new line; else the run of the one who told it first."""
        # A hash stands in for the text: a session of a gigabyte has a million of them.
        first = self._by_uuid.setdefault(hash(uuid), teller)
        return None if first == teller else self._tellers[first][1]

    def forget(self, path: str) -> None:
        """What a file told is not told any more."""
        gone = {number for number, (teller, _) in enumerate(self._tellers) if teller == path}
        self._by_uuid = {uuid: teller for uuid, teller in self._by_uuid.items() if teller not in gone}


class _Run:
    """What a decoder has said of one session."""

    __slots__ = ("clock", "linked", "meta", "named", "outcome", "start", "teller", "title")

    def __init__(self, teller: int) -> None:
        self.teller = teller
        self.clock: Clock | None = None
        self.start = NO_TIME
        self.named = 0
        self.meta: dict[str, object] = {}
        self.outcome: tuple[Status, str] | None = None
        self.linked: set[str] = set()
        self.title = ""


class ClaudeCodeDecoder(LineDecoder):
    """Lines of a session, of a subagent or of the stream → operations."""

    def __init__(self, session: str, known: _Known, path: str, *, stream: bool = False, aside: bool = False) -> None:
        super().__init__()
        self._session = session
        self._known = known
        self._path = path
        self._stream = stream
        self._aside = aside
        self._record = Record(session, "", 0, 0)
        """Of the line being decoded."""
        self._runs: dict[str, _Run] = {}
        self._usage: dict[str, Usage | None] = {}
        """Usage told last, by message id."""
        self._caller: dict[str, str] = {}
        """Message id by id of the tool call."""
        self._asked: dict[str | None, int] = {}
        """When each thread was given something to answer, ns; None: the main thread."""
        self._begun: set[str] = set()
        """Agents with a start."""
        self._tasks: dict[str, str] = {}
        """Prompts of subagents that were called and not seen yet → id of the call."""
        self._sort_of: dict[str, str] = {}
        """What sort of subagent a call asks for, by id of the call."""
        self._agent_of_call: dict[str, str] = {}
        self._thread_of: dict[str, str] = {}
        """Inline subagents: agent by uuid of each of their lines."""

    @property
    def bad_run(self) -> str | None:
        """The session of the newest line."""
        return self._session

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one line says."""
        kind = record.get("type")
        kind = kind if isinstance(kind, str) and kind else "-"
        subtype = record.get("subtype")
        type_ = f"{kind}:{subtype}" if subtype and isinstance(subtype, str) else kind
        run_id = self._session = _session_of(record) or self._session
        run = self._runs.get(run_id)
        if run is None:
            run = self._runs[run_id] = _Run(self._known.teller(self._path, run_id))
        uuid = record.get("uuid")
        first = self._known.first_told(uuid, run.teller) if isinstance(uuid, str) and uuid else None
        if self._aside or first is not None:
            self._record = Record(run_id, type_, a, b, counted=False)
            return self._repeated(record, kind, first, run, [self._record])
        time = iso_ns(record.get("timestamp"))
        self._record = Record(run_id, type_, a, b)
        out: list[Operation] = [self._record]
        message = record.get("message")
        if kind == "assistant" and isinstance(message, dict):
            self._answer(record, message, run, time, out)
        elif kind == "user" and isinstance(message, dict):
            self._said(record, message, run, time, out)
        else:
            self._happened(record, kind, run, time, out)
        self._facts(record, run, time, out)
        return out

    def _repeated(
        self, record: dict[str, object], kind: str, first: str | None, run: _Run, out: list[Operation]
    ) -> list[Operation]:
        """A line that another file told before: kept for the raw view, told of once."""
        said = self._record
        run_id = said.run
        if first is not None and first != run_id and first not in run.linked:
            run.linked.add(first)
            out += (
                Link(run_id, "continues", first),
                RunFact(run_id, note="the history copied from the session that it continues is counted there"),
            )
        elif (first == run_id or self._aside) and "" not in run.linked:
            run.linked.add("")
            out.append(RunFact(run_id, note=f"copy set aside: {PurePath(self._path).name}"))
        if not self._aside:
            if kind == "user":
                self._name(record, mapping_of(record.get("message")).get("content"), run, run_id, out)
            self._facts(record, run, NO_TIME, out)
        return out

    # -- the parts of a conversation -----------------------------------------------------------------------------------

    def _answer(
        self, record: dict[str, object], message: dict[str, object], run: _Run, time: int, out: list[Operation]
    ) -> None:
        """A piece of an answer: the call of the model, and the tools that it calls."""
        run_id = self._session
        call = text_of(message.get("id")) or text_of(record.get("uuid")) or f"line {self.line}"
        agent = self._agent(record, message.get("content"))
        usage = _usage(message.get("usage"), record.get("costUSD"))
        failed = record.get("isApiErrorMessage") is True
        status = Status.error if failed else Status.ok
        if call not in self._usage:
            model = text_of(message.get("model"))
            asked = self._asked.get(agent, NO_TIME)
            start = time if asked == NO_TIME else asked if time == NO_TIME else min(asked, time)
            flags = (0 if start == NO_TIME else Flag.start_inferred) | (Flag.has_error if failed else 0)
            shown = "API error" if failed else "answer without a model"
            name, model = (model or "model", model) if model != _SYNTHETIC else (shown, "")
            out.append(Whole(run_id, call, agent, name, Kind.llm, start, time, status, usage, model, flags))
            self._usage[call] = usage
        else:
            told = self._usage[call]
            if usage is not None and usage != told:
                self._usage[call] = usage
            else:
                usage = None
            end = None if time == NO_TIME else time
            out.append(Patch(run_id, call, 0, end=end, status=status, usage=usage))
        stop = message.get("stop_reason")
        if agent is None:
            self._outcome(run, stop, failed, message, out)
        else:
            self._begin_agent(record, agent, time, out)
            if stop in _DONE:
                out.append(Patch(run_id, agent, end=None if time == NO_TIME else time, status=Status.ok))
        content = message.get("content")
        if isinstance(content, list):
            self._calls(content, call, time, out)

    def _calls(self, content: list[object], call: str, time: int, out: list[Operation]) -> None:
        """Tools called in a piece of an answer."""
        said = self._record
        number = 0
        for block in content:
            if not isinstance(block, dict) or block.get("type") != "tool_use":
                continue
            number += 1
            name, tool = text_of(block.get("name")), text_of(block.get("id")) or f"{call} {number}"
            out.append(Record(said.run, said.type, said.a, said.b, counted=False))
            out.append(Begin(said.run, tool, call, name, Kind.tool, time))
            self._caller[tool] = call
            if name in _AGENT_TOOLS:
                task = mapping_of(block.get("input"))
                self._tasks[text_of(task.get("prompt"))] = tool
                self._sort_of[tool] = text_of(task.get("subagent_type"))

    def _said(
        self, record: dict[str, object], message: dict[str, object], run: _Run, time: int, out: list[Operation]
    ) -> None:
        """What the model is given: a prompt, or the results of its calls."""
        content = message.get("content")
        agent = self._agent(record, content)
        results = (
            [block for block in content if isinstance(block, dict) and block.get("type") == "tool_result"]
            if isinstance(content, list)
            else []
        )
        if time != NO_TIME:
            self._asked[agent] = time
        if results:
            self._results(record, results, agent, time, out)
            return
        run_id = self._session
        if agent is not None and agent not in self._begun:
            self._begin_agent(record, agent, time, out)
            return
        by_hand = not record.get("isMeta") and not record.get("isCompactSummary")
        out.append(Event(run_id, agent, EventClass.message if by_hand else EventClass.event, time))
        self._name(record, content, run, run_id, out)

    def _results(
        self,
        record: dict[str, object],
        results: list[dict[str, object]],
        agent: str | None,
        time: int,
        out: list[Operation],
    ) -> None:
        said = self._record
        run_id = said.run
        more = record.get("toolUseResult", record.get("tool_use_result"))
        for number, result in enumerate(results):
            if number:
                out.append(Record(run_id, said.type, said.a, said.b, counted=False))
            tool = text_of(result.get("tool_use_id"))
            caller = self._caller.get(tool)
            failed = result.get("is_error") is True
            if caller is None:
                out.append(Event(run_id, agent, EventClass.message, time))
            else:
                status, flags = (Status.error, int(Flag.has_error)) if failed else (Status.ok, 0)
                out.append(End(run_id, tool, time, status, flags=flags))
            # Beside the answer that asked for it.
            out.append(Record(run_id, said.type, said.a, said.b, counted=False))
            if caller is not None:
                out.append(Patch(run_id, caller, 0))
                self._ended_agent(tool, more if isinstance(more, dict) else {}, failed, time, out)

    def _happened(self, record: dict[str, object], kind: str, run: _Run, time: int, out: list[Operation]) -> None:
        """Anything else is an event."""
        run_id, subtype = self._session, record.get("subtype")
        agent = self._agent(record, None)
        out.append(Event(run_id, agent if agent in self._begun else None, _event_class(record, kind), time))
        if kind == "system" and subtype == "task_started":
            tool, task = text_of(record.get("tool_use_id")), text_of(record.get("task_id"))
            if tool and task:
                self._agent_of_call[tool] = _agent_key(task)
        elif kind == "result":
            failed = record.get("is_error") is True or (isinstance(subtype, str) and subtype.startswith("error"))
            reason = (failed and text_of(record.get("result"))[:300]) or f"result {text_of(subtype)}".rstrip()
            self._tell(run, Status.error if failed else Status.ok, reason, out)
            duration = amount_of(record.get("duration_ms"))
            if duration is not None and 0 <= duration < 1e12:
                out.append(RunFact(run_id, duration_ns=int(duration * 1_000_000)))

    # -- subagents -----------------------------------------------------------------------------------------------------

    def _agent(self, record: dict[str, object], content: object) -> str | None:
        """The subagent that a line belongs to; None: the main thread."""
        tool = record.get("parent_tool_use_id")
        if isinstance(tool, str) and tool:
            return self._agent_of_call.setdefault(tool, _agent_key(tool))
        if record.get("isSidechain") is not True:
            return None
        named = record.get("agentId")
        if isinstance(named, str) and named:
            return _agent_key(named)
        uuid, parent = text_of(record.get("uuid")), record.get("parentUuid")
        agent = self._thread_of.get(parent) if isinstance(parent, str) else None
        if agent is None:
            called = self._tasks.pop(_prompt(content), None)
            if called is None and len(self._tasks) == 1:
                _, called = self._tasks.popitem()
            agent = _agent_key(called or uuid)
            if called is not None:
                self._agent_of_call[called] = agent
        if uuid:
            self._thread_of[uuid] = agent
        return agent

    def _begin_agent(self, record: dict[str, object], agent: str, time: int, out: list[Operation]) -> None:
        """A subagent's first line, and what later ones say of its name."""
        run_id = self._session
        named = text_of(record.get("attributionAgent")) or text_of(record.get("subagent_type"))
        if agent not in self._begun:
            self._begun.add(agent)
            call = next((tool for tool, of in self._agent_of_call.items() if of == agent), None)
            sort = "" if call is None else self._sort_of.get(call, "")
            out.append(Begin(run_id, agent, call, sort or "subagent", Kind.agent, time))
        if named:
            out.append(Patch(run_id, agent, name=named))

    def _ended_agent(self, tool: str, more: dict[str, object], failed: bool, time: int, out: list[Operation]) -> None:
        """The result of a call that started a subagent: where it belongs, and that it is done."""
        run_id = self._session
        named = text_of(more.get("agentId"))
        agent = _agent_key(named) if named else self._agent_of_call.get(tool)
        if agent is None:
            return
        if agent not in self._begun:
            # Its lines are in another file, or nowhere: that it ran is recorded here.
            self._begun.add(agent)
            out.append(Begin(run_id, agent, tool, self._sort_of.get(tool) or "subagent", Kind.agent))
        done = failed or not named or "totalDurationMs" in more
        out.append(
            Patch(
                run_id,
                agent,
                2,
                parent=tool,
                name=text_of(more.get("agentType")) or None,
                end=time if done and time != NO_TIME else None,
                status=(Status.unset if failed else Status.ok) if done else None,
            )
        )

    # -- the run -------------------------------------------------------------------------------------------------------

    def _facts(self, record: dict[str, object], run: _Run, time: int, out: list[Operation]) -> None:
        """Start, clock and place of the session, when they become known."""
        run_id = self._session
        clock = Clock.utc if time != NO_TIME or not self._stream else run.clock or Clock.order_only
        if clock is not run.clock:
            run.clock = clock
            out.append(RunFact(run_id, records_end=True, clock=clock, order_by_time=True))
        if record.get("isSidechain") is True:
            return
        if time != NO_TIME and (run.start == NO_TIME or time < run.start):
            run.start = time
            out.append(RunFact(run_id, start=time))
        if not run.meta and "cwd" in record:
            run.meta = {key: record[key] for key in ("cwd", "gitBranch", "version") if record.get(key)}
            out.append(RunFact(run_id, meta=dict(run.meta)))
        if record.get("type") in ("summary", "ai-title"):
            title = text_of(record.get("summary")) or text_of(record.get("aiTitle")) or text_of(record.get("title"))
            if title:
                run.meta["title"] = title
                out.append(RunFact(run_id, rank=1, meta=dict(run.meta)))

    def _name(self, record: dict[str, object], content: object, run: _Run, run_id: str, out: list[Operation]) -> None:
        """A session is called by its first prompt; by its first command as long as there is none."""
        if run.named == 2 or record.get("isSidechain") is True or record.get("parent_tool_use_id"):
            return
        name, rank = ("", 0) if record.get("isMeta") or record.get("isCompactSummary") else prompt_name(content)
        if name and rank > run.named:
            run.named = rank
            out.append(RunFact(run_id, name=name))

    def _outcome(self, run: _Run, stop: object, failed: bool, message: dict[str, object], out: list[Operation]) -> None:
        """The last answer of the main thread says how the session stands."""
        if failed:
            self._tell(run, Status.error, prompt_name(message.get("content"))[0] or "API error", out)
        elif stop in _DONE:
            self._tell(run, Status.ok, f"stop_reason {stop}", out)
        else:
            self._tell(run, Status.open, "", out)

    def _tell(self, run: _Run, status: Status, reason: str, out: list[Operation]) -> None:
        if run.outcome != (status, reason):
            run.outcome = (status, reason)
            out.append(RunFact(self._session, status=status, status_reason=reason))


def _agent_key(name: str) -> str:
    return f"agent {name}"


def _prompt(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(text_of(block.get("text")) for block in content if isinstance(block, dict))
    return text_of(content)


def _event_class(record: dict[str, object], kind: str) -> EventClass:
    subtype = record.get("subtype")
    if kind == "system":
        if subtype == "api_retry" or (subtype == "api_error" and "retryAttempt" in record):
            return EventClass.retry
        if subtype == "api_error" or record.get("level") == "error":
            return EventClass.error
    if kind == "result" and record.get("is_error") is True:
        return EventClass.error
    return EventClass.event


def _usage(value: object, cost: object) -> Usage | None:
    """Figures of an answer; ``input`` includes what was read from and written to the cache."""
    figures = mapping_of(value)
    fresh = count_of(figures.get("input_tokens"))
    read, written = (
        count_of(figures.get("cache_read_input_tokens")),
        count_of(figures.get("cache_creation_input_tokens")),
    )
    known = [figure for figure in (fresh, read, written) if figure is not None]
    usage = Usage(
        input=sum(known) if known else None,
        output=count_of(figures.get("output_tokens")),
        cached=read,
        cache_write=written,
        cost_usd=amount_of(cost),
    )
    return None if usage == Usage() else usage

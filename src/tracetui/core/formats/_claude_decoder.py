"""The decoder of Claude Code's lines: answers, results, subagents and turns, one line after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.formats._claude_bodies import one_line, prompt_name
from tracetui.core.formats._claude_history import Known
from tracetui.core.formats._claude_parts import (
    FIGURES,
    SessionState,
    agent_key,
    event_class,
    folder_name,
    prompt_text,
    shown_model,
    usage_from,
)
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats._values import amount_of, count_of, iso_ns, mapping_of, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status
from tracetui.core.operations import (
    NO_DURATION,
    Begin,
    End,
    Event,
    Link,
    Operation,
    Patch,
    Record,
    Repair,
    RunFact,
    Whole,
)

DONE: Final = frozenset({"end_turn", "stop_sequence"})
"""Stop reasons after which it is the user's turn."""
START_INFERRED: Final = int(Flag.start_inferred)
HAS_ERROR: Final = int(Flag.has_error)
IN_PIECES: Final = int(Flag.in_pieces)
INVENTED: Final = int(Flag.invented)
OPEN: Final = (Status.open, "")
_TIME_LENGTH: Final = len("2026-11-20T21:33:08.612Z")
TITLES: Final = ("summary", "ai-title")
_LAST_RESORT: Final = -2
_SECOND_BEST: Final = -1
"""Ranks of names that a session has as long as it has no prompt."""
AGENT_TOOLS: Final = frozenset({"Task", "Agent"})


class ClaudeCodeDecoder(LineDecoder):
    """Lines of a session, of a subagent or of the stream → operations."""

    def __init__(self, session: str, known: Known, path: str, *, stream: bool = False) -> None:
        super().__init__()
        self._session = session
        self._known = known
        self._path = path
        self._stream = stream
        self._record = Record(session, "", 0, 0)
        """Of the line being decoded."""
        self._runs: dict[str, SessionState] = {}
        self._minute = ("", 0)
        self._within: dict[str, int] = {}
        """Ns within the minute, by what a time ends with: ``08.612Z``."""
        self._asked: dict[str | None, int] = {}
        """When each thread was given something to answer, ns; None: the main thread."""
        self._named: dict[str, str] = {}
        self._tasks: dict[str, str] = {}
        """Prompts of subagents that were called and not seen yet → id of the call."""
        self._sort_of: dict[str, str] = {}
        """What sort of subagent a call asks for, by id of the call."""
        self._agent_of_call: dict[str, str] = {}
        self._thread_of: dict[str, str] = {}
        """Inline subagents: agent by uuid of each of their lines."""

    @property
    def _begun(self) -> set[str]:
        return self._runs[self._session].begun

    @property
    def bad_run(self) -> str | None:
        """The session of the newest line."""
        return self._session

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one line says."""
        kind = record.get("type")
        kind = kind if isinstance(kind, str) and kind else "-"
        subtype = record.get("subtype")
        type_ = kind if not subtype or not isinstance(subtype, str) else f"{kind}:{subtype}"
        run_id = record.get("sessionId") or record.get("session_id")
        if not isinstance(run_id, str):
            run_id = self._session
        self._session = run_id
        run = self._runs.get(run_id)
        uuid = record.get("uuid")
        is_new = False
        if run is None:
            run = self._runs[run_id] = SessionState(self._known.teller(self._path, run_id))
            if self._stream and self._known.is_kept(self._path, run_id):
                run.is_aside = True
                return [self._set_aside()]
            is_new = True
        if run.is_aside:
            return []
        if uuid and not self._stream and not run.is_kept:
            run.is_kept = True
            self._known.keeps(self._path, run_id)
        first = self._known.told_elsewhere(uuid, run.teller) if isinstance(uuid, str) and uuid else None
        if first is not None:
            self._record = Record(run_id, type_, a, b, counted=False)
            return self._repeated(record, kind, first, run, [self._record])
        time = self._time(record.get("timestamp"))
        self._record = Record(run_id, type_, a, b)
        out: list[Operation] = [self._record]
        if is_new:
            out.append(RunFact(run_id, rank=_LAST_RESORT, name=run_id))
        if run.history:
            # Of the sessions whose history was copied, the last one is what this one goes on with.
            repair = Repair("repeated", run.repeated, "history of the session that it continues, counted there")
            out += (Link(run_id, "continues", run.history), RunFact(run_id, repair=repair))
            run.history = ""
        message = record.get("message")
        if kind == "assistant" and isinstance(message, dict):
            self._answer(record, message, run, time, out)
        elif kind == "user" and isinstance(message, dict):
            self._said(record, message, run, time, out)
        else:
            self._happened(record, kind, run, time, out)
        if time < run.start or not run.settled or time == NO_TIME or kind in TITLES:
            self._facts(record, run, time, out)
        return out

    def _time(self, text: object) -> int:
        """``iso_ns``, which is asked once a minute of the recording: ``2026-11-20T21:33:08.612Z`` is what they look like."""
        if not isinstance(text, str) or len(text) != _TIME_LENGTH:
            return iso_ns(text)
        within = self._within.get(text[17:])
        if within is None:
            digits = text[17:19] + text[20:23]
            if not (text[19] == "." and text[23] == "Z" and digits.isdigit() and digits.isascii() and digits < "60"):
                return iso_ns(text)
            within = self._within[text[17:]] = int(digits) * 1_000_000
        minute, start = self._minute
        if text[:17] != minute:
            minute = text[:17]
            start = iso_ns(f"{minute}00.000Z")
            self._minute = (minute, start)
        return start + within if start != NO_TIME else iso_ns(text)

    def _repeated(
        self, record: dict[str, object], kind: str, first: str, run: SessionState, out: list[Operation]
    ) -> list[Operation]:
        """A line that another file tells: kept for the raw view, counted there."""
        run_id = self._session
        if first != run_id:
            run.history = first
            run.repeated += 1
        elif not run.is_copied:
            run.is_copied = True
            out.append(self._set_aside())
        if kind == "user":
            self._name(record, mapping_of(record.get("message")).get("content"), run, run_id, out)
        self._facts(record, run, NO_TIME, out)
        return out

    def _set_aside(self) -> RunFact:
        return RunFact(self._session, repair=Repair("copies", 1, PurePath(self._path).name), aside=True)

    # -- the parts of a conversation -----------------------------------------------------------------------------------

    def _answer(
        self, record: dict[str, object], message: dict[str, object], run: SessionState, time: int, out: list[Operation]
    ) -> None:
        """A piece of an answer, as it is parsed."""
        content, call, stop = message.get("content"), message.get("id"), message.get("stop_reason")
        if not isinstance(call, str) or not call:
            call = text_of(record.get("uuid")) or f"line {self.line}"
        agent = self._agent(record, content)
        failure = ""
        if record.get("isApiErrorMessage") is True:
            failure = prompt_name(content)[0] or "API error"
        blocks = content if isinstance(content, list) else []
        tools = [
            (text_of(block.get("id")), text_of(block.get("name")), block.get("input"))
            for block in blocks
            if isinstance(block, dict) and block.get("type") == "tool_use"
        ]
        usage = message.get("usage")
        counts = None if not isinstance(usage, dict) else tuple(count_of(usage.get(key)) for key in FIGURES)
        # A stream says its cost at its end, for all answers together.
        figures = (call, counts, None if self._stream else amount_of(record.get("costUSD")))
        named = text_of(record.get("attributionAgent")) or text_of(record.get("subagent_type"))
        model = text_of(message.get("model"))
        self._answered(run, agent, model, figures, stop if isinstance(stop, str) else "", failure, tools, time, out)
        if agent is not None:
            self._begin_agent(agent, time, out)
            self._name_agent(agent, named, out)

    def _answered(
        self,
        run: SessionState,
        agent: str | None,
        model: str,
        figures: tuple[str, tuple[int | None, ...] | None, float | None],
        stop: str,
        failure: str,
        tools: Sequence[tuple[str, str, object]],
        time: int,
        out: list[Operation],
    ) -> None:
        """A piece of an answer: the call of the model, and the tools that it calls."""
        run_id, call = self._session, figures[0]
        usage = None
        if figures != run.figures:
            run.figures = figures
            usage = usage_from(figures[1], figures[2])
        status = Status.error if failure else Status.ok
        if usage is not None and agent is not None and not self._stream:
            # A stream, which knows less of it, may have been read before the session is found.
            own, usage = usage, None
        else:
            own = None
        if call not in run.calls:
            run.calls.add(call)
            asked = self._asked.get(agent, NO_TIME)
            start = time if asked == NO_TIME else asked if time == NO_TIME else min(asked, time)
            flags = (0 if start == NO_TIME else START_INFERRED) | (HAS_ERROR if failure else 0)
            name, model = shown_model(model, failure)
            out.append(Whole(run_id, call, agent or run.turn, name, Kind.llm, start, time, status, usage, model, flags))
        else:
            out.append(Patch(run_id, call, 0, end=None if time == NO_TIME else time, status=status, usage=usage))
        if own is not None:
            out.append(Patch(run_id, call, usage=own))
        if agent is not None:
            if stop in DONE:
                out.append(Patch(run_id, agent, end=None if time == NO_TIME else time, status=Status.ok))
        elif failure or stop in DONE:
            self._tell(run, (Status.error, failure) if failure else (Status.ok, f"stop_reason {stop}"), out)
            if run.turn is not None and time != NO_TIME:
                out.append(Patch(run_id, run.turn, 0, end=time))
        elif run.outcome is not OPEN:
            self._tell(run, OPEN, out)
        for number, (id_, name, arguments) in enumerate(tools, 1):
            self._call_tool(run, id_ or f"{call} {number}", call, name, arguments, time, out)

    def _call_tool(
        self, run: SessionState, tool: str, call: str, name: str, arguments: object, time: int, out: list[Operation]
    ) -> None:
        said = self._record
        out.append(Record(said.run, said.type, said.a, said.b, counted=False))
        out.append(Begin(said.run, tool, call, name, Kind.tool, time, IN_PIECES))
        self._called(run, tool, call, name, arguments)

    def _called(self, run: SessionState, tool: str, call: str, name: str, arguments: object) -> None:
        """A tool is called by an answer."""
        run.caller[tool] = call
        if name in AGENT_TOOLS:
            task = mapping_of(arguments)
            self._tasks[text_of(task.get("prompt"))] = tool
            self._sort_of[tool] = text_of(task.get("subagent_type"))

    def _said(
        self, record: dict[str, object], message: dict[str, object], run: SessionState, time: int, out: list[Operation]
    ) -> None:
        """What the model is given: a prompt, or the results of its calls."""
        content = message.get("content")
        agent = self._agent(record, content)
        blocks = content if isinstance(content, list) else []
        results = [
            (text_of(block.get("tool_use_id")), block.get("is_error") is True)
            for block in blocks
            if isinstance(block, dict) and block.get("type") == "tool_result"
        ]
        if results:
            self._results(run, results, record.get("toolUseResult", record.get("tool_use_result")), agent, time, out)
            return
        if time != NO_TIME:
            self._asked[agent] = time
        run_id = self._session
        if agent is not None and agent not in self._begun:
            self._begin_agent(agent, time, out)
            return
        by_hand = not record.get("isMeta") and not record.get("isCompactSummary")
        turn = self._turn(record, content, run, time, out) if by_hand and agent is None else None
        out.append(Event(run_id, agent or turn, EventClass.message if by_hand else EventClass.event, time))
        self._name(record, content, run, run_id, out)

    def _turn(
        self, record: dict[str, object], content: object, run: SessionState, time: int, out: list[Operation]
    ) -> str | None:
        """A prompt begins a row of its own that answers are shown under; what no person wrote begins none."""
        prompted = self._prompted(prompt_name(content), text_of(record.get("uuid")), run, time)
        if prompted is None:
            return None
        out.append(prompted)
        return prompted.key

    def _prompted(self, name: tuple[str, int], uuid: str, run: SessionState, time: int) -> Patch | None:
        """The row of a prompt with this name, if it gets one: the turn that the session is in from now on."""
        text, rank = name
        if rank:
            run.turn = None
        if rank != 2 or text.startswith("[Request interrupted"):
            return None
        run.turn = f"turn {uuid or self.line}"
        start = None if time == NO_TIME else time
        return Patch(self._session, run.turn, 0, name=text, kind=Kind.chain, start=start, flags=INVENTED)

    def _results(
        self,
        run: SessionState,
        results: Sequence[tuple[str, bool]],
        more: object,
        agent: str | None,
        time: int,
        out: list[Operation],
    ) -> None:
        """Results of tools, by id of the call, and whether it failed; ``more`` is what Claude Code itself has of them."""
        said = self._record
        run_id = said.run
        if time != NO_TIME:
            self._asked[agent] = time
        for number, (tool, failed) in enumerate(results):
            if number:
                out.append(Record(run_id, said.type, said.a, said.b, counted=False))
            caller = run.caller.get(tool)
            if caller is None:
                out.append(Event(run_id, agent, EventClass.message, time))
            else:
                status, flags = (Status.error, HAS_ERROR) if failed else (Status.ok, 0)
                out.append(End(run_id, tool, time, status, flags=flags))
            # Once more, beside the answer that asked for it.
            out.append(Record(run_id, said.type, said.a, said.b, counted=False))
            if caller is not None:
                out.append(Patch(run_id, caller, 0))
            if tool in self._sort_of:
                self._ended_agent(tool, more, failed, time, out)

    def _happened(
        self, record: dict[str, object], kind: str, run: SessionState, time: int, out: list[Operation]
    ) -> None:
        """Anything else is an event."""
        run_id, subtype = self._session, record.get("subtype")
        agent = self._agent(record, None)
        out.append(Event(run_id, agent if agent in self._begun else None, event_class(record, kind), time))
        if kind == "system" and subtype == "task_started":
            tool, task = text_of(record.get("tool_use_id")), text_of(record.get("task_id"))
            if tool and task:
                self._agent_of_call[tool] = agent_key(task)
        elif kind == "result":
            failed = record.get("is_error") is True or (isinstance(subtype, str) and subtype.startswith("error"))
            reason = (failed and text_of(record.get("result"))[:300]) or f"result {text_of(subtype)}".rstrip()
            self._tell(run, (Status.error if failed else Status.ok, text_of(reason)), out)
            duration = amount_of(record.get("duration_ms"))
            if duration is not None and 0 <= duration < 1e12:
                out.append(RunFact(run_id, duration_ns=int(duration * 1_000_000)))
            cost = run.costs.so_far(record)
            if cost is not None:
                out.append(RunFact(run_id, cost_usd=cost))

    # -- subagents -----------------------------------------------------------------------------------------------------

    def _agent(self, record: dict[str, object], content: object) -> str | None:
        """The subagent that a line belongs to; None: the main thread."""
        tool = record.get("parent_tool_use_id")
        if isinstance(tool, str) and tool:
            return self._agent_of_call.setdefault(tool, agent_key(tool))
        if record.get("isSidechain") is not True:
            return None
        named = record.get("agentId")
        if isinstance(named, str) and named:
            return agent_key(named)
        uuid, parent = text_of(record.get("uuid")), record.get("parentUuid")
        agent = self._thread_of.get(parent) if isinstance(parent, str) else None
        if agent is None:
            called = self._tasks.pop(prompt_text(content), None)
            if called is None and len(self._tasks) == 1:
                _, called = self._tasks.popitem()
            agent = agent_key(called or uuid)
            if called is not None:
                self._agent_of_call[called] = agent
        if uuid:
            self._thread_of[uuid] = agent
        return agent

    def _begin_agent(self, agent: str, time: int, out: list[Operation]) -> None:
        """A subagent's first line."""
        if agent not in self._begun:
            self._begun.add(agent)
            call = next((tool for tool, of in self._agent_of_call.items() if of == agent), None)
            sort = "" if call is None else self._sort_of.get(call, "")
            out.append(Begin(self._session, agent, call, sort or "subagent", Kind.agent, time, IN_PIECES))

    def _name_agent(self, agent: str, named: str, out: list[Operation]) -> None:
        if named and self._named.get(agent) != named:
            self._named[agent] = named
            out.append(Patch(self._session, agent, name=named))

    def _ended_agent(self, tool: str, more: object, failed: bool, time: int, out: list[Operation]) -> None:
        """The result of a call that started a subagent: where it belongs, and that it is done."""
        facts = mapping_of(more)
        named = text_of(facts.get("agentId"))
        agent = agent_key(named) if named else self._agent_of_call.get(tool)
        if agent is None:
            return
        if agent not in self._begun:
            # Its lines are in another file, or nowhere: that it ran is recorded here.
            self._begun.add(agent)
            sort = self._sort_of.get(tool) or "subagent"
            out.append(Begin(self._session, agent, tool, sort, Kind.agent, flags=IN_PIECES))
        done = failed or not named or "totalDurationMs" in facts
        status = None if not done else Status.unset if failed else Status.ok
        end = time if done and time != NO_TIME else None
        name = text_of(facts.get("agentType")) or None
        out.append(Patch(self._session, agent, 2, parent=tool, name=name, end=end, status=status))

    # -- the run -------------------------------------------------------------------------------------------------------

    def _facts(self, record: dict[str, object], run: SessionState, time: int, out: list[Operation]) -> None:
        """Start, clock and place of the session, when they become known."""
        run_id = self._session
        clock = Clock.utc if time != NO_TIME or not self._stream else run.clock or Clock.order_only
        if clock is not run.clock:
            run.clock = clock
            # Of a stream that was read before the session was found.
            taken_back = None if self._stream else NO_DURATION
            out.append(RunFact(run_id, records_end=True, clock=clock, order_by_time=True, duration_ns=taken_back))
        run.settled = clock is Clock.utc and (run.is_kept or self._stream)
        if record.get("isSidechain") is True:
            return
        if time != NO_TIME and (run.start == NO_TIME or time < run.start):
            run.start = time
            out.append(RunFact(run_id, start=time))
        if not run.meta and "cwd" in record:
            run.meta = {key: record[key] for key in ("cwd", "gitBranch", "version") if record.get(key)}
            out.append(RunFact(run_id, meta=dict(run.meta)))
            self._name_without_prompt(run, folder_name(text_of(record["cwd"])), out)
        run.settled = run.settled and bool(run.meta)
        if text_of(record.get("type")) in TITLES:
            title = text_of(record.get("summary")) or text_of(record.get("aiTitle")) or text_of(record.get("title"))
            if title:
                run.meta["title"] = title
                out.append(RunFact(run_id, rank=1, meta=dict(run.meta)))
                self._name_without_prompt(run, one_line(title), out)

    def _name(
        self, record: dict[str, object], content: object, run: SessionState, run_id: str, out: list[Operation]
    ) -> None:
        """A session is called by its first prompt; by its first command as long as there is none."""
        if run.named == 2 or record.get("isSidechain") is True or record.get("parent_tool_use_id"):
            return
        name, rank = ("", 0) if record.get("isMeta") or record.get("isCompactSummary") else prompt_name(content)
        if name and rank > run.named:
            run.named = rank
            out.append(RunFact(run_id, name=name))

    def _name_without_prompt(self, run: SessionState, name: str, out: list[Operation]) -> None:
        """What a session is called as long as there is no prompt: its title, else the folder that it works in."""
        if name and not run.named:
            out.append(RunFact(self._session, rank=_SECOND_BEST, name=name))

    def _tell(self, run: SessionState, outcome: tuple[Status, str], out: list[Operation]) -> None:
        if run.outcome != outcome:
            status, reason = run.outcome = outcome
            out.append(RunFact(self._session, status=status, status_reason=reason))

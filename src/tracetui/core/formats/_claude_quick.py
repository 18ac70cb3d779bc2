"""The decoder of Claude Code's lines for many at once: nearly every line ends in columns, others go the long way beside it."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from tracetui.core.formats._claude_decoder import (
    AGENT_TOOLS,
    DONE,
    HAS_ERROR,
    IN_PIECES,
    OPEN,
    TITLES,
    ClaudeCodeDecoder,
)
from tracetui.core.formats._claude_lane import (
    Block,
    Counts,
    Gathered,
    Line,
    Said,
    decode_lines,
    event_class_of,
    name_of,
    results_of,
    value_of,
)
from tracetui.core.formats._claude_parts import SessionState, agent_key, is_utf8, shown_model, usage_from
from tracetui.core.formats._lines import LINE_LIMIT, LineDecoder
from tracetui.core.model import NO_TIME, EventClass, Kind, Status
from tracetui.core.operations import Begin, End, Operation, Patch, Record

SMALLEST_BLOCK: Final = 32
"""Lines below which a block is not worth the set-up of columns. Streams, which are short and of another shape, never are."""
_OK: Final = int(Status.ok)
_ERROR: Final = int(Status.error)
_MESSAGE: Final = int(EventClass.message)
_EVENT: Final = int(EventClass.event)
_LONG_WAY: Final = frozenset({*TITLES, "result", "-", ""})
"""Types that say something of the run, or nothing."""


class QuickClaudeCodeDecoder(ClaudeCodeDecoder):
    """The same lines, by the block: ends in the same store."""

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """``Columns`` for the lines of each session in turn, unless they are few."""
        texts = BytesIO(block).readlines()
        few = len(texts) < SMALLEST_BLOCK
        if few or self._stream or len(block) > LINE_LIMIT or b"\r" in block or not is_utf8(texts):
            return LineDecoder.lines(self, block, a)
        out: list[Operation] = []
        found: Gathered | None = None
        run: SessionState | None = None
        for text, line in zip(texts, decode_lines(texts), strict=True):
            self._line += 1
            b = len(text) - 1
            if line is not None:
                if found is None or found.run != line.sessionId:
                    run = self._runs.get(line.sessionId)
                    if run is not None:
                        self._flush(found, out)
                        found = Gathered(line.sessionId)
                        self._session = found.run
                if run is not None and found is not None and self._take(line, run, a, b, found):
                    a += b + 1
                    continue
            found = self._the_long_way(text, a, found, out)
            run = None if found is None else self._runs[found.run]
            a += b + 1
        self._flush(found, out)
        return out

    def _flush(self, found: Gathered | None, out: list[Operation]) -> None:
        if found is not None and found.records:
            run = self._runs[found.run]
            out.append(found.take(run.outcome if run.has_news else None))
            run.has_news = False

    def _the_long_way(self, text: bytes, a: int, found: Gathered | None, out: list[Operation]) -> Gathered | None:
        """A line that is anything else; what to gather the next one with."""
        operations = self.record(text[:-1], a)
        if not operations or not isinstance(operations[0], Record):
            out += operations
            return found
        run = operations[0].run
        if found is None or found.run != run:
            self._flush(found, out)
            found = Gathered(run)
        found.put(operations)
        return found

    def _take(self, line: Line, run: SessionState, a: int, b: int, found: Gathered) -> bool:
        """Whether the line is like most, and was put among them."""
        if not run.settled or run.history:
            return False
        time, agent, kind, uuid = self._time_of(line.timestamp), None, line.type, line.uuid
        if line.isSidechain:
            agent = self._begun_agent(line, run)
            if agent is None:
                return False
        elif time < run.start and time != NO_TIME:
            return False
        # Who tells it if several do is found out the long way.
        if uuid and self._known.tellers.setdefault(hash(uuid), run.teller) != run.teller:
            return False
        record = (f"{kind}:{line.subtype}" if line.subtype else kind, a, b)
        said = line.message
        if said is not None and time != NO_TIME:
            if kind == "assistant":
                return self._take_answer(line, said, run, agent, time, record, found)
            if kind == "user":
                return self._take_said(line, said, run, agent, time, record, found)
        elif said is not None and kind in ("assistant", "user"):
            return False
        if kind in _LONG_WAY or line.subtype == "task_started":
            return False
        if agent is not None:
            self._enter(line, agent)
        found.events.append((len(found.records), found.keys[agent] if agent else 0, event_class_of(line), time))
        found.records.append(record)
        return True

    def _take_said(
        self,
        line: Line,
        said: Said,
        run: SessionState,
        agent: str | None,
        time: int,
        record: tuple[str, int, int],
        found: Gathered,
    ) -> bool:
        """Results, or a prompt."""
        results = results_of(said)
        if results:
            if agent is not None:
                self._enter(line, agent)
            found.records.append(record)
            self._take_results(results, line, run, agent, time, found)
        elif self._take_prompt(line, said.content, run, agent, time, found):
            found.records.append(record)
        else:
            return False
        return True

    def _begun_agent(self, line: Line, run: SessionState) -> str | None:
        agent = agent_key(line.agentId) if line.agentId else self._thread_of.get(line.parentUuid or "")
        return agent if agent in run.begun else None

    def _time_of(self, text: str | None) -> int:
        """``_time``, for times that are like the one before."""
        if text is None:
            return NO_TIME
        minute, start = self._minute
        # Only the ends of times of the usual length are known.
        within = self._within.get(text[17:])
        return start + within if within is not None and text[:17] == minute and start != NO_TIME else self._time(text)

    def _enter(self, line: Line, agent: str) -> None:
        """A line of a subagent."""
        if not line.agentId and line.uuid:
            self._thread_of[line.uuid] = agent

    def _take_answer(
        self,
        line: Line,
        said: Said,
        run: SessionState,
        agent: str | None,
        time: int,
        record: tuple[str, int, int],
        found: Gathered,
    ) -> bool:
        """A piece of an answer: what ``_answered`` does. False, and nothing done: it is not so plain."""
        name = name_of(said.content) if line.isApiErrorMessage is True else _NO_NAME
        if not said.id or name is None:
            return False
        failure = "" if name is _NO_NAME else name[0] or "API error"
        if agent is not None:
            self._enter(line, agent)
        found.records.append(record)
        self._answer_goes_on(line, said, run, agent, time, failure, found)
        return True

    def _answer_goes_on(
        self, line: Line, said: Said, run: SessionState, agent: str | None, time: int, failure: str, found: Gathered
    ) -> None:
        call, stop, keys = said.id, said.stop_reason, found.keys
        position = len(found.records) - 1
        counts = self._new_counts(said, run)
        answer = found.answers.get(call)
        if call not in run.calls:
            run.calls.add(call)
            asked = self._asked.get(agent, NO_TIME)
            start = time if asked == NO_TIME else min(asked, time)
            shown = shown_model(said.model, failure)
            answer = found.answer(call, agent or run.turn, shown, start, failed=bool(failure))
        elif answer is not None and time >= answer.end:
            found.pieces.append((position, answer.key))
        else:
            answer = None
            found.answers.pop(call, None)
            status = Status.error if failure else Status.ok
            found.rest.append((position, Patch(found.run, call, 0, end=time, status=status)))
        if answer is not None:
            answer.end, answer.status = time, _ERROR if failure else _OK
        if counts is not None:
            if answer is not None and agent is None:
                answer.counts = counts
            else:
                # A stream, which knows less of a subagent's answer, may have been read before the session is found.
                rank = 0 if agent is None else 1
                found.rest.append((position, Patch(found.run, call, rank, usage=usage_from(counts, None))))
        self._stopped(stop or "", failure, run, agent, time, found)
        if isinstance(said.content, list):
            number = 0
            for block in said.content:
                if block.type == "tool_use":
                    number += 1
                    tool = block.id or f"{call} {number}"
                    again = found.again()
                    if tool in found.late:
                        begin = Begin(found.run, tool, call, block.name, Kind.tool, time, IN_PIECES)
                        found.rest.append((again, begin))
                    else:
                        found.begins.append((again, keys[tool], keys[call], block.name, time))
                    self._called(
                        run, tool, call, block.name, value_of(block.input) if block.name in AGENT_TOOLS else None
                    )
        if agent is not None and line.attributionAgent:
            named: list[Operation] = []
            self._name_agent(agent, line.attributionAgent, named)
            found.rest += [(position, operation) for operation in named]

    def _new_counts(self, said: Said, run: SessionState) -> Counts | None:
        """Figures that the last piece did not have; None: the same ones, or none."""
        usage = said.usage
        counts: Counts | None = None
        if usage is not None:
            counts = (
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_read_input_tokens,
                usage.cache_creation_input_tokens,
            )
        figures = (said.id, counts, None)
        if figures == run.figures:
            return None
        run.figures = figures
        return None if counts is None or counts == _NO_COUNTS else counts

    def _stopped(
        self, stop: str, failure: str, run: SessionState, agent: str | None, time: int, found: Gathered
    ) -> None:
        """What a piece's stop reason means to its thread."""
        if agent is not None:
            if stop in DONE:
                found.rest.append((len(found.records) - 1, Patch(found.run, agent, end=time, status=Status.ok)))
        elif failure or stop in DONE:
            run.outcome = (Status.error, failure) if failure else (Status.ok, f"stop_reason {stop}")
            run.has_news = True
            if run.turn is not None:
                found.end_turn(run.turn, time)
        elif run.outcome is not OPEN:
            run.outcome = OPEN
            run.has_news = True

    def _take_results(
        self, results: list[Block], line: Line, run: SessionState, agent: str | None, time: int, found: Gathered
    ) -> None:
        """Results of tools: what ``_results`` does."""
        keys, late = found.keys, found.late
        self._asked[agent] = time
        for number, block in enumerate(results):
            tool, failed = block.tool_use_id, block.is_error is True
            position = found.again() if number else len(found.records) - 1
            caller = run.caller.get(tool)
            if caller is None:
                found.events.append((position, keys[agent] if agent else 0, _MESSAGE, time))
            elif failed or tool in late:
                late.add(tool)
                status, flags = (Status.error, HAS_ERROR) if failed else (Status.ok, 0)
                found.rest.append((position, End(found.run, tool, time, status, flags=flags)))
            else:
                late.add(tool)  # a second result comes after this one
                found.ends.append((position, keys[tool], time))
            position = found.again()  # beside the answer that asked for it
            if caller is not None:
                found.pieces.append((position, keys[caller]))
            if tool in self._sort_of:
                ended: list[Operation] = []
                self._ended_agent(tool, value_of(line.toolUseResult), failed, time, ended)
                found.rest += [(position, operation) for operation in ended]

    def _take_prompt(
        self,
        line: Line,
        content: list[Block] | str,
        run: SessionState,
        agent: str | None,
        time: int,
        found: Gathered,
    ) -> bool:
        """What the model is given: what ``_said`` does, for the next record; False, and nothing done: it is not so plain."""
        by_hand = not line.isMeta and not line.isCompactSummary
        name = name_of(content) if by_hand and agent is None else _NO_NAME
        if name is None or (agent is None and run.named < 2):
            return False
        if agent is not None:
            self._enter(line, agent)
        position = len(found.records)
        self._asked[agent] = time
        owner = agent
        if by_hand and agent is None:
            prompted = self._prompted(name, line.uuid, run, time)
            if prompted is not None:
                owner = prompted.key
                found.begin_turn(position, prompted)
        found.events.append((position, found.keys[owner] if owner else 0, _MESSAGE if by_hand else _EVENT, time))
        return True


_NO_NAME: Final = ("", 0)
_NO_COUNTS: Final = (None, None, None, None)

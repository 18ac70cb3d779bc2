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
    decode_line,
    event_class_of,
    name_of,
    value_of,
)
from tracetui.core.formats._claude_parts import SessionState, agent_key, is_utf8, shown_model, usage_from
from tracetui.core.formats._lines import LINE_LIMIT, LineDecoder
from tracetui.core.model import NO_TIME, EventClass, Kind, Status
from tracetui.core.operations import Begin, End, Operation, Patch, Record

SMALLEST_BLOCK: Final = 64
"""Lines below which a block is not worth the set-up of columns. Streams, which are short and of another shape, never are."""
_OK: Final = int(Status.ok)
_ERROR: Final = int(Status.error)
_MESSAGE: Final = int(EventClass.message)
_EVENT: Final = int(EventClass.event)
_LONG_WAY: Final = frozenset({*TITLES, "result", "-"})
"""Types that say something of the run."""


class QuickClaudeCodeDecoder(ClaudeCodeDecoder):
    """The same lines, by the block: ends in the same store."""

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """``Columns`` for the lines of each session in turn, unless they are few."""
        texts = BytesIO(block).readlines()
        if self._stream or len(texts) < SMALLEST_BLOCK or len(block) > LINE_LIMIT or not is_utf8(block):
            return LineDecoder.lines(self, block, a)
        out: list[Operation] = []
        found: Gathered | None = None
        for text in texts:
            self._line += 1
            b = len(text) - 1
            try:
                line = decode_line(text)
            except (ValueError, RecursionError):  # not plain, or nested too deep for this parser
                line = None
            if line is None or (b and text[-2] == 13):
                found = self._the_long_way(text, a, found, out)
            else:
                run = self._runs.get(line.sessionId)
                if run is None or not run.settled or run.history or not self._is_plain(line):
                    found = self._the_long_way(text, a, found, out)
                else:
                    if found is None or found.run != line.sessionId:
                        self._flush(found, out)
                        found = Gathered(line.sessionId)
                    if not self._take(line, run, a, b, found):
                        found = self._the_long_way(text, a, found, out)
            a += b + 1
        self._flush(found, out)
        return out

    def _flush(self, found: Gathered | None, out: list[Operation]) -> None:
        if found is not None and found.position >= 0:
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

    @staticmethod
    def _is_plain(line: Line) -> bool:
        odd = line.costUSD is not None or line.parent_tool_use_id is not None
        return not odd and bool(line.type) and line.type not in _LONG_WAY and line.subtype != "task_started"

    def _take(self, line: Line, run: SessionState, a: int, b: int, found: Gathered) -> bool:
        """Whether the line is like most, and was put among them."""
        time = NO_TIME if line.timestamp is None else self._time(line.timestamp)
        agent = None
        if line.isSidechain:
            agent = agent_key(line.agentId) if line.agentId else self._thread_of.get(line.parentUuid or "")
            if agent is None or agent not in run.begun:
                return False
        elif time != NO_TIME and (run.start == NO_TIME or time < run.start):
            return False
        if line.uuid and self._known.told_elsewhere(line.uuid, run.teller) is not None:
            return False
        said, type_ = line.message, f"{line.type}:{line.subtype}" if line.subtype else line.type
        if said is None or line.type not in ("assistant", "user"):
            self._enter(line, agent)
            found.records.append((type_, a, b))
            found.events.append((found.position, found.keys[agent] if agent else 0, int(event_class_of(line)), time))
            return True
        if time == NO_TIME:
            return False
        content = said.content
        if line.type == "assistant":
            name = name_of(content) if line.isApiErrorMessage is True else _NO_NAME
            if not said.id or name is None:
                return False
            failure = "" if name is _NO_NAME else name[0] or "API error"
            self._enter(line, agent)
            found.records.append((type_, a, b))
            self._take_answer(line, said, run, agent, time, failure, found)
            return True
        if isinstance(content, list):
            results = [block for block in content if block.type == "tool_result"]
            if results:
                self._enter(line, agent)
                found.records.append((type_, a, b))
                self._take_results(results, line, run, agent, time, found)
                return True
        return self._take_prompt(line, content, run, agent, time, (type_, a, b), found)

    def _enter(self, line: Line, agent: str | None) -> None:
        self._session = line.sessionId
        if agent is not None and not line.agentId and line.uuid:
            self._thread_of[line.uuid] = agent

    def _take_answer(
        self, line: Line, said: Said, run: SessionState, agent: str | None, time: int, failure: str, found: Gathered
    ) -> None:
        """A piece of an answer: what ``_answered`` does."""
        call, stop, keys = said.id, said.stop_reason, found.keys
        position = found.position
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
                found.rest.append((found.position, Patch(found.run, agent, end=time, status=Status.ok)))
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
            position = found.again() if number else found.position
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
        record: tuple[str, int, int],
        found: Gathered,
    ) -> bool:
        """What the model is given: what ``_said`` does. False, and nothing done, if its name takes more than its texts."""
        by_hand = not line.isMeta and not line.isCompactSummary
        name = name_of(content) if by_hand and agent is None else _NO_NAME
        if name is None or (agent is None and run.named < 2):
            return False
        self._enter(line, agent)
        found.records.append(record)
        position = found.position
        self._asked[agent] = time
        owner = agent
        if by_hand and agent is None:
            prompted = self._prompted(name, line.uuid, run, time)
            if prompted is not None:
                owner = prompted.key
                found.ahead.append((position, prompted))
        found.events.append((position, found.keys[owner] if owner else 0, _MESSAGE if by_hand else _EVENT, time))
        return True


_NO_NAME: Final = ("", 0)
_NO_COUNTS: Final = (None, None, None, None)
